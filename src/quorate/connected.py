"""Tokens that are connected before the day: what they can do, and what a script asks that they cannot. Floor 4."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from quorate.algorithms import SignatureAlgorithm, default_algorithm
from quorate.authority import AuthorityState
from quorate.dnssec.dnskey import Algorithm
from quorate.findings import Finding, found
from quorate.keys import KeyType
from quorate.script import Script
from quorate.script.drafting import signature_algorithm
from quorate.script.operations import (
    DestroyOperation,
    GenerateOperation,
    ImportOperation,
    ScriptOperation,
    ShareOperation,
    SignOperation,
)
from quorate.script.skr import SIGNATURES
from quorate.token.opening import open_token


@dataclass(frozen=True, slots=True)
class Connected:
    """A token that was looked at without a login."""

    name: str
    serial: str
    key_types: tuple[KeyType, ...]
    algorithms: tuple[SignatureAlgorithm, ...]


def look_at(root: Path, state: AuthorityState, name: str) -> Connected:
    """The token of that id, as it is connected now. Raises what opening it raises; it may lie in its safe."""
    entry = state.token(name)
    token = open_token(entry.kind, root / entry.location if entry.kind == "software" else entry.location, entry.serial)
    try:
        return Connected(name, entry.serial, token.key_types(), token.algorithms())
    finally:
        token.close()


def lacking(script: Script, tokens: tuple[Connected, ...]) -> tuple[Finding, ...]:
    """A finding for each mechanism that an operation needs and that its token, if it is among `tokens`, lacks."""
    present = {token.name: token for token in tokens}
    return tuple(
        found("token.mechanism_absent", f"operations[{operation.id}]", serial=token.serial, mechanism=absent)
        for operation in script.operations
        if (token := present.get(operation.token))
        for absent in _absent(script, operation, token)
    )


def _absent(script: Script, operation: ScriptOperation, token: Connected) -> list[str]:
    if isinstance(operation, GenerateOperation) and operation.type not in token.key_types:
        return [operation.type]
    return [algorithm for algorithm in _signed_with(script, operation) if algorithm not in token.algorithms]


def _signed_with(script: Script, operation: ScriptOperation) -> tuple[str, ...]:
    match operation:
        case ShareOperation() | DestroyOperation():
            return ()
        case GenerateOperation(algorithm=mnemonic):
            return (SIGNATURES[Algorithm[mnemonic]],) if mnemonic else ()
        case ImportOperation(type=kind):
            return (default_algorithm(kind),)
        case SignOperation():
            known = {one.id: one.algorithm for one in script.keys}
            known |= {one.id: one.algorithm for one in script.operations if isinstance(one, GenerateOperation)}
            mnemonics = [known[part.key] for response in operation.responses for part in response.keys]
            return tuple(SIGNATURES[Algorithm[one]] for one in dict.fromkeys(mnemonics))
        case _:
            return (signature_algorithm(script, operation),)
