"""Which token: by kind, where it is reached, and its serial number. Floor 3."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Literal

from quorate.authority import AuthorityState
from quorate.findings import Refusal
from quorate.token import Token

Kind = Literal["pkcs11", "software"]


def open_token(kind: Kind, location: Path | str, serial: str) -> Token:
    """The one token with `serial`: among those of the PKCS#11 library `location`, or in the folder `location`.

    `token.module_missing`, `token.module_not_loadable`, `token.serial_unknown`, `token.serial_twice`, `token.damaged`.
    """
    path = Path(location)
    if kind == "pkcs11":
        from quorate.token.pkcs11 import Pkcs11Token

        return Pkcs11Token(path, serial)
    from quorate.token.software import SoftwareToken

    token = SoftwareToken(path)
    if (present := token.info.serial) != serial:
        raise Refusal("token.serial_unknown", serial=serial, path=path, present=f"{present} ({token.info.label})")
    return token


def require_libraries(authority: AuthorityState, names: Iterable[str]) -> None:
    """The PKCS#11 libraries of these tokens are there and load; the tokens themselves may lie in their safes."""
    from quorate.token.pkcs11 import require_library

    for entry in (authority.token(name) for name in names):
        if entry.kind == "pkcs11":
            require_library(Path(entry.location))


def silent_libraries(authority: AuthorityState, names: Iterable[str]) -> Iterator[tuple[str, Refusal]]:
    """The tokens whose libraries do not start now; what some of them have to reach may lie in its safe."""
    from quorate.token.pkcs11 import load

    for entry in (authority.token(name) for name in names):
        if entry.kind == "pkcs11":
            try:
                load(Path(entry.location)).close()
            except Refusal as refusal:
                yield entry.id, refusal


class OpenTokens:
    """The tokens of an authority by id, each opened once, at its first use."""

    def __init__(self, authority: AuthorityState, root: Path) -> None:
        """`root`: the folder that the locations of software tokens are relative to."""
        self._authority, self._root = authority, root
        self._open: dict[str, Token] = {}

    def __getitem__(self, name: str) -> Token:
        """The token of that id, matched by serial number exactly once; refusals of `open_token`."""
        if name not in self._open:
            entry = self._authority.token(name)
            location = self._root / entry.location if entry.kind == "software" else Path(entry.location)
            self._open[name] = open_token(entry.kind, location, entry.serial)
        return self._open[name]

    def calls(self, name: str) -> tuple[tuple[str, str], ...]:
        """The calls of that token since it was last asked: function and result."""
        return tuple((call.function, call.result) for call in self[name].take_calls())

    def log_out(self) -> None:
        """Leave no token logged in. One that does not log out is let go of, and said after the others are."""
        failed: list[Refusal] = []
        for name, token in tuple(self._open.items()):
            try:
                token.logout()
                token.take_calls()
            except Refusal as refusal:
                failed.append(refusal)
                del self._open[name]
                with suppress(Refusal):
                    token.close()
        if failed:
            raise failed[0]

    def close(self) -> None:
        """Let go of each, also of one that is away by now."""
        for token in self._open.values():
            with suppress(Refusal):
                token.close()
        self._open.clear()


def present_serials(kind: Kind, location: Path | str) -> tuple[str, ...]:
    """The serial of every initialised token that `location` reaches, sorted; one that stands twice is there twice."""
    path = Path(location)
    if kind == "software":
        from quorate.token.software import SoftwareToken

        return (SoftwareToken(path).info.serial,)
    from quorate.token.pkcs11 import serials

    return serials(path)
