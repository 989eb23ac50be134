"""A request beside what lies in its zone's folder: the response in the zone, old ids, schemas; and the root's past."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

import msgspec
import pytest

from ksr_cases import root_policy, tld_policy
from quorate import canonical
from quorate.dnssec.history import root_zone, with_history
from quorate.dnssec.ksr import Request
from quorate.dnssec.ksr_layout import write_ksr, write_skr
from quorate.dnssec.ksr_xml import read_ksr
from quorate.dnssec.policy import Policy, load_policy, read_policy
from quorate.dnssec.policy_text import policy_toml
from quorate.findings import Refusal
from quorate.zone_policy import load_checked_policy, load_zone_policy
from refusing import Outcome, refused, run
from test_dnssec_policy import EXAMPLE
from zone_folder import make_folder
from zones import Zone, both, replace

ONE = {"current": "A"}


@cache
def zone() -> Zone:
    """Two quarters signed by KSK A, and the second of them the last one in the zone."""
    made = Zone()
    for number in (0, 1):
        made.deploy(request(number), "normal", ONE)
    return made


@cache
def request(number: int) -> Request:
    """The request of a quarter, always the same file."""
    return Zone().request(number)


def folder(tmp_path: Path, deployed: int = 1) -> Path:
    """The zone's folder with both responses on record, the first `deployed` of them seen in the zone."""
    root = make_folder(tmp_path, zone())
    for number, one in enumerate(zone().history):
        entry = root / "responses" / f"{number:03d}"
        entry.mkdir(parents=True)
        (entry / "skr.xml").write_bytes(write_skr(one.response))
        day = '"2026-01-01"' if number < deployed else '""'
        digest = canonical.digest(write_ksr(request(number)))
        (entry / "response.toml").write_text(f'format = "quorate/1"\ndeployed = {day}\nrequest = "{digest}"\n')
    return tmp_path


def check(root: Path, number: int, *more: str, at: str = "", code: int = 0, **changes: object) -> Outcome:
    """Check the request of a quarter, a month before it begins."""
    file = root / f"ksr{number}.xml"
    file.write_bytes(write_ksr(replace(request(number), **changes)))
    when = at or f"{zone().begin(number) - zone().begin(0) + datetime(2025, 12, 1, tzinfo=UTC):%Y-%m-%d}"
    outcome = run("ksr", "check", file, "--at", when, *more)
    assert outcome.code == code, outcome
    return outcome


def test_the_deployed_response_is_the_one_before(tmp_path: Path) -> None:
    out = check(folder(tmp_path, deployed=2), 2).out
    assert f"after the deployed response {zone().history[1].response.id}" in out
    assert out.endswith("accepted: the request passes every check\n")


def test_an_answered_request_is_judged_in_its_place(tmp_path: Path) -> None:
    root = folder(tmp_path, deployed=2)
    assert f"after the deployed response {zone().history[0].response.id}" in check(root, 1).out
    assert "after the deployed response" not in check(root, 0, "--genesis").out


def test_what_is_signed_again_is_the_very_file(tmp_path: Path) -> None:
    root = folder(tmp_path, deployed=2)
    assert "answered already, as the records say" in check(root, 1).out
    assert "answered already" not in check(root, 1, "--act", "re-sign").out
    other = check(root, 1, "--act", "re-sign", code=1, serial=1)
    assert other.codes == ["skr.id_again"]


def test_a_response_that_is_not_deployed_is_none(tmp_path: Path) -> None:
    """The chain ends with the response that is in the zone, not with the one that was signed last."""
    err = check(folder(tmp_path, deployed=1), 2, code=1).err
    assert "KSR-CHAIN-KEYS" in err
    assert "KSR-CHAIN-OVERLAP: the overlap with the response before is a gap of" in err
    ids = ", ".join(one.response.id for one in zone().history)
    never = check(folder(tmp_path / "none", deployed=0), 2, code=1).err
    assert f"KSR-CHAIN: of what was signed before, {ids}, nothing is recorded as deployed" in never
    assert "--genesis" not in never


def test_ids_on_record_are_not_used_again(tmp_path: Path) -> None:
    root = folder(tmp_path, deployed=2)
    old = zone().history[0].response
    assert "KSR-ID: a request with the id" in check(root, 2, code=1, id=old.id).err
    bundles = request(2).bundles
    again = (replace(bundles[0], id=old.bundles[3].id), *bundles[1:])
    assert "slot 1: KSR-BUNDLE-UNIQUE" in check(root, 2, code=1, bundles=again).err


def test_an_id_on_record_is_taken_whenever_the_request_begins(tmp_path: Path) -> None:
    root = folder(tmp_path, deployed=1)
    early = zone().history[1].response.id
    assert "KSR-ID: a request with the id" in check(root, 1, code=1, id=early, serial=1).err
    bundles = tuple(replace(one, inception=one.inception - timedelta(days=1)) for one in request(1).bundles)
    assert "KSR-ID: a request with the id" in check(root, 1, code=1, id=early, bundles=bundles).err


def test_how_the_response_before_is_spelled_is_told(tmp_path: Path) -> None:
    root, before = folder(tmp_path, deployed=0), tmp_path / "before.xml"
    before.write_bytes(write_skr(zone().history[1].response).replace(b'keyTag="', b'keyTag="0', 1))
    out = check(root, 2, "--previous", str(before)).out
    assert "notice: before.xml: ksr.number_spelled: " in out


def test_a_zone_that_has_signed_anything_has_no_first_request(tmp_path: Path) -> None:
    root = folder(tmp_path, deployed=0)
    err = check(root, 2, "--genesis", code=1).err
    assert "nothing is recorded as deployed" in err
    assert "KSR-CHAIN" in err


def test_a_zones_folder_may_be_called_anything_in_an_authority(tmp_path: Path) -> None:
    root = folder(tmp_path, deployed=2)
    (root / "dnssec").rename(root / "zones-of-ours")
    file = root / "ksr.xml"
    file.write_bytes(write_ksr(request(2)))
    asked = ("ksr", "check", file, "--at", "2026-06-01", "--in", root / "zones-of-ours")
    assert run(*asked).codes == ["zone.not_found"]
    (root / "authority.toml").write_text("")
    assert run(*asked).code == 0


def test_the_answer_to_the_request_itself_is_no_use_of_its_ids(tmp_path: Path) -> None:
    """A request that was answered can be checked again, against what was in the zone before it."""
    root = folder(tmp_path, deployed=2)
    out = check(root, 1).out
    assert f"after the deployed response {zone().history[0].response.id}" in out
    assert "KSR-ID " in check(root, 1, code=1, serial=9).out  # the same id in another file was used
    assert "KSR-ID: a request" in check(root, 1, code=1, serial=9).err


# -- a schema ---------------------------------------------------------------------------------------------------------


def test_a_schema_shows_what_ksks_would_do(tmp_path: Path) -> None:
    root = folder(tmp_path, deployed=2)
    lines = check(root, 2, "--schema", "pre-publish").out.splitlines()
    assert "schema pre-publish, current = A, next = B" in lines
    a, b = (ksk.dnskey.key_tag for ksk in zone().ksks.ksks)
    assert any(line.endswith(f"  {a}/PS A") for line in lines if line.startswith("1 "))
    assert any(f"{a}/PS A" in line and f"{b}/P B" in line for line in lines if line.startswith("2 "))
    assert "P published, S signs, R revoked" in lines


def test_a_ksk_that_nobody_has_seen_does_not_sign(tmp_path: Path) -> None:
    root = folder(tmp_path, deployed=2)
    named = ("--ksk", "current=A", "--ksk", "next=B")
    err = check(root, 2, "--schema", "rollover", *named, code=1).err
    assert "KSR-POLICY-SAFETY: " in err
    assert "code: ksr.ksk_safety" in err
    assert "code: skr.order" in err


def test_what_does_not_fit_the_schema_is_told_with_the_rest(tmp_path: Path) -> None:
    root = folder(tmp_path, deployed=2)
    assert "code: schema.unknown" in check(root, 2, "--schema", "none", code=1).err
    assert "code: schema.keys_bound" in check(root, 2, "--schema", "normal", "--ksk", "other=A", code=1).err
    fewer = request(2).bundles[:1]
    err = check(root, 2, "--schema", "revoke", "--ksk", "current=A", "--ksk", "next=B", code=1, bundles=fewer).err
    assert "code: schema.slots" in err
    assert "code: ksr.bundle_count" in err


@pytest.mark.parametrize("wrong", [["--ksk", "current"], ["--ksk", "=A"], ["--ksk", "current="]])
def test_a_part_is_bound_to_a_ksk(tmp_path: Path, wrong: list[str]) -> None:
    root = folder(tmp_path, deployed=2)
    assert check(root, 2, "--schema", "normal", *wrong, code=2).err
    assert check(root, 2, "--ksk", "current=A", code=2).err


def test_a_genesis_by_a_schema(tmp_path: Path) -> None:
    root = make_folder(tmp_path, zone()).parent
    out = check(root, 0, "--genesis", "--schema", "normal", "--ksk", "current=A").out
    assert "schema normal, current = A" in out


def test_the_rollover_is_bound_by_what_came_before(tmp_path: Path) -> None:
    made = Zone()
    made.deploy(made.request(0), "normal", ONE)
    made.deploy(made.request(1), "pre-publish", both())
    root = make_folder(tmp_path, made).parent
    before = tmp_path / "before.xml"
    before.write_bytes(write_skr(made.history[1].response))
    file = tmp_path / "ksr.xml"
    file.write_bytes(write_ksr(made.request(2)))
    when = f"{made.begin(2):%Y-%m-%d}"
    outcome = run("ksr", "check", file, "--previous", before, "--schema", "rollover", "--at", when, "--in", root)
    assert outcome.code == 0, outcome
    assert "schema rollover, current = A, next = B" in outcome.out


# -- the policy, as it is written and as it is compiled ---------------------------------------------------------------


POLICIES = [load_policy(EXAMPLE.encode(), "x"), root_zone(), tld_policy(), root_policy()]


@pytest.mark.parametrize("policy", POLICIES)
def test_a_policy_is_written_as_it_is_read(policy: Policy) -> None:
    text = policy_toml(policy)
    assert load_policy(text.encode(), "policy.toml") == policy
    assert policy_toml(load_policy(text.encode(), "policy.toml")) == text


def test_those_who_have_time_compare_the_two_forms(tmp_path: Path) -> None:
    one, other = (load_policy(text.encode(), "x") for text in (EXAMPLE, EXAMPLE.replace("P28D", "P1D")))
    (tmp_path / "policy.toml").write_text(EXAMPLE)
    assert load_checked_policy(tmp_path) == one
    (tmp_path / "policy.json").write_bytes(one.compiled(canonical.digest(EXAMPLE.encode())))
    assert load_checked_policy(tmp_path) == one
    (tmp_path / "policy.json").write_bytes(other.compiled(canonical.digest(EXAMPLE.encode())))
    assert load_zone_policy(tmp_path) == other
    with pytest.raises(Refusal, match=r"it is not what policy\.toml says"):
        load_checked_policy(tmp_path)


# -- the root's past --------------------------------------------------------------------------------------------------


def own() -> Policy:
    """Today's policy of the root zone, as an import makes it: the KSKs in use, and one set of limits."""
    root = root_zone()
    limits = msgspec.structs.replace(
        root.limits[-1], id="own", since="2024-07-18", retire_safety=root.limits[-1].horizon
    )
    return msgspec.structs.replace(root, id="own", ksks=root.ksks[1:], limits=(limits,), exceptions=())


@pytest.mark.parametrize(
    ("day", "limits", "exceptions"),
    [
        ("2010-06-16", "fifteen-days", ["five-digit-tags", "stated-exponent-3", "a-second-short"]),
        ("2016-04-18", "fifteen-days", ["five-digit-tags", "stated-exponent-3", "a-second-short"]),
        ("2016-05-12", "two-sizes", ["five-digit-tags", "a-second-short"]),
        ("2016-10-27", "to-twenty-one-days", ["five-digit-tags", "a-second-short"]),
        ("2017-10-18", "twenty-one-days", ["five-digit-tags"]),
        ("2020-04-23", "three-quarters-at-once", ["five-digit-tags"]),
        ("2018-04-11", "ceremony-33", ["five-digit-tags"]),
        ("2018-04-13", "after-ceremony-33", ["five-digit-tags"]),
        ("2020-06-01", "between-the-threes", ["five-digit-tags"]),
        ("2021-02-11", "three-quarters-again", []),
        ("2021-02-13", "own", []),
        ("2026-02-12", "own", []),
    ],
)
def test_what_held_on_a_day(day: str, limits: str, exceptions: list[str]) -> None:
    at = datetime.fromisoformat(day).replace(tzinfo=UTC)
    policy = with_history(own())
    assert policy.limits_at(at).id == limits
    assert [one.id for one in policy.exceptions_at(at, "sha256:x")] == exceptions


def test_the_past_does_not_change_what_holds_today() -> None:
    policy = with_history(own())
    assert [one.id for one in policy.ksks] == ["Kjqmt7v", "Klajeyz", "Kmyv6jo"]
    assert policy.limits[-1] == msgspec.structs.replace(own().limits[0], since="2021-02-13")
    of_2018 = policy.limits_at(datetime(2018, 1, 1, tzinfo=UTC))
    assert of_2018.retire_safety == own().limits[0].retire_safety
    assert of_2018.horizon == own().limits[0].horizon
    assert read_policy(policy.compiled(), "policy.json").policy == policy


def test_a_root_with_other_ksks_and_other_zones_have_no_such_past() -> None:
    assert with_history(root_policy()) == root_policy()
    assert with_history(tld_policy()) == tld_policy()
    stranger = msgspec.structs.replace(own(), zone="example.")
    assert with_history(stranger) == stranger


def test_the_command_refuses_a_folder_without_policy(tmp_path: Path) -> None:
    file = tmp_path / "ksr.xml"
    file.write_bytes(write_ksr(request(0)))
    assert refused(tmp_path, "ksr", "check", file, "--genesis", "--in", tmp_path) == ["zone.not_found"]


# -- out of turn ------------------------------------------------------------------------------------------------------


def off_cycle(tmp_path: Path, zsks: int) -> tuple[Path, Path]:
    """The folder with two quarters deployed, and a request for the last slots of the second with ZSKs of a quarter."""
    root, made = folder(tmp_path, deployed=2), Zone()
    rows = [made.zsks(zsks)] * 2 + [(*made.zsks(zsks), *made.zsks(2))]
    urgent = made.request(1, rows, slots=3, begin=made.begin(1) + 60 * timedelta(days=1))
    file = root / "urgent.xml"
    file.write_bytes(write_ksr(urgent))
    return root, file


def out_of_turn(tmp_path: Path, zsks: int, *more: str) -> Outcome:
    root, file = off_cycle(tmp_path, zsks)
    return run("ksr", "check", file, "--at", "2026-05-20", "--in", root, *more)


def test_a_request_out_of_turn_is_refused_without_its_act_and_judged_with_it(tmp_path: Path) -> None:
    plain = out_of_turn(tmp_path / "plain", 7)
    assert plain.code == 1
    assert {"ksr.bundle_count", "ksr.chain_keys"} <= set(plain.codes)
    urgent = out_of_turn(tmp_path / "urgent", 7, "--act", "zsk-compromise", "--schema", "normal", "--ksk", "current=A")
    assert (urgent.code, urgent.err) == (0, "")
    assert re.search(r"^KSR-CHAIN-KEYS +accepted by zsk-compromise$", urgent.out, re.MULTILINE)
    assert "relaxed by zsk-compromise: KSR-BUNDLE-COUNT: " in urgent.out.replace("slots 1-3: ", "")
    assert "needs a request that is marked as off cycle" in urgent.out
    assert urgent.out.endswith("accepted: the request passes every check that the act leaves\n")


def test_an_act_relaxes_no_more_than_it_says(tmp_path: Path) -> None:
    """Other ZSKs are another act's; a signature is nobody's."""
    assert "ksr.chain_keys" in out_of_turn(tmp_path / "other", 7, "--act", "ksk-loss").codes
    root, file = off_cycle(tmp_path / "damaged", 7)
    request_, _ = read_ksr(file.read_bytes(), "urgent.xml")
    first = request_.bundles[0]
    bad = replace(first.signatures[0], rrsig=replace(first.signatures[0].rrsig, signature=bytes(64)))
    bundles = (replace(first, signatures=(bad,)), *request_.bundles[1:])
    file.write_bytes(write_ksr(replace(request_, bundles=bundles)))
    damaged = run("ksr", "check", file, "--at", "2026-05-20", "--in", root, "--act", "zsk-compromise")
    assert (damaged.code, damaged.codes) == (1, ["ksr.bundle_pop"])


def test_an_act_tells_whom_it_leaves_behind(tmp_path: Path) -> None:
    parts = ("--schema", "emergency-successor", "--ksk", "current=A", "--ksk", "next=B")
    lost = out_of_turn(tmp_path, 1, "--act", "ksk-loss", *parts)
    assert (lost.code, lost.err) == (0, "")
    assert re.search(r"(?m)^relaxed by ksk-loss: KSR-POLICY-SAFETY: ", lost.out), lost.out


def test_an_act_beside_genesis_is_wrong_use(tmp_path: Path) -> None:
    assert out_of_turn(tmp_path, 1, "--genesis", "--act", "ksk-loss").code == 2
