"""Key signing requests and signed key responses written in another form."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import click

from quorate.cli.anchor import FILE, print_file, visible
from quorate.cli.request import DURATION, FORMS, NEW, ZSK_HELP, Source, keys_of, read_start, write_request
from quorate.cli.skr import told
from quorate.findings import Finding, Refusal, refuse_errors

form_option = click.option(
    "--form", type=FORMS, required=True, help="IANA's XML; text for dnssec-ksr or keymgr; plain records"
)


@click.command("convert")
@click.argument("file", type=FILE)
@click.argument("into", type=NEW)
@form_option
@click.option("--validity", type=DURATION, help="of each signature asked for, where the form does not say it")
@click.option("--interval", type=DURATION, help="how often a key set that stays is signed again, likewise")
@click.option("--lead", type=DURATION, default="PT0S", show_default=True, help="of a signature before its slot begins")
@click.option("--until", help="until when the last key set is signed again, like 2026-10-01T00:00:00Z; else once")
@click.option(
    "--safety", type=DURATION, default="PT0S", show_default=True, help="the requester's publish and retire safety"
)
@click.option("--serial", type=click.IntRange(0, 2**63 - 1), default=0, show_default=True)
@click.option("--zsk", "zsks", multiple=True, help=f"for proofs of possession: {ZSK_HELP}")
@click.option("--algorithm", type=click.Choice(["RSASHA256", "RSASHA512"]), default="RSASHA256", help="of RSA keys")
@click.option(
    "--proof", type=DURATION, default="P60D", show_default=True, help="how long the proofs are valid, from now"
)
@click.option("--token", "location", help="the PKCS#11 library, or the folder of a software token, that holds ZSKs")
@click.option("--token-serial", help="the serial number of that token; its PIN is asked for")
def ksr_convert_command(
    file: Path,
    into: Path,
    form: str,
    validity: timedelta | None,
    interval: timedelta | None,
    lead: timedelta,
    until: str | None,
    safety: timedelta,
    serial: int,
    zsks: tuple[str, ...],
    algorithm: str,
    proof: timedelta,
    location: str | None,
    token_serial: str | None,
) -> None:
    """Write a key signing request in another form; what the forms do not say is told.

    Requests of BIND's dnssec-ksr and Knot's keymgr carry no proofs of possession, and a ceremony takes none without:
    they are made here, where the ZSKs are. Name every ZSK of the request with --zsk.

    Example: quorate ksr convert ksr.txt ksr.xml --form xml --validity P14D --interval P7D --zsk q4=q4.pem
    """
    from quorate.dnssec.forms import request_in
    from quorate.dnssec.key_text import REQUEST, is_text
    from quorate.dnssec.request import with_proofs
    from quorate.dnssec.unsaid import Unsaid
    from quorate.host import Host
    from quorate.zone_policy import file_octets

    data = file_octets(file)
    if is_text(data) and form in ("bind", "knot"):
        _reword(data, file, into, form, REQUEST)
        return
    end = read_start(until, "--until") if until else None
    for option, length in (("--validity", validity), ("--interval", interval)):
        if length is not None and length <= timedelta():
            raise click.UsageError(f"{option}: name a length of time above nothing, such as P21D")
    read = request_in(data, file.name, Unsaid(validity, interval, end, lead, safety, serial))
    refuse_errors(read.oddities)
    request, proved = read.request, any(bundle.signatures for bundle in read.request.bundles)
    if zsks and proved:
        raise click.UsageError("--zsk: the request has its proofs of possession")
    if zsks:
        now = Host().now().replace(microsecond=0)
        with keys_of(Source(algorithm, location, token_serial), zsks) as keys:
            request = with_proofs(request, tuple(keys.values()), (now, now + proof))
    elif not proved:
        raise Refusal("ksr.form_unproven", file.name)
    write_request(into, request, form, timedelta() if is_text(data) else lead)
    _tell(read.notices)


@click.command("convert")
@click.argument("file", type=FILE)
@click.argument("into", type=NEW)
@form_option
@click.option(
    "--ksr", type=FILE, help="the request that it answers: its ids, names and policy stand where there are none"
)
@click.option(
    "--lead",
    type=DURATION,
    default="PT0S",
    show_default=True,
    help="how long after its signatures begin a slot of the XML is used",
)
def skr_convert_command(file: Path, into: Path, form: str, ksr: Path | None, lead: timedelta) -> None:
    """Write a signed key response in another form; what the forms do not say is told.

    Records and signatures stay as they are, and nothing is judged but whether it answers the request: that is what
    skr check does, with either file.

    Example: quorate skr convert artifacts/main.skr.xml skr.txt --form knot
    """
    from quorate.dnssec.conformity import request_findings
    from quorate.dnssec.forms import drops, response_in, response_to, written
    from quorate.dnssec.key_text import RESPONSE, is_text
    from quorate.host import Host
    from quorate.zone_policy import file_octets

    data = file_octets(file)
    if is_text(data) and form != "xml":
        _reword(data, file, into, form, RESPONSE)
        return
    read = response_to(data, file.name, file_octets(ksr), ksr.name) if ksr else response_in(data, file.name)
    answers = request_findings(read.response, read.request) if read.request else ()
    refuse_errors((*read.oddities, *answers))
    made = written(read.response, form, lead)
    Host().write_once(into, made)
    print_file(into, made)
    _tell((*read.notices, *drops(read.response, form)))


def _reword(data: bytes, file: Path, into: Path, form: str, kind: str) -> None:
    """Text becomes text slot by slot: nothing has to be made up."""
    from quorate.dnssec.key_text import Form, read_text
    from quorate.dnssec.key_text_layout import reworded, write_text
    from quorate.host import Host

    made = write_text(reworded(read_text(data, file.name, kind), Form(form)))
    Host().write_once(into, made)
    print_file(into, made)


def _tell(notices: tuple[Finding, ...]) -> None:
    for line in told(notices):
        click.echo(f"  {visible(line)}")
