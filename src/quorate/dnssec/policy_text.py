"""A policy written as the `policy.toml` that people read and change. Floor 2."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta

import msgspec

from quorate.dnssec.duration import duration_text
from quorate.dnssec.policy import Policy


def policy_toml(policy: Policy) -> str:
    """The file's text; read back it is the same policy. What has its default is left out."""
    lines = [f"{name} = {_value(getattr(policy, name))}" for name in ("format", "id", "zone")]
    for table in ("ksks", "limits", "exceptions", "turned_off"):
        for one in getattr(policy, table):
            lines += ["", f"[[{table.replace('_', '-')}]]", *(f"{name} = {text}" for name, text in _members(one))]
    return "\n".join(lines) + "\n"


def _members(value: msgspec.Struct) -> Iterator[tuple[str, str]]:
    """Names and values of the members that do not have their default."""
    for field in msgspec.structs.fields(type(value)):
        held = getattr(value, field.name)
        if field.required or held != field.default:
            yield field.name.replace("_", "-"), _value(held)


def _value(value: object) -> str:
    if isinstance(value, msgspec.Struct):
        return f"{{ {', '.join(f'{name} = {text}' for name, text in _members(value))} }}"
    if isinstance(value, tuple):
        return f"[{', '.join(_value(one) for one in value)}]"
    if isinstance(value, timedelta):
        return f'"{duration_text(value)}"'
    if isinstance(value, int):
        return str(int(value))
    return json.dumps(value)  # JSON's escapes are among TOML's
