"""A standby day: the plan by which a ceremony is held that was not held on its day. Floor 2.

Whatever is frozen before the day would have been used on the other, so nothing but the time may differ. Spec:
`spec/plan.md`.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from quorate.findings import Finding, found
from quorate.plan import Plan
from quorate.strict import read_moment

MAY_DIFFER = ("purpose", "window", "standby_for")
Inputs = Mapping[str, bytes]


def standby_findings(plan: Plan, other: Plan | None, inputs: Inputs, others: Inputs) -> tuple[Finding, ...]:
    """What is wrong with a plan as the standby day of `other`, None if there is none, both with their inputs."""
    if other is None:
        return (found("plan.standby_unknown", "standby-for", ceremony=plan.standby_for),)
    mine, theirs = msgspec.structs.asdict(plan), msgspec.structs.asdict(other)
    parts = [name for name in mine if name not in MAY_DIFFER and mine[name] != theirs[name]]
    parts += ["inputs"] if dict(inputs) != dict(others) else []
    findings: list[Finding] = []
    if parts:
        findings.append(found("plan.standby_differs", "standby-for", ceremony=plan.standby_for, parts=", ".join(parts)))
    opens, closed = read_moment(plan.window.opens), read_moment(other.window.closes)
    early = opens is not None and closed is not None and opens <= closed
    if early:
        findings.append(found("plan.standby_early", "window", ceremony=plan.standby_for, closes=other.window.closes))
    if other.standby_for:
        findings.append(found("plan.standby_of_standby", "standby-for", ceremony=plan.standby_for))
    return tuple(findings)
