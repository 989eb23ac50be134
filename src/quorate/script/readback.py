"""What was drafted, or finished, is read back and compared with what the script says, by another way than it was made.

Floor 2. The builder that makes an object and the reader that judges it are not ours: a field that one of them loses,
a reason of a CRL's entry for example, is found here.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from quorate.findings import Finding, found
from quorate.script.operations import CertificateOperation, CrlOperation
from quorate.strict import read_moment
from quorate.x509.facts import CertificateFacts, CrlFacts
from quorate.x509.fields import CrlEntry, not_after


def readback_findings(
    operation: CertificateOperation | CrlOperation, it: CertificateFacts | CrlFacts
) -> tuple[Finding, ...]:
    """One finding that names every field in which the object is not what the operation says."""
    if isinstance(operation, CrlOperation):
        fields = tuple(_of_crl(operation, it)) if isinstance(it, CrlFacts) else ("kind",)
    else:
        fields = tuple(_of_certificate(operation, it)) if isinstance(it, CertificateFacts) else ("kind",)
    return (found("x509.plan_differs", operation.id, fields=", ".join(fields)),) if fields else ()


def _of_certificate(operation: CertificateOperation, it: CertificateFacts) -> Iterator[str]:
    said: list[tuple[str, object, object]] = [
        ("serial", it.serial, int(operation.certificate_serial, 16)),
        ("subject", it.subject, bytes.fromhex(operation.subject)),
        ("not-before", it.not_before, read_moment(operation.not_before)),
        ("not-after", it.not_after, read_moment(operation.not_after)),
        ("crl-url", it.crl_urls, (operation.crl_url,) if operation.crl_url else ()),
        ("ca-issuers-url", it.ca_issuers_urls, (operation.ca_issuers_url,) if operation.ca_issuers_url else ()),
        ("policies", it.policies, operation.policies),
    ]
    yield from (field for field, is_there, planned in said if is_there != planned)


def _of_crl(operation: CrlOperation, it: CrlFacts) -> Iterator[str]:
    entries = tuple(CrlEntry(int(one.serial, 16), _moment(one.date), one.reason) for one in operation.entries)
    end = _moment(operation.next_update) if operation.next_update else not_after(it.this_update, operation.days)
    if it.number != operation.number:
        yield "number"
    if operation.this_update and it.this_update != _moment(operation.this_update):
        yield "this-update"
    if it.next_update != end:
        yield "next-update"
    if it.entries != entries:
        yield "entries"


def _moment(text: str) -> datetime:
    moment = read_moment(text)
    assert moment is not None
    return moment
