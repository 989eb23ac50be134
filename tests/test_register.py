"""The register as it is shown and exported: agreement, deadlines, what is kept, drawings, sheets."""

from __future__ import annotations

import csv
import io
import json
import random
import subprocess
import xml.etree.ElementTree as Xml
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest
import typst

from inventories import NOW, a_busy_one, certificate, crl, digest, inventory, key, response
from quorate import canonical, source
from quorate.authority import AuthorityState
from quorate.register.agreement import disagreements
from quorate.register.deadlines import due, retention
from quorate.register.hierarchy import WIDTH, drawing
from quorate.register.picture import svg, wide
from quorate.register.rows import Inventory, Revoked, SkrRow
from quorate.register.sheets import Published
from quorate.statement import Mode
from refusing import run

GONE = Revoked("2026-05-04T00:00:00Z", "superseded", "crl-root-1-7")


# -- agreement --------------------------------------------------------------------------------------------------------

ROOT, OTHER = certificate("root-1"), certificate("root-2")
KEYS = (key("root-1", ("root-1",)), key("root-2", ("root-2",)))
SUB = certificate("sub-1", "root-1")
CRLS = (crl("root-1", 1), crl("root-2", 1))

SOMETHING_WRONG = {
    "register.key_of_two_names": (certificate("sub-2", "root-1", "sub-1", subject="CN=Another"),),
    "register.name_of_two_keys": (certificate("sub-2", "root-1", subject=SUB.subject),),
    "register.serial_twice": (certificate("sub-2", "root-1", serial=SUB.serial),),
    "register.ski_differs": (certificate("cross-1", "root-2", "sub-1", ski="00" * 20),),
    "register.ski_of_two_keys": (certificate("sub-2", "root-1", ski=SUB.ski),),
    "register.issuer_unknown": (certificate("sub-2", issuer=""),),
    "register.crl_url_differs": (certificate("sub-2", "root-1", crl_urls=("http://other.example/1.crl",)),),
    "register.ca_issuers_url_differs": (
        certificate("sub-2", "root-1", ca_issuers_urls=("http://other.example/1.der",)),
    ),
    "register.url_shared": (certificate("sub-2", "root-2", crl_urls=SUB.crl_urls),),
}


def codes(it: Inventory) -> set[str]:
    return {one.code for one in disagreements(it)}


def test_what_fits_together_has_no_findings() -> None:
    assert codes(inventory((ROOT, OTHER, SUB), CRLS, KEYS)) == set()


@pytest.mark.parametrize(("code", "more"), SOMETHING_WRONG.items(), ids=list(SOMETHING_WRONG))
def test_what_does_not_fit_is_named(code: str, more: tuple) -> None:
    more = tuple(msgspec.structs.replace(one, issuer="") if code == "register.issuer_unknown" else one for one in more)
    assert codes(inventory((ROOT, OTHER, SUB, *more), CRLS, KEYS)) == {code}


def test_urls_of_what_has_expired_bother_nobody() -> None:
    old = certificate("sub-0", "root-1", years=(2015, 2020), crl_urls=("http://old.example/1.crl",))
    assert codes(inventory((ROOT, SUB, old), CRLS[:1], KEYS)) == set()


def test_who_has_issued_has_a_crl_in_force_that_lists_nothing_unknown() -> None:
    assert codes(inventory((ROOT, SUB), (), KEYS)) == {"register.crl_missing"}
    lapsed = (crl("root-1", 1, 2025),)
    assert codes(inventory((ROOT, SUB), lapsed, KEYS)) == {"register.crl_lapsed"}
    strange = (crl("root-1", 1, revoked=("aa",)),)
    assert codes(inventory((ROOT, SUB), strange, KEYS)) == {"register.revoked_unknown"}


@pytest.mark.parametrize("ended", ["expired", "revoked"])
def test_an_issuer_without_living_certificates_needs_no_crl_any_more(ended: str) -> None:
    rows = tuple(msgspec.structs.replace(row, status=ended) for row in (ROOT, SUB))
    assert codes(inventory(rows, (crl("root-1", 1, 2025),), KEYS)) == set()


def test_a_destroyed_key_issues_no_crl_any_more() -> None:
    keys = (key("root-1", ("root-1",), destroyed="2026-01-01T00:00:00Z"),)
    assert codes(inventory((ROOT, SUB), (crl("root-1", 1, 2025),), keys)) == set()


GONE_SUB = msgspec.structs.replace(SUB, status="revoked", revoked=Revoked(GONE.date, GONE.reason, "crl-root-1-2"))
GONE_CRLS = (crl("root-1", 1, newest=False), crl("root-1", 2, revoked=(SUB.serial,)))


def test_a_response_says_what_the_newest_crl_says() -> None:
    good, bad = response(SUB), response(SUB, "revoked")
    assert codes(inventory((ROOT, SUB), CRLS[:1], KEYS, responses=(good,))) == set()
    assert codes(inventory((ROOT, GONE_SUB), GONE_CRLS, KEYS, responses=(bad,))) == set()
    assert codes(inventory((ROOT, GONE_SUB), GONE_CRLS, KEYS, responses=(good,))) == {"register.response_differs"}
    assert codes(inventory((ROOT, SUB), CRLS[:1], KEYS, responses=(bad,))) == {"register.response_differs"}
    followed = (msgspec.structs.replace(good, newest=False), bad)
    assert codes(inventory((ROOT, GONE_SUB), GONE_CRLS, KEYS, responses=followed)) == set()


def test_a_response_that_has_lapsed_is_noticed_while_its_certificate_lives() -> None:
    old = certificate("sub-0", "root-1", years=(2015, 2025))
    lapsed = (response(SUB, year=2025), response(old, year=2024))
    found = disagreements(inventory((ROOT, SUB, old), CRLS[:1], KEYS, responses=lapsed))
    assert [(one.code, one.where) for one in found] == [("register.response_lapsed", "ocsp-sub-1-2025")]


# -- deadlines --------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def webpki(rehearsed: Path) -> AuthorityState:
    return msgspec.structs.replace(source.read_authority(rehearsed, Mode.REHEARSAL), rules="webpki")


def dated(it: Inventory, state: AuthorityState) -> dict[tuple[str, str], list[str]]:
    found: dict[tuple[str, str], list[str]] = {}
    for one in due(it, state):
        found.setdefault((one.about, one.clause), []).append(one.at)
    return found


def test_the_next_crl_is_due_a_month_before_the_last_one_lapses(webpki: AuthorityState) -> None:
    found = dated(inventory((ROOT, SUB), CRLS[:1], KEYS), webpki)
    assert found["root-1", "BR 4.9.7"] == ["2027-01-31T09:59:59Z", "2027-03-02T09:59:59Z"]


def test_a_key_that_issues_no_more_has_no_crl_due(webpki: AuthorityState) -> None:
    keys = (key("root-1", ("root-1",), destroyed="2026-01-01T00:00:00Z"),)
    assert ("root-1", "BR 4.9.7") not in dated(inventory((ROOT, SUB), CRLS[:1], keys), webpki)


def test_the_next_response_is_due_like_the_next_crl(webpki: AuthorityState) -> None:
    found = dated(inventory((ROOT, SUB), CRLS[:1], KEYS, responses=(response(SUB),)), webpki)
    assert found["sub-1", "BR 4.9.9"] == ["2027-01-31T09:59:59Z", "2027-03-02T09:59:59Z"]


def test_what_was_revoked_is_said_to_be_so_within_a_day(webpki: AuthorityState) -> None:
    crls = (GONE_CRLS[0], msgspec.structs.replace(GONE_CRLS[1], made="2026-11-22T10:00:00Z"))
    for said, first in (("good", "2026-11-23T10:00:00Z"), ("revoked", "2027-01-31T09:59:59Z")):
        it = inventory((ROOT, GONE_SUB), crls, KEYS, responses=(response(SUB, said),))
        assert dated(it, webpki)["sub-1", "BR 4.9.9"][0] == first


def test_what_was_issued_is_disclosed_within_a_week(webpki: AuthorityState) -> None:
    fresh = certificate("sub-2", "root-1", made="2026-11-22T10:00:00Z")
    found = dated(inventory((ROOT, fresh), CRLS[:1], KEYS), webpki)
    assert found["sub-2", "CCADB 3.2, MRSP 5.3.2"] == ["2026-11-29T10:00:00Z"]
    assert found["root-1", "CCADB 6.2"] == ["2026-11-29T10:00:00Z"]


def test_the_first_certificate_and_each_revocation_are_followed_by_a_published_crl(webpki: AuthorityState) -> None:
    new = certificate("root-1", made="2026-11-22T10:00:00Z")
    assert "2026-11-23T10:00:00Z" in dated(inventory((new,), CRLS[:1], KEYS), webpki)["root-1", "BR 4.9.7"]
    lists = msgspec.structs.replace(crl("root-1", 2, revoked=(SUB.serial,)), made="2026-11-22T10:00:00Z")
    gone = msgspec.structs.replace(SUB, status="revoked", revoked=GONE)
    other = certificate("sub-2", "root-1")
    found = dated(inventory((ROOT, gone, other), (crl("root-1", 1, newest=False), lists), KEYS), webpki)
    assert "2026-11-23T10:00:00Z" in found["root-1", "BR 4.9.7"]
    assert found["root-1", "CCADB 6.2"] == ["2026-11-22T14:00:00Z"]
    assert found["sub-1", "CCADB 3.2"] == ["2026-11-29T10:00:00Z"]


def test_what_passed_is_shown_for_a_month(webpki: AuthorityState) -> None:
    for made, shown in (("2026-10-20T00:00:00Z", True), ("2026-10-10T00:00:00Z", False)):
        it = inventory((ROOT, certificate("sub-2", "root-1", made=made)), CRLS[:1], KEYS)
        assert (("sub-2", "CCADB 3.2, MRSP 5.3.2") in dated(it, webpki)) is shown


def test_a_parked_key_is_named_in_every_years_audit(webpki: AuthorityState) -> None:
    (one,) = (one for one in due(inventory(keys=(key("spare", made=2025),)), webpki) if one.clause == "MRSP 3.1.3")
    assert (one.at, one.about) == ("2027-03-01T09:00:00Z", "key-spare")
    assert one.what.endswith(digest("spare")[7:].upper())


def test_programmes_count_from_the_making_of_a_root_key(webpki: AuthorityState) -> None:
    it = inventory((ROOT,), CRLS[:1], (key("root-1", ("root-1",), made=2026),))
    found = dated(it, webpki)
    assert found["key-root-1", "MRSP 7.1, CRP 2.2"] == ["2031-03-01T09:00:00Z"]
    assert found["key-root-1", "MRSP 7.4, CRP 1.3.1.2"] == ["2041-03-01T09:00:00Z"]
    only_apple = msgspec.structs.replace(webpki, programmes=("apple",))
    assert ("key-root-1", "MRSP 7.1, CRP 2.2") not in dated(it, only_apple)


def test_a_private_authority_owes_nothing_to_programmes(webpki: AuthorityState) -> None:
    private = msgspec.structs.replace(webpki, rules="private")
    fresh = certificate("sub-2", "root-1", made="2026-11-22T10:00:00Z")
    found = {one.clause for one in due(inventory((ROOT, fresh), CRLS[:1], KEYS), private)}
    assert found == {""}


# -- what is kept -----------------------------------------------------------------------------------------------------


def kept(it: Inventory) -> dict[str, str]:
    return {one.about: one.until for one in retention(it)}


def test_records_of_a_key_are_kept_two_years_beyond_it_and_its_last_certificate() -> None:
    cross = certificate("cross-1", "root-2", "root-1", (2024, 2029))
    living = inventory((ROOT, cross, OTHER), CRLS, KEYS)
    assert kept(living)["key-root-1"] == ""
    gone = (key("root-1", ("root-1", "cross-1"), destroyed="2026-06-01T00:00:00Z"), KEYS[1])
    assert kept(inventory((ROOT, cross, OTHER), CRLS, gone))["key-root-1"] == "2036-02-28"
    revoked = msgspec.structs.replace(ROOT, status="revoked", revoked=GONE)
    assert kept(inventory((revoked, cross, OTHER), CRLS, gone))["key-root-1"] == "2031-02-28"
    late = (key("root-1", ("root-1",), destroyed="2039-06-01T00:00:00Z"),)
    assert kept(inventory((revoked,), (), late))["key-root-1"] == "2041-06-01"


def test_records_of_a_responders_key_that_somebody_else_holds_are_kept_two_years_beyond_its_certificate() -> None:
    row = certificate("responder-1", "root-1", years=(2024, 2027), ca=False)
    theirs = msgspec.structs.replace(key("responder-1", ("responder-1",)), copies=())
    assert kept(inventory((ROOT, row), CRLS[:1], (*KEYS, theirs)))["responder-1"] == "2029-02-28"


def test_a_ceremonys_record_is_kept_as_long_as_any_key_it_has_to_do_with() -> None:
    gone = key("root-1", ("root-1",), destroyed="2026-06-01T00:00:00Z")
    assert kept(inventory((ROOT,), (), (gone,), ceremonies=("001-root",)))["001-root"] == "2036-02-28"
    assert kept(inventory((ROOT,), (), KEYS[:1], ceremonies=("001-root",)))["001-root"] == ""


# -- drawings ---------------------------------------------------------------------------------------------------------

BUSY = """\
                                                 2015     2020      2025      2030      2035
root-1, CRL 7                                    ━━━━━━━━━━━━━━━━━━━━━━━┿━━━━━━━━━━━━━━━
├─ cross-2-by-1 = root-2                                     ━━━━━━━━━━━┿━━━
├─ cross-3-by-1 = root-3                                              ━━┿━━━
├─ sub-1, expired                                  ──────────           │
├─ sub-2, revoked                                          ━━━━━━━━━━━━×┿╌╌╌╌╌
└─ a-subordinate-with-a-very-long-id-of-its-own                   ━━━━━━┿━━━━━━━━━━━━━
root-2, CRL 4                                              ━━━━━━━━━━━━━┿━━━━━━━━━━━━━━━━━━━━━━━━━
├─ sub-2a                                                         ━━━━━━│
│  └─ sub-2b, revoked                                               ━━━×│
├─ sub-next, not yet valid                                              ┿┅┅┅┅┅
└─ responder-2                                                        ━━│
root-3, CRL 1                                                         ━━┿━━━━━━━━━━━━━━━━━
└─ sub-3a                                                             ━━┿━━━
                                                                        │ 2026-11-23
"""


def test_the_hierarchy_is_drawn_in_letters() -> None:
    assert "\n".join(drawing(a_busy_one())) + "\n" == BUSY


def some(chance: random.Random) -> Inventory:
    """Anything that could be drawn: any years, any depth, any state, ids of any length."""
    rows = [certificate(f"root-{number}", years=_years(chance)) for number in range(chance.randint(1, 3))]
    for number in range(chance.randint(0, 14)):
        issuer, twin = chance.choice(rows), chance.choice(rows)
        kind, of_key = ("cross", twin.subject[3:].partition(",")[0].lower()) if chance.random() < 0.3 else ("", "")
        name = f"{'x' * chance.randint(1, 40)}-{number}"
        gone = Revoked(f"{chance.randint(2000, 2060)}-05-04T00:00:00Z", "cessationOfOperation", "c")
        more = {"revoked": gone, "status": "revoked"} if chance.random() < 0.3 else {}
        rows.append(certificate(name, issuer.id, of_key, _years(chance), kind=kind or "subordinate", **more))
    issuers = [row.id for row in rows if chance.random() < 0.4]
    crls = tuple(crl(name, chance.randint(1, 10**6), chance.randint(2010, 2030)) for name in issuers)
    keys = tuple(key(f"spare-{number}") for number in range(chance.randint(0, 2)))
    mode = chance.choice(list(Mode))
    return inventory(tuple(rows), crls, keys, mode=mode, organisation="W" * chance.randint(1, 64))


def _years(chance: random.Random) -> tuple[int, int]:
    first = chance.randint(1995, 2027)
    return first, first + chance.randint(1, 40)


@pytest.mark.parametrize("seed", range(60))
def test_no_text_lies_on_another_or_beyond_the_page(seed: int) -> None:
    it = a_busy_one() if not seed else some(random.Random(seed))
    page = Xml.fromstring(svg(it))
    width, height = float(page.get("width", 0)), float(page.get("height", 0))
    boxes = [_box(one) for one in page.iter("{http://www.w3.org/2000/svg}text")]
    for number, (left, top, right, bottom, text) in enumerate(boxes):
        assert left >= 0, text
        assert right <= width, text
        assert bottom <= height, text
        for other in boxes[:number]:
            apart = right <= other[0] or other[2] <= left or bottom <= other[1] or other[3] <= top
            assert apart, (text, other[4])
    assert all(len(line) <= WIDTH for line in drawing(it))


def _box(text: Xml.Element) -> tuple[float, float, float, float, str]:
    x, y, size = (float(text.get(name, 0)) for name in ("x", "y", "font-size"))
    written = text.text or ""
    across = wide(written, int(size), text.get("font-weight") == "bold") * 0.95  # `wide` is on the safe side
    left = x - {"start": 0.0, "middle": across / 2, "end": across}[text.get("text-anchor", "start")]
    return left, y - size * 0.75, left + across, y + size * 0.2, written


def test_the_picture_can_be_rendered_and_is_the_same_every_time(tmp_path: Path) -> None:
    it = a_busy_one()
    (tmp_path / "hierarchy.svg").write_bytes(svg(it))
    (tmp_path / "page.typ").write_text('#set page(width: auto, height: auto)\n#image("hierarchy.svg")')
    assert typst.compile(tmp_path / "page.typ", format="png").startswith(b"\x89PNG")
    assert svg(it) == svg(a_busy_one())


def test_the_picture_shows_each_certificate_its_twin_its_end_and_today() -> None:
    page = Xml.fromstring(svg(a_busy_one()))
    said = [one.text for one in page.iter("{http://www.w3.org/2000/svg}text")]
    assert {row.id for row in a_busy_one().certificates if len(row.id) < 20} <= set(said)
    assert "Root-3, cross-certificate of root-3, p-384" in said
    assert "2020-03-01 to 2030-02-28, revoked 2026-05-04: superseded" in said
    assert "CRL 7 until 2027-03-02" in said
    assert NOW[:10] in said
    assert f"key-spare-1, p-384: SHA-256 {digest('spare-1')[7:].upper()}" in said


def test_an_empty_register_is_drawn_as_well() -> None:
    assert drawing(inventory()) == ()
    assert b"no certificate has been issued" in svg(inventory())


# -- the command ------------------------------------------------------------------------------------------------------


def openssl(*arguments: object, given: str = "") -> str:
    command = ["openssl", *map(str, arguments)]
    return subprocess.run(command, input=given, check=True, capture_output=True, text=True).stdout


def shown(rehearsed: Path, *options: str) -> str:
    outcome = run("register", rehearsed, "--rehearsal", *options)
    assert (outcome.code, outcome.err) == (1, "")  # two roots of the example share one URL
    return outcome.out


def test_the_register_is_told_by_kind(rehearsed: Path) -> None:
    text = shown(rehearsed)
    assert "├─ cross-r2 = root-r2" in text
    assert (
        "  cross-r2: cross by root-r1, valid, from 002-next\n      subject: CN=Root R2,O=Example Trust,C=NL\n" in text
    )
    assert "  crl-r1-2: number 2 of root-r1, from 002-next\n" in text
    assert "revoked: none; 1 before it" in text
    assert "  hsm-1, user: set " in text
    assert "error: register.url_shared: http://example.org/r.crl: certificates of different issuers" in text
    assert "due next, 5 of " in text


def test_digests_are_those_of_the_artifacts(rehearsed: Path) -> None:
    it = msgspec.json.decode(shown(rehearsed, "--json"), type=Published)
    artifacts = rehearsed / "ceremonies/002-next/rehearsal/record/artifacts"
    for row in it.certificates:
        if row.ceremony == "002-next":
            assert row.fingerprint == canonical.digest((artifacts / f"{row.id}.cert.der").read_bytes())
            options = ("-noout", "-serial", "-startdate", "-dateopt", "iso_8601")
            text = openssl("x509", "-in", artifacts / f"{row.id}.cert.der", *options)
            assert row.serial.upper() in text
            assert row.not_before.replace("T", " ") in text
    for key_row in it.keys:
        for copy in key_row.copies:
            if copy.ceremony == "002-next":
                assert key_row.spki == canonical.digest((artifacts / f"{copy.id}.spki.der").read_bytes())


def test_the_json_is_canonical_and_as_its_schema_says(rehearsed: Path) -> None:
    data = shown(rehearsed, "--json").encode()
    value = canonical.decode(data.rstrip(b"\n"), "register")
    assert isinstance(value, dict)
    schema = json.loads(run("schema", "register").out)
    whole = schema["$defs"][schema["$ref"].rpartition("/")[2]]
    assert set(value) == set(whole["required"]) == set(whole["properties"])
    assert whole["additionalProperties"] is False


def test_the_sheet_has_a_line_for_everything(rehearsed: Path) -> None:
    rows = list(csv.DictReader(io.StringIO(shown(rehearsed, "--csv"))))
    assert [row["id"] for row in rows if row["what"] == "certificate"] == [
        "root-r1",
        "root-r2",
        "cross-r2",
        "int-1",
        "int-2",
    ]
    assert [(row["id"], row["status"]) for row in rows if row["what"] == "CRL"] == [
        ("crl-r1-1", "followed"),
        ("crl-r1-2", "newest"),
        ("crl-r2-1", "newest"),
    ]
    assert [(row["id"], row["status"]) for row in rows if row["what"] == "key"] == [
        ("key-r1", "on hsm-1"),
        ("key-r2", "on hsm-1"),
    ]


def test_the_bundle_is_read_by_openssl(rehearsed: Path, tmp_path: Path) -> None:
    (tmp_path / "all.pem").write_text(shown(rehearsed, "--pem"))
    packed = openssl("crl2pkcs7", "-nocrl", "-certfile", tmp_path / "all.pem")
    assert openssl("pkcs7", "-print_certs", given=packed).count("BEGIN CERTIFICATE") == 5


def test_ccadb_is_told_in_its_own_format(rehearsed: Path) -> None:
    rows = {row["Certificate Name"]: row for row in csv.DictReader(io.StringIO(shown(rehearsed, "--ccadb")))}
    it = msgspec.json.decode(shown(rehearsed, "--json"), type=Published)
    root, sub = it.certificate("root-r1"), it.certificate("int-1")
    assert rows["I1"]["SHA-256 Fingerprint"] == sub.fingerprint[7:].upper()
    assert rows["I1"]["Parent SHA-256 Fingerprint"] == root.fingerprint[7:].upper()
    assert rows["I1"]["Certificate Record Type"] == "Intermediate Certificate"
    assert rows["I1"]["Valid From (GMT)"] == "2026-12-08"
    assert json.loads(rows["Root R1"]["JSON Array of All Full CRL URLs"]) == ["http://example.org/r.crl"]
    assert json.loads(rows["I1"]["JSON Array of All Full CRL URLs"]) == []
    pem = rows["I1"]["X.509 Certificate (PEM)"]
    said = openssl("x509", "-noout", "-fingerprint", "-sha256", given=pem)
    assert said.strip().partition("=")[2].replace(":", "") == rows["I1"]["SHA-256 Fingerprint"]


def test_what_goes_into_a_file_is_written_once(rehearsed: Path, tmp_path: Path) -> None:
    path = tmp_path / "hierarchy.svg"
    assert shown(rehearsed, "--svg", "--into", str(path)) == f"wrote {path}\n"
    assert path.read_bytes().startswith(b"<?xml")
    outcome = run("register", rehearsed, "--rehearsal", "--csv", "--into", path)
    assert (outcome.code, outcome.codes) == (1, ["record.output_present"])


def test_what_is_due_is_a_dated_list(rehearsed: Path) -> None:
    lines = shown(rehearsed, "--due").splitlines()
    times = [datetime.strptime(line[:16], "%Y-%m-%d %H:%M").replace(tzinfo=UTC) for line in lines]
    assert times == sorted(times)
    assert lines[0].startswith("2027-11-08 ")
    assert "a ceremony for CRL 3: number 2 lapses" in lines[0]


def test_the_real_register_of_an_authority_that_has_only_rehearsed_is_empty(rehearsed: Path) -> None:
    outcome = run("register", rehearsed)
    assert (outcome.code, outcome.err) == (0, "")
    assert "after 0 ceremonies\nlast checkpoint: genesis\n" in outcome.out


# -- zones ------------------------------------------------------------------------------------------------------------

KSK = key("ksk-1", use="ksk", zone="example.")


def skr(name: str, inception: str, expiration: str, deployed: bool = False, back_out: bool = False) -> SkrRow:
    made = (name, "002-next", "2026-11-01T09:00:00Z")
    times = (f"{inception}T00:00:00Z", f"{expiration}T00:00:00Z")
    return SkrRow(
        *made, "example.", "normal", digest(name), back_out, *times, digest(f"{name} file"), deployed, deployed
    )


NOW_IN = skr("skr-1", "2026-10-01", "2027-01-10", deployed=True)
NEXT = skr("skr-2", "2027-01-01", "2027-04-12")
BACK_OUT = skr("skr-2-back", "2027-01-01", "2027-04-12", back_out=True)


def test_a_ksk_is_no_parked_key_and_no_audit_statement_names_it(webpki: AuthorityState) -> None:
    assert not KSK.parked
    assert dated(inventory(keys=(KSK,)), webpki).keys() == dated(inventory(), webpki).keys()


def test_parked_keys_are_a_matter_of_the_programme_that_asks_for_them(webpki: AuthorityState) -> None:
    it = inventory(keys=(key("spare"),))
    assert ("key-spare", "MRSP 3.1.3") in dated(it, webpki)
    assert ("key-spare", "MRSP 3.1.3") not in dated(it, msgspec.structs.replace(webpki, rules="private"))


def test_the_next_skr_of_a_zone_is_due_a_month_before_the_last_one_lapses(webpki: AuthorityState) -> None:
    it = inventory(keys=(KSK,), skrs=(NOW_IN,))
    assert dated(it, webpki)["example.", ""] == ["2026-12-11T00:00:00Z", "2027-01-10T00:00:00Z"]


def test_what_was_signed_is_due_to_be_deployed_but_a_back_out_never(webpki: AuthorityState) -> None:
    it = inventory(keys=(KSK,), skrs=(NOW_IN, NEXT, BACK_OUT))
    assert dated(it, webpki)["example.", ""] == ["2027-01-01T00:00:00Z", "2027-03-13T00:00:00Z", "2027-04-12T00:00:00Z"]
    deployed = msgspec.structs.replace(NEXT, deployed=True)
    again = inventory(keys=(KSK,), skrs=(NOW_IN, NEXT, msgspec.structs.replace(deployed, id="skr-2-again")))
    assert "2027-01-01T00:00:00Z" not in dated(again, webpki)["example.", ""], "another answer is in the zone"


def test_a_zone_whose_last_skr_has_lapsed_is_noticed_while_its_keys_are_held() -> None:
    old = skr("skr-0", "2026-07-01", "2026-10-10", deployed=True)
    (finding,) = disagreements(inventory(keys=(KSK,), skrs=(old, skr("b", "2026-10-01", "2027-01-10", back_out=True))))
    assert (finding.code, finding.where) == ("register.skr_lapsed", "skr-0")
    gone = key("ksk-1", use="ksk", zone="example.", destroyed="2026-10-20T00:00:00Z")
    assert disagreements(inventory(keys=(gone,), skrs=(old,))) == ()


def test_the_records_of_a_signing_are_kept_as_long_as_those_of_the_zones_keys() -> None:
    kept = {one.about: one for one in retention(inventory(keys=(KSK,), skrs=(NOW_IN,)))}
    assert kept["002-next"].why == "as long as what concerns key-ksk-1"
