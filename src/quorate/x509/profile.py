"""Certificate and CRL profiles: what an object of one kind carries. Data, in TOML; `spec/profiles.md` describes it.

A profile says what is put in. What is allowed at all is the business of `compliance`, which judges every draft anew.
"""

from __future__ import annotations

import functools
import importlib.resources
import re
from typing import Literal

import msgspec

from quorate.findings import Refusal
from quorate.strict import read_toml

SHIPPED = (
    "webpki-root",
    "webpki-tls-subordinate",
    "webpki-tls-constrained",
    "webpki-external",
    "webpki-non-tls",
    "webpki-cross",
    "webpki-cross-non-tls",
    "webpki-ocsp-responder",
    "webpki-crl",
    "webpki-ocsp",
    "private-root",
    "private-subordinate",
    "private-constrained",
    "private-non-tls",
    "private-cross",
    "private-ocsp-responder",
    "private-crl",
    "private-ocsp",
)

# purposes by the names of RFC 5280 4.2.1.12; any other purpose is written as a dotted OID
PURPOSES = {
    "serverAuth": "1.3.6.1.5.5.7.3.1",
    "clientAuth": "1.3.6.1.5.5.7.3.2",
    "codeSigning": "1.3.6.1.5.5.7.3.3",
    "emailProtection": "1.3.6.1.5.5.7.3.4",
    "timeStamping": "1.3.6.1.5.5.7.3.8",
    "OCSPSigning": "1.3.6.1.5.5.7.3.9",
}

Presence = Literal["required", "optional", "forbidden"]
Class = Literal["root", "subordinate", "constrained", "non-tls", "cross", "cross-non-tls", "responder", "crl", "ocsp"]
"""`subordinate` and `cross` serve TLS; `constrained` serves TLS within name constraints (BR 7.1.2.5)."""
NOT_CERTIFICATES: tuple[Class, ...] = ("crl", "ocsp")
Reason = Literal[
    "keyCompromise",
    "cACompromise",
    "affiliationChanged",
    "superseded",
    "cessationOfOperation",
    "privilegeWithdrawn",
    "certificateHold",
    "aACompromise",
]


class Days(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How long an object may be valid, in days of 86400 seconds, both ends inclusive."""

    least: int
    most: int


class Profile(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="kebab"):
    """One profile. Everything from `key_usage` to `path_length` belongs to certificates, `reasons` to the others.

    `document` and `version`: the CP/CPS, or other text, that `section` is a section of.
    """

    format: Literal["quorate-profile/1"]
    name: str
    kind: Class = msgspec.field(name="class")
    rules: Literal["webpki", "private"]
    section: str
    days: Days
    document: str = ""
    version: str = ""
    authority_key_identifier: bool = False
    key_usage: tuple[Literal["digitalSignature", "keyCertSign", "cRLSign"], ...] = ()
    extended_key_usage: tuple[str, ...] = ()
    policies: Presence = "forbidden"
    crl_url: Presence = "forbidden"
    ca_issuers_url: Presence = "forbidden"
    name_constraints: Presence = "forbidden"
    path_length: int | None = None
    reasons: tuple[Reason, ...] = ()
    responder_id: Literal["name", "key"] | None = None

    @property
    def purposes(self) -> tuple[str, ...]:
        """The extended key usage as dotted OIDs."""
        return tuple(PURPOSES.get(purpose, purpose) for purpose in self.extended_key_usage)

    @property
    def place(self) -> str:
        """Where the profile is described, for people."""
        return ", ".join(part for part in (f"{self.document} {self.version}".strip(), self.section) if part)


def load_profile(name: str) -> Profile:
    """A shipped profile. Raises `x509.profile_unknown`."""
    if name not in SHIPPED:
        raise Refusal("x509.profile_unknown", name=name, known=", ".join(SHIPPED))
    folder = importlib.resources.files("quorate.x509") / "profiles"
    return parse_profile(name, (folder / f"{name}.toml").read_bytes())


@functools.lru_cache(maxsize=64)  # read at every draft
def parse_profile(name: str, data: bytes) -> Profile:
    """The profile `name` from its TOML. Raises `x509.profile_invalid`: unknown fields, wrong values, another name."""
    try:
        profile = msgspec.convert(read_toml(data), Profile, strict=True)
    except ValueError as error:  # of either
        raise Refusal("x509.profile_invalid", name, detail=" ".join(str(error).split())) from None
    for problem in _problems(name, profile):
        raise Refusal("x509.profile_invalid", name, detail=problem)
    return profile


def _problems(name: str, profile: Profile) -> tuple[str, ...]:
    problems = []
    if profile.name != name:
        problems.append(f"it calls itself {profile.name}")
    if not 1 <= profile.days.least <= profile.days.most:
        problems.append("the days are not 1 <= least <= most")
    if bool(profile.document) != bool(profile.version):
        problems.append("a document and its version are named together")
    problems += _certificate_problems(profile) if profile.kind not in NOT_CERTIFICATES else _status_problems(profile)
    if profile.path_length is not None and profile.path_length < 0:
        problems.append("the path length is negative")
    if unknown := [purpose for purpose in profile.purposes if not _is_oid(purpose)]:
        problems.append(f"{unknown[0]} is no purpose and no object identifier")
    if any(len(set(values)) != len(values) for values in (profile.key_usage, profile.purposes, profile.reasons)):
        problems.append("a value stands twice in a list")
    return tuple(problems)


def _certificate_problems(profile: Profile) -> list[str]:
    problems = []
    if profile.reasons or profile.responder_id:
        problems.append("reasons and responder id belong to CRLs and OCSP responses")
    if profile.kind == "responder":
        said = (profile.policies, profile.crl_url, profile.ca_issuers_url, profile.name_constraints)
        if set(said) != {"forbidden"} or profile.path_length is not None:
            problems.append("a responder has no policies, addresses, name constraints or path length")
        if profile.key_usage != ("digitalSignature",) or profile.extended_key_usage != ("OCSPSigning",):
            problems.append("a responder has the key usage digitalSignature and the purpose OCSPSigning alone")
    elif "keyCertSign" not in profile.key_usage:
        problems.append("a CA certificate has the key usage keyCertSign")
    if profile.kind == "constrained" and profile.name_constraints != "required":
        problems.append("a constrained CA has name constraints")
    return problems


def _status_problems(profile: Profile) -> list[str]:
    """CRLs and OCSP responses."""
    problems = []
    asked = {profile.policies, profile.crl_url, profile.ca_issuers_url, profile.name_constraints}
    if profile.key_usage or profile.extended_key_usage or profile.path_length is not None or asked != {"forbidden"}:
        problems.append("a profile of a CRL or an OCSP response has no certificate extensions")
    if not profile.reasons:
        problems.append("the reasons that are permitted are not listed")
    if (profile.kind == "ocsp") != (profile.responder_id is not None):
        problems.append("an OCSP response names its responder by name or by key, a CRL does not")
    if profile.kind == "ocsp" and profile.authority_key_identifier:
        problems.append("an OCSP response has no authority key identifier")
    return problems


def _is_oid(text: str) -> bool:
    return re.fullmatch(r"[012](?:\.(?:0|[1-9][0-9]{0,37})){2,}", text) is not None
