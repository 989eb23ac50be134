"""Reading, comparing, looking: what people do with eyes and voice. Spec: `spec/script.md`, kinds read, compare, look.

Comparing means typing back what was read; a value that differs is kept in the record, and the question is asked again.
"""

from __future__ import annotations

from datetime import UTC, datetime

from quorate.event import Body, Event, Type, moment
from quorate.findings import Refusal
from quorate.script import Adopt, Compare, Look, Read
from quorate.script.state import State
from quorate.statement import Mode
from quorate.want import Answer, Ask, Confirm, LookAt, Question, Seen, Typed, Want
from quorate.words import are_words_of, ends
from quorate.x509.facts import read_certificate

LARGEST_CLOCK_OFFSET = 60
"""Seconds between the host's clock and the independent source: notBefore must be within a day before signing, and a
wrong clock is how certificates come to be backdated."""
CLOCK = "%Y-%m-%dT%H:%M:%SZ"


def wants_read(step: Read | Adopt, state: State) -> Want | None:
    return None if state.happened(Type.ACKNOWLEDGED) else Confirm(step.by)


def wants_look(step: Look, state: State) -> Want | None:
    if state.happened(Type.ACKNOWLEDGED):
        return None
    observed = state.happened(Type.OBSERVED)
    return Confirm(step.by, _seen(observed[-1].body)) if observed else LookAt(step.what)


def _seen(body: Body) -> tuple[str, ...]:
    """What the machine shows of itself, for people to compare and judge."""
    facts = [f"{name}: {fact}" for name, fact in body["facts"].items()]
    return (*facts, *(f"{one['level']} {one['name']}: {one['text']}" for one in body["findings"]))


def wants_compare(step: Compare, state: State) -> Want | None:
    if state.happened(Type.COMPARED):
        return None
    if step.source == "checkpoint" and not state.checkpoint_root and state.line != "main":
        return None  # nothing was ever written on paper
    if step.source == "token" and state.line == "resume" and not (state.to_main and _at_hand(step.expected, state)):
        return None
    kind = "clock" if step.source == "clock" else "text"
    of_digest = ": first four and last four words" if step.source in ("digest", "file") else ""
    questions = tuple(Question(seat, step.title + of_digest, kind) for seat in step.by)
    return Ask(questions, tuple(expected(step, state) for _ in step.by))


def _at_hand(token: str, state: State) -> bool:
    """Whether its number can be read: it is in no bag of ours, or one of its bags is out and open."""
    bags = [item.id for item in state.authority.items if item.holder == token and item.id in state.items]
    return not bags or any(not (state.items[bag].place or state.items[bag].seal) for bag in bags)


def expected(step: Compare, state: State) -> str:
    """What should be read, as far as it is known beforehand."""
    if step.source == "checkpoint":
        return " ".join(ends(state.checkpoint_root))
    if step.source == "digest":
        return " ".join(ends(_octets(state.script_digest)))
    if step.source == "file":
        return " ".join(ends(_octets(step.expected)))
    if step.source == "token":
        return state.script.token(step.expected).serial
    return step.expected


def takes(step: Read | Adopt | Look | Compare, state: State, want: Want, answer: Answer, at: str) -> tuple[Type, Body]:
    if isinstance(step, Compare):
        assert isinstance(answer, Typed)
        values = [{"seat": seat, "value": value} for seat, value in answer.values]
        right = all(fits(step, state, value, at) for _, value in answer.values)
        return (Type.COMPARED if right else Type.MISMATCHED), {"values": values}
    if isinstance(answer, Seen):
        findings = [{"level": level, "name": name, "text": text} for level, name, text in answer.findings]
        return Type.OBSERVED, {"facts": dict(answer.facts), "findings": findings, "what": getattr(want, "what", "")}
    return Type.ACKNOWLEDGED, {"by": list(step.by)}


def fits(step: Compare, state: State, value: str, at: str) -> bool:
    """Whether a typed value is the expected one."""
    if step.source == "clock":
        try:
            told = datetime.strptime(value, CLOCK).replace(tzinfo=UTC)
        except ValueError:
            return False
        return abs((told - moment(at)).total_seconds()) <= LARGEST_CLOCK_OFFSET
    if step.source == "checkpoint":
        return are_words_of(value, state.checkpoint_root)
    if step.source == "digest":
        return are_words_of(value, _octets(state.script_digest))
    if step.source == "file":
        return are_words_of(value, _octets(step.expected))
    return value == expected(step, state)


def _octets(digest: str) -> bytes:
    return bytes.fromhex(digest.removeprefix("sha256:"))


def effects_compare(step: Compare, event: Event, state: State) -> State:
    """What was compared with a published artifact is published from now on."""
    if step.source != "file" or event.type is not Type.COMPARED:
        return state
    artifacts = {one.artifact for one in state.script.publications if one.digest == step.expected}
    return state.having(published=state.published | artifacts)


def effects_adopt(step: Adopt, event: Event, state: State) -> State:
    """What was adopted is there from now on, as if an operation of its id had made it."""
    if event.type is not Type.ACKNOWLEDGED:
        return state
    certificates, spkis = dict(state.certificates), dict(state.spkis)
    for one in (one for one in state.script.adopted if one.id in step.artifacts):
        der = state.inputs[one.file]
        state = state.with_deed(one.id, event.at, der)
        if one.kind == "certificate":
            certificates[one.id] = der
        if one.kind in ("certificate", "key"):
            spkis[one.id] = read_certificate(der, one.id).spki if one.kind == "certificate" else der
    return state.having(certificates=certificates, spkis=spkis)


def admits(step: Read | Adopt | Look | Compare, state: State, event: Event) -> None:
    """Refuse an answer by others than the step names, or one that is called equal and is not."""
    if event.type is Type.ACKNOWLEDGED:
        if event.body != {"by": list(step.by)}:
            raise Refusal("session.other_seats", expected=", ".join(step.by), got=str(event.body.get("by")))
        state.require_present(step.by)
        if isinstance(step, Look):
            _require_alone(state)
    elif event.type is Type.OBSERVED:
        _seen(event.body)  # fails if it cannot be shown
    elif isinstance(step, Compare):
        values = [(value["seat"], value["value"]) for value in event.body["values"]]
        if tuple(seat for seat, _ in values) != step.by:
            raise Refusal("session.other_seats", expected=", ".join(step.by), got=str([seat for seat, _ in values]))
        state.require_present(step.by)
        right = all(fits(step, state, value, event.at) for _, value in values)
        if right is not (event.type is Type.COMPARED):
            raise Refusal("session.not_equal", step=step.id)


def _require_alone(state: State) -> None:
    """A web PKI ceremony does not go on beside a network unless two people have accepted it as a deviation."""
    if state.script.rules != "webpki" or state.script.mode is not Mode.REAL:
        return
    observed = state.happened(Type.OBSERVED)[-1]
    failed = [finding["name"] for finding in observed.body["findings"] if finding["level"] == "FAIL"]
    if failed and not any(event.seq > observed.seq for event in state.happened(Type.DEVIATED)):
        raise Refusal("session.machine_not_fit", names=", ".join(failed))
