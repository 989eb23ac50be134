"""What the script prints where something is signed: title, lines, clauses of each kind of issuance. Floor 2."""

from __future__ import annotations

from collections.abc import Mapping

from quorate.register import artifact_name
from quorate.script import ScriptDraft
from quorate.script.operations import (
    CertificateOperation,
    Constraints,
    CrlOperation,
    IssueOperation,
    OcspOperation,
    ReissueOperation,
    RequestOperation,
    ResponderOperation,
)
from quorate.words import words
from quorate.x509.constraints import spoken
from quorate.x509.name import name_text
from quorate.x509.profile import Profile

Words = tuple[str, tuple[str, ...], tuple[str, ...]]
MOST_ENTRIES = 100
"""Entries of a CRL that are printed."""
ISSUANCE = ("BR 4.3.1.1", "BR 4.3.1.2")


def issue_words(
    operation: IssueOperation, draft: ScriptDraft, profiles: Mapping[str, Profile], known: Mapping[str, str]
) -> Words:
    """Title, printed lines and clauses of the step that issues. `known`: by serial number what a CRL may revoke."""
    title, lines, clauses = _words(operation, known)
    if isinstance(operation, RequestOperation):
        return title, (*lines, *_draft_lines(draft)), clauses
    profile = profiles[operation.profile]
    said = f"profile: {profile.name}" + (f", {profile.place}" if profile.document else "")
    return title, (said, *lines, *_draft_lines(draft)), clauses


def _words(operation: IssueOperation, known: Mapping[str, str]) -> Words:
    match operation:
        case CrlOperation():
            return f"Issue the CRL {operation.id}", _crl_lines(operation, known), ISSUANCE
        case RequestOperation():
            return f"Sign the request {operation.id}", _request_lines(operation), ("RFC 2986 4.2",)
        case OcspOperation():
            return f"Sign the OCSP response {operation.id}", _response_lines(operation), ("BR 4.9.9", "RFC 6960 4.2")
        case ReissueOperation():
            lines = (*_certificate_lines(operation), f"again for the key of: {_artifact(operation.existing)}")
            return f"Issue the root certificate {operation.id} for an existing key", lines, ISSUANCE
        case ResponderOperation():
            lines = (*_certificate_lines(operation), "It is never asked whether this certificate was revoked.")
            return f"Issue the OCSP responder's certificate {operation.id}", lines, (*ISSUANCE, "BR 7.1.2.8")
        case _:
            return f"Issue the certificate {operation.id}", _certificate_lines(operation), ISSUANCE


def _certificate_lines(operation: CertificateOperation) -> tuple[str, ...]:
    return (
        *_signer_lines(operation),
        f"subject: {name_text(bytes.fromhex(operation.subject))}",
        f"issuer: {_artifact(operation.issuer)}",
        f"serial: {operation.certificate_serial}",
        _valid(operation.not_before, operation.not_after, operation.days),
        *_constraint_lines(operation.constraints),
    )


def _constraint_lines(constraints: Constraints | None) -> tuple[str, ...]:
    if constraints is None:
        return ()
    permitted = tuple(f"permitted: {spoken(text)}" for text in constraints.permitted)
    return permitted + tuple(f"excluded: {spoken(text)}" for text in constraints.excluded)


def _crl_lines(operation: CrlOperation, known: Mapping[str, str]) -> tuple[str, ...]:
    return (
        *_signer_lines(operation),
        f"number: {operation.number}",
        _valid(operation.this_update, operation.next_update, operation.days),
        *_scope_lines(operation),
        *_entry_lines(operation, known),
    )


def _scope_lines(operation: CrlOperation) -> tuple[str, ...]:
    covers = {"ca": "covers: certificates of CAs only", "user": "covers: certificates of end entities only"}
    point = (f"distribution point: {operation.distribution_point}",) if operation.distribution_point else ()
    return (*point, *((covers[operation.scope],) if operation.scope else ()))


def _entry_lines(operation: CrlOperation, known: Mapping[str, str]) -> tuple[str, ...]:
    """Every entry, or the last ones of a long list: the newly revoked come last."""
    shown = operation.entries[-MOST_ENTRIES:]
    said = ((f"revoked: {entry.serial} {entry.date} {entry.reason}", known.get(entry.serial)) for entry in shown)
    lines = tuple(f"{line}: {name}" if name else line for line, name in said)
    if len(shown) == len(operation.entries):
        return lines
    return (
        f"revoked: {len(operation.entries)} certificates, all of them in the draft; the last {len(shown)} are",
        *lines,
    )


def _valid(first: str, last: str, days: int) -> str:
    if not first:
        return f"valid: {days} days from the moment of drafting"
    return f"valid: {first} to {last}" + (f", {days} days" if days else "")


def _request_lines(operation: RequestOperation) -> tuple[str, ...]:
    repeated = (
        f"for the certificate: {_artifact(operation.existing)}"
        if operation.existing
        else "for a key without a certificate of ours"
    )
    return (
        *_signer_lines(operation),
        f"subject: {name_text(bytes.fromhex(operation.subject))}",
        repeated,
        "Another authority may certify this name and key with it. It asks for no extensions.",
    )


def _response_lines(operation: OcspOperation) -> tuple[str, ...]:
    said: str = operation.status
    if operation.revoked is not None:
        said += f" {operation.revoked.date} {operation.revoked.reason}"
    return (
        *_signer_lines(operation),
        f"about: {name_text(bytes.fromhex(operation.subject))}",
        f"serial: {operation.serial}",
        f"status: {said}",
        f"issuer: {_artifact(operation.issuer)}",
        f"answers: {_artifact(operation.responder) if operation.responder else 'the issuer'}",
        _valid(operation.this_update, operation.next_update, operation.days),
    )


def _signer_lines(operation: IssueOperation) -> tuple[str, ...]:
    key = f"signing key: {operation.key}"
    return (key, f"signature algorithm: {operation.signature}") if operation.signature else (key,)


def _draft_lines(draft: ScriptDraft) -> list[str]:
    if draft.open:
        return [f"template: {draft.digest}", f"open until the room: {', '.join(draft.open)}"]
    spelled = words(bytes.fromhex(draft.digest.removeprefix("sha256:")))
    return [f"digest: {draft.digest}", f"words: {' '.join(spelled[:16])}", f"       {' '.join(spelled[16:])}"]


def _artifact(reference: str) -> str:
    """An artifact, and where it comes from."""
    if reference == "self":
        return "itself"
    made = "made in this ceremony" if reference.startswith("operation:") else "from an earlier ceremony"
    if reference.startswith("input:") and not reference.startswith("input:inputs/known/"):
        made = "a file of inputs/"
    return f"{artifact_name(reference)}, {made}"
