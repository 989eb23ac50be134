"""Values as TOML writes them on one line."""

from __future__ import annotations

from quorate.outline import quoted


def toml(value: object) -> str:
    """A text, a number, a list, a table, or true and false."""
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{name} = {toml(one)}" for name, one in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(toml(one) for one in value) + "]"
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int) else quoted(str(value))
