"""Requests with one fault each, for people who train to find it, and what a check must say of them. Floor 2."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from msgspec.structs import replace

from quorate.dnssec.dnskey import KSK_FLAGS, Dnskey, key_algorithm
from quorate.dnssec.keyfile import KeyPair
from quorate.dnssec.ksr import Bundle, BundleKey, Request
from quorate.dnssec.request import proofs

DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Faulty:
    """A request with a fault: its name, what is wrong, and the code of the finding that it must provoke."""

    name: str
    wrong: str
    code: str
    request: Request


@dataclass(frozen=True, slots=True)
class Workshop:
    """A sound request with the keys that made it; `proof`: from when to when its proofs of possession are valid."""

    request: Request
    pairs: tuple[KeyPair, ...]
    proof: tuple[datetime, datetime]

    def signed(self, bundle: Bundle, zone: str = "") -> Bundle:
        """The bundle with the proofs of its keys made anew."""
        held = {pair.dnskey.public_key: pair for pair in self.pairs}
        pairs = [dataclasses.replace(held[key.dnskey.public_key], dnskey=key.dnskey) for key in bundle.keys]
        return replace(bundle, signatures=proofs(zone or self.request.domain, bundle, pairs, self.proof))

    def with_bundle(self, number: int, change: Callable[[Bundle], Bundle], again: bool = True) -> Request:
        """The request with a bundle (from 1) changed, and signed again unless the fault is in the signature."""
        bundles = list(self.request.bundles)
        changed = change(bundles[number - 1])
        bundles[number - 1] = self.signed(changed) if again else changed
        return replace(self.request, bundles=tuple(bundles))


def faulty_requests(shop: Workshop) -> tuple[Faulty, ...]:
    """Every fault that this request can have; some need another ZSK or another kind of key than there is."""
    middle = max(2, len(shop.request.bundles) // 2) if len(shop.request.bundles) > 1 else 1
    faults = [*_possession(shop, middle), *_keys(shop, middle), *_times(shop, middle), *_header(shop)]
    return tuple(Faulty(name, wrong, code, request) for name, (wrong, code, request) in dict(faults).items())


_Fault = tuple[str, tuple[str, str, Request]]


def _possession(shop: Workshop, at: int) -> Sequence[_Fault]:
    def flipped(bundle: Bundle) -> Bundle:
        one, *others = bundle.signatures
        data = bytes([one.rrsig.signature[0] ^ 1]) + one.rrsig.signature[1:]
        return replace(bundle, signatures=(replace(one, rrsig=replace(one.rrsig, signature=data)), *others))

    def elsewhere(bundle: Bundle) -> Bundle:
        return shop.signed(bundle, zone="elsewhere.example.")

    faults = [
        ("bad-proof", ("a proof of possession has a flipped bit", "ksr.bundle_pop", _unsigned(shop, at, flipped))),
        ("other-name", ("a proof names another signer", "ksr.signers_name", _unsigned(shop, at, elsewhere))),
    ]
    if len(shop.request.bundles[0].keys) > 1:
        dropped = _unsigned(shop, 1, lambda one: replace(one, signatures=one.signatures[:1]))
        faults.append(("no-proof", ("a ZSK proves no possession", "ksr.bundle_pop", dropped)))
    return faults


def _unsigned(shop: Workshop, at: int, change: Callable[[Bundle], Bundle]) -> Request:
    return shop.with_bundle(at, change, again=False)


def _keys(shop: Workshop, at: int) -> Sequence[_Fault]:
    def first_key(change: Callable[[BundleKey], BundleKey]) -> Callable[[Bundle], Bundle]:
        return lambda bundle: replace(bundle, keys=(change(bundle.keys[0]), *bundle.keys[1:]))

    def with_flags(key: BundleKey) -> BundleKey:
        dnskey = replace(key.dnskey, flags=KSK_FLAGS)
        return replace(key, dnskey=dnskey, key_tag=dnskey.key_tag)

    def padded(key: BundleKey) -> BundleKey:
        dnskey = _padded(key.dnskey)
        return replace(key, dnskey=dnskey, key_tag=dnskey.key_tag)

    other_tag = first_key(lambda key: replace(key, key_tag=key.key_tag ^ 1))
    ttl = shop.with_bundle(at, lambda one: replace(one, keys=tuple(replace(key, ttl=60) for key in one.keys)))
    faults = [
        ("key-tag", ("a key is said to have another tag", "ksr.bundle_keys", shop.with_bundle(at, other_tag))),
        ("ksk-flags", ("a ZSK has the flags of a KSK", "ksr.bundle_keys", shop.with_bundle(at, first_key(with_flags)))),
        ("ttl", ("the records of a slot have a TTL of a minute", "ksr.policy_ttl", ttl)),
    ]
    if others := _strangers(shop, at):
        more = shop.with_bundle(at, lambda one: replace(one, keys=(*one.keys, others[0])))
        faults.append(("more-keys", ("a slot has a ZSK more than it may", "ksr.policy_keys", more)))
    if key_algorithm(shop.request.bundles[at - 1].keys[0].dnskey).is_rsa:
        held = Workshop(shop.request, (*shop.pairs, *(_padded_pair(pair) for pair in shop.pairs)), shop.proof)
        request = held.with_bundle(at, first_key(padded))
        faults.append(("padded", ("a modulus begins with a zero octet and seems longer", "ksr.bundle_keys", request)))
    return faults


def _padded(key: Dnskey) -> Dnskey:
    """An RSA key whose modulus has a leading zero octet (RFC 3110 2 forbids it)."""
    size = 1 + key.public_key[0]
    return replace(key, public_key=key.public_key[:size] + b"\0" + key.public_key[size:])


def _padded_pair(pair: KeyPair) -> KeyPair:
    return dataclasses.replace(pair, dnskey=_padded(pair.dnskey)) if key_algorithm(pair.dnskey).is_rsa else pair


def _strangers(shop: Workshop, at: int) -> Sequence[BundleKey]:
    """Keys of the request that do not stand in this slot."""
    here = {key.dnskey for key in shop.request.bundles[at - 1].keys}
    every: Mapping[Dnskey, BundleKey] = {key.dnskey: key for one in shop.request.bundles for key in one.keys}
    return [key for dnskey, key in every.items() if dnskey not in here]


def _times(shop: Workshop, at: int) -> Sequence[_Fault]:
    def moved(bundle: Bundle, by: timedelta) -> Bundle:
        return replace(bundle, inception=bundle.inception + by, expiration=bundle.expiration + by)

    def longer(bundle: Bundle) -> Bundle:
        return replace(bundle, expiration=bundle.expiration + 39 * DAY)

    later = tuple(moved(one, 365 * DAY) for one in shop.request.bundles)
    faults = [
        (
            "long",
            ("a signature is to be valid for 39 days more", "ksr.policy_sig_validity", shop.with_bundle(at, longer)),
        ),
        ("far", ("everything is a year later", "ksr.policy_sig_horizon", replace(shop.request, bundles=later))),
    ]
    if at > 1:
        begins = shop.with_bundle(at, lambda one: moved(one, 3 * DAY))
        faults.append(("interval", ("a slot begins three days late", "ksr.policy_bundle_intervals", begins)))
        gap = shop.request.bundles[at - 1].inception - timedelta(seconds=1)
        ends = shop.with_bundle(at - 1, lambda one: replace(one, expiration=gap))
        faults.append(("gap", ("a slot ends before the next begins", "ksr.policy_sig_overlap", ends)))
    return faults


def _header(shop: Workshop) -> Sequence[_Fault]:
    request, bundles = shop.request, shop.request.bundles
    stated = replace(request.zsk, max_signature_validity=60 * DAY)
    faults = [
        ("zone", ("it is for another zone", "ksr.domain", replace(request, domain="elsewhere.example."))),
        (
            "stated",
            ("it states a longer validity than the operator's", "ksr.stated_looser", replace(request, zsk=stated)),
        ),
    ]
    if len(bundles) > 1:
        twice = (*bundles[:-1], replace(bundles[-1], id=bundles[0].id))
        faults.append(("id-twice", ("two slots have one id", "ksr.bundle_unique", replace(request, bundles=twice))))
        fewer = replace(request, bundles=bundles[:-1])
        faults.append(("fewer", ("the last slot is missing", "ksr.bundle_count", fewer)))
    return faults
