"""Requests with one fault each, for people who train to find it, and what a check must say of them. Floor 2."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from msgspec.structs import replace

from quorate.dnssec.dnskey import KSK_FLAGS, ZSK_FLAGS, Dnskey, key_algorithm
from quorate.dnssec.keyfile import KeyPair
from quorate.dnssec.ksr import AlgorithmPolicy, Bundle, BundleKey, Family, Request, Response
from quorate.dnssec.request import proofs
from quorate.findings import meaning

DAY = timedelta(days=1)
RSA_SHA1 = 5
"""No policy can approve it (RFC 8624)."""


@dataclass(frozen=True, slots=True)
class Faulty:
    """A request with a fault: its name, what is wrong, and the code of the finding that it must provoke.

    `check`: the public name of the check that must find it, as people say it.
    """

    name: str
    wrong: str
    code: str
    request: Request

    @property
    def check(self) -> str:
        return STATED.get(self.code) or meaning(self.code).sentence.partition(":")[0]


STATED = {"ksr.stated_looser": "KSR-POLICY-SIG-VALIDITY"}
"""The check under which a finding of several is made here."""
NEEDS = {
    "no-proof": "a second ZSK in the first slot: --zsk-before",
    "more-keys": "a ZSK that is not in every slot: --zsk-before or --zsk-next",
    "padded": "an RSA key",
    **dict.fromkeys(("interval", "gap", "id-twice", "fewer"), "more than one slot"),
    "cycle": "more than two slots",
    **dict.fromkeys(("id-before", "chain-keys", "chain-overlap", "ksk-pair"), "the response before: --previous"),
}
"""Faults that not every request can have, and what they need."""


@dataclass(frozen=True, slots=True)
class Workshop:
    """A sound request with the keys that made it; `proof`: from when to when its proofs of possession are valid.

    `previous`: the response that it follows, for faults of the chain.
    """

    request: Request
    pairs: tuple[KeyPair, ...]
    proof: tuple[datetime, datetime]
    previous: Response | None = None

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
    faults += [*_tags(shop, middle), *(_chain(shop, shop.previous, middle) if shop.previous else ())]
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
    if len(shop.request.bundles) > 2:
        spread = tuple(moved(one, number * DAY) for number, one in enumerate(shop.request.bundles))
        request = replace(shop.request, bundles=spread)
        faults.append(("cycle", ("every slot waits a day longer", "ksr.bundle_cycle_duration", request)))
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
    hasty = replace(request.zsk, publish_safety=timedelta())
    sha1 = AlgorithmPolicy(RSA_SHA1, Family.RSA, 2048, 65537)
    older = replace(request.zsk, algorithms=tuple(sorted((*request.zsk.algorithms, sha1), key=_number)))
    faults = [
        ("zone", ("it is for another zone", "ksr.domain", replace(request, domain="elsewhere.example."))),
        (
            "stated",
            ("it states a longer validity than the operator's", "ksr.stated_looser", replace(request, zsk=stated)),
        ),
        ("safety", ("it states no PublishSafety", "ksr.policy_safety", replace(request, zsk=hasty))),
        ("algorithm", ("it states RSA with SHA-1", "ksr.policy_alg", replace(request, zsk=older))),
    ]
    if len(bundles) > 1:
        twice = (*bundles[:-1], replace(bundles[-1], id=bundles[0].id))
        faults.append(("id-twice", ("two slots have one id", "ksr.bundle_unique", replace(request, bundles=twice))))
        fewer = replace(request, bundles=bundles[:-1])
        faults.append(("fewer", ("the last slot is missing", "ksr.bundle_count", fewer)))
    return faults


def _number(kind: AlgorithmPolicy) -> int:
    return kind.algorithm


def _tags(shop: Workshop, at: int) -> Sequence[_Fault]:
    """A second key with the tag of the first. Nobody has its private half, so it proves nothing either."""
    key = shop.request.bundles[at - 1].keys[0]
    twin = _with_the_same_tag(key.dnskey)
    if twin is None:
        return ()
    other = replace(key, identifier=f"{key.identifier}-2", dnskey=twin)
    request = _unsigned(shop, at, lambda one: replace(one, keys=(*one.keys, other)))
    return [("tag-twice", ("a slot has two keys with one tag", "ksr.key_tags", request))]


def _with_the_same_tag(key: Dnskey) -> Dnskey | None:
    """Two words of the key changed over: the tag is a sum of words (RFC 4034 appendix B), and does not see it."""
    octets = key.public_key
    for place in range(8, min(len(octets), 64) - 4, 2):
        changed = octets[:place] + octets[place + 2 : place + 4] + octets[place : place + 2] + octets[place + 4 :]
        if changed != octets:
            return replace(key, public_key=changed)
    return None


def _chain(shop: Workshop, previous: Response, at: int) -> Sequence[_Fault]:
    """What is wrong beside the response before only; the proofs cover neither ids, nor times, nor names of keys."""
    request = shop.request
    late = tuple(
        replace(one, inception=one.inception + 8 * DAY, expiration=one.expiration + 8 * DAY) for one in request.bundles
    )
    faults = [
        ("id-before", ("it has the id of the request before", "ksr.id", replace(request, id=previous.id))),
        ("chain-overlap", ("everything is eight days later", "ksr.chain_overlap", replace(request, bundles=late))),
        ("chain-keys", ("a ZSK has another name than before", "ksr.chain_keys", _renamed(request))),
    ]
    if ksk := next((key for one in previous.bundles for key in one.ksks if not key.dnskey.is_revoked), None):
        dnskey = replace(ksk.dnskey, flags=ZSK_FLAGS)
        pair = replace(ksk, identifier="another", dnskey=dnskey, key_tag=dnskey.key_tag)
        request = _unsigned(shop, at, lambda one: replace(one, keys=(*one.keys, pair)))
        faults.append(("ksk-pair", ("a ZSK is the key pair of the KSK", "ksr.key_ksk", request)))
    return faults


def _renamed(request: Request) -> Request:
    """The request with other names for all its keys, the same in every slot."""
    return replace(
        request,
        bundles=tuple(
            replace(
                one,
                keys=tuple(replace(key, identifier=f"{key.identifier}-x") for key in one.keys),
                signatures=tuple(replace(made, identifier=f"{made.identifier}-x") for made in one.signatures),
            )
            for one in request.bundles
        ),
    )
