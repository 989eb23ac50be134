"""The script on paper: what people approve, sign, and fill in by hand. Floor 5.

A rendering of `script.json`, never evidence: the digest on the cover is that of `script.json`. What the script
says reaches the typesetter as data and is never read as markup. Only the typesetter's own embedded fonts are used, so
the same script gives the same bytes on every machine.
"""

from __future__ import annotations

import io
import json
from importlib.resources import files

from quorate.canonical import digest
from quorate.findings import Refusal
from quorate.paper.pages import document
from quorate.script import Script

TEMPLATE = "script.typ"


def pdf(script: Script) -> bytes:
    """The PDF of a script. `paper.extra_missing` where the extra `paper` is not installed."""
    try:
        import segno
        import typst
    except ImportError as error:
        raise Refusal("paper.extra_missing", module=str(error.name)) from None
    fingerprint = digest(script.file())
    square = io.BytesIO()
    segno.make(fingerprint, error="m", micro=False).save(square, kind="svg", border=0, xmldecl=False, svgns=True)
    data = {**document(script, fingerprint), "qr": square.getvalue().decode("ascii")}
    return bytes(
        typst.compile(
            files("quorate.paper").joinpath(TEMPLATE).read_bytes(),
            format="pdf",
            ignore_system_fonts=True,
            sys_inputs={"script": json.dumps(data)},
        )
    )
