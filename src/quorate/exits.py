"""How a command ends, and what it says then. Floor 5. Loads next to nothing: every command pays for it.

Exit codes: 0 accepted, 1 refused, 2 wrong use, 3 interrupted or unproven, 70 a bug.
"""

from __future__ import annotations

import errno
import sys
from collections.abc import Callable

from quorate.findings import Refusal

REFUSED, INTERRUPTED, BUG = 1, 3, 70


def leaving(work: Callable[[], int | None]) -> int:
    """Do a command's work: the exit code, after whatever has to be said."""
    try:
        return work() or 0
    except Refusal as refusal:
        print_refusal(refusal)
        return REFUSED
    except KeyboardInterrupt:
        print("quorate: interrupted", file=sys.stderr)
        return INTERRUPTED
    except OSError as error:
        file = error.filename or "a file"
        full = error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
        unusable = Refusal("host.unusable", file=file, reason=error.strerror or error)
        print_refusal(Refusal("host.disk_full", file=file) if full else unusable)
        return REFUSED
    except Exception:
        import traceback

        traceback.print_exc()
        print("quorate: this is a bug; everything written so far is kept", file=sys.stderr)
        return BUG


def print_refusal(refusal: Refusal) -> None:
    """Every finding: one line, and what to do."""
    for finding in refusal.findings:
        print(visible(f"quorate: {finding.sentence}"), file=sys.stderr)
        print(visible(f"  hint: {finding.remedy}"), file=sys.stderr)
        clause = f", {finding.clause}" if finding.clause else ""
        print(f"  code: {finding.name}{clause}", file=sys.stderr)


def visible(line: str) -> str:
    """The line with everything escaped that a terminal would obey instead of showing."""
    return "".join(one if one.isprintable() else one.encode("unicode_escape").decode("ascii") for one in line)
