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
from quorate.register import Entry, Register
from quorate.script.operations import GenerateOperation, ImportOperation


def carry_findings(plan: Plan, authority: AuthorityState) -> Iterator[Finding]:
    """What the plan sends away is at hand, and goes to a place somewhere else; what carries a key is fetched."""
    places = {place.id: place for place in authority.places}
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


def require_carrier(operation: ImportKey, facility: str, register: Register) -> None:
    """A key that was made elsewhere comes in a bag that was closed since; what was adopted comes as it may."""
    where, made = f"operations[{operation.id}]", _origin(operation.key, register)
    if made is None:
        return
    if not operation.carrier:
        if register.facilities[made.ceremony] != facility:
            elsewhere = register.facilities[made.ceremony]
            raise Refusal("plan.carrier_missing", where, key=operation.key, facility=elsewhere)
        return
    closed = register.sealed.get(operation.carrier, "")
    if closed not in register.ceremonies[register.ceremonies.index(made.ceremony) :]:
        facts = {"item": operation.carrier, "closed": closed or "no ceremony", "key": operation.key}
        raise Refusal("plan.carrier_older", where, **facts, made=made.ceremony)


def _origin(key: str, register: Register) -> Entry | None:
    """The ceremony in which a key was generated, or came to a token of its own."""
    kinds = (GenerateOperation, ImportOperation)
    return next((one for one in register.entries if isinstance(one.operation, kinds) and one.operation.id == key), None)
