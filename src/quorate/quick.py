"""The console script: commands that people and machines start often go a way that loads little. Floor 5.

The way is taken only where the arguments are plain and right. What else there is to say about arguments, `cli` says.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from quorate.ksr_check import Asked

_VALUES = ("--previous", "--at", "--in", "--schema")


def main() -> None:
    """The console script."""
    if sys.argv[1:3] == ["ksr", "check"] and (asked := plain_check(sys.argv[3:])) is not None:
        from quorate.exits import leaving
        from quorate.ksr_check import check_request

        sys.exit(leaving(lambda: check_request(asked)))
    from quorate import cli

    cli.main()


def plain_check(arguments: Sequence[str]) -> Asked | None:
    """The arguments of `ksr check`, if they are options in full, each at most once, and one file, all of them there."""
    from quorate.ksr_check import Asked, moment_of

    files, given, genesis = list[str](), dict[str, str](), False
    rest = list(arguments)
    while rest:
        one = rest.pop(0)
        name, equals, value = one.partition("=")
        if name in _VALUES and name not in given and (equals or rest):
            given[name] = value if equals else rest.pop(0)
        elif one == "--genesis" and not genesis:
            genesis = True
        elif one and not one.startswith("-"):
            files.append(one)
        else:
            return None
    moment = moment_of(given["--at"]) if "--at" in given else None
    previous, root = (Path(given[name]) if name in given else None for name in ("--previous", "--in"))
    there = len(files) == 1 and Path(files[0]).is_file() and (previous is None or previous.is_file())
    right = there and (root is None or root.is_dir()) and (moment or "--at" not in given)
    if not right or (previous and genesis):
        return None
    return Asked(Path(files[0]), previous, genesis, moment, root, given.get("--schema", ""))
