"""Which token: by kind, where it is reached, and its serial number. Floor 3."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

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


def present_serials(kind: Kind, location: Path | str) -> tuple[str, ...]:
    """The serial of every initialised token that `location` reaches, sorted; one that stands twice is there twice."""
    path = Path(location)
    if kind == "software":
        from quorate.token.software import SoftwareToken

        return (SoftwareToken(path).info.serial,)
    from quorate.token.pkcs11 import serials

    return serials(path)
