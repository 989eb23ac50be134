"""Readers of what belongs to a zone: requests, responses, anchors, policies, configurations, records."""

from __future__ import annotations

import contextlib
import functools
import shutil
from datetime import UTC, datetime
from pathlib import Path

import configurations
from damage import in_base64, lines, octets, parts
from ksr_cases import AT, VECTORS, root_policy, tld_policy
from ksr_making import pair
from quorate import canonical
from quorate.boulder.importing import import_configs
from quorate.cli.skr import _refused
from quorate.dnssec.anchor import anchor_own_findings, compared, make_anchor, read_anchor, write_anchor
from quorate.dnssec.checks import Case, judge
from quorate.dnssec.continuity import Signed
from quorate.dnssec.forms import request_in, response_in
from quorate.dnssec.key_text import RESPONSE
from quorate.dnssec.ksk import known_ksks
from quorate.dnssec.ksr_layout import write_ksr, write_skr
from quorate.dnssec.ksr_xml import read_ksr, read_skr
from quorate.dnssec.overview import differences as changes_of
from quorate.dnssec.policy import load_policy, read_policy
from quorate.dnssec.policy_text import policy_toml
from quorate.dnssec.preview import preview
from quorate.dnssec.records import dnskey_line, read_dnskeys
from quorate.dnssec.review import AtHand, review
from quorate.dnssec.schema import read_schemas, recognised, slots_of
from quorate.dnssec.table import planned_rows, rows
from quorate.dnssec.unsaid import within
from quorate.findings import Refusal
from quorate.kskm.importing import import_config
from quorate.strict import load_toml
from quorate.zone import ResponseEntry, shipped_schemas
from reading import JSON, TOML, WORDS, Nowhere, Reader, file, folder, host
from test_kskm import config as kskm_config
from zones import SHIPPED, Zone

# -- DNSSEC -----------------------------------------------------------------------------------------------------------

XML_TEXTS = parts(r">([^<>\n]+)<")
XML_VALUES = parts(r'="([^"\n]*)"')
XML_PIECES = parts(r"^ *(<[^\n]*)$")
XML_OCTETS = parts(r"<(?:PublicKey|SignatureData)>([A-Za-z0-9+/=]+)<", in_base64(octets))
KINDS = ("ksr", "skr")
XML = (XML_TEXTS, XML_VALUES, XML_PIECES, XML_OCTETS, lines)


def vectors(*names: str) -> tuple[bytes, ...]:
    return tuple((VECTORS / name).read_bytes() for name in names)


@functools.cache
def before(name: str) -> object:
    return read_skr((VECTORS / "skr" / f"before-{name}.xml").read_bytes(), "skr.xml")[0]


def check_request(data: bytes) -> None:
    request, oddities = read_ksr(data, "ksr.xml")
    assert write_ksr(request)
    planned_rows(request.bundles, [()] * len(request.bundles))
    root = request.domain == "."
    policy, previous = (root_policy(), before("root-normal")) if root else (tld_policy(), before("tld-normal"))
    for one in (previous, None):
        judge(Case(request, canonical.digest(data), policy, AT, one, oddities))
    changes_of(request, previous)
    keys = tuple(pair(name).dnskey for name in (("ksk-2048-1", "ksk-2048-2") if root else ("ksk-p256-1", "ksk-p256-2")))
    for schema in SHIPPED.schemas[:4]:
        with contextlib.suppress(Refusal):
            preview(request, policy, SHIPPED, keys, (Signed(previous, "", True),), schema, {}, AT)


def texts() -> tuple[bytes, ...]:
    """Requests and responses in every text form, some by the tools themselves."""
    return vectors(*(f"text/{form}.{kind}.txt" for form in ("good-lines", "bind-9.20", "knot-3.2") for kind in KINDS))


def convert_text(data: bytes) -> None:
    """Read as what its first line says, what it leaves unsaid made up or told."""
    if RESPONSE.encode() in data.partition(b"\n")[0]:
        response = response_in(data, "skr.txt").response
        assert read_skr(write_skr(response), "skr.xml")[0].bundles
        return
    request = request_in(data, "ksr.txt", within(tld_policy().limits_at(AT))).request
    planned_rows(request.bundles, [()] * len(request.bundles))


@functools.cache
def zone() -> tuple[bytes, ...]:
    """Five quarters of a zone."""
    made = Zone()
    one, two = {"current": "A"}, {"current": "A", "next": "B"}
    plan = (("normal", one), ("pre-publish", two), ("rollover", two), ("revoke", two))
    return tuple(write_skr(made.deploy(made.request(n), schema, keys)) for n, (schema, keys) in enumerate(plan))


def check_response(data: bytes) -> None:
    response, oddities = read_skr(data, "skr.xml")
    assert write_skr(response)
    rows(response.domain, response.bundles)
    at = datetime(2026, 9, 1, tzinfo=UTC)
    for number in (-1, 0, 2):
        history = (Signed(read_skr(zone()[number], "skr.xml")[0], "", True),) if number >= 0 else ()
        hand = AtHand(at, SHIPPED, history=history)
        review(response, hand)
        _refused(oddities, hand, data)
    policy = root_policy()
    review(response, AtHand(AT, SHIPPED, policy, policy.limits_at(AT), anchor=anchor()))


@functools.cache
def anchor() -> object:
    policy = root_policy()
    ksks = known_ksks(policy, (pair("ksk-2048-1").dnskey, pair("ksk-2048-2").dnskey))
    return make_anchor(policy, ksks, "https://example.org/anchors.xml")


def anchors() -> tuple[bytes, ...]:
    policy = tld_policy()
    ksks = known_ksks(policy, (pair("ksk-p256-1").dnskey,))
    return tuple(write_anchor(one) for one in (anchor(), make_anchor(policy, ksks, "https://example.org/a.xml")))


def check_anchor(data: bytes) -> None:
    read = read_anchor(data, "anchors.xml")
    anchor_own_findings(read)
    compared(read, root_policy(), AT)


def judge_by_policy(policy: object, name: str = "tld-normal") -> None:
    """A good request is judged by a policy that was read."""
    for case in (name, "root-normal"):
        request, oddities = read_ksr((VECTORS / "ksr" / f"{case}.xml").read_bytes(), "ksr.xml")
        judge(Case(request, "sha256:" + "0" * 64, policy, AT, before(case), oddities))
    for quarter in (0, 1):
        history = (Signed(read_skr(zone()[0], "skr.xml")[0], "", True),) if quarter else ()
        hand = AtHand(AT, SHIPPED, policy, policy.limits_at(AT), history=history)
        review(read_skr(zone()[quarter], "skr.xml")[0], hand)
    write_anchor(make_anchor(policy, known_ksks(policy, ()), "https://example.org/a.xml"))


def check_compiled(data: bytes) -> None:
    judge_by_policy(read_policy(data, "policy.json").policy)


def check_policy(data: bytes) -> None:
    policy = load_policy(data, "policy.toml")
    assert load_policy(policy_toml(policy).encode(), "policy.toml") == policy
    assert read_policy(policy.compiled(), "policy.json").policy == policy
    judge_by_policy(policy)


def check_schemas(data: bytes) -> None:
    schemas = read_schemas(data, "schemas.toml")
    for schema in schemas.schemas:
        for count in (1, 9, 100):
            try:
                slots = slots_of(schema, count, {part: f"K{n}" for n, part in enumerate(schema.keys)})
            except Refusal:
                continue
            recognised(schemas, slots)
    review(read_skr(zone()[1], "skr.xml")[0], AtHand(AT, schemas))


def zone_toml() -> tuple[bytes, ...]:
    return tuple(policy_toml(one).encode() for one in (tld_policy(), root_policy()))


def import_kskm(data: bytes) -> None:
    report = import_config(file("ksrsigner.yaml", data), None, None, folder() / "nowhere", Nowhere())
    "\n".join(report).encode()


YAML = (parts(r": *([^\n]+)$"), parts(r"^ *([^ :\n]+):"), lines)


@functools.cache
def configs() -> dict[Path, bytes]:
    """The configurations of the first years."""
    made = configurations.write(folder() / "configs", configurations.years())
    for year in sorted(made.iterdir())[2:]:
        shutil.rmtree(year)
    return {path: path.read_bytes() for path in sorted(made.rglob("*.yaml"))}


def import_boulder(data: bytes) -> None:
    """In the place of the configuration that it is most like, beside the others."""
    into, said = folder() / "authority", set(data.splitlines())
    path = max(configs(), key=lambda one: len(said & set(configs()[one].splitlines())))
    path.write_bytes(data)
    try:
        import_configs((folder() / "configs",), into, "private", host())
    finally:
        path.write_bytes(configs()[path])
        shutil.rmtree(into, ignore_errors=True)


def dnskey_files() -> tuple[bytes, ...]:
    text = "".join(dnskey_line(".", pair(name).dnskey) + "\n" for name in ("ksk-2048-1", "ksk-2048-2"))
    return (text.encode(), b"; two\nexample. 172800 IN DNSKEY 257 3 13 " + b"A" * 88 + b" ; one\n")


def check_dnskeys(data: bytes) -> None:
    for one in read_dnskeys(data, "ksks.txt"):
        dnskey_line(one.zone, one.dnskey)
        root_policy().ksk_of(one.dnskey)
        one.dnskey.unrevoked.ds(one.zone)


def responses() -> tuple[bytes, ...]:
    text = (
        'format = "quorate/1"\ndeployed = "2026-01-01"\nschema = "normal"\nkeys = [{ part = "current", ksk = "A" }]\n'
    )
    return (text.encode(),)


def requests() -> tuple[bytes, ...]:
    names = ("tld-normal", "root-normal", "tld-timestamp", "tld-signers", "tld-algorithm-15-ed25519")
    return vectors(*(f"ksr/{name}.xml" for name in names), "ksr/tld-algorithm-14-p384.xml")


ZONES = (
    Reader("ksr", requests, XML, check_request),
    Reader("skr", zone, XML, check_response),
    Reader("key-text", texts, (WORDS, lines), convert_text),
    Reader("trust-anchor", anchors, XML, check_anchor),
    Reader("policy-json", lambda: vectors("policy/tld.json", "policy/root-zone.json"), JSON, check_compiled),
    Reader("policy-toml", zone_toml, TOML, check_policy),
    Reader("schemas", lambda: (shipped_schemas(),), TOML, check_schemas),
    Reader("kskm", lambda: (kskm_config(Zone()).encode(),), YAML, import_kskm),
    Reader("boulder", lambda: tuple(configs().values()), YAML, import_boulder),
    Reader("dnskeys", dnskey_files, (WORDS, lines), check_dnskeys),
    Reader("response", responses, TOML, lambda data: load_toml(data, ResponseEntry, "response.toml")),
)
