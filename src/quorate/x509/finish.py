"""What was drafted becomes an object: the same bytes, the planned algorithm, the token's signature, and only those."""

from __future__ import annotations

import base64
import functools
from typing import assert_never

from cryptography import x509
from cryptography.hazmat import asn1
from cryptography.x509 import ocsp

from quorate.algorithms import SignatureAlgorithm, verify_signature
from quorate.findings import Refusal
from quorate.x509.draft import Draft, Kind, check_algorithm
from quorate.x509.facts import crl_contents
from quorate.x509.ocsp import response_around
from quorate.x509.structure import Envelope, RequestInfo, ResponseData, TbsCertificate, decode, encode

LABELS: dict[Kind, str] = {
    "certificate": "CERTIFICATE",
    "crl": "X509 CRL",
    "request": "CERTIFICATE REQUEST",
    "ocsp": "OCSP RESPONSE",
}
COLUMNS = 64  # RFC 7468 2


def finish(draft: Draft, signature: bytes) -> bytes:
    """The final DER of a draft. Raises `x509.signature_invalid` unless the issuer's key signed exactly its bytes."""
    return finish_tbs(draft.kind, draft.tbs, draft.issuer_spki, draft.algorithm, signature, draft.going_along)


@functools.lru_cache(maxsize=4)  # asked for at each event of an operation, of the same bytes; a refusal is not kept
def finish_tbs(
    kind: Kind,
    tbs: bytes,
    issuer_spki: bytes,
    planned: SignatureAlgorithm,
    signature: bytes,
    going_along: tuple[bytes, ...] = (),
) -> bytes:
    """The same from the stored to-be-signed bytes alone, for resuming after a crash.

    The object is the draft's bytes, the planned algorithm, and the signature, encoded by the declared structure; beside
    it the certificates (DER) that go along with an OCSP response. Certificates and CRLs name the algorithm in these
    bytes as well. Raises `x509.algorithm_differs`, `x509.signature_invalid`, and `x509.tbs_differ` should the finished
    object not contain the same bytes.
    """
    check_algorithm(_named_algorithm(kind, tbs) or planned.identifier, planned)
    verify_signature(issuer_spki, planned, tbs, signature)
    if kind == "ocsp":
        der = response_around(tbs, planned, signature, going_along)
    else:
        signed, identifier = asn1.decode_der(asn1.TLV, tbs), asn1.decode_der(asn1.TLV, planned.identifier)
        der = encode(Envelope(tbs=signed, algorithm=identifier, signature=asn1.BitString(signature, 0)))
    if _tbs_of(kind, der) != tbs:
        raise Refusal("x509.tbs_differ")
    return der


def unsigned(kind: Kind, tbs: bytes) -> bytes:
    """The object around a draft's bytes, with an empty signature (BR 4.3.1.2); of a request there is none."""
    algorithm = _named_algorithm(kind, tbs)
    if algorithm is None:
        return b""
    parts = asn1.decode_der(asn1.TLV, tbs), asn1.decode_der(asn1.TLV, algorithm)
    return encode(Envelope(tbs=parts[0], algorithm=parts[1], signature=asn1.BitString(b"", 0)))


def pem(kind: Kind, der: bytes) -> bytes:
    """The same object as RFC 7468 text."""
    text = base64.b64encode(der).decode()
    lines = [text[at : at + COLUMNS] for at in range(0, len(text), COLUMNS)]
    label = LABELS[kind]
    return "".join(f"{line}\n" for line in (f"-----BEGIN {label}-----", *lines, f"-----END {label}-----")).encode()


def _tbs_of(kind: Kind, der: bytes) -> bytes:
    """What `cryptography` reads back as signed."""
    match kind:
        case "certificate":
            return x509.load_der_x509_certificate(der).tbs_certificate_bytes
        case "crl":
            return x509.load_der_x509_crl(der).tbs_certlist_bytes
        case "request":
            return x509.load_der_x509_csr(der).tbs_certrequest_bytes
        case "ocsp":
            return ocsp.load_der_ocsp_response(der).tbs_response_bytes
        case _:
            assert_never(kind)


def _named_algorithm(kind: Kind, tbs: bytes) -> bytes | None:
    """The algorithm that the to-be-signed bytes name; a request's and a response's do not (RFC 2986 4.1)."""
    match kind:
        case "certificate":
            return encode(decode(TbsCertificate, tbs).algorithm)
        case "crl":
            return crl_contents(tbs).algorithm
        case "request":
            decode(RequestInfo, tbs)
        case "ocsp":
            decode(ResponseData, tbs)
        case _:
            assert_never(kind)
    return None
