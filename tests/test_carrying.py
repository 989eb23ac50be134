"""A copy of a key travels to another facility in a bag whose number is typed where it leaves and where it arrives."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from example import SHARE, certificate, key, make_authority, make_plan
from forging import VERIFIER, Forgery, genesis, record, refused, stand_ins, verify
from quorate import archive
from quorate.conduct import Kind
from quorate.findings import Refusal
from quorate.rehearse import prepare_rehearsal, rehearse
from quorate.script.state import Lies
from quorate.statement import Mode
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
"""
MADE = SHARE + key("key-r1") + certificate("root", "root-r1", "Root R1", 3650, key="key-r1")
SENT = '[[carry]]\nitem = "cards"\nto = "safe-2"\n'
COPY = SHARE.replace("hsm-1", "hsm-2") + (
    '[[operations]]\nkind = "import-key"\nid = "key-r1-annex"\nkey = "key-r1"\ntoken = "hsm-2"\ncarrier = "cards"\n'
)
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
    with (root / "authority.toml").open("a") as file:
        file.write(ELSEWHERE)
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
    assert register.sealed == {"hsm-1-bag": "001-made", "cards": "001-made"}


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
    assert "key-r1-annex: key-r1 was made in hq; its copy came in the bag of cards, closed since" in output
    assert "cards left for safe-2 at annex, taken by carrier 1, as entered" in output


def both(root: Path) -> tuple[Path, Path]:
    return record(root, "001-made"), record(root, "002-copy")


# -- before the day ---------------------------------------------------------------------------------------------------

NO_CARRIER = COPY.replace('carrier = "cards"\n', "")
PLANS = {
    "plan.carrier_missing": (NO_CARRIER, '["cards"]', "annex"),
    "plan.carrier_not_retrieved": (COPY, '["papers"]', "annex"),
    "plan.carrier_older": (COPY.replace('"cards"', '"papers"'), '["papers"]', "annex"),
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


FORGERIES: dict[str, tuple[Callable[[Forgery], None], str]] = {
    "no carrier": (without_carrier, "key-r1 was made in hq, and no carrier brought it here"),
    "a bag that is not open": (another_carrier, "came in papers, which is not opened"),
    "a bag that is left closed": (not_opened, "came in cards, which is not opened"),
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


MOVED = [
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
