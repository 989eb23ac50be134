"""The demo's second ceremony, rehearsed in process, against the software token's own time for its signatures.

Without its key generation, which takes what chance gives it.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from bench.measure import ROOT, VERIFIER, Measured, Ratio, Time, median, spent_in, timed
from quorate.rehearse import rehearse
from quorate.token.software import SoftwareToken

FIRST, SECOND = "001-old-root", "002-new-root"


def measure(folder: Path, size: int) -> Measured:
    """Rehearsed `size` times; each rehearsal begins anew."""
    root = folder / "demo"
    shutil.copytree(ROOT / "examples" / "demo", root)
    rehearse(root, root / "ceremonies" / FIRST, VERIFIER.read_bytes())
    whole, alone, calls = list[Time](), list[Time](), 0
    for _ in range(size):
        with spent_in(SoftwareToken, "generate") as generating, spent_in(SoftwareToken, "sign") as signing:
            took = timed(lambda: rehearse(root, root / "ceremonies" / SECOND, VERIFIER.read_bytes()))
        whole.append(took.minus(generating.time))
        alone.append(signing.time)
        calls = signing.calls
    record = root / "ceremonies" / SECOND / "rehearsal" / "record"
    events = (record / "transcript.jsonl").read_bytes().count(b"\n")
    what = f"ceremony 002 of the demo, compiled and conducted: {events} fsynced events, {calls} signatures of the token"
    return [Ratio(what, median(whole), "the software token's own time for them", median(alone))]
