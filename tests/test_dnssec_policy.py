"""An operator's policy: read strictly, compiled without loss, asked for the day of the check."""

from __future__ import annotations

import base64
import importlib.resources
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ksr_making import pair
from quorate.dnssec.dnskey import KSK_FLAGS, Algorithm, Dnskey
from quorate.dnssec.policy import KeyKind, Policy, load_policy, read_policy
from quorate.findings import Refusal
from quorate.zone_policy import LARGEST_FILE, load_zone_policy
from test_dnssec_wire import KSK_2017

EXAMPLE = """
format = "quorate/1"
id = "root-zone"
zone = "."

[[ksks]]
id = "Klajeyz"
key-tag = 20326
algorithm = 8
ds-sha256 = "e06d44b80b8f1d39a95c0b0d7c65d08458e880409bbc683457104237c7f8ec8d"
since = "2017-02-02"

[[limits]]
id = "fifteen-days"
since = "2010-06-01"
bundles = 9
keys = [{ slots = [2, 1, 1, 1, 1, 1, 1, 1, 2], different = 3 }]
algorithms = [{ algorithm = 8, sizes = [1024], exponents = [65537] }]
ttl = 172800
validity = { least = "P14DT23H59M59S", most = "P20D" }
overlap = { least = "P4DT23H59M59S", most = "P10D" }
interval = { least = "P9D", most = "P11D" }
cycle = { least = "P79D", most = "P81D" }
horizon = "P180D"
publish-safety = "PT0S"
retire-safety = "P28D"

[[limits]]
id = "twenty-one-days"
since = "2016-10-12"
bundles = 9
keys = [{ slots = [2, 1, 1, 1, 1, 1, 1, 1, 2], different = 3 }]
algorithms = [{ algorithm = 8, sizes = [2048], exponents = [65537] }, { algorithm = 13 }]
ttl = 172800
validity = { least = "P21D", most = "P21D" }
overlap = { least = "P9D", most = "P16D" }
interval = { least = "P9D", most = "P11D" }
cycle = { least = "P79D", most = "P81D" }
horizon = "P180D"
publish-safety = "PT0S"
retire-safety = "P28D"
hold-down = "P30D"

[[exceptions]]
id = "launch"
since = "2010-06-01"
until = "2016-04-18"
accepts = ["ksr.stated_parameters", "ksr.stated_validity"]
reason = "Stated exponents were not looked at before 2016."
"""


def policy(text: str = EXAMPLE) -> Policy:
    return load_policy(text.encode(), "policy.toml")


def at(day: str) -> datetime:
    return datetime.fromisoformat(f"{day}T12:00:00").replace(tzinfo=UTC)


def test_a_policy_is_compiled_without_loss() -> None:
    data = policy().compiled("sha256:" + "0" * 64)
    compiled = read_policy(data, "policy.json")
    assert compiled.policy == policy()
    assert compiled.source == "sha256:" + "0" * 64
    assert compiled.policy.digest == policy().digest
    assert b'"validity":{"least":"P14DT23H59M59S","most":"P20D"}' in data
    assert policy().digest != policy(EXAMPLE.replace("P28D", "P29D")).digest


def test_the_day_decides_which_limits_hold() -> None:
    assert policy().limits_at(at("2016-10-11")).id == "fifteen-days"
    assert policy().limits_at(at("2016-10-12")).id == "twenty-one-days"
    assert policy().limits_at(at("2040-01-01")).id == "twenty-one-days"
    with pytest.raises(Refusal) as refusal:
        policy().limits_at(at("2010-05-31"))
    assert refusal.value.code == "dnssec.policy_no_limits"


def test_an_exception_holds_between_its_days_and_for_its_request() -> None:
    assert [one.id for one in policy().exceptions_at(at("2016-04-18"), "sha256:x")] == ["launch"]
    assert policy().exceptions_at(at("2016-04-19"), "sha256:x") == ()
    digest = "sha256:" + "a" * 64
    one = policy(EXAMPLE + f'ksr = "{digest}"\n')
    assert [one.id for one in one.exceptions_at(at("2016-04-18"), digest)] == ["launch"]
    assert one.exceptions_at(at("2016-04-18"), digest.replace("a", "b")) == ()


def test_a_ksk_is_known_by_its_digest_revoked_or_not() -> None:
    key = Dnskey(KSK_FLAGS, 3, 8, base64.b64decode(KSK_2017))
    for one in (key, key.revoked):
        found = policy().ksk_of(one)
        assert found is not None
        assert found.id == "Klajeyz"
    assert policy().ksk_of(pair("ksk-2048-1").dnskey) is None


def test_what_limits_say_of_keys() -> None:
    limits = policy().limits_at(at("2026-01-01"))
    assert limits.kind(8) == KeyKind(Algorithm.RSASHA256, (2048,), (65537,))
    assert limits.kind(10) is None
    assert limits.across == limits.overlap
    assert str(limits.validity) == "P21D"
    assert str(limits.overlap) == "P9D to P16D"
    assert limits.hold_down == timedelta(days=30)


@pytest.mark.parametrize(
    ("old", "new", "where"),
    [
        ('zone = "."', 'zone = "example"', "zone"),
        ('zone = "."', 'zone = "a..b."', "zone"),
        ("key-tag = 20326", "key-tag = 65536", "key-tag"),
        ("e06d44b8", "e06d44bg", "ds-sha256"),
        ('"2017-02-02"', '"2017-2-2"', "since"),
        ('"2017-02-02"', '"2017-02-02"\nuntil = "2017-02-01"', "until"),
        ('"2016-10-12"', '"2010-06-01"', "limits"),
        ('"2016-10-12"', '"2009-06-01"', "limits"),
        ('"2016-10-12"', '"soon"', "limits"),
        ('"twenty-one-days"', '"fifteen-days"', "limits"),
        ("bundles = 9", "bundles = 8", "keys"),
        ("bundles = 9", "bundles = 0", "limits"),
        ("different = 3", "different = 1", "keys"),
        ("different = 3", "different = 12", "keys"),
        ("[2, 1, 1, 1, 1, 1, 1, 1, 2]", "[2, 0, 1, 1, 1, 1, 1, 1, 2]", "keys"),
        ("sizes = [2048], exponents = [65537]", "sizes = [2048]", "algorithms"),
        ("{ algorithm = 13 }", "{ algorithm = 13, sizes = [256] }", "algorithms"),
        ('least = "P79D"', 'least = "P82D"', "cycle"),
        ('"P180D"', '"-P180D"', "horizon"),
        ('"P180D"', '"PT1.5S"', "horizon"),
        ('most = "P20D"', 'most = "P20DT0.5S"', "validity"),
        ('least = "P9D", most = "P16D"', 'least = "PT0.5S", most = "P16D"', "overlap"),
        ('least = "P9D", most = "P16D"', 'least = "-P1D", most = "P16D"', "overlap"),
        ("ttl = 172800", "ttl = -1", "limits"),
        ('until = "2016-04-18"', 'until = "2010-04-18"', "since"),
        ('"ksr.stated_parameters", "ksr.stated_validity"', "", "exceptions"),
        ('reason = "Stated exponents were not looked at before 2016."', 'reason = " "', "exceptions"),
        ('reason = "', 'ksr = "sha256:abc"\nreason = "', "ksr"),
    ],
)
def test_a_policy_that_cannot_be(old: str, new: str, where: str) -> None:
    assert old in EXAMPLE
    with pytest.raises(Refusal) as refusal:
        policy(EXAMPLE.replace(old, new))
    assert any(where in finding.where for finding in refusal.value.findings)
    assert {one.code for one in refusal.value.findings} <= {
        "dnssec.policy_value",
        "dnssec.policy_twice",
        "dnssec.name_unusable",
    }


@pytest.mark.parametrize("code", ["ksr.bundle_pop", "ksr.chain_keys", "ksr.policy_sig_validity", "ksr.key_strength"])
def test_no_exception_accepts_a_signature_a_link_or_a_limit(code: str) -> None:
    with pytest.raises(Refusal) as refusal:
        policy(EXAMPLE.replace("ksr.stated_validity", code))
    assert refusal.value.code == "plan.value_wrong"


@pytest.mark.parametrize(
    "change",
    [
        (b"P28D", b"P4W"),
        (b'"ttl":172800', b'"ttl": 172800'),
        (b'"zone":"."', b'"zone":"."' * 2),
        (b"\n", b""),
        (b"}", b""),
    ],
)
def test_a_compiled_policy_that_was_touched_is_refused(change: tuple[bytes, bytes]) -> None:
    with pytest.raises(Refusal) as refusal:
        read_policy(policy().compiled().replace(*change, 1), "policy.json")
    assert refusal.value.code == "dnssec.policy_broken"


def test_the_example_of_the_spec_is_read(tmp_path: Path) -> None:
    spec = Path(__file__).resolve().parent.parent / "spec" / "dnssec-policy.md"
    example = spec.read_text().split("```toml\n")[1].split("```")[0]
    assert policy(example).zone == "."


def test_the_root_zones_policy_is_one_and_knows_its_history() -> None:
    data = importlib.resources.files("quorate.dnssec").joinpath("root-zone.toml").read_bytes()
    root = load_policy(data, "root-zone.toml")
    assert [(pin.id, pin.key_tag) for pin in root.ksks] == [("Kjqmt7v", 19036), ("Klajeyz", 20326), ("Kmyv6jo", 38696)]
    assert root.limits_at(datetime(2011, 1, 1, tzinfo=UTC)) != root.limits_at(datetime(2026, 1, 1, tzinfo=UTC))


def test_a_policy_that_is_too_large_is_not_cut_to_what_is_read(tmp_path: Path) -> None:
    """What follows the first 256 KiB might be the limits of today."""
    (tmp_path / "policy.toml").write_text(EXAMPLE + "#" * LARGEST_FILE)
    with pytest.raises(Refusal) as refused:
        load_zone_policy(tmp_path)
    assert refused.value.code == "plan.too_large"
