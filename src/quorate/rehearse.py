"""Rehearsing: the same code on the same plan in the shadow authority, with stand-ins for people and tokens. Floor 4.

`shadow/` holds the stand-ins' keys and the shadow authority's states. Each rehearsal keeps its own tokens and share
words beside its record, taken over from the rehearsal before, so that it can be repeated. No real token, key or share
is ever opened from here.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

import msgspec
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519

from quorate import archive, governing, prepare, record, shares, signer, source
from quorate.authority import AuthorityState, TokenEntry
from quorate.conduct import conduct
from quorate.credentials import REPLACED, plain
from quorate.findings import Refusal, within
from quorate.frozen import write
from quorate.host import Host, SteppedHost, writing
from quorate.keys import spki_digest
from quorate.people import Person, Presence
from quorate.prepare import Base, Compiled
from quorate.room import Room
from quorate.script import read_script
from quorate.script.drafting import utc
from quorate.script.state import State
from quorate.standing_in import TRANSPORT, StandInKeys, stand_in_adopted
from quorate.statement import Mode
from quorate.token import Login
from quorate.token.software import SoftwareToken
from quorate.want import Arrive, Arrived, Ballot, Bring, Collect, Signed


def shadow_state(root: Path, state: AuthorityState) -> AuthorityState:
    """The shadow of an authority's state: the same, with stand-in keys and software tokens."""
    people = tuple(_stand_in(root, person) for person in state.people)
    tokens = tuple(
        TokenEntry(one.id, "software", f"tokens/{one.id}", f"SHADOW-{one.id}", "software token", one.level)
        for one in state.tokens
    )
    adopted = stand_in_adopted(root, state, source.read_source(root).adopted)
    return msgspec.structs.replace(state, people=people, tokens=tokens, adopted=adopted)


def _stand_in(root: Path, person: Person) -> Person:
    if person.presence is Presence.PAPER:
        return person
    path = root / "shadow" / "people" / f"{person.id}.key"
    if not path.is_file():
        openssh = serialization.Encoding.PEM, serialization.PrivateFormat.OpenSSH, serialization.NoEncryption()
        Host().make_folder(path.parent)
        Host().write_once(path, ed25519.Ed25519PrivateKey.generate().private_bytes(*openssh), 0o600)
    return msgspec.structs.replace(person, key=signer.public_line_of(signer.stand_in_key(path)))


def shadow_base(root: Path, ceremony: str, host: Host) -> Base:
    """The base of a rehearsal: the shadow authority, brought up to the real one and governed by its stand-ins."""
    folder = root / "shadow"
    number = governing.freeze_state(host, folder, shadow_state(root, source.read_authority(root, Mode.REHEARSAL)))
    states = record.frozen_states(folder)
    before, people, _ = governing.governors(states, number)
    for person in people:
        stem = folder / "authority" / f"{number:03d}.{person}"
        if before.person(person).presence is Presence.KEYED and not stem.with_name(stem.name + ".sig").exists():
            statement = governing.change_statement(states, number, Mode.REHEARSAL, person)
            key = signer.stand_in_key(folder / "people" / f"{person}.key")
            governing.keep(host, stem, statement, before, signer.sign_as_stand_in(statement, key))
    return prepare.base(root, Mode.REHEARSAL, ceremony)


class StandIns:
    """A face whose people know what is expected and sign with stand-in keys."""

    def __init__(self, root: Path, folder: Path, host: Host) -> None:
        self.root, self.folder, self.host = root, folder, host

    def show(self, lines: Sequence[str]) -> None:
        """Nobody reads."""

    def enter(self, state: State) -> None:
        """Nobody waits; what the state says of shares and keys is remembered."""
        self.state = state

    def refuse(self, refusal: Refusal) -> None:
        """Stand-ins do as the script says; what is refused here is the script's fault."""
        raise refusal

    def again(self) -> bool:
        return False

    def ask(self, seat: str, prompt: str, kind: str, expected: str) -> str:
        return self.host.now().strftime("%Y-%m-%dT%H:%M:%SZ") if kind == "clock" else expected

    def secret(self, seat: str, prompt: str, topic: str) -> bytearray:
        path = self._words(seat, topic)
        if path.is_file():
            return bytearray(path.read_bytes())
        if seat:
            raise Refusal("rehearsal.words_missing", str(path), seat=seat)
        return bytearray(TRANSPORT)

    def reveal(self, seat: str, words: bytearray, topic: str) -> None:
        path = self._words(seat, topic)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(words)

    def _words(self, seat: str, topic: str) -> Path:
        """Where a stand-in keeps a share; a seat's worksheet, so to speak, the old one until the new one is written."""
        return self.folder / "words" / topic.removesuffix(REPLACED) / (seat or "nobody")

    def arrive(self, want: Arrive) -> Arrived:
        person, ballots = want.options[0]
        alone = len(ballots) == 1 and ballots[0].statement.signer == person
        return Arrived(person, tuple(self._sign(ballot) for ballot in (ballots if alone else ballots[:2])))

    def collect(self, want: Collect) -> Signed:
        if not want.ballots:
            raise Refusal("session.nobody_signs", need=want.need, have=want.have)
        return self._sign(want.ballots[0])

    def _sign(self, ballot: Ballot) -> Signed:
        key = signer.stand_in_key(self.root / "shadow" / "people" / f"{ballot.statement.signer}.key")
        return Signed(ballot.statement, ballot.seat, signer.sign_as_stand_in(ballot.statement, key), "stand-in")

    def bring(self, want: Bring) -> None:
        """What cards do for real modules: the pair is sealed anew for the other token."""
        known = self.state.keys.get(want.key)
        source = self._opened(known.token) if known else StandInKeys(self.root).token
        target = self._opened(want.token)
        try:
            for object_id in [bytes.fromhex(known.object)] if known else source.object_ids():
                if spki_digest(source.read(object_id).spki) == want.spki:
                    target.take_copy(source, object_id)
        finally:
            source.close()
            target.close()

    def _opened(self, name: str) -> SoftwareToken:
        """A shadow token, unlocked with the words that the stand-ins keep, or as it came from its maker."""
        token = SoftwareToken(self.folder / self.state.authority.token(name).location)
        held = self.state.sets.get((name, "user"))
        pin = bytearray(TRANSPORT)
        if held is not None:
            seats = [one.seat for one in held.commitments][: held.threshold]
            words = [self.secret(seat, "", f"share/{name}/user") for seat in seats]
            pin = shares.pin_of(shares.combine([shares.parse_words(one) for one in words], plain(held)))
        token.login(Login.USER, pin)
        return token

    def medium(self, copy: int) -> Path:
        path = self.folder / "media" / str(copy)
        path.mkdir(parents=True, exist_ok=True)
        return path


def prepare_rehearsal(root: Path, ceremony: Path, verifier: bytes, fresh: bool = True) -> tuple[Base, Compiled | None]:
    """The shadow side of a ceremony, compiled, approved and with its tokens; anew if `fresh`, else as it stands.

    Rehearsals of earlier ceremonies that are missing are run first; those of later ones fall with this one, and all
    from one that adopted other stand-ins than there are by now. A standby day is rehearsed as if the day it stands by
    for had not been held, whose rehearsal falls with it too.
    """
    folder = ceremony / "rehearsal"
    host = Host()
    if first := _adopted_otherwise(root):
        _forget(root, first)
    instead = prepare.read_plan(ceremony)[0].standby_for
    if fresh and instead and _rehearsed(root / "ceremonies" / instead):
        _forget(root, instead)
    for earlier in archive.ceremonies(root):
        due = earlier.name < ceremony.name and earlier.name != instead and (earlier / "plan.toml").is_file()
        if due and not _rehearsed(earlier):
            with within(earlier.name):
                if not _spared(root, earlier):
                    rehearse(root, earlier, verifier)
    if fresh:
        _forget(root, ceremony.name)
    start = shadow_base(root, ceremony.name, host)
    if (folder / "script.json").is_file():
        return start, None
    compiled = prepare.compile_plan(ceremony, start, host.random)
    folder.mkdir(parents=True, exist_ok=True)
    _tokens(root, folder, start)
    write(host, folder, compiled)
    for person in governing.approvers(start.state, compiled.script):
        statement = governing.approval_statement(compiled.script, start.state, person)
        key = signer.stand_in_key(root / "shadow" / "people" / f"{person}.key")
        signature = signer.sign_as_stand_in(statement, key)
        governing.keep(host, folder / "approvals" / person, statement, start.state, signature)
    return start, compiled


def _rehearsed(ceremony: Path) -> bool:
    return record.closed(archive.record_folder(ceremony, Mode.REHEARSAL))


def _adopted_otherwise(root: Path) -> str:
    """The first ceremony whose rehearsal adopted a stand-in that was made anew since; empty if there is none."""
    state = shadow_state(root, source.read_authority(root, Mode.REHEARSAL))
    now = {one.id: one.digest for one in state.adopted}
    for ceremony in archive.ceremonies(root) if now else ():
        if (path := ceremony / "rehearsal" / "script.json").is_file():
            adopted = read_script(path.read_bytes(), "script.json").adopted
            if any(now.get(one.id, one.digest) != one.digest for one in adopted):
                return ceremony.name
    return ""


def _spared(root: Path, ceremony: Path) -> bool:
    """Whether another plan is rehearsed instead: the day that this one stands by for, or a standby day of this one."""
    held = {one.name: prepare.read_plan(one)[0] for one in archive.ceremonies(root) if _rehearsed(one)}
    return prepare.read_plan(ceremony)[0].standby_for in held or any(
        plan.standby_for == ceremony.name for plan in held.values()
    )


def _forget(root: Path, first: str) -> None:
    """The rehearsals from that of `first` on."""
    for later in archive.ceremonies(root):
        if later.name >= first and (later / "rehearsal").exists():
            shutil.rmtree(later / "rehearsal")


def _tokens(root: Path, folder: Path, start: Base) -> None:
    """The tokens and words that the last rehearsal left, and new tokens where it had none."""
    last = start.register.ceremonies[-1] if start.register.ceremonies else ""
    for name in ("tokens", "words"):
        source = root / "ceremonies" / last / "rehearsal" / name
        if last and source.is_dir():
            shutil.copytree(source, folder / name, copy_function=_copied)
    for entry in start.state.tokens:
        if not (folder / entry.location).exists():
            (folder / entry.location).parent.mkdir(parents=True, exist_ok=True)
            pin, so_pin = bytearray(TRANSPORT), bytearray(TRANSPORT)
            SoftwareToken.make(folder / entry.location, entry.serial, entry.id, pin, so_pin, Host().random)


def _copied(source: str, target: str) -> None:
    """One file; what the system answers is a refusal, which `copytree` passes on at once."""
    with writing(target):
        shutil.copy2(source, target)


def rehearse(root: Path, ceremony: Path, verifier: bytes) -> State:
    """Run a ceremony unattended in the shadow authority; the closed and sealed state."""
    start, compiled = prepare_rehearsal(root, ceremony, verifier)
    assert compiled is not None
    host = SteppedHost(utc(compiled.script.window.opens))
    folder = ceremony / "rehearsal"
    room = Room(host, StandIns(root, folder, host), ceremony, start, folder)
    return conduct(room, verifier, folder)
