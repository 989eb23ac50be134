"""The extensions of a CA certificate but for its purposes and policies (RFC 5280 4.2, BR 7.1.2.10, 7.1.2.11)."""

from __future__ import annotations

from collections.abc import Iterator

from quorate.compliance.rules import BELOW, CA, ROOT, SUBORDINATE, CertificateCase, Facts, Rule, rule
from quorate.compliance.texts import PROFILES, Text, must, should

TABLE: list[Rule[CertificateCase]] = []

SKI, KEY_USAGE, BASIC_CONSTRAINTS, CRL_POINTS = "2.5.29.14", "2.5.29.15", "2.5.29.19", "2.5.29.31"
POLICIES, AKI, PURPOSES, ACCESS = "2.5.29.32", "2.5.29.35", "2.5.29.37", "1.3.6.1.5.5.7.1.1"
CRITICAL = {BASIC_CONSTRAINTS, KEY_USAGE}
LISTED = {SKI, KEY_USAGE, BASIC_CONSTRAINTS, CRL_POINTS, POLICIES, AKI, PURPOSES, ACCESS}
# keyCertSign and cRLSign, without and with digitalSignature, as BIT STRINGs
KEY_USAGES = (bytes.fromhex("03020106"), bytes.fromhex("03020186"))


@rule(TABLE, "cert.basic_constraints", CA, must(Text.RFC, "5280 4.2.1.9"), must(Text.BR, "7.1.2.1.4, 7.1.2.10.4"))
def it_is_a_certificate_authority(case: CertificateCase) -> Iterator[Facts]:
    if not case.it.is_ca:
        yield {}


@rule(TABLE, "cert.root_path_length", ROOT, should(Text.BR, "7.1.2.1.4", since=PROFILES))
def a_root_has_no_path_length(case: CertificateCase) -> Iterator[Facts]:
    if case.it.path_length is not None:
        yield {}


@rule(TABLE, "cert.subordinate_path_length", SUBORDINATE, should(Text.QUORATE, "path length"))
def an_issuing_authority_has_path_length_zero(case: CertificateCase) -> Iterator[Facts]:
    if case.it.path_length != 0:
        yield {}


@rule(TABLE, "cert.key_usage", CA, must(Text.BR, "7.1.2.10.7", since=PROFILES), must(Text.QUORATE, "key usage"))
def key_usage_is_one_of_two_values(case: CertificateCase) -> Iterator[Facts]:
    usage = case.it.extension(KEY_USAGE)
    if usage is None or usage.value not in KEY_USAGES:
        yield {"usage": ", ".join(case.it.key_usage) or "nothing"}


@rule(
    TABLE,
    "cert.criticality",
    CA,
    must(Text.BR, "7.1.2.1.2, 7.1.2.2.3, 7.1.2.6.1", since=PROFILES),
    must(Text.QUORATE, "criticality"),
)
def criticality_is_as_prescribed(case: CertificateCase) -> Iterator[Facts]:
    for extension in case.it.extensions:
        if extension.oid in LISTED and extension.critical != (extension.oid in CRITICAL):
            yield {"oid": extension.oid, "critical": "critical" if extension.critical else "not critical"}


@rule(TABLE, "cert.extension_unlisted", CA, must(Text.BR, "7.1.2.11.5", since=PROFILES), must(Text.CPS, "7.1"))
def no_other_extension_is_there(case: CertificateCase) -> Iterator[Facts]:
    for extension in case.it.extensions:
        if extension.oid not in LISTED:
            yield {"oid": extension.oid}


@rule(TABLE, "cert.ski_missing", CA, must(Text.RFC, "5280 4.2.1.2"), must(Text.BR, "7.1.2.11.4"))
def the_subject_key_identifier_is_there(case: CertificateCase) -> Iterator[Facts]:
    if not case.it.ski:
        yield {}


@rule(TABLE, "cert.aki_missing", BELOW, must(Text.RFC, "5280 4.2.1.1"), must(Text.BR, "7.1.2.11.1"))
def the_authority_key_identifier_is_there(case: CertificateCase) -> Iterator[Facts]:
    if not case.it.aki:
        yield {}


@rule(
    TABLE,
    "cert.aki_form",
    CA,
    must(Text.BR, "7.1.2.1.3, 7.1.2.11.1", since=PROFILES),
    must(Text.QUORATE, "key identifiers"),
)
def the_authority_key_identifier_names_a_key_only(case: CertificateCase) -> Iterator[Facts]:
    if case.it.aki_names_issuer:
        yield {}


@rule(TABLE, "cert.aki_differs", CA, must(Text.RFC, "5280 4.2.1.1"), must(Text.BR, "7.1.2.1.3, 7.1.2.11.1"))
def the_authority_key_identifier_is_the_issuers(case: CertificateCase) -> Iterator[Facts]:
    if case.it.aki and case.it.aki != case.issuer.ski:
        yield {}


@rule(TABLE, "cert.crl_url_missing", BELOW, must(Text.BR, "7.1.2.11.2"))
def a_subordinate_says_where_its_crl_is(case: CertificateCase) -> Iterator[Facts]:
    if not case.it.extension(CRL_POINTS):
        yield {}


@rule(TABLE, "cert.crl_url_form", CA, must(Text.BR, "7.1.2.11.2"), must(Text.QUORATE, "addresses"))
def the_crl_is_at_http_urls(case: CertificateCase) -> Iterator[Facts]:
    it = case.it
    plain = it.crl_points_plain and all(map(_is_http, it.crl_urls))
    if it.extension(CRL_POINTS) and not (plain and it.crl_urls):
        yield {"urls": ", ".join(it.crl_urls) or "no URL"}


@rule(TABLE, "cert.crl_points", CA, should(Text.BR, "7.1.2.11.2", since=PROFILES), should(Text.QUORATE, "addresses"))
def the_crl_is_at_one_place(case: CertificateCase) -> Iterator[Facts]:
    if case.it.crl_points > 1 or len(case.it.crl_urls) > 1:
        yield {"points": case.it.crl_points, "urls": len(case.it.crl_urls)}


@rule(TABLE, "cert.root_crl_url", ROOT, should(Text.BR, "7.1.2.11.2", since=PROFILES))
def a_root_names_no_crl(case: CertificateCase) -> Iterator[Facts]:
    if case.it.extension(CRL_POINTS):
        yield {}


@rule(TABLE, "cert.access_missing", BELOW, should(Text.BR, "7.1.2.10.3"))
def a_subordinate_says_where_its_issuer_is(case: CertificateCase) -> Iterator[Facts]:
    if not case.it.ca_issuers_urls:
        yield {}


@rule(TABLE, "cert.access_form", CA, must(Text.BR, "7.1.2.10.3", since=PROFILES), must(Text.QUORATE, "addresses"))
def the_issuer_is_at_http_urls(case: CertificateCase) -> Iterator[Facts]:
    urls = case.it.ca_issuers_urls
    plain = len(urls) == len(case.it.access_methods) == len(set(urls)) and all(map(_is_http, urls))
    if case.it.extension(ACCESS) and not (plain and urls):
        yield {"urls": ", ".join(urls) or "no URL"}


def _is_http(url: str) -> bool:
    """RFC 3986 compares schemes without case, the relying parties' software does not always: lower case only."""
    host = url.removeprefix("http://").partition("/")[0]
    return url.startswith("http://") and bool(host) and url.isascii() and url.isprintable() and " " not in url
