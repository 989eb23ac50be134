"""Real ceremonies on HSMs that something is wrong with: what is refused, and what then lies on the token."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from example import DESTROY_SO, SHARE, certificate, key, make_authority, make_plan
from kept_record import VERIFIER, KeyHolders, govern
from quorate import frozen, governing, prepare, signer
from quorate.conduct import Room, Stopped, conduct
from quorate.event import Type
from quorate.findings import Refusal
from quorate.host import Host, SteppedHost
from quorate.keys import KeyType
from quorate.record import load
from quorate.rehearse import TRANSPORT
from quorate.script.drafting import utc
from quorate.script.operations import GenerateOperation
from quorate.script.state import State
from quorate.token import Login
from quorate.token.opening import open_token
from softhsm import make_softhsm_token

OPERATIONS = SHARE + DESTROY_SO + key("key-r1") + certificate("root", "root-r1", "Root R1", 3650, key="key-r1")


class Careful(KeyHolders):
    """People who stop when something is refused that cannot be asked again."""

    def __init__(self, root: Path, host: Host, keys: Path, entering: Callable[[State], None]) -> None:
        super().__init__(root, root / "worksheets", host, keys)
        self.refusals: list[str] = []  # their codes
        self.entering = entering

    def enter(self, state: State) -> None:
        self.entering(state)

    def refuse(self, refusal: Refusal) -> None:
        self.refusals.append(refusal.code)

    def again(self) -> bool:
        return False


class Day:
    """One authority with an HSM, and a ceremony that is compiled and approved."""

    def __init__(self, folder: Path, label: str = "hsm", serial: str = "") -> None:
        transport = TRANSPORT.decode()
        self.module, self.serial = make_softhsm_token(folder / "softhsm", label, transport, transport)
        token = f'kind = "pkcs11"\nlocation = "{self.module}"\nserial = "{serial or self.serial}"'
        self.root, self.keys = make_authority(folder / "authority", folder / "keys", token), folder / "keys"
        govern(self.root, self.keys)
        self.ceremony = make_plan(self.root, "001-root", OPERATIONS)
        start = prepare.real_base(self.root)
        compiled = prepare.compile_plan(self.ceremony, start, Host().random)
        self.script = compiled.script
        frozen.write(Host(), self.ceremony, compiled)
        for person in governing.approvers(start.state, compiled.script):
            statement = governing.approval_statement(compiled.script, start.state, person)
            made = signer.sign_as_stand_in(statement, signer.stand_in_key(self.keys / person))
            governing.keep(Host(), self.ceremony / "approvals" / person, statement, start.state, made)

    @property
    def record(self) -> Path:
        return self.ceremony / "record"

    def object_id(self, attempt: int) -> bytes:
        operation = next(one for one in self.script.operations if isinstance(one, GenerateOperation))
        return bytes.fromhex(operation.object) + bytes([attempt])

    def conduct(self, entering: Callable[[State], None] = lambda state: None) -> list[str]:
        """What was refused on the way to the end, or to the place where it stopped."""
        host = SteppedHost(utc(self.script.window.opens))
        face = Careful(self.root, host, self.keys, entering)
        room = Room(host, face, self.ceremony, prepare.real_base(self.root), self.root)
        try:
            conduct(room, VERIFIER.read_bytes(), self.ceremony)
        except Stopped:
            face.refusals.append("stopped")
        return face.refusals

    def objects(self, pin: bytes = TRANSPORT) -> tuple[bytes, ...]:
        """The ids on the token, as its holder sees them."""
        token = open_token("pkcs11", self.module, self.serial)
        try:
            token.login(Login.USER, bytearray(pin))
            return token.object_ids()
        finally:
            token.close()


def test_a_token_that_is_not_there_is_not_looked_for_elsewhere(tmp_path: Path) -> None:
    day = Day(tmp_path, serial="0000000000000000")
    assert day.conduct() == ["token.serial_unknown", "stopped"]
    assert day.objects() == ()
    assert not (day.record / "artifacts").exists()


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
