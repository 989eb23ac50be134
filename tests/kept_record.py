"""Makes the records that are kept as vectors for ever: real ceremonies of one authority on a software token.

    python tests/kept_record.py vectors/records/quorate-1

Run once a format version; what it wrote is never written again. `tests/test_kept_records.py` verifies it for ever.
Whatever may go otherwise in a room does so in the first; the second has every kind of operation; the third is aborted.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from example import DESTROY_SO, PEOPLE, SHARE, certificate, crl, key, make_authority, make_csr, make_plan
from quorate import frozen, governing, prepare, record, signer, source
from quorate.airgap import Level, Observation
from quorate.conduct import conduct
from quorate.host import Host, SteppedHost
from quorate.paper import pdf
from quorate.record import TRANSCRIPT
from quorate.rehearse import TRANSPORT
from quorate.room import Kind, Room, Stopped
from quorate.script.drafting import utc
from quorate.statement import Mode
from quorate.token.software import SoftwareToken
from quorate.want import Arrive, Arrived, Ballot, Signed
from unsmooth import Bug, PowerCut, Unsmooth, When, at, pending, say

VERIFIER = Path(__file__).parent.parent / "verifier" / "quorate_verify.py"
Happens = Sequence[tuple[When, BaseException]]


class OfflineHost(SteppedHost):
    """A made-up machine of the kind that the day asks for."""

    def machine(self) -> dict[str, str]:
        facts = dict.fromkeys(super().machine(), "unknown")
        return facts | {"sys_vendor": "Example", "product_name": "Offline Host", "architecture": "x86_64"}

    def airgap(self) -> tuple[Observation, ...]:
        return (Observation("core", Level.WARN, "core files go to core; this process makes none"),)


class KeyHolders(Unsmooth):
    """People who know what is expected and sign with their own enrolled keys."""

    def __init__(self, root: Path, folder: Path, host: Host, keys: Path) -> None:
        super().__init__(root, folder, host)
        self.keys = keys
        self.ill: frozenset[str] = frozenset()

    def arrive(self, want: Arrive) -> Arrived:
        self._happen()
        person, ballots = next(one for one in want.options if one[0] not in self.ill)
        alone = len(ballots) == 1 and ballots[0].statement.signer == person
        return Arrived(person, tuple(self._sign(ballot) for ballot in (ballots if alone else ballots[:2])))

    def _sign(self, ballot: Ballot) -> Signed:
        key = signer.stand_in_key(self.keys / ballot.statement.signer)
        return Signed(ballot.statement, ballot.seat, signer.sign_as_stand_in(ballot.statement, key), "file")


def govern(root: Path, keys: Path) -> None:
    """Freeze the authority's state and have every governor sign it."""
    number = governing.freeze_state(Host(), root, source.read_authority(root))
    states = record.frozen_states(root)
    before, people, _ = governing.governors(states, number)
    for person in people:
        statement = governing.change_statement(states, number, Mode.REAL, person)
        made = signer.sign_as_stand_in(statement, signer.stand_in_key(keys / person))
        governing.keep(Host(), root / "authority" / f"{number:03d}.{person}", statement, before, made)


def conduct_for_real(
    root: Path,
    ceremony: Path,
    keys: Path,
    happens: Happens = (),
    types: Mapping[str, list[str]] = {},
    ill: frozenset[str] = frozenset(),
    printed: bool = True,
) -> Path:
    """Compile, print, approve and conduct a real ceremony with people who do as the script says; its record.

    `happens` and `types`: what goes otherwise, as in `unsmooth`. `ill`: whose alternates come. `printed`: on paper too.
    """
    start = prepare.real_base(root)
    compiled = prepare.compile_plan(ceremony, start, Host().random)
    frozen.write(Host(), ceremony, compiled)
    if printed:
        (ceremony / "script.pdf").write_bytes(pdf(compiled.script))
    for person in governing.approvers(start.state, compiled.script):
        statement = governing.approval_statement(compiled.script, start.state, person)
        made = signer.sign_as_stand_in(statement, signer.stand_in_key(keys / person))
        governing.keep(Host(), ceremony / "approvals" / person, statement, start.state, made)
    face = KeyHolders(root, root / "worksheets", OfflineHost(utc(compiled.script.window.opens)), keys)
    face.happens, face.types, face.ill = list(happens), {part: list(said) for part, said in types.items()}, ill
    room = Room(face.host, face, ceremony, start, root)
    for _ in range(len(happens) + 1):
        try:
            conduct(room, VERIFIER.read_bytes(), ceremony)
            break
        except PowerCut:
            with (room.folder / TRANSCRIPT).open("ab") as transcript:
                transcript.write(b'{"at":"2026-')  # what the disk had of the next line
        except (Stopped, Bug):
            continue
    assert not face.happens, f"{len(face.happens)} of {len(happens)} did not happen"
    assert not any(face.types.values())
    return room.folder


def real_authority(folder: Path) -> tuple[Path, Path]:
    """An authority with enrolled keys, a governed state and a software token; its folder and the keys'."""
    keys = folder / "keys"
    root = make_authority(folder / "authority", keys)
    govern(root, keys)
    pins = bytearray(TRANSPORT), bytearray(TRANSPORT)
    SoftwareToken.make(root / "tokens" / "hsm-1", "EX-1", "hsm-1", *pins, Host().random)
    return root, keys


def first(root: Path, keys: Path) -> Path:
    """A root key and its certificate, on a day on which nothing goes as it should."""
    operations = SHARE + DESTROY_SO + key("key-r1", "p-384")
    operations += certificate("root", "root-r1", "Root R1", 3650, key="key-r1")
    operations += certificate("subordinate", "int-1", "I1", issuer="root-r1", csr="i1.csr.pem")
    operations += crl("crl-r1-1", "root-r1", 1)
    happens = [
        (at("1.3"), say(Kind.DEVIATION)),
        (pending("4.3"), PowerCut()),
        (at("6.2"), say(Kind.LEFT, "c3")),
        (at("6.2"), say(Kind.ARRIVED, "c3")),
        (at("6.2"), Bug()),
        (pending("6.2"), PowerCut()),
        (at("7.2"), say(Kind.PAUSE)),
        (pending("8.2"), PowerCut()),
        (at("11.5"), say(Kind.SUSPEND)),
    ]
    types = {"seal number as it stands": ["A0010"], "type your share, or press Enter": ["no such words"]}
    ceremony = make_plan(root, "001-root", operations)
    make_csr(ceremony / "inputs" / "i1.csr.pem", "I1")
    return conduct_for_real(root, ceremony, keys, happens, {**types, "dealt with": ["yes"]})


def second(root: Path, keys: Path) -> Path:
    """A new root of another algorithm, cross-signed; a subordinate, CRLs, one entry; under a changed authority."""
    source = root / "authority.toml"
    source.write_text(source.read_text().replace("crl-days = 365", "crl-days = 366"))
    govern(root, keys)
    revoked = '[{ certificate = "int-1", date = "2026-12-08T09:00:00Z", reason = "superseded" }]'
    operations = key("key-r2", "rsa-2048") + certificate("root", "root-r2", "Root R2", 3650, key="key-r2")
    operations += certificate("cross", "cross-r2", issuer="root-r1", existing="root-r2")
    operations += certificate("subordinate", "int-2", "I2", issuer="root-r2", csr="i2.csr.pem")
    operations += crl("crl-r1-2", "root-r1", 2, revoked) + crl("crl-r2-1", "root-r2", 1)
    ceremony = make_plan(root, "002-next", operations, "2026-12-08T09:00:00Z")
    make_csr(ceremony / "inputs" / "i2.csr.pem", "I2")
    return conduct_for_real(root, ceremony, keys, ill=frozenset({"alice"}))


def third(root: Path, keys: Path) -> Path:
    """A CRL is made, and nothing more."""
    ceremony = make_plan(root, "003-crl", crl("crl-r1-3", "root-r1", 3), "2026-12-15T09:00:00Z")
    return conduct_for_real(root, ceremony, keys, [(at("6.2"), say(Kind.ABORT))])


def main(target: Path) -> None:
    """Write the records and the genesis digest below `target`, which must not exist."""
    target.mkdir(parents=True)
    with tempfile.TemporaryDirectory() as name:
        root, keys = real_authority(Path(name))
        for made in (first, second, third):
            record = made(root, keys)
            shutil.copytree(record, target / record.parent.name, ignore=shutil.ignore_patterns(".quorate*"))
        (target / "genesis").write_text(record.frozen_states(root)[0].digest + "\n")
    print(f"{len(PEOPLE)} people with keys, three records in {target}")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
