"""`script.txt`: a pure function of `script.json`, rendered again by the verifier. Spec: `spec/script.md`, Text."""

from __future__ import annotations

from quorate.script import Script, ScriptItem, Step

INDENT = " " * 6


def render(script: Script) -> str:
    """The printed text of a script."""
    lines = [*_header(script), *_lists(script)]
    for act in script.acts:
        lines += ["", f"ACT {act.number}  {act.title}", f"present: {', '.join(act.present)}"]
        for step in script.steps:
            if step.id.split(".")[0] == str(act.number):
                lines += _step(step)
    branches = {"abort": script.branches.abort, "resume": script.branches.resume, "suspend": script.branches.suspend}
    for name, steps in branches.items():
        lines += ["", f"BRANCH {name}"]
        for step in steps:
            lines += _step(step)
    return "".join(line + "\n" for line in lines)


def _header(script: Script) -> list[str]:
    return [
        "QUORATE SCRIPT",
        f"authority: {script.authority.name}",
        f"ceremony: {script.ceremony}",
        f"mode: {script.mode.value.upper()}",
        f"purpose: {script.purpose}",
        f"facility: {script.facility}",
        f"rules: {script.rules}",
        *([f"programmes: {', '.join(script.programmes)}"] if script.programmes else []),
        *([f"linters: {', '.join(script.linters)}"] if script.linters else []),
        f"window: {script.window.opens} to {script.window.closes}",
        f"authority state: {script.authority.state}",
        f"genesis: {script.authority.genesis}",
        f"predecessor: {script.predecessor}",
        f"plan: {script.plan}",
    ]


def _lists(script: Script) -> list[str]:
    lines = [f"notice: {notice}" for notice in script.notices]
    for seat in script.seats:
        alternates = f", or {', '.join(seat.alternates)}" if seat.alternates else ""
        lines.append(f"seat {seat.id}: {seat.role}, {seat.person}, {seat.presence.value}{alternates}")
    lines += [f"quorum {quorum.purpose.value}: {quorum.need} of {quorum.role}" for quorum in script.quorums]
    lines += [f"token {token.id}: {token.kind} {token.serial}" for token in script.tokens]
    lines += [f"item {item.id}: {item.what}, {item.place}, {_bag(item)}" for item in script.items]
    lines += [f"seals of earlier bags: {', '.join(script.seals)}"] if script.seals else []
    lines += [f"input {file.file}: {file.digest}" for file in script.inputs]
    for one in script.adopted:
        issuer = f" of {one.issuer}" if one.issuer else ""
        lines.append(f"adopted {one.id}: {one.kind}{issuer} {one.digest}")
    for draft in script.drafts:
        fields = f" open {', '.join(draft.open)}" if draft.open else ""
        lines.append(f"draft {draft.operation}: {draft.digest}{fields}")
    for waiver in script.waivers:
        people = " and ".join(waiver.people)
        lines.append(f"waiver {waiver.code} for {waiver.operation} until {waiver.expires} by {people}: {waiver.reason}")
    return lines


def _bag(item: ScriptItem) -> str:
    bag = f"seal {item.seal}" if item.seal else "in no bag"
    return f"{bag}, on its way" if item.sent else bag


def _step(step: Step) -> list[str]:
    lines = [f"{step.id}  {step.title}", *(INDENT + line for line in step.text)]
    if step.clauses:
        lines.append(f"{INDENT}[{'; '.join(step.clauses)}]")
    return lines
