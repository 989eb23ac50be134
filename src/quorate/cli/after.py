"""Commands after the day: status, show, verify, words."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path

import click

from quorate.cli import verifier
from quorate.cli.before import FOLDER
from quorate.findings import Refusal


@click.command("status")
@click.argument("folder", type=FOLDER, default=Path("."))
def status_command(folder: Path) -> None:
    """Where an authority's ceremonies stand.

    Example: quorate status
    """
    from quorate import archive, governing, record, source
    from quorate.host import Host
    from quorate.script import read_script
    from quorate.script.drafting import utc
    from quorate.statement import Mode

    root = source.find_authority(folder)
    states = record.frozen_states(root)
    for number, state in enumerate(states):
        standing = governing.state_standing(root, Mode.REAL, number)
        click.echo(f"state {number:03d}: {state.digest}, {len(standing.signed)} of {standing.need} governors")
    if not states:
        click.echo("the authority is not signed yet; each governor: quorate approve . --person ID")
    elif source.read_authority(root, Mode.REHEARSAL).digest != states[-1].digest:
        click.echo("the authority is not as signed: authority.toml, people/, adopted/ or a zone's policy differ")
        click.echo("its governors: quorate approve . --person ID")
    if not any((one / "plan.toml").exists() for one in archive.ceremonies(root)):
        click.echo("no ceremony is planned yet; the first: quorate new 001-root --from root")
    for ceremony in archive.ceremonies(root):
        real, rehearsal = (archive.record_folder(ceremony, mode) for mode in (Mode.REAL, Mode.REHEARSAL))
        steps = ["planned"]
        if (ceremony / "script.json").is_file():
            script = read_script((ceremony / "script.json").read_bytes(), "script.json")
            passed = utc(script.window.closes) < Host().now() and not record.closed(real)
            window = f"window {script.window.opens} to {script.window.closes}{', which has passed' if passed else ''}"
            steps.append(f"compiled, {window}")
            steps.append(f"{len(list((ceremony / 'approvals').glob('*.sig')))} approvals")
        if record.closed(rehearsal):
            steps.append("rehearsed")
        if (real / record.TRANSCRIPT).is_file():
            loaded = record.load(real)
            at = loaded.state.step.id if loaded.state.step else "the end"
            steps.append("sealed" if record.closed(real) else f"{loaded.state.status.value} at step {at}")
        click.echo(f"{ceremony.name}: {', '.join(steps)}")


@click.command("show")
@click.argument("record_folder", metavar="RECORD", type=FOLDER)
def show_command(record_folder: Path) -> None:
    """Tell the story of a record. It is read, not verified.

    Example: quorate show ceremonies/001-root/record
    """
    from quorate import record
    from quorate.cli.story import tell
    from quorate.terminal import visible

    loaded = record.load(record_folder)
    for line in tell(loaded.script, loaded.events):
        click.echo(visible(line))  # a record may come from anywhere


@click.command("verify", context_settings={"ignore_unknown_options": True})
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED, required=True)
def verify_command(arguments: tuple[str, ...]) -> None:
    """Check records with the stand-alone verifier: RECORD… [--authority DIGEST] [--rehearsal] [--explain].

    Example: quorate verify ceremonies/001-root/record --authority sha256:…
    """
    done = subprocess.run([sys.executable, "-I", str(verifier()), *arguments], check=False)
    sys.exit(done.returncode)


@click.command("words")
@click.argument("what")
def words_command(what: str) -> None:
    """The words of a digest (sha256:… or hexadecimal, also with colons), or of a file's SHA-256.

    Example: quorate words script.json
    """
    from quorate.words import rows

    text = what.removeprefix("sha256:").replace(":", "")  # openssl and browsers write a colon between octets
    if Path(what).is_file():
        with Path(what).open("rb") as file:
            text = hashlib.file_digest(file, "sha256").hexdigest()
        click.echo(f"sha256:{text}")
    try:
        spoken = rows(bytes.fromhex(text))
    except ValueError:
        raise Refusal("words.no_digest", what[:60]) from None
    for row in spoken:
        click.echo(row)


@click.command("schema")
@click.argument("what", type=click.Choice(["plan", "authority", "person", "register"]))
def schema_command(what: str) -> None:
    """The JSON Schema of a file that people write, for their editors, or of what `quorate register --json` writes.

    Example: quorate schema plan > plan.schema.json
    """
    import json

    import msgspec

    from quorate.plan import Plan
    from quorate.register.sheets import Published
    from quorate.source import AuthoritySource, PersonSource

    kinds = {"plan": Plan, "authority": AuthoritySource, "person": PersonSource, "register": Published}
    schema = msgspec.json.schema(kinds[what])
    for definition in schema["$defs"].values() if what != "register" else ():  # in TOML fields have hyphens
        for part in ("properties", "required"):
            given = definition.get(part, {})
            spelled = [name.replace("_", "-") for name in given]
            definition[part] = dict(zip(spelled, given.values(), strict=True)) if part == "properties" else spelled
    click.echo(json.dumps(schema, indent=2))
