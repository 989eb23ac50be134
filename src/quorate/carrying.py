"""Things that leave for another facility, and the bag in which a copy of a key comes from one. Floor 2.

The number of a bag is typed by two when it is closed, and by two when it is taken out elsewhere. So the record of a
copy leads back to the ceremony that had the key: BR 6.2.4, 6.2.6.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from quorate.authority import AuthorityState
from quorate.findings import Finding, Refusal, found
from quorate.plan import ImportKey, Plan
from quorate.register import Entry, Register, whereabouts
from quorate.script.operations import GenerateOperation, ImportOperation
from quorate.tiers import is_tiered, lying, tier_findings


def carry_findings(plan: Plan, authority: AuthorityState, register: Register) -> Iterator[Finding]:
    """What the plan sends away is at hand, and goes to a place somewhere else; what carries a key is fetched.

    Nothing leaves its tiers by being sent (`spec/authority.md`), and no place is gone in which something lies.
    """
    places = {place.id: place for place in authority.places}
    lies = {name: one.place for name, one in whereabouts(register, authority).items()}
    for name, there in lies.items():
        if there and there not in places:
            yield found("place.unknown", f"items[{name}]", place=there)
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
    copies = _copies(public, register)
    if facility in {_lies_at(one, register, authority) for one in copies if one.operation.id in register.keys}:
        _require_closed_since(operation, copies[0], register)
        return
    if not carrier:
        elsewhere = _lies_at(copies[-1], register, authority)
        raise Refusal("plan.carrier_missing", where, key=operation.key, facility=elsewhere)
    for one in copies:
        here = {register.facilities[one.ceremony], _lies_at(one, register, authority)}
        since = register.ceremonies[register.ceremonies.index(one.ceremony) :]
        if any(register.facilities[sent] in here for sent in register.sent.get(carrier, ()) if sent in since):
            return
    places = ", ".join(dict.fromkeys(register.facilities[one.ceremony] for one in copies))
    raise Refusal("plan.carrier_strange", where, item=carrier, key=operation.key, facility=places)


def _require_closed_since(operation: ImportKey, made: Entry, register: Register) -> None:
    """In the facility where the key is, a bag that is named was closed since there is the key."""
    closed = register.sealed.get(operation.carrier, "")
    if operation.carrier and closed not in register.ceremonies[register.ceremonies.index(made.ceremony) :]:
        facts = {"item": operation.carrier, "closed": closed or "no ceremony", "key": operation.key}
        raise Refusal("plan.carrier_older", f"operations[{operation.id}]", **facts, made=made.ceremony)


def _copies(public: bytes, register: Register) -> tuple[Entry, ...]:
    """The ceremonies in which a key was generated, or came to a token of its own; the first one first."""
    kinds = (GenerateOperation, ImportOperation)
    return tuple(
        one
        for one in register.entries
        if isinstance(one.operation, kinds) and register.spkis.get(one.operation.id) == public
    )


def _lies_at(copy: Entry, register: Register, authority: AuthorityState) -> str:
    """The facility in which a copy is: that of its token's bag, or of the ceremony where the token has none."""
    assert isinstance(copy.operation, GenerateOperation | ImportOperation)
    lies, places = whereabouts(register, authority), {place.id: place.facility for place in authority.places}
    bags = [lies[item.id].place for item in authority.items if item.holder == copy.operation.token]
    return next((places[bag] for bag in bags if bag in places), register.facilities[copy.ceremony])
