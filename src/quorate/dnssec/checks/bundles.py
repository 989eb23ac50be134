"""Of the bundles: their ids, keys, proofs of possession, number and span."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta

from quorate.dnssec.checks.case import MOST_VERIFIED, Case
from quorate.dnssec.checks.limits import key_parameters
from quorate.dnssec.dnskey import PROTOCOL, ZSK_FLAGS
from quorate.dnssec.duration import duration_text
from quorate.dnssec.ksr import Bundle, BundleKey, BundleSignature
from quorate.dnssec.name import label_count, shown, wire_name
from quorate.dnssec.verify import rrsig_verifies
from quorate.findings import Finding, found


def ksr_bundle_unique(case: Case) -> Iterator[Finding]:
    """KSR-BUNDLE-UNIQUE: every bundle's id is its own, in this request and among all that are on record."""
    before = case.seen | {bundle.id for bundle in case.previous.bundles} if case.previous else case.seen
    counts = Counter(bundle.id for bundle in case.request.bundles)
    for where, bundle in case.slots:
        if counts[bundle.id] > 1:
            yield found("ksr.bundle_unique", where, id=bundle.id, problem="stands in this request more than once")
        if bundle.id in before:
            yield found("ksr.bundle_unique", where, id=bundle.id, problem="was signed before")


def ksr_bundle_keys(case: Case) -> Iterator[Finding]:
    """KSR-BUNDLE-KEYS: keys are whole, their own, and the same under one identifier in every slot.

    Flags of a ZSK, protocol 3, the tag as computed (RFC 4034 2.1, appendix B), each key once in a slot, one identifier
    for one key and one key for one identifier, and keys of the kinds that the request states.
    """
    named: dict[str, tuple[str, BundleKey]] = {}
    for where, bundle in case.slots:
        for key in bundle.keys:
            yield from _key_findings(where, key)
            first_where, first = named.setdefault(key.identifier, (where, key))
            if key.identifier and (key.dnskey, key.ttl) != (first.dnskey, first.ttl):  # a stated tag was compared above
                what = "another key" if key.dnskey != first.dnskey else f"a key with TTL {first.ttl}"
                yield _bundle_keys(where, key, f"{shown(key.identifier)} is {what} in {first_where}")
        for dnskey, count in Counter(bundle.dnskeys).items():
            if count > 1:
                yield found("ksr.bundle_keys", where, tag=dnskey.key_tag, problem="it stands there more than once")
        for key in bundle.keys:
            first_where, first = case.keys[key.dnskey]
            if key.identifier != first.identifier:
                problem = f"its identifier is {_named(key)}, and {_named(first)} in {first_where}"
                yield _bundle_keys(where, key, problem)
    for where, key in case.keys.values():
        yield from _stated_findings(case, where, key)


def _named(key: BundleKey) -> str:
    return shown(key.identifier) or "none"


def _key_findings(where: str, key: BundleKey) -> Iterator[Finding]:
    dnskey = key.dnskey
    if dnskey.flags != ZSK_FLAGS:
        yield _bundle_keys(where, key, f"its flags are {dnskey.flags} and not {ZSK_FLAGS}")
    if dnskey.protocol != PROTOCOL:
        yield _bundle_keys(where, key, f"its protocol is {dnskey.protocol} and not {PROTOCOL}")
    if key.key_tag != dnskey.key_tag:
        yield _bundle_keys(where, key, f"its tag is {dnskey.key_tag}")


def _stated_findings(case: Case, where: str, key: BundleKey) -> Iterator[Finding]:
    """The kind of a key against what the request states of its keys."""
    kind = key_parameters(key.dnskey)
    stated = [one for one in case.request.zsk.algorithms if one.algorithm == key.dnskey.algorithm]
    if kind is None:
        return  # what it is cannot be said; KSR-KEY-STRENGTH says why
    if not stated:
        yield _bundle_keys(where, key, f"the request states no algorithm {key.dnskey.algorithm}")
    elif kind not in stated:
        problem = f"key {key.key_tag} is of {kind.described}, stated is {', '.join(one.described for one in stated)}"
        yield found("ksr.stated_parameters", where, name="KSR-BUNDLE-KEYS", problem=problem)


def _bundle_keys(where: str, key: BundleKey, problem: str) -> Finding:
    return found("ksr.bundle_keys", where, tag=key.key_tag, problem=problem)


def ksr_bundle_pop(case: Case) -> Iterator[Finding]:
    """KSR-BUNDLE-POP: every key of a slot signed the slot's DNSKEY RRset, and nobody else did.

    The times of these signatures are left aside: they are made with the request, and not for its slots. A request
    without any is one of a text form that has none (`spec/key-text.md`), and that is said once.
    """
    if not any(bundle.signatures for _, bundle in case.slots):
        yield found("ksr.form_unproven")
        return
    budget = MOST_VERIFIED
    for where, bundle in case.slots:
        budget -= len(bundle.signatures)
        if budget < 0:
            yield found("ksr.bundle_pop", where, problem="there are too many signatures to be looked at")
            return
        yield from _pop_findings(case, where, bundle)


def _pop_findings(case: Case, where: str, bundle: Bundle) -> Iterator[Finding]:
    proved = set()
    for one in bundle.signatures:
        problem = _pop_problem(case, bundle, one)
        if problem:
            yield found("ksr.bundle_pop", where, problem=f"key {one.rrsig.key_tag}: {problem}")
        else:
            proved.add((one.identifier, one.rrsig.key_tag))
    signed = {(one.identifier, one.rrsig.key_tag) for one in bundle.signatures}
    for key in bundle.keys:
        if (key.identifier, key.dnskey.key_tag) not in proved | signed:
            problem = f"key {key.dnskey.key_tag}: no signature proves its possession"
            yield found("ksr.bundle_pop", where, problem=problem)
    for (_, tag), count in Counter((one.identifier, one.rrsig.key_tag) for one in bundle.signatures).items():
        if count > 1:
            yield found("ksr.bundle_pop", where, problem=f"key {tag}: there are {count} signatures of it")


def _pop_problem(case: Case, bundle: Bundle, one: BundleSignature) -> str:
    rrsig = one.rrsig
    key = next(
        (key for key in bundle.keys if (key.identifier, key.dnskey.key_tag) == (one.identifier, rrsig.key_tag)), None
    )
    if key is None:
        return "a signature is of a key that is not there"
    if rrsig.labels != label_count(wire_name(case.request.domain)):
        return f"its signature states {rrsig.labels} labels"
    if not rrsig_verifies(case.request.domain, rrsig, bundle.dnskeys, key.dnskey):
        return "its signature does not verify"
    return ""


def ksr_bundle_count(case: Case) -> Iterator[Finding]:
    """KSR-BUNDLE-COUNT: as many bundles as the operator signs at once."""
    if len(case.request.bundles) != case.limits.bundles:
        yield found("ksr.bundle_count", count=len(case.request.bundles), expected=case.limits.bundles)


def ksr_bundle_cycle_duration(case: Case) -> Iterator[Finding]:
    """KSR-BUNDLE-CYCLE-DURATION: from the first inception to the last, as long as the operator's cycle."""
    bundles = case.request.bundles
    length = bundles[-1].inception - bundles[0].inception
    if not case.limits.cycle.holds(length):
        told = duration_text(length) if length >= timedelta() else f"-{duration_text(-length)}"
        yield found("ksr.bundle_cycle_duration", length=told, range=case.limits.cycle)
