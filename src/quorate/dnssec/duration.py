"""Times as a KSR writes them: `P21D`, `PT0S`, `2026-10-01T00:00:00+00:00`, always UTC and whole seconds."""

from __future__ import annotations

import functools
import re
from datetime import UTC, datetime, timedelta

_UNITS = (("D", 86400, 5), ("H", 3600, 6), ("M", 60, 8), ("S", 1, 9))
_SHAPE = re.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}")


def read_duration(text: str) -> timedelta | None:
    """The length of an ISO 8601 duration in days, hours, minutes and seconds; None for any other text.

    Years and months have no length of their own, and fractions and signs have no place in a policy.
    """
    days, time, clock = text[1:].partition("T")
    if not text.startswith("P") or (time and not clock) or not (days or clock):
        return None
    length = timedelta()
    for part, units in ((days, _UNITS[:1]), (clock, _UNITS[1:])):
        rest = part
        for unit, seconds, digits in units:
            number, there, after = rest.partition(unit)
            if there:
                if not _is_number(number, digits):
                    return None
                length, rest = length + timedelta(seconds=int(number) * seconds), after
        if rest:
            return None
    return length


def _is_number(text: str, digits: int) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= digits


def duration_text(length: timedelta) -> str:
    """A duration in its shortest form by days, hours, minutes and seconds: `P14DT23H59M59S`, `PT0S`."""
    minutes, seconds = divmod(length.seconds, 60)
    hours, minutes = divmod(minutes, 60)
    days = f"{length.days}D" if length.days else ""
    parts = ((hours, "H"), (minutes, "M"), (seconds, "S"))
    time = "".join(f"{number}{unit}" for number, unit in parts if number)
    return f"P{days}T{time}" if time else f"P{days}" if days else "PT0S"


@functools.lru_cache(maxsize=256)  # a bundle's times stand in each of its signatures again
def read_utc(text: str) -> datetime | None:
    """The moment of an xsd:dateTime in UTC: without a zone, with `Z` or `+00:00`. None for any other text."""
    plain = text.removesuffix("Z") if text.endswith("Z") else text.removesuffix("+00:00")
    if not _SHAPE.fullmatch(plain) or not 1970 <= int(plain[:4]) < 2200:
        return None
    try:
        return datetime.fromisoformat(plain).replace(tzinfo=UTC)
    except ValueError:
        return None


def utc_text(moment: datetime) -> str:
    """`2026-10-01T00:00:00+00:00`, as signed key responses have it."""
    return moment.isoformat()
