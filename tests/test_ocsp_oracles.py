"""Keys of every kind as OCSP responders, for a good and for a revoked certificate, and in requests: openssl judges."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509 import ocsp

from example import FIRST, make_authority, make_csr, make_plan
from forging import VERIFIER, genesis, record, verify
from quorate.rehearse import rehearse
from rsa_keys import fixed_rsa_key
from test_operations import below, operation

KINDS = (
    ("rsa-2048", "", "sha256WithRSAEncryption"),
    ("rsa-3072", "rsa-pss-sha384", "rsassaPss"),
    ("rsa-4096", "rsa-pkcs1-sha512", "sha512WithRSAEncryption"),
    ("p-256", "", "ecdsa-with-SHA256"),
    ("p-384", "", "ecdsa-with-SHA384"),
    ("p-521", "", "ecdsa-with-SHA512"),
    ("ed25519", "", "ED25519"),
    ("ed448", "", "ED448"),
    ("ml-dsa-44", "", ""),
    ("ml-dsa-65", "", ""),
    ("ml-dsa-87", "", ""),
)
"""Key type of the responder, signature algorithm of its answers, openssl's name of that; empty where it has none."""
REVOKED = '[{ certificate = "sub-old", date = "2026-12-05T10:00:00Z", reason = "superseded" }]'
ABOUT = {"good": "sub", "revoked": "sub-old"}


def signed(algorithm: str) -> dict[str, str]:
    return {"signature": algorithm} if algorithm else {}


def plan() -> str:
    text = below("sub", "Sub", "private-subordinate", "sub")
    text += operation("crl", "crl-r1-2", issuer="root-r1", number=2, days=300, profile="private-crl", revoked=REVOKED)
    for kind, algorithm, _ in KINDS:
        text += operation("generate-key", f"key-{kind}", token="hsm-1", type=kind, use="ocsp-responder")
        ours = {"issuer": "root-r1", "profile": "private-ocsp-responder", "days": 90}
        text += operation("ocsp-responder", f"by-{kind}", f"Responder {kind}", key=f"key-{kind}", **ours)
        text += operation("cross-csr", f"request-{kind}", f"Asks {kind}", key=f"key-{kind}", **signed(algorithm))
        answers = {"issuer": "root-r1", "responder": f"by-{kind}", "profile": "private-ocsp", "days": 60}
        answers |= signed(algorithm)
        for status, about in ABOUT.items():
            text += operation("ocsp-response", f"{status}-{kind}", certificate=about, status=status, **answers)
    return text


@dataclass(frozen=True)
class Answers:
    root: Path

    def artifact(self, name: str) -> Path:
        return next(self.root.glob(f"ceremonies/*/rehearsal/record/artifacts/{name}"))


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> Answers:
    root = make_authority(tmp_path_factory.mktemp("ocsp") / "authority")
    first = make_plan(root, "001-root", FIRST + below("sub-old", "Old", "private-subordinate", "old"))
    make_csr(first / "inputs" / "old.csr.pem", "old")
    second = make_plan(root, "002-answers", plan(), "2026-12-08T09:00:00Z")
    make_csr(second / "inputs" / "sub.csr.pem", "sub")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rsa, "generate_private_key", lambda _, bits: fixed_rsa_key(bits))
        rehearse(root, second, VERIFIER.read_bytes())
    return Answers(root)


def on_the_day(*command: object) -> str:
    done = subprocess.run(
        ["faketime", "2026-12-09 12:00:00", *map(str, command)], capture_output=True, text=True, check=False
    )
    return done.stdout + done.stderr


def test_the_verifier_accepts_them_all(answers: Answers) -> None:
    records = [record(answers.root, name) for name in ("001-root", "002-answers")]
    code, said = verify(*records, "--authority", genesis(answers.root), "--rehearsal")
    assert code == 0, said


@pytest.mark.parametrize(("kind", "name"), [(kind, name) for kind, _, name in KINDS if name])
@pytest.mark.parametrize("status", ABOUT)
def test_openssl_takes_what_every_kind_of_key_answers(answers: Answers, kind: str, name: str, status: str) -> None:
    root, about = answers.artifact("root-r1.cert.pem"), answers.artifact(f"{ABOUT[status]}.cert.pem")
    asked = ("-issuer", root, "-cert", about, "-no_nonce", "-CAfile", root, "-resp_text")
    said = on_the_day("openssl", "ocsp", "-respin", answers.artifact(f"{status}-{kind}.ors"), *asked)
    assert "Response verify OK" in said
    assert f"{about}: {status}\n" in said
    assert f"Signature Algorithm: {name}\n" in said
    assert ("Reason: superseded" in said) == (status == "revoked")


@pytest.mark.parametrize(("kind", "name"), [(kind, name) for kind, _, name in KINDS])
def test_every_responder_is_one_to_others(answers: Answers, kind: str, name: str) -> None:
    """Those whose keys openssl does not know by its signature alone."""
    root, responder = answers.artifact("root-r1.cert.pem"), answers.artifact(f"by-{kind}.cert.pem")
    chain = ("-x509_strict", "-purpose", "ocsphelper", "-CAfile", root, responder)
    if name:
        assert on_the_day("openssl", "verify", *chain).endswith(": OK\n")
    its = x509.load_pem_x509_certificate(responder.read_bytes())
    its.verify_directly_issued_by(x509.load_pem_x509_certificate(root.read_bytes()))


@pytest.mark.parametrize("kind", [kind for kind, _, name in KINDS if not name])
@pytest.mark.parametrize("status", ABOUT)
def test_cryptography_takes_what_openssl_does_not_know(answers: Answers, kind: str, status: str) -> None:
    response = ocsp.load_der_ocsp_response(answers.artifact(f"{status}-{kind}.ors").read_bytes())
    responder = x509.load_pem_x509_certificate(answers.artifact(f"by-{kind}.cert.pem").read_bytes())
    about = x509.load_pem_x509_certificate(answers.artifact(f"{ABOUT[status]}.cert.pem").read_bytes())
    assert response.certificates == [responder]
    assert response.responder_name == responder.subject
    public: Any = responder.public_key()
    public.verify(response.signature, response.tbs_response_bytes)
    assert (response.serial_number, response.certificate_status.name.lower()) == (about.serial_number, status)


@pytest.mark.parametrize(("kind", "name"), [(kind, name) for kind, _, name in KINDS])
def test_a_request_is_signed_by_every_kind_of_key(answers: Answers, kind: str, name: str) -> None:
    path = answers.artifact(f"request-{kind}.csr.pem")
    if name:
        said = on_the_day("openssl", "req", "-verify", "-noout", "-text", "-in", path)
        assert "verify OK" in said
        assert f"Signature Algorithm: {name}\n" in said
    request = x509.load_pem_x509_csr(path.read_bytes())
    its = x509.load_pem_x509_certificate(answers.artifact(f"by-{kind}.cert.pem").read_bytes())
    assert request.is_signature_valid
    assert request.public_key() == its.public_key()
