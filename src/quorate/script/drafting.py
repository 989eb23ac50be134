"""Drafts: the to-be-signed bytes of an operation, made by one function before the day and in the room. Floor 2.

Before the day, what cannot exist yet stands in (`keys.stand_in_spki`, the window's opening); the fields concerned are
open, and the room proves that its draft differs in these only. Spec: `spec/templates.md`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from quorate.algorithms import SignatureAlgorithm, default_algorithm
from quorate.authority import AuthorityState
from quorate.compliance import (
    Commitments,
    Context,
    Uncertified,
    certificate_findings,
    crl_findings,
    ocsp_findings,
    request_findings,
)
from quorate.findings import Finding, Refusal
from quorate.linting import certificate_subject
from quorate.script import Script
from quorate.script.operations import (
    CertificateOperation,
    CrlOperation,
    CrossOperation,
    GenerateOperation,
    ImportOperation,
    IssueOperation,
    OcspOperation,
    ReissueOperation,
    RequestOperation,
    RootOperation,
)
from quorate.script.readback import readback_findings
from quorate.strict import read_moment
from quorate.want import LintSubject
from quorate.x509.csr import read_csr, read_spki
from quorate.x509.draft import Draft, Kind, draft_certificate, draft_crl, draft_request
from quorate.x509.facts import CertificateFacts, CrlFacts, read_certificate, read_crl
from quorate.x509.fields import CertificateFields, CrlEntry, CrlFields, Issuer, not_after, subject_ski
from quorate.x509.ocsp import OcspFields, draft_response
from quorate.x509.profile import Class, Profile, parse_profile

SECOND = "%Y-%m-%dT%H:%M:%SZ"


CLASSES: dict[str, tuple[Class, ...]] = {
    "root": ("root",),
    "reissue": ("root",),
    "subordinate": ("subordinate", "constrained", "non-tls"),
    "cross": ("cross", "cross-non-tls"),
    "ocsp-responder": ("responder",),
    "crl": ("crl",),
    "ocsp-response": ("ocsp",),
}
"""The classes of profile by which each kind of operation can be carried out."""


@dataclass(frozen=True, slots=True)
class Materials:
    """What drafting needs beside the script: its inputs, the public keys, certificates and CRLs that exist by now."""

    inputs: Mapping[str, bytes]
    spkis: Mapping[str, bytes]
    certificates: Mapping[str, bytes]
    crls: Mapping[str, bytes]


def utc(text: str) -> datetime:
    """A moment of the plan or script: `2026-11-23T09:00:00Z`."""
    if (moment := read_moment(text)) is None:
        raise ValueError(text)
    return moment


def make_draft(script: Script, operation: IssueOperation, materials: Materials, now: datetime) -> Draft:
    """The draft of `operation` from what exists now; `now` becomes a CRL's thisUpdate."""
    algorithm = signature_algorithm(script, operation)
    if isinstance(operation, RequestOperation):
        return draft_request(bytes.fromhex(operation.subject), _requested_for(operation, materials).spki, algorithm)
    profile = profile_of(operation, materials)
    if isinstance(operation, OcspOperation):
        return _response(operation, profile, algorithm, materials, now)
    issuer = _issuer(script, operation, materials)
    if isinstance(operation, CrlOperation):
        this_update, next_update = now.replace(microsecond=0), not_after(now.replace(microsecond=0), operation.days)
        if operation.this_update:
            this_update, next_update = utc(operation.this_update), utc(operation.next_update)
        entries = tuple(CrlEntry(int(one.serial, 16), utc(one.date), one.reason) for one in operation.entries)
        return draft_crl(
            CrlFields(
                profile=profile,
                issuer=issuer,
                number=operation.number,
                this_update=this_update,
                next_update=next_update,
                entries=entries,
                distribution_point=operation.distribution_point,
                scope=operation.scope,
                algorithm=algorithm,
            )
        )
    spki, ski = _subject(operation, materials)
    existing, constraints = _existing(operation, materials), operation.constraints
    return draft_certificate(
        CertificateFields(
            profile=profile,
            serial=int(operation.certificate_serial, 16),
            issuer=issuer,
            subject=bytes.fromhex(operation.subject),
            spki=spki,
            ski=ski,
            not_before=utc(operation.not_before),
            not_after=utc(operation.not_after),
            crl_url=operation.crl_url,
            ca_issuers_url=operation.ca_issuers_url,
            policies=operation.policies,
            path_length=existing.path_length if existing and isinstance(operation, CrossOperation) else None,
            permitted=constraints.permitted if constraints else (),
            excluded=constraints.excluded if constraints else (),
            algorithm=algorithm,
        )
    )


def _response(
    operation: OcspOperation, profile: Profile, algorithm: SignatureAlgorithm, materials: Materials, now: datetime
) -> Draft:
    issuer, responder, revoked = certificate(operation.issuer, materials), _responder(operation, materials), None
    this_update, next_update = now.replace(microsecond=0), not_after(now.replace(microsecond=0), operation.days)
    if operation.this_update:
        this_update, next_update = utc(operation.this_update), utc(operation.next_update)
    if operation.revoked is not None:
        revoked = CrlEntry(int(operation.serial, 16), utc(operation.revoked.date), operation.revoked.reason)
    return draft_response(
        OcspFields(
            profile=profile,
            issuer=Issuer(issuer.subject, issuer.spki, issuer.ski),
            responder=responder,
            serial=int(operation.serial, 16),
            revoked=revoked,
            this_update=this_update,
            next_update=next_update,
            algorithm=algorithm,
        )
    )


def _responder(operation: OcspOperation, materials: Materials) -> CertificateFacts:
    return certificate(operation.responder or operation.issuer, materials)


def going_along(operation: IssueOperation, materials: Materials) -> tuple[bytes, ...]:
    """The certificates (DER) beside the signature: a delegated responder's own (RFC 6960 4.2.1)."""
    if not isinstance(operation, OcspOperation) or not operation.responder:
        return ()
    responder = _responder(operation, materials)
    return (responder.der,) if responder.spki != certificate(operation.issuer, materials).spki else ()


def object_kind(operation: IssueOperation) -> Kind:
    """What an operation makes."""
    match operation:
        case CrlOperation():
            return "crl"
        case RequestOperation():
            return "request"
        case OcspOperation():
            return "ocsp"
        case _:
            return "certificate"


def profile_of(operation: CertificateOperation | CrlOperation | OcspOperation, materials: Materials) -> Profile:
    """The profile as it was frozen into the script's inputs."""
    data = materials.inputs[f"inputs/profiles/{operation.profile}.toml"]
    profile, kind = parse_profile(operation.profile, data), str(operation.__struct_config__.tag)
    if profile.kind not in CLASSES[kind]:
        classes = " or ".join(CLASSES[kind])
        raise Refusal("x509.profile_class", operation.profile, profile=profile.kind, kind=kind, classes=classes)
    return profile


def lint(
    script: Script,
    commitments: Commitments,
    operation: IssueOperation,
    materials: Materials,
    der: bytes,
    at: datetime,
) -> tuple[Finding, ...]:
    """Everything the rules say of a draft or finished artifact at the moment `at`, and how it differs from the plan."""
    if isinstance(operation, RequestOperation):
        moments = (at, utc(script.window.opens), utc(script.window.closes))
        return request_findings(der, operation.id, _requested_for(operation, materials), moments)
    profile, context = profile_of(operation, materials), _context(script, commitments, operation, materials, at)
    if isinstance(operation, OcspOperation):
        about, responder = certificate(operation.certificate, materials), _responder(operation, materials)
        return ocsp_findings(der, profile, context, about, responder, _list(operation.crl, materials))
    if isinstance(operation, CrlOperation):
        findings = crl_findings(der, profile, context, _previous(operation, materials))
    else:
        findings = certificate_findings(der, profile, context)
    if any(one.code == "x509.encoding" for one in findings):
        return findings
    it = read_crl(der, operation.id) if isinstance(operation, CrlOperation) else read_certificate(der, operation.id)
    return (*findings, *readback_findings(operation, it))


def lint_subject(
    script: Script, commitments: Commitments, operation: IssueOperation, materials: Materials, der: bytes, at: datetime
) -> LintSubject | None:
    """What linters are told of the object; None for a request or a response, which none of them reads."""
    match operation:
        case RequestOperation() | OcspOperation():
            return None
        case CrlOperation():
            return LintSubject("crl", script.rules, at)
        case _:
            context = _context(script, commitments, operation, materials, at)
            return certificate_subject(der, profile_of(operation, materials), context)


def _context(
    script: Script,
    commitments: Commitments,
    operation: CertificateOperation | CrlOperation | OcspOperation,
    materials: Materials,
    at: datetime,
) -> Context:
    open_dates = isinstance(operation, (CrlOperation, OcspOperation)) and not operation.this_update
    return Context(
        rules=script.rules,
        at=at,
        window=(at, at) if open_dates else (utc(script.window.opens), utc(script.window.closes)),
        issuer=None if operation.issuer == "self" else certificate(operation.issuer, materials),
        known=_known(materials, operation),
        existing=None if isinstance(operation, OcspOperation) else _existing(operation, materials),
        commitments=commitments,
    )


def rule_commitments(authority: AuthorityState) -> Commitments:
    """The authority's commitments as the rules read them."""
    said = authority.commitments
    return Commitments(
        said.root_days,
        said.subordinate_days,
        said.crl_days,
        said.key_types,
        authority.programmes,
        authority.affiliates,
        said.extended_validation,
    )


def certificate(reference: str, materials: Materials) -> CertificateFacts:
    """The certificate that `operation:ID` or `input:FILE` names."""
    kind, _, name = reference.partition(":")
    if kind == "operation":
        if name not in materials.certificates:
            raise Refusal("script.not_made_yet", name=name)
        return read_certificate(materials.certificates[name], name)
    return read_certificate(materials.inputs[name], name)


def _issuer(script: Script, operation: CertificateOperation | CrlOperation, materials: Materials) -> Issuer:
    if isinstance(operation, (RootOperation, ReissueOperation)):
        return Issuer(bytes.fromhex(operation.subject), *_subject(operation, materials))
    facts = certificate(operation.issuer, materials)
    return Issuer(facts.subject, facts.spki, facts.ski)


def _subject(operation: CertificateOperation, materials: Materials) -> tuple[bytes, bytes]:
    kind, _, name = operation.subject_key.partition(":")
    given = b""
    if kind == "key":
        given = materials.spkis[name]
    elif kind:
        given = (read_spki if kind == "spki" else _requested)(materials.inputs[name], name)
    if not operation.existing:
        return given, subject_ski(given)
    facts = certificate(operation.existing, materials)
    if given not in (b"", facts.spki):
        raise Refusal("plan.subject_key_differs", operation.id, given=name, existing=operation.existing)
    return facts.spki, facts.ski


def _requested_for(operation: RequestOperation, materials: Materials) -> CertificateFacts | Uncertified:
    """What a request is for: the certificate that it repeats, or a name and a key that have none."""
    if operation.existing:
        return certificate(operation.existing, materials)
    return Uncertified(bytes.fromhex(operation.subject), materials.spkis[operation.key])


def _requested(data: bytes, where: str) -> bytes:
    return read_csr(data, where).spki


def _existing(operation: CertificateOperation | CrlOperation, materials: Materials) -> CertificateFacts | None:
    existing = "" if isinstance(operation, CrlOperation) else operation.existing
    return certificate(existing, materials) if existing else None


def _previous(operation: CrlOperation, materials: Materials) -> CrlFacts | None:
    return _list(operation.previous, materials)


def _list(reference: str, materials: Materials) -> CrlFacts | None:
    """The CRL that a reference names; None for no reference."""
    kind, _, name = reference.partition(":")
    if not kind:
        return None
    return read_crl(materials.crls[name] if kind == "operation" else materials.inputs[name], name)


def _known(materials: Materials, operation: IssueOperation) -> tuple[CertificateFacts, ...]:
    """Every certificate of the authority: those of earlier ceremonies, and those made in this one before."""
    known = {
        name: read_certificate(data, name)
        for name, data in materials.inputs.items()
        if name.startswith("inputs/known/") and name.endswith(".cert.der")
    }
    known |= {
        name: read_certificate(data, name) for name, data in materials.certificates.items() if name != operation.id
    }
    return tuple(known.values())


def signature_algorithm(script: Script, operation: IssueOperation) -> SignatureAlgorithm:
    """The algorithm that the operation names, or else the default of the key that signs."""
    if operation.signature:
        return SignatureAlgorithm(operation.signature)
    return default_algorithm(key_type(script, operation.key))


def key_type(script: Script, key: str) -> str:
    """The type of a key that this script makes or brings, or of an earlier one that it uses."""
    for operation in script.operations:
        if isinstance(operation, (GenerateOperation, ImportOperation)) and operation.id == key:
            return operation.type
    return next(known.type for known in script.keys if known.id == key)
