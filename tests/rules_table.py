"""The table of rules as `spec/rules.md` prints it: `python tests/rules_table.py` writes it anew."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from quorate.compliance import RULES
from quorate.compliance.texts import EDITIONS, Level, Source, Text
from quorate.findings import Severity, meaning

SPEC = Path(__file__).resolve().parent.parent / "spec" / "rules.md"
BEGIN, END = "<!-- the table: tests/rules_table.py -->\n", "<!-- the end of the table -->\n"


def table() -> str:
    """One row for each rule: its code, what it applies to, every text with level and dates, what a violation does."""
    rows = ["| code | of | says who | a violation |", "| --- | --- | --- | --- |"]
    for code in dict.fromkeys(rule.code for rule in RULES):
        of = dict.fromkeys(kind for rule in RULES if rule.code == code for kind in rule.applies)
        sources = dict.fromkeys(source for rule in RULES if rule.code == code for source in rule.sources)
        rows.append(f"| `{code}` | {', '.join(of)} | {'; '.join(map(said, sources))} | {consequence(code)} |")
    return "\n".join(rows) + "\n"


def said(source: Source) -> str:
    level = {Level.MUST: "MUST", Level.SHOULD: "SHOULD", Level.COUNSEL: "counsels"}[source.level]
    level += " under `webpki`" if source.text is Text.WEBPKI else ""
    dates = f" since {source.since}" if source.since != date.min else ""
    dates += f" until {source.until}" if source.until else ""
    return f"{EDITIONS[source.text].title} {source.clause} {level}{dates}"


def consequence(code: str) -> str:
    row = meaning(code)
    if row.severity is Severity.ERROR:
        return "blocks unless waived" if row.waivable else "blocks"
    return "warns"


def written(text: str) -> str:
    """The page with the table of today in its place."""
    before, _, rest = text.partition(BEGIN)
    return before + BEGIN + table() + END + rest.partition(END)[2]


if __name__ == "__main__":
    SPEC.write_text(written(SPEC.read_text()))
