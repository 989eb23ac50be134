"""How single values are put on paper: text that cannot hide anything, digests in groups and words. Floor 5."""

from __future__ import annotations

import re
from typing import TypeAlias

from quorate.words import words

Value: TypeAlias = "bool | int | str | list[Value] | dict[str, Value] | None"
"""What the template takes."""

SHA256 = re.compile(r"sha256:([0-9a-f]{64})")
BLANK = re.compile(r"_{4,}")
NARROW, WIDE, WIDEST = 14, 40, 90
"""Characters that stand in a table's cell, and across a page, without a place where a line may break."""

DRAWN = ((0x20, 0x7E), (0xA0, 0xAC), (0xAE, 0x17F), (0x386, 0x3CE), (0x400, 0x45F), (0x1E80, 0x1E85), (0x2010, 0x2027))
"""What the embedded serif draws. No control or direction marks: those could make paper read unlike the file."""
DRAWN_ONES = frozenset("‰′″‹›€№™←↑→↓−≈≠≤≥ȘșȚțẞ")


def ink(text: str, room: int = WIDE) -> str:
    """Text as it is printed: what the fonts cannot draw by its code point, long runs with places to break."""
    shown = "".join(one if _drawn(one) else f"⟨U+{ord(one):04X}⟩" for one in text)
    return re.sub(rf"\S{{{room + 1},}}", lambda run: _breakable(run.group(), room), shown)


def _drawn(one: str) -> bool:
    return one in DRAWN_ONES or any(first <= ord(one) <= last for first, last in DRAWN)


def _breakable(run: str, room: int) -> str:
    """A long run with places to break: after its hyphens, and within what is still too long."""
    pieces = (piece for part in re.findall(r"[^-]*-|[^-]+", run) for piece in _cut(part, room))
    return "\u200b".join(pieces)


def _cut(part: str, room: int) -> list[str]:
    every = len(part) if len(part) <= room else room // 2
    return [part[start : start + every] for start in range(0, len(part), every)]


def line(text: str) -> Value:
    """A line of text with its blanks: text, and None for each run of underscores, which is drawn as a rule.

    Columns that stand apart by two spaces or more are a row of a table, and printed as one: under each other.
    """
    if "  " in text and not BLANK.search(text):
        return {"row": ink(text, WIDEST)}
    parts: list[Value] = []
    for number, part in enumerate(BLANK.split(text)):
        parts += ([None] if number else []) + ([ink(part)] if part else [])
    return parts


def digest(value: str) -> Value:
    """A digest in groups of four digits and in words; anything else (`genesis`) as it is."""
    found = SHA256.fullmatch(value)
    if not found:
        return {"plain": ink(value)}
    digits = found.group(1)
    return {
        "groups": [digits[start : start + 4] for start in range(0, len(digits), 4)],
        "words": list(words(bytes.fromhex(digits))),
    }
