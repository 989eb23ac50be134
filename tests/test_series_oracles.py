"""A year of every kind of plan, as `new` writes them, under both rule sets: openssl and GnuTLS judge what is made."""

from __future__ import annotations

import json
import re
import subprocess
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path

import pytest

from conftest import VERIFIER
from forging import record
from quorate import archive, canonical
from quorate.outset import RULES, new
from quorate.register import Entry
from quorate.register.inventory import Objects, read_entries
from quorate.rehearse import rehearse
from quorate.statement import Mode
from quorate.x509.facts import read_certificate, read_crl
from test_outset import SERIES, WAIVER, WAIVERS, at_noon, begin, put_request

CERTIFICATES = (
    "root-r1", "root-r2", "root-r2-2", "sub-1", "cross-root-r2-by-root-r1", "sub-constrained-1", "sub-mail-1",
    "sub-external-1", "cross-sub-1", "cross-their", "ocsp-1", "responder-ocsp-sub-external-1",
)  # fmt: skip
LISTS = ("crl-r1-1", "crl-r1-2", "crl-r2-1", "crl-r2-2", "crl-r2-3")


@dataclass(frozen=True)
class Series:
    """What the ceremonies of a series have made, by the names of their operations."""

    root: Path
    entries: dict[str, Entry]
    objects: Objects

    def file(self, name: str) -> Path:
        """The PEM file of a certificate, or the DER file of anything else."""
        entry = self.entries[name]
        outputs: tuple[str, ...] = entry.operation.outputs  # type: ignore[union-attr]  # all of these have outputs
        return record(self.root, entry.ceremony) / next((one for one in outputs if one.endswith(".pem")), outputs[0])

    def chain(self, name: str) -> list[str]:
        """A certificate and those above it, the self-signed one last."""
        it = self.objects.certificates[name]
        return [name] if it.self_issued else [name, *self.chain(self.objects.issuer(it))]

    def moment(self, name: str) -> str:
        """A minute after it was made: the end of its ceremony's day is near enough."""
        return f"{datetime.fromisoformat(self.entries[name].at):%Y-%m-%d} 20:00:00"


def asked_to_lint(root: Path) -> None:
    """Also where the rules do not ask for pkilint, the authority does."""
    path = root / "authority.toml"
    path.write_text(path.read_text().replace("[commitments]\n", '[commitments]\nlinters = ["pkilint"]\n', 1))


def put_certificate(plan: Path) -> None:
    """The certificate of somebody else's root, made by somebody else's software."""
    name = ("-subj", "/C=SE/O=Somebody Else/CN=Their Root", "-days", "3650", "-set_serial", f"{0x77 << 64}")
    key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-384", "-nodes", "-keyout", "/dev/null")
    command = ["faketime", "2026-11-20 12:00:00 UTC", "openssl", "req", "-x509", *key, *name]
    command += ["-addext", "keyUsage=critical,keyCertSign,cRLSign", "-out", str(plan.parent / "inputs/their.cert.pem")]
    subprocess.run(command, check=True, capture_output=True)


def cross(root: Path, name: str, operation: str, existing: str, policy: str) -> Path:
    """The plan of another cross-certificate, as somebody edits the one that `new` writes."""
    plan = new(root, name, "cross", at_noon())
    text = re.sub('(?m)^id = "cross-.*"', f'id = "{operation}"', plan.read_text())
    text = re.sub("(?m)^existing = .*", f'existing = "{existing}"', text)
    plan.write_text(re.sub("(?m)^policies = .+", f"policies = [{policy}]", text))
    return plan


@pytest.fixture(scope="module", params=RULES)
def series(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Series:
    rules = str(request.param)
    root = begin(tmp_path_factory.mktemp(rules) / "authority", rules)
    asked_to_lint(root)
    for name, kind in SERIES.items():
        plan = new(root, name, kind, at_noon())
        if match := re.search('^csr = "(.*)"', plan.read_text(), re.MULTILINE):
            put_request(plan.parent, match[1])
        if rules == "webpki" and kind in WAIVERS:
            plan.write_text(plan.read_text() + WAIVER.format(*WAIVERS[kind]))
    policy = '"2.23.140.1.2.1"' if rules == "webpki" else ""
    cross(root, "014", "cross-sub-1", "sub-1", policy)
    plan = cross(root, "015", "cross-their", "their.cert.pem", policy)
    put_certificate(plan)
    rehearse(root, plan.parent, VERIFIER.read_bytes())
    register = archive.read_register(root, Mode.REHEARSAL)
    return Series(root, {one.operation.id: one for one in register.entries}, read_entries(register))


@cache
def said(moment: str, *command: str) -> str:
    done = subprocess.run(["faketime", f"{moment} UTC", *command], capture_output=True, text=True, check=False)
    return done.stdout + done.stderr


def test_nothing_that_was_made_is_left_out_below(series: Series) -> None:
    assert set(series.objects.certificates) == set(CERTIFICATES)
    assert set(series.objects.crls) == set(LISTS)


@pytest.mark.parametrize("name", CERTIFICATES)
def test_openssl_accepts_every_certificate_strictly(series: Series, name: str) -> None:
    *between, top = series.chain(name)
    untrusted = [part for one in between[1:] for part in ("-untrusted", str(series.file(one)))]
    command = ("openssl", "verify", "-x509_strict", "-check_ss_sig", "-CAfile", str(series.file(top)), *untrusted)
    assert said(series.moment(name), *command, str(series.file(name))).endswith(": OK\n")


@pytest.mark.parametrize("name", CERTIFICATES)
def test_gnutls_accepts_every_chain(series: Series, tmp_path: Path, name: str) -> None:
    chain = tmp_path / "chain.pem"
    chain.write_bytes(b"".join(series.file(one).read_bytes() for one in series.chain(name)))
    shown = said(series.moment(name), "certtool", "--verify-chain", "--infile", str(chain))
    assert "Chain verification output: Verified. The certificate is trusted." in shown


@pytest.mark.parametrize("name", LISTS)
def test_openssl_accepts_every_crl(series: Series, name: str) -> None:
    issuer = series.objects.issuer(series.objects.crls[name])
    command = ("openssl", "crl", "-CAfile", str(series.file(issuer)), "-noout", "-in", str(series.file(name)))
    assert "verify OK" in said(series.moment(name), *command)


def test_openssl_accepts_the_request_and_the_ocsp_response(series: Series) -> None:
    request = str(series.file("request-root-r2"))
    assert "verify OK" in said(series.moment("request-root-r2"), "openssl", "req", "-verify", "-noout", "-in", request)
    name = "ocsp-sub-external-1"
    issuer = series.objects.issuer(series.objects.certificates["sub-external-1"])
    command = ["openssl", "ocsp", "-respin", str(series.file(name)), "-CAfile", str(series.file(issuer))]
    command += ["-issuer", str(series.file(issuer)), "-cert", str(series.file("sub-external-1"))]
    shown = said(series.moment(name), *command)
    assert "Response verify OK" in shown
    assert f"{series.file('sub-external-1')}: good" in shown


def test_drafts_that_were_frozen_whole_come_out_byte_for_byte(series: Series) -> None:
    whole = 0
    for name, entry in series.entries.items():
        folder = record(series.root, entry.ceremony)
        script = json.loads((folder / "script.json").read_bytes())
        draft = next((one for one in script["drafts"] if one["operation"] == name and not one["open"]), None)
        if draft is not None and name in {*CERTIFICATES, *LISTS}:
            frozen = (folder / draft["file"]).read_bytes()
            assert canonical.digest(frozen) == draft["digest"]
            read = read_crl if name in LISTS else read_certificate
            assert read(entry.data, name).tbs == frozen
            whole += 1
    assert whole >= 6


def test_linters_found_nothing_above_a_notice_in_what_was_finished(series: Series) -> None:
    """Under `webpki` pkilint has read each; the waived findings are rules of the programmes, and none of pkilint's."""
    linted = 0
    for ceremony in sorted((series.root / "ceremonies").iterdir()):
        for line in (record(series.root, ceremony.name) / "transcript.jsonl").read_bytes().splitlines():
            event = json.loads(line)
            if event["type"] == "linted" and event["body"]["object"] == "finished":
                linted += 1
                levels = {one["severity"] for one in event["body"]["findings"] if one["code"].startswith("lint.")}
                assert levels <= {"notice"}
    assert linted == len(CERTIFICATES) + len(LISTS)
