"""A ceremony is killed, loses its power, its disk or its mind anywhere, and goes on: nothing lost, nothing done twice.

Each point is a process that was really killed. Without QUORATE_FULL_SWEEP every token call and a sample of the others
is tried; with it all of them, which takes minutes.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from crashing import CEREMONY, Server, fill, flaws, record_of
from example import FIRST, make_authority, make_plan
from softhsm import MODULE, make_softhsm_token

from quorate import record

FULL = bool(os.environ.get("QUORATE_FULL_SWEEP"))
STRIDE = 1 if FULL else 19
PARTS = 4
Struck = tuple[int, str]


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    server = Server()
    yield server
    server.close()


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory, server: Server) -> Path:
    """An authority whose first ceremony is compiled, approved and not begun."""
    root = make_authority(tmp_path_factory.mktemp("crash") / "prepared")
    make_plan(root, CEREMONY, FIRST)
    server.ask("make", root=str(root))
    return root


@pytest.fixture(scope="module")
def calls(server: Server, prepared: Path) -> dict[str, list[str]]:
    """The points and the wants of a ceremony that nothing happens to."""
    facts = server.ask("survive", prepared=str(prepared), points=[])
    assert flaws(facts) == []
    resumed: dict[str, list[str]] = facts["resumed"]
    return resumed


def sweep(server: Server, prepared: Path, points: list[list[Struck]], end: Callable[[dict[str, Any]], bool]) -> None:
    """Strike at each of `points`; `end` says of each child whether it ended as it was to."""
    assert points
    wrong = []
    for one in points:
        facts = server.ask("survive", prepared=str(prepared), points=one)
        wrong += [f"{one}: {flaw}" for flaw in flaws(facts)]
        wrong += [f"{one}: ended as {struck}" for struck in facts["struck"] if not end(struck)]
    assert wrong == []


def killed(struck: dict[str, Any]) -> bool:
    return struck["signal"] == 9


def ended(*outcomes: str) -> Callable[[dict[str, Any]], bool]:
    return lambda struck: struck.get("outcome") in outcomes


def at(names: list[str], *wanted: str) -> list[int]:
    """The numbers of the points whose names begin with one of `wanted`."""
    found = [number for number, name in enumerate(names) if name.startswith(wanted)]
    assert found
    return found


# --- killed


def test_killed_around_every_call_of_the_token(server: Server, prepared: Path, calls: dict[str, list[str]]) -> None:
    numbers = at(calls["points"], "token ")
    assert {calls["points"][one] for one in numbers} == {f"token {n}" for n in ("login", "set_pin", "generate", "sign")}
    sweep(server, prepared, [[(number, when)] for number in numbers for when in ("before", "after")], killed)


@pytest.mark.parametrize("part", range(PARTS))
def test_killed_around_every_fsync_and_name(
    server: Server, prepared: Path, calls: dict[str, list[str]], part: int
) -> None:
    numbers = at(calls["points"], "fsync", "link", "rename", "replace")
    points = [[(number, when)] for number in numbers for when in ("before", "after", "cut")]
    sweep(server, prepared, points[part * STRIDE :: STRIDE * PARTS] if not FULL else points[part::PARTS], killed)


def test_killed_within_a_line(server: Server, prepared: Path, calls: dict[str, list[str]]) -> None:
    numbers = at(calls["points"], "fsync transcript.jsonl")
    sweep(server, prepared, [[(number, "torn")] for number in numbers[::STRIDE]], killed)


@pytest.mark.parametrize("call", ["token generate", "token sign", "token set_pin"])
def test_killed_again_while_it_resumes(server: Server, prepared: Path, calls: dict[str, list[str]], call: str) -> None:
    first = (at(calls["points"], call)[0], "after")
    second = server.ask("survive", prepared=str(prepared), points=[first])["resumed"]["points"]
    upto = at(second, "token ")[2 if call == "token generate" else 1] + 1
    again = at(second[:upto], "") if FULL else at(second[:upto], "token ")
    if call == "token generate":
        assert {"token lookup", "token destroy"} <= {second[one] for one in again}
    sweep(server, prepared, [[first, (one, when)] for one in again for when in ("before", "after")], killed)


def test_torn_again_while_it_resumes(server: Server, prepared: Path, calls: dict[str, list[str]]) -> None:
    """The second torn line stands where the first one stood, and both are kept."""
    for number in (at(calls["points"], "fsync transcript.jsonl")[one] for one in (0, 1, 40)):
        torn = (number, "torn")
        again = server.ask("survive", prepared=str(prepared), points=[torn])["resumed"]["points"]
        resumed = (at(again, "fsync transcript.jsonl")[1], "torn")
        evidence = [(one, when) for one in at(again, "link torn", "fsync evidence") for when in ("before", "after")]
        sweep(server, prepared, [[torn, resumed], *([torn, one] for one in evidence)], killed)
