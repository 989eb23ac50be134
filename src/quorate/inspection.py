"""Objects in words: every field of a certificate, CRL, request or key by the name that script and template give it.

Floor 2. `fields` is what is compared, `read_out` what is read: the terms of the printed script, in its order.
"""

from __future__ import annotations

import hashlib
import warnings
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import NamedTuple

from cryptography import x509

from quorate import canonical
from quorate.algorithms import by_identifier
from quorate.findings import Refusal
from quorate.keys import key_name, spki_digest
from quorate.words import words
from quorate.x509.crl import serial_text
from quorate.x509.csr import Request
from quorate.x509.extension import extension_text
from quorate.x509.facts import CertificateFacts, CrlFacts
from quorate.x509.name import written
from quorate.x509.object import Object, PublicKey, Response
from quorate.x509.ocsp import OcspFacts
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
        except (ValueError, TypeError, x509.DuplicateExtension, x509.UnsupportedGeneralNameType) as error:
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
    yield f"issuer: {'itself' if it.self_signed else issuer}"
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
