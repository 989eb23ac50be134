"""Findings as the record keeps them, and the waivers that accept some. Floor 2. Spec: `spec/plan.md`, `transcript.md`.

What rules and linters find is worked out when an event is written. Read back, it is only weighed: rules change, and
what was rightly written stays readable.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

from quorate.findings import Finding, Refusal, Severity, table
from quorate.plan import Waiver

LINT_NAME = re.compile(r"lint\.(?:pkilint|zlint)/[A-Za-z0-9._-]{1,200}")
"""What a waiver calls the finding of a linter: the tool, and the tool's own name for its rule."""


def is_waivable(name: str) -> bool:
    """Whether a waiver may name this finding at all: its clause leaves room, or it is a linter's."""
    if name.startswith("lint."):
        return LINT_NAME.fullmatch(name) is not None
    return name in table() and table()[name].waivable


def judge(
    findings: tuple[Finding, ...], operation: str, waivers: tuple[Waiver, ...], at: datetime
) -> list[dict[str, Any]]:
    """Findings as the record keeps them; refused when one blocks that no waiver in force accepts, or could accept."""
    accepted = _accepted(operation, waivers, at) & {one.name for one in findings if one.waivable}
    blocking = tuple(one for one in findings if one.blocks and one.name not in accepted)
    if blocking:
        raise Refusal.of(blocking)
    return [
        {"code": one.name, "severity": one.severity.value, "text": one.sentence, "waived": one.name in accepted}
        for one in findings
    ]


def admit_findings(recorded: Any, operation: str, waivers: tuple[Waiver, ...], at: datetime) -> None:
    """Refuse recorded findings among which one blocks, or is waived by no waiver in force."""
    accepted = {name for name in _accepted(operation, waivers, at) if is_waivable(name)}
    for one in recorded:
        if set(one) != {"code", "severity", "text", "waived"} or not isinstance(one["text"], str):
            raise Refusal("record.event_malformed", "findings")
        blocks = Severity(one["severity"]) is Severity.ERROR
        if (one["waived"] and one["code"] not in accepted) or (blocks and not one["waived"]):
            raise Refusal("session.finding_stands", operation, finding=one["code"])


def _accepted(operation: str, waivers: tuple[Waiver, ...], at: datetime) -> set[str]:
    day = at.date().isoformat()
    return {waiver.code for waiver in waivers if waiver.operation == operation and day <= waiver.expires}
