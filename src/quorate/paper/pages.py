"""The pages of the printed script as data for the template: cover, roster, acts, annexes, sheets. Floor 5."""

from __future__ import annotations

from quorate.paper.boxes import step_row
from quorate.paper.ink import NARROW, Value, digest, ink
from quorate.people import Purpose
from quorate.script import Script, ScriptItem, Step
from quorate.script.operations import ShareOperation
from quorate.statement import Mode
from quorate.words import ends

BRANCHES = {
    "abort": "The ceremony is broken off. Everything goes back to safety, and the record is closed as aborted.",
    "suspend": "The ceremony is interrupted on purpose. Everything goes back to safety until it is resumed.",
    "resume": "After an interruption nothing that was typed or unlocked before it counts any more.",
}
DEVIATION_SHEETS = 2


def document(script: Script, fingerprint: str) -> dict[str, Value]:
    """Everything that is printed. `fingerprint`: the digest of `script.json`."""
    return {
        "rehearsal": script.mode is Mode.REHEARSAL,
        "mode": script.mode.value.upper(),
        "authority": ink(script.authority.name),
        "ceremony": ink(script.ceremony),
        "ends": list(ends(bytes.fromhex(fingerprint.removeprefix("sha256:")))),
        "cover": _cover(script, fingerprint),
        "roster": _roster(script),
        "acts": [_act(script, number) for number in range(len(script.acts))],
        "branches": _branches(script),
        "seats": [[_cell(seat.id), _cell(seat.role)] for seat in script.seats],
        "deviations": DEVIATION_SHEETS,
        "worksheets": _worksheets(script),
    }


def _cell(text: str) -> str:
    return ink(text, NARROW)


def _cover(script: Script, fingerprint: str) -> Value:
    facts = {
        "authority": script.authority.name,
        "ceremony": script.ceremony,
        "mode": script.mode.value.upper(),
        "facility": script.facility,
        "window": f"{script.window.opens} to {script.window.closes}",
        "rules": script.rules,
        **({"programmes": ", ".join(script.programmes)} if script.programmes else {}),
        **({"linters": ", ".join(script.linters)} if script.linters else {}),
    }
    approve = script.quorum(Purpose.APPROVE)
    return {
        "purpose": ink(script.purpose, 24),
        "facts": [[name, ink(value)] for name, value in facts.items()],
        "digest": digest(fingerprint),
        "chain": [
            ["genesis", digest(script.authority.genesis), True],
            ["predecessor", digest(script.predecessor), True],
            ["authority state", digest(script.authority.state), False],
            ["plan", digest(script.plan), False],
        ],
        "notices": [ink(notice) for notice in script.notices],
        "approve": {"need": approve.need, "role": ink(approve.role)},
    }


def _roster(script: Script) -> Value:
    return {
        "seats": [
            [
                _cell(seat.id),
                _cell(seat.role),
                _cell(seat.person),
                seat.presence.value,
                _cell(", ".join(seat.alternates)),
            ]
            for seat in script.seats
        ],
        "quorums": [[quorum.purpose.value, str(quorum.need), ink(quorum.role)] for quorum in script.quorums],
        "witnessing": _witnessing(script),
        "tokens": [[ink(token.id), token.kind, ink(token.serial, 24)] for token in script.tokens],
        "items": [
            [_cell(i.id), ink(i.what, 24), ink(_whereabouts(i), 18), ink(i.seal or "none", 18)] for i in script.items
        ],
        "keys": [[_cell(key.id), _cell(key.token), ink(key.type), digest(key.spki)] for key in script.keys],
        "inputs": [[ink(file.file, 24), digest(file.digest)] for file in script.inputs],
        "drafts": [
            [_cell(draft.operation), digest(draft.digest), ink(", ".join(draft.open))] for draft in script.drafts
        ],
        "waivers": [
            [_cell(one.code), _cell(one.operation), ink(one.reason, 24), _cell(" and ".join(one.people)), one.expires]
            for one in script.waivers
        ],
    }


def _whereabouts(item: ScriptItem) -> str:
    return f"{item.place}, on its way" if item.sent else item.place


def _witnessing(script: Script) -> list[Value]:
    said = script.witnessing
    lines = [f"The Qualified Auditor is seat {said.auditor}." if said.auditor else "No Qualified Auditor is present."]
    lines.append("The ceremony is recorded." if said.recording else "No recording is made.")
    return [ink(text) for text in (*lines, *([f"Policy: {said.policy}."] if said.policy else []))]


def _act(script: Script, position: int) -> Value:
    act = script.acts[position]
    return {
        "number": str(act.number),
        "title": ink(act.title),
        "present": ink(", ".join(act.present)),
        "steps": _rows(script, tuple(step for step in script.steps if step.id.split(".")[0] == str(act.number))),
    }


def _rows(script: Script, steps: tuple[Step, ...]) -> list[Value]:
    return [step_row(script, step) for step in steps]


def _branches(script: Script) -> list[Value]:
    branches = {"abort": script.branches.abort, "suspend": script.branches.suspend, "resume": script.branches.resume}
    return [
        {"name": name, "what": BRANCHES[name], "steps": _rows(script, steps)}
        for name, steps in branches.items()
        if steps
    ]


def _worksheets(script: Script) -> list[Value]:
    """One sheet a holder for every secret that is shared out: no other sheet may carry words of two people."""
    return [
        {
            "operation": ink(operation.id),
            "token": ink(f"{operation.token}, serial {script.token(operation.token).serial}"),
            "credential": operation.credential,
            "seat": ink(holder),
            "person": ink(script.seat(holder).person),
            "count": len(operation.holders),
            "threshold": operation.threshold,
        }
        for operation in script.operations
        if isinstance(operation, ShareOperation) and operation.fate == "shared"
        for holder in operation.holders
    ]
