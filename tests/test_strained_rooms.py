"""What a room may come to: people go out at the wrong moment, clocks run on, tokens answer badly, power fails."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

import example
from example import FIRST, make_authority, make_plan
from forging import VERIFIER, genesis, record, verify
from kept_record import KeyHolders, OfflineHost, govern
from quorate import frozen, governing, prepare, signer
from quorate.archive import read_register
from quorate.conduct import conduct
from quorate.credentials import Credentials
from quorate.event import Event, Type, moment
from quorate.findings import Refusal
from quorate.host import Host, SteppedHost
from quorate.perform import Performer
from quorate.record import TRANSCRIPT, locked, read_transcript
from quorate.rehearse import StandIns, prepare_rehearsal
from quorate.room import Kind, Room
from quorate.script.drafting import utc
from quorate.script.state import State, Status
from quorate.standing_in import TRANSPORT
from quorate.statement import Mode
from quorate.token import GeneratedKey
from quorate.token.software import SoftwareToken
from quorate.want import Arrive, Arrived, Collect, Signed
from refusing import refused, run
from unsmooth import Bug, PowerCut, Unsmooth, When, at, say, unsmooth
from zoned import day, generation, ksk, make_zoned
from zones import Zone


@pytest.fixture(scope="module")
def planned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = make_authority(tmp_path_factory.mktemp("planned") / "authority")
    make_plan(root, "001-root", FIRST)
    return root


def events(root: Path, name: str = "001-root") -> tuple[Event, ...]:
    return read_transcript(record(root, name) / TRANSCRIPT)[0]


def accepted(root: Path, name: str = "001-root") -> str:
    code, output = verify(record(root, name), "--authority", genesis(root), "--rehearsal")
    assert code == 0, output
    return output


def nth(step: str, number: int) -> When:
    """At the so-many-th question of a step."""
    seen = [0]

    def when(state: State) -> bool:
        if state.step is None or state.step.id != step:
            return False
        seen[0] += 1
        return seen[0] == number

    return when


def codes(people: Unsmooth) -> list[str]:
    return [one.code for one in people.refusals]


# -- who is there -----------------------------------------------------------------------------------------------------


def test_a_share_goes_out_with_its_holder(planned: Path, tmp_path: Path) -> None:
    """The token is opened by those who are there when it is."""
    root, _ = unsmooth(planned, tmp_path, [(nth("5.3", 2), say(Kind.LEFT, "c1"))], verifier=VERIFIER.read_bytes())
    (unlocked,) = (one for one in events(root) if one.type is Type.UNLOCKED and one.step == "5.3")
    assert unlocked.body["by"] == ["c2", "c3"]
    accepted(root)


def test_too_few_holders_are_named_and_the_rest_is_asked_when_they_come(planned: Path, tmp_path: Path) -> None:
    happens: list[tuple[When, BaseException]] = [(nth("5.3", 1), say(Kind.LEFT, one)) for one in ("c2", "c3")]
    people: list[Unsmooth] = []

    def again(self: Unsmooth) -> bool:
        people.append(self)
        raise say(Kind.ARRIVED, "c2")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Unsmooth, "again", again)
        root, room = unsmooth(planned, tmp_path, happens, verifier=VERIFIER.read_bytes())
    assert codes(room) == ["session.holders_missing"]
    assert "absent: cb, cc" in room.refusals[0].findings[0].sentence
    accepted(root)


def test_no_share_is_shown_for_a_seat_where_nobody_is(
    planned: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown: list[str] = []
    reveal = StandIns.reveal

    def revealing(self: StandIns, seat: str, words: bytearray, topic: str) -> None:
        shown.append(seat)
        reveal(self, seat, words, topic)

    def again(self: Unsmooth) -> bool:
        assert shown == []
        raise say(Kind.ARRIVED, "c3")

    monkeypatch.setattr(StandIns, "reveal", revealing)
    monkeypatch.setattr(Unsmooth, "again", again)
    root, people = unsmooth(planned, tmp_path, [(nth("3.3", 1), say(Kind.LEFT, "c3"))], verifier=VERIFIER.read_bytes())
    assert codes(people) == ["session.seat_absent"]
    accepted(root)


def test_who_leads_may_go_out_when_the_command_is_due(planned: Path, tmp_path: Path) -> None:
    root, people = unsmooth(planned, tmp_path, [(nth("6.2", 3), say(Kind.LEFT, "ca"))], verifier=VERIFIER.read_bytes())
    said = [one.type for one in events(root) if one.type in (Type.LEFT, Type.PAUSED)]
    assert (codes(people), said) == ([], [Type.LEFT, Type.PAUSED])
    accepted(root)


def room_of(root: Path, kind: type[Unsmooth] = Unsmooth) -> tuple[Unsmooth, Callable[[], State]]:
    """The people of a rehearsal, and what conducts it with them."""
    ceremony = root / "ceremonies" / "001-root"
    start, compiled = prepare_rehearsal(root, ceremony, VERIFIER.read_bytes())
    assert compiled is not None
    folder, host = ceremony / "rehearsal", SteppedHost(utc(compiled.script.window.opens))
    people = kind(root, folder, host)
    return people, lambda: conduct(Room(host, people, ceremony, start, folder), VERIFIER.read_bytes(), folder)


def test_nobody_sits_in_two_seats_of_one_role(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seats = {**example.SEATS, "o1": ("officer", "oa", ("ob",)), "o2": ("officer", "ob", ("oa",))}
    monkeypatch.setattr(example, "SEATS", seats)
    root = make_authority(tmp_path / "authority")
    make_plan(root, "001-root", FIRST)

    class Greedy(Unsmooth):
        def arrive(self, want: Arrive) -> Arrived:
            if want.seat == "o2" and not self.refusals:
                seat = self.state.script.seat("o2")
                said = (("seat", "o2"), ("person", "ob"))
                statement = self.state.statement(dict(want.options)["oa"][0].statement.type, seat, "ob", said)
                ballot = type(dict(want.options)["oa"][0])(statement, "o2")
                return Arrived("ob", (self._sign(ballot),))
            return super().arrive(want)

    people, go = room_of(root, Greedy)
    people.happens = []
    arrive = people.arrive

    def first_ob(want: Arrive) -> Arrived:
        if want.seat == "o1":
            return Arrived("ob", (people._sign(dict(want.options)["ob"][0]),))
        if want.seat == "o2":
            assert [person for person, _ in want.options] == ["oa"]  # ob sits already
        return arrive(want)

    people.arrive = first_ob  # type: ignore[method-assign]
    go()
    assert codes(people) == ["session.not_of_this_seat"]
    accepted(root)


def test_who_has_authorised_the_use_of_a_token_gets_no_share_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As an alternate, in roles that may go together."""
    monkeypatch.setattr(example, "PEOPLE", {**example.PEOPLE, "olga": "officer"})
    seats = {**example.SEATS, "o3": ("officer", "olga", ()), "c1": ("custodian", "ca", ("olga",))}
    monkeypatch.setattr(example, "SEATS", seats)
    root = make_authority(tmp_path / "authority")
    text = (root / "authority.toml").read_text()
    (root / "authority.toml").write_text(text.replace(',["officer","custodian"]', ""))
    with (root / "people" / "olga.toml").open("a") as file:
        file.write('[[appointments]]\nrole = "custodian"\nsince = "2020-01-01"\nuntil = "2060-01-01"\n')
    make_plan(root, "001-root", FIRST)
    people, go = room_of(root)
    collect, arrive = people.collect, people.arrive

    def olga_first(want: Collect) -> Signed:
        people._happen()
        mine = [one for one in want.ballots if one.statement.signer == "olga" and people.state.step.id == "3.3"]  # type: ignore[union-attr]
        return people._sign(mine[0]) if mine else collect(want)

    def olga_for_ca(want: Arrive) -> Arrived:
        if want.seat == "c1" and people.state.step.id == "3.3" and not people.refusals:  # type: ignore[union-attr]
            return Arrived("olga", (people._sign(dict(want.options)["olga"][0]),))
        return arrive(want)

    def again() -> bool:
        raise say(Kind.ARRIVED, "c1")

    people.collect, people.arrive, people.again = olga_first, olga_for_ca, again  # type: ignore[method-assign]
    people.happens = [(nth("3.3", 2), say(Kind.LEFT, "c1")), (nth("3.3", 1), say(Kind.ARRIVED, "c1"))]
    go()
    assert codes(people)[0] == "session.authorised_already"
    accepted(root)


def test_only_those_who_sat_there_cosign_the_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An alternate who was named, and stayed at home, has seen nothing."""
    monkeypatch.setattr(example, "PEOPLE", {**example.PEOPLE, "oc": "officer"})
    monkeypatch.setattr(example, "SEATS", {**example.SEATS, "o2": ("officer", "ob", ("oc",))})
    root = make_authority(tmp_path / "authority")
    make_plan(root, "001-root", FIRST)
    _, go = room_of(root)
    go()
    (record(root, "001-root") / "cosignatures" / "ob.sig").unlink()
    seal = ("seal", root / "ceremonies" / "001-root", "--rehearsal")
    assert "(of ob)" in run(*seal).out
    for person, codes_of in (("oc", ["approve.stranger"]), ("ob", [])):
        done = run(*seal, "--person", person, "--key", root / "shadow" / "people" / f"{person}.key")
        assert list(done.codes) == codes_of
    accepted(root)


# -- the window -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("step", ["3.3", "6.2", "7.2"], ids=["sharing out", "generating", "issuing"])
def test_nobody_approves_anything_once_the_window_has_closed(planned: Path, tmp_path: Path, step: str) -> None:
    """The record is whole, and an abort ends it."""
    root = Path(shutil.copytree(planned, tmp_path / "authority"))
    people, go = room_of(root)
    host = people.host
    assert isinstance(host, SteppedHost)
    collect, asked = people.collect, list[str]()

    def late(want: Collect) -> Signed:
        if people.state.step and people.state.step.id == step and not asked:
            asked.append(step)
            host._next = utc(people.state.script.window.closes) + timedelta(minutes=5)
        return collect(want)

    def again() -> bool:
        raise say(Kind.ABORT)

    people.collect, people.again = late, again  # type: ignore[method-assign]
    go()
    assert codes(people) == ["session.window_closed"]
    assert not [one for one in events(root) if one.step == step and one.type is Type.APPROVED]
    accepted(root)


def test_what_was_begun_in_the_window_may_take_its_time(
    planned: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The key is there when the window has closed; no more is signed, and the record is whole."""
    root = Path(shutil.copytree(planned, tmp_path / "authority"))
    people, go = room_of(root)
    host, generate = people.host, Performer._generate
    assert isinstance(host, SteppedHost)

    def slow(self: Performer, want: Any) -> Any:
        host._next = utc(people.state.script.window.closes) + timedelta(minutes=5)
        return generate(self, want)

    def again() -> bool:
        raise say(Kind.ABORT)

    monkeypatch.setattr(Performer, "_generate", slow)
    monkeypatch.setattr(people, "again", again)
    go()
    assert codes(people) == ["session.window_closed"]
    (made,) = (one for one in events(root) if one.type is Type.COMPLETED and "spki" in one.body)
    assert moment(made.at) > utc(people.state.script.window.closes)
    accepted(root)


# -- interruptions ----------------------------------------------------------------------------------------------------


def test_the_records_of_a_ksk_may_be_there_before_the_event(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = make_zoned(tmp_path / "zoned", Zone(kinds={"ksk-1": "p-256"}))
    make_plan(root, "001-ksk", generation(ksk("ksk-1")), day(0, 90))
    write, left = Performer._write, [1]

    def cut(self: Performer, want: Any) -> Any:
        answer = write(self, want)
        if left:
            left.clear()
            raise PowerCut
        return answer

    monkeypatch.setattr(Performer, "_write", cut)
    happens: list[tuple[When, BaseException]] = [(at("R.3"), say(Kind.PAUSE))]  # there it goes on
    there, _ = unsmooth(root, tmp_path, happens, verifier=VERIFIER.read_bytes(), name="001-ksk")
    assert left == []
    accepted(there, "001-ksk")


def test_an_abort_says_what_it_leaves_unsettled(planned: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The power fails when the token has the pair; nobody is there to settle it."""
    generate, left, shown = Performer._generate, [1], list[str]()

    def cut(self: Performer, want: Any) -> Any:
        answer = generate(self, want)
        if left:
            left.clear()
            raise PowerCut
        return answer

    show = StandIns.show

    def showing(self: StandIns, lines: Any) -> None:
        shown.extend(lines)
        show(self, lines)

    monkeypatch.setattr(Performer, "_generate", cut)
    monkeypatch.setattr(StandIns, "show", showing)
    happens: list[tuple[When, BaseException]] = [(at("R.3"), say(Kind.ABORT))]
    root, _ = unsmooth(planned, tmp_path, happens, verifier=VERIFIER.read_bytes())
    assert "attempt 1 at key-r1 was interrupted, and an abort leaves it so: say in why" in shown
    assert "note key-r1: an attempt was interrupted and is not settled" in accepted(root)


def test_people_who_come_back_may_suspend_again(planned: Path, tmp_path: Path) -> None:
    happens: list[tuple[When, BaseException]] = [(at("7.2"), PowerCut())]
    happens.append((lambda state: state.line == "resume" and at("R.9")(state), say(Kind.SUSPEND)))
    root, people = unsmooth(planned, tmp_path, happens, verifier=VERIFIER.read_bytes())
    assert codes(people) == []
    assert sum(one.type is Type.SUSPENDED for one in events(root)) == 1
    accepted(root)


def test_what_is_never_skipped_is_said_before_anybody_signs(planned: Path, tmp_path: Path) -> None:
    asked: list[str] = []

    class Asking(Unsmooth):
        def collect(self, want: Collect) -> Signed:
            asked.extend(line for line in want.about[:1] if line.startswith("deviation"))
            return super().collect(want)

    root = Path(shutil.copytree(planned, tmp_path / "authority"))
    people, go = room_of(root, Asking)
    people.happens, people.types = [(nth("6.2", 1), say(Kind.DEVIATION))], {"dealt with": ["yes"]}
    go()
    assert (codes(people), asked) == (["session.never_skipped"], [])


def test_who_sat_where_a_share_goes_does_not_authorise_after(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Olga sits for a custodian at first, who then comes; the verifier knows who sat there, and so does the room."""
    monkeypatch.setattr(example, "PEOPLE", {**example.PEOPLE, "olga": "officer"})
    seats = {**example.SEATS, "c1": ("custodian", "ca", ("olga",)), "o3": ("officer", "olga", ())}
    monkeypatch.setattr(example, "SEATS", seats)
    root = make_authority(tmp_path / "authority")
    path = root / "authority.toml"
    path.write_text(re.sub(r',?\["[a-z]+","custodian"\]|\["custodian","[a-z]+"\],?', "", path.read_text()))
    with (root / "people" / "olga.toml").open("a") as file:
        file.write('[[appointments]]\nrole = "custodian"\nsince = "2020-01-01"\nuntil = "2060-01-01"\n')
    make_plan(root, "001-root", FIRST)
    people, go = room_of(root)
    arrive, first = people.arrive, [1]

    def olga_first(want: Arrive) -> Arrived:
        people._happen()
        if want.seat == "c1" and first:
            first.clear()
            return Arrived("olga", (people._sign(dict(want.options)["olga"][0]),))
        return arrive(want)

    monkeypatch.setattr(people, "arrive", olga_first)
    people.happens = [(nth("2.2", 1), say(Kind.LEFT, "c1")), (nth("2.2", 1), say(Kind.ARRIVED, "c1"))]
    asked: list[set[str]] = []
    collect = people.collect

    def watched(want: Collect) -> Signed:
        asked.append({one.statement.signer for one in want.ballots if people.state.step.id == "6.2"})
        return collect(want)

    monkeypatch.setattr(people, "collect", watched)
    go()
    assert "olga" not in set().union(*asked)
    assert {"oa", "ob"} <= set().union(*asked)
    accepted(root)


def test_an_interrupted_share_is_recovered_by_those_who_are_there(
    planned: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = Path(shutil.copytree(planned, tmp_path / "authority"))
    people, go = room_of(root)
    take, secret = Credentials.set_credential, people.secret
    left, asked = ["c1", "c2"], list[str]()

    def cut(self: Credentials, want: Any) -> Any:
        take(self, want)
        raise PowerCut

    def watched(seat: str, prompt: str, topic: str) -> bytearray:
        if people.state.step is not None and people.state.step.id == "3.3":
            if left:
                raise say(Kind.LEFT, left.pop())
            asked.append(people.state.seats.get(seat, ""))
        return secret(seat, prompt, topic)

    def again() -> bool:
        raise PowerCut

    with monkeypatch.context() as patch:
        patch.setattr(Credentials, "set_credential", cut)
        with pytest.raises(PowerCut):
            go()
    monkeypatch.setattr(people, "secret", watched)
    monkeypatch.setattr(people, "again", again)
    with pytest.raises(PowerCut):
        go()
    assert codes(people) == ["session.holders_missing"]
    assert all(asked)


def test_an_abort_in_a_pause_is_refused_before_anybody_signs(planned: Path, tmp_path: Path) -> None:
    signed: list[Status] = []

    class Watched(Unsmooth):
        def collect(self, want: Collect) -> Signed:
            signed.append(self.state.status)
            return super().collect(want)

    root = Path(shutil.copytree(planned, tmp_path / "authority"))
    people, go = room_of(root, Watched)
    resting: When = lambda state: state.status is Status.PAUSED  # noqa: E731 - as short as the others
    people.happens = [(at("7.2"), say(Kind.PAUSE)), (resting, say(Kind.ABORT))]
    go()
    assert codes(people) == ["session.resting"]
    assert Status.PAUSED not in signed
    accepted(root)


def test_a_suspension_in_place_of_an_interrupted_one_is_the_only_one(planned: Path, tmp_path: Path) -> None:
    happens: list[tuple[When, BaseException]] = [(at("7.2"), say(Kind.SUSPEND)), (at("S.2"), PowerCut())]
    happens.append((lambda state: state.line == "resume" and not set(state.roll) - set(state.seats), say(Kind.SUSPEND)))
    root, people = unsmooth(planned, tmp_path, happens, verifier=VERIFIER.read_bytes())
    assert codes(people) == []
    stops = [one.type for one in events(root) if one.type in (Type.SUSPENDED, Type.RESUMED)]
    assert stops == [Type.SUSPENDED, Type.RESUMED, Type.SUSPENDED, Type.RESUMED]
    accepted(root)


def test_an_abort_before_those_who_close_have_come_stays_open_and_says_so(planned: Path, tmp_path: Path) -> None:
    happens: list[tuple[When, BaseException]] = [(lambda state: len(state.seats) == 2, say(Kind.ABORT))]
    root, _ = unsmooth(planned, tmp_path, happens, verifier=VERIFIER.read_bytes())
    outcome = run("seal", root / "ceremonies" / "001-root", "--rehearsal")
    assert outcome.code == 0
    assert "too few of those who close were at this ceremony: for the verifier it stays open" in outcome.out
    assert "add cosignatures" not in outcome.out
    assert verify(record(root, "001-root"), "--authority", genesis(root), "--rehearsal")[0] == 3


def test_nothing_is_suspended_while_it_is_aborted(planned: Path, tmp_path: Path) -> None:
    happens: list[tuple[When, BaseException]] = [(at("7.2"), say(Kind.ABORT)), (at("A.2"), PowerCut())]
    happens.append((lambda state: state.line == "resume" and not set(state.roll) - set(state.seats), say(Kind.SUSPEND)))
    root, people = unsmooth(planned, tmp_path, happens, verifier=VERIFIER.read_bytes())
    assert codes(people) == ["session.not_due"]
    accepted(root)


def test_who_puts_all_away_is_there_before_a_suspension(planned: Path, tmp_path: Path) -> None:
    happens: list[tuple[When, BaseException]] = [(at("7.2"), PowerCut())]
    happens.append((lambda state: state.line == "resume" and len(state.seats) == 2, say(Kind.SUSPEND)))
    root, people = unsmooth(planned, tmp_path, happens, verifier=VERIFIER.read_bytes())
    assert codes(people) == ["session.seat_absent"]
    accepted(root)


def test_a_bug_is_told_even_if_the_token_is_gone_too(
    planned: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = Path(shutil.copytree(planned, tmp_path / "authority"))
    people, go = room_of(root)

    def gone(self: SoftwareToken) -> None:
        raise Refusal("token.failed", serial="X", function="C_Logout", result="CKR_DEVICE_REMOVED")

    def when(state: State) -> bool:
        if at("7.2")(state):
            monkeypatch.setattr(SoftwareToken, "logout", gone)
            return True
        return False

    people.happens = [(when, Bug("what nobody thought of"))]
    with pytest.raises(Bug):
        go()
    assert codes(people) == ["token.failed"]


# -- tokens that answer badly -----------------------------------------------------------------------------------------


def keys_on_token(root: Path) -> list[str]:
    folder = root / "ceremonies" / "001-root" / "rehearsal" / "tokens" / "hsm-1"
    return sorted(path.stem for path in folder.glob("*.key"))


def test_a_pair_that_cannot_be_read_back_does_not_stay(
    planned: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    generate, left = SoftwareToken.generate, [1]

    def failing(self: SoftwareToken, *given: Any) -> GeneratedKey:
        made = generate(self, *given)
        if left:
            left.clear()
            raise Refusal("token.failed", serial="X", function="C_GetAttributeValue", result="CKR_DEVICE_ERROR")
        return made

    monkeypatch.setattr(SoftwareToken, "generate", failing)
    root, _ = unsmooth(planned, tmp_path, [], verifier=VERIFIER.read_bytes())
    settled = [one.body["outcome"] for one in events(root) if one.type is Type.SETTLED]
    assert settled == ["destroyed"]
    assert keys_on_token(root) == [one.object for one in read_register(root, Mode.REHEARSAL).keys.values()]
    accepted(root)


def test_a_pair_whose_destruction_failed_is_destroyed_the_next_time(
    planned: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    generate, destroy, made, tried = SoftwareToken.generate, SoftwareToken.destroy, list[int](), list[int]()

    def extractable(self: SoftwareToken, *given: Any) -> GeneratedKey:
        pair = generate(self, *given)
        made.append(1)
        said = tuple((name, "true" if name == "EXTRACTABLE" else value) for name, value in pair.attributes)
        return GeneratedKey(pair.spki, said) if len(made) == 1 else pair

    def failing(self: SoftwareToken, object_id: bytes) -> None:
        tried.append(1)
        if len(tried) == 1:
            raise Refusal("token.failed", serial="X", function="C_DestroyObject", result="CKR_FUNCTION_FAILED")
        destroy(self, object_id)

    monkeypatch.setattr(SoftwareToken, "generate", extractable)
    monkeypatch.setattr(SoftwareToken, "destroy", failing)
    root, _ = unsmooth(planned, tmp_path, [], verifier=VERIFIER.read_bytes())
    assert keys_on_token(root) == [one.object for one in read_register(root, Mode.REHEARSAL).keys.values()]
    accepted(root)


def test_a_pause_is_on_record_whatever_the_token_says(
    planned: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    logout, due = SoftwareToken.logout, list[int]()

    def failing(self: SoftwareToken) -> None:
        if due and self._who is not None:
            due.clear()
            self._forget()
            raise Refusal("token.failed", serial="X", function="C_Logout", result="CKR_DEVICE_REMOVED")
        logout(self)

    def approved_once(state: State) -> bool:
        if at("7.2")(state) and len(state.happened(Type.APPROVED)) == 1:
            due.append(1)
            return True
        return False

    monkeypatch.setattr(SoftwareToken, "logout", failing)
    root, people = unsmooth(planned, tmp_path, [(approved_once, say(Kind.LEFT, "iw"))], verifier=VERIFIER.read_bytes())
    assert codes(people) == ["token.failed"]
    assert [one.type for one in events(root) if one.type is Type.PAUSED] == [Type.PAUSED]
    accepted(root)


def test_a_token_that_is_away_at_the_end_keeps_nothing_from_being_sealed(
    planned: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(self: SoftwareToken) -> None:
        raise Refusal("token.failed", serial="X", function="C_CloseSession", result="CKR_DEVICE_REMOVED")

    monkeypatch.setattr(SoftwareToken, "close", away)
    root, _ = unsmooth(planned, tmp_path, [], verifier=VERIFIER.read_bytes())
    accepted(root)


# -- what is found before the day -------------------------------------------------------------------------------------


def test_the_records_of_a_ksk_are_no_other_operations_output(tmp_path: Path) -> None:
    root = make_zoned(tmp_path / "zoned", Zone(kinds={"ksk-1": "p-256", "ksk-2": "p-256"}))
    second = ksk("ksk-2").replace('id = "ksk-2"', 'id = "ksk-2"\noutput = "ksk-1.ksk.txt"')
    plan = make_plan(root, "001-ksk", generation(ksk("ksk-1"), second), day(0, 90))
    with pytest.raises(Refusal) as refusal:
        prepare_rehearsal(root, plan, VERIFIER.read_bytes())
    assert refusal.value.code == "plan.output_twice"


# -- the state of the authority ---------------------------------------------------------------------------------------


def test_a_ceremony_goes_on_under_the_state_it_was_approved_under(tmp_path: Path) -> None:
    """A state that governors sign meanwhile, with another token under the same id, is for the next one."""
    keys = tmp_path / "keys"
    root = make_authority(tmp_path / "authority", keys)
    ceremony = make_plan(root, "001-root", FIRST)
    for name, serial in (("hsm-1", "EX-1"), ("other", "EX-2")):
        pins = bytearray(TRANSPORT), bytearray(TRANSPORT)
        SoftwareToken.make(root / "tokens" / name, serial, name, *pins, Host().random)
    govern(root, keys)
    start, host = prepare.real_base(root), OfflineHost(utc("2026-12-01T09:00:00Z"))
    compiled = prepare.compile_plan(ceremony, start, Host().random)
    frozen.write(host, ceremony, compiled)
    for person in governing.approvers(start.state, compiled.script):
        statement = governing.approval_statement(compiled.script, start.state, person)
        signature = signer.sign_as_stand_in(statement, signer.stand_in_key(keys / person))
        governing.keep(host, ceremony / "approvals" / person, statement, start.state, signature)
    people = KeyHolders(root, ceremony, host, keys)
    people.happens = [(at("3.2"), PowerCut())]
    with pytest.raises(PowerCut):
        conduct(Room(host, people, ceremony, start, root), VERIFIER.read_bytes(), ceremony)
    text = (root / "authority.toml").read_text()
    old, new = ('location = "tokens/{}"\nserial = "{}"'.format(*one) for one in (("hsm-1", "EX-1"), ("other", "EX-2")))
    assert old in text
    (root / "authority.toml").write_text(text.replace(old, new))
    govern(root, keys)
    start = prepare.real_base(root)
    assert start.state.token("hsm-1").serial == "EX-2"
    conduct(Room(host, people, ceremony, start, root), VERIFIER.read_bytes(), ceremony)
    assert list((root / "tokens" / "hsm-1").glob("*.key"))
    assert not list((root / "tokens" / "other").glob("*.key"))


def test_an_appointment_stands_on_each_day_of_the_window(tmp_path: Path) -> None:
    root = make_authority(tmp_path / "authority", tmp_path / "keys")
    person = root / "people" / "alice.toml"
    gap = 'until = "2026-12-01"\n[[appointments]]\nrole = "administrator"\nsince = "2026-12-03"\nuntil = "2060-01-01"'
    person.write_text(person.read_text().replace('until = "2060-01-01"', gap, 1))
    plan = make_plan(root, "001-root", FIRST)
    text = (plan / "plan.toml").read_text()
    assert 'closes = "2026-12-01' in text
    (plan / "plan.toml").write_text(text.replace('closes = "2026-12-01', 'closes = "2026-12-04', 1))
    outcome = run("check", plan)
    assert "alice is not appointed as administrator on 2026-12-02" in outcome.err


def test_what_else_lies_beside_superseded_scripts_counts_for_nothing(tmp_path: Path) -> None:
    (tmp_path / "superseded" / "001-old").mkdir(parents=True)
    (tmp_path / "script.json").write_text("{}")
    frozen._supersede(tmp_path, frozen=True)
    assert (tmp_path / "superseded" / "001" / "script.json").is_file()


def test_nothing_is_sealed_while_somebody_conducts(planned: Path, tmp_path: Path) -> None:
    root, _ = unsmooth(planned, tmp_path, [], verifier=VERIFIER.read_bytes())
    ceremony = root / "ceremonies" / "001-root"
    with locked(ceremony / "rehearsal"):
        assert refused(root, "seal", ceremony, "--rehearsal") == ["conduct.locked"]
    assert run("seal", ceremony, "--rehearsal").code == 0
    accepted(root)
