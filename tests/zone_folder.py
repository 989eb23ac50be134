"""The folder of a zone, as its operators keep it: policy, public keys."""

from __future__ import annotations

from pathlib import Path

from quorate.dnssec.dnskey import Dnskey
from quorate.dnssec.records import dnskey_line
from zones import Zone

LIMITS = """
[[limits]]
id = "all"
since = "2009-01-01"
bundles = 9
keys = [{ slots = [2, 1, 1, 1, 1, 1, 1, 1, 2], different = 3 }]
algorithms = [{ algorithm = 13 }]
ttl = 172800
validity = { least = "P21D", most = "P21D" }
overlap = { least = "P9D", most = "P16D" }
interval = { least = "P9D", most = "P11D" }
cycle = { least = "P79D", most = "P81D" }
horizon = "P180D"
publish-safety = "PT0S"
retire-safety = "P28D"
hold-down = "P30D"
"""


def pin(name: str, zone: str, key: Dnskey, since: str, until: str = "") -> str:
    rows = {"id": name, "ds-sha256": key.ds(zone).digest.hex(), "since": since}
    rows |= {"until": until} if until else {}
    text = "".join(f'{one} = "{value}"\n' for one, value in rows.items())
    return f"\n[[ksks]]\n{text}key-tag = {key.key_tag}\nalgorithm = {key.algorithm}\n"


def make_folder(root: Path, zone: Zone, until: str = "") -> Path:
    """`dnssec/` of a zone: KSK A since 2020 (to `until`), KSK B since 2025."""
    folder = root / "dnssec"
    folder.mkdir(parents=True)
    keys = {ksk.id: ksk.dnskey for ksk in zone.ksks.ksks}
    since = {"A": "2020-01-01", "B": "2025-06-01"}
    pins = "".join(pin(name, zone.name, key, since[name], until if name == "A" else "") for name, key in keys.items())
    (folder / "policy.toml").write_text(f'format = "quorate/1"\nid = "a-zone"\nzone = "{zone.name}"\n{pins}{LIMITS}')
    (folder / "ksks.txt").write_text("".join(dnskey_line(zone.name, key) + "\n" for key in keys.values()))
    return folder
