"""A small authority for tests: eight people, one software token, a plan for a root and one for what follows."""

from __future__ import annotations

import subprocess
from collections.abc import Collection
from pathlib import Path

from quorate.keys import KeyType

ROLES = {
    "administrator": "command",
    "witness": "observe",
    "auditor": "audit",
    "officer": "custody",
    "custodian": "shares",
}
PEOPLE = {
    "alice": "administrator",
    "ann": "administrator",
    "wim": "witness",
    "oa": "officer",
    "ob": "officer",
    "ca": "custodian",
    "cb": "custodian",
    "cc": "custodian",
}
QUORUMS = {
    "govern": "officer",
    "approve": "officer",
    "authorise": "officer",
    "unlock": "custodian",
    "recover": "custodian",
    "close": "officer",
}
SEATS = {
    "ca": ("administrator", "alice", ("ann",)),
    "iw": ("witness", "wim", ()),
    "au": ("auditor", "jane", ()),
    "o1": ("officer", "oa", ()),
    "o2": ("officer", "ob", ()),
    "c1": ("custodian", "ca", ()),
    "c2": ("custodian", "cb", ()),
    "c3": ("custodian", "cc", ()),
}


def make_authority(root: Path, keys: Path | None = None, token: str = "", rules: str = "private") -> Path:
    """Write an authority into `root`. `keys`: a folder that gets each person's private key, enrolled here.

    `token`: the TOML lines of its token hsm-1, a software token if empty.
    """
    root.mkdir(parents=True, exist_ok=True)
    lines = ['format = "quorate/1"', 'name = "example"', 'organisation = "Example Trust"', f'rules = "{rules}"']
    lines += ['conflicts = [["administrator","custodian"],["witness","custodian"],["officer","custodian"]]']
    lines += ["[cps]", 'document = "Example CP/CPS"', 'version = "1.0"', 'section = "6"']
    lines += ["[commitments]", "minimum-quorum = 2", 'module-level = "none"']
    lines += [f"key-types = {[str(one) for one in KeyType]}"]
    lines += ["root-days = 9132", "subordinate-days = 3650", "crl-days = 365"]
    for role, duty in ROLES.items():
        lines += ["[[roles]]", f'id = "{role}"', f'title = "The {role}"', f'duties = ["{duty}"]']
    for purpose, role in QUORUMS.items():
        lines += ["[[quorums]]", f'purpose = "{purpose}"', f'role = "{role}"', "need = 2"]
    lines += ["[[places]]", 'id = "safe-1"', 'facility = "hq"', 'kind = "safe"']
    lines += ['controllers = { role = "officer", need = 2 }', "[[tokens]]", 'id = "hsm-1"']
    lines += [token or 'kind = "software"\nlocation = "tokens/hsm-1"\nserial = "EX-1"']
    lines += ["[[items]]", 'id = "hsm-1-bag"', 'what = "the token hsm-1"', 'place = "safe-1"', 'seal = "A0001"']
    (root / "authority.toml").write_text("\n".join(lines) + "\n")
    (root / "people").mkdir(exist_ok=True)
    for person, role in (*PEOPLE.items(), ("jane", "auditor")):
        _write_person(root, person, role, keys)
    return root


def _write_person(root: Path, person: str, role: str, keys: Path | None) -> None:
    presence, key = ("paper", "") if person == "jane" else ("keyed", "")
    if keys is not None and presence == "keyed":
        keys.mkdir(exist_ok=True)
        command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", person, "-f", str(keys / person)]
        subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
        key = " ".join((keys / f"{person}.pub").read_text().split()[:2])
    lines = [f'presence = "{presence}"', *([f'key = "{key}"'] if key else [])]
    lines += ["[[appointments]]", f'role = "{role}"', 'since = "2020-01-01"', 'until = "2060-01-01"']
    (root / "people" / f"{person}.toml").write_text("\n".join(lines) + "\n")
    (root / "people" / f"{person}.card.toml").write_text(f'name = "{person.title()}"\nsalt = "{person}-0123456789"\n')


def head(opens: str, closes: str, purpose: str = "Make a root") -> str:
    """The part of a plan before its operations."""
    lines = ['format = "quorate/1"', f'purpose = "{purpose}"', 'facility = "hq"', 'retrieve = ["hsm-1-bag"]']
    lines += ["[window]", f'opens = "{opens}"', f'closes = "{closes}"', "[witnessing]", 'auditor = "au"']
    for seat, (role, person, alternates) in SEATS.items():
        lines += ["[[seats]]", f'id = "{seat}"', f'role = "{role}"', f'person = "{person}"']
        lines += [f"alternates = {list(alternates)}"]
    return "\n".join(lines) + "\n"


SHARE = """
[[operations]]
kind = "share"
id = "share-hsm-1"
token = "hsm-1"
credential = "user"
holders = ["c1", "c2", "c3"]
threshold = 2
"""
DESTROY_SO = """
[[operations]]
kind = "share"
id = "so-hsm-1"
token = "hsm-1"
credential = "so"
fate = "destroyed"
"""


def key(name: str, kind: str = "p-256") -> str:
    """An operation that generates a root key."""
    return f'[[operations]]\nkind = "generate-key"\nid = "{name}"\ntoken = "hsm-1"\ntype = "{kind}"\nuse = "root"\n'


def certificate(kind: str, name: str, common_name: str = "", days: int = 1000, **fields: str) -> str:
    """A root, subordinate or cross operation."""
    lines = ["[[operations]]", f'kind = "{kind}"', f'id = "{name}"', f'profile = "private-{kind}"', f"days = {days}"]
    if common_name:
        subject = f'country = "NL", organization = "Example Trust", common-name = "{common_name}"'
        lines.append(f"subject = {{ {subject} }}")
    if kind != "root":
        lines += ['crl-url = "http://example.org/r.crl"', 'ca-issuers-url = "http://example.org/r.der"']
    lines += [f'{field} = "{value}"' for field, value in fields.items()]
    return "\n".join(lines) + "\n"


def crl(name: str, issuer: str, number: int, revoked: str = "") -> str:
    """A CRL operation; `revoked`: the TOML of its revoked list."""
    lines = ["[[operations]]", 'kind = "crl"', f'id = "{name}"', f'issuer = "{issuer}"', f"number = {number}"]
    return "\n".join([*lines, "days = 365", *([f"revoked = {revoked}"] if revoked else [])]) + "\n"


FIRST = SHARE + DESTROY_SO + key("key-r1") + certificate("root", "root-r1", "Root R1", 3650, key="key-r1")
FIRST += crl("crl-r1-1", "root-r1", 1)


def make_plan(
    root: Path,
    name: str,
    operations: str,
    opens: str = "2026-12-01T09:00:00Z",
    closes: str = "",
    adopt: Collection[str] = (),
) -> Path:
    """Write a ceremony's plan, which adopts what is named; its folder."""
    ceremony = root / "ceremonies" / name
    (ceremony / "inputs").mkdir(parents=True, exist_ok=True)
    closes = closes or opens[:11] + "21:00:00Z"
    adopted = f"adopt = {list(adopt)}\n" if adopt else ""
    (ceremony / "plan.toml").write_text(adopted + head(opens, closes) + operations)
    return ceremony


def make_csr(path: Path, common_name: str = "I1") -> None:
    """A real PKCS#10 request by openssl."""
    command = ["openssl", "req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    command += ["-keyout", str(path.with_suffix(".key")), "-subj", f"/C=NL/O=Example Trust/CN={common_name}"]
    subprocess.run([*command, "-out", str(path)], check=True, capture_output=True)
    path.with_suffix(".key").unlink()


def second(root: Path, opens: str = "2026-12-08T09:00:00Z") -> Path:
    """The plan of 002: a new root, its cross-certificate, two subordinates, both CRLs."""
    operations = key("key-r2") + certificate("root", "root-r2", "Root R2", 3650, key="key-r2")
    operations += certificate("cross", "cross-r2", issuer="root-r1", existing="root-r2")
    operations += certificate("subordinate", "int-1", "I1", issuer="root-r1", csr="i1.csr.pem")
    operations += certificate("subordinate", "int-2", "I2", issuer="root-r2", csr="i2.csr.pem")
    operations += crl("crl-r1-2", "root-r1", 2) + crl("crl-r2-1", "root-r2", 1)
    ceremony = make_plan(root, "002-next", operations, opens)
    for name in ("i1", "i2"):
        make_csr(ceremony / "inputs" / f"{name}.csr.pem", name.upper())
    return ceremony
