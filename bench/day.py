"""A real ceremony on SoftHSM 2, in one process, by people who answer at once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from bench.measure import VERIFIER
from example import make_authority
from kept_record import KeyHolders, govern
from quorate import frozen, governing, prepare, signer
from quorate.conduct import conduct
from quorate.host import Host, SteppedHost
from quorate.rehearse import TRANSPORT
from quorate.room import Room
from quorate.script.drafting import utc
from softhsm import make_softhsm_token


class Day:
    """The authority with its HSM, and the ceremony whose turn it is. What people sign, they sign at once."""

    def __init__(self, folder: Path, make: Callable[..., Path] = make_authority) -> None:
        transport = TRANSPORT.decode()
        self.module, self.serial = make_softhsm_token(folder / "softhsm", "bench", transport, transport)
        token = f'kind = "pkcs11"\nlocation = "{self.module}"\nserial = "{self.serial}"'
        self.root, self.keys = make(folder / "authority", keys=folder / "keys", token=token), folder / "keys"
        govern(self.root, self.keys)

    def compile(self, ceremony: Path) -> None:
        """The plan becomes a script, and all approve it."""
        self.ceremony, start = ceremony, prepare.real_base(self.root)
        compiled = prepare.compile_plan(ceremony, start, Host().random)
        frozen.write(Host(), ceremony, compiled)
        for person in governing.approvers(start.state, compiled.script):
            statement = governing.approval_statement(compiled.script, start.state, person)
            made = signer.sign_as_stand_in(statement, signer.stand_in_key(self.keys / person))
            governing.keep(Host(), ceremony / "approvals" / person, statement, start.state, made)
        self.opens = utc(compiled.script.window.opens)

    def conduct(self) -> None:
        """From the record's first file to the last cosignature."""
        host = SteppedHost(self.opens)
        face = KeyHolders(self.root, self.root / "worksheets", host, self.keys)
        room = Room(host, face, self.ceremony, prepare.real_base(self.root), self.root)
        conduct(room, VERIFIER.read_bytes(), self.ceremony)

    @property
    def record(self) -> Path:
        return self.ceremony / "record"
