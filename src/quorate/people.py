"""People, roles, quorums. Floor 1: frozen values.

A person stands by id and key fingerprint in everything that is hashed; names and identity papers stand in a card.
"""

from __future__ import annotations

import enum
from typing import Literal

import msgspec


class Presence(enum.StrEnum):
    """How a person takes part: with an enrolled key, or on paper, identified by two keyed seats."""

    KEYED = "keyed"
    PAPER = "paper"


class Purpose(enum.StrEnum):
    """What a quorum is for."""

    GOVERN = "govern"
    APPROVE = "approve"
    AUTHORISE = "authorise"
    UNLOCK = "unlock"
    RECOVER = "recover"
    CLOSE = "close"


class Appointment(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A person's appointment to a Trusted Role (BR 5.2, NCSSR 2.1). Dates are UTC days, both inclusive."""

    role: str
    since: str
    until: str


class Person(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One human. `key` is an OpenSSH public key line without comment, empty for a paper person.

    `card` is the salted digest of the person's card (name, employer, papers), `sha256:…`.
    """

    id: str
    presence: Presence
    key: str
    card: str
    appointments: tuple[Appointment, ...]


class Role(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A Trusted Role. `duties` say what its seats may do in a ceremony.

    `command`: gives the direct command of a signature (BR 4.3.1.1). `custody`: opens safes, handles items. `shares`:
    may hold a share of a secret. `observe`, `audit`: watch, compare and sign, and act in nothing else.
    """

    id: str
    title: str
    duties: tuple[Literal["command", "custody", "shares", "observe", "audit"], ...]


class Quorum(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """M of the N persons or seats of a role, for one purpose."""

    purpose: Purpose
    role: str
    need: int


class Seat(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A role held by a person at one ceremony; `alternates` may come instead, in this order."""

    id: str
    role: str
    person: str
    alternates: tuple[str, ...] = ()
