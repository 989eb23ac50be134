"""Freezing: the drafts of a script before the day, with stand-ins for what cannot exist yet. Floor 2."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from quorate import canonical
from quorate.authority import AuthorityState
from quorate.compliance import OF_KEY
from quorate.findings import Finding, about
from quorate.keys import KeyType, stand_in_spki
from quorate.register import Register
from quorate.script import Script, ScriptDraft
from quorate.script.drafting import Materials, lint, lint_subject, make_draft, rule_commitments, utc
from quorate.script.operations import (
    CertificateOperation,
    CrlOperation,
    DestroyOperation,
    GenerateOperation,
    ImportOperation,
    IssueOperation,
    OcspOperation,
    RequestOperation,
    ShareOperation,
    SignOperation,
)
from quorate.script.skr import judged_drafts, table, unjudged_drafts
from quorate.want import LintSubject


@dataclass(frozen=True, slots=True)
class Draft:
    """One frozen draft: the bytes, the open fields, what the rules found, and what is printed beside its digest.

    `unsigned`: the object that linters read, with an empty signature. `subject`: what they are told of it.
    """

    operation: str
    tbs: bytes
    unsigned: bytes
    open: tuple[str, ...]
    findings: tuple[Finding, ...]
    printed: tuple[str, ...] = ()
    subject: LintSubject | None = None

    def entry(self) -> ScriptDraft:
        return ScriptDraft(self.operation, f"drafts/{self.operation}.tbs", canonical.digest(self.tbs), self.open)


def freeze(
    script: Script, register: Register, inputs: Mapping[str, bytes], authority: AuthorityState
) -> tuple[Draft, ...]:
    """The drafts of every certificate and CRL of `script`, in order, with stand-ins for what cannot exist yet."""
    spkis = dict(register.spkis)
    certificates: dict[str, bytes] = {}
    crls: dict[str, bytes] = {}
    drafts: list[Draft] = []
    opens = utc(script.window.opens)
    for operation in script.operations:
        if isinstance(operation, GenerateOperation):
            spkis[operation.id] = stand_in_spki(KeyType(operation.type))
        elif isinstance(operation, SignOperation):
            made = judged_drafts(unjudged_drafts(script, operation, inputs, spkis, opens), operation, opens)
            lines = tuple(line for one in made.drafts for line in table(one))
            drafts.append(Draft(operation.id, made.file, b"", (), made.findings, lines))
        elif not isinstance(operation, (ShareOperation, ImportOperation, DestroyOperation)):
            materials = Materials(inputs, spkis, certificates, crls)
            with about(f"operations[{operation.id}]"):
                draft = make_draft(script, operation, materials, opens)
            commitments = rule_commitments(authority)
            findings = lint(script, commitments, operation, materials, draft.unsigned, opens)
            fields = open_fields(script, operation)
            if "spki" in fields:  # a stand-in is no key to judge, and the same for every key of a type
                # the room finds these of the real key, as `session.key_twice` or by their names
                findings = tuple(one for one in findings if not one.code.startswith("key.") and one.code not in OF_KEY)
            subject = lint_subject(script, commitments, operation, materials, draft.unsigned, opens)
            drafts.append(Draft(operation.id, draft.tbs, draft.unsigned, fields, findings, subject=subject))
            if isinstance(operation, CrlOperation):
                crls[operation.id] = draft.unsigned
            elif isinstance(operation, CertificateOperation):
                certificates[operation.id] = draft.unsigned
    return tuple(drafts)


def open_fields(script: Script, operation: IssueOperation) -> tuple[str, ...]:
    """The fields that cannot exist before the day: what comes of a key that is generated in this ceremony, and time."""
    made = {one.id for one in script.operations if isinstance(one, GenerateOperation)}
    made |= {one.id for one in script.operations if isinstance(one, ImportOperation) and one.key in made}
    aki = ("aki",) if operation.key in made else ()
    if isinstance(operation, RequestOperation):
        return ("spki",) if operation.key in made else ()
    if isinstance(operation, OcspOperation):
        dates = () if operation.this_update else ("this-update", "next-update", "produced-at")
        issuer = script.is_made(operation.issuer, made)
        responder = script.is_made(operation.responder or operation.issuer, made)
        return (*(("responder",) if responder else ()), *(("certificate-id",) if issuer else ()), *dates)
    if isinstance(operation, CrlOperation):
        return aki if operation.this_update else ("this-update", "next-update", *aki)
    kind, _, name = script.subject_key(operation).partition(":")
    return ("spki", "ski", *aki) if kind == "key" and name in made else aki
