"""The register: what the authority has issued and holds, folded from its records. Floor 2.

Keys, certificates, CRLs, serials, share sets, and where each item lies in which seal. Never stored.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from msgspec import structs

from quorate import canonical
from quorate.authority import AuthorityState
from quorate.dnssec.ksr_xml import read_ksr, read_skr
from quorate.findings import Refusal
from quorate.register.bags import Bag, bags_after
from quorate.script import KnownKey, KnownPart, KnownSkr, Script, ScriptAdopted, ShareSet
from quorate.script.operations import CrlOperation, ScriptOperation, ScriptResponse, ShareOperation, SignOperation
from quorate.script.state import Deed, Lies, State
from quorate.x509.facts import read_certificate

GENESIS = "genesis"

Issuer = tuple[bytes, bytes]
"""Whose CRLs follow one another: the name (DER) and the public key (DER) of an issuer."""


@dataclass(frozen=True, slots=True)
class Skr:
    """A signed key response: what a script says of it, its file, the id of its request; in which ceremony, and when."""

    known: KnownSkr
    data: bytes
    request_id: str
    ceremony: str
    at: str


@dataclass(frozen=True, slots=True)
class Entry:
    """An operation that came to its end, with what it made, in the order of the ceremonies and their scripts.

    Or what a ceremony adopted: it is only stated, and nobody here has seen it made.
    """

    ceremony: str
    operation: ScriptOperation | ScriptAdopted
    at: str
    data: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class NewestCrl:
    """The newest CRL of an issuer, and the id under which it was signed or adopted."""

    id: str
    der: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Register:
    """The fold so far. `last`: digest of the last record's checkpoint, or `genesis`.

    `keys`: those that tokens hold, without the destroyed ones; `spkis`: every key there ever was. `crls` holds the
    newest CRL by its issuer's name and public key: an issuer may have several certificates, and be named by a file.
    `spent`: numbers of an issuer's CRLs that may be signed and not written. `entries`: all that was ever done. `homes`:
    the facility in which each key there ever was came to its token; `bags`: those in which items are; `places`: their
    facilities, by the last state.
    """

    last: str = GENESIS
    ceremonies: tuple[str, ...] = ()
    homes: Mapping[str, str] = field(default_factory=dict)
    keys: Mapping[str, KnownKey] = field(default_factory=dict)
    spkis: Mapping[str, bytes] = field(default_factory=dict)
    certificates: Mapping[str, bytes] = field(default_factory=dict)
    crls: Mapping[Issuer, NewestCrl] = field(default_factory=dict)
    spent: frozenset[tuple[Issuer, int]] = frozenset()
    operations: frozenset[str] = frozenset()
    serials: frozenset[str] = frozenset()
    items: Mapping[str, Lies] = field(default_factory=dict)
    entered: Mapping[str, Lies] = field(default_factory=dict)  # what the last state that has an item says of it
    bags: Mapping[str, Bag] = field(default_factory=dict)
    places: Mapping[str, str] = field(default_factory=dict)
    seals: frozenset[str] = frozenset()
    sets: Mapping[tuple[str, str], ShareSet] = field(default_factory=dict)
    forgotten: frozenset[tuple[str, str]] = frozenset()  # credentials of tokens that nobody has any more
    ksks: Mapping[str, KnownKey] = field(default_factory=dict)  # every KSK that was ever generated
    skrs: Mapping[str, Skr] = field(default_factory=dict)  # in the order in which they were signed
    published: tuple[str, ...] = ()  # in the order of their last publications
    entries: tuple[Entry, ...] = ()


def enrol(register: Register, state: State, checkpoint: str) -> Register:
    """The register after one more closed ceremony; `record.fork` unless it follows the last one."""
    script = state.script
    if script.predecessor != register.last:
        raise Refusal("record.fork", ceremony=script.ceremony, predecessor=script.predecessor, last=register.last)
    things = (*script.adopted, *script.operations)
    ended = [(one, state.done[one.id]) for one in things if one.id in state.done]
    lists = [one for one in script.operations if isinstance(one, CrlOperation) and one.id in state.begun]
    spent = {(_issuer(one, state), one.number) for one in lists if one.id not in state.crls}
    splits = (one for one, _ in ended if isinstance(one, ShareOperation))
    forgotten = {(one.token, one.credential) for one in splits if one.fate == "destroyed"}
    adopted = _adopted(script, state)
    now = (*adopted, *(one.artifact for one in script.publications if one.artifact in state.published))
    last = reversed(dict.fromkeys(reversed(now)))  # published more than once, it counts where it came last
    published = (*(one for one in register.published if one not in now), *last)
    skrs = {**register.skrs, **adopted, **_signed(script, state)}
    return replace(
        register,
        last=checkpoint,
        ceremonies=(*register.ceremonies, script.ceremony),
        homes={**dict.fromkeys(state.keys, script.facility), **register.homes},
        keys={name: key for name, key in {**register.keys, **state.keys}.items() if name not in state.destroyed},
        spkis={**register.spkis, **state.spkis},
        ksks={**register.ksks, **{name: key for name, key in state.keys.items() if key.zone}},
        certificates={**register.certificates, **state.certificates},
        crls={**register.crls, **_crls(script, state)},
        spent=register.spent | spent,
        operations=register.operations | state.begun | set(state.done),
        items={**register.items, **state.items},
        entered={**register.entered, **{one.id: Lies(one.place, one.seal) for one in state.authority.items}},
        bags=bags_after(register.bags, state, keys_at(script.facility, register, state.authority)),
        places={place.id: place.facility for place in state.authority.places},
        seals=register.seals | state.seals,
        sets={name: one for name, one in {**register.sets, **state.sets}.items() if name not in forgotten},
        forgotten=register.forgotten | forgotten,
        skrs={name: replace(one, known=_published(one.known, published)) for name, one in skrs.items()},
        published=published,
        entries=(*register.entries, *(Entry(script.ceremony, one, deed.at, deed.data) for one, deed in ended)),
    )


def _crls(script: Script, state: State) -> dict[Issuer, NewestCrl]:
    """The CRLs that a ceremony adopted and signed; of an issuer the last one."""
    newest = {}
    for one in script.adopted:
        if one.kind == "crl" and one.id in state.done:
            known = f"inputs/known/{one.issuer}.cert.der"
            der = state.certificates[one.issuer] if one.issuer in state.certificates else state.inputs[known]
            newest[_issuer_in(der, one.issuer)] = NewestCrl(one.id, state.done[one.id].data)
    for operation in script.operations:
        if isinstance(operation, CrlOperation) and operation.id in state.crls:
            newest[_issuer(operation, state)] = NewestCrl(operation.id, state.crls[operation.id])
    return newest


def _issuer(operation: CrlOperation, state: State) -> Issuer:
    """The name that is in the certificate of a CRL's issuer, and its public key."""
    kind, _, name = operation.issuer.partition(":")
    return _issuer_in(state.certificates[name] if kind == "operation" else state.inputs[name], name)


def _issuer_in(der: bytes, name: str) -> Issuer:
    it = read_certificate(der, name)
    return it.subject, it.spki


def crl_names(register: Register) -> dict[str, NewestCrl]:
    """The newest CRLs by the names that a ceremony's `inputs/known/` has for them.

    It is the id of the first certificate of the issuer's name and key, or the CRL's own if the register has none.
    """
    first: dict[Issuer, str] = {}
    for name, der in register.certificates.items():
        first.setdefault(_issuer_in(der, name), name)
    return {first.get(issuer, one.id): one for issuer, one in register.crls.items()}


def _signed(script: Script, state: State) -> dict[str, Skr]:
    """The SKRs of a ceremony."""
    responses = [one for op in script.operations if isinstance(op, SignOperation) for one in op.responses]
    digests = {one.file: one.digest for one in script.inputs}
    return {
        one.id: _skr(_known(one, digests[one.request]), state.skrs[one.id], _request_id(one, state), script)
        for one in responses
        if one.id in state.skrs
    }


def _adopted(script: Script, state: State) -> dict[str, Skr]:
    """SKRs made before: in the zone, as the governors state; nothing says by which schema, for which KSR."""
    skrs = {}
    for one in script.adopted:
        if one.kind == "skr" and one.id in state.done:
            response, _ = read_skr(state.done[one.id].data, one.id)
            known = KnownSkr(one.id, response.domain, "", "", (), back_out=False, published=True)
            skrs[one.id] = _skr(known, state.done[one.id], response.id, script)
    return skrs


def _skr(known: KnownSkr, deed: Deed, request_id: str, script: Script) -> Skr:
    return Skr(known, deed.data, request_id, script.ceremony, deed.at)


def _known(response: ScriptResponse, request: str) -> KnownSkr:
    keys = tuple(KnownPart(part.part, part.ksk) for part in response.keys)
    back_out = bool(response.back_out_of)
    return KnownSkr(response.id, response.zone, request, response.schema, keys, back_out, published=False)


def _request_id(response: ScriptResponse, state: State) -> str:
    return read_ksr(state.inputs[response.request], response.request)[0].id


def _published(known: KnownSkr, published: tuple[str, ...]) -> KnownSkr:
    turn = published.index(known.id) + 1 if known.id in published else 0
    return structs.replace(known, published=turn > 0, turn=turn)


def published_digest(register: Register, name: str) -> str:
    """The digest of the file of an artifact that can be published: an SKR, a certificate or a CRL; empty if unknown."""
    if name in register.skrs:
        return canonical.digest(register.skrs[name].data)
    if name in register.certificates:
        return canonical.digest(register.certificates[name])
    return next(
        (canonical.digest(one.data) for one in register.entries if _is_crl(one) and one.operation.id == name), ""
    )


def _is_crl(entry: Entry) -> bool:
    made = entry.operation
    return made.kind == "crl" if isinstance(made, ScriptAdopted) else isinstance(made, CrlOperation)


def artifact_name(reference: str) -> str:
    """The artifact id that `operation:ID` or `input:inputs/known/ID.cert.der` names."""
    name = reference.partition(":")[2]
    return name.rpartition("/")[2].removesuffix(".cert.der")


def whereabouts(register: Register, authority: AuthorityState) -> Mapping[str, Lies]:
    """Every item of the authority: where the register has it, else where its first state puts it."""
    first = {item.id: Lies(item.place, item.seal) for item in authority.items}
    return {name: register.items.get(name, lies) for name, lies in first.items()}


def keys_at(facility: str, register: Register, authority: AuthorityState) -> frozenset[str]:
    """The keys, by the digests of their public keys, of which a token in that facility has the pair."""
    return frozenset(
        register.keys[key].spki for key, where in homes_now(register, authority).items() if facility in where
    )


def homes_now(register: Register, authority: AuthorityState) -> Mapping[str, frozenset[str]]:
    """In which facilities each key lies: where it came to its token; where the token's bags are, if none is there."""
    places, lies = {place.id: place.facility for place in authority.places}, whereabouts(register, authority)
    bags: dict[str, set[str]] = {}
    for item in authority.items:
        if lies[item.id].place in places:
            bags.setdefault(item.holder, set()).add(places[lies[item.id].place])
    found = {}
    for name, known in register.keys.items():
        home, away = register.homes[name], bags.get(known.token, set[str]())
        found[name] = frozenset({home} if home in away or not away else away)
    return found
