"""Signing schemas: which KSKs publish, sign and are revoked in which slot, and which schema may follow which. Floor 2.

Data, as `schemas.toml` of an authority or the one that comes with the program. Format: `spec/schema.md`.
"""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import msgspec

from quorate.findings import Finding, Refusal, found
from quorate.strict import load_toml

MOST_SCHEMAS, MOST_KEYS, MOST_ROWS = 100, 4, 100
"""Of a file, and of one schema. A roll has two KSKs; which plays which part is found by trying."""

_SLOTS = re.compile(r"(?P<first>[1-9][0-9]?|last(?:-[1-9])?)(?:\.\.(?P<end>[1-9][0-9]?|last(?:-[1-9])?))?")


class Carry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A key that was `was` in the schema before is `now` in this one."""

    was: str
    now: str


class Follows(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A schema that may come before. Without `carries` keys of the same part carry over."""

    schema: str
    carries: tuple[Carry, ...] = ()


class Slots(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A run of slots such as `1`, `2..last-1`, `last`, and the parts of the KSKs in them."""

    slots: str
    publish: tuple[str, ...]
    sign: tuple[str, ...]
    revoke: tuple[str, ...] = ()


class Schema(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One schema. `keys`: the parts that KSKs play in it, bound to KSKs when an SKR is planned."""

    id: str
    title: str
    keys: tuple[str, ...]
    slots: tuple[Slots, ...]
    follows: tuple[Follows, ...] = ()
    back_out_of: tuple[str, ...] = ()


class Schemas(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The file."""

    format: Literal["quorate/1"]
    schemas: tuple[Schema, ...]

    def named(self, name: str) -> Schema:
        """The schema of that id; `schema.unknown` if there is none."""
        for schema in self.schemas:
            if schema.id == name:
                return schema
        raise Refusal("schema.unknown", schema=name, known=", ".join(one.id for one in self.schemas))


@dataclass(frozen=True, slots=True)
class Slot:
    """What the KSKs, by id, do in one slot. `publish` and `revoke` exclude each other; `sign` includes `revoke`."""

    publish: frozenset[str]
    sign: frozenset[str]
    revoke: frozenset[str] = frozenset()


def read_schemas(data: bytes, where: str) -> Schemas:
    """The schemas of a TOML file, or one refusal that names every problem."""
    schemas = load_toml(data, Schemas, where)
    if findings := tuple(schemas_findings(schemas)):
        raise Refusal.of(findings)
    return schemas


def slots_of(schema: Schema, count: int, keys: Mapping[str, str]) -> tuple[Slot, ...]:
    """The `count` slots of a response with the parts bound to KSKs by `keys` (part to KSK id).

    Raises `schema.slots` if the schema does not name each of exactly `count` slots once, `schema.keys_bound` if not
    each part is bound to a KSK of its own.
    """
    if set(keys) != set(schema.keys) or len(set(keys.values())) != len(keys):
        bound = ", ".join(f"{part} = {name}" for part, name in sorted(keys.items())) or "nothing"
        raise Refusal("schema.keys_bound", schema=schema.id, parts=", ".join(schema.keys), bound=bound)
    return tuple(_slot(row, keys) for row in _rows(schema, count))


def _rows(schema: Schema, count: int) -> tuple[Slots, ...]:
    """The row of each of `count` slots. Raises `schema.slots`."""
    placed = [(number, row) for row in schema.slots for number in _numbers(row.slots, count)]
    said = Counter(number for number, _ in placed)
    named = {*range(1, count + 1), *said}
    if wrong := sorted({max(number, 0) for number in named if said[number] != (1 <= number <= count)}):
        slots = ", ".join(str(number) if number else "one before the first" for number in wrong)
        raise Refusal("schema.slots", schema=schema.id, count=count, slots=slots)
    return tuple(row for _, row in sorted(placed, key=lambda one: one[0]))


def last_row(schema: Schema) -> Slots:
    """What the KSKs do in the last slot, however many there are."""

    def end(row: Slots) -> tuple[bool, int]:
        text = row.slots.rpartition("..")[2]
        return text.startswith("last"), -int(text.partition("-")[2] or 0) if text.startswith("last") else int(text)

    return max(schema.slots, key=end)


def _slot(row: Slots, keys: Mapping[str, str]) -> Slot:
    return Slot(*(frozenset(keys[part] for part in parts) for parts in (row.publish, row.sign, row.revoke)))


def carried(schema: Schema, before: Schema, keys: Mapping[str, str]) -> Mapping[str, str] | None:
    """Which KSKs must play which parts in `schema` after `before` with `keys`; None if it may not come then."""
    for one in schema.follows:
        if one.schema == before.id:
            if one.carries:
                return {carry.now: keys[carry.was] for carry in one.carries}
            return {part: keys[part] for part in schema.keys if part in keys}
    return None


def recognised(schemas: Schemas, slots: Sequence[Slot]) -> tuple[tuple[Schema, Mapping[str, str]], ...]:
    """The schemas that the slots of a response are an instance of, each way to bind the parts; main ones first."""
    names = sorted({name for slot in slots for name in slot.publish | slot.sign | slot.revoke})
    matches = []
    for schema in sorted(schemas.schemas, key=lambda one: bool(one.back_out_of)):
        if len(names) != len(schema.keys):
            continue
        try:
            rows = _rows(schema, len(slots))
        except Refusal:
            continue
        for chosen in itertools.permutations(names):
            keys = dict(zip(schema.keys, chosen, strict=True))
            if all(_slot(row, keys) == slot for row, slot in zip(rows, slots, strict=True)):
                matches.append((schema, keys))
    return tuple(matches)


def schemas_findings(schemas: Schemas) -> Iterator[Finding]:
    """What is wrong with schemas in themselves."""
    if too_many := tuple(_crowd_findings(schemas)):
        yield from too_many
        return
    ids = Counter(one.id for one in schemas.schemas)
    yield from (found("schema.twice", schema=name) for name, count in ids.items() if count > 1)
    known = {one.id: one for one in schemas.schemas}
    for schema in schemas.schemas:
        where = f"schemas[{schema.id}]"
        for name in (*(one.schema for one in schema.follows), *schema.back_out_of):
            if name not in known:
                yield found("schema.unknown", where, schema=name, known=", ".join(known))
        if schema.follows and schema.back_out_of:
            yield found("schema.back_out_follows", where)
        for one in schema.follows:
            if one.schema in known:
                yield from _carry_findings(schema, known[one.schema], one, where)
        yield from _slots_findings(schema, where)


def _crowd_findings(schemas: Schemas) -> Iterator[Finding]:
    """Whether there is more than anybody would look through, or a program in a moment."""
    if len(schemas.schemas) > MOST_SCHEMAS:
        yield found("schema.too_many", count=len(schemas.schemas), what="schemas", most=MOST_SCHEMAS)
    for schema in schemas.schemas[:MOST_SCHEMAS]:
        counts = {"keys": len(schema.keys), "rows of slots": len(schema.slots), "schemas before": len(schema.follows)}
        for what, count in counts.items():
            most = MOST_KEYS if what == "keys" else MOST_ROWS
            if count > most:
                yield found("schema.too_many", f"schemas[{schema.id}]", count=count, what=what, most=most)


def _carry_findings(schema: Schema, before: Schema, follows: Follows, where: str) -> Iterator[Finding]:
    path = f"{where}.follows[{follows.schema}]"
    for carry in follows.carries:
        if carry.was not in before.keys or carry.now not in schema.keys:
            yield found("schema.part_unknown", path, part=f"{carry.was} to {carry.now}")


def _slots_findings(schema: Schema, where: str) -> Iterator[Finding]:
    parts = [part for row in schema.slots for part in (*row.publish, *row.sign, *row.revoke)]
    yield from (found("schema.part_unknown", where, part=part) for part in sorted(set(parts) - set(schema.keys)))
    yield from (found("schema.part_unused", where, part=part) for part in sorted(set(schema.keys) - set(parts)))
    yield from (found("schema.twice", where, schema=part) for part in _repeated(schema.keys))
    for row in schema.slots:
        path = f"{where}.slots[{row.slots}]"
        if not _SLOTS.fullmatch(row.slots):
            yield found("schema.slots_unreadable", path, text=row.slots)
        for listed in (row.publish, row.sign, row.revoke):
            yield from (found("schema.twice", path, schema=part) for part in _repeated(listed))
        if both := set(row.publish) & set(row.revoke):
            yield found("schema.published_and_revoked", path, part=", ".join(sorted(both)))
        if unseen := set(row.sign) - set(row.publish) - set(row.revoke):
            yield found("schema.signs_unpublished", path, part=", ".join(sorted(unseen)))
        if silent := set(row.revoke) - set(row.sign):
            yield found("schema.revoked_unsigned", path, part=", ".join(sorted(silent)))
        if not set(row.sign) - set(row.revoke):
            yield found("schema.nobody_signs", path)


def _repeated(names: Sequence[str]) -> list[str]:
    return sorted(name for name, count in Counter(names).items() if count > 1)


def _numbers(text: str, count: int) -> range:
    """The slot numbers that `2..last-1` and the like mean among `count`; also numbers beyond, to be refused."""
    match = _SLOTS.fullmatch(text)
    if match is None:
        return range(0)
    first = _number(match["first"], count)
    return range(first, _number(match["end"], count) + 1 if match["end"] else first + 1)


def _number(text: str, count: int) -> int:
    return count + int(text[4:] or 0) if text.startswith("last") else int(text)
