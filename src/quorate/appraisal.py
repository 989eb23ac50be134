"""An object beside what is known around it: who signed it, which profile it follows, what the rules find. Floor 2.

Nothing here admits or refuses: whoever looks at an object, of this authority or of somebody else, is told.
"""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from quorate.algorithms import verify_signature
from quorate.compliance import (
    OF_ISSUER,
    OF_KEY,
    OF_PROFILE,
    OF_REGISTER,
    Commitments,
    Context,
    certificate_findings,
    crl_findings,
    ocsp_findings,
    request_findings,
)
from quorate.compliance.texts import RuleSet
from quorate.findings import Finding, Refusal
from quorate.inspection import key_text, kind_of, spki_of
from quorate.keys import key_findings
from quorate.x509.csr import Request
from quorate.x509.facts import CertificateFacts, CrlFacts, read_certificate, verify_issued
from quorate.x509.legacy import verify_as_made
from quorate.x509.object import Object, PublicKey, Response
from quorate.x509.ocsp import OcspFacts, key_hash, name_hash
from quorate.x509.profile import Profile

SERVER_AUTH, OCSP_SIGNING, CONSTRAINTS = "1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.9", "2.5.29.30"


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What is known around an object: the rules it falls under, and certificates by the name they go by.

    `given` may sign anything, as the asker says; of `known`, in the order of their making, only those that the object
    names as its issuer. `crls`: all that the authority ever issued.
    """

    rules: RuleSet
    commitments: Commitments | None = None
    given: Mapping[str, CertificateFacts] = field(default_factory=dict)
    known: Mapping[str, CertificateFacts] = field(default_factory=dict)
    crls: tuple[CrlFacts, ...] = ()

    @property
    def certificates(self) -> tuple[CertificateFacts, ...]:
        return (*self.known.values(), *self.given.values())


class Signature(NamedTuple):
    """What is known of a signature. `issuer`: the certificate whose key made it, None where that is not known.

    `aside`: what the rules find of it beside that, and is not so.
    """

    text: str
    bad: bool
    issuer: CertificateFacts | None
    aside: frozenset[str] = frozenset()


def signature_of(it: Object, around: Surroundings) -> Signature:
    """Who signed an object: tried are itself, what is given, and whatever is named as its issuer."""
    if isinstance(it, Request):
        return Signature("holds, by its own key", False, None)  # no other request is read
    if isinstance(it, Response):
        return _signature_of_response(it.facts, around)
    if isinstance(it, PublicKey) or not it.signature:
        return Signature("none", False, None)
    own = {"its own key": it} if isinstance(it, CertificateFacts) and it.self_signed else {}
    named = {name: one for name, one in around.known.items() if one.subject == it.issuer}
    candidates = {**own, **{f"the key of {name}": one for name, one in {**named, **around.given}.items()}}
    for name, one in candidates.items():
        with contextlib.suppress(Refusal):
            verify_issued(it, one.spki)
            return Signature(f"holds, by {name}", False, one)
    for name, one in candidates.items():
        with contextlib.suppress(Refusal):
            verify_as_made(it, one.spki)
            text = f"holds, by {name}, with an algorithm that the rules do not know"
            return Signature(text, False, one, frozenset({"x509.signature_invalid"}))
    if not candidates:
        return Signature("not checked, for its issuer is not at hand", False, None)
    return Signature(f"does not hold with {' or '.join(candidates)}", True, None)


def _signature_of_response(it: OcspFacts, around: Surroundings) -> Signature:
    """By the responder that it names: a certificate that goes along, is given, or is known."""
    if not it.signature:
        return Signature("none", False, None)
    along = {f"certificate {n} going along": read_certificate(one) for n, one in enumerate(it.certificates, 1)}
    named = {name: one for name, one in {**along, **around.known}.items() if _answers(it, one)}
    candidates = {**named, **around.given}
    for name, one in candidates.items():
        with contextlib.suppress(Refusal):
            verify_signature(one.spki, it.algorithm, it.tbs, it.signature)
            return Signature(f"holds, by the key of {name}", False, one)
    if not candidates:
        return Signature("not checked, for its responder is not at hand", False, None)
    return Signature(f"does not hold with the key of {' or '.join(candidates)}", True, None)


def _answers(it: OcspFacts, one: CertificateFacts) -> bool:
    return key_hash(one.spki) == it.responder if it.by_key else one.subject == it.responder


# -- the profile ------------------------------------------------------------------------------------------------------


def usual_profile(it: Object, around: Surroundings) -> str:
    """The shipped profile that an object most likely follows; "" where there is none for what it is."""
    match it:
        case CrlFacts():
            return f"{around.rules}-crl"
        case Response():
            return f"{around.rules}-ocsp" if _asked_about(it.facts, around) else ""
        case CertificateFacts() if it.is_ca:
            return _of_authority(it, around)
        case CertificateFacts() if OCSP_SIGNING in it.eku:
            return f"{around.rules}-ocsp-responder"
        case _:
            return ""


def _of_authority(it: CertificateFacts, around: Surroundings) -> str:
    """By what it says of itself: a root, for TLS or not, within names or not, of a key that is known already."""
    web = around.rules == "webpki"
    without_tls = bool(it.eku) and SERVER_AUTH not in it.eku
    if it.self_signed:
        return f"{around.rules}-root"
    if _existing(it, around):
        return f"{around.rules}-cross" + ("-non-tls" if web and without_tls else "")
    if without_tls:
        return f"{around.rules}-non-tls"
    if it.extension(CONSTRAINTS):
        return "webpki-tls-constrained" if web else "private-constrained"
    return "webpki-tls-subordinate" if web else "private-subordinate"


# -- judging ----------------------------------------------------------------------------------------------------------


def judged(
    it: Object, profile: Profile | None, usual: bool, signature: Signature, around: Surroundings
) -> list[Finding]:
    """What key quality and the rules say, as of the day from which the object is valid.

    Without a profile only its key is judged, and of a request what it asks beside a root that it repeats; a `usual`
    profile stands for a class and is no promise. What compares the object with its issuer, or with all that the
    authority issued, is left out where these are not at hand.
    """
    if isinstance(it, Request):
        return list(_of_request(it, around))
    if isinstance(it, PublicKey) or profile is None:
        return list(key_findings(spki_of(it), "", own=False)) if spki_of(it) else []
    if {"crl": CrlFacts, "ocsp": Response}.get(profile.kind, CertificateFacts) is not type(it):
        raise Refusal("x509.profile_of_another", profile.name, kind=kind_of(it))
    found = _found(it, profile, signature.issuer, around)
    aside = signature.aside | (frozenset() if signature.issuer else OF_ISSUER)
    aside |= (frozenset() if around.known else OF_REGISTER) | (OF_PROFILE if usual else frozenset())
    if any(one.code == "key.stand_in" for one in found):  # a template: its key is none to judge
        aside |= OF_KEY | {"cert.name_reused"}
    return [one for one in found if one.code not in aside]


def _of_request(it: Request, around: Surroundings) -> tuple[Finding, ...]:
    """One with the name and the key of a known root asks for a cross-certificate, and repeats that root."""
    for one in around.certificates:
        if one.self_signed and (one.subject, one.spki) == (it.subject, it.spki):
            return request_findings(it.der, "", one, ())
    return key_findings(it.spki, "", own=False)


def _found(
    it: CertificateFacts | CrlFacts | Response, profile: Profile, issuer: CertificateFacts | None, around: Surroundings
) -> tuple[Finding, ...]:
    match it:
        case CertificateFacts():
            signer = None if issuer is not None and issuer.tbs == it.tbs else issuer
            context = _context(it, it.not_before, signer, around)
            return certificate_findings(it.der, profile, context)
        case CrlFacts():
            return crl_findings(it.der, profile, _context(it, it.this_update, issuer, around), _before(it, around))
        case Response(facts=facts, der=der):
            asked = _asked_about(facts, around)
            responder = issuer or next((one for one in around.certificates if _answers(facts, one)), None)
            if asked is None or responder is None:
                return ()
            context = _context(it, facts.this_update, asked.issuer, around)
            return ocsp_findings(der, profile, context, asked.certificate, responder, _resting_on(facts, asked, around))


def _context(it: Object, at: datetime, issuer: CertificateFacts | None, around: Surroundings) -> Context:
    return Context(
        rules=around.rules,
        at=at,
        window=(at, at),
        issuer=issuer,
        known=_others(it, around),
        existing=_existing(it, around) if isinstance(it, CertificateFacts) else None,
        commitments=around.commitments or Commitments(UNLIMITED, UNLIMITED, UNLIMITED, tuple(_own_type(it))),
    )


def _own_type(it: Object) -> Iterator[str]:
    if spki_of(it):
        yield key_text(spki_of(it))


def _others(it: Object, around: Surroundings) -> tuple[CertificateFacts, ...]:
    """Every known certificate but the one that a draft has become."""
    draft = isinstance(it, CertificateFacts) and not it.signature
    name = (it.issuer, it.serial) if isinstance(it, CertificateFacts) else None
    return tuple(one for one in around.known.values() if not (draft and (one.issuer, one.serial) == name))


def _existing(it: CertificateFacts, around: Surroundings) -> CertificateFacts | None:
    """A certificate of the same key under another issuer that was there before: what a cross-certificate repeats."""
    before = itertools.takewhile(lambda one: one.tbs != it.tbs, around.known.values())
    return next((one for one in before if one.spki == it.spki and one.issuer != it.issuer), None)


def _before(it: CrlFacts, around: Surroundings) -> CrlFacts | None:
    """The CRL that one follows: of the known ones of its issuer that with the next lower number."""
    lower = [one for one in around.crls if (one.issuer, one.aki) == (it.issuer, it.aki) and one.number < it.number]
    return max(lower, key=lambda one: one.number, default=None)


class Asked(NamedTuple):
    """The certificate that a response is about, and that of its issuer."""

    certificate: CertificateFacts
    issuer: CertificateFacts


def _asked_about(it: OcspFacts, around: Surroundings) -> Asked | None:
    """None if one of the two is not known."""
    for issuer in around.certificates:
        if (name_hash(issuer.subject), key_hash(issuer.spki)) == (it.name_hash, it.key_hash):
            for one in around.certificates:
                if (one.issuer, one.serial) == (issuer.subject, it.serial):
                    return Asked(one, issuer)
    return None


def _resting_on(it: OcspFacts, asked: Asked, around: Surroundings) -> CrlFacts | None:
    """The newest CRL of the issuer when the response was made."""
    issuer = asked.issuer
    lists = [one for one in around.crls if (one.issuer, one.aki) == (issuer.subject, issuer.ski)]
    return max((one for one in lists if one.this_update <= it.this_update), key=lambda one: one.number, default=None)


UNLIMITED = 100_000
"""Days: an object that belongs to no known authority breaks no commitment."""
