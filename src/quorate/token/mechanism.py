"""How each key type and signature algorithm is asked of a PKCS#11 module, and what it answers with. Floor 3.

Where a scheme signs a hash, the host makes it: modules offer the plain mechanisms CKM_RSA_PKCS, CKM_RSA_PKCS_PSS and
CKM_ECDSA, and some lack the hashing ones. CKM_EDDSA and CKM_ML_DSA take the whole message, in one C_Sign (PKCS#11 3.2).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, mldsa, rsa, utils
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from quorate.algorithms import SignatureAlgorithm
from quorate.keys import OWN_EXPONENT, KeyType
from quorate.token import codes
from quorate.token.cryptoki import Template, number_octets, read_number

DIGEST_INFO = {
    "sha256": bytes.fromhex("3031300d060960864801650304020105000420"),
    "sha384": bytes.fromhex("3041300d060960864801650304020205000430"),
    "sha512": bytes.fromhex("3051300d060960864801650304020305000440"),
}
"""What stands before the hash in a PKCS#1 v1.5 signature: RFC 8017 9.2, note 1."""

PSS_PARAMETERS = {
    "sha256": (codes.CKM_SHA256, codes.CKG_MGF1_SHA256, 32),
    "sha384": (codes.CKM_SHA384, codes.CKG_MGF1_SHA384, 48),
    "sha512": (codes.CKM_SHA512, codes.CKG_MGF1_SHA512, 64),
}
"""CK_RSA_PKCS_PSS_PARAMS: the hash, MGF1 with the same, and a salt of its length."""

NO_PREHASH = number_octets(0, 0, 0)
"""CK_EDDSA_PARAMS: phFlag false, no context. Ed448 needs it on some modules, and Ed25519 none on others."""


@dataclass(frozen=True, slots=True)
class Generation:
    """The mechanism that makes a pair, one of the sizes that it must say it can, and what the public template adds."""

    mechanism: int
    sizes: tuple[int, ...]
    public: Template


def _rsa(bits: int) -> Generation:
    exponent = OWN_EXPONENT.to_bytes(3, "big")
    return Generation(codes.CKM_RSA_PKCS_KEY_PAIR_GEN, (bits,), {"MODULUS_BITS": bits, "PUBLIC_EXPONENT": exponent})


def _curve(bits: int, oid: str) -> Generation:
    return Generation(codes.CKM_EC_KEY_PAIR_GEN, (bits,), {"EC_PARAMS": bytes.fromhex(oid)})


def _edwards(bits: int, oid: str) -> Generation:
    """The size is told as the field's bits or as those of whole octets."""
    sizes = (bits, bits + -bits % 8)
    return Generation(codes.CKM_EC_EDWARDS_KEY_PAIR_GEN, sizes, {"EC_PARAMS": bytes.fromhex(oid)})


def _ml_dsa(parameter_set: int) -> Generation:
    return Generation(codes.CKM_ML_DSA_KEY_PAIR_GEN, (), {"PARAMETER_SET": parameter_set})


GENERATION = {
    KeyType.RSA_2048: _rsa(2048),
    KeyType.RSA_3072: _rsa(3072),
    KeyType.RSA_4096: _rsa(4096),
    KeyType.P256: _curve(256, "06082a8648ce3d030107"),
    KeyType.P384: _curve(384, "06052b81040022"),
    KeyType.P521: _curve(521, "06052b81040023"),
    KeyType.ED25519: _edwards(255, "06032b6570"),
    KeyType.ED448: _edwards(448, "06032b6571"),
    KeyType.ML_DSA_44: _ml_dsa(codes.CKP_ML_DSA_44),
    KeyType.ML_DSA_65: _ml_dsa(codes.CKP_ML_DSA_65),
    KeyType.ML_DSA_87: _ml_dsa(codes.CKP_ML_DSA_87),
}
"""Curves by object identifier (RFC 5480 2.1.1.1, RFC 8410 3): the one form that every module takes."""


@dataclass(frozen=True, slots=True)
class Signing:
    """The mechanism that signs, its parameter, what is handed to C_Sign, and what X.509 makes of the answer."""

    mechanism: int
    parameter: bytes
    input: Callable[[bytes], bytes]
    output: Callable[[bytes], bytes]


def _itself(octets: bytes) -> bytes:
    return octets


def _signing(algorithm: SignatureAlgorithm) -> Signing:
    if algorithm.digest is None:
        if algorithm.startswith("ml-dsa-"):
            return Signing(codes.CKM_ML_DSA, b"", _itself, _itself)
        parameter = NO_PREHASH if algorithm is SignatureAlgorithm.ED448 else b""
        return Signing(codes.CKM_EDDSA, parameter, _itself, _itself)
    name = algorithm.digest.name

    def digest(data: bytes) -> bytes:
        return hashlib.new(name, data).digest()

    if algorithm.is_pss:
        return Signing(codes.CKM_RSA_PKCS_PSS, number_octets(*PSS_PARAMETERS[name]), digest, _itself)
    if algorithm.startswith("rsa-"):
        return Signing(codes.CKM_RSA_PKCS, b"", lambda data: DIGEST_INFO[name] + digest(data), _itself)
    return Signing(codes.CKM_ECDSA, b"", digest, _ecdsa_value)


def _ecdsa_value(raw: bytes) -> bytes:
    """ECDSA-Sig-Value (RFC 3279 2.2.3) of PKCS#11's r and s, one behind the other."""
    half = len(raw) // 2
    return utils.encode_dss_signature(int.from_bytes(raw[:half], "big"), int.from_bytes(raw[half:], "big"))


SIGNING = {algorithm: _signing(algorithm) for algorithm in SignatureAlgorithm}

_LENGTHS = {
    "p-256": 64,
    "p-384": 96,
    "p-521": 132,
    "ed25519": 64,
    "ed448": 114,
    "ml-dsa-44": 2420,
    "ml-dsa-65": 3309,
    "ml-dsa-87": 4627,
}


def signature_length(key_type: str) -> int:
    """Octets of what C_Sign answers for a key of this name; 0 for an RSA key, whose public key tells."""
    return _LENGTHS.get(key_type, 0)


def templates(key_type: KeyType, object_id: bytes, label: str) -> tuple[Template, Template]:
    """The two templates of C_GenerateKeyPair: sign only, sensitive, never extractable.

    What the key may not do is said, because a module may grant by default whatever the template leaves open.
    """
    name = label.encode()
    public: dict[str, bool | int | bytes] = {"TOKEN": True, "PRIVATE": False, "ID": object_id, "LABEL": name}
    private: dict[str, bool | int | bytes] = {"TOKEN": True, "PRIVATE": True, "ID": object_id, "LABEL": name}
    private |= {"SENSITIVE": True, "EXTRACTABLE": False, "SIGN": True}
    private |= {"DECRYPT": False, "UNWRAP": False, "DERIVE": False}
    return public | {"VERIFY": True, **GENERATION[key_type].public}, private


def public_key_info(read: Callable[[str], bytes | None]) -> bytes:
    """The SubjectPublicKeyInfo (DER) of a public key object, of which `read` reads an attribute by its name.

    ValueError if the object is no key that quorate knows; UnsupportedAlgorithm where the library lacks it.
    """

    def octets(name: str) -> bytes:
        return read(name) or b""

    match read_number(read("KEY_TYPE")):
        case codes.CKK_RSA:
            modulus, exponent = (int.from_bytes(octets(name), "big") for name in ("MODULUS", "PUBLIC_EXPONENT"))
            return _spki(rsa.RSAPublicNumbers(exponent, modulus).public_key())
        case codes.CKK_EC | codes.CKK_EC_EDWARDS:
            return _spki(_on_curve(octets("EC_PARAMS"), octets("EC_POINT")))
        case codes.CKK_ML_DSA:
            kind = _ML_DSA_SETS.get(read_number(read("PARAMETER_SET")) or 0)
            if kind is not None:
                return _spki(kind.from_public_bytes(octets("VALUE")))
    raise ValueError("it is of no type that quorate knows")


_ML_DSA_SETS: dict[int, type[mldsa.MLDSA44PublicKey] | type[mldsa.MLDSA65PublicKey] | type[mldsa.MLDSA87PublicKey]] = {
    codes.CKP_ML_DSA_44: mldsa.MLDSA44PublicKey,
    codes.CKP_ML_DSA_65: mldsa.MLDSA65PublicKey,
    codes.CKP_ML_DSA_87: mldsa.MLDSA87PublicKey,
}
_NIST: dict[bytes, ec.EllipticCurve] = {
    bytes.fromhex("06082a8648ce3d030107"): ec.SECP256R1(),
    bytes.fromhex("06052b81040022"): ec.SECP384R1(),
    bytes.fromhex("06052b81040023"): ec.SECP521R1(),
}
# CKA_EC_PARAMS of Edwards curves: the object identifier, or the name as a PrintableString (PKCS#11 3.0, 2.3.10)
_ED25519 = (bytes.fromhex("06032b6570"), b"\x13\x0cedwards25519")
_ED448 = (bytes.fromhex("06032b6571"), b"\x13\x0aedwards448")


def _on_curve(
    parameters: bytes, point: bytes
) -> ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey | ed448.Ed448PublicKey:
    if curve := _NIST.get(parameters):
        return ec.EllipticCurvePublicKey.from_encoded_point(curve, _bare(point, 1 + 2 * ((curve.key_size + 7) // 8)))
    if parameters in _ED25519:
        return ed25519.Ed25519PublicKey.from_public_bytes(_bare(point, 32))
    if parameters in _ED448:
        return ed448.Ed448PublicKey.from_public_bytes(_bare(point, 57))
    raise ValueError("it is on no curve that quorate knows")


def _bare(octets: bytes, length: int) -> bytes:
    """CKA_EC_POINT without the DER OCTET STRING that the standard puts around it and some modules leave out.

    The length tells the two apart.
    """
    head = bytes([4, length]) if length < 128 else bytes([4, 0x81, length])
    return octets[len(head) :] if octets.startswith(head) and len(octets) == length + len(head) else octets


def _spki(
    public: rsa.RSAPublicKey
    | ec.EllipticCurvePublicKey
    | ed25519.Ed25519PublicKey
    | ed448.Ed448PublicKey
    | mldsa.MLDSA44PublicKey
    | mldsa.MLDSA65PublicKey
    | mldsa.MLDSA87PublicKey,
) -> bytes:
    return public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
