"""KSK rollovers through ceremonies: five quarters of one algorithm, an algorithm roll with its back-out, many zones."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from example import make_plan
from forging import VERIFIER, genesis, record, verify
from quorate.dnssec.ksr import Response
from quorate.dnssec.ksr_layout import write_ksr
from quorate.dnssec.ksr_xml import read_skr
from quorate.findings import Refusal
from quorate.paper import pdf
from quorate.rehearse import rehearse
from quorate.script import read_script
from signed_zone import dnspython_accepts
from test_continuity import algorithm_roll
from test_dishonest_zones import JUDGEMENTS
from zoned import day, generation, ksk, make_zoned, published, signing
from zones import Zone

ONE, TWO, NEW = {"current": "a"}, {"current": "a", "next": "b"}, {"current": "b"}
GENESIS = {"act": "genesis", "reason": "the first key set of this zone"}


def responses_of(root: Path, names: list[str]) -> dict[str, Response]:
    """Every SKR of the records, by its name."""
    files = [path for name in names for path in sorted((record(root, name) / "artifacts").glob("*.skr.xml"))]
    return {path.name.removesuffix(".skr.xml"): read_skr(path.read_bytes(), path.name)[0] for path in files}


def accepted(root: Path, names: list[str]) -> str:
    code, output = verify(*(record(root, name) for name in names), "--authority", genesis(root), "--rehearsal")
    assert code == 0, output
    return output


def sign(root: Path, number: int, responses: list[dict[str, object]], files: Mapping[str, bytes]) -> str:
    """A signing ceremony 60 days before a quarter, rehearsed, and the one that records what it made as deployed."""
    name, after = f"{number}1-sign", f"{number}2-deployed"
    plan = make_plan(root, name, signing(f"sign-{number}", responses), day(number, 60))
    for path, data in files.items():
        (plan / "inputs" / path).write_bytes(data)
    rehearse(root, plan, VERIFIER.read_bytes())
    mains = [str(one["id"]) for one in responses if "back-out-of" not in one]
    rehearse(root, make_plan(root, after, published(*mains), day(number, 50)), VERIFIER.read_bytes())
    return name


def quarter_of(root: Path, zone: Zone, quarter: int, schema: str, keys: Mapping[str, str]) -> list[str]:
    """A quarter is signed and deployed; the names of its ceremonies."""
    response: dict[str, object] = {"id": f"skr-{quarter}", "zone": ".", "ksr": "ksr.xml", "schema": schema}
    response |= {"keys": keys} | (GENESIS if quarter == 0 else {})
    sign(root, quarter, [response], {"ksr.xml": write_ksr(zone.request(quarter))})
    return [f"{quarter}1-sign", f"{quarter}2-deployed"]


@pytest.fixture(scope="module")
def rolled(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Zone, list[str]]:
    """Five quarters from the KSK a to b, which end with the revocation of a; the names of the ceremonies."""
    zone = Zone(kinds={"a": "p-256", "b": "p-256"})
    root = make_zoned(tmp_path_factory.mktemp("rolled") / "authority", zone)
    rehearse(root, make_plan(root, "00-ksk", generation(ksk("a")), day(0, 90)), VERIFIER.read_bytes())
    schemas = [("normal", ONE), ("normal", ONE), ("pre-publish", TWO), ("rollover", TWO), ("revoke", TWO)]
    names = ["00-ksk"]
    for quarter, (schema, keys) in enumerate(schemas):
        if quarter == 2:
            rehearse(root, make_plan(root, "20-ksk", ksk("b"), day(2, 75)), VERIFIER.read_bytes())
            names.append("20-ksk")
        names += quarter_of(root, zone, quarter, schema, keys)
    return root, zone, names


def test_five_quarters_from_one_ksk_to_the_next(rolled: tuple[Path, Zone, list[str]]) -> None:
    root, _, names = rolled
    accepted(root, names)
    made = responses_of(root, names)
    first, second = made["skr-2"].bundles[1].ksks
    trusted = {key.identifier: key.dnskey for key in (first, second)}
    bundles = [bundle for quarter in range(5) for bundle in made[f"skr-{quarter}"].bundles]
    for number, bundle in enumerate(bundles):
        anchor = trusted["a" if number < 28 else "b"]  # b signs from slot 2 of the fourth quarter on
        assert dnspython_accepts(".", bundle, [anchor], bundle.inception)
        assert dnspython_accepts(".", bundle, [anchor], bundle.expiration)


def test_a_revoked_ksk_never_comes_back_though_its_revocation_has_expired(
    rolled: tuple[Path, Zone, list[str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """RFC 5011 2.1. Nor by a program that judges nothing and forgets what has expired."""
    root, zone, names = Path(shutil.copytree(rolled[0], tmp_path / "authority")), rolled[1], list(rolled[2])
    for quarter in (5, 6):
        names += quarter_of(root, zone, quarter, "normal", NEW)
    back = {"current": "b", "next": "a"}
    with pytest.raises(Refusal) as refusal:
        quarter_of(root, zone, 7, "pre-publish", back)
    assert [one.code for one in refusal.value.findings] == ["skr.revoked_returns"]
    shutil.rmtree(root / "ceremonies" / "71-sign")
    monkeypatch.setattr("quorate.keysets._matters", lambda *_: False)
    for name, rule in JUDGEMENTS.items():
        monkeypatch.setattr(name, rule)
    names += quarter_of(root, zone, 7, "pre-publish", back)
    code, output = verify(*(record(root, name) for name in names), "--authority", genesis(root), "--rehearsal")
    assert code == 1
    assert "a KSK is revoked in the SKR skr-4, and the script passes over it" in output
    assert "skr-7: a KSK that was revoked is published again" in output


def test_an_algorithm_roll_with_a_back_out_in_the_same_ceremony(tmp_path: Path) -> None:
    """A signed back-out can be shown as long as it is valid, so the old key is revoked a quarter after the last one."""
    zone, requests = algorithm_roll()
    zone.zsk_kinds = ("rsa-2048", "p-256")
    root = make_zoned(tmp_path / "authority", zone)
    policy = root / "dnssec" / "0" / "policy.toml"
    counts = ["[1, 1, 1, 1, 1, 1, 1, 1, 1]", "[1, 2, 2, 2, 2, 2, 2, 2, 2]", "[2, 2, 2, 2, 2, 2, 2, 2, 2]",
              "[2, 2, 2, 2, 2, 2, 2, 2, 1]"]  # fmt: skip
    keys = ", ".join(f"{{ slots = {one}, different = {1 if '2' not in one else 2} }}" for one in counts)
    text = policy.read_text().replace("sizes = [2048]", "sizes = [1536, 2048]")
    policy.write_text(text.replace("{ slots = [2, 1, 1, 1, 1, 1, 1, 1, 2], different = 3 }", keys))
    first = generation(ksk("a", "rsa-2048"))
    rehearse(root, make_plan(root, "00-ksk", first, day(0, 90)), VERIFIER.read_bytes())
    names = ["00-ksk"]
    schemas = [("normal", ONE, ""), ("algorithm-introduce", TWO, "algorithm-back-out"),
               ("algorithm-double", TWO, ""), ("algorithm-revoke", TWO, "algorithm-revoke-back-out"),
               ("normal", NEW, "")]  # fmt: skip
    for quarter, (schema, parts, back_out) in enumerate(schemas):
        if quarter == 1:
            rehearse(root, make_plan(root, "10-ksk", ksk("b"), day(1, 75)), VERIFIER.read_bytes())
            names.append("10-ksk")
        common = {"zone": ".", "ksr": "ksr.xml"}
        responses: list[dict[str, object]] = [{"id": f"skr-{quarter}", "schema": schema, "keys": parts} | common]
        responses[0] |= GENESIS if quarter == 0 else {}
        files = {"ksr.xml": write_ksr(requests[quarter])}
        if back_out:
            starts = requests[quarter].bundles[0].inception
            bound = parts if back_out == "algorithm-revoke-back-out" else ONE
            other: dict[str, object] = {"id": f"skr-{quarter}-back-out", "schema": back_out, "keys": bound}
            responses.append(other | {"zone": ".", "ksr": "back-out.xml", "back-out-of": f"skr-{quarter}"})
            kinds = ["rsa-1536", "p-256"] if bound is TWO else ["rsa-1536"]
            files["back-out.xml"] = write_ksr(zone.request(quarter, [zone.zsks(0, kinds)] * 9, begin=starts))
        sign(root, quarter, responses, files)
        names += [f"{quarter}1-sign", f"{quarter}2-deployed"]
    accepted(root, names)
    made = responses_of(root, names)
    assert len(made) == 7
    anchors = {key.identifier: key.dnskey for key in made["skr-2"].bundles[0].ksks}
    for name, response in made.items():
        anchor = anchors["b" if name == "skr-4" else "a"]
        for bundle in response.bundles[: 1 if name == "skr-3" else 9]:
            assert dnspython_accepts(".", bundle, [anchor], bundle.inception)
    script = read_script((root / "ceremonies/11-sign/rehearsal/script.json").read_bytes(), "script.json")
    (tmp_path / "script.pdf").write_bytes(pdf(script))
    command = ["pdftotext", "-layout", str(tmp_path / "script.pdf"), "-"]
    printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    assert (
        printed.count("words of the digest of skr-1 ") == printed.count("words of the digest of skr-1-back-out ") == 1
    )


@pytest.mark.parametrize("count", [20])
def test_many_zones_under_one_approval(tmp_path: Path, count: int) -> None:
    zones = [Zone(name=f"zone-{number}.example.", kinds={f"k{number}": "p-256"}) for number in range(count)]
    root = make_zoned(tmp_path / "authority", *zones)
    keys = [ksk(f"k{number}", zone=zone.name) for number, zone in enumerate(zones)]
    rehearse(root, make_plan(root, "00-ksk", generation(*keys), day(0, 90)), VERIFIER.read_bytes())
    responses: list[dict[str, object]] = [
        {"id": f"skr-{number}", "zone": zone.name, "ksr": f"{number}.xml", "schema": "normal"}
        | {"keys": {"current": f"k{number}"}}
        | GENESIS
        for number, zone in enumerate(zones)
    ]
    files = {f"{number}.xml": write_ksr(zone.request(0)) for number, zone in enumerate(zones)}
    sign(root, 0, responses, files)
    output = accepted(root, ["00-ksk", "01-sign", "02-deployed"])
    assert f"and {count} SKRs valid and as approved" in output
