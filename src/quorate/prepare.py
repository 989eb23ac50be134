"""Before the day: an authority's folder is read, its state frozen, plans checked and compiled. Floor 4.

Layout: `authority.toml people/ authority/ ceremonies/NAME/{plan.toml inputs/ approvals/ script.json …} shadow/`. The
shadow authority is the same with stand-in keys and software tokens; its states lie in `shadow/authority/`.
"""

from __future__ import annotations

import importlib.resources
from collections.abc import Callable, Iterator, Mapping
from dataclasses import astuple, dataclass
from pathlib import Path, PurePosixPath

import msgspec

from quorate import canonical, record
from quorate.acts import lay_out
from quorate.adopting import adopted_der, adopted_inputs, stand_in_file
from quorate.adoption import description, is_known_outside, resolve
from quorate.archive import read_register, require_last, require_none_open
from quorate.authority import AuthorityState
from quorate.carrying import carry_findings
from quorate.compiler import Resolver
from quorate.custody import walk
from quorate.dnssec.ksr_xml import read_skr
from quorate.dnssec.policy import Policy, read_policy
from quorate.findings import Finding, Refusal, found, refuse_errors
from quorate.freezing import Draft, freeze
from quorate.keysets import relevant_skrs
from quorate.layout import Layout
from quorate.linting import required_linters
from quorate.parting import parting_findings
from quorate.people import Purpose
from quorate.plan import GenerateKey, Plan, SignKeySets
from quorate.planning import first_crls, input_findings, names_twice, output_findings, plan_findings, unedited
from quorate.record import frozen_states
from quorate.register import Register, crl_names, published_digest, whereabouts
from quorate.register.zonal import pins
from quorate.script import (
    Branches,
    KnownSet,
    Publication,
    Script,
    ScriptAdopted,
    ScriptAuthority,
    ScriptFile,
    ScriptItem,
    ScriptQuorum,
    ScriptSeat,
    ScriptToken,
)
from quorate.script.drafting import utc
from quorate.script.operations import CrlOperation, ScriptOperation
from quorate.script.skr import zone_folder
from quorate.script.text import render
from quorate.scrutiny import draft_findings
from quorate.source import find_authority, read_authority, read_source
from quorate.standby import standby_findings
from quorate.statement import Mode
from quorate.strict import FILE_NAME, load_toml, require_identifiers
from quorate.x509.facts import read_certificate
from quorate.x509.name import name_line
from quorate.x509.profile import SHIPPED, parse_profile
from quorate.zones import all_pins, pinned_as, zone_inputs, zone_notices


@dataclass(frozen=True, slots=True)
class Base:
    """Where a compilation starts: the state in force, its chain on disk, and the records made so far."""

    folder: Path  # holds authority/: the authority's own folder, or shadow/
    state: AuthorityState
    genesis: str
    mode: Mode
    register: Register


def base(root: Path, mode: Mode, before: str = "") -> Base:
    """The base for the next ceremony of `mode`; `before`: only those whose name sorts before it."""
    folder = root if mode is Mode.REAL else root / "shadow"
    states = frozen_states(folder)
    if not states:
        raise Refusal("authority.not_frozen", str(folder))
    register = read_register(root, mode, before)
    return Base(folder, states[-1], states[0].digest, mode, register)


def real_base(root: Path) -> Base:
    """The base of a real ceremony; refused while `authority.toml` and `people/` are not what was signed."""
    start = base(root, Mode.REAL)
    if read_authority(root).digest != start.state.digest:
        raise Refusal("authority.changed", str(root))
    return start


def provisional_base(root: Path) -> Base:
    """The base on which a plan is checked before anybody has signed anything."""
    state = read_authority(root)
    states = frozen_states(root) or (state,)
    return Base(root, state, states[0].digest, Mode.REAL, read_register(root, Mode.REAL))


# -- plans ------------------------------------------------------------------------------------------------------------


def read_plan(ceremony: Path) -> tuple[Plan, bytes]:
    """The plan of a ceremony and its bytes."""
    path = ceremony / "plan.toml"
    if not path.is_file():
        raise Refusal("plan.missing", str(path))
    data = path.read_bytes()
    return load_toml(data, Plan, "plan.toml"), data


@dataclass(frozen=True, slots=True)
class Compiled:
    """What `compile` freezes: the script, the files that go with it, and what was found on the way."""

    script: Script
    files: Mapping[str, bytes]  # script.json, script.txt, inputs/…, drafts/…, plan.toml
    findings: tuple[Finding, ...]


def compile_plan(ceremony: Path, start: Base, draw: Callable[[int], bytes]) -> Compiled:
    """The script of a ceremony's plan; refuses with every problem that can be proved before the day."""
    plan, data = read_plan(ceremony)
    if start.mode is Mode.REAL:
        require_last(find_authority(ceremony), ceremony.name)
        require_none_open(find_authority(ceremony), ceremony.name)
    problems = [*require_identifiers([("ceremony", ceremony.name)]), *names_twice(plan), *output_findings(plan)]
    problems += [*plan_findings(plan, start.state), *carry_findings(plan, start.state, start.register)]
    problems += _standby(ceremony, plan) if plan.standby_for else ()
    problems += unedited(plan) if start.mode is Mode.REAL else ()
    refuse_errors(tuple(problems))
    inputs = _inputs(find_authority(ceremony), ceremony, plan, start)
    # what a waiver may accept is found again in the draft, and judged there
    problems += [one for one in input_findings(plan, inputs) if not (one.blocks and one.waivable)]
    refuse_errors(tuple(problems))
    adopted, stated = resolve(plan.adopt, start.state, start.register, inputs)
    refuse_errors(tuple(_too_late(plan, adopted, inputs)))
    resolver = Resolver(plan, start.state, start.register, inputs, draw)
    operations = resolver.resolve()
    refuse_errors(tuple(resolver.listed_first(adopted)))
    script = _script(ceremony.name, plan, canonical.digest(data), start, operations, inputs)
    script = msgspec.structs.replace(script, adopted=adopted)
    drafts = freeze(script, start.register, inputs, start.state)
    findings = (
        *first_crls(operations, start.register, start.state.rules),
        *draft_findings(plan, start.state, drafts),
        *(partings := tuple(parting_findings(operations, start.register, start.state.zones, utc(plan.window.opens)))),
    )
    script = msgspec.structs.replace(script, notices=(*script.notices, *(one.sentence for one in partings)))
    script = _laid_out(script, plan, start, drafts, inputs)
    findings += (*stated, *walk(script, start.state))
    refuse_errors(findings)
    files = dict(inputs) | {draft.entry().file: draft.tbs for draft in drafts}
    files |= {"plan.toml": data, "script.json": script.file(), "script.txt": render(script).encode()}
    return Compiled(script, files, (*problems, *findings))


def _too_late(plan: Plan, adopted: tuple[ScriptAdopted, ...], inputs: Mapping[str, bytes]) -> Iterator[Finding]:
    """An SKR is what the next one follows: it is in the register before that is drafted."""
    for one in adopted:
        if one.kind == "skr":
            zone = read_skr(inputs[one.file], one.id)[0].domain
            if zone in _signed_zones(plan):
                yield found("adopt.skr_first", f"adopt[{one.id}]", id=one.id, zone=zone)


COMPILED_INPUTS = ("inputs/known/", "inputs/profiles/", "inputs/zones/", "inputs/adopted/")
"""Written by `compile`: what earlier ceremonies made, the profiles as they are on that day, and what is adopted."""


def _given(ceremony: Path) -> dict[str, bytes]:
    """What people put into `inputs/`."""
    files = record.files_below(ceremony, "inputs") if (ceremony / "inputs").is_dir() else {}
    return {path: data for path, data in files.items() if not path.startswith(COMPILED_INPUTS)}


def _standby(ceremony: Path, plan: Plan) -> tuple[Finding, ...]:
    other = ceremony.parent / PurePosixPath(plan.standby_for).name
    known = other != ceremony and (other / "plan.toml").is_file()
    return standby_findings(plan, read_plan(other)[0] if known else None, _given(ceremony), _given(other))


def _inputs(root: Path, ceremony: Path, plan: Plan, start: Base) -> dict[str, bytes]:
    """Everything that goes in: given files, profiles as they are today, and what earlier ceremonies made."""
    inputs = _given(ceremony)
    if strange := [path for path in inputs if not all(FILE_NAME.fullmatch(part) for part in path.split("/"))]:
        raise Refusal.of(tuple(found("plan.file_name", "inputs", file=path) for path in strange))
    for profile in {getattr(operation, "profile", "") for operation in plan.operations} - {""}:
        inputs[f"inputs/profiles/{profile}.toml"] = profile_text(root, profile)
    register, zones = start.register, _zones(plan)
    if zones:
        adopted = _stand_ins(root, register) if start.mode is Mode.REHEARSAL else {}
        inputs |= zone_inputs(root, read_source(root).zones, zones, start.mode, register, adopted)
    inputs |= adopted_inputs(root, read_source(root).adopted, plan.adopt, start.state, start.mode is Mode.REHEARSAL)
    inputs |= {f"inputs/known/{name}.cert.der": der for name, der in register.certificates.items()}
    inputs |= {f"inputs/known/{name}.crl": one.der for name, one in crl_names(register).items()}
    inputs |= {f"inputs/known/{name}.spki.der": spki for name, spki in register.spkis.items()}
    return inputs


def _stand_ins(root: Path, rehearsed: Register) -> dict[str, dict[str, bytes]]:
    """The stand-ins (DER) of pinned KSKs by their zones and their pins' labels.

    Of adopted ones, whether brought to a token or not; of those that a real ceremony made, what its rehearsal made.
    """
    source, found = read_source(root), dict[str, dict[str, bytes]]()
    real = read_register(root, Mode.REAL)
    pairs = [(real.spkis[name], rehearsed.spkis[name]) for name in real.ksks if name in rehearsed.spkis]
    for one in source.adopted:
        der = adopted_der(root, one)
        if (path := stand_in_file(root, canonical.digest(der))).is_file():
            pairs.append((der, path.read_bytes()))
    pins = all_pins(root, source.zones)
    for spki, stand_in in pairs:
        for zone, pin in pinned_as(pins, spki):
            found.setdefault(zone.name, {})[pin.id] = stand_in
    return found


def _zones(plan: Plan) -> frozenset[str]:
    """The zones whose key sets are signed, or whose KSKs are generated: a new one's tag must differ from all there."""
    return _signed_zones(plan) | frozenset(
        {op.zone for op in plan.operations if isinstance(op, GenerateKey) and op.zone}
    )


def _policies(plan: Plan, inputs: Mapping[str, bytes]) -> dict[str, Policy]:
    """The policies of those zones, as the inputs have them."""
    paths = {zone: f"{zone_folder(zone)}/policy.json" for zone in sorted(_zones(plan))}
    return {zone: read_policy(inputs[path], path).policy for zone, path in paths.items() if path in inputs}


def _signed_zones(plan: Plan) -> frozenset[str]:
    return frozenset(one.zone for op in plan.operations if isinstance(op, SignKeySets) for one in op.responses)


def profile_names(root: Path) -> tuple[str, ...]:
    """The shipped profiles, then the authority's own that are not called like one of them."""
    own = sorted(path.name.removesuffix(".toml") for path in (root / "profiles").glob("*.toml"))
    return tuple(dict.fromkeys((*SHIPPED, *own)))


def profile_text(root: Path, name: str) -> bytes:
    """A profile's text: the authority's own in `profiles/`, else a shipped one."""
    if (root / "profiles" / f"{name}.toml").is_file() and "/" not in name:
        return (root / "profiles" / f"{name}.toml").read_bytes()
    folder = importlib.resources.files("quorate.x509") / "profiles"
    file = folder / f"{name}.toml"
    if "/" in name or not file.is_file():
        raise Refusal("x509.profile_unknown", name=name, known=", ".join(profile_names(root)))
    return file.read_bytes()


def _script(
    name: str,
    plan: Plan,
    digest: str,
    start: Base,
    operations: tuple[ScriptOperation, ...],
    inputs: Mapping[str, bytes],
) -> Script:
    state, register = start.state, start.register
    lies = whereabouts(register, state)
    tokens = dict.fromkeys(operation.token for operation in operations)
    return Script(
        format="quorate/1",
        mode=start.mode,
        authority=ScriptAuthority(state.name, state.digest, start.genesis),
        ceremony=name,
        purpose=plan.purpose,
        facility=plan.facility,
        rules=state.rules,
        window=plan.window,
        predecessor=register.last,
        plan=digest,
        notices=_notices(plan, start, tuple(tokens)),
        witnessing=plan.witnessing,
        seats=tuple(
            ScriptSeat(s.id, s.role, s.person, s.alternates, state.person(s.person).presence) for s in plan.seats
        ),
        quorums=tuple(ScriptQuorum(q.purpose, q.role, q.need) for q in state.quorums),
        tokens=tuple(ScriptToken(t, state.token(t).kind, state.token(t).serial) for t in tokens),
        items=tuple(ScriptItem(i.id, i.what, *astuple(lies[i.id])) for i in state.items),
        keys=tuple(register.keys.values()),
        sets=tuple(KnownSet(t, "so" if c == "so" else "user", s) for (t, c), s in register.sets.items()),
        inputs=tuple(ScriptFile(path, canonical.digest(data)) for path, data in sorted(inputs.items())),
        drafts=(),
        operations=operations,
        waivers=plan.waivers,
        acts=(),
        steps=(),
        branches=Branches(abort=(), resume=(), suspend=()),
        programmes=state.programmes,
        skrs=relevant_skrs(register, _policies(plan, inputs), utc(plan.window.opens)),
        publications=_publications(plan, register),
        linters=required_linters(state),
        seals=tuple(sorted(register.seals - {"", *(one.seal for one in lies.values())})),
    )


def _publications(plan: Plan, register: Register) -> tuple[Publication, ...]:
    """What is published, with the digest of what was made."""
    digests = [(one, published_digest(register, one.artifact)) for one in plan.publications]
    unknown = [one.artifact for one, digest in digests if not digest]
    refuse_errors(tuple(found("plan.artifact_unknown", "publications", name=name) for name in unknown))
    return tuple(Publication(one.artifact, digest, one.where) for one, digest in digests)


def _laid_out(
    script: Script, plan: Plan, start: Base, drafts: tuple[Draft, ...], inputs: Mapping[str, bytes]
) -> Script:
    texts = {
        path.removeprefix("inputs/profiles/").removesuffix(".toml"): data
        for path, data in inputs.items()
        if path.startswith("inputs/profiles/")
    }
    entries = tuple(draft.entry() for draft in drafts)
    layout = Layout(
        plan=plan,
        authority=start.state,
        operations=script.operations,
        drafts={entry.operation: entry for entry in entries},
        lies=whereabouts(start.register, start.state),
        profiles={name: parse_profile(name, data) for name, data in texts.items()},
        printed={draft.operation: draft.printed for draft in drafts},
        publications=script.publications,
        adopted=tuple((one, description(one, inputs[one.file])) for one in script.adopted),
        outside=frozenset(one.id for one in script.adopted if is_known_outside(one, inputs[one.file])),
        sets=script.sets,
        known={
            crl.id: _known(crl, start.register, inputs) for crl in script.operations if isinstance(crl, CrlOperation)
        },
        ksks={spki: f"KSK of the zone {pin.zone}, DS {pin.ds}" for spki, pin in pins(start.register).items()},
    )
    acts, steps, branches = lay_out(layout)
    notices = (*script.notices, *zone_notices(inputs, drafts))
    return msgspec.structs.replace(script, drafts=entries, acts=acts, steps=steps, branches=branches, notices=notices)


def _known(operation: CrlOperation, register: Register, inputs: Mapping[str, bytes]) -> dict[str, str]:
    """The certificates of the register that a CRL can be about, as people know them, by serial number."""
    path = operation.issuer.removeprefix("input:")
    if path not in inputs:
        return {}
    issuer = read_certificate(inputs[path], path).subject
    facts = ((name, read_certificate(der, name)) for name, der in register.certificates.items())
    return {f"{it.serial:x}": f"{name}, {name_line(it.subject)}" for name, it in facts if it.issuer == issuer}


def _notices(plan: Plan, start: Base, tokens: tuple[str, ...]) -> tuple[str, ...]:
    """What every reading of the script must show."""
    state = start.state
    notices = []
    if start.mode is Mode.REHEARSAL:
        notices.append("REHEARSAL: nothing made here counts")
    soft = [name for name in tokens if state.token(name).kind == "software"]
    if soft and state.rules == "webpki" and start.mode is Mode.REAL:
        raise Refusal("token.software_refused", "operations", token=", ".join(soft))
    if soft:
        notices.append(f"software token: {', '.join(soft)}; its keys are files, protected by the quorum's secret alone")
    notices += [
        f"the quorum {quorum.purpose.value} is one person"
        for quorum in state.quorums
        if quorum.need < 2 and quorum.purpose is not Purpose.RECOVER
    ]
    if plan.standby_for:
        notices.append(f"standby day: held only if {plan.standby_for} was not")
    if not plan.witnessing.auditor:
        policy = plan.witnessing.policy or "none named"
        notices.append(f"no auditor is present; policy: {policy}")
    return tuple(notices)
