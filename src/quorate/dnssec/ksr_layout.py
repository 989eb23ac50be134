"""Key signing requests and signed key responses written as IANA's XML. Format: `spec/ksr.md`.

One layout, one order: the same content gives the same bytes at every site, on every run. Everything is made anew from
values; no text of a file that was read gets into one that is written but ids, which hold no character of markup.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable

from quorate.dnssec.duration import duration_text, utc_text
from quorate.dnssec.ksr import Bundle, BundleKey, BundleSignature, Family, KeyPolicy, Request, Response
from quorate.dnssec.ksr_xml import DURATIONS, is_identifier
from quorate.dnssec.name import name_text, shown, wire_name
from quorate.findings import Refusal


def write_ksr(request: Request) -> bytes:
    """A request as a file: the same bytes for the same content, whatever the order of keys and signatures."""
    bundles = (line for bundle in request.bundles for line in _bundle_lines("RequestBundle", bundle))
    policy = _within("RequestPolicy", _policy_lines("ZSK", request.zsk))
    return _document(request, "Request", (*policy, *bundles))


def write_skr(response: Response) -> bytes:
    """A response as a file, laid out as the published ones: keys by their tags, signatures likewise."""
    bundles = (line for bundle in response.bundles for line in _bundle_lines("ResponseBundle", bundle))
    policies = (*_policy_lines("KSK", response.ksk), *_policy_lines("ZSK", response.zsk))
    return _document(response, "Response", (*_within("ResponsePolicy", policies), *bundles))


def _document(value: Request | Response, kind: str, lines: Iterable[str]) -> bytes:
    timestamp = f' timestamp="{utc_text(value.timestamp)}"' if value.timestamp else ""
    head = f'KSR id="{_safe(value.id)}" domain="{_escaped(value.domain)}" serial="{value.serial}"'
    inner = _within(f"{kind}{timestamp}", lines)
    return "\n".join(('<?xml version="1.0" encoding="UTF-8"?>', *_within(head, inner), "")).encode("ascii")


def _within(head: str, lines: Iterable[str]) -> tuple[str, ...]:
    return (f"<{head}>", *(f"    {line}" for line in lines), f"</{head.partition(' ')[0]}>")


def _policy_lines(name: str, policy: KeyPolicy) -> tuple[str, ...]:
    lengths = (
        policy.publish_safety,
        policy.retire_safety,
        policy.max_signature_validity,
        policy.min_signature_validity,
        policy.max_validity_overlap,
        policy.min_validity_overlap,
    )
    lines = [_element(name, duration_text(length)) for name, length in zip(DURATIONS, lengths, strict=True)]
    for one in sorted(policy.algorithms, key=lambda one: (one.algorithm, one.family, one.size, one.exponent)):
        exponent = f' exponent="{one.exponent}"' if one.family is Family.RSA else ""
        kind = f'<{one.family.value} size="{one.size}"{exponent}/>'
        lines += _within(f'SignatureAlgorithm algorithm="{one.algorithm}"', (kind,))
    return _within(name, lines)


def _bundle_lines(name: str, bundle: Bundle) -> tuple[str, ...]:
    lines = [
        _element("Inception", utc_text(bundle.inception)),
        _element("Expiration", utc_text(bundle.expiration)),
        *(f'<Signer keyIdentifier="{_safe(one)}"/>' for one in bundle.signers),
    ]
    for key in sorted(bundle.keys, key=lambda key: (key.key_tag, key.dnskey.rdata, key.identifier)):
        lines += _key_lines(key)
    for one in sorted(bundle.signatures, key=lambda one: (one.rrsig.key_tag, one.rrsig.rdata, one.identifier)):
        lines += _signature_lines(one)
    return _within(f'{name} id="{_safe(bundle.id)}"', lines)


def _key_lines(key: BundleKey) -> tuple[str, ...]:
    dnskey = key.dnskey
    lines = (
        _element("TTL", key.ttl),
        _element("Flags", dnskey.flags),
        _element("Protocol", dnskey.protocol),
        _element("Algorithm", dnskey.algorithm),
        _element("PublicKey", base64.b64encode(dnskey.public_key).decode()),
    )
    return _within(f'Key{_identified(key.identifier)} keyTag="{key.key_tag}"', lines)


def _signature_lines(signature: BundleSignature) -> tuple[str, ...]:
    rrsig = signature.rrsig
    lines = (
        _element("TTL", signature.ttl),
        _element("TypeCovered", "DNSKEY"),
        _element("Algorithm", rrsig.algorithm),
        _element("Labels", rrsig.labels),
        _element("OriginalTTL", rrsig.original_ttl),
        _element("SignatureExpiration", utc_text(rrsig.expiration)),
        _element("SignatureInception", utc_text(rrsig.inception)),
        _element("KeyTag", rrsig.key_tag),
        _element("SignersName", _escaped(rrsig.signer)),
        _element("SignatureData", base64.b64encode(rrsig.signature).decode()),
    )
    return _within(f"Signature{_identified(signature.identifier)}", lines)


def _element(name: str, text: object) -> str:
    return f"<{name}>{text}</{name}>"


def _identified(identifier: str) -> str:
    return f' keyIdentifier="{_safe(identifier)}"' if identifier else ""


def _safe(identifier: str) -> str:
    """An id as it may stand in an attribute. Raises `ksr.id_unusable` for one that no reader takes."""
    if not is_identifier(identifier):
        raise Refusal("ksr.id_unusable", id=shown(identifier))
    return identifier


def _escaped(name: str) -> str:
    """A domain name in canonical text, with XML's own characters as escapes of the name (RFC 1035 5.1)."""
    text = name_text(wire_name(name))
    return re.sub(r"""\\?["&'<>`]""", lambda match: f"\\{ord(match[0][-1]):03d}", text)
