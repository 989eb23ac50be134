"""The command line. Floor 5. Heavy imports stand inside the command that needs them.

Exit codes: 0 accepted, 1 refused, 2 wrong use, 3 interrupted or unproven, 70 a bug.
"""

from __future__ import annotations

import sys
from pathlib import Path

import click

from quorate import __version__
from quorate.exits import INTERRUPTED, REFUSED, leaving, print_refusal
from quorate.findings import Refusal

__all__ = ["GROUPS", "INTERRUPTED", "ORDER", "REFUSED", "main", "print_refusal", "program", "verifier"]

Order = tuple[tuple[str, str], ...]
"""Names of commands in the order in which they are needed, each with the module that holds it."""


class Commands(click.Group):
    """Commands that are loaded when they are called. `above`: the command that they are parts of, if any."""

    def __init__(self, order: Order, text: str, above: str = "") -> None:
        super().__init__(above or None, help=text, context_settings={"help_option_names": ["-h", "--help"]})
        self.order, self.above = order, above

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [name for name, _ in self.order]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        import importlib

        if not self.above and cmd_name in GROUPS:
            text, order = GROUPS[cmd_name]
            return Commands(order, text, cmd_name)
        module = dict(self.order).get(cmd_name)
        if module is None:
            return None
        name = f"{self.above}_{cmd_name}_command".removeprefix("_").replace("-", "_")
        command: click.Command = getattr(importlib.import_module(f"quorate.cli.{module}"), name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The whole first sentence of each command, on as many lines as it takes."""
        commands = [(name, self.get_command(ctx, name)) for name, _ in self.order]
        rows = [(name, command.get_short_help_str(limit=999)) for name, command in commands if command]
        with formatter.section("Commands"):
            formatter.write_dl(rows)


GROUPS: dict[str, tuple[str, Order]] = {
    "import": ("What other tools read, as folders of ours.", (("boulder", "importing"), ("kskm", "kskm"))),
    "ksr": (
        "Key signing requests: check one before it is signed, make one, write one in another form.",
        (("check", "ksr"), ("make", "request"), ("convert", "convert")),
    ),
    "skr": (
        "Signed key responses: what is in one, and whether it may be believed; one written in another form.",
        (("check", "skr"), ("convert", "convert")),
    ),
    "trust-anchor": (
        "Trust anchors of a zone: make the file that is published, check one, export records.",
        (("make", "anchor"), ("check", "anchor"), ("export", "anchor")),
    ),
}
"""Commands of several parts, with what they are about."""

ORDER: Order = (
    ("init", "before"),
    ("new", "before"),
    ("import", ""),
    ("check", "before"),
    ("compile", "before"),
    ("paper", "before"),
    ("approve", "before"),
    ("rehearse", "before"),
    ("token", "day"),
    ("conduct", "day"),
    ("seal", "day"),
    ("status", "after"),
    ("show", "after"),
    ("verify", "after"),
    ("register", "register"),
    ("inspect", "inspect"),
    ("compare", "inspect"),
    ("profile", "inspect"),
    ("words", "after"),
    ("schema", "after"),
    ("ksr", ""),
    ("skr", ""),
    ("trust-anchor", ""),
)


program = click.version_option(__version__, prog_name="quorate")(
    Commands(ORDER, "Plan, rehearse, conduct, record and prove offline key ceremonies.")
)


def main() -> None:
    """The console script, for every command that has no quicker way."""
    sys.exit(leaving(_program))


def _program() -> int:
    try:
        program.main(standalone_mode=False)
    except click.ClickException as wrong:
        wrong.show()
        return wrong.exit_code
    except click.Abort:
        raise KeyboardInterrupt from None
    except click.exceptions.Exit as done:
        return done.exit_code
    return 0


def verifier() -> Path:
    """The stand-alone verifier: inside an installed package, or beside the source tree."""
    here = Path(__file__).resolve().parent.parent
    for path in (here / "quorate_verify.py", here.parent.parent / "verifier" / "quorate_verify.py"):
        if path.is_file():
            return path
    raise Refusal("verify.no_verifier")
