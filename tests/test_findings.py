"""The tables of findings, the code that raises them and the facts that their sentences name agree."""

from __future__ import annotations

import ast
import functools
import re
import string
from collections.abc import Iterator
from pathlib import Path

import pytest

import quorate
from quorate.findings import Meaning, Refusal, Severity, found, table
from quorate.script.judging import is_waivable

SOURCE = Path(quorate.__file__).parent
CODE = re.compile(r"[a-z0-9]+\.[a-z0-9_]+")
MAKERS = {"Refusal", "found", "rule", "meaning"}
PARTS = (
    "authority",
    "custody",
    "outset",
    "plan",
    "operations",
    "key_sets",
    "waiver",
    "script",
    "x509",
    "dnssec",
    "skr",
    "anchor",
    "lint",
    "token",
    "ceremony",
    "record",
    "register",
    "boulder",
    "adoption",
)


@functools.cache
def trees() -> dict[str, ast.Module]:
    """Every module of the program but the tables."""
    paths = [path for path in SOURCE.rglob("*.py") if path.parent.name != "findings" or path.name == "__init__.py"]
    return {path.relative_to(SOURCE).as_posix(): ast.parse(path.read_text()) for path in paths}


def nodes() -> Iterator[tuple[str, ast.AST]]:
    return ((name, node) for name, tree in trees().items() for node in ast.walk(tree))


@functools.cache
def calls() -> tuple[tuple[str, str, ast.Call, str], ...]:
    """File, maker, call and code of everything that makes a finding; a choice between codes gives each."""
    return tuple(_calls())


def _calls() -> Iterator[tuple[str, str, ast.Call, str]]:
    for name, node in nodes():
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in MAKERS:
            place = 1 if node.func.id == "rule" else 0
            for part in ast.walk(node.args[place]) if len(node.args) > place else ():
                if isinstance(part, ast.Constant) and isinstance(part.value, str) and CODE.fullmatch(part.value):
                    yield name, node.func.id, node, part.value


def needed(meaning: Meaning) -> set[str]:
    """The facts that a row's sentence and remedy name."""
    parts = (part for text in (meaning.sentence, meaning.remedy) for part in string.Formatter().parse(text))
    return {name for _, name, _, _ in parts if name is not None}


def test_every_code_that_is_raised_stands_in_a_table() -> None:
    assert {(name, code) for name, _, _, code in calls() if code not in table()} == set()


def test_every_code_of_a_table_is_raised_somewhere() -> None:
    said = {node.value for _, node in nodes() if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    assert set(table()) - said == set()


def test_no_code_stands_in_two_tables() -> None:
    rows = [list(__import__(f"quorate.findings.{part}", fromlist=["TABLE"]).TABLE) for part in PARTS]
    assert sorted(code for part in rows for code in part) == sorted(table())


def test_every_sentence_finds_its_facts_where_it_is_raised() -> None:
    checked, missing = 0, set()
    for name, maker, call, code in calls():
        given = {keyword.arg for keyword in call.keywords}
        if maker in ("Refusal", "found") and None not in given:
            checked += 1
            missing |= {(name, code, fact) for fact in needed(table()[code]) - given}
    assert missing == set()
    assert checked > 250


def test_every_rule_yields_the_facts_of_its_sentence() -> None:
    checked, missing = 0, set()
    for name, node in nodes():
        if not isinstance(node, ast.FunctionDef):
            continue
        codes = [code for _, maker, call, code in calls() if maker == "rule" and call in node.decorator_list]
        for code, part in ((code, part) for code in codes for part in ast.walk(node)):
            if isinstance(part, ast.Yield) and isinstance(part.value, ast.Dict):
                checked += 1
                keys = {key.value for key in part.value.keys if isinstance(key, ast.Constant)}
                missing |= {(name, code, fact) for fact in needed(table()[code]) - keys}
    assert missing == set()
    assert checked > 50


@pytest.mark.parametrize("code", table())
def test_a_row_is_one_line_for_people(code: str) -> None:
    row = table()[code]
    assert CODE.fullmatch(code)
    for text in (row.sentence, row.remedy):
        assert text
        assert text.isprintable()
        assert not text.endswith(".")
    first = re.split("[^A-Za-z]", row.sentence)[0]
    assert not first[:1].isupper() or first.isupper()
    assert needed(row) <= set(re.findall(r"\{(\w+)\}", row.sentence + row.remedy))
    finding = found(code, "somewhere", **dict.fromkeys(needed(row), "{x}"))
    assert finding.sentence.startswith("somewhere: ")
    assert finding.remedy
    assert finding.blocks is (row.severity is Severity.ERROR)


def test_what_must_hold_is_never_waived() -> None:
    waivable = {code for code, row in table().items() if row.waivable and not code.startswith("lint.")}
    assert not {code for code in waivable if code.split(".")[0] not in ("key", "cert", "crl")}
    errors = {code for code in waivable if table()[code].severity is Severity.ERROR}
    assert errors == {
        "cert.crl_points",
        "cert.cross_existing",
        "cert.extension_unlisted",
        "cert.outlives_issuer",
        "cert.purposes_of_issuer",
        "cert.reissued",
        "cert.root_days_programme",
        "cert.subordinate_days",
        "crl.entry_itself",
        "crl.entry_no_authority",
        "crl.entry_unknown",
        "crl.extension_unlisted",
        "crl.outlives_issuer",
        "crl.previous_missing",
        "crl.scope",
        "key.modulus_huge",
    }


def test_a_code_outside_the_tables_is_a_bug() -> None:
    with pytest.raises(KeyError):
        Refusal("no.such_code")


def test_a_refusal_of_several_carries_each() -> None:
    both = Refusal("session.over").findings + Refusal("record.begun", "here").findings
    refusal = Refusal.of(both)
    assert refusal.code == "session.over"
    assert str(refusal) == "the ceremony is closed; here: the record has begun already"


def test_the_verifier_knows_what_can_be_waived() -> None:
    path = SOURCE.parent.parent / "verifier" / "quorate_verify.py"
    tree = ast.parse(path.read_text())
    (said,) = (
        node.value for node in tree.body if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "WAIVABLE"
    )
    text = next(node.value for node in ast.walk(said) if isinstance(node, ast.Constant))
    assert set(str(text).split()) == {code for code in table() if is_waivable(code)}
