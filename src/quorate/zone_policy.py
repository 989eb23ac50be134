"""The policy of a zone's folder, read as quickly as can be. Floor 4.

`dnssec/policy.toml` is what people write, `dnssec/policy.json` the same compiled, as an import leaves it: it counts
while it names the other's digest, or where there is no other. Nothing is written here.
"""

from __future__ import annotations

from pathlib import Path

from quorate import canonical
from quorate.dnssec.policy import Policy, load_policy, read_policy
from quorate.dnssec.xml import LARGEST_DOCUMENT
from quorate.findings import Refusal

FOLDER, POLICY, COMPILED = "dnssec", "policy.toml", "policy.json"
LARGEST_FILE = 256 * 1024


def find_zone(start: Path) -> Path:
    """The folder of a zone, found upward from any path: one with a policy; `zone.not_found`.

    It is called `dnssec`, or is one of several in that; or it lies in an authority, which may call it as it likes.
    """
    for folder in (start, *start.resolve().parents):
        for inner in (folder, folder / FOLDER):
            if any((inner / name).is_file() for name in (POLICY, COMPILED)) and _is_one(inner.resolve()):
                return inner
    raise Refusal("zone.not_found", str(start))


def _is_one(folder: Path) -> bool:
    if FOLDER in (folder.name, folder.parent.name):
        return True
    return any((outer / "authority.toml").is_file() for outer in folder.parents)


def zone_about(file: Path, named: Path | None) -> Path:
    """The `dnssec/` folder for a file: that of `named`; else what is found upward from here, or from the file."""
    if named is not None:
        return find_zone(named)
    try:
        return find_zone(Path("."))
    except Refusal:
        return find_zone(file.resolve().parent)


def load_zone_policy(folder: Path) -> Policy:
    """The policy of a `dnssec/` folder."""
    source = _octets(folder / POLICY)
    compiled = _octets(folder / COMPILED)
    digest = canonical.digest(source) if source is not None else ""
    if compiled is not None:
        held = read_policy(compiled, COMPILED)
        if source is None or held.source == digest:
            return held.policy
    if source is None:
        raise Refusal("zone.not_found", str(folder))
    return load_policy(source, POLICY)


def load_checked_policy(folder: Path) -> Policy:
    """The same, and a compiled policy that is not what the written one says is refused: who has time looks."""
    policy, source = load_zone_policy(folder), _octets(folder / POLICY)
    if source is not None and policy != load_policy(source, POLICY):
        raise Refusal("dnssec.policy_broken", COMPILED, detail=f"it is not what {POLICY} says")
    return policy


def file_octets(file: Path) -> bytes:
    """A file's octets, and no more than make it too large for every reader of zones' files."""
    with file.open("rb") as opened:
        return opened.read(LARGEST_DOCUMENT + 1)


def _octets(path: Path) -> bytes | None:
    """What a file holds; None if there is none. `plan.too_large` if it is far too large: cut it might say less."""
    try:
        with path.open("rb") as file:
            data = file.read(LARGEST_FILE + 1)
    except FileNotFoundError:
        return None
    if len(data) > LARGEST_FILE:
        raise Refusal("plan.too_large", path.name, most=LARGEST_FILE)
    return data
