"""The state of a ceremony: what the fold of its events over its script has come to. Floor 2.

Never stored. `session.evolve` makes the next state from an event; the steps read it.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from quorate import sshsig
from quorate.authority import AuthorityState
from quorate.event import Event, Type
from quorate.findings import Refusal
from quorate.people import Presence, Purpose
from quorate.script import KnownKey, Script, ScriptSeat, ShareSet, Step
from quorate.statement import Statement, StatementType, namespace
from quorate.tlog import Tree
from quorate.want import Ballot

T = TypeVar("T")


class Status(enum.StrEnum):
    """Where the ceremony stands as a whole."""

    OPEN = "open"
    PAUSED = "paused"
    SUSPENDING = "suspending"
    SUSPENDED = "suspended"
    ABORTING = "aborting"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Lies:
    """Where an item lies and in which seal; `place` is empty while it is out on the table.

    `sent`: it left for that place, and nobody has said yet that it is there.
    """

    place: str
    seal: str
    sent: bool = False


@dataclass(frozen=True, slots=True)
class Cursor:
    """A place in one line of steps, with the events of the step it stands at."""

    line: str
    index: int
    progress: tuple[Event, ...] = ()


@dataclass(frozen=True, slots=True)
class Deed:
    """How an operation ended: when, and with what: the object that it signed or the public key that it made (DER)."""

    at: str
    data: bytes = b""


@dataclass(frozen=True, slots=True)
class State:
    """One moment of a ceremony. Mappings are never changed in place."""

    script: Script
    script_digest: str
    authority: AuthorityState
    inputs: Mapping[str, bytes] = field(repr=False)
    tree: Tree = field(default_factory=Tree)
    at: str = ""
    status: Status = Status.OPEN
    cursors: tuple[Cursor, ...] = (Cursor("main", 0),)  # the last one walks; those before wait for it
    interrupted: bool = False  # `resumed` came while an attempt of this step was intended
    seats: Mapping[str, str] = field(default_factory=dict)
    sat: frozenset[tuple[str, str]] = frozenset()  # seat and person, of everybody who has had a seat
    roll: tuple[str, ...] = ()  # seats whose sign-in the last `resumed` voided
    authorised: frozenset[tuple[str, str]] = frozenset()  # the tokens of which somebody has authorised a use, and who
    unlocked: tuple[tuple[str, str], ...] = ()
    relock: tuple[tuple[str, str], ...] = ()  # what was unlocked when the last `resumed` voided it
    sets: Mapping[tuple[str, str], ShareSet] = field(default_factory=dict)
    keys: Mapping[str, KnownKey] = field(default_factory=dict)
    spkis: Mapping[str, bytes] = field(default_factory=dict)
    destroyed: frozenset[str] = frozenset()  # keys that this ceremony destroyed
    done: Mapping[str, Deed] = field(default_factory=dict)  # the operations that came to their end
    begun: frozenset[str] = frozenset()  # the operations of which anything happened
    certificates: Mapping[str, bytes] = field(default_factory=dict)
    crls: Mapping[str, bytes] = field(default_factory=dict)
    skrs: Mapping[str, Deed] = field(default_factory=dict)  # signed in this ceremony, by the response's id
    published: frozenset[str] = frozenset()  # artifacts that were compared with what is published
    items: Mapping[str, Lies] = field(default_factory=dict)
    seals: frozenset[str] = frozenset()
    closings: Mapping[str, frozenset[str]] = field(default_factory=dict)  # bags closed here, and the keys made by then
    gaped: frozenset[str] = frozenset()  # items whose bag was to be closed, and was not
    places: frozenset[str] = frozenset()
    retake: Mapping[str, str] = field(default_factory=dict)  # items that were out when `suspended` came, their seals
    reopen: frozenset[str] = frozenset()  # places that were open when the main line stopped
    checkpoint_root: bytes = b""
    deviations: tuple[Event, ...] = ()
    files: Mapping[str, str] = field(default_factory=dict)
    _known: dict[tuple[str, ...], Any] = field(default_factory=dict, init=False, repr=False, compare=False)

    def once(self, question: tuple[str, ...], work: Callable[[], T]) -> T:
        """What `work` comes to. It is asked of this state alone, and so worked out only the first time."""
        if question not in self._known:
            self._known[question] = work()
        found: T = self._known[question]
        return found

    # -- where we are -------------------------------------------------------------------------------------------------

    @property
    def size(self) -> int:
        return self.tree.size

    @property
    def line(self) -> str:
        """The line being walked: `main`, `resume`, `suspend` or `abort`."""
        return self.cursors[-1].line

    @property
    def to_main(self) -> bool:
        """Whether the line being walked is the resumption of the main line, and not of a suspension or an abort."""
        return self.line == "resume" and self.cursors[-2].line == "main"

    @property
    def step(self) -> Step | None:
        """The current step; None at the end of the line."""
        steps, index = self.steps(self.line), self.cursors[-1].index
        return steps[index] if index < len(steps) else None

    @property
    def progress(self) -> tuple[Event, ...]:
        """The events of the current step so far."""
        return self.cursors[-1].progress

    def steps(self, line: str) -> tuple[Step, ...]:
        if line == "main":
            return self.script.steps
        branches = self.script.branches
        return {"abort": branches.abort, "suspend": branches.suspend}.get(line, branches.resume)

    def happened(self, kind: Type) -> tuple[Event, ...]:
        """The events of `kind` at the current step."""
        return tuple(event for event in self.progress if event.type is kind)

    def since(self, *kinds: Type) -> tuple[Event, ...]:
        """The events of the current step after the last one of `kinds`; all of them if there is none."""
        for index in range(len(self.progress) - 1, -1, -1):
            if self.progress[index].type in kinds:
                return self.progress[index + 1 :]
        return self.progress

    @property
    def pending(self) -> bool:
        """Whether an attempt is intended and neither completed nor settled."""
        kinds = [event.type for event in self.progress]
        return kinds.count(Type.INTENDED) > kinds.count(Type.COMPLETED) + kinds.count(Type.SETTLED)

    @property
    def commanded(self) -> bool:
        """Whether the direct command of the next attempt has been given; an interruption voids it."""
        return any(event.type is Type.COMMANDED for event in self.since(Type.SETTLED, Type.RESUMED))

    @property
    def attempt(self) -> int:
        """The number of the attempt that is due or under way at the current step."""
        return 1 + len(self.happened(Type.SETTLED))

    # -- people -------------------------------------------------------------------------------------------------------

    def present_seats(self, role: str) -> tuple[ScriptSeat, ...]:
        """The seats of `role` whose person is in the room, in the script's order."""
        return tuple(seat for seat in self.script.seats if seat.role == role and seat.id in self.seats)

    def keyed_seats(self) -> tuple[ScriptSeat, ...]:
        """Present seats held by people with keys, one for each person."""
        seen: set[str] = set()
        chosen = []
        for seat in self.script.seats:
            person = self.seats.get(seat.id)
            if person and person not in seen and self.authority.person(person).presence is Presence.KEYED:
                seen.add(person)
                chosen.append(seat)
        return tuple(chosen)

    def require_present(self, seats: tuple[str, ...]) -> None:
        """Refuse what is said to be done by a seat whose person is not here."""
        for seat in seats:
            if seat not in self.seats:
                raise Refusal("session.seat_absent", seat=seat)

    # -- statements ---------------------------------------------------------------------------------------------------

    def statement(
        self, kind: StatementType, seat: ScriptSeat, person: str, said: tuple[tuple[str, str], ...], attempt: int = 0
    ) -> Statement:
        """What `person` signs in `seat` at this moment: every line that does not depend on what is said."""
        key = self.authority.person(person).key
        window = self.script.window
        return Statement(
            type=kind,
            mode=self.script.mode,
            authority=self.script.authority.state,
            ceremony=self.script.ceremony,
            script=self.script_digest,
            step=self.step.id if self.step else "",
            attempt=attempt,
            said=said,
            size=self.size,
            root=self.tree.root.hex(),
            opens=window.opens,
            closes=window.closes,
            signer=person,
            fingerprint=sshsig.fingerprint(sshsig.public_blob(key)),
            role=seat.role,
        )

    def ballots(
        self,
        kind: StatementType,
        said: tuple[tuple[str, str], ...],
        purpose: Purpose | None = None,
        attempt: int = 0,
        without: frozenset[str] = frozenset(),
    ) -> tuple[Ballot, ...]:
        """A ballot for each present keyed person, of the quorum's role if there is a purpose, but `without` those."""
        role = self.script.quorum(purpose).role if purpose else None
        return tuple(
            Ballot(self.statement(kind, seat, self.seats[seat.id], said, attempt), seat.id)
            for seat in (self.present_keyed(role) if role else self.keyed_seats())
            if self.seats[seat.id] not in without
        )

    def present_keyed(self, role: str) -> tuple[ScriptSeat, ...]:
        """The present seats of a role whose people have keys."""
        return tuple(
            seat
            for seat in self.present_seats(role)
            if self.authority.person(self.seats[seat.id]).presence is Presence.KEYED
        )

    def admit_signature(self, signature: Any, ballots: tuple[Ballot, ...]) -> Ballot:
        """The ballot that `signature` (an event's Signature) fills; refused unless it fits one byte for byte."""
        if not isinstance(signature, dict) or set(signature) != {"made", "person", "seat", "signature", "statement"}:
            raise Refusal("record.event_malformed", "signature")
        for ballot in ballots:
            if (ballot.statement.signer, ballot.seat) == (signature["person"], signature["seat"]):
                if ballot.statement.text().decode("ascii") != signature["statement"]:
                    raise Refusal("signature.other_statement", person=signature["person"])
                self.verify(ballot.statement, signature["signature"])
                return ballot
        raise Refusal("signature.not_asked", person=signature["person"], seat=signature["seat"])

    def verify(self, statement: Statement, signature: str) -> sshsig.Verified:
        """Check an armored signature over a statement against the signer's enrolled key."""
        blob = sshsig.public_blob(self.authority.person(statement.signer).key)
        return sshsig.verify(signature, blob, namespace(statement.type, statement.mode), statement.text())

    def with_deed(self, operation: str, at: str, data: bytes = b"") -> State:
        """This state, in which an operation has come to its end."""
        return replace(self, done={**self.done, operation: Deed(at, data)})

    def having(self, **changes: Any) -> State:
        """This state with some members replaced."""
        return replace(self, **changes)
