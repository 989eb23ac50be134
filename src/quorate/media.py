"""Media: the artifacts copied out of the room, and read back. Floor 3."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from quorate import canonical
from quorate.findings import Refusal
from quorate.host import Host
from quorate.want import CopyOut


def copy_out(host: Host, want: CopyOut, files: Mapping[str, bytes], medium: Path) -> None:
    """Write `files` (by their paths) below `medium`, once, and read every one back from it.

    A note beside them, written last, says which copy this is: no other comes to the same place, whatever interrupts.
    Raises `media.not_a_folder`, `media.used`, `media.failed`, `media.reads_back_differently`: another medium is tried.
    """
    if not medium.is_dir():
        raise Refusal("media.not_a_folder", folder=medium)
    note, text = medium / f"copy-of-{want.ceremony}.txt", _note(want, files)
    try:
        if note.exists() and note.read_bytes() != text:
            raise Refusal("media.used", folder=medium)
        _write(host, {**{medium / path: data for path, data in files.items()}, note: text})
    except OSError as error:
        raise Refusal("media.failed", folder=medium, reason=error.strerror or error) from None
    except Refusal as refusal:
        if refusal.code.startswith("media."):
            raise
        raise Refusal("media.failed", folder=medium, reason=refusal.findings[0].sentence) from None


def _write(host: Host, targets: Mapping[Path, bytes]) -> None:
    for folder in sorted({target.parent for target in targets}):
        host.make_folder(folder)
        host.clear(folder, *(target.name for target in targets if target.parent == folder))
    host.write_together(targets)
    for target, data in targets.items():
        if target.read_bytes() != data:
            raise Refusal("media.reads_back_differently", folder=target.parent, file=target.name)


def _note(want: CopyOut, files: Mapping[str, bytes]) -> bytes:
    """For whoever finds the medium: which copy it is, and what belongs to it."""
    rows = (f"{canonical.digest(data)}  {path}" for path, data in files.items())
    return "\n".join((f"copy {want.copy} of the artifacts of {want.ceremony}", *rows, "")).encode()
