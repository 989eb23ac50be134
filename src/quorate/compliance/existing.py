"""What a cross-certificate repeats was issued rightly itself, by the rules of its day (BR 7.1.2.2)."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from quorate.compliance import certificate, extensions, names, purposes, validity
from quorate.compliance.rules import CROSS, CertificateCase, Context, Facts, Rule, rule
from quorate.compliance.texts import Text, must
from quorate.findings import Severity
from quorate.x509.facts import CertificateFacts
from quorate.x509.profile import Class

TABLE: list[Rule[CertificateCase]] = []

TEXTS = frozenset({Text.RFC, Text.BR})
RULES = (*certificate.TABLE, *validity.TABLE, *extensions.TABLE, *names.TABLE, *purposes.TABLE)
OF_ITS_ISSUER = "cert.aki_differs"
"""Not judged of what is no root, for its issuer is not at hand."""


@rule(TABLE, "cert.cross_existing", CROSS, must(Text.BR, "7.1.2.2"))
def what_is_repeated_was_rightly_issued(case: CertificateCase) -> Iterator[Facts]:
    """By BR and RFC 5280 as they stood when it was issued: its notBefore stands for that day, none else is known."""
    for existing in dict.fromkeys(case.repeated):
        if broken := tuple(dict.fromkeys(_broken(existing, case))):
            yield {"codes": ", ".join(broken), "other": existing.fingerprint}


def _broken(existing: CertificateFacts, case: CertificateCase) -> Iterator[str]:
    kind: Class = "root" if existing.self_signed else "subordinate"
    at = existing.not_before
    context = Context("webpki", at, (at, at), None, (), None, case.context.commitments)
    beside = CertificateCase(existing, msgspec.structs.replace(case.profile, kind=kind), context)
    for one in RULES:
        basis = one.basis(TEXTS, kind, at.date())
        if basis is None or basis.severity is not Severity.ERROR or (kind != "root" and one.code == OF_ITS_ISSUER):
            continue
        if any(True for _ in one.check(beside)):
            yield one.code
