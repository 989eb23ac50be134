"""The DER structures of RFC 5280, 2986 and 6960, declared. Reading is strict: decoded, encoded again, compared."""

from __future__ import annotations

from typing import Annotated, TypeVar

from cryptography import x509
from cryptography.hazmat import asn1

from quorate.findings import Refusal

Declared = TypeVar("Declared")


@asn1.sequence
class Envelope:
    """Certificate, CertificateList and CertificationRequest are built alike."""

    tbs: asn1.TLV
    algorithm: asn1.TLV
    signature: asn1.BitString


@asn1.sequence
class Validity:
    not_before: asn1.UTCTime | asn1.GeneralizedTime
    not_after: asn1.UTCTime | asn1.GeneralizedTime


@asn1.sequence
class Extension:
    oid: x509.ObjectIdentifier
    critical: Annotated[bool, asn1.Default(False)]
    value: bytes


@asn1.sequence
class TbsCertificate:
    version: Annotated[int, asn1.Default(0), asn1.Explicit(0)]
    serial: int
    algorithm: asn1.TLV
    issuer: asn1.TLV
    validity: Validity
    subject: asn1.TLV
    spki: asn1.TLV
    issuer_unique_id: Annotated[asn1.BitString | None, asn1.Implicit(1)]
    subject_unique_id: Annotated[asn1.BitString | None, asn1.Implicit(2)]
    extensions: Annotated[list[Extension] | None, asn1.Explicit(3)]


@asn1.sequence
class RevokedEntry:
    serial: int
    date: asn1.UTCTime | asn1.GeneralizedTime
    extensions: list[Extension] | None


@asn1.sequence
class TbsCertList:
    version: int | None
    algorithm: asn1.TLV
    issuer: asn1.TLV
    this_update: asn1.UTCTime | asn1.GeneralizedTime
    next_update: asn1.UTCTime | asn1.GeneralizedTime | None
    entries: list[RevokedEntry] | None
    extensions: Annotated[list[Extension] | None, asn1.Explicit(0)]


@asn1.sequence
class AttributeValue:
    oid: x509.ObjectIdentifier
    value: asn1.TLV


@asn1.sequence
class NameBox:
    """One Name inside a SEQUENCE: the declarations have no way to stand for a bare SEQUENCE OF."""

    name: list[asn1.SetOf[AttributeValue]]


@asn1.sequence
class Box:
    """One value of any kind inside a SEQUENCE."""

    content: asn1.TLV


@asn1.sequence
class RequestInfo:
    """CertificationRequestInfo, RFC 2986 4.1. The attributes are read by `cryptography`."""

    version: int
    subject: asn1.TLV
    spki: asn1.TLV
    attributes: Annotated[asn1.SetOf[asn1.TLV], asn1.Implicit(0)]


@asn1.sequence
class CertId:
    """CertID, RFC 6960 4.1.1."""

    algorithm: asn1.TLV
    name_hash: bytes
    key_hash: bytes
    serial: int


@asn1.sequence
class SingleResponse:
    """RFC 6960 4.2.1. The status is read by `cryptography`."""

    certificate: CertId
    status: asn1.TLV
    this_update: asn1.GeneralizedTime
    next_update: Annotated[asn1.GeneralizedTime | None, asn1.Explicit(0)]
    extensions: Annotated[list[Extension] | None, asn1.Explicit(1)]


@asn1.sequence
class ResponseData:
    """What a responder signs, RFC 6960 4.2.1. The responder is a Name under [1], or the hash of a key under [2]."""

    version: Annotated[int, asn1.Default(0), asn1.Explicit(0)]
    responder: asn1.TLV
    produced_at: asn1.GeneralizedTime
    responses: list[SingleResponse]
    extensions: Annotated[list[Extension] | None, asn1.Explicit(1)]


@asn1.sequence
class BasicResponse:
    """BasicOCSPResponse, RFC 6960 4.2.1."""

    tbs: asn1.TLV
    algorithm: asn1.TLV
    signature: asn1.BitString
    certificates: Annotated[list[asn1.TLV] | None, asn1.Explicit(0)]


@asn1.sequence
class ResponseBytes:
    kind: x509.ObjectIdentifier
    response: bytes


@asn1.sequence
class OcspResponse:
    """OCSPResponse, RFC 6960 4.2.1; the status is an ENUMERATED."""

    status: asn1.TLV
    content: Annotated[ResponseBytes | None, asn1.Explicit(0)]


def decode(kind: type[Declared], der: bytes, where: str = "") -> Declared:
    """`der` as `kind`. Raises `x509.encoding` unless it is that structure's one DER encoding, without trailing data."""
    try:
        value = asn1.decode_der(kind, der)
        if asn1.encode_der(value) == der:
            return value
    except (ValueError, OverflowError) as error:
        raise Refusal("x509.encoding", where, detail=" ".join(str(error).split())) from None
    raise Refusal("x509.encoding", where, detail="the bytes are not the DER encoding of what they say")


def open_envelope(der: bytes, where: str = "") -> Envelope:
    """The three parts of a certificate, CRL or request. A signature is whole octets: spare bits would be malleable."""
    envelope = decode(Envelope, der, where)
    if envelope.signature.padding_bits():
        raise Refusal("x509.encoding", where, detail="the signature is not whole octets")
    return envelope


def encode(value: object) -> bytes:
    """The DER of a declared structure or of one of its parts."""
    return bytes(asn1.encode_der(value))
