"""Conducting: ask the step what it wants, get it, append the event, fold; until nothing is wanted. Floor 4.

Resuming is the same loop: after `resumed` the folded state wants what is still missing. Whatever people say at any
moment (someone comes or leaves, a deviation, a pause, an abort) comes out of a face as an `Aside`.
"""

from __future__ import annotations

import platform
from pathlib import Path

from quorate import __version__, record, session
from quorate.event import Body, Type
from quorate.face import Face
from quorate.findings import Refusal
from quorate.perform import Performer
from quorate.readiness import check_ready, gather, require_usable, tell_unreachable, tell_window
from quorate.record import Journal
from quorate.room import REJECTED, Aside, Kind, Room, Stopped
from quorate.script import Script, read_script
from quorate.script.state import State, Status
from quorate.script.steps import takes
from quorate.script.steps.attendance import arrived_body
from quorate.sealing import collect_cosignatures, seal
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
    UnlockToken,
    Want,
)


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
            # the state that the script was approved under: one that came since is for the next ceremony
            performer = Performer(room.host, room.face, room.folder, room.tokens, journal.state.authority)
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
                tell_window(room, journal.state.script)
                tell_unreachable(room, journal.state)
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


# -- the loop ---------------------------------------------------------------------------------------------------------


FATAL = ("host.disk_full", "host.not_writable", "host.write_failed")
"""The record cannot be written: nothing may go on."""


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
            _log_out(room, performer)
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
        _log_out(room, performer)
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
    require_usable(room, state, want)
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
        if isinstance(want, UnlockToken):
            _log_out(room, performer)  # what the record does not have as unlocked is not
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
            _log_out(room, performer)
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
                _pause(room, journal, performer, f"empty seats: {', '.join(missing)}")
        case Kind.PAUSE:
            _pause(room, journal, performer, "by wish")
        case Kind.DEVIATION | Kind.SUSPEND | Kind.ABORT:
            _signed_aside(room, journal, performer, aside.kind)


def _lead(state: State) -> str:
    """The seat in whose name the console speaks: the first that is filled."""
    return next(iter(state.seats), "")


def _pause(room: Room, journal: Journal, performer: Performer, why: str) -> None:
    """The record has it first: whatever a token says to that, nothing goes on."""
    journal.append(Type.PAUSED, {"why": why})
    _log_out(room, performer)


def _log_out(room: Room, performer: Performer) -> None:
    """Every token is logged out, or let go of; one that will not say so keeps nobody from pausing or ending."""
    try:
        performer.log_out()
    except Refusal as refusal:
        room.face.refuse(refusal)


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
    if kind is not Kind.DEVIATION:
        session.require_due(journal.state, _EVENTS[kind])
    if kind is Kind.ABORT:
        face.show(_in_doubt(journal.state))
    if kind is Kind.DEVIATION:
        body["what"] = _words(face, lead, "what differs from the script, in one line")
    body["why"] = _words(face, lead, "why, in one line")
    if kind is Kind.DEVIATION:
        body["impact"] = _words(face, lead, "what it means for the key and the record, in one line")
        body["skip"] = face.ask(lead, "does the step count as dealt with? yes or no", "text", "no").strip() == "yes"
        session.require_due(journal.state, Type.DEVIATED, skip=bool(body["skip"]))
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
    journal.append(_EVENTS[kind], body | {"signatures": signatures})
    if kind is not Kind.DEVIATION:
        _log_out(room, performer)


def _in_doubt(state: State) -> list[str]:
    """What an abort leaves unsettled: of an interrupted use of a token nobody knows what it came to."""
    told = []
    for operation, attempt in session.unsettled(state):
        told.append(f"attempt {attempt} at {operation} was interrupted, and an abort leaves it so: say in why")
        told.append("what may be on the token: a pair that no record has, or a credential that nobody holds")
    return told


def _words(face: Face, seat: str, prompt: str) -> str:
    """One line of plain ASCII: it is signed as it stands."""
    while True:
        typed = " ".join(face.ask(seat, prompt, "text", "as rehearsed").split())
        if typed and typed.isascii():
            return typed
        face.show(["one line in plain letters, please"])
