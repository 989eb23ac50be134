"""Commands before the day: init, new, check, compile, paper, approve, rehearse."""

from __future__ import annotations

from pathlib import Path

import click

from quorate import archive, governing, prepare, record, source
from quorate.authority import AuthorityState
from quorate.carrying import place_findings
from quorate.cli import verifier
from quorate.findings import Finding, Refusal, found, refuse_errors
from quorate.host import Host
from quorate.outset import KINDS
from quorate.script import Script
from quorate.script.drafting import utc
from quorate.script.operations import (
    DestroyOperation,
    GenerateOperation,
    ImportOperation,
    OcspOperation,
    RequestOperation,
    ShareOperation,
)
from quorate.script.state import State
from quorate.statement import Mode, Statement

FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)
FILE = click.Path(dir_okay=False, path_type=Path)


@click.command("init")
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@click.option("--name", default="example", show_default=True, help="the authority's id, used in every origin")
@click.option("--rules", type=click.Choice(["private", "webpki"]), default="private", show_default=True)
@click.option("--zone", default="", help="a DNS zone whose key-signing keys it is to hold, like example.org.")
def init_command(folder: Path, name: str, rules: str, zone: str) -> None:
    """Write a commented, working authority into FOLDER.

    Example: quorate init my-authority --name my-authority
    """
    from quorate.outset import init

    for line in init(folder, name, rules, Host(), zone):
        click.echo(line)


@click.command("new")
@click.argument("name")
@click.option("--from", "kind", required=True, type=click.Choice(list(KINDS)))
@click.option("--zone", default="", help="the zone that it is about, where the authority has several")
@click.option("--in", "root", type=FOLDER, default=Path("."), help="the authority's folder, or one below it")
def new_command(name: str, kind: str, zone: str, root: Path) -> None:
    """Write the plan of a new ceremony NAME from a template.

    Ceremonies follow each other in the order of their names. Example: quorate new 001-root --from root
    """
    from quorate.outset import new

    plan = new(source.find_authority(root), name, kind, Host(), zone)
    click.echo(f"wrote {plan}")
    click.echo(f"next: edit it, then: quorate rehearse {plan.parent}")


@click.command("check")
@click.argument("ceremony", metavar="PATH", type=FOLDER)
@click.option("--rehearsal", is_flag=True, help="check against the shadow authority and its rehearsals")
def check_command(ceremony: Path, rehearsal: bool) -> None:
    """Prove what is provable before the day; nothing is written.

    PATH: a ceremony, or the authority's own folder. Example: quorate check ceremonies/001-root
    """
    root, host = source.find_authority(ceremony), Host()
    if root.resolve() == ceremony.resolve():
        _check_authority(root, Mode.REHEARSAL if rehearsal else Mode.REAL)
        return
    if rehearsal:
        from quorate.rehearse import shadow_base

        start = shadow_base(root, ceremony.resolve().name, host)
    else:
        start = prepare.provisional_base(root)
    compiled = prepare.compile_plan(ceremony.resolve(), start, host.random)
    _print_findings((*compiled.findings, *(() if rehearsal else _passed(compiled.script, host))))
    if not rehearsal:
        refuse_errors(_looked_at(root, start.state, compiled.script, say=True))
        _print_unsigned(root, start.state)
    script = compiled.script
    click.echo(
        f"{len(script.acts)} acts, {len(script.steps)} steps, {len(script.drafts)} drafts: nothing stands against it"
    )


def _check_authority(root: Path, mode: Mode) -> None:
    from quorate.archive import read_register
    from quorate.authority import state_findings
    from quorate.zones import gone_ksks

    state = source.read_authority(root, mode)
    _print_findings(tuple(one for one in state_findings(state) if not one.blocks))
    if mode is Mode.REAL:
        _print_findings(gone_ksks(root, source.read_source(root).zones, read_register(root, mode)))
        _print_unsigned(root, state)
    click.echo(
        f"authority {state.name}: {len(state.people)} people, {counted(len(state.roles), 'role')}, "
        f"{counted(len(state.tokens), 'token')}, {counted(len(state.items), 'item')}: nothing stands against it"
    )


def _print_unsigned(root: Path, state: AuthorityState) -> None:
    """What stands against every ceremony until it is done, and is not wrong in itself."""
    states = record.frozen_states(root)
    if not states:
        click.echo("notice: the authority is not signed yet; each governor: quorate approve . --person ID")
    elif states[-1].digest != state.digest:
        click.echo(
            "notice: it is not as its governors signed it; nothing is compiled before: quorate approve . --person ID"
        )


def _print_findings(findings: tuple[Finding, ...]) -> None:
    from quorate.terminal import visible

    for finding in findings:
        clause = f"  [{finding.clause}]" if finding.clause else ""
        click.echo(visible(f"{finding.severity.value}: {finding.name}: {finding.sentence}{clause}"))


def _looked_at(root: Path, state: AuthorityState, script: Script, say: bool) -> tuple[Finding, ...]:
    """What connected tokens lack for the script; `say`: and what they can. One that is in its safe is no finding."""
    from quorate.connected import Connected, lacking, look_at

    looked: list[Connected] = []
    for name in (token.id for token in script.tokens):
        try:
            token = look_at(root, state, name)
        except Refusal as refusal:
            if say:
                click.echo(f"notice: {name} is not looked at: {refusal}")
                click.echo(f"  hint: {refusal.findings[0].remedy}")
            continue
        looked.append(token)
        if say:
            click.echo(f"token {name}: serial {token.serial}")
            click.echo(f"  generates {', '.join(token.key_types) or 'nothing'}")
            click.echo(f"  signs with {', '.join(token.algorithms) or 'nothing'}")
    return lacking(script, tuple(looked))


@click.command("compile")
@click.argument("ceremony", type=FOLDER)
@click.option("--replace", is_flag=True, help="supersede a script that is there; its approvals fall")
def compile_command(ceremony: Path, replace: bool) -> None:
    """Freeze a plan: script, drafts, templates, reserved serials.

    Example: quorate compile ceremonies/001-root
    """
    from quorate import canonical, frozen
    from quorate.words import rows

    ceremony, host = ceremony.resolve(), Host()
    start = prepare.real_base(source.find_authority(ceremony))
    compiled = prepare.compile_plan(ceremony, start, host.random)
    refuse_errors(_looked_at(source.find_authority(ceremony), start.state, compiled.script, say=False))
    fallen = frozen.write(host, ceremony, compiled, replace)
    _print_findings((*compiled.findings, *_passed(compiled.script, host)))
    digest = canonical.digest(compiled.script.file())
    click.echo(f"script: {ceremony / 'script.json'}")
    click.echo(f"digest: {digest}")
    for row in rows(bytes.fromhex(digest.removeprefix("sha256:"))):
        click.echo(f"        {row}")
    for person in fallen:
        click.echo(f"the approval by {person} fell with the superseded script")


@click.command("paper")
@click.argument("ceremony", type=FOLDER)
@click.option("--text", "kind", flag_value="text", help="print the text to the terminal")
@click.option("--pdf", "kind", flag_value="pdf", default="pdf", help="write script.pdf beside the script (default)")
@click.option("--into", type=click.Path(file_okay=False, path_type=Path), help="another folder for the PDF")
@click.option("--rehearsal", is_flag=True, help="the rehearsal's script")
def paper_command(ceremony: Path, kind: str, into: Path | None, rehearsal: bool) -> None:
    """Print the compiled script.

    Example: quorate paper ceremonies/001-root --pdf
    """
    from quorate.script import read_script
    from quorate.script.text import render

    folder = ceremony / "rehearsal" if rehearsal else ceremony
    if not (folder / "script.json").is_file():
        raise Refusal("script.not_rehearsed" if rehearsal else "script.not_compiled", str(ceremony))
    script = read_script((folder / "script.json").read_bytes(), "script.json")
    if kind == "text":
        click.echo(render(script), nl=False)
        return
    from quorate.paper import pdf

    target = (into or folder) / "script.pdf"
    target.parent.mkdir(parents=True, exist_ok=True)
    data = pdf(script)
    if not (target.is_file() and target.read_bytes() == data):
        Host().write_once(target, data)
    click.echo(f"wrote {target}")


@click.command("approve")
@click.argument("path", type=FOLDER)
@click.option("--person", required=True, help="who signs, by id")
@click.option("--key", type=FILE, help="private key file, or a .pub file whose key an agent holds")
@click.option("--signature", type=FILE, help="a signature made elsewhere over the statement")
def approve_command(path: Path, person: str, key: Path | None, signature: Path | None) -> None:
    """Sign a compiled script (PATH a ceremony), or the authority's state (PATH the authority), on one's own machine.

    Without --key or --signature the statement is written out, with the command that signs it.

    Example: quorate approve ceremonies/001-root --person olga --key ~/.ssh/id_ed25519
    """
    if (path / "authority.toml").is_file():
        _approve_state(path, person, key, signature)
    else:
        _approve_script(path.resolve(), person, key, signature)


def _approve_state(root: Path, person: str, key: Path | None, signature: Path | None) -> None:
    host, state, states = Host(), source.read_authority(root), record.frozen_states(root)
    if not states or states[-1].digest != state.digest:
        states = (*states, state)
    number = len(states) - 1
    before, people, _ = governing.governors(states, number)
    refuse_errors(tuple(place_findings(state, archive.read_register(root, Mode.REAL))))
    if person not in people:
        raise Refusal("approve.stranger", person=person, may=", ".join(people))
    statement = governing.change_statement(states, number, Mode.REAL, person)
    stem = root / "authority" / f"{number:03d}.{person}"
    if (made := made_signature(statement, root / "exchange", key, signature, f"approve {root}")) is not None:
        governing.keep(host, stem, statement, before, made)
    governing.freeze_state(host, root, state)  # last: what was refused has changed nothing
    _print_standing(f"authority state {states[number].digest}", governing.state_standing(root, Mode.REAL, number))


def _approve_script(ceremony: Path, person: str, key: Path | None, signature: Path | None) -> None:
    from quorate.script import read_script

    if not (ceremony / "script.json").is_file():
        raise Refusal("script.not_compiled", str(ceremony))
    if (archive.record_folder(ceremony, Mode.REAL) / record.TRANSCRIPT).is_file():
        raise Refusal("approve.begun", ceremony.name)
    script = read_script((ceremony / "script.json").read_bytes(), "script.json")
    state = prepare.real_base(source.find_authority(ceremony)).state
    if person not in (may := governing.approvers(state, script)):
        raise Refusal("approve.stranger", person=person, may=", ".join(may))
    statement = governing.approval_statement(script, state, person)
    stem = ceremony / "approvals" / person
    made = made_signature(statement, ceremony / "exchange", key, signature, f"approve {ceremony}")
    if made is not None:
        governing.keep(Host(), stem, statement, state, made)
    _print_standing(f"script {statement.script}", governing.script_standing(ceremony / "approvals", script, state))


def made_signature(
    statement: Statement, exchange: Path, key: Path | None, signature: Path | None, call: str
) -> str | None:
    """A signature by key or from a file; without either the statement is written out, to be signed elsewhere.

    `exchange`: the folder that it is written to. `call`: the command that takes the signature.
    """
    from quorate.exchange import command, signature_file, write_statement
    from quorate.signer import read_signature, sign_with_file

    if signature is not None:
        return read_signature(signature)
    if key is not None:
        click.echo(statement.text().decode("ascii"), nl=False)
        return sign_with_file(statement, key)
    file = write_statement(Host(), exchange, statement)
    click.echo(f"sign it with: {command(statement, file)}")
    click.echo(f"then: quorate {call} --person {statement.signer} --signature {signature_file(file)}")
    return None


def counted(number: int, what: str) -> str:
    return f"{number} {what}{'s' * (number != 1)}"


def _print_standing(what: str, standing: governing.Standing) -> None:
    click.echo(f"{what}: {len(standing.signed)} of {standing.need} signatures ({', '.join(standing.signed) or 'none'})")


def _passed(script: Script, host: Host) -> tuple[Finding, ...]:
    """Whether there is no time left for it."""
    closes = script.window.closes
    return (found("plan.window_passed", "window", closes=closes),) if utc(closes) < host.now() else ()


def _made(state: State) -> str:
    """What a ceremony made, by kinds."""
    ended = [one for one in state.script.operations if one.id in state.done]
    operations = {
        what: [one for one in ended if isinstance(one, kind)]
        for what, kind in {
            "key": GenerateOperation,
            "copy": ImportOperation,
            "share-out": ShareOperation,
            "request": RequestOperation,
            "OCSP response": OcspOperation,
            "destruction": DestroyOperation,
        }.items()
    }
    kinds = {**operations, "certificate": state.certificates, "CRL": state.crls, "SKR": state.skrs}
    kinds |= {"publication": state.published}
    return ", ".join(counted(len(made), what) for what, made in kinds.items() if made) or "nothing"


@click.command("rehearse")
@click.argument("ceremony", type=FOLDER)
def rehearse_command(ceremony: Path) -> None:
    """Run a ceremony unattended in the shadow authority, with stand-ins; in seconds.

    Example: quorate rehearse ceremonies/001-root
    """
    from quorate import frozen
    from quorate.archive import record_folder
    from quorate.rehearse import rehearse
    from quorate.script import read_script

    ceremony = ceremony.resolve()
    root = source.find_authority(ceremony)
    state = rehearse(root, ceremony, verifier().read_bytes())
    folder = record_folder(ceremony, Mode.REHEARSAL)
    click.echo(f"rehearsed: {state.size} events; made: {_made(state)}")
    click.echo(f"record: {folder}")
    click.echo(f"shadow genesis: {state.script.authority.genesis}")
    if (ceremony / "script.json").is_file():
        real = read_script((ceremony / "script.json").read_bytes(), "script.json")
        differences = frozen.differences(real, state.script)
        others = [one for one in differences if not one.expected]
        click.echo(f"the rehearsed script differs from the real one in {len(differences)} printed lines:")
        for one in differences:
            click.echo(f"  {'  ' if one.expected else '! '}{one.real}\n    | {one.rehearsed}")
        if others:
            raise Refusal("script.rehearsed_differently", str(ceremony), lines=len(others))
    else:
        click.echo("the real script is not compiled yet, so the two are not compared")
