"""The plain fields of a certificate, and whether it carries what its profile says (RFC 5280 4.1, BR 7.1.1, 7.1.2)."""

from __future__ import annotations

from collections.abc import Iterator

from quorate.compliance.rules import CROSS, EVERY, CertificateCase, Facts, Rule, rule
from quorate.compliance.texts import Text, must

TABLE: list[Rule[CertificateCase]] = []


@rule(TABLE, "cert.version", EVERY, must(Text.RFC, "5280 4.1.2.1"), must(Text.BR, "7.1.1"))
def version_is_three(case: CertificateCase) -> Iterator[Facts]:
    if case.it.version != 3:
        yield {"version": case.it.version}


@rule(TABLE, "cert.serial_range", EVERY, must(Text.RFC, "5280 4.1.2.2"), must(Text.BR, "7.1.2"))
def serial_is_in_range(case: CertificateCase) -> Iterator[Facts]:
    if not 0 < case.it.serial < 2**159:
        yield {}


@rule(TABLE, "cert.serial_short", EVERY, must(Text.BR, "7.1.2"), must(Text.QUORATE, "serial"))
def serial_has_64_bits(case: CertificateCase) -> Iterator[Facts]:
    if 0 < case.it.serial < 2**63:
        yield {"bits": case.it.serial.bit_length()}


@rule(TABLE, "cert.unique_id", EVERY, must(Text.RFC, "5280 4.1.2.8"), must(Text.BR, "7.1.2"))
def unique_identifiers_are_absent(case: CertificateCase) -> Iterator[Facts]:
    if case.it.unique_ids:
        yield {}


@rule(TABLE, "cert.profile_differs", EVERY, must(Text.CPS, "7.1"))
def it_carries_what_its_profile_says(case: CertificateCase) -> Iterator[Facts]:
    it, profile = case.it, case.profile
    constrained = it.permitted or it.excluded
    said: list[tuple[str, bool]] = [
        ("key-usage", set(it.key_usage) == set(profile.key_usage)),
        ("extended-key-usage", it.eku == profile.purposes),
        ("path-length", it.path_length == _path_length(case)),
        ("policies", profile.policies != ("forbidden" if it.policies else "required")),
        ("crl-url", profile.crl_url != ("forbidden" if it.crl_urls else "required")),
        ("ca-issuers-url", profile.ca_issuers_url != ("forbidden" if it.ca_issuers_urls else "required")),
        ("name-constraints", profile.name_constraints != ("forbidden" if constrained else "required")),
        ("authority-key-identifier", bool(it.aki) == profile.authority_key_identifier),
    ]
    for field, agrees in said:
        if not agrees:
            yield {"field": field}


def _path_length(case: CertificateCase) -> int | None:
    """The profile's; a cross-certificate whose profile says nothing has the existing certificate's."""
    existing = case.context.existing
    if case.profile.path_length is None and case.profile.kind in CROSS and existing is not None:
        return existing.path_length
    return case.profile.path_length
