"""When everything was done: an order in which each part is there before its use, and ceremonies with their windows.

A certificate's notBefore, a CRL's thisUpdate, is the day on which it was signed, unless what it is made of came later.
A key or a request has no date: it belongs to the first ceremony of its folder, or to that of its first use.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from quorate.boulder.config import (
    CertificateConfig,
    Config,
    CrlConfig,
    KeyConfig,
    OtherConfig,
    RequestConfig,
    RootConfig,
)
from quorate.boulder.linking import Links, OnDisk
from quorate.boulder.profile import Subject
from quorate.findings import Finding, Refusal, found
from quorate.keys import key_name
from quorate.x509.csr import read_spki

DAY = timedelta(days=1)
SECOND = timedelta(seconds=1)
ROOM = timedelta(hours=3)
"""The shortest window that a ceremony is put into: what would leave less is a ceremony of its own."""


def own_date(config: Config) -> datetime | None:
    """The moment that a configuration gives for its signature."""
    match config:
        case RootConfig() | CertificateConfig():
            return config.profile.not_before[0]
        case CrlConfig():
            return config.this_update[0]
        case _:
            return None


@dataclass(slots=True)
class Sequence:
    """Every configuration with the moment at which it is done. `previous`: the CRL that a CRL follows, by place."""

    configs: tuple[Config, ...]
    links: tuple[Links, ...]
    previous: dict[int, int]
    moments: dict[int, datetime] = field(default_factory=dict)
    depths: dict[int, int] = field(default_factory=dict)

    def needs(self, number: int) -> frozenset[int]:
        before = self.previous.get(number)
        return (self.links[number].needs | ({before} if before is not None else set())) - {number}

    def key_type(self, number: int) -> str:
        """The type of the key that a certificate certifies or a request is signed with, by its place."""
        key = self.links[number].key
        if isinstance(key, OnDisk):
            return key_name(read_spki(key.data))
        maker = self.configs[number if key is None else key.maker]
        assert isinstance(maker, (KeyConfig, RootConfig))
        return maker.key_type.text

    @property
    def order(self) -> tuple[int, ...]:
        """By moment, what is needed first, then by kind and file."""
        kinds = (KeyConfig, RootConfig, CertificateConfig, RequestConfig, CrlConfig)
        done = [number for number, config in enumerate(self.configs) if not isinstance(config, OtherConfig)]
        rank = {number: kinds.index(type(self.configs[number])) for number in done}
        name = {number: self.configs[number].source.name for number in done}
        return tuple(sorted(done, key=lambda one: (self.moments[one], self.depths[one], rank[one], name[one])))


def sequence(configs: tuple[Config, ...], links: tuple[Links, ...], today: datetime) -> Sequence:
    """The order of all configurations. Raises `boulder.circle` and `boulder.crl_order`, each with the files."""
    made = Sequence(configs, links, _previous_crls(configs, links))
    numbers = (*made.previous, *range(len(configs)))  # CRLs one after the other, or the way back would be long
    for number in numbers:
        _measure(made, number, ())
    dated: dict[int, datetime | None] = {}
    for number in numbers:
        _dated(made, number, dated)
    folders = _folders(configs, dated)
    for number, config in enumerate(configs):
        if own_date(config) is not None:
            made.moments[number] = dated[number] or today
    last = max((moment for moment in dated.values() if moment), default=today)
    for number in sorted(
        (n for n, config in enumerate(configs) if own_date(config) is None), key=made.depths.__getitem__
    ):
        uses = [dated[user] for user in range(len(configs)) if number in made.needs(user)]
        made.moments[number] = _undated(made, number, uses, folders, last)
    return made


def _undated(
    made: Sequence, number: int, uses: list[datetime | None], folders: dict[str, datetime], last: datetime
) -> datetime:
    config = made.configs[number]
    folder = folders.get(str(config.source.path.parent))
    needed = [made.moments[before] for before in made.needs(number)]
    if needed:  # a request: after the key and the certificate that it repeats
        return max([*needed, *([folder] if folder else [])])
    choices = [one for one in (*uses, folder) if one is not None]
    return min(choices) if choices else _year_of(config) or last


def _year_of(config: Config) -> datetime | None:
    years = [part for part in config.source.path.parts if re.fullmatch(r"(?:19|20)\d\d", part)]
    return datetime(int(years[-1]), 1, 1, tzinfo=UTC) if years else None


def _folders(configs: tuple[Config, ...], dated: dict[int, datetime | None]) -> dict[str, datetime]:
    """The first moment of each folder."""
    folders: dict[str, datetime] = {}
    for number, config in enumerate(configs):
        moment, folder = dated[number], str(config.source.path.parent)
        if own_date(config) is not None and moment is not None:
            folders[folder] = min(moment, folders.get(folder, moment))
    return folders


def _dated(made: Sequence, number: int, known: dict[int, datetime | None]) -> datetime | None:
    """The own date, or the latest of what it needs, if that is later."""
    if number not in known:
        moments = [_dated(made, before, known) for before in made.needs(number)]
        own = own_date(made.configs[number])
        known[number] = max((one for one in (own, *moments) if one is not None), default=None)
    return known[number]


def _measure(made: Sequence, number: int, above: tuple[int, ...]) -> int:
    """How many steps come before. Refuses a circle."""
    if number in above:
        files = [made.configs[one].source.name for one in (*above[above.index(number) :], number)]
        where = made.configs[number].source.at(made.configs[number].source.line)
        raise Refusal("boulder.circle", where, files=", ".join(files))
    if number not in made.depths:
        depths = [_measure(made, before, (*above, number)) for before in made.needs(number)]
        made.depths[number] = 1 + max(depths, default=0)
    return made.depths[number]


def _previous_crls(configs: tuple[Config, ...], links: tuple[Links, ...]) -> dict[int, int]:
    """CRLs of one name and key follow each other by their numbers, and so must their dates."""
    rows: dict[object, list[tuple[int, int, CrlConfig]]] = {}
    for number, config in enumerate(configs):
        issuer = links[number].issuer
        if isinstance(config, CrlConfig) and issuer is not None:
            certificate = configs[issuer.maker]
            assert isinstance(certificate, (RootConfig, CertificateConfig))
            identity = (certificate.profile.subject, links[issuer.maker].key)
            rows.setdefault(identity, []).append((int(config.number.text), number, config))
    previous, problems = dict[int, int](), list[Finding]()
    for row in rows.values():
        row.sort(key=lambda one: one[:2])
        for (low, before, first), (high, after, then) in itertools.pairwise(row):
            previous[after] = before
            if low == high or then.this_update[0] < first.this_update[0]:
                where = then.source.at(then.number.line)
                other = first.source.at(first.number.line)
                problems.append(found("boulder.crl_order", where, number=high, previous=low, other=other))
    if problems:
        raise Refusal.of(tuple(problems))
    return previous


# -- ceremonies -------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Ceremony:
    """What is done on one occasion, in order, and the signing window."""

    parts: list[int]
    opens: datetime
    closes: datetime


def ceremonies(made: Sequence, files: dict[int, tuple[str, ...]], pace: timedelta) -> tuple[Ceremony, ...]:
    """The configurations in ceremonies one after another.

    `files`: the names that each writes; `pace`: how long one part takes at most. A window opens when the latest date
    of the ceremony has come, and closes before the earliest is a day old, so that every date is legal all over it.
    """
    found_so_far: list[Ceremony] = []
    parts: list[int] = []
    ended = datetime.min.replace(tzinfo=UTC)
    for number in made.order:
        together = [*parts, number]
        opens, closes = _window(made, together, ended)
        cramped = closes - opens < max(ROOM, pace * (len(together) + 4)) and len(together) > 1
        if parts and (cramped or _clash(made, parts, number, files)):
            found_so_far.append(_ceremony(made, parts, ended, pace))
            ended = found_so_far[-1].opens + pace * (len(parts) + 4)
            together = [number]
        parts = together
    if parts:
        found_so_far.append(_ceremony(made, parts, ended, pace))
    return tuple(found_so_far)


def _ceremony(made: Sequence, parts: list[int], ended: datetime, pace: timedelta) -> Ceremony:
    opens, closes = _window(made, parts, ended)
    return Ceremony(parts, opens, max(closes, opens + pace * (len(parts) + 4)))


def _window(made: Sequence, parts: list[int], ended: datetime) -> tuple[datetime, datetime]:
    opens = max(*(made.moments[number] for number in parts), ended)
    closes = min([opens + DAY, *_latest(made, parts)]) - SECOND
    return opens, closes


def _latest(made: Sequence, parts: list[int]) -> Iterator[datetime]:
    """When the dates of a ceremony are a day old; a date that comes before what it needs binds nothing."""
    for number in parts:
        date = own_date(made.configs[number])
        if date is not None and date == made.moments[number]:
            yield date + DAY


def _named(made: Sequence, number: int) -> Subject | None:
    config = made.configs[number]
    return config.profile.subject if isinstance(config, (RootConfig, CertificateConfig)) else None


def _clash(made: Sequence, parts: list[int], number: int, files: dict[int, tuple[str, ...]]) -> bool:
    """What cannot be done on the occasion on which `parts` are done."""
    taken = {file.lower() for part in parts for file in files[part]}
    if taken & {file.lower() for file in files[number]}:
        return True
    names = {_named(made, part) for part in parts} - {None}
    if _named(made, number) in names and made.links[number].existing is None:
        return True  # one name for two keys: what one plan does not do, two may
    revoked = {one.maker for one in made.links[number].revoked}
    return bool(revoked & set(parts)) or made.previous.get(number) in parts
