"""The acts: opening, retrieving, unlocking, one act per operation, locking, returning, media, closing. Floor 2.

Writes the steps of a script and the sentences that are printed. Every act but the last ends with a checkpoint; every
act but the first begins with the words of the last checkpoint, read from the witness's paper.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from quorate.authority import AuthorityState
from quorate.findings import Refusal
from quorate.people import Seat
from quorate.plan import Plan
from quorate.register import artifact_name
from quorate.script import (
    Act,
    Attendance,
    Branches,
    CheckpointStep,
    Close,
    Compare,
    CrlOperation,
    Custody,
    Generate,
    GenerateOperation,
    Issue,
    Lock,
    Look,
    Media,
    Read,
    ScriptDraft,
    ScriptOperation,
    Share,
    ShareOperation,
    Step,
    Unlock,
)
from quorate.script.state import Lies
from quorate.words import words
from quorate.x509.name import name_text

COPIES = 2
"""Copies of the artifacts that leave the room, each read back."""


@dataclass
class Layout:
    """What the acts are written from, and the steps written so far."""

    plan: Plan
    authority: AuthorityState
    operations: tuple[ScriptOperation, ...]
    drafts: Mapping[str, ScriptDraft]
    lies: Mapping[str, Lies]
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
        """The seats that open a place."""
        entry = next(one for one in self.authority.places if one.id == place)
        seats = [seat.id for seat in self.plan.seats if seat.role == entry.controllers.role]
        if len(seats) < entry.controllers.need:
            raise Refusal(
                "plan.controllers_missing", f"places[{place}]", need=entry.controllers.need, role=entry.controllers.role
            )
        return tuple(seats[: entry.controllers.need])

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


def lay_out(layout: Layout) -> tuple[tuple[Act, ...], tuple[Step, ...], Branches]:
    """The acts, the steps of the main line, and the branches."""
    _opening(layout)
    if layout.plan.retrieve:
        layout.act("Retrieving", *_retrieving(layout))
    _operations(layout)
    if tokens := _tokens(layout):
        layout.act("Locking", *(_lock(token) for token in tokens))
    if layout.plan.retrieve:
        layout.act("Returning", *_returning(layout))
    layout.act("Media out", _media)
    layout.act("Closing", _last_words(layout), _close("completed"), last=True)
    return tuple(layout.acts), tuple(layout.steps), _branches(layout)


def _operations(layout: Layout) -> None:
    """One act an operation. A token is unlocked before the first key is used, and locked while its PIN is replaced."""
    unlocked: set[str] = set()
    for operation in layout.operations:
        token = operation.token
        before: list[Maker] = []
        if isinstance(operation, ShareOperation):
            before = [_lock(token)] if token in unlocked else []
            unlocked.discard(token)
        elif token not in unlocked:
            layout.act(f"Unlocking {token}", *_unlock(layout, token))
            unlocked.add(token)
        title, makers = _operation(layout, operation)
        layout.act(title, *before, *makers)


def _opening(layout: Layout) -> None:
    seats = tuple(seat.id for seat in layout.plan.seats)
    witnessing = layout.plan.witnessing
    watched = "The Qualified Auditor is present and watches every step." if witnessing.auditor else ""
    recorded = "The recording runs, and runs until the last seal is closed." if witnessing.recording else ""
    lines = tuple(line for line in (watched, recorded) if line) or ("Nobody from outside watches this ceremony.",)
    layout.act(
        "Opening",
        lambda step: Attendance(
            id=step,
            title="Everyone arrives, is identified, and signs in",
            text=tuple(
                f"{seat.id}: {seat.role}  name ______________________  time ________ UTC" for seat in layout.plan.seats
            ),
            seats=_keyed_first(layout, seats),
            clauses=("BR 5.2.2", "BR 5.3.1", "NCSSR 2.1"),
        ),
        lambda step: Read(
            id=step,
            title="Purpose, roles and emergency exits are read out; everyone accepts their role",
            text=(layout.plan.purpose,),
            by=layout.pair,
            clauses=("BR 6.1.1.1",),
        ),
        lambda step: Read(id=step, title="Who watches", text=lines, by=layout.pair, clauses=("BR 6.1.1.1 (2)",)),
        lambda step: Compare(
            id=step,
            title="The script's digest, as it stands on the printed script",
            text=("First four and last four words of the digest on the cover of the printed, approved script.",),
            by=layout.pair,
            expected="",
            source="digest",
            clauses=("BR 6.1.1.1 (1)",),
        ),
        lambda step: _clock(layout, step),
        lambda step: _look(layout, step, "machine", "The machine, its software and its media are looked at"),
        lambda step: _look(layout, step, "airgap", "The machine is alone: links, radios, routes, swap"),
    )


def _keyed_first(layout: Layout, seats: tuple[str, ...]) -> tuple[str, ...]:
    """Paper people are identified by keyed ones, who therefore come first."""
    person = {seat.id: layout.authority.person(seat.person) for seat in layout.plan.seats}
    return tuple(sorted(seats, key=lambda seat: person[seat].presence != "keyed"))


def _clock(layout: Layout, step: str) -> Step:
    return Compare(
        id=step,
        title="The clock, against an independent source",
        text=(
            f"Each reads an independent clock and types its UTC time, such as {layout.plan.window.opens},",
            "at most 60 seconds apart.",
        ),
        by=layout.pair,
        expected="",
        source="clock",
        clauses=("BR 7.1.2.1.1", "BR 5.4.1"),
    )


def _look(layout: Layout, step: str, what: str, title: str) -> Step:
    clauses = ("BR 6.5.1",) if what == "machine" else ("BR 5.4.1.1", "NCSSR 1")
    return Look(
        id=step, title=title, what="machine" if what == "machine" else "airgap", by=layout.pair, clauses=clauses
    )


def _by_place(layout: Layout) -> dict[str, list[str]]:
    """The items to retrieve, by the place where they lie."""
    places: dict[str, list[str]] = {}
    for item in layout.plan.retrieve:
        if item not in layout.lies:
            raise Refusal("item.unknown", "retrieve", item=item)
        places.setdefault(layout.lies[item].place, []).append(item)
    return places


Maker = Callable[[str], Step]


Action = Literal["open", "take", "unseal", "seal", "put", "close"]


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


def _retrieving(layout: Layout) -> list[Maker]:
    makers: list[Maker] = []
    for place, items in _by_place(layout).items():
        by = layout.controllers(place)
        keys = next(one.keys for one in layout.authority.places if one.id == place)
        makers.append(
            _custody(
                "open", f"{place} is opened with {keys} keys", (f"opened by {', '.join(by)}", LOG_LINE), place, "", by
            )
        )
        for item in items:
            seal = layout.lies[item].seal
            text = (f"seal expected: {seal}", "The bag is inspected by two for cuts, lifted tape and re-glued edges.")
            makers.append(
                _custody("take", f"{item} is taken out and its seal compared", text, place, item, layout.pair)
            )
        makers.append(
            _custody("close", f"{place} is closed", (LOG_LINE, "What was seen left inside is named."), place, "", by)
        )
        makers += [_custody("unseal", f"the bag of {item} is opened", (), place, item, layout.pair) for item in items]
    return makers


LOG_LINE = "log book line: ______________________"


def _returning(layout: Layout) -> list[Maker]:
    makers: list[Maker] = []
    for place, items in _by_place(layout).items():
        by = layout.controllers(place)
        text = ("New seal number, read by one and confirmed by another: ______________________",)
        makers += [_custody("seal", f"{item} goes into a new bag", text, place, item, layout.pair) for item in items]
        makers.append(_custody("open", f"{place} is opened", (LOG_LINE,), place, "", by))
        makers += [_custody("put", f"{item} is put back", (), place, item, by) for item in items]
        makers.append(_custody("close", f"{place} is closed", (LOG_LINE,), place, "", by))
    return makers


def _tokens(layout: Layout) -> tuple[str, ...]:
    """Every token that this ceremony uses."""
    return tuple(dict.fromkeys(operation.token for operation in layout.operations))


def _unlock(layout: Layout, token: str) -> list[Maker]:
    return [lambda step: _serial(layout, step, token), lambda step: _unlock_step(step, token)]


def _serial(layout: Layout, step: str, token: str) -> Step:
    return Compare(
        id=step,
        title=f"The serial number of {token}, as it stands on the device",
        text=(f"expected: {layout.authority.token(token).serial}",),
        by=layout.pair,
        expected=token,
        source="token",
        clauses=("BR 6.1.1.1 (3)", "BR 6.2.7"),
    )


def _unlock_step(step: str, token: str) -> Step:
    return Unlock(
        id=step,
        title=f"The quorum unlocks {token}",
        text=("Each share holder comes forward alone, types the words, and the screen is wiped.",),
        token=token,
        credential="user",
        clauses=("BR 6.2.2", "BR 6.2.8"),
    )


def _lock(token: str) -> Maker:
    return lambda step: Lock(id=step, title=f"{token} is logged out", token=token, clauses=("BR 6.2.9",))


def _operation(layout: Layout, operation: ScriptOperation) -> tuple[str, list[Maker]]:
    match operation:
        case ShareOperation():
            return _share_act(layout, operation)
        case GenerateOperation():
            return f"Generate the key {operation.id}", [lambda step: _generate_step(operation, step)]
        case _:
            what = "CRL" if isinstance(operation, CrlOperation) else "certificate"
            title = f"Issue the {what} {operation.id}"
            text = _issue_text(layout, operation)
            return title, [
                lambda step: Issue(id=step, title=title, text=text, operation=operation.id, clauses=ISSUE_CLAUSES)
            ]


ISSUE_CLAUSES = ("BR 4.3.1.1", "BR 4.3.1.2")


def _generate_step(operation: GenerateOperation, step: str) -> Step:
    return Generate(
        id=step,
        title=f"Generate the key {operation.id}",
        text=(
            f"type: {operation.type}",
            f"use: {operation.use}",
            f"token: {operation.token}",
            f"object id: {operation.object}",
        ),
        operation=operation.id,
        clauses=("BR 6.1.1.1", "BR 6.1.5", "BR 6.1.6"),
    )


def _share_act(layout: Layout, operation: ShareOperation) -> tuple[str, list[Maker]]:
    token, credential = operation.token, operation.credential
    if operation.fate == "destroyed":
        title = f"The {credential} credential of {token} is replaced by one that nobody keeps"
        text: tuple[str, ...] = ("Drawn, set, and forgotten: from now on nobody can use it.",)
    else:
        title = f"The {credential} credential of {token} is shared out"
        text = (
            f"{operation.threshold} of {len(operation.holders)} recover it: {', '.join(operation.holders)}",
            "Each share is shown to its holder alone, written on the worksheet, typed back; the screen is wiped.",
        )
    makers: list[Maker] = [lambda step: _serial(layout, step, token)]
    clauses = ("BR 6.1.1.1 (2)", "BR 6.2.2")
    makers.append(lambda step: Share(id=step, title=title, text=text, operation=operation.id, clauses=clauses))
    return title, makers


def _issue_text(layout: Layout, operation: ScriptOperation) -> tuple[str, ...]:
    draft = layout.drafts[operation.id]
    lines = [f"profile: {operation.profile}", f"signing key: {operation.key}"]  # type: ignore[union-attr]  # only issue operations come here
    if isinstance(operation, CrlOperation):
        lines += [f"number: {operation.number}", f"valid: {operation.days} days from the moment of drafting"]
        lines += [f"revoked: {entry.serial} {entry.date} {entry.reason}" for entry in operation.entries]
    elif not isinstance(operation, (ShareOperation, GenerateOperation)):
        lines += [f"subject: {name_text(bytes.fromhex(operation.subject))}", f"issuer: {_issuer(operation.issuer)}"]
        lines += [f"serial: {operation.certificate_serial}"]
        lines += [f"valid: {operation.not_before} to {operation.not_after}, {operation.days} days"]
    if draft.open:
        lines += [f"template: {draft.digest}", f"open until the room: {', '.join(draft.open)}"]
    else:
        spoken = words(bytes.fromhex(draft.digest.removeprefix("sha256:")))
        lines += [f"digest: {draft.digest}", f"words: {' '.join(spoken[:16])}", f"       {' '.join(spoken[16:])}"]
    return tuple(lines)


def _issuer(reference: str) -> str:
    """The issuing artifact, and whether it is an input or comes of this ceremony."""
    if reference == "self":
        return "itself"
    made = "made in this ceremony" if reference.startswith("operation:") else "from an earlier ceremony"
    return f"{artifact_name(reference)}, {made}"


def _media(step: str) -> Step:
    return Media(
        id=step,
        title="The artifacts are copied out and read back",
        text=(f"{COPIES} copies, each on a medium of its own.",),
        copies=COPIES,
        clauses=("BR 5.1.6",),
    )


def _last_words(layout: Layout) -> Maker:
    return lambda step: Read(
        id=step,
        title="Everyone states that the ceremony went as the record says",
        text=("Open deviations are named. The paper scripts are signed in ink.",),
        by=layout.pair,
    )


def _close(outcome: str) -> Maker:
    aborted = outcome == "aborted"
    return lambda step: Close(
        id=step,
        title="The transcript is closed",
        text=("The final checkpoint is read aloud and cosigned by the closing quorum.",),
        outcome="aborted" if aborted else "completed",
    )


def _branches(layout: Layout) -> Branches:
    tokens = _tokens(layout)
    locks: list[Maker] = [_lock(token) for token in tokens]
    back = _returning(layout) if layout.plan.retrieve else []
    again = _retrieving(layout) if layout.plan.retrieve else []
    resume: list[Maker] = [
        lambda step: Attendance(id=step, title="Roll call: everyone signs in again", seats=()),
        lambda step: _clock(layout, step),
        lambda step: _look(layout, step, "machine", "The machine is looked at again"),
        layout.paper_words,
        *again,
        *(_serial_maker(layout, token) for token in tokens),
        *(_unlock_maker(token) for token in tokens),
    ]
    return Branches(
        abort=_numbered("A", [*locks, *back, _close("aborted")]),
        resume=_numbered("R", resume),
        suspend=_numbered("S", [*locks, *back, layout.checkpoint]),
    )


def _serial_maker(layout: Layout, token: str) -> Maker:
    return lambda step: _serial(layout, step, token)


def _unlock_maker(token: str) -> Maker:
    return lambda step: _unlock_step(step, token)


def _numbered(letter: str, makers: list[Maker]) -> tuple[Step, ...]:
    return tuple(make(f"{letter}.{number}") for number, make in enumerate(makers, 1))
