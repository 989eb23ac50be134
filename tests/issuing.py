"""An authority of software keys that tests issue with: one key of each type, made once a run."""

from __future__ import annotations

import functools
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from cryptography import x509
from cryptography.hazmat import asn1
from cryptography.hazmat.primitives import serialization

from quorate.algorithms import SignatureAlgorithm, default_algorithm
from quorate.keys import KeyType
from quorate.plan import DirectoryName, Subject
from quorate.token.private_key import PrivateKey, generated, signature_by
from quorate.x509.draft import Draft, draft_certificate, draft_crl
from quorate.x509.fields import CertificateFields, CrlEntry, CrlFields, Issuer, not_after, subject_ski
from quorate.x509.finish import finish
from quorate.x509.name import encode_directory, encode_name
from quorate.x509.profile import load_profile
from quorate.x509.structure import Envelope, Extension, TbsCertificate, TbsCertList, Validity, decode, encode
from rsa_keys import fixed_rsa_key

NOW = datetime(2026, 11, 23, 9, 0, 0, tzinfo=UTC)


def key(key_type: KeyType, number: int = 0) -> PrivateKey:
    """A software key; `number` tells several of one type apart."""
    return _generated(key_type, number)


@functools.cache
def _generated(key_type: KeyType, number: int) -> PrivateKey:
    return fixed_rsa_key(key_type.bits, number) if key_type.is_rsa else generated(key_type)


def spki_of(public: Any) -> bytes:
    der: bytes = public.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return der


def spki(key_type: KeyType, number: int = 0) -> bytes:
    return spki_of(key(key_type, number).public_key())


def sign(key_type: KeyType, data: bytes, number: int = 0, algorithm: SignatureAlgorithm | None = None) -> bytes:
    """What a token would answer."""
    return signature_by(key(key_type, number), algorithm or default_algorithm(key_type), data)


def name(common_name: str) -> bytes:
    return encode_name(Subject(country="NL", organization="Stichting Voorbeeld", common_name=common_name))


def issuer(key_type: KeyType = KeyType.P384, number: int = 0, common_name: str = "Voorbeeld Root 1") -> Issuer:
    public = spki(key_type, number)
    return Issuer(name(common_name), public, subject_ski(public))


def root_fields(
    key_type: KeyType = KeyType.P384, number: int = 0, common_name: str = "Voorbeeld Root 1", **changes: Any
):
    itself = issuer(key_type, number, common_name)
    fields = CertificateFields(
        load_profile("webpki-root"), 2**130 + 1, itself, itself.name, itself.spki, itself.ski, NOW, not_after(NOW, 3650)
    )
    return replace(fields, **changes)


def subordinate_fields(key_type: KeyType = KeyType.P384, **changes: Any) -> CertificateFields:
    public = spki(KeyType.P256, 1)
    fields = CertificateFields(
        load_profile("webpki-tls-subordinate"),
        2**130 + 2,
        issuer(key_type),
        name("Voorbeeld TLS 1"),
        public,
        subject_ski(public),
        NOW,
        not_after(NOW, 1095),
        "http://crl.voorbeeld.example/root-1.crl",
        "http://ca.voorbeeld.example/root-1.der",
        ("2.23.140.1.2.1",),
    )
    return replace(fields, **changes)


def constrained_fields(key_type: KeyType = KeyType.P384, **changes: Any) -> CertificateFields:
    """A TLS subordinate within name constraints; neither IPv4 nor IPv6."""
    directory = "dir:" + encode_directory(DirectoryName("NL", organization="Voorbeeld")).hex()
    constraints = {"permitted": ("dns:voorbeeld.example", directory), "excluded": ("ip:0.0.0.0/0", "ip:::/0")}
    return subordinate_fields(key_type, profile=load_profile("webpki-tls-constrained"), **(constraints | changes))


def non_tls_fields(key_type: KeyType = KeyType.P384, **changes: Any) -> CertificateFields:
    plain = {"profile": load_profile("webpki-non-tls"), "policies": ()}
    return subordinate_fields(key_type, **(plain | changes))


def responder_fields(key_type: KeyType = KeyType.P384, **changes: Any) -> CertificateFields:
    """Of a delegated OCSP responder, whose key is a P-256 key."""
    plain = {"profile": load_profile("webpki-ocsp-responder"), "policies": (), "crl_url": "", "ca_issuers_url": ""}
    last = not_after(NOW, 365)
    return subordinate_fields(key_type, **(plain | {"not_after": last, "subject": name("Voorbeeld OCSP 1")} | changes))


def cross_fields(key_type: KeyType = KeyType.P384, **changes: Any) -> CertificateFields:
    """Root 1 certifies root 2."""
    existing = issuer(KeyType.P384, 2, "Voorbeeld Root 2")
    profile = load_profile("webpki-cross")
    fields = subordinate_fields(key_type, profile=profile, serial=2**130 + 3, subject=existing.name)
    fields = replace(fields, spki=existing.spki, ski=existing.ski, not_after=not_after(NOW, 1095))
    return replace(fields, **changes)


def crl_fields(key_type: KeyType = KeyType.P384, **changes: Any) -> CrlFields:
    entries = (CrlEntry(2**130 + 2, NOW, "superseded"),)
    fields = CrlFields(load_profile("webpki-crl"), issuer(key_type), 7, NOW, not_after(NOW, 365), entries)
    return replace(fields, **changes)


def issued(fields: CertificateFields | CrlFields, key_type: KeyType = KeyType.P384, number: int = 0) -> bytes:
    """Drafted, signed and finished."""
    draft = drafted(fields)
    return finish(draft, sign(key_type, draft.tbs, number, draft.algorithm))


def drafted(fields: CertificateFields | CrlFields) -> Draft:
    return draft_certificate(fields) if isinstance(fields, CertificateFields) else draft_crl(fields)


def tlv(der: bytes) -> asn1.TLV:
    return asn1.decode_der(asn1.TLV, der)


def changed(der: bytes, *, outer: bytes | None = None, signature: bytes = b"", **parts: Any) -> bytes:
    """A certificate or CRL with parts of its to-be-signed structure replaced, as no builder would make it."""
    envelope = decode(Envelope, der)
    kind: Any = TbsCertificate if "validity" in parts or _is_certificate(envelope) else TbsCertList
    tbs = decode(kind, encode(envelope.tbs))
    values = {part: getattr(tbs, part) for part in kind.__annotations__} | parts
    algorithm = tlv(outer) if outer else values["algorithm"]
    made = Envelope(tbs=tlv(encode(kind(**values))), algorithm=algorithm, signature=asn1.BitString(signature, 0))
    return encode(made)


def _is_certificate(envelope: Envelope) -> bool:
    return encode(envelope.tbs).find(bytes.fromhex("a003020102")) in range(6)


def with_extension(der: bytes, value: x509.ExtensionType | None, critical: bool = False, drop: str = "") -> bytes:
    """The same with one extension put in the place of its like, added, or dropped by OID."""
    envelope = decode(Envelope, der)
    kind: Any = TbsCertificate if _is_certificate(envelope) else TbsCertList
    extensions = list(decode(kind, encode(envelope.tbs)).extensions or [])
    oid = value.oid.dotted_string if value else drop
    made = [Extension(oid=value.oid, critical=critical, value=value.public_bytes())] if value else []
    places = [place for place, one in enumerate(extensions) if one.oid.dotted_string == oid] or [len(extensions)]
    extensions[places[0] : places[0] + 1] = made
    return changed(der, extensions=extensions)


def validity(first: datetime, last: datetime) -> Validity:
    return Validity(not_before=_time(first), not_after=_time(last))


def _time(time: datetime) -> asn1.UTCTime | asn1.GeneralizedTime:
    return asn1.GeneralizedTime(time) if time.year >= 2050 else asn1.UTCTime(time)
