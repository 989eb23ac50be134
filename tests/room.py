"""The people in the room: they read what `quorate conduct` shows on a pseudo-terminal, and answer as people do.

What they answer stands on the screen, on paper that they wrote on before, on a bag or a device, or in their heads. What
the program knows inside is not looked at.
"""

from __future__ import annotations

import os
import re
import shlex
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pexpect

QUORATE = str(Path(sys.executable).with_name("quorate"))
PATIENCE = 60
QUESTION = re.compile(r"(?:^|\n)([^\n]*)\r?\n> $")
TITLE = re.compile(r"\x1b\[1m(\w+\.\d+)  (.*?)\x1b\[0m")
ESCAPES = re.compile(r"\x1b\[[0-9]*[A-Za-z]")
CLEAR = "\x1b[2J\x1b[3J\x1b[H"
SCREEN = 8000  # characters
MOST_QUESTIONS = 400


@dataclass(frozen=True)
class Question:
    """What somebody is asked: the seat (or nobody's), the words of the prompt, and at which step.

    `said` is what the program said since the last answer, `screen` all that stands on the screen.
    """

    seat: str
    text: str
    said: str
    screen: str
    step: str
    title: str

    def line(self, part: str) -> str:
        """What stands behind `part` in the last line on the screen that has it."""
        return [line for line in self.screen.splitlines() if part in line][-1].partition(part)[2]


@dataclass
class Papers:
    """What stays with people from one sitting to the next."""

    serial: str  # as it stands on the token
    transport: dict[str, str]
    seals: dict[str, str]  # as they stand on the bags
    shares: dict[str, str] = field(default_factory=dict)  # on the custodians' worksheets, by seat
    earlier: list[str] = field(default_factory=list)  # every share that was ever shown
    safe: set[str] = field(default_factory=lambda: {"hsm-1-bag"})  # what lies in it
    letters: dict[str, str] = field(
        default_factory=dict
    )  # by the file that each is about, the words to be read from it


class People:
    """Everyone in the room, and the program they sit before."""

    def __init__(self, ceremony: Path, key_of: Callable[[str], Path], papers: Papers, *options: str) -> None:
        self.command = [QUORATE, "conduct", *options, str(ceremony)]
        self.ceremony, self.key_of, self.papers = ceremony, key_of, papers
        self.cover = ""  # the words of the digest on the printed script
        self.at_length = False  # they type all words of a digest, not its first and last four alone
        self.checkpoint = ""  # as the witness has written it down last
        self.log = ""
        self.environment: Mapping[str, str] = os.environ
        self.instead: dict[str, str] = {}  # who comes for a seat instead of the first named
        self.clock: Callable[[Question], datetime] = lambda question: datetime.now(UTC)
        self.media = 0
        self.seal = 1
        self._step, self._title = "", ""
        self.child: pexpect.spawn[str] | None = None
        self.question: Question | None = None

    # -- the program --------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Start the program, or start it again."""
        self.child = pexpect.spawn(
            self.command[0], self.command[1:], encoding="utf-8", timeout=PATIENCE, env=dict(self.environment),
            dimensions=(50, 120),
        )  # fmt: skip
        self.child.delaybeforesend = None
        self.question = None

    def kill(self) -> None:
        """As when somebody trips over the cable."""
        assert self.child is not None
        self.child.kill(signal.SIGKILL)
        self.child.expect(pexpect.EOF)
        self.log += self.child.before or ""
        self.child.close()

    def ended(self) -> int:
        """Wait for the end: the exit code."""
        assert self.child is not None
        self.child.expect(pexpect.EOF)
        self.log += self.child.before or ""
        self.child.close()
        return int(self.child.exitstatus if self.child.exitstatus is not None else -1)

    def read(self) -> Question | None:
        """The next question, or None at the end of the program."""
        assert self.child is not None
        if self.child.expect(["\r\n> $", pexpect.EOF]) == 1:
            self.log += self.child.before or ""
            return None
        shown = (self.child.before or "") + "\r\n> "
        self.log += shown
        for step, title in TITLE.findall(shown):
            self._step, self._title = step, title
        self._note(shown)
        lines = ESCAPES.sub("", shown).replace("\r\n", "\n").removesuffix("\n> ").split("\n")
        seat, text = re.fullmatch(r"(?:\[([^\]]+)\] )?(.*)", lines[-1]).groups()  # type: ignore[union-attr]
        return Question(seat or "", text, "\n".join(lines[:-1]), self._screen(), self._step, self._title)

    def _screen(self) -> str:
        return ESCAPES.sub("", self.log[-SCREEN:].rpartition(CLEAR)[2]).replace("\r\n", "\n")

    def _note(self, shown: str) -> None:
        """The witness writes the words of a checkpoint on paper when they are read aloud."""
        for words in re.findall(r"(?m)^words: ((?:\w+ ){7}\w+)\r?$", shown):
            self.checkpoint = words

    def type(self, line: str) -> str:
        """Answer the question that stands; what the program says until its next one."""
        assert self.child is not None
        self.child.sendline(line)
        self.question = self.read()
        return self.question.said if self.question else ESCAPES.sub("", self.child.before or "")

    def send(self, line: str) -> None:
        """Answer, and do not wait for what comes of it."""
        assert self.child is not None
        self.child.sendline(line)

    def go_on(self, until: str = "", step: str = "", title: str = "") -> Question:
        """Answer questions until the one that contains `until`, at that step, which is left to be answered.

        Without `until`, to the end of the program; its last words are then the screen.
        """
        if self.question is None:
            self.question = self.read()
        for _ in range(MOST_QUESTIONS):
            question = self.question
            if question is None:
                assert not until, f"the program ended before {until} was asked:\n{self.log[-3000:]}"
                return Question("", "", "", self._screen(), self._step, self._title)
            here = question.step.startswith(step) and title in question.title
            if until and until in question.text and here:
                return question
            self.type(self.answer(question))
        raise AssertionError(f"too many questions:\n{self.log[-3000:]}")

    # -- what people answer -------------------------------------------------------------------------------------------

    def answer(self, question: Question) -> str:
        """What the asked person says, by the words of the question."""
        for pattern, rule in RULES:
            if re.search(pattern, question.text):
                return rule(self, question)
        raise AssertionError(f"nobody knows what to answer to: {question.text}\n{question.screen}")

    def answer_now(self) -> str:
        """The right answer to the question that stands."""
        assert self.question is not None
        return self.answer(self.question)

    def _first_named(self, question: Question) -> str:
        named = question.line(f"seat {question.seat} is for ").split(" or ")
        return self.instead.get(question.seat, named[0])

    def _first_asked(self, question: Question) -> str:
        return question.line("these may sign: ").split(" ")[0]

    def _sign(self, question: Question) -> str:
        """With the key on a stick; the witness signs on a device of his own, by the command that the screen shows."""
        person = question.text.split(",")[0]
        if person != "wim":
            return f"file {self.key_of(person)}"
        words = shlex.split(question.line("elsewhere by: "))
        words[words.index("KEY")] = str(self.key_of(person))
        subprocess.run(words, check=True, capture_output=True)
        return "detached"

    def _seal_on_bag(self, question: Question) -> str:
        self.papers.safe.discard("hsm-1-bag")
        return self.papers.seals["hsm-1-bag"]

    def _new_seal(self, question: Question) -> str:
        if question.seat == "iw":
            self.papers.seals["hsm-1-bag"] = f"B{self.ceremony.name[:3]}{self.seal:02d}"
            self.seal += 1
        return self.papers.seals["hsm-1-bag"]

    def _left_inside(self, question: Question) -> str:
        return ", ".join(sorted(self.papers.safe)) or "none"

    def _done(self, question: Question) -> str:
        if "is put back" in question.title:
            self.papers.safe.add("hsm-1-bag")
        return question.seat

    def _command(self, question: Question) -> str:
        rows = [line.split() for line in question.screen.splitlines() if len(line.split()) == 8]
        if self.at_length:
            return " ".join(word for row in rows[-4:] for word in row)
        return " ".join([*rows[-4][:4], *rows[-1][-4:]])

    def _from_paper(self, question: Question) -> str:
        return self.checkpoint

    def _letter(self, question: Question) -> str:
        """From the paper that the requester brought, not from what the screen shows."""
        return self.papers.letters[question.text.removeprefix("The digest of ").partition(",")[0]]

    def _worksheet(self, question: Question) -> str:
        return self.papers.shares[question.seat]

    def _write_down(self, question: Question) -> str:
        cells = re.findall(r"(\d+)  ([a-z]+)", question.screen)
        words = [word for _, word in sorted((int(number), word) for number, word in cells)]
        assert len(words) == 20
        self.papers.shares[question.seat] = " ".join(words)
        self.papers.earlier.append(" ".join(words))
        return ""

    def _medium(self, question: Question) -> str:
        self.media += 1
        folder = self.ceremony / "sticks" / str(self.media)
        folder.mkdir(parents=True)
        return str(folder)


def _clock(people: People, question: Question) -> str:
    return people.clock(question).strftime("%Y-%m-%dT%H:%M:%SZ")


def clock_on_screen(question: Question) -> datetime:
    """The time that the screen shows, for those who practise."""
    shown = re.findall(r"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d) UTC", question.screen)[-1]
    return datetime.strptime(shown, "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC)


RULES: tuple[tuple[str, Callable[[People, Question], str]], ...] = (
    ("who takes this seat", People._first_named),
    ("who signs now", People._first_asked),
    ("sign by: ", People._sign),
    (r"^type \w+ when it is done", lambda people, question: question.seat),
    ("your seat, when it is done", People._done),
    ("script's digest", lambda people, question: people.cover),
    ("in UTC as", _clock),
    ("words of the last checkpoint", People._from_paper),
    ("from the requester's letter", People._letter),
    ("line of the log book", lambda people, question: f"p. 12: {people.ceremony.name}, {question.title}"),
    ("items seen left inside", People._left_inside),
    ("seal number as it stands on the bag", People._seal_on_bag),
    ("new seal number", People._new_seal),
    ("serial number", lambda people, question: people.papers.serial),
    ("to give the command", People._command),
    (r"transport credential \(user\)", lambda people, question: people.papers.transport["user"]),
    (r"transport credential \(so\)", lambda people, question: people.papers.transport["so"]),
    ("to see the words", lambda people, question: ""),
    ("write them down", People._write_down),
    ("type your share", People._worksheet),
    ("folder of the medium", People._medium),
    ("again or stop", lambda people, question: "again"),
    ("type resume", lambda people, question: "resume"),
)
