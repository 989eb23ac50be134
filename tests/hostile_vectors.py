"""The files of `vectors/dnssec/hostile`.

python tests/hostile_vectors.py            # writes them all anew; the bytes are the same every time
python tests/hostile_vectors.py FOLDER     # writes also the large ones, which the repository does not hold, into FOLDER
"""

from __future__ import annotations

import functools
import hashlib
import json
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

from hostile_cases import HOSTILE, LARGEST_KEPT, Case, Hostile
from hostile_cases_texts import text_cases
from hostile_cases_work import work_cases
from hostile_cases_xml import xml_cases

ABOUT = (
    "Files that are made to do harm, by what they are handed in as, with every code that is told of each. Those that "
    "are not kept are larger than 32 KiB and made by tests/hostile_vectors.py; each has its digest."
)


@functools.cache
def cases() -> Mapping[str, Case]:
    made = Hostile()
    for part in (xml_cases, text_cases, work_cases):
        part(made)
    return made.made


def index() -> bytes:
    entries = [
        {
            "file": case.path,
            "as": case.kind,
            "octets": len(case.data),
            "digest": f"sha256:{hashlib.sha256(case.data).hexdigest()}",
            "kept": is_kept(case),
            "expect": list(case.expect),
        }
        for case in cases().values()
    ]
    return (json.dumps({"about": ABOUT, "cases": entries}, indent=1) + "\n").encode()


def is_kept(case: Case) -> bool:
    return len(case.data) <= LARGEST_KEPT


def write(folder: Path, *, large: bool) -> None:
    for case in cases().values():
        if large or is_kept(case):
            (folder / case.path).parent.mkdir(parents=True, exist_ok=True)
            (folder / case.path).write_bytes(case.data)
    (folder / "index.json").write_bytes(index())


def main() -> int:
    if len(sys.argv) > 1:
        write(Path(sys.argv[1]), large=True)
    else:
        shutil.rmtree(HOSTILE, ignore_errors=True)
        write(HOSTILE, large=False)
    print(f"{len(cases())} cases, {sum(map(is_kept, cases().values()))} of them kept")
    return 0


if __name__ == "__main__":
    sys.exit(main())
