"""An SKR follows the one that is in the zone: the daisy chain, the order of schemas, replays, back-outs, named acts."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from quorate.dnssec.act import ACTS, Act, Needs, evidence_findings
from quorate.dnssec.continuity import judge
from quorate.dnssec.ksr import Request
from quorate.dnssec.simulate import Habits
from quorate.findings import table
from zones import BEGIN, DAY, STATED, Zone, both, codes, replace

ONE = {"current": "A"}


@pytest.fixture
def zone() -> Zone:
    """One quarter is signed and in the zone."""
    zone = Zone()
    zone.deploy(zone.request(0), "normal", ONE)
    return zone


def rolled(*schemas: str, zone: Zone | None = None) -> Zone:
    """A zone that went through these schemas, from quarter 0 on."""
    zone = zone or Zone()
    for quarter, schema in enumerate(schemas):
        zone.deploy(zone.request(quarter), schema, ONE if schema == "normal" else both())
    return zone


def test_five_quarters_in_a_row() -> None:
    zone = Zone(published={"B": 2})
    plan = ["normal", "normal", "pre-publish", "rollover", "revoke", "normal"]
    for quarter, schema in enumerate(plan):
        keys = {"current": "B"} if quarter == 5 else ONE if schema == "normal" else both()
        request = zone.request(quarter)
        verdict = zone.judged(request, schema, keys, Act.GENESIS if quarter == 0 else Act.ROUTINE)
        assert verdict.blocking == ()
        assert {one.code for one in verdict.relaxed} == ({"skr.predecessor_missing"} if quarter == 0 else set())
        assert verdict.cells > 50
        zone.deploy(request, schema, keys)


def test_from_rsa_to_ecdsa_with_a_back_out_in_each_phase() -> None:
    zone, requests = algorithm_roll()
    back_outs = {
        "algorithm-introduce": ["algorithm-back-out"],
        "algorithm-double": ["algorithm-back-out"],
        "algorithm-revoke": ["algorithm-revoke-back-out"],
    }
    for quarter, (schema, keys) in enumerate(ALGORITHM_ROLL):
        act = Act.ROUTINE if quarter else Act.GENESIS
        verdict = zone.judged(requests[quarter], schema, keys, act, back_outs.get(schema, []))
        assert [one.sentence for one in verdict.blocking] == []
        zone.deploy(requests[quarter], schema, keys)


def test_a_back_out_that_would_strand_somebody_is_refused() -> None:
    """Once validators may have seen the revocation, a back-out by the old key alone helps nobody."""
    zone, requests = algorithm_roll()
    for quarter in range(3):
        zone.deploy(requests[quarter], *ALGORITHM_ROLL[quarter])
    late = zone.judged(requests[3], "algorithm-revoke", both(), back_outs=["algorithm-back-out"])
    assert codes(late) == ["skr.back_out_other", "skr.stranded"]


ALGORITHM_ROLL = [
    ("normal", ONE),
    ("algorithm-introduce", both()),
    ("algorithm-double", both()),
    ("algorithm-revoke", both()),
    ("normal", {"current": "B"}),
]


def algorithm_roll(start: datetime = BEGIN) -> tuple[Zone, list[Request]]:
    """RSA to P-256 as the root plans it, RSA ZSKs of 1536 bits meanwhile; both ZSKs stand as long as both KSKs do."""
    zone = Zone(kinds={"A": "rsa-2048", "B": "p-256"}, published={"B": 0}, start=start)
    old, two, new = (zone.zsks(0, kinds) for kinds in (["rsa-1536"], ["rsa-1536", "p-256"], ["p-256"]))
    slots = [[old] * 9, [old, *[two] * 8], [two] * 9, [*[two] * 8, new], [new] * 9]
    return zone, [zone.request(quarter, zsks) for quarter, zsks in enumerate(slots)]


# -- the order of schemas ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "schema", "code"),
    [
        (["normal"], "rollover", "skr.order"),
        (["normal"], "revoke", "skr.order"),
        (["normal"], "revoke+", "skr.order"),
        (["normal", "pre-publish"], "revoke", "skr.order"),
        (["normal", "pre-publish", "rollover"], "pre-publish", "skr.order"),
        (["normal"], "rollover-back-out", "skr.back_out_as_main"),
    ],
)
def test_a_schema_out_of_order_is_refused(before: list[str], schema: str, code: str) -> None:
    zone = rolled(*before)
    assert code in codes(zone.judged(zone.request(len(before)), schema, both()))


def test_keys_keep_their_parts() -> None:
    zone = rolled("normal", "pre-publish")
    assert "skr.order_keys" in codes(zone.judged(zone.request(2), "rollover", both("B", "A")))
    zone = rolled("normal", "pre-publish", "rollover", "revoke")
    assert "skr.order_keys" in codes(zone.judged(zone.request(4), "normal", {"current": "A"}))


def test_the_schema_of_an_imported_predecessor_is_recognised(zone: Zone) -> None:
    zone.history[0] = replace(zone.history[0], schema="", keys={})
    assert codes(zone.judged(zone.request(1), "pre-publish", both())) == []
    assert codes(zone.judged(zone.request(1), "revoke", both())) != []


# -- what kskm signs and its practice statement forbids ---------------------------------------------------------------


def test_a_ksk_that_was_never_published_does_not_sign(zone: Zone) -> None:
    """Slot 2 by a key that no validator knows: told as the validator that is left behind."""
    zone.published = {"B": 1}
    verdict = zone.judged(zone.request(1), "rollover", both())
    assert codes(verdict) == ["skr.order", "skr.stranded", "skr.stranded_fixed"]
    story = next(one for one in verdict.blocking if one.code == "skr.stranded")
    assert story.sentence == (
        "KSR-POLICY-SAFETY: "
        "a validator that first looked on 2026-01-01 with A trusts only A; on 2026-04-11 it meets bundle 2 of "
        "rollover, signed by B, and finds no signature by a key that it trusts"
    )


def test_the_only_ksk_is_not_revoked(zone: Zone) -> None:
    zone.published = {"B": 1}
    verdict = zone.judged(zone.request(1), "revoke", both())
    assert {"skr.stranded", "skr.stranded_fixed", "skr.last_anchor_revoked"} <= set(codes(verdict))


def test_a_revocation_is_shown_for_the_remove_hold_down() -> None:
    zone = rolled("normal", "pre-publish", "rollover", zone=Zone(habits=Habits(remove_hold_down=60 * DAY)))
    assert codes(zone.judged(zone.request(3), "revoke", both())) == ["skr.revocation_short"]


def test_a_revoked_ksk_never_comes_back() -> None:
    zone = rolled("normal", "pre-publish", "rollover", "revoke")
    zone.deploy(zone.request(4), "normal", {"current": "B"})
    verdict = zone.judged(zone.request(5), "pre-publish", both("B", "A"))
    assert codes(verdict) == ["skr.revoked_returns"]


def test_the_safeties_of_the_policy_hold() -> None:
    zone = rolled("normal")
    zone.stated = replace(STATED, publish_safety=20 * DAY)
    assert "skr.published_late" in codes(zone.judged(zone.request(1), "rollover", both()))
    zone = rolled("normal", "pre-publish", "rollover")
    zone.stated = replace(STATED, retire_safety=80 * DAY)
    assert codes(zone.judged(zone.request(3), "normal", {"current": "B"})) == ["skr.order", "skr.retired_early"]


# -- what else was signed ---------------------------------------------------------------------------------------------


def test_what_was_signed_and_has_not_expired_counts_as_replayable() -> None:
    """A response that never went into the zone lacks the next KSK until late, and whoever meets it waits anew."""
    zone = Zone(habits=Habits(anchor_lag=DAY), published={"B": 1})
    zone.deploy(zone.request(0), "normal", ONE)
    zone.deploy(zone.request(1), "pre-publish", both())
    assert codes(zone.judged(zone.request(2), "rollover", both())) == []
    zone.deploy(zone.request(1, begin=zone.begin(1) + 2 * DAY), "normal", ONE, deployed=False)
    assert codes(zone.judged(zone.request(2), "rollover", both())) == ["skr.stranded"]


def test_there_is_a_predecessor_and_it_is_in_the_zone(zone: Zone) -> None:
    assert codes(Zone().judged(zone.request(0), "normal", ONE)) == ["skr.predecessor_missing"]
    zone.history = [replace(zone.history[0], deployed=False)]
    assert codes(zone.judged(zone.request(1), "normal", ONE)) == ["skr.none_deployed"]


def test_every_bundle_of_the_predecessor_is_by_a_known_ksk(zone: Zone) -> None:
    stranger = Zone(kinds={"S": "p-256"})
    foreign = stranger.sign(stranger.draft(stranger.request(0), "normal", {"current": "S"}))
    own = zone.history[0].response
    mixed = replace(own, bundles=(*own.bundles[:4], replace(foreign.bundles[4], id="x"), *own.bundles[5:]))
    zone.history = [replace(zone.history[0], response=mixed, schema="", keys={})]
    assert "skr.predecessor_ksk" in codes(zone.judged(zone.request(1), "normal", ONE))
    broken = replace(own, bundles=(replace(own.bundles[0], signatures=()), *own.bundles[1:]))
    zone.history = [replace(zone.history[0], response=broken)]
    assert "skr.predecessor_unsound" in codes(zone.judged(zone.request(1), "normal", ONE))


def test_there_is_neither_a_gap_nor_a_step_back(zone: Zone) -> None:
    late = zone.request(1, begin=zone.history[0].ends + DAY)
    assert codes(zone.judged(late, "normal", ONE)) == ["skr.gap_before"]
    early = zone.request(1, begin=zone.begin(0) + 40 * DAY)
    assert codes(zone.judged(early, "normal", ONE)) == ["skr.starts_early"]


def test_a_request_is_answered_once(zone: Zone) -> None:
    request = zone.request(0)
    again = zone.judged(request, "normal", ONE)
    assert "skr.request_again" in codes(again)
    zone.history = [replace(zone.history[0], request="sha256:other")]
    for act in Act:
        assert "skr.id_again" in codes(zone.judged(request, "normal", ONE, act))
    part = replace(zone.request(1), bundles=(zone.history[0].response.bundles[0], *zone.request(1).bundles[1:]))
    assert "skr.bundle_again" in codes(zone.judged(part, "normal", ONE))


def test_back_outs_belong_to_their_main_response() -> None:
    zone = rolled("normal")
    assert codes(zone.judged(zone.request(1), "pre-publish", both(), back_outs=["pre-publish-back-out"])) == []
    verdict = zone.judged(zone.request(1), "pre-publish", both(), back_outs=["rollover-back-out"])
    assert codes(verdict) == ["skr.back_out_other"]
    main = zone.next(zone.request(1), "pre-publish", both())
    other = replace(zone.next(zone.request(2), "pre-publish-back-out", ONE), keys={"current": "B"})
    found = judge(zone.history, main, [other], Act.ROUTINE, zone.begin(1) - 45 * DAY, zone.rules)
    assert {"skr.back_out_request", "skr.back_out_keys"} <= set(codes(found))


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda main, before, one: {"id": main.id}, "skr.id_again"),
        (lambda main, before, one: {"bundles": main.bundles}, "skr.bundle_again"),
        (lambda main, before, one: {"id": before.response.id}, "skr.id_again"),
        (lambda main, before, one: {"id": before.response.id, "request": before.request}, "skr.request_again"),
    ],
)
def test_a_request_of_the_back_outs_own_has_ids_of_its_own(change: Callable[..., Any], code: str) -> None:
    zone = rolled("normal")
    main = zone.next(zone.request(1), "pre-publish", both())
    one = zone.next(zone.request(1, begin=zone.begin(1)), "pre-publish-back-out", ONE)
    when = zone.begin(1) - 45 * DAY
    assert codes(judge(zone.history, main, [one], Act.ROUTINE, when, zone.rules)) == []
    other = replace(one, **change(main, zone.history[0], one))
    assert codes(judge(zone.history, main, [other], Act.ROUTINE, when, zone.rules)) == [code]


# -- named acts -------------------------------------------------------------------------------------------------------


def test_every_act_relaxes_known_findings_and_asks_for_something_instead() -> None:
    assert set(ACTS) == set(Act)
    assert {code for rule in ACTS.values() for code in rule.relaxes} <= set(table())
    assert ACTS[Act.ROUTINE].relaxes == frozenset()
    for act, rule in ACTS.items():
        assert bool(rule.relaxes) == bool(rule.needs) == (act is not Act.ROUTINE)
        assert [one.code for one in evidence_findings(act, [])] == ["skr.act_needs"] * len(rule.needs)
        assert evidence_findings(act, list(Needs)) == ()


def test_signatures_keys_and_used_ids_are_never_relaxed() -> None:
    never = {"skr.signature_invalid", "skr.id_again", "skr.ksk_unknown", "skr.differs", "skr.last_anchor_revoked"}
    assert not never & {code for rule in ACTS.values() for code in rule.relaxes}


def test_genesis_happens_once(zone: Zone) -> None:
    first = Zone().judged(zone.request(0), "normal", ONE, Act.GENESIS)
    assert (codes(first), [one.code for one in first.relaxed]) == ([], ["skr.predecessor_missing"])
    assert codes(zone.judged(zone.request(1), "normal", ONE, Act.GENESIS)) == ["skr.genesis_again"]


def test_the_same_request_is_signed_again_by_name(zone: Zone) -> None:
    zone.deploy(zone.request(1), "normal", ONE, deployed=False)
    verdict = zone.judged(zone.request(1), "normal", ONE, Act.RE_SIGN)
    assert (codes(verdict), [one.code for one in verdict.relaxed]) == ([], ["skr.request_again"])


def test_several_quarters_are_signed_at_once(zone: Zone) -> None:
    zone.deploy(zone.request(1), "normal", ONE, deployed=False)
    assert codes(zone.judged(zone.request(2), "normal", ONE)) == ["skr.gap_before"]
    verdict = zone.judged(zone.request(2), "pre-publish", both(), Act.CALENDAR_BRIDGE)
    assert (codes(verdict), [one.code for one in verdict.relaxed]) == ([], ["skr.predecessor_undeployed"])


def test_a_compromised_zsk_is_replaced_off_cycle(zone: Zone) -> None:
    """From the middle of the quarter on, by a request with another ZSK."""
    request = zone.request(0, [zone.zsks(7)] * 5, slots=5, begin=zone.begin(0) + 45 * DAY)
    verdict = zone.judged(request, "normal", ONE, Act.ZSK_COMPROMISE)
    assert (codes(verdict), [one.code for one in verdict.relaxed]) == ([], ["skr.starts_early"])


def test_a_compromised_ksk_is_revoked_at_once_where_a_standby_is_trusted() -> None:
    zone = rolled("pre-publish+", "pre-publish+")
    request = zone.request(1, slots=5, begin=zone.begin(1) + 45 * DAY)
    verdict = zone.judged(request, "emergency-revoke", both(), Act.KSK_COMPROMISE)
    assert codes(verdict) == []
    assert {one.code for one in verdict.relaxed} == {"skr.order", "skr.starts_early"}
    assert "skr.starts_early" in codes(zone.judged(request, "emergency-revoke", both()))


def test_without_a_trusted_standby_even_a_compromise_strands_validators() -> None:
    zone = Zone(published={"B": 1})
    zone.deploy(zone.request(0), "normal", ONE)
    request = zone.request(1, slots=5, begin=zone.begin(0) + 85 * DAY)
    verdict = zone.judged(request, "emergency-revoke", both(), Act.KSK_COMPROMISE)
    assert {"skr.stranded_fixed", "skr.last_anchor_revoked"} <= set(codes(verdict))


def test_after_a_loss_another_ksk_signs_and_the_price_is_told() -> None:
    zone = Zone(published={"B": 1})
    zone.deploy(zone.request(0), "normal", ONE)
    verdict = zone.judged(zone.request(1), "emergency-successor", both(), Act.KSK_LOSS)
    assert codes(verdict) == []
    assert {one.code for one in verdict.relaxed} == {"skr.order", "skr.stranded", "skr.stranded_fixed"}
