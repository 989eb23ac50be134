"""An inventory as tests want one: a few rows, everything else as it usually is."""

from __future__ import annotations

import hashlib
from typing import Any

import msgspec

from quorate.register.rows import CertificateRow, Copy, CrlRow, Inventory, KeyRow, ResponseRow, Revoked
from quorate.statement import Mode

NOW = "2026-11-23T09:00:00Z"


def digest(text: str) -> str:
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"


def certificate(
    name: str, issuer: str = "", key: str = "", years: tuple[int, int] = (2024, 2034), **fields: Any
) -> CertificateRow:
    """`issuer`: by id, itself if nothing is said. `key`: certificates of one key name it alike."""
    row = CertificateRow(
        id=name,
        ceremony="001-root",
        made=f"{years[0]}-03-01T09:30:00Z",
        kind="subordinate" if issuer else "root",
        profile="webpki-root",
        subject=f"CN={(key or name).title()},O=Voorbeeld Trust,C=NL",
        issuer=issuer or name,
        serial=digest(name)[7:39],
        not_before=f"{years[0]}-03-01T09:00:00Z",
        not_after=f"{years[1]}-02-28T08:59:59Z",
        key_type="p-384",
        spki=digest(key or name),
        ski=digest(key or name)[7:47],
        aki=digest(issuer or key or name)[7:47],
        ca=True,
        crl_urls=(f"http://crl.voorbeeld.example/{issuer}.crl",) if issuer else (),
        ca_issuers_urls=(f"http://ca.voorbeeld.example/{issuer}.der",) if issuer else (),
        fingerprint=digest(f"{name} certificate"),
        status="expired" if years[1] < 2026 else "valid",
        revoked=None,
    )
    return msgspec.structs.replace(row, **fields)


def crl(issuer: str, number: int, year: int = 2026, revoked: tuple[str, ...] = (), newest: bool = True) -> CrlRow:
    return CrlRow(
        id=f"crl-{issuer}-{number}",
        ceremony="001-root",
        made=f"{year}-03-02T10:00:00Z",
        profile="webpki-crl",
        issuer=issuer,
        number=number,
        this_update=f"{year}-03-02T10:00:00Z",
        next_update=f"{year + 1}-03-02T09:59:59Z",
        revoked=revoked,
        fingerprint=digest(f"{issuer} {number}"),
        newest=newest,
    )


def key(
    name: str,
    certificates: tuple[str, ...] = (),
    made: int = 2024,
    destroyed: str = "",
    use: str = "root",
    zone: str = "",
) -> KeyRow:
    copy = Copy(
        f"key-{name}",
        "001-root",
        f"{made}-03-01T09:00:00Z",
        "hsm-1",
        "a1b2c3d4e5f6070801",
        destroyed,
        "002-end" if destroyed else "",
    )
    held = not destroyed and not certificates and not zone
    ds = f"12345 14 2 {'AB' * 32}" if zone else ""
    return KeyRow(digest(name), "p-384", use, zone, ds, digest(name)[7:47], (copy,), certificates, held, adopted=False)


def response(certificate: CertificateRow, status: str = "good", year: int = 2026, newest: bool = True) -> ResponseRow:
    return ResponseRow(
        id=f"ocsp-{certificate.id}-{year}",
        ceremony="001-root",
        made=f"{year}-03-02T10:00:00Z",
        certificate=certificate.id,
        serial=certificate.serial,
        status=status,
        this_update=f"{year}-03-02T10:00:00Z",
        next_update=f"{year + 1}-03-02T09:59:59Z",
        digest=digest(f"{certificate.id} {year}"),
        newest=newest,
    )


def inventory(
    certificates: tuple[CertificateRow, ...] = (),
    crls: tuple[CrlRow, ...] = (),
    keys: tuple[KeyRow, ...] = (),
    **fields: Any,
) -> Inventory:
    made = Inventory(
        format="quorate-register/1",
        authority="voorbeeld",
        organisation="Voorbeeld Trust Services",
        genesis=digest("genesis"),
        mode=Mode.REAL,
        as_of=NOW,
        last=digest("last"),
        ceremonies=("001-root", "002-next"),
        keys=keys,
        certificates=certificates,
        crls=crls,
        requests=(),
        responses=(),
        skrs=(),
        published=(),
        sets=(),
        items=(),
        serials=(),
    )
    return msgspec.structs.replace(made, **fields)


def a_busy_one() -> Inventory:
    """Roots, cross-certificates, subordinates of every state, long names, parked keys."""
    gone = Revoked("2026-05-04T00:00:00Z", "superseded", "crl-root-1-7")
    long = "CN=A Name That Is As Long As The Standard Lets It Be And So Has 64,O=Voorbeeld Trust,C=NL"
    rows = (
        certificate("root-1", years=(2015, 2035)),
        certificate("cross-2-by-1", "root-1", "root-2", (2021, 2029), kind="cross"),
        certificate("cross-3-by-1", "root-1", "root-3", (2026, 2029), kind="cross"),
        certificate("sub-1", "root-1", years=(2016, 2021)),
        certificate("sub-2", "root-1", years=(2020, 2030), status="revoked", revoked=gone),
        certificate("a-subordinate-with-a-very-long-id-of-its-own", "root-1", years=(2024, 2034), subject=long),
        certificate("root-2", years=(2020, 2040)),
        certificate("sub-2a", "root-2", years=(2024, 2027)),
        certificate("sub-2b", "sub-2a", years=(2025, 2026), status="revoked", revoked=gone),
        certificate("sub-next", "root-2", years=(2027, 2030), status="not yet valid"),
        certificate("responder-2", "root-2", years=(2026, 2027), kind="ocsp-responder", ca=False),
        certificate("root-3", years=(2026, 2036)),
        certificate("sub-3a", "root-3", years=(2026, 2029)),
    )
    crls = (crl("root-1", 6, 2025, newest=False), crl("root-1", 7, revoked=(rows[4].serial,)), crl("root-2", 4, 2026))
    keys = (
        key("root-1", ("root-1",), 2015),
        key("root-2", ("root-2", "cross-2-by-1"), 2020),
        key("root-3", ("root-3", "cross-3-by-1"), 2026),
        key("spare-1", made=2026),
        key("spare-2", made=2026),
    )
    return inventory(rows, (*crls, crl("root-3", 1)), keys)
