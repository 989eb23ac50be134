"""A yearly root ceremony on SoftHSM: three roots, six intermediates, four cross-signs, four CRLs; P-384 and RSA-4096.

Conducted whole in one process, against the same generations and signatures asked of the module by itself, and against
`openssl ca` and `openssl x509` with the same keys through the pkcs11 engine. A generation of RSA-4096 takes what chance
gives it: its mean counts, and what is spent outside C_ calls is told by itself, over what is spent in them that day.
"""

from __future__ import annotations

import base64
import functools
import json
from dataclasses import dataclass
from pathlib import Path

from bench.day import Day
from bench.engine import OpenSsl, by_openssl, engine
from bench.measure import Measured, Ratio, Time, median, spent_in, timed
from example import DESTROY_SO, SHARE, certificate, crl, key, make_csr, make_plan
from forging import pin_of_words
from quorate.algorithms import default_algorithm
from quorate.keys import KeyType
from quorate.token import codes
from quorate.token.cryptoki import Module
from quorate.token.mechanism import GENERATION, SIGNING, templates
from quorate.token.pkcs11 import Pkcs11Token

KEYS = {"r1": KeyType.RSA_4096, "r2": KeyType.P384, "r3": KeyType.RSA_4096}
ALL = {"r0": KeyType.P384, **KEYS}
INTERMEDIATES = {f"int-{number}": f"root-r{(number - 1) // 2 + 1}" for number in range(1, 7)}
CROSSED = {"cross-1": ("r0", "r1"), "cross-2": ("r0", "r2"), "cross-3": ("r0", "r3"), "cross-4": ("r1", "r2")}
LISTS = {"crl-r0": ("r0", 2), "crl-r1": ("r1", 1), "crl-r2": ("r2", 1), "crl-r3": ("r3", 1)}
OLD = SHARE + DESTROY_SO + key("key-r0", "p-384") + certificate("root", "root-r0", "Root r0", 3650, key="key-r0")
OLD += crl("crl-r0-1", "root-r0", 1)
"""What the root of years ago came from, which certifies the new ones."""


def operations() -> str:
    """The plan's: three keys, seventeen signed objects."""
    text = ""
    for name, kind in KEYS.items():
        text += key(f"key-{name}", kind) + certificate("root", f"root-{name}", f"Root {name}", 3650, key=f"key-{name}")
    for name, issuer in INTERMEDIATES.items():
        text += certificate("subordinate", name, name, issuer=issuer, csr=f"{name}.csr.pem")
    for name, (issuer, subject) in CROSSED.items():
        text += certificate("cross", name, issuer=f"root-{issuer}", existing=f"root-{subject}")
    for name, (issuer, number) in LISTS.items():
        text += crl(name, f"root-{issuer}", number)
    return text


def signings(record: Path) -> list[tuple[str, bytes]]:
    """Which key signed which bytes, in order."""
    events = [json.loads(line) for line in (record / "transcript.jsonl").read_text().splitlines()]
    script = json.loads((record / "script.json").read_bytes())
    keys = {one["id"]: one.get("key", "") for one in script["operations"]}
    return [
        (keys[one["body"]["operation"]], base64.b64decode(one["body"]["tbs"]))
        for one in events
        if one["type"] == "drafted"
    ]


GENERATIONS = 12
"""Of RSA-4096, to tell their mean: one takes from a quarter of a second to three."""


def alone(path: Path, serial: str, pin: bytearray, asked: list[tuple[str, bytes]]) -> tuple[Time, Time]:
    """The module by itself: what the three generations take in the mean, and what the signatures take."""
    module = Module(path)
    infos = ((slot, module.token_info(slot)) for slot in module.slots())
    session = module.open_session(next(slot for slot, info in infos if info and info.serial.decode().strip() == serial))
    session.login(codes.CKU_USER, pin)

    def generate(name: str, kind: KeyType) -> None:
        session.generate_pair(GENERATION[kind].mechanism, *templates(kind, f"raw-{name}".encode(), f"raw-{name}"))

    for name, kind in ALL.items():
        generate(name, kind)
    took = {
        kind: timed(lambda kind=kind: [generate(f"{kind}-{one}", kind) for one in range(GENERATIONS)])  # type: ignore[misc]
        for kind in dict.fromkeys(KEYS.values())
    }
    generated = functools.reduce(Time.plus, (took[kind].times(1 / GENERATIONS) for kind in KEYS.values()))
    handles = {
        f"key-{name}": session.find({"ID": f"raw-{name}".encode(), "CLASS": codes.CKO_PRIVATE_KEY})[0] for name in ALL
    }

    def sign() -> None:
        for name, tbs in asked:
            how = SIGNING[default_algorithm(ALL[name.removeprefix("key-")])]
            session.sign(how.mechanism, handles[name], how.input(tbs), how.parameter)

    signed = median([timed(sign) for _ in range(5)])
    session.close()
    module.close()
    return generated, signed


def measure(folder: Path, size: int) -> Measured:
    """`size` days, each with an authority of its own."""
    days = [one_day(folder / str(number)) for number in range(size)]
    day, asked = days[-1].day, signings(days[-1].day.record)
    pin = pin_of_words(day.root / "worksheets", "hsm-1")
    generated, signed = alone(day.module, day.serial, pin, asked)
    raw = generated.plus(signed)
    outside = median([one.conducted.minus(one.in_token) for one in days])
    before = median([one.compiled for one in days])
    what = f"a set of {len(asked)} operations and {len(KEYS)} key generations"
    rows = [
        Ratio(f"{what}, conducted", outside.plus(raw), "the module by itself", raw),
        Ratio(f"{what}, compiled, approved and conducted", outside.plus(raw).plus(before), "the module by itself", raw),
        *(
            Ratio(f"day {number}: outside C_ calls", one.conducted.minus(one.in_token), "within C_ calls", one.in_token)
            for number, one in enumerate(days, 1)
        ),
        Ratio(f"{len(asked)} signatures through quorate's token", median([one.signing for one in days]), ALONE, signed),
    ]
    if path := engine():
        requests = {day.ceremony / "inputs" / f"{n}.csr.pem": i.removeprefix("root-") for n, i in INTERMEDIATES.items()}
        theirs = by_openssl(OpenSsl(folder / "openssl", path, day.module, pin.decode()), ALL, requests, CROSSED, LISTS)
        rows.append(
            Ratio(
                "the set conducted, without its generations",
                outside.plus(signed),
                "openssl by its pkcs11 engine",
                theirs,
            )
        )
    return rows


ALONE = "the module by itself"


@dataclass(frozen=True)
class Told:
    """What one day took."""

    day: Day
    compiled: Time
    conducted: Time
    in_token: Time
    signing: Time


def one_day(folder: Path) -> Told:
    """The SoftHSM of the day before is stopped with its last opening, so that the new one is seen."""
    folder.mkdir(parents=True)
    day = Day(folder)
    day.compile(make_plan(day.root, "001-old", OLD))
    day.conduct()
    plan = make_plan(day.root, "002-yearly", operations(), "2026-12-08T09:00:00Z")
    for name in INTERMEDIATES:
        make_csr(plan / "inputs" / f"{name}.csr.pem", name)
    compiled = timed(lambda: day.compile(plan))
    with spent_in(Module, "call") as in_token, spent_in(Pkcs11Token, "sign") as signing:
        conducted = timed(day.conduct)
    return Told(day, compiled, conducted, in_token.time, signing.time)
