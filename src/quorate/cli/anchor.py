"""Commands about trust anchors: make, check, export."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from quorate.cli import REFUSED
from quorate.findings import Finding, Refusal

if TYPE_CHECKING:
    from quorate.zone import ZoneFolder

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
NEW = click.Path(dir_okay=False, path_type=Path)
FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)

inside = click.option(
    "--in", "root", type=FOLDER, default=Path("."), help="the zone's folder, or one beside or below it"
)
moment = click.option("--at", "at", help="the moment to judge for, like 2026-10-01T00:00:00Z; else now")


@click.command("make")
@click.argument("file", type=NEW)
@inside
@click.option("--source", help="where the file is published; the root's own address for the root")
@click.option(
    "--form",
    type=click.Choice(["rfc9718", "rfc7958"]),
    default="rfc9718",
    show_default=True,
    help="with public keys, or digests alone",
)
@click.option("--sign-cert", type=FILE, help="PEM certificates, the signer's first: sign the file too")
@click.option("--sign-key", type=FILE, help="the key of that certificate, PEM")
def trust_anchor_make_command(
    file: Path, root: Path, source: str | None, form: str, sign_cert: Path | None, sign_key: Path | None
) -> None:
    """Write the zone's trust anchor into FILE, and a detached CMS signature beside it as FILE with .p7s.

    The pins of the policy decide; public keys come from ksks.txt and the records, and are checked against them. The
    same pins and keys give the same bytes.

    Example: quorate trust-anchor make root-anchors.xml --in . --source https://example.org/anchors.xml
    """
    from quorate.dnssec.anchor import ROOT_SOURCE, make_anchor, write_anchor
    from quorate.host import Host
    from quorate.zone_policy import find_zone
    from quorate.zone_records import load_own_zone

    if (sign_cert is None) != (sign_key is None):
        raise click.UsageError("--sign-cert and --sign-key belong together")
    zone = load_own_zone(find_zone(root))
    say_unsigned(zone)
    if source is None and zone.policy.zone != ".":
        raise click.UsageError("--source: say where the file will be published")
    anchor = make_anchor(zone.policy, zone.ksks, source or ROOT_SOURCE, with_keys=form == "rfc9718")
    missing = [one.id for one in anchor.digests if one.dnskey is None and one.valid_until is None]
    if form == "rfc9718" and missing:
        raise Refusal("anchor.key_missing", ksks=", ".join(missing))
    data, host = write_anchor(anchor), Host()
    signature_file = file.with_suffix(".p7s")
    signature = _signed(data, sign_cert, sign_key, signature_file) if sign_cert and sign_key else b""
    host.write_once(file, data)
    print_file(file, data)
    if signature:
        host.write_once(signature_file, signature)
        click.echo(f"wrote {signature_file}")


def _signed(data: bytes, certificate: Path, key: Path, file: Path) -> bytes:
    """The signature that is to lie in `file`. No two are the same, so one that is there is not made again."""
    from quorate.cms import sign_detached

    if file.exists():
        raise Refusal("record.output_present", file=file.name)
    text = key.read_bytes()
    passphrase = read_passphrase(key) if b"ENCRYPTED" in text else None
    return sign_detached(data, certificate.read_bytes(), text, passphrase)


def read_passphrase(key: Path) -> bytes:
    """The passphrase of a key file, typed unseen. The library that opens the file takes `bytes` only."""
    from quorate.host import Host, wipe

    typed = Host().read_secret(f"passphrase of {key.name}: ", 0)
    try:
        return bytes(typed)
    finally:
        wipe(typed)


@click.command("check")
@click.argument("file", type=FILE)
@inside
@moment
def trust_anchor_check_command(file: Path, root: Path, at: str | None) -> None:
    """Compare a published trust anchor, RFC 9718 or RFC 7958, with the pinned KSKs of a zone.

    Example: quorate trust-anchor check root-anchors.xml --in .
    """
    from quorate.dnssec.anchor import anchor_own_findings, compared, read_anchor
    from quorate.zone_policy import file_octets, find_zone
    from quorate.zone_records import load_own_zone

    data = file_octets(file)
    anchor, zone = read_anchor(data, file.name), load_own_zone(find_zone(root))
    print_file(file, data)
    click.echo(f"zone {anchor.zone}, {'RFC 9718' if anchor.has_keys else 'RFC 7958'}, source {visible(anchor.source)}")
    for one in anchor.digests:
        times = f"{one.valid_from:%Y-%m-%d} to {f'{one.valid_until:%Y-%m-%d}' if one.valid_until else 'open'}"
        click.echo(f"  {one.ds.key_tag:5}  {visible(one.id)}  algorithm {one.ds.algorithm}  {times}")
    report((*anchor_own_findings(anchor), *compared(anchor, zone.policy, moment_of(at))))


@click.command("export")
@click.argument("kind", type=click.Choice(["dnskey", "ds", "cds", "cdnskey"]))
@inside
@moment
@click.option("--digest", type=click.Choice(["sha256", "sha384"]), default="sha256", show_default=True)
def trust_anchor_export_command(kind: str, root: Path, at: str | None, digest: str) -> None:
    """Print the zone's trust anchors as records: for a resolver, or as CDS or CDNSKEY for the parent.

    Example: quorate trust-anchor export ds --in .
    """
    from quorate.dnssec.dnskey import DigestType, Ds
    from quorate.dnssec.ksk import stands
    from quorate.dnssec.records import ds_line, lines_for
    from quorate.dnssec.simulate import Anchor
    from quorate.zone_policy import find_zone
    from quorate.zone_records import load_own_zone

    zone, when = load_own_zone(find_zone(root)), moment_of(at)
    say_unsigned(zone)
    pins = [pin for pin in zone.policy.ksks if Anchor(pin.id, *stands(pin)).stands(when)]
    if not pins:
        raise Refusal("anchor.none")
    known = {ksk.id: ksk.dnskey for ksk in zone.ksks.ksks}
    if kind in ("ds", "cds") and digest == "sha256":  # which the pins are
        for pin in sorted(pins, key=lambda pin: pin.key_tag):
            ds = Ds(pin.key_tag, pin.algorithm, DigestType.SHA256, bytes.fromhex(pin.ds_sha256))
            click.echo(ds_line(zone.policy.zone, ds, kind.upper()))
        return
    if missing := [pin.id for pin in pins if pin.id not in known]:
        raise Refusal("anchor.key_missing", ksks=", ".join(missing))
    standing = tuple(known[pin.id] for pin in pins)
    digest_type = DigestType.SHA256 if digest == "sha256" else DigestType.SHA384
    for line in lines_for(kind.upper(), zone.policy.zone, standing, digest_type):
        click.echo(line)


def say_unsigned(zone: ZoneFolder) -> None:
    """Beside what is published: that nobody has signed the pins that it comes from."""
    from quorate.zone_records import is_governed

    if not is_governed(zone.folder, zone.policy):
        click.echo("notice: the governors have not signed this policy: quorate approve . --person ID", err=True)


def moment_of(text: str | None) -> datetime:
    """The moment of `--at`, or now; a day alone is its beginning."""
    from quorate.strict import read_moment

    if text is None:
        return datetime.now(UTC).replace(microsecond=0)
    moment = read_moment(text) or read_moment(f"{text}T00:00:00Z")
    if moment is None:
        raise click.UsageError(f"--at: {text!r} is no moment like 2026-10-01T00:00:00Z, nor a day like 2026-10-01")
    return moment


def visible(text: str) -> str:
    from quorate.terminal import visible

    return visible(text)


def print_file(file: Path, data: bytes) -> None:
    import hashlib

    from quorate.words import rows

    digest = hashlib.sha256(data)
    click.echo(f"{file}: sha256:{digest.hexdigest()}")
    for row in rows(digest.digest()):
        click.echo(f"    {row}")


def report(findings: tuple[Finding, ...]) -> None:
    """Print every finding; leave with 1 if any of them blocks."""
    from quorate.cli import print_refusal

    notices = tuple(one for one in findings if not one.blocks)
    for one in notices:
        click.echo(visible(f"{one.severity.value}: {one.code}: {one.sentence}"))
    if blocking := tuple(one for one in findings if one.blocks):
        print_refusal(Refusal.of(blocking))
        sys.exit(REFUSED)
    click.echo("nothing stands against it")
