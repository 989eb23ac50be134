"""Proof of possession: the text that a copy of a key signs to show what it is. Floor 2. Spec: `spec/possession.md`.

Plain text under a name of its own: no certificate, CRL or RRset begins like it, so its signature counts for nothing
else.
"""

from __future__ import annotations

from quorate.script import Script
from quorate.script.operations import ImportOperation

NAME = "quorate-possession-v1"


def possession_text(script: Script, script_digest: str, operation: ImportOperation, spki: str) -> bytes:
    """The ASCII lines that are signed. `spki`: digest of the public key of which the token is to hold a copy."""
    lines = (
        ("authority", script.authority.genesis),
        ("mode", script.mode.value),
        ("ceremony", script.ceremony),
        ("script", script_digest),
        ("operation", operation.id),
        ("token", script.token(operation.token).serial),
        ("spki", spki),
    )
    return "".join([f"{NAME}\n", *(f"{name}: {value}\n" for name, value in lines)]).encode("ascii")
