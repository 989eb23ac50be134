"""Custody: places opened and closed, things taken, unsealed, sealed, put back. Spec: `spec/script.md`, kind custody."""

from __future__ import annotations

from quorate.event import Body, Event, Type
from quorate.findings import Refusal
from quorate.script import Custody
from quorate.script.state import Lies, State
from quorate.want import Answer, Ask, Question, Typed, Want

NEW_SEAL = "new seal number"
LOG = "line of the log book, with what is written there"
LEFT = "items seen left inside, by id, separated by commas, or none"


def wants(step: Custody, state: State) -> Want | None:
    """What the people of the step type; nothing when it is done, or in a branch when there is nothing to do."""
    if state.happened(Type.MOVED) or (state.line != "main" and _nothing_to_do(step, state)):
        return None
    return Ask(*_questions(step, state))


def _nothing_to_do(step: Custody, state: State) -> bool:
    if step.action == "close":
        return step.place not in state.places
    if step.action == "open":
        return step.place in state.places or not any(_home(state, item) == step.place for item in _to_move(state))
    if step.action == "unseal":
        return step.item not in state.retake or bool(state.items[step.item].place) or not state.items[step.item].seal
    if step.action == "seal":
        return step.item not in _to_move(state) or bool(state.items[step.item].seal)
    return step.item not in _to_move(state)


def _to_move(state: State) -> frozenset[str]:
    """What a branch has to move: after a suspension back onto the table, before an end back into its place."""
    if state.line == "resume":
        return frozenset(item for item in state.retake if state.items[item].place)
    return frozenset(item for item, lies in state.items.items() if not lies.place)


def _home(state: State, item: str) -> str:
    return next(one.place for one in state.script.items if one.id == item)


def _questions(step: Custody, state: State) -> tuple[tuple[Question, ...], tuple[str, ...]]:
    first = step.by[0]
    if step.action == "open":
        return (Question(first, LOG),), ("line 1",)
    if step.action == "close":
        return (Question(first, LOG), Question(step.by[-1], LEFT)), ("line 2", _inside(step, state))
    if step.action == "take":
        seal = state.items[step.item].seal
        return tuple(Question(seat, "seal number as it stands on the bag") for seat in step.by), (seal,) * len(step.by)
    if step.action == "seal":
        stand_in = f"{state.script.ceremony}-{state.size}"
        return tuple(Question(seat, NEW_SEAL) for seat in step.by), (stand_in,) * len(step.by)
    return tuple(Question(seat, "your seat, when it is done") for seat in step.by), step.by


def _inside(step: Custody, state: State) -> str:
    return ", ".join(sorted(item for item, lies in state.items.items() if lies.place == step.place)) or "none"


def takes(step: Custody, state: State, want: Want, answer: Answer) -> tuple[Type, Body]:
    assert isinstance(answer, Typed)
    values = [{"seat": seat, "value": value} for seat, value in answer.values]
    if not _right(step, state, values):
        return Type.MISMATCHED, {"values": values}
    first = str(values[0]["value"])
    seal = state.items[step.item].seal if step.action == "take" else first if step.action == "seal" else ""
    body: Body = {"action": step.action, "by": list(step.by), "item": step.item, "place": step.place, "seal": seal}
    inside = _inside(step, state)
    left = inside.split(", ") if step.action == "close" and inside != "none" else []
    return Type.MOVED, body | {"left": left, "log": first if step.action in ("open", "close") else "", "values": values}


def _right(step: Custody, state: State, values: list[dict[str, str]]) -> bool:
    typed = [one["value"] for one in values]
    if step.action == "open":
        return bool(typed[0].strip())
    if step.action == "close":
        return bool(typed[0].strip()) and _inside(step, state) == _sorted(typed[1])
    if step.action == "take":
        return all(value == state.items[step.item].seal for value in typed)
    if step.action == "seal":
        return len(set(typed)) == 1 and bool(typed[0].strip()) and typed[0] not in state.seals
    return tuple(typed) == step.by


def _sorted(typed: str) -> str:
    return ", ".join(sorted(part.strip() for part in typed.split(","))) if typed.strip() else ""


def admits(step: Custody, state: State, event: Event) -> None:
    """Refuse readings by others than the step names, and a move whose readings do not bear it out."""
    values = event.body["values"]
    asked = wants(step, state)
    seats = tuple(question.seat for question in asked.questions) if isinstance(asked, Ask) else ()
    if tuple(value["seat"] for value in values) != seats:
        raise Refusal("session.other_seats", expected=", ".join(seats), got=str([value["seat"] for value in values]))
    state.require_present(step.by)
    given = Typed(tuple((value["seat"], value["value"]) for value in values))
    if isinstance(asked, Ask) and takes(step, state, asked, given) != (event.type, event.body):
        raise Refusal("session.not_equal", step=step.id)
    if event.type is Type.MOVED and step.action in ("take", "put"):
        if step.place not in state.places:
            raise Refusal("session.place_closed", place=step.place, item=step.item)


def effects(step: Custody, event: Event, state: State) -> State:
    """Where things lie afterwards."""
    if event.type is not Type.MOVED:
        return state
    if step.action == "open":
        return state.having(places=state.places | {step.place})
    if step.action == "close":
        return state.having(places=state.places - {step.place})
    lies = state.items[step.item]
    seal = str(event.body["seal"])
    after = {
        "take": Lies("", lies.seal),
        "unseal": Lies("", ""),
        "seal": Lies("", seal),
        "put": Lies(step.place, lies.seal),
    }[step.action]
    return state.having(items={**state.items, step.item: after}, seals=state.seals | ({seal} if seal else set()))
