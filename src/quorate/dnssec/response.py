"""Making an SKR: a request, a schema and public KSKs give the exact bytes to be signed; signatures in give the SKR.

Floor 2. `draft_response` makes every RRset and every signing once; people approve the digests, tokens sign the bytes,
and `finish` takes signatures over these bytes only. The order of everything is fixed, so two sites that sign with a
deterministic algorithm write the same file (spec/skr.md).
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from msgspec.structs import replace

from quorate.dnssec.dnskey import Dnskey, key_algorithm, rsa_numbers
from quorate.dnssec.duration import duration_text
from quorate.dnssec.ksk import Ksk, Ksks, collisions_among
from quorate.dnssec.ksr import (
    AlgorithmPolicy,
    Bundle,
    BundleKey,
    BundleSignature,
    Family,
    KeyPolicy,
    Request,
    Response,
)
from quorate.dnssec.name import wire_name
from quorate.dnssec.policy import Limits
from quorate.dnssec.rrsig import Rrsig, dnskey_rrsig, signed_data
from quorate.dnssec.schema import Slot
from quorate.dnssec.verify import signature_verifies
from quorate.findings import Finding, Refusal, found, refuse_errors


@dataclass(frozen=True, slots=True)
class Signing:
    """One signature to be made: by which KSK, as which record (revoked or not), over which bytes."""

    bundle: int  # from 1
    ksk: str
    key: Dnskey
    rrsig: Rrsig  # without its signature
    data: bytes

    @property
    def digest(self) -> str:
        """The name of these bytes in an intent."""
        return f"sha256:{hashlib.sha256(self.data).hexdigest()}"


@dataclass(frozen=True, slots=True)
class ResponseDraft:
    """An SKR but for its signatures: the bundles hold keys only, `signings` come bundle by bundle."""

    response: Response
    signings: tuple[Signing, ...]


@dataclass(frozen=True, slots=True)
class Promise:
    """What the KSKs' side promises: the ResponsePolicy's safeties and bounds, and the TTL of every record (seconds)."""

    stated: KeyPolicy
    ttl: int


def promise_of(limits: Limits) -> Promise:
    """What the policy's limits promise."""
    stated = KeyPolicy(
        limits.publish_safety,
        limits.retire_safety,
        limits.validity.most,
        limits.validity.least,
        limits.overlap.most,
        limits.overlap.least,
        (),
    )
    return Promise(stated, limits.ttl)


def draft_response(
    request: Request, slots: Sequence[Slot], ksks: Ksks, promise: Promise, timestamp: datetime | None = None
) -> ResponseDraft:
    """Everything that is to be signed for `request`. One refusal names every problem.

    `slots` come from `schema.slots_of` for as many bundles as the request has. The request is not judged here but for
    what would make the response wrong; its own checks come before.
    """
    if len(slots) != len(request.bundles):
        raise Refusal("schema.slots", schema="this", count=len(request.bundles), slots=f"1 to {len(slots)}")
    if wire_name(request.domain) != wire_name(ksks.zone):
        raise Refusal("skr.zone", zone=request.domain, expected=ksks.zone)
    used = [ksks.named(name) for name in sorted({name for slot in slots for name in slot.publish | slot.sign})]
    refuse_errors(
        tuple(
            finding
            for number, (bundle, slot) in enumerate(zip(request.bundles, slots, strict=True), 1)
            for finding in _bundle_findings(number, bundle, slot, ksks, promise)
        )
    )
    bundles = [_bundle(bundle, slot, ksks, promise.ttl) for bundle, slot in zip(request.bundles, slots, strict=True)]
    signings = [
        signing
        for number, (bundle, slot) in enumerate(zip(bundles, slots, strict=True), 1)
        for signing in _signings(request.domain, number, bundle, slot, ksks, promise.ttl)
    ]
    stated = replace(promise.stated, algorithms=algorithm_policies([ksk.dnskey for ksk in used]))
    response = Response(request.id, request.serial, request.domain, stated, request.zsk, tuple(bundles), timestamp)
    return ResponseDraft(response, tuple(signings))


def finish(draft: ResponseDraft, signatures: Sequence[bytes]) -> Response:
    """The SKR with `signatures`, one for each of the draft's signings, in their order and in an RRSIG's form.

    Raises `skr.signature_invalid` unless each is the named KSK's over exactly the drafted bytes.
    """
    if len(signatures) != len(draft.signings):
        raise Refusal("skr.signature_count", count=len(signatures), expected=len(draft.signings))
    made = dict[int, list[BundleSignature]]()
    for signing, signature in zip(draft.signings, signatures, strict=True):
        if not signature_verifies(signing.key, signing.data, signature):
            raise Refusal("skr.signature_invalid", f"bundle {signing.bundle}", ksk=signing.ksk, tag=signing.key.key_tag)
        record = replace(signing.rrsig, signature=signature)
        made.setdefault(signing.bundle, []).append(BundleSignature(signing.ksk, record.original_ttl, record))
    bundles = (
        replace(bundle, signatures=tuple(sorted(made[number], key=lambda one: (one.rrsig.key_tag, one.rrsig.rdata))))
        for number, bundle in enumerate(draft.response.bundles, 1)
    )
    return replace(draft.response, bundles=tuple(bundles))


def _bundle_findings(number: int, bundle: Bundle, slot: Slot, ksks: Ksks, promise: Promise) -> list[Finding]:
    """What would make a bundle of the response wrong, whatever the schema."""
    where = f"bundle {number}"
    findings = bound_findings(bundle, promise, where)
    signers = [ksks.named(name) for name in sorted(slot.sign - slot.revoke)]
    late = [ksk for ksk in signers if not ksk.signs(bundle.inception, bundle.expiration)]
    findings += (found("skr.ksk_not_in_use", where, ksk=ksk.id) for ksk in late)
    asked = [key.dnskey for key in bundle.keys if key.dnskey.is_ksk or ksks.of(key.dnskey)]
    findings += (found("skr.ksk_requested", where, tag=key.key_tag) for key in asked)
    named = [(f"ZSK {key.identifier}", key.dnskey) for key in bundle.keys]
    named += [(f"KSK {name}", ksks.named(name).dnskey) for name in sorted(slot.publish | slot.revoke)]
    findings += collisions_among(named, where)
    return findings + unsigned_algorithms(bundle.dnskeys, slot, ksks, where)


def bound_findings(bundle: Bundle, promise: Promise, where: str) -> list[Finding]:
    """Whether the validity and every TTL of a bundle keep to the policy."""
    stated, lasts, findings = promise.stated, bundle.expiration - bundle.inception, []
    if not stated.min_signature_validity <= lasts <= stated.max_signature_validity:
        least, most = (duration_text(one) for one in (stated.min_signature_validity, stated.max_signature_validity))
        lasting = duration_text(max(lasts, timedelta()))
        findings.append(found("skr.validity", where, lasts=lasting, bounds=f"{least} to {most}"))
    wrong = [key for key in bundle.keys if key.ttl != promise.ttl]
    findings += (found("skr.ttl", where, tag=key.dnskey.key_tag, ttl=key.ttl, expected=promise.ttl) for key in wrong)
    return findings


def unsigned_algorithms(zsks: Sequence[Dnskey], slot: Slot, ksks: Ksks, where: str) -> list[Finding]:
    """Algorithms that stand in the RRset and do not sign it (RFC 4035 2.2), and KSKs without a ZSK of theirs.

    A revoked key's algorithm needs no ZSK any more, but may have one.
    """
    signs = {ksks.named(name).algorithm for name in slot.sign}
    published = {key_algorithm(key) for key in zsks} | {ksks.named(name).algorithm for name in slot.publish}
    findings = [found("skr.algorithm_unsigned", where, algorithm=one.name) for one in sorted(published - signs)]
    zone = {key_algorithm(key) for key in zsks}
    lonely = {ksks.named(name).algorithm for name in slot.publish} - zone
    return findings + [found("skr.algorithm_without_zsk", where, algorithm=one.name) for one in sorted(lonely)]


def _bundle(bundle: Bundle, slot: Slot, ksks: Ksks, ttl: int) -> Bundle:
    """The request's bundle with the KSKs among its keys, in the order of the file: by their tags."""
    keys = [replace(key, key_tag=key.dnskey.key_tag, ttl=ttl) for key in bundle.keys]
    keys += [_bundle_key(ksks.named(name), ttl) for name in slot.publish]
    keys += [_bundle_key(ksks.named(name), ttl, revoked=True) for name in slot.revoke]
    keys.sort(key=lambda key: (key.key_tag, key.dnskey.rdata))
    return Bundle(bundle.id, bundle.inception, bundle.expiration, tuple(keys), ())


def _bundle_key(ksk: Ksk, ttl: int, revoked: bool = False) -> BundleKey:
    dnskey = ksk.dnskey.revoked if revoked else ksk.dnskey
    return BundleKey(ksk.id, dnskey.key_tag, ttl, dnskey)


def _signings(zone: str, number: int, bundle: Bundle, slot: Slot, ksks: Ksks, ttl: int) -> list[Signing]:
    """The signings of one bundle, in the order of the signing records' data."""
    keys = {
        name: ksks.named(name).dnskey.revoked if name in slot.revoke else ksks.named(name).dnskey for name in slot.sign
    }
    signings = []
    for name, key in sorted(keys.items(), key=lambda item: item[1].rdata):
        rrsig = dnskey_rrsig(zone, key, ttl, bundle.inception, bundle.expiration)
        signings.append(Signing(number, name, key, rrsig, signed_data(zone, rrsig, bundle.dnskeys)))
    return signings


def algorithm_policies(keys: Sequence[Dnskey]) -> tuple[AlgorithmPolicy, ...]:
    """What a policy says of keys: each kind of key once, in the order of the algorithms' numbers."""
    return tuple(sorted({_kind(key) for key in keys}, key=lambda kind: (kind.algorithm, kind.size, kind.exponent)))


def _kind(key: Dnskey) -> AlgorithmPolicy:
    algorithm = key_algorithm(key)
    if algorithm.is_rsa:
        numbers = rsa_numbers(key.public_key)
        return AlgorithmPolicy(algorithm, Family.RSA, numbers.modulus.bit_length(), numbers.exponent)
    family = Family.ECDSA if algorithm.name.startswith("ECDSA") else Family.EDDSA
    return AlgorithmPolicy(algorithm, family, algorithm.key_bits)
