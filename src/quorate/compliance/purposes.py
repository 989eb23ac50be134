"""What a certificate authority may be for: extended key usage and policies (BR 7.1.2.2, 7.1.2.10, programmes)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from quorate.compliance.extensions import POLICIES
from quorate.compliance.extensions import PURPOSES as EXTENDED_KEY_USAGE
from quorate.compliance.rules import (
    BELOW,
    CROSS,
    ISSUED,
    NON_TLS,
    ROOT,
    TLS,
    TLS_BELOW,
    TLS_CROSS,
    CertificateCase,
    Facts,
    Rule,
    rule,
)
from quorate.compliance.texts import PROFILES, Text, must, should

TABLE: list[Rule[CertificateCase]] = []

SERVER_AUTH, ANY_PURPOSE = "1.3.6.1.5.5.7.3.1", "2.5.29.37.0"
FORBIDDEN = {
    ANY_PURPOSE: "anyExtendedKeyUsage",
    "1.3.6.1.5.5.7.3.3": "codeSigning",
    "1.3.6.1.5.5.7.3.4": "emailProtection",
    "1.3.6.1.5.5.7.3.8": "timeStamping",
    "1.3.6.1.5.5.7.3.9": "OCSPSigning",
    "1.3.6.1.4.1.11129.2.4.4": "precertificate signing",
}
NOT_BESIDE = {
    "": "none, which is every",
    ANY_PURPOSE: "anyExtendedKeyUsage",
    SERVER_AUTH: "serverAuth",
    "1.3.6.1.5.5.7.3.9": "OCSPSigning",
    "1.3.6.1.4.1.11129.2.4.4": "precertificate signing",
}
# the Reserved Certificate Policy Identifiers of BR 7.1.6.1: DV, OV, IV, EV
EXTENDED_VALIDATION = "2.23.140.1.1"
RESERVED = ("2.23.140.1.2.1", "2.23.140.1.2.2", "2.23.140.1.2.3", EXTENDED_VALIDATION)
ANY_POLICY = "2.5.29.32.0"

CCADB_CROSS, CHROME_ONLY, APPLE_ONLY = date(2025, 6, 15), date(2026, 6, 15), date(2026, 8, 1)
APPLE_SINGLE = date(2027, 7, 1)
"""From these days on a subordinate, and a cross-certificate is one, is for TLS servers and nothing else."""
MOZILLA_DEDICATED, MICROSOFT_DEDICATED = date(2025, 3, 15), date(2026, 7, 1)
"""From these days on a root is."""


@rule(TABLE, "cert.root_purposes", ROOT, must(Text.BR, "7.1.2.1.2", since=PROFILES))
def a_root_has_no_purposes(case: CertificateCase) -> Iterator[Facts]:
    if case.it.extension(EXTENDED_KEY_USAGE):
        yield {}


@rule(
    TABLE,
    "cert.purposes_forbidden",
    TLS_BELOW,
    must(Text.BR, "7.1.2.10.6, 7.1.2.2.5", since=PROFILES),
    must(Text.MOZILLA, "5.3"),
    must(Text.MICROSOFT, "3.1.13"),
)
def no_forbidden_purpose_is_there(case: CertificateCase) -> Iterator[Facts]:
    for purpose in case.it.eku:
        if purpose in FORBIDDEN:
            yield {"purpose": FORBIDDEN[purpose]}


@rule(TABLE, "cert.purposes_repeated", ISSUED, must(Text.QUORATE, "purposes"))
def no_purpose_stands_twice(case: CertificateCase) -> Iterator[Facts]:
    for purpose in dict.fromkeys(case.it.eku):
        if case.it.eku.count(purpose) > 1:
            yield {"purpose": purpose}


@rule(TABLE, "cert.purposes_server", TLS, must(Text.BR, "7.1.2.10.6"), must(Text.MOZILLA, "5.3"))
def server_authentication_is_there(case: CertificateCase) -> Iterator[Facts]:
    if SERVER_AUTH not in case.it.eku:
        yield {}


@rule(
    TABLE,
    "cert.purposes_exact",
    TLS,
    must(Text.CHROME, "1.3.2", since=CHROME_ONLY),
    must(Text.APPLE, "1.7, Appendix A", since=APPLE_ONLY),
)
def a_subordinate_is_for_server_authentication_only(case: CertificateCase) -> Iterator[Facts]:
    yield from _other_than_server(case)


@rule(
    TABLE,
    "cert.purposes_exact_cross",
    TLS_CROSS,
    must(Text.CCADB, "6.3", since=CCADB_CROSS),
    must(Text.CHROME, "1.3.2", since=CHROME_ONLY),
    must(Text.APPLE, "1.7, Appendix A", since=APPLE_ONLY),
)
def a_cross_certificate_is_for_server_authentication_only(case: CertificateCase) -> Iterator[Facts]:
    """BR 7.1.2.2.3 alone would let it go without."""
    yield from _other_than_server(case)


@rule(TABLE, "cert.purposes_missing", CROSS, should(Text.BR, "7.1.2.2.3", since=PROFILES))
def a_cross_certificate_has_purposes(case: CertificateCase) -> Iterator[Facts]:
    if not case.it.eku:
        yield {}


@rule(TABLE, "cert.purposes_unrestricted", CROSS, must(Text.BR, "7.1.2.2.3, 7.1.2.2.5", since=PROFILES))
def a_strangers_cross_certificate_is_restricted(case: CertificateCase) -> Iterator[Facts]:
    """Unrestricted is for the same organisation and its affiliates."""
    if case.is_stranger and (not case.it.eku or ANY_PURPOSE in case.it.eku):
        yield {}


@rule(
    TABLE,
    "cert.purposes_not_tls",
    (*NON_TLS, "cross-non-tls"),
    must(Text.BR, "7.1.2.3.3, 7.1.2.2.5", since=PROFILES),
    must(Text.MOZILLA, "5.3"),
)
def an_authority_without_tls_stays_without(case: CertificateCase) -> Iterator[Facts]:
    for purpose in case.it.eku or ("",):
        if purpose in NOT_BESIDE:
            yield {"purpose": NOT_BESIDE[purpose]}


@rule(
    TABLE,
    "cert.purposes_several",
    (*NON_TLS, "cross-non-tls"),
    should(Text.BR, "7.1.2.3.3", since=PROFILES),
    must(Text.APPLE, "1.7", since=APPLE_SINGLE),
)
def an_authority_without_tls_serves_one_purpose(case: CertificateCase) -> Iterator[Facts]:
    if len(case.it.eku) > 1:
        yield {"purposes": ", ".join(case.it.eku)}


@rule(TABLE, "cert.purposes_of_key", BELOW, must(Text.CHROME, "1.3.2", since=CHROME_ONLY), must(Text.APPLE, "2.1.3"))
def a_key_has_one_set_of_purposes(case: CertificateCase) -> Iterator[Facts]:
    """Among the subordinate certificates of the key that have not expired; a root says nothing of purposes."""
    for other in case.others:
        rival = other.spki == case.it.spki and not other.self_issued and other.not_after >= case.context.at
        if rival and set(other.eku) != set(case.it.eku):
            yield {"other": other.fingerprint}


@rule(
    TABLE,
    "cert.purposes_of_issuer",
    BELOW,
    must(Text.MOZILLA, "7.5, 7.5.1", since=MOZILLA_DEDICATED),
    must(Text.CHROME, "2.3"),
    must(Text.APPLE, "2.1.3"),
    must(Text.MICROSOFT, "3.4.3", since=MICROSOFT_DEDICATED),
)
def an_authority_certifies_for_tls_or_for_something_else(case: CertificateCase) -> Iterator[Facts]:
    """Roots of before may go on for a while (MRSP 7.5.3), hence a waiver. What has no purposes says nothing here."""
    for other in case.others:
        beside = other.is_ca and not other.self_issued and other.issuer == case.it.issuer and other.aki == case.it.aki
        lives = other.not_after >= case.context.at
        if beside and lives and other.eku and case.it.eku and _for_tls(other.eku) != _for_tls(case.it.eku):
            yield {"other": other.fingerprint}


def _for_tls(purposes: tuple[str, ...]) -> bool:
    return SERVER_AUTH in purposes


@rule(TABLE, "cert.policies", TLS, must(Text.BR, "7.1.2.10.5, 7.1.6.1", since=PROFILES))
def a_subordinate_has_exactly_one_reserved_policy(case: CertificateCase) -> Iterator[Facts]:
    """Or anyPolicy alone, see `cert.policies_any`."""
    if case.it.policies != (ANY_POLICY,) and not _restricted(case, one=True):
        yield {"policies": ", ".join(case.it.policies) or "none"}


@rule(TABLE, "cert.policies_not_tls", NON_TLS, must(Text.BR, "7.1.2.3.2", since=PROFILES))
def an_authority_without_tls_has_no_policy_of_tls(case: CertificateCase) -> Iterator[Facts]:
    """And anyPolicy stands alone."""
    policies = case.it.policies
    if any(policy in RESERVED for policy in policies) or (ANY_POLICY in policies and len(policies) > 1):
        yield {"policies": ", ".join(policies)}


@rule(TABLE, "cert.policies_cross", TLS_CROSS, must(Text.BR, "7.1.2.2.6", since=PROFILES))
def a_cross_certificate_has_reserved_policies_or_any(case: CertificateCase) -> Iterator[Facts]:
    """Exactly one where subscribers' certificates come directly below it: there a path length of 0 says so."""
    if case.it.policies != (ANY_POLICY,) and not _restricted(case, one=case.it.path_length == 0):
        yield {"policies": ", ".join(case.it.policies) or "none"}


@rule(TABLE, "cert.policies_any", BELOW, must(Text.BR, "7.1.2.10.5, 7.1.2.2.6", since=PROFILES))
def any_policy_is_for_the_organisation_itself(case: CertificateCase) -> Iterator[Facts]:
    if ANY_POLICY in case.it.policies and case.is_stranger:
        yield {}


@rule(TABLE, "cert.policies_ev", TLS_CROSS, must(Text.CCADB, "6.3", since=CCADB_CROSS), must(Text.EVG, "7.1.6.3"))
def extended_validation_is_carried_over(case: CertificateCase) -> Iterator[Facts]:
    policies = case.it.policies
    if case.context.commitments.extended_validation and EXTENDED_VALIDATION not in policies:
        yield {"policies": ", ".join(policies) or "none"}


@rule(TABLE, "cert.policy_repeated", BELOW, must(Text.RFC, "5280 4.2.1.4"))
def no_policy_stands_twice(case: CertificateCase) -> Iterator[Facts]:
    for policy in dict.fromkeys(case.it.policies):
        if case.it.policies.count(policy) > 1:
            yield {"policy": policy}


@rule(TABLE, "cert.policy_order", TLS_BELOW, should(Text.BR, "7.1.2.2.6, 7.1.2.10.5", since=PROFILES))
def the_reserved_policy_comes_first(case: CertificateCase) -> Iterator[Facts]:
    policies = case.it.policies
    if policies and policies[0] not in (*RESERVED, ANY_POLICY):
        yield {"policy": policies[0]}


@rule(TABLE, "cert.policy_qualifiers", BELOW, should(Text.BR, "7.1.2.2.6, 7.1.2.10.5", since=PROFILES))
def policies_have_no_qualifiers(case: CertificateCase) -> Iterator[Facts]:
    if case.it.policy_qualifiers:
        yield {}


@rule(TABLE, "cert.root_policies", ROOT, should(Text.BR, "7.1.2.1.2", since=PROFILES))
def a_root_has_no_policies(case: CertificateCase) -> Iterator[Facts]:
    if case.it.extension(POLICIES):
        yield {}


def _other_than_server(case: CertificateCase) -> Iterator[Facts]:
    if case.it.eku != (SERVER_AUTH,):
        yield {"purposes": ", ".join(case.it.eku) or "none"}


def _restricted(case: CertificateCase, one: bool) -> bool:
    """Whether the policies are of the kind that BR calls restricted; `one`: exactly one reserved identifier."""
    policies = case.it.policies
    reserved = sum(policy in RESERVED for policy in policies)
    return ANY_POLICY not in policies and (reserved == 1 if one else reserved > 0)
