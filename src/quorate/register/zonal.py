"""A zone's part of the inventory: its KSKs by their DS records, its SKRs with their times, and how far they reach."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from quorate import canonical
from quorate.dnssec.dnskey import Algorithm, DigestType, dnskey_of
from quorate.dnssec.ksr_xml import read_skr
from quorate.event import moment
from quorate.keys import spki_digest
from quorate.register import Register, Skr
from quorate.register.rows import Inventory, SkrRow

SECOND = "%Y-%m-%dT%H:%M:%SZ"


class Pin(NamedTuple):
    """A KSK's zone, and its DS record of SHA-256 as people write it: `20326 8 2 E06D…`."""

    zone: str
    ds: str


def pins(register: Register) -> Mapping[str, Pin]:
    """The KSKs by the digests of their public keys."""
    found: dict[str, Pin] = {}
    for name, key in register.ksks.items():
        ds = dnskey_of(register.spkis[name], Algorithm[key.algorithm]).ds(key.zone, DigestType.SHA256)
        text = f"{ds.key_tag} {ds.algorithm} {ds.digest_type.value} {ds.digest.hex().upper()}"
        found.setdefault(spki_digest(register.spkis[name]), Pin(key.zone, text))
    return found


def skr_rows(register: Register) -> tuple[SkrRow, ...]:
    """Every SKR, in the order in which they were signed or adopted."""
    last = {one.known.zone: one.known.id for one in sorted(register.skrs.values(), key=_turn) if one.known.published}
    return tuple(_row(name, one, last.get(one.known.zone) == name) for name, one in register.skrs.items())


def _turn(one: Skr) -> int:
    return one.known.turn


def _row(name: str, one: Skr, in_zone: bool) -> SkrRow:
    response, _ = read_skr(one.data, name)
    return SkrRow(
        name,
        one.ceremony,
        moment(one.at).strftime(SECOND),
        zone=one.known.zone,
        schema=one.known.schema,
        request=one.known.request,
        back_out=one.known.back_out,
        inception=min(bundle.inception for bundle in response.bundles).strftime(SECOND),
        expiration=max(bundle.expiration for bundle in response.bundles).strftime(SECOND),
        digest=canonical.digest(one.data),
        deployed=one.known.published,
        in_zone=in_zone,
    )


def last_of_zones(it: Inventory) -> tuple[SkrRow, ...]:
    """Of each zone of which a token holds a KSK, the SKR whose signatures last longest; back-outs do not count."""
    held = {key.zone for key in it.keys if key.zone and any(not copy.destroyed for copy in key.copies)}
    last: dict[str, SkrRow] = {}
    for row in it.skrs:
        if row.zone in held and not row.back_out:
            last[row.zone] = max(last.get(row.zone, row), row, key=lambda one: one.expiration)
    return tuple(last.values())


def undeployed(it: Inventory) -> tuple[SkrRow, ...]:
    """What was signed, is no back-out, and begins later than anything of its zone that is recorded as deployed."""
    reached: dict[str, str] = {}
    for row in it.skrs:
        if row.deployed:
            reached[row.zone] = max(row.inception, reached.get(row.zone, ""))
    rows = (row for row in it.skrs if not row.deployed and not row.back_out)
    return tuple(row for row in rows if row.inception > reached.get(row.zone, ""))
