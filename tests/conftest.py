"""Shared by all tests: modules beside them can be imported, and two rehearsed ceremonies that are made once."""

from __future__ import annotations

import signal
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

# A shell starts what runs in its background deaf to Ctrl-C, and every process below inherits that: at the terminals of
# these tests it must be heard.
signal.signal(signal.SIGINT, signal.default_int_handler)

VERIFIER = Path(__file__).parent.parent / "verifier" / "quorate_verify.py"


@pytest.fixture(scope="session")
def rehearsed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An authority whose ceremonies 001-root and 002-next have been rehearsed; not to be changed."""
    from example import FIRST, make_authority, make_plan, second
    from quorate.rehearse import rehearse

    root = make_authority(tmp_path_factory.mktemp("rehearsed") / "authority")
    make_plan(root, "001-root", FIRST)
    rehearse(root, second(root), VERIFIER.read_bytes())
    return root
