"""The machine as a port: clock, entropy, memory, typed secrets, files that are written once. Floor 3.

A `Host` is passed explicitly to whatever touches the world, so that a test or a rehearsal can pass another. Linux only:
mlockall, prctl and renameat2 are called by name.
"""

from __future__ import annotations

import ctypes
import errno
import fcntl
import hashlib
import os
import platform
import re
import resource
import shutil
import stat
import termios
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NoReturn

from quorate import airgap
from quorate.airgap import Observation
from quorate.findings import Refusal

LONGEST_LINE = 1024
"""Octets of a typed secret; forty words of a share need less than half of it."""

MCL_CURRENT, MCL_FUTURE = 1, 2
PR_SET_DUMPABLE = 4
AT_FDCWD, RENAME_NOREPLACE = -100, 1

_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_NOT_WRITABLE = (
    errno.EROFS,
    errno.EACCES,
    errno.EPERM,
    errno.ENOENT,
    errno.ENOTDIR,
    errno.EISDIR,
    errno.EEXIST,  # a file where a folder is wanted
    errno.ENOTEMPTY,
)
_NO_HARD_LINKS = (errno.EPERM, errno.EOPNOTSUPP, errno.EMLINK)
_TEMPORARY = re.compile(r"\.(.+)\.[0-9a-f]{16}")
"""What `write_once` calls a file until it is whole."""


class Host:
    """The machine that the process runs on."""

    def now(self) -> datetime:
        """UTC, in whole milliseconds."""
        moment = datetime.now(UTC)
        return moment.replace(microsecond=moment.microsecond // 1000 * 1000)

    def random(self, length: int) -> bytes:
        """Octets of the kernel's generator."""
        return os.urandom(length)

    def lock_memory(self) -> dict[str, str]:
        """Keep memory out of swap and core files. What worked and what was not permitted; nothing is raised."""
        libc = ctypes.CDLL(None, use_errno=True)
        facts = {"memory": "locked", "core size": "0", "dumpable": "no"}
        if libc.mlockall(MCL_CURRENT | MCL_FUTURE):
            facts["memory"] = f"not locked: {os.strerror(ctypes.get_errno())}"
        try:
            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        except (OSError, ValueError) as error:
            facts["core size"] = f"not limited: {error}"
        # nor may another process of the same user read this one's memory
        if libc.prctl(PR_SET_DUMPABLE, 0, 0, 0, 0):
            facts["dumpable"] = f"yes: {os.strerror(ctypes.get_errno())}"
        return facts

    def wipe(self, secret: bytearray) -> None:
        """Overwrite in place; the length stays."""
        wipe(secret)

    def read_secret(self, prompt: str, fd: int) -> bytearray:
        """A line typed on `fd`, without its end, unseen if `fd` is a terminal.

        Only `bytearray`s ever hold it. EOFError when the input ends before the line does: what was not ended by Enter
        was not meant. `host.line_too_long` beyond 1024 octets. The terminal is restored, also after Ctrl-C.
        """
        buffer = bytearray(LONGEST_LINE + 2)
        try:
            with _unseen(fd, prompt):
                length = _read_line(fd, buffer)
            if length > LONGEST_LINE:
                raise Refusal("host.line_too_long", most=LONGEST_LINE)
            secret = bytearray(length)
            # from memory to memory: any other way to cut the buffer leaves a copy behind
            memoryview(secret)[:] = memoryview(buffer)[:length]
            return secret
        finally:
            wipe(buffer)

    def write_once(self, path: Path, data: bytes, mode: int = 0o644) -> None:
        """Bring `data` to `path` whole or not at all, never over something else, and read it back.

        The same bytes already there are what was wanted. `record.output_present` if others are; `host.disk_full`,
        `host.not_writable`, `host.write_failed`, `host.read_back`. No temporary file is left.
        """
        self.write_together({path: data}, mode)

    def write_together(self, files: Mapping[Path, bytes], mode: int = 0o644) -> None:
        """Each file as `write_once` does, in this order; each folder is synced once, before anything is read back.

        What a power cut or a refusal leaves of them is whole, and the same call again finds it.
        """
        for path, data in files.items():
            if os.path.lexists(path):
                _require_same(path, data)
            else:
                _write_whole(path, data, mode)
        for folder in dict.fromkeys(path.parent for path in files):
            with writing(str(folder)):
                _sync_folder(folder)
        for path, data in files.items():
            if _read_back(path) != data:
                raise Refusal("host.read_back", file=path)

    def write_anew(self, path: Path, data: bytes) -> None:
        """Bring `data` to `path` in the place of what may be there, whole or not at all. For conveniences, not records.

        `host.disk_full`, `host.not_writable`, `host.write_failed`. `clear` removes what an interruption leaves.
        """
        temporary = _temporary(path)
        with writing(str(path)):
            try:
                _write_synced(temporary, data, 0o644)
                os.replace(temporary, path)
            finally:
                with suppress(OSError):
                    temporary.unlink(missing_ok=True)
            _sync_folder(path.parent)

    @contextmanager
    def whole_folder(self, path: Path) -> Iterator[Path]:
        """A new folder, filled in the block under another name; it is there when the block ends well, or not at all.

        An empty one of that name is taken. `host.disk_full`, `host.not_writable`, `host.write_failed`.
        """
        temporary = _temporary(path)
        try:
            with writing(str(path)):
                temporary.mkdir(parents=True)
                yield temporary
                temporary.rename(path)
                _sync_folder(path.parent)
        finally:
            shutil.rmtree(temporary, ignore_errors=True)

    def make_folder(self, path: Path) -> None:
        """A folder and those above it, so that a power cut after this does not take them with what is in them.

        `host.disk_full`, `host.not_writable`, `host.write_failed`.
        """
        if not path.is_dir():
            self.make_folder(path.parent)
            with writing(str(path)):
                path.mkdir(exist_ok=True)
        with writing(str(path)):
            _sync_folder(path.parent)

    def clear(self, folder: Path, *names: str) -> None:
        """Remove what an interrupted `write_once` left in `folder`: of the files `names`, or of all there and below."""
        for path in sorted(folder.glob(".*") if names else folder.rglob(".*")):
            match = _TEMPORARY.fullmatch(path.name)
            if match and (not names or match[1] in names) and path.is_file() and not path.is_symlink():
                with writing(str(path)):
                    path.unlink()

    def append_line(self, fd: int, line: bytes) -> None:
        """Append `line`, which ends with its only line end, and fsync; on failure no torn line stays.

        `fd` is open for appending. `host.disk_full`, `host.write_failed`.
        """
        if not line.endswith(b"\n") or line.count(b"\n") != 1:
            raise ValueError("one line with one line end")
        before = os.fstat(fd)
        try:
            _write_all(fd, line)
            os.fsync(fd)
        except OSError as error:
            if stat.S_ISREG(before.st_mode):
                with suppress(OSError):  # then the torn line stays, and resuming puts it aside
                    os.ftruncate(fd, before.st_size)
                    os.fsync(fd)
            _refuse(error, "the transcript")

    def airgap(self) -> tuple[Observation, ...]:
        """What speaks for and against this machine being offline and sane."""
        return airgap.look()

    def machine(self) -> dict[str, str]:
        """What identifies the machine and its software in the record. Serial numbers and the machine id in clear are
        not among it."""
        dmi = Path("/sys/class/dmi/id")
        facts = {
            name: airgap.text_of(dmi / name) or "unknown" for name in ("sys_vendor", "product_name", "bios_version")
        }
        identity = airgap.text_of(Path("/etc/machine-id"))
        facts["machine_id"] = _machine_digest(identity) if identity else "unknown"
        facts["kernel"] = f"{platform.system()} {platform.release()}"
        facts["architecture"] = platform.machine()
        facts["python"] = platform.python_version()
        return facts


class SteppedHost(Host):
    """A host whose clock starts at `start` and goes on one second a look. With a seed its randomness repeats too.

    For rehearsals of the past or the future and for records that come out the same twice; never for a real ceremony.
    """

    def __init__(self, start: datetime, seed: bytes | None = None) -> None:
        if start.tzinfo is None:
            raise ValueError("a time without a zone")
        self._next = start.astimezone(UTC).replace(microsecond=start.microsecond // 1000 * 1000)
        self._seed = seed
        self._block = 0

    def now(self) -> datetime:
        moment = self._next
        self._next += timedelta(seconds=1)
        return moment

    def random(self, length: int) -> bytes:
        if self._seed is None:
            return super().random(length)
        stream = b""
        while len(stream) < length:
            counter = self._block.to_bytes(8)
            stream += hashlib.sha256(b"quorate-stepped-v1\0" + counter + self._seed).digest()
            self._block += 1
        return stream[:length]


class ShiftedHost(Host):
    """A host whose clock stands at `start` now and runs on from there: people practise inside the signing window."""

    def __init__(self, start: datetime) -> None:
        self._shift = start - super().now()

    def now(self) -> datetime:
        return super().now() + self._shift


def wipe(secret: bytearray) -> None:
    """Overwrite in place; the length stays."""
    if secret:
        ctypes.memset((ctypes.c_char * len(secret)).from_buffer(secret), 0, len(secret))


def _machine_digest(identity: str) -> str:
    """Machine ids are to be kept private (machine-id(5)); their digest tells two machines apart as well."""
    return "sha256:" + hashlib.sha256(b"quorate-machine-v1\0" + identity.encode()).hexdigest()


# --- typed secrets


@contextmanager
def _unseen(fd: int, prompt: str) -> Iterator[None]:
    """Show the prompt with the echo off, so that nothing typed at it can be seen or lost; restore, and end the line."""
    if not os.isatty(fd):
        yield
        return
    before = termios.tcgetattr(fd)
    silent = termios.tcgetattr(fd)
    silent[3] &= ~termios.ECHO
    try:
        termios.tcsetattr(fd, termios.TCSAFLUSH, silent)
        os.write(_shown_on(fd), prompt.encode())
        yield
    finally:
        termios.tcsetattr(fd, termios.TCSADRAIN, before)
        os.write(_shown_on(fd), b"\n")


def _shown_on(fd: int) -> int:
    """Where a prompt appears: on the terminal that is read, or on the output if that was opened to read only."""
    return fd if fcntl.fcntl(fd, fcntl.F_GETFL) & os.O_ACCMODE else 1


def _read_line(fd: int, buffer: bytearray) -> int:
    """Length of the line read into `buffer`; of a line that is too long the rest is read and dropped."""
    view, length, last = memoryview(buffer), 0, len(buffer) - 1
    while True:
        # one octet a call: from a pipe nothing beyond the line end may be taken
        place = min(length, last)
        if not os.readv(fd, [view[place : place + 1]]):
            raise EOFError
        if buffer[place] == 0x0A:
            break
        length += 1
    return length - 1 if 0 < length <= last and buffer[length - 1] == 0x0D else length


# --- files


def _write_all(fd: int, data: bytes) -> None:
    left = memoryview(data)
    while left:
        left = left[os.write(fd, left) :]


def _write_synced(path: Path, data: bytes, mode: int) -> None:
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, mode)
    try:
        _write_all(fd, data)
        os.fsync(fd)
    finally:
        os.close(fd)


def _temporary(path: Path) -> Path:
    return path.with_name(f".{path.name}.{os.urandom(8).hex()}")


def _write_whole(path: Path, data: bytes, mode: int) -> None:
    """Write elsewhere and give it the name at once; somebody else's file of that name stays."""
    temporary = _temporary(path)
    try:
        _write_synced(temporary, data, mode)
        _name(temporary, path)
    except FileExistsError:
        _require_same(path, data)
    except OSError as error:
        _refuse(error, str(path))
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)


def _name(temporary: Path, path: Path) -> None:
    """Give the file its name; FileExistsError if it is taken. FAT has no hard links, but a rename that refuses."""
    try:
        os.link(temporary, path)
        temporary.unlink()
    except OSError as error:
        if error.errno not in _NO_HARD_LINKS:
            raise
        libc = ctypes.CDLL(None, use_errno=True)
        names = os.fsencode(temporary), os.fsencode(path)
        if libc.renameat2(AT_FDCWD, names[0], AT_FDCWD, names[1], RENAME_NOREPLACE):
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number)) from None


def _sync_folder(folder: Path) -> None:
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def _read_back(path: Path) -> bytes | None:
    """The bytes as the medium gives them, as far as the kernel can be made to ask it; None for all but a readable file.

    A link is not followed, and a pipe not waited for.
    """
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        if not stat.S_ISREG(os.fstat(fd).st_mode):
            return None
        os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)
        with open(fd, "rb", closefd=False) as stream:
            return stream.read()
    except OSError:
        return None
    finally:
        os.close(fd)


def _require_same(path: Path, data: bytes) -> None:
    if _read_back(path) != data:
        raise Refusal("record.output_present", file=path)


@contextmanager
def writing(file: str) -> Iterator[None]:
    """Say what the system answers as a refusal: `host.disk_full`, `host.not_writable`, `host.write_failed`."""
    try:
        yield
    except OSError as error:
        _refuse(error, file)


def _refuse(error: OSError, file: str) -> NoReturn:
    reason = error.strerror or str(error)
    if error.errno in _NO_ROOM:
        raise Refusal("host.disk_full", file=file) from None
    if error.errno in _NOT_WRITABLE:
        raise Refusal("host.not_writable", file=file, reason=reason) from None
    raise Refusal("host.write_failed", file=file, reason=reason) from None
