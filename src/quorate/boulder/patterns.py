"""What the certificates and CRLs of the configurations carry, as profiles of the authority."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal

from quorate.boulder.config import CertificateConfig, RootConfig
from quorate.boulder.linking import Made
from quorate.boulder.sequence import Sequence
from quorate.boulder.toml import toml
from quorate.x509.facts import read_certificate

SERVER, CLIENT = "serverAuth", "clientAuth"
SERVER_ALONE = datetime(2025, 6, 15, tzinfo=UTC)
"""Until then the tool put client authentication into every intermediate that did not say otherwise."""
PURPOSES_SAID = datetime(2026, 5, 11, tzinfo=UTC)
"""Until then a cross-certificate had the purposes of the certificate that it repeats; since then it has one anyway."""

Class = Literal["root", "subordinate", "cross", "crl"]

USUAL = (
    "keyCompromise",
    "cACompromise",
    "affiliationChanged",
    "superseded",
    "cessationOfOperation",
    "privilegeWithdrawn",
)
_PURPOSE_NAMES = {"1.3.6.1.5.5.7.3.1": SERVER, "1.3.6.1.5.5.7.3.2": CLIENT}


@dataclass(frozen=True, slots=True)
class Pattern:
    """What the certificates or CRLs of one profile have in common."""

    kind: Class
    key_usage: tuple[str, ...] = ()
    purposes: tuple[str, ...] = ()
    path_length: int | None = None
    policies: bool = False
    crl_url: bool = False
    issuer_url: bool = False
    reasons: tuple[str, ...] = ()


@dataclass(slots=True)
class Profiles:
    """The profiles that are needed: the name of each, and the days of validity that it has to allow."""

    names: dict[Pattern, str] = field(default_factory=dict)
    days: dict[Pattern, int] = field(default_factory=dict)

    def name(self, pattern: Pattern, days: int) -> str:
        """The name of the profile of a pattern, a new one if there is none."""
        self.days[pattern] = max(days, self.days.get(pattern, 1))
        if pattern not in self.names:
            same = sum(other.kind == pattern.kind for other in self.names)
            self.names[pattern] = f"imported-{pattern.kind}" + (f"-{same + 1}" if same else "")
        return self.names[pattern]

    def longest(self, kind: Class) -> int:
        """The longest validity of a class, in days; 0 if there is none."""
        return max((days for pattern, days in self.days.items() if pattern.kind == kind), default=0)

    def files(self, rules: str) -> dict[str, str]:
        """`NAME.toml` of every profile."""
        return {f"{name}.toml": _text(name, pattern, self.days[pattern], rules) for pattern, name in self.names.items()}


def _text(name: str, pattern: Pattern, days: int, rules: str) -> str:
    values: dict[str, object] = {"format": "quorate-profile/1", "name": name, "class": pattern.kind, "rules": rules}
    values |= {"section": "RFC 5280 5" if pattern.kind == "crl" else "RFC 5280 4", "days": {"least": 1, "most": days}}
    # the tool leaves it out of roots; BR 7.1.2.1.2 recommends it, and linters of a web PKI miss it
    values["authority-key-identifier"] = pattern.kind != "root" or rules == "webpki"
    if pattern.kind == "crl":
        values["reasons"] = [*USUAL, *pattern.reasons]
    else:
        values["key-usage"] = list(pattern.key_usage)
    if pattern.purposes:
        values["extended-key-usage"] = list(pattern.purposes)
    parts = {"policies": pattern.policies, "crl-url": pattern.crl_url, "ca-issuers-url": pattern.issuer_url}
    values |= {part: "required" for part, given in parts.items() if given}
    if pattern.path_length is not None:
        values["path-length"] = pattern.path_length
    what = "CRLs" if pattern.kind == "crl" else "certificates"
    lines = [f"# What {what} of the imported configurations carry."]
    return "\n".join([*lines, *(f"{key} = {toml(value)}" for key, value in values.items())]) + "\n"


# -- what a configuration leaves to the tool ------------------------------------------------------------------------


def kind_of(sequence: Sequence, number: int) -> Class:
    """A certificate for a name and key that have one already is a cross-certificate, whatever it is called."""
    if isinstance(sequence.configs[number], RootConfig):
        return "root"
    return "cross" if sequence.links[number].existing is not None else "subordinate"


def purposes_of(sequence: Sequence, number: int) -> tuple[str, ...]:
    """The extended key usage; what is not said was decided by the tool of the day."""
    config = sequence.configs[number]
    if not isinstance(config, CertificateConfig):
        return ()
    said, day = config.profile.purposes, config.profile.not_before[0]
    if said is not None:
        return (SERVER,) if said.text == "server" else (SERVER, CLIENT)
    if not config.cross:
        return (SERVER,) if day >= SERVER_ALONE else (CLIENT, SERVER)
    if day >= PURPOSES_SAID:
        return (SERVER,)
    existing = sequence.links[number].existing
    if config.existing is None or existing is None:
        return ()
    if isinstance(existing, Made):
        return purposes_of(sequence, existing.maker)
    return tuple(_PURPOSE_NAMES.get(oid, oid) for oid in read_certificate(existing.data).eku)


def path_length_of(sequence: Sequence, number: int) -> int | None:
    """0 for an intermediate; a cross-certificate has that of the certificate that it repeats, if it is named."""
    config, existing = sequence.configs[number], sequence.links[number].existing
    if not isinstance(config, CertificateConfig):
        return None
    if not config.cross:
        return 0
    if config.existing is None or existing is None:
        return None
    if isinstance(existing, Made):
        return path_length_of(sequence, existing.maker)
    return read_certificate(existing.data).path_length
