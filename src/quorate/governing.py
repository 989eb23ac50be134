"""Who said yes before the day: states of the authority, and scripts, signed by the people who govern and approve.

Floor 4. Spec: `spec/authority.md`, `spec/statements.md`. Signatures lie beside what they sign, as PERSON.statement and
PERSON.sig; each is verified when it comes in and whenever it is relied on.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from quorate import canonical, sshsig
from quorate.authority import AuthorityState
from quorate.event import Event, Type
from quorate.findings import Refusal
from quorate.host import Host
from quorate.people import Presence, Purpose
from quorate.record import frozen_states
from quorate.register import GENESIS
from quorate.script import Script
from quorate.script.state import State
from quorate.script.steps.closing import origin
from quorate.signer import read_signature
from quorate.statement import Mode, Statement, StatementType
from quorate.want import Ballot


@dataclass(frozen=True, slots=True)
class Standing:
    """How far a set of signatures has come: who has signed, how many are needed, who else may."""

    signed: tuple[str, ...]
    need: int
    may: tuple[str, ...]

    @property
    def suffices(self) -> bool:
        return len(self.signed) >= self.need


def fingerprint(authority: AuthorityState, person: str) -> str:
    return sshsig.fingerprint(sshsig.public_blob(authority.person(person).key))


def keep(host: Host, stem: Path, statement: Statement, authority: AuthorityState, signature: str) -> None:
    """Verify a signature over `statement` and write both beside `stem` (`…/PERSON`)."""
    blob = sshsig.public_blob(authority.person(statement.signer).key)
    sshsig.verify(signature, blob, statement.namespace, statement.text())
    host.make_folder(stem.parent)
    pair = {".statement": statement.text(), ".sig": signature.encode("ascii")}
    files = {stem.with_name(stem.name + ending): data for ending, data in pair.items()}
    fresh = [path for path in files if not path.exists()]
    try:
        host.write_together(files)
    except Refusal:
        for path in fresh:  # a statement without its signature stands in the way
            with suppress(OSError):
                path.unlink(missing_ok=True)
        raise


def kept(stem: Path, statement: Statement, authority: AuthorityState) -> bool:
    """Whether a valid signature over exactly this statement lies beside `stem`; refused if another one does."""
    text, signature = stem.with_name(stem.name + ".statement"), stem.with_name(stem.name + ".sig")
    if not signature.is_file():
        return False
    if text.read_bytes() != statement.text():
        raise Refusal("signature.other_statement", str(text), person=statement.signer)
    blob = sshsig.public_blob(authority.person(statement.signer).key)
    sshsig.verify(read_signature(signature), blob, statement.namespace, statement.text())
    return True


# -- the authority's states -------------------------------------------------------------------------------------------


def governors(states: tuple[AuthorityState, ...], number: int) -> tuple[AuthorityState, tuple[str, ...], int]:
    """Who signs state `number`: the state whose keys count, the people, and how many of them.

    The genesis is signed by everyone it names as governor; every later state by the quorum of the one before.
    """
    before = states[number - 1] if number else states[0]
    quorum = before.quorum(Purpose.GOVERN)
    people = before.appointed(quorum.role)
    return before, people, quorum.need if number else len(people)


def change_statement(states: tuple[AuthorityState, ...], number: int, mode: Mode, person: str) -> Statement:
    """What `person` signs for state `number`."""
    before, _, _ = governors(states, number)
    previous = states[number - 1].digest if number else GENESIS
    return Statement(
        type=StatementType.AUTHORITY_CHANGE,
        mode=mode,
        authority=states[0].digest,
        said=(("previous", previous), ("state", states[number].digest)),
        signer=person,
        fingerprint=fingerprint(before, person),
        role=before.quorum(Purpose.GOVERN).role,
    )


def state_standing(folder: Path, mode: Mode, number: int) -> Standing:
    """Who has signed state `number` of the chain in `folder`/authority."""
    states = frozen_states(folder)
    before, people, need = governors(states, number)
    signed = []
    for person in people:
        stem = folder / "authority" / f"{number:03d}.{person}"
        if before.person(person).presence is Presence.KEYED and kept(
            stem, change_statement(states, number, mode, person), before
        ):
            signed.append(person)
    return Standing(tuple(signed), need, people)


def require_governed(folder: Path, mode: Mode) -> None:
    """Refuse an authority whose states are not all signed by those who govern."""
    for number in range(len(frozen_states(folder))):
        standing = state_standing(folder, mode, number)
        if not standing.suffices:
            raise Refusal(
                "authority.ungoverned",
                f"authority/{number:03d}.json",
                have=len(standing.signed),
                need=standing.need,
                missing=", ".join(one for one in standing.may if one not in standing.signed),
            )


def freeze_state(host: Host, folder: Path, state: AuthorityState) -> int:
    """The number of `state` in the chain, added at its end if it is not the last one already."""
    states = frozen_states(folder)
    if states and states[-1].digest == state.digest:
        return len(states) - 1
    (folder / "authority").mkdir(parents=True, exist_ok=True)
    host.write_once(folder / "authority" / f"{len(states):03d}.json", state.file())
    return len(states)


# -- scripts ----------------------------------------------------------------------------------------------------------


def approval_statement(script: Script, authority: AuthorityState, person: str) -> Statement:
    """What `person` signs to approve a script."""
    return Statement(
        type=StatementType.SCRIPT_APPROVAL,
        mode=script.mode,
        authority=script.authority.state,
        ceremony=script.ceremony,
        script=canonical.digest(script.file()),
        said=(("genesis", script.authority.genesis),),
        opens=script.window.opens,
        closes=script.window.closes,
        signer=person,
        fingerprint=fingerprint(authority, person),
        role=authority.quorum(Purpose.APPROVE).role,
    )


def approvers(authority: AuthorityState, script: Script) -> tuple[str, ...]:
    """The people who may approve a script: appointed to the quorum's role on the days of its window, and with a key."""
    role, days = authority.quorum(Purpose.APPROVE).role, {script.window.opens[:10], script.window.closes[:10]}
    people = [one for one in authority.appointed(role) if all(authority.holds_role(one, role, day) for day in days)]
    return tuple(person for person in people if authority.person(person).presence is Presence.KEYED)


def script_standing(approvals: Path, script: Script, authority: AuthorityState) -> Standing:
    """Who has approved this very script."""
    may = approvers(authority, script)
    signed = [one for one in may if kept(approvals / one, approval_statement(script, authority, one), authority)]
    return Standing(tuple(signed), authority.quorum(Purpose.APPROVE).need, may)


def approval_holds(approvals: Path, script: Script, authority: AuthorityState, person: str) -> bool:
    """Whether this person has approved this very script; whatever else lies there under their name is none."""
    try:
        return kept(approvals / person, approval_statement(script, authority, person), authority)
    except (Refusal, OSError):
        return False


def require_approved(approvals: Path, script: Script, authority: AuthorityState) -> None:
    """Refuse a script that the approving quorum has not signed."""
    standing = script_standing(approvals, script, authority)
    if not standing.suffices:
        raise Refusal("script.not_approved", str(approvals), have=len(standing.signed), need=standing.need)


# -- the sealed record ------------------------------------------------------------------------------------------------


def closing_statement(state: State, person: str) -> Statement:
    """What a cosigner of the final checkpoint signs."""
    script = state.script
    return Statement(
        type=StatementType.CHECKPOINT,
        mode=script.mode,
        authority=script.authority.state,
        ceremony=script.ceremony,
        script=state.script_digest,
        said=(("size", str(state.size)), ("root", state.tree.root.hex()), ("origin", origin(state))),
        opens=script.window.opens,
        closes=script.window.closes,
        signer=person,
        fingerprint=fingerprint(state.authority, person),
        role=script.quorum(Purpose.CLOSE).role,
    )


def closing_ballot(state: State, person: str) -> Ballot:
    """The final checkpoint for one cosigner, in the seat that they may take."""
    role = state.script.quorum(Purpose.CLOSE).role
    seat = next(s.id for s in state.script.seats if s.role == role and person in (s.person, *s.alternates))
    return Ballot(closing_statement(state, person), seat)


def who_sat(events: Iterable[Event]) -> frozenset[str]:
    """The people who took a seat of a ceremony."""
    return frozenset(str(event.body["person"]) for event in events if event.type is Type.ARRIVED)


def closing_standing(folder: Path, state: State, sat: frozenset[str] | None = None) -> Standing:
    """Who has cosigned the final checkpoint of the record in `folder`: people who held a seat of the closing role.

    `sat`: those who took a seat; without it all that are named for one may.
    """
    quorum = state.script.quorum(Purpose.CLOSE)
    seats = [seat for seat in state.script.seats if seat.role == quorum.role]
    people = dict.fromkeys(person for seat in seats for person in (seat.person, *seat.alternates))
    keyed = (one for one in people if state.authority.person(one).presence is Presence.KEYED)
    may = tuple(one for one in keyed if sat is None or one in sat)
    signed = [one for one in may if kept(folder / "cosignatures" / one, closing_statement(state, one), state.authority)]
    return Standing(tuple(signed), quorum.need, may)
