"""A ceremony configuration: one YAML file, one step of a ceremony, as Boulder's tool `ceremony` reads it.

All types and fields from the first version on, 2020, to the one of August 2026 are known. What a plan has no place for
(slots, PINs, lint names) is kept as `left`, to be named; a PIN itself is never kept.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from quorate.boulder.fields import Left, Reading, Section
from quorate.boulder.profile import Dated, Profile, Subject, read_profile, read_request_profile
from quorate.document import Table, Value, at, read_document

CREDENTIAL = "not taken; the token's credential is split among people"
TOKEN = "not taken; the token is chosen in authority.toml, by its serial number"
LINTS = "a candidate for a waiver, should quorate find the same"

OF_EVERY_TYPE = ("pkcs11", "outputs")
"""The fields of every configuration beside its type."""
CURVES = {"P-224": "p-224", "P-256": "p-256", "P-384": "p-384", "P-521": "p-521"}
_REASONS = (
    "unspecified",
    "keyCompromise",
    "cACompromise",
    "affiliationChanged",
    "superseded",
    "cessationOfOperation",
    "certificateHold",
    "privilegeWithdrawn",
    "aACompromise",
)
REASONS = dict(zip(_REASONS, _REASONS, strict=True)) | {"aAcompromise": "aACompromise"}
"""By name, in the tool's own spelling too, and by the numbers of RFC 5280 5.3.1 that earlier versions wanted."""
REASONS |= dict(zip(map(str, (0, 1, 2, 3, 4, 5, 6, 9, 10)), _REASONS, strict=True))


@dataclass(frozen=True, slots=True)
class Source:
    """Where a configuration comes from. `name`: the file as people know it."""

    path: Path
    name: str
    line: int
    left: tuple[Left, ...]

    def at(self, line: int) -> str:
        return at(self.name, line)


@dataclass(frozen=True, slots=True)
class KeyConfig:
    """A key is generated."""

    source: Source
    label: Value
    key_type: Value
    public_key: Value


@dataclass(frozen=True, slots=True)
class RootConfig:
    """A key is generated, and its self-signed certificate made."""

    source: Source
    label: Value
    key_type: Value
    public_key: Value
    certificate: Value
    profile: Profile


@dataclass(frozen=True, slots=True)
class CertificateConfig:
    """Types `intermediate` and `cross-certificate`. `existing`: the certificate to be cross-signed, if it is named."""

    source: Source
    cross: bool
    label: Value
    public_key: Value
    issuer: Value
    existing: Value | None
    certificate: Value
    profile: Profile


@dataclass(frozen=True, slots=True)
class RequestConfig:
    """A request by which others certify a key."""

    source: Source
    label: Value
    public_key: Value
    csr: Value
    subject: Subject
    line: int


@dataclass(frozen=True, slots=True)
class RevokedConfig:
    """One entry of a CRL. `reason` by the names of RFC 5280 5.3.1."""

    certificate: Value
    date: Dated
    reason: Value


@dataclass(frozen=True, slots=True)
class CrlConfig:
    """A CRL for CA certificates."""

    source: Source
    label: Value
    issuer: Value
    crl: Value
    this_update: Dated
    next_update: Dated
    number: Value
    revoked: tuple[RevokedConfig, ...]


@dataclass(frozen=True, slots=True)
class OtherConfig:
    """A type of earlier years that no plan has an operation for."""

    source: Source
    kind: Value


Config = KeyConfig | RootConfig | CertificateConfig | RequestConfig | CrlConfig | OtherConfig
Maker = Callable[[], Source]


def read_config(data: bytes, path: Path, name: str) -> Config | None:
    """The configuration in a file; None for YAML that is none: no `ceremony-type`, nor what goes with each.

    Raises everything that is wrong with it at once, each with file and line (`boulder.…`).
    """
    document = read_document(data, name)
    if not isinstance(document, Table) or not {"ceremony-type", *OF_EVERY_TYPE} & document.entries.keys():
        return None
    reading = Reading(name)
    top = Section(reading, "", document)
    kind = top.choice("ceremony-type", {one: one for one in _READERS})
    reading.refuse()
    assert kind is not None
    top.leave(LINTS, "skip-lints")
    config = _READERS[kind.text](top, kind, lambda: Source(path, name, kind.line, tuple(reading.left)))
    top.end()
    reading.refuse()
    assert config is not None
    return config


def _storing(top: Section) -> Value | None:
    """The label under which a key is stored."""
    section = top.section("pkcs11")
    section.leave(CREDENTIAL, "pin")
    section.leave(TOKEN, "module", "store-key-in-slot", "key-slot")
    label = section.value("store-key-with-label", "key-label")
    section.end()
    return label


def _signing(top: Section) -> Value | None:
    """The label of the key that signs."""
    section = top.section("pkcs11")
    section.leave(CREDENTIAL, "pin")
    section.leave(TOKEN, "module", "signing-key-slot", "key-slot", "signing-key-id", "key-id")
    label = section.value("signing-key-label", "key-label")
    section.end()
    return label


def _key_type(top: Section) -> Value | None:
    section = top.section("key")
    kind = section.choice("type", {"rsa": "rsa", "ecdsa": "ecdsa"}, older="key-type")
    bits = section.number("rsa-mod-length", required=kind is not None and kind.text == "rsa")
    curve = section.choice("ecdsa-curve", CURVES, required=kind is not None and kind.text == "ecdsa")
    section.end()
    if kind is None or (bits is None and curve is None):
        return None
    if bits is not None and curve is not None:
        section.wrong("type", kind.line, "it has either rsa-mod-length or ecdsa-curve")
    return Value(f"rsa-{bits.text}", bits.line) if bits is not None else curve


def _outputs(top: Section, *names: str) -> list[Value | None]:
    section = top.section("outputs")
    section.leave("not taken; it would hold the PIN", "pkcs11-config-path")
    values = [section.value(name) for name in names]
    section.end()
    return values


def _read_key(top: Section, kind: Value, source: Maker) -> Config | None:
    label, key_type = _storing(top), _key_type(top)
    (public_key,) = _outputs(top, "public-key-path")
    if label is None or key_type is None or public_key is None:
        return None
    return KeyConfig(source(), label, key_type, public_key)


def _read_root(top: Section, kind: Value, source: Maker) -> Config | None:
    label, key_type, profile = _storing(top), _key_type(top), read_profile(top, root=True)
    public_key, certificate = _outputs(top, "public-key-path", "certificate-path")
    if profile is not None and profile.purposes is not None and profile.purposes.text != "none":
        top.wrong("certificate-profile.ekus", profile.purposes.line, "a root has no purposes")
    if public_key is not None and certificate is not None and public_key.text == certificate.text:
        top.wrong("outputs.certificate-path", certificate.line, "the public key is written there")
    if label is None or key_type is None or public_key is None or certificate is None or profile is None:
        return None
    return RootConfig(source(), label, key_type, public_key, certificate, profile)


def _read_certificate(top: Section, kind: Value, source: Maker) -> Config | None:
    cross = kind.text == "cross-certificate"
    label, profile = _signing(top), read_profile(top)
    inputs = top.section("inputs")
    public_key, issuer = inputs.value("public-key-path"), inputs.value("issuer-certificate-path", "issuer-path")
    existing = inputs.value("certificate-to-cross-sign-path", required=False) if cross else None
    inputs.end()
    (certificate,) = _outputs(top, "certificate-path")
    if profile is not None and profile.purposes is not None and profile.purposes.text == "none":
        why = "none is for a root alone; write server or both, or leave it out"
        top.wrong("certificate-profile.ekus", profile.purposes.line, why)
    if label is None or public_key is None or issuer is None or certificate is None or profile is None:
        return None
    return CertificateConfig(source(), cross, label, public_key, issuer, existing, certificate, profile)


def _read_request(top: Section, kind: Value, source: Maker) -> Config | None:
    label, subject = _signing(top), read_request_profile(top)
    inputs = top.section("inputs")
    public_key = inputs.value("public-key-path")
    inputs.end()
    (csr,) = _outputs(top, "csr-path")
    if label is None or public_key is None or csr is None or subject is None:
        return None
    return RequestConfig(source(), label, public_key, csr, *subject)


def _read_crl(top: Section, kind: Value, source: Maker) -> Config | None:
    label = _signing(top)
    inputs = top.section("inputs")
    issuer = inputs.value("issuer-certificate-path", "issuer-path")
    inputs.end()
    (crl,) = _outputs(top, "crl-path")
    section = top.section("crl-profile")
    this_update, next_update = section.moment("this-update"), section.moment("next-update")
    if this_update and next_update and next_update[0] <= this_update[0]:
        section.wrong("next-update", next_update[1], "it is not after this-update")
    number = section.number("number")
    revoked = tuple(_revoked(one) for one in section.sections("revoked-certificates", required=False))
    section.end()
    if label is None or issuer is None or crl is None or this_update is None or next_update is None or number is None:
        return None
    whole = tuple(one for one in revoked if one is not None)
    return CrlConfig(source(), label, issuer, crl, this_update, next_update, number, whole)


def _revoked(section: Section) -> RevokedConfig | None:
    certificate, date = section.value("certificate-path"), section.moment("revocation-date")
    reason = section.choice("revocation-reason", REASONS)
    section.end()
    if certificate is None or date is None or reason is None:
        return None
    return RevokedConfig(certificate, date, reason)


def _read_other(top: Section, kind: Value, source: Maker) -> Config | None:
    """Read no further: the report names such a file as a whole."""
    top.taken |= set(top.table.entries)
    return OtherConfig(source(), kind)


_READERS: dict[str, Callable[[Section, Value, Maker], Config | None]] = {
    "root": _read_root,
    "intermediate": _read_certificate,
    "cross-certificate": _read_certificate,
    "cross-csr": _read_request,
    "key": _read_key,
    "crl": _read_crl,
    "ocsp-signer": _read_other,
    "crl-signer": _read_other,
    "ocsp-response": _read_other,
}
