"""What a new plan about a zone's keys consists of, kind by kind. Floor 4."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from quorate.authority import Zone
from quorate.findings import Refusal
from quorate.outline import Beginning, Written, filled, quoted, share_of

ALGORITHMS = {"p-256": "ECDSAP256SHA256", "rsa-2048": "RSASHA256", "p-384": "ECDSAP384SHA384", "ed25519": "ED25519"}
"""The DNSSEC algorithm of a new KSK, by the key types that an authority may be committed to."""


class Held(NamedTuple):
    """A KSK of an earlier plan: the operation's id, the label of its pin, and the token that it is on."""

    id: str
    label: str
    token: str


def _zone(start: Beginning) -> Zone:
    """The first zone of the authority."""
    if not start.state.zones:
        raise Refusal("outset.no_zone", "authority.toml")
    return start.state.zones[0]


def _held(start: Beginning, index: int = -1) -> Held:
    """A KSK of the zone, the newest if nothing else is said."""
    if not start.earlier.ksks:
        raise Refusal("outset.no_ksk", start.name, name=start.name)
    name, token = list(start.earlier.ksks.items())[index]
    of = start.earlier.imported.get(name)
    return Held(name, next((one.label for one in start.adopted_ksks if one.id == of), name), token)


def _after_sharing(start: Beginning, token: str, text: str) -> str:
    return "\n".join(part for part in (share_of(start, token), text) if part)


def _generation(start: Beginning) -> Written:
    zone = _zone(start)
    token = zone.tokens[0] if zone.tokens else start.state.tokens[0].id
    committed = start.state.commitments.key_types
    kind = next((one for one in ALGORITHMS if one in committed), "p-256")
    name = start.earlier.free(f"ksk-{len(start.earlier.ksks) + 1}")
    text = filled(
        "operations/ksk.toml", id=name, token=token, type=kind, zone=quoted(zone.name), algorithm=ALGORITHMS[kind]
    )
    purpose = f"Zone {zone.name}: generate the key-signing key {name}."
    return Written(_after_sharing(start, token, text), purpose, frozenset({token}))


def _import(start: Beginning) -> Written:
    zone, held = _zone(start), _held(start)
    token = next((one for one in zone.tokens if one != held.token), "")
    if not token:
        raise Refusal("outset.no_second_token", start.name, zone=zone.name)
    carriers = _carriers(start, token)
    carrier = f"carrier = {quoted(carriers[0])}" if carriers else '# carrier = "ITEM"'
    name = start.earlier.free(f"{held.id}-2")
    text = filled("operations/ksk-import.toml", id=name, key=held.id, token=token, carrier=carrier)
    purpose = f"Bring a copy of {held.id} to {token}."
    return Written(_after_sharing(start, token, text), purpose, frozenset({token}), items=carriers[:1])


def _carriers(start: Beginning, token: str) -> tuple[str, ...]:
    """What was sent to the facility where a token lies, the last one first."""
    facilities = {place.id: place.facility for place in start.state.places}
    here = {facilities[item.place] for item in start.state.items if item.holder == token}
    sent = reversed(list(start.earlier.carried.items()))
    return tuple(item for item, place in sent if facilities.get(place) in here)


def _signing(start: Beginning) -> Written:
    zone, held = _zone(start), _held(start)
    number = len(start.earlier.skrs) + 1
    act = "" if start.earlier.skrs else filled("operations/genesis.toml")
    text = filled(
        "operations/ksk-signing.toml",
        id=start.earlier.free(f"sign-{number}"),
        response=f"skr-{number}",
        zone=quoted(zone.name),
        ksr=f"ksr-{number}.xml",
        token=held.token,
        ksk=held.label,
        act=act,
    )
    missing = f"inputs/ksr-{number}.xml is still missing: the request of those who sign the zone."
    purpose = f"Zone {zone.name}: sign the key set for the next cycle."
    return Written(text, purpose, frozenset({held.token}), missing)


def _destruction(start: Beginning) -> Written:
    held = _held(start, 0)
    text = filled("operations/ksk-destruction.toml", id=start.earlier.free(f"destroy-{held.id}"), key=held.id)
    return Written(text, f"Destroy the key {held.id} on {held.token}.", frozenset({held.token}))


def _publication(start: Beginning) -> Written:
    if not start.earlier.skrs:
        raise Refusal("outset.nothing_signed", start.name, name=start.name)
    last = start.earlier.skrs[-1]
    text = filled("operations/publication.toml", artifact=last)
    return Written(text, f"Record that {last} is deployed.", frozenset())


ZONE_KINDS: dict[str, Callable[[Beginning], Written]] = {
    "ksk-generation": _generation,
    "ksk-import": _import,
    "ksk-signing": _signing,
    "ksk-destruction": _destruction,
    "publication": _publication,
}
