"""Beginnings: an example authority for `quorate init`, and the plan of a next ceremony for `quorate new`. Floor 4.

What is written is TOML with comments, from the package's `templates/`; from then on it belongs to whoever edits it. A
new plan is filled from the authority as it stands and from the plans of the ceremonies before it, so that a series can
be laid out, and rehearsed, before its first ceremony has been held.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

from quorate import source
from quorate.adopting import adopted_der, history
from quorate.archive import require_last
from quorate.authority import AuthorityState
from quorate.certificate_outline import CERTIFICATE_KINDS
from quorate.dnssec.name import name_text, wire_name
from quorate.findings import Refusal, refuse_errors
from quorate.host import Host
from quorate.outline import (
    AdoptedKsk,
    Beginning,
    Earlier,
    Written,
    adoption,
    earlier,
    filled,
    quoted,
    template_text,
)
from quorate.people import Presence, Purpose
from quorate.statement import Mode
from quorate.strict import require_identifiers
from quorate.tiers import lying
from quorate.zone_outline import ZONE_KINDS
from quorate.zones import all_pins, pinned_as

RULES = ("webpki", "private")
SALT_OCTETS = 32
APPOINTED = timedelta(days=730)


# -- a new authority --------------------------------------------------------------------------------------------------


def init(folder: Path, name: str, rules: str, host: Host, zone: str = "") -> tuple[str, ...]:
    """Write an example authority called `name` into `folder`; lines that say what is there and what comes next.

    With a `zone` it holds that zone's KSKs. `outset.not_empty` if something is in the folder, `outset.rules_unknown`,
    `plan.identifier`, `dnssec.name_unusable`. Nothing is overwritten.
    """
    if rules not in RULES:
        raise Refusal("outset.rules_unknown", "rules", rules=rules, known=", ".join(RULES))
    refuse_errors(require_identifiers([("name", name)]))
    zone = name_text(wire_name(zone)) if zone else ""
    require_empty(folder)
    now = host.now()
    with host.whole_folder(folder) as fresh:
        people = establish(fresh, Founding(name, rules, now.date(), (now + APPOINTED).date(), zone), host)
    first = ("001-first-ksk", "ksk-generation") if zone else ("001-first-root", "root")
    policy = (f"{folder}/dnssec/policy.toml: what is accepted for the zone {zone}",) if zone else ()
    return (
        f"{folder}/authority.toml: roles, quorums, places, tokens, items, under the rules {rules}",
        f"{folder}/people/: {people} example people, each with a card",
        *policy,
        "next: put your own people, places and tokens in; what is to be changed is marked CHANGE",
        f"then: quorate new {first[0]} --from {first[1]} --in {folder}",
        "a rehearsal works before anybody's key stands in people/",
    )


@dataclass(frozen=True, slots=True)
class Founding:
    """What the example authority is filled with: its id, its rules, when its people are appointed, its zone if any.

    `commitments`: fields of that table of authority.toml that are to have another value.
    """

    name: str
    rules: str
    since: date
    until: date
    zone: str = ""
    organisation: str = "Example Trust Services"
    commitments: Mapping[str, str] = field(default_factory=dict)


def require_empty(folder: Path) -> None:
    """Nothing is overwritten. Raises `outset.not_empty`."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise Refusal("outset.not_empty", str(folder))


def establish(folder: Path, founding: Founding, host: Host) -> int:
    """Write the example authority into an empty folder; how many people it has."""
    (folder / "people").mkdir(parents=True, exist_ok=True)
    (folder / "ceremonies").mkdir()
    lines = [line.partition(" = ") for line in template_text(f"commitments-{founding.rules}.toml").splitlines()]
    commitments = "\n".join(f"{name} = {founding.commitments.get(name, value)}" for name, _, value in lines)
    text = filled(
        "authority.toml",
        name=founding.name,
        rules=founding.rules,
        organisation=quoted(founding.organisation),
        commitments=commitments,
        zones=_zones(founding.zone),
    )
    _write(host, folder / "authority.toml", text)
    if founding.zone:
        _write_policy(host, folder / "dnssec", founding)
    people = tomllib.loads(template_text("people.toml"))["people"]
    for person in people:
        _write_person(host, folder / "people", person, founding)
    return len(people)


def _zones(zone: str) -> str:
    """The table of the zone; without one as a comment, for those who will have one."""
    text = filled("zone.toml", zone=quoted(zone or "example."))
    return text if zone else re.sub("(?m)^(?!#)(?=.)", "# ", text)


def _write_policy(host: Host, folder: Path, founding: Founding) -> None:
    folder.mkdir()
    names = {"zone": founding.zone, "quoted": quoted(founding.zone), "since": str(founding.since)}
    _write(host, folder / "policy.toml", filled("policy.toml", id=f"{founding.name}-zone", **names))


def _write_person(host: Host, folder: Path, person: Mapping[str, str | list[str]], founding: Founding) -> None:
    name = str(person["id"])
    presence = Presence(str(person.get("presence", Presence.KEYED)))
    days = f'since = "{founding.since}", until = "{founding.until}"'
    lines = [f'  {{ role = "{role}", {days} }},' for role in person["roles"]]
    text = filled(f"person-{presence.value}.toml", person=name, appointments="\n".join(lines))
    employer = str(person.get("employer", "Example Trust Services"))
    salt = host.random(SALT_OCTETS).hex()
    _write(host, folder / f"{name}.toml", text)
    card = filled("card.toml", person=name, full_name=str(person["name"]), employer=employer, salt=salt)
    _write(host, folder / f"{name}.card.toml", card)


# -- a new ceremony ---------------------------------------------------------------------------------------------------


KINDS = {"adoption": adoption, **CERTIFICATE_KINDS, **ZONE_KINDS}
"""What `--from` can name."""


def new(root: Path, name: str, kind: str, host: Host, zone: str = "") -> Path:
    """Write the folder of a new ceremony with a plan of `kind` for the authority in `root`; the plan's path.

    `zone`: the one that it is about, else the first. `outset.kind_unknown`, `outset.ceremony_present`,
    `outset.nothing_yet`, `outset.no_root`, `outset.zone_unknown`, `plan.identifier`, `plan.sorts_early`, and all
    that is wrong with the authority or an earlier plan.
    """
    if kind not in KINDS:
        raise Refusal("outset.kind_unknown", "--from", kind=kind, known=", ".join(KINDS))
    if zone and kind not in ZONE_KINDS:
        raise Refusal("outset.zone_without_use", "--zone", kind=kind, kinds=", ".join(ZONE_KINDS))
    zone = name_text(wire_name(zone)) if zone else ""
    refuse_errors(require_identifiers([("name", name)]))
    folder = root / "ceremonies" / name
    if folder.exists():
        raise Refusal("outset.ceremony_present", str(folder), name=name)
    require_last(root, name)
    state = source.read_authority(root, Mode.REHEARSAL)  # keys can be enrolled later
    for what, entries in (("token", state.tokens), ("place", state.places)):
        if not entries:
            raise Refusal("outset.nothing_yet", "authority.toml", what=what)
    before = earlier(root, name)
    state = lying(state, before.carried)
    day, unlock = _day(host, before), state.quorum(Purpose.UNLOCK).role

    def holders(token: str) -> tuple[str, ...]:
        seats = chairs(state, _facility(state, frozenset({token})), day)
        return tuple(chair.id for chair in seats if chair.role == unlock)

    if not chairs(state, "", day):
        raise Refusal("outset.nobody_appointed", "people", day=day)
    past = history(root, source.read_source(root).adopted, [one.id for one in state.adopted])
    written = KINDS[kind](Beginning(state, before, name, holders, past.roots, _adopted_ksks(root, state), zone))
    text = plan_text(state, name, written, f"{day}T09:00:00Z", f"{day}T17:00:00Z")
    with host.whole_folder(folder) as fresh:
        (fresh / "inputs").mkdir()
        _write(host, fresh / "README.txt", filled("README.txt", ceremony=name, inputs=written.inputs))
        _write(host, fresh / "plan.toml", text)
    return folder / "plan.toml"


def _adopted_ksks(root: Path, state: AuthorityState) -> tuple[AdoptedKsk, ...]:
    """The adopted keys that a zone's policy pins."""
    declared, found = source.read_source(root), []
    kinds, pins = {one.id: one.kind for one in state.adopted}, all_pins(root, declared.zones)
    for one in (one for one in declared.adopted if kinds.get(one.id) == "key"):
        if pinned := next(pinned_as(pins, adopted_der(root, one)), None):
            zone, pin = pinned
            found.append(AdoptedKsk(one.id, pin.id, state.zone(zone.name), pin.algorithm.name))
    return tuple(found)


def _day(host: Host, earlier: Earlier) -> str:
    """Tomorrow, or the day after the last ceremony that is planned: a CRL is later than the one before it."""
    return (max(host.now().date(), earlier.last or date.min) + timedelta(days=1)).isoformat()


@dataclass(frozen=True, slots=True)
class Chair:
    """A seat of the new plan."""

    id: str
    role: str
    person: str
    alternates: tuple[str, ...]


def plan_text(state: AuthorityState, name: str, written: Written, opens: str, closes: str) -> str:
    """The plan of the ceremony `name`: who of the authority sits where, what is fetched, and what is `written`."""
    facility = _facility(state, written.tokens)
    seats = chairs(state, facility, opens[:10])
    watcher = next((chair.id for chair in seats if "audit" in state.role(chair.role).duties), "")
    near = {place.id for place in state.places if place.facility == facility}
    needed = written.tokens | ({chair.role for chair in seats} if written.tokens else frozenset())
    items = dict.fromkeys(one.id for one in state.items if one.holder in needed and one.place in near)
    items |= dict.fromkeys(written.items)
    return filled(
        "plan.toml",
        ceremony=name,
        purpose=quoted(written.purpose),
        facility=quoted(facility),
        retrieve="\n".join(f"  {quoted(item)}," for item in items),
        adopt=_adopt(written.adopt),
        opens=opens,
        closes=closes,
        auditor=quoted(watcher),
        recording="false" if watcher else "true",
        policy=quoted("" if watcher else "CHANGE: the policy that lets a recording stand for the auditor"),
        seats="\n".join(_seat(chair) for chair in seats).rstrip(),
        operations=written.operations.rstrip(),
    )


def _adopt(names: tuple[str, ...]) -> str:
    """The list of what is adopted, if anything is."""
    if not names:
        return ""
    about = "# What was made before, as authority.toml lists it under [[adopted]]: it enters the register, as stated."
    return "\n".join(["", about, "adopt = [", *(f"  {quoted(name)}," for name in names), "]", ""])


def _seat(chair: Chair) -> str:
    text = filled("seat.toml", seat=chair.id, role=chair.role, person=chair.person)
    names = ", ".join(quoted(one) for one in chair.alternates)
    return text + (f"alternates = [{names}]\n" if names else "")


def _facility(state: AuthorityState, tokens: frozenset[str]) -> str:
    """Where one of the tokens lies; the first of all if none lies anywhere."""
    places = [state.place(item.place) for item in state.items if item.holder in tokens]
    return (places or state.places)[0].facility


def _elsewhere(state: AuthorityState, facility: str) -> frozenset[str]:
    """People who open places of other facilities, by name, and none here."""
    named = [(place.facility, person) for place in state.places for one in place.openers for person in one.people]
    return frozenset(person for _, person in named) - {person for where, person in named if where == facility}


def chairs(state: AuthorityState, facility: str = "", day: str = "") -> tuple[Chair, ...]:
    """Who sits where: everyone of a role that works in numbers, one with alternates of every other that has a duty.

    Nobody is put where a conflict of roles could arise, whoever of the alternates comes. With a `facility` those who
    belong to another stay away, with a `day` those who are not appointed then. A quorum for recovering alone stays away
    as well: no plan begins with a recovery.
    """
    away = _elsewhere(state, facility) if facility else frozenset[str]()
    recover, unlock = state.quorum(Purpose.RECOVER).role, state.quorum(Purpose.UNLOCK).role
    crowded = {state.quorum(purpose).role for purpose in (Purpose.AUTHORISE, Purpose.UNLOCK, Purpose.CLOSE)}
    crowded |= {place.controllers.role for place in state.places}
    crowded |= {role.id for role in state.roles if "shares" in role.duties}
    crowded -= {recover} - {unlock}
    taken: list[tuple[str, str]] = []
    seated: dict[str, tuple[str, ...]] = {}
    idle = {recover} - crowded if set(state.role(recover).duties) <= {"shares"} else set[str]()
    roles = [role for role in state.roles if (role.duties or role.id in crowded) and role.id not in idle]
    for role in sorted(roles, key=lambda one: one.id not in crowded):
        there = [one for one in state.appointed(role.id) if one not in away]
        there = [one for one in there if not day or state.holds_role(one, role.id, day)]
        able = [one for one in there if not _clash(state, one, role.id, taken)]
        # whoever sits nowhere yet comes first
        able.sort(key=lambda one: any(one == person for person, _ in taken))
        seated[role.id] = tuple(able)
        taken += [(person, role.id) for person in able]
    found: list[Chair] = []
    for role in roles:
        people = seated[role.id]
        if role.id in crowded:
            numbers = enumerate(people, 1)
            found += [Chair(f"{role.id}-{number}", role.id, person, ()) for number, person in numbers]
        elif people:
            found.append(Chair(role.id, role.id, people[0], people[1:]))
    return tuple(found)


def _clash(state: AuthorityState, person: str, role: str, taken: list[tuple[str, str]]) -> bool:
    """Whether `person` may already come in a role that must not be joined with `role`."""
    return any(state.excludes(role, other) for one, other in taken if one == person)


def _write(host: Host, path: Path, text: str) -> None:
    host.write_once(path, text.encode("utf-8"))
