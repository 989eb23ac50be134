"""Domain names in canonical wire form: absolute, uncompressed, lower case (RFC 1035 3.1, RFC 4034 6.2)."""

from __future__ import annotations

import functools

from quorate.findings import Refusal

ROOT = b"\0"
LONGEST_NAME, LONGEST_LABEL = 255, 63
LONGEST_SHOWN, MOST_SHOWN = 60, 4096
_QUOTED = b'.\\"();@$'


@functools.lru_cache(maxsize=256)  # a zone's own name stands in every record
def wire_name(text: str) -> bytes:
    """The canonical wire form of a name as people write it: `.`, `example.`, with escapes as in RFC 1035 5.1.

    A missing final dot is added: names here are never relative. Raises `dnssec.name_unusable`.
    """
    labels = _labels(text)
    wire = b"".join(bytes([len(label)]) + label for label in labels) + ROOT
    if len(wire) > LONGEST_NAME:
        raise Refusal("dnssec.name_unusable", name=shown(text), detail=f"it is longer than {LONGEST_NAME} octets")
    return wire.lower()


@functools.lru_cache(maxsize=256)
def name_text(wire: bytes) -> str:
    """A canonical wire name as text, always with its final dot. Raises `dnssec.name_unusable`."""
    return "".join(_escaped(label) + "." for label in wire_labels(wire)) or "."


@functools.lru_cache(maxsize=256)
def wire_labels(wire: bytes) -> tuple[bytes, ...]:
    """The labels of a wire name, without the root's empty one. Raises `dnssec.name_unusable`."""
    labels, at = [], 0
    while at < len(wire) and wire[at]:
        size = wire[at]
        labels.append(wire[at + 1 : at + 1 + size])
        at += 1 + size
        if size > LONGEST_LABEL or len(labels[-1]) != size:
            break
    else:
        if at == len(wire) - 1 and len(wire) <= LONGEST_NAME:
            return tuple(labels)
    raise Refusal("dnssec.name_unusable", name=wire[:40].hex(), detail="it is not one whole name in wire form")


def label_count(wire: bytes) -> int:
    """The Labels field of an RRSIG over this owner: neither the root nor a leading `*` counts (RFC 4034 3.1.3)."""
    labels = wire_labels(wire)
    return len(labels) - (labels[:1] == (b"*",))


def shown(text: str) -> str:
    """Foreign text for a message: short, printable ASCII, nothing that markup or a terminal could read.

    Of a longer one both ends: the identifiers of a zone's keys may differ in their last letters alone.
    """
    kept = text[:MOST_SHOWN].encode("ascii", "backslashreplace").decode()
    kept = kept if len(kept) <= LONGEST_SHOWN else f"{kept[:28]}...{kept[-29:]}"
    return "".join(one if one.isprintable() and one not in "<>&\"'`" else "?" for one in kept)


def _labels(text: str) -> list[bytes]:
    if text == ".":
        return []
    labels, label, at = [], bytearray(), 0
    while at < len(text):
        octet, at = _unit(text, at)
        if octet is None:
            labels.append(bytes(label))
            label.clear()
        else:
            label.append(octet)
    if label or not text:
        labels.append(bytes(label))
    if wrong := next((one for one in labels if not 1 <= len(one) <= LONGEST_LABEL), None):
        detail = f"a label has {len(wrong)} octets"
        raise Refusal("dnssec.name_unusable", name=shown(text), detail=detail)
    if b"" in labels:
        raise Refusal("dnssec.name_unusable", name=shown(text), detail="a label is empty")
    return labels


def _unit(text: str, at: int) -> tuple[int | None, int]:
    """The octet that the text means from `at` on, None for a dot between labels, and where the next one begins."""
    one = text[at]
    if one == ".":
        return None, at + 1
    if one == "\\":
        digits = text[at + 1 : at + 4]
        if len(digits) == 3 and digits.isascii() and digits.isdigit() and int(digits) < 256:
            return int(digits), at + 4
        one, at = text[at + 1 : at + 2], at + 1
        if one.isdigit():
            one = ""
    if not "!" <= one <= "~" or len(one) != 1:
        raise Refusal("dnssec.name_unusable", name=shown(text), detail="it holds a character that no name holds")
    return ord(one), at + 1


def _escaped(label: bytes) -> str:
    return "".join(
        f"\\{chr(one)}" if one in _QUOTED else chr(one) if 33 <= one <= 126 else f"\\{one:03d}" for one in label
    )
