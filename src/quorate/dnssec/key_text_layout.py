"""Requests and responses written in the text forms. Format: `spec/key-text.md`.

The same content gives the same bytes: records one a line, keys and signatures in the order of their tags, no time of
writing. What a form does not carry is left out.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from datetime import timedelta

from msgspec.structs import replace

from quorate.dnssec.key_text import REQUEST, RESPONSE, Form, KeyText, TextSlot
from quorate.dnssec.ksr import Bundle, BundleKey, BundleSignature, Request, Response
from quorate.dnssec.zone_text import moment_text


def text_of(value: Request | Response, form: Form, lead: timedelta = timedelta()) -> KeyText:
    """A request or response as far as `form` carries it; each slot is used from `lead` after its inception on."""
    signed = isinstance(value, Response) or form is Form.LINES
    slots = tuple(_text_slot(bundle, lead, signed) for bundle in value.bundles)
    return KeyText(form, RESPONSE if isinstance(value, Response) else REQUEST, value.domain, slots)


def reworded(text: KeyText, form: Form) -> KeyText:
    """The same file in another text form, each slot used from the same moment on; a request's proofs go."""
    if text.is_response or form is Form.LINES:
        return replace(text, form=form)
    return replace(text, form=form, slots=tuple(replace(slot, signatures=()) for slot in text.slots))


def _text_slot(bundle: Bundle, lead: timedelta, signed: bool) -> TextSlot:
    return TextSlot(bundle.inception + lead, bundle.expiration, bundle.keys, bundle.signatures if signed else ())


def write_text(text: KeyText) -> bytes:
    """The file."""
    return "".join(f"{line}\n" for line in _lines(text)).encode("ascii")


def _lines(text: KeyText) -> Iterator[str]:
    for slot in text.slots:
        yield f";; {text.kind} {_head(text.form, slot)}"
        owner_class = f"{text.zone} {{}} IN" if text.form is not Form.KNOT else f"{text.zone} {{}}"
        for key in sorted(slot.keys, key=lambda key: (key.dnskey.key_tag, key.dnskey.rdata)):
            yield f"{owner_class.format(key.ttl)} {_dnskey(key)}"
        for one in sorted(slot.signatures, key=lambda one: (one.rrsig.key_tag, one.rrsig.rdata)):
            yield f"{owner_class.format(one.ttl)} {_rrsig(one)}"
    yield f";; {text.kind} {'lines end' if text.form is Form.LINES else '1.0 generated at no stated time by quorate'}"


def _head(form: Form, slot: TextSlot) -> str:
    said = f"({slot.begins:%Y-%m-%dT%H:%M:%SZ})"
    match form:
        case Form.BIND:
            return f"1.0 {moment_text(slot.begins)} {said}"
        case Form.KNOT:
            return f"1.0 {int(slot.begins.timestamp())} {said} ========="
        case Form.LINES:
            assert slot.ends is not None
            return f"lines {moment_text(slot.begins)} {moment_text(slot.ends)}"


def _dnskey(key: BundleKey) -> str:
    dnskey = key.dnskey
    return f"DNSKEY {dnskey.flags} {dnskey.protocol} {dnskey.algorithm} {base64.b64encode(dnskey.public_key).decode()}"


def _rrsig(one: BundleSignature) -> str:
    rrsig = one.rrsig
    times = f"{moment_text(rrsig.expiration)} {moment_text(rrsig.inception)}"
    numbers = f"{rrsig.algorithm} {rrsig.labels} {rrsig.original_ttl} {times} {rrsig.key_tag}"
    return f"RRSIG DNSKEY {numbers} {rrsig.signer} {base64.b64encode(rrsig.signature).decode()}"
