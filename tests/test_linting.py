"""Linters that others keep: what they are told, what their remarks come to, and that nothing is signed without them."""

from __future__ import annotations

import json
import re
import stat
import sys
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa

from example import FIRST, certificate, crl, key, make_authority, make_csr, make_plan
from forging import Forgery, genesis, record, refused, stand_ins, verify
from issuing import (
    NOW,
    crl_fields,
    cross_fields,
    drafted,
    issued,
    root_fields,
    spki_of,
    subordinate_fields,
    with_extension,
)
from quorate import linters
from quorate.findings import Refusal, Severity
from quorate.linters.pkilint import Pkilint
from quorate.linters.zlint import Zlint
from quorate.linting import remark_findings
from quorate.record import load
from quorate.rehearse import rehearse
from quorate.want import LintReport, LintSubject, Remark
from quorate.x509.fields import subject_ski
from quorate.x509.profile import load_profile
from refusing import run

VERIFIER = Path(__file__).parent.parent / "verifier" / "quorate_verify.py"
URLS = {"crl_url": "http://crl.example.org/r.crl", "ca_issuers_url": "http://ca.example.org/r.cer"}


def said(subject: LintSubject, der: bytes) -> dict[str, str]:
    """What pkilint remarks, by its rules."""
    return {remark.rule: remark.weight for remark in Pkilint().lint(subject, der).remarks}


# -- pkilint ----------------------------------------------------------------------------------------------------------

CLEAN: dict[str, tuple[LintSubject, Any]] = {
    "root": (LintSubject("root", "webpki", NOW), root_fields()),
    "subordinate": (LintSubject("subordinate", "webpki", NOW, direct=True), subordinate_fields(**URLS)),
    "cross": (LintSubject("cross", "webpki", NOW), cross_fields(**URLS)),
    "crl": (LintSubject("crl", "webpki", NOW), crl_fields()),
    "private root": (LintSubject("root", "private", NOW), root_fields(profile=load_profile("private-root"))),
    "private crl": (LintSubject("crl", "private", NOW), crl_fields(profile=load_profile("private-crl"))),
}


@pytest.mark.parametrize("what", CLEAN)
def test_of_what_the_shipped_profiles_make_pkilint_says_nothing_worse_than_a_notice(what: str) -> None:
    subject, fields = CLEAN[what]
    for der in (drafted(fields).unsigned, issued(fields)):
        assert set(said(subject, der).values()) <= {"notice"}


def test_pkilint_judges_by_what_it_is_told_the_object_is() -> None:
    der = with_extension(drafted(cross_fields(**URLS)).unsigned, None, drop="2.5.29.37")
    own = said(LintSubject("cross", "webpki", NOW), der)
    stranger = said(LintSubject("cross", "webpki", NOW, external=True), der)
    assert own["cabf.serverauth.cross_ca.extended_key_usage_extension_absent"] == "warning"
    assert stranger["cabf.serverauth.cross_ca.extended_key_usage_extension_absent"] == "error"


def test_a_crl_is_judged_as_that_of_an_authority_over_authorities() -> None:
    """Twelve months and not ten days; a linter that is not told is wrong."""
    assert said(LintSubject("crl", "webpki", NOW), drafted(crl_fields()).unsigned) == {}


def test_a_known_mistake_of_pkilint_is_kept_as_a_notice() -> None:
    constraints = x509.NameConstraints([x509.DNSName("example.org")], None)
    der = with_extension(drafted(cross_fields(**URLS)).unsigned, constraints, True)
    report = Pkilint().lint(LintSubject("cross", "webpki", NOW), der)
    found = {one.code: one for one in remark_findings((report,), "x", "webpki", ("pkilint",))}
    assert set(found) == {"lint.notice", "lint.mistaken"}
    assert "BR 7.1.2.2.3" in found["lint.mistaken"].sentence


def test_what_pkilint_says_of_a_key_is_marked_as_such() -> None:
    odd = spki_of(rsa.RSAPublicNumbers(65537, 2**2052 + 1).public_key())
    der = drafted(root_fields(spki=odd, ski=subject_ski(odd))).unsigned
    remarks = Pkilint().lint(LintSubject("root", "webpki", NOW), der).remarks
    of_key = {remark.rule for remark in remarks if remark.of_key}
    assert of_key == {"cabf.rsa_modulus_invalid_length", "cabf.rsa_modulus_has_small_prime_factor"}
    assert {remark.rule for remark in remarks} > of_key


def test_bytes_that_pkilint_cannot_read_are_no_silence() -> None:
    with pytest.raises(Refusal) as refusal:
        Pkilint().lint(LintSubject("root", "webpki", NOW), b"\x30\x03\x02\x01\x05")
    assert refusal.value.code == "lint.failed"


# -- zlint, by a stand-in that speaks its language --------------------------------------------------------------------

STAND_IN = """#!{python}
import json, pathlib, sys
if sys.argv[1:] == ["-version"]:
    print("ZLint version 3.7.2")
    sys.exit(0)
assert sys.argv[1:3] == ["-format", "pem"] and sys.argv[3] == "-config" and sys.argv[-1] == "-"
config = pathlib.Path(sys.argv[4]).read_text()
given = sys.stdin.read()
pathlib.Path({folder!r}, "asked").write_text(config + given)
print({answer!r})
sys.exit({code})
"""
ANSWER = {
    "e_good": {"result": "pass"},
    "e_not_applicable": {"result": "NA"},
    "e_not_effective": {"result": "NE"},
    "e_bad": {"result": "error", "details": "two\nlines"},
    "w_worse": {"result": "warn"},
    "n_note": {"result": "info"},
    "e_rsa_mod_not_odd": {"result": "error"},
}


@pytest.fixture
def on_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder at the head of the path."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")
    return folder


def put_zlint(folder: Path, answer: object = ANSWER, code: int = 0) -> None:
    text = answer if isinstance(answer, str) else json.dumps(answer)
    program = folder / "zlint"
    program.write_text(STAND_IN.format(python=sys.executable, folder=str(folder), answer=text, code=code))
    program.chmod(program.stat().st_mode | stat.S_IXUSR)


def test_what_zlint_answers_is_read(on_path: Path) -> None:
    put_zlint(on_path)
    report = Zlint().lint(LintSubject("cross", "webpki", NOW), drafted(cross_fields()).unsigned)
    assert (report.tool, report.version) == ("zlint", "3.7.2")
    assert report.remarks == (
        Remark("error", "e_bad", "two lines"),
        Remark("error", "e_rsa_mod_not_odd", "", of_key=True),
        Remark("notice", "n_note", ""),
        Remark("warning", "w_worse", ""),
    )
    asked = (on_path / "asked").read_text()
    assert "CrossCert = true" in asked
    assert "BEGIN CERTIFICATE" in asked


def test_zlint_is_told_that_a_crl_is_not_one_of_subscribers(on_path: Path) -> None:
    put_zlint(on_path, {})
    Zlint().lint(LintSubject("crl", "webpki", NOW), drafted(crl_fields()).unsigned)
    asked = (on_path / "asked").read_text()
    assert "SubscriberCRL = false" in asked
    assert "BEGIN X509 CRL" in asked


NO_ANSWERS = [("", 0), ("[]", 0), ('{"a": 1}', 0), ("{}", 1), ('{"e_x": {"result": "reserved"}}', 0)]


@pytest.mark.parametrize(("answer", "code"), NO_ANSWERS)
def test_a_zlint_that_fails_is_no_silence(on_path: Path, answer: str, code: int) -> None:
    put_zlint(on_path, answer, code)
    with pytest.raises(Refusal) as refusal:
        Zlint().lint(LintSubject("root", "webpki", NOW), drafted(root_fields()).unsigned)
    assert refusal.value.code == "lint.failed"


def test_a_zlint_on_the_path_runs_beside_what_is_required(on_path: Path) -> None:
    subject, der = LintSubject("root", "webpki", NOW), drafted(root_fields()).unsigned
    assert [one.tool for one in linters.run(("pkilint",), subject, der)] == ["pkilint"]
    put_zlint(on_path)
    assert [one.tool for one in linters.run(("pkilint",), subject, der)] == ["pkilint", "zlint"]


# -- what remarks come to ---------------------------------------------------------------------------------------------

REPORT = LintReport(
    "zlint", "3.7.2", (Remark("fatal", "e_x", ""), Remark("error", "e y/z", "a\u202eb"), Remark("warning", "w", ""))
)


def test_a_finding_is_called_after_the_tool_and_its_rule() -> None:
    found = remark_findings((REPORT,), "root-r1", "webpki", ())
    assert [one.name for one in found] == ["lint.fatal", "lint.zlint/e-y-z", "lint.zlint/w"]
    assert [one.severity for one in found] == [Severity.ERROR, Severity.ERROR, Severity.WARNING]
    assert [one.waivable for one in found] == [False, True, True]
    assert found[1].sentence == "root-r1: zlint 3.7.2 finds e-y-z, a?b"


def test_a_private_authority_is_only_warned_by_a_linter_that_it_did_not_ask_for() -> None:
    asked = remark_findings((REPORT,), "root-r1", "private", ("zlint",))
    assert [one.severity for one in asked] == [Severity.ERROR, Severity.ERROR, Severity.WARNING]
    assert {one.severity for one in remark_findings((REPORT,), "root-r1", "private", ())} == {Severity.WARNING}


# -- from the plan to the record --------------------------------------------------------------------------------------


def with_linters(root: Path, *names: str) -> None:
    path = root / "authority.toml"
    listed = ", ".join(f'"{name}"' for name in names)
    path.write_text(path.read_text().replace("crl-days = 365", f"crl-days = 365\nlinters = [{listed}]"))


def web(text: str) -> str:
    """A plan for the web: other profiles, a key and policies as it wants them."""
    text = text.replace("private-subordinate", "webpki-tls-subordinate").replace("private-", "webpki-")
    return text.replace("days = 365\n", 'days = 365\nprofile = "webpki-crl"\n').replace("example.org", "example.com")


SECOND = key("key-r2", "p-384") + certificate("root", "root-r2", "Root R2", 3650, key="key-r2")
SECOND += certificate("cross", "cross-r2", issuer="root-r1", existing="root-r2") + 'policies = ["2.5.29.32.0"]\n'
SECOND += certificate("subordinate", "int-1", "I1", issuer="root-r1", csr="i1.csr.pem")
SECOND += 'policies = ["2.23.140.1.2.1"]\n' + crl("crl-r1-2", "root-r1", 2)


@pytest.fixture(scope="session")
def webbed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An authority of the web with two rehearsed ceremonies; not to be changed."""
    root = make_authority(tmp_path_factory.mktemp("webbed") / "authority", rules="webpki")
    make_plan(root, "001-root", web(FIRST.replace('"p-256"', '"p-384"')))
    second = make_plan(root, "002-next", web(SECOND), "2026-12-08T09:00:00Z")
    make_csr(second / "inputs" / "i1.csr.pem", "I1")
    rehearse(root, second, VERIFIER.read_bytes())
    return root


def test_every_draft_and_every_finished_object_of_the_web_is_linted(webbed: Path) -> None:
    folder = record(webbed, "002-next")
    events = [json.loads(line) for line in (folder / "transcript.jsonl").read_text().splitlines()]
    linted = [one["body"] for one in events if one["type"] == "linted"]
    assert [(one["operation"], one["object"]) for one in linted] == [
        (name, what) for name in ("root-r2", "cross-r2", "int-1", "crl-r1-2") for what in ("draft", "finished")
    ]
    assert {tool["name"] for one in linted for tool in one["tools"]} == {"pkilint"}
    assert {finding["severity"] for one in linted for finding in one["findings"]} == {"notice"}
    assert "linters: pkilint\n" in (folder / "script.txt").read_text()


def test_the_verifier_says_who_linted(webbed: Path) -> None:
    records = [record(webbed, name) for name in ("001-root", "002-next")]
    code, output = verify(*records, "--authority", genesis(webbed), "--rehearsal")
    assert code == 0, output
    assert re.search(r"linted by pkilint [\d.]+: 8 drafts and finished objects", output)


@pytest.fixture
def forged(webbed: Path) -> Forgery:
    return Forgery(record(webbed, "001-root"), stand_ins(webbed))


def linted_bodies(forged: Forgery) -> list[dict[str, Any]]:
    return [event["body"] for event in forged.events if event["type"] == "linted"]


def nothing_linted(forged: Forgery) -> None:
    forged.events[:] = [event for event in forged.events if event["type"] != "linted"]


def no_linter_named(forged: Forgery) -> None:
    del forged.script["linters"]
    nothing_linted(forged)


def another_tool(forged: Forgery) -> None:
    linted_bodies(forged)[0]["tools"] = [{"name": "zlint", "version": "3"}]


def other_bytes(forged: Forgery) -> None:
    linted_bodies(forged)[0]["digest"] = "sha256:" + "0" * 64


def another_object(forged: Forgery) -> None:
    linted_bodies(forged)[1]["digest"] = "sha256:" + "0" * 64


def a_standing_error(forged: Forgery) -> None:
    found = {"code": "lint.pkilint/x.y", "severity": "error", "text": "bad", "waived": False}
    linted_bodies(forged)[0]["findings"] = [found]


def a_waived_error(forged: Forgery) -> None:
    found = {"code": "lint.pkilint/x.y", "severity": "error", "text": "bad", "waived": True}
    linted_bodies(forged)[0]["findings"] = [found]


FORGERIES = {
    "steps": [nothing_linted],
    "script": [no_linter_named],
    "artifacts": [another_tool, other_bytes, another_object, a_standing_error, a_waived_error],
}


@pytest.mark.parametrize(("claim", "lie"), [(claim, lie) for claim, lies in FORGERIES.items() for lie in lies])
def test_a_record_that_lies_of_its_linting_is_refused(
    webbed: Path, forged: Forgery, tmp_path: Path, claim: str, lie: Any
) -> None:
    lie(forged)
    forged.reseal()
    forged.write(tmp_path / "record")
    code, output = verify(tmp_path / "record", "--authority", genesis(webbed), "--rehearsal")
    assert code == 1, output
    assert claim in refused(output), output


def a_standing_finding(forged: Forgery) -> None:
    found = {"code": "cert.version", "severity": "error", "text": "bad", "waived": False}
    forged.one("drafted", "root-r1")["body"]["findings"] = [found]


def a_tool_twice(forged: Forgery) -> None:
    linted_bodies(forged)[0]["tools"] *= 2


READ_BACK = {
    "lint.missing": [another_tool],
    "session.linted_otherwise": [other_bytes, another_object, a_tool_twice],
    "session.finding_stands": [a_standing_error, a_waived_error, a_standing_finding],
    "session.not_due": [nothing_linted],
}


@pytest.mark.parametrize(("code", "lie"), [(code, lie) for code, lies in READ_BACK.items() for lie in lies])
def test_the_program_reads_no_such_record_back(forged: Forgery, tmp_path: Path, code: str, lie: Any) -> None:
    lie(forged)
    forged.reseal()
    forged.write(tmp_path / "record")
    with pytest.raises(Refusal) as refusal:
        load(tmp_path / "record")
    assert refusal.value.code == code


WAIVER = """
[[waivers]]
code = "{code}"
operation = "int-1"
reason = "the zone is ours and answers inside only"
people = ["oa", "ob"]
expires = "2027-01-01"
"""
INTERNAL = "lint.pkilint/cabf.internal_domain_name"


def plan_for(root: Path, text: str) -> Path:
    ceremony = make_plan(root, "001-root", text)
    make_csr(ceremony / "inputs" / "i1.csr.pem", "I1")
    return ceremony


def internal(*parts: str) -> str:
    """A subordinate whose URLs are of a name that is not public, which pkilint sees and our rules do not."""
    text = FIRST + SECOND[SECOND.index('[[operations]]\nkind = "subordinate"') :].replace(
        crl("crl-r1-2", "root-r1", 2), ""
    )
    return web(text.replace('"p-256"', '"p-384"').replace("example.org", "ca.internal")) + "".join(parts)


def test_what_a_linter_finds_blocks_until_a_waiver_accepts_it_by_its_name(tmp_path: Path) -> None:
    root = make_authority(tmp_path / "authority", rules="webpki")
    ceremony = plan_for(root, internal())
    outcome = run("check", "--rehearsal", ceremony)
    assert outcome.codes == [INTERNAL], "once, though two addresses have the name"
    assert "pkilint" in outcome.err
    plan_for(root, internal(WAIVER.format(code=INTERNAL)))
    outcome = run("check", "--rehearsal", ceremony)
    assert outcome.code == 0, outcome.err
    assert "notice: waiver.accepts: operations[int-1]: waived: " in outcome.out
    rehearse(root, ceremony, VERIFIER.read_bytes())
    folder = record(root, "001-root")
    text = (folder / "script.txt").read_text()
    assert f"waiver {INTERNAL} for int-1 until 2027-01-01 by oa and ob: the zone is ours" in text
    code, output = verify(folder, "--authority", genesis(root), "--rehearsal")
    assert code == 0, output
    assert f"waiver: {INTERNAL} for int-1 by oa and ob" in output


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("lint.pkilint/cabf.no_such_rule", {"waiver.unused", INTERNAL}),
        ("lint.pkilint/cabf.ca_certificate_no_digital_signature_bit", {"waiver.unused", INTERNAL}),  # a notice
        ("lint.flint/anything", {"waiver.unknown"}),
        ("lint.fatal", {"waiver.not_waivable"}),
        ("lint.error", {"waiver.not_waivable"}),
    ],
)
def test_a_waiver_names_one_rule_of_one_linter(tmp_path: Path, code: str, expected: set[str]) -> None:
    root = make_authority(tmp_path / "authority", rules="webpki")
    ceremony = plan_for(root, internal(WAIVER.format(code=code)))
    assert set(run("check", "--rehearsal", ceremony).codes) == expected


def test_a_waiver_without_a_reason_is_refused(tmp_path: Path) -> None:
    root = make_authority(tmp_path / "authority", rules="webpki")
    waiver = WAIVER.format(code=INTERNAL).replace("the zone is ours and answers inside only", " ")
    assert run("check", "--rehearsal", plan_for(root, internal(waiver))).codes == ["waiver.reason"]


def test_a_private_authority_asks_for_a_linter_in_its_commitments(tmp_path: Path, on_path: Path) -> None:
    root = make_authority(tmp_path / "authority")
    ceremony = make_plan(root, "001-root", FIRST)
    with_linters(root, "zlint")
    assert run("check", "--rehearsal", ceremony).codes == ["lint.missing"]
    put_zlint(on_path, {"e_bad": {"result": "error"}, "e_rsa_mod_not_odd": {"result": "error"}})
    assert run("check", "--rehearsal", ceremony).codes == ["lint.zlint/e_bad"] * 2 + ["lint.zlint/e_rsa_mod_not_odd"]
    put_zlint(on_path, {"w_bad": {"result": "warn"}})
    outcome = run("check", "--rehearsal", ceremony)
    assert outcome.code == 0
    assert "warning: lint.zlint/w_bad: operations[root-r1]: zlint 3.7.2 finds w_bad  [BR 4.3.1.2]" in outcome.out
    (on_path / "zlint").unlink()
    with pytest.raises(Refusal) as refusal:
        rehearse(root, ceremony, VERIFIER.read_bytes())
    assert refusal.value.code == "lint.missing"


def test_a_linter_that_only_warns_a_private_authority_is_not_in_the_room(tmp_path: Path, on_path: Path) -> None:
    root = make_authority(tmp_path / "authority")
    ceremony = make_plan(root, "001-root", FIRST)
    put_zlint(on_path, {"e_bad": {"result": "error"}})
    assert "warning: lint.zlint/e_bad: operations[root-r1]" in run("check", "--rehearsal", ceremony).out
    rehearse(root, ceremony, VERIFIER.read_bytes())
    assert b'"linted"' not in (record(root, "001-root") / "transcript.jsonl").read_bytes()
