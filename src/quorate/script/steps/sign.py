"""Sign: the key sets of zones, response by response under one approval. Spec: `spec/script.md`, kind sign.

One intent lists every RRset. An attempt is a whole response: what the power cut of an attempt with a deterministic
algorithm took is made again, for it can only be the same; of any other the quorum states that it is lost.
"""

from __future__ import annotations

import base64
import functools
from datetime import datetime

from quorate import canonical
from quorate.dnssec.dnskey import Algorithm
from quorate.event import Body, Event, Type, moment
from quorate.findings import Refusal
from quorate.script import Sign
from quorate.script.intent import approval, digest_of, settlement, signers
from quorate.script.judging import judge
from quorate.script.operations import SignOperation
from quorate.script.skr import (
    SIGNATURES,
    SkrDraft,
    SkrDrafts,
    Unjudged,
    deterministic,
    finish_response,
    judged_drafts,
    unjudged_drafts,
)
from quorate.script.state import Deed, State
from quorate.script.steps.command import admit_command, admit_intended, ask_command, take_command
from quorate.statement import StatementType
from quorate.want import (
    Answer,
    Ask,
    Collect,
    Failed,
    MakeDraft,
    Nothing,
    Record,
    SignAll,
    SignaturesMade,
    SignBytes,
    Signed,
    Typed,
    Want,
    WriteOut,
)


def operation_of(step: Sign, state: State) -> SignOperation:
    operation = state.script.operation(step.operation)
    assert isinstance(operation, SignOperation)
    return operation


def drafts_of(state: State, operation: SignOperation, at: datetime) -> SkrDrafts:
    """The drafts of an operation, made once for the same moment."""
    return _drafts(_Frozen(state), operation.id, at)


class _Frozen:
    """What drafts depend on and no event changes, so that they need not be made anew at each."""

    def __init__(self, state: State) -> None:
        self.state = state
        self.key = (state.script_digest, tuple(sorted(state.keys)))

    def __hash__(self) -> int:
        return hash(self.key)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Frozen) and self.key == other.key


@functools.lru_cache(maxsize=4)
def _drafts(frozen: _Frozen, name: str, at: datetime) -> SkrDrafts:
    operation = frozen.state.script.operation(name)
    assert isinstance(operation, SignOperation)
    return judged_drafts(_unjudged(frozen, name, at), operation, at)


@functools.lru_cache(maxsize=4)
def _unjudged(frozen: _Frozen, name: str, at: datetime) -> Unjudged:
    state = frozen.state
    operation = state.script.operation(name)
    assert isinstance(operation, SignOperation)
    return unjudged_drafts(state.script, operation, state.inputs, state.spkis, at)


def _drafted(state: State, operation: SignOperation) -> SkrDrafts:
    """As they were drafted: judged at that moment, whatever the clock says by now."""
    return drafts_of(state, operation, moment(state.happened(Type.DRAFTED)[-1].at))


def wants(step: Sign, state: State) -> Want | None:
    if state.happened(Type.WRITTEN):
        return None
    operation = operation_of(step, state)
    if not state.happened(Type.DRAFTED):
        return MakeDraft(operation.id)
    made = _drafted(state, operation)
    drafts, file = made.drafts, made.file
    done = state.happened(Type.COMPLETED)
    if len(done) == len(drafts):
        return WriteOut(_outputs(state, operation))
    if missing := approval(state, operation, file):
        return missing
    draft = drafts[len(done)]
    if state.pending:
        if state.interrupted and not deterministic(draft):
            return settlement(state, operation, signers(state.since(Type.SETTLED), StatementType.SETTLEMENT))
        return SignAll(operation.token, _signings(state, operation, draft))
    if not state.commanded:
        return ask_command(state, operation.token, digest_of(operation, state.script, file))
    return Record(Type.INTENDED.value, _intended(state, operation, draft))


def _intended(state: State, operation: SignOperation, draft: SkrDraft) -> Body:
    return {"attempt": state.attempt, "digest": draft.digest, "operation": operation.id}


def _signings(state: State, operation: SignOperation, draft: SkrDraft) -> tuple[SignBytes, ...]:
    keys = {part.ksk: state.keys[part.key] for part in draft.response.keys}
    return tuple(
        SignBytes(
            operation.token,
            bytes.fromhex(keys[one.ksk].object),
            keys[one.ksk].type,
            SIGNATURES[Algorithm(one.key.algorithm)],
            one.data,
        )
        for one in draft.draft.signings
    )


def _outputs(state: State, operation: SignOperation) -> tuple[tuple[str, bytes], ...]:
    """The files of an operation whose responses are all signed."""
    planned = zip(operation.outputs, operation.responses, strict=True)
    return tuple((path, state.skrs[one.id].data) for path, one in planned)


def _signatures(body: Body) -> list[bytes]:
    return [base64.b64decode(one) for one in body["signatures"]]


def takes(step: Sign, state: State, want: Want, answer: Answer, at: str) -> tuple[Type, Body]:
    operation = operation_of(step, state)
    head: Body = {"attempt": state.attempt, "operation": operation.id}
    match want, answer:
        case MakeDraft(), Nothing():
            return Type.DRAFTED, _draft_body(state, operation, moment(at))
        case Collect(), Signed():
            return Type.APPROVED, {"operation": operation.id, "signature": answer.body()}
        case Ask(), Typed():
            digest = digest_of(operation, state.script, _drafted(state, operation).file)
            return take_command(state, operation.id, digest, answer)
        case Record(), _:
            return Type(want.type), want.body
        case SignAll(), SignaturesMade():
            made = [base64.b64encode(one).decode() for one in answer.signatures]
            return Type.COMPLETED, head | {"calls": [list(call) for call in answer.calls], "signatures": made}
        case _, Failed():
            return Type.SETTLED, head | {"calls": [list(call) for call in answer.calls], "outcome": answer.outcome}
        case WriteOut(), Nothing():
            files = [{"digest": canonical.digest(data), "path": path} for path, data in want.files]
            return Type.WRITTEN, {"files": files, "findings": [], "operation": operation.id}
    raise AssertionError(f"no event for {answer}")


def _draft_body(state: State, operation: SignOperation, now: datetime) -> Body:
    """The draft as it is made in the room: the frozen bytes, judged once more."""
    made = drafts_of(state, operation, now)
    file = made.file
    if file != state.inputs[state.script.draft(operation.id).file]:
        raise Refusal("session.draft_differs", operation=operation.id)
    findings = judge(made.findings, operation.id, state.script.waivers, now)
    tbs = base64.b64encode(file).decode()
    return {"digest": canonical.digest(file), "findings": findings, "operation": operation.id, "tbs": tbs}


def admits(step: Sign, state: State, event: Event) -> None:
    operation = operation_of(step, state)
    match event.type:
        case Type.DRAFTED:
            if event.body != _draft_body(state, operation, moment(event.at)):
                raise Refusal("session.draft_differs", operation=operation.id)
        case Type.COMMANDED | Type.MISMATCHED:
            digest = digest_of(operation, state.script, _drafted(state, operation).file)
            admit_command(state, operation.token, digest, event)
        case Type.INTENDED:
            admit_intended(state, operation.token, wants(step, state), event)
        case Type.COMPLETED:
            drafts = _drafted(state, operation).drafts
            finish_response(drafts[len(state.happened(Type.COMPLETED))], _signatures(event.body))
        case Type.WRITTEN:
            want = wants(step, state)
            made = takes(step, state, want, Nothing(), event.at) if isinstance(want, WriteOut) else None
            if made != (event.type, event.body):
                raise Refusal("session.other_output", step=step.id)
        case _:
            pass


def effects(step: Sign, event: Event, state: State) -> State:
    """A response is signed when its signatures are on disk: whoever has them can use it, written or not."""
    if event.type is not Type.COMPLETED:
        return state
    operation = operation_of(step, state)
    planned = operation.responses[sum(one.seq < event.seq for one in state.happened(Type.COMPLETED))]
    at = moment(state.happened(Type.DRAFTED)[-1].at)
    draft = _unjudged(_Frozen(state), operation.id, at).draft(planned.id)
    made = Deed(event.at, finish_response(draft, _signatures(event.body)))
    return state.having(skrs={**state.skrs, planned.id: made})
