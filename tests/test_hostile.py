"""Files that are made to do harm, each handed to a process of its own: a finding, no hang, no traceback."""

from __future__ import annotations

import json
import re
import resource
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from hostile_cases import HOSTILE, Case
from hostile_vectors import cases, index, is_kept
from ksr_cases import VECTORS

COMMAND = (sys.executable, "-c", "from quorate.quick import main; main()")
AT = ("--at", "2026-08-12T21:00:00Z")
GOOD, BEFORE = VECTORS / "ksr" / "tld-normal.xml", VECTORS / "skr" / "before-tld-normal.xml"
LONGEST = 120
"""Seconds after which a process hangs, whatever the machine has to do beside it."""
SOON = 1.0
"""Seconds of the processor's time, beyond what it costs to start the program: a quick answer, whatever else runs."""
STARTS = 6
"""How often the program could be started instead: a second's worth on a machine on which everything takes longer."""
TRIES = 3
MOST = 30
"""Seconds of the processor's time after which a process is ended."""


def zone(folder: Path, name: str = "", data: bytes = b"") -> Path:
    """A zone's folder with the policy of the vectors, or with a file in its place or beside it."""
    inner = folder / "dnssec"
    inner.mkdir()
    if not name.startswith("policy"):
        shutil.copy(VECTORS / "policy" / "tld.json", inner / "policy.json")
    if name:
        (inner / name).write_bytes(data)
    return inner


def command(case: Case, folder: Path) -> tuple[object, ...]:
    """How a file is handed in as what it is."""
    file = folder / f"handed-in.{case.path.rpartition('.')[2]}"
    file.write_bytes(case.data)
    match case.kind:
        case "ksr":
            return ("ksr", "check", file, "--previous", BEFORE, *AT, "--in", zone(folder))
        case "skr":
            return ("skr", "check", file, "--previous", BEFORE, *AT)
        case "trust-anchor":
            return ("trust-anchor", "check", file, *AT, "--in", zone(folder))
        case "kskm":
            return ("import", "kskm", file, "--into", folder / "into")
        case "schemas":
            return ("skr", "check", BEFORE, *AT, "--in", zone(folder, "schemas.toml", case.data))
    name = f"policy.{case.path.rpartition('.')[2]}"
    return ("ksr", "check", GOOD, "--previous", BEFORE, *AT, "--in", zone(folder, name, case.data))


def spent(arguments: Sequence[str], folder: Path) -> tuple[subprocess.CompletedProcess[bytes], float]:
    """What a process said, and the processor's time that it took."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(
        ["/bin/sh", "-c", f'ulimit -t {MOST}; exec "$@"', "sh", *arguments],
        cwd=folder,
        capture_output=True,
        timeout=LONGEST,
        check=False,
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return done, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def is_soon(taken: float, start: float) -> bool:
    """Whether the time of an answer is that of a start and a second, or a second's worth."""
    return taken - start < max(SOON, STARTS * start)


def takes_long(taken: float, arguments: Sequence[str], folder: Path) -> bool:
    """What seems to take more than a second is measured again, with a start beside it each time.

    The time of a processor varies with what its other half does, so the shortest of some counts.
    """
    nothing = folder / "nothing.xml"
    nothing.touch()
    for _ in range(TRIES):
        if is_soon(taken, start=0):
            return False
        _, start = spent([*COMMAND, "skr", "check", str(nothing), *AT], folder)
        if is_soon(taken, start):
            return False
        _, taken = spent(arguments, folder)
    return True


@pytest.mark.parametrize("case", cases().values(), ids=lambda case: case.path)
def test_a_hostile_file_is_answered_soon_and_with_a_finding(case: Case, tmp_path: Path) -> None:
    arguments = [*COMMAND, *map(str, command(case, tmp_path))]
    done, taken = spent(arguments, tmp_path)
    said = done.stderr.decode()
    assert done.returncode == 1, said[-2000:]
    assert "Traceback" not in said
    assert (done.stdout.decode() + said).replace("\n", "").isprintable()
    assert sorted(set(re.findall(r"(?m)^  code: ([a-z0-9_.]+)", said))) == list(case.expect)
    assert not (tmp_path / "into").exists()
    assert not takes_long(taken, arguments, tmp_path), f"{taken:.2f} seconds of the processor's time"


def test_work_would_be_seen_and_waiting_counts_for_nothing(tmp_path: Path) -> None:
    _, start = spent([*COMMAND, "--version"], tmp_path)
    most = max(SOON, STARTS * start) + start
    _, taken = spent([sys.executable, "-c", f"import time\nwhile time.process_time() < {most}: pass"], tmp_path)
    assert not is_soon(taken, start)
    _, taken = spent([sys.executable, "-c", "import time; time.sleep(1.2)"], tmp_path)
    assert is_soon(taken, start=0)


def test_work_without_end_is_ended(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(sys.modules[__name__], "MOST", 1)
    done, _ = spent([sys.executable, "-c", "while True: pass"], tmp_path)
    assert done.returncode != 0


def test_the_files_are_what_is_made() -> None:
    assert (HOSTILE / "index.json").read_bytes() == index()
    kept = {case.path: case.data for case in cases().values() if is_kept(case)}
    lying = {path.relative_to(HOSTILE).as_posix(): path.read_bytes() for path in HOSTILE.rglob("*") if path.is_file()}
    del lying["index.json"]
    assert lying == kept


def test_every_format_meets_the_same_tricks() -> None:
    by_kind: dict[str, set[str]] = {}
    for one in json.loads(index())["cases"]:
        by_kind.setdefault(one["as"], set()).add(Path(one["file"]).stem)
    xml = {"entity-laughs", "quote-ends-early", "padded-behind", "deep-to-the-limit", "cut-in-half", "png", "empty"}
    assert all(xml <= by_kind[kind] for kind in ("ksr", "skr", "trust-anchor"))
    assert {"ten-thousand-bundles", "markup-in-base64"} <= by_kind["ksr"] & by_kind["skr"]
    assert {"laughs", "padded", "deep", "cut-in-a-key", "png"} <= by_kind["kskm"]
    assert all({"dotted-key", "padded", "deep", "xml"} <= by_kind[kind] for kind in ("schemas", "policy"))
