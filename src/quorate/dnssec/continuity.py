"""Whether an SKR may follow what was signed before it. Floor 2.

The predecessor is the SKR that is recorded as deployed. Every other signed SKR whose signatures have not expired can
still be replayed, so validators may meet its bundles too. A first SKR, and whatever cannot wait for its turn, is a
named act: it says which findings it relaxes and what it asks for instead; all else blocks as ever (spec/skr.md).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import pairwise

from quorate.dnssec.act import ACTS, Act
from quorate.dnssec.conformity import slots_in
from quorate.dnssec.duration import duration_text, utc_text
from quorate.dnssec.ksk import Ksks
from quorate.dnssec.ksr import Bundle, Response
from quorate.dnssec.name import shown
from quorate.dnssec.policy import Limits
from quorate.dnssec.schema import Schema, Schemas, Slot, carried, recognised
from quorate.dnssec.simulate import SECOND, Habits, Shown, Stranded, refresh_interval, shown_too_briefly, simulate
from quorate.dnssec.soundness import own_findings
from quorate.findings import Finding, found


@dataclass(frozen=True, slots=True)
class Signed:
    """An SKR that was signed: `request` is the digest of the KSR's file, `deployed` whether it is recorded so.

    `schema` and `keys` (part to KSK id) as it was planned; empty where that is not known, as with an imported one.
    `slots` is given where it is drafted only, to be signed before the next one: it has no signatures to read them from.
    `turn`: where it comes among those that are recorded as deployed; of equals the later one came later. `name`: the id
    by which a plan or the register knows it, where it does.
    """

    response: Response
    request: str
    deployed: bool
    back_out: bool = False
    schema: str = ""
    keys: Mapping[str, str] = field(default_factory=dict)
    slots: tuple[Slot, ...] = ()
    turn: int = 0
    name: str = ""

    @property
    def known_as(self) -> str:
        """For messages: its name, or the id of the request."""
        return self.name or shown(self.response.id)

    @property
    def drafted(self) -> bool:
        return bool(self.slots)

    def turns(self, ksks: Ksks) -> tuple[Slot, ...]:
        """What the KSKs do in each bundle."""
        return self.slots or slots_in(self.response, ksks)

    @property
    def ends(self) -> datetime:
        return max(bundle.expiration for bundle in self.response.bundles)


@dataclass(frozen=True, slots=True)
class Next:
    """An SKR that is to be signed, or was just now: bundles, and what KSKs do in them. `name`: its id in a plan."""

    id: str
    request: str
    bundles: tuple[Bundle, ...]
    slots: tuple[Slot, ...]
    schema: Schema
    keys: Mapping[str, str]
    name: str = ""

    @property
    def known_as(self) -> str:
        """For messages: its name, or the id of the request."""
        return self.name or shown(self.id)


@dataclass(frozen=True, slots=True)
class Rules:
    """What a sequence is judged by: the schemas, the KSKs, how validators behave, and the policy's safeties."""

    schemas: Schemas
    ksks: Ksks
    habits: Habits
    publish_safety: timedelta
    retire_safety: timedelta


def rules_for(limits: Limits | None, schemas: Schemas, ksks: Ksks) -> Rules:
    """The rules of a policy's limits; without a policy those of RFC 5011 for a TTL of two days, and no safeties."""
    if limits is None:
        return Rules(schemas, ksks, Habits(), timedelta(), timedelta())
    habits = Habits(
        limits.hold_down,
        limits.remove_hold_down,
        refresh_interval(limits.ttl, limits.validity.most),
        limits.anchor_lag,
    )
    return Rules(schemas, ksks, habits, limits.publish_safety, limits.retire_safety)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was found: what blocks, what the act relaxed, and how much the simulation tried."""

    blocking: tuple[Finding, ...]
    relaxed: tuple[Finding, ...]
    cells: int
    states: int


def judge(
    history: Sequence[Signed], main: Next, back_outs: Sequence[Next], act: Act, now: datetime, rules: Rules
) -> Verdict:
    """Whether `main`, with its `back_outs`, may be signed after `history` (in the order of signing)."""
    before = predecessor(history, main.id, act)
    findings = [*_request_findings(history, main), *_siblings(history, main)]
    findings += _place_findings(history, before, main, act)
    findings += _predecessor_findings(before, rules.ksks)
    findings += _order_findings(before, main, rules)
    for one in back_outs:
        findings += [*_back_out_findings(main, one), *_back_out_request_findings(history, main, one)]
    showings, starts = shown_in(history, main, (), act, now, rules.ksks), main.bundles[0].inception
    stood = [*_shown_before(history, before, act, rules.ksks), *(one for one in showings if one.required)]
    findings += _safety_findings(stood, starts, rules)
    findings += _returning(history, before, main, rules.ksks)
    showings = shown_in(history, main, back_outs, act, now, rules.ksks)
    outcome = simulate(showings, rules.ksks.anchors, rules.habits, starts)
    findings += (stranded_finding(one) for one in outcome.stranded)
    relaxes = ACTS[act].relaxes
    return Verdict(
        tuple(one for one in findings if one.code not in relaxes),
        tuple(one for one in findings if one.code in relaxes),
        outcome.cells,
        outcome.states,
    )


def predecessor(history: Sequence[Signed], request_id: str, act: Act) -> Signed | None:
    """The SKR that is in the zone when the next one begins: the last one that is recorded as deployed.

    When several quarters are signed at once, it is the last one signed. An earlier answer to the same request is none.
    """
    others = [one for one in reversed(history) if one.response.id != request_id]
    if act is Act.CALENDAR_BRIDGE:
        return next((one for one in others if not one.back_out), None)
    return max((one for one in others if one.deployed), key=lambda one: one.turn, default=None)  # the first of equals


AFTER_ANOTHER = frozenset({"ksr.chain_keys", "ksr.chain_overlap", "skr.gap_before", "skr.order", "skr.order_keys"})
"""What is found of a response that follows another SKR than the one recorded as deployed."""


def unrecorded(history: Sequence[Signed], response: Response, act: Act) -> tuple[Finding, ...]:
    """The SKR that was signed for the time between, and that nothing records as deployed: it explains the others."""
    before = predecessor(history, response.id, act)
    if before is None:
        return ()
    since, until = before.response.bundles[0].inception, response.bundles[0].inception
    between = [
        one
        for one in history
        if not (one.deployed or one.back_out or one.drafted) and since < one.response.bundles[0].inception < until
    ]
    return tuple(found("skr.unrecorded", id=one.known_as, before=before.known_as) for one in between[-1:])


def shown_in(
    history: Sequence[Signed], main: Next, back_outs: Sequence[Next], act: Act, now: datetime, ksks: Ksks
) -> tuple[Shown, ...]:
    """All that validators may meet: the predecessor, `main` and its back-outs, and what else has not expired.

    Bundles of the predecessor that begin before `main` must be accepted as long as they are valid; where a KSK is
    given up at once, up to that moment. Whatever else is left of it may be replayed, but is not for the zone.
    """
    before, showings = predecessor(history, main.id, act), list[Shown]()
    starts = min(bundle.inception for bundle in main.bundles)
    abrupt = act in (Act.KSK_COMPROMISE, Act.KSK_LOSS)
    for signed in history:
        if signed is before or signed.ends >= now:
            slots = signed.turns(ksks)
            for number, (bundle, slot) in enumerate(zip(signed.response.bundles, slots, strict=True), 1):
                required = signed is before and bundle.inception < starts
                one = _shown(f"bundle {number} of {signed.known_as}", bundle, slot, required)
                if required and abrupt and one.end >= starts:
                    showings.append(replace(one, start=starts, required=False))
                    one = replace(one, end=starts - SECOND)
                showings.append(one)
    for plan in (main, *back_outs):
        showings += (
            _shown(f"bundle {number} of {plan.schema.id}", bundle, slot, True)
            for number, (bundle, slot) in enumerate(zip(plan.bundles, plan.slots, strict=True), 1)
        )
    return tuple(showings)


def _shown_before(history: Sequence[Signed], before: Signed | None, act: Act, ksks: Ksks) -> Iterator[Shown]:
    """The bundles of deployed SKRs before the predecessor, each until the next one began: since when a key has stood.

    When several quarters are signed at once, those between will be deployed in their turn. What was in the zone before
    the first that is at hand nobody knows here: its keys count as published long enough.
    """
    if before is None:
        return
    last = before.response.bundles[0].inception
    ahead = [one for one in history if act is Act.CALENDAR_BRIDGE and not (one.deployed or one.back_out)]
    ahead = sorted(ahead, key=lambda one: one.response.bundles[0].inception)
    in_turn = (*sorted((one for one in history if one.deployed), key=lambda one: one.turn), *ahead)
    earlier = [one for one in in_turn if one.response.bundles[0].inception < last]
    for one, after in pairwise((*earlier, before)):
        until = after.response.bundles[0].inception
        for number, (bundle, slot) in enumerate(zip(one.response.bundles, one.turns(ksks), strict=True), 1):
            if bundle.inception < until:
                shown_there = _shown(f"bundle {number} of {one.known_as}", bundle, slot, True)
                yield replace(shown_there, end=min(shown_there.end, until))


def _shown(name: str, bundle: Bundle, slot: Slot, required: bool) -> Shown:
    return Shown(
        name, bundle.inception, bundle.expiration, slot.publish, slot.sign - slot.revoke, slot.revoke, required
    )


def stranded_finding(one: Stranded) -> Finding:
    """The validator that an SKR would leave behind, told as one."""
    facts = {
        "when": f"{one.moment:%Y-%m-%d}",
        "shown": one.shown.name,
        "trusts": ", ".join(sorted(one.trusts)),
        "signers": ", ".join(sorted(one.shown.signers)) or "a revoked key only",
    }
    if one.first_look is None:
        return found("skr.stranded_fixed", **facts)
    facts |= {"first": f"{one.first_look:%Y-%m-%d}", "began": ", ".join(sorted(one.began))}
    if not one.trusts:
        return found("skr.last_anchor_revoked", **facts)
    return found("skr.stranded", **facts)


def _request_findings(history: Sequence[Signed], main: Next) -> Iterator[Finding]:
    """A request is answered once, and its bundles belong to it alone."""
    for one in history:
        if one.response.id == main.id:
            code = "skr.request_again" if one.request == main.request else "skr.id_again"
            yield found(code, id=shown(main.id))
        elif again := {bundle.id for bundle in one.response.bundles} & {bundle.id for bundle in main.bundles}:
            yield found("skr.bundle_again", id=shown(min(again)), before=one.known_as)


def _siblings(history: Sequence[Signed], main: Next) -> Iterator[Finding]:
    """One ceremony makes one response for a slot, and back-outs of it: people must not have to choose between two."""
    begins = {bundle.inception for bundle in main.bundles}
    for one in history:
        if one.drafted and not one.back_out and begins & {bundle.inception for bundle in one.response.bundles}:
            yield found("skr.siblings", id=main.known_as, other=one.known_as)


def _place_findings(history: Sequence[Signed], before: Signed | None, main: Next, act: Act) -> Iterator[Finding]:
    """There is a predecessor, it is in the zone, and the new one begins while its last bundle is valid."""
    if before is None:
        if any(one.response.id != main.id for one in history):
            yield found("skr.none_deployed", count=len(history))
        else:
            yield found("skr.predecessor_missing")
        return
    if act is Act.GENESIS:
        yield found("skr.genesis_again", id=before.known_as)
    if not before.deployed:
        yield found("skr.predecessor_undeployed", id=before.known_as)
    starts, last = main.bundles[0].inception, before.response.bundles[-1]
    if starts > last.expiration:
        yield found("skr.gap_before", starts=utc_text(starts), ends=utc_text(last.expiration))
    if starts <= last.inception:
        yield found("skr.starts_early", starts=utc_text(starts), last=utc_text(last.inception))


def _predecessor_findings(before: Signed | None, ksks: Ksks) -> Iterator[Finding]:
    """The predecessor is sound in itself, and every KSK in every bundle of it is a known one."""
    if before is None:
        return
    for one in () if before.drafted else own_findings(before.response):
        if one.blocks:
            yield found("skr.predecessor_unsound", before.response.id, problem=one.sentence)
    for number, bundle in enumerate(before.response.bundles, 1):
        for key in bundle.ksks:
            if ksks.of(key.dnskey) is None:
                yield found("skr.predecessor_ksk", f"bundle {number} before", tag=key.dnskey.key_tag)


Readings = tuple[tuple[Schema, Mapping[str, str]], ...]


def readings(before: Signed, schemas: Schemas, ksks: Ksks) -> Readings:
    """The schemas and bindings of which an SKR can be an instance: what its record says, else what it shows."""
    said = schemas.named(before.schema) if before.schema else None
    if said is not None and set(before.keys) == set(said.keys):
        return ((said, before.keys),)
    ways = recognised(schemas, before.turns(ksks))
    return tuple(way for way in ways if way[0] == said) or ways


def _order_findings(before: Signed | None, main: Next, rules: Rules) -> Iterator[Finding]:
    """Whether the schema may come now, with these KSKs in its parts."""
    if main.schema.back_out_of:
        yield found("skr.back_out_as_main", schema=main.schema.id)
    if before is None:
        return
    ways = readings(before, rules.schemas, rules.ksks)
    bindings = [keys for schema, was in ways if (keys := carried(main.schema, schema, was)) is not None]
    if any(all(main.keys[part] == name for part, name in keys.items()) for keys in bindings):
        return
    mains = [schema.id for schema, _ in ways if not schema.back_out_of] or [schema.id for schema, _ in ways]
    came = " or ".join(dict.fromkeys(mains)) or "a schema that is not known"
    may = ", ".join(sorted(one.schema for one in main.schema.follows)) or "nothing"
    facts = {"schema": main.schema.id, "came": came, "may": may}
    if bindings:
        parts = ", ".join(f"{part} = {name}" for part, name in sorted(bindings[0].items()))
        yield found("skr.order_keys", parts=parts, **facts)
    else:
        yield found("skr.order", **facts)


def _back_out_findings(main: Next, one: Next) -> Iterator[Finding]:
    """A back-out is for the same slots, is made for this schema, and gives every part to the same KSK."""
    where = one.schema.id
    if main.schema.id not in one.schema.back_out_of:
        yield found("skr.back_out_other", where, schema=main.schema.id)
    if [(b.inception, b.expiration) for b in one.bundles] != [(b.inception, b.expiration) for b in main.bundles]:
        yield found("skr.back_out_request", where)
    for part, name in sorted(one.keys.items()):
        if main.keys.get(part) != name:
            yield found("skr.back_out_keys", where, part=part, ksk=name)


def _back_out_request_findings(history: Sequence[Signed], main: Next, one: Next) -> Iterator[Finding]:
    """A request of its own was not answered before either, and has no id of the main SKR's request."""
    if one.request == main.request:
        return
    yield from _request_findings(history, one)
    if one.id == main.id:
        yield found("skr.id_again", one.schema.id, id=shown(one.id))
    elif again := {bundle.id for bundle in one.bundles} & {bundle.id for bundle in main.bundles}:
        yield found("skr.bundle_again", one.schema.id, id=shown(min(again)), before=main.known_as)


def _safety_findings(showings: Sequence[Shown], starts: datetime, rules: Rules) -> Iterator[Finding]:
    """The policy's safeties: how long a KSK stands before it signs alone and after it signed, and how long revoked.

    What was over when the new SKR `starts` is not its fault.
    """
    ordered = sorted(showings, key=lambda one: one.start)
    since = dict[str, datetime]()
    for one in ordered:
        for key in one.published:
            since.setdefault(key, one.start)
    said = set[frozenset[str]]()
    for one in ordered:
        stood = [one.start - since[key] for key in one.signers if key not in ordered[0].published]
        alone = one.start >= starts and stood and len(stood) == len(one.signers)
        if alone and max(stood) < rules.publish_safety and one.signers not in said:
            said.add(one.signers)
            names = ", ".join(sorted(one.signers))
            facts = {"after": _length(max(stood)), "least": _length(rules.publish_safety)}
            yield found("skr.published_late", one.name, ksk=names, **facts)
    for key in sorted({name for one in ordered for name in one.signers}):
        signed = [one for one in ordered if key in one.signers]
        last = max(one.end for one in signed)
        gone = [one.start for one in ordered if key not in one.published | one.revoked and one.start > signed[-1].start]
        if gone and min(gone) >= starts and min(gone) - last < rules.retire_safety:
            facts = {"after": _length(min(gone) - last), "least": _length(rules.retire_safety)}
            yield found("skr.retired_early", ksk=key, **facts)
    for key, lasts in shown_too_briefly(ordered, rules.habits, starts):
        facts = {"lasts": _length(lasts), "least": _length(rules.habits.remove_hold_down)}
        yield found("skr.revocation_short", ksk=key, **facts)


def _length(length: timedelta) -> str:
    return duration_text(max(length, timedelta()))


def _returning(history: Sequence[Signed], before: Signed | None, main: Next, ksks: Ksks) -> Iterator[Finding]:
    """KSKs that were revoked in the zone and would be published again: an RFC 5011 validator never trusts them."""
    shown_there = [one for one in history if one.deployed or one is before]
    gone = {name for one in shown_there for slot in one.turns(ksks) for name in slot.revoke}
    for name in sorted(gone & {name for slot in main.slots for name in slot.publish}):
        yield found("skr.revoked_returns", ksk=name)
