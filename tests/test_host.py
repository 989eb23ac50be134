"""Files that are written once, secrets that are typed, and a machine that is looked at."""

from __future__ import annotations

import errno
import hashlib
import os
import pty
import signal
import subprocess
import sys
import termios
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from quorate.airgap import Level, look
from quorate.findings import Refusal
from quorate.host import Host, SteppedHost

HOST = Host()


@contextmanager
def refused(code: str) -> Iterator[None]:
    with pytest.raises(Refusal) as caught:
        yield
    assert caught.value.code == code, str(caught.value)


@pytest.fixture
def tiny_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 64 KiB, where the one who runs the tests may mount one."""
    disk = tmp_path / "disk"
    disk.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", disk], capture_output=True).returncode:
        pytest.skip("mounting needs root")
    yield disk
    subprocess.run(["umount", disk], check=True)


# --- write once


def test_a_file_is_written_whole_and_alone(tmp_path: Path) -> None:
    for name, data in (("empty", b""), ("root.pem", b"\x00certificate\n"), ("large", os.urandom(300_000))):
        HOST.write_once(tmp_path / name, data)
        assert (tmp_path / name).read_bytes() == data
        assert (tmp_path / name).stat().st_nlink == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["empty", "large", "root.pem"]


def test_the_same_bytes_again_are_what_was_wanted(tmp_path: Path) -> None:
    HOST.write_once(tmp_path / "file", b"data")
    before = (tmp_path / "file").stat()
    HOST.write_once(tmp_path / "file", b"data")
    assert (tmp_path / "file").stat() == before


@pytest.mark.parametrize("other", [b"", b"dat", b"data\n", b"DATA"])
def test_other_bytes_are_never_replaced(tmp_path: Path, other: bytes) -> None:
    (tmp_path / "file").write_bytes(other)
    with refused("record.output_present"):
        HOST.write_once(tmp_path / "file", b"data")
    assert (tmp_path / "file").read_bytes() == other
    assert len(list(tmp_path.iterdir())) == 1


def test_nothing_is_written_through_a_link_or_into_a_folder_or_pipe(tmp_path: Path) -> None:
    (tmp_path / "target").write_bytes(b"data")
    (tmp_path / "link").symlink_to(tmp_path / "target")
    (tmp_path / "dangling").symlink_to(tmp_path / "nowhere")
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    for name in ("link", "dangling", "folder", "pipe"):
        with refused("record.output_present"):
            HOST.write_once(tmp_path / name, b"data")
    assert not (tmp_path / "nowhere").exists()


def test_a_file_that_appears_meanwhile_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another process takes the name between the look and the link."""
    link = os.link

    def raced(source: Path, target: Path) -> None:
        Path(target).write_bytes(theirs)
        link(source, target)

    monkeypatch.setattr(os, "link", raced)
    theirs = b"theirs"
    with refused("record.output_present"):
        HOST.write_once(tmp_path / "file", b"ours")
    assert [path.read_bytes() for path in tmp_path.iterdir()] == [theirs]
    theirs = b"the same"
    HOST.write_once(tmp_path / "other", b"the same")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "other"]


def test_a_medium_without_hard_links_is_written_as_safely(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_links(source: Path, target: Path) -> None:
        raise OSError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "link", no_links)
    HOST.write_once(tmp_path / "file", b"data")
    assert [(path.name, path.read_bytes()) for path in tmp_path.iterdir()] == [("file", b"data")]

    def raced(source: Path, target: Path) -> None:
        Path(target).write_bytes(b"theirs")
        no_links(source, target)

    monkeypatch.setattr(os, "link", raced)
    with refused("record.output_present"):
        HOST.write_once(tmp_path / "other", b"ours")
    assert (tmp_path / "other").read_bytes() == b"theirs"
    assert len(list(tmp_path.iterdir())) == 2


def test_a_full_disk_keeps_no_part_of_a_file(tiny_disk: Path) -> None:
    with refused("host.disk_full"):
        HOST.write_once(tiny_disk / "large", bytes(200_000))
    assert list(tiny_disk.iterdir()) == []
    HOST.write_once(tiny_disk / "small", b"data")


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path, tiny_disk: Path) -> None:
    subprocess.run(["mount", "-o", "remount,ro", tiny_disk], check=True)
    with refused("host.not_writable"):
        HOST.write_once(tiny_disk / "file", b"data")
    with refused("host.not_writable"):
        HOST.write_once(tmp_path / "no such folder" / "file", b"data")


def test_a_medium_that_loses_what_was_written_is_found_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    link = os.link

    def lossy(source: Path, target: Path) -> None:
        Path(source).write_bytes(b"datA")
        link(source, target)

    monkeypatch.setattr(os, "link", lossy)
    with refused("host.read_back"):
        HOST.write_once(tmp_path / "file", b"data")


def test_a_medium_that_fails_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(fd: int) -> None:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(os, "fsync", broken)
    with refused("host.write_failed"):
        HOST.write_once(tmp_path / "file", b"data")
    assert list(tmp_path.iterdir()) == []


# --- append


def test_lines_are_appended_one_by_one(tmp_path: Path) -> None:
    fd = os.open(tmp_path / "transcript", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    for line in (b"one\n", b"\n", b"three\n"):
        HOST.append_line(fd, line)
    os.close(fd)
    assert (tmp_path / "transcript").read_bytes() == b"one\n\nthree\n"


@pytest.mark.parametrize("line", [b"", b"no end", b"two\nlines\n", b"\n\n"])
def test_only_a_line_is_appended(tmp_path: Path, line: bytes) -> None:
    fd = os.open(tmp_path / "transcript", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    with pytest.raises(ValueError):
        HOST.append_line(fd, line)
    os.close(fd)
    assert (tmp_path / "transcript").read_bytes() == b""


def test_a_full_disk_tears_no_line(tiny_disk: Path) -> None:
    fd = os.open(tiny_disk / "transcript", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    HOST.append_line(fd, b"first\n")
    with refused("host.disk_full"):
        HOST.append_line(fd, b"x" * 200_000 + b"\n")
    assert (tiny_disk / "transcript").read_bytes() == b"first\n"
    HOST.append_line(fd, b"second\n")
    os.close(fd)
    assert (tiny_disk / "transcript").read_bytes() == b"first\nsecond\n"


def test_a_device_without_room_is_a_full_disk() -> None:
    fd = os.open("/dev/full", os.O_WRONLY | os.O_APPEND)
    with refused("host.disk_full"):
        HOST.append_line(fd, b"line\n")
    os.close(fd)


# --- typed secrets


def piped(data: bytes) -> int:
    reading, writing = os.pipe()
    os.write(writing, data)
    os.close(writing)
    return reading


def test_a_line_is_read_and_not_an_octet_more() -> None:
    fd = piped(b"first\nsecond\r\n\nlast\n")
    assert [bytes(HOST.read_secret("", fd)) for _ in range(4)] == [b"first", b"second", b"", b"last"]
    with pytest.raises(EOFError):
        HOST.read_secret("", fd)
    os.close(fd)


def test_what_enter_did_not_end_was_not_meant() -> None:
    fd = piped(b"half a PI")
    with pytest.raises(EOFError):
        HOST.read_secret("", fd)
    os.close(fd)


def test_a_line_has_a_longest_length() -> None:
    fd = piped(b"x" * 1024 + b"\n" + b"y" * 1024 + b"\r\n" + b"z" * 1024 + b"\rzz\n" + b"w" * 3000 + b"\nnext\n")
    assert HOST.read_secret("", fd) == b"x" * 1024
    assert HOST.read_secret("", fd) == b"y" * 1024
    for _ in range(2):
        with refused("host.line_too_long"):
            HOST.read_secret("", fd)
    assert HOST.read_secret("", fd) == b"next"
    os.close(fd)


class Typist:
    """A person at a pseudo-terminal: waits for the prompt, types, and remembers what the screen showed."""

    def __init__(self, typed: bytes) -> None:
        self.near, self.far = pty.openpty()
        self.seen = b""
        self._thread = threading.Thread(target=self._type, args=(typed,))
        self._thread.start()

    def _type(self, typed: bytes) -> None:
        while not self.seen.endswith(b": "):
            self.seen += os.read(self.near, 1)
        os.write(self.near, typed)

    def leave(self) -> None:
        self._thread.join()
        os.close(self.far)
        with suppress(OSError):
            while more := os.read(self.near, 1024):
                self.seen += more
        os.close(self.near)

    def echoes(self) -> bool:
        return bool(termios.tcgetattr(self.far)[3] & termios.ECHO)


def test_a_terminal_shows_the_prompt_and_nothing_that_is_typed() -> None:
    typist = Typist(b"secrat\x7f\x7fet\r")
    assert HOST.read_secret("PIN: ", typist.far) == b"secret"
    assert typist.echoes()
    typist.leave()
    assert typist.seen.replace(b"\r\n", b"\n") == b"PIN: \n"


def test_ctrl_c_at_the_prompt_gives_the_terminal_back() -> None:
    class CtrlC(Exception):
        pass

    def interrupted(number: int, frame: object) -> None:
        raise CtrlC

    before = signal.signal(signal.SIGALRM, interrupted)
    typist = Typist(b"half")
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.3)
        with pytest.raises(CtrlC):
            HOST.read_secret("PIN: ", typist.far)
        assert typist.echoes()
    finally:
        signal.signal(signal.SIGALRM, before)
        typist.leave()


def test_wiping_reaches_the_memory_itself() -> None:
    secret = bytearray(b"secret")
    view = memoryview(secret)
    HOST.wipe(secret)
    assert bytes(view) == bytes(6)
    HOST.wipe(bytearray())


def test_memory_is_locked_in_a_process_of_its_own() -> None:
    """What is reported as locked the kernel shows as locked; a limit of zero makes a report and no failure."""
    script = """
import resource, sys
from quorate.host import Host
facts = Host().lock_memory()
status = dict(line.split(":", 1) for line in open("/proc/self/status"))
locked = int(status["VmLck"].split()[0])
assert facts["core size"] == "0" and resource.getrlimit(resource.RLIMIT_CORE) == (0, 0), facts
assert (facts["memory"] == "locked") == (locked > 0), (facts, locked)
assert facts["dumpable"] == "no"
print(facts["memory"])
"""
    told = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True).stdout
    assert told.startswith(("locked", "not locked: "))


# --- clock, entropy, machine


def test_the_clock_is_utc_in_milliseconds() -> None:
    now = HOST.now()
    assert now.tzinfo is UTC
    assert now.microsecond % 1000 == 0
    assert abs(datetime.now(UTC) - now) < timedelta(seconds=5)


def test_a_stepped_clock_starts_where_it_is_told_and_only_goes_on() -> None:
    host = SteppedHost(datetime(2027, 1, 12, 10, 0, 0, 1999, tzinfo=timezone(timedelta(hours=1))))
    first, second, third = host.now(), host.now(), host.now()
    assert first == datetime(2027, 1, 12, 9, 0, 0, 1000, tzinfo=UTC)
    assert (second - first, third - second) == (timedelta(seconds=1), timedelta(seconds=1))
    with pytest.raises(ValueError):
        SteppedHost(datetime(2027, 1, 12))


def test_seeded_randomness_repeats_and_never_within_itself() -> None:
    start = datetime(2027, 1, 12, tzinfo=UTC)
    one, same, other = (SteppedHost(start, seed) for seed in (b"a", b"a", b"b"))
    drawn = [one.random(length) for length in (0, 1, 16, 32, 33, 100)]
    assert drawn == [same.random(length) for length in (0, 1, 16, 32, 33, 100)]
    assert [len(octets) for octets in drawn] == [0, 1, 16, 32, 33, 100]
    assert drawn[3] != one.random(32) != other.random(32)
    assert hashlib.sha256(b"quorate-stepped-v1\0" + bytes(8) + b"a").digest()[:1] == drawn[1]


def test_unseeded_randomness_does_not_repeat() -> None:
    start = datetime(2027, 1, 12, tzinfo=UTC)
    assert len({HOST.random(16), HOST.random(16), SteppedHost(start).random(16), SteppedHost(start).random(16)}) == 4


def test_the_machine_is_described_without_its_id() -> None:
    facts = HOST.machine()
    assert facts["python"] == ".".join(map(str, sys.version_info[:3]))
    assert facts["kernel"].startswith("Linux ")
    with suppress(FileNotFoundError):
        assert Path("/etc/machine-id").read_text().strip() not in "".join(facts.values())


# --- the air gap


def placed(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root


ROUTES = "Iface Destination Gateway Flags RefCnt Use Metric Mask MTU Window IRTT\n"
SOCKETS = "sl local_address rem_address st tx_queue\n"
SWAPS = "Filename Type Size Used Priority\n"
NOON = 1_799_755_200
OFFLINE = {
    "sys/class/net/lo/type": "772\n",
    "proc/net/route": ROUTES,
    "proc/net/ipv6_route": f"{'0' * 31}1 80 {'0' * 32} 00 {'0' * 32} 00000000 00000002 00000000 80200001 lo\n",
    "proc/net/tcp": SOCKETS + "0: 0100007F:8C2E 0100007F:1F90 01 0:0\n",
    "proc/swaps": SWAPS,
    "proc/self/mountinfo": "22 1 0:20 / / rw - tmpfs tmpfs rw\n23 22 7:0 / /image ro - squashfs /dev/loop0 ro\n",
    "sys/class/rtc/rtc0/since_epoch": f"{NOON + 3}\n",
    "proc/cpuinfo": "flags\t\t: fpu vme rdrand\n",
    "sys/class/dmi/id/sys_vendor": "LENOVO\n",
    "proc/sys/kernel/core_pattern": "|/bin/false\n",
}
SIGHTINGS = [
    ("links", "sys/class/net/eth0/type", "1\n", Level.FAIL, "eth0"),
    ("routes", "proc/net/route", ROUTES + "wlan0 00000000 0102A8C0 0003 0 0 0 00000000 0 0 0\n", Level.FAIL, "wlan0"),
    ("sockets", "proc/net/tcp", SOCKETS + "0: 00000000:0016 00000000:0000 0A 0:0\n", Level.WARN, "tcp:22"),
    ("sockets", "proc/net/udp6", SOCKETS + f"0: {'0' * 32}:0044 {'0' * 32}:0000 07 0:0\n", Level.WARN, "udp6:68"),
    ("radios", "sys/class/bluetooth/hci0/type", "", Level.FAIL, "bluetooth hci0"),
    ("radios", "sys/class/rfkill/rfkill0/type", "wlan\n", Level.FAIL, "wlan rfkill0 (on)"),
    ("swap", "proc/swaps", SWAPS + "/dev/sda2 partition 1 0 -2\n", Level.FAIL, "/dev/sda2"),
    ("mounts", "proc/self/mountinfo", "22 1 8:1 / /mnt rw - ext4 /dev/sda1 rw\n", Level.WARN, "/dev/sda1 on /mnt"),
    ("clock", "sys/class/rtc/rtc0/since_epoch", f"{NOON - 7200}\n", Level.WARN, "7200 s"),
    ("clock", "sys/class/rtc/rtc0/since_epoch", "", Level.WARN, "no hardware clock"),
    ("virtualisation", "proc/cpuinfo", "flags\t\t: fpu hypervisor rdrand\n", Level.FAIL, "processor"),
    ("virtualisation", "sys/class/dmi/id/sys_vendor", "QEMU\n", Level.FAIL, "QEMU"),
    ("virtualisation", "sys/hypervisor/type", "xen\n", Level.FAIL, "xen hypervisor"),
    ("core", "proc/sys/kernel/core_pattern", "|/usr/bin/apport %p\n", Level.WARN, "/usr/bin/apport"),
]


def test_an_offline_machine_passes_every_look(tmp_path: Path) -> None:
    seen = look(placed(tmp_path, OFFLINE), NOON)
    assert [o.name for o in seen] == [
        "links", "routes", "sockets", "radios", "swap", "mounts", "clock", "virtualisation", "core"
    ]  # fmt: skip
    assert [o for o in seen if o.level is not Level.PASS] == []


@pytest.mark.parametrize(("name", "file", "text", "level", "named"), SIGHTINGS)
def test_each_sign_of_a_connected_machine_is_seen(
    tmp_path: Path, name: str, file: str, text: str, level: Level, named: str
) -> None:
    seen = look(placed(tmp_path, OFFLINE | {file: text}), NOON)
    (bad,) = [o for o in seen if o.level is not Level.PASS]
    assert (bad.name, bad.level) == (name, level)
    assert named in bad.text


def test_the_machine_of_this_test_can_be_looked_at() -> None:
    assert len(HOST.airgap()) == 9
