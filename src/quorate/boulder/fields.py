"""The fields of a configuration, taken one by one; what nobody took is unknown, and every problem has its line."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from quorate.canonical import LARGEST_INTEGER
from quorate.document import Items, Node, Table, Value, at
from quorate.findings import Finding, Refusal, found
from quorate.strict import text_problem


@dataclass(frozen=True, slots=True)
class Left:
    """A field that has no place in a plan: its name, the line, and what became of it."""

    field: str
    line: int
    why: str


@dataclass(slots=True)
class Reading:
    """One file while it is read. `where`: the file as people know it."""

    where: str
    problems: list[Finding] = field(default_factory=list)
    left: list[Left] = field(default_factory=list)

    def problem(self, code: str, line: int, **facts: object) -> None:
        self.problems.append(found(code, at(self.where, line), **facts))

    def refuse(self) -> None:
        """Every problem of the file at once."""
        if self.problems:
            raise Refusal.of(tuple(self.problems))


class Section:
    """A mapping of known fields. Some fields had other names in earlier years; the first name is today's."""

    def __init__(self, reading: Reading, name: str, table: Table) -> None:
        self.reading, self.name, self.table = reading, name, table
        self.taken: set[str] = set()

    def path(self, name: str) -> str:
        return f"{self.name}.{name}" if self.name else name

    def _take(self, names: tuple[str, ...], *, required: bool) -> tuple[Node, int, str] | None:
        given = [name for name in names if name in self.table.entries]
        self.taken |= set(given)
        if len(given) > 1:
            line = self.table.entries[given[1]][1]
            self.wrong(given[1], line, f"{given[0]} says it too")
        if not given and required:
            self.reading.problem("boulder.field_missing", self.table.line, field=self.path(names[0]))
        return (*self.table.entries[given[0]], given[0]) if given else None

    def value(self, *names: str, required: bool = True) -> Value | None:
        """A word; None if it is not there."""
        taken = self._take(names, required=required)
        if taken is None:
            return None
        node, line, name = taken
        if not isinstance(node, Value):
            self._type_wrong(name, line, "one value")
            return None
        if node.empty or not node.text:
            if required:
                self.reading.problem("boulder.field_missing", line, field=self.path(name))
            return None
        if problem := text_problem(node.text):
            self.wrong(name, line, problem)
            return None
        return node

    def number(self, *names: str, required: bool = True) -> Value | None:
        """A whole number, not negative."""
        value = self.value(*names, required=required)
        if value is not None and not re.fullmatch(r"[0-9]{1,20}", value.text):
            self._type_wrong(names[0], value.line, "a whole number")
            return None
        if value is not None and int(value.text) > LARGEST_INTEGER:
            self.wrong(names[0], value.line, f"{value.text} is larger than any number of a plan, {LARGEST_INTEGER}")
            return None
        return value

    def choice(self, name: str, choices: Mapping[str, str], *, older: str = "", required: bool = True) -> Value | None:
        """One of a closed set, by the word that stands for it here."""
        value = self.value(*([name, older] if older else [name]), required=required)
        if value is None:
            return None
        if value.text not in choices:
            self.not_among(name, value, choices)
            return None
        return Value(choices[value.text], value.line)

    def not_among(self, name: str, value: Value, choices: Mapping[str, str]) -> None:
        known = ", ".join(choices)
        self.reading.problem("boulder.choice", value.line, field=self.path(name), value=value.text, known=known)

    def wrong(self, name: str, line: int, problem: str) -> None:
        self.reading.problem("boulder.value_wrong", line, field=self.path(name), problem=problem)

    def moment(self, name: str) -> tuple[datetime, int] | None:
        """A time in UTC, `2006-01-02 15:04:05`, with its line."""
        value = self.value(name)
        if value is None:
            return None
        try:
            moment = datetime.strptime(value.text, "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC)
        except ValueError:
            moment = None
        if moment is None or moment.strftime("%Y-%m-%d %H:%M:%S") != value.text or not 1950 <= moment.year < 2200:
            self._type_wrong(name, value.line, "a UTC time like 2026-01-31 15:04:05, from 1950 to 2199")
            return None
        return moment, value.line

    def values(self, name: str, *, required: bool = True) -> tuple[Value, ...]:
        """A list of words."""
        found_here = []
        for node, line in self._items(name, required=required):
            if isinstance(node, Value) and node.text and not node.empty:
                found_here.append(node)
            else:
                self._type_wrong(name, line, "a list of words")
        return tuple(found_here)

    def sections(self, name: str, *, required: bool = True) -> tuple[Section, ...]:
        """A list of mappings."""
        found_here = []
        for node, line in self._items(name, required=required):
            if isinstance(node, Table):
                found_here.append(Section(self.reading, self.path(name), node))
            else:
                self._type_wrong(name, line, "a list of fields with values")
        return tuple(found_here)

    def section(self, name: str) -> Section:
        """A mapping; an empty one, of which everything is missing, where it is not there."""
        taken = self._take((name,), required=False)
        if taken is not None and isinstance(taken[0], Table):
            return Section(self.reading, self.path(name), taken[0])
        line = taken[1] if taken else self.table.line
        if taken is None:
            self.reading.problem("boulder.field_missing", line, field=self.path(name))
        else:
            self._type_wrong(name, line, "fields with values")
        return Section(Reading(self.reading.where), self.path(name), Table({}, line))

    def leave(self, why: str, *names: str) -> None:
        """Fields that have no place: named for the report where they are there."""
        for name in names:
            if name in self.table.entries:
                self.taken.add(name)
                self.reading.left.append(Left(self.path(name), self.table.entries[name][1], why))

    def end(self) -> None:
        """Whatever is left is unknown."""
        for name, (_, line) in self.table.entries.items():
            if name not in self.taken:
                self.reading.problem("boulder.field_unknown", line, field=self.path(name))

    def _items(self, name: str, *, required: bool) -> Iterator[tuple[Node, int]]:
        taken = self._take((name,), required=required)
        if taken is None:
            return
        node, line, _ = taken
        if not isinstance(node, Items):
            self._type_wrong(name, line, "a list with items")
            return
        for one in node.values:
            yield one, one.line

    def _type_wrong(self, name: str, line: int, wanted: str) -> None:
        self.reading.problem("boulder.type_wrong", line, field=self.path(name), wanted=wanted)
