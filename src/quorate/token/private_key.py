"""Private keys in the memory of this process, as the software token makes and uses them. Floor 3."""

from __future__ import annotations

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, mldsa, rsa

from quorate.algorithms import SignatureAlgorithm, rsa_padding
from quorate.keys import OWN_EXPONENT, KeyType

PrivateKey = (
    rsa.RSAPrivateKey
    | ec.EllipticCurvePrivateKey
    | ed25519.Ed25519PrivateKey
    | ed448.Ed448PrivateKey
    | mldsa.MLDSA44PrivateKey
    | mldsa.MLDSA65PrivateKey
    | mldsa.MLDSA87PrivateKey
)


def supported(key_type: KeyType) -> bool:
    """Whether `cryptography` can do it as it was built: ML-DSA takes OpenSSL 3.5 or newer, which its wheels have."""
    if not key_type.startswith("ml-dsa-"):
        return True
    try:
        mldsa.MLDSA44PublicKey.from_public_bytes(bytes(1312))
    except UnsupportedAlgorithm:
        return False
    return True


def generated(key_type: KeyType) -> PrivateKey:
    """A new key of the type, which must be `supported`."""
    match key_type:
        case KeyType.RSA_2048 | KeyType.RSA_3072 | KeyType.RSA_4096:
            return rsa.generate_private_key(OWN_EXPONENT, key_type.bits)
        case KeyType.P256:
            return ec.generate_private_key(ec.SECP256R1())
        case KeyType.P384:
            return ec.generate_private_key(ec.SECP384R1())
        case KeyType.P521:
            return ec.generate_private_key(ec.SECP521R1())
        case KeyType.ED25519:
            return ed25519.Ed25519PrivateKey.generate()
        case KeyType.ED448:
            return ed448.Ed448PrivateKey.generate()
        case KeyType.ML_DSA_44:
            return mldsa.MLDSA44PrivateKey.generate()
        case KeyType.ML_DSA_65:
            return mldsa.MLDSA65PrivateKey.generate()
        case KeyType.ML_DSA_87:
            return mldsa.MLDSA87PrivateKey.generate()


def signature_by(private: PrivateKey, algorithm: SignatureAlgorithm, data: bytes) -> bytes:
    """The signature over `data`, as X.509 carries it; the algorithm must fit the key."""
    if algorithm.digest is not None:
        if isinstance(private, rsa.RSAPrivateKey):
            return private.sign(data, rsa_padding(algorithm), algorithm.digest)
        if isinstance(private, ec.EllipticCurvePrivateKey):
            return private.sign(data, ec.ECDSA(algorithm.digest))
    assert not isinstance(private, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey)
    return private.sign(data)
