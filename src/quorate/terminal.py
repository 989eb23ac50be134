"""The terminal: lines out, lines in, and secrets on a screen that is wiped. Floor 5.

Nothing is buffered, so that what is wiped stands where it was put. Octets that would move the cursor are shown
escaped, whoever wrote them. Works over pipes as well.
"""

from __future__ import annotations

import os
import textwrap
import unicodedata
from collections.abc import Callable, Sequence
from typing import TypeVar

from quorate.exits import visible as visible  # the terminal's own way to show foreign text
from quorate.findings import Refusal
from quorate.host import Host

LONGEST_LINE = 4096
CLEAR = b"\x1b[2J\x1b[3J\x1b[H"  # the screen, what was scrolled out of it, and home
COLUMNS = 4

T = TypeVar("T")


class Left(Exception):
    """The input has ended, or Ctrl-C came twice at one question."""


class Terminal:
    """Two file descriptors, of a terminal or of pipes."""

    def __init__(self, host: Host, stdin: int, stdout: int) -> None:
        self.host, self._in, self._out = host, stdin, stdout
        # shares go to the terminal also where the output is redirected to a file
        self._screen = stdin if os.isatty(stdin) and not os.isatty(stdout) else stdout
        self._warned = False

    # -- out ----------------------------------------------------------------------------------------------------------

    def show(self, lines: Sequence[str]) -> None:
        """Print lines as they are, but for what a terminal would obey; on a terminal broken between words."""
        for line in lines:
            self._write("".join(part + "\n" for part in self._broken(visible(line))))

    def _broken(self, line: str) -> list[str]:
        """A line in pieces that fit. A command stays whole, for it is copied, and so does what has no blanks."""
        width = os.get_terminal_size(self._out).columns if os.isatty(self._out) else 0
        if not 20 <= width < len(line) or ": ssh-keygen " in line:
            return [line]
        indent = " " * (2 + len(line) - len(line.lstrip()))
        return textwrap.wrap(line, width, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)

    def title(self, line: str) -> None:
        """Print a line, bold where that is possible."""
        bold = os.isatty(self._out)
        self._write(f"\x1b[1m{visible(line)}\x1b[0m\n" if bold else visible(line) + "\n")

    def clear(self) -> None:
        """Wipe the screen and what was scrolled out of it."""
        _put(self._screen, CLEAR)

    def lay_out(self, words: bytearray) -> None:
        """Words parted by blanks, numbered, in columns; from memory to the screen without a copy."""
        start = number = 0
        with memoryview(words) as view:
            while start < len(words):
                end = words.find(b" ", start)
                end = len(words) if end < 0 else end
                if end > start:
                    number += 1
                    _put(self._screen, b"%4d  " % number)
                    _put(self._screen, view[start:end])
                    _put(self._screen, b" " * max(1, 10 - end + start) if number % COLUMNS else b"\n")
                start = end + 1
        _put(self._screen, b"\n\n" if number % COLUMNS else b"\n")

    def _write(self, text: str) -> None:
        _put(self._out, text.encode())

    # -- in -----------------------------------------------------------------------------------------------------------

    def new_question(self) -> None:
        """Forget a Ctrl-C at the question before."""
        self._warned = False

    def line(self, prompt: str) -> str:
        """A line without blanks at its ends; empty, with a word of why, if it cannot be taken as text. `Left`."""
        typed = self._attempt(lambda: self._line(prompt))
        if len(typed) > LONGEST_LINE:
            self.show(["that line is too long"])
            return ""
        text = unicodedata.normalize("NFC", typed.decode("utf-8", "surrogateescape")).strip()
        if not text.isprintable():
            self.show(["that line holds more than letters; type it again"])
            return ""
        return text

    def unseen(self, prompt: str) -> bytearray:
        """A line that is not shown while it is typed; the caller wipes it. `Left`."""
        while True:
            try:
                return self._attempt(lambda: self._unseen(prompt))
            except Refusal as refusal:
                self.show([str(refusal)])

    def _unseen(self, prompt: str) -> bytearray:
        if not os.isatty(self._in):  # on a terminal the host shows the prompt, once the echo is off
            self._write(visible(prompt) + "\n> ")
        return self.host.read_secret(visible(prompt) + "\n> ", self._in)

    def _line(self, prompt: str) -> bytearray:
        """One octet a call: nothing beyond the line end may be taken from a pipe, as a secret may follow."""
        self._write(visible(prompt) + "\n> ")
        line = bytearray()
        while octet := os.read(self._in, 1):
            if octet == b"\n":
                return line
            if len(line) <= LONGEST_LINE:
                line += octet
        raise EOFError

    def _attempt(self, read: Callable[[], T]) -> T:
        """Read once. The first Ctrl-C of a question is answered, the second leaves."""
        while True:
            try:
                return read()
            except EOFError:
                raise Left from None
            except KeyboardInterrupt:
                if self._warned:
                    raise Left from None
                self._warned = True
                self.show(["", "type :stop to leave, the ceremony can be resumed"])


def _put(fd: int, data: bytes | memoryview) -> None:
    left = memoryview(data)
    while left:
        left = left[os.write(fd, left) :]
