"""Every case of `vectors/dnssec/answers` is told what its index says."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from ksr_cases import VECTORS
from quorate.dnssec.checks import CHECKS
from quorate.findings.dnssec import TABLE as OF_REQUESTS
from quorate.findings.skr import TABLE as OF_RESPONSES
from refusing import Outcome, run
from skr_vectors import ANSWERS, cases, files

INDEX: list[dict[str, Any]] = json.loads((ANSWERS / "index.json").read_text())["cases"]
REQUESTS: list[dict[str, Any]] = json.loads((VECTORS / "index.json").read_text())["cases"]
EVERY = {**OF_REQUESTS, **OF_RESPONSES}
NAME = re.compile(r"((?:KSR|SKR)-[A-Z-]+): ")
LINE = re.compile(r"(?m)^\| ((?:KSR|SKR)-[A-Z-]+) \| (.+) \| (`.+`) \| (.+) \| `(\S+)` \| `(\S+)` \|$")

NOT_OF_A_FILE = {
    "dnssec": {"skr.validity", "skr.ksk_not_in_use", "skr.ksk_requested", "skr.signature_count"},  # of a draft
    "reader": {"skr.empty", "skr.unsigned", "skr.too_many_signatures"},  # what the format itself forbids
    "plan": {
        "skr.back_out_as_main", "skr.back_out_keys", "skr.back_out_other", "skr.back_out_request", "skr.act_idle",
        "skr.act_needs", "skr.excepted", "skr.relaxed", "skr.siblings", "skr.predecessor_undeployed",
        "skr.unrecorded",
    },
    "work": {"skr.too_many_states"},  # `hostile` has it
    "import": {"skr.zone"},
    "anchor": {"skr.no_anchor_signs", "skr.ksks_unpinned"},  # beside a trust anchor, or beside nothing
}  # fmt: skip
"""Codes that `skr check` gives of no file, or not of one that is read, and where they come from instead."""


def checked(entry: dict[str, Any], folder: Path) -> Outcome:
    """The command as people type it, in a zone's folder with what the case has in it."""
    zone = folder / "dnssec"
    zone.mkdir()
    shutil.copy(ANSWERS / entry["policy"], zone / "policy.json")
    for number, one in enumerate(entry.get("recorded", ())):
        there = zone / "responses" / str(number)
        there.mkdir(parents=True)
        shutil.copy(ANSWERS / one["skr"], there / "skr.xml")
        rows = ['format = "quorate/1"', *(['deployed = "2026-01-01"'] if one["deployed"] else [])]
        rows += [f'request = "{one["request"]}"'] if "request" in one else []
        (there / "response.toml").write_text("\n".join(rows) + "\n")
    named = [part for name in ("ksr", "previous") if name in entry for part in (f"--{name}", ANSWERS / entry[name])]
    where = ("--in", zone, "--at", entry["at"])
    return run(entry["check"], "check", ANSWERS / entry["file"], *named, *where, *entry.get("options", ()))


def told(outcome: Outcome) -> list[str]:
    return sorted({*outcome.codes, *re.findall(r"(?m)^(?:warning|notice): (skr\.[a-z_]+)", outcome.out)})


@pytest.mark.parametrize("entry", INDEX, ids=lambda entry: entry["name"])
def test_a_file_is_told_what_the_vectors_say(entry: dict[str, Any], tmp_path: Path) -> None:
    outcome = checked(entry, tmp_path)
    assert told(outcome) == entry["expect"], outcome.out + outcome.err


def test_the_vectors_are_as_they_are_made() -> None:
    made = files(cases())
    held = {path.relative_to(ANSWERS).as_posix(): path.read_bytes() for path in ANSWERS.rglob("*") if path.is_file()}
    assert held == made


def test_every_code_that_a_file_can_show_has_a_case() -> None:
    shown = {code for entry in INDEX for code in entry["expect"]}
    every = {code for code in OF_RESPONSES if code.startswith("skr.")}
    assert every - shown - set().union(*NOT_OF_A_FILE.values()) == set()
    assert {"ksr.chain_missing", "ksr.chain_recorded", "ksr.chain_undeployed", "ksr.ksk_safety"} <= shown


def test_every_check_has_its_line_with_a_good_and_a_bad_vector() -> None:
    codes: dict[str, set[str]] = {check.name: set() for check in CHECKS}
    for code, meaning in EVERY.items():
        if named := NAME.match(meaning.sentence):
            codes.setdefault(named[1], set()).add(code)
    expect = {entry["name"]: entry["expect"] for entry in REQUESTS}
    expect |= {f"answers/{entry['name']}": entry["expect"] for entry in INDEX}
    lines = LINE.findall((VECTORS.parent.parent / "docs" / "assurance.md").read_text())
    assert sorted(name for name, *_ in lines) == sorted(codes)
    for name, refuses, told_by, module, good, bad in lines:
        assert {one.strip("`") for one in told_by.split()} == codes[name], name
        assert refuses
        assert all((VECTORS.parent.parent / "src/quorate" / place).is_file() for place in places(module)), name
        assert expect[good] == []
        assert codes[name] & set(expect[bad]), name


def places(module: str) -> list[str]:
    return [f"{'' if one == 'ksr_check' else 'dnssec/'}{one}.py" for one in module.split(", ")]
