"""What was made before, long ago and by others: read as it was made, verified by whoever of its issuers is there."""

from __future__ import annotations

import datetime
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import dsa, ec
from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes
from cryptography.x509.oid import NameOID

from adopted_history import ADOPTED, P256, adopting_authority, make_ca
from conftest import VERIFIER
from example import SHARE, certificate, key, make_authority, make_plan
from forging import Forgery, genesis, record, refused, stand_ins, verifier, verify
from quorate import canonical
from quorate.rehearse import rehearse

FROM, TO = (datetime.datetime(year, 11, 4, tzinfo=datetime.UTC) for year in (2010, 2035))
Build = Callable[[x509.CertificateBuilder, x509.Certificate], x509.CertificateBuilder]


def name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def signed_by(ca: Path, subject: x509.Name, public: CertificatePublicKeyTypes, build: Build) -> bytes:
    """A subordinate that the old root signs, as DER."""
    root = x509.load_pem_x509_certificate((ca / "root.pem").read_bytes())
    private = serialization.load_pem_private_key((ca / "root.key").read_bytes(), None)
    assert isinstance(private, ec.EllipticCurvePrivateKey)
    made = x509.CertificateBuilder().subject_name(subject).issuer_name(root.subject).public_key(public)
    made = made.serial_number(4711).not_valid_before(FROM).not_valid_after(TO)
    made = made.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    usage = dict.fromkeys(("key_cert_sign", "crl_sign"), True)
    usage |= dict.fromkeys(("digital_signature", "content_commitment", "key_encipherment", "data_encipherment"), False)
    usage |= dict.fromkeys(("key_agreement", "encipher_only", "decipher_only"), False)
    made = made.add_extension(x509.KeyUsage(**usage), critical=True)
    made = made.add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
    return build(made, root).sign(private, hashes.SHA256()).public_bytes(serialization.Encoding.DER)


def plain(made: x509.CertificateBuilder, root: x509.Certificate) -> x509.CertificateBuilder:
    identifier = root.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    aki = x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(identifier)
    return made.add_extension(aki, critical=False)


def naming_the_certificate(made: x509.CertificateBuilder, root: x509.Certificate) -> x509.CertificateBuilder:
    identifier = root.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value.digest
    issuer = [x509.DirectoryName(root.issuer)]
    return made.add_extension(x509.AuthorityKeyIdentifier(identifier, issuer, root.serial_number), critical=False)


def without_key_identifier(made: x509.CertificateBuilder, root: x509.Certificate) -> x509.CertificateBuilder:
    return made


def dated_in_the_long_form(ca: Path, der: bytes) -> bytes:
    """With a GeneralizedTime before 2050, signed again."""
    read = verifier()
    outer = [one.raw for one in read.one_der(der, 0x30, "a certificate").members()]
    parts = [one.raw for one in read.one_der(outer[0], 0x30, "a certificate").members()]
    parts[4] = read.der(0x30, read.der(0x18, b"20101104000000Z") + read.der(0x18, b"20351103235959Z"))
    tbs = read.der(0x30, b"".join(parts))
    private = serialization.load_pem_private_key((ca / "root.key").read_bytes(), None)
    assert isinstance(private, ec.EllipticCurvePrivateKey)
    bits = read.der(0x03, b"\0" + private.sign(tbs, ec.ECDSA(hashes.SHA256())))
    return read.der(0x30, tbs + outer[1] + bits)  # type: ignore[no-any-return]  # the verifier has no types


def p256() -> CertificatePublicKeyTypes:
    return ec.generate_private_key(ec.SECP256R1()).public_key()


OLD: dict[str, Callable[[Path], bytes]] = {
    "a key identifier with the certificate's name and number": lambda ca: signed_by(
        ca, name("Old Sub"), p256(), naming_the_certificate
    ),
    "no key identifier": lambda ca: signed_by(ca, name("Old Sub"), p256(), without_key_identifier),
    "a curve of its day": lambda ca: signed_by(
        ca, name("Old Sub"), ec.generate_private_key(ec.BrainpoolP256R1()).public_key(), plain
    ),
    "a key of DSA": lambda ca: signed_by(
        ca, name("Old Sub"), dsa.generate_private_key(2048).public_key(), plain
    ),
    "the root's name with a new key": lambda ca: signed_by(
        ca, x509.load_pem_x509_certificate((ca / "root.pem").read_bytes()).subject, p256(), plain
    ),
    "dates in the long form": lambda ca: dated_in_the_long_form(ca, signed_by(ca, name("Old Sub"), p256(), plain)),
}  # fmt: skip


@pytest.mark.parametrize("what", OLD)
def test_what_was_made_long_ago_is_read_as_it_is(what: str, tmp_path: Path) -> None:
    ca = make_ca(tmp_path / "ca", "Old Root", P256)
    (ca / "odd.der").write_bytes(OLD[what](ca))
    root = adopting_authority(tmp_path / "authority", ca, {**ADOPTED, "odd": "odd.der"})
    plan = make_plan(root, "001-adoption", SHARE, adopt=["root-2010", "odd"])
    rehearse(root, plan, VERIFIER.read_bytes())
    code, output = verify(record(root, "001-adoption"), "--authority", genesis(root), "--rehearsal")
    assert code == 0, output


@pytest.mark.parametrize("what", ["a key identifier with the certificate's name and number", "dates in the long form"])
def test_a_root_of_others_that_is_a_little_old_is_certified(what: str, tmp_path: Path) -> None:
    ca = make_ca(tmp_path / "ca", "Old Root", P256)
    root = make_authority(tmp_path / "authority")
    operations = SHARE + key("key-r1") + certificate("root", "root-r1", "Root R1", 3650, key="key-r1")
    make_plan(root, "001-root", operations)
    cross = certificate("cross", "cross-old", issuer="root-r1", existing="old.der")
    plan = make_plan(root, "002-cross", cross, "2026-12-08T09:00:00Z")
    (plan / "inputs" / "old.der").write_bytes(OLD[what](ca))
    rehearse(root, plan, VERIFIER.read_bytes())
    records = [record(root, one) for one in ("001-root", "002-cross")]
    code, output = verify(*records, "--authority", genesis(root), "--rehearsal")
    assert code == 0, output


def broken(der: bytes) -> bytes:
    """With another octet in its signature, which is still one by its form."""
    read = verifier()
    tbs, algorithm, bits = (one.raw for one in read.one_der(der, 0x30, "a certificate").members())
    return read.der(0x30, tbs + algorithm + bits[:-3] + bytes([bits[-3] ^ 0x55]) + bits[-2:])  # type: ignore[no-any-return]  # as above


def exchanged(forged: Forgery, thing: str, der: bytes) -> None:
    """Another file is adopted under the name, and the governors of the forger state it."""
    old = next(one["digest"] for state in forged.states for one in state["adopted"] if one["id"] == thing)
    new = canonical.digest(der)
    for path in (f"inputs/adopted/{thing}.cert.der", f"inputs/known/{thing}.cert.der"):
        if path in forged.files:
            forged.files[path] = der
    forged.script = json.loads(json.dumps(forged.script).replace(old, new))
    for one in (one for state in forged.states for one in state["adopted"] if one["id"] == thing):
        one["digest"] = new


@pytest.mark.parametrize("later", [False, True], ids=["beside its issuer", "after its issuer"])
@pytest.mark.parametrize("build", [plain, without_key_identifier], ids=["named", "unnamed"])
def test_a_false_signature_is_found_wherever_the_issuer_is(later: bool, build: Build, tmp_path: Path) -> None:
    ca = make_ca(tmp_path / "ca", "Old Root", P256)
    (ca / "sub.der").write_bytes(signed_by(ca, name("Old Sub"), p256(), build))
    root = adopting_authority(tmp_path / "authority", ca, {**ADOPTED, "sub": "sub.der"})
    first, second = (["root-2010"], ["sub"]) if later else (["root-2010", "sub"], [])
    make_plan(root, "001-adoption", SHARE, adopt=first)
    rehearse(
        root, make_plan(root, "002-next", key("key-r9"), "2026-12-08T09:00:00Z", adopt=second), VERIFIER.read_bytes()
    )
    made = [Forgery(record(root, one), stand_ins(root)) for one in ("001-adoption", "002-next")]
    for forged in made:
        exchanged(forged, "sub", broken((ca / "sub.der").read_bytes()))
    made[0].reseal()
    made[1].script["predecessor"] = canonical.digest(made[0].files["checkpoint"])
    folders = [forged.reseal().write(tmp_path / f"record-{number}") for number, forged in enumerate(made)]
    pin = canonical.digest(made[0].files["authority/000.json"])
    code, output = verify(*folders, "--authority", pin, "--rehearsal")
    assert code == 1, output
    assert "artifacts" in refused(output), output
    assert "adopted sub: the signature is not valid under the key" in output
