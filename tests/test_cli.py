"""The command line: help, exit codes, what a refusal looks like, and what is loaded for it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import click
import pytest

from example import FIRST, make_authority, make_plan
from quorate import __version__, prepare, source
from quorate.cli import GROUPS, ORDER, program
from refusing import approve, refused, run

GOLDEN = Path(__file__).parent / "golden" / "help"
RECORDS = Path(__file__).parent.parent / "vectors" / "records" / "quorate-1"
QUORATE = (sys.executable, "-c", "from quorate.cli import main; main()")
PARTS = [f"{name} {part}" for name, (_, order) in GROUPS.items() for part, _ in order]
COMMANDS = [*(name for name, _ in ORDER), *PARTS]


SETTINGS: dict[str, Any] = {"terminal_width": 100, **program.context_settings}


def shown(*arguments: str) -> str:
    """The help as a terminal of 100 columns shows it."""
    command, context = program, click.Context(program, info_name="quorate", max_content_width=100, **SETTINGS)
    for name in arguments:
        assert isinstance(command, click.Group)
        command = part_of(command, name)
        context = click.Context(command, info_name=name, parent=context)
    return command.get_help(context) + "\n"


def part_of(group: click.Group, name: str) -> click.Command:
    command = group.get_command(click.Context(group, **SETTINGS), name)
    assert command is not None
    return command


def command_of(name: str) -> click.Command:
    command: click.Command = program
    for part in name.split():
        assert isinstance(command, click.Group)
        command = part_of(command, part)
    return command


@pytest.mark.parametrize("name", ["quorate", *COMMANDS])
def test_the_help_is_the_one_that_was_read(name: str) -> None:
    """Write the files anew with GOLDEN=write, and read them before they are kept."""
    text = shown() if name == "quorate" else shown(*name.split())
    path = GOLDEN / f"{name.replace(' ', '-')}.txt"
    if os.environ.get("GOLDEN") == "write":
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    assert text == path.read_text()


def test_there_is_no_help_for_commands_that_are_gone() -> None:
    assert {path.stem for path in GOLDEN.iterdir()} == {"quorate", *(name.replace(" ", "-") for name in COMMANDS)}


@pytest.mark.parametrize("name", [name for name in COMMANDS if name not in GROUPS])
def test_every_command_has_an_example_that_it_would_take(name: str) -> None:
    words = " ".join(shown(*name.split()).split())
    example = re.search(rf"Example: quorate ({name}\b.*?) Options:", words)
    assert example is not None, words
    arguments = example.group(1).split()[len(name.split()) :]
    command = command_of(name)
    # folders of the example are not here: only options and the number of arguments are looked at
    options = {one for parameter in command.params for one in (*parameter.opts, *parameter.secondary_opts)}
    assert all(one in options or name == "verify" for one in arguments if one.startswith("--"))


def test_asking_for_help_is_no_refusal() -> None:
    for arguments in (["--help"], ["-h"], *([*name.split(), "--help"] for name in COMMANDS if name != "verify")):
        outcome = run(*arguments)
        assert (outcome.code, outcome.err) == (0, "")
        assert outcome.out.startswith("Usage: quorate")


def loaded_by(*arguments: str) -> set[str]:
    """The modules of ours and of others, beside Python's own, that a command loads."""
    code = "import sys\nbefore = set(sys.modules)\nfrom quorate.cli import main\ntry:\n    main()\nfinally:\n"
    code += "    print(*sorted(set(sys.modules) - before), file=sys.stderr)\n"
    done = subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=True)
    names = {name for name in done.stderr.split() if name.partition(".")[0] not in sys.stdlib_module_names}
    return {name if name.startswith("quorate") else name.partition(".")[0] for name in names}


def test_the_version_loads_little() -> None:
    assert run("--version").out == f"quorate, version {__version__}\n"
    assert loaded_by("--version") == {"click", "quorate", "quorate.cli", "quorate.exits", "quorate.findings"}


def test_planning_loads_neither_paper_nor_shares_nor_tokens() -> None:
    assert not loaded_by("schema", "plan") & {"typst", "segno", "shamir_mnemonic", "quorate.token.pkcs11"}


# -- exit codes -------------------------------------------------------------------------------------------------------


def test_accepted_is_0(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"abc")
    outcome = run("words", tmp_path / "file")
    assert outcome.code == 0
    assert outcome.out.splitlines()[0] == "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert outcome.out == outcome.out.splitlines()[0] + "\n" + run("words", outcome.out.splitlines()[0]).out


def test_a_fingerprint_as_browsers_write_it_has_words() -> None:
    digest = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    written = ":".join(digest[at : at + 2] for at in range(0, 64, 2)).upper()
    assert run("words", written).out == run("words", digest).out


def test_refused_is_1_with_a_sentence_a_hint_and_a_code(tmp_path: Path) -> None:
    outcome = run("status", tmp_path)
    assert outcome.code == 1
    assert outcome.out == ""
    assert outcome.err == (
        f"quorate: {tmp_path}: no authority.toml here or above\n"
        "  hint: go into an authority's folder, or make one with: quorate init DIR\n"
        "  code: authority.not_found\n"
    )


@pytest.mark.parametrize(
    "arguments",
    [
        ["destroy"],
        ["--force"],
        ["check"],
        ["check", "/nowhere"],
        ["check", __file__],
        ["check", ".", "."],
        ["check", ".", "--yes"],
        ["new", "001", "--from", "nothing"],
        ["new", "001"],
        ["approve", "."],
        ["init"],
        ["verify"],
    ],
    ids=" ".join,
)
def test_wrong_use_is_2(arguments: list[str]) -> None:
    outcome = run(*arguments)
    assert outcome.code == 2
    assert "Usage: " in outcome.err
    assert "Traceback" not in outcome.err


def test_no_command_takes_a_pin_or_switches_a_check_off() -> None:
    options = {option for name in COMMANDS for parameter in command_of(name).params for option in parameter.opts}
    assert not {one for one in options if re.search("pin|secret|password|force|yes|skip|ignore|no-", one)}


def test_a_ceremony_left_unfinished_is_3(tmp_path: Path) -> None:
    root = make_authority(tmp_path / "authority", tmp_path / "keys")
    opens = datetime.now(UTC) - timedelta(hours=1)
    closes = opens + timedelta(hours=20)
    form = "%Y-%m-%dT%H:%M:%SZ"
    ceremony = make_plan(root, "001-root", FIRST, opens.strftime(form), closes.strftime(form))
    approve(root, tmp_path / "keys", "oa", "ob")
    assert run("compile", ceremony).code == 0
    approve(ceremony, tmp_path / "keys", "oa", "ob")
    done = subprocess.run(
        [*QUORATE, "conduct", str(ceremony)], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    assert done.returncode == 3
    assert "resume with the same command" in done.stdout
    assert "Traceback" not in done.stderr
    assert not list(root.glob("tokens/*"))
    # an unapproved change is now too late: the script is in use
    assert refused(root, "compile", ceremony, "--replace") == ["script.in_use"]
    late = ("approve", ceremony, "--person", "oa", "--key", tmp_path / "keys" / "oa")
    assert refused(root, *late) == ["approve.begun"]


def test_an_approval_that_does_not_hold_is_not_counted(tmp_path: Path) -> None:
    """A signature of another person, one of nobody, and one for a script that was replaced."""
    root = make_authority(tmp_path / "authority", tmp_path / "keys")
    approve(root, tmp_path / "keys", "oa", "ob")
    ceremony = make_plan(root, "001-root", FIRST)
    assert run("compile", ceremony).code == 0
    approve(ceremony, tmp_path / "keys", "oa")
    assert ", 1 of 2 approvals" in status(root)["001-root"]
    for person in ("ob", "zoe"):
        shutil.copy(ceremony / "approvals" / "oa.sig", ceremony / "approvals" / f"{person}.sig")
    assert ", 1 of 2 approvals, not valid: ob, zoe" in status(root)["001-root"]
    plan = ceremony / "plan.toml"
    plan.write_text(plan.read_text().replace("days = 3650", "days = 3651"))
    assert run("compile", ceremony, "--replace").code == 0
    shutil.copytree(next(ceremony.glob("superseded/*/approvals")), ceremony / "approvals", dirs_exist_ok=True)
    assert ", 0 of 2 approvals, not valid: oa, ob, zoe" in status(root)["001-root"]


def test_what_lies_beside_the_ceremonies_is_none(tmp_path: Path) -> None:
    root = make_authority(tmp_path / "authority")
    make_plan(root, "001-root", FIRST)
    (root / "ceremonies" / "notes.txt").write_text("bring pens")
    (root / "ceremonies" / "002-later").mkdir()
    assert status(root) == {"001-root": "planned"}


def test_an_aborted_ceremony_is_told_from_a_completed_one(tmp_path: Path) -> None:
    root = make_authority(tmp_path / "authority")
    for name in ("001-root", "003-crl"):
        shutil.copytree(RECORDS / name, root / "ceremonies" / name / "record")
    assert status(root) == {"001-root": "planned, sealed", "003-crl": "planned, aborted, sealed"}


def status(root: Path) -> dict[str, str]:
    """What `quorate status` says of each ceremony."""
    lines = [line.partition(": ") for line in run("status", root).out.splitlines()]
    return {name: said for name, _, said in lines if name[:3].isdigit()}


def test_an_authority_is_told_what_comes_next(tmp_path: Path) -> None:
    """Before it is signed, once it is, and when it was changed afterwards."""
    root = make_authority(tmp_path / "authority", tmp_path / "keys")
    (root / "ceremonies").mkdir()
    assert run("check", root).out.endswith("1 token, 1 item: nothing stands against it\n")
    lines = run("status", root).out.splitlines()
    assert [line.partition(";")[0] for line in lines] == [
        "the authority is not signed yet",
        "no ceremony is planned yet",
    ]
    approve(root, tmp_path / "keys", "oa", "ob")
    assert run("status", root).out.startswith("state 000: sha256:")
    source = root / "authority.toml"
    source.write_text(source.read_text().replace("crl-days = 365", "crl-days = 300"))
    assert "the authority is not as signed: authority.toml, people/," in run("status", root).out
    assert "notice: it is not as its governors signed it" in run("check", root).out
    source.write_text(source.read_text().replace('role = "officer"', 'role = "offcer"'))
    assert "role.unknown" in refused(root, "check", root)


def test_interrupted_is_3(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    taken = prepare.find_authority  # a module that were first read in while this lasts would keep what it found
    monkeypatch.setattr(source, "find_authority", interrupted)
    outcome = run("status", tmp_path)
    assert prepare.find_authority is taken
    assert outcome.code == 3
    assert outcome.err.strip() == "quorate: interrupted"


def test_a_bug_is_70_and_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def broken(*_: object) -> None:
        raise AssertionError("not as it was thought")

    monkeypatch.setattr(source, "find_authority", broken)
    outcome = run("status", tmp_path)
    assert outcome.code == 70
    assert "Traceback" in outcome.err
    assert outcome.err.endswith("quorate: this is a bug; everything written so far is kept\n")


def test_a_file_that_cannot_be_used_is_a_refusal(tmp_path: Path) -> None:
    root = make_authority(tmp_path / "authority")
    (root / "people" / "oa.toml").unlink()
    (root / "people" / "oa.toml").mkdir()
    assert refused(root, "check", make_plan(root, "001-root", FIRST)) == ["host.unusable"]


@pytest.mark.parametrize("inner", ["record", "rehearsal/record"])
def test_who_names_a_ceremony_is_told_where_its_record_is(tmp_path: Path, inner: str) -> None:
    shutil.copytree(RECORDS / "001-root", tmp_path / "001-root" / inner)
    done = subprocess.run([*QUORATE, "verify", str(tmp_path / "001-root")], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert f"its record is {tmp_path}/001-root/{inner}\n" in done.stderr


def test_the_verifiers_exit_code_is_handed_on(rehearsed: Path, tmp_path: Path) -> None:
    record = rehearsed / "ceremonies" / "001-root" / "rehearsal" / "record"
    expected = {}
    for arguments in ([str(record), "--rehearsal"], [str(tmp_path)], [str(record)]):
        command = [sys.executable, "-I", str(Path(__file__).parent.parent / "verifier" / "quorate_verify.py")]
        expected[tuple(arguments)] = subprocess.run([*command, *arguments], capture_output=True, check=False).returncode
        done = subprocess.run([*QUORATE, "verify", *arguments], capture_output=True, check=False)
        assert done.returncode == expected[tuple(arguments)]
    assert set(expected.values()) == {1, 3}
