"""Hostile key signing requests, signed responses and trust anchors."""

from __future__ import annotations

import base64
import gzip
import re
from collections.abc import Callable

from hostile_cases import Hostile
from ksr_cases import VECTORS, tld_policy
from ksr_making import pair
from quorate.dnssec.anchor import make_anchor, write_anchor
from quorate.dnssec.ksk import known_ksks

MIB = 2**20
Edit = Callable[[str], str]

KSR = (VECTORS / "ksr" / "tld-normal.xml").read_text()
SKR = (VECTORS / "skr" / "before-tld-normal.xml").read_text()


def anchor() -> str:
    policy = tld_policy()
    keys = tuple(pair(name).dnskey for name in ("ksk-p256-1", "ksk-p256-2"))
    return write_anchor(make_anchor(policy, known_ksks(policy, keys), "https://example.org/anchors.xml")).decode()


def root_of(text: str) -> str:
    """The name of the outermost element."""
    return re.findall(r"<([A-Z]\w+)", text)[0]


def entity(declared: str, used: str = "&e;") -> Edit:
    """A document type with entities, one of them used as a number."""
    return lambda text: re.sub(
        r"(<\?xml[^>]*>)?\s*<([A-Z]\w+)(.*?)<(TTL|KeyTag)>[0-9]+",
        rf"<!DOCTYPE \2 [{declared}]><\2\3<\4>{used}",
        text,
        count=1,
        flags=re.DOTALL,
    )


LAUGHS = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10 if n else "lol"}">' for n in range(10)) + '<!ENTITY e "&e9;">'
SQUARE = f'<!ENTITY e "{"e" * 5000}">'

OF_ANY_XML: dict[str, tuple[str, Edit]] = {
    "entity": ("forbidden", entity('<!ENTITY e "172800">')),
    "entity-laughs": ("forbidden", entity(LAUGHS)),
    "entity-square": ("forbidden", entity(SQUARE, "&e;" * 500)),
    "entity-file": ("forbidden", entity('<!ENTITY e SYSTEM "file:///etc/passwd">')),
    "entity-network": ("forbidden", entity('<!ENTITY e SYSTEM "http://127.0.0.1/e">')),
    "entity-parameter": ("forbidden", entity('<!ENTITY % p SYSTEM "http://127.0.0.1/p"> %p;', "1")),
    "entity-undeclared": ("not_xml", lambda text: text.replace("<Zone>", "<Zone>&e;").replace("<TTL>", "<TTL>&e;")),
    "quote-ends-early": ("not_xml", lambda text: text.replace(' id="', ' id="a"b" serial="', 1)),
    "quote-of-the-other-kind": ("not_xml", lambda text: text.replace(' id="', " id='", 1)),
    "quote-left-open": ("not_xml", lambda text: re.sub(r' id="([^"]*)"', r' id="\1', text, count=1)),
    "no-quotes": ("not_xml", lambda text: re.sub(r' id="([^"]*)"', r" id=\1", text, count=1)),
    "attribute-twice": ("not_xml", lambda text: text.replace(' id="', ' id="one" id="', 1)),
    "character-reference-nul": ("not_xml", lambda text: text.replace(' id="', ' id="&#0;', 1)),
    "character-reference-escape": ("not_xml", lambda text: text.replace(' id="', ' id="&#27;[2J', 1)),
    "instruction": ("forbidden", lambda text: text.replace("?>", '?><?xml-stylesheet href="http://127.0.0.1/"?>', 1)),
    "cut-in-half": ("not_xml", lambda text: text[: len(text) // 2]),
    "cut-in-a-tag": ("not_xml", lambda text: text[: text.rindex("<") + 3]),
    "cut-before-the-end": ("not_xml", lambda text: text[: text.rindex("</")]),
    "twice-over": ("not_xml", lambda text: text + text),
    "text-after": ("not_xml", lambda text: text + "and more"),
    "xml-1.1": ("forbidden", lambda text: text.replace('version="1.0"', 'version="1.1"', 1)),
    "utf-7": ("forbidden", lambda text: text.replace("UTF-8", "UTF-7", 1)),
    "deep": ("bounds", lambda text: text.replace("?>", "?>" + "<a>" * 1000, 1)),
    "namespace": ("", lambda text: text.replace(' id="', ' xmlns:x="urn:x" x:y="" id="', 1)),
    "padded-inside": (
        "bounds",
        lambda text: re.sub(r"(=*)</PublicKey>", "A" * 20000 + r"\1</PublicKey>", text, count=1),
    ),
}
"""By the code of every XML document, without its first word; empty where each format has its own."""

BYTES_OF_ANY_XML: dict[str, tuple[str, Callable[[str], bytes]]] = {
    "utf-16": ("forbidden", lambda text: text.replace("UTF-8", "UTF-16").encode("utf-16")),
    "utf-16-undeclared": ("forbidden", lambda text: text.partition("?>")[2].encode("utf-16-le")),
    "latin-1": ("not_xml", lambda text: text.replace(' id="', ' id="\xe9', 1).encode("latin-1")),
    "overlong-utf-8": ("not_xml", lambda text: text.encode().replace(b' id="', b' id="\xc0\xbc', 1)),
    "surrogate": ("not_xml", lambda text: text.encode().replace(b' id="', b' id="\xed\xa0\x80', 1)),
    "nul": ("forbidden", lambda text: text.encode().replace(b' id="', b' id="\0', 1)),
    "control-character": ("not_xml", lambda text: text.encode().replace(b' id="', b' id="\x1b[2J', 1)),
    "empty": ("not_xml", lambda _: b""),
    "one-octet": ("not_xml", lambda _: b"<"),
    "json": ("not_xml", lambda _: b'{"KSR": {"id": "1"}}\n'),
    "yaml": ("not_xml", lambda _: b"KSR:\n  id: 1\n"),
    "gzip": ("forbidden", lambda text: gzip.compress(text.encode(), mtime=0)),
    "png": ("forbidden", lambda _: b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"),
    "base64-of-it": ("not_xml", lambda text: base64.b64encode(text.encode())),
    "another-root": ("", lambda _: b'<?xml version="1.0"?>\n<html><body>KSR</body></html>\n'),
    "padded-behind": ("too_large", lambda text: text.encode() + b" " * 2 * MIB),
    "padded-before": ("too_large", lambda text: text.partition("?>")[2].encode().rjust(2 * MIB)),
    "padded-by-comments": ("too_large", lambda text: text.encode() + b"<!-- -->" * (2 * MIB // 8)),
    "padded-to-the-limit": (
        "bounds",
        lambda text: text.replace(' id="', f' id="{"a" * (MIB - len(text.encode()))}', 1).encode(),
    ),
    "deep-to-the-limit": ("bounds", lambda _: b"<a>" * (MIB // 3)),
    "many-attributes": ("bounds", lambda _: b"<KSR " + b" ".join(b'a%d=""' % n for n in range(90_000)) + b"/>"),
    "many-elements": ("bounds", lambda text: (f"<{root_of(text)}>" + "<a/>" * 250_000).encode()),
    "one-long-name": ("", lambda _: b"<" + b"a" * (MIB - 3) + b"/>"),
    "one-long-comment": ("not_xml", lambda _: b"<!--" + b"a " * (MIB // 2 - 4)),
    "left-open": ("not_xml", lambda text: f'<{root_of(text)} id="'.encode() + b"a" * (MIB - 100)),
}

OF_A_BUNDLE: dict[str, tuple[str, Edit]] = {
    "markup-in-base64": ("structure", lambda text: text.replace("<PublicKey>", "<PublicKey><b/>", 1)),
    "script-in-base64": ("structure", lambda text: text.replace("<PublicKey>", "<PublicKey><script>1</script>", 1)),
    "reference-in-base64": ("value", lambda text: text.replace("<PublicKey>", "<PublicKey>&lt;b&gt;", 1)),
    "end-tag-in-base64": ("not_xml", lambda text: text.replace("<PublicKey>", "<PublicKey></Key>", 1)),
    "no-base64": ("value", lambda text: re.sub("<PublicKey>[^<]*", "<PublicKey>%00%00", text, count=1)),
    "base64-beyond-ascii": ("value", lambda text: text.replace("<PublicKey>", "<PublicKey>\uff21", 1)),
    "base64-empty": ("value", lambda text: re.sub("<PublicKey>[^<]*", "<PublicKey>", text, count=1)),
    "base64-padding-only": ("value", lambda text: re.sub("<PublicKey>[^<]*", "<PublicKey>====", text, count=1)),
    "element-of-another-format": ("structure", lambda text: text.replace("<TTL>", "<KeyDigest/><TTL>", 1)),
    "number-of-400-digits": ("value", lambda text: text.replace("<TTL>", "<TTL>" + "9" * 400, 1)),
    "number-in-arabic": ("value", lambda text: re.sub("<TTL>[0-9]+", "<TTL>\u0661\u0667\u0662", text, count=1)),
    "number-in-hexadecimal": ("value", lambda text: re.sub("<TTL>[0-9]+", "<TTL>0x2A300", text, count=1)),
    "number-with-exponent": ("value", lambda text: re.sub("<TTL>[0-9]+", "<TTL>1e5", text, count=1)),
    "thirtieth-of-february": (
        "value",
        lambda text: re.sub(r"<Inception>[^T]*", "<Inception>2026-02-30", text, count=1),
    ),
    "year-9999": ("value", lambda text: re.sub(r"<Expiration>[^T]*", "<Expiration>9999-12-31", text, count=1)),
    "leap-second": ("value", lambda text: re.sub(r"(<Inception>.*?):00\+", r"\1:60+", text, count=1)),
    "endless-duration": ("value", lambda text: re.sub(r"<PublishSafety>[^<]*", f"<PublishSafety>P{'9' * 30}D", text)),
    "name-of-64-octets": ("value", lambda text: text.replace('domain="', f'domain="{"a" * 64}.', 1)),
    "name-that-escapes": ("value", lambda text: text.replace('domain="', 'domain="\\999', 1)),
    "id-turned-around": ("value", lambda text: text.replace(' id="', ' id="\u202e', 1)),
    "id-of-markup": ("value", lambda text: text.replace(' id="', ' id="&lt;script&gt;', 1)),
    "id-of-quotes": ("value", lambda text: re.sub(r' id="', ' id="&quot;&apos;', text, count=1)),
    "ten-thousand-bundles": ("too_large", lambda text: repeated(text, 10_000)),
    "bundles-to-the-limit": ("", lambda text: short_bundles(text, 9_900)),
    "ten-thousand-short-bundles": ("bounds", lambda text: short_bundles(text, 10_000)),
    "key-of-12-kibibytes": ("", lambda text: of_key(text, base64.b64encode(b"\3\1\0\1" + b"\xff" * 12_000).decode())),
}
"""What requests and responses have in common, by the code without `ksr.`."""


def bundle_of(text: str) -> str:
    return re.findall(r"( *<(?:Request|Response)Bundle .*?</(?:Request|Response)Bundle>\n)", text, re.DOTALL)[0]


def repeated(text: str, times: int) -> str:
    return text.replace(bundle_of(text), bundle_of(text) * times, 1)


def short_bundles(text: str, times: int) -> str:
    """Bundles that have nothing in them, so that many fit below the bound of octets."""
    kind = "Request" if "<Request>" in text else "Response"
    return text.replace(bundle_of(text), f'<{kind}Bundle id="a"/>' * times, 1)


def of_key(text: str, public: str) -> str:
    """Every key of the file is an RSA key of these octets."""
    text = re.sub("<PublicKey>[^<]*", f"<PublicKey>{public}", text)
    return re.sub("<Algorithm>13<", "<Algorithm>8<", text)


OF_ANCHORS: dict[str, tuple[str, Edit]] = {
    "markup-in-base64": ("anchor.unreadable", lambda text: text.replace("<PublicKey>", "<PublicKey><b/>", 1)),
    "reference-in-base64": ("anchor.unreadable", lambda text: text.replace("<PublicKey>", "<PublicKey>&lt;b&gt;", 1)),
    "base64-beyond-ascii": ("anchor.unreadable", lambda text: text.replace("<PublicKey>", "<PublicKey>\uff21", 1)),
    "digest-beyond-ascii": ("anchor.unreadable", lambda text: text.replace("<Digest>", "<Digest>\uff21", 1)),
    "digest-empty": ("anchor.unreadable", lambda text: re.sub("<Digest>[^<]*", "<Digest>", text, count=1)),
    "number-of-400-digits": ("anchor.unreadable", lambda text: text.replace("<KeyTag>", "<KeyTag>" + "9" * 400, 1)),
    "number-in-arabic": ("anchor.unreadable", lambda text: re.sub("<KeyTag>[0-9]+", "<KeyTag>\u0661", text, count=1)),
    "year-9999": ("anchor.unreadable", lambda text: re.sub('From="....', 'From="9999', text, count=1)),
    "name-that-escapes": ("anchor.unreadable", lambda text: re.sub("<Zone>.*?<", r"<Zone>\\999<", text)),
    "key-of-12-kibibytes": (
        "anchor.key_differs",
        lambda text: re.sub("<PublicKey>[^<]*", "<PublicKey>" + base64.b64encode(b"\xff" * 12_000).decode(), text),
    ),
    "digests-to-the-limit": ("ksr.bounds", lambda text: digests(text, 2_000)),
    "digests-of-one-id": ("anchor.unreadable", lambda text: digests(text, 400)),
    "id-of-an-escape-sequence": (
        "anchor.unknown anchor.missing",
        lambda text: re.sub(r'<KeyDigest id="[^"]*', '<KeyDigest id="\u202e\u009b2J', text, count=1),
    ),
}


def digests(text: str, times: int) -> str:
    one = re.findall("<KeyDigest.*?</KeyDigest>", text, re.DOTALL)[0]
    return text.replace(one, one * times, 1)


OWN = {
    ("ksr", "bundles-to-the-limit"): "ksr.more_problems ksr.structure",
    ("skr", "bundles-to-the-limit"): "ksr.bounds",
    ("ksr", "key-of-12-kibibytes"): (
        "ksr.bundle_keys ksr.bundle_pop ksr.chain_keys ksr.key_strength ksr.policy_alg ksr.policy_keys"
    ),
    ("skr", "key-of-12-kibibytes"): "skr.key_tag skr.key_twice skr.signature_invalid",
    ("skr", "namespace"): "ksr.structure",
    ("ksr", "namespace"): "ksr.structure",
    ("trust-anchor", "namespace"): "anchor.unreadable",
    ("skr", "another-root"): "ksr.structure",
    ("ksr", "another-root"): "ksr.structure",
    ("trust-anchor", "another-root"): "anchor.unreadable",
    ("skr", "one-long-name"): "ksr.structure",
    ("ksr", "one-long-name"): "ksr.structure",
    ("trust-anchor", "one-long-name"): "anchor.unreadable",
}


def xml_cases(made: Hostile) -> None:
    for kind, text in (("ksr", KSR), ("skr", SKR), ("trust-anchor", anchor())):
        for name, (code, edit) in OF_ANY_XML.items():
            made.add(kind, name, edit(text).encode(), f"ksr.{code}" if code else OWN[kind, name])
        for name, (code, change) in BYTES_OF_ANY_XML.items():
            made.add(kind, name, change(text), f"ksr.{code}" if code else OWN[kind, name])
    for kind, text in (("ksr", KSR), ("skr", SKR)):
        for name, (code, edit) in OF_A_BUNDLE.items():
            codes = f"ksr.{code}" if code else OWN[kind, name]
            made.add(kind, name, edit(text).encode(), *codes.split())
    for name, (code, edit) in OF_ANCHORS.items():
        made.add("trust-anchor", name, edit(anchor()).encode(), *code.split())
