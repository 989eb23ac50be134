"""A ceremony is a fold of its transcript over its script. Floor 2. Spec: `spec/transcript.md`.

`decide` refuses an event before it is written and again when it is read back; `evolve` only applies. Events belong to
the current step in the order that the step's wants give, but for those of `_ASIDE`, which may come at any moment.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from quorate import canonical
from quorate.authority import AuthorityState
from quorate.event import Body, Event, Type, moment
from quorate.findings import Refusal
from quorate.people import Presence
from quorate.script import NEVER_SKIPPED, Custody, Script, Step
from quorate.script.operations import ImportOperation
from quorate.script.state import Cursor, Lies, State, Status
from quorate.script.steps import admits, effects, wants
from quorate.script.steps.attendance import admit_arrival, arrival
from quorate.script.steps.command import require_within_window
from quorate.statement import StatementType
from quorate.tlog import Tree
from quorate.want import Arrive, Ballot, Want

_ASIDE = frozenset(
    {
        Type.LEFT,
        Type.REFUSED,
        Type.DEVIATED,
        Type.PAUSED,
        Type.SUSPENDED,
        Type.ABORTED,
        Type.RESUMED,
        Type.FAULT,
    }
)
_SAID = frozenset(
    {
        Type.ARRIVED,
        Type.MISMATCHED,
        Type.OBSERVED,
        Type.APPROVED,
        Type.COMMANDED,
        Type.COSIGNED,
    }
)
"""What people say and see: it opens the way to what follows, and changes no thing by itself."""
_RESTING = (Status.PAUSED, Status.SUSPENDED)


def begin(script: Script, authority: AuthorityState, inputs: Mapping[str, bytes]) -> State:
    """The state before event 0. `inputs`: the files of `inputs/` and `drafts/` by path."""
    return _advance(_outset(script, canonical.digest(script.file()), authority, inputs))


def _outset(script: Script, digest: str, authority: AuthorityState, inputs: Mapping[str, bytes]) -> State:
    return State(
        script=script,
        script_digest=digest,
        authority=authority,
        inputs=inputs,
        sets={(known.token, known.credential): known.set for known in script.sets},
        keys={known.id: known for known in script.keys},
        spkis={name: inputs[f"inputs/known/{name}.spki.der"] for name in _known(script)},
        items={item.id: Lies(item.place, item.seal, item.sent) for item in script.items},
        seals=frozenset((*script.seals, *(i.seal for i in script.items), *(i.seal for i in authority.items))),
    )


def _known(script: Script) -> tuple[str, ...]:
    """The public keys of earlier ceremonies that count here: of keys on tokens, and those whose pair is to be shown."""
    here = {one.id for one in (*script.operations, *script.adopted)}
    shown = (one.key for one in script.operations if isinstance(one, ImportOperation))
    return tuple(dict.fromkeys((*(known.id for known in script.keys), *(name for name in shown if name not in here))))


def recount(
    script: Script, authority: AuthorityState, inputs: Mapping[str, bytes], events: Iterable[Event], tree: Tree
) -> State:
    """What a sealed ceremony came to: keys, artifacts, sets, items, seals, by the effects of its events alone.

    `inputs`: every file that event 0 names.

    Nothing is decided anew: that was done before each event was written, and the root of `tree`, which people have
    cosigned, says that these are the events. Who was where in the end is not told.
    """
    lines = {"main": script.steps, "abort": script.branches.abort}
    lines |= {"resume": script.branches.resume, "suspend": script.branches.suspend}
    places = {step.id: (line, index) for line, steps in lines.items() for index, step in enumerate(steps)}
    progress: dict[str, tuple[Event, ...]] = {}
    state = _outset(script, canonical.digest(inputs["script.json"]), authority, inputs).having(tree=tree)
    for event in events:
        before = progress.get(event.step, ())
        progress[event.step] = (*before, event)
        if event.type in _SAID or event.step not in places:
            continue
        line, index = places[event.step]
        state = state.having(cursors=(Cursor(line, index, before),))
        if event.type is Type.DEVIATED:
            state = _dealt_with(state, event)
        elif event.type not in _ASIDE:
            with _of_its_shape(event):
                state = effects(lines[line][index], event, state)
    return state.having(status=Status.CLOSED)


def want(state: State) -> Want | None:
    """What is wanted next; None when nothing is: resting, or closed."""
    if state.status in _RESTING or state.status is Status.CLOSED or state.step is None:
        return None
    return wants(state.step, state)


def replay(state: State, events: Iterable[Event]) -> State:
    """The state after `events`, each refused as it would have been before it was written."""
    for event in events:
        decide(state, event)
        with _of_its_shape(event):
            state = evolve(state, event)
    return state


@contextmanager
def _of_its_shape(event: Event) -> Iterator[None]:
    """A body that lacks what its type has is `record.event_malformed`; the spec lists the members."""
    try:
        yield
    except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
        raise Refusal("record.event_malformed", f"event {event.seq}: {type(error).__name__}") from None


def decide(state: State, event: Event) -> None:
    """Refuse an event that may not follow here."""
    if event.seq != state.size or event.at < state.at:
        raise Refusal("session.out_of_order", f"event {event.seq}")
    with _of_its_shape(event):
        _decide(state, event)


def _decide(state: State, event: Event) -> None:
    if state.status is Status.CLOSED:
        raise Refusal("session.over", f"event {event.seq}")
    if event.seq == 0 or event.type is Type.OPENED:
        return _decide_opened(state, event)
    step = state.step
    if event.step != (step.id if step else ""):
        raise Refusal("session.wrong_step", expected=step.id if step else "none", got=event.step)
    if state.status in _RESTING and event.type not in (Type.RESUMED, Type.FAULT):
        raise Refusal("session.resting", status=state.status.value)
    if event.type in _ASIDE:
        return _decide_aside(state, event)
    if event.type is Type.ARRIVED and not _awaits_somebody(state):
        return admit_arrival(state, event)
    if step is None:
        raise Refusal("session.not_due", type=event.type.value, step="")
    require_quorate(state)
    if event.type in (Type.APPROVED, Type.INTENDED):
        require_within_window(state.script, moment(event.at))
    admits(step, state, event)
    return None


def _decide_opened(state: State, event: Event) -> None:
    script = state.script
    said = (event.body["ceremony"], event.body["mode"], event.body["predecessor"], event.body["authority"])
    authority = {"genesis": script.authority.genesis, "name": script.authority.name, "state": script.authority.state}
    if event.seq != 0 or event.type is not Type.OPENED or event.step:
        raise Refusal("session.not_due", type=event.type.value, step=event.step)
    if said != (script.ceremony, script.mode.value, script.predecessor, authority):
        raise Refusal("session.other_ceremony", ceremony=script.ceremony)
    require_within_window(script, moment(event.at))


def require_quorate(state: State) -> None:
    """Refuse to go on in an act while one of the seats it needs is empty (two people at least, BR 5.2.2)."""
    missing = absent(state)
    if missing:
        raise Refusal("session.not_quorate", seats=", ".join(missing))


def absent(state: State) -> tuple[str, ...]:
    """The seats that the current act needs and that are empty, once its people should be there."""
    step = state.step
    act = state.script.act(step.id) if step and state.line == "main" else None
    if act is None or _awaits_somebody(state):
        return ()
    return tuple(seat for seat in act.present if seat not in state.seats)


def _awaits_somebody(state: State) -> bool:
    """Whether the step wants somebody to come in; what it cannot have of those who are here is another matter."""
    try:
        return isinstance(want(state), Arrive)
    except Refusal:
        return False


def awaited(state: State) -> tuple[str, ...]:
    """The empty seats that an interrupted act needs, once its roll has been called: who had left comes back first."""
    if not state.to_main or _awaits_somebody(state):
        return ()
    act = state.script.act(state.steps("main")[state.cursors[0].index].id)
    return tuple(seat for seat in act.present if seat not in state.seats) if act else ()


# -- what may come at any moment --------------------------------------------------------------------------------------


def _decide_aside(state: State, event: Event) -> None:
    body = event.body
    match event.type:
        case Type.LEFT:
            if body["seat"] not in state.seats and body["seat"] not in state.roll:
                raise Refusal("session.seat_absent", seat=body["seat"])
        case Type.DEVIATED | Type.SUSPENDED | Type.ABORTED:
            _decide_signed(state, event)
        case Type.PAUSED:
            if state.unlocked and not isinstance(body["why"], str):
                raise Refusal("record.event_malformed", "paused")
        case Type.RESUMED:
            torn = body["torn"]
            whole = torn is None or (
                set(torn) == {"digest", "path"} and all(isinstance(torn[one], str) for one in torn)
            )
            if body["after"] not in ("interruption", "pause", "suspension") or not whole:
                raise Refusal("record.event_malformed", "resumed")
            if (body["after"] == "suspension") is not (state.status is Status.SUSPENDED):
                raise Refusal("session.not_due", type="resumed", step=event.step)
        case _:
            pass


def _decide_signed(state: State, event: Event) -> None:
    """A deviation, suspension or abort stands on two people's signatures over its words."""
    body = event.body
    require_due(state, event.type, bool(body.get("skip", False)))
    ballots = deviation_ballots(state, event.type, body)
    signers = {state.admit_signature(one, ballots).statement.signer for one in body["signatures"]}
    if len(signers) != 2 or len(body["signatures"]) != 2:
        raise Refusal("session.two_people", have=len(signers))


def unsettled(state: State) -> tuple[tuple[str, int], ...]:
    """The operations whose use of a token was interrupted and is not settled, each with the number of the attempt."""
    found = []
    for number, cursor in enumerate(state.cursors, 1):
        there = state.having(cursors=state.cursors[:number])
        intended = [event for event in cursor.progress if event.type is Type.INTENDED]
        if there.pending and intended:
            found.append((str(intended[-1].body["operation"]), int(intended[-1].body["attempt"])))
    return tuple(found)


def require_due(state: State, kind: Type, skip: bool = False) -> None:
    """Refuse a suspension or an abort where there is none, and a skip of what is never skipped: before people sign."""
    step = state.step.id if state.step else ""
    lines = {Type.SUSPENDED: ("main", "resume"), Type.ABORTED: ("main", "resume", "suspend")}
    if state.status in _RESTING:
        raise Refusal("session.resting", status=state.status.value)
    aborting = kind is Type.SUSPENDED and any(cursor.line == "abort" for cursor in state.cursors)
    if aborting or state.line not in lines.get(kind, (state.line,)):
        raise Refusal("session.not_due", type=kind.value, step=step)
    missing = [seat for seat in state.roll if seat not in state.seats]
    if kind is Type.SUSPENDED and state.line == "resume" and missing:
        raise Refusal("session.seat_absent", seat=", ".join(missing))  # who puts things away has to be there
    if skip and isinstance(state.step, NEVER_SKIPPED):
        raise Refusal("session.never_skipped", step=step)


def deviation_ballots(state: State, kind: Type, body: Body) -> tuple[Ballot, ...]:
    """What two of those present sign for a deviation, a suspension or an abort."""
    said: tuple[tuple[str, str], ...] = (("event", kind.value), ("why", str(body["why"])))
    if kind is Type.DEVIATED:
        what, impact = str(body["what"]), str(body["impact"])
        skip = "yes" if body["skip"] else "no"
        said = (said[0], ("what", what), said[1], ("impact", impact), ("skip", skip))
    return state.ballots(StatementType.DEVIATION, said)


# -- applying ---------------------------------------------------------------------------------------------------------


def evolve(state: State, event: Event) -> State:
    """The state after an event that `decide` has let pass. Does not fail, has no side effects."""
    after = state.having(tree=state.tree.add(event.committed()), at=event.at)
    for file in event.body.get("files", ()):
        if not file["path"].startswith("media/"):
            after = after.having(files={**after.files, file["path"]: file["digest"]})
    if event.type in _ASIDE:
        return _advance(_evolve_aside(after, event))
    if event.type is Type.ARRIVED:
        body = event.body
        sat = after.sat | {(body["seat"], body["person"])}
        after = after.having(seats={**after.seats, body["seat"]: body["person"]}, sat=sat)
    elif event.type is Type.CLOSED:
        return _noted(after, event).having(status=Status.CLOSED)
    elif event.type is not Type.OPENED and after.step is not None:
        after = effects(after.step, event, after)
        if event.type in (Type.SETTLED, Type.COMPLETED):
            after = after.having(interrupted=False)
        if event.type is Type.APPROVED:
            used = after.script.operation(event.body["operation"]).token
            after = after.having(authorised=after.authorised | {(used, event.body["signature"]["person"])})
    return _advance(_noted(after, event) if event.type is not Type.OPENED else after)


def _noted(state: State, event: Event) -> State:
    """The event among those of the current step."""
    last = state.cursors[-1]
    return state.having(cursors=(*state.cursors[:-1], Cursor(last.line, last.index, (*last.progress, event))))


def _advance(state: State) -> State:
    """Past every step that wants nothing more; at the end of a branch back to the line that waited."""
    while state.status is not Status.CLOSED:
        last = state.cursors[-1]
        step = state.step
        if step is None:
            if len(state.cursors) == 1:
                return state
            state = _branch_done(state)
        elif state.status in _RESTING or _is_wanting(step, state):
            return state
        else:
            state = state.having(cursors=(*state.cursors[:-1], Cursor(last.line, last.index + 1)))
    return state


def _is_wanting(step: Step, state: State) -> bool:
    """Whether a step wants something more; where those here cannot give it, it still does."""
    try:
        return wants(step, state) is not None
    except Refusal:
        return True


def _branch_done(state: State) -> State:
    done = state.line
    state = state.having(cursors=state.cursors[:-1])
    if done == "suspend":
        return state.having(status=Status.SUSPENDED)
    if done == "resume":
        state = state.having(roll=())
        return state.having(relock=(), retake={}, reopen=frozenset()) if state.line == "main" else state
    return state


def _evolve_aside(state: State, event: Event) -> State:
    match event.type:
        case Type.LEFT:
            seat = event.body["seat"]
            seats = {name: person for name, person in state.seats.items() if name != seat}
            return state.having(seats=seats, roll=tuple(name for name in state.roll if name != seat))
        case Type.DEVIATED:
            return _deviated(state, event)
        case Type.PAUSED:
            return _noted(state, event).having(status=Status.PAUSED)
        case Type.SUSPENDED:
            return _suspended(state)
        case Type.ABORTED:
            return state.having(status=Status.ABORTING, cursors=(Cursor("abort", 0),))
        case Type.RESUMED:
            return _resumed(state, event)
        case _:
            return state


def _suspended(state: State) -> State:
    """All is to be put away. While people were coming back, what was out when they first stopped is fetched later."""
    relock = tuple(dict.fromkeys((*state.relock, *state.unlocked)))
    out = {item: lies.seal for item, lies in state.items.items() if not lies.place}
    if state.line == "resume":
        waiting = tuple(cursor for cursor in state.cursors if cursor.line == "main")
        state = state.having(status=Status.SUSPENDING, retake={**out, **state.retake}, relock=relock)
        return state.having(cursors=(*waiting, Cursor("suspend", 0)))
    state = state.having(status=Status.SUSPENDING, retake=out, reopen=state.places, relock=state.unlocked)
    return state.having(cursors=(*state.cursors, Cursor("suspend", 0)))


def _deviated(state: State, event: Event) -> State:
    state = _noted(state, event).having(deviations=(*state.deviations, event))
    step = state.step
    if not event.body["skip"] or step is None:
        return state
    state = _dealt_with(state, event)
    last = state.cursors[-1]
    return state.having(cursors=(*state.cursors[:-1], Cursor(last.line, last.index + 1)))


def _dealt_with(state: State, event: Event) -> State:
    """A move that two people accept as dealt with counts as made."""
    step = state.step
    if not event.body["skip"] or not isinstance(step, Custody):
        return state
    moved: dict[str, Any] = {"left": [], "seal": state.items[step.item].seal if step.action == "take" else ""}
    return effects(step, Event(event.seq, event.at, event.step, Type.MOVED, moved, event.salt), state)


def _resumed(state: State, event: Event) -> State:
    """Everything volatile is void: sign-ins, logins, entered words. Then the roll call, clock, machine and the rest."""
    waiting = tuple(cursor for cursor in state.cursors if cursor.line != "resume")
    current = waiting[-1]
    waiting = (*waiting[:-1], Cursor(current.line, current.index, (*current.progress, event)))
    called = {*state.seats, *state.roll}
    keyed_first = sorted(state.script.seats, key=lambda seat: seat.presence is not Presence.KEYED)
    roll = tuple(seat.id for seat in keyed_first if seat.id in called)  # who has no key is identified by two who do
    reopen = state.places if state.line == "main" and state.status is not Status.SUSPENDED else state.reopen
    relock = tuple(dict.fromkeys((*state.relock, *state.unlocked)))
    status = Status.OPEN if state.status in (*_RESTING, Status.OPEN) else state.status
    state = state.having(seats={}, roll=roll, unlocked=(), relock=relock, reopen=reopen, status=status, cursors=waiting)
    if len(waiting) == 1 and _still_opening(state):
        return state.having(cursors=(Cursor("main", 0),), roll=())
    pending = state.pending
    return state.having(interrupted=state.interrupted or pending, cursors=(*waiting, Cursor("resume", 0)))


def _still_opening(state: State) -> bool:
    step = state.steps("main")[min(state.cursors[0].index, len(state.script.steps) - 1)]
    return state.cursors[0].line == "main" and step.id.startswith("1.")


def late_arrival(state: State, seat: str) -> Arrive:
    """What is wanted when the person of an empty seat comes in at some other moment."""
    return arrival(state, seat)
