"""The cases of `vectors/dnssec/answers`: what a request or a response is told beside what was signed before it.

    python tests/skr_vectors.py      # writes them all anew; the bytes are the same every time

A small zone of four slots. Each case differs from a good one in one thing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from msgspec.structs import replace

from ksr_cases import AT, TLD, tld_policy, zsks
from ksr_making import DAY, Cycle, KskSlot, Pair, make_request, make_response, normal, pair, zsk_plan
from quorate.dnssec.ksr import Bundle, Request, Response
from quorate.dnssec.ksr_layout import write_ksr, write_skr
from quorate.dnssec.policy import Policy

OLD, NEW, STRANGE = pair("ksk-p256-1"), pair("ksk-p256-2"), pair("ksk-p256-3")
SLOTS = TLD.slots
HELD = tld_policy(hold_down=9 * DAY, remove_hold_down=9 * DAY)
"""With hold-downs (RFC 5011 2.4) in which a key can be added or revoked within one short cycle."""


@dataclass(frozen=True)
class Recorded:
    """A response that lies in the zone's folder: of which request, and whether it is in the zone."""

    skr: Response
    deployed: bool = True
    answers: bytes = b""


@dataclass(frozen=True)
class Case:
    """`check`: `ksr` or `skr`, what `file` is. `expect`: the codes of all that is told, notices of responses too."""

    name: str
    about: str
    check: str
    file: bytes
    expect: tuple[str, ...]
    ksr: bytes = b""
    previous: bytes = b""
    recorded: tuple[Recorded, ...] = ()
    policy: Policy = HELD
    at: datetime = AT
    options: tuple[str, ...] = ()


# -- quarters ---------------------------------------------------------------------------------------------------------


def quarter(number: int) -> Cycle:
    """The zone's cycles, of forty days each; 0 is the one before."""
    return replace(TLD, begins=TLD.begins + number * SLOTS * TLD.step)


@cache
def asked(number: int) -> Request:
    every = zsks("p256", *[1 + (number + one) % 6 for one in range(3)])
    return make_request(quarter(number), zsk_plan(quarter(number), *every), serial=number + 1)


def answered(number: int, slots: Sequence[KskSlot], request: Request | None = None) -> Response:
    return make_response(request or asked(number), slots, quarter(number))


def pre_publish(old: Pair = OLD, new: Pair = NEW) -> list[KskSlot]:
    return [KskSlot((old,), (old,)), *[KskSlot((old, new), (old,))] * (SLOTS - 1)]


def rollover(old: Pair = OLD, new: Pair = NEW) -> list[KskSlot]:
    return [KskSlot((old, new), (old,)), *[KskSlot((old, new), (new,))] * (SLOTS - 1)]


def revoke(old: Pair = OLD, new: Pair = NEW) -> list[KskSlot]:
    middle = [KskSlot((new,), (new,), (old,))] * (SLOTS - 2)
    return [KskSlot((old, new), (new,)), *middle, KskSlot((new,), (new,))]


ROLL: Sequence[Sequence[KskSlot]] = (
    normal(OLD, SLOTS), pre_publish(), rollover(), revoke(), normal(NEW, SLOTS),
)  # fmt: skip


@cache
def rolled(number: int) -> Response:
    """The quarters of a rollover, one after the other."""
    return answered(number, ROLL[number])


def changed(response: Response, number: int, **changes: Any) -> Response:
    """A bundle altered after it was signed."""
    bundles = list(response.bundles)
    bundles[number - 1] = replace(bundles[number - 1], **changes)
    return replace(response, bundles=tuple(bundles))


def of_key(response: Response, flags: int = 257, **changes: Any) -> Response:
    """The first such key of the third bundle altered, and what is said of it."""
    bundle = response.bundles[2]
    first = next(key for key in bundle.keys if key.dnskey.flags == flags)
    keys = tuple(replace(key, **changes) if key is first else key for key in bundle.keys)
    return changed(response, 3, keys=keys)


def of_rrsig(response: Response, **changes: Any) -> Response:
    bundle = response.bundles[2]
    first, *others = bundle.signatures
    return changed(response, 3, signatures=(replace(first, rrsig=replace(first.rrsig, **changes)), *others))


def signed_by(response: Response, number: int, bundle: Bundle, *signers: Pair) -> Response:
    """The bundle signed by these, whatever a schema says."""
    from ksr_making import signed

    by_name = {(key.identifier, key.dnskey.public_key): key.dnskey for key in bundle.keys}
    keys = [(one, by_name[one.identifier, one.dnskey.public_key]) for one in signers]
    made = signed(replace(bundle, signatures=(), signers=()), keys, response.domain)
    return changed(response, number, **{name: getattr(made, name) for name in made.__struct_fields__})


class Cases:
    """The cases by name, in the order in which they are made."""

    def __init__(self) -> None:
        self.made: dict[str, Case] = {}

    def skr(self, name: str, about: str, response: Response, *expect: str, **more: Any) -> None:
        """A response after the one that is in the zone, beside its request."""
        number = more.pop("quarter", 1)
        given: dict[str, Any] = {"at": quarter(number).begins - 10 * DAY, "ksr": write_ksr(asked(number))}
        if not more.get("recorded"):
            given["previous"] = write_skr(rolled(number - 1))
        self._add(Case(name, about, "skr", write_skr(response), expect, **{**given, **more}))

    def ksr(self, name: str, about: str, *expect: str, number: int = 1, **more: Any) -> None:
        """The request of a quarter, with what lies in the zone's folder."""
        at = quarter(number).begins - 10 * DAY
        self._add(Case(name, about, "ksr", write_ksr(asked(number)), expect, **{"at": at, **more}))

    def _add(self, case: Case) -> None:
        assert case.name not in self.made
        self.made[case.name] = case
