"""A CA certificate beside its issuer, the certificate it repeats, and all the others of the authority."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from quorate.compliance.rules import BELOW, CA, WEBPKI, CertificateCase, Facts, Rule, rule
from quorate.findings import Refusal
from quorate.keys import key_name
from quorate.x509.name import comparable

TABLE: list[Rule[CertificateCase]] = []


@rule(TABLE, "cert.issuer_name", *CA)
def the_issuer_is_named_as_it_names_itself(case: CertificateCase) -> Iterator[Facts]:
    if case.it.issuer != case.issuer.subject:
        yield {}


@rule(TABLE, "cert.issuer_missing", *BELOW)
def a_subordinate_has_another_issuer(case: CertificateCase) -> Iterator[Facts]:
    if case.context.issuer is None or case.context.issuer.spki == case.it.spki:
        yield {}


@rule(TABLE, "cert.issuer_not_ca", *BELOW)
def the_issuer_may_issue(case: CertificateCase) -> Iterator[Facts]:
    if not case.issuer.is_ca or "keyCertSign" not in case.issuer.key_usage:
        yield {}


@rule(TABLE, "cert.issuer_not_valid", *BELOW)
def the_issuer_is_valid_at_signing(case: CertificateCase) -> Iterator[Facts]:
    issuer = case.issuer
    for moment in dict.fromkeys(case.context.moments):
        if not issuer.not_before <= moment <= issuer.not_after:
            yield {"moment": moment.isoformat()}


@rule(TABLE, "cert.outlives_issuer", "subordinate", sets=WEBPKI)
def a_subordinate_does_not_outlive_its_issuer(case: CertificateCase) -> Iterator[Facts]:
    yield from _outlives(case)


@rule(TABLE, "cert.outlives_issuer_warned", "subordinate", sets=("private",))
@rule(TABLE, "cert.outlives_issuer_warned", "cross")
def nothing_else_outlives_its_issuer_unnoticed(case: CertificateCase) -> Iterator[Facts]:
    yield from _outlives(case)


@rule(TABLE, "cert.path_length", *BELOW)
def the_issuers_path_length_is_kept(case: CertificateCase) -> Iterator[Facts]:
    if case.issuer.path_length == 0:
        yield {}


@rule(TABLE, "cert.path_length_beyond", *BELOW)
def the_path_length_promises_no_more_than_the_issuers(case: CertificateCase) -> Iterator[Facts]:
    """RFC 5280 6.1.4 counts down from the issuer's whatever this one says, so more is valid and without effect."""
    most, own = case.issuer.path_length, case.it.path_length
    if most and (own is None or own >= most):
        yield {"issuer": most, "own": "none" if own is None else own}


@rule(TABLE, "cert.aki_differs", *CA)
def the_authority_key_identifier_is_the_issuers(case: CertificateCase) -> Iterator[Facts]:
    if case.it.aki and case.it.aki != case.issuer.ski:
        yield {}


@rule(TABLE, "cert.serial_reused", *CA)
def the_serial_is_new(case: CertificateCase) -> Iterator[Facts]:
    for other in case.others:
        if other.issuer == case.it.issuer and other.serial == case.it.serial:
            yield {"other": other.fingerprint}


@rule(TABLE, "cert.ski_key", *CA)
def key_and_identifier_belong_together(case: CertificateCase) -> Iterator[Facts]:
    """One identifier for one key and one key for one identifier, in all that the authority issued."""
    for other in case.others:
        if other.ski and (other.spki == case.it.spki) != (other.ski == case.it.ski):
            yield {"other": other.fingerprint}


@rule(TABLE, "cert.name_reused", "root", "subordinate")
def the_name_is_new(case: CertificateCase) -> Iterator[Facts]:
    """The same name with the same key is a matter of `cert.key_reused`."""
    for other in case.others:
        if other.spki != case.it.spki and comparable(other.subject) == comparable(case.it.subject):
            yield {"other": other.fingerprint}


@rule(TABLE, "cert.name_reencoded", *CA)
def equal_names_have_equal_bytes(case: CertificateCase) -> Iterator[Facts]:
    for other in case.others:
        if other.subject != case.it.subject and comparable(other.subject) == comparable(case.it.subject):
            yield {"other": other.fingerprint}


@rule(TABLE, "cert.key_reused", "root", "subordinate")
def the_key_is_new(case: CertificateCase) -> Iterator[Facts]:
    """A second certificate for a key is a cross-certificate, with that class's rules (BR 7.1.2.2)."""
    for other in case.others:
        if other.spki == case.it.spki:
            yield {"other": other.fingerprint}


@rule(TABLE, "cert.cross_missing", "cross")
def the_existing_certificate_is_at_hand(case: CertificateCase) -> Iterator[Facts]:
    if case.context.existing is None:
        yield {}


@rule(TABLE, "cert.cross_subject", "cross")
def the_subject_is_copied(case: CertificateCase) -> Iterator[Facts]:
    if case.context.existing is not None and case.context.existing.subject != case.it.subject:
        yield {}


@rule(TABLE, "cert.cross_key", "cross")
def the_key_is_copied(case: CertificateCase) -> Iterator[Facts]:
    if case.context.existing is not None and case.context.existing.spki != case.it.spki:
        yield {}


@rule(TABLE, "cert.cross_ski", "cross")
def the_key_identifier_is_copied(case: CertificateCase) -> Iterator[Facts]:
    """Copied and not computed: an older certificate may have another method's identifier."""
    if case.context.existing is not None and case.context.existing.ski != case.it.ski:
        yield {}


@rule(TABLE, "cert.cross_path_length", "cross")
def the_path_length_is_the_existing_ones(case: CertificateCase) -> Iterator[Facts]:
    if case.context.existing is not None and case.context.existing.path_length != case.it.path_length:
        yield {}


@rule(TABLE, "cert.key_committed", "root", "subordinate")
def the_key_type_is_committed(case: CertificateCase) -> Iterator[Facts]:
    name = _key_name(case)
    if name not in case.context.commitments.key_types:
        yield {"key_type": name}


@rule(TABLE, "cert.root_key", "root", sets=WEBPKI, since=date(2026, 8, 1))
def a_root_has_a_strong_key(case: CertificateCase) -> Iterator[Facts]:
    if _key_name(case) not in ("rsa-4096", "p-384"):
        yield {"key_type": _key_name(case)}


def _outlives(case: CertificateCase) -> Iterator[Facts]:
    if case.it.not_after > case.issuer.not_after:
        yield {"time": case.it.not_after.isoformat(), "issuer": case.issuer.not_after.isoformat()}


def _key_name(case: CertificateCase) -> str:
    try:
        return key_name(case.it.spki)
    except Refusal:
        return "unreadable"
