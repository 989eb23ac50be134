"""Small XML documents without a document type, read by expat into a tree, bounded in every direction.

Comments, CDATA sections, character references and either kind of quotation mark are XML, and read as such. What could
make a reader fetch, expand or run something is refused: document types, and so entities; processing instructions; other
encodings than UTF-8. Nothing of a document is repeated in a message but names of the format.
"""

from __future__ import annotations

from typing import NoReturn
from xml.parsers import expat

from quorate.findings import Refusal

LARGEST_DOCUMENT = 1024 * 1024
DEEPEST = 8
MOST_ELEMENTS = 10_000
LONGEST_TEXT = 16 * 1024
MOST_ATTRIBUTES = 8


class Element:
    """An element: `text` is its character data, without that of its children; `line` is where it begins."""

    __slots__ = ("attributes", "children", "line", "name", "text")

    def __init__(self, name: str, attributes: dict[str, str], line: int) -> None:
        self.name, self.attributes, self.line = name, attributes, line
        self.children: list[Element] = []
        self.text = ""


def parse(data: bytes, where: str) -> Element:
    """The root element of a document.

    Raises `ksr.too_large`, `ksr.not_xml`, `ksr.text_here`, `ksr.forbidden`, `ksr.bounds`.
    """
    if len(data) > LARGEST_DOCUMENT:
        raise Refusal("ksr.too_large", where, octets=len(data), most=LARGEST_DOCUMENT)
    if b"\0" in data:  # expat would take it for UTF-16
        raise Refusal("ksr.forbidden", where, what="a NUL or another encoding than UTF-8", line=1)
    return _Tree(where).read(data)


class _Tree:
    def __init__(self, where: str) -> None:
        self.where, self.count = where, 0
        self.top = Element("", {}, 0)
        self.open = [self.top]
        self.parser = parser = expat.ParserCreate("UTF-8")  # whatever a declaration says: it is compared below
        parser.buffer_text = True
        parser.XmlDeclHandler = self.declared
        parser.StartDoctypeDeclHandler = lambda *_: self.forbid("a document type")
        parser.ProcessingInstructionHandler = lambda *_: self.forbid("a processing instruction")
        parser.StartElementHandler = self.begin
        parser.EndElementHandler = self.end
        parser.CharacterDataHandler = self.said

    def read(self, data: bytes) -> Element:
        if data.startswith(b";; "):
            raise Refusal("ksr.text_here", self.where)
        try:
            self.parser.Parse(data, True)
        except expat.ExpatError as error:
            place = f"line {error.lineno}, column {error.offset + 1}"
            problem = f"{expat.ErrorString(error.code)}, {place}"
            raise Refusal("ksr.not_xml", self.where, problem=problem) from None
        return self.top.children[0]

    def declared(self, version: str, encoding: str | None, _standalone: int) -> None:
        if version != "1.0" or (encoding or "utf-8").lower() not in ("utf-8", "us-ascii", "ascii"):
            self.forbid("a declaration of another version or encoding than XML 1.0 in UTF-8")

    def begin(self, name: str, attributes: dict[str, str]) -> None:
        self.count += 1
        if len(self.open) > DEEPEST:
            self.exceed(f"elements lie more than {DEEPEST} deep")
        if self.count > MOST_ELEMENTS:
            self.exceed(f"there are more than {MOST_ELEMENTS} elements")
        if attributes and (len(attributes) > MOST_ATTRIBUTES or max(map(len, attributes.values())) > LONGEST_TEXT):
            self.exceed(f"an element has more than {MOST_ATTRIBUTES} attributes, or too long ones")
        element = Element(name, attributes, self.parser.CurrentLineNumber)
        self.open[-1].children.append(element)
        self.open.append(element)

    def end(self, _name: str) -> None:
        self.open.pop()

    def said(self, text: str) -> None:
        element = self.open[-1]
        if not element.text and not text.strip(" \t\r\n"):
            return  # layout between elements
        element.text += text
        if len(element.text) > LONGEST_TEXT:
            self.exceed(f"a text is longer than {LONGEST_TEXT} characters")

    def forbid(self, what: str) -> NoReturn:
        raise Refusal("ksr.forbidden", self.where, what=what, line=self.parser.CurrentLineNumber)

    def exceed(self, problem: str) -> NoReturn:
        raise Refusal("ksr.bounds", self.where, problem=problem, line=self.parser.CurrentLineNumber)
