"""Signature algorithms and signatures of certificates and CRLs alike (BR 7.1.3, byte for byte)."""

from __future__ import annotations

from datetime import date

from quorate.algorithms import SignatureAlgorithm, by_identifier, default_algorithm
from quorate.compliance.rules import CRL, EVERY, CertificateCase, CrlCase, Facts, Rule, rule
from quorate.compliance.texts import Text, must, should
from quorate.findings import Refusal
from quorate.keys import key_name
from quorate.x509.facts import CertificateFacts, CrlFacts, verify_issued

CERTIFICATE_TABLE: list[Rule[CertificateCase]] = []
CRL_TABLE: list[Rule[CrlCase]] = []

# sha1WithRSAEncryption with and without the NULL that belongs there, ecdsa-with-SHA1
SHA1 = (
    bytes.fromhex("300d06092a864886f70d0101050500"),
    bytes.fromhex("300b06092a864886f70d010105"),
    bytes.fromhex("300906072a8648ce3d0401"),
)
NO_SHA1 = (must(Text.BR, "7.1.3.2.1", since=date(2026, 9, 15)), must(Text.QUORATE, "algorithms"))
OF_THE_KEY = (must(Text.BR, "7.1.3.2"), must(Text.MOZILLA, "5.1"), must(Text.QUORATE, "algorithms"))
VERIFIES = (must(Text.RFC, "5280 4.1.1.3, 5.1.1.3"), must(Text.BR, "4.3.1.3"))


@rule(CERTIFICATE_TABLE, "x509.algorithm_pair", EVERY, must(Text.RFC, "5280 4.1.1.2"), must(Text.BR, "7.1.2"))
def the_two_identifiers_are_one(case: CertificateCase) -> list[Facts]:
    """A CRL with two different ones is not even read."""
    return [] if case.it.algorithm == case.it.outer_algorithm else [{}]


@rule(CERTIFICATE_TABLE, "x509.sha1", EVERY, *NO_SHA1)
@rule(CRL_TABLE, "x509.sha1", CRL, *NO_SHA1)
def the_hash_is_not_sha1(case: CertificateCase | CrlCase) -> list[Facts]:
    return [{}] if {case.it.algorithm, case.it.outer_algorithm} & set(SHA1) else []


@rule(CERTIFICATE_TABLE, "x509.algorithm", EVERY, *OF_THE_KEY)
@rule(CRL_TABLE, "x509.algorithm", CRL, *OF_THE_KEY)
def the_algorithm_belongs_to_the_signing_key(case: CertificateCase | CrlCase) -> list[Facts]:
    known, name = by_identifier(case.it.algorithm), _signing_key(case.issuer)
    belongs = known is not None and known.fits(name)
    if belongs and case.context.rules == "webpki":
        belongs = _has_the_hash_of_its_curve(known, name)
    return [] if belongs or case.it.algorithm in SHA1 else [{"algorithm": case.it.algorithm.hex(), "key_type": name}]


@rule(CERTIFICATE_TABLE, "x509.algorithm_hash", EVERY, should(Text.QUORATE, "algorithms"))
@rule(CRL_TABLE, "x509.algorithm_hash", CRL, should(Text.QUORATE, "algorithms"))
def the_hash_is_the_one_of_the_curve(case: CertificateCase | CrlCase) -> list[Facts]:
    """X.509 leaves the hash open (RFC 5758 3.2). The web PKI does not (BR 7.1.3.2.2): there it is `x509.algorithm`."""
    known, name = by_identifier(case.it.algorithm), _signing_key(case.issuer)
    if case.context.rules == "webpki" or known is None or not known.fits(name):
        return []
    if _has_the_hash_of_its_curve(known, name):
        return []
    return [{"algorithm": known, "key_type": name}]


def _has_the_hash_of_its_curve(algorithm: SignatureAlgorithm | None, key: str) -> bool:
    return key.startswith("rsa-") or algorithm is default_algorithm(key)


@rule(CERTIFICATE_TABLE, "x509.signature_invalid", EVERY, *VERIFIES)
@rule(CRL_TABLE, "x509.signature_invalid", CRL, *VERIFIES)
def a_signature_verifies(case: CertificateCase | CrlCase) -> list[Facts]:
    """A draft has none, which is no violation."""
    if not case.it.signature:
        return []
    return _refused(case.it, case.issuer)


def _refused(it: CertificateFacts | CrlFacts, issuer: CertificateFacts | None) -> list[Facts]:
    if issuer is None:
        return [{"key": "an issuer that is not given"}]
    try:
        verify_issued(it, issuer.spki)
    except Refusal as refusal:
        facts = dict(refusal.findings[0].facts)
        return [{"key": facts.get("key", "a key that cannot be read")}]
    return []


def _signing_key(issuer: CertificateFacts | None) -> str:
    try:
        return key_name(issuer.spki) if issuer else "unknown"
    except Refusal:
        return "unreadable"
