"""Of the keys themselves, whoever vouches for them: their strength, and that no two have one tag."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

from msgspec.structs import replace

from quorate.dnssec.checks.case import Case
from quorate.dnssec.checks.limits import is_approved
from quorate.dnssec.dnskey import (
    EDWARDS,
    KSK_FLAGS,
    Dnskey,
    is_edwards_point,
    key_algorithm,
    load_public,
    revoked_tags,
    rsa_numbers,
)
from quorate.dnssec.verify import LARGEST_EXPONENT, LARGEST_MODULUS
from quorate.findings import Finding, Refusal, found
from quorate.moduli import has_close_primes, is_prime_power, is_roca, small_factor

MOST_TESTED = 12
"""Different keys that are looked at: more than any zone's request has, and few enough to be quick."""


def ksr_key_strength(case: Case) -> Iterator[Finding]:
    """KSR-KEY-STRENGTH: a modulus and exponent in their one form and without known weakness; a point on its curve.

    The true size of the modulus is KSR-POLICY-ALG's. To ask whether a modulus is a prime or a power takes long, and is
    done with keys that could be accepted: of an approved kind, and new, as the others were asked a quarter before.
    """
    for number, (dnskey, (where, key)) in enumerate(case.keys.items()):
        if number == MOST_TESTED:
            yield found("ksr.key_strength", where, tag=key.key_tag, problem="it is one of too many to be looked at")
            return
        for problem in _weaknesses(dnskey, dnskey not in case.known and is_approved(dnskey, case.limits)):
            yield found("ksr.key_strength", where, tag=key.key_tag, problem=problem)


def _weaknesses(dnskey: Dnskey, thorough: bool) -> Iterator[str]:
    try:
        if not key_algorithm(dnskey).is_rsa:
            load_public(dnskey)
            if key_algorithm(dnskey) in EDWARDS and not is_edwards_point(dnskey):
                yield f"it is no point of {key_algorithm(dnskey).name}'s curve, or one of small order"
            return
        exponent, modulus, canonical = rsa_numbers(dnskey.public_key)
    except Refusal as refusal:
        yield dict(refusal.findings[0].facts)["detail"]
        return
    if not canonical:
        yield "its exponent or modulus has leading zeros"
    if exponent < 3 or exponent % 2 == 0 or exponent >= LARGEST_EXPONENT:
        yield "its exponent is not an odd number from 3 to 2^33"
    if modulus.bit_length() > LARGEST_MODULUS:
        yield f"its modulus has more than {LARGEST_MODULUS} bits"
    elif modulus % 2 == 0:
        yield "its modulus is even"
    elif factor := small_factor(modulus):
        yield f"its modulus has the factor {factor}"
    elif modulus < 2**500:
        yield "its modulus is short enough to be factored"
    elif thorough and is_prime_power(modulus):
        yield "its modulus is a prime or a power"
    elif has_close_primes(modulus):
        yield "its modulus was factored by Fermat's method"
    elif is_roca(modulus):
        yield "its modulus has the fingerprint of CVE-2017-15361 (ROCA)"


def ksr_key_tags(case: Case) -> Iterator[Finding]:
    """KSR-KEY-TAGS: no two keys have one tag, ZSKs and KSKs alike, nor a ZSK that of a KSK once it is revoked.

    A validator has to try every key of a tag, and some give up (CVE-2023-50387).
    """
    for one, other in combinations(list(case.keys)[:MOST_TESTED], 2):
        if one.key_tag == other.key_tag:
            where, _ = case.keys[other]
            yield found("ksr.key_tags", where, tag=one.key_tag, other=f"another key of {case.keys[one][0]}")
    ksks = dict(_ksk_tags(case))
    for where, key in case.keys.values():
        if name := ksks.get(key.dnskey.key_tag):
            yield found("ksr.key_tags", where, tag=key.dnskey.key_tag, other=name)


def _ksk_tags(case: Case) -> Iterator[tuple[int, str]]:
    """The tags of the KSKs of the policy that may still stand beside these ZSKs, and of those in the SKR before."""
    begins = case.request.bundles[0].inception.date().isoformat()
    seen = [dnskey for dnskey in case.known if dnskey.is_ksk]
    for ksk in case.policy.ksks:
        if not ksk.until or ksk.until >= begins:
            yield ksk.key_tag, f"the KSK {ksk.id}"
            if not any(ksk.matches(dnskey, case.policy.zone) for dnskey in seen):
                yield from ((tag, f"the KSK {ksk.id} when it is revoked") for tag in revoked_tags(ksk.key_tag))
    for dnskey in seen:
        yield dnskey.unrevoked.key_tag, "a KSK of the SKR before"
        yield dnskey.revoked.key_tag, "a KSK of the SKR before, when it is revoked"


def ksr_key_ksk(case: Case) -> Iterator[Finding]:
    """KSR-KEY-KSK: no ZSK is the key pair of a KSK: who holds the one would sign the keys as well as the zone."""
    for dnskey, (where, key) in case.keys.items():
        if dnskey.is_ksk:
            continue  # KSR-BUNDLE-KEYS has said so
        as_ksk = replace(dnskey, flags=KSK_FLAGS)
        known = case.policy.ksk_of(as_ksk)
        if known is not None or any(one.same_key(as_ksk) for one in case.known if one.is_ksk):
            name = known.id if known is not None else str(as_ksk.key_tag)
            yield found("ksr.key_ksk", where, tag=key.key_tag, ksk=name)
