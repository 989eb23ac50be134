"""`quorate ksr check` as people run it: what it prints, how it ends, which folder it finds, and what it loads."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from quorate.dnssec.policy import load_policy
from quorate.quick import plain_check
from refusing import refused, run
from test_dnssec_policy import EXAMPLE

VECTORS = Path(__file__).resolve().parent.parent / "vectors" / "dnssec"
CASES: dict[str, dict[str, Any]] = {
    one["name"]: one for one in json.loads((VECTORS / "index.json").read_text())["cases"]
}
QUICK = (sys.executable, "-c", "from quorate.quick import main; main()")


def zone(folder: Path, name: str) -> Path:
    """A zone's folder with the policy of a case, compiled alone."""
    (folder / "dnssec").mkdir(parents=True)
    (folder / "dnssec" / "policy.json").write_bytes((VECTORS / CASES[name]["policy"]).read_bytes())
    return folder


def arguments(name: str) -> list[str]:
    case = CASES[name]
    before = ["--genesis"] if case["previous"] == "genesis" else ["--previous", str(VECTORS / case["previous"])]
    return ["ksr", "check", str(VECTORS / case["ksr"]), *before, "--at", case["at"]]


@pytest.mark.parametrize("name", ["root-normal", "tld-normal", "tld-genesis", "tld-exception-launch"])
def test_a_good_request_is_accepted(tmp_path: Path, name: str) -> None:
    outcome = run(*arguments(name), "--in", zone(tmp_path, name))
    assert (outcome.code, outcome.err) == (0, "")
    assert outcome.out.splitlines()[-1] == "accepted: the request passes every check"
    assert "REFUSED" not in outcome.out


def test_what_people_compare_is_printed(tmp_path: Path) -> None:
    lines = run(*arguments("root-normal"), "--in", zone(tmp_path, "root-normal")).out.splitlines()
    words = run("words", VECTORS / CASES["root-normal"]["ksr"]).out.splitlines()
    assert lines[0] == f"root-normal.xml: {words[0]}"
    assert [line.strip() for line in lines[1:5]] == words[1:]
    assert "#  inception            expiration           ZSK         KSK" in lines
    assert "1  2026-10-01 00:00:00  2026-10-22 00:00:00  5976 19795" in lines
    assert "9  2026-12-21 00:00:00  2027-01-11 00:00:00  6690 19795" in lines
    assert "- 53713 RSA of 2048 bits with exponent 65537, slot 1 before" in lines
    assert "+ 6690 RSA of 2048 bits with exponent 65537, slot 9" in lines
    assert "  5976 RSA of 2048 bits with exponent 65537, slot 1; slots 1-9 before" in lines
    assert sum(line.endswith(" passed") for line in lines) == 23


def test_everything_that_is_wrong_is_told_at_once(tmp_path: Path) -> None:
    folder = zone(tmp_path, "root-sixty-days")
    codes = refused(folder, *arguments("root-sixty-days"), "--in", folder)
    assert sorted(set(codes)) == CASES["root-sixty-days"]["expect"]
    said = run(*arguments("root-sixty-days"), "--in", folder)
    assert "slots 1-9: KSR-POLICY-SIG-VALIDITY: the validity is P60D, allowed is P21D" in said.err
    assert "KSR-POLICY-SIG-VALIDITY      REFUSED" in said.out
    assert "KSR-BUNDLE-POP               passed" in said.out


@pytest.mark.parametrize("name", ["tld-file-entity", "tld-file-cut-short", "tld-file-response", "tld-file-nul"])
def test_a_file_that_is_none_is_refused_after_its_digest(tmp_path: Path, name: str) -> None:
    folder = zone(tmp_path, name)
    assert refused(folder, *arguments(name), "--in", folder) == CASES[name]["expect"]
    assert run(*arguments(name), "--in", folder).out.startswith(f"{Path(CASES[name]['ksr']).name}: sha256:")


def test_no_number_of_a_file_is_too_long_to_be_told_of(tmp_path: Path) -> None:
    name = "root-exponent-of-16000-bits"
    folder = zone(tmp_path, name)
    assert sorted(set(refused(folder, *arguments(name), "--in", folder))) == CASES[name]["expect"]
    said = run(*arguments(name), "--in", folder)
    assert "+ 65535 RSA" in said.out or "RSA of 16384 bits with exponent of 16000 bits" in said.out


def test_an_exception_is_told_where_it_counts(tmp_path: Path) -> None:
    out = run(*arguments("tld-exception-spelled"), "--in", zone(tmp_path, "tld-exception-spelled")).out
    assert "exception once, 2026-08-01 to 2026-08-31: ksr.number_spelled" in out
    assert "KSR-SPELLING                 accepted by once" in out
    assert "    A test of exceptions." in out


def test_without_a_response_before_nothing_is_accepted(tmp_path: Path) -> None:
    folder = zone(tmp_path, "tld-normal")
    lone = [one for one in arguments("tld-normal") if not one.startswith("--previous")]
    lone.pop(3)
    assert refused(folder, *lone, "--in", folder) == ["ksr.chain_missing"]
    said = run(*lone, "--in", folder)
    assert "KSR-CHAIN-KEYS               not made: no response before" in said.out
    assert said.err.startswith("quorate: KSR-CHAIN: ")


@pytest.mark.parametrize(
    "wrong",
    [
        ["--at", "yesterday"],
        ["--at", "2026-02-30"],
        ["--at", "2026-10-01T00:00:00+02:00"],
        ["--genesis"],
        ["--previous", "nowhere.xml"],
        ["--in", "nowhere"],
        ["--force"],
        ["another.xml"],
    ],
    ids=" ".join,
)
def test_wrong_use_is_2(tmp_path: Path, wrong: list[str]) -> None:
    known = [one for one in arguments("tld-normal") if not (one == "--at" or one.startswith("2026"))]
    outcome = run(*known, "--in", zone(tmp_path, "tld-normal"), *wrong)
    assert outcome.code == 2
    assert outcome.out == ""


def test_the_moment_may_be_a_day(tmp_path: Path) -> None:
    given = arguments("tld-normal")
    given[given.index("--at") + 1] = "2026-08-12"
    assert "judged for 2026-08-12T00:00:00Z" in run(*given, "--in", zone(tmp_path, "tld-normal")).out


def test_without_a_moment_it_is_now(tmp_path: Path) -> None:
    """The request is of 2026: whenever this runs, it is known what is to be said."""
    given = arguments("tld-expired")[:-2]
    outcome = run(*given, "--in", zone(tmp_path, "tld-expired"))
    assert outcome.code in (0, 1)
    assert "judged for 20" in outcome.out


# -- the folder -------------------------------------------------------------------------------------------------------


def test_the_folder_is_found_from_here_or_from_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = zone(tmp_path / "authority", "tld-normal")
    inside = folder / "ceremonies" / "001"
    inside.mkdir(parents=True)
    monkeypatch.chdir(inside)
    assert run(*arguments("tld-normal")).code == 0
    monkeypatch.chdir(tmp_path)
    given = arguments("tld-normal")
    (inside / "ksr.xml").write_bytes(Path(given[2]).read_bytes())
    given[2] = str(inside / "ksr.xml")
    assert run(*given).code == 0
    assert refused(tmp_path, *arguments("tld-normal")) == ["zone.not_found"]


def test_the_compiled_policy_counts_while_it_names_the_written_one(tmp_path: Path) -> None:
    folder = tmp_path / "dnssec"
    folder.mkdir()
    written = folder / "policy.toml"
    written.write_text(EXAMPLE)
    lone = ["ksr", "check", VECTORS / CASES["root-normal"]["ksr"], "--genesis", "--at", "2026-08-12", "--in", tmp_path]
    own = load_policy(EXAMPLE.encode(), "policy.toml")
    assert f"policy root-zone, {own.digest}" in run(*lone).out
    (folder / "policy.json").write_bytes(own.compiled("sha256:" + "0" * 64))
    written.write_text(EXAMPLE.replace('"root-zone"', '"another"'))
    assert "policy another, " in run(*lone).out
    written.unlink()
    assert "policy root-zone, " in run(*lone).out
    (folder / "policy.json").write_bytes(b"{}\n")
    assert refused(tmp_path, *lone) == ["dnssec.policy_broken"]


def test_before_the_first_limits_nothing_is_checked(tmp_path: Path) -> None:
    folder = zone(tmp_path, "tld-normal")
    given = arguments("tld-normal")
    given[given.index("--at") + 1] = "2016-12-31"
    assert refused(folder, *given, "--in", folder) == ["dnssec.policy_no_limits"]


# -- the quick way ----------------------------------------------------------------------------------------------------


def test_the_quick_way_says_the_same(tmp_path: Path) -> None:
    """The console script and the command line proper, over requests of every kind."""
    for name in ("root-normal", "tld-sixty-days", "tld-file-doctype", "tld-genesis"):
        given = [*arguments(name), "--in", str(zone(tmp_path / name, name))]
        done = subprocess.run([*QUICK, *given], capture_output=True, text=True, check=False)
        slow = run(*given)
        assert (done.returncode, done.stdout, done.stderr) == (slow.code, slow.out, slow.err)


def test_the_quick_way_is_taken_for_plain_arguments_only(tmp_path: Path) -> None:
    there = tmp_path / "ksr.xml"
    there.write_text("")
    for plain in ([], ["--genesis"], ["--at", "2026-10-01"], ["--at=2026-10-01"], ["--previous", str(there)]):
        assert plain_check([str(there), *plain]) is not None
        assert plain_check([*plain, str(there)]) is not None
    for other in (
        [],
        ["nowhere.xml"],
        [str(there), "--help"],
        [str(there), "--gen"],
        [str(there), "--at"],
        [str(there), "--at", "soon"],
        [str(there), "--at", "2026-10-01", "--at", "2026-10-02"],
        [str(there), "--genesis", "--genesis"],
        [str(there), "--genesis", "--previous", str(there)],
        [str(there), "--in", str(there)],
        [str(there), str(there)],
        [str(there), "--", "x"],
    ):
        assert plain_check(other) is None


def test_other_commands_go_their_own_way() -> None:
    done = subprocess.run([*QUICK, "--version"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    done = subprocess.run([*QUICK, "ksr", "check"], capture_output=True, text=True, check=False)
    assert done.returncode == 2


def test_a_request_of_rsa_keys_loads_little(tmp_path: Path) -> None:
    code = "import sys\nfrom quorate.quick import main\n"
    code += "try:\n    main()\nfinally:\n    print(*sys.modules, file=sys.stderr)\n"
    given = [*arguments("root-normal"), "--in", str(zone(tmp_path, "root-normal"))]
    done = subprocess.run([sys.executable, "-c", code, *given], capture_output=True, text=True, check=True)
    loaded = {name.partition(".")[0] for name in done.stderr.split()}
    assert not loaded & {"click", "cryptography", "dns", "dataclasses", "tomllib", "ctypes"}
    ours = {name for name in done.stderr.split() if name.startswith("quorate.")}
    assert ours <= {
        *("quorate.quick", "quorate.ksr_check", "quorate.exits", "quorate.findings", "quorate.canonical"),
        *(
            "quorate.words",
            "quorate.moduli",
            "quorate.zone_policy",
            "quorate.zone_records",
            "quorate.dnssec",
            "quorate.findings.dnssec",
        ),
        *(f"quorate.dnssec.{name}" for name in ("checks", "dnskey", "duration", "ksr", "ksr_xml", "name", "overview")),
        *(f"quorate.dnssec.{name}" for name in ("policy", "rrsig", "soundness", "table", "verify", "xml")),
        *(f"quorate.dnssec.checks.{name}" for name in ("bundles", "case", "chain", "header", "keys", "limits")),
    }


def test_interrupted_is_3_and_a_bug_is_70(tmp_path: Path) -> None:
    given = [*arguments("tld-normal"), "--in", str(zone(tmp_path, "tld-normal"))]
    for error, code, said in (
        ("KeyboardInterrupt", 3, "quorate: interrupted"),
        ("ValueError('x')", 70, "this is a bug"),
    ):
        program = (
            "from quorate import quick, ksr_check\n"
            f"def broken(asked): raise {error}\n"
            "ksr_check.check_request = broken\nquick.main()"
        )
        done = subprocess.run([sys.executable, "-c", program, *given], capture_output=True, text=True, check=False)
        assert done.returncode == code
        assert said in done.stderr


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read_is_refused(tmp_path: Path) -> None:
    folder = zone(tmp_path, "tld-normal")
    given = arguments("tld-normal")
    hidden = tmp_path / "hidden.xml"
    hidden.write_bytes(Path(given[2]).read_bytes())
    hidden.chmod(0)
    given[2] = str(hidden)
    assert refused(folder, *given, "--in", folder) == ["host.unusable"]
