"""The small web PKI that the vectors of `vectors/x509/` are cut from: fixed keys, fixed serials, nothing random.

`python tests/x509_vectors.py` writes the vectors from here; what is made twice is the same twice.
"""

from __future__ import annotations

import base64
import functools
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from issuing import changed, with_extension
from quorate.plan import Subject
from quorate.x509.draft import draft_certificate, draft_crl
from quorate.x509.fields import CertificateFields, CrlEntry, CrlFields, Issuer, not_after, subject_ski
from quorate.x509.finish import finish
from quorate.x509.name import encode_name
from quorate.x509.profile import load_profile

NOW = datetime(2026, 11, 23, 9, 0, 0, tzinfo=UTC)
DAY, SECOND = timedelta(days=1), timedelta(seconds=1)
SERIAL = 0x51 << 128
CURVES: dict[int, ec.EllipticCurve] = {256: ec.SECP256R1(), 384: ec.SECP384R1(), 521: ec.SECP521R1()}
HASHES: dict[int, hashes.HashAlgorithm] = {256: hashes.SHA256(), 384: hashes.SHA384(), 521: hashes.SHA512()}
URLS = {"crl_url": "http://crl.example.org/root-1.crl", "ca_issuers_url": "http://ca.example.org/root-1.cer"}


@functools.cache
def private(number: int, bits: int = 384) -> ec.EllipticCurvePrivateKey:
    """A key that everyone can work out: these are test vectors."""
    return ec.derive_private_key(10_000 + number, CURVES[bits])


def public(number: int, bits: int = 384) -> bytes:
    return spki_of(private(number, bits).public_key())


def spki_of(key: Any) -> bytes:
    der: bytes = key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return der


def sign(number: int, data: bytes, bits: int = 384) -> bytes:
    """RFC 6979: the same bytes are always signed the same."""
    return private(number, bits).sign(data, ec.ECDSA(HASHES[bits], deterministic_signing=True))


def name(common_name: str, organization: str = "Example Trust", country: str = "NL") -> bytes:
    return encode_name(Subject(country=country, organization=organization, common_name=common_name))


def issuer(number: int, common_name: str, bits: int = 384, organization: str = "Example Trust") -> Issuer:
    key = public(number, bits)
    return Issuer(name(common_name, organization), key, subject_ski(key))


ROOT_1, ROOT_2 = issuer(1, "Root 1"), issuer(2, "Root 2")
STRANGER = issuer(3, "Root 3", organization="Somebody Else")


def root(itself: Issuer = ROOT_1, **changes: Any) -> CertificateFields:
    fields = CertificateFields(
        load_profile("webpki-root"), SERIAL + 1, itself, itself.name, itself.spki, itself.ski, NOW, not_after(NOW, 3650)
    )
    return replace(fields, **changes)


def sub(by: Issuer = ROOT_1, **changes: Any) -> CertificateFields:
    key = changes.pop("spki", public(11, 256))
    fields = CertificateFields(
        load_profile("webpki-tls-subordinate"),
        SERIAL + 11,
        by,
        name("Sub 1"),
        key,
        subject_ski(key),
        NOW,
        not_after(NOW, 1095),
        policies=("2.23.140.1.2.1",),
        **URLS,
    )
    return replace(fields, **changes)


def cross(existing: Issuer = ROOT_2, by: Issuer = ROOT_1, **changes: Any) -> CertificateFields:
    profile = load_profile("webpki-cross")
    fields = sub(by, profile=profile, serial=SERIAL + 21, subject=existing.name, spki=existing.spki)
    return replace(fields, **{"ski": existing.ski, **changes})


def crl(by: Issuer = ROOT_1, **changes: Any) -> CrlFields:
    entries = (CrlEntry(SERIAL + 11, NOW, "superseded"),)
    fields = CrlFields(load_profile("webpki-crl"), by, 1, NOW, not_after(NOW, 365), entries)
    return replace(fields, **changes)


def draft(fields: CertificateFields | CrlFields) -> bytes:
    """The object with an empty signature, as people and linters see it."""
    made = draft_certificate(fields) if isinstance(fields, CertificateFields) else draft_crl(fields)
    return made.unsigned


def issued(fields: CertificateFields | CrlFields, number: int, bits: int = 384) -> bytes:
    """The finished object."""
    made = draft_certificate(fields) if isinstance(fields, CertificateFields) else draft_crl(fields)
    return finish(made, sign(number, made.tbs, bits))


def altered(fields: CertificateFields | CrlFields, **parts: Any) -> bytes:
    """A draft with parts of its structure replaced."""
    return changed(draft(fields), **parts)


def extended(
    fields: CertificateFields | CrlFields,
    value: x509.ExtensionType | None = None,
    critical: bool = False,
    drop: str = "",
) -> bytes:
    """A draft with one extension put in the place of its like, added, or dropped."""
    return with_extension(draft(fields), value, critical, drop)


BEFORE = NOW - DAY


def _world() -> dict[str, Callable[[], bytes]]:
    old = {"not_before": BEFORE, "not_after": not_after(BEFORE, 3650)}
    return {
        "root-1": lambda: issued(root(**old), 1),
        "root-2": lambda: issued(root(ROOT_2, serial=SERIAL + 2, **old), 2),
        "root-3": lambda: issued(root(STRANGER, serial=SERIAL + 3, **old), 3),
        "root-1-expired": lambda: issued(root(**old | {"not_before": NOW - 3000 * DAY, "not_after": NOW - SECOND}), 1),
        "root-1-future": lambda: issued(root(not_before=NOW + SECOND, not_after=not_after(NOW + SECOND, 3650)), 1),
        "root-1-short": lambda: issued(root(not_before=BEFORE, not_after=not_after(NOW, 1000)), 1),
        "root-2-short": lambda: issued(root(ROOT_2, not_before=BEFORE, not_after=not_after(BEFORE, 2000)), 2),
        "root-2-2020": lambda: issued(
            root(ROOT_2, not_before=datetime(2020, 1, 1, tzinfo=UTC), not_after=datetime(2029, 1, 1, tzinfo=UTC)), 2
        ),
        "root-1-2024": lambda: issued(
            root(not_before=datetime(2024, 1, 1, tzinfo=UTC), not_after=datetime(2034, 1, 1, tzinfo=UTC)), 1
        ),
        "root-1-no-crl-sign": lambda: _signed(with_extension(draft(root(**old)), _only_certificates(), True), 1),
        "root-1-path-length-3": lambda: _signed(
            with_extension(draft(root(**old)), x509.BasicConstraints(True, 3), True), 1
        ),
        "root-p256": lambda: issued(root(issuer(5, "Root P256", 256), **old), 5, 256),
        "root-p521": lambda: issued(root(issuer(6, "Root P521", 521), **old), 6, 521),
        "sub-1": lambda: issued(sub(), 1),
        "sub-1-other-key": lambda: issued(sub(serial=SERIAL + 12, spki=public(12, 256)), 1),
        "sub-email": lambda: _signed(extended(sub(serial=SERIAL + 13), _purposes("1.3.6.1.5.5.7.3.4")), 1),
        "sub-of-another": lambda: issued(sub(STRANGER), 3),
        "issuing-1": lambda: issued(sub(spki=public(14), subject=name("Issuing 1")), 1),
        "end-entity": lambda: _signed(extended(sub(), x509.BasicConstraints(False, None), True), 1),
        "crl-6": lambda: issued(crl(number=6, this_update=NOW - DAY, next_update=not_after(NOW - DAY, 365)), 1),
        "crl-6-of-another": lambda: issued(crl(STRANGER, number=6, this_update=NOW - DAY), 3),
        "crl-6-badly-signed": lambda: changed(
            draft(crl(number=6, this_update=NOW - DAY)), signature=sign(2, b"other bytes")
        ),
        "crl-6-scoped": lambda: _signed(extended(crl(number=6, this_update=NOW - DAY), _scope(), True), 1),
    }


WORLD = _world()
"""What stands in `vectors/x509/world/`, by name."""


@functools.cache
def of_world(one: str) -> bytes:
    return WORLD[one]()


def _signed(der: bytes, number: int) -> bytes:
    tbs = x509.load_der_x509_crl(der).tbs_certlist_bytes if _is_crl(der) else _tbs(der)
    return changed(der, signature=sign(number, tbs))


def _tbs(der: bytes) -> bytes:
    return x509.load_der_x509_certificate(der).tbs_certificate_bytes


def _is_crl(der: bytes) -> bool:
    try:
        x509.load_der_x509_crl(der)
    except ValueError:
        return False
    return True


def _only_certificates() -> x509.KeyUsage:
    names = "digital_signature content_commitment key_encipherment data_encipherment key_agreement"
    unset = dict.fromkeys([*names.split(), "crl_sign", "encipher_only", "decipher_only"], False)
    return x509.KeyUsage(key_cert_sign=True, **unset)


def _purposes(*oids: str) -> x509.ExtendedKeyUsage:
    return x509.ExtendedKeyUsage([x509.ObjectIdentifier(oid) for oid in oids])


def _scope() -> x509.IssuingDistributionPoint:
    return x509.IssuingDistributionPoint(None, None, False, True, None, False, False)


@dataclass(frozen=True)
class Case:
    """One bad object: what it is judged against, and the code that has to be found in it.

    `also`: what else cannot but be found. Names of the world stand for `issuer` ("" for self-signed), `existing`,
    `previous` and `known`.
    """

    name: str
    about: str
    code: str
    der: bytes
    profile: str = "webpki-tls-subordinate"
    also: tuple[str, ...] = ()
    rules: str = "webpki"
    programmes: tuple[str, ...] = ()
    at: datetime = NOW
    closes: datetime | None = None
    issuer: str = "root-1"
    existing: str = ""
    previous: str = ""
    known: tuple[str, ...] = ()
    commitments: dict[str, Any] = field(default_factory=dict)

    @property
    def kind(self) -> str:
        return "crl" if self.profile.endswith("crl") else "certificate"

    def toml(self) -> str:
        """The file of this case."""
        lines = [f"about = {_text(self.about)}", f"code = {_text(self.code)}"]
        lines += [f"also = [{', '.join(map(_text, self.also))}]"] if self.also else []
        lines += [f"rules = {_text(self.rules)}"]
        lines += [f"programmes = [{', '.join(map(_text, self.programmes))}]"] if self.programmes else []
        lines += [f"at = {_text(_moment(self.at))}"]
        lines += [f"closes = {_text(_moment(self.closes))}"] if self.closes else []
        lines += [f"profile = {_text(self.profile)}"]
        for part in ("issuer", "existing", "previous"):
            lines += [f"{part} = {_text(getattr(self, part))}"] if getattr(self, part) else []
        lines += [f"known = [{', '.join(map(_text, self.known))}]"] if self.known else []
        encoded = base64.b64encode(self.der).decode()
        rows = "\n".join(encoded[at : at + 96] for at in range(0, len(encoded), 96))
        lines += [f'{self.kind} = """\n{rows}\n"""']
        if self.commitments:
            lines += ["", "[commitments]", *(f"{key} = {_value(value)}" for key, value in self.commitments.items())]
        return "\n".join(lines) + "\n"


def _moment(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def _text(text: str) -> str:
    assert '"' not in text
    return f'"{text}"'


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return f"[{', '.join(map(_text, value))}]" if isinstance(value, tuple) else str(value)
