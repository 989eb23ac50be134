"""Bad input of every kind is refused with a sentence, a hint and a code, and nothing is changed."""

from __future__ import annotations

import datetime
import fcntl
import functools
import re
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import replace
from importlib.resources import files
from pathlib import Path

import pexpect
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, mldsa, rsa
from cryptography.x509.oid import NameOID

from example import DESTROY_SO, FIRST, SEATS, SHARE, certificate, crl, head, key, make_authority, make_plan
from quorate import prepare
from quorate.host import Host
from quorate.planning import first_crls
from quorate.rehearse import shadow_base
from refusing import approve, refused, run, signed_elsewhere, snapshot
from room import QUORATE
from zoned import policy

Edit = Callable[[str], str]


def replaced(old: str, new: str) -> Edit:
    """One part of a text, which must be there, by another."""

    def edit(text: str) -> str:
        assert old in text, old
        return text.replace(old, new, 1)

    return edit


def added(lines: str) -> Edit:
    return lambda text: text + lines


def first_line(line: str) -> Edit:
    return lambda text: f"{line}\n{text}"


def zoned(tokens: str) -> Edit:
    """A zone beside the rest, whose KSKs are to be on these tokens."""
    return lambda text: text + f'\n[[zones]]\nname = "example."\ntokens = [{tokens}]\nfolder = "dnssec"\n'


def seat(name: str, **changes: str) -> Edit:
    """The seat `name` with another role, person or list of alternates."""
    role, person, alternates = SEATS[name]

    def edit(text: str) -> str:
        old = f'id = "{name}"\nrole = "{role}"\nperson = "{person}"\nalternates = {list(alternates)}\n'
        assert old in text
        new = {"id": name, "role": role, "person": person} | changes
        lines = [f'{field} = "{value}"' for field, value in new.items() if field != "alternates"]
        return text.replace(old, "\n".join([*lines, f"alternates = {changes.get('alternates', '[]')}"]) + "\n")

    return edit


def without_seat(name: str) -> Edit:
    return lambda text: re.sub(rf'\[\[seats\]\]\nid = "{name}"\n(?:.+\n){{3}}', "", text)


def waiver(code: str, operation: str = "root-r1", people: str = '["oa", "ob"]', expires: str = "2027-01-01") -> Edit:
    lines = ["[[waivers]]", f'code = "{code}"', f'operation = "{operation}"', 'reason = "agreed"']
    return added("\n".join([*lines, f"people = {people}", f'expires = "{expires}"']) + "\n")


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An authority with everybody's keys and a plan for a root; nothing is signed yet. Not to be changed."""
    folder = tmp_path_factory.mktemp("plain")
    root = make_authority(folder / "authority", folder / "keys")
    make_plan(root, "001-root", FIRST)
    return root


@pytest.fixture(scope="module")
def signed(plain: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same with its state signed by those who govern, and the plan compiled. Not to be changed."""
    root = tmp_path_factory.mktemp("signed") / "authority"
    shutil.copytree(plain, root)
    approve(root, plain.parent / "keys", "oa", "ob")
    assert run("compile", root / "ceremonies" / "001-root").code == 0
    return root


@pytest.fixture
def keys(plain: Path) -> Path:
    return plain.parent / "keys"


@pytest.fixture
def authority(plain: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(plain, tmp_path / "authority"))


@pytest.fixture
def ceremony(authority: Path) -> Path:
    return authority / "ceremonies" / "001-root"


@pytest.fixture
def compiled(signed: Path, tmp_path: Path) -> Path:
    """A compiled ceremony of an authority that is signed."""
    return Path(shutil.copytree(signed, tmp_path / "authority")) / "ceremonies" / "001-root"


@pytest.fixture
def on_the_day(monkeypatch: pytest.MonkeyPatch) -> None:
    """The clock of the machine stands in the window, and its memory is left as it is."""
    noon = datetime.datetime(2026, 12, 1, 12, tzinfo=datetime.UTC)
    monkeypatch.setattr(Host, "now", lambda self: noon)
    monkeypatch.setattr(Host, "lock_memory", lambda self: {})


def edit_plan(ceremony: Path, *edits: Edit) -> None:
    path = ceremony / "plan.toml"
    text = path.read_text()
    for edit in edits:
        text = edit(text)
    path.write_text(text)


# -- plans ------------------------------------------------------------------------------------------------------------

PLANS: dict[str, tuple[tuple[Edit, ...], set[str]]] = {
    "no TOML": ((first_line("window = ["),), {"plan.toml_broken"}),
    "a key twice": ((first_line('purpose = "x"'),), {"plan.toml_broken"}),
    "an unknown field": ((first_line('colour = "red"'),), {"plan.field_unknown"}),
    "a missing field": ((replaced('facility = "hq"\n', ""),), {"plan.field_missing"}),
    "a number for text": ((replaced('"hq"', "7"),), {"plan.value_wrong"}),
    "a date of TOML for text": ((replaced('"2026-12-01T09:00:00Z"', "2026-12-01T09:00:00Z"),), {"plan.value_wrong"}),
    "a number beyond every reader": ((replaced("number = 1", f"number = {2**60}"),), {"plan.value_wrong"}),
    "another format": ((replaced("quorate/1", "quorate/2"),), {"plan.value_wrong"}),
    "an unknown kind": ((replaced('kind = "crl"', 'kind = "ocsp"'),), {"plan.kind_unknown"}),
    "an operation without a kind": ((replaced('kind = "crl"\n', ""),), {"plan.kind_unknown"}),
    "an id twice": ((replaced('id = "crl-r1-1"', 'id = "root-r1"'),), {"plan.id_twice"}),
    "a seat twice": ((seat("o2", id="o1"),), {"plan.id_twice"}),
    "an id with a path": ((replaced('id = "crl-r1-1"', 'id = "../x"'),), {"plan.identifier"}),
    "an id in capitals": ((seat("iw", id="IW"),), {"plan.identifier"}),
    "a window reversed": ((replaced("T21:00", "T08:00"),), {"plan.window"}),
    "a window in other words": ((replaced("2026-12-01T09:00:00Z", "2026-12-1T9:00:00Z"),), {"plan.window"}),
    "a window that is no time": ((replaced("2026-12-01T09:00:00Z", "tomorrow"),), {"plan.window"}),
    "a window in no month": ((replaced("2026-12-01T09:00:00Z", "2026-13-01T09:00:00Z"),), {"plan.window"}),
    "a window too long for what is frozen": ((replaced("2026-12-01T21", "2026-12-04T21"),), {"cert.window"}),
    "no days": ((replaced("days = 3650", "days = 0"),), {"plan.days"}),
    "days beyond the calendar": ((replaced("days = 3650", f"days = {10**9}"),), {"plan.days"}),
    "more days than committed": ((replaced("days = 3650", "days = 9200"),),
                                 {"cert.days_committed", "cert.days_profile"}),
    "a token that is not there": ((replaced('token = "hsm-1"', 'token = "hsm-2"'),), {"token.unknown"}),
    "a facility elsewhere": ((replaced('"hq"', '"moon"'),), {"plan.facility"}),
    "an item that is not there": ((replaced("hsm-1-bag", "hsm-9-bag"),), {"item.unknown"}),
    "an unknown person": ((seat("iw", person="zoe"),), {"person.unknown"}),
    "an unknown role": ((seat("iw", role="king"),), {"role.unknown"}),
    "somebody not appointed": ((seat("iw", person="cc"),), {"seat.not_appointed", "seat.conflict"}),
    "one of 3": ((replaced("threshold = 2", "threshold = 1"),), {"share.split"}),
    "4 of 3": ((replaced("threshold = 2", "threshold = 4"),), {"share.split"}),
    "-1 of 3": ((replaced("threshold = 2", "threshold = -1"),), {"share.split"}),
    "a holder who has no seat": ((replaced('"c3"]', '"c9"]'),), {"seat.unknown"}),
    "a holder who may hold nothing": ((replaced('"c3"]', '"iw"]'),), {"share.role"}),
    "one person with two shares": ((seat("c2", person="ca"),), {"share.one_each", "seat.conflict"}),
    "an unknown key type": ((replaced('"p-256"', '"p-257"'),), {"plan.key_type"}),
    "an unknown signature algorithm": (
        (replaced('"private-root"', '"private-root"\nsignature = "rsa-pkcs1-sha1"'),),
        {"plan.signature"},
    ),
    "an algorithm of other keys": (
        (replaced('"private-root"', '"private-root"\nsignature = "rsa-pss-sha256"'),),
        {"plan.signature_unfit"},
    ),
    "an unknown profile": ((replaced('"private-root"', '"private-rute"'),), {"x509.profile_unknown"}),
    "a profile elsewhere": ((replaced('"private-root"', '"../../private-root"'),), {"plan.identifier"}),
    "no profile": ((replaced('"private-root"', '""'),), {"plan.identifier"}),
    "a profile of another kind": ((replaced('"private-root"', '"private-crl"'),), {"x509.profile_class"}),
    "a key of no operation": ((replaced('key = "key-r1"', 'key = "key-r9"'),), {"plan.key_unknown"}),
    "an issuer that is not there": ((replaced('issuer = "root-r1"', 'issuer = "root-r9"'),), {"plan.artifact_unknown"}),
    "a CRL twice": ((added(crl("crl-again", "root-r1", 2)),), {"plan.crl_twice"}),
    "a negative CRL number": ((replaced("number = 1", "number = -1"),), {"x509.field_unusable"}),
    "a subject twice": ((added(key("key-r2") + certificate("root", "root-r2", "Root R1", 3650, key="key-r2")),),
                        {"plan.subject_twice"}),
    "a name in no country": ((replaced('"NL"', '"Netherlands"'),), {"x509.name_unusable"}),
    "a URL that is none": ((added(key("key-r2") + certificate("root", "root-r2", "Root R2", 3650, key="key-r2")
        + certificate("cross", "cross-1", issuer="root-r1", existing="root-r2").replace("http://example.org/r.crl", "x")
        ),),
                             {"cert.crl_url_form"}),
    "an auditor without a seat": ((replaced('auditor = "au"', 'auditor = "xx"'),), {"seat.unknown"}),
    "what a template left open": (
        (replaced('auditor = "au"', 'recording = true\npolicy = "CHANGE: the policy"'),),
        {"plan.unedited"},
    ),
    "a witness as auditor": ((replaced('auditor = "au"', 'auditor = "iw"'),), {"plan.auditor_role"}),
    "nobody who commands": ((without_seat("ca"),), {"plan.nobody_leads"}),
    "one officer for two keys of a safe": ((without_seat("o2"),), {"plan.controllers_missing"}),
    "an alternate on paper in a quorum": ((seat("o2", alternates='["jane"]'),),
                                          {"quorum.not_met", "seat.not_appointed", "seat.conflict"}),
    "nobody who observes": ((without_seat("iw"), replaced('auditor = "au"', 'recording = true\npolicy = "WTCA"')),
                            {"seat.alone"}),
    "the witness as the administrator's alternate": ((seat("ca", alternates='["wim"]'),),
                                                     {"seat.conflict", "seat.not_appointed", "seat.alone"}),
    "an officer as custodian": ((seat("c1", person="oa"),), {"seat.conflict", "seat.not_appointed", "quorum.not_met"}),
    "a waiver of nothing": ((waiver("cert.root_days_programme"),), {"waiver.unused"}),
    "a waiver of no finding": ((waiver("cert.anything"),), {"waiver.unknown"}),
    "a waiver of what is never waived": ((replaced("days = 3650", "days = 9200"), waiver("cert.days_committed")),
                                         {"waiver.not_waivable"}),
    "a waiver of what only warns here": ((waiver("cert.name_reused"),), {"waiver.not_needed"}),
    "a waiver of what only warns everywhere": ((waiver("plan.first_crl"),), {"waiver.not_needed"}),
    "a waiver of what blocks everywhere": ((waiver("cert.aki_differs"),), {"waiver.not_waivable"}),
    "a waiver by one person": ((waiver("cert.root_days_programme", people='["oa", "oa"]'),), {"waiver.two_people"}),
    "a waiver by a stranger": ((waiver("cert.root_days_programme", people='["oa", "zoe"]'),), {"waiver.two_people"}),
    "a waiver without a day": ((waiver("cert.root_days_programme", expires="never"),), {"plan.day"}),
    "two lines in one": ((replaced("Make a root", r"Make\nquorum govern: 0 of officer"),), {"plan.text"}),
    "an escape sequence": ((replaced("Make a root", r"Make\u001b[2J"),), {"plan.text"}),
    "text from right to left": ((replaced("Make a root", "Make \u202e toor a"),), {"plan.text"}),
    "text that no font shows": ((replaced("Make a root", "Make\u200b a root"),), {"plan.text"}),
    "letters taken apart": ((replaced("Make a root", "Make a re\u0301seau"),), {"plan.text"}),
    "a line end in a name": ((replaced('"Root R1"', r'"Root\nR1"'),), {"plan.text"}),
}  # fmt: skip


@pytest.mark.parametrize("what", PLANS)
def test_a_plan_is_refused_for(ceremony: Path, what: str) -> None:
    edits, codes = PLANS[what]
    edit_plan(ceremony, *edits)
    assert set(refused(ceremony.parents[1], "check", ceremony)) == codes


def test_what_check_refuses_compile_refuses_too(compiled: Path) -> None:
    root = compiled.parents[1]
    edit_plan(compiled, replaced('"hq"', '"moon"'))
    assert refused(root, "compile", compiled, "--replace") == ["plan.facility"]


def test_every_problem_of_a_plan_is_named_at_once_with_its_path(ceremony: Path) -> None:
    edit_plan(
        ceremony,
        replaced('facility = "hq"\n', ""),
        replaced('purpose = "Make a root"', "purpose = 1"),
        first_line('colour = "red"'),
        replaced("threshold = 2", 'threshold = "two"'),
        replaced('kind = "crl"', 'kind = "ocsp"'),
    )
    outcome = run("check", ceremony)
    where = re.findall(r"(?m)^quorate: (plan\.toml\S*): ", outcome.err)
    assert where == [
        "plan.toml.colour",
        "plan.toml.purpose",
        "plan.toml.facility",
        "plan.toml.operations[share-hsm-1].threshold",
        "plan.toml.operations[crl-r1-1]",
    ]
    assert sorted(outcome.codes) == sorted(
        ["plan.field_unknown", "plan.value_wrong", "plan.field_missing", "plan.value_wrong", "plan.kind_unknown"]
    )


def test_every_person_and_place_that_is_not_there_is_named_at_once(ceremony: Path) -> None:
    edit_plan(ceremony, seat("iw", person="zoe"), seat("o1", person="zed"), replaced('"hq"', '"moon"'))
    assert refused(ceremony.parents[1], "check", ceremony) == ["plan.facility", "person.unknown", "person.unknown"]


def test_a_plan_in_another_encoding_is_refused(ceremony: Path) -> None:
    (ceremony / "plan.toml").write_bytes((ceremony / "plan.toml").read_bytes().replace(b"Make", b"M\xe4ke"))
    assert refused(ceremony.parents[1], "check", ceremony) == ["plan.toml_broken"]


def test_a_plan_that_does_nothing_is_refused(ceremony: Path) -> None:
    text = head("2026-12-01T09:00:00Z", "2026-12-01T21:00:00Z").replace('retrieve = ["hsm-1-bag"]', "operations = []")
    (ceremony / "plan.toml").write_text(text)
    assert refused(ceremony.parents[1], "check", ceremony) == ["plan.empty"]


def test_a_plan_larger_than_any_plan_is_refused(ceremony: Path) -> None:
    edit_plan(ceremony, added("#" * 1024 * 1024))
    assert refused(ceremony.parents[1], "check", ceremony) == ["plan.too_large"]


def test_a_plan_nested_without_end_is_refused(ceremony: Path) -> None:
    edit_plan(ceremony, first_line("x = " + "[" * 100_000))
    assert refused(ceremony.parents[1], "check", ceremony) == ["plan.toml_broken"]


def test_a_folder_without_a_plan_is_refused(ceremony: Path) -> None:
    (ceremony / "plan.toml").unlink()
    assert refused(ceremony.parents[1], "check", ceremony) == ["plan.missing"]


def test_a_ceremony_has_a_name_that_can_be_signed(authority: Path) -> None:
    folder = authority / "ceremonies" / "002 Zürich"
    make_plan(authority, folder.name, FIRST)
    assert refused(authority, "check", folder) == ["plan.identifier"]


def test_what_a_plan_says_cannot_steer_the_terminal(ceremony: Path) -> None:
    edit_plan(ceremony, first_line(r'"a\u001b[2J" = 1'))
    outcome = run("check", ceremony)
    assert "\x1b" not in outcome.err
    assert outcome.codes == ["plan.field_unknown"]


# -- authorities ------------------------------------------------------------------------------------------------------

AUTHORITIES: dict[str, tuple[Edit, set[str]]] = {
    "no TOML": (first_line("["), {"plan.toml_broken"}),
    "an unknown field": (first_line('colour = "red"'), {"plan.field_unknown"}),
    "unknown rules": (replaced('rules = "private"', 'rules = "public"'), {"authority.rules"}),
    "root programmes of a private authority": (first_line('programmes = ["mozilla"]'), {"authority.programmes"}),
    "a root programme that is none": (first_line('programmes = ["mozilla", "google"]'), {"plan.value_wrong"}),
    "an affiliate twice": (first_line('affiliates = ["A", "A"]'), {"authority.twice"}),
    "no commitment to the type of a key": (
        lambda text: re.sub("(?m)^key-types = .*$", 'key-types = ["rsa-4096"]', text), {"plan.key_type_uncommitted"}
    ),
    "another format": (replaced("quorate/1", "quorate/9"), {"plan.format"}),
    "a name with blanks": (replaced('name = "example"', 'name = "An Example"'), {"plan.identifier"}),
    "an unknown role": (replaced('["administrator","custodian"]', '["king","custodian"]'), {"role.unknown"}),
    "a role twice": (replaced('id = "witness"', 'id = "auditor"'), {"authority.twice", "role.unknown"}),
    "a quorum of nobody": (replaced("need = 2", "need = 0"), {"quorum.cannot_meet", "quorum.too_small"}),
    "a quorum larger than its role": (replaced("need = 2", "need = 3"), {"quorum.cannot_meet"}),
    "a purpose twice": (replaced('purpose = "govern"', 'purpose = "close"'), {"quorum.one_each"}),
    "a safe that nobody opens": (replaced('role = "officer", need = 2', 'role = "officer", need = 0'),
                                 {"quorum.too_small"}),
    "a bag that lies nowhere": (replaced('place = "safe-1"', 'place = "safe-9"'), {"place.unknown"}),
    "a software token elsewhere": (replaced('"tokens/hsm-1"', '"../hsm-1"'), {"authority.location"}),
    "a software token anywhere": (replaced('"tokens/hsm-1"', '"/tmp/hsm-1"'), {"authority.location"}),
    "a serial that cannot be signed": (replaced('"EX-1"', '"ÉX-1"'), {"authority.serial"}),
    "a zone without tokens": (zoned(""), {"zone.tokens"}),
    "a zone with a token twice": (zoned('"hsm-1", "hsm-1"'), {"zone.tokens"}),
    "no serial": (replaced('"EX-1"', '""'), {"authority.serial"}),
    "two lines in one": (replaced("Example Trust", r"Example\nTrust"), {"plan.text"}),
}  # fmt: skip


@pytest.mark.parametrize("what", AUTHORITIES)
def test_an_authority_is_refused_for(ceremony: Path, what: str) -> None:
    root = ceremony.parents[1]
    edit, codes = AUTHORITIES[what]
    (root / "authority.toml").write_text(edit((root / "authority.toml").read_text()))
    (root / "dnssec").mkdir()
    (root / "dnssec" / "policy.toml").write_text(policy("example."))
    assert set(refused(root, "check", ceremony)) == codes


PEOPLE_EDITS: dict[str, tuple[Edit, set[str]]] = {
    "a key that is none": (lambda text: re.sub('key = ".*"', 'key = "ssh-ed25519 AAAA"', text),
                           {"person.key_malformed"}),
    "a key of an old type": (lambda text: re.sub('key = ".*"', 'key = "ssh-dss AAAAB3NzaC1kc3M="', text),
                             {"person.key_unusable"}),
    "a key cut short": (lambda text: re.sub('key = ".*"', 'key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5"', text),
                        {"person.key_unusable"}),
    "no key": (lambda text: re.sub("key = .*", "", text), {"person.key_missing"}),
    "a key and no use for it": (replaced('"keyed"', '"paper"'), {"person.key_missing"}),
    "a presence of its own": (replaced('"keyed"', '"remote"'), {"plan.value_wrong"}),
    "a day that is none": (replaced("2060-01-01", "2060-02-30"), {"plan.day"}),
    "a day in other words": (replaced("2020-01-01", "2020-1-1"), {"plan.day"}),
}  # fmt: skip


@pytest.mark.parametrize("what", PEOPLE_EDITS)
def test_a_person_is_refused_for(ceremony: Path, what: str) -> None:
    root = ceremony.parents[1]
    edit, codes = PEOPLE_EDITS[what]
    (root / "people" / "oa.toml").write_text(edit((root / "people" / "oa.toml").read_text()))
    assert set(refused(root, "check", ceremony)) == codes


def test_a_weak_rsa_key_is_not_enrolled(ceremony: Path, tmp_path: Path) -> None:
    public = rsa.generate_private_key(65537, 2048).public_key()
    line = public.public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH).decode()
    path = ceremony.parents[1] / "people" / "oa.toml"
    path.write_text(re.sub('key = ".*"', f'key = "{line}"', path.read_text()))
    assert refused(ceremony.parents[1], "check", ceremony) == ["person.key_unusable"]


def test_a_person_has_a_card_and_an_id(ceremony: Path) -> None:
    root = ceremony.parents[1]
    (root / "people" / "oa.card.toml").unlink()
    assert refused(root, "check", ceremony) == ["person.card_missing"]
    for ending in ("toml", "card.toml"):
        shutil.copy(root / "people" / ("ob." + ending), root / "people" / ("O B." + ending))
    shutil.copy(root / "people" / "ob.card.toml", root / "people" / "oa.card.toml")
    assert set(refused(root, "check", ceremony)) == {"plan.identifier", "authority.twice"}


def test_outside_an_authority_there_is_nothing_to_do(tmp_path: Path) -> None:
    assert refused(tmp_path, "status", tmp_path) == ["authority.not_found"]


# -- web PKI ----------------------------------------------------------------------------------------------------------

HARDWARE = 'kind = "pkcs11"\nlocation = "/usr/lib/softhsm/libsofthsm2.so"\nserial = "0123456789abcdef"'


def webpki(folder: Path, token: str, *edits: Edit) -> Path:
    """A ceremony for a root under the rules of the web."""
    root = make_authority(folder / "webpki", token=token, rules="webpki")
    for path in root.glob("people/*.toml"):
        key_of = ec.generate_private_key(ec.SECP256R1()).public_key()
        line = key_of.public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH).decode()
        path.write_text(path.read_text().replace('presence = "keyed"', f'presence = "keyed"\nkey = "{line}"'))
    operations = SHARE + DESTROY_SO + key("key-r1", "p-384")
    root_r1 = certificate("root", "root-r1", "Root R1", 3650, key="key-r1").replace("private-root", "webpki-root")
    ceremony = make_plan(root, "001-root", operations + root_r1)
    edit_plan(ceremony, *edits)
    return ceremony


def test_a_web_root_is_planned_on_hardware_with_an_auditor(tmp_path: Path) -> None:
    assert run("check", webpki(tmp_path, HARDWARE)).code == 0


def test_a_web_root_is_not_made_on_a_software_token(tmp_path: Path) -> None:
    ceremony = webpki(tmp_path, "")
    assert refused(tmp_path, "check", ceremony) == ["token.software_refused"]


@pytest.mark.parametrize("kind", ["p-521", "ed25519", "ed448", "ml-dsa-65"])
def test_a_key_that_the_web_does_not_know_is_not_planned(tmp_path: Path, kind: str) -> None:
    ceremony = webpki(tmp_path, HARDWARE, replaced('"p-384"', f'"{kind}"'))
    assert refused(tmp_path, "check", ceremony) == ["plan.key_type_webpki"]


def test_a_web_root_has_the_hash_of_its_curve(tmp_path: Path) -> None:
    other = replaced('profile = "webpki-root"', 'profile = "webpki-root"\nsignature = "ecdsa-sha256"')
    assert refused(tmp_path, "check", webpki(tmp_path, HARDWARE, other)) == ["x509.algorithm"]


def test_a_web_root_is_not_made_unwatched(tmp_path: Path) -> None:
    ceremony = webpki(tmp_path, HARDWARE, replaced('auditor = "au"\n', ""))
    assert refused(tmp_path, "check", ceremony) == ["plan.unwitnessed"]


def test_a_web_root_for_extended_validation_is_not_made_before_a_camera_alone(tmp_path: Path) -> None:
    recorded = replaced('auditor = "au"\n', 'recording = true\npolicy = "PA-7"\n')
    ceremony = webpki(tmp_path, HARDWARE, recorded)
    assert run("check", ceremony).code == 0
    authority = tmp_path / "webpki" / "authority.toml"
    authority.write_text(authority.read_text().replace("crl-days", "extended-validation = true\ncrl-days"))
    assert refused(tmp_path, "check", ceremony) == ["plan.unwitnessed_ev"]


def test_an_authority_keeps_to_the_root_programmes_that_it_names(tmp_path: Path) -> None:
    """A root of 3700 days is too long for Microsoft alone."""
    long = replaced("days = 3650", "days = 3700"), replaced("webpki-root", "long-root")
    ceremony = webpki(tmp_path, HARDWARE, *long)
    profile = files("quorate.x509").joinpath("profiles/webpki-root.toml").read_text()
    (tmp_path / "webpki" / "profiles").mkdir()
    (tmp_path / "webpki" / "profiles" / "long-root.toml").write_text(
        profile.replace("webpki-root", "long-root").replace("3650", "9132")
    )
    outcome = run("check", ceremony)
    assert outcome.codes == ["cert.root_days_programme"]
    assert "code: cert.root_days_programme, Microsoft Trusted Root Program 3.1.8" in outcome.err
    authority = tmp_path / "webpki" / "authority.toml"
    authority.write_text('programmes = ["mozilla", "chrome", "apple"]\n' + authority.read_text())
    assert run("check", ceremony).code == 0


def test_a_key_that_begins_to_issue_for_the_web_has_its_first_crl_planned(tmp_path: Path) -> None:
    ceremony = webpki(tmp_path, HARDWARE)
    line = "warning: plan.first_crl: operations[root-r1]: the key key-r1 issues, and there is no CRL of it  [BR 4.9.7]"
    said = run("check", ceremony)
    assert said.code == 0
    assert line in said.out.splitlines()
    with (ceremony / "plan.toml").open("a") as plan:
        plan.write(crl("crl-r1-1", "root-r1", 1).replace("days = 365", 'days = 365\nprofile = "webpki-crl"'))
    assert "plan.first_crl" not in run("check", ceremony).out


def test_a_key_that_has_a_crl_from_before_needs_no_first_one(rehearsed: Path, tmp_path: Path) -> None:
    root = Path(shutil.copytree(rehearsed, tmp_path / "authority"))
    fields = 'id = "again"\nexisting = "root-r1"\nprofile = "private-root"\ndays = 3000\n'
    plan = make_plan(root, "003-again", f'[[operations]]\nkind = "reissue"\n{fields}', "2026-12-15T09:00:00Z")
    base = shadow_base(root, "003-again", Host())
    operations = prepare.compile_plan(plan, base, Host().random).script.operations
    assert first_crls(operations, base.register, "webpki") == ()
    without = replace(base.register, crls={})
    assert [one.code for one in first_crls(operations, without, "webpki")] == ["plan.first_crl"]


def test_a_private_authority_publishes_its_first_crl_when_it_likes(tmp_path: Path) -> None:
    root = make_authority(tmp_path / "authority")
    ceremony = make_plan(root, "001-root", FIRST[: FIRST.index('[[operations]]\nkind = "crl"')])
    said = run("check", "--rehearsal", ceremony)
    assert said.code == 0
    assert "plan.first_crl" not in said.out


def test_a_waiver_accepts_what_it_names_until_it_expires(tmp_path: Path) -> None:
    ceremony = webpki(tmp_path, HARDWARE, replaced("days = 3650", "days = 3700"), replaced("webpki-root", "long-root"))
    profile = files("quorate.x509").joinpath("profiles/webpki-root.toml").read_text()
    (tmp_path / "webpki" / "profiles").mkdir()
    profile = profile.replace("webpki-root", "long-root").replace("3650", "9132")
    (tmp_path / "webpki" / "profiles" / "long-root.toml").write_text(profile)
    assert refused(tmp_path, "check", ceremony) == ["cert.root_days_programme"]
    edit_plan(ceremony, waiver("cert.root_days_programme"))
    assert run("check", ceremony).code == 0
    edit_plan(ceremony, replaced("2027-01-01", "2026-11-30"))
    outcome = run("check", ceremony)
    assert outcome.codes == ["waiver.expired", "cert.root_days_programme"], "why it is found comes first"
    assert "the waiver of cert.root_days_programme runs out on 2026-11-30, before the window closes" in outcome.err
    assert "or have two people waive it in the plan" in outcome.err
    edit_plan(ceremony, replaced("2026-11-30", "2027-01-01"), replaced('"root-r1"\nreason', '"key-r1"\nreason'))
    assert set(refused(tmp_path, "check", ceremony)) == {"cert.root_days_programme", "waiver.unused"}


# -- what comes in from outside ---------------------------------------------------------------------------------------


@functools.cache
def close_primes() -> rsa.RSAPrivateKey:
    """An RSA key whose primes lie side by side."""
    p = rsa.generate_private_key(65537, 2048).private_numbers().p
    q = p + 2
    while pow(2, q - 1, q) != 1 or (q - 1) % 65537 == 0:
        q += 2
    d = rsa.rsa_recover_private_exponent(65537, p, q)
    crt = rsa.rsa_crt_dmp1(d, p), rsa.rsa_crt_dmq1(d, q), rsa.rsa_crt_iqmp(p, q)
    return rsa.RSAPrivateNumbers(p, q, d, *crt, rsa.RSAPublicNumbers(65537, p * q)).private_key()


def request(private: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | mldsa.MLDSA65PrivateKey) -> bytes:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "I1")])
    digest = None if isinstance(private, mldsa.MLDSA65PrivateKey) else hashes.SHA256()
    made = x509.CertificateSigningRequestBuilder().subject_name(name).sign(private, digest)
    return made.public_bytes(serialization.Encoding.PEM)


def good_request() -> bytes:
    return request(ec.generate_private_key(ec.SECP256R1()))


def with_bad_signature() -> bytes:
    der = bytearray(x509.load_pem_x509_csr(good_request()).public_bytes(serialization.Encoding.DER))
    der[-1] ^= 1
    return bytes(der)


def by_openssl(*key_options: str) -> bytes:
    command = ["openssl", "req", "-new", "-nodes", "-subj", "/CN=I1", "-keyout", "/dev/null", *key_options]
    return subprocess.run(command, check=True, capture_output=True).stdout


REQUESTS: dict[str, tuple[Callable[[], bytes], set[str]]] = {
    "a bad signature": (with_bad_signature, {"csr.signature_invalid"}),
    "garbage": (lambda: b"garbage", {"x509.not_one_object"}),
    "nothing": (lambda: b"", {"x509.not_one_object"}),
    "two requests": (lambda: good_request() * 2, {"x509.not_one_object"}),
    "broken base64": (lambda: good_request().replace(b"MI", b"M!", 1), {"x509.not_one_object"}),
    "a key of 1024 bits": (lambda: by_openssl("-newkey", "rsa:1024"), {"key.modulus_size"}),
    "primes side by side": (lambda: request(close_primes()), {"key.modulus_close_primes"}),
    "a curve of its own": (lambda: by_openssl("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:secp256k1"),
                           {"key.unreadable"}),
}  # fmt: skip


OF_EACH_KIND = {
    "rsa-3072": ("rsa:3072",),
    "p-521": ("ec", "-pkeyopt", "ec_paramgen_curve:P-521"),
    "rsa-pss": ("rsa:2048", "-sha384", "-sigopt", "rsa_padding_mode:pss", "-sigopt", "rsa_pss_saltlen:48"),
    "ed25519": ("ed25519",),
    "ed448": ("ed448",),
    "ml-dsa-65": (),
}


@pytest.mark.parametrize("kind", OF_EACH_KIND)
def test_a_request_with_a_key_of_each_kind_is_taken(ceremony: Path, kind: str) -> None:
    made = (
        by_openssl("-newkey", *OF_EACH_KIND[kind])
        if OF_EACH_KIND[kind]
        else request(mldsa.MLDSA65PrivateKey.generate())
    )
    edit_plan(ceremony, added(certificate("subordinate", "int-1", "I1", issuer="root-r1", csr="i1.csr")))
    (ceremony / "inputs" / "i1.csr").write_bytes(made)
    outcome = run("check", ceremony)
    assert outcome.code == 0, outcome
    forged = bytearray(x509.load_pem_x509_csr(made).public_bytes(serialization.Encoding.DER))
    forged[-2] ^= 1
    (ceremony / "inputs" / "i1.csr").write_bytes(forged)
    assert "csr.signature_invalid" in refused(ceremony.parents[1], "check", ceremony)


@pytest.mark.parametrize("what", REQUESTS)
def test_a_request_is_refused_for(ceremony: Path, what: str) -> None:
    make, codes = REQUESTS[what]
    edit_plan(ceremony, added(certificate("subordinate", "int-1", "I1", issuer="root-r1", csr="i1.csr")))
    (ceremony / "inputs" / "i1.csr").write_bytes(make())
    assert set(refused(ceremony.parents[1], "check", ceremony)) == codes


def test_a_small_exponent_is_warned_of(ceremony: Path) -> None:
    edit_plan(ceremony, added(certificate("subordinate", "int-1", "I1", issuer="root-r1", csr="i1.csr")))
    data = by_openssl("-newkey", "rsa:2048", "-pkeyopt", "rsa_keygen_pubexp:3")
    (ceremony / "inputs" / "i1.csr").write_bytes(data)
    outcome = run("check", ceremony)
    assert outcome.code == 0
    assert "warning: key.exponent_range: " in outcome.out


@pytest.mark.parametrize("name", ["../../../../etc/passwd", "missing.csr", ".", "sub/../i1.csr"])
def test_a_request_is_a_file_below_inputs(ceremony: Path, name: str) -> None:
    (ceremony / "inputs" / "i1.csr").write_bytes(good_request())
    edit_plan(ceremony, added(certificate("subordinate", "int-1", "I1", issuer="root-r1", csr=name)))
    assert refused(ceremony.parents[1], "check", ceremony) == ["plan.input_missing"]


@pytest.mark.parametrize("linked", ["i1.csr", "folder", "."])
def test_links_among_the_inputs_are_refused(ceremony: Path, tmp_path: Path, linked: str) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "i1.csr").write_bytes(good_request())
    link = ceremony / "inputs" / linked
    if linked == ".":
        shutil.rmtree(ceremony / "inputs")
    link.symlink_to(outside / linked if linked == "i1.csr" else outside)
    assert refused(ceremony.parents[1], "check", ceremony) == ["record.link"]


@pytest.mark.parametrize("name", ["i 1.csr", "i1\nquorum govern: 0 of officer", "é.csr", ".hidden", "i1.csr~"])
def test_a_file_whose_name_no_record_could_carry_is_refused(ceremony: Path, name: str) -> None:
    (ceremony / "inputs" / name).write_bytes(b"x")
    assert refused(ceremony.parents[1], "check", ceremony) == ["plan.file_name"]


# -- what follows earlier ceremonies ----------------------------------------------------------------------------------


@pytest.fixture
def later(rehearsed: Path, tmp_path: Path) -> Path:
    """A third ceremony after two that have been rehearsed."""
    root = Path(shutil.copytree(rehearsed, tmp_path / "authority"))
    return make_plan(root, "003-later", crl("crl-r1-3", "root-r1", 3), "2026-12-15T09:00:00Z")


def revoked(name: str, date: str = "2026-12-14T09:00:00Z", reason: str = "superseded") -> str:
    return f'[{{ certificate = "{name}", date = "{date}", reason = "{reason}" }}]'


def test_what_is_wrong_in_an_earlier_ceremony_is_said_of_that_one(later: Path) -> None:
    last = make_plan(later.parent.parent, "004-last", crl("crl-r1-4", "root-r1", 4), "2026-12-22T09:00:00Z")
    edit_plan(later, replaced("number = 3", "number = 2"))
    assert run("rehearse", last).err.startswith("quorate: 003-later: operations[crl-r1-3]: ")
    (later / "plan.toml").write_text("?")
    for command in (("rehearse", last), ("new", "005-new", "--from", "crl", "--in", last)):
        assert run(*command).err.startswith("quorate: 003-later: plan.toml: this is not TOML")


LATER: dict[str, tuple[str, set[str]]] = {
    "a CRL number that was there": (crl("crl-r1-3", "root-r1", 2), {"plan.crl_number"}),
    "a CRL number that falls": (crl("crl-r1-3", "root-r1", 1), {"plan.crl_number"}),
    "a certificate of another CA": (crl("crl-r1-3", "root-r1", 3, revoked("int-2")), {"plan.revoked_elsewhere"}),
    "a certificate that is not there": (crl("crl-r1-3", "root-r1", 3, revoked("int-9")), {"plan.artifact_unknown"}),
    "a revocation on no day": (crl("crl-r1-3", "root-r1", 3, revoked("int-1", "yesterday")), {"plan.time"}),
    "a reason of its own": (crl("crl-r1-3", "root-r1", 3, revoked("int-1", reason="tired")), {"crl.entry_reason"}),
    "an operation of before": (crl("crl-r1-1", "root-r1", 3), {"plan.operation_known"}),
    "an issuer whose key is elsewhere": (crl("crl-i1-1", "int-1", 1), {"plan.issuer_key_elsewhere"}),
    "a cross-certificate of nothing": (certificate("cross", "cross-3", issuer="root-r1", existing="r9.pem"),
                                       {"plan.artifact_unknown"}),
}  # fmt: skip


@pytest.mark.parametrize("what", LATER)
def test_a_later_plan_is_refused_for(later: Path, what: str) -> None:
    operations, codes = LATER[what]
    make_plan(later.parents[1], later.name, operations, "2026-12-15T09:00:00Z")
    assert set(refused(later.parents[1], "check", later, "--rehearsal")) == codes


WARNED: dict[str, tuple[str, str]] = {
    "a revocation to come": (crl("crl-r1-3", "root-r1", 3, revoked("int-1", "2027-01-01T00:00:00Z")),
                             "crl.entry_date_future"),
    "a revocation before its certificate": (crl("crl-r1-3", "root-r1", 3, revoked("int-1", "2020-01-01T00:00:00Z")),
                                            "crl.entry_date_early"),
    "a CA certificate on hold": (crl("crl-r1-3", "root-r1", 3, revoked("int-1", reason="certificateHold")),
                                 "crl.entry_reason"),
    "the name of another root": (key("key-r3") + certificate("root", "root-r3", "Root R1", 3650, key="key-r3"),
                                 "cert.name_reused"),
    "the key of another root": (certificate("root", "root-r3", "Root R3", 3650, key="key-r1"), "cert.key_reused"),
    "a country that is none": (key("key-r3") + certificate("root", "root-r3", "Root R3", 3650, key="key-r3")
                               .replace('"NL"', '"XX"'), "cert.name_country_unknown"),
    "a name without an organization": (key("key-r3") + certificate("root", "root-r3", "Root R3", 3650, key="key-r3")
                                       .replace('organization = "Example Trust", ', ""), "cert.name_missing"),
    "a subordinate that outlives its issuer": (certificate("subordinate", "int-9", "I9", 3650, issuer="root-r1",
                                                           key="key-r2"), "cert.outlives_issuer"),
}  # fmt: skip


@pytest.mark.parametrize("what", WARNED)
def test_a_private_authority_is_warned_of_what_the_rfc_allows(later: Path, what: str) -> None:
    """`webpki` refuses each, see test_compliance."""
    operations, code = WARNED[what]
    make_plan(later.parents[1], later.name, operations, "2026-12-15T09:00:00Z")
    profiles = later.parents[1] / "profiles"
    profiles.mkdir()
    text = (files("quorate.x509") / "profiles" / "private-crl.toml").read_text()
    (profiles / "private-crl.toml").write_text(text.replace("reasons = [", 'reasons = ["certificateHold", '))
    outcome = run("check", later, "--rehearsal")
    assert outcome.code == 0, outcome.err
    assert f"warning: {code}: " in outcome.out


def existing(private: ec.EllipticCurvePrivateKey, signer: ec.EllipticCurvePrivateKey, ca: bool = True) -> bytes:
    """A root of another organisation, signed by whoever signs it."""
    attributes = (NameOID.COUNTRY_NAME, "NL"), (NameOID.ORGANIZATION_NAME, "Elsewhere"), (NameOID.COMMON_NAME, "E1")
    name = x509.Name([x509.NameAttribute(oid, value) for oid, value in attributes])
    begins = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
    ski = x509.SubjectKeyIdentifier.from_public_key(private.public_key())
    builder = x509.CertificateBuilder(name, name, private.public_key(), 2**100 + 1)
    builder = builder.not_valid_before(begins).not_valid_after(begins + datetime.timedelta(days=4000))
    usage = x509.KeyUsage(not ca, False, False, False, False, ca, ca, False, False)
    builder = builder.add_extension(x509.BasicConstraints(ca, None), True).add_extension(usage, True)
    return builder.add_extension(ski, False).sign(signer, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


def cross_of(later: Path, data: bytes) -> Path:
    make_plan(
        later.parents[1], later.name, certificate("cross", "cross-e", issuer="root-r1", existing="e1.pem"),
        "2026-12-15T09:00:00Z",
    )  # fmt: skip
    (later / "inputs" / "e1.pem").write_bytes(data)
    return later


def test_somebody_elses_root_can_be_cross_signed(later: Path) -> None:
    private = ec.generate_private_key(ec.SECP256R1())
    outcome = run("check", cross_of(later, existing(private, private)), "--rehearsal")
    assert outcome.code == 0, outcome.err


@pytest.mark.parametrize(
    ("make", "codes"),
    [
        (lambda a, b: existing(a, b), {"x509.signature_invalid"}),
        (lambda a, b: existing(a, a, ca=False), {"plan.existing_no_ca"}),
        (lambda a, b: existing(a, a) + existing(b, b), {"x509.not_one_object"}),
        (lambda a, b: b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", {"x509.encoding"}),
    ],
    ids=["signed by another key", "no CA", "two roots", "garbage"],
)
def test_a_root_to_be_cross_signed_is_refused_for(
    later: Path, make: Callable[[object, object], bytes], codes: set[str]
) -> None:
    data = make(ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1()))
    assert set(refused(later.parents[1], "check", cross_of(later, data), "--rehearsal")) == codes


def test_a_record_that_was_taken_away_leaves_a_gap(later: Path) -> None:
    shutil.rmtree(later.parent / "001-root" / "rehearsal")
    assert refused(later.parents[1], "check", later, "--rehearsal") == ["record.gap"]


def test_two_records_that_follow_one_are_a_fork(later: Path) -> None:
    shutil.copytree(later.parent / "002-next", later.parent / "002-other")
    assert refused(later.parents[1], "check", later, "--rehearsal") == ["record.fork"]


def test_a_record_that_was_changed_is_refused(later: Path) -> None:
    transcript = later.parent / "001-root" / "rehearsal" / "record" / "transcript.jsonl"
    transcript.write_bytes(transcript.read_bytes().replace(b'"alice"', b'"alina"', 1))
    (code,) = refused(later.parents[1], "check", later, "--rehearsal")
    assert code == "record.altered"


# -- approving and compiling ------------------------------------------------------------------------------------------


def test_a_plan_is_not_compiled_before_the_authority_is_signed(ceremony: Path) -> None:
    assert refused(ceremony.parents[1], "compile", ceremony) == ["authority.not_frozen"]


def test_a_stranger_governs_nothing(authority: Path, keys: Path) -> None:
    assert refused(authority, "approve", authority, "--person", "ca", "--key", keys / "ca") == ["approve.stranger"]


def test_nobody_signs_for_somebody_else(authority: Path, keys: Path) -> None:
    assert refused(authority, "approve", authority, "--person", "oa", "--key", keys / "ob") == ["signature.other_key"]


@pytest.mark.parametrize("person", ["ca", "nobody", "jane"])
def test_a_stranger_approves_no_script(compiled: Path, keys: Path, person: str) -> None:
    assert refused(compiled, "approve", compiled, "--person", person, "--key", keys / "ca") == ["approve.stranger"]


def test_who_is_no_longer_appointed_on_the_day_approves_no_script(authority: Path, keys: Path) -> None:
    path = authority / "people" / "ann.toml"
    line = '[[appointments]]\nrole = "officer"\nsince = "2020-01-01"\nuntil = "2026-11-30"\n'
    path.write_text(path.read_text() + line)
    approve(authority, keys, "oa", "ob", "ann")
    ceremony = authority / "ceremonies" / "001-root"
    assert run("compile", ceremony).code == 0
    assert refused(ceremony, "approve", ceremony, "--person", "ann", "--key", keys / "ann") == ["approve.stranger"]


def test_an_approval_counts_for_its_statement_and_namespace_only(compiled: Path, keys: Path, tmp_path: Path) -> None:
    said = run("approve", compiled, "--person", "oa")
    statement = next((compiled / "exchange").glob("*"))
    namespace = "quorate-script-approval-v1"
    assert namespace in said.out
    signature = signed_elsewhere(keys / "oa", shutil.copy(statement, tmp_path / "a"), "quorate-intent-v1")
    assert refused(compiled, "approve", compiled, "--person", "oa", "--signature", signature) == [
        "signature.other_namespace"
    ]
    other = tmp_path / "other"
    other.write_bytes(statement.read_bytes().replace(b"sha256:", b"sha256:0"))
    signature = signed_elsewhere(keys / "oa", other, namespace)
    assert refused(compiled, "approve", compiled, "--person", "oa", "--signature", signature) == ["signature.invalid"]
    for text in ("", "not a signature", "\u00e9"):
        (tmp_path / "broken").write_text(text)
        codes = refused(compiled, "approve", compiled, "--person", "oa", "--signature", tmp_path / "broken")
        assert codes == ["signature.malformed"]
    assert refused(compiled, "approve", compiled, "--person", "oa", "--signature", tmp_path / "none") == [
        "signature.file_unreadable"
    ]
    assert refused(compiled, "approve", compiled, "--person", "oa", "--key", tmp_path / "none") == [
        "signature.key_missing"
    ]
    signature = signed_elsewhere(keys / "oa", statement, namespace)
    signature.write_bytes(signature.read_bytes().replace(b"\n", b"\r\n"))  # as another device may write it
    assert run("approve", compiled, "--person", "oa", "--signature", signature).code == 0


def test_a_script_is_not_compiled_over(compiled: Path) -> None:
    assert refused(compiled, "compile", compiled) == ["script.exists"]


def test_a_replaced_script_is_kept_and_its_approvals_fall(compiled: Path, keys: Path) -> None:
    approve(compiled, keys, "oa", "ob")
    old = (compiled / "script.json").read_bytes()
    outcome = run("compile", compiled, "--replace")
    assert outcome.code == 0
    assert "the approval by oa fell" in outcome.out
    assert "the approval by ob fell" in outcome.out
    assert (compiled / "superseded" / "001" / "script.json").read_bytes() == old
    assert sorted(path.name for path in (compiled / "superseded" / "001" / "approvals").iterdir()) == [
        "oa.sig", "oa.statement", "ob.sig", "ob.statement",
    ]  # fmt: skip
    assert (compiled / "script.json").read_bytes() != old
    assert not list((compiled / "approvals").glob("*")) if (compiled / "approvals").exists() else True


def test_a_replacement_broken_off_in_the_middle_is_gone_on_with(compiled: Path, keys: Path) -> None:
    """The script moves first, so that what is left of it is never taken for whole; then its approvals."""
    approve(compiled, keys, "oa", "ob")
    kept = compiled / "superseded" / "001"
    kept.mkdir(parents=True)
    (compiled / "script.json").rename(kept / "script.json")
    outcome = run("compile", compiled)
    assert outcome.code == 0
    assert "the approval by oa fell" in outcome.out
    assert [path.name for path in (compiled / "superseded").iterdir()] == ["001"]
    assert {path.name for path in kept.iterdir()} >= {"script.json", "script.txt", "drafts", "approvals"}
    assert not (compiled / "approvals").exists()
    approve(compiled, keys, "oa", "ob")


def test_a_replaced_script_never_gives_a_serial_back(compiled: Path) -> None:
    seen = set()
    for _ in range(3):
        seen |= set(re.findall(r'"certificate_serial":"(\w+)"', (compiled / "script.json").read_text()))
        assert run("compile", compiled, "--replace").code == 0
    assert len(seen) == 3


def test_a_script_in_use_is_not_replaced(compiled: Path) -> None:
    (compiled / "record").mkdir()
    assert refused(compiled, "compile", compiled, "--replace") == ["script.in_use"]


def test_nothing_is_approved_that_is_not_compiled(ceremony: Path, keys: Path) -> None:
    assert refused(ceremony, "approve", ceremony, "--person", "oa", "--key", keys / "oa") == ["script.not_compiled"]


def test_a_changed_authority_is_signed_before_anything_follows_it(compiled: Path) -> None:
    root = compiled.parents[1]
    path = root / "authority.toml"
    path.write_text(path.read_text().replace("Example Trust", "Other Trust"))
    assert refused(root, "compile", compiled, "--replace") == ["authority.changed"]
    assert refused(root, "approve", compiled, "--person", "oa") == ["authority.changed"]


# -- conducting -------------------------------------------------------------------------------------------------------


@pytest.fixture
def approved(compiled: Path, keys: Path) -> Path:
    approve(compiled, keys, "oa", "ob")
    return compiled


def not_conducted(ceremony: Path) -> list[str]:
    """The refusal of `conduct`, which begins no record; a lock file of this process may stay."""
    (ceremony / ".quorate-lock").touch()
    return refused(ceremony.parents[1], "conduct", ceremony)


@pytest.mark.usefixtures("on_the_day")
def test_what_is_not_compiled_is_not_conducted(authority: Path, keys: Path, ceremony: Path) -> None:
    approve(authority, keys, "oa", "ob")
    assert not_conducted(ceremony) == ["script.not_compiled"]


@pytest.mark.usefixtures("on_the_day")
def test_what_is_not_approved_is_not_conducted(compiled: Path, keys: Path) -> None:
    assert not_conducted(compiled) == ["script.not_approved"]
    approve(compiled, keys, "oa")
    assert not_conducted(compiled) == ["script.not_approved"]


@pytest.mark.usefixtures("on_the_day")
def test_an_authority_that_is_not_fully_signed_conducts_nothing(approved: Path) -> None:
    (approved.parents[1] / "authority" / "000.ob.sig").unlink()
    assert not_conducted(approved) == ["authority.ungoverned"]


@pytest.mark.usefixtures("on_the_day")
def test_an_authority_that_was_changed_conducts_nothing(approved: Path) -> None:
    path = approved.parents[1] / "people" / "ca.card.toml"
    path.write_text(path.read_text().replace("Ca", "Cassandra"))
    assert not_conducted(approved) == ["authority.changed"]


@pytest.mark.usefixtures("on_the_day")
def test_a_script_of_an_earlier_state_is_not_conducted(approved: Path, keys: Path) -> None:
    root = approved.parents[1]
    path = root / "authority.toml"
    path.write_text(path.read_text().replace("crl-days = 365", "crl-days = 366"))
    approve(root, keys, "oa", "ob")
    assert not_conducted(approved) == ["script.outdated"]


@pytest.mark.parametrize(
    ("hour", "codes"),
    [(8, ["session.window_closed"]), (22, ["session.window_closed"])],
)
def test_outside_the_window_nothing_begins(
    approved: Path, monkeypatch: pytest.MonkeyPatch, hour: int, codes: list[str]
) -> None:
    moment = datetime.datetime(2026, 12, 1, hour, tzinfo=datetime.UTC)
    monkeypatch.setattr(Host, "now", lambda self: moment)
    monkeypatch.setattr(Host, "lock_memory", lambda self: {})
    assert not_conducted(approved) == codes


def changed_script(ceremony: Path) -> None:
    path = ceremony / "script.json"
    path.write_bytes(path.read_bytes().replace(b'"purpose":"Make a root"', b'"purpose":"Take a root"'))


def a_draft(ceremony: Path) -> Path:
    return next((ceremony / "drafts").iterdir())


CHANGES: dict[str, tuple[Callable[[Path], object], str]] = {
    "another script": (changed_script, "signature.other_statement"),
    "a script with a blank more": (
        lambda c: (c / "script.json").write_bytes((c / "script.json").read_bytes() + b" \n"), "record.not_canonical"),
    "another plan": (lambda c: edit_plan(c, added("# later\n")), "script.file_differs"),
    "another text": (lambda c: (c / "script.txt").write_text("QUORATE SCRIPT\n"), "script.file_differs"),
    "another draft": (lambda c: a_draft(c).write_bytes(b"x"), "script.file_differs"),
    "a draft less": (lambda c: a_draft(c).unlink(), "script.file_differs"),
    "a draft more": (lambda c: (c / "drafts" / "more.tbs").write_bytes(b"x"), "script.file_unknown"),
    "an input more": (lambda c: (c / "inputs" / "more.pem").write_bytes(b"x"), "script.file_unknown"),
    "another profile": (
        lambda c: next((c / "inputs" / "profiles").iterdir()).write_bytes(b"x"), "script.file_differs"),
    "an approval of a stranger": (lambda c: (c / "approvals" / "ca.sig").write_bytes(b"x"), "script.file_unknown"),
    "a link": (lambda c: (c / "inputs" / "more.pem").symlink_to("/etc/passwd"), "record.link"),
    "a broken approval": (lambda c: (c / "approvals" / "oa.sig").write_bytes(b"\xff"), "signature.malformed"),
    "an approval of other words": (
        lambda c: (c / "approvals" / "oa.statement").write_bytes(b"type: x\n"), "signature.other_statement"),
    "an approval by another": (
        lambda c: shutil.copy(c / "approvals" / "ob.sig", c / "approvals" / "oa.sig"), "signature.other_key"),
    "a text that a record has already": (
        lambda c: ((c / "record").mkdir(), (c / "record" / "plan.toml").write_bytes(b"x")), "record.output_present"),
    "a file where the record goes": (lambda c: (c / "record").write_bytes(b"x"), "host.not_writable"),
}  # fmt: skip


@pytest.mark.usefixtures("on_the_day")
@pytest.mark.parametrize("what", CHANGES)
def test_after_approval_the_day_does_not_begin_with(approved: Path, what: str) -> None:
    change, code = CHANGES[what]
    change(approved)
    assert not_conducted(approved) == [code]


@pytest.mark.usefixtures("on_the_day")
def test_one_ceremony_has_one_console(approved: Path) -> None:
    with (approved / ".quorate-lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert refused(approved, "conduct", approved) == ["conduct.locked"]


def test_what_is_not_closed_is_not_sealed(rehearsed: Path, tmp_path: Path) -> None:
    root = Path(shutil.copytree(rehearsed, tmp_path / "authority"))
    ceremony = root / "ceremonies" / "001-root"
    transcript = ceremony / "rehearsal" / "record" / "transcript.jsonl"
    transcript.write_bytes(b"".join(transcript.read_bytes().splitlines(keepends=True)[:-1]))
    assert refused(root, "seal", ceremony, "--rehearsal") == ["record.not_closed"]


def test_a_stranger_seals_nothing(rehearsed: Path) -> None:
    ceremony = rehearsed / "ceremonies" / "001-root"
    assert refused(rehearsed, "seal", ceremony, "--rehearsal", "--person", "ca") == ["approve.stranger"]


def test_a_folder_that_is_no_record_has_no_story(tmp_path: Path) -> None:
    assert refused(tmp_path, "show", tmp_path) == ["record.incomplete"]


def test_a_digest_that_is_none_has_no_words(tmp_path: Path) -> None:
    assert refused(tmp_path, "words", "sha256:xyz") == ["words.no_digest"]


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        (("user-1", "user-1", "so-1", "so-1"), "made software token LAB-1"),
        (("user-1", "user-2"), "code: token.typed_otherwise"),
        (("user-1", "user-1", "so-1", "so-2"), "code: token.typed_otherwise"),
        (("", "", "so-1", "so-1"), "hint: type one of such a length"),
    ],
)
def test_a_slip_in_what_is_not_shown_is_found_before_the_day(tmp_path: Path, typed: tuple[str, ...], said: str) -> None:
    child = pexpect.spawn(
        QUORATE, ["token", str(tmp_path / "hsm-1"), "--serial", "LAB-1"], encoding="utf-8", timeout=30
    )
    for line in typed:
        child.expect("transport credential .*: ")
        child.sendline(line)
    child.expect(pexpect.EOF)
    assert said in (child.before or "")
    assert (tmp_path / "hsm-1").exists() is said.startswith("made")


def test_a_token_is_made_once_and_of_good_input(authority: Path) -> None:
    assert snapshot(authority)
    (authority / "tokens" / "hsm-1").mkdir(parents=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Host, "read_secret", lambda self, prompt, fd: bytearray(b"transport-pin"))
        patch.setattr(Host, "lock_memory", lambda self: {})
        codes = refused(authority, "token", authority / "tokens" / "hsm-1", "--serial", "EX-1")
    assert codes == ["token.folder_present"]
