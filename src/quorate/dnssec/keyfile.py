"""Private keys in files, PEM or BIND's own: the ZSKs of a small operator, and the keys of rehearsals. Floor 2.

The file's bytes come in; signatures come out, in the form that an RRSIG holds. ECDSA is deterministic here (RFC 6979),
so nothing draws randomness and the same input gives the same output.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from dataclasses import dataclass

from cryptography.exceptions import InternalError, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from quorate.dnssec.dnskey import Algorithm, Dnskey, dnskey_of
from quorate.findings import Refusal

PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey | ed448.Ed448PrivateKey


BIND_HEAD = b"Private-key-format: v1."
_BIND_RSA = (
    *("Modulus", "PublicExponent", "PrivateExponent", "Prime1", "Prime2"),
    *("Exponent1", "Exponent2", "Coefficient"),
)

# ECPrivateKey (RFC 5915 3) up to the length of its octets, and the curves as AlgorithmIdentifier names them (RFC 5480).
_EC_PRIVATE_KEY = b"\2\1\1\4"
_CURVE_OIDS = (
    (ec.SECP256R1(), bytes.fromhex("06082a8648ce3d030107")),
    (ec.SECP384R1(), bytes.fromhex("06052b81040022")),
)


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
    """The private key of a PEM file (PKCS#8 or traditional), or of BIND's `.private` file.

    Raises `keyfile.encrypted`, `keyfile.unreadable`.
    """
    if data.startswith(BIND_HEAD):
        return _bind_key(data, where)
    try:
        key = serialization.load_pem_private_key(data, passphrase)
    except TypeError:
        raise Refusal("keyfile.encrypted" if passphrase is None else "keyfile.not_encrypted", where) from None
    except (ValueError, UnsupportedAlgorithm, InternalError):  # the last: an EdDSA key of a wrong length
        if meant := _of_another_length(data):
            return meant
        raise Refusal("keyfile.unreadable", where) from None
    if not isinstance(key, PrivateKey):
        raise Refusal("keyfile.unreadable", where)
    return key


def _of_another_length(data: bytes) -> ec.EllipticCurvePrivateKey | None:
    """The key of a file that writes it as the shortest signed integer, as Knot does, and not in as many octets as the
    curve has (RFC 5915 3): every second one begins with a zero, one in 256 is short.

    It counts if its public key stands in the file too.
    """
    body = re.fullmatch(rb"\s*-----BEGIN PRIVATE KEY-----([A-Za-z0-9+/=\s]+)-----END PRIVATE KEY-----\s*", data)
    try:
        der = base64.b64decode(b"".join(body[1].split()), validate=True) if body else b""
        for curve, oid in _CURVE_OIDS:
            head, _, rest = der.partition(_EC_PRIVATE_KEY)
            if oid in head and 0 < rest[0] <= curve.key_size // 8 + 1:
                key = ec.derive_private_key(int.from_bytes(rest[1 : 1 + rest[0]], "big"), curve)
                form = serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
                return key if key.public_key().public_bytes(*form) in rest else None
    except (ValueError, IndexError):
        pass
    return None


def _bind_key(data: bytes, where: str) -> PrivateKey:
    """The key of a `.private` file of dnssec-keygen; not of one that only says where on a token the key is."""
    fields = dict(line.split(": ", 1) for line in data.decode("latin-1").splitlines() if ": " in line)
    try:
        algorithm = Algorithm(int(fields["Algorithm"].split(" ")[0]))
        if algorithm.is_rsa:
            n, e, d, p, q, dp, dq, inverse = (
                int.from_bytes(base64.b64decode(fields[name], validate=True), "big") for name in _BIND_RSA
            )
            return rsa.RSAPrivateNumbers(p, q, d, dp, dq, inverse, rsa.RSAPublicNumbers(e, n)).private_key()
        octets = base64.b64decode(fields["PrivateKey"], validate=True)
        match algorithm:
            case Algorithm.ED25519:
                return ed25519.Ed25519PrivateKey.from_private_bytes(octets)
            case Algorithm.ED448:
                return ed448.Ed448PrivateKey.from_private_bytes(octets)
        curve = ec.SECP256R1() if algorithm is Algorithm.ECDSAP256SHA256 else ec.SECP384R1()
        return ec.derive_private_key(int.from_bytes(octets, "big"), curve)
    except (KeyError, ValueError):
        raise Refusal("keyfile.unreadable", where) from None


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
