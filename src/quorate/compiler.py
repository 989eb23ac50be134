"""The compiler: a plan becomes a script. Floor 2: what is drawn (serials, object ids) comes in from above.

Names are resolved and numbers given; `freezing` makes the drafts, `acts` writes the steps.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from quorate.algorithms import SignatureAlgorithm
from quorate.authority import AuthorityState
from quorate.carrying import require_bagged, require_carrier
from quorate.findings import Finding, Refusal, about, found
from quorate.keys import WEBPKI_TYPES, KeyType, key_name, stand_in_spki
from quorate.keysets import require_ksk, resolve
from quorate.plan import (
    Certificate,
    DestroyKey,
    GenerateKey,
    ImportKey,
    IssueCrl,
    IssueCross,
    IssueOcsp,
    IssueRequest,
    IssueResponder,
    IssueRoot,
    IssueSubordinate,
    Operation,
    Plan,
    ReissueRoot,
    ShareOut,
    SignKeySets,
)
from quorate.planning import WATCHED_USES, files_of
from quorate.references import Fallen, References
from quorate.register import Register
from quorate.script import ScriptAdopted
from quorate.script.drafting import SECOND, utc
from quorate.script.operations import (
    CertificateOperation,
    Constraints,
    CrlOperation,
    CrossOperation,
    DestroyOperation,
    Entry,
    GenerateOperation,
    ImportOperation,
    OcspOperation,
    ReissueOperation,
    RequestOperation,
    ResponderOperation,
    RootOperation,
    ScriptOperation,
    ShareOperation,
    SubordinateOperation,
)
from quorate.script.outputs import possession_files
from quorate.x509.constraints import subtrees
from quorate.x509.crl import Revoked, crl_entries
from quorate.x509.facts import read_certificate, read_crl
from quorate.x509.fields import not_after
from quorate.x509.legacy import signed_as_made
from quorate.x509.name import encode_name
from quorate.x509.profile import parse_profile

SERIAL_PREFIX = 0x51
"""First octet of a serial: not zero and below 0x80, so that the 128 bits behind it are all random."""


KINDS: dict[type, type[CertificateOperation]] = {
    IssueRoot: RootOperation,
    ReissueRoot: ReissueOperation,
    IssueSubordinate: SubordinateOperation,
    IssueCross: CrossOperation,
    IssueResponder: ResponderOperation,
}
"""What each certificate of a plan becomes in the script."""


class Resolver:
    """Gives each operation of the plan its names, numbers and drafts, one after another."""

    def __init__(
        self,
        plan: Plan,
        authority: AuthorityState,
        register: Register,
        inputs: Mapping[str, bytes],
        draw: Callable[[int], bytes],
    ) -> None:
        self.plan, self.authority, self.register, self.inputs, self.draw = plan, authority, register, inputs, draw
        self.names = References({operation.id: operation for operation in plan.operations}, register, inputs)

    def resolve(self) -> tuple[ScriptOperation, ...]:
        """Every operation, or one refusal with every problem."""
        problems: list[Finding] = []
        for operation in self.plan.operations:
            try:
                if operation.id in self.register.operations or operation.id in self.register.skrs:
                    raise Refusal("plan.operation_known", f"operations[{operation.id}]", id=operation.id)
                with about(f"operations[{operation.id}]"):
                    self.names.operations.append(self._operation(operation))
            except Refusal as refusal:
                problems += refusal.findings
                self.names.fallen.add(operation.id)
            except Fallen:
                self.names.fallen.add(operation.id)
        if problems:
            raise Refusal.of(tuple(problems))
        return tuple(self.names.operations)

    def listed_first(self, adopted: tuple[ScriptAdopted, ...]) -> Iterator[Finding]:
        """A CRL is what the issuer's next one follows, and what responses rest on: it is in the register before."""
        for one in (one for one in adopted if one.kind == "crl"):
            crl, where = read_crl(self.inputs[one.file], one.id), f"adopt[{one.id}]"
            for made in self.names.operations:
                if isinstance(made, (CrlOperation, OcspOperation)):
                    name, public = self.names.lists(made.issuer, where)
                    if crl.issuer == name and isinstance(public, bytes) and signed_as_made(crl, public):
                        yield found("adopt.crl_first", where, id=one.id, operation=made.id)

    def _operation(self, operation: Operation) -> ScriptOperation:
        match operation:
            case ShareOut(id=name, token=token, credential=credential, fate=fate, holders=holders, threshold=threshold):
                self.authority.token(token)
                self._require_remembered(name, token, credential)
                return ShareOperation(name, token, credential, fate, holders, threshold)
            case GenerateKey(id=name, token=token, type=kind, use=use, zone=zone, algorithm=algorithm):
                self.authority.token(token)
                self._require_type(kind, use, name)
                self._require_ksk(operation)
                outputs = files_of(operation) if operation.output else ()
                return GenerateOperation(name, token, kind, use, self.draw(8).hex(), outputs, zone, algorithm)
            case SignKeySets():
                resolved = resolve(operation, self.authority, self.register, self.inputs)
                self.names.require_no_certificates(resolved, f"operations[{resolved.id}]")
                return resolved
            case ImportKey():
                return self._import(operation)
            case DestroyKey(id=name, key=key):
                return self._destroy(name, key)
            case IssueCrl():
                return self._crl(operation)
            case IssueRequest():
                return self._request(operation)
            case IssueOcsp():
                return self._response(operation)
            case _:
                return self._certificate(operation)

    def _import(self, plan: ImportKey) -> ImportOperation:
        where = f"operations[{plan.id}]"
        self.authority.token(plan.token)
        adopted = self.names.adopted(plan.key)
        if not adopted:
            self.names.token_of(plan.key, where)
        kind = key_name(adopted) if adopted else self.names.type_of(plan.key)
        if kind not in {one.value for one in KeyType}:
            raise Refusal("plan.key_type", where, type=kind, known=", ".join(KeyType))
        public = adopted or self.register.spkis.get(self.names.first(plan.key), b"")
        if plan.token in self.names.tokens_with(plan.key, public):
            raise Refusal("plan.key_there_already", where, key=plan.key, token=plan.token)
        if plan.zone or plan.algorithm:
            spki = public or stand_in_spki(KeyType(kind))
            require_ksk(plan.zone, plan.algorithm, spki, self.authority, where)
            self.names.require_ksk_import(plan, public, where)
        require_bagged(plan, self.register, self.authority)
        if not adopted:  # what others made may have been there all along
            require_carrier(plan, self.plan.facility, public, self.register, self.authority)
        files = possession_files(plan.id)
        return ImportOperation(plan.id, plan.token, plan.key, kind, files, plan.zone, plan.algorithm, plan.carrier)

    def _destroy(self, name: str, key: str) -> DestroyOperation:
        """A key of an earlier ceremony: its object id and public key are known, and stand in the script."""
        where = f"operations[{name}]"
        if key in self.names.planned:
            raise Refusal("plan.key_made_here", where, key=key)
        token = self.names.token_of(key, where)
        known = self.register.keys[key]
        return DestroyOperation(name, token, key, known.object, known.spki)

    def _require_remembered(self, name: str, token: str, credential: str) -> None:
        """Somebody still has the credential that is to be replaced."""
        earlier = (one for one in self.names.operations if isinstance(one, ShareOperation))
        gone = {(one.token, one.credential) for one in earlier if one.fate == "destroyed"}
        if (token, credential) in self.register.forgotten | gone:
            raise Refusal("plan.credential_forgotten", f"operations[{name}]", token=token, credential=credential)

    def _require_type(self, kind: str, use: str, name: str) -> None:
        if kind not in {one.value for one in KeyType}:
            raise Refusal("plan.key_type", f"operations[{name}]", type=kind, known=", ".join(KeyType))
        if self.authority.rules == "webpki" and use != "ksk" and kind not in WEBPKI_TYPES:
            allowed = ", ".join(WEBPKI_TYPES)
            raise Refusal("plan.key_type_webpki", f"operations[{name}]", type=kind, allowed=allowed)
        if kind not in self.authority.commitments.key_types:
            committed = ", ".join(self.authority.commitments.key_types)
            raise Refusal("plan.key_type_uncommitted", f"operations[{name}]", type=kind, committed=committed)

    def _require_ksk(self, plan: GenerateKey) -> None:
        where = f"operations[{plan.id}]"
        if len({plan.use == "ksk", bool(plan.zone), bool(plan.algorithm)}) > 1:
            raise Refusal("plan.ksk_zone", where, id=plan.id)
        if plan.zone:
            require_ksk(plan.zone, plan.algorithm, stand_in_spki(KeyType(plan.type)), self.authority, where)

    def _signature(self, name: str, key: str, where: str) -> str:
        """The planned signature algorithm, which must be one that the signing key can do; "" for the key's default."""
        if not name:
            return ""
        if name not in {one.value for one in SignatureAlgorithm}:
            raise Refusal("plan.signature", f"{where}.signature", algorithm=name, known=", ".join(SignatureAlgorithm))
        kind = self.names.type_of(key)
        if not SignatureAlgorithm(name).fits(kind):
            fitting = ", ".join(one for one in SignatureAlgorithm if one.fits(kind)) or "none"
            raise Refusal("plan.signature_unfit", f"{where}.signature", algorithm=name, type=kind, fitting=fitting)
        return name

    def _certificate(self, plan: Certificate) -> CertificateOperation:
        where = f"operations[{plan.id}]"
        issuer, key = self._issuer(plan, where)
        existing, subject_key, subject = self._subject(plan, where)
        self._require_watched(plan, key, where)
        opens = utc(self.plan.window.opens)
        last = plan.not_after or not_after(opens, plan.days).strftime(SECOND)
        return KINDS[type(plan)](
            id=plan.id,
            token=self.names.signing_token(key, where),
            key=key,
            profile=plan.profile,
            issuer=issuer,
            subject_key=subject_key,
            existing=existing,
            subject=subject.hex(),
            certificate_serial=self._serial(),
            not_before=plan.not_before or opens.strftime(SECOND),
            not_after=last,
            days=plan.days,
            crl_url=getattr(plan, "crl_url", ""),
            ca_issuers_url=getattr(plan, "ca_issuers_url", ""),
            policies=getattr(plan, "policies", ()),
            constraints=self._constraints(plan, where),
            outputs=files_of(plan),
            signature=self._signature(plan.signature, key, where),
        )

    def _issuer(self, plan: Certificate, where: str) -> tuple[str, str]:
        """The issuing certificate, and the key that signs."""
        if isinstance(plan, IssueRoot):
            return "self", plan.key
        if isinstance(plan, ReissueRoot):
            return "self", self.names.key_of(plan.existing, where)
        return self.names.issuer(plan.issuer, where)

    def _require_watched(self, plan: Certificate, key: str, where: str) -> None:
        """The key of a root is generated before an auditor or a camera (BR 6.1.1.1), whatever its use was called."""
        if self.authority.rules == "webpki" and isinstance(plan, (IssueRoot, ReissueRoot)):
            use = self.names.use_of(key)
            if use not in ("", *WATCHED_USES):
                raise Refusal("plan.root_key_use", where, key=key, use=use)

    def _subject(self, plan: Certificate, where: str) -> tuple[str, str, bytes]:
        """The certificate that is repeated, where the certified key comes from, and the name (DER)."""
        if isinstance(plan, ReissueRoot):
            existing, subject = self.names.reference(plan.existing, where), self.names.subject_of(plan.existing, where)
            if not self.names.is_root(existing, where):
                raise Refusal("plan.reissue_no_root", where, name=plan.existing)
            return existing, f"key:{self.names.key_of(plan.existing, where)}", subject
        subject_key = self._subject_key(plan, where)
        if not isinstance(plan, IssueCross):
            return "", subject_key, encode_name(plan.subject)
        existing, subject = self.names.reference(plan.existing, where), self.names.subject_of(plan.existing, where)
        if subject_key and self.names.public(subject_key) != self.names.public_at(existing, where):
            given = plan.csr or plan.key or plan.spki
            raise Refusal("plan.subject_key_differs", where, given=given, existing=plan.existing)
        return existing, subject_key, subject

    def _subject_key(self, plan: IssueRoot | IssueSubordinate | IssueCross | IssueResponder, where: str) -> str:
        """Where the certified key comes from; empty for a cross-certificate that leaves it to the existing one."""
        if plan.key:
            self.names.token_of(plan.key, where)
            return f"key:{plan.key}"
        if isinstance(plan, IssueRoot):
            raise Refusal("plan.key_unknown", where, key=plan.key)
        if plan.csr:
            return f"input:{self.names.input(plan.csr, where)}"
        return f"spki:{self.names.input(plan.spki, where)}" if plan.spki else ""

    def _constraints(self, plan: Certificate, where: str) -> Constraints | None:
        """Name constraints as texts; those of a constrained TLS subordinate leave no type open (BR 7.1.2.5.2)."""
        if not isinstance(plan, (IssueSubordinate, IssueCross)) or plan.name_constraints is None:
            return None
        profile = parse_profile(plan.profile, self.inputs[f"inputs/profiles/{plan.profile}.toml"])
        return Constraints(*subtrees(plan.name_constraints, profile.kind == "constrained", f"{where}.name-constraints"))

    def _serial(self) -> str:
        """17 octets: the prefix and 128 bits from the random source (BR 7.1.2.1: at least 64, below 2^159)."""
        serial = f"{SERIAL_PREFIX:02x}{self.draw(16).hex()}"
        return serial if serial not in self.register.serials else self._serial()

    def _request(self, plan: IssueRequest) -> RequestOperation:
        where = f"operations[{plan.id}]"
        if plan.subject is not None:
            existing, key, subject = "", plan.key, encode_name(plan.subject)
        else:
            existing, key = self.names.reference(plan.existing, where), self.names.key_of(plan.existing, where)
            subject = self.names.subject_of(plan.existing, where)
        return RequestOperation(
            id=plan.id,
            token=self.names.signing_token(key, where),
            key=key,
            existing=existing,
            subject=subject.hex(),
            outputs=files_of(plan),
            signature=self._signature(plan.signature, key, where),
        )

    def _response(self, plan: IssueOcsp) -> OcspOperation:
        where = f"operations[{plan.id}]"
        issuer, certificate = self.names.reference(plan.issuer, where), self.names.reference(plan.certificate, where)
        key = self.names.key_of(plan.responder or plan.issuer, where)
        if not self.names.is_issued(certificate, issuer, where):
            raise Refusal("plan.ocsp_elsewhere", where, name=plan.certificate, issuer=plan.issuer)
        serial, crl = self.names.serial_of(certificate, where), self.names.newest_crl(issuer, where)
        entry = self.names.entry(crl, serial)
        if (entry is not None) != (plan.status == "revoked"):
            listed = "lists it as revoked" if entry else "does not list it" if crl else "does not exist"
            raise Refusal("plan.ocsp_status", where, name=plan.certificate, status=plan.status, listed=listed)
        return OcspOperation(
            id=plan.id,
            token=self.names.signing_token(key, where),
            key=key,
            profile=plan.profile,
            issuer=issuer,
            certificate=certificate,
            responder=self.names.reference(plan.responder, where) if plan.responder else "",
            subject=self.names.subject_of(plan.certificate, where).hex(),
            serial=f"{serial:x}",
            status=plan.status,
            revoked=entry,
            crl=crl,
            days=plan.days,
            this_update=plan.this_update,
            next_update=plan.next_update,
            outputs=files_of(plan),
            signature=self._signature(plan.signature, key, where),
        )

    def _previous_crl(self, plan: IssueCrl, issuer: str, where: str) -> str:
        """The newest CRL of the register that this one follows, as `input:FILE`; empty for the first."""
        lists = self.names.lists(issuer, where)
        for one in self.names.operations:
            if isinstance(one, CrlOperation) and self.names.lists(one.issuer, where) == lists:
                raise Refusal("plan.crl_twice", where, issuer=plan.issuer)
        last = self.names.taken_number(lists)
        if last is not None and plan.number <= last:
            raise Refusal("plan.crl_number", where, number=plan.number, last=last)
        return self.names.recorded_crl(lists)

    def _crl(self, plan: IssueCrl) -> CrlOperation:
        where = f"operations[{plan.id}]"
        issuer, key = self.names.issuer(plan.issuer, where)
        previous = self._previous_crl(plan, issuer, where)
        facts = tuple(read_certificate(data, name) for name, data in self.register.certificates.items())
        for one in plan.revoked:
            self.names.require_issued(one.certificate, issuer, where)
        given = [(self.names.facts(one.certificate, where), utc(one.date), one.reason) for one in plan.revoked]
        revoked = tuple(Revoked(facts, date, reason.replace("unspecified", "")) for facts, date, reason in given)
        last_crl = read_crl(self.inputs[previous.partition(":")[2]], previous) if previous else None
        public = self.names.public_at(issuer, where)
        entries = crl_entries(last_crl, revoked, facts, public if isinstance(public, bytes) else b"")
        return CrlOperation(
            id=plan.id,
            token=self.names.signing_token(key, where),
            key=key,
            profile=plan.profile,
            issuer=issuer,
            previous=previous,
            number=plan.number,
            days=plan.days,
            this_update=plan.this_update,
            next_update=plan.next_update,
            distribution_point=plan.distribution_point,
            scope=plan.scope,
            entries=tuple(Entry(f"{one.serial:x}", one.date.strftime(SECOND), one.reason) for one in entries),
            outputs=files_of(plan),
            signature=self._signature(plan.signature, key, where),
        )
