"""What stands against the drafts of a plan: rules, linters, and the waivers that accept some of it. Floor 4."""

from __future__ import annotations

import dataclasses
from datetime import datetime

from quorate import linters
from quorate.authority import AuthorityState
from quorate.findings import Finding, Refusal, found
from quorate.freezing import Draft
from quorate.linting import remark_findings, required_linters
from quorate.plan import Plan, Waiver
from quorate.script.drafting import utc
from quorate.script.judging import judge
from quorate.want import LintReport


def draft_findings(plan: Plan, authority: AuthorityState, drafts: tuple[Draft, ...]) -> tuple[Finding, ...]:
    """Everything that was found; what blocks stands there as an error unless a waiver accepts it.

    A waiver must hold until the window closes. One that accepts nothing, or not for so long, is an error itself, and is
    told before what it was to accept.
    """
    required, closes = required_linters(authority), utc(plan.window.closes)
    if any(draft.subject for draft in drafts):
        linters.require(required)
    findings: list[Finding] = []
    used: set[tuple[str, str]] = set()
    for draft in drafts:
        where = f"operations[{draft.operation}]"
        said = tuple(dict.fromkeys((*draft.findings, *_linted(draft, authority, required))))
        used |= {(one.name, draft.operation) for one in said if one.waivable}
        findings += _weighed(said, draft.operation, where, plan.waivers, closes)
    wrong: list[Finding] = []
    for waiver in plan.waivers:
        where = f"waivers[{waiver.code}]"
        if (waiver.code, waiver.operation) not in used:
            wrong.append(found("waiver.unused", where, waived=waiver.code, operation=waiver.operation))
        elif waiver.expires < closes.date().isoformat():
            wrong.append(found("waiver.expired", where, waived=waiver.code, expires=waiver.expires))
    return (*wrong, *findings)


def _linted(draft: Draft, authority: AuthorityState, required: tuple[str, ...]) -> tuple[Finding, ...]:
    """What the linters find, but for what they say of a key that is a stand-in."""
    if draft.subject is None:
        return ()
    reports = linters.run(required, draft.subject, draft.unsigned)
    if "spki" in draft.open:
        reports = tuple(_without_key(report) for report in reports)
    return remark_findings(reports, draft.operation, authority.rules, required)


def _without_key(report: LintReport) -> LintReport:
    return dataclasses.replace(report, remarks=tuple(one for one in report.remarks if not one.of_key))


def _weighed(
    findings: tuple[Finding, ...], operation: str, where: str, waivers: tuple[Waiver, ...], closes: datetime
) -> list[Finding]:
    try:
        judge(findings, operation, waivers, closes)
        standing: set[Finding] = set()
    except Refusal as refusal:
        standing = set(refusal.findings)
    return [
        one._replace(where=where)
        if one in standing or not one.blocks
        else found("waiver.accepts", where, waived=one.name, said=one.sentence)
        for one in findings
    ]
