"""The shape of a rule: when it holds, for what, and the check that finds what breaks it.

Rules are data with dates, since they change between ceremonies. A check yields the facts of each violation; code,
severity and clause come from the table of findings.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Generic, Literal, TypeVar

from quorate.findings import Finding, Severity, found, meaning
from quorate.x509.facts import CertificateFacts, CrlFacts
from quorate.x509.profile import Class, Profile

RuleSet = Literal["webpki", "private"]
BOTH: tuple[RuleSet, ...] = ("webpki", "private")
WEBPKI: tuple[RuleSet, ...] = ("webpki",)
PRIVATE: tuple[RuleSet, ...] = ("private",)
CA: tuple[Class, ...] = ("root", "subordinate", "cross")
BELOW: tuple[Class, ...] = ("subordinate", "cross")

Facts = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Commitments:
    """What the CP/CPS promises: the longest validities in days and the key types in use."""

    root_days: int
    subordinate_days: int
    crl_days: int
    key_types: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Context:
    """What a draft is judged against.

    `at` is the moment of signing, `window` the times within which it may lie (twice `at` when it is certain). `issuer`
    is None for a self-signed certificate, `existing` the certificate that a cross-certificate repeats, `known` all
    certificates of the authority so far.
    """

    rules: RuleSet
    at: datetime
    window: tuple[datetime, datetime]
    issuer: CertificateFacts | None
    known: tuple[CertificateFacts, ...]
    existing: CertificateFacts | None
    commitments: Commitments

    @property
    def moments(self) -> tuple[datetime, datetime, datetime]:
        return (self.window[0], self.at, self.window[1])


@dataclass(frozen=True, slots=True)
class CertificateCase:
    """One certificate before its judges."""

    it: CertificateFacts
    profile: Profile
    context: Context

    @property
    def issuer(self) -> CertificateFacts:
        """A self-signed certificate is its own issuer."""
        return self.context.issuer or self.it

    @property
    def others(self) -> tuple[CertificateFacts, ...]:
        """Every other certificate: the draft, once signed and registered, is not its own rival."""
        existing = (self.context.existing,) if self.context.existing else ()
        return tuple(one for one in (*self.context.known, *existing) if one.tbs != self.it.tbs)


@dataclass(frozen=True, slots=True)
class CrlCase:
    """One CRL before its judges. The issuer's certificate is always at hand."""

    it: CrlFacts
    profile: Profile
    context: Context
    previous: CrlFacts | None

    @property
    def issuer(self) -> CertificateFacts | None:
        return self.context.issuer


Case = TypeVar("Case", CertificateCase, CrlCase)
Check = Callable[[Case], Iterable[Facts]]
Entered = TypeVar("Entered", bound=Callable[..., Iterable[Facts]])


@dataclass(frozen=True, slots=True)
class Rule(Generic[Case]):
    """One rule of one or both rule sets for the classes it `applies` to. `effective_until` is the last day."""

    code: str
    rule_sets: tuple[RuleSet, ...]
    clause: str
    level: Severity
    effective_from: date
    effective_until: date | None
    applies: tuple[Class, ...]
    check: Check[Case] = field(repr=False)

    def holds(self, rules: RuleSet, kind: Class, day: date) -> bool:
        """Whether the rule binds an object of this class, signed on this day under this rule set."""
        ended = self.effective_until is not None and day > self.effective_until
        return rules in self.rule_sets and kind in self.applies and self.effective_from <= day and not ended

    def findings(self, case: Case) -> tuple[Finding, ...]:
        return tuple(found(self.code, case.profile.name, **facts) for facts in self.check(case))


def rule(
    table: list[Rule[Case]],
    code: str,
    *applies: Class,
    sets: tuple[RuleSet, ...] = BOTH,
    since: date = date.min,
    until: date | None = None,
) -> Callable[[Entered], Entered]:
    """Put the check below it into `table`, with severity and clause as the table of findings has them."""

    def enter(check: Entered) -> Entered:
        row = meaning(code)
        table.append(Rule(code, sets, row.clause, row.severity, since, until, applies, check))
        return check

    return enter
