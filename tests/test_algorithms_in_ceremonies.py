"""A ceremony with keys and signature algorithms of every kind: planned, rehearsed, verified; and forged."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519

from example import SHARE, certificate, crl, key, make_authority, make_plan
from forging import VERIFIER, Forgery, genesis, record, stand_ins, verify
from quorate import prepare
from quorate.algorithms import SignatureAlgorithm
from quorate.host import Host
from quorate.rehearse import rehearse

Keys = Mapping[str, ed25519.Ed25519PrivateKey]
CEREMONY = (
    ("p-256", "", "ecdsa-sha384"),
    ("p-384", "ecdsa-sha512", "ecdsa-sha256"),
    ("rsa-2048", "rsa-pss-sha256", "rsa-pkcs1-sha512"),
)
"""Key type, signature algorithm of the root and of its CRL; empty for the default."""


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
        default = SignatureAlgorithm.ECDSA_SHA256 if kind == "p-256" else None
        expected = SignatureAlgorithm(algorithm) if algorithm else default
        assert expected is not None
        assert (folder / "artifacts" / name).read_bytes().count(expected.identifier) == 2
        said = f"signature-algorithm: {algorithm}" in (folder / "transcript.jsonl").read_text()
        assert said or not algorithm
    assert "signature algorithm: rsa-pss-sha256" in (folder / "script.txt").read_text()


def test_an_operation_without_an_algorithm_of_its_own_has_no_such_member(authority: Path) -> None:
    folder = record(authority, "001-all")
    script = (folder / "script.json").read_text()
    assert script.count('"signature":') == 5


@pytest.mark.parametrize(("name", "other"), [("root-p-384", "ecdsa-sha384"), ("crl-rsa-2048", "rsa-pkcs1-sha256")])
def test_an_artifact_that_names_another_algorithm_than_the_script(
    authority: Path, keys: Keys, pinned: tuple[str, ...], tmp_path: Path, name: str, other: str
) -> None:
    forged = Forgery(record(authority, "001-all"), keys)
    forged.operation(name)["signature"] = other
    code, output = verify(forged.reseal().write(tmp_path / "record"), *pinned)
    assert (code, "names another signature algorithm than planned" in output) == (1, True), output


def test_an_algorithm_that_is_not_known(authority: Path, keys: Keys, pinned: tuple[str, ...], tmp_path: Path) -> None:
    forged = Forgery(record(authority, "001-all"), keys)
    forged.operation("root-p-384")["signature"] = ""
    code, output = verify(forged.reseal(sign=False).write(tmp_path / "record"), *pinned)
    assert (code, "is not a signature algorithm" in output) == (1, True), output


def test_a_curve_with_another_hash_is_a_warning_where_rules_are_private(tmp_path: Path) -> None:
    root = make_authority(tmp_path, tmp_path / "keys")
    operations = SHARE + key("key-r1") + certificate("root", "root-r1", "Root R1", 3650, key="key-r1")
    ceremony = make_plan(root, "001-root", operations + signature("ecdsa-sha384"))
    found = prepare.compile_plan(ceremony, prepare.provisional_base(root), Host().random).findings
    assert [(one.code, one.blocks) for one in found] == [("x509.algorithm_hash", False)]
