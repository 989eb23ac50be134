"""A request for a certificate by others: it names what it is for and asks for nothing else (RFC 2986)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from quorate.algorithms import verify_signature
from quorate.findings import Finding, Refusal, found
from quorate.keys import key_findings
from quorate.x509.csr import RequestFacts, read_request
from quorate.x509.facts import CertificateFacts


@dataclass(frozen=True, slots=True)
class Uncertified:
    """A name and a key (DER) that have no certificate of ours."""

    subject: bytes
    spki: bytes


def request_findings(
    der: bytes, where: str, existing: CertificateFacts | Uncertified, moments: tuple[datetime, ...]
) -> tuple[Finding, ...]:
    """Everything wrong with a request, drafted or finished, that may be signed at any of the `moments`.

    `existing`: the certificate that it repeats, or the name and key that it is for.
    """
    try:
        it = read_request(der, where)
    except Refusal as refusal:
        return refusal.findings
    return (*_findings(it, where, existing, moments), *key_findings(it.spki, where, own=True))


def _findings(
    it: RequestFacts, where: str, existing: CertificateFacts | Uncertified, moments: tuple[datetime, ...]
) -> Iterator[Finding]:
    if it.subject != existing.subject:
        yield found("csr.differs", where, field="subject")
    if it.spki != existing.spki:
        yield found("csr.differs", where, field="public key")
    if it.attributes:
        yield found("csr.attributes", where)
    if isinstance(existing, CertificateFacts):
        if not existing.is_ca:
            yield found("csr.existing_no_ca", where)
        for moment in dict.fromkeys(moments):
            if not existing.not_before <= moment <= existing.not_after:
                yield found("csr.existing_not_valid", where, moment=moment.isoformat())
    if it.signature:
        try:
            verify_signature(it.spki, it.algorithm, it.tbs, it.signature)
        except Refusal:
            yield found("csr.signature_invalid", where)
