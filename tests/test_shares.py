"""Splitting a secret, typing it in again, and everything that can be wrong with a card."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from itertools import combinations
from pathlib import Path

import pytest
import shamir_mnemonic
from hypothesis import given, settings
from hypothesis import strategies as st

from quorate.findings import Refusal
from quorate.host import SteppedHost
from quorate.shares import (
    WORDS,
    Share,
    ShareSet,
    check_pin_fits,
    check_share,
    combine,
    commit,
    commit_secret,
    commit_set,
    draw,
    parse_words,
    pin_of,
    prove_subsets,
    split,
)

SECRET = bytes.fromhex("000102030405060708090a0b0c0d0e0f")
PUBLISHED = (
    "shadow pistol academic always adequate wildlife fancy gross oasis cylinder "
    "mustang wrist rescue view short owner flip making coding armed",
    "shadow pistol academic acid actress prayer class unknown daughter sweater "
    "depict flip twice unkind craft early superior advocate guest smoking",
)
"""Two shares of a 2-of-3 set among the test vectors of SLIP-39."""
MOMENT = datetime(2027, 1, 12, 9, 0, tzinfo=UTC)
SPECIFICATION = Path(__file__).parent.parent / "spec/shares.md"
SHARES = split(bytearray(SECRET), 2, 3, SteppedHost(MOMENT, b"tests").random)


@contextmanager
def refused(code: str, **facts: str) -> Iterator[None]:
    with pytest.raises(Refusal) as caught:
        yield
    assert caught.value.code == code, str(caught.value)
    assert facts.items() <= dict(caught.value.findings[0].facts).items()


def dealt(threshold: int = 2, count: int = 3) -> tuple[tuple[Share, ...], ShareSet]:
    shares = split(bytearray(SECRET), threshold, count, os.urandom)
    return shares, commit_set(shares, bytearray(SECRET), os.urandom)


def listed(share: Share) -> list[bytes]:
    return bytes(share.words).split()


def joined(words: list[bytes]) -> bytearray:
    return bytearray(b" ".join(words))


# --- splitting


@pytest.mark.parametrize(("threshold", "count"), [(1, 1), (2, 2), (2, 3), (3, 5), (5, 9), (16, 16)])
def test_any_slip39_tool_recovers_the_secret(threshold: int, count: int) -> None:
    shares = split(bytearray(SECRET), threshold, count, os.urandom)
    assert [share.index for share in shares] == list(range(1, count + 1))
    chosen = [share.words.decode() for share in shares[-threshold:]]
    assert shamir_mnemonic.combine_mnemonics(chosen) == SECRET


@pytest.mark.parametrize(("threshold", "count"), [(0, 3), (1, 2), (4, 3), (2, 17), (-1, -1), (0, 0)])
def test_a_set_that_slip39_has_no_place_for_is_refused(threshold: int, count: int) -> None:
    with refused("share.threshold"):
        split(bytearray(SECRET), threshold, count, os.urandom)


def test_all_randomness_comes_from_where_the_caller_says() -> None:
    def once() -> list[bytes]:
        host = SteppedHost(MOMENT, b"seed")
        return [bytes(share.words) for share in split(draw(host.random), 3, 5, host.random)]

    before = shamir_mnemonic.shamir.RANDOM_BYTES
    assert once() == once()
    assert shamir_mnemonic.shamir.RANDOM_BYTES is before


def test_the_library_draws_for_itself_again_after_a_failure() -> None:
    calls = iter([b"\x00\x00"])
    before = shamir_mnemonic.shamir.RANDOM_BYTES
    with pytest.raises(StopIteration):
        split(bytearray(SECRET), 2, 3, lambda _: next(calls))
    assert shamir_mnemonic.shamir.RANDOM_BYTES is before


def test_the_set_id_is_the_identifier_that_the_words_carry() -> None:
    share = split(bytearray(SECRET), 2, 3, os.urandom)[0]
    decoded = shamir_mnemonic.Share.from_mnemonic(share.words.decode())
    assert share.set_id == f"{decoded.identifier:04x}"
    assert (decoded.group_count, decoded.extendable, decoded.iteration_exponent) == (1, False, 0)


def test_a_share_shows_no_word_and_can_be_wiped() -> None:
    share = split(bytearray(SECRET), 2, 3, os.urandom)[0]
    assert repr(share) == str(share) == f"<share 1 of set {share.set_id}>"
    held, length = share.words, len(share.words)
    share.wipe()
    assert held == bytes(length)


# --- typing


@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_a_share_is_read_however_it_is_spaced_capitalised_and_shortened(data: st.DataObject) -> None:
    share = SHARES[data.draw(st.integers(0, 2))]
    typed = bytearray(data.draw(st.sampled_from([b"", b" ", b"\t"])))
    for word in listed(share):
        part = word[: data.draw(st.integers(4, 8))]
        typed += part.upper() if data.draw(st.booleans()) else part
        typed += data.draw(st.sampled_from([b" ", b"  ", b"\n", b"\t ", b"\r\n"]))
    before = bytes(typed)
    read = parse_words(typed)
    assert (read.words, read.index, read.set_id) == (share.words, share.index, share.set_id)
    assert typed == before


def test_four_letters_tell_every_word_apart() -> None:
    assert len(WORDS) == len({word[:4] for word in WORDS}) == 1024
    assert list(WORDS) == sorted(WORDS)


@pytest.mark.parametrize("wrong", [b"xyzzy", b"aca", b"academical", b"zzzz", b"\xc3\xa4cid", b"a", b"1", b"acid,"])
@pytest.mark.parametrize("position", [1, 7, 20])
def test_a_word_that_is_none_is_named_by_its_position_only(wrong: bytes, position: int) -> None:
    words = listed(SHARES[0])
    words[position - 1] = wrong
    with pytest.raises(Refusal) as caught:
        parse_words(joined(words))
    assert caught.value.code == "share.unknown_word"
    assert caught.value.findings[0].facts == (("position", str(position)),)


@pytest.mark.parametrize("count", [0, 1, 19, 21, 33, 40])
def test_a_word_left_out_or_too_many_is_counted(count: int) -> None:
    words = (listed(SHARES[0]) * 2)[:count]
    with refused("share.wrong_length", count=str(count), expected="20"):
        parse_words(joined(words))


@settings(max_examples=60, deadline=None)
@given(position=st.integers(0, 19), other=st.sampled_from(WORDS))
def test_one_wrong_word_never_passes(position: int, other: bytes) -> None:
    words = listed(SHARES[0])
    if words[position] != other:
        words[position] = other
        with refused("share.checksum"):
            parse_words(joined(words))


def test_two_swapped_words_never_pass() -> None:
    for first, second in combinations(range(20), 2):
        words = listed(SHARES[0])
        if words[first] != words[second]:
            words[first], words[second] = words[second], words[first]
            with refused("share.checksum"):
                parse_words(joined(words))


def test_a_refused_share_keeps_its_words_to_itself() -> None:
    words = listed(SHARES[0])
    words[0], words[1] = words[1], words[0]
    with pytest.raises(Refusal) as caught:
        parse_words(joined(words))
    error: BaseException | None = caught.value
    assert error is not None
    assert error.__context__ is None
    assert not [word for word in words if word.decode() in str(error).split()]


# --- whose share


def test_a_share_of_another_set_is_named() -> None:
    shares, share_set = dealt()
    stranger = parse_words(bytearray(PUBLISHED[0].encode()))
    assert stranger.set_id != share_set.set_id
    with refused("share.other_set", found=stranger.set_id, expected=share_set.set_id):
        check_share(stranger, share_set)
    for share in shares:
        check_share(share, share_set)


def forged(share: Share, **fields: object) -> Share:
    """A well-formed share, checksum and all, that differs from `share` in some fields."""
    decoded = shamir_mnemonic.Share.from_mnemonic(share.words.decode())
    return parse_words(bytearray(replace(decoded, **fields).mnemonic().encode()))


def test_a_wrong_share_with_a_right_checksum_is_caught_by_its_commitment() -> None:
    shares, share_set = dealt()
    with refused("share.commitment", index="1", set=share_set.set_id):
        check_share(forged(shares[0], value=b"another value 16"), share_set)
    with refused("share.commitment", index="2"):
        check_share(forged(shares[0], index=1), share_set)
    with refused("share.commitment", index="1"):
        combine([forged(shares[0], member_threshold=1)], share_set)


def test_a_share_that_was_never_dealt_is_not_in_the_set() -> None:
    shares, share_set = dealt()
    with refused("share.not_in_set", index="4"):
        check_share(forged(shares[0], index=3), share_set)


def test_commitments_are_sha256_over_domain_salt_and_what_is_committed_to() -> None:
    share, salt = SHARES[0], bytes(range(32))
    assert commit(share, salt) == hashlib.sha256(b"quorate-share-v1\0" + salt + bytes(share.words)).hexdigest()
    assert commit_secret(bytearray(SECRET), salt) == hashlib.sha256(b"quorate-secret-v1\0" + salt + SECRET).hexdigest()


def test_every_share_has_a_salt_of_its_own() -> None:
    _, share_set = dealt(3, 5)
    salts = [salt for _, salt, _ in share_set.commitments] + [share_set.secret_salt]
    assert len(set(salts)) == 6
    assert {len(salt) for salt in salts} == {64}
    assert (share_set.threshold, share_set.count) == (3, 5)


# --- recovery


@settings(max_examples=25, deadline=None)
@given(secret=st.binary(min_size=16, max_size=16), data=st.data())
def test_every_quorum_recovers_in_any_order_and_no_fewer(secret: bytes, data: st.DataObject) -> None:
    count = data.draw(st.integers(2, 7))
    threshold = data.draw(st.integers(2, count))
    shares = split(bytearray(secret), threshold, count, os.urandom)
    share_set = commit_set(shares, bytearray(secret), os.urandom)
    chosen = data.draw(st.permutations(shares))[:threshold]
    assert combine([parse_words(share.words) for share in chosen], share_set) == secret
    with refused("share.too_few", have=str(threshold - 1), need=str(threshold)):
        combine(chosen[1:], share_set)


def test_a_share_counts_once() -> None:
    shares, share_set = dealt()
    with refused("share.twice", index="2"):
        combine([shares[1], parse_words(shares[1].words)], share_set)


def test_more_shares_than_needed_are_refused() -> None:
    shares, share_set = dealt()
    with refused("share.too_many", have="3", need="2"):
        combine(shares, share_set)


def test_a_secret_other_than_the_one_that_was_split_is_refused() -> None:
    shares, share_set = dealt()
    wrong = replace(share_set, secret_commitment=commit_secret(bytearray(16), bytes.fromhex(share_set.secret_salt)))
    with refused("share.secret_commitment"):
        combine(shares[:2], wrong)


def test_every_subset_is_proved() -> None:
    shares, _ = dealt(3, 7)
    assert prove_subsets(shares, bytearray(SECRET), 3) == 35


def test_a_subset_that_recovers_something_else_is_named() -> None:
    shares, _ = dealt(2, 4)
    with refused("share.subset", indices="1, 2"):
        prove_subsets(shares, bytearray(16), 2)
    broken = [*shares[:3], forged(shares[3], value=b"another value 16")]
    with refused("share.subset", indices="1, 4"):
        prove_subsets(broken, bytearray(SECRET), 2)


# --- the PIN


def test_the_pin_is_the_secret_in_lower_case_hexadecimal() -> None:
    assert pin_of(bytearray(SECRET)) == b"000102030405060708090a0b0c0d0e0f"
    assert pin_of(bytearray(b"\xff" * 16)) == b"f" * 32


def test_a_token_that_takes_no_pin_of_32_is_refused() -> None:
    check_pin_fits("S-1", (4, 255))
    check_pin_fits("S-1", (32, 32))
    for length in ((4, 8), (33, 64)):
        with refused("token.pin_length", length="32"):
            check_pin_fits("S-1", length)


def test_the_worked_example_of_the_specification_holds() -> None:
    host = SteppedHost(MOMENT, b"spec/shares.md")
    secret = draw(host.random)
    shares = split(secret, 2, 3, host.random)
    share_set = commit_set(shares, secret, host.random)
    text = " ".join(SPECIFICATION.read_text().split())
    for part in (secret.hex(), pin_of(secret).decode(), share_set.set_id, share_set.secret_commitment):
        assert part in text
    for share, (_, salt, commitment) in zip(shares, share_set.commitments, strict=True):
        assert share.words.decode() in text
        assert salt in text
        assert commitment in text


def test_the_published_vectors_are_read() -> None:
    shares = [parse_words(bytearray(words.encode())) for words in PUBLISHED]
    assert len({share.set_id for share in shares}) == 1
    assert sorted(share.threshold for share in shares) == [2, 2]
