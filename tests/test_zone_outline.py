"""Plans about a zone's keys, written from templates and rehearsed as they stand."""

from __future__ import annotations

import subprocess
import tomllib
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

import kept_zone
from forging import VERIFIER, genesis, record, verify
from quorate.dnssec.ksr_layout import write_ksr
from quorate.findings import Refusal
from quorate.host import SteppedHost
from quorate.outset import RULES, init, new
from quorate.rehearse import rehearse
from quorate.zone_outline import ZONE_KINDS
from refusing import run
from test_carrying import planned
from zoned import ZONES, policy
from zones import BEGIN, DAY, Zone

ZONE = Zone(kinds={"ksk-1": "p-256"})
TODAY = BEGIN - 70 * DAY
SECOND = """
[[tokens]]
id = "hsm-2"
kind = "software"
location = "tokens/hsm-2"
serial = "EX-2"
"""
SERIES = {"01": "ksk-generation", "02": "ksk-import", "03": "ksk-signing", "04": "publication", "05": "ksk-signing"}
SERIES |= {"06": "ksk-destruction"}


def begin(root: Path) -> tuple[Path, SteppedHost]:
    """A new authority that holds the KSKs of the root zone on two tokens."""
    host = SteppedHost(TODAY)
    init(root, "example", "private", host)
    text = (root / "authority.toml").read_text() + SECOND
    token = text.partition("[[tokens]]")[2].partition('id = "')[2].partition('"')[0]
    zone = ZONES.format(zone=".", tokens=f'"{token}", "hsm-2"', folder="dnssec")
    (root / "authority.toml").write_text(text.replace('"p-384"', '"p-256", "p-384"', 1) + zone)
    (root / "dnssec").mkdir()
    (root / "dnssec" / "policy.toml").write_text(policy())
    return root, host


def test_a_series_about_a_zone_can_be_rehearsed_as_it_was_written(tmp_path: Path) -> None:
    root, host = begin(tmp_path / "a")
    assert set(SERIES.values()) == set(ZONE_KINDS)
    quarter = 0
    for name, kind in SERIES.items():
        quarter_day = SteppedHost(BEGIN + 30 * DAY) if name > "04" else host
        plan = new(root, name, kind, quarter_day)
        if kind == "ksk-signing":
            (plan.parent / "inputs" / f"ksr-{quarter + 1}.xml").write_bytes(write_ksr(ZONE.request(quarter)))
            quarter += 1
        rehearse(root, plan.parent, VERIFIER.read_bytes())
    records = [record(root, name) for name in SERIES]
    code, output = verify(*records, "--authority", genesis(root), "--rehearsal")
    assert code == 0, output


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        ("ksk-signing", "outset.no_ksk"),
        ("ksk-import", "outset.no_ksk"),
        ("ksk-destruction", "outset.no_ksk"),
        ("publication", "outset.nothing_signed"),
    ],
)
def test_what_has_nothing_to_begin_with_is_refused(tmp_path: Path, kind: str, code: str) -> None:
    root, host = begin(tmp_path / "a")
    with pytest.raises(Refusal) as refusal:
        new(root, "01", kind, host)
    assert refusal.value.code == code


def test_an_authority_without_zones_has_no_ksks(tmp_path: Path) -> None:
    init(tmp_path / "a", "example", "private", SteppedHost(TODAY))
    with pytest.raises(Refusal) as refusal:
        new(tmp_path / "a", "01", "ksk-generation", SteppedHost(TODAY))
    assert refusal.value.code == "outset.no_zone"


@pytest.mark.parametrize("rules", RULES)
def test_what_init_writes_for_a_zone_is_rehearsed_without_an_edit(tmp_path: Path, rules: str) -> None:
    root, zone = tmp_path / "a", Zone(name="example.org.", kinds={"ksk-1": "p-256"})
    said = init(root, "example", rules, SteppedHost(TODAY), "Example.ORG")
    assert f"{root}/dnssec/policy.toml: what is accepted for the zone example.org." in said
    for name, kind in (("01", "ksk-generation"), ("02", "ksk-signing"), ("03", "publication")):
        plan = new(root, name, kind, SteppedHost(TODAY))
        if kind == "ksk-signing":
            (plan.parent / "inputs" / "ksr-1.xml").write_bytes(write_ksr(zone.request(0)))
        rehearse(root, plan.parent, VERIFIER.read_bytes())
    code, output = verify(
        *(record(root, name) for name in ("01", "02", "03")), "--authority", genesis(root), "--rehearsal"
    )
    assert code == 0, output


def test_a_request_with_the_defaults_of_ksr_make_is_acceptable_to_a_new_zone(tmp_path: Path) -> None:
    assert run("init", tmp_path / "a", "--zone", "example.").code == 0
    zsk, request = tmp_path / "zsk.pem", tmp_path / "ksr.xml"
    command = ("openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", str(zsk))
    subprocess.run(command, check=True, capture_output=True)
    start = (datetime.now(UTC) + 35 * DAY).strftime("%Y-%m-%dT00:00:00Z")
    made = run("ksr", "make", request, "--zone", "example.", "--start", start, "--zsk", f"one={zsk}")
    assert made.code == 0, made.err
    checked = run("ksr", "check", request, "--genesis", "--in", tmp_path / "a")
    assert checked.code == 0, checked.out + checked.err


@pytest.mark.parametrize("zone", ["a..b", "-" * 64 + ".", "é."])
def test_init_refuses_a_name_that_is_no_zones(tmp_path: Path, zone: str) -> None:
    with pytest.raises(Refusal) as refusal:
        init(tmp_path / "a", "example", "private", SteppedHost(TODAY), zone)
    assert refusal.value.code == "dnssec.name_unusable"
    assert not (tmp_path / "a").exists()


def test_a_copy_needs_a_second_token(tmp_path: Path) -> None:
    root, host = begin(tmp_path / "a")
    text = (root / "authority.toml").read_text()
    (root / "authority.toml").write_text(text.replace(', "hsm-2"]', "]"))
    new(root, "01", "ksk-generation", host)
    with pytest.raises(Refusal) as refusal:
        new(root, "02", "ksk-import", host)
    assert refusal.value.code == "outset.no_second_token"


def test_a_zone_with_a_quotation_mark_in_its_name_is_written_as_toml_has_it(tmp_path: Path) -> None:
    init(tmp_path / "a", "example", "private", SteppedHost(TODAY), 'x".')
    new(tmp_path / "a", "01", "ksk-generation", SteppedHost(TODAY))
    policy = tomllib.loads((tmp_path / "a/dnssec/policy.toml").read_text())
    assert policy["zone"] == 'x\\".'


def laid_out(root: Path, name: str, kind: str, zone: str = "", **changes: str) -> dict[str, Any]:
    """A plan as `new` writes it; then some of its text is changed, as its author would."""
    path = new(root, name, kind, SteppedHost(TODAY), zone)
    plan = tomllib.loads(path.read_text())
    text = path.read_text()
    for old, fresh in changes.items():
        assert old in text
        text = text.replace(old, fresh)
    path.write_text(text)
    return plan


def response(plan: dict[str, Any]) -> tuple[str, str, dict[str, str]]:
    (one,) = plan["operations"][-1]["responses"]
    return one["id"], one["schema"], one["keys"]


def test_a_signing_goes_on_with_the_schema_and_the_ksks_that_the_zone_has(tmp_path: Path) -> None:
    root, _ = begin(tmp_path / "a")
    laid_out(root, "01", "ksk-generation")
    laid_out(root, "02", "ksk-generation")
    both = 'keys = { current = "ksk-1", next = "ksk-2" }'
    assert response(laid_out(root, "03", "ksk-signing"))[1:] == ("normal", {"current": "ksk-2"})
    path = root / "ceremonies/03/plan.toml"
    path.write_text(path.read_text().replace("ksk-2", "ksk-1"))  # the author knows better which is the first to sign
    alone = {'keys = { current = "ksk-1" }': both}
    assert response(laid_out(root, "04", "ksk-signing"))[1:] == ("normal", {"current": "ksk-1"})
    assert response(laid_out(root, "05", "ksk-signing", **alone, normal="pre-publish"))[1] == "normal"
    old, new_one = {"current": "ksk-1", "next": "ksk-2"}, {"pre-publish+": "rollover"}
    assert response(laid_out(root, "06", "ksk-signing", **new_one)) == ("skr-4", "pre-publish+", old)
    assert laid_out(root, "07", "ksk-destruction")["operations"][0]["key"] == "ksk-1"
    assert "# CHANGE: the zone still has ksk-1" in (root / "ceremonies/07/plan.toml").read_text()
    (root / "ceremonies/07/plan.toml").unlink()
    assert response(laid_out(root, "08", "ksk-signing", **{"rollover+": "revoke"}))[1:] == ("rollover+", old)
    assert response(laid_out(root, "09", "ksk-signing"))[1:] == ("normal", {"current": "ksk-2"})
    assert laid_out(root, "10", "ksk-destruction")["operations"][0]["key"] == "ksk-1"
    assert "CHANGE: the zone" not in (root / "ceremonies/10/plan.toml").read_text()


def test_what_is_recorded_is_not_the_back_out_and_the_next_signing_follows_what_was_recorded(tmp_path: Path) -> None:
    root, _ = begin(tmp_path / "a")
    laid_out(root, "01", "ksk-generation")
    back_out = (
        '[[operations.responses]]\nid = "skr-1-back"\nzone = "."\nksr = "ksr-1.xml"\nschema = "algorithm-back-out"'
    )
    back_out += '\nkeys = { current = "ksk-9" }\nback-out-of = "skr-1"\n'
    laid_out(root, "02", "ksk-signing")
    path = root / "ceremonies/02/plan.toml"
    path.write_text(path.read_text() + back_out)
    assert [one["artifact"] for one in laid_out(root, "03", "publication")["publications"]] == ["skr-1"]
    assert response(laid_out(root, "04", "ksk-signing"))[2] == {"current": "ksk-1"}
    laid_out(root, "05", "publication", **{'"skr-3"': '"skr-1-back"'})
    assert response(laid_out(root, "06", "ksk-signing"))[1:] == ("normal", {"current": "ksk-9"})


def test_a_plan_is_about_the_zone_that_is_named(tmp_path: Path) -> None:
    root, _ = begin(tmp_path / "a")
    text = (root / "authority.toml").read_text() + ZONES.format(zone="x.", tokens='"hsm-2"', folder="x")
    (root / "authority.toml").write_text(text)
    (root / "x").mkdir()
    (root / "x" / "policy.toml").write_text(policy("x."))
    laid_out(root, "01", "ksk-generation")
    assert run("new", "02", "--from", "ksk-signing", "--zone", "x", "--in", root).codes == ["outset.no_ksk"]
    made = laid_out(root, "02", "ksk-generation", "X.")["operations"][-1]
    assert (made["id"], made["zone"], made["token"]) == ("ksk-2", "x.", "hsm-2")
    assert laid_out(root, "03", "ksk-import")["operations"][-1]["key"] == "ksk-1"
    laid_out(root, "04", "ksk-signing")
    assert response(laid_out(root, "05", "ksk-signing", "x."))[::2] == ("skr-2", {"current": "ksk-2"})
    both = laid_out(root, "06", "publication")
    assert [one["artifact"] for one in both["publications"]] == ["skr-1", "skr-2"]
    assert "retrieve" not in both or both["retrieve"] == []
    assert run("new", "07", "--from", "ksk-import", "--zone", "x.", "--in", root).codes == ["outset.no_second_token"]
    assert run("new", "07", "--from", "ksk-import", "--zone", "y.", "--in", root).codes == ["outset.zone_unknown"]
    assert run("new", "07", "--from", "root", "--zone", "x.", "--in", root).codes == ["outset.zone_without_use"]


def test_a_copy_is_planned_once(tmp_path: Path) -> None:
    root, host = begin(tmp_path / "a")
    new(root, "01", "ksk-generation", host)
    new(root, "02", "ksk-import", host)
    with pytest.raises(Refusal) as refusal:
        new(root, "03", "ksk-import", host)
    assert refusal.value.code == "outset.no_second_token"
    new(root, "03", "ksk-generation", host)
    assert laid_out(root, "04", "ksk-import")["operations"][-1]["id"] == "ksk-2-hsm-2"


def test_who_destroys_one_of_two_copies_of_a_ksk_in_use_is_told(tmp_path: Path) -> None:
    root, host = begin(tmp_path / "a")
    for name, kind in (
        ("01", "ksk-generation"),
        ("02", "ksk-import"),
        ("03", "ksk-signing"),
        ("04", "ksk-destruction"),
    ):
        plan = new(root, name, kind, host)
        if kind == "ksk-signing":
            (plan.parent / "inputs/ksr-1.xml").write_bytes(write_ksr(ZONE.request(0)))
        rehearse(root, plan.parent, VERIFIER.read_bytes())
    script = (plan.parent / "rehearsal/script.txt").read_text()
    assert "without ksk-1 the KSK ksk-1 is not on hsm-1 any more, and signs nothing of its zone" in script
    assert "ksk-1 stands in skr-1, whose signatures are valid until" in script
    assert "last copy" not in script


OWN_SCHEMA = """format = "quorate/1"
[[schemas]]
id = "two"
title = "Two KSKs are published"
keys = ["current", "next"]
follows = [{ schema = "two" }]
slots = [{ slots = "1..last", publish = ["current", "next"], sign = ["current"] }]
"""


def test_of_what_was_adopted_nothing_is_recorded_again_and_no_ksk_in_use_destroyed(tmp_path: Path) -> None:
    """Though no schema of the zone fits the adopted SKR."""
    root, _ = kept_zone.authority(tmp_path)
    (root / "dnssec/0/schemas.toml").write_text(OWN_SCHEMA)
    plan = planned(root, "001-adoption", kept_zone.FIRST + kept_zone.CARRIED, '["hsm-1-bag", "cards"]')
    (plan / "plan.toml").write_text('adopt = ["dnskey-old", "skr-old"]\n' + (plan / "plan.toml").read_text())
    told = run("new", "002-published", "--from", "publication", "--in", root)
    assert (told.code, list(told.codes)) == (1, ["outset.nothing_signed"])
    assert run("new", "002-destroyed", "--from", "ksk-destruction", "--in", root).code == 0
    assert '\nkey = "ksk-new"\n' in (root / "ceremonies/002-destroyed/plan.toml").read_text()
