"""What nobody may do in the room, or with keys and shares, by insiders with everybody's keys and their own genesis."""

from __future__ import annotations

import base64
import copy
import hashlib
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from example import FIRST, crl, make_authority, make_plan, second
from forging import (
    VERIFIER,
    Forgery,
    genesis,
    record,
    refused,
    sign_with_token,
    stand_ins,
    tbs_of,
    verifier,
    verify,
    withhold,
)
from quorate import canonical, sshsig
from quorate.rehearse import rehearse
from refusing import refused as refused_command
from test_dishonest_registers import BEFORE, DAYS, REVOKED
from test_dishonest_registers import judged as judged_after
from test_dishonest_states import judged, sign_as_governor
from test_key_sets import BRING, CURRENT, GENESIS, SECOND_TOKEN, ZONE
from zoned import day, generation, ksk, make_zoned, sign_plan

Keys = Mapping[str, ed25519.Ed25519PrivateKey]


@pytest.fixture(scope="module")
def keys(rehearsed: Path) -> Keys:
    return stand_ins(rehearsed)


@pytest.fixture
def first(rehearsed: Path, keys: Keys) -> Forgery:
    return Forgery(record(rehearsed, "001-root"), keys)


# -- governors --------------------------------------------------------------------------------------------------------


def govern(state: dict[str, Any], need: int) -> dict[str, Any]:
    next(one for one in state["quorums"] if one["purpose"] == "govern")["need"] = need
    return state


def test_no_state_is_governed_by_fewer_than_the_authority_commits_to(first: Forgery, tmp_path: Path) -> None:
    """Two lower the quorum, and one alone changes everything and raises it again."""
    first.states += [govern(copy.deepcopy(first.states[0]), 1), copy.deepcopy(first.states[0])]
    for person in ("oa", "ob"):
        sign_as_governor(first, 1, person)
    sign_as_governor(first, 2, "oa")
    code, output = judged(first, folder=tmp_path)
    assert code == 1
    assert "state 001: the quorum govern is below the minimum of 2 that the authority commits to" in output


def security_key(key: ed25519.Ed25519PrivateKey) -> str:
    """The line of a security key over a person's own pair."""
    public = key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    parts = (b"sk-ssh-ed25519@openssh.com", public, b"ssh:")
    blob = b"".join(len(part).to_bytes(4, "big") + part for part in parts)
    return f"sk-ssh-ed25519@openssh.com {base64.b64encode(blob).decode()}"


def test_one_pair_is_one_persons_whatever_type_it_is_written_as(
    first: Forgery, keys: Keys, rehearsed: Path, tmp_path: Path
) -> None:
    line = security_key(keys["oa"])
    plain = next(one["key"] for one in first.states[0]["people"] if one["id"] == "oa")
    assert sshsig.pair_of(sshsig.public_blob(line)) == sshsig.pair_of(sshsig.public_blob(plain))
    next(one for one in first.states[0]["people"] if one["id"] == "ob")["key"] = line
    code, output = judged(first, folder=tmp_path)
    assert code == 1
    assert re.search(r"000.json: keys of people: [0-9a-f]{64} comes twice", output)
    root = make_authority(tmp_path / "authority", tmp_path / "keys")
    (root / "people" / "ob.toml").write_text(
        re.sub(r'key = ".*"', f'key = "{line}"', (root / "people" / "ob.toml").read_text())
    )
    mine = (root / "people" / "oa.toml").read_text()
    (root / "people" / "oa.toml").write_text(re.sub(r'key = ".*"', f'key = "{plain}"', mine))
    assert refused_command(root, "check", make_plan(root, "001-root", "")) == ["authority.twice"]


# -- bags, shares, tokens ---------------------------------------------------------------------------------------------


def moved(forged: Forgery, steps: list[str], act: int) -> None:
    """These steps and their events come to another act, after its first step."""
    chosen = [one for one in forged.script["steps"] if one["id"] in steps]
    rest = [one for one in forged.script["steps"] if one["id"] not in steps]
    at = next(number for number, one in enumerate(rest) if one["id"].startswith(f"{act}.")) + 1
    order, count, names = [*rest[:at], *chosen, *rest[at:]], dict[str, int](), dict[str, str]()
    for one in order:
        number = str(act) if one["id"] in steps else one["id"].split(".")[0]
        count[number] = count.get(number, 0) + 1
        names[one["id"]] = f"{number}.{count[number]}"
    events = [one for one in forged.events if one["step"] not in steps]
    after = max(number for number, one in enumerate(events) if one["step"] == f"{act}.1") + 1
    theirs = [one for one in forged.events if one["step"] in steps]
    for event in theirs:
        event["at"] = events[after - 1]["at"]
    forged.events = [*events[:after], *theirs, *events[after:]]
    for event in forged.events:
        event["step"] = names.get(event["step"], event["step"])
    for one in order:
        one["id"] = names[one["id"]]
    forged.script["steps"] = order


@pytest.mark.parametrize(
    ("steps", "act"),
    [(["2.2", "2.3", "2.4", "2.5"], 10), (["10.2", "10.3", "10.4", "10.5"], 3)],
    ids=["fetched when all is done", "put back before anything is done"],
)
def test_a_token_is_not_used_while_its_bag_lies_in_the_safe(
    first: Forgery, tmp_path: Path, steps: list[str], act: int
) -> None:
    first.states[0]["items"][0]["holder"] = "hsm-1"
    moved(first, steps, act)
    code, output = judged(first, folder=tmp_path)
    assert code == 1
    assert "hsm-1 is used, and nothing that leads to it is taken out" in output


def test_nobody_gets_a_share_who_is_out_of_the_room_whatever_is_withheld(first: Forgery, tmp_path: Path) -> None:
    first.insert(first.one("commanded", "share-hsm-1"), "left", {"by": "ca", "seat": "c3"})
    first.reseal()
    withhold(first.one("shared"))
    first.finish().write(tmp_path / "record")
    mine = canonical.digest(first.files["authority/000.json"])
    code, output = verify(tmp_path / "record", "--authority", mine, "--rehearsal")
    assert code == 1
    assert "a share is dealt to the seat c3, where nobody is" in output


def two_tokens(folder: Path) -> Path:
    """An authority whose zone's KSKs belong on two tokens; 001 generates one on the first."""
    root = make_zoned(folder / "authority", ZONE, tokens=("hsm-1", "hsm-2"))
    text = (root / "authority.toml").read_text()
    (root / "authority.toml").write_text(text.replace("\n[[zones]]", SECOND_TOKEN + "\n[[zones]]", 1))
    make_plan(root, "001-ksk", generation(ksk("ksk-1")), day(0, 90))
    return root


def test_a_ksk_that_a_site_lacks_signs_nothing_in_its_turn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = two_tokens(tmp_path)
    monkeypatch.setattr("quorate.keysets._require_ready", lambda *_: None)
    rehearse(root, sign_plan(root, "002-sign", ZONE, 0, "normal", CURRENT, **GENESIS), VERIFIER.read_bytes())
    records = (record(root, name) for name in ("001-ksk", "002-sign"))
    code, output = verify(*records, "--authority", genesis(root), "--rehearsal")
    assert code == 1
    assert "skr-0: the KSK ksk-1 is not on hsm-2" in output


def test_key_sets_are_signed_on_the_token_that_was_unlocked(tmp_path: Path) -> None:
    root = two_tokens(tmp_path)
    make_plan(root, "002-east", generation().replace("hsm-1", "hsm-2") + BRING, day(0, 80))
    plan = sign_plan(root, "003-sign", ZONE, 0, "normal", CURRENT, **GENESIS)
    (plan / "plan.toml").write_text(
        (plan / "plan.toml").read_text().replace('id = "sign-0"', 'id = "sign-0"\ntoken = "hsm-1"')
    )
    rehearse(root, plan, VERIFIER.read_bytes())
    forged = Forgery(record(root, "003-sign"), stand_ins(root))
    forged.operation("sign-0")["responses"][0]["keys"][0]["key"] = "ksk-1-east"
    forged.reseal().write(tmp_path / "record")
    records = (*(record(root, name) for name in ("001-ksk", "002-east")), tmp_path / "record")
    code, output = verify(*records, "--authority", genesis(root), "--rehearsal")
    assert code == 1
    assert "skr-0: ksk-1 is not on the token hsm-1" in output


# -- keys with which anybody signs, or nobody -------------------------------------------------------------------------


def ed25519_key(octets: bytes) -> bytes:
    return bytes.fromhex("302a300506032b6570032100") + octets


def rsa_key(modulus: int, exponent: int) -> bytes:
    der = verifier().der
    numbers = (der(2, one.to_bytes(one.bit_length() // 8 + 1, "big")) for one in (modulus, exponent))
    bits = der(3, b"\0" + der(0x30, b"".join(numbers)))
    return bytes(der(0x30, bytes.fromhex("300d06092a864886f70d0101010500") + bits))


NOBODYS = {
    "of order 4": (ed25519_key(bytes(32)), "a key that is none of ed25519"),
    "of order 1": (ed25519_key(b"\1" + bytes(31)), "a key that is none of ed25519"),
    "with exponent 1": (rsa_key((1 << 2047) + 5, 1), "certifies a key with which nothing can be signed"),
}


@pytest.mark.parametrize("what", NOBODYS)
def test_a_key_with_which_everybody_signs_or_nobody_is_not_certified(
    rehearsed: Path, keys: Keys, tmp_path: Path, what: str
) -> None:
    spki, said = NOBODYS[what]
    module, forged = verifier(), Forgery(record(rehearsed, "002-next"), keys)
    forged.operation("int-1")["subject_key"] = "spki:i1.spki.der"
    forged.files["inputs/i1.spki.der"] = spki
    forged.script["inputs"].append({"file": "inputs/i1.spki.der", "digest": ""})
    forged.script["inputs"].sort(key=lambda one: one["file"])
    tbs = tbs_of(forged, "int-1")
    parts = [part.raw for part in module.one_der(tbs, 0x30, "a certificate").members()]
    bits = module.one_der(spki, 0x30, "a key").members()[1].content[1:]
    parts[7] = parts[7].replace(module.CertificateTbs(tbs).ski, hashlib.sha256(bits).digest()[:20])
    forged.files["drafts/int-1.tbs"] = changed = module.der(0x30, b"".join([*parts[:6], spki, *parts[7:]]))
    sign_with_token(rehearsed, forged, "int-1", changed)
    code, output = judged_after(rehearsed, forged, tmp_path / "record", "001-root")
    assert (code, said in output) == (1, True), output


def test_the_reason_of_an_entry_that_is_carried_over_stays(tmp_path: Path) -> None:
    root = make_authority(tmp_path / "authority")
    make_plan(root, "001-root", FIRST)
    second(root)
    make_plan(root, "003-revoke", crl("crl-r1-3", "root-r1", 3, REVOKED), DAYS["003-revoke"])
    rehearse(root, make_plan(root, "004-crl", crl("crl-r1-4", "root-r1", 4), DAYS["004-crl"]), VERIFIER.read_bytes())
    forged = Forgery(record(root, "004-crl"), stand_ins(root))
    tbs = tbs_of(forged, "crl-r1-4")
    at = tbs.index(bytes.fromhex("0603551d15"))
    old = tbs[at : at + 10]
    new = old[:-1] + b"\6"  # certificateHold
    forged.files["drafts/crl-r1-4.tbs"] = forged.files["drafts/crl-r1-4.tbs"].replace(old, new)
    forged.operation("crl-r1-4")["entries"] = []
    sign_with_token(root, forged, "crl-r1-4", tbs.replace(old, new))
    code, output = judged_after(root, forged, tmp_path / "record", *BEFORE)
    assert code == 1
    assert re.search(r"crl-r1-4: the entry [0-9a-f]+ has another reason", output)


# -- records that cost time and memory, and that nobody has signed ----------------------------------------------------


def a_long_name(forged: Forgery) -> str:
    forged.operation("key-r1").update(use="ksk", zone="a" * 400_000, algorithm="ECDSAP256SHA256")
    forged.files["artifacts/key-r1.ksk.txt"] = b""
    written = forged.one("written", "key-r1")["body"]["files"]
    written.append({"digest": "sha256:" + "0" * 64, "path": "artifacts/key-r1.ksk.txt"})
    return "a name that is too long"


def many_outputs(forged: Forgery) -> str:
    forged.operation("root-r1")["outputs"] += [f"artifacts/x{number}.pem" for number in range(20_000)]
    return "root-r1: more than 8 outputs"


def many_approvals(forged: Forgery) -> str:
    next(one for one in forged.script["quorums"] if one["purpose"] == "authorise")["need"] = 10**9
    approved = forged.all("approved", "share-hsm-1")[0]
    for _ in range(200):
        forged.insert(approved, "approved", copy.deepcopy(approved["body"]))
    return "approved by more than 100"


@pytest.mark.parametrize("change", [a_long_name, many_outputs, many_approvals], ids=lambda value: value.__name__)
def test_what_costs_time_is_refused_before_it_does(
    first: Forgery, tmp_path: Path, change: Callable[[Forgery], str]
) -> None:
    said = change(first)
    first.reseal(sign=False)
    first.write(tmp_path / "record")
    code, output = verify(tmp_path / "record", "--rehearsal")
    assert (code, said in output) == (1, True), output[-3000:]


def test_a_line_of_nothing_but_lists_is_not_read(first: Forgery, tmp_path: Path) -> None:
    lines = first.files["transcript.jsonl"].split(b"\n")
    at = first.events.index(first.one("completed", "key-r1"))
    head, rest = lines[at].split(b'"attributes":', 1)
    lists = b"[" + b",".join([b"[]"] * 100_000) + b"]"
    hostile = head + b'"attributes":' + lists + rest[rest.index(b',"calls"') :]
    first.files["transcript.jsonl"] = b"\n".join([*lines[:at], hostile]) + b"\n"
    first.write(tmp_path / "record")
    code, output = verify(tmp_path / "record", "--rehearsal")
    assert code == 1
    assert "holds more than 100000 lists and objects" in output
    assert "transcript" in refused(output)
