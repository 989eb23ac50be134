"""Of the chain: the request goes on where the response before it ended, and that response is one of our own KSKs."""

from __future__ import annotations

from collections.abc import Iterator

from quorate.dnssec.checks.case import MOST_VERIFIED, Case
from quorate.dnssec.checks.limits import overlap_findings
from quorate.dnssec.ksr import Bundle, BundleKey, BundleSignature, Response
from quorate.dnssec.name import label_count, shown, wire_name
from quorate.dnssec.policy import Range
from quorate.dnssec.verify import rrsig_verifies
from quorate.findings import Finding, found


def ksr_previous(case: Case) -> Iterator[Finding]:
    """KSR-PREVIOUS: the response before is whole: for this zone, and every signature is one of a key beside it."""
    previous = case.previous
    if previous is None:
        return
    if previous.domain != case.policy.zone:
        yield found("ksr.previous", problem=f"it is for {previous.domain} and not {case.policy.zone}")
    if len(previous.bundles) != case.limits.bundles and not case.recorded:
        problem = f"it has {len(previous.bundles)} bundles and not {case.limits.bundles}"
        yield found("ksr.previous", problem=problem)
    if sum(len(bundle.signatures) for bundle in previous.bundles) > MOST_VERIFIED:
        yield found("ksr.previous", problem="it has too many signatures to be looked at")
        return
    for number, bundle in enumerate(previous.bundles, 1):
        for key in bundle.keys:
            if key.key_tag != key.dnskey.key_tag:
                yield found("ksr.previous", f"slot {number} before", problem=f"a key's tag is not {key.key_tag}")
        for one in bundle.signatures:
            if problem := _signature_problem(previous, bundle, one):
                problem = f"the signature of {one.rrsig.key_tag} {problem}"
                yield found("ksr.previous", f"slot {number} before", problem=problem)


def _signature_problem(previous: Response, bundle: Bundle, one: BundleSignature) -> str:
    rrsig = one.rrsig
    if (rrsig.inception, rrsig.expiration) != (bundle.inception, bundle.expiration):
        return "has other times than its bundle"
    if rrsig.signer != previous.domain or rrsig.labels != label_count(wire_name(previous.domain)):
        return "is for another name"
    return "" if _by(previous, bundle, one) else "does not verify"


def _by(previous: Response, bundle: Bundle, one: BundleSignature) -> bool:
    """Whether a key of the bundle made the signature."""
    keys = [key.dnskey for key in bundle.keys if key.dnskey.key_tag == one.rrsig.key_tag][:2]
    return any(rrsig_verifies(previous.domain, one.rrsig, bundle.dnskeys, key) for key in keys)


def ksr_chain_keys(case: Case) -> Iterator[Finding]:
    """KSR-CHAIN-KEYS: the ZSKs of the first slot stood in the last one before, and KSKs that we know signed every slot.

    So each request is vouched for by the keys of the one before it, back to the first.
    """
    if case.previous is None:
        return
    last = case.previous.bundles[-1].keys
    where, first = case.slots[0]
    for key in first.keys:
        before = next((one for one in last if one.dnskey == key.dnskey), None)
        if problem := _unlike(key, before):
            yield found("ksr.chain_keys", where, problem=f"key {key.key_tag} {problem}")
    yield from _ksk_findings(case, case.previous)


def _unlike(key: BundleKey, before: BundleKey | None) -> str:
    """How a key differs from its last appearance. What had no identifier there, as in plain records, may have any.

    A tag that is stated wrong is KSR-BUNDLE-KEYS's, or KSR-PREVIOUS's.
    """
    if before is None:
        return "is not in the last slot before"
    pairs = {
        "identifier": (before.identifier or key.identifier, key.identifier),
        "TTL": (before.ttl, key.ttl),
    }
    told = [
        f"{what} {shown(str(there))} there and {shown(str(here)) or 'none'} here"
        for what, (there, here) in pairs.items()
        if there != here
    ]
    return f"has {', '.join(told)}" if told else ""


def _ksk_findings(case: Case, previous: Response) -> Iterator[Finding]:
    """In every slot of the response before all KSKs are known, and one of them signed that is not revoked."""
    if sum(len(bundle.signatures) for bundle in previous.bundles) > MOST_VERIFIED:
        return  # KSR-PREVIOUS has said so
    for number, bundle in enumerate(previous.bundles, 1):
        where = f"slot {number} before"
        trusted = []
        for key in bundle.ksks:
            if case.policy.ksk_of(key.dnskey) is None:
                problem = f"the policy does not know the KSK {key.dnskey.key_tag}"
                yield found("ksr.chain_keys", where, problem=problem)
            elif not key.dnskey.is_revoked:
                trusted.append(key.dnskey)
        if case.drafted:
            continue
        by_tag = {key.key_tag: key for key in trusted}
        signatures = [one.rrsig for one in bundle.signatures if one.rrsig.key_tag in by_tag]
        if not any(rrsig_verifies(previous.domain, one, bundle.dnskeys, by_tag[one.key_tag]) for one in signatures):
            yield found("ksr.chain_keys", where, problem="no known KSK signed the slot")


def ksr_chain_overlap(case: Case) -> Iterator[Finding]:
    """KSR-CHAIN-OVERLAP: the first slot overlaps with the last one before, as slots do among themselves."""
    if case.previous is None:
        return
    where, first = case.slots[0]
    stated = Range(case.request.zsk.min_validity_overlap, case.request.zsk.max_validity_overlap)
    stated = case.limits.across if case.unstated else stated
    length = case.previous.bundles[-1].expiration - first.inception
    yield from overlap_findings(where, length, case.limits.across, stated, chain=True)
