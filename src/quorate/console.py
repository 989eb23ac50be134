"""The plain console: the reference face, lines in and lines out. Floor 5. It decides nothing.

Rules of this face: a question stands until it is answered; Enter alone answers nothing; a line that begins with a colon
is said aside; what is expected is never shown; what does not verify is refused at once and asked again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

from quorate.authority import AuthorityState
from quorate.exchange import Choice, Exchange, command, read_choice
from quorate.findings import Refusal
from quorate.host import Host, wipe
from quorate.people import Presence
from quorate.room import REJECTED, Aside, Kind
from quorate.script.ksk import ksk_lines
from quorate.script.state import State, Status
from quorate.terminal import Left, Terminal
from quorate.want import Arrive, Arrived, Ballot, Bring, Collect, Signed
from quorate.words import ends

NAMES_A_SEAT = (Kind.ARRIVED, Kind.LEFT)
HELP = (
    "at any prompt:",
    "  :status        where we are, who is here, what is unlocked and what is out",
    "  :arrived SEAT  the person of an empty seat comes in",
    "  :left SEAT     the person of a seat goes out",
    "  :deviation     something did not go as the script says; two people sign what",
    "  :pause         a break; every login and sign-in ends",
    "  :suspend       put everything away and go on later, within the window; two people sign",
    "  :abort         end the ceremony without its result; two people sign",
    "  :stop          leave the program; the ceremony can be resumed",
    "  :help          this",
    "Enter alone does nothing unless the prompt says so. Secrets are not shown while they are typed.",
    "A secret that itself begins with a colon is typed with two.",
)

T = TypeVar("T")


class Console:
    """A `Face` over two file descriptors: a terminal, or pipes."""

    def __init__(self, host: Host, authority: AuthorityState, exchange: Path, stdin: int = 0, stdout: int = 1) -> None:
        """`exchange`: the folder where statements lie to be signed. `authority`: whose keys verify signatures."""
        self.host, self.authority = host, authority
        self._terminal = Terminal(host, stdin, stdout)
        self._exchange = Exchange(host, exchange, authority)
        self._state: State | None = None
        self._heading = ""
        self._ways: dict[str, Choice] = {}
        self._media: dict[int, Path] = {}

    # -- out ----------------------------------------------------------------------------------------------------------

    def show(self, lines: Sequence[str]) -> None:
        """Print lines for everyone."""
        self._terminal.show(lines)

    def enter(self, state: State) -> None:
        """The act and step, when they are others than before."""
        before, self._state = self._state, state
        if before is None:
            self.show(["say :help at any question"])
        else:
            self.show(_changes(before, state))
        if state.status is Status.SUSPENDED:
            self.show(["", "suspended: everything is put away"])
            return
        step = state.step
        if step is None or (before is not None and _place(before) == _place(state)):
            return
        heading = _heading(state)
        if heading != self._heading:
            self._heading = heading
            self.show([""])
            self._terminal.title(heading)
        self.show([""])
        self._terminal.title(f"{step.id}  {step.title}")
        self.show([f"      {part}" for line in step.text if _is_for_the_screen(line) for part in _spelled(line)])
        if step.clauses:
            self.show([f"      [{'; '.join(step.clauses)}]"])
        self.show([f"      {self.host.now():%Y-%m-%d %H:%M:%S} UTC"])

    def refuse(self, refusal: Refusal) -> None:
        """Each finding in one line, and what to do in another."""
        for finding in refusal.findings:
            self.show([f"refused {finding.name}: {finding.sentence}"])
            if finding.remedy:
                self.show([f"  hint: {finding.remedy}"])

    def _status(self) -> list[str]:
        """Where we are, as of the last want."""
        state = self._state
        if state is None:
            return ["the ceremony has not begun"]
        step = state.step
        act = state.script.act(step.id) if step else None
        needed = act.present if act else ()
        empty = [seat.id for seat in state.script.seats if seat.id not in state.seats]
        out = [f"{item.id} ({item.what})" for item in state.script.items if not state.items[item.id].place]
        lines = [_heading(state), f"step {step.id}  {step.title}" if step else "the end of the script"]
        if state.status is not Status.OPEN:
            lines.append(f"the ceremony is {state.status.value}")
        lines.append(f"present: {_list([f'{seat} ({person})' for seat, person in state.seats.items()])}")
        lines.append(f"empty: {_list([seat + ' (needed in this act)' * (seat in needed) for seat in empty])}")
        lines.append(f"unlocked: {_list([f'{token} ({credential})' for token, credential in state.unlocked])}")
        return [*lines, f"out: {_list(out)}"]

    # -- in -----------------------------------------------------------------------------------------------------------

    def ask(self, seat: str, prompt: str, kind: str = "text", expected: str = "") -> str:
        """One line of text, without blanks at its ends."""
        if kind == "clock":
            prompt += ", in UTC as YYYY-MM-DDThh:mm:ssZ"
        self._terminal.new_question()
        while True:
            line = self._heard(self._terminal.line, _label(seat, prompt))
            if line.startswith(":"):
                self._say_aside(line)
            elif line:
                return line

    def again(self) -> bool:
        """`again` or `stop`, or an aside: the hint above this prompt may have asked for one."""
        while True:
            answer = self.ask("", "again or stop")
            if answer in ("again", "stop"):
                return answer == "again"
            self.show(["answer again or stop, or say what :help lists"])

    def secret(self, seat: str, prompt: str, topic: str) -> bytearray:
        """A line typed unseen. Empty is an answer only for a share: an empty transport PIN would cost a try."""
        self._terminal.new_question()
        while True:
            held = self._unseen(seat, f"{prompt} (not shown)")
            if held or not topic.startswith("transport/"):
                return held

    def _unseen(self, seat: str, prompt: str) -> bytearray:
        while True:
            held = self._heard(self._terminal.unseen, _label(seat, prompt))
            if not held.startswith(b":"):
                return held
            if held.startswith(b"::"):
                return _without_first(held)
            spoken = _known_aside(held)
            wipe(held)
            if spoken:
                self._say_aside(spoken)
            else:
                self.show(["nothing known begins like that; say :help, or type two colons if the secret begins so"])

    def _heard(self, read: Callable[[str], T], prompt: str) -> T:
        """What was typed; leaving is said aside as well."""
        try:
            return read(prompt)
        except Left:
            raise Aside(Kind.STOP) from None

    def _say_aside(self, line: str) -> None:
        """Raise what is said aside; what only this face is asked is answered here."""
        word, _, rest = line[1:].partition(" ")
        rest = rest.strip()
        if word in ("help", "status") and not rest:
            self.show(HELP if word == "help" else self._status())
            return
        if word not in set(Kind):
            self.show([f"there is no :{word}", "  hint: type :help"])
            return
        kind = Kind(word)
        if problem := self._why_not(kind, rest):
            self.show([problem])
        else:
            raise Aside(kind, rest)

    def _why_not(self, kind: Kind, seat: str) -> str:
        """Why what is said aside cannot be meant now; empty if it can."""
        state = self._state
        if kind not in NAMES_A_SEAT:
            resting = state is not None and state.status is Status.PAUSED and kind is not Kind.STOP
            return f":{kind} stands alone" if seat else "first type resume" if resting else ""
        if not seat or state is None:
            return "" if seat else f"name a seat after :{kind}"
        seats = [one.id for one in state.script.seats]
        if seat not in seats:
            return f"name a seat after :{kind}: {_list(seats)}"
        if state.status is Status.PAUSED:
            return f"the ceremony is paused: first type resume, then say :{kind} {seat}"
        if kind is Kind.ARRIVED and seat in state.seats:
            return f"no :{kind}: {state.seats[seat]} sits in {seat}"
        if kind is Kind.LEFT and seat not in state.seats and seat not in state.roll:
            return f"no :{kind}: nobody sits in {seat}"
        return ""

    # -- shares -------------------------------------------------------------------------------------------------------

    def reveal(self, seat: str, words: bytearray, topic: str) -> None:
        """The words on a screen that only their holder sees, and that is wiped whatever happens."""
        person = self._state.seats.get(seat, "") if self._state else ""
        self._terminal.clear()
        _, token, credential = topic.split("/")
        what = f"a share of the {credential} credential of {token}"
        self.show([f"{seat}{f' ({person})' if person else ''} comes forward alone, for {what}"])
        self.show(["everyone else steps back and sees neither screen nor keyboard"])
        self._wait(seat, "press Enter to see the words")
        try:
            self._terminal.clear()
            self._terminal.lay_out(words)
            self._wait(seat, "write them down, compare, and press Enter: they are taken away")
        finally:
            self._terminal.clear()

    def _wait(self, seat: str, prompt: str) -> None:
        """Enter, unseen: what a holder types too early does not stay on the screen."""
        self._terminal.new_question()
        while True:
            held = self._unseen(seat, prompt)
            if not held:
                return
            wipe(held)

    # -- people -------------------------------------------------------------------------------------------------------

    def arrive(self, want: Arrive) -> Arrived:
        """Who takes the seat, and their own signature, or those of two who have identified them."""
        options = dict(want.options)
        while True:
            self.show([f"seat {want.seat} is for {' or '.join(options)}"])
            person = self.ask(want.seat, "who takes this seat? type the person's id")
            if person not in options:
                self.show([f"{person} is not named for this seat"])
                continue
            ballots = options[person]
            if self.authority.person(person).presence is Presence.KEYED:
                own = self._sign(ballots[0])
                signatures: tuple[Signed, ...] = (own,) if own else ()
            else:
                signatures = self._identify(person, ballots)
            if signatures:
                return Arrived(person, signatures)

    def _identify(self, person: str, ballots: tuple[Ballot, ...]) -> tuple[Signed, ...]:
        """Two signatures of two people who have seen the papers of one without a key; none if it is given up."""
        if len({ballot.statement.signer for ballot in ballots}) < 2:
            self.show([f"{person} has no key: two people who have signed in with keys must be here first"])
            return ()
        self.show([f"{person} has no key: two others look at the identity papers and sign that this is {person}"])
        signed: list[Signed] = []
        while len(signed) < 2:
            done = {one.statement.signer for one in signed}
            left = tuple(ballot for ballot in ballots if ballot.statement.signer not in done)
            one = self._signature(left, len(signed), 2)
            if one is None:
                return ()
            signed.append(one)
        return tuple(signed)

    def collect(self, want: Collect) -> Signed:
        """One signature by any of those asked; `session.nobody_signs` if nobody is."""
        if not want.ballots:
            raise Refusal("session.nobody_signs", need=want.need, have=want.have)
        self.show(want.about)
        while True:
            signed = self._signature(want.ballots, want.have, want.need)
            if signed is not None:
                return signed

    def _signature(self, ballots: tuple[Ballot, ...], have: int, need: int) -> Signed | None:
        """One of the ballots, signed; None for `back`."""
        may = [f"{ballot.statement.signer} ({ballot.seat})" for ballot in ballots]
        while True:
            self.show([f"{have} of {need} signatures are there; these may sign: {', '.join(may)}"])
            who = self.ask("", "who signs now? type the person's id, or the seat; or back")
            if who == "back":
                return None
            named = [one for one in ballots if one.statement.signer == who]
            named = named or [one for one in ballots if one.seat == who]
            if not named:
                self.show([f"{who} is not asked to sign this"])
            elif (signed := self._sign(named[0])) is not None:
                return signed

    def _sign(self, ballot: Ballot) -> Signed | None:
        """The ballot signed in one of the ways; None for `back`. What does not verify is refused and asked again."""
        statement, person = ballot.statement, ballot.statement.signer
        try:
            file = self._exchange.write(statement)
        except Refusal as refusal:
            self.refuse(refusal)
            return None
        self.show([f"{person} signs this:", *(f"  {line}" for line in statement.text().decode("ascii").splitlines())])
        self.show([f"elsewhere by: {command(statement, file)}"])
        while True:
            choice = self._choose(ballot)
            if choice is None:
                return None
            try:
                signed = self._exchange.sign(ballot, file, choice)
            except Refusal as refusal:
                if refusal.code in REJECTED:  # a signature that does not count goes into the record
                    raise
                self.refuse(refusal)
            except KeyboardInterrupt:  # at ssh-keygen's own question, or instead of a touch
                self.show(["", "not signed"])
            else:
                self._ways[person] = choice
                self.show([f"signed by {person}, made with: {signed.made}"])
                return signed

    def _choose(self, ballot: Ballot) -> Choice | None:
        """How a person signs, as typed; None for `back`."""
        person = ballot.statement.signer
        last = self._ways.get(person)
        same = f"same ({last}), " if last else ""
        while True:
            prompt = f"{person}, sign by: {same}file PATH, agent PATH.pub, detached [PATH]; or back"
            line = self.ask(ballot.seat, prompt)
            if line == "back":
                return None
            choice = last if line == "same" and last else read_choice(line)
            if isinstance(choice, Choice):
                return choice
            self.show([choice])

    def bring(self, want: Bring) -> None:
        """People do it with the tools of the modules' maker; the program waits."""
        self.show([f"the pair of {want.key} is to be on {want.token}, by the means of the modules' maker"])
        self.show([f"its public key: {want.spki}"])

    def medium(self, copy: int) -> Path:
        """A folder that is there and took no other copy."""
        while True:
            path = Path(self.ask("", f"copy {copy}: type the folder of the medium"))
            try:
                path = path.expanduser().resolve(strict=True)
                is_folder = path.is_dir()
            except (OSError, RuntimeError):
                is_folder = False
            if not is_folder:
                self.refuse(Refusal("media.not_a_folder", folder=path))
            elif path in (other for number, other in self._media.items() if number != copy):
                self.refuse(Refusal("media.used", folder=path))
            else:
                self._media[copy] = path
                return path


def _label(seat: str, prompt: str) -> str:
    return f"[{seat}] {prompt}" if seat else prompt


def _changes(before: State, after: State) -> list[str]:
    """What a token or the disk has done between two wants."""
    lines = [f"{token} ({who}) is unlocked" for token, who in after.unlocked if (token, who) not in before.unlocked]
    lines += [f"{token} ({who}) is logged out" for token, who in before.unlocked if (token, who) not in after.unlocked]
    for (token, who), held in after.sets.items():
        if before.sets.get((token, who)) != held:
            lines.append(f"{token} ({who}) is under share set {held.id}: {held.threshold} of {held.count}")
    new = [(path, digest) for path, digest in after.files.items() if path not in before.files]
    for path, digest in new:
        if path.startswith("artifacts/"):
            spoken = ends(bytes.fromhex(digest.removeprefix("sha256:")))
            lines += [f"written: {path}  {digest}", f"  {' '.join(spoken[:4])} … {' '.join(spoken[4:])}"]
    for name, key in after.keys.items():
        if key.zone and name not in before.keys:
            lines += ksk_lines(key, after.spkis[name])
    return lines


def _is_for_the_screen(line: str) -> bool:
    """Lines to write on are for paper, and what is expected is compared with paper: nobody copies it from a screen."""
    return "____" not in line and not line.startswith(
        ("expected: ", "expected digest: ", "expected fingerprint: ", "expected words: ", "seal expected: ")
    )


def _spelled(line: str) -> tuple[str, ...]:
    """The words of a digest eight in a row, as everywhere on the screen; the script has sixteen."""
    head, every = line[:7], line[7:].split()
    if head not in ("words: ", " " * 7) or len(every) != 16:
        return (line,)
    return head + " ".join(every[:8]), " " * 7 + " ".join(every[8:])


def _list(names: Sequence[str]) -> str:
    return ", ".join(names) or "none"


def _place(state: State) -> tuple[tuple[str, int], ...]:
    return tuple((cursor.line, cursor.index) for cursor in state.cursors)


def _heading(state: State) -> str:
    """The act, or the branch that is walked instead, and whether it counts."""
    act = state.script.act(state.step.id) if state.step and state.line == "main" else None
    title = f"ACT {act.number}  {act.title}" if act else state.line.upper()
    if state.to_main:
        title += f"  and then go on at step {state.steps('main')[state.cursors[0].index].id}"
    return f"{title}  ({state.script.mode.value})"


def _known_aside(held: bytearray) -> str:
    """The aside that was typed instead of a secret, or nothing; only what is none becomes a `str`."""
    for word in (*(kind.value for kind in Kind), "status", "help"):
        spoken = b":" + word.encode()
        if held == spoken or held.startswith(spoken + b" "):
            return held.decode("utf-8", "replace")
    return ""


def _without_first(held: bytearray) -> bytearray:
    """The secret that was typed with one colon more; the buffer it came in is wiped."""
    secret = bytearray(len(held) - 1)
    memoryview(secret)[:] = memoryview(held)[1:]
    wipe(held)
    return secret
