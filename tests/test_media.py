"""Copies out of the room: each on a medium of its own, whole, or on another one."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from crashing import fill
from example import FIRST, make_authority, make_plan
from forging import VERIFIER, genesis, record, verify
from quorate.findings import Refusal
from quorate.host import Host
from quorate.media import copy_out
from quorate.want import CopyOut
from unsmooth import Unsmooth, unsmooth

FILES = {"artifacts/a.crl": b"a list", "artifacts/b.crl": b"b" * 9000}


def copied(medium: Path, copy: int = 1, ceremony: str = "001-root", files: dict[str, bytes] = FILES) -> str:
    """What a copy is refused for, if it is."""
    try:
        copy_out(Host(), CopyOut(ceremony, copy, tuple(files)), files, medium)
    except Refusal as refusal:
        return refusal.code
    assert all((medium / path).read_bytes() == data for path, data in files.items())
    return ""


@pytest.fixture
def stick(tmp_path: Path) -> Iterator[Path]:
    """A file system of 64 KiB, where the one who runs the tests may mount one."""
    stick = tmp_path / "stick"
    stick.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", stick], capture_output=True).returncode:
        pytest.skip("mounting needs root")
    yield stick
    subprocess.run(["umount", stick], check=True)


def test_a_medium_takes_one_copy_of_a_ceremony(tmp_path: Path) -> None:
    """Whoever asks: the note on it remembers, and an interrupted copy is made again in the same place."""
    assert copied(tmp_path) == ""
    assert copied(tmp_path, copy=2) == "media.used"
    assert copied(tmp_path) == ""
    assert copied(tmp_path, ceremony="002-next", files={"artifacts/c.crl": b"c"}) == ""
    note = (tmp_path / "copy-of-001-root.txt").read_text().splitlines()
    assert note[0] == "copy 1 of the artifacts of 001-root"
    assert [line.split()[1] for line in note[1:]] == list(FILES)


def test_a_medium_that_holds_something_else_of_that_name_is_refused(tmp_path: Path) -> None:
    (tmp_path / "artifacts").mkdir()
    (tmp_path / "artifacts" / "a.crl").write_bytes(b"another list")
    assert copied(tmp_path) == "media.failed"
    assert (tmp_path / "artifacts" / "a.crl").read_bytes() == b"another list"


def test_a_folder_that_is_none_or_takes_nothing_is_refused(tmp_path: Path) -> None:
    assert copied(tmp_path / "none") == "media.not_a_folder"
    assert copied(Path("/proc")) == "media.failed"


def test_a_full_or_write_protected_medium_is_refused_and_taken_when_it_is_not(stick: Path) -> None:
    fill(stick / "filler")
    assert copied(stick) == "media.failed"
    (stick / "filler").unlink()
    subprocess.run(["mount", "-o", "remount,ro", stick], check=True)
    assert copied(stick) == "media.failed"
    subprocess.run(["mount", "-o", "remount,rw", stick], check=True)
    assert copied(stick, copy=2) == "", "what failed took no copy"


def test_the_ceremony_asks_for_another_medium(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = make_authority(tmp_path / "before")
    make_plan(root, "001-root", FIRST)
    first = tmp_path / "first"
    first.mkdir()
    folders = [Path("/proc"), first, first, tmp_path / "second"]
    folders[-1].mkdir()
    monkeypatch.setattr(Unsmooth, "medium", lambda self, copy: folders.pop(0))
    root, people = unsmooth(root, tmp_path, [], {}, VERIFIER.read_bytes())
    assert [one.code for one in people.refusals] == ["media.failed", "media.used"]
    code, output = verify(record(root, "001-root"), "--authority", genesis(root), "--rehearsal")
    assert code == 0, output
