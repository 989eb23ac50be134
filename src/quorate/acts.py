"""The acts: opening, retrieving, unlocking, one act per operation, locking, returning, media, closing. Floor 2.

Writes the steps of a script and the sentences that are printed. Every act but the last ends with a checkpoint; every
act but the first begins with the words of the last checkpoint, read from the witness's paper.
"""

from __future__ import annotations

from quorate.issuing import issue_words
from quorate.layout import Layout, Maker, retrieving, returning
from quorate.script import (
    Act,
    Adopt,
    Attendance,
    Branches,
    Close,
    Compare,
    Destroy,
    Generate,
    Import,
    Issue,
    Lock,
    Look,
    Media,
    Read,
    ScriptAdopted,
    Share,
    Step,
    Unlock,
)
from quorate.script.operations import (
    DestroyOperation,
    GenerateOperation,
    ImportOperation,
    ScriptOperation,
    ShareOperation,
    SignOperation,
)
from quorate.zone_acts import expected, publishing, signing

COPIES = 2
"""Copies of the artifacts that leave the room, each read back."""


def lay_out(layout: Layout) -> tuple[tuple[Act, ...], tuple[Step, ...], Branches]:
    """The acts, the steps of the main line, and the branches."""
    _opening(layout)
    if layout.plan.retrieve:
        layout.act("Retrieving", *retrieving(layout))
    if layout.adopted:
        layout.act("Adoption", *_adoption(layout))
    _operations(layout)
    if layout.publications:
        layout.act("Publication", *publishing(layout, layout.publications))
    if tokens := _tokens(layout):
        layout.act("Locking", *(_lock(token) for token in tokens))
    if layout.plan.retrieve:
        layout.act("Returning", *returning(layout, carried=True))
    if not all(isinstance(operation, (ShareOperation, DestroyOperation)) for operation in layout.operations):
        layout.act("Media out", _media)  # sharing and destroying leave no artifact that could be copied
    layout.act("Closing", _last_words(layout), _close("completed"), last=True)
    return tuple(layout.acts), tuple(layout.steps), _branches(layout)


def _adoption(layout: Layout) -> list[Maker]:
    """The digest of each root and each SKR is read from elsewhere and typed; then all of it is adopted."""
    outside = [(one, lines) for one, lines in layout.adopted if one.id in layout.outside]
    return [*(_compared(layout, one, lines) for one, lines in outside), lambda step: _adopt_step(layout, step)]


def _compared(layout: Layout, one: ScriptAdopted, lines: tuple[str, ...]) -> Maker:
    term, of = ("digest", "file") if one.kind == "skr" else ("fingerprint", "certificate")  # as `inspect` calls them
    return lambda step: Compare(
        id=step,
        title=f"{one.id} as it is known outside",
        text=(
            *lines,
            *expected(one.digest, term),
            f"Each has the {term}, SHA-256 of the {of}, from a copy that came another way,",
            "and types the first four and last four of its words.",
        ),
        by=layout.pair,
        expected=one.digest,
        source="file",
    )


def _adopt_step(layout: Layout, step: str) -> Step:
    said = [line for one, lines in layout.adopted for line in (*lines, one.digest)]
    return Adopt(
        id=step,
        title="What was made before enters the register",
        text=(*said, "The governors have stated it by their signatures. Nobody here has seen it made."),
        by=layout.pair,
        artifacts=tuple(one.id for one, _ in layout.adopted),
        clauses=("BR 5.4.1",),
    )


def _operations(layout: Layout) -> None:
    """One act an operation. A token is unlocked before the first key is used, and locked while its PIN is replaced."""
    unlocked: set[str] = set()
    for operation in layout.operations:
        token = operation.token
        before: list[Maker] = []
        if isinstance(operation, ShareOperation):
            before = [_lock(token)] if token in unlocked else []
            unlocked.discard(token)
        elif token not in unlocked:
            layout.act(f"Unlocking {token}", *_unlock(layout, token))
            unlocked.add(token)
        title, makers = _operation(layout, operation)
        layout.act(title, *before, *makers)


def _opening(layout: Layout) -> None:
    seats = tuple(seat.id for seat in layout.plan.seats)
    witnessing = layout.plan.witnessing
    watched = "The Qualified Auditor is present and watches every step." if witnessing.auditor else ""
    recorded = "The recording runs, and runs until the last seal is closed." if witnessing.recording else ""
    lines = tuple(line for line in (watched, recorded) if line) or ("Nobody from outside watches this ceremony.",)
    layout.act(
        "Opening",
        lambda step: Attendance(
            id=step,
            title="Everyone arrives, is identified, and signs in",
            text=tuple(
                f"{seat.id}: {seat.role}  name ______________________  time ________ UTC" for seat in layout.plan.seats
            ),
            seats=_keyed_first(layout, seats),
            clauses=("BR 5.2.2", "BR 5.3.1", "NCSSR 2.1"),
        ),
        lambda step: Read(
            id=step,
            title="Purpose, roles and emergency exits are read out; everyone accepts their role",
            text=(layout.plan.purpose,),
            by=layout.pair,
            clauses=("BR 6.1.1.1",),
        ),
        lambda step: Read(id=step, title="Who watches", text=lines, by=layout.pair, clauses=("BR 6.1.1.1 (2)",)),
        lambda step: Compare(
            id=step,
            title="The script's digest, as it stands on the printed script",
            text=("First four and last four words of the digest on the cover of the printed, approved script.",),
            by=layout.pair,
            expected="",
            source="digest",
            clauses=("BR 6.1.1.1 (1)",),
        ),
        lambda step: _clock(layout, step),
        lambda step: _look(layout, step, "machine", "The machine, its software and its media are looked at"),
        lambda step: _look(layout, step, "airgap", "The machine is alone: links, radios, routes, swap"),
    )


def _keyed_first(layout: Layout, seats: tuple[str, ...]) -> tuple[str, ...]:
    """Paper people are identified by keyed ones, who therefore come first."""
    person = {seat.id: layout.authority.person(seat.person) for seat in layout.plan.seats}
    return tuple(sorted(seats, key=lambda seat: person[seat].presence != "keyed"))


def _clock(layout: Layout, step: str) -> Step:
    return Compare(
        id=step,
        title="The clock, against an independent source",
        text=(
            f"Each reads an independent clock and types its UTC time, such as {layout.plan.window.opens},",
            "at most 60 seconds apart.",
        ),
        by=layout.pair,
        expected="",
        source="clock",
        clauses=("BR 7.1.2.1.1", "BR 5.4.1"),
    )


def _look(layout: Layout, step: str, what: str, title: str) -> Step:
    clauses = ("BR 6.5.1",) if what == "machine" else ("BR 5.4.1.1", "NCSSR 1")
    return Look(
        id=step, title=title, what="machine" if what == "machine" else "airgap", by=layout.pair, clauses=clauses
    )


def _tokens(layout: Layout) -> tuple[str, ...]:
    """Every token that this ceremony uses."""
    return tuple(dict.fromkeys(operation.token for operation in layout.operations))


def _unlock(layout: Layout, token: str) -> list[Maker]:
    return [lambda step: _serial(layout, step, token), lambda step: _unlock_step(step, token)]


def _serial(layout: Layout, step: str, token: str) -> Step:
    return Compare(
        id=step,
        title=f"The serial number of {token}, as it stands on the device",
        text=(f"expected: {layout.authority.token(token).serial}",),
        by=layout.pair,
        expected=token,
        source="token",
        clauses=("BR 6.1.1.1 (3)", "BR 6.2.7"),
    )


def _unlock_step(step: str, token: str) -> Step:
    return Unlock(
        id=step,
        title=f"The quorum unlocks {token}",
        text=("Each share holder comes forward alone, types the words, and the screen is wiped.",),
        token=token,
        credential="user",
        clauses=("BR 6.2.2", "BR 6.2.8"),
    )


def _lock(token: str) -> Maker:
    return lambda step: Lock(id=step, title=f"{token} is logged out", token=token, clauses=("BR 6.2.9",))


def _operation(layout: Layout, operation: ScriptOperation) -> tuple[str, list[Maker]]:
    match operation:
        case ShareOperation():
            return _share_act(layout, operation)
        case GenerateOperation():
            return f"Generate the key {operation.id}", [lambda step: _generate_step(operation, step)]
        case ImportOperation():
            title = f"The pair of {operation.key} comes to {operation.token}"
            return title, [lambda step: _import_step(layout, operation, step, title)]
        case SignOperation():
            return f"Sign the key sets {operation.id}", signing(layout, operation)
        case DestroyOperation():
            return f"Destroy the key {operation.key} on {operation.token}", [
                lambda step: _destroy_step(layout, operation, step)
            ]
        case _:
            known = layout.known.get(operation.id, {})
            title, text, clauses = issue_words(operation, layout.drafts[operation.id], layout.profiles, known)
            return title, [lambda step: Issue(id=step, title=title, text=text, operation=operation.id, clauses=clauses)]


def _generate_step(operation: GenerateOperation, step: str) -> Step:
    return Generate(
        id=step,
        title=f"Generate the key {operation.id}",
        text=(
            f"type: {operation.type}",
            f"use: {operation.use}",
            f"token: {operation.token}",
            f"object id: {operation.object}",
            *_ksk_lines(operation),
        ),
        operation=operation.id,
        clauses=("BR 6.1.1.1", "BR 6.1.5", "BR 6.1.6") if not operation.zone else ("RFC 4034 5", "RFC 5011 2.1"),
    )


def _ksk_lines(operation: GenerateOperation) -> tuple[str, ...]:
    """What makes the key a KSK, and what is read from the screen once there is one."""
    if not operation.zone:
        return ()
    return (
        f"zone: {operation.zone}, algorithm {operation.algorithm}",
        "Its key tag, its tag when revoked and its DS record are read aloud from the screen, and written down.",
    )


def _import_step(layout: Layout, operation: ImportOperation, step: str, title: str) -> Step:
    return Import(
        id=step,
        title=title,
        text=(
            f"key: {operation.key}, {operation.type}",
            f"token: {operation.token}",
            *_carried(layout, operation),
            "The pair is found by its public key and signs a text that counts for nothing else.",
        ),
        operation=operation.id,
        by=layout.pair,
        clauses=("BR 6.2.4", "BR 6.2.6"),
    )


def _carried(layout: Layout, operation: ImportOperation) -> tuple[str, ...]:
    """How the copy came into this room."""
    if not operation.carrier:
        return ("By the means of the modules' maker. What carried it: ______________________",)
    seal = layout.lies[operation.carrier].seal
    return (
        f"carried in: {operation.carrier}, taken out and opened today, bag {seal}",
        "Brought to the token by the means of the modules' maker.",
    )


def _destroy_step(layout: Layout, operation: DestroyOperation, step: str) -> Step:
    ksk = layout.ksks.get(operation.spki)
    return Destroy(
        id=step,
        title=f"Destroy the key {operation.key} on {operation.token}",
        text=(
            f"token: {operation.token}",
            f"object id: {operation.object}",
            f"public key: {operation.spki}",
            *([ksk] if ksk else []),
            "Afterwards nobody can sign with this copy. Other copies are destroyed by plans of their own.",
        ),
        operation=operation.id,
        clauses=("BR 6.2.10",),
    )


def _share_act(layout: Layout, operation: ShareOperation) -> tuple[str, list[Maker]]:
    token, credential = operation.token, operation.credential
    if operation.fate == "destroyed":
        title = f"The {credential} credential of {token} is replaced by one that nobody keeps"
        text: tuple[str, ...] = ("Drawn, set, and forgotten: from now on nobody can use it.",)
    else:
        title = f"The {credential} credential of {token} is shared out"
        text = (
            f"{operation.threshold} of {len(operation.holders)} recover it: {', '.join(operation.holders)}",
            "Each share is shown to its holder alone, written on the worksheet, typed back; the screen is wiped.",
        )
    text = (*_replaced(layout, token, credential), *text)
    makers: list[Maker] = [lambda step: _serial(layout, step, token)]
    clauses = ("BR 6.1.1.1 (2)", "BR 6.2.2")
    makers.append(lambda step: Share(id=step, title=title, text=text, operation=operation.id, clauses=clauses))
    return title, makers


def _replaced(layout: Layout, token: str, credential: str) -> tuple[str, ...]:
    """What opens the token once more, and then never again: the shares that there are, or a new token's credential."""
    for known in layout.sets:
        if (known.token, known.credential) == (token, credential):
            need, count = known.set.threshold, known.set.count
            return (
                f"The shares in force, set {known.set.id}, open it once more: {need} of {count} holders type theirs.",
                "Then they open nothing, and their worksheets are destroyed before everyone: ______________________",
            )
    return (
        "Whoever set the transport credential types it, unseen; it opens nothing afterwards. typed by: ______________",
    )


def _media(step: str) -> Step:
    return Media(
        id=step,
        title="The artifacts are copied out and read back",
        text=(f"{COPIES} copies, each on a medium of its own.",),
        copies=COPIES,
        clauses=("BR 5.1.6",),
    )


def _last_words(layout: Layout) -> Maker:
    return lambda step: Read(
        id=step,
        title="Everyone states that the ceremony went as the record says",
        text=("Open deviations are named. The paper scripts are signed in ink.",),
        by=layout.pair,
    )


def _close(outcome: str) -> Maker:
    aborted = outcome == "aborted"
    return lambda step: Close(
        id=step,
        title="The transcript is closed",
        text=("The final checkpoint is read aloud and cosigned by the closing quorum.",),
        outcome="aborted" if aborted else "completed",
    )


def _branches(layout: Layout) -> Branches:
    tokens = _tokens(layout)
    locks: list[Maker] = [_lock(token) for token in tokens]
    back = returning(layout) if layout.plan.retrieve else []
    again = retrieving(layout, again=True) if layout.plan.retrieve else []
    resume: list[Maker] = [
        lambda step: Attendance(id=step, title="Roll call: everyone signs in again", seats=()),
        lambda step: _clock(layout, step),
        lambda step: _look(layout, step, "machine", "The machine is looked at again"),
        layout.paper_words,
        *again,
        *(_serial_maker(layout, token) for token in tokens),
        *(_unlock_maker(token) for token in tokens),
    ]
    return Branches(
        abort=_numbered("A", [*locks, *back, _close("aborted")]),
        resume=_numbered("R", resume),
        suspend=_numbered("S", [*locks, *back, layout.checkpoint]),
    )


def _serial_maker(layout: Layout, token: str) -> Maker:
    return lambda step: _serial(layout, step, token)


def _unlock_maker(token: str) -> Maker:
    return lambda step: _unlock_step(step, token)


def _numbered(letter: str, makers: list[Maker]) -> tuple[Step, ...]:
    return tuple(make(f"{letter}.{number}") for number, make in enumerate(makers, 1))
