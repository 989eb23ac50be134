"""What cannot wait for its turn, as plans and ceremonies: named acts, what they relax, and the quarter that follows."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path

import pytest

from example import make_plan
from forging import VERIFIER, Forgery, genesis, record, stand_ins, verify
from quorate import archive
from quorate.dnssec.ksr import Request
from quorate.dnssec.ksr_layout import write_ksr
from quorate.dnssec.ksr_xml import read_skr
from quorate.event import Type
from quorate.findings import Refusal
from quorate.rehearse import prepare_rehearsal, rehearse
from quorate.room import Kind
from quorate.script import Sign
from quorate.script.state import State
from quorate.statement import Mode
from refusing import run
from unsmooth import PowerCut, When, at, say, unsmooth
from zoned import day, generation, ksk, make_zoned, publish_plan, published, sign_plan, signing
from zones import Zone, replace

DAY = timedelta(days=1)
ZONE = Zone(kinds={"ksk-1": "p-256", "ksk-2": "p-256"})
OLD, NEW, BOTH = {"current": "ksk-1"}, {"current": "ksk-2"}, {"current": "ksk-1", "next": "ksk-2"}
FIRST = {"act": "genesis", "reason": "the first key set"}


@pytest.fixture(scope="module")
def standby(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return two_quarters(tmp_path_factory.mktemp("standby"))


def two_quarters(folder: Path) -> Path:
    """Two KSKs; two quarters are signed and deployed, and the second KSK is published from the second on."""
    root = make_zoned(folder / "authority", ZONE)
    make_plan(root, "001-ksk", generation(ksk("ksk-1"), ksk("ksk-2")), day(0, 90))
    sign_plan(root, "002-sign", ZONE, 0, "normal", OLD, **FIRST)
    publish_plan(root, "003-deployed", 0)
    sign_plan(root, "004-sign", ZONE, 1, "pre-publish", BOTH)
    rehearse(root, publish_plan(root, "005-deployed", 1), VERIFIER.read_bytes())
    return root


def later(standby: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(standby, tmp_path / "authority"))


def off_cycle(quarter: int) -> Request:
    """A request for the last slots of the second quarter, with the ZSKs of `quarter`, in the end beside the next."""
    zsks = [ZONE.zsks(quarter)] * 2 + [(*ZONE.zsks(quarter), *ZONE.zsks(2))]
    return ZONE.request(1, zsks, slots=3, begin=ZONE.begin(1) + 60 * DAY)


def plan_of(
    root: Path, name: str, days: int, requests: Mapping[str, Request], *responses: Mapping[str, object]
) -> Path:
    """A signing ceremony so many days after the second quarter has begun."""
    plan = make_plan(root, name, signing(f"op-{name}", responses), day(1, -days))
    for file, request in requests.items():
        (plan / "inputs" / file).write_bytes(write_ksr(request))
    return plan


def response(name: str, schema: str, keys: Mapping[str, str], **more: object) -> dict[str, object]:
    return {"id": name, "zone": ".", "ksr": f"{name}.xml", "schema": schema, "keys": keys, **more}


def verified(root: Path, *names: str) -> str:
    folders = [record(root, name) for name in names]
    code, output = verify(*folders, "--authority", genesis(root), "--rehearsal")
    assert code == 0, output
    return output


def codes(root: Path, plan: Path) -> set[str]:
    with pytest.raises(Refusal) as refusal:
        prepare_rehearsal(root, plan, VERIFIER.read_bytes())
    return {one.code for one in refusal.value.findings}


BEFORE = ("001-ksk", "002-sign", "003-deployed", "004-sign", "005-deployed")
ACTS = {
    "zsk-compromise": (7, "pre-publish+", BOTH, "pre-publish+", BOTH),
    "ksk-compromise": (1, "emergency-revoke", BOTH, "normal", NEW),
    "ksk-loss": (1, "emergency-successor", BOTH, "normal", NEW),
}
"""By the act: the quarter of the ZSKs that are used, the schema with its KSKs, and those of the quarter after."""


@pytest.mark.parametrize("act", ACTS)
def test_an_emergency_is_signed_and_the_next_quarter_follows(standby: Path, tmp_path: Path, act: str) -> None:
    root = later(standby, tmp_path)
    zsks, schema, keys, after, keys_after = ACTS[act]
    urgent = response("urgent", schema, keys, act=act, reason="what happened on Tuesday")
    plan = plan_of(root, "006-urgent", 55, {"urgent.xml": off_cycle(zsks)}, urgent)
    make_plan(root, "007-deployed", published("urgent"), day(1, -59))
    request = ZONE.request(2, [(*ZONE.zsks(zsks), *ZONE.zsks(2)), *[ZONE.zsks(2)] * 7, (*ZONE.zsks(2), *ZONE.zsks(3))])
    last = plan_of(root, "008-sign", 60, {"next.xml": request}, response("next", after, keys_after))
    rehearse(root, last, VERIFIER.read_bytes())
    text = (plan / "rehearsal" / "script.txt").read_text()
    assert f"act: {act}, which relaxes " in text
    assert "reason: what happened on Tuesday" in text
    first_page, _, _ = text.partition("ACT 1")
    assert f"notice: urgent: the act {act} relaxes this: " in first_page
    verified(root, *BEFORE, "006-urgent", "007-deployed", "008-sign")


@pytest.mark.parametrize("act", ACTS)
def test_without_its_act_nothing_out_of_turn_is_signed(standby: Path, tmp_path: Path, act: str) -> None:
    root = later(standby, tmp_path)
    zsks, schema, keys, _, _ = ACTS[act]
    plan = plan_of(root, "006-urgent", 55, {"urgent.xml": off_cycle(zsks)}, response("urgent", schema, keys))
    assert "skr.starts_early" in codes(root, plan)


@pytest.mark.parametrize("reason", [{}, {"reason": " "}])
def test_an_act_without_a_reason_is_refused(standby: Path, tmp_path: Path, reason: dict[str, str]) -> None:
    root = later(standby, tmp_path)
    urgent = response("urgent", "emergency-revoke", BOTH, act="ksk-compromise", **reason)
    plan = plan_of(root, "006-urgent", 55, {"urgent.xml": off_cycle(1)}, urgent)
    assert codes(root, plan) == {"skr.act_needs"}


@pytest.mark.parametrize("reason", ["", " "])
def test_the_verifier_asks_for_the_reason_too(standby: Path, tmp_path: Path, reason: str) -> None:
    root = later(standby, tmp_path)
    urgent = response("urgent", "emergency-revoke", BOTH, act="ksk-compromise", reason="what happened on Tuesday")
    rehearse(root, plan_of(root, "006-urgent", 55, {"urgent.xml": off_cycle(1)}, urgent), VERIFIER.read_bytes())
    forged = Forgery(record(root, "006-urgent"), stand_ins(root))
    forged.operation("op-006-urgent")["responses"][0]["reason"] = reason
    forged.reseal().write(tmp_path / "forged")
    code, output = verify(tmp_path / "forged", "--authority", genesis(root), "--rehearsal")
    assert code == 1
    assert "urgent: the act ksk-compromise without a reason" in output


def test_an_act_without_an_occasion_is_told_on_the_first_page(standby: Path, tmp_path: Path) -> None:
    root = later(standby, tmp_path)
    idle = response("skr-2", "pre-publish+", BOTH, act="lapse", reason="to be on the safe side")
    plan = plan_of(root, "006-sign", 60, {"skr-2.xml": ZONE.request(2)}, idle)
    rehearse(root, plan, VERIFIER.read_bytes())
    text = (plan / "rehearsal" / "script.txt").read_text()
    assert "notice: skr-2: the act lapse relaxes nothing here" in text.partition("ACT 1")[0]
    assert re.search(r"\n +[a-z-]+ has the digest by another way from those who hold them", text)


# -- several quarters in one ceremony ---------------------------------------------------------------------------------

BRIDGE = {"act": "calendar-bridge", "reason": "nobody can travel this summer"}


def test_several_quarters_are_signed_at_once(standby: Path, tmp_path: Path) -> None:
    root = later(standby, tmp_path)
    second = response("skr-2", "pre-publish+", BOTH)
    third, fourth = (response(f"skr-{number}", "pre-publish+", BOTH, **BRIDGE) for number in (3, 4))
    requests = {f"skr-{number}.xml": ZONE.request(number) for number in (2, 3, 4)}
    plan = plan_of(root, "006-bridge", 60, requests, second, third, fourth)
    for number, quarter in ((2, 2), (3, 3), (4, 4)):
        make_plan(root, f"{5 + number:03d}-deployed", published(f"skr-{number}"), day(quarter, 5))
    last = make_plan(root, "010-sign", signing("op-010", [response("skr-5", "pre-publish+", BOTH)]), day(5, 60))
    (last / "inputs" / "skr-5.xml").write_bytes(write_ksr(ZONE.request(5)))
    rehearse(root, last, VERIFIER.read_bytes())
    assert "act: calendar-bridge" in (plan / "rehearsal" / "script.txt").read_text()
    deployed = ("007-deployed", "008-deployed", "009-deployed")
    verified(root, *BEFORE, "006-bridge", *deployed, "010-sign")


def test_a_quarter_further_on_needs_the_act(standby: Path, tmp_path: Path) -> None:
    root = later(standby, tmp_path)
    requests = {f"skr-{number}.xml": ZONE.request(number) for number in (2, 3)}
    plan = plan_of(root, "006-two", 60, requests, *(response(f"skr-{n}", "pre-publish+", BOTH) for n in (2, 3)))
    assert "skr.gap_before" in codes(root, plan)


# -- the same request once more ---------------------------------------------------------------------------------------


def test_a_request_is_answered_once_in_a_ceremony(standby: Path, tmp_path: Path) -> None:
    root = later(standby, tmp_path)
    one, other = response("one", "pre-publish+", BOTH), response("other", "rollover", BOTH, ksr="one.xml")
    plan = plan_of(root, "006-twice", 60, {"one.xml": ZONE.request(2)}, one, other)
    assert "skr.request_again" in codes(root, plan)


def test_a_request_that_was_answered_is_answered_again_by_its_act(standby: Path, tmp_path: Path) -> None:
    root = later(standby, tmp_path)
    plan_of(root, "006-sign", 60, {"one.xml": ZONE.request(2)}, response("one", "pre-publish+", BOTH))
    once_more = response("again", "pre-publish+", BOTH, ksr="one.xml", act="re-sign") | {"again-of": "one"}
    plan = plan_of(root, "007-again", 61, {"one.xml": ZONE.request(2)}, once_more)
    rehearse(root, plan, VERIFIER.read_bytes())
    assert "again: one was signed for the very same request" in (plan / "rehearsal" / "script.txt").read_text()
    approved = Forgery(record(root, "007-again"), stand_ins(root)).all("approved", "op-007-again")
    assert approved
    assert all(" act re-sign again-of one\n" in event["body"]["signature"]["statement"] for event in approved)
    verified(root, *BEFORE, "006-sign", "007-again")
    forged = Forgery(record(root, "007-again"), stand_ins(root))
    unnamed(forged)
    forged.operation("op-007-again")["responses"][0]["act"] = "routine"
    forged.reseal().write(tmp_path / "forged")
    records = [record(root, name) for name in (*BEFORE, "006-sign")]
    code, output = verify(*records, tmp_path / "forged", "--authority", genesis(root), "--rehearsal")
    assert code == 1
    assert "again: its request was answered before, and it is no re-sign" in output
    without = response("third", "pre-publish+", BOTH, ksr="one.xml")
    assert "skr.request_again" in codes(root, plan_of(root, "008-third", 62, {"one.xml": ZONE.request(2)}, without))


@pytest.mark.parametrize(
    ("again_of", "act", "code"),
    [
        ("", "re-sign", "skr.act_needs"),
        ("skr-1", "re-sign", "plan.again_of"),
        ("nothing", "re-sign", "plan.again_of"),
        ("one", "routine", "plan.again_of"),
    ],
)
def test_a_re_sign_names_what_it_signs_again(standby: Path, tmp_path: Path, again_of: str, act: str, code: str) -> None:
    root = later(standby, tmp_path)
    plan_of(root, "006-sign", 60, {"one.xml": ZONE.request(2)}, response("one", "pre-publish+", BOTH))
    once_more = response("again", "pre-publish+", BOTH, ksr="one.xml", act=act) | {"again-of": again_of}
    assert code in codes(root, plan_of(root, "007-again", 61, {"one.xml": ZONE.request(2)}, once_more))


def test_a_request_is_answered_again_as_it_was(standby: Path, tmp_path: Path) -> None:
    root = later(standby, tmp_path)
    plan_of(root, "006-sign", 60, {"one.xml": ZONE.request(2)}, response("one", "pre-publish+", BOTH))
    otherwise = response("again", "rollover", BOTH, ksr="one.xml", act="re-sign") | {"again-of": "one"}
    assert "plan.again_otherwise" in codes(
        root, plan_of(root, "007-again", 61, {"one.xml": ZONE.request(2)}, otherwise)
    )


def test_the_first_answer_of_a_zone_is_given_again(tmp_path: Path) -> None:
    """Its file was never written, so it cannot be in the zone, and there is none before it."""
    zones = {"ka": Zone("a.example.", {"ka": "p-256"}), "kb": Zone("b.example.", {"kb": "p-256"})}
    root = make_zoned(tmp_path / "before", *zones.values())
    keys = generation(*(ksk(key, zone=zone.name) for key, zone in zones.items()))
    make_plan(root, "001-ksk", keys, day(0, 90))
    both = [
        response(f"skr-{key}", "normal", {"current": key}, **FIRST) | {"zone": zone.name} for key, zone in zones.items()
    ]
    plan = make_plan(root, "002-sign", signing("sign-0", both), day(0, 60))
    for key, zone in zones.items():
        (plan / "inputs" / f"skr-{key}.xml").write_bytes(write_ksr(zone.request(0)))
    stops = [(second_response, PowerCut()), (at("R.2"), say(Kind.ABORT))]
    root, _ = unsmooth(root, tmp_path, stops, {}, VERIFIER.read_bytes(), "002-sign")
    assert list(archive.read_register(root, Mode.REHEARSAL).skrs) == ["skr-ka"]
    once_more = response("skr-ka-2", "normal", {"current": "ka"}, act="re-sign") | {
        "zone": "a.example.",
        "again-of": "skr-ka",
    }
    plan = make_plan(root, "003-again", signing("sign-1", [once_more]), day(0, 58))
    (plan / "inputs" / "skr-ka-2.xml").write_bytes(write_ksr(zones["ka"].request(0)))
    rehearse(root, plan, VERIFIER.read_bytes())
    verified(root, "001-ksk", "002-sign", "003-again")


def test_a_zone_that_has_lapsed_begins_again_by_its_act(standby: Path, tmp_path: Path) -> None:
    """Two quarters were missed: nothing that stands there vouches for the ZSKs, so two people do."""
    root = later(standby, tmp_path)
    request = ZONE.request(5, begin=ZONE.begin(5))
    lapsed = response("late", "pre-publish+", BOTH)
    plan = plan_of(root, "006-late", 300, {"late.xml": request}, lapsed)
    assert {"skr.gap_before", "ksr.chain_keys"} <= codes(root, plan)
    shutil.rmtree(plan)
    plan = plan_of(root, "006-late", 300, {"late.xml": request}, lapsed | {"act": "lapse"})
    assert codes(root, plan) == {"skr.act_needs"}
    shutil.rmtree(plan)
    told = lapsed | {"act": "lapse", "reason": "the signer was moved, and two quarters went by"}
    plan = plan_of(root, "006-late", 300, {"late.xml": request}, told)
    rehearse(root, plan, VERIFIER.read_bytes())
    first_page, _, _ = (plan / "rehearsal" / "script.txt").read_text().partition("ACT 1")
    assert "notice: late: the act lapse relaxes this: it begins at " in first_page
    verified(root, *BEFORE, "006-late")


@pytest.mark.parametrize("order", [("skr-2", "skr-2-back-out"), ("skr-2-back-out", "skr-2")])
@pytest.mark.parametrize("first", [0, 1])
def test_the_zone_has_what_was_published_last(
    standby: Path, tmp_path: Path, order: tuple[str, str], first: int
) -> None:
    """It goes back, or forward again, whichever of the two was signed first."""
    root = later(standby, tmp_path)
    main, other = backed_out(2)
    requests = {"skr-2.xml": ZONE.request(2), "skr-2-back-out.xml": ZONE.request(2, begin=ZONE.begin(2))}
    plan_of(root, "006-sign", 60, requests, *((main, other) if first == 0 else (other, main)))
    for number, name in enumerate(order):
        make_plan(root, f"007{number}-deployed", published(name), day(1, -61 - number))
    follows, wrong = ("revoke", "pre-publish+") if order[-1] == "skr-2" else ("pre-publish+", "revoke")
    after = {"skr-3.xml": ZONE.request(3)}
    plan = plan_of(root, "008-sign", 150, after, response("skr-3", wrong, BOTH))
    assert "skr.order" in codes(root, plan)
    shutil.rmtree(plan)
    plan = plan_of(root, "008-sign", 150, after, response("skr-3", follows, BOTH))
    rehearse(root, plan, VERIFIER.read_bytes())
    verified(root, *BEFORE, "006-sign", "0070-deployed", "0071-deployed", "008-sign")
    shown = run("register", root, "--rehearsal").out
    assert re.search(rf"{order[1]}: zone \., .*, in the zone, from 006-sign", shown)
    assert re.search(rf"{order[0]}: zone \., .*, in the zone before, from 006-sign", shown)
    assert shown.count(", in the zone, ") == 1


def test_what_was_signed_and_not_recorded_as_deployed_is_named(standby: Path, tmp_path: Path) -> None:
    root = later(standby, tmp_path)
    rehearse(root, sign_plan(root, "006-sign", ZONE, 2, "pre-publish+", BOTH), VERIFIER.read_bytes())
    plan = sign_plan(root, "007-sign", ZONE, 3, "pre-publish+", BOTH)
    with pytest.raises(Refusal) as refusal:
        prepare_rehearsal(root, plan, VERIFIER.read_bytes())
    first = refusal.value.findings[0]
    assert (first.code, dict(first.facts)) == ("skr.unrecorded", {"id": "skr-2", "before": "skr-1"})
    assert "ksr.chain_overlap" in codes(root, plan)


def test_what_is_published_is_compared_by_two_or_planned_by_nobody(standby: Path, tmp_path: Path) -> None:
    """Without a seat that observes there is one who compares."""
    root = later(standby, tmp_path)
    plan = make_plan(root, "006-deployed", published("skr-1"), day(1, -61))
    text = (plan / "plan.toml").read_text().replace('retrieve = ["hsm-1-bag"]', "retrieve = []")
    seats = text.split("[[seats]]")
    text = "[[seats]]".join(one for one in seats if 'role = "witness"' not in one)
    (plan / "plan.toml").write_text(text)
    assert "seat.alone" in codes(root, plan)


def test_an_id_is_that_of_one_thing_of_any_kind(standby: Path, tmp_path: Path) -> None:
    root = later(standby, tmp_path)
    for name in ("ksk-1", "skr-1", "op-006-sign"):
        one = response(name, "pre-publish+", BOTH)
        plan = plan_of(root, "006-sign", 60, {f"{name}.xml": ZONE.request(2)}, one)
        assert "plan.id_twice" in codes(root, plan)
        shutil.rmtree(plan)
    twice = signing("op-1", [response("one", "pre-publish+", BOTH)]) + signing(
        "op-2", [response("one", "rollover", BOTH)]
    )
    plan = make_plan(root, "006-sign", twice, day(1, -60))
    (plan / "inputs" / "one.xml").write_bytes(write_ksr(ZONE.request(2)))
    assert "plan.id_twice" in codes(root, plan)


def renumbered(request: Request, name: str, bundles: str) -> Request:
    """The same request with ids as its maker numbers them."""
    named = tuple(replace(one, id=f"{bundles}-{number}") for number, one in enumerate(request.bundles, 1))
    return replace(request, id=name, bundles=named)


def test_a_request_that_was_drafted_and_never_signed_is_corrected_under_its_id(standby: Path, tmp_path: Path) -> None:
    """The ceremony was aborted before anybody approved; the new file has another ZSK and the same ids."""

    def drafted(state: State) -> bool:
        here = isinstance(state.step, Sign) and bool(state.happened(Type.DRAFTED))
        return here and not state.happened(Type.APPROVED)

    root = later(standby, tmp_path / "before")
    first = renumbered(ZONE.request(2), "2026-q3", "2026-q3")
    plan_of(root, "006-sign", 60, {"one.xml": first}, response("one", "pre-publish+", BOTH))
    root, _ = unsmooth(root, tmp_path, [(drafted, say(Kind.ABORT))], {}, VERIFIER.read_bytes(), "006-sign")
    turns = [(*ZONE.zsks(1), *ZONE.zsks(2)), *[ZONE.zsks(2)] * 7, (*ZONE.zsks(2), *ZONE.zsks(7))]
    corrected = renumbered(ZONE.request(2, turns), "2026-q3", "2026-q3")
    plan = plan_of(root, "007-sign", 61, {"two.xml": corrected}, response("two", "pre-publish+", BOTH))
    rehearse(root, plan, VERIFIER.read_bytes())
    verified(root, *BEFORE, "006-sign", "007-sign")


def test_ids_are_those_of_a_zone(tmp_path: Path) -> None:
    """Two requesters number their quarters in the same way."""
    zones = {"a.example.": Zone("a.example.", {"ka": "p-256"}), "b.example.": Zone("b.example.", {"kb": "p-256"})}
    root = make_zoned(tmp_path / "authority", *zones.values())
    keys = generation(*(ksk(one, zone=name) for one, name in zip(("ka", "kb"), zones, strict=True)))
    make_plan(root, "001-ksk", keys, day(0, 90))
    for number, (key, (name, zone)) in enumerate(zip(("ka", "kb"), zones.items(), strict=True), 2):
        ceremony, one = f"00{number}-sign", response(f"skr-{key}", "normal", {"current": key}, **FIRST) | {"zone": name}
        plan = make_plan(root, ceremony, signing(f"sign-{key}", [one]), day(0, 60 - number))
        request = renumbered(zone.request(0), "2026-q1", "2026-q1")
        (plan / "inputs" / f"skr-{key}.xml").write_bytes(write_ksr(request))
    rehearse(root, root / "ceremonies/003-sign", VERIFIER.read_bytes())
    verified(root, "001-ksk", "002-sign", "003-sign")


def test_a_request_may_say_things_twice_and_speak_of_document_types(standby: Path, tmp_path: Path) -> None:
    """What is legal XML, and says nothing else, is answered by the same bytes here and in the verifier."""
    root = later(standby, tmp_path)
    plan = plan_of(root, "006-sign", 60, {"one.xml": ZONE.request(2)}, response("one", "pre-publish+", BOTH))
    file = plan / "inputs" / "one.xml"
    stated = re.compile(r"(<SignatureAlgorithm.*?</SignatureAlgorithm>)", re.DOTALL)
    file.write_text(stated.sub(r"<!-- neither <!DOCTYPE nor <!ENTITY -->\1\1", file.read_text(), count=1))
    rehearse(root, plan, VERIFIER.read_bytes())
    verified(root, *BEFORE, "006-sign")


def unnamed(forged: Forgery) -> None:
    del forged.operation("op-007-again")["responses"][0]["again_of"]


def another(forged: Forgery) -> None:
    forged.operation("op-007-again")["responses"][0]["again_of"] = "skr-1"


@pytest.mark.parametrize(
    ("change", "said"),
    [(unnamed, "re-sign names what it signs again"), (another, "signs skr-1 again, which answers another request")],
)
def test_the_verifier_follows_a_re_sign_to_what_it_signs_again(
    standby: Path, tmp_path: Path, change: Callable[[Forgery], None], said: str
) -> None:
    root = later(standby, tmp_path)
    plan_of(root, "006-sign", 60, {"one.xml": ZONE.request(2)}, response("one", "pre-publish+", BOTH))
    once_more = response("again", "pre-publish+", BOTH, ksr="one.xml", act="re-sign") | {"again-of": "one"}
    rehearse(root, plan_of(root, "007-again", 61, {"one.xml": ZONE.request(2)}, once_more), VERIFIER.read_bytes())
    forged = Forgery(record(root, "007-again"), stand_ins(root))
    change(forged)
    forged.reseal().write(tmp_path / "forged")
    records = [record(root, name) for name in (*BEFORE, "006-sign")]
    code, output = verify(*records, tmp_path / "forged", "--authority", genesis(root), "--rehearsal")
    assert code == 1
    assert said in output, output


def test_one_ceremony_makes_one_response_for_a_slot(standby: Path, tmp_path: Path) -> None:
    root = later(standby, tmp_path)
    other = ZONE.request(2, [[*ZONE.zsks(2), *ZONE.zsks(1)], *[ZONE.zsks(2)] * 8], begin=ZONE.begin(2))
    requests = {"one.xml": ZONE.request(2), "other.xml": other}
    responses = (response(name, "pre-publish+", BOTH) for name in ("one", "other"))
    assert "skr.siblings" in codes(root, plan_of(root, "006-two", 60, requests, *responses))


# -- what was signed and never written --------------------------------------------------------------------------------


def second_response(state: State) -> bool:
    """When the token is about to be asked for the second of several responses."""
    signed = isinstance(state.step, Sign) and len(state.happened(Type.COMPLETED)) == 1
    return signed and state.pending and not state.interrupted


def test_a_response_of_an_aborted_ceremony_was_signed_all_the_same(standby: Path, tmp_path: Path) -> None:
    """Whoever has the transcript has its signatures: it can be replayed, and its request is answered."""
    plain = later(standby, tmp_path)
    responses = (response("skr-2", "pre-publish+", BOTH), response("skr-3", "pre-publish+", BOTH, **BRIDGE))
    requests = {f"skr-{number}.xml": ZONE.request(number) for number in (2, 3)}
    plan_of(plain, "006-bridge", 60, requests, *responses)
    happens: list[tuple[When, BaseException]] = [(second_response, PowerCut()), (at("R.2"), say(Kind.ABORT))]
    root, _ = unsmooth(plain, tmp_path / "struck", happens, {}, VERIFIER.read_bytes(), "006-bridge")
    assert "aborted: 006-bridge" in verified(root, *BEFORE, "006-bridge")
    register = archive.read_register(root, Mode.REHEARSAL)
    assert list(register.skrs) == ["skr-0", "skr-1", "skr-2"]
    assert len(read_skr(register.skrs["skr-2"].data, "skr-2")[0].bundles) == 9
    same = {"same.xml": ZONE.request(2)}
    assert "plan.id_twice" in codes(root, plan_of(root, "007-again", 61, requests, responses[0]))
    shutil.rmtree(root / "ceremonies" / "007-again")
    assert "skr.request_again" in codes(
        root, plan_of(root, "007-again", 61, same, response("same", "pre-publish+", BOTH))
    )
    shutil.rmtree(root / "ceremonies" / "007-again")
    once_more = response("same", "pre-publish+", BOTH, act="re-sign") | {"again-of": "skr-2"}
    rehearse(root, plan_of(root, "007-again", 61, same, once_more), VERIFIER.read_bytes())
    verified(root, *BEFORE, "006-bridge", "007-again")


def test_the_id_of_a_bundle_is_never_used_again(standby: Path, tmp_path: Path) -> None:
    """Also where the response that had it has long expired, and no script lists it any more."""
    root = later(standby, tmp_path)
    request, old = ZONE.request(2), ZONE.request(0).bundles[3].id
    bundles = (*request.bundles[:4], replace(request.bundles[4], id=old), *request.bundles[5:])
    requests = {"skr-2.xml": replace(request, bundles=bundles)}
    assert "skr.bundle_again" in codes(
        root, plan_of(root, "006-sign", 60, requests, response("skr-2", "pre-publish+", BOTH))
    )


# -- back-outs --------------------------------------------------------------------------------------------------------

LATER = {"act": "calendar-bridge", "reason": "nobody can travel this summer"}


def backed_out(number: int, **more: str) -> tuple[dict[str, object], dict[str, object]]:
    """A response that lets the next KSK sign, and its back-out with a request of its own."""
    other = response(f"skr-{number}-back-out", "rollover-back-out", BOTH, **more)
    return response(f"skr-{number}", "rollover", BOTH, **more), other | {"back-out-of": f"skr-{number}"}


def test_a_back_out_is_made_by_the_act_of_what_it_backs_out_of(standby: Path, tmp_path: Path) -> None:
    """Further ahead than the horizon, where both need the act."""
    root = later(standby, tmp_path)
    requests = {f"skr-{number}.xml": ZONE.request(number) for number in (2, 3)}
    requests["skr-3-back-out.xml"] = ZONE.request(3, begin=ZONE.begin(3))
    first, (third, other) = response("skr-2", "pre-publish+", BOTH), backed_out(3, **LATER)
    without = {name: value for name, value in other.items() if name not in LATER}
    assert "plan.back_out_act" in codes(root, plan_of(root, "006-bridge", 60, requests, first, third, without))
    rehearse(root, plan_of(root, "006-bridge", 60, requests, first, third, other), VERIFIER.read_bytes())
    verified(root, *BEFORE, "006-bridge")


def routine_back_out(forged: Forgery) -> None:
    forged.operation("op-006-sign")["responses"][1].update(act="re-sign", again_of="skr-1")


def passed_over(forged: Forgery) -> None:
    """The quarter that is in the zone is listed; one that was signed beside it and can be replayed is not."""
    forged.script["skrs"] = [one for one in forged.script["skrs"] if one["id"] != "skr-2"]


def test_the_verifier_knows_what_a_back_out_is_of_and_what_can_be_replayed(standby: Path, tmp_path: Path) -> None:
    root = later(standby, tmp_path)
    main, other = backed_out(2)
    requests = {"skr-2.xml": ZONE.request(2), "skr-2-back-out.xml": ZONE.request(2, begin=ZONE.begin(2))}
    plan_of(root, "006-sign", 60, requests, main, other)
    again = response("again", "rollover", BOTH, ksr="again.xml", act="re-sign") | {"again-of": "skr-2"}
    rehearse(root, plan_of(root, "007-again", 61, {"again.xml": ZONE.request(2)}, again), VERIFIER.read_bytes())
    verified(root, *BEFORE, "006-sign", "007-again")
    cases = {
        ("006-sign", routine_back_out): "there is no SKR of the same act that it backs out of",
        ("007-again", passed_over): "the SKR skr-2 has not expired, and the script passes over it",
    }
    for number, ((name, change), said) in enumerate(cases.items()):
        forged = Forgery(record(root, name), stand_ins(root))
        change(forged)
        forged.reseal().write(tmp_path / f"forged-{number}")
        records = [record(root, one) for one in (*BEFORE, "006-sign") if one < name]
        code, output = verify(*records, tmp_path / f"forged-{number}", "--authority", genesis(root), "--rehearsal")
        assert code == 1
        assert said in output
