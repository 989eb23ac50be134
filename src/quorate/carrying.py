"""Things that leave for another facility, and the bag in which a copy of a key comes from one. Floor 2.

The number of a bag is typed by two when it is closed, and by two when it is taken out elsewhere. So the record of a
copy leads back to the ceremony that had the key: BR 6.2.4, 6.2.6.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from quorate.authority import AuthorityState
from quorate.findings import Finding, Refusal, found
from quorate.keys import spki_digest
from quorate.plan import ImportKey, Plan
from quorate.register import Register, homes_now, whereabouts
from quorate.register.bags import Bag
from quorate.tiers import is_tiered, lying, tier_findings


def carry_findings(plan: Plan, authority: AuthorityState, register: Register) -> Iterator[Finding]:
    """What the plan sends away is at hand, and goes to a place somewhere else; what carries a key is fetched.

    Nothing leaves its tiers by being sent (`spec/authority.md`).
    """
    places = {place.id: place for place in authority.places}
    lies = {name: one.place for name, one in whereabouts(register, authority).items()}
    yield from tuple(place_findings(authority, register)) or entry_findings(authority, register)
    now = lying(authority, lies)
    then = lying(authority, {**lies, **{one.item: one.to for one in plan.carry}})
    before = tier_findings(now)
    yield from (one for one in tier_findings(then) if one not in before)
    for token in authority.tokens:
        if is_tiered(now, token.id) and not is_tiered(then, token.id):
            yield found("tiers.left", "carry", token=token.id)
    times = Counter(one.item for one in plan.carry)
    for one in plan.carry:
        where, place = f"carry[{one.item}]", places.get(one.to)
        if place is None:
            yield found("place.unknown", where, place=one.to)
        elif place.facility == plan.facility:
            yield found("plan.carry_near", where, item=one.item, place=one.to, facility=plan.facility)
        if one.item not in plan.retrieve or times[one.item] > 1:
            yield found("plan.carry_item", where, item=one.item)
    for operation in plan.operations:
        if isinstance(operation, ImportKey) and operation.carrier and operation.carrier not in plan.retrieve:
            yield found("plan.carrier_not_retrieved", f"operations[{operation.id}]", item=operation.carrier)


def place_findings(authority: AuthorityState, register: Register) -> Iterator[Finding]:
    """No place is gone, or is another facility's by now, in which something lies."""
    now = {place.id: place.facility for place in authority.places}
    for name, one in whereabouts(register, authority).items():
        if one.place and one.place not in now:
            yield found("place.unknown", f"items[{name}]", place=one.place)
        elif one.place and (was := register.places.get(one.place, now[one.place])) != now[one.place]:
            yield found("place.moved", f"items[{name}]", item=name, place=one.place, facility=was)


def entry_findings(authority: AuthorityState, register: Register) -> Iterator[Finding]:
    """A later state says of an item what the one before said, or what the records say by now; nothing else."""
    for item in authority.items:
        said, now = register.entered.get(item.id), register.items.get(item.id)
        known = [one for one in (said, now) if one]
        if said and not (item.place in {one.place for one in known} and item.seal in {one.seal for one in known}):
            facts = {"item": item.id, "place": said.place, "seal": said.seal or "none"}
            yield found("item.rewritten", f"items[{item.id}]", **facts)


def require_carrier(
    operation: ImportKey, facility: str, public: bytes, register: Register, authority: AuthorityState
) -> None:
    """A key comes from where it is in a bag that was closed there since it was there.

    `public`: its public key (DER); empty for one that is generated in this very ceremony, which nothing carries.
    """
    where, carrier = f"operations[{operation.id}]", operation.carrier
    if not public:
        if carrier:
            raise Refusal("plan.carrier_today", where, key=operation.key, item=carrier)
        return
    digest, bag = spki_digest(public), register.bags.get(carrier, Bag())
    copies = {
        name: there for name, there in homes_now(register, authority).items() if register.keys[name].spki == digest
    }
    there = frozenset[str]().union(*copies.values())
    facts = {"key": operation.key, "facility": ", ".join(sorted(there))}
    if facility in there:
        if carrier and digest not in bag.holds:
            raise Refusal("plan.carrier_older", where, item=carrier, closed=bag.closed or "no ceremony", **facts)
    elif not carrier:
        raise Refusal("plan.carrier_missing", where, **facts)
    elif digest not in bag.brought:
        raise Refusal("plan.carrier_strange", where, item=carrier, **facts)


def require_bagged(operation: ImportKey, register: Register, authority: AuthorityState) -> None:
    """Of what carries a key a number is compared, so there has to be one."""
    lies = whereabouts(register, authority).get(operation.carrier)
    if lies and not lies.seal:
        raise Refusal("plan.carrier_unbagged", f"operations[{operation.id}]", item=operation.carrier)
