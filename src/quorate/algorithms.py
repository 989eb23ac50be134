"""Signature algorithms: with which keys they go, how they are written, how a signature is checked. Floor 2: no I/O.

`SignatureAlgorithm` is the closed set that quorate signs with. A key of one type may sign with several of them, so an
operation names its own or takes the default of the key. An AlgorithmIdentifier is compared byte for byte.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, mldsa, padding, rsa

from quorate.findings import Refusal
from quorate.keys import key_name, spki_digest

Digest = hashes.SHA256 | hashes.SHA384 | hashes.SHA512


class SignatureAlgorithm(enum.StrEnum):
    """How a signature is made: scheme and hash. The names stand in plans and scripts."""

    RSA_PKCS1_SHA256 = "rsa-pkcs1-sha256"
    RSA_PKCS1_SHA384 = "rsa-pkcs1-sha384"
    RSA_PKCS1_SHA512 = "rsa-pkcs1-sha512"
    RSA_PSS_SHA256 = "rsa-pss-sha256"
    RSA_PSS_SHA384 = "rsa-pss-sha384"
    RSA_PSS_SHA512 = "rsa-pss-sha512"
    ECDSA_SHA256 = "ecdsa-sha256"
    ECDSA_SHA384 = "ecdsa-sha384"
    ECDSA_SHA512 = "ecdsa-sha512"
    ED25519 = "ed25519"
    ED448 = "ed448"
    ML_DSA_44 = "ml-dsa-44"
    ML_DSA_65 = "ml-dsa-65"
    ML_DSA_87 = "ml-dsa-87"

    @property
    def identifier(self) -> bytes:
        """The AlgorithmIdentifier (DER) that objects signed so carry (BR 7.1.3.2, RFC 8410 3, RFC 9881 2)."""
        return _ROWS[self].identifier

    @property
    def digest(self) -> Digest | None:
        """The hash that is signed; None where the scheme takes the message itself."""
        return _ROWS[self].digest

    @property
    def is_pss(self) -> bool:
        """RSASSA-PSS: MGF1 with the same hash, and a salt of the hash's length (RFC 4055 3.1)."""
        return self in _PSS

    def fits(self, key: str) -> bool:
        """Whether a key of the name `key` (`keys.key_name`) can sign so at all; rule sets may allow less."""
        return (key.partition("-")[0] if key.startswith("rsa-") else key) in _ROWS[self].keys


@dataclass(frozen=True, slots=True)
class _Row:
    identifier: bytes
    keys: tuple[str, ...]
    digest: Digest | None = None


def _pss(number: str, salt: int) -> bytes:
    """RSASSA-PSS with MGF1 of the same hash and explicit NULLs, as MRSP 5.1.1 spells it out."""
    digest = f"300d060960864801650304020{number}0500"
    return bytes.fromhex(
        f"304106092a864886f70d01010a3034a00f{digest}a11c301a06092a864886f70d010108{digest}a2030201{salt:02x}"
    )


_RSA, _NIST = ("rsa",), ("p-256", "p-384", "p-521")
_ROWS = {
    SignatureAlgorithm.RSA_PKCS1_SHA256: _Row(bytes.fromhex("300d06092a864886f70d01010b0500"), _RSA, hashes.SHA256()),
    SignatureAlgorithm.RSA_PKCS1_SHA384: _Row(bytes.fromhex("300d06092a864886f70d01010c0500"), _RSA, hashes.SHA384()),
    SignatureAlgorithm.RSA_PKCS1_SHA512: _Row(bytes.fromhex("300d06092a864886f70d01010d0500"), _RSA, hashes.SHA512()),
    SignatureAlgorithm.RSA_PSS_SHA256: _Row(_pss("1", 32), _RSA, hashes.SHA256()),
    SignatureAlgorithm.RSA_PSS_SHA384: _Row(_pss("2", 48), _RSA, hashes.SHA384()),
    SignatureAlgorithm.RSA_PSS_SHA512: _Row(_pss("3", 64), _RSA, hashes.SHA512()),
    SignatureAlgorithm.ECDSA_SHA256: _Row(bytes.fromhex("300a06082a8648ce3d040302"), _NIST, hashes.SHA256()),
    SignatureAlgorithm.ECDSA_SHA384: _Row(bytes.fromhex("300a06082a8648ce3d040303"), _NIST, hashes.SHA384()),
    SignatureAlgorithm.ECDSA_SHA512: _Row(bytes.fromhex("300a06082a8648ce3d040304"), _NIST, hashes.SHA512()),
    SignatureAlgorithm.ED25519: _Row(bytes.fromhex("300506032b6570"), ("ed25519",)),
    SignatureAlgorithm.ED448: _Row(bytes.fromhex("300506032b6571"), ("ed448",)),
    SignatureAlgorithm.ML_DSA_44: _Row(bytes.fromhex("300b0609608648016503040311"), ("ml-dsa-44",)),
    SignatureAlgorithm.ML_DSA_65: _Row(bytes.fromhex("300b0609608648016503040312"), ("ml-dsa-65",)),
    SignatureAlgorithm.ML_DSA_87: _Row(bytes.fromhex("300b0609608648016503040313"), ("ml-dsa-87",)),
}
_PSS = (
    SignatureAlgorithm.RSA_PSS_SHA256,
    SignatureAlgorithm.RSA_PSS_SHA384,
    SignatureAlgorithm.RSA_PSS_SHA512,
)
_BY_IDENTIFIER = {row.identifier: algorithm for algorithm, row in _ROWS.items()}
_DEFAULT = {
    **{one.value: one for one in SignatureAlgorithm if one.digest is None},  # named as its key is
    "p-256": SignatureAlgorithm.ECDSA_SHA256,
    "p-384": SignatureAlgorithm.ECDSA_SHA384,
    "p-521": SignatureAlgorithm.ECDSA_SHA512,
}


def by_identifier(identifier: bytes) -> SignatureAlgorithm | None:
    """The algorithm of an AlgorithmIdentifier (DER), or None for any that is not ours; SHA-1 is not among them."""
    return _BY_IDENTIFIER.get(identifier)


def default_algorithm(key: str) -> SignatureAlgorithm:
    """What a key of the name `key` signs with when nothing is said. Raises `key.type_not_ours`.

    A NIST curve takes the hash of its size (BR 7.1.3.2.2), RSA PKCS #1 v1.5 with SHA-256, from 4096 bits on
    SHA-384; every other key has one algorithm.
    """
    kind, _, bits = key.partition("-")
    if kind == "rsa" and bits.isdecimal():
        return SignatureAlgorithm.RSA_PKCS1_SHA384 if int(bits) >= 4096 else SignatureAlgorithm.RSA_PKCS1_SHA256
    if key not in _DEFAULT:
        raise Refusal("key.type_not_ours", key_type=key)
    return _DEFAULT[key]


def verify_signature(spki: bytes, algorithm: SignatureAlgorithm | bytes, data: bytes, signature: bytes) -> None:
    """Check `signature` over `data` with the key `spki` (DER).

    `algorithm` may be an AlgorithmIdentifier (DER) as the object carries it. Raises `x509.signature_invalid`, also when
    the algorithm does not belong to the key (BR 7.1.3.2).
    """
    known = algorithm if isinstance(algorithm, SignatureAlgorithm) else by_identifier(algorithm)
    if known is None or not known.fits(key_name(spki)):
        raise Refusal("x509.signature_invalid", key=spki_digest(spki))
    try:
        _verify(serialization.load_der_public_key(spki), known, data, signature)
    except (InvalidSignature, ValueError, UnsupportedAlgorithm):
        raise Refusal("x509.signature_invalid", key=spki_digest(spki)) from None


def _verify(public: object, algorithm: SignatureAlgorithm, data: bytes, signature: bytes) -> None:
    """Raises InvalidSignature; the algorithm fits the key."""
    match public:
        case ec.EllipticCurvePublicKey():
            assert algorithm.digest is not None
            public.verify(signature, data, ec.ECDSA(algorithm.digest))
        case rsa.RSAPublicKey():
            assert algorithm.digest is not None
            public.verify(signature, data, rsa_padding(algorithm), algorithm.digest)
        case ed25519.Ed25519PublicKey() | ed448.Ed448PublicKey():
            public.verify(signature, data)
        case mldsa.MLDSA44PublicKey() | mldsa.MLDSA65PublicKey() | mldsa.MLDSA87PublicKey():
            public.verify(signature, data)
        case _:
            raise InvalidSignature


def rsa_padding(algorithm: SignatureAlgorithm) -> padding.PSS | padding.PKCS1v15:
    """The padding of an RSA algorithm, as `cryptography` wants it."""
    digest = algorithm.digest
    assert digest is not None
    return padding.PSS(padding.MGF1(digest), digest.digest_size) if algorithm.is_pss else padding.PKCS1v15()
