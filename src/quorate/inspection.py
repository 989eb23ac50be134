"""Objects in words: every field of a certificate, CRL, request or key by the name that script and template give it.

Floor 2. `fields` is what is compared, `read_out` what is read: the terms of the printed script, in its order.
"""

from __future__ import annotations

import contextlib
import hashlib
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple

from cryptography import x509

from quorate import canonical
from quorate.algorithms import by_identifier, verify_signature
from quorate.compliance import (
    OF_ISSUER,
    OF_KEY,
    OF_PROFILE,
    OF_REGISTER,
    Commitments,
    Context,
    certificate_findings,
    crl_findings,
)
from quorate.compliance.texts import RuleSet
from quorate.findings import Finding, Refusal
from quorate.keys import key_findings, key_name, spki_digest
from quorate.words import words
from quorate.x509.crl import serial_text
from quorate.x509.csr import Request
from quorate.x509.extension import extension_text
from quorate.x509.facts import CertificateFacts, CrlFacts, read_certificate, verify_issued
from quorate.x509.legacy import verify_as_made
from quorate.x509.name import written
from quorate.x509.object import Object, PublicKey, Response
from quorate.x509.ocsp import OcspFacts, key_hash
from quorate.x509.profile import Profile
from quorate.x509.template import EXTENSIONS

SECOND = "%Y-%m-%dT%H:%M:%SZ"
DAY = timedelta(days=1)


class Field(NamedTuple):
    """One field: its name in `spec/templates.md`, what it says, and a value that is equal where the bytes are."""

    name: str
    text: str
    value: object


def kind_of(it: Object) -> str:
    """`certificate`, `draft of a certificate`, `CRL`, `draft of a CRL`, `certification request` or `public key`."""
    match it:
        case CertificateFacts():
            return "certificate" if it.signature else "draft of a certificate"
        case CrlFacts():
            return "CRL" if it.signature else "draft of a CRL"
        case Request():
            return "certification request"
        case PublicKey():
            return "public key"
        case Response():
            return "OCSP response" if it.facts.signature else "draft of an OCSP response"


def fields(it: Object) -> tuple[Field, ...]:
    """Every field of the to-be-signed part, in the order of the structure. A CRL's entries are one field."""
    match it:
        case CertificateFacts():
            return tuple(_certificate(it))
        case CrlFacts():
            return tuple(_crl(it))
        case Request():
            asked = (Field(f"requested-{one.name}", one.text, one.value) for one in _extensions(_loaded(it)))
            return (Field("subject", written(it.subject), it.subject), *_key(it.spki), *asked)
        case PublicKey():
            return _key(it.spki)
        case Response():
            return tuple(_response(it.facts))


def spki_of(it: Object) -> bytes:
    """The public key (DER) that an object is about; b"" for a CRL and a response."""
    return b"" if isinstance(it, (CrlFacts, Response)) else it.spki


def _certificate(it: CertificateFacts) -> Iterator[Field]:
    yield Field("version", str(it.version), it.version)
    yield Field("serial", serial_text(it.serial) if it.serial > 0 else str(it.serial), it.serial)
    yield Field("signature-algorithm", algorithm_text(it.algorithm), it.algorithm)
    yield Field("issuer", written(it.issuer), it.issuer)
    yield Field("not-before", it.not_before.strftime(SECOND), (it.not_before, it.late_times[0]))
    yield Field("not-after", it.not_after.strftime(SECOND), (it.not_after, it.late_times[1]))
    yield Field("subject", written(it.subject), it.subject)
    yield from _key(it.spki)
    if it.unique_ids:
        yield Field("unique-id", "present", True)
    yield from _extensions(_loaded(it))


def _crl(it: CrlFacts) -> Iterator[Field]:
    yield Field("version", str(it.version), it.version)
    yield Field("signature-algorithm", algorithm_text(it.algorithm), it.algorithm)
    yield Field("issuer", written(it.issuer), it.issuer)
    yield Field("this-update", it.this_update.strftime(SECOND), (it.this_update, it.late_times[0]))
    end = it.next_update.strftime(SECOND) if it.next_update else "none"
    yield Field("next-update", end, (it.next_update, it.late_times[1:2]))
    yield Field("days", lasting(it.this_update, it.next_update), it.next_update and it.next_update - it.this_update)
    yield Field("entries", f"{len(it.entries)}", (it.entries, it.empty_list, it.entry_extensions))
    yield from _extensions(_loaded(it))


def _response(it: OcspFacts) -> Iterator[Field]:
    responder = f"key {it.responder.hex()}" if it.by_key else written(it.responder)
    yield Field("responder", responder, (it.by_key, it.responder))
    yield Field("serial", serial_text(it.serial) if it.serial > 0 else str(it.serial), it.serial)
    when = f" {it.revoked_at.strftime(SECOND)} {it.reason or 'without reason'}" if it.revoked_at else ""
    yield Field("status", it.status + when, (it.status, it.revoked_at, it.reason))
    yield Field("this-update", it.this_update.strftime(SECOND), it.this_update)
    yield Field("next-update", it.next_update.strftime(SECOND) if it.next_update else "none", it.next_update)
    yield Field("produced-at", it.produced_at.strftime(SECOND), it.produced_at)
    yield Field("issuer-name-hash", it.name_hash.hex(), (it.hash_algorithm, it.name_hash))
    yield Field("issuer-key-hash", it.key_hash.hex(), (it.hash_algorithm, it.key_hash))
    yield Field("signature-algorithm", algorithm_text(it.algorithm), it.algorithm)
    yield Field("extensions", ", ".join(it.extensions) or "none", it.extensions)
    yield Field("certificates", f"{len(it.certificates)} going along", it.certificates)


def _key(spki: bytes) -> tuple[Field, ...]:
    return (Field("spki", f"{key_text(spki)}, {spki_digest(spki)}", spki),)


def key_text(spki: bytes) -> str:
    """`p-384`, `rsa-4096`; the algorithm of a key that no rule set knows."""
    try:
        return key_name(spki)
    except Refusal as refusal:
        return f"unknown, {dict(refusal.findings[0].facts)['detail']}"


def algorithm_text(identifier: bytes) -> str:
    """A signature algorithm by the name that plans give it. Other identifiers in octets."""
    return by_identifier(identifier) or f"unknown, {identifier.hex()}"


def lasting(first: datetime, last: datetime | None) -> str:
    """A validity in days, its first and its last second counted (BR 1.6.1)."""
    if last is None:
        return "without end"
    days, rest = divmod(last - first + timedelta(seconds=1), DAY)
    return f"{days} days" + (f" and {int(rest.total_seconds())} s" if rest else "")


def _loaded(it: CertificateFacts | CrlFacts | Request) -> x509.Extensions:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if isinstance(it, CertificateFacts):
            return x509.load_der_x509_certificate(it.der).extensions
        if isinstance(it, CrlFacts):
            return x509.load_der_x509_crl(it.der).extensions
        try:
            return x509.load_der_x509_csr(it.der).extensions
        except (ValueError, x509.DuplicateExtension, x509.UnsupportedGeneralNameType) as error:
            raise Refusal("x509.encoding", detail=" ".join(str(error).split())) from None


def _extensions(extensions: x509.Extensions) -> Iterator[Field]:
    for extension in extensions:
        oid = extension.oid.dotted_string
        text = ("critical, " if extension.critical else "") + extension_text(extension.value)
        yield Field(EXTENSIONS.get(oid, oid), text, (extension.critical, extension.value.public_bytes()))


# -- reading out ------------------------------------------------------------------------------------------------------


def read_out(it: Object) -> tuple[str, ...]:
    """The object in lines `term: value`, as the printed script says them, then what it is known by."""
    match it:
        case CertificateFacts():
            return tuple(_read_certificate(it))
        case CrlFacts():
            return tuple(_read_crl(it))
        case Request() | PublicKey():
            rest = (f"{one.name}: {one.text}" for one in fields(it) if one.name != "spki")
            return (*rest, f"key: {key_text(it.spki)}", *known_by("spki", spki_digest(it.spki)))
        case Response(facts=facts, der=der):
            said = (f"{one.name}: {one.text}" for one in fields(it))
            digests = known_by("digest", canonical.digest(facts.tbs))
            return (*said, *digests, *known_by("fingerprint", canonical.digest(der)))


def _read_certificate(it: CertificateFacts) -> Iterator[str]:
    said = {one.name: one.text for one in fields(it)}
    yield f"subject: {said.pop('subject')}"
    issuer = said.pop("issuer")
    yield f"issuer: {'itself' if it.self_issued else issuer}"
    yield f"serial: {said.pop('serial')}"
    first, last = said.pop("not-before"), said.pop("not-after")
    yield f"valid: {first} to {last}, {lasting(it.not_before, it.not_after)}"
    yield f"key: {key_text(it.spki)}"
    yield from known_by("spki", spki_digest(it.spki))
    del said["spki"]
    yield from (f"{name}: {text}" for name, text in said.items())
    yield from _signed(it)


def _read_crl(it: CrlFacts) -> Iterator[str]:
    said = {one.name: one.text for one in fields(it)}
    yield f"issuer: {said.pop('issuer')}"
    yield f"number: {said.pop('number', 'none')}"
    yield f"valid: {said.pop('this-update')} to {said.pop('next-update')}, {said.pop('days')}"
    del said["entries"]
    for entry in it.entries:
        yield f"revoked: {serial_text(entry.serial)} {entry.date.strftime(SECOND)} {entry.reason or 'without reason'}"
    if not it.entries:
        yield "revoked: none"
    yield from (f"{name}: {text}" for name, text in said.items())
    yield from _signed(it)


def _signed(it: CertificateFacts | CrlFacts) -> Iterator[str]:
    """The digest is the draft's, over the bytes that are signed; the fingerprint is over the whole."""
    yield from known_by("digest", canonical.digest(it.tbs))
    if it.signature:
        yield from known_by("fingerprint", f"sha256:{hashlib.sha256(it.der).hexdigest()}")


def known_by(term: str, digest: str) -> tuple[str, str, str]:
    """A digest and its words, two rows of sixteen as a script prints them."""
    spoken = words(bytes.fromhex(digest.removeprefix("sha256:")))
    return f"{term}: {digest}", f"words: {' '.join(spoken[:16])}", f"       {' '.join(spoken[16:])}"


# -- judging ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What is known around an object: the rules it falls under, and certificates by the name they go by.

    `given` may sign anything, as the asker says; of `known` only those that the object names as its issuer.
    """

    rules: RuleSet
    commitments: Commitments | None = None
    given: Mapping[str, CertificateFacts] = field(default_factory=dict)
    known: Mapping[str, CertificateFacts] = field(default_factory=dict)


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
    own = {"its own key": it} if isinstance(it, CertificateFacts) and it.self_issued else {}
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


def usual_profile(it: CertificateFacts | CrlFacts, around: Surroundings) -> str:
    """The shipped profile that an object most likely follows; "" for what no CA certificate's profile fits."""
    if isinstance(it, CrlFacts):
        return f"{around.rules}-crl"
    if not it.is_ca:
        return ""
    if it.self_issued:
        return f"{around.rules}-root"
    if _existing(it, around):
        return f"{around.rules}-cross"
    return "webpki-tls-subordinate" if around.rules == "webpki" else "private-subordinate"


def judged(
    it: Object, profile: Profile | None, usual: bool, signature: Signature, around: Surroundings
) -> list[Finding]:
    """What key quality and the rules say, as of the day from which the object is valid.

    Without a profile only its key is judged; a `usual` one stands for a class and is no promise. What compares the
    object with its issuer, or with all that the authority issued, is left out where these are not at hand.
    """
    if isinstance(it, (Request, PublicKey, Response)) or profile is None:
        return list(key_findings(spki_of(it), "", own=False)) if spki_of(it) else []
    if (profile.kind == "crl") is not isinstance(it, CrlFacts):
        raise Refusal("x509.profile_of_another", profile.name, kind=kind_of(it))
    at = it.this_update if isinstance(it, CrlFacts) else it.not_before
    issuer = signature.issuer
    context = Context(
        rules=around.rules,
        at=at,
        window=(at, at),
        issuer=None if issuer is not None and issuer.tbs == it.tbs else issuer,
        known=_others(it, around),
        existing=_existing(it, around) if isinstance(it, CertificateFacts) else None,
        commitments=around.commitments or Commitments(UNLIMITED, UNLIMITED, UNLIMITED, (key_text(spki_of(it)),)),
    )
    if isinstance(it, CrlFacts):
        found = crl_findings(it.der, profile, context, None)
    else:
        found = certificate_findings(it.der, profile, context)
    aside = signature.aside | (frozenset() if issuer else OF_ISSUER)
    aside |= (frozenset() if around.known else OF_REGISTER) | (OF_PROFILE if usual else frozenset())
    if any(one.code == "key.stand_in" for one in found):  # a template: its key is none to judge
        aside |= OF_KEY | {"cert.name_reused"}
    return [one for one in found if one.code not in aside]


def _others(it: CertificateFacts | CrlFacts, around: Surroundings) -> tuple[CertificateFacts, ...]:
    """Every known certificate but the one that a draft has become."""
    draft = isinstance(it, CertificateFacts) and not it.signature
    name = (it.issuer, it.serial) if isinstance(it, CertificateFacts) else None
    return tuple(one for one in around.known.values() if not (draft and (one.issuer, one.serial) == name))


def _existing(it: CertificateFacts, around: Surroundings) -> CertificateFacts | None:
    """Another certificate of the same key under another issuer: what a cross-certificate repeats."""
    others = (one for one in around.known.values() if one.tbs != it.tbs)
    return next((one for one in others if one.spki == it.spki and one.issuer != it.issuer), None)


UNLIMITED = 100_000
"""Days: an object that belongs to no known authority breaks no commitment."""
