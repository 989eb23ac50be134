"""Requests and responses as zone operators make them, from fixed keys and by an own hand: for tests and for vectors.

Everything is deterministic: RSA by PKCS #1 v1.5, ECDSA by RFC 6979, EdDSA. The private keys stand in
`vectors/dnssec/keys.json`, so that anyone can make further cases.
"""

from __future__ import annotations

import calendar
import functools
import hashlib
import json
import uuid
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from msgspec.structs import replace

from quorate.dnssec.checks.limits import key_parameters
from quorate.dnssec.dnskey import KSK_FLAGS, ZSK_FLAGS, Algorithm, Dnskey, dnskey_of, rsa_octets
from quorate.dnssec.ksr import (
    AlgorithmPolicy,
    Bundle,
    BundleKey,
    BundleSignature,
    KeyPolicy,
    Request,
    Response,
)
from quorate.dnssec.rrsig import dnskey_rrsig, signed_data

KEYS = Path(__file__).resolve().parent.parent / "vectors" / "dnssec" / "keys.json"
DAY = timedelta(days=1)
TTL = 172800
DIGEST_INFO = bytes.fromhex("3031300d060960864801650304020105000420")  # SHA-256, RFC 8017 9.2


class WeakRsa(msgspec.Struct, frozen=True):
    """An RSA key that no library would make or use."""

    n: int
    e: int
    d: int

    def sign(self, data: bytes, _padding: object, _digest: object) -> bytes:
        size = (self.n.bit_length() + 7) // 8
        encoded = DIGEST_INFO + hashlib.sha256(data).digest()
        message = b"\0\1" + b"\xff" * (size - len(encoded) - 3) + b"\0" + encoded
        return pow(int.from_bytes(message, "big"), self.d, self.n).to_bytes(size, "big")


class Pair(msgspec.Struct, frozen=True):
    """A key pair with the name by which its owner knows it. `octets`: other octets for its public key than its own."""

    identifier: str
    algorithm: Algorithm
    private: Any
    flags: int
    octets: bytes = b""

    @property
    def dnskey(self) -> Dnskey:
        if self.octets or isinstance(self.private, WeakRsa):
            octets = self.octets or rsa_octets(self.private.e, self.private.n)
            return Dnskey(self.flags, 3, self.algorithm, octets)
        spki = self.private.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        return dnskey_of(spki, self.algorithm, self.flags)

    def sign(self, data: bytes) -> bytes:
        """The signature as an RRSIG holds it."""
        if self.algorithm.is_rsa:
            digest = hashes.SHA256() if self.algorithm is Algorithm.RSASHA256 else hashes.SHA512()
            return bytes(self.private.sign(data, padding.PKCS1v15(), digest))
        if self.algorithm in (Algorithm.ED25519, Algorithm.ED448):
            return bytes(self.private.sign(data))
        half = self.algorithm.key_octets // 2
        digest = hashes.SHA256() if half == 32 else hashes.SHA384()
        r, s = decode_dss_signature(self.private.sign(data, ec.ECDSA(digest, deterministic_signing=True)))
        return r.to_bytes(half, "big") + s.to_bytes(half, "big")


@functools.cache
def pair(name: str) -> Pair:
    """A key pair of `keys.json`, by its name there: `zsk-2048-1`, `ksk-p256-2`, …"""
    made = json.loads(KEYS.read_text())["keys"][name]
    algorithm = Algorithm(made["algorithm"])
    numbers = {key: int(value, 16) for key, value in made.items() if key in ("p", "q", "n", "d", "seed", "e")}
    private: Any
    if "n" in numbers:
        private = WeakRsa(numbers["n"], numbers["e"], numbers["d"])
    elif algorithm.is_rsa:
        p, q, e = numbers["p"], numbers["q"], numbers["e"]
        d = rsa.rsa_recover_private_exponent(e, p, q)
        crt = rsa.rsa_crt_dmp1(d, p), rsa.rsa_crt_dmq1(d, q), rsa.rsa_crt_iqmp(p, q)
        parts = rsa.RSAPrivateNumbers(p, q, d, *crt, rsa.RSAPublicNumbers(e, p * q))
        private = parts.private_key(unsafe_skip_rsa_key_validation=True)
    elif algorithm is Algorithm.ED25519:
        private = ed25519.Ed25519PrivateKey.from_private_bytes(numbers["seed"].to_bytes(32, "big"))
    elif algorithm is Algorithm.ED448:
        private = ed448.Ed448PrivateKey.from_private_bytes(numbers["seed"].to_bytes(57, "big"))
    else:
        curve = ec.SECP256R1() if algorithm is Algorithm.ECDSAP256SHA256 else ec.SECP384R1()
        private = ec.derive_private_key(numbers["d"], curve)
    identifier = made["identifier"]
    return Pair(identifier, algorithm, private, KSK_FLAGS if name.startswith("ksk") else ZSK_FLAGS)


def bundle_key(key: Dnskey, identifier: str, ttl: int = TTL) -> BundleKey:
    return BundleKey(identifier, key.key_tag, ttl, key)


def signed(
    bundle: Bundle,
    signers: Iterable[tuple[Pair, Dnskey]],
    zone: str,
    times: tuple[datetime, datetime] | None = None,
    ttl: int = TTL,
) -> Bundle:
    """The bundle with a signature by each of `signers`, the key as published; times are the bundle's if not given."""
    inception, expiration = times or (bundle.inception, bundle.expiration)
    signatures = []
    for private, key in signers:
        rrsig = dnskey_rrsig(zone, key, ttl, inception, expiration)
        made = replace(rrsig, signature=private.sign(signed_data(zone, rrsig, bundle.dnskeys)))
        signatures.append(BundleSignature(private.identifier, ttl, made))
    return replace(bundle, signatures=tuple(signatures))


def kinds(pairs: Iterable[Pair]) -> tuple[AlgorithmPolicy, ...]:
    """What a policy says of such keys; nothing of what is no key."""
    made = (key_parameters(one.dnskey) for one in pairs)
    return tuple(sorted({one for one in made if one}, key=lambda one: (one.algorithm, one.size)))


class Cycle(msgspec.Struct, frozen=True):
    """A zone's quarter: when it begins, how many slots it has, and for how long they are valid."""

    zone: str = "."
    begins: datetime = datetime(2026, 10, 1, tzinfo=UTC)
    slots: int = 9
    step: timedelta = 10 * DAY
    validity: timedelta = 21 * DAY
    safety: timedelta = 10 * DAY
    overlap: tuple[timedelta, timedelta] = (9 * DAY, 12 * DAY)

    @property
    def next(self) -> Cycle:
        """The quarter after it; of a zone with other slots, the cycle that begins with the next slot."""
        if self.slots != 9:
            return replace(self, begins=self.begins + self.slots * self.step)
        month = self.begins.month + 3
        return replace(
            self, begins=self.begins.replace(year=self.begins.year + month // 13, month=(month - 1) % 12 + 1)
        )

    @property
    def days(self) -> int:
        first = self.begins
        return sum(calendar.monthrange(first.year, first.month + one)[1] for one in range(3))

    def inception(self, slot: int) -> datetime:
        """Ten days apart; the last slot waits a day longer in a quarter of 92 days."""
        late = DAY if slot == self.slots and self.slots == 9 and self.days == 92 else timedelta()
        return self.begins + (slot - 1) * self.step + late

    def policy(self, pairs: Iterable[Pair]) -> KeyPolicy:
        return KeyPolicy(
            self.safety, self.safety, self.validity, self.validity, self.overlap[1], self.overlap[0], kinds(pairs)
        )


def made_id(*parts: object) -> str:
    """A UUID that is always the same."""
    return str(uuid.UUID(bytes=hashlib.sha256(repr(parts).encode()).digest()[:16], version=4))


def zsk_plan(cycle: Cycle, old: Pair, current: Pair, new: Pair) -> list[list[Pair]]:
    """The outgoing key stays in the first slot, the incoming one stands in the last."""
    plan = [[current] for _ in range(cycle.slots)]
    plan[0] = [old, current]
    plan[-1] = [current, new]
    return plan


def make_request(
    cycle: Cycle,
    plan: Sequence[Sequence[Pair]],
    serial: int = 1,
    change: Callable[[int, Bundle], Bundle] = lambda _slot, bundle: bundle,
) -> Request:
    """A request with the ZSKs of `plan` slot by slot; `change` alters a bundle before its keys sign it."""
    created = cycle.begins - 87 * DAY + timedelta(hours=13, minutes=26, seconds=25)
    bundles = []
    for slot, pairs in enumerate(plan, 1):
        keys = tuple(bundle_key(one.dnskey, one.identifier) for one in pairs)
        begins = cycle.inception(slot)
        empty = Bundle(made_id(cycle.zone, cycle.begins, slot), begins, begins + cycle.validity, keys, ())
        changed = change(slot, empty)
        signers = [(one, key.dnskey) for one, key in zip(pairs, changed.keys, strict=False)]
        bundles.append(signed(changed, signers, cycle.zone, (created, created + 60 * DAY)))
    pairs = [one for slot in plan for one in slot]
    return Request(made_id(cycle.zone, cycle.begins), serial, cycle.zone, cycle.policy(pairs), tuple(bundles))


class KskSlot(msgspec.Struct, frozen=True):
    """What KSKs do in a slot."""

    publish: tuple[Pair, ...]
    sign: tuple[Pair, ...]
    revoke: tuple[Pair, ...] = ()


def make_response(request: Request, slots: Sequence[KskSlot], cycle: Cycle) -> Response:
    """A response to the request, one `KskSlot` a bundle."""
    bundles = []
    for asked, slot in zip(request.bundles, slots, strict=True):
        published = [(one, one.dnskey) for one in slot.publish] + [(one, one.dnskey.revoked) for one in slot.revoke]
        keys = (*asked.keys, *(bundle_key(key, one.identifier) for one, key in published))
        signers = [(one, key) for one, key in published if one in (*slot.sign, *slot.revoke)]
        bundles.append(signed(replace(asked, keys=keys, signatures=(), signers=()), signers, request.domain))
    ksks = [one for slot in slots for one in (*slot.publish, *slot.revoke)]
    ksk = replace(cycle.policy(ksks), publish_safety=timedelta(), retire_safety=28 * DAY, max_validity_overlap=16 * DAY)
    return Response(request.id, request.serial, request.domain, ksk, request.zsk, tuple(bundles))


def normal(ksk: Pair, count: int) -> list[KskSlot]:
    """One KSK signs every slot."""
    return [KskSlot((ksk,), (ksk,))] * count
