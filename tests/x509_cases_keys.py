"""Bad public keys and bad signature algorithms."""

from __future__ import annotations

from dataclasses import replace

from cryptography.hazmat import asn1
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed25519

from issuing import changed, tlv
from quorate.keys import KeyType, stand_in_spki
from quorate.x509.fields import subject_ski
from quorate.x509.profile import load_profile
from rsa_keys import fixed_rsa_key
from x509_cases_fields import ROOT
from x509_world import Case, altered, crl, draft, issuer, public, root, spki_of, sub

RSA = bytes.fromhex("300d06092a864886f70d0101010500")
P256 = bytes.fromhex("301306072a8648ce3d020106082a8648ce3d030107")
PRIME = 2**2048 - 1942289
"""The largest prime of 2048 bits."""


def integer(number: int) -> bytes:
    """DER of an INTEGER."""
    octets = number.to_bytes(number.bit_length() // 8 + 1, "big", signed=True)
    return wrapped(0x02, octets)


def wrapped(tag: int, inside: bytes) -> bytes:
    size = len(inside)
    if size < 0x80:
        return bytes([tag, size]) + inside
    octets = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(octets)]) + octets + inside


def spki(algorithm: bytes, key: bytes, spare: int = 0) -> bytes:
    return wrapped(0x30, algorithm + wrapped(0x03, bytes([spare]) + key))


def rsa_spki(modulus: int, exponent: int = 65537, algorithm: bytes = RSA) -> bytes:
    return spki(algorithm, wrapped(0x30, integer(modulus) + integer(exponent)))


def with_key(key: bytes) -> bytes:
    """A subordinate of that key. The identifier is one that nobody else has."""
    return changed(draft(sub(ski=b"\x51" * 20)), spki=tlv(key))


def product(bits: int, *factors: int) -> int:
    """An odd number of so many bits with these factors and no other small ones that the tests would name first."""
    whole = 1
    for factor in factors:
        whole *= factor
    rest = (1 << (bits - 1)) // whole | 1
    while (rest * whole).bit_length() < bits or any(rest % small == 0 for small in SMALL):
        rest += 2
    return rest * whole


SMALL = [number for number in range(2, 752) if all(number % low for low in range(2, int(number**0.5) + 1))]


def roca() -> int:
    """A modulus that is a power of 65537 modulo each of the first primes (CVE-2017-15361)."""
    primorial = 1
    for prime in (prime for prime in SMALL if prime <= 167):
        primorial *= prime
    modulus = pow(65537, 12345, primorial)
    step = primorial
    modulus += (((1 << 2047) - modulus) // step + 1) * step
    while modulus % 2 == 0 or any(modulus % prime == 0 for prime in SMALL):
        modulus += step
    return modulus


def close() -> int:
    """The product of two neighbours: numbers that differ by two."""
    middle = 2**1024 - 2**1000 + 6
    while any((middle - 1) % small == 0 or (middle + 1) % small == 0 for small in SMALL):
        middle += 2
    return (middle - 1) * (middle + 1)


def keys() -> list[Case]:
    good = fixed_rsa_key(2048, 0).public_key().public_numbers().n
    unreadable = "key.unreadable"
    x, y = _point()
    bad = [
        ("rsa-1024", "an RSA key of 1024 bits", "key.modulus_size", rsa_spki(product(1024, 1009))),
        ("rsa-2047", "a modulus of 2047 bits", "key.modulus_size", rsa_spki(product(2047, 1009))),
        ("rsa-2049", "a modulus of 2049 bits, no multiple of 8", "key.modulus_size", rsa_spki(product(2049, 1009))),
        ("rsa-even", "an even modulus", "key.modulus_even", rsa_spki(2 * product(2047, 1009))),
        ("rsa-small-factor", "a modulus with the factor 751", "key.modulus_small_factor", rsa_spki(product(2048, 751))),
        ("rsa-prime", "a modulus that is a prime", "key.modulus_prime_power", rsa_spki(PRIME)),
        ("rsa-cube", "a modulus that is the third power of a number", "key.modulus_prime_power", rsa_spki(_cube())),
        ("rsa-close-primes", "factors side by side", "key.modulus_close_primes", rsa_spki(close())),
        ("rsa-roca", "a modulus of the kind that Infineon's library made", "key.modulus_roca", rsa_spki(roca())),
        ("rsa-exponent-1", "the exponent 1", "key.exponent_invalid", rsa_spki(good, 1)),
        ("rsa-exponent-even", "an even exponent", "key.exponent_invalid", rsa_spki(good, 65536)),
        ("rsa-exponent-3", "the exponent 3", "key.exponent_range", rsa_spki(good, 3)),
        ("rsa-exponent-huge", "an exponent of more than 256 bits", "key.exponent_range", rsa_spki(good, 2**256 + 1)),
        ("rsa-without-null", "rsaEncryption without its NULL", unreadable,
         rsa_spki(good, algorithm=bytes.fromhex("300b06092a864886f70d010101"))),
        ("rsa-pss-key", "a key that says it is for RSASSA-PSS", unreadable,
         rsa_spki(good, algorithm=bytes.fromhex("300b06092a864886f70d01010a"))),
        ("rsa-negative", "a negative modulus", unreadable, rsa_spki(-good)),
        ("rsa-not-minimal", "a modulus with a superfluous zero octet", unreadable,
         spki(RSA, wrapped(0x30, wrapped(0x02, b"\0\0" + good.to_bytes(256, "big")) + integer(65537)))),
        ("ec-not-on-the-curve", "a point that is not on P-256", "key.point_invalid",
         spki(P256, b"\x04" + x + _plus_one(y))),
        ("ec-compressed", "a compressed point", "key.point_form", spki(P256, b"\x02" + x)),
        ("ec-hybrid", "a point in hybrid form", "key.point_form", spki(P256, b"\x06" + x + y)),
        ("ec-infinity", "the point at infinity", "key.point_form", spki(P256, b"\0")),
        ("ec-coordinate-too-large", "a coordinate beyond the field", "key.point_invalid",
         spki(P256, b"\x04" + b"\xff" * 32 + y)),
        ("ec-p224", "a key on P-224", unreadable, _on(ec.SECP224R1())),
        ("ec-secp256k1", "a key on secp256k1", unreadable, _on(ec.SECP256K1())),
        ("ec-brainpool", "a key on brainpoolP256r1", unreadable, _on(ec.BrainpoolP256R1())),
        ("ec-implicit-curve", "EC parameters that name no curve", unreadable,
         spki(bytes.fromhex("300b06072a8648ce3d02010500"), b"\x04" + x + y)),
        ("ec-spare-bits", "a public key with unused bits", unreadable, spki(P256, b"\x04" + x + y, 1)),
        ("dsa", "a DSA key", unreadable, spki_of(_dsa())),
        ("stand-in", "a stand-in, whose private key everyone knows", "key.stand_in", stand_in_spki(KeyType.P256)),
    ]  # fmt: skip
    committed = {"key_types": ("p-256", "p-384", "p-521", "ed25519", "rsa-2048", "rsa-4096")}
    edwards = spki_of(ed25519.Ed25519PrivateKey.from_private_bytes(bytes(range(32))).public_key())
    return [
        *(Case(f"key-{what}", about, code, with_key(key), also=_beside(what, code)) for what, about, code, key in bad),
        Case("key-ed25519", "an Ed25519 key, which the web PKI does not take", "cert.key_kind", with_key(edwards),
             commitments=committed),
        Case("root-key-exponent-3", "a root's own key with another exponent than 65537", "key.exponent_not_ours",
             changed(draft(root()), spki=tlv(rsa_spki(fixed_rsa_key(4096, 0).public_key().public_numbers().n, 3))),
             also=("x509.algorithm",), **ROOT),
    ]  # fmt: skip


def _beside(what: str, code: str) -> tuple[str, ...]:
    """A key of another size is none that the CP/CPS commits to; one that cannot be read is of no kind."""
    if code == "key.unreadable":
        return ("cert.key_committed", "cert.key_kind")
    odd = {"rsa-1024", "rsa-2047", "rsa-2049"}
    return ("cert.key_committed",) if what in odd else ()


def _point() -> tuple[bytes, bytes]:
    point = public(11, 256)[-64:]
    return point[:32], point[32:]


def _plus_one(octets: bytes) -> bytes:
    return (int.from_bytes(octets, "big") ^ 1).to_bytes(len(octets), "big")


def _cube() -> int:
    """Of 2048 bits, and of a number without small factors."""
    low, high = 1 << 682, 1 << 683
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if middle**3 < 1 << 2048 else (low, middle)
    root_of = low | 1
    while root_of**3 >= 1 << 2048 or any(root_of % small == 0 for small in SMALL):
        root_of -= 2
    return root_of**3


def _on(curve: ec.EllipticCurve) -> bytes:
    return spki_of(ec.derive_private_key(12345, curve).public_key())


def _dsa() -> dsa.DSAPublicKey:
    """Numbers of the right sizes; nobody asks whether they are primes."""
    parameters = dsa.DSAParameterNumbers(p=2**2047 + 9, q=2**255 + 95, g=2)
    return dsa.DSAPublicNumbers(y=4, parameter_numbers=parameters).public_key()


ALGORITHMS = {
    "sha1-rsa": ("sha1WithRSAEncryption", "300d06092a864886f70d0101050500"),
    "sha1-ecdsa": ("ecdsa-with-SHA1", "300906072a8648ce3d0401"),
    "md5-rsa": ("md5WithRSAEncryption", "300d06092a864886f70d0101040500"),
    "ecdsa-sha256": ("ecdsa-with-SHA256 by a P-384 key", "300a06082a8648ce3d040302"),
    "ecdsa-sha512": ("ecdsa-with-SHA512 by a P-384 key", "300a06082a8648ce3d040304"),
    "ecdsa-sha224": ("ecdsa-with-SHA224", "300a06082a8648ce3d040301"),
    "ecdsa-null": ("ecdsa-with-SHA384 with a NULL, which has no place there", "300c06082a8648ce3d0403030500"),
    "rsa-by-ec": ("sha384WithRSAEncryption by an EC key", "300d06092a864886f70d01010c0500"),
    "ed25519": ("Ed25519 by a P-384 key", "300506032b6570"),
}
CODES = {"sha1-rsa": "x509.sha1", "sha1-ecdsa": "x509.sha1", "ecdsa-null": "x509.encoding"}
CRL = {"profile": "webpki-crl", "known": ("sub-1",)}
PSS_48 = (
    "304106092a864886f70d01010a3034a00f300d06096086480165030402010500a11c301a06092a864886f70d010108300d"
    "06096086480165030402010500a203020130"
)


def algorithms() -> list[Case]:
    cases = []
    for what, (about, identifier) in ALGORITHMS.items():
        code, named = CODES.get(what, "x509.algorithm"), tlv(bytes.fromhex(identifier))
        bad = altered(root(), algorithm=named)
        cases.append(Case(f"algorithm-{what}", f"a certificate with {about}", code, bad, **ROOT))
        if what in ("sha1-rsa", "ecdsa-sha256", "ecdsa-null"):
            bad = altered(crl(), algorithm=named)
            cases.append(Case(f"crl-algorithm-{what}", f"a CRL with {about}", code, bad, **CRL))
    by_256, by_521 = issuer(5, "Root P256", 256), issuer(6, "Root P521", 521)
    rsa_root = _rsa_root()
    return [
        *cases,
        Case("algorithm-p256-sha384", "ecdsa-with-SHA384 by a P-256 key", "x509.algorithm",
             altered(sub(by_256), algorithm=_ecdsa("03")), issuer="root-p256"),
        Case("algorithm-p521-sha256", "ecdsa-with-SHA256 by a P-521 key", "x509.algorithm",
             altered(sub(by_521), algorithm=_ecdsa("02")), issuer="root-p521"),
        Case("algorithm-p521-sha384", "ecdsa-with-SHA384 by a P-521 key", "x509.algorithm",
             altered(sub(by_521), algorithm=_ecdsa("03")), issuer="root-p521"),
        Case("algorithm-rsa-without-null", "sha384WithRSAEncryption without its NULL", "x509.algorithm",
             changed(rsa_root, algorithm=tlv(bytes.fromhex("300b06092a864886f70d01010c"))), **ROOT),
        Case("algorithm-pss-salt-48", "RSASSA-PSS with SHA-256 and a salt of 48 octets", "x509.algorithm",
             changed(rsa_root, algorithm=tlv(bytes.fromhex(PSS_48))), **ROOT),
        Case("algorithm-ecdsa-by-rsa", "ecdsa-with-SHA256 by an RSA key", "x509.algorithm",
             changed(rsa_root, algorithm=_ecdsa("02")), **ROOT),
        Case("algorithm-pair", "another algorithm beside the signature than inside", "x509.algorithm_pair",
             changed(draft(root()), outer=bytes.fromhex("300a06082a8648ce3d040302")), **ROOT),
        Case("algorithm-hash-of-another-curve-private", "ecdsa-with-SHA256 by a P-384 key, under private rules",
             "x509.algorithm_hash", altered(root(profile=load_profile("private-root")), algorithm=_ecdsa("02")),
             rules="private", profile="private-root", issuer=""),
    ]  # fmt: skip


def _ecdsa(last: str) -> asn1.TLV:
    return tlv(bytes.fromhex(f"300a06082a8648ce3d0403{last}"))


def _rsa_root() -> bytes:
    key = spki_of(fixed_rsa_key(4096, 0).public_key())
    itself = replace(issuer(1, "Root RSA"), spki=key, ski=subject_ski(key))
    return draft(root(itself))


CASES = [*keys(), *algorithms()]
