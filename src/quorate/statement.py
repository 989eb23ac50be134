"""Statements: the short texts that people sign. Floor 1. Spec: `spec/statements.md`.

ASCII, `key: value` a line, in fixed order. The type decides the SSHSIG namespace, so that a signature never counts for
anything else; a rehearsal has namespaces of its own.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass

from quorate import FORMAT


class Mode(enum.StrEnum):
    """Whether it counts."""

    REAL = "real"
    REHEARSAL = "rehearsal"


class StatementType(enum.StrEnum):
    """The closed set of things that people sign."""

    AUTHORITY_CHANGE = "authority-change"
    SCRIPT_APPROVAL = "script-approval"
    SIGN_IN = "sign-in"
    INTENT = "intent"
    SETTLEMENT = "settlement"
    DEVIATION = "deviation"
    CHECKPOINT = "checkpoint"


@dataclass(frozen=True, slots=True)
class Statement:
    """What one person signs. `said` are the type's own lines, in the order of the spec; empty facts are left out.

    `authority` is the digest of the authority's state, `script` that of `script.json`; `size` and `root` are the
    transcript's at the moment of asking; `role` is the role the signer signs in.
    """

    type: StatementType
    mode: Mode
    authority: str
    ceremony: str = ""
    script: str = ""
    step: str = ""
    attempt: int = 0
    said: tuple[tuple[str, str], ...] = ()
    size: int = 0
    root: str = ""
    opens: str = ""
    closes: str = ""
    signer: str = ""
    fingerprint: str = ""
    role: str = ""

    @property
    def namespace(self) -> str:
        return namespace(self.type, self.mode)

    def text(self) -> bytes:
        """The bytes that are signed."""
        lines = [
            ("type", self.type.value),
            ("format", FORMAT),
            ("mode", self.mode.value),
            ("authority", self.authority),
        ]
        lines += [("ceremony", self.ceremony), ("script", self.script), ("step", self.step)]
        lines += [("attempt", str(self.attempt) if self.attempt else ""), *self.said]
        lines += [("transcript", f"{self.size} {self.root}" if self.root else "")]
        lines += [("window", f"{self.opens} {self.closes}" if self.opens else "")]
        lines += [("signer", f"{self.signer} {self.fingerprint}"), ("role", self.role)]
        return "".join(f"{key}: {value}\n" for key, value in lines if value).encode("ascii")


def namespace(kind: StatementType, mode: Mode) -> str:
    """`quorate-intent-v1`, or `quorate-rehearsal-intent-v1`."""
    return f"quorate-rehearsal-{kind.value}-v1" if mode is Mode.REHEARSAL else f"quorate-{kind.value}-v1"
