"""Whether an SKR is what it should be, against request, plan, KSKs, trust anchor and policy. Floor 2.

Each function judges against one thing that is at hand. What an SKR is in itself is said by `soundness`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from quorate.dnssec.dnskey import Dnskey
from quorate.dnssec.duration import duration_text, utc_text
from quorate.dnssec.ksk import Ksks
from quorate.dnssec.ksr import Request, Response
from quorate.dnssec.name import shown
from quorate.dnssec.policy import Limits
from quorate.dnssec.response import Promise, bound_findings
from quorate.dnssec.schema import Slot
from quorate.dnssec.soundness import signing_keys
from quorate.findings import Finding, found

if TYPE_CHECKING:
    from quorate.dnssec.anchor import TrustAnchor


def slots_in(response: Response, names: Ksks | None = None) -> tuple[Slot, ...]:
    """What the KSKs do in each bundle, by their ids in `names`, else by identifier; valid signatures count only."""

    def name(dnskey: Dnskey, identifier: str) -> str:
        known = names.of(dnskey) if names else None
        return known.id if known else identifier

    slots = []
    for bundle in response.bundles:
        ids = {key.dnskey: name(key.dnskey, key.identifier) for key in bundle.keys if key.dnskey.is_ksk}
        signers = {key for one in bundle.signatures for key in signing_keys(response.domain, bundle, one)}
        slots.append(
            Slot(
                frozenset(ids[key] for key in ids if not key.is_revoked),
                frozenset(ids[key] for key in ids if key in signers),
                frozenset(ids[key] for key in ids if key.is_revoked),
            )
        )
    return tuple(slots)


def request_findings(response: Response, request: Request) -> tuple[Finding, ...]:
    """Whether it answers exactly this request: ids, times, ZSKs, the requester's policy."""
    return tuple(_answers(response, request))


def _answers(response: Response, request: Request) -> Iterator[Finding]:
    pairs = {
        "id": (response.id, request.id),
        "serial": (response.serial, request.serial),
        "domain": (response.domain, request.domain),
        "number of bundles": (len(response.bundles), len(request.bundles)),
        "the requester's policy": (response.zsk, request.zsk),
    }
    for name, (has, asked) in pairs.items():
        if has != asked:
            said = ("another one", "its own") if name.startswith("the") else (shown(str(has)), shown(str(asked)))
            yield found("skr.differs", what=name, has=said[0], asked=said[1])
    if response.id != request.id:
        return  # another request's bundles differ one by one, which says nothing new
    asked_here = {one.id: one for one in request.bundles}
    same = len(response.bundles) == len(request.bundles)  # else only those of one id are compared
    pairs_here = (
        zip(response.bundles, request.bundles, strict=False)
        if same
        else ((one, asked_here[one.id]) for one in response.bundles if one.id in asked_here)
    )
    for number, (bundle, asks) in enumerate(pairs_here, 1):
        where = f"bundle {number}"
        times = {"id": (bundle.id, asks.id)}
        times |= {"inception": (utc_text(bundle.inception), utc_text(asks.inception))}
        times |= {"expiration": (utc_text(bundle.expiration), utc_text(asks.expiration))}
        for name, (has_text, asked_text) in times.items():
            if has_text != asked_text:
                yield found("skr.differs", where, what=name, has=shown(has_text), asked=shown(asked_text))
        has_keys, asked_keys = ({(key.identifier, key.dnskey) for key in one.zsks} for one in (bundle, asks))
        if has_keys != asked_keys:
            has_text, asked_text = (_zsks_text(keys) for keys in (has_keys - asked_keys, asked_keys - has_keys))
            yield found("skr.differs", where, what="ZSKs", has=has_text, asked=asked_text)


def _zsks_text(keys: Iterable[tuple[str, Dnskey]]) -> str:
    """ZSKs by tag and identifier."""
    return ", ".join(sorted(f"{key.key_tag} {shown(name)}".rstrip() for name, key in keys)) or "no others"


def plan_findings(response: Response, slots: Sequence[Slot], ksks: Ksks) -> tuple[Finding, ...]:
    """Whether the KSKs do in every bundle what the schema's `slots` say."""
    findings = []
    for number, (has, due) in enumerate(zip(slots_in(response, ksks), slots, strict=False), 1):
        for verb, done, wanted in (
            ("published", has.publish, due.publish),
            ("signing", has.sign, due.sign),
            ("revoked", has.revoke, due.revoke),
        ):
            if done != wanted:
                named = (", ".join(sorted(one)) or "none" for one in (done, wanted))
                findings.append(
                    found("skr.schema_differs", f"bundle {number}", what=verb, has=next(named), due=next(named))
                )
    if len(slots) != len(response.bundles):
        findings.append(found("skr.differs", what="number of bundles", has=len(response.bundles), asked=len(slots)))
    return tuple(findings)


def ksk_findings(response: Response, ksks: Ksks) -> tuple[Finding, ...]:
    """Whether every KSK of every bundle is a pinned one, under its id, and signs while its anchor stands."""
    findings = []
    for number, bundle in enumerate(response.bundles, 1):
        where = f"bundle {number}"
        signs = {key for one in bundle.signatures for key in signing_keys(response.domain, bundle, one)}
        for key in bundle.ksks:
            known = ksks.of(key.dnskey)
            if known is None:
                findings.append(found("skr.ksk_unknown", where, tag=key.dnskey.key_tag, id=shown(key.identifier)))
            elif key.identifier and known.id != key.identifier:
                findings.append(found("skr.ksk_id", where, ksk=known.id, id=shown(key.identifier)))
            elif key.dnskey in signs - {known.dnskey.revoked} and not known.signs(bundle.inception, bundle.expiration):
                findings.append(found("skr.ksk_outside_days", where, ksk=known.id))
    return tuple(findings)


def anchor_findings(response: Response, anchor: TrustAnchor) -> tuple[Finding, ...]:
    """Whether every bundle is signed by a key of a trust anchor, in that key's days there (RFC 9718 2)."""
    findings = []
    for number, bundle in enumerate(response.bundles, 1):
        signers = {key for one in bundle.signatures for key in signing_keys(response.domain, bundle, one)}
        standing = [one.ds for one in anchor.digests if one.meets(bundle.inception, bundle.expiration)]
        held = [key for key in signers if any(key.ds(response.domain, one.digest_type) == one for one in standing)]
        if not held:
            findings.append(found("skr.no_anchor_signs", f"bundle {number}"))
    return tuple(findings)


def signer_findings(response: Response, limits: Limits) -> tuple[Finding, ...]:
    """Whether what the response states of its signer, and the TTLs of all it holds, keep to the operator's limits."""
    findings, stated = [], response.ksk
    for what, least, most, limit in (
        ("validity", stated.min_signature_validity, stated.max_signature_validity, limits.validity),
        ("overlap", stated.min_validity_overlap, stated.max_validity_overlap, limits.overlap),
    ):
        if not limit.least <= least <= most <= limit.most:
            texts = {"least": duration_text(least), "most": duration_text(most)}
            findings.append(found("skr.stated", what=what, range=limit, **texts))
    for number, bundle in enumerate(response.bundles, 1):
        for key in bundle.ksks:
            if key.ttl != limits.ttl:
                where, tag = f"bundle {number}", key.dnskey.key_tag
                findings.append(found("skr.ttl", where, tag=tag, ttl=key.ttl, expected=limits.ttl))
    return tuple(findings)


def promise_findings(response: Response, promise: Promise) -> tuple[Finding, ...]:
    """Whether TTL and validities keep to the policy."""
    findings = []
    for number, bundle in enumerate(response.bundles, 1):
        findings += bound_findings(bundle, promise, f"bundle {number}")
    return tuple(findings)
