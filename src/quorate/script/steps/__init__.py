"""The kinds of step, one `match` for each of the five things that a kind does. Floor 2.

`wants(step, state)`: what is needed from the world next, None when the step is done. `takes`: the event that an answer
makes. `admits`: refuses an event that does not belong here, before it is written and again when it is read. `effects`:
what changes. The closed union makes a new kind fail type-checking everywhere it is not handled.
"""

from __future__ import annotations

from typing import assert_never

from quorate.event import Body, Event, Type
from quorate.findings import Refusal
from quorate.script import (
    Adopt,
    Attendance,
    CheckpointStep,
    Close,
    Compare,
    Custody,
    Destroy,
    Generate,
    Import,
    Issue,
    Lock,
    Look,
    Media,
    Read,
    Share,
    Sign,
    Step,
    Unlock,
)
from quorate.script.state import State
from quorate.script.steps import attendance, bring, closing, custody, destroy, generate, issue, reading, secret, sign
from quorate.want import Answer, Collect, Record, Want


def wants(step: Step, state: State) -> Want | None:
    """What the step needs next; a function of the folded state alone."""
    return state.once(("wants", step.id), lambda: _wants(step, state))


def _wants(step: Step, state: State) -> Want | None:
    match step:
        case Attendance():
            return attendance.wants(step, state)
        case Read() | Adopt():
            return reading.wants_read(step, state)
        case Compare():
            return reading.wants_compare(step, state)
        case Look():
            return reading.wants_look(step, state)
        case Custody():
            return custody.wants(step, state)
        case Share():
            return secret.wants_share(step, state)
        case Unlock():
            return secret.wants_unlock(step, state)
        case Generate():
            return generate.wants(step, state)
        case Import():
            return bring.wants(step, state)
        case Sign():
            return sign.wants(step, state)
        case Destroy():
            return destroy.wants(step, state)
        case Issue():
            return issue.wants(step, state)
        case Lock():
            return secret.wants_lock(step, state)
        case Media():
            return closing.wants_media(step, state)
        case CheckpointStep():
            return closing.wants_checkpoint(step, state)
        case Close():
            return closing.wants_close(step, state)
        case _:
            assert_never(step)


def takes(step: Step, state: State, want: Want, answer: Answer, at: str) -> tuple[Type, Body]:
    """The event that `answer` to `want` makes at the moment `at`."""
    match step:
        case Attendance():
            return attendance.takes(step, state, want, answer)
        case Read() | Adopt() | Compare() | Look():
            return reading.takes(step, state, want, answer, at)
        case Custody():
            return custody.takes(step, state, want, answer)
        case Share():
            return secret.takes_share(step, state, want, answer)
        case Unlock():
            return secret.takes_unlock(step, state, want, answer)
        case Generate():
            return generate.takes(step, state, want, answer)
        case Import():
            return bring.takes(step, state, want, answer)
        case Sign():
            return sign.takes(step, state, want, answer, at)
        case Destroy():
            return destroy.takes(step, state, want, answer)
        case Issue():
            return issue.takes(step, state, want, answer, at)
        case Lock():
            return secret.takes_lock(step, answer)
        case Media():
            return closing.takes_media(step, state, want, answer)
        case CheckpointStep():
            return closing.takes_checkpoint(step, want, answer)
        case Close():
            assert isinstance(want, Record)
            return Type(want.type), want.body
        case _:
            assert_never(step)


def admits(step: Step, state: State, event: Event) -> None:
    """Refuse an event of the step's own kind whose content does not belong here."""
    want = wants(step, state)
    if want is None or event.type not in due(step, want):
        raise Refusal("session.not_due", type=event.type.value, step=step.id)
    if event.type is Type.APPROVED:
        assert isinstance(want, Collect)
        state.admit_signature(event.body["signature"], want.ballots)
    match step:
        case Attendance():
            attendance.admit_arrival(state, event)
        case Read() | Adopt() | Compare() | Look():
            reading.admits(step, state, event)
        case Custody():
            custody.admits(step, state, event)
        case Share():
            secret.admits_share(step, state, event)
        case Unlock():
            secret.admits_unlock(step, state, event)
        case Generate():
            generate.admits(step, state, event)
        case Import():
            bring.admits(step, state, event)
        case Sign():
            sign.admits(step, state, event)
        case Destroy():
            destroy.admits(step, state, event)
        case Issue():
            issue.admits(step, state, event)
        case Media():
            closing.admits_media(step, state, event)
        case CheckpointStep():
            closing.admits_checkpoint(step, state, event)
        case Close():
            if not isinstance(want, Record) or want.body != event.body:
                raise Refusal("session.not_due", type=event.type.value, step=step.id)
        case Lock():
            secret.admits_lock(step, event)
        case _:
            assert_never(step)


_DUE: dict[str, tuple[Type, ...]] = {
    "Arrive": (Type.ARRIVED,),
    "Confirm": (Type.ACKNOWLEDGED,),
    "LookAt": (Type.OBSERVED,),
    "MakeDraft": (Type.DRAFTED,),
    "LintBytes": (Type.LINTED,),
    "ShareOut": (Type.SHARED,),
    "SetCredential": (Type.COMPLETED, Type.SETTLED),
    "RecoverCredential": (Type.COMPLETED, Type.SETTLED),
    "UnlockToken": (Type.UNLOCKED,),
    "LockToken": (Type.LOCKED,),
    "GeneratePair": (Type.COMPLETED, Type.SETTLED),
    "SignAll": (Type.COMPLETED, Type.SETTLED),
    "SignBytes": (Type.COMPLETED, Type.SETTLED),
    "LookUp": (Type.SETTLED,),
    "Bring": (Type.ACKNOWLEDGED,),
    "ProveKey": (Type.COMPLETED, Type.SETTLED),
    "DestroyPair": (Type.COMPLETED, Type.SETTLED),
    "WriteOut": (Type.WRITTEN,),
    "CopyOut": (Type.WRITTEN,),
}
"""What may follow what: the events that can answer each want."""


def due(step: Step, want: Want) -> tuple[Type, ...]:
    """The types of event that may come next at this step."""
    name = type(want).__name__
    if isinstance(want, Record):
        return (Type(want.type),)
    if isinstance(want, Collect):
        return (Type.COSIGNED,) if isinstance(step, CheckpointStep) else (Type.APPROVED,)
    if name == "Ask":
        right = {Compare: Type.COMPARED, Custody: Type.MOVED}.get(type(step), Type.COMMANDED)
        return (right, Type.MISMATCHED)
    return _DUE[name]


def effects(step: Step, event: Event, state: State) -> State:
    """What the event changes beside the progress of its step; must not fail."""
    state = _begun(step, state)
    match step:
        case Custody():
            return custody.effects(step, event, state)
        case Share():
            return secret.effects_share(step, event, state)
        case Unlock():
            return secret.effects_unlock(step, event, state)
        case Lock():
            return secret.effects_lock(event, state)
        case Generate():
            return generate.effects(step, event, state)
        case Import():
            return bring.effects(step, event, state)
        case Sign():
            return sign.effects(step, event, state)
        case Destroy():
            return destroy.effects(step, event, state)
        case Issue():
            return issue.effects(step, event, state)
        case CheckpointStep():
            return closing.effects_checkpoint(event, state)
        case Compare():
            return reading.effects_compare(step, event, state)
        case Adopt():
            return reading.effects_adopt(step, event, state)
        case Attendance() | Read() | Look() | Media() | Close():
            return state
        case _:
            assert_never(step)


def _begun(step: Step, state: State) -> State:
    """The operation of the step is under way: its name is taken, also if the ceremony is aborted."""
    operation = getattr(step, "operation", "")
    return state.having(begun=state.begun | {operation}) if operation and operation not in state.begun else state
