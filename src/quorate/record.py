"""The record on disk: one folder a ceremony, its transcript appended line by line. Floor 4. Spec: `spec/record.md`.

`Journal` is the one place that writes events. Everything else in the folder is written once.
"""

from __future__ import annotations

import fcntl
import os
import re
from collections.abc import Container, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from quorate import canonical, session
from quorate.authority import AuthorityState, read_state
from quorate.event import SALT_OCTETS, Body, Event, Type, read_line, timestamp
from quorate.findings import Refusal
from quorate.host import Host, writing
from quorate.script import Script, read_script
from quorate.script.operations import GenerateOperation, KeylessOperation
from quorate.script.state import State, Status
from quorate.tlog import read_checkpoint

TRANSCRIPT = "transcript.jsonl"
UNNAMED = ("checkpoint", "SHA256SUMS", TRANSCRIPT)
_TORN = re.compile(r"torn-([0-9]+)-([0-9]+)\.bin")
"""A torn line: the number of the event that it was to be, and which of several."""
RESERVE = 64 * 1024
"""Octets kept free so that a `fault` can still be written on a full disk."""


def files_below(folder: Path, *names: str) -> dict[str, bytes]:
    """Every file below the named parts of `folder`, by its path relative to it; links are refused."""
    found: dict[str, bytes] = {}
    for name in names:
        start = folder / name
        paths = sorted(start.rglob("*")) if start.is_dir() else [start]
        for path in (start, *paths):
            if path.is_symlink():
                raise Refusal("record.link", str(path))
        found |= {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths if path.is_file()}
    return found


@dataclass(frozen=True, slots=True)
class Loaded:
    """A record as it was read: its script, its authority, and the state that its events come to."""

    folder: Path
    script: Script
    authority: AuthorityState
    state: State
    events: tuple[Event, ...]
    torn: bytes


def load(folder: Path) -> Loaded:
    """Read a record back; every event is refused as it would have been before it was written."""
    try:
        script = read_script((folder / "script.json").read_bytes(), "script.json")
        authority = frozen_states(folder)[-1]
        inputs = files_below(folder, "inputs", "drafts")
    except (OSError, IndexError):
        raise Refusal("record.incomplete", str(folder)) from None
    if authority.digest != script.authority.state:
        raise Refusal("record.other_authority", str(folder))
    events, torn = read_transcript(folder / TRANSCRIPT)
    state = session.replay(session.begin(script, authority, inputs), events)
    return Loaded(folder, script, authority, state, events, torn)


def frozen_states(folder: Path) -> tuple[AuthorityState, ...]:
    """The states in `authority/` of a record or of an authority, genesis first."""
    paths = sorted((folder / "authority").glob("[0-9][0-9][0-9].json"))
    return tuple(read_state(path.read_bytes(), f"authority/{path.name}") for path in paths)


def read_transcript(path: Path) -> tuple[tuple[Event, ...], bytes]:
    """The events of a transcript, and what a torn write left behind the last whole line."""
    data = path.read_bytes() if path.is_file() else b""
    *lines, torn = data.split(b"\n")
    return tuple(read_line(line, f"{path.name} line {number}") for number, line in enumerate(lines, 1)), torn


def closed(folder: Path) -> bool:
    """Whether the record's last event is `closed` and its checkpoint is written."""
    return (folder / "checkpoint").is_file()


def checkpoint_digest(folder: Path) -> str:
    """The digest by which the next record names this one."""
    return read_checkpoint((folder / "checkpoint").read_bytes(), "checkpoint").digest


class Journal:
    """An open transcript: the state, and the file that grows by one fsynced line an event."""

    def __init__(self, host: Host, folder: Path, state: State, torn: tuple[Body, ...]) -> None:
        self.host, self.folder, self.state = host, folder, state
        self.torn = torn
        """The torn lines in evidence/ that no event names yet, as `resumed` names them, one each."""
        with writing(TRANSCRIPT):
            self._file = os.open(folder / TRANSCRIPT, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o644)
            _sync_folder(folder)

    @classmethod
    def create(cls, host: Host, folder: Path, files: Mapping[str, bytes]) -> Journal:
        """A new record with its first files, or what an interrupted creation left of it."""
        host.clear(folder)
        _require_none_unnamed(folder, files)
        for path, data in files.items():  # before the first is written: a refusal leaves nothing behind
            if (folder / path).is_file() and (folder / path).read_bytes() != data:
                raise Refusal("record.output_present", file=path)
        for parent in sorted({(folder / path).parent for path in files}):
            host.make_folder(parent)
        host.write_together({folder / path: data for path, data in files.items()})
        loaded = load(folder)
        if loaded.events:
            raise Refusal("record.begun", str(folder))
        return cls._opened(host, loaded)

    @classmethod
    def reopen(cls, host: Host, folder: Path) -> Journal:
        """The journal of an interrupted record. A torn last line goes to evidence/; `torn` of `resumed` names it."""
        host.clear(folder)
        loaded = load(folder)
        if loaded.events:
            done = {event.body["operation"] for event in loaded.events if event.type is Type.COMPLETED}
            _require_none_unnamed(folder, {*loaded.state.files, *_outputs(loaded.script, done)})
        return cls._opened(host, loaded)

    @classmethod
    def _opened(cls, host: Host, loaded: Loaded) -> Journal:
        folder = loaded.folder
        if loaded.torn:
            _keep_torn(host, folder, loaded)
        named = {event.body["torn"]["path"] for event in loaded.events if event.body.get("torn")}
        kept = {path: data for path, data in _evidence(folder).items() if path not in named}
        torn = tuple({"digest": canonical.digest(data), "path": path} for path, data in kept.items())
        return cls(host, folder, loaded.state, torn)

    def moment(self) -> str:
        """Now, never before the last event."""
        return max(timestamp(self.host.now()), self.state.at)

    def append(self, kind: Type, body: Body, at: str | None = None) -> Event:
        """One event: decided, written, fsynced, applied. Refused events leave no trace."""
        step = self.state.step
        event = Event(
            seq=self.state.size,
            at=at or self.moment(),
            step=step.id if step and self.state.size else "",
            type=kind,
            body=body,
            salt=self.host.random(SALT_OCTETS).hex(),
        )
        session.decide(self.state, event)
        state = session.evolve(self.state, event)
        self.host.append_line(self._file, event.line() + b"\n")
        self.state = state
        return event

    def resume(self, after: str) -> None:
        """`resumed`, once more for each further torn line: one came when the program was stopped while it resumed."""
        self.append(Type.RESUMED, {"after": after, "torn": self.torn[0] if self.torn else None})
        for further in self.torn[1:]:
            self.append(Type.RESUMED, {"after": "interruption", "torn": further})
        self.torn = ()

    def write(self, path: str, data: bytes) -> None:
        """A file of the record, written once."""
        self.host.make_folder((self.folder / path).parent)
        self.host.write_once(self.folder / path, data)

    def fault(self, error: BaseException) -> None:
        """A bug: its kind and place are kept, nothing of its message (it may quote what must not be quoted)."""
        if self.state.size == 0 or self.state.status is Status.CLOSED:
            return
        trace = error.__traceback__
        while trace is not None and trace.tb_next is not None:
            trace = trace.tb_next
        where = f"{Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}" if trace else ""
        self.append(Type.FAULT, {"error": type(error).__name__, "where": where})

    def close(self) -> None:
        os.close(self._file)


@contextmanager
def reserve(folder: Path) -> Iterator[Path]:
    """Space for a last event: a file that is given up when the disk is full."""
    path = folder.parent / ".quorate-reserve"
    try:
        with writing(path.name):
            path.write_bytes(b"\0" * RESERVE)
        yield path
    finally:
        with suppress(OSError):
            path.unlink(missing_ok=True)


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Only one process conducts a ceremony; the lock goes with the process, whatever ends it."""
    name = ".quorate-lock"
    with writing(name):
        folder.mkdir(parents=True, exist_ok=True)
        file = (folder / name).open("w")
    with file as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Refusal("conduct.locked", str(folder)) from None
        yield


def opened_body(script: Script, files: Mapping[str, bytes], host: dict[str, str], software: dict[str, str]) -> Body:
    """The body of event 0."""
    listed: list[dict[str, Any]] = [
        {"digest": canonical.digest(data), "path": path} for path, data in sorted(files.items())
    ]
    return {
        "authority": {
            "genesis": script.authority.genesis,
            "name": script.authority.name,
            "state": script.authority.state,
        },
        "ceremony": script.ceremony,
        "files": listed,
        "format": script.format,
        "host": host,
        "mode": script.mode.value,
        "predecessor": script.predecessor,
        "software": software,
    }


def write_sums(host: Host, folder: Path) -> None:
    """SHA256SUMS over the record, for convenience; written anew whenever a file is added."""
    host.write_anew(folder / "SHA256SUMS", _sums(folder))


def _sums(folder: Path) -> bytes:
    parts = sorted(path for path in folder.rglob("*") if path.is_file() and path.name != "SHA256SUMS")
    lines = [
        f"{canonical.digest(path.read_bytes()).removeprefix('sha256:')}  {path.relative_to(folder).as_posix()}\n"
        for path in parts
        if not path.relative_to(folder).as_posix().startswith("after/")
    ]
    return "".join(lines).encode()


def _outputs(script: Script, operations: Container[str]) -> Iterator[str]:
    """The files that operations make; once `completed` stands, they may be there before `written` does."""
    for operation in script.operations:
        if operation.id in operations and isinstance(operation, GenerateOperation):
            yield from (*operation.files, *operation.records)
        elif operation.id in operations and not isinstance(operation, KeylessOperation):
            yield from operation.outputs


def _require_none_unnamed(folder: Path, named: Container[str]) -> None:
    """Refuse what is none of ours before a key or a signature is made, not when it stands in the way of the output."""
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        ours = name in named or name in UNNAMED or name.startswith(("cosignatures/", "after/"))
        if path.is_file() and not ours and not _TORN.fullmatch(name.removeprefix("evidence/")):
            raise Refusal("record.unnamed_file", file=name)


def _evidence(folder: Path) -> dict[str, bytes]:
    """The torn lines that were put aside, oldest first."""
    paths = (folder / "evidence").glob("*.bin")
    found = {path: match for path in paths if (match := _TORN.fullmatch(path.name)) and not path.is_symlink()}
    ordered = sorted(found, key=lambda path: [int(number) for number in found[path].groups()])
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in ordered}


def _keep_torn(host: Host, folder: Path, loaded: Loaded) -> None:
    """Put a torn last line aside before the transcript loses it; another one of the same place is kept beside it."""
    host.make_folder(folder / "evidence")
    kept = _evidence(folder)
    number = 1
    while kept.get(name := f"evidence/torn-{loaded.state.size}-{number}.bin", loaded.torn) != loaded.torn:
        number += 1
    host.write_once(folder / name, loaded.torn)
    with writing(TRANSCRIPT):
        handle = os.open(folder / TRANSCRIPT, os.O_WRONLY | os.O_CLOEXEC)
        try:
            os.ftruncate(handle, os.fstat(handle).st_size - len(loaded.torn))
            os.fsync(handle)
        finally:
            os.close(handle)


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
