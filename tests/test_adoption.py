"""A CA that was there before: its roots, subordinates and last CRL enter the register, and its key goes on signing."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from adopted_history import ADOPTED, P256, RSA, adopting_authority, list_adopted, make_ca, openssl
from example import SHARE, certificate, crl, make_plan
from forging import VERIFIER, Forgery, genesis, record, stand_ins, verify
from forging import refused as failed
from hsm_day import Day
from quorate import archive, canonical
from quorate.findings import Refusal
from quorate.register import crl_names
from quorate.rehearse import prepare_rehearsal, rehearse
from quorate.standing_in import TRANSPORT
from quorate.statement import Mode
from quorate.x509.facts import read_certificate, read_crl, verify_issued
from refusing import refused, run
from softhsm import import_key

PROOF = '[[operations]]\nkind = "import-key"\nid = "key-2010"\nkey = "root-2010"\ntoken = "hsm-1"\n'
LATER, LAST = "2026-12-08T09:00:00Z", "2026-12-15T09:00:00Z"


@pytest.fixture(scope="module")
def ca(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_ca(tmp_path_factory.mktemp("old") / "ca", "Old Root", P256)


@pytest.fixture(scope="module")
def adopted(tmp_path_factory: pytest.TempPathFactory, ca: Path) -> Path:
    """001 adopts all of an old CA, 002 issues a subordinate and the next CRL with its key; both rehearsed."""
    root = adopting_authority(tmp_path_factory.mktemp("adopted") / "authority", ca)
    rehearse(root, make_plan(root, "001-adoption", SHARE + PROOF, adopt=ADOPTED), VERIFIER.read_bytes())
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


def test_the_words_that_are_compared_are_those_that_inspect_shows(adopted: Path) -> None:
    folder = record(adopted, "001-adoption")
    (step,) = (
        one
        for one in json.loads((folder / "script.json").read_text())["steps"]
        if one["kind"] == "compare" and one["title"] == "root-2010 as it is known outside"
    )
    shown = run("inspect", folder / "inputs/adopted/root-2010.cert.der").out
    assert f"  fingerprint: {step['expected']}" in shown
    assert f"expected fingerprint: {step['expected']}" in step["text"]
    assert "Each has the fingerprint, SHA-256 of the certificate, from a copy that came another way," in step["text"]
    spoken = [line.removeprefix("expected words: ") for line in step["text"] if line.startswith("expected words: ")]
    assert shown.index("fingerprint: ") < shown.index(spoken[0]) < shown.index(spoken[1])


def test_the_verifier_says_what_nobody_has_witnessed(adopted: Path) -> None:
    code, output = verified(adopted, "001-adoption", "002-next")
    assert code == 0, output
    assert "note adopted, as the governors state and no record has witnessed: crl-2010-7, root-2010, sub-1" in output


def test_the_old_key_signs_on_and_the_next_list_follows_the_last(adopted: Path) -> None:
    register = archive.read_register(adopted, Mode.REHEARSAL)
    last, old = read_crl(crl_names(register)["root-2010"].der), read_certificate(register.certificates["root-2010"])
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


def test_a_list_is_no_key_that_could_be_brought(adopted: Path, tmp_path: Path) -> None:
    root = Path(shutil.copytree(adopted, tmp_path / "authority"))
    bring = '[[operations]]\nkind = "import-key"\nid = "key-x"\nkey = "crl-2010-7"\ntoken = "hsm-1"\n'
    with pytest.raises(Refusal) as refusal:
        prepare_rehearsal(root, make_plan(root, "003-bring", bring, LAST), VERIFIER.read_bytes())
    assert refusal.value.code == "plan.key_unknown"


def test_a_crl_number_of_the_past_is_not_given_again(adopted: Path, tmp_path: Path) -> None:
    root = tmp_path / "authority"
    shutil.copytree(adopted, root)
    with pytest.raises(Refusal) as refusal:
        prepare_rehearsal(root, make_plan(root, "003-late", crl("again", "root-2010", 7), LAST), VERIFIER.read_bytes())
    assert refusal.value.code == "plan.crl_number"


@pytest.mark.parametrize(("key", "md"), [(RSA, "sha256"), (RSA, "sha1"), (("-algorithm", "ED25519"), "default")])
def test_roots_of_other_times_are_adopted_too(tmp_path: Path, key: tuple[str, ...], md: str) -> None:
    root = adopting_authority(tmp_path / "authority", make_ca(tmp_path / "ca", "Old Root", key, md))
    rehearse(root, make_plan(root, "001-adoption", SHARE + PROOF, adopt=ADOPTED), VERIFIER.read_bytes())
    rehearse(root, make_plan(root, "002-crl", crl("crl-2010-8", "root-2010", 8), LATER), VERIFIER.read_bytes())
    code, output = verified(root, "001-adoption", "002-crl")
    assert code == 0, output


def test_the_register_marks_what_is_stated_and_not_witnessed(adopted: Path) -> None:
    outcome = run("register", adopted, "--rehearsal")
    assert outcome.code == 0, outcome.err
    assert "root-2010: adopted (stated, not witnessed) by itself, valid, from 001-adoption" in outcome.out
    assert "crl-2010-8: number 8 of root-2010, from 002-next" in outcome.out
    assert "1 before it" in outcome.out
    rows = json.loads(run("register", adopted, "--rehearsal", "--json").out)
    assert {row["id"]: row["kind"] for row in rows["certificates"]}["sub-2"] == "adopted"
    assert [key["copies"][0]["token"] for key in rows["keys"] if "root-2010" in key["certificates"]] == ["hsm-1"]


def test_a_root_with_a_key_of_a_past_age_is_adopted_and_cannot_sign(tmp_path: Path) -> None:
    old = make_ca(tmp_path / "ca", "Old Root", ("-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:1024"))
    root = adopting_authority(tmp_path / "authority", old)
    plan = make_plan(root, "001-adoption", SHARE, adopt=ADOPTED)
    rehearse(root, plan, VERIFIER.read_bytes())
    code, output = verified(root, "001-adoption")
    assert code == 0, output
    with pytest.raises(Refusal) as refusal:
        prepare_rehearsal(root, make_plan(root, "002-proof", PROOF, LATER), VERIFIER.read_bytes())
    assert refusal.value.code == "plan.key_type"


# -- before the day ---------------------------------------------------------------------------------------------------


def test_a_new_plan_adopts_what_no_plan_has_adopted_and_later_plans_go_on(ca: Path, tmp_path: Path) -> None:
    root = adopting_authority(tmp_path / "authority", ca)
    assert run("new", "001-adoption", "--from", "adoption", "--in", root).code == 0
    plan = (root / "ceremonies" / "001-adoption" / "plan.toml").read_text()
    assert 'adopt = [\n  "root-2010",\n  "sub-1",\n  "sub-2",\n  "crl-2010-7",\n]' in plan
    assert 'kind = "import-key"\nid = "key-root-2010"\nkey = "root-2010"\ntoken = "hsm-1"' in plan
    assert run("new", "002-crl", "--from", "crl", "--in", root).code == 0
    assert "number = 8" in (root / "ceremonies" / "002-crl" / "plan.toml").read_text()
    assert refused(root, "new", "003-adoption", "--from", "adoption", "--in", root) == ["outset.nothing_to_adopt"]
    assert run("check", root / "ceremonies" / "001-adoption").code == 0
    assert run("rehearse", root / "ceremonies" / "002-crl").code == 0


def test_a_new_response_is_about_an_adopted_authority_that_is_not_revoked(ca: Path, tmp_path: Path) -> None:
    """The second of the two is on the adopted list."""
    root = adopting_authority(tmp_path / "authority", ca)
    assert run("new", "001-adoption", "--from", "adoption", "--in", root).code == 0
    assert run("new", "002-response", "--from", "ocsp-response", "--in", root).code == 0
    plan = (root / "ceremonies" / "002-response" / "plan.toml").read_text()
    assert 'certificate = "sub-1"\nissuer = "root-2010"' in plan
    assert run("rehearse", root / "ceremonies" / "002-response").code == 0


def other_signature(data: bytes) -> bytes:
    """The certificate with one octet of its signature changed, as DER."""
    der = read_certificate(data).der
    return der[:-3] + bytes([der[-3] ^ 1]) + der[-2:]


def old_form(ca: Path) -> None:
    """A certificate of version 1, as openssl makes it where no extensions are named."""
    openssl(ca, "req", "-new", "-key", "root.key", "-subj", "/CN=v1", "-out", "v1.csr", "-config", "ca.cnf")
    openssl(ca, "x509", "-req", "-in", "v1.csr", "-signkey", "root.key", "-out", "v1.pem")


CASES: dict[str, tuple[dict[str, str], tuple[str, ...], str]] = {
    "what the state does not list": (ADOPTED, ("root-2010", "elsewhere"), "adopt.unknown"),
    "a list without its issuer": (ADOPTED, ("crl-2010-7",), "adopt.crl_issuer"),
    "one thing twice": ({**ADOPTED, "again": "sub1.der"}, ("root-2010", "sub-1", "again"), "adopt.twice"),
    "two lists of one issuer": (
        {**ADOPTED, "again": "copy.crl"},
        ("root-2010", "crl-2010-7", "again"),
        "adopt.crl_twice",
    ),
    "a request": ({"request": "sub1.csr"}, ("request",), "adopt.object"),
    "a private key": ({"secret": "root.key"}, ("secret",), "x509.private_key"),
    "a certificate of version 1": ({"old": "v1.pem"}, ("old",), "adopt.form"),
    "a signature of another": (
        {"root-2010": "root.pem", "sub-1": "forged.der"},
        ("root-2010", "sub-1"),
        "adopt.signature",
    ),
}


@pytest.mark.parametrize("what", CASES)
def test_nothing_is_compiled_that_adopts(ca: Path, tmp_path: Path, what: str) -> None:
    things, names, code = CASES[what]
    work = tmp_path / "ca"
    shutil.copytree(ca, work)
    shutil.copy(work / "root.crl", work / "copy.crl")
    (work / "sub1.der").write_bytes(read_certificate((work / "sub1.pem").read_bytes()).der)
    (work / "forged.der").write_bytes(other_signature((work / "sub1.pem").read_bytes()))
    if "v1.pem" in things.values():
        old_form(work)
    root = adopting_authority(tmp_path / "authority", work, things)
    plan = make_plan(root, "001-adoption", "", adopt=names)
    assert refused(root, "check", plan) == [code]


def test_a_file_that_is_missing_is_named(ca: Path, tmp_path: Path) -> None:
    root = adopting_authority(tmp_path / "authority", ca)
    (root / "adopted" / "sub1.pem").unlink()
    assert refused(root, "check", make_plan(root, "001-adoption", "", adopt=ADOPTED)) == ["adopt.file_missing"]


def test_an_issuer_that_is_not_known_is_a_warning(ca: Path, tmp_path: Path) -> None:
    root = adopting_authority(tmp_path / "authority", ca, {"sub-1": "sub1.pem"})
    outcome = run("check", make_plan(root, "001-adoption", "", adopt=["sub-1"]))
    assert outcome.code == 0
    assert "adopt.issuer_unknown" in outcome.out


def test_what_is_in_the_register_is_not_adopted_again(adopted: Path, tmp_path: Path) -> None:
    root = tmp_path / "authority"
    shutil.copytree(adopted, root)
    with pytest.raises(Refusal) as refusal:
        prepare_rehearsal(root, make_plan(root, "003-again", "", LAST, adopt=["sub-1"]), VERIFIER.read_bytes())
    assert refusal.value.code == "adopt.known"


# -- a real day -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("md", ["sha256", "sha1"])
def test_a_real_key_on_a_real_token_is_adopted_and_signs(tmp_path: Path, md: str) -> None:
    """The old key lies on the token under an id of its own time; SoftHSM holds it, and people conduct both days.

    It revokes what it signed then, by whatever it signed then.
    """
    old = make_ca(tmp_path / "ca", "Old Root", RSA, md)

    def adopt(root: Path, serial: str) -> None:
        import_key(serial, TRANSPORT.decode(), old / "root.key", bytes.fromhex("0102"))
        list_adopted(root, old, ADOPTED)

    day = Day(tmp_path / "day", operations=SHARE + PROOF, adopt=ADOPTED, made=adopt)
    assert day.conduct() == []
    register = archive.read_register(day.root, Mode.REAL)
    assert register.keys["key-2010"].object == "0102"
    assert register.spkis["key-2010"] == read_certificate((old / "root.pem").read_bytes()).spki
    pinned = canonical.digest((day.root / "authority" / "000.json").read_bytes())
    code, output = verify(day.record, "--authority", pinned)
    assert code == 0, output
    revoked = '[{ certificate = "sub-1", date = "2026-12-07T09:00:00Z", reason = "superseded" }]'
    later = day.another("002-crl", crl("crl-2010-8", "root-2010", 8, revoked), LATER)
    assert later.conduct() == []
    made = later.record / "artifacts" / "crl-2010-8.crl"
    command = ["openssl", "crl", "-inform", "DER", "-in", str(made), "-CAfile", str(old / "root.pem"), "-noout"]
    assert b"verify OK" in subprocess.run(command, capture_output=True, check=True).stderr
    code, output = verify(day.record, later.record, "--authority", pinned)
    assert code == 0, output


# -- forgeries --------------------------------------------------------------------------------------------------------


def forged(root: Path, tmp_path: Path, change: Callable[[Forgery], None]) -> tuple[set[str], str]:
    forgery = Forgery(record(root, "001-adoption"), stand_ins(root))
    change(forgery)
    forgery.reseal()
    forgery.write(tmp_path / "forged")
    code, output = verify(tmp_path / "forged", "--authority", genesis(root), "--rehearsal")
    assert code == 1, output
    return failed(output), output


def thing(forgery: Forgery, name: str) -> dict[str, str]:
    found: dict[str, str] = next(one for one in forgery.script["adopted"] if one["id"] == name)
    return found


def other_bytes(forgery: Forgery) -> None:
    one = thing(forgery, "sub-1")
    forgery.files[one["file"]] = forgery.files[thing(forgery, "sub-2")["file"]]
    one["digest"] = thing(forgery, "sub-2")["digest"]
    next(file for file in forgery.script["inputs"] if file["file"] == one["file"])["digest"] = one["digest"]


def slipped_in(forgery: Forgery) -> None:
    one = thing(forgery, "sub-1")
    forgery.script["adopted"].append({**one, "id": "sub-3", "file": "inputs/adopted/sub-3.cert.der"})
    forgery.files["inputs/adopted/sub-3.cert.der"] = forgery.files[one["file"]]
    forgery.script["inputs"].append({"file": "inputs/adopted/sub-3.cert.der", "digest": one["digest"]})
    step = next(step for step in forgery.script["steps"] if step["kind"] == "adopt")
    step["artifacts"].append("sub-3")


def never_said(forgery: Forgery) -> None:
    step = next(step for step in forgery.script["steps"] if step["kind"] == "adopt")
    forgery.events.remove(forgery.one("acknowledged", step=step["id"]))


def issuer_of_another(forgery: Forgery) -> None:
    thing(forgery, "crl-2010-7")["issuer"] = "sub-1"


def shown_for_another(forgery: Forgery) -> None:
    forgery.operation("key-2010")["key"] = "sub-1"


@pytest.mark.parametrize(
    ("change", "claim"),
    [
        (other_bytes, "script"),
        (slipped_in, "script"),
        (never_said, "steps"),
        (issuer_of_another, "artifacts"),
        (shown_for_another, "quorums"),
    ],
)
def test_a_forged_adoption_is_refused(
    adopted: Path, tmp_path: Path, change: Callable[[Forgery], None], claim: str
) -> None:
    claims, output = forged(adopted, tmp_path, change)
    assert claim in claims, output


def test_a_pair_that_is_shown_for_what_no_record_has_is_refused(ca: Path, tmp_path: Path) -> None:
    """A record whose forger says that nothing came before it, and yet brings the pair of an earlier certificate."""
    root = adopting_authority(tmp_path / "authority", ca)
    make_plan(root, "001-adoption", "", adopt=ADOPTED)
    rehearse(root, make_plan(root, "002-proof", SHARE + PROOF, LATER), VERIFIER.read_bytes())
    code, output = verified(root, "001-adoption", "002-proof")
    assert code == 0, output
    forgery = Forgery(record(root, "002-proof"), stand_ins(root))
    forgery.script["predecessor"] = "genesis"
    forgery.events[0]["body"]["predecessor"] = "genesis"
    forgery.reseal()
    forgery.write(tmp_path / "forged")
    code, output = verify(tmp_path / "forged", "--authority", genesis(root), "--rehearsal")
    assert code == 1
    assert "key-2010: root-2010 was not adopted in an earlier record" in output


# -- one after the other ----------------------------------------------------------------------------------------------


def more_listed(root: Path, ca: Path, things: dict[str, str]) -> None:
    with (root / "authority.toml").open("a") as file:
        for name, path in things.items():
            shutil.copy(ca / path, root / "adopted" / path)
            file.write(f'[[adopted]]\nid = "{name}"\nfile = "{path}"\n')


def second_list(ca: Path, certificate: str, name: str, number: str) -> None:
    """An empty CRL of one of the CA's keys."""
    text = (ca / "ca.cnf").read_text().replace("database = index", "database = index2")
    (ca / "ca2.cnf").write_text(text.replace("crlnumber = crlnumber", "crlnumber = crlnumber2"))
    (ca / "index2").write_text("")
    (ca / "crlnumber2").write_text(number + "\n")
    pair = ("-cert", f"{certificate}.pem", "-keyfile", f"{certificate}.key")
    openssl(ca, "ca", "-config", "ca2.cnf", *pair, "-gencrl", "-crlexts", "crl", "-out", name)


LATE = {
    "an issuer": ({"sub-1": "sub1.pem"}, {"root-2010": "root.pem"}),
    "a subordinate and a list": ({"root-2010": "root.pem"}, {"sub-1": "sub1.pem", "crl-2010-7": "root.crl"}),
    "the list of a subordinate": ({"root-2010": "root.pem", "sub-1": "sub1.pem"}, {"crl-sub-1": "sub1.crl"}),
}


@pytest.mark.parametrize("what", LATE)
def test_what_is_adopted_later_can_be_rehearsed_with_what_was_before(ca: Path, tmp_path: Path, what: str) -> None:
    """Stand-ins change when more is known of what they stand for; the rehearsals that adopted them are run again."""
    first, then = LATE[what]
    work = tmp_path / "ca"
    shutil.copytree(ca, work)
    second_list(work, "sub1", "sub1.crl", "01")
    root = adopting_authority(tmp_path / "authority", work, first)
    rehearse(root, make_plan(root, "001-adoption", SHARE, adopt=first), VERIFIER.read_bytes())
    more_listed(root, work, then)
    rehearse(root, make_plan(root, "002-more", "", LATER, adopt=then), VERIFIER.read_bytes())
    code, output = verified(root, "001-adoption", "002-more")
    assert code == 0, output
    register = archive.read_register(root, Mode.REHEARSAL)
    if "root-2010" in then:
        sub_1, issuer = (read_certificate(register.certificates[name]) for name in ("sub-1", "root-2010"))
        verify_issued(sub_1, issuer.spki)


def test_an_older_list_is_not_adopted_by_another_certificate_of_its_key(ca: Path, tmp_path: Path) -> None:
    work = tmp_path / "ca"
    shutil.copytree(ca, work)
    second_list(work, "root", "old.crl", "05")
    again = ("ca", "-batch", "-config", "ca.cnf", "-startdate", "20150101000000Z", "-enddate", "20351103235959Z")
    again += ("-notext", "-selfsign", "-keyfile", "root.key", "-in", "root.csr", "-extensions", "root")
    openssl(work, *again, "-out", "root-b.pem")
    root = adopting_authority(tmp_path / "authority", work)
    rehearse(root, make_plan(root, "001-adoption", SHARE, adopt=ADOPTED), VERIFIER.read_bytes())
    then = {"root-b": "root-b.pem", "crl-2010-5": "old.crl"}
    more_listed(root, work, then)
    with pytest.raises(Refusal) as refusal:
        rehearse(root, make_plan(root, "002-more", "", LATER, adopt=then), VERIFIER.read_bytes())
    assert refusal.value.code == "adopt.crl_twice"
