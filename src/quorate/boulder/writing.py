"""The authority that comes of an import, on disk: its folder as `quorate init` makes it, profiles, plans, inputs."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from quorate import source
from quorate.authority import AuthorityState
from quorate.boulder.config import CertificateConfig, KeyConfig, RootConfig
from quorate.boulder.plans import Plans
from quorate.boulder.sequence import Ceremony
from quorate.boulder.toml import toml
from quorate.host import Host
from quorate.outline import Written, first_use, template_text
from quorate.outset import APPOINTED, Founding, chairs, establish, plan_text
from quorate.people import Purpose
from quorate.statement import Mode
from quorate.strict import IDENTIFIER


@dataclass(frozen=True, slots=True)
class Laid:
    """One ceremony as it is to be written. `operations`: TOML, in order; `names`: what they make."""

    name: str
    ceremony: Ceremony
    operations: tuple[str, ...]
    inputs: Mapping[str, bytes]
    names: tuple[str, ...]


def lay(plans: Plans, days: tuple[Ceremony, ...]) -> tuple[Laid, ...]:
    """The ceremonies with their names, which sort in the order in which they were held."""
    width = max(3, len(str(len(days))))
    laid = []
    for place, one in enumerate(days, 1):
        inputs: dict[str, bytes] = {}
        for part in one.parts:
            inputs |= plans.inputs(part)
        names = [name for part in one.parts for name in (plans.keys.get(part), plans.ids.get(part)) if name]
        operations = tuple(text for part in one.parts for text in plans.operations(part))
        laid.append(Laid(f"{place:0{width}d}-{one.opens.date()}", one, operations, inputs, tuple(names)))
    return tuple(laid)


def commitments(plans: Plans, rules: str) -> dict[str, str]:
    """The commitments of the example that the import cannot keep to, with what it needs; as TOML."""
    example = tomllib.loads(template_text(f"commitments-{rules}.toml"))
    configs = [plans.sequence.configs[number] for number in plans.sequence.order]
    types = [one.key_type.text for one in configs if isinstance(one, (KeyConfig, RootConfig))]
    types += [plans.sequence.key_type(n) for n in plans.sequence.order
              if isinstance(plans.sequence.configs[n], CertificateConfig)]  # fmt: skip
    profiles = plans.profiles
    needed: dict[str, object] = {
        "key-types": list(dict.fromkeys([*example["key-types"], *types])),
        "root-days": max(example["root-days"], profiles.longest("root")),
        "subordinate-days": max(example["subordinate-days"], profiles.longest("subordinate")),
        "crl-days": max(example["crl-days"], profiles.longest("crl")),
    }
    return {name: toml(value) for name, value in needed.items() if value != example[name]}


def write(into: Path, rules: str, plans: Plans, laid: tuple[Laid, ...], host: Host) -> None:
    """Everything but the report. People are appointed from before the first ceremony on."""
    configs = [plans.sequence.configs[number] for number in plans.sequence.order]
    named = [one.profile.subject.organization for one in configs if isinstance(one, (RootConfig, CertificateConfig))]
    founding = Founding(
        name=into.name if IDENTIFIER.fullmatch(into.name) else "imported",
        rules=rules,
        since=laid[0].ceremony.opens.date() - timedelta(days=1),
        until=(max(laid[-1].ceremony.closes, host.now()) + APPOINTED).date(),
        organisation=next((name for name in named if name), "Example Trust Services"),
        commitments=commitments(plans, rules),
    )
    establish(into, founding, host)
    (into / "profiles").mkdir()
    for name, text in plans.profiles.files(rules).items():
        host.write_once(into / "profiles" / name, text.encode())
    state = source.read_authority(into, Mode.REHEARSAL)
    for one in laid:
        folder = into / "ceremonies" / one.name
        (folder / "inputs").mkdir(parents=True)
        for name, data in one.inputs.items():
            host.write_once(folder / "inputs" / name, data)
        host.write_once(folder / "plan.toml", _plan(state, one, first=one is laid[0]).encode())


def _plan(state: AuthorityState, one: Laid, *, first: bool) -> str:
    token, unlock = state.tokens[0].id, state.quorum(Purpose.UNLOCK).role
    holders = tuple(chair.id for chair in chairs(state) if chair.role == unlock)
    shared = (first_use(state, token, holders),) if first else ()
    purpose = f"Imported history: {', '.join(one.names)}."
    written = Written("\n".join([*shared, *one.operations]), purpose, frozenset({token}))
    window = (f"{moment:%Y-%m-%dT%H:%M:%SZ}" for moment in (one.ceremony.opens, one.ceremony.closes))
    return plan_text(state, one.name, written, *window)
