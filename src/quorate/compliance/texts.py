"""The texts that rules come from: who says what, where, how strongly, from when to when. Floor 2.

Texts change between ceremonies, so a rule carries its sources as data with dates. Which texts bind is the choice of the
authority; what binds on a day is judged at the moment of signing, never at a date written in the object.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import date
from typing import Literal, NamedTuple

from quorate.authority import Programme

RuleSet = Literal["webpki", "private"]
PROGRAMMES: tuple[Programme, ...] = ("mozilla", "chrome", "apple", "microsoft")


class Text(enum.StrEnum):
    """A text. `CPS` is what the authority promises of itself, `QUORATE` what every authority here keeps to.

    `WEBPKI` are ground rules that a web PKI keeps to and of which a private authority is only told.
    """

    RFC = "rfc"
    BR = "br"
    EVG = "evg"
    CCADB = "ccadb"
    MOZILLA = "mozilla"
    CHROME = "chrome"
    APPLE = "apple"
    MICROSOFT = "microsoft"
    CPS = "cps"
    WEBPKI = "webpki"
    QUORATE = "quorate"


class Edition(NamedTuple):
    """How a text is cited, and the version that the rules were written from."""

    title: str
    version: str
    day: date | None


EDITIONS: dict[Text, Edition] = {
    Text.RFC: Edition("RFC", "5280 with 6818, 8398, 8399, 9549", None),
    Text.BR: Edition("BR", "2.2.6", date(2026, 3, 31)),
    Text.EVG: Edition("EVG", "2.0.2", date(2026, 5, 4)),
    Text.CCADB: Edition("CCADB", "2.1", date(2026, 3, 20)),
    Text.MOZILLA: Edition("Mozilla RSP", "3.1", date(2026, 7, 1)),
    Text.CHROME: Edition("Chrome Root Program", "1.8", date(2026, 2, 5)),
    Text.APPLE: Edition("Apple Root Program", "2.0", date(2026, 8, 1)),
    Text.MICROSOFT: Edition("Microsoft Trusted Root Program", "of 2026-08-05", date(2026, 8, 5)),
    Text.CPS: Edition("CP/CPS", "the authority's own", None),
    Text.WEBPKI: Edition("ground rule", "spec/rules.md", None),
    Text.QUORATE: Edition("ground rule", "spec/rules.md", None),
}


class Level(enum.IntEnum):
    """How strongly a text says it (RFC 2119). `COUNSEL`: it is allowed, and a warning all the same."""

    COUNSEL = 0
    SHOULD = 1
    MUST = 2


@dataclass(frozen=True, slots=True)
class Source:
    """One text that says what a rule says. `since` and `until` are the first and the last day (UTC) it does."""

    text: Text
    clause: str
    level: Level
    since: date = date.min
    until: date | None = None

    def holds(self, day: date) -> bool:
        """Whether the text says so for what is signed on this day."""
        return self.since <= day and (self.until is None or day <= self.until)

    @property
    def cited(self) -> str:
        """`BR 7.1.2.1.1`."""
        return f"{EDITIONS[self.text].title} {self.clause}"


def must(text: Text, clause: str, since: date = date.min, until: date | None = None) -> Source:
    """MUST, MUST NOT, SHALL, REQUIRED."""
    return Source(text, clause, Level.MUST, since, until)


def should(text: Text, clause: str, since: date = date.min, until: date | None = None) -> Source:
    """SHOULD, SHOULD NOT, RECOMMENDED, NOT RECOMMENDED."""
    return Source(text, clause, Level.SHOULD, since, until)


def ground(clause: str) -> tuple[Source, Source]:
    """What RFC 5280 allows and wisdom does not: a web PKI must not do it, a private authority is warned."""
    return must(Text.WEBPKI, clause), Source(Text.QUORATE, clause, Level.COUNSEL)


def chosen(
    rules: RuleSet, programmes: tuple[Programme, ...] = (), extended_validation: bool = False
) -> frozenset[Text]:
    """The texts that bind an authority.

    `private`: RFC 5280 and the authority's own. `webpki`: the Baseline Requirements, CCADB and the named root
    programmes as well, all four where none is named; the EV Guidelines if the authority issues such certificates.
    """
    texts = {Text.RFC, Text.CPS, Text.QUORATE}
    if rules == "webpki":
        texts |= {Text.WEBPKI, Text.BR, Text.CCADB, *(Text(one) for one in programmes or PROGRAMMES)}
        texts |= {Text.EVG} if extended_validation else set()
    return frozenset(texts)


def binding(sources: tuple[Source, ...], texts: frozenset[Text], day: date) -> tuple[Source, ...]:
    """The strictest of the chosen sources that are in force on a day; none if nothing binds."""
    holding = [one for one in sources if one.text in texts and one.holds(day)]
    strictest = max((one.level for one in holding), default=Level.SHOULD)
    return tuple(one for one in holding if one.level is strictest)


# days on which whole texts began to bind; those of a single clause stand beside it
PROFILES = date(2023, 9, 15)
"""The certificate and CRL profiles of BR 7.1.2 and 7.2 (ballot SC-062)."""
