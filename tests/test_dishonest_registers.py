"""Registers that somebody fills as it suits: what is issued beside the records, under other names, at other times.

The forger has everybody's keys and the token; the same plans are refused by the program, before the day.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.x509.oid import NameOID

from adopted_history import ADOPTED, P256, adopting_authority, make_ca
from conftest import VERIFIER
from example import FIRST, SHARE, certificate, crl, key, make_authority, make_plan
from forging import Forgery, genesis, record, refused, sign_with_token, stand_ins, tbs_of, verifier, verify
from quorate import canonical
from quorate.findings import Refusal
from quorate.rehearse import rehearse
from test_insiders import webpki

Keys = Mapping[str, ed25519.Ed25519PrivateKey]
REVOKED = '[{ certificate = "int-1", date = "2026-12-10T00:00:00Z", reason = "keyCompromise" }]'
DAYS = {"003-revoke": "2026-12-15T09:00:00Z", "004-crl": "2026-12-22T09:00:00Z", "005-next": "2026-12-29T09:00:00Z"}
BEFORE = ("001-root", "002-next", "003-revoke")


@pytest.fixture(scope="session")
def keys(rehearsed: Path) -> Keys:
    return stand_ins(rehearsed)


@pytest.fixture(scope="module")
def revoked(rehearsed: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two more ceremonies: the third revokes int-1, the fourth issues the CRL of the next year."""
    root = Path(shutil.copytree(rehearsed, tmp_path_factory.mktemp("revoked") / "authority"))
    make_plan(root, "003-revoke", crl("crl-r1-3", "root-r1", 3, REVOKED), DAYS["003-revoke"])
    plan = make_plan(root, "004-crl", crl("crl-r1-4", "root-r1", 4), DAYS["004-crl"])
    rehearse(root, plan, VERIFIER.read_bytes())
    return root


def judged(root: Path, forged: Forgery, folder: Path, *before: str) -> tuple[int, str]:
    """What the verifier says of the forged record after the honest ones before it."""
    records = [record(root, name) for name in before]
    return verify(*records, forged.reseal().write(folder), "--authority", genesis(root), "--rehearsal")


def expect(claim: str, said: str, answer: tuple[int, str]) -> None:
    """Refused, for this claim, in these words."""
    code, output = answer
    assert code == 1, output
    assert claim in refused(output), output
    assert said in output, output


def refused_plan(root: Path, name: str, operations: str, inputs: Mapping[str, bytes] | None = None) -> set[str]:
    """The codes for which the program refuses a plan."""
    plan = make_plan(root, name, operations, DAYS[name])
    for file, data in (inputs or {}).items():
        (plan / "inputs" / file).write_bytes(data)
    with pytest.raises(Refusal) as caught:
        rehearse(root, plan, VERIFIER.read_bytes())
    return {one.code for one in caught.value.findings}


def copied(root: Path, folder: Path) -> Path:
    return Path(shutil.copytree(root, folder / "authority"))


# -- an issuer beside the records -------------------------------------------------------------------------------------

MADE_BY_ROOT_R1 = ("cross-r2", "int-1", "crl-r1-2")
KNOWN_ROOT = "inputs/known/root-r1.cert.der"


def under_another_name(root: Path, keys: Keys, issuer: str, data: bytes) -> Forgery:
    """What the second record issues with the key of root-r1 is issued as Root X1, of the file `issuer`."""
    forged = Forgery(record(root, "002-next"), keys)
    for operation in forged.script["operations"]:
        if operation.get("issuer") == f"input:{KNOWN_ROOT}":
            operation["issuer"] = f"input:{issuer}"
    forged.operation("crl-r1-2")["previous"] = ""
    forged.files.pop(KNOWN_ROOT)
    forged.files[issuer] = data
    next(one for one in forged.script["inputs"] if one["file"] == KNOWN_ROOT)["file"] = issuer
    for name in MADE_BY_ROOT_R1:
        draft = f"drafts/{name}.tbs"
        forged.files[draft] = forged.files[draft].replace(b"Root R1", b"Root X1")
        sign_with_token(root, forged, name, tbs_of(forged, name).replace(b"Root R1", b"Root X1"))
    return forged


def root_r1(root: Path) -> bytes:
    return (record(root, "001-root") / "artifacts" / "root-r1.cert.der").read_bytes()


def signed_by_a_stranger(data: bytes, name: str) -> bytes:
    """A CA certificate with the key of `data` and another or the same name, by an authority that nobody knows."""
    it = x509.load_der_x509_certificate(data)
    stranger = ec.generate_private_key(ec.SECP256R1())
    parts = [
        x509.NameAttribute(one.oid, name if one.oid == NameOID.COMMON_NAME else str(one.value)) for one in it.subject
    ]
    made = (
        x509.CertificateBuilder()
        .subject_name(x509.Name(parts) if name != "Root R1" else it.subject)
        .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Stranger")]))
        .public_key(it.public_key())
        .serial_number(77)
        .not_valid_before(it.not_valid_before_utc)
        .not_valid_after(it.not_valid_after_utc)
    )
    own = x509.AuthorityKeyIdentifier(b"stranger", None, None)
    for extension in it.extensions:
        if not isinstance(extension.value, x509.AuthorityKeyIdentifier):
            made = made.add_extension(extension.value, extension.critical)
    return made.add_extension(own, False).sign(stranger, hashes.SHA256()).public_bytes(serialization.Encoding.DER)


def test_a_file_among_the_known_ones_that_no_record_made(rehearsed: Path, keys: Keys, tmp_path: Path) -> None:
    file = "inputs/known/root-r0.cert.der"
    forged = under_another_name(rehearsed, keys, file, root_r1(rehearsed).replace(b"Root R1", b"Root X1"))
    answer = judged(rehearsed, forged, tmp_path / "record", "001-root")
    expect("continuity", f"{file} was made in no earlier record", answer)


def test_an_issuer_elsewhere_that_is_not_signed_by_itself_as_it_says(
    rehearsed: Path, keys: Keys, tmp_path: Path
) -> None:
    data = root_r1(rehearsed).replace(b"Root R1", b"Root X1")
    forged = under_another_name(rehearsed, keys, "inputs/root-r0.cert.der", data)
    said = "int-1: the certificate of its issuer, signed by itself: the signature is not valid"
    expect("artifacts", said, judged(rehearsed, forged, tmp_path / "record"))


def test_an_issuer_elsewhere_whose_name_no_record_gave_to_the_key(rehearsed: Path, keys: Keys, tmp_path: Path) -> None:
    data = signed_by_a_stranger(root_r1(rehearsed), "Root X1")
    forged = under_another_name(rehearsed, keys, "inputs/root-r0.cert.der", data)
    answer = judged(rehearsed, forged, tmp_path / "record", "001-root")
    for name in MADE_BY_ROOT_R1:
        said = f"{name}: no record has the name and the key of its issuer together"
        expect("continuity", said, answer)
    assert judged(rehearsed, forged, tmp_path / "alone")[0] == 0, "alone it cannot be told"


@pytest.mark.parametrize(
    "operations",
    [
        key("key-i9") + certificate("subordinate", "int-9", "Int 9", issuer="x.der", key="key-i9"),
        crl("crl-x-1", "x.der", 3),
    ],
    ids=["a certificate", "a CRL"],
)
def test_the_program_takes_no_issuer_that_gives_its_key_a_name(
    rehearsed: Path, tmp_path: Path, operations: str
) -> None:
    unsigned = root_r1(rehearsed).replace(b"Root R1", b"Root X1")
    strange = signed_by_a_stranger(root_r1(rehearsed), "Root X1")
    for number, (data, code) in enumerate({unsigned: "plan.issuer_unsigned", strange: "plan.issuer_unknown"}.items()):
        root = copied(rehearsed, tmp_path / str(number))
        assert refused_plan(root, "003-revoke", operations, {"x.der": data}) == {code}


def test_a_cross_certificate_by_others_issues(rehearsed: Path, tmp_path: Path) -> None:
    """It has the name and the key of root-r1, and of its signature nothing is known here."""
    root = copied(rehearsed, tmp_path)
    operations = key("key-i9") + certificate("subordinate", "int-9", "Int 9", issuer="x.der", key="key-i9")
    plan = make_plan(root, "003-revoke", operations + crl("crl-r1-3", "x.der", 3), DAYS["003-revoke"])
    (plan / "inputs" / "x.der").write_bytes(signed_by_a_stranger(root_r1(root), "Root R1"))
    rehearse(root, plan, VERIFIER.read_bytes())
    records = [record(root, name) for name in BEFORE]
    code, output = verify(*records, "--authority", genesis(root), "--rehearsal")
    assert code == 0, output


# -- what a CRL lists, and when ---------------------------------------------------------------------------------------


def other_parts(data: bytes, change: Mapping[int, bytes | None]) -> bytes:
    """A SEQUENCE some of whose members are other ones, or gone."""
    parts = [member.raw for member in verifier().one_der(data, 0x30, "a sequence").members()]
    changed = [change.get(number, part) for number, part in enumerate(parts)]
    return sequence(*(part for part in changed if part is not None))


def sequence(*parts: bytes) -> bytes:
    made: bytes = verifier().der(0x30, b"".join(parts))
    return made


def utc_time(text: str) -> bytes:
    """`2031-01-01T00:00:00Z` as an UTCTime."""
    made: bytes = verifier().der(0x17, (text[2:].translate(str.maketrans("", "", "-T:"))).encode())
    return made


THIS_UPDATE, NEXT_UPDATE, ENTRIES = 3, 4, 5


def crl_changed(root: Path, forged: Forgery, change: Mapping[int, bytes | None]) -> None:
    """The CRL of the fourth record, drafted and signed with other parts."""
    draft = "drafts/crl-r1-4.tbs"
    forged.files[draft] = other_parts(forged.files[draft], change)
    sign_with_token(root, forged, "crl-r1-4", other_parts(tbs_of(forged, "crl-r1-4"), change))
    if change.get(ENTRIES, b"") is None:
        forged.operation("crl-r1-4")["entries"] = []


def dated(root: Path, forged: Forgery, first: str, last: str, *, entries: bool) -> None:
    """The CRL of the fourth record with planned dates."""
    operation = forged.operation("crl-r1-4")
    del operation["days"]
    operation.update(this_update=first, next_update=last)
    forged.script["drafts"][0]["open"] = []
    change: dict[int, bytes | None] = {THIS_UPDATE: utc_time(first), NEXT_UPDATE: utc_time(last)}
    crl_changed(root, forged, change | ({} if entries else {ENTRIES: None}))
    forged.files["drafts/crl-r1-4.tbs"] = tbs_of(forged, "crl-r1-4")


def expired_yesterday(data: bytes) -> bytes:
    """A certificate with another validity, and a signature that is none."""
    tbs, algorithm, _ = (member.raw for member in verifier().one_der(data, 0x30, "a certificate").members())
    validity = sequence(utc_time("2026-12-08T09:00:00Z"), utc_time("2026-12-09T09:00:00Z"))
    return sequence(other_parts(tbs, {4: validity}), algorithm, verifier().der(3, b"\0garbage"))


@pytest.mark.parametrize("file", ["inputs/old.cert.der", "inputs/known/old.cert.der"])
def test_a_made_up_certificate_does_not_end_a_revocation(revoked: Path, keys: Keys, tmp_path: Path, file: str) -> None:
    forged = Forgery(record(revoked, "004-crl"), keys)
    crl_changed(revoked, forged, {ENTRIES: None})
    revoked_one = (record(revoked, "002-next") / "artifacts" / "int-1.cert.der").read_bytes()
    forged.files[file] = expired_yesterday(revoked_one)
    forged.script["inputs"] = sorted(
        [*forged.script["inputs"], {"digest": "", "file": file}], key=lambda one: str(one["file"])
    )
    answer = judged(revoked, forged, tmp_path / "record", *BEFORE)
    expect("artifacts", "crl-r1-4: the entry 51", answer)
    expect("artifacts", "was dropped", answer)
    # nor where the CRL before is not looked at
    forged.operation("crl-r1-4")["previous"] = ""
    expect("continuity", "crl-r1-4: the entry 51", judged(revoked, forged, tmp_path / "again", *BEFORE))


def test_a_crl_dated_ahead_ends_no_revocation(revoked: Path, keys: Keys, tmp_path: Path) -> None:
    """In 2031 int-1 has expired; no CRL has listed it after that."""
    forged = Forgery(record(revoked, "004-crl"), keys)
    dated(revoked, forged, "2031-01-01T00:00:00Z", "2031-12-31T23:59:59Z", entries=False)
    answer = judged(revoked, forged, tmp_path / "record", *BEFORE)
    expect("artifacts", "crl-r1-4: is dated ahead of its issuance", answer)
    module = verifier()
    before = module.read_crl((record(revoked, "003-revoke") / "artifacts" / "crl-r1-3.crl").read_bytes())
    after = module.read_crl(forged.files["artifacts/crl-r1-4.crl"])
    int_1, root = (
        module.read_certificate((record(revoked, ceremony) / "artifacts" / f"{name}.cert.der").read_bytes())
        for ceremony, name in (("002-next", "int-1"), ("001-root", "root-r1"))
    )
    assert int_1.not_after < after.this_update
    with pytest.raises(module.Bad, match="was dropped"):
        module.entries_kept(before, after, [int_1], root.key)


def test_a_crl_dated_ahead_with_every_entry(revoked: Path, keys: Keys, tmp_path: Path) -> None:
    forged = Forgery(record(revoked, "004-crl"), keys)
    dated(revoked, forged, "2027-01-01T00:00:00Z", "2027-12-31T23:59:59Z", entries=True)
    answer = judged(revoked, forged, tmp_path / "record", *BEFORE)
    expect("artifacts", "crl-r1-4: is dated ahead of its issuance", answer)


def with_dates(operation: str, first: str, last: str) -> str:
    return operation.replace("days = 365", f'this-update = "{first}"\nnext-update = "{last}"')


def test_the_program_dates_no_crl_ahead(rehearsed: Path, tmp_path: Path) -> None:
    root = copied(rehearsed, tmp_path)
    plan = with_dates(crl("crl-r1-3", "root-r1", 3), "2026-12-15T21:00:01Z", "2027-12-15T09:00:00Z")
    assert refused_plan(root, "003-revoke", plan) == {"crl.this_update"}


@pytest.mark.parametrize("first", ["2026-12-15T09:00:00Z", "2026-12-08T22:00:00Z", "2026-12-15T21:00:00Z"])
def test_a_crl_with_planned_dates_is_accepted(rehearsed: Path, tmp_path: Path, first: str) -> None:
    """A private authority may date one as the one before, or as the window closes, and is warned."""
    root = copied(rehearsed, tmp_path)
    operation = with_dates(crl("crl-r1-3", "root-r1", 3), first, "2027-12-01T00:00:00Z")
    plan = make_plan(root, "003-revoke", operation, DAYS["003-revoke"])
    rehearse(root, plan, VERIFIER.read_bytes())
    records = [record(root, name) for name in BEFORE]
    code, output = verify(*records, "--authority", genesis(root), "--rehearsal")
    assert code == 0, output


def test_a_crl_older_than_the_one_before_though_none_is_named(revoked: Path, keys: Keys, tmp_path: Path) -> None:
    forged = Forgery(record(revoked, "004-crl"), keys)
    forged.operation("crl-r1-4")["previous"] = ""
    dated(revoked, forged, "2020-01-01T00:00:00Z", "2020-12-30T23:59:59Z", entries=True)
    answer = judged(revoked, forged, tmp_path / "record", *BEFORE)
    expect("continuity", "crl-r1-4: is older than the one before it", answer)


def test_a_crl_that_passes_over_the_one_before(revoked: Path, keys: Keys, tmp_path: Path) -> None:
    forged = Forgery(record(revoked, "004-crl"), keys)
    forged.operation("crl-r1-4")["previous"] = ""
    answer = judged(revoked, forged, tmp_path / "record", *BEFORE)
    expect("continuity", "crl-r1-4: the CRL before it is not the one of root-r1 that the records have", answer)


# -- names ------------------------------------------------------------------------------------------------------------


def renamed(forged: Forgery, old: str, new: str) -> None:
    """Something is called otherwise, wherever it is named."""
    forged.script = json.loads(json.dumps(forged.script).replace(old, new))
    forged.events = [json.loads(json.dumps(event).replace(old, new)) for event in forged.events]
    forged.files = {path.replace(old, new): data for path, data in forged.files.items()}


@pytest.mark.parametrize(("mine", "theirs"), [("root-r2", "root-r1"), ("int-1", "crl-r1-1"), ("int-2", "share-hsm-1")])
def test_an_id_of_an_earlier_record_is_given_again(
    rehearsed: Path, keys: Keys, tmp_path: Path, mine: str, theirs: str
) -> None:
    """The second record calls its own root as the first one called another."""
    forged = Forgery(record(rehearsed, "002-next"), keys)
    renamed(forged, mine, theirs)
    answer = judged(rehearsed, forged, tmp_path / "record", "001-root")
    expect("continuity", f"{theirs} is the id of something else in an earlier record", answer)


SECOND_TOKEN = '\n[[tokens]]\nid = "hsm-2"\nkind = "software"\nlocation = "tokens/hsm-2"\nserial = "EX-2"\n'
COPY = '[[operations]]\nkind = "import-key"\nid = "key-r1-east"\nkey = "key-r1"\ntoken = "hsm-2"\n'


def test_a_copy_has_the_name_of_another_key(tmp_path: Path) -> None:
    """A later record would sign with it as if it were that one."""
    root = make_authority(tmp_path / "authority")
    with (root / "authority.toml").open("a") as file:
        file.write(SECOND_TOKEN)
    make_plan(root, "001-root", FIRST + key("key-r0"))
    plan = make_plan(root, "002-next", SHARE.replace("hsm-1", "hsm-2") + COPY, "2026-12-08T09:00:00Z")
    rehearse(root, plan, VERIFIER.read_bytes())
    forged = Forgery(record(root, "002-next"), stand_ins(root))
    forged.script["keys"] = [one for one in forged.script["keys"] if one["id"] != "key-r0"]
    renamed(forged, "key-r1-east", "key-r0")
    answer = judged(root, forged, tmp_path / "record", "001-root")
    expect("continuity", "key-r0 is the id of something else in an earlier record", answer)


@pytest.mark.parametrize("name", ["root-r1", "crl-r1-1", "share-hsm-1", "key-r1"])
def test_the_program_gives_no_id_again(rehearsed: Path, tmp_path: Path, name: str) -> None:
    assert refused_plan(copied(rehearsed, tmp_path), "003-revoke", key(name)) == {"plan.operation_known"}


# -- from when a certificate is valid ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("planned", "said"),
    [
        (("2019-01-01T00:00:00Z", "2021-09-26T23:59:59Z"), "int-1: is planned with days, and not from the opening of"),
        (("", ""), "int-1: is planned without dates"),
    ],
)
def test_a_certificate_with_days_is_dated_back(
    rehearsed: Path, keys: Keys, tmp_path: Path, planned: tuple[str, str], said: str
) -> None:
    """People read how many days it is valid, and it was valid years ago."""
    forged = Forgery(record(rehearsed, "002-next"), keys)
    operation = forged.operation("int-1")
    assert operation["days"] == 1000
    operation["not_before"], operation["not_after"] = planned
    change = {4: sequence(utc_time("2019-01-01T00:00:00Z"), utc_time("2021-09-26T23:59:59Z"))}
    forged.files["drafts/int-1.tbs"] = other_parts(forged.files["drafts/int-1.tbs"], change)
    sign_with_token(rehearsed, forged, "int-1", other_parts(tbs_of(forged, "int-1"), change))
    expect("artifacts", said, judged(rehearsed, forged, tmp_path / "record", "001-root"))


def test_the_program_takes_days_or_dates(rehearsed: Path, tmp_path: Path) -> None:
    """With days, notBefore is the opening of the window; with dates there are no days."""
    back = certificate("root", "root-r3", "Root R3", key="key-r3", **{"not-before": "2019-01-01T00:00:00Z"})
    assert refused_plan(copied(rehearsed, tmp_path), "003-revoke", key("key-r3") + back) == {"plan.validity"}


# -- what a key is for ------------------------------------------------------------------------------------------------

UNWATCHED = key("key-i9").replace('use = "root"', 'use = "internal-ca"')
ROOT_R9 = certificate("root", "root-r9", "Root R9", 3650, key="key-i9")


@pytest.fixture(scope="module")
def relabelled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A private authority, which may: the first ceremony generates a key for a subordinate, the second makes it a root.

    It asks for pkilint, as the rules webpki do.
    """
    root = make_authority(tmp_path_factory.mktemp("relabelled") / "authority")
    path = root / "authority.toml"
    path.write_text(path.read_text().replace("crl-days = 365", 'crl-days = 365\nlinters = ["pkilint"]'))
    make_plan(root, "001-root", FIRST + UNWATCHED)
    rehearse(root, make_plan(root, "002-next", ROOT_R9, "2026-12-08T09:00:00Z"), VERIFIER.read_bytes())
    return root


def of_the_web(root: Path, *names: str) -> list[Forgery]:
    """These records as real ones under the rules webpki, each after the one before."""
    forged = [Forgery(record(root, name), stand_ins(root)) for name in names]
    for one in forged:
        webpki(one)
    return forged


def judged_as_real(forged: list[Forgery], folder: Path) -> tuple[int, str]:
    before = "genesis"
    for number, one in enumerate(forged):
        one.script["predecessor"] = before
        one.reseal().write(folder / str(number))
        before = canonical.digest(one.files["checkpoint"])
    genesis_digest = canonical.digest(forged[0].files["authority/000.json"])
    return verify(*(folder / str(number) for number in range(len(forged))), "--authority", genesis_digest)


def test_the_key_of_a_root_is_called_another_so_that_nobody_watches(relabelled: Path, tmp_path: Path) -> None:
    (forged,) = of_the_web(relabelled, "001-root")
    assert judged_as_real([forged], tmp_path / "honest")[0] == 0
    forged.script["witnessing"] = {"auditor": "", "policy": "", "recording": False}
    for act in forged.script["acts"]:
        act["present"].remove("au")
    forged.operation("key-r1")["use"] = "internal-ca"
    for event in forged.all("approved", "key-r1"):
        signature = event["body"]["signature"]
        signature["statement"] = signature["statement"].replace("use: root", "use: internal-ca")
    answer = judged_as_real([forged], tmp_path / "record")
    expect("script", "root-r1: its key key-r1 is generated as internal-ca, which nobody need watch", answer)


def test_a_key_that_nobody_needed_to_watch_becomes_a_root_later(relabelled: Path, tmp_path: Path) -> None:
    answer = judged_as_real(of_the_web(relabelled, "001-root", "002-next"), tmp_path)
    assert refused(answer[1]) == {"continuity"}, answer[1]
    expect("continuity", "root-r9: its key was generated as internal-ca, which nobody needed to watch", answer)


def test_a_private_authority_may(relabelled: Path) -> None:
    records = (record(relabelled, name) for name in ("001-root", "002-next"))
    code, output = verify(*records, "--authority", genesis(relabelled), "--rehearsal")
    assert code == 0, output


@pytest.mark.parametrize("operations", [ROOT_R9, UNWATCHED.replace("key-i9", "key-i8") + ROOT_R9.replace("i9", "i8")])
def test_the_program_makes_no_root_of_the_web_of_it(relabelled: Path, tmp_path: Path, operations: str) -> None:
    root = copied(relabelled, tmp_path)
    shutil.rmtree(root / "ceremonies" / "002-next")
    path = root / "authority.toml"
    path.write_text(path.read_text().replace('rules = "private"', 'rules = "webpki"'))
    assert refused_plan(root, "003-revoke", operations) == {"plan.root_key_use"}


def test_a_crl_of_the_web_is_not_dated_ahead_of_the_hour_of_its_drafting(relabelled: Path, tmp_path: Path) -> None:
    (forged,) = of_the_web(relabelled, "001-root")
    operation = forged.operation("crl-r1-1")
    del operation["days"]
    first, last = "2026-12-01T21:00:00Z", "2027-12-01T20:59:59Z"
    operation.update(this_update=first, next_update=last)
    change: dict[int, bytes | None] = {THIS_UPDATE: utc_time(first), NEXT_UPDATE: utc_time(last)}
    draft = next(one for one in forged.script["drafts"] if one["operation"] == "crl-r1-1")
    draft["open"].remove("this-update")
    draft["open"].remove("next-update")
    forged.files["drafts/crl-r1-1.tbs"] = other_parts(forged.files["drafts/crl-r1-1.tbs"], change)
    sign_with_token(relabelled, forged, "crl-r1-1", other_parts(tbs_of(forged, "crl-r1-1"), change))
    expect("artifacts", "crl-r1-1: is dated ahead of its issuance", judged_as_real([forged], tmp_path))


# -- what is adopted on the day ---------------------------------------------------------------------------------------

PROOF = '[[operations]]\nkind = "import-key"\nid = "key-2010"\nkey = "root-2010"\ntoken = "hsm-1"\n'


def test_the_program_adopts_a_crl_before_the_day_of_the_next_one(tmp_path: Path) -> None:
    """The CRL of that day would not follow it: the register has it only afterwards."""
    root = adopting_authority(tmp_path / "authority", make_ca(tmp_path / "ca", "Old Root", P256))
    things = [name for name in ADOPTED if name != "crl-2010-7"]
    rehearse(root, make_plan(root, "001-root", SHARE + PROOF, adopt=things), VERIFIER.read_bytes())
    plan = make_plan(root, "002-next", crl("crl-1", "root-2010", 1), "2026-12-08T09:00:00Z", adopt=["crl-2010-7"])
    with pytest.raises(Refusal) as caught:
        rehearse(root, plan, VERIFIER.read_bytes())
    assert caught.value.code == "adopt.crl_first"


def test_a_share_set_in_force_is_left_out_so_that_its_holders_are_nobody(
    rehearsed: Path, keys: Keys, tmp_path: Path
) -> None:
    """Who holds a share of a token neither approves nor commands what it does."""
    forged = Forgery(record(rehearsed, "002-next"), keys)
    forged.script["sets"] = []
    answer = judged(rehearsed, forged, tmp_path / "record", "001-root")
    expect("continuity", "the share set of hsm-1, user, is in force, and the script passes over it", answer)
