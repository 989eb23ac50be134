"""A signed key response before it is believed: everything that can be said of it from what is at hand. Floor 2."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from dataclasses import replace as with_fields
from datetime import UTC, datetime

from msgspec.structs import replace

from quorate.dnssec import conformity, soundness
from quorate.dnssec.act import ACTS, Act
from quorate.dnssec.anchor import TrustAnchor
from quorate.dnssec.checks import IN_THE_ANSWER, IN_THE_CHAIN, Case, Check
from quorate.dnssec.checks import judge as judge_checks
from quorate.dnssec.continuity import Next, Rules, Signed, Verdict, judge, predecessor, readings, rules_for
from quorate.dnssec.dnskey import Dnskey
from quorate.dnssec.ksk import Ksk, Ksks, known_ksks
from quorate.dnssec.ksr import Request, Response
from quorate.dnssec.policy import Limits, Policy
from quorate.dnssec.schema import Schema, Schemas, Slot, carried, recognised, slots_of
from quorate.findings import Finding, Refusal, found

SINCE_EVER = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class AtHand:
    """What an SKR is judged against; what is not at hand is None or empty, and then not judged.

    `keys`: public keys of KSKs beside those in the SKRs. `limits`: the policy's of the moment `at`. `request_digest`:
    of the KSR's file, or empty. `history`: SKRs signed before, the one in the zone marked as deployed; what was signed
    from the judged SKR on does not count.
    """

    at: datetime
    schemas: Schemas
    policy: Policy | None = None
    limits: Limits | None = None
    keys: tuple[Dnskey, ...] = ()
    anchor: TrustAnchor | None = None
    request: Request | None = None
    request_digest: str = ""
    history: tuple[Signed, ...] = ()
    schema: str = ""
    parts: Mapping[str, str] = field(default_factory=dict)
    act: Act = Act.ROUTINE


@dataclass(frozen=True, slots=True)
class Review:
    """What was found. `ways`: the schemas and bindings that it is an instance of, the one it was judged as first."""

    findings: tuple[Finding, ...]
    relaxed: tuple[Finding, ...]
    ways: tuple[tuple[Schema, Mapping[str, str]], ...]
    before: Signed | None
    cells: int
    states: int


def review(response: Response, hand: AtHand) -> Review:
    """Judge `response` against everything at hand."""
    earlier = tuple(itertools.takewhile(lambda one: one.response != response, hand.history))
    hand = with_fields(hand, history=earlier)
    findings = list(soundness.own_findings(response))
    if soundness.has_too_many_signatures(response):
        return Review(tuple(findings), (), (), None, 0, 0)  # what is asked next asks for each of them
    ksks = _ksks(response, hand)
    findings += _pins(response, hand, ksks)
    if hand.request is not None:
        findings += conformity.request_findings(response, hand.request)
    refused, relaxed = _limited(response, hand, IN_THE_ANSWER, None)
    findings += refused
    slots = conformity.slots_in(response, ksks)
    ways = _ways(hand, slots)
    if not recognised(hand.schemas, slots):
        findings.append(found("skr.schema_unknown", known=", ".join(one.id for one in hand.schemas.schemas)))
    end = max((bundle.expiration for bundle in response.bundles), default=hand.at)
    if end < hand.at:
        findings.append(found("skr.expired", time=f"{end:%Y-%m-%dT%H:%M:%SZ}"))
    if hand.schema:
        findings += _planned(response, hand, ksks, ways)
    if not hand.history or not response.bundles or any(one.blocks for one in findings):
        # a place in the sequence has only what is sound in itself
        return Review(tuple(findings), relaxed, ways, None, 0, 0)
    before, verdict, ways = _placed(response, hand, rules_for(hand.limits, hand.schemas, ksks), slots, ways)
    placed = before if not verdict.blocking else None  # elsewhere in the sequence there is no chain
    refused, eased = _limited(response, hand, IN_THE_CHAIN, placed) if placed else ((), ())
    relaxed += (*verdict.relaxed, *eased)
    return Review((*findings, *verdict.blocking, *refused), relaxed, ways, before, verdict.cells, verdict.states)


def _limited(
    response: Response, hand: AtHand, checks: Sequence[Check], before: Signed | None
) -> tuple[tuple[Finding, ...], tuple[Finding, ...]]:
    """What the response repeats of its request, and states, against the operator's limits; what the act relaxes apart.

    `before`: only against what was signed before it; the overlap that it states is then left aside, as plain records
    state none. An exception for one request accepts here only what that very request is at hand for, or if none is.
    """
    if hand.limits is None or hand.policy is None or not response.bundles:
        return (), ()
    bundles = tuple(replace(bundle, keys=bundle.zsks, signatures=()) for bundle in response.bundles)
    request = Request(response.id, response.serial, response.domain, response.zsk, bundles)
    policy = hand.policy
    if not hand.request_digest:
        policy = replace(policy, exceptions=tuple(replace(one, ksr="") for one in policy.exceptions))
    previous = before.response if before else None
    case = Case(request, hand.request_digest, policy, hand.at, previous, unstated=before is not None)
    made = judge_checks(case, checks).refused
    placed = tuple(Finding(one.code, one.where.replace("slot", "bundle"), one.facts) for one in made)
    findings = placed if before else (*placed, *conformity.signer_findings(response, hand.limits))
    relaxes = ACTS[hand.act].relaxes
    return tuple(one for one in findings if one.code not in relaxes), tuple(
        one for one in findings if one.code in relaxes
    )


def _ksks(response: Response, hand: AtHand) -> Ksks:
    """The KSKs by their pins in policy or trust anchor; where there are neither, as they call themselves."""
    every = [response, *(one.response for one in hand.history)]
    named = {key.dnskey.unrevoked: key.identifier for one in every for bundle in one.bundles for key in bundle.ksks}
    keys = (*named, *(key.unrevoked for key in hand.keys))
    if hand.policy is not None:
        return known_ksks(hand.policy, keys)
    if hand.anchor is not None:
        return Ksks(response.domain, tuple(_anchored(hand.anchor, keys)))
    own = {name or str(key.key_tag): key for key, name in named.items()}
    return Ksks(response.domain, tuple(Ksk(name, key, SINCE_EVER) for name, key in own.items()))


def _anchored(anchor: TrustAnchor, keys: Iterable[Dnskey]) -> Iterable[Ksk]:
    unique = tuple(dict.fromkeys(keys))
    for one in anchor.digests:
        for key in unique:
            if key.ds(anchor.zone, one.ds.digest_type) == one.ds:
                yield Ksk(one.id, key, one.valid_from, one.valid_until)


def _pins(response: Response, hand: AtHand, ksks: Ksks) -> Iterable[Finding]:
    if hand.anchor is not None:
        yield from conformity.anchor_findings(response, hand.anchor)
    if hand.policy is not None:
        yield from conformity.ksk_findings(response, ksks)
    elif hand.anchor is None:
        yield found("skr.ksks_unpinned")


def _ways(hand: AtHand, slots: Sequence[Slot]) -> tuple[tuple[Schema, Mapping[str, str]], ...]:
    ways = recognised(hand.schemas, slots)
    return tuple(
        (schema, keys)
        for schema, keys in ways
        if hand.schema in ("", schema.id) and all(keys.get(part) == name for part, name in hand.parts.items())
    )


def _planned(
    response: Response, hand: AtHand, ksks: Ksks, ways: Sequence[tuple[Schema, Mapping[str, str]]]
) -> tuple[Finding, ...]:
    """Where the SKR differs from a schema that was named, bundle by bundle if its parts are bound to KSKs."""
    schema = hand.schemas.named(hand.schema)
    if ways or set(hand.parts) != set(schema.keys):
        return () if ways else (found("skr.schema_other", schema=schema.id),)
    try:
        slots = slots_of(schema, len(response.bundles), hand.parts)
    except Refusal as refusal:
        return refusal.findings
    return conformity.plan_findings(response, slots, ksks)


def _placed(
    response: Response,
    hand: AtHand,
    rules: Rules,
    slots: tuple[Slot, ...],
    ways: tuple[tuple[Schema, Mapping[str, str]], ...],
) -> tuple[Signed | None, Verdict, tuple[tuple[Schema, Mapping[str, str]], ...]]:
    """The SKR's place after what was signed before, as that instance of a schema that may follow, if one may."""
    before = predecessor(hand.history, response.id, hand.act)
    ordered = tuple(sorted(ways, key=lambda way: not _follows(way, before, hand.schemas, rules.ksks)))
    schema, keys = ordered[0] if ordered else (Schema("this SKR", "", (), ()), {})
    main = Next(response.id, hand.request_digest, response.bundles, slots, schema, keys)
    verdict = judge(hand.history, main, (), hand.act, hand.at, rules)
    # what is no instance of a schema, or a back-out by itself, has no place in the order of schemas
    unordered = {"skr.order", "skr.order_keys", "skr.back_out_as_main"} if not ways or schema.back_out_of else set()
    # with a trust anchor alone nobody knows all KSKs: one may stand that is not an anchor yet
    strangers = {"skr.predecessor_ksk"} if hand.policy is None and hand.anchor is not None else set()
    blocking = tuple(one for one in verdict.blocking if one.code not in unordered | strangers)
    return before, Verdict(blocking, verdict.relaxed, verdict.cells, verdict.states), ordered


def _follows(way: tuple[Schema, Mapping[str, str]], before: Signed | None, schemas: Schemas, ksks: Ksks) -> bool:
    if before is None:
        return True
    bindings = [carried(way[0], schema, keys) for schema, keys in readings(before, schemas, ksks)]
    return any(keys is not None and all(way[1].get(part) == name for part, name in keys.items()) for keys in bindings)
