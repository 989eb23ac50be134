"""Readers of an authority, its plans and its records, and of what people sign."""

from __future__ import annotations

import contextlib
import functools
import shutil
from pathlib import Path

from damage import in_base64, lines, octets, parts, pem
from quorate import canonical, prepare, record, session, sshsig
from quorate.archive import read_register
from quorate.authority import read_state, state_findings
from quorate.comparison import script_differences
from quorate.event import read_line
from quorate.findings import Refusal
from quorate.plan import Plan
from quorate.planning import names_twice, output_findings, plan_findings
from quorate.script import read_script
from quorate.script.text import render
from quorate.statement import Mode
from quorate.strict import load_toml
from quorate.tlog import read_checkpoint
from reading import DEMO, JSON, RECORD, SSHSIG, TOML, WORDS, Nowhere, Reader, folder, kept

# -- authority and plan -----------------------------------------------------------------------------------------------


@functools.cache
def demo() -> Path:
    return Path(shutil.copytree(DEMO, folder() / "demo"))


def check_authority(data: bytes) -> None:
    (demo() / "authority.toml").write_bytes(data)
    try:
        prepare.read_authority(demo(), Mode.REHEARSAL)
    finally:
        shutil.copy(DEMO / "authority.toml", demo() / "authority.toml")


def check_person(data: bytes) -> None:
    (demo() / "people" / "amara.toml").write_bytes(data)
    try:
        prepare.read_authority(demo(), Mode.REAL)
    finally:
        shutil.copy(DEMO / "people" / "amara.toml", demo() / "people" / "amara.toml")


def people() -> tuple[bytes, ...]:
    text = (DEMO / "people" / "amara.toml").read_text()
    keys = [path.read_text().strip() for path in sorted(SSHSIG.glob("*.pub"))]
    plain = "\n".join(line for line in text.splitlines() if not line.startswith("key"))
    return (text.encode(), *(f'key = "{key}"\n{plain}\n'.encode() for key in keys))


@functools.cache
def base() -> prepare.Base:
    state = prepare.read_authority(demo(), Mode.REHEARSAL)
    return prepare.Base(demo(), state, state.digest, Mode.REAL, read_register(demo(), Mode.REAL))


def plans() -> tuple[bytes, ...]:
    return tuple(path.read_bytes() for path in sorted((DEMO / "ceremonies").glob("*/plan.toml")))


def check_plan(data: bytes) -> None:
    plan = load_toml(data, Plan, "plan.toml")
    names_twice(plan)
    output_findings(plan)
    plan_findings(plan, base().state)


def compile_plan(data: bytes) -> None:
    ceremony = demo() / "ceremonies" / "001-old-root"
    (ceremony / "plan.toml").write_bytes(data)
    prepare.compile_plan(ceremony, base(), Nowhere().random)


# -- records ----------------------------------------------------------------------------------------------------------


@functools.cache
def record_lines() -> tuple[bytes, ...]:
    return tuple((RECORD / "transcript.jsonl").read_bytes().splitlines())


@functools.cache
def states() -> tuple[object, ...]:
    """The state of the kept record before each of its events."""
    loaded = record.load(RECORD)
    state = session.begin(loaded.script, loaded.authority, record.files_below(RECORD, "inputs", "drafts"))
    made = [state]
    for event in loaded.events:
        state = session.evolve(state, event)
        made.append(state)
    return tuple(made)


def check_event(data: bytes) -> None:
    """One line of a transcript: read, and decided at its place."""
    event = read_line(data, "line")
    if 0 <= event.seq < len(states()):
        state = states()[event.seq]
        session.want(session.replay(state, (event,)))


def check_script(data: bytes) -> None:
    script = read_script(data, "script.json")
    render(script).encode()
    script_differences(script, read_script((RECORD / "script.json").read_bytes(), "script.json"))


def check_state(data: bytes) -> None:
    state_findings(read_state(data, "000.json"))


@functools.cache
def message() -> bytes:
    return (SSHSIG / "message").read_bytes()


def signatures() -> tuple[bytes, ...]:
    names = ("ed25519", "ecdsa-256", "ecdsa-384", "ecdsa-521", "rsa-3072", "sk-ed25519-touched", "sk-ecdsa-touched")
    return tuple((SSHSIG / f"{name}.sig").read_bytes() for name in names)


def public_keys() -> tuple[bytes, ...]:
    return tuple(path.read_bytes().strip() for path in sorted(SSHSIG.glob("*.pub")))


@functools.cache
def key_lines() -> tuple[str, ...]:
    return tuple(one.decode() for one in public_keys())


def check_signature(data: bytes) -> None:
    """As `read_signature` takes it from a file; by whichever key it may be."""
    try:
        armored = data.decode("ascii")
    except UnicodeDecodeError:
        return
    for line in key_lines():
        with contextlib.suppress(Refusal):
            sshsig.verify(armored, sshsig.public_blob(line), "quorate-intent-v1", message())


def check_public_key(data: bytes) -> None:
    blob = sshsig.public_blob(data.decode("utf-8", "surrogateescape"))
    sshsig.key_problem(blob)
    sshsig.fingerprint(blob)


SSH_OCTETS = parts(r"^\S+ ([A-Za-z0-9+/=]+)", in_base64(octets))


RECORDS = (
    Reader("authority", lambda: ((DEMO / "authority.toml").read_bytes(),), TOML, check_authority),
    Reader("person", people, (*TOML, parts(r'^key = "\S+ ([^ "]+)', in_base64(octets))), check_person),
    Reader("plan", plans, TOML, check_plan),
    Reader("compile", lambda: plans()[:1], TOML, compile_plan),
    Reader("canonical", lambda: record_lines()[:40], JSON, lambda data: canonical.decode(data, "a file")),
    Reader("event", record_lines, JSON, check_event),
    Reader("script", kept("script.json"), JSON, check_script),
    Reader("state", kept("authority/000.json"), JSON, check_state),
    Reader("checkpoint", kept("checkpoint"), (lines,), lambda data: read_checkpoint(data, "checkpoint")),
    Reader("sshsig", signatures, (pem(octets, 70), lines), check_signature),
    Reader("public-key", public_keys, (SSH_OCTETS, WORDS), check_public_key),
)
