"""A zone's KSKs on SoftHSM 2, ceremony after ceremony for real: five quarters of RSA, and a roll to ECDSA after them.

The people are stand-ins, everything else is as on the day: the authority governed, the DS of each new KSK pinned by the
governors before it may sign, scripts approved, shares typed, the token reached through PKCS#11.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from example import DESTROY_SO, SHARE, make_plan
from kept_record import conduct_for_real, govern
from quorate.dnssec.dnskey import Dnskey
from quorate.dnssec.keyfile import KeyPair
from quorate.dnssec.ksr import Request, Response
from quorate.dnssec.ksr_layout import write_ksr
from quorate.dnssec.ksr_xml import read_skr
from quorate.dnssec.records import read_dnskeys
from quorate.dnssec.request import Turns
from quorate.rehearse import TRANSPORT
from softhsm import make_softhsm_token
from zone_folder import pin
from zoned import day, ksk, make_zoned, published, signing
from zones import BEGIN, DAY, Zone

A, AB, B, BC, C = ({"current": "a"}, {"current": "a", "next": "b"}, {"current": "b"}, {"current": "b", "next": "c"},
                   {"current": "c"})  # fmt: skip
QUARTERS: Sequence[tuple[str, Mapping[str, str], str]] = (
    ("normal", A, ""),
    ("normal", A, ""),
    ("pre-publish", AB, ""),
    ("rollover", AB, ""),
    ("revoke", AB, ""),
    ("normal", B, ""),
    ("algorithm-introduce", BC, "algorithm-back-out"),
    ("algorithm-double", BC, ""),
    ("algorithm-revoke", BC, "algorithm-revoke-back-out"),
    ("normal", C, ""),
)
"""Schema, parts and the schema of the back-out that is made beside it, from the first quarter on."""
KSKS = {0: ("a", "rsa-2048"), 2: ("b", "rsa-2048"), 6: ("c", "p-256")}
"""The KSK that is generated before a quarter's signing, and its kind."""
ROLL = 6
"""The quarter in which the roll begins: two algorithms, and ZSKs of 1536 bits of the old one meanwhile."""
ONCE, TWICE = [1] * 9, [2] * 9
OF_THE_ROLL = ((TWICE, 3), ([2, *ONCE[1:]], 2), (TWICE, 2), ([*TWICE[1:], 1], 2), (ONCE, 1))
"""How many ZSKs the slots of its requests have, and how many different ones."""
TURNS = "{ slots = [2, 1, 1, 1, 1, 1, 1, 1, 2], different = 3 }"


@dataclass
class Years:
    """The authority, its token, and what its ceremonies made."""

    folder: Path
    zone: Zone = field(default_factory=lambda: Zone(kinds={"a": "rsa-2048"}, zsk_kinds=("rsa-2048",)))
    records: list[Path] = field(default_factory=list)
    anchors: dict[str, Dnskey] = field(default_factory=dict)
    """The KSKs as the records of their generation have them."""
    responses: dict[str, Response] = field(default_factory=dict)
    """Every SKR as it lies in a record, by its name."""

    def __post_init__(self) -> None:
        self.keys = self.folder / "keys"
        transport = TRANSPORT.decode()
        self.module, self.serial = make_softhsm_token(self.folder / "softhsm", "hsm-1", transport, transport)
        token = f'kind = "pkcs11"\nlocation = "{self.module}"\nserial = "{self.serial}"'
        self.root = make_zoned(self.folder / "authority", self.zone, keys=self.keys, token=token)  # type: ignore[arg-type]
        self._limits_of_the_roll()
        govern(self.root, self.keys)

    @property
    def policy(self) -> Path:
        return self.root / "dnssec" / "0" / "policy.toml"

    def _limits_of_the_roll(self) -> None:
        """They hold from the quarter before it on, whose last slot has the first short ZSK."""
        text = self.policy.read_text()
        keys = ", ".join(f"{{ slots = {slots}, different = {count} }}" for slots, count in OF_THE_ROLL)
        others = {
            'id = "always"': 'id = "roll"',
            'since = "2020-01-01"': f'since = "{BEGIN + (90 * (ROLL - 1) - 70) * DAY:%Y-%m-%d}"',
            TURNS: f"{TURNS}, {keys}",
            "sizes = [2048], exponents = [65537] }": "sizes = [1536, 2048], exponents = [65537] }, { algorithm = 13 }",
        }
        limits = "[[limits]]" + text.partition("[[limits]]")[2]
        for old, new in others.items():
            assert old in limits
            limits = limits.replace(old, new)
        self.policy.write_text(f"{text}\n{limits}")

    def hold(self, plan: Path) -> Path:
        self.records.append(conduct_for_real(self.root, plan, self.keys, printed=False))
        return self.records[-1]

    def generate(self, quarter: int) -> None:
        """A KSK is made, and the governors pin its DS."""
        name, kind = KSKS[quarter]
        operations = ("" if self.records else SHARE + DESTROY_SO) + ksk(name, kind)
        opens = day(quarter, 75)
        record = self.hold(make_plan(self.root, f"{quarter}0-ksk", operations, opens))
        made = (record / "artifacts" / f"{name}.ksk.txt").read_text()
        (self.anchors[name],) = (one.dnskey for one in read_dnskeys(made.splitlines()[0].encode(), name))
        text = self.policy.read_text().replace("ksks = []\n", "")
        self.policy.write_text(text + pin(name, ".", self.anchors[name], opens[:10]))
        govern(self.root, self.keys)

    def sign(self, quarter: int) -> None:
        """The signing 60 days before the quarter, and the record that the SKR is deployed."""
        schema, parts, back_out = QUARTERS[quarter]
        name = f"skr-{quarter}"
        responses: list[dict[str, object]] = [
            {"id": name, "zone": ".", "ksr": "ksr.xml", "schema": schema, "keys": parts}
        ]
        responses[0] |= {} if quarter else {"act": "genesis", "reason": "the first key set of this zone"}
        files = {"ksr.xml": self.request(quarter)}
        if back_out:
            bound = {"current": parts["current"]} if back_out == "algorithm-back-out" else parts
            other = {"id": f"{name}-back-out", "zone": ".", "ksr": "back-out.xml", "schema": back_out, "keys": bound}
            responses.append({**other, "back-out-of": name})
            files["back-out.xml"] = self.request(quarter, back_out)
        plan = make_plan(self.root, f"{quarter}1-sign", signing(f"sign-{quarter}", responses), day(quarter, 60))
        for path, request in files.items():
            (plan / "inputs" / path).write_bytes(write_ksr(request))
        record = self.hold(plan)
        for one in sorted((record / "artifacts").glob("*.skr.xml")):
            self.responses[one.name.removesuffix(".skr.xml")] = read_skr(one.read_bytes(), one.name)[0]
        self.hold(make_plan(self.root, f"{quarter}2-deployed", published(name), day(quarter, 50)))

    def request(self, quarter: int, back_out: str = "") -> Request:
        """The KSR of a quarter: ZSKs in turn, from the roll on the old algorithm's last beside the new one's."""
        last, new = self.zone.zsks(ROLL, ["rsa-1536"]), self.zone.zsks(ROLL, ["p-256"])
        if quarter < ROLL:
            after = last if quarter == ROLL - 1 else self.zone.zsks(quarter + 1)
            return self.zone.request(quarter, self._turns(quarter, after))
        two, before = (*last, *new), (*self.zone.zsks(ROLL - 1), *last)
        slots: dict[int, list[tuple[KeyPair, ...]]] = {
            ROLL: [before, *[last if back_out else two] * 8],
            ROLL + 1: [two] * 9,
            ROLL + 2: [two] * 9 if back_out else [*[two] * 8, new],
            ROLL + 3: [new] * 9,
        }
        begin = self.zone.begin(quarter) if back_out else None
        return self.zone.request(quarter, slots[quarter], begin=begin)

    def _turns(self, quarter: int, after: tuple[KeyPair, ...]) -> Sequence[Sequence[KeyPair]]:
        return Turns(self.zone.zsks(quarter), self.zone.zsks(quarter - 1), after).slots(9)


def held(folder: Path) -> Years:
    """All of them, in their order."""
    years = Years(folder)
    for quarter in range(len(QUARTERS)):
        if quarter in KSKS:
            years.generate(quarter)
        years.sign(quarter)
    return years
