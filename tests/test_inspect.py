"""Inspecting and comparing: any object in the words of the script, and whatever is handed in never a traceback."""

from __future__ import annotations

import random
import re
import subprocess
from pathlib import Path

import pytest

from example import make_authority, make_csr
from quorate import canonical
from quorate.compliance import OF_ISSUER, OF_KEY, OF_PROFILE, OF_REGISTER, RULES
from quorate.dnssec.forms import written
from quorate.dnssec.ksr_layout import write_ksr, write_skr
from quorate.dnssec.records import dnskey_line
from quorate.words import words
from quorate.x509.profile import SHIPPED
from refusing import refused, run
from zones import Zone


@pytest.fixture(scope="module")
def first(rehearsed: Path) -> Path:
    return rehearsed / "ceremonies" / "001-root" / "rehearsal" / "record"


@pytest.fixture(scope="module")
def last(rehearsed: Path) -> Path:
    return rehearsed / "ceremonies" / "002-next" / "rehearsal" / "record"


def openssl(*arguments: object) -> str:
    return subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True, text=True).stdout


def make_certificate(folder: Path, *options: str, key: str = "ed25519", subject: str = "/CN=Old Root") -> Path:
    """A self-signed certificate by openssl, with its key beside it."""
    made = folder / "made.pem"
    arguments = ["req", "-x509", "-newkey", *key.split(), "-nodes", "-keyout", folder / "made.key", "-subj", subject]
    openssl(*arguments, "-out", made, *options)
    return made


def lines_of(path: Path, *options: object) -> list[str]:
    outcome = run("inspect", *options, path)
    assert (outcome.code, outcome.err) == (0, "")
    return [line.strip() for line in outcome.out.splitlines()]


# -- inspect ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("operation", ["root-r2", "cross-r2", "int-1", "int-2"])
def test_a_certificate_is_read_in_the_words_and_order_of_the_printed_script(last: Path, operation: str) -> None:
    said = lines_of(last / "artifacts" / f"{operation}.cert.pem")
    script = (last / "script.txt").read_text()
    (printed,) = re.findall(rf"Issue the certificate {operation}\n((?:      .*\n)+)", script)
    terms = ("subject", "serial", "valid")
    assert [line for line in said if line.startswith(terms)] == [
        line.strip() for line in printed.splitlines() if line.strip().startswith(terms)
    ]
    order = [line.partition(":")[0] for line in said]
    assert order.index("subject") < order.index("issuer") < order.index("serial") < order.index("valid")


def test_a_certificate_says_what_openssl_says(last: Path) -> None:
    path = last / "artifacts" / "int-1.cert.der"
    said = lines_of(path)
    dump = openssl(
        "x509", "-in", path, "-noout", "-serial", "-fingerprint", "-sha256", "-issuer", "-nameopt", "RFC2253"
    )
    values = dict(line.split("=", 1) for line in dump.splitlines())
    fingerprint = values["sha256 Fingerprint"].replace(":", "").lower()
    assert f"serial: {values['serial'].lower()}" in said
    assert f"issuer: {values['issuer']}" in said
    assert f"fingerprint: sha256:{fingerprint}" in said
    at = said.index(f"fingerprint: sha256:{fingerprint}")
    spoken = words(bytes.fromhex(fingerprint))
    assert said[at + 1 : at + 3] == [f"words: {' '.join(spoken[:16])}", " ".join(spoken[16:])]


def test_a_certificate_of_the_authority_is_judged_beside_its_register(last: Path) -> None:
    said = lines_of(last / "artifacts" / "cross-r2.cert.der")
    assert "signature: holds, by the key of root-r1" in said
    assert said[-1] == "judged as: private-cross, the usual profile of its class"


def test_a_crl_names_its_number_its_days_and_every_revoked_serial(last: Path) -> None:
    said = lines_of(last / "artifacts" / "crl-r1-2.crl.pem")
    assert "number: 2" in said
    assert "revoked: none" in said
    assert any(line.startswith("valid: 2026-12-08T") and line.endswith(", 365 days") for line in said)
    assert "signature: holds, by the key of root-r1" in said


def test_a_template_is_a_draft_whose_key_is_a_stand_in(last: Path) -> None:
    said = lines_of(last / "drafts" / "root-r2.tbs")
    assert said[0].endswith("root-r2.tbs: draft of a certificate")
    assert "signature: none" in said
    assert [line for line in said if line.startswith("error")] == [
        "error: key.stand_in: private-root: the key is a stand-in, whose private key everyone knows  [BR 6.1.1.3]"
    ]


def test_a_draft_has_the_digest_that_the_script_prints(last: Path) -> None:
    said = lines_of(last / "drafts" / "int-1.tbs")
    printed = (last / "script.txt").read_text()
    (digest,) = [line for line in said if line.startswith("digest: ")]
    assert digest in printed


def test_a_request_and_its_public_key_are_read(last: Path, tmp_path: Path) -> None:
    request = last / "inputs" / "i1.csr.pem"
    said = lines_of(request)
    assert said[0].endswith("i1.csr.pem: certification request")
    assert {"subject: CN=I1,O=Example Trust,C=NL", "key: p-256", "signature: holds, by its own key"} <= set(said)
    (tmp_path / "key.pem").write_text(openssl("req", "-in", request, "-noout", "-pubkey"))
    of_key = lines_of(tmp_path / "key.pem")
    assert of_key[0].endswith("key.pem: public key")
    assert [line for line in of_key if line.startswith("spki")] == [line for line in said if line.startswith("spki")]


def test_a_request_shows_what_else_it_asks_for(tmp_path: Path) -> None:
    arguments = ["req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=I"]
    arguments += ["-addext", "subjectAltName=DNS:ca.example", "-keyout", tmp_path / "key", "-out", tmp_path / "csr"]
    openssl(*arguments)
    assert "requested-subject-alternative-name: ca.example" in lines_of(tmp_path / "csr")


def test_a_request_that_repeats_a_root_asks_for_nothing_more(tmp_path: Path) -> None:
    made = make_certificate(tmp_path, key="ec -pkeyopt ec_paramgen_curve:P-256")
    asked = ["req", "-new", "-key", tmp_path / "made.key", "-subj", "/CN=Old Root", "-out", tmp_path / "csr"]
    openssl(*asked)
    assert not any(line.startswith("error") for line in lines_of(tmp_path / "csr", "--issuer", made))
    openssl(*asked, "-addext", "subjectAltName=DNS:ca.example")
    said = lines_of(tmp_path / "csr", "--issuer", made)
    assert [line for line in said if line.startswith("error: csr.attributes: ")]
    assert not any(line.startswith("error") for line in lines_of(tmp_path / "csr"))


def make_response(folder: Path) -> Path:
    """An OCSP response by openssl, signed by the issuer itself: the certificate 0A is revoked."""
    make_certificate(folder, key="ec -pkeyopt ec_paramgen_curve:P-256")
    (folder / "index").write_text("R\t301231235959Z\t260101000000Z,superseded\t0A\tunknown\t/CN=x\n")
    sign = ["-index", folder / "index", "-rsigner", folder / "made.pem", "-rkey", folder / "made.key", "-ndays", "7"]
    asked = ["-issuer", folder / "made.pem", "-serial", "0x0A", "-no_nonce", "-reqout", folder / "asked"]
    openssl("ocsp", *asked)
    answer = ["-CA", folder / "made.pem", "-reqin", folder / "asked", "-respout", folder / "response.der"]
    openssl("ocsp", *sign, *answer)
    return folder / "response.der"


def test_an_ocsp_response_says_of_which_certificate_it_says_what(tmp_path: Path) -> None:
    path = make_response(tmp_path)
    said = lines_of(path, "--issuer", tmp_path / "made.pem")
    assert said[0].endswith("response.der: OCSP response")
    assert {"responder: CN=Old Root", "serial: 0a", "status: revoked 2026-01-01T00:00:00Z superseded"} <= set(said)
    assert any(line.startswith("signature: holds, by the key of ") for line in said)
    (tmp_path / "false.der").write_bytes(path.read_bytes().replace(b"\x02\x01\x0a", b"\x02\x01\x0b", 1))
    assert "signature: does not hold" in run("inspect", tmp_path / "false.der").out
    assert compared(path, path) == []


def test_a_bundle_is_read_block_by_block(first: Path, last: Path, tmp_path: Path) -> None:
    parts = [first / "artifacts" / "root-r1.cert.pem", last / "artifacts" / "crl-r1-2.crl.pem"]
    bundle = tmp_path / "bundle.pem"
    bundle.write_text("a root\n" + "and its CRL\n".join(part.read_text() for part in parts))
    said = lines_of(bundle)
    assert f"{bundle}[1]: certificate" in said
    assert f"{bundle}[2]: CRL" in said


def test_outside_an_authority_an_issuer_is_given(first: Path, last: Path, tmp_path: Path) -> None:
    alone = tmp_path / "int.pem"
    alone.write_bytes((last / "artifacts" / "int-1.cert.pem").read_bytes())
    issuer, other = first / "artifacts" / "root-r1.cert.pem", last / "artifacts" / "root-r2.cert.pem"
    unsure = lines_of(alone)
    assert "signature: not checked, for its issuer is not at hand" in unsure
    assert not [line for line in unsure if line.startswith("error")]
    assert f"signature: holds, by the key of {issuer}" in lines_of(alone, "--issuer", other, "--issuer", issuer)
    refused = run("inspect", "--issuer", other, alone)
    assert refused.code == 1
    assert f"signature: does not hold with the key of {other}" in refused.out
    assert "error: cert.issuer_name" not in refused.out
    assert "x509.not_one_object" in run("inspect", "--issuer", last / "inputs" / "i1.csr.pem", alone).err


def test_the_rules_are_those_of_the_authority_above(tmp_path: Path) -> None:
    root = make_authority(tmp_path / "authority", rules="webpki")
    made = make_certificate(root, "-days", "100", key="ec -pkeyopt ec_paramgen_curve:P-256")
    said = lines_of(made)
    assert "judged as: webpki-root, the usual profile of its class" in said
    assert any(line.startswith("error: cert.root_days_least: ") for line in said)
    (tmp_path / "made.pem").write_bytes(made.read_bytes())
    assert not any("cert.root_days_least" in line for line in lines_of(tmp_path / "made.pem"))
    named = lines_of(tmp_path / "made.pem", "--profile", "webpki-root")
    assert any(line.startswith("error: cert.profile_differs") for line in named)


@pytest.mark.parametrize(
    "key", ["ec -pkeyopt ec_paramgen_curve:secp256k1", "ec -pkeyopt ec_paramgen_curve:P-384 -sha224", "rsa:1024 -sha1"]
)
def test_a_signature_out_of_fashion_is_no_false_one(tmp_path: Path, key: str) -> None:
    said = lines_of(make_certificate(tmp_path, key=key))
    assert "signature: holds, by its own key, with an algorithm that the rules do not know" in said
    assert any(line.startswith("error: ") for line in said)
    assert not any("x509.signature_invalid" in line for line in said)


def test_a_register_that_cannot_be_folded_hides_no_object(tmp_path: Path) -> None:
    root = make_authority(tmp_path / "authority", rules="webpki")
    made = make_certificate(root, "-days", "100", key="ec -pkeyopt ec_paramgen_curve:P-256")
    record = root / "ceremonies" / "001-root" / "record"
    record.mkdir(parents=True)
    (record / "checkpoint").write_text("?")
    outcome = run("inspect", made)
    assert (outcome.code, outcome.codes) == (0, ["record.incomplete"])
    assert "judged as: webpki-root" in outcome.out


def test_a_false_signature_is_refused(last: Path, tmp_path: Path) -> None:
    data = bytearray((last / "artifacts" / "root-r2.cert.der").read_bytes())
    data[-1] ^= 1
    (tmp_path / "false.der").write_bytes(data)
    outcome = run("inspect", tmp_path / "false.der")
    assert outcome.code == 1
    assert "signature: does not hold with its own key" in outcome.out


def test_a_weak_key_is_found_wherever_it_stands(tmp_path: Path) -> None:
    made = make_certificate(tmp_path, key="rsa:1024 -sha256")
    (tmp_path / "key.pem").write_text(openssl("x509", "-in", made, "-noout", "-pubkey"))
    for path in (made, tmp_path / "key.pem"):
        assert any(line.startswith("error: key.modulus_size: ") for line in lines_of(path))


def test_a_private_key_is_not_read(tmp_path: Path) -> None:
    make_certificate(tmp_path)
    outcome = run("inspect", tmp_path / "made.key")
    assert (outcome.code, outcome.codes) == (1, ["x509.private_key"])


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "neither DER nor whole PEM blocks"),
        (b"hello\n", "neither DER nor whole PEM blocks"),
        (b"\x30", ""),
        (b"\x30\x80\x00\x00", ""),
        (b"\x30\x03\x02\x01\x05", "it is none of the objects known here"),
        (b"-----BEGIN CERTIFICATE-----\n", "neither DER nor whole PEM blocks"),
        (b"-----BEGIN CERTIFICATE-----\nMAA=\n-----END X509 CRL-----\n", "neither DER nor whole PEM blocks"),
        (b"-----BEGIN CERTIFICATE-----\nMA=A\n-----END CERTIFICATE-----\n", "the PEM block is not base64"),
        (b"-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n", "the PEM block is labelled CERTIFICATE"),
        (b"-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n" * 1001, "more than 1000 PEM blocks"),
        (b"\x30" * (16 * 2**20 + 1), "16777217 octets are too many"),
    ],
)
def test_garbage_is_refused_in_one_line(tmp_path: Path, data: bytes, says: str) -> None:
    (tmp_path / "garbage").write_bytes(data)
    outcome = run("inspect", tmp_path / "garbage")
    assert (outcome.code, len(outcome.codes)) == (1, 1)
    assert says in outcome.err
    assert "Traceback" not in outcome.err


def test_what_is_wrong_with_one_file_hides_no_other(first: Path, tmp_path: Path) -> None:
    (tmp_path / "garbage").write_bytes(b"?")
    outcome = run("inspect", tmp_path / "garbage", first / "artifacts" / "root-r1.cert.der")
    assert (outcome.code, outcome.codes) == (1, ["x509.not_one_object"])
    assert "subject: CN=Root R1" in outcome.out


OF_EACH_KIND = (
    "artifacts/int-1.cert.der",
    "artifacts/crl-r1-2.crl",
    "artifacts/key-r2.spki.der",
    "drafts/int-2.tbs",
    "inputs/i1.csr.pem",
)


@pytest.mark.parametrize("name", OF_EACH_KIND)
def test_no_changed_octet_leads_to_a_traceback(last: Path, tmp_path: Path, name: str) -> None:
    """Two hundred places, each with another octet in it, and as many lengths."""
    good = (last / name).read_bytes()
    chance = random.Random(name)
    for number in range(200):
        data = bytearray(good)
        data[chance.randrange(len(data))] = chance.randrange(256)
        path = tmp_path / f"{number}"
        path.write_bytes(data if number % 2 else data[: chance.randrange(len(data))])
    outcome = run("inspect", *(tmp_path / str(number) for number in range(200)))
    assert outcome.code == 1
    assert "Traceback" not in outcome.err


def test_what_a_name_says_is_no_command_to_the_terminal(tmp_path: Path) -> None:
    said = run("inspect", make_certificate(tmp_path, "-utf8", subject="/CN=\x1b[2JRoot"))
    assert "\x1b" not in said.out
    assert "[2JRoot" in said.out


def test_what_is_set_aside_are_codes_of_rules() -> None:
    known = {rule.code for rule in RULES}
    assert known | {"cert.purposes_of_key"} >= OF_ISSUER | OF_KEY | OF_PROFILE | OF_REGISTER


# -- compare ----------------------------------------------------------------------------------------------------------


def compared(first: Path, second: Path) -> list[str]:
    """The fields that differ; the exit code says whether there are any."""
    outcome = run("compare", first, second)
    names = [line for line in outcome.out.splitlines() if not line.startswith(" ")]
    assert outcome.code == (0 if names == ["no difference"] else 1)
    assert outcome.err == ""
    return [] if names == ["no difference"] else names


def test_two_encodings_of_one_object_are_no_difference(last: Path) -> None:
    for name in ("root-r2.cert", "crl-r1-2.crl"):
        der = last / "artifacts" / (f"{name}.der" if "cert" in name else name)
        assert compared(der, last / "artifacts" / f"{name}.pem") == []


def test_a_template_differs_from_what_came_of_it_in_its_open_fields_only(last: Path) -> None:
    assert compared(last / "drafts" / "root-r2.tbs", last / "artifacts" / "root-r2.cert.der") == ["spki", "ski", "aki"]
    assert compared(last / "drafts" / "int-1.tbs", last / "artifacts" / "int-1.cert.der") == []
    crl = compared(last / "drafts" / "crl-r1-2.tbs", last / "artifacts" / "crl-r1-2.crl")
    assert set(crl) <= {"this-update", "next-update"}


def test_a_root_and_its_cross_certificate_differ_in_what_the_issuer_gave(last: Path) -> None:
    differing = compared(last / "artifacts" / "root-r2.cert.der", last / "artifacts" / "cross-r2.cert.der")
    assert differing == [
        "serial",
        "issuer",
        "not-after",
        "aki",
        "ca-issuers-url",
        "crl-url",
        "signature",
    ]


def test_a_request_and_its_certificate_agree_in_subject_and_key(last: Path) -> None:
    request = last / "inputs" / "i1.csr.pem"
    assert compared(request, last / "artifacts" / "int-1.cert.der") == []
    assert compared(last / "artifacts" / "int-2.cert.der", request) == ["subject", "spki"]
    assert compared(request, last / "inputs" / "i2.csr.pem") == ["subject", "spki"]


def test_a_public_key_is_compared_with_whatever_has_one(last: Path) -> None:
    key = last / "artifacts" / "key-r2.spki.der"
    assert compared(key, last / "artifacts" / "root-r2.cert.pem") == []
    assert compared(key, last / "inputs" / "i1.csr.pem") == ["spki"]


def make_crl(folder: Path, entries: list[tuple[str, str]]) -> Path:
    """A CRL by openssl over a hand-written index of (serial, reason)."""
    make_certificate(folder, key="ec -pkeyopt ec_paramgen_curve:P-256")
    index = "".join(
        f"R\t301231235959Z\t260101000000Z,{reason}\t{serial}\tunknown\t/CN=x\n" for serial, reason in entries
    )
    (folder / "index").write_text(index)
    (folder / "number").write_text("07\n")
    settings = f"[ca]\ndefault_ca=a\n[a]\ndatabase={folder}/index\ncrlnumber={folder}/number\ndefault_md=sha256\n"
    (folder / "config").write_text(settings + "default_crl_days=10\n")
    arguments = ["ca", "-gencrl", "-config", folder / "config", "-cert", folder / "made.pem", "-keyfile"]
    openssl(*arguments, folder / "made.key", "-out", folder / "crl.pem")
    return folder / "crl.pem"


def test_crl_entries_that_came_went_and_changed_are_named_one_by_one(tmp_path: Path) -> None:
    for name in "ab":
        (tmp_path / name).mkdir()
    one = make_crl(tmp_path / "a", [("0A", "superseded"), ("0B", "superseded"), ("0C", "superseded")])
    other = make_crl(tmp_path / "b", [("0A", "superseded"), ("0B", "keyCompromise"), ("0D", "superseded")])
    outcome = run("compare", one, other)
    assert "entry 0b\n  - 2026-01-01T00:00:00Z superseded\n  + 2026-01-01T00:00:00Z keyCompromise\n" in outcome.out
    assert "entry 0c\n  - 2026-01-01T00:00:00Z superseded\n  + absent\n" in outcome.out
    assert "entry 0d\n  - absent\n  + 2026-01-01T00:00:00Z superseded\n" in outcome.out
    assert "entry 0a" not in outcome.out


def test_names_of_equal_text_in_other_encodings_differ(tmp_path: Path) -> None:
    for name in "ab":
        (tmp_path / name).mkdir()
    key = "ec -pkeyopt ec_paramgen_curve:P-256"
    one = make_certificate(tmp_path / "a", key=key)
    other = make_certificate(tmp_path / "b", key=f"{key} -config {settings(tmp_path)}")
    outcome = run("compare", one, other)
    assert "subject\n  - CN=Old Root, encoded in one way\n  + CN=Old Root, encoded in another\n" in outcome.out


def settings(folder: Path) -> Path:
    """An openssl configuration that writes names as PrintableString."""
    path = folder / "config"
    path.write_text(
        "[req]\nstring_mask=default\ndistinguished_name=d\nx509_extensions=v3\n[d]\n[v3]\nbasicConstraints=critical,CA:true\n"
    )
    return path


def test_what_has_nothing_in_common_is_not_compared(last: Path, tmp_path: Path) -> None:
    outcome = run("compare", last / "artifacts" / "crl-r1-2.crl", last / "artifacts" / "int-1.cert.der")
    assert (outcome.code, outcome.codes) == (1, ["x509.kinds_differ"])
    both = tmp_path / "both.pem"
    both.write_bytes((last / "artifacts" / "int-1.cert.pem").read_bytes() * 2)
    assert run("compare", both, last / "artifacts" / "int-1.cert.der").codes == ["x509.not_one_object"]


def test_a_profile_is_printed_to_be_copied_into_an_authority(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = make_authority(tmp_path / "authority")
    monkeypatch.chdir(root)
    listed = run("profile").out.splitlines()
    assert "webpki-non-tls: non-tls, TLS Baseline Requirements 2.2.6, BR 7.1.2.3" in listed
    assert [line.partition(":")[0] for line in listed] == list(SHIPPED)
    text = run("profile", "private-non-tls").out
    assert text.startswith("# ")
    (root / "profiles").mkdir()
    (root / "profiles" / "code.toml").write_text(text.replace("private-non-tls", "code").replace("email", "code"))
    assert run("profile", "code").codes == ["x509.profile_invalid"]  # codeProtection is no purpose
    (root / "profiles" / "code.toml").write_text(
        text.replace("private-non-tls", "code").replace("emailProtection", "codeSigning")
    )
    assert 'extended-key-usage = ["codeSigning"]' in run("profile", "code").out
    assert run("profile").out.splitlines() == [*listed, "code: non-tls, RFC 5280 4"]
    refusal = run("profile", "../authority")
    assert (refusal.code, refusal.codes) == (1, ["x509.profile_unknown"])
    assert refusal.err.count("code") > 1
    monkeypatch.chdir(tmp_path)
    assert run("profile", "code").codes == ["x509.profile_unknown"]


def test_a_profile_is_one_of_the_objects_class(last: Path) -> None:
    path = last / "artifacts" / "int-1.cert.der"
    assert run("inspect", "--profile", "private-crl", path).codes == ["x509.profile_of_another"]
    assert run("inspect", "--profile", "nothing", path).codes == ["x509.profile_unknown"]


def test_two_scripts_are_compared_as_they_are_printed(first: Path, last: Path, tmp_path: Path) -> None:
    outcome = run("compare", first / "script.json", last / "script.json")
    assert outcome.code == 1
    assert "-ceremony: 001-root" in outcome.out
    assert "+ceremony: 002-next" in outcome.out
    (tmp_path / "again.json").write_bytes((first / "script.json").read_bytes())
    assert compared(first / "script.json", tmp_path / "again.json") == []


def test_what_a_script_does_not_print_differs_all_the_same(last: Path, tmp_path: Path) -> None:
    text = (last / "script.json").read_text()
    (tmp_path / "other.json").write_text(re.sub(r'"threshold":2', '"threshold":3', text))
    assert run("compare", last / "script.json", tmp_path / "other.json").out == "not printed, and different: sets\n"


def test_a_request_file_for_tests_is_a_real_one(tmp_path: Path) -> None:
    make_csr(tmp_path / "made.csr.pem", "I9")
    assert "subject: CN=I9,O=Example Trust,C=NL" in lines_of(tmp_path / "made.csr.pem")


# -- zones ------------------------------------------------------------------------------------------------------------


def test_the_files_of_a_zone_are_read_and_their_judges_named(tmp_path: Path) -> None:
    zone = Zone(kinds={"ksk-1": "rsa-2048"}, zsk_kinds=("rsa-2048",))
    key, request = zone.pairs["ksk-1"].dnskey, zone.request(0)
    files = {
        "ksk.txt": f"{dnskey_line('.', key)}\n".encode(),
        "ksr.xml": write_ksr(request),
        "skr.xml": write_skr(zone.deploy(request, "normal", {"current": "ksk-1"})),
    }
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
    shown = run("inspect", *(tmp_path / name for name in files))
    assert shown.code == 0, shown.err
    assert (
        f"DNSKEY of ., flags 257, RSASHA256\n  key tag: {key.key_tag}, when revoked {key.revoked.key_tag}" in shown.out
    )
    assert f"DS: {key.key_tag} 8 2 {key.ds('.').digest.hex().upper()}" in shown.out
    assert f"key signing request {request.id}, serial 0, zone ." in shown.out
    assert f"{key.key_tag}/PS ksk-1" in shown.out
    for name, judge in (("ksr.xml", "ksr"), ("skr.xml", "skr")):
        assert f"digest: {canonical.digest(files[name])}" in shown.out
        assert f"judged by: quorate {judge} check" in shown.out


def test_texts_of_other_tools_are_shown_by_slots(tmp_path: Path) -> None:
    zone = Zone(kinds={"ksk-1": "rsa-2048"}, zsk_kinds=("rsa-2048",))
    request = zone.request(0)
    (tmp_path / "ksr.txt").write_bytes(written(request, "bind"))
    (tmp_path / "skr.txt").write_bytes(written(zone.deploy(request, "normal", {"current": "ksk-1"}), "knot"))
    shown = run("inspect", tmp_path / "ksr.txt", tmp_path / "skr.txt")
    assert shown.code == 0, shown.err
    assert "ksr.txt: key signing request in dnssec-ksr's form, zone .\n" in shown.out
    assert "skr.txt: signed key response in keymgr's form, zone .\n" in shown.out
    tags = ",".join(str(key.dnskey.key_tag) for key in request.bundles[0].keys)
    assert f"    1  {request.bundles[0].inception:%Y-%m-%d %H:%M:%S}  {tags}\n" in shown.out
    assert shown.out.count(f"{zone.pairs['ksk-1'].dnskey.key_tag}/PS") == 9
    assert canonical.digest((tmp_path / "ksr.txt").read_bytes()) in shown.out


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"<KSR>", "ksr.not_xml"),
        (b"<!DOCTYPE KSR><KSR/>", "ksr.forbidden"),
        (b"example. IN DNSKEY 257 3 13 AAAA=\n", "records.unreadable"),
        (b"nothing of the kind", "x509.not_one_object"),
    ],
)
def test_what_only_looks_like_a_file_of_a_zone_is_refused(tmp_path: Path, data: bytes, code: str) -> None:
    (tmp_path / "file").write_bytes(data)
    assert refused(tmp_path, "inspect", tmp_path / "file") == [code]
