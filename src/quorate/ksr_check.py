"""`quorate ksr check`: a key signing request, judged and told to the people who compare it. Floor 5.

Apart from `cli/`, and loading little: what it needs is loaded where it is needed, and `click` not at all.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from itertools import takewhile
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from quorate.findings import Finding, Refusal, found

if TYPE_CHECKING:
    from quorate.dnssec.checks import Case, Verdict
    from quorate.dnssec.continuity import Signed
    from quorate.dnssec.ksr import Request, Response
    from quorate.dnssec.policy import Policy

RESPONSES, KSKS = "responses", "ksks.txt"  # as in `zone`, which is not loaded for two names
TEXT = b";"  # as in `dnssec.key_text`: every text form begins so, and no XML does
MOST_SHOWN = 100
OF_THE_CHAIN = ("KSR-PREVIOUS", "KSR-CHAIN-KEYS", "KSR-CHAIN-OVERLAP")


class Asked(NamedTuple):
    """The command's arguments. `at`: None for now; `root`: None for the folder found; `parts`: of the schema.

    `act`: the named act by which it is to be signed, empty for one in its turn.
    """

    file: Path
    previous: Path | None = None
    genesis: bool = False
    at: datetime | None = None
    root: Path | None = None
    schema: str = ""
    parts: tuple[tuple[str, str], ...] = ()
    act: str = ""


class Before(NamedTuple):
    """What was signed before: the response that the request follows, and all that is on record.

    `seen`: ids on record of requests and bundles that are not the request's own. `answered`: of the SKRs on record that
    have its id, whether each answers this very file.
    """

    previous: Response | None = None
    history: tuple[Signed, ...] = ()
    seen: frozenset[str] = frozenset()
    answered: tuple[bool, ...] = ()


def check_request(asked: Asked) -> None:
    """Print what the request is, what differs from last time, and every check; accept it, or refuse it."""
    from quorate.dnssec.checks import Case, judge
    from quorate.dnssec.overview import differences
    from quorate.zone_policy import file_octets, load_zone_policy, zone_about

    folder = zone_about(asked.file, asked.root)
    policy, data = load_zone_policy(folder), file_octets(asked.file)
    _say(_file_lines(asked.file, data))
    at = asked.at or datetime.now(UTC).replace(microsecond=0)
    request, oddities = _request(data, asked.file.name, policy, at)
    digest = f"sha256:{hashlib.sha256(data).hexdigest()}"
    before = _before(asked, folder, request, digest)
    request = _named_as_before(data, request, before)
    facts = (request, digest, policy, at, before.previous, oddities, before.seen)
    case = Case(*facts, unstated=data.startswith(TEXT))
    _say(_head_lines(case))
    if all(before.answered) and before.answered and not asked.act:
        _say(["answered already, as the records say: signed once more it is by the act re-sign"])
    rows, ahead = _slots(asked, folder, case, before)
    _say(["", *rows, ""])
    if case.previous:
        _say([*differences(case.request, case.previous), ""])
    missing = () if before.previous else _chain_missing(before.history, asked.genesis)
    verdict, relaxed = _relaxing(judge(case), asked.act)
    if before.answered and all(before.answered):  # else nothing was signed that could be signed again
        missing, left = _apart(missing, asked.act)
        relaxed += left
    verdict = verdict._replace(refused=(*verdict.refused, *ahead))
    _say(_check_lines(case, verdict, relaxed, asked.act))
    if asked.act and not all(before.answered):  # else KSR-ID says so
        missing = (found("skr.id_again", id=request.id), *missing)
    if findings := (*missing, *verdict.refused):
        raise Refusal.of(_first(findings))
    _say([f"accepted: the request passes every check{' that the act leaves' if relaxed else ''}"])


def _chain_missing(history: Sequence[Signed], genesis: bool) -> tuple[Finding, ...]:
    deployed = [one.response.id for one in history if one.deployed]
    if genesis and deployed:
        return (found("ksr.chain_recorded", id=deployed[-1]),)
    if not history:
        return () if genesis else (found("ksr.chain_missing"),)
    return (found("ksr.chain_undeployed", ids=", ".join(one.response.id for one in history)),)


def _relaxing(verdict: Verdict, act: str) -> tuple[Verdict, tuple[Finding, ...]]:
    """The verdict without what a named act relaxes, and that; what the act needs besides is told."""
    if not act:
        return verdict, ()
    from quorate.dnssec.act import ACTS, Act

    rule = ACTS[Act(act)]
    _say([f"act {act}: relaxes {', '.join(sorted(rule.relaxes))}", *(f"    needs {one.value}" for one in rule.needs)])
    refused, relaxed = _apart(verdict.refused, act)
    return verdict._replace(refused=refused), relaxed


def _apart(findings: tuple[Finding, ...], act: str) -> tuple[tuple[Finding, ...], tuple[Finding, ...]]:
    """What stands in spite of an act, and what it relaxes."""
    if not act:
        return findings, ()
    from quorate.dnssec.act import ACTS, Act

    relaxes = ACTS[Act(act)].relaxes
    left = tuple(one for one in findings if one.code in relaxes)
    return tuple(one for one in findings if one not in left), left


def moment_of(text: str) -> datetime | None:
    """The moment of `2026-10-01T00:00:00Z`, or the beginning of the UTC day `2026-10-01`; None for anything else."""
    from quorate.dnssec.duration import read_utc

    return read_utc(text) or read_utc(f"{text}T00:00:00Z")


def _request(data: bytes, where: str, policy: Policy, at: datetime) -> tuple[Request, tuple[Finding, ...]]:
    """A request in any form, with the oddities of its spelling; what its form does not say is told."""
    if not data.startswith(TEXT):
        from quorate.dnssec.ksr_xml import read_ksr

        return read_ksr(data, where)
    from quorate.dnssec.key_text import REQUEST, read_text
    from quorate.dnssec.unsaid import request_of, within

    supplied = request_of(read_text(data, where, REQUEST), within(policy.limits_at(at)), where)
    _say([f"notice: {one.code}: {one.sentence}" for one in supplied.notices])
    return supplied.request, ()


def _response(data: bytes, where: str) -> Response:
    """A response in any form; what its form does not say is told."""
    if not data.startswith(TEXT):
        from quorate.dnssec.ksr_xml import read_skr

        response, oddities = read_skr(data, where)
        _say([f"notice: {where}: {one.code}: {one.sentence}" for one in oddities[:MOST_SHOWN]])
        return response
    from quorate.dnssec.key_text import RESPONSE, read_text
    from quorate.dnssec.unsaid import response_of

    answered = response_of(read_text(data, where, RESPONSE), where)
    _say([f"notice: {one.code}: {one.sentence}" for one in answered.notices])
    return answered.response


def _named_as_before(data: bytes, request: Request, before: Before) -> Request:
    """A text has no names for keys: they have those that they had in the response before."""
    if not data.startswith(TEXT) or before.previous is None:
        return request
    from msgspec.structs import replace

    from quorate.dnssec.unsaid import named_after

    return replace(request, bundles=named_after(request.bundles, before.previous.bundles))


def _before(asked: Asked, folder: Path, request: Request, digest: str) -> Before:
    """The named response, or the deployed one of the folder and the authority's records; and whatever else is there."""
    from quorate.zone_records import own_responses

    recorded, own = folder / RESPONSES, own_responses(folder, request.domain)
    seen = _seen(recorded, digest) if recorded.is_dir() else frozenset()
    answered = (
        *_answered(recorded, request, digest),
        *(o.request == digest for o in own if o.response.id == request.id),
    )
    for one in own:
        if one.request != digest:
            seen |= {one.response.id, *(bundle.id for bundle in one.response.bundles)}
    if asked.previous is not None:
        from quorate.zone_policy import file_octets

        data = file_octets(asked.previous)
        _say(_file_lines(asked.previous, data))
        return Before(_response(data, asked.previous.name), (), seen, answered)
    if not (own or recorded.is_dir()):
        return Before(seen=seen)
    from quorate.dnssec.act import Act
    from quorate.dnssec.continuity import predecessor
    from quorate.zone import load_history, load_schemas

    history = (*load_history(folder, load_schemas(folder)), *own)
    # a request that was answered is judged in its place, and not after what came later
    history = tuple(takewhile(lambda one: one.response.id != request.id, history))
    if asked.genesis:
        return Before(None, history, seen, answered)
    before = predecessor(history, request.id, Act(asked.act or Act.ROUTINE))
    if before is not None:
        _say([f"after the deployed response {before.response.id}"])
    return Before(before.response if before else None, history, seen, answered)


def _answered(recorded: Path, request: Request, digest: str) -> Iterator[bool]:
    """Of the responses of the folder with the request's id that say which file they answer: whether it is this one."""
    from quorate.dnssec.ksr_xml import read_skr

    for path in sorted(recorded.glob("*/skr.xml")):
        entry = path.with_name("response.toml")
        said = entry.read_bytes() if entry.is_file() else b""
        if b"sha256:" in said and read_skr(path.read_bytes(), path.name)[0].id == request.id:
            yield digest.encode() in said


def _seen(recorded: Path, digest: str) -> frozenset[str]:
    """The ids of responses on record, but for an answer to this very file."""
    from quorate.dnssec.ksr_xml import read_skr

    seen = set[str]()
    for path in sorted(recorded.glob("*/skr.xml")):
        response, _ = read_skr(path.read_bytes(), f"{RESPONSES}/{path.parent.name}/skr.xml")
        entry = path.with_name("response.toml")
        own = entry.is_file() and digest.encode() in entry.read_bytes()
        if not own:
            seen |= {response.id, *(bundle.id for bundle in response.bundles)}
    return frozenset(seen)


def _slots(asked: Asked, folder: Path, case: Case, before: Before) -> tuple[tuple[str, ...], tuple[Finding, ...]]:
    """A line a slot; with a schema, what KSKs would do in each, and what stands against that."""
    from quorate.dnssec.table import KEY, planned_rows

    rows = planned_rows(case.request.bundles, [()] * len(case.request.bundles))
    if not asked.schema:
        return rows, ()
    from quorate.dnssec.continuity import Signed
    from quorate.dnssec.preview import preview
    from quorate.zone import load_schemas, planned, read_keys, revoked_ksks
    from quorate.zone_records import own_keys

    schemas = load_schemas(folder)
    given = read_keys(folder / KSKS, case.policy) if (folder / KSKS).is_file() else ()
    keys = (*given, *own_keys(folder, case.policy.zone))
    history = before.history or tuple(Signed(one, "", True) for one in (before.previous,) if one)
    history = () if asked.genesis else history
    try:
        revoked = revoked_ksks(case.policy, history)
        schema, parts = planned(folder, schemas, asked.schema, dict(asked.parts), revoked)
        seen = preview(case.request, case.policy, schemas, keys, history, schema, parts, case.at, asked.act)
    except Refusal as refusal:
        return rows, refusal.findings
    bound = ", ".join(f"{part} = {name}" for part, name in seen.keys.items())
    name = asked.schema if asked.schema == schema.id else f"{asked.schema} ({schema.id})"
    lines = [f"relaxed by {asked.act}: {one.sentence}" for one in seen.relaxed]
    findings = seen.findings
    if not history and not asked.genesis:  # who has seen what, only the response before tells
        findings = tuple(one for one in findings if one.code != "ksr.ksk_safety")
        lines = ["no response before: no validator is followed"]
    return (f"schema {name}, {bound}", *seen.rows, KEY, *lines), findings


def _say(lines: Iterable[str]) -> None:
    for line in lines:
        print(line)


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


def _check_lines(case: Case, verdict: Verdict, relaxed: tuple[Finding, ...], act: str) -> Iterator[str]:
    """Every check with its outcome, what an exception accepts, and what an act relaxes."""
    from quorate.dnssec.checks import CHECKS

    for name in ("KSR-SPELLING", *(check.name for check in CHECKS)):
        accepted = {one.exception.id for one in verdict.accepted if f"{name}: " in one.finding.sentence}
        accepted |= {act} if any(f"{name}: " in one.sentence for one in relaxed) else set()
        refused = any(f"{name}: " in one.sentence for one in verdict.refused)
        state = "REFUSED" if refused else f"accepted by {', '.join(sorted(accepted))}" if accepted else "passed"
        unmade = case.previous is None and name in OF_THE_CHAIN
        yield f"{name:28} {'not made: no response before' if unmade else state}"
    for one in verdict.accepted[:MOST_SHOWN]:
        yield f"accepted by {one.exception.id}: {one.finding.sentence}"
        yield f"    {one.exception.reason}"
    yield from (f"relaxed by {act}: {one.sentence}" for one in relaxed[:MOST_SHOWN])


def _first(findings: tuple[Finding, ...]) -> tuple[Finding, ...]:
    """As many findings as people read."""
    return (*findings[:MOST_SHOWN], found("ksr.more_problems")) if len(findings) > MOST_SHOWN else findings
