"""DNSKEY records: key tags, DS digests, and the public keys of every algorithm that signs here (RFC 4034 2, 5)."""

from __future__ import annotations

import enum
import functools
import hashlib
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from quorate.dnssec.name import wire_name
from quorate.findings import Refusal

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes

TYPE_DNSKEY, CLASS_IN, PROTOCOL = 48, 1, 3
ZONE, REVOKE, SEP = 0x0100, 0x0080, 0x0001
ZSK_FLAGS, KSK_FLAGS, REVOKED_FLAGS = ZONE, ZONE | SEP, ZONE | SEP | REVOKE


class Algorithm(enum.IntEnum):
    """The signature algorithms that keys here may have, by their DNSSEC numbers and mnemonics (IANA registry)."""

    RSASHA256 = 8  # RFC 5702
    RSASHA512 = 10
    ECDSAP256SHA256 = 13  # RFC 6605
    ECDSAP384SHA384 = 14
    ED25519 = 15  # RFC 8080
    ED448 = 16

    @property
    def is_rsa(self) -> bool:
        return self in (Algorithm.RSASHA256, Algorithm.RSASHA512)

    @property
    def hash_name(self) -> str:
        """The hash of the signed data by `hashlib`'s name; empty for EdDSA, which hashes by itself."""
        return _HASHES.get(self, "")

    @property
    def key_octets(self) -> int:
        """Octets of a public key; 0 for RSA, where the key's size decides."""
        return _KEY_OCTETS.get(self, 0)

    @property
    def key_bits(self) -> int:
        """The size by which a policy names the algorithm's keys (curve); 0 for RSA."""
        return _KEY_BITS.get(self, 0)


_HASHES = {
    Algorithm.RSASHA256: "sha256",
    Algorithm.RSASHA512: "sha512",
    Algorithm.ECDSAP256SHA256: "sha256",
    Algorithm.ECDSAP384SHA384: "sha384",
}
_KEY_OCTETS = {
    Algorithm.ECDSAP256SHA256: 64,
    Algorithm.ECDSAP384SHA384: 96,
    Algorithm.ED25519: 32,
    Algorithm.ED448: 57,
}
_KEY_BITS = {
    Algorithm.ECDSAP256SHA256: 256,
    Algorithm.ECDSAP384SHA384: 384,
    Algorithm.ED25519: 256,
    Algorithm.ED448: 456,
}


class DigestType(enum.IntEnum):
    """Digests of a DS record (RFC 4509, RFC 6605). SHA-1 is not among them (RFC 8624 3.3)."""

    SHA256 = 2
    SHA384 = 4


class Ds(msgspec.Struct, frozen=True):
    """A DS record's data without its owner."""

    key_tag: int
    algorithm: int
    digest_type: DigestType
    digest: bytes


class Dnskey(msgspec.Struct, frozen=True):
    """The data of a DNSKEY record as it stands: `algorithm` may be one that nobody here signs with."""

    flags: int
    protocol: int
    algorithm: int
    public_key: bytes

    @property
    def rdata(self) -> bytes:
        """RFC 4034 2.1."""
        return self.flags.to_bytes(2, "big") + bytes([self.protocol, self.algorithm]) + self.public_key

    @property
    def key_tag(self) -> int:
        """RFC 4034 appendix B, for every algorithm but 1."""
        return _tag(self)

    @property
    def is_ksk(self) -> bool:
        """Whether the SEP bit is set."""
        return bool(self.flags & SEP)

    @property
    def is_revoked(self) -> bool:
        """RFC 5011 2.1."""
        return bool(self.flags & REVOKE)

    @property
    def revoked(self) -> Dnskey:
        """The same key with the REVOKE bit, and so with another tag (RFC 5011 7)."""
        return msgspec.structs.replace(self, flags=self.flags | REVOKE)

    @property
    def unrevoked(self) -> Dnskey:
        """The same key without the REVOKE bit: how a trust anchor knows it."""
        return msgspec.structs.replace(self, flags=self.flags & ~REVOKE)

    def same_key(self, other: Dnskey) -> bool:
        """Whether both are one key pair, revoked or not."""
        return (self.algorithm, self.public_key) == (other.algorithm, other.public_key)

    def ds(self, zone: str, digest_type: DigestType = DigestType.SHA256) -> Ds:
        """The DS record of this key in `zone` (RFC 4034 5.1.4)."""
        hash_name = "sha256" if digest_type is DigestType.SHA256 else "sha384"
        digest = hashlib.new(hash_name, wire_name(zone) + self.rdata).digest()
        return Ds(self.key_tag, self.algorithm, digest_type, digest)


@functools.lru_cache(maxsize=1024)  # the same few keys stand in every bundle, and are asked for their tags all the time
def _tag(key: Dnskey) -> int:
    rdata = key.rdata
    total = sum(rdata[1::2]) + (sum(rdata[::2]) << 8)
    return (total + (total >> 16)) & 0xFFFF


class RsaNumbers(NamedTuple):
    """An RSA public key. `canonical`: no leading zero octets, and the shortest form of the exponent's length."""

    exponent: int
    modulus: int
    canonical: bool


def rsa_numbers(public_key: bytes) -> RsaNumbers:
    """Exponent and modulus of an RSA key's octets (RFC 3110 2). Raises `dnssec.key_unreadable`."""
    size, start = public_key[:1], 1
    if size == b"\0":
        size, start = public_key[1:3], 3
    octets = int.from_bytes(size, "big")
    exponent, modulus = public_key[start : start + octets], public_key[start + octets :]
    if len(size) != (1 if start == 1 else 2) or not octets or len(exponent) != octets or not modulus:
        raise Refusal("dnssec.key_unreadable", detail="its octets are no exponent and modulus by RFC 3110")
    canonical = exponent[0] != 0 and modulus[0] != 0 and (start == 1) == (octets < 256)
    return RsaNumbers(int.from_bytes(exponent, "big"), int.from_bytes(modulus, "big"), canonical)


def rsa_octets(exponent: int, modulus: int) -> bytes:
    """The octets of an RSA key (RFC 3110 2)."""
    data = exponent.to_bytes((exponent.bit_length() + 7) // 8, "big")
    size = bytes([len(data)]) if len(data) < 256 else b"\0" + len(data).to_bytes(2, "big")
    return size + data + modulus.to_bytes((modulus.bit_length() + 7) // 8, "big")


def key_algorithm(key: Dnskey) -> Algorithm:
    """The algorithm, if it is one of ours and the key has its length; `dnssec.key_unreadable` otherwise."""
    try:
        algorithm = Algorithm(key.algorithm)
    except ValueError:
        raise Refusal("dnssec.key_unreadable", detail=f"algorithm {key.algorithm} is not one of ours") from None
    if algorithm.key_octets not in (0, len(key.public_key)):
        detail = f"it has {len(key.public_key)} octets, {algorithm.name} has {algorithm.key_octets}"
        raise Refusal("dnssec.key_unreadable", detail=detail)
    return algorithm


def load_public(key: Dnskey) -> PublicKeyTypes:
    """The public key as `cryptography` holds it. Raises `dnssec.key_unreadable`, also for a point not on its curve."""
    from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa

    algorithm, octets = key_algorithm(key), key.public_key
    try:
        match algorithm:
            case Algorithm.RSASHA256 | Algorithm.RSASHA512:
                numbers = rsa_numbers(octets)
                return rsa.RSAPublicNumbers(numbers.exponent, numbers.modulus).public_key()
            case Algorithm.ECDSAP256SHA256:
                return ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), b"\4" + octets)
            case Algorithm.ECDSAP384SHA384:
                return ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP384R1(), b"\4" + octets)
            case Algorithm.ED25519:
                return ed25519.Ed25519PublicKey.from_public_bytes(octets)
            case Algorithm.ED448:
                return ed448.Ed448PublicKey.from_public_bytes(octets)
    except ValueError:
        detail = "its numbers are no RSA key" if algorithm.is_rsa else f"it is no point of {algorithm.name}'s curve"
        raise Refusal("dnssec.key_unreadable", detail=detail) from None


def spki_of(key: Dnskey) -> bytes:
    """The SubjectPublicKeyInfo (DER) of a DNSKEY. Raises `dnssec.key_unreadable`."""
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    return load_public(key).public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


EDWARDS = (Algorithm.ED25519, Algorithm.ED448)


def is_edwards_point(key: Dnskey) -> bool:
    """Whether an Edwards key is a point of the subgroup of prime order: one of small order verifies anything."""
    from quorate.curves import ED448, ED25519

    return (ED25519 if key_algorithm(key) is Algorithm.ED25519 else ED448).is_valid(key.public_key)


@functools.lru_cache(maxsize=4096)  # a register of many zones asks of each key whether it is any of them
def dnskey_of(spki: bytes, algorithm: Algorithm, flags: int = KSK_FLAGS) -> Dnskey:
    """The DNSKEY of a SubjectPublicKeyInfo (DER). Raises `dnssec.key_unreadable` if it is no key of the algorithm."""
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_der_public_key

    try:
        public = load_der_public_key(spki)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise Refusal("dnssec.key_unreadable", detail="it is no SubjectPublicKeyInfo of a key in use") from None
    if isinstance(public, rsa.RSAPublicKey) and algorithm.is_rsa:
        numbers = public.public_numbers()
        octets = rsa_octets(numbers.e, numbers.n)
    elif isinstance(public, ec.EllipticCurvePublicKey) and algorithm.name.startswith("ECDSA"):
        octets = public.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)[1:]
        if public.curve.name != f"secp{algorithm.key_bits}r1":
            raise Refusal("dnssec.key_unreadable", detail=f"{public.curve.name} is not the curve of {algorithm.name}")
    elif (isinstance(public, ed25519.Ed25519PublicKey) and algorithm is Algorithm.ED25519) or (
        isinstance(public, ed448.Ed448PublicKey) and algorithm is Algorithm.ED448
    ):
        octets = public.public_bytes_raw()
    else:
        raise Refusal("dnssec.key_unreadable", detail=f"it is no key of {algorithm.name}")
    return Dnskey(flags, PROTOCOL, algorithm, octets)


MOST_CARRIED = 260
"""How often the sum of a key's 16-bit words overflows at most: RSA-4096 has so many words."""


def revoked_tags(tag: int) -> tuple[int, ...]:
    """The tags that a key of this tag may have with the REVOKE bit, for whoever does not have the key.

    Bit 7 of the flags adds 128 to the sum that the tag is made of, and one more if the sum's low half overflows by it
    (RFC 4034 appendix B). Near the ends the tag alone does not tell which.
    """
    plain = (tag + REVOKE) % 65536
    return (plain, (plain + 1) % 65536) if tag >= 65536 - REVOKE or tag < MOST_CARRIED else (plain,)
