"""The plain console, typed at through pseudo-terminals and pipes, with keys that ssh-keygen made."""

from __future__ import annotations

import os
import pty
import re
import select
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import pexpect
import pytest

from quorate import sshsig
from quorate.authority import AuthorityState, Commitments, Cps
from quorate.console import Console
from quorate.face import Face
from quorate.findings import Refusal
from quorate.host import SteppedHost
from quorate.people import Person, Presence
from quorate.plan import Window, Witnessing
from quorate.room import Aside, Kind
from quorate.script import Act, Branches, Read, Script, ScriptAuthority, ScriptItem, ScriptSeat
from quorate.script.state import Cursor, Lies, State, Status
from quorate.statement import Mode, Statement, StatementType
from quorate.want import Arrive, Ballot, Collect

T = TypeVar("T")
MOMENT = datetime(2027, 1, 12, 9, 0, tzinfo=UTC)
CLEAR = "\x1b[2J\x1b[3J\x1b[H"
WORDS = tuple(
    "shadow pistol academic always adequate wildlife fancy gross oasis cylinder "
    "mustang wrist rescue view short owner flip making coding armed".split()
)
PATIENCE = 10


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("keys")
    for person in ("alice", "bob", "carol"):
        command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", str(folder / person)]
        subprocess.run(command, check=True)
    return folder


def state_of(keys: Path) -> AuthorityState:
    people = [
        Person(name, Presence.KEYED, (keys / f"{name}.pub").read_text().strip(), "", ())
        for name in ("alice", "bob", "carol")
    ]
    return AuthorityState(
        format="quorate/1",
        name="example",
        organisation="Example",
        rules="private",
        cps=Cps("", "", ""),
        commitments=Commitments(2, "", (), 1, 1, 1),
        people=(*people, Person("dora", Presence.PAPER, "", "", ())),
        roles=(),
        quorums=(),
        conflicts=(),
        places=(),
        tokens=(),
        items=(),
    )


@pytest.fixture
def authority(keys: Path) -> AuthorityState:
    return state_of(keys)


@pytest.fixture
def state(authority: AuthorityState) -> State:
    def step(number: str, title: str) -> Read:
        return Read(id=number, title=title, text=(f"{title} slowly.",), clauses=("BR 6.1.1.1",), by=("admin",))

    script = Script(
        format="quorate/1",
        mode=Mode.REAL,
        authority=ScriptAuthority("example", "", ""),
        ceremony="2027-1",
        purpose="",
        facility="",
        rules="private",
        window=Window("2027-01-12T08:00:00Z", "2027-01-13T08:00:00Z"),
        predecessor="",
        plan="",
        notices=(),
        witnessing=Witnessing(),
        seats=tuple(
            ScriptSeat(seat, seat, person, (), Presence.KEYED)
            for seat, person in (("admin", "alice"), ("holder", "bob"), ("witness", "dora"))
        ),
        quorums=(),
        tokens=(),
        items=(ScriptItem("card-1", "a smart card", "safe-1", "S1"), ScriptItem("card-2", "another", "safe-1", "S2")),
        keys=(),
        sets=(),
        inputs=(),
        drafts=(),
        operations=(),
        waivers=(),
        acts=(Act(1, "Opening", ("admin", "witness")), Act(2, "Signing", ("admin",))),
        steps=(step("1.1", "Read the rules"), step("1.2", "Look around"), step("2.1", "Breathe")),
        branches=Branches((), (step("R.1", "Come back"),), ()),
    )
    return State(
        script=script,
        script_digest="",
        authority=authority,
        inputs={},
        seats={"admin": "alice", "holder": "bob"},
        unlocked=(("hsm-1", "user"),),
        items={"card-1": Lies("", "S1"), "card-2": Lies("safe-1", "S2")},
    )


class Playing:
    """People at a pseudo-terminal, in a thread: each waits for its cue on the screen, then types its line."""

    def __init__(self, authority: AuthorityState, exchange: Path) -> None:
        self.master, self.slave = pty.openpty()
        self.console: Face = Console(SteppedHost(MOMENT), authority, exchange, self.slave, self.slave)
        self.screen = ""

    def play(self, act: Callable[[], T], *lines: tuple[str, str]) -> T:
        """What `act` answers while `lines` (cue, line) are typed; the screen is in `self.screen`."""
        people = threading.Thread(target=self._type, args=(lines,))
        people.start()
        try:
            return act()
        finally:
            os.write(self.slave, b"<end>")
            people.join()

    def _type(self, lines: tuple[tuple[str, str], ...]) -> None:
        screen, seen, deadline = b"", 0, time.monotonic() + PATIENCE
        left = list(lines)
        while b"<end>" not in screen:
            if left and (found := screen.find(left[0][0].encode(), seen)) >= 0:
                seen = found + len(left[0][0])
                os.write(self.master, left.pop(0)[1].encode() + b"\n")
            ready, _, _ = select.select([self.master], [], [], 0.05)
            if ready:
                screen += os.read(self.master, 4096)
            if time.monotonic() > deadline:
                left = []
                os.write(self.master, b"\x04")  # the end of the input, so that the question does not stand for ever
        self.screen = screen.decode().replace("\r\n", "\n").removesuffix("<end>")

    def close(self) -> None:
        os.close(self.master)
        os.close(self.slave)


@pytest.fixture
def room(authority: AuthorityState, tmp_path: Path) -> Iterator[Playing]:
    playing = Playing(authority, tmp_path / "exchange")
    yield playing
    playing.close()


class Piped:
    """Everything typed beforehand, through a pipe."""

    def __init__(self, authority: AuthorityState, exchange: Path, typed: bytes) -> None:
        self.reading, writing = os.pipe()
        os.write(writing, typed)
        os.close(writing)
        self.shown, self.out = os.pipe()
        self.console: Face = Console(SteppedHost(MOMENT), authority, exchange, self.reading, self.out)

    def printed(self) -> str:
        os.close(self.out)
        with open(self.shown, encoding="utf-8") as shown:
            text = shown.read()
        os.close(self.reading)
        return text


Pipe = Callable[[str], Piped]


@pytest.fixture
def pipe(authority: AuthorityState, tmp_path: Path) -> Pipe:
    return lambda typed: Piped(authority, tmp_path / "exchange", typed.encode())


def ballot(authority: AuthorityState, person: str, seat: str, kind: StatementType = StatementType.INTENT) -> Ballot:
    blob = sshsig.public_blob(authority.person(person).key)
    statement = Statement(
        type=kind,
        mode=Mode.REAL,
        authority="sha256:00",
        ceremony="2027-1",
        said=(("operation", "root"),),
        signer=person,
        fingerprint=sshsig.fingerprint(blob),
        role=seat,
    )
    return Ballot(statement, seat)


def asked(authority: AuthorityState, have: int = 0) -> Collect:
    ballots = (ballot(authority, "alice", "admin"), ballot(authority, "bob", "holder"))
    return Collect(ballots, have, 2, ("intent of operation root",))


def codes(printed: str) -> list[str]:
    return re.findall(r"refused ([a-z_]+\.[a-z_]+): ", printed)


def signed_elsewhere(key: Path, statement: Path, namespace: str = "quorate-intent-v1") -> Path:
    """What a person does on a device of their own."""
    command = ["ssh-keygen", "-q", "-Y", "sign", "-n", namespace, "-f", str(key), str(statement)]
    subprocess.run(command, check=True)
    return statement.with_name(statement.name + ".sig")


# --- lines


def test_a_question_stands_until_it_is_answered_and_never_shows_what_is_expected(room: Playing) -> None:
    answer = room.play(
        lambda: room.console.ask("admin", "read the serial", "text", "SERIAL-77"),
        ("[admin] read the serial", ""),
        ("[admin] read the serial", "   "),
        ("[admin] read the serial", " 4711 "),
    )
    assert answer == "4711"
    assert room.screen.count("[admin] read the serial\n> ") == 3
    assert "SERIAL-77" not in room.screen


def test_a_name_is_the_same_however_its_accents_were_typed(pipe: Pipe) -> None:
    """A record has text in one form only (NFC)."""
    piped = pipe("Zoe\u0308 of the post\n")
    assert piped.console.ask("admin", "who takes it away", "text", "") == "Zo\u00eb of the post"
    piped.printed()


def test_lines_come_one_by_one_from_a_pipe_also_around_a_secret(pipe: Pipe) -> None:
    piped = pipe("first\r\nhidden words\nlast\n")
    assert piped.console.ask("admin", "one", "text", "") == "first"
    assert piped.console.secret("holder", "your share", "share/hsm-1/user") == bytearray(b"hidden words")
    assert piped.console.ask("admin", "two", "text", "") == "last"
    printed = piped.printed()
    assert printed == "[admin] one\n> [holder] your share (not shown)\n> [admin] two\n> "


def test_a_clock_question_says_how_a_time_is_written(pipe: Pipe) -> None:
    piped = pipe("2027-01-12T09:00:00Z\n")
    assert piped.console.ask("witness", "the time", "clock", "") == "2027-01-12T09:00:00Z"
    assert "in UTC as YYYY-MM-DDThh:mm:ssZ" in piped.printed()


@pytest.mark.parametrize("line", ["\x1b[Dabc", "a\tb", "caf\xe9\x07"])
def test_a_line_with_control_characters_is_asked_again(pipe: Pipe, line: str) -> None:
    piped = pipe(f"{line}\nplain\n")
    assert piped.console.ask("admin", "what", "text", "") == "plain"
    assert "more than letters" in piped.printed()


def test_a_line_without_an_end_in_sight_is_refused_and_not_cut(pipe: Pipe) -> None:
    piped = pipe("x" * 5000 + "\nplain\n")
    assert piped.console.ask("admin", "what", "text", "") == "plain"
    assert "too long" in piped.printed()


def test_what_a_terminal_would_obey_is_shown_escaped(pipe: Pipe) -> None:
    piped = pipe("")
    piped.console.show(["signed for \x1b[2Jevil\x07\u202e", "Gen\xe8ve"])
    piped.console.refuse(Refusal("signature.other_namespace", expected="a", got="\x1b]0;b"))
    printed = piped.printed()
    assert "\x1b" not in printed
    assert "\\x1b[2Jevil\\x07\\u202e\nGen\xe8ve\n" in printed


def test_a_refusal_is_a_line_and_a_hint(pipe: Pipe) -> None:
    piped = pipe("")
    both = Refusal("signature.malformed").findings + Refusal("signature.no_ssh_keygen").findings
    piped.console.refuse(Refusal.of(both))
    first, hint, second, _ = piped.printed().splitlines()
    assert first.startswith("refused signature.malformed: ")
    assert hint.startswith("  hint: ")
    assert second.startswith("refused signature.no_ssh_keygen: ")


@pytest.mark.parametrize(
    ("typed", "goes_on"),
    [("again\n", True), ("stop\n", False), ("yes\n\n:pause now\n:help\nagain\n", True)],
)
def test_after_a_refusal_there_is_again_or_stop(pipe: Pipe, typed: str, goes_on: bool) -> None:
    assert pipe(typed).console.again() is goes_on


# --- asides


@pytest.mark.parametrize(
    ("line", "aside"),
    [
        (":arrived witness", Aside(Kind.ARRIVED, "witness")),
        (":left   holder ", Aside(Kind.LEFT, "holder")),
        (":deviation", Aside(Kind.DEVIATION)),
        (":pause", Aside(Kind.PAUSE)),
        (":suspend", Aside(Kind.SUSPEND)),
        (":abort", Aside(Kind.ABORT)),
        (":stop", Aside(Kind.STOP)),
    ],
)
def test_every_aside_is_heard_at_every_prompt(
    pipe: Pipe, authority: AuthorityState, state: State, line: str, aside: Aside
) -> None:
    arrival = Arrive("admin", (("alice", (ballot(authority, "alice", "admin"),)),))
    prompts: dict[str, tuple[str, Callable[[Face], Any]]] = {
        "ask": ("", lambda face: face.ask("admin", "what", "text", "")),
        "secret": ("", lambda face: face.secret("holder", "share", "share/hsm-1/user")),
        "transport": ("", lambda face: face.secret("", "transport", "transport/hsm-1/so")),
        "before the words": ("", lambda face: face.reveal("holder", bytearray(b"one two"), "share/hsm-1/user")),
        "under the words": ("\n", lambda face: face.reveal("holder", bytearray(b"one two"), "share/hsm-1/user")),
        "who arrives": ("", lambda face: face.arrive(arrival)),
        "how they sign": ("alice\n", lambda face: face.arrive(arrival)),
        "who signs": ("", lambda face: face.collect(asked(authority))),
        "how": ("bob\n", lambda face: face.collect(asked(authority))),
        "medium": ("", lambda face: face.medium(1)),
        "after a refusal": ("", lambda face: face.again()),
    }
    for name, (before, act) in prompts.items():
        piped = pipe(f"{before}{line}\n")
        piped.console.enter(state)
        with pytest.raises(Aside) as said:
            act(piped.console)
        assert (said.value.kind, said.value.seat) == (aside.kind, aside.seat)
        assert piped.printed().endswith(CLEAR) is (name == "under the words")


@pytest.mark.parametrize(
    "line",
    [":abrot", ":", ":arrived", ":arrived nobody", ":arrived holder", ":left nobody", ":left witness", ":pause now"],
)
def test_an_aside_that_is_none_is_explained_and_asked_again(pipe: Pipe, state: State, line: str) -> None:
    piped = pipe(f"{line}\nanswer\n")
    piped.console.enter(state)
    assert piped.console.ask("admin", "what", "text", "") == "answer"
    explained = piped.printed().split("[admin] what\n> ")[1]
    assert 1 <= len(explained.splitlines()) <= 2
    assert line.split()[0] in explained


def test_while_the_ceremony_is_paused_only_stopping_and_resuming_are_possible(pipe: Pipe, state: State) -> None:
    piped = pipe(":left holder\n:arrived witness\n:deviation\n:status\nresume\n")
    piped.console.enter(replace(state, status=Status.PAUSED))
    assert piped.console.ask("admin", "type resume", "text", "") == "resume"
    assert piped.printed().count("first type resume") == 3


def test_the_end_of_the_input_means_stop_and_an_unfinished_line_was_not_meant(pipe: Pipe) -> None:
    for typed in ("", "half a li"):
        for act in (
            lambda face: face.ask("admin", "what", "text", ""),
            lambda face: face.secret("holder", "share", "share/hsm-1/user"),
        ):
            with pytest.raises(Aside) as said:
                act(pipe(typed).console)
            assert said.value.kind is Kind.STOP


def test_help_fits_on_one_screen_and_names_every_aside(room: Playing) -> None:
    room.play(lambda: room.console.ask("admin", "what", "text", ""), ("what", ":help"), ("what", "x"))
    text = room.screen.split("> ")[1]
    assert len(text.splitlines()) < 24
    assert all(len(line) < 100 for line in text.splitlines())
    for kind in Kind:
        assert f":{kind.value}" in text


def test_status_says_where_we_are_who_is_here_and_what_is_open(room: Playing, state: State) -> None:
    room.console.enter(state)
    answer = room.play(lambda: room.console.ask("admin", "what", "text", ""), ("what", ":status"), ("what", "x"))
    assert answer == "x"
    for line in (
        "ACT 1  Opening  (real)",
        "step 1.1  Read the rules",
        "present: admin (alice), holder (bob)",
        "empty: witness (needed in this act)",
        "unlocked: hsm-1 (user)",
        "out: card-1 (a smart card)",
    ):
        assert f"\n{line}\n" in room.screen


def test_status_before_the_first_step(pipe: Pipe) -> None:
    piped = pipe(":status\nx\n")
    piped.console.ask("admin", "what", "text", "")
    assert "the ceremony has not begun" in piped.printed()


THREE_QUESTIONS = """
import sys
from pathlib import Path
from quorate.room import Aside
from quorate.console import Console
from quorate.host import Host
console = Console(Host(), None, Path("unused"))
for act in (lambda: console.ask("admin", "first", "text", ""), lambda: console.ask("admin", "second", "text", ""),
            lambda: console.secret("holder", "third", "share/hsm-1/user")):
    try:
        print("answer", act(), flush=True)
    except Aside as aside:
        print("aside", aside.kind.value, flush=True)
"""


def at_a_terminal(program: str, *arguments: str) -> Any:
    """A program with a terminal of its own, where Ctrl-C is what it is."""
    return pexpect.spawn(sys.executable, ["-c", program, *arguments], timeout=PATIENCE, encoding="utf-8")


def test_ctrl_c_asks_once_and_leaves_at_the_second_time() -> None:
    child = at_a_terminal(THREE_QUESTIONS)
    for cue, typed in (
        ("first\r\n> ", "half\x03"),
        ("type :stop to leave, the ceremony can be resumed\r\n[admin] first\r\n> ", "whole\n"),
        ("answer whole\r\n[admin] second\r\n> ", "\x03"),  # the one at the question before does not count here
        ("type :stop to leave, the ceremony can be resumed\r\n[admin] second\r\n> ", "\x03"),
        ("aside stop\r\n[holder] third (not shown)\r\n> ", "\x03"),
        ("type :stop to leave, the ceremony can be resumed\r\n[holder] third (not shown)\r\n> ", "\x03"),
    ):
        child.expect_exact(cue)
        child.send(typed)
    child.expect_exact("aside stop")
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == 0


# --- steps


def test_acts_and_steps_are_announced_once_each(pipe: Pipe, state: State) -> None:
    piped = pipe("")
    second = replace(state, cursors=(Cursor("main", 1),))
    for moment in (state, state, second, replace(state, cursors=(Cursor("main", 2),))):
        piped.console.enter(moment)
    assert piped.printed().splitlines() == [
        "say :help at any question",
        "",
        "ACT 1  Opening  (real)",
        "",
        "1.1  Read the rules",
        "      Read the rules slowly.",
        "      [BR 6.1.1.1]",
        "      2027-01-12 09:00:00 UTC",
        "",
        "1.2  Look around",
        "      Look around slowly.",
        "      [BR 6.1.1.1]",
        "      2027-01-12 09:00:01 UTC",
        "",
        "ACT 2  Signing  (real)",
        "",
        "2.1  Breathe",
        "      Breathe slowly.",
        "      [BR 6.1.1.1]",
        "      2027-01-12 09:00:02 UTC",
    ]


def test_a_branch_is_called_by_its_name_and_the_act_again_after_it(pipe: Pipe, state: State) -> None:
    piped = pipe("")
    piped.console.enter(state)
    piped.console.enter(replace(state, cursors=(Cursor("main", 0), Cursor("resume", 0))))
    piped.console.enter(state)
    headings = [line for line in piped.printed().splitlines() if line.endswith("(real)")]
    assert headings == [
        "ACT 1  Opening  (real)",
        "RESUME  and then go on at step 1.1  (real)",
        "ACT 1  Opening  (real)",
    ]


def test_titles_are_bold_on_a_terminal_and_nothing_else_is(room: Playing, state: State) -> None:
    room.play(lambda: room.console.enter(state))
    assert room.screen.split("\x1b[1m")[1:] == [
        "ACT 1  Opening  (real)\x1b[0m\n\n",
        "1.1  Read the rules\x1b[0m\n      Read the rules slowly.\n      [BR 6.1.1.1]\n      2027-01-12 09:00:00 UTC\n",
    ]


# --- secrets


def test_a_secret_is_neither_echoed_nor_kept(room: Playing) -> None:
    held = room.play(
        lambda: room.console.secret("holder", "type your share", "share/hsm-1/user"),
        ("[holder] type your share", "academic acid"),
    )
    assert held == bytearray(b"academic acid")
    assert "acid" not in room.screen


def test_an_aside_at_a_secret_is_heard_and_a_secret_with_a_colon_can_be_typed(room: Playing, state: State) -> None:
    room.console.enter(state)
    held = room.play(
        lambda: room.console.secret("", "transport PIN", "transport/hsm-1/so"),
        ("transport PIN", ":status"),
        ("transport PIN", ":hunter2"),
        ("transport PIN", "::hunter2"),
    )
    assert held == bytearray(b":hunter2")
    assert "present: admin (alice)" in room.screen
    assert "two colons" in room.screen
    assert "hunter2" not in room.screen


def test_enter_alone_passes_a_share_but_spends_no_try_of_a_transport_pin(pipe: Pipe) -> None:
    assert pipe("\n").console.secret("holder", "share, or nothing to pass", "share/hsm-1/user") == bytearray()
    assert pipe("\n\npin\n").console.secret("", "transport", "transport/hsm-1/so") == bytearray(b"pin")


def test_a_secret_beyond_all_measure_is_asked_again(pipe: Pipe) -> None:
    assert pipe("x" * 2000 + "\npin\n").console.secret("", "transport", "transport/hsm-1/so") == bytearray(b"pin")


def test_words_are_shown_to_their_holder_alone_and_taken_away(room: Playing, state: State) -> None:
    room.console.enter(state)
    words = bytearray(" ".join(WORDS).encode())
    room.play(
        lambda: room.console.reveal("holder", words, "share/hsm-1/user"),
        ("Enter to see", ""),
        ("press Enter", "not yet: shadow pistol"),
        ("press Enter", ""),
    )
    _, before, shown, after = room.screen.split(CLEAR)
    assert "holder (bob) comes forward alone" in before
    assert not set(WORDS) & set(before.split())
    rows = [line.split() for line in shown.splitlines()[:5]]
    assert [len(row) for row in rows] == [8] * 5
    numbered = [(int(row[at]), row[at + 1]) for row in rows for at in range(0, 8, 2)]
    assert numbered == list(enumerate(WORDS, start=1))
    assert "not yet" not in shown
    assert after == ""
    assert words == bytearray(" ".join(WORDS).encode()), "the caller wipes them"


def test_words_are_taken_away_when_the_input_ends(pipe: Pipe) -> None:
    piped = pipe("\n")
    with pytest.raises(Aside):
        piped.console.reveal("holder", bytearray(b"one two three"), "share/hsm-1/user")
    shown, after = piped.printed().split("three")
    assert CLEAR in shown
    assert after.endswith(CLEAR)


def test_words_do_not_go_to_a_file_that_the_output_was_sent_to(authority: AuthorityState, tmp_path: Path) -> None:
    room = Playing(authority, tmp_path)
    with open(tmp_path / "log", "wb") as log:
        room.console = Console(SteppedHost(MOMENT), authority, tmp_path, room.slave, log.fileno())
        words = bytearray(" ".join(WORDS).encode())
        room.play(
            lambda: room.console.reveal("holder", words, "share/hsm-1/user"), ("to see the words", ""), ("press", "")
        )
    room.close()
    assert all(word in room.screen for word in WORDS)
    assert not [word for word in WORDS if word.encode() in (tmp_path / "log").read_bytes()]


# --- signatures


def test_a_key_file_signs(room: Playing, authority: AuthorityState, keys: Path, tmp_path: Path) -> None:
    signed = room.play(
        lambda: room.console.collect(asked(authority, have=1)),
        ("who signs now", "bob"),
        ("bob, sign by", f"file {keys / 'bob'}"),
    )
    assert (signed.statement.signer, signed.seat, signed.made) == ("bob", "holder", "file")
    sshsig.verify(
        signed.signature,
        sshsig.public_blob(authority.person("bob").key),
        "quorate-intent-v1",
        signed.statement.text(),
    )
    assert (tmp_path / "exchange" / "01-intent-bob.txt").read_bytes() == signed.statement.text()
    for part in ("intent of operation root", "1 of 2 signatures", "alice (admin), bob (holder)", "quorate-intent-v1"):
        assert part in room.screen
    assert (
        f"ssh-keygen -Y sign -n quorate-intent-v1 -f KEY {tmp_path / 'exchange' / '01-intent-bob.txt'}" in room.screen
    )


def test_a_seat_names_its_person_too(pipe: Pipe, authority: AuthorityState, keys: Path) -> None:
    signed = pipe(f"holder\nfile {keys / 'bob'}\n").console.collect(asked(authority))
    assert signed.statement.signer == "bob"


@pytest.mark.parametrize("moved", [False, True], ids=["beside the statement", "elsewhere"])
def test_a_signature_comes_back_from_a_device_of_ones_own(
    room: Playing, authority: AuthorityState, keys: Path, tmp_path: Path, moved: bool
) -> None:
    statement = tmp_path / "exchange" / "01-intent-alice.txt"
    statement.parent.mkdir()
    statement.write_bytes(asked(authority).ballots[0].statement.text())
    signature = signed_elsewhere(keys / "alice", statement)
    if moved:
        signature = signature.rename(tmp_path / "came back.sig")
    signed = room.play(
        lambda: room.console.collect(asked(authority)),
        ("who signs now", "alice"),
        ("alice, sign by", f"detached {signature}" if moved else "detached"),
    )
    assert signed.made == "detached"
    assert signed.signature == signature.read_text()
    assert len(list(statement.parent.glob("*.txt"))) == 1, "the same statement is not written twice"


def test_an_agent_signs(
    pipe: Pipe, authority: AuthorityState, keys: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    socket = tmp_path / "agent"
    agent = subprocess.Popen(["ssh-agent", "-D", "-a", str(socket)], stdout=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + PATIENCE
        while not socket.exists() and time.monotonic() < deadline:
            time.sleep(0.01)
        monkeypatch.setenv("SSH_AUTH_SOCK", str(socket))
        subprocess.run(["ssh-add", "-q", str(keys / "alice")], check=True)
        signed = pipe(f"alice\nagent {keys / 'alice.pub'}\n").console.collect(asked(authority))
        assert signed.made == "agent"
    finally:
        agent.terminate()
        agent.wait()


def test_agent_never_means_the_private_key_that_lies_beside(
    pipe: Pipe, authority: AuthorityState, keys: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    piped = pipe(f"alice\nagent {keys / 'alice.pub'}\nfile {keys / 'alice'}\n")
    assert piped.console.collect(asked(authority)).made == "file"
    assert "refused signature.not_made" in piped.printed()


ONE_SIGNATURE = """
import sys
from pathlib import Path
from test_console import asked, state_of
from quorate.console import Console
from quorate.host import Host
authority = state_of(Path(sys.argv[1]))
print("made with", Console(Host(), authority, Path(sys.argv[2])).collect(asked(authority)).made)
"""


def test_a_passphrase_goes_to_ssh_keygen_itself_and_ctrl_c_there_takes_the_choice_back(
    keys: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parent))
    locked = tmp_path / "locked"
    locked.write_bytes((keys / "alice").read_bytes())
    locked.chmod(0o600)
    subprocess.run(["ssh-keygen", "-q", "-p", "-P", "", "-N", "open sesame", "-f", str(locked)], check=True)
    child = at_a_terminal(ONE_SIGNATURE, str(keys), str(tmp_path / "exchange"))
    for cue, typed in (
        ("who signs now", "alice\n"),
        ("alice, sign by", f"file {locked}\n"),
        ("Enter passphrase", "\x03"),
        ("not signed\r\n[admin] alice, sign by", f"file {locked}\n"),
        ("Enter passphrase", "open sesame\n"),
    ):
        child.expect_exact(cue)
        child.send(typed)
    child.expect_exact("made with file")
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == 0


def test_the_key_of_another_person_is_refused_out_of_the_question_so_that_it_is_recorded(
    pipe: Pipe, authority: AuthorityState, keys: Path
) -> None:
    piped = pipe(f"alice\nfile {keys / 'bob'}\nalice\nfile {keys / 'alice'}\n")
    with pytest.raises(Refusal) as refused:
        piped.console.collect(asked(authority))
    assert refused.value.code == "signature.other_key"
    assert piped.console.collect(asked(authority)).statement.signer == "alice"
    printed = piped.printed()
    assert printed.count("signed by") == 1
    assert "same (" not in printed, "a way that did not lead to a signature is not offered again"


@pytest.mark.parametrize(
    ("text", "namespace", "code"),
    [
        (b"type: intent\n", "quorate-intent-v1", "signature.invalid"),
        (None, "quorate-rehearsal-intent-v1", "signature.other_namespace"),
    ],
)
def test_a_signature_for_something_else_is_refused_out_of_the_question(
    pipe: Pipe,
    authority: AuthorityState,
    keys: Path,
    tmp_path: Path,
    text: bytes | None,
    namespace: str,
    code: str,
) -> None:
    signed = tmp_path / "signed"
    signed.write_bytes(text or asked(authority).ballots[0].statement.text())
    signature = signed_elsewhere(keys / "alice", signed, namespace)
    with pytest.raises(Refusal) as refused:
        pipe(f"alice\ndetached {signature}\n").console.collect(asked(authority))
    assert refused.value.code == code


def test_what_is_no_signature_is_asked_again(pipe: Pipe, authority: AuthorityState, keys: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.write_bytes(b"no signature\n")
    piped = pipe(f"alice\ndetached {other}\ndetached\ndetached {tmp_path}\nfile {keys / 'alice'}\n")
    assert piped.console.collect(asked(authority)).made == "file"
    assert codes(piped.printed()) == [
        "signature.malformed",
        "signature.file_unreadable",
        "signature.file_unreadable",
    ]


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        ("paper", "paper is no way to sign"),
        ("same", "same is no way to sign"),
        ("file", "name the key: file PATH"),
        ("agent", "name the key: agent PATH.pub"),
        ("file alice.pub", "goes with agent"),
        ("agent alice", "goes with agent"),
        ("file ~nobody-at-all/key", "home folder"),
        ("file /nowhere/key", "refused signature.key_missing"),
        ("agent /nowhere/key.pub", "refused signature.key_missing"),
    ],
)
def test_what_is_no_way_to_sign_is_explained(
    pipe: Pipe, authority: AuthorityState, keys: Path, typed: str, why: str
) -> None:
    piped = pipe(f"alice\n{typed}\nfile {keys / 'alice'}\n")
    assert piped.console.collect(asked(authority)).made == "file"
    assert why in piped.printed()


def test_same_repeats_the_way_a_person_signed_before(
    pipe: Pipe, authority: AuthorityState, keys: Path, tmp_path: Path
) -> None:
    piped = pipe(f"bob\nfile {keys / 'bob'}\nbob\n\nsame\n")
    piped.console.collect(asked(authority))
    sign_in = Collect((ballot(authority, "bob", "holder", StatementType.SIGN_IN),), 0, 1)
    assert piped.console.collect(sign_in).made == "file"
    assert f"same (file {keys / 'bob'})" in piped.printed()
    assert sorted(path.name for path in (tmp_path / "exchange").iterdir()) == [
        "01-intent-bob.txt",
        "02-sign-in-bob.txt",
    ]


def test_a_person_named_by_mistake_is_taken_back(pipe: Pipe, authority: AuthorityState, keys: Path) -> None:
    piped = pipe(f"carol\nalice\nback\nbob\nfile {keys / 'bob'}\n")
    assert piped.console.collect(asked(authority)).statement.signer == "bob"
    assert "carol is not asked to sign this" in piped.printed()


def test_an_exchange_folder_that_cannot_be_written_is_said_and_asked_again(
    pipe: Pipe, authority: AuthorityState, tmp_path: Path
) -> None:
    (tmp_path / "exchange").write_text("a file, no folder")
    piped = pipe("alice\n")
    with pytest.raises(Aside):
        piped.console.collect(asked(authority))
    assert "refused host.not_writable" in piped.printed()


def test_without_anyone_who_may_sign_there_is_nothing_to_ask(pipe: Pipe) -> None:
    with pytest.raises(Refusal) as refused:
        pipe("").console.collect(Collect((), 1, 2))
    assert refused.value.code == "session.nobody_signs"


# --- arrivals


def test_a_person_with_a_key_signs_in_and_an_alternate_may_come(
    pipe: Pipe, authority: AuthorityState, keys: Path
) -> None:
    options = tuple((one, (ballot(authority, one, "admin", StatementType.SIGN_IN),)) for one in ("alice", "carol"))
    piped = pipe(f"bob\n\ncarol\nfile {keys / 'carol'}\n")
    arrived = piped.console.arrive(Arrive("admin", options))
    assert arrived.person == "carol"
    assert [one.statement.signer for one in arrived.signatures] == ["carol"]
    printed = piped.printed()
    assert "seat admin is for alice or carol" in printed
    assert "bob is not named for this seat" in printed


def test_a_person_without_a_key_is_identified_by_two_others(pipe: Pipe, authority: AuthorityState, keys: Path) -> None:
    ballots = tuple(
        ballot(authority, person, seat, StatementType.SIGN_IN)
        for person, seat in (("alice", "admin"), ("bob", "holder"), ("carol", "third"))
    )
    want = Arrive("witness", (("dora", ballots),))
    typed = f"dora\nalice\nfile {keys / 'alice'}\nalice\nadmin\ncarol\nfile {keys / 'carol'}\n"
    piped = pipe(typed)
    arrived = piped.console.arrive(want)
    assert arrived.person == "dora"
    assert [(one.statement.signer, one.seat) for one in arrived.signatures] == [("alice", "admin"), ("carol", "third")]
    printed = piped.printed()
    assert "dora has no key" in printed
    assert "1 of 2 signatures are there; these may sign: bob (holder), carol (third)" in printed
    assert "alice is not asked to sign this" in printed


def test_a_wrong_key_ends_an_identification_for_the_record_keeps_it(
    pipe: Pipe, authority: AuthorityState, keys: Path
) -> None:
    ballots = tuple(ballot(authority, person, person, StatementType.SIGN_IN) for person in ("alice", "bob"))
    piped = pipe(f"dora\nalice\nfile {keys / 'alice'}\nbob\nfile {keys / 'alice'}\n")
    with pytest.raises(Refusal) as refused:
        piped.console.arrive(Arrive("witness", (("dora", ballots),)))
    assert refused.value.code == "signature.other_key"


def test_nobody_is_identified_by_one_person_alone(pipe: Pipe, authority: AuthorityState) -> None:
    want = Arrive("witness", (("dora", (ballot(authority, "alice", "admin"),)),))
    piped = pipe("dora\n:arrived holder\n")
    with pytest.raises(Aside):
        piped.console.arrive(want)
    assert "two people who have signed in with keys must be here first" in piped.printed()


# --- media


def test_each_copy_goes_to_a_folder_of_its_own(pipe: Pipe, tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    first.mkdir()
    second.mkdir()
    (tmp_path / "link").symlink_to(first)
    piped = pipe(f"{tmp_path / 'none'}\n{first}\n{first}\n{first}\n{tmp_path / 'link'}\n{second}\n")
    assert piped.console.medium(1) == first
    assert piped.console.medium(1) == first, "a copy that failed may be tried again"
    assert piped.console.medium(2) == second
    assert codes(piped.printed()) == ["media.not_a_folder", "media.used", "media.used"]
