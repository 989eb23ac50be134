"""What the response to a request would be by a schema, before anything is signed: slots, and who is left behind.

Floor 2. The request itself is judged by `checks`; this adds what only the KSKs' part can tell.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from quorate.dnssec.act import Act
from quorate.dnssec.continuity import Next, Signed, judge, predecessor, readings, rules_for
from quorate.dnssec.dnskey import Dnskey
from quorate.dnssec.ksk import Ksks, known_ksks
from quorate.dnssec.ksr import Request
from quorate.dnssec.policy import Policy
from quorate.dnssec.response import draft_response, promise_of
from quorate.dnssec.schema import Schema, Schemas, carried, slots_of
from quorate.dnssec.table import planned_rows
from quorate.findings import Finding, found

SAFETY = frozenset(
    f"skr.{name}"
    for name in (
        "published_late",
        "retired_early",
        "revocation_short",
        "revoked_returns",
        "stranded",
        "stranded_fixed",
        "last_anchor_revoked",
        "too_many_states",
    )
)
ORDER = frozenset({"skr.order", "skr.order_keys"})


class Preview(NamedTuple):
    """`keys`: the KSK of each part; `rows`: the slots with their KSKs; `findings`: what stands against it.

    `relaxed`: what would, but for the act.
    """

    schema: Schema
    keys: Mapping[str, str]
    rows: tuple[str, ...]
    findings: tuple[Finding, ...]
    relaxed: tuple[Finding, ...] = ()


def preview(
    request: Request,
    policy: Policy,
    schemas: Schemas,
    public: Sequence[Dnskey],
    history: Sequence[Signed],
    schema: Schema,
    keys: Mapping[str, str],
    at: datetime,
    named: str = "",
) -> Preview:
    """The response to `request` by `schema`, after `history` (a genesis if that is empty), by the act `named`, if any.

    `public`: public keys of KSKs beside those in the history; `keys`: part to KSK, as far as it does not follow from
    the response before. Raises `schema.keys_bound`, `schema.slots`, `ksk.unknown` and whatever a draft is refused for.
    """
    seen = [key.dnskey for one in history for bundle in one.response.bundles for key in bundle.ksks]
    ksks, limits = known_ksks(policy, (*public, *seen)), policy.limits_at(at)
    bound = {**_inherited(schema, schemas, history, request, ksks), **keys}
    slots = slots_of(schema, len(request.bundles), bound)
    draft = draft_response(request, slots, ksks, promise_of(limits))
    signers = [{one.key for one in draft.signings if one.bundle == number} for number in range(1, len(slots) + 1)]
    main = Next(request.id, "", draft.response.bundles, slots, schema, bound)
    act = Act(named) if named else Act.ROUTINE if history else Act.GENESIS
    verdict = judge(history, main, (), act, at, rules_for(limits, schemas, ksks))
    findings, relaxed = (
        tuple(_named(one) for one in found_ if one.code in SAFETY | ORDER)
        for found_ in (verdict.blocking, verdict.relaxed)
    )
    return Preview(schema, bound, planned_rows(draft.response.bundles, signers), findings, relaxed)


def _named(finding: Finding) -> Finding:
    """A finding of the KSKs' safety under the name that a request's checks have for it."""
    problem = finding.sentence.removeprefix("KSR-POLICY-SAFETY: ")
    return found("ksr.ksk_safety", problem=problem) if finding.code in SAFETY else finding


def _inherited(
    schema: Schema, schemas: Schemas, history: Sequence[Signed], request: Request, ksks: Ksks
) -> Mapping[str, str]:
    """The KSKs that play their parts on from the response before, and the one KSK that is left for a part left.

    None where the response before can be read in several ways: after two KSKs that did the same nobody can tell which
    is the new one, unless its record says.
    """
    before = predecessor(history, request.id, Act.ROUTINE)
    bound: dict[str, str] = {}
    if before is not None:
        known = readings(before, schemas, ksks)
        ways = [following for one, was in known if (following := carried(schema, one, was))]
        bound = dict(ways[0]) if ways and all(one == ways[0] for one in ways) else {}
    parts = [part for part in schema.keys if part not in bound]
    free = [one.id for one in ksks.ksks if one.id not in bound.values()]
    begins, ends = request.bundles[0].inception, request.bundles[-1].expiration
    standing = [name for name in free if ksks.named(name).signs(begins, ends)]
    if len(parts) == 1 and len(standing) == 1:
        bound[parts[0]] = standing[0]
    return bound
