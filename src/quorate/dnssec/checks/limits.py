"""Of the operator's limits, which hold whatever a request states; what it states of itself can only be tighter."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from itertools import pairwise

from quorate.dnssec.checks.case import Case
from quorate.dnssec.dnskey import Dnskey, key_algorithm, rsa_numbers
from quorate.dnssec.duration import duration_text
from quorate.dnssec.ksr import AlgorithmPolicy, Family
from quorate.dnssec.policy import Limits, Range
from quorate.findings import Finding, Refusal, found


def ksr_policy_keys(case: Case) -> Iterator[Finding]:
    """KSR-POLICY-KEYS: as many ZSKs in each slot and in all as the policy lists, all with its TTL."""
    counts = tuple(len(bundle.keys) for bundle in case.request.bundles)
    if not any(one.slots == counts and one.different == len(case.keys) for one in case.limits.keys):
        listed = " or ".join(f"{_listed(one.slots)} ({one.different})" for one in case.limits.keys)
        for where in _unlisted(counts, case.limits):
            yield found("ksr.policy_keys", where, counts=f"{_listed(counts)} ({len(case.keys)})", listed=listed)
    for where, bundle in case.slots:
        ttls = [key.ttl for key in bundle.keys]
        ttls += [ttl for one in bundle.signatures for ttl in (one.ttl, one.rrsig.original_ttl)]
        for ttl in sorted(set(ttls) - {case.limits.ttl}):
            yield found("ksr.policy_ttl", where, ttl=ttl, expected=case.limits.ttl)


def _unlisted(counts: tuple[int, ...], limits: Limits) -> list[str]:
    """The slots with other numbers of keys than the pattern has; the request itself where none or several may be."""
    (pattern, *others) = limits.keys
    pairs = enumerate(zip(counts, pattern.slots, strict=False), 1)
    slots = [f"slot {number}" for number, (has, due) in pairs if has != due and not others]
    return slots if slots and len(counts) == len(pattern.slots) else [""]


def _listed(numbers: tuple[int, ...]) -> str:
    return ",".join(str(number) for number in numbers[:20]) + (",…" if len(numbers) > 20 else "")


def ksr_policy_alg(case: Case) -> Iterator[Finding]:
    """KSR-POLICY-ALG: keys of approved algorithms, sizes and exponents; and none stated but approved ones.

    The size of a modulus is that of the number, not of the octets that hold it (RFC 3110 2).
    """
    approved = ", ".join(str(int(kind.algorithm)) for kind in case.limits.algorithms)
    for one in case.request.zsk.algorithms:
        if case.limits.kind(one.algorithm) is None:
            yield found("ksr.policy_alg", problem=f"algorithm {one.algorithm} is stated, approved are {approved}")
        elif problem := _unapproved(one, case.limits):
            yield found("ksr.stated_parameters", name="KSR-POLICY-ALG", problem=f"stated is {problem}")
    for where, key in case.keys.values():
        kind = key_parameters(key.dnskey)
        if case.limits.kind(key.dnskey.algorithm) is None:
            problem = f"key {key.key_tag} is of algorithm {key.dnskey.algorithm}, approved are {approved}"
            yield found("ksr.policy_alg", where, problem=problem)
        elif kind and (problem := _unapproved(kind, case.limits)):
            yield found("ksr.policy_alg", where, problem=f"key {key.key_tag} is of {problem}")


def key_parameters(dnskey: Dnskey) -> AlgorithmPolicy | None:
    """A key's kind as a policy speaks of it, by its true size; None if it is no key of an algorithm of ours."""
    try:
        algorithm = key_algorithm(dnskey)
        if algorithm.is_rsa:
            exponent, modulus, _ = rsa_numbers(dnskey.public_key)
            return AlgorithmPolicy(algorithm, Family.RSA, modulus.bit_length(), exponent)
    except Refusal:
        return None
    family = Family.ECDSA if algorithm.name.startswith("ECDSA") else Family.EDDSA
    return AlgorithmPolicy(algorithm, family, algorithm.key_bits)


def is_approved(dnskey: Dnskey, limits: Limits) -> bool:
    """Whether a key is of a kind that the operator approves."""
    kind = key_parameters(dnskey)
    return kind is not None and limits.kind(kind.algorithm) is not None and not _unapproved(kind, limits)


def _unapproved(one: AlgorithmPolicy, limits: Limits) -> str:
    """What is wrong with the parameters of an approved algorithm."""
    kind = limits.kind(one.algorithm)
    assert kind is not None
    algorithm = kind.algorithm
    if not algorithm.is_rsa:
        family = Family.ECDSA if algorithm.name.startswith("ECDSA") else Family.EDDSA
        good = (one.family, one.size) == (family, algorithm.key_bits)
        return (
            "" if good else f"{one.described}, algorithm {one.algorithm} is {family.value} of {algorithm.key_bits} bits"
        )
    if one.family is Family.RSA and one.size in kind.sizes and one.exponent in kind.exponents:
        return ""
    sizes, exponents = (", ".join(map(str, numbers)) for numbers in (kind.sizes, kind.exponents))
    return f"{one.described}, approved are RSA of {sizes} bits with exponent {exponents}"


def ksr_policy_safety(case: Case) -> Iterator[Finding]:
    """KSR-POLICY-SAFETY: ZSKs are published before and after they sign for at least as long as the operator asks."""
    stated = case.request.zsk
    for what, length, least in (
        ("PublishSafety", stated.publish_safety, case.limits.zsk_publish_safety),
        ("RetireSafety", stated.retire_safety, case.limits.zsk_retire_safety),
    ):
        if length < least:
            yield found("ksr.policy_safety", what=what, length=duration_text(length), least=duration_text(least))


def ksr_policy_sig_overlap(case: Case) -> Iterator[Finding]:
    """KSR-POLICY-SIG-OVERLAP: neighbouring slots overlap, by the operator's limits and by what the request states."""
    stated = Range(case.request.zsk.min_validity_overlap, case.request.zsk.max_validity_overlap)
    yield from _looser("KSR-POLICY-SIG-OVERLAP", "overlap", stated, case.limits.overlap)
    for (_, before), (where, bundle) in pairwise(case.slots):
        yield from overlap_findings(where, before.expiration - bundle.inception, case.limits.overlap, stated)


def overlap_findings(
    where: str, length: timedelta, limit: Range, stated: Range | None, chain: bool = False
) -> Iterator[Finding]:
    """An overlap against the operator's limit and the requester's own, if it states one; a negative one is a gap."""
    shown = duration_text(length) if length >= timedelta() else f"a gap of {duration_text(-length)}"
    if not limit.holds(length):
        code = "ksr.chain_overlap" if chain else "ksr.policy_sig_overlap"
        yield found(code, where, length=shown, range=limit)
    if stated is not None and not stated.holds(length):
        code = "ksr.stated_chain_overlap" if chain else "ksr.stated_overlap"
        yield found(code, where, length=shown, range=stated)


def ksr_policy_sig_validity(case: Case) -> Iterator[Finding]:
    """KSR-POLICY-SIG-VALIDITY: signatures are asked for within the operator's limits and what the request states."""
    stated = Range(case.request.zsk.min_signature_validity, case.request.zsk.max_signature_validity)
    yield from _looser("KSR-POLICY-SIG-VALIDITY", "validity", stated, case.limits.validity)
    for where, bundle in case.slots:
        length = bundle.expiration - bundle.inception
        shown = duration_text(length) if length >= timedelta() else f"-{duration_text(-length)}"
        if not case.limits.validity.holds(length):
            yield found("ksr.policy_sig_validity", where, length=shown, range=case.limits.validity)
        if not stated.holds(length):
            yield found("ksr.stated_validity", where, length=shown, range=stated)


def _looser(name: str, what: str, stated: Range, limit: Range) -> Iterator[Finding]:
    """A request may keep to less than the operator allows, and may not claim more."""
    if stated.least < limit.least or stated.most > limit.most or stated.least > stated.most:
        yield found("ksr.stated_looser", name=name, what=what, stated=stated, range=limit)


def ksr_policy_sig_horizon(case: Case) -> Iterator[Finding]:
    """KSR-POLICY-SIG-HORIZON: no signature is asked for that has expired, or expires too far ahead; to the second."""
    last = case.at + case.limits.horizon
    over = max((bundle.expiration for _, bundle in case.slots), default=case.at)
    for where, bundle in case.slots:
        if bundle.expiration > last:
            problem = f"expires {bundle.expiration:%Y-%m-%dT%H:%M:%SZ}, later than {last:%Y-%m-%dT%H:%M:%SZ}"
            yield found("ksr.policy_sig_horizon", where, problem=problem)
        if over <= case.at:
            problem = f"expired as the whole request has, {over:%Y-%m-%dT%H:%M:%SZ}; --at judges it for its own day"
            yield found("ksr.policy_sig_horizon", where, problem=problem)
        elif bundle.expiration <= case.at:
            problem = f"expired {bundle.expiration:%Y-%m-%dT%H:%M:%SZ}, before the moment of this check"
            yield found("ksr.policy_sig_horizon", where, problem=problem)


def ksr_policy_bundle_intervals(case: Case) -> Iterator[Finding]:
    """KSR-POLICY-BUNDLE-INTERVALS: slots begin one after the other, by the operator's limits apart."""
    for (_, before), (where, bundle) in pairwise(case.slots):
        length = bundle.inception - before.inception
        if not case.limits.interval.holds(length):
            shown = duration_text(length) if length >= timedelta() else f"-{duration_text(-length)}"
            yield found("ksr.policy_bundle_intervals", where, length=shown, range=case.limits.interval)
