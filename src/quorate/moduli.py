"""What makes an RSA modulus weak, by arithmetic on public numbers alone. Floor 2.

Apart from `keys`, so that DNSKEYs are judged without loading `cryptography`.
"""

from __future__ import annotations

import functools
import hashlib
import itertools
import math
import sys
from collections.abc import Iterator

FERMAT_ROUNDS = 110  # BR 6.1.1.3 asks for 100
SMALLEST_FACTOR = 752  # SP 800-89 5.3.3
_DIGEST_INFO = bytes.fromhex("3031300d060960864801650304020105000420")  # SHA-256, RFC 8017 9.2 note 1
ROCA_LARGEST_PRIME = 167  # the primes up to here divide the primorial of every affected key size


def small_factor(modulus: int) -> int:
    """The smallest odd prime factor below 752; 0 if there is none."""
    return next((prime for prime in _primes(SMALLEST_FACTOR) if prime > 2 and modulus % prime == 0), 0)


@functools.cache
def _primes(limit: int) -> tuple[int, ...]:
    return tuple(number for number in range(2, limit) if all(number % low for low in range(2, math.isqrt(number) + 1)))


def is_prime_power(modulus: int) -> bool:
    """Whether the modulus is a probable prime or any perfect power. It has no factor below 752 here.

    So the exponent of a power is at most its bit length over log2(752), and prime exponents suffice.
    """
    if _passes_fermat(modulus):
        return True
    most = int(modulus.bit_length() / math.log2(SMALLEST_FACTOR)) + 2
    return any(_is_power(modulus, exponent) for exponent in _primes(most))


def _passes_fermat(modulus: int) -> bool:
    """Fermat's test to one base: every prime passes it."""
    if "cryptography" in sys.modules and 1024 <= modulus.bit_length() <= _MERSENNE.bit_length() and _openssl_serves():
        passed = _passes_in_openssl(modulus)
        if passed is not None:
            return passed
    return pow(2, modulus - 1, modulus) == 1


_MERSENNE = 2**2281 - 1  # a prime


@functools.cache
def _openssl_serves() -> bool:
    """Whether OpenSSL takes exponents as long as these; one that does not would say of every number that it fails."""
    return _passes_in_openssl(_MERSENNE) is True


def _passes_in_openssl(modulus: int) -> bool | None:
    """Fermat's test by OpenSSL's exponentiation, ten times as fast as ours; None if it cannot be asked.

    To verify a signature s with the exponent n - 2 is to ask whether s^(n-2) is the encoded message m (RFC 8017 8.2.2).
    For s = 1/m it is exactly if m^(n-1) = 1.
    """
    from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import padding, rsa

    octets = (modulus.bit_length() + 7) // 8
    digest = _DIGEST_INFO + hashlib.sha256(b"").digest()
    message = b"\0\1" + b"\xff" * (octets - len(digest) - 3) + b"\0" + digest
    try:
        signature = pow(int.from_bytes(message, "big"), -1, modulus).to_bytes(octets, "big")
        key = rsa.RSAPublicNumbers(modulus - 2, modulus).public_key()
        key.verify(signature, b"", padding.PKCS1v15(), hashes.SHA256())
    except InvalidSignature:
        return False
    except (UnsupportedAlgorithm, ValueError):
        return None
    return True


def _is_power(number: int, exponent: int) -> bool:
    """Whether the number is a power of that prime exponent. It then is one modulo every prime, quick to ask."""
    for prime in itertools.islice(_primes_above(exponent), 3):
        if pow(number % prime, (prime - 1) // exponent, prime) > 1:
            return False
    return bool(_root(number, exponent) ** exponent == number)


def _primes_above(exponent: int) -> Iterator[int]:
    """Odd primes 1 modulo a prime exponent, of which only every such one has residues that are no powers."""
    for number in itertools.count(2 * exponent + 1, 2 * exponent):
        if all(number % low for low in range(3, math.isqrt(number) + 1, 2)):
            yield number


def _root(number: int, exponent: int) -> int:
    """The integer root, rounded down: Newton from just above, since from far above he takes a step of 1/exponent."""
    if exponent == 2:
        return math.isqrt(number)
    shift = max(number.bit_length() - 64, 0)
    whole, part = divmod((math.log2(number >> shift) + shift) / exponent, 1)
    guess = ((int(2 ** (part + 52) * (1 + 2**-30)) + 1 << int(whole)) >> 52) + 1
    while True:
        better = ((exponent - 1) * guess + number // guess ** (exponent - 1)) // exponent
        if better >= guess:
            return guess
        guess = better


def has_close_primes(modulus: int) -> bool:
    """Fermat's factorisation, a bounded number of rounds (BR 6.1.1.3 (5))."""
    middle = math.isqrt(modulus - 1) + 1
    for candidate in range(middle, middle + FERMAT_ROUNDS):
        rest = candidate * candidate - modulus
        if math.isqrt(rest) ** 2 == rest:
            return True
    return False


def is_roca(modulus: int) -> bool:
    """CVE-2017-15361: both primes are k·M + (65537^a mod M), so the modulus is a power of 65537 modulo each p | M."""
    return all(modulus % prime in _powers(prime) for prime in _primes(ROCA_LARGEST_PRIME + 1))


@functools.cache
def _powers(prime: int) -> frozenset[int]:
    return frozenset(pow(65537, exponent, prime) for exponent in range(prime - 1))
