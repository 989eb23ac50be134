"""Plans that give the subject's key, the dates, the issuing certificate and the names of files."""

from __future__ import annotations

import base64
import shutil
import subprocess
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519

from example import FIRST, certificate, crl, key, make_authority, make_csr, make_plan
from forging import VERIFIER, Forgery, genesis, record, refused, stand_ins, token_signature, verifier, verify
from quorate.rehearse import rehearse
from refusing import refused as refused_command
from refusing import run

DATES = {"not-before": "2026-12-01T00:00:00Z", "not-after": "2031-12-01T12:34:56Z"}


def dated(text: str, days: int = 1000) -> str:
    """The same operation with both dates instead of days."""
    return text.replace(f"days = {days}", "\n".join(f'{name} = "{value}"' for name, value in DATES.items()), 1)


def output(text: str, name: str) -> str:
    return text + f'output = "{name}"\n'


def spki(path: Path, *, pem: bool) -> None:
    encoding = serialization.Encoding.PEM if pem else serialization.Encoding.DER
    public = ec.generate_private_key(ec.SECP256R1()).public_key()
    path.write_bytes(public.public_bytes(encoding, serialization.PublicFormat.SubjectPublicKeyInfo))


def first_plan() -> str:
    text = FIRST.replace(key("key-r1"), output(key("key-r1"), "root-1") + output(key("key-i1"), "int 1.pub.pem"))
    root = certificate("root", "root-r1", "Root R1", 3650, key="key-r1")
    text = text.replace(root, output(dated(root, 3650), "root-1"))
    text += output(dated(certificate("subordinate", "int-1", "Int 1", issuer="root-r1", key="key-i1")), "int.1.crt")
    text += key("key-r2") + output(certificate("root", "root-r2", "Root R2", key="key-r2"), "root-2.der")
    cross = certificate("cross", "cross-r1", issuer="root-r2", existing="root-r1", key="key-r1")
    request = '[[operations]]\nkind = "cross-csr"\nid = "ask-r1"\nexisting = "root-r1"\n'
    return text + output(cross, "x r1.pem") + output(request, "root-1")


def second_plan() -> str:
    text = certificate("subordinate", "int-2", "Int 2", issuer="cross-r1", spki="int-2.pem")
    text += certificate("subordinate", "int-3", "Int 3", issuer="root-r1", spki="int-3.der")
    text += certificate("subordinate", "int-4", "Int 4", issuer="root-r1", key="key-i4") + key("key-i5")
    text += certificate("subordinate", "int-5", "Int 5", issuer="int-5-root", key="key-i5")
    text = key("key-i4") + text.replace("int-5-root", "cross-r1")
    text += certificate("cross", "cross-r2", issuer="cross-r1", existing="root-r2", csr="r2.csr.pem").replace(
        'csr = "r2.csr.pem"\n', 'key = "key-r2"\n'
    )
    revoked = '[{ certificate = "int-1", date = "2027-01-31T01:02:03Z", reason = "superseded" }]'
    dates = 'this-update = "2027-02-01T00:00:00Z"\nnext-update = "2028-01-31T23:59:59Z"'
    return text + output(crl("crl-r1-2", "cross-r1", 2, revoked).replace("days = 365", dates), "r1.crl")


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two rehearsed ceremonies of the plans above."""
    root = make_authority(tmp_path_factory.mktemp("given") / "authority")
    make_plan(root, "001-first", first_plan())
    ceremony = make_plan(root, "002-second", second_plan(), "2027-02-01T09:00:00Z")
    spki(ceremony / "inputs" / "int-2.pem", pem=True)
    spki(ceremony / "inputs" / "int-3.der", pem=False)
    rehearse(root, ceremony, VERIFIER.read_bytes())
    return root


def artifact(root: Path, ceremony: str, name: str) -> bytes:
    return (record(root, ceremony) / "artifacts" / name).read_bytes()


def test_the_verifier_accepts_both_records(root: Path) -> None:
    records = [record(root, name) for name in ("001-first", "002-second")]
    code, said = verify(*records, "--authority", genesis(root), "--rehearsal")
    assert code == 0, said


def test_files_have_the_names_that_the_plan_gives(root: Path) -> None:
    first = {path.name for path in (record(root, "001-first") / "artifacts").iterdir()}
    assert first == {
        *("root-1.pubkey.der", "root-1.pubkey.pem", "int 1.pub.der", "int 1.pub.pem", "key-r2.spki.der"),
        *("root-1.cert.der", "root-1.cert.pem", "int.1.crt", "int.1.crt.der", "root-2.der", "root-2.pem"),
        *("x r1.der", "x r1.pem", "crl-r1-1.crl", "crl-r1-1.crl.pem", "root-1.csr.der", "root-1.csr.pem"),
    }
    assert {"r1.crl", "r1.crl.der"} <= {path.name for path in (record(root, "002-second") / "artifacts").iterdir()}


def test_a_public_key_is_written_as_openssl_writes_it(root: Path) -> None:
    folder = record(root, "001-first") / "artifacts"
    for name in ("root-1.pubkey", "int 1.pub"):
        asked = ["openssl", "pkey", "-pubin", "-inform", "DER", "-in", str(folder / f"{name}.der")]
        done = subprocess.run([*asked, "-pubout"], capture_output=True, check=True)
        assert done.stdout == (folder / f"{name}.pem").read_bytes()


def test_dates_are_the_given_ones_to_the_second(root: Path) -> None:
    for name in ("root-1.cert.pem", "int.1.crt"):
        made = x509.load_pem_x509_certificate(artifact(root, "001-first", name))
        assert made.not_valid_before_utc == datetime(2026, 12, 1, tzinfo=UTC)
        assert made.not_valid_after_utc == datetime(2031, 12, 1, 12, 34, 56, tzinfo=UTC)
    made_crl = x509.load_pem_x509_crl(artifact(root, "002-second", "r1.crl"))
    assert made_crl.last_update_utc == datetime(2027, 2, 1, tzinfo=UTC)
    assert made_crl.next_update_utc == datetime(2028, 1, 31, 23, 59, 59, tzinfo=UTC)
    draft = Forgery(record(root, "002-second"), {}).script["drafts"][-1]
    assert (draft["operation"], draft["open"]) == ("crl-r1-2", [])


def test_subjects_have_the_keys_that_are_given(root: Path) -> None:
    inputs = root / "ceremonies" / "002-second" / "inputs"
    int_1 = x509.load_pem_x509_certificate(artifact(root, "001-first", "int.1.crt")).public_key()
    assert int_1 == serialization.load_pem_public_key(artifact(root, "001-first", "int 1.pub.pem"))
    int_2 = x509.load_der_x509_certificate(artifact(root, "002-second", "int-2.cert.der")).public_key()
    assert int_2 == serialization.load_pem_public_key((inputs / "int-2.pem").read_bytes())
    int_3 = x509.load_der_x509_certificate(artifact(root, "002-second", "int-3.cert.der")).public_key()
    assert int_3 == serialization.load_der_public_key((inputs / "int-3.der").read_bytes())
    int_5 = x509.load_der_x509_certificate(artifact(root, "002-second", "int-5.cert.der")).public_key()
    assert int_5 == serialization.load_der_public_key(artifact(root, "002-second", "key-i5.spki.der"))


def test_a_cross_certificate_issues_with_the_key_of_the_root(root: Path) -> None:
    int_2 = x509.load_der_x509_certificate(artifact(root, "002-second", "int-2.cert.der"))
    for name in ("root-1.cert.der", "x r1.der"):
        int_2.verify_directly_issued_by(x509.load_der_x509_certificate(artifact(root, "001-first", name)))


def test_crls_of_one_name_and_key_follow_each_other_whichever_certificate_is_named(root: Path) -> None:
    operation = Forgery(record(root, "002-second"), {}).operation("crl-r1-2")
    assert operation["issuer"] == "input:inputs/known/cross-r1.cert.der"
    assert operation["previous"] == "input:inputs/known/root-r1.crl"


# -- what is refused --------------------------------------------------------------------------------------------------

CROSS = certificate("cross", "cross-r2", issuer="root-r1", existing="root-r2")
KNOWN = key("key-r2") + certificate("root", "root-r2", "Root R2", 3650, key="key-r2")
INT = certificate("subordinate", "int-1", "Int 1", issuer="root-r1")
PLANS = {
    "a key given twice": (KNOWN + INT + 'key = "key-r2"\nspki = "a.pem"\n', {"plan.subject_key"}),
    "no key": (INT, {"plan.subject_key"}),
    "a key that is not there": (INT + 'key = "key-9"\n', {"plan.key_unknown"}),
    "a file that is not there": (INT + 'spki = "b.pem"\n', {"plan.input_missing"}),
    "a request for a bare key": (INT + 'spki = "a.csr.pem"\n', {"x509.not_one_object"}),
    "a bare key that is none": (INT + 'spki = "broken.der"\n', {"key.unreadable"}),
    "another key than the existing one": (KNOWN + CROSS + 'key = "key-r1"\n', {"plan.subject_key_differs"}),
    "another bare key than the existing one": (KNOWN + CROSS + 'spki = "a.pem"\n', {"plan.subject_key_differs"}),
    "another request than the existing one": (KNOWN + CROSS + 'csr = "a.csr.pem"\n', {"plan.subject_key_differs"}),
    "one date": (INT.replace("days = 1000", 'not-after = "2030-01-01T00:00:00Z"') + 'spki = "a.pem"\n',
                 {"plan.validity"}),
    "dates and days": (dated(INT).replace("profile", "days = 1000\nprofile") + 'spki = "a.pem"\n', {"plan.validity"}),
    "a date that is none": (dated(INT).replace("2031-12-01T", "2031-13-01T") + 'spki = "a.pem"\n', {"plan.time"}),
    "dates in reverse": (dated(INT).replace("2031-", "2021-") + 'spki = "a.pem"\n', {"x509.field_unusable"}),
    "one date of a CRL": (crl("crl-2", "root-r1", 2).replace("days = 365", 'this-update = "2026-12-01T09:00:00Z"'),
                          {"plan.validity"}),
    "an output with a path": (KNOWN + 'output = "../root-2"\n', {"plan.file_name"}),
    "an output of two": (KNOWN + 'output = "ROOT-R1.cert.pem"\n', {"plan.output_twice"}),
}  # fmt: skip


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("prepared")
    ceremony = make_plan(make_authority(folder / "authority", folder / "keys"), "001-first", FIRST)
    spki(ceremony / "inputs" / "a.pem", pem=True)
    make_csr(ceremony / "inputs" / "a.csr.pem")
    (ceremony / "inputs" / "broken.der").write_bytes(b"\x30\x03\x02\x01\x01")
    return folder / "authority"


@pytest.fixture
def ceremony(prepared: Path, tmp_path: Path) -> Path:
    """The first ceremony of an authority of enrolled people, to be changed."""
    return Path(shutil.copytree(prepared, tmp_path / "authority")) / "ceremonies" / "001-first"


@pytest.mark.parametrize("what", PLANS)
def test_a_plan_is_refused_for(ceremony: Path, what: str) -> None:
    operations, codes = PLANS[what]
    path = ceremony / "plan.toml"
    text = path.read_text() + operations
    if "crl-2" in operations:
        text = text.replace(crl("crl-r1-1", "root-r1", 1), "")
    path.write_text(text)
    assert set(refused_command(ceremony.parents[1], "check", ceremony)) == codes


def test_crl_dates_are_legal_all_over_the_window(ceremony: Path) -> None:
    path = ceremony / "plan.toml"
    for first, last, code in (
        ("2026-11-30T20:00:00Z", "2027-11-30T10:00:00Z", "crl.window"),
        ("2026-12-01T09:00:00Z", "2026-12-01T20:00:00Z", "crl.window"),
    ):
        given = f'this-update = "{first}"\nnext-update = "{last}"'
        plan = path.read_text()
        path.write_text(plan.replace("days = 365\n", given + "\n"))
        assert refused_command(ceremony.parents[1], "check", ceremony) == [code]
        path.write_text(plan)


def test_dates_out_of_the_window_are_a_warning_for_a_private_authority(ceremony: Path) -> None:
    path = ceremony / "plan.toml"
    plan = path.read_text()
    for first in ("2026-11-29T00:00:00Z", "2026-12-01T15:00:00Z"):
        operation = dated(INT).replace(DATES["not-before"], first) + 'spki = "a.pem"\n'
        given = f'this-update = "{first}"\nnext-update = "2027-11-28T00:00:00Z"\n'
        path.write_text(plan.replace("days = 365\n", given) + operation)
        outcome = run("check", ceremony)
        assert outcome.code == 0, outcome.err
        assert f"warning: cert.not_before: operations[int-1]: notBefore {first[:10]}" in outcome.out
        assert f"warning: crl.this_update: operations[crl-r1-1]: thisUpdate {first[:10]}" in outcome.out


def test_a_bare_key_is_accepted_with_a_warning_that_names_it(ceremony: Path) -> None:
    path = ceremony / "plan.toml"
    path.write_text(path.read_text() + INT + 'spki = "a.pem"\n')
    outcome = run("check", ceremony)
    assert outcome.code == 0, outcome.err
    assert "warning: plan.possession_unproved: operations[int-1]: " in outcome.out
    assert "inputs/a.pem  [BR 3.2.1]" in outcome.out


# -- what the verifier refuses ----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def keys(root: Path) -> Mapping[str, ed25519.Ed25519PrivateKey]:
    return stand_ins(root)


@pytest.fixture
def second(root: Path, keys: Mapping[str, ed25519.Ed25519PrivateKey]) -> Forgery:
    return Forgery(record(root, "002-second"), keys)


def expect(root: Path, forged: Forgery, folder: Path, claim: str, said: str) -> None:
    code, output = verify(forged.reseal().write(folder), "--authority", genesis(root), "--rehearsal")
    assert code == 1, output
    assert claim in refused(output), output
    assert said in output, output


def test_another_bare_key_is_found(root: Path, second: Forgery, tmp_path: Path) -> None:
    other = ec.generate_private_key(ec.SECP256R1()).public_key()
    second.files["inputs/int-2.pem"] = other.public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    expect(root, second, tmp_path / "record", "artifacts", "int-2: certifies another key than planned")


def test_another_key_of_the_authority_is_found(root: Path, second: Forgery, tmp_path: Path) -> None:
    second.operation("int-4")["subject_key"] = "key:key-i5"
    expect(root, second, tmp_path / "record", "artifacts", "int-4: certifies another key than planned")


def test_a_cross_certificate_of_another_key_is_found(root: Path, second: Forgery, tmp_path: Path) -> None:
    second.operation("cross-r2")["subject_key"] = "key:key-i5"
    expect(root, second, tmp_path / "record", "artifacts", "cross-r2: the existing certificate has another key")


@pytest.mark.parametrize("member", ["this_update", "next_update"])
def test_another_date_than_planned_is_found(root: Path, second: Forgery, tmp_path: Path, member: str) -> None:
    second.operation("crl-r1-2")[member] = "2028-01-31T23:59:58Z"
    said = f"crl-r1-2: has another {member.replace('_', '-')} than planned"
    expect(root, second, tmp_path / "record", "artifacts", said)


def test_a_date_alone_or_beside_days_is_no_script(root: Path, second: Forgery, tmp_path: Path) -> None:
    second.operation("crl-r1-2")["days"] = 364
    expect(root, second, tmp_path / "record", "script", "crl-r1-2: either days or both dates are wanted")


def test_another_pem_beside_the_der_is_found(
    root: Path, keys: Mapping[str, ed25519.Ed25519PrivateKey], tmp_path: Path
) -> None:
    for name, other in (("root-1.pubkey.pem", "int 1.pub.pem"), ("int.1.crt", "root-1.cert.pem")):
        forged = Forgery(record(root, "001-first"), keys)
        forged.files[f"artifacts/{name}"] = forged.files[f"artifacts/{other}"]
        expect(root, forged, tmp_path / name, "artifacts", f"artifacts/{name} is not what the events make")


def test_a_crl_through_another_certificate_of_the_key_still_follows_the_last_one(
    root: Path, second: Forgery, tmp_path: Path
) -> None:
    """The number is that of the CRL before, which named the root; the previous one is left out of the script."""
    operation = second.operation("crl-r1-2")
    operation["previous"], operation["number"] = "", 1
    tbs = base64.b64decode(second.one("drafted", "crl-r1-2")["body"]["tbs"]).replace(
        bytes.fromhex("0603551d140403020102"), bytes.fromhex("0603551d140403020101")
    )
    second.files["drafts/crl-r1-2.tbs"] = tbs
    object_id = next(one["object"] for one in second.script["keys"] if one["id"] == "key-r1")
    signature = token_signature(root / "ceremonies" / "002-second" / "rehearsal", "hsm-1", object_id, "p-256", tbs)
    second.one("drafted", "crl-r1-2")["body"]["tbs"] = base64.b64encode(tbs).decode()
    second.one("completed", "crl-r1-2")["body"]["signature"] = base64.b64encode(signature).decode()
    whole = verifier().der(0x30, tbs + bytes.fromhex("300a06082a8648ce3d040302") + verifier().der(3, b"\0" + signature))
    second.files["artifacts/r1.crl.der"] = whole
    second.files["artifacts/r1.crl"] = verifier().pem_of(whole, "X509 CRL")
    folder = second.reseal().write(tmp_path / "record")
    code, output = verify(record(root, "001-first"), folder, "--authority", genesis(root), "--rehearsal")
    assert code == 1, output
    assert "crl-r1-2: its number is not above 1" in output
