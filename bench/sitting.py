"""A ceremony that answers the requests of many zones under one approval, each by a KSK of RSA-2048 on SoftHSM."""

from __future__ import annotations

import base64
from pathlib import Path

from bench.day import Day
from bench.measure import Measured, Ratio, spent_in, timed
from example import make_plan
from kept_record import govern
from quorate.dnssec.dnskey import KSK_FLAGS, PROTOCOL, Algorithm, Dnskey
from quorate.dnssec.ksr_layout import write_ksr
from quorate.token.cryptoki import Module
from zone_folder import pin
from zoned import day, generation, ksk, make_zoned, signing
from zones import Zone


def measure(folder: Path, size: int) -> Measured:
    """KSKs of `size` zones are made first, which is not measured."""
    zones = [Zone(f"zone-{number}.example.", {"A": "rsa-2048"}, zsk_kinds=("rsa-2048",)) for number in range(size)]
    made = Day(folder, lambda root, **options: make_zoned(root, *zones, **options))
    keys = (ksk(f"ksk-{number}", "rsa-2048", zone.name) for number, zone in enumerate(zones))
    made.compile(make_plan(made.root, "001-keys", generation(*keys), day(0, 120)))
    made.conduct()
    for number, zone in enumerate(zones):
        _pin(made, number, zone)
    govern(made.root, made.keys)
    responses = [_response(number, zone) for number, zone in enumerate(zones)]
    plan = make_plan(made.root, "002-sign", signing("sign", responses), day(0, 60))
    for number, zone in enumerate(zones):
        (plan / "inputs" / f"ksr-{number}.xml").write_bytes(write_ksr(zone.request(0)))
    compiled = timed(lambda: made.compile(plan))
    with spent_in(Module, "call") as in_token:
        conducted = timed(made.conduct)
    what = f"a ceremony that answers the KSRs of {size} zones"
    return [
        Ratio(f"{what}, conducted", conducted, "within C_ calls", in_token.time),
        Ratio(f"{what}, compiled and approved", compiled, "within C_ calls of the day", in_token.time),
    ]


def _pin(made: Day, number: int, zone: Zone) -> None:
    """The new KSK into its zone's policy, as its operators do after the day."""
    line = (made.record / "artifacts" / f"ksk-{number}.ksk.txt").read_text().splitlines()[0]
    key = Dnskey(KSK_FLAGS, PROTOCOL, Algorithm.RSASHA256, base64.b64decode(line.split()[-1]))
    policy = made.root / "dnssec" / str(number) / "policy.toml"
    unpinned = policy.read_text().replace("ksks = []\n", "")
    policy.write_text(unpinned + pin(f"ksk-{number}", zone.name, key, "2025-01-01"))


def _response(number: int, zone: Zone) -> dict[str, object]:
    keys = {"current": f"ksk-{number}"}
    named = {"id": f"skr-{number}", "zone": zone.name, "ksr": f"ksr-{number}.xml", "schema": "normal"}
    return {**named, "act": "genesis", "keys": keys}
