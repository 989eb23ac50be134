"""What every validator would make of a sequence of signed DNSKEY RRsets. Floor 2.

Two kinds of validators hold trust anchors for the zone:

- **fixed**: the anchors that were published when somebody last configured it, or the DS set that its caches still
  hold. It may be as old as the policy's `anchor_lag`.
- **automated** (RFC 5011): it began with such a set, on any day, and has learnt since from what it saw. It looks at
  least once a `refresh`, and at each look it may meet any RRset that is valid at that moment: the one in the zone, one
  in a cache, or one that somebody replays.

Time is cut into cells in which the set of valid RRsets does not change, none longer than a `tick`. A look at any
moment of a cell is the look at its beginning, so all of the validators' endlessly many histories become walks through
finitely many states; `follow` visits every one. Because a cell hides when in it a validator looked, a hold-down may
end a tick early or late: both are tried. A validator of the world is therefore always among those tried, and
`Stranded` is either a real one or one that misses by less than two ticks.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum

from quorate.findings import Refusal

HOUR, DAY, SECOND = timedelta(hours=1), timedelta(days=1), timedelta(seconds=1)
LONGEST_REFRESH = 15 * DAY  # RFC 5011 2.3
TICKS_IN_HOLD_DOWN = 15
"""How finely a hold-down is cut: it bounds the number of states, and the two ticks of needless strictness."""


@dataclass(frozen=True, slots=True)
class Shown:
    """One signed DNSKEY RRset as validators meet it; keys are KSKs by name.

    `published` without REVOKE, `revoked` with it and signed by themselves, `signers` whose signature is not by a
    revoked key. `required`: meant for the zone, so that every validator must accept it; if not, it is only replayable.
    """

    name: str
    start: datetime
    end: datetime
    published: frozenset[str]
    signers: frozenset[str]
    revoked: frozenset[str] = frozenset()
    required: bool = True


@dataclass(frozen=True, slots=True)
class Anchor:
    """When a KSK stands in the published trust anchor, or its DS in the parent; `until` is its first moment outside."""

    key: str
    since: datetime
    until: datetime | None = None

    def stands(self, moment: datetime) -> bool:
        return self.since <= moment and (self.until is None or moment < self.until)


@dataclass(frozen=True, slots=True)
class Habits:
    """How validators behave: hold-downs (RFC 5011 2.2, 2.4.2), how often they look, how old an anchor may be."""

    add_hold_down: timedelta = 30 * DAY
    remove_hold_down: timedelta = 30 * DAY
    refresh: timedelta = DAY
    anchor_lag: timedelta = 30 * DAY

    @property
    def tick(self) -> timedelta:
        return max(self.refresh, self.add_hold_down / TICKS_IN_HOLD_DOWN)


def refresh_interval(ttl: int, validity: timedelta) -> timedelta:
    """The longest time between two looks (RFC 5011 2.3): half of TTL or validity, within an hour and 15 days."""
    return max(HOUR, min(LONGEST_REFRESH, timedelta(seconds=ttl) / 2, validity / 2))


@dataclass(frozen=True, slots=True)
class Stranded:
    """A validator that finds no signature by a key it trusts, from `moment` on, in `shown`.

    `first_look` is None for a fixed one. `began` and `trusts` are the keys it began with and trusts now; `looks` is
    what it met on its way.
    """

    shown: Shown
    moment: datetime
    first_look: datetime | None
    began: frozenset[str]
    trusts: frozenset[str]
    looks: tuple[tuple[datetime, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Outcome:
    """Who was stranded, and how much was tried."""

    stranded: tuple[Stranded, ...]
    cells: int
    states: int


MOST_STATES, MOST_LOOKS, MOST_CELLS = 4_000, 50_000, 5_000
"""States in one span of time, looks in all, and spans. A rollover has some hundred states in as many spans, and fifteen
thousand looks in five quarters; files that are made to have more are refused, not computed."""


class Trust(IntEnum):
    """RFC 5011 4.2. A key that is missing stays valid, and one that was removed stays revoked; so these suffice.

    A state of a validator holds one number a key: one of these, or `PENDING` + the cell of its first sighting.
    """

    START = 0
    VALID = 1
    REVOKED = 2
    PENDING = 3


State = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class _Walk:
    """How a state was reached first: when the validator began, with what, and its last step."""

    born: datetime
    began: frozenset[str]
    step: tuple[datetime, str] | None = None
    before: _Walk | None = None

    def looks(self) -> tuple[tuple[datetime, str], ...]:
        steps, walk = list[tuple[datetime, str]](), self
        while walk.before is not None and walk.step is not None:
            if not steps or steps[-1][1] != walk.step[1]:
                steps.append(walk.step)
            walk = walk.before
        return tuple(reversed(steps))


def simulate(showings: Sequence[Shown], anchors: Sequence[Anchor], habits: Habits, since: datetime) -> Outcome:
    """Every validator over all `showings`; the earliest example of each way to be stranded, from the moment `since` on.

    Validators begin with every set of `anchors` that may be configured on that day. When the first showing begins there
    are also older ones, of which only is known that they accept it: they trust one of its signers. Whoever could not
    accept what was required before `since` is not followed further: that is past, and no later RRset can mend it.
    """
    if not showings:
        return Outcome((), 0, 0)
    model = _Model(tuple(showings), tuple(anchors), habits, since)
    fixed = tuple(_fixed(model))
    stranded, states = _follow(model)
    return Outcome((*fixed, *stranded), len(model.moments), states)


class _Model:
    """The showings with their cells of time, and keys as positions in a state."""

    def __init__(
        self, showings: tuple[Shown, ...], anchors: tuple[Anchor, ...], habits: Habits, since: datetime
    ) -> None:
        self.showings, self.anchors, self.habits, self.since = showings, anchors, habits, since
        named = {key for one in showings for key in one.signers | one.revoked}  # others never make an RRset acceptable
        self.keys = tuple(sorted(named | {anchor.key for anchor in anchors}))
        self.place = {key: number for number, key in enumerate(self.keys)}
        self.moments = tuple(itertools.islice(_moments(showings, anchors, habits, since), MOST_CELLS + 1))
        if len(self.moments) > MOST_CELLS:
            raise Refusal("skr.too_many_states", most=MOST_CELLS, what="spans of time")
        self.looks = 0
        self.rows = {one: self._row(one) for one in showings}

    def _row(self, one: Shown) -> tuple[frozenset[int], frozenset[int], frozenset[int]]:
        published, signers, revoked = (
            frozenset(self.place[key] for key in keys if key in self.place)
            for keys in (one.published, one.signers, one.revoked)
        )
        return published, signers, revoked

    def shown_at(self, moment: datetime) -> tuple[Shown, ...]:
        return tuple(one for one in self.showings if one.start <= moment <= one.end)

    def configured(self, moment: datetime) -> frozenset[frozenset[str]]:
        """Every set of anchors that a validator configured within the lag may hold; an empty one is none."""
        oldest = moment - self.habits.anchor_lag
        edges = [edge for one in self.anchors for edge in (one.since, one.until) if edge and oldest < edge <= moment]
        sets = {frozenset(one.key for one in self.anchors if one.stands(at)) for at in (oldest, *edges)}
        return frozenset(sets - {frozenset()})

    def state(self, trusted: Iterable[str]) -> State:
        return tuple(Trust.VALID if key in set(trusted) else Trust.START for key in self.keys)

    def trusts(self, state: State) -> frozenset[str]:
        return frozenset(key for key, held in zip(self.keys, state, strict=True) if held == Trust.VALID)


def _moments(
    showings: Sequence[Shown], anchors: Sequence[Anchor], habits: Habits, since: datetime
) -> Iterator[datetime]:
    """The beginnings of all cells: every edge of a showing or of an anchor's set, and ticks between them."""
    first, last = min(one.start for one in showings), max(one.end for one in showings)
    edges = {first, since} | {edge for one in showings for edge in (one.start, one.end + SECOND)}
    changes = [edge for one in anchors for edge in (one.since, one.until) if edge]
    edges |= {edge for change in changes for edge in (change, change + habits.anchor_lag)}
    inside = sorted(edge for edge in edges if first <= edge <= last)
    for edge, following in zip(inside, [*inside[1:], last + SECOND], strict=True):
        while edge < following:
            yield edge
            edge += habits.tick


def _fixed(model: _Model) -> Iterator[Stranded]:
    """Each pair of an anchor set and what it cannot accept, once, at its earliest."""
    said = set[tuple[frozenset[str], frozenset[str]]]()
    for moment in (one for one in model.moments if one >= model.since):
        for held in sorted(model.configured(moment), key=sorted):
            for one in model.shown_at(moment):
                if one.required and not held & one.signers and (held, one.signers) not in said:
                    said.add((held, one.signers))
                    yield Stranded(one, moment, None, held, held)


def _follow(model: _Model) -> tuple[tuple[Stranded, ...], int]:
    """Visit every state that an automated validator can be in, cell by cell."""
    reached: dict[State, _Walk] = {}
    stranded: dict[tuple[frozenset[str], frozenset[str]], Stranded] = {}
    states = 0
    for cell, moment in enumerate(model.moments):
        for began in _beginning(model, cell, moment):
            reached.setdefault(model.state(began), _Walk(moment, began))
        shown = model.shown_at(moment)
        if moment < model.since:
            required = [one.signers for one in shown if one.required]
            reached = {
                state: walk for state, walk in reached.items() if all(model.trusts(state) & one for one in required)
            }
        reached = _cell(model, reached, shown, cell)
        states += len(reached)
        for state, walk in sorted(reached.items(), key=lambda item: item[1].born):
            trusts = model.trusts(state)
            for one in shown:
                if moment >= model.since and one.required and not trusts & one.signers:
                    stranded.setdefault(
                        (trusts, one.signers), Stranded(one, moment, walk.born, walk.began, trusts, walk.looks())
                    )
    return tuple(stranded.values()), states


def _beginning(model: _Model, cell: int, moment: datetime) -> Iterator[frozenset[str]]:
    yield from sorted(model.configured(moment), key=sorted)
    if cell == 0:
        signers = {key for one in model.shown_at(moment) if one.required for key in one.signers}
        yield from (frozenset({key}) for key in sorted(signers))


def _cell(model: _Model, reached: Mapping[State, _Walk], shown: Sequence[Shown], cell: int) -> dict[State, _Walk]:
    """The states at the end of a cell, after any number of looks; at least one if it is as long as a refresh."""
    moment = model.moments[cell]
    following = model.moments[cell + 1] if cell + 1 < len(model.moments) else moment + model.habits.refresh
    must_look = bool(shown) and following - moment >= model.habits.refresh
    seen: dict[State, _Walk] = {} if must_look else dict(reached)
    waiting = list(reached.items())
    while waiting:
        state, walk = waiting.pop()
        model.looks += len(shown)
        if model.looks > MOST_LOOKS:
            raise Refusal("skr.too_many_states", most=MOST_LOOKS, what="looks")
        for one in shown:
            for after in look(model, state, one, cell):
                if after not in seen:
                    # a look that changes nothing is no step worth telling
                    seen[after] = walk if after == state else _Walk(walk.born, walk.began, (moment, one.name), walk)
                    waiting.append((after, seen[after]))
                    if len(seen) > MOST_STATES:
                        raise Refusal("skr.too_many_states", most=MOST_STATES, what="states at once")
    return seen


def look(model: _Model, state: State, one: Shown, cell: int) -> Iterator[State]:
    """One step of RFC 5011: the states in which a validator may be after it met `one` in `cell`.

    Two where a hold-down may or may not be over, else one. An RRset that it cannot validate teaches it nothing but the
    revocation of a key, which needs no other signature than its own (2.1).
    """
    published, signers, revoked = model.rows[one]
    held = [Trust.REVOKED if place in revoked and trust == Trust.VALID else trust for place, trust in enumerate(state)]
    if not any(held[place] == Trust.VALID for place in signers):
        yield tuple(held)
        return
    doubtful = []
    for place, trust in enumerate(held):
        if place not in published:
            held[place] = Trust.START if trust >= Trust.PENDING else trust
        elif trust == Trust.START:
            held[place] = Trust.PENDING + cell
        elif trust >= Trust.PENDING:
            waited = model.moments[cell] - model.moments[trust - Trust.PENDING] - model.habits.add_hold_down
            if waited >= model.habits.tick:
                held[place] = Trust.VALID
            elif waited >= -model.habits.tick:
                doubtful.append(place)
    yield tuple(held)
    for place in doubtful:
        yield tuple(Trust.VALID if number == place else trust for number, trust in enumerate(held))


def shown_too_briefly(showings: Sequence[Shown], habits: Habits, since: datetime) -> Iterator[tuple[str, timedelta]]:
    """Revocations that end, from `since` on, before every validator must have met them, and how long they were shown.

    That is from the end of the last RRset before them that does not show the revocation to the beginning of the first
    one after them. One whose beginning or end is beyond what is known is not judged (RFC 5011 2.4.2, 6.6).
    """
    first = min(one.start for one in showings)
    for key in sorted({key for one in showings for key in one.revoked}):
        begins = min(one.start for one in showings if key in one.revoked)
        before = [one.end for one in showings if key not in one.revoked and one.start < begins]
        after = [one.start for one in showings if key not in one.revoked and one.start > begins]
        if begins == first or not after or min(after) < since:
            continue
        if (lasts := min(after) - max([begins, *before])) < habits.remove_hold_down:
            yield key, max(lasts, timedelta())
