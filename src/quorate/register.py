"""The register: what the authority has issued and holds, folded from its records. Floor 2.

Keys, certificates, CRLs, serials, share sets, and where each item lies in which seal. Never stored.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from quorate.authority import AuthorityState
from quorate.findings import Refusal
from quorate.script import KnownKey, ShareSet
from quorate.script.operations import CrlOperation
from quorate.script.state import Lies, State

GENESIS = "genesis"


@dataclass(frozen=True, slots=True)
class Register:
    """The fold so far. `last`: digest of the last record's checkpoint, or `genesis`.

    `keys`: those that tokens hold, without the destroyed ones; `spkis`: every key there ever was. `crls` holds the
    newest CRL of an issuing artifact by the issuer's artifact id.
    """

    last: str = GENESIS
    ceremonies: tuple[str, ...] = ()
    keys: Mapping[str, KnownKey] = field(default_factory=dict)
    spkis: Mapping[str, bytes] = field(default_factory=dict)
    certificates: Mapping[str, bytes] = field(default_factory=dict)
    crls: Mapping[str, bytes] = field(default_factory=dict)
    operations: frozenset[str] = frozenset()
    serials: frozenset[str] = frozenset()
    items: Mapping[str, Lies] = field(default_factory=dict)
    seals: frozenset[str] = frozenset()
    sets: Mapping[tuple[str, str], ShareSet] = field(default_factory=dict)


def enrol(register: Register, state: State, checkpoint: str) -> Register:
    """The register after one more closed ceremony; `record.fork` unless it follows the last one."""
    script = state.script
    if script.predecessor != register.last:
        raise Refusal("record.fork", ceremony=script.ceremony, predecessor=script.predecessor, last=register.last)
    crls = dict(register.crls)
    for operation in script.operations:
        if isinstance(operation, CrlOperation) and operation.id in state.crls:
            crls[artifact_name(operation.issuer)] = state.crls[operation.id]
    return replace(
        register,
        last=checkpoint,
        ceremonies=(*register.ceremonies, script.ceremony),
        keys={name: key for name, key in {**register.keys, **state.keys}.items() if name not in state.destroyed},
        spkis={**register.spkis, **state.spkis},
        certificates={**register.certificates, **state.certificates},
        crls=crls,
        operations=register.operations | {operation.id for operation in script.operations},
        items={**register.items, **state.items},
        seals=register.seals | state.seals,
        sets={**register.sets, **state.sets},
    )


def artifact_name(reference: str) -> str:
    """The artifact id that `operation:ID` or `input:inputs/known/ID.cert.der` names."""
    name = reference.partition(":")[2]
    return name.rpartition("/")[2].removesuffix(".cert.der")


def whereabouts(register: Register, authority: AuthorityState) -> Mapping[str, Lies]:
    """Every item of the authority: where the register has it, else where its first state puts it."""
    first = {item.id: Lies(item.place, item.seal) for item in authority.items}
    return {name: register.items.get(name, lies) for name, lies in first.items()}
