"""The full CRL of a certificate authority that issues CA certificates (BR 7.2, 4.10.1, RFC 5280 5)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta

from quorate.compliance.certificate import AKI, DAY
from quorate.compliance.rules import WEBPKI, CrlCase, Facts, Rule, rule
from quorate.findings import Finding
from quorate.x509.crl import continuity, serial_text

TABLE: list[Rule[CrlCase]] = []

NUMBER, REASON, DISTRIBUTION, DELTA = "2.5.29.20", "2.5.29.21", "2.5.29.28", "2.5.29.27"


def continuity_findings(case: CrlCase) -> tuple[Finding, ...]:
    """What breaks the sequence from the previous CRL; nothing for a first one."""
    if case.previous is None:
        return ()
    found_here = continuity(case.previous, case.it, case.context.known)
    return tuple(Finding(one.code, case.profile.name, one.facts) for one in found_here)


@rule(TABLE, "crl.version", "crl")
def version_is_two(case: CrlCase) -> Iterator[Facts]:
    if case.it.version != 2:
        yield {"version": case.it.version}


@rule(TABLE, "crl.issuer", "crl")
def the_issuer_is_named_as_it_names_itself(case: CrlCase) -> Iterator[Facts]:
    if case.issuer is None or case.it.issuer != case.issuer.subject:
        yield {}


@rule(TABLE, "crl.issuer_may_not_sign", "crl")
def the_issuer_may_sign_crls(case: CrlCase) -> Iterator[Facts]:
    if case.issuer is not None and "cRLSign" not in case.issuer.key_usage:
        yield {}


@rule(TABLE, "crl.this_update", "crl")
def this_update_is_the_time_of_signing(case: CrlCase) -> Iterator[Facts]:
    """A CRL dated ahead would hide every revocation until then; a day's age is left for a slow ceremony."""
    if not case.context.at - DAY <= case.it.this_update <= case.context.at:
        yield {"time": case.it.this_update.isoformat(), "at": case.context.at.isoformat()}


@rule(TABLE, "crl.window", "crl")
def dates_are_legal_all_over_the_window(case: CrlCase) -> Iterator[Facts]:
    """A CRL whose dates are frozen may be signed at any moment of the window; both of its ends are tried."""
    for moment in dict.fromkeys(case.context.window):
        if moment == case.context.at:
            continue
        ended = case.it.next_update is not None and case.it.next_update < moment
        if ended or not moment - DAY <= case.it.this_update <= moment:
            yield {"moment": moment.isoformat()}


@rule(TABLE, "crl.next_update_missing", "crl")
def next_update_is_there(case: CrlCase) -> Iterator[Facts]:
    if case.it.next_update is None:
        yield {}


@rule(TABLE, "crl.days", "crl", sets=WEBPKI)
def it_lasts_365_days(case: CrlCase) -> Iterator[Facts]:
    """Twelve months in the strictest reading: 365 days, the last second included."""
    yield from _longer(case, 365)


@rule(TABLE, "crl.days_profile", "crl")
def it_lasts_as_its_profile_says(case: CrlCase) -> Iterator[Facts]:
    yield from _longer(case, case.profile.days.most)


@rule(TABLE, "crl.days_committed", "crl")
def it_lasts_as_committed(case: CrlCase) -> Iterator[Facts]:
    yield from _longer(case, case.context.commitments.crl_days)


@rule(TABLE, "crl.expired", "crl")
def it_is_current_when_signed(case: CrlCase) -> Iterator[Facts]:
    end = case.it.next_update
    if end is not None and (end < case.context.at or end <= case.it.this_update):
        yield {"time": end.isoformat()}


@rule(TABLE, "crl.time_form", "crl")
def dates_are_written_as_their_year_asks(case: CrlCase) -> Iterator[Facts]:
    end = [case.it.next_update] if case.it.next_update else []
    times = [case.it.this_update, *end, *(entry.date for entry in case.it.entries)]
    for late, time in zip(case.it.late_times, times, strict=True):
        if late != (time.year >= 2050):
            yield {"time": time.isoformat()}


@rule(TABLE, "crl.number", "crl")
def the_number_is_there_and_in_range(case: CrlCase) -> Iterator[Facts]:
    if not 0 <= case.it.number < 2**159:
        yield {}


@rule(TABLE, "crl.aki", "crl")
def the_authority_key_identifier_is_the_issuers(case: CrlCase) -> Iterator[Facts]:
    ski = case.issuer.ski if case.issuer else b""
    if not case.it.aki or case.it.aki != ski or case.it.aki_names_issuer:
        yield {}


@rule(TABLE, "crl.scope", "crl")
def it_is_full_and_complete(case: CrlCase) -> Iterator[Facts]:
    for extension in case.it.extensions:
        if extension.oid in (DISTRIBUTION, DELTA):
            yield {"oid": extension.oid}


@rule(TABLE, "crl.extension_unlisted", "crl")
def no_other_extension_is_there(case: CrlCase) -> Iterator[Facts]:
    for extension in case.it.extensions:
        if extension.oid not in (AKI, NUMBER, DISTRIBUTION, DELTA):
            yield {"oid": extension.oid}


@rule(TABLE, "crl.criticality", "crl")
def no_extension_is_critical(case: CrlCase) -> Iterator[Facts]:
    if case.it.critical_entry_extensions or any(one.critical for one in case.it.extensions if one.oid in (AKI, NUMBER)):
        yield {}


@rule(TABLE, "crl.empty_list", "crl")
def an_empty_list_is_left_out(case: CrlCase) -> Iterator[Facts]:
    if case.it.empty_list:
        yield {}


@rule(TABLE, "crl.entry_extension", "crl")
def entries_carry_a_reason_only(case: CrlCase) -> Iterator[Facts]:
    for oid in case.it.entry_extensions:
        if oid != REASON:
            yield {"oid": oid}


@rule(TABLE, "crl.entry_twice", "crl")
def no_certificate_stands_twice(case: CrlCase) -> Iterator[Facts]:
    for serial, count in Counter(entry.serial for entry in case.it.entries).items():
        if count > 1:
            yield {"serial": serial_text(serial)}


@rule(TABLE, "crl.entry_reason_missing", "crl", sets=WEBPKI)
def every_entry_has_a_reason(case: CrlCase) -> Iterator[Facts]:
    """The entries of CA certificates always do: they are technically capable of causing issuance."""
    for entry in case.it.entries:
        if entry.reason in ("", "unspecified"):
            yield {"serial": serial_text(entry.serial)}


@rule(TABLE, "crl.entry_reason", "crl")
def every_reason_is_permitted(case: CrlCase) -> Iterator[Facts]:
    """cACompromise is a case of its own, below; an absent reason likewise."""
    for entry in case.it.entries:
        if entry.reason not in ("", "unspecified", "cACompromise", *case.profile.reasons):
            yield {"serial": serial_text(entry.serial), "reason": entry.reason}


@rule(TABLE, "crl.entry_ca_compromise", "crl", sets=WEBPKI)
def ca_compromise_is_noticed(case: CrlCase) -> Iterator[Facts]:
    for entry in case.it.entries:
        if entry.reason == "cACompromise":
            yield {"serial": serial_text(entry.serial)}


@rule(TABLE, "crl.entry_date_future", "crl")
def no_revocation_lies_ahead(case: CrlCase) -> Iterator[Facts]:
    for entry in case.it.entries:
        if entry.date > case.it.this_update:
            yield {"serial": serial_text(entry.serial), "date": entry.date.isoformat()}


@rule(TABLE, "crl.entry_date_early", "crl")
def no_revocation_lies_before_issuance(case: CrlCase) -> Iterator[Facts]:
    issued = {one.serial: one for one in case.context.known if one.issuer == case.it.issuer}
    for entry in case.it.entries:
        if entry.serial in issued and entry.date < issued[entry.serial].not_before:
            yield {"serial": serial_text(entry.serial), "date": entry.date.isoformat()}


@rule(TABLE, "crl.entry_unknown", "crl")
def every_new_entry_is_of_a_known_certificate(case: CrlCase) -> Iterator[Facts]:
    known = {one.serial for one in case.context.known if one.issuer == case.it.issuer}
    known |= {entry.serial for entry in (case.previous.entries if case.previous else ())}
    for entry in case.it.entries:
        if entry.serial not in known:
            yield {"serial": serial_text(entry.serial)}


def _longer(case: CrlCase, days: int) -> Iterator[Facts]:
    if case.it.next_update is None:
        return
    lasts = case.it.next_update - case.it.this_update + timedelta(seconds=1)
    if lasts > days * DAY:
        yield {"seconds": int(lasts.total_seconds()), "limit": days}
