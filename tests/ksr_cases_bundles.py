"""Bundles with wrong keys, ids and proofs of possession."""

from __future__ import annotations

from msgspec.structs import replace

from ksr_cases import (
    TLD,
    Cases,
    Plan,
    at_slot,
    first_key,
    first_signature,
    later,
    of_bundle,
    of_dnskey,
    substituted,
    tld_before,
    tld_plan,
    zsks,
)
from ksr_making import (
    DAY,
    bundle_key,
    make_request,
    pair,
    zsk_plan,
)
from quorate.dnssec.ksr import Bundle


def bundle_cases(made: Cases) -> None:
    twice = tld_before().bundles[0].id
    made.tld(
        "bundle-id-before",
        "a bundle id of the response before",
        "ksr.bundle_unique",
        after=of_bundle(3, lambda one: replace(one, id=twice)),
    )
    third = make_request(TLD.next, tld_plan()).bundles[2].id
    made.tld(
        "bundle-id-twice",
        "two bundles of one id",
        "ksr.bundle_unique",
        after=of_bundle(2, lambda one: replace(one, id=third)),
    )
    made.tld("bundle-id-seen", "a bundle id of long ago", "ksr.bundle_unique", seen=(third,))
    fewer = tld_plan()[:3]
    made.tld(
        "three-bundles",
        "a bundle is missing",
        "ksr.bundle_count",
        "ksr.policy_keys",
        "ksr.bundle_cycle_duration",
        plan=[*fewer[:2], tld_plan()[3]],
        cycle=replace(TLD.next, slots=3),
    )
    more = zsk_plan(replace(TLD.next, slots=5), *zsks("p256", 2, 3, 4))
    made.tld(
        "five-bundles",
        "a bundle too many",
        "ksr.bundle_count",
        "ksr.policy_keys",
        "ksr.bundle_cycle_duration",
        plan=more,
        cycle=replace(TLD.next, slots=5),
    )
    made.tld(
        "one-bundle",
        "one bundle alone",
        "ksr.bundle_count",
        "ksr.policy_keys",
        "ksr.bundle_cycle_duration",
        plan=[tld_plan()[0]],
        cycle=replace(TLD.next, slots=1),
    )
    made.tld(
        "flags-ksk",
        "a key with the flags of a KSK",
        "ksr.bundle_keys",
        "ksr.policy_keys",
        change=at_slot(2, of_dnskey(flags=257)),
    )
    made.tld(
        "flags-revoked", "a revoked key", "ksr.bundle_keys", "ksr.policy_keys", change=at_slot(2, of_dnskey(flags=385))
    )
    made.tld(
        "flags-none",
        "a key that is no zone key",
        "ksr.bundle_keys",
        "ksr.policy_keys",
        change=at_slot(2, of_dnskey(flags=0)),
    )
    made.tld(
        "protocol",
        "a key of protocol 2",
        "ksr.bundle_keys",
        "ksr.policy_keys",
        change=at_slot(2, of_dnskey(protocol=2)),
    )
    made.tld(
        "key-tag",
        "a key with the tag of another",
        "ksr.bundle_keys",
        after=of_bundle(2, first_key(lambda key: replace(key, key_tag=key.key_tag ^ 1))),
    )
    made.tld(
        "key-twice",
        "a key twice in one slot",
        "ksr.bundle_keys",
        "ksr.policy_keys",
        after=of_bundle(2, lambda one: replace(one, keys=one.keys * 2)),
    )
    made.tld("identifier-of-two", "two keys of one identifier", "ksr.bundle_keys", plan=renamed(4, "zsk-p256-3"))
    made.tld(
        "identifiers-of-one",
        "a key with two identifiers",
        "ksr.bundle_keys",
        change=at_slot(2, first_key(lambda key: replace(key, identifier="other"))),
        after=of_bundle(2, lambda one: replace(one, signatures=(replace(one.signatures[0], identifier="other"),))),
    )
    made.tld(
        "ttl-of-a-key",
        "one key has another TTL",
        "ksr.bundle_keys",
        "ksr.policy_ttl",
        change=at_slot(2, first_key(lambda key: replace(key, ttl=60))),
    )
    made.tld("cycle-short", "slots nine days apart", "ksr.bundle_cycle_duration", cycle=replace(TLD.next, step=9 * DAY))
    made.tld(
        "cycle-long", "slots eleven days apart", "ksr.bundle_cycle_duration", cycle=replace(TLD.next, step=11 * DAY)
    )
    made.root(
        "cycle-of-82-days",
        "the last slot begins two days late",
        "ksr.bundle_cycle_duration",
        "ksr.policy_bundle_intervals",
        "ksr.policy_sig_overlap",
        "ksr.stated_overlap",
        change=at_slot(9, later(2 * DAY)),
    )


def renamed(number: int, identifier: str) -> Plan:
    key = pair(f"zsk-p256-{number}")
    return substituted(tld_plan(), key, replace(key, identifier=identifier))


def possession_cases(made: Cases) -> None:
    flip = lambda one: bytes([one.signatures[0].rrsig.signature[0] ^ 1]) + one.signatures[0].rrsig.signature[1:]  # noqa: E731
    made.tld(
        "pop-flipped",
        "a signature with a flipped bit",
        "ksr.bundle_pop",
        after=of_bundle(2, lambda one: first_signature(signature=flip(one))(one)),
    )
    made.root(
        "pop-flipped",
        "a signature with a flipped bit",
        "ksr.bundle_pop",
        after=of_bundle(9, lambda one: first_signature(signature=flip(one))(one)),
    )
    made.tld(
        "pop-zero", "a signature of zeros", "ksr.bundle_pop", after=of_bundle(2, first_signature(signature=bytes(64)))
    )
    made.tld(
        "pop-short",
        "a signature that is too short",
        "ksr.bundle_pop",
        after=of_bundle(2, first_signature(signature=b"\1" * 63)),
    )
    made.tld(
        "pop-missing",
        "a key without a signature",
        "ksr.bundle_pop",
        after=of_bundle(1, lambda one: replace(one, signatures=one.signatures[:1])),
    )
    made.tld(
        "pop-twice",
        "two signatures of one key",
        "ksr.bundle_pop",
        after=of_bundle(1, lambda one: replace(one, signatures=(*one.signatures, one.signatures[0]))),
    )
    made.tld(
        "pop-stranger", "a signature of a key that is not there", "ksr.bundle_pop", after=of_bundle(2, stranger_signs)
    )
    made.tld(
        "pop-of-another-slot",
        "the signature of another slot",
        "ksr.bundle_pop",
        after=lambda one: of_bundle(2, lambda two: replace(two, signatures=(one.bundles[3].signatures[0],)))(one),
    )
    made.tld(
        "pop-key-exchanged",
        "a key exchanged after it was signed",
        "ksr.bundle_pop",
        after=of_bundle(
            4, lambda one: replace(one, keys=(one.keys[0], bundle_key(pair("zsk-p256-5").dnskey, "zsk-p256-5")))
        ),
    )
    made.tld(
        "pop-labels", "a signature for a wildcard", "ksr.bundle_pop", after=of_bundle(2, first_signature(labels=0))
    )
    made.tld(
        "pop-tag",
        "a signature that states another tag",
        "ksr.bundle_pop",
        after=of_bundle(2, first_signature(key_tag=1)),
    )
    made.tld(
        "pop-algorithm",
        "a signature that states another algorithm",
        "ksr.bundle_pop",
        after=of_bundle(2, first_signature(algorithm=14)),
    )
    made.tld(
        "pop-original-ttl",
        "a signature over another TTL",
        "ksr.bundle_pop",
        "ksr.policy_ttl",
        after=of_bundle(2, first_signature(original_ttl=1)),
    )
    made.tld(
        "pop-identifier",
        "a signature under another name",
        "ksr.bundle_pop",
        after=of_bundle(2, lambda one: replace(one, signatures=(replace(one.signatures[0], identifier="other"),))),
    )
    made.root(
        "pop-padded",
        "zeros before an RSA signature",
        "ksr.bundle_pop",
        after=of_bundle(2, lambda one: first_signature(signature=b"\0" + one.signatures[0].rrsig.signature)(one)),
    )


def stranger_signs(bundle: Bundle) -> Bundle:
    from ksr_making import signed

    first = bundle.signatures[0].rrsig
    other = signed(
        bundle, [(pair("zsk-p256-6"), pair("zsk-p256-6").dnskey)], "example.", (first.inception, first.expiration)
    )
    return replace(bundle, signatures=(*bundle.signatures, *other.signatures))
