"""What was made long ago and elsewhere is read as it is; what is stated of it and can be shown to be false is refused.

Certificates and CRLs of other times are made from openssl's and signed anew by its key; the dishonest records are
written by a program that judges nothing, or forged with the stand-ins' own signatures.
"""

from __future__ import annotations

import copy
import shutil
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat import asn1
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import dsa, ec

from adopted_history import ADOPTED, P256, adopting_authority, make_ca
from example import FIRST, SHARE, certificate, crl, make_authority, make_plan
from forging import VERIFIER, Forgery, genesis, record, sign_with_token, stand_ins, tbs_of, verify
from forging import refused as failed
from issuing import changed, spki_of, tlv, with_extension
from quorate import archive, canonical
from quorate.findings import Refusal
from quorate.rehearse import prepare_rehearsal, rehearse
from quorate.statement import Mode
from quorate.x509.facts import read_certificate, read_crl
from quorate.x509.structure import Envelope, RevokedEntry, Validity, decode, encode
from refusing import refused
from test_adoption import LATER, PROOF, other_signature
from test_insiders import seated_as

AKI = "2.5.29.35"
NAMES = ("001-adoption", "002-next")


@pytest.fixture(scope="module")
def ca(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_ca(tmp_path_factory.mktemp("old") / "ca", "Old Root", P256)


def key_of(ca: Path) -> Any:
    return serialization.load_pem_private_key((ca / "root.key").read_bytes(), None)


def signed(ca: Path, der: bytes, key: Any = None) -> bytes:
    """Its to-be-signed bytes, signed by the old root, or by another key."""
    envelope = decode(Envelope, der)
    signature = (key or key_of(ca)).sign(encode(envelope.tbs), ec.ECDSA(hashes.SHA256()))
    made = Envelope(tbs=envelope.tbs, algorithm=envelope.algorithm, signature=asn1.BitString(signature, 0))
    return encode(made)


def der_of(ca: Path, file: str) -> bytes:
    data = (ca / file).read_bytes()
    return read_crl(data).der if file.endswith(".crl") else read_certificate(data).der


def generalized(year: int, month: int = 11) -> asn1.GeneralizedTime:
    return asn1.GeneralizedTime(datetime(year, month, 4, tzinfo=UTC))


# -- certificates -----------------------------------------------------------------------------------------------------


def late_times(ca: Path, der: bytes) -> bytes:
    """RFC 2459 already asked for UTCTime, and not every CA had read it."""
    return changed(der, validity=Validity(not_before=generalized(2010), not_after=generalized(2035)))


def full_aki(ca: Path, der: bytes) -> bytes:
    """As openssl writes it for `authorityKeyIdentifier=keyid,issuer:always`."""
    root = x509.load_pem_x509_certificate((ca / "root.pem").read_bytes())
    ski = root.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value.digest
    names = [x509.DirectoryName(root.issuer)]
    return with_extension(der, x509.AuthorityKeyIdentifier(ski, names, root.serial_number))


def aki_without_a_key(ca: Path, der: bytes) -> bytes:
    root = x509.load_pem_x509_certificate((ca / "root.pem").read_bytes())
    names = [x509.DirectoryName(root.issuer)]
    return with_extension(der, x509.AuthorityKeyIdentifier(None, names, root.serial_number))


def no_aki(ca: Path, der: bytes) -> bytes:
    return with_extension(der, None, drop=AKI)


def serial_0(ca: Path, der: bytes) -> bytes:
    """What `openssl req -x509 -set_serial 0` made of many roots."""
    return changed(der, serial=0)


def unique_id(ca: Path, der: bytes) -> bytes:
    return changed(der, issuer_unique_id=asn1.BitString(b"\1", 0))


def with_key(key: Any) -> Callable[[Path, bytes], bytes]:
    return lambda ca, der: changed(der, spki=tlv(spki_of(key.public_key())))


def new_with_old(ca: Path, der: bytes) -> bytes:
    """The root's name and a new key, signed by its old one: RFC 4210 4.4."""
    public = ec.generate_private_key(ec.SECP256R1()).public_key()
    made = with_extension(der, x509.SubjectKeyIdentifier.from_public_key(public))
    return changed(made, subject=tlv(read_certificate(der).issuer), spki=tlv(spki_of(public)))


Make = Callable[[Path, bytes], bytes]
LONG_AGO: dict[str, Make] = {
    "GeneralizedTime before 2050": late_times,
    "an authority key identifier with issuer and serial number": full_aki,
    "an authority key identifier without a key identifier": aki_without_a_key,
    "no authority key identifier": no_aki,
    "a unique identifier": unique_id,
    "a key on brainpoolP256r1": with_key(ec.generate_private_key(ec.BrainpoolP256R1())),
    "a key on secp256k1": with_key(ec.generate_private_key(ec.SECP256K1())),
    "a key on P-224": with_key(ec.generate_private_key(ec.SECP224R1())),
    "a DSA key": with_key(dsa.generate_private_key(1024)),
    "a new key signed by the old one": new_with_old,
}


def adopting(folder: Path, ca: Path, files: dict[str, bytes], *ceremonies: tuple[Sequence[str], str]) -> Path:
    """An authority with some of the old CA's files replaced; a ceremony for each list of what is adopted."""
    work = folder / "ca"
    shutil.copytree(ca, work)
    for file, data in files.items():
        (work / file).write_bytes(data)
    root = adopting_authority(folder / "authority", work)
    for name, opens, (adopted, operations) in zip(NAMES, ("2026-12-01T09:00:00Z", LATER), ceremonies, strict=False):
        rehearse(root, make_plan(root, name, operations, opens, adopt=adopted), VERIFIER.read_bytes())
    return root


def judged(root: Path, *names: str) -> tuple[int, str]:
    return verify(*(record(root, name) for name in names), "--authority", genesis(root), "--rehearsal")


@pytest.mark.parametrize("what", LONG_AGO)
def test_what_was_made_long_ago_is_read_as_it_is(ca: Path, tmp_path: Path, what: str) -> None:
    """It is adopted, and lies below `inputs/known/` of the ceremony in which the old key goes on signing."""
    old = signed(ca, LONG_AGO[what](ca, der_of(ca, "sub1.pem")))
    following = (), crl("crl-2010-8", "root-2010", 8)
    root = adopting(tmp_path, ca, {"sub1.pem": old}, (list(ADOPTED), SHARE + PROOF), following)
    code, output = judged(root, *NAMES)
    assert code == 0, output


@pytest.mark.parametrize("make", [late_times, full_aki, unique_id])
def test_a_root_of_long_ago_is_adopted_and_certified_by_a_new_one(ca: Path, tmp_path: Path, make: Make) -> None:
    old = signed(ca, make(ca, der_of(ca, "root.pem")))
    cross = certificate("cross", "old-by-new", existing="root-2010", issuer="root-new")
    new = '[[operations]]\nkind = "generate-key"\nid = "key-new"\ntoken = "hsm-1"\ntype = "p-256"\nuse = "root"\n'
    new += certificate("root", "root-new", "New Root", key="key-new")
    root = adopting(tmp_path, ca, {"root.pem": old}, (list(ADOPTED), SHARE + PROOF), ((), new + cross))
    code, output = judged(root, *NAMES)
    assert code == 0, output


def test_a_root_of_a_kind_of_key_that_nobody_makes_here_is_adopted(ca: Path, tmp_path: Path) -> None:
    """Its signature is verified by the program, and told by the verifier as stated; so is what hangs below it."""
    key = ec.generate_private_key(ec.BrainpoolP256R1())
    files = {"root.pem": signed(ca, with_key(key)(ca, der_of(ca, "root.pem")), key)}
    files["sub1.pem"] = signed(ca, der_of(ca, "sub1.pem"), key)
    root = adopting(tmp_path, ca, files, (["root-2010", "sub-1"], SHARE))
    code, output = judged(root, "001-adoption")
    assert code == 0, output


@pytest.mark.parametrize("make", [late_times, full_aki, aki_without_a_key, serial_0, unique_id])
def test_the_root_of_others_is_certified_as_it_is(rehearsed: Path, ca: Path, tmp_path: Path, make: Make) -> None:
    """A certificate below inputs/ that nobody adopts, for a cross-certificate."""
    root = tmp_path / "authority"
    shutil.copytree(rehearsed, root)
    cross = certificate("cross", "cross-old", issuer="root-r1", existing="old.pem")
    ceremony = make_plan(root, "003-cross", cross, "2026-12-15T09:00:00Z")
    (ceremony / "inputs" / "old.pem").write_bytes(signed(ca, make(ca, der_of(ca, "root.pem"))))
    rehearse(root, ceremony, VERIFIER.read_bytes())
    code, output = judged(root, "001-root", "002-next", "003-cross")
    assert code == 0, output


# -- CRLs -------------------------------------------------------------------------------------------------------------


def late_updates(ca: Path, der: bytes) -> bytes:
    return changed(der, this_update=generalized(2026, 1), next_update=generalized(2027))


def listed_twice(ca: Path, der: bytes) -> bytes:
    """The second time with another date."""
    (entry,) = x509.load_der_x509_crl(der)
    one = RevokedEntry(serial=entry.serial_number, date=generalized(2020), extensions=None)
    two = RevokedEntry(serial=entry.serial_number, date=generalized(2021), extensions=None)
    return changed(der, entries=[one, two])


@pytest.mark.parametrize("make", [late_updates, full_aki, aki_without_a_key, no_aki, listed_twice])
def test_a_list_of_long_ago_is_read_as_it_is_and_followed(ca: Path, tmp_path: Path, make: Make) -> None:
    old = signed(ca, make(ca, der_of(ca, "root.crl")))
    following = (), crl("crl-2010-8", "root-2010", 8)
    root = adopting(tmp_path, ca, {"root.crl": old}, (list(ADOPTED), SHARE + PROOF), following)
    code, output = judged(root, *NAMES)
    assert code == 0, output
    made = read_crl((record(root, "002-next") / "artifacts" / "crl-2010-8.crl").read_bytes())
    before, (entry,) = read_crl(old), made.entries
    assert (entry.serial, entry.date) == (before.entries[0].serial, before.entries[0].date)
    assert not any(made.late_times)


# -- what is signed here ----------------------------------------------------------------------------------------------


STRICT: list[tuple[Make, str]] = [
    (late_times, "a time before 2050 that is not a UTCTime"),
    (full_aki, "an authority key identifier has not 1 members"),
    (serial_0, "a serial number is not positive"),
    (unique_id, "not a version 3 certificate with extensions only"),
    (
        with_key(ec.generate_private_key(ec.SECP256K1())),
        "a public key of an algorithm that this verifier does not know",
    ),
]


@pytest.mark.parametrize(("make", "problem"), STRICT)
def test_nothing_of_the_kind_is_signed_here(
    rehearsed: Path, ca: Path, tmp_path: Path, make: Make, problem: str
) -> None:
    forged = Forgery(record(rehearsed, "002-next"), stand_ins(rehearsed))
    whole = make(ca, forged.files["artifacts/int-1.cert.der"])
    tbs = encode(decode(Envelope, whole).tbs)
    assert tbs != tbs_of(forged, "int-1")
    sign_with_token(rehearsed, forged, "int-1", tbs)
    forged.files["drafts/int-1.tbs"] = tbs
    forged.reseal().write(tmp_path / "forged")
    both = record(rehearsed, "001-root"), tmp_path / "forged"
    code, output = verify(*both, "--authority", genesis(rehearsed), "--rehearsal")
    assert code == 1
    assert problem in output


# -- who signed what is adopted ---------------------------------------------------------------------------------------


@pytest.fixture
def judging_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("_certificate_findings", "_late_findings"):
        monkeypatch.setattr(f"quorate.adoption.{name}", lambda *_: ())


def as_it_is(ca: Path, der: bytes) -> bytes:
    return der


FALSE: dict[str, tuple[Make, tuple[list[str], ...]]] = {
    "in a later ceremony than its issuer": (as_it_is, (["root-2010"], ["sub-1"])),
    "in an earlier ceremony than its issuer": (as_it_is, (["sub-1"], ["root-2010"])),
    "without an authority key identifier": (no_aki, (["root-2010", "sub-1"],)),
    "without one in a later ceremony": (no_aki, (["root-2010"], ["sub-1"])),
    "with one that names no key": (aki_without_a_key, (["root-2010", "sub-1"],)),
    "under the name of its issuer": (new_with_old, (["root-2010", "sub-1"],)),
}


def adopting_with_sub(folder: Path, ca: Path, what: str, *adopted: Sequence[str]) -> Path:
    """The old CA's first subordinate has a signature that nobody made, and is what `what` says."""
    forged = other_signature(signed(ca, FALSE[what][0](ca, der_of(ca, "sub1.pem"))))
    return adopting(folder, ca, {"sub1.pem": forged}, *((one, "") for one in adopted))


@pytest.mark.parametrize("what", FALSE)
def test_a_false_certificate_is_not_adopted(ca: Path, tmp_path: Path, what: str) -> None:
    last = FALSE[what][1][-1]
    if len(FALSE[what][1]) == 1:
        root = adopting_with_sub(tmp_path, ca, what)
        assert refused(root, "check", make_plan(root, NAMES[0], "", adopt=last)) == ["adopt.signature"]
        return
    root = adopting_with_sub(tmp_path, ca, what, FALSE[what][1][0])
    with pytest.raises(Refusal) as refusal:
        prepare_rehearsal(root, make_plan(root, NAMES[1], "", LATER, adopt=last), VERIFIER.read_bytes())
    assert refusal.value.code == "adopt.signature"
    assert "sub-1 is not signed by the key of root-2010" in str(refusal.value)


@pytest.mark.usefixtures("judging_nothing")
@pytest.mark.parametrize("what", FALSE)
def test_a_record_that_adopts_a_false_certificate_is_refused(ca: Path, tmp_path: Path, what: str) -> None:
    root = adopting_with_sub(tmp_path, ca, what, *FALSE[what][1])
    code, output = judged(root, *NAMES[: len(FALSE[what][1])])
    assert code == 1
    assert "artifacts: adopted sub-1: the signature is not valid under the key" in output


@pytest.mark.usefixtures("judging_nothing")
def test_a_record_alone_has_the_earlier_issuer_among_its_inputs(ca: Path, tmp_path: Path) -> None:
    what = "in a later ceremony than its issuer"
    root = adopting_with_sub(tmp_path, ca, what, *FALSE[what][1])
    code, output = judged(root, "002-next")
    assert code == 1
    assert "adopted sub-1: the signature is not valid under the key" in output


def test_two_of_one_name_may_have_issued_it(ca: Path, tmp_path: Path) -> None:
    """Without an authority key identifier it is known only by its signature which of them did."""
    other = make_ca(tmp_path / "other", "Old Root", P256)
    serial = changed(der_of(other, "root.pem"), serial=77)
    second = signed(other, serial)
    sub = signed(ca, no_aki(ca, der_of(ca, "sub1.pem")))
    work = tmp_path / "ca"
    shutil.copytree(ca, work)
    (work / "sub1.pem").write_bytes(sub)
    (work / "other.pem").write_bytes(second)
    things = {"other": "other.pem", "root-2010": "root.pem", "sub-1": "sub1.pem"}
    root = adopting_authority(tmp_path / "authority", work, things)
    rehearse(root, make_plan(root, NAMES[0], "", adopt=things), VERIFIER.read_bytes())
    code, output = judged(root, NAMES[0])
    assert code == 0, output


# -- what the records have, and a later one would rather not ----------------------------------------------------------


AGAIN = SHARE.replace('"share-hsm-1"', '"share-again"')
BOX = '[[places]]\nid = "safe-9"\nfacility = "elsewhere"\nkind = "safe"\n'
BOX += 'controllers = { role = "officer", need = 2 }\n'


@pytest.fixture(scope="module")
def reshared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """001 makes a key and deals out the token's credential, 002 deals it out anew."""
    root = make_authority(tmp_path_factory.mktemp("reshared") / "authority")
    with (root / "authority.toml").open("a") as file:
        file.write(BOX)
    make_plan(root, "001-root", FIRST)
    rehearse(root, make_plan(root, "002-again", AGAIN, LATER), VERIFIER.read_bytes())
    return root


def both(root: Path) -> tuple[Forgery, Forgery]:
    first, second = (Forgery(record(root, name), stand_ins(root)) for name in ("001-root", "002-again"))
    return first, second


def refused_after_the_first(first: Forgery, second: Forgery, folder: Path) -> str:
    """The two as one sequence under the forger's own genesis: the first is accepted alone, the second is refused."""
    first.reseal().write(folder / "1")
    second.script["predecessor"] = canonical.digest(first.files["checkpoint"])
    second.reseal().write(folder / "2")
    pinned = canonical.digest(first.files["authority/000.json"])
    code, output = verify(folder / "1", "--authority", pinned, "--rehearsal")
    assert code == 0, output
    code, output = verify(folder / "1", folder / "2", "--authority", pinned, "--rehearsal")
    assert code == 1
    assert failed(output) == {"continuity"}, output
    return output


def test_the_two_records_are_accepted_as_they_are(reshared: Path) -> None:
    code, output = judged(reshared, "001-root", "002-again")
    assert code == 0, output


def test_a_share_set_that_is_in_force_is_not_left_out(reshared: Path, tmp_path: Path) -> None:
    """Or its holders could authorise what opens the token, as if they had no share of it."""
    first, second = both(reshared)
    assert {one["credential"] for one in second.script["sets"]} == {"user"}
    second.script["sets"] = []
    output = refused_after_the_first(first, second, tmp_path)
    assert "the share set of hsm-1, user, is in force, and the script passes over it" in output


def holder_authorises(second: Forgery) -> None:
    """A holder of the old shares gives up the seat of a holder and sits as an officer."""
    seated_as(second, "c1", "ann", "custodian", "ca")
    seated_as(second, "o1", "ca", "officer", "oa")
    for event in second.all("shared"):
        for one in event["body"]["set"]["commitments"]:
            if one["seat"] == "c1":
                one["person"] = "ann"
    for ending in ("statement", "sig"):
        data = second.files.pop(f"cosignatures/oa.{ending}")
        second.files[f"cosignatures/ca.{ending}"] = data.replace(b"signer: oa ", b"signer: ca ")


@pytest.mark.parametrize("listed", [True, False])
def test_a_holder_of_a_share_does_not_authorise_its_use(reshared: Path, tmp_path: Path, listed: bool) -> None:
    first, second = both(reshared)
    holder_authorises(second)
    first.states = copy.deepcopy(second.states)
    for forged in (first, second):
        for ending in ("statement", "sig"):  # who is an officer signs the genesis too
            data = forged.files[f"authority/000.oa.{ending}"]
            forged.files[f"authority/000.ca.{ending}"] = data.replace(b"signer: oa ", b"signer: ca ")
    if not listed:
        second.script["sets"] = []
    first.reseal().write(tmp_path / "1")
    second.script["predecessor"] = canonical.digest(first.files["checkpoint"])
    second.reseal().write(tmp_path / "2")
    pinned = canonical.digest(first.files["authority/000.json"])
    code, output = verify(tmp_path / "1", tmp_path / "2", "--authority", pinned, "--rehearsal")
    assert code == 1
    assert failed(output) == ({"quorums"} if listed else {"continuity"}), output


SPARE = {"holder": "custodian", "id": "spare", "place": "safe-1", "seal": "B0001", "what": "a second bag"}


def said_anew(first: Forgery, second: Forgery, changes: dict[str, str]) -> None:
    """The genesis has a thing that no script lists; by a second state, which is governed, it entered otherwise."""
    for forged in (first, second):
        forged.states[0]["items"].append(dict(SPARE))
    second.states.append(copy.deepcopy(second.states[0]))
    second.states[1]["items"][-1].update(changes)
    for person in ("oa", "ob"):
        for ending in ("statement", "sig"):
            second.files[f"authority/001.{person}.{ending}"] = second.files[f"authority/000.{person}.{ending}"]


MOVED = {"place": "safe-9", "seal": "E0007"}


@pytest.mark.parametrize(
    ("changes", "listed"), [(MOVED, True), (MOVED, False), ({"seal": "E0007"}, False), ({"seal": ""}, False)]
)
def test_no_later_state_says_anew_where_a_thing_entered(
    reshared: Path, tmp_path: Path, changes: dict[str, str], listed: bool
) -> None:
    """Whether or not the script then finds it there."""
    first, second = both(reshared)
    said_anew(first, second, changes)
    if listed:
        entry = {name: value for name, value in {**SPARE, **changes}.items() if name != "holder"}
        second.script["items"].append(entry)
    output = refused_after_the_first(first, second, tmp_path)
    assert "item spare: the state has its " in output


def test_no_later_state_is_compiled_that_says_it_anew(reshared: Path, tmp_path: Path) -> None:
    root = tmp_path / "authority"
    shutil.copytree(reshared, root)
    plan = make_plan(root, "003-crl", crl("crl-r1-2", "root-r1", 2), "2026-12-15T09:00:00Z")
    toml = root / "authority.toml"
    before = toml.read_text()
    toml.write_text(before.replace('place = "safe-1"\nseal = "A0001"', 'place = "safe-9"\nseal = "A0001"'))
    with pytest.raises(Refusal) as refusal:
        prepare_rehearsal(root, plan, VERIFIER.read_bytes())
    assert refusal.value.code == "item.rewritten"


def test_a_later_state_may_say_where_the_records_have_a_thing(reshared: Path, tmp_path: Path) -> None:
    """The bag of the token was opened, and has the number of its new bag; people like their lists to be true."""
    root = tmp_path / "authority"
    shutil.copytree(reshared, root)
    seal = archive.read_register(root, Mode.REHEARSAL).items["hsm-1-bag"].seal
    assert seal != "A0001"
    toml = root / "authority.toml"
    toml.write_text(toml.read_text().replace('seal = "A0001"', f'seal = "{seal}"'))
    for number, name in enumerate(("003-crl", "004-crl"), 2):
        plan = make_plan(root, name, crl(f"crl-r1-{number}", "root-r1", number), f"2026-12-{number + 13}T09:00:00Z")
        rehearse(root, plan, VERIFIER.read_bytes())
    code, output = judged(root, "001-root", "002-again", "003-crl", "004-crl")
    assert code == 0, output
