"""Whether a public point is one: the NIST curves (SP 800-186 3.2.1) and the Edwards curves of RFC 8032. Floor 2.

Full validation as SP 800-56A 5.6.2.3.2 has it. Everything here is public, so nothing has to run in constant time.
"""

from __future__ import annotations

import itertools
from typing import NamedTuple

from cryptography.hazmat.primitives.asymmetric import ec


class Curve(NamedTuple):
    """A NIST prime curve y² = x³ − 3x + b over GF(p) with order n and cofactor 1."""

    name: str
    p: int
    b: int
    n: int
    kind: type[ec.EllipticCurve]

    @property
    def octets(self) -> int:
        return (self.p.bit_length() + 7) // 8

    def is_uncompressed(self, point: bytes) -> bool:
        """Whether the octets have the one form that is read (RFC 5480 2.2)."""
        return len(point) == 1 + 2 * self.octets and point[0] == 4

    def is_valid(self, point: bytes) -> bool:
        """Whether an uncompressed point is on the curve and of its order."""
        x, y = int.from_bytes(point[1 : 1 + self.octets], "big"), int.from_bytes(point[1 + self.octets :], "big")
        on_curve = x < self.p and y < self.p and (y * y - (x * x * x - 3 * x + self.b)) % self.p == 0
        return on_curve and _times(self, self.n, (x, y))[2] == 0


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


class Edwards(NamedTuple):
    """A curve a·x² + y² = 1 + d·x²·y² over GF(p) with the prime order of its subgroup (RFC 8032 5.1, 5.2).

    `base` is the generator as a public key is written: y, and the sign of x in the highest bit.
    """

    name: str
    p: int
    a: int
    d: int
    order: int
    base: bytes

    @property
    def octets(self) -> int:
        return len(self.base)

    def is_valid(self, key: bytes) -> bool:
        """Whether the octets, of the right length, are the one encoding of a point of the prime-order subgroup.

        Every key that is generated as RFC 8032 5.1.5 says is such a point; one of small order verifies anything.
        """
        point = self._point(key)
        if point is None or point[:2] == (0, 1):
            return False
        x, y, z = self._times(self.order, point)
        return x == 0 and y == z

    def _point(self, key: bytes) -> tuple[int, int, int] | None:
        """RFC 8032 5.1.3 and 5.2.3, in projective coordinates; None for what encodes no point."""
        number = int.from_bytes(key, "little")
        sign, y = number >> (8 * self.octets - 1), number % (1 << (8 * self.octets - 1))
        if y >= self.p:
            return None
        square = (1 - y * y) * pow(self.a - self.d * y * y, -1, self.p) % self.p
        x = _square_root(square, self.p)
        if x is None or (x == 0 and sign):
            return None
        return (x if x % 2 == sign else self.p - x), y, 1

    def _times(self, factor: int, point: tuple[int, int, int]) -> tuple[int, int, int]:
        total = (0, 1, 1)
        for bit in itertools.islice(bin(factor), 2, None):
            total = self._sum(total, total)
            if bit == "1":
                total = self._sum(total, point)
        return total

    def _sum(self, left: tuple[int, int, int], right: tuple[int, int, int]) -> tuple[int, int, int]:
        """Complete: d is no square, so the formula holds for every pair of points."""
        (x1, y1, z1), (x2, y2, z2), p = left, right, self.p
        z = z1 * z2 % p
        xs, ys = x1 * x2 % p, y1 * y2 % p
        e = self.d * xs * ys % p
        f, g = (z * z - e) % p, (z * z + e) % p
        cross = (x1 + y1) * (x2 + y2) - xs - ys
        return z * f * cross % p, z * g * (ys - self.a * xs) % p, f * g % p


ED25519 = Edwards(
    "ed25519",
    2**255 - 19,
    -1,
    -121665 * pow(121666, -1, 2**255 - 19) % (2**255 - 19),
    2**252 + 27742317777372353535851937790883648493,
    bytes.fromhex("58" + "66" * 31),
)
ED448 = Edwards(
    "ed448",
    2**448 - 2**224 - 1,
    1,
    -39081 % (2**448 - 2**224 - 1),
    2**446 - 13818066809895115352007386748515426880336692474882178609894547503885,
    bytes.fromhex(
        "14fa30f25b790898adc8d74e2c13bdfdc4397ce61cffd33ad7c2a0051e"
        "9c78874098a36c7373ea4b62c7c9563720768824bcb66e71463f6900"
    ),
)


def _square_root(square: int, p: int) -> int | None:
    """A root modulo p, which is 3 modulo 4 or 5 modulo 8; None if there is none."""
    root = pow(square, (p + 1) // 4, p) if p % 4 == 3 else pow(square, (p + 3) // 8, p)
    if root * root % p != square and p % 8 == 5:
        root = root * pow(2, (p - 1) // 4, p) % p
    return root if root * root % p == square else None


Jacobian = tuple[int, int, int]
"""X, Y, Z for the point (X/Z², Y/Z³), so that nothing is divided on the way; Z is 0 at infinity."""


def _times(curve: Curve, factor: int, point: tuple[int, int]) -> Jacobian:
    total: Jacobian = (1, 1, 0)
    for bit in itertools.islice(bin(factor), 2, None):
        total = _doubled(curve.p, total)
        if bit == "1":
            total = _sum(curve.p, total, point)
    return total


def _doubled(p: int, point: Jacobian) -> Jacobian:
    """For a curve with a = −3."""
    x, y, z = point
    zz, yy = z * z % p, y * y % p
    slope, product = 3 * (x - zz) * (x + zz) % p, x * yy % p
    doubled = (slope * slope - 8 * product) % p
    return doubled, (slope * (4 * product - doubled) - 8 * yy * yy) % p, 2 * y * z % p


def _sum(p: int, left: Jacobian, right: tuple[int, int]) -> Jacobian:
    """Of any point and one that is not infinity."""
    (x, y, z), (other_x, other_y) = left, right
    if z == 0:
        return other_x, other_y, 1
    zz = z * z % p
    run, rise = (other_x * zz - x) % p, (other_y * zz * z - y) % p
    if run == 0:
        return (1, 1, 0) if rise else _doubled(p, left)
    square = run * run % p
    cube, start = run * square % p, x * square % p
    summed = (rise * rise - cube - 2 * start) % p
    return summed, (rise * (start - summed) - y * cube) % p, z * run % p
