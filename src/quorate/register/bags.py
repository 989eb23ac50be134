"""Bags: of which keys a copy may be in one, and of which it brought one from elsewhere. Floor 2.

When a bag is closed, a copy of any key that is there may be in it. It stays in when the bag is opened and the thing
goes into another one; and it has come from elsewhere once the bag was sent.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from quorate.script.state import State


@dataclass(frozen=True, slots=True)
class Bag:
    """The bag of an item: the ceremony that closed it last, and keys by the digests of their public keys.

    `holds`: those of which a copy may be in it. `brought`: those of which one was in it when it last left a facility.
    """

    closed: str = ""
    holds: frozenset[str] = frozenset()
    brought: frozenset[str] = frozenset()


def bags_after(before: Mapping[str, Bag], state: State, here: frozenset[str]) -> dict[str, Bag]:
    """The bags after a ceremony; `here`: the keys that there were in its facility when it began.

    An item that ends without a bag has none, and what was in the one before is not known to be in the next.
    """
    bags = dict(before)
    for item in state.script.items:
        lies = state.items[item.id]
        bag = Bag() if item.id in state.gaped else bags.get(item.id, Bag())
        if item.id in state.closings:
            made = frozenset(state.keys[name].spki for name in state.closings[item.id])
            bag = replace(bag, closed=state.script.ceremony, holds=bag.holds | here | made)
        if lies.place != item.place and _is_elsewhere(lies.place, state):
            bag = replace(bag, brought=bag.holds)
        bags.pop(item.id, None)
        if lies.seal and bag != Bag():
            bags[item.id] = bag
    return bags


def _is_elsewhere(place: str, state: State) -> bool:
    known = {one.id: one.facility for one in state.authority.places}
    return known.get(place, state.script.facility) != state.script.facility
