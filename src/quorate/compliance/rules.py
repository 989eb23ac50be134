"""The shape of a rule: for what it holds, the texts that say so, and the check that finds what breaks it.

A check yields the facts of each violation. The code's sentence and remedy come from the table of findings, its weight
and clauses from the texts in force (`texts`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Generic, TypeVar

from quorate.authority import Programme
from quorate.compliance.texts import Level, RuleSet, Source, Text, binding, chosen
from quorate.findings import Basis, Finding, Meaning, Severity, meaning, resting_on
from quorate.x509.facts import CertificateFacts, CrlFacts
from quorate.x509.name import organization
from quorate.x509.ocsp import OcspFacts
from quorate.x509.profile import Class, Profile

ROOT: tuple[Class, ...] = ("root",)
TLS: tuple[Class, ...] = ("subordinate", "constrained")
"""Subordinates that serve TLS (BR 7.1.2.5, 7.1.2.6)."""
NON_TLS: tuple[Class, ...] = ("non-tls",)
SUBORDINATE: tuple[Class, ...] = (*TLS, *NON_TLS)
TLS_CROSS: tuple[Class, ...] = ("cross",)
CROSS: tuple[Class, ...] = (*TLS_CROSS, "cross-non-tls")
RESPONDER: tuple[Class, ...] = ("responder",)
TLS_BELOW: tuple[Class, ...] = (*TLS, *TLS_CROSS)
BELOW: tuple[Class, ...] = (*SUBORDINATE, *CROSS)
"""CA certificates with an issuer of their own."""
ISSUED: tuple[Class, ...] = (*BELOW, *RESPONDER)
CA: tuple[Class, ...] = (*ROOT, *BELOW)
EVERY: tuple[Class, ...] = (*CA, *RESPONDER)
"""Every certificate."""
OWN: tuple[Class, ...] = (*ROOT, *SUBORDINATE)
"""CA certificates that are given a name; a cross-certificate repeats one."""
NAMED: tuple[Class, ...] = (*OWN, *RESPONDER)
CRL: tuple[Class, ...] = ("crl",)
OCSP: tuple[Class, ...] = ("ocsp",)

Facts = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Commitments:
    """What the authority promises: the longest validities in days, the key types in use, whom it works for.

    `programmes`: the root programmes whose texts it keeps to (none named: all). `affiliates`: organisations that are
    affiliates in the sense of BR 1.6.1. `extended_validation`: EV certificates are issued below it.
    """

    root_days: int
    subordinate_days: int
    crl_days: int
    key_types: tuple[str, ...]
    programmes: tuple[Programme, ...] = ()
    affiliates: tuple[str, ...] = ()
    extended_validation: bool = False


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

    @property
    def texts(self) -> frozenset[Text]:
        """The texts that bind."""
        return chosen(self.rules, self.commitments.programmes, self.commitments.extended_validation)


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

    @property
    def repeated(self) -> tuple[CertificateFacts, ...]:
        """Every existing certificate of this subject and key (BR 7.1.2.2)."""
        return tuple(one for one in self.others if (one.subject, one.spki) == (self.it.subject, self.it.spki))

    @property
    def is_stranger(self) -> bool:
        """Whether the subject is another organisation than the issuer and none of its affiliates."""
        own = {organization(self.issuer.subject), *self.context.commitments.affiliates}
        return organization(self.it.subject) not in own


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


@dataclass(frozen=True, slots=True)
class OcspCase:
    """One OCSP response before its judges, with the certificate that it is about, and the CRL on which it rests."""

    it: OcspFacts
    profile: Profile
    context: Context
    certificate: CertificateFacts
    responder: CertificateFacts
    crl: CrlFacts | None

    @property
    def issuer(self) -> CertificateFacts:
        """The issuer of the certificate; a response is never judged without."""
        assert self.context.issuer is not None
        return self.context.issuer


Case = TypeVar("Case", CertificateCase, CrlCase, OcspCase)
Check = Callable[[Case], Iterable[Facts]]
Entered = TypeVar("Entered", bound=Callable[..., Iterable[Facts]])


@dataclass(frozen=True, slots=True)
class Rule(Generic[Case]):
    """One rule for the classes it `applies` to, with every text that says so."""

    code: str
    applies: tuple[Class, ...]
    sources: tuple[Source, ...]
    check: Check[Case] = field(repr=False)

    def basis(self, texts: frozenset[Text], kind: Class, day: date) -> Basis | None:
        """What a violation rests on in an object of this class that is signed on this day; None: it is none."""
        strictest = binding(self.sources, texts, day) if kind in self.applies else ()
        if not strictest:
            return None
        clauses = "; ".join(dict.fromkeys(one.cited for one in strictest))
        return Basis(weight(meaning(self.code), strictest[0].level), clauses)

    def findings(self, case: Case) -> tuple[Finding, ...]:
        """What breaks the rule, if it binds."""
        basis = self.basis(case.context.texts, case.profile.kind, case.context.at.date())
        if basis is None:
            return ()
        return tuple(resting_on(basis, self.code, case.profile.name, facts) for facts in self.check(case))


def weight(row: Meaning, level: Level) -> Severity:
    """A violation of a SHOULD alone does not block for good: it is a warning, or an error that a waiver may accept.

    Against counsel one may always act.
    """
    blocks = level is Level.MUST or (level is Level.SHOULD and row.waivable)
    return row.severity if blocks else min(row.severity, Severity.WARNING, key=_ORDER)


_ORDER = list(Severity).index


def rule(
    table: list[Rule[Case]], code: str, applies: tuple[Class, ...], *sources: Source
) -> Callable[[Entered], Entered]:
    """Put the check below it into `table`."""

    def enter(check: Entered) -> Entered:
        table.append(Rule(code, applies, sources, check))
        return check

    return enter
