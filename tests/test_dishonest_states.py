"""What the governors signed is broken by those who govern, or is used against the authority: the verifier sees it.

Everybody's keys sign, and the forger's own genesis is pinned, so that nothing but the rule can find it.
"""

from __future__ import annotations

import copy
import re
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from example import make_authority
from forging import Forgery, record, refused, sign_with_token, stand_ins, tbs_of, verify
from quorate import canonical
from quorate.findings import Refusal
from quorate.source import read_authority
from quorate.statement import Mode

Change = Callable[[Forgery], object]


def judged(*forged: Forgery, folder: Path) -> tuple[int, str]:
    """What the verifier says of a chain of records under the forger's own genesis."""
    folders, before = [], ""
    for number, one in enumerate(forged):
        if before:
            one.script["predecessor"] = before
        folders.append(one.reseal().write(folder / str(number)))
        before = canonical.digest(one.files["checkpoint"])
    genesis = canonical.digest(forged[0].files["authority/000.json"])
    return verify(*folders, "--authority", genesis, "--rehearsal")


def sign_as_governor(forged: Forgery, number: int, person: str) -> None:
    """`reseal` makes the signature, over the state as it will be by then."""
    signed = forged.files["authority/000.oa.statement"].replace(b"signer: oa ", f"signer: {person} ".encode())
    forged.files[f"authority/{number:03d}.{person}.statement"] = signed
    forged.files[f"authority/{number:03d}.{person}.sig"] = b""


@pytest.fixture
def first(rehearsed: Path) -> Forgery:
    return Forgery(record(rehearsed, "001-root"), stand_ins(rehearsed))


def test_nothing_else_is_wrong_with_this_world(first: Forgery, tmp_path: Path) -> None:
    code, output = judged(first, folder=tmp_path)
    assert (code, refused(output)) == (0, set()), output


# -- what a script leaves open ----------------------------------------------------------------------------------------


def waived(forged: Forgery, **said: str) -> None:
    """The finding that the root is one anew is waived by two people, for as long as the window lasts."""
    closes = forged.script["window"]["closes"][:10]
    waiver = {"code": "cert.reissued", "operation": "root-r1", "people": ["oa", "ob"], "reason": "a new year"}
    forged.script["waivers"].append({**waiver, "expires": closes, **said})
    finding = {"code": "cert.reissued", "severity": "error", "text": "it is one anew", "waived": True}
    forged.one("drafted", "root-r1")["body"]["findings"].append(finding)


def without_a_reason(forged: Forgery) -> None:
    waived(forged, reason=" ")


def until_the_window_opens(forged: Forgery) -> None:
    """The window is made longer, and the waiver ends on its first day, on which everything is done."""
    waived(forged)
    forged.script["window"]["closes"] = "2027-01-31T21:00:00Z"


def for_ever(forged: Forgery) -> None:
    """A text that sorts behind every day is none."""
    waived(forged, expires="never ends")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (without_a_reason, "waiver cert.reissued gives no reason"),
        (until_the_window_opens, "waiver cert.reissued runs out before the window closes"),
        (for_ever, "waiver cert.reissued runs out before the window closes"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_a_waiver_is_refused_that_stands(first: Forgery, tmp_path: Path, change: Change, said: str) -> None:
    change(first)
    code, output = judged(first, folder=tmp_path)
    assert (code, "script" in refused(output)) == (1, True), output
    assert said in output, output


def test_a_waiver_for_all_of_the_window_with_a_reason_is_taken(first: Forgery, tmp_path: Path) -> None:
    waived(first)
    code, output = judged(first, folder=tmp_path)
    assert (code, refused(output)) == (0, set()), output


def test_a_root_has_no_name_that_was_not_planned(rehearsed: Path, first: Forgery, tmp_path: Path) -> None:
    """The subject is left out of the script, and the certificate gives itself one."""
    first.operation("root-r1")["subject"] = ""
    for name in ("root-r1", "crl-r1-1"):
        draft = f"drafts/{name}.tbs"
        first.files[draft] = first.files[draft].replace(b"Root R1", b"Root X1")
        sign_with_token(rehearsed, first, name, tbs_of(first, name).replace(b"Root R1", b"Root X1"))
    code, output = judged(first, folder=tmp_path)
    assert (code, refused(output)) == (1, {"artifacts"}), output
    assert "root-r1: has another subject than planned" in output, output


# -- who governs ------------------------------------------------------------------------------------------------------


def changed_by(forged: Forgery, *people: str) -> None:
    """A second state, signed by these."""
    forged.states.append({**copy.deepcopy(forged.states[0]), "organisation": "Another Trust"})
    for person in people:
        sign_as_governor(forged, 1, person)


def appointed(forged: Forgery, since: str, until: str) -> None:
    """Both administrators are or were governors, and so sign the genesis."""
    for name in ("alice", "ann"):
        person = next(one for one in forged.states[0]["people"] if one["id"] == name)
        person["appointments"].append({"role": "officer", "since": since, "until": until})
        sign_as_governor(forged, 0, name)


@pytest.mark.parametrize(
    ("since", "until", "told"),
    [
        ("2019-01-01", "2021-12-31", True),
        ("2026-12-02", "2060-01-01", True),
        ("2026-12-01", "2026-12-01", False),
    ],
    ids=("ended years ago", "not yet begun", "for this day alone"),
)
def test_who_changed_the_authority_and_was_no_governor_by_then_is_told(
    first: Forgery, tmp_path: Path, since: str, until: str, told: bool
) -> None:
    """Nobody can say when they signed: that the authority is theirs again may be a renewal, or a theft."""
    appointed(first, since, until)
    changed_by(first, "alice", "ann")
    code, output = judged(first, folder=tmp_path)
    assert (code, refused(output)) == (0, set()), output
    said = "note state 001 is signed by alice, ann: not officer on 2026-12-01, when a ceremony was first held under it"
    assert (said in output) is told, output


def test_it_is_told_of_the_first_record_that_has_the_change(rehearsed: Path, tmp_path: Path) -> None:
    """On the day of the first record both were governors; on that of the second one of them is."""
    one, two = (Forgery(record(rehearsed, name), stand_ins(rehearsed)) for name in ("001-root", "002-next"))
    for forged in (one, two):
        appointed(forged, "2019-01-01", "2026-12-01")
    changed_by(two, "oa", "ann")
    code, output = judged(one, two, folder=tmp_path / "later")
    assert (code, refused(output)) == (0, set()), output
    assert "note state 001 is signed by ann: not officer on 2026-12-08" in output, output
    changed_by(one, "oa", "ann")
    code, output = judged(one, two, folder=tmp_path / "at once")
    assert (code, refused(output)) == (0, set()), output
    assert "is signed by" not in output, output


# -- what the authority commits to ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("promised", "claim", "said"),
    [
        ({"key_types": ["rsa-4096"]}, "script", "key-r1 is of a type that the authority does not commit to: p-256"),
        ({"key_types": ["p-384"]}, "artifacts", "root-r1: certifies a key of a type that the authority does not"),
        ({"root_days": 3649}, "artifacts", "root-r1: lasts longer than the 3649 days that the authority commits to"),
        ({"crl_days": 364}, "artifacts", "crl-r1-1: lasts longer than the 364 days that the authority commits to"),
    ],
    ids=("a key", "the key of a root", "a root", "a CRL"),
)
def test_the_authority_makes_what_it_does_not_commit_to(
    first: Forgery, tmp_path: Path, promised: dict[str, object], claim: str, said: str
) -> None:
    first.states[0]["commitments"].update(promised)
    code, output = judged(first, folder=tmp_path)
    assert (code, claim in refused(output)) == (1, True), output
    assert said in output, output


def test_what_is_committed_to_the_second_is_made(first: Forgery, tmp_path: Path) -> None:
    first.states[0]["commitments"].update(key_types=["p-256"], root_days=3650, crl_days=365, subordinate_days=1)
    code, output = judged(first, folder=tmp_path)
    assert (code, refused(output)) == (0, set()), output


@pytest.mark.parametrize(
    ("promised", "said"),
    [
        ({"subordinate_days": 999}, "int-1: lasts longer than the 999 days that the authority commits to"),
        ({"key_types": ["p-384"]}, "int-1: certifies a key of a type that the authority does not commit to"),
    ],
    ids=("its days", "its key"),
)
def test_a_subordinate_is_none_that_the_authority_commits_to(
    rehearsed: Path, tmp_path: Path, promised: dict[str, object], said: str
) -> None:
    """A cross-certificate repeats what others have, and is left out."""
    forged = Forgery(record(rehearsed, "002-next"), stand_ins(rehearsed))
    forged.states[0]["commitments"].update(promised)
    code, output = judged(forged, folder=tmp_path)
    assert (code, "artifacts" in refused(output)) == (1, True), output
    assert said in output, output
    assert not re.search("cross-r2: (lasts|certifies)", output), output


# -- places within places ---------------------------------------------------------------------------------------------


def place(name: str, role: str, **more: object) -> dict[str, object]:
    controllers = {"need": 1, "role": role}
    return {"controllers": controllers, "facility": "annex", "id": name, "keys": 1, "kind": "safe", **more}


def item(name: str, where: str) -> dict[str, str]:
    return {"holder": "hsm-9", "id": name, "place": where, "seal": f"seal-{name}", "what": "a second token"}


def tiered(forged: Forgery) -> None:
    """A second token, which these scripts do not use, lies in a box within a room."""
    state = forged.states[0]
    state["places"] += [place("room-9", "administrator"), place("box-9", "officer", within="room-9")]
    state["tokens"].append({**state["tokens"][0], "id": "hsm-9", "serial": "SHADOW-hsm-9"})
    state["items"].append(item("bag-9", "box-9"))


def of(forged: Forgery, name: str) -> dict[str, object]:
    return next(one for one in forged.states[0]["places"] if one["id"] == name)


def one_role_at_both(forged: Forgery) -> None:
    of(forged, "room-9")["controllers"] = {"need": 1, "role": "officer"}


def the_key_beside_is_the_rooms(forged: Forgery) -> None:
    of(forged, "box-9")["beside"] = {"need": 1, "role": "administrator"}


def named_for_both(forged: Forgery) -> None:
    """Only one of those who open the room opens the box as well, by an appointment that ended long ago."""
    alice = next(one for one in forged.states[0]["people"] if one["id"] == "alice")
    alice["appointments"].append({"role": "officer", "since": "2020-01-01", "until": "2020-12-31"})
    of(forged, "room-9")["controllers"] = {"need": 1, "people": ["alice"], "role": "administrator"}
    sign_as_governor(forged, 0, "alice")


def keepers_open_the_room(forged: Forgery) -> None:
    of(forged, "room-9")["controllers"] = {"need": 1, "role": "custodian"}


def another_thing_lies_outside(forged: Forgery) -> None:
    forged.states[0]["places"].append(place("shelf-9", "witness"))
    forged.states[0]["items"].append(item("bag-8", "shelf-9"))


def in_a_room_elsewhere(forged: Forgery) -> None:
    of(forged, "room-9")["facility"] = "hq"


def in_no_room(forged: Forgery) -> None:
    of(forged, "box-9")["within"] = "room-8"


def opened_by_a_stranger(forged: Forgery) -> None:
    of(forged, "box-9")["controllers"] = {"need": 1, "people": ["wim", "oa"], "role": "officer"}


def opened_by_fewer_than_it_needs(forged: Forgery) -> None:
    of(forged, "box-9")["controllers"] = {"need": 2, "people": ["oa"], "role": "officer"}


def mended_since(forged: Forgery) -> None:
    """A second state is as it should be; the first one never was."""
    forged.states.append(copy.deepcopy(forged.states[0]))
    one_role_at_both(forged)
    for person in ("oa", "ob"):
        sign_as_governor(forged, 1, person)


TIERS: list[tuple[Change, str]] = [
    (one_role_at_both, "state 000: oa opens box-9 and room-9, both on the way to hsm-9"),
    (the_key_beside_is_the_rooms, "state 000: ann opens room-9 and box-9, both on the way to hsm-9"),
    (named_for_both, "state 000: alice opens box-9 and room-9, both on the way to hsm-9"),
    (keepers_open_the_room, "state 000: ca opens room-9 and may hold a share that unlocks hsm-9"),
    (another_thing_lies_outside, "state 000: bag-8 leads to hsm-9 and lies outside room-9"),
    (in_a_room_elsewhere, "state 000: box-9 lies within room-9, which is no place of its facility"),
    (in_no_room, "state 000: box-9 lies within room-8, which is no place of its facility"),
    (opened_by_a_stranger, "state 000: box-9 is opened by people who are not appointed to it, or by too few of them"),
    (opened_by_fewer_than_it_needs, "state 000: box-9 is opened by people who are not appointed to it"),
    (mended_since, "state 000: oa opens box-9 and room-9, both on the way to hsm-9"),
]


@pytest.mark.parametrize(("change", "said"), TIERS, ids=lambda value: getattr(value, "__name__", ""))
def test_a_state_is_refused_in_which_a_tier_can_be_spared(
    first: Forgery, tmp_path: Path, change: Change, said: str
) -> None:
    """Nothing is sent, and the token behind the tiers is not used."""
    tiered(first)
    change(first)
    code, output = judged(first, folder=tmp_path)
    assert (code, refused(output)) == (1, {"authority"}), output
    assert said in output, output


def test_nothing_else_is_wrong_behind_these_tiers(first: Forgery, tmp_path: Path) -> None:
    tiered(first)
    code, output = judged(first, folder=tmp_path)
    assert (code, refused(output)) == (0, set()), output


def test_what_lies_outside_of_its_tiers_by_now_is_told(rehearsed: Path, tmp_path: Path) -> None:
    """The state is as it should be; what was moved in records that are not given is seen in the script."""
    forged = Forgery(record(rehearsed, "002-next"), stand_ins(rehearsed))
    tiered(forged)
    forged.states[0]["places"].append(place("shelf-9", "witness"))
    forged.states[0]["items"].append(item("bag-8", "box-9"))
    moved = {"id": "bag-8", "place": "shelf-9", "seal": "seal-bag-8", "what": "a second token"}
    forged.script["items"].append(moved)
    code, output = judged(forged, folder=tmp_path)
    assert (code, refused(output)) == (0, set()), output
    assert "note as things lie by now, bag-8 leads to hsm-9 and lies outside room-9" in output, output


# -- states that take long to read ------------------------------------------------------------------------------------


def nested(depth: int) -> list[dict[str, object]]:
    inner = [place(f"q{number}", "officer", within=f"q{number + 1}") for number in range(depth)]
    return [*inner, place(f"q{depth}", "officer")]


@pytest.mark.parametrize(
    ("member", "things", "said"),
    [
        ("places", nested(17), "q0 lies too deep within others"),
        ("places", nested(1000), "more than 1000 places"),
        ("tokens", [{"id": f"t{n}", "serial": f"T-{n}"} for n in range(100)], "more than 100 tokens"),
    ],
    ids=("too deep", "too many places", "too many tokens"),
)
def test_a_state_has_no_more_than_anybody_needs(
    first: Forgery, tmp_path: Path, member: str, things: list[dict[str, object]], said: str
) -> None:
    known = first.states[0][member]
    known += [{**known[0], **one} for one in things]
    code, output = judged(first, folder=tmp_path)
    assert (code, "authority" in refused(output)) == (1, True), output
    assert said in output, output


def test_as_many_are_taken(first: Forgery, tmp_path: Path) -> None:
    state = first.states[0]
    state["places"] += [*nested(16), *(place(f"p{number}", "officer") for number in range(1000 - 17 - 1))]
    state["tokens"] += [{**state["tokens"][0], "id": f"t{n}", "serial": f"T-{n}"} for n in range(99)]
    code, output = judged(first, folder=tmp_path)
    assert (code, refused(output)) == (0, set()), output


def test_a_state_is_read_in_no_time_whatever_its_ways(first: Forgery, tmp_path: Path) -> None:
    """Nobody has to have signed it. A look at every two of these places would take minutes."""
    state = first.states[0]
    token, bag = state["tokens"][0], state["items"][0]
    state["places"] += [place(f"p{n}", "officer", within="p0") for n in range(1, 990)] + [place("p0", "witness")]
    state["tokens"] += [{**token, "id": f"t{n}", "serial": f"T-{n}"} for n in range(99)]
    state["items"] += [{**bag, "id": f"i{n}", "seal": f"s{n}", "place": f"p{n}", "holder": f"t{n % 99}"}
                       for n in range(1, 990)]  # fmt: skip
    state["items"] += [{**bag, "id": f"j{n}", "seal": f"z{n}", "place": f"p{n}", "holder": "custodian"}
                       for n in range(1, 990)]  # fmt: skip
    first.reseal().write(tmp_path / "record")
    began = time.process_time()
    code, output = verify(tmp_path / "record", "--rehearsal")
    assert time.process_time() - began < 10
    assert (code, refused(output)) == (1, {"authority"}), output


def test_the_program_refuses_the_same(tmp_path: Path) -> None:
    root = make_authority(tmp_path / "authority")
    source = (root / "authority.toml").read_text()
    opened = 'facility = "hq"\nkind = "safe"\ncontrollers = { role = "officer", need = 1 }'
    deep = [f'[[places]]\nid = "q{n}"\n{opened}\nwithin = "q{n + 1}"' for n in range(17)]
    deep.append(f'[[places]]\nid = "q17"\n{opened}')
    many = [f'[[places]]\nid = "p{n}"\n{opened}' for n in range(1000)]
    tokens = [f'[[tokens]]\nid = "t{n}"\nkind = "software"\nlocation = "t{n}"\nserial = "T{n}"' for n in range(100)]
    for lines, code in ((deep, "place.too_deep"), (many, "authority.too_many"), (tokens, "authority.too_many")):
        (root / "authority.toml").write_text("\n".join([source, *lines]) + "\n")
        with pytest.raises(Refusal) as refusal:
            read_authority(root, Mode.REHEARSAL)
        assert {one.code for one in refusal.value.findings} == {code}
    (root / "authority.toml").write_text("\n".join([source, *deep[1:]]) + "\n")
    assert len(read_authority(root, Mode.REHEARSAL).around("q1")) == 17


def test_a_rehearsal_does_not_look_away_from_tiers_while_keys_are_missing(tmp_path: Path) -> None:
    root = make_authority(tmp_path / "authority")
    room = '[[places]]\nid = "room-1"\nfacility = "hq"\nkind = "room"\ncontrollers = { role = "officer", need = 1 }\n'
    text = (root / "authority.toml").read_text().replace('id = "safe-1"\n', 'id = "safe-1"\nwithin = "room-1"\n', 1)
    text = text.replace('id = "hsm-1-bag"', 'id = "hsm-1-bag"\nholder = "hsm-1"')
    (root / "authority.toml").write_text(text + room)
    with pytest.raises(Refusal) as refusal:
        read_authority(root, Mode.REHEARSAL)
    assert {one.code for one in refusal.value.findings} == {"tiers.opens_both"}
