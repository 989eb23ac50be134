"""Any object of a public key infrastructure, told by its structure: what people hand in without saying what it is."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator
from dataclasses import dataclass

from cryptography.hazmat import asn1

from quorate.findings import Refusal
from quorate.keys import Spki
from quorate.x509.csr import Request, read_csr
from quorate.x509.facts import LARGEST_INPUT, CertificateFacts, CrlFacts, read_certificate, read_crl
from quorate.x509.ocsp import OcspFacts, read_response
from quorate.x509.structure import Box, Envelope, TbsCertificate, TbsCertList, decode, encode

MOST_BLOCKS = 1000
"""PEM blocks in one file; a bundle of a large authority has some hundred."""

_BLOCK = re.compile(
    rb"-----BEGIN ([A-Z0-9 ]{1,60})-----[ \t]*\r?\n((?:[A-Za-z0-9+/=]+[ \t]*\r?\n)+)-----END \1-----[ \t]*"
)
_SECRET = re.compile(rb"-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----")
_LABELS = {
    "CERTIFICATE": "certificate",
    "X509 CRL": "crl",
    "CERTIFICATE REQUEST": "request",
    "NEW CERTIFICATE REQUEST": "request",
    "PUBLIC KEY": "key",
    "OCSP RESPONSE": "response",
}
"""RFC 7468 4, 6, 7 and 13; OCSP responses have no label of their own there."""


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A SubjectPublicKeyInfo (DER) by itself."""

    spki: bytes


@dataclass(frozen=True, slots=True)
class Response:
    """An OCSP response with one answer, and the whole in DER."""

    facts: OcspFacts
    der: bytes


Object = CertificateFacts | CrlFacts | Request | PublicKey | Response
"""A certificate or CRL without a signature is a draft."""


@asn1.sequence
class _Members:
    """The members of one SEQUENCE inside another."""

    members: list[asn1.TLV]


def is_der(data: bytes) -> bool:
    """Whether it is meant as DER: it begins with a SEQUENCE, as a text may that begins with `0`, and is no text."""
    return data[:1] == b"\x30" and not (
        data.isascii() and data.replace(b"\r", b"").replace(b"\n", b"").decode().isprintable()
    )


def read_objects(data: bytes, where: str = "") -> tuple[Object, ...]:
    """The objects of a file: one in DER, or every PEM block in order (text between blocks is passed over).

    Raises `x509.not_one_object`, `x509.private_key`, and whatever the reader of each kind refuses.
    """
    if len(data) > LARGEST_INPUT:
        raise Refusal("x509.not_one_object", where, detail=f"{len(data)} octets are too many")
    if _SECRET.search(data):
        raise Refusal("x509.private_key", where)
    if data[:1] == b"\x30":
        return (_read(data, where),)
    return tuple(_blocks(data, where))


def _blocks(data: bytes, where: str) -> Iterator[Object]:
    blocks = list(_BLOCK.finditer(data))
    if not blocks or len(blocks) != data.count(b"-----BEGIN ") or len(blocks) > MOST_BLOCKS:
        many = len(blocks) > MOST_BLOCKS
        detail = f"more than {MOST_BLOCKS} PEM blocks" if many else "neither DER nor whole PEM blocks"
        raise Refusal("x509.not_one_object", where, detail=detail)
    for number, block in enumerate(blocks, 1):
        place = f"{where}[{number}]" if len(blocks) > 1 else where
        try:
            der = base64.b64decode(b"".join(block[2].split()), validate=True)
        except binascii.Error:
            raise Refusal("x509.not_one_object", place, detail="the PEM block is not base64") from None
        label = block[1].decode()
        if _LABELS.get(label) != _kind(der, place):
            raise Refusal("x509.not_one_object", place, detail=f"the PEM block is labelled {label}, which it is not")
        yield _read(der, place)


def _read(der: bytes, where: str) -> Object:
    match _kind(der, where):
        case "certificate":
            return read_certificate(der, where)
        case "crl":
            return read_crl(der, where)
        case "request":
            return read_csr(der, where)
        case "key":
            decode(Spki, der, where)
            return PublicKey(der)
        case "response":
            return Response(read_response(der, where), der)
        case "certificate draft":
            return read_certificate(_unsigned(der, encode(decode(TbsCertificate, der, where).algorithm)), where)
        case "crl draft":
            return read_crl(_unsigned(der, encode(decode(TbsCertList, der, where).algorithm)), where)
    raise Refusal("x509.not_one_object", where, detail="it is none of the objects known here")


def _unsigned(tbs: bytes, algorithm: bytes) -> bytes:
    """The object around a draft's bytes, with an empty signature."""
    parts = {"tbs": asn1.decode_der(asn1.TLV, tbs), "algorithm": asn1.decode_der(asn1.TLV, algorithm)}
    return encode(Envelope(**parts, signature=asn1.BitString(b"", 0)))


def _kind(der: bytes, where: str) -> str:
    """What the tags say it is; its reader then has the last word."""
    members = _members(der, where)
    match [one.tag_bytes for one in members]:
        case [b"\x30", b"\x30", b"\x03"]:
            return _signed_kind(_members(encode(members[0]), where))
        case [b"\x30", b"\x03"]:
            return "key"
        case [b"\x0a", *_]:  # ENUMERATED: the status of an OCSPResponse
            return "response"
        case _:
            kind = _signed_kind(members)
            return f"{kind} draft" if kind in ("certificate", "crl") else "unknown"


def _signed_kind(members: list[asn1.TLV]) -> str:
    tags = [one.tag_bytes for one in members]
    if tags == [b"\x02", b"\x30", b"\x30", b"\xa0"]:
        return "request"
    if set(tags[2:5]) & {b"\x17", b"\x18"}:  # UTCTime, GeneralizedTime: thisUpdate stands by itself
        return "crl"
    return "certificate" if len(tags) >= 6 and tags[0] in (b"\xa0", b"\x02") else "unknown"


def _members(der: bytes, where: str) -> list[asn1.TLV]:
    try:
        whole = asn1.decode_der(asn1.TLV, der)
    except ValueError as error:
        raise Refusal("x509.encoding", where, detail=" ".join(str(error).split())) from None
    return decode(_Members, encode(Box(content=whole)), where).members
