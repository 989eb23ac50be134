"""Files without end: no more is read of them than makes them too large."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from ksr_cases import VECTORS

LIMITED = (
    "sh",
    "-c",
    'ulimit -v 1048576; exec "$@"',
    "sh",
    sys.executable,
    "-c",
    "from quorate.quick import main; main()",
)
"""A process with a gibibyte of memory."""


@pytest.mark.parametrize(
    "call",
    [
        ("ksr", "check", "huge"),
        ("ksr", "check", "ksr.xml", "--previous", "huge"),
        ("skr", "check", "huge"),
        ("skr", "check", "skr.xml", "--ksr", "huge"),
        ("skr", "check", "skr.xml", "--previous", "huge"),
        ("skr", "check", "skr.xml", "--trust-anchor", "huge"),
        ("ksr", "convert", "huge", "new", "--form", "bind"),
        ("skr", "convert", "huge", "new", "--form", "bind"),
        ("trust-anchor", "check", "huge"),
        ("import", "kskm", "huge", "--into", "new"),
    ],
    ids=" ".join,
)
def test_a_file_of_eight_gibibytes_is_too_large(call: tuple[str, ...], tmp_path: Path) -> None:
    (tmp_path / "dnssec").mkdir()
    shutil.copy(VECTORS / "policy" / "tld.json", tmp_path / "dnssec" / "policy.json")
    shutil.copy(VECTORS / "ksr" / "tld-normal.xml", tmp_path / "ksr.xml")
    shutil.copy(VECTORS / "skr" / "before-tld-normal.xml", tmp_path / "skr.xml")
    (tmp_path / "huge").touch()
    os.truncate(tmp_path / "huge", 8 * 1024**3)
    done = subprocess.run([*LIMITED, *call], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 1, done.stderr
    assert re.search(r"(?m)^  code: (ksr|document)\.too_large", done.stderr), done.stderr
    assert not (tmp_path / "new").exists()
