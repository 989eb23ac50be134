"""Key sets of zones in a plan: KSKs found by their pins, SKRs that came before, what an act asks for. Floor 2.

A KSK's label is the id of its key. Its pin stands in the zone's policy, which the governors sign with the authority's
state; a key that does not match its pin signs nothing.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from datetime import datetime, timedelta

import msgspec

from quorate import canonical
from quorate.authority import AuthorityState
from quorate.dnssec.act import ACTS, Act, Needs, evidence_findings
from quorate.dnssec.dnskey import Algorithm, DigestType, Dnskey, dnskey_of
from quorate.dnssec.ksr_xml import read_ksr, read_skr
from quorate.dnssec.name import wire_name
from quorate.dnssec.policy import Ksk, Policy, read_policy
from quorate.findings import Finding, Refusal, found, within
from quorate.keys import key_name
from quorate.plan import SignKeySets, SignResponse
from quorate.register import Register
from quorate.script import KnownKey, KnownSkr
from quorate.script.operations import GenerateOperation, Part, ScriptResponse, SignOperation
from quorate.script.outputs import skr_file
from quorate.script.skr import frozen_schemas, zone_folder
from quorate.x509.facts import read_certificate


def resolve(
    plan: SignKeySets, authority: AuthorityState, register: Register, inputs: Mapping[str, bytes]
) -> SignOperation:
    """The operation with every name resolved; one refusal with every problem."""
    problems: list[Finding] = []
    responses: list[ScriptResponse] = []
    tokens: set[str] = set()
    for planned in plan.responses:
        where = f"operations[{plan.id}].responses[{planned.id}]"
        try:
            response, used = _response(plan, planned, authority, register, inputs, where)
            responses.append(response)
            tokens |= used
        except Refusal as refusal:
            problems += refusal.findings
    where = f"operations[{plan.id}]"
    if not plan.responses:
        problems.append(found("plan.no_responses", where))
    if len(tokens) > 1:
        problems.append(found("plan.ksks_apart", where, tokens=", ".join(sorted(tokens))))
    problems += _identifiers(plan, register, where)
    if problems:
        raise Refusal.of(tuple(problems))
    return SignOperation(plan.id, tokens.pop(), tuple(responses), tuple(skr_file(one.id) for one in responses))


def _identifiers(plan: SignKeySets, register: Register, where: str) -> list[Finding]:
    """A response is named once for good; a back-out stands beside one of the same operation, made by the same act.

    What is published is known by its id, so nothing else of any kind may have had it.
    """
    twice = {one.id for one in plan.responses if one.id in register.skrs or one.id in register.operations}
    findings = [found("plan.id_twice", where, id=one) for one in sorted(twice)]
    mains = {one.id: one for one in plan.responses if not one.back_out_of}
    for one in plan.responses:
        main, path = mains.get(one.back_out_of), f"{where}.responses[{one.id}]"
        if one.back_out_of and main is None:
            findings.append(found("plan.back_out_of", path, name=one.back_out_of))
        elif main is not None and one.act != main.act:
            findings.append(found("plan.back_out_act", path, name=one.back_out_of, act=main.act))
    return findings


def _response(
    plan: SignKeySets,
    planned: SignResponse,
    authority: AuthorityState,
    register: Register,
    inputs: Mapping[str, bytes],
    where: str,
) -> tuple[ScriptResponse, set[str]]:
    """One response, and the tokens whose keys sign for it."""
    folder = zone_folder(planned.zone)
    path = f"inputs/{planned.ksr}"
    if f"{folder}/policy.json" not in inputs:
        raise Refusal("zone.unknown", where, zone=planned.zone, known=", ".join(one.name for one in authority.zones))
    if path not in inputs:
        raise Refusal("plan.input_missing", where, file=path)
    policy = read_policy(inputs[f"{folder}/policy.json"], f"{folder}/policy.json").policy
    schemas = frozen_schemas(inputs[f"{folder}/schemas.json"], f"{folder}/schemas.json")
    with within(where):
        schema = schemas.named(planned.schema)
    if set(planned.keys) != set(schema.keys):
        bound = ", ".join(sorted(planned.keys)) or "nothing"
        raise Refusal("schema.keys_bound", where, schema=schema.id, parts=", ".join(schema.keys), bound=bound)
    signers = {part for row in schema.slots for part in row.sign}
    act = Act(planned.act)
    parts, tokens, problems = list[Part](), set[str](), list[Finding]()
    for part, label in sorted(planned.keys.items()):
        try:
            key = _key(policy, label, plan.token, register, where)
            if "plan.ksk_not_ready" not in ACTS[act].relaxes:
                _require_ready(key, authority.zone(planned.zone).tokens, register, where)
            if part in signers:
                tokens.add(key.token)
            parts.append(Part(part, label, key.id))
        except Refusal as refusal:
            problems += refusal.findings
    problems += _act_findings(planned, act, path, register, inputs, where)
    if problems:
        raise Refusal.of(tuple(problems))
    digest = canonical.digest(inputs[path])
    facts = (planned.id, planned.zone, path, digest, planned.schema, tuple(parts), planned.act)
    return ScriptResponse(*facts, planned.reason, planned.back_out_of, planned.again_of), tokens


def require_ksk(zone: str, algorithm: str, spki: bytes, authority: AuthorityState, where: str) -> None:
    """A KSK is of a zone of the authority and has an algorithm that its key can have."""
    if zone not in {one.name for one in authority.zones}:
        raise Refusal("zone.unknown", where, zone=zone, known=", ".join(one.name for one in authority.zones) or "none")
    fitting = [one.name for one in Algorithm if can_have(spki, one)]
    if algorithm not in fitting:
        known = ", ".join(fitting) or "none"
        raise Refusal("plan.ksk_algorithm", where, type=key_name(spki), algorithm=algorithm, fitting=known)


def can_have(spki: bytes, algorithm: Algorithm) -> bool:
    """Whether a key of its type (DER) has a DNSSEC algorithm."""
    try:
        dnskey_of(spki, algorithm)
    except Refusal:
        return False
    return True


def _key(policy: Policy, label: str, token: str, register: Register, where: str) -> KnownKey:
    """The key of the register that matches the pin, on the token that is meant."""
    pin = next((one for one in policy.ksks if one.id == label), None)
    key = register.ksks.get(label) if pin is None else None
    if key and _same(key.zone, policy.zone) and not _pinned(policy, register.spkis[label]):
        due = _pin(key, register.spkis[label], policy.zone)
        raise Refusal("plan.ksk_not_pinned", where, ksk=label, zone=policy.zone, pin=_pin_text(due))
    if pin is None:
        raise Refusal("ksk.unknown", where, ksk=label, known=", ".join(one.id for one in policy.ksks) or "none")
    matching = [key for key in register.keys.values() if is_pinned(pin, register.spkis[key.id], policy.zone)]
    if not matching:
        raise Refusal("plan.ksk_not_held", where, ksk=label, ds=pin.ds_sha256)
    there = [key for key in matching if token in ("", key.token)]
    if len({key.token for key in there}) != 1:
        raise Refusal("plan.ksk_which_token", where, ksk=label, tokens=", ".join(sorted({k.token for k in matching})))
    _require_no_ca(label, there[0], register, where)
    return there[0]


def _require_no_ca(label: str, key: KnownKey, register: Register, where: str) -> None:
    """A key is for certificates or for key sets; one that nobody saw generated is what its certificates say."""
    public = register.spkis[key.id]
    if any(one.spki == key.spki for one in register.ksks.values()):
        return
    for entry in register.entries:
        made = entry.operation
        if isinstance(made, GenerateOperation) and made.use != "unknown" and entry.data == public:
            raise Refusal("plan.ksk_of_ca", where, ksk=label, key=key.id, said=f"{made.id} was generated as {made.use}")
    for name, der in register.certificates.items():
        if read_certificate(der, name).spki == public:
            raise Refusal("plan.ksk_of_ca", where, ksk=label, key=key.id, said=f"the certificate {name} has it")


def _pin_text(pin: Ksk) -> str:
    """What is to be written into the list of policy.toml: an inline table of TOML."""
    text = f'id = "{pin.id}", key-tag = {pin.key_tag}, algorithm = {pin.algorithm.value}, ds-sha256 = "{pin.ds_sha256}"'
    return f'{{ {text}, since = "{pin.since}" }}'


def _pinned(policy: Policy, spki: bytes) -> bool:
    return any(is_pinned(pin, spki, policy.zone) for pin in policy.ksks)


def is_pinned(pin: Ksk, spki: bytes, zone: str) -> bool:
    try:
        return pin.matches(dnskey_of(spki, Algorithm(pin.algorithm)), zone)
    except Refusal:
        return False


def _require_ready(key: KnownKey, tokens: tuple[str, ...], register: Register, where: str) -> None:
    """A KSK is used when it is on every token of its zone: else the loss of one would be the loss of the key."""
    held = {one.token for one in register.keys.values() if one.spki == key.spki}
    if missing := [token for token in tokens if token not in held]:
        raise Refusal("plan.ksk_not_ready", where, ksk=key.id, tokens=", ".join(missing))


def _act_findings(
    planned: SignResponse, act: Act, path: str, register: Register, inputs: Mapping[str, bytes], where: str
) -> tuple[Finding, ...]:
    """What the act asks for and is not there; a request that was answered before anything that the script lists."""
    zone, digest, findings = planned.zone, canonical.digest(inputs[path]), list[Finding]()
    given = {Needs.PINS_GOVERNED, Needs.ZSKS_BY_TWO}  # the state pins the policy; two people compare, see `acts`
    if planned.reason.strip():
        given.add(Needs.STATED_REASON)
    if act is Act.ZSK_COMPROMISE:
        given.add(Needs.OFF_CYCLE_REQUEST)  # the plan calls it so
    answers = [one.known.id for one in register.skrs.values() if (one.known.zone, one.known.request) == (zone, digest)]
    if planned.again_of in answers and act is Act.RE_SIGN:
        given.add(Needs.ATTEMPT)
        before = register.skrs[planned.again_of].known
        keys = {one.part: one.ksk for one in before.keys}
        if before.schema and (before.schema, keys) != (planned.schema, dict(planned.keys)):
            parts = ", ".join(f"{part} = {ksk}" for part, ksk in keys.items())
            findings.append(found("plan.again_otherwise", where, name=before.id, schema=before.schema, parts=parts))
    elif planned.again_of:
        findings.append(found("plan.again_of", where, name=planned.again_of, known=", ".join(answers) or "none"))
    findings += [Finding(one.code, where, one.facts) for one in evidence_findings(act, given)]
    if planned.reason and act is Act.ROUTINE:
        findings.append(found("plan.reason_without_act", where))
    request, _ = read_ksr(inputs[path], path)
    for name, one in register.skrs.items():
        if one.known.zone == planned.zone and one.known.request != digest:
            if one.request_id == request.id:
                findings.append(found("skr.id_again", where, id=request.id))
            if again := {bundle.id for bundle in request.bundles} & _bundle_ids(one.data):
                findings.append(found("skr.bundle_again", where, id=min(again), before=name))
    return tuple(findings)


@functools.lru_cache(maxsize=256)
def _bundle_ids(skr: bytes) -> frozenset[str]:
    """The ids of an earlier SKR's bundles, which are those of its request."""
    return frozenset(bundle.id for bundle in read_skr(skr, "a known SKR")[0].bundles)


def act_lines(response: ScriptResponse) -> tuple[str, ...]:
    """What is printed of a response that is not made in its turn."""
    act = Act(response.act)
    if act is Act.ROUTINE:
        return ()
    rule = ACTS[act]
    relaxes = ", ".join(sorted(rule.relaxes)) or "nothing"
    reason = (f"reason: {response.reason}",) if response.reason else ()
    again = (f"again: {response.again_of} was signed for the very same request",) if response.again_of else ()
    return (f"act: {act.value}, which relaxes {relaxes}", *again, *reason)


# -- what came before -------------------------------------------------------------------------------------------------


def relevant_skrs(register: Register, policies: Mapping[str, Policy], at: datetime) -> tuple[KnownSkr, ...]:
    """What a ceremony at `at` has to know: the SKR last deployed in each zone, and all that have not expired.

    And of deployed ones those by which the policy's safeties are counted, and every one in which a KSK was revoked: it
    is never published again (RFC 5011 2.1). `policies`: those of the zones.
    """
    chosen = []
    back = {zone: at - _longest_safety(policy) for zone, policy in policies.items()}
    for zone in policies:
        deployed = [one.known for one in register.skrs.values() if one.known.zone == zone and one.known.published]
        chosen += [one.id for one in sorted(deployed, key=lambda one: one.turn)[-1:]]
    return tuple(
        one.known
        for one in register.skrs.values()
        if one.known.zone in policies
        and (one.known.id in chosen or _matters(one.data, at, back[one.known.zone] if one.known.published else None))
    )


def _longest_safety(policy: Policy) -> timedelta:
    lengths = ((one.publish_safety, one.retire_safety, one.remove_hold_down) for one in policy.limits)
    return max((max(each) for each in lengths), default=timedelta())


def _matters(skr: bytes, at: datetime, back: datetime | None) -> bool:
    """Whether an SKR has not expired; or, of one that was deployed, not at `back`, or revoked a KSK."""
    bundles = read_skr(skr, "a known SKR")[0].bundles
    ends = max(bundle.expiration for bundle in bundles)
    if back is None:
        return ends >= at
    return ends >= min(at, back) or any(key.dnskey.is_revoked for bundle in bundles for key in bundle.ksks)


def shadow_policy(policy: Policy, register: Register, adopted: Mapping[str, bytes]) -> Policy:
    """The policy with the stand-ins' keys pinned under the labels of the real ones.

    `adopted`: stand-ins (DER) of KSKs by the labels of their pins. A key that only a rehearsal has made is pinned by
    its id.
    """
    others = {name: key for name, key in register.ksks.items() if register.spkis[name] not in adopted.values()}
    shadow = {name: key for name, key in others.items() if _same(key.zone, policy.zone)}
    pins = {name: _pin(key, register.spkis[name], policy.zone) for name, key in shadow.items()}
    kept = []
    for pin in policy.ksks:
        stand_in = pins.pop(pin.id.lower(), None)  # ids are in lower case
        if pin.id in adopted:
            stand_in = _pin_of(pin.id, dnskey_of(adopted[pin.id], pin.algorithm), policy.zone)
        kept.append(_shadowed(pin, stand_in))
    return msgspec.structs.replace(policy, ksks=(*kept, *pins.values()))


def _same(zone: str, other: str) -> bool:
    return wire_name(zone) == wire_name(other)


def _shadowed(pin: Ksk, stand_in: Ksk | None) -> Ksk:
    """The stand-in under the real key's days."""
    return pin if stand_in is None else msgspec.structs.replace(stand_in, id=pin.id, since=pin.since, until=pin.until)


def _pin(key: KnownKey, spki: bytes, zone: str) -> Ksk:
    return msgspec.structs.replace(_pin_of(key.id, dnskey_of(spki, Algorithm[key.algorithm]), zone), since=key.since)


def _pin_of(label: str, dnskey: Dnskey, zone: str) -> Ksk:
    digest = dnskey.ds(zone, DigestType.SHA256).digest.hex()
    return Ksk(label, dnskey.key_tag, Algorithm(dnskey.algorithm), digest)
