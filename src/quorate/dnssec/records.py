"""DNSKEY, DS, CDS and CDNSKEY records as lines of a zone file. Floor 2."""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass

from quorate.dnssec.dnskey import DigestType, Dnskey, Ds
from quorate.dnssec.name import name_text, wire_name
from quorate.findings import Refusal

LARGEST_FILE, LONGEST_LINE = 256 * 1024, 4096
_DNSKEY = re.compile(
    r"(?P<owner>\S+)(?:[ \t]+[0-9]{1,10})?(?:[ \t]+IN)?(?:[ \t]+[0-9]{1,10})?[ \t]+DNSKEY[ \t]+(?P<flags>[0-9]{1,5})"
    r"[ \t]+(?P<protocol>[0-9]{1,3})[ \t]+(?P<algorithm>[0-9]{1,3})[ \t]+(?P<key>[A-Za-z0-9+/= \t]+)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class OwnedKey:
    """A DNSKEY record with the zone that owns it, in canonical text."""

    zone: str
    dnskey: Dnskey


def read_dnskeys(data: bytes, where: str) -> tuple[OwnedKey, ...]:
    """Every DNSKEY record of a file with one record a line, as `dig` prints and BIND stores them; comments after `;`.

    Raises `records.unreadable` for the first line that is none, `records.none` for a file without any.
    """
    if len(data) > LARGEST_FILE:
        raise Refusal("records.unreadable", where, line=1, problem=f"the file is larger than {LARGEST_FILE} octets")
    keys = []
    for number, raw in enumerate(data.split(b"\n"), 1):
        line = raw.decode("ascii", "replace").partition(";")[0].strip()
        if line:
            keys.append(_owned(line, number, where))
    if not keys:
        raise Refusal("records.none", where)
    return tuple(keys)


def _owned(line: str, number: int, where: str) -> OwnedKey:
    match = _DNSKEY.fullmatch(line) if len(line) <= LONGEST_LINE else None
    if match is None:
        raise Refusal("records.unreadable", where, line=number, problem="it is no DNSKEY record in one line")
    flags, protocol, algorithm = (int(match[name]) for name in ("flags", "protocol", "algorithm"))
    try:
        text = "".join(match["key"].split())
        public = base64.b64decode(text, validate=True)
        if base64.b64encode(public).decode() != text:
            raise binascii.Error  # not its one form (RFC 4648 3.5)
        zone = name_text(wire_name(match["owner"]))
    except (binascii.Error, Refusal):
        raise Refusal("records.unreadable", where, line=number, problem="its owner or its key is unreadable") from None
    if flags > 0xFFFF or protocol > 0xFF or algorithm > 0xFF:
        raise Refusal("records.unreadable", where, line=number, problem="a number is too large")
    return OwnedKey(zone, Dnskey(flags, protocol, algorithm, public))


def dnskey_line(zone: str, key: Dnskey, kind: str = "DNSKEY", ttl: int | None = None) -> str:
    """A DNSKEY record (RFC 4034 2.2), or as `kind` CDNSKEY the same for the parent (RFC 7344 3.2)."""
    public = base64.b64encode(key.public_key).decode()
    return f"{_owner(zone, ttl)} IN {kind} {key.flags} {key.protocol} {key.algorithm} {public}"


def ds_line(zone: str, ds: Ds, kind: str = "DS", ttl: int | None = None) -> str:
    """A DS record (RFC 4034 5.3), or as `kind` CDS the same for the parent (RFC 7344 3.1)."""
    digest = ds.digest.hex().upper()
    return f"{_owner(zone, ttl)} IN {kind} {ds.key_tag} {ds.algorithm} {int(ds.digest_type)} {digest}"


def lines_for(kind: str, zone: str, keys: tuple[Dnskey, ...], digest_type: DigestType) -> tuple[str, ...]:
    """The records of `kind` (DNSKEY, DS, CDS, CDNSKEY) of KSKs, in the order of their tags."""
    ordered = sorted(keys, key=lambda key: (key.key_tag, key.rdata))
    if kind in ("DNSKEY", "CDNSKEY"):
        return tuple(dnskey_line(zone, key, kind) for key in ordered)
    return tuple(ds_line(zone, key.ds(zone, digest_type), kind) for key in ordered)


def _owner(zone: str, ttl: int | None) -> str:
    return zone if ttl is None else f"{zone} {ttl}"
