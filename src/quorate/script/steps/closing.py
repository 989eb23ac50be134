"""Media, checkpoints, closing. Spec: `spec/script.md`, kinds media, checkpoint, close."""

from __future__ import annotations

from quorate.event import Body, Event, Type
from quorate.findings import Refusal
from quorate.script import CheckpointStep, Close, Media
from quorate.script.state import State
from quorate.statement import StatementType
from quorate.tlog import Checkpoint
from quorate.want import Answer, Ballot, Collect, CopyOut, Nothing, Record, Signed, Want
from quorate.words import ends


def wants_media(step: Media, state: State) -> Want | None:
    copy = len(state.happened(Type.WRITTEN)) + 1
    if copy > step.copies:
        return None
    return CopyOut(state.script.ceremony, copy, tuple(path for path in state.files if path.startswith("artifacts/")))


def takes_media(step: Media, state: State, want: Want, answer: Answer) -> tuple[Type, Body]:
    assert isinstance(want, CopyOut)
    assert isinstance(answer, Nothing)
    files = [{"digest": state.files[path], "path": f"media/{want.copy}/{path}"} for path in want.files]
    return Type.WRITTEN, {"files": files, "findings": [], "operation": ""}


def admits_media(step: Media, state: State, event: Event) -> None:
    want = wants_media(step, state)
    if want is None or takes_media(step, state, want, Nothing()) != (event.type, event.body):
        raise Refusal("session.other_output", step=step.id)


# -- checkpoints ------------------------------------------------------------------------------------------------------


def wants_checkpoint(step: CheckpointStep, state: State) -> Want | None:
    """The root over everything so far, then cosignatures by people of different roles."""
    if not state.happened(Type.CHECKPOINT):
        return Record(Type.CHECKPOINT.value, {"root": state.tree.root.hex(), "size": state.size})
    cosigned = state.happened(Type.COSIGNED)
    if len(cosigned) >= step.need:
        return None
    ballots = checkpoint_ballots(step, state)
    about = (f"words: {' '.join(ends(state.checkpoint_root))}",)
    return Collect(ballots, len(cosigned), step.need, about)


def checkpoint_ballots(step: CheckpointStep, state: State) -> tuple[Ballot, ...]:
    """Ballots for those present whose role and person have not cosigned this checkpoint."""
    signatures = [event.body["signature"] for event in state.happened(Type.COSIGNED)]
    people = frozenset(str(signature["person"]) for signature in signatures)
    roles = {state.script.seat(str(signature["seat"])).role for signature in signatures}
    body = state.happened(Type.CHECKPOINT)[-1].body
    said = (("size", str(body["size"])), ("root", str(body["root"])), ("origin", origin(state)))
    ballots = state.ballots(StatementType.CHECKPOINT, said, without=people)
    return tuple(ballot for ballot in ballots if state.script.seat(ballot.seat).role not in roles)


def origin(state: State) -> str:
    """The log's origin: `quorate/AUTHORITY/CEREMONY/MODE`."""
    script = state.script
    return f"quorate/{script.authority.name}/{script.ceremony}/{script.mode.value}"


def final_checkpoint(state: State) -> Checkpoint:
    """The checkpoint over the whole transcript."""
    return Checkpoint(origin(state), state.size, state.tree.root)


def takes_checkpoint(step: CheckpointStep, want: Want, answer: Answer) -> tuple[Type, Body]:
    if isinstance(answer, Signed):
        return Type.COSIGNED, {"signature": answer.body()}
    assert isinstance(want, Record)
    return Type(want.type), want.body


def admits_checkpoint(step: CheckpointStep, state: State, event: Event) -> None:
    if event.type is Type.CHECKPOINT:
        if event.body != {"root": state.tree.root.hex(), "size": state.size}:
            raise Refusal("session.checkpoint_differs", step=step.id)
    else:
        state.admit_signature(event.body["signature"], checkpoint_ballots(step, state))


def effects_checkpoint(event: Event, state: State) -> State:
    if event.type is Type.CHECKPOINT:
        return state.having(checkpoint_root=bytes.fromhex(event.body["root"]))
    return state


# -- the end ----------------------------------------------------------------------------------------------------------


def wants_close(step: Close, state: State) -> Want | None:
    return None if state.happened(Type.CLOSED) else Record(Type.CLOSED.value, {"outcome": step.outcome})
