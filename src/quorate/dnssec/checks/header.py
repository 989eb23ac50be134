"""Of the request as a whole: for which zone it is, and that it is a new one."""

from __future__ import annotations

from collections.abc import Iterator

from quorate.dnssec.checks.case import Case
from quorate.findings import Finding, found


def ksr_domain(case: Case) -> Iterator[Finding]:
    """KSR-DOMAIN: the request is for the zone of the policy."""
    if case.request.domain != case.policy.zone:
        yield found("ksr.domain", domain=case.request.domain, zone=case.policy.zone)


def ksr_id(case: Case) -> Iterator[Finding]:
    """KSR-ID: no request had this id before, neither the one before nor any that is on record."""
    if case.request.id in case.seen or (case.previous and case.request.id == case.previous.id):
        yield found("ksr.id", id=case.request.id)


def ksr_serial(case: Case) -> Iterator[Finding]:
    """KSR-SERIAL: the serial number is above the last one, where the policy says that it rises."""
    if case.previous and case.limits.serial == "rising" and case.request.serial <= case.previous.serial:
        yield found("ksr.serial", serial=case.request.serial, last=case.previous.serial)


def ksr_signers_name(case: Case) -> Iterator[Finding]:
    """KSR-SIGNERS-NAME: the name in every signature is the zone's (RFC 4034 3.1.7)."""
    for where, bundle in case.slots:
        for name in sorted({one.rrsig.signer for one in bundle.signatures} - {case.policy.zone}):
            yield found("ksr.signers_name", where, name=name, zone=case.policy.zone)
