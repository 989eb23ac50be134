"""The dates of a certificate: against the moment of signing, its class, its profile, its issuer.

A day has 86400 seconds, and the first and the last second of a validity count (BR 1.6.1, 6.3.2).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta

from quorate.compliance.rules import (
    CROSS,
    EVERY,
    ISSUED,
    NAMED,
    OWN,
    ROOT,
    TLS,
    CertificateCase,
    Facts,
    Rule,
    rule,
)
from quorate.compliance.texts import PROFILES, Text, ground, must, should
from quorate.x509.facts import CertificateFacts

TABLE: list[Rule[CertificateCase]] = []

DAY = timedelta(days=1)


@rule(
    TABLE,
    "cert.not_before",
    NAMED,
    must(Text.BR, "7.1.2.1.1, 7.1.2.10.1", since=PROFILES),
    *ground("dates"),
)
def not_before_is_within_the_day_before_signing(case: CertificateCase) -> Iterator[Facts]:
    yield from _not_before(case, case.context.at, case.context.at - DAY)


@rule(TABLE, "cert.not_before_cross", CROSS, must(Text.BR, "7.1.2.2.1", since=PROFILES), *ground("dates"))
def not_before_may_go_back_to_the_existing_certificate(case: CertificateCase) -> Iterator[Facts]:
    yield from _not_before(case, case.context.at, _earliest(case, case.context.at))


@rule(
    TABLE,
    "cert.window",
    EVERY,
    must(Text.BR, "7.1.2.1.1, 7.1.2.2.1, 7.1.2.10.1", since=PROFILES),
    must(Text.QUORATE, "dates"),
)
def dates_are_legal_all_over_the_window(case: CertificateCase) -> Iterator[Facts]:
    """A frozen draft may be signed at any moment of the window: both of its ends are tried, if `at` is legal itself."""
    if not _legal(case, case.context.at):
        return
    for moment in dict.fromkeys(case.context.window):
        if not _legal(case, moment):
            yield {"moment": moment.isoformat()}


@rule(TABLE, "cert.not_after", EVERY, must(Text.BR, "7.1.2.2.1, 7.1.2.10.1", since=PROFILES), *ground("dates"))
def validity_reaches_beyond_signing(case: CertificateCase) -> Iterator[Facts]:
    if case.it.not_after < case.context.at:
        yield {"time": case.it.not_after.isoformat()}


@rule(TABLE, "cert.time_form", EVERY, must(Text.RFC, "5280 4.1.2.5"))
def dates_are_written_as_their_year_asks(case: CertificateCase) -> Iterator[Facts]:
    for late, time in zip(case.it.late_times, (case.it.not_before, case.it.not_after), strict=True):
        if late != (time.year >= 2050):
            yield {"time": time.isoformat()}


@rule(TABLE, "cert.root_days_least", ROOT, must(Text.BR, "7.1.2.1.1", since=PROFILES))
def a_root_lives_eight_years(case: CertificateCase) -> Iterator[Facts]:
    if case.it.validity < 2922 * DAY:
        yield _days(case.it, 2922)


@rule(TABLE, "cert.root_days_most", ROOT, must(Text.BR, "7.1.2.1.1", since=PROFILES))
def a_root_lives_no_longer_than_25_years(case: CertificateCase) -> Iterator[Facts]:
    yield from _longer(case.it, 9132)


@rule(TABLE, "cert.root_days_programme", ROOT, must(Text.MICROSOFT, "3.1.8", since=date(2026, 7, 1)))
def a_root_lives_no_longer_than_ten_years(case: CertificateCase) -> Iterator[Facts]:
    """The text counts from the day of submission, which lies after signing: so a waiver may accept it."""
    yield from _longer(case.it, 3650)


@rule(TABLE, "cert.subordinate_days", TLS, should(Text.CHROME, "1.3.1.3"))
def a_subordinate_lives_three_years(case: CertificateCase) -> Iterator[Facts]:
    yield from _longer(case.it, 1095)


@rule(TABLE, "cert.days_committed", OWN, must(Text.CPS, "6.3.2"))
def validity_keeps_to_the_commitments(case: CertificateCase) -> Iterator[Facts]:
    commitments = case.context.commitments
    yield from _longer(case.it, commitments.root_days if case.profile.kind == "root" else commitments.subordinate_days)


@rule(TABLE, "cert.days_profile", EVERY, must(Text.CPS, "7.1"))
def validity_keeps_to_the_profile(case: CertificateCase) -> Iterator[Facts]:
    days = case.profile.days
    if not days.least * DAY <= case.it.validity <= days.most * DAY:
        yield _days(case.it, days.most)


@rule(TABLE, "cert.issuer_not_valid", ISSUED, *ground("dates"))
def the_issuer_is_valid_at_signing(case: CertificateCase) -> Iterator[Facts]:
    """Over the whole window, for that may be any moment of it. No path through it validates then (RFC 5280 6.1.3)."""
    for moment in dict.fromkeys(case.context.moments):
        if not case.issuer.not_before <= moment <= case.issuer.not_after:
            yield {"moment": moment.isoformat()}


@rule(TABLE, "cert.outlives_issuer", ISSUED, *ground("dates"))
def nothing_outlives_its_issuer(case: CertificateCase) -> Iterator[Facts]:
    """No text forbids it, and no path through an expired issuer validates; the last certificate of its key counts."""
    name, key = case.issuer.subject, case.issuer.spki
    ends = [one.not_after for one in (case.issuer, *case.others) if (one.subject, one.spki) == (name, key)]
    if case.it.not_after > max(ends):
        yield {"time": case.it.not_after.isoformat(), "issuer": max(ends).isoformat()}


def _earliest(case: CertificateCase, moment: datetime) -> datetime:
    """A cross-certificate may be as old as the oldest certificate that it repeats (BR 7.1.2.2.1)."""
    existing = [one.not_before for one in case.repeated] if case.profile.kind in CROSS else []
    return min((moment - DAY, *existing))


def _legal(case: CertificateCase, moment: datetime) -> bool:
    return _earliest(case, moment) <= case.it.not_before <= moment <= case.it.not_after


def _not_before(case: CertificateCase, at: datetime, earliest: datetime) -> Iterator[Facts]:
    if not earliest <= case.it.not_before <= at:
        yield {"time": case.it.not_before.isoformat(), "at": at.isoformat()}


def _longer(it: CertificateFacts, limit: int) -> Iterator[Facts]:
    if it.validity > limit * DAY:
        yield _days(it, limit)


def _days(it: CertificateFacts, limit: int) -> Facts:
    days, rest = divmod(it.validity, DAY)
    return {"validity": f"{days} days" + (f" and {int(rest.total_seconds())} s" if rest else ""), "limit": limit}
