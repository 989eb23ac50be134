"""The folder of a zone made from `ksrsigner.yaml`, and a report of what has no place in it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from pathlib import Path

from quorate import canonical
from quorate.dnssec.dnskey import rsa_numbers
from quorate.dnssec.history import with_history
from quorate.dnssec.ksr_xml import read_skr
from quorate.dnssec.name import name_text, wire_name
from quorate.dnssec.policy import KeyCount, KeyKind, Ksk, Limits, Policy, Range, TurnedOff, load_policy
from quorate.dnssec.policy_text import policy_toml
from quorate.dnssec.records import OwnedKey, dnskey_line, read_dnskeys
from quorate.dnssec.schema import Schema, Schemas, Slot, read_schemas, recognised
from quorate.document import at
from quorate.findings import Finding, Refusal, found
from quorate.host import Host
from quorate.kskm.config import CHECKS, KEY_COUNTS, Config, Key, SchemaEntry, read_config
from quorate.zone import KSKS, RESPONSES, SCHEMAS, load_schemas, shipped_schemas
from quorate.zone_policy import COMPILED, FOLDER, POLICY

_DAY = timedelta(days=1)
REPORT = "report.md"


def import_config(path: Path, dnskeys: Path | None, previous: Path | None, into: Path, host: Host) -> tuple[str, ...]:
    """Write `dnssec/` and `report.md` into the new or empty folder `into`; the lines of the report.

    Nothing is written unless all of it can be: policy, keys and schemas are read back by the readers that every command
    uses. `previous`: the SKR in the zone, recorded as deployed.
    """
    if into.exists() and (not into.is_dir() or any(into.iterdir())):
        raise Refusal("kskm.into", folder=into)
    config = read_config(path.read_bytes(), path.name)
    zone = _zone(config, path.name)
    policy_text = policy_toml(_policy(config, zone, path.name)).encode()
    policy = load_policy(policy_text, POLICY)
    owned = read_dnskeys(dnskeys.read_bytes(), dnskeys.name) if dnskeys else ()
    keys = _pinned(config, policy, owned, dnskeys.name if dnskeys else "")
    schemas, told = _schemas(config, path.name)
    files = {POLICY: policy_text, COMPILED: policy.compiled(canonical.digest(policy_text))}
    if keys:
        files[KSKS] = "".join(f"{line}\n" for line in keys.values()).encode()
    if schemas:
        files[SCHEMAS] = schemas
        read_schemas(schemas, SCHEMAS)
    files |= _previous(previous, zone)
    report = tuple(_report(path.name, config, policy, keys, told, previous))
    for name, data in files.items():
        host.make_folder((into / FOLDER / name).parent)
        host.write_once(into / FOLDER / name, data)
    host.write_once(into / REPORT, ("\n".join(report) + "\n").encode())
    return report


def _zone(config: Config, where: str) -> str:
    """The one zone that the file is for."""
    names = {name_text(wire_name(one)) for one in (*config.zones, config.signers_name)}
    if len(names) != 1:
        raise Refusal("kskm.zones", where, zones=", ".join(sorted(names)))
    return names.pop()


def _policy(config: Config, zone: str, where: str) -> Policy:
    """Pins and limits, and what held before if the KSKs are the root's."""
    ksks = tuple(
        Ksk(
            key.label,
            key.key_tag,
            key.algorithm,
            key.ds_sha256,
            f"{key.valid_from:%Y-%m-%d}",
            f"{key.valid_until - _DAY:%Y-%m-%d}" if key.valid_until is not None else "",
        )
        for key in config.keys
    )
    since = min((key.valid_from for key in config.keys), default=None)
    limits = Limits(
        id="kskm",
        since=f"{since:%Y-%m-%d}" if since else "2010-07-15",
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
    for one in owned:
        pin = policy.ksk_of(one.dnskey) if wire_name(one.zone) == wire_name(policy.zone) else None
        if pin is None or one.dnskey.is_revoked:
            digest = one.dnskey.unrevoked.ds(one.zone).digest.hex()
            problems.append(found("ksk.not_pinned", where, zone=one.zone, tag=one.dnskey.key_tag, digest=digest))
            continue
        if keys[pin.id].algorithm.is_rsa:
            problems += _size_findings(keys[pin.id], one, where)
        lines[pin.id] = dnskey_line(policy.zone, one.dnskey)
    if problems:
        raise Refusal.of(tuple(problems))
    return lines


def _size_findings(key: Key, owned: OwnedKey, where: str) -> Iterator[Finding]:
    numbers = rsa_numbers(owned.dnskey.public_key)
    stated = {"rsa_size": (key.size, numbers.modulus.bit_length()), "rsa_exponent": (key.exponent, numbers.exponent)}
    for name, (said, made) in stated.items():
        if said and said != made:
            yield found("kskm.key_differs", where, key=key.name, field=name, stated=said, made=made)


# -- schemas ----------------------------------------------------------------------------------------------------------


def _schemas(config: Config, where: str) -> tuple[bytes, tuple[str, ...]]:
    """`schemas.toml` if there are schemas that the program does not have, and what each schema is here."""
    shipped, labels = load_schemas(None), {key.name: key.label for key in config.keys}
    problems, own, told = list[Finding](), list[str](), list[str]()
    for entry in config.schemas:
        wrong = list(_entry_findings(entry, config, labels, where))
        problems += wrong
        if wrong:
            continue
        matches = _matches(entry, config, shipped)
        if matches:
            schema, keys = matches[0]
            bound = ", ".join(f"{part} = {labels[name]}" for part, name in keys.items())
            told.append(f"{entry.name}: the schema {schema.id} with {bound}")
        else:
            own.append(_schema_text(entry, config))
            told.append(f"{entry.name}: in schemas.toml; nothing there says what it follows, so no routine SKR uses it")
    if problems:
        raise Refusal.of(tuple(problems))
    return (shipped_schemas() + "".join(own).encode() if own else b""), tuple(told)


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


def _matches(entry: SchemaEntry, config: Config, shipped: Schemas) -> list[tuple[Schema, Mapping[str, str]]]:
    """The program's schemas that do the same, the one of that name first."""
    alike = recognised(shipped, _slots(entry, config))
    names = (entry.name, f"pre-{entry.name}")  # `publish+` is `pre-publish+`
    return sorted(alike, key=lambda way: (way[0].id not in names, bool(way[0].back_out_of)))


def _schema_text(entry: SchemaEntry, config: Config) -> str:
    """A schema of the file's own as TOML, equal slots in runs."""
    slots = _slots(entry, config)
    names = sorted({name for slot in slots for name in slot.publish | slot.sign | slot.revoke})
    lines = ["", "[[schemas]]", f"id = {_quoted(entry.name)}", f"title = {_quoted(f'From kskm: {entry.name}')}"]
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


def _previous(previous: Path | None, zone: str) -> dict[str, bytes]:
    """The SKR in the zone, recorded as deployed on the day on which it begins."""
    if previous is None:
        return {}
    data = previous.read_bytes()
    response, _ = read_skr(data, previous.name)
    if wire_name(response.domain) != wire_name(zone):
        raise Refusal("skr.zone", previous.name, zone=response.domain, expected=zone)
    day = f"{response.bundles[0].inception:%Y-%m-%d}"
    folder = f"{RESPONSES}/001-imported"
    return {
        f"{folder}/skr.xml": data,
        f"{folder}/response.toml": f'format = "quorate/1"\ndeployed = "{day}"\n'.encode(),
    }


def _report(
    where: str, config: Config, policy: Policy, keys: Mapping[str, str], told: Iterable[str], previous: Path | None
) -> Iterator[str]:
    yield f"# {where}, imported"
    yield ""
    yield f"policy {policy.id} for {policy.zone}: {policy.digest}"
    yield f"limits hold from {policy.limits[-1].since} on; give them other days if other limits held before"
    if len(policy.limits) > 1:
        yield "these are the root zone's KSKs: what held in the years before is added from its public documents"
    yield ""
    yield "## KSKs"
    yield ""
    for key in config.keys:
        public = "public key given" if key.label in keys else "public key not given: ksks.txt lacks it"
        yield f"- {key.name}: {key.label}, tag {key.key_tag}, {public}"
    yield ""
    yield "## Schemas"
    yield ""
    yield from (f"- {line}" for line in told)
    yield ""
    yield "## Checks that the file turns off"
    yield ""
    if not config.disabled:
        yield "- none"
    for name, line in config.disabled:
        yield f"- line {line}, {name}: {_checks(name)} is made here all the same"
    yield ""
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
    if previous is None:
        yield "- no SKR is recorded as deployed: give the one in the zone with --previous, or with each check"
    yield "- the hold-downs of RFC 5011 are 30 days and an anchor may be 30 days old, unless policy.toml says otherwise"
    yield ""
    yield "## Next"
    yield ""
    yield "- judge requests and responses here: quorate ksr check, quorate skr check"
    yield f"- hold ceremonies: quorate init FOLDER --zone {policy.zone}, then dnssec/ in the place of the one there"
    yield "- the KSKs, and the SKR in the zone, are adopted: quorate new NAME --from adoption"


def _quoted(text: str) -> str:
    """A TOML basic string; JSON's escapes are among TOML's."""
    return json.dumps(text)


def _listed(names: Iterable[str]) -> str:
    return "[" + ", ".join(_quoted(name) for name in sorted(names)) + "]"
