"""`quorate skr check`: what is at hand decides what is judged, and everything that is wrong is said."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from quorate.dnssec.ksr import Request
from quorate.dnssec.ksr_layout import write_ksr, write_skr
from refusing import refused, run
from test_skr import OWN
from zone_folder import make_folder
from zones import DAY, Zone, both, ksk_pair, replace

ONE = {"current": "A"}
QUARTERS = [
    ("normal", ONE),
    ("pre-publish", both()),
    ("rollover", both()),
    ("revoke", both()),
    ("normal", {"current": "B"}),
]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Five quarters of files beside the zone's folder, and a trust anchor."""
    root, zone = tmp_path_factory.mktemp("zone"), Zone()
    make_folder(root, zone)
    for quarter, (schema, keys) in enumerate(QUARTERS):
        request = zone.request(quarter)
        (root / f"ksr{quarter}.xml").write_bytes(write_ksr(request))
        (root / f"skr{quarter}.xml").write_bytes(write_skr(zone.deploy(request, schema, keys)))
    assert run("trust-anchor", "make", root / "anchors.xml", "--in", root).code == 0
    outside = root / "outside"
    outside.mkdir()
    return root


def record(root: Path, name: str, skr: Path, deployed: str = "", rest: str = "") -> None:
    folder = root / "dnssec" / "responses" / name
    folder.mkdir(parents=True)
    shutil.copy(skr, folder / "skr.xml")
    text = f'format = "quorate/1"\n{rest}' + (f'deployed = "{deployed}"\n' if deployed else "")
    (folder / "response.toml").write_text(text)


def copied(made: Path, root: Path) -> Path:
    """A folder of one's own, to be changed."""
    shutil.copytree(made, root, dirs_exist_ok=True)
    return root


@pytest.mark.parametrize("quarter", [1, 2, 3, 4])
def test_each_quarter_is_accepted_after_the_one_before(made: Path, quarter: int) -> None:
    outcome = run(
        *("skr", "check", made / f"skr{quarter}.xml", "--ksr", made / f"ksr{quarter}.xml"),
        *("--previous", made / f"skr{quarter - 1}.xml", "--trust-anchor", made / "anchors.xml"),
    )
    assert (outcome.code, outcome.err) == (0, "")
    assert f"schema: {QUARTERS[quarter][0]} (" in outcome.out
    assert "states in" in outcome.out
    assert outcome.out.endswith("nothing stands against it\n")


def test_the_table_shows_what_each_ksk_does(made: Path) -> None:
    lines = run("skr", "check", made / "skr3.xml", "--previous", made / "skr2.xml").out.splitlines()
    head = next(number for number, line in enumerate(lines) if line.startswith("  #"))
    table = lines[head + 1 : head + 10]
    assert [line.split()[0] for line in table] == [str(number) for number in range(1, 10)]
    tags = {name: ksk_pair("p-256", name).dnskey for name in "AB"}
    assert f"{tags['B'].key_tag}/PS B" in table[0]
    assert f"{tags['A'].key_tag}/P A" in table[0]
    assert f"{tags['A'].revoked.key_tag}/RS A" in table[1]
    assert " A" not in table[8]


def test_what_an_exception_accepts_is_told(made: Path, tmp_path: Path) -> None:
    root = copied(made, tmp_path)
    path = root / "skr1.xml"
    path.write_bytes(path.read_bytes().replace(b'keyTag="', b'keyTag="0', 1))
    call = ("skr", "check", path, "--previous", root / "skr0.xml", "--at", "2026-04-10", "--in", root)
    assert refused(root, *call) == ["ksr.number_spelled"]
    with (root / "dnssec/policy.toml").open("a") as policy:
        policy.write(
            '\n[[exceptions]]\nid = "spelling"\nsince = "2026-01-01"\nuntil = "2026-12-31"\n'
            'accepts = ["ksr.number_spelled"]\nreason = "their signer writes six digits"\n'
        )
    (root / "dnssec/policy.json").unlink(missing_ok=True)
    outcome = run(*call)
    assert outcome.code == 0, outcome
    assert "accepted by spelling: skr1.xml: KSR-SPELLING: line " in outcome.out


def test_a_file_alone_is_judged_alone(made: Path, tmp_path: Path) -> None:
    file = tmp_path / "skr.xml"
    shutil.copy(made / "skr1.xml", file)
    outcome = run("skr", "check", file)
    assert outcome.code == 0
    assert "warning: skr.ksks_unpinned" in outcome.out
    assert "what it answers is not judged" in outcome.out
    assert "its place in the sequence is not judged" in outcome.out
    anchored = run("skr", "check", file, "--trust-anchor", made / "anchors.xml")
    assert anchored.code == 0
    assert "skr.ksks_unpinned" not in anchored.out
    with_previous = run("skr", "check", file, "--previous", made / "skr0.xml")
    assert with_previous.code == 0
    assert "after SKR" in with_previous.out


def test_the_folder_one_stands_in_knows_the_ksks_of_a_file_elsewhere(
    made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "skr.xml"
    shutil.copy(made / "skr0.xml", file)
    alone = run("skr", "check", file, "--at", "2026-10-01")
    assert "skr.ksks_unpinned" in alone.out
    monkeypatch.chdir(made)
    within = run("skr", "check", file, "--at", "2026-10-01")
    assert (within.code, within.err) == (0, "")
    assert "skr.ksks_unpinned" not in within.out
    assert "policy " in within.out


def test_the_folder_knows_what_was_signed_before(made: Path, tmp_path: Path) -> None:
    root = copied(made, tmp_path / "zone")
    record(
        root, "001", root / "skr0.xml", "2026-01-01", 'schema = "normal"\nkeys = [{ part = "current", ksk = "A" }]\n'
    )
    assert run("skr", "check", root / "skr1.xml").code == 0
    assert {"skr.gap_before", "skr.order"} <= set(refused(root, "skr", "check", root / "skr2.xml"))
    record(root, "002", root / "skr1.xml", "2026-04-01")
    assert run("skr", "check", root / "skr2.xml").code == 0
    assert run("skr", "check", root / "skr1.xml").code == 0  # judged as it was when it was signed
    record(root, "003", root / "skr2.xml")
    assert "skr.gap_before" in refused(root, "skr", "check", root / "skr3.xml")
    outcome = run("skr", "check", root / "skr3.xml", "--act", "calendar-bridge")
    assert (outcome.code, outcome.err) == (0, "")
    assert "relaxed by the act: skr.predecessor_undeployed" in outcome.out
    (root / "dnssec" / "responses" / "003" / "response.toml").write_text('format = "quorate/1"\ndeployed = "soon"\n')
    assert refused(root, "skr", "check", root / "skr3.xml") == ["plan.day"]


def test_a_named_schema_is_held_to(made: Path) -> None:
    call = ("skr", "check", made / "skr2.xml", "--previous", made / "skr1.xml")
    assert run(*call, "--schema", "rollover", "--ksk", "current=A", "--ksk", "next=B").code == 0
    assert run(*call, "--schema", "rollover").code == 0
    swapped = refused(made, *call, "--schema", "rollover", "--ksk", "current=B", "--ksk", "next=A")
    assert set(swapped) == {"skr.schema_differs"}
    assert refused(made, *call, "--schema", "normal") == ["skr.schema_other"]
    assert "skr.schema_unknown" not in run(*call, "--schema", "normal").out  # it is a rollover, which is known
    assert refused(made, *call, "--schema", "nothing") == ["schema.unknown"]
    assert run(*call, "--schema", "rollover", "--ksk", "current").code == 2


def test_another_request_is_told_once(made: Path) -> None:
    assert refused(made, "skr", "check", made / "skr2.xml", "--ksr", made / "ksr1.xml") == ["skr.differs"]
    assert refused(made, "skr", "check", made / "skr2.xml", "--ksr", made / "skr1.xml") == ["ksr.other_kind"]
    assert refused(made, "skr", "check", made / "ksr2.xml") == ["ksr.other_kind"]


def test_a_quarter_left_out_is_told_as_a_gap_and_as_stranded_validators(made: Path) -> None:
    codes = refused(made, "skr", "check", made / "skr2.xml", "--previous", made / "skr0.xml")
    assert {"skr.gap_before", "skr.order"} <= set(codes)


def test_a_key_that_was_never_published_is_told_as_a_validator_that_is_left_behind(made: Path, tmp_path: Path) -> None:
    zone = Zone()
    file = tmp_path / "jump.xml"
    file.write_bytes(write_skr(zone.sign(zone.draft(zone.request(1), "rollover", both()))))
    # the folder's pins say that B has been a trust anchor since 2025: only those who followed the zone are left behind
    codes = refused(tmp_path, "skr", "check", file, "--previous", made / "skr0.xml", "--in", made)
    assert codes == ["skr.order", "skr.stranded"]
    lone = run("skr", "check", file, "--previous", made / "skr0.xml")
    assert lone.code == 1
    assert "trusts only A; on 2026-04-11 it meets bundle 2 of rollover, signed by B" in lone.err


def test_a_foreign_key_is_refused_by_folder_and_by_anchor(made: Path, tmp_path: Path) -> None:
    stranger = Zone(kinds={"S": "p-256"})
    file = tmp_path / "skr.xml"
    file.write_bytes(write_skr(stranger.sign(stranger.draft(stranger.request(0), "normal", {"current": "S"}))))
    assert set(refused(tmp_path, "skr", "check", file, "--in", made)) == {"skr.ksk_unknown"}
    anchored = refused(tmp_path, "skr", "check", file, "--trust-anchor", made / "anchors.xml")
    assert set(anchored) == {"skr.no_anchor_signs"}


NEVER_IN_A_FILE = {"skr.empty", "skr.unsigned", "skr.too_many_signatures", "dnssec.name_unusable"}
"""What the format itself forbids, and so the reader refuses before."""


@pytest.mark.parametrize("code", sorted(set(OWN) - NEVER_IN_A_FILE))
def test_a_damaged_file_is_refused_with_its_finding(code: str, made: Path, tmp_path: Path) -> None:
    zone = Zone()
    response = zone.sign(zone.draft(zone.request(0), "revoke", both()))
    file = tmp_path / "skr.xml"
    file.write_bytes(write_skr(OWN[code](response)))
    outcome = run("skr", "check", file, "--in", made)
    assert outcome.code == 1
    assert code in outcome.codes or f"warning: {code}" in outcome.out


def test_a_response_keeps_to_the_limits_of_its_zone(made: Path, tmp_path: Path) -> None:
    """Soundly signed, and never what the policy allows to be asked for; each check by its public name."""
    zone, file = Zone(), tmp_path / "skr.xml"
    turns = zone.request(1)

    def told(request: Request, folder: Path = made) -> str:
        file.write_bytes(write_skr(zone.sign(zone.draft(request, "normal", ONE))))
        outcome = run("skr", "check", file, "--in", folder, "--at", "2026-02-10")
        assert outcome.code == 1
        return outcome.err

    assert "KSR-BUNDLE-COUNT: there are 8 bundles and not 9" in told(replace(turns, bundles=turns.bundles[:8]))
    early = zone.request(1, slots=9)
    apart = [
        replace(one, inception=one.inception + number * 5 * DAY, expiration=one.expiration + number * 5 * DAY)
        for number, one in enumerate(early.bundles)
    ]
    spread = told(replace(early, bundles=tuple(apart)))
    assert "bundles 2-9: KSR-POLICY-SIG-OVERLAP: the overlap with the slot before is P6D" in spread
    assert "bundles 2-9: KSR-POLICY-BUNDLE-INTERVALS: the slot begins P15D after" in spread
    assert "KSR-BUNDLE-CYCLE-DURATION: the last slot begins P120D" in spread
    other = make_folder(tmp_path / "other", zone) / "policy.toml"
    other.write_text(
        other.read_text().replace("algorithms = [{ algorithm = 13 }]", "algorithms = [{ algorithm = 14 }]")
    )
    assert "KSR-POLICY-ALG: key" in told(turns, tmp_path / "other")


def test_what_the_signer_states_keeps_to_the_policy(made: Path, tmp_path: Path) -> None:
    zone, file = Zone(), tmp_path / "skr.xml"
    response = zone.sign(zone.draft(zone.request(0), "normal", ONE))
    for stated in ({"min_signature_validity": 81 * DAY}, {"max_validity_overlap": 20 * DAY}):
        file.write_bytes(write_skr(replace(response, ksk=replace(response.ksk, **stated))))
        assert refused(tmp_path, "skr", "check", file, "--in", made) == ["skr.stated"]


def test_one_cause_is_told_once_for_all_bundles(made: Path, tmp_path: Path) -> None:
    zone, file = Zone(), tmp_path / "skr.xml"
    response = zone.sign(zone.draft(zone.request(0), "normal", ONE))
    file.write_bytes(write_skr(replace(response, domain="example.")))
    lines = [line for line in run("skr", "check", file).err.splitlines() if line.startswith("quorate: ")]
    assert len(lines) == 3
    assert all("bundles 1-9: " in line for line in lines)


def test_an_act_relaxes_what_it_says_of_the_calendar(made: Path, tmp_path: Path) -> None:
    zone, file = Zone(), tmp_path / "skr.xml"
    request = zone.request(0)
    few = replace(request, bundles=request.bundles[:5])
    file.write_bytes(write_skr(zone.sign(zone.draft(few, "normal", ONE))))
    call = ("skr", "check", file, "--in", made)
    assert set(refused(tmp_path, *call)) == {"ksr.bundle_count", "ksr.bundle_cycle_duration", "ksr.policy_keys"}
    outcome = run(*call, "--act", "zsk-compromise")
    assert outcome.code == 0
    assert "relaxed by the act: ksr.bundle_count" in outcome.out


def test_an_skr_of_no_schema_is_noticed(made: Path, tmp_path: Path) -> None:
    zone = Zone()
    mixed = zone.sign(zone.draft(zone.request(1), "normal", ONE))
    other = zone.sign(zone.draft(zone.request(1), "pre-publish", both()))
    file = tmp_path / "skr.xml"
    file.write_bytes(write_skr(replace(mixed, bundles=(*mixed.bundles[:5], *other.bundles[5:]))))
    outcome = run("skr", "check", file, "--previous", made / "skr0.xml", "--in", made)
    assert outcome.code == 0
    assert "warning: skr.schema_unknown" in outcome.out
    assert "schema: none that is known" in outcome.out


def test_wrong_use_is_told(made: Path) -> None:
    twice = ("--schema", "normal", "--ksk", "current=a", "--ksk", "current=b")
    assert run("skr", "check", made / "skr1.xml", *twice).code == 2
    itself = ("--previous", made / "skr1.xml")
    assert refused(made, "skr", "check", made / "skr1.xml", *itself) == ["skr.previous_itself"]
    assert run("skr", "check").code == 2
    assert run("skr", "check", made / "skr1.xml", "--act", "routine").code == 2
    assert run("skr", "check", made / "skr1.xml", "--in", made / "outside" / "..", "--at", "now").code == 2
    assert run("skr", "check", made / "skr1.xml", "--ksk", "current=A").code == 2
    assert refused(made, "skr", "check", made / "skr1.xml", "--in", "/") == ["zone.not_found"]
