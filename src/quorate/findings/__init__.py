"""What a check can find, in words for the person in the room and with a stable code for the auditor.

One table, split by domain into the modules beside this one, holds each code's severity, whether an approved waiver may
accept it, its sentence, the clause it rests on and what to do. A `Finding` is one result; a `Refusal` stops the work.
"""

from __future__ import annotations

import enum
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import NamedTuple


class Severity(enum.StrEnum):
    """How much a finding weighs: only an error blocks."""

    NOTICE = "notice"
    WARNING = "warning"
    ERROR = "error"


class Meaning(NamedTuple):
    """One row of the table. `sentence` and `remedy` are `str.format` templates over the finding's facts."""

    severity: Severity
    waivable: bool
    sentence: str
    remedy: str
    clause: str = ""


def meaning(code: str) -> Meaning:
    """The row of `code`; a code outside the table is a bug (KeyError)."""
    return table()[code]


def table() -> dict[str, Meaning]:
    """Every code with its meaning. Loaded on first use, so that `--version` does not pay for it."""
    if not _table:
        from . import (
            adoption,
            anchor,
            authority,
            boulder,
            ceremony,
            custody,
            dnssec,
            key_sets,
            lint,
            operations,
            outset,
            plan,
            record,
            register,
            script,
            skr,
            token,
            waiver,
            x509,
        )

        judged = (
            authority,
            custody,
            outset,
            adoption,
            plan,
            operations,
            key_sets,
            waiver,
            script,
            x509,
            lint,
            dnssec,
            skr,
            anchor,
        )
        for part in (*judged, token, ceremony, record, register, boulder):
            _table.update(part.TABLE)
    return _table


_table: dict[str, Meaning] = {}


class Basis(NamedTuple):
    """What one finding rests on, where that depends on the texts chosen and on the day: its weight and its clauses."""

    severity: Severity
    clause: str


class Finding(NamedTuple):
    """One result of a check: a code of the table, where it was seen, and the facts its sentence names.

    `basis` takes the place of the severity and the clause in the table.
    """

    code: str
    where: str = ""
    facts: tuple[tuple[str, str], ...] = ()
    basis: Basis | None = None

    @property
    def severity(self) -> Severity:
        return self.basis.severity if self.basis else meaning(self.code).severity

    @property
    def blocks(self) -> bool:
        return self.severity is Severity.ERROR

    @property
    def name(self) -> str:
        """What the record and a waiver call it: the code, and for what a linter finds `lint.TOOL/RULE`."""
        facts = dict(self.facts)
        of_rule = self.code.startswith("lint.") and "rule" in facts and self.code != "lint.fatal"
        return f"lint.{facts['tool']}/{facts['rule']}" if of_rule else self.code

    @property
    def waivable(self) -> bool:
        return meaning(self.code).waivable

    @property
    def clause(self) -> str:
        return self.basis.clause if self.basis else meaning(self.code).clause

    @property
    def sentence(self) -> str:
        text = meaning(self.code).sentence.format(**dict(self.facts))
        return f"{self.where}: {text}" if self.where else text

    @property
    def remedy(self) -> str:
        return meaning(self.code).remedy.format(**dict(self.facts))


def found(code: str, where: str = "", **facts: object) -> Finding:
    """A finding with its facts as text."""
    meaning(code)
    return Finding(code, where, _as_text(facts))


def resting_on(basis: Basis, code: str, where: str, facts: Mapping[str, object]) -> Finding:
    """A finding whose weight and clauses are those of `basis`."""
    meaning(code)
    return Finding(code, where, _as_text(facts), basis)


def _as_text(facts: Mapping[str, object]) -> tuple[tuple[str, str], ...]:
    return tuple((name, str(value)) for name, value in facts.items())


class Refusal(Exception):
    """The world or the input is not acceptable: one line, a hint, a code. Never a bug, never a traceback."""

    def __init__(self, code: str, where: str = "", **facts: object) -> None:
        self.findings: tuple[Finding, ...] = (found(code, where, **facts),)
        super().__init__(self.findings[0].sentence)

    @classmethod
    def of(cls, findings: tuple[Finding, ...]) -> Refusal:
        """A refusal that reports several problems at once; `findings` is not empty."""
        refusal = cls.__new__(cls)
        refusal.findings = findings
        Exception.__init__(refusal, "; ".join(finding.sentence for finding in findings))
        return refusal

    @property
    def code(self) -> str:
        return self.findings[0].code


@contextmanager
def within(place: str) -> Iterator[None]:
    """What is refused inside is said to be refused there: about another ceremony than the one that was asked for."""
    try:
        yield
    except Refusal as refusal:
        findings = (one._replace(where=f"{place}: {one.where}" if one.where else place) for one in refusal.findings)
        raise Refusal.of(tuple(findings)) from None


@contextmanager
def about(place: str) -> Iterator[None]:
    """What is refused inside without saying where is said to be refused there."""
    try:
        yield
    except Refusal as refusal:
        raise Refusal.of(tuple(one if one.where else one._replace(where=place) for one in refusal.findings)) from None


def refuse_errors(findings: tuple[Finding, ...]) -> None:
    """Raise one refusal that carries every blocking finding, if there is any."""
    if blocking := tuple(finding for finding in findings if finding.blocks):
        raise Refusal.of(blocking)
