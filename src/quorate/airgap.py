"""Is this machine offline and sane? Floor 3. Read only, quick, Linux.

These looks catch mistakes: a cable, a radio, a swap partition, a wrong clock. A machine that is hostile can answer them
as it likes; what anchors against it is outside: the digest of the boot image on paper, and people's eyes.
"""

from __future__ import annotations

import enum
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

LONGEST_LOOK = 65536
CLOCK_TOLERANCE = 5.0
"""Seconds that the hardware clock may differ from the system's."""
ARPHRD_LOOPBACK = "772"
LISTENING = {"tcp": "0A", "tcp6": "0A", "udp": "07", "udp6": "07", "raw": "07", "raw6": "07"}
"""The state of a socket that takes what comes: TCP_LISTEN, else unconnected."""
RADIOS = ("ieee80211", "bluetooth", "wwan", "nfc")
VIRTUAL = ("qemu", "kvm", "vmware", "virtualbox", "innotek", "xen", "bochs", "parallels", "firecracker", "hyper-v")
IN_MEMORY = ("tmpfs", "devtmpfs", "ramfs")


class Level(enum.StrEnum):
    """What an observation says for the ceremony. A script says which failures a deviation may accept."""

    PASS = "PASS"
    WARN = "WARN"
    FAIL = "FAIL"


@dataclass(frozen=True, slots=True)
class Observation:
    """One look at the machine: a stable name, its weight, and what was seen."""

    name: str
    level: Level
    text: str


def look(root: Path = Path("/"), now: float | None = None) -> tuple[Observation, ...]:
    """Everything that is looked at, in a fixed order. `root` holds `proc` and `sys`; `now` is seconds since 1970."""
    proc, sys = root / "proc", root / "sys"
    return (
        *_network(proc, sys),
        *_radios(sys),
        *_storage(proc),
        _clock(sys, time.time() if now is None else now),
        _virtualisation(proc, sys),
        _core_files(proc),
    )


def text_of(path: Path) -> str:
    """The text of a small kernel file, stripped; empty if there is none."""
    try:
        with open(path, "rb") as file:
            return file.read(LONGEST_LOOK).decode("utf-8", "replace").strip("\0\n ")
    except OSError:
        return ""


def _names(folder: Path) -> tuple[str, ...]:
    try:
        return tuple(sorted(entry.name for entry in folder.iterdir()))
    except OSError:
        return ()


def _seen(name: str, bad: list[str], good: str, sentence: str, level: Level = Level.FAIL) -> Observation:
    """PASS with `good` if nothing bad was seen, else `level` with `sentence` and what was."""
    return Observation(name, level, f"{sentence}: {', '.join(bad)}") if bad else Observation(name, Level.PASS, good)


def _rows(path: Path, heading: bool = True) -> list[list[str]]:
    return [line.split() for line in text_of(path).splitlines()[1 if heading else 0 :]]


def _network(proc: Path, sys: Path) -> Iterator[Observation]:
    links = [
        f"{name} ({text_of(sys / 'class/net' / name / 'operstate') or 'unknown'})"
        for name in _names(sys / "class/net")
        if (kind := text_of(sys / "class/net" / name / "type")) and kind != ARPHRD_LOOPBACK
    ]
    yield _seen("links", links, "no network link but the loopback", "network links")
    away = [row[0] for row in _rows(proc / "net/route") if len(row) > 7]
    away += [row[9] for row in _rows(proc / "net/ipv6_route", heading=False) if len(row) > 9]
    routed = sorted({name for name in away if name != "lo"})
    yield _seen("routes", routed, "no route out of the machine", "routes through")
    sockets = sorted({socket for kind, state in LISTENING.items() for socket in _listening(proc, kind, state)})
    yield _seen("sockets", sockets, "no listening socket", "listening sockets", Level.WARN)


def _listening(proc: Path, kind: str, state: str) -> Iterator[str]:
    for row in _rows(proc / "net" / kind):
        if len(row) > 3 and row[3] == state:
            yield f"{kind}:{int(row[1].rpartition(':')[2], 16)}"


def _radios(sys: Path) -> Iterator[Observation]:
    there = [f"{kind} {name}" for kind in RADIOS for name in _names(sys / "class" / kind)]
    for name in _names(sys / "class/rfkill"):
        radio = sys / "class/rfkill" / name
        blocked = "1" in (text_of(radio / "soft"), text_of(radio / "hard"))
        there.append(f"{text_of(radio / 'type')} {name} ({'blocked' if blocked else 'on'})")
    yield _seen("radios", there, "no radio", "radios")


def _storage(proc: Path) -> Iterator[Observation]:
    swaps = [row[0] for row in _rows(proc / "swaps") if row]
    yield _seen("swap", swaps, "no swap", "memory is swapped out to")
    disks = []
    for line in text_of(proc / "self/mountinfo").splitlines():
        place, _, source = line.partition(" - ")
        fields, (kind, device, options) = place.split(), [*source.split(), "", "", ""][:3]
        writable = "ro" not in (*fields[5].split(","), *options.split(","))
        if device.startswith("/dev/") and kind not in IN_MEMORY and writable:
            disks.append(f"{device} on {fields[4]}")
    yield _seen("mounts", disks, "no disk mounted for writing", "disks mounted for writing", Level.WARN)


def _clock(sys: Path, now: float) -> Observation:
    hardware = text_of(sys / "class/rtc/rtc0/since_epoch")
    if not hardware.isdigit():
        return Observation("clock", Level.WARN, "no hardware clock: the time is what was typed in")
    difference = abs(int(hardware) - now)
    text = f"hardware clock within {difference:.0f} s of the system clock"
    if difference > CLOCK_TOLERANCE:
        return Observation("clock", Level.WARN, text.replace("within", "off by").replace(" of the", " against the"))
    return Observation("clock", Level.PASS, text)


def _virtualisation(proc: Path, sys: Path) -> Observation:
    names = [text_of(sys / "class/dmi/id" / name) for name in ("sys_vendor", "product_name", "bios_vendor")]
    signs = [name for name in names if any(word in name.lower() for word in VIRTUAL)]
    if text_of(sys / "hypervisor/type"):
        signs.append(f"{text_of(sys / 'hypervisor/type')} hypervisor")
    flags = (line for line in text_of(proc / "cpuinfo").splitlines() if line.startswith("flags"))
    if any(" hypervisor" in line for line in flags):
        signs.append("the processor says so")
    return _seen("virtualisation", signs, "no sign of a virtual machine", "a virtual machine")


def _core_files(proc: Path) -> Observation:
    pattern = text_of(proc / "sys/kernel/core_pattern")
    if pattern in ("", "|/bin/false"):
        return Observation("core", Level.PASS, "no core file is kept")
    return Observation("core", Level.WARN, f"core files go to {pattern}; this process makes none")
