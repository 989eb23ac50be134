"""Key signing requests and signed key responses as text: BIND's, Knot's, and plain records. Format: `spec/key-text.md`.

Every form is a sequence of slots, each a line that begins with `;;` and says when, then records in presentation format;
a last such line ends it. What a form does not carry is not made up here: see `unsaid`.
"""

from __future__ import annotations

import enum
import re
from datetime import UTC, datetime

import msgspec

from quorate.dnssec import zone_text
from quorate.dnssec.dnskey import TYPE_DNSKEY
from quorate.dnssec.ksr import BundleKey, BundleSignature
from quorate.dnssec.ksr_xml import FEW, MANY, foremost
from quorate.dnssec.xml import LARGEST_DOCUMENT
from quorate.dnssec.zone_text import Line, Odd, Record
from quorate.findings import Finding, Refusal, found, refuse_errors

REQUEST, RESPONSE = "KeySigningRequest", "SignedKeyResponse"
KINDS = {REQUEST: "a key signing request", RESPONSE: "a signed key response"}


class Form(enum.StrEnum):
    """A text form, by the tool that reads and writes it; `lines` is our own, of plain records."""

    BIND = "bind"
    KNOT = "knot"
    LINES = "lines"

    @property
    def described(self) -> str:
        return {Form.BIND: "dnssec-ksr's form", Form.KNOT: "keymgr's form", Form.LINES: "the form of plain records"}[
            self
        ]


class TextSlot(msgspec.Struct, frozen=True):
    """One slot: from when the server uses it; until when it is signed for, if the form says so; and its records.

    Tags are computed and identifiers empty, since no form has either. `parents`: how many CDS and CDNSKEY records and
    signatures over them stand there.
    """

    begins: datetime
    ends: datetime | None
    keys: tuple[BundleKey, ...]
    signatures: tuple[BundleSignature, ...]
    parents: int = 0
    line: int = 0


class KeyText(msgspec.Struct, frozen=True):
    """A whole file. `zone` is the owner of every record, in canonical text."""

    form: Form
    kind: str
    zone: str
    slots: tuple[TextSlot, ...]

    @property
    def is_response(self) -> bool:
        return self.kind == RESPONSE


_COMMENT = re.compile(rf";; ({REQUEST}|{RESPONSE}) (1\.0|lines) (.+)")
_SAID = r"(?: \([ -'*-~]{1,60}\))?"
_HEADS = {
    Form.BIND: re.compile(rf"([0-9]{{14}}){_SAID}"),
    Form.KNOT: re.compile(rf"([0-9]{{1,10}}){_SAID} =+"),
    Form.LINES: re.compile(r"([0-9]{14}) ([0-9]{14})"),
}
_ENDS = {"1.0": re.compile(r"generated at .{1,80} by .{1,80}"), "lines": re.compile("end")}


class _Head(msgspec.Struct, frozen=True):
    """What a line of comment says: `begins` is None for the last one."""

    kind: str
    version: str
    form: Form | None = None
    begins: datetime | None = None
    ends: datetime | None = None


def is_text(data: bytes) -> bool:
    """Whether a file is to be read as text: every form begins with a semicolon, and no XML does."""
    return data[:1] == b";"


def read_text(data: bytes, where: str, kind: str) -> KeyText:
    """A file of the wanted `kind`. Raises `ksr.*` with every problem; `ksr.other_kind` for one of the other kind."""
    if len(data) > LARGEST_DOCUMENT:
        raise Refusal("ksr.too_large", where, octets=len(data), most=LARGEST_DOCUMENT)
    first = _first_head(data, where)
    if first.kind != kind:
        raise Refusal("ksr.other_kind", where, kind=KINDS[first.kind], wanted=KINDS[kind])
    reader = _Reader(where, first)
    for line in zone_text.lines_of(data):
        reader.take(line)
    text = reader.text()
    refuse_errors(foremost(reader.problems, where))
    return text


def _first_head(data: bytes, where: str) -> _Head:
    """The first line, which says what the file is."""
    line = next(zone_text.lines_of(data))
    try:
        head = _head(line.comment)
    except Odd as odd:
        raise Refusal("ksr.text_form", where, problem=str(odd)) from None
    if head.form is None:
        raise Refusal("ksr.text_form", where, problem="it ends before its first slot")
    return head


def _head(comment: str) -> _Head:
    """The meaning of a comment that stands alone. Raises `Odd`: none but these has a place."""
    match = _COMMENT.fullmatch(comment)
    if match is None:
        raise Odd("this comment is no head of a slot in any form that is known here")
    kind, version, rest = match.groups()
    if _ENDS[version].fullmatch(rest):
        return _Head(kind, version)
    for form, pattern in _HEADS.items():
        said = pattern.fullmatch(rest)
        if said and (form is Form.LINES) == (version == "lines"):
            times = [_moment(form, one) for one in said.groups()]
            return _Head(kind, version, form, times[0], times[1] if form is Form.LINES else None)
    raise Odd("the head of a slot says no time in a form that is known here")


def _moment(form: Form, text: str) -> datetime:
    if form is Form.KNOT:
        if int(text) >= 2**32 or text != str(int(text)):
            raise Odd("a time is no number of seconds since 1970")
        return datetime.fromtimestamp(int(text), UTC)
    made = zone_text.moment(text)
    if made is None:
        raise Odd("a time is not written with 14 digits")
    return made


class _Open:
    """A slot that is being read."""

    def __init__(self, head: _Head, line: int) -> None:
        self.head, self.line, self.parents = head, line, 0
        self.keys: list[BundleKey] = []
        self.signatures: list[BundleSignature] = []


class _Reader:
    """Lines become slots; whatever is odd becomes a problem with its line."""

    def __init__(self, where: str, first: _Head) -> None:
        assert first.form is not None
        self.where, self.form, self.kind, self.zone = where, first.form, first.kind, ""
        self.slots: list[_Open] = []
        self.problems: list[Finding] = []
        self.ended = False

    def take(self, line: Line) -> None:
        try:
            if line.problem:
                raise Odd(line.problem)
            if self.ended:
                raise Odd("it stands behind the line that ends the file")
            if line.comment:
                self.begin(_head(line.comment), line.number)
            else:
                self.record(zone_text.record_of(line.tokens))
        except Odd as odd:
            self.problem(line.number, str(odd))

    def problem(self, line: int, problem: str) -> None:
        self.problems.append(found("ksr.text_line", self.where, line=line, problem=problem))

    def begin(self, head: _Head, line: int) -> None:
        if head.kind != self.kind:
            raise Odd("request and response are mixed")
        if head.form is None:
            if (head.version == "lines") != (self.form is Form.LINES):
                raise Odd("it ends in another form than it began")
            self.ended = True
            return
        if head.form is not self.form:
            raise Odd("it goes on in another form than it began")
        assert head.begins is not None
        before = self.slots[-1].head.begins if self.slots else None
        self.slots.append(_Open(head, line))
        twice = self.form is Form.BIND and self.kind == RESPONSE  # dnssec-ksr signs a set once more when it goes
        if before is not None and (head.begins < before or (head.begins == before and not twice)):
            raise Odd("the slot does not begin after the one before")
        if len(self.slots) > MANY:
            raise Odd(f"there are more than {MANY} slots")

    def record(self, record: Record) -> None:
        slot = self.slots[-1]  # the first line is a head, else nothing is read
        self.zone = self.zone or record.owner
        if record.owner != self.zone:
            raise Odd("its owner is not that of the records before")
        match record.kind:
            case "DNSKEY":
                dnskey = zone_text.dnskey_of(record.fields)
                slot.keys.append(BundleKey("", dnskey.key_tag, record.ttl, dnskey))
            case "RRSIG":
                self.signature(slot, record)
            case "CDS" | "CDNSKEY" if self.has_parents:
                if record.kind == "CDS":
                    zone_text.check_cds(record.fields)
                else:
                    zone_text.dnskey_of(record.fields)
                slot.parents += 1
            case _:
                raise Odd("a record of this type has no place there")
        if max(len(slot.keys), len(slot.signatures), slot.parents // 6) > FEW:
            raise Odd(f"a slot has more than {FEW} keys or signatures")

    @property
    def has_parents(self) -> bool:
        """CDS and CDNSKEY stand in the responses of BIND and Knot alone."""
        return self.kind == RESPONSE and self.form is not Form.LINES

    def signature(self, slot: _Open, record: Record) -> None:
        if self.kind == REQUEST and self.form is not Form.LINES:
            raise Odd("a request in this form has no signatures")
        rrsig = zone_text.rrsig_of(record.fields)
        if rrsig.type_covered == TYPE_DNSKEY:
            slot.signatures.append(BundleSignature("", record.ttl, rrsig))
        elif self.has_parents:
            slot.parents += 1
        else:
            raise Odd("a signature over records of this type has no place there")

    def text(self) -> KeyText:
        """The file. A slot is judged as a whole only where no line of the file was odd."""
        read = () if self.problems else tuple(self.slots)
        if not self.ended:
            self.problem(self.slots[-1].line, "the file has no end: the line that ends it is missing after this slot")
        for slot in read:
            if not slot.keys:
                self.problem(slot.line, "the slot has no keys")
            if not slot.signatures and (self.kind == RESPONSE or self.form is Form.LINES):
                self.problem(slot.line, "the slot has no signatures")
            elif problem := self.times(slot):
                self.problem(slot.line, problem)
        return KeyText(self.form, self.kind, self.zone, tuple(_slot(one) for one in self.slots))

    def times(self, slot: _Open) -> str:
        """What is wrong with a response's times, where they are those of its signatures."""
        if self.kind == REQUEST:
            return ""
        spans = {(one.rrsig.inception, one.rrsig.expiration) for one in slot.signatures}
        inception, expiration = next(iter(spans))
        begins = slot.head.begins
        assert begins is not None
        if len(spans) > 1:
            return "the signatures of the slot are not valid at the same times"
        if slot.head.ends not in (None, expiration):
            return "the slot ends when its signatures do not"
        return "" if inception <= begins < expiration else "the slot begins when its signatures are not valid"


def _slot(one: _Open) -> TextSlot:
    assert one.head.begins is not None
    ends = one.head.ends
    if ends is None and one.signatures:
        ends = one.signatures[0].rrsig.expiration
    return TextSlot(one.head.begins, ends, tuple(one.keys), tuple(one.signatures), one.parents, one.line)
