"""What a benchmark measures: wall and processor time of work here, of a command, and of the calls into a token."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
VERIFIER = ROOT / "verifier" / "quorate_verify.py"
QUORATE = Path(sys.executable).parent / "quorate"
PYTHON: tuple[str | Path, ...] = (sys.executable, "-c", "pass")
"""The shortest that a Python program can take."""
BARE = "`python3 -c pass`"


class Time(NamedTuple):
    """Seconds on the clock, and of the processors: on a machine that others load only the second can be compared."""

    wall: float
    cpu: float

    def minus(self, other: Time) -> Time:
        return Time(self.wall - other.wall, self.cpu - other.cpu)

    def plus(self, other: Time) -> Time:
        return Time(self.wall + other.wall, self.cpu + other.cpu)

    def times(self, factor: float) -> Time:
        return Time(self.wall * factor, self.cpu * factor)


NO_TIME = Time(0.0, 0.0)


class Ratio(NamedTuple):
    """What was measured, against what."""

    what: str
    time: Time
    against: str
    base: Time

    def row(self) -> str:
        cells = (self.what, *_shown(self.time), self.against, *_shown(self.base))
        ratios = (f"{self.time.wall / self.base.wall:.2f}", f"{self.time.cpu / self.base.cpu:.2f}")
        return f"| {' | '.join((*cells, *ratios))} |"


class Memory(NamedTuple):
    """The most that was held, in octets."""

    what: str
    octets: int
    against: str
    base: int

    def row(self) -> str:
        sizes = (f"{self.octets / 2**20:.1f} MiB", f"{self.base / 2**20:.1f} MiB", f"{self.octets / self.base:.2f}")
        return f"| {self.what} | {sizes[0]} | {self.against} | {sizes[1]} | {sizes[2]} |"


Measured = Sequence[Ratio | Memory]


def _shown(time: Time) -> tuple[str, ...]:
    return tuple(f"{one:.2f} s" if one >= 1 else f"{one * 1000:.1f} ms" for one in time)


def now() -> Time:
    """This moment on the clock and in the time of all threads of this process."""
    return Time(time.perf_counter(), time.process_time())


def timed(work: Callable[[], object]) -> Time:
    """What `work` takes once, in this process."""
    started = now()
    work()
    return now().minus(started)


def median(times: Sequence[Time]) -> Time:
    """The middle, of either kind by itself."""
    return Time(statistics.median(one.wall for one in times), statistics.median(one.cpu for one in times))


def repeated(work: Callable[[], object], times: int) -> Time:
    """The middle of several times."""
    return median([timed(work) for _ in range(times)])


def command(*parts: str | Path, times: int = 15) -> Time:
    """The middle of a command's time."""
    return median([run(*parts)[0] for _ in range(times)])


def run(*parts: str | Path, cwd: Path | None = None) -> tuple[Time, int]:
    """A command's time once, and the most memory that it held, in octets. It must end well.

    The memory is never less than what this process holds, which the kernel counts until the command takes over. What is
    installed has its byte code beside it: a variable that keeps Python from writing it is not handed on.
    """
    around = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    words, started = [str(part) for part in parts], time.perf_counter()
    with subprocess.Popen(
        words, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, cwd=cwd, env=around, text=True
    ) as child:
        assert child.stderr is not None
        said = child.stderr.read()
        _, answer, used = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(answer)
    wall = time.perf_counter() - started
    if child.returncode:
        raise SystemExit(f"{' '.join(words)} ended with {child.returncode}: {said}")
    return Time(wall, used.ru_utime + used.ru_stime), used.ru_maxrss * 1024


@dataclass
class Spent:
    """What was spent within some calls."""

    time: Time = NO_TIME
    calls: int = 0


@contextmanager
def spent_in(owner: type, name: str) -> Iterator[Spent]:
    """Count the time within a method while the block runs: `Module.call` is where every C_ call is made."""
    spent, plain = Spent(), getattr(owner, name)

    def counted(*arguments: object, **named: object) -> object:
        started = now()
        try:
            return plain(*arguments, **named)
        finally:
            spent.time = spent.time.plus(now().minus(started))
            spent.calls += 1

    setattr(owner, name, counted)
    try:
        yield spent
    finally:
        setattr(owner, name, plain)
