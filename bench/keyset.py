"""A KSK of RSA-2048 on SoftHSM, requests of nine bundles, and programs that answer every request of a folder.

    python -m bench.keyset FOLDER          one request after the other
    python -m bench.keyset FOLDER apart    by two processes, of which one does nothing but sign

Each is read, drafted, signed, verified, written, read back and checked in one session of the token. It is told how long
that took and how much memory was held after a tenth of them and in the end.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import sys
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from multiprocessing.connection import Connection
from pathlib import Path

from bench.measure import Time, now
from quorate.dnssec.conformity import ksk_findings, plan_findings, promise_findings, request_findings
from quorate.dnssec.dnskey import KSK_FLAGS, Dnskey
from quorate.dnssec.duration import read_utc
from quorate.dnssec.keyfile import KeyPair
from quorate.dnssec.ksk import Ksk, Ksks
from quorate.dnssec.ksr import KeyPolicy, Request
from quorate.dnssec.ksr_layout import write_skr
from quorate.dnssec.ksr_xml import read_ksr, read_skr
from quorate.dnssec.response import Promise, ResponseDraft, draft_response, finish
from quorate.dnssec.schema import Slot, slots_of
from quorate.dnssec.soundness import own_findings
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
AHEAD = 16
"""Requests that are drafted before the token is asked for the first: enough to sign while files are written."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A request with what is to be signed for it."""

    request: Request
    slots: Sequence[Slot]
    ksks: Ksks
    draft: ResponseDraft

    @property
    def data(self) -> list[bytes]:
        return [one.data for one in self.draft.signings]


class Desk:
    """What is done beside the token, for a KSK whose public key is known."""

    def __init__(self, ksk: Dnskey) -> None:
        since = read_utc("2020-01-01T00:00:00Z")
        assert since is not None
        self.ksk, self.schema = Ksk("K", ksk, since), load_schemas(None).named("normal")

    def ask(self, data: bytes, name: str) -> Asked:
        """A request read and drafted."""
        request, _ = read_ksr(data, name)
        ksks = Ksks(request.domain, (self.ksk,))
        slots = slots_of(self.schema, len(request.bundles), {"current": "K"})
        return Asked(request, slots, ksks, draft_response(request, slots, ksks, PROMISE))

    def answer(self, asked: Asked, signatures: Sequence[bytes]) -> bytes:
        """The response with these signatures: verified, written, read back and judged."""
        written = write_skr(finish(asked.draft, signatures))
        response, _ = read_skr(written, asked.request.id)
        found = [
            *own_findings(response),
            *request_findings(response, asked.request),
            *plan_findings(response, asked.slots, asked.ksks),
            *ksk_findings(response, asked.ksks),
            *promise_findings(response, PROMISE),
        ]
        assert not found, found
        return written


class Signer:
    """The token of a folder, logged in, with its KSK."""

    def __init__(self, folder: Path) -> None:
        said = json.loads((folder / TOKEN).read_text())
        os.environ["SOFTHSM2_CONF"] = said["configuration"]
        self.token = Pkcs11Token(Path(said["module"]), said["serial"])
        self.token.login(Login.USER, bytearray(PIN.encode()))
        self.pair: KeyPair = zone_key(self.token, OBJECT, "K", KSK_FLAGS)
        self.desk = Desk(self.pair.dnskey)

    def sign(self, data: Sequence[bytes]) -> list[bytes]:
        signatures = [self.pair.sign(one) for one in data]
        self.token.take_calls()
        return signatures

    def answer(self, data: bytes, name: str) -> bytes:
        """The whole way of one request."""
        asked = self.desk.ask(data, name)
        return self.desk.answer(asked, self.sign(asked.data))


class Outbox:
    """Answers on their way into the folder, fsynced; `memory` is what the process held after a tenth and in the end."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.host, self.waiting = folder, Host(), dict[Path, bytes]()
        self.paths = sorted((folder / REQUESTS).iterdir())
        self.memory, self.count = list[int](), 0

    def put(self, path: Path, answer: bytes) -> None:
        self.waiting[self.folder / ANSWERS / path.name] = answer
        self.count += 1
        if len(self.waiting) == TOGETHER or self.count == len(self.paths):
            self.host.write_together(self.waiting)
            self.waiting.clear()
        if self.count in (max(1, len(self.paths) // 10), len(self.paths)):
            self.memory.append(held())


def held() -> int:
    """Octets of memory that the process has now."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGESIZE")


def one_by_one(folder: Path) -> tuple[Time, list[int]]:
    """Answer what lies in the folder; the time, and the memory held."""
    signer, outbox, started = Signer(folder), Outbox(folder), now()
    for path in outbox.paths:
        outbox.put(path, signer.answer(path.read_bytes(), path.name))
    took = now().minus(started)
    signer.token.close()
    return took, outbox.memory


def apart(folder: Path) -> tuple[Time, list[int]]:
    """The same by two processes: this one has the token and signs what the other, which never sees it, asks for.

    While the token signs for one request the next is read and drafted, and the one before written.
    """
    signer = Signer(folder)
    here, there = multiprocessing.get_context("spawn").Pipe()
    other = multiprocessing.get_context("spawn").Process(target=clerk, args=(folder, signer.pair.dnskey, there))
    other.start()
    there.close()
    here.recv()  # it has started
    started = now()
    while (asked := here.recv()) is not None:
        here.send(signer.sign(asked))
    memory, spent = here.recv()
    took = now().minus(started)
    other.join()
    signer.token.close()
    return Time(took.wall, took.cpu + spent), memory


def clerk(folder: Path, ksk: Dnskey, signer: Connection) -> None:
    """Ask for signatures, a few requests ahead, and write what they make."""
    desk, outbox, asked = Desk(ksk), Outbox(folder), deque[tuple[Path, Asked]]()
    signer.send("ready")
    started, ahead = now(), iter(outbox.paths)

    def ask() -> None:
        if path := next(ahead, None):
            asked.append((path, desk.ask(path.read_bytes(), path.name)))
            signer.send(asked[-1][1].data)

    for _ in range(AHEAD):
        ask()
    while asked:
        signatures: list[bytes] = signer.recv()
        ask()
        path, one = asked.popleft()
        outbox.put(path, desk.answer(one, signatures))
    signer.send(None)
    signer.send((outbox.memory, now().minus(started).cpu))


if __name__ == "__main__":
    work = apart if sys.argv[2:] else one_by_one
    took, memory = work(Path(sys.argv[1]))
    (Path(sys.argv[1]) / TOLD).write_text(json.dumps({"wall": took.wall, "cpu": took.cpu, "memory": memory}))
