"""Credentials: secrets shared out, gathered and handed to a token. Floor 4.

Secrets live here between two wants at most, in buffers that are wiped; a face shows and takes them and keeps nothing.
"""

from __future__ import annotations

from quorate import shares
from quorate.face import Face
from quorate.findings import Refusal
from quorate.host import Host, wipe
from quorate.script import Commitment, SecretCommitment, ShareSet
from quorate.script.steps.secret import set_body
from quorate.shares import Share
from quorate.token import Login
from quorate.token.opening import OpenTokens
from quorate.want import (
    Answer,
    Called,
    Failed,
    RecoverCredential,
    Refused,
    SetCredential,
    SharedOut,
    ShareOut,
    Unlocked,
    UnlockToken,
)

REPLACED = "/replaced"
"""What the topic of a share ends with that is of the set to be replaced."""


class Credentials:
    """The secrets of one ceremony that are on their way, by token and credential."""

    def __init__(self, host: Host, face: Face, tokens: OpenTokens) -> None:
        self.host, self.face, self.tokens = host, face, tokens
        self._secrets: dict[tuple[str, str], bytearray] = {}
        self._shares: dict[tuple[str, str], dict[str, Share]] = {}
        self._replaced: dict[tuple[str, str], bytearray] = {}

    def forget(self) -> None:
        """Wipe what was on its way."""
        for secret in (*self._secrets.values(), *self._replaced.values()):
            wipe(secret)
        for held in self._shares.values():
            for share in held.values():
                share.wipe()
        self._secrets.clear()
        self._shares.clear()
        self._replaced.clear()

    def share_out(self, want: ShareOut) -> Answer:
        """Draw, split, hand out, have typed back, commit, recombine every threshold subset.

        Where shares are replaced, their holders open the token first: no new ones are drawn that it would not take.
        """
        token = self.tokens[want.token]
        for seat, person in want.holders:
            if not person:
                raise Refusal("session.seat_absent", seat=seat)
        if want.replaces and (refused := self._open_with_old(want.replaces)):
            return refused
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

    def _open_with_old(self, old: UnlockToken) -> Refused | None:
        """The credential that is replaced, from its holders, tried at the token and kept until the new one is set."""
        key, token = (old.token, old.credential), self.tokens[old.token]
        if key in self._replaced:
            return None
        if refused := self._gather(key, old.set, old.holders, REPLACED):
            return refused
        pin = self._pin(key, old.set)
        for share in self._shares.pop(key).values():
            share.wipe()
        try:
            token.login(Login(old.credential), pin)
            token.logout()
        except Refusal as refusal:
            wipe(pin)
            self.face.refuse(refusal)
            token.take_calls()
            return Refused(f"login to {old.token}", refusal.code, "")
        self._replaced[key] = pin
        return None

    def _present_pin(self, want: SetCredential) -> bytearray | Refused:
        """What opens the token until now: the credential that it was delivered with, or that of a set."""
        key = (want.token, want.credential)
        if want.replaces is None:
            topic = f"transport/{want.token}/{want.credential}"
            return self.face.secret("", f"transport credential ({want.credential}) of {want.token}", topic)
        if refused := self._open_with_old(want.replaces):
            return refused
        return self._replaced.pop(key)

    def _keep(self, token: str, credential: str, secret: bytearray) -> None:
        old = self._secrets.pop((token, credential), None)
        if old is not None:
            wipe(old)
        self._secrets[(token, credential)] = secret

    def set_credential(self, want: SetCredential) -> Answer:
        """The token takes the credential: C_SetPIN, then a login with it (both inside `set_pin`)."""
        who = Login(want.credential)
        token = self.tokens[want.token]
        present = self._present_pin(want)
        if isinstance(present, Refused):
            return present
        if want.fate == "destroyed":
            self._keep(want.token, want.credential, shares.draw(self.host.random))
        pin = shares.pin_of(self._secrets[(want.token, want.credential)])
        try:
            token.set_pin(who, present, pin)
        except Refusal as refusal:
            self.face.refuse(refusal)
            if refusal.code in ("token.pin_incorrect", "token.pin_length"):
                token.take_calls()
                kind = "credential" if want.replaces else "transport credential"
                return Refused(f"{kind} of {want.token}", refusal.code, "")
            self.forget()
            return Failed("failed", self.tokens.calls(want.token))
        finally:
            wipe(present)
            wipe(pin)
        self.forget()
        return Called(self.tokens.calls(want.token))

    def recover(self, want: RecoverCredential) -> Answer:
        """After an interruption: whether the token took the new credential shows at a login with it."""
        token, who = self.tokens[want.token], Login(want.credential)
        if want.fate == "shared":
            gathered = self._gather((want.token, want.credential), want.set, want.holders)
            if isinstance(gathered, Refused):
                return gathered
            pin = self._pin((want.token, want.credential), want.set)
            found, lost = "", "absent"
        elif want.replaces:
            gathered = self._gather((want.token, want.credential), want.replaces.set, want.replaces.holders, REPLACED)
            if isinstance(gathered, Refused):
                return gathered
            pin = self._pin((want.token, want.credential), want.replaces.set)
            found, lost = "absent", ""
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
        calls = self.tokens.calls(want.token)
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

    def unlock(self, want: UnlockToken) -> Answer:
        key = (want.token, want.credential)
        gathered = self._gather(key, want.set, want.holders)
        if isinstance(gathered, Refused):
            return gathered
        token, by = self.tokens[want.token], tuple(self._shares[key])
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
        return Unlocked(by, self.tokens.calls(want.token))

    def _gather(
        self, key: tuple[str, str], known: ShareSet, holders: tuple[tuple[str, str], ...], which: str = ""
    ) -> Refused | None:
        """Words of holders until the threshold is there; a wrong word or share is named before the token is touched.

        `which`: REPLACED if people have two worksheets, and the older one is meant.
        """
        what = "your old share, which is replaced" if which else "your share"
        held = self._shares.setdefault(key, {})
        holders = tuple((seat, person) for seat, person in holders if person)
        here = {seat for seat, _ in holders}
        for seat in [seat for seat in held if seat not in here]:
            held.pop(seat).wipe()  # whoever goes out takes their share along
        if len(holders) < known.threshold:
            absent = ", ".join(one.person for one in known.commitments if one.person not in dict(holders).values())
            facts = {"token": key[0], "absent": absent}
            raise Refusal("session.holders_missing", have=len(holders), need=known.threshold, **facts)
        while len(held) < known.threshold:
            for seat, person in holders:
                if seat in held or len(held) == known.threshold:
                    continue
                prompt = f"{person}, type {what}, or press Enter to pass"
                typed = self.face.secret(seat, prompt, f"share/{key[0]}/{key[1]}{which}")
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
