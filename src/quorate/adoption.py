"""Adoption: what was made before the first record enters the register. Spec: `spec/plan.md`, `adopt`. Floor 2.

Those who govern state it, by signing the authority's state that lists it. Here it is read, and whatever can be shown
of it is shown: which key signed it, and that nothing is adopted twice.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from quorate.authority import Adopted, AdoptedKind, AuthorityState
from quorate.dnssec.dnskey import Dnskey, spki_of
from quorate.dnssec.ksr import Bundle, BundleSignature, Response
from quorate.dnssec.ksr_xml import read_skr
from quorate.dnssec.records import read_dnskeys
from quorate.dnssec.soundness import own_findings, signing_keys
from quorate.findings import Finding, Refusal, found
from quorate.keys import key_name
from quorate.register import Issuer, Register
from quorate.script import ScriptAdopted
from quorate.x509.crl import serial_text
from quorate.x509.facts import CertificateFacts, CrlFacts, read_certificate, read_crl
from quorate.x509.legacy import signed_as_made
from quorate.x509.name import name_line
from quorate.x509.object import PublicKey, is_der, read_objects

FILES = {"certificate": "cert.der", "crl": "crl", "key": "spki.der", "skr": "skr.xml"}
"""How the file of each kind ends: as those of earlier ceremonies do below `inputs/known/`."""


FIRST_YEAR = 1950
"""The first that a date of RFC 5280 4.1.2.5.1 can have."""

XML_BLANK = b"\xef\xbb\xbf \t\r\n"
"""What may stand before the first mark of a document: a byte order mark, and blanks."""


def adopted_file(one: Adopted) -> str:
    """Where the bytes of something adopted lie in a ceremony's inputs."""
    return f"inputs/adopted/{one.id}.{FILES[one.kind]}"


def read_adopted(data: bytes, where: str) -> tuple[AdoptedKind, bytes]:
    """The kind and the DER of the one certificate, CRL or public key in a file, the last also as a DNSKEY record.

    Or an SKR as IANA's XML, with all its bytes. Raises `adopt.object`, `adopt.form`, `adopt.no_ksk`, and what the
    readers of each kind refuse.
    """
    if data.lstrip(XML_BLANK).startswith(b"<"):
        read_skr(data, where)
        return "skr", data
    if not is_der(data) and b"-----BEGIN " not in data:
        owned = read_dnskeys(data, where)
        if len(owned) != 1:
            raise Refusal("adopt.object", where)
        if not owned[0].dnskey.is_ksk or owned[0].dnskey.is_revoked:
            raise Refusal("adopt.no_ksk", where, tag=owned[0].dnskey.key_tag, flags=owned[0].dnskey.flags)
        return "key", spki_of(owned[0].dnskey)
    match read_objects(data, where):
        case (CertificateFacts(signature=signature, der=der) as it,) if signature:
            _require_form(it, where)
            return "certificate", der
        case (CrlFacts(signature=signature, der=der) as it,) if signature:
            _require_form(it, where)
            return "crl", der
        case (PublicKey(spki=spki),):
            key_name(spki)
            return "key", spki
    raise Refusal("adopt.object", where)


def _require_form(it: CertificateFacts | CrlFacts, where: str) -> None:
    """Version 3 with extensions, or version 2 with a number: older forms have no place in a record."""
    if isinstance(it, CertificateFacts):
        old = {
            "a certificate of version 1 or 2": it.version != 3 or not it.extensions,
            "a certificate with a serial number that is not positive or over 20 octets": not 0 < it.serial < 1 << 159,
            "a certificate of before 1950": min(it.not_before, it.not_after).year < FIRST_YEAR,
        }
    else:
        old = {
            "a CRL without a number": it.version != 2 or it.number < 0,
            "a CRL without nextUpdate": it.next_update is None,
            "a CRL whose list of entries is empty": it.empty_list,
            "a CRL of before 1950": min(_moments(it)).year < FIRST_YEAR,
        }
    for problem, there in old.items():
        if there:
            raise Refusal("adopt.form", where, problem=problem)


def _moments(it: CrlFacts) -> tuple[datetime, ...]:
    """Every time that a CRL states."""
    until = (it.next_update,) if it.next_update else ()
    return (it.this_update, *until, *(one.date for one in it.entries))


def public_key(name: str, kind: str, der: bytes) -> bytes:
    """The public key (DER) that an adopted certificate or key carries."""
    return read_certificate(der, name).spki if kind == "certificate" else der


@dataclass(frozen=True, slots=True)
class Pool:
    """Every certificate that may show who issued something: adopted ones, and those of the register."""

    certificates: Mapping[str, CertificateFacts]

    def issuers(self, it: CertificateFacts | CrlFacts) -> tuple[str, ...]:
        """The certificates whose name and key identifier say that they issued `it`, self-signed ones first."""
        named = [
            name
            for name, one in self.certificates.items()
            if one.subject == it.issuer and (not it.aki or not one.ski or it.aki == one.ski)
        ]
        return tuple(sorted(named, key=lambda name: not self.certificates[name].self_signed))

    def signer(self, it: CertificateFacts | CrlFacts) -> str:
        """The first of them whose key signed it; empty if none did."""
        return next((name for name in self.issuers(it) if signed_as_made(it, self.certificates[name].spki)), "")


def resolve(
    names: Iterable[str], authority: AuthorityState, register: Register, inputs: Mapping[str, bytes]
) -> tuple[tuple[ScriptAdopted, ...], tuple[Finding, ...]]:
    """What a plan adopts, each with its file, and what is to be known of it; one refusal with every problem."""
    listed = {one.id: one for one in authority.adopted}
    known = ", ".join(listed) or "nothing"
    wanted = tuple(names)
    problems = [found("adopt.unknown", f"adopt[{name}]", id=name, known=known) for name in wanted if name not in listed]
    taken = register.operations | register.skrs.keys()
    problems += [found("adopt.known", f"adopt[{name}]", id=name) for name in wanted if name in taken]
    if problems:
        raise Refusal.of(tuple(problems))
    things = tuple(listed[name] for name in wanted)
    certificates = {one.id: read_certificate(inputs[adopted_file(one)], one.id) for one in things if _is(one)}
    earlier = {name: read_certificate(der, name) for name, der in register.certificates.items()}
    findings = [*_twice(certificates, earlier), *_keys_twice(things)]
    pool = Pool(certificates | earlier)
    findings += [one for name, it in certificates.items() for one in _certificate_findings(name, it, pool)]
    late = _adopted_before(register, earlier)
    findings += [one for name, it in late.items() for one in _late_findings(name, it, certificates, pool)]
    held = {*register.spkis.values(), *(inputs[adopted_file(one)] for one in things if one.kind == "key")}
    adopted: list[ScriptAdopted] = []
    lists = set(register.crls)
    deployed = {name: read_skr(one.data, name)[0] for name, one in register.skrs.items() if one.known.published}
    for one in things:
        issuer = ""
        if one.kind == "crl":
            issuer = pool.signer(read_crl(inputs[adopted_file(one)], one.id))
            findings += _crl_findings(one.id, issuer, pool, lists)
        if one.kind == "skr":
            findings += _skr_findings(one.id, inputs[adopted_file(one)], authority, held, register, deployed)
            findings += _order_findings(one.id, inputs[adopted_file(one)], deployed)
            deployed[one.id] = read_skr(inputs[adopted_file(one)], one.id)[0]
        adopted.append(ScriptAdopted(one.id, one.kind, adopted_file(one), one.digest, issuer))
    if blocking := tuple(one for one in findings if one.blocks):
        raise Refusal.of(blocking)
    return tuple(adopted), tuple(findings)


def _is(one: Adopted) -> bool:
    return one.kind == "certificate"


def _twice(certificates: Mapping[str, CertificateFacts], earlier: Mapping[str, CertificateFacts]) -> Iterable[Finding]:
    """An issuer gives a serial number once (RFC 5280 4.1.2.2)."""
    seen = {(one.issuer, one.serial): name for name, one in earlier.items()}
    for name, it in certificates.items():
        other = seen.setdefault((it.issuer, it.serial), name)
        if other != name:
            yield found("adopt.twice", f"adopt[{name}]", id=name, other=other)


def _certificate_findings(name: str, it: CertificateFacts, pool: Pool) -> Iterable[Finding]:
    if pool.signer(it):
        return
    issuers = pool.issuers(it)
    if issuers:
        yield found("adopt.signature", f"adopt[{name}]", id=name, issuer=", ".join(issuers))
    else:
        yield found("adopt.issuer_unknown", f"adopt[{name}]", id=name, issuer=name_line(it.issuer))


def _adopted_before(register: Register, earlier: Mapping[str, CertificateFacts]) -> dict[str, CertificateFacts]:
    """The certificates that earlier ceremonies adopted."""
    names = [entry.operation.id for entry in register.entries if isinstance(entry.operation, ScriptAdopted)]
    return {name: earlier[name] for name in names if name in earlier}


def _late_findings(
    name: str, it: CertificateFacts, certificates: Mapping[str, CertificateFacts], pool: Pool
) -> Iterable[Finding]:
    """What was adopted before its issuer is judged as soon as that is here."""
    issuers = Pool(certificates).issuers(it)
    if issuers and not pool.signer(it):
        yield found("adopt.signature", f"adopt[{issuers[0]}]", id=name, issuer=", ".join(issuers))


def _crl_findings(name: str, issuer: str, pool: Pool, lists: set[Issuer]) -> Iterable[Finding]:
    """An issuer's newest CRL is adopted, once, by whichever of its certificates; `lists`: whose are there."""
    if not issuer:
        yield found("adopt.crl_issuer", f"adopt[{name}]", id=name)
        return
    of = (pool.certificates[issuer].subject, pool.certificates[issuer].spki)
    if of in lists:
        yield found("adopt.crl_twice", f"adopt[{name}]", id=name, issuer=issuer)
    lists.add(of)


def _keys_twice(things: Iterable[Adopted]) -> Iterator[Finding]:
    """A public key has one id here; it may be that of a certificate too."""
    seen: dict[str, str] = {}
    for one in (one for one in things if one.kind == "key"):
        if (other := seen.setdefault(one.digest, one.id)) != one.id:
            yield found("adopt.key_twice", f"adopt[{one.id}]", id=one.id, other=other)


def _skr_findings(
    name: str,
    data: bytes,
    authority: AuthorityState,
    held: Collection[bytes],
    register: Register,
    deployed: Mapping[str, Response],
) -> Iterator[Finding]:
    """An SKR of a zone of ours, sound in itself, signed by KSKs that are known, and not there already."""
    where = f"adopt[{name}]"
    response, oddities = read_skr(data, name)
    if response.domain not in {one.name for one in authority.zones}:
        known = ", ".join(one.name for one in authority.zones) or "none"
        yield found("zone.unknown", where, zone=response.domain, known=known)
    yield from oddities
    yield from (Finding(one.code, f"{where} {one.where}".rstrip(), one.facts) for one in own_findings(response))
    signers = {
        key for bundle in response.bundles for one in bundle.signatures for key in _signers(response, bundle, one)
    }
    for key in sorted(signers, key=lambda key: key.rdata):
        if spki_of(key) not in held:
            yield found("adopt.skr_key", where, id=name, tag=key.key_tag)
    known_ids = {other: (one.known.zone, one.request_id) for other, one in register.skrs.items()}
    known_ids |= {other: (one.domain, one.id) for other, one in deployed.items()}
    for other, known_id in known_ids.items():
        if known_id == (response.domain, response.id):
            yield found("adopt.skr_twice", where, id=name, other=other)


def _order_findings(name: str, data: bytes, deployed: Mapping[str, Response]) -> Iterator[Finding]:
    """The last one that is adopted or recorded is what the zone has: none comes after one that lasts longer."""
    response, _ = read_skr(data, name)
    end = _end(response)
    for other, one in deployed.items():
        if one.domain == response.domain and one.id != response.id and _end(one) >= end:
            yield found("adopt.skr_order", f"adopt[{name}]", id=name, other=other)


def _end(response: Response) -> datetime:
    return max((bundle.expiration for bundle in response.bundles), default=datetime.min.replace(tzinfo=UTC))


def _signers(response: Response, bundle: Bundle, signature: BundleSignature) -> Iterator[Dnskey]:
    return (key.unrevoked for key in signing_keys(response.domain, bundle, signature))


def is_known_outside(one: ScriptAdopted, data: bytes) -> bool:
    """Whether its digest can be had elsewhere: of a self-signed certificate, and of an SKR, which is in the zone."""
    return one.kind == "skr" or (one.kind == "certificate" and read_certificate(data, one.id).self_issued)


def description(one: ScriptAdopted, der: bytes) -> tuple[str, ...]:
    """What is printed of it: what it is, in a line or two, before its digest."""
    match one.kind:
        case "certificate":
            it = read_certificate(der, one.id)
            days = f"{it.not_before:%Y-%m-%d} to {it.not_after:%Y-%m-%d}"
            return (f"{one.id}: certificate of {name_line(it.subject)}", f"serial {serial_text(it.serial)}, {days}")
        case "crl":
            crl = read_crl(der, one.id)
            return (f"{one.id}: CRL number {crl.number} of {one.issuer}, {crl.this_update:%Y-%m-%d}",)
        case "skr":
            response, _ = read_skr(der, one.id)
            first, last = response.bundles[0], response.bundles[-1]
            tags = sorted({key.key_tag for bundle in response.bundles for key in bundle.ksks})
            days = f"{first.inception:%Y-%m-%d} to {last.expiration:%Y-%m-%d}"
            return (
                f"{one.id}: SKR {response.id} of the zone {response.domain}",
                f"{len(response.bundles)} slots, {days}, KSKs {', '.join(map(str, tags))}",
            )
        case _:
            return (f"{one.id}: public key, {key_name(der)}",)
