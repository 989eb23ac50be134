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
    repeated,
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
    """The module by itself: a session, the handle of the private key, C_SignInit and C_Sign."""

    def __init__(self, folder: Path) -> None:
        said = json.loads((folder / TOKEN).read_text())
        self.module = Module(Path(said["module"]))
        infos = ((slot, self.module.token_info(slot)) for slot in self.module.slots())
        slot = next(slot for slot, info in infos if info and info.serial.decode().strip() == said["serial"])
        self.session = self.module.open_session(slot)
        self.session.login(codes.CKU_USER, bytearray(PIN.encode()))
        (self.key,) = self.session.find({"ID": OBJECT, "CLASS": codes.CKO_PRIVATE_KEY})

    def sign(self, inputs: list[bytes]) -> None:
        for one in inputs:
            self.session.sign(HOW.mechanism, self.key, one)

    def close(self) -> None:
        self.session.close()
        self.module.close()


def one(folder: Path, size: int) -> Measured:
    """A request in process and by a process of its own; `ksr check` and `skr check` as commands.

    In process each of many zones' requests is answered once: a second time the program would remember signatures.
    """
    prepare(folder, (f"zone-{number}.example." for number in range(ROUNDS + 1)))
    path, *paths = (folder / REQUESTS).iterdir()
    signer = Signer(folder)
    inputs = [HOW.input(data) for data in signer.desk.ask(path.read_bytes(), path.name).data]
    signer.answer(path.read_bytes(), path.name)
    whole = median([timed(functools.partial(signer.answer, one.read_bytes(), one.name)) for one in paths])
    signer.token.close()
    bare = Bare(folder)
    alone = repeated(lambda: bare.sign(inputs), ROUNDS)
    bare.close()
    for other in paths:
        other.unlink()
    cold = [(answered(folder)[0], (folder / ANSWERS / path.name).unlink())[0] for _ in range(7)]
    answered(folder)
    python, token = command(*PYTHON), f"C_Sign, {len(inputs)} times"
    what = f"a KSR of {len(inputs)} bundles answered with RSA-2048"
    return [
        Ratio(f"{what}, in process", whole, token, alone),
        Ratio(f"{what}, a process with token and login", median(cold), BARE, python),
        Ratio("the same process", median(cold), token, alone),
        Ratio("`quorate ksr check`, the root zone's nine bundles and the SKR before", ksr_check(folder), BARE, python),
        Ratio("`quorate skr check` of the answer, with its request", skr_check(folder, path), BARE, python),
    ]


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
    """The requests of `size` zones in one session, against as many signatures of the module by itself."""
    prepare(folder, (f"zone-{number}.example." for number in range(size)))
    rows: list[Ratio | Memory] = []
    what = f"the KSRs of {size:,} zones answered in one session, to fsynced files"
    for how, named in ((("apart",), f"{what}, by a process that signs and one that does all else"), ((), what)):
        _, said = answered(folder, *how)
        alone, count = _alone(folder, size)
        rows.append(Ratio(named, Time(said["wall"], said["cpu"]), f"C_Sign, {count:,} times", alone))
        early, late = said["memory"]
        rows.append(Memory(named, late, "after a tenth of them", early))
        shutil.rmtree(folder / ANSWERS)
        (folder / ANSWERS).mkdir()
    return rows


def _alone(folder: Path, size: int) -> tuple[Time, int]:
    """The module's own time for the signatures of as many requests, and their number."""
    signer = Signer(folder)
    path = next((folder / REQUESTS).iterdir())
    inputs = [HOW.input(data) for data in signer.desk.ask(path.read_bytes(), path.name).data]
    signer.token.close()
    bare = Bare(folder)
    alone = timed(lambda: [bare.sign(inputs) for _ in range(size)])
    bare.close()
    return alone, size * len(inputs)
