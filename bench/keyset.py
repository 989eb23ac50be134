"""A KSK of RSA-2048 on SoftHSM, requests of nine bundles, and a program that answers every request of a folder.

    python -m bench.keyset FOLDER

reads, drafts, signs, verifies, writes, reads back and checks each in one session of the token, and tells how long that
took and how much memory it held after a tenth of them and in the end.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

from bench.measure import Time, now
from quorate.algorithms import SignatureAlgorithm
from quorate.dnssec.conformity import ksk_findings, own_findings, plan_findings, promise_findings, request_findings
from quorate.dnssec.dnskey import KSK_FLAGS
from quorate.dnssec.duration import read_utc
from quorate.dnssec.keyfile import KeyPair
from quorate.dnssec.ksk import Ksk, Ksks
from quorate.dnssec.ksr import KeyPolicy, Request
from quorate.dnssec.ksr_layout import write_skr
from quorate.dnssec.ksr_xml import read_ksr, read_skr
from quorate.dnssec.response import Promise, ResponseDraft, draft_response, finish
from quorate.dnssec.schema import slots_of
from quorate.host import Host
from quorate.token import Login
from quorate.token.pkcs11 import Pkcs11Token
from quorate.token.zonekey import zone_key
from quorate.zone import load_schemas

PIN = "12345678"
OBJECT = b"\x05"
TOKEN, REQUESTS, ANSWERS, TOLD = "token.json", "requests", "answers", "told.json"
DAY = timedelta(days=1)
PROMISE = Promise(KeyPolicy(timedelta(), 28 * DAY, 21 * DAY, 21 * DAY, 16 * DAY, 9 * DAY, ()), 172800)
TOGETHER = 50
"""Files that are written with one fsync of their folder."""


class Signer:
    """The token of a folder, logged in, with its KSK."""

    def __init__(self, folder: Path) -> None:
        said = json.loads((folder / TOKEN).read_text())
        os.environ["SOFTHSM2_CONF"] = said["configuration"]
        self.token = Pkcs11Token(Path(said["module"]), said["serial"])
        self.token.login(Login.USER, bytearray(PIN.encode()))
        self.pair: KeyPair = zone_key(self.token, OBJECT, "K", KSK_FLAGS)
        self.schema = load_schemas(None).named("normal")
        self.since = read_utc("2020-01-01T00:00:00Z")

    def draft(self, request: Request) -> ResponseDraft:
        slots, ksks = self._plan(request)
        return draft_response(request, slots, ksks, PROMISE)

    def _plan(self, request: Request) -> tuple[Sequence[object], Ksks]:
        assert self.since is not None
        ksks = Ksks(request.domain, (Ksk("K", self.pair.dnskey, self.since),))
        return slots_of(self.schema, len(request.bundles), {"current": "K"}), ksks

    def answer(self, data: bytes, name: str) -> bytes:
        """The whole way of one request."""
        request, _ = read_ksr(data, name)
        slots, ksks = self._plan(request)
        draft = draft_response(request, slots, ksks, PROMISE)
        written = write_skr(finish(draft, [self.pair.sign(one.data) for one in draft.signings]))
        response, _ = read_skr(written, name)
        found = [
            *own_findings(response),
            *request_findings(response, request),
            *plan_findings(response, slots, ksks),
            *ksk_findings(response, ksks),
            *promise_findings(response, PROMISE),
        ]
        assert not found, found
        return written

    def sign_alone(self, draft: ResponseDraft) -> None:
        """The same signatures, and nothing else."""
        for one in draft.signings:
            self.token.sign(OBJECT, "rsa-2048", SignatureAlgorithm.RSA_PKCS1_SHA256, one.data)


def held() -> int:
    """Octets of memory that the process has now."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGESIZE")


def answer_all(folder: Path) -> tuple[Time, list[int]]:
    """Answer what lies in the folder; the time, and the memory held after a tenth and in the end."""
    signer, host, waiting = Signer(folder), Host(), dict[Path, bytes]()
    paths, memory = sorted((folder / REQUESTS).iterdir()), list[int]()
    started = now()
    for number, path in enumerate(paths, 1):
        waiting[folder / ANSWERS / path.name] = signer.answer(path.read_bytes(), path.name)
        signer.token.take_calls()
        if len(waiting) == TOGETHER or number == len(paths):
            host.write_together(waiting)
            waiting.clear()
        if number in (max(1, len(paths) // 10), len(paths)):
            memory.append(held())
    took = now().minus(started)
    signer.token.close()
    return took, memory


if __name__ == "__main__":
    took, memory = answer_all(Path(sys.argv[1]))
    (Path(sys.argv[1]) / TOLD).write_text(json.dumps({"wall": took.wall, "cpu": took.cpu, "memory": memory}))
