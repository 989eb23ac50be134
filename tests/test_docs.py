"""The documents speak of what is there: tests, commands, options, files."""

from __future__ import annotations

import ast
import functools
import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from quorate.cli import GROUPS, ORDER, program

ROOT = Path(__file__).resolve().parent.parent
DOCUMENTS = sorted([ROOT / "README.md", ROOT / "CHANGELOG.md", *ROOT.glob("docs/**/*.md"), *ROOT.glob("spec/*.md")])
NAMED_TEST = re.compile(r"`(tests/\w+\.py)::(\w+)`")
LINK = re.compile(r"(?<!!)\[[^\]\n]*\]\(([^)\s]+)\)|!\[[^\]\n]*\]\(([^)\s]+)\)")
FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
FENCED = re.compile(r"^(?:\$ |then: )?quorate (.*)", re.MULTILINE)
QUOTED = re.compile(r"`quorate ([^`\n]+)`")


def label(path: Path) -> str:
    return str(path.relative_to(ROOT))


@functools.cache
def functions(path: Path) -> set[str]:
    return {node.name for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.FunctionDef)}


def test_every_test_that_is_named_exists() -> None:
    named = [one for path in DOCUMENTS for one in NAMED_TEST.findall(path.read_text())]
    assert len(named) > 80
    known = {file: functions(ROOT / file) if (ROOT / file).is_file() else set() for file, _ in named}
    assert [f"{file}::{test}" for file, test in named if test not in known[file]] == []


@pytest.mark.parametrize("path", DOCUMENTS, ids=label)
def test_every_link_leads_somewhere(path: Path) -> None:
    text = FENCE.sub("", path.read_text())
    targets = ["".join(pair).partition("#")[0] for pair in LINK.findall(text)]
    local = [one for one in targets if one and "://" not in one]
    assert [one for one in local if not (path.parent / one).exists()] == []


def calls(path: Path) -> Iterator[tuple[str, list[str]]]:
    """Each `quorate COMMAND …` of a document: the command, and its options."""
    text = path.read_text()
    fenced = [line for block in FENCE.findall(text) for line in FENCED.findall(block)]
    for line in (*fenced, *QUOTED.findall(FENCE.sub("", text))):
        words = line.partition("#")[0].split()
        if words and re.fullmatch(r"[a-z][a-z-]*", words[0]):
            name = " ".join(words[:2]) if words[0] in GROUPS and len(words) > 1 else words[0]
            yield name, [word.partition("=")[0].strip(".,;:)]") for word in words if word.startswith("--")]


def known_options(command: click.Command) -> set[str]:
    found = {name for one in command.params for name in one.opts}
    # `verify` hands everything on to the stand-alone verifier, and says so in its help
    return found | set(re.findall(r"--[a-z]+", command.help or "")) | {"--help"}


@pytest.mark.parametrize("path", [ROOT / "README.md", *sorted(ROOT.glob("docs/*.md"))], ids=label)
def test_every_command_and_option_exists(path: Path) -> None:
    context = click.Context(program)
    wrong = []
    for name, options in calls(path):
        command: click.Command | None = program
        for part in name.split():
            command = command.get_command(context, part) if isinstance(command, click.Group) else None
        if command is None:
            wrong.append(name)
        else:
            wrong += [f"{name} {option}" for option in options if option not in known_options(command)]
    assert wrong == []


def test_the_walkthroughs_show_every_command() -> None:
    shown = {name for page in ("walkthrough.md", "dnssec.md") for name, _ in calls(ROOT / "docs" / page)}
    parts = {f"{name} {part}" for name, (_, order) in GROUPS.items() for part, _ in order}
    assert shown >= {name for name, _ in ORDER if name not in GROUPS} | parts


def test_every_decision_and_every_format_is_in_its_index() -> None:
    for folder in (ROOT / "docs" / "adr", ROOT / "spec"):
        index = (folder / "README.md").read_text()
        assert [path.name for path in folder.glob("*.md") if f"({path.name})" not in index] == ["README.md"]
