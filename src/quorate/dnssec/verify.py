"""Signatures over DNSKEY RRsets, verified. RSA with integers and `hashlib`, elliptic curves with `cryptography`.

So an RSA zone is judged without loading `cryptography`.
"""

from __future__ import annotations

import functools
import hashlib
import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING

from quorate.dnssec.dnskey import Algorithm, Dnskey, key_algorithm, load_public, rsa_numbers
from quorate.dnssec.rrsig import Rrsig, signed_data
from quorate.findings import Refusal

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

LARGEST_MODULUS = 4096  # RFC 3110 2 allows no larger one
LARGEST_EXPONENT = 2**33  # a longer one is in no use, and only costs time
_DIGEST_INFO = {  # RFC 8017 9.2 note 1
    "sha256": bytes.fromhex("3031300d060960864801650304020105000420"),
    "sha512": bytes.fromhex("3051300d060960864801650304020305000440"),
}


def rrsig_verifies(zone: str, rrsig: Rrsig, keys: Iterable[Dnskey], key: Dnskey) -> bool:
    """Whether `key` made `rrsig` over the DNSKEY RRset `keys` of `zone`. Times are not looked at.

    The key must have the algorithm and the tag that the RRSIG states (RFC 4035 5.3.1). A key or name that cannot be
    used verifies nothing.
    """
    if (rrsig.algorithm, rrsig.key_tag) != (key.algorithm, key.key_tag):
        return False
    try:
        return signature_verifies(key, signed_data(zone, rrsig, keys), rrsig.signature)
    except Refusal:
        return False


@functools.lru_cache(maxsize=1024)  # more than one SKR may hold, for what judges it asks for each more than once
def signature_verifies(key: Dnskey, data: bytes, signature: bytes) -> bool:
    """Whether `signature`, as an RRSIG holds it, is one of `key` over `data`. Raises `dnssec.key_unreadable`."""
    algorithm = key_algorithm(key)
    if algorithm.is_rsa:
        return _rsa_verifies(key.public_key, algorithm, data, signature)
    return _curve_verifies(key, algorithm, data, signature)


def _rsa_verifies(public_key: bytes, algorithm: Algorithm, data: bytes, signature: bytes) -> bool:
    """RSASSA-PKCS1-v1_5 (RFC 8017 8.2.2): the one encoded message is made anew and compared."""
    exponent, modulus, _ = rsa_numbers(public_key)
    octets = (modulus.bit_length() + 7) // 8
    encoded = _DIGEST_INFO[algorithm.hash_name] + hashlib.new(algorithm.hash_name, data).digest()
    number = int.from_bytes(signature, "big")
    usable = len(encoded) + 11 <= octets <= LARGEST_MODULUS // 8 and 3 <= exponent < LARGEST_EXPONENT
    if not usable or len(signature) != octets or number >= modulus:
        return False
    if "cryptography" in sys.modules and _rsa_confirms(exponent, modulus, algorithm, data, signature):
        return True
    message = b"\0\1" + b"\xff" * (octets - len(encoded) - 3) + b"\0" + encoded
    return pow(number, exponent, modulus) == int.from_bytes(message, "big")


def _rsa_confirms(exponent: int, modulus: int, algorithm: Algorithm, data: bytes, signature: bytes) -> bool:
    """Whether `cryptography` finds it valid: much faster, where it is loaded anyway. If not, the numbers decide."""
    from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import padding

    digest = hashes.SHA256() if algorithm.hash_name == "sha256" else hashes.SHA512()
    try:
        _rsa_public(exponent, modulus).verify(signature, data, padding.PKCS1v15(), digest)
    except (InvalidSignature, UnsupportedAlgorithm, ValueError):
        return False
    return True


@functools.lru_cache(maxsize=16)  # a key signs every bundle
def _rsa_public(exponent: int, modulus: int) -> RSAPublicKey:
    from cryptography.hazmat.primitives.asymmetric import rsa

    return rsa.RSAPublicNumbers(exponent, modulus).public_key()


def _curve_verifies(key: Dnskey, algorithm: Algorithm, data: bytes, signature: bytes) -> bool:
    """ECDSA with r and s of fixed length one after the other (RFC 6605 4), or EdDSA (RFC 8080 4)."""
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519
    from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

    public = load_public(key)
    try:
        if isinstance(public, ec.EllipticCurvePublicKey):
            half = algorithm.key_octets // 2
            if len(signature) != 2 * half:
                return False
            r, s = int.from_bytes(signature[:half], "big"), int.from_bytes(signature[half:], "big")
            digest = hashes.SHA256() if algorithm.hash_name == "sha256" else hashes.SHA384()
            public.verify(encode_dss_signature(r, s), data, ec.ECDSA(digest))
        elif isinstance(public, ed25519.Ed25519PublicKey | ed448.Ed448PublicKey):
            public.verify(signature, data)
    except InvalidSignature:
        return False
    return True
