"""RSA keys that lie beside the tests: generating some takes longer than all that is tested with them."""

from __future__ import annotations

import functools
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import load_pem_private_key


@functools.cache
def fixed_rsa_key(bits: int, number: int = 0) -> rsa.RSAPrivateKey:
    """Key `number` (0 or 1) of 2048, 3072 or 4096 bits."""
    made = load_pem_private_key((Path(__file__).parent / "keys" / f"rsa-{bits}-{number}.pem").read_bytes(), None)
    assert isinstance(made, rsa.RSAPrivateKey)
    return made
