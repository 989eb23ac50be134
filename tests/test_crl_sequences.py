"""The CRLs of an issuer follow one another by its name and key, whatever certificate or file names it."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from example import FIRST, SHARE, crl, key, make_authority, make_plan
from forging import VERIFIER, Forgery, genesis, record, verify
from quorate import archive
from quorate.findings import Refusal
from quorate.register import crl_names
from quorate.rehearse import prepare_rehearsal, rehearse
from quorate.statement import Mode
from quorate.x509.facts import read_crl
from zoned import published

DAYS = tuple(f"2026-12-{day:02}T09:00:00Z" for day in (1, 8, 15, 22))
FILE = "existing.cert.pem"
STRANGER = ec.generate_private_key(ec.SECP256R1())


def certified(subject: x509.Name, public: ec.EllipticCurvePublicKey, ours: x509.SubjectKeyIdentifier) -> bytes:
    """A CA's certificate of the stranger for a name and a key (PEM), with the identifier that the key has here."""
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Stranger")])
    usage = x509.KeyUsage(False, False, False, False, False, True, True, False, False)
    builder = x509.CertificateBuilder(name, subject, public, x509.random_serial_number())
    builder = builder.not_valid_before(datetime(2026, 11, 1)).not_valid_after(datetime(2035, 1, 1))
    for extension, critical in (
        (x509.BasicConstraints(ca=True, path_length=None), True),
        (usage, True),
        (ours, False),
        (x509.AuthorityKeyIdentifier.from_issuer_public_key(STRANGER.public_key()), False),
    ):
        builder = builder.add_extension(extension, critical)
    return builder.sign(STRANGER, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


def planned(root: Path, number: int, operations: str, file: bytes = b"") -> Path:
    """The plan of one more ceremony; `file`: the certificate that it has below inputs/."""
    plan = make_plan(root, f"00{number}-list", operations, DAYS[number - 1])
    if file:
        (plan / "inputs").mkdir(exist_ok=True)
        (plan / "inputs" / FILE).write_bytes(file)
    return plan


def numbers(root: Path) -> dict[str, int]:
    """The numbers of the newest CRLs, by the names that the next ceremony has for them."""
    register = archive.read_register(root, Mode.REHEARSAL)
    return {name: read_crl(one.der, name).number for name, one in crl_names(register).items()}


def accepted(root: Path, *names: str) -> None:
    code, output = verify(*(record(root, name) for name in names), "--authority", genesis(root), "--rehearsal")
    assert code == 0, output


def test_a_list_of_a_root_that_a_file_names_is_followed_by_the_next(tmp_path: Path) -> None:
    root = make_authority(tmp_path / "authority")
    rehearse(root, planned(root, 1, FIRST), VERIFIER.read_bytes())
    made = x509.load_der_x509_certificate((record(root, "001-list") / "artifacts/root-r1.cert.der").read_bytes())
    ours = made.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    public = made.public_key()
    assert isinstance(public, ec.EllipticCurvePublicKey)
    cross = certified(made.subject, public, ours)
    rehearse(root, planned(root, 2, crl("crl-r1-2", FILE, 2), cross), VERIFIER.read_bytes())
    assert numbers(root) == {"root-r1": 2}
    with pytest.raises(Refusal) as refusal:
        prepare_rehearsal(root, planned(root, 3, crl("crl-again", "root-r1", 2)), VERIFIER.read_bytes())
    assert refusal.value.code == "plan.crl_number"
    rehearse(root, planned(root, 3, crl("crl-r1-3", "root-r1", 3)), VERIFIER.read_bytes())
    accepted(root, "001-list", "002-list", "003-list")


def request(name: str, of: str) -> str:
    subject = f'{{ common-name = "Ours {name}" }}'
    return f'[[operations]]\nkind = "cross-csr"\nid = "{name}"\nkey = "{of}"\nsubject = {subject}\n'


def test_issuers_whose_files_have_one_name_have_lists_of_their_own(tmp_path: Path) -> None:
    """They have no certificate of ours, so their lists are known by their own ids."""
    root = make_authority(tmp_path / "authority")
    asked = SHARE + key("key-a") + key("key-b") + request("ask-a", "key-a") + request("ask-b", "key-b")
    rehearse(root, planned(root, 1, asked), VERIFIER.read_bytes())
    given = []
    for name in ("ask-a", "ask-b"):
        csr = x509.load_pem_x509_csr((record(root, "001-list") / f"artifacts/{name}.csr.pem").read_bytes())
        public = csr.public_key()
        assert isinstance(public, ec.EllipticCurvePublicKey)
        given.append(certified(csr.subject, public, x509.SubjectKeyIdentifier.from_public_key(public)))
    rehearse(root, planned(root, 2, crl("crl-a-5", FILE, 5), given[0]), VERIFIER.read_bytes())
    rehearse(root, planned(root, 3, crl("crl-b-1", FILE, 1), given[1]), VERIFIER.read_bytes())
    assert numbers(root) == {"crl-a-5": 5, "crl-b-1": 1}
    with pytest.raises(Refusal) as refusal:
        prepare_rehearsal(root, planned(root, 4, crl("crl-again", FILE, 5), given[0]), VERIFIER.read_bytes())
    assert refusal.value.code == "plan.crl_number"
    rehearse(root, planned(root, 4, crl("crl-a-6", FILE, 6), given[0]), VERIFIER.read_bytes())
    operation = Forgery(record(root, "004-list"), {}).operation("crl-a-6")
    assert operation["previous"] == "input:inputs/known/crl-a-5.crl"
    accepted(root, "001-list", "002-list", "003-list", "004-list")


def test_a_list_is_published_like_what_it_lists(tmp_path: Path) -> None:
    root = make_authority(tmp_path / "authority")
    rehearse(root, planned(root, 1, FIRST), VERIFIER.read_bytes())
    rehearse(root, planned(root, 2, published("root-r1", "crl-r1-1")), VERIFIER.read_bytes())
    accepted(root, "001-list", "002-list")
    assert archive.read_register(root, Mode.REHEARSAL).published == ("root-r1", "crl-r1-1")
