"""How long it takes to begin, against Python's own start."""

from __future__ import annotations

import sys
from pathlib import Path

from bench.measure import BARE, PYTHON, QUORATE, VERIFIER, Measured, Ratio, command


def measure(folder: Path, size: int) -> Measured:
    bare = command(*PYTHON)
    return [
        Ratio("`quorate --version`", command(QUORATE, "--version"), BARE, bare),
        Ratio("`quorate_verify.py --help`", command(sys.executable, "-I", VERIFIER, "--help"), BARE, bare),
    ]
