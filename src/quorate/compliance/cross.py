"""A cross-certificate, or a root issued anew, beside the certificates that it repeats (BR 7.1.2.2, 7.1.2.1.1)."""

from __future__ import annotations

from collections.abc import Iterator

from quorate.compliance.rules import CROSS, ROOT, CertificateCase, Facts, Rule, rule
from quorate.compliance.texts import PROFILES, Text, must, should

TABLE: list[Rule[CertificateCase]] = []


@rule(TABLE, "cert.cross_missing", CROSS, must(Text.BR, "7.1.2.2"), must(Text.QUORATE, "cross-certificates"))
def the_existing_certificate_is_at_hand(case: CertificateCase) -> Iterator[Facts]:
    if case.context.existing is None:
        yield {}


@rule(
    TABLE, "cert.cross_subject", (*CROSS, *ROOT), must(Text.BR, "7.1.2.2.2"), must(Text.QUORATE, "cross-certificates")
)
def the_subject_is_copied(case: CertificateCase) -> Iterator[Facts]:
    if case.context.existing is not None and case.context.existing.subject != case.it.subject:
        yield {}


@rule(TABLE, "cert.cross_key", (*CROSS, *ROOT), must(Text.BR, "7.1.2.2"), must(Text.QUORATE, "cross-certificates"))
def the_key_is_copied(case: CertificateCase) -> Iterator[Facts]:
    if case.context.existing is not None and case.context.existing.spki != case.it.spki:
        yield {}


@rule(
    TABLE,
    "cert.cross_ski",
    (*CROSS, *ROOT),
    must(Text.BR, "7.1.2.11.4", since=PROFILES),
    must(Text.RFC, "5280 4.2.1.1"),
)
def the_key_identifier_is_copied(case: CertificateCase) -> Iterator[Facts]:
    """Copied and not computed: an older certificate may have another method's identifier."""
    if case.context.existing is not None and case.context.existing.ski != case.it.ski:
        yield {}


@rule(TABLE, "cert.cross_path_length", CROSS, should(Text.QUORATE, "path length"))
def the_path_length_is_the_existing_ones(case: CertificateCase) -> Iterator[Facts]:
    if case.context.existing is not None and case.context.existing.path_length != case.it.path_length:
        yield {}


@rule(TABLE, "cert.cross_no_ca", (*CROSS, *ROOT), must(Text.BR, "7.1.2.2"), must(Text.QUORATE, "cross-certificates"))
def the_existing_certificate_is_an_authoritys(case: CertificateCase) -> Iterator[Facts]:
    existing = case.context.existing
    if existing is not None and not (existing.is_ca and "keyCertSign" in existing.key_usage):
        yield {}


@rule(TABLE, "cert.cross_expired", CROSS, should(Text.QUORATE, "cross-certificates"))
def the_existing_certificate_is_not_outlived(case: CertificateCase) -> Iterator[Facts]:
    """A cross-certificate that lives longer keeps alive what was meant to end."""
    existing = case.context.existing
    if existing is not None and case.it.not_after > existing.not_after:
        yield {"time": case.it.not_after.isoformat(), "existing": existing.not_after.isoformat()}


@rule(TABLE, "cert.reissued", ROOT, must(Text.MICROSOFT, "3.1.11"))
def a_root_is_not_issued_anew(case: CertificateCase) -> Iterator[Facts]:
    """The programme wants a name and a key of its own for each root; BR 7.1.2.1.1 only that every rule holds again."""
    for other in case.repeated if case.context.existing is not None else ():
        yield {"other": other.fingerprint}
