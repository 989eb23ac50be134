"""Bad certificates of the classes beside: within names, without TLS, OCSP responders, roots issued anew."""

from __future__ import annotations

from typing import Any

from cryptography import x509

from quorate.plan import DirectoryName
from quorate.x509.fields import CertificateFields, not_after
from quorate.x509.name import encode_directory
from quorate.x509.profile import load_profile
from x509_cases_fields import key_usage, point, points, purposes, raw, url, with_raw
from x509_cases_names import CLIENT, CODE, DV, EMAIL, OCSP, OWN, SERVER, policies
from x509_world import NOW, Case, draft, extended, name, root, sub

CONSTRAINED, NON_TLS, RESPONDER = "webpki-tls-constrained", "webpki-non-tls", "webpki-ocsp-responder"
OURS = "dir:" + encode_directory(DirectoryName("NL", organization="Example Trust")).hex()
NOWHERE = ("ip:0.0.0.0/0", "ip:::/0")
CONSTRAINTS, NO_CHECK = "2.5.29.30", "1.3.6.1.5.5.7.48.1.5"


def within(**changes: Any) -> CertificateFields:
    names = {"permitted": ("dns:example.org", OURS), "excluded": NOWHERE}
    return sub(profile=load_profile(CONSTRAINED), **(names | changes))


def without_tls(**changes: Any) -> CertificateFields:
    return sub(profile=load_profile(NON_TLS), **({"policies": ()} | changes))


def responder(**changes: Any) -> CertificateFields:
    plain = {"policies": (), "crl_url": "", "ca_issuers_url": "", "not_after": not_after(NOW, 365)}
    return sub(profile=load_profile(RESPONDER), **(plain | {"subject": name("OCSP 1")} | changes))


def constrained() -> list[Case]:
    def case(what: str, about: str, code: str, der: bytes, *also: str) -> Case:
        return Case(f"constraints-{what}", about, code, der, profile=CONSTRAINED, also=also)

    open_, type_ = "cert.constraints_open", "cert.constraints_type"
    return [
        case("missing", "a constrained subordinate without name constraints", "cert.constraints_missing",
             extended(within(), drop=CONSTRAINTS), "cert.profile_differs"),
        case("no-dns", "neither a permitted nor an excluded DNS name", open_, draft(within(permitted=(OURS,)))),
        case("no-ipv4", "IPv4 addresses left open", open_, draft(within(excluded=("ip:::/0",)))),
        case("no-ipv6", "IPv6 addresses left open", open_, draft(within(excluded=("ip:0.0.0.0/0",)))),
        case("no-directory", "no permitted directory name", open_, draft(within(permitted=("dns:example.org",)))),
        case("mail", "a permitted mail domain in a TLS subordinate", type_,
             extended(within(), _constraints(x509.RFC822Name("example.org")), True)),
        case("minimum", "a subtree with a minimum", "x509.encoding",
             with_raw(draft(within()), raw(CONSTRAINTS, "3014a0123010820b6578616d706c652e6f7267800101", True))),
    ]  # fmt: skip


def _constraints(*more: x509.GeneralName) -> x509.NameConstraints:
    there = x509.load_der_x509_certificate(draft(within())).extensions.get_extension_for_class(x509.NameConstraints)
    value = there.value
    return x509.NameConstraints([*(value.permitted_subtrees or ()), *more], value.excluded_subtrees)


def non_tls() -> list[Case]:
    def case(what: str, about: str, code: str, der: bytes, *also: str) -> Case:
        return Case(f"non-tls-{what}", about, code, der, profile=NON_TLS, also=also)

    return [
        case("server", "server authentication in an authority without TLS", "cert.purposes_not_tls",
             extended(without_tls(), purposes(SERVER)), "cert.profile_differs"),
        case("ocsp", "OCSP signing in an authority without TLS", "cert.purposes_not_tls",
             extended(without_tls(), purposes(OCSP)), "cert.profile_differs"),
        case("none", "an authority without TLS and without purposes", "cert.purposes_not_tls",
             extended(without_tls(), drop="2.5.29.37"), "cert.profile_differs"),
        case("several", "e-mail and code signing", "cert.purposes_several",
             extended(without_tls(), purposes(EMAIL, CODE)), "cert.profile_differs"),
        case("policies", "a policy of TLS in an authority without it", "cert.policies_not_tls",
             draft(without_tls(policies=(DV,)))),
        case("policies-any-beside", "anyPolicy beside another", "cert.policies_not_tls",
             extended(without_tls(), policies("2.5.29.32.0", OWN))),
    ]  # fmt: skip


def responders() -> list[Case]:
    def case(what: str, about: str, code: str, der: bytes, *also: str) -> Case:
        return Case(f"responder-{what}", about, code, der, profile=RESPONDER, also=also)

    crl = points(point(url("http://crl.example.org/1.crl")))
    alternative = x509.SubjectAlternativeName([x509.DNSName("ocsp.example.org")])
    return [
        case("ca", "a responder that is a CA", "cert.responder_ca",
             extended(responder(), x509.BasicConstraints(True, None), True)),
        case("basic-constraints-written-out", "cA FALSE written out", "x509.encoding",
             with_raw(draft(responder()), raw("2.5.29.19", "3003010100", True))),
        case("signs-certificates", "a responder that may sign certificates", "cert.responder_usage",
             extended(responder(), key_usage("digital_signature", "key_cert_sign"), True), "cert.profile_differs"),
        case("serves-clients-too", "a responder with a second purpose", "cert.responder_purposes",
             extended(responder(), purposes(OCSP, CLIENT)), "cert.profile_differs"),
        case("no-purpose", "a responder without a purpose", "cert.responder_purposes",
             extended(responder(), drop="2.5.29.37"), "cert.profile_differs"),
        case("no-nocheck", "a responder without id-pkix-ocsp-nocheck", "cert.responder_no_check",
             extended(responder(), drop=NO_CHECK)),
        case("nocheck-not-null", "an id-pkix-ocsp-nocheck that is no NULL", "x509.encoding",
             with_raw(draft(responder()), raw(NO_CHECK, "3000"))),
        case("crl-point", "a responder with a CRL distribution point", "cert.extension_unlisted",
             extended(responder(), crl), "cert.profile_differs"),
        case("alternative-name", "a responder with a subject alternative name", "cert.extension_unlisted",
             extended(responder(), alternative)),
    ]  # fmt: skip


def anew() -> list[Case]:
    again = {"profile": "webpki-root", "issuer": "", "existing": "root-1", "known": ("root-1",)}
    return [
        Case("root-issued-anew", "a root's name and key in a second certificate, which Microsoft does not take",
             "cert.reissued", draft(root(serial=2**135)), **again),
    ]  # fmt: skip


CASES = [*constrained(), *non_tls(), *responders(), *anew()]
