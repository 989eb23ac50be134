"""The layout of a script while its acts are written: who leads, who compares, what has to be fetched. Floor 2."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from quorate.authority import AuthorityState, Controllers
from quorate.findings import Refusal
from quorate.people import Seat
from quorate.plan import Plan
from quorate.script import (
    Act,
    CheckpointStep,
    Compare,
    Custody,
    KnownSet,
    Publication,
    ScriptAdopted,
    ScriptDraft,
    Step,
)
from quorate.script.operations import ScriptOperation
from quorate.script.state import Lies
from quorate.x509.profile import Profile


@dataclass
class Layout:
    """What the acts are written from, and the steps written so far."""

    plan: Plan
    authority: AuthorityState
    operations: tuple[ScriptOperation, ...]
    drafts: Mapping[str, ScriptDraft]
    lies: Mapping[str, Lies]
    profiles: Mapping[str, Profile]
    printed: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # by operation, what stands beside its digest
    publications: tuple[Publication, ...] = ()
    adopted: tuple[tuple[ScriptAdopted, tuple[str, ...]], ...] = ()  # each with what is printed of it
    outside: frozenset[str] = frozenset()  # of these, those whose digest is known outside
    sets: tuple[KnownSet, ...] = ()
    ksks: Mapping[str, str] = field(default_factory=dict)  # what is printed of each, by the digest of its public key
    known: Mapping[str, Mapping[str, str]] = field(default_factory=dict)  # by CRL, what serial numbers are those of
    acts: list[Act] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)

    def seat_with(self, duty: str) -> Seat | None:
        """The first seat whose role has a duty."""
        return next((s for s in self.plan.seats if duty in self.authority.role(s.role).duties), None)

    @property
    def lead(self) -> str:
        """The seat that leads: the first with the duty `command`."""
        seat = self.seat_with("command")
        if seat is None:
            raise Refusal("plan.nobody_leads", "seats")
        return seat.id

    @property
    def pair(self) -> tuple[str, ...]:
        """The two that compare: the leader and the first who observes; the leader alone where nobody observes."""
        witness = self.seat_with("observe")
        return (witness.id, self.lead) if witness else (self.lead,)

    @property
    def present(self) -> tuple[str, ...]:
        """Who must be in the room all through every act."""
        auditor = (self.plan.witnessing.auditor,) if self.plan.witnessing.auditor else ()
        return tuple(dict.fromkeys((self.lead, *self.pair, *auditor)))

    def controllers(self, place: str) -> tuple[str, ...]:
        """The seats that open a place: first its controllers', then those with the keys beside."""
        entry = self.authority.place(place)
        return tuple(dict.fromkeys(seat for openers in entry.openers for seat in self._openers(place, openers)))

    def _openers(self, place: str, openers: Controllers) -> tuple[str, ...]:
        """The first seats of the role in which nobody sits, alternates included, who cannot open the place."""
        able = self.authority.able(openers)
        seats = [one for one in self.plan.seats if one.role == openers.role]
        fit = [one.id for one in seats if not openers.people or {one.person, *one.alternates} <= able]
        if len(fit) < openers.need:
            among = f" ({', '.join(openers.people)})" if openers.people else ""
            where = f"places[{place}]"
            raise Refusal("plan.controllers_missing", where, need=openers.need, role=openers.role + among)
        return tuple(fit[: openers.need])

    def act(self, title: str, *makers: Callable[[str], Step], last: bool = False) -> None:
        """One more act: the words from paper, its steps, its checkpoint."""
        number = len(self.acts) + 1
        self.acts.append(Act(number, title, self.present))
        all_makers = [*([] if number == 1 else [self.paper_words]), *makers, *([] if last else [self.checkpoint])]
        self.steps += [make(f"{number}.{index}") for index, make in enumerate(all_makers, 1)]

    def paper_words(self, step: str) -> Step:
        return Compare(
            id=step,
            title="The words of the last checkpoint, read from paper",
            text=("The witness reads the eight words that were written down; they are typed back.",),
            by=self.pair[:1],
            expected="",
            source="checkpoint",
        )

    def checkpoint(self, step: str) -> Step:
        return CheckpointStep(
            id=step,
            title="Checkpoint",
            text=(
                "The words of the checkpoint are shown and read aloud. Everyone with a paper script writes them down:",
                "________ ________ ________ ________   ________ ________ ________ ________",
            ),
            need=min(2, len(self.pair)),
            clauses=("BR 5.4.1",),
        )


# -- places and things ---------------------------------------------------------------------------------------------


@dataclass
class _Around:
    """A place that is opened: what is fetched from it, and the places within it that are opened in turn."""

    place: str
    items: list[str] = field(default_factory=list)
    inner: dict[str, _Around] = field(default_factory=dict)

    @property
    def all_items(self) -> tuple[str, ...]:
        return (*self.items, *(item for one in self.inner.values() for item in one.all_items))


def _places(layout: Layout) -> tuple[_Around, ...]:
    """The places where the items lie, each within those around it, in the order in which the plan fetches."""
    outermost: dict[str, _Around] = {}
    for item in layout.plan.retrieve:
        if item not in layout.lies:
            raise Refusal("item.unknown", "retrieve", item=item)
        inner = outermost
        for place in layout.authority.around(layout.lies[item].place):
            here = inner.setdefault(place.id, _Around(place.id))
            inner = here.inner
        here.items.append(item)
    return tuple(outermost.values())


Maker = Callable[[str], Step]


Action = Literal["open", "take", "unseal", "seal", "put", "send", "close"]


def _custody(action: Action, title: str, text: tuple[str, ...], place: str, item: str, by: tuple[str, ...]) -> Maker:
    def make(step: str) -> Step:
        return Custody(
            id=step,
            title=title,
            text=text,
            action=action,
            place=place,
            item=item,
            by=by,
            clauses=("BR 5.2.2", "BR 6.2.4"),
        )

    return make


def retrieving(layout: Layout, again: bool = False) -> list[Maker]:
    """Out of their places, each seal compared; `again` after a suspension, whose new seals no script can name."""
    makers: list[Maker] = []
    for around in _places(layout):
        makers += _taking(layout, around, again)
        makers += [
            _custody("unseal", f"the bag of {item} is opened", (), layout.lies[item].place, item, layout.pair)
            for item in around.all_items
            if again or layout.lies[item].seal
        ]
    return makers


def _taking(layout: Layout, around: _Around, again: bool) -> list[Maker]:
    """A place opened, what is fetched from it and from the places within it, and closed."""
    place, by = around.place, layout.controllers(around.place)
    makers = [_custody("open", _opened(layout, place), (*_opened_by(layout, place, by), LOG_LINE), place, "", by)]
    for item in around.items:
        seal = "as written when it was last bagged" if again else layout.lies[item].seal
        text = (f"seal expected: {seal}", "The bag is inspected by two for cuts, lifted tape and re-glued edges.")
        title = f"{item} is taken out and its seal compared"
        if not seal:
            text = ("The register has it in no bag.", "What is there, and in what, is noted by two.")
            title = f"{item} is taken out"
        makers.append(_custody("take", title, text, place, item, layout.pair))
    for inner in around.inner.values():
        makers += _taking(layout, inner, again)
    come = [
        item for item, lies in layout.lies.items() if lies.sent and lies.place == place and item not in around.items
    ]
    awaited = (f"On its way there, and named only if it has come: {', '.join(come)}.",) if come else ()
    text = (LOG_LINE, "What was seen left inside is named.", *awaited)
    return [*makers, _custody("close", f"{place} is closed", text, place, "", by)]


def _opened(layout: Layout, place: str) -> str:
    keys = layout.authority.place(place).keys
    return f"{place} is opened with {keys} {'key' if keys == 1 else 'keys'}"


def _opened_by(layout: Layout, place: str, by: tuple[str, ...]) -> tuple[str, ...]:
    """Who opens it, and at which tier of how many."""
    around = layout.authority.around(place)
    tier = (f"tier {len(around)}: it lies within {around[-2].id}",) if len(around) > 1 else ()
    return (f"opened by {', '.join(by)}", *tier)


LOG_LINE = "log book line: ______________________"


def returning(layout: Layout, carried: bool = False) -> list[Maker]:
    """Into new bags and back into their places; `carried`: but for what the plan has carried to another facility."""
    makers: list[Maker] = []
    away = {one.item: one.to for one in layout.plan.carry} if carried else {}
    text = ("New seal number, read by one and confirmed by another: ______________________",)
    for around in _places(layout):
        makers += [
            _custody("seal", f"{item} goes into a new bag", text, layout.lies[item].place, item, layout.pair)
            for item in around.all_items
        ]
        makers += _putting(layout, around, frozenset(away))
    return [*makers, *(_sent(layout, item, to) for item, to in away.items())]


def _putting(layout: Layout, around: _Around, away: frozenset[str]) -> list[Maker]:
    """A place opened, what belongs there and into the places within it put back, and closed."""
    if away.issuperset(around.all_items):
        return []
    place, by = around.place, layout.controllers(around.place)
    makers = [_custody("open", f"{place} is opened", (LOG_LINE,), place, "", by)]
    makers += [_custody("put", f"{item} is put back", (), place, item, by) for item in around.items if item not in away]
    for inner in around.inner.values():
        makers += _putting(layout, inner, away)
    return [*makers, _custody("close", f"{place} is closed", (LOG_LINE,), place, "", by)]


def _sent(layout: Layout, item: str, to: str) -> Maker:
    facility = layout.authority.place(to).facility
    text = (
        f"It lies next in {to} at {facility}. Whoever takes it out there compares the number of this bag.",
        "carried by: ____________________________________________  date and time ____________",
    )
    return _custody("send", f"{item} leaves for {facility}", text, to, item, layout.pair)
