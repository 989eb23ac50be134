"""Files that are made to do harm, each handed to a process of its own: a finding, no hang, no traceback."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
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


@pytest.mark.parametrize("case", cases().values(), ids=lambda case: case.path)
def test_a_hostile_file_is_answered_with_a_finding(case: Case, tmp_path: Path) -> None:
    arguments = [*COMMAND, *map(str, command(case, tmp_path))]
    done = subprocess.run(arguments, cwd=tmp_path, capture_output=True, timeout=LONGEST, check=False)
    said = done.stderr.decode()
    assert done.returncode == 1, said[-2000:]
    assert "Traceback" not in said
    assert (done.stdout.decode() + said).replace("\n", "").isprintable()
    assert sorted(set(re.findall(r"(?m)^  code: ([a-z0-9_.]+)", said))) == list(case.expect)
    assert not (tmp_path / "into").exists()


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
