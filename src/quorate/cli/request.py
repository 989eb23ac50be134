"""Commands about key signing requests: make."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from quorate.cli.anchor import print_file, read_passphrase, visible
from quorate.findings import Refusal

if TYPE_CHECKING:
    from quorate.dnssec.keyfile import KeyPair
    from quorate.dnssec.ksr import Request, Response
    from quorate.token import Token

NEW = click.Path(path_type=Path)
GIVEN = click.Path(exists=True, dir_okay=False, path_type=Path)
ALL = "all"


class Duration(click.ParamType[timedelta]):
    """A length of time such as P21D or PT12H."""

    name = "duration"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> timedelta:
        from quorate.dnssec.duration import read_duration

        if isinstance(value, timedelta):
            return value
        length = read_duration(str(value))
        if length is None:
            self.fail(f"{value!r} is no duration like P21D", param, ctx)
        return length


DURATION = Duration()
FORMS = click.Choice(["xml", "bind", "knot", "lines"])
ZSK_HELP = "NAME=FILE, a private key in PEM or BIND's .private; or NAME=token:ID, a key's object id in hexadecimal"


@click.command("make")
@click.argument("file", type=NEW)
@click.option("--zone", default=".", show_default=True, help="the zone's name, with its final dot")
@click.option("--start", required=True, help="when the first slot begins, like 2026-10-01T00:00:00Z")
@click.option("--slots", type=click.IntRange(1, 100), default=9, show_default=True)
@click.option("--interval", type=DURATION, default="P10D", show_default=True, help="between the slots' beginnings")
@click.option("--last-interval", type=DURATION, help="between the last two, if it is another one")
@click.option("--validity", type=DURATION, default="P21D", show_default=True, help="of the signatures asked for")
@click.option("--ttl", type=click.IntRange(0, 2**31 - 1), default=172800, show_default=True, help="seconds")
@click.option("--zsk", "current", multiple=True, required=True, help=ZSK_HELP)
@click.option("--zsk-before", "before", multiple=True, help="still published in the first slot; likewise")
@click.option("--zsk-next", "following", multiple=True, help="published from the last slot on; likewise")
@click.option("--algorithm", type=click.Choice(["RSASHA256", "RSASHA512"]), default="RSASHA256", help="of RSA keys")
@click.option(
    "--proof", type=DURATION, default="P60D", show_default=True, help="how long the proofs are valid, from now"
)
@click.option("--serial", type=click.IntRange(0, 2**63 - 1), default=0, show_default=True)
@click.option("--token", "location", help="the PKCS#11 library, or the folder of a software token, that holds ZSKs")
@click.option("--token-serial", help="the serial number of that token; its PIN is asked for")
@click.option(
    "--form",
    type=FORMS,
    default="xml",
    show_default=True,
    help="IANA's XML; text for dnssec-ksr or keymgr, without proofs; or plain records",
)
@click.option(
    "--faulty", metavar="NAME", help="for training: with that fault, or all into the folder FILE, each by name"
)
@click.option("--previous", type=GIVEN, help="with --faulty, the response that it follows: for faults of the chain")
def ksr_make_command(
    file: Path,
    zone: str,
    start: str,
    slots: int,
    interval: timedelta,
    last_interval: timedelta | None,
    validity: timedelta,
    ttl: int,
    current: tuple[str, ...],
    before: tuple[str, ...],
    following: tuple[str, ...],
    algorithm: str,
    proof: timedelta,
    serial: int,
    location: str | None,
    token_serial: str | None,
    form: str,
    faulty: str | None,
    previous: Path | None,
) -> None:
    """Make a key signing request from a zone's ZSKs: every slot with its keys, each key with its proof of possession.

    The defaults are the root's calendar: nine slots ten days apart, each valid for 21 days.

    Example: quorate ksr make ksr.xml --start 2026-10-01T00:00:00Z --zsk q4=q4.pem --zsk-next q1=q1.pem
    """
    from quorate.dnssec.request import Calendar, Turns, make_request, terms_of
    from quorate.dnssec.training import Workshop
    from quorate.host import Host

    if faulty is not None and form != "xml":
        raise click.UsageError("--faulty makes XML only")
    if previous is not None and faulty is None:
        raise click.UsageError("--previous is for --faulty")
    begins, host = read_start(start, "--start"), Host()
    with keys_of(Source(algorithm, location, token_serial), (*current, *before, *following)) as keys:
        pairs = [tuple(keys[one] for one in named) for named in (current, before, following)]
        calendar = Calendar(begins, slots, interval, validity, last_interval)
        now = host.now().replace(microsecond=0)
        until = (now, now + proof)
        zsks = Turns(*pairs).slots(slots)
        request = make_request(zone, calendar, zsks, terms_of(calendar, ttl), until, host.random, serial)
        if faulty is None:
            write_request(file, request, form)
        else:
            held = tuple(pair for some in pairs for pair in some)
            _write_faulty(file, faulty, Workshop(request, held, until, _before(previous)))


def read_start(text: str, option: str) -> datetime:
    """The moment that an option names; anything else is wrong use."""
    from quorate.strict import read_moment

    moment = read_moment(text)
    if moment is None:
        raise click.UsageError(f"{option}: {text!r} is no moment like 2026-10-01T00:00:00Z")
    return moment


@dataclass(frozen=True)
class Source:
    """Where ZSKs come from beside files."""

    algorithm: str
    location: str | None
    serial: str | None


@contextmanager
def keys_of(source: Source, named: tuple[str, ...]) -> Iterator[dict[str, KeyPair]]:
    """Every named ZSK; the token stays logged in until the request is made."""
    parts = {one: one.partition("=") for one in named}
    names = [parts[one][0] for one in named]
    if wrong := next((one for one, (name, _, place) in parts.items() if not name or not place), None):
        raise click.UsageError(f"{wrong!r}: write NAME=FILE or NAME=token:ID")
    if len(set(names)) != len(names):
        raise click.UsageError("each ZSK has a name of its own")
    on_token = any(place.startswith("token:") for _, _, place in parts.values())
    if on_token != bool(source.location and source.serial):
        raise click.UsageError("a ZSK on a token needs --token and --token-serial, and they are for such a ZSK only")
    token = _unlocked(source) if on_token else None
    try:
        yield {one: _pair(name, place, source, token) for one, (name, _, place) in parts.items()}
    finally:
        if token is not None:
            token.close()


def _pair(name: str, place: str, source: Source, token: Token | None) -> KeyPair:
    from quorate.dnssec.dnskey import ZSK_FLAGS, Algorithm
    from quorate.dnssec.keyfile import key_pair, read_key

    rsa = Algorithm[source.algorithm]
    if token is not None and place.startswith("token:"):
        from quorate.token.zonekey import zone_key

        try:
            object_id = bytes.fromhex(place.removeprefix("token:"))
        except ValueError:
            raise click.UsageError(f"{place!r}: an object id is hexadecimal") from None
        return zone_key(token, object_id, name, ZSK_FLAGS, rsa)
    path = Path(place)
    data = path.read_bytes()
    passphrase = read_passphrase(path) if b"ENCRYPTED" in data else None
    return key_pair(read_key(data, passphrase, path.name), name, ZSK_FLAGS, rsa)


def _unlocked(source: Source) -> Token:
    from quorate.host import Host, wipe
    from quorate.token import Login
    from quorate.token.opening import open_token

    assert source.location is not None
    assert source.serial is not None
    kind = "software" if Path(source.location).is_dir() else "pkcs11"
    token = open_token("software" if kind == "software" else "pkcs11", source.location, source.serial)
    pin = Host().read_secret(f"user PIN of token {source.serial}: ", 0)
    try:
        token.login(Login.USER, pin)
    except Refusal:
        token.close()
        raise
    finally:
        wipe(pin)
    return token


def write_request(file: Path, request: Request, form: str, lead: timedelta = timedelta()) -> None:
    """Write a request once, in a form; what is printed is what people compare, and what the form leaves out."""
    from quorate.cli.skr import told
    from quorate.dnssec.forms import drops, written
    from quorate.dnssec.table import rows
    from quorate.host import Host

    data = written(request, form, lead)
    Host().write_once(file, data)
    print_file(file, data)
    for line in (*rows(request.domain, request.bundles), *told(drops(request, form))):
        click.echo(f"  {visible(line)}")


def _before(previous: Path | None) -> Response | None:
    from quorate.dnssec.forms import response_in
    from quorate.dnssec.xml import LARGEST_DOCUMENT

    if previous is None:
        return None
    with previous.open("rb") as opened:
        return response_in(opened.read(LARGEST_DOCUMENT + 1), previous.name).response


def _write_faulty(file: Path, name: str, shop: object) -> None:
    from quorate.dnssec.ksr_layout import write_ksr
    from quorate.dnssec.training import NEEDS, Workshop, faulty_requests
    from quorate.host import Host

    assert isinstance(shop, Workshop)
    made, host = {one.name: one for one in faulty_requests(shop)}, Host()
    if name != ALL and name not in made:
        if name in NEEDS:
            raise Refusal("ksr.fault_needs", name=name, needs=NEEDS[name])
        known = dict.fromkeys((ALL, *made, *NEEDS))
        raise Refusal("ksr.fault_unknown", name=name, known=", ".join(known))
    if name == ALL:
        host.make_folder(file)
    for one in made.values() if name == ALL else (made[name],):
        path = file / f"{one.name}.xml" if name == ALL else file
        host.write_once(path, write_ksr(one.request))
        click.echo(f"{path}: {one.wrong}; {one.check} must find it, {one.code}")
