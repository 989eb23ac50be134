"""A zone by its operator's policy: KSKs whose public keys are at hand, what is promised, how a sequence is judged."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from quorate.dnssec.continuity import Rules
from quorate.dnssec.dnskey import Algorithm, Dnskey, dnskey_of
from quorate.dnssec.ksk import Ksks, known_ksks
from quorate.dnssec.ksr import KeyPolicy, Response
from quorate.dnssec.policy import Limits, Policy
from quorate.dnssec.response import Promise
from quorate.dnssec.schema import Schemas
from quorate.dnssec.simulate import Habits, refresh_interval
from quorate.findings import Refusal


def ksks_at_hand(policy: Policy, spkis: Iterable[bytes], responses: Iterable[Response] = ()) -> Ksks:
    """The policy's KSKs whose public key is among SPKIs (DER) or stands in an SKR."""
    keys = [key for spki in spkis for key in _as_dnskeys(policy, spki)]
    keys += [key.dnskey for response in responses for bundle in response.bundles for key in bundle.ksks]
    return known_ksks(policy, keys)


def _as_dnskeys(policy: Policy, spki: bytes) -> Iterator[Dnskey]:
    """The key as a KSK of each algorithm of the policy's pins that it can have."""
    for algorithm in sorted({pin.algorithm for pin in policy.ksks}):
        try:
            yield dnskey_of(spki, Algorithm(algorithm))
        except Refusal:
            continue


def promise_of(limits: Limits) -> Promise:
    """What the KSKs' side states in its ResponsePolicy, out of the limits of the day."""
    stated = KeyPolicy(
        limits.publish_safety,
        limits.retire_safety,
        limits.validity.most,
        limits.validity.least,
        limits.overlap.most,
        limits.overlap.least,
        (),
    )
    return Promise(stated, limits.ttl)


def rules_of(limits: Limits, schemas: Schemas, ksks: Ksks) -> Rules:
    """What a sequence of SKRs is judged by; without a hold-down in the policy, validators have RFC 5011's own."""
    refresh = refresh_interval(limits.ttl, limits.validity.least)
    held = limits.hold_down
    habits = Habits(held, held, refresh) if held else Habits(refresh=refresh)
    return Rules(schemas, ksks, habits, limits.publish_safety, limits.retire_safety)
