"""Split knowledge: a secret of 128 bits as SLIP-39 words, and the PIN that it stands for. Floor 3.

Spec: `spec/shares.md`. A set of shares is one SLIP-39 group without passphrase, so any SLIP-39 tool recovers the
secret. What the record keeps of it are salted commitments: they tell a wrong share from a right one before anything is
combined.

Words and secrets are `bytearray`s that their holder wipes. `_decoded` alone makes a `str` of a share's words, because
`shamir-mnemonic` takes nothing else; the octets that this library computes with are immutable too and stay in memory
until the process ends.
"""

from __future__ import annotations

import hashlib
import itertools
import math
from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from shamir_mnemonic import shamir, wordlist
from shamir_mnemonic.share import Share as Slip39Share
from shamir_mnemonic.utils import MnemonicError

from quorate.findings import Refusal

Random = Callable[[int], bytes]

SECRET_LENGTH = 16
"""Octets: 128 bits, the strength that a token's PIN hashing must not be needed for."""
SHARE_LENGTH = 20
"""Words of a share of such a secret (SLIP-39)."""
MOST_SHARES = 16
PIN_LENGTH = 2 * SECRET_LENGTH
SALT_LENGTH = 32

ITERATION_EXPONENT = 0
"""The stretching of SLIP-39 slows the guessing of a passphrase. There is none, and 128 random bits are not guessed."""
EXTENDABLE = False
"""Shares as SLIP-39 first had them, which tools from before the extendable flag read as well."""

SHARE_DOMAIN = b"quorate-share-v1\0"
SECRET_DOMAIN = b"quorate-secret-v1\0"

WORDS: tuple[bytes, ...] = tuple(word.encode() for word in wordlist.WORDLIST)
"""The 1024 words, sorted, each told apart by its first four letters."""


class Share:
    """One share: its canonical words (lower case, single spaces), its number from 1, and the id of its set."""

    __slots__ = ("index", "set_id", "threshold", "words")

    def __init__(self, words: bytearray, index: int, set_id: str, threshold: int) -> None:
        self.words, self.index, self.set_id, self.threshold = words, index, set_id, threshold

    def __repr__(self) -> str:
        return f"<share {self.index} of set {self.set_id}>"

    def wipe(self) -> None:
        self.words[:] = bytes(len(self.words))


@dataclass(frozen=True, slots=True)
class ShareSet:
    """What the record holds of a split secret. Salts and commitments are hexadecimal.

    `set_id` is SLIP-39's identifier, 15 bits as four digits. `commitments` are (share number, salt, commitment).
    """

    set_id: str
    threshold: int
    count: int
    commitments: tuple[tuple[int, str, str], ...]
    secret_salt: str
    secret_commitment: str


def draw(random: Random) -> bytearray:
    """A fresh secret of 16 octets."""
    return bytearray(random(SECRET_LENGTH))


def split(secret: bytearray, threshold: int, count: int, random: Random) -> tuple[Share, ...]:
    """Shares 1 to `count`, any `threshold` of which recover the secret; `share.threshold` if SLIP-39 has no such set.

    A threshold of 1 goes with a single share only.
    """
    if len(secret) != SECRET_LENGTH:
        raise ValueError("a secret has 16 octets")
    if not 1 <= threshold <= count <= MOST_SHARES or (threshold == 1 and count > 1):
        raise Refusal("share.threshold", threshold=threshold, count=count)
    identifier = int.from_bytes(random(2)) & 0x7FFF
    with _drawing_from(random):
        encrypted = shamir.EncryptedMasterSecret.from_master_secret(
            bytes(secret), b"", identifier, EXTENDABLE, ITERATION_EXPONENT
        )
        (group,) = shamir.split_ems(1, [(threshold, count)], encrypted)
    return tuple(_written(share) for share in group)


@contextmanager
def _drawing_from(random: Random) -> Iterator[None]:
    """`shamir-mnemonic` draws from a module variable: for one call, from `random`."""
    before = shamir.RANDOM_BYTES
    shamir.RANDOM_BYTES = random
    try:
        yield
    finally:
        shamir.RANDOM_BYTES = before


def _written(share: Slip39Share) -> Share:
    # single words are entries of the public list; only together, which happens in the bytearray, are they a secret
    return _share(share, [wordlist.WORD_INDEX_MAP[word] for word in share.words()])


def _share(share: Slip39Share, numbers: Sequence[int]) -> Share:
    words = bytearray(sum(len(WORDS[number]) + 1 for number in numbers) - 1)
    end = 0
    for number in numbers:
        if end:
            words[end : end + 1] = b" "
            end += 1
        words[end : end + len(WORDS[number])] = WORDS[number]
        end += len(WORDS[number])
    return Share(words, share.index + 1, f"{share.identifier:04x}", share.member_threshold)


def parse_words(typed: bytearray) -> Share:
    """The share of words as typed: any case and spacing, each word whole or shortened to four letters or more.

    `share.unknown_word` names the position and never the word; `share.wrong_length`; `share.checksum` for a wrong word
    or two that are swapped. `typed` is left for its owner to wipe.
    """
    lowered = typed.lower()
    pieces = lowered.split()
    try:
        numbers = [_number(piece, position) for position, piece in enumerate(pieces, 1)]
    finally:
        for scratch in (lowered, *pieces):
            scratch[:] = bytes(len(scratch))
    if len(numbers) != SHARE_LENGTH:
        raise Refusal("share.wrong_length", count=len(numbers), expected=SHARE_LENGTH)
    words = bytearray(b" ").join(WORDS[number] for number in numbers)
    try:
        return _share(_decoded(words), numbers)
    finally:
        words[:] = bytes(len(words))


def _number(piece: bytearray, position: int) -> int:
    number = bisect_left(WORDS, piece)
    if len(piece) < 4 or number == len(WORDS) or WORDS[number][: len(piece)] != piece:
        raise Refusal("share.unknown_word", position=position)
    return number


def _decoded(words: bytearray) -> Slip39Share:
    """What canonical words say, or `share.checksum`. The one function that makes a `str` of them: the library's only
    form. Neither the words nor the library's message, which quotes some of them, leave it."""
    try:
        return Slip39Share.from_mnemonic(words.decode("ascii"))
    except MnemonicError:
        pass
    raise Refusal("share.checksum")


# --- commitments


def commit(share: Share, salt: bytes) -> str:
    """SHA-256 over domain, salt and canonical words, hexadecimal."""
    return _committed(SHARE_DOMAIN, salt, share.words)


def commit_secret(secret: bytearray, salt: bytes) -> str:
    """SHA-256 over domain, salt and the secret's octets, hexadecimal."""
    return _committed(SECRET_DOMAIN, salt, secret)


def _committed(domain: bytes, salt: bytes, kept: bytearray) -> str:
    digest = hashlib.sha256(domain + salt)
    digest.update(kept)
    return digest.hexdigest()


def commit_set(shares: Sequence[Share], secret: bytearray, random: Random) -> ShareSet:
    """The commitments to all shares of one split, and to the secret, each under a salt of its own."""
    committed = []
    for share in shares:
        salt = random(SALT_LENGTH)
        committed.append((share.index, salt.hex(), commit(share, salt)))
    salt = random(SALT_LENGTH)
    first = shares[0]
    return ShareSet(
        first.set_id, first.threshold, len(shares), tuple(committed), salt.hex(), commit_secret(secret, salt)
    )


def check_share(share: Share, share_set: ShareSet) -> None:
    """That this is a share of this set: `share.other_set`, `share.not_in_set`, `share.commitment` otherwise."""
    if share.set_id != share_set.set_id:
        raise Refusal("share.other_set", found=share.set_id, expected=share_set.set_id)
    for index, salt, commitment in share_set.commitments:
        if index == share.index:
            if commit(share, bytes.fromhex(salt)) != commitment:
                raise Refusal("share.commitment", index=index, set=share_set.set_id)
            return
    raise Refusal("share.not_in_set", index=share.index, set=share_set.set_id)


# --- recovery


def combine(shares: Sequence[Share], share_set: ShareSet) -> bytearray:
    """The secret, from exactly `threshold` different shares of the set.

    Every share is checked first. `share.twice`, `share.too_few`, `share.too_many`; `share.secret_commitment` if what is
    recovered is not what was split.
    """
    for share in shares:
        check_share(share, share_set)
    indices = [share.index for share in shares]
    for index in indices:
        if indices.count(index) > 1:
            raise Refusal("share.twice", index=index)
    have, need = len(shares), share_set.threshold
    if have != need:
        raise Refusal("share.too_few" if have < need else "share.too_many", have=have, need=need)
    try:
        secret = bytearray(_recovered([_decoded(share.words) for share in shares]).decrypt(b""))
    except MnemonicError:
        secret = bytearray()
    if commit_secret(secret, bytes.fromhex(share_set.secret_salt)) != share_set.secret_commitment:
        raise Refusal("share.secret_commitment", set=share_set.set_id)
    return secret


def prove_subsets(shares: Sequence[Share], secret: bytearray, threshold: int) -> int:
    """How many subsets of `threshold` shares there are, each having recovered the secret; else `share.subset`.

    The encrypted secret is recovered from every subset and compared; it is decrypted once, being the same each time.
    """
    decoded = [_decoded(share.words) for share in shares]
    expected = shamir.EncryptedMasterSecret.from_master_secret(
        bytes(secret), b"", decoded[0].identifier, EXTENDABLE, ITERATION_EXPONENT
    )
    for subset in itertools.combinations(decoded, threshold):
        try:
            if _recovered(subset) == expected:
                continue
        except MnemonicError:
            pass
        raise Refusal("share.subset", indices=", ".join(str(share.index + 1) for share in subset))
    return math.comb(len(shares), threshold)


def _recovered(shares: Sequence[Slip39Share]) -> shamir.EncryptedMasterSecret:
    """MnemonicError if these are not exactly a quorum of one set."""
    group = shamir.ShareGroup()
    for share in shares:
        group.add(share)
    return shamir.recover_ems({0: group})


# --- the PIN


def pin_of(secret: bytearray) -> bytearray:
    """The PIN that a secret stands for: its octets as 32 lower-case hexadecimal digits, in ASCII."""
    pin = bytearray(2 * len(secret))
    for position, octet in enumerate(secret):
        pin[2 * position] = b"0123456789abcdef"[octet >> 4]
        pin[2 * position + 1] = b"0123456789abcdef"[octet & 15]
    return pin


def check_pin_fits(serial: str, pin_length: tuple[int, int]) -> None:
    """That the token `serial` takes the PIN of a split secret: `token.pin_length` otherwise."""
    least, most = pin_length
    if not least <= PIN_LENGTH <= most:
        raise Refusal("token.pin_length", serial=serial, least=least, most=most, length=PIN_LENGTH)
