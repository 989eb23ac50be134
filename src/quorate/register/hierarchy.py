"""Who certifies whom, as a tree with validity over time: the rows of a drawing, and the drawing in letters.

A certificate stands under one certificate of the key that signed it. A cross-certificate stands under its own issuer
and names the certificate that it repeats; what its key issued stands under that one, once.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from quorate.register.inventory import by_issuer, day
from quorate.register.rows import CertificateRow, CrlRow, Inventory

_ATTRIBUTE = re.compile(r"(?:\\.|[^\\,+])+")
"""One attribute of a name as text (RFC 4514): what is escaped separates nothing."""


@dataclass(frozen=True, slots=True)
class Branch:
    """One certificate of the tree. `twin`: another certificate of the same key; `crl`: the newest of its key."""

    row: CertificateRow
    depth: int
    last: tuple[bool, ...]  # at each level, whether it is the last of its parent
    twin: str
    crl: CrlRow | None

    @property
    def name(self) -> str:
        """The common name, or the whole subject where there is none."""
        named = [one for one in _ATTRIBUTE.findall(self.row.subject) if one.startswith("CN=")]
        return re.sub(r"\\([^0-9a-f])", r"\1", named[0].removeprefix("CN=")) if named else self.row.subject


def branches(it: Inventory) -> tuple[Branch, ...]:
    """Every certificate, each parent before its children."""
    children = by_issuer(it.certificates)
    crls = {row.issuer: row for row in it.crls if row.newest}
    drawn: set[str] = set()

    def below(row: CertificateRow, last: tuple[bool, ...]) -> Iterator[Branch]:
        drawn.add(row.id)
        yield Branch(row, len(last), last, _twin(it, row), crls.get(row.id))
        own = [one for one in children.get(row.id, ()) if one.id not in drawn]
        for number, child in enumerate(own, 1):
            yield from below(child, (*last, number == len(own)))

    tops = [row for row in it.certificates if row.issuer in ("", row.id)]
    found = [branch for top in tops for branch in below(top, ())]
    for row in it.certificates:  # two that certify each other, and no root of either: one of them stands on top
        found += below(row, ()) if row.id not in drawn else ()
    return tuple(found)


def _twin(it: Inventory, row: CertificateRow) -> str:
    """What a cross-certificate or reissued root repeats: the first other certificate of its key."""
    first = next((one.id for one in it.certificates if one.spki == row.spki and one.id != row.id), "")
    return first if row.kind not in ("root", "subordinate") else ""


MOST_YEARS = 100
"""How far beyond today a drawing goes: what never ends, at 9999, would leave no room for the rest."""


@dataclass(frozen=True, slots=True)
class Span:
    """The time that a drawing covers, in whole years."""

    first: int
    last: int

    def place(self, moment: datetime) -> float:
        """Where a moment lies: 0 at the beginning, 1 at the end."""
        begin = datetime(self.first, 1, 1, tzinfo=moment.tzinfo)
        end = datetime(self.last + 1, 1, 1, tzinfo=moment.tzinfo)
        return min(1.0, max(0.0, (moment - begin) / (end - begin)))

    def years(self, most: int) -> tuple[int, ...]:
        """Years to be written on the axis: at most `most`, in even steps."""
        step = next(one for one in (1, 2, 5, 10, 20, 50, 100) if (self.last + 1 - self.first) / one <= most)
        start = -(-self.first // step) * step
        return tuple(range(start, self.last + 2, step))


def span(it: Inventory) -> Span:
    """From the first certificate to the end of the last, today in it."""
    now = day(it.as_of)
    times = [day(text) for row in it.certificates for text in (row.not_before, row.not_after)] + [now]
    return Span(min(times).year, min((max(times) - timedelta(seconds=1)).year, now.year + MOST_YEARS))


# -- in letters -------------------------------------------------------------------------------------------------------

WIDTH = 100
BAR = {"valid": "━", "revoked": "╌", "expired": "─", "not yet valid": "┅"}


def drawing(it: Inventory) -> tuple[str, ...]:
    """The tree with bars of validity, at most 100 columns wide; today is a line through them."""
    rows = branches(it)
    if not rows:
        return ()
    labels = [_stem(branch) + _label(branch) for branch in rows]
    left = min(max(len(label) for label in labels) + 2, WIDTH - 30)
    width, over = WIDTH - left, span(it)
    today = min(width - 1, int(over.place(day(it.as_of)) * width))
    lines = [" " * left + _axis(over, width)]
    for label, branch in zip(labels, rows, strict=True):
        shown = label if len(label) < left else label[: left - 2] + "…"
        lines.append(f"{shown:<{left}}{_bar(branch.row, over, width, today)}".rstrip())
    said = f"│ {it.as_of[:10]}" if today + 12 <= width else f"{it.as_of[:10]} │"
    return (*lines, " " * (left + today + (1 - len(said) if said.endswith("│") else 0)) + said)


def _stem(branch: Branch) -> str:
    if not branch.depth:
        return ""
    return "".join("   " if last else "│  " for last in branch.last[:-1]) + ("└─ " if branch.last[-1] else "├─ ")


def _label(branch: Branch) -> str:
    twin = f" = {branch.twin}" if branch.twin else ""
    crl = f", CRL {branch.crl.number}" if branch.crl else ""
    state = "" if branch.row.status == "valid" else f", {branch.row.status}"
    return f"{branch.row.id}{twin}{crl}{state}"


def _axis(over: Span, width: int) -> str:
    line = [" "] * width
    for year in over.years(max(1, width // 8)):
        at = int(over.place(datetime(year, 1, 1, tzinfo=day("2000-01-01T00:00:00Z").tzinfo)) * width)
        if at + 4 <= width:
            line[at : at + 4] = str(year)
    return "".join(line).rstrip()


def _bar(row: CertificateRow, over: Span, width: int, today: int) -> str:
    first, last = (min(width - 1, int(over.place(day(text)) * width)) for text in (row.not_before, row.not_after))
    line = [" "] * width
    line[first : max(last, first + 1)] = BAR[row.status] * max(last - first, 1)
    if row.revoked:
        end = max(first, min(width - 1, int(over.place(day(row.revoked.date)) * width)))
        line[first : end + 1] = "━" * (end - first) + "×"
    if line[today] == " ":
        line[today] = "│"
    elif line[today] in "━╌─┅":
        line[today] = "┿"
    return "".join(line)
