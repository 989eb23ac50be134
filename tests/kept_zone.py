"""Makes the records of a zone that are kept as vectors for ever: real ceremonies at two facilities.

    python tests/kept_zone.py vectors/records/quorate-1-zone

Run once, like `kept_record.py`. The KSK and the SKR of a zone that was signed elsewhere are adopted; a new KSK is
made, travels in a bag, and is brought to the other facility; a request is answered, and answered once more.
"""

from __future__ import annotations

import base64
import shutil
import sys
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from unittest import mock

from example import SHARE, make_authority, make_plan
from kept_record import conduct_for_real, govern
from quorate import record
from quorate.dnssec.dnskey import KSK_FLAGS, PROTOCOL, Algorithm, Dnskey
from quorate.dnssec.ksr_layout import write_ksr, write_skr
from quorate.dnssec.records import dnskey_line
from quorate.host import Host
from quorate.keys import KeyType
from quorate.rehearse import TRANSPORT
from quorate.standing_in import StandInKeys
from quorate.token import software
from quorate.token.software import SoftwareToken
from test_carrying import ELSEWHERE, planned
from zone_folder import pin
from zoned import add_zones, ksk, published, signing
from zones import Zone, private

ZONE = Zone("example.", {"ksk-old": "p-256"}, start=datetime(2026, 10, 1, tzinfo=UTC))
KSKS = {"current": "ksk-old", "next": "ksk-new"}


def brought(name: str, key: str, token: str, more: str) -> str:
    lines = ["[[operations]]", 'kind = "import-key"', f'id = "{name}"', f'key = "{key}"', f'token = "{token}"', more]
    return "\n".join(lines) + "\n"


OLD = 'zone = "example."\nalgorithm = "ECDSAP256SHA256"'
TO_HSM_2 = SHARE.replace("hsm-1", "hsm-2")
FIRST = SHARE + brought("ksk-old", "dnskey-old", "hsm-1", OLD) + ksk("ksk-new", zone="example.")
SECOND = TO_HSM_2 + brought("ksk-new-annex", "ksk-new", "hsm-2", 'carrier = "cards"')
SECOND += brought("ksk-old-annex", "dnskey-old", "hsm-2", OLD)


def authority(folder: Path) -> tuple[Path, Path]:
    """Two facilities with a software token each; what was made elsewhere is listed, and the old KSK pinned."""
    keys = folder / "keys"
    root = make_authority(folder / "authority", keys)
    with (root / "authority.toml").open("a") as file:
        file.write(ELSEWHERE)
    add_zones(root, ZONE, tokens=("hsm-1", "hsm-2"))
    _pin(root, "ksk-old", ZONE.pairs["ksk-old"].dnskey)
    (root / "adopted").mkdir()
    response = ZONE.deploy(ZONE.request(0), "normal", {"current": "ksk-old"})
    line = dnskey_line("example.", ZONE.pairs["ksk-old"].dnskey) + "\n"
    for name, data in (("dnskey-old", line.encode()), ("skr-old", write_skr(response))):
        (root / "adopted" / name).write_bytes(data)
        with (root / "authority.toml").open("a") as file:
            file.write(f'[[adopted]]\nid = "{name}"\nfile = "{name}"\n')
    govern(root, keys)
    for number in (1, 2):
        pins = bytearray(TRANSPORT), bytearray(TRANSPORT)
        SoftwareToken.make(root / f"tokens/hsm-{number}", f"EX-{number}", f"hsm-{number}", *pins, Host().random)
    (root / "worksheets").mkdir()
    (root / "worksheets/tokens").symlink_to(root / "tokens")  # where the people's cards find the modules
    elsewhere = StandInKeys(root).token
    with mock.patch.object(software, "generated", return_value=private("p-256", "ksk ksk-old")):
        elsewhere.generate(KeyType.P256, b"\x07", "old")
    elsewhere.close()
    return root, keys


def _pin(root: Path, name: str, key: Dnskey) -> None:
    path = root / "dnssec/0/policy.toml"
    path.write_text(path.read_text().replace("ksks = []\n", "") + pin(name, "example.", key, "2020-01-01"))


CARRIED = '[[carry]]\nitem = "cards"\nto = "safe-2"\n'
DAYS = [f"2026-12-{day:02}T09:00:00Z" for day in (3, 8, 10, 12)]


def ceremonies(root: Path, keys: Path) -> Iterator[Path]:
    """The records of all of them, in their order."""

    def held(plan: Path) -> Path:
        return conduct_for_real(root, plan, keys, printed=False)

    plan = planned(root, "001-adoption", FIRST + CARRIED, '["hsm-1-bag", "cards"]')
    (plan / "plan.toml").write_text('adopt = ["dnskey-old", "skr-old"]\n' + (plan / "plan.toml").read_text())
    yield (first := held(plan))
    line = (first / "artifacts/ksk-new.ksk.txt").read_text().splitlines()[0]
    _pin(root, "ksk-new", Dnskey(KSK_FLAGS, PROTOCOL, Algorithm.ECDSAP256SHA256, base64.b64decode(line.split()[-1])))
    govern(root, keys)
    yield held(planned(root, "002-annex", SECOND, '["cards"]', "annex", DAYS[0]))
    yield held(_signing(root, "003-sign", DAYS[1], id="skr-1"))
    yield held(make_plan(root, "004-deployed", published("skr-1"), DAYS[2]))
    again = {"id": "skr-1-again", "act": "re-sign", "again-of": "skr-1"}
    yield held(_signing(root, "005-again", DAYS[3], **again))


def _signing(root: Path, name: str, opens: str, **response: str) -> Path:
    asked = {"zone": "example.", "ksr": "ksr.xml", "schema": "pre-publish", "keys": KSKS, **response}
    plan = make_plan(root, name, signing(f"sign-{response['id']}", [asked], "hsm-1"), opens)
    (plan / "inputs/ksr.xml").write_bytes(write_ksr(ZONE.request(1)))
    return plan


def main(target: Path) -> None:
    """Write the records and the genesis digest below `target`, which must not exist."""
    target.mkdir(parents=True)
    with tempfile.TemporaryDirectory() as name:
        root, keys = authority(Path(name))
        for folder in ceremonies(root, keys):
            shutil.copytree(folder, target / folder.parent.name, ignore=shutil.ignore_patterns(".quorate*"))
        (target / "genesis").write_text(record.frozen_states(root)[0].digest + "\n")
    print(f"the records of {', '.join(sorted(one.name for one in target.iterdir()))} in {target}")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
