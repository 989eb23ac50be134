"""Five quarters and an algorithm roll held on SoftHSM 2: validators that are not ours accept every SKR out of them.

A zone is built from each bundle of each SKR as it lies in its record, back-outs too, and judged at the first second,
the middle and the last second of its validity.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from forging import verify
from quorate.dnssec.dnskey import Dnskey
from quorate.dnssec.ksr import Bundle
from quorate.dnssec.policy import load_policy
from signed_zone import bind_accepts, dnspython_accepts, ldns_accepts, standing_clock, zone_file
from token_years import KSKS, QUARTERS, Years, held
from zones import DAY, private

SECOND = timedelta(seconds=1)
SIGNERS = {
    "skr-0": ["a"] * 9,
    "skr-1": ["a"] * 9,
    "skr-2": ["a"] * 9,
    "skr-3": ["a", *["b"] * 8],
    "skr-4": ["b"] * 9,
    "skr-5": ["b"] * 9,
    "skr-6": ["b", *["bc"] * 8],
    "skr-6-back-out": ["b"] * 9,
    "skr-7": ["bc"] * 9,
    "skr-8": ["bc", *["c"] * 8],
    "skr-8-back-out": ["bc"] * 9,
    "skr-9": ["c"] * 9,
}
"""From which KSK each slot validates, from each of several alone. A revoked key signs and is nobody's anchor."""
Judge = Callable[[Path, Bundle, datetime, Dnskey], bool]


@pytest.fixture(scope="module")
def years(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Years]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SOFTHSM2_CONF", "")
        yield held(tmp_path_factory.mktemp("years"))


@pytest.fixture(scope="module")
def zones(years: Years) -> dict[tuple[str, int], Path]:
    """A zone around each bundle, as its operator signs it with the ZSKs of the request."""
    folder = years.folder / "zones"
    folder.mkdir()
    made = {}
    for name, response in years.responses.items():
        for slot, bundle in enumerate(response.bundles):
            zsks = [(private(one.identifier.split()[0], f"zsk {one.identifier}"), one.dnskey) for one in bundle.zsks]
            begins, ends = bundle.inception - DAY, bundle.expiration + DAY
            made[name, slot] = zone_file(folder / f"{name}.{slot}.zone", ".", bundle, zsks, begins, ends)
    return made


def moments(bundle: Bundle) -> tuple[datetime, datetime, datetime]:
    return bundle.inception, bundle.inception + (bundle.expiration - bundle.inception) / 2, bundle.expiration


def rejected(years: Years, zones: dict[tuple[str, int], Path], judge: Judge) -> list[tuple[str, int]]:
    """The slots in which a judge does not accept some moment from some anchor that should do."""

    def accepted(place: tuple[str, int]) -> bool:
        name, slot = place
        bundle = years.responses[name].bundles[slot]
        anchors = [years.anchors[one] for one in SIGNERS[name][slot]]
        return all(judge(zones[place], bundle, moment, anchor) for anchor in anchors for moment in moments(bundle))

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        answers = list(pool.map(accepted, zones))
    assert len(answers) == 9 * len(SIGNERS)
    return [place for place, good in zip(zones, answers, strict=True) if not good]


def events(record: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in (record / "transcript.jsonl").read_text().splitlines()]


# -- what was held ----------------------------------------------------------------------------------------------------


def test_every_quarter_was_signed_by_the_token_in_a_real_ceremony(years: Years) -> None:
    assert len(years.records) == 2 * len(QUARTERS) + len(KSKS)
    for record in years.records:
        opened, *rest = events(record)
        assert opened["body"]["mode"] == "real"  # type: ignore[index]
        used = [event["body"]["serial"] for event in rest if event["type"] == "unlocked"]  # type: ignore[index]
        assert used == ([] if record.parent.name.endswith("deployed") else [years.serial])
    objects = [path.name for path in (years.folder / "softhsm").rglob("*.object") if path.name != "token.object"]
    assert len(objects) == 2 * len(KSKS)  # SoftHSM keeps a file for each private and each public key


def test_the_verifier_accepts_the_records_in_their_order(years: Years) -> None:
    genesis = "sha256:" + hashlib.sha256((years.root / "authority" / "000.json").read_bytes()).hexdigest()
    code, output = verify(*years.records, "--authority", genesis)
    assert code == 0, output
    assert "verdict: ACCEPTED" in output


def test_there_is_an_skr_for_every_quarter_and_two_to_go_back(years: Years) -> None:
    assert sorted(years.responses) == sorted(SIGNERS)
    assert {len(response.bundles) for response in years.responses.values()} == {9}


def test_the_anchors_are_the_pinned_ones(years: Years) -> None:
    """They come out of the records of their generation; the governors signed their DS."""
    pinned = {one.id: one.ds_sha256 for one in load_policy(years.policy.read_bytes(), "policy.toml").ksks}
    assert {name: key.ds(".").digest.hex() for name, key in years.anchors.items()} == pinned


# -- what others make of it -------------------------------------------------------------------------------------------


def test_dnspython_accepts_every_bundle_at_each_moment_from_each_anchor_alone(
    years: Years, zones: dict[tuple[str, int], Path]
) -> None:
    def judge(file: Path, bundle: Bundle, moment: datetime, anchor: Dnskey) -> bool:
        return dnspython_accepts(".", bundle, [anchor], moment)

    assert rejected(years, zones, judge) == []


def test_dnspython_accepts_none_a_second_too_early_or_late_or_from_another_key(years: Years) -> None:
    for name, response in years.responses.items():
        for slot, bundle in enumerate(response.bundles):
            signers = [years.anchors[one] for one in SIGNERS[name][slot]]
            assert not dnspython_accepts(".", bundle, signers, bundle.inception - SECOND)
            assert not dnspython_accepts(".", bundle, signers, bundle.expiration + SECOND)
            others = [key for one, key in years.anchors.items() if one not in SIGNERS[name][slot]]
            assert not dnspython_accepts(".", bundle, others, bundle.inception)


def test_ldns_accepts_every_zone_at_each_moment_from_each_anchor_alone(
    years: Years, zones: dict[tuple[str, int], Path]
) -> None:
    def judge(file: Path, bundle: Bundle, moment: datetime, anchor: Dnskey) -> bool:
        return ldns_accepts(file, [anchor], ".", moment)

    assert rejected(years, zones, judge) == []


def test_bind_accepts_every_zone_at_each_moment(years: Years, zones: dict[tuple[str, int], Path]) -> None:
    """Every algorithm of the DNSKEY RRset signs everything, which BIND alone asks for; it takes no anchor.

    It counts no revoked KSK, so that in the slots in which the old algorithm's is revoked and its ZSK still signs, it
    misses one; of these the others judge alone.
    """
    clock = standing_clock(years.folder / "clock.so")

    def judge(file: Path, bundle: Bundle, moment: datetime, anchor: Dnskey) -> bool:
        return bind_accepts(file, ".", clock, moment)

    assert rejected(years, zones, judge) == [("skr-8", slot) for slot in range(1, 8)]
    bundle, last = years.responses["skr-4"].bundles[8], zones["skr-4", 8]
    assert not bind_accepts(last, ".", clock, bundle.expiration + SECOND)
    assert not bind_accepts(last, ".", clock, bundle.inception - SECOND)
