"""What may have carried a copy of a key: a bag that was closed where the key was at that moment, and has a number."""

from __future__ import annotations

from pathlib import Path

import pytest

from adopted_history import ADOPTED, P256, list_adopted, make_ca
from example import SHARE, make_authority, make_plan
from forging import VERIFIER, Forgery, genesis, record, refused, verify
from quorate import archive
from quorate.rehearse import rehearse
from quorate.room import Kind
from quorate.statement import Mode
from test_carrying import COPY, ELSEWHERE, LAST, LATER, MADE, SENT, codes, planned
from unsmooth import at, say, unsmooth

DEPOT = '\n[[places]]\nid = "safe-3"\nfacility = "depot"\nkind = "safe"\ncontrollers = { role = "officer", need = 2 }\n'
PAPERS = '[[carry]]\nitem = "papers"\nto = "safe-3"\n'
THEN, LONG_AFTER = "2026-12-16T09:00:00Z", "2026-12-20T09:00:00Z"


def bring(name: str, key: str, token: str, carrier: str) -> str:
    text = f'[[operations]]\nkind = "import-key"\nid = "{name}"\nkey = "{key}"\ntoken = "{token}"\n'
    return SHARE.replace("hsm-1", token) + text + f'carrier = "{carrier}"\n'


def destroy(key: str) -> str:
    return f'[[operations]]\nkind = "destroy-key"\nid = "destroy-{key}"\nkey = "{key}"\n'


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Three facilities; it is known what is in the bag of hsm-1."""
    root = make_authority(tmp_path / "authority")
    text = (root / "authority.toml").read_text().replace('seal = "A0001"', 'seal = "A0001"\nholder = "hsm-1"')
    (root / "authority.toml").write_text(text + ELSEWHERE + DEPOT)
    return root


def held(root: Path, name: str, text: str, retrieve: str, facility: str = "hq", opens: str = "") -> None:
    rehearse(root, planned(root, name, text, retrieve, facility, opens), VERIFIER.read_bytes())


def verified(root: Path, *names: str) -> tuple[int, str]:
    return verify(*(record(root, name) for name in names), "--authority", genesis(root), "--rehearsal")


def strange(root: Path, monkeypatch: pytest.MonkeyPatch, *before: str) -> None:
    """Papers bring nothing to the depot, says the program; the verifier too, if the program would let it pass."""
    plan = planned(root, "009-copy", bring("copy", "key-r1", "hsm-3", "papers"), '["papers"]', "depot", LONG_AFTER)
    assert codes(root, plan) == {"plan.carrier_strange"}
    monkeypatch.setattr("quorate.compiler.require_carrier", lambda *_: None)
    rehearse(root, plan, VERIFIER.read_bytes())
    code, output = verified(root, *before, "009-copy")
    assert code == 1
    assert "custody" in refused(output)
    assert "papers was never closed and sent from there since" in output


def test_what_left_before_the_token_came_carries_nothing(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The key was made before, in another facility; its token came later to the one that the papers had left."""
    held(root, "001-made", MADE, '["hsm-1-bag"]')
    held(root, "002-papers", PAPERS, '["papers"]', "annex", LATER)
    held(root, "003-token", '[[carry]]\nitem = "hsm-1-bag"\nto = "safe-2"\n', '["hsm-1-bag"]', "hq", LAST)
    strange(root, monkeypatch, "001-made", "002-papers", "003-token")


def test_what_was_closed_after_the_last_copy_there_was_destroyed_carries_nothing(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    held(root, "001-made", MADE + SENT, '["hsm-1-bag", "cards"]')
    held(root, "002-copy", COPY, '["cards"]', "annex", LATER)
    held(root, "003-gone", destroy("key-r1-annex"), "[]", "annex", LAST)
    held(root, "004-papers", PAPERS, '["papers"]', "annex", THEN)
    strange(root, monkeypatch, "001-made", "002-copy", "003-gone", "004-papers")


def test_what_is_in_a_bag_stays_in_it_after_the_key_is_destroyed_where_it_was_made(root: Path) -> None:
    """It was closed while the key was there, and got another bag when it was sent."""
    held(root, "001-made", MADE, '["hsm-1-bag", "cards"]')
    held(root, "002-copy", bring("second", "key-r1", "hsm-2", "cards"), '["cards"]', "hq", LATER)
    held(root, "003-gone", destroy("second"), '["forms"]', "hq", LAST)
    held(root, "004-sent", SENT, '["cards"]', "hq", THEN)
    held(root, "005-copy", bring("copy", "key-r1", "hsm-3", "cards"), '["cards"]', "annex", LONG_AFTER)
    code, output = verified(root, "001-made", "002-copy", "003-gone", "004-sent", "005-copy")
    assert code == 0, output
    assert "copy: key-r1 is in hq; its copy came in the bag of cards" in output


def test_what_lay_open_for_a_while_carries_nothing(root: Path, tmp_path: Path) -> None:
    """Its bag was not closed when a ceremony was suspended; it was when that ended, which brings nothing back."""
    held(root, "001-made", MADE + SENT, '["hsm-1-bag", "cards"]')
    held(root, "002-look", "", '["cards"]', "annex", LATER)
    assert archive.read_register(root, Mode.REHEARSAL).bags["cards"].brought
    steps = Forgery(record(root, "002-look"), {}).script
    (seal,) = (one["id"] for one in steps["steps"] if one.get("action") == "seal")
    (branch,) = (one["id"] for one in steps["branches"]["suspend"] if one.get("action") == "seal")
    happens = [(at(seal), say(Kind.SUSPEND)), (at(branch), say(Kind.DEVIATION))]
    skip = {"dealt with": ["yes"]}
    root, _ = unsmooth(root, tmp_path / "open", happens, skip, VERIFIER.read_bytes(), "002-look")
    assert not archive.read_register(root, Mode.REHEARSAL).bags["cards"].brought
    code, output = verified(root, "001-made", "002-look")
    assert code == 0, output
    assert codes(root, planned(root, "003-copy", COPY, '["cards"]', "annex", LAST)) == {"plan.carrier_strange"}


def test_what_has_no_number_is_no_carrier_of_an_adopted_key_either(root: Path, tmp_path: Path) -> None:
    """Nothing could be compared, and the verifier would say so for good."""
    ca = make_ca(tmp_path / "ca", "Old Root", P256)
    text = (root / "authority.toml").read_text()
    (root / "authority.toml").write_text(text.replace('seal = "A0002"', 'seal = ""'))
    list_adopted(root, ca, ADOPTED)
    plan = make_plan(root, "001-adoption", bring("key-2010", "root-2010", "hsm-1", "cards"), adopt=ADOPTED)
    fetched = (plan / "plan.toml").read_text().replace('["hsm-1-bag"]', '["hsm-1-bag", "cards"]')
    (plan / "plan.toml").write_text(fetched)
    assert codes(root, plan) == {"plan.carrier_unbagged"}
