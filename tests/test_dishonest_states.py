"""What the governors signed is broken by those who govern, or is used against the authority: the verifier sees it.

Everybody's keys sign, and the forger's own genesis is pinned, so that nothing but the rule can find it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from forging import Forgery, record, refused, sign_with_token, stand_ins, tbs_of, verify
from quorate import canonical

Change = Callable[[Forgery], object]


def judged(*forged: Forgery, folder: Path) -> tuple[int, str]:
    """What the verifier says of a chain of records under the forger's own genesis."""
    folders, before = [], ""
    for number, one in enumerate(forged):
        if before:
            one.script["predecessor"] = before
        folders.append(one.reseal().write(folder / str(number)))
        before = canonical.digest(one.files["checkpoint"])
    genesis = canonical.digest(forged[0].files["authority/000.json"])
    return verify(*folders, "--authority", genesis, "--rehearsal")


@pytest.fixture
def first(rehearsed: Path) -> Forgery:
    return Forgery(record(rehearsed, "001-root"), stand_ins(rehearsed))


def test_nothing_else_is_wrong_with_this_world(first: Forgery, tmp_path: Path) -> None:
    code, output = judged(first, folder=tmp_path)
    assert (code, refused(output)) == (0, set()), output


# -- what a script leaves open ----------------------------------------------------------------------------------------


def waived(forged: Forgery, **said: str) -> None:
    """The finding that the root is one anew is waived by two people, for as long as the window lasts."""
    closes = forged.script["window"]["closes"][:10]
    waiver = {"code": "cert.reissued", "operation": "root-r1", "people": ["oa", "ob"], "reason": "a new year"}
    forged.script["waivers"].append({**waiver, "expires": closes, **said})
    finding = {"code": "cert.reissued", "severity": "error", "text": "it is one anew", "waived": True}
    forged.one("drafted", "root-r1")["body"]["findings"].append(finding)


def without_a_reason(forged: Forgery) -> None:
    waived(forged, reason=" ")


def until_the_window_opens(forged: Forgery) -> None:
    """The window is made longer, and the waiver ends on its first day, on which everything is done."""
    waived(forged)
    forged.script["window"]["closes"] = "2027-01-31T21:00:00Z"


def for_ever(forged: Forgery) -> None:
    """A text that sorts behind every day is none."""
    waived(forged, expires="never ends")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (without_a_reason, "waiver cert.reissued gives no reason"),
        (until_the_window_opens, "waiver cert.reissued runs out before the window closes"),
        (for_ever, "waiver cert.reissued runs out before the window closes"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_a_waiver_is_refused_that_stands(first: Forgery, tmp_path: Path, change: Change, said: str) -> None:
    change(first)
    code, output = judged(first, folder=tmp_path)
    assert (code, "script" in refused(output)) == (1, True), output
    assert said in output, output


def test_a_waiver_for_all_of_the_window_with_a_reason_is_taken(first: Forgery, tmp_path: Path) -> None:
    waived(first)
    code, output = judged(first, folder=tmp_path)
    assert (code, refused(output)) == (0, set()), output


def test_a_root_has_no_name_that_was_not_planned(rehearsed: Path, first: Forgery, tmp_path: Path) -> None:
    """The subject is left out of the script, and the certificate gives itself one."""
    first.operation("root-r1")["subject"] = ""
    for name in ("root-r1", "crl-r1-1"):
        draft = f"drafts/{name}.tbs"
        first.files[draft] = first.files[draft].replace(b"Root R1", b"Root X1")
        sign_with_token(rehearsed, first, name, tbs_of(first, name).replace(b"Root R1", b"Root X1"))
    code, output = judged(first, folder=tmp_path)
    assert (code, refused(output)) == (1, {"artifacts"}), output
    assert "root-r1: has another subject than planned" in output, output


# -- what the authority commits to ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("promised", "claim", "said"),
    [
        ({"key_types": ["rsa-4096"]}, "script", "key-r1 is of a type that the authority does not commit to: p-256"),
        ({"key_types": ["p-384"]}, "artifacts", "root-r1: certifies a key of a type that the authority does not"),
        ({"root_days": 3649}, "artifacts", "root-r1: lasts longer than the 3649 days that the authority commits to"),
        ({"crl_days": 364}, "artifacts", "crl-r1-1: lasts longer than the 364 days that the authority commits to"),
    ],
    ids=("a key", "the key of a root", "a root", "a CRL"),
)
def test_the_authority_makes_what_it_does_not_commit_to(
    first: Forgery, tmp_path: Path, promised: dict[str, object], claim: str, said: str
) -> None:
    first.states[0]["commitments"].update(promised)
    code, output = judged(first, folder=tmp_path)
    assert (code, claim in refused(output)) == (1, True), output
    assert said in output, output


def test_what_is_committed_to_the_second_is_made(first: Forgery, tmp_path: Path) -> None:
    first.states[0]["commitments"].update(key_types=["p-256"], root_days=3650, crl_days=365, subordinate_days=1)
    code, output = judged(first, folder=tmp_path)
    assert (code, refused(output)) == (0, set()), output


@pytest.mark.parametrize(
    ("promised", "said"),
    [
        ({"subordinate_days": 999}, "int-1: lasts longer than the 999 days that the authority commits to"),
        ({"key_types": ["p-384"]}, "int-1: certifies a key of a type that the authority does not commit to"),
    ],
    ids=("its days", "its key"),
)
def test_a_subordinate_is_none_that_the_authority_commits_to(
    rehearsed: Path, tmp_path: Path, promised: dict[str, object], said: str
) -> None:
    """A cross-certificate repeats what others have, and is left out."""
    forged = Forgery(record(rehearsed, "002-next"), stand_ins(rehearsed))
    forged.states[0]["commitments"].update(promised)
    code, output = judged(forged, folder=tmp_path)
    assert (code, "artifacts" in refused(output)) == (1, True), output
    assert said in output, output
    assert not re.search("cross-r2: (lasts|certifies)", output), output
