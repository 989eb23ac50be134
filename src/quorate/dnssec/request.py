"""Making a KSR: a calendar of slots, the ZSKs in each, and every ZSK's proof of possession. Floor 2."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from msgspec.structs import replace

from quorate.dnssec.duration import duration_text
from quorate.dnssec.keyfile import KeyPair
from quorate.dnssec.ksr import Bundle, BundleKey, BundleSignature, KeyPolicy, Request
from quorate.dnssec.name import wire_name
from quorate.dnssec.response import algorithm_policies
from quorate.dnssec.rrsig import dnskey_rrsig, signed_data
from quorate.findings import Refusal, found, refuse_errors


@dataclass(frozen=True, slots=True)
class Calendar:
    """When the slots of a cycle begin and for how long each is valid; the root has nine, ten days apart, of 21 days.

    `last_interval`: between the last two, if it is another one; in a quarter of 92 days the last slot waits a day.
    """

    start: datetime
    slots: int
    interval: timedelta
    validity: timedelta
    last_interval: timedelta | None = None

    def times(self, number: int) -> tuple[datetime, datetime]:
        """Inception and expiration of slot `number` (from 1)."""
        try:
            begins = self.start + (number - 1) * self.interval
            if self.last_interval is not None and number == self.slots:
                begins += self.last_interval - self.interval
            return begins, begins + self.validity
        except OverflowError:
            raise Refusal("ksr.calendar", problem=f"slot {number} ends beyond the year 9999") from None


@dataclass(frozen=True, slots=True)
class Turns:
    """The ZSKs of a cycle: those that sign the zone in it, those of the cycle before, and those of the next one.

    The last cycle's are still published in the first slot, the next cycle's already in the last (RFC 6781 4.1.1.1).
    """

    current: tuple[KeyPair, ...]
    before: tuple[KeyPair, ...] = ()
    following: tuple[KeyPair, ...] = ()

    def slots(self, count: int) -> tuple[tuple[KeyPair, ...], ...]:
        """The ZSKs of each slot."""
        return tuple(
            (*self.current, *(self.before if number == 1 else ()), *(self.following if number == count else ()))
            for number in range(1, count + 1)
        )


@dataclass(frozen=True, slots=True)
class Terms:
    """What a request states beside its keys: TTL in seconds, the requester's safeties, the overlap that it allows."""

    ttl: int
    publish_safety: timedelta
    retire_safety: timedelta
    max_validity_overlap: timedelta
    min_validity_overlap: timedelta


def terms_of(calendar: Calendar, ttl: int) -> Terms:
    """Terms that fit a calendar: the overlap it has, give or take a day, and safeties of one interval."""
    overlap, day = calendar.validity - calendar.interval, timedelta(days=1)
    return Terms(ttl, calendar.interval, calendar.interval, overlap + day, max(timedelta(), overlap - day))


def make_request(
    domain: str,
    calendar: Calendar,
    zsks: Sequence[Sequence[KeyPair]],
    terms: Terms,
    proof: tuple[datetime, datetime],
    random: Callable[[int], bytes],
    serial: int = 0,
    timestamp: datetime | None = None,
) -> Request:
    """A request for the slots of `calendar` with these `zsks`, each RRset signed by all of them as proof of possession.

    `proof` is from when to when these signatures are valid; `random` gives the octets of the ids (RFC 9562, version 4).
    Raises `ksr.calendar` for slots that leave a gap.
    """
    wire_name(domain)
    if calendar.slots < 1 or calendar.validity <= timedelta() or len(zsks) != calendar.slots or not all(zsks):
        raise Refusal("ksr.calendar", problem="there is no slot, no validity, or a slot without a ZSK")
    if any(len({pair.dnskey for pair in held}) != len(held) for held in zsks):
        raise Refusal("ksr.calendar", problem="a ZSK would stand twice in a slot")
    steps = (calendar.interval, calendar.last_interval or calendar.interval)
    if calendar.slots > 1 and not all(timedelta() < step <= calendar.validity for step in steps):
        apart, valid = (duration_text(max(one, timedelta())) for one in (max(steps), calendar.validity))
        raise Refusal("ksr.calendar", problem=f"slots {apart} apart, each valid for {valid}")
    bundles = []
    for number, held in enumerate(zsks, 1):
        pairs = sorted(held, key=lambda pair: (pair.dnskey.key_tag, pair.dnskey.rdata))
        bundle = Bundle(_id(random), *calendar.times(number), tuple(_key(pair, terms.ttl) for pair in pairs), ())
        bundles.append(replace(bundle, signatures=proofs(domain, bundle, pairs, proof)))
    policy = KeyPolicy(
        terms.publish_safety,
        terms.retire_safety,
        calendar.validity,
        calendar.validity,
        terms.max_validity_overlap,
        terms.min_validity_overlap,
        algorithm_policies([pair.dnskey for held in zsks for pair in held]),
    )
    return Request(_id(random), serial, domain, policy, tuple(bundles), timestamp)


def proofs(
    domain: str, bundle: Bundle, pairs: Sequence[KeyPair], proof: tuple[datetime, datetime]
) -> tuple[BundleSignature, ...]:
    """The proof of possession of each of `pairs` over the bundle's RRset."""
    signatures = []
    for pair in pairs:
        rrsig = dnskey_rrsig(domain, pair.dnskey, bundle.keys[0].ttl, *proof)
        signature = pair.sign(signed_data(domain, rrsig, bundle.dnskeys))
        signatures.append(BundleSignature(pair.identifier, rrsig.original_ttl, replace(rrsig, signature=signature)))
    return tuple(signatures)


def with_proofs(request: Request, pairs: Sequence[KeyPair], proof: tuple[datetime, datetime]) -> Request:
    """A request that has none with every ZSK's proof of possession, and each key under the name of its pair.

    Raises `ksr.proof_missing` for each ZSK that none of `pairs` is.
    """
    by_key = {pair.dnskey: pair for pair in pairs}
    asked = dict.fromkeys(key for bundle in request.bundles for key in bundle.dnskeys)
    refuse_errors(tuple(found("ksr.proof_missing", tag=key.key_tag) for key in asked if key not in by_key))
    bundles = []
    for bundle in request.bundles:
        keys = tuple(replace(key, identifier=by_key[key.dnskey].identifier) for key in bundle.keys)
        named = replace(bundle, keys=keys)
        signers = [by_key[key] for key in dict.fromkeys(bundle.dnskeys)]
        bundles.append(replace(named, signatures=proofs(request.domain, named, signers, proof)))
    return replace(request, bundles=tuple(bundles))


def _key(pair: KeyPair, ttl: int) -> BundleKey:
    return BundleKey(pair.identifier, pair.dnskey.key_tag, ttl, pair.dnskey)


def _id(random: Callable[[int], bytes]) -> str:
    return str(uuid.UUID(bytes=random(16), version=4))
