"""A CA certificate beside its issuer and all the others of the authority: names, keys, serials, path lengths."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from quorate.compliance.rules import BELOW, EVERY, ISSUED, NAMED, OWN, ROOT, CertificateCase, Facts, Rule, rule
from quorate.compliance.texts import PROFILES, Text, ground, must, should
from quorate.findings import Refusal
from quorate.keys import key_name
from quorate.x509.name import comparable

TABLE: list[Rule[CertificateCase]] = []


@rule(TABLE, "cert.issuer_name", EVERY, must(Text.RFC, "5280 4.1.2.4, 6.1.3"), must(Text.BR, "7.1.4.1"))
def the_issuer_is_named_as_it_names_itself(case: CertificateCase) -> Iterator[Facts]:
    if case.it.issuer != case.issuer.subject:
        yield {}


@rule(TABLE, "cert.issuer_missing", ISSUED, must(Text.BR, "7.1.2.2, 7.1.2.6"), must(Text.QUORATE, "issuer"))
def a_subordinate_has_another_issuer(case: CertificateCase) -> Iterator[Facts]:
    if case.context.issuer is None or case.context.issuer.spki == case.it.spki:
        yield {}


@rule(TABLE, "cert.issuer_not_ca", ISSUED, must(Text.RFC, "5280 4.2.1.3, 4.2.1.9"))
def the_issuer_may_issue(case: CertificateCase) -> Iterator[Facts]:
    if not case.issuer.is_ca or "keyCertSign" not in case.issuer.key_usage:
        yield {}


@rule(TABLE, "cert.path_length", BELOW, must(Text.RFC, "5280 4.2.1.9"))
def the_issuers_path_length_is_kept(case: CertificateCase) -> Iterator[Facts]:
    if case.issuer.path_length == 0:
        yield {}


@rule(TABLE, "cert.path_length_beyond", BELOW, should(Text.QUORATE, "path length"))
def the_path_length_promises_no_more_than_the_issuers(case: CertificateCase) -> Iterator[Facts]:
    """RFC 5280 6.1.4 counts down from the issuer's whatever this one says, so more is valid and without effect."""
    most, own = case.issuer.path_length, case.it.path_length
    if most and (own is None or own >= most):
        yield {"issuer": most, "own": "none" if own is None else own}


@rule(TABLE, "cert.serial_reused", EVERY, must(Text.RFC, "5280 4.1.2.2"), must(Text.MOZILLA, "5.2"))
def the_serial_is_new(case: CertificateCase) -> Iterator[Facts]:
    for other in case.others:
        if other.issuer == case.it.issuer and other.serial == case.it.serial:
            yield {"other": other.fingerprint}


@rule(TABLE, "cert.ski_key", EVERY, must(Text.BR, "7.1.2.11.4", since=PROFILES), *ground("key identifiers"))
def key_and_identifier_belong_together(case: CertificateCase) -> Iterator[Facts]:
    """One identifier for one key and one key for one identifier, in all that the authority issued."""
    for other in case.others:
        if other.ski and (other.spki == case.it.spki) != (other.ski == case.it.ski):
            yield {"other": other.fingerprint}


@rule(
    TABLE,
    "cert.name_reused",
    NAMED,
    should(Text.BR, "7.1.2.10.2", since=PROFILES),
    must(Text.MICROSOFT, "3.1.3, 3.1.11"),
    *ground("names"),
)
def the_name_is_new(case: CertificateCase) -> Iterator[Facts]:
    """The same name with the same key is a matter of `cert.key_reused`."""
    for other in case.others:
        if other.spki != case.it.spki and comparable(other.subject) == comparable(case.it.subject):
            yield {"other": other.fingerprint}


@rule(TABLE, "cert.name_reencoded", EVERY, must(Text.BR, "7.1.4.1"), *ground("names"))
def equal_names_have_equal_bytes(case: CertificateCase) -> Iterator[Facts]:
    for other in case.others:
        if other.subject != case.it.subject and comparable(other.subject) == comparable(case.it.subject):
            yield {"other": other.fingerprint}


@rule(TABLE, "cert.key_reused", NAMED, must(Text.MICROSOFT, "3.1.11"), *ground("keys"))
def the_key_is_new(case: CertificateCase) -> Iterator[Facts]:
    """A second certificate for a key is a cross-certificate (BR 7.1.2.2), or a root issued anew (`cert.reissued`)."""
    anew = case.repeated if case.context.existing is not None else ()
    for other in case.others:
        if other.spki == case.it.spki and other not in anew:
            yield {"other": other.fingerprint}


@rule(TABLE, "cert.key_committed", OWN, must(Text.CPS, "6.1.5"))
def the_key_type_is_committed(case: CertificateCase) -> Iterator[Facts]:
    name = _key_name(case)
    if name not in case.context.commitments.key_types:
        yield {"key_type": name}


@rule(TABLE, "cert.key_kind", EVERY, must(Text.BR, "6.1.5, 7.1.3.1"), must(Text.MOZILLA, "5.1"))
def the_key_is_of_a_kind_that_the_web_pki_knows(case: CertificateCase) -> Iterator[Facts]:
    """Sizes and points are judged by `key_findings`; a programme may leave out more, which is `cert.root_key`."""
    name = _key_name(case)
    if not name.startswith(("rsa-", "p-")):
        yield {"key_type": name}


@rule(TABLE, "cert.root_key", ROOT, must(Text.APPLE, "1.5", since=date(2026, 8, 1)))
def a_root_has_a_strong_key(case: CertificateCase) -> Iterator[Facts]:
    if _key_name(case) not in ("rsa-4096", "p-384"):
        yield {"key_type": _key_name(case)}


def _key_name(case: CertificateCase) -> str:
    try:
        return key_name(case.it.spki)
    except Refusal:
        return "unreadable"
