"""Makes the records that are kept as vectors for ever: two real ceremonies of one authority on a software token.

    python tests/kept_record.py vectors/records/quorate-1

Run once a format version; what it wrote is never written again. `tests/test_kept_records.py` verifies it for ever.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from datetime import datetime
from pathlib import Path

from example import FIRST, PEOPLE, make_authority, make_plan, second
from quorate import frozen, governing, prepare, signer
from quorate.conduct import Room, conduct
from quorate.host import Host, SteppedHost
from quorate.rehearse import TRANSPORT, StandIns
from quorate.script.drafting import utc
from quorate.statement import Mode
from quorate.token.software import SoftwareToken
from quorate.want import Ballot, Signed

VERIFIER = Path(__file__).parent.parent / "verifier" / "quorate_verify.py"


class KeyHolders(StandIns):
    """People who know what is expected and sign with their own enrolled keys."""

    def __init__(self, root: Path, folder: Path, host: Host, keys: Path) -> None:
        super().__init__(root, folder, host)
        self.keys = keys

    def _sign(self, ballot: Ballot) -> Signed:
        key = signer.stand_in_key(self.keys / ballot.statement.signer)
        return Signed(ballot.statement, ballot.seat, signer.sign_as_stand_in(ballot.statement, key), "file")


def govern(root: Path, keys: Path) -> None:
    """Freeze the authority's state and have every governor sign it."""
    number = governing.freeze_state(Host(), root, prepare.read_authority(root))
    states = prepare.frozen_states(root)
    before, people, _ = governing.governors(states, number)
    for person in people:
        statement = governing.change_statement(states, number, Mode.REAL, person)
        made = signer.sign_as_stand_in(statement, signer.stand_in_key(keys / person))
        governing.keep(Host(), root / "authority" / f"{number:03d}.{person}", statement, before, made)


def conduct_for_real(root: Path, ceremony: Path, keys: Path, opens: datetime | None = None) -> Path:
    """Compile, approve and conduct a real ceremony with people who do as the script says; its record."""
    start = prepare.real_base(root)
    compiled = prepare.compile_plan(ceremony, start, Host().random)
    frozen.write(Host(), ceremony, compiled)
    for person in governing.approvers(start.state, compiled.script):
        statement = governing.approval_statement(compiled.script, start.state, person)
        made = signer.sign_as_stand_in(statement, signer.stand_in_key(keys / person))
        governing.keep(Host(), ceremony / "approvals" / person, statement, start.state, made)
    host = SteppedHost(opens or utc(compiled.script.window.opens))
    face = KeyHolders(root, root / "worksheets", host, keys)
    conduct(Room(host, face, ceremony, start, root), VERIFIER.read_bytes(), ceremony)
    return prepare.record_folder(ceremony, Mode.REAL)


def real_authority(folder: Path) -> tuple[Path, Path]:
    """An authority with enrolled keys, a governed state and a software token; its folder and the keys'."""
    keys = folder / "keys"
    root = make_authority(folder / "authority", keys)
    govern(root, keys)
    pins = bytearray(TRANSPORT), bytearray(TRANSPORT)
    SoftwareToken.make(root / "tokens" / "hsm-1", "EX-1", "hsm-1", *pins, Host().random)
    return root, keys


def main(target: Path) -> None:
    """Write both records and the genesis digest below `target`, which must not exist."""
    target.mkdir(parents=True)
    with tempfile.TemporaryDirectory() as name:
        root, keys = real_authority(Path(name))
        records = [conduct_for_real(root, make_plan(root, "001-root", FIRST), keys)]
        records.append(conduct_for_real(root, second(root), keys))
        for record in records:
            shutil.copytree(record, target / record.parent.name, ignore=shutil.ignore_patterns(".quorate*"))
        (target / "genesis").write_text(prepare.frozen_states(root)[0].digest + "\n")
    print(f"{len(PEOPLE)} people with keys, {len(records)} records in {target}")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
