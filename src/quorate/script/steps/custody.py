"""Custody: places opened and closed, things taken, unsealed, sealed, put back, sent away. Spec: `spec/script.md`."""

from __future__ import annotations

from quorate.event import Body, Event, Type
from quorate.findings import Refusal
from quorate.script import Custody
from quorate.script.state import Lies, State
from quorate.want import Answer, Ask, Question, Typed, Want

NEW_SEAL = "new seal number"
LOG = "line of the log book, with what is written there"
CARRIER = "who takes it away, and the number of their waybill"
LEFT = "items seen left inside, by id, separated by commas, or none"
_LOGGED = ("open", "close", "send")
"""What has a line in a book of its own: the place's, or the carrier's."""


def wants(step: Custody, state: State) -> Want | None:
    """What the people of the step type; nothing when it is done, or in a branch when there is nothing to do."""
    if state.happened(Type.MOVED) or (state.line != "main" and _nothing_to_do(step, state)):
        return None
    return Ask(*_questions(step, state))


def _nothing_to_do(step: Custody, state: State) -> bool:
    """In a branch: things are left and found as the main line had them; a suspension or abort goes on by itself."""
    if state.line == "resume" and not state.to_main:
        return True
    stays_open = step.place in state.reopen and state.line == "resume"
    if step.action == "close":
        return step.place not in state.places or stays_open
    if step.action == "open":
        due = stays_open or bool(_enclosed(step, state) & _to_move(state))
        return step.place in state.places or not due
    if step.action == "unseal":
        lies = state.items[step.item]
        return state.retake.get(step.item, "none") != "" or bool(lies.place) or not lies.seal
    if step.action == "seal":
        return step.item not in _to_move(state) or bool(state.items[step.item].seal)
    return step.item not in _to_move(state)


def _to_move(state: State) -> frozenset[str]:
    """What a branch has to move: after a suspension back onto the table, before an end back into its place."""
    if state.line == "resume":
        return frozenset(item for item in state.retake if state.items[item].place)
    return frozenset(item for item, lies in state.items.items() if not lies.place)


def _enclosed(step: Custody, state: State) -> frozenset[str]:
    """What a branch takes from a place or puts into it, the places within it included: until the place is closed."""
    steps = state.steps(state.line)
    after = steps[steps.index(step) + 1 :]
    end = next(n for n, one in enumerate(after) if isinstance(one, Custody) and _closes(one, step.place))
    return frozenset(one.item for one in after[:end] if isinstance(one, Custody) and one.action in ("take", "put"))


def _closes(step: Custody, place: str) -> bool:
    return (step.action, step.place) == ("close", place)


def _questions(step: Custody, state: State) -> tuple[tuple[Question, ...], tuple[str, ...]]:
    first = step.by[0]
    if step.action == "open":
        return (Question(first, LOG),), ("line 1",)
    if step.action == "close":
        return (Question(first, LOG), Question(step.by[-1], LEFT)), ("line 2", _inside(step, state))
    seal = state.items[step.item].seal if step.action == "take" else ""
    if seal:
        return tuple(Question(seat, "seal number as it stands on the bag") for seat in step.by), (seal,) * len(step.by)
    if step.action == "seal":
        stand_in = f"{state.script.ceremony}-{state.size}"
        return tuple(Question(seat, NEW_SEAL) for seat in step.by), (stand_in,) * len(step.by)
    done = tuple(Question(seat, "your seat, when it is done") for seat in step.by)
    if step.action == "send":
        return (Question(first, CARRIER), *done[1:]), ("carrier 1", *step.by[1:])
    return done, step.by


def _inside(step: Custody, state: State) -> str:
    """What is in the place, but for what may still be on its way there."""
    return ", ".join(sorted(_lying(step, state))) or "none"


def _lying(step: Custody, state: State) -> set[str]:
    return {item for item, lies in state.items.items() if lies.place == step.place and not lies.sent}


def _awaited(step: Custody, state: State) -> set[str]:
    return {item for item, lies in state.items.items() if lies.place == step.place and lies.sent}


def _named(typed: str) -> list[str]:
    """What was seen, as typed: ids, or `none`."""
    named = sorted(part.strip() for part in typed.split(","))
    return [] if named == ["none"] else named


def takes(step: Custody, state: State, want: Want, answer: Answer) -> tuple[Type, Body]:
    assert isinstance(answer, Typed)
    values = [{"seat": seat, "value": value} for seat, value in answer.values]
    if not _right(step, state, [value for _, value in answer.values]):
        return Type.MISMATCHED, {"values": values}
    first = answer.values[0][1]
    log = first if step.action in _LOGGED else ""
    left = _named(answer.values[1][1]) if step.action == "close" else []
    return Type.MOVED, _moved(step, log, left, values if _is_numbered(step, state) else [])


def _is_numbered(step: Custody, state: State) -> bool:
    """Whether the step is about the number of a bag; what lies in none is taken out without."""
    return step.action == "seal" or (step.action == "take" and bool(state.items[step.item].seal))


def _moved(step: Custody, log: str, left: list[str], values: list[dict[str, str]]) -> Body:
    """The body of `moved`: all members, empty where they say nothing."""
    return {
        "action": step.action,
        "by": list(step.by),
        "item": step.item,
        "left": left,
        "log": log,
        "place": step.place,
        "seal": values[0]["value"] if values else "",
        "values": values,
    }


def _right(step: Custody, state: State, typed: list[str]) -> bool:
    if step.action == "open":
        return bool(typed[0].strip())
    if step.action == "close":
        return bool(typed[0].strip()) and _seen(step, state, _named(typed[1]))
    if step.action == "take" and state.items[step.item].seal:
        return all(value == state.items[step.item].seal for value in typed)
    if step.action == "seal":
        return len(set(typed)) == 1 and bool(typed[0].strip()) and typed[0] not in state.seals
    if step.action == "send":
        return bool(typed[0].strip()) and tuple(typed[1:]) == step.by[1:]
    return tuple(typed) == step.by


def _seen(step: Custody, state: State, named: list[str]) -> bool:
    """Everything that lies there, each once, and of what is on its way there whatever has come."""
    lying, seen = _lying(step, state), set(named)
    return len(seen) == len(named) and lying <= seen <= lying | _awaited(step, state)


def admits(step: Custody, state: State, event: Event) -> None:
    """Refuse readings by others than the step names, and a move whose readings do not bear it out."""
    values, asked = event.body["values"], _questions(step, state)[0]
    reading = event.type is Type.MISMATCHED or _is_numbered(step, state)
    seats = tuple(question.seat for question in asked) if reading else ()
    if tuple(value["seat"] for value in values) != seats:
        raise Refusal("session.other_seats", expected=", ".join(seats), got=str([value["seat"] for value in values]))
    state.require_present(step.by)
    typed = [str(value["value"]) for value in values]
    if event.type is Type.MISMATCHED:
        fits = not _right(step, state, typed)
    else:
        log, left = event.body["log"], event.body["left"]
        logged = bool(log.strip()) if step.action in _LOGGED else not log
        unnamed = step.action == "send" and not log  # as records had it at first
        seen = step.action != "close" or (left == sorted(left) and _seen(step, state, left))
        borne_out = (logged or unnamed) and seen and (not reading or _right(step, state, typed))
        fits = borne_out and event.body == _moved(step, log, left if step.action == "close" else [], values)
    if not fits:
        raise Refusal("session.not_equal", step=step.id)
    if event.type is Type.MOVED and step.action in ("take", "put") and step.place not in state.places:
        raise Refusal("session.place_closed", place=step.place, item=step.item)


def effects(step: Custody, event: Event, state: State) -> State:
    """Where things lie afterwards."""
    if event.type is not Type.MOVED:
        return state
    if step.action == "open":
        return state.having(places=state.places | {step.place})
    if step.action == "close":
        come = {
            name: Lies(step.place, state.items[name].seal) for name in _awaited(step, state) & {*event.body["left"]}
        }
        return state.having(places=state.places - {step.place}, items={**state.items, **come})
    lies = state.items[step.item]
    seal = str(event.body["seal"])
    if step.action == "seal":
        state = _bagged(step.item, seal, state)
    after = {
        "take": Lies("", lies.seal),
        "unseal": Lies("", ""),
        "seal": Lies("", seal),
        "put": Lies(step.place, lies.seal),
        "send": Lies(step.place, lies.seal, sent=True),
    }[step.action]
    return state.having(items={**state.items, step.item: after}, seals=state.seals | ({seal} if seal else set()))


def _bagged(item: str, seal: str, state: State) -> State:
    """A bag holds copies of keys that were there when it was closed; what lay open for a while may hold anything."""
    if not seal:
        closings = {name: keys for name, keys in state.closings.items() if name != item}
        return state.having(gaped=state.gaped | {item}, closings=closings)
    made = frozenset(state.keys) - {known.id for known in state.script.keys}
    return state.having(closings={**state.closings, item: made})
