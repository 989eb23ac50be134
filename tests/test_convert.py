"""`quorate ksr convert`, `skr convert`, and the checks of files in other forms; keymgr is the judge of its own."""

from __future__ import annotations

import base64
import re
import shutil
import subprocess
from datetime import timedelta
from pathlib import Path
from typing import get_args

import msgspec
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

import key_text_cases as made
from ksr_cases import TLD, tld_policy
from ksr_making import make_response, normal, pair
from quorate.dnssec.keyfile import key_pair, read_key
from quorate.dnssec.ksr_layout import write_ksr, write_skr
from quorate.dnssec.ksr_xml import read_ksr, read_skr
from quorate.dnssec.policy import Acceptable
from quorate.findings import Refusal
from refusing import Outcome, refused, run
from test_ksr_command import CASES, VECTORS

KEYMGR = shutil.which("keymgr") or ("/usr/sbin/keymgr" if Path("/usr/sbin/keymgr").exists() else "")
needs_knot = pytest.mark.skipif(not KEYMGR, reason="keymgr of Knot DNS is not installed")


def zone(folder: Path) -> Path:
    """The folder of the vectors' top-level domain."""
    (folder / "dnssec").mkdir(parents=True)
    (folder / "dnssec" / "policy.json").write_bytes(tld_policy().compiled())
    return folder


def pem(folder: Path, name: str) -> Path:
    path = folder / f"{name}.pem"
    path.write_bytes(
        pair(name).private.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    return path


def proofs(folder: Path) -> list[str]:
    """The options that name every ZSK of the good request, by the names that they have in XML."""
    names = [f"zsk-p256-{number}" for number in (2, 3, 4)]
    return [part for name in names for part in ("--zsk", f"{pair(name).identifier}={pem(folder, name)}")]


def good(form: str, suffix: str) -> Path:
    return made.FOLDER / f"good-{form}.{suffix}.txt"


def check(file: Path, folder: Path, *options: object) -> Outcome:
    before = ("--previous", VECTORS / CASES["tld-normal"]["previous"], "--at", CASES["tld-normal"]["at"])
    return run("ksr", "check", file, *(options or before), "--in", folder)


# -- checks -----------------------------------------------------------------------------------------------------------


def test_plain_records_with_proofs_pass_every_check(tmp_path: Path) -> None:
    outcome = check(good("lines", "ksr"), zone(tmp_path))
    assert (outcome.code, outcome.err) == (0, "")
    assert outcome.out.splitlines()[-1] == "accepted: the request passes every check"
    assert "notice: ksr.form_silent: good-lines.ksr.txt: the form of plain records does not carry" in outcome.out


@pytest.mark.parametrize("form", ["bind", "knot"])
def test_a_request_without_proofs_fails_for_that_alone(form: str, tmp_path: Path) -> None:
    outcome = check(good(form, "ksr"), zone(tmp_path))
    assert (outcome.code, outcome.codes) == (1, ["ksr.form_unproven"])
    assert "KSR-BUNDLE-POP               REFUSED" in outcome.out
    assert outcome.out.count(" passed") == 22
    assert "quorate ksr convert" in outcome.err
    assert "ksr.form_unproven" not in get_args(Acceptable)


def test_a_request_in_text_follows_a_response_in_text(tmp_path: Path) -> None:
    """A response as text has no names of keys, so the chain is by the keys themselves."""
    case = CASES["tld-normal"]
    outcome = check(good("lines", "ksr"), zone(tmp_path), "--previous", good("bind", "skr"), "--at", case["at"])
    assert (outcome.code, outcome.err) == (0, "")


def test_a_file_in_no_form_is_refused_by_line_and_not_guessed(tmp_path: Path) -> None:
    folder = zone(tmp_path)
    odd = tmp_path / "odd.txt"
    for text, code in (
        ("; a comment\n", "ksr.text_form"),
        ("example. 3600 IN DNSKEY 256 3 13 AA==\n", "ksr.not_xml"),
        ("\n;; KeySigningRequest 1.0 20261001000000\n", "ksr.not_xml"),
        (good("bind", "skr").read_text(), "ksr.other_kind"),
    ):
        odd.write_text(text)
        assert check(odd, folder).codes == [code]


@pytest.mark.parametrize("name", ["bind-9.20.skr.txt", "knot-3.2.skr.txt"])
def test_a_response_of_another_tool_is_checked_beside_its_request(name: str, tmp_path: Path) -> None:
    asked = made.FOLDER / name.replace(".skr.", ".ksr.")
    outcome = run("skr", "check", made.FOLDER / name, "--ksr", asked)
    assert (outcome.code, outcome.err) == (0, "")
    assert "notice: ksr.form_lead: " in outcome.out
    flipped = tmp_path / "skr.txt"
    flipped.write_text(re.sub(r"(example\.com\.\s+)([A-Za-z0-9+/]{6})", r"\1AAAAAA", (made.FOLDER / name).read_text()))
    assert "skr.signature_invalid" in run("skr", "check", flipped, "--ksr", asked).codes


# -- conversions ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["bind", "knot"])
def test_a_request_in_text_gets_its_proofs_where_the_zsks_are(form: str, tmp_path: Path) -> None:
    folder, file = zone(tmp_path), tmp_path / "ksr.xml"
    given = ["--form", "xml", "--validity", "P21D", "--safety", "P10D"]
    outcome = run("ksr", "convert", good(form, "ksr"), file, *given, *proofs(tmp_path))
    assert (outcome.code, outcome.err) == (0, "")
    assert outcome.out.startswith(f"{file}: sha256:")
    assert outcome.out.count("notice: ksr.form_silent") == 4
    assert check(file, folder).code == 0
    request, _ = read_ksr(file.read_bytes(), "ksr.xml")
    assert [one.inception for one in request.bundles] == [one.inception for one in made.request().bundles]


def test_a_request_without_its_proofs_does_not_become_xml(tmp_path: Path) -> None:
    given = ["ksr", "convert", good("bind", "ksr"), tmp_path / "ksr.xml", "--form", "xml"]
    assert refused(tmp_path, *given) == ["ksr.form_unsaid"]
    assert refused(tmp_path, *given, "--validity", "P21D") == ["ksr.form_unproven"]
    some = proofs(tmp_path)[:2]
    assert refused(tmp_path, *given, "--validity", "P21D", *some) == ["ksr.proof_missing"] * 2
    proved = ["ksr", "convert", good("lines", "ksr"), tmp_path / "ksr.xml", "--form", "xml", *some]
    assert run(*proved).code == 2


def test_what_a_form_does_not_carry_is_told_when_it_is_written(tmp_path: Path) -> None:
    xml = tmp_path / "ksr.xml"
    xml.write_bytes(write_ksr(made.request()))
    for form, count in (("bind", 2), ("knot", 2), ("lines", 1)):
        outcome = run("ksr", "convert", xml, tmp_path / form, "--form", form)
        assert outcome.out.count("notice: ksr.form_drops") == count
        assert (tmp_path / form).read_bytes() == good(form, "ksr").read_bytes()
    assert run("ksr", "convert", xml, tmp_path / "again.xml", "--form", "xml").code == 0
    assert (tmp_path / "again.xml").read_bytes() == xml.read_bytes()


@pytest.mark.parametrize("form", ["bind", "knot", "lines"])
def test_a_response_goes_to_every_form_and_back(form: str, tmp_path: Path) -> None:
    xml, ksr = tmp_path / "skr.xml", tmp_path / "ksr.xml"
    xml.write_bytes(write_skr(made.response()))
    ksr.write_bytes(write_ksr(made.asked()))
    assert run("skr", "convert", xml, tmp_path / "text", "--form", form).code == 0
    assert (tmp_path / "text").read_bytes() == good(form, "skr").read_bytes()
    assert run("skr", "check", tmp_path / "text", "--ksr", ksr).code == 0
    back = ["skr", "convert", tmp_path / "text", tmp_path / "back.xml", "--form", "xml", "--ksr", ksr]
    assert run(*back).code == 0
    response, _ = read_skr((tmp_path / "back.xml").read_bytes(), "back.xml")
    assert (response.id, response.zsk) == (made.response().id, made.response().zsk)
    assert run("skr", "check", tmp_path / "back.xml", "--ksr", ksr).code == 0


@pytest.mark.parametrize("form", ["xml", "bind"])
def test_a_response_is_not_written_beside_a_request_that_it_does_not_answer(form: str, tmp_path: Path) -> None:
    xml, ksr = tmp_path / "skr.xml", tmp_path / "ksr.xml"
    xml.write_bytes(write_skr(made.response()))
    ksr.write_bytes(write_ksr(msgspec.structs.replace(made.asked(), id="another")))
    outcome = run("skr", "convert", xml, tmp_path / "made", "--form", form, "--ksr", ksr)
    assert outcome.codes == ["skr.differs"]
    assert not (tmp_path / "made").exists()


def test_text_becomes_text_without_anything_made_up(tmp_path: Path) -> None:
    for kind in ("ksr", "skr"):
        outcome = run(kind, "convert", good("bind", kind), tmp_path / kind, "--form", "knot")
        assert (outcome.code, "notice" in outcome.out) == (0, False)
        assert (tmp_path / kind).read_bytes() == good("knot", kind).read_bytes()


@pytest.mark.parametrize("option", ["--validity", "--interval"])
def test_a_length_of_nothing_is_wrong_use(option: str, tmp_path: Path) -> None:
    call = ["ksr", "convert", good("bind", "ksr"), tmp_path / "ksr.xml", "--form", "xml", option, "P0D"]
    outcome = run(*call)
    assert (outcome.code, option in outcome.err) == (2, True)


def test_nothing_is_written_over(tmp_path: Path) -> None:
    there = tmp_path / "there"
    there.write_text("kept")
    for kind in ("ksr", "skr"):
        assert run(kind, "convert", good("bind", kind), there, "--form", "knot").code == 1
    assert there.read_text() == "kept"


@pytest.mark.parametrize("form", ["bind", "knot", "lines"])
def test_make_writes_every_form(form: str, tmp_path: Path) -> None:
    options = ["--start", "2030-01-01T00:00:00Z", "--zone", "example.", "--slots", "3", *proofs(tmp_path)[:2]]
    assert run("ksr", "make", tmp_path / "ksr.txt", *options, "--form", form).code == 0
    again = run("ksr", "convert", tmp_path / "ksr.txt", tmp_path / "again", "--form", form)
    assert (again.code, again.err) == (0, "")
    assert (tmp_path / "again").read_bytes() == (tmp_path / "ksr.txt").read_bytes()
    assert run("ksr", "make", tmp_path / "faults", *options, "--form", form, "--faulty", "all").code == 2


# -- keys of BIND -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("algorithm", [8, 13, 14, 15, 16])
def test_a_private_file_of_bind_is_the_key_that_it_says(algorithm: int, tmp_path: Path) -> None:
    size = ["-b", "1024"] if algorithm == 8 else []
    command = ["dnssec-keygen", "-q", "-K", str(tmp_path), "-a", str(algorithm), *size, "example."]
    name = subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()
    private = read_key((tmp_path / f"{name}.private").read_bytes(), None, name)
    assert key_pair(private, "q1", 256).dnskey.key_tag == int(name.rpartition("+")[2])


@pytest.mark.parametrize(
    ("value", "written"),
    [(0xB4 << 248 | 5, 33), (0x1B << 240 | 5, 31), (5, 1), (0x80, 2)],
    ids=["a zero before it", "short", "one octet", "short with a zero"],
)
def test_a_key_that_knot_writes_as_a_signed_integer_is_read_as_it_means_it(value: int, written: int) -> None:
    """GnuTLS writes it so, where RFC 5915 wants as many octets as the curve has."""
    private = ec.derive_private_key(value, ec.SECP256R1())
    form = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    der = private.private_bytes(serialization.Encoding.DER, *form)
    right = b"\4\x20" + value.to_bytes(32, "big")
    other = der.replace(right, bytes([4, written]) + value.to_bytes(written, "big"))
    for old in (0x87, 0x6D, 0x6B):  # the lengths of the three that hold it
        at = other.index(bytes([old]))
        other = other[:at] + bytes([old + written - 32]) + other[at + 1 :]

    def pem_of(data: bytes) -> bytes:
        text = base64.b64encode(data).decode()
        return f"-----BEGIN PRIVATE KEY-----\n{text}\n-----END PRIVATE KEY-----\n".encode()

    assert isinstance(read := read_key(pem_of(other), None, "K"), ec.EllipticCurvePrivateKey)
    assert read.private_numbers() == private.private_numbers()
    octets = value.to_bytes(written, "big")
    for damaged in (other[:-1] + bytes([other[-1] ^ 1]), other.replace(octets, bytes(written), 1), other[:60]):
        with pytest.raises(Refusal) as refusal:
            read_key(pem_of(damaged), None, "K")
        assert refusal.value.code == "keyfile.unreadable"


@pytest.mark.parametrize(
    "lines",
    [
        "Algorithm: 13 (ECDSAP256SHA256)\nEngine: cGtjczEx\nLabel: cGtjczExOm9iamVjdD16",
        "Algorithm: 5 (RSASHA1)\nModulus: AQAB",
        "Algorithm: 8 (RSASHA256)\nModulus: AQAB",
        "Algorithm: 15 (ED25519)\nPrivateKey: AAAA",
        "Algorithm: 13 (ECDSAP256SHA256)\nPrivateKey: AAAA",
        "Algorithm: x",
        "",
    ],
    ids=["on a token", "SHA-1", "half", "short", "zero", "unknown", "empty"],
)
def test_a_private_file_without_a_usable_key_is_refused(lines: str) -> None:
    with pytest.raises(Refusal) as refusal:
        read_key(f"Private-key-format: v1.3\n{lines}\n".encode(), None, "K")
    assert refusal.value.code == "keyfile.unreadable"


# -- Knot's own tool --------------------------------------------------------------------------------------------------


class Knot:
    """One side of an offline KSK by Knot: a configuration, its keys, and `keymgr`."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self.conf, self.keys = folder / "knot.conf", folder / "keys" / "keys"
        policy = "algorithm: ecdsap256sha256\n    ksk-lifetime: 0\n    zsk-lifetime: 30d\n    dnskey-ttl: 172800"
        policy += (
            "\n    zone-max-ttl: 172800\n    rrsig-lifetime: 14d\n    rrsig-refresh: 7d\n    propagation-delay: 1h"
        )
        policy += "\n    offline-ksk: on\n    manual: on\n    cds-cdnskey-publish: none"
        zone = "domain: example.com\n    dnssec-policy: offline\n    dnssec-signing: on"
        self.conf.write_text(
            f'server:\n    rundir: "{folder}"\ndatabase:\n    storage: "{folder}"\n'
            f"policy:\n  - id: offline\n    {policy}\nzone:\n  - {zone}\n"
        )

    def run(self, *words: str) -> str:
        command = [KEYMGR, "-c", str(self.conf), "example.com.", *words]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout


@pytest.fixture
def knot(tmp_path: Path) -> tuple[Knot, Knot, Path]:
    """The side of the ZSKs with its request, and the side of the KSK."""
    zsks, ksk = Knot(tmp_path / "zsks"), Knot(tmp_path / "ksk")
    ksk.run("generate", "ksk=yes", "zsk=no", "created=+0", "publish=+0", "ready=+0", "active=+0")
    zsks.run("pregenerate", "+0", "+2mo")
    file = tmp_path / "ksr.txt"
    file.write_text(zsks.run("generate-ksr", "+0", "+2mo"))
    return zsks, ksk, file


@needs_knot
def test_keymgr_signs_a_request_written_here_and_its_answer_is_sound(
    knot: tuple[Knot, Knot, Path], tmp_path: Path
) -> None:
    _, ksk, theirs = knot
    ours = tmp_path / "ours.txt"
    assert run("ksr", "convert", theirs, ours, "--form", "knot").code == 0
    skr = tmp_path / "skr.txt"
    skr.write_text(ksk.run("sign-ksr", str(ours)))
    outcome = run("skr", "check", skr, "--ksr", theirs)
    assert (outcome.code, outcome.err) == (0, "")


@needs_knot
def test_keymgr_accepts_and_uses_a_response_signed_here(knot: tuple[Knot, Knot, Path], tmp_path: Path) -> None:
    """The whole way: keymgr asks, the request gets its proofs, a KSK of ours signs, keymgr validates and imports."""
    zsks, _, theirs = knot
    keys = [part for n, path in enumerate(sorted(zsks.keys.glob("*.pem"))) for part in ("--zsk", f"z{n}={path}")]
    given = ["--form", "xml", "--validity", "P14D", "--interval", "P7D", "--lead", "PT1H", *keys]
    assert run("ksr", "convert", theirs, tmp_path / "ksr.xml", *given).code == 0
    request, _ = read_ksr((tmp_path / "ksr.xml").read_bytes(), "ksr.xml")
    signer = pair("ksk-p256-1")
    response = make_response(request, normal(signer, len(request.bundles)), TLD)
    (tmp_path / "skr.xml").write_bytes(write_skr(response))
    text = tmp_path / "skr.txt"
    assert run("skr", "convert", tmp_path / "skr.xml", text, "--form", "knot", "--lead", "PT1H").code == 0
    assert zsks.run("validate-skr", str(text)).strip() == "OK"
    assert zsks.run("import-skr", str(text)).strip() == "OK"
    shown = zsks.run("show-offline", "+0", "+2mo")
    assert f"id = {signer.dnskey.key_tag}" in shown
    heads = re.findall(r"Offline records for (\d+)", shown)
    slots = [int((one.inception + timedelta(hours=1)).timestamp()) for one in response.bundles]
    assert set(map(int, heads[1:])) <= set(slots)
    assert len(heads) >= len(slots) - 1


@needs_knot
def test_keymgr_refuses_what_is_refused_here(knot: tuple[Knot, Knot, Path], tmp_path: Path) -> None:
    zsks, ksk, theirs = knot
    text = tmp_path / "skr.txt"
    text.write_text(re.sub(r"example\.com\.\n(\s+)\S{6}", r"example.com.\n\1AAAAAA", ksk.run("sign-ksr", str(theirs))))
    command = [KEYMGR, "-c", str(zsks.conf), "example.com.", "validate-skr", str(text)]
    assert "invalid SignedKeyResponse" in subprocess.run(command, capture_output=True, text=True, check=False).stderr
    assert "skr.signature_invalid" in run("skr", "check", text).codes


# -- BIND's own tool --------------------------------------------------------------------------------------------------

POLICY = """dnssec-policy "a" {
  offline-ksk yes; cdnskey no; cds-digest-types { };
  keys { ksk lifetime unlimited algorithm ecdsap256sha256; zsk lifetime P30D algorithm ecdsap256sha256; };
  dnskey-ttl 3600; signatures-validity 14d; signatures-validity-dnskey 14d; signatures-refresh 7d;
};
"""


@pytest.mark.skipif(not shutil.which("dnssec-ksr"), reason="dnssec-ksr of BIND 9.20 is not installed")
def test_dnssec_ksr_signs_a_request_written_here_and_its_answer_is_sound(tmp_path: Path) -> None:
    (tmp_path / "named.conf").write_text(POLICY)
    span = ["-i", "20261201000000", "-e", "20270120000000", "-k", "a", "-l", str(tmp_path / "named.conf")]

    def ksr(side: str, *words: str) -> str:
        command = ["dnssec-ksr", "-K", str(tmp_path / side), *span, *words, "example.com"]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout

    for side in ("zsks", "ksk"):
        (tmp_path / side).mkdir()
    command = ["dnssec-keygen", "-q", "-a", "13", "-f", "KSK", "-L", "3600", "-K", str(tmp_path / "ksk"), "example.com"]
    subprocess.run(command, check=True, capture_output=True)
    ksr("zsks", "keygen")
    theirs, ours, skr = (tmp_path / name for name in ("theirs.txt", "ours.txt", "skr.txt"))
    theirs.write_text(ksr("zsks", "request"))
    assert run("ksr", "convert", theirs, ours, "--form", "bind").code == 0
    skr.write_text(ksr("ksk", "-f", str(ours), "sign"))
    outcome = run("skr", "check", skr, "--ksr", theirs)
    assert (outcome.code, outcome.err) == (0, "")
    keys = [part for path in (tmp_path / "zsks").glob("*.private") for part in ("--zsk", f"{path.stem}={path}")]
    given = ["--validity", "P14DT1H", "--interval", "P7D", "--lead", "PT1H", "--until", "2027-01-20T00:00:00Z", *keys]
    assert run("ksr", "convert", theirs, tmp_path / "ksr.xml", "--form", "xml", *given).code == 0
    assert run("skr", "check", skr, "--ksr", tmp_path / "ksr.xml").code == 0
