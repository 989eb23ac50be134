"""The cases of `vectors/dnssec`: requests good and bad, with what every one of them is to be told.

    python tests/ksr_cases.py      # writes them all anew; the bytes are the same every time

Each case is a request, the response before it, a policy and a moment, and differs from a good one in one thing.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
from msgspec.structs import replace

from ksr_making import (
    DAY,
    TTL,
    Cycle,
    Pair,
    make_request,
    make_response,
    normal,
    pair,
    zsk_plan,
)
from quorate.dnssec.dnskey import Algorithm, DigestType
from quorate.dnssec.ksr import Bundle, BundleKey, Request, Response
from quorate.dnssec.ksr_layout import write_ksr, write_skr
from quorate.dnssec.policy import KeyCount, KeyKind, Ksk, Limits, Policy, PolicyException, Range

VECTORS = Path(__file__).resolve().parent.parent / "vectors" / "dnssec"
SECOND = timedelta(seconds=1)
ROOT = Cycle(".", datetime(2026, 7, 1, tzinfo=UTC))
TLD = Cycle("example.", datetime(2026, 8, 22, tzinfo=UTC), slots=4)
AT = datetime(2026, 8, 12, 21, 0, 0, tzinfo=UTC)

Plan = list[list[Pair]]


class Case(msgspec.Struct, frozen=True):
    """`expect`: codes of findings, none if the request is accepted; `accepted`: codes that an exception accepts.

    `previous` is None at a genesis.
    """

    name: str
    about: str
    ksr: bytes
    previous: bytes | None
    policy: Policy
    at: datetime
    expect: tuple[str, ...]
    accepted: tuple[str, ...] = ()
    seen: tuple[str, ...] = ()


# -- policies ---------------------------------------------------------------------------------------------------------


def ksk_entry(one: Pair, zone: str) -> Ksk:
    digest = one.dnskey.ds(zone, DigestType.SHA256).digest.hex()
    return Ksk(one.identifier, one.dnskey.key_tag, one.algorithm, digest)


def limits(of: Cycle, kinds: tuple[KeyKind, ...], **changes: Any) -> Limits:
    count, step = of.slots, of.step
    span = (count - 1) * step
    first = Limits(
        id="now",
        since="2017-01-01",
        bundles=count,
        keys=(KeyCount((2, *[1] * (count - 2), 2), 3),),
        algorithms=kinds,
        ttl=TTL,
        validity=Range(21 * DAY, 21 * DAY),
        overlap=Range(9 * DAY, 16 * DAY),
        interval=Range(9 * DAY, 11 * DAY),
        cycle=Range(span - DAY, span + DAY),
        horizon=180 * DAY,
        publish_safety=timedelta(),
        retire_safety=28 * DAY,
        zsk_publish_safety=10 * DAY,
        zsk_retire_safety=10 * DAY,
    )
    return Limits(**{name: getattr(first, name) for name in first.__struct_fields__} | changes)


RSA = KeyKind(Algorithm.RSASHA256, (2048,), (65537,))
P256 = KeyKind(Algorithm.ECDSAP256SHA256)


def policy(of: Cycle, *ksks: str, kinds: tuple[KeyKind, ...] = (P256,), **changes: Any) -> Policy:
    exceptions = changes.pop("exceptions", ())
    entries = tuple(ksk_entry(pair(name), of.zone) for name in ksks)
    name = "root-zone" if of.zone == "." else "tld"
    return Policy("quorate/1", name, of.zone, entries, (limits(of, kinds, **changes),), exceptions)


@cache
def tld_policy(**changes: Any) -> Policy:
    return policy(TLD, "ksk-p256-1", "ksk-p256-2", **changes)


@cache
def root_policy(**changes: Any) -> Policy:
    return policy(ROOT, "ksk-2048-1", "ksk-2048-2", kinds=(RSA,), **changes)


def exception(code: str, **changes: str) -> PolicyException:
    given = {"since": "2026-08-01", "until": "2026-08-31", "ksr": ""} | changes
    return PolicyException(id="once", accepts=(code,), reason="A test of exceptions.", **given)  # type: ignore[arg-type]


# -- good quarters ----------------------------------------------------------------------------------------------------


def zsks(kind: str, *numbers: int) -> list[Pair]:
    return [pair(f"zsk-{kind}-{number}") for number in numbers]


def tld_plan() -> Plan:
    return zsk_plan(TLD.next, *zsks("p256", 2, 3, 4))


def root_plan() -> Plan:
    return zsk_plan(ROOT.next, *zsks("2048", 2, 3, 4))


@cache
def tld_before() -> Response:
    request = make_request(TLD, zsk_plan(TLD, *zsks("p256", 1, 2, 3)))
    return make_response(request, normal(pair("ksk-p256-1"), 4), TLD)


@cache
def root_before() -> Response:
    request = make_request(ROOT, zsk_plan(ROOT, *zsks("2048", 1, 2, 3)))
    return make_response(request, normal(pair("ksk-2048-1"), 9), ROOT)


Change = Callable[[int, Bundle], Bundle]
Edit = Callable[[str], str]


def same(_slot: int, bundle: Bundle) -> Bundle:
    return bundle


def whole(request: Request) -> Request:
    return request


class Cases:
    """The cases by name, in the order in which they are made."""

    def __init__(self) -> None:
        self.made: dict[str, Case] = {}

    def tld(
        self,
        name: str,
        about: str,
        *expect: str,
        plan: Plan | None = None,
        change: Change = same,
        after: Callable[[Request], Request] = whole,
        edit: Edit = str,
        before: Response | None = None,
        genesis: bool = False,
        held: Policy | None = None,
        at: datetime = AT,
        cycle: Cycle | None = None,
        accepted: tuple[str, ...] = (),
        seen: tuple[str, ...] = (),
    ) -> None:
        """A case of the small zone: ECDSA P-256, four slots."""
        request = after(make_request(cycle or TLD.next, plan or tld_plan(), serial=2, change=change))
        previous = None if genesis else write_skr(before or tld_before())
        ksr = edit(write_ksr(request).decode()).encode()
        self.add(Case(f"tld-{name}", about, ksr, previous, held or tld_policy(), at, expect, accepted, seen))

    def root(
        self,
        name: str,
        about: str,
        *expect: str,
        plan: Plan | None = None,
        change: Change = same,
        after: Callable[[Request], Request] = whole,
        edit: Edit = str,
        before: Response | None = None,
        genesis: bool = False,
        held: Policy | None = None,
        at: datetime = AT,
        cycle: Cycle | None = None,
        accepted: tuple[str, ...] = (),
    ) -> None:
        """A case of the root: RSA of 2048 bits, nine slots."""
        request = after(make_request(cycle or ROOT.next, plan or root_plan(), change=change))
        previous = None if genesis else write_skr(before or root_before())
        ksr = edit(write_ksr(request).decode()).encode()
        self.add(Case(f"root-{name}", about, ksr, previous, held or root_policy(), at, expect, accepted))

    def add(self, case: Case) -> None:
        assert case.name not in self.made
        self.made[case.name] = case


# -- how a request is altered -----------------------------------------------------------------------------------------


def at_slot(number: int, change: Callable[[Bundle], Bundle]) -> Change:
    return lambda slot, bundle: change(bundle) if slot == number else bundle


def of_bundle(number: int, change: Callable[[Bundle], Bundle]) -> Callable[[Request], Request]:
    """Alter a bundle after it was signed."""

    def after(request: Request) -> Request:
        bundles = list(request.bundles)
        bundles[number - 1] = change(bundles[number - 1])
        return replace(request, bundles=tuple(bundles))

    return after


def of_zsk(**changes: Any) -> Callable[[Request], Request]:
    """Alter what the request states of itself."""
    return lambda request: replace(request, zsk=replace(request.zsk, **changes))


def first_key(change: Callable[[BundleKey], BundleKey]) -> Callable[[Bundle], Bundle]:
    return lambda bundle: replace(bundle, keys=(change(bundle.keys[0]), *bundle.keys[1:]))


def first_signature(**changes: Any) -> Callable[[Bundle], Bundle]:
    """Alter the first signature's RRSIG, without signing anew."""

    def change(bundle: Bundle) -> Bundle:
        first = bundle.signatures[0]
        altered = replace(first, rrsig=replace(first.rrsig, **changes))
        return replace(bundle, signatures=(altered, *bundle.signatures[1:]))

    return change


def of_dnskey(**changes: Any) -> Callable[[Bundle], Bundle]:
    """Alter the first key before it signs; its tag goes with it."""

    def change(key: BundleKey) -> BundleKey:
        dnskey = replace(key.dnskey, **changes)
        return replace(key, dnskey=dnskey, key_tag=dnskey.key_tag)

    return first_key(change)


def later(length: timedelta) -> Callable[[Bundle], Bundle]:
    return lambda bundle: replace(bundle, inception=bundle.inception + length, expiration=bundle.expiration + length)


def longer(length: timedelta) -> Callable[[Bundle], Bundle]:
    return lambda bundle: replace(bundle, expiration=bundle.expiration + length)


def substituted(plan: Plan, old: Pair, new: Pair) -> Plan:
    return [[new if one == old else one for one in slot] for slot in plan]


def with_ttl(_slot: int, bundle: Bundle) -> Bundle:
    return replace(bundle, keys=tuple(replace(key, ttl=3600) for key in bundle.keys))


def sign_ttl(request: Request) -> Request:
    """The same keys sign once more, with the TTL of an hour."""
    from ksr_making import signed

    pairs = {one.identifier: one for one in zsks("p256", 1, 2, 3, 4)}
    bundles = []
    for bundle in request.bundles:
        first = bundle.signatures[0].rrsig
        signers = [(pairs[key.identifier], key.dnskey) for key in bundle.keys]
        bundles.append(signed(bundle, signers, request.domain, (first.inception, first.expiration), ttl=3600))
    return replace(request, bundles=tuple(bundles))
