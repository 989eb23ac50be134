"""OCSP responses that are signed before they are asked for (RFC 6960, BR 4.9.9, 4.9.10, 7.3)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from quorate.algorithms import by_identifier, verify_signature
from quorate.compliance.rules import OCSP, Facts, OcspCase, Rule, rule
from quorate.compliance.texts import Text, must
from quorate.compliance.validity import DAY
from quorate.findings import Refusal
from quorate.keys import key_name
from quorate.x509.facts import verify_issued
from quorate.x509.ocsp import SHA1, key_hash, name_hash

TABLE: list[Rule[OcspCase]] = []

OCSP_SIGNING = "1.3.6.1.5.5.7.3.9"


@rule(TABLE, "ocsp.certificate", OCSP, must(Text.RFC, "6960 4.1.1"))
def it_is_about_the_certificate(case: OcspCase) -> Iterator[Facts]:
    it, issuer = case.it, case.issuer
    parts = (
        ("hash algorithm", it.hash_algorithm == SHA1),
        ("issuer's name", it.name_hash == name_hash(issuer.subject)),
        ("issuer's key", it.key_hash == key_hash(issuer.spki)),
        ("serial number", it.serial == case.certificate.serial),
    )
    for part, agrees in parts:
        if not agrees:
            yield {"part": part}


@rule(TABLE, "ocsp.responder", OCSP, must(Text.RFC, "6960 4.2.1"))
def the_responder_is_named(case: OcspCase) -> Iterator[Facts]:
    responder = case.responder
    if case.it.responder != (key_hash(responder.spki) if case.it.by_key else responder.subject):
        yield {}


@rule(TABLE, "ocsp.responder_unfit", OCSP, must(Text.RFC, "6960 4.2.2.2"), must(Text.BR, "4.9.9"))
def the_responder_is_the_issuer_or_its_delegate(case: OcspCase) -> Iterator[Facts]:
    responder, issuer = case.responder, case.issuer
    if responder.spki == issuer.spki:
        return
    delegated = OCSP_SIGNING in responder.eku and responder.issuer == issuer.subject and responder.aki == issuer.ski
    if delegated and responder.signature:  # one that is made on the same day has none before it
        try:
            verify_issued(responder, issuer.spki)
        except Refusal:
            delegated = False
    if not delegated:
        yield {}


@rule(TABLE, "ocsp.responder_usage", OCSP, must(Text.BR, "7.1.2.10.7, 7.1.2.8.7"), must(Text.QUORATE, "responses"))
def the_responders_key_may_sign_responses(case: OcspCase) -> Iterator[Facts]:
    if "digitalSignature" not in case.responder.key_usage:
        yield {}


@rule(TABLE, "ocsp.responder_not_valid", OCSP, must(Text.RFC, "6960 3.2"))
def the_responder_is_valid_as_long_as_its_response(case: OcspCase) -> Iterator[Facts]:
    end = (case.it.next_update,) if case.it.next_update else ()
    for moment in dict.fromkeys((*case.context.moments, *end)):
        if not case.responder.not_before <= moment <= case.responder.not_after:
            yield {"moment": moment.isoformat()}


@rule(TABLE, "ocsp.dates", OCSP, must(Text.RFC, "6960 4.2.2.1"), must(Text.QUORATE, "dates"))
def this_update_is_the_time_of_signing(case: OcspCase) -> Iterator[Facts]:
    """And what was produced then; a day's age is left for a slow ceremony."""
    it, at = case.it, case.context.at
    current = at - DAY <= it.this_update <= at and it.produced_at == it.this_update
    if not current or it.next_update is None or it.next_update < at:
        yield {"time": it.this_update.isoformat(), "at": at.isoformat()}


@rule(TABLE, "ocsp.days", OCSP, must(Text.BR, "4.9.9"))
def it_lasts_365_days(case: OcspCase) -> Iterator[Facts]:
    """The status of a CA certificate is updated every twelve months, in the strictest reading 365 days."""
    yield from _longer(case, 365)


@rule(TABLE, "ocsp.days_profile", OCSP, must(Text.CPS, "7.3"))
def it_lasts_as_its_profile_says(case: OcspCase) -> Iterator[Facts]:
    yield from _longer(case, case.profile.days.most)


@rule(TABLE, "ocsp.status", OCSP, must(Text.BR, "4.9.9"), must(Text.QUORATE, "responses"))
def it_says_what_the_newest_crl_says(case: OcspCase) -> Iterator[Facts]:
    listed = {one.serial: one for one in case.crl.entries} if case.crl else {}
    entry = listed.get(case.certificate.serial)
    said = (case.it.status, case.it.revoked_at, case.it.reason)
    if said != (("revoked", entry.date, entry.reason) if entry else ("good", None, "")):
        yield {"said": case.it.status, "listed": "revoked" if entry else "not revoked"}


@rule(TABLE, "ocsp.reason", OCSP, must(Text.BR, "7.3"), must(Text.CPS, "7.3"))
def a_revocation_has_a_reason_that_is_permitted(case: OcspCase) -> Iterator[Facts]:
    if case.it.status == "revoked" and case.it.reason not in case.profile.reasons:
        yield {"reason": case.it.reason or "none"}


@rule(TABLE, "ocsp.extension", OCSP, must(Text.BR, "7.3.2"), must(Text.QUORATE, "responses"))
def there_are_no_extensions(case: OcspCase) -> Iterator[Facts]:
    """No nonce, for nobody has asked yet; no reason in an extension."""
    for oid in case.it.extensions:
        yield {"oid": oid}


@rule(TABLE, "ocsp.going_along", OCSP, must(Text.RFC, "6960 4.2.1"), must(Text.QUORATE, "responses"))
def a_delegates_certificate_goes_along_and_no_other(case: OcspCase) -> Iterator[Facts]:
    wanted = () if case.responder.spki == case.issuer.spki else (case.responder.der,)
    if case.it.certificates != wanted:
        yield {"count": len(case.it.certificates)}


@rule(TABLE, "ocsp.profile_differs", OCSP, must(Text.CPS, "7.3"))
def the_responder_is_named_as_the_profile_says(case: OcspCase) -> Iterator[Facts]:
    if case.it.by_key != (case.profile.responder_id == "key"):
        yield {}


@rule(TABLE, "x509.algorithm", OCSP, must(Text.BR, "7.1.3.2"), must(Text.QUORATE, "algorithms"))
def the_algorithm_belongs_to_the_signing_key(case: OcspCase) -> Iterator[Facts]:
    known, name = by_identifier(case.it.algorithm), key_name(case.responder.spki)
    if known is None or not known.fits(name):
        yield {"algorithm": case.it.algorithm.hex(), "key_type": name}


@rule(TABLE, "x509.signature_invalid", OCSP, must(Text.RFC, "6960 3.2"), must(Text.BR, "4.9.9"))
def a_signature_verifies(case: OcspCase) -> Iterator[Facts]:
    """A draft has none, which is no violation."""
    if case.it.signature:
        try:
            verify_signature(case.responder.spki, case.it.algorithm, case.it.tbs, case.it.signature)
        except Refusal as refusal:
            yield dict(refusal.findings[0].facts)


def _longer(case: OcspCase, days: int) -> Iterator[Facts]:
    if case.it.next_update is not None:
        lasts = case.it.next_update - case.it.this_update + timedelta(seconds=1)
        if lasts > days * DAY:
            yield {"seconds": int(lasts.total_seconds()), "limit": days}
