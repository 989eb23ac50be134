"""One sealed record per format version is kept for ever, and every verifier to come accepts it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
VERSIONS = sorted((ROOT / "vectors" / "records").glob("quorate-*"))


@pytest.mark.parametrize("version", VERSIONS, ids=[version.name for version in VERSIONS])
def test_a_kept_record_is_accepted_under_its_genesis(version: Path) -> None:
    records = sorted(str(path.parent) for path in version.glob("*/checkpoint"))
    genesis = (version / "genesis").read_text().strip()
    command = [sys.executable, "-I", str(ROOT / "verifier" / "quorate_verify.py"), *records, "--authority", genesis]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert len(records) == 2
    assert (done.returncode, done.stderr) == (0, ""), done.stdout


def test_a_record_of_the_present_format_is_kept() -> None:
    assert [version.name for version in VERSIONS] == ["quorate-1"]
