"""The full CRL of a certificate authority that issues CA certificates (BR 7.2, 4.10.1, RFC 5280 5)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta

from cryptography import x509

from quorate.compliance.extensions import AKI
from quorate.compliance.rules import CRL, CrlCase, Facts, Rule, rule
from quorate.compliance.texts import PROFILES, Text, ground, must, should
from quorate.compliance.validity import DAY
from quorate.x509.crl import serial_text
from quorate.x509.facts import CertificateFacts, CrlFacts

TABLE: list[Rule[CrlCase]] = []

OCSP_SIGNING = "1.3.6.1.5.5.7.3.9"
UNUSUAL = ("certificateHold", "aACompromise")
NUMBER, REASON, DISTRIBUTION, DELTA = "2.5.29.20", "2.5.29.21", "2.5.29.28", "2.5.29.27"


@rule(TABLE, "crl.version", CRL, must(Text.RFC, "5280 5.1.2.1"), must(Text.BR, "7.2.1"))
def version_is_two(case: CrlCase) -> Iterator[Facts]:
    if case.it.version != 2:
        yield {"version": case.it.version}


@rule(TABLE, "crl.issuer", CRL, must(Text.RFC, "5280 5.1.2.3"), must(Text.BR, "7.2"))
def the_issuer_is_named_as_it_names_itself(case: CrlCase) -> Iterator[Facts]:
    if case.issuer is None or case.it.issuer != case.issuer.subject:
        yield {}


@rule(TABLE, "crl.issuer_may_not_sign", CRL, must(Text.RFC, "5280 4.2.1.3"))
def the_issuer_may_sign_crls(case: CrlCase) -> Iterator[Facts]:
    if case.issuer is not None and "cRLSign" not in case.issuer.key_usage:
        yield {}


@rule(TABLE, "crl.issuer_not_valid", CRL, *ground("dates"))
def the_issuer_is_valid_at_signing(case: CrlCase) -> Iterator[Facts]:
    for moment in dict.fromkeys(case.context.moments):
        if case.issuer is not None and not case.issuer.not_before <= moment <= case.issuer.not_after:
            yield {"moment": moment.isoformat()}


@rule(TABLE, "crl.outlives_issuer", CRL, *ground("dates"))
def it_ends_before_its_issuer(case: CrlCase) -> Iterator[Facts]:
    """Nobody can verify it afterwards."""
    if case.issuer is not None and case.it.next_update is not None and case.it.next_update > case.issuer.not_after:
        yield {"time": case.it.next_update.isoformat(), "issuer": case.issuer.not_after.isoformat()}


@rule(TABLE, "crl.this_update", CRL, must(Text.BR, "7.2", since=PROFILES), *ground("dates"))
def this_update_is_the_time_of_signing(case: CrlCase) -> Iterator[Facts]:
    """A CRL dated ahead would hide every revocation until then; a day's age is left for a slow ceremony."""
    if not case.context.at - DAY <= case.it.this_update <= case.context.at and not _lies_ahead(case):
        yield {"time": case.it.this_update.isoformat(), "at": case.context.at.isoformat()}


@rule(
    TABLE,
    "crl.this_update",
    CRL,
    must(Text.RFC, "5280 5.1.2.4"),
    must(Text.BR, "7.2", since=PROFILES),
    must(Text.QUORATE, "dates"),
)
def this_update_does_not_lie_ahead_of_the_window(case: CrlCase) -> Iterator[Facts]:
    """It is the day of issue. One of years to come would leave out what has expired by then, and was listed by none."""
    if _lies_ahead(case):
        yield {"time": case.it.this_update.isoformat(), "at": case.context.at.isoformat()}


def _lies_ahead(case: CrlCase) -> bool:
    return case.it.this_update > max(case.context.moments)


@rule(TABLE, "crl.window", CRL, must(Text.BR, "7.2", since=PROFILES), must(Text.QUORATE, "dates"))
def dates_are_legal_all_over_the_window(case: CrlCase) -> Iterator[Facts]:
    """A CRL whose dates are frozen may be signed at any moment of the window: both ends are tried, if `at` is legal."""
    if not _legal(case, case.context.at):
        return
    for moment in dict.fromkeys(case.context.window):
        if not _legal(case, moment):
            yield {"moment": moment.isoformat()}


@rule(TABLE, "crl.next_update_missing", CRL, must(Text.RFC, "5280 5.1.2.5"), must(Text.BR, "7.2"))
def next_update_is_there(case: CrlCase) -> Iterator[Facts]:
    if case.it.next_update is None:
        yield {}


@rule(TABLE, "crl.days", CRL, must(Text.BR, "7.2, 4.9.7"))
def it_lasts_365_days(case: CrlCase) -> Iterator[Facts]:
    """Twelve months in the strictest reading: 365 days, the last second included."""
    yield from _longer(case, 365)


@rule(TABLE, "crl.days_profile", CRL, must(Text.CPS, "7.2"))
def it_lasts_as_its_profile_says(case: CrlCase) -> Iterator[Facts]:
    yield from _longer(case, case.profile.days.most)


@rule(TABLE, "crl.days_committed", CRL, must(Text.CPS, "4.9.7"))
def it_lasts_as_committed(case: CrlCase) -> Iterator[Facts]:
    yield from _longer(case, case.context.commitments.crl_days)


@rule(TABLE, "crl.expired", CRL, must(Text.BR, "7.2"), *ground("dates"))
def it_is_current_when_signed(case: CrlCase) -> Iterator[Facts]:
    end = case.it.next_update
    if end is not None and (end < case.context.at or end <= case.it.this_update):
        yield {"time": end.isoformat()}


@rule(TABLE, "crl.time_form", CRL, must(Text.RFC, "5280 5.1.2.4"))
def dates_are_written_as_their_year_asks(case: CrlCase) -> Iterator[Facts]:
    end = [case.it.next_update] if case.it.next_update else []
    times = [case.it.this_update, *end, *(entry.date for entry in case.it.entries)]
    for late, time in zip(case.it.late_times, times, strict=True):
        if late != (time.year >= 2050):
            yield {"time": time.isoformat()}


@rule(TABLE, "crl.number", CRL, must(Text.RFC, "5280 5.2.3"), must(Text.BR, "7.2.2"))
def the_number_is_there_and_in_range(case: CrlCase) -> Iterator[Facts]:
    if not 0 <= case.it.number < 2**159:
        yield {}


@rule(TABLE, "crl.aki", CRL, must(Text.RFC, "5280 5.2.1"), must(Text.BR, "7.2.2, 7.1.2.11.1"))
def the_authority_key_identifier_is_the_issuers(case: CrlCase) -> Iterator[Facts]:
    ski = case.issuer.ski if case.issuer else b""
    if not case.it.aki or case.it.aki != ski or case.it.aki_names_issuer:
        yield {}


@rule(TABLE, "crl.scope_partial", CRL, must(Text.BR, "7.2.2.1", since=PROFILES), must(Text.MOZILLA, "5.2"))
def a_partial_crl_says_where_it_is(case: CrlCase) -> Iterator[Facts]:
    """And is neither indirect, nor for attribute certificates, nor of some reasons only."""
    point = _distribution(case.it)
    if point is None:
        return
    urls = _urls(point)
    odd = point.indirect_crl or point.only_contains_attribute_certs or point.only_some_reasons is not None
    if odd or not urls or len(urls) != len(point.full_name or ()) or point.relative_name is not None:
        yield {"urls": ", ".join(urls) or "no URL"}


@rule(
    TABLE,
    "crl.scope_elsewhere",
    CRL,
    must(Text.RFC, "5280 5.2.5"),
    must(Text.BR, "7.2.2.1", since=PROFILES),
)
def it_lies_where_the_certificates_say(case: CrlCase) -> Iterator[Facts]:
    """Or whoever looks up a certificate takes it for the CRL of another place. What has expired counts no more."""
    point = _distribution(case.it)
    urls = _urls(point) if point is not None else []
    issued = [one for one in case.context.known if one.issuer == case.it.issuer and one.not_after >= case.context.at]
    said = {url for one in issued for url in one.crl_urls}
    if urls and said and not said & set(urls):
        yield {"urls": ", ".join(urls), "said": ", ".join(sorted(said))}


def _urls(point: x509.IssuingDistributionPoint) -> list[str]:
    return [name.value for name in point.full_name or () if isinstance(name, x509.UniformResourceIdentifier)]


@rule(TABLE, "crl.entry_scope", CRL, must(Text.RFC, "5280 5.2.5"))
def every_entry_lies_in_the_scope(case: CrlCase) -> Iterator[Facts]:
    point = _distribution(case.it)
    if point is None:
        return
    known = {one.serial: one for one in case.context.known if one.issuer == case.it.issuer}
    for entry in case.it.entries:
        kind = known.get(entry.serial)
        if kind is not None and (point.only_contains_user_certs if kind.is_ca else point.only_contains_ca_certs):
            yield {"serial": serial_text(entry.serial)}


def _distribution(it: CrlFacts) -> x509.IssuingDistributionPoint | None:
    if not any(one.oid == DISTRIBUTION for one in it.extensions):
        return None
    extensions = x509.load_der_x509_crl(it.der).extensions
    return extensions.get_extension_for_class(x509.IssuingDistributionPoint).value


@rule(
    TABLE,
    "crl.scope",
    CRL,
    should(Text.BR, "7.2.2.1", since=PROFILES),
    should(Text.CCADB, "6.2"),
    must(Text.CPS, "7.2"),
)
def it_is_full_and_complete(case: CrlCase) -> Iterator[Facts]:
    for extension in case.it.extensions:
        if extension.oid in (DISTRIBUTION, DELTA):
            yield {"oid": extension.oid}


@rule(TABLE, "crl.extension_unlisted", CRL, should(Text.BR, "7.2.2", since=PROFILES), must(Text.CPS, "7.2"))
def no_other_extension_is_there(case: CrlCase) -> Iterator[Facts]:
    for extension in case.it.extensions:
        if extension.oid not in (AKI, NUMBER, DISTRIBUTION, DELTA):
            yield {"oid": extension.oid}


@rule(TABLE, "crl.criticality", CRL, must(Text.RFC, "5280 5.2, 5.3"), must(Text.BR, "7.2.2", since=PROFILES))
def no_extension_is_critical(case: CrlCase) -> Iterator[Facts]:
    if case.it.critical_entry_extensions or any(one.critical for one in case.it.extensions if one.oid in (AKI, NUMBER)):
        yield {}


@rule(TABLE, "crl.empty_list", CRL, must(Text.RFC, "5280 5.1.2.6"))
def an_empty_list_is_left_out(case: CrlCase) -> Iterator[Facts]:
    if case.it.empty_list:
        yield {}


@rule(TABLE, "crl.entry_extension", CRL, should(Text.BR, "7.2.2", since=PROFILES), should(Text.QUORATE, "CRLs"))
def entries_carry_a_reason_only(case: CrlCase) -> Iterator[Facts]:
    for oid in case.it.entry_extensions:
        if oid != REASON:
            yield {"oid": oid}


@rule(TABLE, "crl.entry_twice", CRL, must(Text.RFC, "5280 5.1.2.6"), must(Text.QUORATE, "CRLs"))
def no_certificate_stands_twice(case: CrlCase) -> Iterator[Facts]:
    for serial, count in Counter(entry.serial for entry in case.it.entries).items():
        if count > 1:
            yield {"serial": serial_text(serial)}


@rule(
    TABLE,
    "crl.entry_reason_missing",
    CRL,
    must(Text.BR, "7.2.2", since=PROFILES),
    must(Text.CCADB, "3.2"),
    must(Text.MICROSOFT, "2.1.7"),
)
def every_entry_has_a_reason(case: CrlCase) -> Iterator[Facts]:
    """The entries of CA certificates always do: they are technically capable of causing issuance."""
    for entry in case.it.entries:
        if entry.reason in ("", "unspecified"):
            yield {"serial": serial_text(entry.serial)}


@rule(TABLE, "crl.entry_reason", CRL, must(Text.BR, "7.2.2", since=PROFILES), must(Text.QUORATE, "CRLs"))
def every_reason_is_permitted(case: CrlCase) -> Iterator[Facts]:
    """cACompromise is a case of its own, below; an absent reason likewise."""
    for entry in case.it.entries:
        if entry.reason not in ("", "unspecified", "cACompromise", *case.profile.reasons):
            yield {"serial": serial_text(entry.serial), "reason": entry.reason}


@rule(TABLE, "crl.entry_reason", CRL, must(Text.BR, "7.2.2", since=PROFILES), *ground("CRLs"))
def no_reason_is_unusual(case: CrlCase) -> Iterator[Facts]:
    """A certificate of an authority that is put on hold may be valid again tomorrow, and attributes are none of its."""
    for entry in case.it.entries:
        if entry.reason in UNUSUAL and entry.reason in case.profile.reasons:
            yield {"serial": serial_text(entry.serial), "reason": entry.reason}


@rule(TABLE, "crl.entry_ca_compromise", CRL, should(Text.BR, "7.2.2", since=PROFILES))
def ca_compromise_is_noticed(case: CrlCase) -> Iterator[Facts]:
    for entry in case.it.entries:
        if entry.reason == "cACompromise":
            yield {"serial": serial_text(entry.serial)}


@rule(TABLE, "crl.entry_date_future", CRL, must(Text.BR, "7.2.2", since=PROFILES), *ground("CRLs"))
def no_revocation_lies_ahead(case: CrlCase) -> Iterator[Facts]:
    for entry in case.it.entries:
        if entry.date > case.it.this_update:
            yield {"serial": serial_text(entry.serial), "date": entry.date.isoformat()}


@rule(TABLE, "crl.entry_date_early", CRL, must(Text.BR, "7.2.2", since=PROFILES), *ground("CRLs"))
def no_revocation_lies_before_issuance(case: CrlCase) -> Iterator[Facts]:
    issued = {one.serial: one for one in case.context.known if one.issuer == case.it.issuer}
    for entry in case.it.entries:
        if entry.serial in issued and entry.date < issued[entry.serial].not_before:
            yield {"serial": serial_text(entry.serial), "date": entry.date.isoformat()}


@rule(TABLE, "crl.entry_no_authority", CRL, must(Text.BR, "6.1.7"))
def every_entry_is_of_an_authority_or_a_responder(case: CrlCase) -> Iterator[Facts]:
    """The key of a root certifies nothing else, but for infrastructure of its own: a waiver may say so."""
    for one in _listed(case):
        if not one.is_ca and OCSP_SIGNING not in one.eku:
            yield {"serial": serial_text(one.serial)}


@rule(TABLE, "crl.entry_itself", CRL, *ground("CRLs"))
def an_authority_does_not_revoke_itself(case: CrlCase) -> Iterator[Facts]:
    """A list that its own issuer signs while it says not to believe it proves nothing."""
    for one in _listed(case):
        if case.issuer is not None and (one.spki, one.subject) == (case.issuer.spki, case.issuer.subject):
            yield {"serial": serial_text(one.serial)}


@rule(TABLE, "crl.entry_unknown", CRL, must(Text.BR, "7.2.2", since=PROFILES), must(Text.QUORATE, "CRLs"))
def every_new_entry_is_of_a_known_certificate(case: CrlCase) -> Iterator[Facts]:
    known = {one.serial for one in case.context.known if one.issuer == case.it.issuer}
    known |= {entry.serial for entry in (case.previous.entries if case.previous else ())}
    for entry in case.it.entries:
        if entry.serial not in known:
            yield {"serial": serial_text(entry.serial)}


def _legal(case: CrlCase, moment: datetime) -> bool:
    ended = case.it.next_update is not None and case.it.next_update < moment
    return not ended and moment - DAY <= case.it.this_update <= moment


def _listed(case: CrlCase) -> Iterator[CertificateFacts]:
    """The certificates of the entries, as far as they are known."""
    serials = {entry.serial for entry in case.it.entries}
    return (one for one in case.context.known if one.issuer == case.it.issuer and one.serial in serials)


def _longer(case: CrlCase, days: int) -> Iterator[Facts]:
    if case.it.next_update is None:
        return
    lasts = case.it.next_update - case.it.this_update + timedelta(seconds=1)
    if lasts > days * DAY:
        yield {"seconds": int(lasts.total_seconds()), "limit": days}
