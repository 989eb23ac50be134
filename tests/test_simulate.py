"""The simulation of validators, on key sets alone: what the root does passes, whoever is stranded is told of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quorate.dnssec.simulate import (
    DAY,
    HOUR,
    Anchor,
    Habits,
    Outcome,
    Shown,
    refresh_interval,
    shown_too_briefly,
    simulate,
)
from quorate.findings import Refusal

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
LONG_AGO = BEGIN - 2000 * DAY
Row = tuple[str, str, str]  # the letters of the KSKs that are published, that sign, that are revoked

NORMAL: list[Row] = [("A", "A", "")] * 9
PUBLISH: list[Row] = [("A", "A", "")] + [("AB", "A", "")] * 8
PUBLISHED: list[Row] = [("AB", "A", "")] * 9
ROLL: list[Row] = [("AB", "A", "")] + [("AB", "B", "")] * 8
REVOKE: list[Row] = [("AB", "B", "")] + [("B", "AB", "A")] * 7 + [("B", "B", "")]
NEXT: list[Row] = [("B", "B", "")] * 9


def shown(*quarters: Sequence[Row], length: int = 21, apart: int = 10) -> list[Shown]:
    showings = []
    for number, row in enumerate(row for quarter in quarters for row in quarter):
        begins = BEGIN + number * apart * DAY
        published, signers, revoked = (frozenset(one) for one in row)
        name = f"slot {number % 9 + 1} of quarter {number // 9 + 1}"
        showings.append(Shown(name, begins, begins + length * DAY, published, signers - revoked, revoked))
    return showings


def outcome(showings: Sequence[Shown], *anchors: Anchor, habits: Habits | None = None, since: int = 0) -> Outcome:
    known = anchors or (Anchor("A", LONG_AGO), Anchor("B", LONG_AGO))
    return simulate(showings, known, habits or Habits(), BEGIN + since * DAY)


def test_a_rollover_as_the_root_plans_it_strands_nobody() -> None:
    whole = shown(NORMAL, PUBLISH, ROLL, REVOKE, NEXT)
    late = Anchor("B", BEGIN + 90 * DAY)  # its anchor is published when the key is first shown
    verdict = outcome(whole, Anchor("A", LONG_AGO), late)
    assert verdict.stranded == ()
    assert verdict.cells > 200
    assert verdict.states > 400


def test_the_extended_phases_strand_nobody() -> None:
    rolled: list[Row] = [("AB", "B", "")] * 9
    assert outcome(shown(PUBLISH, PUBLISHED, ROLL, rolled, REVOKE)).stranded == ()


def real(begins: datetime, rows: Sequence[Row]) -> list[Shown]:
    """A quarter of the root's calendar: ten days apart, the last slot eleven where the quarter has 92 days."""
    following = datetime(
        begins.year + begins.month // 10, begins.month % 12 + 3 if begins.month < 10 else 1, 1, tzinfo=UTC
    )
    late = DAY if (following - begins).days == 92 else timedelta()
    showings = []
    for number, (published, signers, revoked) in enumerate(rows):
        start = begins + number * 10 * DAY + (late if number == 8 else timedelta())
        name = f"slot {number + 1} of {begins:%Y-%m}"
        signs = frozenset(signers) - frozenset(revoked)
        showings.append(Shown(name, start, start + 21 * DAY, frozenset(published), signs, frozenset(revoked)))
    return showings


def test_the_roots_own_rollover_of_2018_stranded_nobody() -> None:
    """KSK-2010 to KSK-2017: published in July 2017, held back a year, signing from October 2018, revoked in 2019."""
    quarters = {
        (2017, 4): NORMAL,
        (2017, 7): PUBLISH,
        **dict.fromkeys(((2017, 10), (2018, 1), (2018, 4), (2018, 7)), PUBLISHED),
        (2018, 10): ROLL,
        (2019, 1): REVOKE,
        (2019, 4): NEXT,
    }
    showings = [
        one for (year, month), rows in quarters.items() for one in real(datetime(year, month, 1, tzinfo=UTC), rows)
    ]
    anchors = (
        Anchor("A", datetime(2010, 7, 15, tzinfo=UTC), datetime(2019, 1, 11, tzinfo=UTC)),
        Anchor("B", datetime(2017, 2, 2, tzinfo=UTC)),
    )
    begin = datetime(2017, 4, 1, tzinfo=UTC)
    assert simulate(showings, anchors, Habits(), begin).stranded == ()
    hasty = [one for one in showings if one.start < datetime(2017, 7, 20, tzinfo=UTC)]
    hasty += [replace(one, start=one.start - 449 * DAY, end=one.end - 449 * DAY) for one in showings[-26:-18]]
    followers = [one for one in simulate(hasty, anchors, Habits(), begin).stranded if one.first_look]
    assert followers  # had it signed ten days after it was published, as no hold-down would have been over


def test_a_key_that_signs_without_having_been_published_strands_those_who_trust_the_old_one() -> None:
    (follower,) = outcome(shown(NORMAL, ROLL), Anchor("A", LONG_AGO)).stranded[1:]
    assert follower.shown.name == "slot 2 of quarter 2"
    assert follower.moment == BEGIN + 100 * DAY
    assert follower.trusts == {"A"}
    fixed = outcome(shown(NORMAL, ROLL), Anchor("A", LONG_AGO)).stranded[0]
    assert fixed.first_look is None
    assert fixed.trusts == {"A"}


def test_a_hold_down_that_is_not_over_strands_whoever_waits() -> None:
    short = [*NORMAL[:6], *[("AB", "A", "")] * 3]  # shown for 30 days only, and replays without it for 21 of them
    verdict = outcome(shown(short, NEXT), Anchor("A", LONG_AGO), Anchor("B", BEGIN - 90 * DAY))
    assert {tuple(one.trusts) for one in verdict.stranded} == {("A",)}
    assert all(one.looks for one in verdict.stranded)


def test_a_replayed_rrset_without_the_new_key_begins_the_hold_down_anew() -> None:
    """A is to be followed by B after 60 days; a replay that is valid for 40 of them leaves too few."""
    rows: list[Row] = [("A", "A", ""), *[("AB", "A", "")] * 6, *[("B", "B", "")] * 2]
    showings = shown(rows, length=11)
    anchors = Anchor("A", LONG_AGO), Anchor("B", BEGIN + DAY)
    habits = Habits(anchor_lag=timedelta())  # only those that began before the first day have to wait
    assert outcome(showings, *anchors, habits=habits).stranded == ()
    old = Shown("replayed", BEGIN, BEGIN + 45 * DAY, frozenset("A"), frozenset("A"), required=False)
    (follower,) = outcome([*showings, old], *anchors, habits=habits).stranded
    assert (follower.trusts, follower.shown.signers) == ({"A"}, {"B"})
    assert follower.first_look is not None
    assert follower.first_look <= BEGIN + DAY
    assert "replayed" in {name for _, name in follower.looks}


def test_a_replay_that_a_validator_cannot_accept_is_no_fault() -> None:
    old = Shown("replayed", BEGIN, BEGIN + 80 * DAY, frozenset("C"), frozenset("C"), required=False)
    assert outcome([*shown(NORMAL), old]).stranded == ()


def test_to_revoke_the_only_key_leaves_no_anchor() -> None:
    killed: list[Row] = [("A", "A", "")] * 2 + [("", "A", "A")] * 7
    stranded = outcome(shown(NORMAL, killed), Anchor("A", LONG_AGO)).stranded
    assert any(one.first_look is not None and not one.trusts for one in stranded)


def test_a_standby_that_is_published_but_no_anchor_yet_does_not_help_fixed_validators() -> None:
    standby = shown(PUBLISHED, PUBLISHED, NEXT)
    assert outcome(standby, Anchor("A", LONG_AGO), Anchor("B", LONG_AGO)).stranded == ()
    fresh = Anchor("B", BEGIN + 170 * DAY)
    (fixed, *_) = outcome(standby, Anchor("A", LONG_AGO), fresh).stranded
    assert (fixed.first_look, fixed.trusts) == (None, frozenset("A"))


def test_the_lag_of_fixed_anchors_is_policy() -> None:
    showings = shown(PUBLISHED, NEXT)  # B signs from day 90
    late = Anchor("A", LONG_AGO), Anchor("B", BEGIN + 60 * DAY)
    assert outcome(showings, *late, habits=Habits(anchor_lag=40 * DAY)).stranded[0].first_look is None
    # who begins with an anchor that old has the hold-down before it as well
    assert outcome(showings, *late, habits=Habits(anchor_lag=20 * DAY)).stranded[0].first_look is not None
    early = Anchor("A", LONG_AGO), Anchor("B", BEGIN + 30 * DAY)
    assert outcome(showings, *early, habits=Habits(anchor_lag=20 * DAY)).stranded == ()


def test_an_anchor_is_withdrawn_when_its_key_signs_no_more() -> None:
    known = Anchor("B", LONG_AGO)
    assert outcome(shown(PUBLISHED, NEXT), Anchor("A", LONG_AGO, BEGIN + 125 * DAY), known).stranded == ()
    early = outcome(shown(PUBLISHED, NEXT), Anchor("A", LONG_AGO, BEGIN + 80 * DAY), known).stranded[0]
    assert (early.first_look, early.trusts) == (None, frozenset("B"))


def test_of_the_past_only_is_asked_who_survived_it() -> None:
    """The zone jumped to B in the past; whoever did not follow is lost, and no later SKR can be blamed for it."""
    jumped = shown(ROLL, NEXT)
    assert outcome(jumped, Anchor("A", LONG_AGO)).stranded
    assert outcome(jumped, Anchor("A", LONG_AGO, BEGIN), since=90).stranded == ()


def test_revocations_are_shown_long_enough() -> None:
    assert list(shown_too_briefly(shown(ROLL, REVOKE), Habits(), BEGIN)) == []
    brief: list[Row] = [("AB", "B", "")] + [("B", "AB", "A")] * 4 + [("B", "B", "")] * 4
    ((key, lasts),) = shown_too_briefly(shown(ROLL, brief), Habits(), BEGIN)
    assert (key, lasts) == ("A", 29 * DAY)
    assert list(shown_too_briefly(shown(ROLL, brief), Habits(remove_hold_down=29 * DAY), BEGIN)) == []
    assert list(shown_too_briefly(shown(ROLL, brief), Habits(), BEGIN + 170 * DAY)) == []
    assert list(shown_too_briefly(shown(ROLL, brief[:5]), Habits(), BEGIN)) == []


@pytest.mark.parametrize(
    ("ttl", "validity", "interval"),
    [
        (172800, 21 * DAY, DAY),
        (3600, 21 * DAY, HOUR),
        (60, 21 * DAY, HOUR),
        (10**7, 21 * DAY, 10.5 * DAY),
        (10**7, 90 * DAY, 15 * DAY),
    ],
)
def test_validators_look_as_often_as_rfc_5011_asks(ttl: int, validity: timedelta, interval: timedelta) -> None:
    assert refresh_interval(ttl, validity) == interval


def test_keys_that_sign_nothing_cost_nothing() -> None:
    crowd = frozenset(f"key {number}" for number in range(50))
    showings = [replace(one, published=one.published | crowd) for one in shown(NORMAL, PUBLISH, ROLL)]
    assert outcome(showings).states == outcome(shown(NORMAL, PUBLISH, ROLL)).states


def test_what_is_made_to_cost_too_much_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Twelve KSKs of which every RRset shows others: a validator may have seen any of them, each on another day."""
    monkeypatch.setattr("quorate.dnssec.simulate.MOST_STATES", 400)
    letters = [chr(97 + number) for number in range(12)]
    showings = []
    for number in range(12):
        seen = frozenset({"A", *letters} - {letters[number]})
        showings.append(Shown(str(number), BEGIN, BEGIN + 40 * DAY, seen, seen))
    with pytest.raises(Refusal) as refused:
        outcome(showings, Anchor("A", LONG_AGO))
    assert refused.value.code == "skr.too_many_states"


def test_without_a_showing_nothing_happens() -> None:
    assert outcome([]) == Outcome((), 0, 0)


# -- against single validators that look at moments of their own ------------------------------------------------------

ROWS: list[Row] = [("A", "A", ""), ("AB", "A", ""), ("AB", "B", ""), ("AB", "AB", ""), ("B", "B", ""), ("B", "AB", "A")]


def walks(showings: Sequence[Shown], looks: Sequence[tuple[timedelta, int]]) -> Shown | None:
    """One RFC 5011 validator that begins with A and looks at those moments; what it could not accept."""
    trusted, pending = {"A"}, dict[str, datetime]()
    revoked = set[str]()
    for after, choice in looks:
        moment = BEGIN + after
        valid = [one for one in showings if one.start <= moment <= one.end]
        if not valid:
            return None
        one = valid[choice % len(valid)]
        gone = {key for key in one.revoked if key in trusted}
        trusted, revoked = trusted - gone, revoked | gone
        if not trusted & one.signers:
            return one
        pending = {key: since for key, since in pending.items() if key in one.published}
        for key in one.published - trusted - revoked:
            if moment - pending.setdefault(key, moment) >= 30 * DAY:
                trusted.add(key)
                del pending[key]
    return None


@settings(max_examples=20, deadline=None)
@given(
    rows=st.lists(st.sampled_from(ROWS), min_size=9, max_size=14),
    gaps=st.lists(st.tuples(st.integers(1, 24 * 60), st.integers(0, 5)), min_size=20, max_size=140),
)
def test_whoever_is_stranded_in_the_world_is_stranded_in_the_simulation(
    rows: list[Row], gaps: list[tuple[int, int]]
) -> None:
    showings = shown([("A", "A", ""), *rows])
    at, looks = timedelta(), []
    for minutes, choice in gaps:
        at += timedelta(minutes=minutes)
        looks.append((at, choice))
    if walks(showings, looks) is not None:
        assert outcome(showings, Anchor("A", LONG_AGO)).stranded
