"""An authority that holds the KSKs of a zone, and plans of its ceremonies: what the tests of key sets begin with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from example import SHARE, make_authority, make_plan
from quorate.dnssec.ksr_layout import write_ksr
from zones import BEGIN, Zone

ZONES = '\n[[zones]]\nname = "{zone}"\ntokens = [{tokens}]\nfolder = "{folder}"\n'
ALGORITHMS = {"p-256": 13, "p-384": 14, "ed25519": 15, "ed448": 16, "rsa-2048": 8, "rsa-2048-sha512": 10}
MNEMONICS = {
    "p-256": "ECDSAP256SHA256", "p-384": "ECDSAP384SHA384", "ed25519": "ED25519", "ed448": "ED448",
    "rsa-2048": "RSASHA256", "rsa-2048-sha512": "RSASHA512",
}  # fmt: skip


def policy(zone: str = ".", kinds: Sequence[str] = ("p-256",), ksks: str = "") -> str:
    """A policy with the root zone's calendar for keys of these kinds."""
    algorithms = []
    for kind in dict.fromkeys(kinds):
        rsa = ", sizes = [2048], exponents = [65537]" if kind.startswith("rsa") else ""
        algorithms.append(f"{{ algorithm = {ALGORITHMS[kind]}{rsa} }}")
    return f"""
format = "quorate/1"
id = "test"
zone = "{zone}"
ksks = []
{ksks}
[[limits]]
id = "always"
since = "2020-01-01"
bundles = 9
keys = [{{ slots = [2, 1, 1, 1, 1, 1, 1, 1, 2], different = 3 }}]
algorithms = [{", ".join(algorithms)}]
ttl = 172800
validity = {{ least = "P21D", most = "P21D" }}
overlap = {{ least = "P9D", most = "P16D" }}
interval = {{ least = "P9D", most = "P11D" }}
cycle = {{ least = "P79D", most = "P81D" }}
horizon = "P180D"
publish-safety = "PT0S"
retire-safety = "P28D"
hold-down = "P30D"
"""


def make_zoned(root: Path, *zones: Zone, tokens: Sequence[str] = ("hsm-1",), **options: str) -> Path:
    """The example authority, for zones with policies of their own."""
    make_authority(root, **options)  # type: ignore[arg-type]  # the options are its own
    return add_zones(root, *zones, tokens=tokens)


def add_zones(root: Path, *zones: Zone, tokens: Sequence[str] = ("hsm-1",)) -> Path:
    """An authority gets zones with policies of their own."""
    text = (root / "authority.toml").read_text()
    text = text.replace('key-types = ["p-256",', 'key-types = ["ed25519", "p-256",')
    for number, zone in enumerate(zones):
        folder = f"dnssec/{number}"
        text += ZONES.format(zone=zone.name, tokens=", ".join(f'"{one}"' for one in tokens), folder=folder)
        (root / folder).mkdir(parents=True)
        kinds = [*zone.kinds.values(), *zone.zsk_kinds]
        (root / folder / "policy.toml").write_text(policy(zone.name, kinds))
    (root / "authority.toml").write_text(text)
    return root


def ksk(name: str, kind: str = "p-256", zone: str = ".", token: str = "hsm-1") -> str:
    """An operation that generates a KSK."""
    lines = ["[[operations]]", 'kind = "generate-key"', f'id = "{name}"', f'token = "{token}"']
    lines.append(f'type = "{kind.removesuffix("-sha512")}"')
    return "\n".join([*lines, 'use = "ksk"', f'zone = "{zone}"', f'algorithm = "{MNEMONICS[kind]}"', ""])


def generation(*ksks: str) -> str:
    """The operations of a first ceremony."""
    return SHARE + "".join(ksks)


def signing(name: str, responses: Sequence[Mapping[str, object]], token: str = "") -> str:
    """A sign-skr operation. `keys` of a response: part to label."""
    lines = ["[[operations]]", 'kind = "sign-skr"', f'id = "{name}"', *([f'token = "{token}"'] if token else [])]
    for response in responses:
        lines.append("[[operations.responses]]")
        for field, value in response.items():
            if isinstance(value, Mapping):
                inside = ", ".join(f'{part} = "{label}"' for part, label in value.items())
                lines.append(f"{field} = {{ {inside} }}")
            else:
                lines.append(f'{field} = "{value}"')
    return "\n".join([*lines, ""])


def published(*artifacts: str) -> str:
    """The publications of a plan."""
    entries = (f'[[publications]]\nartifact = "{one}"\nwhere = "https://example.org/{one}"\n' for one in artifacts)
    return "".join(entries)


def day(quarter: int, days: int) -> str:
    """A moment so many days before the quarter begins (after, if negative), as a plan writes it."""
    moment = BEGIN + timedelta(days=90 * quarter - days, hours=9)
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def sign_plan(
    root: Path, name: str, signs: Zone, quarter: int, schema: str, keys: Mapping[str, str], **more: str
) -> Path:
    """The plan of a signing ceremony 60 days before its quarter, with the zone's KSR."""
    response = {"id": f"skr-{quarter}", "zone": signs.name, "ksr": "ksr.xml", "schema": schema, "keys": keys} | more
    plan = make_plan(root, name, signing(f"sign-{quarter}", [response]), day(quarter, 60))
    (plan / "inputs" / "ksr.xml").write_bytes(write_ksr(signs.request(quarter)))
    return plan


def publish_plan(root: Path, name: str, quarter: int) -> Path:
    """The plan by which the SKR of a quarter is recorded as deployed, 50 days before it begins."""
    return make_plan(root, name, published(f"skr-{quarter}"), day(quarter, 50))


assert datetime(2026, 1, 1, tzinfo=UTC) == BEGIN
