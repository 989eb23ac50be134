"""The script: the compiled, frozen, printed procedure that is also the program that runs. Floor 2.

Spec: `spec/script.md`.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Literal

import msgspec

from quorate import canonical
from quorate.authority import AdoptedKind, Item, Programme
from quorate.findings import Refusal
from quorate.people import Presence, Purpose
from quorate.plan import Waiver, Window, Witnessing
from quorate.script.operations import CertificateOperation, ScriptOperation
from quorate.statement import Mode
from quorate.strict import convert


class _Step(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", kw_only=True):
    id: str
    title: str
    text: tuple[str, ...] = ()
    clauses: tuple[str, ...] = ()


class Attendance(_Step, frozen=True, forbid_unknown_fields=True, tag="attendance"):
    """People come in and take their seats; no seats: a roll call after an interruption."""

    seats: tuple[str, ...]


class Read(_Step, frozen=True, forbid_unknown_fields=True, tag="read"):
    """Something is said or done, and `by` say so."""

    by: tuple[str, ...]


class Compare(_Step, frozen=True, forbid_unknown_fields=True, tag="compare"):
    """`by` each type back what they read."""

    by: tuple[str, ...]
    expected: str
    source: Literal["script", "digest", "checkpoint", "token", "clock", "file"]


class Look(_Step, frozen=True, forbid_unknown_fields=True, tag="look"):
    """The machine shows what it is, or that it is alone."""

    what: Literal["machine", "airgap"]
    by: tuple[str, ...]


class Custody(_Step, frozen=True, forbid_unknown_fields=True, tag="custody"):
    """A place is opened or closed; a thing is taken, unsealed, sealed, put back, or sent to a place elsewhere."""

    action: Literal["open", "take", "unseal", "seal", "put", "send", "close"]
    place: str
    item: str
    by: tuple[str, ...]


class Adopt(_Step, frozen=True, forbid_unknown_fields=True, tag="adopt"):
    """What existed before enters the register, as `by` say; nobody witnesses how it was made."""

    by: tuple[str, ...]
    artifacts: tuple[str, ...]


class Share(_Step, frozen=True, forbid_unknown_fields=True, tag="share"):
    operation: str


class Unlock(_Step, frozen=True, forbid_unknown_fields=True, tag="unlock"):
    token: str
    credential: Literal["user", "so"]


class Generate(_Step, frozen=True, forbid_unknown_fields=True, tag="generate"):
    operation: str


class Import(_Step, frozen=True, forbid_unknown_fields=True, tag="import"):
    """A copy of a key is brought to a token, which `by` say, and proves itself."""

    operation: str
    by: tuple[str, ...]


class Destroy(_Step, frozen=True, forbid_unknown_fields=True, tag="destroy"):
    operation: str


class Sign(_Step, frozen=True, forbid_unknown_fields=True, tag="sign"):
    """The key sets of zones are signed: one approval for all RRsets, one response after another."""

    operation: str


class Issue(_Step, frozen=True, forbid_unknown_fields=True, tag="issue"):
    operation: str


class Lock(_Step, frozen=True, forbid_unknown_fields=True, tag="lock"):
    token: str


class Media(_Step, frozen=True, forbid_unknown_fields=True, tag="media"):
    copies: int


class CheckpointStep(_Step, frozen=True, forbid_unknown_fields=True, tag="checkpoint"):
    need: int


class Close(_Step, frozen=True, forbid_unknown_fields=True, tag="close"):
    outcome: Literal["completed", "aborted"]


Step = (
    Attendance
    | Read
    | Compare
    | Look
    | Custody
    | Adopt
    | Share
    | Unlock
    | Generate
    | Import
    | Destroy
    | Sign
    | Issue
    | Lock
    | Media
    | CheckpointStep
    | Close
)
NEVER_SKIPPED = (Attendance, Adopt, Share, Unlock, Generate, Import, Destroy, Sign, Issue, Lock, CheckpointStep, Close)
"""A deviation cannot stand in for these."""


class Act(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    number: int
    title: str
    present: tuple[str, ...]


class ScriptSeat(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    id: str
    role: str
    person: str
    alternates: tuple[str, ...]
    presence: Presence


class ScriptQuorum(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    purpose: Purpose
    role: str
    need: int


class ScriptAuthority(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    name: str
    state: str
    genesis: str


class ScriptToken(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    id: str
    kind: Literal["pkcs11", "software"]
    serial: str


class ScriptFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    file: str
    digest: str


class ScriptItem(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A thing as the register has it; `seal` is empty if it is in no bag, `sent` if it is on its way to its place."""

    id: str
    what: str
    place: str
    seal: str
    sent: bool = False


class ScriptDraft(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The bytes frozen before the day; `open` names the fields that could not exist yet."""

    operation: str
    file: str
    digest: str
    open: tuple[str, ...]


class KnownKey(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A key of an earlier ceremony. `object`: CKA_ID in hexadecimal; `spki`: digest.

    A KSK has a `zone`, the mnemonic of its DNSSEC `algorithm`, and the UTC day `since` which it is there.
    """

    id: str
    token: str
    object: str
    spki: str
    type: str
    zone: str = ""
    algorithm: str = ""
    since: str = ""


class Commitment(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is recorded of one share: its index, whose it is, and a salted commitment to its words."""

    index: int
    seat: str
    person: str
    salt: str
    commitment: str


class SecretCommitment(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    salt: str
    commitment: str


class ShareSet(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One split secret, as the event `shared` records it. `id`: the SLIP-39 identifier, four hexadecimal digits."""

    id: str
    threshold: int
    count: int
    commitments: tuple[Commitment, ...]
    secret: SecretCommitment


class KnownSet(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    token: str
    credential: Literal["user", "so"]
    set: ShareSet


class KnownPart(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which KSK, by its label, played a part of a schema."""

    part: str
    ksk: str


class KnownSkr(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """An SKR of an earlier ceremony. `request`: digest of the KSR; `published`: recorded as deployed in the zone.

    `turn`: which of all published artifacts it is, from 1, by the last time that it was recorded.
    """

    id: str
    zone: str
    request: str
    schema: str
    keys: tuple[KnownPart, ...]
    back_out: bool
    published: bool
    turn: int = 0


class Publication(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An artifact of an earlier ceremony that is published: `digest` of its file, `where` it was fetched from."""

    artifact: str
    digest: str
    where: str


class ScriptAdopted(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A thing that the authority's state adopts, in `file` (DER). `issuer`: of a CRL, the certificate of its key."""

    id: str
    kind: AdoptedKind
    file: str
    digest: str
    issuer: str = ""


class Branches(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The contingency branches, always compiled."""

    abort: tuple[Step, ...]
    resume: tuple[Step, ...]
    suspend: tuple[Step, ...]


class Script(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """The whole of `script.json`.

    `programmes`: those of the authority, if it keeps to some only. `linters`: those that read every draft and every
    finished object of the kinds they know. `seals`: the numbers of bags that no item is in any more.
    """

    format: Literal["quorate/1"]
    mode: Mode
    authority: ScriptAuthority
    ceremony: str
    purpose: str
    facility: str
    rules: Literal["webpki", "private"]
    window: Window
    predecessor: str
    plan: str
    notices: tuple[str, ...]
    witnessing: Witnessing
    seats: tuple[ScriptSeat, ...]
    quorums: tuple[ScriptQuorum, ...]
    tokens: tuple[ScriptToken, ...]
    items: tuple[ScriptItem, ...]
    keys: tuple[KnownKey, ...]
    sets: tuple[KnownSet, ...]
    inputs: tuple[ScriptFile, ...]
    drafts: tuple[ScriptDraft, ...]
    operations: tuple[ScriptOperation, ...]
    waivers: tuple[Waiver, ...]
    acts: tuple[Act, ...]
    steps: tuple[Step, ...]
    branches: Branches
    programmes: tuple[Programme, ...] = ()
    skrs: tuple[KnownSkr, ...] = ()
    publications: tuple[Publication, ...] = ()
    linters: tuple[str, ...] = ()
    adopted: tuple[ScriptAdopted, ...] = ()
    seals: tuple[str, ...] = ()

    def file(self) -> bytes:
        """The bytes of `script.json`."""
        return canonical.encode(msgspec.to_builtins(self)) + b"\n"

    def seat(self, name: str) -> ScriptSeat:
        return next(seat for seat in self.seats if seat.id == name)

    def quorum(self, purpose: Purpose) -> ScriptQuorum:
        return next(quorum for quorum in self.quorums if quorum.purpose is purpose)

    def token(self, name: str) -> ScriptToken:
        return next(token for token in self.tokens if token.id == name)

    def operation(self, name: str) -> ScriptOperation:
        return next(operation for operation in self.operations if operation.id == name)

    def subject_key(self, operation: CertificateOperation) -> str:
        """Where the certified key comes from: `key:ID`, `spki:FILE`, or `input:FILE`, a request or certificate."""
        kind, _, name = operation.existing.partition(":")
        if operation.subject_key or kind != "operation":
            return operation.subject_key or operation.existing
        existing = self.operation(name)
        assert isinstance(existing, CertificateOperation)
        return self.subject_key(existing)

    def is_made(self, reference: str, keys: Collection[str]) -> bool:
        """Whether the key of the certificate that `reference` names is one of `keys`."""
        kind, _, name = reference.partition(":")
        operation = self.operation(name) if kind == "operation" else None
        return isinstance(operation, CertificateOperation) and self.subject_key(operation).partition(":")[2] in keys

    def draft(self, operation: str) -> ScriptDraft:
        return next(draft for draft in self.drafts if draft.operation == operation)

    def act(self, step: str) -> Act | None:
        """The act that a step of the main line belongs to; None for a branch."""
        number = step.split(".")[0]
        return self.acts[int(number) - 1] if number.isdigit() else None


def read_script(data: bytes, where: str) -> Script:
    """The script of a canonical `script.json`."""
    if not data.endswith(b"\n"):
        raise Refusal("record.not_canonical", where)
    return convert(canonical.decode(data[:-1], where), Script, where)


def script_items(items: tuple[Item, ...]) -> tuple[ScriptItem, ...]:
    """Items of an authority's first state as a script lists them."""
    return tuple(ScriptItem(item.id, item.what, item.place, item.seal) for item in items)
