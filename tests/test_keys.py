"""Which public keys are accepted, and why the others are not."""

from __future__ import annotations

import functools
import math
from types import SimpleNamespace

import pytest
from cryptography.hazmat import asn1
from cryptography.hazmat.primitives.asymmetric import ec, rsa, x25519

from issuing import key, spki, spki_of, tlv
from quorate import moduli
from quorate.findings import Refusal
from quorate.keys import (
    RSA_ENCRYPTION,
    KeyType,
    RsaKey,
    Spki,
    key_findings,
    key_name,
    spki_digest,
    stand_in_spki,
)
from quorate.moduli import is_prime_power
from quorate.x509.structure import decode, encode

TYPES = list(KeyType)


def rsa_spki(modulus: int, exponent: int = 65537) -> bytes:
    inner = encode(RsaKey(modulus=modulus, exponent=exponent))
    return encode(Spki(algorithm=tlv(RSA_ENCRYPTION), key=asn1.BitString(inner, 0)))


def codes(der: bytes, own: bool = False) -> set[str]:
    return {finding.code for finding in key_findings(der, "the key", own)}


def good_modulus() -> int:
    public = key(KeyType.RSA_2048).public_key()
    assert isinstance(public, rsa.RSAPublicKey)
    return public.public_numbers().n


@functools.cache
def next_prime(number: int) -> int:
    number |= 1
    small = [p for p in range(3, 2000, 2) if all(p % q for q in range(3, math.isqrt(p) + 1, 2))]
    while any(number % p == 0 for p in small) or pow(2, number - 1, number) != 1:
        number += 2
    return number


@pytest.mark.parametrize("key_type", TYPES)
def test_a_fresh_key_of_each_type_is_accepted(key_type: KeyType) -> None:
    assert KeyType.from_spki(spki(key_type)) is key_type
    assert key_findings(spki(key_type), "the key", own=True) == ()


def test_the_digest_names_the_key() -> None:
    assert spki_digest(b"") == "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


@pytest.mark.parametrize("key_type", TYPES)
def test_a_stand_in_has_its_type_and_is_never_accepted(key_type: KeyType) -> None:
    assert KeyType.from_spki(stand_in_spki(key_type)) is key_type
    assert codes(stand_in_spki(key_type)) == {"key.stand_in"}


def test_keys_beyond_our_types_are_known_but_not_ours() -> None:
    foreign = rsa_spki(next_prime(2**1100) * next_prime(2**1203))
    assert key_name(foreign) == "rsa-2304"
    assert codes(foreign) == set()
    with pytest.raises(Refusal, match="rsa-2304 is not a key type") as caught:
        KeyType.from_spki(foreign)
    assert caught.value.code == "key.type_not_ours"


@pytest.mark.parametrize(
    "der",
    [
        b"",
        b"\x30\x00",
        spki_of(x25519.X25519PrivateKey.from_private_bytes(bytes(32)).public_key()),
        spki_of(ec.derive_private_key(1, ec.SECP256K1()).public_key()),
        stand_in_spki(KeyType.P256) + b"\0",
    ],
)
def test_what_is_no_key_of_the_requirements_cannot_be_read(der: bytes) -> None:
    assert codes(der) == {"key.unreadable"}


def test_a_negative_modulus_cannot_be_read() -> None:
    assert codes(rsa_spki(-good_modulus())) == {"key.unreadable"}


def test_exponents() -> None:
    modulus = good_modulus()
    assert codes(rsa_spki(modulus, 4)) == {"key.exponent_invalid"}
    assert codes(rsa_spki(modulus, 1)) == {"key.exponent_invalid"}
    assert codes(rsa_spki(modulus, 3)) == {"key.exponent_range"}
    assert codes(rsa_spki(modulus, 2**256 + 1)) == {"key.exponent_range"}
    assert codes(rsa_spki(modulus, 65539)) == set()
    assert codes(rsa_spki(modulus, 65539), own=True) == {"key.exponent_not_ours"}


def test_modulus_sizes() -> None:
    short, odd_size = next_prime(2**1000) * next_prime(2**900), next_prime(2**1030) * next_prime(2**1060 + 2**500)
    assert codes(rsa_spki(short)) == {"key.modulus_size"}
    assert odd_size.bit_length() % 8
    assert codes(rsa_spki(odd_size)) == {"key.modulus_size"}
    assert codes(rsa_spki(2**16384 - 1)) == {"key.modulus_huge"}


def test_modulus_structure() -> None:
    assert codes(rsa_spki(2**2047 + 2)) >= {"key.modulus_even"}
    rest = next_prime(2**1000) * next_prime(2**1038 + 2**500)
    assert codes(rsa_spki(751 * rest)) == {"key.modulus_small_factor"}
    assert codes(rsa_spki(757 * rest)) == set()


def test_powers_and_primes() -> None:
    prime = next_prime(2**682 + 2**681)
    assert codes(rsa_spki(prime**3)) == {"key.modulus_prime_power"}
    assert codes(rsa_spki(2**2203 - 1)) >= {"key.modulus_prime_power"}


@functools.cache
def of_every_kind() -> dict[int, bool]:
    """Moduli without small factors, and whether each is a prime or a power."""
    primes = [next_prime(2**bits + 2 ** (bits - 3)) for bits in (1023, 1500, 2047, 2200)] + [2**2203 - 1, 2**2281 - 1]
    powers = [next_prime(2**682 + 2**681) ** 3, next_prime(2**600) ** 2]
    products = [good_modulus(), next_prime(2**1020) * next_prime(2**1050), next_prime(2**500) * next_prime(2**700)]
    return dict.fromkeys([*primes, *powers], True) | dict.fromkeys(products, False)


def test_primes_are_known_without_openssl(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(moduli, "sys", SimpleNamespace(modules={}))
    assert {number: is_prime_power(number) for number in of_every_kind()} == of_every_kind()


def test_primes_are_known_by_openssl(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only of what is too long for it, and of none here, is anything else asked."""
    monkeypatch.setattr(moduli, "pow", lambda base, exponent, modulus: pow(base, min(exponent, 2**64), modulus), False)
    assert {number: is_prime_power(number) for number in of_every_kind()} == of_every_kind()


def test_an_openssl_that_refuses_long_exponents_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    """To refuse and to find no prime are the same answer of it."""
    monkeypatch.setattr(moduli, "_passes_in_openssl", lambda modulus: False)
    monkeypatch.setattr(moduli, "_openssl_serves", moduli._openssl_serves.__wrapped__)
    assert {number: is_prime_power(number) for number in of_every_kind()} == of_every_kind()


def test_close_primes() -> None:
    prime = next_prime(2**1023 + 2**1022 + 99)
    assert codes(rsa_spki(prime * next_prime(prime + 2**400))) == {"key.modulus_close_primes"}


def test_the_roca_fingerprint() -> None:
    primorial = math.prod(p for p in range(2, 702) if all(p % q for q in range(2, math.isqrt(p) + 1)))  # 126 primes

    def infineon(start: int, exponent: int) -> int:
        factor = start
        while pow(2, (prime := factor * primorial + pow(65537, exponent, primorial)) - 1, prime) != 1:
            factor += 1
        return prime

    top = (2**1024 - 2**1020) // primorial
    assert codes(rsa_spki(infineon(top, 123456789) * infineon(top - 2**40, 987654321))) == {"key.modulus_roca"}


@pytest.mark.parametrize(("key_type", "octets"), [(KeyType.P256, 32), (KeyType.P384, 48), (KeyType.P521, 66)])
def test_points_that_are_not_on_the_curve(key_type: KeyType, octets: int) -> None:
    der = spki(key_type)
    moved = der[:-1] + bytes([der[-1] ^ 1])
    assert codes(moved) == {"key.point_invalid"}
    beyond = der[: -2 * octets] + b"\xff" * octets + der[-octets:]
    assert codes(beyond) == {"key.point_invalid"}


EDWARDS = pytest.mark.parametrize(
    ("key_type", "p", "octets"), [(KeyType.ED25519, 2**255 - 19, 32), (KeyType.ED448, 2**448 - 2**224 - 1, 57)]
)


@EDWARDS
def test_what_encodes_no_point_of_an_edwards_curve(key_type: KeyType, p: int, octets: int) -> None:
    head = spki(key_type)[:-octets]
    no_root = next(y for y in range(2, 20) if not has_root(y, p, key_type))
    small_order = {0: 1, 1: 1, p - 1: 1}  # order 4, 1, 2
    for y in (no_root, p, p + 1, *small_order):
        assert codes(head + y.to_bytes(octets, "little")) == {"key.point_invalid"}
    negative_zero = (1 + (1 << (8 * octets - 1))).to_bytes(octets, "little")
    assert codes(head + negative_zero) == {"key.point_invalid"}


def has_root(y: int, p: int, key_type: KeyType) -> bool:
    """Whether a point has this y, by Euler's criterion."""
    a, d = (-1, -121665 * pow(121666, -1, p)) if key_type is KeyType.ED25519 else (1, -39081)
    return pow((1 - y * y) * pow(a - d * y * y, -1, p), (p - 1) // 2, p) == 1


@EDWARDS
def test_a_point_beside_the_prime_order_subgroup_is_refused(key_type: KeyType, p: int, octets: int) -> None:
    """The negation of y adds the point of order two, (0, -1)."""
    key = spki(key_type)[-octets:]
    sign, y = key[-1] & 0x80, int.from_bytes(key, "little") % (1 << (8 * octets - 1))
    mixed = bytearray((p - y).to_bytes(octets, "little"))
    mixed[-1] |= sign ^ 0x80
    assert codes(spki(key_type)[:-octets] + bytes(mixed)) == {"key.point_invalid"}


@pytest.mark.parametrize("key_type", [KeyType.ED25519, KeyType.ED448, KeyType.ML_DSA_44, KeyType.ML_DSA_87])
def test_a_key_of_another_length(key_type: KeyType) -> None:
    opened = decode(Spki, spki(key_type))
    for octets in (opened.key.as_bytes()[:-1], opened.key.as_bytes() + b"\0", b""):
        assert codes(encode(Spki(algorithm=opened.algorithm, key=asn1.BitString(octets, 0)))) == {"key.length"}


def test_parameters_beside_an_algorithm_that_has_none() -> None:
    """RFC 8410 3: they MUST be absent."""
    algorithm = tlv(bytes.fromhex("300706032b65700500"))
    opened = decode(Spki, spki(KeyType.ED25519))
    assert codes(encode(Spki(algorithm=algorithm, key=opened.key))) == {"key.unreadable"}


def test_a_compressed_point_is_not_read() -> None:
    algorithm = tlv(bytes.fromhex("301306072a8648ce3d020106082a8648ce3d030107"))
    point = b"\x02" + spki(KeyType.P256)[-64:-32]
    assert codes(encode(Spki(algorithm=algorithm, key=asn1.BitString(point, 0)))) == {"key.point_form"}
