"""Signing through our PKCS#11 binding against the same calls by python-pkcs11, on SoftHSM, RSA-4096 and P-384."""

from __future__ import annotations

from pathlib import Path

import pkcs11 as other

from bench.measure import Measured, Ratio, repeated
from quorate.algorithms import default_algorithm
from quorate.keys import KeyType
from quorate.token import Login
from quorate.token.pkcs11 import Pkcs11Token
from softhsm import make_softhsm_token

PIN = "12345678"
SIGNATURES = {KeyType.P384: 100, KeyType.RSA_4096: 20}


def measure(folder: Path, size: int) -> Measured:
    """The middle of `size` rounds of each."""
    module, serial = make_softhsm_token(folder / "softhsm", "bench", PIN, PIN)
    token = Pkcs11Token(Path(module), serial)
    token.login(Login.USER, bytearray(PIN.encode()))
    rows = []

    def sign(kind: KeyType) -> None:
        for _ in range(SIGNATURES[kind]):
            token.sign(kind.encode(), kind, default_algorithm(kind), b"tbs" * 300)

    for kind in SIGNATURES:
        token.generate(kind, kind.encode(), kind.value)
        rows.append((kind, repeated(lambda kind=kind: sign(kind), size)))  # type: ignore[misc]
    token.close()
    ratios = []
    with next(iter(other.lib(str(module)).get_tokens(token_label="bench"))).open(user_pin=PIN) as session:
        for kind, ours in rows:
            key = session.get_key(object_class=other.ObjectClass.PRIVATE_KEY, label=kind.value)
            mechanism = other.Mechanism.ECDSA if kind is KeyType.P384 else other.Mechanism.SHA384_RSA_PKCS

            def theirs(kind: KeyType = kind, key: object = key, mechanism: object = mechanism) -> None:
                for _ in range(SIGNATURES[kind]):
                    key.sign(b"\x5a" * 48, mechanism=mechanism)  # type: ignore[attr-defined]

            what = f"{SIGNATURES[kind]} {kind.value} signatures through quorate's token"
            ratios.append(Ratio(what, ours, "the same through python-pkcs11", repeated(theirs, size)))
    return ratios
