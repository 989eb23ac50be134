"""How `vectors/signatures.json` was made: `python tests/signature_vectors.py` makes it anew, with other signatures.

Ed25519 and Ed448: RFC 8032 7.1 and 7.4, whose signatures are the only ones there can be. All others are by
`cryptography`: RSA with the fixed keys of these tests, curves with the private number that is the SHA-256 of their
name, ML-DSA with the seed 00 01 … 1f.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, mldsa, padding
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from quorate.algorithms import SignatureAlgorithm
from quorate.token.private_key import PrivateKey, signature_by
from rsa_keys import fixed_rsa_key

FILE = Path(__file__).resolve().parent.parent / "vectors" / "signatures.json"
MESSAGE = b"to be signed"
SEED = bytes(range(32))

# secret key, public key, message, signature
ED25519 = (
    "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
    "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
    "af82",
    "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
)
ED448 = (
    (
        "6c82a562cb808d10d632be89c8513ebf6c929f34ddfa8c9f63c9960ef6e348a3528c8a3fcc2f044e39a3fc5b94492f8f032e7549a20098f95b",
        "5fd7449b59b461fd2ce787ec616ad46a1da1342485a70e1f8a0ea75d80e96778edf124769b46c7061bd6783df1e50f6cd1fa1abeafe8256180",
        "",
        "533a37f6bbe457251f023c0d88f976ae2dfb504a843e34d2074fd823d41a591f2b233f034f628281f2fd7a22ddd47d7828c59bd0a21bfd3980"
        "ff0d2028d4b18a9df63e006c5d1c2d345b925d8dc00b4104852db99ac5c7cdda8530a113a0f4dbb61149f05a7363268c71d95808ff2e652600",
    ),
    (
        "cd23d24f714274e744343237b93290f511f6425f98e64459ff203e8985083ffdf60500553abc0e05cd02184bdb89c4ccd67e187951267eb328",
        "dcea9e78f35a1bf3499a831b10b86c90aac01cd84b67a0109b55a36e9328b1e365fce161d71ce7131a543ea4cb5f7e9f1d8b00696447001400",
        "0c3e544074ec63b0265e0c",
        "1f0a8888ce25e8d458a21130879b840a9089d999aaba039eaf3e3afa090a09d389dba82c4ff2ae8ac5cdfb7c55e94d5d961a29fe0109941e00"
        "b8dbdeea6d3b051068df7254c0cdc129cbe62db2dc957dbb47b51fd3f213fb8698f064774250a5028961c9bf8ffd973fe5d5c206492b140e00",
    ),
)


def made() -> dict[str, Any]:
    """The whole file."""
    rows = [*_published(), *_by_library(), *_wrong()]
    about = (
        "Signatures as certificates and CRLs carry them. Ed25519 and Ed448: RFC 8032 7.1 and 7.4; the others were made"
        " with Python's cryptography 50 (OpenSSL 4.0), ML-DSA from the seed 000102…1f. spki: DER. Spec: spec/script.md."
    )
    return {"about": about, "signatures": rows}


def _row(
    algorithm: SignatureAlgorithm, key: PrivateKey, message: bytes, signature: bytes, what: str = "good"
) -> dict[str, Any]:
    spki = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    row = {"algorithm": algorithm.value, "message": message.hex(), "signature": signature.hex(), "spki": spki.hex()}
    return {"what": what, "valid": what == "good", **row}


def _published() -> list[dict[str, Any]]:
    rows = []
    for algorithm, vector in (
        (SignatureAlgorithm.ED25519, ED25519),
        *((SignatureAlgorithm.ED448, one) for one in ED448),
    ):
        secret, public, message, signature = map(bytes.fromhex, vector)
        kind = ed25519.Ed25519PrivateKey if algorithm is SignatureAlgorithm.ED25519 else ed448.Ed448PrivateKey
        key = kind.from_private_bytes(secret)
        assert key.public_key().public_bytes_raw() == public
        assert key.sign(message) == signature
        rows.append(_row(algorithm, key, message, signature))
    return rows


def keys() -> dict[str, PrivateKey]:
    curves = {"p-256": ec.SECP256R1(), "p-384": ec.SECP384R1(), "p-521": ec.SECP521R1()}
    numbers = {name: int.from_bytes(hashlib.sha256(name.encode()).digest(), "big") for name in curves}
    return {
        "rsa-2048": fixed_rsa_key(2048),
        **{name: ec.derive_private_key(numbers[name], curve) for name, curve in curves.items()},
        "ml-dsa-44": mldsa.MLDSA44PrivateKey.from_seed_bytes(SEED),
        "ml-dsa-65": mldsa.MLDSA65PrivateKey.from_seed_bytes(SEED),
        "ml-dsa-87": mldsa.MLDSA87PrivateKey.from_seed_bytes(SEED),
    }


def _by_library() -> list[dict[str, Any]]:
    pairs = [(one, key) for one in SignatureAlgorithm for name, key in keys().items() if one.fits(name)]
    return [_row(one, key, MESSAGE, signature_by(key, one, MESSAGE)) for one, key in pairs]


def _wrong() -> list[dict[str, Any]]:
    """One of each kind of wrong signature that a careless reader takes."""
    rsa_key, p256, ml_dsa = fixed_rsa_key(2048), keys()["p-256"], keys()["ml-dsa-44"]
    pss, ecdsa, lattice = (
        SignatureAlgorithm.RSA_PSS_SHA384,
        SignatureAlgorithm.ECDSA_SHA256,
        SignatureAlgorithm.ML_DSA_44,
    )
    good, point = signature_by(ml_dsa, lattice, MESSAGE), signature_by(p256, ecdsa, MESSAGE)
    short = rsa_key.sign(MESSAGE, padding.PSS(padding.MGF1(hashes.SHA384()), 32), hashes.SHA384())
    other_mgf = rsa_key.sign(MESSAGE, padding.PSS(padding.MGF1(hashes.SHA256()), 48), hashes.SHA384())
    secret, _, message, signature = map(bytes.fromhex, ED448[1])
    edwards = ed448.Ed448PrivateKey.from_private_bytes(secret)
    order = 2**446 - 13818066809895115352007386748515426880336692474882178609894547503885
    above = (int.from_bytes(signature[57:], "little") + order).to_bytes(57, "little")
    hints = bytearray(good)
    hints[-1] += 1  # the number of hints, and an octet of padding that would be one
    return [
        _row(pss, rsa_key, MESSAGE, short, "a salt of 32 octets"),
        _row(pss, rsa_key, MESSAGE, other_mgf, "a mask by another hash"),
        _row(
            SignatureAlgorithm.RSA_PKCS1_SHA384,
            rsa_key,
            MESSAGE,
            signature_by(rsa_key, pss, MESSAGE),
            "PSS for PKCS #1",
        ),
        _row(ecdsa, p256, MESSAGE, point + b"\0", "an octet behind the two numbers"),
        _row(SignatureAlgorithm.ECDSA_SHA384, p256, MESSAGE, point, "another hash"),
        _row(SignatureAlgorithm.ED448, edwards, message, signature[:57] + above, "S not below the order"),
        _row(SignatureAlgorithm.ED448, edwards, message, signature + b"\0", "an octet more"),
        _row(lattice, ml_dsa, MESSAGE, good[:-1], "cut short"),
        _row(lattice, ml_dsa, MESSAGE, bytes(hints), "a hint that is padding"),
        _row(lattice, ml_dsa, MESSAGE, ml_dsa.sign(MESSAGE, b"context"), "made with a context"),
        _row(SignatureAlgorithm.ML_DSA_65, ml_dsa, MESSAGE, good, "another parameter set"),
    ]


if __name__ == "__main__":
    FILE.write_text(json.dumps(made(), indent=1, ensure_ascii=False) + "\n")
