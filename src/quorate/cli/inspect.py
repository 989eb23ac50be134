"""Commands that read: inspect, compare, profile."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from quorate.cli import REFUSED, print_refusal
from quorate.findings import Refusal

if TYPE_CHECKING:
    from quorate.appraisal import Surroundings
    from quorate.x509.facts import CertificateFacts
    from quorate.x509.object import Object
    from quorate.x509.profile import Profile

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command("inspect")
@click.argument("files", metavar="FILE...", nargs=-1, required=True, type=FILE)
@click.option("--issuer", "issuers", multiple=True, type=FILE, help="a certificate whose key may have signed them")
@click.option("--profile", help="the profile that they are judged by; else the usual one")
def inspect_command(files: tuple[Path, ...], issuers: tuple[Path, ...], profile: str | None) -> None:
    """Read certificates, CRLs, requests, OCSP responses, public keys and drafts in the words of the script.

    PEM, also with several blocks, or DER. Of zones: DNSKEY records, KSRs and SKRs, which their own commands judge.

    Inside an authority its rules, commitments and certificates are looked at; elsewhere the rules are private ones. The
    exit code says whether everything could be read and no signature is false; findings are for people to weigh.

    Example: quorate inspect ceremonies/001-root/record/artifacts/root-r1.cert.pem
    """
    good = True
    given = _certificates(issuers)
    surroundings: dict[Path, Surroundings] = {}
    for file in files:
        try:
            folder = file.resolve().parent
            if folder not in surroundings:
                surroundings[folder] = _around(file, given)
            good &= _inspect(file, profile, surroundings[folder])
        except Refusal as refusal:
            print_refusal(refusal)
            good = False
    if not good:
        sys.exit(REFUSED)


def _inspect(file: Path, profile: str | None, around: Surroundings) -> bool:
    from quorate.cli.zone_files import zone_lines
    from quorate.inspection import kind_of, read_out

    data = _bytes(file)
    if (shown := zone_lines(data, str(file))) is not None:
        for line in shown:
            _echo(line)
        return True
    good, objects = True, _objects(file)
    for number, it in enumerate(objects, 1):
        place = f"{file}[{number}]" if len(objects) > 1 else str(file)
        _echo(f"{place}: {kind_of(it)}")
        for line in read_out(it):
            _echo(f"  {line}")
        good &= _judge(file, it, profile, around)
    return good


def _judge(file: Path, it: Object, name: str | None, around: Surroundings) -> bool:
    """The signature, and what the rules find; whether the signature is not false."""
    from quorate.appraisal import judged, signature_of, usual_profile
    from quorate.x509.csr import Request
    from quorate.x509.object import PublicKey, Response

    signature = signature_of(it, around)
    if not isinstance(it, PublicKey):
        _echo(f"  signature: {signature.text}")
    profile = None
    if not isinstance(it, (Request, PublicKey)):
        used = name or usual_profile(it, around)
        profile = _profile(file, used) if used else None
        why = "as asked" if name else "the usual profile of its class"
        unknown = (
            "nothing, for the certificate that it is about" if isinstance(it, Response) else "a key, for its profile"
        )
        _echo(f"  judged as: {used}, {why}" if used else f"  judged as: {unknown} is not known")
    for one in judged(it, profile, not name, signature, around):
        clause = f"  [{one.clause}]" if one.clause else ""
        _echo(f"  {one.severity.value}: {one.name}: {one.sentence}{clause}")
    return not signature.bad


def _profile(file: Path, name: str) -> Profile:
    """The authority's own profile of that name, else a shipped one."""
    from quorate import prepare
    from quorate.x509.profile import parse_profile

    root = _root(file)
    return parse_profile(name, prepare.profile_text(root or Path("/nowhere"), name))


def _root(file: Path) -> Path | None:
    return _authority(file.resolve().parent)


def _authority(folder: Path) -> Path | None:
    from quorate import source

    try:
        return source.find_authority(folder)
    except Refusal:
        return None


def _around(file: Path, given: Mapping[str, CertificateFacts]) -> Surroundings:
    """The authority above a file, and what its records hold; a rehearsal's file lies among rehearsals."""
    from dataclasses import replace

    from quorate import archive, source
    from quorate.appraisal import Surroundings
    from quorate.register.inventory import read_entries
    from quorate.script.drafting import rule_commitments
    from quorate.statement import Mode

    root = _root(file)
    if root is None:
        return Surroundings("private", given=given)
    parts = file.resolve().relative_to(root.resolve()).parts
    mode = Mode.REHEARSAL if parts[2:3] == ("rehearsal",) else Mode.REAL
    around = Surroundings("private", given=given)
    try:  # what is wrong with the authority or its records is said, and the object read all the same
        state = source.read_authority(root, Mode.REHEARSAL)  # only its rules are asked for
        around = Surroundings(state.rules, rule_commitments(state), given)
        objects = read_entries(archive.read_register(root, mode))
    except Refusal as refusal:
        print_refusal(refusal)
        return around
    return replace(around, known=objects.certificates, crls=tuple(objects.crls.values()))


def _objects(file: Path) -> tuple[Object, ...]:
    from quorate.x509.object import read_objects

    return read_objects(_bytes(file), str(file))


def _bytes(file: Path) -> bytes:
    """No more than is read of any object, and one octet that shows that there was more."""
    from quorate.x509.facts import LARGEST_INPUT

    with file.open("rb") as opened:
        return opened.read(LARGEST_INPUT + 1)


def _certificates(files: tuple[Path, ...]) -> dict[str, CertificateFacts]:
    from quorate.x509.facts import CertificateFacts

    found = {}
    for file in files:
        for number, it in enumerate(_objects(file), 1):
            if not isinstance(it, CertificateFacts):
                raise Refusal("x509.not_one_object", str(file), detail="no certificate")
            found[f"{file}[{number}]" if number > 1 else str(file)] = it
    return found


def _echo(line: str) -> None:
    from quorate.terminal import visible

    click.echo(visible(line))


@click.command("compare")
@click.argument("first", type=FILE)
@click.argument("second", type=FILE)
def compare_command(first: Path, second: Path) -> None:
    """Show field by field how two objects differ: certificates, CRLs, requests, drafts, or two scripts.

    A request is compared with a certificate by subject and key. Exit code 0: equal; 1: different.

    Example: quorate compare inputs/sub-a.csr.pem record/artifacts/sub-a.cert.pem
    """
    are_scripts = all(_bytes(one)[:1] == b"{" for one in (first, second))
    lines = _script_lines(first, second) if are_scripts else _object_lines(first, second)
    for line in lines:
        _echo(line)
    if lines:
        sys.exit(REFUSED)
    click.echo("no difference")


def _script_lines(first: Path, second: Path) -> tuple[str, ...]:
    from quorate.comparison import script_differences
    from quorate.script import read_script

    return script_differences(*(read_script(_bytes(one), str(one)) for one in (first, second)))


def _object_lines(first: Path, second: Path) -> tuple[str, ...]:
    from quorate.comparison import differences

    lines: list[str] = []
    for one in differences(_only(first), _only(second)):
        lines += [one.field, f"  - {one.first or 'absent'}", f"  + {one.second or 'absent'}"]
    return tuple(lines)


def _only(file: Path) -> Object:
    objects = _objects(file)
    if len(objects) != 1:
        raise Refusal("x509.not_one_object", str(file), detail=f"there are {len(objects)}")
    return objects[0]


@click.command("profile")
@click.argument("name", required=False)
def profile_command(name: str | None) -> None:
    """Print a profile, the authority's own or a shipped one, to be read or copied into profiles/; without NAME all.

    Example: quorate profile webpki-non-tls > profiles/code-signing.toml
    """
    from quorate import prepare
    from quorate.x509.profile import parse_profile

    root = _authority(Path.cwd()) or Path("/nowhere")
    for one in [name] if name else prepare.profile_names(root):
        text = prepare.profile_text(root, one)
        said = parse_profile(one, text)
        if name:
            click.echo(text.decode(), nl=False)
        else:
            _echo(f"{one}: {said.kind}, {said.place}")
