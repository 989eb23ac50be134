"""The command `register`: the authority's memory, shown and exported."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from quorate.cli import REFUSED
from quorate.cli.before import FOLDER

if TYPE_CHECKING:
    from quorate.authority import AuthorityState
    from quorate.findings import Finding
    from quorate.register.inventory import Objects
    from quorate.register.rows import Inventory

FORMS = {
    "csv": "everything, one line each",
    "json": "everything; see quorate schema register",
    "pem": "all certificates",
    "ccadb": "the CA certificates as CCADB wants them",
    "svg": "a drawing of the hierarchy",
}


def _forms(command: click.decorators.FC) -> click.decorators.FC:
    for name, what in reversed(FORMS.items()):
        command = click.option(f"--{name}", "form", flag_value=name, help=what)(command)
    return click.option("--due", "form", flag_value="due", help="what falls due, by date")(command)


@click.command("register")
@click.argument("folder", metavar="[PATH]", type=FOLDER, default=Path("."))
@_forms
@click.option("--into", type=click.Path(dir_okay=False, path_type=Path), help="a file that is written once")
@click.option("--rehearsal", is_flag=True, help="what the rehearsals have made in the shadow authority")
def register_command(folder: Path, form: str | None, into: Path | None, rehearsal: bool) -> None:
    """Show what the authority has issued and holds, folded from its records: drawn, listed, checked, dated.

    The exit code says whether everything fits together: subjects, keys, identifiers, serial numbers, URLs, CRLs.

    Example: quorate register --svg --into hierarchy.svg
    """
    from quorate import archive, record, source
    from quorate.event import moment
    from quorate.host import Host
    from quorate.register.agreement import disagreements, lapsed_quorums
    from quorate.register.inventory import read_entries, take
    from quorate.statement import Mode

    root, host = source.find_authority(folder), Host()
    mode = Mode.REHEARSAL if rehearsal else Mode.REAL
    state = source.read_authority(root, Mode.REHEARSAL)  # a key may be missing from people/ yet
    states = record.frozen_states(root / "shadow" if rehearsal else root)
    register = archive.read_register(root, mode)
    objects = read_entries(register)
    now = max([host.now(), *(moment(one.at) for one in register.entries[-1:])])  # rehearsals are ahead of their time
    inventory = take(register, objects, state, states[0].digest if states else "", mode, now)
    findings = (*disagreements(inventory), *lapsed_quorums(state, now))
    data = _form(form, inventory, objects, findings, state)
    if into is None:
        click.echo(data.decode(), nl=False)
    else:
        host.write_once(into, data)
        click.echo(f"wrote {into}")
    if any(one.blocks for one in findings):
        sys.exit(REFUSED)


def _form(
    form: str | None, it: Inventory, objects: Objects, findings: tuple[Finding, ...], state: AuthorityState
) -> bytes:
    from quorate.register import deadlines, picture, report, sheets
    from quorate.terminal import visible

    match form:
        case "csv":
            return sheets.sheet(it)
        case "json":
            return sheets.published(it, findings, deadlines.due(it, state), deadlines.retention(it))
        case "pem":
            return sheets.bundle(objects)
        case "ccadb":
            return sheets.disclosure(it, objects)
        case "svg":
            return picture.svg(it)
        case "due":
            lines = report.agenda(deadlines.due(it, state), it.as_of)
        case _:
            lines = report.report(it, findings, deadlines.due(it, state), deadlines.retention(it))
    return "".join(f"{visible(line)}\n" for line in lines).encode()
