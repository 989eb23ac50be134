"""The authority: the organisation that owns the keys, as a state that people govern. Floor 1.

Spec: `spec/authority.md`.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from quorate import canonical, sshsig
from quorate.findings import Finding, Refusal, found
from quorate.people import Person, Presence, Purpose, Quorum, Role
from quorate.strict import convert

Programme = Literal["mozilla", "chrome", "apple", "microsoft"]
"""A root programme whose texts an authority can keep to."""

MOST_PLACES, MOST_TOKENS = 1000, 100
"""A reader of records looks at each way to each token before it has verified anything."""


class Cps(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where the commitments are published."""

    document: str
    version: str
    section: str


class Commitments(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """The machine-readable part of the CP/CPS (BR leaves 6.2.2 and more to it).

    `extended_validation`: EV certificates are issued below its roots (EVG, CCADB 6.3). `linters`: those without which
    nothing is issued.
    """

    minimum_quorum: int
    module_level: str
    key_types: tuple[str, ...]
    root_days: int
    subordinate_days: int
    crl_days: int
    extended_validation: bool = False
    linters: tuple[Literal["pkilint", "zlint"], ...] = ()


class Controllers(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Who opens a place: `need` seats of `role`. `people`: those of the role who can, if not all of them can."""

    role: str
    need: int
    people: tuple[str, ...] = ()


class Place(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A safe, a box or a room where items lie; `keys` is how many keys or combinations it takes.

    `within`: the place around it, which is opened first. `beside`: who has to be there with a key beside the
    controllers', as a bank has for a safe deposit box.
    """

    id: str
    facility: str
    kind: Literal["room", "safe", "box"]
    controllers: Controllers
    keys: int
    within: str = ""
    beside: Controllers | None = None

    @property
    def openers(self) -> tuple[Controllers, ...]:
        """All whose keys it takes."""
        return (self.controllers, *([self.beside] if self.beside else []))


class TokenEntry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A cryptographic module. `location`: the PKCS#11 library, or the software token's folder below the authority."""

    id: str
    kind: Literal["pkcs11", "software"]
    location: str
    serial: str
    model: str = ""
    level: str = ""


class Item(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A physical thing: what it is, the seal it is in, where it lies. `holder`: the token or role it leads to."""

    id: str
    what: str
    place: str
    seal: str
    holder: str = ""


class Zone(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A DNS zone whose KSKs the authority holds: the digests of its policy and schemas, which people so sign.

    `tokens`: every one that must hold a KSK before it is used (`spec/dnssec-policy.md`).
    """

    name: str
    policy: str
    schemas: str
    tokens: tuple[str, ...]


AdoptedKind = Literal["certificate", "crl", "key", "skr"]


class Adopted(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A thing that was made before the authority's first record: `digest` is over its DER, of an SKR over its file.

    Those who govern state it by signing the state; nobody here has witnessed it (`spec/authority.md`).
    """

    id: str
    kind: AdoptedKind
    digest: str


class AuthorityState(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One governed state. `digest` is over its canonical file, `authority/NNN.json`.

    `programmes`: the root programmes whose texts bind under `webpki`, all of them if none is named. `affiliates`: the
    names of organisations that are affiliates (BR 1.6.1), as their certificates give them.
    """

    format: Literal["quorate/1"]
    name: str
    organisation: str
    rules: Literal["webpki", "private"]
    cps: Cps
    commitments: Commitments
    people: tuple[Person, ...]
    roles: tuple[Role, ...]
    quorums: tuple[Quorum, ...]
    conflicts: tuple[tuple[str, str], ...]
    places: tuple[Place, ...]
    tokens: tuple[TokenEntry, ...]
    items: tuple[Item, ...]
    programmes: tuple[Programme, ...] = ()
    affiliates: tuple[str, ...] = ()
    zones: tuple[Zone, ...] = ()
    adopted: tuple[Adopted, ...] = ()

    def file(self) -> bytes:
        """The bytes of `authority/NNN.json`."""
        return canonical.encode(msgspec.to_builtins(self)) + b"\n"

    @property
    def digest(self) -> str:
        return canonical.digest(self.file())

    def person(self, name: str) -> Person:
        """The person of that id; `person.unknown` if there is none."""
        for person in self.people:
            if person.id == name:
                return person
        raise Refusal("person.unknown", person=name, known=", ".join(one.id for one in self.people))

    def role(self, name: str) -> Role:
        for role in self.roles:
            if role.id == name:
                return role
        raise Refusal("role.unknown", role=name)

    def quorum(self, purpose: Purpose) -> Quorum:
        return next(quorum for quorum in self.quorums if quorum.purpose is purpose)

    def token(self, name: str) -> TokenEntry:
        for token in self.tokens:
            if token.id == name:
                return token
        raise Refusal("token.unknown", token=name, known=", ".join(one.id for one in self.tokens))

    def place(self, name: str) -> Place:
        for place in self.places:
            if place.id == name:
                return place
        raise Refusal("place.unknown", place=name)

    def around(self, name: str) -> tuple[Place, ...]:
        """The places that one opens to reach the place `name`, the outermost first, itself last."""
        way = [self.place(name)]
        while way[0].within and way[0].within not in {one.id for one in way}:
            way.insert(0, self.place(way[0].within))
        return tuple(way)

    def able(self, controllers: Controllers) -> frozenset[str]:
        """Everyone who can be one of these controllers."""
        appointed = self.appointed(controllers.role)
        return frozenset(one for one in appointed if not controllers.people or one in controllers.people)

    def zone(self, name: str) -> Zone:
        for zone in self.zones:
            if zone.name == name:
                return zone
        raise Refusal("zone.unknown", zone=name, known=", ".join(one.name for one in self.zones) or "none")

    @property
    def fewest_people(self) -> int:
        """How many must be together in an act (BR 5.2.2): two, unless a private authority commits to one."""
        return 2 if self.rules == "webpki" else max(1, min(2, self.commitments.minimum_quorum))

    def excludes(self, one: str, other: str) -> bool:
        """Whether nobody may sit in both roles: by the conflict table, or since their duties must be apart (BR 5.2.4).

        Who watches acts in nothing else, and who commands holds no share. One person alone cannot be apart.
        """
        if any({one, other} == set(pair) for pair in self.conflicts):
            return True
        duties: set[str] = set(self.role(one).duties)
        others: set[str] = set(self.role(other).duties)
        apart = _watches(duties, others) or _watches(others, duties)
        apart = apart or ("command" in duties and "shares" in others) or ("command" in others and "shares" in duties)
        return apart and self.fewest_people > 1

    def holds_role(self, person: str, role: str, day: str) -> bool:
        """Whether `person` is appointed to `role` on the UTC day `YYYY-MM-DD`."""
        return any(a.role == role and a.since <= day <= a.until for a in self.person(person).appointments)

    def appointed(self, role: str) -> tuple[str, ...]:
        """Everyone appointed to `role`, whatever the day: appointments say who, the use says when."""
        return tuple(one.id for one in self.people if any(a.role == role for a in one.appointments))


def _watches(duties: set[str], others: set[str]) -> bool:
    return bool(duties & {"observe", "audit"} and others - {"observe", "audit"})


def read_state(data: bytes, where: str) -> AuthorityState:
    """The state of a canonical `authority/NNN.json`."""
    if not data.endswith(b"\n"):
        raise Refusal("record.not_canonical", where)
    return convert(canonical.decode(data[:-1], where), AuthorityState, where)


def state_findings(state: AuthorityState) -> tuple[Finding, ...]:
    """What is wrong with an authority in itself: names that lead nowhere, quorums that cannot meet."""
    roles = {role.id for role in state.roles}
    findings: list[Finding] = []
    for kind, ids in _ids(state).items():
        findings += [found("authority.twice", kind, id=one) for one in sorted({i for i in ids if ids.count(i) > 1})]
    named = [(f"people[{p.id}]", a.role) for p in state.people for a in p.appointments]
    named += [(f"quorums[{q.purpose.value}]", q.role) for q in state.quorums]
    named += [(f"places[{p.id}].{where}", one.role) for p in state.places for where, one in _openers(p)]
    named += [("conflicts", role) for pair in state.conflicts for role in pair]
    findings += [found("role.unknown", where, role=role) for where, role in named if role not in roles]
    places = {place.id for place in state.places}
    findings += [found("place.unknown", f"items[{i.id}]", place=i.place) for i in state.items if i.place not in places]
    findings += [
        found("quorum.too_small", f"places[{p.id}].{where}", need=one.need, least=1)
        for p in state.places
        for where, one in _openers(p)
        if one.need < 1
    ]
    findings += _quorum_findings(state)
    findings += [
        found("role.watches_and_acts", f"roles[{one.id}]", role=one.id)
        for one in state.roles
        if state.fewest_people > 1 and _watches({*one.duties}, {*one.duties})
    ]
    for what, things, most in (("places", state.places, MOST_PLACES), ("tokens", state.tokens, MOST_TOKENS)):
        if len(things) > most:
            findings.append(found("authority.too_many", what, what=what, many=len(things), most=most))
    if state.programmes and state.rules != "webpki":
        findings.append(found("authority.programmes", "programmes", rules=state.rules))
    tokens = {token.id for token in state.tokens}
    for zone in state.zones:
        known = ", ".join(sorted(tokens))
        unknown = [token for token in zone.tokens if token not in tokens]
        findings += [found("token.unknown", f"zones[{zone.name}].tokens", token=one, known=known) for one in unknown]
        if not zone.tokens or len(set(zone.tokens)) < len(zone.tokens):
            findings.append(found("zone.tokens", f"zones[{zone.name}].tokens", zone=zone.name))
    for person in state.people:
        if (person.presence is Presence.KEYED) != bool(person.key):
            problem = "on paper and has a key" if person.key else "keyed and has no key"
            findings.append(found("person.key_missing", f"people[{person.id}]", person=person.id, problem=problem))
    return tuple(findings)


def _openers(place: Place) -> tuple[tuple[str, Controllers], ...]:
    return tuple(zip(("controllers", "beside"), place.openers, strict=False))


def _ids(state: AuthorityState) -> dict[str, list[str]]:
    ids = {"people": [one.id for one in state.people], "roles": [one.id for one in state.roles]}
    ids |= {"places": [one.id for one in state.places]}
    ids |= {"tokens": [one.id for one in state.tokens], "items": [one.id for one in state.items]}
    ids |= {"programmes": list(state.programmes), "affiliates": list(state.affiliates)}
    ids["zones"] = [one.name for one in state.zones]
    ids |= {"linters": list(state.commitments.linters)}
    ids["adopted"] = [one.id for one in state.adopted]
    ids["seals"] = [one.seal for one in state.items if one.seal]
    ids["keys"] = [sshsig.pair_of(sshsig.public_blob(one.key)) for one in state.people if one.key]
    return ids


def _quorum_findings(state: AuthorityState) -> list[Finding]:
    findings = []
    for purpose in Purpose:
        quorums = [quorum for quorum in state.quorums if quorum.purpose is purpose]
        if len(quorums) != 1:
            findings.append(found("quorum.one_each", f"quorums[{purpose.value}]", purpose=purpose.value))
            continue
        need, people = quorums[0].need, len(state.appointed(quorums[0].role))
        if not 1 <= need <= people:
            findings.append(found("quorum.cannot_meet", f"quorums[{purpose.value}]", need=need, people=people))
        least = 2 if state.rules == "webpki" else 1
        if need < max(least, min(state.commitments.minimum_quorum, 2 if state.rules == "webpki" else need)):
            findings.append(found("quorum.too_small", f"quorums[{purpose.value}]", need=need, least=least))
        elif need < state.commitments.minimum_quorum:
            findings.append(
                found(
                    "quorum.below_commitment",
                    f"quorums[{purpose.value}]",
                    need=need,
                    least=state.commitments.minimum_quorum,
                )
            )
        elif need < 2:
            findings.append(found("quorum.one_person", f"quorums[{purpose.value}]", purpose=purpose.value))
    return findings
