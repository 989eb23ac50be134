"""Sealed records are folded from their hashed octets, to the same end as if every event were decided anew."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from forging import Forgery, stand_ins
from quorate import archive, record
from quorate.findings import Refusal
from quorate.statement import Mode
from test_kept_records import RECORDS

SAME = "keys spkis certificates crls items seals sets destroyed done begun script script_digest".split()


def same(folder: Path) -> None:
    quick, slow = archive.sealed_state(folder), record.load(folder).state
    assert {name: getattr(quick, name) for name in SAME} == {name: getattr(slow, name) for name in SAME}
    assert quick.tree == slow.tree


@pytest.mark.parametrize("folder", RECORDS, ids=[f"{folder.parent.name}/{folder.name}" for folder in RECORDS])
def test_a_kept_record_comes_to_the_same_without_being_decided_anew(folder: Path) -> None:
    same(folder)


@pytest.mark.parametrize("ceremony", ["001-root", "002-next"])
def test_a_rehearsed_record_comes_to_the_same_without_being_decided_anew(rehearsed: Path, ceremony: str) -> None:
    same(archive.record_folder(rehearsed / "ceremonies" / ceremony, Mode.REHEARSAL))


@pytest.fixture
def copy(rehearsed: Path, tmp_path: Path) -> Path:
    """The record of 001-root, to be spoilt."""
    return Path(shutil.copytree(rehearsed / "ceremonies/001-root/rehearsal/record", tmp_path / "record"))


def refused(folder: Path) -> tuple[str, str]:
    with pytest.raises(Refusal) as refusal:
        archive.sealed_state(folder)
    return refusal.value.code, str(refusal.value)


def test_a_changed_octet_of_the_transcript_is_seen(copy: Path) -> None:
    path = copy / "transcript.jsonl"
    path.write_bytes(path.read_bytes().replace(b'"operation":"root-r1"', b'"operation":"root-r2"', 1))
    assert refused(copy) == ("record.altered", f"{copy}: transcript.jsonl is not as it was when the record was sealed")


@pytest.mark.parametrize("keep", [-1, 10])
def test_a_transcript_cut_short_is_seen(copy: Path, keep: int) -> None:
    path = copy / "transcript.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:keep]))
    assert refused(copy)[0] == "record.altered"
    path.write_bytes(b"".join(lines)[:-20])
    assert refused(copy)[0] == "record.event_malformed"


def test_a_checkpoint_made_to_fit_lacks_its_cosignatures(copy: Path, rehearsed: Path) -> None:
    forgery = Forgery(copy, {})
    forgery.one("closed")["body"]["outcome"] = "aborted"
    forgery.finish().write(copy)
    assert refused(copy)[0] == "signature.other_statement"
    shutil.rmtree(copy / "cosignatures")
    assert refused(copy)[0] == "session.not_due"  # every event is decided anew


def test_a_record_without_its_cosignatures_is_decided_anew_and_counts(copy: Path) -> None:
    expected = archive.sealed_state(copy)
    shutil.rmtree(copy / "cosignatures")
    assert archive.sealed_state(copy).keys == expected.keys


def test_what_was_decided_wrongly_counts_neither_with_nor_without_cosignatures(copy: Path, rehearsed: Path) -> None:
    """A liar who holds the keys of all people but the closing quorum's."""
    keys = {name: key for name, key in stand_ins(rehearsed).items() if name not in ("oa", "ob")}
    forgery = Forgery(copy, keys)
    forgery.drop(forgery.one("commanded", "root-r1"))
    forgery.reseal().write(copy)
    assert refused(copy)[0].startswith("signature.")
    shutil.rmtree(copy / "cosignatures")
    assert refused(copy)[0].startswith("session.") or refused(copy)[0].startswith("signature.")


@pytest.mark.parametrize("name", ["script.json", "authority/000.json"])
def test_a_file_that_the_first_event_names_is_read_as_it_was(copy: Path, name: str) -> None:
    path = copy / name
    path.write_bytes(path.read_bytes().replace(b'"example"', b'"another"', 1))
    assert refused(copy) == ("record.altered", f"{copy}: {name} is not as it was when the record was sealed")
    path.unlink()
    assert refused(copy)[0] == "record.incomplete"


def test_a_known_key_is_read_as_it_was(rehearsed: Path, tmp_path: Path) -> None:
    source = archive.record_folder(rehearsed / "ceremonies" / "002-next", Mode.REHEARSAL)
    copy = Path(shutil.copytree(source, tmp_path / "record"))
    path = copy / "inputs" / "known" / "key-r1.spki.der"
    data = path.read_bytes()
    path.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    assert refused(copy)[0] == "record.altered"
    path.unlink()
    path.symlink_to(source / "inputs" / "known" / "key-r1.spki.der")
    assert refused(copy)[0] == "record.altered"
