"""A key signing request of nine bundles answered with a KSK of RSA-2048 on SoftHSM, and the answer checked."""

from __future__ import annotations

import shutil
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

from quorate.algorithms import SignatureAlgorithm
from quorate.dnssec.conformity import own_findings, plan_findings, request_findings
from quorate.dnssec.dnskey import KSK_FLAGS
from quorate.dnssec.keyfile import KeyPair
from quorate.dnssec.ksk import Ksk, Ksks
from quorate.dnssec.ksr_layout import write_ksr, write_skr
from quorate.dnssec.ksr_xml import read_ksr, read_skr
from quorate.dnssec.response import draft_response, finish
from quorate.dnssec.schema import slots_of
from quorate.keys import KeyType
from quorate.token import Login
from quorate.token.pkcs11 import Pkcs11Token
from quorate.token.zonekey import zone_key

ROUNDS = 9
OBJECT = b"\x05"


def median(work: Callable[[], object], rounds: int = ROUNDS) -> float:
    """Seconds of the middle run."""
    times = []
    for _ in range(rounds):
        started = time.perf_counter()
        work()
        times.append(time.perf_counter() - started)
    return statistics.median(times)


def answered(folder: Path) -> tuple[float, float]:
    """Seconds to answer a request from file to file, and of the token's signatures by themselves."""
    from softhsm import make_softhsm_token
    from zones import SHIPPED, Zone

    module, serial = make_softhsm_token(folder / "ksk", "ksk", "12345678", "12345678")
    token = Pkcs11Token(Path(module), serial)
    token.login(Login.USER, bytearray(b"12345678"))
    token.generate(KeyType.RSA_2048, OBJECT, "ksk")
    pair = zone_key(token, OBJECT, "K", KSK_FLAGS)
    zone = Zone(zsk_kinds=("rsa-2048",))
    ksks = Ksks(".", (Ksk("K", pair.dnskey, zone.begin(-4)),))
    path = folder / "ksr.xml"
    path.write_bytes(write_ksr(zone.request(0)))
    slots = slots_of(SHIPPED.named("normal"), 9, {"current": "K"})

    def answer(by: KeyPair) -> bytes:
        """The whole way: read, draft, sign, verify what was signed, write, read back, check."""
        request, _ = read_ksr(path.read_bytes(), path.name)
        draft = draft_response(request, slots, ksks, zone.promise)
        data = write_skr(finish(draft, [by.sign(one.data) for one in draft.signings]))
        response, _ = read_skr(data, "skr.xml")
        assert not [
            *own_findings(response),
            *request_findings(response, request),
            *plan_findings(response, slots, ksks),
        ]
        return data

    request, _ = read_ksr(path.read_bytes(), path.name)
    draft = draft_response(request, slots, ksks, zone.promise)

    def raw() -> None:
        for one in draft.signings:
            token.sign(OBJECT, "rsa-2048", SignatureAlgorithm.RSA_PKCS1_SHA256, one.data)

    answer(pair)
    whole, alone = median(lambda: answer(pair)), median(raw)
    (folder / "skr.xml").write_bytes(answer(pair))
    token.close()
    return whole, alone


def checked(folder: Path) -> list[str | Path]:
    """The command that checks the response to that request, in a folder of its own."""
    place = folder / "checked"
    place.mkdir()
    for name in ("ksr.xml", "skr.xml"):
        shutil.copy(folder / name, place / name)
    quorate = Path(sys.executable).parent / "quorate"
    return [quorate, "skr", "check", place / "skr.xml", "--ksr", place / "ksr.xml"]
