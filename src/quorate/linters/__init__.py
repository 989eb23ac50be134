"""Linters that others keep: what they say of a draft or a finished object, beside our own rules. Floor 3.

A linter reads bytes and answers with remarks; it never sees a key, and a draft's signature is empty (BR 4.3.1.2). Which
are required is said by the authority; one that is required and missing is a refusal, one that is there runs as well.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from quorate.findings import Refusal
from quorate.linters.pkilint import Pkilint
from quorate.linters.zlint import Zlint
from quorate.want import LintReport, LintSubject


class Linter(Protocol):
    """One linter. `lint` raises `lint.failed` when it does not finish."""

    name: str

    def available(self) -> bool:
        """Whether it is installed here; answered without loading it."""

    def lint(self, subject: LintSubject, der: bytes) -> LintReport:
        """What it says of a certificate, CRL or OCSP response in DER."""


LINTERS: Mapping[str, Linter] = {one.name: one for one in (Pkilint(), Zlint())}


def require(names: tuple[str, ...]) -> None:
    """Raises `lint.missing` for each of the required linters that is not installed."""
    for name in names:
        if not LINTERS[name].available():
            raise Refusal("lint.missing", name, tool=name)


def run(required: tuple[str, ...], subject: LintSubject, der: bytes) -> tuple[LintReport, ...]:
    """The reports of the required linters, then of those that are installed and read such an object."""
    require(required)
    others = [one for name, one in LINTERS.items() if name not in required and one.available()]
    return tuple(one.lint(subject, der) for one in (*(LINTERS[name] for name in required), *others))
