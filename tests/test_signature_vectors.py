"""Every signature algorithm against vectors and in certificates and CRLs, by the program and by the verifier alone."""

from __future__ import annotations

import itertools
import json
from typing import Any

import pytest

from forging import verifier
from issuing import crl_fields, drafted, finish, root_fields, sign, spki
from quorate.algorithms import SignatureAlgorithm, verify_signature
from quorate.findings import Refusal
from quorate.keys import KeyType
from quorate.x509.profile import load_profile
from signature_vectors import ED448, ED25519, FILE

VECTORS: list[dict[str, Any]] = json.loads(FILE.read_text("utf-8"))["signatures"]
PAIRS = [(kind, one) for kind, one in itertools.product(KeyType, SignatureAlgorithm) if one.fits(kind)]


def name_of(vector: dict[str, Any]) -> str:
    return f"{vector['algorithm']}, {len(vector['spki']) // 2} octets of key, {vector['what']}"


@pytest.mark.parametrize("vector", VECTORS, ids=name_of)
def test_program_and_verifier_say_of_a_signature_what_the_vector_says(vector: dict[str, Any]) -> None:
    spki, message, signature = (bytes.fromhex(vector[name]) for name in ("spki", "message", "signature"))
    algorithm = SignatureAlgorithm(vector["algorithm"])
    module = verifier()
    if vector["valid"]:
        verify_signature(spki, algorithm, message, signature)
        module.PublicKey(spki).verify(algorithm.identifier, message, signature)
        return
    with pytest.raises(Refusal) as caught:
        verify_signature(spki, algorithm, message, signature)
    assert caught.value.code == "x509.signature_invalid"
    with pytest.raises(module.Bad):
        module.PublicKey(spki).verify(algorithm.identifier, message, signature)


def test_the_vectors_have_every_algorithm_with_every_kind_of_key_and_what_was_published() -> None:
    good = [one for one in VECTORS if one["valid"]]
    assert {one["algorithm"] for one in good} == {one.value for one in SignatureAlgorithm}
    for curve in ("2a8648ce3d030107", "2b81040022", "2b81040023"):
        assert {one["algorithm"] for one in good if curve in one["spki"]} == {
            "ecdsa-sha256",
            "ecdsa-sha384",
            "ecdsa-sha512",
        }
    assert {row[3] for row in (ED25519, *ED448)} <= {one["signature"] for one in good}
    assert sum(not one["valid"] for one in VECTORS) > 10


@pytest.mark.parametrize(("key_type", "algorithm"), PAIRS)
def test_root_and_crl_of_every_pair_are_verified_alone(key_type: KeyType, algorithm: SignatureAlgorithm) -> None:
    """As the token signs them and the program finishes them, read and verified by the verifier's own code."""
    module, public = verifier(), verifier().PublicKey(spki(key_type))
    assert public.is_of_type(key_type)
    assert not public.is_stand_in
    profiles = ((root_fields, "private-root", module.read_certificate), (crl_fields, "private-crl", module.read_crl))
    for fields, profile, read in profiles:
        draft = drafted(fields(key_type, profile=load_profile(profile), algorithm=algorithm))
        made = read(finish(draft, sign(key_type, draft.tbs, algorithm=algorithm)))
        assert made.algorithm == public.planned_algorithm(algorithm.value) == algorithm.identifier
        public.verify(made.algorithm, made.signed, made.signature)
        with pytest.raises(module.Bad):
            public.verify(made.algorithm, made.signed[:-1] + b"\0\0", made.signature)
        with pytest.raises(module.Bad):
            module.PublicKey(spki(key_type, 1)).verify(made.algorithm, made.signed, made.signature)


@pytest.mark.parametrize("key_type", list(KeyType))
def test_program_and_verifier_agree_on_the_default_of_a_key(key_type: KeyType) -> None:
    draft = drafted(root_fields(key_type, profile=load_profile("private-root")))
    assert verifier().PublicKey(spki(key_type)).planned_algorithm("") == draft.algorithm.identifier


def test_an_ml_dsa_signature_with_any_bit_changed_is_refused() -> None:
    vector = next(one for one in VECTORS if one["valid"] and one["algorithm"] == "ml-dsa-44")
    spki_der, message, signature = (bytes.fromhex(vector[name]) for name in ("spki", "message", "signature"))
    scheme, public = verifier().BARE["ml-dsa-44"], verifier().PublicKey(spki_der).bits
    assert scheme.verify(public, message, signature)
    for place in range(0, len(signature), 61):
        changed = bytearray(signature)
        changed[place] ^= 1 << place % 8
        assert not scheme.verify(public, message, bytes(changed)), place
