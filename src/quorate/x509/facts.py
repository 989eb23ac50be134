"""What a certificate or a CRL says, read strictly. The one way in for certificates and CRLs from outside."""

from __future__ import annotations

import base64
import binascii
import contextlib
import functools
import hashlib
import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TypeVar

from cryptography import x509
from cryptography.hazmat import asn1
from cryptography.x509.oid import AuthorityInformationAccessOID

from quorate.algorithms import verify_signature
from quorate.findings import Refusal
from quorate.x509.constraints import as_texts
from quorate.x509.fields import CrlEntry
from quorate.x509.name import name_parts
from quorate.x509.structure import Envelope, RevokedEntry, TbsCertificate, TbsCertList, decode, encode, open_envelope
from quorate.x509.structure import Extension as Declared

LARGEST_INPUT = 16 * 2**20  # a CRL of a busy private authority; certificates are a thousand times smaller

REASON = "2.5.29.21"
_REASON = x509.ObjectIdentifier(REASON)
# the value of the extension reasonCode, an ENUMERATED, to its name (RFC 5280 5.3.1)
_REASONS = {
    bytes([0x0A, 1, number]): name
    for number, name in enumerate(
        "unspecified keyCompromise cACompromise affiliationChanged superseded cessationOfOperation certificateHold - "
        "removeFromCRL privilegeWithdrawn aACompromise".split()
    )
    if name != "-"
}

Time = asn1.UTCTime | asn1.GeneralizedTime
Wanted = TypeVar("Wanted", bound=x509.ExtensionType)

KEY_USAGES = {
    "digitalSignature": "digital_signature",
    "nonRepudiation": "content_commitment",
    "keyEncipherment": "key_encipherment",
    "dataEncipherment": "data_encipherment",
    "keyAgreement": "key_agreement",
    "keyCertSign": "key_cert_sign",
    "cRLSign": "crl_sign",
}


@dataclass(frozen=True, slots=True)
class ExtensionFacts:
    """One extension as it stands: dotted OID, criticality, the octets of its value."""

    oid: str
    critical: bool
    value: bytes


@dataclass(frozen=True, slots=True)
class CertificateFacts:
    """A certificate. Octet fields are DER parts, byte for byte; "" and b"" stand for what is absent."""

    der: bytes
    tbs: bytes
    version: int
    serial: int
    algorithm: bytes
    outer_algorithm: bytes
    signature: bytes
    issuer: bytes
    subject: bytes
    spki: bytes
    not_before: datetime
    not_after: datetime
    late_times: tuple[bool, bool]  # written as GeneralizedTime
    unique_ids: bool
    extensions: tuple[ExtensionFacts, ...]
    ski: bytes
    aki: bytes
    aki_names_issuer: bool  # authorityCertIssuer or authorityCertSerialNumber is there
    is_ca: bool
    path_length: int | None
    key_usage: tuple[str, ...]
    eku: tuple[str, ...]
    policies: tuple[str, ...]
    policy_qualifiers: bool
    crl_urls: tuple[str, ...]
    crl_points: int
    crl_points_plain: bool  # nothing but full names that are URIs
    ca_issuers_urls: tuple[str, ...]
    access_methods: tuple[str, ...]
    permitted: tuple[str, ...]  # subtrees of name constraints, as `constraints` writes them
    excluded: tuple[str, ...]

    @property
    def fingerprint(self) -> str:
        return f"sha256:{hashlib.sha256(self.der).hexdigest()}"

    @property
    def validity(self) -> timedelta:
        """The validity period, first and last second counted (BR 1.6.1)."""
        return self.not_after - self.not_before + timedelta(seconds=1)

    @property
    def self_issued(self) -> bool:
        return self.issuer == self.subject

    @property
    def self_signed(self) -> bool:
        """Whether it says that its own key signed it: a new key's certificate by the old one is only self-issued.

        RFC 4210 4.4; where a key identifier is left out, the name alone says it.
        """
        return self.self_issued and (not self.aki or not self.ski or self.aki == self.ski)

    def extension(self, oid: str) -> ExtensionFacts | None:
        return next((extension for extension in self.extensions if extension.oid == oid), None)


@dataclass(frozen=True, slots=True)
class CrlFacts:
    """A CRL. `number` is -1 where the extension is absent; `next_update` None where the field is."""

    der: bytes
    tbs: bytes
    version: int
    algorithm: bytes
    outer_algorithm: bytes
    signature: bytes
    issuer: bytes
    this_update: datetime
    next_update: datetime | None
    late_times: tuple[bool, ...]
    number: int
    entries: tuple[CrlEntry, ...]
    empty_list: bool  # revokedCertificates is there and holds nothing
    entry_extensions: tuple[str, ...]  # every OID met in entries
    critical_entry_extensions: bool
    extensions: tuple[ExtensionFacts, ...]
    aki: bytes
    aki_names_issuer: bool


@functools.lru_cache(maxsize=64)  # the certificates of an authority are read again at every draft
def read_certificate(data: bytes, where: str = "") -> CertificateFacts:
    """One certificate, PEM or DER. Raises `x509.encoding`, `x509.not_one_object`. A draft may be read as well."""
    der = one_object(data, "CERTIFICATE", where)
    envelope = open_envelope(der, where)
    tbs = decode(TbsCertificate, encode(envelope.tbs), where)
    with _strictly(where):
        return _certificate_facts(der, envelope, tbs)


def read_crl(data: bytes, where: str = "") -> CrlFacts:
    """One CRL, PEM or DER. Raises `x509.encoding`, `x509.not_one_object`. A draft may be read as well."""
    der = one_object(data, "X509 CRL", where)
    envelope = open_envelope(der, where)
    contents = crl_contents(encode(envelope.tbs), where)
    with _strictly(where):
        return _crl_facts(der, envelope, contents)


def crl_contents(tbs: bytes, where: str = "") -> CrlFacts:
    """What the to-be-signed bytes of a CRL say, as far as `cryptography` is not asked: without number, aki, signature.

    Raises `x509.encoding`. The same bytes are drafted, judged, finished and read back, and may hold a hundred thousand
    entries: they are read once.
    """
    try:
        return _contents(tbs)
    except Refusal as refusal:
        raise Refusal.of(tuple(one._replace(where=one.where or where) for one in refusal.findings)) from None


@functools.lru_cache(maxsize=4)
def _contents(tbs: bytes) -> CrlFacts:
    parts = decode(TbsCertList, tbs)
    with _strictly(""):
        return _listed(tbs, parts)


def verify_issued(child: CertificateFacts | CrlFacts, issuer_spki: bytes) -> None:
    """Raises `x509.signature_invalid` unless the key `issuer_spki` signed the certificate or CRL."""
    if child.algorithm != child.outer_algorithm:
        raise Refusal("x509.signature_invalid", key="two different algorithm identifiers")
    verify_signature(issuer_spki, child.algorithm, child.tbs, child.signature)


def one_object(data: bytes, label: str, where: str) -> bytes:
    """The DER of the one object in `data`: bare, or as one PEM block of `label` (RFC 7468) and nothing beside it."""
    if len(data) > LARGEST_INPUT:
        raise Refusal("x509.not_one_object", where, detail=f"{len(data)} octets are too many")
    if data[:1] == b"\x30":
        return data
    block = re.fullmatch(
        rb"\s*-----BEGIN ([A-Z0-9 ]+)-----\r?\n((?:[A-Za-z0-9+/=]+\r?\n)+)-----END ([A-Z0-9 ]+)-----\s*", data
    )
    if block is None:
        raise Refusal("x509.not_one_object", where, detail="neither DER nor exactly one PEM block")
    if block[1] != block[3] or block[1].decode() != label:
        raise Refusal("x509.not_one_object", where, detail=f"the PEM block is not labelled {label}")
    try:
        return base64.b64decode(b"".join(block[2].split()), validate=True)
    except binascii.Error:
        raise Refusal("x509.not_one_object", where, detail="the PEM block is not base64") from None


@contextlib.contextmanager
def _strictly(where: str) -> Iterator[None]:
    """Turns every complaint of `cryptography` into a refusal `x509.encoding`."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what it only warns of are findings of ours
        try:
            yield
        except (
            ValueError,
            TypeError,
            x509.InvalidVersion,
            x509.DuplicateExtension,
            x509.UnsupportedGeneralNameType,
        ) as error:
            raise Refusal("x509.encoding", where, detail=" ".join(str(error).split())) from None


def _certificate_facts(der: bytes, envelope: Envelope, tbs: TbsCertificate) -> CertificateFacts:
    extensions = x509.load_der_x509_certificate(der).extensions
    for name in (tbs.issuer, tbs.subject):
        name_parts(encode(name))
    basic = _one(extensions, x509.BasicConstraints)
    authority = _one(extensions, x509.AuthorityKeyIdentifier)
    purposes = _one(extensions, x509.ExtendedKeyUsage)
    ski = _one(extensions, x509.SubjectKeyIdentifier)
    policies = tuple(_one(extensions, x509.CertificatePolicies) or ())
    points = tuple(_one(extensions, x509.CRLDistributionPoints) or ())
    accesses = tuple(_one(extensions, x509.AuthorityInformationAccess) or ())
    constraints = _one(extensions, x509.NameConstraints)
    if constraints is not None and not any(
        bytes(one.value) == constraints.public_bytes() for one in tbs.extensions or ()
    ):
        raise ValueError("a subtree of the name constraints has a minimum or a maximum")  # RFC 5280 4.2.1.10
    names = [name for point in points for name in point.full_name or ()]
    issuers = [a.access_location for a in accesses if a.access_method == AuthorityInformationAccessOID.CA_ISSUERS]
    return CertificateFacts(
        der=der,
        tbs=encode(envelope.tbs),
        version=tbs.version + 1,
        serial=tbs.serial,
        algorithm=encode(tbs.algorithm),
        outer_algorithm=encode(envelope.algorithm),
        signature=envelope.signature.as_bytes(),
        issuer=encode(tbs.issuer),
        subject=encode(tbs.subject),
        spki=encode(tbs.spki),
        not_before=tbs.validity.not_before.as_datetime(),
        not_after=tbs.validity.not_after.as_datetime(),
        late_times=(_is_late(tbs.validity.not_before), _is_late(tbs.validity.not_after)),
        unique_ids=tbs.issuer_unique_id is not None or tbs.subject_unique_id is not None,
        extensions=_as_they_stand(tbs.extensions),
        ski=ski.digest if ski else b"",
        aki=(authority.key_identifier if authority else None) or b"",
        aki_names_issuer=_names_issuer(authority),
        is_ca=basic.ca if basic else False,
        path_length=basic.path_length if basic else None,
        key_usage=_key_usage(_one(extensions, x509.KeyUsage)),
        eku=tuple(purpose.dotted_string for purpose in purposes or ()),
        policies=tuple(policy.policy_identifier.dotted_string for policy in policies),
        policy_qualifiers=any(policy.policy_qualifiers for policy in policies),
        crl_urls=_urls(names),
        crl_points=len(points),
        crl_points_plain=len(_urls(names)) == len(names) and all(_is_plain(point) for point in points),
        ca_issuers_urls=_urls(issuers),
        access_methods=tuple(access.access_method.dotted_string for access in accesses),
        permitted=as_texts(constraints.permitted_subtrees if constraints else None),
        excluded=as_texts(constraints.excluded_subtrees if constraints else None),
    )


def _crl_facts(der: bytes, envelope: Envelope, contents: CrlFacts) -> CrlFacts:
    crl = x509.load_der_x509_crl(der)
    name_parts(contents.issuer)
    authority = _one(crl.extensions, x509.AuthorityKeyIdentifier)
    number = _one(crl.extensions, x509.CRLNumber)
    return replace(
        contents,
        der=der,
        outer_algorithm=encode(envelope.algorithm),
        signature=envelope.signature.as_bytes(),
        number=number.crl_number if number else -1,
        aki=(authority.key_identifier if authority else None) or b"",
        aki_names_issuer=_names_issuer(authority),
    )


def _listed(data: bytes, tbs: TbsCertList) -> CrlFacts:
    entries = tbs.entries or []
    beside = [extension for entry in entries for extension in entry.extensions or ()]
    times = [tbs.this_update, *([tbs.next_update] if tbs.next_update else []), *(entry.date for entry in entries)]
    return CrlFacts(
        der=b"",
        tbs=data,
        version=(tbs.version or 0) + 1,
        algorithm=encode(tbs.algorithm),
        outer_algorithm=b"",
        signature=b"",
        issuer=encode(tbs.issuer),
        this_update=tbs.this_update.as_datetime(),
        next_update=tbs.next_update.as_datetime() if tbs.next_update else None,
        late_times=tuple(_is_late(time) for time in times),
        number=-1,
        entries=tuple(_entry(entry) for entry in entries),
        empty_list=tbs.entries is not None and not tbs.entries,
        entry_extensions=tuple(sorted(oid.dotted_string for oid in {extension.oid for extension in beside})),
        critical_entry_extensions=any(extension.critical for extension in beside),
        extensions=_as_they_stand(tbs.extensions),
        aki=b"",
        aki_names_issuer=False,
    )


def _one(extensions: x509.Extensions, kind: type[Wanted]) -> Wanted | None:
    try:
        return extensions.get_extension_for_class(kind).value
    except x509.ExtensionNotFound:
        return None


def _entry(entry: RevokedEntry) -> CrlEntry:
    """One entry, read from its octets: there may be a hundred thousand of them."""
    reason, seen = "", list[x509.ObjectIdentifier]()
    for extension in entry.extensions or ():
        oid = extension.oid
        if oid in seen:
            raise ValueError(f"an entry has the extension {oid.dotted_string} twice")
        seen.append(oid)
        if oid == _REASON:
            reason = _REASONS.get(extension.value, "")
            if not reason:
                raise ValueError("an entry has a reason that RFC 5280 5.3.1 does not know")
    return CrlEntry(entry.serial, entry.date.as_datetime(), reason)


def _as_they_stand(extensions: list[Declared] | None) -> tuple[ExtensionFacts, ...]:
    return tuple(ExtensionFacts(one.oid.dotted_string, one.critical, bytes(one.value)) for one in extensions or ())


def _is_late(time: Time) -> bool:
    return isinstance(time, asn1.GeneralizedTime)


def _names_issuer(authority: x509.AuthorityKeyIdentifier | None) -> bool:
    if authority is None:
        return False
    return authority.authority_cert_issuer is not None or authority.authority_cert_serial_number is not None


def _key_usage(usage: x509.KeyUsage | None) -> tuple[str, ...]:
    if usage is None:
        return ()
    return tuple(name for name, attribute in KEY_USAGES.items() if getattr(usage, attribute))


def _urls(names: list[x509.GeneralName]) -> tuple[str, ...]:
    return tuple(name.value for name in names if isinstance(name, x509.UniformResourceIdentifier))


def _is_plain(point: x509.DistributionPoint) -> bool:
    return point.full_name is not None and point.reasons is None and point.crl_issuer is None
