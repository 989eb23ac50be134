"""Requests beyond the operator's limits, or against what they state of themselves."""

from __future__ import annotations

from datetime import timedelta

from msgspec.structs import replace

from ksr_cases import (
    AT,
    ROOT,
    SECOND,
    TLD,
    Cases,
    at_slot,
    later,
    longer,
    of_bundle,
    of_zsk,
    sign_ttl,
    tld_plan,
    tld_policy,
    with_ttl,
)
from ksr_cases_good import first_expiration, last_expiration
from ksr_making import (
    DAY,
    pair,
)
from quorate.dnssec.ksr import AlgorithmPolicy, Family
from quorate.dnssec.policy import Range


def limit_cases(made: Cases) -> None:
    long = replace(TLD.next, validity=60 * DAY, overlap=(9 * DAY, 60 * DAY))
    made.tld(
        "sixty-days",
        "signatures of sixty days, and stated so",
        "ksr.policy_sig_validity",
        "ksr.policy_sig_overlap",
        "ksr.stated_looser",
        cycle=long,
    )
    root_long = replace(ROOT.next, validity=60 * DAY, overlap=(9 * DAY, 60 * DAY))
    made.root(
        "sixty-days",
        "signatures of sixty days, and stated so",
        "ksr.policy_sig_validity",
        "ksr.policy_sig_overlap",
        "ksr.policy_sig_horizon",
        "ksr.stated_looser",
        cycle=root_long,
    )
    for name, length in (("longer", SECOND), ("shorter", -SECOND)):
        made.tld(
            f"validity-a-second-{name}",
            "a signature a second off",
            "ksr.policy_sig_validity",
            "ksr.stated_validity",
            change=at_slot(4, longer(length)),
        )
    made.tld(
        "validity-negative",
        "a slot that expires before it begins",
        "ksr.policy_sig_validity",
        "ksr.stated_validity",
        "ksr.policy_sig_horizon",
        change=at_slot(4, longer(-130 * DAY)),
    )
    made.tld(
        "validity-nothing",
        "a slot that expires as it begins",
        "ksr.policy_sig_validity",
        "ksr.stated_validity",
        change=at_slot(4, longer(-21 * DAY)),
    )
    gap = tld_policy(interval=Range(9 * DAY, 40 * DAY), cycle=Range(20 * DAY, 90 * DAY), horizon=400 * DAY)
    made.tld(
        "gap",
        "a day between two slots",
        "ksr.policy_sig_overlap",
        "ksr.stated_overlap",
        held=gap,
        cycle=replace(TLD.next, step=22 * DAY),
    )
    made.tld(
        "overlap-short",
        "an overlap of eight days",
        "ksr.policy_sig_overlap",
        "ksr.stated_overlap",
        held=gap,
        cycle=replace(TLD.next, step=13 * DAY),
    )
    made.tld(
        "overlap-none",
        "slots that touch",
        "ksr.policy_sig_overlap",
        "ksr.stated_overlap",
        held=gap,
        cycle=replace(TLD.next, step=21 * DAY),
    )
    narrow = tld_policy(overlap=Range(9 * DAY, 10 * DAY))
    made.tld(
        "overlap-long",
        "an overlap of eleven days where ten are allowed",
        "ksr.policy_sig_overlap",
        "ksr.stated_looser",
        "ksr.chain_overlap",
        held=narrow,
    )
    made.tld(
        "interval-short",
        "a slot begins eight days after the one before",
        "ksr.policy_bundle_intervals",
        "ksr.stated_overlap",
        change=at_slot(3, later(-2 * DAY)),
    )
    made.tld(
        "interval-backwards",
        "slots in another order",
        "ksr.policy_bundle_intervals",
        "ksr.policy_sig_overlap",
        "ksr.stated_overlap",
        after=lambda one: replace(one, bundles=(one.bundles[0], one.bundles[2], one.bundles[1], one.bundles[3])),
    )
    made.tld(
        "same-inception",
        "two slots that begin together",
        "ksr.policy_bundle_intervals",
        "ksr.policy_sig_overlap",
        "ksr.stated_overlap",
        change=at_slot(3, later(-10 * DAY)),
    )
    made.tld(
        "horizon-a-second",
        "expires a second beyond the horizon",
        "ksr.policy_sig_horizon",
        at=last_expiration() - 180 * DAY - SECOND,
    )
    made.root("horizon", "asked for half a year ahead", "ksr.policy_sig_horizon", at=AT - 60 * DAY)
    made.tld("expired", "a request of a year ago", "ksr.policy_sig_horizon", at=AT + 365 * DAY)
    made.tld("expires-now", "the first slot expires at this moment", "ksr.policy_sig_horizon", at=first_expiration())
    made.tld(
        "keys-in-a-slot",
        "a key too many in a slot",
        "ksr.policy_keys",
        plan=[*tld_plan()[:2], tld_plan()[3], tld_plan()[3]],
    )
    made.tld(
        "keys-in-all", "a fourth key", "ksr.policy_keys", plan=[tld_plan()[0], [pair("zsk-p256-5")], *tld_plan()[2:]]
    )
    made.tld("no-new-key", "no key for the next quarter", "ksr.policy_keys", plan=[*tld_plan()[:3], tld_plan()[1]])
    made.tld(
        "ttl",
        "the TTL of an hour where two days are asked for",
        "ksr.policy_ttl",
        "ksr.chain_keys",
        change=with_ttl,
        after=sign_ttl,
    )
    made.tld(
        "ttl-of-a-signature",
        "a signature's record has another TTL",
        "ksr.policy_ttl",
        after=of_bundle(2, lambda one: replace(one, signatures=(replace(one.signatures[0], ttl=1),))),
    )
    made.tld(
        "publish-safety", "keys are published for nine days", "ksr.policy_safety", after=of_zsk(publish_safety=9 * DAY)
    )
    made.tld(
        "retire-safety", "keys are retired for nine days", "ksr.policy_safety", after=of_zsk(retire_safety=9 * DAY)
    )


def stated_cases(made: Cases) -> None:
    made.tld(
        "stated-validity-looser",
        "states up to thirty days",
        "ksr.stated_looser",
        after=of_zsk(max_signature_validity=30 * DAY),
    )
    made.tld(
        "stated-validity-less", "states from one day on", "ksr.stated_looser", after=of_zsk(min_signature_validity=DAY)
    )
    made.tld(
        "stated-validity-turned",
        "states a least above its most",
        "ksr.stated_looser",
        "ksr.stated_validity",
        after=of_zsk(min_signature_validity=22 * DAY),
    )
    made.tld(
        "stated-overlap-looser",
        "states an overlap of up to twenty days",
        "ksr.stated_looser",
        after=of_zsk(max_validity_overlap=20 * DAY),
    )
    made.tld(
        "stated-overlap-none",
        "states that slots need not overlap",
        "ksr.stated_looser",
        after=of_zsk(min_validity_overlap=timedelta()),
    )
    made.tld(
        "stated-overlap-tighter",
        "states an overlap of at most ten days and asks for eleven",
        "ksr.stated_overlap",
        "ksr.stated_chain_overlap",
        after=of_zsk(max_validity_overlap=10 * DAY),
    )
    wide = tld_policy(validity=Range(15 * DAY, 21 * DAY))
    made.tld(
        "stated-validity-tighter",
        "states at most fifteen days and asks for twenty-one",
        "ksr.stated_validity",
        held=wide,
        after=of_zsk(min_signature_validity=15 * DAY, max_signature_validity=15 * DAY),
    )
    made.root(
        "stated-exponent",
        "states the exponent 3, and has none",
        "ksr.stated_parameters",
        after=of_zsk(algorithms=(AlgorithmPolicy(8, Family.RSA, 2048, 3),)),
    )
    made.root(
        "stated-size",
        "states 4096 bits, and has none",
        "ksr.stated_parameters",
        after=of_zsk(algorithms=(AlgorithmPolicy(8, Family.RSA, 4096, 65537),)),
    )
    made.tld(
        "stated-size-of-a-curve",
        "states P-256 with 384 bits",
        "ksr.stated_parameters",
        after=of_zsk(algorithms=(AlgorithmPolicy(13, Family.ECDSA, 384),)),
    )
    made.tld(
        "stated-family",
        "states P-256 as RSA",
        "ksr.stated_parameters",
        after=of_zsk(algorithms=(AlgorithmPolicy(13, Family.RSA, 256, 3),)),
    )
    made.tld(
        "stated-dsa",
        "states DSA beside",
        "ksr.policy_alg",
        after=lambda one: of_zsk(algorithms=(*one.zsk.algorithms, AlgorithmPolicy(3, Family.DSA, 1024)))(one),
    )
    made.tld(
        "stated-other",
        "states RSA and has P-256",
        "ksr.policy_alg",
        "ksr.bundle_keys",
        after=of_zsk(algorithms=(AlgorithmPolicy(8, Family.RSA, 2048, 65537),)),
    )
