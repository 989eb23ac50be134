"""Every key type and signature algorithm on software tokens and on SoftHSM 2, checked by OpenSSL and python-pkcs11."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import mldsa, rsa, utils

from quorate.algorithms import SignatureAlgorithm, verify_signature
from quorate.findings import Refusal
from quorate.keys import KeyType, key_findings
from quorate.token import Login, Token
from quorate.token.mechanism import public_key_info
from quorate.token.opening import open_token
from quorate.token.software import SoftwareToken
from rsa_keys import fixed_rsa_key
from softhsm import MODULE, import_key, make_softhsm_token
from standard_module import StandardModule

USER, OFFICER, SERIAL = "1234567890", "0987654321", "S-0001"
LARGE = b"a CRL of a busy authority " * 160_000  # four megabytes
ON_SOFTHSM = [kind for kind in KeyType if not kind.startswith("ml-dsa-")]
TYPES = list(KeyType)


def pin() -> bytearray:
    return bytearray(USER.encode())


def object_id(key_type: KeyType) -> bytes:
    return bytes([TYPES.index(key_type) + 1])


def fitting(key_type: str) -> list[SignatureAlgorithm]:
    return [one for one in SignatureAlgorithm if one.fits(key_type)]


@pytest.fixture(scope="module")
def on_files(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Token]:
    """A software token with a key of each type; the RSA keys are fixed ones."""
    folder = tmp_path_factory.mktemp("files") / "token"
    token = SoftwareToken.make(folder, SERIAL, "all", pin(), bytearray(OFFICER.encode()), os.urandom)
    token.login(Login.USER, pin())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rsa, "generate_private_key", lambda _, bits: fixed_rsa_key(bits))
        for key_type in KeyType:
            token.generate(key_type, object_id(key_type), key_type)
    yield token
    token.close()


@pytest.fixture(scope="module")
def softhsm(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    folder = tmp_path_factory.mktemp("softhsm")
    module, serial = make_softhsm_token(folder, "all", USER, OFFICER)
    for bits, name in ((2048, "rsa-2048-0"), (3072, "rsa-3072-0"), (4096, "rsa-4096-0"), (1024, "rsa-1024-0")):
        number = object_id(KeyType(f"rsa-{bits}")) if bits > 1024 else b"\xff"
        import_key(serial, USER, Path(__file__).parent / "keys" / f"{name}.pem", number)
    return module, serial


@pytest.fixture(scope="module")
def on_softhsm(softhsm: tuple[Path, str]) -> Iterator[Token]:
    """A SoftHSM token with a key of each type that it can: RSA keys imported, the others generated there."""
    token = open_token("pkcs11", *softhsm)
    token.login(Login.USER, pin())
    for key_type in ON_SOFTHSM:
        if not key_type.is_rsa:
            token.generate(key_type, object_id(key_type), key_type)
    yield token
    token.close()


@pytest.fixture
def token(request: pytest.FixtureRequest) -> Token:
    opened: Token = request.getfixturevalue(request.param)
    return opened


EACH_KEY = pytest.mark.parametrize(
    ("token", "key_type"),
    [("on_files", one) for one in KeyType] + [("on_softhsm", one) for one in ON_SOFTHSM],
    indirect=["token"],
)


@EACH_KEY
def test_a_key_of_each_type_signs_with_every_algorithm_of_its_own(token: Token, key_type: KeyType) -> None:
    made = token.read(object_id(key_type))
    assert KeyType.from_spki(made.spki) is key_type
    assert key_findings(made.spki, "the key", own=True) == ()
    for algorithm in fitting(key_type):
        for data in (b"", b"to be signed", LARGE):
            verify_signature(made.spki, algorithm, data, token.sign(object_id(key_type), key_type, algorithm, data))


@EACH_KEY
def test_wrong_pairs_are_refused_before_the_token_is_touched(token: Token, key_type: KeyType) -> None:
    token.take_calls()
    for algorithm in SignatureAlgorithm:
        if not algorithm.fits(key_type):
            with pytest.raises(Refusal) as caught:
                token.sign(object_id(key_type), key_type, algorithm, b"data")
            assert caught.value.code == "token.algorithm_unfit"
    assert token.take_calls() == ()


def test_a_software_token_looks_at_the_key_and_not_at_what_is_said_of_it(on_files: Token) -> None:
    with pytest.raises(Refusal, match="a key of type ed25519 does not sign with ecdsa-sha256"):
        on_files.sign(object_id(KeyType.ED25519), "p-256", SignatureAlgorithm.ECDSA_SHA256, b"data")


def test_tokens_say_what_they_can(on_files: Token, on_softhsm: Token) -> None:
    assert (on_files.key_types(), on_files.algorithms()) == (tuple(KeyType), tuple(SignatureAlgorithm))
    assert on_softhsm.key_types() == tuple(ON_SOFTHSM)
    assert on_softhsm.algorithms() == tuple(one for one in SignatureAlgorithm if not one.startswith("ml-dsa-"))


def test_what_the_module_lacks_is_refused_with_its_name(on_softhsm: Token) -> None:
    on_softhsm.take_calls()
    for use in (
        lambda: on_softhsm.generate(KeyType.ML_DSA_65, b"\x7f", "absent"),
        lambda: on_softhsm.sign(b"\x7f", "ml-dsa-65", SignatureAlgorithm.ML_DSA_65, b"data"),
    ):
        with pytest.raises(Refusal, match="has no ml-dsa-65") as caught:
            use()
        assert caught.value.code == "token.mechanism_absent"
    assert {call.function for call in on_softhsm.take_calls()} <= {"C_GetMechanismList"}


def test_a_library_without_ml_dsa_is_a_token_without_it(on_files: Token, monkeypatch: pytest.MonkeyPatch) -> None:
    """As `cryptography` is when it was built with an OpenSSL before 3.5."""

    def refuse(*_: object) -> None:
        raise UnsupportedAlgorithm("ML-DSA is not supported by this version of OpenSSL")

    monkeypatch.setattr(mldsa, "MLDSA44PublicKey", type("Without", (), {"from_public_bytes": refuse}))
    assert on_files.key_types() == tuple(ON_SOFTHSM)
    assert {one for one in SignatureAlgorithm if one.startswith("ml-dsa-")}.isdisjoint(on_files.algorithms())
    with pytest.raises(Refusal) as caught:
        on_files.generate(KeyType.ML_DSA_87, b"\x70", "none")
    assert caught.value.code == "token.mechanism_absent"
    monkeypatch.setattr("quorate.token.software.load_der_private_key", refuse)
    with pytest.raises(Refusal, match="has no ml-dsa-65"):
        on_files.read(object_id(KeyType.ML_DSA_65))


@pytest.mark.parametrize("algorithm", [SignatureAlgorithm.RSA_PKCS1_SHA256, SignatureAlgorithm.RSA_PKCS1_SHA512])
def test_dnssec_keys_of_other_sizes_sign_by_their_name(on_softhsm: Token, algorithm: SignatureAlgorithm) -> None:
    """RFC 5702 2: RSA/SHA-256 and RSA/SHA-512 with keys from 1024 bits on."""
    made = on_softhsm.read(b"\xff")
    verify_signature(made.spki, algorithm, b"an RRset", on_softhsm.sign(b"\xff", "rsa-1024", algorithm, b"an RRset"))


# --- oracles


def openssl_verifies(folder: Path, spki: bytes, algorithm: SignatureAlgorithm, data: bytes, signature: bytes) -> bool:
    files = {"spki": spki, "data": data, "signature": signature}
    for name, octets in files.items():
        (folder / name).write_bytes(octets)
    if algorithm.digest is None:
        command = ["openssl", "pkeyutl", "-verify", "-pubin", "-keyform", "DER", "-inkey", "spki", "-rawin"]
        command += ["-in", "data", "-sigfile", "signature"]
    else:
        name = algorithm.digest.name
        command = ["openssl", "dgst", f"-{name}", "-keyform", "DER", "-verify", "spki", "-signature", "signature"]
        if algorithm.is_pss:
            salt = str(algorithm.digest.digest_size)
            command += ["-sigopt", "rsa_padding_mode:pss", "-sigopt", f"rsa_pss_saltlen:{salt}"]
        command += ["data"]
    return subprocess.run(command, cwd=folder, capture_output=True, check=False).returncode == 0


@pytest.mark.parametrize("key_type", ON_SOFTHSM)
def test_openssl_verifies_what_softhsm_signed(on_softhsm: Token, tmp_path: Path, key_type: KeyType) -> None:
    spki = on_softhsm.read(object_id(key_type)).spki
    for algorithm in fitting(key_type):
        signature = on_softhsm.sign(object_id(key_type), key_type, algorithm, b"to be signed")
        assert openssl_verifies(tmp_path, spki, algorithm, b"to be signed", signature)
        assert not openssl_verifies(tmp_path, spki, algorithm, b"other bytes", signature)


ORACLE = """
import json, sys
import pkcs11
from pkcs11 import MGF, Mechanism, ObjectClass
module, serial, pin = sys.argv[1:]
token = next(token for token in pkcs11.lib(module).get_tokens() if token.serial.decode().strip() == serial)
with token.open(user_pin=pin) as session:
    for name, mechanism, hash_name, salt, data, signature in json.load(sys.stdin):
        key = session.get_key(id=bytes.fromhex(name), object_class=ObjectClass.PUBLIC_KEY)
        pss = (Mechanism[hash_name], MGF[hash_name], salt) if salt else None
        data, signature = bytes.fromhex(data), bytes.fromhex(signature)
        good = key.verify(data, signature, mechanism=Mechanism[mechanism], mechanism_param=pss)
        print(mechanism, hash_name, good)
"""


def raw(signature: bytes, half: int) -> bytes:
    """r and s as PKCS#11 writes them."""
    return b"".join(number.to_bytes(half, "big") for number in utils.decode_dss_signature(signature))


def test_another_binding_verifies_by_the_same_token(on_softhsm: Token, softhsm: tuple[Path, str]) -> None:
    """With the hashing mechanisms where SoftHSM has them: it makes the hash of the same bytes itself."""
    data, asked = b"to be signed", []
    for key_type in ON_SOFTHSM:
        for algorithm in fitting(key_type):
            signature = on_softhsm.sign(object_id(key_type), key_type, algorithm, data)
            digest = algorithm.digest
            if digest is None:
                row = ["EDDSA", "", 0, data.hex(), signature.hex()]
            elif key_type.is_rsa:
                name = digest.name.upper()
                mechanism = f"{name}_RSA_PKCS{'_PSS' if algorithm.is_pss else ''}"
                row = [mechanism, name, digest.digest_size if algorithm.is_pss else 0, data.hex(), signature.hex()]
            else:
                hashed = hashlib.new(digest.name, data).hexdigest()
                row = ["ECDSA", "", 0, hashed, raw(signature, (key_type.bits + 7) // 8).hex()]
            asked.append([object_id(key_type).hex(), *row])
    command = [sys.executable, "-c", ORACLE, str(MODULE), softhsm[1], USER]
    done = subprocess.run(command, input=json.dumps(asked), capture_output=True, text=True, check=True)
    answers = done.stdout.splitlines()
    assert len(answers) == len(asked)
    assert [answer for answer in answers if not answer.endswith(" True")] == []


# --- what modules answer in more than one form


@pytest.mark.parametrize(("name", "oid", "length"), [("ed25519", "06032b6570", 32), ("ed448", "06032b6571", 57)])
def test_edwards_keys_are_read_in_each_form_that_modules_give(name: str, oid: str, length: int) -> None:
    text = f"edwards{name.removeprefix('ed')}".encode()
    key = bytes(range(length))
    written = set()
    for parameters in (bytes.fromhex(oid), bytes([0x13, len(text)]) + text):
        for point in (key, bytes([4, length]) + key):
            for kind in (0x40, 0x03):
                held = {"KEY_TYPE": kind.to_bytes(8, sys.byteorder), "EC_PARAMS": parameters, "EC_POINT": point}
                written.add(public_key_info(held.get))
    assert {one.hex() for one in written} == {f"30{length + 10:02x}3005{oid}03{length + 1:02x}00{key.hex()}"}


@pytest.mark.parametrize(
    "held",
    [
        {},
        {"KEY_TYPE": (0x4A).to_bytes(8, sys.byteorder), "PARAMETER_SET": (9).to_bytes(8, sys.byteorder)},
        {"KEY_TYPE": (0x40).to_bytes(8, sys.byteorder), "EC_PARAMS": bytes.fromhex("06032b656e")},
        {"KEY_TYPE": (0x40).to_bytes(8, sys.byteorder), "EC_PARAMS": bytes.fromhex("06032b6570"), "EC_POINT": b"short"},
        {"KEY_TYPE": (0x03).to_bytes(8, sys.byteorder), "EC_PARAMS": bytes.fromhex("06052b8104000a")},
    ],
)
def test_other_keys_are_not_read(held: dict[str, bytes]) -> None:
    with pytest.raises(ValueError):
        public_key_info(held.get)


@pytest.mark.parametrize("key_type", [KeyType.ML_DSA_44, KeyType.ML_DSA_65, KeyType.ML_DSA_87])
def test_ml_dsa_is_asked_of_a_module_as_the_standard_says(key_type: KeyType, monkeypatch: pytest.MonkeyPatch) -> None:
    module = StandardModule()
    module.load_instead_of_a_file(monkeypatch)
    token = open_token("pkcs11", Path(__file__), module.SERIAL)
    token.login(Login.USER, pin())
    assert token.key_types() == (KeyType.ML_DSA_44, KeyType.ML_DSA_65, KeyType.ML_DSA_87)
    made = token.generate(key_type, b"\x01", "root")
    assert KeyType.from_spki(made.spki) is key_type
    assert dict(made.attributes)["KEY_GEN_MECHANISM"] == "CKM_ML_DSA_KEY_PAIR_GEN"
    algorithm = SignatureAlgorithm(key_type.value)
    verify_signature(made.spki, algorithm, LARGE, token.sign(b"\x01", key_type, algorithm, LARGE))
    other = next(one for one in module.KEYS if one != key_type)
    with pytest.raises(Refusal) as caught:  # the module signs with the key it has, whatever it was asked for
        token.sign(b"\x01", other, SignatureAlgorithm(other), b"data")
    assert caught.value.code == "token.signature_malformed"
    token.close()
