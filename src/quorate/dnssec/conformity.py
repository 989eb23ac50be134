"""Whether an SKR is what it should be: every record and signature, and against request, plan, KSKs and policy. Floor 2.

Each function judges against one thing that is at hand, and believes nothing that the SKR says of itself: key tags and
signatures are made anew.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import pairwise
from typing import TYPE_CHECKING

from quorate.dnssec.dnskey import KSK_FLAGS, PROTOCOL, REVOKED_FLAGS, TYPE_DNSKEY, ZSK_FLAGS, Dnskey
from quorate.dnssec.duration import duration_text, utc_text
from quorate.dnssec.ksk import Ksks
from quorate.dnssec.ksr import Bundle, BundleSignature, Request, Response
from quorate.dnssec.name import label_count, shown, wire_name
from quorate.dnssec.policy import Limits
from quorate.dnssec.response import Promise, bound_findings
from quorate.dnssec.schema import Slot
from quorate.dnssec.verify import rrsig_verifies
from quorate.findings import Finding, Refusal, found

if TYPE_CHECKING:
    from quorate.dnssec.anchor import TrustAnchor

MOST_SIGNATURES = 400
"""Of one SKR: ten times what any zone has had; more would only cost time."""

_FLAGS = (ZSK_FLAGS, KSK_FLAGS, REVOKED_FLAGS)


def own_findings(response: Response) -> tuple[Finding, ...]:
    """What is wrong with an SKR in itself."""
    return tuple(_own(response))


def has_too_many_signatures(response: Response) -> bool:
    """Whether an SKR has more than anybody should try."""
    return sum(len(bundle.signatures) for bundle in response.bundles) > MOST_SIGNATURES


def _own(response: Response) -> Iterator[Finding]:
    try:
        wire_name(response.domain)
    except Refusal as refusal:
        yield from refusal.findings
        return
    if not response.bundles:
        yield found("skr.empty")
    if has_too_many_signatures(response):
        yield found("skr.too_many_signatures", most=MOST_SIGNATURES)
        return
    repeated = Counter(bundle.id for bundle in response.bundles)
    yield from (found("skr.bundle_twice", id=shown(name)) for name, count in repeated.items() if count > 1)
    yield from _identifier_findings(response)
    for number, bundle in enumerate(response.bundles, 1):
        where = f"bundle {number}"
        if bundle.inception >= bundle.expiration:
            yield found(
                "skr.times", where, inception=utc_text(bundle.inception), expiration=utc_text(bundle.expiration)
            )
        yield from _key_findings(bundle, where)
        made = [signing_keys(response.domain, bundle, one) for one in bundle.signatures]
        for signature, signers in zip(bundle.signatures, made, strict=True):
            yield from _signature_findings(response.domain, bundle, signature, signers, where)
        yield from _signer_findings(bundle, made, where)
    for number, (before, after) in enumerate(pairwise(response.bundles), 2):
        if after.inception <= before.inception or after.inception > before.expiration:
            times = {"inception": utc_text(after.inception), "expiration": utc_text(before.expiration)}
            yield found("skr.gap", f"bundle {number}", **times)


def _identifier_findings(response: Response) -> Iterator[Finding]:
    """One identifier is one key pair, in every bundle."""
    keys = dict[str, Dnskey]()
    for number, bundle in enumerate(response.bundles, 1):
        for key in bundle.keys:
            if key.identifier and not keys.setdefault(key.identifier, key.dnskey).same_key(key.dnskey):
                yield found("skr.identifier", f"bundle {number}", id=shown(key.identifier))


def _key_findings(bundle: Bundle, where: str) -> Iterator[Finding]:
    ttls = Counter(key.ttl for key in bundle.keys)
    usual = max(ttls, key=lambda ttl: ttls[ttl], default=0)
    for key in bundle.keys:
        tag, dnskey = key.dnskey.key_tag, key.dnskey
        if key.key_tag != tag:
            yield found("skr.key_tag", where, stated=key.key_tag, tag=tag)
        if dnskey.flags not in _FLAGS or dnskey.protocol != PROTOCOL:
            yield found("skr.key_flags", where, tag=tag, flags=dnskey.flags, protocol=dnskey.protocol)
        if key.ttl != usual:
            yield found("skr.ttl", where, tag=tag, ttl=key.ttl, expected=usual)
    pairs = Counter((key.dnskey.algorithm, key.dnskey.public_key) for key in bundle.keys)
    if any(count > 1 for count in pairs.values()):
        yield found("skr.key_twice", where)
    tags = Counter(key.dnskey.key_tag for key in bundle.keys)
    yield from (found("skr.tag_twice", where, tag=tag) for tag, count in tags.items() if count > 1)


def _signature_findings(
    zone: str, bundle: Bundle, signature: BundleSignature, signers: Sequence[Dnskey], where: str
) -> Iterator[Finding]:
    """The RRSIG is the one that this bundle is to have, by a key of the bundle: the `signers` that made it."""
    rrsig, tag = signature.rrsig, signature.rrsig.key_tag
    expected: dict[str, tuple[int | datetime, int | datetime]] = {
        "type covered": (rrsig.type_covered, TYPE_DNSKEY),
        "labels": (rrsig.labels, label_count(wire_name(zone))),
        "inception": (rrsig.inception, bundle.inception),
        "expiration": (rrsig.expiration, bundle.expiration),
        "original TTL": (rrsig.original_ttl, bundle.keys[0].ttl if bundle.keys else 0),
        "TTL": (signature.ttl, rrsig.original_ttl),
    }
    for name, (stated, due) in expected.items():
        if stated != due:
            texts = (utc_text(one) if isinstance(one, datetime) else one for one in (stated, due))
            yield found("skr.rrsig_field", where, tag=tag, field=name, stated=next(texts), due=next(texts))
    if not _is_name(rrsig.signer, zone):
        yield found("skr.rrsig_field", where, tag=tag, field="signer's name", stated=shown(rrsig.signer), due=zone)
    if not signers:
        yield found("skr.signature_invalid", where, ksk=shown(signature.identifier), tag=tag)


def _is_name(text: str, zone: str) -> bool:
    """Whether a name as it was stated is the zone's."""
    try:
        return wire_name(text) == wire_name(zone)
    except Refusal:
        return False


def signing_keys(zone: str, bundle: Bundle, signature: BundleSignature) -> tuple[Dnskey, ...]:
    """The key of the bundle, under the signature's identifier, that made it; none if it is not valid.

    Two keys of the signature's tag are tried and no more (CVE-2023-50387).
    """
    rrsig = signature.rrsig
    named = [key.dnskey for key in bundle.keys if key.identifier == signature.identifier]
    tagged = [key for key in dict.fromkeys(named) if key.key_tag == rrsig.key_tag][:2]
    return tuple(key for key in tagged if rrsig_verifies(zone, rrsig, bundle.dnskeys, key))


def _signer_findings(bundle: Bundle, made: Sequence[Sequence[Dnskey]], where: str) -> Iterator[Finding]:
    """Whether those sign that must. `made`: for each signature the keys that made it."""
    signers = [key for keys in made for key in keys]
    for key in signers:
        if not key.is_ksk:
            yield found("skr.signed_by_zsk", where, tag=key.key_tag)
    if len(set(signers)) != len(signers):
        yield found("skr.signature_twice", where)
    # a signature that is not valid was told of; that its key and algorithm have not signed says nothing new
    failed = [one.rrsig for one, keys in zip(bundle.signatures, made, strict=True) if not keys]
    tags, algorithms = {one.key_tag for one in failed}, {one.algorithm for one in failed}
    if not failed and not any(key.is_ksk and not key.is_revoked for key in signers):
        yield found("skr.unsigned", where)
    for key in bundle.dnskeys:
        if key.is_revoked and key not in signers and key.key_tag not in tags:
            yield found("skr.revoked_unsigned", where, tag=key.key_tag)
    signs = {key.algorithm for key in signers} | algorithms
    for algorithm in sorted({key.algorithm for key in bundle.dnskeys if not key.is_revoked} - signs):
        yield found("skr.algorithm_unsigned", where, algorithm=algorithm)
    published = {key.dnskey.algorithm for key in bundle.ksks if not key.dnskey.is_revoked}
    for algorithm in sorted(published - {key.dnskey.algorithm for key in bundle.zsks}):
        yield found("skr.algorithm_without_zsk", where, algorithm=algorithm)


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
    for number, (bundle, asks) in enumerate(zip(response.bundles, request.bundles, strict=False), 1):
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
