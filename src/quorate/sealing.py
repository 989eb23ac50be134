"""Sealing: the checkpoint over a closed transcript, and those who cosign it. Floor 4."""

from __future__ import annotations

from pathlib import Path

from quorate import governing, record
from quorate.findings import Refusal
from quorate.governing import Standing
from quorate.host import Host
from quorate.room import REJECTED, Aside, Room
from quorate.script.state import State, Status
from quorate.script.steps.closing import final_checkpoint
from quorate.want import Collect
from quorate.words import ends


def seal(host: Host, folder: Path, state: State) -> None:
    """Write the checkpoint over the whole transcript; nothing else is needed for the record to be complete."""
    if state.status is not Status.CLOSED:
        raise Refusal("record.not_closed", str(folder))
    host.clear(folder)
    host.write_once(folder / "checkpoint", final_checkpoint(state).text())
    record.write_sums(host, folder)


_FINAL = ("cosign the final checkpoint; or say :stop, and add what is missing later by quorate seal",)


def collect_cosignatures(room: Room, state: State) -> Standing:
    """Ask the closing quorum, as far as it is in the room, to cosign the final checkpoint."""
    standing = governing.closing_standing(room.folder, state)
    room.face.show(
        ["the record is closed; the words of its checkpoint are read aloud:", " ".join(ends(state.tree.root))]
    )
    here = set(state.seats.values())
    while not standing.suffices and (able := [one for one in standing.may if one in here - set(standing.signed)]):
        ballots = tuple(governing.closing_ballot(state, person) for person in able)
        try:
            signed = room.face.collect(Collect(ballots, len(standing.signed), standing.need, _FINAL))
            add_cosignature(room.host, room.folder, state, signed.statement.signer, signed.signature)
        except Aside:
            break  # `quorate seal` takes them later
        except Refusal as refusal:
            if refusal.code not in REJECTED:
                raise
            room.face.refuse(refusal)
        standing = governing.closing_standing(room.folder, state)
    record.write_sums(room.host, room.folder)
    return standing


def add_cosignature(host: Host, folder: Path, state: State, person: str, signature: str) -> None:
    """Verify and keep one cosignature of the final checkpoint."""
    statement = governing.closing_statement(state, person)
    governing.keep(host, folder / "cosignatures" / person, statement, state.authority, signature)
