"""Commands of the day: token, conduct, seal."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from quorate import archive, governing, prepare, record, source
from quorate.cli import INTERRUPTED, print_refusal, verifier
from quorate.cli.before import FILE, FOLDER, made_signature
from quorate.findings import Refusal
from quorate.host import Host, wipe
from quorate.statement import Mode


@click.command("token")
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@click.option("--serial", required=True, help="serial number, as authority.toml names it")
def token_command(folder: Path, serial: str) -> None:
    """Make a software token in FOLDER, for a private lab.

    Its transport credentials are asked for, at a terminal twice; the first ceremony replaces them. Example: quorate
    token tokens/hsm-1 --serial LAB-1
    """
    from quorate.token.software import SoftwareToken

    host = Host()
    host.lock_memory()
    pins: list[bytearray] = []
    try:
        for who in ("user", "so"):
            pins.append(host.read_secret(f"transport credential ({who}): ", 0))
            if os.isatty(0):
                _require_same(host, who, pins[-1])
        made = SoftwareToken.make(folder, serial, folder.name, pins[0], pins[1], host.random)
        click.echo(f"made software token {made.info.serial} in {folder}")
    finally:
        for pin in pins:
            wipe(pin)


def _require_same(host: Host, who: str, pin: bytearray) -> None:
    """Refuse a slip: it would be found in the room, when another credential has been replaced already."""
    again = host.read_secret(f"transport credential ({who}), once more: ", 0)
    try:
        if again != pin:
            raise Refusal("token.typed_otherwise", who=who)
    finally:
        wipe(again)


@click.command("conduct")
@click.argument("ceremony", type=FOLDER)
@click.option("--rehearsal", is_flag=True, help="real people practise in the shadow authority")
def conduct_command(ceremony: Path, rehearsal: bool) -> None:
    """Conduct the ceremony at this console, or resume it where it stopped.

    Say :help at any prompt. Example: quorate conduct ceremonies/001-root
    """
    from quorate.cli.practice import Practice, practice_host, practice_notes
    from quorate.conduct import FATAL, conduct
    from quorate.console import Console
    from quorate.rehearse import prepare_rehearsal
    from quorate.room import Room, Stopped
    from quorate.script import read_script
    from quorate.script.drafting import utc

    ceremony, host = ceremony.resolve(), Host()
    host.lock_memory()
    root = source.find_authority(ceremony)
    folder, tokens = ceremony, root
    if rehearsal:
        folder = tokens = ceremony / "rehearsal"
        ended = record.closed(archive.record_folder(ceremony, Mode.REHEARSAL))
        start, _ = prepare_rehearsal(root, ceremony, verifier().read_bytes(), fresh=ended)
        script = read_script((folder / "script.json").read_bytes(), "script.json")
        host = practice_host(ceremony, utc(script.window.opens), utc(script.window.closes), host)
        for line in practice_notes(root, folder, host):
            click.echo(line)
        console: Console = Practice(root, folder, host, start.state)
    else:
        start = prepare.real_base(root)
        where = archive.record_folder(ceremony, Mode.REAL)
        begun = record.read_transcript(where / record.TRANSCRIPT)[0]  # else what a cut left there is made anew
        console = Console(host, record.frozen_states(where)[-1] if begun else start.state, folder / "exchange")
    try:
        state = conduct(Room(host, console, ceremony, start, tokens), verifier().read_bytes(), folder)
    except (Stopped, Refusal) as stop:
        if isinstance(stop, Refusal):
            if stop.code not in FATAL or not archive.record_folder(ceremony, start.mode).is_dir():
                raise
            print_refusal(stop)
        click.echo("stopped; resume with the same command")
        sys.exit(INTERRUPTED)
    where = archive.record_folder(ceremony, start.mode)
    click.echo(f"sealed: {where}")
    sat = governing.who_sat(record.read_transcript(where / record.TRANSCRIPT)[0])
    _print_closing(_call_of_seal(ceremony, rehearsal), governing.closing_standing(where, state, sat))


def _call_of_seal(ceremony: Path, rehearsal: bool) -> str:
    return f"seal {ceremony}{' --rehearsal' * rehearsal}"


def _print_closing(call: str, standing: governing.Standing) -> None:
    click.echo(f"cosigned by {len(standing.signed)} of {standing.need} ({', '.join(standing.signed) or 'nobody yet'})")
    if not standing.suffices:
        others = ", ".join(one for one in standing.may if one not in standing.signed)
        if len(standing.may) < standing.need:  # an abort, when hardly anybody had come
            click.echo("too few of those who close were at this ceremony: for the verifier it stays open")
        if others:
            click.echo(f"add cosignatures with: quorate {call} --person ID (of {others})")


@click.command("seal")
@click.argument("ceremony", type=FOLDER)
@click.option("--person", help="who cosigns the final checkpoint")
@click.option("--key", type=FILE, help="private key file, or a .pub file whose key an agent holds")
@click.option("--signature", type=FILE, help="a signature made elsewhere over the statement")
@click.option("--rehearsal", is_flag=True, help="the rehearsal's record")
def seal_command(ceremony: Path, person: str | None, key: Path | None, signature: Path | None, rehearsal: bool) -> None:
    """Complete the seal of a closed record, and add cosignatures made elsewhere.

    Example: quorate seal ceremonies/001-root --person olga --key ~/.ssh/id_ed25519
    """
    from quorate.sealing import add_cosignature, seal

    folder = archive.record_folder(ceremony.resolve(), Mode.REHEARSAL if rehearsal else Mode.REAL)
    call = _call_of_seal(ceremony, rehearsal)
    loaded = record.load(folder)
    sat = governing.who_sat(loaded.events)
    with record.locked(folder.parent):
        seal(Host(), folder, loaded.state)
    if person is not None:
        standing = governing.closing_standing(folder, loaded.state, sat)
        if person not in standing.may:
            raise Refusal("approve.stranger", person=person, may=", ".join(standing.may))
        statement = governing.closing_statement(loaded.state, person)
        made = made_signature(statement, folder.parent / "exchange", key, signature, call)
        if made is not None:
            with record.locked(folder.parent):
                add_cosignature(Host(), folder, loaded.state, person, made)
                seal(Host(), folder, loaded.state)
    _print_closing(call, governing.closing_standing(folder, loaded.state, sat))
