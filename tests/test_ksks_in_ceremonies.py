"""KSKs in ceremonies: a tag that is taken, every algorithm that DNSSEC has, and sites that lack a key."""

from __future__ import annotations

import itertools
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from example import make_plan
from forging import VERIFIER, Forgery, genesis, record, stand_ins, verify
from kept_record import conduct_for_real, govern
from quorate.dnssec.dnskey import Algorithm, dnskey_of
from quorate.dnssec.ksr_layout import write_ksr
from quorate.dnssec.ksr_xml import read_skr
from quorate.findings import Refusal
from quorate.host import Host
from quorate.paper import pdf
from quorate.rehearse import TRANSPORT, prepare_rehearsal, rehearse
from quorate.script import read_script
from quorate.token import software
from quorate.token.software import SoftwareToken
from refusing import run
from signed_zone import dnspython_accepts
from unsmooth import unsmooth
from zoned import day, generation, ksk, make_zoned, publish_plan, sign_plan, signing
from zones import Zone

CURRENT = {"current": "ksk-1"}
GENESIS = {"act": "genesis", "reason": "the first key set of this zone"}


@pytest.fixture(scope="module")
def signed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A KSK is generated, and signs the first key set of its zone."""
    zone = Zone(kinds={"ksk-1": "p-256"})
    root = make_zoned(tmp_path_factory.mktemp("signed") / "authority", zone)
    make_plan(root, "001-ksk", generation(ksk("ksk-1")), day(0, 90))
    rehearse(root, sign_plan(root, "002-sign", zone, 0, "normal", CURRENT, **GENESIS), VERIFIER.read_bytes())
    return root


def accepted(root: Path, *names: str) -> str:
    code, output = verify(*(record(root, name) for name in names), "--authority", genesis(root), "--rehearsal")
    assert code == 0, output
    return output


def test_who_approves_the_end_of_a_zones_only_ksk_reads_what_goes_with_it(signed: Path, tmp_path: Path) -> None:
    root = Path(shutil.copytree(signed, tmp_path / "authority"))
    plan = make_plan(root, "003-end", '[[operations]]\nkind = "destroy-key"\nid = "end"\nkey = "ksk-1"\n', day(0, 30))
    rehearse(root, plan, VERIFIER.read_bytes())
    script = (plan / "rehearsal/script.txt").read_text()
    line = next(
        one for one in (record(root, "001-ksk") / "artifacts/ksk-1.ksk.txt").read_text().splitlines() if " DS " in one
    )
    ds = line.partition(" DS ")[2]
    assert f"notice: end: with ksk-1 goes the last copy on any token: KSK {ds.split()[0]} of the zone .\n" in script
    assert "notice: end: ksk-1 stands in skr-0, whose signatures are valid until 2026-04-12T00:00:00Z\n" in script
    assert "notice: end: no KSK of the zone . is left on any token: nothing can be signed for it any more\n" in script
    assert f"KSK of the zone ., DS {ds}\n" in script
    assert run("new", "004-next", "--from", "ksk-signing", "--in", root).codes == ["outset.no_ksk"]
    accepted(root, "001-ksk", "002-sign", "003-end")


def test_the_slots_stand_under_each_other_on_paper(signed: Path, tmp_path: Path) -> None:
    script = read_script((signed / "ceremonies/002-sign/rehearsal/script.json").read_bytes(), "script.json")
    (tmp_path / "script.pdf").write_bytes(pdf(script))
    command = ["pdftotext", "-layout", str(tmp_path / "script.pdf"), "-"]
    lines = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
    (head,) = (line for line in lines if line.split() == ["#", "inception", "expiration", "ZSK", "KSK"])
    slots = [line for line in lines if "/PS ksk-1" in line and ":00" in line]  # other lines hold bits of the watermark
    assert len(slots) == 9
    assert {tuple(found.start() for found in re.finditer(r"\d{4}-", line)) for line in slots} == {
        (head.index("inception"), head.index("expiration"))
    }
    assert {line.rindex("  ", 0, line.index("/PS")) + 2 for line in slots} == {head.index("KSK")}


def tags(key: ec.EllipticCurvePrivateKey) -> set[int]:
    spki = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    dnskey = dnskey_of(spki, Algorithm.ECDSAP256SHA256)
    return {dnskey.key_tag, dnskey.revoked.key_tag}


def test_a_new_ksk_whose_tag_a_key_of_the_zone_has_is_destroyed(
    signed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No request is among the inputs: the ZSKs are known from what was signed before."""
    response, _ = read_skr((record(signed, "002-sign") / "artifacts" / "skr-0.skr.xml").read_bytes(), "skr-0")
    taken = {key.key_tag for bundle in response.bundles for key in bundle.zsks}
    drawn = (ec.generate_private_key(ec.SECP256R1()) for _ in itertools.count())
    keys = iter([next(key for key in drawn if tags(key) & taken), ec.generate_private_key(ec.SECP256R1())])
    make_plan(signed, "003-ksk", ksk("ksk-2"), day(0, 30))
    monkeypatch.setattr(software, "generated", lambda kind: next(keys))
    root, people = unsmooth(signed, tmp_path, [], {}, VERIFIER.read_bytes(), "003-ksk")
    assert [one.code for one in people.refusals] == ["ksk.tag_collision"]
    events = Forgery(record(root, "003-ksk"), stand_ins(root)).events
    assert [event["body"]["outcome"] for event in events if event["type"] == "settled"] == ["destroyed"]
    assert next(keys, None) is None
    accepted(root, "001-ksk", "002-sign", "003-ksk")


@pytest.mark.parametrize("revoked", [False, True])
def test_a_new_ksk_is_compared_with_pins_whose_keys_are_not_at_hand(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, revoked: bool
) -> None:
    """A standby that was never published is known by the digest of its DS record alone."""
    first, second = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    spki = first.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    dnskey = dnskey_of(spki, Algorithm.ECDSAP256SHA256)
    tag = dnskey.revoked.key_tag if revoked else dnskey.key_tag
    standby = f'[[ksks]]\nid = "standby"\nkey-tag = {tag}\nalgorithm = 13\nds-sha256 = "{"5a" * 32}"\n'
    root = make_zoned(tmp_path / "before", Zone(kinds={"ksk-1": "p-256"}))
    path = root / "dnssec/0/policy.toml"
    path.write_text(path.read_text().replace("ksks = []\n", standby))
    make_plan(root, "001-ksk", generation(ksk("ksk-1")), day(0, 90))
    keys = iter([first, second])
    monkeypatch.setattr(software, "generated", lambda kind: next(keys))
    root, people = unsmooth(root, tmp_path, [], {}, VERIFIER.read_bytes(), "001-ksk")
    (refusal,) = people.refusals
    assert refusal.code == "ksk.tag_collision"
    assert "that of standby" in refusal.findings[0].sentence
    assert next(keys, None) is None
    accepted(root, "001-ksk")


def test_what_check_says_of_a_new_ksk_is_the_pin_that_it_needs(tmp_path: Path) -> None:
    zone, keys = Zone(kinds={"ksk-1": "p-256"}), tmp_path / "keys"
    root = make_zoned(tmp_path / "authority", zone, keys=keys)  # type: ignore[arg-type]  # the options are its own
    govern(root, keys)
    pins = bytearray(TRANSPORT), bytearray(TRANSPORT)
    SoftwareToken.make(root / "tokens/hsm-1", "EX-1", "hsm-1", *pins, Host().random)
    (root / "worksheets").mkdir()
    (root / "worksheets/tokens").symlink_to(root / "tokens")  # where the people's cards find the module
    conduct_for_real(root, make_plan(root, "001-ksk", generation(ksk("ksk-1")), day(0, 90)), keys, printed=False)
    plan = sign_plan(root, "002-sign", zone, 0, "normal", CURRENT, **GENESIS)
    before = run("check", plan)
    assert before.codes == ["plan.ksk_not_pinned"]
    pin = re.search(r"add to the policy's ksks: (\{ .* \});", before.err)
    assert pin
    policy = root / "dnssec/0/policy.toml"
    policy.write_text(policy.read_text().replace("ksks = []", f"ksks = [{pin[1]}]"))
    assert "notice: it is not as its governors signed it" in run("check", plan).out
    anchor = run("trust-anchor", "export", "ds", "--in", policy.parent)
    assert anchor.err == "notice: the governors have not signed this policy: quorate approve . --person ID\n"
    govern(root, keys)
    after = run("check", plan)
    assert (after.code, "notice: it is not" in after.out) == (0, False), after.err
    line = next(
        one
        for one in (root / "ceremonies/001-ksk/record/artifacts/ksk-1.ksk.txt").read_text().splitlines()
        if " DS " in one
    )
    exported = run("trust-anchor", "export", "ds", "--in", policy.parent)
    assert (exported.out.split(), exported.err) == (line.split(), ""), "the public key comes from the record"
    end = make_plan(root, "003-end", '[[operations]]\nkind = "destroy-key"\nid = "end"\nkey = "ksk-1"\n', day(0, 30))
    conduct_for_real(root, end, keys, printed=False)
    gone = "the KSK ksk-1 of . is pinned without an end, and no token holds it any more"
    assert gone in run("check", root).out
    policy.write_text(policy.read_text().replace('since = "', 'until = "2026-04-12", since = "', 1))
    assert gone not in run("check", root).out


def test_every_algorithm_signs_in_one_ceremony(tmp_path: Path) -> None:
    """Zones of RSASHA512, ECDSAP384SHA384 and ED448; the other algorithms sign in other tests."""
    kinds = {"one.": "rsa-2048-sha512", "two.": "p-384", "three.": "ed448"}
    zones = [Zone(name, kinds={f"ksk-{name[:-1]}": kind}, zsk_kinds=(kind,)) for name, kind in kinds.items()]
    root = make_zoned(tmp_path / "authority", *zones)
    keys = [ksk(f"ksk-{name[:-1]}", kind, name) for name, kind in kinds.items()]
    make_plan(root, "001-ksk", generation(*keys), day(0, 90))
    responses = [
        {"id": f"skr-{one.name[:-1]}", "zone": one.name, "ksr": f"{one.name}xml", "schema": "normal"}
        | {"keys": {"current": f"ksk-{one.name[:-1]}"}}
        | GENESIS
        for one in zones
    ]
    plan = make_plan(root, "002-sign", signing("sign-1", responses), day(0, 60))
    for one in zones:
        (plan / "inputs" / f"{one.name}xml").write_bytes(write_ksr(one.request(0)))
    rehearse(root, plan, VERIFIER.read_bytes())
    assert "and 3 SKRs valid and as approved" in accepted(root, "001-ksk", "002-sign")
    for one, number in zip(zones, (10, 14, 16), strict=True):
        made, _ = read_skr((record(root, "002-sign") / "artifacts" / f"skr-{one.name[:-1]}.skr.xml").read_bytes(), "")
        (anchor,) = made.bundles[0].ksks
        assert anchor.dnskey.algorithm == number
        assert all(dnspython_accepts(one.name, bundle, [anchor.dnskey], bundle.inception) for bundle in made.bundles)


# -- sites ------------------------------------------------------------------------------------------------------------

EAST = '\n[[tokens]]\nid = "hsm-2"\nkind = "software"\nlocation = "tokens/hsm-2"\nserial = "EX-2"\n'
BRING = '[[operations]]\nkind = "import-key"\nid = "ksk-1-east"\nkey = "ksk-1"\ntoken = "hsm-2"\n'


def test_a_ksk_that_one_site_lacks_signs_in_an_emergency_only_and_the_script_says_so(tmp_path: Path) -> None:
    zone = Zone(kinds={"ksk-1": "p-256", "ksk-2": "p-256"})
    root = make_zoned(tmp_path / "authority", zone, tokens=("hsm-1", "hsm-2"))
    text = (root / "authority.toml").read_text()
    (root / "authority.toml").write_text(text.replace("\n[[zones]]", EAST + "\n[[zones]]", 1))
    make_plan(root, "001-ksk", generation(ksk("ksk-1"), ksk("ksk-2")), day(0, 90))
    make_plan(root, "002-east", generation().replace("hsm-1", "hsm-2") + BRING, day(0, 80))
    first = {"id": "skr-0", "zone": ".", "ksr": "ksr.xml", "schema": "normal", "keys": CURRENT, **GENESIS}
    plan = make_plan(root, "003-sign", signing("sign-0", [first], "hsm-1"), day(0, 60))
    (plan / "inputs" / "ksr.xml").write_bytes(write_ksr(zone.request(0)))
    rehearse(root, publish_plan(root, "004-deployed", 0), VERIFIER.read_bytes())
    both = {"current": "ksk-1", "next": "ksk-2"}
    second = {"id": "skr-1", "zone": ".", "ksr": "ksr.xml", "schema": "pre-publish", "keys": both}
    plan = make_plan(root, "005-sign", signing("sign-1", [second], "hsm-1"), day(1, 60))
    (plan / "inputs" / "ksr.xml").write_bytes(write_ksr(zone.request(1)))
    with pytest.raises(Refusal) as refusal:
        prepare_rehearsal(root, plan, VERIFIER.read_bytes())
    assert [one.code for one in refusal.value.findings] == ["plan.ksk_not_ready"]
    lost = second | {"schema": "emergency-successor", "act": "ksk-loss", "reason": "both modules lost ksk-1"}
    make_plan(root, "005-sign", signing("sign-1", [lost], "hsm-1"), day(1, 60))
    rehearse(root, plan, VERIFIER.read_bytes())
    assert "plan.ksk_not_ready" in (plan / "rehearsal" / "script.txt").read_text()
    accepted(root, "001-ksk", "002-east", "003-sign", "004-deployed", "005-sign")


def test_an_artifact_that_is_published_twice_counts_where_it_came_last(tmp_path: Path) -> None:
    """For the program as for the verifier, which compares what a later script has of earlier publications."""
    zones = [Zone(f"{one}.example.", {f"ksk-{one}": "p-256"}) for one in "ab"]
    root = make_zoned(tmp_path / "authority", *zones)

    def sign(quarter: int, **act: str) -> None:
        responses = [
            {"id": f"skr-{one}-{quarter}", "zone": f"{one}.example.", "ksr": f"{one}.xml", "schema": "normal", **act}
            | {"keys": {"current": f"ksk-{one}"}}
            for one in "ab"
        ]
        plan = make_plan(root, f"00{2 + 2 * quarter}-sign", signing(f"sign-{quarter}", responses), day(quarter, 60))
        for one, zone in zip("ab", zones, strict=True):
            (plan / "inputs" / f"{one}.xml").write_bytes(write_ksr(zone.request(quarter)))
        rehearse(root, plan, VERIFIER.read_bytes())

    keys = [ksk(f"ksk-{one}", zone=f"{one}.example.") for one in "ab"]
    rehearse(root, make_plan(root, "001-ksk", generation(*keys), day(0, 90)), VERIFIER.read_bytes())
    sign(0, act="genesis")
    places = (("skr-a-0", "one"), ("skr-b-0", "one"), ("skr-a-0", "two"))
    published = [f'[[publications]]\nartifact = "{one}"\nwhere = "https://{at}.example/"\n' for one, at in places]
    rehearse(root, make_plan(root, "003-deployed", "\n".join(published), day(0, 50)), VERIFIER.read_bytes())
    sign(1)
    accepted(root, "001-ksk", "002-sign", "003-deployed", "004-sign")


ODDITY = """
[[exceptions]]
id = "spelling"
since = "2025-01-01"
until = "2026-12-31"
accepts = ["ksr.number_spelled"]
reason = "their signer writes five digits"

[[turned-off]]
check = "KSR-CHAIN-KEYS"
where = "ksrsigner.yaml, line 12: request_policy.check_chain_keys"
"""


def test_the_first_page_names_what_is_accepted_and_what_was_turned_off_before(tmp_path: Path) -> None:
    zone = Zone(kinds={"ksk-1": "p-256"})
    root = make_zoned(tmp_path / "authority", zone)
    with (root / "dnssec/0/policy.toml").open("a") as policy:
        policy.write(ODDITY)
    make_plan(root, "001-ksk", generation(ksk("ksk-1")), day(0, 90))
    plan = sign_plan(root, "002-sign", zone, 0, "normal", CURRENT, **GENESIS)
    request = plan / "inputs/ksr.xml"
    request.write_bytes(request.read_bytes().replace(b'keyTag="', b'keyTag="0', 1))
    rehearse(root, plan, VERIFIER.read_bytes())
    first_page, _, _ = (plan / "rehearsal/script.txt").read_text().partition("ACT 1")
    assert "notice: skr-0: the exception spelling of the policy accepts this: " in first_page
    off = (
        "notice: zone .: ksrsigner.yaml, line 12: request_policy.check_chain_keys turned off KSR-CHAIN-KEYS; made here"
    )
    assert f"{off}\n" in first_page
    accepted(root, "001-ksk", "002-sign")
