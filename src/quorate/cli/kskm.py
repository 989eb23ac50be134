"""Commands that read what IANA's signer reads: import kskm."""

from __future__ import annotations

from pathlib import Path

import click

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command("kskm")
@click.argument("file", type=FILE)
@click.option("--dnskey", type=FILE, help="the KSKs' DNSKEY records, one a line; each must match a pin of the file")
@click.option("--previous", type=FILE, help="the SKR in the zone, to be recorded as deployed")
@click.option("--into", required=True, type=click.Path(path_type=Path), help="the folder to make, new or empty")
def import_kskm_command(file: Path, dnskey: Path | None, previous: Path | None, into: Path) -> None:
    """Make a zone's folder from FILE, the ksrsigner.yaml of IANA's tools: policy, pins, schemas.

    The folder is all that `ksr check`, `skr check` and `trust-anchor` need. Modules and PINs are named and never taken;
    every check that the file turns off is listed, and made here all the same.

    Example: quorate import kskm ksrsigner.yaml --dnskey root.key --into root-zone
    """
    from quorate.host import Host
    from quorate.kskm.importing import import_config
    from quorate.terminal import visible

    for line in import_config(file, dnskey, previous, into, Host()):
        click.echo(visible(line))
