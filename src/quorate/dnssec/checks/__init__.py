"""Every check that a key signing request has to pass before anything is signed. Spec: `spec/ksr-checks.md`.

The names are those by which the root's operators know them since 2010, in capitals; the others are ours. All checks are
made, whatever the first ones find. None can be turned off: an exception of the policy accepts single findings, by its
days, and each acceptance is told.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from quorate.dnssec.checks import bundles, chain, header, keys, limits
from quorate.dnssec.checks.case import Case
from quorate.dnssec.overview import spoken
from quorate.dnssec.policy import PolicyException
from quorate.findings import Finding

__all__ = ["CHECKS", "Accepted", "Case", "Check", "Verdict", "judge"]


class Check(NamedTuple):
    """A check by its public name."""

    name: str
    findings: Callable[[Case], Iterator[Finding]]


CHECKS = (
    Check("KSR-DOMAIN", header.ksr_domain),
    Check("KSR-ID", header.ksr_id),
    Check("KSR-SERIAL", header.ksr_serial),
    Check("KSR-SIGNERS-NAME", header.ksr_signers_name),
    Check("KSR-BUNDLE-UNIQUE", bundles.ksr_bundle_unique),
    Check("KSR-BUNDLE-KEYS", bundles.ksr_bundle_keys),
    Check("KSR-BUNDLE-POP", bundles.ksr_bundle_pop),
    Check("KSR-BUNDLE-COUNT", bundles.ksr_bundle_count),
    Check("KSR-BUNDLE-CYCLE-DURATION", bundles.ksr_bundle_cycle_duration),
    Check("KSR-KEY-STRENGTH", keys.ksr_key_strength),
    Check("KSR-KEY-TAGS", keys.ksr_key_tags),
    Check("KSR-KEY-KSK", keys.ksr_key_ksk),
    Check("KSR-POLICY-KEYS", limits.ksr_policy_keys),
    Check("KSR-POLICY-ALG", limits.ksr_policy_alg),
    Check("KSR-POLICY-SAFETY", limits.ksr_policy_safety),
    Check("KSR-POLICY-SIG-OVERLAP", limits.ksr_policy_sig_overlap),
    Check("KSR-POLICY-SIG-VALIDITY", limits.ksr_policy_sig_validity),
    Check("KSR-POLICY-SIG-HORIZON", limits.ksr_policy_sig_horizon),
    Check("KSR-POLICY-BUNDLE-INTERVALS", limits.ksr_policy_bundle_intervals),
    Check("KSR-PREVIOUS", chain.ksr_previous),
    Check("KSR-CHAIN-KEYS", chain.ksr_chain_keys),
    Check("KSR-CHAIN-OVERLAP", chain.ksr_chain_overlap),
)

IN_THE_ANSWER = tuple(
    one
    for one in CHECKS
    if one.name
    in (
        *("KSR-BUNDLE-COUNT", "KSR-BUNDLE-CYCLE-DURATION", "KSR-KEY-STRENGTH", "KSR-KEY-TAGS", "KSR-KEY-KSK"),
        *("KSR-POLICY-KEYS", "KSR-POLICY-ALG", "KSR-POLICY-SAFETY", "KSR-POLICY-SIG-OVERLAP"),
        *("KSR-POLICY-SIG-VALIDITY", "KSR-POLICY-BUNDLE-INTERVALS"),
    )
)
"""The checks of what a response repeats of its request: neither proofs nor spelling, and no moment of signing."""
IN_THE_CHAIN = tuple(one for one in CHECKS if one.name in ("KSR-CHAIN-KEYS", "KSR-CHAIN-OVERLAP"))
"""The checks of what a response repeats, against the response before."""


class Accepted(NamedTuple):
    """A finding that an exception of the policy accepts."""

    finding: Finding
    exception: PolicyException


class Verdict(NamedTuple):
    """What the checks found. `refused` is empty exactly if the request is accepted."""

    refused: tuple[Finding, ...]
    accepted: tuple[Accepted, ...]
    passed: tuple[str, ...]


def judge(case: Case, checks: Iterable[Check] = CHECKS) -> Verdict:
    """Make every check, and set apart what an exception accepts at the moment of the check."""
    refused: list[Finding] = []
    accepted: list[Accepted] = []
    passed = []
    exceptions = case.policy.exceptions_at(case.at, case.digest)
    for name, made in (("KSR-SPELLING", case.oddities), *((one.name, one.findings(case)) for one in checks)):
        before = len(refused) + len(accepted)
        for finding in gathered(made):
            if exception := _exception(exceptions, finding.code):
                accepted.append(Accepted(finding, exception))
            else:
                refused.append(finding)
        if len(refused) + len(accepted) == before:
            passed.append(name)
    return Verdict(tuple(refused), tuple(accepted), tuple(passed))


def gathered(findings: Iterable[Finding], noun: str = "slot") -> tuple[Finding, ...]:
    """The same findings, one for all the slots, or bundles, of which the same is to be said: `slots 2-8`."""
    places: dict[tuple[str, tuple[tuple[str, str], ...], str], list[int]] = {}
    for one in findings:
        slot, _, rest = one.where.removeprefix(f"{noun} ").partition(" ")
        numbered = one.where.startswith(f"{noun} ") and slot.isdigit()
        place = f"{noun} {{}} {rest}".rstrip() if numbered else one.where
        places.setdefault((one.code, one.facts, place), []).append(int(slot) if numbered else 0)
    return tuple(
        Finding(code, place.replace(f"{noun} {{}}", spoken(sorted(set(numbers)), noun)), facts)
        for (code, facts, place), numbers in places.items()
    )


def _exception(exceptions: Iterable[PolicyException], code: str) -> PolicyException | None:
    return next((one for one in exceptions if code in one.accepts), None)
