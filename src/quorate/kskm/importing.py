"""The folder of a zone made from `ksrsigner.yaml`, and a report of what has no place in it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple

from quorate import canonical
from quorate.dnssec.checks import gathered
from quorate.dnssec.conformity import ksk_findings
from quorate.dnssec.dnskey import Algorithm, rsa_numbers
from quorate.dnssec.history import OWN_SINCE, with_history
from quorate.dnssec.ksk import known_ksks
from quorate.dnssec.ksr_xml import read_skr
from quorate.dnssec.name import name_text, wire_name
from quorate.dnssec.policy import KeyCount, KeyKind, Ksk, Limits, Policy, Range, TurnedOff, load_policy
from quorate.dnssec.policy_text import policy_toml
from quorate.dnssec.records import OwnedKey, dnskey_line, read_dnskeys
from quorate.dnssec.schema import Schema, Schemas, Slot, read_schemas, recognised
from quorate.dnssec.soundness import own_findings
from quorate.document import at
from quorate.findings import Finding, Refusal, found, refuse_errors
from quorate.host import Host
from quorate.kskm.config import CHECKS, KEY_COUNTS, Config, Key, SchemaEntry, read_config
from quorate.zone import BINDINGS, KSKS, RESPONSES, SCHEMAS, load_schemas, shipped_schemas
from quorate.zone_policy import COMPILED, FOLDER, POLICY, file_octets

_DAY, _SECOND = timedelta(days=1), timedelta(seconds=1)
EVER = "1970-01-01"
"""The file's limits have no days: they hold for whatever is judged, until a policy says what held when."""
REPORT = "report.md"


def import_config(path: Path, dnskeys: Path | None, previous: Path | None, into: Path, host: Host) -> tuple[str, ...]:
    """Write `dnssec/` and `report.md` into the new or empty folder `into`; the lines of the report.

    Nothing is written unless all of it can be: policy, keys and schemas are read back by the readers that every command
    uses. `previous`: the SKR in the zone, recorded as deployed.
    """
    if into.exists() and (not into.is_dir() or any(into.iterdir())):
        raise Refusal("kskm.into", folder=into)
    config = read_config(file_octets(path), path.name)
    zone = _zone(config, path.name)
    owned = read_dnskeys(file_octets(dnskeys), dnskeys.name) if dnskeys else ()
    config = replace(config, keys=tuple(_pins(config, zone, owned, path.name)))
    policy_text = policy_toml(_policy(config, zone, path.name)).encode()
    policy = load_policy(policy_text, POLICY)
    keys = _pinned(config, policy, owned, dnskeys.name if dnskeys else "")
    uses = _uses(config, path.name)
    files = {POLICY: policy_text, COMPILED: policy.compiled(canonical.digest(policy_text))}
    if keys:
        files[KSKS] = "".join(f"{line}\n" for line in keys.values()).encode()
    if own := "".join(one.text for one in uses):
        files[SCHEMAS] = shipped_schemas() + own.encode()
        read_schemas(files[SCHEMAS], SCHEMAS)
    if uses:
        files[BINDINGS] = ('format = "quorate/1"\n' + "".join(map(_binding_text, uses))).encode()
    recorded, day = _previous(previous, policy) if previous else ({}, "")
    files |= recorded
    report = tuple(_report(path.name, config, policy, keys, uses, day))
    for name, data in files.items():
        host.make_folder((into / FOLDER / name).parent)
        host.write_once(into / FOLDER / name, data)
    host.write_once(into / REPORT, ("\n".join(report) + "\n").encode())
    return report


def _zone(config: Config, where: str) -> str:
    """The one zone that the file is for."""
    names = {name_text(wire_name(one)) for one in (*config.zones, config.signers_name)}
    if len(names) != 1:
        raise Refusal("kskm.zones", at(where, config.zones_line), zones=", ".join(sorted(names)))
    return names.pop()


def _pins(config: Config, zone: str, owned: Sequence[OwnedKey], where: str) -> Iterator[Key]:
    """The keys, each with tag and digest; what the file leaves out is of the one public key that is given for it."""
    problems = []
    for key in config.keys:
        if key.key_tag is not None and key.ds_sha256:
            yield key
            continue
        fitting = [one.dnskey for one in owned if _fits(one, key, zone)]
        if len(fitting) == 1:
            yield replace(key, key_tag=fitting[0].key_tag, ds_sha256=fitting[0].ds(zone).digest.hex())
            continue
        name = "ds_sha256" if key.key_tag is not None else "key_tag"
        problem = "it is missing, and no single key that is given with --dnskey says it"
        problems.append(found("kskm.value", at(where, key.line), field=f"keys.{key.name}.{name}", problem=problem))
    refuse_errors(tuple(problems))


def _fits(owned: OwnedKey, key: Key, zone: str) -> bool:
    """Whether a public key is of the tag, or the digest, that the file has for a key."""
    dnskey = owned.dnskey
    if wire_name(owned.zone) != wire_name(zone) or dnskey.algorithm != key.algorithm or not dnskey.is_ksk:
        return False
    same = dnskey.key_tag == key.key_tag or dnskey.ds(zone).digest.hex() == key.ds_sha256
    return same and not dnskey.is_revoked


def _days(key: Key) -> tuple[str, str]:
    """The first and the last whole UTC day on which a key holds; a day up to its last second is whole."""
    begins = key.valid_from + (_DAY - _SECOND)
    ends = key.valid_until + _SECOND - _DAY if key.valid_until is not None else None
    return f"{begins:%Y-%m-%d}", f"{ends:%Y-%m-%d}" if ends is not None else ""


def _policy(config: Config, zone: str, where: str) -> Policy:
    """Pins and limits, and what held before if the KSKs are the root's."""
    ksks = tuple(Ksk(key.label, key.key_tag or 0, key.algorithm, key.ds_sha256, *_days(key)) for key in config.keys)
    limits = Limits(
        id="kskm",
        since=EVER,
        bundles=config.bundles,
        keys=(KeyCount(tuple(config.key_counts), config.different_keys),),
        algorithms=tuple(_kinds(config)),
        ttl=config.ttl,
        validity=Range(*config.validity),
        overlap=Range(*config.overlap),
        interval=Range(*config.interval),
        cycle=Range(*config.cycle),
        horizon=config.horizon,
        publish_safety=config.publish_safety,
        retire_safety=config.retire_safety,
    )
    off = tuple(TurnedOff(_checks(name), f"{where}, line {line}: {name}") for name, line in config.disabled)
    return with_history(Policy("quorate/1", "kskm", zone, ksks, (limits,), turned_off=off))


def _checks(member: str) -> str:
    """The checks that a member turns off."""
    return CHECKS[member.rpartition(".")[2]]


def _kinds(config: Config) -> Iterator[KeyKind]:
    for algorithm in config.algorithms:
        yield KeyKind(algorithm, *((tuple(config.sizes), tuple(config.exponents)) if algorithm.is_rsa else ()))


def _pinned(config: Config, policy: Policy, owned: Sequence[OwnedKey], where: str) -> Mapping[str, str]:
    """The given public keys as records, by label, in the order of the file; every mismatch is refused."""
    problems, lines = list[Finding](), dict[str, str]()
    keys = {key.label: key for key in config.keys}
    for one in (one for one in owned if one.dnskey.is_ksk):  # `dig` prints the ZSKs beside them
        here = wire_name(one.zone) == wire_name(policy.zone)
        pin = policy.ksk_of(one.dnskey) if here else None
        if pin is None or one.dnskey.is_revoked:
            digest = one.dnskey.unrevoked.ds(one.zone).digest.hex()
            slips = tuple(_pin_findings(config.keys, one, digest, where)) if here and pin is None else ()
            unknown = found("ksk.not_pinned", where, zone=one.zone, tag=one.dnskey.key_tag, digest=digest)
            problems += slips or (unknown,)
            continue
        if pin.id in keys and keys[pin.id].algorithm.is_rsa:  # else a KSK of the root's past
            problems += _size_findings(keys[pin.id], one, where)
        lines[pin.id] = dnskey_line(policy.zone, one.dnskey)
    if problems:
        raise Refusal.of(tuple(problems))
    return lines


def _pin_findings(keys: Sequence[Key], owned: OwnedKey, digest: str, where: str) -> Iterator[Finding]:
    """Where the file says something else of this key: the digest is its own, or tag and algorithm are."""
    tag, algorithm = owned.dnskey.unrevoked.key_tag, owned.dnskey.algorithm
    for key in keys:
        if key.ds_sha256 == digest and key.key_tag != tag:
            yield found("kskm.key_differs", where, key=key.name, field="key_tag", stated=key.key_tag, made=tag)
        if key.ds_sha256 == digest and key.algorithm != algorithm:
            names = {"stated": key.algorithm.name, "made": Algorithm(algorithm).name}
            yield found("kskm.key_differs", where, key=key.name, field="algorithm", **names)
        if key.ds_sha256 != digest and (key.key_tag, key.algorithm) == (tag, algorithm):
            yield found("kskm.key_differs", where, key=key.name, field="ds_sha256", stated=key.ds_sha256, made=digest)


def _size_findings(key: Key, owned: OwnedKey, where: str) -> Iterator[Finding]:
    numbers = rsa_numbers(owned.dnskey.public_key)
    stated = {"rsa_size": (key.size, numbers.modulus.bit_length()), "rsa_exponent": (key.exponent, numbers.exponent)}
    for name, (said, made) in stated.items():
        if said and said != made:
            yield found("kskm.key_differs", where, key=key.name, field=name, stated=said, made=made)


# -- schemas ----------------------------------------------------------------------------------------------------------


class Use(NamedTuple):
    """A schema of the file: `name` there, `schema` here, the label of the KSK that plays each part.

    `text` is its TOML if the program has no such schema.
    """

    name: str
    schema: str
    keys: Mapping[str, str]
    text: str = ""


def _uses(config: Config, where: str) -> tuple[Use, ...]:
    """What each schema of the file is here, or one refusal that names all that is wrong with them."""
    shipped, labels = load_schemas(None), {key.name: key.label for key in config.keys}
    refuse_errors(tuple(one for entry in config.schemas for one in _entry_findings(entry, config, labels, where)))
    ways = {entry.name: _matches(entry, config, shipped) for entry in config.schemas}
    settled = [readings[0][1] for readings in ways.values() if len(readings) == 1]
    return tuple(_use(entry, config, labels, ways[entry.name], settled, shipped) for entry in config.schemas)


Way = tuple[Schema, Mapping[str, str]]


def _use(
    entry: SchemaEntry,
    config: Config,
    labels: Mapping[str, str],
    ways: Sequence[Way],
    settled: Sequence[Mapping[str, str]],
    shipped: Schemas,
) -> Use:
    """The schema of the program's that does the same; else the file's own.

    Where two keys do the same either could play either part: each has the part that it plays in the other schemas.
    """
    if ways:

        def agreeing(way: Way) -> int:
            return sum(one.get(part) == name for one in settled for part, name in way[1].items())

        schema, keys = max(ways, key=agreeing)
        return Use(entry.name, schema.id, {part: labels[name] for part, name in keys.items()})
    names = {one.id for one in shipped.schemas}
    id_ = entry.name if entry.name not in names else f"kskm-{entry.name}"
    parts = sorted({name for slot in _slots(entry, config) for name in slot.publish | slot.sign | slot.revoke})
    return Use(entry.name, id_, {name: labels[name] for name in parts}, _schema_text(entry, id_, config))


def _binding_text(use: Use) -> str:
    keys = ", ".join(f"{{ part = {_quoted(part)}, ksk = {_quoted(ksk)} }}" for part, ksk in use.keys.items())
    return f"\n[[bindings]]\nid = {_quoted(use.name)}\nschema = {_quoted(use.schema)}\nkeys = [{keys}]\n"


def _entry_findings(entry: SchemaEntry, config: Config, labels: Mapping[str, str], where: str) -> Iterator[Finding]:
    line = at(where, entry.line)
    if sorted(entry.slots) != list(range(1, config.bundles + 1)):
        slots = ", ".join(map(str, sorted(entry.slots))) or "none"
        yield found("kskm.schema_slots", line, schema=entry.name, slots=slots, bundles=config.bundles)
    named = {name for duty in entry.slots.values() for name in (*duty.publish, *duty.sign, *duty.revoke)}
    for name in sorted(named - set(labels)):
        yield found("kskm.schema_key", line, schema=entry.name, key=name)
    for number, duty in sorted(entry.slots.items()):
        if set(duty.revoke) - set(duty.sign):
            yield found("schema.revoked_unsigned", f"{line}: {entry.name}, slot {number}", part=", ".join(duty.revoke))
        if not set(duty.sign) - set(duty.revoke):
            yield found("schema.nobody_signs", f"{line}: {entry.name}, slot {number}")


def _slots(entry: SchemaEntry, config: Config) -> tuple[Slot, ...]:
    """The slots as KSKs do them: who signs stands in the RRset, who is revoked is not published beside it."""
    slots = []
    for number in range(1, config.bundles + 1):
        duty = entry.slots[number]
        published = {*duty.publish, *duty.sign} - {*duty.revoke}
        slots.append(Slot(frozenset(published), frozenset(duty.sign), frozenset(duty.revoke)))
    return tuple(slots)


def _matches(entry: SchemaEntry, config: Config, shipped: Schemas) -> list[Way]:
    """The one of the program's schemas that does the same, the one of that name if there are several; each binding."""
    alike = recognised(shipped, _slots(entry, config))
    names = (entry.name, f"pre-{entry.name}")  # `publish+` is `pre-publish+`
    ordered = sorted(alike, key=lambda way: (way[0].id not in names, bool(way[0].back_out_of)))
    return [way for way in ordered if way[0] == ordered[0][0]]


def _schema_text(entry: SchemaEntry, id_: str, config: Config) -> str:
    """A schema of the file's own as TOML, equal slots in runs."""
    slots = _slots(entry, config)
    names = sorted({name for slot in slots for name in slot.publish | slot.sign | slot.revoke})
    lines = ["", "[[schemas]]", f"id = {_quoted(id_)}", f"title = {_quoted(f'From kskm: {entry.name}')}"]
    lines += [f"keys = {_listed(names)}", "slots = ["]
    begins = 0
    for number, slot in enumerate(slots, 1):
        if number == len(slots) or slots[number] != slot:
            span = str(number) if begins + 1 == number else f"{begins + 1}..{number}"
            parts = f"publish = {_listed(slot.publish)}, sign = {_listed(slot.sign)}, revoke = {_listed(slot.revoke)}"
            lines.append(f"  {{ slots = {_quoted(span)}, {parts} }},")
            begins = number
    return "\n".join((*lines, "]", ""))


# -- the rest ---------------------------------------------------------------------------------------------------------


def _previous(previous: Path, policy: Policy) -> tuple[dict[str, bytes], str]:
    """The SKR in the zone, recorded as deployed on the day on which it begins, and the day; sound, of pinned KSKs."""
    data = file_octets(previous)
    response, _ = read_skr(data, previous.name)
    if wire_name(response.domain) != wire_name(policy.zone):
        raise Refusal("skr.zone", previous.name, zone=response.domain, expected=policy.zone)
    ksks = known_ksks(policy, (key.dnskey for bundle in response.bundles for key in bundle.ksks))
    made = gathered((*own_findings(response), *ksk_findings(response, ksks)), "bundle")
    refuse_errors(tuple(Finding(one.code, f"{previous.name}: {one.where}", one.facts) for one in made))
    day = f"{response.bundles[0].inception:%Y-%m-%d}"
    folder = f"{RESPONSES}/001-imported"
    files = {
        f"{folder}/skr.xml": data,
        f"{folder}/response.toml": f'format = "quorate/1"\ndeployed = "{day}"\n'.encode(),
    }
    return files, day


def _report(
    where: str, config: Config, policy: Policy, keys: Mapping[str, str], uses: Iterable[Use], deployed: str
) -> Iterator[str]:
    """The lines of `report.md`. `deployed`: the day of the SKR in the zone, empty if none was given."""
    yield f"# {where}, imported"
    yield ""
    yield f"policy {policy.id} for {policy.zone}: {policy.digest}"
    if len(policy.limits) > 1:
        yield f"these are the root zone's KSKs: its limits hold from {OWN_SINCE} on, before that those of the root's"
        yield "public documents"
    else:
        yield "its limits hold for every day; give them their days in policy.toml if others held before"
    for name in config.derived:
        span = config.interval if name == "bundle_interval" else config.cycle
        yield f"min_{name} and max_{name} are not in the file, and their check is off: {Range(*span)}, as follows from"
        yield "the validity and the overlap of signatures, is asked for here; correct it in policy.toml"
    yield ""
    yield "## KSKs"
    yield ""
    for key in config.keys:
        public = "public key given" if key.label in keys else "public key not given: ksks.txt lacks it"
        since, until = _days(key)
        days = f"from {since}{f' to {until}' if until else ' on'}"
        yield f"- {key.name}: {key.label}, tag {key.key_tag}, {days}, {public}"
    yield ""
    yield "## Schemas"
    yield ""
    for use in uses:
        bound = ", ".join(f"{part} = {label}" for part, label in use.keys.items())
        lone = "; nothing in schemas.toml says what it follows, so no routine SKR uses it" if use.text else ""
        yield f"- {use.name}: the schema {use.schema} with {bound}{lone}"
    if config.schemas:
        yield "- with these KSKs, as bindings.toml says: change it when a KSK takes over another part"
    yield ""
    yield "## Checks that the file turns off"
    yield ""
    if not config.disabled:
        yield "- none"
    for name, line in config.disabled:
        yield f"- line {line}, {name}: {_checks(name)} is made here all the same"
    yield ""
    yield "## The SKR in the zone"
    yield ""
    if deployed:
        yield f"- recorded in responses/001-imported, as deployed on {deployed}, when it begins: correct the day in"
        yield "  response.toml if it came into the zone on another one"
    else:
        yield "- none is recorded as deployed: give the one in the zone with --previous, or with each check"
    yield ""
    yield from _not_taken(config)
    yield ""
    yield "## Next"
    yield ""
    yield "- judge requests and responses here: quorate ksr check, quorate skr check"
    yield f"- hold ceremonies: quorate init FOLDER --zone {policy.zone}, then dnssec/ in the place of the one there"
    yield "- the KSKs, and the SKR in the zone, are adopted: quorate new NAME --from adoption"


def _not_taken(config: Config) -> Iterator[str]:
    yield "## Not taken"
    yield ""
    for hsm in config.hsms:
        pin = "; its PIN stands in the file: have it changed" if hsm.has_pin else ""
        yield f"- line {hsm.line}, hsm {hsm.name}: module {hsm.module}, which an authority names as a token{pin}"
    for name, file in config.filenames.items():
        yield f"- filenames.{name}: {file}"
    for count in config.other_counts:
        note = "where they stand is not said, so list it under keys in policy.toml if it is to be accepted"
        yield f"- request_policy.{KEY_COUNTS}: {count} different keys; {note}"
    if config.unread_ttl not in (0, config.ttl):
        yield f"- request_policy.dns_ttl: {config.unread_ttl}, which kskm never reads; the TTL is {config.ttl}"
    yield "- the hold-downs of RFC 5011 are 30 days and an anchor may be 30 days old, unless policy.toml says otherwise"


def _quoted(text: str) -> str:
    """A TOML basic string; JSON's escapes are among TOML's."""
    return json.dumps(text)


def _listed(names: Iterable[str]) -> str:
    return "[" + ", ".join(_quoted(name) for name in sorted(names)) + "]"
