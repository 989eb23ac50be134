"""Commands that read what other tools read: import boulder."""

from __future__ import annotations

from pathlib import Path

import click

from quorate.host import Host

PATH = click.Path(exists=True, path_type=Path)


@click.command("boulder")
@click.argument("paths", metavar="PATH…", nargs=-1, required=True, type=PATH)
@click.option("--into", required=True, type=click.Path(path_type=Path), help="the authority's folder, new or empty")
@click.option("--rules", type=click.Choice(["private", "webpki"]), required=True, help="what every draft is judged by")
def import_boulder_command(paths: tuple[Path, ...], into: Path, rules: str) -> None:
    """Make an authority with plans from the configurations of Boulder's `ceremony`: files, or folders with *.yaml.

    Name all years at once: paths by which outputs become inputs are followed across folders. The report, on the screen
    and in report.md, names every field without a place.

    Example: quorate import boulder ceremonies/2015 ceremonies/2020 --into history --rules private
    """
    from quorate.boulder.importing import import_configs
    from quorate.terminal import visible

    for line in import_configs(paths, into, rules, Host()):
        click.echo(visible(line))
