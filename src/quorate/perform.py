"""Performing: each want is got through a port or a face, and answered. Floor 4. One `match`.

Secrets live here between two wants at most, in buffers that are wiped; a face shows and takes them and keeps nothing.
"""

from __future__ import annotations

from pathlib import Path
from typing import assert_never

from quorate import linters, media, shares
from quorate.algorithms import SignatureAlgorithm, default_algorithm
from quorate.authority import AuthorityState
from quorate.face import Face
from quorate.findings import Refusal
from quorate.host import Host, wipe
from quorate.keys import KeyType, spki_digest
from quorate.script import Commitment, SecretCommitment, ShareSet
from quorate.script.steps.secret import set_body
from quorate.shares import Share
from quorate.token import GeneratedKey, Login, Presence, Token
from quorate.token.opening import open_token
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
    Refused,
    Seen,
    SetCredential,
    SharedOut,
    ShareOut,
    SignAll,
    SignatureMade,
    SignaturesMade,
    SignBytes,
    Typed,
    Unlocked,
    UnlockToken,
    Want,
    WriteOut,
)


class Performer:
    """The ports of one ceremony, and the secrets that are on their way."""

    def __init__(self, host: Host, face: Face, folder: Path, root: Path, authority: AuthorityState) -> None:
        self.host, self.face, self.folder, self.root, self.authority = host, face, folder, root, authority
        self._tokens: dict[str, Token] = {}
        self._secrets: dict[tuple[str, str], bytearray] = {}
        self._shares: dict[tuple[str, str], dict[str, Share]] = {}

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
                return self._share_out(want)
            case SetCredential():
                return self._set_credential(want)
            case RecoverCredential():
                return self._recover(want)
            case UnlockToken():
                return self._unlock(want)
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
        files = [(path, (self.folder / path).read_bytes()) for path in want.files]
        media.copy_out(self.host, files, self.face.medium(want.copy))
        return Nothing()

    # -- tokens -------------------------------------------------------------------------------------------------------

    def token(self, name: str) -> Token:
        """The token of that id, opened once; matched by serial number exactly once."""
        if name not in self._tokens:
            entry = self.authority.token(name)
            location = self.root / entry.location if entry.kind == "software" else Path(entry.location)
            self._tokens[name] = open_token(entry.kind, location, entry.serial)
        return self._tokens[name]

    def log_out(self) -> None:
        """Leave no token logged in and no secret in memory."""
        for token in self._tokens.values():
            token.logout()
            token.take_calls()
        self.forget()

    def forget(self) -> None:
        """Wipe what was on its way."""
        for secret in self._secrets.values():
            wipe(secret)
        for held in self._shares.values():
            for share in held.values():
                share.wipe()
        self._secrets.clear()
        self._shares.clear()

    def close(self) -> None:
        self.forget()
        for token in self._tokens.values():
            token.close()
        self._tokens.clear()

    def _calls(self, name: str) -> Calls:
        return tuple((call.function, call.result) for call in self.token(name).take_calls())

    def _generate(self, want: GeneratePair) -> Answer:
        token = self.token(want.token)
        try:
            made = token.generate(KeyType(want.key_type), want.object_id, want.label)
        except Refusal as refusal:
            self.face.refuse(refusal)
            return Failed("failed", self._calls(want.token))
        return Generated(made.spki, made.attributes, self._calls(want.token))

    def _sign(self, want: SignBytes) -> Answer:
        try:
            signature = self.token(want.token).sign(
                want.object_id, want.key_type, SignatureAlgorithm(want.algorithm), want.data
            )
        except Refusal as refusal:
            self.face.refuse(refusal)
            return Failed("failed", self._calls(want.token))
        return SignatureMade(signature, self._calls(want.token))

    def _sign_all(self, want: SignAll) -> Answer:
        token = self.token(want.token)
        try:
            made = [
                token.sign(one.object_id, one.key_type, SignatureAlgorithm(one.algorithm), one.data)
                for one in want.signings
            ]
        except Refusal as refusal:
            self.face.refuse(refusal)
            return Failed("failed", self._calls(want.token))
        return SignaturesMade(tuple(made), self._calls(want.token))

    def _look_up(self, want: LookUp) -> Answer:
        token = self.token(want.token)
        if token.lookup(want.object_id) is Presence.NONE:
            return Failed("absent", self._calls(want.token))
        token.destroy(want.object_id)
        return Failed("destroyed", self._calls(want.token))

    def _prove(self, want: ProveKey) -> Answer:
        token = self.token(want.token)
        try:
            object_id, found = _copy(token, want.spki)
            signature = token.sign(object_id, want.key_type, default_algorithm(want.key_type), want.data)
        except Refusal as refusal:
            self.face.refuse(refusal)
            return Failed("failed", self._calls(want.token))
        return Proved(object_id, found.attributes, signature, self._calls(want.token))

    def _destroy_pair(self, want: DestroyPair) -> Answer:
        """Only the pair that is meant; half of it, or nothing, is met after an interruption alone."""
        token = self.token(want.token)
        try:
            whole = not want.again or token.lookup(want.object_id) is Presence.PAIR
            if whole and spki_digest(token.read(want.object_id).spki) != want.spki:
                raise Refusal("token.other_key", id=want.object_id.hex(), serial=token.info.serial)
            token.destroy(want.object_id)
            if token.lookup(want.object_id) is not Presence.NONE:
                raise Refusal("token.not_destroyed", id=want.object_id.hex(), serial=token.info.serial)
        except Refusal as refusal:
            self.face.refuse(refusal)
            return Failed("failed", self._calls(want.token))
        return Called(self._calls(want.token))

    def destroy(self, want: GeneratePair) -> Calls:
        """Destroy a pair that was generated and is not what was asked for."""
        self.token(want.token).destroy(want.object_id)
        return self._calls(want.token)

    def _lock(self, want: LockToken) -> Answer:
        self.token(want.token).logout()
        return Called(self._calls(want.token))

    # -- secrets ------------------------------------------------------------------------------------------------------

    def _share_out(self, want: ShareOut) -> Answer:
        """Draw, split, hand out, have typed back, commit, recombine every threshold subset."""
        token = self.token(want.token)
        shares.check_pin_fits(token.info.serial, token.info.pin_length)
        secret = shares.draw(self.host.random)
        split = shares.split(secret, want.threshold, len(want.holders), self.host.random)
        try:
            for share, (seat, _) in zip(split, want.holders, strict=True):
                self._hand_out(seat, share, f"share/{want.token}/{want.credential}")
            subsets = shares.prove_subsets(split, secret, want.threshold)
            committed = shares.commit_set(split, secret, self.host.random)
        except BaseException:
            wipe(secret)
            raise
        finally:
            for share in split:
                share.wipe()
        self._keep(want.token, want.credential, secret)
        return SharedOut(set_body(_set(committed, want.holders)), subsets)

    def _hand_out(self, seat: str, share: Share, topic: str) -> None:
        """Shown to the holder alone until they have typed it back without a fault."""
        while True:
            self.face.reveal(seat, share.words, topic)
            typed = self.face.secret(seat, "type your share back from the worksheet", topic)
            try:
                back = shares.parse_words(typed)
                same = back.words == share.words
                back.wipe()
                if same:
                    return
                self.face.refuse(Refusal("share.typed_back", seat=seat))
            except Refusal as refusal:
                self.face.refuse(refusal)
            finally:
                wipe(typed)

    def _keep(self, token: str, credential: str, secret: bytearray) -> None:
        old = self._secrets.pop((token, credential), None)
        if old is not None:
            wipe(old)
        self._secrets[(token, credential)] = secret

    def _set_credential(self, want: SetCredential) -> Answer:
        """The token takes the credential: C_SetPIN, then a login with it (both inside `set_pin`)."""
        who = Login(want.credential)
        token = self.token(want.token)
        if want.fate == "destroyed":
            self._keep(want.token, want.credential, shares.draw(self.host.random))
        pin = shares.pin_of(self._secrets[(want.token, want.credential)])
        topic = f"transport/{want.token}/{want.credential}"
        transport = self.face.secret("", f"transport credential ({want.credential}) of {want.token}", topic)
        try:
            token.set_pin(who, transport, pin)
        except Refusal as refusal:
            self.face.refuse(refusal)
            if refusal.code in ("token.pin_incorrect", "token.pin_length"):
                token.take_calls()
                return Refused(f"transport credential of {want.token}", refusal.code, "")
            self.forget()
            return Failed("failed", self._calls(want.token))
        finally:
            wipe(transport)
            wipe(pin)
        self.forget()
        return Called(self._calls(want.token))

    def _recover(self, want: RecoverCredential) -> Answer:
        """After an interruption: whether the token took the new credential shows at a login with it."""
        token, who = self.token(want.token), Login(want.credential)
        if want.fate == "shared":
            gathered = self._gather((want.token, want.credential), want.set, want.holders)
            if isinstance(gathered, Refused):
                return gathered
            pin = self._pin((want.token, want.credential), want.set)
            found, lost = "", "absent"
        else:
            pin = self._transport_twice(want)
            found, lost = "absent", ""
        try:
            token.login(who, pin)
            token.logout()
            outcome = found
        except Refusal as refusal:
            if refusal.code != "token.pin_incorrect":
                raise
            outcome = lost
        finally:
            wipe(pin)
            self.forget()
        calls = self._calls(want.token)
        return Failed(outcome, calls) if outcome else Called(calls)

    def _transport_twice(self, want: RecoverCredential) -> bytearray:
        """The transport credential, the same twice: a slip would pass for proof that it opens no more."""
        topic = f"transport/{want.token}/{want.credential}"
        what = f"transport credential ({want.credential}) of {want.token}"
        while True:
            first = self.face.secret("", f"{what}, to see if it still opens", topic)
            again = self.face.secret("", f"{what}, once more", topic)
            same = first == again
            wipe(again)
            if same:
                return first
            wipe(first)
            self.face.show(["the two are not the same; type it twice again"])

    def _unlock(self, want: UnlockToken) -> Answer:
        key = (want.token, want.credential)
        gathered = self._gather(key, want.set, want.holders)
        if isinstance(gathered, Refused):
            return gathered
        token, by = self.token(want.token), tuple(self._shares[key])
        pin = self._pin(key, want.set)
        try:
            token.login(Login(want.credential), pin)
        except Refusal as refusal:
            self.face.refuse(refusal)
            token.take_calls()
            return Refused(f"login to {want.token}", refusal.code, "")
        finally:
            wipe(pin)
            self.forget()
        return Unlocked(by, self._calls(want.token))

    def _gather(self, key: tuple[str, str], known: ShareSet, holders: tuple[tuple[str, str], ...]) -> Refused | None:
        """Words of holders until the threshold is there; a wrong word or share is named before the token is touched."""
        held = self._shares.setdefault(key, {})
        while len(held) < known.threshold:
            for seat, person in holders:
                if seat in held or len(held) == known.threshold:
                    continue
                prompt = f"{person}, type your share, or press Enter to pass"
                typed = self.face.secret(seat, prompt, f"share/{key[0]}/{key[1]}")
                try:
                    if typed:
                        held[seat] = _checked(typed, known, person)
                except Refusal as refusal:
                    self.face.refuse(refusal)
                    return Refused(f"share for {key[0]}", refusal.code, seat)
                finally:
                    wipe(typed)
        return None

    def _pin(self, key: tuple[str, str], known: ShareSet) -> bytearray:
        secret = shares.combine(list(self._shares[key].values()), plain(known))
        try:
            return shares.pin_of(secret)
        finally:
            wipe(secret)


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


def _checked(typed: bytearray, known: ShareSet, person: str) -> Share:
    """The share that was typed, which must be of this set and this person's."""
    share = shares.parse_words(typed)
    try:
        shares.check_share(share, plain(known))
        if next(one.person for one in known.commitments if one.index == share.index) != person:
            raise Refusal("share.of_another", person=person)
    except Refusal:
        share.wipe()
        raise
    return share


def plain(known: ShareSet) -> shares.ShareSet:
    """A set as the record has it, in the form of the port."""
    commitments = tuple((one.index, one.salt, one.commitment) for one in known.commitments)
    return shares.ShareSet(
        known.id, known.threshold, known.count, commitments, known.secret.salt, known.secret.commitment
    )


def _set(committed: shares.ShareSet, holders: tuple[tuple[str, str], ...]) -> ShareSet:
    rows = zip(committed.commitments, holders, strict=True)
    return ShareSet(
        committed.set_id,
        committed.threshold,
        committed.count,
        tuple(Commitment(index, seat, person, salt, value) for (index, salt, value), (seat, person) in rows),
        SecretCommitment(committed.secret_salt, committed.secret_commitment),
    )
