"""Tiers: places within places, and the proof that every key lies behind different people at each of them. Floor 1.

What leads to a token is the thing itself and the shares or cards that unlock it. The way to a thing is the places that
one opens to reach it. Where a place on a way lies within another, the ways are tiers: whoever controls a place opens no
other place on them, and things of one kind lie behind the same places. So without the controllers of any one tier
nobody reaches the key, however many of the others agree. Spec: `spec/authority.md`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from msgspec.structs import replace

from quorate.authority import AuthorityState, Item, Place
from quorate.findings import Finding, found
from quorate.people import Purpose

MOST_AROUND = 16
"""So many places around one are more than anybody builds, and a reader of records is through with them in no time."""


def tier_findings(state: AuthorityState) -> tuple[Finding, ...]:
    """What is wrong with places within places, and every way to a key on which people can be spared."""
    wrong = [one for place in state.places for one in _place_findings(state, place)]
    if wrong:
        return tuple(wrong)  # there are no ways as long as places lie nowhere
    findings: dict[Finding, None] = {}
    for token in state.tokens:
        findings |= dict.fromkeys(_token_findings(state, token.id))
    return tuple(findings)


def lying(state: AuthorityState, places: Mapping[str, str]) -> AuthorityState:
    """The same with its items where they lie by now; what is out, or in a place that is no more, stays where it was."""
    known = {place.id for place in state.places}
    items = (replace(item, place=places[item.id]) if places.get(item.id) in known else item for item in state.items)
    return replace(state, items=tuple(items))


def leading_to(state: AuthorityState, token: str) -> tuple[tuple[Item, ...], tuple[Item, ...]]:
    """The thing itself in each of its facilities, and the shares or cards there that unlock it."""
    things = tuple(item for item in state.items if item.holder == token)
    facilities = {state.place(item.place).facility for item in things}
    role = state.quorum(Purpose.UNLOCK).role
    shares = [one for one in state.items if one.holder == role and state.place(one.place).facility in facilities]
    return things, tuple(shares)


def is_tiered(state: AuthorityState, token: str) -> bool:
    """Whether a place on a way to the token lies within another."""
    return any(place.within for place in _places(state, token))


def _places(state: AuthorityState, token: str) -> tuple[Place, ...]:
    """Every place on a way to a token."""
    items = [item for kind in leading_to(state, token) for item in kind]
    return tuple({place.id: place for item in items for place in state.around(item.place)}.values())


def _place_findings(state: AuthorityState, place: Place) -> Iterator[Finding]:
    where, known = f"places[{place.id}]", {one.id: one for one in state.places}
    for name, openers in zip(("controllers", "beside"), place.openers, strict=False):
        strangers = [one for one in openers.people if one not in state.appointed(openers.role)]
        for person in strangers:
            yield found("place.not_appointed", f"{where}.{name}", person=person, role=openers.role)
        if openers.people and openers.need > len({*openers.people}):
            yield found("quorum.cannot_meet", f"{where}.{name}", need=openers.need, people=len({*openers.people}))
    if place.within and place.within not in known:
        yield found("place.unknown", f"{where}.within", place=place.within)
    elif place.within and known[place.within].facility != place.facility:
        yield found("place.other_facility", f"{where}.within", place=place.id, outer=place.within)
    around, inner = _around(known, place)
    if inner == place.id:
        yield found("place.within_itself", f"{where}.within", place=place.id)
    elif len(around) > MOST_AROUND:
        yield found("place.too_deep", f"{where}.within", place=place.id, around=len(around), most=MOST_AROUND)


def _around(known: dict[str, Place], place: Place) -> tuple[set[str], str]:
    """The places around a place, and where the way ends: nowhere, or where it comes round to."""
    seen, outer = {place.id}, place.within
    while outer in known and outer not in seen:
        seen.add(outer)
        outer = known[outer].within
    return seen - {place.id}, outer


def _token_findings(state: AuthorityState, token: str) -> Iterator[Finding]:
    if not is_tiered(state, token):
        return
    places = _places(state, token)
    for place in places:
        for other in places:
            if place.id != other.id:
                yield from _one_opens_both(state, token, place, other)
    things, shares = leading_to(state, token)
    keepers = state.appointed(state.quorum(Purpose.UNLOCK).role)
    own = {item.place for item in shares}
    for place in places:
        doubles = sorted({*keepers} & state.able(place.controllers)) if place.id not in own else ()
        for person in doubles:
            yield found("tiers.opens_and_unlocks", f"places[{place.id}]", person=person, place=place.id, token=token)
    yield from _ways_around(state, token, things)
    yield from _ways_around(state, token, shares)


def _one_opens_both(state: AuthorityState, token: str, place: Place, other: Place) -> Iterator[Finding]:
    """Controllers who open another place too, with a key of their own or with the one beside."""
    elsewhere = frozenset[str]().union(*(state.able(one) for one in other.openers))
    for person in sorted(state.able(place.controllers) & elsewhere):
        yield found(
            "tiers.opens_both", f"places[{place.id}]", person=person, place=place.id, other=other.id, token=token
        )


def _ways_around(state: AuthorityState, token: str, alike: Sequence[Item]) -> Iterator[Finding]:
    """Things of one kind lie behind the same places, or whoever cannot open one of them reaches for the other thing."""
    for facility in sorted({state.place(item.place).facility for item in alike}):
        here = [item for item in alike if state.place(item.place).facility == facility]
        outer = {item.id: {place.id for place in state.around(item.place)[:-1]} for item in here}
        for place in sorted(set[str]().union(*outer.values())):
            lacking = [item for item in here if place not in outer[item.id]]
            for item in lacking:
                yield found("tiers.way_around", f"items[{item.id}]", item=item.id, place=place, token=token)
