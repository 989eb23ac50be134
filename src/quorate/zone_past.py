"""What the plans before a new one lay down about zones: where their KSKs are, and what each zone has then. Floor 4."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from quorate import source
from quorate.adopting import adopted_der, history
from quorate.dnssec.conformity import slots_in
from quorate.dnssec.ksk import known_ksks
from quorate.dnssec.ksr import Response
from quorate.dnssec.ksr_xml import read_skr
from quorate.dnssec.policy import Policy
from quorate.dnssec.schema import Schemas, carried, last_row, recognised
from quorate.keysets import is_pinned
from quorate.plan import DestroyKey, GenerateKey, ImportKey, Plan, SignKeySets
from quorate.zones import read_zone


class Copy(NamedTuple):
    """A KSK on a token: the operation that made it or brought it, and the label of the KSK's pin."""

    id: str
    label: str
    zone: str
    token: str


class Answer(NamedTuple):
    """An SKR that is planned or adopted: its schema, and part to KSK, or neither if no schema fits an adopted one.

    `shows`: the labels of the KSKs that an adopted one has at its end, not revoked.
    """

    id: str
    zone: str
    schema: str
    keys: Mapping[str, str]
    is_back_out: bool = False
    is_adopted: bool = False
    shows: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class ZonePast:
    """`copies`: of the KSKs that are left, in order. `pairs`: how many were ever made or adopted.

    `has`: of each zone what it has when all of it is done, the last SKR that is no back-out, or that was recorded as
    deployed after it. `published`: everything that was recorded so.
    """

    copies: tuple[Copy, ...]
    pairs: int
    answers: tuple[Answer, ...]
    has: Mapping[str, Answer]
    published: frozenset[str]
    schemas: Mapping[str, Schemas]  # of each zone

    def turn(self, zone: str) -> tuple[str, Mapping[str, str]] | None:
        """A schema whose turn it is and the KSKs of its parts: one KSK signs, or what was begun stays as it is."""
        before = self.has.get(zone)
        if before is None or not before.schema:
            return None
        schemas = self.schemas[zone]
        known = schemas.named(before.schema)
        for schema in sorted(schemas.schemas, key=lambda one: len(one.keys) > 1):
            keys = carried(schema, known, before.keys)
            if keys is not None and set(keys) == set(schema.keys):
                return schema.id, keys
        return None

    def in_use(self, zone: str) -> frozenset[str]:
        """The labels of the KSKs that the zone's key set has at the end, not revoked."""
        answer = self.has.get(zone)
        if answer is None:
            return frozenset()
        if not answer.schema:
            return answer.shows
        row = last_row(self.schemas[zone].named(answer.schema))
        return frozenset(answer.keys[part] for part in (*row.publish, *row.sign) if part not in row.revoke)


def zone_past(root: Path, plans: Sequence[Plan]) -> ZonePast:
    """What `plans`, in their order, do about the zones of the authority in `root`."""
    declared = source.read_source(root)
    zones = {one.name: read_zone(root, one) for one in declared.zones}
    ders = {one.id: adopted_der(root, one) for one in declared.adopted}
    copies, pairs = _copies(plans, _pins(zones, ders))
    answers: list[Answer] = []
    has: dict[str, Answer] = {}
    published: list[str] = []
    for plan in plans:
        skrs = {name: read_skr(ders[name], name)[0] for name in history(root, declared.adopted, plan.adopt).skrs}
        brought = [
            _adopted(name, skr, *zones[skr.domain])
            for name, skr in sorted(skrs.items(), key=lambda one: one[1].bundles[0].inception)
            if skr.domain in zones
        ]
        planned = list(_planned(plan))
        answers += [*brought, *planned]
        has |= {one.zone: one for one in (*brought, *planned) if not one.is_back_out and one.zone in zones}
        published += [one.artifact for one in plan.publications]
        recorded = {one.artifact for one in plan.publications}
        has |= {one.zone: one for one in answers if one.id in recorded and one.zone in zones}
    schemas = {name: schemas for name, (_, schemas) in zones.items()}
    return ZonePast(copies, pairs, tuple(answers), has, frozenset(published), schemas)


_Zones = Mapping[str, tuple[Policy, Schemas]]


def _pins(zones: _Zones, ders: Mapping[str, bytes]) -> dict[str, str]:
    """The labels of what was adopted and is pinned, by id."""
    pins = [(pin, zone) for zone, (policy, _) in zones.items() for pin in policy.ksks]
    return {name: pin.id for name, der in ders.items() for pin, zone in pins if is_pinned(pin, der, zone)}


def _copies(plans: Sequence[Plan], pins: Mapping[str, str]) -> tuple[tuple[Copy, ...], int]:
    """Every copy that is not destroyed, and how many pairs there were."""
    copies: dict[str, Copy] = {}
    for one in (operation for plan in plans for operation in plan.operations):
        if isinstance(one, GenerateKey) and one.use == "ksk":
            copies[one.id] = Copy(one.id, one.id, one.zone, one.token)
        elif isinstance(one, ImportKey) and one.zone:
            copies[one.id] = Copy(one.id, pins.get(one.key, one.id), one.zone, one.token)
        elif isinstance(one, ImportKey) and one.key in copies:
            copies[one.id] = copies[one.key]._replace(id=one.id, token=one.token)
    gone = {one.key for plan in plans for one in plan.operations if isinstance(one, DestroyKey)}
    pairs = len({(one.zone, one.label) for one in copies.values()})
    return tuple(one for name, one in copies.items() if name not in gone), pairs


def _planned(plan: Plan) -> Iterator[Answer]:
    responses = [one for op in plan.operations if isinstance(op, SignKeySets) for one in op.responses]
    for one in responses:
        yield Answer(one.id, one.zone, one.schema, one.keys, bool(one.back_out_of))


def _adopted(name: str, response: Response, policy: Policy, schemas: Schemas) -> Answer:
    """An adopted SKR as an instance of one of its zone's schemas."""
    ksks = known_ksks(policy, (key.dnskey for bundle in response.bundles for key in bundle.ksks))
    slots = slots_in(response, ksks)
    ways = recognised(schemas, slots)
    schema, keys = (ways[0][0].id, ways[0][1]) if ways else ("", {})
    if any(one.id == schema and other != keys for one, other in ways):
        schema, keys = "", {}  # two KSKs did the same: nobody can tell which is which
    return Answer(name, response.domain, schema, keys, is_adopted=True, shows=slots[-1].publish)
