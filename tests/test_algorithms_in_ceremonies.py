"""A ceremony with keys and signature algorithms of every kind: planned, rehearsed, verified; and forged."""

from __future__ import annotations

import base64
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ed25519, padding, rsa

from example import SHARE, certificate, crl, key, make_authority, make_plan
from forging import VERIFIER, Forgery, genesis, record, refused, stand_ins, verifier, verify
from hsm_day import Day
from kept_record import govern
from quorate import canonical, prepare
from quorate.algorithms import SignatureAlgorithm
from quorate.host import Host
from quorate.keys import KeyType, stand_in_spki
from quorate.rehearse import rehearse
from quorate.x509.facts import read_certificate, read_crl
from refusing import refused as refused_command
from refusing import run
from rsa_keys import fixed_rsa_key
from softhsm import make_softhsm_token

Keys = Mapping[str, ed25519.Ed25519PrivateKey]
CEREMONY = (
    ("p-256", "", "ecdsa-sha384"),
    ("p-384", "ecdsa-sha512", "ecdsa-sha256"),
    ("p-521", "ecdsa-sha512", ""),
    ("rsa-2048", "rsa-pss-sha256", "rsa-pkcs1-sha512"),
    ("rsa-3072", "", "rsa-pss-sha384"),
    ("ed25519", "", "ed25519"),
    ("ed448", "", ""),
    ("ml-dsa-44", "", ""),
    ("ml-dsa-87", "ml-dsa-87", ""),
)
"""Key type, signature algorithm of the root and of its CRL; empty for the default."""
DEFAULTS = {"p-256": "ecdsa-sha256", "p-521": "ecdsa-sha512", "rsa-3072": "rsa-pkcs1-sha256"}


def signature(name: str) -> str:
    return f'signature = "{name}"\n' if name else ""


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An authority that has rehearsed one ceremony with all of them; not to be changed."""
    root = make_authority(tmp_path_factory.mktemp("algorithms") / "authority")
    operations = SHARE + "".join(key(f"key-{kind}", kind) for kind, _, _ in CEREMONY)
    for kind, of_root, of_crl in CEREMONY:
        operations += certificate("root", f"root-{kind}", f"Root {kind}", 3650, key=f"key-{kind}") + signature(of_root)
        operations += crl(f"crl-{kind}", f"root-{kind}", 1) + signature(of_crl)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rsa, "generate_private_key", lambda _, bits: fixed_rsa_key(bits))
        rehearse(root, make_plan(root, "001-all", operations), VERIFIER.read_bytes())
    return root


@pytest.fixture(scope="module")
def pinned(authority: Path) -> tuple[str, ...]:
    return ("--authority", genesis(authority), "--rehearsal")


@pytest.fixture(scope="module")
def keys(authority: Path) -> Keys:
    return stand_ins(authority)


def test_the_record_is_accepted(authority: Path, pinned: tuple[str, ...]) -> None:
    code, output = verify(record(authority, "001-all"), *pinned)
    assert code == 0, output


@pytest.mark.parametrize("kind", [kind for kind, _, _ in CEREMONY])
def test_the_artifacts_carry_the_planned_algorithm_and_people_approved_its_name(authority: Path, kind: str) -> None:
    folder = record(authority, "001-all")
    _, *planned = next(row for row in CEREMONY if row[0] == kind)
    for name, algorithm in zip((f"root-{kind}.cert.der", f"crl-{kind}.crl"), planned, strict=True):
        expected = SignatureAlgorithm(algorithm or DEFAULTS.get(kind, kind))
        data = (folder / "artifacts" / name).read_bytes()
        facts = read_crl(data) if name.endswith(".crl") else read_certificate(data)
        assert facts.algorithm == facts.outer_algorithm == expected.identifier
        said = f"signature-algorithm: {algorithm}" in (folder / "transcript.jsonl").read_text()
        assert said or not algorithm
    assert "signature algorithm: rsa-pss-sha256" in (folder / "script.txt").read_text()


def test_an_operation_without_an_algorithm_of_its_own_has_no_such_member(authority: Path) -> None:
    folder = record(authority, "001-all")
    script = (folder / "script.json").read_text()
    assert script.count('"signature":') == sum(bool(name) for _, *both in CEREMONY for name in both)


@pytest.mark.parametrize(("name", "other"), [("root-p-384", "ecdsa-sha384"), ("crl-rsa-2048", "rsa-pkcs1-sha256")])
def test_an_artifact_that_names_another_algorithm_than_the_script(
    authority: Path, keys: Keys, pinned: tuple[str, ...], tmp_path: Path, name: str, other: str
) -> None:
    forged = Forgery(record(authority, "001-all"), keys)
    forged.operation(name)["signature"] = other
    code, output = verify(forged.reseal().write(tmp_path / "record"), *pinned)
    assert (code, "names another signature algorithm than planned" in output) == (1, True), output


@pytest.mark.parametrize(("name", "said"), [("rsa-pkcs1-sha1", "is not a signature algorithm"), ("", "is empty")])
def test_an_algorithm_that_is_not_known(
    authority: Path, keys: Keys, pinned: tuple[str, ...], tmp_path: Path, name: str, said: str
) -> None:
    forged = Forgery(record(authority, "001-all"), keys)
    forged.operation("root-p-384")["signature"] = name
    code, output = verify(forged.reseal(sign=False).write(tmp_path / "record"), *pinned)
    assert (code, said in output) == (1, True), output


# -- signatures -------------------------------------------------------------------------------------------------------


def with_signature(forged: Forgery, name: str, change: Callable[[bytes], bytes]) -> Forgery:
    """The record with another signature of an operation, in the event and in the files."""
    der, pem = forged.operation(name)["outputs"]
    module = verifier()
    parts = module.one_der(forged.files[der], 0x30, name).members()
    made = change(module.der_bits(parts[2], name))
    forged.one("completed", name)["body"]["signature"] = base64.b64encode(made).decode()
    whole = module.der(0x30, parts[0].raw + parts[1].raw + module.der(3, b"\0" + made))
    label = "X509 CRL" if name.startswith("crl") else "CERTIFICATE"
    forged.files[der], forged.files[pem] = whole, module.pem_of(whole, label)
    return forged


def salted(length: int) -> Callable[[Forgery, str], bytes]:
    """A good signature over the same bytes by the same key, with a salt of another length."""

    def sign(forged: Forgery, name: str) -> bytes:
        tbs = base64.b64decode(forged.one("drafted", name)["body"]["tbs"])
        private, digest = fixed_rsa_key(3072), hashes.SHA384()
        return private.sign(tbs, padding.PSS(padding.MGF1(digest), length), digest)

    return sign


def test_a_signature_that_is_put_in_its_own_place_is_still_good(
    authority: Path, keys: Keys, pinned: tuple[str, ...], tmp_path: Path
) -> None:
    forged = Forgery(record(authority, "001-all"), keys)
    again = salted(48)(forged, "crl-rsa-3072")
    for name, made in (("crl-rsa-3072", lambda _: again), ("root-ml-dsa-87", lambda signature: signature)):
        with_signature(forged, name, made)
    code, output = verify(forged.reseal().write(tmp_path / "record"), *pinned)
    assert code == 0, output


FORGERIES: dict[str, tuple[str, Callable[[Forgery, str], bytes]]] = {
    "an ML-DSA signature cut short": ("root-ml-dsa-44", lambda forged, name: old(forged, name)[:-1]),
    "an ML-DSA signature with more behind it": ("root-ml-dsa-87", lambda forged, name: old(forged, name) + b"\0"),
    "an ML-DSA signature with another hint": (
        "root-ml-dsa-44",
        lambda forged, name: old(forged, name)[:-84] + bytes([old(forged, name)[-84] ^ 1]) + old(forged, name)[-83:],
    ),
    "a salt of another length": ("crl-rsa-3072", salted(32)),
    "no salt": ("crl-rsa-3072", salted(0)),
    "an Ed448 signature with another R": ("root-ed448", lambda forged, name: b"\1" + old(forged, name)[1:]),
    "the signature of another artifact": ("root-ed25519", lambda forged, _: old(forged, "crl-ed25519")),
    "nothing": ("crl-p-521", lambda forged, name: b""),
}


def old(forged: Forgery, name: str) -> bytes:
    return base64.b64decode(forged.one("completed", name)["body"]["signature"])


@pytest.mark.parametrize("what", FORGERIES)
def test_another_signature_is_refused(
    authority: Path, keys: Keys, pinned: tuple[str, ...], tmp_path: Path, what: str
) -> None:
    name, make = FORGERIES[what]
    forged = Forgery(record(authority, "001-all"), keys)
    made = make(forged, name)
    code, output = verify(with_signature(forged, name, lambda _: made).reseal().write(tmp_path / "record"), *pinned)
    assert (code, refused(output)) == (1, {"artifacts"}), output
    assert f"{name}: " in output


def test_an_ml_dsa_key_that_is_a_stand_in(authority: Path) -> None:
    public = verifier().PublicKey
    for kind in KeyType:
        assert public(stand_in_spki(kind)).is_stand_in
        assert public(stand_in_spki(kind)).is_of_type(kind)
    made = (record(authority, "001-all") / "artifacts" / "key-ml-dsa-44.spki.der").read_bytes()
    assert not public(made).is_stand_in


# -- before the day ---------------------------------------------------------------------------------------------------


def test_a_curve_with_another_hash_is_a_warning_where_rules_are_private(tmp_path: Path) -> None:
    root = make_authority(tmp_path, tmp_path / "keys")
    operations = SHARE + key("key-r1") + certificate("root", "root-r1", "Root R1", 3650, key="key-r1")
    ceremony = make_plan(root, "001-root", operations + signature("ecdsa-sha384"))
    found = prepare.compile_plan(ceremony, prepare.provisional_base(root), Host().random).findings
    assert [(one.code, one.blocks) for one in found] == [("x509.algorithm_hash", False)]


def test_what_a_connected_token_lacks_is_found_before_the_day(tmp_path: Path) -> None:
    module, serial = make_softhsm_token(tmp_path / "softhsm", "early", "12345678", "12345678")
    root = make_authority(tmp_path / "authority", tmp_path / "keys", hsm(module, serial))
    govern(root, tmp_path / "keys")
    operations = SHARE + key("key-r1", "ml-dsa-65") + certificate("root", "root-r1", "Root R1", 3650, key="key-r1")
    ceremony = make_plan(root, "001-root", operations)
    for command in ("check", "compile"):
        assert refused_command(root, command, ceremony) == ["token.mechanism_absent"] * 2
    make_plan(root, "001-root", operations.replace("ml-dsa-65", "ed448"))
    outcome = run("check", ceremony)
    assert outcome.code == 0, outcome
    assert "ed25519, ed448\n" in outcome.out
    assert "ml-dsa" not in outcome.out


def hsm(module: Path, serial: str) -> str:
    return f'kind = "pkcs11"\nlocation = "{module}"\nserial = "{serial}"'


# -- a real ceremony on an HSM ----------------------------------------------------------------------------------------

ON_AN_HSM = (("ed448", "", ""), ("p-521", "", "ecdsa-sha384"), ("rsa-2048", "rsa-pss-sha384", "rsa-pss-sha512"))


def test_a_real_ceremony_on_softhsm_with_keys_of_several_kinds(tmp_path: Path) -> None:
    operations = SHARE + "".join(key(f"key-{kind}", kind) for kind, _, _ in ON_AN_HSM)
    for kind, of_root, of_crl in ON_AN_HSM:
        operations += certificate("root", f"root-{kind}", f"Root {kind}", 3650, key=f"key-{kind}") + signature(of_root)
        operations += crl(f"crl-{kind}", f"root-{kind}", 1) + signature(of_crl)
    day = Day(tmp_path, operations=operations)
    assert day.conduct() == []
    code, output = verify(day.record, "--authority", canonical.digest((day.root / "authority/000.json").read_bytes()))
    assert code == 0, output
    for kind, _, _ in ON_AN_HSM:
        root, listed = (
            str(day.record / "artifacts" / name) for name in (f"root-{kind}.cert.pem", f"crl-{kind}.crl.pem")
        )
        for command in (
            ["verify", "-check_ss_sig", "-no_check_time", "-CAfile", root, root],
            ["crl", "-in", listed, "-noout", "-CAfile", root],
        ):
            done = subprocess.run(["openssl", *command], capture_output=True, text=True, check=False)
            assert "OK" in done.stdout + done.stderr
