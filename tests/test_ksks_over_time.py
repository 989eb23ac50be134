"""What is told of a zone's KSKs beyond the quarter before: safeties, anchors and their days, records, odd keys."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

import test_kskm
from quorate.dnssec.act import Act
from quorate.dnssec.dnskey import ZSK_FLAGS, Algorithm, Dnskey
from quorate.dnssec.keyfile import KeyPair
from quorate.dnssec.ksr_layout import write_ksr, write_skr
from quorate.dnssec.records import dnskey_line
from quorate.dnssec.request import Calendar, make_request, terms_of
from quorate.dnssec.soundness import own_findings
from quorate.findings import Refusal
from quorate.host import SteppedHost
from refusing import refused, run
from zone_folder import LIMITS, make_folder, pin
from zones import DAY, STATED, TTL, Zone, both, replace

ONE = {"current": "A"}
Turn = tuple[str, Mapping[str, str]]


def recorded(root: Path, quarter: int, response: bytes, inception: str, more: str = "") -> None:
    folder = root / "dnssec" / "responses" / f"00{quarter}"
    folder.mkdir(parents=True)
    (folder / "skr.xml").write_bytes(response)
    (folder / "response.toml").write_text(f'format = "quorate/1"\ndeployed = "{inception}"\n{more}')


def last_of(root: Path, turns: Sequence[Turn], limits: str = LIMITS, say: bool = False) -> tuple[Path, Path, str]:
    """Request and SKR of the last of these quarters, after the others on record, and the day on which it begins.

    `say`: the records say schemas and parts too.
    """
    zone = Zone()
    make_folder(root, zone)
    policy = root / "dnssec" / "policy.toml"
    policy.write_text(policy.read_text().replace(LIMITS, limits))
    for quarter, (schema, keys) in enumerate(turns):
        request = zone.request(quarter)
        response = write_skr(zone.deploy(request, schema, keys))
        begins = f"{request.bundles[0].inception:%Y-%m-%d}"
        if quarter < len(turns) - 1:
            parts = ", ".join(f'{{ part = "{part}", ksk = "{ksk}" }}' for part, ksk in keys.items())
            digest = f"sha256:{hashlib.sha256(write_ksr(request)).hexdigest()}"
            more = f'request = "{digest}"\nschema = "{schema}"\nkeys = [{parts}]\n' if say else ""
            recorded(root, quarter, response, begins, more)
    (root / "ksr.xml").write_bytes(write_ksr(request))
    (root / "skr.xml").write_bytes(response)
    return root / "ksr.xml", root / "skr.xml", begins


SAFETIES = {
    "published": ('publish-safety = "P200D"', "pre-publish+", "rollover", "skr.published_late"),
    "retired": ('retire-safety = "P300D"', "rollover+", "revoke", "skr.retired_early"),
}


@pytest.mark.parametrize("what", SAFETIES)
def test_safeties_are_counted_from_when_a_ksk_was_first_there_and_last_signed(tmp_path: Path, what: str) -> None:
    """A quarter in between changes nothing."""
    limit, between, last, code = SAFETIES[what]
    before: list[Turn] = [("normal", ONE), ("pre-publish", both())] if what == "published" else []
    before += [] if what == "published" else [("pre-publish", both()), ("rollover", both())]
    limits = re.sub(f"(?m)^{limit.partition(' ')[0]} = .*$", limit, LIMITS)
    _, skr, day = last_of(tmp_path, [*before, (between, both()), (last, both())], limits)
    assert set(refused(tmp_path, "skr", "check", skr, "--in", tmp_path, "--at", day, "--schema", last)) == {code}


def test_a_pinned_anchor_is_followed_whose_public_key_nobody_has(tmp_path: Path) -> None:
    zone, folder = Zone(), tmp_path / "dnssec"
    folder.mkdir()
    a, b = (zone.pairs[name].dnskey for name in "AB")
    pins = pin("B", ".", b, "2020-01-01", "2025-12-31") + pin("A", ".", a, "2026-01-01")
    (folder / "policy.toml").write_text(f'format = "quorate/1"\nid = "a-zone"\nzone = "."\n{pins}{LIMITS}')
    (folder / "ksks.txt").write_text(dnskey_line(".", a) + "\n")
    (tmp_path / "ksr.xml").write_bytes(write_ksr(zone.request(0)))
    arguments = ("ksr", "check", tmp_path / "ksr.xml", "--genesis", "--schema", "normal", "--ksk", "current=A")
    outcome = run(*arguments, "--in", tmp_path, "--at", "2025-12-01")
    assert outcome.code == 1
    assert "a validator with the fixed trust anchor B meets bundle 1" in outcome.err


def test_what_nobody_has_answered_is_not_signed_again(tmp_path: Path) -> None:
    zone = Zone()
    make_folder(tmp_path, zone)
    (tmp_path / "ksr.xml").write_bytes(write_ksr(zone.request(0)))
    check = ("ksr", "check", tmp_path / "ksr.xml", "--in", tmp_path, "--at", "2025-12-01", "--act", "re-sign")
    assert "ksr.chain_missing" in refused(tmp_path, *check)


@pytest.mark.parametrize("schema", ["pre-publish+", "rollover+", "revoke"])
def test_a_record_that_names_its_schema_alone_is_read_by_it(tmp_path: Path, schema: str) -> None:
    turns: list[Turn] = [("normal", ONE), ("pre-publish", both()), ("rollover", both())]
    last: Turn = ("normal", {"current": "B"}) if schema == "revoke" else ("rollover", both())
    turns = turns[:2] if schema == "pre-publish+" else turns
    ksr, skr, day = last_of(tmp_path, [*turns, (schema, both()), ("revoke", both()) if schema == "rollover+" else last])
    entry = tmp_path / "dnssec" / "responses" / f"00{len(turns)}" / "response.toml"
    entry.write_text(entry.read_text() + f'schema = "{schema}"\n')
    assert run("skr", "check", skr, "--in", tmp_path, "--at", day).code == 0
    schema_after = "revoke" if schema == "rollover+" else last[0]
    outcome = run("ksr", "check", ksr, "--in", tmp_path, "--at", day, "--schema", schema_after)
    assert outcome.code == 0, outcome.err


def test_a_record_gives_each_part_its_ksk(tmp_path: Path) -> None:
    _, skr, day = last_of(tmp_path, [("normal", ONE), ("normal", ONE)])
    entry = tmp_path / "dnssec" / "responses" / "000" / "response.toml"
    entry.write_text(entry.read_text() + 'schema = "normal"\nkeys = [{ part = "next", ksk = "A" }]\n')
    assert refused(tmp_path, "skr", "check", skr, "--in", tmp_path, "--at", day) == ["schema.binding"]


def test_what_is_signed_ahead_in_a_bridge_counts_as_shown() -> None:
    zone = Zone(published={"B": 0}, stated=replace(STATED, publish_safety=170 * DAY))
    zone.deploy(zone.request(0), "normal", ONE)
    zone.deploy(zone.request(1), "pre-publish", both(), False)
    zone.deploy(zone.request(2), "pre-publish+", both(), False)
    assert zone.judged(zone.request(3), "rollover", both(), Act.CALENDAR_BRIDGE).blocking == ()
    short = replace(STATED, publish_safety=190 * DAY)
    zone.stated = short
    blocking = zone.judged(zone.request(3), "rollover", both(), Act.CALENDAR_BRIDGE).blocking
    assert {one.code for one in blocking} == {"skr.published_late"}


def test_an_anchor_counts_in_its_days_alone(tmp_path: Path) -> None:
    _, skr, day = last_of(tmp_path, [("normal", ONE)])
    anchor = tmp_path / "anchors.xml"
    assert run("trust-anchor", "make", anchor, "--in", tmp_path).code == 0
    check = ("skr", "check", skr, "--trust-anchor", anchor, "--in", tmp_path, "--at", day)
    assert run(*check).code == 0
    whole = anchor.read_text()
    for days in ('validFrom="2020-01-01T00:00:00+00:00" validUntil="2021-01-01T00:00:00+00:00"',
                 'validFrom="2031-01-01T00:00:00+00:00"'):  # fmt: skip
        anchor.write_text(re.sub(r'(<KeyDigest id="A") validFrom="[^"]*"( validUntil="[^"]*")?', rf"\1 {days}", whole))
        assert set(refused(tmp_path, *check)) == {"skr.no_anchor_signs"}


def test_with_an_anchor_alone_a_ksk_may_be_published_that_is_none_yet(tmp_path: Path) -> None:
    _, skr, _ = last_of(tmp_path / "zone", [("normal", ONE), ("pre-publish", both())])
    anchor = tmp_path / "anchors.xml"
    assert run("trust-anchor", "make", anchor, "--in", tmp_path / "zone").code == 0
    anchor.write_text(re.sub(r'<KeyDigest id="B".*?</KeyDigest>\s*', "", anchor.read_text(), flags=re.DOTALL))
    alone = tmp_path / "skr.xml"
    alone.write_bytes(skr.read_bytes())
    assert run("skr", "check", alone, "--trust-anchor", anchor).code == 0
    _, later, day = last_of(tmp_path / "later", [("normal", ONE), ("pre-publish", both()), ("pre-publish+", both())])
    after = tmp_path / "after.xml"
    after.write_bytes(later.read_bytes())
    check = ("skr", "check", after, "--previous", alone, "--trust-anchor", anchor, "--at", day)
    assert run(*check).code == 0


@pytest.mark.parametrize(
    ("old", "new"),
    [("<Zone>.</Zone>", "<Zone>.<Evil/></Zone>"), ("<Digest>", "<Digest>AB CD")],
    ids=["an element in Zone", "a blank in a digest"],
)
def test_an_anchor_has_its_elements_and_no_others(tmp_path: Path, old: str, new: str) -> None:
    last_of(tmp_path, [("normal", ONE)])
    anchor = tmp_path / "anchors.xml"
    run("trust-anchor", "make", anchor, "--in", tmp_path)
    text = anchor.read_text()
    assert old in text
    changed = text.replace(old, new, 1)
    if "Digest" in old:
        changed = re.sub(r"<Digest>AB CD.{4}", "<Digest>AB CD", changed, count=1)
    anchor.write_text(changed)
    assert refused(tmp_path, "trust-anchor", "check", anchor, "--in", tmp_path) == ["anchor.unreadable"]


# -- what the records say ---------------------------------------------------------------------------------------------

DOUBLED: list[Turn] = [("pre-publish", both()), ("rollover", both()), ("rollover+", both()), ("rollover+", both())]


@pytest.mark.parametrize("say", [True, False], ids=["with its schema", "without"])
def test_an_skr_is_read_after_what_the_record_calls_the_one_before(tmp_path: Path, say: bool) -> None:
    """rollover+ looks like pre-publish+ with the parts exchanged."""
    _, skr, day = last_of(tmp_path, DOUBLED, say=say)
    outcome = run("skr", "check", skr, "--in", tmp_path, "--at", day)
    assert (outcome.code, outcome.err) == (0, "")


def test_the_first_request_can_be_answered_again_by_its_act(tmp_path: Path) -> None:
    ksr, skr, _ = last_of(tmp_path, [("normal", ONE)])
    digest = f"sha256:{hashlib.sha256(ksr.read_bytes()).hexdigest()}"
    recorded(tmp_path, 0, skr.read_bytes(), "2026-01-01", f'request = "{digest}"\n')
    at = ("--in", tmp_path, "--at", "2025-12-01")
    assert "ksr.chain_missing" in refused(tmp_path, "ksr", "check", ksr, *at)
    outcome = run("ksr", "check", ksr, "--act", "re-sign", *at)
    assert (outcome.code, outcome.err) == (0, "")
    assert "relaxed by re-sign: " in outcome.out
    assert "no SKR before it at hand: its place in the sequence is not judged" in run("skr", "check", skr, *at).out


def test_an_imported_ksk_plays_one_part_in_all_schemas(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where both do the same, neither schema nor alphabet says which is the new one; the other schemas do."""
    zone = Zone(kinds={"A": "p-256", "B": "ed25519"})
    monkeypatch.setitem(test_kskm.NAMES, "A", "zsk_old_ksk")
    monkeypatch.setitem(test_kskm.NAMES, "B", "ksk_new")
    slots = {
        "introduce": [("A", "A", ""), *[("AB", "AB", "")] * 8],
        "double": [("AB", "AB", "")] * 9,
        "retire": [("AB", "AB", ""), *[("B", "AB", "A")] * 7, ("B", "B", "")],
    }
    monkeypatch.setattr(test_kskm, "SLOTS", slots)
    text = test_kskm.config(zone).replace("- RSASHA256", "- ECDSAP256SHA256\n    - ED25519")
    (tmp_path / "c.yaml").write_text(text)
    assert run("import", "kskm", tmp_path / "c.yaml", "--into", tmp_path / "zone").code == 0
    bindings = (tmp_path / "zone" / "dnssec" / "bindings.toml").read_text()
    assert (
        re.findall(r"keys = (.*)", bindings) == ['[{ part = "current", ksk = "A" }, { part = "next", ksk = "B" }]'] * 3
    )


# -- requests ---------------------------------------------------------------------------------------------------------


def test_no_calendar_goes_beyond_the_year_9999() -> None:
    calendar = Calendar(Zone().begin(0), 100, 90000 * DAY, 99999 * DAY)
    with pytest.raises(Refusal) as refusal:
        calendar.times(99)
    assert refusal.value.code == "ksr.calendar"


def test_a_key_of_small_order_proves_nothing(tmp_path: Path) -> None:
    """Its signatures are anybody's, over anything."""
    zone, octets = Zone(zsk_kinds=("ed25519",)), b"\1" + bytes(31)
    nobodys = KeyPair("weak", Dnskey(ZSK_FLAGS, 3, Algorithm.ED25519, octets), lambda data: octets + bytes(32))
    calendar = Calendar(zone.begin(0), 9, 10 * DAY, 21 * DAY)
    proof, random = (zone.begin(-1), zone.begin(0)), SteppedHost(zone.start, b"x").random
    request = make_request(".", calendar, [(nobodys,)] * 9, terms_of(calendar, TTL), proof, random)
    make_folder(tmp_path, zone)
    policy = tmp_path / "dnssec" / "policy.toml"
    text = policy.read_text().replace("algorithm = 13 }]", "algorithm = 15 }]")
    policy.write_text(re.sub(r"keys = \[.*\]", "keys = [{ slots = [1, 1, 1, 1, 1, 1, 1, 1, 1], different = 1 }]", text))
    (tmp_path / "ksr.xml").write_bytes(write_ksr(request))
    check = ("ksr", "check", tmp_path / "ksr.xml", "--genesis", "--in", tmp_path, "--at", "2025-12-01")
    assert set(refused(tmp_path, *check)) == {"ksr.key_strength"}


UNSOUND = {
    "bundles exchanged": lambda found: (*found[:3], found[4], found[3], *found[5:]),
    "one id twice": lambda found: (found[0], replace(found[1], id=found[0].id), *found[2:]),
    "a signature twice": lambda found: (replace(found[0], signatures=found[0].signatures * 2), *found[1:]),
    "one name for two keys": lambda found: (
        replace(found[0], keys=tuple(replace(key, identifier="one") for key in found[0].keys)),
        *found[1:],
    ),
}


@pytest.mark.parametrize("what", UNSOUND)
def test_a_request_follows_no_response_that_is_unsound(tmp_path: Path, what: str) -> None:
    zone = Zone()
    make_folder(tmp_path, zone)
    first = zone.deploy(zone.request(0), "normal", ONE)
    (tmp_path / "skr.xml").write_bytes(write_skr(replace(first, bundles=UNSOUND[what](first.bundles))))
    (tmp_path / "ksr.xml").write_bytes(write_ksr(zone.request(1)))
    check = ("ksr", "check", tmp_path / "ksr.xml", "--previous", tmp_path / "skr.xml", "--in", tmp_path)
    assert "ksr.previous" in refused(tmp_path, *check, "--at", "2026-02-01")


def test_what_is_revoked_in_a_bundle_is_in_no_later_one_as_it_was() -> None:
    zone = Zone()
    response = zone.sign(zone.draft(zone.request(0), "revoke", both()))
    bundles = response.bundles
    back = replace(response, bundles=(*bundles[:2], replace(bundles[0], id="again"), *bundles[3:]))
    assert "skr.revoked_returns" in {one.code for one in own_findings(back)}
    assert "skr.revoked_returns" not in {one.code for one in own_findings(response)}
