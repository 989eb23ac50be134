"""Ceremonies in processes that die where they are told to: a fork server, and the door to it.

A child runs a ceremony of `rehearsal/` with stand-ins. Each fsync, link, rename and token call of it is a point; at the
point it is told it dies by SIGKILL, before or after the call, or as by a power cut: whatever was not synced is gone.
`Server` is the door for tests; `python crashing.py` is the server, which has imported everything and forks.
"""

from __future__ import annotations

import contextlib
import gc
import hashlib
import importlib.util
import io
import json
import os
import resource
import shutil
import signal
import stat
import subprocess
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from quorate import prepare, record, rehearse, shares
from quorate.conduct import conduct
from quorate.event import Type, moment
from quorate.findings import Refusal
from quorate.host import SteppedHost
from quorate.perform import Performer
from quorate.rehearse import StandIns, prepare_rehearsal
from quorate.room import Room, Stopped
from quorate.script import read_script
from quorate.script.drafting import utc
from quorate.script.operations import IssueOperation
from quorate.statement import Mode
from quorate.token import Login, cryptoki, pkcs11, software
from quorate.token.opening import open_token

VERIFIER = Path(__file__).parent.parent / "verifier" / "quorate_verify.py"
COPY = VERIFIER.read_bytes()
FILES = ("fsync", "link", "rename", "replace")
CALLS = ("login", "set_pin", "generate", "sign", "destroy", "lookup")
RAW_CALLS = ("login", "set_pin", "generate_pair", "sign", "destroy")
"""The same on the session of a PKCS#11 module: C_Login, C_SetPIN, C_GenerateKeyPair, C_Sign, C_DestroyObject."""


@dataclass(frozen=True)
class Point:
    """Where a child is struck: at the call of that number, `before` or `after` it, by a power `cut`, in a `torn` line.

    Or at the want of that number: by a `bug`, an `interrupt`, or when the answer is there by a `full` disk, a `quota`
    that ends within the line, or a bug on a `full disk`.
    """

    number: int
    when: str


# -- the world of a child ---------------------------------------------------------------------------------------------


@dataclass
class Disk:
    """What a power cut would take: bytes and names that were not synced."""

    real: dict[str, Callable[..., Any]]
    scratch: Path
    sizes: dict[int, int] = field(default_factory=dict)
    names: list[tuple[Path, Path, Path | None]] = field(default_factory=list)  # name, the one before, what it replaced
    folders: list[Path] = field(default_factory=list)

    def synced(self, handle: int) -> None:
        status = os.fstat(handle)
        self.sizes[status.st_ino] = status.st_size
        if stat.S_ISDIR(status.st_mode):
            folder = Path(os.readlink(f"/proc/self/fd/{handle}"))
            self.names = [one for one in self.names if one[0].parent != folder]
            self.folders = [one for one in self.folders if one.parent != folder]

    def named(self, old: Any, new: Any, replaced: Path | None) -> None:
        self.names.append((Path(new).resolve(), Path(old).resolve(), replaced))

    def before_replacing(self, path: Any) -> Path | None:
        """Another name for what is about to be replaced."""
        kept = self.scratch
        if not Path(path).exists():
            return None
        kept.unlink(missing_ok=True)
        self.real["link"](path, kept)
        return kept

    def cut(self, handle: int | None, keep: int) -> None:
        """`keep`: how many of the unsynced octets of the open file are on the disk all the same."""
        if handle is not None and stat.S_ISREG(os.fstat(handle).st_mode):
            self.shorten(handle, lambda _: keep)
        for name, old, replaced in reversed(self.names):
            if name.exists():
                self.real["rename"](name, old)
            if replaced is not None:
                self.real["rename"](replaced, name)
        for folder in reversed(self.folders):
            shutil.rmtree(folder, ignore_errors=True)

    def shorten(self, handle: int, keep: Callable[[int], int]) -> None:
        status = os.fstat(handle)
        synced = self.sizes.get(status.st_ino, 0)
        os.truncate(f"/proc/self/fd/{handle}", synced + keep(status.st_size - synced))


class Points:
    """The numbered calls of a child, and the one at which it dies."""

    def __init__(self, point: Point | None, journal: Path) -> None:
        self.point, self.journal = point, journal
        self.seen: list[str] = []
        self.wants: list[str] = []
        self.disk = Disk({name: getattr(os, name) for name in FILES}, journal.with_name("replaced"))

    def install(self) -> None:
        for name in FILES:
            setattr(os, name, self._file_call(name, getattr(os, name)))
        mkdir = os.mkdir

        def noted_mkdir(path: Any, *rest: Any, **more: Any) -> None:
            mkdir(path, *rest, **more)
            if "words" not in Path(path).parts:  # the holders' worksheets are of paper
                self.disk.folders.append(Path(path).resolve())

        os.mkdir = noted_mkdir
        for kind in (software.SoftwareToken, pkcs11.Pkcs11Token):
            for name in CALLS:
                setattr(kind, name, self._token_call(name, getattr(kind, name)))
        for name in RAW_CALLS:
            setattr(cryptoki.Session, name, self._raw_call(name, getattr(cryptoki.Session, name)))
        perform = Performer.perform

        def counted_perform(performer: Performer, want: Any) -> Any:
            here = self.point is not None and self.point.number == len(self.wants)
            when = self.point.when if self.point and here else ""
            self.wants.append(type(want).__name__)
            if when == "interrupt":
                raise KeyboardInterrupt
            if when in ("full", "full disk"):
                fill(self.journal.with_name("filler"))
            if when in ("bug", "full disk"):
                raise RuntimeError("a bug")
            answer = perform(performer, want)
            if when == "quota":
                size = (performer.folder / record.TRANSCRIPT).stat().st_size
                resource.setrlimit(resource.RLIMIT_FSIZE, (size + 40, resource.RLIM_INFINITY))
            return answer

        Performer.perform = counted_perform  # type: ignore[method-assign]

    def _file_call(self, name: str, real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*given: Any, **more: Any) -> Any:
            handle = given[0] if name == "fsync" else None
            shown = os.readlink(f"/proc/self/fd/{handle}") if handle is not None else os.fspath(given[1])
            with self._point(f"{name} {Path(shown).name}", handle):
                replaced = self.disk.before_replacing(given[1]) if name in ("rename", "replace") else None
                answer = real(*given, **more)
                if handle is not None:
                    self.disk.synced(handle)
                else:
                    self.disk.named(given[0], given[1], replaced)
                return answer

        return call

    def _token_call(self, name: str, real: Callable[..., Any]) -> Callable[..., Any]:
        def call(token: Any, *given: Any) -> Any:
            with self._point(f"token {name}", None):
                answer = real(token, *given)
                if name in ("generate", "sign"):
                    said = hashlib.sha256(given[-1]).hexdigest() if name == "sign" else given[1].hex()
                    with self.journal.open("a") as journal:
                        journal.write(f"{name} {said}\n")
                return answer

        return call

    def _raw_call(self, name: str, real: Callable[..., Any]) -> Callable[..., Any]:
        def call(session: Any, *given: Any) -> Any:
            with self._point(f"module {name}", None):
                return real(session, *given)

        return call

    @contextlib.contextmanager
    def _point(self, name: str, handle: int | None) -> Iterator[None]:
        number = len(self.seen)
        self.seen.append(name)
        when = self.point.when if self.point else ""
        here = self.point is not None and self.point.number == number and when in ("before", "after", "cut", "torn")
        if here and when == "cut":
            self.disk.cut(handle, 0)
        if here and when == "torn" and handle is not None:
            self.disk.shorten(handle, lambda unsynced: unsynced // 2)
        if here and when != "after":
            os.kill(os.getpid(), signal.SIGKILL)
        yield
        if here:
            os.kill(os.getpid(), signal.SIGKILL)


def fill(path: Path) -> None:
    """Leave no room on the disk."""
    with contextlib.suppress(OSError), path.open("wb", buffering=0) as file:
        while file.write(b"\0" * 1024):
            pass


# -- a ceremony in a child --------------------------------------------------------------------------------------------


def ceremony_of(root: Path) -> Path:
    """The ceremony that is struck: the last one of the authority."""
    return max(path.parent for path in root.glob("ceremonies/*/plan.toml"))


def record_of(root: Path) -> Path:
    return ceremony_of(root) / "rehearsal" / "record"


def room_of(root: Path) -> Room:
    """The room of the ceremony below `root`; its clock goes on where the transcript ends."""
    ceremony = ceremony_of(root)
    folder = ceremony / "rehearsal"
    script = read_script((folder / "script.json").read_bytes(), "script.json")
    events = record.read_transcript(folder / "record" / record.TRANSCRIPT)[0]
    host = SteppedHost(moment(events[-1].at) if events else utc(script.window.opens))
    start = prepare.base(root, Mode.REHEARSAL, ceremony_of(root).name)
    return Room(host, StandIns(root, folder, host), ceremony, start, folder)


def run(root: Path, point: Point | None = None) -> dict[str, Any]:
    """Conduct or resume until it is sealed, refused, stopped, struck or dead; what came of it."""
    _configure(root)
    points = Points(point, _calls(root))
    points.install()
    room = room_of(root)
    try:
        conduct(room, COPY, ceremony_of(root) / "rehearsal")
        outcome = "sealed"
    except Refusal as refusal:
        outcome = refusal.code
    except (Stopped, RuntimeError, KeyboardInterrupt) as end:
        outcome = type(end).__name__
    return {"outcome": outcome, "points": points.seen, "wants": points.wants}


def _configure(root: Path) -> None:
    """SoftHSM, if the ceremony's token is one, works in this copy of its folder."""
    hsm = root / "softhsm"
    if hsm.is_dir():
        (hsm / "here.conf").write_text(f"directories.tokendir = {hsm}/tokens\nobjectstore.backend = file\n")
        os.environ["SOFTHSM2_CONF"] = str(hsm / "here.conf")


def _calls(root: Path) -> Path:
    """What the tokens were asked to do, also by processes that died."""
    return root / "calls"


def survey(root: Path) -> dict[str, Any]:
    """What can be said of a sealed record and its token: the verifier's verdict first."""
    _configure(root)
    loaded = record.load(record_of(root))
    start = prepare.base(root, Mode.REHEARSAL, ceremony_of(root).name)
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        code = _verifier().main(["--rehearsal", "--authority", start.genesis, str(record_of(root))])
    bodies = {kind: [one.body for one in loaded.events if one.type is kind] for kind in Type}
    operations = [one.id for one in loaded.script.operations]
    return {
        "verifier": code,
        "said": said.getvalue(),
        "completed": {name: [b["operation"] for b in bodies[Type.COMPLETED]].count(name) for name in operations},
        "intended": {name: [b["operation"] for b in bodies[Type.INTENDED]].count(name) for name in operations},
        "settled": [[b["operation"], b["outcome"]] for b in bodies[Type.SETTLED]],
        "issued": [one.id for one in loaded.script.operations if isinstance(one, IssueOperation)],
        "drafted": [b["digest"].removeprefix("sha256:") for b in bodies[Type.DRAFTED]],
        "registered": sorted(key.object for key in loaded.state.keys.values()),
        "objects": _objects(root, loaded, start.state.token("hsm-1")),
        "torn": [b["torn"]["path"] for b in bodies[Type.RESUMED] if b["torn"]],
        "faults": [b["error"] for b in bodies[Type.FAULT]],
        "calls": _calls(root).read_text().splitlines(),
    }


def _objects(root: Path, loaded: record.Loaded, entry: Any) -> list[str]:
    """Every object id on the token, as whoever recombines the shares of the holders' worksheets sees them."""
    rehearsal = record_of(root).parent
    known = loaded.state.sets[("hsm-1", "user")]
    commitments = tuple((one.index, one.salt, one.commitment) for one in known.commitments)
    secret = known.secret
    of = shares.ShareSet(known.id, known.threshold, known.count, commitments, secret.salt, secret.commitment)
    words = [rehearsal / "words/share/hsm-1/user" / one.seat for one in known.commitments[: known.threshold]]
    pin = shares.pin_of(shares.combine([shares.parse_words(bytearray(one.read_bytes())) for one in words], of))
    token = open_token(entry.kind, rehearsal / entry.location, entry.serial)
    token.login(Login.USER, pin)
    found = [one.hex() for one in token.object_ids()]
    token.close()
    hidden = [one.name for one in rehearsal.glob("tokens/*/.*")]
    return found + hidden


def _verifier() -> Any:
    return sys.modules["quorate_verify"]


# -- the server -------------------------------------------------------------------------------------------------------


def in_child(work: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """What `work` says in a process of its own; its `signal` if it was killed."""
    reader, writer = os.pipe()
    child = os.fork()
    if not child:
        os.close(reader)
        try:
            said = work()
        except BaseException:
            said = {"outcome": "error", "trace": traceback.format_exc()}
        with open(writer, "w") as pipe:
            json.dump(said, pipe)
        os._exit(0)
    os.close(writer)
    with open(reader) as pipe:
        text = pipe.read()
    _, status = os.waitpid(child, 0)
    return {"signal": os.WTERMSIG(status)} if os.WIFSIGNALED(status) else {"signal": 0, **json.loads(text)}


def survive(prepared: str, points: list[list[Any]], keep: bool = False) -> dict[str, Any]:
    """Strike a copy of a prepared ceremony at each of `points` in turn, resume it, survey it."""
    root = Path(prepared).parent / f"struck-{os.getpid()}-{time.monotonic_ns()}"
    shutil.copytree(prepared, root, symlinks=True)
    transcript = record_of(root) / record.TRANSCRIPT
    before: list[bytes] = []
    struck = []
    for number, when in points:
        struck.append(in_child(lambda point=Point(number, when): run(root, point)))  # type: ignore[misc]
        before.append(transcript.read_bytes() if transcript.is_file() else b"")
        (root / "filler").unlink(missing_ok=True)
    resumed = in_child(lambda: run(root))
    facts = {"struck": struck, "resumed": resumed, "root": str(root)}
    if resumed.get("outcome") == "sealed":
        facts |= in_child(lambda: survey(root))
        whole = transcript.read_bytes()
        facts["kept"] = all(whole.startswith(one[: one.rfind(b"\n") + 1]) for one in before)
        torn = {one[one.rfind(b"\n") + 1 :] for one in before} - {b""}
        facts["aside"] = torn == {(record_of(root) / path).read_bytes() for path in facts["torn"]}
    if not keep:
        shutil.rmtree(root)
    return facts


def flaws(facts: dict[str, Any]) -> list[str]:
    """What a ceremony that was struck and resumed has lost, or done twice; nothing if all is well."""
    if facts["resumed"].get("outcome") != "sealed":
        return [f"resuming came to {facts['resumed']}"]
    if facts.get("outcome") == "error":
        return [f"the survey came to {facts['trace']}"]
    signed = [call.split()[1] for call in facts["calls"] if call.startswith("sign ")]
    made = [call.split()[1] for call in facts["calls"] if call.startswith("generate ")]
    generated = sum(facts["intended"][name] for name in facts["intended"] if name.startswith("key-"))
    failed = [line for line in facts["said"].splitlines() if line.startswith("FAIL")]
    rules = {
        f"the verifier says {facts['verifier']}: {failed}": facts["verifier"] == 0,
        "an event was lost": facts["kept"],
        "a torn line was not put aside and named": facts["aside"],
        f"completed {facts['completed']}": set(facts["completed"].values()) == {1},
        f"keys on the token: {facts['objects']}": facts["objects"] == facts["registered"],
        "a token signed something else": set(signed) == set(facts["drafted"]),
        "an operation was drafted twice": len(facts["drafted"]) == len(facts["issued"]),
        "a token signed unasked": len(signed) <= sum(facts["intended"][name] for name in facts["issued"]),
        "an object id was used twice": len(set(made)) == len(made) <= generated,
        "an attempt is not settled": all(
            count == 1 + [one for one, _ in facts["settled"]].count(name) for name, count in facts["intended"].items()
        ),
    }
    return [rule for rule, kept in rules.items() if not kept]


def make(root: str, hsm: bool = False) -> dict[str, Any]:
    """Prepare the rehearsal of a ceremony whose plan is there; with the authority's own token if it is an `hsm`."""
    if hsm:
        shadow = rehearse.shadow_state
        rehearse.shadow_state = lambda root, state: msgspec.structs.replace(shadow(root, state), tokens=state.tokens)
    prepare_rehearsal(Path(root), ceremony_of(Path(root)), COPY)
    return {}


def warm(prepared: Path) -> dict[str, Any]:
    """A ceremony in the server itself: what is loaded and worked out once, children then have."""
    root = Path(shutil.copytree(prepared, prepared.with_name("warm")))
    conduct(room_of(root), COPY, record_of(root).parent)
    _calls(root).touch()
    survey(root)
    shutil.rmtree(root)
    gc.collect()
    gc.freeze()
    return {}


REQUESTS: dict[str, Callable[..., dict[str, Any]]] = {
    "make": lambda root, hsm=False: in_child(lambda: make(root, hsm)),
    "warm": lambda prepared: warm(Path(prepared)),
    "run": lambda root, point=None: in_child(lambda: run(Path(root), Point(*point) if point else None)),
    "survey": lambda root: in_child(lambda: survey(Path(root))),
    "survive": survive,
}


def serve() -> None:
    """Answer requests, a line each, until there are no more."""
    # software tokens of this server guard nothing: the sweep is not about scrypt
    software.SCRYPT_N = 16
    spec = importlib.util.spec_from_file_location("quorate_verify", VERIFIER)
    assert spec is not None
    assert spec.loader is not None
    sys.modules["quorate_verify"] = module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    gc.disable()
    for line in sys.stdin:
        request = json.loads(line)
        print(json.dumps(REQUESTS[request.pop("do")](**request)), flush=True)


class Server:
    """The fork server, as tests see it."""

    def __init__(self) -> None:
        command = [sys.executable, __file__]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ask(self, do: str, **more: Any) -> Any:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({"do": do, **more}) + "\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())

    def close(self) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait()
        self._process.stdout.close()


if __name__ == "__main__":
    serve()
