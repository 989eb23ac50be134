"""Drafts are exactly what is signed, validate never, and become what openssl accepts."""

from __future__ import annotations

import contextlib
import subprocess
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat import asn1
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import x25519
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

import quorate.x509
from issuing import (
    NOW,
    changed,
    crl_fields,
    cross_fields,
    drafted,
    issued,
    issuer,
    key,
    name,
    root_fields,
    sign,
    spki,
    spki_of,
    subordinate_fields,
    tlv,
)
from quorate.algorithms import SignatureAlgorithm
from quorate.findings import Refusal
from quorate.keys import KeyType, Spki
from quorate.plan import Subject
from quorate.x509.crl import Revoked, crl_entries
from quorate.x509.csr import read_certificate, read_crl, read_csr, verify_issued
from quorate.x509.fields import CrlEntry, not_after, subject_ski
from quorate.x509.finish import finish, finish_tbs
from quorate.x509.name import encode_name, load_name, name_text
from quorate.x509.profile import SHIPPED, load_profile, parse_profile
from quorate.x509.stand_in import stand_in_for
from quorate.x509.structure import Envelope, TbsCertificate, decode, encode
from quorate.x509.template import OPEN_CERTIFICATE, OPEN_CRL, open_difference, require_only, stand_in_issuer

ALL = (root_fields, subordinate_fields, cross_fields, crl_fields)
ECDSA_SHA256, ECDSA_SHA384 = SignatureAlgorithm.ECDSA_SHA256, SignatureAlgorithm.ECDSA_SHA384
EVERY_TYPE = pytest.mark.parametrize("key_type", list(KeyType))


def openssl(*arguments: str | Path) -> str:
    done = subprocess.run(["openssl", *map(str, arguments)], capture_output=True, text=True, check=False)
    return done.stdout + done.stderr + ("" if done.returncode == 0 else " failed")


def pem(der: bytes, label: str) -> bytes:
    if label == "X509 CRL":
        return x509.load_der_x509_crl(der).public_bytes(serialization.Encoding.PEM)
    return x509.load_der_x509_certificate(der).public_bytes(serialization.Encoding.PEM)


@contextlib.contextmanager
def refusal(code: str) -> Iterator[None]:
    with pytest.raises(Refusal) as caught:
        yield
    assert caught.value.code == code


# finished objects


def known_to_openssl() -> list[KeyType]:
    """ML-DSA came with OpenSSL 3.5."""
    ml_dsa = "ML-DSA-44" in openssl("list", "-public-key-algorithms")
    return [key_type for key_type in KeyType if ml_dsa or not key_type.startswith("ml-dsa-")]


@EVERY_TYPE
def test_the_finished_hierarchy_verifies_by_the_library_itself(key_type: KeyType) -> None:
    root = x509.load_der_x509_certificate(issued(root_fields(key_type), key_type))
    root.verify_directly_issued_by(root)
    for fields in (subordinate_fields(key_type), cross_fields(key_type)):
        x509.load_der_x509_certificate(issued(fields, key_type)).verify_directly_issued_by(root)
    crl = x509.load_der_x509_crl(issued(crl_fields(key_type), key_type))
    assert crl.is_signature_valid(root.public_key())


@pytest.mark.parametrize("key_type", known_to_openssl())
def test_openssl_accepts_the_finished_hierarchy(key_type: KeyType, tmp_path: Path) -> None:
    root = issued(root_fields(key_type), key_type)
    (tmp_path / "root.pem").write_bytes(pem(root, "CERTIFICATE"))
    at = str(int((NOW + timedelta(hours=1)).timestamp()))
    strict = ("verify", "-x509_strict", "-check_ss_sig", "-attime", at, "-CAfile", tmp_path / "root.pem")
    assert openssl(*strict, tmp_path / "root.pem").endswith("root.pem: OK\n")
    for what, fields in (("subordinate", subordinate_fields(key_type)), ("cross", cross_fields(key_type))):
        (tmp_path / what).write_bytes(pem(issued(fields, key_type), "CERTIFICATE"))
        assert openssl(*strict, tmp_path / what).endswith(": OK\n")
    crl = issued(crl_fields(key_type, entries=()), key_type)
    (tmp_path / "crl.der").write_bytes(crl)
    (tmp_path / "crl.pem").write_bytes(pem(crl, "X509 CRL"))
    answer = openssl("crl", "-inform", "DER", "-in", tmp_path / "crl.der", "-noout", "-CAfile", tmp_path / "root.pem")
    assert "verify OK" in answer
    checked = (*strict, "-crl_check", "-CRLfile", tmp_path / "crl.pem", tmp_path / "subordinate")
    assert openssl(*checked).endswith(": OK\n")


def test_openssl_sees_the_revocation(tmp_path: Path) -> None:
    (tmp_path / "root").write_bytes(pem(issued(root_fields()), "CERTIFICATE"))
    (tmp_path / "subordinate").write_bytes(pem(issued(subordinate_fields()), "CERTIFICATE"))
    (tmp_path / "crl").write_bytes(pem(issued(crl_fields()), "X509 CRL"))
    at = str(int((NOW + timedelta(hours=1)).timestamp()))
    options = ("-attime", at, "-crl_check", "-CAfile", tmp_path / "root", "-CRLfile", tmp_path / "crl")
    assert "certificate revoked" in openssl("verify", *options, tmp_path / "subordinate")


def test_openssl_accepts_no_draft(tmp_path: Path) -> None:
    draft = drafted(root_fields())
    (tmp_path / "draft").write_bytes(pem(draft.unsigned, "CERTIFICATE"))
    answer = openssl("verify", "-check_ss_sig", "-CAfile", tmp_path / "draft", tmp_path / "draft")
    assert answer.endswith(" failed")
    with refusal("x509.signature_invalid"):
        verify_issued(read_certificate(draft.unsigned), draft.issuer_spki)


@pytest.mark.parametrize("make", ALL)
def test_the_final_object_holds_the_drafted_bytes(make: type) -> None:
    draft = drafted(make())
    der = finish(draft, sign(KeyType.P384, draft.tbs))
    facts = read_crl(der) if draft.kind == "crl" else read_certificate(der)
    assert facts.tbs == draft.tbs
    verify_issued(facts, draft.issuer_spki)
    assert draft.digest.startswith("sha256:")
    assert len(draft.digest) == 71


@pytest.mark.parametrize("make", ALL)
def test_a_draft_is_the_same_every_time(make: type) -> None:
    assert drafted(make()) == drafted(make())


@pytest.mark.parametrize("algorithm", list(SignatureAlgorithm))
def test_the_bytes_name_the_planned_algorithm_which_fits_the_key(algorithm: SignatureAlgorithm) -> None:
    fitting = next(one for one in (KeyType.RSA_3072, KeyType.P384, *KeyType) if algorithm.fits(one))
    other = next(one for one in KeyType if not algorithm.fits(one))
    for made in (root_fields, crl_fields):
        draft = drafted(made(fitting, algorithm=algorithm))
        der = finish(draft, sign(fitting, draft.tbs, algorithm=algorithm))
        facts = read_certificate(der) if made is root_fields else read_crl(der)
        assert facts.algorithm == facts.outer_algorithm == algorithm.identifier
        with refusal("x509.algorithm_unfit"):
            drafted(made(other, algorithm=algorithm))


def test_after_a_crash_the_stored_bytes_are_enough() -> None:
    draft = drafted(subordinate_fields())
    signature = sign(KeyType.P384, draft.tbs)
    again = finish_tbs("certificate", draft.tbs, draft.issuer_spki, ECDSA_SHA384, signature)
    assert again == finish(draft, signature)


def test_finishing_refuses_any_other_signature() -> None:
    draft = drafted(subordinate_fields())
    for signature in (b"", sign(KeyType.P384, draft.tbs + b"\0"), sign(KeyType.P384, draft.tbs, number=2)):
        with refusal("x509.signature_invalid"):
            finish(draft, signature)


def test_finishing_refuses_another_algorithm_or_other_bytes() -> None:
    draft = drafted(subordinate_fields())
    with refusal("x509.algorithm_differs"):
        finish_tbs("certificate", draft.tbs, spki(KeyType.P256), ECDSA_SHA256, sign(KeyType.P256, draft.tbs))
    with refusal("x509.encoding"):
        finish_tbs("crl", draft.tbs, draft.issuer_spki, ECDSA_SHA384, sign(KeyType.P384, draft.tbs))
    with refusal("x509.encoding"):
        finish_tbs("certificate", draft.tbs + b"\0", draft.issuer_spki, ECDSA_SHA384, b"")


# fields


def test_every_field_is_what_was_asked_for() -> None:
    fields = subordinate_fields()
    facts = read_certificate(drafted(fields).unsigned)
    assert (facts.version, facts.serial, facts.issuer) == (3, fields.serial, fields.issuer.name)
    assert (facts.subject, facts.spki, facts.ski, facts.aki) == (
        fields.subject,
        fields.spki,
        fields.ski,
        fields.issuer.ski,
    )
    assert (facts.is_ca, facts.path_length, facts.key_usage) == (True, 0, ("keyCertSign", "cRLSign"))
    assert facts.eku == ("1.3.6.1.5.5.7.3.1",)
    assert (facts.policies, facts.crl_urls, facts.ca_issuers_urls) == (
        fields.policies,
        (fields.crl_url,),
        (fields.ca_issuers_url,),
    )
    assert facts.validity == timedelta(days=1095)
    crl = read_crl(drafted(crl_fields()).unsigned)
    assert (crl.number, crl.this_update, crl.next_update) == (7, NOW, not_after(NOW, 365))
    assert crl.entries == crl_fields().entries
    assert crl.aki == crl_fields().issuer.ski


def test_the_last_second_counts() -> None:
    assert not_after(NOW, 1) - NOW == timedelta(seconds=86399)


def test_the_key_identifier_is_a_truncated_sha256() -> None:
    public = spki(KeyType.P256)
    digest = hashes.Hash(hashes.SHA256())
    digest.update(public[-65:])
    assert subject_ski(public) == digest.finalize()[:20]


def test_a_root_into_the_fifties_has_a_generalized_time() -> None:
    facts = read_certificate(drafted(root_fields(not_after=not_after(NOW, 9132))).unsigned)
    assert facts.late_times == (False, True)


@pytest.mark.parametrize(
    "changes",
    [
        {"serial": 0},
        {"serial": 2**159},
        {"not_before": NOW.replace(tzinfo=None)},
        {"not_before": NOW.replace(microsecond=1)},
        {"not_after": NOW - timedelta(days=1)},
        {"policies": ("no identifier",)},
        {"crl_url": "http://ü.example/"},
    ],
)
def test_fields_that_no_certificate_can_say_are_refused(changes: dict[str, object]) -> None:
    with refusal("x509.field_unusable"):
        drafted(subordinate_fields(**changes))


@pytest.mark.parametrize(
    "changes",
    [
        {"number": -1},
        {"number": 2**159},
        {"entries": (CrlEntry(5, NOW, ""), CrlEntry(5, NOW, ""))},
        {"entries": (CrlEntry(5, NOW, "boredom"),)},
        {"entries": (CrlEntry(5, NOW.replace(microsecond=5), ""),)},
        {"next_update": NOW - timedelta(seconds=1)},
    ],
)
def test_fields_that_no_crl_can_say_are_refused(changes: dict[str, object]) -> None:
    with refusal("x509.field_unusable"):
        drafted(crl_fields(**changes))


def test_a_long_crl_is_drafted_in_a_moment() -> None:
    entries = tuple(CrlEntry(serial, NOW, "superseded") for serial in range(1, 5001))
    assert len(read_crl(drafted(crl_fields(entries=entries)).unsigned).entries) == 5000


@pytest.mark.parametrize(
    ("make", "changes"),
    [
        (subordinate_fields, {"crl_url": ""}),
        (subordinate_fields, {"policies": ()}),
        (root_fields, {"ca_issuers_url": "http://ca.example/"}),
        (root_fields, {"profile": load_profile("webpki-crl")}),
        (crl_fields, {"profile": load_profile("webpki-root")}),
    ],
)
def test_a_profile_says_what_is_required(make: type, changes: dict[str, object]) -> None:
    with refusal("x509.profile_field"):
        drafted(make(**changes))


def test_a_foreign_name_keeps_its_bytes() -> None:
    common = x509.NameAttribute(x509.NameOID.COMMON_NAME, "Old", x509.name._ASN1Type.T61String)
    old = x509.Name([x509.NameAttribute(x509.NameOID.ORGANIZATION_NAME, "É", x509.name._ASN1Type.BMPString), common])
    fields = cross_fields(subject=old.public_bytes())
    assert read_certificate(drafted(fields).unsigned).subject == old.public_bytes()


def test_a_key_written_in_another_way_is_refused() -> None:
    key_octets = decode(Spki, spki(KeyType.RSA_2048)).key
    without_null = encode(Spki(algorithm=tlv(bytes.fromhex("300b06092a864886f70d010101")), key=key_octets))
    with refusal("x509.name_bytes_differ"):
        drafted(subordinate_fields(spki=without_null))


# names


def test_a_name_has_three_parts_in_order() -> None:
    der = name("Voorbeeld Root ✓")
    assert name_text(der) == "CN=Voorbeeld Root ✓,O=Stichting Voorbeeld,C=NL"
    tags = [one._type.name for one in load_name(der)]
    assert tags == ["PrintableString", "UTF8String", "UTF8String"]


@pytest.mark.parametrize(
    ("country", "organization", "common_name"),
    [
        ("NLD", "O", "C"),
        ("ÄÖ", "O", "C"),
        ("NL", "O", ""),
        ("NL", "O", "C" * 65),
        ("NL", "O", "C "),
        ("NL", "O\n", "C"),
        ("NL", "e\u0301", "C"),
        ("NL", "O", "a\u200bb"),
    ],
)
def test_unusable_names_are_refused(country: str, organization: str, common_name: str) -> None:
    """What the texts say of a name that can be written, without a country or in small letters, is for the rules."""
    with refusal("x509.name_unusable"):
        encode_name(Subject(country=country, organization=organization, common_name=common_name))


def test_what_is_no_name_is_refused() -> None:
    for der in (b"", b"\x02\x01\x00", name("Root") + b"\0"):
        with refusal("x509.encoding"):
            load_name(der)


# profiles


CLASSES = {
    "root": "root",
    "tls-subordinate": "subordinate",
    "subordinate": "subordinate",
    "external": "subordinate",
    "tls-constrained": "constrained",
    "constrained": "constrained",
    "non-tls": "non-tls",
    "cross": "cross",
    "cross-non-tls": "cross-non-tls",
    "ocsp-responder": "responder",
    "crl": "crl",
    "ocsp": "ocsp",
}


@pytest.mark.parametrize("shipped", SHIPPED)
def test_every_shipped_profile_loads(shipped: str) -> None:
    profile = load_profile(shipped)
    rules, _, what = shipped.partition("-")
    assert (profile.rules, profile.kind) == (rules, CLASSES[what])
    assert profile.place


def test_every_profile_that_lies_there_is_shipped() -> None:
    folder = Path(quorate.x509.__file__).parent / "profiles"
    assert {path.stem for path in folder.glob("*.toml")} == set(SHIPPED)


def test_an_unknown_profile_is_refused() -> None:
    with refusal("x509.profile_unknown"):
        load_profile("../webpki-root")


ROOT_TOML = """
format = "quorate-profile/1"
name = "ours"
class = "root"
rules = "private"
section = "7.1"
days = { least = 1, most = 100 }
authority-key-identifier = false
key-usage = ["keyCertSign"]
"""


def test_a_profile_of_ones_own_is_read() -> None:
    profile = parse_profile("ours", (ROOT_TOML + 'extended-key-usage = ["clientAuth", "1.2.3.4"]').encode())
    assert profile.purposes == ("1.3.6.1.5.5.7.3.2", "1.2.3.4")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("section", "colour"),
        ('"root"', '"leaf"'),
        ('"ours"', '"theirs"'),
        ("least = 1,", "least = 101,"),
        ('"keyCertSign"', '"keyCertSign", "decipherOnly"'),
        ('"keyCertSign"', '"cRLSign"'),
        ('"keyCertSign"', '"keyCertSign", "keyCertSign"'),
        ("key-usage", 'reasons = ["superseded"]\nkey-usage'),
        ("key-usage", 'extended-key-usage = ["1.02"]\nkey-usage'),
        ("key-usage", "path-length = -1\nkey-usage"),
        ('"root"', '"crl"'),
        ("most = 100", 'most = "100"'),
        ("=", "=="),
    ],
)
def test_a_profile_that_cannot_be_meant_is_refused(old: str, new: str) -> None:
    with refusal("x509.profile_invalid"):
        parse_profile("ours", ROOT_TOML.replace(old, new).encode())


# templates


def test_a_root_template_differs_in_its_open_fields_only() -> None:
    itself = stand_in_issuer(name("Voorbeeld Root 1"), KeyType.P384)
    template = drafted(root_fields(issuer=itself, spki=itself.spki, ski=itself.ski))
    real = drafted(root_fields())
    assert open_difference(template.tbs, real.tbs, "certificate") == ("spki", "ski", "aki")
    require_only(template.tbs, real.tbs, "certificate", OPEN_CERTIFICATE)
    with pytest.raises(Refusal, match=r"open fields: ski, aki$") as caught:
        require_only(template.tbs, real.tbs, "certificate", ("spki",))
    assert caught.value.code == "x509.template_differs"


def test_a_crl_template_leaves_its_time_open_but_not_its_length() -> None:
    stand_in = stand_in_issuer(name("Voorbeeld Root 1"), KeyType.P384)
    early = NOW - timedelta(days=20)
    template = drafted(crl_fields(issuer=stand_in, this_update=early, next_update=not_after(early, 365)))
    require_only(template.tbs, drafted(crl_fields()).tbs, "crl", OPEN_CRL)
    longer = drafted(crl_fields(next_update=not_after(NOW, 366)))
    with pytest.raises(Refusal, match=r"open fields: days$"):
        require_only(template.tbs, longer.tbs, "crl", OPEN_CRL)


@pytest.mark.parametrize(
    ("changes", "fields"),
    [
        ({}, ()),
        ({"serial": 2**140}, ("serial",)),
        ({"issuer": issuer(common_name="Voorbeeld Root 3")}, ("issuer",)),
        ({"subject": name("Voorbeeld TLS 2")}, ("subject",)),
        ({"not_before": NOW - timedelta(1)}, ("not-before",)),
        ({"not_after": not_after(NOW, 1096)}, ("not-after",)),
        ({"policies": ("2.23.140.1.2.2",)}, ("policies",)),
        ({"crl_url": "http://crl.voorbeeld.example/2"}, ("crl-url",)),
        ({"ca_issuers_url": "http://ca.voorbeeld.example/2"}, ("ca-issuers-url",)),
        ({"issuer": issuer(KeyType.P256, common_name="Voorbeeld Root 1")}, ("signature-algorithm", "aki")),
        ({"profile": load_profile("webpki-cross")}, ("basic-constraints",)),
    ],
)
def test_every_difference_has_a_name(changes: dict[str, object], fields: tuple[str, ...]) -> None:
    left, right = drafted(subordinate_fields()), drafted(subordinate_fields(**changes))
    assert open_difference(left.tbs, right.tbs, "certificate") == fields


@pytest.mark.parametrize(
    ("changes", "fields"),
    [({"number": 8}, ("number",)), ({"entries": ()}, ("entries",)), ({"this_update": NOW - timedelta(1)}, None)],
)
def test_every_difference_of_crls_has_a_name(changes: dict[str, object], fields: tuple[str, ...] | None) -> None:
    left, right = drafted(crl_fields()), drafted(crl_fields(**changes))
    assert open_difference(left.tbs, right.tbs, "crl") == (fields or ("this-update", "days"))


def test_another_order_of_extensions_is_a_difference() -> None:
    der = drafted(subordinate_fields()).unsigned
    tbs = read_certificate(der)
    extensions = decode(TbsCertificate, tbs.tbs).extensions or []
    turned = read_certificate(changed(der, extensions=extensions[::-1])).tbs
    assert open_difference(tbs.tbs, turned, "certificate") == ("extension-order",)
    doubled = read_certificate_tbs(changed(der, extensions=[*extensions, extensions[0]]))
    assert open_difference(tbs.tbs, doubled, "certificate") == ("basic-constraints-again",)


def read_certificate_tbs(der: bytes) -> bytes:
    return encode(decode(Envelope, der).tbs)


# what comes from outside


def request(key_type: KeyType = KeyType.P256) -> x509.CertificateSigningRequest:
    builder = x509.CertificateSigningRequestBuilder(load_name(name("Voorbeeld TLS 1")))
    builder = builder.add_extension(x509.BasicConstraints(True, 3), critical=True)
    return builder.sign(key(key_type, 1), hashes.SHA256())


def test_a_request_is_read_from_pem_and_der() -> None:
    der = request().public_bytes(serialization.Encoding.DER)
    read = read_csr(der)
    assert (read.subject, read.spki, read.der) == (name("Voorbeeld TLS 1"), spki(KeyType.P256, 1), der)
    request_pem = request().public_bytes(serialization.Encoding.PEM)
    assert read_csr(request_pem).spki == read.spki
    for bad in (request_pem * 2, b"junk" + request_pem, request_pem.replace(b"REQUEST", b"WISH"), b"", b"MIIB"):
        with refusal("x509.not_one_object"):
            read_csr(bad)
    with refusal("x509.encoding"):
        read_csr(der + b"\0")


def test_a_request_that_does_not_prove_its_key_is_refused() -> None:
    der = bytearray(request(KeyType.RSA_2048).public_bytes(serialization.Encoding.DER))
    der[-1] ^= 1
    with refusal("csr.signature_invalid"):
        read_csr(bytes(der), "tls.csr")


def test_objects_are_read_strictly() -> None:
    der = issued(root_fields())
    assert read_certificate(pem(der, "CERTIFICATE")) == read_certificate(der)
    with refusal("x509.encoding"):
        read_certificate(der + b"\0")
    with refusal("x509.not_one_object"):
        read_crl(pem(der, "CERTIFICATE"))
    with refusal("x509.encoding"):
        read_crl(der)
    long_form = b"\x30\x83\x00" + der[2:4] + der[4:]
    with refusal("x509.encoding"):
        read_certificate(long_form)


def test_a_pem_block_that_is_not_base64_is_refused() -> None:
    with refusal("x509.not_one_object"):
        read_certificate(b"-----BEGIN CERTIFICATE-----\nAB=C\n-----END CERTIFICATE-----\n")


def test_a_doubled_extension_is_refused() -> None:
    der = drafted(root_fields()).unsigned
    extensions = decode(TbsCertificate, read_certificate(der).tbs).extensions or []
    with refusal("x509.encoding"):
        read_certificate(changed(der, extensions=[*extensions, extensions[0]]))


def test_two_different_algorithm_identifiers_verify_never() -> None:
    draft = drafted(root_fields())
    der = changed(draft.unsigned, outer=ECDSA_SHA256.identifier, signature=sign(KeyType.P384, draft.tbs))
    with refusal("x509.signature_invalid"):
        verify_issued(read_certificate(der), draft.issuer_spki)


# from one CRL to the next


def test_entries_are_carried_over_and_added() -> None:
    previous = read_crl(issued(crl_fields()))
    other = read_certificate(issued(subordinate_fields(serial=99)))
    entries = crl_entries(previous, (Revoked(other, NOW, "keyCompromise"),))
    assert entries == (*previous.entries, CrlEntry(99, NOW, "keyCompromise"))
    assert crl_entries(None, ()) == ()


def test_an_entry_goes_after_one_crl_beyond_its_validity() -> None:
    expired, key = read_certificate(issued(subordinate_fields())), issuer().spki
    within = read_crl(issued(crl_fields()))
    after = expired.not_after + timedelta(days=1)
    beyond = read_crl(issued(crl_fields(this_update=after, next_update=not_after(after, 365))))
    assert crl_entries(within, (), (expired,), key) == within.entries
    assert crl_entries(beyond, (), (expired,), key) == ()
    assert crl_entries(beyond, (), (), key) == beyond.entries
    namesake = issuer(number=1).spki
    assert crl_entries(beyond, (), (expired,), namesake) == beyond.entries
    (entry,) = beyond.entries
    again = Revoked(expired, entry.date, entry.reason)
    assert crl_entries(beyond, (again,), (expired,), key) == beyond.entries
    with pytest.raises(Refusal) as twice:
        crl_entries(within, (again,), (expired,), key)
    assert twice.value.code == "crl.entry_twice"


def test_revocations_that_cannot_be_are_all_reported() -> None:
    previous = read_crl(issued(crl_fields()))
    listed = read_certificate(issued(subordinate_fields()))
    stranger = read_certificate(issued(subordinate_fields(serial=5, issuer=issuer(common_name="Other"))))
    wrong = (
        Revoked(listed, NOW, "superseded"),
        Revoked(stranger, NOW, "superseded"),
    )
    with pytest.raises(Refusal) as caught:
        crl_entries(previous, wrong)
    assert {finding.code for finding in caught.value.findings} == {"crl.entry_twice", "crl.entry_of_another"}


@EVERY_TYPE
def test_a_stand_in_holds_no_key(key_type: KeyType) -> None:
    stand_in = stand_in_for(spki(key_type))
    assert (stand_in.sign(b"bytes"), stand_in.noted) == (b"", b"bytes")
    with pytest.raises(AssertionError):
        stand_in.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())


def test_there_is_a_stand_in_for_our_kinds_of_keys_only() -> None:
    for der in (spki_of(x25519.X25519PrivateKey.generate().public_key()), spki(KeyType.ED25519)[:-1]):
        with refusal("key.unreadable"):
            stand_in_for(der)


def test_a_signature_of_spare_bits_is_refused() -> None:
    der = drafted(root_fields()).unsigned
    opened = decode(Envelope, der)
    for octets, spare in ((b"\x10", 1), (b"\x80", 7)):
        signature = asn1.BitString(octets, spare)
        with refusal("x509.encoding"):
            read_certificate(encode(Envelope(tbs=opened.tbs, algorithm=opened.algorithm, signature=signature)))


@pytest.mark.parametrize("make", [root_fields, subordinate_fields, crl_fields])
def test_flipped_bits_are_refused_or_seen(make: type) -> None:
    """Whatever one flipped bit does to a finished object: it is refused, or its signature no longer holds."""
    draft = drafted(make())
    der = finish(draft, sign(KeyType.P384, draft.tbs))
    for place in range(len(der)):
        bad = bytearray(der)
        bad[place] ^= 1 << place % 8
        with pytest.raises(Refusal):
            verify_issued((read_crl if draft.kind == "crl" else read_certificate)(bytes(bad)), draft.issuer_spki)
