"""A key signing request and the signed key response to it, as values. Formats: `spec/ksr.md`.

The order of bundles, keys and signatures is the document's. All times are UTC without fractions.
"""

from __future__ import annotations

import enum
from datetime import datetime, timedelta

import msgspec

from quorate.dnssec.dnskey import Dnskey
from quorate.dnssec.rrsig import Rrsig


class Family(enum.StrEnum):
    """What a signature algorithm's policy speaks of, by the element's name in a KSR."""

    RSA = "RSA"
    DSA = "DSA"
    ECDSA = "ECDSA"
    EDDSA = "EdDSA"


class AlgorithmPolicy(msgspec.Struct, frozen=True):
    """A SignatureAlgorithm: which keys a policy speaks of. `size` in bits; `exponent` is 0 for all but RSA."""

    algorithm: int
    family: Family
    size: int
    exponent: int = 0

    @property
    def described(self) -> str:
        if self.family is not Family.RSA:
            return f"{self.family.value} of {self.size} bits"
        length = self.exponent.bit_length()  # of a hostile key it may have thousands of digits
        exponent = self.exponent if length <= 64 else f"of {length} bits"
        return f"{self.family.value} of {self.size} bits with exponent {exponent}"


class KeyPolicy(msgspec.Struct, frozen=True):
    """What the one who signs with these keys claims to keep to (RequestPolicy/ZSK, ResponsePolicy/KSK)."""

    publish_safety: timedelta
    retire_safety: timedelta
    max_signature_validity: timedelta
    min_signature_validity: timedelta
    max_validity_overlap: timedelta
    min_validity_overlap: timedelta
    algorithms: tuple[AlgorithmPolicy, ...]


class BundleKey(msgspec.Struct, frozen=True):
    """A Key. `identifier` is the owner's name for it (a KSK's label); `key_tag` and `ttl` as stated, not computed."""

    identifier: str
    key_tag: int
    ttl: int
    dnskey: Dnskey


class BundleSignature(msgspec.Struct, frozen=True):
    """A Signature: an RRSIG over the bundle's DNSKEY RRset, its record's TTL and the identifier of the key."""

    identifier: str
    ttl: int
    rrsig: Rrsig


class Bundle(msgspec.Struct, frozen=True):
    """One slot: a DNSKEY RRset, its signatures, and from when to when a KSK's signature over it is (to be) valid.

    `signers`: the KSKs that a request asks for by name.
    """

    id: str
    inception: datetime
    expiration: datetime
    keys: tuple[BundleKey, ...]
    signatures: tuple[BundleSignature, ...]
    signers: tuple[str, ...] = ()

    @property
    def dnskeys(self) -> tuple[Dnskey, ...]:
        return tuple(key.dnskey for key in self.keys)

    @property
    def zsks(self) -> tuple[BundleKey, ...]:
        return tuple(key for key in self.keys if not key.dnskey.is_ksk)

    @property
    def ksks(self) -> tuple[BundleKey, ...]:
        return tuple(key for key in self.keys if key.dnskey.is_ksk)


class Request(msgspec.Struct, frozen=True):
    """A KSR. `zsk`: the requester's stated policy."""

    id: str
    serial: int
    domain: str
    zsk: KeyPolicy
    bundles: tuple[Bundle, ...]
    timestamp: datetime | None = None


class Response(msgspec.Struct, frozen=True):
    """An SKR. `ksk`: the signer's policy; `zsk`: the requester's, repeated."""

    id: str
    serial: int
    domain: str
    ksk: KeyPolicy
    zsk: KeyPolicy
    bundles: tuple[Bundle, ...]
    timestamp: datetime | None = None
