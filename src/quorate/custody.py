"""The walk over the world: would this script work, whoever of those admitted comes? Floor 2.

Every admissible choice of alternates is tried: roles, conflicts, quorums without share holders, two people wherever two
are needed. Then the steps are walked over places, items and seals. What fails here fails weeks before the day.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping
from datetime import date, timedelta
from itertools import islice, product

from quorate.authority import AuthorityState
from quorate.findings import Finding, found
from quorate.people import Presence, Purpose
from quorate.script import CheckpointStep, Custody, Script, Share, ShareSet, Step, Unlock
from quorate.script.operations import ScriptOperation, ShareOperation
from quorate.tiers import is_tiered, leading_to, lying

MOST_CHOICES = 4096
"""More ways to fill the seats than this are not walked; a plan that has so many says too little."""

People = Mapping[str, str]


def walk(script: Script, authority: AuthorityState) -> tuple[Finding, ...]:
    """Everything that cannot work, each once, with who or what it is about."""
    findings: dict[Finding, None] = {}
    choices, days = _choices(script), _days(script.window.opens[:10], script.window.closes[:10])

    @functools.cache
    def lacking(person: str, role: str) -> str:
        """The first day of the window on which the person does not hold the role; empty if there is none."""
        return next((day for day in days if not authority.holds_role(person, role, day)), "")

    for people in islice(choices, MOST_CHOICES):
        findings |= dict.fromkeys(_seated(script, authority, people, lacking))
        findings |= dict.fromkeys(_quorums(script, authority, people))
        findings |= dict.fromkeys(_alone(script, authority.fewest_people, people))
    if next(choices, None) is not None:
        findings[found("script.too_many_choices", "seats", most=MOST_CHOICES)] = None
    findings |= dict.fromkeys(_things(script, authority))
    now = lying(authority, {item.id: item.place for item in script.items})
    findings |= dict.fromkeys(_fetched(script, now))
    findings |= dict.fromkeys(_tiers(script, now))
    return tuple(findings)


def _choices(script: Script) -> Iterator[People]:
    """Every way to fill the seats, the planned one first. Nobody sits on two chairs of one role."""
    seats = [seat.id for seat in script.seats]
    for people in product(*((seat.person, *seat.alternates) for seat in script.seats)):
        taken = [(person, seat.role) for person, seat in zip(people, script.seats, strict=True)]
        if len(set(taken)) == len(taken) or people == tuple(seat.person for seat in script.seats):
            yield dict(zip(seats, people, strict=True))


def _seated(
    script: Script, authority: AuthorityState, people: People, lacking: Callable[[str, str], str]
) -> Iterator[Finding]:
    for seat in script.seats:
        person = people[seat.id]
        if missing := lacking(person, seat.role):
            yield found("seat.not_appointed", f"seats[{seat.id}]", person=person, role=seat.role, day=missing)
        for other in script.seats:
            twice = seat.id < other.id and people[other.id] == person
            if twice and (seat.role == other.role or authority.excludes(seat.role, other.role)):
                yield found("seat.conflict", f"seats[{seat.id}]", person=person, role=seat.role, other=other.role)


def _days(first: str, last: str) -> tuple[str, ...]:
    """Every day of a window, of which each may be the one on which people act."""
    begin = date.fromisoformat(first)
    return tuple(
        (begin + timedelta(days=number)).isoformat() for number in range((date.fromisoformat(last) - begin).days + 1)
    )


def _quorums(script: Script, authority: AuthorityState, people: People) -> Iterator[Finding]:
    keyed = {p.id for p in authority.people if p.presence is Presence.KEYED}
    authorise, close = script.quorum(Purpose.AUTHORISE), script.quorum(Purpose.CLOSE)
    for operation in script.operations:
        held = _holders(script, operation.token, people)
        able = {people[s.id] for s in script.seats if s.role == authorise.role} & keyed - held
        if len(able) < authorise.need:
            yield found(
                "quorum.not_met",
                f"operations[{operation.id}]",
                purpose="authorise",
                need=authorise.need,
                have=len(able),
            )
        if not any(_commands(authority, s.role) and people[s.id] not in held for s in script.seats):
            yield found("quorum.nobody_commands", f"operations[{operation.id}]", token=operation.token)
    closing = {people[s.id] for s in script.seats if s.role == close.role} & keyed
    if len(closing) < close.need:
        yield found("quorum.not_met", "closing", purpose="close", need=close.need, have=len(closing))
    yield from _unlocking(script, people)
    yield from _shared_out(script, authority, people)
    roles = {s.role for s in script.seats if people[s.id] in keyed}
    need = max((step.need for step in script.steps if isinstance(step, CheckpointStep)), default=0)
    if len(roles) < need:
        yield found("quorum.not_met", "checkpoints", purpose="cosign", need=need, have=len(roles))


def _commands(authority: AuthorityState, role: str) -> bool:
    return "command" in authority.role(role).duties


def _holders(script: Script, token: str, people: People) -> set[str]:
    known = {one.person for entry in script.sets if entry.token == token for one in entry.set.commitments}
    return known | {
        people[seat]
        for one in _share_outs(script.operations)
        if one.token == token
        for seat in one.holders
        if seat in people
    }


def _share_outs(operations: tuple[ScriptOperation, ...]) -> tuple[ShareOperation, ...]:
    return tuple(operation for operation in operations if isinstance(operation, ShareOperation))


def _unlocking(script: Script, people: People) -> Iterator[Finding]:
    known = {(entry.token, entry.credential): entry.set for entry in script.sets}
    shared: set[str] = set()
    replaced: set[tuple[str, str]] = set()
    for step in script.steps:
        if isinstance(step, Share):
            split = next(one for one in _share_outs(script.operations) if one.id == step.operation)
            if (split.token, split.credential) in known and (split.token, split.credential) not in replaced:
                yield from _replacing(step, known[split.token, split.credential], people)
            replaced.add((split.token, split.credential))
            if split.fate == "shared" and split.credential == "user":
                shared.add(split.token)
        if isinstance(step, Unlock) and step.token not in shared:
            held = known.get((step.token, step.credential))  # without one the token has no quorum, as is said below
            able = {one.person for one in held.commitments} & set(people.values()) if held else set()
            if held and len(able) < held.threshold:
                need, have = held.threshold, len(able)
                yield found("quorum.not_met", f"steps[{step.id}]", purpose="unlock", need=need, have=have)
    for operation in script.operations:
        if not isinstance(operation, ShareOperation) and operation.token not in shared | {k for k, _ in known}:
            yield found("script.token_without_quorum", f"operations[{operation.id}]", token=operation.token)


def _replacing(step: Share, old: ShareSet, people: People) -> Iterator[Finding]:
    """A credential is replaced by those who have shares of it."""
    able = {one.person for one in old.commitments} & set(people.values())
    if len(able) < old.threshold:
        yield found("quorum.not_met", f"steps[{step.id}]", purpose="unlock", need=old.threshold, have=len(able))


def _shared_out(script: Script, authority: AuthorityState, people: People) -> Iterator[Finding]:
    """One person holds one share among all sets that lead to one key, in a role that may hold shares."""
    for operation in _share_outs(script.operations):
        where = f"operations[{operation.id}]"
        if operation.fate == "destroyed":
            continue
        unknown = [seat for seat in operation.holders if seat not in people]
        if unknown or not 1 < operation.threshold <= len(operation.holders) <= 16:
            if unknown or len(operation.holders) != 1 or operation.threshold != 1:
                yield found("share.split", where, threshold=operation.threshold, count=len(operation.holders))
            if unknown:
                yield found("seat.unknown", where, seats=", ".join(unknown))
                continue
        holders = [people[seat] for seat in operation.holders]
        if len(set(holders)) < len(holders):
            yield found("share.one_each", where, token=operation.token)
        for seat in script.seats:
            if seat.id in operation.holders and "shares" not in authority.role(seat.role).duties:
                yield found("share.role", where, seat=seat.id, role=seat.role)


def _alone(script: Script, fewest: int, people: People) -> Iterator[Finding]:
    """Nobody is in an act, handles a thing or signs a checkpoint alone (BR 5.2.2), but for an authority of one."""
    for act in script.acts:
        if len({people[seat] for seat in act.present}) < fewest:
            yield found("seat.alone", f"acts[{act.number}]", title=act.title)
    branches = script.branches
    for step in (*script.steps, *branches.abort, *branches.resume, *branches.suspend):
        alone = isinstance(step, CheckpointStep) and step.need < fewest
        if isinstance(step, Custody):
            # a place may have one controller: the act's people are there all the same
            need = min(fewest, len(step.by)) if step.action in ("open", "close", "put") else fewest
            alone = len({people[seat] for seat in step.by}) < need
        if alone:
            yield found("seat.alone", f"steps[{step.id}]", title=step.title)


def _tiers(script: Script, authority: AuthorityState) -> Iterator[Finding]:
    """What leads to a token behind tiers is fetched through all of them: the thing, and as many shares as it takes."""
    fetched = {step.item for step in script.steps if isinstance(step, Custody) and step.action == "take"}
    for token in dict.fromkeys(operation.token for operation in script.operations):
        if not is_tiered(authority, token):
            continue
        for alike, what in zip(leading_to(authority, token), ("things", "shares"), strict=True):
            need = _unlock_need(script, token) if what == "shares" else 1
            missing = [one.id for one in alike if one.id not in fetched]
            if len(alike) - len(missing) < min(need, len(alike)):
                items = ", ".join(missing)
                yield found("tiers.not_retrieved", "retrieve", token=token, what=what, items=items)


def _unlock_need(script: Script, token: str) -> int:
    """How many shares it takes: of the set that the token has, or of the one that it gets."""
    known = [one.set.threshold for one in script.sets if (one.token, one.credential) == (token, "user")]
    new = [one.threshold for one in _share_outs(script.operations) if (one.token, one.credential) == (token, "user")]
    return max([*known, *new], default=0)


def _things(script: Script, authority: AuthorityState) -> Iterator[Finding]:
    """The main line over places and items: nothing is taken that is not there, nothing is left on the table."""
    places: set[str] = set()
    where = {item.id: item.place for item in script.items}
    sealed = {item.id: bool(item.seal) for item in script.items}
    for step in script.steps:
        if isinstance(step, Custody):
            yield from _thing(step, places, where, sealed)
            yield from _around(script, authority, step, places)
    out = sorted(item for item, place in where.items() if not place)
    if out:
        yield found("custody.left_out", "steps", items=", ".join(out))
    if places:
        yield found("custody.left_open", "steps", places=", ".join(sorted(places)))


def _fetched(script: Script, authority: AuthorityState) -> Iterator[Finding]:
    """A token in a bag is not used while the bag lies in its place, or elsewhere. Behind tiers more is asked."""
    taken = {step.item for step in script.steps if isinstance(step, Custody) and step.action == "take"}
    for token in dict.fromkeys(operation.token for operation in script.operations):
        bags = [item for item in authority.items if item.holder == token]
        lies = {item.id: authority.place(item.place) for item in bags}
        if bags and script.facility not in {place.facility for place in lies.values()}:
            item, place = next(iter(lies.items()))
            yield found("custody.elsewhere", "operations", item=item, place=place.id, facility=place.facility)
        elif bags and not taken.intersection(lies) and not is_tiered(authority, token):
            yield found("custody.token_stays", "retrieve", token=token, items=", ".join(lies))


def _around(script: Script, authority: AuthorityState, step: Custody, places: set[str]) -> Iterator[Finding]:
    """Places within places: opened from without, closed from within, all of them where the ceremony is."""
    path, place = f"steps[{step.id}]", authority.place(step.place)
    if step.action == "open" and place.within and place.within not in places:
        yield found("custody.outer_closed", path, place=place.id, outer=place.within)
    if step.action == "close":
        for inner in sorted(one for one in places if authority.place(one).within == place.id):
            yield found("custody.inner_open", path, place=place.id, inner=inner)
    if step.action == "take" and place.facility != script.facility:
        yield found("custody.elsewhere", path, item=step.item, place=place.id, facility=place.facility)


def _thing(step: Step, places: set[str], where: dict[str, str], sealed: dict[str, bool]) -> Iterator[Finding]:
    assert isinstance(step, Custody)
    path = f"steps[{step.id}]"
    match step.action:
        case "open":
            places.add(step.place)
        case "close":
            places.discard(step.place)
        case "take":
            if step.place not in places or where[step.item] != step.place:
                yield found("custody.not_there", path, item=step.item, place=step.place)
            where[step.item] = ""
        case "unseal":
            sealed[step.item] = False
        case "seal":
            sealed[step.item] = True
        case "put":
            if step.place not in places or not sealed[step.item]:
                yield found("custody.not_sealed", path, item=step.item, place=step.place)
            where[step.item] = step.place
        case "send":
            if where[step.item] or not sealed[step.item]:
                yield found("custody.not_sealed", path, item=step.item, place=step.place)
            where[step.item] = step.place
