"""Bad names, purposes and policies."""

from __future__ import annotations

import warnings
from typing import Any

from cryptography import x509
from cryptography.x509.oid import NameOID

from issuing import tlv
from x509_cases_fields import ROOT, purposes, raw, with_raw
from x509_world import STRANGER, Case, altered, cross, draft, extended, issuer, name, public, root, sub

Type = x509.name._ASN1Type
UTF8, PRINTABLE = Type.UTF8String, Type.PrintableString
C = (NameOID.COUNTRY_NAME, "NL", PRINTABLE)
O = (NameOID.ORGANIZATION_NAME, "Example Trust", UTF8)  # noqa: E741
CN = (NameOID.COMMON_NAME, "Root 9", UTF8)
Part = tuple[x509.ObjectIdentifier, str, Any]


def attribute(part: Part) -> x509.NameAttribute:
    """One whose length and characters the library does not look at."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return x509.NameAttribute(part[0], part[1], part[2], _validate=False)


def der_name(*rdns: Part | tuple[Part, ...]) -> bytes:
    """A name by its parts; a tuple of parts is one RDN of several."""
    groups = [rdn if isinstance(rdn[0], tuple) else (rdn,) for rdn in rdns]
    return x509.Name(
        [x509.RelativeDistinguishedName([attribute(part) for part in group]) for group in groups]  # type: ignore[arg-type]
    ).public_bytes()


def named(*rdns: Part | tuple[Part, ...]) -> bytes:
    """A root of that name."""
    der = der_name(*rdns)
    return altered(root(), subject=tlv(der), issuer=tlv(der))


def names() -> list[Case]:
    text, country = NameOID.COMMON_NAME, NameOID.COUNTRY_NAME
    encoding, length = "cert.name_encoding", "cert.name_length"
    bad = [
        ("teletex", "a common name as TeletexString", encoding, (C, O, (text, "Root 9", Type.T61String))),
        ("bmp", "a common name as BMPString", encoding, (C, O, (text, "Root 9", Type.BMPString))),
        ("universal", "a common name as UniversalString", encoding, (C, O, (text, "Root 9", Type.UniversalString))),
        ("ia5", "a common name as IA5String", encoding, (C, O, (text, "Root 9", Type.IA5String))),
        ("printable-at-sign", "a PrintableString with an at sign", "x509.encoding", (C, O, (text, "a@b", PRINTABLE))),
        ("country-utf8", "a country as UTF8String", encoding, ((country, "NL", UTF8), O, CN)),
        ("common-name-65", "a common name of 65 characters", length, (C, O, (text, "R" * 65, UTF8))),
        ("organization-65", "an organization of 65 characters", length,
         (C, (NameOID.ORGANIZATION_NAME, "O" * 65, UTF8), CN)),
        ("common-name-empty", "an empty common name", length, (C, O, (text, "", UTF8))),
        ("no-country", "no country", "cert.name_missing", (O, CN)),
        ("no-organization", "no organization", "cert.name_missing", (C, CN)),
        ("no-common-name", "no common name", "cert.name_missing", (C, O)),
        ("country-small", "a country in small letters", "cert.name_country", ((country, "nl", PRINTABLE), O, CN)),
        ("country-none", "a country that is none", "cert.name_country_unknown", ((country, "ZZ", PRINTABLE), O, CN)),
        ("country-uk", "UK, which ISO 3166-1 calls GB", "cert.name_country_unknown",
         ((country, "UK", PRINTABLE), O, CN)),
        ("unit", "an organizational unit", "cert.name_unit",
         (C, O, (NameOID.ORGANIZATIONAL_UNIT_NAME, "Ceremonies", UTF8), CN)),
        ("email", "an e-mail address", "cert.name_unusual",
         (C, O, CN, (NameOID.EMAIL_ADDRESS, "ca@example.org", Type.IA5String))),
        ("locality", "a locality", "cert.name_unusual", (C, (NameOID.LOCALITY_NAME, "Utrecht", UTF8), O, CN)),
        ("order", "a common name before the organization", "cert.name_order", (C, CN, O)),
        ("order-backwards", "a name written backwards", "cert.name_order", (CN, O, C)),
        ("common-name-twice", "two common names", "cert.name_repeated", (C, O, CN, CN)),
        ("rdn-of-two", "one RDN of two attributes", "cert.name_rdn", (C, (O, CN))),
    ]  # fmt: skip
    three = der_name((country, "NLD", PRINTABLE), O, CN)
    return [
        *(Case(f"name-{what}", about, code, named(*parts), also=("cert.name_order",) if what == "rdn-of-two" else (),
               **ROOT) for what, about, code, parts in bad),
        Case("name-country-three", "a country of three letters", "cert.name_country",
             altered(root(), subject=tlv(three), issuer=tlv(three)),
             also=("cert.name_length", "cert.name_country_unknown"), **ROOT),
        Case("name-reused", "another root's name in other case and spacing", "cert.name_reused",
             draft(root(issuer(31, "ROOT  2"))), also=("cert.name_reencoded",), known=("root-2",), **ROOT),
        Case("name-reused-by-a-subordinate", "the name of a subordinate with another key", "cert.name_reused",
             draft(sub(serial=2**135, spki=public(32, 256))), known=("sub-1",)),
        Case("name-printable-instead-of-utf8", "a known name in another string type", "cert.name_reencoded",
             altered(cross(), subject=tlv(der_name(C, O, (text, "Root 2", PRINTABLE)))),
             also=("cert.cross_subject",), profile="webpki-cross", existing="root-2"),
    ]  # fmt: skip


SERVER, CLIENT, EMAIL = "1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.2", "1.3.6.1.5.5.7.3.4"
CODE, OCSP, ANY, PRECERT = "1.3.6.1.5.5.7.3.3", "1.3.6.1.5.5.7.3.9", "2.5.29.37.0", "1.3.6.1.4.1.11129.2.4.4"
EXACT = ("cert.purposes_exact", "cert.profile_differs")


def of_purposes() -> list[Case]:
    forbidden = [("email", EMAIL), ("code-signing", CODE), ("ocsp-signing", OCSP), ("any", ANY), ("precert", PRECERT)]
    return [
        *(Case(f"purpose-{what}", f"server authentication and {what}", "cert.purposes_forbidden",
               extended(sub(), purposes(SERVER, oid)), also=EXACT) for what, oid in forbidden),
        Case("purpose-client", "server and client authentication, which Chrome and Apple no longer accept",
             "cert.purposes_exact", extended(sub(), purposes(SERVER, CLIENT)), also=("cert.profile_differs",)),
        Case("purpose-client-for-chrome", "the same for an authority that keeps to Chrome's programme alone",
             "cert.purposes_exact", extended(sub(), purposes(SERVER, CLIENT)), also=("cert.profile_differs",),
             programmes=("chrome",)),
        Case("purpose-none", "a TLS subordinate without purposes", "cert.purposes_server",
             extended(sub(), drop="2.5.29.37"), also=EXACT),
        Case("purpose-twice", "server authentication twice", "cert.purposes_repeated",
             extended(sub(), purposes(SERVER, SERVER)), also=EXACT),
        Case("purpose-critical", "a critical extended key usage", "cert.criticality",
             extended(sub(), purposes(SERVER), True)),
        Case("purpose-empty", "an extended key usage without a purpose", "x509.encoding",
             with_raw(draft(sub()), raw("2.5.29.37", "3000"))),
        Case("root-purpose", "a root with an extended key usage", "cert.root_purposes",
             extended(root(), purposes(SERVER)), also=("cert.profile_differs",), **ROOT),
        Case("purposes-of-key-differ", "a key that serves e-mail in another certificate", "cert.purposes_of_key",
             draft(sub(serial=2**135)), also=("cert.key_reused", "cert.purposes_of_issuer"), known=("sub-email",)),
        Case("purposes-of-issuer-differ", "an issuer that has certified for e-mail", "cert.purposes_of_issuer",
             draft(sub(serial=2**135, subject=name("Sub 2"), spki=public(12, 256))), known=("sub-email",)),
    ]  # fmt: skip


def policies(*oids: str, qualifier: str = "") -> x509.CertificatePolicies:
    qualifiers: list[Any] | None = [qualifier] if qualifier else None
    return x509.CertificatePolicies([x509.PolicyInformation(x509.ObjectIdentifier(oid), qualifiers) for oid in oids])


DV, OV, EV, ANY_POLICY, OWN = "2.23.140.1.2.1", "2.23.140.1.2.2", "2.23.140.1.1", "2.5.29.32.0", "1.3.6.1.4.1.99999.2"


def of_policies() -> list[Case]:
    ours = {"profile": "webpki-cross", "existing": "root-2"}
    strangers = {"profile": "webpki-cross", "existing": "root-3"}
    return [
        Case("policies-two-reserved", "two reserved policies", "cert.policies", draft(sub(policies=(DV, OV)))),
        Case("policies-own-only", "no reserved policy", "cert.policies", draft(sub(policies=(OWN,))),
             also=("cert.policy_order",)),
        Case("policies-none", "no policies", "cert.policies", extended(sub(), drop="2.5.29.32"),
             also=("cert.profile_differs",)),
        Case("policies-any-beside", "anyPolicy beside a reserved one", "cert.policies",
             draft(sub(policies=(ANY_POLICY, DV)))),
        Case("policies-any-for-a-stranger", "anyPolicy for another organisation's subordinate", "cert.policies_any",
             draft(sub(subject=STRANGER.name, policies=(ANY_POLICY,)))),
        Case("policies-twice", "a policy twice", "cert.policy_repeated", extended(sub(), policies(DV, OWN, OWN))),
        Case("policies-order", "a policy before the reserved one", "cert.policy_order",
             draft(sub(policies=(OWN, DV)))),
        Case("policies-qualifier", "a policy with the URL of a CPS", "cert.policy_qualifiers",
             extended(sub(), policies(DV, qualifier="https://cps.example.org/"))),
        Case("policies-critical", "critical certificatePolicies", "cert.criticality",
             extended(sub(), policies(DV), True)),
        Case("root-policies", "a root with policies", "cert.root_policies", extended(root(), policies(DV)),
             also=("cert.profile_differs",), **ROOT),
        Case("cross-policies-own-only", "a cross-certificate without a reserved policy", "cert.policies_cross",
             draft(cross(policies=(OWN,))), also=("cert.policy_order",), **ours),
        Case("cross-policies-any-beside", "anyPolicy beside a reserved one in a cross-certificate",
             "cert.policies_cross", draft(cross(policies=(ANY_POLICY, DV))), **ours),
        Case("cross-policies-any-for-a-stranger", "anyPolicy in the cross-certificate of another organisation",
             "cert.policies_any", draft(cross(STRANGER, policies=(ANY_POLICY,))), **strangers),
        Case("cross-policies-two-direct", "two reserved policies where subscribers' certificates come right below",
             "cert.policies_cross",
             with_raw(draft(cross(policies=(DV, OV))), raw("2.5.29.19", "30060101ff020100", True)),
             also=("cert.cross_path_length", "cert.profile_differs"), **ours),
        Case("cross-policies-no-ev", "extended validation that is not carried over", "cert.policies_ev",
             draft(cross(policies=(DV,))), commitments={"extended_validation": True}, **ours),
        Case("cross-purposes-none", "a cross-certificate without purposes", "cert.purposes_exact_cross",
             extended(cross(), drop="2.5.29.37"), also=("cert.purposes_missing", "cert.profile_differs"), **ours),
        Case("cross-purposes-none-for-a-stranger", "the same for another organisation", "cert.purposes_unrestricted",
             extended(cross(STRANGER), drop="2.5.29.37"),
             also=("cert.purposes_exact_cross", "cert.purposes_missing", "cert.profile_differs"), **strangers),
        Case("cross-purposes-mixed", "server authentication and e-mail in a cross-certificate",
             "cert.purposes_forbidden", extended(cross(), purposes(SERVER, EMAIL)),
             also=("cert.purposes_exact_cross", "cert.profile_differs"), **ours),
        Case("cross-purposes-any-and-server", "any purpose and server authentication", "cert.purposes_forbidden",
             extended(cross(), purposes(ANY, SERVER)),
             also=("cert.purposes_exact_cross", "cert.profile_differs"), **ours),
        Case("cross-purposes-any-for-a-stranger", "any purpose for another organisation", "cert.purposes_unrestricted",
             extended(cross(STRANGER), purposes(ANY)),
             also=("cert.purposes_forbidden", "cert.purposes_exact_cross", "cert.profile_differs"), **strangers),
    ]  # fmt: skip


CASES = [*names(), *of_purposes(), *of_policies()]
