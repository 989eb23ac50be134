"""`quorate import kskm`: the configuration of IANA's signer becomes a zone's folder; what has no place is told."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from forging import VERIFIER, genesis, record, verify
from quorate.dnssec.ksr_layout import write_ksr, write_skr
from quorate.dnssec.records import dnskey_line
from quorate.host import SteppedHost
from quorate.outset import init, new
from quorate.rehearse import rehearse
from quorate.zone import load_history, load_zone
from refusing import refused, run
from zones import BEGIN, DAY, SHIPPED, Zone, both, ksk_pair, zsk

NAMES = {"A": "ksk_current", "B": "ksk_next"}
ONE = {"current": "A"}
SLOTS = {
    "normal": [("A", "A", "")] * 9,
    "pre-publish": [("A", "A", ""), *[("AB", "A", "")] * 8],
    "publish+": [("AB", "A", "")] * 9,
    "rollover": [("AB", "A", ""), *[("AB", "B", "")] * 8],
    "rollover+": [("AB", "B", "")] * 9,
    "revoke": [("AB", "B", ""), *[("B", "AB", "A")] * 7, ("B", "B", "")],
    "revoke+": [("B", "B", ""), *[("B", "AB", "A")] * 7, ("B", "B", "")],
}


def listed(letters: str) -> str:
    names = [NAMES[one] for one in letters]
    return names[0] if len(names) == 1 else f"[{', '.join(names)}]"


def schema(name: str, slots: list[tuple[str, str, str]]) -> str:
    lines = [f"  {name}:"]
    for number, (publish, sign, revoke) in enumerate(slots, 1):
        lines += [f"    {number}:", f"      publish: {listed(publish)}", f"      sign: {listed(sign)}"]
        lines += [f"      revoke: {listed(revoke)}"] * bool(revoke)
    return "\n".join(lines) + "\n"


def config(zone: Zone) -> str:
    """A configuration as kskm has them, for the KSKs A and B of a zone."""
    keys = ""
    for ksk in zone.ksks.ksks:
        digest = ksk.dnskey.ds(zone.name).digest.hex().upper()
        keys += f"""  {NAMES[ksk.id]}:
    description: KSK {ksk.id}
    label: {ksk.id}
    key_tag: {ksk.dnskey.key_tag}
    algorithm: {ksk.algorithm.name}
    valid_from: 2020-01-01T00:00:00+00:00
    ds_sha256: {digest}
"""
    schemas = "".join(schema(name, slots) for name, slots in SLOTS.items())
    return f"""# of a test
hsm:
  one:
    module: $MODULE
    pin: 123456
    env:
      SOFTHSM2_CONF: softhsm.conf
filenames:
  previous_skr: before.xml
keys:
{keys}request_policy:
  acceptable_domains:
    - "{zone.name}"
  num_bundles: 9
  validate_signatures: True
  check_chain_keys: False
  enable_unsupported_ecdsa: true
  approved_algorithms:
    - ECDSAP256SHA256
  dns_ttl: 60
response_policy:
  num_bundles: 9
  validate_signatures: no
ksk_policy:
  signers_name: "{zone.name}"
  publish_safety: PT0S
  retire_safety: P28D
  max_signature_validity: P21D
  min_signature_validity: P21D
  max_validity_overlap: P16D
  min_validity_overlap: P9D
  ttl: 172800
schemas:
{schemas}"""


@pytest.fixture
def made(tmp_path: Path) -> Path:
    """A folder with the configuration, the KSKs' records, and three quarters of files."""
    zone = Zone()
    (tmp_path / "ksrsigner.yaml").write_text(config(zone))
    records = "".join(dnskey_line(".", ksk.dnskey) + "\n" for ksk in zone.ksks.ksks)
    (tmp_path / "ksks.key").write_text(records)
    for quarter, (name, keys) in enumerate([("normal", ONE), ("pre-publish", both()), ("rollover", both())]):
        request = zone.request(quarter)
        (tmp_path / f"ksr{quarter}.xml").write_bytes(write_ksr(request))
        (tmp_path / f"skr{quarter}.xml").write_bytes(write_skr(zone.deploy(request, name, keys)))
    return tmp_path


def imported(made: Path, *options: object) -> Path:
    into = made / "zone"
    outcome = run("import", "kskm", made / "ksrsigner.yaml", "--dnskey", made / "ksks.key", *options, "--into", into)
    assert (outcome.code, outcome.err) == (0, "")
    assert (into / "report.md").read_text() == outcome.out
    return into


def test_the_folder_is_all_that_the_checks_need(made: Path) -> None:
    into = imported(made, "--previous", made / "skr0.xml")
    zone = load_zone(into / "dnssec")
    assert [pin.id for pin in zone.policy.ksks] == ["A", "B"]
    assert [ksk.id for ksk in zone.ksks.ksks] == ["A", "B"]
    assert zone.schemas == SHIPPED
    (before,) = load_history(into / "dnssec", zone.schemas)
    assert before.deployed
    assert (
        "recorded in responses/001-imported, as deployed on 2026-01-01, when it begins"
        in (into / "report.md").read_text()
    )
    good = run("skr", "check", made / "skr1.xml", "--ksr", made / "ksr1.xml", "--in", into)
    assert (good.code, good.err) == (0, "")
    assert "after SKR" in good.out
    assert "skr.gap_before" in refused(made, "skr", "check", made / "skr2.xml", "--in", into)
    assert run("trust-anchor", "make", into / "anchors.xml", "--in", into).code == 0
    assert run("trust-anchor", "check", into / "anchors.xml", "--in", into).code == 0


def test_limits_and_pins_are_those_of_the_file(made: Path) -> None:
    policy = load_zone(imported(made) / "dnssec").policy
    (limits,) = policy.limits
    assert (policy.zone, limits.bundles, limits.ttl) == (".", 9, 172800)
    assert limits.keys[0].slots == (2, 1, 1, 1, 1, 1, 1, 1, 2)
    assert [str(span) for span in (limits.validity, limits.overlap, limits.interval, limits.cycle)] == [
        "P21D",
        "P9D to P16D",
        "P9D to P11D",
        "P79D to P81D",
    ]
    assert (limits.horizon.days, limits.retire_safety.days, limits.hold_down.days) == (180, 28, 30)
    assert [int(kind.algorithm) for kind in limits.algorithms] == [13]


def test_what_has_no_place_is_told_and_no_pin_is_taken(made: Path) -> None:
    into = imported(made)
    report = (into / "report.md").read_text()
    assert "request_policy.check_chain_keys: KSR-CHAIN-KEYS is made here all the same" in report
    assert "response_policy.validate_signatures: KSR-BUNDLE-POP, KSR-PREVIOUS is made here all the same" in report
    (off, also) = load_zone(into / "dnssec").policy.turned_off
    assert off.check == "KSR-CHAIN-KEYS"
    assert off.where.startswith("ksrsigner.yaml, line ")
    assert off.where.endswith(": request_policy.check_chain_keys")
    assert also.check == "KSR-BUNDLE-POP, KSR-PREVIOUS"
    assert "hsm one: module $MODULE" in report
    assert "its PIN stands in the file: have it changed" in report
    assert "request_policy.dns_ttl: 60, which kskm never reads" in report
    assert "filenames.previous_skr: before.xml" in report
    for name in SLOTS:
        known = {"publish+": "pre-publish+"}.get(name, name)
        assert f"- {name}: the schema {known} with current = A" in report or name in ("revoke", "revoke+", "rollover+")
    assert not any("123456" in path.read_text() for path in into.rglob("*") if path.is_file())


OLDER_NAMES = """  acceptable_dnssec_algorithms:
    - RSASHA256
    - ECDSAP256SHA256
  rsa_acceptable_exponents:
    - 3
    - 65537
  rsa_acceptable_key_sizes: [1024, 2048]
  acceptable_key_set_lengths:
    - 2
    - 3
  check_request_daisy_chain: false
  warn_instead_of_fail: true
"""


def older(text: str) -> str:
    """The same configuration with the names of 2019."""
    return text.replace("  approved_algorithms:\n    - ECDSAP256SHA256\n", OLDER_NAMES, 1)


def test_older_names_mean_what_they_meant(made: Path) -> None:
    path = made / "ksrsigner.yaml"
    path.write_text(older(path.read_text()))
    into = imported(made)
    (limits,) = load_zone(into / "dnssec").policy.limits
    assert [(int(one.algorithm), one.sizes, one.exponents) for one in limits.algorithms] == [
        (8, (1024, 2048), (3, 65537)),
        (13, (), ()),
    ]
    assert [(one.slots, one.different) for one in limits.keys] == [((2, 1, 1, 1, 1, 1, 1, 1, 2), 3)]
    report = (into / "report.md").read_text()
    assert "check_request_daisy_chain: KSR-CHAIN-KEYS, KSR-CHAIN-OVERLAP is made here all the same" in report
    assert "request_policy.warn_instead_of_fail: every check is made here all the same" in report
    assert "request_policy.acceptable_key_set_lengths: 2 different keys; where they stand is not said" in report


def test_a_schema_of_its_own_is_kept(made: Path) -> None:
    odd = [("A", "A", ""), *[("AB", "AB", "")] * 7, ("B", "B", "")]
    with (made / "ksrsigner.yaml").open("a") as file:
        file.write(schema("odd", odd))
    zone = load_zone(imported(made) / "dnssec")
    assert [one.id for one in zone.schemas.schemas] == [*(one.id for one in SHIPPED.schemas), "odd"]
    assert [one.slots for one in zone.schemas.named("odd").slots] == ["1", "2..8", "9"]


def test_the_schemas_keep_their_names_and_their_ksks(made: Path) -> None:
    with (made / "ksrsigner.yaml").open("a") as file:
        file.write(schema("my-way", [("AB", "AB", "")] * 9))
    into = imported(made)
    call = ("ksr", "check", made / "ksr0.xml", "--genesis", "--at", "2025-11-20", "--in", into)
    normal = run(*call, "--schema", "normal")
    assert (normal.code, normal.err) == (0, "")
    assert "schema normal, current = A" in normal.out
    early = run(*call, "--schema", "publish+")
    assert (early.code, early.err) == (0, "")
    assert "schema publish+ (pre-publish+), current = A, next = B" in early.out
    assert "my-way" in run(*call, "--schema", "nothing").err
    swapped = run(*call, "--schema", "normal", "--ksk", "current=B")
    assert "schema normal, current = B" in swapped.out
    later = ("skr", "check", made / "skr1.xml", "--previous", made / "skr0.xml", "--in", into)
    assert run(*later, "--schema", "pre-publish").code == 0
    assert refused(made, *later, "--schema", "publish+") == ["skr.schema_differs"]


def test_a_ksk_that_the_file_names_and_nobody_has_seen_is_refused(made: Path) -> None:
    """As the signer does, which takes the key from its file, whatever signed the quarter before."""
    path = made / "ksrsigner.yaml"
    text = path.read_text()
    path.write_text(text.partition("schemas:\n")[0] + "schemas:\n" + schema("normal", [("B", "B", "")] * 9))
    into = imported(made, "--previous", made / "skr0.xml")
    (made / "ksr1.xml").write_bytes(write_ksr(Zone().request(1)))
    call = ("ksr", "check", made / "ksr1.xml", "--at", "2026-02-10", "--in", into)
    assert run(*call).code == 0
    assert {"skr.order_keys", "ksr.ksk_safety"} <= set(refused(made, *call, "--schema", "normal"))
    assert "KSR-POLICY-SAFETY            REFUSED" in run(*call, "--schema", "normal").out


def test_what_is_on_record_as_deployed_leaves_no_room_for_a_first_request(made: Path) -> None:
    into = imported(made, "--previous", made / "skr0.xml")
    first = ("ksr", "check", made / "ksr1.xml", "--at", "2026-02-10", "--genesis", "--in", into)
    assert refused(made, *first) == ["ksr.chain_recorded"]
    again = ("ksr", "check", made / "ksr0.xml", "--at", "2025-11-20", "--genesis", "--in", into)
    assert "ksr.chain_recorded" not in run(*again).codes  # it is the one that was answered


def test_a_ksk_that_was_revoked_plays_no_part_any_more(made: Path) -> None:
    zone = Zone()
    for quarter, (name, keys) in enumerate(
        [("normal", ONE), ("pre-publish", both()), ("rollover", both()), ("revoke", both())]
    ):
        revoking = zone.deploy(zone.request(quarter), name, keys)
    (made / "skr3.xml").write_bytes(write_skr(revoking))
    (made / "ksr4.xml").write_bytes(write_ksr(zone.request(4)))
    call = ("ksr", "check", made / "ksr4.xml", "--previous", made / "skr3.xml", "--at", "2026-11-10")
    outcome = run(*call, "--schema", "normal", "--in", imported(made))
    assert "schema normal, current = B" in outcome.out


def test_a_binding_names_the_parts_of_its_schema(made: Path) -> None:
    into = imported(made)
    path = into / "dnssec" / "bindings.toml"
    text = path.read_text()
    call = ("ksr", "check", made / "ksr0.xml", "--genesis", "--at", "2025-11-20", "--in", into, "--schema", "normal")
    path.write_text(text.replace('part = "current"', 'part = "other"', 1))
    assert refused(made, *call) == ["schema.binding"]
    path.write_text(text + text.partition("\n\n")[2])
    assert "schema.twice" in refused(made, *call)
    path.write_text(text.replace('schema = "normal"', 'schema = "odd"', 1))
    assert refused(made, *call) == ["schema.unknown"]


def test_bounds_that_the_file_neither_has_nor_checks_follow_from_the_others(made: Path) -> None:
    path = made / "ksrsigner.yaml"
    off = "  check_cycle_length: false\n  check_bundle_intervals: false\n  dns_ttl"
    path.write_text(path.read_text().replace("  dns_ttl", off))
    into = imported(made)
    (limits,) = load_zone(into / "dnssec").policy.limits
    assert [str(span) for span in (limits.interval, limits.cycle)] == ["P5D to P12D", "P40D to P96D"]
    assert "min_bundle_interval and max_bundle_interval are not in the file" in (into / "report.md").read_text()
    shutil.rmtree(into)
    path.write_text(path.read_text().replace("  dns_ttl", "  min_bundle_interval: P8D\n  dns_ttl"))
    (limits,) = load_zone(imported(made) / "dnssec").policy.limits
    assert [str(span) for span in (limits.interval, limits.cycle)] == ["P8D to P11D", "P64D to P88D"]


def test_what_a_key_leaves_out_its_public_key_says(made: Path) -> None:
    path = made / "ksrsigner.yaml"
    text = path.read_text()
    pins = load_zone(imported(made) / "dnssec").policy.ksks
    for name, count in (("ds_sha256", 2), ("key_tag", 1)):
        shutil.rmtree(made / "zone")
        path.write_text(re.sub(f"    {name}: .*\n", "", text, count=count))
        assert load_zone(imported(made) / "dnssec").policy.ksks == pins
        lone = ("import", "kskm", path, "--into", made / "lone")
        assert set(refused(made, *lone)) == {"kskm.value"}
        assert f"{name}: it is missing, and no single key that is given with --dnskey says it" in run(*lone).err


def test_days_that_begin_or_end_within_a_day_are_whole_days_here(made: Path) -> None:
    path = made / "ksrsigner.yaml"
    days = "valid_from: 2020-01-01T10:00:00+00:00\n    valid_until: 2030-01-10T23:59:59+00:00"
    text = path.read_text().replace("valid_from: 2020-01-01T00:00:00+00:00", days, 1)
    path.write_text(text.replace("P21D", "P3W"))
    policy = load_zone(imported(made) / "dnssec").policy
    assert [(one.since, one.until) for one in policy.ksks] == [("2020-01-02", "2030-01-10"), ("2020-01-01", "")]
    assert str(policy.limits[0].validity) == "P21D"


def test_the_limits_of_the_file_hold_before_its_keys_do(made: Path) -> None:
    path = made / "ksrsigner.yaml"
    path.write_text(path.read_text().replace("valid_from: 2020-01-01", "valid_from: 2026-01-01"))
    call = ("ksr", "check", made / "ksr0.xml", "--genesis", "--at", "2025-11-20", "--in", imported(made))
    assert run(*call, "--schema", "normal").code == 0


Change = Callable[[str], str]


def swap(old: str, new: str) -> Change:
    def change(text: str) -> str:
        assert old in text
        return text.replace(old, new, 1)

    return change


RESPONSES = "response_policy:\n  num_bundles: "
WRONG: dict[str, tuple[Change, str]] = {
    "an unknown field": (swap("num_bundles", "num_bundels"), "kskm.value"),
    "an unknown section": (lambda text: text + "extra: 1\n", "kskm.value"),
    "no validity": (swap("  max_signature_validity: P21D\n", ""), "kskm.value"),
    "bounds the wrong way round": (swap("max_signature_validity: P21D", "max_signature_validity: P20D"), "kskm.value"),
    "a label of two keys": (swap("label: B", "label: A"), "kskm.value"),
    "no pin": (lambda text: re.sub("    ds_sha256: .*\n", "", text, count=1), "kskm.value"),
    "a short pin": (lambda text: re.sub("ds_sha256: ..", "ds_sha256: ", text, count=1), "kskm.value"),
    "a duration of months": (swap("P28D", "P1M"), "kskm.value"),
    "a local time": (swap("2020-01-01T00:00:00+00:00", "2020-01-01T10:00:00+01:00"), "kskm.value"),
    "an unknown algorithm": (swap("algorithm: ECDSAP256SHA256", "algorithm: RSAMD5"), "kskm.value"),
    "a number in words": (swap("ttl: 172800", "ttl: two days"), "kskm.value"),
    "a label with a blank": (swap("label: A", "label: A B"), "kskm.value"),
    "a switch that is no truth": (swap("check_chain_keys: False", "check_chain_keys: maybe"), "kskm.value"),
    "a list that is none": (swap('    - "."', "    one: two"), "kskm.value"),
    "a schema within another": (swap("  revoke+:\n", "    inner:\n      1: x\n  revoke+:\n"), "kskm.value"),
    "another number of bundles": (swap(RESPONSES + "9", RESPONSES + "8"), "kskm.value"),
    "a mapping that is none": (lambda text: text.partition("schemas:")[0] + "schemas: none\n", "kskm.value"),
    "a list at the top": (lambda _text: "- one\n", "kskm.value"),
    "two zones": (swap('    - "."', '    - "."\n    - "example."'), "kskm.zones"),
    "another signer": (swap('signers_name: "."', 'signers_name: "example."'), "kskm.zones"),
    "no name": (swap('    - "."', '    - "a..b"'), "dnssec.name_unusable"),
    "a slot too few": (lambda text: text[: text.rindex("    9:")], "kskm.schema_slots"),
    "a key that is none": (swap("publish: ksk_current", "publish: ksk_other"), "kskm.schema_key"),
    "a silent revocation": (swap("sign: [ksk_current, ksk_next]", "sign: ksk_next"), "schema.revoked_unsigned"),
    "the only key revoked": (swap("sign: [ksk_current, ksk_next]", "sign: ksk_current"), "schema.nobody_signs"),
    "keys for other slots": (swap("  dns_ttl", "  num_keys_per_bundle: [1]\n  dns_ttl"), "dnssec.policy_value"),
    "an older name beside the newer one": (
        swap("  dns_ttl", "  acceptable_dnssec_algorithms: [RSASHA256]\n  dns_ttl"),
        "kskm.value",
    ),
    "an older count that leaves the slots open": (
        swap("  dns_ttl", "  acceptable_key_set_lengths: [2]\n  dns_ttl"),
        "kskm.value",
    ),
    "no YAML": (lambda text: text + "  : : [\n", "document.not_yaml"),
    "a key twice": (lambda text: text + "hsm:\n", "document.key_twice"),
    "an anchor": (swap("module: $MODULE", "module: &one $MODULE"), "document.not_plain"),
    "a second document": (lambda text: text + "---\nhsm:\n", "document.second_document"),
    "too much": (lambda text: text + "#" * 300000, "document.too_large"),
}  # fmt: skip


@pytest.mark.parametrize("what", WRONG)
def test_a_configuration_is_refused_for(what: str, made: Path) -> None:
    change, code = WRONG[what]
    path = made / "ksrsigner.yaml"
    path.write_text(change(path.read_text()))
    codes = refused(made, "import", "kskm", path, "--into", made / "zone")
    assert code in codes
    assert not (made / "zone").exists()


def test_every_problem_is_told_with_its_line(made: Path) -> None:
    path = made / "ksrsigner.yaml"
    path.write_text(path.read_text().replace("ttl: 172800", "ttl: long").replace("P28D", "28"))
    outcome = run("import", "kskm", path, "--into", made / "zone")
    assert outcome.codes == ["kskm.value", "kskm.value"]
    lines = path.read_text().splitlines()
    for number in re.findall(r"ksrsigner\.yaml:(\d+): the field ksk_policy", outcome.err):
        assert "long" in lines[int(number) - 1] or "28" in lines[int(number) - 1]


def test_every_record_must_match_a_pin(made: Path) -> None:
    stranger = dnskey_line(".", ksk_pair("p-256", "stranger").dnskey)
    with (made / "ksks.key").open("a") as file:
        file.write(f"{stranger}\n")
    call = ("import", "kskm", made / "ksrsigner.yaml", "--dnskey", made / "ksks.key", "--into", made / "zone")
    assert refused(made, *call) == ["ksk.not_pinned"]
    (made / "ksks.key").write_text((made / "ksks.key").read_text().replace(stranger, "").replace(". IN", "example. IN"))
    assert refused(made, *call) == ["ksk.not_pinned"] * 2


DS_2017 = "E06D44B80B8F1D39A95C0B0D7C65D08458E880409BBC683457104237C7F8EC8D"
KSK_2010 = (
    # the root's first, in its public documents
    "AwEAAagAIKlVZrpC6Ia7gEzahOR+9W29euxhJhVVLOyQbSEW0O8gcCjFFVQUTf6v58fLjwBd0YI0EzrAcQqBGCzh/RStIoO8g0Nf"
    "nfL2MTJRkxoXbfDaUeVPQuYEhg37NZWAJQ9VnMVDxP/VHL496M/QZxkjf5/Efucp2gaDX6RS6CXpoY68LsvPVjR0ZSwzz1apAzvN"
    "9dlzEheX7ICJBBtuA6G3LQpzW5hOA2hzCTMjJPJ8LbqF6dsV6DoBQzgul0sGIcGOYl7OyQdXfZ57relSQageu+ipAdTTJ25AsRTA"
    "oub8ONGcLmqrAmRLKBP1dfwhYB4N7knNnulqQxA+Uk1ihz0="
)


def test_a_key_set_as_dig_prints_it_has_the_zsks_too(made: Path) -> None:
    with (made / "ksks.key").open("a") as file:
        file.write(f"{dnskey_line('.', zsk('p-256', 'of the zone').dnskey)}\n")
    run("import", "kskm", made / "ksrsigner.yaml", "--dnskey", made / "ksks.key", "--into", made / "zone")
    written = (made / "zone" / "dnssec" / "ksks.txt").read_text()
    assert written.count("DNSKEY 257") == written.count("DNSKEY") == 2


def test_a_ksk_of_the_roots_past_comes_with_its_pin(made: Path) -> None:
    path, into = made / "ksrsigner.yaml", made / "zone"
    text = re.sub(r"label: A\n", "label: Klajeyz\n", path.read_text(), count=1)
    text = re.sub(r"key_tag: \d+\n    algorithm: \w+", "key_tag: 20326\n    algorithm: RSASHA256", text, count=1)
    path.write_text(re.sub("ds_sha256: .*", f"ds_sha256: {DS_2017}", text, count=1))
    (made / "ksks.key").write_text(f". IN DNSKEY 257 3 8 {KSK_2010}\n")
    outcome = run("import", "kskm", path, "--dnskey", made / "ksks.key", "--into", into)
    assert outcome.code == 0, outcome
    assert load_zone(into / "dnssec").ksks.named("Kjqmt7v").dnskey.key_tag == 19036


@pytest.mark.parametrize(
    ("field", "change"),
    [
        ("key_tag", lambda text: re.sub(r"key_tag: \d+", "key_tag: 1", text, count=1)),
        ("algorithm", swap("algorithm: ECDSAP256SHA256", "algorithm: ECDSAP384SHA384")),
        ("ds_sha256", lambda text: re.sub("ds_sha256: .{4}", "ds_sha256: 0000", text, count=1)),
    ],
)
def test_a_slip_in_what_the_file_says_of_a_key_is_told_as_one(made: Path, field: str, change: Change) -> None:
    path = made / "ksrsigner.yaml"
    path.write_text(change(path.read_text()))
    outcome = run("import", "kskm", path, "--dnskey", made / "ksks.key", "--into", made / "zone")
    assert outcome.codes == ["kskm.key_differs"]
    assert f" has {field} " in outcome.err


def test_the_size_of_a_key_is_compared(tmp_path: Path) -> None:
    zone = Zone(kinds={"A": "rsa-2048", "B": "p-256"})
    text = config(zone).replace("algorithm: RSASHA256", "algorithm: RSASHA256\n    rsa_size: 4096\n    rsa_exponent: 3")
    (tmp_path / "ksrsigner.yaml").write_text(text)
    (tmp_path / "ksks.key").write_text("".join(dnskey_line(".", ksk.dnskey) + "\n" for ksk in zone.ksks.ksks))
    call = (
        "import",
        "kskm",
        tmp_path / "ksrsigner.yaml",
        "--dnskey",
        tmp_path / "ksks.key",
        "--into",
        tmp_path / "zone",
    )
    assert refused(tmp_path, *call) == ["kskm.key_differs"] * 2


def test_the_previous_response_is_of_this_zone(made: Path) -> None:
    other = Zone(name="example.")
    (made / "other.xml").write_bytes(write_skr(other.sign(other.draft(other.request(0), "normal", ONE))))
    call = ("import", "kskm", made / "ksrsigner.yaml", "--previous", made / "other.xml", "--into", made / "zone")
    assert refused(made, *call) == ["skr.zone"]


def test_the_previous_response_is_sound_and_of_pinned_ksks(made: Path) -> None:
    call = ("import", "kskm", made / "ksrsigner.yaml", "--previous", made / "other.xml", "--into", made / "zone")
    stranger = Zone(kinds={"S": "p-256"})
    strange = stranger.sign(stranger.draft(stranger.request(0), "normal", {"current": "S"}))
    (made / "other.xml").write_bytes(write_skr(strange))
    assert refused(made, *call) == ["skr.ksk_unknown"]
    good = (made / "skr0.xml").read_text()
    at = good.index("<SignatureData>") + len("<SignatureData>")
    flipped = "B" if good[at] == "A" else "A"
    (made / "other.xml").write_text(good[:at] + flipped + good[at + 1 :])
    assert "skr.signature_invalid" in refused(made, *call)
    assert not (made / "zone").exists()


def test_nothing_is_written_over(made: Path) -> None:
    into = imported(made)
    assert refused(made, "import", "kskm", made / "ksrsigner.yaml", "--into", into) == ["kskm.into"]
    assert refused(made, "import", "kskm", made / "ksrsigner.yaml", "--into", made / "ksks.key") == ["kskm.into"]
    assert run("import", "kskm", made / "ksrsigner.yaml").code == 2


def test_without_the_extra_it_says_what_to_install(made: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "yaml", None)
    assert refused(made, "import", "kskm", made / "ksrsigner.yaml", "--into", made / "zone") == [
        "document.extra_missing"
    ]


def test_what_was_imported_goes_on_in_ceremonies(made: Path, tmp_path: Path) -> None:
    """As the guide says: an authority, this folder in its place, the KSKs and the SKR in the zone adopted."""
    zone = imported(made, "--previous", made / "skr0.xml")
    root = tmp_path / "registry"
    init(root, "registry", "private", SteppedHost(BEGIN - 70 * DAY), ".")
    shutil.rmtree(root / "dnssec")
    shutil.copytree(zone / "dnssec", root / "dnssec")
    (root / "adopted").mkdir()
    for name, line in zip(("dnskey-a", "dnskey-b"), (made / "ksks.key").read_text().splitlines(), strict=True):
        (root / "adopted" / name).write_text(line + "\n")
    shutil.copy(made / "skr0.xml", root / "adopted" / "skr-0")
    with (root / "authority.toml").open("a") as file:
        file.writelines(f'[[adopted]]\nid = "{one}"\nfile = "{one}"\n' for one in ("dnskey-a", "dnskey-b", "skr-0"))
    new(root, "001-adoption", "adoption", SteppedHost(BEGIN + 10 * DAY))
    plan = new(root, "002-signing", "ksk-signing", SteppedHost(BEGIN + 20 * DAY))
    text = plan.read_text().replace('schema = "normal"', 'schema = "pre-publish"')
    keys = 'keys = { current = "A", next = "B" }'
    plan.write_text(re.sub(r"keys = \{.*\}", keys, text))
    shutil.copy(made / "ksr1.xml", plan.parent / "inputs" / "ksr-2.xml")
    for name in ("001-adoption", "002-signing"):
        rehearse(root, root / "ceremonies" / name, VERIFIER.read_bytes())
    script = (root / "ceremonies/002-signing/rehearsal/script.txt").read_text()
    assert "ksrsigner.yaml, line" in script, "what was turned off stands on the first page"
    code, output = verify(
        *(record(root, name) for name in ("001-adoption", "002-signing")), "--authority", genesis(root), "--rehearsal"
    )
    assert code == 0, output
