"""What stands where a builder of `cryptography` wants a private key: it notes the bytes and signs nothing."""

from __future__ import annotations

from typing import Any, NoReturn

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, mldsa, rsa

from quorate.findings import Refusal

PublicKey = (
    rsa.RSAPublicKey
    | ec.EllipticCurvePublicKey
    | ed25519.Ed25519PublicKey
    | ed448.Ed448PublicKey
    | mldsa.MLDSA44PublicKey
    | mldsa.MLDSA65PublicKey
    | mldsa.MLDSA87PublicKey
)


def public_key(spki: bytes) -> PublicKey:
    """The public key of a SubjectPublicKeyInfo (DER). Raises `key.unreadable` for what no builder takes."""
    try:
        public = serialization.load_der_public_key(spki)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise Refusal("key.unreadable", detail=" ".join(str(error).split())) from None
    if isinstance(public, PublicKey):
        return public
    raise Refusal("key.unreadable", detail="it is not of a kind that ceremonies use")


class StandIn:
    """Holds no private key. `sign` notes what it is asked to sign and returns nothing; all else is a bug."""

    def __init__(self, public: Any) -> None:
        self._public = public
        self.noted = b""

    def public_key(self) -> Any:
        return self._public

    def sign(self, data: Any, *_: object) -> bytes:
        self.noted = bytes(data)
        return b""

    @property
    def key_size(self) -> int:
        return int(self._public.key_size)

    @property
    def curve(self) -> Any:
        return self._public.curve

    def _has_none(self, *_: object) -> NoReturn:
        raise AssertionError("a stand-in has no private key")

    private_numbers = private_bytes = private_bytes_raw = decrypt = exchange = sign_mu = _has_none
    __copy__ = __deepcopy__ = _has_none


class _Rsa(StandIn, rsa.RSAPrivateKey):
    pass


class _Ec(StandIn, ec.EllipticCurvePrivateKey):
    pass


class _Ed25519(StandIn, ed25519.Ed25519PrivateKey):
    pass


class _Ed448(StandIn, ed448.Ed448PrivateKey):
    pass


class _MlDsa44(StandIn, mldsa.MLDSA44PrivateKey):
    pass


class _MlDsa65(StandIn, mldsa.MLDSA65PrivateKey):
    pass


class _MlDsa87(StandIn, mldsa.MLDSA87PrivateKey):
    pass


AnyStandIn = _Rsa | _Ec | _Ed25519 | _Ed448 | _MlDsa44 | _MlDsa65 | _MlDsa87


def stand_in_for(spki: bytes) -> AnyStandIn:
    """The stand-in of the private key of `spki` (DER): of the class that builders ask for. Raises `key.unreadable`."""
    match public := public_key(spki):
        case rsa.RSAPublicKey():
            return _Rsa(public)
        case ec.EllipticCurvePublicKey():
            return _Ec(public)
        case ed25519.Ed25519PublicKey():
            return _Ed25519(public)
        case ed448.Ed448PublicKey():
            return _Ed448(public)
        case mldsa.MLDSA44PublicKey():
            return _MlDsa44(public)
        case mldsa.MLDSA65PublicKey():
            return _MlDsa65(public)
        case mldsa.MLDSA87PublicKey():
            return _MlDsa87(public)
