"""The story of a record: one line an event, in the words of the room."""

from __future__ import annotations

from collections.abc import Iterator

from quorate.event import Event, Type
from quorate.script import Script


def tell(script: Script, events: tuple[Event, ...]) -> Iterator[str]:
    """The lines of the story, act by act."""
    yield f"{script.authority.name}, {script.ceremony}: {script.purpose}"
    yield f"mode {script.mode.value}, rules {script.rules}, {len(events)} events"
    titles = {step.id: step.title for step in script.steps}
    branches = script.branches
    titles |= {step.id: step.title for steps in (branches.abort, branches.resume, branches.suspend) for step in steps}
    act, step, day = "", "", ""
    for event in events:
        if event.at[:10] != day:
            day = event.at[:10]
            yield f"{day}, UTC"
        number = event.step.split(".")[0]
        if number and number != act:
            act = number
            title = (
                script.acts[int(number) - 1].title
                if number.isdigit()
                else {"A": "ABORT", "R": "RESUME"}.get(number, "SUSPEND")
            )
            yield ""
            yield f"ACT {number}  {title}"
        if event.step != step:
            step = event.step
            yield f"  {step}  {titles.get(step, '')}"
        yield f"    {event.at[11:19]}  {sentence(event)}"


def sentence(event: Event) -> str:
    """What happened, in one line."""
    body = event.body
    match event.type:
        case Type.OPENED:
            return f"the record is opened: {len(body['files'])} files, predecessor {body['predecessor'][:23]}"
        case Type.ARRIVED:
            how = ", ".join(f"{one['person']} by {one['made']}" for one in body["signatures"])
            return f"{body['person']} takes the seat {body['seat']} (signed: {how})"
        case Type.LEFT:
            return f"{body['seat']} leaves the room"
        case Type.ACKNOWLEDGED:
            return f"done, says {', '.join(body['by'])}"
        case Type.COMPARED | Type.MISMATCHED:
            verb = "compared" if event.type is Type.COMPARED else "DIFFERS"
            return f"{verb}: {'; '.join(one['seat'] + ' reads ' + one['value'] for one in body['values'])}"
        case Type.OBSERVED:
            bad = ", ".join(f"{one['level']} {one['name']}" for one in body["findings"])
            return f"{body['what']} looked at: {bad or 'nothing stands out'}"
        case Type.MOVED:
            what = f"{body['action']} {body['item'] or body['place']} {body['seal']}".rstrip()
            what += f" away to {body['place']}" if body["action"] == "send" else ""
            log = f" (log: {body['log']})" if body["log"] else ""
            return f"{what} by {', '.join(body['by'])}{log}"
        case Type.SHARED:
            parts = body["set"]
            split = f"{parts['threshold']} of {parts['count']}"
            return f"set {parts['id']} shared out, {split}; {body['subsets']} subsets recombined"
        case Type.UNLOCKED:
            return f"{body['token']} ({body['serial']}) unlocked by {', '.join(body['by'])}"
        case Type.REFUSED:
            return f"REFUSED {body['code']}: {body['what']} {body['seat']}".rstrip()
        case Type.LOCKED:
            return f"{body['token']} logged out"
        case _:
            return _work(event)


def _work(event: Event) -> str:
    """Operations, checkpoints and what goes otherwise."""
    body = event.body
    match event.type:
        case Type.DRAFTED:
            return f"{body['operation']} drafted, {body['digest']}, {len(body['findings'])} findings"
        case Type.LINTED:
            by = ", ".join(f"{one['name']} {one['version']}" for one in body["tools"])
            return f"{body['operation']}, {body['object']}, linted by {by}: {len(body['findings'])} findings"
        case Type.APPROVED:
            return f"{body['operation']} approved by {body['signature']['person']}"
        case Type.COMMANDED:
            return f"{body['seat']} gives the command: {body['words']}"
        case Type.INTENDED:
            return f"attempt {body['attempt']} at {body['operation']} is intended"
        case Type.COMPLETED:
            return (
                f"attempt {body['attempt']} at {body['operation']} completed, {len(body['calls'])} calls to the token"
            )
        case Type.SETTLED:
            return f"attempt {body['attempt']} at {body['operation']} settled: {body['outcome']}"
        case Type.WRITTEN:
            return f"written: {', '.join(one['path'] for one in body['files'])}"
        case Type.CHECKPOINT:
            return f"checkpoint over {body['size']} events, root {body['root']}"
        case Type.COSIGNED:
            return f"cosigned by {body['signature']['person']}"
        case Type.DEVIATED:
            who = " and ".join(one["person"] for one in body["signatures"])
            return f"DEVIATION: {body['what']}; {body['why']}; accepted by {who}"
        case Type.SUSPENDED | Type.ABORTED:
            return f"{event.type.value.upper()}: {body['why']}"
        case Type.PAUSED:
            return f"paused: {body['why']}"
        case Type.RESUMED:
            return f"resumed after {body['after']}"
        case Type.FAULT:
            return f"FAULT {body['error']} at {body['where']}"
        case _:
            return f"{event.type.value}: {body.get('outcome', '')}"
