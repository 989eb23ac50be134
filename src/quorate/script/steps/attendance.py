"""Attendance: people come in, are identified, and take their seats. Spec: `spec/script.md`, kind attendance.

A keyed person signs in with an enrolled key. A paper person is identified by two keyed people who are already here.
"""

from __future__ import annotations

from quorate.event import Body, Event, Type
from quorate.findings import Refusal
from quorate.people import Presence
from quorate.script import Attendance
from quorate.script.operations import ShareOperation
from quorate.script.state import State
from quorate.statement import StatementType
from quorate.want import Answer, Arrive, Arrived, Ballot, Want


def wants(step: Attendance, state: State) -> Want | None:
    """The next seat that is still empty, keyed people first as the script lists them."""
    for seat in step.seats or state.roll:
        if seat not in state.seats:
            return arrival(state, seat)
    return None


def arrival(state: State, seat: str) -> Arrive:
    """Who may take `seat`, and what is to be signed for each."""
    entry = state.script.seat(seat)
    named = (entry.person, *entry.alternates)
    there = {state.seats[one.id] for one in state.present_seats(entry.role)}
    people = tuple(person for person in named if person not in there) or named
    return Arrive(seat, tuple((person, _ballots(state, seat, person)) for person in people))


def _ballots(state: State, seat: str, person: str) -> tuple[Ballot, ...]:
    said = (("seat", seat), ("person", person))
    entry = state.script.seat(seat)
    if state.authority.person(person).presence is Presence.KEYED:
        return (Ballot(state.statement(StatementType.SIGN_IN, entry, person, said), seat),)
    return tuple(
        Ballot(state.statement(StatementType.SIGN_IN, witness, state.seats[witness.id], said), witness.id)
        for witness in state.keyed_seats()
    )


def takes(step: Attendance, state: State, want: Want, answer: Answer) -> tuple[Type, Body]:
    assert isinstance(want, Arrive)
    assert isinstance(answer, Arrived)
    return Type.ARRIVED, arrived_body(want, answer)


def arrived_body(want: Arrive, answer: Arrived) -> Body:
    """The body of `arrived`."""
    return {
        "person": answer.person,
        "seat": want.seat,
        "signatures": [signed.body() for signed in answer.signatures],
    }


def admit_arrival(state: State, event: Event) -> None:
    """Refuse an arrival that does not fit the script, the appointments, the conflict table or the signatures."""
    body = event.body
    seat, person = str(body["seat"]), str(body["person"])
    options = dict(arrival(state, seat).options) if seat in {one.id for one in state.script.seats} else {}
    if person not in options:
        raise Refusal("session.not_of_this_seat", person=person, seat=seat)
    if seat in state.seats:
        raise Refusal("session.seat_taken", seat=seat, person=state.seats[seat])
    role = state.script.seat(seat).role
    if not state.authority.holds_role(person, role, event.at[:10]):
        raise Refusal("session.not_appointed", person=person, role=role, day=event.at[:10])
    for other, sitting in state.seats.items():
        its = state.script.seat(other).role
        if sitting == person and its == role:
            raise Refusal("session.two_seats", person=person, seat=other, role=role)
        if sitting == person and state.authority.excludes(role, its):
            raise Refusal("session.conflict", person=person, role=role, other=its)
    for token in sorted(_to_hold(state, seat)):
        if (token, person) in state.authorised:
            raise Refusal("session.authorised_already", person=person, seat=seat, token=token)
    _admit_signatures(state, person, options[person], body["signatures"])


def _to_hold(state: State, seat: str) -> frozenset[str]:
    """The tokens of whose shares this seat is to get one in this ceremony."""
    dealt = (one for one in state.script.operations if isinstance(one, ShareOperation))
    return frozenset(one.token for one in dealt if seat in one.holders)


def _admit_signatures(state: State, person: str, ballots: tuple[Ballot, ...], signatures: list[object]) -> None:
    keyed = state.authority.person(person).presence is Presence.KEYED
    need = 1 if keyed else 2
    if len(signatures) != need:
        raise Refusal("session.identified_by", person=person, need=need, have=len(signatures))
    signers = {state.admit_signature(signature, ballots).statement.signer for signature in signatures}
    if len(signers) != need:
        raise Refusal("session.identified_by", person=person, need=need, have=len(signers))
