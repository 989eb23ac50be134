"""Of the chain: the request goes on where the response before it ended, and that response is one of our own KSKs."""

from __future__ import annotations

from collections.abc import Iterator

from quorate.dnssec.checks.case import MOST_VERIFIED, Case
from quorate.dnssec.checks.limits import overlap_findings
from quorate.dnssec.ksr import BundleKey, Response
from quorate.dnssec.name import shown
from quorate.dnssec.policy import Range
from quorate.dnssec.soundness import own_findings
from quorate.dnssec.verify import rrsig_verifies
from quorate.findings import Finding, found


def ksr_previous(case: Case) -> Iterator[Finding]:
    """KSR-PREVIOUS: the response before is whole: for this zone, and sound in itself (`spec/skr.md`)."""
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
    for one in () if case.drafted else own_findings(previous):
        if one.blocks and one.code != "skr.unsigned":  # which KSR-CHAIN-KEYS says
            where = f"{one.where.replace('bundle', 'slot')} before".removeprefix(" ")
            problem = Finding(one.code, "", one.facts).sentence.removeprefix("KSR-POLICY-SAFETY: ")
            yield found("ksr.previous", where if one.where else "", problem=problem)


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
        if problem := _unlike(key, before, case.unstated):
            yield found("ksr.chain_keys", where, problem=f"key {key.key_tag} {problem}")
    yield from _ksk_findings(case, case.previous)


def _unlike(key: BundleKey, before: BundleKey | None, unstated: bool) -> str:
    """How a key differs from its last appearance. What had no identifier there, as in plain records, may have any.

    `unstated`: here neither. A tag that is stated wrong is KSR-BUNDLE-KEYS's, or KSR-PREVIOUS's.
    """
    if before is None:
        return "is not in the last slot before"
    pairs = {
        "identifier": (before.identifier or key.identifier, key.identifier or before.identifier * unstated),
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
    length = case.previous.bundles[-1].expiration - first.inception
    yield from overlap_findings(where, length, case.limits.across, None if case.unstated else stated, chain=True)
