"""A CRL beside the one before it (RFC 5280 5.2.3, BR 7.2, 4.10.1). A first one has none."""

from __future__ import annotations

from collections.abc import Iterator

from quorate.compliance.crl import DISTRIBUTION
from quorate.compliance.rules import CRL, CrlCase, Facts, Rule, rule
from quorate.compliance.texts import PROFILES, Text, ground, must, should
from quorate.x509.crl import listed_first, may_go, serial_text
from quorate.x509.facts import CrlFacts
from quorate.x509.legacy import signed_as_made

TABLE: list[Rule[CrlCase]] = []


@rule(TABLE, "crl.previous_missing", CRL, *ground("CRLs"))
def a_first_one_has_the_first_number(case: CrlCase) -> Iterator[Facts]:
    """A sequence that was begun elsewhere is carried on from its last CRL."""
    if case.previous is None and case.it.number > 1:
        yield {"number": case.it.number}


@rule(TABLE, "crl.previous_of_another", CRL, must(Text.RFC, "5280 5.2.3"), must(Text.QUORATE, "CRLs"))
def the_previous_is_of_the_same_issuer(case: CrlCase) -> Iterator[Facts]:
    """By name, key identifier if it says one, and signature; one that is drafted in the same ceremony has none yet."""
    previous = case.previous
    if previous is None:
        return
    same = case.it.issuer == previous.issuer and previous.aki in (b"", case.it.aki)
    if not same or not _verifies(previous, case):
        yield {}


@rule(TABLE, "crl.previous_scope", CRL, must(Text.RFC, "5280 5.2.3, 5.2.5"))
def the_scope_is_the_previous_ones(case: CrlCase) -> Iterator[Facts]:
    if case.previous is not None and _scope(case.it) != _scope(case.previous):
        yield {}


@rule(TABLE, "crl.number_not_rising", CRL, must(Text.RFC, "5280 5.2.3"), must(Text.BR, "7.2.2"))
def the_number_rises(case: CrlCase) -> Iterator[Facts]:
    if case.previous is not None and case.it.number <= case.previous.number:
        yield {"number": case.it.number, "previous": case.previous.number}


@rule(TABLE, "crl.this_update_not_rising", CRL, must(Text.RFC, "5280 5.2.3"), must(Text.QUORATE, "CRLs"))
def this_update_does_not_fall(case: CrlCase) -> Iterator[Facts]:
    if case.previous is not None and case.it.this_update < case.previous.this_update:
        yield {"time": case.it.this_update.isoformat()}


@rule(TABLE, "crl.this_update_not_rising", CRL, *ground("CRLs"))
def this_update_rises(case: CrlCase) -> Iterator[Facts]:
    if case.previous is not None and case.it.this_update == case.previous.this_update:
        yield {"time": case.it.this_update.isoformat()}


@rule(TABLE, "crl.entry_vanished", CRL, must(Text.RFC, "5280 3.3"), must(Text.BR, "4.10.1, 7.2"))
def no_entry_vanishes_before_its_time(case: CrlCase) -> Iterator[Facts]:
    kept = {entry.serial for entry in case.it.entries}
    key = case.issuer.spki if case.issuer else b""
    for entry in case.previous.entries if case.previous else ():
        if entry.serial not in kept and not may_go(entry, case.previous, case.context.known, key):
            yield {"serial": serial_text(entry.serial)}


@rule(TABLE, "crl.entry_changed", CRL, should(Text.BR, "7.2.2", since=PROFILES), should(Text.QUORATE, "CRLs"))
def no_entry_says_other_things_than_before(case: CrlCase) -> Iterator[Facts]:
    now = {entry.serial: entry for entry in case.it.entries}
    for serial, entry in listed_first(case.previous).items() if case.previous else ():
        if now.get(serial, entry) != entry:
            yield {"serial": serial_text(serial)}


def _verifies(previous: CrlFacts, case: CrlCase) -> bool:
    """One that was adopted may be signed as its time signed."""
    return not previous.signature or case.issuer is None or signed_as_made(previous, case.issuer.spki)


def _scope(crl: CrlFacts) -> bytes:
    return next((extension.value for extension in crl.extensions if extension.oid == DISTRIBUTION), b"")
