"""Sealed records are kept for ever, one set a format version, and every program to come accepts and reads them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from quorate import record
from quorate.script.state import Status
from quorate.script.text import render
from quorate.tlog import read_checkpoint

ROOT = Path(__file__).parent.parent
VERSIONS = sorted((ROOT / "vectors" / "records").glob("quorate-*"))
RECORDS = [path.parent for version in VERSIONS for path in sorted(version.glob("*/checkpoint"))]


@pytest.mark.parametrize("version", VERSIONS, ids=[version.name for version in VERSIONS])
def test_kept_records_are_accepted_under_their_genesis(version: Path) -> None:
    records = [str(one) for one in RECORDS if one.parent == version]
    genesis = (version / "genesis").read_text().strip()
    command = [sys.executable, "-I", str(ROOT / "verifier" / "quorate_verify.py"), *records, "--authority", genesis]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, ""), done.stdout


@pytest.mark.parametrize("folder", RECORDS, ids=[f"{folder.parent.name}/{folder.name}" for folder in RECORDS])
def test_the_program_reads_a_kept_record_as_its_own(folder: Path) -> None:
    """Its script keeps its bytes and its text, and its events come to the state that its checkpoint names."""
    loaded = record.load(folder)
    assert loaded.state.status is Status.CLOSED
    assert loaded.script.file() == (folder / "script.json").read_bytes()
    assert render(loaded.script).encode() == (folder / "script.txt").read_bytes()
    checkpoint = read_checkpoint((folder / "checkpoint").read_bytes(), "checkpoint")
    assert (checkpoint.size, checkpoint.root) == (loaded.state.size, loaded.state.tree.root)


def test_records_of_the_present_format_are_kept() -> None:
    kept = {version.name: [one.name for one in RECORDS if one.parent == version] for version in VERSIONS}
    assert kept == {
        "quorate-1": ["001-root", "002-next", "003-crl"],
        "quorate-1-zone": ["001-adoption", "002-annex", "003-sign", "004-deployed", "005-again"],
    }
