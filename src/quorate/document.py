"""One YAML document, read strictly, each value with the line it stands on. Floor 0.

Only what ceremony configurations are made of: mappings, lists and plain values. A second document, a key that stands
twice, anchors, aliases, merges and tags are refused; nothing is converted, so `country: NO` stays `NO`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from quorate.findings import Refusal

LARGEST = 256 * 1024
"""Octets of one file; a configuration has two thousand."""
DEEPEST = 12
MOST_NODES = 20_000


@dataclass(frozen=True, slots=True)
class Value:
    """A scalar as it is written. `empty`: nothing is written, or `~` or `null`."""

    text: str
    line: int
    empty: bool = False


@dataclass(frozen=True, slots=True)
class Items:
    """A list."""

    values: tuple[Node, ...]
    line: int


@dataclass(frozen=True, slots=True)
class Table:
    """A mapping. The key's line is that of its entry."""

    entries: dict[str, tuple[Node, int]]
    line: int


Node = Value | Items | Table


def read_document(data: bytes, where: str) -> Node:
    """The one document of a file. `where`: the file as people know it.

    Raises `document.extra_missing`, `document.too_large`, `document.not_yaml`, `document.second_document`,
    `document.not_plain`, `document.key_twice`, each with the line.
    """
    try:
        import yaml
    except ImportError as error:
        raise Refusal("document.extra_missing", module=str(error.name)) from None
    if len(data) > LARGEST:
        raise Refusal("document.too_large", where, most=LARGEST)
    try:
        text = data.decode("utf-8-sig")
        _require_plain(yaml, text, where)
        return _node(yaml, yaml.compose(text, Loader=yaml.SafeLoader), where)
    except UnicodeDecodeError:
        raise Refusal("document.not_yaml", where, problem="it is not in UTF-8") from None
    except yaml.YAMLError as error:
        raise Refusal("document.not_yaml", _at(where, error), problem=_said(error)) from None
    except ValueError:  # a version of too many digits, an escape beyond Unicode
        raise Refusal("document.not_yaml", where, problem="a number in it is too large") from None


def at(where: str, line: int) -> str:
    """A line of a file, as findings name it."""
    return f"{where}:{line}"


def _require_plain(yaml: Any, text: str, where: str) -> None:
    """Before anything is built: bounds, one document, no anchors, no aliases, no tags."""
    depth = documents = 0
    for nodes, event in enumerate(yaml.parse(text, Loader=yaml.SafeLoader)):
        line = at(where, event.start_mark.line + 1)
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > DEEPEST or nodes > MOST_NODES:
            raise Refusal("document.not_plain", line, what="more than a configuration holds")
        documents += isinstance(event, yaml.DocumentStartEvent)
        if documents > 1:
            raise Refusal("document.second_document", line)
        if getattr(event, "anchor", None):
            raise Refusal("document.not_plain", line, what="an anchor or alias")
        if getattr(event, "tag", None):
            raise Refusal("document.not_plain", line, what="a tag")


def _node(yaml: Any, node: Any, where: str) -> Node:
    if node is None:
        return Value("", 1, empty=True)
    line = int(node.start_mark.line) + 1
    if isinstance(node, yaml.ScalarNode):
        empty = node.style is None and node.tag == "tag:yaml.org,2002:null"
        return Value(str(node.value), line, empty)
    if isinstance(node, yaml.SequenceNode):
        return Items(tuple(_node(yaml, one, where) for one in node.value), line)
    entries: dict[str, tuple[Node, int]] = {}
    for key, value in node.value:
        here = int(key.start_mark.line) + 1
        if not isinstance(key, yaml.ScalarNode):
            raise Refusal("document.not_plain", at(where, here), what="a key that is no word")
        if key.value in entries:
            raise Refusal("document.key_twice", at(where, here), key=str(key.value), first=entries[key.value][1])
        entries[str(key.value)] = (_node(yaml, value, where), here)
    return Table(entries, line)


def _at(where: str, error: Any) -> str:
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    return at(where, mark.line + 1) if mark is not None else where


def _said(error: Any) -> str:
    return " ".join(str(getattr(error, "problem", None) or getattr(error, "reason", None) or "it is broken").split())
