"""Requests in the text of other tools whose ZSKs lie on a token, and a ceremony that answers such a request."""

from __future__ import annotations

from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization

import key_text_cases as made
from forging import VERIFIER, genesis, record, verify
from ksr_making import pair
from quorate.dnssec.ksr_layout import write_ksr
from quorate.dnssec.ksr_xml import read_ksr
from quorate.rehearse import rehearse
from refusing import run
from softhsm import import_key, make_softhsm_token
from test_convert import check, good, pem, zone
from test_ksr_make import answer
from zoned import day, generation, ksk, make_plan, make_zoned, sign_plan
from zones import Zone, private

SAID = ("--form", "xml", "--validity", "P21D", "--safety", "P10D")


def test_zsks_on_a_token_prove_a_request_in_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two of the three lie on SoftHSM, the third in a file."""
    folder, file = zone(tmp_path), tmp_path / "ksr.xml"
    module, serial = make_softhsm_token(tmp_path / "softhsm", "zsk", "123456", "654321")
    keys = []
    for number in (2, 3, 4):
        name = f"zsk-p256-{number}"
        path = pem(tmp_path, name)
        if number < 4:
            import_key(serial, "123456", path, bytes([number]))
        keys += ["--zsk", f"{pair(name).identifier}={f'token:0{number}' if number < 4 else path}"]
    answer(monkeypatch, b"123456\n")
    where = ("--token", module, "--token-serial", serial)
    outcome = run("ksr", "convert", good("bind", "ksr"), file, *SAID, *keys, *where)
    assert (outcome.code, outcome.err) == (0, "")
    assert check(file, folder).code == 0
    request, _ = read_ksr(file.read_bytes(), "ksr.xml")
    assert [set(one.dnskeys) for one in request.bundles] == [set(one.dnskeys) for one in made.request().bundles]


@pytest.mark.parametrize("form", ["bind", "knot"])
def test_a_ceremony_answers_a_request_that_came_as_text(form: str, tmp_path: Path) -> None:
    """Text, XML with its proofs, script, SKR, text again for the server; the checks of each say that it is sound."""
    asked = Zone("example.", {"ksk-1": "p-256"})
    root = make_zoned(tmp_path / "authority", asked)
    make_plan(root, "001-ksk", generation(ksk("ksk-1", zone="example.")), day(0, 90))
    act = {"act": "genesis", "reason": "the first key set"}
    plan = sign_plan(root, "002-sign", asked, 0, "normal", {"current": "ksk-1"}, **act)
    text, xml = tmp_path / "ksr.txt", plan / "inputs/ksr.xml"
    request = asked.request(0)
    xml.write_bytes(write_ksr(request))
    assert run("ksr", "convert", xml, text, "--form", form).code == 0
    xml.unlink()
    keys = []
    for quarter in (-1, 0, 1):
        path = tmp_path / f"{quarter}.pem"
        octets = private("p-256", f"zsk p-256 {quarter}").private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        path.write_bytes(octets)
        keys += ["--zsk", f"q{quarter}={path}"]
    outcome = run("ksr", "convert", text, xml, *SAID, *keys)
    assert (outcome.code, outcome.err) == (0, "")
    rehearse(root, plan, VERIFIER.read_bytes())
    code, output = verify(
        record(root, "001-ksk"), record(root, "002-sign"), "--authority", genesis(root), "--rehearsal"
    )
    assert code == 0, output
    skr, answered = record(root, "002-sign") / "artifacts/skr-0.skr.xml", tmp_path / "skr.txt"
    assert run("skr", "convert", skr, answered, "--form", form).code == 0
    for response in (skr, answered):
        outcome = run("skr", "check", response, "--ksr", xml)
        assert (outcome.code, outcome.err) == (0, "")
