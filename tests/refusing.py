"""Running commands as somebody at a shell would, and seeing what they leave behind."""

from __future__ import annotations

import io
import os
import re
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from unittest import mock

from quorate.cli import main

Snapshot = dict[str, tuple[int, bytes]]


@dataclass(frozen=True)
class Outcome:
    """What a command said, and its exit code."""

    code: int
    out: str
    err: str

    @property
    def codes(self) -> list[str]:
        """The code of every refused thing, in order."""
        return re.findall(r"(?m)^  code: ([A-Za-z0-9_./-]+)", self.err)


def run(*arguments: object) -> Outcome:
    """One command, in this process."""
    out, err = io.StringIO(), io.StringIO()
    code: object = 0
    with mock.patch.object(sys, "argv", ["quorate", *map(str, arguments)]), redirect_stdout(out), redirect_stderr(err):
        try:
            main()
        except SystemExit as left:
            code = left.code or 0
    assert isinstance(code, int)
    return Outcome(code, out.getvalue(), err.getvalue())


def snapshot(folder: Path) -> Snapshot:
    """Every file, folder and link below a folder: its mode, and its contents or where it leads."""
    seen: Snapshot = {}
    for path in sorted(folder.rglob("*")):
        mode = path.lstat().st_mode
        data = os.readlink(path).encode() if path.is_symlink() else path.read_bytes() if path.is_file() else b""
        seen[path.relative_to(folder).as_posix()] = (mode, data)
    return seen


def refused(folder: Path, *arguments: object) -> list[str]:
    """The codes with which a command is refused; every finding in three lines, no traceback, nothing changed."""
    before = snapshot(folder)
    outcome = run(*arguments)
    assert outcome.code == 1, outcome
    said = outcome.err.splitlines()
    assert len(said) == 3 * len(outcome.codes), outcome.err
    for sentence, hint, code in zip(said[::3], said[1::3], said[2::3], strict=True):
        assert re.match(r"quorate: \S", sentence)
        assert re.match(r"  hint: \S", hint)
        assert re.match(r"  code: [a-z0-9]+\.[a-z0-9_]+", code)
    assert "Traceback" not in outcome.err
    assert outcome.err.replace("\n", "").isprintable()
    assert snapshot(folder) == before
    return outcome.codes


def approve(path: Path, keys: Path, *people: str) -> None:
    """These people sign a script or a state of the authority, with their key files."""
    for person in people:
        assert run("approve", path, "--person", person, "--key", keys / person).code == 0


def signed_elsewhere(key: Path, statement: Path, namespace: str) -> Path:
    """What a person does on a device of their own."""
    command = ["ssh-keygen", "-q", "-Y", "sign", "-n", namespace, "-f", str(key), str(statement)]
    subprocess.run(command, check=True)
    return statement.with_name(statement.name + ".sig")
