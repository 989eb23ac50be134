"""Signatures as they were made before today's rules: SHA-1, odd pairs of key and hash, keys of other kinds.

Nothing is issued or accepted by what is verified here; it tells a signature that is out of fashion from a false one.
"""

from __future__ import annotations

import warnings

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

from quorate.findings import Refusal
from quorate.keys import spki_digest
from quorate.x509.facts import CertificateFacts, CrlFacts, verify_issued


def signed_as_made(it: CertificateFacts | CrlFacts, issuer_spki: bytes) -> bool:
    """Whether the key signed the object, by an algorithm of today, or by one that was good when it was made."""
    for verify in (verify_issued, verify_as_made):
        try:
            verify(it, issuer_spki)
            return True
        except Refusal:
            continue
    return False


def verify_as_made(it: CertificateFacts | CrlFacts, issuer_spki: bytes) -> None:
    """Raises `x509.signature_invalid` unless the key signed the object by whatever algorithm the object names."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            public = serialization.load_der_public_key(issuer_spki)
            if it.algorithm == it.outer_algorithm and _verified(it, public):
                return
    except (InvalidSignature, ValueError, TypeError, UnsupportedAlgorithm):
        pass
    raise Refusal("x509.signature_invalid", key=spki_digest(issuer_spki))


def _verified(it: CertificateFacts | CrlFacts, public: object) -> bool:
    """Raises InvalidSignature; False for a key that no signature of an X.509 object is checked with here."""
    if isinstance(it, CrlFacts):
        loaded: x509.Certificate | x509.CertificateRevocationList = x509.load_der_x509_crl(it.der)
    else:
        loaded = x509.load_der_x509_certificate(it.der)
    how, digest = loaded.signature_algorithm_parameters, loaded.signature_hash_algorithm
    if isinstance(public, rsa.RSAPublicKey) and isinstance(how, (padding.PSS, padding.PKCS1v15)) and digest:
        public.verify(it.signature, it.tbs, how, digest)
    elif isinstance(public, ec.EllipticCurvePublicKey) and isinstance(how, ec.ECDSA):
        public.verify(it.signature, it.tbs, how)
    else:
        return False
    return True
