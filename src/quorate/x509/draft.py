"""The bytes that a token is to sign, made before any key touches them, and the object they become.

The builders of `cryptography` want a private key. A stand-in takes its place, notes the to-be-signed bytes and returns
no signature, so a draft can never validate. `finish` joins the same bytes with the token's signature, and only then.
"""

from __future__ import annotations

import functools
import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from quorate.algorithms import SignatureAlgorithm, default_algorithm, rsa_padding
from quorate.findings import Refusal
from quorate.keys import key_name
from quorate.x509.contents import certificate_extensions, check_presence, crl_extensions
from quorate.x509.facts import crl_contents
from quorate.x509.fields import CertificateFields, CrlEntry, CrlFields
from quorate.x509.name import load_name
from quorate.x509.stand_in import public_key, stand_in_for
from quorate.x509.structure import RequestInfo, TbsCertificate, decode, encode

Kind = Literal["certificate", "crl", "request", "ocsp"]
Builder = x509.CertificateBuilder | x509.CertificateRevocationListBuilder | x509.CertificateSigningRequestBuilder


@dataclass(frozen=True, slots=True)
class Draft:
    """The to-be-signed bytes, and the object around them with an empty signature, for linters and readers."""

    kind: Kind
    tbs: bytes
    unsigned: bytes
    issuer_spki: bytes
    algorithm: SignatureAlgorithm
    going_along: tuple[bytes, ...] = ()  # certificates (DER) beside the signature of an OCSP response

    @property
    def digest(self) -> str:
        return f"sha256:{hashlib.sha256(self.tbs).hexdigest()}"


def draft_certificate(fields: CertificateFields) -> Draft:
    """The draft of a CA certificate.

    Raises `x509.profile_field`, `x509.field_unusable`, `x509.name_bytes_differ`, `x509.algorithm_unfit`.
    """
    algorithm = fitting(fields.algorithm, fields.issuer.spki)
    check_presence(fields)
    check_times(fields.not_before, fields.not_after)
    if not 0 < fields.serial < 2**159:
        raise Refusal("x509.field_unusable", detail="the serial number is not between 1 and 2^159")
    builder = x509.CertificateBuilder(
        issuer_name=load_name(fields.issuer.name),
        subject_name=load_name(fields.subject),
        public_key=public_key(fields.spki),
        serial_number=fields.serial,
        not_valid_before=fields.not_before,
        not_valid_after=fields.not_after,
    )
    try:
        for extension, critical in certificate_extensions(fields):
            builder = builder.add_extension(extension, critical)
        noted, whole = unsigned(builder, fields.issuer.spki, algorithm)
    except ValueError as error:
        raise Refusal("x509.field_unusable", detail=" ".join(str(error).split())) from None
    tbs = decode(TbsCertificate, noted)
    check_algorithm(encode(tbs.algorithm), algorithm)
    _check_bytes("issuer", encode(tbs.issuer), fields.issuer.name)
    _check_bytes("subject", encode(tbs.subject), fields.subject)
    _check_bytes("subject public key", encode(tbs.spki), fields.spki)
    return Draft("certificate", noted, whole, fields.issuer.spki, algorithm)


def draft_crl(fields: CrlFields) -> Draft:
    """The draft of a full CRL.

    Raises `x509.profile_field`, `x509.field_unusable`, `x509.name_bytes_differ`, `x509.algorithm_unfit`.
    """
    algorithm = fitting(fields.algorithm, fields.issuer.spki)
    if fields.profile.kind != "crl":
        raise Refusal("x509.profile_field", fields.profile.name, field="class", presence="required to be crl")
    check_times(fields.this_update, fields.next_update, *(entry.date for entry in fields.entries))
    if not 0 <= fields.number < 2**159:
        raise Refusal("x509.field_unusable", detail="the CRL number is not between 0 and 2^159")
    if len({entry.serial for entry in fields.entries}) != len(fields.entries):
        raise Refusal("x509.field_unusable", detail="a serial number is revoked twice")
    try:
        # handed over as one list: adding entries one by one copies the list each time
        builder = x509.CertificateRevocationListBuilder(
            load_name(fields.issuer.name),
            fields.this_update,
            fields.next_update,
            crl_extensions(fields),
            [_revoked(entry) for entry in fields.entries],
        )
        noted, whole = unsigned(builder, fields.issuer.spki, algorithm)
    except ValueError as error:
        raise Refusal("x509.field_unusable", detail=" ".join(str(error).split())) from None
    contents = crl_contents(noted)
    check_algorithm(contents.algorithm, algorithm)
    _check_bytes("issuer", contents.issuer, fields.issuer.name)
    return Draft("crl", noted, whole, fields.issuer.spki, algorithm)


def draft_request(subject: bytes, spki: bytes, algorithm: SignatureAlgorithm | None = None) -> Draft:
    """The draft of a PKCS#10 request by the key `spki` (DER) under the name `subject` (DER), without attributes.

    `algorithm`: None for the default of the key. Raises `x509.field_unusable`, `x509.name_bytes_differ`,
    `x509.algorithm_unfit`.
    """
    algorithm = fitting(algorithm, spki)
    try:
        builder = x509.CertificateSigningRequestBuilder(load_name(subject))
        noted, whole = unsigned(builder, spki, algorithm)
    except ValueError as error:
        raise Refusal("x509.field_unusable", detail=" ".join(str(error).split())) from None
    info = decode(RequestInfo, noted)
    _check_bytes("subject", encode(info.subject), subject)
    _check_bytes("subject public key", encode(info.spki), spki)
    return Draft("request", noted, whole, spki, algorithm)


def _revoked(entry: CrlEntry) -> x509.RevokedCertificate:
    reason = [_reason(entry.reason)] if entry.reason else []
    return x509.RevokedCertificateBuilder(entry.serial, entry.date, reason).build()


@functools.cache
def _reason(name: str) -> x509.Extension[x509.ExtensionType]:
    """Made once for each reason: a CRL may have a hundred thousand entries."""
    value = x509.CRLReason(x509.ReasonFlags(name))
    return x509.Extension(value.oid, False, value)


def check_times(*times: datetime) -> None:
    """UTC and whole seconds: a certificate can say nothing else, and the builders would drop the rest silently."""
    for time in times:
        if time.utcoffset() != timedelta(0) or time.microsecond:
            raise Refusal("x509.field_unusable", detail=f"{time.isoformat()} is not a whole second of UTC")
    if times[1] < times[0]:
        raise Refusal("x509.field_unusable", detail="the end lies before the beginning")


def fitting(algorithm: SignatureAlgorithm | None, issuer_spki: bytes) -> SignatureAlgorithm:
    key = key_name(issuer_spki)
    algorithm = algorithm or default_algorithm(key)
    if not algorithm.fits(key):
        raise Refusal("x509.algorithm_unfit", algorithm=algorithm, key_type=key)
    return algorithm


def check_algorithm(written: bytes, planned: SignatureAlgorithm) -> None:
    if written != planned.identifier:
        raise Refusal("x509.algorithm_differs", algorithm=written.hex(), planned=planned)


def _check_bytes(part: str, drafted: bytes, given: bytes) -> None:
    if drafted != given:
        raise Refusal("x509.name_bytes_differ", part)


def unsigned(builder: Builder, issuer_spki: bytes, algorithm: SignatureAlgorithm) -> tuple[bytes, bytes]:
    """The to-be-signed bytes, and the object around them with an empty signature."""
    stand_in = stand_in_for(issuer_spki)
    scheme = rsa_padding(algorithm) if isinstance(stand_in, rsa.RSAPrivateKey) else None
    made = builder.sign(stand_in, algorithm.digest, rsa_padding=scheme)
    return stand_in.noted, made.public_bytes(serialization.Encoding.DER)
