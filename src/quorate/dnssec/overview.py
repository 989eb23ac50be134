"""What differs between a request and the quarter before, for people to compare. Floor 2."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from quorate.dnssec.checks.limits import key_parameters
from quorate.dnssec.dnskey import Dnskey
from quorate.dnssec.duration import duration_text
from quorate.dnssec.ksr import Bundle, BundleKey, KeyPolicy, Request, Response


def differences(request: Request, previous: Response) -> tuple[str, ...]:
    """What is new, what goes and what stays: keys with their slots, times, and what is stated."""
    return (*_keys(request, previous), *_times(request, previous), *_stated(request.zsk, previous.zsk))


def _keys(request: Request, previous: Response) -> Iterator[str]:
    now, before = _slots(request.bundles), _slots(previous.bundles)
    for dnskey, (key, slots) in before.items():
        if dnskey not in now:
            yield f"- {_described(key)}, {spoken(slots)} before"
    for dnskey, (key, slots) in now.items():
        if dnskey in before:
            yield f"  {_described(key)}, {spoken(slots)}; {spoken(before[dnskey][1])} before"
        else:
            yield f"+ {_described(key)}, {spoken(slots)}"


def _slots(bundles: Sequence[Bundle]) -> dict[Dnskey, tuple[BundleKey, list[int]]]:
    """Each ZSK with the slots that it stands in."""
    found: dict[Dnskey, tuple[BundleKey, list[int]]] = {}
    for number, bundle in enumerate(bundles, 1):
        for key in bundle.keys:
            if not key.dnskey.is_ksk:
                found.setdefault(key.dnskey, (key, []))[1].append(number)
    return found


def _described(key: BundleKey) -> str:
    kind = key_parameters(key.dnskey)
    return f"{key.dnskey.key_tag} {kind.described if kind else f'algorithm {key.dnskey.algorithm}'}"


def spoken(slots: Sequence[int], noun: str = "slot") -> str:
    """Numbers of slots in words: `slot 9`, `slots 1, 9`, `slots 1-9`."""
    if len(slots) > 2 and list(slots) == list(range(slots[0], slots[-1] + 1)):
        return f"{noun}s {slots[0]}-{slots[-1]}"
    return f"{noun}{'s' * (len(slots) > 1)} {', '.join(map(str, slots))}"


def _times(request: Request, previous: Response) -> Iterator[str]:
    now, before = _span(request.bundles), _span(previous.bundles)
    yield f"{'  ' if now[1:] == before[1:] else '! '}{', '.join(now)}; {', '.join(before)} before"


def _span(bundles: Sequence[Bundle]) -> tuple[str, ...]:
    lengths = sorted({bundle.expiration - bundle.inception for bundle in bundles})
    steps = sorted({after.inception - one.inception for one, after in pairwise(bundles)})
    return (
        f"{bundles[0].inception:%Y-%m-%d} to {bundles[-1].expiration:%Y-%m-%d}",
        f"{len(bundles)} slots of {' or '.join(map(duration_text, lengths))}",
        f"{' or '.join(map(duration_text, steps)) or 'no time'} apart",
    )


def _stated(now: KeyPolicy, before: KeyPolicy) -> Iterator[str]:
    """What the request states otherwise than the one before did."""
    for name, one, other in zip(_NAMES, _lengths(now), _lengths(before), strict=True):
        if one != other:
            yield f"! states {name} {one}; {other} before"
    one, other = (", ".join(sorted(kind.described for kind in policy.algorithms)) for policy in (now, before))
    if one != other:
        yield f"! states {one}; {other} before"


_NAMES = (
    "PublishSafety",
    "RetireSafety",
    "MaxSignatureValidity",
    "MinSignatureValidity",
    "MaxValidityOverlap",
    "MinValidityOverlap",
)


def _lengths(policy: KeyPolicy) -> tuple[str, ...]:
    return tuple(
        duration_text(length)
        for length in (
            policy.publish_safety,
            policy.retire_safety,
            policy.max_signature_validity,
            policy.min_signature_validity,
            policy.max_validity_overlap,
            policy.min_validity_overlap,
        )
    )
