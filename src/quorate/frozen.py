"""What `compile` writes: the script, its text, drafts and inputs, frozen once. Floor 4.

A compiled script is replaced only on purpose; the superseded one is kept, and the approvals that fell are named.
Its serials stay reserved for good, for `prepare` finds them in every script below the ceremony.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from quorate.findings import Refusal
from quorate.host import Host
from quorate.prepare import Compiled
from quorate.script import Script

FROZEN = ("script.json", "script.txt", "script.pdf", "drafts", "approvals", "inputs/known", "inputs/profiles")


def write(host: Host, folder: Path, compiled: Compiled, replace: bool = False) -> tuple[str, ...]:
    """Freeze a compiled plan in `folder`; the people whose approvals fell. Refused if a script is there already."""
    fallen: tuple[str, ...] = ()
    if (folder / "script.json").exists():
        if not replace:
            raise Refusal("script.exists", str(folder / "script.json"))
        if (folder / "record").exists():
            raise Refusal("script.in_use", str(folder / "record"))
        fallen = _supersede(folder)
    # script.json last: a folder with a script is a folder with everything that it names
    for path, data in sorted(compiled.files.items(), key=lambda one: one[0] == "script.json"):
        target = folder / path
        if path == "plan.toml" and target.exists():
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        if target.exists() and path.startswith(("drafts/", "inputs/known/", "inputs/profiles/", "script.")):
            target.unlink()  # left by a compilation that did not come to its end
        host.write_once(target, data)
    return fallen


def _supersede(folder: Path) -> tuple[str, ...]:
    fallen = tuple(sorted(path.stem for path in (folder / "approvals").glob("*.sig")))
    number = 1 + max((int(one.name) for one in (folder / "superseded").glob("[0-9]*")), default=0)
    kept = folder / "superseded" / f"{number:03d}"
    kept.mkdir(parents=True)
    for name in FROZEN:
        if (folder / name).exists():
            (kept / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.move(folder / name, kept / name)
    return fallen


def differences(real: Script, rehearsed: Script) -> tuple[str, ...]:
    """How a rehearsal's script differs from the real one: the printed lines of each that the other does not have."""
    from quorate.script.text import render

    left, right = render(real).splitlines(), render(rehearsed).splitlines()
    if len(left) != len(right):
        return (f"the scripts have {len(left)} and {len(right)} lines",)
    return tuple(f"{a.strip()}  |  {b.strip()}" for a, b in zip(left, right, strict=True) if a != b)
