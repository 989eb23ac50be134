"""Every rule for CA certificates and CRLs is kept by what quorate drafts, and breaks on an object made to break it."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat import asn1
from cryptography.hazmat.primitives.asymmetric import rsa
from msgspec.structs import replace as replace_struct

import rules_table
from issuing import (
    NOW,
    changed,
    constrained_fields,
    crl_fields,
    cross_fields,
    drafted,
    issued,
    issuer,
    name,
    non_tls_fields,
    responder_fields,
    root_fields,
    sign,
    spki,
    spki_of,
    subordinate_fields,
    tlv,
    validity,
    with_extension,
)
from quorate.algorithms import SignatureAlgorithm
from quorate.compliance import CRL_RULES, RULES, Commitments, Context, certificate_findings, crl_findings, ocsp_findings
from quorate.compliance.texts import EDITIONS, Level, Text, chosen
from quorate.findings import Severity, meaning
from quorate.keys import KeyType, stand_in_spki
from quorate.plan import Subject
from quorate.x509.facts import CertificateFacts, CrlFacts, read_certificate, read_crl
from quorate.x509.fields import CrlEntry, Issuer, not_after, subject_ski
from quorate.x509.name import encode_name
from quorate.x509.ocsp import OcspFields, draft_response, response_around
from quorate.x509.profile import load_profile
from quorate.x509.structure import (
    BasicResponse,
    Extension,
    OcspResponse,
    ResponseData,
    RevokedEntry,
    decode,
    encode,
)

ECDSA_SHA256, ECDSA_SHA384 = SignatureAlgorithm.ECDSA_SHA256, SignatureAlgorithm.ECDSA_SHA384
RSA_PKCS1_SHA384 = SignatureAlgorithm.RSA_PKCS1_SHA384
COMMITTED = Commitments(3650, 1095, 365, ("p-256", "p-384", "rsa-4096"))
SHA1 = bytes.fromhex("300d06092a864886f70d0101050500")
PROFILES = {kind: load_profile(f"webpki-{kind}") for kind in ("root", "tls-subordinate", "cross", "crl")}
NAMES = x509.NameOID
UTF8, PRINTABLE = x509.name._ASN1Type.UTF8String, x509.name._ASN1Type.PrintableString


def facts(fields: Any, number: int = 0) -> CertificateFacts:
    return read_certificate(issued(fields, number=number))


ROOT = facts(root_fields(not_before=NOW - timedelta(1), not_after=not_after(NOW - timedelta(1), 3650)))
SUBORDINATE = facts(subordinate_fields())
ROOT_2 = facts(root_fields(number=2, common_name="Voorbeeld Root 2", serial=2**130 + 9), number=2)


def context(**changes: Any) -> Context:
    return replace(Context("webpki", NOW, (NOW, NOW), ROOT, (), None, COMMITTED), **changes)


ROOT_CONTEXT = context(issuer=None)
PRIVATE_CONTEXT = context(rules="private", issuer=None)
CROSS_CONTEXT = context(existing=ROOT_2, known=(ROOT, ROOT_2))


def codes(der: bytes, profile: str, where: Context) -> set[str]:
    if profile.endswith("crl"):
        return {finding.code for finding in crl_findings(der, load_profile(profile), where, None)}
    return {finding.code for finding in certificate_findings(der, load_profile(profile), where)}


def root(where: Context = ROOT_CONTEXT, der: bytes = b"", profile: str = "webpki-root", **changes: Any) -> set[str]:
    return codes(der or drafted(root_fields(**changes)).unsigned, profile, where)


def subordinate(where: Context | None = None, der: bytes = b"", profile: str = "", **changes: Any) -> set[str]:
    made = der or drafted(subordinate_fields(**changes)).unsigned
    return codes(made, profile or "webpki-tls-subordinate", where or context())


def cross(where: Context = CROSS_CONTEXT, der: bytes = b"", profile: str = "webpki-cross", **changes: Any) -> set[str]:
    return codes(der or drafted(cross_fields(**changes)).unsigned, profile, where)


def crl(where: Context | None = None, der: bytes = b"", profile: str = "webpki-crl", **changes: Any) -> set[str]:
    known = context(known=(SUBORDINATE,))
    return codes(der or drafted(crl_fields(**{"number": 1, **changes})).unsigned, profile, where or known)


def root_with(**parts: Any) -> set[str]:
    return root(der=changed(drafted(root_fields()).unsigned, **parts))


def extended(value: x509.ExtensionType | None, critical: bool = False, drop: str = "") -> set[str]:
    return subordinate(der=with_extension(drafted(subordinate_fields()).unsigned, value, critical, drop))


def root_extended(value: x509.ExtensionType | None, critical: bool = False, drop: str = "") -> set[str]:
    return root(der=with_extension(drafted(root_fields()).unsigned, value, critical, drop))


def cross_extended(value: x509.ExtensionType) -> set[str]:
    return cross(der=with_extension(drafted(cross_fields()).unsigned, value))


def crl_extended(value: x509.ExtensionType | None, critical: bool = False, drop: str = "") -> set[str]:
    return crl(der=with_extension(drafted(crl_fields(number=1)).unsigned, value, critical, drop))


def named(*attributes: tuple[x509.ObjectIdentifier, str, Any] | x509.RelativeDistinguishedName) -> set[str]:
    """A root with another subject. The lengths are not checked by the library, so that ours are."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        parts = [
            part
            if isinstance(part, x509.RelativeDistinguishedName)
            else x509.RelativeDistinguishedName([x509.NameAttribute(part[0], part[1], part[2], _validate=False)])
            for part in attributes
        ]
    der = x509.Name(parts).public_bytes()
    return root_with(subject=tlv(der), issuer=tlv(der))


def purposes(*oids: str) -> x509.ExtendedKeyUsage:
    return x509.ExtendedKeyUsage([x509.ObjectIdentifier(oid) for oid in oids])


def policies(*oids: str, qualifier: str = "") -> x509.CertificatePolicies:
    qualifiers = [qualifier] if qualifier else None
    return x509.CertificatePolicies([x509.PolicyInformation(x509.ObjectIdentifier(oid), qualifiers) for oid in oids])


def points(*urls: str) -> x509.CRLDistributionPoints:
    return x509.CRLDistributionPoints(
        [x509.DistributionPoint([x509.UniformResourceIdentifier(url)], None, None, None) for url in urls]
    )


def access(*urls: str, ocsp: bool = False) -> x509.AuthorityInformationAccess:
    method = x509.AuthorityInformationAccessOID
    places = [x509.AccessDescription(method.CA_ISSUERS, x509.UniformResourceIdentifier(url)) for url in urls]
    if ocsp:
        places.append(x509.AccessDescription(method.OCSP, x509.DNSName("ocsp.example")))
    return x509.AuthorityInformationAccess(places)


def key_usage(**bits: bool) -> x509.KeyUsage:
    names = "digital_signature content_commitment key_encipherment data_encipherment key_agreement key_cert_sign"
    unset = dict.fromkeys([*names.split(), "crl_sign", "encipher_only", "decipher_only"], False)
    return x509.KeyUsage(**{**unset, **bits})


def other_extension() -> x509.UnrecognizedExtension:
    return x509.UnrecognizedExtension(x509.ObjectIdentifier("1.3.6.1.4.1.99999.1"), b"\x05\x00")


def named_bytes(organization: str) -> bytes:
    return encode_name(Subject(country="NL", organization=organization, common_name="Else"))


def strange(**changes: Any) -> bytes:
    """A cross-certificate for another organisation."""
    return drafted(cross_fields(subject=OTHER_ROOT.name, **changes)).unsigned


def entry(serial: int, date: datetime, *extensions: Extension) -> RevokedEntry:
    return RevokedEntry(serial=serial, date=asn1.UTCTime(date), extensions=list(extensions) or None)


def with_entries(*entries: CrlEntry, profile: str = "webpki-crl") -> set[str]:
    return crl(entries=entries, profile=profile)


def crl_changed(**parts: Any) -> set[str]:
    return crl(der=changed(drafted(crl_fields(number=1)).unsigned, **parts))


SERIAL = 2**130 + 2
REASON = Extension(oid=x509.ObjectIdentifier("2.5.29.21"), critical=False, value=b"\x0a\x01\x04")
INVALIDITY = Extension(oid=x509.ObjectIdentifier("2.5.29.24"), critical=True, value=b"\x18\x0f20261101000000Z")
C, O, CN = (NAMES.COUNTRY_NAME, "NL", PRINTABLE), (NAMES.ORGANIZATION_NAME, "O", UTF8), (NAMES.COMMON_NAME, "R", UTF8)  # noqa: E741
OTHER_ROOT = replace(issuer(common_name="Somebody Else"), name=named_bytes("Somebody Else"))
STRANGER = replace(CROSS_CONTEXT, existing=replace(ROOT_2, subject=OTHER_ROOT.name))
LATER = NOW + timedelta(days=2)
LATER_BY = timedelta(hours=5)
SCOPE = x509.IssuingDistributionPoint(None, None, False, True, None, False, False)
PREVIOUS = read_crl(issued(crl_fields(number=6, this_update=NOW - LATER_BY)))


def successor(known: tuple[CertificateFacts, ...] = (), previous: CrlFacts = PREVIOUS, **changes: Any) -> set[str]:
    der = drafted(crl_fields(**changes)).unsigned
    found = crl_findings(der, load_profile("webpki-crl"), context(known=known), previous)
    return {finding.code for finding in found}


# one object, or several, for each rule that it breaks
def without(fields: Any, oid: str) -> bytes:
    return with_extension(drafted(fields).unsigned, None, drop=oid)


def constrained(**changes: Any) -> set[str]:
    return codes(drafted(constrained_fields(**changes)).unsigned, "webpki-tls-constrained", context())


def non_tls(value: x509.ExtensionType | None = None, drop: str = "") -> set[str]:
    made = with_extension(drafted(non_tls_fields()).unsigned, value, drop=drop)
    return codes(made, "webpki-non-tls", context())


def responder(value: x509.ExtensionType | None = None, critical: bool = False, drop: str = "") -> set[str]:
    made = with_extension(drafted(responder_fields()).unsigned, value, critical, drop=drop)
    return codes(made, "webpki-ocsp-responder", context())


def usage(**said: bool) -> x509.KeyUsage:
    flags = ("digital_signature content_commitment key_encipherment data_encipherment key_agreement key_cert_sign "
             "crl_sign encipher_only decipher_only")  # fmt: skip
    return x509.KeyUsage(**(dict.fromkeys(flags.split(), False) | said))


ANSWERING = replace(ROOT, key_usage=("digitalSignature", "keyCertSign", "cRLSign"))
ABOUT = facts(subordinate_fields())
DELEGATE = facts(responder_fields())


def response(**changes: Any) -> bytes:
    """The draft of a response about ABOUT."""
    issuer_of = Issuer(ROOT.subject, ROOT.spki, ROOT.ski)
    fields = OcspFields(load_profile("webpki-ocsp"), issuer_of, ANSWERING, ABOUT.serial, None, NOW, not_after(NOW, 90))
    return draft_response(replace(fields, **changes)).unsigned


def ocsp(
    der: bytes = b"", responder: CertificateFacts = ANSWERING, crl: CrlFacts | None = None, **where: Any
) -> set[str]:
    profile = where.pop("profile", load_profile("webpki-ocsp"))
    found = ocsp_findings(der or response(), profile, context(**where), ABOUT, responder, crl)
    return {finding.code for finding in found}


def listing(reason: str = "superseded") -> CrlFacts:
    return read_crl(drafted(crl_fields(entries=(CrlEntry(ABOUT.serial, NOW, reason),))).unsigned)


def with_nonce() -> bytes:
    opened = decode(OcspResponse, response())
    basic = decode(BasicResponse, opened.content.response)
    data = decode(ResponseData, encode(basic.tbs))
    nonce = Extension(oid=x509.ObjectIdentifier("1.3.6.1.5.5.7.48.1.2"), critical=False, value=b"\x04\x01x")
    parts = {name: getattr(data, name) for name in ("version", "responder", "produced_at", "responses")}
    tbs = encode(ResponseData(**parts, extensions=[nonce]))
    return response_around(tbs, SignatureAlgorithm.ECDSA_SHA384, b"", ())


BROKEN: dict[str, list[Callable[[], set[str]]]] = {
    "x509.algorithm_pair": [
        lambda: root(der=changed(drafted(root_fields()).unsigned, outer=ECDSA_SHA256.identifier)),
    ],
    "x509.sha1": [lambda: root_with(algorithm=tlv(SHA1)), lambda: crl_changed(algorithm=tlv(SHA1))],
    "x509.algorithm": [
        lambda: root_with(algorithm=tlv(ECDSA_SHA256.identifier)),
        lambda: root_with(algorithm=tlv(bytes.fromhex("300b06092a864886f70d01010c"))),  # without its NULL
        lambda: crl_changed(algorithm=tlv(RSA_PKCS1_SHA384.identifier)),
        lambda: codes(drafted(crl_fields(algorithm=ECDSA_SHA256)).unsigned, "webpki-crl", context()),
    ],
    "x509.algorithm_hash": [
        lambda: root(PRIVATE_CONTEXT, drafted(root_fields(algorithm=ECDSA_SHA256)).unsigned, "private-root"),
        lambda: codes(drafted(crl_fields(algorithm=ECDSA_SHA256)).unsigned, "private-crl", context(rules="private")),
    ],
    "x509.signature_invalid": [
        lambda: root(der=changed(drafted(root_fields()).unsigned, signature=sign(KeyType.P384, b"other"))),
        lambda: crl(der=changed(drafted(crl_fields()).unsigned, signature=sign(KeyType.P384, b"other"))),
    ],
    "cert.version": [lambda: root_with(version=0, extensions=None)],
    "cert.serial_range": [
        lambda: root_with(serial=0),
        lambda: root_with(serial=-5),
        lambda: root_with(serial=2**159),
    ],
    "cert.serial_short": [lambda: root(serial=2**63 - 1), lambda: root(serial=1)],
    "cert.serial_reused": [lambda: subordinate(context(known=(facts(subordinate_fields(not_before=NOW - LATER_BY)),)))],
    "cert.not_before": [
        lambda: root(not_before=NOW + timedelta(seconds=1)),
        lambda: root(not_before=NOW - timedelta(days=1, seconds=1)),
        lambda: subordinate(not_before=NOW - timedelta(days=1, seconds=1)),
    ],
    "cert.not_before_cross": [
        lambda: cross(not_before=NOW + timedelta(seconds=1)),
        lambda: cross(not_before=NOW - timedelta(days=3)),
    ],
    "cert.window": [lambda: root(replace(ROOT_CONTEXT, window=(NOW, LATER)))],
    "cert.not_after": [
        lambda: cross(not_before=NOW - timedelta(9), not_after=NOW - timedelta(seconds=1)),
    ],
    "cert.time_form": [
        lambda: root_with(
            validity=type(validity(NOW, NOW))(
                not_before=asn1.GeneralizedTime(NOW), not_after=asn1.UTCTime(not_after(NOW, 3650))
            )
        )
    ],
    "cert.root_days_least": [lambda: root(not_after=not_after(NOW, 2922) - timedelta(seconds=1))],
    "cert.root_days_most": [lambda: root(not_after=not_after(NOW, 9132) + timedelta(seconds=1))],
    "cert.root_days_programme": [lambda: root(not_after=not_after(NOW, 3650) + timedelta(seconds=1))],
    "cert.subordinate_days": [lambda: subordinate(not_after=not_after(NOW, 1095) + timedelta(seconds=1))],
    "cert.days_committed": [
        lambda: root(replace(ROOT_CONTEXT, commitments=replace(COMMITTED, root_days=3649))),
        lambda: subordinate(context(commitments=replace(COMMITTED, subordinate_days=1094))),
    ],
    "cert.days_profile": [lambda: cross(not_after=not_after(NOW, 3651))],
    "cert.unique_id": [
        lambda: root_with(issuer_unique_id=asn1.BitString(b"\1", 0)),
        lambda: root_with(subject_unique_id=asn1.BitString(b"\1", 0)),
    ],
    "cert.basic_constraints": [
        lambda: root_extended(None, drop="2.5.29.19"),
        lambda: root_extended(x509.BasicConstraints(False, None), True),
    ],
    "cert.root_path_length": [lambda: root_extended(x509.BasicConstraints(True, 1), True)],
    "cert.subordinate_path_length": [lambda: extended(x509.BasicConstraints(True, None), True)],
    "cert.path_length": [
        lambda: subordinate(context(issuer=replace(ROOT, path_length=0))),
    ],
    "cert.path_length_beyond": [
        lambda: cross(replace(CROSS_CONTEXT, issuer=replace(ROOT, path_length=3))),
    ],
    "cert.key_usage": [
        lambda: root_extended(None, drop="2.5.29.15"),
        lambda: root_extended(key_usage(key_cert_sign=True), True),
        lambda: root_extended(key_usage(key_cert_sign=True, crl_sign=True, content_commitment=True), True),
    ],
    "cert.criticality": [
        lambda: root_extended(x509.BasicConstraints(True, None), False),
        lambda: extended(policies("2.23.140.1.2.1"), True),
    ],
    "cert.extension_unlisted": [lambda: root_extended(other_extension())],
    "cert.ski_missing": [lambda: root_extended(None, drop="2.5.29.14")],
    "cert.ski_key": [
        lambda: subordinate(context(known=(replace(ROOT, ski=subject_ski(spki(KeyType.P256, 1))),))),
        lambda: cross(ski=bytes(20)),
    ],
    "cert.aki_missing": [lambda: extended(None, drop="2.5.29.35")],
    "cert.aki_differs": [
        lambda: extended(x509.AuthorityKeyIdentifier(bytes(20), None, None)),
        lambda: root_extended(x509.AuthorityKeyIdentifier(bytes(20), None, None)),
    ],
    "cert.aki_form": [
        lambda: extended(x509.AuthorityKeyIdentifier(ROOT.ski, [x509.DNSName("ca.example")], 5)),
    ],
    "cert.crl_url_missing": [lambda: extended(None, drop="2.5.29.31")],
    "cert.crl_url_form": [
        lambda: extended(points("https://crl.example/1")),
        lambda: extended(points("http:///1")),
        lambda: extended(points("ldap://crl.example/1")),
        lambda: extended(
            x509.CRLDistributionPoints(
                [
                    x509.DistributionPoint(
                        [x509.UniformResourceIdentifier("http://crl.example/1")],
                        None,
                        frozenset([x509.ReasonFlags.superseded]),
                        None,
                    )
                ]
            )
        ),
    ],
    "cert.crl_points": [lambda: extended(points("http://crl.example/1", "http://crl.example/2"))],
    "cert.root_crl_url": [lambda: root_extended(points("http://crl.example/1"))],
    "cert.access_missing": [lambda: extended(None, drop="1.3.6.1.5.5.7.1.1")],
    "cert.access_form": [
        lambda: extended(access("ldap://ca.example/1")),
        lambda: extended(access("http://ca.example/1", "http://ca.example/1")),
        lambda: extended(access("http://ca.example/1", ocsp=True)),
    ],
    "cert.profile_differs": [
        lambda: extended(x509.BasicConstraints(True, 2), True),
        lambda: extended(None, drop="2.5.29.32"),
        lambda: root_extended(None, drop="2.5.29.35"),
        lambda: root_extended(key_usage(key_cert_sign=True, crl_sign=True, digital_signature=True), True),
    ],
    "cert.root_purposes": [lambda: root_extended(purposes("1.3.6.1.5.5.7.3.1"))],
    "cert.purposes_forbidden": [
        lambda: extended(purposes("1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.9")),
        lambda: cross_extended(purposes("2.5.29.37.0")),
    ],
    "cert.purposes_repeated": [lambda: extended(purposes("1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.1"))],
    "cert.purposes_missing": [
        lambda: cross(der=with_extension(drafted(cross_fields()).unsigned, None, drop="2.5.29.37")),
    ],
    "cert.purposes_unrestricted": [
        lambda: cross(STRANGER, der=with_extension(strange(), None, drop="2.5.29.37")),
        lambda: cross(STRANGER, der=with_extension(strange(), purposes("2.5.29.37.0"))),
    ],
    "cert.purposes_server": [
        lambda: extended(purposes("1.3.6.1.5.5.7.3.2")),
        lambda: extended(None, drop="2.5.29.37"),
    ],
    "cert.purposes_exact": [lambda: extended(purposes("1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.2"))],
    "cert.purposes_exact_cross": [
        lambda: cross(der=with_extension(drafted(cross_fields()).unsigned, None, drop="2.5.29.37")),
    ],
    "cert.purposes_of_key": [
        lambda: cross(
            replace(
                CROSS_CONTEXT,
                known=(
                    read_certificate(
                        with_extension(drafted(cross_fields(serial=2**140)).unsigned, None, drop="2.5.29.37")
                    ),
                ),
            )
        )
    ],
    "cert.purposes_of_issuer": [
        lambda: subordinate(context(known=(facts(non_tls_fields()),))),
        lambda: codes(drafted(non_tls_fields()).unsigned, "webpki-non-tls", context(known=(SUBORDINATE,))),
    ],
    "cert.policies": [
        lambda: subordinate(policies=("2.23.140.1.2.1", "2.23.140.1.2.2")),
        lambda: subordinate(policies=("1.2.3.4",)),
        lambda: subordinate(policies=("2.5.29.32.0", "2.23.140.1.2.1")),
    ],
    "cert.policies_cross": [
        lambda: cross(policies=("1.2.3.4",)),
        lambda: cross(policies=("2.5.29.32.0", "2.23.140.1.2.1")),
        lambda: cross(
            der=with_extension(
                drafted(cross_fields(policies=("2.23.140.1.2.1", "2.23.140.1.2.2"))).unsigned,
                x509.BasicConstraints(True, 0),
                True,
            )
        ),
    ],
    "cert.policies_any": [
        lambda: subordinate(subject=OTHER_ROOT.name, policies=("2.5.29.32.0",)),
        lambda: cross(STRANGER, der=strange(policies=("2.5.29.32.0",))),
    ],
    "cert.policies_ev": [
        lambda: cross(replace(CROSS_CONTEXT, commitments=replace(COMMITTED, extended_validation=True))),
    ],
    "cert.policy_repeated": [lambda: extended(policies("2.23.140.1.2.1", "1.2.3", "1.2.3"))],
    "cert.policy_order": [lambda: subordinate(policies=("1.2.3.4", "2.23.140.1.2.1"))],
    "cert.policy_qualifiers": [lambda: extended(policies("2.23.140.1.2.1", qualifier="https://cps.example/"))],
    "cert.root_policies": [lambda: root_extended(policies("2.23.140.1.2.1"))],
    "cert.name_rdn": [
        lambda: named(
            C,
            x509.RelativeDistinguishedName(
                [x509.NameAttribute(NAMES.ORGANIZATION_NAME, "O"), x509.NameAttribute(NAMES.COMMON_NAME, "R")]
            ),
        )
    ],
    "cert.name_repeated": [lambda: named(C, O, O, CN)],
    "cert.name_order": [lambda: named(CN, O, C)],
    "cert.name_encoding": [
        lambda: named((NAMES.COUNTRY_NAME, "NL", UTF8), O, CN),
        lambda: named(C, O, (NAMES.COMMON_NAME, "R", x509.name._ASN1Type.T61String)),
    ],
    "cert.name_length": [lambda: named(C, O, (NAMES.COMMON_NAME, "R" * 65, UTF8))],
    "cert.name_missing": [lambda: named(C, CN), lambda: named(C, O), lambda: named(O, CN)],
    "cert.name_country": [lambda: named((NAMES.COUNTRY_NAME, "nl", PRINTABLE), O, CN)],
    "cert.name_country_unknown": [
        lambda: named((NAMES.COUNTRY_NAME, "ZZ", PRINTABLE), O, CN),
        lambda: named((NAMES.COUNTRY_NAME, "UK", PRINTABLE), O, CN),
    ],
    "cert.name_unit": [lambda: named(C, O, (NAMES.ORGANIZATIONAL_UNIT_NAME, "U", UTF8), CN)],
    "cert.name_unusual": [
        lambda: named(C, (NAMES.LOCALITY_NAME, "Utrecht", UTF8), O, CN),
        lambda: named(C, O, CN, (NAMES.TITLE, "Dr", UTF8)),
    ],
    "cert.name_reused": [
        lambda: root(replace(ROOT_CONTEXT, known=(ROOT_2,)), number=0, common_name="VOORBEELD  root 2"),
        lambda: subordinate(context(known=(ROOT_2,)), subject=ROOT_2.subject),
    ],
    "cert.name_reencoded": [lambda: root(replace(ROOT_CONTEXT, known=(ROOT_2,)), common_name="Voorbeeld  Root 2")],
    "cert.issuer_name": [lambda: subordinate(issuer=OTHER_ROOT), lambda: root_with(issuer=tlv(OTHER_ROOT.name))],
    "cert.issuer_missing": [lambda: subordinate(context(issuer=None)), lambda: subordinate(spki=ROOT.spki)],
    "cert.issuer_not_ca": [
        lambda: subordinate(context(issuer=replace(ROOT, is_ca=False))),
        lambda: subordinate(context(issuer=replace(ROOT, key_usage=("cRLSign",)))),
    ],
    "cert.issuer_not_valid": [
        lambda: subordinate(context(issuer=replace(ROOT, not_before=NOW + timedelta(seconds=1)))),
        lambda: subordinate(context(issuer=replace(ROOT, not_after=NOW - timedelta(seconds=1)))),
    ],
    "cert.outlives_issuer": [
        lambda: subordinate(context(issuer=replace(ROOT, not_after=not_after(NOW, 1094)))),
        lambda: cross(replace(CROSS_CONTEXT, known=(ROOT_2,), issuer=replace(ROOT, not_after=not_after(NOW, 1094)))),
        lambda: subordinate(
            context(rules="private", issuer=replace(ROOT, not_after=not_after(NOW, 1094))),
            profile="private-subordinate",
        ),
    ],
    "cert.constraints_missing": [
        lambda: codes(without(constrained_fields(), "2.5.29.30"), "webpki-tls-constrained", context())
    ],
    "cert.constraints_open": [
        lambda: constrained(excluded=("ip:0.0.0.0/0",)),
        lambda: constrained(permitted=constrained_fields().permitted[:1]),
        lambda: constrained(permitted=constrained_fields().permitted[1:]),
    ],
    "cert.constraints_type": [
        lambda: constrained(excluded=(*constrained_fields().excluded, "email:voorbeeld.example")),
    ],
    "cert.responder_ca": [lambda: responder(x509.BasicConstraints(True, None), True)],
    "cert.responder_usage": [lambda: responder(usage(key_cert_sign=True), True), lambda: responder(drop="2.5.29.15")],
    "cert.responder_purposes": [
        lambda: responder(purposes("1.3.6.1.5.5.7.3.9", "1.3.6.1.5.5.7.3.1")),
        lambda: responder(drop="2.5.29.37"),
    ],
    "cert.responder_no_check": [lambda: responder(drop="1.3.6.1.5.5.7.48.1.5")],
    "cert.purposes_several": [
        lambda: codes(
            with_extension(drafted(subordinate_fields()).unsigned, purposes("1.3.6.1.5.5.7.3.4", "1.3.6.1.5.5.7.3.2")),
            "webpki-non-tls",
            context(),
        )
    ],
    "cert.purposes_not_tls": [
        lambda: non_tls(purposes("1.3.6.1.5.5.7.3.4", "1.3.6.1.5.5.7.3.1")),
        lambda: non_tls(drop="2.5.29.37"),
    ],
    "cert.policies_not_tls": [
        lambda: codes(drafted(non_tls_fields(policies=("2.23.140.1.2.1",))).unsigned, "webpki-non-tls", context()),
        lambda: codes(drafted(non_tls_fields(policies=("2.5.29.32.0", "1.2.3"))).unsigned, "webpki-non-tls", context()),
    ],
    "cert.reissued": [
        lambda: root(replace(ROOT_CONTEXT, existing=ROOT, known=(ROOT,)), serial=2**140),
    ],
    "ocsp.certificate": [lambda: ocsp(response(serial=5)), lambda: ocsp(issuer=ROOT_2)],
    "ocsp.responder": [lambda: ocsp(responder=replace(ROOT_2, spki=ROOT.spki))],
    "ocsp.responder_unfit": [
        lambda: ocsp(response(responder=DELEGATE), responder=replace(DELEGATE, eku=())),
        lambda: ocsp(response(responder=DELEGATE), responder=replace(DELEGATE, signature=b"\x30\x00")),
        lambda: ocsp(responder=ROOT_2),
    ],
    "ocsp.responder_usage": [lambda: ocsp(responder=ROOT)],
    "ocsp.responder_not_valid": [
        lambda: ocsp(responder=replace(ANSWERING, not_after=NOW - timedelta(seconds=1))),
        lambda: ocsp(response(next_update=ROOT.not_after + timedelta(seconds=1))),
    ],
    "ocsp.dates": [
        lambda: ocsp(response(this_update=NOW + timedelta(seconds=1))),
        lambda: ocsp(at=NOW + timedelta(days=91)),
    ],
    "ocsp.days": [lambda: ocsp(response(next_update=not_after(NOW, 366)))],
    "ocsp.days_profile": [
        lambda: ocsp(response(next_update=not_after(NOW, 1097)), rules="private", profile=load_profile("private-ocsp"))
    ],
    "ocsp.status": [
        lambda: ocsp(crl=listing()),
        lambda: ocsp(response(revoked=CrlEntry(ABOUT.serial, NOW, "superseded"))),
        lambda: ocsp(response(revoked=CrlEntry(ABOUT.serial, NOW, "keyCompromise")), crl=listing()),
    ],
    "ocsp.reason": [lambda: ocsp(response(revoked=CrlEntry(ABOUT.serial, NOW, "")), crl=listing(""))],
    "ocsp.extension": [lambda: ocsp(with_nonce())],
    "ocsp.going_along": [lambda: ocsp(response(), responder=DELEGATE)],
    "ocsp.profile_differs": [
        lambda: ocsp(profile=replace_struct(load_profile("webpki-ocsp"), responder_id="key")),
    ],
    "cert.key_reused": [
        lambda: subordinate(context(known=(facts(subordinate_fields(serial=2**140)),))),
        lambda: root(replace(ROOT_CONTEXT, known=(ROOT_2,)), number=2),
    ],
    "cert.key_committed": [
        lambda: root(replace(ROOT_CONTEXT, commitments=replace(COMMITTED, key_types=("rsa-4096",))))
    ],
    "cert.key_kind": [
        lambda: root(spki=spki(KeyType.ED25519), ski=subject_ski(spki(KeyType.ED25519))),
        lambda: codes(
            drafted(
                subordinate_fields(spki=spki(KeyType.ML_DSA_65), ski=subject_ski(spki(KeyType.ML_DSA_65)))
            ).unsigned,
            "webpki-tls-subordinate",
            context(),
        ),
    ],
    "cert.root_key": [
        lambda: root(spki=spki(KeyType.P256, 1), ski=subject_ski(spki(KeyType.P256, 1))),
        lambda: root(spki=spki(KeyType.RSA_2048), ski=subject_ski(spki(KeyType.RSA_2048))),
    ],
    "cert.cross_missing": [lambda: cross(replace(CROSS_CONTEXT, existing=None))],
    "cert.cross_subject": [lambda: cross(subject=name("Voorbeeld  Root 2"))],
    "cert.cross_key": [lambda: cross(spki=spki(KeyType.P256, 1))],
    "cert.cross_ski": [lambda: cross(ski=bytes(20))],
    "cert.cross_path_length": [lambda: cross_extended(x509.BasicConstraints(True, 4))],
    "cert.cross_no_ca": [lambda: cross(replace(CROSS_CONTEXT, existing=replace(ROOT_2, is_ca=False)))],
    "cert.cross_existing": [
        lambda: cross(replace(CROSS_CONTEXT, existing=replace(ROOT_2, version=1))),
        lambda: cross(replace(CROSS_CONTEXT, existing=replace(ROOT_2, not_after=not_after(ROOT_2.not_before, 2921)))),
    ],
    "cert.cross_expired": [
        lambda: cross(replace(CROSS_CONTEXT, existing=replace(ROOT_2, not_after=not_after(NOW, 1094)))),
    ],
    "crl.version": [lambda: crl_changed(version=None, extensions=None, entries=None)],
    "crl.issuer": [lambda: crl(issuer=OTHER_ROOT), lambda: crl(context(issuer=None))],
    "crl.issuer_may_not_sign": [lambda: crl(context(issuer=replace(ROOT, key_usage=("keyCertSign",))))],
    "crl.this_update": [
        lambda: crl(this_update=NOW + timedelta(seconds=1)),
        lambda: crl(this_update=NOW - timedelta(days=1, seconds=1)),
    ],
    "crl.window": [lambda: crl(context(window=(NOW, LATER)))],
    "crl.next_update_missing": [lambda: crl_changed(next_update=None)],
    "crl.days": [lambda: crl(next_update=not_after(NOW, 365) + timedelta(seconds=1))],
    "crl.days_profile": [lambda: crl(next_update=not_after(NOW, 365) + timedelta(seconds=1))],
    "crl.days_committed": [lambda: crl(context(commitments=replace(COMMITTED, crl_days=364)))],
    "crl.expired": [
        lambda: crl(this_update=NOW - timedelta(hours=2), next_update=NOW - timedelta(hours=1)),
        lambda: crl(next_update=NOW),
    ],
    "crl.time_form": [lambda: crl_changed(this_update=asn1.GeneralizedTime(NOW))],
    "crl.number": [lambda: crl_extended(None, drop="2.5.29.20"), lambda: crl_extended(x509.CRLNumber(2**159))],
    "crl.aki": [
        lambda: crl_extended(None, drop="2.5.29.35"),
        lambda: crl_extended(x509.AuthorityKeyIdentifier(bytes(20), None, None)),
        lambda: crl_extended(x509.AuthorityKeyIdentifier(ROOT.ski, [x509.DNSName("ca.example")], 5)),
    ],
    "crl.scope": [
        lambda: crl_extended(SCOPE, True),
        lambda: crl_extended(x509.DeltaCRLIndicator(3), True),
    ],
    "crl.extension_unlisted": [lambda: crl_extended(other_extension())],
    "crl.criticality": [
        lambda: crl_extended(x509.CRLNumber(7), True),
        lambda: crl_changed(entries=[entry(SERIAL, NOW, REASON, INVALIDITY)]),
    ],
    "crl.empty_list": [lambda: crl_changed(entries=[])],
    "crl.entry_extension": [lambda: crl_changed(entries=[entry(SERIAL, NOW, REASON, INVALIDITY)])],
    "crl.entry_twice": [lambda: crl_changed(entries=[entry(SERIAL, NOW, REASON), entry(SERIAL, NOW, REASON)])],
    "crl.entry_reason_missing": [
        lambda: with_entries(CrlEntry(SERIAL, NOW, "")),
        lambda: with_entries(CrlEntry(SERIAL, NOW, "unspecified")),
    ],
    "crl.entry_reason": [
        lambda: with_entries(CrlEntry(SERIAL, NOW, "certificateHold")),
        lambda: with_entries(CrlEntry(SERIAL, NOW, "removeFromCRL")),
    ],
    "crl.entry_ca_compromise": [lambda: with_entries(CrlEntry(SERIAL, NOW, "cACompromise"))],
    "crl.entry_date_future": [lambda: with_entries(CrlEntry(SERIAL, NOW + timedelta(days=365), "superseded"))],
    "crl.entry_date_early": [lambda: with_entries(CrlEntry(SERIAL, NOW - timedelta(seconds=1), "superseded"))],
    "crl.issuer_not_valid": [
        lambda: crl(context(issuer=replace(ROOT, not_before=NOW + timedelta(seconds=1)))),
        lambda: crl(context(issuer=replace(ROOT, not_after=NOW - timedelta(seconds=1)))),
    ],
    "crl.outlives_issuer": [lambda: crl(context(issuer=replace(ROOT, not_after=not_after(NOW, 364))))],
    "crl.entry_no_authority": [lambda: crl(context(known=(replace(SUBORDINATE, is_ca=False, eku=()),)))],
    "crl.entry_itself": [lambda: crl(context(known=(ROOT,)), entries=(CrlEntry(ROOT.serial, NOW, "superseded"),))],
    "crl.entry_unknown": [lambda: with_entries(CrlEntry(5, NOW, "superseded"))],
    "crl.previous_missing": [lambda: crl(number=2)],
    "crl.previous_of_another": [
        lambda: successor(issuer=OTHER_ROOT),
        lambda: successor(previous=replace(PREVIOUS, signature=sign(KeyType.P384, PREVIOUS.tbs, 2))),
    ],
    "crl.scope_partial": [
        lambda: codes(drafted(crl_fields(scope="ca")).unsigned, "webpki-crl", context(known=(ROOT_2,)))
    ],
    "crl.scope_elsewhere": [
        lambda: codes(
            drafted(crl_fields(distribution_point="http://crl.example/1")).unsigned,
            "webpki-crl",
            context(known=(SUBORDINATE,)),
        )
    ],
    "crl.entry_scope": [
        lambda: codes(
            drafted(crl_fields(scope="user", distribution_point="http://crl.example/1")).unsigned,
            "webpki-crl",
            context(known=(facts(subordinate_fields()),)),
        )
    ],
    "crl.previous_scope": [
        lambda: successor(previous=read_crl(with_extension(drafted(crl_fields(number=6)).unsigned, SCOPE, True))),
    ],
    "crl.number_not_rising": [lambda: successor(number=6), lambda: successor(number=5)],
    "crl.this_update_not_rising": [lambda: successor(this_update=NOW - LATER_BY)],
    "crl.entry_vanished": [lambda: successor(entries=())],
    "crl.entry_changed": [lambda: successor(entries=(CrlEntry(SERIAL, NOW, "keyCompromise"),))],
}
CASES = [(code, made) for code, several in BROKEN.items() for made in several]


@pytest.mark.parametrize(("code", "made"), CASES, ids=[code for code, _ in CASES])
def test_the_rule_finds_what_breaks_it(code: str, made: Callable[[], set[str]]) -> None:
    assert code in made()


def test_every_rule_is_broken_here() -> None:
    assert {one.code for one in RULES} == set(BROKEN)


def test_what_is_drafted_keeps_every_rule() -> None:
    assert root() == set()
    assert subordinate() == set()
    assert cross() == set()
    assert crl() == set()
    assert constrained() == non_tls(purposes("1.3.6.1.5.5.7.3.4")) == set()
    assert codes(drafted(responder_fields()).unsigned, "webpki-ocsp-responder", context()) == set()
    assert ocsp() == ocsp(response(responder=DELEGATE), responder=DELEGATE) == set()
    revoked = CrlEntry(ABOUT.serial, NOW, "superseded")
    assert ocsp(response(revoked=revoked), crl=listing()) == set()


@pytest.mark.parametrize("key_type", list(KeyType))
def test_what_is_finished_keeps_every_rule_of_a_private_authority(key_type: KeyType) -> None:
    committed = replace(COMMITTED, key_types=tuple(KeyType))
    fields = root_fields(key_type, profile=load_profile("private-root"))
    der = issued(fields, key_type)
    itself = read_certificate(der)
    there = context(rules="private", issuer=None, commitments=committed, known=(itself,))
    assert codes(der, "private-root", there) == set()
    below = replace(there, issuer=itself)
    child = subordinate_fields(
        key_type, profile=load_profile("private-subordinate"), policies=(), crl_url="", ca_issuers_url=""
    )
    assert codes(issued(child, key_type), "private-subordinate", below) == set()
    revoked = replace(below, known=(itself, read_certificate(issued(child, key_type))))
    der = issued(crl_fields(key_type, number=1, profile=load_profile("private-crl")), key_type)
    assert codes(der, "private-crl", revoked) == set()


def test_a_cross_certificate_may_be_as_old_as_the_existing_one() -> None:
    assert cross(not_before=ROOT_2.not_before) == set()
    older = replace(ROOT_2, not_before=NOW - timedelta(days=900))
    assert "cert.not_before_cross" not in cross(replace(CROSS_CONTEXT, existing=older), not_before=older.not_before)


def test_rules_hold_from_their_day_on() -> None:
    early = datetime(2025, 6, 14, 9, tzinfo=UTC)
    parent = replace(ROOT, not_before=early)
    without = {"not_before": early, "not_after": not_after(early, 1095)}
    der = with_extension(drafted(cross_fields(**without)).unsigned, None, drop="2.5.29.37")

    def found_on(day: datetime) -> set[str]:
        return cross(replace(CROSS_CONTEXT, at=day, window=(day, day), issuer=parent), der)

    assert "cert.purposes_exact_cross" not in found_on(early)
    assert "cert.purposes_exact_cross" in found_on(early + timedelta(days=1))


def test_what_binds_is_judged_by_the_day_of_signing_and_not_by_the_dates_inside() -> None:
    """A cross-certificate may be dated back to the one that it repeats; no rule is switched off by that."""
    old = replace(ROOT_2, not_before=datetime(2020, 1, 1, tzinfo=UTC))
    der = with_extension(drafted(cross_fields(not_before=old.not_before)).unsigned, None, drop="2.5.29.37")
    assert "cert.purposes_exact_cross" in cross(replace(CROSS_CONTEXT, existing=old), der)


def test_a_source_ends_after_its_last_day() -> None:
    day = NOW.date()
    ending = replace(RULES[0], sources=(replace(RULES[0].sources[0], until=day),))
    texts = context().texts
    assert ending.basis(texts, "root", day)
    assert ending.basis(texts, "root", day + timedelta(days=1)) is None


def clauses(der: bytes, profile: str, where: Context) -> dict[str, tuple[Severity, str]]:
    found = certificate_findings(der, load_profile(profile), where)
    return {finding.code: (finding.severity, finding.clause) for finding in found}


def test_the_strictest_text_in_force_wins_and_is_named() -> None:
    der = with_extension(drafted(subordinate_fields()).unsigned, purposes("1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.2"))
    strict = clauses(der, "webpki-tls-subordinate", context())["cert.purposes_exact"]
    assert strict == (Severity.ERROR, "Chrome Root Program 1.3.2; Apple Root Program 1.7, Appendix A")
    apple = context(commitments=replace(COMMITTED, programmes=("apple", "microsoft")))
    assert clauses(der, "webpki-tls-subordinate", apple)["cert.purposes_exact"][1].startswith("Apple")
    neither = context(commitments=replace(COMMITTED, programmes=("mozilla", "microsoft")))
    assert set(clauses(der, "webpki-tls-subordinate", neither)) == {"cert.profile_differs"}


def test_a_programme_that_is_not_kept_to_asks_nothing() -> None:
    long = drafted(root_fields(not_after=not_after(NOW, 9000), profile=load_profile("webpki-root"))).unsigned
    committed = replace(COMMITTED, root_days=9132)
    found = clauses(long, "webpki-root", replace(ROOT_CONTEXT, commitments=committed))
    assert found["cert.root_days_programme"] == (Severity.ERROR, "Microsoft Trusted Root Program 3.1.8")
    without = replace(committed, programmes=("mozilla", "chrome", "apple"))
    assert set(clauses(long, "webpki-root", replace(ROOT_CONTEXT, commitments=without))) == {"cert.days_profile"}


def test_a_private_authority_keeps_to_the_rfc_and_to_its_own() -> None:
    texts = context(rules="private").texts
    assert texts == {Text.RFC, Text.CPS, Text.QUORATE}
    der = with_extension(drafted(subordinate_fields()).unsigned, purposes("1.3.6.1.5.5.7.3.4"))
    below = context(rules="private")
    assert not {code for code in codes(der, "private-subordinate", below) if code.startswith("cert.purposes")}


def test_what_is_repeated_is_judged_by_the_rules_of_its_own_day() -> None:
    """A root of seven years was lawful before BR had profiles."""
    short = replace(ROOT_2, not_after=not_after(ROOT_2.not_before, 2921))
    before = replace(short, not_before=datetime(2020, 1, 1, tzinfo=UTC), not_after=datetime(2027, 1, 1, tzinfo=UTC))
    assert "cert.cross_existing" in cross(replace(CROSS_CONTEXT, existing=short))
    assert "cert.cross_existing" not in cross(replace(CROSS_CONTEXT, existing=before, known=(ROOT,)))


def test_a_text_that_only_recommends_does_not_block() -> None:
    """Before CCADB spoke, a cross-certificate could go without purposes, and should not."""
    day = datetime(2024, 5, 1, 9, tzinfo=UTC)
    dated = {"not_before": day, "not_after": not_after(day, 1095)}
    der = with_extension(drafted(cross_fields(**dated)).unsigned, None, drop="2.5.29.37")
    there = replace(CROSS_CONTEXT, at=day, window=(day, day), issuer=replace(ROOT, not_before=day))
    found = clauses(der, "webpki-cross", there)
    assert found.pop("cert.profile_differs")[0] is Severity.ERROR
    assert found.pop("cert.purposes_of_key", None) is None
    assert found == {"cert.purposes_missing": (Severity.WARNING, "BR 7.1.2.2.3")}


def test_a_root_serves_one_purpose_only_as_far_as_programmes_ask_for_it() -> None:
    mail, code = facts(non_tls_fields()), "cert.purposes_of_issuer"
    der = drafted(subordinate_fields()).unsigned
    there = context(known=(mail,))
    assert clauses(der, "webpki-tls-subordinate", there)[code] == (
        Severity.ERROR,
        "Mozilla RSP 7.5, 7.5.1; Chrome Root Program 2.3; Apple Root Program 2.1.3; "
        "Microsoft Trusted Root Program 3.4.3",
    )
    for known in (replace(mail, not_after=NOW - timedelta(days=1)), replace(mail, eku=()), replace(mail, aki=b"other")):
        assert code not in subordinate(context(known=(known,)))
    responder_ = facts(responder_fields())
    assert code not in subordinate(context(known=(responder_,)))
    assert code not in codes(der, "webpki-tls-subordinate", replace(there, rules="private"))


def test_a_child_may_live_as_long_as_any_certificate_of_its_issuer() -> None:
    short = replace(ROOT, not_after=not_after(NOW, 100), tbs=b"another")
    assert "cert.outlives_issuer" in subordinate(context(issuer=short))
    assert "cert.outlives_issuer" not in subordinate(context(issuer=short, known=(ROOT,)))


def test_an_affiliate_is_no_stranger() -> None:
    der = with_extension(strange(policies=("2.5.29.32.0",)), None, drop="2.5.29.37")
    affiliated = replace(STRANGER, commitments=replace(COMMITTED, affiliates=("Somebody Else",)))
    for code in ("cert.policies_any", "cert.purposes_unrestricted"):
        assert code in cross(STRANGER, der)
        assert code not in cross(affiliated, der)


def test_a_frozen_draft_is_legal_all_over_a_window_within_a_day() -> None:
    window = (NOW, NOW + timedelta(hours=24))
    assert root(replace(ROOT_CONTEXT, window=window)) == set()


def test_bytes_that_are_no_certificate_are_one_finding() -> None:
    assert root(der=b"\x30\x00") == {"x509.encoding"}
    assert crl(der=changed(drafted(crl_fields()).unsigned, outer=ECDSA_SHA256.identifier)) == {"x509.encoding"}
    assert crl(der=drafted(root_fields()).unsigned) == {"x509.encoding"}


def test_the_key_in_the_certificate_is_judged() -> None:
    assert "key.stand_in" in root(spki=stand_in_spki(KeyType.P384))
    weak = rsa.RSAPublicNumbers(65537, 2**4095 + 1).public_key()
    assert "key.modulus_small_factor" in subordinate(spki=spki_of(weak))


def test_a_profile_of_the_other_rule_set_is_noticed() -> None:
    assert "x509.profile_rules" in root(profile="private-root")
    assert "x509.profile_rules" in crl(profile="private-crl")


def test_what_the_rfc_allows_and_wisdom_does_not_is_a_warning_for_a_private_authority() -> None:
    counselled = [one for one in RULES if any(source.level is Level.COUNSEL for source in one.sources)]
    for one in counselled:
        for kind in one.applies:
            private = one.basis(chosen("private"), kind, NOW.date())
            public = one.basis(chosen("webpki"), kind, NOW.date())
            assert private is not None
            assert public is not None
            assert (private.severity, public.severity) == (Severity.WARNING, Severity.ERROR), one.code
    assert {one.code for one in counselled} == {
        *(
            "cert.not_before",
            "cert.not_before_cross",
            "cert.not_after",
            "cert.issuer_not_valid",
            "crl.issuer_not_valid",
            "crl.outlives_issuer",
            "crl.entry_itself",
            "cert.outlives_issuer",
        ),
        *("cert.name_missing", "cert.name_country", "cert.name_country_unknown", "cert.name_reused"),
        *("cert.name_reencoded", "cert.key_reused", "cert.ski_key", "cert.key_usage", "cert.crl_url_form"),
        *("cert.access_form", "crl.this_update", "crl.expired", "crl.previous_missing", "crl.this_update_not_rising"),
        *("crl.entry_reason", "crl.entry_date_future", "crl.entry_date_early"),
    }


def test_each_rule_says_where_it_comes_from() -> None:
    for one in RULES:
        row, musts = meaning(one.code), [source for source in one.sources if source.level is Level.MUST]
        assert one.sources, one.code
        assert all(source.clause for source in one.sources), one.code
        assert any(row.clause.startswith(EDITIONS[source.text].title) for source in one.sources), one.code
        if row.severity is Severity.WARNING:
            assert not musts, one.code
        elif not row.waivable:
            assert musts, one.code


def test_what_warns_in_certificates_and_crls_may_be_waived_all_the_same() -> None:
    warn = {one.code for one in RULES if meaning(one.code).severity is Severity.WARNING}
    assert {code for code in warn if not meaning(code).waivable} == {"x509.algorithm_hash"}


def test_what_the_rfc_demands_is_never_waived() -> None:
    for one in RULES:
        demanded = any(source.text is Text.RFC and source.level is Level.MUST for source in one.sources)
        assert not (demanded and meaning(one.code).waivable), one.code


def test_the_table_of_the_specification_is_that_of_the_program() -> None:
    """`python tests/rules_table.py` writes it anew."""
    assert rules_table.SPEC.read_text() == rules_table.written(rules_table.SPEC.read_text())


def test_every_text_has_rules() -> None:
    assert {source.text for one in RULES for source in one.sources} == set(Text)
    assert {source.text for one in CRL_RULES for source in one.sources} >= {Text.BR, Text.CCADB, Text.MICROSOFT}


# from one CRL to the next


def test_a_successor_carries_on() -> None:
    assert successor() == set()


def test_an_entry_may_vanish_once_listed_beyond_its_validity() -> None:
    expired = replace(facts(subordinate_fields()), not_after=NOW - timedelta(days=1))
    assert successor((expired,), entries=()) == set()
