"""The register of what was there before: odd dates, keys of several certificates, issuers that are not ours."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from adopted_history import FROM, P256, TO, adopting_authority, make_ca, openssl
from example import FIRST, SHARE, make_authority, make_plan
from forging import VERIFIER
from inventories import certificate, crl, digest, inventory, key, response
from quorate import source
from quorate.authority import AuthorityState
from quorate.register.agreement import disagreements
from quorate.register.deadlines import due, retention
from quorate.register.hierarchy import branches, drawing
from quorate.register.picture import svg
from quorate.register.rows import Inventory, KeyRow, RequestRow, Revoked
from quorate.rehearse import rehearse
from quorate.statement import Mode
from refusing import refused, run

ROOT, SUB, KEYS = certificate("root-1"), certificate("sub-1", "root-1"), (key("root-1", ("root-1",)),)


@pytest.fixture(scope="module")
def webpki(rehearsed: Path) -> AuthorityState:
    return msgspec.structs.replace(source.read_authority(rehearsed, Mode.REHEARSAL), rules="webpki")


def told(it: Inventory, state: AuthorityState) -> set[str]:
    return {f"{one.at} {one.about}: {one.what}" for one in due(it, state)}


# -- drawings ---------------------------------------------------------------------------------------------------------


def test_what_never_ends_is_drawn_to_the_edge_and_kept_to_the_end_of_days() -> None:
    root = certificate("root-1", not_after="9999-12-31T23:59:59Z")
    it = inventory((root, SUB), (crl("root-1", 1),), KEYS)
    axis, bar, *_ = drawing(it)
    assert axis.split()[-1] == "2120"
    assert bar.endswith("━")
    assert svg(it)
    gone = (key("root-1", ("root-1",), destroyed="2026-06-01T00:00:00Z"),)
    assert retention(inventory((root,), (), gone))[0].until == "9999-12-31"


def test_two_that_certify_each_other_are_drawn_though_neither_has_a_root() -> None:
    ours = certificate("a-by-b", issuer="b-by-a", key="a", kind="cross")
    theirs = certificate("b-by-a", issuer="a-by-b", key="b", kind="cross")
    assert [one.row.id for one in branches(inventory((ours, theirs)))] == ["a-by-b", "b-by-a"]


def test_a_comma_does_not_end_a_common_name() -> None:
    row = certificate("root-1", subject="CN=Trust\\, Root R1,O=Voorbeeld\\, B.V.,C=NL")
    assert branches(inventory((row,)))[0].name == "Trust, Root R1"
    row = certificate("root-1", subject="OU=a\\,CN=b,CN=Trust,C=NL")
    assert branches(inventory((row,)))[0].name == "Trust"


# -- deadlines --------------------------------------------------------------------------------------------------------


def test_the_day_by_which_a_response_says_it_does_not_move_with_each_list(webpki: AuthorityState) -> None:
    lists = tuple(
        msgspec.structs.replace(crl("root-1", number, revoked=(SUB.serial,), newest=number == 3), made=made)
        for number, made in ((2, "2026-11-10T10:00:00Z"), (3, "2026-11-22T10:00:00Z"))
    )
    gone = Revoked("2026-11-10T00:00:00Z", "superseded", lists[-1].id)
    sub = msgspec.structs.replace(SUB, status="revoked", revoked=gone)
    it = inventory((ROOT, sub), lists, KEYS, responses=(response(SUB),))
    assert "2026-11-11T10:00:00Z sub-1: an OCSP response says that it is revoked" in told(it, webpki)


def test_an_appointment_ends_when_its_last_day_does(webpki: AuthorityState) -> None:
    person = webpki.people[0]
    one = msgspec.structs.replace(person.appointments[0], until="2026-11-23")
    state = msgspec.structs.replace(webpki, people=(msgspec.structs.replace(person, appointments=(one,)),))
    assert told(inventory(), state) == {f"2026-11-23T23:59:59Z {person.id}: the appointment as {one.role} ends"}


def test_nothing_is_due_for_an_issuer_that_is_not_ours_nor_anew_for_what_was_adopted(webpki: AuthorityState) -> None:
    adopted: dict[str, Any] = {"kind": "adopted", "made": "2026-11-22T10:00:00Z"}
    strange = msgspec.structs.replace(certificate("sub-x", **adopted), issuer="")
    old = [certificate(name, issuer, **adopted) for name, issuer in (("root-1", ""), ("sub-1", "root-1"))]
    lists = msgspec.structs.replace(
        crl("root-1", 7, revoked=(SUB.serial,)), profile="adopted", made="2026-11-22T10:00:00Z"
    )
    whose = {one.partition(": ")[2] for one in told(inventory((strange, *old), (lists,), KEYS), webpki)}
    assert not [one for one in whose if "CCADB" in one or "published" in one]
    new = certificate("sub-2", "root-1", made="2026-11-22T10:00:00Z")
    said = told(inventory((*old, new), (lists,), KEYS), webpki)
    assert [one for one in said if "CCADB" in one] == [
        "2026-11-29T10:00:00Z sub-2: disclosed in CCADB, before it issues"
    ]


def test_the_first_list_of_a_name_and_a_key_is_due_once(webpki: AuthorityState) -> None:
    first, again = (certificate(f"root-1{more}", key="root-1", made="2026-11-22T10:00:00Z") for more in ("", "-again"))
    said = {one.partition(" ")[2] for one in told(inventory((first, again), (), KEYS), webpki)}
    assert "root-1: the first CRL is published" in said
    assert "root-1-again: the first CRL is published" not in said


# -- what is kept, what agrees ----------------------------------------------------------------------------------------


def test_the_record_of_a_destruction_is_kept_as_long_as_what_concerns_the_key() -> None:
    gone = (key("root-1", ("root-1",), destroyed="2026-06-01T00:00:00Z"),)
    kept = {one.about: one.until for one in retention(inventory((ROOT,), (), gone, ceremonies=("001-root", "002-end")))}
    assert kept["002-end"] == kept["001-root"] == "2036-02-28"


def test_the_record_of_an_issuance_is_kept_as_long_as_what_concerns_the_issuer() -> None:
    new = certificate("sub-2", "root-1", years=(2026, 2029), ceremony="002-next")
    theirs = KeyRow(digest("sub-2"), "p-384", "", "", "", "", (), ("sub-2",), parked=False, adopted=False)
    kept = {one.about: one.why for one in retention(inventory((ROOT, new), (), (*KEYS, theirs)))}
    assert kept["002-next"] == "as long as what concerns key-root-1"


def test_a_public_key_without_a_name_goes_by_its_digest() -> None:
    bare = KeyRow(digest("x"), "p-384", "", "", "", "", (), (), parked=False, adopted=False)
    assert retention(inventory((), (), (bare,)))[0].about == digest("x")


def test_an_issuer_whose_key_has_no_living_certificate_owes_no_list() -> None:
    old, below = certificate("root-1", years=(2010, 2020)), certificate("sub-1", "root-1", years=(2012, 2019))
    assert not list(disagreements(inventory((old, below), (), KEYS)))


def test_two_requests_for_one_name_by_two_keys_are_named() -> None:
    asked = tuple(
        RequestRow(name, "001-root", "2024-03-01T09:30:00Z", "", "CN=X", digest(name), digest(name))
        for name in ("ask-1", "ask-2")
    )
    (finding,) = disagreements(inventory(requests=asked))
    assert (finding.code, "in ask-1, ask-2" in finding.sentence) == ("register.name_of_two_keys", True)


# -- who issued what --------------------------------------------------------------------------------------------------


def of_command(root: Path) -> list[tuple[str, str]]:
    rows = json.loads(run("register", root, "--rehearsal", "--json").out)["certificates"]
    return [(row["id"], row["issuer"]) for row in rows]


def test_a_root_that_was_issued_again_is_a_root_of_its_own(tmp_path: Path) -> None:
    root = make_authority(tmp_path / "authority")
    again = '[[operations]]\nkind = "reissue"\nid = "root-r1-2"\nexisting = "root-r1"\nprofile = "private-root"\n'
    rehearse(root, make_plan(root, "001-root", FIRST), VERIFIER.read_bytes())
    rehearse(root, make_plan(root, "002-again", again + "days = 3000\n", "2026-12-08T09:00:00Z"), VERIFIER.read_bytes())
    assert of_command(root) == [("root-r1", "root-r1"), ("root-r1-2", "root-r1-2")]
    sheet = csv.DictReader(io.StringIO(run("register", root, "--rehearsal", "--ccadb").out))
    assert [row["Certificate Record Type"] for row in sheet] == ["Root Certificate"] * 2


ROOT_WITH_AKI = """
[rolled]
basicConstraints = critical,CA:TRUE
keyUsage = critical,keyCertSign,cRLSign
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
[bare]
basicConstraints = critical,CA:TRUE
keyUsage = critical,keyCertSign,cRLSign
"""


@pytest.fixture
def rolled(tmp_path: Path) -> Path:
    """A CA whose root got a new key under its old name, certified by the old one, and a subordinate of each."""
    ca = make_ca(tmp_path / "ca", "Old Root", P256)
    (ca / "ca.cnf").write_text((ca / "ca.cnf").read_text() + ROOT_WITH_AKI)
    signing = ("ca", "-batch", "-config", "ca.cnf", "-startdate", FROM, "-enddate", TO, "-notext")
    for name, subject in (("new", "/C=NL/O=Example Trust/CN=Old Root"), ("sub3", "/C=NL/O=Example Trust/CN=Sub 3")):
        openssl(ca, "genpkey", "-out", f"{name}.key", *P256)
        openssl(ca, "req", "-new", "-key", f"{name}.key", "-subj", subject, "-out", f"{name}.csr", "-config", "ca.cnf")
    old, new = (("-cert", f"{one}.pem", "-keyfile", f"{one}.key") for one in ("root", "new"))
    openssl(ca, *signing, *old, "-in", "new.csr", "-extensions", "rolled", "-out", "new-by-old.pem")
    itself = ("-selfsign", "-keyfile", "new.key", "-in", "new.csr", "-extensions", "root", "-out", "new.pem")
    openssl(ca, *signing, *itself)
    openssl(ca, *signing, *new, "-in", "sub3.csr", "-extensions", "bare", "-out", "sub3.pem")
    return ca


def test_a_new_key_under_the_old_name_has_its_own_subordinates(rolled: Path, tmp_path: Path) -> None:
    """The subordinate of the new key has no key identifier: its signature says whose it is."""
    things = {"root-1": "root.pem", "new-by-old": "new-by-old.pem", "root-2": "new.pem", "sub-3": "sub3.pem"}
    root = adopting_authority(tmp_path / "authority", rolled, things)
    rehearse(root, make_plan(root, "001-adoption", SHARE, adopt=things), VERIFIER.read_bytes())
    issuers = [("root-1", "root-1"), ("new-by-old", "root-1"), ("root-2", "root-2"), ("sub-3", "root-2")]
    assert of_command(root) == issuers


def test_dates_of_before_1950_are_not_adopted(rolled: Path, tmp_path: Path) -> None:
    signing = ("ca", "-batch", "-config", "ca.cnf", "-startdate", "09500101000000Z", "-enddate", TO, "-notext")
    itself = ("-selfsign", "-keyfile", "root.key", "-in", "root.csr", "-extensions", "root", "-out", "oldest.pem")
    openssl(rolled, *signing, *itself)
    backward = ("ca", "-batch", "-config", "ca.cnf", "-startdate", FROM, "-enddate", "09500101000000Z", "-notext")
    openssl(rolled, *backward, *itself[:-1], "backward.pem")
    gone = ("-gencrl", "-crlexts", "crl", "-crl_lastupdate", FROM, "-crl_nextupdate", "09500101000000Z")
    openssl(rolled, "ca", "-config", "ca.cnf", "-cert", "root.pem", "-keyfile", "root.key", *gone, "-out", "back.crl")
    for number, name in enumerate(("oldest.pem", "backward.pem", "back.crl"), 1):
        root = adopting_authority(tmp_path / str(number) / "authority", rolled, {"root-1": "root.pem", "odd": name})
        assert refused(root, "check", make_plan(root, "001-adoption", "", adopt=["root-1", "odd"])) == ["adopt.form"]


def test_a_new_key_certified_by_the_old_one_is_no_root(rolled: Path) -> None:
    """Issuer and subject are the same; whose key signed it is another's."""
    alone = run("inspect", rolled / "new-by-old.pem").out
    assert "does not hold" not in alone
    beside = run("inspect", rolled / "new-by-old.pem", "--issuer", rolled / "root.pem").out
    assert "signature: holds, by the key of" in beside
    assert "judged as: private-subordinate" in beside


def test_serials_are_of_a_name_and_a_key(rolled: Path, tmp_path: Path) -> None:
    """One key goes by two names; the list of one of them says nothing of what the other has issued."""
    subject = "/C=NL/O=Example Trust/CN=Other Name"
    openssl(rolled, "req", "-new", "-key", "root.key", "-subj", subject, "-out", "other.csr", "-config", "ca.cnf")
    signing = ("ca", "-batch", "-config", "ca.cnf", "-startdate", FROM, "-enddate", TO, "-notext")
    openssl(
        rolled,
        *signing,
        "-selfsign",
        "-keyfile",
        "root.key",
        "-in",
        "other.csr",
        "-extensions",
        "root",
        "-out",
        "other.pem",
    )
    listed = next(line.split("\t") for line in (rolled / "index").read_text().splitlines() if line.startswith("R"))
    (rolled / "serial").write_text(f"{listed[3]}\n")
    (rolled / "index").write_text("")
    by_other = ("-cert", "other.pem", "-keyfile", "root.key")
    openssl(rolled, *signing, *by_other, "-in", "sub3.csr", "-extensions", "sub", "-out", "sub9.pem")
    things = {"root-1": "root.pem", "other": "other.pem", "sub-2": "sub2.pem", "sub-9": "sub9.pem", "list": "root.crl"}
    root = adopting_authority(tmp_path / "authority", rolled, things)
    rehearse(root, make_plan(root, "001-adoption", SHARE, adopt=things), VERIFIER.read_bytes())
    report = json.loads(run("register", root, "--rehearsal", "--json").out)
    assert {row["id"]: row["status"] for row in report["certificates"]}["sub-9"] == "valid"
    assert "register.serial_twice" not in {one["code"] for one in report["findings"]}


def test_an_adoption_proves_the_pair_of_each_root_and_of_no_other_certificate(rolled: Path, tmp_path: Path) -> None:
    things = {"root-1": "root.pem", "new-by-old": "new-by-old.pem", "root-2": "new.pem"}
    root = adopting_authority(tmp_path / "authority", rolled, things)
    assert run("new", "001-adoption", "--from", "adoption", "--in", root).code == 0
    plan = (root / "ceremonies/001-adoption/plan.toml").read_text()
    assert ['key = "root-1"' in plan, 'key = "new-by-old"' in plan, 'key = "root-2"' in plan] == [True, False, True]


def test_a_key_of_two_roots_proves_itself_once(rolled: Path, tmp_path: Path) -> None:
    signing = ("ca", "-batch", "-config", "ca.cnf", "-startdate", "20150101000000Z", "-enddate", TO, "-notext")
    itself = ("-selfsign", "-keyfile", "root.key", "-in", "root.csr", "-extensions", "root", "-out", "root-b.pem")
    openssl(rolled, *signing, *itself)
    root = adopting_authority(tmp_path / "authority", rolled, {"root-1": "root.pem", "root-b": "root-b.pem"})
    assert run("new", "001-adoption", "--from", "adoption", "--in", root).code == 0
    assert (root / "ceremonies/001-adoption/plan.toml").read_text().count('kind = "import-key"') == 1
