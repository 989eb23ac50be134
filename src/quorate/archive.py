"""The sealed records of an authority, read back in their order and folded into the register. Floor 4.

Each event was decided before it was written, and the closing quorum has cosigned the root over all of them. So a
cosigned record is not walked through again at every start: its octets are hashed, the cosignatures verified, the
effects of its events applied. A record without its cosignatures is read like one under way, every event decided anew.
"""

from __future__ import annotations

import functools
import hashlib
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import msgspec

from quorate import canonical, governing, record, session
from quorate.authority import AuthorityState
from quorate.event import Event, Type
from quorate.findings import Refusal, within
from quorate.record import TRANSCRIPT, checkpoint_digest, closed
from quorate.register import Register, enrol
from quorate.script import Script
from quorate.script.state import State
from quorate.statement import Mode
from quorate.tlog import Tree, read_checkpoint


def ceremonies(root: Path) -> list[Path]:
    """The folders of all ceremonies, in the order of their names; what a broken-off `new` left hidden is none."""
    return sorted(path for path in (root / "ceremonies").glob("*") if not path.name.startswith("."))


def require_last(root: Path, name: str) -> None:
    """A new ceremony comes after all that were held, by its name too. Raises `plan.sorts_early`."""
    held = [one.name for one in ceremonies(root) if record_folder(one, Mode.REAL).exists()]
    if later := [one for one in held if one > name]:
        raise Refusal("plan.sorts_early", name, name=name, last=later[-1])


def require_none_open(root: Path, name: str) -> None:
    """No ceremony but `name` stands between its beginning and its end: the next one follows its last checkpoint.

    Raises `record.open`.
    """
    for ceremony in ceremonies(root):
        folder = record_folder(ceremony, Mode.REAL)
        begun = (folder / TRANSCRIPT).is_file() and (folder / TRANSCRIPT).stat().st_size > 0
        if ceremony.name != name and begun and not closed(folder):
            raise Refusal("record.open", str(ceremony), ceremony=ceremony.name)


def record_folder(ceremony: Path, mode: Mode) -> Path:
    """Where the record of a ceremony lies."""
    return ceremony / ("record" if mode is Mode.REAL else "rehearsal/record")


def read_register(root: Path, mode: Mode, before: str = "") -> Register:
    """The fold over the closed records of `mode`, in the order in which they name each other.

    `before`: only those whose name sorts before it. Raises `record.fork`, `record.gap`, what is wrong with a record.
    """
    states: dict[str, tuple[State, str]] = {}
    for ceremony in ceremonies(root):
        folder = record_folder(ceremony, mode)
        if (not before or ceremony.name < before) and closed(folder):
            with within(ceremony.name):
                state = sealed_state(folder)
            predecessor = state.script.predecessor
            if predecessor in states:
                raise Refusal(
                    "record.fork", ceremony=state.script.ceremony, predecessor=predecessor, last="another record"
                )
            states[predecessor] = (state, checkpoint_digest(folder))
    register = Register(serials=_reserved(root))
    while register.last in states:
        register = enrol(register, *states.pop(register.last))
    if states:
        raise Refusal("record.gap", ceremonies=", ".join(sorted(state.script.ceremony for state, _ in states.values())))
    return register


def _reserved(root: Path) -> frozenset[str]:
    """Every serial that a script ever named, superseded ones too: reserved for good."""
    places = ("", "superseded/*/", "record/", "rehearsal/", "rehearsal/record/")
    paths = [path for ceremony in ceremonies(root) for place in places for path in ceremony.glob(f"{place}script.json")]
    serials: set[str] = set()
    for path in paths:
        try:
            serials |= {one.certificate_serial for one in _NUMBERS.decode(path.read_bytes()).operations}
        except msgspec.MsgspecError:
            raise Refusal("record.not_canonical", str(path)) from None
    return frozenset(serials - {""})


class _Numbered(msgspec.Struct, frozen=True):
    certificate_serial: str = ""


class _Numbers(msgspec.Struct, frozen=True):
    """Of a script, nothing but the serial numbers that it gives."""

    operations: tuple[_Numbered, ...]


_NUMBERS = msgspec.json.Decoder(_Numbers)


# -- one sealed record ------------------------------------------------------------------------------------------------


def sealed_state(folder: Path) -> State:
    """What a closed record came to. Raises `record.altered` where a file is not the one that the sealed events name."""
    state = _recounted(folder)
    return state if governing.closing_standing(folder, state).suffices else record.load(folder).state


def _recounted(folder: Path) -> State:
    try:
        data = (folder / TRANSCRIPT).read_bytes()
        checkpoint = read_checkpoint((folder / "checkpoint").read_bytes(), "checkpoint")
        events, tree = _hashed(data)
        if (tree.size, tree.root) != (checkpoint.size, checkpoint.root):
            raise Refusal("record.altered", str(folder), file=TRANSCRIPT)
        files = _Files(folder, {one["path"]: one["digest"] for one in events[0].body["files"]})
        script = _SCRIPTS.decode(files["script.json"])
        authority = _state(files[max(path for path in files if _STATE.fullmatch(path))])
    except (OSError, IndexError, KeyError, ValueError, msgspec.MsgspecError):
        raise Refusal("record.incomplete", str(folder)) from None
    return session.recount(script, authority, files, events, tree)


_SCRIPTS = msgspec.json.Decoder(Script)
_STATE = re.compile(r"authority/[0-9]{3}\.json")


@functools.lru_cache(maxsize=16)
def _state(data: bytes) -> AuthorityState:
    """Most records of an authority were made under the same few states."""
    return msgspec.json.decode(data, type=AuthorityState)


_LINE = re.compile(
    rb'\{"at":"([0-9TZ:.-]{24})","body":(\{.*\}),"salt":"([0-9a-f]{32})",'
    rb'"seq":([0-9]+),"step":"([A-Za-z0-9.]*)","type":"([a-z]+)"\}'
)
"""A canonical line, with the octets of its body as they stand: what the root commits to is not encoded again."""


def _hashed(data: bytes) -> tuple[tuple[Event, ...], Tree]:
    """The events of a transcript, and the tree over the octets that were read."""
    *lines, torn = data.split(b"\n")
    tree, events = Tree(), []
    for number, line in enumerate(lines):
        parts = _LINE.fullmatch(line)
        if parts is None or torn:
            raise Refusal("record.event_malformed", f"{TRANSCRIPT} line {number + 1}")
        at, body, salt, seq, step, kind = parts.groups()
        commitment = hashlib.sha256(b"quorate-commit-v1\0" + bytes.fromhex(salt.decode()) + body).hexdigest()
        form = b'{"at":"%s","commitment":"%s","seq":%s,"step":"%s","type":"%s"}'
        tree = tree.add(form % (at, commitment.encode(), seq, step, kind))
        try:
            event = Event(
                int(seq), at.decode(), step.decode(), Type(kind.decode()), msgspec.json.decode(body), salt.decode()
            )
        except (ValueError, msgspec.DecodeError):
            raise Refusal("record.event_malformed", f"{TRANSCRIPT} line {number + 1}") from None
        events.append(event)
    return tuple(events), tree


class _Files(Mapping[str, bytes]):
    """The files that event 0 names, read when they are asked for, and only as they were then."""

    def __init__(self, folder: Path, digests: Mapping[str, str]) -> None:
        self.folder, self.digests = folder, digests

    def __getitem__(self, path: str) -> bytes:
        digest, file = self.digests[path], self.folder / path
        data = b"" if file.is_symlink() else file.read_bytes()
        if canonical.digest(data) != digest:
            raise Refusal("record.altered", str(self.folder), file=path)
        return data

    def __iter__(self) -> Iterator[str]:
        return iter(self.digests)

    def __len__(self) -> int:
        return len(self.digests)
