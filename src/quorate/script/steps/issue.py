"""Issue: one certificate, CRL or request, from the draft to the written artifact. Spec: `spec/script.md`, kind issue.

draft → lint → intent → approval → direct command → `intended` → the token signs → `completed` → finish refuses any
other bytes → verify → lint again → write once. What comes next is asked of the state alone, also after a restart. Our
own rules are part of `drafted` and `written`; the linters that the script names answer through a port, in `linted`.
"""

from __future__ import annotations

import base64
from datetime import datetime

from quorate import canonical
from quorate.event import Body, Event, Type, moment
from quorate.findings import Refusal
from quorate.linting import remark_findings
from quorate.script import Issue
from quorate.script.drafting import (
    Materials,
    going_along,
    key_type,
    lint,
    lint_subject,
    make_draft,
    object_kind,
    rule_commitments,
    signature_algorithm,
)
from quorate.script.intent import approval, digest_of, said, settlement, signers
from quorate.script.judging import admit_findings, judge
from quorate.script.operations import (
    CrlOperation,
    ImportOperation,
    IssueOperation,
    KeylessOperation,
    OcspOperation,
    RequestOperation,
    SignOperation,
)
from quorate.script.state import State
from quorate.script.steps.command import admit_command, admit_intended, ask_command, take_command
from quorate.statement import StatementType
from quorate.want import (
    Answer,
    Ask,
    Collect,
    Failed,
    LintBytes,
    Linted,
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
from quorate.x509.draft import Draft
from quorate.x509.finish import finish_tbs, pem, unsigned
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
        outputs = _outputs(state, operation, tbs, base64.b64decode(done[-1].body["signature"]))
        return _linting(state, operation, outputs[0][1], "finished") or WriteOut(outputs)
    if state.script.linters and (asked := _linting(state, operation, unsigned(object_kind(operation), tbs), "draft")):
        return asked
    if missing := approval(state, operation, tbs):
        return missing
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


def _linting(state: State, operation: IssueOperation, der: bytes, what: str) -> LintBytes | None:
    """Whether the script's linters are still to read the `draft`, or the `finished` object."""
    linters = state.script.linters
    if not linters or any(event.body["object"] == what for event in state.happened(Type.LINTED)):
        return None
    commitments, materials = rule_commitments(state.authority), _materials(state)
    subject = lint_subject(state.script, commitments, operation, materials, der, _drafted_at(state))
    return None if subject is None else LintBytes(operation.id, what, subject, der, linters)


def _drafted_at(state: State) -> datetime:
    return moment(state.happened(Type.DRAFTED)[-1].at)


def _outputs(state: State, operation: IssueOperation, tbs: bytes, signature: bytes) -> tuple[tuple[str, bytes], ...]:
    """The finished artifact in each of its forms; refused unless the issuing key signed these very bytes."""
    kind, der = object_kind(operation), _finished(state, operation, tbs, signature)
    first, *others = operation.outputs
    return ((first, der), *((path, pem(kind, der)) for path in others))


def _finished(state: State, operation: IssueOperation, tbs: bytes, signature: bytes) -> bytes:
    algorithm = signature_algorithm(state.script, operation)
    beside = going_along(operation, _materials(state))
    return finish_tbs(object_kind(operation), tbs, state.spkis[operation.key], algorithm, signature, beside)


def takes(step: Issue, state: State, want: Want, answer: Answer, at: str) -> tuple[Type, Body]:
    operation = operation_of(step, state)
    head: Body = {"attempt": state.attempt, "operation": operation.id}
    match want, answer:
        case MakeDraft(), Nothing():
            return Type.DRAFTED, _drafted(state, operation, at)
        case LintBytes(), Linted():
            return Type.LINTED, _linted(state, operation, want, answer)
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
    draft = state.once(("draft", operation.id, at), lambda: _room_draft(state, operation, moment(at)))
    findings = _findings(state, operation, draft.unsigned, moment(at))
    return _draft_body(operation, draft) | {"findings": findings}


def _draft_body(operation: IssueOperation, draft: Draft) -> Body:
    return {"digest": draft.digest, "operation": operation.id, "tbs": base64.b64encode(draft.tbs).decode()}


def _room_draft(state: State, operation: IssueOperation, now: datetime) -> Draft:
    """The draft as it is made in the room: the frozen bytes, or the template but for its open fields."""
    frozen = state.script.draft(operation.id)
    draft = make_draft(state.script, operation, _materials(state), now)
    require_only(state.inputs[frozen.file], draft.tbs, object_kind(operation), frozen.open)
    return draft


def _findings(state: State, operation: IssueOperation, der: bytes, at: datetime) -> list[dict[str, object]]:
    found = lint(state.script, rule_commitments(state.authority), operation, _materials(state), der, at)
    return judge(found, operation.id, state.script.waivers, at)


def _written(state: State, operation: IssueOperation, want: WriteOut) -> Body:
    """The artifact is judged once more as it is, at the moment for which it was drafted."""
    findings = _findings(state, operation, want.files[0][1], _drafted_at(state))
    files = [{"digest": canonical.digest(data), "path": path} for path, data in want.files]
    return {"files": files, "findings": findings, "operation": operation.id}


def _linted(state: State, operation: IssueOperation, want: LintBytes, answer: Linted) -> Body:
    """What the linters said, with their versions; refused like a finding of our own rules."""
    found = remark_findings(answer.reports, operation.id, state.script.rules, state.script.linters)
    return {
        "digest": _linted_digest(state, want),
        "findings": judge(found, operation.id, state.script.waivers, _drafted_at(state)),
        "object": want.object,
        "operation": operation.id,
        "tools": [{"name": one.tool, "version": one.version} for one in answer.reports],
    }


def _linted_digest(state: State, want: LintBytes) -> str:
    """That of the draft's bytes, by which people know it, or of the finished object."""
    return canonical.digest(want.der) if want.object == "finished" else state.happened(Type.DRAFTED)[-1].body["digest"]


def admits(step: Issue, state: State, event: Event) -> None:
    operation = operation_of(step, state)
    match event.type:
        case Type.DRAFTED:
            _admit_drafted(state, operation, event)
        case Type.LINTED:
            _admit_linted(step, state, operation, event)
        case Type.COMMANDED | Type.MISMATCHED:
            admit_command(state, operation.token, digest_of(operation, state.script, _tbs(state)), event)
        case Type.INTENDED:
            admit_intended(state, operation.token, wants(step, state), event)
        case Type.COMPLETED:
            tbs = _tbs(state)
            assert tbs is not None
            _outputs(state, operation, tbs, base64.b64decode(event.body["signature"]))
        case Type.WRITTEN:
            _admit_written(step, state, operation, event)
        case _:
            pass


def _admit_drafted(state: State, operation: IssueOperation, event: Event) -> None:
    """The bytes are made again; the findings are those of the day, for the rules may be others by now."""
    at = event.at
    draft = state.once(("draft", operation.id, at), lambda: _room_draft(state, operation, moment(at)))
    if event.body != _draft_body(operation, draft) | {"findings": event.body["findings"]}:
        raise Refusal("session.draft_differs", operation=operation.id)
    admit_findings(event.body["findings"], operation.id, state.script.waivers, moment(event.at))


def _admit_linted(step: Issue, state: State, operation: IssueOperation, event: Event) -> None:
    want, body = wants(step, state), event.body
    assert isinstance(want, LintBytes)
    names = [tool["name"] for tool in body["tools"] if set(tool) == {"name", "version"}]
    said = {"digest": _linted_digest(state, want), "object": want.object, "operation": operation.id}
    if body != said | {"findings": body["findings"], "tools": body["tools"]} or len(set(names)) != len(body["tools"]):
        raise Refusal("session.linted_otherwise", step=step.id)
    if missing := [name for name in want.required if name not in names]:
        raise Refusal("lint.missing", operation.id, tool=missing[0])
    admit_findings(body["findings"], operation.id, state.script.waivers, _drafted_at(state))


def _admit_written(step: Issue, state: State, operation: IssueOperation, event: Event) -> None:
    want = wants(step, state)
    assert isinstance(want, WriteOut)
    files = [{"digest": canonical.digest(data), "path": path} for path, data in want.files]
    if event.body != {"files": files, "findings": event.body["findings"], "operation": operation.id}:
        raise Refusal("session.other_output", step=step.id)
    admit_findings(event.body["findings"], operation.id, state.script.waivers, _drafted_at(state))


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
        case RequestOperation() | OcspOperation():
            return state
        case _:
            return state.having(certificates={**state.certificates, operation.id: der})


def intent_text(state: State, operation: IssueOperation, tbs: bytes) -> tuple[str, ...]:
    """The lines of the intent, for the screen."""
    return tuple(f"{key}: {value}" for key, value in said(operation, state, tbs))
