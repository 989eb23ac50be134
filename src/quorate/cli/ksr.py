"""Commands about key signing requests: check."""

from __future__ import annotations

from pathlib import Path

import click

ACTS = ["re-sign", "calendar-bridge", "lapse", "zsk-compromise", "ksk-compromise", "ksk-loss"]
FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)


@click.command("check")
@click.argument("file", type=FILE)
@click.option("--previous", type=FILE, help="the signed response that the request follows; else the deployed one")
@click.option("--genesis", is_flag=True, help="there was no request before: this is the zone's first")
@click.option("--schema", default="", help="the schema that is to be signed by: show its slots, judge the KSKs' part")
@click.option("--ksk", "parts", multiple=True, metavar="PART=ID", help="which KSK plays a part of it, if that is open")
@click.option("--act", type=click.Choice(ACTS), help="the act by which it is to be signed, if not in its turn")
@click.option("--at", "at", help="the moment to judge for, like 2026-10-01T00:00:00Z or 2026-10-01; else now")
@click.option(
    "--in",
    "root",
    type=FOLDER,
    help="the zone's folder, or one beside or below it; else found upward from here, or from the file",
)
def ksr_check_command(
    file: Path,
    previous: Path | None,
    genesis: bool,
    schema: str,
    parts: tuple[str, ...],
    act: str | None,
    at: str | None,
    root: Path | None,
) -> None:
    """Check a key signing request before anything is signed: every check is made, every finding told.

    Leaves with 0 if the request is accepted and with 1 if it is refused. Nothing turns a check off; the policy of the
    day decides, and its exceptions are printed where they count, like what a named --act relaxes. With --schema it is
    also told what each KSK would do, and whether any validator would be left behind.

    Example: quorate ksr check ksr.xml --previous skr.xml
    """
    from quorate.ksr_check import Asked, check_request, moment_of

    if previous and genesis:
        raise click.UsageError("--previous and --genesis exclude each other")
    if act and genesis:
        raise click.UsageError("--act and --genesis exclude each other: a genesis is an act of its own")
    moment = moment_of(at) if at else None
    if at and moment is None:
        raise click.BadParameter(f"{at!r} is no moment like 2026-10-01T00:00:00Z", param_hint="--at")
    bound = [part.partition("=") for part in parts]
    if not all(sign and part and ksk for part, sign, ksk in bound) or (bound and not schema):
        raise click.UsageError("--ksk: write PART=ID, such as current=Klajeyz, beside --schema")
    named = tuple((part, ksk) for part, _, ksk in bound)
    check_request(Asked(file, previous, genesis, moment, root, schema, named, act or ""))
