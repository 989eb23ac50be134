"""The profile in a configuration: whom a certificate names, and what it says."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from quorate.boulder.fields import Section
from quorate.document import Value
from quorate.plan import Subject as PlanSubject

Dated = tuple[datetime, int]
"""A moment, and the line that gives it."""

POINTER = "points to a document and stands in no certificate; see cps in authority.toml"
REQUEST = "not taken; a request asks for a name and a key only"

KEY_USAGES = {"Digital Signature": "digitalSignature", "Cert Sign": "keyCertSign", "CRL Sign": "cRLSign"}
SIGNATURES = {
    "SHA256WithRSA": "rsa-pkcs1-sha256",
    "SHA384WithRSA": "rsa-pkcs1-sha384",
    "SHA512WithRSA": "rsa-pkcs1-sha512",
    "ECDSAWithSHA256": "ecdsa-sha256",
    "ECDSAWithSHA384": "ecdsa-sha384",
    "ECDSAWithSHA512": "ecdsa-sha512",
}
PURPOSES = {"none": "none", "server": "server", "both": "both"}


@dataclass(frozen=True, slots=True)
class Subject:
    """The three attributes that a name can have; empty where one is not given."""

    country: str
    organization: str
    common_name: str

    @property
    def planned(self) -> PlanSubject:
        return PlanSubject(country=self.country, organization=self.organization, common_name=self.common_name)


@dataclass(frozen=True, slots=True)
class Profile:
    """What a certificate says. `key_usage` by the names of RFC 5280; `purposes`: none, server, both, or not given."""

    subject: Subject
    line: int
    not_before: Dated
    not_after: Dated
    signature: Value
    key_usage: tuple[str, ...]
    purposes: Value | None
    policies: tuple[str, ...]
    crl_url: str
    issuer_url: str


def read_subject(section: Section) -> tuple[Subject, int] | None:
    """A name, with its line. One without country or organisation is read: the rules say what they think of it."""
    common_name = section.value("common-name")
    organization, country = section.value("organization", required=False), section.value("country", required=False)
    if common_name is None:
        return None
    given = [one.text if one else "" for one in (country, organization)]
    return Subject(given[0], given[1], common_name.text), common_name.line


def read_profile(top: Section, *, root: bool = False) -> Profile | None:
    """The `certificate-profile` of everything but a request."""
    section = top.section("certificate-profile")
    if root:
        section.leave("not taken; a root has no such extension", "crl-url", "issuer-url", "policies", "policy-oids")
    section.leave(POINTER, "policy-url")
    section.leave("not taken; certificates of authorities get no OCSP address", "ocsp-url")
    subject, signature = read_subject(section), section.choice("signature-algorithm", SIGNATURES)
    not_before, not_after = section.moment("not-before"), section.moment("not-after")
    if not_before and not_after and not_after[0] <= not_before[0]:
        section.wrong("not-after", not_after[1], "it is not after not-before")
    usages = _key_usage(section)
    purposes = section.choice("ekus", PURPOSES, required=False)
    crl, issuer = (None if root else section.value(name, required=False) for name in ("crl-url", "issuer-url"))
    policies = () if root else _policies(section)
    section.end()
    if subject is None or signature is None or not_before is None or not_after is None:
        return None
    return Profile(
        subject=subject[0],
        line=subject[1],
        not_before=not_before,
        not_after=not_after,
        signature=signature,
        key_usage=usages,
        purposes=purposes,
        policies=policies,
        crl_url=crl.text if crl else "",
        issuer_url=issuer.text if issuer else "",
    )


def read_request_profile(top: Section) -> tuple[Subject, int] | None:
    """The `certificate-profile` of a request: a name. Earlier years wrote more into it, which no request says."""
    section = top.section("certificate-profile")
    section.leave(POINTER, "policy-url")
    section.leave(REQUEST, "ocsp-url", "crl-url", "issuer-url", "policies", "policy-oids", "key-usages", "ekus")
    section.leave(REQUEST, "not-before", "not-after", "signature-algorithm")
    subject = read_subject(section)
    section.end()
    return subject


def _key_usage(section: Section) -> tuple[str, ...]:
    given = section.values("key-usages")
    for one in given:
        if one.text not in KEY_USAGES:
            section.not_among("key-usages", one, KEY_USAGES)
    named = {KEY_USAGES[one.text] for one in given if one.text in KEY_USAGES}
    if given and not any(one.text not in KEY_USAGES for one in given) and "keyCertSign" not in named:
        section.wrong("key-usages", given[0].line, "an authority signs certificates, and Cert Sign is missing")
    return tuple(name for name in KEY_USAGES.values() if name in named)


def _policies(section: Section) -> tuple[str, ...]:
    """Object identifiers, in today's form and in that of the first version."""
    given = list(section.values("policy-oids", required=False))
    for policy in section.sections("policies", required=False):
        policy.leave("not taken; policies are put in without qualifiers", "cps-uri", "user-notice", "explicit-text")
        if (oid := policy.value("oid")) is not None:
            given.append(oid)
        policy.end()
    for one in given:
        arcs = one.text.split(".")
        if len(arcs) < 2 or not all(arc.isascii() and arc.isdecimal() and arc == str(int(arc)) for arc in arcs):
            section.wrong("policies", one.line, f"{one.text} is no object identifier")
    return tuple(one.text for one in given)
