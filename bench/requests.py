"""Key signing requests answered: one in process, one by a process, a thousand zones' in one session; one checked, cold.

The bare rate is that of C_Sign: what the module takes for as many signatures with a key whose handle is at hand.
"""

from __future__ import annotations

import functools
import json
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bench.keyset import ANSWERS, OBJECT, PIN, REQUESTS, TOKEN, TOLD, Signer
from bench.measure import (
    BARE,
    PYTHON,
    QUORATE,
    ROOT,
    Measured,
    Memory,
    Ratio,
    Time,
    command,
    median,
    run,
    timed,
)
from quorate.algorithms import SignatureAlgorithm
from quorate.dnssec.ksr_layout import write_ksr
from quorate.keys import KeyType
from quorate.token import Login, codes
from quorate.token.cryptoki import Module
from quorate.token.mechanism import SIGNING
from quorate.token.pkcs11 import Pkcs11Token
from softhsm import make_softhsm_token
from zones import Zone

HOW = SIGNING[SignatureAlgorithm.RSA_PKCS1_SHA256]
VECTORS = ROOT / "vectors" / "dnssec"
ROUNDS = 21


def prepare(folder: Path, zones: Iterator[str]) -> None:
    """The token with its KSK, and a request of each zone; ZSKs of RSA-2048, the same in all."""
    module, serial = make_softhsm_token(folder / "softhsm", "ksk", PIN, PIN)
    configuration = str(folder / "softhsm" / "softhsm2.conf")
    said = {"configuration": configuration, "module": str(module), "serial": serial}
    (folder / TOKEN).write_text(json.dumps(said))
    token = Pkcs11Token(module, serial)
    token.login(Login.USER, bytearray(PIN.encode()))
    token.generate(KeyType.RSA_2048, OBJECT, "ksk")
    token.close()
    for name in (REQUESTS, ANSWERS):
        (folder / name).mkdir()
    for zone in zones:
        request = Zone(name=zone, zsk_kinds=("rsa-2048",)).request(0)
        (folder / REQUESTS / f"{zone}xml").write_bytes(write_ksr(request))


class Bare:
    """The module by itself: a session, the handle of the private key, C_SignInit and C_Sign; `signer` is logged in."""

    def __init__(self, folder: Path, signer: Signer) -> None:
        said = json.loads((folder / TOKEN).read_text())
        self.module = Module(Path(said["module"]))
        infos = ((slot, self.module.token_info(slot)) for slot in self.module.slots())
        slot = next(slot for slot, info in infos if info and info.serial.decode().strip() == said["serial"])
        self.session = self.module.open_session(slot)
        (self.key,) = self.session.find({"ID": OBJECT, "CLASS": codes.CKO_PRIVATE_KEY})
        path = next((folder / REQUESTS).iterdir())
        self.inputs = [HOW.input(data) for data in signer.desk.ask(path.read_bytes(), path.name).data]

    def sign(self) -> None:
        """As many signatures as a request asks for."""
        for one in self.inputs:
            self.session.sign(HOW.mechanism, self.key, one)
        self.module.journal.clear()

    def close(self) -> None:
        self.session.close()
        self.module.close()


def one(folder: Path, size: int) -> Measured:
    """A request in process and by a process of its own; `ksr check` and `skr check` as commands."""
    prepare(folder, (f"zone-{number}.example." for number in range(ROUNDS + 1)))
    whole, alone = in_process(folder)
    path, *others = (folder / REQUESTS).iterdir()
    for other in others:
        other.unlink()
    cold = [(answered(folder)[0], (folder / ANSWERS / path.name).unlink())[0] for _ in range(7)]
    answered(folder)
    python, token = command(*PYTHON), "C_Sign, 9 times"
    what = "a KSR of 9 bundles answered with RSA-2048"
    checked, answer = ksr_check(folder), skr_check(folder, path)
    return [
        Ratio(f"{what}, in process", whole, token, alone),
        Ratio(f"{what}, a process with token and login", median(cold), BARE, python),
        Ratio("the same process", median(cold), token, alone),
        Ratio("`quorate ksr check`, the root zone's nine bundles and the SKR before", checked, BARE, command(*PYTHON)),
        Ratio("`quorate skr check` of the answer, with its request", answer, BARE, command(*PYTHON)),
    ]


def in_process(folder: Path) -> tuple[Time, Time]:
    """A request answered, and its signatures alone, one beside the other: the middle of many.

    Each request is answered once: a second time the program would remember which signatures it has verified.
    """
    signer = Signer(folder)
    bare = Bare(folder, signer)
    whole, alone = list[Time](), list[Time]()
    for path in (folder / REQUESTS).iterdir():
        data = path.read_bytes()
        whole.append(timed(functools.partial(signer.answer, data, path.name)))
        alone.append(timed(bare.sign))
    bare.close()
    signer.token.close()
    return median(whole[1:]), median(alone[1:])


def answered(folder: Path, *how: str) -> tuple[Time, dict[str, Any]]:
    """The program's time from start to end, and what it tells."""
    took, _ = run(sys.executable, "-m", "bench.keyset", folder, *how, cwd=ROOT)
    return took, json.loads((folder / TOLD).read_text())


def ksr_check(folder: Path) -> Time:
    (folder / "zone" / "dnssec").mkdir(parents=True)
    case = next(
        one for one in json.loads((VECTORS / "index.json").read_text())["cases"] if one["name"] == "root-normal"
    )
    shutil.copy(VECTORS / case["policy"], folder / "zone" / "dnssec" / "policy.json")
    where = ("--previous", VECTORS / case["previous"], "--at", case["at"], "--in", folder / "zone")
    return command(QUORATE, "ksr", "check", VECTORS / case["ksr"], *where)


def skr_check(folder: Path, path: Path) -> Time:
    return command(QUORATE, "skr", "check", folder / ANSWERS / path.name, "--ksr", path)


def many(folder: Path, size: int) -> Measured:
    """The requests of `size` zones in one session, against as many signatures of the module before and after it."""
    prepare(folder, (f"zone-{number}.example." for number in range(size)))
    rows: list[Ratio | Memory] = []
    what = f"the KSRs of {size:,} zones answered in one session, to fsynced files"
    before = _alone(folder, size)
    for how, named in ((("apart",), f"{what}, by a process that signs and one that does all else"), ((), what)):
        _, said = answered(folder, *how)
        after = _alone(folder, size)
        took, alone = Time(said["wall"], said["cpu"]), before.plus(after).times(0.5)
        rows.append(Ratio(named, took, f"C_Sign, {9 * size:,} times", alone))
        early, late = said["memory"]
        rows.append(Memory(named, late, "after a tenth of them", early))
        shutil.rmtree(folder / ANSWERS)
        (folder / ANSWERS).mkdir()
        before = after
    return rows


def _alone(folder: Path, size: int) -> Time:
    """The module's own time for the signatures of as many requests."""
    signer = Signer(folder)
    bare = Bare(folder, signer)
    alone = timed(lambda: [bare.sign() for _ in range(size)])
    bare.close()
    signer.token.close()
    return alone
