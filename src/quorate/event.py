"""Events: what happened, one canonical line each. Floor 1. Spec: `spec/transcript.md`.

A line is `{"at","body","salt","seq","step","type"}`. Its committed form replaces body and salt by their commitment, so
that a published record may withhold a body and keep its fingerprint.
"""

from __future__ import annotations

import enum
import hashlib
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from quorate import canonical
from quorate.findings import Refusal

Body = dict[str, Any]
"""An event's body: canonical JSON, with the members that `spec/transcript.md` lists for its type."""

LONGEST_LINE = 64 * 1024 * 1024
SALT_OCTETS = 16
_SALT = re.compile(rf"[0-9a-f]{{{2 * SALT_OCTETS}}}")
_MEMBERS = {"at", "body", "salt", "seq", "step", "type"}


class Type(enum.StrEnum):
    """The closed set of events."""

    OPENED = "opened"
    ARRIVED = "arrived"
    LEFT = "left"
    ACKNOWLEDGED = "acknowledged"
    COMPARED = "compared"
    MISMATCHED = "mismatched"
    OBSERVED = "observed"
    MOVED = "moved"
    SHARED = "shared"
    UNLOCKED = "unlocked"
    REFUSED = "refused"
    LOCKED = "locked"
    DRAFTED = "drafted"
    LINTED = "linted"
    APPROVED = "approved"
    COMMANDED = "commanded"
    INTENDED = "intended"
    COMPLETED = "completed"
    SETTLED = "settled"
    WRITTEN = "written"
    CHECKPOINT = "checkpoint"
    COSIGNED = "cosigned"
    DEVIATED = "deviated"
    PAUSED = "paused"
    RESUMED = "resumed"
    SUSPENDED = "suspended"
    ABORTED = "aborted"
    FAULT = "fault"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Event:
    """One entry of a transcript. `at` is UTC with milliseconds, `step` the id of a script step or empty."""

    seq: int
    at: str
    step: str
    type: Type
    body: Body = field(hash=False)
    salt: str = field(repr=False)

    def line(self) -> bytes:
        """The full line as written, without its line end."""
        return canonical.encode(
            {
                "at": self.at,
                "body": self.body,
                "salt": self.salt,
                "seq": self.seq,
                "step": self.step,
                "type": self.type.value,
            }
        )

    def committed(self) -> bytes:
        """The committed form: the data of the event's leaf in the tree."""
        return canonical.encode(
            {
                "at": self.at,
                "commitment": commitment(self.body, self.salt),
                "seq": self.seq,
                "step": self.step,
                "type": self.type.value,
            }
        )


def commitment(body: Body, salt: str) -> str:
    """SHA-256("quorate-commit-v1\\0" ‖ salt ‖ canonical(body)), hexadecimal."""
    return hashlib.sha256(b"quorate-commit-v1\0" + bytes.fromhex(salt) + canonical.encode(body)).hexdigest()


def timestamp(moment: datetime) -> str:
    """`2026-11-23T09:00:00.000Z`."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


def moment(text: str) -> datetime:
    """The moment that `timestamp` wrote; ValueError for any other text."""
    parsed = datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=UTC)
    if timestamp(parsed) != text:
        raise ValueError(text)
    return parsed


def read_line(line: bytes, where: str) -> Event:
    """The event of one full line, strictly; `record.event_malformed` or `record.not_canonical` otherwise."""
    if len(line) > LONGEST_LINE:
        raise Refusal("record.event_malformed", where)
    value = canonical.decode(line, where)
    try:
        if not isinstance(value, dict) or set(value) != _MEMBERS:
            raise ValueError
        seq, step, body, salt, at = value["seq"], value["step"], value["body"], value["salt"], value["at"]
        if type(seq) is not int or not isinstance(step, str) or not isinstance(body, dict):
            raise ValueError
        if not isinstance(salt, str) or not _SALT.fullmatch(salt) or not isinstance(at, str):
            raise ValueError
        moment(at)
        return Event(seq, at, step, Type(str(value["type"])), body, salt)
    except ValueError:
        raise Refusal("record.event_malformed", where) from None
