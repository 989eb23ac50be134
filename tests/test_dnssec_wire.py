"""Names, keys, tags, DS and RRSIGs against the RFCs' own examples, the root's key, and dnspython as a second judge."""

from __future__ import annotations

import base64
import sys
from datetime import UTC, datetime, timedelta
from typing import Any

import dns.dnssec
import dns.name
import dns.rdata
import dns.rdataset
import dns.rrset
import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from dns.rdtypes.dnskeybase import Flag
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from quorate.dnssec.dnskey import (
    KSK_FLAGS,
    PROTOCOL,
    REVOKED_FLAGS,
    ZSK_FLAGS,
    Algorithm,
    DigestType,
    Dnskey,
    dnskey_of,
    key_algorithm,
    revoked_tags,
    rsa_numbers,
    rsa_octets,
    spki_of,
)
from quorate.dnssec.name import label_count, name_text, shown, wire_labels, wire_name
from quorate.dnssec.rrsig import Rrsig, dnskey_rrsig, serial_moment, serial_seconds, signed_data
from quorate.dnssec.verify import rrsig_verifies, signature_verifies
from quorate.findings import Refusal

AT = datetime(2026, 10, 1, tzinfo=UTC)

KSK_2017 = (
    "AwEAAaz/tAm8yTn4Mfeh5eyI96WSVexTBAvkMgJzkKTOiW1vkIbzxeF3+/4RgWOq7HrxRixHlFlExOLAJr5emLvN7SWXgnLh4+B5xQlNVz8Og8kv"
    "ArMtNROxVQuCaSnIDdD5LKyWbRd2n9WGe2R8PzgCmr3EgVLrjyBxWezF0jLHwVN8efS3rCj/EWgvIWgb9tarpVUDK/b58Da+sqqls3eNbuv7pr+e"
    "oZG+SrDK6nWeL3c6H5Apxz7LjVc1uTIdsIXxuOLYA4/ilBmSVIzuDWfdRUfhHdY6+cn8HFRm+2hM8AnXGXws9555KrUB5qihylGa8subX2Nn6UwN"
    "R1AkUTV74bU="
)
# zone, flags, algorithm, key, tag, digest type, digest
KNOWN = {
    "the root's KSK of 2017": (
        (".", 257, 8, KSK_2017, 20326, 2),
        "e06d44b80b8f1d39a95c0b0d7c65d08458e880409bbc683457104237c7f8ec8d",
    ),
    "RFC 6605 6.1": (
        (
            "example.net.",
            257,
            13,
            "GojIhhXUN/u4v54ZQqGSnyhWJwaubCvTmeexv7bR6edbkrSqQpF64cYbcB7wNcP+e+MAnLr+Wi9xMWyQLc8NAA==",
            55648,
            2,
        ),
        "b4c8c1fe2e7477127b27115656ad6256f424625bf5c1e2770ce6d6e37df61d17",
    ),
    "RFC 6605 6.2": (
        (
            "example.net.",
            257,
            14,
            "xKYaNhWdGOfJ+nPrL8/arkwf2EY3MDJ+SErKivBVSum1w/egsXvSADtNJhyem5RCOpgQ6K8X1DRSEkrbYQ+OB+v8/uX45NBwY8rp65F6Glur8I/"
            "mlVNgF6W/qTI37m40",
            10771,
            4,
        ),
        "72d7b62976ce06438e9c0bf319013cf801f09ecc84b8d7e9495f27e305c6a9b0563a9b5f4d288405c3008a946df983d6",
    ),
    "RFC 8080 6.1": (
        ("example.com.", 257, 15, "l02Woi0iS8Aa25FQkUd9RMzZHJpBoRQwAQEX1SxZJA4=", 3613, 2),
        "3aa5ab37efce57f737fc1627013fee07bdf241bd10f3b1964ab55c78e79a304b",
    ),
    "RFC 8080 6.2": (
        (
            "example.com.",
            257,
            16,
            "3kgROaDjrh0H2iuixWBrc8g2EpBBLCdGzHmn+G2MpTPhpj/OiBVHHSfPodx1FYYUcJKm1MDpJtIA",
            9713,
            2,
        ),
        "6ccf18d5bc5d7fc2fceb1d59d17321402f2aa8d368048db93dd811f5cb2b19c7",
    ),
}


@pytest.mark.parametrize("name", KNOWN)
def test_known_keys_have_their_known_tag_and_digest(name: str) -> None:
    (zone, flags, algorithm, octets, tag, digest_type), digest = KNOWN[name]
    key = Dnskey(flags, 3, algorithm, base64.b64decode(octets))
    assert key.key_tag == tag
    assert key.ds(zone, DigestType(digest_type)).digest.hex() == digest
    theirs = dns.dnssec.make_ds(zone, their_key(key), "SHA256" if digest_type == 2 else "SHA384")
    assert (theirs.key_tag, theirs.digest.hex()) == (tag, digest)


def their_key(key: Dnskey) -> Any:
    return dns.rdata.from_wire("IN", "DNSKEY", key.rdata, 0, len(key.rdata))


def private_key(algorithm: Algorithm, bits: int = 1024) -> Any:
    match algorithm:
        case Algorithm.RSASHA256 | Algorithm.RSASHA512:
            return rsa.generate_private_key(65537, bits)
        case Algorithm.ECDSAP256SHA256:
            return ec.generate_private_key(ec.SECP256R1())
        case Algorithm.ECDSAP384SHA384:
            return ec.generate_private_key(ec.SECP384R1())
        case Algorithm.ED25519:
            return ed25519.Ed25519PrivateKey.generate()
        case Algorithm.ED448:
            return ed448.Ed448PrivateKey.generate()


def spki(private: Any) -> bytes:
    data: bytes = private.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return data


@pytest.mark.parametrize("zone", [".", "example.", "Kiez.Example.ORG."])
@pytest.mark.parametrize("algorithm", Algorithm, ids=lambda one: one.name)
def test_signatures_of_dnspython_verify_and_nothing_else_does(algorithm: Algorithm, zone: str) -> None:
    """Every algorithm, over an RRset in any order, with the revoked key too."""
    private, other = private_key(algorithm), private_key(algorithm)
    key, zsk = dnskey_of(spki(private), algorithm), dnskey_of(spki(other), algorithm, ZSK_FLAGS)
    keys = (zsk, key.revoked, key)
    theirs = dns.rrset.from_rdata_list(zone, 172800, [their_key(one) for one in keys])
    end = AT + timedelta(days=21)
    made = dns.dnssec.sign(
        theirs, private, dns.name.from_text(zone), their_key(key), inception=AT, expiration=end, verify=True
    )
    rrsig = replace(dnskey_rrsig(zone, key, 172800, AT, end), signature=made.signature)
    assert rrsig.rdata == made.to_digestable()
    assert signed_data(zone, rrsig, keys) == dns.dnssec._make_rrsig_signature_data(theirs, made)
    assert rrsig_verifies(zone, rrsig, reversed(keys), key)
    assert not rrsig_verifies(zone, rrsig, keys, zsk)
    assert not rrsig_verifies(zone, rrsig, keys[1:], key)
    assert not rrsig_verifies("other.", rrsig, keys, key)
    assert not rrsig_verifies(zone, replace(rrsig, expiration=end + timedelta(seconds=1)), keys, key)
    wrong = bytes([made.signature[0] ^ 1]) + made.signature[1:]
    for signature in (wrong, made.signature[:-1], made.signature + b"\0", b"\0" + made.signature, b""):
        assert not rrsig_verifies(zone, replace(rrsig, signature=signature), keys, key)


@pytest.mark.parametrize("algorithm", Algorithm, ids=lambda one: one.name)
def test_a_key_goes_from_its_spki_to_its_octets_and_back(algorithm: Algorithm) -> None:
    data = spki(private_key(algorithm))
    key = dnskey_of(data, algorithm)
    assert spki_of(key) == data
    assert key_algorithm(key) is algorithm
    assert key.flags == KSK_FLAGS
    for wrong in set(Algorithm) - {algorithm}:
        if not (algorithm.is_rsa and wrong.is_rsa):
            with pytest.raises(Refusal) as refusal:
                dnskey_of(data, wrong)
            assert refusal.value.code == "dnssec.key_unreadable"
        if not wrong.is_rsa:
            with pytest.raises(Refusal):
                spki_of(replace(key, algorithm=wrong, public_key=key.public_key[:-2]))


def test_the_revoked_key_has_another_tag_and_is_the_same_key() -> None:
    key = Dnskey(KSK_FLAGS, 3, 8, base64.b64decode(KSK_2017))
    assert key.revoked.flags == REVOKED_FLAGS
    assert key.revoked.is_revoked
    assert key.revoked.key_tag == dns.dnssec.key_id(their_key(key.revoked)) == 20326 + 128
    assert Flag.REVOKE in Flag(their_key(key.revoked).flags)
    assert key.revoked.same_key(key)
    assert key.revoked.unrevoked == key
    assert not key.same_key(replace(key, algorithm=10))


@given(st.binary(min_size=32, max_size=516), st.integers(0, 65535))
def test_the_tag_when_revoked_is_among_those_that_the_tag_allows(octets: bytes, wanted: int) -> None:
    """Also where the sum overflows: the last two octets bring the key to any tag that is wanted."""
    octets = octets[: len(octets) // 2 * 2]
    plain = Dnskey(KSK_FLAGS, PROTOCOL, 13, octets + bytes(2))
    key = Dnskey(KSK_FLAGS, PROTOCOL, 13, octets + ((wanted - plain.key_tag) % 65536).to_bytes(2, "big"))
    assert key.revoked.key_tag in revoked_tags(key.key_tag)


def test_near_the_ends_a_tag_allows_two_when_revoked() -> None:
    assert [len(revoked_tags(tag)) for tag in (0, 259, 260, 20326, 65407, 65408, 65535)] == [2, 2, 1, 1, 1, 2, 2]
    assert revoked_tags(65408) == (0, 1)


@pytest.mark.parametrize(
    ("octets", "exponent", "modulus", "canonical"),
    [
        ("0103" + "c5", 3, 0xC5, True),
        ("03010001" + "c5c5", 65537, 0xC5C5, True),
        ("0400010001" + "c5", 65537, 0xC5, False),
        ("03010001" + "00c5", 65537, 0xC5, False),
        ("0000" + "03010001" + "c5", 0x010001, 0xC5, False),
    ],
)
def test_rsa_octets_are_read_and_oddities_are_seen(octets: str, exponent: int, modulus: int, canonical: bool) -> None:
    numbers = rsa_numbers(bytes.fromhex(octets))
    assert numbers == (exponent, modulus, canonical)
    assert (rsa_octets(exponent, modulus) == bytes.fromhex(octets)) is canonical


@pytest.mark.parametrize("octets", ["", "00", "0000", "0001", "000001", "01", "0103", "0501000100", "00000003c5"])
def test_rsa_octets_that_are_no_key(octets: str) -> None:
    with pytest.raises(Refusal) as refusal:
        rsa_numbers(bytes.fromhex(octets))
    assert refusal.value.code == "dnssec.key_unreadable"


def test_a_long_exponent_has_its_length_in_three_octets() -> None:
    octets = rsa_octets((1 << 2050) + 1, 0xC5)
    assert octets[:3] == bytes.fromhex("000101")
    assert rsa_numbers(octets) == ((1 << 2050) + 1, 0xC5, True)


@pytest.mark.parametrize("algorithm", [1, 3, 5, 7, 12, 253])
def test_an_algorithm_that_nobody_here_signs_with_verifies_nothing(algorithm: int) -> None:
    key = Dnskey(ZSK_FLAGS, 3, algorithm, base64.b64decode(KSK_2017))
    rrsig = replace(dnskey_rrsig(".", key, 0, AT, AT), signature=b"\0" * 256)
    assert not rrsig_verifies(".", rrsig, [key], key)
    with pytest.raises(Refusal):
        signature_verifies(key, b"", b"")


def test_a_huge_exponent_costs_no_time() -> None:
    key = Dnskey(ZSK_FLAGS, 3, 8, rsa_octets((1 << 4000) + 1, (1 << 4095) + 1))
    assert not signature_verifies(key, b"", b"\1" * 512)


@pytest.mark.parametrize("algorithm", [Algorithm.RSASHA256, Algorithm.RSASHA512])
def test_an_rsa_signature_is_judged_alike_with_and_without_cryptography(
    algorithm: Algorithm, monkeypatch: pytest.MonkeyPatch
) -> None:
    private = rsa.generate_private_key(65537, 1536)
    digest = hashes.SHA256() if algorithm is Algorithm.RSASHA256 else hashes.SHA512()
    numbers = private.public_key().public_numbers()
    key = Dnskey(ZSK_FLAGS, 3, algorithm, rsa_octets(numbers.e, numbers.n))
    even = replace(key, public_key=rsa_octets(numbers.e, numbers.n - 1))
    good, pss = (
        private.sign(b"data", scheme, digest)
        for scheme in (padding.PKCS1v15(), padding.PSS(padding.MGF1(digest), digest.digest_size))
    )
    beyond = (int.from_bytes(good, "big") + numbers.n).to_bytes(193, "big")
    signatures = (good, pss, good[:-1] + bytes([good[-1] ^ 1]), good[1:], b"\0" + good, beyond, b"", bytes(192))
    cases = [(one, data, made) for one in (key, even) for data in (b"data", b"date") for made in signatures]

    def verdicts() -> list[bool]:
        signature_verifies.cache_clear()
        return [signature_verifies(*case) for case in cases]

    with_it = verdicts()
    monkeypatch.delitem(sys.modules, "cryptography")
    assert verdicts() == with_it == [True] + [False] * (len(cases) - 1)
    signature_verifies.cache_clear()


def test_a_point_off_its_curve_is_no_key() -> None:
    with pytest.raises(Refusal) as refusal:
        spki_of(Dnskey(KSK_FLAGS, 3, 13, b"\1" * 64))
    assert refusal.value.code == "dnssec.key_unreadable"


LABELS = st.lists(st.binary(min_size=1, max_size=20), max_size=6)


@given(LABELS)
def test_names_are_as_dnspython_has_them(labels: list[bytes]) -> None:
    theirs = dns.name.Name([*labels, b""])
    wire = wire_name(theirs.to_text())
    assert wire == theirs.to_digestable()
    assert wire_name(name_text(wire)) == wire
    assert wire_labels(wire) == tuple(label.lower() for label in labels)


@pytest.mark.parametrize(
    ("text", "wire", "labels"),
    [
        (".", "00", 0),
        ("example", "076578616d706c6500", 1),
        ("eXample.", "076578616d706c6500", 1),
        ("*.a.", "012a016100", 1),
        (r"a\.b.", "03612e6200", 1),
        (r"\046.", "012e00", 1),
    ],
)
def test_names_in_wire_form(text: str, wire: str, labels: int) -> None:
    assert wire_name(text).hex() == wire
    assert label_count(wire_name(text)) == labels


@pytest.mark.parametrize(
    "text", ["", "..", ".a", "a..b", "a b", "ä.", "\\256.", "a" * 64, "a\n", "\\", ".".join(["a" * 63] * 4)]
)
def test_what_is_no_name(text: str) -> None:
    with pytest.raises(Refusal) as refusal:
        wire_name(text)
    assert refusal.value.code == "dnssec.name_unusable"


@pytest.mark.parametrize(
    "wire", ["", "01", "0161", "01610000", "40" + "61" * 64 + "00", "c000", ("01" + "61") * 128 + "00"]
)
def test_what_is_no_name_in_wire_form(wire: str) -> None:
    with pytest.raises(Refusal):
        name_text(bytes.fromhex(wire))


def test_foreign_text_is_shown_without_markup() -> None:
    assert shown("<a href='x'>\x1b[1m&") == "?a href=?x??\\x1b[1m?".replace("\\x1b", "?")
    assert shown("ü") == "\\xfc"
    assert len(shown("x" * 100)) == 60


def test_times_beyond_2106_keep_their_thirty_two_bits() -> None:
    late = datetime(2110, 1, 1, tzinfo=UTC)
    assert serial_seconds(late) < 2**32
    assert serial_moment(serial_seconds(late), late - timedelta(days=900)) == late
    assert serial_moment(serial_seconds(AT), AT + timedelta(days=900)) == AT


def test_fewer_labels_sign_for_a_wildcard() -> None:
    key = Dnskey(KSK_FLAGS, 3, 8, base64.b64decode(KSK_2017))
    rrsig = Rrsig(48, 8, 1, 60, AT, AT, 1, "example.")
    assert wire_name("*.example.") in signed_data("a.example.", rrsig, [key])
