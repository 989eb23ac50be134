"""The operations of the plans, each with the file that it is from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from quorate.algorithms import SignatureAlgorithm, default_algorithm
from quorate.boulder.config import CertificateConfig, Config, CrlConfig, KeyConfig, RequestConfig, RootConfig
from quorate.boulder.linking import Links, Made, OnDisk
from quorate.boulder.naming import file_name, free, stem
from quorate.boulder.patterns import USUAL, Pattern, Profiles, kind_of, path_length_of, purposes_of
from quorate.boulder.profile import Subject
from quorate.boulder.sequence import Sequence
from quorate.boulder.toml import toml
from quorate.outline import quoted

Values = dict[str, object]
Listed = dict[int, tuple[datetime, str]]
"""What a CRL lists: date and reason, by the place of the certificate."""


@dataclass(slots=True)
class Plans:
    """The import on its way into plans: the names given so far, the profiles, what CRLs carry over."""

    sequence: Sequence
    token: str
    ids: dict[int, str] = field(default_factory=dict)
    keys: dict[int, str] = field(default_factory=dict)
    profiles: Profiles = field(default_factory=Profiles)
    carried: list[str] = field(default_factory=list)
    lists: dict[int, Listed] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Every operation gets its id, in the order in which they are done."""
        taken: set[str] = set()
        for number in self.sequence.order:
            config, year = self.sequence.configs[number], self.sequence.moments[number].year
            if isinstance(config, (KeyConfig, RootConfig)):
                self.keys[number] = free(f"key-{stem(config.public_key.text)}", year, taken)
                taken.add(self.keys[number])
            if name := _wanted_id(config):
                self.ids[number] = free(name, year, taken)
                taken.add(self.ids[number])

    def links(self, number: int) -> Links:
        return self.sequence.links[number]

    def operations(self, number: int) -> Iterator[str]:
        """The operations of one configuration, as TOML."""
        config = self.sequence.configs[number]
        if isinstance(config, (KeyConfig, RootConfig)):
            yield _table("generate-key", config, self._key(number, config))
        if isinstance(config, (RootConfig, CertificateConfig)):
            yield _table(kind_of(self.sequence, number), config, self._certificate(number, config))
        elif isinstance(config, RequestConfig):
            yield _table("cross-csr", config, self._request(number, config))
        elif isinstance(config, CrlConfig):
            yield _table("crl", config, self._crl(number, config))

    def _key(self, number: int, config: KeyConfig | RootConfig) -> Values:
        """What BR 6.1.1.1 asks for depends on the use; a key that nothing uses counts as a root's."""
        used = any(number in self.sequence.needs(user) for user in self.sequence.order)
        use = "root" if isinstance(config, RootConfig) else "internal-ca" if used else "unknown"
        values: Values = {"id": self.keys[number], "token": self.token, "type": config.key_type.text, "use": use}
        return values | {"output": file_name(config.public_key.text)}

    def _certificate(self, number: int, config: RootConfig | CertificateConfig) -> Values:
        profile, links = config.profile, self.links(number)
        kind = kind_of(self.sequence, number)
        values: Values = {"id": self.ids[number]}
        if links.issuer is not None:
            values["issuer"] = self.ids[links.issuer.maker]
        if kind == "cross":
            values["existing"] = self._existing(number)
        if isinstance(links.key, OnDisk):
            values["spki"] = self.input(number, links.key)
        elif links.key is not None:
            values["key"] = self.keys[links.key.maker]
        pattern = Pattern(
            kind=kind,
            key_usage=profile.key_usage,
            purposes=purposes_of(self.sequence, number),
            path_length=path_length_of(self.sequence, number),
            policies=bool(profile.policies),
            crl_url=bool(profile.crl_url),
            issuer_url=bool(profile.issuer_url),
        )
        values["profile"] = self.profiles.name(pattern, _days(profile.not_before[0], profile.not_after[0]))
        if kind != "cross":
            values["subject"] = _subject(profile.subject)
        values |= {"not-before": _utc(profile.not_before[0]), "not-after": _utc(profile.not_after[0])}
        addresses = {"crl-url": profile.crl_url, "ca-issuers-url": profile.issuer_url}
        values |= {name: url for name, url in addresses.items() if url}
        if profile.policies:
            values["policies"] = list(profile.policies)
        signer = links.issuer.maker if links.issuer is not None else number
        if profile.signature.text != default_algorithm(self.sequence.key_type(signer)):
            values["signature"] = profile.signature.text
        return values | {"output": file_name(config.certificate.text)}

    def _existing(self, number: int) -> str:
        existing = self.links(number).existing
        assert existing is not None
        return self.ids[existing.maker] if isinstance(existing, Made) else self.input(number, existing)

    def _request(self, number: int, config: RequestConfig) -> Values:
        values: Values = {"id": self.ids[number]}
        if self.links(number).existing is not None:
            values["existing"] = self._existing(number)
        else:
            key = self.links(number).key
            assert isinstance(key, Made)
            values |= {"key": self.keys[key.maker], "subject": _subject(config.subject)}
        return values | _tools_choice(self.sequence.key_type(number)) | {"output": file_name(config.csr.text)}

    def _crl(self, number: int, config: CrlConfig) -> Values:
        issuer = self.links(number).issuer
        assert issuer is not None
        values: Values = {"id": self.ids[number], "issuer": self.ids[issuer.maker], "number": int(config.number.text)}
        values |= {"this-update": _utc(config.this_update[0]), "next-update": _utc(config.next_update[0])}
        reasons = {reason for _, reason in self._listed(number).values()}
        pattern = Pattern("crl", reasons=tuple(sorted(reasons - {*USUAL, "unspecified"})))
        values["profile"] = self.profiles.name(pattern, _days(config.this_update[0], config.next_update[0]))
        if revoked := self._newly_revoked(number, config):
            values["revoked"] = revoked
        return values | _tools_choice(self.sequence.key_type(issuer.maker)) | {"output": file_name(config.crl.text)}

    def _newly_revoked(self, number: int, config: CrlConfig) -> list[Values]:
        """The tool wants all entries anew each time; a plan wants the new ones, the others are carried over.

        What has been listed once beyond its validity is not carried over, and stays if it is among the new ones.
        """
        before, carried, revoked = self._listed_before(number), self._carried(number), list[Values]()
        own = _entries(config, self.links(number))
        lines = {
            made.maker: e.certificate.line for e, made in zip(config.revoked, self.links(number).revoked, strict=True)
        }
        for maker, entry in own.items():
            date, reason = before.get(maker, entry)
            if maker not in carried:
                revoked.append({"certificate": self.ids[maker], "date": _utc(date), "reason": reason})
            if (date, reason) != entry:
                self.carried.append(
                    f"{config.source.at(lines[maker])}: {self.ids[maker]} stays as it was first listed: "
                    f"{_utc(date)}, {reason}"
                )
        gone = [self.ids[maker] for maker in carried if maker not in own]
        self.carried += [
            f"{config.source.name}: {name} stays listed until it has expired (RFC 5280 3.3)" for name in gone
        ]
        return revoked

    def _listed(self, number: int) -> Listed:
        """The entries of a CRL: those of the one before it that stay, and its own; what was said first counts."""
        if number not in self.lists:
            config, before = self.sequence.configs[number], self._listed_before(number)
            assert isinstance(config, CrlConfig)
            own = {maker: before.get(maker, entry) for maker, entry in _entries(config, self.links(number)).items()}
            self.lists[number] = self._carried(number) | own
        return self.lists[number]

    def _listed_before(self, number: int) -> Listed:
        """The entries of the CRL before."""
        previous = self.sequence.previous.get(number)
        return {} if previous is None else self._listed(previous)

    def _carried(self, number: int) -> Listed:
        """Those of them that stay by themselves: until one CRL has listed them beyond their validity (RFC 5280 3.3)."""
        previous = self.sequence.previous.get(number)
        if previous is None:
            return {}
        last = self.sequence.configs[previous]
        assert isinstance(last, CrlConfig)
        carried: Listed = {}
        for maker, entry in self._listed(previous).items():
            certificate = self.sequence.configs[maker]
            assert isinstance(certificate, (RootConfig, CertificateConfig))
            if certificate.profile.not_after[0] >= last.this_update[0]:
                carried[maker] = entry
        return carried

    # -- files that come along ----------------------------------------------------------------------------------------

    def input(self, number: int, file: OnDisk) -> str:
        """The name of a file in the ceremony's inputs: the operation's and its own."""
        return f"{self.ids[number]}.{file_name(str(file.path)).replace(' ', '-')}"

    def inputs(self, number: int) -> dict[str, bytes]:
        """The files that one configuration brings along."""
        parts = (self.links(number).key, self.links(number).existing)
        return {self.input(number, part): part.data for part in parts if isinstance(part, OnDisk)}


def _entries(config: CrlConfig, links: Links) -> Listed:
    pairs = zip(config.revoked, links.revoked, strict=True)
    return {made.maker: (entry.date[0], entry.reason.text) for entry, made in pairs}


def _wanted_id(config: Config) -> str:
    match config:
        case RootConfig() | CertificateConfig():
            return stem(config.certificate.text)
        case RequestConfig():
            return f"csr-{stem(config.csr.text).removesuffix('-csr')}"
        case CrlConfig():
            return f"crl-{stem(config.crl.text)}-{config.number.text}"
        case _:
            return ""


def output_paths(config: Config) -> tuple[str, ...]:
    """The paths that a configuration writes, as it gives them."""
    match config:
        case KeyConfig():
            return (config.public_key.text,)
        case RootConfig():
            return config.public_key.text, config.certificate.text
        case CertificateConfig():
            return (config.certificate.text,)
        case RequestConfig():
            return (config.csr.text,)
        case CrlConfig():
            return (config.crl.text,)
        case _:
            return ()


def _table(kind: str, config: Config, values: Mapping[str, object]) -> str:
    """One [[operations]] table."""
    lines = [f"# {config.source.name}", "[[operations]]", f"kind = {quoted(kind)}"]
    return "\n".join([*lines, *(f"{name} = {toml(value)}" for name, value in values.items())]) + "\n"


def _subject(subject: Subject) -> Values:
    given = {"country": subject.country, "organization": subject.organization, "common-name": subject.common_name}
    return {name: value for name, value in given.items() if value}


def _tools_choice(key: str) -> Values:
    """What the tool takes where a configuration cannot say it: SHA-256 with every RSA key."""
    rsa = SignatureAlgorithm.RSA_PKCS1_SHA256
    return {"signature": rsa.value} if key.startswith("rsa-") and default_algorithm(key) is not rsa else {}


def _days(first: datetime, last: datetime) -> int:
    return -(-(last - first + timedelta(seconds=1)) // timedelta(days=1))


def _utc(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
