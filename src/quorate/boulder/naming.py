"""What everything is called: ids of operations, and the files that keep the names of the configurations' outputs."""

from __future__ import annotations

import re
from collections.abc import Container
from pathlib import PurePosixPath

from quorate.script.outputs import FILE_ENDINGS
from quorate.strict import OUTPUT_NAME

LONGEST_ID = 56
"""Leaves room for what tells two of one name apart."""
SAID = re.compile(r"\.(?:pem|der|crt|cer|crl|csr|req|pub|txt|cert|key|pubkey)$")
"""Endings of file names that say what is in the file and belong to no name."""


def file_name(path: str) -> str:
    """The last part of a path as a file of a record can be called; what it cannot carry becomes a hyphen."""
    name = PurePosixPath(path).name
    if OUTPUT_NAME.fullmatch(name):
        return name
    plain = re.sub(r"[^A-Za-z0-9._-]+", "-", name).strip("-._")
    stem, dot, ending = plain.rpartition(".")
    return f"{stem[: 96 - len(ending)].rstrip('-')}{dot}{ending}" if stem else plain[:96] or "unnamed"


def is_kept(path: str) -> bool:
    """Whether a record has a file of this very name: it must be possible, and say by its ending that it is a file."""
    name = PurePosixPath(path).name
    return file_name(path) == name and name.lower().endswith(FILE_ENDINGS)


def stem(path: str) -> str:
    """What a file's name says beside its endings, as an id can be written."""
    name = PurePosixPath(path).name.lower()
    while (shorter := SAID.sub("", name)) not in (name, ""):
        name = shorter
    return re.sub(r"[^a-z0-9]+", "-", name).strip("-")[:LONGEST_ID].strip("-") or "unnamed"


def free(name: str, year: int, taken: Container[str]) -> str:
    """`name`, or the first of its kind that is new: with the year, then with a number."""
    if name not in taken:
        return name
    for number in range(1, 10_000):
        choice = f"{name}-{year}" if number == 1 else f"{name}-{year}-{number}"
        if choice not in taken:
            return choice
    raise AssertionError(name)
