"""What a web PKI certificate authority may be for: extended key usage and policies (BR 7.1.2.10.5, .6, programmes)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from quorate.compliance.certificate import POLICIES
from quorate.compliance.certificate import PURPOSES as EXTENDED_KEY_USAGE
from quorate.compliance.rules import BELOW, WEBPKI, CertificateCase, Facts, Rule, rule

TABLE: list[Rule[CertificateCase]] = []

SERVER_AUTH = "1.3.6.1.5.5.7.3.1"
FORBIDDEN = {
    "2.5.29.37.0": "anyExtendedKeyUsage",
    "1.3.6.1.5.5.7.3.3": "codeSigning",
    "1.3.6.1.5.5.7.3.4": "emailProtection",
    "1.3.6.1.5.5.7.3.8": "timeStamping",
    "1.3.6.1.5.5.7.3.9": "OCSPSigning",
    "1.3.6.1.4.1.11129.2.4.4": "precertificate signing",
}
# the Reserved Certificate Policy Identifiers of BR 7.1.6.1: DV, OV, IV, EV
RESERVED = ("2.23.140.1.2.1", "2.23.140.1.2.2", "2.23.140.1.2.3", "2.23.140.1.1")
ANY_POLICY = "2.5.29.32.0"


@rule(TABLE, "cert.root_purposes", "root", sets=WEBPKI)
def a_root_has_no_purposes(case: CertificateCase) -> Iterator[Facts]:
    if case.it.extension(EXTENDED_KEY_USAGE):
        yield {}


@rule(TABLE, "cert.purposes_forbidden", *BELOW, sets=WEBPKI)
def no_forbidden_purpose_is_there(case: CertificateCase) -> Iterator[Facts]:
    for purpose in case.it.eku:
        if purpose in FORBIDDEN:
            yield {"purpose": FORBIDDEN[purpose]}


@rule(TABLE, "cert.purposes_server", "subordinate", sets=WEBPKI)
def server_authentication_is_there(case: CertificateCase) -> Iterator[Facts]:
    if SERVER_AUTH not in case.it.eku:
        yield {}


@rule(TABLE, "cert.purposes_exact", "subordinate", sets=WEBPKI, since=date(2026, 6, 15))
def a_subordinate_is_for_server_authentication_only(case: CertificateCase) -> Iterator[Facts]:
    if case.it.eku != (SERVER_AUTH,):
        yield {"purposes": ", ".join(case.it.eku) or "none"}


@rule(TABLE, "cert.purposes_exact_cross", "cross", sets=WEBPKI, since=date(2025, 6, 15))
def a_cross_certificate_is_for_server_authentication_only(case: CertificateCase) -> Iterator[Facts]:
    """BR 7.1.2.2.3 alone would let it go without; CCADB 6.3 does not."""
    if case.it.eku != (SERVER_AUTH,):
        yield {"purposes": ", ".join(case.it.eku) or "none"}


@rule(TABLE, "cert.purposes_of_key", *BELOW, sets=WEBPKI)
def a_key_has_one_set_of_purposes(case: CertificateCase) -> Iterator[Facts]:
    """Among the subordinate certificates of the key that have not expired; a root says nothing of purposes."""
    for other in case.others:
        rival = other.spki == case.it.spki and not other.self_issued and other.not_after >= case.context.at
        if rival and set(other.eku) != set(case.it.eku):
            yield {"other": other.fingerprint}


@rule(TABLE, "cert.policies", "subordinate", sets=WEBPKI)
def a_subordinate_has_exactly_one_reserved_policy(case: CertificateCase) -> Iterator[Facts]:
    reserved = [policy for policy in case.it.policies if policy in RESERVED]
    if len(reserved) != 1 or ANY_POLICY in case.it.policies or len(set(case.it.policies)) != len(case.it.policies):
        yield {"policies": ", ".join(case.it.policies) or "none"}


@rule(TABLE, "cert.policies_cross", "cross", sets=WEBPKI)
def a_cross_certificate_has_reserved_policies_or_any(case: CertificateCase) -> Iterator[Facts]:
    policies = case.it.policies
    restricted = ANY_POLICY not in policies and any(policy in RESERVED for policy in policies)
    if policies != (ANY_POLICY,) and not restricted:
        yield {"policies": ", ".join(policies) or "none"}


@rule(TABLE, "cert.policy_order", *BELOW, sets=WEBPKI)
def the_reserved_policy_comes_first(case: CertificateCase) -> Iterator[Facts]:
    policies = case.it.policies
    if policies and policies[0] not in (*RESERVED, ANY_POLICY):
        yield {"policy": policies[0]}


@rule(TABLE, "cert.policy_qualifiers", *BELOW, sets=WEBPKI)
def policies_have_no_qualifiers(case: CertificateCase) -> Iterator[Facts]:
    if case.it.policy_qualifiers:
        yield {}


@rule(TABLE, "cert.root_policies", "root", sets=WEBPKI)
def a_root_has_no_policies(case: CertificateCase) -> Iterator[Facts]:
    if case.it.extension(POLICIES):
        yield {}
