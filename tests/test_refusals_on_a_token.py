"""Real ceremonies on HSMs that something is wrong with: what is refused, and what then lies on the token."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from hsm_day import Careful, Day
from quorate.event import Type
from quorate.findings import Refusal
from quorate.keys import KeyType
from quorate.record import load
from quorate.rehearse import TRANSPORT
from quorate.script.state import State
from quorate.token import GeneratedKey, Login
from quorate.token.cryptoki import CryptokiError, Session
from quorate.token.opening import open_token
from quorate.token.pkcs11 import Pkcs11Token
from softhsm import MODULE, make_softhsm_token


def test_a_token_that_is_not_there_is_not_looked_for_elsewhere(tmp_path: Path) -> None:
    day = Day(tmp_path, serial="0000000000000000")
    assert day.conduct() == ["token.serial_unknown", "stopped"]
    assert day.objects() == ()
    assert not (day.record / "artifacts").exists()


@pytest.mark.parametrize(("there", "code"), [(False, "token.module_missing"), (True, "token.module_not_loadable")])
def test_a_library_that_is_not_there_on_the_day_is_told_before_anybody_signs_in(
    tmp_path: Path, there: bool, code: str
) -> None:
    library = tmp_path / "library.so"
    shutil.copy(MODULE, library)

    def named(root: Path, serial: str) -> None:
        path = root / "authority.toml"
        path.write_text(path.read_text().replace(str(MODULE), str(library)))

    day = Day(tmp_path, made=named)
    library.unlink()
    if there:
        library.write_text("something else")
    with pytest.raises(Refusal) as refusal:
        day.conduct()
    assert refusal.value.code == code
    assert not day.record.exists()


def test_a_library_that_does_not_start_is_told_before_anybody_signs_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it has to reach may lie in a safe, so the ceremony begins all the same."""
    day = Day(tmp_path)
    monkeypatch.setenv("SOFTHSM2_CONF", str(tmp_path / "nowhere"))
    shown: list[str] = []
    monkeypatch.setattr(Careful, "show", lambda self, lines: shown.extend(lines))
    assert day.conduct() == ["token.module_silent", "stopped"]
    told = [line for line in shown if "cannot be reached as things are" in line]
    assert told
    assert "CKR_GENERAL_ERROR to C_Initialize" in told[0]
    assert any("SOFTHSM2_CONF" in line for line in shown)


def test_of_two_tokens_with_one_label_the_one_with_the_serial_is_used(tmp_path: Path) -> None:
    day = Day(tmp_path)
    transport = TRANSPORT.decode()
    _, other = make_softhsm_token(tmp_path / "softhsm", "hsm", transport, transport)
    assert day.conduct() == []
    day.serial = other
    assert day.objects() == ()


def test_nothing_is_generated_over_what_lies_under_the_planned_id(tmp_path: Path) -> None:
    day = Day(tmp_path)
    token = open_token("pkcs11", day.module, day.serial)
    token.login(Login.USER, bytearray(TRANSPORT))
    planted = token.generate(KeyType.P256, day.object_id(1), "somebody's").spki
    token.close()
    assert day.conduct() == ["token.id_in_use"]
    loaded = load(day.record)
    settled = [event.body["outcome"] for event in loaded.events if event.type is Type.SETTLED]
    assert settled == ["failed"]
    assert loaded.state.keys["key-r1"].object == day.object_id(2).hex()
    assert loaded.state.spkis["key-r1"] != planted
    assert len([*tmp_path.rglob("*.object")]) == 1 + 2 * 2, "the token's own, and both pairs"


@pytest.mark.parametrize("what", ["it does not find", "it does not generate"])
def test_what_lies_there_stays_where_the_token_fails_before_it_is_seen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    day = Day(tmp_path)
    token = open_token("pkcs11", day.module, day.serial)
    token.login(Login.USER, bytearray(TRANSPORT))
    token.generate(KeyType.P256, day.object_id(1), "somebody's")
    token.close()
    generate = Pkcs11Token.generate

    def failing(self: Pkcs11Token, *given: Any) -> GeneratedKey:
        with monkeypatch.context() as patch:
            if what == "it does not find":
                patch.setattr(Session, "find", fails)
            else:
                patch.setattr(Pkcs11Token, "_generates", lambda *_: False)
            monkeypatch.setattr(Pkcs11Token, "generate", generate)
            return generate(self, *given)

    def fails(self: Session, template: Any) -> Any:
        raise CryptokiError("C_FindObjectsInit", 0x30)  # CKR_DEVICE_ERROR

    monkeypatch.setattr(Pkcs11Token, "generate", failing)
    assert day.conduct() == ["token.failed" if what == "it does not find" else "token.mechanism_absent"]
    assert len([*tmp_path.rglob("*.object")]) == 1 + 2 * 2, "the token's own, and both pairs"


@pytest.mark.parametrize("path", ["artifacts/key-r1.spki.der", "artifacts/root-r1.cert.der"])
def test_an_output_that_is_there_already_is_neither_lost_nor_taken_for_ours(tmp_path: Path, path: str) -> None:
    day = Day(tmp_path)
    target = day.record / path

    def somebody_writes(state: State) -> None:
        operation = target.name.partition(".")[0]
        if state.happened(Type.COMPLETED) and state.step is not None and state.step.title.endswith(operation):
            target.parent.mkdir(exist_ok=True)
            target.write_bytes(b"mine")

    assert "record.output_present" in day.conduct(somebody_writes)
    assert target.read_bytes() == b"mine"
    written = [event for event in load(day.record).events if event.type is Type.WRITTEN]
    assert path not in {file["path"] for event in written for file in event.body["files"]}
