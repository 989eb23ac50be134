"""Generate: a key pair comes into being on the token. Spec: `spec/script.md`, kind generate. BR 6.1.1.1.

Each attempt has an object id of its own. What an interrupted attempt left is destroyed, and generation repeated.
"""

from __future__ import annotations

import base64

from quorate import canonical
from quorate.event import Body, Event, Type
from quorate.findings import Refusal, refuse_errors
from quorate.keys import KeyType, key_findings, spki_digest, spki_pem
from quorate.script import Generate, KnownKey
from quorate.script.intent import approval, digest_of
from quorate.script.ksk import ksk_files, ksk_findings
from quorate.script.operations import GenerateOperation
from quorate.script.state import State
from quorate.script.steps.command import admit_command, admit_intended, ask_command, take_command
from quorate.want import (
    Answer,
    Ask,
    Failed,
    Generated,
    GeneratePair,
    LookUp,
    Nothing,
    Record,
    Signed,
    Typed,
    Want,
    WriteOut,
)

REQUIRED = {
    "LOCAL": "true",
    "SENSITIVE": "true",
    "ALWAYS_SENSITIVE": "true",
    "EXTRACTABLE": "false",
    "NEVER_EXTRACTABLE": "true",
}
"""PKCS#11 attributes that a key must have, as the device reports them."""


def operation_of(step: Generate, state: State) -> GenerateOperation:
    operation = state.script.operation(step.operation)
    assert isinstance(operation, GenerateOperation)
    return operation


def object_id(operation: GenerateOperation, attempt: int) -> bytes:
    """CKA_ID of an attempt: the script's octets and the attempt's number."""
    return bytes.fromhex(operation.object) + bytes([attempt])


def wants(step: Generate, state: State) -> Want | None:
    if state.happened(Type.WRITTEN):
        return None
    operation = operation_of(step, state)
    if done := state.happened(Type.COMPLETED):
        spki = base64.b64decode(done[-1].body["spki"])
        return WriteOut((*_outputs(operation, spki), *ksk_files(operation, spki)))
    if missing := approval(state, operation, None):
        return missing
    wanted = object_id(operation, state.attempt)
    if state.pending:
        if state.interrupted:
            return LookUp(operation.token, wanted)
        return GeneratePair(operation.token, wanted, operation.type, operation.id)
    digest = digest_of(operation, state.script, None)
    if not state.commanded:
        return ask_command(state, operation.token, digest)
    body = {"attempt": state.attempt, "digest": digest, "operation": operation.id}
    return Record(Type.INTENDED.value, body)


def _outputs(operation: GenerateOperation, spki: bytes) -> tuple[tuple[str, bytes], ...]:
    der, *others = operation.files
    return ((der, spki), *((path, spki_pem(spki)) for path in others))


def takes(step: Generate, state: State, want: Want, answer: Answer) -> tuple[Type, Body]:
    operation = operation_of(step, state)
    head: Body = {"attempt": state.attempt, "operation": operation.id}
    match want, answer:
        case _, Signed():
            return Type.APPROVED, {"operation": operation.id, "signature": answer.body()}
        case Ask(), Typed():
            return take_command(state, operation.id, digest_of(operation, state.script, None), answer)
        case Record(), _:
            return Type(want.type), want.body
        case GeneratePair(), Generated():
            what = {"attributes": dict(answer.attributes), "calls": [list(call) for call in answer.calls]}
            spki = base64.b64encode(answer.spki).decode()
            return Type.COMPLETED, head | what | {"object": want.object_id.hex(), "spki": spki}
        case _, Failed():
            return Type.SETTLED, head | {"calls": [list(call) for call in answer.calls], "outcome": answer.outcome}
        case WriteOut(), Nothing():
            files = [{"digest": canonical.digest(data), "path": path} for path, data in want.files]
            return Type.WRITTEN, {"files": files, "findings": [], "operation": operation.id}
    raise AssertionError(f"no event for {answer}")


def admits(step: Generate, state: State, event: Event) -> None:
    operation = operation_of(step, state)
    digest = digest_of(operation, state.script, None)
    match event.type:
        case Type.COMMANDED | Type.MISMATCHED:
            admit_command(state, operation.token, digest, event)
        case Type.INTENDED:
            admit_intended(state, operation.token, wants(step, state), event)
        case Type.COMPLETED:
            _admit_key(operation, state, event.body)
        case Type.WRITTEN:
            want = wants(step, state)
            if not isinstance(want, WriteOut) or takes(step, state, want, Nothing()) != (event.type, event.body):
                raise Refusal("session.other_output", step=step.id)
        case _:
            pass


def _admit_key(operation: GenerateOperation, state: State, body: Body) -> None:
    """The pair must be what was planned, with the attributes of a key that was made there and never leaves."""
    spki = base64.b64decode(body["spki"])
    if body["object"] != object_id(operation, state.attempt).hex() or KeyType.from_spki(spki).value != operation.type:
        raise Refusal("session.other_key", operation=operation.id)
    wrong = [name for name, value in REQUIRED.items() if body["attributes"].get(name) != value]
    if wrong:
        raise Refusal("token.attributes", names=", ".join(wrong), operation=operation.id)
    if spki_digest(spki) in {spki_digest(known) for known in state.spkis.values()}:
        raise Refusal("session.key_twice", operation=operation.id)
    refuse_errors(key_findings(spki, operation.id, own=True))
    refuse_errors(ksk_findings(operation, spki, state))


def effects(step: Generate, event: Event, state: State) -> State:
    if event.type is not Type.WRITTEN:
        return state
    operation = operation_of(step, state)
    body = state.happened(Type.COMPLETED)[-1].body
    spki = base64.b64decode(body["spki"])
    zone = (operation.zone, operation.algorithm, event.at[:10]) if operation.zone else ()
    key = KnownKey(operation.id, operation.token, str(body["object"]), spki_digest(spki), operation.type, *zone)
    state = state.with_deed(operation.id, event.at, spki)
    return state.having(keys={**state.keys, operation.id: key}, spkis={**state.spkis, operation.id: spki})
