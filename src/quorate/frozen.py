"""What `compile` writes: the script, its text, drafts and inputs, frozen once. Floor 4.

A compiled script is replaced only on purpose; the superseded one is kept, and the approvals that fell are named.
Its serials stay reserved for good, for `prepare` finds them in every script below the ceremony.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from quorate.findings import Refusal
from quorate.host import Host, writing
from quorate.prepare import Compiled
from quorate.script import Script
from quorate.script.text import render
from quorate.words import are_spoken

BLOCK = 4096  # octets that a file or folder may take on the disk beyond its own
FROZEN = ("script.json", "script.txt", "script.pdf", "drafts", "approvals", "inputs/known", "inputs/profiles")


def write(host: Host, folder: Path, compiled: Compiled, replace: bool = False) -> tuple[str, ...]:
    """Freeze a compiled plan in `folder`; the people whose approvals fell. Refused if a script is there already."""
    files = dict(compiled.files)
    frozen = (folder / "script.json").exists()
    if frozen:
        if not replace:
            raise Refusal("script.exists", str(folder / "script.json"))
        if (folder / "record").exists():
            raise Refusal("script.in_use", str(folder / "record"))
        _require_room(host, folder, files)
    fallen = _supersede(folder, frozen)
    script = files.pop("script.json")
    if (folder / "plan.toml").exists():
        files.pop("plan.toml")
    for parent in sorted({(folder / path).parent for path in files}):
        host.make_folder(parent)
    for path in files:
        if path.startswith(("drafts/", "inputs/known/", "inputs/profiles/", "script.")):
            with writing(path):
                (folder / path).unlink(missing_ok=True)  # left by a compilation that did not come to its end
    host.write_together({folder / path: data for path, data in files.items()})
    # last: a folder with a script is a folder with everything that it names
    host.write_once(folder / "script.json", script)
    return fallen


def _require_room(host: Host, folder: Path, files: Mapping[str, bytes]) -> None:
    """Before the script moves that the new one replaces: there is space for it. `host.disk_full`"""
    room = folder / ".quorate-reserve"
    folders = 8  # at most: what is superseded, drafts, inputs, approvals, and those within
    host.write_anew(room, bytes(sum(map(len, files.values())) + BLOCK * (len(files) + folders)))
    room.unlink()


def _supersede(folder: Path, frozen: bool) -> tuple[str, ...]:
    """Put a `frozen` script aside, or the rest of one where this was broken off; the people whose approvals fell."""
    fallen = tuple(sorted(path.stem for path in (folder / "approvals").glob("*.sig")))
    if not (frozen or fallen):
        return ()
    kept_before = (one.name for one in (folder / "superseded").glob("[0-9]*"))
    last = max((int(name) for name in kept_before if name.isdigit()), default=0)
    kept = folder / "superseded" / f"{max(last + frozen, 1):03d}"
    kept.mkdir(parents=True, exist_ok=True)
    for name in FROZEN:
        if (folder / name).exists():
            (kept / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.move(folder / name, kept / name)
    return fallen


@dataclass(frozen=True, slots=True)
class Difference:
    """One printed line of a rehearsed script beside the real one's. `expected`: only in what must differ."""

    real: str
    rehearsed: str
    expected: bool


_VARIES = re.compile(r"sha256:[0-9a-f]{64}|\b[0-9a-f]{16,}\b|\b\d{4}-\d\d-\d\dT[0-9:.]+Z")
"""Digests, serial numbers, object ids, times."""
_SPOKEN = re.compile(r"(?:[A-Za-z]+ ){15}[A-Za-z]+$")
"""Half of the words of a digest, at the end of a line."""
_SLOT_KSKS = re.compile(r"  +\d{1,5}/[PRS]+ \S+(?:, \d{1,5}/[PRS]+ \S+)*$")
"""The KSKs of a slot, each with its tag, which gives them their order."""
_SKR_KSKS = re.compile(r"(?<= slots, )(.*, KSKs )\d{1,5}(?:, \d{1,5})*$")
"""The tags of the KSKs of an SKR that is adopted."""
_OWN = (
    "mode:",
    "notice:",
    "token ",
    "item ",
    "seals of earlier bags:",
    "predecessor:",
    "      expected:",
    "      seal expected:",
)
"""Lines that name keys, tokens and bags, which a rehearsal has its own of."""


def differences(real: Script, rehearsed: Script) -> tuple[Difference, ...]:
    """How a rehearsal's script differs from the real one, line by printed line; notices are left out."""
    left, right = _lines(real), _lines(rehearsed)
    if len(left) != len(right):
        return (Difference(f"{len(left)} lines", f"{len(right)} lines", expected=False),)
    return tuple(
        Difference(one.strip(), other.strip(), _varies(one, other))
        for one, other in zip(left, right, strict=True)
        if one != other
    )


def _lines(script: Script) -> list[str]:
    return [line for line in render(script).splitlines() if not line.startswith("notice:")]


def _varies(one: str, other: str) -> bool:
    """Whether two lines differ in digests, their words, serials, times, tags of KSKs, or things of the shadow only."""
    own = any(one.startswith(start) and other.startswith(start) for start in _OWN)
    return own or _common(one) == _common(other)


def _common(line: str) -> str:
    """A line without what keys of its own give a rehearsal."""
    line = _SPOKEN.sub(lambda half: "" if are_spoken(half.group()) else half.group(), _VARIES.sub("", line))
    return _SKR_KSKS.sub(r"\1", _SLOT_KSKS.sub(_untagged, line))


def _untagged(ksks: re.Match[str]) -> str:
    return "  " + ", ".join(sorted(ksk.partition("/")[2] for ksk in ksks.group().split(", ")))
