"""The bad objects and plans of `vectors/x509/`: each gives exactly the codes that it says, and leaves nothing."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest
import shamir_mnemonic

import x509_authority
from example import make_authority
from kept_record import VERIFIER, conduct_for_real, govern
from quorate import prepare
from quorate.compliance import RULES
from quorate.findings import Refusal, table
from quorate.host import Host
from quorate.prepare import Base
from quorate.rehearse import TRANSPORT, rehearse, shadow_base
from quorate.token import Login
from quorate.token.opening import open_token
from refusing import run, snapshot
from softhsm import MODULE, make_softhsm_token
from x509_vectors import VECTORS, files, judged, read

OBJECTS = sorted((VECTORS / "objects").glob("*.toml"))
PLANS = sorted((VECTORS / "plans").glob("*.toml"))


def stem(path: Path) -> str:
    return path.stem


def expected(path: Path) -> set[str]:
    vector = read(path)
    return {vector["code"], *vector.get("also", ())}


def test_the_vectors_are_what_the_generator_makes() -> None:
    """`python tests/x509_vectors.py` writes them anew; nothing in them is left to chance."""
    there = {str(path.relative_to(VECTORS)): path.read_bytes() for path in VECTORS.rglob("*") if path.is_file()}
    assert there == files()


def test_there_is_a_vector_for_every_rule() -> None:
    """But for those of OCSP responses, which are tested where responses are made."""
    shown = {code for path in OBJECTS for code in expected(path)}
    assert {rule.code for rule in RULES if not rule.code.startswith("ocsp.")} <= shown
    assert len(OBJECTS) > 300
    assert len(PLANS) >= 120


@pytest.mark.parametrize("path", OBJECTS, ids=stem)
def test_a_bad_object_is_told_what_is_wrong_with_it(path: Path) -> None:
    vector = read(path)
    found = judged(vector, VECTORS / "world")
    assert {finding.code for finding in found} == expected(path)
    assert all(finding.sentence.isprintable() for finding in found)
    # A profile made for other rules is refused by no document but by us.
    assert {finding.code for finding in found if not finding.clause} <= {"x509.profile_rules"}


# -- plans ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Prepared:
    """An authority after its first ceremony, and what a compilation starts from, under each rule set."""

    roots: dict[str, Path]
    bases: dict[str, Base]


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    """By rehearsal."""
    folder = tmp_path_factory.mktemp("vectors")
    private = x509_authority.committed(make_authority(folder / "private"))
    rehearse(private, x509_authority.first(private), VERIFIER.read_bytes())
    shutil.copytree(private, folder / "webpki")
    roots = {"private": private, "webpki": x509_authority.under(folder / "webpki", "webpki")}
    return Prepared(roots, {rules: shadow_base(root, "002-bad", Host()) for rules, root in roots.items()})


@pytest.mark.parametrize("path", PLANS, ids=stem)
def test_a_bad_plan_is_told_what_is_wrong_with_it(path: Path, prepared: Prepared) -> None:
    vector = read(path)
    root = prepared.roots[vector["rules"]]
    ceremony = x509_authority.lay(root, vector, VECTORS / "inputs")
    before = snapshot(root)
    with pytest.raises(Refusal) as refusal:
        prepare.compile_plan(ceremony, prepared.bases[vector["rules"]], Host().random)
    assert {finding.name for finding in refusal.value.findings} == expected(path)
    assert snapshot(root) == before


def test_what_is_said_is_one_line_with_a_hint_and_a_clause(prepared: Prepared) -> None:
    vector = read(VECTORS / "plans" / "web-url-ldap.toml")
    ceremony = x509_authority.lay(prepared.roots["webpki"], vector, VECTORS / "inputs")
    outcome = run("check", "--rehearsal", ceremony)
    assert outcome.code == 1
    assert outcome.err.splitlines()[:3] == [
        "quorate: operations[int-1]: the CRL distribution point is not an http URL: ldap://example.com/r",
        f"  hint: {table()['cert.crl_url_form'].remedy}",
        "  code: cert.crl_url_form, BR 7.1.2.11.2; ground rule addresses",
    ]
    assert len(outcome.err.splitlines()) == 3 * len(outcome.codes)


# -- before a token ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Room:
    """An authority whose token is SoftHSM's, after its first ceremony, and the same under the rules of the web."""

    folder: Path
    serial: str

    def root(self, rules: str) -> Path:
        return self.folder / rules

    def objects(self) -> tuple[bytes, ...]:
        """What lies on the token, as its holders see it."""
        words = self.folder / "private" / "worksheets" / "words" / "share" / "hsm-1" / "user"
        some = [path.read_text() for path in sorted(words.iterdir())[:2]]
        pin = bytearray(shamir_mnemonic.combine_mnemonics(some, b"").hex().encode())
        token = open_token("pkcs11", MODULE, self.serial)
        try:
            token.login(Login.USER, pin)
            return token.object_ids()
        finally:
            token.close()


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Room:
    """By a real ceremony: a root key and its first certificates."""
    folder = tmp_path_factory.mktemp("room")
    transport = TRANSPORT.decode()
    module, serial = make_softhsm_token(folder / "softhsm", "hsm", transport, transport)
    token = f'kind = "pkcs11"\nlocation = "{module}"\nserial = "{serial}"'
    private = x509_authority.committed(make_authority(folder / "private", folder / "keys", token))
    govern(private, folder / "keys")
    conduct_for_real(private, x509_authority.first(private), folder / "keys")
    shutil.copytree(private, folder / "webpki")
    govern(x509_authority.under(folder / "webpki", "webpki"), folder / "keys")
    return Room(folder, serial)


@pytest.mark.parametrize("path", PLANS, ids=stem)
def test_a_bad_plan_leaves_no_key_no_object_and_no_file(path: Path, room: Room) -> None:
    vector = read(path)
    root = room.root(vector["rules"])
    ceremony = x509_authority.lay(root, vector, VECTORS / "inputs")
    lying = room.objects()
    before = snapshot(room.folder)
    assert len(set(lying)) == 1
    assert set(run("compile", ceremony).codes) == expected(path)
    assert run("conduct", ceremony).codes == ["script.not_compiled"]
    assert set(snapshot(room.folder).items()) ^ set(before.items()) == set()
    assert room.objects() == lying
