"""A zone that is signed quarter after quarter in the engine, with keys in memory: what the tests of SKRs begin with."""

from __future__ import annotations

import dataclasses
import functools
import importlib.resources
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa

from quorate.dnssec.act import Act
from quorate.dnssec.continuity import Next, Rules, Signed, Verdict, judge
from quorate.dnssec.dnskey import KSK_FLAGS, ZSK_FLAGS, Algorithm
from quorate.dnssec.keyfile import KeyPair, PrivateKey, key_pair
from quorate.dnssec.ksk import Ksk, Ksks
from quorate.dnssec.ksr import KeyPolicy, Request, Response
from quorate.dnssec.request import Calendar, Turns, make_request, terms_of
from quorate.dnssec.response import Promise, ResponseDraft, draft_response, finish
from quorate.dnssec.schema import Schemas, read_schemas, slots_of
from quorate.dnssec.simulate import Habits
from quorate.host import SteppedHost

DAY = timedelta(days=1)
BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
TTL = 172800
SHIPPED: Schemas = read_schemas(
    importlib.resources.files("quorate.dnssec").joinpath("schemas.toml").read_bytes(), "schemas.toml"
)
STATED = KeyPolicy(timedelta(), 28 * DAY, 21 * DAY, 21 * DAY, 16 * DAY, 9 * DAY, ())


def replace(value: Any, **changes: Any) -> Any:
    """A frozen value with some members changed, struct or data class."""
    made = msgspec.structs.replace if isinstance(value, msgspec.Struct) else dataclasses.replace
    return made(value, **changes)


@functools.cache
def private(kind: str, name: str) -> PrivateKey:
    """A key that is made once a session: `rsa-2048`, `rsa-1536`, `p-256`, `p-384`, `ed25519`, `ed448`.

    No two have a tag in common, which would be found wherever they meet; but for those that are made to have one.
    """
    if " tag " in name:
        return _generated(kind)
    while (tags := _tags(made := _generated(kind))) & _TAKEN:
        pass
    _TAKEN.update(tags)
    return made


_TAKEN: set[int] = set()


def _tags(made: PrivateKey) -> set[int]:
    """Its tags as a ZSK, as a KSK and as a revoked one, of either algorithm if it is of RSA."""
    pairs = [
        key_pair(made, "any", flags, algorithm)
        for flags in (ZSK_FLAGS, KSK_FLAGS)
        for algorithm in (Algorithm.RSASHA256, Algorithm.RSASHA512)
    ]
    return {tag for pair in pairs for tag in (pair.dnskey.key_tag, pair.dnskey.revoked.key_tag)}


def _generated(kind: str) -> PrivateKey:
    match kind:
        case "p-256":
            return ec.generate_private_key(ec.SECP256R1())
        case "p-384":
            return ec.generate_private_key(ec.SECP384R1())
        case "ed25519":
            return ed25519.Ed25519PrivateKey.generate()
        case "ed448":
            return ed448.Ed448PrivateKey.generate()
    return rsa.generate_private_key(65537, int(kind.removeprefix("rsa-")))


def zsk(kind: str, name: str) -> KeyPair:
    """A ZSK; an RSA key is one of RSASHA256, or of RSASHA512 if its kind ends in `-sha512`."""
    rsa_algorithm = Algorithm.RSASHA512 if kind.endswith("-sha512") else Algorithm.RSASHA256
    return key_pair(private(kind.removesuffix("-sha512"), f"zsk {name}"), name, ZSK_FLAGS, rsa_algorithm)


def ksk_pair(kind: str, name: str) -> KeyPair:
    return key_pair(private(kind, f"ksk {name}"), name, KSK_FLAGS)


@dataclass
class Zone:
    """A zone, its KSKs by name, and what was signed so far. A quarter is nine slots ten days apart, of 21 days each."""

    name: str = "."
    kinds: Mapping[str, str] = field(default_factory=lambda: {"A": "p-256", "B": "p-256"})
    published: Mapping[str, int] = field(default_factory=dict)
    """From which quarter on a KSK's trust anchor is published, -4 (long before) unless said otherwise."""
    zsk_kinds: Sequence[str] = ("p-256",)
    habits: Habits = field(default_factory=Habits)
    stated: KeyPolicy = STATED
    start: datetime = BEGIN
    history: list[Signed] = field(default_factory=list)

    @property
    def pairs(self) -> dict[str, KeyPair]:
        return {name: ksk_pair(kind, name) for name, kind in self.kinds.items()}

    @property
    def ksks(self) -> Ksks:
        return Ksks(
            self.name,
            tuple(
                Ksk(name, pair.dnskey, self.begin(self.published.get(name, -4))) for name, pair in self.pairs.items()
            ),
        )

    @property
    def rules(self) -> Rules:
        return Rules(SHIPPED, self.ksks, self.habits, self.stated.publish_safety, self.stated.retire_safety)

    @property
    def promise(self) -> Promise:
        return Promise(self.stated, TTL)

    def begin(self, quarter: int) -> datetime:
        return self.start + quarter * 90 * DAY

    def zsks(self, quarter: int, kinds: Sequence[str] | None = None) -> tuple[KeyPair, ...]:
        return tuple(zsk(kind, f"{kind} {quarter}") for kind in (kinds or self.zsk_kinds))

    def request(
        self, quarter: int, zsks: Sequence[Sequence[KeyPair]] = (), slots: int = 9, begin: datetime | None = None
    ) -> Request:
        """The KSR of a quarter (from 0), with the ZSKs of the quarters beside it in its first and last slot."""
        calendar = Calendar(begin or self.begin(quarter), slots, 10 * DAY, 21 * DAY)
        zsks = zsks or Turns(self.zsks(quarter), self.zsks(quarter - 1), self.zsks(quarter + 1)).slots(slots)
        proof = (self.begin(quarter) - 60 * DAY, self.begin(quarter))
        random = SteppedHost(BEGIN, f"{self.name} {quarter} {begin}".encode()).random
        return make_request(self.name, calendar, zsks, terms_of(calendar, TTL), proof, random)

    def draft(self, request: Request, schema: str, keys: Mapping[str, str]) -> ResponseDraft:
        slots = slots_of(SHIPPED.named(schema), len(request.bundles), keys)
        return draft_response(request, slots, self.ksks, self.promise)

    def sign(self, draft: ResponseDraft) -> Response:
        return finish(draft, [self.pairs[one.ksk].sign(one.data) for one in draft.signings])

    def next(self, request: Request, schema: str, keys: Mapping[str, str]) -> Next:
        chosen = SHIPPED.named(schema)
        slots = slots_of(chosen, len(request.bundles), keys)
        return Next(request.id, digest_of(request), request.bundles, slots, chosen, keys)

    def judged(
        self,
        request: Request,
        schema: str,
        keys: Mapping[str, str],
        act: Act = Act.ROUTINE,
        back_outs: Sequence[str] = (),
    ) -> Verdict:
        """What continuity says of the next SKR, before it is signed."""
        others = [self.next(request, one, _only(keys, one)) for one in back_outs]
        now = request.bundles[0].inception - 45 * DAY
        return judge(self.history, self.next(request, schema, keys), others, act, now, self.rules)

    def deploy(self, request: Request, schema: str, keys: Mapping[str, str], deployed: bool = True) -> Response:
        """Sign and record it."""
        response = self.sign(self.draft(request, schema, keys))
        back_out = bool(SHIPPED.named(schema).back_out_of)
        self.history.append(Signed(response, digest_of(request), deployed, back_out, schema, keys))
        return response


def _only(keys: Mapping[str, str], schema: str) -> Mapping[str, str]:
    return {part: keys[part] for part in SHIPPED.named(schema).keys}


def digest_of(request: Request) -> str:
    return f"sha256:{request.id}"


def both(current: str = "A", following: str = "B") -> dict[str, str]:
    return {"current": current, "next": following}


def codes(verdict: Verdict) -> list[str]:
    return sorted({one.code for one in verdict.blocking})
