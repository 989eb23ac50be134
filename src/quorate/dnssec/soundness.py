"""Whether an SKR is sound in itself: every record, every signature, and who has to sign. Floor 2. Spec: `spec/skr.md`.

Nothing is believed that it says of itself: key tags and signatures are made anew.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import pairwise

from quorate.dnssec.dnskey import KSK_FLAGS, PROTOCOL, REVOKED_FLAGS, TYPE_DNSKEY, ZSK_FLAGS, Dnskey
from quorate.dnssec.duration import utc_text
from quorate.dnssec.ksr import Bundle, BundleSignature, Response
from quorate.dnssec.name import label_count, shown, wire_name
from quorate.dnssec.verify import rrsig_verifies
from quorate.findings import Finding, Refusal, found

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
    yield from _returning(response)
    for number, (before, after) in enumerate(pairwise(response.bundles), 2):
        if after.inception <= before.inception or after.inception > before.expiration:
            times = {"inception": utc_text(after.inception), "expiration": utc_text(before.expiration)}
            yield found("skr.gap", f"bundle {number}", **times)


def _returning(response: Response) -> Iterator[Finding]:
    """A KSK that is revoked in a bundle is in no later one as it was (RFC 5011 2.1)."""
    gone = set[Dnskey]()
    for number, bundle in enumerate(response.bundles, 1):
        keys = [key.dnskey for key in bundle.ksks]
        for key in (key for key in keys if not key.is_revoked and key in gone):
            yield found("skr.revoked_returns", f"bundle {number}", ksk=str(key.key_tag))
        gone |= {key.unrevoked for key in keys if key.is_revoked}


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
