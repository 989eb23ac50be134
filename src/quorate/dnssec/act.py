"""Why an SKR is made: in its turn, or by a named act, with what it relaxes and asks for instead. Floor 2.

The acts, for people: spec/skr.md.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from quorate.findings import Finding, found


class Act(enum.StrEnum):
    """Why an SKR is made. All but the first are named in the plan, approved with it and recorded."""

    ROUTINE = "routine"
    GENESIS = "genesis"
    RE_SIGN = "re-sign"
    CALENDAR_BRIDGE = "calendar-bridge"
    LAPSE = "lapse"
    ZSK_COMPROMISE = "zsk-compromise"
    KSK_COMPROMISE = "ksk-compromise"
    KSK_LOSS = "ksk-loss"


class Needs(enum.StrEnum):
    """What an act asks for instead of what it relaxes."""

    PINS_GOVERNED = "the KSKs' DS records in a statement that the govern quorum signed"
    ZSKS_BY_TWO = "the request's ZSKs authenticated by two people, each over another channel"
    ATTEMPT = "again-of: the SKR of the aborted operation, or of the other site, that answers the same request"
    STATED_REASON = "a reason, stated in the plan and approved with the script"
    OFF_CYCLE_REQUEST = "a request that is marked as off cycle"


class ActRule(NamedTuple):
    """What an act relaxes (codes of findings), and what it needs."""

    relaxes: frozenset[str]
    needs: tuple[Needs, ...]


_OFF_CYCLE = frozenset(
    {"skr.starts_early", "ksr.bundle_count", "ksr.bundle_cycle_duration", "ksr.policy_keys"}
    | {"ksr.chain_overlap", "ksr.stated_chain_overlap"}
)
_AT_ONE_SITE = frozenset({"plan.ksk_not_ready"})
"""A KSK signs though it is not yet on every token of its zone."""
ACTS: Mapping[Act, ActRule] = {
    Act.ROUTINE: ActRule(frozenset(), ()),
    Act.GENESIS: ActRule(
        frozenset({"skr.predecessor_missing", "skr.order", "ksr.chain_missing"}),
        (Needs.PINS_GOVERNED, Needs.ZSKS_BY_TWO),
    ),
    # of the first SKR there is none before, and of one in the zone it may have expired: it was judged when it was made
    Act.RE_SIGN: ActRule(
        frozenset({"skr.request_again", "skr.predecessor_missing", "ksr.id", "ksr.bundle_unique", "ksr.chain_missing"}),
        (Needs.ATTEMPT,),
    ),
    Act.CALENDAR_BRIDGE: ActRule(
        frozenset({"skr.predecessor_undeployed", "ksr.policy_sig_horizon"}), (Needs.STATED_REASON,)
    ),
    # the zone has had no valid signature since: nothing that stood there vouches for the ZSKs
    Act.LAPSE: ActRule(
        frozenset({"skr.gap_before", "ksr.chain_keys", "ksr.chain_overlap", "ksr.stated_chain_overlap"}),
        (Needs.STATED_REASON, Needs.ZSKS_BY_TWO),
    ),
    Act.ZSK_COMPROMISE: ActRule(
        _OFF_CYCLE | {"ksr.chain_keys"}, (Needs.STATED_REASON, Needs.ZSKS_BY_TWO, Needs.OFF_CYCLE_REQUEST)
    ),
    Act.KSK_COMPROMISE: ActRule(
        _OFF_CYCLE | _AT_ONE_SITE | {"skr.order", "skr.retired_early", "skr.revocation_short", "ksr.policy_safety"},
        (Needs.STATED_REASON, Needs.PINS_GOVERNED),
    ),
    Act.KSK_LOSS: ActRule(
        _OFF_CYCLE
        | _AT_ONE_SITE
        | {"skr.order", "skr.retired_early", "skr.published_late", "skr.stranded", "skr.stranded_fixed"}
        | {"ksr.policy_safety"},
        (Needs.STATED_REASON, Needs.PINS_GOVERNED),
    ),
}


BY_TWO = frozenset(act.value for act, rule in ACTS.items() if Needs.ZSKS_BY_TWO in rule.needs)
"""Acts whose ZSKs two people authenticate, each over another channel: the requester by the letter, another beside."""
OCCASIONAL = frozenset(
    act for act, rule in ACTS.items() if Needs.STATED_REASON in rule.needs and not rule.relaxes & _AT_ONE_SITE
)
"""Acts with an occasion that is seen in what they relax; that a KSK is ready at one site only is seen elsewhere."""


def evidence_findings(act: Act, given: Iterable[Needs]) -> tuple[Finding, ...]:
    """What the act asks for and is not there."""
    there = set(given)
    return tuple(
        found("skr.act_needs", act=act.value, needs=need.value) for need in ACTS[act].needs if need not in there
    )
