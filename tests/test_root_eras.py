"""Requests as the root's operators made them from 2010 on: accepted by the rules of their day, and by no others.

The shapes are those of the public archive: sizes, numbers of keys, how slots are spaced, what requests state.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import cache

import pytest
from msgspec.structs import replace

from ksr_cases import Edit, Plan, ksk_entry, later, longer
from ksr_making import DAY, Cycle, KskSlot, Pair, make_request, make_response, normal, pair, zsk_plan
from quorate import canonical
from quorate.dnssec.checks import Case, Verdict, judge
from quorate.dnssec.continuity import Signed
from quorate.dnssec.history import root_zone
from quorate.dnssec.ksr import AlgorithmPolicy, Bundle, Family, Response
from quorate.dnssec.ksr_layout import write_ksr
from quorate.dnssec.ksr_xml import read_ksr
from quorate.dnssec.policy import Policy
from quorate.dnssec.review import AtHand, review
from quorate.findings import Refusal
from quorate.zone import load_schemas

SECOND = timedelta(seconds=1)
OLD, NEXT, LAST = (pair(f"zsk-1024-{number}") for number in (1, 2, 3))
LONG = [pair(f"zsk-2048-{number}") for number in range(1, 7)]
WRONG_EXPONENT = AlgorithmPolicy(8, Family.RSA, 1024, 3)
Slots = Callable[[int, Bundle], Bundle]


def short(begins: str) -> Cycle:
    """A quarter of slots that end at 23:59:59 of the fifteenth day."""
    return Cycle(".", moment(begins), validity=15 * DAY - SECOND, overlap=(5 * DAY, 5 * DAY))


def moment(day: str) -> datetime:
    return datetime.fromisoformat(day).replace(tzinfo=UTC)


def stretched(*numbers: int, early: bool = False) -> Slots:
    """Slots that last a day longer, for the next quarter to begin five days before they end; the last a day early."""

    def change(slot: int, bundle: Bundle) -> Bundle:
        bundle = later(-DAY)(bundle) if early and slot == 9 else bundle
        return longer(DAY)(bundle) if slot in numbers else bundle

    return change


def fallback(*, first: tuple[Pair, ...], rest: Pair, last: tuple[Pair, ...]) -> Plan:
    return [list(first), *[[rest]] * 7, list(last)]


class Era:
    """A request and the response before it. `states`: what it states otherwise than what its bundles are."""

    def __init__(
        self,
        cycle: Cycle,
        plan: Plan,
        *,
        slots: Slots = lambda _slot, bundle: bundle,
        exponent_3: bool = False,
        before: Era | None = None,
        edit: Edit = str,
    ) -> None:
        request = make_request(cycle, plan, change=slots)
        stated = request.zsk
        if cycle.validity < 16 * DAY:
            stated = replace(stated, min_signature_validity=15 * DAY, max_signature_validity=20 * DAY)
        if exponent_3:
            stated = replace(stated, algorithms=(WRONG_EXPONENT,))
        self.asked = replace(request, zsk=stated)
        self.cycle, self.before, self.edit = cycle, before, edit

    @property
    def response(self) -> Response:
        return make_response(self.asked, normal(pair("ksk-2048-1"), 9), self.cycle)

    def judged(self, day: str, policy: Policy) -> Verdict:
        data = self.edit(write_ksr(self.asked).decode()).encode()
        request, oddities = read_ksr(data, "ksr.xml")
        previous = self.before.response if self.before else None
        return judge(Case(request, canonical.digest(data), policy, moment(day), previous, oddities))


@cache
def policy() -> Policy:
    """The root's own, with a KSK of the tests."""
    return replace(root_zone(), ksks=(ksk_entry(pair("ksk-2048-1"), "."),))


def quarter(begins: str, *keys: Pair, **options: object) -> Era:
    """A quarter of the usual plan."""
    cycle = short(begins) if begins < "2017" else Cycle(".", moment(begins), overlap=(9 * DAY, 12 * DAY))
    return Era(cycle, zsk_plan(cycle, *keys), **options)  # type: ignore[arg-type]


@cache
def eras() -> dict[str, Era]:
    """By the quarter's name in the archive."""
    made: dict[str, Era] = {}
    tag = OLD.dnskey.key_tag
    zero: Edit = lambda text: text.replace(f'keyTag="{tag}"', f'keyTag="0{tag}"').replace("+00:00", "")  # noqa: E731
    made["2010-q3"] = quarter("2010-07-01", OLD, NEXT, LAST, exponent_3=True, slots=stretched(8, 9), edit=zero)
    first = quarter("2013-01-01", LAST, OLD, NEXT, exponent_3=True, slots=stretched(9, early=True))
    made["2013-q2"] = quarter("2013-04-01", OLD, NEXT, LAST, exponent_3=True, slots=stretched(9), before=first)
    q2 = quarter("2016-04-01", LAST, OLD, NEXT, exponent_3=True, slots=stretched(9))
    made["2016-q3"] = quarter("2016-07-01", OLD, NEXT, LONG[0], slots=stretched(8, 9), before=q2)
    only = fallback(first=(OLD, NEXT), rest=NEXT, last=(NEXT,))
    made["2016-q3-fallback-1"] = Era(short("2016-07-01"), only, slots=stretched(8, 9), before=q2)
    slow = [[NEXT, LONG[0]]] * 3 + [[LONG[0]]] * 5 + [[LONG[0], LONG[1]]]
    made["2016-q4"] = Era(short("2016-10-01"), slow, slots=stretched(8, 9), before=made["2016-q3"])
    back = fallback(first=(NEXT,), rest=NEXT, last=(NEXT, LAST))
    fell = made["2016-q3-fallback-1"]
    made["2016-q4-fallback-1"] = Era(short("2016-10-01"), back, slots=stretched(8, 9), before=fell)
    early = stretched(early=True)
    made["2017-q1"] = quarter("2017-01-01", LONG[0], LONG[1], LONG[2], slots=early, before=made["2016-q4"])
    made["2017-q2"] = quarter("2017-04-01", LONG[1], LONG[2], LONG[3], before=made["2017-q1"])
    made["2018-q3"] = quarter("2018-07-01", *LONG[1:4], before=quarter("2018-04-01", *LONG[:3]))
    q2 = quarter("2020-04-01", *LONG[:3])
    made["2020-q3"] = quarter("2020-07-01", *LONG[1:4], before=q2)
    made["2020-q4"] = quarter("2020-10-01", *LONG[2:5], before=made["2020-q3"])
    made["2021-q1"] = quarter("2021-01-01", *LONG[3:6], before=made["2020-q4"])
    made["2021-q2"] = quarter("2021-04-01", *LONG[4:6], LONG[0], before=made["2021-q1"])
    made["2021-q3"] = quarter("2021-07-01", LONG[5], *LONG[:2], before=made["2021-q2"])
    made["2021-q4"] = quarter("2021-10-01", *LONG[:3], before=made["2021-q3"])
    made["2026-q4"] = quarter("2026-10-01", *LONG[1:4], before=quarter("2026-07-01", *LONG[:3]))
    return made


SECOND_SHORT, STATED_3, FIVE_DIGITS = "a-second-short", "stated-exponent-3", "five-digit-tags"
ON_THEIR_DAYS = [
    ("2010-q3", "2010-06-16", {SECOND_SHORT, STATED_3, FIVE_DIGITS}),
    ("2013-q2", "2013-02-12", {SECOND_SHORT, STATED_3}),
    ("2016-q3", "2016-05-12", {SECOND_SHORT}),
    ("2016-q3-fallback-1", "2016-05-12", {SECOND_SHORT}),
    ("2016-q4", "2016-08-11", {SECOND_SHORT}),
    ("2016-q4-fallback-1", "2016-08-11", {SECOND_SHORT}),
    ("2017-q1", "2016-10-27", {SECOND_SHORT}),
    ("2017-q2", "2017-02-02", set()),
    ("2018-q3", "2018-04-11", set()),
    ("2020-q3", "2020-04-23", set()),
    ("2020-q4", "2020-04-23", set()),
    ("2021-q1", "2020-04-23", set()),
    ("2021-q2", "2021-02-11", set()),
    ("2021-q3", "2021-02-11", set()),
    ("2021-q4", "2021-02-11", set()),
    ("2026-q4", "2026-08-13", set()),
]


@pytest.mark.parametrize(("name", "day", "excepted"), ON_THEIR_DAYS, ids=[one[0] for one in ON_THEIR_DAYS])
def test_a_request_is_accepted_by_the_rules_of_its_day(name: str, day: str, excepted: set[str]) -> None:
    verdict = eras()[name].judged(day, policy())
    assert [one.sentence for one in verdict.refused] == []
    assert {one.exception.id for one in verdict.accepted} == excepted


OTHER_DAYS = [
    ("2010-q3", "2016-05-12", {"ksr.stated_parameters"}),  # from April 2016 on the exponent is looked at
    (
        "2010-q3",
        "2021-02-11",
        {"ksr.number_spelled", "ksr.stated_parameters", "ksr.policy_alg", "ksr.policy_sig_validity"},
    ),
    ("2013-q2", "2016-05-12", {"ksr.stated_parameters"}),
    ("2013-q2", "2016-10-27", {"ksr.stated_parameters", "ksr.policy_sig_validity", "ksr.policy_sig_overlap"}),
    ("2016-q3", "2016-02-11", {"ksr.policy_alg"}),  # 2048 bits come in April 2016
    ("2016-q3", "2017-02-02", {"ksr.policy_alg", "ksr.stated_validity", "ksr.chain_overlap"}),
    ("2016-q3-fallback-1", "2016-02-11", {"ksr.policy_keys"}),
    ("2016-q3-fallback-1", "2016-10-27", {"ksr.policy_keys"}),
    ("2016-q4", "2016-02-11", {"ksr.policy_keys"}),
    ("2016-q4", "2016-10-27", {"ksr.policy_keys"}),
    ("2016-q4-fallback-1", "2016-02-11", {"ksr.policy_keys"}),
    ("2016-q4-fallback-1", "2017-02-02", {"ksr.policy_keys"}),
    ("2017-q1", "2016-08-11", {"ksr.policy_sig_validity", "ksr.policy_sig_overlap"}),
    ("2017-q1", "2017-02-02", {"ksr.chain_overlap", "ksr.stated_chain_overlap"}),  # after fifteen days once only
    ("2017-q2", "2016-08-11", {"ksr.policy_sig_validity"}),
    ("2020-q4", "2020-02-16", {"ksr.policy_sig_horizon"}),
    ("2021-q1", "2020-06-01", {"ksr.policy_sig_horizon"}),  # as far ahead in that April only
    ("2018-q3", "2018-04-10", {"ksr.policy_sig_horizon"}),
    ("2021-q4", "2021-02-13", {"ksr.policy_sig_horizon"}),
    ("2026-q4", "2016-05-12", {"ksr.policy_sig_validity"}),
]


@pytest.mark.parametrize(("name", "day", "codes"), OTHER_DAYS, ids=[" at ".join(one[:2]) for one in OTHER_DAYS])
def test_a_request_is_refused_by_the_rules_of_another_day(name: str, day: str, codes: set[str]) -> None:
    refused = {one.code for one in eras()[name].judged(day, policy()).refused}
    assert codes <= refused


def test_nothing_is_judged_by_rules_from_before_the_first() -> None:
    with pytest.raises(Refusal) as refusal:
        eras()["2010-q3"].judged("2009-12-31", policy())
    assert refusal.value.code == "dnssec.policy_no_limits"


def test_what_is_excused_is_how_it_is_stated_and_not_what_it_is() -> None:
    def shortened(slot: int, bundle: Bundle) -> Bundle:
        return longer(-DAY)(bundle) if slot == 2 else bundle

    cycle = short("2013-04-01")
    odd = {
        "ksr.policy_sig_validity": Era(cycle, zsk_plan(cycle, OLD, NEXT, LAST), slots=shortened),
        "ksr.policy_alg": Era(cycle, zsk_plan(cycle, OLD, NEXT, LONG[0]), exponent_3=True),
        "ksr.policy_keys": Era(cycle, fallback(first=(NEXT,), rest=NEXT, last=(NEXT, LAST))),
    }
    for code, era in odd.items():
        assert code in {one.code for one in era.judged("2013-02-12", policy()).refused}


# -- the KSKs' part ---------------------------------------------------------------------------------------------------

TEN, SEVENTEEN = pair("ksk-2048-1"), pair("ksk-2048-2")
BOTH = (TEN, SEVENTEEN)
PUBLISHED = [KskSlot(BOTH, (TEN,))] * 9
ROLLED = [KskSlot(BOTH, (TEN,)), *[KskSlot(BOTH, (SEVENTEEN,))] * 8]
REVOKED = [
    KskSlot(BOTH, (SEVENTEEN,)),
    *[KskSlot((SEVENTEEN,), (SEVENTEEN,), (TEN,))] * 7,
    KskSlot((SEVENTEEN,), (SEVENTEEN,)),
]
QUARTERS = [
    ("2017-04-01", "2017-02-02", normal(TEN, 9), "normal"),
    ("2017-07-01", "2017-04-27", [KskSlot((TEN,), (TEN,)), *PUBLISHED[1:]], "pre-publish"),
    ("2017-10-01", "2017-08-17", PUBLISHED, "pre-publish+"),
    ("2018-01-01", "2017-10-18", PUBLISHED, "pre-publish+"),  # the rollover was put off by a year
    ("2018-04-01", "2018-02-07", PUBLISHED, "pre-publish+"),
    ("2018-07-01", "2018-04-11", PUBLISHED, "pre-publish+"),
    ("2018-10-01", "2018-08-15", ROLLED, "rollover"),
    ("2019-01-01", "2018-11-15", REVOKED, "revoke"),
    ("2019-04-01", "2019-02-27", normal(SEVENTEEN, 9), "normal"),
]


def test_nothing_stands_against_the_rollover_of_the_roots_ksk() -> None:
    pins = (replace(ksk_entry(TEN, "."), until="2019-01-11"), replace(ksk_entry(SEVENTEEN, "."), since="2017-02-02"))
    held, schemas = replace(root_zone(), ksks=pins), load_schemas(None)
    before: tuple[Signed, ...] = ()
    for number, (begins, day, slots, name) in enumerate(QUARTERS):
        asked = quarter(begins, *(LONG[(number + one) % len(LONG)] for one in range(3))).asked
        response = make_response(asked, slots, Cycle())
        at = moment(day)
        hand = AtHand(at, schemas, held, held.limits_at(at), request=asked, history=before)
        seen = review(response, hand)
        assert [one.sentence for one in (*seen.findings, *seen.relaxed)] == []
        assert seen.ways[0][0].id == name
        assert bool(seen.before) == bool(before)
        before = (*before, Signed(response, "", True))
