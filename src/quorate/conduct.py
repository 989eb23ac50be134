"""Conducting: ask the step what it wants, get it, append the event, fold; until nothing is wanted. Floor 4.

Resuming is the same loop: after `resumed` the folded state wants what is still missing. Whatever people say at any
moment (someone comes or leaves, a deviation, a pause, an abort) comes out of a face as an `Aside`.
"""

from __future__ import annotations

import enum
import platform
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from quorate import __version__, canonical, governing, linters, record, session
from quorate.archive import record_folder, require_none_open
from quorate.event import Body, Type
from quorate.face import Face
from quorate.findings import Refusal
from quorate.governing import Standing
from quorate.host import Host
from quorate.perform import Performer
from quorate.prepare import Base
from quorate.record import Journal
from quorate.script import Script, read_script
from quorate.script.drafting import utc
from quorate.script.state import State, Status
from quorate.script.steps import takes
from quorate.script.steps.attendance import arrived_body
from quorate.script.steps.closing import final_checkpoint
from quorate.script.text import render
from quorate.statement import Mode
from quorate.token.opening import require_libraries, silent_libraries
from quorate.want import (
    Answer,
    Collect,
    Failed,
    GeneratePair,
    LintBytes,
    MakeDraft,
    ProveKey,
    Refused,
    SetCredential,
    SignAll,
    SignBytes,
    Want,
)
from quorate.words import ends


class Kind(enum.StrEnum):
    """What people can say at any question."""

    ARRIVED = "arrived"
    LEFT = "left"
    DEVIATION = "deviation"
    PAUSE = "pause"
    SUSPEND = "suspend"
    ABORT = "abort"
    STOP = "stop"


@dataclass
class Aside(Exception):
    """Said instead of an answer. `seat` for arrived and left."""

    kind: Kind
    seat: str = ""


class Stopped(Exception):
    """The program ends here and the ceremony can be resumed: by wish, on Ctrl-C, or suspended for the day."""


@dataclass(frozen=True, slots=True)
class Room:
    """Everything one ceremony is conducted with."""

    host: Host
    face: Face
    ceremony: Path
    base: Base
    tokens: Path  # software tokens lie below it

    @property
    def folder(self) -> Path:
        return record_folder(self.ceremony, self.base.mode)


def conduct(room: Room, verifier: bytes, script_folder: Path) -> State:
    """Conduct, or resume, the ceremony compiled in `script_folder`; the closed and sealed state.

    `verifier`: the copy of the stand-alone verifier that goes into the record. Raises `Refusal` before anything is
    touched, `Stopped` when it can be resumed.
    """
    if not room.folder.exists() and not (script_folder / "script.json").is_file():
        # The lock would leave its file beside a record that never begins.
        raise Refusal("script.not_compiled", str(script_folder))
    with record.locked(room.folder.parent):
        with record.reserve(room.folder) as spare:
            journal = _journal(room, verifier, script_folder)
            performer = Performer(room.host, room.face, room.folder, room.tokens, room.base.state)
            try:
                _run(room, journal, performer, spare)
            finally:
                performer.close()
                journal.close()
        seal(room.host, room.folder, journal.state)
        collect_cosignatures(room, journal.state)
        return journal.state


def _journal(room: Room, verifier: bytes, script_folder: Path) -> Journal:
    """The record, begun or reopened; what can fail without a token has failed when this returns."""
    if (room.folder / record.TRANSCRIPT).is_file() and (room.folder / "script.json").is_file():
        journal = Journal.reopen(room.host, room.folder)
        if journal.state.size:
            if journal.state.status is not Status.CLOSED:
                _require_next(room, journal.state.script)
                _tell_window(room, journal.state.script)
                after = {Status.PAUSED: "pause", Status.SUSPENDED: "suspension"}
                journal.resume(after.get(journal.state.status, "interruption"))
            return journal
        journal.close()
    files = gather(room, verifier, script_folder)
    script = read_script(files["script.json"], "script.json")
    check_ready(room, script, files, script_folder / "approvals")
    journal = Journal.create(room.host, room.folder, files)
    software = {"python": platform.python_version(), "quorate": __version__}
    journal.append(Type.OPENED, record.opened_body(script, files, room.host.machine(), software))
    if journal.torn:
        journal.resume("interruption")
    return journal


def _require_next(room: Room, script: Script) -> None:
    """A record that goes on still follows the last one: else two would follow one. Raises `record.fork`."""
    last = room.base.register.last
    if script.predecessor != last:
        raise Refusal("record.fork", ceremony=script.ceremony, predecessor=script.predecessor, last=last)


def _tell_window(room: Room, script: Script) -> None:
    """What can still be done, before everybody signs in again for it."""
    if utc(script.window.closes) < room.host.now():
        closed = f"the window closed at {script.window.closes}: nothing is signed any more"
        room.face.show([f"{closed}; to end the ceremony, say :abort"])


def gather(room: Room, verifier: bytes, script_folder: Path) -> dict[str, bytes]:
    """The first files of a record."""
    parts = ("plan.toml", "script.json", "script.txt", "approvals", "drafts", "inputs")
    files = record.files_below(script_folder, *parts)
    if "script.json" not in files:
        raise Refusal("script.not_compiled", str(script_folder))
    if (script_folder / "script.pdf").is_file():
        files["script.pdf"] = (script_folder / "script.pdf").read_bytes()
    files |= record.files_below(room.base.folder, "authority")
    return files | {"quorate_verify.py": verifier}


_PAIR = ("statement", "sig")


def check_ready(room: Room, script: Script, files: Mapping[str, bytes], approvals: Path) -> None:
    """Everything that can be refused before a record is begun or a token touched."""
    start = room.base
    if (script.authority.state, script.predecessor) != (start.state.digest, start.register.last):
        raise Refusal("script.outdated", script.ceremony, predecessor=start.register.last)
    if start.mode is Mode.REAL:
        require_none_open(start.folder, script.ceremony)
    linters.require(script.linters)
    governing.require_governed(start.folder, start.mode)
    governing.require_approved(approvals, script, start.state)
    named = [*((one.file, one.digest) for one in script.inputs), *((one.file, one.digest) for one in script.drafts)]
    named.append(("plan.toml", script.plan))
    for path, digest in named:
        if path not in files or canonical.digest(files[path]) != digest:
            raise Refusal("script.file_differs", path)
    signed = {f"approvals/{one}.{kind}" for one in governing.approvers(start.state, script) for kind in _PAIR}
    known = signed | {path for path, _ in named}
    for path in files:
        if path.startswith(("inputs/", "drafts/", "approvals/")) and path not in known:
            raise Refusal("script.file_unknown", path)
    if files["script.txt"] != render(script).encode():
        raise Refusal("script.file_differs", "script.txt")
    now = room.host.now()
    if not utc(script.window.opens) <= now <= utc(script.window.closes):
        raise Refusal("session.window_closed", opens=script.window.opens, closes=script.window.closes)
    names = [token.id for token in script.tokens]
    require_libraries(start.state, names)
    for name, refusal in silent_libraries(start.state, names):  # told while the environment can still be changed
        hint = refusal.findings[0].remedy
        room.face.show([f"notice: {name} cannot be reached as things are: {refusal}", f"  hint: {hint}"])


# -- the loop ---------------------------------------------------------------------------------------------------------


FATAL = ("host.disk_full", "host.not_writable", "host.write_failed")
"""The record cannot be written: nothing may go on."""
REJECTED = ("signature.other_key", "signature.invalid", "signature.other_namespace", "signature.other_statement")
"""Signatures that were given and do not count; they are kept in the record."""


def _run(room: Room, journal: Journal, performer: Performer, spare: Path) -> None:
    aside: Aside | None = None
    try:
        while journal.state.status is not Status.CLOSED:
            room.face.enter(journal.state)
            aside = _turn(room, journal, performer, aside)
    except (Refusal, Stopped, KeyboardInterrupt):
        raise
    except BaseException as bug:
        spare.unlink(missing_ok=True)
        try:
            journal.fault(bug)
        finally:
            performer.log_out()
        raise


def _turn(room: Room, journal: Journal, performer: Performer, aside: Aside | None) -> Aside | None:
    """One round, or what was said instead of the last answer; answers what is said during it."""
    try:
        if aside is None:
            _round(room, journal, performer)
        else:
            _aside(room, journal, performer, aside)
    except Aside as said:
        return said
    except Refusal as refusal:
        return _refused(room, journal, refusal)
    return None


def _refused(room: Room, journal: Journal, refusal: Refusal) -> Aside | None:
    """What was refused is said, kept if it was a signature, and asked again unless people want to stop."""
    if refusal.code in FATAL:
        raise refusal
    room.face.refuse(refusal)
    if refusal.code in REJECTED:
        journal.append(Type.REFUSED, {"code": refusal.code, "seat": "", "what": refusal.findings[0].sentence})
        return None
    try:
        if not room.face.again():
            raise Stopped
    except Aside as said:
        return said
    return None


def _round(room: Room, journal: Journal, performer: Performer) -> None:
    """One want, one answer, one event."""
    state = journal.state
    if state.status is Status.SUSPENDED:
        performer.log_out()
        raise Stopped
    if state.status is Status.PAUSED:
        _wake(room, journal)
        return
    missing = session.absent(state) or session.awaited(state)
    if missing:
        _below_minimum(room, journal, performer, missing)
        return
    want = session.want(state)
    if want is None or state.step is None:
        raise Refusal("session.nothing_wanted")
    _append(room, journal, performer, want, performer.perform(want))


def _append(room: Room, journal: Journal, performer: Performer, want: Want, answer: Answer) -> None:
    state = journal.state
    assert state.step is not None
    at = journal.moment()
    kind, body = takes(state.step, state, want, answer, at)
    try:
        journal.append(kind, body, at)
    except Refusal as refusal:
        # what the disk did not take is in doubt until people resume: nobody may say that the token failed
        completed = kind is Type.COMPLETED and refusal.code not in FATAL
        if isinstance(want, (GeneratePair, ProveKey, SignAll, SignBytes)) and completed:
            _discard(journal, performer, want)
        raise
    if isinstance(answer, Refused):
        room.face.show([f"kept in the record: {answer.code} at {answer.what}"])
    elif kind is Type.MISMATCHED:
        room.face.show(["that is not what is expected; it is kept in the record", "read it again, or say :deviation"])
    elif isinstance(want, MakeDraft):
        room.face.show([f"{body['operation']} is drafted and judged: {len(body['findings'])} findings"])
        _show_findings(room, body)
    elif isinstance(want, LintBytes):
        by = ", ".join(f"{one['name']} {one['version']}" for one in body["tools"])
        room.face.show([f"{body['operation']}, {body['object']}, linted by {by}: {len(body['findings'])} findings"])
        _show_findings(room, body)
    elif kind is Type.SETTLED and isinstance(want, SetCredential):
        room.face.show(["the token did not take the credential; new shares will be drawn"])


def _discard(journal: Journal, performer: Performer, want: GeneratePair | ProveKey | SignAll | SignBytes) -> None:
    """What the token made is not what was asked for: the pair is destroyed, the attempt settled."""
    step, state = journal.state.step, journal.state
    assert step is not None
    calls = performer.destroy(want) if isinstance(want, GeneratePair) else ()
    outcome = "destroyed" if isinstance(want, GeneratePair) else "failed"
    kind, body = takes(step, state, want, Failed(outcome, calls), journal.moment())
    journal.append(kind, body)


def _show_findings(room: Room, body: Body) -> None:
    room.face.show([f"{one['severity']}: {one['text']}{' (waived)' * one['waived']}" for one in body["findings"]])


# -- what may be said at any moment -----------------------------------------------------------------------------------


def _aside(room: Room, journal: Journal, performer: Performer, aside: Aside) -> None:
    match aside.kind:
        case Kind.STOP:
            performer.log_out()
            raise Stopped
        case Kind.ARRIVED:
            if aside.seat not in {seat.id for seat in journal.state.script.seats}:
                raise Refusal("seat.unknown", seats=aside.seat)
            want = session.late_arrival(journal.state, aside.seat)
            journal.append(Type.ARRIVED, arrived_body(want, room.face.arrive(want)))
        case Kind.LEFT:
            journal.append(Type.LEFT, {"by": _lead(journal.state), "seat": aside.seat})
            missing = session.absent(journal.state)
            if missing:
                _pause(journal, performer, f"empty seats: {', '.join(missing)}")
        case Kind.PAUSE:
            _pause(journal, performer, "by wish")
        case Kind.DEVIATION | Kind.SUSPEND | Kind.ABORT:
            _signed_aside(room, journal, performer, aside.kind)


def _lead(state: State) -> str:
    """The seat in whose name the console speaks: the first that is filled."""
    return next(iter(state.seats), "")


def _pause(journal: Journal, performer: Performer, why: str) -> None:
    performer.log_out()
    journal.append(Type.PAUSED, {"why": why})


def _below_minimum(room: Room, journal: Journal, performer: Performer, missing: tuple[str, ...]) -> None:
    """The act's minimum is not in the room: nothing goes on until the seats are filled."""
    room.face.show([f"the act needs {', '.join(missing)} in the room"])
    want = session.late_arrival(journal.state, missing[0])
    journal.append(Type.ARRIVED, arrived_body(want, room.face.arrive(want)))


def _wake(room: Room, journal: Journal) -> None:
    missing = ", ".join(session.absent(journal.state))
    room.face.show([f"the ceremony is paused{f', for the act needs {missing} in the room' if missing else ''}"])
    room.face.show(["every login and sign-in is void: everyone signs in again, and the token is unlocked again"])
    seat = _lead(journal.state)
    while room.face.ask(seat, "type resume when everyone is back", "text", "resume").strip() != "resume":
        pass
    journal.append(Type.RESUMED, {"after": "pause", "torn": None})


_EVENTS = {Kind.DEVIATION: Type.DEVIATED, Kind.SUSPEND: Type.SUSPENDED, Kind.ABORT: Type.ABORTED}


def _signed_aside(room: Room, journal: Journal, performer: Performer, kind: Kind) -> None:
    """A deviation, suspension or abort: its words, then two people's signatures over them."""
    face, lead = room.face, _lead(journal.state)
    body: Body = {}
    if kind is Kind.DEVIATION:
        body["what"] = _words(face, lead, "what differs from the script, in one line")
    body["why"] = _words(face, lead, "why, in one line")
    if kind is Kind.DEVIATION:
        body["impact"] = _words(face, lead, "what it means for the key and the record, in one line")
        body["skip"] = face.ask(lead, "does the step count as dealt with? yes or no", "text", "no").strip() == "yes"
    signatures: list[Body] = []
    while len(signatures) < 2:
        done = {one["person"] for one in signatures}
        ballots = tuple(
            one
            for one in session.deviation_ballots(journal.state, _EVENTS[kind], body)
            if one.statement.signer not in done
        )
        try:
            signed = face.collect(Collect(ballots, len(signatures), 2, (f"{kind.value}: {body['why']}",)))
        except Refusal as refusal:
            if refusal.code not in REJECTED:
                raise
            face.refuse(refusal)  # not kept: another event would void the signature that is there already
            continue
        signatures.append(signed.body())
    if kind is not Kind.DEVIATION:
        performer.log_out()
    journal.append(_EVENTS[kind], body | {"signatures": signatures})


def _words(face: Face, seat: str, prompt: str) -> str:
    """One line of plain ASCII: it is signed as it stands."""
    while True:
        typed = " ".join(face.ask(seat, prompt, "text", "as rehearsed").split())
        if typed and typed.isascii():
            return typed
        face.show(["one line in plain letters, please"])


# -- the end ----------------------------------------------------------------------------------------------------------


def seal(host: Host, folder: Path, state: State) -> None:
    """Write the checkpoint over the whole transcript; nothing else is needed for the record to be complete."""
    if state.status is not Status.CLOSED:
        raise Refusal("record.not_closed", str(folder))
    host.clear(folder)
    host.write_once(folder / "checkpoint", final_checkpoint(state).text())
    record.write_sums(host, folder)


_FINAL = ("cosign the final checkpoint; or say :stop, and add what is missing later by quorate seal",)


def collect_cosignatures(room: Room, state: State) -> Standing:
    """Ask the closing quorum, as far as it is in the room, to cosign the final checkpoint."""
    standing = governing.closing_standing(room.folder, state)
    room.face.show(
        ["the record is closed; the words of its checkpoint are read aloud:", " ".join(ends(state.tree.root))]
    )
    here = set(state.seats.values())
    while not standing.suffices and (able := [one for one in standing.may if one in here - set(standing.signed)]):
        ballots = tuple(governing.closing_ballot(state, person) for person in able)
        try:
            signed = room.face.collect(Collect(ballots, len(standing.signed), standing.need, _FINAL))
            add_cosignature(room.host, room.folder, state, signed.statement.signer, signed.signature)
        except Aside:
            break  # `quorate seal` takes them later
        except Refusal as refusal:
            if refusal.code not in REJECTED:
                raise
            room.face.refuse(refusal)
        standing = governing.closing_standing(room.folder, state)
    record.write_sums(room.host, room.folder)
    return standing


def add_cosignature(host: Host, folder: Path, state: State, person: str, signature: str) -> None:
    """Verify and keep one cosignature of the final checkpoint."""
    statement = governing.closing_statement(state, person)
    governing.keep(host, folder / "cosignatures" / person, statement, state.authority, signature)
