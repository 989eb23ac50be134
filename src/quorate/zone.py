"""A zone's folder on disk: `dnssec/` of an authority, or of what was imported. Floor 4.

`dnssec/policy.toml` holds the pins and limits, `schemas.toml` the signing schemas (else those that come with the
program), `bindings.toml` the names and KSKs that an operator gives to schemas, `ksks.txt` the KSKs' DNSKEY records.
SKRs that were made elsewhere lie in `responses/`: spec/skr.md.
"""

from __future__ import annotations

import functools
import importlib.resources
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import msgspec

from quorate.dnssec.continuity import Signed
from quorate.dnssec.dnskey import Dnskey
from quorate.dnssec.ksk import Ksks, known_ksks
from quorate.dnssec.ksr_xml import read_skr
from quorate.dnssec.name import wire_name
from quorate.dnssec.policy import Policy
from quorate.dnssec.records import read_dnskeys
from quorate.dnssec.schema import Schema, Schemas, read_schemas
from quorate.findings import Refusal, found, refuse_errors
from quorate.strict import is_day, load_toml
from quorate.zone_policy import file_octets, load_checked_policy

SCHEMAS, BINDINGS, KSKS, RESPONSES = "schemas.toml", "bindings.toml", "ksks.txt", "responses"


class PartEntry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which KSK played a part of the schema."""

    part: str
    ksk: str


class ResponseEntry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`responses/NAME/response.toml`. `deployed`: the UTC day on which the SKR was seen in the zone; empty if never.

    `request`: `sha256:…` of the KSR's file. `schema` and `keys`: as planned, left out where that is not known.
    """

    format: Literal["quorate/1"]
    deployed: str = ""
    request: str = ""
    schema: str = ""
    keys: tuple[PartEntry, ...] = ()


class Binding(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A schema under the name that the operator has for it, with the KSKs that play its parts."""

    id: str
    schema: str
    keys: tuple[PartEntry, ...]

    @property
    def parts(self) -> dict[str, str]:
        """Part to KSK."""
        return {one.part: one.ksk for one in self.keys}


class Bindings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`bindings.toml`: spec/schema.md."""

    format: Literal["quorate/1"]
    bindings: tuple[Binding, ...]


@dataclass(frozen=True, slots=True)
class ZoneFolder:
    """What lies there. `ksks`: the policy's KSKs whose public key is in `ksks.txt`."""

    folder: Path
    policy: Policy
    schemas: Schemas
    ksks: Ksks


def load_zone(folder: Path) -> ZoneFolder:
    """Everything in a `dnssec/` folder."""
    policy = load_checked_policy(folder)
    keys = read_keys(folder / KSKS, policy) if (folder / KSKS).is_file() else ()
    return ZoneFolder(folder, policy, load_schemas(folder), known_ksks(policy, keys))


def load_schemas(folder: Path | None) -> Schemas:
    """The schemas of a folder; without a file of its own, those that come with the program."""
    if folder is not None and (folder / SCHEMAS).is_file():
        return read_schemas((folder / SCHEMAS).read_bytes(), SCHEMAS)
    return _shipped()


def planned(
    folder: Path | None, schemas: Schemas, name: str, parts: Mapping[str, str], revoked: Collection[str]
) -> tuple[Schema, dict[str, str]]:
    """The schema that `--schema NAME` means, and the KSKs of its parts as far as they are said.

    `parts` are what was said with the name; what they leave open is as `bindings.toml` has it. A KSK that is among the
    `revoked` plays no part any more, and whoever follows it is left to be found. Raises `schema.unknown`, and
    `schema.binding` for a file that names other parts than the schema has.
    """
    bindings = _bindings(folder, schemas)
    if (binding := bindings.get(name)) is None:
        if name not in {one.id for one in schemas.schemas}:
            known = ", ".join(dict.fromkeys((*bindings, *(one.id for one in schemas.schemas))))
            raise Refusal("schema.unknown", schema=name, known=known)
        return schemas.named(name), dict(parts)
    standing = {part: ksk for part, ksk in binding.parts.items() if ksk not in revoked}
    return schemas.named(binding.schema), {**standing, **parts}


def revoked_ksks(policy: Policy, history: Iterable[Signed]) -> frozenset[str]:
    """The KSKs of the policy that were revoked in what was signed before."""
    keys = {key.dnskey for one in history for bundle in one.response.bundles for key in bundle.ksks}
    pins = (policy.ksk_of(key) for key in keys if key.is_revoked)
    return frozenset(pin.id for pin in pins if pin is not None)


def _bindings(folder: Path | None, schemas: Schemas) -> dict[str, Binding]:
    """The bindings of a folder by their ids."""
    if folder is None or not (folder / BINDINGS).is_file():
        return {}
    bindings = load_toml((folder / BINDINGS).read_bytes(), Bindings, BINDINGS).bindings
    counts = Counter(one.id for one in bindings)
    problems = [found("schema.twice", BINDINGS, schema=name) for name, count in counts.items() if count > 1]
    if not all(one.id.strip() for one in bindings):
        problems.append(found("plan.value_wrong", f"{BINDINGS}.bindings", problem="an id is empty"))
    for one in bindings:
        parts, said = schemas.named(one.schema).keys, ", ".join(sorted(key.part for key in one.keys))
        if sorted(key.part for key in one.keys) != sorted(parts):
            where = f"{BINDINGS}.bindings[{one.id}]"
            problems.append(found("schema.binding", where, schema=one.schema, parts=", ".join(parts), said=said))
    refuse_errors(tuple(problems))
    return {one.id: one for one in bindings}


@functools.cache
def _shipped() -> Schemas:
    return read_schemas(shipped_schemas(), SCHEMAS)


def shipped_schemas() -> bytes:
    """The schemas that come with the program, as a file."""
    return importlib.resources.files("quorate.dnssec").joinpath(SCHEMAS).read_bytes()


def read_keys(path: Path, policy: Policy) -> tuple[Dnskey, ...]:
    """The DNSKEY records of a file, each of which must be a pinned KSK of the zone; `ksk.not_pinned`."""
    keys = []
    for owned in read_dnskeys(file_octets(path), path.name):
        if wire_name(owned.zone) != wire_name(policy.zone) or policy.ksk_of(owned.dnskey) is None:
            digest = owned.dnskey.unrevoked.ds(owned.zone).digest.hex()
            raise Refusal("ksk.not_pinned", path.name, zone=owned.zone, tag=owned.dnskey.key_tag, digest=digest)
        keys.append(owned.dnskey)
    return tuple(keys)


def load_history(folder: Path, schemas: Schemas) -> tuple[Signed, ...]:
    """The SKRs in `responses/`, in the order of their folders' names, which is that of their signing."""
    history, days = list[Signed](), dict[str, list[int]]()
    for path in sorted((folder / RESPONSES).glob("*/response.toml")):
        where = f"{RESPONSES}/{path.parent.name}"
        entry = load_toml(path.read_bytes(), ResponseEntry, f"{where}/response.toml")
        if entry.deployed and not is_day(entry.deployed):
            raise Refusal("plan.day", f"{where}/response.toml.deployed", text=entry.deployed)
        response, _ = read_skr(file_octets(path.parent / "skr.xml"), f"{where}/skr.xml")
        back_out = bool(entry.schema and schemas.named(entry.schema).back_out_of)
        keys = {one.part: one.ksk for one in entry.keys}
        parts = schemas.named(entry.schema).keys if entry.schema else ()
        if keys and sorted(one.part for one in entry.keys) != sorted(parts):
            said = ", ".join(sorted(one.part for one in entry.keys))
            facts = {"schema": entry.schema or "nothing", "parts": ", ".join(parts), "said": said}
            raise Refusal("schema.binding", f"{where}/response.toml", **facts)
        days.setdefault(entry.deployed, []).append(len(history))
        history.append(Signed(response, entry.request, bool(entry.deployed), back_out, entry.schema, keys))
    order = [number for day in sorted(days) for number in days[day]]
    return tuple(replace(one, turn=order.index(number)) for number, one in enumerate(history))
