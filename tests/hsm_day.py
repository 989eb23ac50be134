"""A real ceremony on SoftHSM 2, conducted by people who answer by themselves."""

from __future__ import annotations

import copy
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

from example import DESTROY_SO, SHARE, certificate, key, make_authority, make_plan
from kept_record import VERIFIER, KeyHolders, govern
from quorate import frozen, governing, prepare, signer
from quorate.conduct import conduct
from quorate.findings import Refusal
from quorate.host import Host, SteppedHost
from quorate.rehearse import TRANSPORT
from quorate.room import Room, Stopped
from quorate.script.drafting import utc
from quorate.script.operations import GenerateOperation
from quorate.script.state import State
from quorate.token import Login
from quorate.token.opening import open_token
from quorate.want import Bring
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

    def bring(self, want: Bring) -> None:
        """What is to be on the token lies there already."""

    def again(self) -> bool:
        return False


class Day:
    """One authority with an HSM, and a ceremony that is compiled and approved."""

    def __init__(
        self,
        folder: Path,
        label: str = "hsm",
        serial: str = "",
        operations: str = OPERATIONS,
        adopt: Collection[str] = (),
        made: Callable[[Path, str], None] = lambda root, serial: None,
    ) -> None:
        """`made`: what is still done to the authority's folder and its token before anybody signs."""
        transport = TRANSPORT.decode()
        self.module, self.serial = make_softhsm_token(folder / "softhsm", label, transport, transport)
        token = f'kind = "pkcs11"\nlocation = "{self.module}"\nserial = "{serial or self.serial}"'
        self.root, self.keys = make_authority(folder / "authority", folder / "keys", token), folder / "keys"
        made(self.root, self.serial)
        govern(self.root, self.keys)
        self._prepare("001-root", operations, adopt=adopt)

    def another(self, name: str, operations: str, opens: str) -> Day:
        """A later ceremony of the same authority."""
        later = copy.copy(self)
        later._prepare(name, operations, opens=opens)
        return later

    def _prepare(self, name: str, operations: str, **rest: Any) -> None:
        self.ceremony = make_plan(self.root, name, operations, **rest)
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
