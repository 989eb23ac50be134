"""Outside data becomes domain values here, strictly, with every problem reported at once. Floor 0.

TOML keys are written with hyphens (`not-before`), struct fields with underscores. Unknown and missing fields, wrong
types and repeated keys are refused; nothing is coerced. `not_before` in a document is an unknown field: with two
spellings, one field could stand twice and say two things.
"""

from __future__ import annotations

import functools
import re
import tomllib
import types
import typing
import unicodedata
from datetime import UTC, date, datetime
from typing import Any, TypeVar

import msgspec

from quorate.canonical import LARGEST_INTEGER
from quorate.findings import Finding, Refusal, found

T = TypeVar("T")
LARGEST_FILE = 1024 * 1024
DEEPEST = 64
"""Parts of one dotted key, and tables and lists within one another; a name below ip6.arpa has 34 labels."""
IDENTIFIER = re.compile(r"[a-z0-9](?:[a-z0-9.-]{0,62}[a-z0-9])?")
"""Ids of people, seats, operations, places: they stand in file names, statements and origins."""
FILE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")
"""The parts of every path in a record: names that mean the same on each file system and cannot break a line."""
OUTPUT_NAME = re.compile(r"[A-Za-z0-9](?: ?[A-Za-z0-9._-]){0,99}")
"""What a plan may call an output: the same, and single spaces inside, for names that are known elsewhere already."""


def load_toml(data: bytes, kind: type[T], where: str) -> T:
    """The value of a TOML document, or one refusal that names every problem with its path."""
    if len(data) > LARGEST_FILE:
        raise Refusal("plan.too_large", where, most=LARGEST_FILE)
    try:
        document = read_toml(data)
    except ValueError as error:
        raise Refusal("plan.toml_broken", where, problem=error) from None
    return convert(_turned(document), kind, where)


def read_toml(data: bytes) -> dict[str, Any]:
    """A TOML document as it stands, a megabyte in a second. ValueError, in one line, for any other data.

    `tomllib` takes a time that grows with the square of a key's parts, so long ones are refused before it sees them.
    """
    if len(data) > LARGEST_FILE or _LONG_KEY.search(data):
        raise ValueError(f"it is larger than {LARGEST_FILE} octets, or has a key of more than {DEEPEST} parts")
    try:
        document = tomllib.loads(data.decode("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        problem = str(error).splitlines()[0]
        if "immutable namespace" in problem:  # tomllib's words for `x = []` with `[[x]]` below it
            problem = f"{problem}: a name is either given a value once or has [[tables]]; take out the line NAME = …"
        raise ValueError(problem) from None
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    except ValueError:  # of `int`, which counts the digits (CVE-2020-10735)
        raise ValueError("a number in it has too many digits") from None
    _require_shallow(document, DEEPEST)
    return document


_LONG_KEY = re.compile(
    rb"""(?<![A-Za-z0-9_-])(?:(?:[A-Za-z0-9_-]++|"(?:[^"\\\n]|\\.)*+"|'[^'\n]*+')[ \t]*+\.[ \t]*+){%d}""" % DEEPEST
)


def _require_shallow(value: object, left: int) -> None:
    if not isinstance(value, (dict, list)):
        return
    if not left:
        raise ValueError("it is nested too deeply")
    for inner in value.values() if isinstance(value, dict) else value:
        _require_shallow(inner, left - 1)


def convert(value: object, kind: type[T], where: str) -> T:
    """`value` (from JSON or TOML) as `kind`, or one refusal that names every problem with its path."""
    try:
        converted, error = msgspec.convert(value, kind, strict=True), ""
        if _is_plain(value):
            return converted
    except msgspec.ValidationError as first:
        error = str(first)
    problems: list[Finding] = []  # slower, and only now: every one of them, and where
    _walk(value, kind, where, problems)
    if error and not problems:
        problems.append(found("plan.value_wrong", where, problem=error))
    if problems:
        raise Refusal.of(tuple(problems))
    return converted


def _is_plain(value: object) -> bool:
    """Whether every text and number within is one that `_walk` lets pass, whatever its place."""
    if isinstance(value, str):
        return not text_problem(value)
    if isinstance(value, dict):
        return all(map(_is_plain, value.values()))
    if isinstance(value, list):
        return all(map(_is_plain, value))
    return not isinstance(value, int) or abs(value) <= LARGEST_INTEGER


def text_problem(text: str) -> str:
    """What is wrong with a text that people read on one line; empty if nothing is.

    A line end or an invisible character could make the printed script say something else.
    """
    if text.isascii() and text.isprintable():
        return ""
    unseen = next((one for one in text if unicodedata.category(one) in _UNSEEN), "")
    if unseen:
        return f"it holds the character U+{ord(unseen):04X}, which is not seen"
    return "" if unicodedata.is_normalized("NFC", text) else "it is not in Unicode NFC"


_UNSEEN = ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")


_MOMENT = "%Y-%m-%dT%H:%M:%SZ"


def read_moment(text: str) -> datetime | None:
    """The moment of `2026-11-23T09:00:00Z`; None for any other text, and for years that no ceremony sees."""
    try:
        moment = datetime.strptime(text, _MOMENT).replace(tzinfo=UTC)
    except ValueError:
        return None
    return moment if 1950 <= moment.year < 2200 and moment.strftime(_MOMENT) == text else None


def is_day(text: str) -> bool:
    """Whether `text` is a day like 2026-11-23."""
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def require_identifiers(ids: typing.Iterable[tuple[str, str]]) -> tuple[Finding, ...]:
    """A finding for each (where, id) that cannot be an id."""
    return tuple(found("plan.identifier", where, id=name) for where, name in ids if not IDENTIFIER.fullmatch(name))


def _turned(value: Any) -> Any:
    """A document with the hyphens of its keys as underscores and the other way round: no two keys become one."""
    if isinstance(value, dict):
        return {key.translate(_TURN): _turned(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_turned(item) for item in value]
    return value


_TURN = str.maketrans("-_", "_-")


def _walk(value: object, kind: Any, where: str, problems: list[Finding]) -> None:
    origin = typing.get_origin(kind)
    if isinstance(value, str) and (problem := text_problem(value)):
        problems.append(found("plan.text", where, problem=problem))
    elif isinstance(value, int) and abs(value) > LARGEST_INTEGER:
        problems.append(found("plan.value_wrong", where, problem="the number is too large"))
    elif origin in (typing.Union, types.UnionType):
        kinds = tuple(one for one in typing.get_args(kind) if one is not types.NoneType)  # a file has no null
        if len(kinds) == 1:
            _walk(value, kinds[0], where, problems)
        else:
            _walk_union(value, kinds, where, problems)
    elif isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        _walk_struct(value, kind, where, problems)
    elif origin is tuple and typing.get_args(kind)[-1] is ... and isinstance(value, list):
        for number, item in enumerate(value, 1):
            name = item.get("id", number) if isinstance(item, dict) else number
            _walk(item, typing.get_args(kind)[0], f"{where}[{name}]", problems)
    else:
        try:
            msgspec.convert(value, kind, strict=True)
        except msgspec.ValidationError as error:
            problems.append(found("plan.value_wrong", where, problem=str(error)))


def _walk_union(value: object, kinds: tuple[Any, ...], where: str, problems: list[Finding]) -> None:
    tags = {kind.__struct_config__.tag: kind for kind in kinds if hasattr(kind, "__struct_config__")}
    if not isinstance(value, dict):
        problems.append(found("plan.value_wrong", where, problem="a table is expected here"))
    elif (chosen := tags.get(str(value.get("kind")))) is None:
        known = ", ".join(sorted(str(tag) for tag in tags))
        problems.append(found("plan.kind_unknown", where, kind=str(value.get("kind", "nothing")), known=known))
    else:
        _walk_struct(value, chosen, where, problems)


def _walk_struct(value: object, kind: type[msgspec.Struct], where: str, problems: list[Finding]) -> None:
    if not isinstance(value, dict):
        problems.append(found("plan.value_wrong", where, problem="a table is expected here"))
        return
    fields = _fields(kind)
    tag = kind.__struct_config__.tag_field
    written = {name: name.translate(_TURN) for name in (*value, *fields)}
    problems += [
        found("plan.field_unknown", f"{where}.{written[name]}", name=written[name])
        for name in value
        if name not in fields and name != tag
    ]
    for name, (field, hint) in fields.items():
        path = f"{where}.{written[name]}"
        if name in value:
            _walk(value[name], hint, path, problems)
        elif field.required:
            problems.append(found("plan.field_missing", path, name=written[name]))


@functools.cache
def _fields(kind: type[msgspec.Struct]) -> dict[str, tuple[msgspec.structs.FieldInfo, Any]]:
    """The fields of a struct with their types, by the name they are written with; to work them out is slow."""
    hints = typing.get_type_hints(kind)
    return {field.encode_name: (field, hints[field.name]) for field in msgspec.structs.fields(kind)}
