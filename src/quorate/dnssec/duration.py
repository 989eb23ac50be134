"""Times as a KSR writes them: `P21D`, `PT0S`, `2026-10-01T00:00:00+00:00`, always UTC and whole seconds."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

_DURATION = re.compile(
    r"P(?=[0-9T])(?:(?P<days>[0-9]{1,5})D)?"
    r"(?:T(?=[0-9])(?:(?P<hours>[0-9]{1,6})H)?(?:(?P<minutes>[0-9]{1,8})M)?(?:(?P<seconds>[0-9]{1,9})S)?)?"
)
_MOMENT = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})T([0-9]{2}):([0-9]{2}):([0-9]{2})(?:Z|\+00:00)?")


def read_duration(text: str) -> timedelta | None:
    """The length of an ISO 8601 duration in days, hours, minutes and seconds; None for any other text.

    Years and months have no length of their own, and fractions and signs have no place in a policy.
    """
    if match := _DURATION.fullmatch(text):
        return timedelta(**{name: int(number) for name, number in match.groupdict("0").items()})
    return None


def duration_text(length: timedelta) -> str:
    """A duration in its shortest form by days, hours, minutes and seconds: `P14DT23H59M59S`, `PT0S`."""
    minutes, seconds = divmod(length.seconds, 60)
    hours, minutes = divmod(minutes, 60)
    days = f"{length.days}D" if length.days else ""
    parts = ((hours, "H"), (minutes, "M"), (seconds, "S"))
    time = "".join(f"{number}{unit}" for number, unit in parts if number)
    return f"P{days}T{time}" if time else f"P{days}" if days else "PT0S"


def read_utc(text: str) -> datetime | None:
    """The moment of an xsd:dateTime in UTC: without a zone, with `Z` or `+00:00`. None for any other text."""
    match = _MOMENT.fullmatch(text)
    if match is None or not 1970 <= int(match[1]) < 2200:
        return None
    try:
        return datetime(*(int(part) for part in match.groups()), tzinfo=UTC)  # type: ignore[arg-type, misc]  # six ints
    except ValueError:
        return None


def utc_text(moment: datetime) -> str:
    """`2026-10-01T00:00:00+00:00`, as signed key responses have it."""
    return moment.isoformat()
