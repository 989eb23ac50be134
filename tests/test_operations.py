"""Every kind of operation from its plan to its artifact, read by others; and forgeries of each, refused."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ed25519

from example import FIRST, certificate, key, make_authority, make_plan
from forging import VERIFIER, Forgery, genesis, record, refused, sign_with_token, stand_ins, tbs_of, verifier, verify
from issuing import NOW, issued, name, root_fields, sign, spki
from quorate.compliance import request_findings
from quorate.keys import KeyType
from quorate.rehearse import rehearse
from quorate.x509.csr import read_request
from quorate.x509.draft import draft_request, finish, pem
from quorate.x509.facts import read_certificate
from quorate.x509.name import name_line
from refusing import refused as refused_for

Keys = Mapping[str, ed25519.Ed25519PrivateKey]
Change = Callable[[Forgery], object]
NEW_KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")


def request(name: str, existing: str) -> str:
    return f'[[operations]]\nkind = "cross-csr"\nid = "{name}"\nexisting = "{existing}"\n'


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An authority with a root, and a second ceremony in which one of every other kind is made. Not to be changed."""
    root = make_authority(tmp_path_factory.mktemp("operations") / "authority")
    make_plan(root, "001-root", FIRST)
    operations = key("key-r2") + certificate("root", "root-r2", "Root R2", 3650, key="key-r2")
    operations += request("req-r1", "root-r1") + request("req-r2", "root-r2")
    rehearse(root, make_plan(root, "002-kinds", operations, "2026-12-08T09:00:00Z"), VERIFIER.read_bytes())
    return root


@pytest.fixture(scope="session")
def pinned(authority: Path) -> tuple[str, ...]:
    return ("--authority", genesis(authority), "--rehearsal")


@pytest.fixture(scope="session")
def keys(authority: Path) -> Keys:
    return stand_ins(authority)


@pytest.fixture
def forged(authority: Path, keys: Keys) -> Forgery:
    """The record of 002-kinds in the hands of somebody who has the keys of everyone."""
    return Forgery(record(authority, "002-kinds"), keys)


def artifact(root: Path, file: str) -> Path:
    return next(root.glob(f"ceremonies/*/rehearsal/record/artifacts/{file}"))


def tool(*arguments: object) -> str:
    """What another reader says, and that it accepts."""
    done = subprocess.run([*map(str, arguments)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def expect(claim: str, said: str, folder: Path, pinned: tuple[str, ...]) -> None:
    """Refused, for this claim, in these words."""
    code, output = verify(folder, *pinned)
    assert code == 1, output
    assert claim in refused(output), output
    assert said in output, output


def test_the_verifier_accepts_all_of_it(authority: Path, pinned: tuple[str, ...]) -> None:
    code, output = verify(record(authority, "001-root"), record(authority, "002-kinds"), *pinned)
    assert code == 0, output
    assert "1 certificates, 0 CRLs and 2 requests valid and as approved" in output


def test_what_is_frozen_before_the_day_is_what_is_signed(authority: Path) -> None:
    """Drafts without open fields come out byte for byte."""
    forged = Forgery(record(authority, "002-kinds"), {})
    whole = [one for one in forged.script["drafts"] if not one["open"]]
    assert {one["operation"] for one in whole} == {"req-r1"}
    for one in whole:
        assert forged.files[one["file"]] == tbs_of(forged, one["operation"])


# -- requests ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("made", "existing"), [("req-r1", "root-r1"), ("req-r2", "root-r2")])
def test_a_request_repeats_the_certificate_and_proves_its_key(authority: Path, made: str, existing: str) -> None:
    path, certified = artifact(authority, f"{made}.csr.pem"), artifact(authority, f"{existing}.cert.pem")
    said = tool("openssl", "req", "-verify", "-noout", "-text", "-in", path)
    assert "verify OK" in said
    assert "Requested Extensions" not in said.replace("Requested Extensions:\n    Signature", "")
    assert "self signature: verified" in tool("certtool", "--crq-info", "--infile", path).lower()
    request = x509.load_der_x509_csr(artifact(authority, f"{made}.csr.der").read_bytes())
    other = x509.load_pem_x509_certificate(certified.read_bytes())
    assert request.subject.public_bytes() == other.subject.public_bytes()
    assert request.public_key() == other.public_key()
    assert len(request.extensions) == 0


def test_another_authority_can_certify_the_request(authority: Path, tmp_path: Path) -> None:
    """A third party signs what we asked for, and the chain goes on from there."""
    made = ("-keyout", tmp_path / "key", "-out", tmp_path / "ca", "-subj", "/CN=Third party", "-days", "9")
    tool("openssl", "req", "-x509", *NEW_KEY, *made)
    asked = ("-req", "-in", artifact(authority, "req-r1.csr.pem"), "-days", "9", "-out", tmp_path / "cross")
    tool("openssl", "x509", *asked, "-CA", tmp_path / "ca", "-CAkey", tmp_path / "key")
    assert tool("openssl", "verify", "-CAfile", tmp_path / "ca", tmp_path / "cross").endswith(": OK\n")


def test_the_intent_of_a_request_says_for_whom_it_is(authority: Path) -> None:
    forged = Forgery(record(authority, "002-kinds"), {})
    text = forged.one("approved", "req-r1")["body"]["signature"]["statement"]
    assert "kind: cross-csr\n" in text
    assert "subject: CN=Root R1,O=Example Trust,C=NL\n" in text
    assert "profile:" not in text
    assert "output: artifacts/req-r1.csr.der\noutput: artifacts/req-r1.csr.pem\n" in text


def other_name(forged: Forgery) -> bytes:
    return tbs_of(forged, "req-r1").replace(b"Root R1", b"Root X1")


def test_a_request_for_another_name_by_the_same_key(
    authority: Path, forged: Forgery, pinned: tuple[str, ...], tmp_path: Path
) -> None:
    sign_with_token(authority, forged, "req-r1", other_name(forged))
    folder = forged.reseal().write(tmp_path / "record")
    expect("artifacts", "req-r1: differs from the frozen draft in subject", folder, pinned)


def test_another_name_frozen_planned_and_approved_is_still_not_the_existing_one(
    authority: Path, forged: Forgery, pinned: tuple[str, ...], tmp_path: Path
) -> None:
    forged.files["drafts/req-r1.tbs"] = other_name(forged)
    sign_with_token(authority, forged, "req-r1", other_name(forged))
    operation = forged.operation("req-r1")
    operation["subject"] = operation["subject"].replace(b"Root R1".hex(), b"Root X1".hex())
    for event in forged.all("approved", "req-r1"):
        signature = event["body"]["signature"]
        signature["statement"] = signature["statement"].replace("CN=Root R1", "CN=Root X1")
    folder = forged.reseal().write(tmp_path / "record")
    expect("artifacts", "req-r1: has another subject than the existing certificate", folder, pinned)


def test_an_intent_that_names_another_subject(forged: Forgery, pinned: tuple[str, ...], tmp_path: Path) -> None:
    for event in forged.all("approved", "req-r1"):
        signature = event["body"]["signature"]
        signature["statement"] = signature["statement"].replace("CN=Root R1", "CN=Root X1")
    folder = forged.reseal().write(tmp_path / "record")
    expect("quorums", "signed `subject: CN=Root X1", folder, pinned)


def test_a_request_that_asks_for_more(
    authority: Path, forged: Forgery, pinned: tuple[str, ...], tmp_path: Path
) -> None:
    attribute = bytes.fromhex("300f06092a864886f70d01090231021300")
    attributes = b"\xa0" + bytes([len(attribute)]) + attribute
    tbs = tbs_of(forged, "req-r1")
    assert tbs.endswith(b"\xa0\x00")
    changed = verifier().der(0x30, verifier().read_der(tbs)[0].content[:-2] + attributes)
    forged.files["drafts/req-r1.tbs"] = changed
    sign_with_token(authority, forged, "req-r1", changed)
    folder = forged.reseal().write(tmp_path / "record")
    expect("artifacts", "asks for more than a name and a key", folder, pinned)


def test_a_request_is_made_for_our_own_keys_only(authority: Path, tmp_path: Path) -> None:
    root = make_authority(tmp_path / "authority", tmp_path / "keys")
    stranger = pem("certificate", issued(root_fields()))
    operations = FIRST + request("req-x", "stranger.cert.pem") + request("req-y", "crl-r1-1") + request("req-z", "none")
    ceremony = make_plan(root, "001-root", operations)
    (ceremony / "inputs" / "stranger.cert.pem").write_bytes(stranger)
    codes = refused_for(root, "check", ceremony)
    assert codes == ["plan.issuer_key_elsewhere", "plan.issuer_key_elsewhere", "plan.artifact_unknown"]


EXISTING = read_certificate(issued(root_fields()))
MOMENTS = (NOW, NOW)


def codes_of(der: bytes, **changes: Any) -> list[str]:
    where = {"existing": EXISTING, "moments": MOMENTS} | changes
    return [one.code for one in request_findings(der, "req", **where)]


def test_a_drafted_and_a_finished_request_keep_every_rule() -> None:
    draft = draft_request(EXISTING.subject, EXISTING.spki)
    assert codes_of(draft.unsigned) == []
    assert codes_of(finish(draft, sign(KeyType.P384, draft.tbs))) == []


def test_every_rule_for_requests_is_broken_here() -> None:
    draft = draft_request(EXISTING.subject, EXISTING.spki)
    assert codes_of(draft_request(name("Other"), EXISTING.spki).unsigned) == ["csr.differs"]
    assert codes_of(draft_request(EXISTING.subject, spki(KeyType.P384, 2)).unsigned) == ["csr.differs"]
    later = EXISTING.not_after + timedelta(days=1)
    assert codes_of(draft.unsigned, moments=(NOW, later)) == ["csr.existing_not_valid"]
    assert codes_of(draft.unsigned, existing=replace(EXISTING, is_ca=False)) == ["csr.existing_no_ca"]
    other = finish(draft, sign(KeyType.P384, draft.tbs))
    assert codes_of(other[:-1] + bytes([other[-1] ^ 1])) == ["csr.signature_invalid"]
    assert codes_of(b"\x30\x00") == ["x509.encoding"]


def test_a_request_with_attributes_is_noticed(tmp_path: Path) -> None:
    asking = ("-subj", "/CN=x", "-addext", "basicConstraints=CA:TRUE")
    tool("openssl", "req", "-new", *NEW_KEY, "-keyout", tmp_path / "key", "-out", tmp_path / "csr", *asking)
    asked = (tmp_path / "csr").read_bytes()
    assert read_request(asked).attributes == 1
    assert "csr.attributes" in codes_of(asked)


# -- names in statements ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("common_name", "said"),
    [
        ("Voorbeeld Root \u2713", "Voorbeeld Root \\e2\\9c\\93"),
        ('a,b+c=d;"<>\\', 'a\\,b\\+c\\=d\\;\\"\\<\\>\\\\'),
        ("#1", "\\#1"),
        ("a#1", "a#1"),
    ],
)
def test_a_name_in_a_statement_is_ascii_and_the_verifier_writes_the_same(common_name: str, said: str) -> None:
    der = name(common_name)
    assert name_line(der) == f"CN={said},O=Stichting Voorbeeld,C=NL"
    assert verifier().name_line(der) == name_line(der)


def test_a_name_of_odd_parts_is_written_by_its_identifiers() -> None:
    parts = [x509.NameAttribute(x509.ObjectIdentifier("2.5.4.5"), " 7 "), x509.NameAttribute(x509.NameOID.TITLE, "T")]
    odd = x509.NameAttribute(x509.NameOID.X500_UNIQUE_IDENTIFIER, b"\x07", x509.name._ASN1Type.BitString)
    der = x509.Name([x509.RelativeDistinguishedName(parts), x509.RelativeDistinguishedName([odd])]).public_bytes()
    assert name_line(der) == "2.5.4.45=#030107,2.5.4.12=T+2.5.4.5=\\ 7\\ "
    assert verifier().name_line(der) == name_line(der)
