"""The same behaviour on an HSM module (SoftHSM) and on key files; then what is particular to each."""

from __future__ import annotations

import ctypes
import errno
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import load_der_public_key

import quorate.findings
from quorate.algorithms import SignatureAlgorithm
from quorate.findings import Refusal
from quorate.findings.token import TABLE
from quorate.keys import KeyType
from quorate.token import Login, Presence, Token
from quorate.token.codes import CKR
from quorate.token.cryptoki import FUNCTIONS, FunctionList, Module
from quorate.token.opening import Kind, open_token, present_serials
from quorate.token.pkcs11 import Pkcs11Token, tokens
from quorate.token.software import SoftwareToken
from softhsm import MODULE, make_softhsm_token

USER, OFFICER = "user pin 4711", "officer pin 0815"
ID = bytes.fromhex("0123456789abcdef")


def pin(text: str = USER) -> bytearray:
    return bytearray(text.encode())


@dataclass
class Bench:
    """A provisioned token and how it is opened."""

    kind: Kind
    location: Path
    serial: str

    def open(self) -> Token:
        return open_token(self.kind, self.location, self.serial)


@pytest.fixture(scope="module")
def softhsm(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of all SoftHSM tokens of this run."""
    return tmp_path_factory.mktemp("softhsm")


def hsm_bench(folder: Path, label: str = "alpha") -> Bench:
    return Bench("pkcs11", *make_softhsm_token(folder, label, USER, OFFICER))


def file_bench(folder: Path, serial: str = "S-0001") -> Bench:
    SoftwareToken.make(folder, serial, "alpha", pin(), pin(OFFICER), os.urandom)
    return Bench("software", folder, serial)


@pytest.fixture(params=["pkcs11", "software"])
def bench(request: pytest.FixtureRequest, softhsm: Path, tmp_path: Path) -> Bench:
    return hsm_bench(softhsm) if request.param == "pkcs11" else file_bench(tmp_path / "token")


@pytest.fixture
def token(bench: Bench) -> Iterator[Token]:
    opened = bench.open()
    yield opened
    opened.close()


@pytest.fixture
def unlocked(token: Token) -> Token:
    token.login(Login.USER, pin())
    return token


@contextmanager
def refused(code: str) -> Iterator[None]:
    with pytest.raises(Refusal) as caught:
        yield
    assert caught.value.code == code, str(caught.value)
    for secret in (USER, OFFICER):
        assert secret not in f"{caught.value} {caught.value.findings}"


def verify(spki: bytes, algorithm: SignatureAlgorithm, signature: bytes, data: bytes) -> None:
    """InvalidSignature unless the signature is the one that X.509 carries for this algorithm."""
    public = load_der_public_key(spki)
    digest = {"256": hashes.SHA256(), "384": hashes.SHA384(), "512": hashes.SHA512()}[algorithm[-3:]]
    if isinstance(public, rsa.RSAPublicKey):
        pss = padding.PSS(padding.MGF1(digest), digest.digest_size)
        public.verify(signature, data, pss if "pss" in algorithm else padding.PKCS1v15(), digest)
    else:
        assert isinstance(public, ec.EllipticCurvePublicKey)
        public.verify(signature, data, ec.ECDSA(digest))


DEFAULT = {
    KeyType.RSA_2048: SignatureAlgorithm.RSA_PKCS1_SHA256,
    KeyType.RSA_4096: SignatureAlgorithm.RSA_PKCS1_SHA384,
    KeyType.P256: SignatureAlgorithm.ECDSA_SHA256,
    KeyType.P384: SignatureAlgorithm.ECDSA_SHA384,
}


# --- opening


def test_a_token_says_what_it_is(bench: Bench, token: Token) -> None:
    assert token.info.serial == bench.serial
    assert token.info.label == "alpha"
    assert token.info.module_class == bench.kind
    assert token.info.pin_length == (4, 255)


def test_a_token_is_found_by_its_serial_only(bench: Bench) -> None:
    assert bench.serial in present_serials(bench.kind, bench.location)
    for near in (bench.serial[:-1], bench.serial + "0", bench.serial.upper() + "x", "", "alpha"):
        with refused("token.serial_unknown"):
            open_token(bench.kind, bench.location, near)


@pytest.mark.parametrize("kind", ["pkcs11", "software"])
def test_a_location_without_a_token_is_named(kind: Kind, tmp_path: Path) -> None:
    with refused("token.module_missing"):
        open_token(kind, tmp_path / "nothing", "S-0001")


# --- credentials


def test_a_wrong_pin_is_refused_and_the_right_one_still_opens(token: Token) -> None:
    for who, wrong, right in ((Login.USER, OFFICER, USER), (Login.SO, USER, OFFICER)):
        with refused("token.pin_incorrect"):
            token.login(who, pin(wrong))
        token.login(who, pin(right))
        token.logout()
        token.logout()


def test_the_pin_is_left_as_it_was_for_its_owner_to_wipe(token: Token) -> None:
    typed = pin()
    token.login(Login.USER, typed)
    typed[:] = bytes(len(typed))
    assert token.object_ids() == ()


@pytest.mark.parametrize("who", list(Login))
def test_a_replaced_pin_opens_and_the_old_one_does_not(bench: Bench, who: Login) -> None:
    old, new = (USER, "9f" * 16) if who is Login.USER else (OFFICER, "07" * 16)
    first = bench.open()
    first.set_pin(who, pin(old), pin(new))
    with refused("token.pin_incorrect"):
        first.login(who, pin(old))
    first.close()
    second = bench.open()
    second.login(who, pin(new))
    second.close()


def test_a_replaced_pin_opens_the_keys_that_were_there_before(unlocked: Token) -> None:
    made = unlocked.generate(KeyType.P256, ID, "root")
    unlocked.set_pin(Login.USER, pin(), pin("9f" * 16))
    unlocked.login(Login.USER, pin("9f" * 16))
    assert unlocked.read(ID) == made


def test_replacing_a_pin_ends_logged_out(unlocked: Token) -> None:
    unlocked.set_pin(Login.USER, pin(), pin("9f" * 16))
    with refused("token.not_logged_in"):
        unlocked.lookup(ID)


def test_a_pin_is_not_replaced_by_who_does_not_know_it(token: Token) -> None:
    with refused("token.pin_incorrect"):
        token.set_pin(Login.USER, pin("not the pin"), pin("9f" * 16))
    token.login(Login.USER, pin())


@pytest.mark.parametrize("length", [0, 3, 256])
def test_a_new_pin_has_a_length_that_the_token_takes(token: Token, length: int) -> None:
    with refused("token.pin_length"):
        token.set_pin(Login.USER, pin(), bytearray(b"x" * length))
    token.login(Login.USER, pin())


USES: dict[str, Callable[[Token], object]] = {
    "lookup": lambda token: token.lookup(ID),
    "object_ids": lambda token: token.object_ids(),
    "generate": lambda token: token.generate(KeyType.P256, ID, "root"),
    "read": lambda token: token.read(ID),
    "sign": lambda token: token.sign(ID, KeyType.P256, DEFAULT[KeyType.P256], b"data"),
    "destroy": lambda token: token.destroy(ID),
}


@pytest.mark.parametrize("use", USES)
def test_keys_are_out_of_reach_without_the_users_login(token: Token, use: str) -> None:
    with refused("token.not_logged_in"):
        USES[use](token)
    token.login(Login.SO, pin(OFFICER))
    with refused("token.not_logged_in"):
        USES[use](token)


def test_a_closed_token_is_closed(bench: Bench) -> None:
    token = bench.open()
    token.login(Login.USER, pin())
    token.close()
    token.close()
    with refused("token.not_logged_in"):
        token.object_ids()


# --- keys


@pytest.mark.parametrize("key_type", [KeyType.RSA_2048, KeyType.P256, KeyType.P384])
def test_a_generated_key_signs_what_its_public_key_verifies(bench: Bench, unlocked: Token, key_type: KeyType) -> None:
    assert key_type in unlocked.key_types()
    made = unlocked.generate(key_type, ID, "root")
    able = [algorithm for algorithm in SignatureAlgorithm if algorithm.fits(key_type)]
    assert set(able) <= set(unlocked.algorithms())
    for algorithm in able:
        for data in (b"", b"to be signed" * 1000):
            verify(made.spki, algorithm, unlocked.sign(ID, key_type, algorithm, data), data)


def test_an_algorithm_of_other_keys_is_refused_before_the_token_is_called(unlocked: Token) -> None:
    unlocked.generate(KeyType.P256, ID, "root")
    unlocked.take_calls()
    with refused("token.algorithm_unfit"):
        unlocked.sign(ID, KeyType.P256, SignatureAlgorithm.RSA_PSS_SHA256, b"data")
    assert unlocked.take_calls() == ()


def test_a_generated_key_signs_and_does_nothing_else(unlocked: Token) -> None:
    for number, key_type in enumerate((KeyType.RSA_2048, KeyType.P384)):
        told = dict(unlocked.generate(key_type, bytes([7, number]), "root").attributes)
        made_by = told.pop("KEY_GEN_MECHANISM")
        assert made_by in ("CKM_RSA_PKCS_KEY_PAIR_GEN", "CKM_EC_KEY_PAIR_GEN", "software")
        true = {name for name, value in told.items() if value == "true"}
        assert true == {"LOCAL", "SENSITIVE", "ALWAYS_SENSITIVE", "NEVER_EXTRACTABLE", "PRIVATE", "SIGN"}
        assert {told[name] for name in told.keys() - true} == {"false"}


def test_a_key_is_read_anew_after_the_token_was_away(bench: Bench) -> None:
    first = bench.open()
    first.login(Login.USER, pin())
    made = first.generate(KeyType.P384, ID, "root")
    first.close()
    second = bench.open()
    second.login(Login.USER, pin())
    assert second.read(ID) == made
    verify(made.spki, DEFAULT[KeyType.P384], second.sign(ID, KeyType.P384, DEFAULT[KeyType.P384], b"data"), b"data")
    second.close()


def test_nothing_is_generated_under_an_id_in_use(unlocked: Token) -> None:
    made = unlocked.generate(KeyType.P256, ID, "root")
    with refused("token.id_in_use"):
        unlocked.generate(KeyType.P256, ID, "another")
    assert unlocked.read(ID) == made


def test_ids_are_listed_sorted_and_keys_kept_apart(unlocked: Token) -> None:
    ids = (b"\x01", b"\x01\x00", b"\xff")
    made = {name: unlocked.generate(KeyType.P256, name, "same label") for name in reversed(ids)}
    assert unlocked.object_ids() == ids
    assert len({key.spki for key in made.values()}) == 3
    for name, key in made.items():
        verify(
            key.spki, DEFAULT[KeyType.P256], unlocked.sign(name, KeyType.P256, DEFAULT[KeyType.P256], b"data"), b"data"
        )


def test_a_missing_key_is_missing(unlocked: Token) -> None:
    assert unlocked.lookup(ID) is Presence.NONE
    with refused("token.key_missing"):
        unlocked.read(ID)
    with refused("token.key_missing"):
        unlocked.sign(ID, KeyType.P256, DEFAULT[KeyType.P256], b"data")


def test_a_destroyed_key_leaves_nothing_and_its_neighbour_alone(unlocked: Token) -> None:
    unlocked.generate(KeyType.P256, ID, "root")
    unlocked.generate(KeyType.P256, b"\x02", "root")
    assert unlocked.lookup(ID) is Presence.PAIR
    unlocked.destroy(ID)
    assert unlocked.lookup(ID) is Presence.NONE
    assert unlocked.object_ids() == (b"\x02",)
    unlocked.destroy(ID)


# --- the journal


def test_the_journal_tells_every_call_once_and_no_pin(bench: Bench, token: Token) -> None:
    with refused("token.pin_incorrect"):
        token.login(Login.USER, pin("not the pin"))
    token.login(Login.USER, pin())
    token.generate(KeyType.P256, ID, "root")
    token.sign(ID, KeyType.P256, DEFAULT[KeyType.P256], b"data")
    token.set_pin(Login.USER, pin(), pin("9f" * 16))
    calls = token.take_calls()
    assert token.take_calls() == ()
    login, wrong, ok, change, generate, sign = (
        ("C_Login", "CKR_PIN_INCORRECT", "CKR_OK", "C_SetPIN", "C_GenerateKeyPair", "C_Sign")
        if bench.kind == "pkcs11"
        else ("login", "pin_incorrect", "ok", "set_pin", "generate", "sign")
    )
    made = [(call.function, call.result) for call in calls]
    shown = [(login, wrong), (login, ok), (generate, ok), (sign, ok), (login, ok), (change, ok), (login, ok)]
    assert [call for call in made if call in shown] == shown
    text = repr(calls)
    assert not [secret for secret in ("not the pin", USER, "9f" * 16, USER.encode().hex()) if secret in text]


def test_a_signature_is_one_call_and_never_ended_by_sign_final(softhsm: Path) -> None:
    token = hsm_bench(softhsm).open()
    token.login(Login.USER, pin())
    token.generate(KeyType.P256, ID, "root")
    token.take_calls()
    token.sign(ID, KeyType.P256, DEFAULT[KeyType.P256], b"data")
    signing = [call.function for call in token.take_calls() if call.function.startswith("C_Sign")]
    assert signing == ["C_SignInit", "C_Sign"]
    token.close()


def test_a_key_is_looked_up_once_a_login_and_again_after_a_failure(softhsm: Path) -> None:
    token = hsm_bench(softhsm).open()
    token.login(Login.USER, pin())
    token.generate(KeyType.P256, ID, "root")

    def looks_up() -> bool:
        token.take_calls()
        token.sign(ID, KeyType.P256, DEFAULT[KeyType.P256], b"data")
        return "C_FindObjects" in {call.function for call in token.take_calls()}

    assert [looks_up(), looks_up()] == [True, False]
    with fault("C_Sign", rv("DEVICE_ERROR")), refused("token.failed"):
        token.sign(ID, KeyType.P256, DEFAULT[KeyType.P256], b"data")
    assert [looks_up(), looks_up()] == [True, False]
    token.logout()
    token.login(Login.USER, pin())
    assert looks_up()
    token.destroy(ID)
    with refused("token.key_missing"):
        token.sign(ID, KeyType.P256, DEFAULT[KeyType.P256], b"data")
    token.generate(KeyType.P384, ID, "another")
    assert token.sign(ID, KeyType.P384, DEFAULT[KeyType.P384], b"data")
    token.close()


# --- PKCS#11 alone


def test_two_tokens_with_one_label_are_told_apart_by_serial(softhsm: Path) -> None:
    one, other = hsm_bench(softhsm, "twin"), hsm_bench(softhsm, "twin")
    first, second = one.open(), other.open()
    first.login(Login.USER, pin())
    second.login(Login.USER, pin())
    first.generate(KeyType.P256, ID, "root")
    assert (first.lookup(ID), second.lookup(ID)) == (Presence.PAIR, Presence.NONE)
    first.close()
    assert second.lookup(ID) is Presence.NONE
    second.close()


def test_a_serial_that_is_present_twice_is_not_opened(softhsm: Path) -> None:
    """Every slot answers with the first token's description, as two modules cloned with their serial would."""
    bench = hsm_bench(softhsm)
    hsm_bench(softhsm, "clone")
    module = Module(MODULE)
    slot = next(slot for slot, info in tokens(module) if info.serial.decode().strip() == bench.serial)
    module.close()
    with fault("C_GetTokenInfo", 0, lambda call, arguments: call(slot, arguments[1])):
        assert present_serials("pkcs11", bench.location).count(bench.serial) > 1
        with refused("token.serial_twice"):
            bench.open()


def test_a_file_that_is_no_module_does_not_load(tmp_path: Path) -> None:
    text = tmp_path / "module.so"
    text.write_text("no library")
    with refused("token.module_not_loadable"):
        open_token("pkcs11", text, "S-0001")
    with refused("token.module_not_loadable"):
        open_token("pkcs11", _loaded("libc.so"), "S-0001")


def _loaded(name: str) -> Path:
    """The file of a library that this process has loaded already."""
    with open("/proc/self/maps") as maps:
        return next(Path(line.split()[-1]) for line in maps if name in line.rpartition("/")[2])


def test_the_module_initialises_a_token_and_its_first_pins(softhsm: Path) -> None:
    hsm_bench(softhsm)
    module = Module(MODULE)
    empty = next(slot for slot in module.slots() if not (info := module.token_info(slot)) or not info.serial.strip())
    module.init_token(empty, pin(OFFICER), "made here")
    slot = next(slot for slot in module.slots() if (i := module.token_info(slot)) and i.label.strip() == b"made here")
    info = module.token_info(slot)
    assert info is not None
    serial = info.serial.decode().strip()
    session = module.open_session(slot)
    session.login(0, pin(OFFICER))
    session.init_pin(pin())
    session.logout()
    session.close()
    module.close()
    token = Pkcs11Token(MODULE, serial)
    token.login(Login.USER, pin())
    token.close()


def test_another_binding_sees_the_key_as_quorate_reports_it(softhsm: Path) -> None:
    bench = hsm_bench(softhsm)
    token = bench.open()
    token.login(Login.USER, pin())
    made = token.generate(KeyType.P256, ID, "root 2026")
    token.close()
    script = """
import pkcs11, sys
from pkcs11 import Attribute, ObjectClass
from pkcs11.util.ec import encode_ec_public_key
module, serial, pin, name = sys.argv[1:]
token = next(token for token in pkcs11.lib(module).get_tokens() if token.serial.decode().strip() == serial)
with token.open(user_pin=pin) as session:
    private = session.get_key(id=bytes.fromhex(name), object_class=ObjectClass.PRIVATE_KEY)
    public = session.get_key(id=bytes.fromhex(name), object_class=ObjectClass.PUBLIC_KEY)
    wanted = ("SIGN", "DECRYPT", "DERIVE", "EXTRACTABLE", "SENSITIVE", "LOCAL")
    print(*(str(private[Attribute[name]]).lower() for name in wanted))
    print(private.label, public.label, public[Attribute.VERIFY], public[Attribute.PRIVATE])
    print(encode_ec_public_key(public).hex())
"""
    command: list[str | Path] = [sys.executable, "-c", script, MODULE, bench.serial, USER, ID.hex()]
    told = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
    assert told[0] == "true false false false true true"
    assert told[1] == "root 2026 root 2026 True False"
    assert told[2] == made.spki.hex()


Act = Callable[[Any, tuple[Any, ...]], object]
PARAMETERS = {
    "C_Initialize": 1,
    "C_GetTokenInfo": 2,
    "C_GetMechanismInfo": 3,
    "C_OpenSession": 5,
    "C_Login": 4,
    "C_GenerateKeyPair": 8,
    "C_Sign": 5,
}
"""How many parameters the functions have that a test replaces."""


@contextmanager
def fault(
    function: str, answer: int, act: Callable[[Any, tuple[Any, ...]], object] = lambda *_: None
) -> Iterator[None]:
    """SoftHSM with one entry of its function list replaced: `act` (given the real one) runs, `answer` is returned."""
    library = ctypes.CDLL(str(MODULE))
    entries = ctypes.POINTER(FunctionList)()
    library.C_GetFunctionList(ctypes.byref(entries))
    position = FUNCTIONS.index(function)
    real = entries.contents.functions[position]
    count = PARAMETERS[function]
    shape = ctypes.CFUNCTYPE(ctypes.c_ulong, *[ctypes.c_void_p] * count)

    def stand_in(*arguments: Any) -> int:
        act(shape(real), arguments)
        return answer

    held = shape(stand_in)
    entries.contents.functions[position] = ctypes.cast(held, ctypes.c_void_p).value
    try:
        yield
    finally:
        entries.contents.functions[position] = real


def rv(name: str) -> int:
    return next(number for number, known in CKR.items() if known == name)


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        ("PIN_LOCKED", "token.pin_locked"),
        ("PIN_LEN_RANGE", "token.pin_length"),
        ("DEVICE_REMOVED", "token.failed"),
        ("USER_ALREADY_LOGGED_IN", "token.failed"),
    ],
)
def test_what_the_module_answers_to_a_login_is_named(softhsm: Path, answer: str, code: str) -> None:
    bench = hsm_bench(softhsm)
    token = bench.open()
    with fault("C_Login", rv(answer)), pytest.raises(Refusal) as caught:
        token.login(Login.USER, pin())
    assert caught.value.code == code
    facts = dict(caught.value.findings[0].facts)
    assert (facts["function"], facts["result"]) == ("C_Login", f"CKR_{answer}")
    with refused("token.not_logged_in"):
        token.object_ids()
    token.close()


def test_a_vendors_own_answer_keeps_its_number(softhsm: Path) -> None:
    token = hsm_bench(softhsm).open()
    with fault("C_Login", 0x80000042), pytest.raises(Refusal, match="CKR_0x80000042"):
        token.login(Login.USER, pin())
    token.close()


def test_a_write_protected_token_is_not_opened(softhsm: Path) -> None:
    bench = hsm_bench(softhsm)
    with fault("C_OpenSession", rv("TOKEN_WRITE_PROTECTED")), refused("token.write_protected"):
        bench.open()
    bench.open().close()


def test_a_module_that_does_not_start_is_named(softhsm: Path) -> None:
    bench = hsm_bench(softhsm)
    with fault("C_Initialize", rv("GENERAL_ERROR")), refused("token.module_silent"):
        bench.open()
    bench.open().close()


@pytest.mark.parametrize("answer", ["DEVICE_MEMORY", "HOST_MEMORY"])
def test_a_full_token_keeps_no_orphan(softhsm: Path, answer: str) -> None:
    """Whatever the failed generation left under the id is destroyed: here the module had made the whole pair."""
    token = hsm_bench(softhsm).open()
    token.login(Login.USER, pin())
    token.generate(KeyType.P256, b"\x02", "other")
    real: Callable[..., int] = lambda call, arguments: call(*arguments)  # noqa: E731
    with fault("C_GenerateKeyPair", rv(answer), real), refused("token.full"):
        token.generate(KeyType.P256, ID, "root")
    assert token.object_ids() == (b"\x02",)
    token.close()


def test_a_generation_that_leaves_no_pair_is_not_whole(softhsm: Path) -> None:
    token = hsm_bench(softhsm).open()
    token.login(Login.USER, pin())
    with fault("C_GenerateKeyPair", 0), refused("token.pair_not_whole"):
        token.generate(KeyType.P256, ID, "root")
    token.close()


@pytest.mark.parametrize(
    ("kept", "presence"),
    [("public", Presence.PUBLIC_ONLY), ("private", Presence.PRIVATE_ONLY), ("twice", Presence.SEVERAL)],
)
def test_half_a_pair_and_two_pairs_are_seen_and_cleared(softhsm: Path, kept: str, presence: Presence) -> None:
    """A power cut inside the module: one half is there, or a generation went through twice under one id."""
    token = hsm_bench(softhsm).open()
    assert isinstance(token, Pkcs11Token)
    token.login(Login.USER, pin())

    def tear(call: Any, arguments: tuple[Any, ...]) -> int:
        call(*arguments)
        if kept == "twice":
            return int(call(*arguments))
        handle = ctypes.c_ulong.from_address(arguments[7 if kept == "public" else 6]).value
        destroy = ctypes.CDLL(str(MODULE)).C_DestroyObject
        return int(destroy(ctypes.c_ulong(arguments[0]), ctypes.c_ulong(handle)))

    with fault("C_GenerateKeyPair", 0, tear), refused("token.pair_not_whole"):
        token.generate(KeyType.P256, ID, "root")
    assert token.lookup(ID) is presence
    for use in (token.read, lambda name: token.sign(name, KeyType.P256, DEFAULT[KeyType.P256], b"data")):
        with refused("token.key_missing"):
            use(ID)
    with refused("token.id_in_use"):
        token.generate(KeyType.P256, ID, "root")
    token.destroy(ID)
    assert token.lookup(ID) is Presence.NONE
    token.close()


def test_a_signature_of_a_wrong_length_is_not_handed_on(softhsm: Path) -> None:
    token = hsm_bench(softhsm).open()
    token.login(Login.USER, pin())
    token.generate(KeyType.P256, ID, "root")
    with refused("token.signature_malformed"):
        token.sign(ID, KeyType.P384, DEFAULT[KeyType.P384], b"data")
    with fault("C_Sign", rv("DEVICE_ERROR")), refused("token.failed"):
        token.sign(ID, KeyType.P256, DEFAULT[KeyType.P256], b"data")
    assert token.sign(ID, KeyType.P256, DEFAULT[KeyType.P256], b"data")
    token.close()


def test_a_key_on_a_curve_that_quorate_does_not_know_is_not_read(softhsm: Path) -> None:
    token = hsm_bench(softhsm).open()
    assert isinstance(token, Pkcs11Token)
    token.login(Login.USER, pin())
    secp256k1 = bytes.fromhex("06052b8104000a")
    token._session.generate_pair(0x1040, {"ID": ID, "TOKEN": True, "EC_PARAMS": secp256k1}, {"ID": ID, "TOKEN": True})
    assert token.lookup(ID) is Presence.PAIR
    with refused("token.key_unreadable"):
        token.read(ID)
    token.close()


def test_a_key_that_the_module_cannot_make_is_refused_before_and_after_asking(softhsm: Path) -> None:
    token = hsm_bench(softhsm).open()
    token.login(Login.USER, pin())

    def small(call: Any, arguments: tuple[Any, ...]) -> None:
        call(*arguments)
        ctypes.c_ulong.from_address(arguments[2] + ctypes.sizeof(ctypes.c_ulong)).value = 2048

    with fault("C_GetMechanismInfo", 0, small):
        assert not {KeyType.RSA_3072, KeyType.RSA_4096} & set(token.key_types())
        assert {KeyType.RSA_2048, KeyType.P256, KeyType.P521} <= set(token.key_types())
        with refused("token.mechanism_absent"):
            token.generate(KeyType.RSA_4096, ID, "root")
    with fault("C_GenerateKeyPair", rv("CURVE_NOT_SUPPORTED")), refused("token.mechanism_absent"):
        token.generate(KeyType.P256, ID, "root")
    token.close()


def test_a_pin_goes_to_the_module_where_it_lies(softhsm: Path) -> None:
    token = hsm_bench(softhsm).open()
    typed, seen = pin(), []
    with (
        fault("C_Login", rv("PIN_INCORRECT"), lambda _, passed: seen.append(passed[2:])),
        refused("token.pin_incorrect"),
    ):
        token.login(Login.USER, typed)
    assert seen == [(ctypes.addressof(ctypes.c_char.from_buffer(typed)), len(USER))]
    token.close()


def test_a_module_is_started_with_locking(softhsm: Path) -> None:
    bench, seen = hsm_bench(softhsm), []

    def note(call: Any, arguments: tuple[Any, ...]) -> None:
        seen.append(ctypes.c_ulong.from_address(arguments[0] + 4 * ctypes.sizeof(ctypes.c_void_p)).value)
        call(*arguments)

    with fault("C_Initialize", 0, note):
        bench.open().close()
    assert seen == [0x2]


# --- key files alone


def test_a_software_token_is_made_once_in_a_folder_of_its_own(tmp_path: Path) -> None:
    file_bench(tmp_path / "token")
    with refused("token.folder_present"):
        file_bench(tmp_path / "token")
    with refused("token.pin_length"):
        SoftwareToken.make(tmp_path / "short", "S-0002", "b", pin("abc"), pin(OFFICER), os.urandom)
    assert not (tmp_path / "short").exists()


def test_no_secret_lies_open_in_the_files(tmp_path: Path) -> None:
    token = file_bench(tmp_path / "token").open()
    token.login(Login.USER, pin())
    token.generate(KeyType.P256, ID, "root")
    for path in (tmp_path / "token").iterdir():
        assert path.stat().st_mode & 0o077 == 0
        assert USER not in path.read_text()
        assert OFFICER not in path.read_text()
    assert sorted(path.name for path in (tmp_path / "token").iterdir()) == [f"{ID.hex()}.key", "token.json"]


def altered(path: Path, **fields: object) -> None:
    document = json.loads(path.read_text()) | fields
    path.write_text(json.dumps(document, sort_keys=True, separators=(",", ":")))


@pytest.mark.parametrize("field", ["format", "serial", "id", "label", "spki", "nonce", "sealed"])
def test_a_key_file_altered_in_any_field_is_damaged(tmp_path: Path, field: str) -> None:
    token = file_bench(tmp_path / "token").open()
    token.login(Login.USER, pin())
    token.generate(KeyType.P256, ID, "root")
    altered(tmp_path / "token" / f"{ID.hex()}.key", **{field: "00" * 12})
    for use in (token.read, lambda name: token.sign(name, KeyType.P256, DEFAULT[KeyType.P256], b"data")):
        with refused("token.damaged"):
            use(ID)


def test_a_key_file_under_another_id_or_of_another_token_is_damaged(tmp_path: Path) -> None:
    token = file_bench(tmp_path / "token").open()
    token.login(Login.USER, pin())
    token.generate(KeyType.P256, ID, "root")
    path = tmp_path / "token" / f"{ID.hex()}.key"
    shutil.copy(path, path.with_name("02.key"))
    with refused("token.damaged"):
        token.read(b"\x02")
    file_bench(tmp_path / "other", "S-0002")
    shutil.copy(path, tmp_path / "other" / path.name)
    other = open_token("software", tmp_path / "other", "S-0002")
    other.login(Login.USER, pin())
    with refused("token.damaged"):
        other.read(ID)


@pytest.mark.parametrize("contents", ["", "{}", "[]", '{"format":"quorate-software-token/2"}', "\xff"])
def test_a_damaged_token_file_is_refused(tmp_path: Path, contents: str) -> None:
    file_bench(tmp_path / "token")
    (tmp_path / "token" / "token.json").write_bytes(contents.encode("latin-1"))
    with refused("token.damaged"):
        open_token("software", tmp_path / "token", "S-0001")


def test_weaker_scrypt_parameters_are_damage_and_no_wish(tmp_path: Path) -> None:
    bench = file_bench(tmp_path / "token")
    path = tmp_path / "token" / "token.json"
    altered(path, user=json.loads(path.read_text())["user"] | {"n": 2})
    with refused("token.damaged"):
        bench.open().login(Login.USER, pin())


def test_the_officers_credential_opens_no_key(tmp_path: Path) -> None:
    """Exchanging the two entries of token.json gains nothing: each is bound to whose it is."""
    bench = file_bench(tmp_path / "token")
    path = tmp_path / "token" / "token.json"
    document = json.loads(path.read_text())
    altered(path, user=document["so"], so=document["user"])
    with refused("token.pin_incorrect"):
        bench.open().login(Login.USER, pin(OFFICER))


def test_a_full_disk_leaves_neither_half_a_key_nor_a_lost_pin(tmp_path: Path, tiny_disk: Path) -> None:
    bench = file_bench(tiny_disk / "token")
    token = bench.open()
    token.login(Login.USER, pin())
    with open(tiny_disk / "filler", "wb", buffering=0) as filler, suppress(OSError):
        while filler.write(bytes(1024)):
            pass
    with refused("token.full"):
        token.generate(KeyType.P256, ID, "root")
    assert token.object_ids() == ()
    with refused("token.full"):
        token.set_pin(Login.USER, pin(), pin("9f" * 16))
    assert [path.name for path in (tiny_disk / "token").iterdir()] == ["token.json"]
    token.login(Login.USER, pin())


@pytest.fixture
def tiny_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 64 KiB, where the one who runs the tests may mount one."""
    disk = tmp_path / "disk"
    disk.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", disk], capture_output=True).returncode:
        pytest.skip("mounting needs root")
    yield disk
    subprocess.run(["umount", disk], check=True)


def test_a_software_token_that_cannot_be_written_changes_nothing(tiny_disk: Path) -> None:
    token = file_bench(tiny_disk / "token").open()
    token.login(Login.USER, pin())
    token.generate(KeyType.P256, b"\x02", "other")
    subprocess.run(["mount", "-o", "remount,ro", tiny_disk], check=True)
    with refused("token.write_protected"):
        token.generate(KeyType.P256, ID, "root")
    assert token.lookup(ID) is Presence.NONE
    with refused("token.write_protected"):
        token.set_pin(Login.USER, pin(), pin("9f" * 16))
    token.login(Login.USER, pin())
    with refused("token.write_protected"):
        token.destroy(b"\x02")
    assert token.lookup(b"\x02") is Presence.PAIR
    with refused("token.write_protected"):
        file_bench(tiny_disk / "another")


def test_a_medium_that_fails_leaves_no_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    token = file_bench(tmp_path / "token").open()
    token.login(Login.USER, pin())

    def broken(fd: int) -> None:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(os, "fsync", broken)
    with refused("token.failed"):
        token.generate(KeyType.P256, ID, "root")
    assert [path.name for path in (tmp_path / "token").iterdir()] == ["token.json"]


def test_every_code_of_the_table_is_one_that_the_code_raises() -> None:
    source = Path(quorate.findings.__file__).parents[1]
    raised = {
        code
        for path in source.rglob("*.py")
        if path.parent.name != "findings"
        for code in re.findall(r'"((?:token|share|host)\.[a-z_]+|record\.output_present)"', path.read_text())
    }
    assert set(TABLE) - raised == set()
