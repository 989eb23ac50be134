"""What a text form does not say, and what stands for it: text becomes a request or a response. Floor 2.

Ids are made from the content, so the same slots have the same ids in every form. What matters to a signature is given
by whoever reads: by the policy, by options, or by the response to a request. All of it is told. `spec/key-text.md`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from typing import TypeVar

import msgspec
from msgspec.structs import replace

from quorate.dnssec.checks.limits import key_parameters
from quorate.dnssec.dnskey import Dnskey
from quorate.dnssec.duration import duration_text
from quorate.dnssec.key_text import Form, KeyText, TextSlot
from quorate.dnssec.ksr import AlgorithmPolicy, Bundle, KeyPolicy, Request, Response
from quorate.dnssec.ksr_xml import MANY
from quorate.dnssec.name import wire_name
from quorate.dnssec.policy import Limits
from quorate.findings import Finding, Refusal, found

T = TypeVar("T", Request, Response)
NONE = timedelta()


class Unsaid(msgspec.Struct, frozen=True):
    """What is given for what a request does not say.

    `validity`: of each signature that is asked for; `lead`: how long before its slot it begins to be valid; `interval`:
    how often a key set that stays the same is signed again; `until`: until when that goes on in the last slot, which is
    signed once without it; `safety`: the publish and retire safety that the requester states. `stated`: the requester's
    policy, if it is not made from these and the slots.
    """

    validity: timedelta | None = None
    interval: timedelta | None = None
    until: datetime | None = None
    lead: timedelta = NONE
    safety: timedelta = NONE
    serial: int = 0
    stated: KeyPolicy | None = None


class ReadRequest(msgspec.Struct, frozen=True):
    """A request; what was made up for it, as notices; and the oddities of its spelling, which XML alone can have."""

    request: Request
    notices: tuple[Finding, ...] = ()
    oddities: tuple[Finding, ...] = ()


class ReadResponse(msgspec.Struct, frozen=True):
    """A response likewise, and the request that it is to answer, if that was given."""

    response: Response
    notices: tuple[Finding, ...] = ()
    oddities: tuple[Finding, ...] = ()
    request: Request | None = None


def within(limits: Limits) -> Unsaid:
    """What an operator's limits say where a request does not: signed for as long and as rarely as they allow."""
    stated = KeyPolicy(
        limits.zsk_publish_safety,
        limits.zsk_retire_safety,
        limits.validity.most,
        limits.validity.least,
        limits.overlap.most,
        limits.overlap.least,
        (),
    )
    return Unsaid(limits.validity.most, limits.interval.most, stated=stated)


# -- requests ---------------------------------------------------------------------------------------------------------


def request_of(text: KeyText, unsaid: Unsaid, where: str) -> ReadRequest:
    """The request of a text. Raises `ksr.form_unsaid` where a signature's times would have to be guessed."""
    if text.form is Form.LINES:
        spans = [(slot, slot.begins, slot.ends or slot.begins) for slot in text.slots]
    else:
        spans = list(_filled(text, unsaid, where))
    return _supplied(text, unsaid, spans, where)


def request_along(text: KeyText, answer: KeyText, where: str) -> ReadRequest:
    """The request of a text by the slots of its answer, which may sign a key set several times.

    A key set for which the answer has no slot of its own stands with no time, and so differs from it.
    """
    ends = {slot.begins: (_inception(slot), slot.ends or slot.begins) for slot in answer.slots}
    moments = sorted({*ends, *(slot.begins for slot in text.slots)})
    spans = []
    for moment in moments:
        held = [slot for slot in text.slots if slot.begins <= moment]
        if held:
            spans.append((held[-1], *ends.get(moment, (moment, moment))))
    return _supplied(text, Unsaid(), spans, where)


def _filled(text: KeyText, unsaid: Unsaid, where: str) -> Iterator[tuple[TextSlot, datetime, datetime]]:
    """Each slot with the times of every signature that it needs until the next one begins."""
    described = text.form.described
    if unsaid.validity is None:
        raise Refusal(
            "ksr.form_unsaid", where, form=described, what="how long a signature is valid", option="--validity"
        )
    count = 0
    ends = [*(slot.begins for slot in text.slots[1:]), unsaid.until]
    for slot, end in zip(text.slots, ends, strict=True):
        moment = slot.begins
        while True:
            inception = moment - unsaid.lead
            yield slot, inception, inception + unsaid.validity
            count += 1
            if end is None or (unsaid.interval is None and end <= inception + unsaid.validity):
                break
            if not unsaid.interval:
                what = "how often a key set that stays is signed again"
                raise Refusal("ksr.form_unsaid", where, form=described, what=what, option="--interval")
            moment += unsaid.interval
            if moment >= end:
                break
            if count > MANY:
                raise Refusal("ksr.bounds", where, line=slot.line, problem=f"there would be more than {MANY} slots")


def _supplied(
    text: KeyText, unsaid: Unsaid, spans: Sequence[tuple[TextSlot, datetime, datetime]], where: str
) -> ReadRequest:
    bundles = tuple(_bundle(text.zone, slot, *times) for slot, *times in spans)
    kinds = _kinds(key.dnskey for bundle in bundles for key in bundle.keys)
    usual = unsaid.validity - unsaid.interval if unsaid.validity and unsaid.interval else None
    stated = _stated(bundles, unsaid.safety, kinds, usual)
    stated = replace(unsaid.stated, algorithms=kinds) if unsaid.stated else stated
    request = Request(_whole_id(bundles), unsaid.serial, text.zone, stated, bundles)
    made = {"ids and names of keys": "ids made from the content", "a serial number": str(unsaid.serial)}
    made["the requester's policy"] = "that of the operator's limits" if unsaid.stated else "as the slots are"
    if text.form is not Form.LINES:
        made["until when signatures are valid"] = f"{len(bundles)} signatures over {len(text.slots)} key sets"
    return ReadRequest(request, tuple(_silent(text, where, made)))


# -- responses --------------------------------------------------------------------------------------------------------


def response_of(text: KeyText, where: str) -> ReadResponse:
    """The response of a text: each bundle begins when its signatures do."""
    used = _used(text)
    bundles = tuple(_bundle(text.zone, slot, _inception(slot), slot.ends or slot.begins) for slot in used)
    ksks, zsks = (
        _kinds(key.dnskey for one in bundles for key in one.keys if key.dnskey.is_ksk == is_ksk)
        for is_ksk in (True, False)
    )
    signer, requester = (_stated(bundles, NONE, kinds) for kinds in (ksks, zsks))
    response = Response(_whole_id(bundles), 0, text.zone, signer, requester, bundles)
    made = {"ids and names of keys": "ids made from the content", "a serial number": "0"}
    made["the policies of both sides"] = "as the slots are"
    return ReadResponse(response, (*_silent(text, where, made), *_odd_notices(text, where)))


def _used(text: KeyText) -> tuple[TextSlot, ...]:
    """The slots that a server would use: dnssec-ksr may write one that is over at the moment at which it begins."""
    after = (*(slot.begins for slot in text.slots[1:]), None)
    return tuple(slot for slot, next_one in zip(text.slots, after, strict=True) if slot.begins != next_one)


def _odd_notices(text: KeyText, where: str) -> Iterator[Finding]:
    if lead := max(slot.begins - _inception(slot) for slot in text.slots):
        yield found("ksr.form_lead", where, lead=duration_text(lead))
    if count := len(text.slots) - len(_used(text)):
        yield found("ksr.form_unused", where, count=count)
    if count := sum(slot.parents for slot in text.slots):
        yield found("ksr.form_parents", where, count=count)


def matching(value: T, other: Request | Response) -> T:
    """What was a text, with ids, names and the requester's policy of the request or response that it belongs to.

    Its times, records and signatures stay its own, and can be compared.
    """
    ids = {(bundle.inception, bundle.expiration): bundle.id for bundle in other.bundles}
    bundles = tuple(replace(one, id=ids.get((one.inception, one.expiration), one.id)) for one in value.bundles)
    named = named_after(bundles, other.bundles)
    return replace(value, id=other.id, serial=other.serial, zsk=other.zsk, bundles=named)


def named_after(bundles: Sequence[Bundle], others: Iterable[Bundle]) -> tuple[Bundle, ...]:
    """The bundles with the identifiers that the same keys have in others."""
    names = {key.dnskey: key.identifier for bundle in others for key in bundle.keys}
    return tuple(_named(bundle, names) for bundle in bundles)


def _named(bundle: Bundle, names: dict[Dnskey, str]) -> Bundle:
    keys = tuple(replace(key, identifier=names.get(key.dnskey, key.identifier)) for key in bundle.keys)
    by_tag = {key.key_tag: key.identifier for key in keys}
    signatures = tuple(replace(one, identifier=by_tag.get(one.rrsig.key_tag, "")) for one in bundle.signatures)
    return replace(bundle, keys=keys, signatures=signatures)


# -- both -------------------------------------------------------------------------------------------------------------


def _inception(slot: TextSlot) -> datetime:
    """When the signatures of a response's slot begin to be valid: at its beginning or before."""
    return min((one.rrsig.inception for one in slot.signatures), default=slot.begins)


def _bundle(zone: str, slot: TextSlot, inception: datetime, expiration: datetime) -> Bundle:
    zsks = sorted(key.dnskey.rdata for key in slot.keys if not key.dnskey.is_ksk)
    times = f"{inception:%Y%m%d%H%M%S}{expiration:%Y%m%d%H%M%S}".encode()
    name = _id(b"bundle", wire_name(zone), times, *zsks)
    return Bundle(name, inception, expiration, slot.keys, slot.signatures)


def _whole_id(bundles: Iterable[Bundle]) -> str:
    return _id(b"request", *(bundle.id.encode() for bundle in bundles))


def _id(*parts: bytes) -> str:
    """A UUID of version 8 (RFC 9562 5.8) that is a digest of these octets."""
    whole = b"quorate-key-text-v1\0" + b"".join(len(part).to_bytes(4, "big") + part for part in parts)
    octets = bytearray(hashlib.sha256(whole).digest()[:16])
    octets[6], octets[8] = octets[6] & 0x0F | 0x80, octets[8] & 0x3F | 0x80
    text = octets.hex()
    return "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))


def _stated(
    bundles: Sequence[Bundle], safety: timedelta, kinds: tuple[AlgorithmPolicy, ...], usual: timedelta | None = None
) -> KeyPolicy:
    """A policy that claims no more than what the slots show, and what the next request shows that keeps the interval.

    `usual`: the overlap of slots that follow one another at the interval.
    """
    lasts = [bundle.expiration - bundle.inception for bundle in bundles]
    overlaps = [max(NONE, before.expiration - after.inception) for before, after in pairwise(bundles)]
    overlaps += [max(NONE, usual)] if usual is not None else []
    overlaps = overlaps or [NONE]
    return KeyPolicy(safety, safety, max(lasts), min(lasts), max(overlaps), min(overlaps), kinds)


def _kinds(keys: Iterable[Dnskey]) -> tuple[AlgorithmPolicy, ...]:
    made = {kind for key in keys if (kind := key_parameters(key))}
    return tuple(sorted(made, key=lambda kind: (kind.algorithm, kind.size, kind.exponent)))


def _silent(text: KeyText, where: str, made: dict[str, str]) -> Iterator[Finding]:
    for what, supplied in made.items():
        yield found("ksr.form_silent", where, form=text.form.described, what=what, supplied=supplied)
