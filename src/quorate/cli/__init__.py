"""The command line. Floor 5. Heavy imports stand inside the command that needs them.

Exit codes: 0 accepted, 1 refused, 2 wrong use, 3 interrupted or unproven, 70 a bug.
"""

from __future__ import annotations

import sys
import traceback
from pathlib import Path

import click

from quorate import __version__
from quorate.findings import Refusal

REFUSED, INTERRUPTED, BUG = 1, 3, 70


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


GROUPS: dict[str, tuple[str, Order]] = {
    "import": ("What other tools read, as folders of ours.", (("boulder", "importing"), ("kskm", "kskm"))),
    "ksr": ("Key signing requests: make one.", (("make", "request"),)),
    "skr": ("Signed key responses: what is in one, and whether it may be believed.", (("check", "skr"),)),
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
    """The console script."""
    try:
        program.main(standalone_mode=False)
    except Refusal as refusal:
        print_refusal(refusal)
        sys.exit(REFUSED)
    except click.ClickException as wrong:
        wrong.show()
        sys.exit(wrong.exit_code)
    except (click.Abort, KeyboardInterrupt):
        click.echo("quorate: interrupted", err=True)
        sys.exit(INTERRUPTED)
    except click.exceptions.Exit as done:
        sys.exit(done.exit_code)
    except OSError as error:
        print_refusal(Refusal("host.unusable", file=error.filename or "a file", reason=error.strerror or error))
        sys.exit(REFUSED)
    except Exception:
        traceback.print_exc()
        click.echo("quorate: this is a bug; everything written so far is kept", err=True)
        sys.exit(BUG)


def print_refusal(refusal: Refusal) -> None:
    """Every finding: one line, and what to do."""
    from quorate.terminal import visible

    for finding in refusal.findings:
        click.echo(visible(f"quorate: {finding.sentence}"), err=True)
        click.echo(visible(f"  hint: {finding.remedy}"), err=True)
        clause = f", {finding.clause}" if finding.clause else ""
        click.echo(f"  code: {finding.name}{clause}", err=True)


def verifier() -> Path:
    """The stand-alone verifier: inside an installed package, or beside the source tree."""
    here = Path(__file__).resolve().parent.parent
    for path in (here / "quorate_verify.py", here.parent.parent / "verifier" / "quorate_verify.py"):
        if path.is_file():
            return path
    raise Refusal("verify.no_verifier")
