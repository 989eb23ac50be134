"""Every SKR is accepted by validators that are not ours, from the pinned anchor alone, all through its validity."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from quorate.dnssec.ksr import Bundle, Response
from signed_zone import bind_accepts, dnspython_accepts, ldns_accepts, zone_file
from test_continuity import ALGORITHM_ROLL, ONE, algorithm_roll
from zones import DAY, Zone, both, private, replace

SECOND = timedelta(seconds=1)
ROLL = [("normal", ONE), ("normal", ONE), ("pre-publish", both()), ("rollover", both()), ("revoke", both())]
ALGORITHMS = {8: "rsa-1536", 13: "p-256", 15: "ed25519", 16: "ed448", 14: "p-384"}


def file_of(path: Path, zone: Zone, bundle: Bundle) -> Path:
    """The zone as its operator signs it with the ZSKs of the bundle."""
    zsks = [(private(ALGORITHMS[key.dnskey.algorithm], f"zsk {key.identifier}"), key.dnskey) for key in bundle.zsks]
    return zone_file(path, zone.name, bundle, zsks, bundle.inception - DAY, bundle.expiration + DAY)


def moments(bundle: Bundle) -> tuple[datetime, datetime, datetime]:
    return bundle.inception, bundle.inception + (bundle.expiration - bundle.inception) / 2, bundle.expiration


@pytest.fixture(scope="module")
def rolled() -> tuple[Zone, list[Response]]:
    """Five quarters: normal, normal, pre-publish, rollover, revoke."""
    zone = Zone()
    return zone, [zone.deploy(zone.request(quarter), schema, keys) for quarter, (schema, keys) in enumerate(ROLL)]


def test_dnspython_accepts_each_bundle_at_each_moment_from_one_anchor(rolled: tuple[Zone, list[Response]]) -> None:
    zone, responses = rolled
    a, b = (zone.ksks.named(name).dnskey for name in "AB")
    bundles = [bundle for response in responses for bundle in response.bundles]
    assert len(bundles) == 45
    for number, bundle in enumerate(bundles):
        signer = a if number < 28 else b  # B signs from slot 2 of the fourth quarter on
        for moment in moments(bundle):
            assert dnspython_accepts(zone.name, bundle, [signer], moment)
        assert not dnspython_accepts(zone.name, bundle, [signer], bundle.inception - SECOND)
        assert not dnspython_accepts(zone.name, bundle, [signer], bundle.expiration + SECOND)
        other = b if signer is a else a
        assert not dnspython_accepts(zone.name, bundle, [other], bundle.inception)


def test_ldns_accepts_the_whole_zone_through_the_rollover(rolled: tuple[Zone, list[Response]], tmp_path: Path) -> None:
    zone, responses = rolled
    a, b = (zone.ksks.named(name).dnskey for name in "AB")
    chosen = [(2, 0, a), (2, 8, a), (3, 0, a), (3, 1, b), (3, 8, b), (4, 0, b), (4, 1, b), (4, 7, b), (4, 8, b)]
    for quarter, slot, anchor in chosen:
        bundle = responses[quarter].bundles[slot]
        file = file_of(tmp_path / f"{quarter}-{slot}.zone", zone, bundle)
        for moment in moments(bundle):
            assert ldns_accepts(file, [anchor], zone.name, moment), (quarter, slot, moment)
        assert not ldns_accepts(file, [b if anchor is a else a], zone.name, bundle.inception + DAY)
        assert not ldns_accepts(file, [anchor], zone.name, bundle.expiration + 2 * DAY)


def test_bind_accepts_each_phase_now(tmp_path: Path) -> None:
    """BIND knows no other time than now, so the zone is signed for a quarter in which the slot is the present one."""
    now = datetime.now(UTC).replace(microsecond=0)
    for schema, slot in (
        ("normal", 0),
        ("pre-publish", 4),
        ("rollover", 0),
        ("rollover", 4),
        ("revoke", 4),
        ("revoke", 8),
    ):
        keys = ONE if schema == "normal" else both()
        for age, accepted in ((DAY, True), (20 * DAY, True), (22 * DAY, False), (-DAY, False)):
            zone = Zone(start=now - slot * 10 * DAY - age)
            bundle = zone.sign(zone.draft(zone.request(0), schema, keys)).bundles[slot]
            file = file_of(tmp_path / f"{schema}-{slot}-{age.days}.zone", zone, bundle)
            assert bind_accepts(file, zone.name) is accepted, (schema, slot, age)


def test_dnspython_and_ldns_accept_the_roll_to_another_algorithm(tmp_path: Path) -> None:
    """RSA of 2048 bits to P-256, ZSKs of 1536 bits meanwhile: the first, a middle and the last slot of each quarter."""
    zone, requests = algorithm_roll()
    a, b = (zone.ksks.named(name).dnskey for name in "AB")
    doubly = {(1, 4), (1, 8), (2, 0), (2, 4), (2, 8), (3, 0)}  # quarter, slot
    for quarter, (schema, keys) in enumerate(ALGORITHM_ROLL):
        response = zone.deploy(requests[quarter], schema, keys)
        for slot in (0, 4, 8):
            bundle = response.bundles[slot]
            file = file_of(tmp_path / f"{quarter}-{slot}.zone", zone, bundle)
            trusted = [key for key in (a, b) if any(one.rrsig.key_tag == key.key_tag for one in bundle.signatures)]
            assert len(trusted) == (2 if (quarter, slot) in doubly else 1)
            for anchor in trusted:
                assert all(dnspython_accepts(zone.name, bundle, [anchor], moment) for moment in moments(bundle))
                assert all(ldns_accepts(file, [anchor], zone.name, moment) for moment in moments(bundle))


def test_the_back_out_of_an_algorithm_roll_is_accepted_too(tmp_path: Path) -> None:
    """For the same request, whose keys of the new algorithm a zone that goes back leaves out."""
    zone, requests = algorithm_roll()
    old = requests[0].bundles[1].keys
    plain = replace(requests[1], bundles=tuple(replace(one, keys=old) for one in requests[1].bundles))
    back_out = zone.sign(zone.draft(plain, "algorithm-back-out", ONE))
    for bundle in (back_out.bundles[0], back_out.bundles[8]):
        file = file_of(tmp_path / f"{bundle.id}.zone", zone, bundle)
        assert dnspython_accepts(".", bundle, [zone.ksks.named("A").dnskey], bundle.inception)
        assert ldns_accepts(file, [zone.ksks.named("A").dnskey], ".", bundle.inception)


def test_bind_accepts_the_algorithm_roll_now(tmp_path: Path) -> None:
    """BIND asks that every algorithm of the DNSKEY RRset signs every RRset.

    It counts no revoked KSK, so the slots in which RSA is revoked and its ZSK still signs are for ldns to judge.
    """
    now = datetime.now(UTC).replace(microsecond=0)
    for quarter, slot in ((1, 0), (1, 4), (2, 4), (3, 0), (3, 8)):
        zone, requests = algorithm_roll(start=now - quarter * 90 * DAY - slot * 10 * DAY - DAY)
        response = zone.sign(zone.draft(requests[quarter], *ALGORITHM_ROLL[quarter]))
        file = file_of(tmp_path / f"{quarter}-{slot}.zone", zone, response.bundles[slot])
        assert bind_accepts(file, zone.name), (quarter, slot)


@pytest.mark.parametrize("kind", ["p-256", "p-384", "ed25519", "ed448"])
def test_a_zone_that_is_not_the_root(kind: str, tmp_path: Path) -> None:
    name, now = "ksk.voorbeeld.example.", datetime.now(UTC).replace(microsecond=0)
    zone = Zone(name=name, kinds={"A": kind, "B": kind}, zsk_kinds=(kind,), start=now - 11 * DAY)
    response = zone.sign(zone.draft(zone.request(0), "rollover", both()))
    for slot, signer in {0: "A", 1: "B", 8: "B"}.items():
        bundle, anchor = response.bundles[slot], zone.ksks.named(signer).dnskey
        file = file_of(tmp_path / f"{slot}.zone", zone, bundle)
        assert all(dnspython_accepts(name, bundle, [anchor], moment) for moment in moments(bundle))
        assert all(ldns_accepts(file, [anchor], name, moment) for moment in moments(bundle))
        assert bind_accepts(file, name) is (slot < 2)  # the last slot is to come
