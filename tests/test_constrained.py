"""Name constraints as other readers enforce them, and the forms in which a plan writes them."""

from __future__ import annotations

import os
import subprocess
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization

from issuing import NOW, drafted, issued, key, root_fields, subordinate_fields
from quorate.findings import Refusal
from quorate.keys import KeyType
from quorate.plan import DirectoryName, NameConstraints, NameForms
from quorate.x509.constraints import as_texts, extension, spoken, subtrees
from quorate.x509.facts import read_certificate
from quorate.x509.fields import CertificateFields
from quorate.x509.finish import pem
from quorate.x509.profile import load_profile

DUTCH = DirectoryName(country="NL", organization="Stichting Voorbeeld")
PERMITTED = NameForms(dns=("voorbeeld.example",), ip=("192.0.2.0/24",), directory=(DUTCH,))


def constrained_fields(constraints: NameConstraints, **changes: Any) -> CertificateFields:
    permitted, excluded = subtrees(constraints, whole=True)
    return subordinate_fields(
        profile=load_profile("webpki-tls-constrained"), permitted=permitted, excluded=excluded, **changes
    )


def test_what_is_not_permitted_of_a_type_is_excluded_as_a_whole() -> None:
    permitted, excluded = subtrees(NameConstraints(PERMITTED), whole=True)
    assert permitted[:2] == ("dns:voorbeeld.example", "ip:192.0.2.0/24")
    assert permitted[2].startswith("dir:30")
    assert excluded == ("ip:::/0",)
    assert subtrees(NameConstraints(NameForms(directory=(DUTCH,))), whole=True)[1] == (
        "dns:",
        "ip:0.0.0.0/0",
        "ip:::/0",
    )
    assert subtrees(NameConstraints(PERMITTED), whole=False)[1] == ()
    six = NameConstraints(NameForms(ip=("2001:db8::/32",)), NameForms(dns=("",)))
    assert subtrees(six, whole=True)[1] == ("dns:", "ip:0.0.0.0/0")


def test_the_whole_of_a_type_is_written_in_zero_octets() -> None:
    """BR 7.1.2.5.2: a zero-length dNSName, eight zero octets for IPv4, thirty-two for IPv6."""
    der = extension((), ("dns:", "ip:0.0.0.0/0", "ip:::/0")).public_bytes()
    assert der == bytes.fromhex("3036a134" + "30028200" + "300a8708" + "00" * 8 + "30228720" + "00" * 32)


def test_the_extension_is_critical_and_read_back_as_it_was_planned() -> None:
    fields = constrained_fields(NameConstraints(PERMITTED, NameForms(dns=("intern.voorbeeld.example",))))
    facts = read_certificate(drafted(fields).unsigned)
    there = facts.extension("2.5.29.30")
    assert there is not None
    assert there.critical
    assert (facts.permitted, facts.excluded) == (fields.permitted, fields.excluded)


def test_names_of_other_types_are_told_apart() -> None:
    assert as_texts([x509.RFC822Name("voorbeeld.example")]) == ("email:voorbeeld.example",)
    assert as_texts([x509.UniformResourceIdentifier(".example")]) == ("other:UniformResourceIdentifier",)
    assert as_texts(None) == ()


@pytest.mark.parametrize(
    ("forms", "said"),
    [
        ({"dns": ("Voorbeeld.example",)}, "dns Voorbeeld.example"),
        ({"dns": ("*.voorbeeld.example",)}, r"dns \*.voorbeeld.example"),
        ({"dns": (".voorbeeld.example",)}, "dns .voorbeeld.example"),
        ({"dns": ("",)}, "dns "),
        ({"dns": ("voorbeeld.example", "voorbeeld.example")}, "it stands twice"),
        ({"ip": ("192.0.2.1/24",)}, "has host bits set"),
        ({"ip": ("192.0.2",)}, "does not appear to be"),
        ({"email": ("a@b@c",)}, "email a@b@c"),
    ],
)
def test_forms_that_cannot_be_meant_are_refused(forms: dict[str, Any], said: str) -> None:
    with pytest.raises(Refusal, match=said) as caught:
        subtrees(NameConstraints(NameForms(**forms)), whole=True)
    assert caught.value.code == "x509.constraint_unusable"


def test_a_directory_name_is_refused_like_any_other_name() -> None:
    with pytest.raises(Refusal) as caught:
        subtrees(NameConstraints(NameForms(directory=(DirectoryName(country="nl"),))), whole=True)
    assert caught.value.code == "x509.name_unusable"


def test_subtrees_are_printed_for_people() -> None:
    permitted, excluded = subtrees(NameConstraints(PERMITTED), whole=True)
    said = [spoken(text) for text in (*permitted, *excluded, "dns:", "ip:0.0.0.0/0", "email:.example")]
    assert said == [
        "dns voorbeeld.example",
        "ip 192.0.2.0/24",
        "dir O=Stichting Voorbeeld,C=NL",
        "every IPv6 address",
        "every DNS name",
        "every IPv4 address",
        "email .example",
    ]


# -- enforced by others ------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def hierarchy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A root, a constrained subordinate with its private key in a file, as no ceremony leaves it."""
    folder = tmp_path_factory.mktemp("constrained")

    plain = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (folder / "sub.key").write_bytes(key(KeyType.P256, 1).private_bytes(*plain))
    (folder / "root.pem").write_bytes(pem("certificate", issued(root_fields())))
    (folder / "sub.pem").write_bytes(pem("certificate", issued(constrained_fields(NameConstraints(PERMITTED)))))
    return folder


def then(*command: object, hours: int = 2, **options: Any) -> subprocess.CompletedProcess[bytes]:
    """Run another program some hours after the moment of the tests."""
    at = ("faketime", f"{NOW + timedelta(hours=hours):%Y-%m-%d %H:%M:%S}")
    everything = {"capture_output": True, "check": False, "env": {**os.environ, "TZ": "UTC"}} | options
    return subprocess.run([*at, *map(str, command)], **everything)


def leaf(folder: Path, subject: str, alternative: str) -> Path:
    """A certificate that the subordinate signs, whatever it may."""
    number = len(list(folder.glob("leaf-*.pem")))
    path, request, extra = folder / f"leaf-{number}.pem", folder / "csr", folder / "extra"
    new = ["openssl", "req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    subprocess.run([*new, "-keyout", folder / "k", "-out", request, "-subj", subject], check=True, capture_output=True)
    extra.write_text(f"subjectAltName={alternative}\nbasicConstraints=CA:FALSE\nextendedKeyUsage=serverAuth\n")
    sign = ["openssl", "x509", "-req", "-in", request, "-CA", folder / "sub.pem", "-CAkey", folder / "sub.key"]
    days = ["-days", "9", "-set_serial", str(number + 5), "-extfile", extra, "-out", path]
    then(*sign, *days, hours=1, check=True)
    return path


INSIDE = "/C=NL/O=Stichting Voorbeeld/CN=www"


@pytest.mark.parametrize(
    ("subject", "alternative", "accepted"),
    [
        (INSIDE, "DNS:www.voorbeeld.example", True),
        (INSIDE, "IP:192.0.2.7", True),
        (INSIDE, "DNS:www.example.org", False),
        (INSIDE, "IP:198.51.100.1", False),
        (INSIDE, "IP:2001:db8::1", False),
        ("/C=NL/O=Another/CN=www", "DNS:www.voorbeeld.example", False),
    ],
)
def test_openssl_keeps_the_subordinate_within_its_names(
    hierarchy: Path, subject: str, alternative: str, accepted: bool
) -> None:
    path = leaf(hierarchy, subject, alternative)
    options = ("-x509_strict", "-CAfile", hierarchy / "root.pem", "-untrusted", hierarchy / "sub.pem")
    done = then("openssl", "verify", *options, path)
    assert (done.returncode == 0) is accepted, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("alternative", "accepted"), [("DNS:www.voorbeeld.example", True), ("DNS:www.example.org", False)]
)
def test_gnutls_keeps_the_subordinate_within_its_names(hierarchy: Path, alternative: str, accepted: bool) -> None:
    chain = b"".join(
        path.read_bytes()
        for path in (leaf(hierarchy, INSIDE, alternative), hierarchy / "sub.pem", hierarchy / "root.pem")
    )
    done = then("certtool", "--verify-chain", input=chain)
    assert (done.returncode == 0) is accepted, done.stdout
