"""The fields and extensions of a CA certificate, each by itself (BR 7.1.2)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta

from quorate.compliance.rules import BELOW, CA, WEBPKI, CertificateCase, Facts, Rule, rule
from quorate.x509.facts import CertificateFacts

TABLE: list[Rule[CertificateCase]] = []

DAY = timedelta(days=1)
SKI, KEY_USAGE, BASIC_CONSTRAINTS, CRL_POINTS = "2.5.29.14", "2.5.29.15", "2.5.29.19", "2.5.29.31"
POLICIES, AKI, PURPOSES, ACCESS = "2.5.29.32", "2.5.29.35", "2.5.29.37", "1.3.6.1.5.5.7.1.1"
CRITICAL = {BASIC_CONSTRAINTS, KEY_USAGE}
LISTED = {SKI, KEY_USAGE, BASIC_CONSTRAINTS, CRL_POINTS, POLICIES, AKI, PURPOSES, ACCESS}
# keyCertSign and cRLSign, without and with digitalSignature, as BIT STRINGs
KEY_USAGES = (bytes.fromhex("03020106"), bytes.fromhex("03020186"))


@rule(TABLE, "cert.version", *CA)
def version_is_three(case: CertificateCase) -> Iterator[Facts]:
    if case.it.version != 3:
        yield {"version": case.it.version}


@rule(TABLE, "cert.serial_range", *CA)
def serial_is_in_range(case: CertificateCase) -> Iterator[Facts]:
    if not 0 < case.it.serial < 2**159:
        yield {}


@rule(TABLE, "cert.serial_short", *CA)
def serial_has_64_bits(case: CertificateCase) -> Iterator[Facts]:
    if 0 < case.it.serial < 2**63:
        yield {"bits": case.it.serial.bit_length()}


@rule(TABLE, "cert.not_before", "root", "subordinate")
def not_before_is_within_the_day_before_signing(case: CertificateCase) -> Iterator[Facts]:
    yield from _not_before(case, case.context.at, case.context.at - DAY)


@rule(TABLE, "cert.not_before_cross", "cross")
def not_before_may_go_back_to_the_existing_certificate(case: CertificateCase) -> Iterator[Facts]:
    yield from _not_before(case, case.context.at, _earliest(case, case.context.at))


@rule(TABLE, "cert.window", *CA)
def dates_are_legal_all_over_the_window(case: CertificateCase) -> Iterator[Facts]:
    """A frozen draft may be signed at any moment of the window, so both of its ends are tried beside `at`."""
    for moment in dict.fromkeys(case.context.window):
        if moment == case.context.at:
            continue
        earliest = _earliest(case, moment)
        if not earliest <= case.it.not_before <= moment or case.it.not_after < moment:
            yield {"moment": moment.isoformat()}


@rule(TABLE, "cert.not_after", *CA)
def validity_reaches_beyond_signing(case: CertificateCase) -> Iterator[Facts]:
    if case.it.not_after < case.context.at:
        yield {"time": case.it.not_after.isoformat()}


@rule(TABLE, "cert.time_form", *CA)
def dates_are_written_as_their_year_asks(case: CertificateCase) -> Iterator[Facts]:
    for late, time in zip(case.it.late_times, (case.it.not_before, case.it.not_after), strict=True):
        if late != (time.year >= 2050):
            yield {"time": time.isoformat()}


@rule(TABLE, "cert.root_days_least", "root", sets=WEBPKI)
def a_root_lives_eight_years(case: CertificateCase) -> Iterator[Facts]:
    if case.it.validity < 2922 * DAY:
        yield _days(case.it, 2922)


@rule(TABLE, "cert.root_days_most", "root", sets=WEBPKI)
def a_root_lives_no_longer_than_25_years(case: CertificateCase) -> Iterator[Facts]:
    if case.it.validity > 9132 * DAY:
        yield _days(case.it, 9132)


@rule(TABLE, "cert.root_days_programme", "root", sets=WEBPKI, since=date(2026, 7, 1))
def a_root_lives_no_longer_than_ten_years(case: CertificateCase) -> Iterator[Facts]:
    if case.it.validity > 3650 * DAY:
        yield _days(case.it, 3650)


@rule(TABLE, "cert.subordinate_days", "subordinate", sets=WEBPKI)
def a_subordinate_lives_three_years(case: CertificateCase) -> Iterator[Facts]:
    if case.it.validity > 1095 * DAY:
        yield _days(case.it, 1095)


@rule(TABLE, "cert.days_committed", "root", "subordinate")
def validity_keeps_to_the_commitments(case: CertificateCase) -> Iterator[Facts]:
    commitments = case.context.commitments
    most = commitments.root_days if case.profile.kind == "root" else commitments.subordinate_days
    if case.it.validity > most * DAY:
        yield _days(case.it, most)


@rule(TABLE, "cert.days_profile", *CA)
def validity_keeps_to_the_profile(case: CertificateCase) -> Iterator[Facts]:
    days = case.profile.days
    if not days.least * DAY <= case.it.validity <= days.most * DAY:
        yield _days(case.it, days.most)


@rule(TABLE, "cert.unique_id", *CA)
def unique_identifiers_are_absent(case: CertificateCase) -> Iterator[Facts]:
    if case.it.unique_ids:
        yield {}


@rule(TABLE, "cert.basic_constraints", *CA)
def it_is_a_certificate_authority(case: CertificateCase) -> Iterator[Facts]:
    if not case.it.is_ca:
        yield {}


@rule(TABLE, "cert.root_path_length", "root", sets=WEBPKI)
def a_root_has_no_path_length(case: CertificateCase) -> Iterator[Facts]:
    if case.it.path_length is not None:
        yield {}


@rule(TABLE, "cert.subordinate_path_length", "subordinate", sets=WEBPKI)
def an_issuing_authority_has_path_length_zero(case: CertificateCase) -> Iterator[Facts]:
    if case.it.path_length != 0:
        yield {}


@rule(TABLE, "cert.key_usage", *CA)
def key_usage_is_one_of_two_values(case: CertificateCase) -> Iterator[Facts]:
    usage = case.it.extension(KEY_USAGE)
    if usage is None or usage.value not in KEY_USAGES:
        yield {"usage": ", ".join(case.it.key_usage) or "nothing"}


@rule(TABLE, "cert.criticality", *CA)
def criticality_is_as_prescribed(case: CertificateCase) -> Iterator[Facts]:
    for extension in case.it.extensions:
        if extension.oid in LISTED and extension.critical != (extension.oid in CRITICAL):
            yield {"oid": extension.oid, "critical": "critical" if extension.critical else "not critical"}


@rule(TABLE, "cert.extension_unlisted", *CA)
def no_other_extension_is_there(case: CertificateCase) -> Iterator[Facts]:
    for extension in case.it.extensions:
        if extension.oid not in LISTED:
            yield {"oid": extension.oid}


@rule(TABLE, "cert.ski_missing", *CA)
def the_subject_key_identifier_is_there(case: CertificateCase) -> Iterator[Facts]:
    if not case.it.ski:
        yield {}


@rule(TABLE, "cert.aki_missing", *BELOW)
def the_authority_key_identifier_is_there(case: CertificateCase) -> Iterator[Facts]:
    if not case.it.aki:
        yield {}


@rule(TABLE, "cert.aki_form", *CA)
def the_authority_key_identifier_names_a_key_only(case: CertificateCase) -> Iterator[Facts]:
    if case.it.aki_names_issuer:
        yield {}


@rule(TABLE, "cert.crl_url_missing", *BELOW, sets=WEBPKI)
def a_subordinate_says_where_its_crl_is(case: CertificateCase) -> Iterator[Facts]:
    if not case.it.crl_urls:
        yield {}


@rule(TABLE, "cert.crl_url_form", *CA)
def the_crl_is_at_one_http_url(case: CertificateCase) -> Iterator[Facts]:
    it = case.it
    plain = it.crl_points == 1 and len(it.crl_urls) == 1 and it.crl_points_plain and _is_http(it.crl_urls[0])
    if it.extension(CRL_POINTS) and not plain:
        yield {"urls": ", ".join(it.crl_urls) or "no URL"}


@rule(TABLE, "cert.root_crl_url", "root", sets=WEBPKI)
def a_root_names_no_crl(case: CertificateCase) -> Iterator[Facts]:
    if case.it.extension(CRL_POINTS):
        yield {}


@rule(TABLE, "cert.access_missing", *BELOW, sets=WEBPKI)
def a_subordinate_says_where_its_issuer_is(case: CertificateCase) -> Iterator[Facts]:
    if not case.it.ca_issuers_urls:
        yield {}


@rule(TABLE, "cert.access_form", *CA)
def the_issuer_is_at_http_urls(case: CertificateCase) -> Iterator[Facts]:
    urls = case.it.ca_issuers_urls
    plain = len(urls) == len(case.it.access_methods) == len(set(urls)) and all(map(_is_http, urls))
    if case.it.extension(ACCESS) and not (plain and urls):
        yield {"urls": ", ".join(urls) or "no URL"}


@rule(TABLE, "cert.profile_differs", *CA)
def it_carries_what_its_profile_says(case: CertificateCase) -> Iterator[Facts]:
    it, profile = case.it, case.profile
    said: list[tuple[str, bool]] = [
        ("key-usage", set(it.key_usage) == set(profile.key_usage)),
        ("extended-key-usage", it.eku == profile.purposes),
        ("path-length", it.path_length == profile.path_length),
        ("policies", profile.policies != ("forbidden" if it.policies else "required")),
        ("crl-url", profile.crl_url != ("forbidden" if it.crl_urls else "required")),
        ("ca-issuers-url", profile.ca_issuers_url != ("forbidden" if it.ca_issuers_urls else "required")),
        ("authority-key-identifier", bool(it.aki) == profile.authority_key_identifier),
    ]
    for field, agrees in said:
        if not agrees:
            yield {"field": field}


def _earliest(case: CertificateCase, moment: datetime) -> datetime:
    existing = case.context.existing
    if case.profile.kind == "cross" and existing is not None:
        return min(moment - DAY, existing.not_before)
    return moment - DAY


def _not_before(case: CertificateCase, at: datetime, earliest: datetime) -> Iterator[Facts]:
    if not earliest <= case.it.not_before <= at:
        yield {"time": case.it.not_before.isoformat(), "at": at.isoformat()}


def _days(it: CertificateFacts, limit: int) -> Facts:
    days, rest = divmod(it.validity, DAY)
    return {"validity": f"{days} days" + (f" and {int(rest.total_seconds())} s" if rest else ""), "limit": limit}


def _is_http(url: str) -> bool:
    """RFC 3986 compares schemes without case, the relying parties' software does not always: lower case only."""
    host = url.removeprefix("http://").partition("/")[0]
    return url.startswith("http://") and bool(host) and url.isascii() and url.isprintable() and " " not in url
