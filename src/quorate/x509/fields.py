"""What a certificate and a CRL are made from: everything that they say, in frozen values."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from quorate.algorithms import SignatureAlgorithm
from quorate.keys import Spki
from quorate.x509.profile import Profile
from quorate.x509.structure import decode


@dataclass(frozen=True, slots=True)
class Issuer:
    """Who signs: the subject of its certificate (DER), its public key (DER), its subject key identifier."""

    name: bytes
    spki: bytes
    ski: bytes


@dataclass(frozen=True, slots=True)
class CertificateFields:
    """Everything that a certificate says. Empty texts and tuples: the extension is left out.

    `path_length`: of the existing certificate, where the profile leaves it to that one. `permitted` and `excluded`: the
    subtrees of name constraints as `constraints` writes them. `algorithm`: None for the default of the issuer's key.
    """

    profile: Profile
    serial: int
    issuer: Issuer
    subject: bytes
    spki: bytes
    ski: bytes
    not_before: datetime
    not_after: datetime
    crl_url: str = ""
    ca_issuers_url: str = ""
    policies: tuple[str, ...] = ()
    path_length: int | None = None
    permitted: tuple[str, ...] = ()
    excluded: tuple[str, ...] = ()
    algorithm: SignatureAlgorithm | None = None


@dataclass(frozen=True, slots=True)
class CrlEntry:
    """One revoked certificate. `reason` as RFC 5280 5.3.1 names it; "" where the entry gives none."""

    serial: int
    date: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class CrlFields:
    """Everything that a CRL says.

    A distribution point (a URL) or a scope says which certificates it covers. `algorithm`: None for the default of the
    issuer's key.
    """

    profile: Profile
    issuer: Issuer
    number: int
    this_update: datetime
    next_update: datetime
    entries: tuple[CrlEntry, ...] = ()
    distribution_point: str = ""
    scope: Literal["", "ca", "user"] = ""
    algorithm: SignatureAlgorithm | None = None


def not_after(not_before: datetime, days: int) -> datetime:
    """The last second of a validity of `days`, which counts its first and its last second (BR 1.6.1, 6.3.2)."""
    return not_before + timedelta(days=days, seconds=-1)


def subject_ski(spki: bytes) -> bytes:
    """RFC 7093 section 2 method 1: the leftmost 160 bits of the SHA-256 of the key's BIT STRING octets."""
    return hashlib.sha256(decode(Spki, spki).key.as_bytes()).digest()[:20]
