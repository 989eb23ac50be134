"""Beginnings: an example authority for `quorate init`, and the plan of a next ceremony for `quorate new`. Floor 4.

What is written is TOML with comments, from the package's `templates/`; from then on it belongs to whoever edits it. A
new plan is filled from the authority as it stands and from the plans of the ceremonies before it, so that a series can
be laid out, and rehearsed, before its first ceremony has been held.
"""

from __future__ import annotations

import importlib.resources
import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from string import Template

from quorate import prepare
from quorate.authority import AuthorityState
from quorate.findings import Refusal, refuse_errors
from quorate.host import Host
from quorate.people import Presence, Purpose
from quorate.plan import GenerateKey, IssueCrl, IssueRoot, IssueSubordinate, Operation, Plan, ShareOut
from quorate.script.drafting import utc
from quorate.statement import Mode
from quorate.strict import require_identifiers
from quorate.x509.profile import load_profile

RULES = ("webpki", "private")
SUBORDINATE = {"webpki": "webpki-tls-subordinate", "private": "private-subordinate"}
POLICIES = {"subordinate": "2.23.140.1.2.1", "cross": "2.5.29.32.0"}
"""Domain validated, and any policy, for a web PKI (BR 7.1.2.10.5, 7.1.2.2.6); a private PKI does without."""

SALT_OCTETS = 32
APPOINTED = timedelta(days=730)


# -- a new authority --------------------------------------------------------------------------------------------------


def init(folder: Path, name: str, rules: str, host: Host) -> tuple[str, ...]:
    """Write an example authority called `name` into `folder`; lines that say what is there and what comes next.

    `outset.not_empty` if something is in the folder, `outset.rules_unknown`, `plan.identifier`. Nothing is overwritten.
    """
    if rules not in RULES:
        raise Refusal("outset.rules_unknown", "rules", rules=rules, known=", ".join(RULES))
    refuse_errors(require_identifiers([("name", name)]))
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise Refusal("outset.not_empty", str(folder))
    (folder / "people").mkdir(parents=True, exist_ok=True)
    (folder / "ceremonies").mkdir()
    commitments = _text(f"commitments-{rules}.toml").rstrip()
    _write(host, folder / "authority.toml", _filled("authority.toml", name=name, rules=rules, commitments=commitments))
    people = tomllib.loads(_text("people.toml"))["people"]
    for person in people:
        _write_person(host, folder / "people", person)
    return (
        f"{folder}/authority.toml: roles, quorums, places, tokens, items, under the rules {rules}",
        f"{folder}/people/: {len(people)} example people, each with a card",
        "next: put your own people, places and tokens in; what is to be changed is marked CHANGE",
        f"then: quorate new 001-first-root --from root --in {folder}",
        "a rehearsal works before anybody's key stands in people/",
    )


def _write_person(host: Host, folder: Path, person: Mapping[str, str | list[str]]) -> None:
    name = str(person["id"])
    presence = Presence(str(person.get("presence", Presence.KEYED)))
    since, until = host.now().date(), (host.now() + APPOINTED).date()
    lines = [f'  {{ role = "{role}", since = "{since}", until = "{until}" }},' for role in person["roles"]]
    text = _filled(f"person-{presence.value}.toml", person=name, appointments="\n".join(lines))
    employer = str(person.get("employer", "Example Trust Services"))
    salt = host.random(SALT_OCTETS).hex()
    _write(host, folder / f"{name}.toml", text)
    card = _filled("card.toml", person=name, full_name=str(person["name"]), employer=employer, salt=salt)
    _write(host, folder / f"{name}.card.toml", card)


# -- a new ceremony ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Earlier:
    """What the plans of the ceremonies before a new one lay down: roots in order, CRL numbers, shared tokens, dates."""

    roots: Mapping[str, str]  # to the token of its key
    subordinates: int
    numbers: Mapping[str, int]
    shared: frozenset[str]
    ids: frozenset[str]
    last: date | None

    def free(self, name: str) -> str:
        """`name`, or with the first number that makes it new: an id names one operation for good."""
        choices = (name, *(f"{name}-{number}" for number in range(2, len(self.ids) + 3)))
        return next(choice for choice in choices if choice not in self.ids)


def new(root: Path, name: str, kind: str, host: Host) -> Path:
    """Write the folder of a new ceremony with a plan of `kind` for the authority in `root`; the plan's path.

    `outset.kind_unknown`, `outset.ceremony_present`, `outset.nothing_yet`, `outset.no_root`, `plan.identifier`, and all
    that is wrong with the authority or an earlier plan.
    """
    if kind not in KINDS:
        raise Refusal("outset.kind_unknown", "--from", kind=kind, known=", ".join(KINDS))
    refuse_errors(require_identifiers([("name", name)]))
    folder = root / "ceremonies" / name
    if folder.exists():
        raise Refusal("outset.ceremony_present", str(folder), name=name)
    state = prepare.read_authority(root, Mode.REHEARSAL)  # keys can be enrolled later
    for what, entries in (("token", state.tokens), ("place", state.places)):
        if not entries:
            raise Refusal("outset.nothing_yet", "authority.toml", what=what)
    beginning = Beginning(state, _earlier(root, name), name)
    written = KINDS[kind](beginning)
    text = _plan(beginning, written, _day(host, beginning.earlier))
    (folder / "inputs").mkdir(parents=True)
    _write(host, folder / "README.txt", _filled("README.txt", ceremony=name, inputs=written.inputs))
    _write(host, folder / "plan.toml", text)
    return folder / "plan.toml"


def _earlier(root: Path, name: str) -> Earlier:
    """What is planned in the ceremonies whose names sort before `name`, whether held or not."""
    folders = sorted(path.parent for path in (root / "ceremonies").glob("*/plan.toml") if path.parent.name < name)
    plans: list[Plan] = [prepare.read_plan(folder)[0] for folder in folders]
    operations: list[Operation] = [operation for plan in plans for operation in plan.operations]
    tokens = {one.id: one.token for one in operations if isinstance(one, GenerateKey)}
    numbers: dict[str, int] = {}
    for operation in operations:
        if isinstance(operation, IssueCrl):
            numbers[operation.issuer] = max(operation.number, numbers.get(operation.issuer, 0))
    return Earlier(
        roots={one.id: tokens.get(one.key, "") for one in operations if isinstance(one, IssueRoot)},
        subordinates=sum(isinstance(one, IssueSubordinate) for one in operations),
        numbers=numbers,
        shared=frozenset(one.token for one in operations if isinstance(one, ShareOut) and one.credential == "user"),
        ids=frozenset(one.id for one in operations),
        last=max((_closes(plan) for plan in plans), default=None),
    )


def _day(host: Host, earlier: Earlier) -> str:
    """Tomorrow, or the day after the last ceremony that is planned: a CRL is later than the one before it."""
    return (max(host.now().date(), earlier.last or date.min) + timedelta(days=1)).isoformat()


def _closes(plan: Plan) -> date:
    try:
        return utc(plan.window.closes).date()
    except ValueError:
        raise Refusal("plan.window", "window", opens=plan.window.opens, closes=plan.window.closes) from None


@dataclass(frozen=True, slots=True)
class Chair:
    """A seat of the new plan."""

    id: str
    role: str
    person: str
    alternates: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Beginning:
    """What a new plan is filled from."""

    state: AuthorityState
    earlier: Earlier
    name: str

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
        return _quoted(POLICIES[kind]) if self.state.rules == "webpki" else ""


NO_INPUTS = "This plan needs no files."


@dataclass(frozen=True, slots=True)
class Written:
    """What a plan of one kind consists of. `inputs`: what still has to come into its folder of that name."""

    operations: str
    purpose: str
    tokens: frozenset[str]
    inputs: str = NO_INPUTS


def _root(start: Beginning) -> Written:
    state, token = start.state, start.state.tokens[0].id
    number = len(start.earlier.roots) + 1
    tag, days = f"r{number}", start.days(f"{state.rules}-root", state.commitments.root_days)
    parts = []
    if token not in start.earlier.shared:
        unlock = state.quorum(Purpose.UNLOCK)
        holders = ", ".join(_quoted(chair.id) for chair in chairs(state) if chair.role == unlock.role)
        parts.append(_filled("operations/share.toml", token=token, holders=holders, threshold=str(unlock.need)))
    names = {"organisation": _quoted(state.organisation), "common_name": _quoted(_named(state, f"Root R{number}"))}
    parts.append(_filled("operations/root.toml", tag=tag, token=token, rules=state.rules, days=str(days), **names))
    parts.append(_crl_of(start, f"root-{tag}"))
    purpose = f"Generate root key {number}, its root certificate and its first CRL."
    return Written("\n".join(parts), purpose, frozenset({token}))


def _subordinate(start: Beginning) -> Written:
    state, issuer, profile = start.state, start.issuer(), SUBORDINATE[start.state.rules]
    number = start.earlier.subordinates + 1
    name, csr = start.earlier.free(f"sub-{number}"), f"sub-{number}.csr.pem"
    text = _filled(
        "operations/subordinate.toml",
        id=name,
        issuer=issuer,
        csr=csr,
        profile=profile,
        organisation=_quoted(state.organisation),
        common_name=_quoted(_named(state, f"Issuing CA {number}")),
        days=str(start.days(profile, state.commitments.subordinate_days)),
        policies=start.policies("subordinate"),
    )
    purpose = f"Certify the subordinate authority {name} with {issuer}."
    missing = f"inputs/{csr} is still missing: the request of the subordinate authority."
    return Written(text, purpose, start.tokens(issuer), missing)


def _cross(start: Beginning) -> Written:
    """The newest root by the one before; with one root only, somebody's certificate from `inputs/`."""
    state, issuer = start.state, start.issuer(-2)
    two = len(start.earlier.roots) > 1
    existing = start.issuer() if two else "existing.cert.pem"
    text = _filled(
        "operations/cross.toml",
        id=start.earlier.free(f"cross-{existing.partition('.')[0]}-by-{issuer}"),
        issuer=issuer,
        existing=existing,
        rules=state.rules,
        days=str(start.days(f"{state.rules}-cross", state.commitments.subordinate_days)),
        policies=start.policies("cross"),
    )
    missing = f"inputs/{existing} is still missing: the certificate that is certified once more."
    return Written(text, f"Certify {existing} with {issuer}.", start.tokens(issuer), NO_INPUTS if two else missing)


def _crl(start: Beginning) -> Written:
    issuer = start.issuer()
    return Written(_crl_of(start, issuer), f"Issue the next CRL of {issuer}.", start.tokens(issuer))


def _yearly(start: Beginning) -> Written:
    start.issuer()
    parts = [_crl_of(start, issuer) for issuer in start.earlier.roots]
    return Written("\n".join(parts), "Issue this year's CRL of every root.", start.tokens(*start.earlier.roots))


def _crl_of(start: Beginning, issuer: str) -> str:
    state, number = start.state, start.earlier.numbers.get(issuer, 0) + 1
    return _filled(
        "operations/crl.toml",
        tag=issuer.removeprefix("root-"),
        issuer=issuer,
        number=str(number),
        rules=state.rules,
        days=str(start.days(f"{state.rules}-crl", state.commitments.crl_days)),
    )


KINDS = {"root": _root, "subordinate": _subordinate, "cross": _cross, "crl": _crl, "yearly": _yearly}
"""What `--from` can name."""


def _named(state: AuthorityState, what: str) -> str:
    """A common name of at most 64 characters."""
    return f"{state.organisation[: 63 - len(what)].rstrip()} {what}"


def _plan(start: Beginning, written: Written, day: str) -> str:
    state = start.state
    seats = chairs(state)
    watcher = next((chair.id for chair in seats if "audit" in state.role(chair.role).duties), "")
    facility = state.places[0].facility
    near = {place.id for place in state.places if place.facility == facility}
    needed = written.tokens | {chair.role for chair in seats}
    items = [one.id for one in state.items if one.holder in needed and one.place in near]
    return _filled(
        "plan.toml",
        ceremony=start.name,
        purpose=_quoted(written.purpose),
        facility=_quoted(facility),
        retrieve="\n".join(f"  {_quoted(item)}," for item in items),
        opens=f"{day}T09:00:00Z",
        closes=f"{day}T17:00:00Z",
        auditor=_quoted(watcher),
        recording="false" if watcher else "true",
        policy=_quoted("" if watcher else "CHANGE: the policy that lets a recording stand for the auditor"),
        seats="\n".join(_seat(chair) for chair in seats).rstrip(),
        operations=written.operations.rstrip(),
    )


def _seat(chair: Chair) -> str:
    text = _filled("seat.toml", seat=chair.id, role=chair.role, person=chair.person)
    names = ", ".join(_quoted(one) for one in chair.alternates)
    return text + (f"alternates = [{names}]\n" if names else "")


def chairs(state: AuthorityState) -> tuple[Chair, ...]:
    """Who sits where: everyone of a role that works in numbers, one with alternates of every other that has a duty.

    Nobody is put where a conflict of roles could arise, whoever of the alternates comes.
    """
    crowded = {state.quorum(purpose).role for purpose in (Purpose.AUTHORISE, Purpose.UNLOCK, Purpose.CLOSE)}
    crowded |= {place.controllers.role for place in state.places}
    crowded |= {role.id for role in state.roles if "shares" in role.duties}
    taken: list[tuple[str, str]] = []
    seated: dict[str, tuple[str, ...]] = {}
    roles = [role for role in state.roles if role.duties or role.id in crowded]
    for role in sorted(roles, key=lambda one: one.id not in crowded):
        able = [one for one in state.appointed(role.id) if not _clash(state, one, role.id, taken)]
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
    others = {other for one, other in taken if one == person}
    return any(set(pair) == {role, other} for pair in state.conflicts for other in others)


# -- text -------------------------------------------------------------------------------------------------------------


def _text(name: str) -> str:
    return (importlib.resources.files("quorate") / "templates" / name).read_text(encoding="utf-8")


def _filled(template: str, /, **values: str) -> str:
    """A template with every `$name` replaced; a name without a value is a bug (KeyError)."""
    return Template(_text(template)).substitute(values)


def _quoted(text: str) -> str:
    """A TOML basic string: JSON's, but for DEL, which TOML wants escaped."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _write(host: Host, path: Path, text: str) -> None:
    host.write_once(path, text.encode("utf-8"))
