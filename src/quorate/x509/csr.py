"""Certification requests (PKCS#10, RFC 2986), read strictly. Certificates and CRLs are read beside it, in `facts`."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

from cryptography import x509

from quorate.algorithms import verify_signature
from quorate.findings import Finding, Refusal
from quorate.keys import key_name
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
    "read_spki",
    "verify_issued",
]


@dataclass(frozen=True, slots=True)
class RequestFacts:
    """A request as it stands, its signature not looked at; a draft's is empty. Octet fields are DER parts."""

    subject: bytes
    spki: bytes
    attributes: int  # how many
    tbs: bytes
    algorithm: bytes
    signature: bytes


@dataclass(frozen=True, slots=True)
class Request:
    """A request whose self-signature holds: the name it asks for, the key that it proves to hold, the whole in DER.

    What else it asks for (extensions) is left aside: the profile decides.
    """

    subject: bytes
    spki: bytes
    der: bytes


def read_request(data: bytes, where: str = "") -> RequestFacts:
    """One request, PEM or DER, drafted or finished. Raises `x509.encoding`, `x509.not_one_object`, `key.unreadable`."""
    envelope = open_envelope(one_object(data, "CERTIFICATE REQUEST", where), where)
    tbs = encode(envelope.tbs)
    info = decode(RequestInfo, tbs, where)
    if info.version != 0:
        raise Refusal("x509.encoding", where, detail="the request is not of version 1")
    spki = encode(info.spki)
    key_name(spki)
    return RequestFacts(
        subject=encode(info.subject),
        spki=spki,
        attributes=len(info.attributes.as_list()),
        tbs=tbs,
        algorithm=encode(envelope.algorithm),
        signature=envelope.signature.as_bytes(),
    )


def read_spki(data: bytes, where: str = "") -> bytes:
    """The DER of one bare public key, PEM or DER; nothing proves who holds its private key.

    Raises `x509.not_one_object`, `key.unreadable`.
    """
    spki = one_object(data, "PUBLIC KEY", where)
    try:
        key_name(spki)
    except Refusal as refusal:
        raise Refusal.of(tuple(Finding(one.code, where, one.facts) for one in refusal.findings)) from None
    return spki


def read_csr(data: bytes, where: str = "") -> Request:
    """One request, PEM or DER, with what its signature proves.

    Raises `csr.signature_invalid`, `x509.encoding`, `x509.not_one_object`, `key.unreadable`.
    """
    der = one_object(data, "CERTIFICATE REQUEST", where)
    facts = read_request(der, where)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            x509.load_der_x509_csr(der)
        except (ValueError, x509.InvalidVersion) as error:
            raise Refusal("x509.encoding", where, detail=" ".join(str(error).split())) from None
    try:
        verify_signature(facts.spki, facts.algorithm, facts.tbs, facts.signature)
    except Refusal:
        raise Refusal("csr.signature_invalid", where) from None
    return Request(facts.subject, facts.spki, der)
