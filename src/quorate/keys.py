"""Keys as the field names them, and what makes a public key acceptable. Floor 2: no I/O.

`KeyType` is the closed set of keys that quorate generates and signs with; BR 6.1.5 allows a web PKI root no others.
Keys of other sizes may be met in requests and foreign certificates; `key_findings` judges those as well. Everything
here works on public data, so none of the arithmetic has to run in constant time.
"""

from __future__ import annotations

import base64
import enum
import functools
import hashlib
import itertools
import textwrap
from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

from cryptography.hazmat import asn1
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from quorate.findings import Finding, Refusal, found
from quorate.moduli import FERMAT_ROUNDS, has_close_primes, is_prime_power, is_roca, small_factor

OWN_EXPONENT = 65537

RSA_ENCRYPTION = bytes.fromhex("300d06092a864886f70d0101010500")


class KeyType(enum.StrEnum):
    """Type and size of a key. What it signs with is another matter: `algorithms`."""

    RSA_2048 = "rsa-2048"
    RSA_4096 = "rsa-4096"
    P256 = "p-256"
    P384 = "p-384"

    @property
    def is_rsa(self) -> bool:
        return self in (KeyType.RSA_2048, KeyType.RSA_4096)

    @classmethod
    def from_spki(cls, spki: bytes) -> KeyType:
        """The type of the key in `spki` (DER). Raises `key.type_not_ours` for any key outside the set."""
        name = key_name(spki)
        if name not in list(cls):
            raise Refusal("key.type_not_ours", key_type=name)
        return cls(name)


class Curve(NamedTuple):
    """A NIST prime curve y² = x³ − 3x + b over GF(p) with order n and cofactor 1 (SP 800-186 3.2.1)."""

    name: str
    p: int
    b: int
    n: int
    kind: type[ec.EllipticCurve]

    @property
    def octets(self) -> int:
        return (self.p.bit_length() + 7) // 8


P256 = Curve(
    "p-256",
    2**256 - 2**224 + 2**192 + 2**96 - 1,
    0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B,
    0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551,
    ec.SECP256R1,
)
P384 = Curve(
    "p-384",
    2**384 - 2**128 - 2**96 + 2**32 - 1,
    0xB3312FA7E23EE7E4988E056BE3F82D19181D9C6EFE8141120314088F5013875AC656398D8A2ED19D2A85C8EDD3EC2AEF,
    0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFC7634D81F4372DDF581A0DB248B0A77AECEC196ACCC52973,
    ec.SECP384R1,
)
P521 = Curve(
    "p-521",
    2**521 - 1,
    0x0051953EB9618E1C9A1F929A21A0B68540EEA2DA725B99B315F3B8B489918EF109E156193951EC7E937B1652C0BD3BB1BF073573DF883D2C34F1EF451FD46B503F00,
    0x01FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFA51868783BF2F966B7FCC0148F709A5D03BB5C9B8899C47AEBB6FB71E91386409,
    ec.SECP521R1,
)

# AlgorithmIdentifier of a SubjectPublicKeyInfo, byte for byte (BR 7.1.3.1)
_CURVES = {
    bytes.fromhex("301306072a8648ce3d020106082a8648ce3d030107"): P256,
    bytes.fromhex("301006072a8648ce3d020106052b81040022"): P384,
    bytes.fromhex("301006072a8648ce3d020106052b81040023"): P521,
}


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
    """`rsa-3072`, `p-521`, … of any key that BR 6.1.5 knows. Raises `key.unreadable` for all others (BR 7.1.3.1)."""
    algorithm, key = _opened(spki)
    if algorithm in _CURVES:
        return _CURVES[algorithm].name
    if algorithm == RSA_ENCRYPTION:
        return f"rsa-{_rsa(key).modulus.bit_length()}"
    raise Refusal("key.unreadable", detail=f"its algorithm identifier is {algorithm.hex()}")


@functools.cache
def stand_in_spki(key_type: KeyType) -> bytes:
    """A well-known public key (DER) to hold the place of one that does not exist yet; `key_findings` refuses it.

    EC: the generator point, private key 1. RSA: the modulus 2^size − 1, divisible by 3.
    """
    public: ec.EllipticCurvePublicKey | rsa.RSAPublicKey
    if key_type.is_rsa:
        size = 2048 if key_type is KeyType.RSA_2048 else 4096
        public = rsa.RSAPublicNumbers(OWN_EXPONENT, 2**size - 1).public_key()
    else:
        public = ec.derive_private_key(1, ec.SECP256R1() if key_type is KeyType.P256 else ec.SECP384R1()).public_key()
    return public.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)


def key_findings(spki: bytes, where: str, own: bool) -> tuple[Finding, ...]:
    """What is wrong with a public key (BR 6.1.5, 6.1.6, 6.1.1.3). `own`: generated here, so exactly as we generate.

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
        findings = _point_findings(_CURVES[algorithm], key)
    else:
        findings = (*_exponent_findings(rsa_key.exponent, own), *_modulus_findings(rsa_key.modulus))
    return tuple(replace(one, where=where) for one in findings)


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
def _point_findings(curve: Curve, point: bytes) -> tuple[Finding, ...]:
    """Full public key validation, SP 800-56A 5.6.2.3.2. Only the uncompressed form is read (RFC 5480 2.2)."""
    if len(point) != 1 + 2 * curve.octets or point[0] != 4:
        return (found("key.point_form", curve=curve.name),)
    x, y = int.from_bytes(point[1 : 1 + curve.octets], "big"), int.from_bytes(point[1 + curve.octets :], "big")
    on_curve = x < curve.p and y < curve.p and (y * y - (x * x * x - 3 * x + curve.b)) % curve.p == 0
    if not on_curve or _times(curve, curve.n, (x, y)) is not None:
        return (found("key.point_invalid", curve=curve.name),)
    return ()


Affine = tuple[int, int] | None  # None: the point at infinity


def _times(curve: Curve, factor: int, point: Affine) -> Affine:
    total: Affine = None
    for bit in itertools.islice(bin(factor), 2, None):
        total = _sum(curve, total, total)
        if bit == "1":
            total = _sum(curve, total, point)
    return total


def _sum(curve: Curve, left: Affine, right: Affine) -> Affine:
    if left is None or right is None:
        return right if left is None else left
    if left[0] == right[0]:
        if (left[1] + right[1]) % curve.p == 0:
            return None
        slope = 3 * (left[0] * left[0] - 1) * pow(2 * left[1], -1, curve.p)
    else:
        slope = (right[1] - left[1]) * pow(right[0] - left[0], -1, curve.p)
    x = (slope * slope - left[0] - right[0]) % curve.p
    return x, (slope * (left[0] - x) - left[1]) % curve.p
