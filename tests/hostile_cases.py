"""The cases of `vectors/dnssec/hostile`: files that are made to do harm, with the code that each is refused for."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

HOSTILE = Path(__file__).resolve().parent.parent / "vectors" / "dnssec" / "hostile"
LARGEST_KEPT = 32 * 1024
"""Octets of a file that lies in the repository; larger ones are made when they are needed."""
SUFFIXES = {
    "ksr": "xml",
    "skr": "xml",
    "trust-anchor": "xml",
    "kskm": "yaml",
    "schemas": "toml",
    "policy": "toml",
    "policy-json": "json",
}
"""What a file is handed in as."""


@dataclass(frozen=True)
class Case:
    """One file. `expect`: every code that is told, each once."""

    kind: str
    name: str
    data: bytes
    expect: tuple[str, ...]

    @property
    def path(self) -> str:
        return f"{self.kind}/{self.name}.{SUFFIXES[self.kind]}"


@dataclass
class Hostile:
    """Cases by their path."""

    made: dict[str, Case] = field(default_factory=dict)

    def add(self, kind: str, name: str, data: bytes, *expect: str) -> None:
        case = Case(kind, name, data, tuple(sorted(expect)))
        assert case.path not in self.made
        self.made[case.path] = case
