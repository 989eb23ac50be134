"""Hostile requests and responses that are well-formed, and made so that judging them would be long work."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from msgspec.structs import replace

from hostile_cases import Hostile
from ksr_cases import TLD, tld_plan
from ksr_making import DAY, Cycle, KskSlot, bundle_key, make_request, make_response, normal, pair
from quorate.dnssec.dnskey import Algorithm, Dnskey, rsa_octets
from quorate.dnssec.ksr import Bundle, BundleKey, BundleSignature, Request, Response
from quorate.dnssec.ksr_layout import write_ksr, write_skr
from quorate.dnssec.rrsig import Rrsig

SECOND = timedelta(seconds=1)
ASKED = make_request(TLD.next, tld_plan(), serial=2)
ANSWERED = make_response(ASKED, normal(pair("ksk-p256-1"), 4), TLD.next)


def key_of(number: int, algorithm: Algorithm, octets: bytes, flags: int = 256) -> BundleKey:
    return bundle_key(Dnskey(flags, 3, algorithm, octets), f"k{number}")


def signature_of(key: BundleKey, bundle: Bundle, zone: str, octets: int) -> BundleSignature:
    """A signature by nobody, of the length that it ought to have."""
    dnskey = key.dnskey
    times = (bundle.inception, bundle.expiration)
    rrsig = Rrsig(48, dnskey.algorithm, 1, key.ttl, times[1], times[0], dnskey.key_tag, zone, b"\1" * octets)
    return BundleSignature(key.identifier, key.ttl, rrsig)


def filled(value: Request | Response, bundles: int, keys: tuple[BundleKey, ...], octets: int) -> Request | Response:
    """As many bundles, each with all keys and a signature by each."""
    made = []
    for number in range(bundles):
        begins = value.bundles[0].inception + number * DAY
        empty = Bundle(f"b{number}", begins, begins + 21 * DAY, keys, ())
        made.append(replace(empty, signatures=tuple(signature_of(one, empty, value.domain, octets) for one in keys)))
    return replace(value, bundles=tuple(made))


def rsa_keys(count: int, bits: int, exponent: int, flags: int) -> tuple[BundleKey, ...]:
    return tuple(
        key_of(n, Algorithm.RSASHA256, rsa_octets(exponent, (1 << bits) - 2 * n - 189), flags) for n in range(count)
    )


def p384_keys(count: int, flags: int) -> tuple[BundleKey, ...]:
    """Points of the curve: the signer's own one under many names, which differ in their flags' unused bits."""
    point = pair("zsk-p384-1").dnskey.public_key
    return tuple(key_of(n, Algorithm.ECDSAP384SHA384, point, flags | n << 1 & 0x7E) for n in range(count))


def lasting(until: datetime, ksks: int = 1) -> Response:
    """A response that is valid until then; of its KSKs one signs all, and each other one comes and goes."""
    cycle = Cycle("example.", TLD.next.begins, 4, validity=until - TLD.next.begins - 30 * DAY)
    first, *others = [replace(pair(name), identifier=f"K{n}", flags=257) for n, name in enumerate(KSKS[:ksks])]
    slots = []
    for number in range(4):
        there = (first, *(one for n, one in enumerate(others) if n % 4 == number))
        slots.append(KskSlot(there, there))
    return make_response(make_request(cycle, tld_plan(), serial=2), slots, cycle)


KSKS = ("ksk-p256-1", "ksk-p256-2", "zsk-p256-1", "zsk-p256-5", "zsk-p256-6")


OF_A_FULL_REQUEST = (
    "ksr.bundle_count ksr.bundle_cycle_duration ksr.bundle_keys ksr.bundle_pop ksr.chain_keys ksr.key_strength "
    "ksr.policy_alg ksr.policy_bundle_intervals ksr.policy_keys ksr.policy_sig_overlap ksr.stated_overlap"
).split()
OF_A_FULL_RESPONSE = "skr.algorithm_without_zsk skr.signature_invalid".split()


def work_cases(made: Hostile) -> None:
    for bits, exponent in ((4096, 65537), (4096, 2**64 - 59), (16_384, 65537), (2048, 2**2040 - 1)):
        name = f"{bits}-bit-keys-of-{exponent.bit_length()}-bit-exponents"
        many = ["ksr.more_problems"] if exponent > 65537 else []
        bundles, keys = (9, 9) if bits > 4096 else (19, 20)
        request = filled(ASKED, bundles, rsa_keys(keys, bits, exponent, 256), bits // 8)
        made.add("ksr", name, write_ksr(request), *OF_A_FULL_REQUEST, *many)
        response = filled(ANSWERED, bundles, rsa_keys(keys, bits, exponent, 257), bits // 8)
        made.add("skr", name, write_skr(response), *OF_A_FULL_RESPONSE)
    name, codes = "curves-to-the-limit", [*OF_A_FULL_RESPONSE, "skr.key_flags", "skr.key_twice"]
    made.add("ksr", name, write_ksr(filled(ASKED, 29, p384_keys(20, 256), 96)), *OF_A_FULL_REQUEST, "ksr.more_problems")
    made.add("skr", name, write_skr(filled(ANSWERED, 20, p384_keys(20, 257), 96)), *codes)
    many_more = filled(ANSWERED, 29, p384_keys(20, 257), 96)
    made.add("skr", "more-signatures-than-any-zone-has", write_skr(many_more), "skr.too_many_signatures")
    for year, ksks in ((2199, 1), (2036, 2), (2045, 3), (2045, 5)):
        response = lasting(datetime(year, 1, 1, tzinfo=UTC), ksks)
        made.add("skr", f"{ksks}-ksks-until-{year}", write_skr(response), "skr.too_many_states")
