"""Two objects side by side: which fields differ, and how. Floor 2. Field names as in `spec/templates.md`."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from typing import NamedTuple

from quorate.findings import Refusal
from quorate.inspection import SECOND, fields, kind_of, spki_of
from quorate.script import Script
from quorate.script.text import render
from quorate.x509.crl import serial_text
from quorate.x509.csr import Request
from quorate.x509.draft import Kind
from quorate.x509.facts import CertificateFacts, CrlFacts
from quorate.x509.fields import CrlEntry
from quorate.x509.object import Object, PublicKey, Response
from quorate.x509.template import open_difference


class Difference(NamedTuple):
    """A field that differs, with what it says in each of the two; "" where it is absent."""

    field: str
    first: str
    second: str


def differences(first: Object, second: Object) -> tuple[Difference, ...]:
    """Every difference in the order of the structure. Raises `x509.kinds_differ` for what has no field in common.

    Certificates and CRLs are compared with their like, drafts or finished; a signature counts where both have one. A
    request is compared with a certificate by subject and key, a public key with anything by the key.
    """
    match first, second:
        case CertificateFacts(), CertificateFacts():
            return tuple(_of_one_kind("certificate", first, second))
        case CrlFacts(), CrlFacts():
            return tuple(_of_one_kind("crl", first, second))
        case (Request(), Request()) | (Response(), Response()):
            return tuple(_by_name(first, second))
        case (Request(), CertificateFacts()) | (CertificateFacts(), Request()):
            return tuple(one for one in _by_name(first, second) if one.field in ("subject", "spki"))
        case (PublicKey(), _) | (_, PublicKey()) if spki_of(first) and spki_of(second):
            return tuple(one for one in _by_name(first, second) if one.field == "spki")
    raise Refusal("x509.kinds_differ", first=kind_of(first), second=kind_of(second))


def _of_one_kind(
    kind: Kind, first: CertificateFacts | CrlFacts, second: CertificateFacts | CrlFacts
) -> Iterator[Difference]:
    said = ({one.name: one.text for one in fields(first)}, {one.name: one.text for one in fields(second)})
    for name in open_difference(first.tbs, second.tbs, kind):
        if name == "entries" and isinstance(first, CrlFacts) and isinstance(second, CrlFacts):
            yield from _entries(first, second)
        elif name == "extension-order":
            yield Difference(name, *(", ".join(list(one)) for one in said))
        else:
            yield _told(name, said[0].get(_FIELD.get(name, name), ""), said[1].get(_FIELD.get(name, name), ""))
    if first.signature and second.signature and first.signature != second.signature:
        yield Difference("signature", first.signature.hex(), second.signature.hex())


_FIELD = {"issuer-unique-id": "unique-id", "subject-unique-id": "unique-id"}


def _told(name: str, first: str, second: str) -> Difference:
    if first == second:
        return Difference(name, f"{first}, encoded in one way", f"{second}, encoded in another")
    return Difference(name, first, second)


def _entries(first: CrlFacts, second: CrlFacts) -> Iterator[Difference]:
    """One difference for each serial that came, went or changed; the order by itself if nothing else differs."""
    left, right = ({entry.serial: entry for entry in crl.entries} for crl in (first, second))
    found = 0
    for serial in dict.fromkeys((*left, *right)):
        one, other = left.get(serial), right.get(serial)
        if one != other:
            found += 1
            yield Difference(f"entry {serial_text(serial)}", _entry(one), _entry(other))
    if not found:
        yield Difference("entries", f"{len(first.entries)}, in one order or form", f"{len(second.entries)}, in another")


def _entry(entry: CrlEntry | None) -> str:
    return f"{entry.date.strftime(SECOND)} {entry.reason or 'without reason'}" if entry else ""


def _by_name(first: Object, second: Object) -> Iterator[Difference]:
    left, right = ({one.name: one for one in fields(it)} for it in (first, second))
    for name in dict.fromkeys((*left, *right)):
        one, other = left.get(name), right.get(name)
        if (one and one.value) != (other and other.value):
            yield _told(name, one.text if one else "", other.text if other else "")


def script_differences(first: Script, second: Script) -> tuple[str, ...]:
    """The printed lines that went (-) and came (+), each run under its line numbers; else what is not printed."""
    texts = (render(first).splitlines(), render(second).splitlines())
    lines = tuple(difflib.unified_diff(*texts, n=0, lineterm=""))[2:]  # without two lines that name files
    if lines:
        return lines
    unseen = [name for name in first.__struct_fields__ if getattr(first, name) != getattr(second, name)]
    return tuple(f"not printed, and different: {name}" for name in unseen)
