"""The extensions of a CA certificate but for its purposes and policies (RFC 5280 4.2, BR 7.1.2.10, 7.1.2.11)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from quorate.compliance.rules import (
    BELOW,
    CA,
    EVERY,
    ISSUED,
    RESPONDER,
    ROOT,
    SUBORDINATE,
    TLS,
    CertificateCase,
    Facts,
    Rule,
    rule,
)
from quorate.compliance.texts import PROFILES, Text, ground, must, should
from quorate.x509.constraints import EVERY_DNS, EVERY_IPV4, EVERY_IPV6

TABLE: list[Rule[CertificateCase]] = []

SKI, KEY_USAGE, BASIC_CONSTRAINTS, CRL_POINTS = "2.5.29.14", "2.5.29.15", "2.5.29.19", "2.5.29.31"
POLICIES, AKI, PURPOSES, ACCESS = "2.5.29.32", "2.5.29.35", "2.5.29.37", "1.3.6.1.5.5.7.1.1"
CONSTRAINTS, NO_CHECK = "2.5.29.30", "1.3.6.1.5.5.7.48.1.5"
CRITICAL = {BASIC_CONSTRAINTS, KEY_USAGE, CONSTRAINTS}
LISTED = {SKI, KEY_USAGE, BASIC_CONSTRAINTS, CRL_POINTS, POLICIES, AKI, PURPOSES, ACCESS, CONSTRAINTS}
OCSP_SIGNING = "1.3.6.1.5.5.7.3.9"
LISTED_OF_RESPONDERS = {SKI, KEY_USAGE, BASIC_CONSTRAINTS, AKI, PURPOSES, NO_CHECK}
# keyCertSign and cRLSign, without and with digitalSignature, as BIT STRINGs
KEY_USAGES = (bytes.fromhex("03020106"), bytes.fromhex("03020186"))


@rule(TABLE, "cert.basic_constraints", CA, must(Text.RFC, "5280 4.2.1.9"), must(Text.BR, "7.1.2.1.4, 7.1.2.10.4"))
def it_is_a_certificate_authority(case: CertificateCase) -> Iterator[Facts]:
    if not case.it.is_ca:
        yield {}


@rule(TABLE, "cert.root_path_length", ROOT, should(Text.BR, "7.1.2.1.4", since=PROFILES))
def a_root_has_no_path_length(case: CertificateCase) -> Iterator[Facts]:
    if case.it.path_length is not None:
        yield {}


@rule(TABLE, "cert.subordinate_path_length", SUBORDINATE, should(Text.QUORATE, "path length"))
def an_issuing_authority_has_path_length_zero(case: CertificateCase) -> Iterator[Facts]:
    if case.it.path_length != 0:
        yield {}


@rule(TABLE, "cert.key_usage", CA, must(Text.BR, "7.1.2.10.7", since=PROFILES), *ground("key usage"))
def key_usage_is_one_of_two_values(case: CertificateCase) -> Iterator[Facts]:
    usage = case.it.extension(KEY_USAGE)
    if usage is None or usage.value not in KEY_USAGES:
        yield {"usage": ", ".join(case.it.key_usage) or "nothing"}


@rule(
    TABLE,
    "cert.criticality",
    EVERY,
    must(Text.BR, "7.1.2.1.2, 7.1.2.2.3, 7.1.2.6.1", since=PROFILES),
    must(Text.QUORATE, "criticality"),
)
def criticality_is_as_prescribed(case: CertificateCase) -> Iterator[Facts]:
    for extension in case.it.extensions:
        if extension.oid in (LISTED | LISTED_OF_RESPONDERS) and extension.critical != (extension.oid in CRITICAL):
            yield {"oid": extension.oid, "critical": "critical" if extension.critical else "not critical"}


@rule(TABLE, "cert.extension_unlisted", EVERY, must(Text.BR, "7.1.2.11.5", since=PROFILES), must(Text.CPS, "7.1"))
def no_other_extension_is_there(case: CertificateCase) -> Iterator[Facts]:
    listed = LISTED_OF_RESPONDERS if case.profile.kind == "responder" else LISTED
    for extension in case.it.extensions:
        if extension.oid not in listed:
            yield {"oid": extension.oid}


@rule(TABLE, "cert.ski_missing", EVERY, must(Text.RFC, "5280 4.2.1.2"), must(Text.BR, "7.1.2.11.4"))
def the_subject_key_identifier_is_there(case: CertificateCase) -> Iterator[Facts]:
    if not case.it.ski:
        yield {}


@rule(TABLE, "cert.aki_missing", ISSUED, must(Text.RFC, "5280 4.2.1.1"), must(Text.BR, "7.1.2.11.1"))
def the_authority_key_identifier_is_there(case: CertificateCase) -> Iterator[Facts]:
    if not case.it.aki:
        yield {}


@rule(
    TABLE,
    "cert.aki_form",
    EVERY,
    must(Text.BR, "7.1.2.1.3, 7.1.2.11.1", since=PROFILES),
    must(Text.QUORATE, "key identifiers"),
)
def the_authority_key_identifier_names_a_key_only(case: CertificateCase) -> Iterator[Facts]:
    if case.it.aki_names_issuer:
        yield {}


@rule(TABLE, "cert.aki_differs", EVERY, must(Text.RFC, "5280 4.2.1.1"), must(Text.BR, "7.1.2.1.3, 7.1.2.11.1"))
def the_authority_key_identifier_is_the_issuers(case: CertificateCase) -> Iterator[Facts]:
    if case.it.aki and case.it.aki != case.issuer.ski:
        yield {}


@rule(TABLE, "cert.crl_url_missing", BELOW, must(Text.BR, "7.1.2.11.2"))
def a_subordinate_says_where_its_crl_is(case: CertificateCase) -> Iterator[Facts]:
    if not case.it.extension(CRL_POINTS):
        yield {}


@rule(TABLE, "cert.crl_url_form", CA, must(Text.BR, "7.1.2.11.2"), *ground("addresses"))
def the_crl_is_at_http_urls(case: CertificateCase) -> Iterator[Facts]:
    it = case.it
    plain = it.crl_points_plain and all(map(_is_http, it.crl_urls))
    if it.extension(CRL_POINTS) and all(map(_is_absolute, it.crl_urls)) and not (plain and it.crl_urls):
        yield {"urls": ", ".join(it.crl_urls) or "no URL"}


@rule(TABLE, "cert.crl_url_form", CA, must(Text.RFC, "5280 4.2.1.6"), must(Text.BR, "7.1.2.11.2"))
def the_crl_is_at_absolute_urls(case: CertificateCase) -> Iterator[Facts]:
    if not all(map(_is_absolute, case.it.crl_urls)):
        yield {"urls": ", ".join(case.it.crl_urls)}


@rule(TABLE, "cert.crl_points", CA, should(Text.BR, "7.1.2.11.2", since=PROFILES), should(Text.QUORATE, "addresses"))
def the_crl_is_at_one_place(case: CertificateCase) -> Iterator[Facts]:
    if case.it.crl_points > 1 or len(case.it.crl_urls) > 1:
        yield {"points": case.it.crl_points, "urls": len(case.it.crl_urls)}


@rule(TABLE, "cert.root_crl_url", ROOT, should(Text.BR, "7.1.2.11.2", since=PROFILES))
def a_root_names_no_crl(case: CertificateCase) -> Iterator[Facts]:
    if case.it.extension(CRL_POINTS):
        yield {}


@rule(TABLE, "cert.access_missing", BELOW, should(Text.BR, "7.1.2.10.3"))
def a_subordinate_says_where_its_issuer_is(case: CertificateCase) -> Iterator[Facts]:
    if not case.it.ca_issuers_urls:
        yield {}


@rule(TABLE, "cert.access_form", CA, must(Text.BR, "7.1.2.10.3", since=PROFILES), *ground("addresses"))
def the_issuer_is_at_http_urls(case: CertificateCase) -> Iterator[Facts]:
    urls = case.it.ca_issuers_urls
    plain = len(urls) == len(case.it.access_methods) == len(set(urls)) and all(map(_is_http, urls))
    if case.it.extension(ACCESS) and all(map(_is_absolute, urls)) and not (plain and urls):
        yield {"urls": ", ".join(urls) or "no URL"}


@rule(TABLE, "cert.access_form", CA, must(Text.RFC, "5280 4.2.1.6"), must(Text.BR, "7.1.2.10.3", since=PROFILES))
def the_issuer_is_at_absolute_urls(case: CertificateCase) -> Iterator[Facts]:
    if not all(map(_is_absolute, case.it.ca_issuers_urls)):
        yield {"urls": ", ".join(case.it.ca_issuers_urls)}


def _is_absolute(url: str) -> bool:
    """With a scheme and something behind it, in characters that can be seen (RFC 3986 3, 4.3)."""
    scheme, _, rest = url.partition(":")
    plain = url.isascii() and url.isprintable() and " " not in url
    return plain and re.fullmatch("[A-Za-z][A-Za-z0-9+.-]*", scheme) is not None and rest.lstrip("/") != ""


@rule(
    TABLE, "cert.constraints_missing", ("constrained",), must(Text.BR, "7.1.2.5.2"), must(Text.QUORATE, "constraints")
)
def a_constrained_authority_has_name_constraints(case: CertificateCase) -> Iterator[Facts]:
    if not case.it.extension(CONSTRAINTS):
        yield {}


@rule(TABLE, "cert.constraints_open", ("constrained",), must(Text.BR, "7.1.2.5.2", since=PROFILES))
def no_type_of_name_is_left_open(case: CertificateCase) -> Iterator[Facts]:
    """Something of each type is permitted, or the whole of it is excluded; directory names are always permitted."""
    permitted = {_family(text) for text in case.it.permitted}
    for family, every in (("dns", EVERY_DNS), ("ip4", EVERY_IPV4), ("ip6", EVERY_IPV6)):
        if case.it.extension(CONSTRAINTS) and family not in permitted and every not in case.it.excluded:
            yield {"type": FAMILIES[family]}
    if case.it.extension(CONSTRAINTS) and "dir" not in permitted:
        yield {"type": FAMILIES["dir"]}


@rule(TABLE, "cert.constraints_type", TLS, must(Text.BR, "7.1.2.5.2, 7.1.2.10.8", since=PROFILES))
def names_are_of_the_types_that_tls_has(case: CertificateCase) -> Iterator[Facts]:
    for kind in dict.fromkeys(text.partition(":")[0] for text in (*case.it.permitted, *case.it.excluded)):
        if kind not in ("dns", "ip", "dir"):
            yield {"type": kind}


FAMILIES = {"dns": "dNSName", "ip4": "IPv4 address", "ip6": "IPv6 address", "dir": "directoryName"}


def _family(text: str) -> str:
    kind, _, value = text.partition(":")
    return kind if kind != "ip" else "ip6" if ":" in value else "ip4"


@rule(TABLE, "cert.responder_ca", RESPONDER, must(Text.BR, "7.1.2.8.4"), must(Text.QUORATE, "responders"))
def a_responder_is_no_authority(case: CertificateCase) -> Iterator[Facts]:
    basic = case.it.extension(BASIC_CONSTRAINTS)
    if case.it.is_ca or (basic is not None and basic.value != b"\x30\x00"):
        yield {}


@rule(TABLE, "cert.responder_usage", RESPONDER, must(Text.BR, "7.1.2.8.7"), must(Text.QUORATE, "responders"))
def a_responder_signs_responses_only(case: CertificateCase) -> Iterator[Facts]:
    usage = case.it.extension(KEY_USAGE)
    if usage is None or usage.value != bytes.fromhex("03020780"):
        yield {"usage": ", ".join(case.it.key_usage) or "nothing"}


@rule(TABLE, "cert.responder_purposes", RESPONDER, must(Text.RFC, "6960 4.2.2.2"), must(Text.BR, "7.1.2.8.5"))
def a_responder_is_for_ocsp_alone(case: CertificateCase) -> Iterator[Facts]:
    if case.it.eku != (OCSP_SIGNING,):
        yield {"purposes": ", ".join(case.it.eku) or "none"}


@rule(TABLE, "cert.responder_no_check", RESPONDER, must(Text.BR, "7.1.2.8.6"), must(Text.QUORATE, "responders"))
def a_responder_is_not_asked_about(case: CertificateCase) -> Iterator[Facts]:
    """Or its own status would have to be known before it could say any (RFC 6960 4.2.2.2.1)."""
    no_check = case.it.extension(NO_CHECK)
    if no_check is None or no_check.value != b"\x05\x00":
        yield {}


def _is_http(url: str) -> bool:
    """RFC 3986 compares schemes without case, the relying parties' software does not always: lower case only."""
    host = url.removeprefix("http://").partition("/")[0]
    return url.startswith("http://") and bool(host) and url.isascii() and url.isprintable() and " " not in url
