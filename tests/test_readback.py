"""What was made is read back and compared with the script, field by field."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from forging import record
from quorate.script import read_script
from quorate.script.operations import CrlOperation, Entry, RootOperation, SubordinateOperation
from quorate.script.readback import readback_findings
from quorate.x509.facts import CertificateFacts, CrlFacts, read_certificate, read_crl

Operation = RootOperation | SubordinateOperation | CrlOperation


def made(root: Path, ceremony: str) -> dict[str, tuple[Any, CertificateFacts | CrlFacts]]:
    """Every certificate and CRL of a rehearsal, with the operation that it was made for."""
    folder = record(root, ceremony)
    script = read_script((folder / "script.json").read_bytes(), "script.json")
    found: dict[str, tuple[Any, CertificateFacts | CrlFacts]] = {}
    for operation in script.operations:
        if outputs := getattr(operation, "outputs", ()):
            data = (folder / outputs[0]).read_bytes()
            read = read_crl if isinstance(operation, CrlOperation) else read_certificate
            found[operation.id] = (operation, read(data))
    return found


def test_what_was_made_is_what_the_script_says(rehearsed: Path) -> None:
    both = made(rehearsed, "001-root") | made(rehearsed, "002-next")
    assert set(both) == {"root-r1", "crl-r1-1", "root-r2", "cross-r2", "int-1", "int-2", "crl-r1-2", "crl-r2-1"}
    for operation, facts in both.values():
        assert readback_findings(operation, facts) == ()


@pytest.mark.parametrize(
    ("name", "field", "changes"),
    [
        ("int-1", "serial", {"certificate_serial": "51aa"}),
        ("int-1", "subject", {"subject": "3000"}),
        ("int-1", "not-before", {"not_before": "2026-12-08T09:00:01Z"}),
        ("int-1", "not-after", {"not_after": "2026-12-09T09:00:00Z"}),
        ("int-1", "crl-url", {"crl_url": "http://example.org/other.crl"}),
        ("int-1", "crl-url", {"crl_url": ""}),
        ("int-1", "ca-issuers-url", {"ca_issuers_url": ""}),
        ("int-1", "policies", {"policies": ("2.23.140.1.2.1",)}),
        ("root-r2", "serial", {"certificate_serial": "51aa"}),
        ("crl-r1-2", "number", {"number": 3}),
        ("crl-r1-2", "next-update", {"days": 364}),
        ("crl-r1-2", "entries", {"entries": (Entry("51", "2026-12-08T09:00:00Z", "superseded"),)}),
    ],
)
def test_a_field_that_differs_is_named(rehearsed: Path, name: str, field: str, changes: dict[str, Any]) -> None:
    operation, facts = made(rehearsed, "002-next")[name]
    (found,) = readback_findings(msgspec.structs.replace(operation, **changes), facts)
    assert found.code == "x509.plan_differs"
    assert dict(found.facts)["fields"] == field


def test_an_object_of_another_kind_is_none_of_the_plan(rehearsed: Path) -> None:
    both = made(rehearsed, "002-next")
    for operation, facts in ((both["crl-r1-2"][0], both["int-1"][1]), (both["int-1"][0], both["crl-r1-2"][1])):
        (found,) = readback_findings(operation, facts)
        assert dict(found.facts)["fields"] == "kind"
