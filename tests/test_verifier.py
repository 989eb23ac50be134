"""The stand-alone verifier: what is good is accepted, and whatever is done to it is refused, with the claim named."""

from __future__ import annotations

import ast
import os
import random
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519

from forging import CLAIMS, VERIFIER, Forgery, genesis, long_record, record, refused, stand_ins, verify, withhold
from quorate import canonical

Keys = Mapping[str, ed25519.Ed25519PrivateKey]
PYTHON = "/usr/bin/python3" if Path("/usr/bin/python3").exists() else "python3"


@pytest.fixture(scope="session")
def pinned(rehearsed: Path) -> tuple[str, ...]:
    """The options with which a rehearsal of this authority is accepted."""
    return ("--authority", genesis(rehearsed), "--rehearsal")


@pytest.fixture(scope="session")
def keys(rehearsed: Path) -> Keys:
    return stand_ins(rehearsed)


@pytest.fixture
def first(rehearsed: Path, keys: Keys) -> Forgery:
    """The record of 001-root, to be changed by somebody who has the keys of all people."""
    return Forgery(record(rehearsed, "001-root"), keys)


@pytest.fixture
def second(rehearsed: Path, keys: Keys) -> Forgery:
    return Forgery(record(rehearsed, "002-next"), keys)


def expect(code: int, claim: str, *arguments: str | Path) -> str:
    """Verify, and see the exit code and that this claim failed."""
    got, output = verify(*arguments)
    assert got == code, output
    assert "Traceback" not in output
    if claim:
        assert claim in refused(output), output
    return output


# -- what is good -----------------------------------------------------------------------------------------------------


def test_two_good_records_are_accepted_in_a_process_of_their_own(rehearsed: Path, pinned: tuple[str, ...]) -> None:
    records = [str(record(rehearsed, name)) for name in ("001-root", "002-next")]
    done = subprocess.run([PYTHON, "-I", str(VERIFIER), *records, *pinned], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    assert "verdict: ACCEPTED; a REHEARSAL, nothing real was signed" in done.stdout
    assert "no record can show: uses of a token outside of ceremonies" in done.stdout
    for claim in CLAIMS:
        assert done.stdout.count(f" {claim}: ") >= 2


def test_it_writes_nothing_and_reads_nothing_else(rehearsed: Path, pinned: tuple[str, ...], tmp_path: Path) -> None:
    """The record is read-only and the working folder empty; `python3 -I` sees no module beside it."""
    (tmp_path / "hashlib.py").write_text("raise SystemExit(99)")
    command = [PYTHON, "-I", str(VERIFIER), str(record(rehearsed, "001-root")), *pinned]
    done = subprocess.run(command, cwd=tmp_path, env={}, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["hashlib.py"]


def test_a_record_alone_is_accepted_and_says_what_was_not_checked(rehearsed: Path, pinned: tuple[str, ...]) -> None:
    output = expect(0, "", record(rehearsed, "002-next"), *pinned)
    assert "earlier records were not given and not checked" in output


def test_without_an_authority_people_are_unproven(rehearsed: Path) -> None:
    output = expect(3, "", record(rehearsed, "001-root"), "--rehearsal")
    assert "verdict: CONSISTENT, people unproven" in output
    assert genesis(rehearsed) in output


def test_a_rehearsal_is_refused_where_a_ceremony_is_expected(rehearsed: Path, pinned: tuple[str, ...]) -> None:
    output = expect(1, "authority", record(rehearsed, "001-root"), *pinned[:2])
    assert "this is a rehearsal" in output


def test_another_authority_is_refused(rehearsed: Path) -> None:
    expect(1, "authority", record(rehearsed, "001-root"), "--authority", "sha256:" + "0" * 64, "--rehearsal")


@pytest.mark.parametrize(
    "arguments", [[], ["/nowhere"], ["--authority", "0123", "."], ["--force", "."], [".", "."]], ids=str
)
def test_wrong_use(arguments: list[str]) -> None:
    code, output = verify(*arguments)
    assert (code, output.startswith("usage: quorate_verify.py")) == (2, True)


def test_explain_says_more(rehearsed: Path, pinned: tuple[str, ...]) -> None:
    plain = expect(0, "", record(rehearsed, "001-root"), *pinned)
    explained = expect(0, "", record(rehearsed, "001-root"), *pinned, "--explain")
    assert set(plain.splitlines()) < set(explained.splitlines())
    assert "This is the word of the device" in explained


def test_it_is_one_file_of_python_3_9_and_the_standard_library() -> None:
    tree = ast.parse(VERIFIER.read_text(), feature_version=(3, 9))
    imports = {name.name for node in ast.walk(tree) if isinstance(node, ast.Import) for name in node.names}
    assert not [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    assert not imports & {"socket", "subprocess", "urllib", "http", "ctypes", "pickle", "importlib", "quorate"}
    assert not [node for node in ast.walk(tree) if isinstance(node, ast.Call) and ast.unparse(node.func) == "open"]


def test_a_forger_who_changes_nothing_makes_the_same_record(first: Forgery) -> None:
    before = dict(first.files)
    assert first.reseal().files == before


def test_sums_prove_nothing_and_after_is_not_judged(first: Forgery, pinned: tuple[str, ...], tmp_path: Path) -> None:
    first.files["SHA256SUMS"] = b"whatever\n"
    first.files["after/001-opinion/letter to the reader.txt"] = b"It was fine.\n"
    expect(0, "", first.write(tmp_path / "record"), *pinned)


def test_bodies_of_some_events_may_be_withheld(
    first: Forgery, second: Forgery, pinned: tuple[str, ...], tmp_path: Path
) -> None:
    for event in (*first.all("observed"), *first.all("shared")):
        withhold(event)
    root = first.files["checkpoint"]
    first.finish()
    assert first.files["checkpoint"] == root
    output = expect(0, "", first.write(tmp_path / "1"), second.write(tmp_path / "2"), *pinned)
    assert "withheld events: 3" in output


def test_a_line_of_megabytes(first: Forgery, pinned: tuple[str, ...], tmp_path: Path) -> None:
    """A CRL stands in one event, and a busy authority's has megabytes."""
    first.one("observed")["body"]["facts"]["kernel"] = "x" * 7_000_000
    expect(0, "", first.reseal().write(tmp_path / "record"), *pinned)


def test_a_long_record(rehearsed: Path, keys: Keys, pinned: tuple[str, ...], tmp_path: Path) -> None:
    folder = long_record(record(rehearsed, "001-root"), keys, 1000, tmp_path / "record")
    assert "transcript: 1000 events" in expect(0, "", folder, *pinned)


@pytest.mark.parametrize("kind", ["approved", "arrived", "commanded", "checkpoint", "closed"])
def test_bodies_of_others_may_not(first: Forgery, pinned: tuple[str, ...], tmp_path: Path, kind: str) -> None:
    withhold(first.one(kind))
    expect(1, "transcript", first.finish().write(tmp_path / "record"), *pinned)


# -- dumb: a byte, a line, a file -------------------------------------------------------------------------------------


Changes = dict[str, dict[str, bytes | None]]
"""By name: what some files become."""


def sweep(first: Forgery, tmp_path: Path, pinned: tuple[str, ...], changes: Changes) -> None:
    """Refuse each change; a file that becomes None is taken away."""
    folder = first.write(tmp_path / "record")
    for name, change in changes.items():
        for path, data in change.items():
            (folder / path).unlink(missing_ok=True)
            if data is not None:
                (folder / path).parent.mkdir(parents=True, exist_ok=True)
                (folder / path).write_bytes(data)
        code, output = verify(folder, *pinned)
        assert code == 1, f"{name}: {output}"
        assert refused(output) <= set(CLAIMS)
        assert refused(output), name
        for path in change:
            (folder / path).unlink(missing_ok=True)
            if path in first.files:
                (folder / path).write_bytes(first.files[path])
    assert verify(folder, *pinned)[0] == 0


def flip(data: bytes, position: int, mask: int) -> bytes:
    return data[:position] + bytes([data[position] ^ mask]) + data[position + 1 :]


def test_a_flipped_bit_in_any_file(first: Forgery, tmp_path: Path, pinned: tuple[str, ...]) -> None:
    chance = random.Random(1)
    changes: Changes = {}
    for path, data in first.files.items():
        for position in {0, len(data) // 2, len(data) - 1, chance.randrange(len(data))}:
            if path != "SHA256SUMS":
                changes[f"{path} {position}"] = {path: flip(data, position, 1 << chance.randrange(8))}
    sweep(first, tmp_path, pinned, changes)


def test_a_flipped_bit_in_any_line_of_the_transcript(first: Forgery, tmp_path: Path, pinned: tuple[str, ...]) -> None:
    chance, data = random.Random(2), first.files["transcript.jsonl"]
    changes: Changes = {}
    start = 0
    for number, line in enumerate(data.splitlines(keepends=True)):
        position = start + chance.randrange(len(line))
        flipped = flip(data, position, 1 << chance.randrange(7))
        changes[f"line {number} at {position}"] = {"transcript.jsonl": flipped}
        start += len(line)
    sweep(first, tmp_path, pinned, changes)


def test_lines_of_the_transcript_dropped_repeated_swapped_and_cut_off(
    first: Forgery, tmp_path: Path, pinned: tuple[str, ...]
) -> None:
    lines = first.files["transcript.jsonl"].splitlines(keepends=True)
    changes: Changes = {}
    for at in range(len(lines)):
        variants = {
            "dropped": lines[:at] + lines[at + 1 :],
            "repeated": lines[: at + 1] + lines[at:],
        }
        if at % 3 == 0:
            variants |= {"cut off": lines[:at], "torn": [*lines[:at], lines[at][: len(lines[at]) // 2]]}
        elif at % 3 == 1:
            variants["swapped"] = [*lines[: at - 1], lines[at], lines[at - 1], *lines[at + 1 :]]
        for name, left in variants.items():
            changes[f"line {at} {name}"] = {"transcript.jsonl": b"".join(left)}
    sweep(first, tmp_path, pinned, changes)


def test_files_cut_short_emptied_removed_and_added(first: Forgery, tmp_path: Path, pinned: tuple[str, ...]) -> None:
    changes: Changes = {}
    for path, data in first.files.items():
        if path != "SHA256SUMS":
            changes[f"{path} cut short"] = {path: data[: len(data) // 2]}
            changes[f"{path} longer"] = {path: data + b"x"}
            changes[f"{path} emptied"] = {path: b""}
            changes[f"{path} removed"] = {path: None}
    for path in ("new", "artifacts/new.der", "evidence/new", "inputs/new", "authority/001.json", "cosignatures/new",
                 "cosignatures/wim.sig", "media/1/new", "artifacts/-", "authority/000.oa.txt", ".hidden"):  # fmt: skip
        changes[f"{path} added"] = {path: b"new"}
    sweep(first, tmp_path, pinned, changes)


def test_what_is_not_a_file(first: Forgery, tmp_path: Path, pinned: tuple[str, ...]) -> None:
    """Links to the very same bytes, folders, pipes and dangling links; none is opened, so none can hang."""
    folder = first.write(tmp_path / "record")
    for path, data in first.files.items():
        (tmp_path / "elsewhere").write_bytes(data)
        makers: tuple[Callable[[Path], object], ...] = (
            lambda target: target.symlink_to(tmp_path / "elsewhere"),
            lambda target: target.symlink_to("nowhere"),
            lambda target: os.mkfifo(target),
            lambda target: target.mkdir(),
        )
        for number, make in enumerate(makers):
            if (path, number) == ("SHA256SUMS", 3):
                continue
            (folder / path).unlink()
            make(folder / path)
            code, output = verify(folder, *pinned)
            assert code == 1, f"{path} {number} {output}"
            assert refused(output)
            (folder / path).rmdir() if number == 3 else (folder / path).unlink()
            (folder / path).write_bytes(data)
    (folder / "drafts" / "more").symlink_to(tmp_path)
    expect(1, "files", folder, *pinned)


@pytest.mark.parametrize(
    "line",
    [
        b"[" * 100_000,
        b'{"a":' * 50_000,
        b"9" * 5000,
        b"1e9",
        b'{"a":1,"a":1}',
        b"NaN",
        b'"\\ud800"',
        b"\xff",
        b"\0" * 99,
    ],
    ids=lambda line: line[:8].decode("latin1"),
)
def test_hostile_json_is_refused_and_not_a_bug(
    first: Forgery, tmp_path: Path, pinned: tuple[str, ...], line: bytes
) -> None:
    for path in ("transcript.jsonl", "script.json", "authority/000.json"):
        folder = first.write(tmp_path / "record")
        (folder / path).write_bytes(line + b"\n")
        code, output = verify(folder, *pinned)
        assert (code, bool(refused(output))) == (1, True), output


def test_any_value_of_an_event_may_be_of_another_kind(first: Forgery, tmp_path: Path, pinned: tuple[str, ...]) -> None:
    """Each member of each type of event becomes null, a number, a list and an object: refused, never a bug."""
    changes: Changes = {}
    seen = set()
    for event in first.events:
        if event["type"] in seen:
            continue
        seen.add(event["type"])
        for member, before in list(event["body"].items()):
            for wrong in (None, [[7]], {"x": "\u202e"}):
                event["body"][member] = wrong
                data = b"".join(canonical.encode(one) + b"\n" for one in first.events)
                changes[f"{event['type']} {member} {wrong}"] = {"transcript.jsonl": data}
            event["body"][member] = before
    sweep(first, tmp_path, pinned, changes)
