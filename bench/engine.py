"""The same seventeen objects by `openssl req`, `x509` and `ca`, with keys on a token reached through the engine."""

from __future__ import annotations

import functools
import subprocess
from collections.abc import Mapping
from pathlib import Path

from bench.measure import Time, run


def engine() -> Path | None:
    """The engine of Debian's libengine-pkcs11-openssl, None where it is not installed."""
    told = subprocess.run(("openssl", "version", "-e"), check=True, capture_output=True, text=True).stdout
    path = Path(told.partition('"')[2].rstrip().rstrip('"')) / "pkcs11.so"
    return path if path.is_file() else None


LISTS = ("one", "two", "three", "four")

_CONFIGURATION = """
openssl_conf = begin
[begin]
engines = engines
[engines]
pkcs11 = token
[token]
engine_id = pkcs11
dynamic_path = {engine}
MODULE_PATH = {module}
PIN = {pin}
init = 0
"""
_OBJECTS = """
[req]
distinguished_name = name
[name]
[ca_extensions]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
{lists}
"""
_LIST = """
[{name}]
database = {folder}/{name}.txt
crlnumber = {folder}/{name}.number
default_md = sha384
default_crl_days = 365
"""


class OpenSsl:
    """A folder in which openssl makes roots, subordinates, cross-certificates and CRLs with the keys of a token."""

    def __init__(self, folder: Path, engine: Path, module: Path, pin: str) -> None:
        self.folder = folder
        folder.mkdir()
        self.engine, self.configuration = folder / "engine.cnf", folder / "objects.cnf"
        lists = "".join(_LIST.format(name=name, folder=folder) for name in LISTS)
        self.engine.write_text(_CONFIGURATION.format(engine=engine, module=module, pin=pin))
        self.configuration.write_text(_OBJECTS.format(lists=lists))
        for name in LISTS:
            (folder / f"{name}.txt").write_text("")
            (folder / f"{name}.number").write_text("01\n")

    def __call__(self, command: str, *arguments: str | Path) -> Time:
        configured = ("env", f"OPENSSL_CONF={self.engine}", "openssl", command, "-engine", "pkcs11")
        return run(*configured, *arguments)[0]

    def root(self, name: str) -> Time:
        key = ("-key", uri(name), "-keyform", "engine", "-sha384", "-extensions", "ca_extensions")
        subject = ("-subj", f"/C=NL/O=Example Trust/CN={name}", "-days", "3650")
        return self("req", "-x509", "-new", "-config", self.configuration, *key, *subject, "-out", self.file(name))

    def subordinate(self, name: str, issuer: str, request: Path) -> Time:
        extensions = ("-extfile", self.configuration, "-extensions", "ca_extensions")
        return self("x509", "-req", "-in", request, *self.issuer(issuer), *extensions, "-out", self.file(name))

    def cross(self, name: str, issuer: str, subject: str) -> Time:
        return self("x509", "-in", self.file(subject), *self.issuer(issuer), "-out", self.file(name))

    def crl(self, name: str, issuer: str) -> Time:
        key = ("-keyfile", uri(issuer), "-keyform", "engine", "-cert", self.file(issuer), "-name", name)
        return self("ca", "-config", self.configuration, "-gencrl", *key, "-out", self.folder / f"{name}.crl")

    def issuer(self, name: str) -> tuple[str | Path, ...]:
        key = ("-CA", self.file(name), "-CAkey", uri(name), "-CAkeyform", "engine")
        return (*key, "-sha384", "-days", "1000", "-set_serial", "17")

    def file(self, name: str) -> Path:
        return self.folder / f"{name}.pem"


def uri(name: str) -> str:
    return f"pkcs11:object=raw-{name};type=private"


def by_openssl(
    openssl: OpenSsl,
    roots: Mapping[str, object],
    requests: Mapping[Path, str],
    crossed: Mapping[str, tuple[str, str]],
    lists: Mapping[str, tuple[str, int]],
) -> Time:
    """What all the commands take, one after the other. `requests`: each with its issuer."""
    spent = list[Time]()
    spent += (openssl.root(name) for name in roots)
    for number, (request, issuer) in enumerate(requests.items()):
        spent.append(openssl.subordinate(f"int-{number}", issuer, request))
    for name, (issuer, subject) in crossed.items():
        spent.append(openssl.cross(name, issuer, subject))
    for name, (issuer, _) in zip(LISTS, lists.values(), strict=True):
        spent.append(openssl.crl(name, issuer))
    return functools.reduce(Time.plus, spent)
