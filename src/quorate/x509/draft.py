"""The bytes that a token is to sign, made before any key touches them, and the object they become.

The builders of `cryptography` want a private key. A stand-in takes its place, notes the to-be-signed bytes and returns
no signature, so a draft can never validate. `finish` joins the same bytes with the token's signature, and only then.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal, NoReturn

from cryptography import x509
from cryptography.hazmat import asn1
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import AuthorityInformationAccessOID

from quorate.algorithms import SignatureAlgorithm, default_algorithm, rsa_padding, verify_signature
from quorate.findings import Refusal
from quorate.keys import Spki, key_name
from quorate.x509.name import load_name
from quorate.x509.profile import Presence, Profile
from quorate.x509.structure import Envelope, RequestInfo, TbsCertificate, TbsCertList, decode, encode

Kind = Literal["certificate", "crl", "request"]
Builder = x509.CertificateBuilder | x509.CertificateRevocationListBuilder | x509.CertificateSigningRequestBuilder


@dataclass(frozen=True, slots=True)
class Issuer:
    """Who signs: the subject of its certificate (DER), its public key (DER), its subject key identifier."""

    name: bytes
    spki: bytes
    ski: bytes


@dataclass(frozen=True, slots=True)
class CertificateFields:
    """Everything that a CA certificate says. Empty texts and tuples: the extension is left out.

    `algorithm`: None for the default of the issuer's key.
    """

    profile: Profile
    serial: int
    issuer: Issuer
    subject: bytes
    spki: bytes
    ski: bytes
    not_before: datetime
    not_after: datetime
    crl_url: str = ""
    ca_issuers_url: str = ""
    policies: tuple[str, ...] = ()
    algorithm: SignatureAlgorithm | None = None


@dataclass(frozen=True, slots=True)
class CrlEntry:
    """One revoked certificate. `reason` as RFC 5280 5.3.1 names it; "" where the entry gives none."""

    serial: int
    date: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class CrlFields:
    """Everything that a full CRL says. `algorithm`: None for the default of the issuer's key."""

    profile: Profile
    issuer: Issuer
    number: int
    this_update: datetime
    next_update: datetime
    entries: tuple[CrlEntry, ...] = ()
    algorithm: SignatureAlgorithm | None = None


@dataclass(frozen=True, slots=True)
class Draft:
    """The to-be-signed bytes, and the object around them with an empty signature, for linters and readers."""

    kind: Kind
    tbs: bytes
    unsigned: bytes
    issuer_spki: bytes
    algorithm: SignatureAlgorithm

    @property
    def digest(self) -> str:
        return f"sha256:{hashlib.sha256(self.tbs).hexdigest()}"


def not_after(not_before: datetime, days: int) -> datetime:
    """The last second of a validity of `days`, which counts its first and its last second (BR 1.6.1, 6.3.2)."""
    return not_before + timedelta(days=days, seconds=-1)


def subject_ski(spki: bytes) -> bytes:
    """RFC 7093 section 2 method 1: the leftmost 160 bits of the SHA-256 of the key's BIT STRING octets."""
    return hashlib.sha256(decode(Spki, spki).key.as_bytes()).digest()[:20]


def draft_certificate(fields: CertificateFields) -> Draft:
    """The draft of a CA certificate.

    Raises `x509.profile_field`, `x509.field_unusable`, `x509.name_bytes_differ`, `x509.algorithm_unfit`.
    """
    algorithm = _fitting(fields.algorithm, fields.issuer.spki)
    _check_presence(fields)
    _check_times(fields.not_before, fields.not_after)
    if not 0 < fields.serial < 2**159:
        raise Refusal("x509.field_unusable", detail="the serial number is not between 1 and 2^159")
    builder = x509.CertificateBuilder(
        issuer_name=load_name(fields.issuer.name),
        subject_name=load_name(fields.subject),
        public_key=_public(fields.spki),
        serial_number=fields.serial,
        not_valid_before=fields.not_before,
        not_valid_after=fields.not_after,
    )
    try:
        for extension, critical in _extensions(fields):
            builder = builder.add_extension(extension, critical)
        noted, unsigned = _unsigned(builder, fields.issuer.spki, algorithm)
    except ValueError as error:
        raise Refusal("x509.field_unusable", detail=" ".join(str(error).split())) from None
    tbs = decode(TbsCertificate, noted)
    _check_algorithm(encode(tbs.algorithm), algorithm)
    _check_bytes("issuer", encode(tbs.issuer), fields.issuer.name)
    _check_bytes("subject", encode(tbs.subject), fields.subject)
    _check_bytes("subject public key", encode(tbs.spki), fields.spki)
    return Draft("certificate", noted, unsigned, fields.issuer.spki, algorithm)


def draft_crl(fields: CrlFields) -> Draft:
    """The draft of a full CRL.

    Raises `x509.profile_field`, `x509.field_unusable`, `x509.name_bytes_differ`, `x509.algorithm_unfit`.
    """
    algorithm = _fitting(fields.algorithm, fields.issuer.spki)
    if fields.profile.kind != "crl":
        raise Refusal("x509.profile_field", fields.profile.name, field="class", presence="required to be crl")
    _check_times(fields.this_update, fields.next_update, *(entry.date for entry in fields.entries))
    if not 0 <= fields.number < 2**159:
        raise Refusal("x509.field_unusable", detail="the CRL number is not between 0 and 2^159")
    if len({entry.serial for entry in fields.entries}) != len(fields.entries):
        raise Refusal("x509.field_unusable", detail="a serial number is revoked twice")
    extensions: list[x509.Extension[Any]] = []
    if fields.profile.authority_key_identifier:
        extensions.append(_extension(x509.AuthorityKeyIdentifier(fields.issuer.ski, None, None)))
    extensions.append(_extension(x509.CRLNumber(fields.number)))
    try:
        # handed over as one list: adding entries one by one copies the list each time
        builder = x509.CertificateRevocationListBuilder(
            load_name(fields.issuer.name),
            fields.this_update,
            fields.next_update,
            extensions,
            [_revoked(entry) for entry in fields.entries],
        )
        noted, unsigned = _unsigned(builder, fields.issuer.spki, algorithm)
    except ValueError as error:
        raise Refusal("x509.field_unusable", detail=" ".join(str(error).split())) from None
    tbs = decode(TbsCertList, noted)
    _check_algorithm(encode(tbs.algorithm), algorithm)
    _check_bytes("issuer", encode(tbs.issuer), fields.issuer.name)
    return Draft("crl", noted, unsigned, fields.issuer.spki, algorithm)


def draft_request(subject: bytes, spki: bytes, algorithm: SignatureAlgorithm | None = None) -> Draft:
    """The draft of a PKCS#10 request by the key `spki` (DER) under the name `subject` (DER), without attributes.

    `algorithm`: None for the default of the key. Raises `x509.field_unusable`, `x509.name_bytes_differ`,
    `x509.algorithm_unfit`.
    """
    algorithm = _fitting(algorithm, spki)
    try:
        builder = x509.CertificateSigningRequestBuilder(load_name(subject))
        noted, unsigned = _unsigned(builder, spki, algorithm)
    except ValueError as error:
        raise Refusal("x509.field_unusable", detail=" ".join(str(error).split())) from None
    info = decode(RequestInfo, noted)
    _check_bytes("subject", encode(info.subject), subject)
    _check_bytes("subject public key", encode(info.spki), spki)
    return Draft("request", noted, unsigned, spki, algorithm)


def finish(draft: Draft, signature: bytes) -> bytes:
    """The final DER of a draft. Raises `x509.signature_invalid` unless the issuer's key signed exactly its bytes."""
    return finish_tbs(draft.kind, draft.tbs, draft.issuer_spki, draft.algorithm, signature)


def finish_tbs(kind: Kind, tbs: bytes, issuer_spki: bytes, planned: SignatureAlgorithm, signature: bytes) -> bytes:
    """The same from the stored to-be-signed bytes alone, for resuming after a crash.

    The object is the draft's bytes, the planned algorithm, and the signature, encoded by the declared structure.
    Certificates and CRLs name the algorithm in these bytes as well. Raises `x509.algorithm_differs`,
    `x509.signature_invalid`, and `x509.tbs_differ` should the finished object not contain the same bytes.
    """
    _check_algorithm(_named_algorithm(kind, tbs) or planned.identifier, planned)
    verify_signature(issuer_spki, planned, tbs, signature)
    signed, identifier = asn1.decode_der(asn1.TLV, tbs), asn1.decode_der(asn1.TLV, planned.identifier)
    der = encode(Envelope(tbs=signed, algorithm=identifier, signature=asn1.BitString(signature, 0)))
    if _tbs_of(kind, der) != tbs:
        raise Refusal("x509.tbs_differ")
    return der


def pem(kind: Kind, der: bytes) -> bytes:
    """The same object as RFC 7468 text."""
    return _loaded(kind, der).public_bytes(serialization.Encoding.PEM)


def _tbs_of(kind: Kind, der: bytes) -> bytes:
    match _loaded(kind, der):
        case x509.Certificate() as certificate:
            return certificate.tbs_certificate_bytes
        case x509.CertificateRevocationList() as crl:
            return crl.tbs_certlist_bytes
        case request:
            return request.tbs_certrequest_bytes


def _loaded(
    kind: Kind, der: bytes
) -> x509.Certificate | x509.CertificateRevocationList | x509.CertificateSigningRequest:
    match kind:
        case "certificate":
            return x509.load_der_x509_certificate(der)
        case "crl":
            return x509.load_der_x509_crl(der)
        case "request":
            return x509.load_der_x509_csr(der)


def _named_algorithm(kind: Kind, tbs: bytes) -> bytes | None:
    """The algorithm that the to-be-signed bytes name; a request's do not (RFC 2986 4.1)."""
    match kind:
        case "certificate":
            return encode(decode(TbsCertificate, tbs).algorithm)
        case "crl":
            return encode(decode(TbsCertList, tbs).algorithm)
        case "request":
            decode(RequestInfo, tbs)
            return None


def _extensions(fields: CertificateFields) -> list[tuple[x509.ExtensionType, bool]]:
    profile = fields.profile
    extensions: list[tuple[x509.ExtensionType, bool]] = [
        (x509.BasicConstraints(ca=True, path_length=profile.path_length), True),
        (_key_usage(profile), True),
    ]
    if profile.purposes:
        purposes = [x509.ObjectIdentifier(purpose) for purpose in profile.purposes]
        extensions.append((x509.ExtendedKeyUsage(purposes), False))
    if fields.policies:
        policies = [x509.PolicyInformation(x509.ObjectIdentifier(policy), None) for policy in fields.policies]
        extensions.append((x509.CertificatePolicies(policies), False))
    extensions.append((x509.SubjectKeyIdentifier(fields.ski), False))
    if profile.authority_key_identifier:
        extensions.append((x509.AuthorityKeyIdentifier(fields.issuer.ski, None, None), False))
    if fields.ca_issuers_url:
        location = x509.UniformResourceIdentifier(fields.ca_issuers_url)
        access = x509.AccessDescription(AuthorityInformationAccessOID.CA_ISSUERS, location)
        extensions.append((x509.AuthorityInformationAccess([access]), False))
    if fields.crl_url:
        point = x509.DistributionPoint([x509.UniformResourceIdentifier(fields.crl_url)], None, None, None)
        extensions.append((x509.CRLDistributionPoints([point]), False))
    return extensions


def _key_usage(profile: Profile) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature="digitalSignature" in profile.key_usage,
        key_cert_sign="keyCertSign" in profile.key_usage,
        crl_sign="cRLSign" in profile.key_usage,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _extension(value: x509.ExtensionType) -> x509.Extension[Any]:
    return x509.Extension(value.oid, False, value)


def _revoked(entry: CrlEntry) -> x509.RevokedCertificate:
    builder = x509.RevokedCertificateBuilder(entry.serial, entry.date)
    if entry.reason:
        builder = builder.add_extension(x509.CRLReason(x509.ReasonFlags(entry.reason)), critical=False)
    return builder.build()


def _check_presence(fields: CertificateFields) -> None:
    profile = fields.profile
    if profile.kind == "crl":
        raise Refusal("x509.profile_field", profile.name, field="class", presence="required to be a certificate's")
    asked: list[tuple[str, Presence, bool]] = [
        ("policies", profile.policies, bool(fields.policies)),
        ("crl-url", profile.crl_url, bool(fields.crl_url)),
        ("ca-issuers-url", profile.ca_issuers_url, bool(fields.ca_issuers_url)),
    ]
    for field, presence, given in asked:
        if presence == ("forbidden" if given else "required"):
            raise Refusal("x509.profile_field", profile.name, field=field, presence=presence)


def _check_times(*times: datetime) -> None:
    """UTC and whole seconds: a certificate can say nothing else, and the builders would drop the rest silently."""
    for time in times:
        if time.utcoffset() != timedelta(0) or time.microsecond:
            raise Refusal("x509.field_unusable", detail=f"{time.isoformat()} is not a whole second of UTC")
    if times[1] < times[0]:
        raise Refusal("x509.field_unusable", detail="the end lies before the beginning")


def _fitting(algorithm: SignatureAlgorithm | None, issuer_spki: bytes) -> SignatureAlgorithm:
    key = key_name(issuer_spki)
    algorithm = algorithm or default_algorithm(key)
    if not algorithm.fits(key):
        raise Refusal("x509.algorithm_unfit", algorithm=algorithm, key_type=key)
    return algorithm


def _check_algorithm(written: bytes, planned: SignatureAlgorithm) -> None:
    if written != planned.identifier:
        raise Refusal("x509.algorithm_differs", algorithm=written.hex(), planned=planned)


def _check_bytes(part: str, drafted: bytes, given: bytes) -> None:
    if drafted != given:
        raise Refusal("x509.name_bytes_differ", part)


def _public(spki: bytes) -> ec.EllipticCurvePublicKey | rsa.RSAPublicKey:
    try:
        public = serialization.load_der_public_key(spki)
    except ValueError as error:
        raise Refusal("key.unreadable", detail=" ".join(str(error).split())) from None
    if isinstance(public, (ec.EllipticCurvePublicKey, rsa.RSAPublicKey)):
        return public
    raise Refusal("key.unreadable", detail="neither RSA nor a NIST curve")


def _unsigned(builder: Builder, issuer_spki: bytes, algorithm: SignatureAlgorithm) -> tuple[bytes, bytes]:
    """The to-be-signed bytes, and the object around them with an empty signature."""
    stand_in = _stand_in(issuer_spki)
    scheme = rsa_padding(algorithm) if isinstance(stand_in, rsa.RSAPrivateKey) else None
    made = builder.sign(stand_in, algorithm.digest, rsa_padding=scheme)
    return stand_in.noted, made.public_bytes(serialization.Encoding.DER)


class _StandIn:
    """Holds no private key. `sign` notes what it is asked to sign and returns nothing; all else is a bug."""

    def __init__(self, public: Any) -> None:
        self._public = public
        self.noted = b""

    def public_key(self) -> Any:
        return self._public

    def sign(self, data: Any, *_: object) -> bytes:
        self.noted = bytes(data)
        return b""

    @property
    def key_size(self) -> int:
        return int(self._public.key_size)

    def _has_none(self, *_: object) -> NoReturn:
        raise AssertionError("a stand-in has no private key")

    private_numbers = private_bytes = decrypt = exchange = __copy__ = __deepcopy__ = _has_none


class _RsaStandIn(_StandIn, rsa.RSAPrivateKey):
    """Where the builder asks for an RSA key."""


class _EcStandIn(_StandIn, ec.EllipticCurvePrivateKey):
    """Where the builder asks for an EC key."""

    @property
    def curve(self) -> ec.EllipticCurve:
        curve: ec.EllipticCurve = self._public.curve
        return curve


def _stand_in(spki: bytes) -> _RsaStandIn | _EcStandIn:
    public = _public(spki)
    return _RsaStandIn(public) if isinstance(public, rsa.RSAPublicKey) else _EcStandIn(public)
