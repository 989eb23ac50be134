"""`quorate ksr make`: requests from key files or a token, that pass every check, and faulty ones for training."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization

from quorate.dnssec.checks import CHECKS, Case, judge
from quorate.dnssec.ksr import Request, Response
from quorate.dnssec.ksr_layout import write_skr
from quorate.dnssec.ksr_xml import read_ksr, read_skr
from quorate.dnssec.policy import Policy, load_policy
from quorate.dnssec.training import NEEDS
from quorate.findings import Finding
from quorate.host import Host
from quorate.keys import KeyType
from quorate.token.software import SoftwareToken
from refusing import Outcome, refused, run
from softhsm import make_softhsm_token
from zone_folder import LIMITS, make_folder
from zones import Zone, private

NOW = datetime.now(UTC).replace(microsecond=0)
START = (NOW + timedelta(days=30)).replace(hour=0, minute=0, second=0)
STARTS = f"{START:%Y-%m-%dT%H:%M:%SZ}"


def key_file(folder: Path, kind: str, name: str, passphrase: bytes = b"") -> Path:
    path = folder / f"{name}.pem"
    how = serialization.BestAvailableEncryption(passphrase) if passphrase else serialization.NoEncryption()
    data = private(kind, f"make {name}").private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, how
    )
    path.write_bytes(data)
    return path


def three(folder: Path, kind: str) -> list[str]:
    """The options that name a ZSK of this cycle, of the one before and of the next."""
    names = {"--zsk": "this", "--zsk-before": "before", "--zsk-next": "next"}
    return [part for option, name in names.items() for part in (option, f"{name}={key_file(folder, kind, name)}")]


def make(file: Path, *options: object) -> Outcome:
    return run("ksr", "make", file, "--start", STARTS, *options)


def policy(tmp_path: Path, kind: str = "p-256", zone: str = ".") -> Policy:
    folder = make_folder(tmp_path / "policy", Zone(name=zone))
    kinds = {
        "p-256": "{ algorithm = 13 }",
        "p-384": "{ algorithm = 14 }",
        "ed25519": "{ algorithm = 15 }",
        "ed448": "{ algorithm = 16 }",
        "rsa-2048": "{ algorithm = 8, sizes = [2048], exponents = [65537] }",
    }
    text = (folder / "policy.toml").read_text().replace("{ algorithm = 13 }", kinds[kind])
    assert LIMITS[:20] in text
    return load_policy(f'{text}zsk-publish-safety = "P10D"\n'.encode(), "policy.toml")


def refusals(request: Request, zone_policy: Policy, previous: Response | None = None) -> tuple[Finding, ...]:
    return judge(Case(request, "sha256:0", zone_policy, NOW, previous)).refused


def answered_before(folder: Path) -> Path:
    """The response of the cycle before, whose last slot announces the ZSK `this` of P-256."""
    keys = [f"before={key_file(folder, 'p-256', 'before')}", "--zsk-before", f"old={key_file(folder, 'p-256', 'old')}"]
    keys += ["--zsk-next", f"this={key_file(folder, 'p-256', 'this')}"]
    start = f"{START - timedelta(days=90):%Y-%m-%dT%H:%M:%SZ}"
    assert run("ksr", "make", folder / "before.xml", "--start", start, "--zsk", *keys).code == 0
    zone, (request, _) = Zone(), read_ksr((folder / "before.xml").read_bytes(), "before.xml")
    (folder / "skr.xml").write_bytes(write_skr(zone.sign(zone.draft(request, "normal", {"current": "A"}))))
    return folder / "skr.xml"


@pytest.mark.parametrize("kind", ["p-256", "p-384", "ed25519", "ed448", "rsa-2048"])
def test_what_is_made_passes_every_check(kind: str, tmp_path: Path) -> None:
    outcome = make(tmp_path / "ksr.xml", *three(tmp_path, kind))
    assert (outcome.code, outcome.err) == (0, "")
    request, oddities = read_ksr((tmp_path / "ksr.xml").read_bytes(), "ksr.xml")
    assert oddities == ()
    assert refusals(request, policy(tmp_path, kind)) == ()
    assert [len(bundle.keys) for bundle in request.bundles] == [2, 1, 1, 1, 1, 1, 1, 1, 2]
    assert {key.identifier for key in request.bundles[0].keys} == {"this", "before"}
    assert {key.identifier for key in request.bundles[8].keys} == {"this", "next"}
    assert request.bundles[0].inception == START


def test_any_calendar_and_zone(tmp_path: Path) -> None:
    options = [
        "--zone",
        "example.",
        "--slots",
        "4",
        "--interval",
        "P7D",
        "--last-interval",
        "P8D",
        "--validity",
        "P14D",
    ]
    outcome = make(
        tmp_path / "ksr.xml",
        *options,
        "--ttl",
        "3600",
        "--serial",
        "7",
        "--zsk",
        f"z={key_file(tmp_path, 'p-256', 'z')}",
    )
    assert outcome.code == 0
    request, _ = read_ksr((tmp_path / "ksr.xml").read_bytes(), "ksr.xml")
    assert (request.domain, request.serial, len(request.bundles)) == ("example.", 7, 4)
    assert [(one.inception - START).days for one in request.bundles] == [0, 7, 14, 22]
    assert {one.expiration - one.inception for one in request.bundles} == {timedelta(days=14)}
    assert {key.ttl for one in request.bundles for key in one.keys} == {3600}
    assert {one.rrsig.signer for bundle in request.bundles for one in bundle.signatures} == {"example."}


def test_rsa_keys_sign_with_the_algorithm_that_is_named(tmp_path: Path) -> None:
    key = f"z={key_file(tmp_path, 'rsa-2048', 'z')}"
    assert make(tmp_path / "ksr.xml", "--zsk", key, "--algorithm", "RSASHA512").code == 0
    request, _ = read_ksr((tmp_path / "ksr.xml").read_bytes(), "ksr.xml")
    assert {key.dnskey.algorithm for key in request.bundles[0].keys} == {10}


@pytest.mark.parametrize("kind", ["p-256", "rsa-2048"])
def test_every_faulty_request_provokes_the_finding_it_is_labelled_with(kind: str, tmp_path: Path) -> None:
    zone_policy = policy(tmp_path, kind)
    outcome = make(tmp_path / "faults", *three(tmp_path, kind), "--faulty", "all")
    assert (outcome.code, outcome.err) == (0, "")
    labelled = [line.partition(": ") for line in outcome.out.splitlines()]
    assert len(labelled) == 19 + int(kind == "rsa-2048")
    assert {Path(path).name for path, _, _ in labelled} == {path.name for path in (tmp_path / "faults").iterdir()}
    for path, _, said in labelled:
        name, code = re.fullmatch(r".+; (KSR-[A-Z-]+) must find it, (\S+)", said).groups()  # type: ignore[union-attr]
        request, _ = read_ksr(Path(path).read_bytes(), path)
        found = [one for one in refusals(request, zone_policy) if one.code == code]
        assert any(f"{name}: " in one.sentence for one in found), (path, code)


def test_beside_the_response_before_there_are_faults_of_the_chain(tmp_path: Path) -> None:
    zone_policy, before = policy(tmp_path), answered_before(tmp_path)
    previous, _ = read_skr(before.read_bytes(), "skr.xml")
    keys = three(tmp_path, "p-256")
    assert make(tmp_path / "ksr.xml", *keys).code == 0
    assert refusals(read_ksr((tmp_path / "ksr.xml").read_bytes(), "")[0], zone_policy, previous) == ()
    outcome = make(tmp_path / "faults", *keys, "--faulty", "all", "--previous", before)
    assert (outcome.code, outcome.err) == (0, "")
    told = {
        Path(path).stem: line.split()[-1] for path, _, line in (one.partition(": ") for one in outcome.out.splitlines())
    }
    for name in ("id-before", "chain-keys", "chain-overlap", "ksk-pair"):
        request, _ = read_ksr((tmp_path / "faults" / f"{name}.xml").read_bytes(), name)
        assert told[name] in {one.code for one in refusals(request, zone_policy, previous)}, name


def test_together_the_faults_train_people_to_know_every_check_of_a_request_by_its_name(tmp_path: Path) -> None:
    """But for what only a record or a policy of its own can show."""
    previous = answered_before(tmp_path)
    said = make(tmp_path / "faults", *three(tmp_path, "p-256"), "--faulty", "all", "--previous", previous).out
    rare = {"KSR-SERIAL", "KSR-KEY-STRENGTH", "KSR-PREVIOUS"}
    assert set(re.findall(r"KSR-[A-Z-]+", said)) == {check.name for check in CHECKS} - rare


def test_one_fault_is_made_by_its_name(tmp_path: Path) -> None:
    keys = three(tmp_path, "p-256")
    assert make(tmp_path / "ksr.xml", *keys, "--faulty", "gap").out.endswith(
        "; KSR-POLICY-SIG-OVERLAP must find it, ksr.policy_sig_overlap\n"
    )
    assert "all, bad-proof" in make(tmp_path / "other.xml", *keys, "--faulty", "nothing").err
    assert make(tmp_path / "other.xml", *keys, "--previous", tmp_path / "ksr.xml").code == 2
    assert not (tmp_path / "other.xml").exists()


@pytest.mark.parametrize("name", sorted(NEEDS))
def test_a_fault_that_this_request_cannot_have_is_known_and_says_what_it_needs(name: str, tmp_path: Path) -> None:
    key = f"z={key_file(tmp_path, 'p-256', 'z')}"
    one = (tmp_path / "ksr.xml", "--slots", "1", "--zsk", key, "--faulty")
    outcome = make(*one, name)
    assert outcome.codes == ["ksr.fault_needs"]
    assert NEEDS[name] in outcome.err
    assert name in make(*one, "nothing").err
    assert not (tmp_path / "ksr.xml").exists()


def test_a_single_slot_has_fewer_faults(tmp_path: Path) -> None:
    key = f"z={key_file(tmp_path, 'p-256', 'z')}"
    outcome = make(tmp_path / "faults", "--slots", "1", "--zsk", key, "--faulty", "all")
    assert outcome.code == 0
    assert "gap" not in outcome.out


def test_an_encrypted_key_asks_for_its_passphrase(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    key = key_file(tmp_path, "p-256", "z", b"secret words")
    for typed, code in ((b"secret words\n", 0), (b"other words\n", 1)):
        answer(monkeypatch, typed)
        outcome = make(tmp_path / f"{code}.xml", "--zsk", f"z={key}")
        assert outcome.code == code
    assert outcome.codes == ["keyfile.unreadable"]
    assert b"secret words" not in (tmp_path / "0.xml").read_bytes()


def answer(monkeypatch: pytest.MonkeyPatch, typed: bytes) -> None:
    """What is typed where a secret is asked for."""
    monkeypatch.setattr(
        Host, "read_secret", lambda _host, _prompt, _fd: bytearray(io.BytesIO(typed).readline().strip())
    )


def pin_of(text: str) -> bytearray:
    return bytearray(text.encode())


ON_TOKENS = [KeyType.RSA_2048, KeyType.P256, KeyType.P384, KeyType.ED25519, KeyType.ED448]


@pytest.mark.parametrize("key_type", ON_TOKENS)
def test_zsks_on_a_software_token(key_type: KeyType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = SoftwareToken.make(tmp_path / "token", "LAB-1", "lab", pin_of("123456"), pin_of("654321"), Host().random)
    from quorate.token import Login

    made.login(Login.USER, pin_of("123456"))
    made.generate(key_type, b"\x01", "zsk")
    made.close()
    where = ["--token", tmp_path / "token", "--token-serial", "LAB-1"]
    answer(monkeypatch, b"123456\n")
    assert make(tmp_path / "ksr.xml", "--zsk", "z=token:01", *where).code == 0
    request, _ = read_ksr((tmp_path / "ksr.xml").read_bytes(), "ksr.xml")
    judged = refusals(request, policy(tmp_path, str(key_type)))
    assert {one.code for one in judged} == {"ksr.policy_keys"}  # one key in each slot
    assert refused(tmp_path, "ksr", "make", tmp_path / "x", "--start", STARTS, "--zsk", "z=token:02", *where) == [
        "token.key_missing"
    ]
    answer(monkeypatch, b"000000\n")
    assert make(tmp_path / "x", "--zsk", "z=token:01", *where).codes == ["token.pin_incorrect"]


@pytest.mark.parametrize("key_type", ON_TOKENS)
def test_zsks_on_softhsm(key_type: KeyType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from quorate.token import Login
    from quorate.token.pkcs11 import Pkcs11Token

    module, serial = make_softhsm_token(tmp_path / "softhsm", "zsk", "123456", "654321")
    token = Pkcs11Token(module, serial)
    token.login(Login.USER, pin_of("123456"))
    token.generate(key_type, b"\xa1", "zsk")
    token.close()
    answer(monkeypatch, b"123456\n")
    outcome = make(tmp_path / "ksr.xml", "--zsk", "z=token:a1", "--token", module, "--token-serial", serial)
    assert (outcome.code, outcome.err) == (0, "")
    request, _ = read_ksr((tmp_path / "ksr.xml").read_bytes(), "ksr.xml")
    assert {one.code for one in refusals(request, policy(tmp_path, str(key_type)))} == {"ksr.policy_keys"}


def wrong(folder: Path) -> Sequence[tuple[list[object], str]]:
    key = f"z={key_file(folder, 'p-256', 'z')}"
    (folder / "no.pem").write_text("no key")
    return [
        (["--zsk", key, "--interval", "P22D"], "ksr.calendar"),
        (["--zsk", key, "--last-interval", "P22D"], "ksr.calendar"),
        (["--zsk", key, "--validity", "PT0S"], "ksr.calendar"),
        (["--zsk", key, "--zsk-next", f"y={folder / 'z.pem'}"], "ksr.calendar"),
        (["--zsk", key, "--zone", "a..b"], "dnssec.name_unusable"),
        (["--zsk", f"z={folder / 'no.pem'}"], "keyfile.unreadable"),
        (["--zsk", f"z={folder / 'none.pem'}"], "host.unusable"),
        (["--zsk", f"a\"b={folder / 'z.pem'}"], "ksr.id_unusable"),
        (["--zsk", key, "--token", folder, "--token-serial", "1", "--zsk-next", "y=token:01"], "token.module_missing"),
    ]  # fmt: skip


def test_what_makes_no_request_is_refused_and_nothing_is_written(tmp_path: Path) -> None:
    for options, code in wrong(tmp_path):
        codes = refused(tmp_path, "ksr", "make", tmp_path / "ksr.xml", "--start", STARTS, *options)
        assert codes == [code] or (code == "token.module_missing" and codes[0].startswith("token."))
    assert run("ksr", "make", tmp_path / "k", "--start", "soon", "--zsk", "z=z").code == 2


def test_wrong_use_is_told(tmp_path: Path) -> None:
    key = key_file(tmp_path, "p-256", "z")
    for options in (
        [],
        ["--zsk", key],
        ["--zsk", f"z={key}", "--zsk-next", f"z={key}"],
        ["--zsk", "z=token:01"],
        ["--zsk", f"z={key}", "--token", tmp_path, "--token-serial", "1"],
        ["--zsk", f"z={key}", "--interval", "ten days"],
        ["--zsk", f"z={key}", "--slots", "0"],
    ):
        assert make(tmp_path / "ksr.xml", *options).code == 2


def test_a_file_that_is_there_is_not_overwritten(tmp_path: Path) -> None:
    (tmp_path / "ksr.xml").write_text("something else")
    key = f"z={key_file(tmp_path, 'p-256', 'z')}"
    assert refused(tmp_path, "ksr", "make", tmp_path / "ksr.xml", "--start", STARTS, "--zsk", key) == [
        "record.output_present"
    ]
