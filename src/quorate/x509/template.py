"""Templates: to-be-signed bytes frozen before the day, with fields left open that cannot exist before it.

A template is a draft made with stand-ins (`stand_in_issuer`, `keys.stand_in_spki`, any thisUpdate). On the day the real
draft is compared with it, field by field; only the open ones may differ. `spec/templates.md` names the fields.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from cryptography.hazmat import asn1

from quorate.findings import Refusal
from quorate.keys import KeyType, stand_in_spki
from quorate.x509.draft import Kind
from quorate.x509.fields import Issuer, subject_ski
from quorate.x509.structure import Extension, RequestInfo, ResponseData, TbsCertificate, TbsCertList, decode, encode

OPEN_CERTIFICATE = ("spki", "ski", "aki")
OPEN_CRL = ("this-update", "next-update", "aki")
OPEN_REQUEST = ("spki",)
OPEN_RESPONSE = ("responder", "produced-at", "certificate-id", "this-update", "next-update")

EXTENSIONS = {
    "2.5.29.14": "ski",
    "2.5.29.35": "aki",
    "2.5.29.19": "basic-constraints",
    "2.5.29.15": "key-usage",
    "2.5.29.37": "extended-key-usage",
    "2.5.29.32": "policies",
    "2.5.29.31": "crl-url",
    "1.3.6.1.5.5.7.1.1": "ca-issuers-url",
    "2.5.29.20": "number",
    "2.5.29.17": "subject-alternative-name",
    "2.5.29.30": "name-constraints",
    "2.5.29.28": "issuing-distribution-point",
    "2.5.29.27": "delta-crl",
    "1.3.6.1.5.5.7.48.1.5": "ocsp-no-check",
}


def stand_in_issuer(name: bytes, key_type: KeyType) -> Issuer:
    """An issuer whose name is settled and whose key does not exist yet."""
    spki = stand_in_spki(key_type)
    return Issuer(name, spki, subject_ski(spki))


def open_difference(template_tbs: bytes, tbs: bytes, kind: Kind) -> tuple[str, ...]:
    """The names of the fields in which two to-be-signed structures differ, in the order of the structure.

    An extension without a name of its own goes by its OID. `extension-order`: the same extensions in another order.
    `days`: the time from thisUpdate to nextUpdate. Raises `x509.encoding` for bytes that are not such a structure.
    """
    if template_tbs == tbs:
        return ()
    readers = {
        "certificate": _certificate_fields,
        "crl": _crl_fields,
        "request": _request_fields,
        "ocsp": _response_fields,
    }
    left, right = dict(readers[kind](template_tbs)), dict(readers[kind](tbs))
    names = [*left, *(name for name in right if name not in left)]
    differing = tuple(name for name in names if left.get(name) != right.get(name))
    if not differing or (set(left) == set(right) and list(left) != list(right)):
        differing = (*differing, "extension-order")
    return differing


def require_only(template_tbs: bytes, tbs: bytes, kind: Kind, open: tuple[str, ...]) -> None:  # noqa: A002
    """Raises `x509.template_differs`, with the fields' names, if the two differ in anything but the `open` fields."""
    if closed := [name for name in open_difference(template_tbs, tbs, kind) if name not in open]:
        raise Refusal("x509.template_differs", fields=", ".join(closed))


def _certificate_fields(der: bytes) -> Iterator[tuple[str, object]]:
    tbs = decode(TbsCertificate, der)
    yield "version", tbs.version
    yield "serial", tbs.serial
    yield "signature-algorithm", encode(tbs.algorithm)
    yield "issuer", encode(tbs.issuer)
    yield "not-before", _time(tbs.validity.not_before)
    yield "not-after", _time(tbs.validity.not_after)
    yield "subject", encode(tbs.subject)
    yield "spki", encode(tbs.spki)
    yield "issuer-unique-id", tbs.issuer_unique_id and tbs.issuer_unique_id.as_bytes()
    yield "subject-unique-id", tbs.subject_unique_id and tbs.subject_unique_id.as_bytes()
    yield from _extension_fields(tbs.extensions or [])


def _crl_fields(der: bytes) -> Iterator[tuple[str, object]]:
    tbs = decode(TbsCertList, der)
    yield "version", tbs.version
    yield "signature-algorithm", encode(tbs.algorithm)
    yield "issuer", encode(tbs.issuer)
    yield "this-update", _time(tbs.this_update)
    yield "next-update", tbs.next_update and _time(tbs.next_update)
    # nextUpdate follows from thisUpdate: both may be open, the time between them never is
    yield "days", tbs.next_update and tbs.next_update.as_datetime() - tbs.this_update.as_datetime()
    yield "entries", None if tbs.entries is None else tuple(encode(entry) for entry in tbs.entries)
    yield from _extension_fields(tbs.extensions or [])


def _request_fields(der: bytes) -> Iterator[tuple[str, object]]:
    info = decode(RequestInfo, der)
    yield "version", info.version
    yield "subject", encode(info.subject)
    yield "spki", encode(info.spki)
    yield "attributes", tuple(encode(attribute) for attribute in info.attributes.as_list())


def _response_fields(der: bytes) -> Iterator[tuple[str, object]]:
    tbs = decode(ResponseData, der)
    yield "version", tbs.version
    yield "responder", encode(tbs.responder)
    yield "produced-at", tbs.produced_at.as_datetime()
    yield "answers", len(tbs.responses)
    for answer in tbs.responses:
        yield "certificate-id", encode(answer.certificate)
        yield "status", encode(answer.status)
        yield "this-update", answer.this_update.as_datetime()
        yield "next-update", answer.next_update and answer.next_update.as_datetime()
        yield "days", answer.next_update and answer.next_update.as_datetime() - answer.this_update.as_datetime()
        yield "answer-extensions", tuple(encode(extension) for extension in answer.extensions or ())
    yield from _extension_fields(tbs.extensions or [])


def _extension_fields(extensions: list[Extension]) -> Iterator[tuple[str, object]]:
    """Criticality counts as content; a second extension of one OID gets a name of its own."""
    seen: set[str] = set()
    for extension in extensions:
        oid = extension.oid.dotted_string
        name = EXTENSIONS.get(oid, oid)
        while name in seen:
            name += "-again"
        seen.add(name)
        yield name, (extension.critical, bytes(extension.value))


_READERS: dict[Kind, Callable[[bytes], Iterator[tuple[str, object]]]] = {
    "certificate": _certificate_fields,
    "crl": _crl_fields,
    "request": _request_fields,
    "ocsp": _response_fields,
}


def _time(time: asn1.UTCTime | asn1.GeneralizedTime) -> tuple[str, str]:
    return type(time).__name__, time.as_datetime().isoformat()
