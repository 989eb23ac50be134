"""From one CRL to the next: what is carried over, what is added, what may go (BR 7.2, 4.10.1, RFC 5280 5.2.3, 5.3)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from quorate.findings import Finding, Refusal, found
from quorate.x509.facts import CertificateFacts, CrlFacts
from quorate.x509.fields import CrlEntry
from quorate.x509.legacy import signed_as_made


@dataclass(frozen=True, slots=True)
class Revoked:
    """One revocation: the certificate itself, when it was revoked, why (RFC 5280 5.3.1); "" where nothing is said."""

    certificate: CertificateFacts
    date: datetime
    reason: str


def crl_entries(
    previous: CrlFacts | None,
    revoked: tuple[Revoked, ...],
    known: tuple[CertificateFacts, ...] = (),
    issuer: bytes = b"",
) -> tuple[CrlEntry, ...]:
    """The entries of the next CRL: the previous ones in their order, then the newly revoked.

    An entry goes only when its certificate is among `known`, signed by the key `issuer` (DER), and `previous` already
    listed it beyond its validity; one that may go and is among the `revoked` stays.
    Raises every problem at once: a certificate revoked twice or of another issuer. Dates and reasons are for the rules.
    """
    before = listed_first(previous) if previous else {}
    carried = tuple(entry for entry in before.values() if not may_go(entry, previous, known, issuer))
    listed = {entry.serial for entry in carried}
    problems: list[Finding] = []
    for one in revoked:
        serial = serial_text(one.certificate.serial)
        if one.certificate.serial in listed:
            problems.append(found("crl.entry_twice", serial=serial))
        if previous is not None and one.certificate.issuer != previous.issuer:
            problems.append(found("crl.entry_of_another", serial=serial))
        listed.add(one.certificate.serial)
    if problems:
        raise Refusal.of(tuple(problems))
    return (*carried, *(CrlEntry(one.certificate.serial, one.date, one.reason) for one in revoked))


def listed_first(crl: CrlFacts) -> dict[int, CrlEntry]:
    """The entries by their serial numbers, in their order.

    RFC 5280 does not say that a number stands once. Of two in a list that others made, the first is carried over."""
    entries: dict[int, CrlEntry] = {}
    for entry in crl.entries:
        entries.setdefault(entry.serial, entry)
    return entries


def serial_text(serial: int) -> str:
    """A serial number as people read it: lower case hexadecimal, whole octets."""
    text = f"{serial:x}"
    return text.zfill(len(text) + len(text) % 2)


def may_go(
    entry: CrlEntry, previous: CrlFacts | None, known: tuple[CertificateFacts, ...], issuer: bytes = b""
) -> bool:
    """Whether an entry of `previous` may be left out of the next one.

    RFC 5280 3.3: an entry stays until it has appeared on one CRL issued beyond the certificate's validity. Of its
    validity only a certificate speaks that the issuer's key has signed: two authorities of one name count for
    themselves.
    """
    return previous is not None and any(
        one.serial == entry.serial
        and one.issuer == previous.issuer
        and one.not_after < previous.this_update
        and signed_as_made(one, issuer)
        for one in known
    )
