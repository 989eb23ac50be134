"""Every check of a request, against the vectors: what is good passes, what is bad is told for what it is."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import dns.dnssec
import dns.name
import dns.rdata
import dns.rrset
import pytest
from msgspec.structs import replace

from ksr_cases import AT, TLD, root_before, root_plan, tld_before, tld_plan, tld_policy
from ksr_making import make_request
from ksr_vectors import cases, files
from quorate import canonical
from quorate.dnssec.checks import CHECKS, Case, Verdict, judge
from quorate.dnssec.dnskey import Dnskey, rsa_octets
from quorate.dnssec.ksr import Bundle, Request
from quorate.dnssec.ksr_xml import FEW, MANY, read_ksr, read_skr
from quorate.dnssec.policy import read_policy
from quorate.findings import Finding, Refusal
from quorate.findings.dnssec import TABLE

VECTORS = Path(__file__).resolve().parent.parent / "vectors" / "dnssec"
INDEX: list[dict[str, Any]] = json.loads((VECTORS / "index.json").read_text())["cases"]

UNREAD = {f"ksr.{name}" for name in ("not_xml", "structure", "value", "bounds", "forbidden", "other_kind")}


@cache
def octets(path: str) -> bytes:
    return (VECTORS / path).read_bytes()


def loaded(entry: dict[str, Any]) -> Case:
    """The case of an entry of the index. Raises what the readers refuse."""
    data = octets(entry["ksr"])
    request, oddities = read_ksr(data, "ksr.xml")
    previous = None if entry["previous"] == "genesis" else read_skr(octets(entry["previous"]), "skr.xml")[0]
    at = datetime.fromisoformat(entry["at"])
    policy = read_policy(octets(entry["policy"]), "policy.json").policy
    seen = frozenset(entry.get("seen", ()))
    return Case(request, canonical.digest(data), policy, at, previous, oddities, seen)


@pytest.mark.parametrize("entry", INDEX, ids=lambda entry: entry["name"])
def test_a_request_is_told_what_the_vectors_say(entry: dict[str, Any]) -> None:
    began = time.process_time()
    try:
        verdict = judge(loaded(entry))
    except Refusal as refusal:
        verdict = Verdict(refusal.findings, (), ())
    assert time.process_time() - began < 1
    assert sorted({one.code for one in verdict.refused}) == entry["expect"]
    assert sorted({one.finding.code for one in verdict.accepted}) == entry["accepted"]
    assert all(one.sentence.isprintable() and "<" not in one.sentence for one in verdict.refused)


@cache
def found_by_check() -> dict[str, list[list[Finding]]]:
    """What each check finds in each case that is read."""
    found: dict[str, list[list[Finding]]] = {check.name: [] for check in CHECKS}
    for case in (loaded(entry) for entry in INDEX if not UNREAD & {*entry["expect"]}):
        for check in CHECKS:
            found[check.name].append(list(check.findings(case)))
    return found


def test_there_are_cases_enough() -> None:
    assert len(INDEX) >= 120
    assert sum(1 for entry in INDEX if not entry["expect"]) >= 30


def test_every_code_of_a_request_has_a_case_that_is_refused_for_it() -> None:
    """What is told beside what was signed before has its cases in `answers`; three more have tests of their own."""
    beside = json.loads((VECTORS / "answers" / "index.json").read_text())["cases"]
    elsewhere = {"ksr.more_problems", "ksr.too_large", "ksr.id_unusable"}
    of_text = {"ksr.proof_missing"} | {code for code in TABLE if code.startswith(("ksr.text_", "ksr.form_"))}
    codes = {code for code in TABLE if code.startswith("ksr.")} - of_text
    assert codes - {code for entry in (*INDEX, *beside) for code in entry["expect"]} == elsewhere


def test_every_check_passes_somewhere_and_refuses_somewhere() -> None:
    for found in found_by_check().values():
        assert [one for one in found if not one]
        assert [one for one in found if one]


def test_a_finding_carries_the_name_of_its_check() -> None:
    for name, found in found_by_check().items():
        assert [one.sentence for case in found for one in case if f"{name}: " not in one.sentence] == []


def test_the_names_are_those_of_the_roots_operators() -> None:
    theirs = """KSR-DOMAIN KSR-ID KSR-BUNDLE-UNIQUE KSR-BUNDLE-KEYS KSR-BUNDLE-POP KSR-BUNDLE-COUNT
    KSR-BUNDLE-CYCLE-DURATION KSR-POLICY-KEYS KSR-POLICY-ALG KSR-POLICY-SAFETY KSR-POLICY-SIG-OVERLAP
    KSR-POLICY-SIG-VALIDITY KSR-POLICY-SIG-HORIZON KSR-POLICY-BUNDLE-INTERVALS KSR-PREVIOUS KSR-CHAIN-KEYS
    KSR-CHAIN-OVERLAP""".split()
    ours = {"KSR-SERIAL", "KSR-SIGNERS-NAME", "KSR-KEY-STRENGTH", "KSR-KEY-TAGS", "KSR-KEY-KSK"}
    assert {check.name for check in CHECKS} == {*theirs, *ours}


def test_the_vectors_are_as_they_are_made() -> None:
    made = files(cases())
    held = {
        str(path.relative_to(VECTORS)) for folder in ("ksr", "skr", "policy") for path in (VECTORS / folder).glob("*")
    }
    assert held | {"index.json"} == set(made)
    assert [name for name, data in made.items() if (VECTORS / name).read_bytes() != data] == []


# -- another judge ----------------------------------------------------------------------------------------------------


def their_records(bundle: Bundle, zone: str) -> Any:
    rdata = [dns.rdata.from_wire("IN", "DNSKEY", one.rdata, 0, len(one.rdata)) for one in bundle.dnskeys]
    return dns.rrset.from_rdata_list(zone, bundle.keys[0].ttl, rdata)


def their_view(bundle: Bundle, zone: str) -> bool:
    """Whether dnspython verifies every signature of a bundle with the bundle's keys, at the signature's own time."""
    records = their_records(bundle, zone)
    for one in bundle.signatures:
        wire = one.rrsig.rdata
        rrsig = dns.rdata.from_wire("IN", "RRSIG", wire, 0, len(wire))
        when = one.rrsig.inception.timestamp() + 1
        try:
            dns.dnssec.validate_rrsig(records, rrsig, {dns.name.from_text(zone): records}, now=when)
        except dns.dnssec.ValidationFailure:
            return False
    return True


@pytest.mark.parametrize("name", ["root-normal", "tld-normal", "tld-algorithm-15-ed25519", "tld-algorithm-16-ed448"])
def test_dnspython_sees_the_same_signatures(name: str) -> None:
    case = loaded(next(entry for entry in INDEX if entry["name"] == name))
    assert all(their_view(bundle, case.request.domain) for bundle in case.request.bundles)
    if case.previous:
        assert all(their_view(bundle, case.request.domain) for bundle in case.previous.bundles)


def test_dnspython_refuses_what_has_no_possession() -> None:
    entry = next(entry for entry in INDEX if entry["name"] == "root-pop-flipped")
    request = loaded(entry).request
    assert [their_view(bundle, ".") for bundle in request.bundles] == [True] * 8 + [False]


# -- what costs -------------------------------------------------------------------------------------------------------


def heavy(request: Request, bundles: int) -> Iterator[Bundle]:
    """Bundles with as many keys and signatures as can be read, of the largest size."""
    first = request.bundles[0]
    for number in range(bundles):
        keys, signatures = [], []
        for index in range(FEW):
            modulus = (1 << 4095) + 2 * (number * FEW + index) + 1
            dnskey = Dnskey(256, 3, 8, rsa_octets(2**33 - 1, modulus))
            name = f"key-{number}-{index}"
            keys.append(replace(first.keys[0], identifier=name, dnskey=dnskey, key_tag=dnskey.key_tag))
            rrsig = replace(first.signatures[0].rrsig, algorithm=8, key_tag=dnskey.key_tag, signature=b"\1" * 512)
            signatures.append(replace(first.signatures[0], identifier=name, rrsig=rrsig))
        yield replace(first, id=f"bundle-{number}", keys=tuple(keys), signatures=tuple(signatures))


def test_the_largest_request_is_judged_in_a_second() -> None:
    request = make_request(TLD.next, tld_plan())
    huge = replace(request, bundles=tuple(heavy(request, MANY)))
    began = time.process_time()
    verdict = judge(Case(huge, "sha256:", tld_policy(), AT, tld_before()))
    assert time.process_time() - began < 4  # a second on a machine that does nothing else
    assert {"ksr.bundle_pop", "ksr.key_strength"} <= {one.code for one in verdict.refused}


def test_the_bundles_before_are_bounded_too() -> None:
    request = make_request(TLD.next, root_plan())
    huge = replace(root_before(), bundles=tuple(heavy(request, MANY)))
    began = time.process_time()
    verdict = judge(Case(request, "sha256:", tld_policy(), AT.astimezone(UTC), huge))
    assert time.process_time() - began < 4
    assert "ksr.previous" in {one.code for one in verdict.refused}
