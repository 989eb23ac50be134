"""Records in presentation format, read strictly, each with the line it begins on (RFC 1035 5.1, RFC 4034 2.2, 3.2).

What depends on a reader's state is refused: relative names, names and TTLs that are left out, `$` lines. So a record
means the same wherever it stands. Nothing of a file is repeated in a problem.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import NamedTuple

from quorate.dnssec.dnskey import Dnskey
from quorate.dnssec.name import name_text, wire_name
from quorate.dnssec.rrsig import Rrsig
from quorate.findings import Refusal

LONGEST_LINE, MOST_TOKENS = 8192, 400
LARGEST_TTL = 2**31 - 1  # RFC 2181 8
TYPES = {"DNSKEY": 48, "CDS": 59, "CDNSKEY": 60}
_TOKEN = re.compile(r'(;.*)|([()])|((?:\\.|[^ \t();"\\])+)|[ \t]+')
_NUMBER = re.compile(r"0|[1-9][0-9]{0,9}")


class Odd(Exception):
    """Something that is not as it should be, in words that hold nothing of the file."""


class Line(NamedTuple):
    """One line of meaning, from `number` on: a comment that stands alone, as it is; or the tokens of a record."""

    number: int
    comment: str
    tokens: tuple[str, ...]
    problem: str = ""


class Record(NamedTuple):
    """A record of class IN. `owner` is canonical text; `fields` is its data as tokens."""

    owner: str
    ttl: int
    kind: str
    fields: tuple[str, ...]


def lines_of(data: bytes) -> Iterator[Line]:
    """The lines of a text, those in parentheses as one; a problem stands for the line that has it."""
    begun, tokens, depth, indented = 0, list[str](), 0, False
    for number, raw in enumerate(data.split(b"\n"), 1):
        line = raw.decode("latin-1")
        if not depth:
            begun, tokens, indented = number, [], line[:1] in (" ", "\t")
        try:
            if not depth and line.startswith(";"):
                yield Line(number, _plain(line), ())
                continue
            more, depth = _tokens(line, depth)
            tokens += more
            if len(tokens) > MOST_TOKENS:
                raise Odd("a record has too many parts")
            if indented and tokens:
                raise Odd("a record does not begin with its name")
            if not depth and tokens:
                yield Line(begun, "", tuple(tokens))
        except Odd as odd:
            yield Line(number, "", (), str(odd))
            depth = 0
    if depth:
        yield Line(begun, "", (), "a parenthesis is not closed")


def _plain(line: str) -> str:
    if len(line) > LONGEST_LINE:
        raise Odd(f"it has more than {LONGEST_LINE} characters")
    if not all(" " <= one <= "~" or one == "\t" for one in line):
        raise Odd("it has a character that is not printable ASCII")
    return line


def _tokens(line: str, depth: int) -> tuple[list[str], int]:
    tokens, at = [], 0
    _plain(line)
    while at < len(line):
        match = _TOKEN.match(line, at)
        if match is None:
            raise Odd("it has a quotation mark, or a backslash with nothing behind it")
        if match[2]:
            depth += 1 if match[2] == "(" else -1
            if depth not in (0, 1):
                raise Odd("its parentheses are not in pairs")
        elif match[3]:
            tokens.append(match[3])
        at = match.end()
    return tokens, depth


def record_of(tokens: tuple[str, ...]) -> Record:
    """The record of a line's tokens: name, TTL, IN or nothing, type, data. Raises `Odd`."""
    owner, rest = tokens[0], list(tokens[1:])
    if owner.startswith("$"):
        raise Odd("a line for a reader of zones has no place here")
    if not owner.endswith("."):
        raise Odd("its name is not absolute")
    name = canonical_name(owner)
    ttl = number(rest.pop(0) if rest else "", LARGEST_TTL, "TTL")
    if rest and rest[0] == "IN":
        rest.pop(0)
    if not rest or not re.fullmatch(r"[A-Z][A-Z0-9]{0,15}", rest[0]):
        raise Odd("it is no record of class IN with a name, a TTL and a type")
    return Record(name, ttl, rest[0], tuple(rest[1:]))


def canonical_name(text: str) -> str:
    """A name in canonical text. Raises `Odd`."""
    try:
        return name_text(wire_name(text))
    except Refusal:
        raise Odd("a name in it cannot be read") from None


def number(text: str, most: int, what: str) -> int:
    """Decimal digits without leading zeros. Raises `Odd`."""
    if not _NUMBER.fullmatch(text) or int(text) > most:
        raise Odd(f"its {what} is no number from 0 to {most}")
    return int(text)


def moment(text: str) -> datetime | None:
    """A time of 14 digits, UTC (RFC 4034 3.2), from 1970 to 2106; None for any other text."""
    if not re.fullmatch(r"[0-9]{14}", text):
        return None
    try:
        made = datetime.strptime(text, "%Y%m%d%H%M%S").replace(tzinfo=UTC)
    except ValueError:
        return None
    return made if 0 <= made.timestamp() < 2**32 else None


def moment_text(at: datetime) -> str:
    """`20261001000000`."""
    return f"{at:%Y%m%d%H%M%S}"


def dnskey_of(fields: tuple[str, ...]) -> Dnskey:
    """The data of a DNSKEY or CDNSKEY record. Raises `Odd`."""
    if len(fields) < 4:
        raise Odd("it has too few parts for a key")
    flags, protocol, algorithm = number(fields[0], 65535, "flags"), *(number(one, 255, "number") for one in fields[1:3])
    return Dnskey(flags, protocol, algorithm, _octets(fields[3:]))


def rrsig_of(fields: tuple[str, ...]) -> Rrsig:
    """The data of an RRSIG over one of `TYPES`. Raises `Odd`."""
    if len(fields) < 9 or fields[0] not in TYPES:
        raise Odd("it is no signature over DNSKEY, CDS or CDNSKEY records")
    algorithm, labels = (number(one, 255, "number") for one in fields[1:3])
    ttl, tag = number(fields[3], LARGEST_TTL, "original TTL"), number(fields[6], 65535, "key tag")
    expiration, inception = (moment(one) for one in fields[4:6])
    if expiration is None or inception is None:
        raise Odd("a time in it is not written with 14 digits")
    if not fields[7].endswith("."):
        raise Odd("its signer's name is not absolute")
    signer, signature = canonical_name(fields[7]), _octets(fields[8:])
    return Rrsig(TYPES[fields[0]], algorithm, labels, ttl, expiration, inception, tag, signer, signature)


def check_cds(fields: tuple[str, ...]) -> None:
    """Whether the data of a CDS record can be read. Raises `Odd`."""
    if len(fields) < 4 or not re.fullmatch(r"(?:[0-9A-Fa-f]{2})+", "".join(fields[3:])):
        raise Odd("it is no CDS record")
    number(fields[0], 65535, "key tag")
    for one in fields[1:3]:
        number(one, 255, "number")


def _octets(parts: tuple[str, ...]) -> bytes:
    """Base64 of RFC 4648 4, with its padding and no stray bits."""
    text = "".join(parts)
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        data = b""
    if not data or base64.b64encode(data).decode() != text:
        raise Odd("its Base64 cannot be read")
    return data
