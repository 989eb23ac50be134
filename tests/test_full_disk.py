"""No room on the disk, at any command: it says so, nothing is half there, and with room it goes on as if nothing was.

What happens in the middle of a ceremony is in `test_crash.py`.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from crashing import fill
from example import FIRST, make_authority, make_plan
from quorate import conduct
from quorate.findings import Refusal
from refusing import run, snapshot


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 8 MiB, where the one who runs the tests may mount one."""
    disk = tmp_path / "disk"
    disk.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", disk], capture_output=True).returncode:
        pytest.skip("mounting needs root")
    yield disk
    subprocess.run(["umount", disk], check=True)


def files(disk: Path) -> dict[str, bytes]:
    return {name: data for name, (mode, data) in snapshot(disk).items() if mode & 0o100000 and name != "filler"}


def test_every_command_waits_for_room(disk: Path) -> None:
    fill(disk / "filler")
    keys = disk.parent / "keys"
    root, lab = disk / "authority", disk / "lab"
    ceremony, record = root / "ceremonies" / "001-root", root / "ceremonies" / "001-root" / "rehearsal" / "record"

    def authority() -> None:
        make_authority(root, keys)
        make_plan(root, "001-root", FIRST)

    commands: list[tuple[object, ...]] = [
        ("init", lab, "--name", "lab"),
        ("new", "001-root", "--from", "root", "--in", lab),
        ("approve", root, "--person", "oa", "--key", keys / "oa"),
        ("approve", root, "--person", "ob"),
        ("approve", root, "--person", "ob", "--key", keys / "ob"),
        ("compile", ceremony),
        ("paper", ceremony, "--pdf"),
        ("approve", ceremony, "--person", "oa", "--key", keys / "oa"),
        ("rehearse", ceremony),
        ("seal", ceremony, "--rehearsal"),
        ("compile", ceremony, "--replace"),
    ]
    for command in commands:
        if command[0] == "approve" and not root.exists():
            (disk / "filler").unlink()
            authority()
            fill(disk / "filler")
        before = files(disk)
        outcome = run(*command)
        assert (outcome.code, outcome.codes) == (1, ["host.disk_full"]), (command, outcome)
        after = files(disk)
        if command[:1] != ("rehearse",):  # which begins anew: what it had done is no more than a beginning
            assert after == before, (command, set(after) ^ set(before))
        (disk / "filler").unlink()
        outcome = run(*command)
        assert outcome.code == 0, (command, outcome)
        fill(disk / "filler")
    (disk / "filler").unlink()
    genesis = run("words", root / "shadow" / "authority" / "000.json").out.split()[0]
    assert run("verify", record, "--rehearsal", "--authority", genesis).code == 0


@pytest.mark.parametrize(("begun", "code"), [(True, 3), (False, 1)])
def test_a_ceremony_whose_disk_is_full_is_stopped_and_no_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, begun: bool, code: int
) -> None:
    """What has begun goes on with the same command, and the exit code says so; before, nothing has."""
    root = make_authority(tmp_path / "authority")
    ceremony = make_plan(root, "001-root", FIRST)

    def fills(_room: object, _verifier: bytes, folder: Path) -> None:
        if begun:
            (folder / "record").mkdir()
        raise Refusal("host.disk_full", file="record/transcript.jsonl")

    monkeypatch.setattr(conduct, "conduct", fills)
    outcome = run("conduct", ceremony, "--rehearsal")
    assert (outcome.code, outcome.codes) == (code, ["host.disk_full"])
    assert ("stopped; resume with the same command" in outcome.out) is begun
