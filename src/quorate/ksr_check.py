"""`quorate ksr check`: a key signing request, judged and told to the people who compare it. Floor 5.

Apart from `cli/`, and loading little: what it needs is loaded where it is needed, and `click` not at all.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from quorate.findings import Finding, Refusal, found

if TYPE_CHECKING:
    from quorate.dnssec.checks import Case, Verdict
    from quorate.dnssec.ksr import Response

MOST_SHOWN = 100
OF_THE_CHAIN = ("KSR-PREVIOUS", "KSR-CHAIN-KEYS", "KSR-CHAIN-OVERLAP")


class Asked(NamedTuple):
    """The command's arguments. `at`: None for now; `root`: None for the folder that is found."""

    file: Path
    previous: Path | None = None
    genesis: bool = False
    at: datetime | None = None
    root: Path | None = None


def check_request(asked: Asked) -> None:
    """Print what the request is, what differs from last time, and every check; accept it, or refuse it."""
    from quorate.dnssec.checks import Case, judge
    from quorate.dnssec.ksr_xml import read_ksr
    from quorate.zone_policy import load_zone_policy

    policy, data = load_zone_policy(_zone(asked)), _octets(asked.file)
    _say(_file_lines(asked.file, data))
    request, oddities = read_ksr(data, asked.file.name)
    before = None if asked.previous is None else _before(asked.previous)
    at = asked.at or datetime.now(UTC).replace(microsecond=0)
    case = Case(request, f"sha256:{hashlib.sha256(data).hexdigest()}", policy, at, before, oddities)
    _say(_head_lines(case))
    verdict = judge(case)
    _say(_slot_lines(case))
    _say(_check_lines(case, verdict))
    missing = () if before or asked.genesis else (found("ksr.chain_missing"),)
    if findings := (*missing, *verdict.refused):
        raise Refusal.of(_first(findings))
    _say(["accepted: the request passes every check"])


def moment_of(text: str) -> datetime | None:
    """The moment of `2026-10-01T00:00:00Z`, or the beginning of the UTC day `2026-10-01`; None for anything else."""
    from quorate.dnssec.duration import read_utc

    return read_utc(text) or read_utc(f"{text}T00:00:00Z")


def _zone(asked: Asked) -> Path:
    """The zone's folder: the named one, or what is found upward from here, or from the request."""
    from quorate.zone_policy import find_zone

    try:
        return find_zone(asked.root or Path("."))
    except Refusal:
        if asked.root is not None:
            raise
        return find_zone(asked.file.resolve().parent)


def _octets(file: Path) -> bytes:
    """A file's octets; no more than make it too large."""
    from quorate.dnssec.xml import LARGEST_DOCUMENT

    with file.open("rb") as opened:
        return opened.read(LARGEST_DOCUMENT + 1)


def _before(previous: Path) -> Response:
    """The response that the request follows."""
    from quorate.dnssec.ksr_xml import read_skr

    data = _octets(previous)
    _say(_file_lines(previous, data))
    return read_skr(data, previous.name)[0]


def _say(lines: Iterator[str] | list[str]) -> None:
    print("\n".join(lines))


def _file_lines(file: Path, data: bytes) -> Iterator[str]:
    """Name, digest and words: what the ZSK operator reads aloud is compared with this."""
    from quorate.exits import visible
    from quorate.words import rows

    digest = hashlib.sha256(data)
    yield f"{visible(file.name)}: sha256:{digest.hexdigest()}"
    for row in rows(digest.digest()):
        yield f"    {row}"


def _head_lines(case: Case) -> Iterator[str]:
    request, limits, policy = case.request, case.limits, case.policy
    yield f"request {request.id}, serial {request.serial}, zone {request.domain}"
    yield f"policy {policy.id}, {policy.digest}"
    yield f"limits {limits.id}, from {limits.since} on, judged for {case.at:%Y-%m-%dT%H:%M:%SZ}"
    for one in policy.exceptions_at(case.at, case.digest):
        yield f"exception {one.id}, {one.since} to {one.until}: {', '.join(one.accepts)}"


def _slot_lines(case: Case) -> Iterator[str]:
    """A line a slot, and what differs from last time."""
    from quorate.dnssec.overview import differences, slot_rows

    yield ""
    yield from slot_rows(case.request.bundles)
    yield ""
    if case.previous:
        yield from differences(case.request, case.previous)
        yield ""


def _check_lines(case: Case, verdict: Verdict) -> Iterator[str]:
    """Every check with its outcome, and what an exception accepts."""
    from quorate.dnssec.checks import CHECKS

    for name in ("KSR-SPELLING", *(check.name for check in CHECKS)):
        accepted = {one.exception.id for one in verdict.accepted if f"{name}: " in one.finding.sentence}
        refused = any(f"{name}: " in one.sentence for one in verdict.refused)
        state = "REFUSED" if refused else f"accepted by {', '.join(sorted(accepted))}" if accepted else "passed"
        unmade = case.previous is None and name in OF_THE_CHAIN
        yield f"{name:28} {'not made: no response before' if unmade else state}"
    for one in verdict.accepted[:MOST_SHOWN]:
        yield f"accepted by {one.exception.id}: {one.finding.sentence}"
        yield f"    {one.exception.reason}"


def _first(findings: tuple[Finding, ...]) -> tuple[Finding, ...]:
    """As many findings as people read."""
    return (*findings[:MOST_SHOWN], found("ksr.more_problems")) if len(findings) > MOST_SHOWN else findings
