"""The authority as people write it: `authority.toml` and `people/`, read into a state. Floor 4."""

from __future__ import annotations

import re
from pathlib import Path, PurePosixPath
from typing import Literal

import msgspec

from quorate import FORMAT, canonical, sshsig
from quorate.adopting import AdoptedSource, adopted_state
from quorate.authority import AuthorityState, Controllers, Cps, Item, Place, Programme, TokenEntry, state_findings
from quorate.authority import Commitments as AuthorityCommitments
from quorate.findings import Finding, Refusal, found, refuse_errors
from quorate.people import Appointment, Person, Presence, Quorum, Role
from quorate.statement import Mode
from quorate.strict import is_day, load_toml, require_identifiers
from quorate.tiers import tier_findings
from quorate.zones import ZoneSource, zone_state


class PersonSource(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`people/ID.toml`. `key`: an OpenSSH public key line; absent for a paper person."""

    presence: Presence
    appointments: tuple[Appointment, ...]
    key: str = ""


class PlaceSource(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A place in `authority.toml`; two keys if nothing else is said."""

    id: str
    facility: str
    kind: Literal["room", "safe", "box"]
    controllers: Controllers
    keys: int = 2
    within: str = ""
    beside: Controllers | None = None


class AuthoritySource(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`authority.toml`: the state but for its people."""

    format: str
    name: str
    organisation: str
    rules: str
    cps: Cps
    commitments: AuthorityCommitments
    roles: tuple[Role, ...]
    quorums: tuple[Quorum, ...]
    places: tuple[PlaceSource, ...]
    tokens: tuple[TokenEntry, ...]
    items: tuple[Item, ...]
    conflicts: tuple[tuple[str, str], ...] = ()
    programmes: tuple[Programme, ...] = ()
    affiliates: tuple[str, ...] = ()
    zones: tuple[ZoneSource, ...] = ()
    adopted: tuple[AdoptedSource, ...] = ()


def find_authority(start: Path) -> Path:
    """The authority's folder, found upward from any path below it."""
    for folder in (start, *start.resolve().parents):
        if (folder / "authority.toml").is_file():
            return folder
    raise Refusal("authority.not_found", str(start))


def read_source(folder: Path) -> AuthoritySource:
    """`authority.toml`."""
    return load_toml((folder / "authority.toml").read_bytes(), AuthoritySource, "authority.toml")


def read_authority(folder: Path, mode: Mode = Mode.REAL) -> AuthorityState:
    """The state that `authority.toml` and `people/` describe; every problem at once.

    A rehearsal works before anybody's key is enrolled, for its people sign with stand-in keys.
    """
    source = read_source(folder)
    people, problems = [], list[Finding]()
    for path in sorted((folder / "people").glob("*.toml")):
        if path.name.endswith(".card.toml"):
            continue
        try:
            people.append(_person(path))
        except Refusal as refusal:
            problems += refusal.findings
    if problems:
        raise Refusal.of(tuple(problems))
    state = AuthorityState(
        format="quorate/1",
        name=source.name,
        organisation=source.organisation,
        rules="webpki" if source.rules == "webpki" else "private",
        cps=source.cps,
        commitments=source.commitments,
        people=tuple(people),
        roles=source.roles,
        quorums=source.quorums,
        conflicts=source.conflicts,
        places=tuple(Place(**msgspec.structs.asdict(place)) for place in source.places),
        tokens=source.tokens,
        items=source.items,
        programmes=source.programmes,
        affiliates=source.affiliates,
        zones=tuple(zone_state(folder, zone) for zone in source.zones),
        adopted=adopted_state(folder, source.adopted),
    )
    findings = [*state_findings(state), *_source_findings(source, state)]
    if mode is Mode.REHEARSAL:
        findings = [one for one in findings if one.code != "person.key_missing"]
    findings += [] if any(one.blocks for one in findings) else tier_findings(state)  # names lead somewhere by now
    refuse_errors(tuple(findings))
    return state


def _source_findings(source: AuthoritySource, state: AuthorityState) -> tuple[Finding, ...]:
    findings = []
    if source.format != FORMAT:
        findings.append(found("plan.format", "authority.toml.format", format=source.format))
    if source.rules not in ("webpki", "private"):
        findings.append(found("authority.rules", "authority.toml.rules", rules=source.rules))
    ids = [("authority.toml.name", state.name), *((f"people[{p.id}]", p.id) for p in state.people)]
    ids += [(f"tokens[{t.id}]", t.id) for t in state.tokens] + [(f"items[{i.id}]", i.id) for i in state.items]
    ids += [(f"adopted[{one.id}]", one.id) for one in state.adopted]
    ids += [(f"roles[{r.id}]", r.id) for r in state.roles] + [(f"places[{p.id}]", p.id) for p in state.places]
    for token in state.tokens:
        if not re.fullmatch(r"[!-~](?:[ -~]{0,62}[!-~])?", token.serial):
            findings.append(found("authority.serial", f"tokens[{token.id}].serial", serial=token.serial))
        if token.kind == "software" and not _below(token.location):
            findings.append(found("authority.location", f"tokens[{token.id}].location", location=token.location))
    for person in state.people:
        days = [day for one in person.appointments for day in (one.since, one.until)]
        findings += [
            found("plan.day", f"people[{person.id}].appointments", text=day) for day in days if not is_day(day)
        ]
    return (*findings, *require_identifiers(ids))


def _below(location: str) -> bool:
    """Whether a location is a folder below the one it is said in."""
    path = PurePosixPath(location)
    return bool(path.parts) and not path.is_absolute() and ".." not in path.parts


def _person(path: Path) -> Person:
    name = path.name.removesuffix(".toml")
    source = load_toml(path.read_bytes(), PersonSource, f"people/{path.name}")
    card = path.with_name(f"{name}.card.toml")
    if not card.is_file():
        raise Refusal("person.card_missing", f"people/{path.name}", person=name)
    key = " ".join(source.key.split()[:2])
    if key and (problem := sshsig.key_problem(sshsig.public_blob(key))):
        raise Refusal("person.key_unusable", f"people/{path.name}", person=name, problem=problem)
    digest = canonical.digest(b"quorate-card-v1\0" + card.read_bytes())
    return Person(name, source.presence, key, digest, source.appointments)
