"""Key signing requests and signed key responses in IANA's XML. Format: `spec/ksr.md`.

The reader holds a document to the RELAX NG schema of 2010, as tables: every element and attribute known, each as often
as it may be and in its order. All problems are reported at once.
"""

from __future__ import annotations

import base64
import binascii
import itertools
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from typing import NamedTuple, TypeVar

from quorate.dnssec.dnskey import TYPE_DNSKEY, Dnskey
from quorate.dnssec.duration import read_duration, read_utc
from quorate.dnssec.ksr import (
    AlgorithmPolicy,
    Bundle,
    BundleKey,
    BundleSignature,
    Family,
    KeyPolicy,
    Request,
    Response,
)
from quorate.dnssec.name import name_text, wire_name
from quorate.dnssec.rrsig import Rrsig
from quorate.dnssec.xml import Element, parse
from quorate.findings import Finding, Refusal, found, refuse_errors

T = TypeVar("T")
MANY, FEW = 100, 20
"""Of bundles, and of keys or signatures in one: several times what any zone has had."""

LARGEST_TTL = 2**31 - 1  # RFC 2181 8
_BLANK = " \t\r\n"
_IN_IDS = frozenset(chr(one) for one in range(32, 127)) - set("\"&'<>`")


class Shape(NamedTuple):
    """What an element has: attributes (must, may), children in order with how often they stand (least, most)."""

    must: tuple[str, ...] = ()
    may: tuple[str, ...] = ()
    children: tuple[tuple[str, int, int], ...] = ()


def _each(*names: str) -> tuple[tuple[str, int, int], ...]:
    return tuple((name, 1, 1) for name in names)


DURATIONS = (
    "PublishSafety",
    "RetireSafety",
    "MaxSignatureValidity",
    "MinSignatureValidity",
    "MaxValidityOverlap",
    "MinValidityOverlap",
)
_POLICY = Shape(children=(*_each(*DURATIONS), ("SignatureAlgorithm", 1, FEW)))
_TIMES = _each("Inception", "Expiration")
_CONTENT = (("Key", 1, FEW), ("Signature", 1, FEW))
_SIZE = Shape(must=("size",))

SHAPES = {
    "KSR": Shape(("id", "serial", "domain"), (), (("Request", 0, 1), ("Response", 0, 1))),
    "Request": Shape((), ("timestamp",), (("RequestPolicy", 1, 1), ("RequestBundle", 1, MANY))),
    "RequestPolicy": Shape(children=_each("ZSK")),
    "RequestBundle": Shape(("id",), (), (*_TIMES, ("Signer", 0, FEW), *_CONTENT)),
    "Response": Shape((), ("timestamp",), (("ResponsePolicy", 1, 1), ("ResponseBundle", 1, MANY))),
    "ResponsePolicy": Shape(children=_each("KSK", "ZSK")),
    "ResponseBundle": Shape(("id",), (), (*_TIMES, *_CONTENT)),
    "KSK": _POLICY,
    "ZSK": _POLICY,
    "SignatureAlgorithm": Shape(("algorithm",), (), tuple((family.value, 0, 1) for family in Family)),
    "RSA": Shape(must=("size", "exponent")),
    "DSA": _SIZE,
    "ECDSA": _SIZE,
    "EdDSA": _SIZE,
    "Signer": Shape(must=("keyIdentifier",)),
    "Key": Shape(("keyTag",), ("keyIdentifier",), _each("TTL", "Flags", "Protocol", "Algorithm", "PublicKey")),
    "Signature": Shape(
        (),
        ("keyIdentifier",),
        _each(
            "TTL",
            "TypeCovered",
            "Algorithm",
            "Labels",
            "OriginalTTL",
            "SignatureExpiration",
            "SignatureInception",
            "KeyTag",
            "SignersName",
            "SignatureData",
        ),
    ),
}
_CHOICES = {"KSR": "Request or Response", "SignatureAlgorithm": "RSA, DSA, ECDSA or EdDSA"}


_RANKS = {
    element: {name: rank for rank, (name, _, _) in enumerate(shape.children)} for element, shape in SHAPES.items()
}


class Read(NamedTuple):
    """What was read, and the oddities in how it was written: findings that only an exception accepts."""

    value: Request | Response
    oddities: tuple[Finding, ...]


def read_ksr(data: bytes, where: str) -> tuple[Request, tuple[Finding, ...]]:
    """A request with the oddities of its spelling. Raises `ksr.*` with every problem; `ksr.other_kind` for an SKR."""
    value, oddities = read_document(data, where)
    if not isinstance(value, Request):
        raise Refusal("ksr.other_kind", where, kind="a signed key response", wanted="a key signing request")
    return value, oddities


def read_skr(data: bytes, where: str) -> tuple[Response, tuple[Finding, ...]]:
    """A response with the oddities of its spelling. Raises `ksr.*` with every problem; `ksr.other_kind` for a KSR."""
    value, oddities = read_document(data, where)
    if not isinstance(value, Response):
        raise Refusal("ksr.other_kind", where, kind="a key signing request", wanted="a signed key response")
    return value, oddities


def read_document(data: bytes, where: str) -> Read:
    """A request or a response. Raises `ksr.*` with every problem."""
    root = parse(data, where)
    if root.name != "KSR":
        raise Refusal("ksr.structure", where, problem="the outermost element is not KSR", line=root.line)
    refuse_errors(foremost(_shape_findings(root, where), where))
    reader = _Reader(where)
    value = reader.document(root)
    refuse_errors(foremost(reader.problems, where))
    return Read(value, tuple(reader.oddities))


def foremost(findings: Iterable[Finding], where: str) -> tuple[Finding, ...]:
    """As many as people read. Those after them are not even looked for."""
    some = tuple(itertools.islice(findings, MANY + 1))
    return (*some[:MANY], found("ksr.more_problems", where)) if len(some) > MANY else some


# -- structure --------------------------------------------------------------------------------------------------------


def _shape_findings(element: Element, where: str) -> Iterator[Finding]:
    """Where the tree is not as the schema has it. Unknown names are not repeated: they may be anything."""
    shape = SHAPES[element.name]
    for name in shape.must:
        if name not in element.attributes:
            yield _structure(element, where, f"{element.name} has no attribute {name}")
    if set(element.attributes) - {*shape.must, *shape.may}:
        yield _structure(element, where, f"{element.name} has an attribute that is unknown there")
    if element.text and (shape.children or shape.must):
        yield _structure(element, where, f"{element.name} holds text")
    known = _RANKS[element.name]
    ranks = [known[child.name] for child in element.children if child.name in known]
    if len(ranks) < len(element.children):
        yield _structure(element, where, f"{element.name} holds an element that is unknown there")
    if ranks != sorted(ranks):
        yield _structure(element, where, f"the elements of {element.name} are not in their order")
    for rank, (name, least, most) in enumerate(shape.children):
        if not least <= ranks.count(rank) <= most:
            problem = "there is no" if ranks.count(rank) < least else f"there are {ranks.count(rank)} of"
            yield _structure(element, where, f"{problem} {name} in {element.name}")
    if element.name in _CHOICES and len(ranks) != 1:
        yield _structure(element, where, f"{element.name} does not hold one of {_CHOICES[element.name]}")
    for child in element.children:
        if child.name in known and child.name in SHAPES:
            yield from _shape_findings(child, where)
        elif child.name in known and (child.attributes or child.children):
            yield _structure(child, where, f"{child.name} holds more than text")


def _structure(element: Element, where: str, problem: str) -> Finding:
    return found("ksr.structure", where, problem=problem, line=element.line)


def is_identifier(text: str) -> bool:
    """Whether a text can be an id: 1 to 255 printable ASCII characters, none of markup, no blank at either end."""
    return 0 < len(text) <= 255 and text == text.strip(" ") and _IN_IDS.issuperset(text)


# -- values -----------------------------------------------------------------------------------------------------------


class _Reader:
    """Values of a tree that has the schema's structure. A value that cannot be read is a problem and stands as zero."""

    def __init__(self, where: str) -> None:
        self.where = where
        self.problems: list[Finding] = []
        self.oddities: list[Finding] = []

    def document(self, root: Element) -> Request | Response:
        content = root.children[0]
        name, serial = self.identifier(root, "id"), self.number(root, "serial", 2**63 - 1)
        domain = self.name(root, root.attributes["domain"], "domain")
        timestamp = self.moment(content, content.attributes["timestamp"]) if "timestamp" in content.attributes else None
        policies, bundles = content.children[0].children, tuple(self.bundle(one) for one in content.children[1:])
        if content.name == "Request":
            return Request(name, serial, domain, self.policy(policies[0]), bundles, timestamp)
        return Response(name, serial, domain, self.policy(policies[0]), self.policy(policies[1]), bundles, timestamp)

    def policy(self, element: Element) -> KeyPolicy:
        publish, retire, longest, shortest, most, least = (self.duration(one) for one in element.children[:6])
        # one that is stated twice says nothing more, and is stated once in the response
        algorithms = tuple(dict.fromkeys(self.algorithm(child) for child in element.children[6:]))
        return KeyPolicy(publish, retire, longest, shortest, most, least, algorithms)

    def algorithm(self, element: Element) -> AlgorithmPolicy:
        kind = element.children[0]
        number, family = self.number(element, "algorithm", 255), Family(kind.name)
        exponent = self.number(kind, "exponent", 10**20) if family is Family.RSA else 0
        return AlgorithmPolicy(number, family, self.number(kind, "size", 2**16), exponent)

    def bundle(self, element: Element) -> Bundle:
        named: dict[str, list[Element]] = {"Signer": []}
        for child in element.children:
            named.setdefault(child.name, []).append(child)
        return Bundle(
            self.identifier(element, "id"),
            self.moment(named["Inception"][0]),
            self.moment(named["Expiration"][0]),
            tuple(self.key(one) for one in named["Key"]),
            tuple(self.signature(one) for one in named["Signature"]),
            tuple(self.identifier(one, "keyIdentifier") for one in named["Signer"]),
        )

    def key(self, element: Element) -> BundleKey:
        ttl, flags, protocol, algorithm, public_key = element.children
        dnskey = Dnskey(
            self.number(flags, "", 65535),
            self.number(protocol, "", 255),
            self.number(algorithm, "", 255),
            self.octets(public_key),
        )
        identifier, tag = self.identifier(element, "keyIdentifier"), self.number(element, "keyTag", 65535)
        return BundleKey(identifier, tag, self.number(ttl, "", LARGEST_TTL), dnskey)

    def signature(self, element: Element) -> BundleSignature:
        ttl, covered, algorithm, labels, original, expiration, inception, tag, signer, data = element.children
        if covered.text.strip(_BLANK) != "DNSKEY":
            self.problem(covered, "covers another type than DNSKEY")
        rrsig = Rrsig(
            TYPE_DNSKEY,
            self.number(algorithm, "", 255),
            self.number(labels, "", 127),
            self.number(original, "", LARGEST_TTL),
            self.moment(expiration),
            self.moment(inception),
            self.number(tag, "", 65535),
            self.name(signer, signer.text.strip(_BLANK), "signer"),
            self.octets(data),
        )
        return BundleSignature(self.identifier(element, "keyIdentifier"), self.number(ttl, "", LARGEST_TTL), rrsig)

    def identifier(self, element: Element, attribute: str) -> str:
        """An id; empty if the attribute is one that may be left out and was."""
        text = element.attributes.get(attribute)
        if text is not None and not is_identifier(text):
            self.problem(element, f"{attribute} is not 1 to 255 printable characters, none of them of markup")
        return text or ""

    def number(self, element: Element, attribute: str, most: int) -> int:
        text = (element.attributes[attribute] if attribute else element.text).strip(_BLANK)
        what = f"{attribute} " if attribute else ""
        if not (text.isascii() and text.isdigit() and len(text) <= 20) or int(text) > most:
            self.problem(element, f"{what}is not a number from 0 to {most}")
            return 0
        if text != str(int(text)):
            spelled = attribute or element.name
            self.oddities.append(
                found("ksr.number_spelled", self.where, what=spelled, text=text, number=int(text), line=element.line)
            )
        return int(text)

    def duration(self, element: Element) -> timedelta:
        return self.value(element, element.text, read_duration, timedelta(), "is no duration in days and seconds")

    def moment(self, element: Element, text: str | None = None) -> datetime:
        said = element.text if text is None else text
        return self.value(element, said, read_utc, datetime.min, "is no time in UTC, like 2026-10-01T00:00:00Z")

    def value(self, element: Element, text: str, read: Callable[[str], T | None], none: T, problem: str) -> T:
        value = read(text.strip(_BLANK))
        if value is None:
            self.problem(element, problem)
            return none
        return value

    def name(self, element: Element, text: str, what: str) -> str:
        try:
            return name_text(wire_name(text))
        except Refusal:
            self.problem(element, f"{what} is no domain name")
            return "."

    def octets(self, element: Element) -> bytes:
        """Base64, over several lines or one, with its padding and no stray bits (RFC 4648 3.5)."""
        if element.text.isascii():
            text = "".join(element.text.split())  # no other blanks are in ASCII and in XML
            try:
                data = base64.b64decode(text, validate=True)
            except binascii.Error:
                data = b""
            if data and base64.b64encode(data).decode() == text:
                return data
        self.problem(element, "is not base64, or not its one form")
        return b""

    def problem(self, element: Element, problem: str) -> None:
        self.problems.append(found("ksr.value", self.where, what=element.name, problem=problem, line=element.line))
