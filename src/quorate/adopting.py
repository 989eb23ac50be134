"""The files that an authority adopts: in `adopted/`, named by `authority.toml`. Floor 4."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import msgspec

from quorate import canonical
from quorate.adoption import Pool, adopted_file, read_adopted
from quorate.authority import Adopted, AdoptedKind, AuthorityState
from quorate.findings import Finding, Refusal
from quorate.x509.facts import CertificateFacts, CrlFacts, read_certificate, read_crl

FOLDER = "adopted"


class AdoptedSource(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One thing in `authority.toml`: under which id, and its file below `adopted/`."""

    id: str
    file: str


def adopted_state(root: Path, sources: tuple[AdoptedSource, ...]) -> tuple[Adopted, ...]:
    """What the authority's state says of each file; one refusal with every problem."""
    adopted, problems = [], list[Finding]()
    for source in sources:
        try:
            kind, der = _read(root, source)
            adopted.append(Adopted(source.id, kind, canonical.digest(der)))
        except Refusal as refusal:
            problems += refusal.findings
    if problems:
        raise Refusal.of(tuple(problems))
    return tuple(adopted)


def _read(root: Path, source: AdoptedSource) -> tuple[AdoptedKind, bytes]:
    path = PurePosixPath(source.file)
    where = f"{FOLDER}/{source.file}"
    file = root / FOLDER / path
    if path.is_absolute() or ".." in path.parts or not file.is_file():
        raise Refusal("adopt.file_missing", f"adopted[{source.id}]", file=source.file)
    return read_adopted(file.read_bytes(), where)


def adopted_der(root: Path, source: AdoptedSource) -> bytes:
    """The DER of one, or the file of an SKR."""
    return _read(root, source)[1]


@dataclass(frozen=True, slots=True)
class History:
    """What was made before, as new plans need it: ids, self-signed certificates, CRL numbers by their issuers, SKRs.

    `below`: of an issuer, its newest authority that its adopted CRL does not revoke.
    """

    ids: tuple[str, ...]
    roots: tuple[str, ...]
    below: Mapping[str, str]
    numbers: Mapping[str, int]
    skrs: tuple[str, ...]


def history(root: Path, sources: tuple[AdoptedSource, ...], names: Iterable[str]) -> History:
    """Of the things `names`, which `authority.toml` names; others are passed over."""
    wanted = set(names)
    things = {source.id: _read(root, source) for source in sources if source.id in wanted}
    certificates = {name: read_certificate(der, name) for name, (kind, der) in things.items() if kind == "certificate"}
    crls = {name: read_crl(der, name) for name, (kind, der) in things.items() if kind == "crl"}
    pool, roots = Pool(certificates), dict[bytes, str]()
    for name, it in certificates.items():
        if it.self_signed:
            roots.setdefault(it.spki, name)  # a key of several certificates is one pair
    return History(
        tuple(things),
        tuple(roots.values()),
        _below(certificates, crls, pool),
        {pool.signer(it): it.number for it in crls.values()},
        tuple(name for name, (kind, _) in things.items() if kind == "skr"),
    )


def _below(certificates: Mapping[str, CertificateFacts], crls: Mapping[str, CrlFacts], pool: Pool) -> dict[str, str]:
    revoked = {(pool.signer(it), entry.serial) for it in crls.values() for entry in it.entries}
    authorities = {name: it for name, it in certificates.items() if it.is_ca and not it.self_signed}
    by_age = sorted(authorities, key=lambda name: authorities[name].not_before)
    signers = {name: pool.signer(authorities[name]) for name in by_age}
    return {signer: name for name, signer in signers.items() if (signer, authorities[name].serial) not in revoked}


def stand_in_file(root: Path, digest: str) -> Path:
    """Where the stand-in of a thing with that digest lies, for rehearsals."""
    return root / "shadow" / FOLDER / f"{digest.partition(':')[2]}.der"


def adopted_inputs(
    root: Path, sources: tuple[AdoptedSource, ...], names: Iterable[str], state: AuthorityState, rehearsed: bool
) -> dict[str, bytes]:
    """What a ceremony that adopts `names` finds in its inputs; of a rehearsal the stand-ins.

    Raises `adopt.changed` for a file that is not the one of `state`. What the state does not adopt is left out.
    """
    listed, inputs = {one.id: one for one in state.adopted}, {}
    for source in sources:
        if source.id in names and source.id in listed:
            one, der = listed[source.id], adopted_der(root, source)
            if rehearsed:
                der = stand_in_file(root, canonical.digest(der)).read_bytes()
            if canonical.digest(der) != one.digest:
                raise Refusal("adopt.changed", f"{FOLDER}/{source.file}", id=source.id)
            inputs[adopted_file(one)] = der
    return inputs
