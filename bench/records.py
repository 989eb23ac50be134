"""What stands for years: the verifier on whole records and on a long transcript, the register of many records."""

from __future__ import annotations

import hashlib
import shutil
import sys
from pathlib import Path

from bench.measure import BARE, PYTHON, ROOT, VERIFIER, Measured, Ratio, command, repeated, timed
from example import FIRST, crl, make_authority, make_plan
from forging import Forgery, long_record, stand_ins
from quorate import archive, record
from quorate.rehearse import rehearse
from quorate.statement import Mode


def verifier(folder: Path, size: int) -> Measured:
    """On the demo's records, and on a transcript of `size` events."""
    demo = folder / "demo"
    shutil.copytree(ROOT / "examples" / "demo", demo)
    names = ("001-old-root", "002-new-root")
    for name in names:
        rehearse(demo, demo / "ceremonies" / name, VERIFIER.read_bytes())
    records = [record_of(demo, name) for name in names]
    events = " and ".join(str((one / "transcript.jsonl").read_bytes().count(b"\n")) for one in records)
    bare, genesis = command(*PYTHON), record.frozen_states(demo / "shadow")[0].digest
    trusted = ("--rehearsal", "--authority", genesis)
    two = command(sys.executable, "-I", VERIFIER, *records, *trusted, times=7)
    long = long_record(records[0], stand_ins(demo), size, folder / "long")
    many = command(sys.executable, "-I", VERIFIER, long, *trusted, times=3)
    what = f"verifier on the demo's two records, of {events} events"
    return [
        Ratio(what, two, BARE, bare),
        Ratio(f"verifier on a transcript of {size:,} events", many, "verifier on the demo's two records", two),
    ]


def record_of(root: Path, ceremony: str) -> Path:
    return archive.record_folder(root / "ceremonies" / ceremony, Mode.REHEARSAL)


def register(folder: Path, size: int) -> Measured:
    """The register folded from `size` records: a first, and all others of one kind, one following the other."""
    root = make_authority(folder / "authority")
    plans = (make_plan(root, "001-root", FIRST), make_plan(root, "002-crl", crl("crl-2", "root-r1", 2), DAY))
    for plan in plans:
        rehearse(root, plan, VERIFIER.read_bytes())
    first, second = (record_of(root, plan.name) for plan in plans)
    ceremonies = folder / "many" / "ceremonies"
    shutil.copytree(first, archive.record_folder(ceremonies / "0001-root", Mode.REHEARSAL))
    last, forgery = record.checkpoint_digest(first), Forgery(second, stand_ins(root))
    del forgery.files["quorate_verify.py"]
    for number in range(2, size + 1):  # only what a sealed record is asked for is made anew
        forgery.script |= {"ceremony": f"{number:04d}-crl", "predecessor": last}
        forgery.name_script().finish()
        written = forgery.write(archive.record_folder(ceremonies / f"{number:04d}-crl", Mode.REHEARSAL))
        last = record.checkpoint_digest(written)
    transcripts = sorted(ceremonies.glob("*/rehearsal/record/transcript.jsonl"))
    hashed = repeated(lambda: [hashlib.sha256(path.read_bytes()).digest() for path in transcripts], 3)
    decided = repeated(lambda: record.load(second), 5)
    folded = timed(lambda: archive.read_register(ceremonies.parent, Mode.REHEARSAL))
    what = f"the register folded from {size:,} sealed records"
    return [
        Ratio(what, folded, "one such record, every event decided anew", decided),
        Ratio(what, folded, "reading and hashing their transcripts", hashed),
    ]


DAY = "2026-12-08T09:00:00Z"
