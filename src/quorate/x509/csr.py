"""Certification requests (PKCS#10, RFC 2986), read strictly. Certificates and CRLs are read beside it, in `facts`."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

from cryptography import x509

from quorate.findings import Refusal
from quorate.keys import key_name, verify_signature
from quorate.x509.facts import (
    CertificateFacts,
    CrlFacts,
    ExtensionFacts,
    one_object,
    read_certificate,
    read_crl,
    verify_issued,
)
from quorate.x509.structure import RequestInfo, decode, encode, open_envelope

__all__ = [
    "CertificateFacts",
    "CrlFacts",
    "ExtensionFacts",
    "Request",
    "read_certificate",
    "read_crl",
    "read_csr",
    "verify_issued",
]


@dataclass(frozen=True, slots=True)
class Request:
    """A request whose self-signature holds: the name it asks for, the key that it proves to hold, the whole in DER.

    What else it asks for (extensions) is left aside: the profile decides.
    """

    subject: bytes
    spki: bytes
    der: bytes


def read_csr(data: bytes, where: str = "") -> Request:
    """One request, PEM or DER, with what its signature proves.

    Raises `csr.signature_invalid`, `x509.encoding`, `x509.not_one_object`, `key.unreadable`.
    """
    der = one_object(data, "CERTIFICATE REQUEST", where)
    envelope = open_envelope(der, where)
    info = decode(RequestInfo, encode(envelope.tbs), where)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            x509.load_der_x509_csr(der)
        except (ValueError, x509.InvalidVersion) as error:
            raise Refusal("x509.encoding", where, detail=" ".join(str(error).split())) from None
    if info.version != 0:
        raise Refusal("x509.encoding", where, detail="the request is not of version 1")
    spki = encode(info.spki)
    key_name(spki)
    try:
        verify_signature(spki, encode(envelope.algorithm), encode(envelope.tbs), envelope.signature.as_bytes())
    except Refusal:
        raise Refusal("csr.signature_invalid", where) from None
    return Request(encode(info.subject), spki, der)
