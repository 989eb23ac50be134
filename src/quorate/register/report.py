"""The register in lines for a terminal: the drawing, then everything by kind, what does not fit, and what is due."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from quorate.findings import Finding
from quorate.register.deadlines import Due, Retention
from quorate.register.hierarchy import drawing
from quorate.register.rows import CertificateRow, Inventory, KeyRow

NEXT = 5
"""How many of the things that are due are shown when it is not the list of them that was asked for."""


def report(it: Inventory, findings: Sequence[Finding], due: Sequence[Due], kept: Sequence[Retention]) -> Iterator[str]:
    """Every line."""
    yield f"register of {it.authority}, {it.mode.value}, as of {it.as_of}, after {len(it.ceremonies)} ceremonies"
    yield f"last checkpoint: {it.last}"
    if it.certificates:
        yield ""
        yield from drawing(it)
    yield from _section("certificates", (line for row in it.certificates for line in _certificate(row)))
    yield from _section("CRLs", _crls(it))
    yield from _section("keys", (line for key in it.keys for line in _key(key)))
    yield from _section("requests", _requests(it))
    yield from _section("OCSP responses", _responses(it))
    yield from _section("signed key responses", _skrs(it))
    yield from _section("shares", _sets(it))
    yield from _section("items", (f"{one.id}: {one.what}, {one.place}, seal {one.seal}" for one in it.items))
    yield from _section("kept at least until", (f"{_until(one)}: {one.why}" for one in kept))
    yield from _section("findings", (line for one in findings for line in _finding(one)))
    yield from _section(f"due next, {min(NEXT, len(due))} of {len(due)}", agenda(due[:NEXT], it.as_of))


def _section(title: str, lines: Iterator[str]) -> Iterator[str]:
    written = list(lines)
    if written:
        yield ""
        yield title
        yield from (f"  {line}" for line in written)


def agenda(due: Sequence[Due], now: str) -> Iterator[str]:
    """The dated list; what has passed is marked, for no record says whether it was done."""
    for one in due:
        clause = f"  [{one.clause}]" if one.clause else ""
        passed = "passed: " if one.at < now else ""
        yield f"{one.at[:16].replace('T', ' ')}  {one.about}: {passed}{one.what}{clause}"


def _certificate(row: CertificateRow) -> Iterator[str]:
    issuer = "itself" if row.issuer == row.id else row.issuer or "an unknown issuer"
    kind = "adopted (stated, not witnessed)" if row.kind == "adopted" else row.kind
    yield f"{row.id}: {kind} by {issuer}, {row.status}, from {row.ceremony}"
    yield f"    subject: {row.subject}"
    yield f"    serial: {row.serial}"
    yield f"    valid: {row.not_before} to {row.not_after}"
    yield f"    key: {row.key_type} {row.spki}"
    yield f"    fingerprint: {row.fingerprint}"
    if row.revoked:
        yield f"    revoked: {row.revoked.date} {row.revoked.reason}, listed in {row.revoked.crl}"


def _crls(it: Inventory) -> Iterator[str]:
    """The newest of each issuer; the ones before are in the sheet."""
    for row in it.crls:
        if row.newest:
            before = sum(1 for other in it.crls if other.issuer == row.issuer) - 1
            yield f"{row.id}: number {row.number} of {row.issuer or 'an unknown issuer'}, from {row.ceremony}"
            yield f"    valid: {row.this_update} to {row.next_update or 'no end'}"
            yield f"    revoked: {', '.join(row.revoked) or 'none'}; {before} before it"
            yield f"    fingerprint: {row.fingerprint}"


def _key(key: KeyRow) -> Iterator[str]:
    where = f"in {', '.join(key.certificates)}" if key.certificates else "in no certificate (parked)"
    if key.zone:
        where = f"KSK of the zone {key.zone}"
    where += ", adopted (stated, not witnessed)" if key.adopted else ""
    yield f"{key.type} {key.spki}: {where}"
    if key.ds:
        yield f"    DS: {key.ds}"
    for copy in key.copies:
        fate = f"destroyed {copy.destroyed}" if copy.destroyed else f"on {copy.token}, object {copy.object}"
        yield f"    {copy.id}: {fate}, from {copy.ceremony}, {copy.made}"
    if not key.copies:
        yield "    held by somebody else"


def _requests(it: Inventory) -> Iterator[str]:
    for row in it.requests:
        yield f"{row.id}: for {row.existing or 'a key without a certificate'}, from {row.ceremony}"
        yield f"    subject: {row.subject}"
        yield f"    digest: {row.digest}"


def _responses(it: Inventory) -> Iterator[str]:
    for row in it.responses:
        about = row.certificate or row.serial
        yield f"{row.id}: {about} is {row.status}, {row.this_update} to {row.next_update}, from {row.ceremony}"
        yield f"    digest: {row.digest}"


def _skrs(it: Inventory) -> Iterator[str]:
    for row in it.skrs:
        made = f"schema {row.schema}" if row.schema else "adopted (stated, not witnessed)"
        made += ", a back-out" if row.back_out else ""
        yield f"{row.id}: zone {row.zone}, {made}, {row.standing}, from {row.ceremony}"
        yield f"    valid: {row.inception} to {row.expiration}"
        yield f"    digest: {row.digest}"


def _sets(it: Inventory) -> Iterator[str]:
    for row in it.sets:
        people = ", ".join(f"{one.person} ({one.share})" for one in row.holders)
        yield f"{row.token}, {row.credential}: set {row.set}, {row.threshold} of {len(row.holders)}: {people}"


def _until(one: Retention) -> str:
    return f"{one.about}: {one.until or 'not known yet'}"


def _finding(one: Finding) -> Iterator[str]:
    clause = f"  [{one.clause}]" if one.clause else ""
    yield f"{one.severity.value}: {one.code}: {one.sentence}{clause}"
    yield f"    hint: {one.remedy}"
