"""The face: how the room is spoken to and heard. Floor 4: a protocol; faces on floor 5 answer it.

A face shows, asks, reports and refuses; it decides nothing and keeps nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from quorate.findings import Refusal
from quorate.script.state import State
from quorate.want import Arrive, Arrived, Bring, Collect, Signed


class Face(Protocol):
    """What a face does for the room. `ask`, `again`, `secret`, `arrive` and `collect` may raise `conduct.Aside`."""

    def show(self, lines: Sequence[str]) -> None:
        """Print lines for everyone."""

    def enter(self, state: State) -> None:
        """The step at which the ceremony stands; called before every want."""

    def refuse(self, refusal: Refusal) -> None:
        """Say what is not acceptable, and what to do."""

    def again(self) -> bool:
        """After a refusal: go on with the same step, or stop here."""

    def ask(self, seat: str, prompt: str, kind: str, expected: str) -> str:
        """One line typed by a seat. `expected` is for stand-ins only and never shown."""

    def secret(self, seat: str, prompt: str, topic: str) -> bytearray:
        """A line typed without echo, by a seat or (empty) by whoever holds it. The caller wipes it.

        `topic` says which secret: `share/TOKEN/user`, `transport/TOKEN/so`.
        """

    def reveal(self, seat: str, words: bytearray, topic: str) -> None:
        """Show a share to its holder alone, until taken down; then wipe the screen."""

    def arrive(self, want: Arrive) -> Arrived:
        """The person of a seat comes in."""

    def collect(self, want: Collect) -> Signed:
        """One signature by any of those asked."""

    def bring(self, want: Bring) -> None:
        """Say that a copy of a key is to be brought to a token, outside of the program; stand-ins bring it."""

    def medium(self, copy: int) -> Path:
        """Where the next copy goes."""
