"""What is wrong with a plan in itself, before anything is resolved or drafted. Floor 2."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from cryptography import x509

from quorate.authority import AuthorityState
from quorate.compliance import never_blocks
from quorate.compliance.texts import RuleSet, chosen
from quorate.findings import Finding, Refusal, found, table
from quorate.keys import key_findings
from quorate.plan import (
    Certificate,
    DestroyKey,
    GenerateKey,
    ImportKey,
    Issue,
    IssueCrl,
    IssueCross,
    IssueOcsp,
    IssueRequest,
    IssueResponder,
    IssueRoot,
    IssueSubordinate,
    Operation,
    Plan,
    ReissueRoot,
    ShareOut,
    SignKeySets,
    Subject,
    Waiver,
)
from quorate.register import Register
from quorate.script.judging import is_waivable
from quorate.script.operations import CertificateOperation, CrlOperation, ImportOperation, ScriptOperation
from quorate.script.outputs import What, ksk_file, output_files, possession_files, skr_file
from quorate.strict import OUTPUT_NAME, is_day, read_moment, require_identifiers
from quorate.x509.csr import read_csr, read_spki
from quorate.x509.facts import read_certificate, verify_issued

REASONS = (
    "unspecified",
    "keyCompromise",
    "cACompromise",
    "affiliationChanged",
    "superseded",
    "cessationOfOperation",
    "certificateHold",
    "privilegeWithdrawn",
    "aACompromise",
)
"""The reasons of RFC 5280 5.3.1 that a full CRL can give; "unspecified" is said by giving none."""
WATCHED_USES = ("root", "external-ca", "unknown")
"""Uses of a key whose generation is watched or recorded (BR 6.1.1.1)."""
LONGEST_DAYS = 36525
"""A hundred years: nothing that is issued lasts longer, and no date leaves the calendar."""


def plan_findings(plan: Plan, authority: AuthorityState) -> tuple[Finding, ...]:
    """What is wrong with a plan in itself, and with who watches (BR 6.1.1.1)."""
    findings = list(
        require_identifiers(
            [(f"operations[{one.id}]", one.id) for one in plan.operations]
            + [(f"seats[{s.id}]", s.id) for s in plan.seats]
        )
    )
    opens, closes = read_moment(plan.window.opens), read_moment(plan.window.closes)
    if opens is None or closes is None or opens >= closes:
        findings.append(found("plan.window", "window", opens=plan.window.opens, closes=plan.window.closes))
    # bags may be inspected without any operation
    if not (plan.operations or plan.retrieve or plan.publications or plan.adopt):
        findings.append(found("plan.empty", "operations"))
    if not plan.purpose.strip():
        findings.append(found("plan.purpose", "purpose"))
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
    for operation in plan.operations:
        findings += _operation_findings(operation, {seat.id for seat in plan.seats})
    for waiver in plan.waivers:
        findings += _waiver_findings(waiver, authority, opens)
    return (*findings, *_witnessing_findings(plan, authority))


def _operation_findings(operation: Operation, seats: set[str]) -> list[Finding]:
    """Names, days and dates that could not be worked with."""
    where = f"operations[{operation.id}]"
    if isinstance(operation, (GenerateKey, ImportKey, DestroyKey)):
        return []
    if isinstance(operation, ShareOut):
        unknown = [seat for seat in operation.holders if seat not in seats]
        return [found("seat.unknown", f"{where}.holders", seats=", ".join(unknown))] if unknown else []
    if isinstance(operation, IssueRequest):
        given = [name for name in ("existing", "key", "subject") if getattr(operation, name)]
        if given in (["existing"], ["key", "subject"]):
            return []
        return [found("plan.request_of", where, given=" and ".join(given) or "nothing")]
    if isinstance(operation, SignKeySets):
        names = [(f"{where}.responses[{one.id}]", one.id) for one in operation.responses]
        unknown = [] if operation.requester in ("", *seats) else [operation.requester]
        missing = [found("seat.unknown", f"{where}.requester", seats=one) for one in unknown]
        return [*require_identifiers(names), *missing]
    findings = [*require_identifiers([(f"{where}.profile", operation.profile)])]
    policies = getattr(operation, "policies", ())
    findings += [found("plan.policy_oid", f"{where}.policies", text=one) for one in policies if not _is_oid(one)]
    findings += _validity_findings(operation, where)
    if isinstance(operation, (IssueSubordinate, IssueCross, IssueResponder)):
        given = [name for name in ("csr", "key", "spki") if getattr(operation, name)]
        if len(given) != 1 and (given or not isinstance(operation, IssueCross)):
            findings.append(found("plan.subject_key", where, given=" and ".join(given) or "nothing"))
    if isinstance(operation, IssueCrl):
        dates = [(f"{where}.revoked[{one.certificate}].date", one.date) for one in operation.revoked]
        findings += [found("plan.time", path, text=text) for path, text in dates if read_moment(text) is None]
        findings += [
            found("crl.entry_reason", f"{where}.revoked", serial=one.certificate, reason=one.reason)
            for one in operation.revoked
            if one.reason not in REASONS
        ]
    return findings


def _is_oid(text: str) -> bool:
    try:
        x509.ObjectIdentifier(text)
    except ValueError:
        return False
    return True


def _validity_findings(operation: Certificate | IssueCrl | IssueOcsp, where: str) -> list[Finding]:
    """Days, or both dates to the second."""
    ends = (
        ("this_update", "next_update") if isinstance(operation, (IssueCrl, IssueOcsp)) else ("not_before", "not_after")
    )
    dates = {name.replace("_", "-"): getattr(operation, name) for name in ends}
    given = [name for name, text in dates.items() if text]
    if not given and not 1 <= operation.days <= LONGEST_DAYS:
        return [found("plan.days", f"{where}.days", days=operation.days)]
    if given and (operation.days or len(given) < 2):
        first, last = dates
        said = " and ".join([*given, *(["days"] if operation.days else [])])
        return [found("plan.validity", where, given=said, first=first, last=last)]
    return [
        found("plan.time", f"{where}.{name}", text=text)
        for name, text in dates.items()
        if text and read_moment(text) is None
    ]


def _waiver_findings(waiver: Waiver, authority: AuthorityState, opens: datetime | None) -> list[Finding]:
    """Signature, continuity and MUST failures are never waived; two people of the authority answer for a waiver."""
    where = f"waivers[{waiver.code}]"
    findings, known = [], {person.id for person in authority.people}
    texts = chosen(authority.rules, authority.programmes, authority.commitments.extended_validation)
    if waiver.code not in table() and not is_waivable(waiver.code):
        findings.append(found("waiver.unknown", where, waived=waiver.code))
    elif not is_waivable(waiver.code) and opens and never_blocks(waiver.code, texts, opens.date()):
        findings.append(found("waiver.not_needed", where, waived=waiver.code))
    elif not is_waivable(waiver.code):
        findings.append(found("waiver.not_waivable", where, waived=waiver.code))
    if not waiver.reason.strip():
        findings.append(found("waiver.reason", where, waived=waiver.code))
    if len(set(waiver.people)) < 2 or not set(waiver.people) <= known:
        findings.append(found("waiver.two_people", where, waived=waiver.code))
    if not is_day(waiver.expires):
        findings.append(found("plan.day", f"{where}.expires", text=waiver.expires))
    return findings


def _witnessing_findings(plan: Plan, authority: AuthorityState) -> tuple[Finding, ...]:
    watched = plan.witnessing
    seats = {seat.id: seat for seat in plan.seats}
    findings: list[Finding] = []
    if watched.auditor and watched.auditor not in seats:
        findings.append(found("seat.unknown", "witnessing.auditor", seats=watched.auditor))
    elif watched.auditor and not any(
        role.id == seats[watched.auditor].role and "audit" in role.duties for role in authority.roles
    ):
        findings.append(found("plan.auditor_role", "witnessing.auditor", seat=watched.auditor))
    needing = [one.id for one in plan.operations if isinstance(one, GenerateKey) and one.use in WATCHED_USES]
    if needing and not watched.auditor and authority.commitments.extended_validation:
        findings.append(found("plan.unwitnessed_ev", "witnessing", operations=", ".join(needing)))
    elif needing and not watched.auditor and not (watched.recording and watched.policy):
        code = "plan.unwitnessed" if authority.rules == "webpki" else "plan.unwitnessed_private"
        findings.append(found(code, "witnessing", operations=", ".join(needing)))
    return tuple(findings)


def _said_key(operation: IssueSubordinate | IssueResponder) -> str:
    return operation.key or f"inputs/{operation.csr or operation.spki}"


def output_findings(plan: Plan) -> tuple[Finding, ...]:
    """Names of files that a record cannot carry, and files that two operations would write."""
    findings: list[Finding] = []
    written: dict[str, str] = {}
    for operation in plan.operations:
        where = f"operations[{operation.id}].output"
        output = getattr(operation, "output", "")
        if output and not OUTPUT_NAME.fullmatch(output):
            findings.append(found("plan.file_name", where, file=output))
        for path in _written_by(operation):
            other = written.setdefault(path.lower(), operation.id)  # some file systems do not tell case apart
            if other != operation.id:
                findings.append(found("plan.output_twice", where, file=path, other=other))
    return tuple(findings)


def _written_by(operation: Operation) -> tuple[str, ...]:
    """Every file that an operation writes."""
    match operation:
        case ShareOut() | DestroyKey():
            return ()
        case ImportKey(id=name):
            return possession_files(name)
        case SignKeySets(responses=responses):
            return tuple(skr_file(one.id) for one in responses)
        case GenerateKey(id=name, zone=zone):
            return (*files_of(operation), *((ksk_file(name),) if zone else ()))
        case _:
            return files_of(operation)


def files_of(operation: GenerateKey | Issue) -> tuple[str, ...]:
    """The files that an operation makes, as paths in the record."""
    kinds: dict[type, What] = {GenerateKey: "key", IssueCrl: "crl", IssueRequest: "csr", IssueOcsp: "ocsp"}
    return output_files(kinds.get(type(operation), "certificate"), operation.id, operation.output)


def input_findings(plan: Plan, inputs: Mapping[str, bytes]) -> tuple[Finding, ...]:
    """The quality of every key that comes in from outside (BR 6.1.6, 6.1.1.3)."""
    findings: list[Finding] = []
    for operation in plan.operations:
        if isinstance(operation, (IssueSubordinate, IssueCross, IssueResponder, ReissueRoot)):
            where = f"operations[{operation.id}]"
            try:
                if not isinstance(operation, ReissueRoot):
                    findings += _subject_findings(operation, inputs, where)
                if isinstance(operation, (IssueCross, ReissueRoot)):
                    findings += _existing_findings(operation.existing, inputs, where)
            except Refusal as refusal:
                findings += refusal.findings
    return tuple(findings)


def _subject_findings(
    operation: IssueSubordinate | IssueCross | IssueResponder, inputs: Mapping[str, bytes], where: str
) -> list[Finding]:
    """The key of a request, which proves possession by its signature, or of a bare file, which proves nothing."""
    if (path := f"inputs/{operation.csr}") in inputs and operation.csr:
        return [*key_findings(read_csr(inputs[path], path).spki, where, own=False)]
    if (path := f"inputs/{operation.spki}") in inputs and operation.spki:
        unproved = found("plan.possession_unproved", where, file=path)
        return [*key_findings(read_spki(inputs[path], path), where, own=False), unproved]
    return []


def _existing_findings(existing: str, inputs: Mapping[str, bytes], where: str) -> list[Finding]:
    path = f"inputs/{existing}"
    if path not in inputs:
        return []
    facts = read_certificate(inputs[path], path)
    findings = [*key_findings(facts.spki, where, own=False)]
    if not facts.is_ca:
        findings.append(found("plan.existing_no_ca", where, name=existing))
    if facts.self_signed:
        verify_issued(facts, facts.spki)
    return findings


def first_crls(operations: tuple[ScriptOperation, ...], register: Register, rules: RuleSet) -> tuple[Finding, ...]:
    """Keys that issue for the web and have no CRL, neither from before nor in this plan (BR 4.9.7).

    A copy on another token is the same key; a CRL may name any certificate of its key, and be one that was adopted.
    """
    if rules != "webpki":
        return ()
    whole = (*(entry.operation for entry in register.entries), *operations)
    copies = {one.id: one.key for one in whole if isinstance(one, ImportOperation)}
    before = {spki for _, spki in register.crls}
    listing = {key for key, spki in register.spkis.items() if spki in before}
    listing |= {copies.get(one.key, one.key) for one in operations if isinstance(one, CrlOperation)}
    first: dict[str, str] = {}
    for one in operations:
        if isinstance(one, CertificateOperation):
            first.setdefault(copies.get(one.key, one.key), one.id)
    missing = ((key, name) for key, name in first.items() if key not in listing)
    return tuple(found("plan.first_crl", f"operations[{name}]", key=key) for key, name in missing)


def unedited(plan: Plan) -> tuple[Finding, ...]:
    """A finding for each text that a template marks as still to be changed."""
    texts = [("witnessing.policy", plan.witnessing.policy)]
    texts += [(f"publications[{one.artifact}].where", one.where) for one in plan.publications]
    return tuple(found("plan.unedited", where, text=text) for where, text in texts if text.startswith("CHANGE"))


def names_twice(plan: Plan) -> tuple[Finding, ...]:
    """A finding for each id or subject that the plan gives twice."""
    responses = (one.id for each in plan.operations if isinstance(each, SignKeySets) for one in each.responses)
    ids = [*(operation.id for operation in plan.operations), *plan.adopt, *responses]
    findings = [
        found("plan.id_twice", f"operations[{one}]", id=one) for one in sorted({i for i in ids if ids.count(i) > 1})
    ]
    seats = [seat.id for seat in plan.seats]
    findings += [
        found("plan.id_twice", f"seats[{one}]", id=one) for one in sorted({i for i in seats if seats.count(i) > 1})
    ]
    named: dict[Subject, tuple[str, str]] = {}
    for operation in plan.operations:
        if isinstance(operation, (IssueRoot, IssueSubordinate, IssueResponder)):
            key = operation.key if isinstance(operation, IssueRoot) else _said_key(operation)
            other, first = named.setdefault(operation.subject, (operation.id, key))
            if key != first:
                findings.append(found("plan.subject_twice", f"operations[{operation.id}].subject", other=other))
    return tuple(findings)
