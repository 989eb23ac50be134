"""Intents: what the authorising quorum signs before a token is used. Floor 2. Spec: `spec/statements.md`.

The same lines, and the digest that is commanded by its words, are made for the approval, the command and every attempt.
"""

from __future__ import annotations

import hashlib

from quorate import canonical
from quorate.event import Event, Type
from quorate.findings import Refusal
from quorate.keys import spki_digest
from quorate.people import Purpose
from quorate.script import Script
from quorate.script.operations import (
    DestroyOperation,
    GenerateOperation,
    ImportOperation,
    IssueOperation,
    KeylessOperation,
    OcspOperation,
    ReissueOperation,
    RequestOperation,
    ResponderOperation,
    ScriptOperation,
    ShareOperation,
    SignOperation,
)
from quorate.script.skr import intent_lines
from quorate.script.state import State
from quorate.statement import StatementType
from quorate.want import Collect, Record
from quorate.words import rows
from quorate.x509.name import name_line

Said = tuple[tuple[str, str], ...]


def digest_of(operation: ScriptOperation, script: Script, tbs: bytes | None) -> str:
    """What is approved and commanded, as `sha256:…`: the bytes to be signed, or the intent's own first lines."""
    if isinstance(operation, KeylessOperation):
        text = "".join(f"{key}: {value}\n" for key, value in _first_lines(operation, script))
        return "sha256:" + hashlib.sha256(text.encode("ascii")).hexdigest()
    if tbs is None:
        raise ValueError("an issue is approved by the bytes to be signed")
    return canonical.digest(tbs)


def said(operation: ScriptOperation, state: State, tbs: bytes | None) -> Said:
    """The intent's own lines."""
    digest = ("digest", digest_of(operation, state.script, tbs))
    if isinstance(operation, KeylessOperation):
        return (*_first_lines(operation, state.script), digest)
    if isinstance(operation, SignOperation):
        assert tbs is not None
        return (*_response_lines(operation, state, tbs), digest, *(("output", output) for output in operation.outputs))
    if isinstance(operation, ImportOperation):
        return (*_copy_lines(operation, state), digest, *(("output", output) for output in operation.outputs))
    lines = (
        ("operation", operation.id),
        ("kind", _kind(operation)),
        ("token", state.script.token(operation.token).serial),
        ("key", state.keys[operation.key].object),
        ("spki", spki_digest(state.spkis[operation.key])),
        *_described(operation),
        *([("signature-algorithm", operation.signature)] if operation.signature else []),
        digest,
    )
    return lines + tuple(("output", output) for output in operation.outputs)


def _described(operation: IssueOperation) -> Said:
    """What is signed, in a line or two; its bytes are in the digest."""
    match operation:
        case RequestOperation():
            return (_subject(operation.subject),)
        case OcspOperation():
            said = (("profile", operation.profile), _subject(operation.subject), ("serial", operation.serial))
            return (*said, ("status", operation.status))
        case ReissueOperation() | ResponderOperation():
            return (("profile", operation.profile), _subject(operation.subject))
        case _:
            return (("profile", operation.profile),)


def _subject(name: str) -> tuple[str, str]:
    return "subject", name_line(bytes.fromhex(name))


def _first_lines(operation: KeylessOperation, script: Script) -> Said:
    lines = (
        ("operation", operation.id),
        ("kind", _kind(operation)),
        ("token", script.token(operation.token).serial),
    )
    if isinstance(operation, GenerateOperation):
        return (*lines, ("key", operation.object), ("key-type", operation.type), ("use", operation.use))
    if isinstance(operation, DestroyOperation):
        return (*lines, ("key", operation.object), ("spki", operation.spki))
    split = f"{operation.threshold} of {len(operation.holders)}" if operation.fate == "shared" else "none"
    return (*lines, ("credential", operation.credential), ("fate", operation.fate), ("shares", split))


def _response_lines(operation: SignOperation, state: State, draft: bytes) -> Said:
    """Which keys sign, and each RRset with its digest."""
    keys = dict.fromkeys(part.key for response in operation.responses for part in response.keys)
    return (
        ("operation", operation.id),
        ("kind", _kind(operation)),
        ("token", state.script.token(operation.token).serial),
        *(("key", f"{state.keys[name].object} {spki_digest(state.spkis[name])}") for name in keys),
        *intent_lines(operation, draft),
    )


def _copy_lines(operation: ImportOperation, state: State) -> Said:
    """Its object id is whatever the module gave it; what counts is whose copy it is."""
    return (
        ("operation", operation.id),
        ("kind", _kind(operation)),
        ("token", state.script.token(operation.token).serial),
        ("of", operation.key),
        ("spki", spki_digest(state.spkis[operation.key])),
    )


def _kind(operation: ScriptOperation) -> str:
    return str(operation.__struct_config__.tag)


def signers(events: tuple[Event, ...], kind: StatementType) -> frozenset[str]:
    """The people whose approvals among `events` are over a statement of that type."""
    line = f"type: {kind.value}\n"
    signatures = [event.body["signature"] for event in events if event.type is Type.APPROVED]
    return frozenset(str(one["person"]) for one in signatures if str(one["statement"]).startswith(line))


def holders(state: State, token: str) -> frozenset[str]:
    """The people who hold, or are to hold, a share that leads to `token`: they do not authorise its use."""
    known = {one.person for (name, _), shares in state.sets.items() if name == token for one in shares.commitments}
    seats = {
        seat
        for operation in state.script.operations
        if isinstance(operation, ShareOperation) and operation.token == token
        for seat in operation.holders
    }
    sat = {person for seat, person in state.sat if seat in seats}
    return frozenset(known | sat | {state.seats.get(seat, state.script.seat(seat).person) for seat in seats})


def approval(state: State, operation: ScriptOperation, tbs: bytes | None) -> Collect | None:
    """The next approval that `operation` lacks, from those who have not approved and hold no share; None when whole."""
    approved = signers(state.happened(Type.APPROVED), StatementType.INTENT)
    need = state.script.quorum(Purpose.AUTHORISE).need
    if len(approved) >= need:
        return None
    lines = said(operation, state, tbs)
    without = approved | holders(state, operation.token)
    return Collect(
        ballots=state.ballots(StatementType.INTENT, lines, Purpose.AUTHORISE, 1, without),
        have=len(approved),
        need=need,
        about=(f"intent: {operation.id}", *spoken(digest_of(operation, state.script, tbs))),
    )


def settlement(
    state: State, operation: IssueOperation | ImportOperation | SignOperation, stated: frozenset[str]
) -> Collect | Record:
    """The quorum states an interrupted attempt as lost: a signature leaves no trace on a token."""
    lines = (("operation", operation.id), ("outcome", "lost"))
    need = state.script.quorum(Purpose.AUTHORISE).need
    if len(stated) >= need:
        body = {"operation": operation.id, "attempt": state.attempt, "outcome": "lost", "calls": []}
        return Record("settled", body)
    without = stated | holders(state, operation.token)
    ballots = state.ballots(StatementType.SETTLEMENT, lines, Purpose.AUTHORISE, state.attempt, without)
    about = (
        f"attempt {state.attempt} at {operation.id} was interrupted, and no signature is on disk",
        "whether the token made one cannot be known: state it as lost, and the same bytes are signed in a new attempt",
    )
    return Collect(ballots, len(stated), need, about)


def commander(state: State, token: str) -> str:
    """The seat that gives the direct command (BR 4.3.1.1): authorised for it, and no holder of a share of the token."""
    held = holders(state, token)
    for seat in state.script.seats:
        person = state.seats.get(seat.id)
        if person and person not in held and "command" in state.authority.role(seat.role).duties:
            return seat.id
    raise Refusal("session.nobody_commands", token=token)


def spoken(digest: str) -> tuple[str, ...]:
    """A digest and all its words, for the screen."""
    return (digest, *rows(bytes.fromhex(digest.removeprefix("sha256:"))))
