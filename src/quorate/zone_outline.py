"""What a new plan about a zone's keys consists of, kind by kind. Floor 4."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from quorate.authority import Zone
from quorate.findings import Refusal
from quorate.outline import Beginning, Written, filled, quoted, share_of
from quorate.zone_past import Copy

ALGORITHMS = {"p-256": "ECDSAP256SHA256", "rsa-2048": "RSASHA256", "p-384": "ECDSAP384SHA384", "ed25519": "ED25519"}
"""The DNSSEC algorithm of a new KSK, by the key types that an authority may be committed to."""


def _zone(start: Beginning) -> Zone:
    """The zone that was named, or the first of the authority."""
    if not start.state.zones:
        raise Refusal("outset.no_zone", "authority.toml")
    if not start.zone:
        return start.state.zones[0]
    known = {zone.name: zone for zone in start.state.zones}
    if start.zone not in known:
        raise Refusal("outset.zone_unknown", "--zone", zone=start.zone, known=", ".join(known))
    return known[start.zone]


def _copies(start: Beginning, zone: Zone) -> tuple[Copy, ...]:
    """The copies of the zone's KSKs, at least one."""
    copies = tuple(one for one in start.earlier.zones.copies if one.zone == zone.name)
    if not copies:
        raise Refusal("outset.no_ksk", zone.name, name=start.name)
    return copies


def _after_sharing(start: Beginning, token: str, text: str) -> str:
    return "\n".join(part for part in (share_of(start, token), text) if part)


def _generation(start: Beginning) -> Written:
    zone = _zone(start)
    token = zone.tokens[0] if zone.tokens else start.state.tokens[0].id
    committed = start.state.commitments.key_types
    kind = next((one for one in ALGORITHMS if one in committed), "p-256")
    name = start.earlier.numbered("ksk", start.earlier.zones.pairs + 1)
    text = filled(
        "operations/ksk.toml", id=name, token=token, type=kind, zone=quoted(zone.name), algorithm=ALGORITHMS[kind]
    )
    purpose = f"Zone {zone.name}: generate the key-signing key {name}."
    return Written(_after_sharing(start, token, text), purpose, frozenset({token}))


def _import(start: Beginning) -> Written:
    """The newest KSK that is missing on one of the zone's tokens."""
    zone = _zone(start)
    copies = _copies(start, zone)
    there = {(one.label, one.token) for one in copies}
    missing = ((one, token) for one in reversed(copies) for token in zone.tokens if (one.label, token) not in there)
    key, token = next(missing, (None, ""))
    if key is None:
        raise Refusal("outset.no_second_token", start.name, zone=zone.name)
    first = next(one for one in copies if one.label == key.label)
    carriers = _carriers(start, token)
    carrier = f"carrier = {quoted(carriers[0])}" if carriers else '# carrier = "ITEM"'
    name = start.earlier.free(f"{first.id}-{token}")
    text = filled("operations/ksk-import.toml", id=name, key=first.id, token=token, carrier=carrier)
    purpose = f"Bring a copy of {first.id} to {token}."
    return Written(_after_sharing(start, token, text), purpose, frozenset({token}), items=carriers[:1])


def _carriers(start: Beginning, token: str) -> tuple[str, ...]:
    """What was sent to the facility where a token lies, the last one first."""
    facilities = {place.id: place.facility for place in start.state.places}
    here = {facilities[item.place] for item in start.state.items if item.holder == token}
    sent = reversed(list(start.earlier.carried.items()))
    return tuple(item for item, place in sent if facilities.get(place) in here)


def _signing(start: Beginning) -> Written:
    zone, past = _zone(start), start.earlier.zones
    copies = _copies(start, zone)
    schema, keys = past.turn(zone.name) or ("normal", {"current": copies[-1].label})
    token = _token_of(copies, keys)
    response = start.earlier.numbered("skr", len(past.answers) + 1)
    number = response.rpartition("-")[2]
    text = filled(
        "operations/ksk-signing.toml",
        id=start.earlier.free(f"sign-{number}"),
        response=response,
        zone=quoted(zone.name),
        ksr=f"ksr-{number}.xml",
        token=token,
        schema=schema,
        keys=", ".join(f"{part} = {quoted(label)}" for part, label in keys.items()),
        act="" if zone.name in past.has else filled("operations/genesis.toml"),
    )
    missing = f"inputs/ksr-{number}.xml is still missing: the request of those who sign the zone."
    purpose = f"Zone {zone.name}: sign the key set for the next cycle."
    return Written(text, purpose, frozenset({token}), missing)


def _token_of(copies: tuple[Copy, ...], keys: Mapping[str, str]) -> str:
    """The first token that has a copy of each of the KSKs, or else of one of them."""
    wanted = frozenset(keys.values())
    on = {
        token: {one.label for one in copies if one.token == token} for token in dict.fromkeys(c.token for c in copies)
    }
    return max(on, key=lambda token: len(on[token] & wanted))


def _destruction(start: Beginning) -> Written:
    """A copy of a KSK that the zone has no more, the oldest first."""
    zone = _zone(start)
    copies, used = _copies(start, zone), start.earlier.zones.in_use(zone.name)
    retired = [one for one in copies if one.label not in used]
    gone = (retired or copies)[0]
    caution = "" if retired else f"# CHANGE: the zone still has {gone.label}, and no other KSK is left to destroy.\n"
    name = start.earlier.free(f"destroy-{gone.id}")
    text = caution + filled("operations/ksk-destruction.toml", id=name, key=gone.id)
    return Written(text, f"Destroy the key {gone.id} on {gone.token}.", frozenset({gone.token}))


def _publication(start: Beginning) -> Written:
    """What each zone was given last and nothing records yet; of one zone what it has, if that is all recorded.

    What was adopted is in the zone as it is.
    """
    past = start.earlier.zones
    mains = [one for one in past.answers if not (one.is_back_out or one.is_adopted)]
    given = {one.zone: one for one in mains if start.zone in ("", one.zone)}
    if not given:
        raise Refusal("outset.nothing_signed", start.name, name=start.name)
    artifacts = [one.id for one in given.values() if one.id not in past.published]
    artifacts = artifacts or [list(given.values())[-1].id]
    text = "\n".join(filled("operations/publication.toml", artifact=one) for one in artifacts)
    verb = "is" if len(artifacts) == 1 else "are"
    return Written(text, f"Record that {', '.join(artifacts)} {verb} deployed.", frozenset())


ZONE_KINDS: dict[str, Callable[[Beginning], Written]] = {
    "ksk-generation": _generation,
    "ksk-import": _import,
    "ksk-signing": _signing,
    "ksk-destruction": _destruction,
    "publication": _publication,
}
