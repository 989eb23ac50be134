"""The files of `vectors/dnssec/answers`.

python tests/skr_vectors.py      # writes them all anew; the bytes are the same every time
"""

from __future__ import annotations

import hashlib
import json
import shutil
import sys

from ksr_cases import VECTORS
from quorate.dnssec.ksr_layout import write_skr
from skr_cases import Case, Cases
from skr_cases_alone import alone_cases
from skr_cases_beside import beside_cases, chain_cases

ANSWERS = VECTORS / "answers"
ABOUT = (
    "Requests (`check` is ksr) and responses (skr) with the codes of all that is told of them, be it an error, a "
    "warning or a notice, beside the request `ksr`, the response `previous` that is named as the one before, the "
    "`recorded` ones of the zone's folder and the zone's `policy`, at the moment `at`, with `options`. Made by "
    "tests/skr_cases.py."
)


def cases() -> dict[str, Case]:
    made = Cases()
    for part in (alone_cases, beside_cases, chain_cases):
        part(made)
    return made.made


def files(made: dict[str, Case]) -> dict[str, bytes]:
    """Every file by its path; what is the same in two cases is one file."""
    written: dict[str, bytes] = {}
    names: dict[bytes, str] = {}

    def path(folder: str, name: str, data: bytes, suffix: str = "xml") -> str:
        if data not in names:
            names[data] = f"{folder}/{name}.{suffix}"
            written[names[data]] = data
        return names[data]

    index = []
    for case in made.values():
        entry: dict[str, object] = {"name": case.name, "about": case.about, "check": case.check}
        entry |= {"at": f"{case.at:%Y-%m-%dT%H:%M:%SZ}", "file": path(case.check, case.name, case.file)}
        entry |= {"ksr": path("ksr", f"of-{case.name}", case.ksr)} if case.ksr else {}
        entry |= {"previous": path("skr", f"before-{case.name}", case.previous)} if case.previous else {}
        if case.recorded:
            entry["recorded"] = [
                {"skr": path("skr", f"recorded-{case.name}-{number}", write_skr(one.skr))}
                | {"deployed": one.deployed}
                | ({"request": f"sha256:{hashlib.sha256(one.answers).hexdigest()}"} if one.answers else {})
                for number, one in enumerate(case.recorded, 1)
            ]
        entry["policy"] = path("policy", case.name, case.policy.compiled(), "json")
        entry |= {"options": list(case.options)} if case.options else {}
        index.append(entry | {"expect": sorted(case.expect)})
    written["index.json"] = (json.dumps({"about": ABOUT, "cases": index}, indent=1) + "\n").encode()
    return written


def main() -> int:
    """Write every file, and remove those of cases that are no more."""
    written = files(cases())
    shutil.rmtree(ANSWERS, ignore_errors=True)
    for name, data in written.items():
        (ANSWERS / name).parent.mkdir(parents=True, exist_ok=True)
        (ANSWERS / name).write_bytes(data)
    count = len(json.loads(written["index.json"])["cases"])
    print(f"{count} cases in {len(written)} files, {sum(map(len, written.values())) // 1024} KiB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
