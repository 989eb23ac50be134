"""Good examples of outside data, damaged: by octets, and by the parts that their format is made of.

Every edit takes the data and a source of chance, and gives other data. Where a part does not lie open (base64, DER in
PEM, canonical JSON) it is taken out, damaged and put back whole, so that the readers behind the first one are met too.
"""

from __future__ import annotations

import base64
import binascii
import functools
import json
import re
from collections.abc import Callable
from random import Random
from typing import Any

from quorate import canonical

Edit = Callable[[bytes, Random], bytes]

ODD_OCTETS = (
    b"\0",
    b"\xff",
    b"\xef\xbb\xbf",
    b"\r\n",
    b"\n\n",
    b"'",
    b'"',
    b"&lt;",
    b"&#0;",
    b"&#x10FFFF;",
    b"]]>",
    b"<!--",
    b"<![CDATA[",
    b"<!DOCTYPE a [<!ENTITY b 'c'>]>",
    b"<?xml version='1.1'?>",
    b"\\ud800",
    b'"\\U0011ffff"',
    b'"\\ud800"',
    b"%YAML " + b"9" * 5000 + b".1\n---\n",
    b"&a ",
    b"*a",
    b"!!python/name:os.system ",
    b"{" * 40,
    b"[" * 2000,
    b"- " * 2000,
    b"a." * 3000,
    b"9" * 5000,
    b"-----BEGIN X-----\n",
    b"\xd8\x00",
    b"\x30\x80",
    b"\x84\xff\xff\xff\xff",
)
ODD_TEXTS = (
    "",
    " ",
    "0",
    "-0",
    "-1",
    "00",
    "1e3",
    "256",
    "65536",
    "4294967296",
    "9223372036854775808",
    "9999999999",
    "9" * 400,
    "9" * 5000,
    "٣",
    "nan",
    "inf",
    "true",
    "null",
    "~",
    '""',
    "[]",
    "{}",
    "[[]]",
    "P0D",
    "P99999D",
    "P999999999D",
    "-P1D",
    "PT999999999S",
    "P1M",
    "1970-01-01T00:00:00Z",
    "2199-12-31T23:59:59Z",
    "0001-01-01T00:00:00Z",
    "9999-12-31T23:59:59Z",
    "2026-02-30T00:00:00Z",
    "2199-12-31T23:59:59+00:00",
    "1970-01-01T00:00:00+00:00",
    "0001-01-01",
    "9999-12-31",
    "1979-05-27T07:32:00",
    "07:32:00",
    ".",
    "..",
    "a..b",
    "\\000.",
    "\\999.",
    "x" * 300,
    "\u202e",
    "e\u0301",
    "\U0010ffff",
    "../../etc/passwd",
    "/dev/zero",
    "AAAA",
    "====",
    '"\\ud800"',
    '"\\u202e"',
    "sha256:" + "0" * 64,
    "RSASHA256",
    "ED448",
    "p-256",
    "ml-dsa-44",
    "rsa-2048",
)
ODD_VALUES: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 1, 2**31, 2**53 - 1, -(2**53) + 1, [], {}, "", "\0", "é", "a\nb", "x" * 5000),
    *(["", ""], [[]], [{}], {"": ""}, {"kind": "issue"}, {"kind": ""}, "999999999", "sha256:" + "0" * 64),
    *("9999-12-31T23:59:59Z", "2027-01-01T00:00:00.000Z", "root", "software", "cross", "ocsp-response"),
)


# -- octets -----------------------------------------------------------------------------------------------------------


def octets(data: bytes, chance: Random) -> bytes:
    """One change that knows nothing of the format: a bit, an octet, a length, a piece gone, twice or elsewhere."""
    at = chance.randint(0, len(data))
    size = min(chance.choice((1, 2, 4, 16, 64, 300)), len(data) - at)
    match chance.randint(0, 8):
        case 0:
            return data[:at] + bytes(one ^ 1 << chance.randint(0, 7) for one in data[at : at + 1]) + data[at + 1 :]
        case 1:
            return data[:at] + bytes([chance.randint(0, 255)]) + data[at + 1 :]
        case 2:
            return data[:at]
        case 3:
            return data[:at] + data[at + size :]
        case 4:
            return data[:at] + data[at : at + size] * chance.choice((2, 3, 50)) + data[at + size :]
        case 5:
            to = chance.randint(0, len(data))
            return data[:to] + data[at : at + size] + data[to:]
        case 6:
            to = chance.randint(0, len(data))
            return data[:to] + data[at : at + size] + data[to + size :]
        case 7:
            number = chance.choice((0, 1, 0x7F, 0x80, 0xFF, 0xFFFF, 0x7FFFFFFF, 0xFFFFFFFF))
            width = chance.choice((1, 2, 4))
            return data[:at] + (number & (1 << 8 * width) - 1).to_bytes(width, "big") + data[at + width :]
    return data[:at] + chance.choice(ODD_OCTETS) + data[at + chance.choice((0, 0, size)) :]


# -- texts ------------------------------------------------------------------------------------------------------------


def parts(pattern: str, change: Edit | None = None) -> Edit:
    """Change what the first group of a pattern matches, at one of its places: for another text, or by `change`."""
    compiled = re.compile(pattern.encode(), re.MULTILINE)

    def edit(data: bytes, chance: Random) -> bytes:
        places = [match.span(1) for match in compiled.finditer(data)]
        if not places:
            return data
        first, last = places[chance.randint(0, len(places) - 1)]
        old = data[first:last]
        if change is not None:
            new = change(old, chance)
        elif chance.randint(0, 2):
            new = chance.choice(ODD_TEXTS).encode()
        else:
            other = chance.choice(places)
            new = data[slice(*other)]
        return data[:first] + new + data[last:]

    return edit


def lines(data: bytes, chance: Random) -> bytes:
    """A line gone, twice, elsewhere, or of another indentation."""
    kept = data.split(b"\n")
    at = chance.randint(0, len(kept) - 1)
    match chance.randint(0, 3):
        case 0:
            del kept[at]
        case 1:
            kept.insert(at, kept[at])
        case 2:
            kept.insert(chance.randint(0, len(kept) - 1), kept.pop(at))
        case _:
            kept[at] = chance.choice((b" ", b"  ", b"\t", b"- ", b"? ", b"#", b"")) + kept[at].lstrip(
                chance.choice((b" ", b""))
            )
    return b"\n".join(kept)


def in_base64(change: Edit, width: int = 0) -> Edit:
    """Change what base64 says, and write it again; in lines of `width`, if it is in lines."""

    def edit(data: bytes, chance: Random) -> bytes:
        try:
            inner = base64.b64decode(data)
        except binascii.Error:
            return octets(data, chance)
        text = base64.b64encode(change(inner, chance))
        return b"\n".join(text[at : at + width] for at in range(0, len(text), width)) if width else text

    return edit


def pem(change: Edit, width: int = 64) -> Edit:
    """Change what a PEM or SSH block holds."""
    return parts(r"^-----BEGIN [^\n]*-----\n((?:[A-Za-z0-9+/=]+\n)*[A-Za-z0-9+/=]+)", in_base64(change, width))


# -- trees ------------------------------------------------------------------------------------------------------------


def json_values(data: bytes, chance: Random) -> bytes:
    """Another value at one place of a canonical document, or of one line of several; canonical again."""
    kept = data.split(b"\n")
    number = chance.randint(0, max(0, len(kept) - 2))
    try:
        value = json.loads(kept[number])
    except (ValueError, RecursionError):
        return octets(data, chance)
    held: list[Any] = [value]
    above, key = _place(held, chance)
    action = chance.randint(0, 5)
    if action <= 2:
        above[key] = chance.choice(ODD_VALUES)
    elif action == 3:
        other, place = _place(held, chance)
        above[key] = other[place]
    elif action == 4 and isinstance(above, dict):
        del above[key]
    elif isinstance(above, dict):
        above[chance.choice(("", "kind", "id", "new", "é"))] = chance.choice(ODD_VALUES)
    else:
        above.insert(key, above[key])
    try:
        kept[number] = canonical.encode(held[0])
    except (TypeError, ValueError, RecursionError):
        return octets(data, chance)
    return b"\n".join(kept)


def _place(held: list[Any], chance: Random) -> tuple[Any, Any]:
    """A place in a tree, reached from above: each level is as likely as the one below it."""
    above, key = held, 0
    while isinstance(above[key], (dict, list)) and above[key] and chance.randint(0, 4):
        inner = above[key]
        above, key = inner, chance.choice(list(inner) if isinstance(inner, dict) else range(len(inner)))
    return above, key


def der(data: bytes, chance: Random) -> bytes:
    """Another element at one place of a DER structure, every length around it made to fit."""
    path, inner = [], data
    while (elements := _elements(inner)) and (not path or chance.randint(0, 4)):
        at = chance.randint(0, len(elements) - 1)
        path.append((elements, at))
        inner = elements[at][1]
    if not path:
        return octets(data, chance)
    elements, at = path.pop()
    changed = list(elements)
    tag, content = changed[at]
    match chance.randint(0, 5):
        case 0:
            changed[at] = (tag, octets(content, chance))
        case 1:
            changed[at] = (
                chance.choice((1, 2, 3, 4, 5, 6, 10, 12, 19, 22, 23, 24, 48, 49, 128, 160, 163, 191)),
                content,
            )
        case 2:
            del changed[at]
        case 3:
            changed.insert(at, changed[at])
        case 4:
            changed[at] = (tag, chance.choice((b"", b"\0", b"\xff" * 9, b"\x80", b"991231235959Z", b"00000000000000Z")))
        case _:
            changed[at] = changed[chance.randint(0, len(changed) - 1)]
    whole = b"".join(_element(*one) for one in changed)
    for elements, at in reversed(path):
        whole = b"".join(_element(tag, whole if n == at else content) for n, (tag, content) in enumerate(elements))
    return whole


@functools.lru_cache(maxsize=4096)
def _elements(data: bytes) -> tuple[tuple[int, bytes], ...]:
    """The elements of which data is made; none if it is not made of elements."""
    found, at = [], 0
    while at < len(data):
        if at + 2 > len(data) or data[at] & 0x1F == 0x1F:
            return ()
        tag, length, at = data[at], data[at + 1], at + 2
        if length >= 0x80:
            count = length & 0x7F
            length, at = int.from_bytes(data[at : at + count], "big"), at + count
        if at + length > len(data):
            return ()
        found.append((tag, data[at : at + length]))
        at += length
    return tuple(found)


def _element(tag: int, content: bytes) -> bytes:
    size = len(content)
    if size < 0x80:
        return bytes([tag, size]) + content
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(length)]) + length + content
