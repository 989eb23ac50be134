"""Wants: what a step needs from the world next, and the answers that come back. Floor 1.

A closed union. `wants` of a step is a function of the folded state alone, so resuming is asking again. `perform` gets
each want through a port or a face; the step turns the answer into an event.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from quorate.statement import Statement

Calls = tuple[tuple[str, str], ...]
"""Calls made to a token and what it answered: (`C_Sign`, `CKR_OK`)."""


@dataclass(frozen=True, slots=True)
class Signed:
    """A person's signature over a statement, and where it was made."""

    statement: Statement
    seat: str
    signature: str
    made: str

    def body(self) -> dict[str, Any]:
        return {
            "made": self.made,
            "person": self.statement.signer,
            "seat": self.seat,
            "signature": self.signature,
            "statement": self.statement.text().decode("ascii"),
        }


@dataclass(frozen=True, slots=True)
class Ballot:
    """One signature asked for: the statement, and the seat in which its signer signs."""

    statement: Statement
    seat: str


@dataclass(frozen=True, slots=True)
class Arrive:
    """The person of `seat` comes in: for each who may take it, the statements to be signed, all of them."""

    seat: str
    options: tuple[tuple[str, tuple[Ballot, ...]], ...]


@dataclass(frozen=True, slots=True)
class Collect:
    """One signature, by any of these. `need` of which `have` are there."""

    ballots: tuple[Ballot, ...]
    have: int
    need: int
    about: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Confirm:
    """Each of `by` says that it is done, or that they have seen what is shown."""

    by: tuple[str, ...]
    about: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Question:
    """One thing typed by a seat; what is expected stays with the step."""

    seat: str
    prompt: str
    kind: str = "text"  # "clock": the time of an independent source


@dataclass(frozen=True, slots=True)
class Ask:
    """Values typed by people, in order; `about` is shown before."""

    questions: tuple[Question, ...]
    expected: tuple[str, ...] = field(default=(), repr=False)  # for stand-ins in a rehearsal; empty where free
    about: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LookAt:
    """The machine, or its solitude, looked at: `machine` or `airgap`."""

    what: str


@dataclass(frozen=True, slots=True)
class MakeDraft:
    """Nothing but the moment: the operation is drafted at the event's time."""

    operation: str


@dataclass(frozen=True, slots=True)
class LintSubject:
    """What a linter has to know of an object that is not in its bytes, or should not be guessed from them.

    `kind`: the profile's class. `at`: the moment of signing. `external`: the subject is another organisation.
    `direct`: subscribers' certificates come right below it.
    """

    kind: str
    rules: str
    at: datetime
    external: bool = False
    direct: bool = False


@dataclass(frozen=True, slots=True)
class LintBytes:
    """The `required` linters, and others that are there, read the `object`: `draft` or `finished`."""

    operation: str
    object: str
    subject: LintSubject
    der: bytes = field(repr=False)
    required: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Record:
    """Nothing from the world: the event that the state alone decides."""

    type: str
    body: dict[str, Any] = field(hash=False)


@dataclass(frozen=True, slots=True)
class ShareOut:
    """Draw a secret, split it, hand out and type back the shares; keep it for the `SetCredential` that follows.

    `replaces`: whose shares open the token until then; None if that is the transport credential.
    """

    token: str
    credential: str
    threshold: int
    holders: tuple[tuple[str, str], ...]
    replaces: UnlockToken | None = None


@dataclass(frozen=True, slots=True)
class SetCredential:
    """Replace the token's credential by the secret just shared, or by one that nobody keeps. `replaces`: as above."""

    token: str
    credential: str
    fate: str
    replaces: UnlockToken | None = None


@dataclass(frozen=True, slots=True)
class RecoverCredential:
    """After an interruption: did the token take the new credential? The holders' words tell."""

    token: str
    credential: str
    fate: str
    set: Any
    holders: tuple[tuple[str, str], ...]
    replaces: UnlockToken | None = None


@dataclass(frozen=True, slots=True)
class UnlockToken:
    """Holders type their words until the threshold is there; log in with what they recover."""

    token: str
    credential: str
    set: Any
    holders: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class LockToken:
    token: str


@dataclass(frozen=True, slots=True)
class GeneratePair:
    token: str
    object_id: bytes
    key_type: str
    label: str


@dataclass(frozen=True, slots=True)
class SignBytes:
    """`algorithm`: a `SignatureAlgorithm`, `key_type` the name of the key that it goes with."""

    token: str
    object_id: bytes
    key_type: str
    algorithm: str
    data: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class SignAll:
    """Several signatures in a row, by keys of one token."""

    token: str
    signings: tuple[SignBytes, ...]


@dataclass(frozen=True, slots=True)
class LookUp:
    """What an interrupted generation left under an object id; whatever it is, it is destroyed."""

    token: str
    object_id: bytes


@dataclass(frozen=True, slots=True)
class Bring:
    """The pair of `key`, with this public key (digest), is brought to the token by its maker's means; `by` say so."""

    token: str
    key: str
    spki: str
    by: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ProveKey:
    """The one pair with this public key (digest) is looked for on the token, and signs."""

    token: str
    spki: str
    key_type: str
    data: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class DestroyPair:
    """The pair under an object id is destroyed, if it is the one with this public key (digest), and seen to be gone.

    `again`: an interrupted attempt may have destroyed it, or half of it, already.
    """

    token: str
    object_id: bytes
    spki: str
    again: bool


@dataclass(frozen=True, slots=True)
class WriteOut:
    """Finished outputs, written once into the record."""

    files: tuple[tuple[str, bytes], ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class CopyOut:
    """The artifacts copied to the given medium and read back."""

    ceremony: str
    copy: int
    files: tuple[str, ...]


Want = (
    Arrive
    | Collect
    | Confirm
    | Ask
    | LookAt
    | MakeDraft
    | LintBytes
    | Record
    | ShareOut
    | SetCredential
    | RecoverCredential
    | UnlockToken
    | LockToken
    | GeneratePair
    | SignBytes
    | SignAll
    | LookUp
    | Bring
    | ProveKey
    | DestroyPair
    | WriteOut
    | CopyOut
)


# -- answers ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Arrived:
    person: str
    signatures: tuple[Signed, ...]


@dataclass(frozen=True, slots=True)
class Typed:
    """What was typed, in the order asked; each with its seat."""

    values: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Seen:
    facts: tuple[tuple[str, str], ...]
    findings: tuple[tuple[str, str, str], ...]  # level, name, text


@dataclass(frozen=True, slots=True)
class Remark:
    """One thing a linter says: its weight (fatal, error, warning, notice), its own name for the rule, more words.

    `of_key`: said of the public key, which is a stand-in before the day.
    """

    weight: str
    rule: str
    text: str
    of_key: bool = False


@dataclass(frozen=True, slots=True)
class LintReport:
    """What one linter said."""

    tool: str
    version: str
    remarks: tuple[Remark, ...]


@dataclass(frozen=True, slots=True)
class Linted:
    """What the linters said, each once."""

    reports: tuple[LintReport, ...]


@dataclass(frozen=True, slots=True)
class SharedOut:
    """`set` is the canonical form of the share set; `subsets` how many threshold subsets were recombined."""

    set: dict[str, Any] = field(hash=False)
    subsets: int


@dataclass(frozen=True, slots=True)
class Called:
    """A token did it."""

    calls: Calls


@dataclass(frozen=True, slots=True)
class Unlocked:
    by: tuple[str, ...]
    calls: Calls


@dataclass(frozen=True, slots=True)
class Refused:
    """An attempt that the world refused and that is kept in the record."""

    what: str
    code: str
    seat: str


@dataclass(frozen=True, slots=True)
class Generated:
    spki: bytes
    attributes: tuple[tuple[str, str], ...]
    calls: Calls


@dataclass(frozen=True, slots=True)
class SignatureMade:
    signature: bytes
    calls: Calls


@dataclass(frozen=True, slots=True)
class SignaturesMade:
    """In the order asked."""

    signatures: tuple[bytes, ...]
    calls: Calls


@dataclass(frozen=True, slots=True)
class Proved:
    """The pair that was looked for, as the device reports it, and its signature."""

    object_id: bytes
    attributes: tuple[tuple[str, str], ...]
    signature: bytes
    calls: Calls


@dataclass(frozen=True, slots=True)
class Failed:
    """The token answered that it did not do it: the attempt is over, nothing was made."""

    outcome: str
    calls: Calls


@dataclass(frozen=True, slots=True)
class Nothing:
    """Done, and nothing to tell."""


Answer = (
    Arrived
    | Signed
    | Typed
    | Seen
    | Linted
    | SharedOut
    | Called
    | Unlocked
    | Refused
    | Generated
    | SignatureMade
    | SignaturesMade
    | Proved
    | Failed
    | Nothing
)
