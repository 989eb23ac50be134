"""Performing: each want is got through a port or a face, and answered. Floor 4. One `match`."""

from __future__ import annotations

from pathlib import Path
from typing import assert_never

from quorate import linters, media
from quorate.algorithms import SignatureAlgorithm, default_algorithm
from quorate.authority import AuthorityState
from quorate.credentials import Credentials
from quorate.face import Face
from quorate.findings import Refusal
from quorate.host import Host
from quorate.keys import KeyType, spki_digest
from quorate.token import GeneratedKey, Presence, Token
from quorate.token.opening import OpenTokens
from quorate.want import (
    Answer,
    Arrive,
    Ask,
    Bring,
    Called,
    Calls,
    Collect,
    Confirm,
    CopyOut,
    DestroyPair,
    Failed,
    Generated,
    GeneratePair,
    LintBytes,
    Linted,
    LockToken,
    LookAt,
    LookUp,
    MakeDraft,
    Nothing,
    Proved,
    ProveKey,
    Record,
    RecoverCredential,
    Seen,
    SetCredential,
    ShareOut,
    SignAll,
    SignatureMade,
    SignaturesMade,
    SignBytes,
    Typed,
    UnlockToken,
    Want,
    WriteOut,
)

_GENERATING = ("C_GenerateKeyPair", "generate")
_BEFORE = ("token.id_in_use", "token.mechanism_absent", "token.not_logged_in")
"""By these a token refuses before anything is generated."""


class Performer:
    """The ports of one ceremony."""

    def __init__(self, host: Host, face: Face, folder: Path, root: Path, authority: AuthorityState) -> None:
        self.host, self.face, self.folder = host, face, folder
        self.tokens = OpenTokens(authority, root)
        self.credentials = Credentials(host, face, self.tokens)
        self._tried: set[bytes] = set()  # object ids under which this process began to generate

    def perform(self, want: Want) -> Answer:
        """Get what is wanted; `Refused` for what the world refused and the record keeps."""
        match want:
            case Arrive():
                return self.face.arrive(want)
            case Collect():
                return self.face.collect(want)
            case Confirm():
                return self._confirm(want)
            case Ask():
                return self._ask(want)
            case LookAt():
                return self._look(want)
            case Bring():
                self.face.bring(want)
                return self._confirm(Confirm(want.by))
            case MakeDraft() | Record():
                return Nothing()
            case LintBytes():
                return Linted(linters.run(want.required, want.subject, want.der))
            case WriteOut():
                return self._write(want)
            case CopyOut():
                return self._copy(want)
            case _:
                return self._with_token(want)

    def _with_token(
        self,
        want: ShareOut
        | SetCredential
        | RecoverCredential
        | UnlockToken
        | LockToken
        | GeneratePair
        | SignBytes
        | SignAll
        | LookUp
        | ProveKey
        | DestroyPair,
    ) -> Answer:
        match want:
            case ShareOut():
                return self.credentials.share_out(want)
            case SetCredential():
                return self.credentials.set_credential(want)
            case RecoverCredential():
                return self.credentials.recover(want)
            case UnlockToken():
                return self.credentials.unlock(want)
            case LockToken():
                return self._lock(want)
            case GeneratePair():
                return self._generate(want)
            case SignBytes():
                return self._sign(want)
            case SignAll():
                return self._sign_all(want)
            case LookUp():
                return self._look_up(want)
            case ProveKey():
                return self._prove(want)
            case DestroyPair():
                return self._destroy_pair(want)
            case _:
                assert_never(want)

    # -- people -------------------------------------------------------------------------------------------------------

    def _confirm(self, want: Confirm) -> Answer:
        self.face.show(want.about)
        for seat in want.by:
            while self.face.ask(seat, f"type {seat} when it is done", "text", seat) != seat:
                self.face.show([f"that is not {seat}"])
        return Nothing()

    def _ask(self, want: Ask) -> Answer:
        self.face.show(want.about)
        expected = want.expected or ("",) * len(want.questions)
        values = [
            (one.seat, self.face.ask(one.seat, one.prompt, one.kind, hint).strip())
            for one, hint in zip(want.questions, expected, strict=True)
        ]
        return Typed(tuple(values))

    def _look(self, want: LookAt) -> Answer:
        if want.what == "machine":
            return Seen(tuple(sorted(self.host.machine().items())), ())
        seen = self.host.airgap()
        facts = (("checks", str(len(seen))),)
        return Seen(facts, tuple((one.level, one.name, one.text) for one in seen if one.level != "PASS"))

    def _write(self, want: WriteOut) -> Answer:
        targets = {self.folder / path: data for path, data in want.files}
        for folder in sorted({target.parent for target in targets}):
            self.host.make_folder(folder)
        self.host.write_together(targets)
        return Nothing()

    def _copy(self, want: CopyOut) -> Answer:
        files = {path: (self.folder / path).read_bytes() for path in want.files}
        media.copy_out(self.host, want, files, self.face.medium(want.copy))
        return Nothing()

    # -- tokens -------------------------------------------------------------------------------------------------------

    def log_out(self) -> None:
        """Leave no secret in memory and no token logged in."""
        self.credentials.forget()
        self.tokens.log_out()

    def close(self) -> None:
        """As `log_out`, and let go of the tokens."""
        self.credentials.forget()
        self.tokens.close()

    def _generate(self, want: GeneratePair) -> Answer:
        token = self.tokens[want.token]
        try:
            made = token.generate(KeyType(want.key_type), want.object_id, want.label)
        except Refusal as refusal:
            self.face.refuse(refusal)
            calls = self.tokens.calls(want.token)
            if refusal.code not in _BEFORE and any(name in _GENERATING for name, _ in calls):
                self._tried.add(want.object_id)
            if want.object_id not in self._tried:
                return Failed("failed", calls)  # what lies under the id now is somebody else's: it stays
            # a pair that could not be read back, or whose destruction failed before
            left = self._look_up(LookUp(want.token, want.object_id), "failed")
            return Failed(left.outcome, (*calls, *left.calls))
        self._tried.add(want.object_id)
        return Generated(made.spki, made.attributes, self.tokens.calls(want.token))

    def _sign(self, want: SignBytes) -> Answer:
        try:
            signature = self.tokens[want.token].sign(
                want.object_id, want.key_type, SignatureAlgorithm(want.algorithm), want.data
            )
        except Refusal as refusal:
            self.face.refuse(refusal)
            return Failed("failed", self.tokens.calls(want.token))
        return SignatureMade(signature, self.tokens.calls(want.token))

    def _sign_all(self, want: SignAll) -> Answer:
        token = self.tokens[want.token]
        try:
            made = [
                token.sign(one.object_id, one.key_type, SignatureAlgorithm(one.algorithm), one.data)
                for one in want.signings
            ]
        except Refusal as refusal:
            self.face.refuse(refusal)
            return Failed("failed", self.tokens.calls(want.token))
        return SignaturesMade(tuple(made), self.tokens.calls(want.token))

    def _look_up(self, want: LookUp, nothing: str = "absent") -> Failed:
        token = self.tokens[want.token]
        if token.lookup(want.object_id) is Presence.NONE:
            return Failed(nothing, self.tokens.calls(want.token))
        token.destroy(want.object_id)
        return Failed("destroyed", self.tokens.calls(want.token))

    def _prove(self, want: ProveKey) -> Answer:
        token = self.tokens[want.token]
        try:
            object_id, found = _copy(token, want.spki)
            signature = token.sign(object_id, want.key_type, default_algorithm(want.key_type), want.data)
        except Refusal as refusal:
            self.face.refuse(refusal)
            return Failed("failed", self.tokens.calls(want.token))
        return Proved(object_id, found.attributes, signature, self.tokens.calls(want.token))

    def _destroy_pair(self, want: DestroyPair) -> Answer:
        """Only the pair that is meant; half of it, or nothing, is met after an interruption alone."""
        token = self.tokens[want.token]
        try:
            whole = not want.again or token.lookup(want.object_id) is Presence.PAIR
            if whole and spki_digest(token.read(want.object_id).spki) != want.spki:
                raise Refusal("token.other_key", id=want.object_id.hex(), serial=token.info.serial)
            token.destroy(want.object_id)
            if token.lookup(want.object_id) is not Presence.NONE:
                raise Refusal("token.not_destroyed", id=want.object_id.hex(), serial=token.info.serial)
        except Refusal as refusal:
            self.face.refuse(refusal)
            return Failed("failed", self.tokens.calls(want.token))
        return Called(self.tokens.calls(want.token))

    def destroy(self, want: GeneratePair) -> Calls:
        """Destroy a pair that was generated and is not what was asked for."""
        self.tokens[want.token].destroy(want.object_id)
        return self.tokens.calls(want.token)

    def _lock(self, want: LockToken) -> Answer:
        self.tokens[want.token].logout()
        return Called(self.tokens.calls(want.token))


def _copy(token: Token, spki: str) -> tuple[bytes, GeneratedKey]:
    """The one pair whose public key has this digest; what else lies on the token is passed over."""
    found = {}
    for object_id in token.object_ids():
        if token.lookup(object_id) is Presence.PAIR:
            pair = token.read(object_id)
            if spki_digest(pair.spki) == spki:
                found[object_id] = pair
    if not found:
        raise Refusal("token.copy_missing", serial=token.info.serial, spki=spki)
    if len(found) > 1:
        ids = ", ".join(one.hex() for one in found)
        raise Refusal("token.copy_twice", serial=token.info.serial, spki=spki, ids=ids)
    return next(iter(found.items()))
