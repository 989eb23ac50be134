"""What a request or a response is told beside what was signed before."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from ksr_cases import zsks
from ksr_making import DAY, Pair, make_request, normal, zsk_plan
from quorate.dnssec.ksr_layout import write_ksr, write_skr
from quorate.dnssec.policy import Policy
from skr_cases import (
    HELD,
    NEW,
    OLD,
    SLOTS,
    STRANGE,
    Cases,
    Recorded,
    answered,
    asked,
    of_rrsig,
    pre_publish,
    quarter,
    revoke,
    rolled,
    rollover,
)

GENESIS = ("--act", "genesis")


def beside_cases(made: Cases) -> None:
    """Sound in themselves, out of place."""
    good = answered(1, normal(OLD, SLOTS))
    made.skr("good-genesis", "the first of a zone", rolled(0), quarter=0, previous=b"", options=GENESIS)
    made.skr("good-recorded", "after the one that the folder has", good, recorded=(Recorded(rolled(0)),))
    made.skr(
        "none-deployed",
        "what was signed before is not in the zone",
        good,
        "skr.none_deployed",
        recorded=(Recorded(rolled(0), deployed=False),),
    )
    made.skr(
        "history",
        "its last signature has expired",
        good,
        "skr.expired",
        at=quarter(4).begins,
    )
    made.skr("genesis-again", "a first one after the first", good, "skr.genesis_again", options=GENESIS)
    made.skr("itself", "named as the one before itself", good, "skr.previous_itself", previous=write_skr(good))
    _before(made)
    _ids(made)
    _order(made)
    _followed(made)


def _before(made: Cases) -> None:
    good = answered(1, normal(OLD, SLOTS))
    broken = of_rrsig(rolled(0), signature=b"\1" * 64)
    made.skr(
        "unsound-before",
        "the one before has a broken signature",
        good,
        "skr.predecessor_unsound",
        "skr.order",
        "skr.stranded",
        "skr.stranded_fixed",
        previous=write_skr(broken),
    )
    strange = write_skr(answered(0, normal(STRANGE, SLOTS)))
    made.skr(
        "strange-before",
        "the one before is of a strange KSK",
        good,
        "skr.predecessor_ksk",
        "skr.order_keys",
        "skr.retired_early",
        "skr.stranded",
        "skr.stranded_fixed",
        previous=strange,
    )
    made.skr(
        "late",
        "it begins when the one before has ended",
        rolled(3),
        "skr.gap_before",
        "skr.order",
        quarter=3,
        previous=write_skr(rolled(1)),
    )
    early = replace(quarter(1), begins=quarter(1).begins - 11 * DAY)
    request = make_request(early, zsk_plan(early, *_zsks(1)), serial=2)
    made.skr(
        "early",
        "it begins before the last bundle of the one before",
        answered(1, normal(OLD, SLOTS), request),
        "skr.starts_early",
        ksr=write_ksr(request),
    )

    strange_zsks = make_request(quarter(1), zsk_plan(quarter(1), *_zsks(4)), serial=2)
    made.skr(
        "zsks-from-nowhere",
        "its first ZSKs were not in the one before",
        answered(1, normal(OLD, SLOTS), strange_zsks),
        "ksr.chain_keys",
        ksr=write_ksr(strange_zsks),
    )
    sooner = replace(quarter(1), begins=quarter(1).begins - 6 * DAY)
    overlapping = make_request(sooner, zsk_plan(sooner, *_zsks(1)), serial=2)
    made.skr(
        "chain-overlap",
        "it overlaps with the one before for longer than the policy allows",
        answered(1, normal(OLD, SLOTS), overlapping),
        "ksr.chain_overlap",
        ksr=write_ksr(overlapping),
    )


def _zsks(number: int) -> list[Pair]:
    return zsks("p256", *[1 + (number + one) % 6 for one in range(3)])


def _ids(made: Cases) -> None:
    before, request = rolled(0), asked(1)
    same = replace(request, id=before.id)
    made.skr(
        "id-again",
        "another request had its id",
        answered(1, normal(OLD, SLOTS), same),
        "skr.id_again",
        "skr.predecessor_missing",
        ksr=write_ksr(same),
    )
    again = replace(request, bundles=(replace(request.bundles[0], id=before.bundles[2].id), *request.bundles[1:]))
    made.skr(
        "bundle-id-again",
        "a bundle has an id of the one before",
        answered(1, normal(OLD, SLOTS), again),
        "skr.bundle_again",
        ksr=write_ksr(again),
    )
    other = answered(1, pre_publish())
    made.skr(
        "request-again",
        "its request was answered before",
        other,
        "skr.request_again",
        recorded=(
            Recorded(rolled(0)),
            Recorded(answered(1, normal(OLD, SLOTS)), deployed=False, answers=write_ksr(request)),
        ),
    )


def _order(made: Cases) -> None:
    made.skr(
        "schema-too-early",
        "a rollover to a KSK that was never published",
        answered(1, rollover()),
        "skr.order",
        "skr.stranded",
    )
    made.skr(
        "parts-changed-over",
        "the KSKs change their parts",
        answered(2, rollover(NEW, OLD)),
        "skr.order_keys",
        quarter=2,
    )


def _followed(made: Cases) -> None:
    """What validators meet, and the policy's safeties."""
    slow, longer = of_policy(hold_down=60 * DAY), of_policy(publish_safety=60 * DAY)
    made.skr(
        "hold-down", "the next KSK signs before validators trust it", rolled(2), "skr.stranded", quarter=2, policy=slow
    )
    made.skr(
        "published-late",
        "the next KSK signs before the policy's time",
        rolled(2),
        "skr.published_late",
        quarter=2,
        policy=longer,
    )
    long = of_policy(remove_hold_down=30 * DAY)
    made.skr(
        "revocation-short",
        "the revocation is shown too briefly",
        rolled(3),
        "skr.revocation_short",
        quarter=3,
        policy=long,
    )
    retired = of_policy(retire_safety=100 * DAY)
    made.skr(
        "retired-early",
        "the old KSK is gone before the policy's time",
        rolled(3),
        "skr.retired_early",
        quarter=3,
        policy=retired,
    )
    back = answered(4, pre_publish(NEW, OLD))
    made.skr("revoked-returns", "a revoked KSK is published again", back, "skr.revoked_returns", "skr.order", quarter=4)
    made.skr(
        "last-anchor-revoked",
        "the only KSK that validators trust is revoked",
        answered(1, revoke()),
        "skr.last_anchor_revoked",
        "skr.retired_early",
        "skr.stranded",
        "skr.order",
    )


def of_policy(**changes: Any) -> Policy:
    """The policy with other limits."""
    return replace(HELD, limits=(replace(HELD.limits[0], **changes),))


def chain_cases(made: Cases) -> None:
    """KSR-CHAIN, and the KSKs' half of KSR-POLICY-SAFETY."""
    there = (Recorded(rolled(0)),)
    made.ksr("chain-deployed", "after the response that is in the zone", recorded=there)
    made.ksr("chain-missing", "nothing was signed before, and it is not said to be the first", "ksr.chain_missing")
    made.ksr(
        "chain-undeployed",
        "what was signed before is not in the zone",
        "ksr.chain_undeployed",
        recorded=(Recorded(rolled(0), deployed=False),),
    )
    made.ksr(
        "chain-recorded",
        "said to be the first after one that is in the zone",
        "ksr.chain_recorded",
        recorded=there,
        options=("--genesis",),
    )
    roll = ("--schema", "rollover")
    made.ksr(
        "ksk-published-long-enough",
        "the next KSK has been published",
        number=2,
        recorded=(*there, Recorded(rolled(1))),
        options=roll,
    )
    made.ksr(
        "ksk-published-briefly",
        "the next KSK would sign before validators trust it",
        "ksr.ksk_safety",
        number=2,
        recorded=(*there, Recorded(rolled(1))),
        options=roll,
        policy=of_policy(hold_down=60 * DAY),
    )
