"""Every reader of outside data, given good examples that were damaged: a value or a refusal, and nothing else.

    QUORATE_FUZZ=20000 .venv/bin/pytest -n 2 tests/test_readers.py      # for a night; else some dozen of each

What ever broke a reader lies in `corpus/READER/`, under a name that says what it is, with some odd files to begin from.
"""

from __future__ import annotations

import dataclasses
import functools
import io
import os
import shutil
import signal
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr
from pathlib import Path
from random import Random

import pytest
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st

from damage import octets
from forging import verifier
from quorate import session
from quorate.event import read_line
from quorate.exits import print_refusal
from quorate.findings import Refusal
from readers import READERS, Reader, folder
from readers_of_records import record_lines, states

CORPUS = Path(__file__).parent / "corpus"
CASES = int(os.environ.get("QUORATE_FUZZ", "0"))
BY_NAME = {reader.name: reader for reader in READERS}
HANGS = 60
"""Seconds of the processor's time after which a reader hangs; the slowest takes a tenth of one."""


@pytest.fixture(scope="session", autouse=True)
def _nothing_stays() -> Iterator[None]:
    """At the end of the process and not of the module: a worker may come back to it, and the folder is made once."""
    yield
    shutil.rmtree(folder(), ignore_errors=True)


@contextmanager
def no_hang() -> Iterator[None]:
    def stop(*_: object) -> None:
        raise AssertionError("the reader hangs")

    before = signal.signal(signal.SIGVTALRM, stop)
    signal.setitimer(signal.ITIMER_VIRTUAL, HANGS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


def read(reader: Reader, data: bytes) -> bool:
    """Whether it was read. A refusal can be told on any terminal; whatever else is raised comes through."""
    try:
        with no_hang():
            reader.read(data)
        return True
    except reader.refusals as refusal:
        if isinstance(refusal, Refusal):
            told = io.BytesIO()
            terminal = io.TextIOWrapper(told, encoding="utf-8", write_through=True)
            with redirect_stderr(terminal):
                print_refusal(refusal)
            lines = told.getvalue().decode()
            _require_plain(lines, 3 * len(refusal.findings))
        return False


@functools.cache
def seeds(name: str) -> tuple[bytes, ...]:
    """What the corpus has of a reader."""
    return tuple(path.read_bytes() for path in sorted((CORPUS / name).glob("*")))


def _require_plain(lines: str, count: int) -> None:
    assert lines.count("\n") == count
    assert lines.replace("\n", "").isprintable()


@pytest.mark.parametrize("reader", READERS, ids=lambda reader: reader.name)
def test_good_examples_are_read(reader: Reader) -> None:
    assert any(read(reader, one) for one in reader.examples())


@pytest.mark.parametrize("reader", READERS, ids=lambda reader: reader.name)
@settings(
    max_examples=CASES or 25,
    derandomize=not CASES,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)
@given(chance=st.randoms(use_true_random=False))
def test_whatever_is_damaged_is_read_or_refused(reader: Reader, chance: Random) -> None:
    data = chance.choice((*reader.examples(), *seeds(reader.name)))
    for _ in range(chance.randint(1, 3)):
        data = chance.choice((octets, *reader.edits))(data, chance)
    note(f"for tests/corpus/{reader.name}/: {data!r}")
    read(reader, data)


@pytest.mark.parametrize(
    "path",
    sorted(path for path in CORPUS.rglob("*") if path.is_file()),
    ids=lambda path: f"{path.parent.name}-{path.name}",
)
def test_what_once_broke_a_reader_does_so_no_more(path: Path) -> None:
    read(BY_NAME[path.parent.name], path.read_bytes())


def test_the_corpus_has_files_of_every_form_of_requests_and_responses() -> None:
    assert all(len(seeds(name)) >= 4 for name in ("ksr", "skr", "key-text"))
    assert {path.parent.name for path in CORPUS.rglob("*") if path.is_file()} <= set(BY_NAME)


def test_the_verifier_takes_no_request_whose_document_type_it_could_not_see() -> None:
    text = '<?xml version="1.0" encoding="UTF-16"?><!DOCTYPE KSR [<!ENTITY a "b">]><KSR id="&a;"/>'
    with pytest.raises(verifier().Bad, match="another encoding"):
        verifier().Request(text.encode("utf-16"))


def test_nothing_else_is_locked_than_what_was_to_be() -> None:
    locked = next(read_line(line, "line") for line in record_lines() if b'"type":"locked"' in line)
    before = states()[locked.seq]
    assert session.replay(before, (locked,)).size == before.size + 1
    for body in ({**locked.body, "token": "another"}, {"calls": []}):
        with pytest.raises(Refusal):
            session.replay(before, (dataclasses.replace(locked, body=body),))


def test_a_torn_line_is_named_as_a_whole() -> None:
    resumed = next(read_line(line, "line") for line in record_lines() if b'"type":"resumed"' in line)
    before = states()[resumed.seq]
    assert session.replay(before, (resumed,)).size == before.size + 1
    for torn in ({"path": "evidence/torn-1-1.bin"}, {"digest": 1, "path": ""}, []):
        with pytest.raises(Refusal) as refused:
            session.replay(before, (dataclasses.replace(resumed, body={**resumed.body, "torn": torn}),))
        assert refused.value.code == "record.event_malformed"
