"""What a file about a zone's keys holds, for `inspect`: DNSKEY records, a request, a response. Nothing is judged."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from quorate.adoption import XML_BLANK
from quorate.dnssec.dnskey import Algorithm, DigestType, Dnskey
from quorate.dnssec.forms import response_in
from quorate.dnssec.key_text import REQUEST, RESPONSE, read_text
from quorate.dnssec.ksr import Request, Response
from quorate.dnssec.ksr_xml import read_document
from quorate.dnssec.records import read_dnskeys
from quorate.dnssec.table import KEY, planned_rows, rows
from quorate.words import rows as words
from quorate.x509.object import is_der


def zone_lines(data: bytes, where: str) -> list[str] | None:
    """Its lines; None if it is no XML and no text with records. Raises what the readers refuse."""
    if data.lstrip(XML_BLANK).startswith(b"<"):
        return list(_document(data, where))
    if data.startswith((f";; {REQUEST} ".encode(), f";; {RESPONSE} ".encode())):
        return list(_text(data, where))
    if not is_der(data) and b"-----BEGIN " not in data and b"DNSKEY" in data:
        return [line for owned in read_dnskeys(data, where) for line in _key(owned.zone, owned.dnskey, where)]
    return None


def _document(data: bytes, where: str) -> Iterator[str]:
    value = read_document(data, where).value
    kind = "key signing request" if isinstance(value, Request) else "signed key response"
    yield f"{where}: {kind} {value.id}, serial {value.serial}, zone {value.domain}"
    yield from _digest(data)
    if isinstance(value, Response):
        yield from (f"  {row}" for row in (*rows(value.domain, value.bundles), KEY))
    else:
        yield from (f"  {row}" for row in planned_rows(value.bundles, [()] * len(value.bundles)))
    yield f"  judged by: quorate {'ksr' if isinstance(value, Request) else 'skr'} check"


def _text(data: bytes, where: str) -> Iterator[str]:
    """A text's request says when a slot begins to be used, and no more of its time."""
    if data.startswith(f";; {RESPONSE} ".encode()):
        text, answer = read_text(data, where, RESPONSE), response_in(data, where).response
        yield f"{where}: signed key response in {text.form.described}, zone {text.zone}"
        yield from _digest(data)
        yield from (f"  {row}" for row in (*rows(answer.domain, answer.bundles), KEY))
        yield "  judged by: quorate skr check"
        return
    text = read_text(data, where, REQUEST)
    yield f"{where}: key signing request in {text.form.described}, zone {text.zone}"
    yield from _digest(data)
    yield "    #  used from            ZSK"
    for number, slot in enumerate(text.slots, 1):
        tags = ",".join(str(key.dnskey.key_tag) for key in slot.keys)
        yield f"  {number:>3}  {slot.begins:%Y-%m-%d %H:%M:%S}  {tags}"
    yield "  judged by: quorate ksr check; as XML for a ceremony by: quorate ksr convert --form xml"


def _digest(data: bytes) -> Iterator[str]:
    yield f"  digest: sha256:{hashlib.sha256(data).hexdigest()}"
    yield from (f"    {row}" for row in words(hashlib.sha256(data).digest()))


def _key(zone: str, key: Dnskey, where: str) -> Iterator[str]:
    name = Algorithm(key.algorithm).name if key.algorithm in list(Algorithm) else f"algorithm {key.algorithm}"
    yield f"{where}: DNSKEY of {zone}, flags {key.flags}, {name}"
    yield f"  key tag: {key.key_tag}, when revoked {key.revoked.key_tag}" if key.is_ksk else f"  key tag: {key.key_tag}"
    for kind in (DigestType.SHA256, DigestType.SHA384):
        yield f"  DS: {key.key_tag} {key.algorithm} {kind.value} {key.ds(zone, kind).digest.hex().upper()}"
