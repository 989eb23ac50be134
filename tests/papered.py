"""A script as a compiler would write it, for the tests of the printed page."""

from __future__ import annotations

import msgspec

from quorate.canonical import digest
from quorate.people import Presence, Purpose
from quorate.plan import Waiver, Window, Witnessing
from quorate.script import (
    Act,
    Attendance,
    Branches,
    CheckpointStep,
    Close,
    Compare,
    Custody,
    Generate,
    Issue,
    KnownKey,
    Lock,
    Look,
    Media,
    Read,
    Script,
    ScriptAuthority,
    ScriptDraft,
    ScriptFile,
    ScriptItem,
    ScriptQuorum,
    ScriptSeat,
    ScriptToken,
    Share,
    Step,
    Unlock,
)
from quorate.script.operations import (
    CrlOperation,
    Entry,
    GenerateOperation,
    RootOperation,
    ShareOperation,
    SubordinateOperation,
)
from quorate.statement import Mode
from quorate.words import words

PAIR = ("iw", "ca")
HOLDERS = ("sh1", "sh2", "sh3")
SEATS = {
    "ca": "ceremony-administrator",
    "iw": "internal-witness",
    "so": "security-officer",
    "sc1": "safe-controller",
    "sc2": "safe-controller",
    **dict.fromkeys(HOLDERS, "share-holder"),
    "ew": "external-witness",
}
PEOPLE = dict(
    zip(
        SEATS,
        (
            "ada-van-dijk",
            "cor-jansen",
            "dora-smit",
            "erik-visser",
            "hanna-de-vries",
            "ineke-kok",
            "jan-postma",
            "karim-haddad",
            "notary-peters",
        ),
        strict=True,
    )
)


def named(name: str) -> str:
    """A digest that stands for something."""
    return digest(name.encode())


def spoken(value: str) -> tuple[str, ...]:
    return words(bytes.fromhex(value.removeprefix("sha256:")))


def example(mode: Mode = Mode.REAL, **changes: object) -> Script:
    """A root is made on a new token, and a first subordinate CA and CRL with it."""
    steps = tuple(step for number, make in enumerate(ACTS, 1) for step in _numbered(str(number), make))
    script = Script(
        format="quorate/1",
        mode=mode,
        authority=ScriptAuthority("voorbeeld", named("state"), named("genesis")),
        ceremony="001-root",
        purpose="The first root of Voorbeeld: its key, its certificate, one subordinate CA and a CRL",
        facility="hq",
        rules="webpki",
        window=Window("2026-12-01T09:00:00Z", "2026-12-01T18:00:00Z"),
        predecessor="genesis",
        plan=named("plan"),
        notices=(
            "The token is software: its key lies in a file, and nothing about this ceremony counts as a root.",
            "No Qualified Auditor is present; the ceremony is recorded under the policy named below.",
        ),
        witnessing=Witnessing(recording=True, policy="CPS 6.1.1.1"),
        seats=tuple(
            ScriptSeat(
                seat,
                role,
                PEOPLE[seat],
                ("fenna-mulder", "guus-bakker") if seat == "sc1" else (),
                Presence.PAPER if seat == "ew" else Presence.KEYED,
            )
            for seat, role in SEATS.items()
        ),
        quorums=tuple(
            ScriptQuorum(purpose, "share-holder" if purpose in (Purpose.UNLOCK, Purpose.RECOVER) else "officer", 2)
            for purpose in Purpose
        ),
        tokens=(ScriptToken("hsm-a", "pkcs11", "8f2c1d9e4471"),),
        items=(
            ScriptItem("hsm-a", "hardware security module", "hq-safe-1", "A0012231"),
            ScriptItem("laptop", "ceremony laptop, no disk", "hq-safe-1", "A0012232"),
        ),
        keys=(KnownKey("old-root", "hsm-a", "00ff00ff00ff00ff", named("spki"), "p-384"),),
        sets=(),
        inputs=(ScriptFile("sub1.csr", named("csr")), ScriptFile("profiles/issuing-ca.toml", named("profile"))),
        drafts=(
            ScriptDraft("root", "drafts/root.tbs", named("root"), ("spki", "ski", "aki")),
            ScriptDraft("sub1", "drafts/sub1.tbs", named("sub1"), ()),
            ScriptDraft("crl1", "drafts/crl1.tbs", named("crl1"), ("this-update", "next-update", "aki")),
        ),
        operations=OPERATIONS,
        waivers=(
            Waiver(
                "x509.validity_long",
                "root",
                "twenty years were agreed with the programme",
                ("ada-van-dijk", "cor-jansen"),
                "2026-12-31",
            ),
        ),
        acts=tuple(Act(number, title, PAIR) for number, title in enumerate(TITLES, 1)),
        steps=steps,
        branches=Branches(
            abort=_numbered(
                "A",
                (
                    _lock,
                    _returned("seal"),
                    lambda step: Close(id=step, title="The transcript is closed", outcome="aborted"),
                ),
            ),
            resume=_numbered(
                "R",
                (
                    lambda step: Attendance(id=step, title="Roll call: everyone signs in again", seats=()),
                    _paper_words,
                    _retaken,
                    _unlock,
                ),
            ),
            suspend=_numbered("S", (_lock, _returned("seal"), _checkpoint)),
        ),
    )
    return msgspec.structs.replace(script, **changes)


def _numbered(prefix: str, makers: tuple[object, ...]) -> tuple[Step, ...]:
    return tuple(make(f"{prefix}.{number}") for number, make in enumerate(makers, 1))  # type: ignore[operator]


def _paper_words(step: str) -> Step:
    return Compare(
        id=step,
        title="The words of the last checkpoint, read from paper",
        text=("The witness reads the eight words that were written down; they are typed back.",),
        by=("iw",),
        expected="",
        source="checkpoint",
    )


def _checkpoint(step: str) -> Step:
    return CheckpointStep(
        id=step,
        title="Checkpoint",
        text=(
            "The words of the checkpoint are shown and read aloud. Everyone with a paper script writes them down:",
            "________ ________ ________ ________   ________ ________ ________ ________",
        ),
        need=2,
        clauses=("BR 5.4.1",),
    )


def _attendance(step: str) -> Step:
    return Attendance(
        id=step,
        title="Everyone arrives, is identified, and signs in",
        text=tuple(f"{seat}: {role}  name ______________________  time ________ UTC" for seat, role in SEATS.items()),
        seats=tuple(SEATS),
        clauses=("BR 5.2.2", "BR 5.3.1", "NCSSR 2.1"),
    )


def _compared(title: str, source: str, expected: str = "", *text: str) -> object:
    return lambda step: Compare(id=step, title=title, text=text, by=PAIR, expected=expected, source=source)  # type: ignore[arg-type]


def _taken(step: str) -> Step:
    taken = _retaken(step)
    return msgspec.structs.replace(taken, text=("seal expected: A0012231", *taken.text))


def _retaken(step: str) -> Custody:
    """After a suspension the item is in a bag whose number was not known before the day."""
    return Custody(
        id=step,
        title="hsm-a is taken out and its seal compared",
        text=("The bag is inspected by two for cuts, lifted tape and re-glued edges.",),
        action="take",
        place="hq-safe-1",
        item="hsm-a",
        by=PAIR,
        clauses=("BR 5.2.2", "BR 6.2.4"),
    )


def _moved(action: str, title: str, *text: str) -> object:
    return lambda step: Custody(
        id=step,
        title=title,
        text=text,
        action=action,  # type: ignore[arg-type]
        place="hq-safe-1",
        item="",
        by=("sc1", "sc2"),
    )


def _returned(action: str) -> object:
    text = ("New seal number, read by one and confirmed by another: ______________________",)
    return lambda step: Custody(
        id=step,
        title="hsm-a goes into a new bag",
        text=text,
        action=action,  # type: ignore[arg-type]
        place="hq-safe-1",
        item="hsm-a",
        by=PAIR,
    )


def _unlock(step: str) -> Step:
    return Unlock(
        id=step,
        title="The quorum unlocks hsm-a",
        text=("Each share holder comes forward alone, types the words, and the screen is wiped.",),
        token="hsm-a",
        credential="user",
        clauses=("BR 6.2.2", "BR 6.2.8"),
    )


def _lock(step: str) -> Step:
    return Lock(id=step, title="hsm-a is logged out", token="hsm-a", clauses=("BR 6.2.9",))


def _issue(operation: str, *text: str) -> object:
    return lambda step: Issue(
        id=step,
        title=f"Issue the {'CRL' if operation == 'crl1' else 'certificate'} {operation}",
        text=text,
        operation=operation,
        clauses=("BR 4.3.1.1", "BR 4.3.1.2"),
    )


def _certificate(operation: str, *lines: str) -> object:
    return _issue(operation, "profile: private-root", "signing key: root-key", *lines)


SERIAL = "51" + named("serial")[-32:]
_SUB = spoken(named("sub1"))
_COMMON = {"token": "hsm-a", "key": "root-key", "existing": "", "subject": "30", "policies": (), "days": 3650}
_DATES = {
    "not_before": "2026-12-01T09:00:00Z",
    "not_after": "2036-11-28T08:59:59Z",
    "crl_url": "",
    "ca_issuers_url": "",
}

OPERATIONS = (
    ShareOperation("so-gone", "hsm-a", "so", "destroyed", (), 0),
    ShareOperation("shares", "hsm-a", "user", "shared", HOLDERS, 2),
    GenerateOperation("root-key", "hsm-a", "p-384", "root", "a1b2c3d4e5f60718"),
    RootOperation(
        id="root",
        profile="private-root",
        issuer="self",
        subject_key="key:root-key",
        certificate_serial=SERIAL,
        outputs=("artifacts/root.der", "artifacts/root.pem"),
        **_COMMON,  # type: ignore[arg-type]
        **_DATES,
    ),
    SubordinateOperation(
        id="sub1",
        profile="issuing-ca",
        issuer="operation:root",
        subject_key="input:sub1.csr",
        certificate_serial="51" + "cd" * 16,
        outputs=("artifacts/sub1.der",),
        **_COMMON,  # type: ignore[arg-type]
        **_DATES,
    ),
    CrlOperation(
        id="crl1",
        token="hsm-a",
        key="root-key",
        profile="private-crl",
        issuer="operation:root",
        previous="",
        number=1,
        days=90,
        entries=tuple(Entry(f"51{number:032x}", "2026-11-01T00:00:00Z", "superseded") for number in range(60)),
        outputs=("artifacts/crl1.der",),
    ),
)

TITLES = (
    "Opening",
    "Retrieving",
    "The user credential of hsm-a is shared out",
    "Generate the key root-key",
    "Issue the certificate root",
    "Issue the certificate sub1",
    "Issue the CRL crl1",
    "Locking",
    "Returning",
    "Media out",
    "Closing",
)

ACTS: tuple[tuple[object, ...], ...] = (
    (
        _attendance,
        lambda step: Read(
            id=step,
            title="Purpose, roles and emergency exits are read out; everyone accepts their role",
            text=("The first root of Voorbeeld.",),
            by=PAIR,
            clauses=("BR 6.1.1.1",),
        ),
        _compared("The script's digest, as it stands on the printed script", "digest"),
        _compared("The clock, against an independent source", "clock"),
        _compared("The boot medium, as it is labelled", "script", "Q-BOOT-2026-11-D"),
        lambda step: Look(
            id=step, title="The machine, its software and its media are looked at", what="machine", by=PAIR
        ),
        _checkpoint,
    ),
    (
        _paper_words,
        _moved(
            "open", "hq-safe-1 is opened with 2 keys", "opened by sc1, sc2", "log book line: ______________________"
        ),
        _taken,
        _moved(
            "close",
            "hq-safe-1 is closed",
            "log book line: ______________________",
            "What was seen left inside is named.",
        ),
        _checkpoint,
    ),
    (
        _paper_words,
        _compared("The serial number of hsm-a, as it stands on the device", "token", "hsm-a", "expected: 8f2c1d9e4471"),
        lambda step: Share(
            id=step, title="The so credential of hsm-a is replaced by one that nobody keeps", operation="so-gone"
        ),
        lambda step: Share(
            id=step,
            title="The user credential of hsm-a is shared out",
            text=("2 of 3 recover it: sh1, sh2, sh3",),
            operation="shares",
        ),
        _unlock,
        _checkpoint,
    ),
    (
        _paper_words,
        lambda step: Generate(
            id=step,
            title="Generate the key root-key",
            text=("type: p-384", "use: root", "token: hsm-a", "object id: a1b2c3d4e5f60718"),
            operation="root-key",
        ),
        _checkpoint,
    ),
    (
        _paper_words,
        _certificate(
            "root",
            "subject: C=NL, O=Voorbeeld B.V., CN=Voorbeeld Root R1",
            "issuer: self",
            f"serial: {SERIAL}",
            "valid: 2026-12-01T09:00:00Z to 2036-11-28T08:59:59Z, 3650 days",
            f"template: {named('root')}",
            "open until the room: spki, ski, aki",
        ),
        _checkpoint,
    ),
    (
        _paper_words,
        _certificate(
            "sub1",
            "subject: C=NL, O=Voorbeeld B.V., CN=Voorbeeld Issuing E1",
            f"digest: {named('sub1')}",
            f"words: {' '.join(_SUB[:16])}",
            f"       {' '.join(_SUB[16:])}",
        ),
        _checkpoint,
    ),
    (
        _paper_words,
        _issue(
            "crl1",
            "number: 1",
            *(f"revoked: 51{number:032x} 2026-11-01T00:00:00Z superseded" for number in range(60)),
            f"template: {named('crl1')}",
            "open until the room: this-update, next-update, aki",
        ),
        _checkpoint,
    ),
    (_paper_words, _lock, _checkpoint),
    (_paper_words, _returned("seal"), _moved("put", "hsm-a is put back"), _checkpoint),
    (
        _paper_words,
        lambda step: Media(id=step, title="The artifacts are copied out and read back", text=("2 copies.",), copies=2),
        _checkpoint,
    ),
    (
        _paper_words,
        lambda step: Read(id=step, title="Everyone states that the ceremony went as the record says", by=PAIR),
        lambda step: Close(
            id=step,
            title="The transcript is closed",
            text=("The final checkpoint is read aloud and cosigned by the closing quorum.",),
            outcome="completed",
        ),
    ),
)
