"""What a reader of outside data is to the tests, and where its examples come from."""

from __future__ import annotations

import functools
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from damage import Edit, json_values, lines, parts
from quorate.findings import Refusal
from quorate.host import SteppedHost

HERE = Path(__file__).resolve().parent.parent
RECORD = HERE / "vectors" / "records" / "quorate-1" / "001-root"
SSHSIG = HERE / "vectors" / "sshsig"
DEMO = HERE / "examples" / "demo"
X509 = HERE / "vectors" / "x509"


@dataclass(frozen=True)
class Reader:
    """A reader by name. `examples` are made once; `edits` beside the ones of octets; `refusals`: how it may end."""

    name: str
    examples: Callable[[], tuple[bytes, ...]]
    edits: tuple[Edit, ...]
    read: Callable[[bytes], object]
    refusals: tuple[type[Exception], ...] = (Refusal,)


@functools.cache
def folder() -> Path:
    """A place for what has to lie in a file; in memory where there is such a place."""
    memory = Path("/dev/shm")
    return Path(tempfile.mkdtemp(prefix="quorate-readers-", dir=memory if memory.is_dir() else None))


def file(name: str, data: bytes) -> Path:
    path = folder() / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


class Nowhere(SteppedHost):
    """A host whose files go nowhere: all that is read is read, and nothing stays."""

    def __init__(self) -> None:
        super().__init__(datetime(2027, 1, 12, 9, 0, tzinfo=UTC), b"tests")

    def make_folder(self, path: Path) -> None:
        """Nothing is made."""

    def write_once(self, path: Path, data: bytes, mode: int = 0o644) -> None:
        assert isinstance(data, bytes)
        str(path).encode()


def host() -> SteppedHost:
    return SteppedHost(datetime(2027, 1, 12, 9, 0, tzinfo=UTC), b"tests")


TOML = (parts(r"= *([^\n]+)$"), parts(r"([A-Za-z0-9-]+) ="), parts(r'"([^"\n]*)"'), lines)


WORDS = parts(r"([^ \n]+)")
JSON = (json_values, json_values)


def kept(*names: str) -> Callable[[], tuple[bytes, ...]]:
    return lambda: tuple((RECORD / name).read_bytes() for name in names)
