"""Beginnings: what `init` and `new` write works as it stands, and the demonstration runs from end to end."""

from __future__ import annotations

import base64
import re
import shutil
import subprocess
import tomllib
from datetime import UTC, datetime
from pathlib import Path

import pytest

from quorate import prepare, source
from quorate.authority import AuthorityState, state_findings
from quorate.certificate_outline import CERTIFICATE_KINDS
from quorate.findings import Refusal
from quorate.host import SteppedHost
from quorate.outset import RULES, init, new
from quorate.people import Presence, Purpose
from quorate.plan import Plan
from quorate.rehearse import rehearse
from quorate.script import read_script
from quorate.statement import Mode
from refusing import run

EXAMPLES = Path(__file__).parent.parent / "examples"
NOON = datetime(2026, 11, 23, 12, 0, 0, tzinfo=UTC)
SERIES = {"001": "root", "002": "subordinate", "003": "root", "004": "cross", "005": "crl", "006": "yearly"}
SERIES |= {"007": "cross-csr", "008": "reissue", "009": "constrained", "010": "non-tls", "011": "ocsp-responder"}
SERIES |= {"012": "external", "013": "ocsp-response"}
WAIVERS = {
    "reissue": ("cert.reissued", "root-r2-2", "Microsoft is not asked to take it"),
    "non-tls": ("cert.purposes_of_issuer", "sub-mail-1", "both until the end of 2028"),
    "external": ("cert.purposes_of_issuer", "sub-external-1", "both until the end of 2028"),
}
WAIVER = """
[[waivers]]
code = "{}"
operation = "{}"
reason = "{}"
people = ["amara", "bela"]
expires = "2028-01-01"
"""


def at_noon() -> SteppedHost:
    return SteppedHost(NOON)


def begin(root: Path, rules: str = "private") -> Path:
    init(root, "example", rules, at_noon())
    return root


def enrol_keys(root: Path) -> None:
    """Give each keyed person a key, as they would paste it; no private half of it exists."""
    for number, path in enumerate(sorted((root / "people").glob("*.toml"))):
        blob = b"\x00\x00\x00\x0bssh-ed25519\x00\x00\x00\x20" + bytes([number]) * 32
        path.write_text(path.read_text().replace('key = ""', f'key = "ssh-ed25519 {base64.b64encode(blob).decode()}"'))


def put_request(folder: Path, name: str = "sub-1.csr.pem") -> None:
    """The request that a plan for a subordinate asks for, made by somebody else's software."""
    command = ["openssl", "req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    command += ["-keyout", "/dev/null", "-subj", "/CN=a request", "-out", str(folder / "inputs" / name)]
    subprocess.run(command, check=True, capture_output=True)


def plan_of(path: Path) -> Plan:
    return prepare.read_plan(path.parent)[0]


def codes(refusal: pytest.ExceptionInfo[Refusal]) -> list[str]:
    return [finding.code for finding in refusal.value.findings]


def openssl(*arguments: object) -> str:
    run = subprocess.run(["openssl", *map(str, arguments)], capture_output=True, text=True, check=True)
    return run.stdout + run.stderr


# -- init -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("rules", RULES)
def test_a_new_authority_lacks_nothing_but_keys(tmp_path: Path, rules: str) -> None:
    begin(tmp_path / "a", rules)
    with pytest.raises(Refusal) as refusal:
        source.read_authority(tmp_path / "a")
    assert set(codes(refusal)) == {"person.key_missing"}
    assert len(codes(refusal)) == 9
    enrol_keys(tmp_path / "a")
    state = source.read_authority(tmp_path / "a")
    assert state.rules == rules
    assert state_findings(state) == ()


def test_a_new_authority_can_be_read_for_a_rehearsal_before_anybody_has_a_key(tmp_path: Path) -> None:
    state = source.read_authority(begin(tmp_path / "a"), Mode.REHEARSAL)
    assert all(not person.key for person in state.people)


def test_every_table_of_a_new_authority_is_introduced_by_a_comment(tmp_path: Path) -> None:
    text = (begin(tmp_path / "a") / "authority.toml").read_text()
    for table in ("[cps]", "[commitments]", "[[roles]]", "[[quorums]]", "[[places]]", "[[tokens]]", "[[items]]"):
        before = text.partition(table)[0].rstrip("\n").rpartition("\n")[2]
        assert before.startswith("# "), table


def test_every_person_has_a_card_with_a_salt_of_its_own(tmp_path: Path) -> None:
    root = begin(tmp_path / "a")
    cards = [tomllib.loads(path.read_text()) for path in (root / "people").glob("*.card.toml")]
    assert len(cards) == 10
    assert all(set(card) == {"name", "employer", "identity-paper", "salt"} for card in cards)
    assert len({card["salt"] for card in cards}) == 10
    assert all(re.fullmatch("[0-9a-f]{64}", card["salt"]) for card in cards)


@pytest.mark.parametrize("rules", RULES)
def test_nobody_is_appointed_to_two_roles_in_conflict(tmp_path: Path, rules: str) -> None:
    state = source.read_authority(begin(tmp_path / "a", rules), Mode.REHEARSAL)
    for person in state.people:
        roles = {one.role for one in person.appointments}
        assert not any(set(pair) <= roles for pair in state.conflicts), person.id


def test_those_who_authorise_and_those_who_unlock_are_different_people(tmp_path: Path) -> None:
    state = source.read_authority(begin(tmp_path / "a"), Mode.REHEARSAL)
    authorise, unlock = (state.quorum(purpose).role for purpose in (Purpose.AUTHORISE, Purpose.UNLOCK))
    assert not set(state.appointed(authorise)) & set(state.appointed(unlock))


def test_the_controllers_of_a_place_hold_nothing_that_lies_in_it(tmp_path: Path) -> None:
    state = source.read_authority(begin(tmp_path / "a"), Mode.REHEARSAL)
    keepers = {place.id: set(state.appointed(place.controllers.role)) for place in state.places}
    held = [item for item in state.items if item.holder in {role.id for role in state.roles}]
    assert len(held) == 3
    assert all(not keepers[item.place] & set(state.appointed(item.holder)) for item in held)


def test_init_does_not_write_into_a_folder_that_holds_something(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("mine")
    with pytest.raises(Refusal) as refusal:
        init(tmp_path, "example", "private", at_noon())
    assert codes(refusal) == ["outset.not_empty"]
    assert [path.name for path in tmp_path.iterdir()] == ["letter.txt"]


def test_a_day_on_which_nobody_is_appointed_has_no_plan(tmp_path: Path) -> None:
    root = begin(tmp_path / "a")
    with pytest.raises(Refusal) as refusal:
        new(root, "001-root", "root", SteppedHost(datetime(2040, 1, 1, tzinfo=UTC)))
    assert codes(refusal) == ["outset.nobody_appointed"]
    assert not list((root / "ceremonies").iterdir())


def test_init_takes_an_empty_folder(tmp_path: Path) -> None:
    assert init(tmp_path, "example", "private", at_noon())
    assert (tmp_path / "authority.toml").is_file()


@pytest.mark.parametrize(
    ("name", "rules", "code"),
    [("Example CA", "private", "plan.identifier"), ("example", "public", "outset.rules_unknown")],
)
def test_init_refuses_names_and_rules_it_cannot_use(tmp_path: Path, name: str, rules: str, code: str) -> None:
    with pytest.raises(Refusal) as refusal:
        init(tmp_path / "a", name, rules, at_noon())
    assert codes(refusal) == [code]
    assert not (tmp_path / "a").exists()


# -- new --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("rules", RULES)
def test_a_series_of_every_kind_can_be_rehearsed_as_it_was_written(tmp_path: Path, rules: str) -> None:
    root = begin(tmp_path / "a", rules)
    assert set(SERIES.values()) == set(CERTIFICATE_KINDS)
    made = []
    for name, kind in SERIES.items():
        plan = new(root, name, kind, at_noon())
        if match := re.search('^csr = "(.*)"', plan.read_text(), re.MULTILINE):
            put_request(plan.parent, match[1])
        if rules == "webpki" and kind in WAIVERS:
            plan.write_text(plan.read_text() + WAIVER.format(*WAIVERS[kind]))
        state = rehearse(root, plan.parent, b"the verifier")
        made += [*state.certificates, *state.crls]
    certificates = ["root-r1", "crl-r1-1", "sub-1", "root-r2", "crl-r2-1", "cross-root-r2-by-root-r1"]
    later = [
        "root-r2-2",
        "sub-constrained-1",
        "sub-mail-1",
        "ocsp-1",
        "sub-external-1",
        "responder-ocsp-sub-external-1",
    ]
    assert made == [*certificates, "crl-r2-2", "crl-r1-2", "crl-r2-3", *later]


def test_the_token_is_put_under_its_quorum_once(tmp_path: Path) -> None:
    root = begin(tmp_path / "a")
    first, second = (plan_of(new(root, name, "root", at_noon())) for name in ("001", "002"))
    assert [one.id for one in first.operations] == ["share-hsm-1", "forget-hsm-1", "key-r1", "root-r1", "crl-r1-1"]
    assert [one.id for one in second.operations] == ["key-r2", "root-r2", "crl-r2-1"]


def test_a_plan_starts_tomorrow_or_after_the_last_one(tmp_path: Path) -> None:
    root = begin(tmp_path / "a")
    windows = [plan_of(new(root, name, "root", at_noon())).window.opens for name in ("001", "002")]
    assert windows == ["2026-11-24T09:00:00Z", "2026-11-25T09:00:00Z"]


def test_seats_come_from_the_appointments(tmp_path: Path) -> None:
    root = begin(tmp_path / "a")
    plan = plan_of(new(root, "001", "root", at_noon()))
    seats = {seat.id: (seat.person, seat.alternates) for seat in plan.seats}
    assert seats["administrator"] == ("amara", ("greta",))
    assert seats["witness"] == ("bela", ("chen",))
    assert seats["auditor"] == ("dana", ())
    assert [seat for seat in seats if seat.startswith("custodian")] == ["custodian-1", "custodian-2", "custodian-3"]
    assert plan.witnessing.auditor == "auditor"


def appoint(root: Path, person: str, role: str) -> None:
    path = root / "people" / f"{person}.toml"
    line = f'  {{ role = "{role}", since = "2026-11-01", until = "2028-11-01" }},\n'
    path.write_text(path.read_text().replace("appointments = [\n", f"appointments = [\n{line}"))


def test_whoever_might_come_in_a_conflicting_role_is_left_out(tmp_path: Path) -> None:
    root = begin(tmp_path / "a")
    appoint(root, "hana", "administrator")
    plan = plan_of(new(root, "001", "root", at_noon()))
    assert next(seat for seat in plan.seats if seat.id == "administrator").alternates == ("greta",)
    assert rehearse(root, root / "ceremonies" / "001", b"the verifier").size > 0


def test_without_an_auditor_the_generation_is_recorded(tmp_path: Path) -> None:
    root = begin(tmp_path / "a")
    for name in ("dana.toml", "dana.card.toml"):
        (root / "people" / name).unlink()
    plan = plan_of(new(root, "001", "root", at_noon()))
    assert (plan.witnessing.auditor, plan.witnessing.recording) == ("", True)
    assert plan.witnessing.policy.startswith("CHANGE")
    assert run("rehearse", root / "ceremonies" / "001").code == 0


def test_an_organisation_with_quotes_and_a_long_name_makes_a_plan(tmp_path: Path) -> None:
    root = begin(tmp_path / "a")
    organisation = 'The "Example" Trust \\ Services of Somewhere Rather Far Off, Ltd'
    text = (root / "authority.toml").read_text()
    quoted = organisation.replace("\\", "\\\\").replace('"', '\\"')
    (root / "authority.toml").write_text(text.replace("Example Trust Services", quoted))
    certificate = plan_of(new(root, "001", "root", at_noon())).operations[3]
    assert certificate.subject.organization == organisation
    assert len(certificate.subject.common_name) <= 64
    assert certificate.subject.common_name.endswith(" Root R1")


@pytest.mark.parametrize("kind", sorted(set(CERTIFICATE_KINDS) - {"root"}))
def test_what_needs_a_root_is_refused_before_there_is_one(tmp_path: Path, kind: str) -> None:
    root = begin(tmp_path / "a")
    with pytest.raises(Refusal) as refusal:
        new(root, "001", kind, at_noon())
    assert codes(refusal) == ["outset.no_root"]
    assert not (root / "ceremonies" / "001").exists()


def test_a_response_needs_a_certificate_to_be_about(tmp_path: Path) -> None:
    root = begin(tmp_path / "a")
    new(root, "001", "root", at_noon())
    with pytest.raises(Refusal) as refusal:
        new(root, "002", "ocsp-response", at_noon())
    assert codes(refusal) == ["outset.nothing_below"]


def test_with_one_root_a_cross_certificate_waits_for_somebody_elses_certificate(tmp_path: Path) -> None:
    root = begin(tmp_path / "a")
    new(root, "001", "root", at_noon())
    path = new(root, "002", "cross", at_noon())
    assert "inputs/existing.cert.pem is still missing" in (path.parent / "README.txt").read_text()
    with pytest.raises(Refusal) as refusal:
        rehearse(root, path.parent, b"the verifier")
    assert codes(refusal) == ["plan.artifact_unknown"]


@pytest.mark.parametrize("rules", RULES)
def test_a_certificate_of_another_organisation_is_certified_as_it_was_written(tmp_path: Path, rules: str) -> None:
    root, other = begin(tmp_path / "a", rules), begin(tmp_path / "b", rules)
    about = other / "authority.toml"
    about.write_text(about.read_text().replace("Example Trust Services", "Another Organisation"))
    for one in (root, other):
        rehearse(one, new(one, "001", "root", at_noon()).parent, b"the verifier")
    plan = new(root, "002", "cross", at_noon())
    shutil.copy(artifact(other, "root-r1.cert.pem"), plan.parent / "inputs" / "existing.cert.pem")
    rehearse(root, plan.parent, b"the verifier")
    assert artifact(root, "cross-existing-by-root-r1.cert.pem").is_file()


@pytest.mark.parametrize(
    ("name", "kind", "code"),
    [
        ("001", "root", "outset.ceremony_present"),
        ("../x", "root", "plan.identifier"),
        ("2", "hsm", "outset.kind_unknown"),
    ],
)
def test_new_refuses_what_is_there_or_makes_no_sense(tmp_path: Path, name: str, kind: str, code: str) -> None:
    root = begin(tmp_path / "a")
    new(root, "001", "root", at_noon())
    with pytest.raises(Refusal) as refusal:
        new(root, name, kind, at_noon())
    assert codes(refusal) == [code]


def test_new_wants_a_token_to_plan_for(tmp_path: Path) -> None:
    root = begin(tmp_path / "a")
    text = (root / "authority.toml").read_text()
    tokens = re.search(r"\[\[tokens\]\]\n(?:.+\n)+", text)
    assert tokens is not None
    (root / "authority.toml").write_text("tokens = []\n" + text.replace(tokens.group(), ""))
    with pytest.raises(Refusal) as refusal:
        new(root, "001", "root", at_noon())
    assert codes(refusal) == ["outset.nothing_yet"]


# -- the demonstration ------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("examples") / "demo"
    shutil.copytree(EXAMPLES / "demo", root, ignore=shutil.ignore_patterns("rehearsal", "shadow", "record"))
    for ceremony in ("001-old-root", "002-new-root"):
        rehearse(root, root / "ceremonies" / ceremony, b"the verifier")
    return root


def artifact(root: Path, name: str) -> Path:
    return next(root.glob(f"ceremonies/*/rehearsal/record/artifacts/{name}"))


def test_the_demonstrations_authority_is_complete_and_its_keys_are_different(demo: Path) -> None:
    state: AuthorityState = source.read_authority(demo)
    keys = [person.key for person in state.people if person.presence is Presence.KEYED]
    assert state_findings(state) == ()
    assert len(set(keys)) == len(keys) == 9


@pytest.mark.parametrize(
    ("trusted", "between", "leaf"),
    [
        ("root-r1", "", "root-r1"),
        ("root-r2", "", "root-r2"),
        ("root-r1", "", "cross-r2-by-r1"),
        ("root-r1", "", "sub-a"),
        ("root-r2", "", "sub-b"),
        ("root-r1", "cross-r2-by-r1", "sub-b"),
    ],
)
def test_the_demonstrations_certificates_verify_elsewhere(demo: Path, trusted: str, between: str, leaf: str) -> None:
    untrusted = ("-untrusted", artifact(demo, f"{between}.cert.pem")) if between else ()
    moment = int(datetime(2026, 12, 9, tzinfo=UTC).timestamp())
    chain = ("-CAfile", artifact(demo, f"{trusted}.cert.pem"), *untrusted, artifact(demo, f"{leaf}.cert.pem"))
    assert openssl("verify", "-x509_strict", "-attime", moment, *chain).endswith(": OK\n")


@pytest.mark.parametrize(("issuer", "crl", "number"), [("root-r1", "crl-r1-2", "2"), ("root-r2", "crl-r2-1", "1")])
def test_the_demonstrations_crls_verify_elsewhere(demo: Path, issuer: str, crl: str, number: str) -> None:
    signer = ("-CAfile", artifact(demo, f"{issuer}.cert.pem"))
    said = openssl("crl", "-in", artifact(demo, f"{crl}.crl.pem"), "-noout", "-text", *signer)
    assert "verify OK" in said
    assert re.search(rf"X509v3 CRL Number: \n +{number}\n", said)


def test_the_subordinate_of_the_old_root_is_frozen_whole_before_the_day(demo: Path) -> None:
    script = read_script((demo / "ceremonies/002-new-root/rehearsal/script.json").read_bytes(), "script.json")
    still_open = {draft.operation: draft.open for draft in script.drafts}
    assert still_open["sub-a"] == ()
    assert still_open["sub-b"] == ("aki",)
    signed = artifact(demo, "sub-a.cert.der").read_bytes()
    assert (demo / "ceremonies/002-new-root/rehearsal/drafts/sub-a.tbs").read_bytes() in signed


def test_what_a_broken_off_new_left_is_no_ceremony(tmp_path: Path) -> None:
    root = begin(tmp_path / "a")
    path = new(root, "001-root", "root", at_noon())
    text = path.read_text()
    path.parent.rename(root / "ceremonies" / ".001-root.0123456789abcdef")
    again = new(root, "001-root", "root", at_noon())
    assert again.read_text() == text
    rehearse(root, again.parent, b"the verifier")
    assert not (root / "ceremonies" / ".001-root.0123456789abcdef" / "rehearsal").exists()


def test_a_plan_that_leaves_the_tokens_bag_in_its_safe_is_refused(tmp_path: Path) -> None:
    root = begin(tmp_path / "a")
    plan = new(root, "001-root", "root", at_noon())
    plan.write_text(plan.read_text().replace('  "hsm-1-bag",\n', ""))
    with pytest.raises(Refusal) as refusal:
        rehearse(root, plan.parent, b"the verifier")
    assert [one.code for one in refusal.value.findings] == ["custody.token_stays"]
