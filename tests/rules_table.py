"""The table of rules as `spec/rules.md` prints it: `python tests/rules_table.py` writes it anew."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from quorate.compliance import RULES, rules
from quorate.compliance.texts import EDITIONS, Level, Source, Text
from quorate.findings import Severity, meaning

SPEC = Path(__file__).resolve().parent.parent / "spec" / "rules.md"
BEGIN, END = "<!-- the table: tests/rules_table.py -->\n", "<!-- the end of the table -->\n"


def table() -> str:
    """One row for each rule: its code, what it applies to, every text with level and dates, what a violation does."""
    rows = ["| code | of | says who | a violation |", "| --- | --- | --- | --- |"]
    for code in dict.fromkeys(rule.code for rule in RULES):
        of = kinds(frozenset(kind for rule in RULES if rule.code == code for kind in rule.applies))
        sources = dict.fromkeys(source for rule in RULES if rule.code == code for source in rule.sources)
        rows.append(f"| `{code}` | {of} | {'; '.join(map(said, sources))} | {consequence(code)} |")
    return "\n".join(rows) + "\n"


WHOLES = {"every certificate": rules.EVERY, "every CA": rules.CA, "every CA but roots": rules.BELOW}
WHOLES |= {"every certificate but roots": rules.ISSUED, "every CA with a name of its own": rules.OWN}
WHOLES |= {"every certificate with a name of its own": rules.NAMED, "subordinates": rules.SUBORDINATE}
WHOLES |= {"subordinates for TLS": rules.TLS, "cross-certificates": rules.CROSS}


def kinds(of: frozenset[str]) -> str:
    """The classes that a rule applies to, in words where there are any."""
    for crl in (frozenset(), frozenset(rules.CRL), frozenset({"crl", "ocsp"})):
        for name, whole in WHOLES.items():
            if of == crl | set(whole):
                return ", ".join([name, *sorted(crl)])
    return ", ".join(sorted(of))


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
