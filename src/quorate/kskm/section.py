"""A mapping of `ksrsigner.yaml`, whose members are taken one by one and each as what it has to be."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TypeVar

from quorate.dnssec.duration import duration_text, read_duration
from quorate.document import Items, Node, Table, Value, at
from quorate.findings import Finding, found

T = TypeVar("T")
_ZERO = timedelta()


@dataclass
class Section:
    """A mapping whose members are taken one by one; what is left over in the end is unknown."""

    table: Table
    path: str
    where: str
    problems: list[Finding]
    taken: set[str] = field(default_factory=set)

    def problem(self, name: str, line: int, problem: str) -> None:
        said = f"{self.path}.{name}".strip(".")
        self.problems.append(found("kskm.value", at(self.where, line), field=said, problem=problem))

    def node(self, name: str) -> tuple[Node, int] | None:
        self.taken.add(name)
        return self.table.entries.get(name)

    def section(self, name: str) -> Section:
        """A mapping below; an absent one is empty."""
        held = self.node(name)
        node, line = held or (Table({}, self.table.line), self.table.line)
        if not isinstance(node, Table):
            if not (isinstance(node, Value) and node.empty):
                self.problem(name, line, "it is no mapping")
            node = Table({}, line)
        return Section(node, f"{self.path}.{name}".strip("."), self.where, self.problems)

    def value(self, name: str, read: Callable[[str], T | None], what: str, default: T | None) -> T | None:
        """A plain value; None if it is absent without a default, which is a problem, or unreadable."""
        held = self.node(name)
        if held is None:
            if default is None:
                self.problem(name, self.table.line, "it is missing")
            return default
        node, line = held
        value = read(node.text) if isinstance(node, Value) and not node.empty else None
        if value is None:
            self.problem(name, line, f"it is {what}")
        return value

    def listed(self, name: str, read: Callable[[str], T | None], what: str, default: tuple[T, ...]) -> tuple[T, ...]:
        """A list, or one value that stands for a list of one."""
        held = self.node(name)
        if held is None:
            return default
        node, line = held
        nodes = node.values if isinstance(node, Items) else (node,)
        values = tuple(read(one.text) if isinstance(one, Value) else None for one in nodes)
        if any(one is None for one in values):
            self.problem(name, line, f"each is {what}")
        return tuple(one for one in values if one is not None)

    def number(self, name: str, default: int | None) -> int:
        return self.value(name, number_in, "no number", default) or 0

    def duration(self, name: str, default: timedelta | None) -> timedelta:
        return self.value(name, _duration, "no duration like P10D", default) or _ZERO

    def span(self, least: str, most: str, defaults: tuple[str, str] | None) -> tuple[timedelta, timedelta]:
        lower, upper = (read_duration(one) for one in defaults) if defaults else (None, None)
        bounds = self.duration(least, lower), self.duration(most, upper)
        if bounds[0] > bounds[1] and (held := self.table.entries.get(most) or self.table.entries.get(least)):
            self.problem(most, held[1], f"{duration_text(bounds[1])} is below {least}, {duration_text(bounds[0])}")
        return bounds

    def renamed(self, names: Mapping[str, str]) -> Section:
        """The same with members of older names under those of today; a member under both is a problem."""
        entries = dict(self.table.entries)
        for older, name in names.items():
            if older in entries and name in entries:
                self.problem(older, entries[older][1], f"it is the older name of {name}, which is there too")
            elif older in entries:
                entries[name] = entries.pop(older)
        return Section(Table(entries, self.table.line), self.path, self.where, self.problems)

    def ended(self) -> None:
        """Whatever was not taken is unknown."""
        for name, (_, line) in self.table.entries.items():
            if name not in self.taken:
                self.problem(name, line, "no such field is known")


def number_in(text: str) -> int | None:
    return int(text) if re.fullmatch("0|[1-9][0-9]{0,9}", text) else None


def _duration(text: str) -> timedelta | None:
    """An ISO 8601 duration; weeks stand alone in it."""
    if match := re.fullmatch("P([0-9]{1,4})W", text):
        return timedelta(weeks=int(match[1]))
    return read_duration(text)
