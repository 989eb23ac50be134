"""What each kind of step leaves to be filled in by hand, and what it prints to compare with. Floor 5."""

from __future__ import annotations

import re

from quorate.paper.ink import NARROW, Value, digest, ink, line
from quorate.people import Purpose
from quorate.script import (
    Adopt,
    Attendance,
    CheckpointStep,
    Close,
    Compare,
    Custody,
    Destroy,
    Generate,
    Import,
    Issue,
    Look,
    Media,
    Read,
    Script,
    Share,
    Sign,
    Step,
    Unlock,
)
from quorate.script.intent import digest_of
from quorate.script.operations import (
    DestroyOperation,
    GenerateOperation,
    ImportOperation,
    ShareOperation,
    SignOperation,
)
from quorate.words import words

NAMED = re.compile(r"([^:]*): (sha256:[0-9a-f]{64})")


def step_row(script: Script, step: Step) -> Value:
    """One step as it is printed: its text, its clauses, and its boxes."""
    boxes = _boxes(script, step)
    return {
        "id": ink(step.id, NARROW),
        "title": ink(step.title),
        "lines": [line(text) for text in _text(step) if not _boxed(text, boxes)],
        "clauses": ink("; ".join(step.clauses)),
        "initials": [ink(seat, NARROW) for seat in _initials(step)],
        "boxes": [*_digests(script, step), *boxes],
    }


def _text(step: Step) -> list[str]:
    """The lines that no box says again: digests with their words, and the blanks of a checkpoint, stand in boxes."""
    boxed = {text for text, _, _ in _named(step)}
    for _, _, value in _named(step):
        every = words(bytes.fromhex(value.removeprefix("sha256:")))
        boxed |= {" ".join(every), " ".join(every[:16]), " ".join(every[16:])}
    lines = [text for text in step.text if text not in boxed and _spoken(text) not in boxed]
    celled = isinstance(step, (CheckpointStep, Close))
    return [text for text in lines if text.strip(" _")] if celled else lines


def _spoken(text: str) -> str:
    """The words of a line that says what is read aloud."""
    return text.removeprefix("expected ").removeprefix("words:").strip()


def _boxed(text: str, boxes: list[Value]) -> bool:
    """Whether a line of text says what a box prints: a seal or a serial number to compare with."""
    every = [box["rows"] for box in boxes if isinstance(box, dict) and "rows" in box]
    return [*ink(text).split(": ", 1)] in [row for rows in every if isinstance(rows, list) for row in rows]


def _named(step: Step) -> list[tuple[str, str, str]]:
    """The lines `NAME: sha256:…` of a step's text: the line, the name, the digest."""
    found = (NAMED.fullmatch(text) for text in step.text)
    return [(one.group(), one.group(1), one.group(2)) for one in found if one]


def _digests(script: Script, step: Step) -> list[Value]:
    """The digests that the text of a step names. A template's is never typed back."""
    typed = isinstance(step, Issue) and not script.draft(step.operation).open
    return [_digest(name, value, typed) for _, name, value in _named(step)]


def _initials(step: Step) -> tuple[str, ...]:
    """Who puts their initials beside a step: everyone it names, else whoever did it."""
    match step:
        case Attendance(seats=named) | Read(by=named) | Adopt(by=named) | Import(by=named):
            return named or ("initials",)
        case Compare(by=named) | Look(by=named) | Custody(by=named):
            return named or ("initials",)
        case _:
            return ("initials",)


def _boxes(script: Script, step: Step) -> list[Value]:
    match step:
        case Compare():
            return _compare(script, step)
        case Custody():
            return _custody(script, step)
        case Share() | Generate() | Import() | Destroy() | Sign() | Issue():
            return _operation(script, step.operation)
        case Unlock():
            return [_hands([f"share {n}" for n in range(1, _threshold(script, step) + 1)], "holder")]
        case Look():
            return [_rows([("seen", None)])]
        case Media(copies=copies):
            return [_rows([(f"copy {n}, medium and bag number", None) for n in range(1, copies + 1)])]
        case CheckpointStep(need=need):
            return [_cells("words of the checkpoint"), _hands([f"cosigns {n}" for n in range(1, need + 1)], "seat")]
        case Close():
            need = script.quorum(Purpose.CLOSE).need
            return [
                _cells("words of the final checkpoint"),
                _hands([f"cosigns {n}" for n in range(1, need + 1)], "seat"),
            ]
        case _:
            return []


def _compare(script: Script, step: Compare) -> list[Value]:
    match step.source:
        case "file":
            return [_cells("words as they were read")]
        case "script":
            return [_rows([("expected", step.expected)])]
        case "token":
            return [_rows([("expected", script.token(step.expected).serial)])]
        case "digest":
            return [_rows([(f"read from the cover and typed by {seat}", None) for seat in step.by])]
        case "clock":
            return [_rows([(f"UTC that {seat} reads", None) for seat in step.by])]
        case "checkpoint":
            before = [one.id for one in _before(script, step) if isinstance(one, CheckpointStep)]
            written = f"words as written at step {before[-1]}" if before else "words as last written"
            return [_rows([(written, None)])]


def _before(script: Script, step: Step) -> tuple[Step, ...]:
    """The steps of the main line before a step; none for a branch, which may begin anywhere."""
    return script.steps[: script.steps.index(step)] if step in script.steps else ()


def _custody(script: Script, step: Custody) -> list[Value]:
    named = any("____" in text for text in step.text)
    match step.action:
        case "take":
            seal = _seal(script, step)
            if seal == "":  # it is in no bag
                return [_rows([("what is there, and in what", None)])]
            expected = "seal expected" if seal else "seal as written when last bagged"
            return [_rows([(expected, seal), ("seal read", None)])]
        case "seal" if not named:
            return [_rows([("new seal number", None)])]
        case "close":
            return [_rows([*([] if named else [("log book line", None)]), ("seen left inside", None)])]
        case "open" if not named:
            return [_rows([("log book line", None)])]
        case _:
            return []


def _seal(script: Script, step: Custody) -> str | None:
    """The seal that an item is in, if that is known before the day: returning and suspending seal it anew."""
    known = step in script.steps and not any(
        isinstance(one, Custody) and one.action == "seal" and one.item == step.item for one in _before(script, step)
    )
    return next((item.seal for item in script.items if item.id == step.item), None) if known else None


def _operation(script: Script, name: str) -> list[Value]:
    """What is approved and commanded: its digest if that is known before the day, else cells for its ends."""
    operation = script.operation(name)
    draft = next((one for one in script.drafts if one.operation == name), None)
    boxes: list[Value] = []
    if isinstance(operation, ImportOperation):
        boxes.append(_cells("words of the text's digest, from the screen", "typed to give the command"))
    elif draft is None:
        boxes.append(_digest("digest that is approved and commanded", digest_of(operation, script, None), True))
    elif draft.open:
        boxes.append(_cells("words of the draft's digest, from the screen", "typed to give the command"))
    need = script.quorum(Purpose.AUTHORISE).need
    boxes.append(_hands([*(f"approves {number}" for number in range(1, need + 1)), "commands"], "seat"))
    if isinstance(operation, ShareOperation):
        if operation.fate == "shared":
            boxes.append(_hands([f"has share: {seat}" for seat in operation.holders], "share number"))
        return boxes
    if isinstance(operation, (ImportOperation, DestroyOperation)):
        return boxes
    if isinstance(operation, SignOperation):
        return [*boxes, *(_cells(f"words of the digest of {one.id}") for one in operation.responses)]
    if isinstance(operation, GenerateOperation) and operation.zone:
        boxes += [
            _rows([("key tag", None), ("key tag when revoked", None)]),
            _cells("words of the digest in the DS record"),
        ]
    made = "words of the public key's digest" if draft is None else "words of the artifact's digest"
    return [*boxes, _cells(made)]


def _threshold(script: Script, step: Unlock) -> int:
    """How many holders unlock a token: by the set dealt out in this ceremony, else by the last known one."""
    wanted = (step.token, step.credential)
    known = [one.set.threshold for one in script.sets if (one.token, one.credential) == wanted]
    known += [
        one.threshold
        for one in script.operations
        if isinstance(one, ShareOperation) and one.fate == "shared" and (one.token, one.credential) == wanted
    ]
    return known[-1] if known else 1


def _digest(label: str, value: str, typed: bool) -> Value:
    """A digest in print; its ends are framed if they are typed to give the command."""
    return {"kind": "digest", "label": ink(label), "digest": digest(value), "typed": typed}


def _cells(label: str, hint: str = "first four and last four") -> Value:
    return {"kind": "cells", "label": ink(label), "hint": hint}


def _rows(rows: list[tuple[str, str | None]]) -> Value:
    return {"kind": "rows", "rows": [[ink(label), None if value is None else ink(value)] for label, value in rows]}


def _hands(labels: list[str], who: str) -> Value:
    """One line a person, for who it was, when, and their initials."""
    return {"kind": "hands", "who": who, "labels": [ink(label, NARROW * 2) for label in labels]}
