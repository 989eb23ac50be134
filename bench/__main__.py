"""`make bench`: every benchmark once, each in a process of its own; the table is printed and put into docs/bench.md.

python -m bench                       everything
python -m bench yearly=1 zones=100    parts, with how often or how many; docs/bench.md stays as it is
"""

from __future__ import annotations

import importlib
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from bench.measure import ROOT, Measured

HEAD = (
    "| measured | wall | processor | against | wall | processor | ratio, wall | ratio, processor |",
    "| --- | ---: | ---: | --- | ---: | ---: | ---: | ---: |",
)
MEMORY_HEAD = ("| memory held | most | against | most | ratio |", "| --- | ---: | --- | ---: | ---: |")
PARTS = {
    "start": ("start_up", "measure", 1),
    "demo": ("demo", "measure", 5),
    "yearly": ("yearly", "measure", 3),
    "signatures": ("signatures", "measure", 5),
    "crl": ("crl", "measure", 100_000),
    "request": ("requests", "one", 1),
    "zones": ("requests", "many", 1000),
    "sitting": ("sitting", "measure", 50),
    "verifier": ("records", "verifier", 100_000),
    "register": ("records", "register", 1000),
}
"""Each part's module and function, and how often or how many."""
PAGE = ROOT / "docs" / "bench.md"
BEGIN, END = "<!-- what `make bench` wrote -->", "<!-- until here -->"


def work_of(part: str) -> Callable[[Path, int], Measured]:
    """What measures a part. Loaded in its own process: a module that was started once sees no token made later."""
    sys.path.insert(0, str(ROOT / "tests"))
    module, name, _ = PARTS[part]
    work: Callable[[Path, int], Measured] = getattr(importlib.import_module(f"bench.{module}"), name)
    return work


def apart(part: str, size: int) -> list[str]:
    """The rows of a part, measured in a process of its own."""
    started = time.perf_counter()
    own = [sys.executable, "-m", "bench", "--", part, str(size)]
    rows = subprocess.run(own, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout.splitlines()
    print(f"{part}={size}: {time.perf_counter() - started:.0f} s", file=sys.stderr)
    return rows


def table(rows: list[str]) -> str:
    """Times first; what was measured of memory below, with a head of its own."""
    kinds = [[row for row in rows if row.count(" | ") == columns] for columns in (7, 4)]
    heads = (HEAD, MEMORY_HEAD)
    return "\n\n".join("\n".join((*head, *kind)) for head, kind in zip(heads, kinds, strict=True) if kind)


def main(arguments: list[str]) -> None:
    """Measure, print, write."""
    if arguments[:1] == ["--"]:
        with tempfile.TemporaryDirectory() as folder:
            for one in work_of(arguments[1])(Path(folder), int(arguments[2])):
                print(one.row())
        return
    sizes = {part: size for part, (_, _, size) in PARTS.items()}
    asked = {part: int(size or sizes[part]) for part, _, size in (one.partition("=") for one in arguments)}
    measured = table([row for part, size in (asked or sizes).items() for row in apart(part, size)])
    print(measured)
    if not asked:
        before, _, rest = PAGE.read_text().partition(BEGIN)
        where = f"Python {platform.python_version()}, {platform.machine()}."
        PAGE.write_text(f"{before}{BEGIN}\n\n{measured}\n\n{where}\n\n{END}{rest.partition(END)[2]}")


if __name__ == "__main__":
    main(sys.argv[1:])
