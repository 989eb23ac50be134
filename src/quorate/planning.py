"""What is wrong with a plan in itself, before anything is resolved or drafted. Floor 2."""

from __future__ import annotations

from collections.abc import Mapping

from quorate.authority import AuthorityState
from quorate.findings import Finding, Refusal, found
from quorate.keys import key_findings
from quorate.plan import GenerateKey, IssueCross, IssueSubordinate, Plan
from quorate.script.drafting import utc
from quorate.strict import require_identifiers
from quorate.x509.csr import read_csr
from quorate.x509.facts import read_certificate


def plan_findings(plan: Plan, authority: AuthorityState) -> tuple[Finding, ...]:
    """What is wrong with a plan in itself, and with who watches (BR 6.1.1.1)."""
    findings = list(
        require_identifiers(
            [(f"operations[{one.id}]", one.id) for one in plan.operations]
            + [(f"seats[{s.id}]", s.id) for s in plan.seats]
        )
    )
    try:
        if utc(plan.window.opens) >= utc(plan.window.closes):
            findings.append(found("plan.window", "window", opens=plan.window.opens, closes=plan.window.closes))
    except ValueError:
        findings.append(found("plan.window", "window", opens=plan.window.opens, closes=plan.window.closes))
    if not plan.operations and not plan.retrieve:  # bags may be fetched and inspected without any operation
        findings.append(found("plan.empty", "operations"))
    if plan.facility not in {place.facility for place in authority.places}:
        findings.append(found("plan.facility", "facility", facility=plan.facility))
    known = {person.id for person in authority.people}
    roles = {role.id for role in authority.roles}
    for seat in plan.seats:
        unknown = [person for person in (seat.person, *seat.alternates) if person not in known]
        findings += [
            found("person.unknown", f"seats[{seat.id}]", person=one, known=", ".join(sorted(known))) for one in unknown
        ]
        if seat.role not in roles:
            findings.append(found("role.unknown", f"seats[{seat.id}]", role=seat.role))
    return (*findings, *_witnessing_findings(plan, authority))


def _witnessing_findings(plan: Plan, authority: AuthorityState) -> tuple[Finding, ...]:
    watched = plan.witnessing
    seats = {seat.id: seat for seat in plan.seats}
    findings: list[Finding] = []
    if watched.auditor and watched.auditor not in seats:
        findings.append(found("seat.unknown", "witnessing.auditor", seats=watched.auditor))
    elif watched.auditor and "audit" not in authority.role(seats[watched.auditor].role).duties:
        findings.append(found("plan.auditor_role", "witnessing.auditor", seat=watched.auditor))
    needing = [
        one.id
        for one in plan.operations
        if isinstance(one, GenerateKey) and one.use in ("root", "external-ca", "unknown")
    ]
    if needing and not watched.auditor and not (watched.recording and watched.policy):
        code = "plan.unwitnessed" if authority.rules == "webpki" else "plan.unwitnessed_private"
        findings.append(found(code, "witnessing", operations=", ".join(needing)))
    return tuple(findings)


def input_findings(plan: Plan, inputs: Mapping[str, bytes]) -> tuple[Finding, ...]:
    """The quality of every key that comes in from outside (BR 6.1.6, 6.1.1.3)."""
    findings: list[Finding] = []
    for operation in plan.operations:
        where = f"operations[{operation.id}]"
        if isinstance(operation, IssueSubordinate) and f"inputs/{operation.csr}" in inputs:
            try:
                request = read_csr(inputs[f"inputs/{operation.csr}"], f"inputs/{operation.csr}")
                findings += key_findings(request.spki, where, own=False)
            except Refusal as refusal:
                findings += refusal.findings
        elif isinstance(operation, IssueCross) and f"inputs/{operation.existing}" in inputs:
            try:
                facts = read_certificate(inputs[f"inputs/{operation.existing}"], f"inputs/{operation.existing}")
                findings += key_findings(facts.spki, where, own=False)
            except Refusal as refusal:
                findings += refusal.findings
    return tuple(findings)


def names_twice(plan: Plan) -> tuple[Finding, ...]:
    """A finding for each id or subject that the plan gives twice."""
    ids = [operation.id for operation in plan.operations]
    findings = [
        found("plan.id_twice", f"operations[{one}]", id=one) for one in sorted({i for i in ids if ids.count(i) > 1})
    ]
    seats = [seat.id for seat in plan.seats]
    findings += [
        found("plan.id_twice", f"seats[{one}]", id=one) for one in sorted({i for i in seats if seats.count(i) > 1})
    ]
    return tuple(findings)
