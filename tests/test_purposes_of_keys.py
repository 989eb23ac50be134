"""A key is for certificates or for key sets, on whichever token and under whatever name. Program and verifier."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from example import SHARE, certificate, crl, key, make_authority, make_plan
from forging import VERIFIER, genesis, record, verify
from quorate import keysets
from quorate.compiler import Resolver
from quorate.dnssec.dnskey import Algorithm, DigestType, dnskey_of
from quorate.findings import Refusal
from quorate.references import References
from quorate.rehearse import prepare_rehearsal, rehearse
from test_copies import SECOND_TOKEN
from test_key_sets import GENESIS
from zoned import add_zones, day, generation, ksk, sign_plan
from zones import Zone

ZONES = {"a.example.": "ksk-a", "b.example.": "ksk-b"}
ROOT = key("key-r1") + certificate("root", "root-r1", "Root R1", 3650, key="key-r1") + crl("crl-1", "root-r1", 1)
SECOND, THIRD = "2026-12-08T09:00:00Z", "2026-12-15T09:00:00Z"


def brought(name: str, of: str, zone: str = "", algorithm: str = "ECDSAP256SHA256") -> str:
    text = f'[[operations]]\nkind = "import-key"\nid = "{name}"\nkey = "{of}"\ntoken = "hsm-2"\n'
    return text + (f'zone = "{zone}"\nalgorithm = "{algorithm}"\n' if zone else "")


COPIES = SHARE.replace("hsm-1", "hsm-2") + brought("ksk-a-east", "ksk-a") + brought("key-r1-east", "key-r1")


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """001 generates a KSK and the key of a root, 002 brings copies of both to another token; both rehearsed."""
    root = make_authority(tmp_path_factory.mktemp("purposes") / "authority")
    with (root / "authority.toml").open("a") as file:
        file.write(SECOND_TOKEN)
    add_zones(root, *(Zone(zone, {label: "p-256"}) for zone, label in ZONES.items()))
    plan = make_plan(root, "001-keys", generation(ksk("ksk-a", zone="a.example.")) + ROOT)
    rehearse(root, plan, VERIFIER.read_bytes())
    return root


@pytest.fixture(scope="module")
def copied(kept: Path) -> Path:
    rehearse(kept, make_plan(kept, "002-copies", COPIES, SECOND), VERIFIER.read_bytes())
    return kept


def findings(root: Path, folder: Path, operations: str, opens: str) -> list[tuple[str, str]]:
    """What is refused of one more ceremony of a copy of the authority: codes and sentences."""
    shutil.copytree(root, folder)
    if opens == SECOND:
        shutil.rmtree(folder / "ceremonies" / "002-copies", ignore_errors=True)
    plan = make_plan(folder, "003-more", operations, opens)
    with pytest.raises(Refusal) as refusal:
        prepare_rehearsal(folder, plan, VERIFIER.read_bytes())
    return [(one.code, one.sentence) for one in refusal.value.findings]


def not_accepted(root: Path, folder: Path, operations: str, *names: str) -> str:
    """What the verifier says of a ceremony that a program has held which did not refuse it."""
    shutil.copytree(root, folder)
    opens = THIRD if "002-copies" in names else SECOND
    rehearse(folder, make_plan(folder, "003-more", operations, opens), VERIFIER.read_bytes())
    records = [record(folder, name) for name in (*names, "003-more")]
    code, output = verify(*records, "--authority", genesis(folder), "--rehearsal")
    assert code == 1
    return output


@pytest.mark.parametrize("name", ["ksk-a", "ksk-a-east"])
def test_neither_a_ksk_nor_its_copy_signs_certificates(copied: Path, tmp_path: Path, name: str) -> None:
    of_ksk = certificate("root", "root-k", "Root K", 3650, key=name)
    assert [code for code, _ in findings(copied, tmp_path / "authority", of_ksk, THIRD)] == ["plan.ksk_elsewhere"]


def test_the_verifier_takes_no_certificate_that_the_copy_of_a_ksk_signed(
    copied: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(References, "signing_token", References.token_of)
    of_ksk = certificate("root", "root-k", "Root K", 3650, key="ksk-a-east")
    output = not_accepted(copied, tmp_path / "authority", of_ksk, "001-keys", "002-copies")
    assert "root-k: is signed by the KSK ksk-a-east" in output


OTHERWISE = {
    "the key of a root": ("key-r1", "b.example.", "ECDSAP256SHA256", "key-r1 was generated as root"),
    "another zone's": ("ksk-a", "b.example.", "ECDSAP256SHA256", "ksk-a is a KSK of the zone a.example. with"),
}


@pytest.mark.parametrize("what", OTHERWISE)
def test_a_copy_is_for_what_its_key_is_for(
    kept: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    name, zone, algorithm, said = OTHERWISE[what]
    bring = SHARE.replace("hsm-1", "hsm-2") + brought("copy", name, zone, algorithm)
    ((code, sentence),) = findings(kept, tmp_path / "refused", bring, SECOND)
    assert code == "plan.import_ksk"
    assert said in sentence
    monkeypatch.setattr(References, "require_ksk_import", lambda *_: None)
    root = tmp_path / "before"
    shutil.copytree(kept, root)
    shutil.rmtree(root / "ceremonies" / "002-copies", ignore_errors=True)
    output = not_accepted(root, tmp_path / "authority", bring, "001-keys")
    assert "copy: its key is no KSK of the zone b.example. with that algorithm" in output


def test_a_copy_may_say_that_it_is_the_ksk_that_its_key_is(kept: Path, tmp_path: Path) -> None:
    root = tmp_path / "authority"
    shutil.copytree(kept, root)
    shutil.rmtree(root / "ceremonies" / "002-copies", ignore_errors=True)
    bring = SHARE.replace("hsm-1", "hsm-2") + brought("copy", "ksk-a", "a.example.")
    rehearse(root, make_plan(root, "003-more", bring, SECOND), VERIFIER.read_bytes())
    records = [record(root, name) for name in ("001-keys", "003-more")]
    assert verify(*records, "--authority", genesis(root), "--rehearsal")[0] == 0


def test_a_key_for_certificates_signs_no_key_sets_though_the_policy_pins_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    zone = Zone(kinds={"key-r1": "p-256"})
    root = add_zones(make_authority(tmp_path / "authority"), zone)
    rehearse(root, make_plan(root, "001-keys", SHARE + ROOT, day(0, 90)), VERIFIER.read_bytes())
    pin(root / "dnssec" / "0" / "policy.toml", (record(root, "001-keys") / "artifacts/key-r1.spki.der").read_bytes())
    plan = sign_plan(root, "003-more", zone, 0, "normal", {"current": "key-r1"}, **GENESIS)
    with pytest.raises(Refusal) as refusal:
        prepare_rehearsal(root, plan, VERIFIER.read_bytes())
    assert refusal.value.code == "plan.ksk_of_ca"
    assert "key-r1 was generated as root" in refusal.value.findings[0].sentence
    monkeypatch.setattr(keysets, "_require_no_ca", lambda *_: None)
    rehearse(root, plan, VERIFIER.read_bytes())
    records = [record(root, name) for name in ("001-keys", "003-more")]
    code, output = verify(*records, "--authority", genesis(root), "--rehearsal")
    assert code == 1
    assert "skr-0: a KSK of it is a key for certificates" in output


ROOT_OF_IT = certificate("root", "root-r1", "Root R1", 3650, key="key-r1")


@pytest.mark.parametrize("when", ["before, in one plan", "after, in one plan", "in a later one"])
def test_what_signs_key_sets_signs_no_certificate_whatever_it_was_generated_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, when: str
) -> None:
    zone = Zone(kinds={"key-r1": "p-256"})
    root = add_zones(make_authority(tmp_path / "authority"), zone)
    unsaid = key("key-r1").replace('use = "root"', 'use = "unknown"')
    rehearse(root, make_plan(root, "001-keys", SHARE + unsaid, day(0, 90)), VERIFIER.read_bytes())
    pin(root / "dnssec" / "0" / "policy.toml", (record(root, "001-keys") / "artifacts/key-r1.spki.der").read_bytes())
    names, plan = (
        ["001-keys", "003-more"],
        sign_plan(root, "003-more", zone, 0, "normal", {"current": "key-r1"}, **GENESIS),
    )
    path = plan / "plan.toml"
    head, marker, rest = path.read_text().partition("[[operations]]")
    if when == "before, in one plan":
        path.write_text(head + ROOT_OF_IT + marker + rest)
    elif when == "after, in one plan":
        path.write_text(head + marker + rest + ROOT_OF_IT)
    else:
        rehearse(root, plan, VERIFIER.read_bytes())
        names, plan = [*names, "004-root"], make_plan(root, "004-root", ROOT_OF_IT, day(0, 20))
    with pytest.raises(Refusal) as refusal:
        prepare_rehearsal(root, plan, VERIFIER.read_bytes())
    assert refusal.value.code == ("plan.ksk_of_ca" if when.startswith("before") else "plan.ksk_elsewhere")
    monkeypatch.setattr(References, "signing_token", References.token_of)
    monkeypatch.setattr(References, "require_no_certificates", lambda *_: None)
    rehearse(root, plan, VERIFIER.read_bytes())
    code, output = verify(*(record(root, name) for name in names), "--authority", genesis(root), "--rehearsal")
    assert code == 1
    assert "root-r1: is signed by the KSK key-r1" in output


def test_the_verifier_takes_no_half_of_a_ksk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Resolver, "_require_ksk", lambda *_: None)
    root = make_authority(tmp_path / "authority")
    half = key("key-r1").replace('use = "root"', 'use = "ksk"')
    rehearse(root, make_plan(root, "001-keys", SHARE + half), VERIFIER.read_bytes())
    code, output = verify(record(root, "001-keys"), "--authority", genesis(root), "--rehearsal")
    assert code == 1
    assert "key-r1: is half a KSK" in output


def pin(policy: Path, spki: bytes) -> None:
    """The policy pins this key under the label `key-r1`."""
    dnskey = dnskey_of(spki, Algorithm.ECDSAP256SHA256)
    digest = dnskey.ds(".", DigestType.SHA256).digest.hex()
    facts = f'id = "key-r1", key-tag = {dnskey.key_tag}, algorithm = 13, ds-sha256 = "{digest}", since = "2020-01-01"'
    policy.write_text(policy.read_text().replace("ksks = []", f"ksks = [{{ {facts} }}]"))
