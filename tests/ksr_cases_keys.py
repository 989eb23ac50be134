"""Keys that are weak, of other kinds than approved, or of one tag."""

from __future__ import annotations

from collections.abc import Callable

from msgspec.structs import replace

from ksr_cases import P256, RSA, Cases, at_slot, of_zsk, root_plan, substituted, tld_plan
from ksr_making import (
    bundle_key,
    pair,
)
from quorate.dnssec.dnskey import ZSK_FLAGS, rsa_numbers, rsa_octets
from quorate.dnssec.ksr import AlgorithmPolicy, Bundle, Family, Request
from quorate.dnssec.policy import KeyKind


def key_cases(made: Cases) -> None:
    weak = {
        "even": ("an even modulus", "ksr.key_strength"),
        "factor": ("a modulus with the factor 739", "ksr.key_strength"),
        "prime": ("a prime for a modulus", "ksr.key_strength"),
        "power": ("the square of a prime for a modulus", "ksr.key_strength"),
        "close": ("a modulus of two neighbouring primes", "ksr.key_strength"),
        "roca": ("a modulus with the fingerprint of ROCA", "ksr.key_strength"),
    }
    new = pair("zsk-2048-4")
    for name, (about, *codes) in weak.items():
        made.root(f"weak-{name}", about, *codes, plan=substituted(root_plan(), new, pair(f"zsk-weak-{name}")))
    for name, about in (
        ("short", "a modulus of 499 bits"),
        ("exponent-1", "the exponent 1"),
        ("exponent-long", "the exponent 2^33 + 1"),
    ):
        codes = ["ksr.key_strength", "ksr.policy_alg", "ksr.stated_parameters"]
        codes += ["ksr.bundle_pop"] if name.startswith("exponent") else []
        made.root(
            f"weak-{name}",
            about,
            *codes,
            plan=substituted(root_plan(), new, pair(f"zsk-weak-{name}")),
            after=states(RSA),
        )
    small = pair("zsk-1024-1")
    numbers = rsa_numbers(small.dnskey.public_key)
    padded = b"\3\1\0\1" + bytes(128) + numbers.modulus.to_bytes(128, "big")
    made.root(
        "zero-padded",
        "a modulus of 1024 bits behind 1024 zeros",
        "ksr.key_strength",
        "ksr.policy_alg",
        "ksr.stated_parameters",
        plan=substituted(root_plan(), new, replace(small, octets=padded)),
        after=states(RSA),
    )
    made.root(
        "short-modulus",
        "a modulus of 1024 bits, and stated so",
        "ksr.policy_alg",
        "ksr.stated_parameters",
        plan=substituted(root_plan(), new, small),
    )
    made.root(
        "odd-modulus-size",
        "a modulus of 1536 bits where 2048 are approved",
        "ksr.policy_alg",
        "ksr.stated_parameters",
        plan=substituted(root_plan(), new, pair("zsk-1536-1")),
    )
    made.root(
        "exponent-3",
        "the exponent 3",
        "ksr.policy_alg",
        "ksr.stated_parameters",
        plan=substituted(root_plan(), new, pair("zsk-2048-e3")),
    )
    own = rsa_numbers(new.dnskey.public_key)
    zero_exponent = b"\4\0\1\0\1" + own.modulus.to_bytes(256, "big")
    made.root(
        "exponent-padded",
        "a zero before the exponent",
        "ksr.key_strength",
        plan=substituted(root_plan(), new, replace(new, octets=zero_exponent)),
    )
    long_form = b"\0\0\3\1\0\1" + own.modulus.to_bytes(256, "big")
    made.root(
        "exponent-long-form",
        "the exponent's length in three octets",
        "ksr.key_strength",
        plan=substituted(root_plan(), new, replace(new, octets=long_form)),
    )
    made.root(
        "empty-modulus",
        "an RSA key without a modulus",
        "ksr.key_strength",
        "ksr.bundle_pop",
        plan=substituted(root_plan(), new, replace(new, octets=b"\3\1\0\1")),
        after=states(RSA),
    )
    ec_new = pair("zsk-p256-4")
    made.tld(
        "off-curve",
        "a point that is not on the curve",
        "ksr.key_strength",
        "ksr.bundle_pop",
        plan=substituted(tld_plan(), ec_new, replace(ec_new, octets=b"\1" * 64)),
        after=states(P256),
    )
    made.tld(
        "point-with-its-form",
        "an octet 4 before the point",
        "ksr.key_strength",
        "ksr.bundle_pop",
        plan=substituted(tld_plan(), ec_new, replace(ec_new, octets=b"\4" + ec_new.dnskey.public_key)),
        after=states(P256),
    )
    for algorithm, code in ((1, "RSA/MD5"), (5, "RSA/SHA-1"), (7, "RSA/SHA-1 with NSEC3"), (12, "GOST")):
        made.tld(
            f"algorithm-{algorithm}",
            code,
            "ksr.bundle_pop",
            "ksr.key_strength",
            "ksr.policy_alg",
            change=at_slot(4, last_algorithm(algorithm)),
        )
    made.tld(
        "algorithm-10-unapproved",
        "an algorithm that is one of ours and not approved",
        "ksr.policy_alg",
        plan=substituted(tld_plan(), ec_new, pair("zsk-sha512-1")),
    )
    for name in ("ksk", "revoked-ksk", "zsk"):
        plan = substituted(tld_plan(), ec_new, pair(f"zsk-p256-tag-of-{name}"))
        made.tld(f"tag-of-a-{name}", f"a ZSK with the tag of another key: {name}", "ksr.key_tags", plan=plan)
    for number, about in ((1, "the KSK that signs"), (2, "a KSK that is pinned and was never seen")):
        same = replace(pair(f"ksk-p256-{number}"), identifier=ec_new.identifier, flags=ZSK_FLAGS)
        made.tld(
            f"pair-of-ksk-{number}",
            f"a ZSK with the key pair of {about}",
            "ksr.key_ksk",
            plan=substituted(tld_plan(), ec_new, same),
        )
    long = rsa_octets((1 << 15999) + 1, (1 << 16383) + 1)
    made.root(
        "exponent-of-16000-bits",
        "an exponent and a modulus longer than any number that is printed",
        *("ksr.key_strength", "ksr.policy_alg", "ksr.stated_parameters", "ksr.bundle_pop"),
        plan=substituted(root_plan(), new, replace(new, octets=long)),
        after=states(RSA),
    )


def states(kind: KeyKind) -> Callable[[Request], Request]:
    """The request states one kind, whatever its keys are."""
    if kind.algorithm.is_rsa:
        stated = AlgorithmPolicy(kind.algorithm, Family.RSA, kind.sizes[0], kind.exponents[0])
    else:
        stated = AlgorithmPolicy(kind.algorithm, Family.ECDSA, kind.algorithm.key_bits)
    return of_zsk(algorithms=(stated,))


def last_algorithm(number: int) -> Callable[[Bundle], Bundle]:
    def change(bundle: Bundle) -> Bundle:
        last = bundle.keys[-1]
        dnskey = replace(last.dnskey, algorithm=number)
        return replace(bundle, keys=(*bundle.keys[:-1], bundle_key(dnskey, last.identifier)))

    return change
