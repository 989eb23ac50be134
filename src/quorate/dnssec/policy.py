"""The operator's policy for a zone: known KSKs, limits that hold from a day on, and dated exceptions. Floor 2.

People write `dnssec/policy.toml`; `dnssec/policy.json` is the same value compiled, which is quicker to read. Format:
`spec/dnssec-policy.md`. A check asks the policy of the day it is made for: `--at` asks the policy of a day in the past.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Literal, get_args

import msgspec

from quorate import canonical
from quorate.dnssec.dnskey import Algorithm, DigestType, Dnskey
from quorate.dnssec.duration import duration_text
from quorate.dnssec.name import name_text, wire_name
from quorate.findings import Finding, Refusal, found, refuse_errors

Acceptable = Literal[
    "ksr.number_spelled",
    "ksr.stated_parameters",
    "ksr.stated_validity",
    "ksr.stated_overlap",
    "ksr.stated_chain_overlap",
    "ksr.policy_keys",
]
"""What an exception may accept: how a request is written, what it claims, how many keys it has. Never a signature, a
key, a link of the chain or an operator's own limit, which has to be another limit from another day on instead."""

MOST_SLOTS, MOST_KSKS = 100, 100
LONGEST = timedelta(days=36525)
"""A hundred years: no span of a policy is longer, and no moment that it leads to is beyond all calendars."""
_TAG = 65535


class Range(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """From `least` to `most`, both included; ISO 8601 durations in files."""

    least: timedelta
    most: timedelta

    def holds(self, length: timedelta) -> bool:
        return self.least <= length <= self.most

    def __str__(self) -> str:
        least, most = duration_text(self.least), duration_text(self.most)
        return least if least == most else f"{least} to {most}"


class KeyCount(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How many ZSKs a request has in each slot, and how many different ones in all."""

    slots: tuple[int, ...]
    different: int


class KeyKind(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Keys of one algorithm that may sign. RSA: `sizes` of the modulus in bits, and public `exponents`."""

    algorithm: Algorithm
    sizes: tuple[int, ...] = ()
    exponents: tuple[int, ...] = ()


class Ksk(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A KSK that the zone's operator holds: its label (keyIdentifier), and the SHA-256 digest of its DS record.

    `since` and `until`: UTC days between which it may sign; empty for no bound.
    """

    id: str
    key_tag: int
    algorithm: Algorithm
    ds_sha256: str
    since: str = ""
    until: str = ""

    def matches(self, key: Dnskey, zone: str) -> bool:
        """Whether `key`, revoked or not, is this KSK in `zone`."""
        plain = key.unrevoked
        digest = plain.ds(zone, DigestType.SHA256).digest.hex() if plain.key_tag == self.key_tag else ""
        return digest == self.ds_sha256 and key.algorithm == self.algorithm


class Limits(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The operator's limits from the UTC day `since` on, whatever a request states.

    `validity`: of a KSK's signature; `overlap`: of neighbouring slots; `chain_overlap`: of the last slot of the SKR
    before and the first of the request (`overlap` if left out); `interval`: between inceptions; `cycle`: from the first
    to the last inception; `horizon`: how far ahead a signature may expire. `publish_safety` and `retire_safety`: how
    long a KSK is published before it signs and after it signed; `hold_down`: for how long a validator sees a new KSK
    before it trusts it (RFC 5011 2.4.1), `remove_hold_down`: for how long a revocation is shown (2.4.2); `anchor_lag`:
    how old a trust anchor, or the parent's DS set, may be in use. `zsk_publish_safety`, `zsk_retire_safety`: the least
    that a request may state.
    """

    id: str
    since: str
    bundles: int
    keys: tuple[KeyCount, ...]
    algorithms: tuple[KeyKind, ...]
    ttl: int
    validity: Range
    overlap: Range
    interval: Range
    cycle: Range
    horizon: timedelta
    publish_safety: timedelta
    retire_safety: timedelta
    chain_overlap: Range | None = None
    hold_down: timedelta = timedelta(days=30)
    remove_hold_down: timedelta = timedelta(days=30)
    anchor_lag: timedelta = timedelta(days=30)
    zsk_publish_safety: timedelta = timedelta()
    zsk_retire_safety: timedelta = timedelta()
    serial: Literal["any", "rising"] = "any"

    @property
    def across(self) -> Range:
        """The overlap with the SKR before."""
        return self.chain_overlap or self.overlap

    def kind(self, algorithm: int) -> KeyKind | None:
        return next((one for one in self.algorithms if one.algorithm == algorithm), None)


class PolicyException(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Findings accepted in checks made for the UTC days `since` to `until`, if `ksr` says so in one request only."""

    id: str
    since: str
    until: str
    accepts: tuple[Acceptable, ...]
    reason: str
    ksr: str = ""


class TurnedOff(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A check that the signer of before did not make, by its public names, and `where` its configuration said so.

    It is made here. Those who approve a script are told, for what passed there may be refused here.
    """

    check: str
    where: str


class Policy(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The file. `limits` in the order of their days."""

    format: Literal["quorate/1"]
    id: str
    zone: str
    ksks: tuple[Ksk, ...]
    limits: tuple[Limits, ...]
    exceptions: tuple[PolicyException, ...] = ()
    turned_off: tuple[TurnedOff, ...] = ()

    @property
    def digest(self) -> str:
        """`sha256:…` of its canonical JSON: the policy's name in reports and scripts."""
        return canonical.digest(canonical.encode(_plain(self)))

    def compiled(self, source: str = "") -> bytes:
        """The bytes of `policy.json`. `source`: `sha256:…` of the `policy.toml` that it was made from, if any."""
        return canonical.encode({"policy": _plain(self), "source": source}) + b"\n"

    def limits_at(self, at: datetime) -> Limits:
        """The limits that hold at a moment; `dnssec.policy_no_limits` before the first of them."""
        day = at.date().isoformat()
        if held := [one for one in self.limits if one.since <= day]:
            return held[-1]
        first = self.limits[0].since
        raise Refusal("dnssec.policy_no_limits", policy=self.id, day=day, first=first)

    def exceptions_at(self, at: datetime, ksr_digest: str) -> tuple[PolicyException, ...]:
        """The exceptions for a request, by its `sha256:…`, at a moment."""
        day = at.date().isoformat()
        return tuple(one for one in self.exceptions if one.since <= day <= one.until and one.ksr in ("", ksr_digest))

    def ksk_of(self, key: Dnskey) -> Ksk | None:
        """The known KSK that `key` is, revoked or not."""
        return next((one for one in self.ksks if one.matches(key, self.zone)), None)


class Compiled(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`policy.json`: a policy, and the digest of the `policy.toml` that it was made from."""

    policy: Policy
    source: str


def load_policy(data: bytes, where: str) -> Policy:
    """The policy of a `policy.toml`, or one refusal that names every problem."""
    from quorate.strict import load_toml  # only when there is no compiled form: it costs as much as a check

    policy = load_toml(data, Policy, where)
    ksks = tuple(msgspec.structs.replace(one, ds_sha256=one.ds_sha256.lower()) for one in policy.ksks)
    policy = msgspec.structs.replace(policy, ksks=ksks)  # DS records are printed in capitals
    refuse_errors(tuple(policy_findings(policy, where)))
    return policy


def read_policy(data: bytes, where: str) -> Compiled:
    """The policy of a compiled `policy.json`; `dnssec.policy_broken` if it is not one."""
    try:
        compiled = msgspec.json.decode(data, type=Compiled, strict=True)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise Refusal("dnssec.policy_broken", where, detail=" ".join(str(error).split())) from None
    refuse_errors(tuple(policy_findings(compiled.policy, where)))
    try:
        if compiled.policy.compiled(compiled.source) == data:
            return compiled
    except ValueError:  # a number or a text that has no canonical form
        pass
    raise Refusal("dnssec.policy_broken", where, detail="it is not in its one canonical form")


def policy_findings(policy: Policy, where: str) -> Iterator[Finding]:
    """What is wrong with a policy in itself."""
    try:
        if name_text(wire_name(policy.zone)) != policy.zone:
            yield found("dnssec.policy_value", f"{where}.zone", problem="write it in lower case with its final dot")
    except Refusal as refusal:
        yield Finding(refusal.code, f"{where}.zone", refusal.findings[0].facts)
    for kind, ids in (("ksks", policy.ksks), ("limits", policy.limits), ("exceptions", policy.exceptions)):
        counts = Counter(one.id for one in ids)
        yield from (found("dnssec.policy_twice", f"{where}.{kind}", id=name) for name, n in counts.items() if n > 1)
    if len(policy.ksks) > MOST_KSKS:
        yield found("dnssec.policy_value", f"{where}.ksks", problem=f"there are at most {MOST_KSKS} KSKs")
    for ksk in policy.ksks[:MOST_KSKS]:
        yield from _ksk_findings(ksk, f"{where}.ksks[{ksk.id}]")
    days = [one.since for one in policy.limits]
    if not days or days != sorted(set(days)):
        problem = "there have to be some, each from a later day on than the one before"
        yield found("dnssec.policy_value", f"{where}.limits", problem=problem)
    for limits in policy.limits:
        yield from _limits_findings(limits, f"{where}.limits[{limits.id}]")
    for one in policy.exceptions:
        yield from _exception_findings(one, f"{where}.exceptions[{one.id}]")
    for off in policy.turned_off:
        if not all(text.strip() and text.isprintable() for text in (off.check, off.where)):
            yield found("dnssec.policy_value", f"{where}.turned-off", problem="name the check, and where it is off")


def _ksk_findings(ksk: Ksk, where: str) -> Iterator[Finding]:
    if not 0 <= ksk.key_tag <= _TAG:
        yield found("dnssec.policy_value", f"{where}.key-tag", problem=f"a tag is a number from 0 to {_TAG}")
    if not _is_sha256(ksk.ds_sha256):
        yield found("dnssec.policy_value", f"{where}.ds-sha256", problem="write 64 hexadecimal digits")
    for name, day in (("since", ksk.since), ("until", ksk.until)):
        if day and not _is_day(day):
            yield _no_day(f"{where}.{name}")
    if ksk.until and ksk.until < ksk.since:
        yield found("dnssec.policy_value", f"{where}.until", problem="it ends before it begins")


def _limits_findings(limits: Limits, where: str) -> Iterator[Finding]:
    if not _is_day(limits.since):
        yield _no_day(f"{where}.since")
    if not 1 <= limits.bundles <= MOST_SLOTS or limits.ttl < 0:
        yield found("dnssec.policy_value", where, problem=f"there are 1 to {MOST_SLOTS} bundles, and no negative TTLs")
    for count in limits.keys:
        least = max(count.slots, default=0)
        usable = len(count.slots) == limits.bundles and min(count.slots, default=0) > 0
        if not usable or not least <= count.different <= sum(count.slots):
            problem = f"name the keys of each of {limits.bundles} slots, and how many of them differ"
            yield found("dnssec.policy_value", f"{where}.keys", problem=problem)
    if not limits.keys or not limits.algorithms:
        yield found("dnssec.policy_value", where, problem="without keys and algorithms no request could be accepted")
    for kind in limits.algorithms:
        if kind.algorithm.is_rsa != bool(kind.sizes and kind.exponents) or (not kind.algorithm.is_rsa and kind.sizes):
            problem = "RSA has sizes and exponents, the others have neither"
            yield found("dnssec.policy_value", f"{where}.algorithms[{kind.algorithm.name}]", problem=problem)
    yield from _lengths_findings(limits, where)


def _lengths_findings(limits: Limits, where: str) -> Iterator[Finding]:
    for name in ("validity", "overlap", "chain_overlap", "interval", "cycle"):
        span = getattr(limits, name)
        if span is not None and span.least > span.most:
            problem = "the least is above the most"
            yield found("dnssec.policy_value", f"{where}.{name.replace('_', '-')}", problem=problem)
    for name in limits.__struct_fields__:
        value = getattr(limits, name)
        ends = (value.least, value.most) if isinstance(value, Range) else (value,)
        lengths = [one for one in ends if isinstance(one, timedelta)]
        if any(one < timedelta() or one.microseconds for one in lengths):
            problem = "a duration has whole seconds and no sign"
            yield found("dnssec.policy_value", f"{where}.{name.replace('_', '-')}", problem=problem)
        if any(one > LONGEST for one in lengths):
            problem = f"no duration is longer than {duration_text(LONGEST)}"
            yield found("dnssec.policy_value", f"{where}.{name.replace('_', '-')}", problem=problem)


def _exception_findings(one: PolicyException, where: str) -> Iterator[Finding]:
    if not _is_day(one.since) or not _is_day(one.until) or one.until < one.since:
        yield _no_day(f"{where}.since")
    if one.ksr and not (one.ksr.startswith("sha256:") and _is_sha256(one.ksr[7:])):
        yield found("dnssec.policy_value", f"{where}.ksr", problem="write sha256: and 64 hexadecimal digits")
    if not one.accepts or not one.reason.strip():
        problem = f"an exception says why, and accepts one of {', '.join(get_args(Acceptable))}"
        yield found("dnssec.policy_value", where, problem=problem)


def _no_day(where: str) -> Finding:
    return found("dnssec.policy_value", where, problem="write a day like 2026-10-01, and no end before its beginning")


def _is_sha256(text: str) -> bool:
    return len(text) == 64 and set(text) <= set("0123456789abcdef")


def _is_day(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def _plain(value: object) -> canonical.Json:
    """A value of the policy for canonical JSON; what has its default is left out."""
    if isinstance(value, msgspec.Struct):
        names = value.__struct_fields__
        first = len(names) - len(value.__struct_defaults__)
        defaults = dict(zip(names[first:], value.__struct_defaults__, strict=True))
        held = ((name, getattr(value, name)) for name in names)
        return {name: _plain(one) for name, one in held if name not in defaults or one != defaults[name]}
    if isinstance(value, timedelta):
        return duration_text(value)
    if isinstance(value, tuple):
        return [_plain(one) for one in value]
    assert isinstance(value, str | int)
    return int(value) if isinstance(value, int) else value
