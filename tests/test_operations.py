"""Every kind of operation from its plan to its artifact, read by others; and forgeries of each, refused."""

from __future__ import annotations

import csv
import io
import re
import shutil
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ed25519

from example import FIRST, certificate, key, make_authority, make_csr, make_plan
from forging import VERIFIER, Forgery, genesis, record, refused, sign_with_token, stand_ins, tbs_of, verifier, verify
from issuing import NOW, issued, issuer, name, root_fields, sign, spki, spki_of, subordinate_fields
from quorate.appraisal import Surroundings, judged, signature_of, usual_profile
from quorate.compliance import request_findings
from quorate.issuing import issue_words
from quorate.keys import KeyType
from quorate.register.sheets import Published
from quorate.rehearse import rehearse
from quorate.script import ScriptDraft
from quorate.script.operations import CrlOperation, Entry
from quorate.x509.csr import read_request
from quorate.x509.draft import draft_request
from quorate.x509.facts import CrlFacts, read_certificate, read_crl
from quorate.x509.finish import finish, pem
from quorate.x509.name import name_line
from quorate.x509.object import read_objects
from quorate.x509.ocsp import read_response
from quorate.x509.profile import load_profile
from refusing import refused as refused_for
from refusing import run

Keys = Mapping[str, ed25519.Ed25519PrivateKey]
Change = Callable[[Forgery], object]
NEW_KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")


def operation(kind: str, name: str, common_name: str = "", **fields: object) -> str:
    """The TOML of an operation; texts and numbers as they are, what begins with a bracket as it stands."""
    if common_name:
        fields["subject"] = f'{{ country = "NL", organization = "Example Trust", common-name = "{common_name}" }}'
    lines = [f'kind = "{kind}"', f'id = "{name}"']
    for field, value in fields.items():
        plain = not isinstance(value, str) or value[:1] in "{["
        lines.append(f"{field.replace('_', '-')} = {value if plain else chr(34) + value + chr(34)}")
    return "[[operations]]\n" + "\n".join(lines) + "\n"


def request(name: str, existing: str) -> str:
    return operation("cross-csr", name, existing=existing)


URLS = {"crl_url": "http://example.org/r.crl", "ca_issuers_url": "http://example.org/r.der"}
NAMES = '{ permitted = { dns = ["example.org"], directory = [{ country = "NL", organization = "Example Trust" }] } }'
REVOKED = '[{ certificate = "sub-old", date = "2026-12-05T10:00:00Z", reason = "cessationOfOperation" }]'
CSRS = ("sub", "mail", "ocsp")


def below(name: str, common_name: str, profile: str, csr: str, **fields: object) -> str:
    """A subordinate of root-r1."""
    plain = {"issuer": "root-r1", "csr": f"{csr}.csr.pem", "profile": profile, "days": 900}
    return operation("subordinate", name, common_name, **(plain | URLS | fields))


def answer(about: str, issuer: str, status: str) -> str:
    fields = {"issuer": issuer, "profile": "private-ocsp", "days": 60}
    return operation("ocsp-response", "says", certificate=about, status=status, **fields)


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An authority with a root, and a second ceremony in which one of every other kind is made. Not to be changed."""
    root = make_authority(tmp_path_factory.mktemp("operations") / "authority")
    first = make_plan(root, "001-root", FIRST + below("sub-old", "Old", "private-subordinate", "old"))
    make_csr(first / "inputs" / "old.csr.pem", "old")
    operations = key("key-r2") + certificate("root", "root-r2", "Root R2", 3650, key="key-r2")
    operations += request("req-r1", "root-r1") + request("req-r2", "root-r2")
    operations += key("key-new") + operation("cross-csr", "req-new", "New CA", key="key-new")
    operations += operation("reissue", "root-r1-again", existing="root-r1", profile="private-root", days=5000)
    operations += operation("generate-key", "key-ocsp", token="hsm-1", type="p-256", use="ocsp-responder")
    ours = {"issuer": "root-r1", "profile": "private-ocsp-responder", "days": 90}
    operations += operation("ocsp-responder", "ocsp-1", "OCSP 1", key="key-ocsp", **ours)
    operations += operation("ocsp-responder", "ocsp-2", "OCSP 2", csr="ocsp.csr.pem", **ours)
    operations += below("sub-names", "Names", "private-constrained", "sub", name_constraints=NAMES)
    operations += below("sub-mail", "Mail", "private-non-tls", "mail")
    operations += operation("crl", "crl-r1-2", issuer="root-r1", number=2, days=300, revoked=REVOKED)
    answers = {"issuer": "root-r1", "responder": "ocsp-1", "profile": "private-ocsp", "days": 60}
    operations += operation("ocsp-response", "says-good", certificate="sub-mail", status="good", **answers)
    operations += operation("ocsp-response", "says-revoked", certificate="sub-old", status="revoked", **answers)
    ceremony = make_plan(root, "002-kinds", operations, "2026-12-08T09:00:00Z")
    for asked in CSRS:
        make_csr(ceremony / "inputs" / f"{asked}.csr.pem", asked)
    rehearse(root, ceremony, VERIFIER.read_bytes())
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
    assert "6 certificates, 1 CRL, 3 requests and 2 OCSP responses valid and as approved" in output


def test_what_is_frozen_before_the_day_is_what_is_signed(authority: Path) -> None:
    """Drafts without open fields come out byte for byte."""
    forged = Forgery(record(authority, "002-kinds"), {})
    whole = [one for one in forged.script["drafts"] if not one["open"]]
    assert {one["operation"] for one in whole} == {"req-r1", "root-r1-again", "ocsp-2", "sub-names", "sub-mail"}
    for one in whole:
        assert forged.files[one["file"]] == tbs_of(forged, one["operation"])


def replaced(old: str, new: str) -> Callable[[bytes], bytes]:
    def change(tbs: bytes) -> bytes:
        assert tbs.count(bytes.fromhex(old)) >= 1
        return tbs.replace(bytes.fromhex(old), bytes.fromhex(new))

    return change


def text(old: str, new: str) -> Callable[[bytes], bytes]:
    return replaced(old.encode().hex(), new.encode().hex())


# -- certificates -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("made", ["root-r1-again", "ocsp-1", "ocsp-2", "sub-names", "sub-mail"])
def test_openssl_and_gnutls_accept_every_certificate(authority: Path, made: str) -> None:
    """Under the old root and under its new certificate alike: name, key and identifier are the same."""
    for trusted in ("root-r1", "root-r1-again") if made != "root-r1-again" else (made,):
        root, leaf = artifact(authority, f"{trusted}.cert.pem"), artifact(authority, f"{made}.cert.pem")
        said = on_the_day("openssl", "verify", "-x509_strict", "-check_ss_sig", "-CAfile", root, leaf)
        assert said.endswith(": OK\n")
        said = on_the_day("certtool", "--verify", "--load-ca-certificate", root, "--infile", leaf)
        assert "Chain verification output: Verified. The certificate is trusted." in said


def on_the_day(*arguments: object) -> str:
    """What another reader says within the validity of all that was made."""
    return tool("faketime", "2026-12-09 12:00:00", *arguments)


def test_a_root_issued_anew_differs_in_its_dates_and_its_serial_alone(authority: Path) -> None:
    old, new = (read_certificate(artifact(authority, f"root-r1{x}.cert.der").read_bytes()) for x in ("", "-again"))
    assert (old.subject, old.issuer, old.spki, old.ski) == (new.subject, new.issuer, new.spki, new.ski)
    assert old.extensions == new.extensions
    assert old.serial != new.serial
    assert new.not_after > old.not_after


def test_a_crl_goes_on_whichever_certificate_of_the_root_is_named(authority: Path, tmp_path: Path) -> None:
    root = Path(shutil.copytree(authority, tmp_path / "authority"))
    revoked = '[{ certificate = "sub-mail", date = "2026-12-09T09:00:00Z", reason = "superseded" }]'
    plain = {"profile": "private-crl", "days": 300}
    later = operation("crl", "crl-r1-3", issuer="root-r1-again", number=3, revoked=revoked, **plain)
    state = rehearse(root, make_plan(root, "003-crl", later, "2026-12-15T09:00:00Z"), VERIFIER.read_bytes())
    number = {one.id: one.previous for one in state.script.operations}["crl-r1-3"]
    assert number == "input:inputs/known/root-r1.crl"
    records = [record(root, name) for name in ("001-root", "002-kinds", "003-crl")]
    code, output = verify(*records, "--authority", genesis(root), "--rehearsal")
    assert code == 0, output
    for trusted in ("root-r1", "root-r1-again"):
        options = ("-crl_check", "-CAfile", artifact(root, f"{trusted}.cert.pem"))
        listed = ("-CRLfile", artifact(root, "crl-r1-3.crl.pem"))
        day = ("faketime", "2026-12-16 12:00:00", "openssl", "verify", "-x509_strict", *options, *listed)
        assert tool(*day, artifact(root, "sub-names.cert.pem")).endswith(": OK\n")
        done = subprocess.run([*map(str, day), artifact(root, "sub-mail.cert.pem")], capture_output=True, check=False)
        assert b"certificate revoked" in done.stderr


def test_a_responder_says_what_it_is_and_nothing_else(authority: Path) -> None:
    for made in ("ocsp-1", "ocsp-2"):
        certificate = x509.load_der_x509_certificate(artifact(authority, f"{made}.cert.der").read_bytes())
        kinds = [type(one.value).__name__ for one in certificate.extensions]
        assert kinds[:3] == ["KeyUsage", "ExtendedKeyUsage", "OCSPNoCheck"]
        assert kinds[3:] == ["SubjectKeyIdentifier", "AuthorityKeyIdentifier"]
        assert [one.critical for one in certificate.extensions] == [True, False, False, False, False]
        chain = ("-CAfile", artifact(authority, "root-r1.cert.pem"), artifact(authority, f"{made}.cert.pem"))
        assert on_the_day("openssl", "verify", "-purpose", "ocsphelper", *chain).endswith(": OK\n")


def test_the_script_prints_every_name_that_is_permitted_or_excluded(authority: Path) -> None:
    text = (authority / "ceremonies/002-kinds/rehearsal/script.txt").read_text()
    for line in (
        "permitted: dns example.org",
        "permitted: dir O=Example Trust,C=NL",
        "excluded: every IPv4 address",
        "excluded: every IPv6 address",
        "again for the key of: root-r1, from an earlier ceremony",
        "It is never asked whether this certificate was revoked.",
    ):
        assert f"      {line}\n" in text


def test_intents_say_whose_certificate_it_is(authority: Path) -> None:
    forged = Forgery(record(authority, "002-kinds"), {})
    for made, kind, subject in (("root-r1-again", "reissue", "Root R1"), ("ocsp-2", "ocsp-responder", "OCSP 2")):
        statement = forged.one("approved", made)["body"]["signature"]["statement"]
        assert f"kind: {kind}\n" in statement
        assert f"subject: CN={subject},O=Example Trust,C=NL\n" in statement


# -- OCSP responses ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("made", "about", "said"),
    [("says-good", "sub-mail", ": good\n"), ("says-revoked", "sub-old", ": revoked\n")],
)
def test_openssl_and_gnutls_take_a_response_that_was_signed_before_it_was_asked(
    authority: Path, made: str, about: str, said: str
) -> None:
    root, response = artifact(authority, "root-r1.cert.pem"), artifact(authority, f"{made}.ors")
    asked = ("-issuer", root, "-cert", artifact(authority, f"{about}.cert.pem"), "-no_nonce", "-CAfile", root)
    answer = on_the_day("openssl", "ocsp", "-respin", response, *asked)
    assert "Response verify OK" in answer
    assert said in answer
    if made == "says-revoked":
        assert "Reason: cessationOfOperation" in answer
        assert "Revocation Time: Dec  5 10:00:00 2026 GMT" in answer
    checked = on_the_day("ocsptool", "--verify-response", "--load-trust", root, "--infile", response)
    assert "Verifying OCSP Response: Success." in checked


def test_a_response_is_drafted_at_the_moment_of_signing_and_says_nothing_more(authority: Path) -> None:
    forged = Forgery(record(authority, "002-kinds"), {})
    draft = next(one for one in forged.script["drafts"] if one["operation"] == "says-good")
    assert draft["open"] == ["responder", "this-update", "next-update", "produced-at"] or draft["open"] == [
        "this-update", "next-update", "produced-at",
    ]  # fmt: skip
    facts = read_response(artifact(authority, "says-good.ors").read_bytes())
    assert facts.produced_at == facts.this_update
    assert facts.extensions == ()
    assert facts.certificates == (artifact(authority, "ocsp-1.cert.der").read_bytes(),)
    statement = forged.one("approved", "says-revoked")["body"]["signature"]["statement"]
    assert "subject: CN=Old,O=Example Trust,C=NL\n" in statement
    assert "status: revoked\n" in statement


@pytest.mark.parametrize(
    ("made", "change", "said"),
    [
        ("says-revoked", replaced("0a0105", "0a0104"), "says of the revocation otherwise than planned"),
        ("says-revoked", replaced(b"20261205100000Z".hex(), b"20261206100000Z".hex()), "otherwise than planned"),
        ("says-good", replaced("300906052b0e03021a0500", "300906052b0e03021b0500"), "not hashed with SHA-1"),
    ],
)
def test_a_response_of_insiders_that_says_something_else(
    authority: Path,
    forged: Forgery,
    pinned: tuple[str, ...],
    tmp_path: Path,
    made: str,
    change: Callable[[bytes], bytes],
    said: str,
) -> None:
    forged.files[f"drafts/{made}.tbs"] = change(forged.files[f"drafts/{made}.tbs"])
    sign_with_token(authority, forged, made, change(tbs_of(forged, made)))
    expect("artifacts", said, forged.reseal().write(tmp_path / "record"), pinned)


@pytest.mark.parametrize(
    ("first", "last", "good"),
    [
        ("2026-12-08T09:00:00Z", "2027-02-01T00:00:00Z", True),
        ("2031-01-01T00:00:00Z", "2031-02-01T00:00:00Z", False),
        ("2026-12-07T08:59:59Z", "2027-02-01T00:00:00Z", False),
    ],
)
def test_a_response_with_planned_dates_is_of_the_day_of_its_drafting(
    authority: Path, forged: Forgery, pinned: tuple[str, ...], tmp_path: Path, first: str, last: str, good: bool
) -> None:
    """One that is dated ahead would call a certificate good after it was revoked."""
    operation_of = forged.operation("says-good")
    del operation_of["days"]
    operation_of.update(this_update=first, next_update=last)
    draft = next(one for one in forged.script["drafts"] if one["operation"] == "says-good")
    draft["open"] = [one for one in draft["open"] if one == "responder"]

    def dated(tbs: bytes) -> bytes:
        times = [moment.strftime("%Y%m%d%H%M%SZ").encode() for moment in times_of(tbs)]
        planned = [re.sub("[-:T]", "", text).encode() for text in (first, last)]
        return tbs.replace(times[0], planned[0]).replace(times[1], planned[1])

    forged.files["drafts/says-good.tbs"] = dated(forged.files["drafts/says-good.tbs"])
    sign_with_token(authority, forged, "says-good", dated(tbs_of(forged, "says-good")))
    folder = forged.reseal().write(tmp_path / "record")
    if good:
        code, output = verify(folder, *pinned)
        assert code == 0, output
    else:
        expect("artifacts", "says-good: is not dated within the day before its drafting", folder, pinned)


def times_of(tbs: bytes) -> tuple[datetime, datetime]:
    """thisUpdate and nextUpdate of a response, by the verifier."""
    it = verifier().OcspTbs(tbs)
    return datetime.fromtimestamp(it.this_update, UTC), datetime.fromtimestamp(it.next_update, UTC)


def test_a_response_does_not_rest_on_an_older_crl(
    authority: Path, forged: Forgery, pinned: tuple[str, ...], tmp_path: Path
) -> None:
    """Insiders leave the CRL out of the script and call the revoked certificate good."""
    operation_of = forged.operation("says-good")
    del operation_of["crl"]
    folder = forged.reseal().write(tmp_path / "record")
    code, output = verify(record(authority, "001-root"), folder, *pinned)
    assert code == 1, output
    assert "says-good: does not rest on the newest CRL, number 2" in output


# -- forgeries of certificates ----------------------------------------------------------------------------------------


OCSP_SIGNING, SERVER_AUTH = "2b06010505070309", "2b06010505070301"
UNPLANNED = "its name constraints are not the planned ones"
FORGED = [
    ("root-r1-again", text("Root R1", "Root X1"), "has another subject than planned"),
    ("ocsp-2", replaced(OCSP_SIGNING, SERVER_AUTH), "its purpose is not OCSP signing alone"),
    ("ocsp-2", replaced("03020780", "03020186"), "its key usage is not digitalSignature alone"),
    ("ocsp-2", replaced("2b0601050507300105", "2b0601050507300106"), "id-pkix-ocsp-nocheck"),
    ("sub-names", replaced("820b" + b"example.org".hex(), "820b" + b"example.com".hex()), UNPLANNED),
    ("sub-names", replaced("0603551d1e", "0603551d1d"), UNPLANNED),
    ("sub-mail", replaced("0603551d25", "0603551d1e"), "has name constraints that nobody planned"),
]


@pytest.mark.parametrize(("made", "change", "said"), FORGED, ids=[f"{one[0]}-{one[2][:30]}" for one in FORGED])
def test_what_was_frozen_and_approved_by_insiders_is_still_not_the_planned_one(
    authority: Path,
    forged: Forgery,
    pinned: tuple[str, ...],
    tmp_path: Path,
    made: str,
    change: Callable[[bytes], bytes],
    said: str,
) -> None:
    """The draft, its approvals and the token's signature are all for the changed bytes."""
    tbs = change(tbs_of(forged, made))
    forged.files[f"drafts/{made}.tbs"] = tbs
    sign_with_token(authority, forged, made, tbs)
    expect("artifacts", f"{made}: ", forged.reseal().write(tmp_path / "record"), pinned)
    expect("artifacts", said, tmp_path / "record", pinned)


def test_an_operation_is_not_called_another(forged: Forgery, pinned: tuple[str, ...], tmp_path: Path) -> None:
    """A root for an existing key passed off as a new root, and the other way round."""
    forged.operation("root-r1-again")["existing"] = ""
    expect("artifacts", "root-r1-again: ", forged.reseal().write(tmp_path / "record"), pinned)


# -- plans ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("more", "code"),
    [
        (below("s", "S", "private-subordinate", "sub") + answer("s", "root-r1", "revoked"), "plan.ocsp_status"),
        (below("s", "S", "private-subordinate", "sub") + answer("s", "root-r2", "good"), "plan.ocsp_elsewhere"),
        (answer("root-r1", "root-r1", "good"), "plan.ocsp_elsewhere"),
        (operation("reissue", "again", existing="sub-1", profile="private-root", days=900), "plan.artifact_unknown"),
        (operation("reissue", "a", existing="r9.pem", profile="private-root", days=900), "plan.issuer_key_elsewhere"),
        (
            operation("cross", "x", issuer="root-r1", existing="root-r2", profile="private-cross", days=900, **URLS)
            + operation("reissue", "again", existing="x", profile="private-root", days=900),
            "plan.reissue_no_root",
        ),
        (operation("reissue", "again", existing="root-r1", profile="private-cross", days=900), "x509.profile_class"),
        (below("a", "A", "private-root", "sub"), "x509.profile_class"),
        (below("a", "A", "private-constrained", "sub"), "x509.profile_field"),
        (below("a", "A", "private-subordinate", "sub", name_constraints="{ permitted = { ip = ['1'] } }"),
         "x509.constraint_unusable"),
        (operation("ocsp-responder", "o", "O", issuer="root-r1", profile="private-ocsp-responder", days=9),
         "plan.subject_key"),
    ],
)  # fmt: skip
def test_a_plan_is_refused_for(tmp_path: Path, more: str, code: str) -> None:
    root = make_authority(tmp_path / "authority", tmp_path / "keys")
    second = key("key-r2") + certificate("root", "root-r2", "Root R2", 3650, key="key-r2")
    ceremony = make_plan(root, "001-root", FIRST + second + more)
    make_csr(ceremony / "inputs" / "sub.csr.pem")
    (ceremony / "inputs" / "r9.pem").write_bytes(pem("certificate", issued(root_fields())))
    assert refused_for(root, "check", ceremony) == [code]


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


def test_a_request_of_a_key_without_a_certificate_is_for_the_planned_name_and_key(authority: Path) -> None:
    path, public = artifact(authority, "req-new.csr.pem"), artifact(authority, "key-new.spki.der")
    said = tool("openssl", "req", "-verify", "-noout", "-subject", "-pubkey", "-in", path)
    assert "verify OK" in said
    assert "subject=C = NL, O = Example Trust, CN = New CA" in said
    key_of = x509.load_pem_x509_csr(path.read_bytes()).public_key()
    assert spki_of(key_of) == public.read_bytes()
    text = (authority / "ceremonies/002-kinds/rehearsal/script.txt").read_text()
    assert "      subject: CN=New CA,O=Example Trust,C=NL\n      for a key without a certificate of ours\n" in text
    assert "req-new: for a key without a certificate, from 002-kinds" in run("register", authority, "--rehearsal").out


@pytest.mark.parametrize(
    ("fields", "given"),
    [
        ({}, "nothing"),
        ({"key": "key-r1"}, "key"),
        ({"existing": "root-r1", "key": "key-r1"}, "existing and key"),
    ],
)
def test_a_request_is_for_a_certificate_or_for_a_name_and_a_key(
    tmp_path: Path, fields: dict[str, str], given: str
) -> None:
    root = make_authority(tmp_path / "authority", tmp_path / "keys")
    ceremony = make_plan(root, "001-root", FIRST + operation("cross-csr", "req", **fields))
    assert refused_for(root, "check", ceremony) == ["plan.request_of"]
    assert f"the request is for {given}\n" in run("check", ceremony).err


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"subject": name("New CB").hex()}, "req-new: has another subject than planned"),
        ({"key": "key-r2"}, "req-new: is for another key than planned"),
        ({"key": "key-none"}, "req-new"),
    ],
)
def test_a_request_for_another_name_or_key_than_the_script_says(
    authority: Path, forged: Forgery, pinned: tuple[str, ...], tmp_path: Path, change: dict[str, str], said: str
) -> None:
    forged.operation("req-new").update(change)
    code, output = verify(forged.reseal().write(tmp_path / "record"), *pinned)
    assert code == 1
    assert said in output


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
    assert codes == ["plan.issuer_key_elsewhere", "plan.artifact_unknown", "plan.artifact_unknown"]


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


def test_the_register_and_inspect_know_every_kind(authority: Path) -> None:
    it = msgspec.json.decode(run("register", authority, "--rehearsal", "--json").out, type=Published)
    assert {row.id: row.status for row in it.responses} == {"says-good": "good", "says-revoked": "revoked"}
    assert {row.id for row in it.requests} >= {"req-r1"}
    kinds = {row.id: row.kind for row in it.certificates}
    assert (kinds["root-r1-again"], kinds["ocsp-1"], kinds["sub-mail"]) == ("reissue", "ocsp-responder", "subordinate")
    said = run("inspect", artifact(authority, "says-revoked.ors"))
    assert said.code == 0
    assert "  signature: holds, by the key of certificate 1 going along\n" in said.out
    assert "  status: revoked 2026-12-05T10:00:00Z cessationOfOperation\n" in said.out
    assert judged_as(authority, "*.cert.der") == {
        "root-r1": "private-root",
        "root-r1-again": "private-root",
        "root-r2": "private-root",
        "sub-old": "private-subordinate",
        "sub-names": "private-constrained",
        "sub-mail": "private-non-tls",
        "ocsp-1": "private-ocsp-responder",
        "ocsp-2": "private-ocsp-responder",
    }
    assert judged_as(authority, "*.ors") == {"says-good": "private-ocsp", "says-revoked": "private-ocsp"}
    assert judged_as(authority, "*.crl") == {"crl-r1-1": "private-crl", "crl-r1-2": "private-crl"}
    drawn = run("register", authority, "--rehearsal")
    assert "says-good: " in drawn.out
    assert "OCSP responses\n" in drawn.out
    assert {row.id: (row.certificate, row.newest) for row in it.responses} == {
        "says-good": ("sub-mail", True),
        "says-revoked": ("sub-old", True),
    }
    rows = csv.DictReader(io.StringIO(run("register", authority, "--rehearsal", "--csv").out))
    assert {row["id"]: row["status"] for row in rows if row["what"] == "OCSP response"} == {
        "says-good": "good",
        "says-revoked": "revoked",
    }


def judged_as(root: Path, pattern: str) -> dict[str, str]:
    """The profile by which each artifact is judged; nothing worse than a warning is found."""
    seen = {}
    for path in every(root, pattern):
        said = run("inspect", path).out
        assert not re.search(r"(?m)^  error: ", said), said
        assert "crl.previous_missing" not in said
        (seen[path.name.partition(".")[0]],) = re.findall(r"(?m)^  judged as: (\S+), the usual", said)
    return seen


def test_a_response_is_judged_beside_the_crl_of_its_day(authority: Path) -> None:
    facts = {path.name: read_certificate(path.read_bytes()) for path in every(authority, "*.cert.der")}
    lists = tuple(read_crl(path.read_bytes()) for path in every(authority, "*.crl"))
    (response,) = read_objects(artifact(authority, "says-revoked.ors").read_bytes())

    def codes(crls: tuple[CrlFacts, ...]) -> set[str]:
        around = Surroundings("private", known=facts, crls=crls)
        found = judged(response, load_profile("private-ocsp"), True, signature_of(response, around), around)
        return {one.code for one in found}

    assert codes(lists) == set()
    assert codes(tuple(one for one in lists if one.number == 1)) == {"ocsp.status"}
    nowhere = Surroundings("private")
    assert usual_profile(response, nowhere) == ""
    assert judged(response, load_profile("private-ocsp"), False, signature_of(response, nowhere), nowhere) == []


def test_what_is_cross_certified_later_stays_what_it_was() -> None:
    first = read_certificate(issued(subordinate_fields()))
    other = issuer(KeyType.P384, 3, "Voorbeeld Root 3")
    again = read_certificate(issued(subordinate_fields(issuer=other, serial=2**140), number=3))
    around = Surroundings("webpki", known={"int-1": first, "cross-int-1": again})
    assert usual_profile(first, around) == "webpki-tls-subordinate"
    assert usual_profile(again, around) == "webpki-cross"


def every(root: Path, pattern: str) -> list[Path]:
    return sorted(root.glob(f"ceremonies/*/rehearsal/record/artifacts/{pattern}"))


# -- CRLs with a scope ------------------------------------------------------------------------------------------------


WAIVED = """
[[waivers]]
code = "crl.scope"
operation = "crl-r1-1"
reason = "one list for the CAs, by the CP/CPS"
people = ["oa", "ob"]
expires = "2027-12-31"
"""
ONLY_CAS = {"distribution_point": URLS["crl_url"], "scope": "ca"}


def scoped(root: Path, waiver: str = WAIVED) -> Path:
    """A root, a subordinate, and a CRL for CAs alone."""
    plain = {"issuer": "root-r1", "number": 1, "days": 300, "profile": "private-crl"}
    operations = FIRST[: FIRST.index('[[operations]]\nkind = "crl"')] + below("s", "S", "private-subordinate", "sub")
    ceremony = make_plan(root, "001-root", operations + operation("crl", "crl-r1-1", **plain, **ONLY_CAS) + waiver)
    make_csr(ceremony / "inputs" / "sub.csr.pem")
    return ceremony


def test_a_crl_says_critically_what_it_covers_and_others_take_it(tmp_path: Path) -> None:
    root = make_authority(tmp_path / "authority")
    rehearse(root, scoped(root), VERIFIER.read_bytes())
    text = (root / "ceremonies/001-root/rehearsal/script.txt").read_text()
    assert "      distribution point: http://example.org/r.crl\n      covers: certificates of CAs only\n" in text
    crl = x509.load_der_x509_crl(artifact(root, "crl-r1-1.crl").read_bytes())
    point = crl.extensions.get_extension_for_class(x509.IssuingDistributionPoint)
    assert (point.critical, point.value.only_contains_ca_certs) == (True, True)
    options = ("-x509_strict", "-crl_check", "-CAfile", artifact(root, "root-r1.cert.pem"))
    listed = ("-CRLfile", artifact(root, "crl-r1-1.crl.pem"), artifact(root, "s.cert.pem"))
    assert on_the_day("openssl", "verify", *options, *listed).endswith(": OK\n")
    genuine = Forgery(record(root, "001-root"), stand_ins(root))
    code, output = verify(record(root, "001-root"), "--authority", genesis(root), "--rehearsal")
    assert code == 0, output
    genuine.operation("crl-r1-1")["scope"] = "user"
    folder = genuine.reseal().write(tmp_path / "forged")
    mine = ("--authority", genesis(root), "--rehearsal")
    expect("artifacts", "its issuing distribution point is not the planned one", folder, mine)


def test_a_scope_is_for_those_who_waive_it(tmp_path: Path) -> None:
    root = make_authority(tmp_path / "authority", tmp_path / "keys")
    assert refused_for(root, "check", scoped(root, "")) == ["crl.scope"]


# -- long lists -------------------------------------------------------------------------------------------------------


def test_a_long_crl_is_printed_by_its_last_entries() -> None:
    entries = tuple(Entry(f"{serial:x}", "2026-12-01T09:00:00Z", "superseded") for serial in range(1, 1001))
    plain = {"token": "hsm-1", "key": "key-r1", "profile": "private-crl", "issuer": "input:x", "previous": ""}
    crl = CrlOperation(id="crl", number=2, days=30, entries=entries, outputs=("artifacts/crl.crl",), **plain)
    draft = ScriptDraft("crl", "drafts/crl.tbs", "sha256:" + "0" * 64, ("this-update", "next-update"))
    known = {"3e8": "sub-9, CN=Nine"}
    _, lines, _ = issue_words(crl, draft, {"private-crl": load_profile("private-crl")}, known)
    revoked = [line for line in lines if line.startswith("revoked: ")]
    assert revoked[0] == "revoked: 1000 certificates, all of them in the draft; the last 100 are"
    assert revoked[1].startswith("revoked: 385 ")
    assert revoked[-1] == "revoked: 3e8 2026-12-01T09:00:00Z superseded: sub-9, CN=Nine"
    assert len(revoked) == 101
