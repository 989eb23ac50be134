"""The hierarchy as a picture: SVG 1.1, by itself, the same bytes for the same register and moment.

One row a certificate, with its validity as a bar; the newest CRL of an issuer as a thin bar below. A dotted line at the
left joins a cross-certificate to the certificate that it repeats. Text is never wider than its column.
"""

from __future__ import annotations

import xml.etree.ElementTree as Xml
from collections.abc import Sequence
from datetime import UTC, datetime

from quorate.register.hierarchy import Branch, Span, branches, span
from quorate.register.inventory import day
from quorate.register.rows import Inventory
from quorate.statement import Mode

WIDTH, MARGIN, ROW, TOP = 1280, 32, 46, 112
LABELS, LANE, INDENT = 440, 14, 22
FONT = "'DejaVu Sans', 'Noto Sans', 'Helvetica Neue', Arial, sans-serif"
INK, QUIET, FAINT, PAPER, RED = "#1c2733", "#5d6b7a", "#d9dee4", "#ffffff", "#b3261e"
COLOURS = {"root": "#20507d", "reissue": "#20507d", "cross": "#6d4f9c", "subordinate": "#25786a"}
OTHER, ENDED, CRL = "#96601a", "#a9b2bc", "#c98b1b"
WORDS = {
    "root": "root",
    "reissue": "root, issued anew",
    "cross": "cross-certificate",
    "subordinate": "subordinate",
    "ocsp-responder": "OCSP responder",
}


def svg(it: Inventory) -> bytes:
    """The picture of an inventory."""
    rows, over = branches(it), span(it)
    lanes = _lanes(rows)
    parked = [key for key in it.keys if key.parked]
    height = TOP + ROW * max(1, len(rows)) + 84 + (26 + 20 * len(parked) if parked else 0)
    page = Xml.Element(
        "svg",
        {
            "xmlns": "http://www.w3.org/2000/svg",
            "width": str(WIDTH),
            "height": str(height),
            "viewBox": f"0 0 {WIDTH} {height}",
            "font-family": FONT,
        },
    )
    picture = _Picture(page, over, MARGIN + LABELS + LANE * (max(lanes.values(), default=-1) + 1) + 10)
    _defined(page)
    picture.box(0, 0, WIDTH, height, PAPER)
    _title(picture, it)
    _axis(picture, it, len(rows))
    _today(picture, it, len(rows))
    for number, branch in enumerate(rows):
        _row(picture, branch, TOP + ROW * number)
    _stems(picture, rows)
    _twins(picture, rows, lanes)
    bottom = TOP + ROW * max(1, len(rows)) + 34
    _legend(picture, rows, bottom)
    if parked:
        picture.text(MARGIN, bottom + 46, "keys without a certificate", 13, INK, bold=True)
        for number, key in enumerate(parked):
            line = f"{key.copies[0].id}, {key.type}: SHA-256 {key.spki.removeprefix('sha256:').upper()}"
            picture.text(MARGIN, bottom + 68 + 20 * number, line, 12, QUIET)
    Xml.indent(page)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{Xml.tostring(page, encoding="unicode")}\n'.encode()


class _Picture:
    """The page, and where times lie on it."""

    def __init__(self, page: Xml.Element, over: Span, left: float) -> None:
        self.page, self.over, self.left = page, over, left
        self.right = WIDTH - MARGIN

    def at(self, moment: datetime) -> float:
        return self.left + self.over.place(moment) * (self.right - self.left)

    def add(self, name: str, **attributes: object) -> Xml.Element:
        plain = {key.replace("_", "-"): _number(value) for key, value in attributes.items()}
        return Xml.SubElement(self.page, name, plain)

    def box(self, x: float, y: float, width: float, height: float, fill: str, round_: float = 0) -> Xml.Element:
        return self.add("rect", x=x, y=y, width=max(width, 1), height=height, fill=fill, rx=round_)

    def line(self, x1: float, y1: float, x2: float, y2: float, stroke: str, width: float = 1, dash: str = "") -> None:
        line = self.add("line", x1=x1, y1=y1, x2=x2, y2=y2, stroke=stroke, stroke_width=width)
        if dash:
            line.set("stroke-dasharray", dash)

    def text(
        self, x: float, y: float, text: str, size: int, fill: str, bold: bool = False, anchor: str = "start"
    ) -> None:
        written = self.add("text", x=x, y=y, font_size=size, fill=fill, text_anchor=anchor)
        if fill != PAPER:  # a rim that parts it from the lines behind it
            rim = {"stroke": PAPER, "stroke-width": "3", "stroke-linejoin": "round", "paint-order": "stroke"}
            written.attrib |= rim
        if bold:
            written.set("font-weight", "bold")
        written.text = text


def _number(value: object) -> str:
    return f"{value:.1f}".removesuffix(".0") if isinstance(value, float) else str(value)


def wide(text: str, size: int, bold: bool = False) -> float:
    """About how wide a text is, on the safe side for the fonts named."""
    return len(text) * size * (0.7 if bold else 0.62)


def _cut(text: str, room: float, size: int, bold: bool = False) -> str:
    if wide(text, size, bold) <= room:
        return text
    return text[: max(1, int(room / (size * (0.7 if bold else 0.62))) - 1)] + "…"


def _defined(page: Xml.Element) -> None:
    """Hatching for the time in which a certificate is revoked."""
    defined = Xml.SubElement(page, "defs")
    hatch = Xml.SubElement(
        defined,
        "pattern",
        {
            "id": "revoked",
            "width": "7",
            "height": "7",
            "patternUnits": "userSpaceOnUse",
            "patternTransform": "rotate(45)",
        },
    )
    Xml.SubElement(hatch, "rect", {"width": "7", "height": "7", "fill": "#f6dedc"})
    Xml.SubElement(hatch, "rect", {"width": "2.4", "height": "7", "fill": RED})


def _title(picture: _Picture, it: Inventory) -> None:
    picture.text(MARGIN, 44, _cut(it.organisation, 760, 22, bold=True), 22, INK, bold=True)
    last = it.ceremonies[-1] if it.ceremonies else "none"
    said = f"{it.authority}, as of {it.as_of[:10]}, after {len(it.ceremonies)} ceremonies, the last one {last}"
    picture.text(MARGIN, 68, _cut(said, 900, 13), 13, QUIET)
    if it.mode is Mode.REHEARSAL:
        picture.box(WIDTH - MARGIN - 150, 24, 150, 30, RED, 4)
        picture.text(WIDTH - MARGIN - 75, 45, "REHEARSAL", 15, PAPER, bold=True, anchor="middle")


def _axis(picture: _Picture, it: Inventory, rows: int) -> None:
    bottom = TOP + ROW * max(1, rows)
    for year in picture.over.years(max(2, int((picture.right - picture.left) / 64))):
        x = picture.at(datetime(year, 1, 1, tzinfo=UTC))
        picture.line(x, TOP - 6, x, bottom, FAINT)
        if x < picture.right - 14:
            picture.text(x, TOP - 14, str(year), 12, QUIET, anchor="middle" if x > picture.left + 14 else "start")
    picture.line(MARGIN, TOP - 6, picture.right, TOP - 6, FAINT)
    for number in range(1, rows + 1):
        picture.line(MARGIN, TOP + ROW * number, picture.right, TOP + ROW * number, "#eef1f4")
    if not rows:
        picture.text(MARGIN, TOP + 28, "no certificate has been issued", 13, QUIET)


def _row(picture: _Picture, branch: Branch, top: float) -> None:
    row, x = branch.row, MARGIN + branch.depth * INDENT
    room = MARGIN + LABELS - x - 8
    picture.text(x, top + 19, _cut(row.id, room, 14, bold=True), 14, INK, bold=True)
    kind = WORDS.get(row.kind, row.kind) + (f" of {branch.twin}" if branch.twin else "")
    picture.text(x, top + 35, _cut(f"{branch.name}, {kind}, {row.key_type}", room, 11), 11, QUIET)
    _bar(picture, branch, top)
    if branch.crl and branch.crl.next_update:
        first, last = (picture.at(day(text)) for text in (branch.crl.this_update, branch.crl.next_update))
        picture.box(first, top + 33, last - first, 4, CRL, 2)
        said = f"CRL {branch.crl.number} until {branch.crl.next_update[:10]}"
        beside = last + 6 if last + 6 + wide(said, 10) < picture.right else first - 6 - wide(said, 10)
        picture.text(max(beside, picture.left), top + 39, said, 10, QUIET)


def _bar(picture: _Picture, branch: Branch, top: float) -> None:
    """The validity; from the day of a revocation on it is hatched. Dates stand in it, or where there is room."""
    row = branch.row
    first, last = picture.at(day(row.not_before)), picture.at(day(row.not_after))
    colour = ENDED if row.status == "expired" else COLOURS.get(row.kind, OTHER)
    picture.box(first, top + 9, last - first, 18, colour, 4)
    said, ink = f"{row.not_before[:10]} to {row.not_after[:10]}", PAPER
    end = last
    if row.revoked:
        end = max(first, min(last, picture.at(day(row.revoked.date))))
        picture.box(end, top + 9, last - end, 18, "url(#revoked)", 4)
        picture.line(end, top + 5, end, top + 31, RED, 2)
        said = f"{said}, revoked {row.revoked.date[:10]}: {row.revoked.reason}"
    if not row.revoked and wide(said, 11) + 12 <= last - first:
        picture.text(first + 8, top + 22, said, 11, ink)
        return
    ink = RED if row.revoked else QUIET
    if last + 8 + wide(said, 11) <= picture.right:
        picture.text(last + 8, top + 22, said, 11, ink)
    elif first - 8 - wide(said, 11) >= picture.left:
        picture.text(first - 8 - wide(said, 11), top + 22, said, 11, ink)
    elif branch.crl:  # the strip below belongs to the CRL
        picture.text(min(first + 8, picture.right - wide(said, 11)), top + 22, said, 11, ink)
    else:
        picture.text(max(picture.left, picture.right - wide(said, 11)), top + 39, said, 11, ink)


def _stems(picture: _Picture, rows: Sequence[Branch]) -> None:
    """From each parent down to its children."""
    for number, branch in enumerate(rows):
        if not branch.depth:
            continue
        parent = next(index for index in range(number - 1, -1, -1) if rows[index].depth < branch.depth)
        x = MARGIN + (branch.depth - 1) * INDENT + 7
        y = TOP + ROW * number + 15
        picture.line(x, TOP + ROW * parent + 40, x, y, "#9aa7b4")
        picture.line(x, y, x + INDENT - 11, y, "#9aa7b4")


def _twins(picture: _Picture, rows: Sequence[Branch], lanes: dict[int, int]) -> None:
    """A dotted line from each cross-certificate to the certificate that it repeats, in a lane of its own."""
    places = {branch.row.id: number for number, branch in enumerate(rows)}
    for number, lane in lanes.items():
        x = MARGIN + LABELS + LANE * lane + 6
        ends = [TOP + ROW * place + 18.0 for place in (number, places[rows[number].twin])]
        picture.line(x, ends[0], x, ends[1], COLOURS["cross"], 1.6, "2 3")
        for y in ends:
            picture.add("circle", cx=x, cy=y, r=3, fill=COLOURS["cross"])


def _lanes(rows: Sequence[Branch]) -> dict[int, int]:
    """Lanes for the dotted lines, so that no two lie on each other."""
    places = {branch.row.id: number for number, branch in enumerate(rows)}
    taken: list[list[tuple[int, int]]] = []
    lanes: dict[int, int] = {}
    for number, branch in enumerate(rows):
        if branch.twin not in places:
            continue
        first, last = sorted((number, places[branch.twin]))
        free = (lane for lane, used in enumerate(taken) if all(last < a or b < first for a, b in used))
        lane = next(free, len(taken))
        if lane == len(taken):
            taken.append([])
        taken[lane].append((first, last))
        lanes[number] = lane
    return lanes


def _today(picture: _Picture, it: Inventory, rows: int) -> None:
    x, bottom = picture.at(day(it.as_of)), TOP + ROW * max(1, rows)
    picture.line(x, TOP - 6, x, bottom + 6, RED, 1.4)
    room = wide(it.as_of[:10], 11) / 2
    picture.text(
        min(max(x, picture.left + room), picture.right - room), bottom + 18, it.as_of[:10], 11, RED, anchor="middle"
    )


def _legend(picture: _Picture, rows: Sequence[Branch], y: float) -> None:
    """What is on the page, and nothing else."""
    entries = [(WORDS.get(kind, kind), COLOURS.get(kind, OTHER)) for kind in dict.fromkeys(b.row.kind for b in rows)]
    entries += [("expired", ENDED)] * any(b.row.status == "expired" for b in rows)
    entries += [("revoked", "url(#revoked)")] * any(b.row.revoked for b in rows)
    entries += [("newest CRL", CRL)] * any(b.crl for b in rows)
    x = float(MARGIN)
    for name, colour in entries:
        picture.box(x, y, 22, 12, colour, 3)
        picture.text(x + 30, y + 10, name, 12, QUIET)
        x += 30 + wide(name, 12) + 26
