"""A key on a token as one that signs RRsets. Floor 3."""

from __future__ import annotations

from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from quorate.algorithms import SignatureAlgorithm
from quorate.dnssec.dnskey import Algorithm, dnskey_of
from quorate.dnssec.keyfile import KeyPair
from quorate.findings import Refusal
from quorate.keys import key_name
from quorate.token import Token

_SIGNS = {
    Algorithm.RSASHA256: SignatureAlgorithm.RSA_PKCS1_SHA256,
    Algorithm.RSASHA512: SignatureAlgorithm.RSA_PKCS1_SHA512,
    Algorithm.ECDSAP256SHA256: SignatureAlgorithm.ECDSA_SHA256,
    Algorithm.ECDSAP384SHA384: SignatureAlgorithm.ECDSA_SHA384,
    Algorithm.ED25519: SignatureAlgorithm.ED25519,
    Algorithm.ED448: SignatureAlgorithm.ED448,
}
_OF_CURVE = {
    "p-256": Algorithm.ECDSAP256SHA256,
    "p-384": Algorithm.ECDSAP384SHA384,
    "ed25519": Algorithm.ED25519,
    "ed448": Algorithm.ED448,
}


def zone_key(
    token: Token, object_id: bytes, identifier: str, flags: int, rsa_algorithm: Algorithm = Algorithm.RSASHA256
) -> KeyPair:
    """The pair under `object_id` of a token that is logged in. `token.key_missing`, `dnssec.key_unreadable`."""
    spki = token.read(object_id).spki
    name = key_name(spki)
    algorithm = rsa_algorithm if name.startswith("rsa-") else _OF_CURVE.get(name)
    if algorithm is None:
        raise Refusal("dnssec.key_unreadable", detail=f"no algorithm here signs with {name} on a token")

    def sign(data: bytes) -> bytes:
        return rrsig_octets(algorithm, token.sign(object_id, name, _SIGNS[algorithm], data))

    return KeyPair(identifier, dnskey_of(spki, algorithm, flags), sign)


def rrsig_octets(algorithm: Algorithm, signature: bytes) -> bytes:
    """A signature as X.509 carries it in the form of an RRSIG: ECDSA's two numbers side by side (RFC 6605 4)."""
    if not algorithm.name.startswith("ECDSA"):
        return signature
    half = algorithm.key_octets // 2
    return b"".join(number.to_bytes(half, "big") for number in decode_dss_signature(signature))
