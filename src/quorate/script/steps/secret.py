"""Share, unlock, lock: a token's credential under a quorum of people. Spec: `spec/script.md`, `spec/shares.md`.

Nobody ever holds the whole credential: it is drawn, split, handed out and typed back, and only then does the token
take it. Unlocking recombines it from the words of a threshold of holders.
"""

from __future__ import annotations

from itertools import combinations
from typing import Any

import msgspec

from quorate.event import Body, Event, Type
from quorate.findings import Refusal
from quorate.script import Lock, Share, ShareSet, Unlock
from quorate.script.intent import approval, digest_of
from quorate.script.operations import ShareOperation
from quorate.script.state import State
from quorate.script.steps.command import admit_command, ask_command, take_command
from quorate.strict import convert
from quorate.want import (
    Answer,
    Ask,
    Called,
    Failed,
    LockToken,
    Record,
    RecoverCredential,
    Refused,
    SetCredential,
    SharedOut,
    ShareOut,
    Signed,
    Typed,
    Unlocked,
    UnlockToken,
    Want,
)


def operation_of(step: Share, state: State) -> ShareOperation:
    operation = state.script.operation(step.operation)
    assert isinstance(operation, ShareOperation)
    return operation


def wants_share(step: Share, state: State) -> Want | None:
    """Approvals, the command, the shares, the intent, the token, in this order."""
    if state.happened(Type.COMPLETED):
        return None
    operation = operation_of(step, state)
    if missing := approval(state, operation, None):
        return missing
    digest = digest_of(operation, state.script, None)
    people, old = _people(state, operation), _in_force(state, operation.token, operation.credential)
    if state.pending:
        shares = _last_set(state) if operation.fate == "shared" else None
        if state.interrupted:
            return RecoverCredential(operation.token, operation.credential, operation.fate, shares, people, old)
        return SetCredential(operation.token, operation.credential, operation.fate, old)
    if not state.commanded:
        return ask_command(state, operation.token, digest)
    shared = [event for event in state.since(Type.RESUMED, Type.SETTLED) if event.type is Type.SHARED]
    if operation.fate == "shared" and not shared:
        return ShareOut(operation.token, operation.credential, operation.threshold, people, old)
    body = {"attempt": state.attempt, "digest": digest, "operation": operation.id}
    return Record(Type.INTENDED.value, body)


def _people(state: State, operation: ShareOperation) -> tuple[tuple[str, str], ...]:
    return tuple((seat, state.seats.get(seat, "")) for seat in operation.holders)


def _last_set(state: State) -> ShareSet:
    return convert(state.happened(Type.SHARED)[-1].body["set"], ShareSet, "shared.set")


def takes_share(step: Share, state: State, want: Want, answer: Answer) -> tuple[Type, Body]:
    operation = operation_of(step, state)
    head: Body = {"attempt": state.attempt, "operation": operation.id}
    match want, answer:
        case _, Signed():
            return Type.APPROVED, {"operation": operation.id, "signature": answer.body()}
        case Ask(), Typed():
            return take_command(state, operation.id, digest_of(operation, state.script, None), answer)
        case ShareOut(), SharedOut():
            return Type.SHARED, {"operation": operation.id, "set": answer.set, "subsets": answer.subsets}
        case Record(), _:
            return Type(want.type), want.body
        case _, Called():
            return Type.COMPLETED, head | {"calls": _calls(answer.calls), "credential": operation.credential}
        case _, Failed():
            return Type.SETTLED, head | {"calls": _calls(answer.calls), "outcome": answer.outcome}
        case _, Refused():
            return refused_body(answer)
    raise AssertionError(f"no event for {answer}")


def refused_body(answer: Refused) -> tuple[Type, Body]:
    """An attempt that was refused, for the record."""
    return Type.REFUSED, {"code": answer.code, "seat": answer.seat, "what": answer.what}


def _calls(calls: tuple[tuple[str, str], ...]) -> list[list[str]]:
    return [list(call) for call in calls]


def admits_share(step: Share, state: State, event: Event) -> None:
    operation = operation_of(step, state)
    digest = digest_of(operation, state.script, None)
    want = wants_share(step, state)
    match event.type:
        case Type.COMMANDED | Type.MISMATCHED:
            admit_command(state, operation.token, digest, event)
        case Type.SHARED:
            _admit_set(state, operation, event)
        case Type.INTENDED:
            if not isinstance(want, Record) or want.body != event.body:
                raise Refusal("session.not_due", type=event.type.value, step=step.id)
        case _:
            pass


def _admit_set(state: State, operation: ShareOperation, event: Event) -> None:
    shares = convert(event.body["set"], ShareSet, "shared.set")
    seats = tuple(one.seat for one in shares.commitments)
    people = {one.person for one in shares.commitments}
    subsets = sum(1 for _ in combinations(range(shares.count), shares.threshold))
    state.require_present(seats)
    if (
        seats != operation.holders
        or len(people) != len(seats)
        or any(state.seats[one.seat] != one.person for one in shares.commitments)
        or (shares.threshold, shares.count) != (operation.threshold, len(seats))
        or event.body["subsets"] != subsets
    ):
        raise Refusal("session.set_differs", operation=operation.id)


def effects_share(step: Share, event: Event, state: State) -> State:
    operation = operation_of(step, state)
    if event.type is not Type.COMPLETED:
        return state
    state = state.with_deed(operation.id, event.at)
    if operation.fate == "shared":
        return state.having(sets={**state.sets, (operation.token, operation.credential): _last_set(state)})
    return state


# -- unlock and lock --------------------------------------------------------------------------------------------------


def wants_unlock(step: Unlock, state: State) -> Want | None:
    key = (step.token, step.credential)
    if key in state.unlocked or (state.line != "main" and not (state.to_main and key in state.relock)):
        return None
    want = _in_force(state, *key)
    if want is None:
        raise Refusal("session.no_set", token=step.token)
    return want


def _in_force(state: State, token: str, credential: str) -> UnlockToken | None:
    """The set that opens the token, with those of its holders who are in the room; None before the first."""
    shares = state.sets.get((token, credential))
    if shares is None:
        return None
    present = {person: seat for seat, person in state.seats.items()}
    people = tuple((present[one.person], one.person) for one in shares.commitments if one.person in present)
    return UnlockToken(token, credential, shares, people)


def takes_unlock(step: Unlock, state: State, want: Want, answer: Answer) -> tuple[Type, Body]:
    if isinstance(answer, Refused):
        return refused_body(answer)
    assert isinstance(answer, Unlocked)
    shares = state.sets[(step.token, step.credential)]
    body: dict[str, Any] = {"by": list(answer.by), "calls": _calls(answer.calls), "credential": step.credential}
    serial = state.script.token(step.token).serial
    return Type.UNLOCKED, body | {"serial": serial, "set": shares.id, "token": step.token}


def admits_unlock(step: Unlock, state: State, event: Event) -> None:
    """A threshold of distinct holders of the set, all present."""
    if event.type is not Type.UNLOCKED:
        return
    shares = state.sets.get((step.token, step.credential))
    by = tuple(event.body["by"])
    state.require_present(by)
    people = {state.seats[seat] for seat in by}
    expected = (step.token, step.credential, state.script.token(step.token).serial, shares.id if shares else "")
    given = (event.body["token"], event.body["credential"], event.body["serial"], event.body["set"])
    if shares is None or given != expected:
        raise Refusal("session.set_differs", operation=step.id)
    if (
        not people <= {one.person for one in shares.commitments}
        or len(people) != len(by)
        or len(by) != shares.threshold
    ):
        raise Refusal("session.not_the_quorum", need=shares.threshold, by=", ".join(by))


def effects_unlock(step: Unlock, event: Event, state: State) -> State:
    if event.type is Type.UNLOCKED:
        key = (step.token, step.credential)
        return state.having(unlocked=(*state.unlocked, key))
    return state


def wants_lock(step: Lock, state: State) -> Want | None:
    return LockToken(step.token) if any(token == step.token for token, _ in state.unlocked) else None


def takes_lock(step: Lock, answer: Answer) -> tuple[Type, Body]:
    assert isinstance(answer, Called)
    return Type.LOCKED, {"calls": _calls(answer.calls), "token": step.token}


def admits_lock(step: Lock, event: Event) -> None:
    """The token that was to be locked, and no other."""
    if event.body["token"] != step.token:
        raise Refusal("session.not_due", type=event.type.value, step=step.id)


def effects_lock(event: Event, state: State) -> State:
    if event.type is not Type.LOCKED:
        return state
    return state.having(unlocked=tuple(key for key in state.unlocked if key[0] != event.body["token"]))


def set_body(shares: ShareSet) -> dict[str, Any]:
    """A share set as the event carries it."""
    value: dict[str, Any] = msgspec.to_builtins(shares)
    return value
