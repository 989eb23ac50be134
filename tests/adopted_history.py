"""A CA that was there before quorate: roots, a subordinate and CRLs made by openssl, in the folder of an authority."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from pathlib import Path

from example import make_authority

CONFIG = """
[ca]
default_ca = old
[old]
dir = .
database = index
serial = serial
crlnumber = crlnumber
default_md = {md}
policy = any
new_certs_dir = .
default_crl_days = 3000
unique_subject = no
[any]
countryName = optional
organizationName = optional
commonName = supplied
[req]
distinguished_name = dn
[dn]
[root]
basicConstraints = critical,CA:TRUE
keyUsage = critical,keyCertSign,cRLSign
subjectKeyIdentifier = hash
[sub]
basicConstraints = critical,CA:TRUE,pathlen:0
keyUsage = critical,keyCertSign,cRLSign
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
crlDistributionPoints = URI:http://example.org/r.crl
authorityInfoAccess = caIssuers;URI:http://example.org/r.der
certificatePolicies = 2.5.29.32.0
[crl]
authorityKeyIdentifier = keyid
"""
FROM, TO = "20101104000000Z", "20351103235959Z"


def openssl(folder: Path, *arguments: str) -> None:
    subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True)


def make_ca(folder: Path, name: str, key: tuple[str, ...], md: str = "sha256") -> Path:
    """A root of 2010 with its key, two subordinates and its last CRL, number 7, that revokes the second of them."""
    folder.mkdir(parents=True)
    (folder / "ca.cnf").write_text(CONFIG.format(md=md))
    (folder / "index").write_text("")
    (folder / "serial").write_text("1001\n")
    (folder / "crlnumber").write_text("07\n")
    openssl(folder, "genpkey", "-out", "root.key", *key)
    subject = f"/C=NL/O=Example Trust/CN={name}"
    openssl(folder, "req", "-new", "-key", "root.key", "-subj", subject, "-out", "root.csr", "-config", "ca.cnf")
    signing = ("ca", "-batch", "-config", "ca.cnf", "-startdate", FROM, "-enddate", TO, "-notext")
    openssl(
        folder,
        *signing,
        "-selfsign",
        "-keyfile",
        "root.key",
        "-in",
        "root.csr",
        "-extensions",
        "root",
        "-out",
        "root.pem",
    )
    for number in (1, 2):
        openssl(
            folder, "genpkey", "-out", f"sub{number}.key", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"
        )
        subject = f"/C=NL/O=Example Trust/CN={name} Sub {number}"
        csr, pem = f"sub{number}.csr", f"sub{number}.pem"
        openssl(folder, "req", "-new", "-key", f"sub{number}.key", "-subj", subject, "-out", csr, "-config", "ca.cnf")
        openssl(
            folder, *signing, "-cert", "root.pem", "-keyfile", "root.key", "-in", csr, "-extensions", "sub", "-out", pem
        )
    authority = ("-config", "ca.cnf", "-cert", "root.pem", "-keyfile", "root.key")
    openssl(folder, "ca", *authority, "-revoke", "sub2.pem", "-crl_reason", "cessationOfOperation")
    openssl(folder, "ca", *authority, "-gencrl", "-crlexts", "crl", "-out", "root.crl")
    return folder


P256 = ("-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256")
RSA = ("-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048")
ADOPTED = {"root-2010": "root.pem", "sub-1": "sub1.pem", "sub-2": "sub2.pem", "crl-2010-7": "root.crl"}


def adopting_authority(root: Path, ca: Path, things: Mapping[str, str] = ADOPTED) -> Path:
    """The example authority, which adopts what a CA made before."""
    make_authority(root, root.with_name("keys"))
    list_adopted(root, ca, things)
    return root


def list_adopted(root: Path, ca: Path, things: Mapping[str, str]) -> None:
    """Put files of the CA into the authority's folder, and list them."""
    (root / "adopted").mkdir()
    lines = []
    for name, file in things.items():
        (root / "adopted" / file).write_bytes((ca / file).read_bytes())
        lines += ["[[adopted]]", f'id = "{name}"', f'file = "{file}"']
    with (root / "authority.toml").open("a") as authority:
        authority.write("\n".join(lines) + "\n")
