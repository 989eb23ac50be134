"""Whether a ceremony can be held, or go on: everything that fails without the token fails here. Floor 4."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from quorate import canonical, governing, linters, record
from quorate.archive import require_none_open
from quorate.findings import Refusal
from quorate.room import Room
from quorate.script import Destroy, Generate, Import, Issue, Script, Share, Sign
from quorate.script.drafting import utc
from quorate.script.state import State
from quorate.script.steps.command import require_within_window
from quorate.script.text import render
from quorate.statement import Mode
from quorate.token.opening import require_libraries, silent_libraries
from quorate.want import Ask, Collect, GeneratePair, ProveKey, Record, ShareOut, SignAll, SignBytes, Want

USES = (Share, Generate, Import, Destroy, Issue, Sign)
"""Steps that use a token for what a quorum has approved."""


def tell_window(room: Room, script: Script) -> None:
    """What can still be done, before everybody signs in again for it."""
    if utc(script.window.closes) < room.host.now():
        closed = f"the window closed at {script.window.closes}: nothing is signed any more"
        room.face.show([f"{closed}; to end the ceremony, say :abort"])


def gather(room: Room, verifier: bytes, script_folder: Path) -> dict[str, bytes]:
    """The first files of a record."""
    parts = ("plan.toml", "script.json", "script.txt", "approvals", "drafts", "inputs")
    files = record.files_below(script_folder, *parts)
    if "script.json" not in files:
        raise Refusal("script.not_compiled", str(script_folder))
    if (script_folder / "script.pdf").is_file():
        files["script.pdf"] = (script_folder / "script.pdf").read_bytes()
    files |= record.files_below(room.base.folder, "authority")
    return files | {"quorate_verify.py": verifier}


_PAIR = ("statement", "sig")


def check_ready(room: Room, script: Script, files: Mapping[str, bytes], approvals: Path) -> None:
    """Everything that can be refused before a record is begun or a token touched."""
    start = room.base
    if (script.authority.state, script.predecessor) != (start.state.digest, start.register.last):
        raise Refusal("script.outdated", script.ceremony, predecessor=start.register.last)
    if start.mode is Mode.REAL:
        require_none_open(start.folder, script.ceremony)
    linters.require(script.linters)
    governing.require_governed(start.folder, start.mode)
    governing.require_approved(approvals, script, start.state)
    named = [*((one.file, one.digest) for one in script.inputs), *((one.file, one.digest) for one in script.drafts)]
    named.append(("plan.toml", script.plan))
    for path, digest in named:
        if path not in files or canonical.digest(files[path]) != digest:
            raise Refusal("script.file_differs", path)
    signed = {f"approvals/{one}.{kind}" for one in governing.approvers(start.state, script) for kind in _PAIR}
    known = signed | {path for path, _ in named}
    for path in files:
        if path.startswith(("inputs/", "drafts/", "approvals/")) and path not in known:
            raise Refusal("script.file_unknown", path)
    if files["script.txt"] != render(script).encode():
        raise Refusal("script.file_differs", "script.txt")
    require_within_window(script, room.host.now())
    names = [token.id for token in script.tokens]
    require_libraries(start.state, names)
    for name, refusal in silent_libraries(start.state, names):
        _tell(room, f"{name} cannot be reached as things are", refusal)


def _tell(room: Room, what: str, refusal: Refusal) -> None:
    """What would be refused later, while the environment can still be changed."""
    room.face.show([f"notice: {what}: {refusal}", f"  hint: {refusal.findings[0].remedy}"])


def tell_unreachable(room: Room, state: State) -> None:
    """The same of a ceremony that goes on, which has to be ended even where a tool or a library is gone."""
    names = [token.id for token in state.script.tokens]
    try:
        linters.require(state.script.linters)
        require_libraries(state.authority, names)
    except Refusal as problem:
        _tell(room, "not everything is there that is still needed", problem)
        return
    for name, refusal in silent_libraries(state.authority, names):
        _tell(room, f"{name} cannot be reached as things are", refusal)


def require_usable(room: Room, state: State, want: Want) -> None:
    """Nobody approves or commands, and no share is shown, for what the token is not asked for any more."""
    step, begun = state.step, isinstance(want, (GeneratePair, ProveKey, SignAll, SignBytes))
    if not isinstance(step, USES) or not (begun or isinstance(want, (Collect, Ask, Record, ShareOut))):
        return
    require_within_window(state.script, room.host.now())
    if isinstance(step, Issue) and not begun:
        linters.require(state.script.linters)
