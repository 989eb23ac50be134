"""The room of a ceremony: everything it is conducted with, and what people can say at any question. Floor 4."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from pathlib import Path

from quorate.archive import record_folder
from quorate.face import Face
from quorate.host import Host
from quorate.prepare import Base

REJECTED = ("signature.other_key", "signature.invalid", "signature.other_namespace", "signature.other_statement")
"""Signatures that were given and do not count; they are kept in the record."""


class Kind(enum.StrEnum):
    """What people can say at any question."""

    ARRIVED = "arrived"
    LEFT = "left"
    DEVIATION = "deviation"
    PAUSE = "pause"
    SUSPEND = "suspend"
    ABORT = "abort"
    STOP = "stop"


@dataclass
class Aside(Exception):
    """Said instead of an answer. `seat` for arrived and left."""

    kind: Kind
    seat: str = ""


class Stopped(Exception):
    """The program ends here and the ceremony can be resumed: by wish, on Ctrl-C, or suspended for the day."""


@dataclass(frozen=True, slots=True)
class Room:
    """Everything one ceremony is conducted with."""

    host: Host
    face: Face
    ceremony: Path
    base: Base
    tokens: Path  # software tokens lie below it

    @property
    def folder(self) -> Path:
        return record_folder(self.ceremony, self.base.mode)
