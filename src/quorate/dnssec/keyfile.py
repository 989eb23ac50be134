"""Private keys in PEM files: the ZSKs of a small operator, and the keys of rehearsals. Floor 2.

The file's bytes come in; signatures come out, in the form that an RRSIG holds. ECDSA is deterministic here (RFC 6979),
so nothing draws randomness and the same input gives the same output.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from quorate.dnssec.dnskey import Algorithm, Dnskey, dnskey_of
from quorate.findings import Refusal

PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey | ed448.Ed448PrivateKey


@dataclass(frozen=True, slots=True)
class KeyPair:
    """A key that signs RRsets. `identifier`: its name in a request or response; `sign` takes the data to be signed."""

    identifier: str
    dnskey: Dnskey
    sign: Callable[[bytes], bytes]


def key_pair(
    private: PrivateKey, identifier: str, flags: int, rsa_algorithm: Algorithm = Algorithm.RSASHA256
) -> KeyPair:
    """The pair of a private key; an RSA key signs with `rsa_algorithm`, any other with the algorithm of its curve."""
    algorithm = _algorithm(private, rsa_algorithm)
    spki = private.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    dnskey = dnskey_of(spki, algorithm, flags)
    return KeyPair(identifier, dnskey, lambda data: _signature(private, algorithm, data))


def read_key(data: bytes, passphrase: bytes | None, where: str) -> PrivateKey:
    """The private key of a PEM file (PKCS#8 or traditional). Raises `keyfile.encrypted`, `keyfile.unreadable`."""
    try:
        key = serialization.load_pem_private_key(data, passphrase)
    except TypeError:
        raise Refusal("keyfile.encrypted" if passphrase is None else "keyfile.not_encrypted", where) from None
    except ValueError:
        raise Refusal("keyfile.unreadable", where) from None
    if not isinstance(key, PrivateKey):
        raise Refusal("keyfile.unreadable", where)
    return key


def _algorithm(private: PrivateKey, rsa_algorithm: Algorithm) -> Algorithm:
    match private:
        case rsa.RSAPrivateKey():
            return rsa_algorithm
        case ed25519.Ed25519PrivateKey():
            return Algorithm.ED25519
        case ed448.Ed448PrivateKey():
            return Algorithm.ED448
        case _ if private.curve.name == "secp256r1":
            return Algorithm.ECDSAP256SHA256
        case _ if private.curve.name == "secp384r1":
            return Algorithm.ECDSAP384SHA384
    raise Refusal("dnssec.key_unreadable", detail=f"no algorithm here signs with {private.curve.name}")


def _signature(private: PrivateKey, algorithm: Algorithm, data: bytes) -> bytes:
    digests = {"sha256": hashes.SHA256(), "sha384": hashes.SHA384(), "sha512": hashes.SHA512()}
    match private:
        case rsa.RSAPrivateKey():
            return private.sign(data, padding.PKCS1v15(), digests[algorithm.hash_name])
        case ec.EllipticCurvePrivateKey():
            signature = private.sign(data, ec.ECDSA(digests[algorithm.hash_name], deterministic_signing=True))
            half = algorithm.key_octets // 2
            return b"".join(number.to_bytes(half, "big") for number in decode_dss_signature(signature))
        case _:
            return private.sign(data)
