"""How configurations hang together: the path that one writes is the path that another reads, across folders and years.

A path is taken as it stands from the folder of its configuration. If nothing is written or found there, the end of the
path decides, from the file's name backwards, for folders were moved and RAM disks renamed between years. So it does
where the file that lies there is what a configuration left behind when it was carried out.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from quorate.boulder.config import CertificateConfig, Config, CrlConfig, KeyConfig, RequestConfig, RootConfig, Source
from quorate.boulder.profile import Subject
from quorate.document import Value
from quorate.findings import Finding, Refusal, found
from quorate.x509.csr import read_spki
from quorate.x509.facts import read_certificate
from quorate.x509.name import common_name, comparable, encode_name, organization

Kind = Literal["public key", "certificate"]


@dataclass(frozen=True, slots=True)
class Made:
    """What a configuration makes, by its place in the list. `loosely`: only the end of the path agrees."""

    maker: int
    loosely: bool = False


@dataclass(frozen=True, slots=True)
class OnDisk:
    """A file that no configuration makes and that lies there."""

    path: Path
    data: bytes


Found = Made | OnDisk


@dataclass(frozen=True, slots=True)
class Links:
    """Where the parts of one configuration come from. What it has not is None; `revoked` in the order of its list.

    `existing`: the certificate whose name and key are certified once more, also where it is not named.
    """

    issuer: Made | None = None
    key: Found | None = None
    existing: Found | None = None
    revoked: tuple[Made, ...] = ()

    @property
    def needs(self) -> frozenset[int]:
        """The configurations that have to be done before."""
        parts = (self.issuer, self.key, self.existing, *self.revoked)
        return frozenset(part.maker for part in parts if isinstance(part, Made))


@dataclass(frozen=True, slots=True)
class Loose:
    """A path that is followed by its end only, for the report."""

    source: Source
    line: int
    path: str
    maker: int


Certified = RootConfig | CertificateConfig


class Linker:
    """Follows the paths of all configurations; problems are gathered and refused together."""

    def __init__(self, configs: tuple[Config, ...], read: Callable[[Path], bytes | None]) -> None:
        self.configs, self.read = configs, read
        self.problems: list[Finding] = []
        self.loose: list[Loose] = []
        self.made = {"public key": dict(self._keys()), "certificate": dict(self._certificates())}

    def link(self) -> tuple[Links, ...]:
        """The links of every configuration, or one refusal with every problem."""
        links = [self._paths(number, config) for number, config in enumerate(self.configs)]
        self._refuse()
        links = [self._with_existing(number, links) for number in range(len(links))]
        for number, one in enumerate(links):
            self._check(number, one, links)
        self._refuse()
        return tuple(links)

    # -- paths --------------------------------------------------------------------------------------------------------

    def _keys(self) -> Iterator[tuple[int, Path]]:
        for number, config in enumerate(self.configs):
            if isinstance(config, (KeyConfig, RootConfig)):
                yield number, whole_path(config.source, config.public_key)

    def _certificates(self) -> Iterator[tuple[int, Path]]:
        for number, config in enumerate(self.configs):
            if isinstance(config, Certified):
                yield number, whole_path(config.source, config.certificate)

    def _paths(self, number: int, config: Config) -> Links:
        match config:
            case CertificateConfig():
                existing = self._find("certificate", config.existing, config.source) if config.existing else None
                key = self._find("public key", config.public_key, config.source)
                return Links(self._issuer(config.issuer, config.source), key, existing)
            case RequestConfig():
                return Links(key=self._find("public key", config.public_key, config.source))
            case CrlConfig():
                revoked = [self._find("certificate", one.certificate, config.source) for one in config.revoked]
                for one, result in zip(config.revoked, revoked, strict=True):
                    if isinstance(result, OnDisk):
                        self._problem("boulder.revoked_foreign", config.source, one.certificate)
                made = tuple(one for one in revoked if isinstance(one, Made))
                return Links(issuer=self._issuer(config.issuer, config.source), revoked=made)
            case RootConfig():
                return Links(key=Made(number))
            case _:
                return Links()

    def _issuer(self, value: Value, source: Source) -> Made | None:
        issuer = self._find("certificate", value, source)
        if isinstance(issuer, OnDisk):
            self._problem("boulder.key_elsewhere", source, value)
            return None
        return issuer

    def _find(self, kind: Kind, value: Value, source: Source) -> Found | None:
        """The maker of a file, else the file; None after a problem."""
        wanted, made = whole_path(source, value), self.made[kind]
        exactly = [number for number, path in made.items() if path == wanted]
        relative = not Path(value.text).is_absolute()
        candidates = exactly or _nearest(wanted, made)
        if not exactly and relative and (file := self._file(kind, wanted, source, value)) is not None:
            candidates = [number for number in candidates if self._left_behind(kind, file, number)]
            if not candidates:
                return file
        if len(candidates) > 1:
            files = [self.configs[number].source.name for number in candidates]
            facts = {"file": value.text, "first": files[0], "others": " and ".join(files[1:])}
            self.problems.append(found("boulder.ambiguous", source.at(value.line), **facts))
            return None
        if candidates:
            if not exactly:
                self.loose.append(Loose(source, value.line, value.text, candidates[0]))
            return Made(candidates[0], loosely=not exactly)
        if not relative and (file := self._file(kind, wanted, source, value)) is not None:
            return file
        self.problems.append(found("boulder.input_missing", source.at(value.line), what=kind, file=value.text))
        return None

    def _file(self, kind: Kind, path: Path, source: Source, value: Value) -> OnDisk | None:
        """A file that lies there, which must be what it is taken for."""
        if (data := self.read(path)) is None:
            return None
        try:
            where = f"{source.at(value.line)}: {value.text}"
            read_spki(data, where) if kind == "public key" else read_certificate(data, where)
        except Refusal as refusal:
            self.problems += refusal.findings
        return OnDisk(path, data)

    def _left_behind(self, kind: Kind, file: OnDisk, maker: int) -> bool:
        """Whether a file is what a configuration made one day: a certificate of that name, a key of that folder."""
        if kind == "public key":  # whose it is cannot be read from it
            return _common_end(file.path, self.made[kind][maker]) > 1
        config = self.configs[maker]
        assert isinstance(config, Certified)
        subject, dates = config.profile.subject, (config.profile.not_before[0], config.profile.not_after[0])
        try:
            there, name = read_certificate(file.data), encode_name(subject.planned)
        except Refusal:
            return False
        return comparable(there.subject) == comparable(name) and (there.not_before, there.not_after) == dates

    # -- keys and names -----------------------------------------------------------------------------------------------

    def _with_existing(self, number: int, links: list[Links]) -> Links:
        """A certificate or request for a name and key that another certificate has already repeats that one."""
        one, config = links[number], self.configs[number]
        if one.existing is not None or not isinstance(config, (CertificateConfig, RequestConfig)):
            return one
        subject = config.subject if isinstance(config, RequestConfig) else config.profile.subject
        same = [
            (not isinstance(other, RootConfig), other.profile.not_before[0], index)
            for index, other in enumerate(self.configs)
            if isinstance(other, Certified)
            and other.profile.subject == subject
            and _public(links[index].key) == _public(one.key)
            and not (isinstance(other, CertificateConfig) and other.cross)
        ]
        first = min(same, default=(True, None, number))[2]
        return one if first == number else Links(one.issuer, one.key, Made(first), one.revoked)

    def _check(self, number: int, one: Links, links: list[Links]) -> None:
        config = self.configs[number]
        if isinstance(config, CertificateConfig) and config.existing is not None:
            self._check_existing(config, one, links)
        if isinstance(config, CrlConfig) and one.issuer is not None:
            for entry, revoked in zip(config.revoked, one.revoked, strict=True):
                if self._issuing(revoked.maker, links) != self._identity(one.issuer.maker, links):
                    self._problem("boulder.revoked_foreign", config.source, entry.certificate)
                first = next(it for it, other in zip(config.revoked, one.revoked, strict=True)
                             if other.maker == revoked.maker)  # fmt: skip
                if first is not entry:
                    said = first.certificate.line
                    self._problem("boulder.revoked_twice", config.source, entry.certificate, first=said)
        if one.issuer is not None and not isinstance(links[one.issuer.maker].key, Made):
            line = config.issuer if isinstance(config, (CertificateConfig, CrlConfig)) else None
            assert line is not None
            self._problem("boulder.key_elsewhere", config.source, line)
        if isinstance(config, RequestConfig) and not isinstance(one.key, Made):
            self._problem("boulder.key_elsewhere", config.source, config.public_key)

    def _check_existing(self, config: CertificateConfig, one: Links, links: list[Links]) -> None:
        """The certificate to be cross-signed has the key and the name that the configuration gives."""
        assert config.existing is not None
        if isinstance(one.existing, Made):
            existing = self.configs[one.existing.maker]
            assert isinstance(existing, Certified)
            same_key = _public(links[one.existing.maker].key) == _public(one.key)
            same_name = existing.profile.subject == config.profile.subject
        elif isinstance(one.existing, OnDisk):
            facts = read_certificate(one.existing.data)
            same_key, said = facts.spki == _public(one.key), config.profile.subject
            # the whole name is copied; it may have more than a configuration can say
            same_name = (organization(facts.subject), common_name(facts.subject)) == (
                said.organization,
                said.common_name,
            )
        else:
            return
        if not same_key:
            self._problem("boulder.key_differs", config.source, config.public_key, existing=config.existing.text)
        if not same_name:
            where = config.source.at(config.profile.line)
            self.problems.append(found("boulder.name_differs", where, existing=config.existing.text))

    def _identity(self, maker: int, links: list[Links]) -> tuple[Subject, object]:
        """Whose CRLs list what a certificate issues: a name and a key."""
        config = self.configs[maker]
        assert isinstance(config, Certified)
        return config.profile.subject, _public(links[maker].key)

    def _issuing(self, maker: int, links: list[Links]) -> tuple[Subject, object]:
        """Who issued a certificate."""
        issuer = links[maker].issuer
        return self._identity(issuer.maker if issuer is not None else maker, links)

    def _problem(self, code: str, source: Source, value: Value, **facts: object) -> None:
        self.problems.append(found(code, source.at(value.line), file=value.text, **facts))

    def _refuse(self) -> None:
        if self.problems:
            raise Refusal.of(tuple(self.problems))


def whole_path(source: Source, value: Value) -> Path:
    """A path of a configuration, from the folder that it lies in."""
    return Path(os.path.normpath(source.path.parent / value.text))


def _nearest(wanted: Path, made: dict[int, Path]) -> list[int]:
    """The makers of files of the same name whose paths agree farthest, counted from the end."""
    lengths = {number: _common_end(wanted, path) for number, path in made.items()}
    most = max(lengths.values(), default=0)
    return [number for number, length in lengths.items() if length == most and most > 0]


def _common_end(one: Path, other: Path) -> int:
    length = 0
    for left, right in zip(reversed(one.parts), reversed(other.parts), strict=False):
        if left != right:
            break
        length += 1
    return length


def _public(key: Found | None) -> object:
    """A key as it can be compared: the configuration that makes it, or its SPKI."""
    return key.maker if isinstance(key, Made) else read_spki(key.data, str(key.path)) if key is not None else None
