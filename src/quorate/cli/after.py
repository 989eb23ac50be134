"""Commands after the day: status, show, verify, words."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from quorate.cli import verifier
from quorate.cli.before import FOLDER
from quorate.findings import Refusal

if TYPE_CHECKING:
    from quorate.authority import AuthorityState
    from quorate.script import Script


@click.command("status")
@click.argument("folder", type=FOLDER, default=Path("."))
def status_command(folder: Path) -> None:
    """Where an authority's ceremonies stand.

    Example: quorate status
    """
    from quorate import archive, governing, record, source
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
    planned = [one for one in archive.ceremonies(root) if any((one / part).exists() for part in _OF_A_CEREMONY)]
    if not any((one / "plan.toml").exists() for one in planned):
        click.echo("no ceremony is planned yet; the first: quorate new 001-root --from root")
    for ceremony in planned:
        click.echo(f"{ceremony.name}: {', '.join(_stages(ceremony, states))}")


_OF_A_CEREMONY = ("plan.toml", "script.json", "record")
"""One of these is there in the folder of every ceremony; other things that people keep beside them have none."""


def _stages(ceremony: Path, states: tuple[AuthorityState, ...]) -> Iterator[str]:
    """How far a ceremony has come, one stage after the other."""
    from quorate import archive, record
    from quorate.host import Host
    from quorate.script import read_script
    from quorate.script.drafting import utc
    from quorate.statement import Mode

    real, rehearsal = (archive.record_folder(ceremony, mode) for mode in (Mode.REAL, Mode.REHEARSAL))
    yield "planned"
    if (ceremony / "script.json").is_file():
        script = read_script((ceremony / "script.json").read_bytes(), "script.json")
        window, over = script.window, utc(script.window.closes) < Host().now() and not record.closed(real)
        yield f"compiled, window {window.opens} to {window.closes}{', which has passed' if over else ''}"
        yield _approvals(ceremony / "approvals", script, states)
    if record.closed(rehearsal):
        yield "rehearsed"
    if (real / record.TRANSCRIPT).is_file():
        loaded = record.load(real)
        if record.closed(real):
            yield "aborted, sealed" if loaded.events[-1].body["outcome"] == "aborted" else "sealed"
        else:
            at = loaded.state.step.id if loaded.state.step else "the end"
            yield f"{loaded.state.status.value} at step {at}"


def _approvals(folder: Path, script: Script, states: tuple[AuthorityState, ...]) -> str:
    """How many of the approvals count that are needed; which lie there and do not."""
    from quorate import governing
    from quorate.people import Purpose

    given = sorted(path.stem for path in folder.glob("*.sig"))
    state = next((one for one in states if one.digest == script.authority.state), None)
    if state is None:
        return f"{len(given)} approvals, of a state that the authority has not signed"
    valid = [one for one in governing.approvers(state, script) if governing.approval_holds(folder, script, state, one)]
    others = [one for one in given if one not in valid]
    said = f"{len(valid)} of {state.quorum(Purpose.APPROVE).need} approvals"
    return f"{said}, not valid: {', '.join(others)}" if others else said


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
