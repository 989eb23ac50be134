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

from crashing import Server, fill, flaws, record_of
from example import FIRST, make_authority, make_plan
from quorate import record
from quorate.rehearse import TRANSPORT
from softhsm import MODULE, make_softhsm_token

FULL = bool(os.environ.get("QUORATE_FULL_SWEEP"))
STRIDE = 1 if FULL else 29
PARTS = 4
DEMO = Path(__file__).parent.parent / "examples" / "demo"
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
    make_plan(root, "001-root", FIRST)
    server.ask("make", root=str(root))
    server.ask("warm", prepared=str(root))
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


def chosen(calls: dict[str, list[str]]) -> list[int]:
    """Every want; in a sample the first of each kind that reaches beyond the screen."""
    kinds = calls["wants"]
    sample = ("Arrive", "ShareOut", "Record", "SetCredential", "UnlockToken", "GeneratePair", "SignBytes", "CopyOut")
    return list(range(len(kinds))) if FULL else [kinds.index(one) for one in sample]


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
    for number in (at(calls["points"], "fsync transcript.jsonl")[one] for one in (1, 40)):
        torn = (number, "torn")
        again = server.ask("survive", prepared=str(prepared), points=[torn])["resumed"]["points"]
        resumed = (at(again, "fsync transcript.jsonl")[1], "torn")
        evidence = [(one, when) for one in at(again, "link torn", "fsync evidence") for when in ("before", "cut")]
        sweep(server, prepared, [[torn, resumed], *([torn, one] for one in evidence)], killed)


# --- the ceremony of the demonstration, which follows from another


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory, server: Server) -> Path:
    root = Path(shutil.copytree(DEMO, tmp_path_factory.mktemp("crash-demo") / "prepared"))
    server.ask("make", root=str(root))
    server.ask("warm", prepared=str(root))
    return root


def test_the_demonstration_is_killed_around_its_calls(server: Server, demo: Path) -> None:
    facts = server.ask("survive", prepared=str(demo), points=[])
    assert flaws(facts) == []
    assert len(facts["drafted"]) == 6
    names = facts["resumed"]["points"]
    signing = [(number, when) for number in at(names, "token ") for when in ("before", "after")]
    writing = at(names, "fsync", "link", "rename", "replace")
    cutting = [(number, when) for number in writing for when in ("before", "after", "cut")]
    points = signing + cutting if FULL else [*signing[-2:], *cutting[7 :: 10 * STRIDE]]
    sweep(server, demo, [[one] for one in points], killed)


# --- stopped by a bug, by hand, by another process


@pytest.mark.parametrize(("when", "outcome"), [("bug", "RuntimeError"), ("interrupt", "KeyboardInterrupt")])
def test_stopped_at_a_want(
    server: Server, prepared: Path, calls: dict[str, list[str]], when: str, outcome: str
) -> None:
    sweep(server, prepared, [[(number, when)] for number in chosen(calls)], ended(outcome))


def test_a_bug_leaves_its_kind_and_not_its_words(server: Server, prepared: Path, calls: dict[str, list[str]]) -> None:
    points = [(calls["wants"].index("SignBytes"), "bug"), (5, "bug")]  # the second while people sign in again
    facts = server.ask("survive", prepared=str(prepared), points=points)
    assert flaws(facts) == []
    assert facts["faults"] == ["RuntimeError", "RuntimeError"]


@pytest.fixture
def begun(server: Server, prepared: Path, calls: dict[str, list[str]], tmp_path: Path) -> Path:
    """A ceremony that was killed before it generated its key."""
    root = Path(shutil.copytree(prepared, tmp_path / "begun"))
    assert killed(server.ask("run", root=str(root), point=(at(calls["points"], "token generate")[0], "before")))
    return root


def test_one_process_conducts_and_a_dead_one_does_not(server: Server, begun: Path) -> None:
    with record.locked(record_of(begun).parent):  # free, although its holder was killed
        assert server.ask("run", root=str(begun))["outcome"] == "conduct.locked"
    assert server.ask("run", root=str(begun))["outcome"] == "sealed"


# --- what is in the way


@pytest.mark.parametrize("name", ["artifacts/root-r1.cert.der", "artifacts/key-r1.spki.der", "notes.txt"])
def test_what_is_none_of_ours_is_refused_before_there_is_a_key(
    server: Server, prepared: Path, begun: Path, tmp_path: Path, name: str
) -> None:
    new = Path(shutil.copytree(prepared, tmp_path / "new"))
    for root in (new, begun):
        stranger = record_of(root) / name
        stranger.parent.mkdir(parents=True, exist_ok=True)
        stranger.write_bytes(b"other")
        before = contents(record_of(root))
        assert server.ask("run", root=str(root))["outcome"] == "record.unnamed_file"
        assert contents(record_of(root)) == before
        assert not list(root.rglob("*.key.*")) + list(record_of(root).parent.rglob("tokens/*/*.key"))
        stranger.unlink()
        assert server.ask("run", root=str(root))["outcome"] == "sealed"
        assert server.ask("survey", root=str(root))["verifier"] == 0


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 4 MiB, where the one who runs the tests may mount one."""
    disk = tmp_path / "disk"
    disk.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", disk], capture_output=True).returncode:
        pytest.skip("mounting needs root")
    yield disk
    subprocess.run(["umount", disk], check=True)


def test_a_medium_that_is_write_protected(server: Server, prepared: Path, begun: Path, disk: Path) -> None:
    for name, source in (("new", prepared), ("begun", begun)):
        root = Path(shutil.copytree(source, disk / name))
        before = contents(root)
        subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
        try:
            assert server.ask("run", root=str(root))["outcome"] == "host.not_writable"
        finally:
            subprocess.run(["mount", "-o", "remount,rw", disk], check=True)
        assert contents(root) == before
        assert server.ask("run", root=str(root))["outcome"] == "sealed"
        assert server.ask("survey", root=str(root))["verifier"] == 0


# --- no room


def test_a_full_disk_is_told_before_anything_begins(server: Server, prepared: Path, disk: Path) -> None:
    root = Path(shutil.copytree(prepared, disk / "full"))
    fill(disk / "filler")
    assert server.ask("run", root=str(root))["outcome"] == "host.disk_full"
    assert not record_of(root).exists()
    (disk / "filler").unlink()
    assert server.ask("run", root=str(root))["outcome"] == "sealed"


@pytest.mark.parametrize("when", ["full", "full disk"])
def test_a_disk_that_fills_up(
    server: Server, prepared: Path, calls: dict[str, list[str]], disk: Path, when: str
) -> None:
    shutil.copytree(prepared, disk / "prepared")
    kinds = calls["wants"]
    wants = [kinds.index(one) for one in ("Arrive", "SetCredential", "GeneratePair", "SignBytes", "WriteOut")]
    # a fault still has its place; else the next line, or a page later the next but one, finds none
    end = ended("RuntimeError") if when == "full disk" else ended("host.disk_full", "token.full")
    sweep(server, disk / "prepared", [[(number, when)] for number in wants], end)


def test_no_room_within_a_line(server: Server, prepared: Path, calls: dict[str, list[str]]) -> None:
    sweep(server, prepared, [[(number, "quota")] for number in chosen(calls)], ended("host.disk_full"))


def test_what_found_no_room_is_in_doubt(server: Server, prepared: Path, calls: dict[str, list[str]]) -> None:
    """The token signed, or made a pair, and the disk did not take it: people say so, and it is done over."""
    for want, outcome in (("SignBytes", ["root-r1", "lost"]), ("GeneratePair", ["key-r1", "destroyed"])):
        point = (calls["wants"].index(want), "quota")
        facts = server.ask("survive", prepared=str(prepared), points=[point])
        assert flaws(facts) == []
        assert facts["settled"] == [outcome]
        assert facts["intended"][outcome[0]] == 2
    facts = server.ask("survive", prepared=str(prepared), points=[(calls["wants"].index("SetCredential"), "quota")])
    assert (flaws(facts), facts["settled"], set(facts["intended"].values())) == ([], [], {1})


# --- a module that speaks PKCS#11


@pytest.fixture(scope="module")
def hsm(tmp_path_factory: pytest.TempPathFactory, server: Server) -> Path:
    """The same ceremony with a token of SoftHSM, whose objects lie in the folder and are copied with it."""
    if not MODULE.exists():
        pytest.skip("SoftHSM is not installed")
    root = tmp_path_factory.mktemp("crash-hsm") / "prepared"
    module, serial = make_softhsm_token(root / "softhsm", "hsm-1", TRANSPORT.decode(), TRANSPORT.decode())
    make_authority(root, token=f'kind = "pkcs11"\nlocation = "{module}"\nserial = "{serial}"')
    make_plan(root, "001-root", FIRST)
    server.ask("make", root=str(root), hsm=True)
    return root


def test_killed_around_every_call_of_a_module(server: Server, hsm: Path) -> None:
    facts = server.ask("survive", prepared=str(hsm), points=[])
    assert flaws(facts) == []
    names = facts["resumed"]["points"]
    numbers = at(names, "module set_pin", "module generate_pair", "module sign")
    assert len(numbers) == 5
    moments = ("before", "after") if FULL else ("after",)
    sweep(server, hsm, [[(number, when)] for number in numbers for when in moments], killed)


def test_what_a_module_did_unseen(server: Server, hsm: Path) -> None:
    """Between the module's answer and its event: recovered; destroyed and made under a fresh id; stated as lost."""
    names = server.ask("survive", prepared=str(hsm), points=[])["resumed"]["points"]
    settled = {"set_pin": [], "generate_pair": [["key-r1", "destroyed"]], "sign": [["root-r1", "lost"]]}
    for call, outcomes in settled.items():
        point = (at(names, f"module {call}")[0], "after")
        facts = server.ask("survive", prepared=str(hsm), points=[point])
        assert (flaws(facts), facts["settled"]) == ([], outcomes)
        last = 2 if call == "generate_pair" else 1
        assert [one[-2:] for one in facts["objects"]] == [f"{last:02x}"]
