"""The door to the cryptographic module. Floor 3.

`Token` is the one protocol; `pkcs11` (an HSM through PKCS#11) and `software` (encrypted key files) answer it. Values
that cross it are plain bytes and frozen values, so that a module may be moved to a child process without a change
above. Secrets are `bytearray`s that the caller wipes. Every method raises `Refusal` with a `token.*` code; what the
module itself answered (`CKR_…`) is among the facts.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import Protocol

from quorate.algorithms import SignatureAlgorithm
from quorate.findings import Refusal
from quorate.keys import KeyType


class Presence(enum.StrEnum):
    """What a token holds under one object id. After a generation only `PAIR` is whole."""

    NONE = "none"
    PUBLIC_ONLY = "public only"
    PRIVATE_ONLY = "private only"
    PAIR = "pair"
    SEVERAL = "several"


class Login(enum.StrEnum):
    """Whose credential is meant: CKU_USER or CKU_SO."""

    USER = "user"
    SO = "so"


@dataclass(frozen=True, slots=True)
class Call:
    """One call of the module's interface and its answer: `C_Sign`, `CKR_OK`. Never an argument, never a PIN."""

    function: str
    result: str


@dataclass(frozen=True, slots=True)
class TokenInfo:
    """What the module says of itself (C_GetTokenInfo). `pin_length` in octets, least and most."""

    serial: str
    label: str
    manufacturer: str
    model: str
    firmware: str
    module_class: str  # "pkcs11" | "software"
    pin_length: tuple[int, int]
    free_private_memory: int | None  # octets; None: not told


@dataclass(frozen=True, slots=True)
class GeneratedKey:
    """A pair found on the token: its SubjectPublicKeyInfo (DER) and the attributes that the device reports.

    Attribute names are PKCS#11's without prefix: LOCAL, SENSITIVE, ALWAYS_SENSITIVE, EXTRACTABLE, NEVER_EXTRACTABLE,
    PRIVATE, SIGN, DECRYPT, UNWRAP, DERIVE (bool as "true"/"false"), KEY_GEN_MECHANISM (text), "unknown" where the
    device does not tell.
    """

    spki: bytes
    attributes: tuple[tuple[str, str], ...]


class Token(Protocol):
    """An opened token, matched by serial number exactly once. Not logged in until `login`."""

    @property
    def info(self) -> TokenInfo: ...

    def key_types(self) -> tuple[KeyType, ...]:
        """The key types that this token generates, and signs with in one way at least."""

    def algorithms(self) -> tuple[SignatureAlgorithm, ...]:
        """The algorithms that this token signs with."""

    def login(self, who: Login, pin: bytearray) -> None:
        """C_Login. A wrong PIN is `token.pin_incorrect`, a locked one `token.pin_locked`. `pin` is not kept."""

    def logout(self) -> None:
        """C_Logout; being logged out already is no error."""

    def set_pin(self, who: Login, old: bytearray, new: bytearray) -> None:
        """Replace the credential of `who`: log in with `old`, C_SetPIN, log out, log in with `new`, log out."""

    def lookup(self, object_id: bytes) -> Presence:
        """What lies under CKA_ID `object_id`. Needs a login, else private objects are not seen."""

    def object_ids(self) -> tuple[bytes, ...]:
        """Every CKA_ID in use, sorted. Needs a login."""

    def generate(self, key_type: KeyType, object_id: bytes, label: str) -> GeneratedKey:
        """C_GenerateKeyPair as token objects: sign only, sensitive, never extractable. `token.id_in_use` before it."""

    def read(self, object_id: bytes) -> GeneratedKey:
        """The pair under `object_id`, read anew from the device; `token.key_missing` unless exactly one pair."""

    def sign(self, object_id: bytes, key_type: str, algorithm: SignatureAlgorithm, data: bytes) -> bytes:
        """The signature over `data` as X.509 carries it: RSA's octets, ECDSA-Sig-Value in DER.

        `key_type` is the name of the key (`keys.key_name`), which may be an RSA key of any size. A pair that does not
        fit is `token.algorithm_unfit` before the module is called. One C_SignInit and one C_Sign.
        """

    def destroy(self, object_id: bytes) -> None:
        """C_DestroyObject on everything under `object_id`; afterwards `lookup` answers NONE."""

    def take_calls(self) -> tuple[Call, ...]:
        """The calls made since the last `take_calls`, oldest first; the journal that goes into the record."""

    def close(self) -> None:
        """Log out and let the module go."""


def require_fit(serial: str, key_type: str, algorithm: SignatureAlgorithm) -> None:
    """Raises `token.algorithm_unfit` for an algorithm that a key of this name does not sign with."""
    if not algorithm.fits(key_type):
        raise Refusal("token.algorithm_unfit", serial=serial, algorithm=algorithm, key_type=key_type)
