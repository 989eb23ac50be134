"""The register as people and programs read it: everything by kind, as of one moment. Spec: `spec/register.md`.

Keys go by their public key, so that certificates of one key stand together, whoever issued them. Nothing here is
decided: dates and digests are taken from the objects themselves.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

import msgspec

from quorate.authority import AuthorityState
from quorate.event import moment
from quorate.keys import key_name, spki_digest
from quorate.register import Entry, Register, whereabouts
from quorate.register.rows import (
    CertificateRow,
    Copy,
    CrlRow,
    Holder,
    Inventory,
    ItemRow,
    KeyRow,
    RequestRow,
    ResponseRow,
    Revoked,
    SetRow,
    Status,
)
from quorate.register.zonal import Pin, pins, skr_rows
from quorate.script import ScriptAdopted
from quorate.script.operations import (
    DestroyOperation,
    GenerateOperation,
    ImportOperation,
    RequestOperation,
)
from quorate.statement import Mode
from quorate.x509.crl import serial_text
from quorate.x509.csr import read_csr
from quorate.x509.facts import CertificateFacts, CrlFacts, read_certificate, read_crl
from quorate.x509.legacy import signed_as_made
from quorate.x509.name import written
from quorate.x509.ocsp import OcspFacts, name_hash, read_response

CERTIFICATES = ("root", "reissue", "subordinate", "cross", "ocsp-responder", "adopted certificate")
CRLS = ("crl", "adopted crl")
SECOND = "%Y-%m-%dT%H:%M:%SZ"


@dataclass(frozen=True, slots=True)
class Objects:
    """The register's objects, read once: certificates and CRLs by the operation that made them."""

    certificates: Mapping[str, CertificateFacts]
    crls: Mapping[str, CrlFacts]
    named: Mapping[bytes, tuple[str, ...]]  # the certificates of a subject

    def issuer(self, it: CertificateFacts | CrlFacts) -> str:
        """The id of the certificate whose key signed `it`: its own if it is self-signed, "" if there is none.

        If the key has several certificates, the first self-signed one.
        """
        keys = [name for name in self.named.get(it.issuer, ()) if _fits(it, self.certificates[name])]
        own = (name for name in keys if self.certificates[name] is it)
        roots = (name for name in keys if self.certificates[name].self_signed)
        return next(own, "") or next(roots, keys[0] if keys else "")


def _fits(it: CertificateFacts | CrlFacts, issuer: CertificateFacts) -> bool:
    """By the key identifier, for what was made here was verified when it was made; by the signature without one."""
    if it.aki and issuer.ski:
        return it.aki == issuer.ski
    return signed_as_made(it, issuer.spki)


def read_entries(register: Register) -> Objects:
    """Every certificate and CRL of the register."""
    certificates: dict[str, CertificateFacts] = {}
    crls: dict[str, CrlFacts] = {}
    named: dict[bytes, tuple[str, ...]] = {}
    for entry in register.entries:
        name = entry.operation.id
        if _kind(entry) in CERTIFICATES:
            it = certificates[name] = read_certificate(entry.data, name)
            named[it.subject] = (*named.get(it.subject, ()), name)
        elif _kind(entry) in CRLS:
            crls[name] = read_crl(entry.data, name)
    return Objects(certificates, crls, named)


def take(
    register: Register, objects: Objects, state: AuthorityState, genesis: str, mode: Mode, now: datetime
) -> Inventory:
    """The inventory as of `now` (UTC)."""
    crls = _crls(register, objects)
    certificates = _certificates(register, objects, crls, now)
    lies = whereabouts(register, state)
    return Inventory(
        format="quorate-register/1",
        authority=state.name,
        organisation=state.organisation,
        genesis=genesis,
        mode=mode,
        as_of=now.astimezone(UTC).strftime(SECOND),
        last=register.last,
        ceremonies=register.ceremonies,
        keys=_keys(register, certificates),
        certificates=certificates,
        crls=crls,
        requests=tuple(_request(one) for one in register.entries if isinstance(one.operation, RequestOperation)),
        responses=_responses(register, objects),
        skrs=skr_rows(register),
        published=tuple(sorted(register.published)),
        sets=tuple(
            SetRow(
                token,
                credential,
                shares.id,
                shares.threshold,
                tuple(Holder(one.person, str(one.index)) for one in shares.commitments),
            )
            for (token, credential), shares in register.sets.items()
        ),
        items=tuple(ItemRow(one.id, one.what, lies[one.id].place, lies[one.id].seal) for one in state.items),
        serials=tuple(sorted(register.serials)),
    )


def day(text: str) -> datetime:
    """The moment of a row: `2026-11-23T09:00:00Z`."""
    return datetime.strptime(text, SECOND).replace(tzinfo=UTC)


def _row(entry: Entry) -> tuple[str, str, str]:
    return entry.operation.id, entry.ceremony, moment(entry.at).strftime(SECOND)


# -- certificates and CRLs --------------------------------------------------------------------------------------------


def _crls(register: Register, objects: Objects) -> tuple[CrlRow, ...]:
    """All CRLs. An issuer of which the register has no certificate goes by its name and key identifier."""
    made = [entry for entry in register.entries if _kind(entry) in CRLS]
    crls = [objects.crls[entry.operation.id] for entry in made]
    issuers = [objects.issuer(it) for it in crls]
    of = [issuer or (it.issuer, it.aki) for issuer, it in zip(issuers, crls, strict=True)]
    last = {one: number for number, one in enumerate(of)}
    return tuple(
        CrlRow(
            *_row(entry),
            profile=_profile(entry),
            issuer=issuers[number],
            number=it.number,
            this_update=it.this_update.strftime(SECOND),
            next_update=it.next_update.strftime(SECOND) if it.next_update else "",
            revoked=tuple(serial_text(one.serial) for one in it.entries),
            fingerprint=_digest(it.der),
            newest=last[of[number]] == number,
        )
        for number, (entry, it) in enumerate(zip(made, crls, strict=True))
    )


def _certificates(
    register: Register, objects: Objects, crls: tuple[CrlRow, ...], now: datetime
) -> tuple[CertificateRow, ...]:
    signers = {name: (written(it.subject), it.spki) for name, it in objects.certificates.items()}
    listed = {
        (signers.get(row.issuer), one.serial): Revoked(one.date.strftime(SECOND), one.reason or "unspecified", row.id)
        for row in crls
        if row.newest
        for one in objects.crls[row.id].entries
    }
    rows = []
    for entry in register.entries:
        if _kind(entry) not in CERTIFICATES:
            continue
        it = objects.certificates[entry.operation.id]
        issuer = objects.issuer(it)
        revoked = listed.get((signers[issuer], it.serial)) if issuer else None
        rows.append(
            CertificateRow(
                *_row(entry),
                kind=_kind(entry).partition(" ")[0],
                profile=_profile(entry),
                subject=written(it.subject),
                issuer=issuer,
                serial=serial_text(it.serial),
                not_before=it.not_before.strftime(SECOND),
                not_after=it.not_after.strftime(SECOND),
                key_type=key_name(it.spki),
                spki=spki_digest(it.spki),
                ski=it.ski.hex(),
                aki=it.aki.hex(),
                ca=it.is_ca,
                crl_urls=it.crl_urls,
                ca_issuers_urls=it.ca_issuers_urls,
                fingerprint=it.fingerprint,
                status=_status(it, revoked, now),
                revoked=revoked,
            )
        )
    return tuple(rows)


def _status(it: CertificateFacts, revoked: Revoked | None, now: datetime) -> Status:
    if it.not_after < now:
        return "expired"
    if revoked:
        return "revoked"
    return "not yet valid" if now < it.not_before else "valid"


# -- keys and the rest ------------------------------------------------------------------------------------------------


def _keys(register: Register, certificates: tuple[CertificateRow, ...]) -> tuple[KeyRow, ...]:
    """Those that tokens hold or held in the order of their making, then those that others hold."""
    copies: dict[str, list[Copy]] = {}
    types = {row.spki: row.key_type for row in certificates}
    uses: dict[str, str] = {}
    gone = {one.operation.key: one for one in register.entries if isinstance(one.operation, DestroyOperation)}
    for entry in register.entries:
        operation = entry.operation
        if isinstance(operation, (GenerateOperation, ImportOperation)):
            spki = spki_digest(entry.data)
            copies.setdefault(spki, []).append(_copy(entry, operation.token, register, gone))
            types[spki] = key_name(entry.data)
            if isinstance(operation, GenerateOperation):
                uses[spki] = operation.use
        elif _kind(entry) == "adopted key":
            types[spki_digest(entry.data)] = key_name(entry.data)
    adopted, ksks = copies.keys() - uses.keys(), pins(register)
    uses |= dict.fromkeys(ksks, "ksk")
    rows = (
        _key(spki, types[spki], uses.get(spki, ""), ksks.get(spki), tuple(copies.get(spki, ())), certificates)
        for spki in dict.fromkeys((*copies, *types))
    )
    return tuple(msgspec.structs.replace(row, adopted=row.spki in adopted) for row in rows)


def _copy(entry: Entry, token: str, register: Register, gone: Mapping[str, Entry]) -> Copy:
    name = entry.operation.id
    destroyed = gone.get(name)
    held = register.keys[name].object if name in register.keys else ""
    if destroyed and isinstance(destroyed.operation, DestroyOperation):
        _, ceremony, at = _row(destroyed)
        return Copy(*_row(entry), token, destroyed.operation.object, destroyed=at, destroyed_in=ceremony)
    return Copy(*_row(entry), token, held, destroyed="", destroyed_in="")


def _key(
    spki: str, kind: str, use: str, pin: Pin | None, copies: tuple[Copy, ...], certificates: tuple[CertificateRow, ...]
) -> KeyRow:
    own = [row for row in certificates if row.spki == spki]
    held = any(not copy.destroyed for copy in copies)
    return KeyRow(
        spki=spki,
        type=kind,
        use=use,
        zone=pin.zone if pin else "",
        ds=pin.ds if pin else "",
        ski=own[0].ski if own else "",
        copies=copies,
        certificates=tuple(row.id for row in own),
        parked=held and not own and pin is None,
        adopted=False,
    )


def _kind(entry: Entry) -> str:
    """The kind of the operation that made it, or `adopted`, with the kind of thing."""
    if isinstance(entry.operation, ScriptAdopted):
        return f"adopted {entry.operation.kind}"
    return str(entry.operation.__struct_config__.tag)


def _profile(entry: Entry) -> str:
    return getattr(entry.operation, "profile", "adopted")


def _responses(register: Register, objects: Objects) -> tuple[ResponseRow, ...]:
    about = {(name_hash(it.issuer), it.serial): name for name, it in objects.certificates.items()}
    newest: dict[tuple[bytes, int], str] = {}
    rows = []
    for entry in register.entries:
        if _kind(entry) == "ocsp-response":
            it = read_response(entry.data, entry.operation.id)
            key = (it.name_hash, it.serial)
            newest[key] = entry.operation.id
            rows.append((key, _response(entry, it, about.get(key, ""))))
    return tuple(msgspec.structs.replace(row, newest=newest[key] == row.id) for key, row in rows)


def _response(entry: Entry, it: OcspFacts, certificate: str) -> ResponseRow:
    return ResponseRow(
        *_row(entry),
        certificate=certificate,
        serial=serial_text(it.serial),
        status=it.status,
        this_update=it.this_update.strftime(SECOND),
        next_update=it.next_update.strftime(SECOND) if it.next_update else "",
        digest=_digest(entry.data),
        newest=True,
    )


def _request(entry: Entry) -> RequestRow:
    assert isinstance(entry.operation, RequestOperation)
    request = read_csr(entry.data, entry.operation.id)
    return RequestRow(
        *_row(entry),
        existing=entry.operation.existing.partition(":")[2].rpartition("/")[2].removesuffix(".cert.der"),
        subject=written(request.subject),
        spki=spki_digest(request.spki),
        digest=_digest(request.der),
    )


def _digest(der: bytes) -> str:
    return f"sha256:{hashlib.sha256(der).hexdigest()}"


def by_issuer(rows: Iterable[CertificateRow]) -> Mapping[str, tuple[CertificateRow, ...]]:
    """Certificates by the id of their issuer's certificate, self-signed ones under their own."""
    found: dict[str, tuple[CertificateRow, ...]] = {}
    for row in rows:
        found[row.issuer] = (*found.get(row.issuer, ()), row)
    return found
