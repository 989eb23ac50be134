"""Commands about signed key responses: check."""

from __future__ import annotations

import hashlib
import itertools
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from quorate.cli import REFUSED, print_refusal
from quorate.cli.anchor import FILE, FOLDER, moment, moment_of, print_file, visible
from quorate.findings import Finding, Refusal

if TYPE_CHECKING:
    from quorate.dnssec.ksr import Response
    from quorate.dnssec.review import AtHand, Review

MOST_TOLD = 100
"""Acceptances that are told one by one: the root's responses of 2010 have fifty."""
ACTS = ["genesis", "re-sign", "calendar-bridge", "lapse", "zsk-compromise", "ksk-compromise", "ksk-loss"]


@click.command("check")
@click.argument("file", type=FILE)
@click.option("--ksr", type=FILE, help="the request that it answers")
@click.option("--previous", type=FILE, help="the SKR in the zone before it, instead of the folder's own records")
@click.option("--schema", help="the schema that was planned; else it is recognised")
@click.option("--ksk", "parts", multiple=True, metavar="PART=ID", help="which KSK plays a part of that schema")
@click.option("--trust-anchor", "anchor", type=FILE, help="a trust anchor, RFC 9718 or RFC 7958, whose keys must sign")
@click.option("--in", "root", type=FOLDER, help="the zone's folder; else the one that is found upward, if any")
@click.option("--act", type=click.Choice(ACTS), help="the emergency or other act by which it was made")
@moment
def skr_check_command(
    file: Path,
    ksr: Path | None,
    previous: Path | None,
    schema: str | None,
    parts: tuple[str, ...],
    anchor: Path | None,
    root: Path | None,
    act: str | None,
    at: str | None,
) -> None:
    """Check a signed key response: each signature, its request, its KSKs, and its place after what was signed before.

    Every validator is followed through the SKR before and this one; whoever would be left behind is told of. What is
    not at hand is not judged, and said so.

    Example: quorate skr check skr.xml --ksr ksr.xml --previous before.xml --trust-anchor root-anchors.xml
    """
    from quorate.dnssec.forms import response_in, response_to
    from quorate.dnssec.review import review
    from quorate.zone_policy import file_octets

    data, asked = file_octets(file), file_octets(ksr) if ksr else b""
    read = response_to(data, file.name, asked, ksr.name) if ksr else response_in(data, file.name)
    response, oddities = read.response, read.oddities
    bound = [part.partition("=") for part in parts]
    if not all(sign and ksk for _, sign, ksk in bound):
        raise click.UsageError("--ksk: write PART=ID, such as current=Klajeyz")
    if len({part for part, _, _ in bound}) < len(bound):
        raise click.UsageError("--ksk: name the KSK of each part once")
    if bound and not schema:
        raise click.UsageError("--ksk: name the schema too, with --schema")
    hand, folder, notes = _at_hand(file, previous, anchor, root, at)
    notes += told(read.notices)
    if previous and any(one.response == response for one in hand.history):
        raise Refusal("skr.previous_itself", previous.name)
    digest = f"sha256:{hashlib.sha256(asked).hexdigest()}" if ksr else ""
    notes += [f"request {ksr}: {digest}"] if ksr else ["no request at hand: what it answers is not judged"]
    hand = replace(hand, request=read.request, request_digest=digest)
    hand = _with_plan(hand, folder, schema, {part: ksk for part, _, ksk in bound}, act)
    verdict = review(response, hand)
    print_file(file, data)
    earlier = itertools.takewhile(lambda one: one.response != response, hand.history)
    _print(response, verdict, notes, any(True for _ in earlier))
    _report(_refused(oddities, hand, data), verdict)


def _at_hand(
    file: Path, previous: Path | None, anchor: Path | None, root: Path | None, at: str | None
) -> tuple[AtHand, Path | None, list[str]]:
    """Everything that was named or found, the zone's folder, and what is said of it."""
    from quorate.dnssec.anchor import read_anchor
    from quorate.dnssec.continuity import Signed
    from quorate.dnssec.forms import response_in
    from quorate.dnssec.review import AtHand
    from quorate.zone import load_history, load_schemas
    from quorate.zone_policy import file_octets, zone_about
    from quorate.zone_records import load_own_zone, own_responses

    when, notes = moment_of(at), []
    try:
        zone = load_own_zone(zone_about(file, root))
    except Refusal as refusal:
        if root is not None or refusal.code != "zone.not_found":
            raise
        zone = None
    policy = zone.policy if zone else None
    limits = policy.limits_at(when) if policy else None
    if policy and limits:
        notes.append(f"policy {policy.id}, {policy.digest}; limits {limits.id}, from {limits.since} on")
    history = (*load_history(zone.folder, zone.schemas), *own_responses(zone.folder, zone.policy.zone)) if zone else ()
    if previous is not None:
        before = response_in(file_octets(previous), previous.name)
        history = (Signed(before.response, "", True),)
        notes += told(before.notices)
    hand = AtHand(
        when,
        zone.schemas if zone else load_schemas(None),
        policy,
        limits,
        tuple(ksk.dnskey for ksk in zone.ksks.ksks) if zone else (),
        read_anchor(file_octets(anchor), anchor.name) if anchor else None,
        history=history,
    )
    return hand, zone.folder if zone else None, notes


def _with_plan(hand: AtHand, folder: Path | None, schema: str | None, parts: dict[str, str], act: str | None) -> AtHand:
    from quorate.dnssec.act import Act
    from quorate.zone import planned, revoked_ksks

    hand = replace(hand, act=Act(act) if act else Act.ROUTINE)
    if not schema:
        return replace(hand, parts=parts)
    revoked = revoked_ksks(hand.policy, hand.history) if hand.policy else frozenset()
    meant, bound = planned(folder, hand.schemas, schema, parts, revoked)
    return replace(hand, schema=meant.id, parts=bound)


def told(notices: tuple[Finding, ...]) -> list[str]:
    """Notices as lines."""
    return [f"{one.severity.value}: {one.code}: {one.sentence}" for one in notices]


def _print(response: Response, verdict: Review, notes: list[str], follows: bool) -> None:
    from quorate.dnssec.table import KEY, rows

    click.echo(visible(f"SKR {response.id}, serial {response.serial}, zone {response.domain}"))
    for line in rows(response.domain, response.bundles):
        click.echo(f"  {visible(line)}")
    click.echo(f"  {KEY}")
    ways = [
        f"{schema.id} ({', '.join(f'{part} = {ksk}' for part, ksk in keys.items())})" for schema, keys in verdict.ways
    ]
    click.echo(visible(f"schema: {' or '.join(ways) or 'none that is known'}"))
    if verdict.before is not None:
        notes = [*notes, f"after SKR {verdict.before.response.id}"]
        notes.append(f"validators: {verdict.states} states in {verdict.cells} spans of time")
    else:
        why = "what is wrong with it comes first" if follows else "no SKR before it at hand"
        notes = [*notes, f"{why}: its place in the sequence is not judged"]
    for line in notes:
        click.echo(visible(line))


def _refused(oddities: tuple[Finding, ...], hand: AtHand, data: bytes) -> tuple[Finding, ...]:
    """The oddities of spelling that no exception of the policy accepts; each acceptance is told."""
    digest = f"sha256:{hashlib.sha256(data).hexdigest()}"
    exceptions = hand.policy.exceptions_at(hand.at, digest) if hand.policy else ()
    accepted = {code: one for one in reversed(exceptions) for code in one.accepts}
    told = [f"accepted by {accepted[one.code].id}: {one.sentence}" for one in oddities if one.code in accepted]
    for line in told[:MOST_TOLD]:
        click.echo(visible(line))
    return tuple(one for one in oddities if one.code not in accepted)


def _report(oddities: tuple[Finding, ...], verdict: Review) -> None:
    from quorate.dnssec.checks import gathered

    for one in verdict.relaxed:
        click.echo(visible(f"relaxed by the act: {one.code}: {one.sentence}"))
    findings = gathered((*oddities, *verdict.findings), "bundle")
    for one in (one for one in findings if not one.blocks):
        click.echo(visible(f"{one.severity.value}: {one.code}: {one.sentence}"))
    if blocking := tuple(one for one in findings if one.blocks):
        print_refusal(Refusal.of(blocking))
        sys.exit(REFUSED)
    click.echo("nothing stands against it")
