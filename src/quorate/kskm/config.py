"""`ksrsigner.yaml` as values, strictly: every field known, every value of its kind, every problem with its line."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from quorate.dnssec.dnskey import Algorithm
from quorate.dnssec.duration import read_utc
from quorate.dnssec.policy import MOST_SLOTS
from quorate.document import Items, Node, Table, Value, at, read_document
from quorate.findings import Finding, Refusal, found
from quorate.kskm.section import Section, number_in
from quorate.strict import text_problem

T = TypeVar("T")
LABEL = re.compile(r"[A-Za-z0-9_]{1,64}")
_WORDS = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}
_ZERO, _DAY = timedelta(), timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Key:
    """A KSK of the file, by the name that its schemas use. `size`, `exponent`: of an RSA key, 0 if not stated.

    `key_tag` None or `ds_sha256` empty where the file leaves one of them out: the public key says it.
    """

    name: str
    label: str
    key_tag: int | None
    algorithm: Algorithm
    ds_sha256: str
    valid_from: datetime
    valid_until: datetime | None
    size: int
    exponent: int
    line: int


@dataclass(frozen=True, slots=True)
class Duty:
    """A slot of a schema: names of keys."""

    publish: tuple[str, ...]
    sign: tuple[str, ...]
    revoke: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SchemaEntry:
    """A schema: slots by number."""

    name: str
    line: int
    slots: Mapping[int, Duty]


@dataclass(frozen=True, slots=True)
class Hsm:
    """A module as it is named; its PIN is not read into any value."""

    name: str
    module: str
    has_pin: bool
    line: int


@dataclass(frozen=True, slots=True)
class Config:
    """The whole file. `disabled`: each member that turns a check off, with its line; `filenames` as they are named.

    `other_counts`: numbers of different keys that an older file accepts without a word on how the slots hold them.
    `derived`: bounds that follow from others, as the file has none and turns off the check of them.
    """

    keys: tuple[Key, ...]
    schemas: tuple[SchemaEntry, ...]
    hsms: tuple[Hsm, ...]
    filenames: Mapping[str, str]
    disabled: tuple[tuple[str, int], ...]
    zones: tuple[str, ...]
    zones_line: int
    signers_name: str
    bundles: int
    key_counts: tuple[int, ...]
    different_keys: int
    other_counts: tuple[int, ...]
    algorithms: tuple[Algorithm, ...]
    sizes: tuple[int, ...]
    exponents: tuple[int, ...]
    ttl: int
    unread_ttl: int
    validity: tuple[timedelta, timedelta]
    overlap: tuple[timedelta, timedelta]
    interval: tuple[timedelta, timedelta]
    cycle: tuple[timedelta, timedelta]
    horizon: timedelta
    publish_safety: timedelta
    retire_safety: timedelta
    derived: tuple[str, ...] = ()


def read_config(data: bytes, where: str) -> Config:
    """The file, or one refusal that names every problem with its line."""
    document = read_document(data, where)
    if not isinstance(document, Table):
        raise Refusal("kskm.value", where, field="the file", problem="it is no mapping")
    problems = list(_unseen(document, "", where))
    config = _config(Section(document, "", where, problems))
    if problems:
        raise Refusal.of(tuple(problems))
    return config


def _unseen(node: Node, path: str, where: str) -> Iterator[Finding]:
    """Names and values that people cannot read on one line of a report, or that no file could hold."""
    if isinstance(node, Value):
        if (problem := text_problem(node.text)) and not path.endswith(".description"):  # which is not kept
            yield found("kskm.value", at(where, node.line), field=path, problem=problem)
    elif isinstance(node, Items):
        for one in node.values:
            yield from _unseen(one, path, where)
    else:
        for name, (one, line) in node.entries.items():
            if problem := text_problem(name):
                yield found("kskm.value", at(where, line), field=path or "the file", problem=f"of a name, {problem}")
            yield from _unseen(one, f"{path}.{name}".strip("."), where)


def _config(top: Section) -> Config:
    request, response, ksk = (top.section(name) for name in ("request_policy", "response_policy", "ksk_policy"))
    keys, schemas, files = (top.section(name) for name in ("keys", "schemas", "filenames"))
    request = request.renamed(OLDER)
    different, others = _different_keys(request)
    disabled = (*_disabled(request), *_disabled(response))
    bundles = request.number("num_bundles", 9)
    if response.number("num_bundles", 9) != bundles:
        response.problem("num_bundles", response.table.line, "it differs from request_policy.num_bundles")
    for name in ("enable_unsupported_ecdsa", "enable_unsupported_edwards_dsa"):
        request.value(name, _truth, "neither true nor false", False)
    validity = ksk.span("min_signature_validity", "max_signature_validity", None)
    overlap = ksk.span("min_validity_overlap", "max_validity_overlap", None)
    interval, cycle, derived = _spacing(request, bundles, validity, overlap, {one for one, _ in disabled})
    config = Config(
        keys=tuple(_key(keys.section(name), name) for name in keys.table.entries),
        schemas=tuple(_schema(schemas.section(name), name) for name in schemas.table.entries),
        hsms=tuple(_hsms(top.section("hsm"))),
        filenames={name: files.value(name, str, "no name", "") or "" for name in files.table.entries},
        disabled=disabled,
        zones=request.listed("acceptable_domains", str, "a name", (".",)),
        zones_line=request.table.entries.get("acceptable_domains", (None, ksk.table.line))[1],
        signers_name=ksk.value("signers_name", str, "no name", ".") or ".",
        bundles=bundles,
        key_counts=request.listed("num_keys_per_bundle", number_in, "a number", (2, 1, 1, 1, 1, 1, 1, 1, 2)),
        different_keys=different,
        other_counts=others,
        algorithms=request.listed("approved_algorithms", _algorithm, "a known algorithm", (Algorithm.RSASHA256,)),
        sizes=request.listed("rsa_approved_key_sizes", number_in, "a number", (2048,)),
        exponents=request.listed("rsa_approved_exponents", number_in, "a number", (65537,)),
        ttl=ksk.number("ttl", 172800),
        unread_ttl=request.number("dns_ttl", 0),
        validity=validity,
        overlap=overlap,
        interval=interval,
        cycle=cycle,
        horizon=(request.value("signature_horizon_days", _days, "no number of days below ten thousand", 180) or 0)
        * _DAY,
        publish_safety=ksk.duration("publish_safety", _ZERO),
        retire_safety=ksk.duration("retire_safety", _ZERO),
        derived=derived,
    )
    for section in (request, response, ksk, top):
        section.ended()
    for number, key in enumerate(config.keys):
        if key.label and (twin := next((one for one in config.keys[:number] if one.label == key.label), None)):
            keys.problem(f"{key.name}.label", key.line, f"{key.label} is the label of {twin.name} too")
    return config


Span = tuple[timedelta, timedelta]


def _spacing(
    request: Section, bundles: int, validity: Span, overlap: Span, off: set[str]
) -> tuple[Span, Span, tuple[str, ...]]:
    """From inception to inception, and from the first to the last, and which of the two the file does not say.

    The signer's own numbers are the root zone's, and count where it compares with them. Where a check is off and no
    bound is written they say nothing: bundles are then as far apart as validity and overlap leave them.
    """
    least, most = validity[0] - overlap[1], validity[1] - overlap[0]
    interval, steps = (max(least, _ZERO), max(most, _ZERO)), min(max(bundles - 1, 0), MOST_SLOTS)
    derived = []
    if _silent(request, off, "check_bundle_intervals", "bundle_interval"):
        derived.append("bundle_interval")
    else:
        interval = request.span("min_bundle_interval", "max_bundle_interval", ("P9D", "P11D"))
    cycle = (interval[0] * steps, interval[1] * steps)
    if _silent(request, off, "check_cycle_length", "cycle_inception_length"):
        derived.append("cycle_inception_length")
    else:
        cycle = request.span("min_cycle_inception_length", "max_cycle_inception_length", ("P79D", "P81D"))
    return interval, cycle, tuple(derived)


def _silent(request: Section, off: set[str], check: str, bounds: str) -> bool:
    """Whether a check is off, and neither of its bounds is written."""
    written = {f"min_{bounds}", f"max_{bounds}"} & set(request.table.entries)
    return f"{request.path}.{check}" in off and not written


def _different_keys(request: Section) -> tuple[int, tuple[int, ...]]:
    """How many different keys a request has; and which other numbers an older file accepts."""
    count = request.number("num_different_keys_in_all_bundles", 3)
    held = request.table.entries.get(KEY_COUNTS)
    accepted = request.listed(KEY_COUNTS, number_in, "a number", (count,))
    if held and count not in accepted:
        problem = f"{count} is not among them: write num_keys_per_bundle and num_different_keys_in_all_bundles instead"
        request.problem(KEY_COUNTS, held[1], problem)
    return count, tuple(one for one in accepted if one != count)


OLDER = {
    "acceptable_dnssec_algorithms": "approved_algorithms",
    "rsa_acceptable_exponents": "rsa_approved_exponents",
    "rsa_acceptable_key_sizes": "rsa_approved_key_sizes",
}
"""Names of 2019 with those that came after."""

KEY_COUNTS = "acceptable_key_set_lengths"
"""How many different keys a request may have, until slots were counted too."""

WARNING_ONLY = "warn_instead_of_fail"


def _disabled(section: Section) -> list[tuple[str, int]]:
    """The switches of checks that are off, and the one that made all of them warnings if it is on."""
    off = []
    for name, (_, line) in section.table.entries.items():
        silent = name == WARNING_ONLY
        if name in CHECKS and section.value(name, _truth, "neither true nor false", not silent) is silent:
            off.append((f"{section.path}.{name}", line))
    return off


CHECKS = {
    WARNING_ONLY: "every check",
    "validate_signatures": "KSR-BUNDLE-POP, KSR-PREVIOUS",
    "keys_match_zsk_policy": "KSR-BUNDLE-KEYS",
    "rsa_exponent_match_zsk_policy": "KSR-BUNDLE-KEYS",
    "check_cycle_length": "KSR-BUNDLE-CYCLE-DURATION",
    "check_bundle_intervals": "KSR-POLICY-BUNDLE-INTERVALS",
    "check_bundle_overlap": "KSR-POLICY-SIG-OVERLAP",
    "signature_algorithms_match_zsk_policy": "KSR-POLICY-ALG",
    "signature_validity_match_zsk_policy": "KSR-POLICY-SIG-VALIDITY",
    "check_keys_match_ksk_operator_policy": "KSR-POLICY-KEYS",
    "signature_check_expire_horizon": "KSR-POLICY-SIG-HORIZON",
    "check_chain_keys": "KSR-CHAIN-KEYS",
    "check_chain_keys_in_hsm": "KSR-CHAIN-KEYS",
    "check_chain_overlap": "KSR-CHAIN-OVERLAP",
    "check_request_daisy_chain": "KSR-CHAIN-KEYS, KSR-CHAIN-OVERLAP",
    "check_keys_publish_safety": "KSR-POLICY-SAFETY",
    "check_keys_retire_safety": "KSR-POLICY-SAFETY",
}
"""Members that turn checks off, of older files too, with the checks that are made here all the same."""


def _key(section: Section, name: str) -> Key:
    label = section.value("label", str, "no label", None) or ""
    if label and not LABEL.fullmatch(label):
        section.problem("label", section.table.line, "it is not letters, digits and _")
    section.value("description", str, "no text", "")
    section.value("hash_using_hsm", _truth, "neither true nor false", False)
    there = section.table.entries
    tag = section.number("key_tag", None) if "key_tag" in there or "ds_sha256" not in there else None
    digest = section.value("ds_sha256", _digest, "no SHA-256 digest in hexadecimal", "" if tag is not None else None)
    key = Key(
        name,
        label,
        tag,
        section.value("algorithm", _algorithm, "no known algorithm", None) or Algorithm.RSASHA256,
        (digest or "").lower(),
        section.value("valid_from", _moment, _NO_MOMENT, None) or datetime.min,
        section.value("valid_until", _moment, _NO_MOMENT, None) if "valid_until" in there else None,
        section.number("rsa_size", 0),
        section.number("rsa_exponent", 0),
        section.table.line,
    )
    section.ended()
    return key


def _schema(section: Section, name: str) -> SchemaEntry:
    slots = {}
    for text in section.table.entries:
        number = number_in(text)
        if number is None:
            section.node(text)
            section.problem(text, section.table.line, "it is no slot's number; is a schema indented too far?")
            continue
        slot = section.section(text)
        slots[number] = Duty(*(slot.listed(part, str, "a name", ()) for part in ("publish", "sign", "revoke")))
        slot.ended()
    return SchemaEntry(name, section.table.line, slots)


def _hsms(section: Section) -> list[Hsm]:
    """The modules, without their PINs."""
    hsms = []
    for name, (node, line) in section.table.entries.items():
        one = section.section(name)
        module = one.value("module", str, "no path", None) or ""
        hsms.append(Hsm(name, module, isinstance(node, Table) and bool({"pin", "so_pin"} & set(node.entries)), line))
        one.taken |= {"pin", "so_pin", "env"}
        one.ended()
    return hsms


def _days(text: str) -> int | None:
    number = number_in(text)
    return number if number is not None and number < 10_000 else None


def _truth(text: str) -> bool | None:
    return _WORDS.get(text.lower())


def _algorithm(text: str) -> Algorithm | None:
    return Algorithm.__members__.get(text)


def _digest(text: str) -> str | None:
    return text if re.fullmatch("[0-9A-Fa-f]{64}", text) else None


_NO_MOMENT = "no moment in UTC like 2017-02-02T00:00:00+00:00"


def _moment(text: str) -> datetime | None:
    return read_utc(text.replace(" ", "T"))
