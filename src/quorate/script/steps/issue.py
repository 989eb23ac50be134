"""Issue: one certificate, CRL or request, from the draft to the written artifact. Spec: `spec/script.md`, kind issue.

draft → lint → intent → approval → direct command → `intended` → the token signs → `completed` → finish refuses any
other bytes → verify → lint again → write once. What comes next is asked of the state alone, also after a restart.
"""

from __future__ import annotations

import base64
from datetime import datetime

from quorate import canonical
from quorate.event import Body, Event, Type, moment
from quorate.findings import Finding, Refusal, meaning
from quorate.people import Purpose
from quorate.plan import Waiver
from quorate.script import Issue
from quorate.script.drafting import (
    Materials,
    key_type,
    lint,
    make_draft,
    object_kind,
    rule_commitments,
    signature_algorithm,
    utc,
)
from quorate.script.intent import approval, digest_of, said, settlement, signers
from quorate.script.operations import (
    CrlOperation,
    ImportOperation,
    IssueOperation,
    KeylessOperation,
    RequestOperation,
    SignOperation,
)
from quorate.script.state import State
from quorate.script.steps.command import admit_command, ask_command, take_command
from quorate.statement import StatementType
from quorate.want import (
    Answer,
    Ask,
    Collect,
    Failed,
    MakeDraft,
    Nothing,
    Record,
    SignatureMade,
    SignBytes,
    Signed,
    Typed,
    Want,
    WriteOut,
)
from quorate.x509.finish import finish_tbs, pem
from quorate.x509.template import require_only


def operation_of(step: Issue, state: State) -> IssueOperation:
    operation = state.script.operation(step.operation)
    assert not isinstance(operation, KeylessOperation | ImportOperation | SignOperation)
    return operation


def _materials(state: State) -> Materials:
    return Materials(state.inputs, state.spkis, state.certificates, state.crls)


def _tbs(state: State) -> bytes | None:
    drafted = state.happened(Type.DRAFTED)
    return base64.b64decode(drafted[-1].body["tbs"]) if drafted else None


def wants(step: Issue, state: State) -> Want | None:
    if state.happened(Type.WRITTEN):
        return None
    operation = operation_of(step, state)
    tbs = _tbs(state)
    if tbs is None:
        return MakeDraft(operation.id)
    if done := state.happened(Type.COMPLETED):
        return WriteOut(_outputs(state, operation, tbs, base64.b64decode(done[-1].body["signature"])))
    approved = signers(state.happened(Type.APPROVED), StatementType.INTENT)
    if len(approved) < state.script.quorum(Purpose.AUTHORISE).need:
        return approval(state, operation, tbs, approved)
    attempt = state.since(Type.SETTLED)
    if state.pending:
        if state.interrupted:
            return settlement(state, operation, signers(attempt, StatementType.SETTLEMENT))
        kind = key_type(state.script, operation.key)
        algorithm = signature_algorithm(state.script, operation)
        return SignBytes(operation.token, bytes.fromhex(state.keys[operation.key].object), kind, algorithm.value, tbs)
    digest = digest_of(operation, state.script, tbs)
    if not state.commanded:
        return ask_command(state, operation.token, digest)
    return Record(Type.INTENDED.value, {"attempt": state.attempt, "digest": digest, "operation": operation.id})


def _outputs(state: State, operation: IssueOperation, tbs: bytes, signature: bytes) -> tuple[tuple[str, bytes], ...]:
    """The finished artifact in each of its forms; refused unless the issuing key signed these very bytes."""
    kind, der = object_kind(operation), _finished(state, operation, tbs, signature)
    first, *others = operation.outputs
    return ((first, der), *((path, pem(kind, der)) for path in others))


def _finished(state: State, operation: IssueOperation, tbs: bytes, signature: bytes) -> bytes:
    algorithm = signature_algorithm(state.script, operation)
    return finish_tbs(object_kind(operation), tbs, state.spkis[operation.key], algorithm, signature)


def takes(step: Issue, state: State, want: Want, answer: Answer, at: str) -> tuple[Type, Body]:
    operation = operation_of(step, state)
    head: Body = {"attempt": state.attempt, "operation": operation.id}
    match want, answer:
        case MakeDraft(), Nothing():
            return Type.DRAFTED, _drafted(state, operation, at)
        case Collect(), Signed():
            return Type.APPROVED, {"operation": operation.id, "signature": answer.body()}
        case Ask(), Typed():
            return take_command(state, operation.id, digest_of(operation, state.script, _tbs(state)), answer)
        case Record(), _:
            return Type(want.type), want.body
        case SignBytes(), SignatureMade():
            signature = base64.b64encode(answer.signature).decode()
            return Type.COMPLETED, head | {"calls": [list(call) for call in answer.calls], "signature": signature}
        case _, Failed():
            return Type.SETTLED, head | {"calls": [list(call) for call in answer.calls], "outcome": answer.outcome}
        case WriteOut(), Nothing():
            return Type.WRITTEN, _written(state, operation, want)
    raise AssertionError(f"no event for {answer}")


def _drafted(state: State, operation: IssueOperation, at: str) -> Body:
    """The draft as it is made in the room: the frozen bytes, or the template but for its open fields."""
    return state.once(("drafted", operation.id, at), lambda: _draft(state, operation, moment(at)))


def _draft(state: State, operation: IssueOperation, now: datetime) -> Body:
    frozen = state.script.draft(operation.id)
    draft = make_draft(state.script, operation, _materials(state), now)
    require_only(state.inputs[frozen.file], draft.tbs, object_kind(operation), frozen.open)
    findings = _findings(state, operation, draft.unsigned, now)
    encoded = base64.b64encode(draft.tbs).decode()
    return {"digest": draft.digest, "findings": findings, "operation": operation.id, "tbs": encoded}


def _findings(state: State, operation: IssueOperation, der: bytes, at: datetime) -> list[dict[str, object]]:
    found = lint(state.script, rule_commitments(state.authority), operation, _materials(state), der, at)
    return judge(found, operation.id, state.script.waivers, at)


def judge(
    findings: tuple[Finding, ...], operation: str, waivers: tuple[Waiver, ...], at: datetime
) -> list[dict[str, object]]:
    """Findings as the record keeps them; refused when one blocks that no waiver in force accepts, or could accept."""
    accepted = {
        waiver.code for waiver in waivers if waiver.operation == operation and at.date().isoformat() <= waiver.expires
    }
    accepted = {code for code in accepted & {one.code for one in findings} if meaning(code).waivable}
    blocking = tuple(one for one in findings if one.blocks and one.code not in accepted)
    if blocking:
        raise Refusal.of(blocking)
    return [
        {"code": one.code, "severity": one.severity.value, "text": one.sentence, "waived": one.code in accepted}
        for one in findings
    ]


def _written(state: State, operation: IssueOperation, want: WriteOut) -> Body:
    """The artifact is linted once more as it is, at the moment for which it was drafted."""
    at = moment(state.happened(Type.DRAFTED)[-1].at)
    der = want.files[0][1]
    findings = state.once(("written", operation.id), lambda: _findings(state, operation, der, at))
    files = [{"digest": canonical.digest(data), "path": path} for path, data in want.files]
    return {"files": files, "findings": findings, "operation": operation.id}


def admits(step: Issue, state: State, event: Event) -> None:
    operation = operation_of(step, state)
    match event.type:
        case Type.DRAFTED:
            if event.body != _drafted(state, operation, event.at):
                raise Refusal("session.draft_differs", operation=operation.id)
        case Type.COMMANDED | Type.MISMATCHED:
            admit_command(state, operation.token, digest_of(operation, state.script, _tbs(state)), event)
        case Type.INTENDED:
            _admit_intended(step, state, operation, event)
        case Type.COMPLETED:
            tbs = _tbs(state)
            assert tbs is not None
            _outputs(state, operation, tbs, base64.b64decode(event.body["signature"]))
        case Type.WRITTEN:
            want = wants(step, state)
            if not isinstance(want, WriteOut) or takes(step, state, want, Nothing(), event.at) != (
                event.type,
                event.body,
            ):
                raise Refusal("session.other_output", step=step.id)
        case _:
            pass


def _admit_intended(step: Issue, state: State, operation: IssueOperation, event: Event) -> None:
    want = wants(step, state)
    if not isinstance(want, Record) or want.body != event.body:
        raise Refusal("session.not_due", type=event.type.value, step=step.id)
    if (operation.token, "user") not in state.unlocked:
        raise Refusal("session.token_locked", token=operation.token)
    if not utc(state.script.window.opens) <= moment(event.at) <= utc(state.script.window.closes):
        raise Refusal("session.window_closed", opens=state.script.window.opens, closes=state.script.window.closes)


def effects(step: Issue, event: Event, state: State) -> State:
    if event.type is not Type.WRITTEN:
        return state
    operation = operation_of(step, state)
    tbs = _tbs(state)
    assert tbs is not None
    signature = base64.b64decode(state.happened(Type.COMPLETED)[-1].body["signature"])
    der = _finished(state, operation, tbs, signature)
    state = state.with_deed(operation.id, event.at, der)
    match operation:
        case CrlOperation():
            return state.having(crls={**state.crls, operation.id: der})
        case RequestOperation():
            return state
        case _:
            return state.having(certificates={**state.certificates, operation.id: der})


def intent_text(state: State, operation: IssueOperation, tbs: bytes) -> tuple[str, ...]:
    """The lines of the intent, for the screen."""
    return tuple(f"{key}: {value}" for key, value in said(operation, state, tbs))
