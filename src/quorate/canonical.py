"""Canonical JSON: RFC 8785 restricted to strings in NFC, integers, booleans, null, lists and objects with ASCII keys.

Floor 0. Spec: `spec/canonical-json.md`. There is one encoding of a value; a reader encodes again and compares.
"""

from __future__ import annotations

import hashlib
import json
import unicodedata
from typing import TypeAlias

from quorate.findings import Refusal

Json: TypeAlias = "bool | int | str | list[Json] | dict[str, Json] | None"

LARGEST_INTEGER = 2**53 - 1
"""Integers beyond this are not the same number in every reader (RFC 8785, I-JSON)."""
DEEPEST = 32
"""Objects and lists within one another."""


def encode(value: Json) -> bytes:
    """The one encoding, UTF-8 without a line end. TypeError or ValueError for what the format has no place for."""
    _check(value, 0)
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def decode(data: bytes, where: str) -> Json:
    """The value of canonical `data`; anything else, however slightly, is `record.not_canonical`."""
    try:
        value: Json = json.loads(data)
        if encode(value) == data:
            return value
    except (ValueError, TypeError, RecursionError):
        pass
    raise Refusal("record.not_canonical", where)


def digest(data: bytes) -> str:
    """SHA-256 with its name beside it: `sha256:` and 64 hexadecimal digits."""
    return "sha256:" + hashlib.sha256(data).hexdigest()


def _check(value: object, depth: int) -> None:
    if depth > DEEPEST:
        raise ValueError("too deep")
    if isinstance(value, str):
        if not value.isascii() and not unicodedata.is_normalized("NFC", value):
            raise ValueError("text not in NFC")
    elif value is None or isinstance(value, bool):
        return
    elif isinstance(value, int):
        if abs(value) > LARGEST_INTEGER:
            raise ValueError("integer out of range")
    elif isinstance(value, (list, tuple)):
        for item in value:
            _check(item, depth + 1)
    elif isinstance(value, dict):
        for key, item in value.items():
            if not (isinstance(key, str) and key.isascii()):
                raise ValueError("object keys are ASCII")
            _check(item, depth + 1)
    else:
        raise TypeError(f"no canonical form for {type(value).__name__}")
