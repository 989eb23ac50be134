"""Media: the artifacts copied out of the room, and read back. Floor 3."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from quorate import canonical
from quorate.findings import Refusal
from quorate.host import Host


def copy_out(host: Host, files: Sequence[tuple[str, bytes]], medium: Path) -> None:
    """Write `files` (path, data) below `medium`, once, and read every one back from it."""
    if not medium.is_dir():
        raise Refusal("media.not_a_folder", folder=medium)
    targets = {medium / path: data for path, data in files}
    for folder in sorted({target.parent for target in targets}):
        host.make_folder(folder)
        host.clear(folder, *(target.name for target in targets if target.parent == folder))
    host.write_together(targets)
    for target, data in targets.items():
        if canonical.digest(target.read_bytes()) != canonical.digest(data):
            raise Refusal("media.reads_back_differently", folder=medium, file=target.relative_to(medium))
