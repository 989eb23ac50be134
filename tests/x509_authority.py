"""The authority that the bad plans of `vectors/x509/plans/` are laid before, with a first ceremony behind it."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any

from example import FIRST, certificate, make_plan
from x509_plans import INPUTS

OWN = "own"
"""The name of the profile that a vector brings."""

FIRST_CEREMONY = FIRST.replace(
    '[[operations]]\nkind = "crl"',
    certificate("subordinate", "int-0", "Int 0", issuer="root-r1", csr="i0.csr.pem") + '[[operations]]\nkind = "crl"',
)
"""`key-r1` (P-256), `root-r1` (Root R1, 3650 days), `int-0` by it, and `crl-r1-1`, its CRL number 1, which is empty."""


def committed(root: Path) -> Path:
    """The authority commits to these key types."""
    path = root / "authority.toml"
    path.write_text(
        re.sub("key-types = .*", 'key-types = ["p-256", "p-384", "rsa-2048", "rsa-4096"]', path.read_text())
    )
    return root


def first(root: Path) -> Path:
    """Lay the first ceremony down."""
    ceremony = make_plan(root, "001-root", FIRST_CEREMONY)
    (ceremony / "inputs" / "i0.csr.pem").write_bytes(INPUTS["i0.csr.pem"]())
    return ceremony


def under(root: Path, rules: str) -> Path:
    """The authority under these rules from now on."""
    path = root / "authority.toml"
    path.write_text(path.read_text().replace('rules = "private"', f'rules = "{rules}"'))
    return root


def lay(root: Path, vector: dict[str, Any], inputs: Path) -> Path:
    """Write the plan of a vector; its folder, which must not be there yet."""
    ceremony = root / "ceremonies" / "002-bad"
    shutil.rmtree(ceremony, ignore_errors=True)
    shutil.rmtree(root / "profiles", ignore_errors=True)
    if "profile" in vector:
        (root / "profiles").mkdir()
        (root / "profiles" / f"{OWN}.toml").write_text(vector["profile"])
    make_plan(root, "002-bad", vector["operations"], vector["opens"], vector["closes"])
    for name in vector.get("inputs", ()):
        (ceremony / "inputs" / name).write_bytes((inputs / name).read_bytes())
    return ceremony
