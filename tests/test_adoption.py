"""A CA that was there before: its roots, subordinates and last CRL enter the register, and its key goes on signing."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from adopted_history import ADOPTED, P256, RSA, adopting_authority, make_ca
from example import SHARE, certificate, crl, make_plan
from forging import VERIFIER, genesis, record, verify
from quorate import archive
from quorate.findings import Refusal
from quorate.rehearse import prepare_rehearsal, rehearse
from quorate.statement import Mode
from quorate.x509.facts import read_certificate, read_crl, verify_issued

PROOF = '[[operations]]\nkind = "import-key"\nid = "key-2010"\nkey = "root-2010"\ntoken = "hsm-1"\n'
LATER, LAST = "2026-12-08T09:00:00Z", "2026-12-15T09:00:00Z"


def adopting(root: Path, name: str, text: str, *things: str, opens: str = "") -> Path:
    """A ceremony whose plan adopts `things`."""
    made = make_plan(root, name, text, *([opens] if opens else []))
    plan = made / "plan.toml"
    plan.write_text(f"adopt = {list(things)}\n{plan.read_text()}")
    return made


@pytest.fixture(scope="module")
def ca(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_ca(tmp_path_factory.mktemp("old") / "ca", "Old Root", P256)


@pytest.fixture(scope="module")
def adopted(tmp_path_factory: pytest.TempPathFactory, ca: Path) -> Path:
    """001 adopts all of an old CA, 002 issues a subordinate and the next CRL with its key; both rehearsed."""
    root = adopting_authority(tmp_path_factory.mktemp("adopted") / "authority", ca)
    rehearse(root, adopting(root, "001-adoption", SHARE + PROOF, *ADOPTED), VERIFIER.read_bytes())
    revoked = '[{ certificate = "sub-1", date = "2026-12-01T00:00:00Z", reason = "superseded" }]'
    next_list = crl("crl-2010-8", "root-2010", 8, revoked)
    new = certificate("root", "root-new", "New Root", key="key-new")
    cross = certificate("cross", "new-by-old", existing="root-new", issuer="root-2010")
    key = '[[operations]]\nkind = "generate-key"\nid = "key-new"\ntoken = "hsm-1"\ntype = "p-256"\nuse = "root"\n'
    rehearse(root, make_plan(root, "002-next", key + new + cross + next_list, LATER), VERIFIER.read_bytes())
    return root


def verified(root: Path, *names: str) -> tuple[int, str]:
    return verify(*(record(root, name) for name in names), "--authority", genesis(root), "--rehearsal")


def test_everything_enters_the_register(adopted: Path, ca: Path) -> None:
    register = archive.read_register(adopted, Mode.REHEARSAL)
    assert {"root-2010", "sub-1", "sub-2"} < set(register.certificates)
    assert register.keys["key-2010"].token == "hsm-1"
    assert [entry.operation.id for entry in register.entries[:4]] == list(ADOPTED)


def test_the_verifier_says_what_nobody_has_witnessed(adopted: Path) -> None:
    code, output = verified(adopted, "001-adoption", "002-next")
    assert code == 0, output
    assert "note adopted, as the governors state and no record has witnessed: crl-2010-7, root-2010, sub-1" in output


def test_the_old_key_signs_on_and_the_next_list_follows_the_last(adopted: Path) -> None:
    register = archive.read_register(adopted, Mode.REHEARSAL)
    last, old = read_crl(register.crls["root-2010"]), read_certificate(register.certificates["root-2010"])
    assert last.number == 8
    verify_issued(last, old.spki)
    sub_1, sub_2 = (read_certificate(register.certificates[name]) for name in ("sub-1", "sub-2"))
    assert {one.serial for one in last.entries} == {sub_1.serial, sub_2.serial}
    verify_issued(read_certificate(register.certificates["new-by-old"]), old.spki)


def test_stand_ins_say_all_that_the_real_ones_say_but_for_their_keys(adopted: Path, ca: Path) -> None:
    register = archive.read_register(adopted, Mode.REHEARSAL)
    for name, file in (("root-2010", "root.pem"), ("sub-1", "sub1.pem")):
        stand_in = read_certificate(register.certificates[name])
        real = read_certificate((ca / file).read_bytes())
        assert (stand_in.subject, stand_in.serial, stand_in.not_after) == (real.subject, real.serial, real.not_after)
        assert stand_in.extensions == real.extensions
        assert (stand_in.spki == real.spki) is (name == "sub-1")  # whose key signed nothing that is adopted


def test_a_crl_number_of_the_past_is_not_given_again(adopted: Path, tmp_path: Path) -> None:
    root = tmp_path / "authority"
    shutil.copytree(adopted, root)
    with pytest.raises(Refusal) as refusal:
        prepare_rehearsal(root, make_plan(root, "003-late", crl("again", "root-2010", 7), LAST), VERIFIER.read_bytes())
    assert refusal.value.code == "plan.crl_number"


@pytest.mark.parametrize(("key", "md"), [(RSA, "sha256"), (RSA, "sha1"), (("-algorithm", "ED25519"), "default")])
def test_roots_of_other_times_are_adopted_too(tmp_path: Path, key: tuple[str, ...], md: str) -> None:
    root = adopting_authority(tmp_path / "authority", make_ca(tmp_path / "ca", "Old Root", key, md))
    rehearse(root, adopting(root, "001-adoption", SHARE + PROOF, *ADOPTED), VERIFIER.read_bytes())
    rehearse(root, make_plan(root, "002-crl", crl("crl-2010-8", "root-2010", 8), LATER), VERIFIER.read_bytes())
    code, output = verified(root, "001-adoption", "002-crl")
    assert code == 0, output
