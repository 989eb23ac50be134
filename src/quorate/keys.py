"""Keys as the field names them, and what makes a public key acceptable. Floor 2: no I/O.

`KeyType` is the closed set of keys that quorate generates; the web PKI allows some of them (`WEBPKI_TYPES`). RSA keys
of other sizes may be met in requests and foreign certificates; `key_findings` judges those as well. Everything here
works on public data, so none of the arithmetic has to run in constant time.
"""

from __future__ import annotations

import base64
import enum
import functools
import hashlib
import textwrap
from collections.abc import Iterator

from cryptography.hazmat import asn1
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from quorate.curves import ED448, ED25519, P256, P384, P521
from quorate.findings import Finding, Refusal, found
from quorate.moduli import FERMAT_ROUNDS, has_close_primes, is_prime_power, is_roca, small_factor

OWN_EXPONENT = 65537

RSA_ENCRYPTION = bytes.fromhex("300d06092a864886f70d0101010500")


class KeyType(enum.StrEnum):
    """Type and size of a key. What it signs with is another matter: `algorithms`."""

    RSA_2048 = "rsa-2048"
    RSA_3072 = "rsa-3072"
    RSA_4096 = "rsa-4096"
    P256 = "p-256"
    P384 = "p-384"
    P521 = "p-521"
    ED25519 = "ed25519"
    ED448 = "ed448"
    ML_DSA_44 = "ml-dsa-44"
    ML_DSA_65 = "ml-dsa-65"
    ML_DSA_87 = "ml-dsa-87"

    @property
    def is_rsa(self) -> bool:
        return self.startswith("rsa-")

    @property
    def bits(self) -> int:
        """The size of an RSA modulus; the number in the name of any other key."""
        return int("".join(filter(str.isdecimal, self)))

    @classmethod
    def from_spki(cls, spki: bytes) -> KeyType:
        """The type of the key in `spki` (DER). Raises `key.type_not_ours` for any key outside the set."""
        name = key_name(spki)
        if name not in list(cls):
            raise Refusal("key.type_not_ours", key_type=name)
        return cls(name)


WEBPKI_TYPES = (KeyType.RSA_2048, KeyType.RSA_3072, KeyType.RSA_4096, KeyType.P256, KeyType.P384)
"""What BR 6.1.5 and every root programme allow (MRSP 5.1 leaves out P-521)."""

# AlgorithmIdentifier of a SubjectPublicKeyInfo, byte for byte (BR 7.1.3.1)
_CURVES = {
    bytes.fromhex("301306072a8648ce3d020106082a8648ce3d030107"): P256,
    bytes.fromhex("301006072a8648ce3d020106052b81040022"): P384,
    bytes.fromhex("301006072a8648ce3d020106052b81040023"): P521,
}
# the same without parameters (RFC 8410 3, RFC 9881 2)
_EDWARDS = {bytes.fromhex("300506032b6570"): ED25519, bytes.fromhex("300506032b6571"): ED448}
_ML_DSA = {
    bytes.fromhex(f"300b06096086480165030403{number}"): (name, octets)
    for number, name, octets in (("11", "ml-dsa-44", 1312), ("12", "ml-dsa-65", 1952), ("13", "ml-dsa-87", 2592))
}
"""Name and length of the public key in octets: FIPS 204, table 2."""


@asn1.sequence
class Spki:
    """SubjectPublicKeyInfo, RFC 5280 4.1."""

    algorithm: asn1.TLV
    key: asn1.BitString


@asn1.sequence
class RsaKey:
    """RSAPublicKey, RFC 8017 A.1.1."""

    modulus: int
    exponent: int


def spki_digest(spki: bytes) -> str:
    """`sha256:…` over the DER of the SubjectPublicKeyInfo: the key's name in scripts, statements and the register."""
    return f"sha256:{hashlib.sha256(spki).hexdigest()}"


def spki_pem(spki: bytes) -> bytes:
    """A SubjectPublicKeyInfo (DER) as RFC 7468 text."""
    lines = textwrap.wrap(base64.b64encode(spki).decode(), 64)
    return "\n".join(["-----BEGIN PUBLIC KEY-----", *lines, "-----END PUBLIC KEY-----", ""]).encode()


def key_name(spki: bytes) -> str:
    """`rsa-3072`, `p-521`, `ed25519`, … of any key of our kinds. Raises `key.unreadable` for all others."""
    algorithm, key = _opened(spki)
    if algorithm in _CURVES:
        return _CURVES[algorithm].name
    if algorithm in _EDWARDS:
        return _EDWARDS[algorithm].name
    if algorithm in _ML_DSA:
        return _ML_DSA[algorithm][0]
    if algorithm == RSA_ENCRYPTION:
        return f"rsa-{_rsa(key).modulus.bit_length()}"
    raise Refusal("key.unreadable", detail=f"its algorithm identifier is {algorithm.hex()}")


@functools.cache
def stand_in_spki(key_type: KeyType) -> bytes:
    """A well-known public key (DER) to hold the place of one that does not exist yet; `key_findings` refuses it.

    Curves: the generator, private number 1. RSA: the modulus 2^size − 1, divisible by 3. ML-DSA: zero octets, for which
    any short vector is a signature.
    """
    if key_type.is_rsa:
        public: rsa.RSAPublicKey | ec.EllipticCurvePublicKey
        public = rsa.RSAPublicNumbers(OWN_EXPONENT, 2**key_type.bits - 1).public_key()
    elif curve := next((one for one in _CURVES.values() if one.name == key_type), None):
        public = ec.derive_private_key(1, curve.kind()).public_key()
    else:
        return _bare_stand_in(key_type)
    return public.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)


def _bare_stand_in(key_type: KeyType) -> bytes:
    """The stand-in of a kind whose public key is octets without a structure of their own."""
    bare = {curve.name: (algorithm, curve.base) for algorithm, curve in _EDWARDS.items()}
    bare |= {name: (algorithm, bytes(octets)) for algorithm, (name, octets) in _ML_DSA.items()}
    algorithm, key = bare[key_type]
    return bytes(asn1.encode_der(Spki(algorithm=asn1.decode_der(asn1.TLV, algorithm), key=asn1.BitString(key, 0))))


def key_findings(spki: bytes, where: str, own: bool) -> tuple[Finding, ...]:
    """What is wrong with a public key (BR 6.1.5, 6.1.6, 6.1.1.3). `own`: generated here, so exactly as we generate.

    Whether its kind is allowed at all is a matter of rule sets. An ML-DSA key of the right length is always one.

    Debian's weak keys are not looked up: the lists do not reach the sizes in use, and no system of that age signs here.
    """
    try:
        algorithm, key = _opened(spki)
        key_name(spki)
        rsa_key = _rsa(key) if algorithm == RSA_ENCRYPTION else None
    except Refusal as refusal:
        return (Finding(refusal.code, where, refusal.findings[0].facts),)
    if any(spki == stand_in_spki(key_type) for key_type in KeyType):
        return (found("key.stand_in", where),)
    if rsa_key is None:
        findings = _octet_findings(algorithm, key)
    else:
        findings = (*_exponent_findings(rsa_key.exponent, own), *_modulus_findings(rsa_key.modulus))
    return tuple(one._replace(where=where) for one in findings)


def _opened(spki: bytes) -> tuple[bytes, bytes]:
    """Algorithm identifier (DER) and key octets; only the one DER encoding is read."""
    try:
        opened = asn1.decode_der(Spki, spki)
        if asn1.encode_der(opened) == spki and opened.key.padding_bits() == 0:
            return bytes(asn1.encode_der(opened.algorithm)), opened.key.as_bytes()
    except ValueError as error:
        raise Refusal("key.unreadable", detail=_line(error)) from None
    raise Refusal("key.unreadable", detail="it is not in DER")


def _rsa(key: bytes) -> RsaKey:
    try:
        opened = asn1.decode_der(RsaKey, key)
    except ValueError as error:
        raise Refusal("key.unreadable", detail=_line(error)) from None
    if opened.modulus <= 0 or opened.exponent <= 0 or asn1.encode_der(opened) != key:
        raise Refusal("key.unreadable", detail="modulus and exponent are not positive numbers in DER")
    return opened


def _line(error: Exception) -> str:
    return " ".join(str(error).split())


def _exponent_findings(exponent: int, own: bool) -> Iterator[Finding]:
    if exponent < 3 or exponent % 2 == 0:
        yield found("key.exponent_invalid", exponent=exponent)
    elif own and exponent != OWN_EXPONENT:
        yield found("key.exponent_not_ours", exponent=exponent)
    elif not 2**16 + 1 <= exponent <= 2**256 - 1:
        yield found("key.exponent_range", exponent=exponent)


@functools.lru_cache(maxsize=64)  # a modulus of 4096 bits takes half a second, and drafts are linted again and again
def _modulus_findings(modulus: int) -> tuple[Finding, ...]:
    return tuple(_modulus_problems(modulus))


def _modulus_problems(modulus: int) -> Iterator[Finding]:
    size = modulus.bit_length()
    if size < 2048 or size % 8:
        yield found("key.modulus_size", bits=size)
    if size > 8192:  # the tests below would take minutes, and no relying party's software accepts such a key
        yield found("key.modulus_huge", bits=size)
        return
    if modulus % 2 == 0:
        yield found("key.modulus_even")
    if factor := small_factor(modulus):
        yield found("key.modulus_small_factor", factor=factor)
    elif modulus % 2 and is_prime_power(modulus):
        yield found("key.modulus_prime_power")
    if has_close_primes(modulus):
        yield found("key.modulus_close_primes", rounds=FERMAT_ROUNDS)
    if is_roca(modulus):
        yield found("key.modulus_roca")


@functools.lru_cache(maxsize=64)
def _octet_findings(algorithm: bytes, key: bytes) -> tuple[Finding, ...]:
    if curve := _CURVES.get(algorithm):
        if not curve.is_uncompressed(key):
            return (found("key.point_form", curve=curve.name),)
        return () if curve.is_valid(key) else (found("key.point_invalid", curve=curve.name),)
    edwards = _EDWARDS.get(algorithm)
    name, octets = (edwards.name, edwards.octets) if edwards else _ML_DSA[algorithm]
    if len(key) != octets:
        return (found("key.length", key_type=name, length=len(key), expected=octets),)
    return (found("key.point_invalid", curve=name),) if edwards and not edwards.is_valid(key) else ()
