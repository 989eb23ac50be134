"""A copy of a key travels to another facility in a bag whose number is typed where it leaves and where it arrives."""

from __future__ import annotations

import dataclasses
import shutil
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from example import SHARE, certificate, key, make_authority, make_plan
from forging import VERIFIER, Forgery, genesis, record, refused, stand_ins, verify
from quorate import acts, archive, layout
from quorate.findings import Refusal
from quorate.host import SteppedHost
from quorate.outset import new
from quorate.rehearse import prepare_rehearsal, rehearse
from quorate.room import Kind
from quorate.script.drafting import utc
from quorate.script.state import Lies
from quorate.statement import Mode
from refusing import run
from unsmooth import at, say, unsmooth

ELSEWHERE = """
[[places]]
id = "safe-2"
facility = "annex"
kind = "safe"
controllers = { role = "officer", need = 2 }
[[tokens]]
id = "hsm-2"
kind = "software"
location = "tokens/hsm-2"
serial = "EX-2"
[[items]]
id = "cards"
what = "the cards that carry a key"
place = "safe-1"
seal = "A0002"
[[items]]
id = "papers"
what = "something else"
place = "safe-2"
seal = "A0003"
[[items]]
id = "forms"
what = "something that no ceremony has taken out"
place = "safe-1"
seal = "A0004"
[[tokens]]
id = "hsm-3"
kind = "software"
location = "tokens/hsm-3"
serial = "EX-3"
"""
MADE = SHARE + key("key-r1") + certificate("root", "root-r1", "Root R1", 3650, key="key-r1")
SENT = '[[carry]]\nitem = "cards"\nto = "safe-2"\n'
BROUGHT = (
    '[[operations]]\nkind = "import-key"\nid = "key-r1-annex"\nkey = "key-r1"\ntoken = "hsm-2"\ncarrier = "cards"\n'
)
COPY = SHARE.replace("hsm-1", "hsm-2") + BROUGHT
LATER, LAST = "2026-12-08T09:00:00Z", "2026-12-15T09:00:00Z"


def planned(root: Path, name: str, text: str, retrieve: str, facility: str = "hq", opens: str = "") -> Path:
    plan = make_plan(root, name, text, *([opens] if opens else []))
    head = (plan / "plan.toml").read_text().replace('"hq"', f'"{facility}"', 1)
    (plan / "plan.toml").write_text(head.replace('retrieve = ["hsm-1-bag"]', f"retrieve = {retrieve}"))
    return plan


@pytest.fixture(scope="module")
def sent(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """001 makes a key and sends the cards away; 002 brings its copy from them in the annex."""
    root = make_authority(tmp_path_factory.mktemp("sent") / "authority")
    text = (root / "authority.toml").read_text().replace('id = "hsm-1-bag"', 'id = "hsm-1-bag"\nholder = "hsm-1"')
    (root / "authority.toml").write_text(text + ELSEWHERE)
    planned(root, "001-made", MADE + SENT, '["hsm-1-bag", "cards"]')
    plan = planned(root, "002-copy", COPY, '["cards"]', "annex", LATER)
    rehearse(root, plan, VERIFIER.read_bytes())
    return root


def codes(root: Path, plan: Path) -> set[str]:
    with pytest.raises(Refusal) as refusal:
        prepare_rehearsal(root, plan, VERIFIER.read_bytes())
    return {one.code for one in refusal.value.findings}


def test_what_is_sent_is_in_its_new_bag_at_the_other_place(sent: Path) -> None:
    register = archive.read_register(sent, Mode.REHEARSAL, "002-copy")
    assert register.items["cards"].place == "safe-2"
    assert register.items["cards"].seal not in ("", "A0002")
    assert register.items["hsm-1-bag"].place == "safe-1"
    assert {name: bag.closed for name, bag in register.bags.items()} == {"hsm-1-bag": "001-made", "cards": "001-made"}


def test_the_scripts_say_what_leaves_and_what_arrives(sent: Path) -> None:
    left = (sent / "ceremonies/001-made/rehearsal/script.txt").read_text()
    assert "cards leaves for annex\n      It lies next in safe-2 at annex. Whoever takes it out there" in left
    assert left.count("cards is put back") == 2, "before an abort and a suspension it goes back into its safe"
    seal = archive.read_register(sent, Mode.REHEARSAL, "002-copy").items["cards"].seal
    arrived = (sent / "ceremonies/002-copy/rehearsal/script.txt").read_text()
    assert f"seal expected: {seal}" in arrived
    assert f"carried in: cards, taken out and opened today, bag {seal}" in arrived


def test_the_verifier_follows_the_bag(sent: Path) -> None:
    code, output = verify(*both(sent), "--authority", genesis(sent), "--rehearsal")
    assert code == 0, output
    assert (
        "key-r1-annex: key-r1 is in hq; its copy came in the bag of cards, closed and sent from there since" in output
    )
    assert "cards left for safe-2 at annex, taken by carrier 1, as entered" in output


def both(root: Path) -> tuple[Path, Path]:
    return record(root, "001-made"), record(root, "002-copy")


# -- before the day ---------------------------------------------------------------------------------------------------

NO_CARRIER = COPY.replace('carrier = "cards"\n', "")
PLANS = {
    "plan.carrier_missing": (NO_CARRIER, '["cards"]', "annex"),
    "plan.carrier_not_retrieved": (COPY, '["papers"]', "annex"),
    "plan.carrier_strange": (COPY.replace('"cards"', '"papers"'), '["papers"]', "annex"),
    "plan.carrier_older": (COPY.replace('"cards"', '"forms"'), '["hsm-1-bag", "forms"]', "hq"),
    "plan.carrier_today": (
        SHARE.replace("hsm-1", "hsm-3")
        + key("key-r2").replace("hsm-1", "hsm-3")
        + COPY.replace('"key-r1"', '"key-r2"'),
        '["cards"]',
        "annex",
    ),
    "plan.key_unknown": (COPY.replace('"key-r1"', '"root-r1"'), '["cards"]', "annex"),
    "plan.key_there_already": (COPY + BROUGHT.replace("-annex", "-too"), '["cards"]', "annex"),
    "plan.carry_item": (COPY + SENT.replace("safe-2", "safe-1"), '["papers"]', "annex"),
    "plan.carry_near": (COPY + SENT, '["cards"]', "annex"),
    "place.unknown": (COPY + SENT.replace("safe-2", "safe-3"), '["cards"]', "annex"),
    "custody.elsewhere": (COPY, '["cards", "hsm-1-bag"]', "annex"),
}


@pytest.mark.parametrize("code", PLANS)
def test_a_plan_that_breaks_the_chain_is_refused(sent: Path, tmp_path: Path, code: str) -> None:
    root = Path(shutil.copytree(sent, tmp_path / "authority"))
    shutil.rmtree(root / "ceremonies/002-copy")
    text, retrieve, facility = PLANS[code]
    assert code in codes(root, planned(root, "002-copy", text, retrieve, facility, LATER))


def test_what_is_sent_twice_is_sent_once(sent: Path, tmp_path: Path) -> None:
    root = Path(shutil.copytree(sent, tmp_path / "authority"))
    text = SENT + '[[carry]]\nitem = "cards"\nto = "safe-1"\n'
    assert "plan.carry_item" in codes(root, planned(root, "003-sent", text, '["cards"]', "annex", LAST))


def test_in_one_facility_no_carrier_is_asked_for(sent: Path, tmp_path: Path) -> None:
    root = Path(shutil.copytree(sent, tmp_path / "authority"))
    shutil.rmtree(root / "ceremonies/002-copy")
    plan = planned(root, "002-copy", NO_CARRIER, '["hsm-1-bag"]', "hq", LATER)
    rehearse(root, plan, VERIFIER.read_bytes())
    code, output = verify(*both(root), "--authority", genesis(root), "--rehearsal")
    assert code == 0, output


def made_only(sent: Path, tmp_path: Path) -> Path:
    """001 alone."""
    root = Path(shutil.copytree(sent, tmp_path / "authority"))
    shutil.rmtree(root / "ceremonies/002-copy")
    return root


def verified(root: Path, *names: str) -> tuple[int, str]:
    return verify(*(record(root, one) for one in names), "--authority", genesis(root), "--rehearsal")


def test_what_never_was_where_the_key_is_carries_nothing(sent: Path, tmp_path: Path) -> None:
    """Opened and closed since, but here."""
    root = made_only(sent, tmp_path)
    planned(root, "002-look", "", '["papers"]', "annex", LATER)
    text = COPY.replace('carrier = "cards"', 'carrier = "papers"')
    plan = planned(root, "003-copy", text, '["papers"]', "annex", LAST)
    assert "plan.carrier_strange" in codes(root, plan)


def test_a_bag_that_is_opened_on_its_way_still_carries(sent: Path, tmp_path: Path) -> None:
    root = made_only(sent, tmp_path)
    planned(root, "002-look", "", '["cards"]', "annex", LATER)
    rehearse(root, planned(root, "003-copy", COPY, '["cards"]', "annex", LAST), VERIFIER.read_bytes())
    code, output = verified(root, "001-made", "002-look", "003-copy")
    assert code == 0, output
    assert "its copy came in the bag of cards" in output


def test_a_token_that_was_sent_away_is_not_used_where_it_was(sent: Path, tmp_path: Path) -> None:
    root = made_only(sent, tmp_path)
    planned(root, "002-away", '[[carry]]\nitem = "hsm-1-bag"\nto = "safe-2"\n', '["hsm-1-bag"]', "hq", LATER)
    use = certificate("root", "root-r1b", "Root R1b", 3650, key="key-r1")
    assert "custody.elsewhere" in codes(root, planned(root, "003-use", use, "[]", "hq", LAST))
    shutil.rmtree(root / "ceremonies/003-use")
    here = SHARE.replace("hsm-1", "hsm-3") + BROUGHT.replace("hsm-2", "hsm-3").replace('carrier = "cards"\n', "")
    assert "plan.carrier_missing" in codes(root, planned(root, "003-copy", here, '["forms"]', "hq", LAST))
    shutil.rmtree(root / "ceremonies/003-copy")
    plan = planned(root, "003-use", use, '["hsm-1-bag"]', "annex", LAST)
    rehearse(root, plan, VERIFIER.read_bytes())
    code, output = verified(root, "001-made", "002-away", "003-use")
    assert code == 0, output
    assert archive.read_register(root, Mode.REHEARSAL).items["hsm-1-bag"].place == "safe-2"


def test_a_new_plan_fetches_what_was_sent_where_it_lies(sent: Path, tmp_path: Path) -> None:
    root = made_only(sent, tmp_path)
    planned(root, "002-away", '[[carry]]\nitem = "hsm-1-bag"\nto = "safe-2"\n', '["hsm-1-bag"]', "hq", LATER)
    plan = tomllib.loads(new(root, "003-crl", "crl", SteppedHost(utc(LAST))).read_text())
    assert (plan["facility"], plan["retrieve"]) == ("annex", ["hsm-1-bag"])


def test_a_key_without_a_copy_any_more_is_not_brought_back(sent: Path, tmp_path: Path) -> None:
    root = Path(shutil.copytree(sent, tmp_path / "authority"))
    gone = '[[operations]]\nkind = "destroy-key"\nid = "gone-{0}"\nkey = "{0}"\n'
    planned(root, "003-gone", gone.format("key-r1"), '["hsm-1-bag"]', "hq", LAST)
    planned(root, "004-gone", gone.format("key-r1-annex"), '["cards"]', "annex", "2026-12-18T09:00:00Z")
    text = SHARE.replace("hsm-1", "hsm-3") + BROUGHT.replace("hsm-2", "hsm-3").replace("-annex", "-3")
    plan = planned(root, "005-back", text, '["cards"]', "annex", "2026-12-20T09:00:00Z")
    assert "plan.key_unknown" in codes(root, plan)


def test_the_zone_of_a_key_that_is_made_here_is_judged_like_any_other(sent: Path, tmp_path: Path) -> None:
    root = made_only(sent, tmp_path)
    brought = BROUGHT.replace('"key-r1"', '"key-r2"').replace("hsm-2", "hsm-3").replace('carrier = "cards"\n', "")
    zone = 'zone = "example.org."\nalgorithm = "ECDSAP256SHA256"\n'
    text = key("key-r2") + SHARE.replace("hsm-1", "hsm-3") + brought + zone
    assert codes(root, planned(root, "002-copy", text, '["hsm-1-bag"]', "hq", LATER))


def test_a_place_in_which_something_lies_stays_in_the_authority(sent: Path, tmp_path: Path) -> None:
    root = made_only(sent, tmp_path)
    text = (root / "authority.toml").read_text()
    place = ELSEWHERE[: ELSEWHERE.index("[[tokens]]")].strip()
    assert place in text
    text = text.replace(place, "").replace('place = "safe-2"', 'place = "safe-1"')
    (root / "authority.toml").write_text(text)
    assert codes(root, planned(root, "002-look", "", '["hsm-1-bag"]', "hq", LATER)) == {"place.unknown"}


def test_nothing_is_sent_out_of_its_tiers(tmp_path: Path) -> None:
    """A module and the shares that open it, into one room."""
    example = Path(__file__).resolve().parent.parent / "examples" / "root-zone-style"
    root = Path(shutil.copytree(example, tmp_path / "authority"))
    plan = root / "ceremonies" / "001-west-generation" / "plan.toml"
    carried = ("hsm-west-bag", "share-west-1", "share-west-2", "share-west-3")
    away = "".join(f'\n[[carry]]\nitem = "{item}"\nto = "annex-east"\n' for item in carried)
    plan.write_text(plan.read_text() + away)
    assert any(code.startswith("tiers.") for code in codes(root, plan.parent))


BEHIND = """
[[places]]
id = "room-1"
facility = "hq"
kind = "room"
controllers = { role = "administrator", need = 1 }
[[places]]
id = "shoebox"
facility = "annex"
kind = "box"
controllers = { role = "custodian", need = 1 }
[[places]]
id = "room-2"
facility = "annex"
kind = "room"
controllers = { role = "administrator", need = 1 }
[[places]]
id = "box-2"
facility = "annex"
kind = "box"
within = "room-2"
controllers = { role = "custodian", need = 1 }
[[places]]
id = "box-3"
facility = "annex"
kind = "box"
within = "room-2"
controllers = { role = "officer", need = 2 }
"""
SENT_TO = {
    "shoebox": ("tiers.left", "hsm-1 is sent to where it lies behind no tiers"),
    "box-2": ("tiers.opens_and_unlocks", "ca opens box-2 and may hold a share that unlocks hsm-1"),
}


def tiered(root: Path) -> Path:
    """An authority whose token lies in a safe within a room."""
    make_authority(root)
    text = (root / "authority.toml").read_text().replace('id = "hsm-1-bag"', 'id = "hsm-1-bag"\nholder = "hsm-1"')
    text = text.replace('id = "safe-1"\n', 'id = "safe-1"\nwithin = "room-1"\n', 1)
    (root / "authority.toml").write_text(text + BEHIND)
    return root


def token_to(place: str) -> str:
    return MADE + f'[[carry]]\nitem = "hsm-1-bag"\nto = "{place}"\n'


@pytest.mark.parametrize("place", SENT_TO)
def test_nothing_is_sent_to_where_tiers_would_not_hold(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    """The token alone, into a box that a share holder opens; by a program that does not mind, the verifier does."""
    root, (code, said) = tiered(tmp_path / "authority"), SENT_TO[place]
    plan = planned(root, "001-made", token_to(place), '["hsm-1-bag"]')
    assert code in codes(root, plan)
    monkeypatch.setattr("quorate.prepare.carry_findings", lambda *_: ())
    rehearse(root, plan, VERIFIER.read_bytes())
    status, output = verified(root, "001-made")
    assert status == 1
    assert "custody" in refused(output)
    assert said in output


def test_what_is_sent_behind_other_tiers_is_fetched_through_them(tmp_path: Path) -> None:
    root = tiered(tmp_path / "authority")
    rehearse(root, planned(root, "001-made", token_to("box-3"), '["hsm-1-bag"]'), VERIFIER.read_bytes())
    use = certificate("root", "root-r1b", "Root R1b", 3650, key="key-r1")
    assert codes(root, planned(root, "002-use", use, "[]", "annex", LATER)) == {"tiers.not_retrieved"}
    plan = planned(root, "002-use", use, '["hsm-1-bag"]', "annex", LATER)
    rehearse(root, plan, VERIFIER.read_bytes())
    code, output = verified(root, "001-made", "002-use")
    assert code == 0, output


def test_a_place_in_which_something_lies_stays_in_its_facility(
    sent: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = made_only(sent, tmp_path)
    text = (root / "authority.toml").read_text()
    (root / "authority.toml").write_text(text.replace('facility = "annex"', 'facility = "hq"'))
    plan = planned(root, "002-look", "", '["cards"]', "hq", LATER)
    assert codes(root, plan) == {"place.moved"}
    monkeypatch.setattr("quorate.prepare.carry_findings", lambda *_: ())
    rehearse(root, plan, VERIFIER.read_bytes())
    code, output = verified(root, "001-made", "002-look")
    assert code == 1
    assert "item cards lies in safe-2, which is in another facility by now" in output


def test_nobody_approves_a_state_in_which_a_place_is_elsewhere(
    sent: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = make_authority(tmp_path / "authority", tmp_path / "keys")
    text = (root / "authority.toml").read_text() + ELSEWHERE
    register = archive.read_register(sent, Mode.REHEARSAL)
    monkeypatch.setattr("quorate.archive.read_register", lambda *_: register)
    signed = ("approve", root, "--person", "oa", "--key", tmp_path / "keys/oa")
    (root / "authority.toml").write_text(text.replace('facility = "annex"', 'facility = "hq"'))
    assert set(run(*signed).codes) == {"place.moved"}
    (root / "authority.toml").write_text(text)
    assert run(*signed).code == 0


# -- on the day -------------------------------------------------------------------------------------------------------


def step_of(root: Path, ceremony: str, action: str) -> str:
    steps = Forgery(record(root, ceremony), {}).script["steps"]
    return next(str(one["id"]) for one in steps if (one.get("action"), one.get("item")) == (action, "cards"))


def test_another_number_on_the_bag_is_seen_when_it_arrives(sent: Path, tmp_path: Path) -> None:
    typed = {"seal number as it stands": ["X999"]}
    root, _ = unsmooth(sent, tmp_path, [], typed, VERIFIER.read_bytes(), "002-copy")
    events = Forgery(record(root, "002-copy"), {}).events
    assert [one["step"] for one in events if one["type"] == "mismatched"] == [step_of(sent, "002-copy", "take")]
    code, output = verify(*both(root), "--authority", genesis(root), "--rehearsal")
    assert code == 0, output


def test_nothing_leaves_with_nobody(sent: Path, tmp_path: Path) -> None:
    shutil.rmtree((root := Path(shutil.copytree(sent, tmp_path / "before"))) / "ceremonies/002-copy")
    root, _ = unsmooth(root, tmp_path, [], {"who takes it away": [" "]}, VERIFIER.read_bytes(), "001-made")
    events = Forgery(record(root, "001-made"), {}).events
    left = [one for one in events if one["step"] == step_of(root, "001-made", "send")]
    assert [one["type"] for one in left] == ["mismatched", "moved"]
    assert left[1]["body"]["log"] == "carrier 1"
    code, output = verify(record(root, "001-made"), "--authority", genesis(root), "--rehearsal")
    assert code == 0, output


def test_a_number_that_was_used_before_is_refused_in_the_room(sent: Path, tmp_path: Path) -> None:
    """That of another bag of the same thing, and that with which it came to the authority."""
    old = archive.read_register(sent, Mode.REHEARSAL, "002-copy").items["cards"].seal
    root = Path(shutil.copytree(sent, tmp_path / "before"))
    planned(root, "003-look", "", '["cards"]', "annex", LAST)
    typed = {"new seal number": [old, old, "A0002", "A0002"]}
    root, _ = unsmooth(root, tmp_path, [], typed, VERIFIER.read_bytes(), "003-look")
    events = Forgery(record(root, "003-look"), {}).events
    assert [one["step"] for one in events if one["type"] == "mismatched"] == [step_of(root, "003-look", "seal")] * 2
    script = (root / "ceremonies/003-look/rehearsal/script.txt").read_text()
    assert f"seals of earlier bags: 001-made-{old.rpartition('-')[2]}, A0001" in script
    code, output = verified(root, "001-made", "002-copy", "003-look")
    assert code == 0, output


def test_what_was_left_without_a_bag_is_taken_out_without_a_number(sent: Path, tmp_path: Path) -> None:
    root = made_only(sent, tmp_path / "before")
    step = step_of(sent, "001-made", "seal")
    shutil.rmtree(root / "ceremonies/001-made/rehearsal")
    skipped = [(at(step), say(Kind.DEVIATION))]
    root, _ = unsmooth(root, tmp_path, skipped, {"dealt with": ["yes"]}, VERIFIER.read_bytes(), "001-made")
    register = archive.read_register(root, Mode.REHEARSAL)
    assert register.items["cards"].seal == ""
    assert "cards" not in register.bags
    rehearse(root, planned(root, "002-look", "", '["cards"]', "annex", LATER), VERIFIER.read_bytes())
    script = (root / "ceremonies/002-look/rehearsal/script.txt").read_text()
    assert "item cards: the cards that carry a key, safe-2, in no bag, on its way" in script
    assert "The register has it in no bag." in script
    assert script.count("the bag of cards is opened") == 1, "of the bag that a suspension puts it in"
    code, output = verified(root, "001-made", "002-look")
    assert code == 0, output
    assert "plan.carrier_strange" in codes(root, planned(root, "003-copy", COPY, '["cards"]', "annex", LAST))


@pytest.mark.parametrize("kind", [Kind.SUSPEND, Kind.ABORT])
@pytest.mark.parametrize("action", ["take", "seal", "put"])
def test_what_is_in_no_bag_goes_through_every_interruption(sent: Path, tmp_path: Path, kind: Kind, action: str) -> None:
    root = made_only(sent, tmp_path / "first")
    text = (root / "authority.toml").read_text()
    (root / "authority.toml").write_text(text.replace('seal = "A0003"', 'seal = ""'))
    shutil.rmtree(root / "ceremonies/001-made")
    rehearse(root, planned(root, "001-look", "", '["papers"]', "annex"), VERIFIER.read_bytes())
    steps = Forgery(record(root, "001-look"), {}).script["steps"]
    step = next(str(one["id"]) for one in steps if (one.get("action"), one.get("item")) == (action, "papers"))
    shutil.rmtree(root / "ceremonies/001-look/rehearsal")
    root, _ = unsmooth(root, tmp_path, [(at(step), say(kind))], {}, VERIFIER.read_bytes(), "001-look")
    code, output = verified(root, "001-look")
    assert code == 0, output
    lies = archive.read_register(root, Mode.REHEARSAL).items["papers"]
    assert lies.place == "safe-2"
    assert bool(lies.seal) is not (kind is Kind.ABORT and action == "take")


@pytest.mark.parametrize(("seen", "come"), [(["none", "papers"], False), (["cards", "cards, papers"], True)])
def test_a_parcel_on_its_way_need_not_have_come(sent: Path, tmp_path: Path, seen: list[str], come: bool) -> None:
    root = made_only(sent, tmp_path / "before")
    planned(root, "002-look", "", '["papers"]', "annex", LATER)
    root, _ = unsmooth(root, tmp_path, [], {"items seen left": list(seen)}, VERIFIER.read_bytes(), "002-look")
    events = Forgery(record(root, "002-look"), {}).events
    assert [one for one in events if one["type"] == "mismatched"] == []
    lies = archive.read_register(root, Mode.REHEARSAL).items["cards"]
    assert (lies.place, lies.sent) == ("safe-2", not come)
    code, output = verified(root, "001-made", "002-look")
    assert code == 0, output
    rehearse(root, planned(root, "003-look", "", '["papers"]', "annex", LAST), VERIFIER.read_bytes())
    script = (root / "ceremonies/003-look/rehearsal/script.txt").read_text()
    assert (f"safe-2, seal {lies.seal}, on its way" in script) is not come
    assert ("On its way there, and named only if it has come: cards." in script) is not come
    code, output = verified(root, "001-made", "002-look", "003-look")
    assert code == 0, output


def test_an_import_that_never_was_is_not_told(sent: Path, tmp_path: Path) -> None:
    root, _ = unsmooth(sent, tmp_path, [(at("2.2"), say(Kind.ABORT))], {}, VERIFIER.read_bytes(), "002-copy")
    code, output = verified(root, "001-made", "002-copy")
    assert code == 0, output
    assert "its copy came" not in output


@pytest.mark.parametrize("kind", [Kind.SUSPEND, Kind.ABORT])
@pytest.mark.parametrize("action", ["unseal", "seal", "send"])
def test_what_was_not_sent_yet_goes_back_into_its_safe(sent: Path, tmp_path: Path, kind: Kind, action: str) -> None:
    """A suspended ceremony goes on, and sends it then; an aborted one keeps it."""
    step = step_of(sent, "001-made", action)
    shutil.rmtree((root := Path(shutil.copytree(sent, tmp_path / "before"))) / "ceremonies/002-copy")
    root, _ = unsmooth(root, tmp_path, [(at(step), say(kind))], {}, VERIFIER.read_bytes(), "001-made")
    code, output = verify(record(root, "001-made"), "--authority", genesis(root), "--rehearsal")
    assert code == 0, output
    places = {name: lies.place for name, lies in archive.read_register(root, Mode.REHEARSAL).items.items()}
    assert places["cards"] == ("safe-2" if kind is Kind.SUSPEND else "safe-1")
    assert Lies("", "") not in archive.read_register(root, Mode.REHEARSAL).items.values()


# -- after the day ----------------------------------------------------------------------------------------------------


def without_carrier(forged: Forgery) -> None:
    del forged.operation("key-r1-annex")["carrier"]


def another_carrier(forged: Forgery) -> None:
    forged.operation("key-r1-annex")["carrier"] = "papers"


def not_opened(forged: Forgery) -> None:
    """Something is read aloud instead of opening the bag."""
    steps = forged.script["steps"]
    step = next(one for one in steps if one.get("action") == "unseal" and one["item"] == "cards")
    steps[steps.index(step)] = {name: step[name] for name in ("by", "clauses", "id", "text", "title")} | {
        "kind": "read"
    }
    (event,) = (one for one in forged.events if one["step"] == step["id"])
    event["type"], event["body"] = "acknowledged", {"by": step["by"]}


def of_a_certificate(forged: Forgery) -> None:
    """The pair of a certificate that was made here, as if it had been adopted."""
    operation = forged.operation("key-r1-annex")
    operation["key"] = "root-r1"
    del operation["carrier"]


def papers_too(forged: Forgery) -> None:
    """What was opened today as well, and never left the annex."""
    for one in (*forged.script["steps"], *(event["body"] for event in forged.events if event["type"] == "moved")):
        if one.get("item") == "cards" and one["action"] in ("take", "unseal", "seal", "put"):
            one["item"] = "papers"
    forged.operation("key-r1-annex")["carrier"] = "papers"


def from_a_pocket(forged: Forgery) -> None:
    """It lies on the table when the ceremony begins, and nobody compares its number."""
    next(one for one in forged.script["items"] if one["id"] == "cards")["place"] = ""
    steps = forged.script["steps"]
    step = next(one for one in steps if one.get("action") == "take" and one["item"] == "cards")
    steps[steps.index(step)] = {name: step[name] for name in ("by", "clauses", "id", "text", "title")} | {
        "kind": "read"
    }
    (event,) = (one for one in forged.events if one["step"] == step["id"])
    event["type"], event["body"] = "acknowledged", {"by": step["by"]}


FORGERIES: dict[str, tuple[Callable[[Forgery], None], str]] = {
    "no carrier": (without_carrier, "key-r1 is in hq, and no carrier brought it here"),
    "a bag that is not open": (another_carrier, "came in papers, which is not opened"),
    "a bag that is left closed": (not_opened, "came in cards, which is not opened"),
    "what never left": (papers_too, "papers was never closed and sent from there since"),
    "a bag from a pocket": (from_a_pocket, "came in cards, whose number nobody compared"),
}


def test_nothing_is_taken_out_of_a_place_that_lies_elsewhere(sent: Path, tmp_path: Path) -> None:
    """A bag that never left cannot be opened in the other facility."""
    forged = Forgery(record(sent, "002-copy"), stand_ins(sent))
    forged.script["facility"] = "hq"
    made = forged.reseal().write(tmp_path / "record")
    _, output = verify(record(sent, "001-made"), made, "--authority", genesis(sent), "--rehearsal")
    assert "custody" in refused(output)
    assert "safe-2 lies at annex, and not here" in output


@pytest.mark.parametrize("what", FORGERIES)
def test_the_verifier_refuses(sent: Path, tmp_path: Path, what: str) -> None:
    change, said = FORGERIES[what]
    forged = Forgery(record(sent, "002-copy"), stand_ins(sent))
    change(forged)
    made = forged.reseal().write(tmp_path / "record")
    code, output = verify(record(sent, "001-made"), made, "--authority", genesis(sent), "--rehearsal")
    assert code == 1
    assert "custody" in refused(output)
    assert said in output, output


def test_nothing_is_left_on_the_table(sent: Path, tmp_path: Path) -> None:
    """Something is read aloud instead of sending it."""
    forged = Forgery(record(sent, "001-made"), stand_ins(sent))
    steps = forged.script["steps"]
    step = next(one for one in steps if one.get("action") == "send")
    steps[steps.index(step)] = {name: step[name] for name in ("by", "clauses", "id", "text", "title")} | {
        "kind": "read"
    }
    (event,) = (one for one in forged.events if one["step"] == step["id"])
    event["type"], event["body"] = "acknowledged", {"by": step["by"]}
    made = forged.reseal().write(tmp_path / "record")
    code, output = verify(made, "--authority", genesis(sent), "--rehearsal")
    assert code == 1
    assert "custody: cards is left out at the end" in output


def test_a_bag_that_left_before_the_key_was_made_carries_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Within one ceremony, by a script that people approved and that the program would not have written."""
    operations, returning = acts._operations, layout.returning

    def away_first(lay: layout.Layout) -> None:
        if lay.plan.carry:
            seal = layout._custody("seal", "cards go into a new bag", (), "safe-1", "cards", lay.pair)
            lay.act("Sending", seal, layout._sent(lay, "cards", "safe-2"))
        operations(lay)

    def without_cards(lay: layout.Layout, carried: bool = False) -> list[layout.Maker]:
        if lay.plan.carry and carried:
            lay = dataclasses.replace(lay, plan=replace(lay.plan, retrieve=("hsm-1-bag",), carry=()))
        return returning(lay, carried)

    monkeypatch.setattr(acts, "_operations", away_first)
    monkeypatch.setattr(acts, "returning", without_cards)
    monkeypatch.setattr("quorate.prepare.walk", lambda script, state: ())
    root = make_authority(tmp_path / "authority")
    with (root / "authority.toml").open("a") as file:
        file.write(ELSEWHERE)
    planned(root, "001-made", MADE + SENT, '["hsm-1-bag", "cards"]')
    plan = planned(root, "002-copy", COPY, '["cards"]', "annex", LATER)
    assert codes(root, plan) == {"plan.carrier_strange"}
    monkeypatch.setattr("quorate.compiler.require_carrier", lambda *_: None)
    rehearse(root, plan, VERIFIER.read_bytes())
    code, output = verified(root, "001-made", "002-copy")
    assert code == 1
    assert refused(output) == {"custody"}
    assert "cards was never closed and sent from there since" in output


def sent_near(forged: Forgery) -> None:
    for one in (
        next(one for one in forged.script["steps"] if one.get("action") == "send"),
        next(one["body"] for one in forged.events if one["type"] == "moved" and one["body"]["action"] == "send"),
    ):
        one["place"] = "safe-1"


def sent_open(forged: Forgery) -> None:
    """Sent before its bag is closed."""
    steps = forged.script["steps"]
    seal, send = (
        next(one for one in steps if (one.get("action"), one.get("item")) == (action, "cards"))
        for action in ("seal", "send")
    )
    (first,), (second,) = ([one for one in forged.events if one["step"] == step["id"]] for step in (seal, send))
    for step, event in ((seal, first), (send, second)):
        step["action"] = event["body"]["action"] = "send" if step is seal else "seal"
    seal["place"] = first["body"]["place"] = "safe-2"
    first["body"]["values"], second["body"]["values"] = [], first["body"]["values"]
    first["body"]["seal"], second["body"]["seal"] = "", first["body"]["seal"]
    first["body"]["log"], second["body"]["log"] = second["body"]["log"], ""


def opened_unlogged(forged: Forgery) -> None:
    next(one["body"] for one in forged.events if one["type"] == "moved" and one["body"]["action"] == "open")["log"] = (
        " "
    )


def taken_by_a_carrier(forged: Forgery) -> None:
    next(one["body"] for one in forged.events if one["type"] == "moved" and one["body"]["action"] == "take")["log"] = (
        "x"
    )


def moved(forged: Forgery, action: str) -> dict[str, Any]:
    """What an event says of the cards."""
    bodies = (one["body"] for one in forged.events if one["type"] == "moved")
    found: dict[str, Any] = next(one for one in bodies if (one["action"], one["item"]) == (action, "cards"))
    return found


def sent_in_another_bag(forged: Forgery) -> None:
    moved(forged, "send")["seal"] = "OTHER"


def sent_with_nobody(forged: Forgery) -> None:
    moved(forged, "send")["log"] = "  "


def opened_by_a_number(forged: Forgery) -> None:
    moved(forged, "unseal")["seal"] = "OTHER"


def taken_from_others(forged: Forgery) -> None:
    moved(forged, "take")["left"] = ["papers"]


def closed_with_others(forged: Forgery) -> None:
    moved(forged, "seal")["left"] = ["papers"]


MOVED = [
    (sent_in_another_bag, "says more than that it was moved"),
    (sent_with_nobody, "says more than that something was moved"),
    (opened_by_a_number, "says more than that it was moved"),
    (taken_from_others, "says more than the number of a bag"),
    (closed_with_others, "says more than the number of a bag"),
    (sent_near, "is sent to where it is"),
    (sent_open, "sent away unsealed"),
    (opened_unlogged, "without a line of its log book"),
    (taken_by_a_carrier, "says more than that something was moved"),
]


@pytest.mark.parametrize(("change", "said"), MOVED)
def test_the_verifier_refuses_what_leaves_otherwise(
    sent: Path, tmp_path: Path, change: Callable[[Forgery], None], said: str
) -> None:
    forged = Forgery(record(sent, "001-made"), stand_ins(sent))
    change(forged)
    made = forged.reseal().write(tmp_path / "record")
    code, output = verify(made, "--authority", genesis(sent), "--rehearsal")
    assert code == 1
    assert "custody" in refused(output)
    assert said in output, output
