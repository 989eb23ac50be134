"""What a new plan is filled from, the authority and the plans before it, and what it consists of. Floor 4."""

from __future__ import annotations

import importlib.resources
import itertools
import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from string import Template
from typing import NamedTuple

from msgspec.structs import replace

from quorate import prepare, source
from quorate.adopting import history
from quorate.archive import ceremonies, read_register
from quorate.authority import AuthorityState, Zone
from quorate.findings import Refusal, within
from quorate.people import Purpose
from quorate.plan import (
    DestroyKey,
    GenerateKey,
    ImportKey,
    IssueCrl,
    IssueCross,
    IssueRoot,
    IssueSubordinate,
    Operation,
    Plan,
    ShareOut,
    SignKeySets,
)
from quorate.register import Register
from quorate.script.drafting import utc
from quorate.statement import Mode
from quorate.x509.facts import read_certificate
from quorate.x509.profile import load_profile
from quorate.zone_past import ZonePast, zone_past

POLICIES = {"subordinate": "2.23.140.1.2.1", "cross": "2.5.29.32.0", "foreign": "2.23.140.1.2.1"}
"""Domain validated, and any policy, for a web PKI (BR 7.1.2.10.5, 7.1.2.2.6); a private PKI does without.

Any policy is for the organisation itself alone, and whose a certificate from `inputs/` is nobody knows yet.
"""


@dataclass(frozen=True, slots=True)
class Earlier:
    """What the plans of the ceremonies before a new one lay down: roots in order, CRL numbers, shared tokens, dates."""

    roots: Mapping[str, str]  # whose keys are left, to their tokens
    named: int  # how many roots there ever were
    below: Mapping[str, str]  # of an issuer, the last certificate
    numbers: Mapping[str, int]
    shared: frozenset[str]
    ids: frozenset[str]
    zones: ZonePast
    carried: Mapping[str, str]  # items that were sent to a place of another facility
    last: date | None

    def count(self, name: str) -> int:
        """How many ids are `name` with a number."""
        return sum(bool(re.fullmatch(rf"{re.escape(name)}-\d+", one)) for one in self.ids)

    def free(self, name: str) -> str:
        """`name`, or with the first number that makes it new: an id names one operation for good."""
        choices = (name, *(f"{name}-{number}" for number in range(2, len(self.ids) + 3)))
        return next(choice for choice in choices if choice not in self.ids)

    def unused_root(self) -> int:
        """The number of the next root: above how many there are, and no id has it."""
        names = ("key-r{}", "root-r{}", "crl-r{}-1")
        numbers = itertools.count(self.named + 1)
        return next(number for number in numbers if not self.ids & {one.format(number) for one in names})

    def numbered(self, name: str, number: int) -> str:
        """`name` with that number, or the next one that makes it new."""
        return next(one for n in itertools.count(number) if (one := f"{name}-{n}") not in self.ids)


def _plan(folder: Path) -> Plan:
    with within(folder.name):
        return prepare.read_plan(folder)[0]


def _held(plan: Plan, register: Register) -> Plan:
    """A plan without what was not done: its ceremony was ended before."""
    done = {entry.operation.id for entry in register.entries}
    operations: list[Operation] = []
    for one in plan.operations:
        if isinstance(one, SignKeySets):
            one = replace(one, responses=tuple(each for each in one.responses if each.id in register.skrs))
        if one.id in done or (isinstance(one, SignKeySets) and one.responses):
            operations.append(one)
    return replace(
        plan,
        operations=tuple(operations),
        adopt=tuple(name for name in plan.adopt if name in done),
        publications=tuple(one for one in plan.publications if one.artifact in register.published),
        carry=tuple(
            one for one in plan.carry if one.item in register.items and register.items[one.item].place == one.to
        ),
    )


def earlier(root: Path, name: str) -> Earlier:
    """What the ceremonies whose names sort before `name` do: as planned, or, of one that was held, what was done."""
    folders = [one for one in ceremonies(root) if one.name < name and (one / "plan.toml").exists()]
    register = read_register(root, Mode.REAL)
    plans = [_held(_plan(one), register) if one.name in register.ceremonies else _plan(one) for one in folders]
    past = history(root, source.read_source(root).adopted, [name for plan in plans for name in plan.adopt])
    operations: list[Operation] = [operation for plan in plans for operation in plan.operations]
    zones = zone_past(root, plans)
    numbers = dict(past.numbers)
    for operation in operations:
        if isinstance(operation, IssueCrl):
            numbers[operation.issuer] = max(operation.number, numbers.get(operation.issuer, 0))
    certificates = {name: read_certificate(der, name) for name, der in register.certificates.items()}
    for name, it in certificates.items():
        spent = [number for issuer, number in register.spent if issuer == (it.subject, it.spki)]
        numbers |= {name: max([*spent, numbers.get(name, 0)])} if spent else {}
    return Earlier(
        roots=_roots(operations, past.roots),
        named=len(past.roots) + sum(isinstance(one, IssueRoot) for one in operations),
        below={**past.below}
        | {one.issuer: one.id for one in operations if isinstance(one, (IssueSubordinate, IssueCross))},
        numbers=numbers,
        shared=frozenset(one.token for one in operations if isinstance(one, ShareOut) and one.credential == "user"),
        ids=frozenset([*(one.id for one in (*operations, *zones.answers)), *past.ids]) | register.operations,
        zones=zones,
        carried=_carried(plans),
        last=max((_closes(plan) for plan in plans), default=None),
    )


def _roots(operations: Sequence[Operation], adopted: Iterable[str]) -> dict[str, str]:
    """Roots whose pair is on a token then, with the first such token."""
    gone = {one.key for one in operations if isinstance(one, DestroyKey)}
    pairs = [(one.id, one.id, one.token) for one in operations if isinstance(one, GenerateKey)]
    pairs += [(one.id, one.key, one.token) for one in operations if isinstance(one, ImportKey)]
    tokens: dict[str, str] = {}
    for name, key, token in pairs:
        if name not in gone:
            tokens.setdefault(key, token)
    keys = {root: root for root in adopted} | {one.id: one.key for one in operations if isinstance(one, IssueRoot)}
    return {root: tokens[key] for root, key in keys.items() if key in tokens}


def _carried(plans: Iterable[Plan]) -> dict[str, str]:
    """Where what was sent lies, the last that left at the end."""
    lies: dict[str, str] = {}
    for one in (one for plan in plans for one in plan.carry):
        lies.pop(one.item, None)
        lies[one.item] = one.to
    return lies


def _closes(plan: Plan) -> date:
    try:
        return utc(plan.window.closes).date()
    except ValueError:
        raise Refusal("plan.window", "window", opens=plan.window.opens, closes=plan.window.closes) from None


class AdoptedKsk(NamedTuple):
    """A public key that the state adopts and a zone's policy pins: its id there, its label and algorithm here."""

    id: str
    label: str
    zone: Zone
    algorithm: str

    @property
    def name(self) -> str:
        """The label as the id of an operation."""
        return re.sub("[^a-z0-9.-]", "-", self.label.lower()).strip("-.") or "ksk"


@dataclass(frozen=True, slots=True)
class Beginning:
    """What a new plan is filled from."""

    state: AuthorityState
    earlier: Earlier
    name: str
    holders: Callable[[str], tuple[str, ...]]  # of a token, the seats of those who are to hold its shares
    unadopted_roots: tuple[str, ...] = ()  # self-signed certificates that the authority's state adopts
    adopted_ksks: tuple[AdoptedKsk, ...] = ()  # pinned keys that it adopts
    zone: str = ""  # the one that the plan is about, if it was named

    def issuer(self, index: int = -1) -> str:
        """A root of an earlier ceremony, the newest if nothing else is said."""
        if not self.earlier.roots:
            raise Refusal("outset.no_root", self.name, name=self.name)
        return list(self.earlier.roots)[max(index, -len(self.earlier.roots))]

    def tokens(self, *issuers: str) -> frozenset[str]:
        """The tokens that hold the keys of roots."""
        return frozenset(self.earlier.roots[issuer] for issuer in issuers)

    def days(self, profile: str, committed: int) -> int:
        return min(load_profile(profile).days.most, committed)

    def policies(self, kind: str) -> str:
        return quoted(POLICIES[kind]) if self.state.rules == "webpki" else ""


NO_INPUTS = "This plan needs no files."


@dataclass(frozen=True, slots=True)
class Written:
    """What a plan of one kind consists of. `inputs`: what still has to come into its folder of that name.

    `items`: what is retrieved beside what leads to its tokens and belongs to its seats.
    """

    operations: str
    purpose: str
    tokens: frozenset[str]
    inputs: str = NO_INPUTS
    adopt: tuple[str, ...] = ()
    items: tuple[str, ...] = ()


def first_use(state: AuthorityState, token: str, holders: tuple[str, ...]) -> str:
    """The operations that give a new token its credentials. `holders`: the seats that hold the shares."""
    need = state.quorum(Purpose.UNLOCK).need
    names = ", ".join(quoted(seat) for seat in holders)
    return filled("operations/share.toml", token=token, holders=names, threshold=str(need))


def share_of(start: Beginning, token: str) -> str:
    """The same in the first plan that uses the token, and nothing in later ones."""
    return "" if token in start.earlier.shared else first_use(start.state, token, start.holders(token))


def adoption(start: Beginning) -> Written:
    """What the authority adopts and no earlier plan has adopted; the pair of each root and each KSK proves itself."""
    names = tuple(one.id for one in start.state.adopted if one.id not in start.earlier.ids)
    if not names:
        raise Refusal("outset.nothing_to_adopt", start.name)
    roots = [root for root in start.unadopted_roots if root in names]
    ksks = [ksk for ksk in start.adopted_ksks if ksk.id in names]
    first = start.state.tokens[0].id
    tokens = {**dict.fromkeys([first] if roots else []), **dict.fromkeys(_first_token(start, ksk) for ksk in ksks)}
    parts = [share for token in tokens if (share := share_of(start, token))]
    for root in roots:
        name = start.earlier.free(f"key-{root}")
        parts.append(filled("operations/adopted-key.toml", id=name, key=root, token=first))
    for ksk in ksks:
        facts = {"token": _first_token(start, ksk), "zone": quoted(ksk.zone.name), "algorithm": ksk.algorithm}
        name = ksk.name if ksk.name not in names else f"{ksk.name}-pair"
        name = start.earlier.free(name)
        parts.append(filled("operations/adopted-ksk.toml", id=name, key=ksk.id, label=ksk.label, **facts))
    purpose = "Take what was made before into the register."
    return Written("\n".join(parts), purpose, frozenset(tokens), adopt=names)


def _first_token(start: Beginning, ksk: AdoptedKsk) -> str:
    return ksk.zone.tokens[0] if ksk.zone.tokens else start.state.tokens[0].id


def template_text(name: str) -> str:
    return (importlib.resources.files("quorate") / "templates" / name).read_text(encoding="utf-8")


def filled(template: str, /, **values: str) -> str:
    """A template with every `$name` replaced; a name without a value is a bug (KeyError)."""
    return Template(template_text(template)).substitute(values)


def quoted(text: str) -> str:
    """A TOML basic string: JSON's, but for DEL, which TOML wants escaped."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
