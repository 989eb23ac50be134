"""The linter zlint, a program: run when a `zlint` is found on the path. It gets the object as PEM and answers in JSON.

Not tested with the program itself, only with a stand-in that speaks its language: `zlint -format pem -config FILE -`
writes one object, `{"LINT": {"result": "pass" | "NA" | "NE" | "info" | "warn" | "error" | "fatal", "details": …}}`. It
writes `info` for what its lints call a notice. CRLs are read by versions that know the PEM label `X509 CRL`; others
fail and say so.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

from quorate.findings import Refusal
from quorate.want import LintReport, LintSubject, Remark
from quorate.x509.finish import pem

SECONDS = 60
WEIGHTS = {"fatal": "fatal", "error": "error", "warn": "warning", "info": "notice"}
SILENT = ("pass", "NA", "NE")
"""It holds; it is not for such an object; it was not yet in force when the object begins."""
OF_KEY = re.compile(r"_(rsa|ec|ecdsa|dsa)_")
CONFIGURATION = """\
[e_crl_next_update_invalid]
SubscriberCRL = false

[e_ca_multiple_reserved_policy_oids]
CrossCert = {cross}
"""
"""It takes a CRL for one of subscribers' certificates, and a cross-certificate for a subordinate, unless told."""


class Zlint:
    """zlint as a process of its own."""

    name = "zlint"

    def available(self) -> bool:
        """Whether the program is on the path."""
        return shutil.which(self.name) is not None

    def lint(self, subject: LintSubject, der: bytes) -> LintReport:
        """What zlint says of a certificate or a CRL; it reads nothing else. Raises `lint.failed`."""
        version = re.search(r"\S+$", self._run("-version").strip())
        if subject.kind == "ocsp":
            return LintReport(self.name, version[0] if version else "unknown", ())
        with tempfile.TemporaryDirectory() as folder:
            configuration = Path(folder) / "zlint.toml"
            configuration.write_text(
                CONFIGURATION.format(cross=str(subject.kind in ("cross", "cross-non-tls")).lower())
            )
            said = self._run("-format", "pem", "-config", str(configuration), "-", given=_pem(subject.kind, der))
        return LintReport(self.name, version[0] if version else "unknown", tuple(self._remarks(said)))

    def _run(self, *arguments: str, given: bytes = b"") -> str:
        command = [shutil.which(self.name) or self.name, *arguments]
        try:
            done = subprocess.run(command, input=given, capture_output=True, timeout=SECONDS, check=False)
        except (OSError, subprocess.TimeoutExpired) as error:
            raise Refusal("lint.failed", tool=self.name, detail=type(error).__name__) from None
        if done.returncode:
            lines = done.stderr.decode(errors="replace").split("\n")
            raise Refusal("lint.failed", tool=self.name, detail=f"exit code {done.returncode}, {lines[0]}")
        return done.stdout.decode(errors="replace")

    def _remarks(self, said: str) -> Iterator[Remark]:
        try:
            results = json.loads(said)
            for lint, result in sorted(results.items()):
                if result["result"] not in SILENT:
                    text = " ".join(str(result.get("details", "")).split())
                    yield Remark(WEIGHTS[result["result"]], lint, text, OF_KEY.search(lint) is not None)
        except (ValueError, KeyError, TypeError, AttributeError):
            raise Refusal("lint.failed", tool=self.name, detail="its answer is not what zlint writes") from None


def _pem(kind: str, der: bytes) -> bytes:
    """What tells it a CRL from a certificate."""
    return pem("crl" if kind == "crl" else "certificate", der)
