"""Trust anchors as XML: RFC 9718, with public keys, and RFC 7958, without; for any zone and source. Floor 2.

The writer gives the same bytes for the same anchors. The reader takes what the schema of RFC 9718 allows and nothing
else. Format: `spec/trust-anchor.md`.
"""

from __future__ import annotations

import base64
import hashlib
import re
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from quorate.dnssec.dnskey import PROTOCOL, DigestType, Dnskey, Ds
from quorate.dnssec.duration import read_utc, utc_text
from quorate.dnssec.ksk import Ksks, stands
from quorate.dnssec.name import name_text, shown, wire_name
from quorate.dnssec.policy import Ksk as PinnedKsk
from quorate.dnssec.policy import Policy
from quorate.dnssec.xml import Element, parse
from quorate.findings import Finding, Refusal, found

ROOT_SOURCE = "http://data.iana.org/root-anchors/root-anchors.xml"
_ID = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,62}[A-Za-z0-9])?")
_SOURCE = re.compile(r"https?://[A-Za-z0-9._~:/?#@!$()*+,;=%\[\]-]{1,500}")
_DIGITS = re.compile(r"0|[1-9][0-9]{0,4}")
_HEXADECIMAL = re.compile(r"(?:[0-9A-Fa-f]{2})+")
_SPACE = " \t\r\n"
MOST_DIGESTS = 100
_DIGEST_OCTETS = {DigestType.SHA256: 32, DigestType.SHA384: 48}
_DIGEST_PARTS = ("KeyTag", "Algorithm", "DigestType", "Digest")
_KEY_PARTS = ("PublicKey", "Flags")


@dataclass(frozen=True, slots=True)
class KeyDigest:
    """One anchor: a DS record and when it is valid; its public key too where RFC 9718 is written."""

    id: str
    valid_from: datetime
    valid_until: datetime | None
    ds: Ds
    dnskey: Dnskey | None = None

    def valid(self, moment: datetime) -> bool:
        return self.valid_from <= moment and (self.valid_until is None or moment < self.valid_until)

    def meets(self, inception: datetime, expiration: datetime) -> bool:
        """Whether it is valid at some moment of a signature's."""
        return self.valid_from <= expiration and (self.valid_until is None or inception < self.valid_until)


@dataclass(frozen=True, slots=True)
class TrustAnchor:
    """A file: `id` names the set, `source` is where it is published."""

    id: str
    source: str
    zone: str
    digests: tuple[KeyDigest, ...]

    @property
    def has_keys(self) -> bool:
        """Whether it is written as RFC 9718 and not as RFC 7958 alone."""
        return any(one.dnskey is not None for one in self.digests)


def make_anchor(policy: Policy, ksks: Ksks, source: str, with_keys: bool = True) -> TrustAnchor:
    """The trust anchor of the policy's KSKs, in the order of their times, with those public keys that are in `ksks`.

    The id of the set follows from what it says (RFC 9562, version 8), so that it changes with it and not with the run.
    Raises `anchor.none`, `anchor.source`, `anchor.id`.
    """
    if not policy.ksks:
        raise Refusal("anchor.none")
    if not _SOURCE.fullmatch(source):
        raise Refusal("anchor.source", source=shown(source))
    if unusable := next((pin.id for pin in policy.ksks if not _ID.fullmatch(pin.id)), None):
        raise Refusal("anchor.id", id=shown(unusable))
    keys = {ksk.id: ksk.dnskey for ksk in ksks.ksks} if with_keys else {}
    digests = [
        KeyDigest(
            pin.id,
            *stands(pin),
            Ds(pin.key_tag, pin.algorithm, DigestType.SHA256, bytes.fromhex(pin.ds_sha256)),
            keys.get(pin.id),
        )
        for pin in policy.ksks
    ]
    digests.sort(key=lambda one: (one.valid_from, one.id))
    said = _body(TrustAnchor("", source, policy.zone, tuple(digests)))
    digest = bytearray(hashlib.sha256("\n".join((source, *said)).encode()).digest()[:16])
    digest[6], digest[8] = digest[6] & 0x0F | 0x80, digest[8] & 0x3F | 0x80
    return TrustAnchor(str(uuid.UUID(bytes=bytes(digest))).upper(), source, policy.zone, tuple(digests))


def write_anchor(anchor: TrustAnchor) -> bytes:
    """The file."""
    head = f'<TrustAnchor id="{anchor.id}" source="{_attribute(anchor.source)}">'
    return "\n".join(('<?xml version="1.0" encoding="UTF-8"?>', head, *_body(anchor), "</TrustAnchor>", "")).encode()


def _body(anchor: TrustAnchor) -> list[str]:
    lines = [f"<Zone>{_attribute(anchor.zone)}</Zone>"]
    for one in anchor.digests:
        until = f' validUntil="{utc_text(one.valid_until)}"' if one.valid_until else ""
        lines.append(f'<KeyDigest id="{one.id}" validFrom="{utc_text(one.valid_from)}"{until}>')
        parts: dict[str, object] = {
            "KeyTag": one.ds.key_tag,
            "Algorithm": one.ds.algorithm,
            "DigestType": int(one.ds.digest_type),
            "Digest": one.ds.digest.hex().upper(),
        }
        if one.dnskey is not None:
            parts |= {"PublicKey": base64.b64encode(one.dnskey.public_key).decode(), "Flags": one.dnskey.flags}
        lines += (f"<{name}>{value}</{name}>" for name, value in parts.items())
        lines.append("</KeyDigest>")
    return lines


def _attribute(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;")


# -- reading ----------------------------------------------------------------------------------------------------------


def read_anchor(data: bytes, where: str) -> TrustAnchor:
    """A trust anchor. Raises `anchor.unreadable` for the first thing that is not as the schema has it."""
    try:
        root = parse(data, where)
        return _anchor(root)
    except _WrongError as wrong:
        raise Refusal("anchor.unreadable", where, line=wrong.line, problem=str(wrong)) from None
    except Refusal as refusal:
        raise Refusal.of(tuple(Finding(one.code, where, one.facts) for one in refusal.findings)) from None


class _WrongError(Exception):
    """What is wrong at an element; becomes the refusal."""

    def __init__(self, element: Element, problem: str) -> None:
        super().__init__(problem)
        self.line = element.line


def _anchor(root: Element) -> TrustAnchor:
    if root.name != "TrustAnchor":
        raise _WrongError(root, "the outermost element is not TrustAnchor")
    _require_attributes(root, ("id", "source"), ())
    names = [child.name for child in root.children]
    if root.text or len(names) < 2 or names[0] != "Zone" or set(names[1:]) != {"KeyDigest"}:
        raise _WrongError(root, "TrustAnchor holds one Zone and one or more KeyDigest")
    if len(names) > MOST_DIGESTS + 1:
        raise _WrongError(root, f"there are more than {MOST_DIGESTS} KeyDigest")
    zone_element = root.children[0]
    _require_attributes(zone_element, (), ())
    if zone_element.children:
        raise _WrongError(zone_element, "Zone holds more than text")
    try:
        zone = name_text(wire_name(_text(zone_element)))
    except Refusal:
        raise _WrongError(zone_element, "Zone is no domain name") from None
    digests = tuple(_key_digest(child) for child in root.children[1:])
    if len({one.id for one in digests}) != len(digests):
        raise _WrongError(root, "two KeyDigest have one id")
    return TrustAnchor(root.attributes["id"], root.attributes["source"], zone, digests)


def _key_digest(element: Element) -> KeyDigest:
    _require_attributes(element, ("id", "validFrom"), ("validUntil",))
    names = tuple(child.name for child in element.children)
    if element.text or names not in (_DIGEST_PARTS, _DIGEST_PARTS + _KEY_PARTS):
        raise _WrongError(element, "KeyDigest holds KeyTag, Algorithm, DigestType, Digest, and PublicKey with Flags")
    for child in element.children:
        _require_attributes(child, (), ())
        if child.children:
            raise _WrongError(child, f"{child.name} holds more than text")
    tag, algorithm, kind, digest = element.children[:4]
    key_tag, number = _number(tag, 65535), _number(algorithm, 255)
    try:
        digest_type = DigestType(_number(kind, 255))
    except ValueError:
        raise _WrongError(kind, "DigestType is not 2 or 4") from None
    if not _HEXADECIMAL.fullmatch(_text(digest)):  # xsd:hexBinary has no blanks within
        raise _WrongError(digest, "Digest is not hexadecimal")
    octets = bytes.fromhex(_text(digest))
    if len(octets) != _DIGEST_OCTETS[digest_type]:
        raise _WrongError(digest, "Digest has not the length of its type")
    begins, ends = (_moment(element, name) for name in ("validFrom", "validUntil"))
    if begins is None or (ends is not None and ends <= begins):
        raise _WrongError(element, "validUntil is not after validFrom")
    return KeyDigest(
        element.attributes["id"], begins, ends, Ds(key_tag, number, digest_type, octets), _key(element, number)
    )


def _key(element: Element, algorithm: int) -> Dnskey | None:
    if len(element.children) == len(_DIGEST_PARTS):
        return None
    public, flags = element.children[4:]
    text = "".join(_text(public).split())
    try:
        octets = base64.b64decode(text, validate=True)
        if base64.b64encode(octets).decode() != text:
            raise ValueError  # not its one form (RFC 4648 3.5)
    except ValueError:  # a `binascii.Error`, or characters beyond ASCII
        raise _WrongError(public, "PublicKey is not base64") from None
    return Dnskey(_number(flags, 65535), PROTOCOL, algorithm, octets)


def _require_attributes(element: Element, must: tuple[str, ...], may: tuple[str, ...]) -> None:
    if not set(must) <= set(element.attributes) <= {*must, *may}:
        named = ", ".join((*must, *may)) or "no attributes"
        raise _WrongError(element, f"{element.name} has {named}")


def _text(element: Element) -> str:
    return element.text.strip(_SPACE)


def _number(element: Element, most: int) -> int:
    text = _text(element)
    if not _DIGITS.fullmatch(text) or int(text) > most:
        raise _WrongError(element, f"{element.name} is not a number from 0 to {most}")
    return int(text)


def _moment(element: Element, name: str) -> datetime | None:
    if name not in element.attributes:
        return None
    moment = read_utc(element.attributes[name])
    if moment is None:
        raise _WrongError(element, f"{name} is no time in UTC, like 2026-10-01T00:00:00+00:00")
    return moment


# -- judging ----------------------------------------------------------------------------------------------------------


def anchor_own_findings(anchor: TrustAnchor) -> tuple[Finding, ...]:
    """Whether each public key gives the digest and the tag beside it, and is a KSK that is not revoked."""
    findings = []
    for one in anchor.digests:
        if one.dnskey is None:
            continue
        where = f"KeyDigest {shown(one.id)}"
        if one.dnskey.ds(anchor.zone, one.ds.digest_type) != one.ds:
            findings.append(found("anchor.key_differs", where, tag=one.dnskey.key_tag))
        if not one.dnskey.is_ksk or one.dnskey.is_revoked:
            findings.append(found("anchor.flags", where, flags=one.dnskey.flags))
    return tuple(findings)


def compared(anchor: TrustAnchor, policy: Policy, at: datetime) -> tuple[Finding, ...]:
    """Where a published file and the pinned KSKs differ. A withdrawn one may be left out, one to come may stand."""
    return tuple(_differences(anchor, policy, at))


def _differences(anchor: TrustAnchor, policy: Policy, at: datetime) -> Iterator[Finding]:
    if wire_name(anchor.zone) != wire_name(policy.zone):
        yield found("anchor.zone", zone=anchor.zone, expected=policy.zone)
    pins = {pin.id: pin for pin in policy.ksks}
    for one in anchor.digests:
        where = f"KeyDigest {shown(one.id)}"
        if one.id not in pins:
            yield found("anchor.unknown", where, tag=one.ds.key_tag)
            continue
        for name, said, pinned in _compared_values(one, pins[one.id]):
            if said != pinned:
                yield found("anchor.differs", where, what=name, said=said, pinned=pinned)
        if one.ds.digest_type is not DigestType.SHA256:
            yield found("anchor.digest_type", where, kind=int(one.ds.digest_type))
    for pin in policy.ksks:
        since, until = stands(pin)
        if since <= at and (until is None or at < until) and all(one.id != pin.id for one in anchor.digests):
            yield found("anchor.missing", ksk=pin.id, tag=pin.key_tag)


def _compared_values(one: KeyDigest, pin: PinnedKsk) -> Iterator[tuple[str, object, object]]:
    since, until = stands(pin)
    yield "tag", one.ds.key_tag, pin.key_tag
    yield "algorithm", one.ds.algorithm, int(pin.algorithm)
    yield "validFrom", utc_text(one.valid_from), utc_text(since)
    yield "validUntil", utc_text(one.valid_until) if one.valid_until else "open", utc_text(until) if until else "open"
    if one.ds.digest_type is DigestType.SHA256:
        yield "digest", one.ds.digest.hex(), pin.ds_sha256
