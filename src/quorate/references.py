"""What the names in a plan stand for: artifacts, keys and files, made here, earlier, or by others. Floor 2.

A reference is a text: `operation:ID` for what this plan makes, `input:FILE` for what exists.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property

from quorate.dnssec.dnskey import spki_of
from quorate.dnssec.ksr_xml import read_skr
from quorate.findings import Refusal
from quorate.plan import ImportKey, Operation
from quorate.register import NewestCrl, Register, crl_names
from quorate.script import ScriptAdopted
from quorate.script.drafting import SECOND
from quorate.script.operations import (
    CertificateOperation,
    CrlOperation,
    DestroyOperation,
    Entry,
    GenerateOperation,
    ImportOperation,
    IssueOperation,
    Part,
    RequestOperation,
    ScriptOperation,
    SignOperation,
)
from quorate.x509.csr import read_csr, read_spki
from quorate.x509.facts import CertificateFacts, read_certificate, read_crl, verify_issued
from quorate.x509.legacy import signed_as_made

Lists = tuple[bytes, str | bytes]
"""Whose CRLs follow one another: a name (DER), and a public key (DER), or the id of one that this plan generates."""


def _parts(operation: SignOperation) -> Iterator[Part]:
    return (part for response in operation.responses for part in response.keys)


class Fallen(Exception):
    """What is named fell to a problem of its own, which is reported already."""


class References:
    """Resolves names while the operations of a plan are resolved one after another; `operations` holds those done."""

    def __init__(self, planned: Mapping[str, Operation], register: Register, inputs: Mapping[str, bytes]) -> None:
        self.planned, self.register, self.inputs = planned, register, inputs
        self.operations: list[ScriptOperation] = []
        self.fallen: set[str] = set()
        self._crls: Mapping[Lists, NewestCrl] = dict(register.crls.items())

    def input(self, name: str, where: str) -> str:
        path = f"inputs/{name}"
        if path not in self.inputs:
            raise Refusal("plan.input_missing", where, file=path)
        return path

    def reference(self, name: str, where: str) -> str:
        """`operation:ID` for an artifact of this plan made before, `input:FILE` for an earlier one or a file."""
        if name in self.planned:
            if name in self.fallen:
                raise Fallen
            if not any(done.id == name for done in self.operations):
                raise Refusal("plan.made_later", where, name=name)
            return f"operation:{name}"
        if name in self.register.certificates:
            return f"input:inputs/known/{name}.cert.der"
        if f"inputs/{name}" in self.inputs:
            return f"input:inputs/{name}"
        raise Refusal("plan.artifact_unknown", where, name=name)

    def issuer(self, name: str, where: str) -> tuple[str, str]:
        """The certificate `name` that issues, and the key that signs.

        One that no record has shows by its own signature that its name and key belong together, or a certificate or
        request of the records has both.
        """
        reference, key = self.reference(name, where), self.key_of(name, where)
        path = reference.removeprefix("input:")
        if path == reference or path.startswith(("inputs/known/", "inputs/adopted/")):
            return reference, key
        facts = read_certificate(self.inputs[path], path)
        if facts.self_signed:
            try:
                verify_issued(facts, facts.spki)
            except Refusal:
                raise Refusal("plan.issuer_unsigned", where, name=name) from None
        elif (facts.subject, facts.spki) not in self._named():
            raise Refusal("plan.issuer_unknown", where, name=name)
        return reference, key

    def _named(self) -> set[tuple[bytes, bytes]]:
        """The names and keys that stand together in certificates and requests of the records, and requests here."""
        facts = (read_certificate(der, name) for name, der in self.register.certificates.items())
        requests = [one.operation for one in self.register.entries] + list(self.operations)
        asked = (one for one in requests if isinstance(one, RequestOperation) and one.key in self.register.spkis)
        named = {(bytes.fromhex(one.subject), self.register.spkis[one.key]) for one in asked}
        return named | {(one.subject, one.spki) for one in facts}

    def facts(self, name: str, where: str) -> CertificateFacts:
        path = self.reference(name, where).partition(":")[2]
        return read_certificate(self.inputs[path], path)

    def subject_of(self, name: str, where: str) -> bytes:
        if self.reference(name, where).startswith("operation:"):
            return bytes.fromhex(self.made(name, where).subject)
        return self.facts(name, where).subject

    def key_of(self, name: str, where: str) -> str:
        """The key operation whose private key belongs to the certificate `name`."""
        public = self.public_at(self.reference(name, where), where)
        if isinstance(public, str):
            return public
        gone = {done.key for done in self.operations if isinstance(done, DestroyOperation)}
        copies = [key for key in self.register.keys if self.register.spkis[key] == public]
        for key in (*(one for one in copies if one not in gone), *copies):
            return key
        raise Refusal("plan.issuer_key_elsewhere", where, name=name)

    def token_of(self, key: str, where: str) -> str:
        for done in self.operations:
            if isinstance(done, DestroyOperation) and done.key == key:
                raise Refusal("plan.key_destroyed", where, key=key, operation=done.id)
            if isinstance(done, GenerateOperation) and done.id == key:
                return done.token
        if key in self.register.keys:
            return self.register.keys[key].token
        if key in self.fallen:
            raise Fallen
        raise Refusal("plan.key_unknown", where, key=key)

    def adopted(self, name: str) -> bytes:
        """The public key (DER) of something that was, or is here, adopted under that name; empty if nothing was."""
        before = any(
            isinstance(one.operation, ScriptAdopted) and one.operation.id == name for one in self.register.entries
        )
        folder = "known" if before else "adopted"
        if (path := f"inputs/{folder}/{name}.cert.der") in self.inputs:
            return read_certificate(self.inputs[path], path).spki
        return self.register.spkis.get(name, b"") if before else self.inputs.get(f"inputs/adopted/{name}.spki.der", b"")

    def first(self, key: str) -> str:
        """The key of which `key` is a copy, if it is one that this plan brings."""
        brought = {one.id: one.key for one in self.operations if isinstance(one, ImportOperation)}
        while key in brought:
            key = brought[key]
        return key

    def use_of(self, key: str) -> str:
        """For what a key was or is generated; empty if no record saw that."""
        first, spkis = self.first(key), self.register.spkis
        alike = {first, *(name for name, public in spkis.items() if public == spkis.get(first))}
        made = (*self.operations, *(entry.operation for entry in self.register.entries))
        return next((one.use for one in made if isinstance(one, GenerateOperation) and one.id in alike), "")

    def tokens_with(self, key: str, public: bytes) -> frozenset[str]:
        """The tokens on which a key is, whatever it is called there: by earlier ceremonies, and by this plan."""
        kinds = (GenerateOperation, ImportOperation)
        gone = {one.key for one in self.operations if isinstance(one, DestroyOperation)}
        alike = {
            one.token
            for name, one in self.register.keys.items()
            if public == self.register.spkis[name] and name not in gone
        }
        made = [one for one in self.operations if isinstance(one, kinds)]
        return frozenset(alike | {one.token for one in made if self._is(one, key, public)})

    def _is(self, made: GenerateOperation | ImportOperation, key: str, public: bytes) -> bool:
        """Whether what this plan makes or brings is the pair of `key`."""
        first = self.first(made.id)
        known = self.adopted(first) or self.register.spkis.get(first, b"")
        return first == self.first(key) or (bool(known) and known == public)

    def ksk_of(self, key: str, public: bytes) -> tuple[tuple[str, str], ...]:
        """The zones of which a pair is a KSK, each with the algorithm, whatever the pair is called there."""
        kinds = (GenerateOperation, ImportOperation)
        known = [one for name, one in self.register.ksks.items() if self.register.spkis[name] == public]
        here = [one for one in self.operations if isinstance(one, kinds) and one.zone and self._is(one, key, public)]
        return tuple(dict.fromkeys((one.zone, one.algorithm) for one in (*known, *here)))

    def signing_token(self, key: str, where: str) -> str:
        """The token of a key that signs an object of X.509; a KSK signs key sets and nothing else."""
        token, public = self.token_of(key, where), self.register.spkis.get(self.first(key), b"")
        here = (part for one in self.operations if isinstance(one, SignOperation) for part in _parts(one))
        in_sets = self._in_key_sets | {self.register.spkis[part.key] for part in here}
        if self.ksk_of(key, public) or public in in_sets:
            raise Refusal("plan.ksk_elsewhere", where, key=key)
        return token

    @cached_property
    def _in_key_sets(self) -> frozenset[bytes]:
        """The public keys (DER) of all KSKs in the key sets on record, whoever they were generated for."""
        bundles = [bundle for name, one in self.register.skrs.items() for bundle in read_skr(one.data, name)[0].bundles]
        return frozenset(spki_of(key.dnskey.unrevoked) for bundle in bundles for key in bundle.ksks)

    def require_no_certificates(self, operation: SignOperation, where: str) -> None:
        """What signs key sets signs nothing of X.509 in the same ceremony either."""
        issued = [one for one in self.operations if isinstance(one, IssueOperation)]
        used = {self.register.spkis.get(self.first(one.key)): one for one in issued}
        for part in _parts(operation):
            if one := used.get(self.register.spkis[part.key]):
                said = f"{one.id} is signed with it"
                raise Refusal("plan.ksk_of_ca", where, ksk=part.ksk, key=part.key, said=said)

    def require_ksk_import(self, plan: ImportKey, public: bytes, where: str) -> None:
        """A copy is a KSK of the zones of which its key is one; so may be what nobody saw generated and no CA has."""
        known, use = self.ksk_of(plan.key, public), self.use_of(plan.key)
        if (plan.zone, plan.algorithm) in known:
            return
        if known and use:
            said = ", ".join(f"of the zone {zone} with the algorithm {algorithm}" for zone, algorithm in known)
            raise Refusal("plan.import_ksk", where, key=plan.key, said=f"is a KSK {said}")
        if use:
            raise Refusal("plan.import_ksk", where, key=plan.key, said=f"was generated as {use}")
        certified = {name: der for name, der in self.inputs.items() if name.endswith(".cert.der")}
        for name, der in certified.items():
            if name.startswith(("inputs/known/", "inputs/adopted/")) and read_certificate(der, name).spki == public:
                raise Refusal("plan.import_ksk", where, key=plan.key, said=f"is in the certificate {name}")

    def require_issued(self, name: str, issuer: str, where: str) -> None:
        """A CRL lists what its own CA issued (RFC 5280 5.1): the signature of the revoked certificate says so."""
        if self.reference(name, where).startswith("operation:"):
            raise Refusal("plan.revoked_here", where, name=name)
        facts, public = self.facts(name, where), self.public_at(issuer, where)
        if isinstance(public, str) or not signed_as_made(facts, public):  # a text: the key is yet to be generated
            raise Refusal("plan.revoked_elsewhere", where, name=name)

    def made(self, name: str, where: str) -> CertificateOperation:
        """The certificate `name` of this plan."""
        made = next(done for done in self.operations if done.id == name)
        if isinstance(made, CertificateOperation):
            return made
        raise Refusal("plan.artifact_unknown", where, name=name)

    def public(self, source: str) -> str | bytes:
        """A public key as it can be compared before the day: the id of one that is generated here, else its SPKI."""
        kind, _, name = source.partition(":")
        if kind == "key":
            return self.register.spkis.get(name, name)
        data = self.inputs[name]
        return read_spki(data, name) if kind == "spki" else read_csr(data, name).spki

    def public_at(self, reference: str, where: str) -> str | bytes:
        """The same of the key of the certificate that `operation:ID` or `input:FILE` names."""
        kind, _, name = reference.partition(":")
        if kind == "input":
            return read_certificate(self.inputs[name], name).spki
        made = self.made(name, where)
        return self.public(made.subject_key) if made.subject_key else self.public_at(made.existing, where)

    def is_root(self, reference: str, where: str) -> bool:
        """Whether a certificate is signed by itself."""
        kind, _, name = reference.partition(":")
        if kind == "operation":
            return self.made(name, where).issuer == "self"
        return read_certificate(self.inputs[name], name).self_signed

    def is_issued(self, certificate: str, issuer: str, where: str) -> bool:
        """Whether a certificate is of an issuer: planned so here, or signed by its key."""
        kind, _, name = certificate.partition(":")
        if kind == "operation":
            made = self.made(name, where)
            return made.issuer != "self" and self.lists(made.issuer, where) == self.lists(issuer, where)
        public, facts = self.public_at(issuer, where), read_certificate(self.inputs[name], name)
        return not isinstance(public, str) and not facts.self_signed and signed_as_made(facts, public)

    def serial_of(self, certificate: str, where: str) -> int:
        """The serial number of the certificate that a reference names."""
        kind, _, name = certificate.partition(":")
        if kind == "operation":
            return int(self.made(name, where).certificate_serial, 16)
        return read_certificate(self.inputs[name], name).serial

    def recorded_crl(self, lists: Lists) -> str:
        """The newest CRL of earlier ceremonies, as `input:FILE`; empty if there is none."""
        found = (name for name, one in crl_names(self.register).items() if self._crls.get(lists) is one)
        return next((f"input:inputs/known/{name}.crl" for name in found), "")

    def taken_number(self, lists: Lists) -> int | None:
        """The highest number of those CRLs, and of what an aborted ceremony may have signed; None if there is none."""
        taken = [number for issuer, number in self.register.spent if issuer == lists]
        if newest := self._crls.get(lists):
            taken.append(read_crl(newest.der, newest.id).number)
        return max(taken, default=None)

    def newest_crl(self, issuer: str, where: str) -> str:
        """The newest CRL of an issuer: of this plan, else of earlier ceremonies; empty if there is none."""
        lists = self.lists(issuer, where)
        for one in reversed(self.operations):
            if isinstance(one, CrlOperation) and self.lists(one.issuer, where) == lists:
                return f"operation:{one.id}"
        return self.recorded_crl(lists)

    def entry(self, crl: str, serial: int) -> Entry | None:
        """What a CRL says of a serial number."""
        kind, _, name = crl.partition(":")
        if kind == "operation":
            made = next(one for one in self.operations if one.id == name)
            entries = made.entries if isinstance(made, CrlOperation) else ()
            return next((one for one in entries if int(one.serial, 16) == serial), None)
        listed = read_crl(self.inputs[name], name).entries if kind else ()
        said = next((one for one in listed if one.serial == serial), None)
        return Entry(f"{said.serial:x}", said.date.strftime(SECOND), said.reason) if said else None

    def type_of(self, key: str) -> str:
        """The type of a key that `_token_of` has found."""
        kinds = (GenerateOperation, ImportOperation)
        made = (one.type for one in self.operations if isinstance(one, kinds) and one.id == key)
        return next(made, "") or self.register.keys[key].type

    def lists(self, issuer: str, where: str) -> Lists:
        """Whose CRLs follow one another: those of one name and key, whichever certificate of it is named."""
        kind, _, name = issuer.partition(":")
        if kind == "operation":
            return bytes.fromhex(self.made(name, where).subject), self.public_at(issuer, where)
        facts = read_certificate(self.inputs[name], name)
        return facts.subject, facts.spki
