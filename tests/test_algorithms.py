"""Which algorithm goes with which key, how each is written, and that a signature verifies for its bytes only."""

from __future__ import annotations

import itertools
import re
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from forging import verifier
from issuing import key, sign, spki
from quorate.algorithms import SignatureAlgorithm, by_identifier, default_algorithm, verify_signature
from quorate.findings import Refusal
from quorate.keys import KeyType, Spki
from quorate.x509.structure import decode, encode


def flipped(signature: bytes) -> bytes:
    return signature[:-1] + bytes([signature[-1] ^ 1])


PAIRS = [(kind, one) for kind, one in itertools.product(KeyType, SignatureAlgorithm) if one.fits(kind)]
EVERY_PAIR = pytest.mark.parametrize(("key_type", "algorithm"), PAIRS)


@EVERY_PAIR
def test_a_signature_verifies_for_its_bytes_and_its_algorithm_only(
    key_type: KeyType, algorithm: SignatureAlgorithm
) -> None:
    signature = sign(key_type, b"the bytes", algorithm=algorithm)
    verify_signature(spki(key_type), algorithm, b"the bytes", signature)
    verify_signature(spki(key_type), algorithm.identifier, b"the bytes", signature)
    for data, wrong in ((b"other bytes", signature), (b"the bytes", b""), (b"the bytes", flipped(signature))):
        with pytest.raises(Refusal) as caught:
            verify_signature(spki(key_type), algorithm, data, wrong)
        assert caught.value.code == "x509.signature_invalid"
    for other in SignatureAlgorithm:
        if other is not algorithm:
            with pytest.raises(Refusal, match="does not verify"):
                verify_signature(spki(key_type), other, b"the bytes", signature)


def test_a_salt_of_another_length_is_another_algorithm() -> None:
    private = key(KeyType.RSA_2048)
    assert isinstance(private, rsa.RSAPrivateKey)
    signature = private.sign(b"x", padding.PSS(padding.MGF1(hashes.SHA384()), 32), hashes.SHA384())
    with pytest.raises(Refusal, match="does not verify"):
        verify_signature(spki(KeyType.RSA_2048), SignatureAlgorithm.RSA_PSS_SHA384, b"x", signature)


def test_an_identifier_names_one_algorithm() -> None:
    assert [by_identifier(one.identifier) for one in SignatureAlgorithm] == list(SignatureAlgorithm)
    assert by_identifier(SignatureAlgorithm.ECDSA_SHA256.identifier + b"\x05\x00") is None
    with pytest.raises(Refusal, match="does not verify"):
        verify_signature(spki(KeyType.P256), b"\x30\x00", b"x", b"")


@pytest.mark.parametrize(
    ("name", "default"),
    [
        ("rsa-1024", "rsa-pkcs1-sha256"),
        ("rsa-2048", "rsa-pkcs1-sha256"),
        ("rsa-3072", "rsa-pkcs1-sha256"),
        ("rsa-4096", "rsa-pkcs1-sha384"),
        ("p-256", "ecdsa-sha256"),
        ("p-384", "ecdsa-sha384"),
        ("p-521", "ecdsa-sha512"),
        ("ed25519", "ed25519"),
        ("ed448", "ed448"),
        ("ml-dsa-44", "ml-dsa-44"),
        ("ml-dsa-65", "ml-dsa-65"),
        ("ml-dsa-87", "ml-dsa-87"),
    ],
)
def test_a_key_has_a_default_that_it_can_do(name: str, default: str) -> None:
    assert default_algorithm(name) == default
    assert default_algorithm(name).fits(name)


@pytest.mark.parametrize("name", ["rsa-", "rsa-x", "dsa-2048", ""])
def test_no_default_for_a_key_that_is_not_known(name: str) -> None:
    with pytest.raises(Refusal) as caught:
        default_algorithm(name)
    assert caught.value.code == "key.type_not_ours"


def test_the_table_of_the_specification_is_that_of_the_program_and_of_the_verifier() -> None:
    text = (Path(__file__).parent.parent / "spec" / "algorithms.md").read_text()
    rows = dict(re.findall(r"(?m)^\| `([a-z0-9-]+)` \| [^|]+\|[^|]+\| `([0-9a-f]+)` \|$", text))
    assert rows == {one.value: one.identifier.hex() for one in SignatureAlgorithm}
    assert rows == {name: row[0] for name, row in verifier().SIGNATURES.items()}


def test_every_key_type_of_the_specification_has_its_identifier() -> None:
    text = (Path(__file__).parent.parent / "spec" / "algorithms.md").read_text()
    table = text[text.index("## Key types") : text.index("## Signature algorithms")]
    rows = re.findall(r"(?m)^\| ((?:`[a-z0-9-]+` ?)+)\| `([0-9a-f]+)` \|", table)
    said = {name: identifier for names, identifier in rows for name in re.findall("`(.+?)`", names)}
    assert said == {one.value: encode(decode(Spki, spki(one)).algorithm).hex() for one in KeyType}
