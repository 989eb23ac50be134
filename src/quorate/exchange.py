"""Exchange: statements go out to people's keys, signatures come in and are verified at once. Floor 5.

A statement lies in the exchange folder as `NN-TYPE-PERSON.txt`, the very bytes that are signed. Its signature is made
by a key file on this host, by an agent, or on the person's own device; the record says which.
"""

from __future__ import annotations

import enum
import re
import shlex
from dataclasses import dataclass
from pathlib import Path

from quorate import signer, sshsig
from quorate.authority import AuthorityState
from quorate.findings import Refusal
from quorate.host import Host, writing
from quorate.statement import Statement
from quorate.want import Ballot, Signed


class Way(enum.StrEnum):
    """How a signature is made."""

    FILE = "file"
    AGENT = "agent"
    DETACHED = "detached"


@dataclass(frozen=True, slots=True)
class Choice:
    """A way and its file: the private key, the public key, or the signature (None: beside the statement)."""

    way: Way
    path: Path | None

    def __str__(self) -> str:
        return f"{self.way.value} {self.path}" if self.path else self.way.value


def read_choice(line: str) -> Choice | str:
    """The choice in `file PATH`, `agent PATH.pub`, `detached` or `detached PATH`; else what is wrong with it."""
    word, _, rest = line.partition(" ")
    if word not in set(Way):
        return f"{word} is no way to sign"
    way = Way(word)
    try:
        path = Path(rest.strip()).expanduser() if rest.strip() else None
    except RuntimeError:
        return f"nobody's home folder is meant by {rest.strip()}"
    if way is not Way.DETACHED:
        if path is None:
            return f"name the key: {way.value} {'PATH.pub' if way is Way.AGENT else 'PATH'}"
        if (path.suffix == ".pub") is not (way is Way.AGENT):
            # the record says where a signature was made, and goes by the word that is typed here
            return "a public key file (PATH.pub) goes with agent, a private key file with file"
    return Choice(way, path)


class Exchange:
    """A folder through which statements and signatures pass, on this disk or on a medium that is carried about."""

    def __init__(self, host: Host, folder: Path, authority: AuthorityState) -> None:
        self.host, self.folder, self.authority = host, folder, authority

    def write(self, statement: Statement) -> Path:
        """Where `statement` lies to be signed."""
        return write_statement(self.host, self.folder, statement)

    def sign(self, ballot: Ballot, file: Path, choice: Choice) -> Signed:
        """The verified signature over the ballot's statement, which lies in `file`; `signature.*` refusals."""
        statement = ballot.statement
        try:
            armored = self._armored(statement, file, choice)
        except OSError as error:
            problem = error.strerror or "unreadable"
            raise Refusal("signature.file_unreadable", file=choice.path or file, problem=problem) from None
        blob = sshsig.public_blob(self.authority.person(statement.signer).key)
        verified = sshsig.verify(armored, blob, statement.namespace, statement.text())
        if choice.path is None or choice.way is Way.DETACHED:
            made = "hardware" if verified.hardware else "detached"
        else:
            made = signer.made_with(choice.path, verified)
        return Signed(statement, ballot.seat, armored, made)

    def _armored(self, statement: Statement, file: Path, choice: Choice) -> str:
        if choice.path is None or choice.way is Way.DETACHED:
            return signer.read_signature(choice.path or signature_file(file))
        return signer.sign_with_file(statement, choice.path)


def write_statement(host: Host, folder: Path, statement: Statement) -> Path:
    """Where `statement` lies to be signed; the same bytes are not written twice. `host.*` if it cannot be."""
    person = re.sub(r"[^A-Za-z0-9._-]", "_", statement.signer)
    last = 0
    with writing(str(folder)):
        folder.mkdir(parents=True, exist_ok=True)
        for path in sorted(folder.glob("*-*.txt")):
            number, _, rest = path.name.partition("-")
            if rest == f"{statement.type.value}-{person}.txt" and path.read_bytes() == statement.text():
                return path
            last = max(last, int(number) if number.isdecimal() else 0)
    path = folder / f"{last + 1:02d}-{statement.type.value}-{person}.txt"
    host.write_once(path, statement.text())
    return path


def signature_file(file: Path) -> Path:
    """Where `ssh-keygen -Y sign` leaves the signature of `file`."""
    return file.with_name(file.name + ".sig")


def command(statement: Statement, file: Path) -> str:
    """What a person types on the device that has their key; KEY is theirs to fill in."""
    return f"ssh-keygen -Y sign -n {statement.namespace} -f KEY {shlex.quote(str(file))}"
