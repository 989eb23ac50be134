"""Destroy: a key pair leaves its token for good, and is seen to be gone. BR 6.2.10. Spec: `spec/script.md`.

Destroying can be repeated without harm: an interrupted attempt is gone on with until nothing lies under the object id.
"""

from __future__ import annotations

from quorate.event import Body, Event, Type
from quorate.findings import Refusal
from quorate.script import Destroy
from quorate.script.intent import approval, digest_of
from quorate.script.operations import DestroyOperation
from quorate.script.state import State
from quorate.script.steps.command import admit_command, admit_intended, ask_command, take_command
from quorate.want import Answer, Ask, Called, DestroyPair, Failed, Record, Signed, Typed, Want


def operation_of(step: Destroy, state: State) -> DestroyOperation:
    operation = state.script.operation(step.operation)
    assert isinstance(operation, DestroyOperation)
    return operation


def wants(step: Destroy, state: State) -> Want | None:
    if state.happened(Type.COMPLETED):
        return None
    operation = operation_of(step, state)
    if missing := approval(state, operation, None):
        return missing
    if state.pending:
        return DestroyPair(operation.token, bytes.fromhex(operation.object), operation.spki, state.interrupted)
    if not state.commanded:
        return ask_command(state, operation.token, digest_of(operation, state.script, None))
    return Record(Type.INTENDED.value, _intended(operation, state))


def _intended(operation: DestroyOperation, state: State) -> Body:
    digest = digest_of(operation, state.script, None)
    return {"attempt": state.attempt, "digest": digest, "operation": operation.id}


def takes(step: Destroy, state: State, want: Want, answer: Answer) -> tuple[Type, Body]:
    operation = operation_of(step, state)
    head: Body = {"attempt": state.attempt, "operation": operation.id}
    match want, answer:
        case _, Signed():
            return Type.APPROVED, {"operation": operation.id, "signature": answer.body()}
        case Ask(), Typed():
            return take_command(state, operation.id, digest_of(operation, state.script, None), answer)
        case Record(), _:
            return Type(want.type), want.body
        case DestroyPair(), Called():
            return Type.COMPLETED, head | {"calls": [list(call) for call in answer.calls], "object": operation.object}
        case DestroyPair(), Failed():
            return Type.SETTLED, head | {"calls": [list(call) for call in answer.calls], "outcome": answer.outcome}
    raise AssertionError(f"no event for {answer}")


def admits(step: Destroy, state: State, event: Event) -> None:
    operation = operation_of(step, state)
    match event.type:
        case Type.COMMANDED | Type.MISMATCHED:
            admit_command(state, operation.token, digest_of(operation, state.script, None), event)
        case Type.INTENDED:
            admit_intended(state, operation.token, wants(step, state), event)
        case Type.COMPLETED:
            if event.body["object"] != operation.object:
                raise Refusal("session.other_key", operation=operation.id)
        case _:
            pass


def effects(step: Destroy, event: Event, state: State) -> State:
    if event.type is not Type.COMPLETED:
        return state
    operation = operation_of(step, state)
    name = operation.key
    keys = {key: known for key, known in state.keys.items() if key != name}
    return state.with_deed(operation.id, event.at).having(keys=keys, destroyed=state.destroyed | {name})
