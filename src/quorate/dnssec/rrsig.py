"""RRSIG records over DNSKEY RRsets: canonical order and the bytes that are signed (RFC 4034 3.1.8.1, 6.3)."""

from __future__ import annotations

import functools
import struct
from collections.abc import Iterable
from datetime import UTC, datetime

import msgspec

from quorate.dnssec.dnskey import CLASS_IN, TYPE_DNSKEY, Dnskey
from quorate.dnssec.name import label_count, wire_labels, wire_name

_PREFIX = struct.Struct("!HBBIIIH")
"""Type covered, algorithm, labels, original TTL, expiration, inception, key tag."""


class Rrsig(msgspec.Struct, frozen=True):
    """The data of an RRSIG record. Times are UTC without fractions; `signer` is a name as text, as it was stated."""

    type_covered: int
    algorithm: int
    labels: int
    original_ttl: int
    expiration: datetime
    inception: datetime
    key_tag: int
    signer: str
    signature: bytes = b""

    @property
    def signed_prefix(self) -> bytes:
        """RRSIG RDATA up to the signature, the signer's name in canonical form (RFC 4034 3.1)."""
        return _PREFIX.pack(
            self.type_covered,
            self.algorithm,
            self.labels,
            self.original_ttl,
            serial_seconds(self.expiration),
            serial_seconds(self.inception),
            self.key_tag,
        ) + wire_name(self.signer)

    @property
    def rdata(self) -> bytes:
        return self.signed_prefix + self.signature


def dnskey_rrsig(zone: str, key: Dnskey, ttl: int, inception: datetime, expiration: datetime) -> Rrsig:
    """The RRSIG that `key` is to make over the DNSKEY RRset of `zone`, without its signature."""
    labels = label_count(wire_name(zone))
    return Rrsig(TYPE_DNSKEY, key.algorithm, labels, ttl, expiration, inception, key.key_tag, zone)


def signed_data(zone: str, rrsig: Rrsig, keys: Iterable[Dnskey]) -> bytes:
    """The bytes under `rrsig` when it covers the DNSKEY RRset `keys` of `zone` (RFC 4034 3.1.8.1).

    Each record once, ordered by its data as octets (RFC 4034 6.3), with the TTL that the RRSIG states.
    """
    owner = _owner(wire_name(zone), rrsig.labels)
    head = owner + TYPE_DNSKEY.to_bytes(2, "big") + CLASS_IN.to_bytes(2, "big") + rrsig.original_ttl.to_bytes(4, "big")
    return rrsig.signed_prefix + b"".join(head + record for record in _records(tuple(keys)))


@functools.lru_cache(maxsize=64)  # made once for the signature, and again by each that looks at it
def _records(keys: tuple[Dnskey, ...]) -> tuple[bytes, ...]:
    """The data of each record behind its length, in order."""
    return tuple(len(data).to_bytes(2, "big") + data for data in sorted({key.rdata for key in keys}))


def serial_seconds(moment: datetime) -> int:
    """A time in the 32 bits of an RRSIG (RFC 4034 3.1.5), which wrap in 2106."""
    return int(moment.timestamp()) & 0xFFFFFFFF


def serial_moment(seconds: int, near: datetime) -> datetime:
    """The time nearest to `near` that 32 bits of seconds stand for (RFC 1982)."""
    middle = int(near.timestamp())
    offset = (seconds - middle + 2**31) % 2**32 - 2**31
    return datetime.fromtimestamp(middle + offset, UTC)


def _owner(zone: bytes, labels: int) -> bytes:
    """The owner's name as signed: shortened behind `*` if the RRSIG states fewer labels (RFC 4035 5.3.2)."""
    names = wire_labels(zone)
    if labels >= label_count(zone):
        return zone
    kept = names[len(names) - labels :]
    return b"\1*" + b"".join(bytes([len(name)]) + name for name in kept) + b"\0"
