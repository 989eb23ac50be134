"""Import: a copy of a key comes to another token by the module's own means, and proves itself. Spec: `spec/script.md`.

What cards, cables or backups brought it is the business of the module's maker. Here the pair is found by its public
key, its attributes are read, and it signs a text that counts for nothing else: BR 6.2.6, 6.2.4.
"""

from __future__ import annotations

import base64

from quorate import canonical
from quorate.algorithms import default_algorithm, verify_signature
from quorate.event import Body, Event, Type
from quorate.findings import Refusal
from quorate.keys import spki_digest
from quorate.script import Import, KnownKey
from quorate.script.intent import approval, digest_of, settlement, signers
from quorate.script.operations import ImportOperation
from quorate.script.possession import possession_text
from quorate.script.state import State
from quorate.script.steps.command import admit_command, admit_intended, ask_command, take_command
from quorate.statement import StatementType
from quorate.want import (
    Answer,
    Ask,
    Bring,
    Collect,
    Failed,
    Nothing,
    Proved,
    ProveKey,
    Record,
    Signed,
    Typed,
    Want,
    WriteOut,
)

REQUIRED = {"SENSITIVE": "true", "EXTRACTABLE": "false"}
"""PKCS#11 attributes that a copy must have. It was not made there, so LOCAL and the ALWAYS attributes say nothing."""


def operation_of(step: Import, state: State) -> ImportOperation:
    operation = state.script.operation(step.operation)
    assert isinstance(operation, ImportOperation)
    return operation


def _text(operation: ImportOperation, state: State) -> bytes:
    spki = spki_digest(state.spkis[operation.key])
    return possession_text(state.script, state.script_digest, operation, spki)


def wants(step: Import, state: State) -> Want | None:
    if state.happened(Type.WRITTEN):
        return None
    operation = operation_of(step, state)
    text, spki = _text(operation, state), spki_digest(state.spkis[operation.key])
    if not state.happened(Type.ACKNOWLEDGED):
        return Bring(operation.token, operation.key, spki, step.by)
    if done := state.happened(Type.COMPLETED):
        return WriteOut(((operation.outputs[0], text), (operation.outputs[1], _signature(done[-1]))))
    if missing := approval(state, operation, text):
        return missing
    if state.pending:
        if state.interrupted:
            return settlement(state, operation, signers(state.since(Type.SETTLED), StatementType.SETTLEMENT))
        return ProveKey(operation.token, spki, operation.type, text)
    if not state.commanded:
        return ask_command(state, operation.token, digest_of(operation, state.script, text))
    return Record(Type.INTENDED.value, _intended(operation, state))


def _intended(operation: ImportOperation, state: State) -> Body:
    digest = digest_of(operation, state.script, _text(operation, state))
    return {"attempt": state.attempt, "digest": digest, "operation": operation.id}


def _signature(completed: Event) -> bytes:
    return base64.b64decode(completed.body["signature"])


def takes(step: Import, state: State, want: Want, answer: Answer) -> tuple[Type, Body]:
    operation = operation_of(step, state)
    head: Body = {"attempt": state.attempt, "operation": operation.id}
    match want, answer:
        case Bring(), Nothing():
            return Type.ACKNOWLEDGED, {"by": list(step.by)}
        case Collect(), Signed():
            return Type.APPROVED, {"operation": operation.id, "signature": answer.body()}
        case Ask(), Typed():
            digest = digest_of(operation, state.script, _text(operation, state))
            return take_command(state, operation.id, digest, answer)
        case Record(), _:
            return Type(want.type), want.body
        case ProveKey(), Proved():
            signature = base64.b64encode(answer.signature).decode()
            what = {"attributes": dict(answer.attributes), "calls": [list(call) for call in answer.calls]}
            return Type.COMPLETED, head | what | {"object": answer.object_id.hex(), "signature": signature}
        case _, Failed():
            return Type.SETTLED, head | {"calls": [list(call) for call in answer.calls], "outcome": answer.outcome}
        case WriteOut(), Nothing():
            files = [{"digest": canonical.digest(data), "path": path} for path, data in want.files]
            return Type.WRITTEN, {"files": files, "findings": [], "operation": operation.id}
    raise AssertionError(f"no event for {answer}")


def admits(step: Import, state: State, event: Event) -> None:
    operation = operation_of(step, state)
    match event.type:
        case Type.ACKNOWLEDGED:
            if event.body["by"] != list(step.by):
                raise Refusal("session.other_seats", expected=", ".join(step.by), got=str(event.body["by"]))
            state.require_present(step.by)
        case Type.COMMANDED | Type.MISMATCHED:
            admit_command(state, operation.token, digest_of(operation, state.script, _text(operation, state)), event)
        case Type.INTENDED:
            admit_intended(state, operation.token, wants(step, state), event)
        case Type.COMPLETED:
            _admit_copy(operation, state, event)
        case Type.WRITTEN:
            want = wants(step, state)
            if not isinstance(want, WriteOut) or takes(step, state, want, Nothing()) != (event.type, event.body):
                raise Refusal("session.other_output", step=step.id)
        case _:
            pass


def _admit_copy(operation: ImportOperation, state: State, event: Event) -> None:
    """The copy signed the text with the very key, and the device reports that it does not let it out."""
    algorithm = default_algorithm(operation.type)
    verify_signature(state.spkis[operation.key], algorithm, _text(operation, state), _signature(event))
    wrong = [name for name, value in REQUIRED.items() if event.body["attributes"].get(name) != value]
    if wrong:
        raise Refusal("token.attributes", names=", ".join(wrong), operation=operation.id)


def effects(step: Import, event: Event, state: State) -> State:
    if event.type is not Type.WRITTEN:
        return state
    operation = operation_of(step, state)
    spki = state.spkis[operation.key]
    object_id = str(state.happened(Type.COMPLETED)[-1].body["object"])
    facts = (operation.id, operation.token, object_id, spki_digest(spki), operation.type)
    since = event.at[:10] if operation.zone else ""
    key = KnownKey(*facts, zone=operation.zone, algorithm=operation.algorithm, since=since)
    state = state.with_deed(operation.id, event.at, spki)
    return state.having(keys={**state.keys, operation.id: key}, spkis={**state.spkis, operation.id: spki})
