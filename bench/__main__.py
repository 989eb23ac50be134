"""Run every benchmark once and write docs/bench.md. Each figure is a ratio of two times measured side by side."""

from __future__ import annotations

import hashlib
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
VERIFIER = ROOT / "verifier" / "quorate_verify.py"
sys.path.insert(0, str(ROOT / "tests"))


class Ratio(NamedTuple):
    """What was measured, against what, both in seconds."""

    what: str
    against: str
    seconds: float
    base: float

    def row(self) -> str:
        times = f"{self.seconds * 1000:.1f} ms", f"{self.base * 1000:.1f} ms"
        return f"| {self.what} | {times[0]} | {self.against} | {times[1]} | {self.seconds / self.base:.2f} |"


def timed(work: Callable[[], object]) -> float:
    """Seconds that `work` takes once."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def command(*parts: str | Path, times: int = 15) -> float:
    """The median time of a command."""
    run = [str(part) for part in parts]
    return statistics.median(timed(lambda: subprocess.run(run, capture_output=True, check=False)) for _ in range(times))


def start_up() -> list[Ratio]:
    """How long it takes to begin, against Python's own start."""
    python = sys.executable
    bare = command(python, "-c", "pass")
    quorate = command(Path(python).parent / "quorate", "--version")
    verifier = command(python, "-I", VERIFIER, "--help")
    return [
        Ratio("`quorate --version`", "`python3 -c pass`", quorate, bare),
        Ratio("`quorate_verify.py --help`", "`python3 -c pass`", verifier, bare),
    ]


def ceremony(folder: Path) -> tuple[list[Ratio], Path]:
    """Ceremony 002 without a key generation, conducted in process, against the token's own time for its signatures."""
    from example import FIRST, certificate, crl, make_authority, make_csr, make_plan
    from quorate.rehearse import rehearse
    from quorate.token.software import SoftwareToken

    root = make_authority(folder / "authority")
    rehearse(root, make_plan(root, "001-root", FIRST), VERIFIER.read_bytes())
    names = [f"int-{number}" for number in range(1, 6)]
    operations = "".join(certificate("subordinate", name, name, issuer="root-r1", csr=f"{name}.pem") for name in names)
    second = make_plan(root, "002-next", operations + crl("crl-r1-2", "root-r1", 2), "2026-12-08T09:00:00Z")
    for name in names:
        make_csr(second / "inputs" / f"{name}.pem", name)
    token_time = 0.0
    plain = SoftwareToken.sign

    def measured(self: SoftwareToken, *arguments: object) -> bytes:
        nonlocal token_time
        started = time.perf_counter()
        try:
            return plain(self, *arguments)  # type: ignore[arg-type]
        finally:
            token_time += time.perf_counter() - started

    SoftwareToken.sign = measured  # type: ignore[method-assign]
    seconds = timed(lambda: rehearse(root, second, VERIFIER.read_bytes()))
    SoftwareToken.sign = plain  # type: ignore[method-assign]
    what = "ceremony of 6 signatures: compiled, conducted, sealed (about 100 fsynced events, 45 people's signatures)"
    return [Ratio(what, "the software token's own time for 6 P-256 signatures", seconds, token_time)], root


def pkcs11(folder: Path) -> list[Ratio]:
    """Signing through our PKCS#11 binding against the same calls by python-pkcs11, on SoftHSM, RSA-4096 and P-384."""
    import pkcs11 as other

    from quorate.algorithms import default_algorithm
    from quorate.keys import KeyType
    from quorate.token import Login
    from quorate.token.pkcs11 import Pkcs11Token
    from softhsm import make_softhsm_token

    module, serial = make_softhsm_token(folder / "softhsm", "bench", "12345678", "12345678")
    token = Pkcs11Token(Path(module), serial)
    token.login(Login.USER, bytearray(b"12345678"))
    rows = []

    def sign(kind: KeyType, number: int) -> bytes:
        return token.sign(bytes([number]), kind, default_algorithm(kind), b"tbs" * 300)

    for number, (kind, rounds) in enumerate(((KeyType.P384, 100), (KeyType.RSA_4096, 20)), 1):
        token.generate(kind, bytes([number]), kind.value)
        ours = timed(lambda k=kind, n=number, r=rounds: [sign(k, n) for _ in range(r)])
        rows.append((kind, rounds, ours))
    token.close()
    ratios = []
    with next(iter(other.lib(str(module)).get_tokens(token_label="bench"))).open(user_pin="12345678") as session:
        for kind, rounds, ours in rows:
            key = session.get_key(object_class=other.ObjectClass.PRIVATE_KEY, label=kind.value)
            mechanism = other.Mechanism.ECDSA if kind is KeyType.P384 else other.Mechanism.SHA384_RSA_PKCS
            theirs = timed(lambda k=key, m=mechanism, r=rounds: [k.sign(b"\x5a" * 48, mechanism=m) for _ in range(r)])
            what = f"{rounds} {kind.value} signatures through quorate's token"
            ratios.append(Ratio(what, "the same through python-pkcs11", ours, theirs))
    return ratios


def responses(folder: Path) -> list[Ratio]:
    """A key signing request of nine bundles answered, against the token's own time; and the answer checked, cold."""
    from bench.responses import answered, checked

    whole, alone = answered(folder)
    bare = command(sys.executable, "-c", "pass")
    what = "a KSR of 9 bundles answered: read, drafted, signed with RSA-2048, verified, written, read back, checked"
    return [
        Ratio(what, "SoftHSM's 9 signatures alone", whole, alone),
        Ratio(
            "`quorate skr check` of the answer, with its request", "`python3 -c pass`", command(*checked(folder)), bare
        ),
    ]


def verifier(folder: Path, root: Path) -> list[Ratio]:
    """The verifier on two real records, and on a transcript of 100,000 events."""
    from forging import long_record, stand_ins

    bare = command(sys.executable, "-c", "pass")
    records = [root / "ceremonies" / name / "rehearsal" / "record" for name in ("001-root", "002-next")]
    two = command(sys.executable, "-I", VERIFIER, *records, "--rehearsal", times=5)
    long = long_record(records[0], stand_ins(root), 100_000, folder / "long")
    hundred = command(sys.executable, "-I", VERIFIER, long, "--rehearsal", times=1)
    return [
        Ratio("verifier on two records of 91 and 94 events", "`python3 -c pass`", two, bare),
        Ratio("verifier on a transcript of 100,000 events", "verifier on the two records", hundred, two),
    ]


def register(folder: Path, root: Path) -> list[Ratio]:
    """The register from a thousand records: 001-root and 999 of the kind of 002-next, one following the other."""
    from forging import Forgery, stand_ins
    from quorate import archive, record
    from quorate.statement import Mode

    keys, ceremonies = stand_ins(root), folder / "thousand" / "ceremonies"
    first, second = (
        archive.record_folder(root / "ceremonies" / name, Mode.REHEARSAL) for name in ("001-root", "002-next")
    )
    shutil.copytree(first, archive.record_folder(ceremonies / "001-root", Mode.REHEARSAL))
    last = record.checkpoint_digest(first)
    forgery = Forgery(second, keys)
    del forgery.files["quorate_verify.py"]
    for number in range(2, THOUSAND + 1):  # only what a sealed record is asked for is made anew
        forgery.script |= {"ceremony": f"{number:04d}-next", "predecessor": last}
        forgery.name_script().finish()
        written = forgery.write(archive.record_folder(ceremonies / f"{number:04d}-next", Mode.REHEARSAL))
        last = record.checkpoint_digest(written)
    transcripts = sorted(ceremonies.glob("*/rehearsal/record/transcript.jsonl"))
    hashed = timed(lambda: [hashlib.sha256(path.read_bytes()).digest() for path in transcripts])
    decided = statistics.median(timed(lambda: record.load(second)) for _ in range(5))
    folded = timed(lambda: archive.read_register(ceremonies.parent, Mode.REHEARSAL))
    what = f"the register folded from {THOUSAND:,} sealed records of 6 artifacts each"
    return [
        Ratio(what, "one such record, every event decided anew", folded, decided),
        Ratio(what, "reading and hashing their transcripts", folded, hashed),
    ]


THOUSAND = 1000


def main() -> None:
    """Measure, print, write."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        ratios = start_up()
        more, root = ceremony(folder)
        ratios += more + pkcs11(folder) + responses(folder) + verifier(folder, root) + register(folder, root)
    rows = [ratio.row() for ratio in ratios]
    head = ["| measured | time | against | time | ratio |", "| --- | --- | --- | --- | --- |"]
    print("\n".join([*head, *rows]))
    text = (ROOT / "docs" / "bench.md").read_text() if (ROOT / "docs" / "bench.md").exists() else ""
    before = text.split("| measured |")[0] or INTRODUCTION
    where = f"\nPython {platform.python_version()}, {platform.machine()}, written by `make bench`.\n"
    (ROOT / "docs" / "bench.md").write_text(before + "\n".join([*head, *rows]) + "\n" + where)


INTRODUCTION = """# Benchmarks

Ratios of two times measured in one run on one machine; absolute times say more about the machine than about quorate. A
ceremony is made of fsyncs and of people's signatures, each verified when it comes in and again when the record is read
back: next to them the token's own work is small, and next to the people in the room all of it is.

"""

if __name__ == "__main__":
    main()
