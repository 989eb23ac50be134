"""What linters of others are asked, and what their remarks come to as findings. Floor 2.

A remark becomes a finding whose name is `lint.TOOL/RULE`: by that name the record keeps it and a waiver accepts it.
Spec: `spec/rules.md`, Linters.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from quorate.authority import AuthorityState
from quorate.compliance.rules import CertificateCase, Context
from quorate.compliance.texts import RuleSet
from quorate.findings import Basis, Finding, Severity, found, resting_on
from quorate.want import LintReport, LintSubject, Remark
from quorate.x509.facts import read_certificate
from quorate.x509.profile import Profile

CODES = {"fatal": "lint.fatal", "error": "lint.error", "warning": "lint.warning", "notice": "lint.notice"}
LONGEST_TEXT = 300
KNOWN: dict[tuple[str, str], str] = {
    ("pkilint", "cabf.serverauth.cross_ca.name_constraints_extension_present"): "BR 7.1.2.2.3 permits it",
    # said of a CA without TLS as well; where BR 7.1.2.10.5 does ask for policies, `cert.policies` blocks without them
    ("pkilint", "cabf.serverauth.ca.certificate_policies_extension_absent"): "BR 7.1.2.3.2 permits it without TLS",
}
"""Remarks that are mistaken, by tool and rule, and what says otherwise. They are kept, as notices."""


def required_linters(authority: AuthorityState) -> tuple[str, ...]:
    """The linters without which nothing is issued: those of the commitments, and pkilint for the web (BR 4.3.1.2)."""
    web = ("pkilint",) if authority.rules == "webpki" else ()
    return tuple(sorted({*web, *authority.commitments.linters}))


def certificate_subject(der: bytes, profile: Profile, context: Context) -> LintSubject:
    """What a linter has to be told of a certificate to judge it by the right rules."""
    case = CertificateCase(read_certificate(der), profile, context)
    return LintSubject(
        kind=profile.kind,
        rules=context.rules,
        at=context.at,
        external=case.is_stranger,
        direct=case.it.path_length == 0,
    )


def remark_findings(
    reports: tuple[LintReport, ...], where: str, rules: RuleSet, required: tuple[str, ...]
) -> tuple[Finding, ...]:
    """The findings that remarks come to. Those of a linter that nobody asked for do not block a private authority."""
    return tuple(_findings(reports, where, rules, required))


def _findings(
    reports: tuple[LintReport, ...], where: str, rules: RuleSet, required: tuple[str, ...]
) -> Iterator[Finding]:
    for report in reports:
        counts = rules == "webpki" or report.tool in required
        for remark in report.remarks:
            mistaken = KNOWN.get((report.tool, remark.rule), "")
            facts = {"tool": report.tool, "version": report.version, "rule": _rule(remark), "said": _said(remark)}
            code = CODES[remark.weight]
            if mistaken:
                yield found("lint.mistaken", where, **facts, why=mistaken)
            elif counts or remark.weight not in ("fatal", "error"):
                yield found(code, where, **facts)
            else:
                yield resting_on(Basis(Severity.WARNING, "CP/CPS 4.3.1"), code, where, facts)


def _rule(remark: Remark) -> str:
    return re.sub(r"[^A-Za-z0-9._-]", "-", remark.rule)


def _said(remark: Remark) -> str:
    """The rule and what was said of it, on one line of characters that are seen."""
    text = unicodedata.normalize("NFC", f"{_rule(remark)}, {remark.text}" if remark.text else _rule(remark))
    return "".join(one if one.isprintable() else "?" for one in text)[:LONGEST_TEXT]
