"""The files of `vectors/dnssec`.

python tests/ksr_vectors.py      # writes them all anew; the bytes are the same every time
"""

from __future__ import annotations

import json
import sys

from ksr_cases import VECTORS, Case, Cases, root_policy, tld_policy
from ksr_cases_bundles import bundle_cases, possession_cases
from ksr_cases_chain import chain_cases
from ksr_cases_files import header_cases, written_cases
from ksr_cases_good import accepted_cases, exception_cases
from ksr_cases_keys import key_cases
from ksr_cases_limits import limit_cases, stated_cases


def cases() -> dict[str, Case]:
    made = Cases()
    for part in (accepted_cases, written_cases, header_cases, bundle_cases, possession_cases, key_cases):
        part(made)
    for part in (limit_cases, stated_cases, chain_cases, exception_cases):
        part(made)
    return made.made


def files(made: dict[str, Case]) -> dict[str, bytes]:
    """Every file of the vectors by its path; what is the same in two cases is one file."""
    written: dict[str, bytes] = {}
    names: dict[bytes, str] = {}

    def path(folder: str, name: str, data: bytes, suffix: str) -> str:
        if data not in names:
            names[data] = f"{folder}/{name}.{suffix}"
            written[names[data]] = data
        return names[data]

    index = []
    for case in made.values():
        entry: dict[str, object] = {"name": case.name, "about": case.about, "at": f"{case.at:%Y-%m-%dT%H:%M:%SZ}"}
        entry["ksr"] = path("ksr", case.name, case.ksr, "xml")
        entry["policy"] = path(
            "policy", case.policy.id if is_plain(case) else case.name, case.policy.compiled(), "json"
        )
        entry["previous"] = path("skr", f"before-{case.name}", case.previous, "xml") if case.previous else "genesis"
        entry |= {"expect": sorted(case.expect), "accepted": sorted(case.accepted)}
        entry |= {"seen": list(case.seen)} if case.seen else {}
        index.append(entry)
    about = (
        "Key signing requests with the codes of the findings that each is refused for; none if it is accepted. "
        "`accepted` are findings that an exception of the policy accepts. Made by tests/ksr_cases.py."
    )
    written["index.json"] = (json.dumps({"about": about, "cases": index}, indent=1) + "\n").encode()
    return written


def is_plain(case: Case) -> bool:
    return case.policy in (tld_policy(), root_policy())


def main() -> int:
    """Write every file, and remove those of cases that are no more."""
    written = files(cases())
    for folder in ("ksr", "skr", "policy"):
        for path in (VECTORS / folder).glob("*"):
            path.unlink()
    for name, data in written.items():
        (VECTORS / name).parent.mkdir(parents=True, exist_ok=True)
        (VECTORS / name).write_bytes(data)
    count = len(json.loads(written["index.json"])["cases"])
    print(f"{count} cases in {len(written)} files, {sum(map(len, written.values())) // 1024} KiB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
