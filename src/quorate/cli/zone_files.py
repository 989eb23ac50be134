"""What a file about a zone's keys holds, for `inspect`: DNSKEY records, a request, a response. Nothing is judged."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from quorate.adoption import XML_BLANK
from quorate.dnssec.dnskey import Algorithm, DigestType, Dnskey
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
    if not is_der(data) and b"-----BEGIN " not in data and b"DNSKEY" in data:
        return [line for owned in read_dnskeys(data, where) for line in _key(owned.zone, owned.dnskey, where)]
    return None


def _document(data: bytes, where: str) -> Iterator[str]:
    value = read_document(data, where).value
    kind = "key signing request" if isinstance(value, Request) else "signed key response"
    yield f"{where}: {kind} {value.id}, serial {value.serial}, zone {value.domain}"
    yield f"  digest: sha256:{hashlib.sha256(data).hexdigest()}"
    yield from (f"    {row}" for row in words(hashlib.sha256(data).digest()))
    if isinstance(value, Response):
        yield from (f"  {row}" for row in (*rows(value.domain, value.bundles), KEY))
    else:
        yield from (f"  {row}" for row in planned_rows(value.bundles, [()] * len(value.bundles)))
    yield f"  judged by: quorate {'ksr' if isinstance(value, Request) else 'skr'} check"


def _key(zone: str, key: Dnskey, where: str) -> Iterator[str]:
    name = Algorithm(key.algorithm).name if key.algorithm in list(Algorithm) else f"algorithm {key.algorithm}"
    yield f"{where}: DNSKEY of {zone}, flags {key.flags}, {name}"
    yield f"  key tag: {key.key_tag}, when revoked {key.revoked.key_tag}" if key.is_ksk else f"  key tag: {key.key_tag}"
    for kind in (DigestType.SHA256, DigestType.SHA384):
        yield f"  DS: {key.key_tag} {key.algorithm} {kind.value} {key.ds(zone, kind).digest.hex().upper()}"
