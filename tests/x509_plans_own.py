"""Bad plans by profiles of the authority's own: what a profile says, no rule forgives. Format: `vectors/README.md`."""

from __future__ import annotations

from example import certificate, crl, key
from x509_plans import Plan, below, revoking

WEB = {"rules": "webpki", "section": "7.1", "authority-key-identifier": True}
USAGE = {"key-usage": ["keyCertSign", "cRLSign"]}
URLS = {"crl-url": "required", "ca-issuers-url": "required"}
TLS = {**WEB, **USAGE, **URLS, "extended-key-usage": ["serverAuth"], "policies": "required"}
SUBORDINATE = {**TLS, "class": "subordinate", "days": (1, 1095), "path-length": 0}
CROSS = {**TLS, "class": "cross", "days": (1, 3650)}
ROOT = {**WEB, **USAGE, "class": "root", "days": (1, 9999)}
OTHER = {**SUBORDINATE, "class": "non-tls", "extended-key-usage": ["emailProtection"], "policies": "optional"}
LIST = {**WEB, "class": "crl", "days": (1, 365), "reasons": ["superseded", "certificateHold"]}
LINT = "lint.pkilint/cabf.serverauth"
ONE = '["2.23.140.1.2.1"]'


def own(fields: dict[str, object], **changes: object) -> str:
    """The TOML of a profile; a field that becomes None is left out."""
    said = {"format": "quorate-profile/1", "name": "own", **fields}
    said |= {name.replace("_", "-"): value for name, value in changes.items()}
    return "".join(f"{name} = {_value(value)}\n" for name, value in said.items() if value is not None)


def _value(value: object) -> str:
    match value:
        case (int(least), int(most)):
            return f"{{ least = {least}, most = {most} }}"
        case bool():
            return str(value).lower()
        case list():
            return f"[{', '.join(_value(one) for one in value)}]"
        case str():
            return f'"{value}"'
        case _:
            return str(value)


def _web(fields: dict[str, object], operations: str, **changes: object) -> dict[str, str]:
    return {"operations": operations, "profile": own(fields, **changes), "rules": "webpki"}


def _sub(policy: str = ONE, **changes: object) -> dict[str, str]:
    said = f"policies = {policy}\n" if policy else ""
    return _web(SUBORDINATE, below("own") + said, **changes)


def _cross(policy: str = ONE, existing: str = "root-2.pem.der", **changes: object) -> dict[str, str]:
    text = certificate("cross", "cross-1", issuer="root-r1", existing=existing).replace("private-cross", "own")
    text = text.replace("http://example.org/", "http://example.com/") + f"policies = {policy}\n"
    return _web(CROSS, text, **changes)


def _root(lasting: int = 3650, **changes: object) -> dict[str, str]:
    text = certificate("root", "root-9", "Root 9", lasting, key="key-9").replace("private-root", "own")
    return _web(ROOT, key("key-9", "p-384") + text, **changes)


def _other(policy: str = "[]", **changes: object) -> dict[str, str]:
    return _web(OTHER, below("own") + f"policies = {policy}\n", **changes)


def _list(revoked: str = "", lasting: int = 365, **changes: object) -> dict[str, str]:
    text = crl("crl-2", "root-r1", 2, revoked).replace("days = 365", f'days = {lasting}\nprofile = "own"')
    return _web(LIST, text, **changes)


def _private(fields: dict[str, object], operations: str, **changes: object) -> dict[str, str]:
    return {"operations": operations, "profile": own({**fields, "rules": "private"}, **changes)}


def _private_sub(**changes: object) -> dict[str, str]:
    return _private(SUBORDINATE, below("own") + f"policies = {ONE}\n", **changes)


def _private_list(**changes: object) -> dict[str, str]:
    text = crl("crl-2", "root-r1", 2).replace("days = 365", 'days = 365\nprofile = "own"')
    return _private(LIST, text, **changes)


def _of_1096_days() -> dict[str, str]:
    said = _sub(days=(1, 2000))
    return said | {"operations": said["operations"].replace("days = 1000", "days = 1096")}


I1, ROOT_2, ROOT_3 = ("i1.csr.pem",), ("root-2.pem.der",), ("root-3.der",)
OWN_POLICY = '["1.3.6.1.4.1.99999.1"]'


def cases() -> list[Plan]:
    def case(what: str, about: str, code: str, parts: dict[str, str], *also: str, inputs: tuple[str, ...] = ()) -> Plan:
        return Plan(f"own-{what}", about, code, also=also, inputs=inputs, **parts)

    return [
        case("sub-without-purposes", "a subordinate for whatever there is", "cert.purposes_server",
             _sub(extended_key_usage=None), "cert.purposes_exact", f"{LINT}.ca.extended_key_usage_extension_absent",
             inputs=I1),
        case("sub-for-clients-too", "a TLS subordinate for clients too", "cert.purposes_exact",
             _sub(extended_key_usage=["serverAuth", "clientAuth"]), inputs=I1),
        case("sub-for-clients", "a TLS subordinate for clients alone", "cert.purposes_server",
             _sub(extended_key_usage=["clientAuth"]), "cert.purposes_exact", f"{LINT}.ca.serverauth_eku_absent",
             inputs=I1),
        case("sub-for-mail-too", "a TLS subordinate for mail too", "cert.purposes_forbidden",
             _sub(extended_key_usage=["serverAuth", "emailProtection"]), "cert.purposes_exact",
             f"{LINT}.ca.emailprotection_eku_present", inputs=I1),
        case("sub-for-code-too", "a TLS subordinate that signs code too", "cert.purposes_forbidden",
             _sub(extended_key_usage=["serverAuth", "codeSigning"]), "cert.purposes_exact",
             f"{LINT}.ca.codesigning_eku_present", inputs=I1),
        case("sub-for-everything", "a TLS subordinate with anyExtendedKeyUsage", "cert.purposes_forbidden",
             _sub(extended_key_usage=["serverAuth", "2.5.29.37.0"]), "cert.purposes_exact",
             f"{LINT}.ca.anyeku_eku_present", inputs=I1),
        case("sub-for-responses-too", "a TLS subordinate that answers by OCSP for its issuer",
             "cert.purposes_forbidden", _sub(extended_key_usage=["serverAuth", "OCSPSigning"]), "cert.purposes_exact",
             f"{LINT}.ca.ocspsigning_eku_present", inputs=I1),
        case("sub-for-precertificates", "a precertificate signing CA", "cert.purposes_forbidden",
             _sub(extended_key_usage=["serverAuth", "1.3.6.1.4.1.11129.2.4.4"]), "cert.purposes_exact",
             f"{LINT}.ca.precertsigning_eku_present", inputs=I1),
        case("sub-without-aki", "a subordinate that does not identify its issuer's key", "cert.aki_missing",
             _sub(authority_key_identifier=False), "lint.pkilint/pkix.authority_key_identifier_extension_absent",
             f"{LINT}.ca.authority_key_identifier_extension_absent", inputs=I1),
        case("sub-without-crl-sign", "a subordinate that may sign no CRL", "cert.key_usage",
             _sub(key_usage=["keyCertSign"]), "lint.pkilint/cabf.ca_certificate_required_ku_missing", inputs=I1),
        case("sub-without-policies", "a subordinate whose profile forbids policies", "cert.policies",
             _sub("", policies=None), inputs=I1),
        case("sub-of-1096-days", "a subordinate of more than three years, as its own profile allows",
             "cert.subordinate_days", _of_1096_days(), inputs=I1),
        case("cross-without-purposes", "a cross-certificate without purposes", "cert.purposes_exact_cross",
             _cross(extended_key_usage=None), inputs=ROOT_2),
        case("cross-without-purposes-for-a-stranger", "another organisation's cross-certificate without purposes",
             "cert.purposes_exact_cross", _cross(existing="root-3.der", extended_key_usage=None),
             "cert.purposes_unrestricted", f"{LINT}.cross_ca.extended_key_usage_extension_absent", inputs=ROOT_3),
        case("cross-for-mail-too", "a cross-certificate for TLS and for mail", "cert.purposes_forbidden",
             _cross(extended_key_usage=["serverAuth", "emailProtection"]), "cert.purposes_exact_cross",
             f"{LINT}.cross_ca.emailprotection_eku_present", inputs=ROOT_2),
        case("cross-for-clients-too", "a cross-certificate for TLS clients too", "cert.purposes_exact_cross",
             _cross(extended_key_usage=["serverAuth", "clientAuth"]), inputs=ROOT_2),
        case("cross-for-everything", "a cross-certificate with anyExtendedKeyUsage", "cert.purposes_forbidden",
             _cross(extended_key_usage=["2.5.29.37.0"]), "cert.purposes_exact_cross", inputs=ROOT_2),
        case("cross-for-mail", "a cross-certificate of the class for TLS, for mail alone", "cert.purposes_forbidden",
             _cross(extended_key_usage=["emailProtection"]), "cert.purposes_exact_cross",
             f"{LINT}.cross_ca.emailprotection_eku_present", f"{LINT}.cross_ca.serverauth_eku_absent", inputs=ROOT_2),
        case("cross-without-aki", "a cross-certificate that does not identify its issuer's key", "cert.aki_missing",
             _cross(authority_key_identifier=False), "lint.pkilint/pkix.authority_key_identifier_extension_absent",
             f"{LINT}.cross_ca.authority_key_identifier_extension_absent", inputs=ROOT_2),
        case("cross-without-crl-sign", "a cross-certificate that may sign no CRL", "cert.key_usage",
             _cross(key_usage=["keyCertSign"]), "lint.pkilint/cabf.ca_certificate_required_ku_missing", inputs=ROOT_2),
        case("cross-with-own-policy", "a cross-certificate with no reserved policy", "cert.policies_cross",
             _cross(OWN_POLICY), f"{LINT}.ca_missing_reserved_policy_oid", inputs=ROOT_2),
        case("cross-with-any-beside", "a cross-certificate with anyPolicy beside another", "cert.policies_cross",
             _cross('["2.5.29.32.0", "2.23.140.1.2.1"]'), f"{LINT}.ca_anypolicy_with_other_policy_oid", inputs=ROOT_2),
        case("root-with-purposes", "a root with purposes", "cert.root_purposes",
             _root(extended_key_usage=["serverAuth"]), f"{LINT}.root.extended_key_usage_extension_present"),
        case("root-of-25-years", "a root of 9132 days, which Microsoft does not take", "cert.root_days_programme",
             _root(9132)),
        case("root-of-9133-days", "a root of a day more than 25 years", "cert.root_days_most", _root(9133),
             "cert.root_days_programme", "cert.days_committed", f"{LINT}.root_validity_period_too_long"),
        case("root-without-crl-sign", "a root that may sign no CRL", "cert.key_usage", _root(key_usage=["keyCertSign"]),
             "lint.pkilint/cabf.ca_certificate_required_ku_missing"),
        case("mail-for-tls-too", "a subordinate without TLS, for TLS servers", "cert.purposes_not_tls",
             _other(extended_key_usage=["emailProtection", "serverAuth"]), f"{LINT}.non_tls_ca.serverauth_eku_present",
             inputs=I1),
        case("mail-without-purposes", "a subordinate without TLS, for whatever there is", "cert.purposes_not_tls",
             _other(extended_key_usage=None), f"{LINT}.ca.extended_key_usage_extension_absent", inputs=I1),
        case("mail-for-responses", "a subordinate that answers by OCSP for its issuer", "cert.purposes_not_tls",
             _other(extended_key_usage=["OCSPSigning"]), f"{LINT}.non_tls_ca.ocspsigning_eku_present", inputs=I1),
        case("mail-for-everything", "a subordinate without TLS, with anyExtendedKeyUsage", "cert.purposes_not_tls",
             _other(extended_key_usage=["2.5.29.37.0"]), f"{LINT}.non_tls_ca.anyeku_eku_present", inputs=I1),
        case("mail-with-policy-of-tls", "a subordinate without TLS, with a policy of TLS", "cert.policies_not_tls",
             _other(ONE), f"{LINT}.ca_non_tls_has_reserved_policy_oid", inputs=I1),
        case("crl-with-hold", "a CRL whose profile permits certificateHold", "crl.entry_reason",
             _list(revoking("int-0", "certificateHold")), "lint.pkilint/cabf.crl_prohibited_reason_code"),
        case("crl-without-aki", "a CRL that does not identify its issuer's key", "crl.aki",
             _list(authority_key_identifier=False), "crl.previous_of_another",
             "lint.pkilint/pkix.authority_key_identifier_missing"),
        case("crl-of-400-days", "a CRL of 400 days, as its own profile allows", "crl.days",
             _list(lasting=400, days=(1, 400)), "crl.days_committed", "lint.pkilint/cabf.arl_invalid_validity_period"),
        case("private-sub-without-aki", "a private subordinate that does not identify its issuer's key",
             "cert.aki_missing", _private_sub(authority_key_identifier=False), inputs=I1),
        case("private-crl-without-aki", "a private CRL that does not identify its issuer's key", "crl.aki",
             _private_list(authority_key_identifier=False), "crl.previous_of_another"),
        case("of-a-purpose-twice", "a profile that names a purpose twice", "x509.profile_invalid",
             _private_sub(extended_key_usage=["serverAuth", "1.3.6.1.5.5.7.3.1"]), inputs=I1),
        case("of-an-unknown-field", "a profile with a field that nobody knows", "x509.profile_invalid",
             _private_sub(lifetime="long"), inputs=I1),
        case("of-an-unknown-class", "a profile of no class", "x509.profile_invalid", _private_sub(**{"class": "leaf"}),
             inputs=I1),
        case("of-another-name", "a profile that calls itself otherwise", "x509.profile_invalid",
             _private_sub(name="other"), inputs=I1),
        case("of-no-days", "a profile whose least days are more than its most", "x509.profile_invalid",
             _private_sub(days=(10, 5)), inputs=I1),
        case("of-no-authority", "a subordinate's profile without keyCertSign", "x509.profile_invalid",
             _private_sub(key_usage=["cRLSign"]), inputs=I1),
        case("of-a-document-without-version", "a profile of a document without its version", "x509.profile_invalid",
             _private_sub(document="CP/CPS"), inputs=I1),
    ]  # fmt: skip


OWN = cases()
