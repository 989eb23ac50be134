"""Plans about a zone's keys, written from templates and rehearsed as they stand."""

from __future__ import annotations

from pathlib import Path

import pytest

from forging import VERIFIER, genesis, record, verify
from quorate.dnssec.ksr_layout import write_ksr
from quorate.findings import Refusal
from quorate.host import SteppedHost
from quorate.outset import init, new
from quorate.rehearse import rehearse
from quorate.zone_outline import ZONE_KINDS
from zoned import ZONES, policy
from zones import BEGIN, DAY, Zone

ZONE = Zone(kinds={"ksk-1": "p-256"})
TODAY = BEGIN - 70 * DAY
SECOND = """
[[tokens]]
id = "hsm-2"
kind = "software"
location = "tokens/hsm-2"
serial = "EX-2"
"""
SERIES = {"01": "ksk-generation", "02": "ksk-import", "03": "ksk-signing", "04": "publication", "05": "ksk-signing"}
SERIES |= {"06": "ksk-destruction"}


def begin(root: Path) -> tuple[Path, SteppedHost]:
    """A new authority that holds the KSKs of the root zone on two tokens."""
    host = SteppedHost(TODAY)
    init(root, "example", "private", host)
    text = (root / "authority.toml").read_text() + SECOND
    token = text.partition("[[tokens]]")[2].partition('id = "')[2].partition('"')[0]
    zone = ZONES.format(zone=".", tokens=f'"{token}", "hsm-2"', folder="dnssec")
    (root / "authority.toml").write_text(text.replace('"p-384"', '"p-256", "p-384"', 1) + zone)
    (root / "dnssec").mkdir()
    (root / "dnssec" / "policy.toml").write_text(policy())
    return root, host


def test_a_series_about_a_zone_can_be_rehearsed_as_it_was_written(tmp_path: Path) -> None:
    root, host = begin(tmp_path / "a")
    assert set(SERIES.values()) == set(ZONE_KINDS)
    quarter = 0
    for name, kind in SERIES.items():
        quarter_day = SteppedHost(BEGIN + 30 * DAY) if name > "04" else host
        plan = new(root, name, kind, quarter_day)
        if kind == "ksk-signing":
            (plan.parent / "inputs" / f"ksr-{quarter + 1}.xml").write_bytes(write_ksr(ZONE.request(quarter)))
            quarter += 1
        rehearse(root, plan.parent, VERIFIER.read_bytes())
    records = [record(root, name) for name in SERIES]
    code, output = verify(*records, "--authority", genesis(root), "--rehearsal")
    assert code == 0, output


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        ("ksk-signing", "outset.no_ksk"),
        ("ksk-import", "outset.no_ksk"),
        ("ksk-destruction", "outset.no_ksk"),
        ("publication", "outset.nothing_signed"),
    ],
)
def test_what_has_nothing_to_begin_with_is_refused(tmp_path: Path, kind: str, code: str) -> None:
    root, host = begin(tmp_path / "a")
    with pytest.raises(Refusal) as refusal:
        new(root, "01", kind, host)
    assert refusal.value.code == code


def test_an_authority_without_zones_has_no_ksks(tmp_path: Path) -> None:
    init(tmp_path / "a", "example", "private", SteppedHost(TODAY))
    with pytest.raises(Refusal) as refusal:
        new(tmp_path / "a", "01", "ksk-generation", SteppedHost(TODAY))
    assert refusal.value.code == "outset.nothing_yet"


def test_a_copy_needs_a_second_token(tmp_path: Path) -> None:
    root, host = begin(tmp_path / "a")
    text = (root / "authority.toml").read_text()
    (root / "authority.toml").write_text(text.replace(', "hsm-2"]', "]"))
    new(root, "01", "ksk-generation", host)
    with pytest.raises(Refusal) as refusal:
        new(root, "02", "ksk-import", host)
    assert refusal.value.code == "outset.no_second_token"
