"""Certificates that are bad beside others: issuers, keys, cross-certificates. And bytes that are no certificate."""

from __future__ import annotations

from datetime import UTC, datetime

from cryptography import x509

from issuing import changed, tlv
from quorate.x509.fields import not_after
from x509_cases_fields import ROOT, raw, with_raw
from x509_world import (
    DAY,
    NOW,
    ROOT_1,
    ROOT_2,
    SECOND,
    Case,
    altered,
    cross,
    draft,
    extended,
    issuer,
    name,
    of_world,
    public,
    root,
    sign,
    sub,
)

OURS = {"profile": "webpki-cross", "existing": "root-2"}
ENTITY = issuer(11, "Sub 1", 256)
SPRING = datetime(2024, 5, 1, 9, tzinfo=UTC)
IN_2024 = {"not_before": SPRING, "not_after": not_after(SPRING, 1000)}


def relations() -> list[Case]:
    return [
        Case("issuer-name-of-another", "another name than the issuer's", "cert.issuer_name",
             draft(sub(issuer(1, "Root 7")))),
        Case("issuer-is-itself", "a subordinate with the issuer's own key", "cert.issuer_missing",
             draft(sub(spki=ROOT_1.spki, ski=ROOT_1.ski)), also=("cert.key_reused",), known=("root-1",)),
        Case("issuer-is-no-ca", "an issuer that is no CA", "cert.issuer_not_ca",
             draft(sub(ENTITY, serial=2**135, spki=public(15, 256), subject=name("Sub 9"))), issuer="end-entity"),
        Case("root-and-key-of-another-root", "another root's name and key as a subordinate", "cert.key_reused",
             draft(sub(subject=ROOT_2.name, spki=ROOT_2.spki, ski=ROOT_2.ski)), known=("root-2",)),
        Case("key-reused", "a key that has a certificate under another name", "cert.key_reused",
             draft(sub(serial=2**135, subject=name("Sub 9"))), known=("sub-1",)),
        Case("root-key-reused", "a root with the key of another root", "cert.key_reused",
             draft(root(issuer(2, "Root 9"), serial=2**135)), known=("root-2",), **ROOT),
        Case("key-type-not-committed", "a key type that the CP/CPS does not commit to", "cert.key_committed",
             draft(sub()), commitments={"key_types": ("rsa-4096",)}),
        Case("root-p256", "a root with a P-256 key, too weak for Apple", "cert.root_key",
             draft(root(issuer(5, "Root P256", 256))), **ROOT),
        Case("signature-of-another-key", "a signature by another key", "x509.signature_invalid",
             changed(draft(root()), signature=sign(2, b"these bytes")), **ROOT),
        Case("signature-over-other-bytes", "a signature by the right key over other bytes", "x509.signature_invalid",
             changed(draft(sub()), signature=sign(1, b"other bytes"))),
        Case("profile-of-private-rules", "a profile that is made for other rules", "x509.profile_rules",
             draft(root()), profile="private-root", issuer=""),
    ]  # fmt: skip


def crosses() -> list[Case]:
    old = datetime(2020, 1, 1, tzinfo=UTC)
    return [
        Case("cross-wrong-key", "a cross-certificate with another key than the existing one's", "cert.cross_key",
             draft(cross(spki=public(41, 256))), also=("cert.ski_key",), **OURS),
        Case("cross-wrong-subject", "a cross-certificate with another subject", "cert.cross_subject",
             draft(cross(subject=name("Root 22"))), **OURS),
        Case("cross-wrong-ski", "a cross-certificate whose key identifier was computed anew", "cert.cross_ski",
             draft(cross(ski=bytes(20))), also=("cert.ski_key",), **OURS),
        Case("cross-nothing-existing", "a cross-certificate of nothing", "cert.cross_missing", draft(cross()),
             profile="webpki-cross"),
        Case("cross-existing-no-ca", "a cross-certificate of what is no CA", "cert.cross_no_ca", draft(cross(ENTITY)),
             profile="webpki-cross", existing="end-entity",
             also=("cert.cross_existing",)),
        Case("cross-existing-broke-its-rules", "a cross-certificate of a root that was issued too short",
             "cert.cross_existing", draft(cross()), profile="webpki-cross", existing="root-2-short"),
        Case("cross-outlives-existing", "a cross-certificate that lives longer than what it repeats",
             "cert.cross_expired", draft(cross(not_after=not_after(NOW, 1000))), profile="webpki-cross",
             existing="root-2-2020"),
        Case("cross-older-than-existing", "a cross-certificate that is older than what it repeats",
             "cert.not_before_cross", draft(cross(not_before=old - SECOND, not_after=NOW + 500 * DAY)),
             profile="webpki-cross", existing="root-2-2020"),
        Case("cross-dated-back", "a cross-certificate dated back by a day and a second", "cert.not_before_cross",
             draft(cross(not_before=NOW - DAY - SECOND, not_after=not_after(NOW, 1000))), **OURS),
        Case("cross-path-length", "another path length than the existing one's", "cert.cross_path_length",
             extended(cross(), x509.BasicConstraints(True, 4), True), also=("cert.profile_differs",), **OURS),
        Case("cross-path-length-beyond", "no path length below an issuer whose path length is 3",
             "cert.path_length_beyond", draft(cross()), profile="webpki-cross", existing="root-2",
             issuer="root-1-path-length-3"),
        Case("cross-outlives-issuer", "a cross-certificate that outlives its issuer", "cert.outlives_issuer",
             draft(cross(not_after=not_after(NOW, 1000) + SECOND)), profile="webpki-cross", existing="root-2",
             issuer="root-1-short"),
        Case("cross-2024-without-purposes", "what was only discouraged before CCADB forbade it",
             "cert.purposes_missing", extended(cross(**IN_2024), drop="2.5.29.37"), also=("cert.profile_differs",),
             profile="webpki-cross", existing="root-2-2020", issuer="root-1-2024",
             at=SPRING),
    ]  # fmt: skip


def encodings() -> list[Case]:
    """Bytes that another reader may well take for a certificate."""
    good = draft(root())
    basic = "2.5.29.19"
    return [
        Case("der-trailing-octet", "an octet after the certificate", "x509.encoding", good + b"\0", **ROOT),
        Case("der-cut-short", "a certificate that is cut short", "x509.encoding", good[:-1], **ROOT),
        Case("der-indefinite-length", "an outer SEQUENCE of indefinite length, which is BER", "x509.encoding",
             b"\x30\x80" + good[4:] + b"\0\0", **ROOT),
        Case("der-long-length", "a length in more octets than it takes", "x509.encoding",
             b"\x30\x83\0" + good[2:4] + good[4:], **ROOT),
        Case("der-true-is-1", "a BOOLEAN TRUE that is not FF", "x509.encoding",
             good.replace(bytes.fromhex("0101ff040530030101ff"), bytes.fromhex("010101040530030101ff")), **ROOT),
        Case("der-true-is-1-in-an-extension", "cA TRUE that is not FF", "x509.encoding",
             with_raw(good, raw(basic, "3003010101", True)), **ROOT),
        Case("der-default-written", "cA FALSE written out though it is the default", "x509.encoding",
             with_raw(good, raw(basic, "3003010100", True)), **ROOT),
        Case("der-version-default-written", "version 1 written out though it is the default", "x509.encoding",
             good.replace(bytes.fromhex("a003020102"), bytes.fromhex("a003020100"), 1), **ROOT),
        Case("der-no-extensions", "an empty list of extensions", "cert.basic_constraints",
             altered(root(), extensions=[]), also=("cert.key_usage", "cert.ski_missing", "cert.profile_differs"),
             **ROOT),
        Case("der-signature-with-spare-bits", "a signature with unused bits", "x509.encoding",
             _spare_bits(good), **ROOT),
        Case("der-a-crl", "a CRL where a certificate is wanted", "x509.encoding", of_world("crl-6"), **ROOT),
        Case("der-nothing", "no octets at all", "x509.not_one_object", b"", **ROOT),
        Case("der-a-name-of-two-types", "a subject that is no SEQUENCE", "x509.encoding",
             altered(root(), subject=tlv(b"\x31\x00")), **ROOT),
    ]  # fmt: skip


def _spare_bits(good: bytes) -> bytes:
    """The empty BIT STRING at the end becomes one of seven bits; the outer length grows by one."""
    size = int.from_bytes(good[2:4], "big") + 1
    return good[:2] + size.to_bytes(2, "big") + good[4:-3] + b"\x03\x02\x01\x80"


CASES = [*relations(), *crosses(), *encodings()]
