"""Hostile configurations of IANA's signer, signing schemas and policies."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

from hostile_cases import Hostile
from ksr_cases import tld_policy
from quorate.dnssec.policy_text import policy_toml

Edit = Callable[[str], str]
KIB = 1024
MANY_DIGITS = "9" * 5000
DEEP = "a." * 30_000 + "a"

CONFIG = """hsm:
  one:
    module: $MODULE
    pin: 123456
keys:
  ksk_current:
    description: the KSK
    label: A
    key_tag: 20326
    algorithm: RSASHA256
    rsa_size: 2048
    rsa_exponent: 65537
    valid_from: 2017-02-02T00:00:00+00:00
    ds_sha256: E06D44B80B8F1D39A95C0B0D7C65D08458E880409BBC683457104237C7F8EC8D
schemas:
  normal:
    1:
      publish: ksk_current
      sign: ksk_current
request_policy:
  acceptable_domains:
    - "."
  num_bundles: 1
  num_keys_per_bundle: [1]
  num_different_keys_in_all_bundles: 1
  signature_horizon_days: 180
response_policy:
  num_bundles: 1
ksk_policy:
  publish_safety: PT0S
  retire_safety: P28D
  max_signature_validity: P21D
  min_signature_validity: P21D
  max_validity_overlap: P16D
  min_validity_overlap: P9D
  ttl: 172800
"""
"""A small configuration that is read without complaint."""


def put(old: str, new: str) -> Edit:
    def edit(text: str) -> str:
        assert old in text
        return text.replace(old, new, 1)

    return edit


def before(new: str) -> Edit:
    return lambda text: new + text


def behind(new: str) -> Edit:
    return lambda text: text + new


LAUGHS = "a: &a [lol]\n" + "".join(
    f"{chr(98 + n)}: &{chr(98 + n)} [{', '.join(['*' + chr(97 + n)] * 9)}]\n" for n in range(9)
)
PLAIN, BROKEN, VALUE = "document.not_plain", "document.not_yaml", "kskm.value"

OF_KSKM: dict[str, tuple[str, Edit]] = {
    "laughs": (PLAIN, before(LAUGHS)),
    "anchor": (PLAIN, put("label: A", "label: &a A")),
    "alias-to-nothing": (PLAIN, put("label: A", "label: *a")),
    "merge": ("kskm.value", behind("<<: {hsm: 1}\n")),
    "tag-that-runs": (PLAIN, put("label: A", 'label: !!python/object/apply:os.system ["id"]')),
    "tag-of-octets": (PLAIN, put("label: A", "label: !!binary QQ==")),
    "key-that-is-a-list": (PLAIN, behind("? [a, b]\n: c\n")),
    "second-document": ("document.second_document", behind("---\nhsm: {}\n")),
    "key-twice": ("document.key_twice", behind("hsm: {}\n")),
    "quote-left-open": (BROKEN, put("label: A", 'label: "A')),
    "quote-ends-early": (BROKEN, put("label: A", 'label: "A" B"')),
    "tab": (BROKEN, put("    label: A", "\tlabel: A")),
    "version-of-5000-digits": (BROKEN, before(f"%YAML {MANY_DIGITS}.1\n---\n")),
    "escape-beyond-unicode": (BROKEN, put("label: A", 'label: "\\U0011ffff"')),
    "escape-of-a-surrogate": (VALUE, put("$MODULE", '"\\ud800"')),
    "escape-sequence": (VALUE, put("$MODULE", '"\\e[2J"')),
    "line-end-in-a-name": (VALUE, put("$MODULE", '"a\\n## Checks that the file turns off\\n- none"')),
    "deep": (PLAIN, put("label: A", f"label: {'[' * 1000}{']' * 1000}")),
    "deep-to-the-limit": (PLAIN, lambda _: "[" * 256 * KIB),
    "dashes-to-the-limit": (PLAIN, lambda _: "- " * 128 * KIB),
    "items-to-the-limit": (PLAIN, lambda _: "- a\n" * 64 * KIB),
    "text-to-the-limit": (VALUE, lambda text: f"{text}a: |\n".ljust(256 * KIB - 2, "\n") + " b"),
    "fields-to-the-limit": (PLAIN, lambda _: "".join(f"k{n}: a\n" for n in range(25_000))),
    "unknown-fields": (f"{VALUE}", behind("".join(f"k{n}: a\n" for n in range(2_000)))),
    "padded": ("document.too_large", behind("#" * 2048 * KIB)),
    "cut-in-a-quote": (BROKEN, lambda text: text[: text.index('"."') + 2]),
    "cut-in-a-key": (BROKEN, lambda text: text[: text.index("schemas") + 4]),
    "empty": (VALUE, lambda _: ""),
    "a-list": (VALUE, lambda _: "- hsm\n- keys\n"),
    "xml": (VALUE, lambda _: "<KSR/>\n"),
    "json-that-is-cut": (BROKEN, lambda _: '{"hsm": {"one": '),
    "number-of-5000-digits": (VALUE, put("20326", MANY_DIGITS)),
    "number-in-arabic": (VALUE, put("20326", "\u0662\u0660")),
    "horizon-of-ten-digits": (VALUE, put("days: 180", "days: 9999999999")),
    "horizon-beyond-all-years": (VALUE, put("days: 180", "days: 999999999")),
    "bundles-of-ten-digits": (VALUE, put("num_bundles: 1", "num_bundles: 9999999999")),
    "different-keys-of-ten-digits": ("dnssec.policy_value", put("all_bundles: 1", "all_bundles: 9999999999")),
    "keys-of-many-bundles": ("dnssec.policy_value", put("[1]", f"[{', '.join(['1'] * 9000)}]")),
    "slot-of-ten-digits": ("kskm.schema_slots", put("    1:\n", "    9999999999:\n")),
    "slots-by-the-thousand": (
        "kskm.schema_key kskm.schema_slots",
        put("schemas:\n", "schemas:\n  many:\n" + "".join(f"    {n}: {{publish: a, sign: a}}\n" for n in range(1800))),
    ),
    "keys-by-the-hundred": (VALUE, put("keys:\n", "keys:\n" + "".join(f"  k{n}: {{}}\n" for n in range(800)))),
    "duration-of-30-digits": (VALUE, put("P28D", f"P{'9' * 30}D")),
    "duration-of-months": (VALUE, put("P28D", "P1M")),
    "day-that-is-none": (VALUE, put("2017-02-02", "2017-02-30")),
    "day-before-all-others": (VALUE, put("2017-02-02", "0001-01-01")),
    "label-that-leads-up": (VALUE, put("label: A", "label: ../../A")),
    "zone-that-is-none": ("dnssec.name_unusable", put('"."', '"a..b"')),
    "zone-that-escapes": ("dnssec.name_unusable", put('"."', '"\\\\999"')),
    "digest-too-short": (VALUE, put("E06D44B8", "E06D")),
}

OCTETS_OF_KSKM: dict[str, tuple[str, bytes]] = {
    "utf-16": (BROKEN, CONFIG.encode("utf-16")),
    "latin-1": (BROKEN, CONFIG.replace("the KSK", "der Schlüssel").encode("latin-1")),
    "nul": (BROKEN, CONFIG.encode().replace(b"label: A", b"label: A\0")),
    "png": (BROKEN, b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"),
}

TOML_BROKEN, TOML_VALUE = "plan.toml_broken", "plan.value_wrong"

OF_ANY_TOML: dict[str, tuple[str, Edit]] = {
    "number-of-5000-digits": (TOML_BROKEN, before(f"x = {MANY_DIGITS}\n")),
    "dotted-key": (TOML_BROKEN, before(f"{DEEP} = 1\n")),
    "dotted-key-of-quotes": (TOML_BROKEN, before('"\\"".' * 30_000 + "a = 1\n")),
    "dotted-table": (TOML_BROKEN, behind(f"\n[{DEEP}]\n" + "".join(f"k{n} = 1\n" for n in range(8_000)))),
    "deep": (TOML_BROKEN, before("x = " + "[" * 100_000 + "\n")),
    "deep-tables": (TOML_BROKEN, before("x = " + "{a = " * 100 + "1" + "}" * 100 + "\n")),
    "quote-left-open": (TOML_BROKEN, put('id = "', 'id = """')),
    "quote-ends-early": (TOML_BROKEN, put('id = "', 'id = "a" b"')),
    "key-twice": (TOML_BROKEN, before('format = "quorate/1"\n')),
    "escape-of-a-surrogate": (TOML_BROKEN, put('id = "', 'id = "\\ud800')),
    "carriage-return": (TOML_BROKEN, before("x = 1\ry = 2\n")),
    "cut-in-half": (TOML_BROKEN, lambda text: text[: text.index('"', len(text) // 2) + 1]),
    "xml": (TOML_BROKEN, lambda _: "<KSR/>\n"),
    "json": (TOML_BROKEN, lambda _: '{"format": "quorate/1"}\n'),
    "empty": ("plan.field_missing", lambda _: ""),
    "padded": ("plan.too_large", behind("#" * 2048 * KIB)),
}
OCTETS_OF_ANY_TOML: dict[str, tuple[str, Callable[[str], bytes]]] = {
    "utf-16": (TOML_BROKEN, lambda text: text.encode("utf-16")),
    "latin-1": (TOML_BROKEN, lambda text: text.encode().replace(b'id = "', b'id = "\xe9', 1)),
    "nul": (TOML_BROKEN, lambda text: text.encode().replace(b'id = "', b'id = "\0', 1)),
}

SCHEMA = """format = "quorate/1"
[[schemas]]
id = "normal"
title = "One KSK"
keys = ["current"]
slots = [{ slots = "1..last", publish = ["current"], sign = ["current"] }]
"""


def parts(count: int) -> str:
    return json.dumps([f"k{n}" for n in range(count)])


OF_SCHEMAS: dict[str, tuple[str, Edit]] = {
    "twelve-keys": ("schema.too_many", lambda text: text.replace('["current"]', parts(12))),
    "a-thousand-keys": ("schema.too_many", lambda text: text.replace('["current"]', parts(1000))),
    "a-thousand-schemas": (
        "schema.too_many",
        lambda text: text + "".join(SCHEMA.partition("\n")[2].replace("normal", f"n{n}") for n in range(1000)),
    ),
    "follows-without-end": ("schema.too_many", behind("follows = [" + '{ schema = "normal" }, ' * 9_000 + "]\n")),
    "rows-by-the-thousand": (
        "schema.too_many",
        put("slots = [", "slots = [" + '{ slots = "1..99", publish = ["current"], sign = ["current"] },' * 2_000),
    ),
    "slots-of-many-digits": ("schema.slots_unreadable", put("1..last", f"1..{'9' * 4000}")),
    "id-turned-around": ("plan.text", put('"normal"', '"\\u202enormal"')),
    "unknown-field": ("plan.field_unknown", behind("x = 1\n")),
}

POLICY = policy_toml(tld_policy())

OF_POLICIES: dict[str, tuple[str, Edit]] = {
    "durations-beyond-all-years": ("dnssec.policy_value", lambda text: re.sub('"P[^"]*"', '"P999999999D"', text)),
    "durations-of-many-digits": ("plan.value_wrong", lambda text: re.sub('"P[^"]*"', f'"P{"9" * 400}D"', text)),
    "horizon-beyond-all-years": ("dnssec.policy_value", put('horizon = "P180D"', 'horizon = "P999999999D"')),
    "negative-duration": ("dnssec.policy_value", put('horizon = "P180D"', 'horizon = "-P180D"')),
    "ttl-beyond": ("plan.value_wrong", put("ttl = 172800", "ttl = 9007199254740992")),
    "bundles-beyond": ("dnssec.policy_value", put("bundles = 4", "bundles = 9007199254740991")),
    "a-thousand-ksks": (
        "dnssec.policy_twice dnssec.policy_value",
        behind(
            "".join(f'\n[[ksks]]\nid = "A"\nkey-tag = {n}\nalgorithm = 13\nds-sha256 = "00"\n' for n in range(1000))
        ),
    ),
    "slots-by-the-thousand": ("dnssec.policy_value", put("slots = [2,", "slots = [" + "1, " * 20_000)),
    "exponent-of-400-digits": (
        "plan.value_wrong",
        put("algorithm = 13 }", f"algorithm = 8, sizes = [2048], exponents = [{'9' * 400}] }}"),
    ),
    "limits-without-order": (
        "dnssec.policy_value",
        lambda text: text + text[text.index("[[limits]]") :].replace('"now"', '"past"'),
    ),
    "zone-that-is-none": ("dnssec.name_unusable", put('zone = "example."', 'zone = "a..b."')),
    "id-turned-around": ("plan.text", put('id = "tld"', 'id = "\\u202etld"')),
    "nan": ("plan.value_wrong", put("ttl = 172800", "ttl = nan")),
    "day-as-a-date": ("plan.value_wrong", put('since = "2017-01-01"', "since = 2017-01-01")),
}

COMPILED = tld_policy().compiled().decode()
JSON_BROKEN = "dnssec.policy_broken"

OF_POLICY_JSON: dict[str, Edit] = {
    "key-twice": put('"format":', '"format":"quorate/1","format":'),
    "unknown-field": put('"format":', '"a":1,"format":'),
    "deep": lambda _: "[" * 200 * KIB,
    "deep-tables": lambda _: '{"a":' * 40 * KIB,
    "blank": put(":", ": "),
    "number-of-5000-digits": put("172800", MANY_DIGITS),
    "number-beyond-all-readers": put("172800", "9007199254740993"),
    "text-not-composed": put('"tld"', '"te\u0301"'),
    "fraction": put("172800", "172800.0"),
    "exponent": put("172800", "1728e2"),
    "nan": put("172800", "NaN"),
    "escape-of-a-surrogate": put('"tld"', '"\\ud800"'),
    "escape": put('"tld"', '"\\u0074ld"'),
    "byte-order-mark": before("\ufeff"),
    "durations-beyond-all-years": lambda text: re.sub('"P[^"]*"', '"P999999999D"', text),
    "cut-in-half": lambda text: text[: len(text) // 2],
    "empty": lambda _: "",
    "null": lambda _: "null\n",
    "toml": lambda _: POLICY,
    "xml": lambda _: "<KSR/>\n",
}


def text_cases(made: Hostile) -> None:
    for name, (code, edit) in OF_KSKM.items():
        made.add("kskm", name, edit(CONFIG).encode(), *code.split())
    for name, (code, data) in OCTETS_OF_KSKM.items():
        made.add("kskm", name, data, code)
    for kind, text in (("schemas", SCHEMA), ("policy", POLICY)):
        for name, (code, edit) in OF_ANY_TOML.items():
            made.add(kind, name, edit(text).encode(), code)
        for name, (code, change) in OCTETS_OF_ANY_TOML.items():
            made.add(kind, name, change(text), code)
    for kind, some, text in (("schemas", OF_SCHEMAS, SCHEMA), ("policy", OF_POLICIES, POLICY)):
        for name, (code, edit) in some.items():
            made.add(kind, name, edit(text).encode(), *code.split())
    for name, edit in OF_POLICY_JSON.items():
        code = "dnssec.policy_value" if name.startswith("durations") else JSON_BROKEN
        made.add("policy-json", name, edit(COMPILED).encode(), code)
    made.add("policy-json", "padded", COMPILED.encode() + b" " * 2048 * KIB, "plan.too_large")
    made.add("policy-json", "nul", COMPILED.encode().replace(b"tld", b"t\0d"), JSON_BROKEN)
    made.add("policy-json", "invalid-utf-8", COMPILED.encode().replace(b'"tld"', b'"\xff"'), JSON_BROKEN)
