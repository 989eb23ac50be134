"""Ceremonies that go otherwise than planned, and honestly say so: the verifier accepts their records."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from example import FIRST, crl, make_authority, make_plan
from forging import VERIFIER, Forgery, genesis, record, stand_ins, verify
from quorate.event import Type
from quorate.rehearse import rehearse
from quorate.room import Kind
from quorate.script import Compare, Issue
from quorate.script.state import State, Status
from refusing import run
from unsmooth import Bug, PowerCut, Unsmooth, When, at, in_branch, pending, say, unsmooth

SKIP = {"dealt with": ["yes"]}
Happens = list[tuple[When, BaseException]]


@pytest.fixture(scope="session")
def planned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An authority with the plan of 001-root, not yet rehearsed."""
    root = make_authority(tmp_path_factory.mktemp("planned") / "authority")
    make_plan(root, "001-root", FIRST)
    return root


def conducted(
    planned: Path, into: Path, happens: Happens, types: dict[str, list[str]] | None = None
) -> tuple[str, list[str], Unsmooth]:
    """Conduct it; what the verifier says of the accepted record, the types of its events, and the stand-ins."""
    root, people = unsmooth(planned, into, happens, types or {}, VERIFIER.read_bytes())
    code, output = verify(record(root, "001-root"), "--authority", genesis(root), "--rehearsal")
    assert code == 0, output
    forgery = Forgery(record(root, "001-root"), stand_ins(root))
    return output, [event["type"] for event in forgery.events], people


def test_a_step_that_went_otherwise(planned: Path, tmp_path: Path) -> None:
    output, types, _ = conducted(planned, tmp_path, [(at("1.2"), say(Kind.DEVIATION))])
    assert types.count("deviated") == 1
    assert "note deviations: 1: deviated step 1.2: as rehearsed" in output


@pytest.mark.parametrize("step", ["1.3", "2.2", "2.5"])
def test_a_step_that_was_skipped(planned: Path, tmp_path: Path, step: str) -> None:
    """Reading a paragraph; opening a safe, which counts as opened; opening a bag, which counts as opened too."""
    output, _, _ = conducted(planned, tmp_path, [(at(step), say(Kind.DEVIATION))], SKIP)
    assert f"skipped step {step}: as rehearsed" in output


def test_a_person_who_leaves_and_comes_back(planned: Path, tmp_path: Path) -> None:
    output, types, _ = conducted(
        planned, tmp_path, [(at("4.2"), say(Kind.LEFT, "c3")), (at("4.2"), say(Kind.ARRIVED, "c3"))]
    )
    assert "times a person left: 1" in output
    assert "paused" not in types


def test_a_person_whom_the_act_needs_leaves(planned: Path, tmp_path: Path) -> None:
    """The ceremony pauses by itself, and goes on when the seat is filled again; the auditor waits for two with keys."""
    happens: Happens = [(at("4.2"), say(Kind.LEFT, "iw")), (at("R.2"), say(Kind.ARRIVED, "iw"))]
    output, types, _ = conducted(planned, tmp_path, happens)
    assert types[types.index("left") : types.index("left") + 3] == ["left", "paused", "resumed"]
    assert "pauses: 1, resumptions after pause: 1" in output


def test_a_person_who_does_not_come_back_to_the_roll_call(planned: Path, tmp_path: Path) -> None:
    happens: Happens = [(at("7.2"), say(Kind.PAUSE)), (at("R.1"), say(Kind.LEFT, "c3"))]
    output, _, _ = conducted(planned, tmp_path, happens)
    assert "times a person left: 1, pauses: 1" in output


@pytest.mark.parametrize("step", ["2.3", "7.2"])
def test_a_pause(planned: Path, tmp_path: Path, step: str) -> None:
    output, _, _ = conducted(planned, tmp_path, [(at(step), say(Kind.PAUSE))])
    assert "pauses: 1, resumptions after pause: 1" in output


@pytest.mark.parametrize("step", ["1.4", "2.3", "2.5", "6.2", "10.5"])
def test_a_suspension(planned: Path, tmp_path: Path, step: str) -> None:
    """Everything is put away, and afterwards everything is as it was: bags open or sealed, places open or closed."""
    output, _, _ = conducted(planned, tmp_path, [(at(step), say(Kind.SUSPEND))])
    assert "suspensions: 1, resumptions after suspension: 1" in output


@pytest.mark.parametrize("step", ["S.2", "S.5"])
def test_the_power_fails_while_things_are_put_away(planned: Path, tmp_path: Path, step: str) -> None:
    happens: Happens = [(at("6.2"), say(Kind.SUSPEND)), (in_branch(step), PowerCut())]
    output, _, _ = conducted(planned, tmp_path, happens)
    assert "suspensions: 1, resumptions after interruption: 1, resumptions after suspension: 1" in output


@pytest.mark.parametrize("step", ["1.2", "8.2", "10.4"])
def test_an_abort(planned: Path, tmp_path: Path, step: str) -> None:
    output, types, _ = conducted(planned, tmp_path, [(at(step), say(Kind.ABORT))])
    assert "verdict: ACCEPTED; a REHEARSAL, nothing real was signed; aborted: 001-root" in output
    assert f"step {step}: as rehearsed" in output
    assert types[-1] == "closed"


def test_the_power_fails_during_an_abort_before_any_checkpoint(planned: Path, tmp_path: Path) -> None:
    happens: Happens = [(at("2.5"), say(Kind.ABORT)), (in_branch("A.4"), PowerCut())]
    output, _, _ = conducted(planned, tmp_path, happens)
    assert "aborted: 001-root" in output


def test_an_abort_when_the_rest_cannot_be_resumed(planned: Path, tmp_path: Path) -> None:
    happens: Happens = [(at("6.2"), PowerCut()), (at("R.2"), say(Kind.ABORT))]
    output, _, _ = conducted(planned, tmp_path, happens)
    assert "aborted: 001-root" in output


@pytest.mark.parametrize("step", ["1.4", "2.4", "10.4"])
def test_the_power_fails(planned: Path, tmp_path: Path, step: str) -> None:
    output, _, _ = conducted(planned, tmp_path, [(at(step), PowerCut())])
    assert "resumptions after interruption: 1" in output


@pytest.mark.parametrize(("step", "asked"), [("2.2", 0), ("2.5", 0), ("7.2", 1), ("10.6", 0)])
def test_the_number_on_a_device_is_asked_for_where_it_can_be_read(tmp_path: Path, step: str, asked: int) -> None:
    """Not while it lies in its bag, in the safe or on the table."""
    planned = make_authority(tmp_path / "planned")
    with (planned / "authority.toml").open("a") as file:
        file.write('holder = "hsm-1"\n')  # of the only item, which stands last
    make_plan(planned, "001-root", FIRST)
    _, _, people = conducted(planned, tmp_path, [(at(step), PowerCut())])
    branch = people.state.script.branches.resume
    serials = {one.id for one in branch if isinstance(one, Compare) and one.source == "token"}
    root = tmp_path / "authority"
    events = Forgery(record(root, "001-root"), stand_ins(root)).events
    assert sum(event["step"] in serials and event["type"] == "compared" for event in events) == asked


def test_a_bug(planned: Path, tmp_path: Path) -> None:
    output, types, _ = conducted(planned, tmp_path, [(at("7.2"), Bug())])
    assert types.count("fault") == 1
    assert "faults of the program: 1" in output


def test_the_number_of_a_crl_that_was_signed_and_never_written_is_not_given_again(
    rehearsed: Path, tmp_path: Path
) -> None:
    """Whoever has the transcript has its signature."""
    planned = Path(shutil.copytree(rehearsed, tmp_path / "planned"))
    make_plan(planned, "003-crl", crl("crl-r1-3", "root-r1", 3), "2026-12-15T09:00:00Z")

    def signed(state: State) -> bool:
        return isinstance(state.step, Issue) and bool(state.happened(Type.COMPLETED))

    happens: Happens = [(signed, PowerCut()), (in_branch("R.2"), say(Kind.ABORT))]
    root, _ = unsmooth(planned, tmp_path, happens, {}, VERIFIER.read_bytes(), "003-crl")
    plan = make_plan(root, "004-crl", crl("crl-r1-3b", "root-r1", 3), "2026-12-22T09:00:00Z")
    assert run("check", plan, "--rehearsal").codes == ["plan.crl_number"]
    plan = make_plan(root, "004-crl", crl("crl-r1-3b", "root-r1", 4), "2026-12-22T09:00:00Z")
    rehearse(root, plan, VERIFIER.read_bytes())
    records = [record(root, name) for name in ("001-root", "002-next", "003-crl", "004-crl")]
    code, output = verify(*records, "--authority", genesis(root), "--rehearsal")
    assert code == 0, output


def test_a_bug_while_it_is_paused(planned: Path, tmp_path: Path) -> None:
    happens: Happens = [(at("7.2"), say(Kind.PAUSE)), (lambda state: state.status is Status.PAUSED, Bug())]
    output, types, _ = conducted(planned, tmp_path, happens)
    assert types[types.index("paused") :][:3] == ["paused", "fault", "resumed"]
    assert "resumptions after pause: 1" in output


@pytest.mark.parametrize(("step", "outcome"), [("4.3", "absent"), ("6.2", "absent"), ("7.2", "lost"), ("8.2", "lost")])
def test_an_attempt_that_the_power_took(planned: Path, tmp_path: Path, step: str, outcome: str) -> None:
    """The same approval allows the next attempt; what became of the first is stated or looked up."""
    output, types, _ = conducted(planned, tmp_path, [(pending(step), PowerCut())])
    assert types.count("settled") == 1
    assert f"was settled as {outcome}" in output


def test_two_attempts_lost_at_one_signature(planned: Path, tmp_path: Path) -> None:
    output, types, _ = conducted(planned, tmp_path, [(pending("7.2"), PowerCut()), (pending("7.2"), PowerCut())])
    assert types.count("settled") == 2
    assert types.count("intended") == 7
    assert "attempt 2 of root-r1 was settled as lost" in output


@pytest.mark.parametrize(
    ("prompt", "answer"),
    [
        ("to give the command", "aardvark absurd"),
        ("serial number of hsm-1", "SHADOW-hsm-2"),
        ("The words of the last checkpoint", "absurd"),
        ("against an independent source", "2026-12-01T08:00:00Z"),
        ("seal number as it stands", "A0002"),
        ("new seal number", "A0001"),
    ],
)
def test_what_was_read_wrong_is_read_again(planned: Path, tmp_path: Path, prompt: str, answer: str) -> None:
    output, types, _ = conducted(planned, tmp_path, [], {prompt: [answer]})
    assert types.count("mismatched") == 1
    assert "note mismatches: 1" in output


def test_a_wrong_share_is_kept_in_the_record(planned: Path, tmp_path: Path) -> None:
    output, types, people = conducted(planned, tmp_path, [], {"type your share, or press Enter": ["no such words"]})
    assert [one.code for one in people.refusals] == ["share.unknown_word"]
    assert types.count("refused") == 1
    assert "refused attempts: 1" in output
