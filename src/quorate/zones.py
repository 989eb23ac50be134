"""The files of an authority's zones: `policy.toml` and `schemas.toml` in the folder that it names. Floor 4."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import msgspec

from quorate import canonical
from quorate.authority import Zone
from quorate.dnssec.dnskey import Algorithm, dnskey_of
from quorate.dnssec.name import name_text, wire_name
from quorate.dnssec.policy import Ksk, Policy, load_policy, read_policy
from quorate.dnssec.schema import Schemas
from quorate.findings import Finding, Refusal, found
from quorate.freezing import Draft
from quorate.keysets import can_have, is_pinned, shadow_policy
from quorate.register import Register
from quorate.script.skr import schemas_file, zone_folder
from quorate.statement import Mode
from quorate.zone import load_schemas


class ZoneSource(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A zone in `authority.toml`: its folder below the authority's, and the tokens that hold each of its KSKs."""

    name: str
    tokens: tuple[str, ...]
    folder: str = "dnssec"


def zone_state(root: Path, source: ZoneSource) -> Zone:
    """A zone of the authority's state; a changed policy is a change that the governors sign."""
    policy, schemas = read_zone(root, source)
    return Zone(source.name, policy.digest, canonical.digest(schemas_file(schemas)), source.tokens)


def read_zone(root: Path, source: ZoneSource) -> tuple[Policy, Schemas]:
    """Policy and schemas, each refused if it cannot be used; the program's own schemas if the folder has none."""
    folder = root / source.folder
    path = folder / "policy.toml"
    if not path.is_file():
        raise Refusal("zone.policy_missing", str(path), zone=source.name)
    policy = load_policy(path.read_bytes(), f"{source.folder}/policy.toml")
    if policy.zone != source.name or name_text(wire_name(source.name)) != source.name:
        raise Refusal("zone.policy_of_another", f"{source.folder}/policy.toml", zone=source.name, other=policy.zone)
    return policy, load_schemas(folder)


Pins = Mapping[int, Sequence[tuple[ZoneSource, Ksk]]]
"""The pins of all zones by their key tags."""


def all_pins(root: Path, sources: tuple[ZoneSource, ...]) -> Pins:
    pins: dict[int, list[tuple[ZoneSource, Ksk]]] = {}
    for source in sources:
        for pin in read_zone(root, source)[0].ksks:
            pins.setdefault(pin.key_tag, []).append((source, pin))
    return pins


def pinned_as(pins: Pins, spki: bytes) -> Iterator[tuple[ZoneSource, Ksk]]:
    """The zones whose policies pin a public key (DER), each with its pin there."""
    tags = {dnskey_of(spki, algorithm).key_tag for algorithm in Algorithm if can_have(spki, algorithm)}
    near = (one for tag in sorted(tags) for one in pins.get(tag, ()))
    yield from ((source, pin) for source, pin in near if is_pinned(pin, spki, source.name))


def gone_ksks(root: Path, sources: tuple[ZoneSource, ...], register: Register) -> tuple[Finding, ...]:
    """Pins without an end whose key was here, and is on no token any more."""
    findings = []
    held = {key.spki for key in register.keys.values()}
    for source in sources:
        for pin in (one for one in read_zone(root, source)[0].ksks if not one.until):
            known = {
                key.spki for name, key in register.ksks.items() if is_pinned(pin, register.spkis[name], source.name)
            }
            if known and not known & held:
                findings.append(found("zone.ksk_gone", f"{source.folder}/policy.toml", ksk=pin.id, zone=source.name))
    return tuple(findings)


def zone_inputs(
    root: Path,
    sources: tuple[ZoneSource, ...],
    names: frozenset[str],
    mode: Mode,
    register: Register,
    adopted: Mapping[str, Mapping[str, bytes]],
) -> dict[str, bytes]:
    """What a script's inputs hold of the zones `names`, and the SKRs of the register that belong to them.

    `adopted`: of each zone the stand-ins of adopted KSKs by their labels, for a rehearsal's pins.
    """
    inputs: dict[str, bytes] = {}
    for source in sources:
        if source.name in names:
            policy, schemas = read_zone(root, source)
            if mode is Mode.REHEARSAL:
                policy = shadow_policy(policy, register, adopted.get(source.name, {}))
            inputs[f"{zone_folder(source.name)}/policy.json"] = policy.compiled()
            inputs[f"{zone_folder(source.name)}/schemas.json"] = schemas_file(schemas)
    skrs = {name: one.data for name, one in register.skrs.items() if one.known.zone in names}
    return inputs | {f"inputs/known/{name}.skr.xml": data for name, data in skrs.items()}


TOLD = ("skr.relaxed", "skr.act_idle", "skr.excepted")
"""Findings about key sets that do not stop a script, and that its approvers have to know."""


def zone_notices(inputs: Mapping[str, bytes], drafts: Sequence[Draft]) -> tuple[str, ...]:
    """What the first page says of zones: what an act relaxes, an exception accepts, or was turned off before."""
    notices = [one.sentence for draft in drafts for one in draft.findings if one.code in TOLD]
    for path in sorted(inputs):
        if path.startswith("inputs/zones/") and path.endswith("/policy.json"):
            policy = read_policy(inputs[path], path).policy
            notices += [
                f"zone {policy.zone}: {one.where} turned off {one.check}; made here" for one in policy.turned_off
            ]
    return tuple(dict.fromkeys(notices))
