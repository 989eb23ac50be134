"""Ceremonies that do not go smoothly, with stand-ins: they say what a test tells them to, or the power fails."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

from quorate.conduct import conduct
from quorate.findings import Refusal
from quorate.host import Host, SteppedHost
from quorate.rehearse import StandIns, prepare_rehearsal
from quorate.room import Aside, Kind, Room, Stopped
from quorate.script.drafting import utc
from quorate.script.state import State
from quorate.want import Arrive, Arrived, Collect, Signed

When = Callable[[State], bool]


class PowerCut(KeyboardInterrupt):
    """The process ends here, without another word."""


class Bug(Exception):
    """What nobody thought of."""


def at(step: str) -> When:
    """When the ceremony stands at this step."""
    return lambda state: state.step is not None and state.step.id == step


def in_branch(step: str) -> When:
    """When it stands at this step of a branch, or when the branch passes over it, at the next."""
    return lambda state: state.line != "main" and state.step is not None and state.step.id >= step


def pending(step: str) -> When:
    """When the token is about to be asked at this step."""
    return lambda state: at(step)(state) and state.pending and not state.interrupted


class Unsmooth(StandIns):
    """Stand-ins with a list of what happens when, each once and in this order."""

    def __init__(self, root: Path, folder: Path, host: Host) -> None:
        super().__init__(root, folder, host)
        self.happens: list[tuple[When, BaseException]] = []
        self.types: dict[str, list[str]] = {}  # by a part of the prompt: what is typed instead, once each
        self.refusals: list[Refusal] = []

    def enter(self, state: State) -> None:
        """Power cuts and bugs come at any moment."""
        self.state = state
        if self.happens and not isinstance(self.happens[0][1], Aside):
            self._happen()

    def _happen(self) -> None:
        if self.happens and self.happens[0][0](self.state):
            raise self.happens.pop(0)[1]

    def _instead(self, prompt: str) -> str | None:
        """What is typed instead of the right thing; what is said at any moment is said at a question."""
        self._happen()
        for part, answers in self.types.items():
            if part in prompt and answers:
                return answers.pop(0)
        return None

    def ask(self, seat: str, prompt: str, kind: str, expected: str) -> str:
        wrong = self._instead(prompt)
        return super().ask(seat, prompt, kind, expected) if wrong is None else wrong

    def secret(self, seat: str, prompt: str, topic: str) -> bytearray:
        wrong = self._instead(prompt)
        return super().secret(seat, prompt, topic) if wrong is None else bytearray(wrong.encode())

    def arrive(self, want: Arrive) -> Arrived:
        self._happen()
        return super().arrive(want)

    def collect(self, want: Collect) -> Signed:
        self._happen()
        return super().collect(want)

    def refuse(self, refusal: Refusal) -> None:
        self.refusals.append(refusal)
        if len(self.refusals) > 20:
            raise refusal

    def again(self) -> bool:
        return True


def unsmooth(
    authority: Path,
    into: Path,
    happens: list[tuple[When, BaseException]],
    types: Mapping[str, list[str]] = {},
    verifier: bytes = b"",
    name: str = "001-root",
    meanwhile: Callable[[Path], None] = lambda folder: None,
) -> tuple[Path, Unsmooth]:
    """Rehearse a ceremony of a copy of `authority`, resuming whenever it stops; the copy, and the stand-ins.

    `meanwhile` is done to the rehearsal's folder at each stop.
    """
    root = into / "authority"
    shutil.copytree(authority, root)
    ceremony = root / "ceremonies" / name
    start, compiled = prepare_rehearsal(root, ceremony, verifier)
    assert compiled is not None
    folder = ceremony / "rehearsal"
    host = SteppedHost(utc(compiled.script.window.opens))
    people = Unsmooth(root, folder, host)
    people.happens, people.types = list(happens), {part: list(answers) for part, answers in types.items()}
    for _ in range(len(happens) + 1):
        try:
            conduct(Room(host, people, ceremony, start, folder), verifier, folder)
            break
        except (Stopped, PowerCut, Bug):
            meanwhile(folder)
    assert not people.happens, f"{len(people.happens)} things did not happen"
    assert not any(people.types.values()), people.types
    return root, people


def say(kind: Kind, seat: str = "") -> Aside:
    return Aside(kind, seat)
