"""OCSP responses signed before they are asked for (RFC 6960): drafted, joined with their signature, read strictly.

One response is about one certificate and has no nonce. producedAt is thisUpdate: what is signed is what is known then.
"""

from __future__ import annotations

import hashlib
import warnings
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from cryptography import x509
from cryptography.hazmat import asn1
from cryptography.hazmat.primitives import hashes
from cryptography.x509 import ocsp
from cryptography.x509.ocsp import OCSPCertStatus, OCSPResponderEncoding

from quorate.algorithms import SignatureAlgorithm
from quorate.findings import Refusal
from quorate.keys import Spki
from quorate.x509.draft import Draft, check_times, fitting
from quorate.x509.facts import CertificateFacts, one_object
from quorate.x509.fields import CrlEntry, Issuer
from quorate.x509.profile import Profile
from quorate.x509.stand_in import stand_in_for
from quorate.x509.structure import BasicResponse, OcspResponse, ResponseBytes, ResponseData, decode, encode

BASIC = x509.ObjectIdentifier("1.3.6.1.5.5.7.48.1.1")  # id-pkix-ocsp-basic
SHA1 = bytes.fromhex("300906052b0e03021a0500")  # of CertID, as every client asks (RFC 5019 2.1.1); nothing is signed so
SUCCESSFUL = bytes.fromhex("0a0100")
BY_NAME, BY_KEY = b"\xa1", b"\xa2"

Status = Literal["good", "revoked"]


@dataclass(frozen=True, slots=True)
class OcspFields:
    """Everything that a response says: of the certificate `serial` of `issuer`, signed by `responder`.

    `revoked` is None for a good certificate. A responder that is not the issuer goes along with its certificate.
    `algorithm`: None for the default of the responder's key.
    """

    profile: Profile
    issuer: Issuer
    responder: CertificateFacts
    serial: int
    revoked: CrlEntry | None
    this_update: datetime
    next_update: datetime
    algorithm: SignatureAlgorithm | None = None

    @property
    def delegated(self) -> bool:
        return self.responder.spki != self.issuer.spki


@dataclass(frozen=True, slots=True)
class OcspFacts:
    """A response as it stands. Octet fields are DER parts; `responder` is a Name, or the octets of a key's hash."""

    tbs: bytes
    algorithm: bytes
    signature: bytes
    version: int
    by_key: bool
    responder: bytes
    produced_at: datetime
    answers: int
    hash_algorithm: bytes
    name_hash: bytes
    key_hash: bytes
    serial: int
    status: str  # good, revoked, unknown
    revoked_at: datetime | None
    reason: str  # as RFC 5280 5.3.1 names it; "" where none is given
    this_update: datetime
    next_update: datetime | None
    extensions: tuple[str, ...]  # OIDs, of the response and of its answer
    certificates: tuple[bytes, ...]


def key_hash(spki: bytes) -> bytes:
    """SHA-1 of the BIT STRING octets of a public key, as a CertID and a responder by key have it (RFC 6960 4.1.1)."""
    return _sha1(decode(Spki, spki).key.as_bytes())


def name_hash(name: bytes) -> bytes:
    """SHA-1 of an issuer's name (DER), as a CertID has it."""
    return _sha1(name)


def draft_response(fields: OcspFields) -> Draft:
    """The draft of a response. Raises `x509.profile_field`, `x509.field_unusable`, `x509.algorithm_unfit`.

    The builder of `cryptography` writes the time of its own clock as producedAt; the declared structure takes it out.
    """
    if fields.profile.kind != "ocsp":
        raise Refusal("x509.profile_field", fields.profile.name, field="class", presence="required to be ocsp")
    revoked = fields.revoked
    check_times(fields.this_update, fields.next_update, *([revoked.date] if revoked else []))
    by_key = fields.profile.responder_id == "key"
    spki = fields.responder.spki
    algorithm = fitting(fields.algorithm, spki)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what it only warns of are findings of `compliance`
        try:
            certificate = x509.load_der_x509_certificate(fields.responder.der)
            builder = ocsp.OCSPResponseBuilder().add_response_by_hash(
                name_hash(fields.issuer.name),
                key_hash(fields.issuer.spki),
                fields.serial,
                hashes.SHA1(),
                OCSPCertStatus.REVOKED if revoked else OCSPCertStatus.GOOD,
                fields.this_update,
                fields.next_update,
                revoked.date if revoked else None,
                x509.ReasonFlags(revoked.reason) if revoked and revoked.reason else None,
            )
            named = OCSPResponderEncoding.HASH if by_key else OCSPResponderEncoding.NAME
            key = stand_in_for(spki)
            builder.responder_id(named, certificate).sign(key, algorithm.digest)
        except ValueError as error:
            raise Refusal("x509.field_unusable", detail=" ".join(str(error).split())) from None
    tbs = _produced_at(key.noted, fields.this_update)
    going_along = (fields.responder.der,) if fields.delegated else ()
    whole = response_around(tbs, algorithm, b"", going_along)
    return Draft("ocsp", tbs, whole, spki, algorithm, going_along)


def read_response(data: bytes, where: str = "") -> OcspFacts:
    """One response with one answer, DER, drafted or finished. Raises `x509.encoding`, `x509.not_one_object`."""
    der = one_object(data, "OCSP RESPONSE", where)
    outer = decode(OcspResponse, der, where)
    if encode(outer.status) != SUCCESSFUL or outer.content is None or outer.content.kind != BASIC:
        raise Refusal("x509.encoding", where, detail="the response does not answer")
    basic = decode(BasicResponse, outer.content.response, where)
    tbs = decode(ResponseData, encode(basic.tbs), where)
    if len(tbs.responses) != 1:
        raise Refusal("x509.encoding", where, detail=f"the response has {len(tbs.responses)} answers")
    if basic.signature.padding_bits():
        raise Refusal("x509.encoding", where, detail="the signature is not whole octets")
    try:
        loaded = ocsp.load_der_ocsp_response(der)
        return _facts(basic, tbs, loaded)
    except (ValueError, TypeError, x509.DuplicateExtension, x509.UnsupportedGeneralNameType) as error:
        raise Refusal("x509.encoding", where, detail=" ".join(str(error).split())) from None


def _facts(basic: BasicResponse, tbs: ResponseData, loaded: ocsp.OCSPResponse) -> OcspFacts:
    (answer,) = tbs.responses
    reason = loaded.revocation_reason
    beside = [*(tbs.extensions or ()), *(answer.extensions or ())]
    return OcspFacts(
        tbs=encode(basic.tbs),
        algorithm=encode(basic.algorithm),
        signature=basic.signature.as_bytes(),
        version=tbs.version + 1,
        by_key=tbs.responder.tag_bytes == BY_KEY,
        responder=loaded.responder_key_hash or bytes(tbs.responder.data),
        produced_at=tbs.produced_at.as_datetime(),
        answers=len(tbs.responses),
        hash_algorithm=encode(answer.certificate.algorithm),
        name_hash=answer.certificate.name_hash,
        key_hash=answer.certificate.key_hash,
        serial=answer.certificate.serial,
        status=loaded.certificate_status.name.lower(),
        revoked_at=loaded.revocation_time_utc,
        reason=reason.value if reason else "",
        this_update=answer.this_update.as_datetime(),
        next_update=answer.next_update.as_datetime() if answer.next_update else None,
        extensions=tuple(extension.oid.dotted_string for extension in beside),
        certificates=tuple(encode(certificate) for certificate in basic.certificates or ()),
    )


def _produced_at(noted: bytes, moment: datetime) -> bytes:
    """The same ResponseData, produced at another moment."""
    tbs = decode(ResponseData, noted)
    return encode(
        ResponseData(
            version=tbs.version,
            responder=tbs.responder,
            produced_at=asn1.GeneralizedTime(moment),
            responses=tbs.responses,
            extensions=tbs.extensions,
        )
    )


def response_around(
    tbs: bytes, algorithm: SignatureAlgorithm, signature: bytes, going_along: tuple[bytes, ...]
) -> bytes:
    """The successful response (DER) around what was signed."""
    basic = BasicResponse(
        tbs=asn1.decode_der(asn1.TLV, tbs),
        algorithm=asn1.decode_der(asn1.TLV, algorithm.identifier),
        signature=asn1.BitString(signature, 0),
        certificates=[asn1.decode_der(asn1.TLV, one) for one in going_along] or None,
    )
    content = ResponseBytes(kind=BASIC, response=encode(basic))
    return encode(OcspResponse(status=asn1.decode_der(asn1.TLV, SUCCESSFUL), content=content))


def _sha1(data: bytes) -> bytes:
    return hashlib.sha1(data, usedforsecurity=False).digest()
