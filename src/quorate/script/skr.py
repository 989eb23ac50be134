"""Signed key responses of a ceremony: drafted, judged, finished from what the script froze. Floor 2.

Spec: `spec/skr.md`. The draft of a sign-skr operation lists every signing with its exact bytes. Nothing in it is open:
it is made before the day and made again in the room, byte for byte.
"""

from __future__ import annotations

import base64
import functools
import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import msgspec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from quorate import canonical
from quorate.dnssec import checks
from quorate.dnssec.act import ACTS, OCCASIONAL, Act
from quorate.dnssec.conformity import ksk_findings, plan_findings, promise_findings, request_findings
from quorate.dnssec.continuity import AFTER_ANOTHER, Next, Signed, judge, predecessor, rules_for, unrecorded
from quorate.dnssec.dnskey import Algorithm, Dnskey, dnskey_of
from quorate.dnssec.ksk import Ksks, known_ksks
from quorate.dnssec.ksr import Request
from quorate.dnssec.ksr_layout import write_skr
from quorate.dnssec.ksr_xml import read_ksr, read_skr
from quorate.dnssec.name import wire_name
from quorate.dnssec.policy import Policy, read_policy
from quorate.dnssec.response import Promise, ResponseDraft, Signing, draft_response, finish, promise_of
from quorate.dnssec.schema import Schemas, Slot, slots_of
from quorate.dnssec.soundness import own_findings
from quorate.dnssec.table import KEY, planned_rows
from quorate.findings import Finding, Refusal, found, refuse_errors
from quorate.script import KnownSkr, Script
from quorate.script.operations import ScriptResponse, SignOperation
from quorate.strict import convert

_PLAIN = re.compile(r"[a-z0-9][a-z0-9._-]{0,127}")


def zone_folder(zone: str) -> str:
    """Where a script's inputs have the policy and the schemas of a zone.

    A record holds files of plain names only, and a zone may be called otherwise: it then stands under a digest.
    """
    if zone == ".":
        return "inputs/zones/root"
    name = zone.rstrip(".").lower()
    if name == "root" or not _PLAIN.fullmatch(name):
        name = f"sha256-{hashlib.sha256(wire_name(zone)).hexdigest()}"
    return f"inputs/zones/{name}"


@dataclass(frozen=True, slots=True)
class ZoneFacts:
    """A zone as the script froze it."""

    policy: Policy
    schemas: Schemas
    ksks: Ksks
    history: tuple[Signed, ...]


@dataclass(frozen=True, slots=True)
class SkrDraft:
    """One response with its signings; `findings` are those of the request, the sequence and what its act relaxes."""

    response: ScriptResponse
    request: Request
    slots: tuple[Slot, ...]
    ksks: Ksks
    promise: Promise
    draft: ResponseDraft
    findings: tuple[Finding, ...]

    @property
    def digest(self) -> str:
        """What an attempt intends: the digest of this response's signings, as the draft lists them."""
        return canonical.digest(canonical.encode(_listed(self)))


Held = Mapping[tuple[int, int], Sequence[Dnskey]]
"""Keys as KSKs of each algorithm that they can have, by algorithm and tag, so that a zone finds its own among many."""


def held_keys(spkis: Iterable[bytes]) -> Held:
    """The public keys of a ceremony, as DNSKEY records."""
    held: dict[tuple[int, int], list[Dnskey]] = {}
    for spki in spkis:
        for algorithm in Algorithm:
            try:
                key = dnskey_of(spki, algorithm)
            except Refusal:
                continue
            held.setdefault((algorithm, key.key_tag), []).append(key)
    return held


def read_zone(zone: str, inputs: Mapping[str, bytes], held: Held, known: Sequence[KnownSkr]) -> ZoneFacts:
    """Policy, schemas, KSKs and earlier SKRs of a zone."""
    folder = zone_folder(zone)
    policy = read_policy(inputs[f"{folder}/policy.json"], f"{folder}/policy.json").policy
    schemas = frozen_schemas(inputs[f"{folder}/schemas.json"], f"{folder}/schemas.json")
    history = tuple(_signed(one, inputs) for one in known if one.zone == zone)
    keys = [key for pin in policy.ksks for key in held.get((pin.algorithm, pin.key_tag), ())]
    keys += [key.dnskey for one in history for bundle in one.response.bundles for key in bundle.ksks]
    ksks = known_ksks(policy, keys)
    return ZoneFacts(policy, schemas, ksks, history)


def schemas_file(schemas: Schemas) -> bytes:
    """Schemas as a script's inputs hold them: canonical JSON, for readers without TOML."""
    return canonical.encode(msgspec.to_builtins(schemas)) + b"\n"


@functools.lru_cache(maxsize=16)  # most zones have the same
def frozen_schemas(data: bytes, where: str) -> Schemas:
    """The schemas of such a file."""
    return convert(canonical.decode(data.removesuffix(b"\n"), where), Schemas, where)


def _signed(known: KnownSkr, inputs: Mapping[str, bytes]) -> Signed:
    path = f"inputs/known/{known.id}.skr.xml"
    response, _ = read_skr(inputs[path], path)
    keys = {part.part: part.ksk for part in known.keys}
    return Signed(
        response, known.request, known.published, known.back_out, known.schema, keys, turn=known.turn, name=known.id
    )


@dataclass(frozen=True, slots=True)
class Unjudged:
    """The responses of an operation as they are to be signed, each main one followed by its back-outs.

    `before`: those that earlier operations of the ceremony sign for the same zones.
    """

    zones: Mapping[str, ZoneFacts]
    before: tuple[SkrDraft, ...]
    families: Sequence[Sequence[SkrDraft]]

    def draft(self, name: str) -> SkrDraft:
        return next(one for family in self.families for one in family if one.response.id == name)


@dataclass(frozen=True, slots=True)
class SkrDrafts:
    """All responses of an operation. `file`: the bytes of `drafts/ID.tbs`."""

    drafts: tuple[SkrDraft, ...]
    file: bytes

    @property
    def findings(self) -> tuple[Finding, ...]:
        return tuple(finding for draft in self.drafts for finding in draft.findings)


def unjudged_drafts(
    script: Script, operation: SignOperation, inputs: Mapping[str, bytes], spkis: Mapping[str, bytes], at: datetime
) -> Unjudged:
    """The responses of an operation with all their signings at the moment `at`; enough for what was judged and done."""
    held = held_keys(spkis.values())
    zones = {one.zone: read_zone(one.zone, inputs, held, script.skrs) for one in operation.responses}
    earlier = script.operations[: script.operations.index(operation)]
    *before, last = (
        _families(one, zones, inputs, at) for one in (*earlier, operation) if isinstance(one, SignOperation)
    )
    return Unjudged(zones, tuple(one for group in before for family in group for one in family), last)


def judged_drafts(unjudged: Unjudged, operation: SignOperation, at: datetime) -> SkrDrafts:
    """The same with what is found of each at that moment."""
    signed = list(unjudged.before)
    judged: dict[str, SkrDraft] = {}
    for main, *back_outs in unjudged.families:
        zone = unjudged.zones[main.response.zone]
        facts = replace(
            zone, history=(*zone.history, *(_drafted(one, zone) for one in signed if _same_zone(one, main)))
        )
        judged |= {one.response.id: _judged(one, back_outs, facts, at) for one in (main, *back_outs)}
        signed += (main, *back_outs)
    drafts = tuple(judged[one.id] for one in operation.responses)
    return SkrDrafts(drafts, draft_file(drafts))


def _families(
    operation: SignOperation, zones: Mapping[str, ZoneFacts], inputs: Mapping[str, bytes], at: datetime
) -> list[list[SkrDraft]]:
    """The drafts of an operation for these zones, each main one followed by its back-outs."""
    drafts = [_draft(one, zones[one.zone], inputs, at) for one in operation.responses if one.zone in zones]
    mains = [one for one in drafts if not one.response.back_out_of]
    return [[main, *(one for one in drafts if one.response.back_out_of == main.response.id)] for main in mains]


def _same_zone(one: SkrDraft, other: SkrDraft) -> bool:
    return one.response.zone == other.response.zone


def _drafted(draft: SkrDraft, zone: ZoneFacts) -> Signed:
    """A response that the same ceremony signs before: validators may meet it, and a later quarter follows it."""
    planned = _next(draft, zone)
    response, back_out = draft.draft.response, bool(draft.response.back_out_of)
    facts = (response, planned.request, False, back_out, planned.schema.id, planned.keys)
    return Signed(*facts, slots=planned.slots, name=draft.response.id)


def _draft(planned: ScriptResponse, zone: ZoneFacts, inputs: Mapping[str, bytes], at: datetime) -> SkrDraft:
    request, oddities = read_ksr(inputs[planned.request], planned.request)
    keys = {part.part: part.ksk for part in planned.keys}
    slots = slots_of(zone.schemas.named(planned.schema), len(request.bundles), keys)
    promise = promise_of(zone.policy.limits_at(at))
    draft = draft_response(request, slots, zone.ksks, promise)
    return SkrDraft(planned, request, slots, zone.ksks, promise, draft, oddities)


def _judged(draft: SkrDraft, back_outs: Sequence[SkrDraft], zone: ZoneFacts, at: datetime) -> SkrDraft:
    """The draft with what request and sequence are found to be; a back-out is judged with what it belongs to."""
    planned, act = draft.response, Act(draft.response.act)
    request = checks.judge(_case(draft, zone, act, at))
    relaxes = ACTS[act].relaxes
    blocking = [one for one in request.refused if one.code not in relaxes]
    relaxed = [one for one in request.refused if one.code in relaxes]
    if not planned.back_out_of:
        rules = rules_for(zone.policy.limits_at(at), zone.schemas, zone.ksks)
        main, *others = (_next(one, zone) for one in (draft, *back_outs))
        verdict = judge(zone.history, main, others, act, at, rules)
        blocking += verdict.blocking
        relaxed += verdict.relaxed
    if any(one.code in AFTER_ANOTHER for one in blocking):
        blocking = [*unrecorded(zone.history, draft.draft.response, act), *blocking]
    told = [found("skr.relaxed", planned.id, act=act.value, finding=one.sentence) for one in relaxed]
    if act in OCCASIONAL and not relaxed and not planned.back_out_of:
        told.append(found("skr.act_idle", planned.id, act=act.value))
    told += (
        found("skr.excepted", planned.id, exception=one.exception.id, finding=one.finding.sentence)
        for one in request.accepted
    )
    return replace(draft, findings=(*blocking, *told))


def _case(draft: SkrDraft, zone: ZoneFacts, act: Act, at: datetime) -> checks.Case:
    """The request beside the policy, the SKR that it follows and every id that was answered before."""
    before = predecessor(zone.history, draft.request.id, act)
    others = [one.response for one in zone.history if one.request != draft.response.digest and one is not before]
    seen = {response.id for response in others} | {one.id for response in others for one in response.bundles}
    previous, drafted = (before.response, before.drafted) if before else (None, False)
    facts = (draft.request, draft.response.digest, zone.policy, at, previous, draft.findings, frozenset(seen))
    return checks.Case(*facts, recorded=True, drafted=drafted)


def _next(draft: SkrDraft, zone: ZoneFacts) -> Next:
    planned = draft.response
    keys = {part.part: part.ksk for part in planned.keys}
    schema = zone.schemas.named(planned.schema)
    return Next(draft.request.id, planned.digest, draft.draft.response.bundles, draft.slots, schema, keys, planned.id)


# -- bytes ------------------------------------------------------------------------------------------------------------


def draft_file(drafts: Sequence[SkrDraft]) -> bytes:
    """The bytes of `drafts/ID.tbs`: every signing of every response, in the order in which they are made."""
    return canonical.encode({"responses": [_listed(draft) for draft in drafts]})


def _listed(draft: SkrDraft) -> canonical.Json:
    return {"id": draft.response.id, "signings": [_signing(one) for one in draft.draft.signings]}


def _signing(one: Signing) -> canonical.Json:
    data = base64.b64encode(one.data).decode()
    return {"bundle": one.bundle, "data": data, "digest": one.digest, "ksk": one.ksk, "tag": one.key.key_tag}


def intent_lines(operation: SignOperation, file: bytes) -> tuple[tuple[str, str], ...]:
    """What an intent says of each response, and of each RRset that is signed: bundle, key tag, digest."""
    lines: list[tuple[str, str]] = []
    listed: Any = canonical.decode(file, "draft")
    for planned, response in zip(operation.responses, listed["responses"], strict=True):
        label = f" back-out-of {planned.back_out_of}" if planned.back_out_of else ""
        label += f" again-of {planned.again_of}" if planned.again_of else ""
        lines.append(("response", f"{planned.id} zone {planned.zone} schema {planned.schema} act {planned.act}{label}"))
        lines += [("reason", planned.reason)] if planned.reason else []
        lines += (("rrset", f"{one['bundle']} {one['tag']} {one['digest']}") for one in response["signings"])
    return tuple(lines)


SIGNATURES = {
    Algorithm.RSASHA256: "rsa-pkcs1-sha256",
    Algorithm.RSASHA512: "rsa-pkcs1-sha512",
    Algorithm.ECDSAP256SHA256: "ecdsa-sha256",
    Algorithm.ECDSAP384SHA384: "ecdsa-sha384",
    Algorithm.ED25519: "ed25519",
    Algorithm.ED448: "ed448",
}
"""How a token signs for each DNSSEC algorithm, by the names of `algorithms.SignatureAlgorithm`."""


def deterministic(draft: SkrDraft) -> bool:
    """Whether signing again gives the same signatures: RSASSA-PKCS1-v1_5 (RFC 8017 8.2.1) and EdDSA (RFC 8032)."""
    return all(not Algorithm(one.key.algorithm).name.startswith("ECDSA") for one in draft.draft.signings)


def finish_response(draft: SkrDraft, signatures: Sequence[bytes]) -> bytes:
    """The SKR's file, from signatures as X.509 carries them; written, read back and judged whole.

    Raises `skr.signature_invalid` and all that a finished SKR can be refused for.
    """
    return _finished(replace(draft, findings=()), tuple(signatures))  # what was found before changes no byte


@functools.lru_cache(maxsize=16)  # asked for when signatures are admitted, and when they count; no refusal is kept
def _finished(draft: SkrDraft, signatures: tuple[bytes, ...]) -> bytes:
    octets = [_rrsig_octets(one, made) for one, made in zip(draft.draft.signings, signatures, strict=True)]
    data = write_skr(finish(draft.draft, octets))
    response, findings = read_skr(data, draft.response.id)
    refuse_errors(
        (
            *findings,
            *own_findings(response),
            *request_findings(response, draft.request),
            *plan_findings(response, draft.slots, draft.ksks),
            *ksk_findings(response, draft.ksks),
            *promise_findings(response, draft.promise),
        )
    )
    return data


def _rrsig_octets(signing: Signing, signature: bytes) -> bytes:
    """An ECDSA signature as RFC 6605 4 has it, r and s one after the other; the others are the same everywhere."""
    algorithm = Algorithm(signing.key.algorithm)
    if not algorithm.name.startswith("ECDSA"):
        return signature
    half = algorithm.key_octets // 2
    return b"".join(number.to_bytes(half) for number in decode_dss_signature(signature))


# -- for people -------------------------------------------------------------------------------------------------------


def table(draft: SkrDraft) -> tuple[str, ...]:
    """A line a bundle, under a head: its times, the tags of ZSKs, those of KSKs with what each will do."""
    bundles = draft.draft.response.bundles
    signers: list[set[Dnskey]] = [set() for _ in bundles]
    for one in draft.draft.signings:
        signers[one.bundle - 1].add(one.key)
    return (f"{draft.response.id}: {KEY}", *planned_rows(bundles, signers))
