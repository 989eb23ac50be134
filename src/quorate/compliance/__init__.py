"""What RFC 5280, the Baseline Requirements and the root programmes say of CA certificates and CRLs. Floor 2.

Judged are drafts before anyone approves them, and the finished objects once more. `RULES` holds every rule with its
texts and their dates; later rules are further rows. Spec: `spec/rules.md`.
"""

from __future__ import annotations

from datetime import date

from quorate.compliance import (
    algorithms,
    certificate,
    continuity,
    cross,
    existing,
    extensions,
    names,
    purposes,
    relations,
    validity,
)
from quorate.compliance import crl as crl_rules
from quorate.compliance import ocsp as ocsp_rules
from quorate.compliance.request import Uncertified, request_findings
from quorate.compliance.rules import CertificateCase, Commitments, Context, CrlCase, OcspCase, Rule
from quorate.compliance.texts import Text
from quorate.findings import Finding, Refusal, Severity, found, meaning
from quorate.keys import key_findings
from quorate.x509.facts import CertificateFacts, CrlFacts, read_certificate, read_crl
from quorate.x509.ocsp import read_response
from quorate.x509.profile import Profile

__all__ = [
    "CERTIFICATE_RULES",
    "CRL_RULES",
    "OF_ISSUER",
    "OF_KEY",
    "OF_PROFILE",
    "OF_REGISTER",
    "RULES",
    "Commitments",
    "Context",
    "Rule",
    "Uncertified",
    "certificate_findings",
    "crl_findings",
    "never_blocks",
    "ocsp_findings",
    "request_findings",
]

CERTIFICATE_RULES: tuple[Rule[CertificateCase], ...] = (
    *certificate.TABLE,
    *validity.TABLE,
    *extensions.TABLE,
    *algorithms.CERTIFICATE_TABLE,
    *names.TABLE,
    *purposes.TABLE,
    *relations.TABLE,
    *cross.TABLE,
    *existing.TABLE,
)
CRL_RULES: tuple[Rule[CrlCase], ...] = (*crl_rules.TABLE, *continuity.TABLE, *algorithms.CRL_TABLE)
OCSP_RULES: tuple[Rule[OcspCase], ...] = (*ocsp_rules.TABLE,)
RULES: tuple[Rule[CertificateCase] | Rule[CrlCase] | Rule[OcspCase], ...] = (
    *CERTIFICATE_RULES,
    *CRL_RULES,
    *OCSP_RULES,
)

OF_KEY = frozenset({"cert.issuer_missing", "cert.key_reused", "cert.purposes_of_key", "cert.ski_key"})
"""What is found of a key beside others, and means nothing of a stand-in."""
OF_ISSUER = frozenset(
    {
        "x509.algorithm",
        "x509.signature_invalid",
        "cert.issuer_name",
        "cert.issuer_missing",
        "cert.issuer_not_ca",
        "cert.issuer_not_valid",
        "cert.outlives_issuer",
        "cert.path_length",
        "cert.path_length_beyond",
        "cert.aki_differs",
        "crl.issuer",
        "crl.issuer_may_not_sign",
        "crl.issuer_not_valid",
        "crl.outlives_issuer",
        "crl.aki",
    }
)
"""What is found of an object beside its issuer's certificate."""
OF_REGISTER = frozenset({"crl.entry_unknown", "crl.previous_missing", "cert.cross_missing", "ocsp.status"})
"""What is found of an object beside all that its authority issued."""
OF_PROFILE = frozenset(
    {"cert.profile_differs", "cert.days_profile", "crl.days_profile", "ocsp.days_profile", "ocsp.profile_differs"}
)
"""What is found of an object beside the very profile that it was made by."""


def never_blocks(code: str, texts: frozenset[Text], day: date) -> bool:
    """Whether what is found under this code is a warning at most, in whatever is signed on this day under `texts`."""
    bases = [one.basis(texts, kind, day) for one in RULES if one.code == code for kind in one.applies]
    heaviest = [basis.severity for basis in bases if basis] if bases else [meaning(code).severity]
    return Severity.ERROR not in heaviest


def certificate_findings(der: bytes, profile: Profile, context: Context) -> tuple[Finding, ...]:
    """Everything wrong with a certificate, drafted or finished. What cannot be read is one finding, `x509.encoding`."""
    try:
        case = CertificateCase(read_certificate(der, profile.name), profile, context)
    except Refusal as refusal:
        return refusal.findings
    return (
        *_profile_findings(profile, context),
        *(finding for one in CERTIFICATE_RULES for finding in one.findings(case)),
        *key_findings(case.it.spki, profile.name, own=profile.kind == "root"),
    )


def crl_findings(der: bytes, profile: Profile, context: Context, previous: CrlFacts | None) -> tuple[Finding, ...]:
    """Everything wrong with a CRL, drafted or finished, also as the successor of `previous`."""
    try:
        case = CrlCase(read_crl(der, profile.name), profile, context, previous)
    except Refusal as refusal:
        return refusal.findings
    return (*_profile_findings(profile, context), *(finding for one in CRL_RULES for finding in one.findings(case)))


def ocsp_findings(
    der: bytes,
    profile: Profile,
    context: Context,
    certificate: CertificateFacts,
    responder: CertificateFacts,
    crl: CrlFacts | None,
) -> tuple[Finding, ...]:
    """Everything wrong with an OCSP response about `certificate`; `crl`: the newest one of its issuer."""
    try:
        case = OcspCase(read_response(der, profile.name), profile, context, certificate, responder, crl)
    except Refusal as refusal:
        return refusal.findings
    return (*_profile_findings(profile, context), *(finding for one in OCSP_RULES for finding in one.findings(case)))


def _profile_findings(profile: Profile, context: Context) -> tuple[Finding, ...]:
    if profile.rules == context.rules:
        return ()
    return (found("x509.profile_rules", profile.name, profile=profile.rules, rules=context.rules),)
