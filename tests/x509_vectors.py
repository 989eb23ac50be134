"""Vectors of bad certificates and CRLs, and of bad plans: `python tests/x509_vectors.py` writes `vectors/x509/` anew.

Format: `vectors/README.md`. The tests read the files back and judge them; what is written here is compared with them.
"""

from __future__ import annotations

import base64
import shutil
import tomllib
from pathlib import Path
from typing import Any

from quorate.compliance import Commitments, Context, certificate_findings, crl_findings
from quorate.findings import Finding
from quorate.strict import read_moment
from quorate.x509.facts import CertificateFacts, read_certificate, read_crl
from quorate.x509.profile import load_profile
from x509_cases import CASES
from x509_plans import INPUTS, PLANS
from x509_plans_fields import FIELDS
from x509_plans_own import OWN
from x509_world import WORLD, of_world

VECTORS = Path(__file__).resolve().parent.parent / "vectors" / "x509"
COMMITTED = {
    "root_days": 3650,
    "subordinate_days": 1095,
    "crl_days": 365,
    "key_types": ("p-256", "p-384", "rsa-2048", "rsa-4096"),
}


def files() -> dict[str, bytes]:
    """Every file below `vectors/x509/`, as it is to be."""
    made = {f"world/{name}.der": of_world(name) for name in WORLD}
    made |= {f"inputs/{name}": make() for name, make in INPUTS.items()}
    made |= {f"objects/{case.name}.toml": case.toml().encode() for case in CASES}
    return made | {f"plans/{case.name}.toml": case.toml().encode() for case in (*PLANS, *OWN, *FIELDS)}


def read(path: Path) -> dict[str, Any]:
    return tomllib.loads(path.read_text())


def judged(vector: dict[str, Any], world: Path) -> tuple[Finding, ...]:
    """What the rules find in an object of the vectors."""

    def given(name: str) -> bytes:
        return (world / f"{name}.der").read_bytes()

    def certificate(part: str) -> CertificateFacts | None:
        return read_certificate(given(vector[part])) if part in vector else None

    at = read_moment(vector["at"])
    closes = read_moment(vector.get("closes", vector["at"]))
    assert at is not None
    assert closes is not None
    said = COMMITTED | vector.get("commitments", {})
    context = Context(
        rules=vector["rules"],
        at=at,
        window=(at, closes),
        issuer=certificate("issuer"),
        known=tuple(read_certificate(given(name)) for name in vector.get("known", ())),
        existing=certificate("existing"),
        commitments=Commitments(
            said["root_days"],
            said["subordinate_days"],
            said["crl_days"],
            tuple(said["key_types"]),
            tuple(vector.get("programmes", ())),
            tuple(said.get("affiliates", ())),
            said.get("extended_validation", False),
        ),
    )
    profile = load_profile(vector["profile"])
    if "crl" in vector:
        previous = read_crl(given(vector["previous"])) if "previous" in vector else None
        return crl_findings(base64.b64decode(vector["crl"]), profile, context, previous)
    return certificate_findings(base64.b64decode(vector["certificate"]), profile, context)


def write() -> None:
    """The whole folder, anew."""
    if VECTORS.exists():
        shutil.rmtree(VECTORS)
    for name, data in files().items():
        path = VECTORS / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)


if __name__ == "__main__":
    write()
