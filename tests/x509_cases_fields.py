"""Bad certificates: serial numbers, dates, extensions. Each breaks one rule, or as few as can be."""

from __future__ import annotations

from datetime import UTC, datetime

from cryptography import x509
from cryptography.hazmat import asn1

from issuing import changed
from quorate.x509.fields import not_after
from quorate.x509.structure import Envelope, Extension, TbsCertificate, Validity, decode, encode
from x509_world import (
    DAY,
    NOW,
    ROOT_1,
    SECOND,
    SERIAL,
    URLS,
    Case,
    altered,
    draft,
    extended,
    issuer,
    name,
    public,
    root,
    sub,
)

ROOT = {"profile": "webpki-root", "issuer": ""}
OID = x509.ObjectIdentifier


def raw(oid: str, value: str, critical: bool = False) -> Extension:
    """An extension by the octets of its value, in hexadecimal."""
    return Extension(oid=OID(oid), critical=critical, value=bytes.fromhex(value))


def with_raw(der: bytes, extension: Extension, *more: Extension) -> bytes:
    """A draft whose extension of that OID is replaced, whatever its value is."""
    tbs = decode(TbsCertificate, encode(decode(Envelope, der).tbs))
    kept = [one for one in tbs.extensions or [] if one.oid != extension.oid]
    return changed(der, extensions=[*kept, extension, *more])


def purposes(*oids: str) -> x509.ExtendedKeyUsage:
    return x509.ExtendedKeyUsage([OID(oid) for oid in oids])


def point(*names: x509.GeneralName, reasons: bool = False, issuer: bool = False) -> x509.DistributionPoint:
    flags = frozenset([x509.ReasonFlags.superseded]) if reasons else None
    by = [x509.DNSName("crl.example.org")] if issuer else None
    return x509.DistributionPoint(list(names), None, flags, by)


def url(text: str) -> x509.UniformResourceIdentifier:
    return x509.UniformResourceIdentifier(text)


def points(*given: x509.DistributionPoint) -> x509.CRLDistributionPoints:
    return x509.CRLDistributionPoints(list(given))


def access(*urls: str, ocsp: str = "") -> x509.AuthorityInformationAccess:
    method = x509.AuthorityInformationAccessOID
    places = [x509.AccessDescription(method.CA_ISSUERS, url(text)) for text in urls]
    places += [x509.AccessDescription(method.OCSP, url(ocsp))] if ocsp else []
    return x509.AuthorityInformationAccess(places)


def key_usage(*bits: str) -> x509.KeyUsage:
    names = "digital_signature content_commitment key_encipherment data_encipherment key_agreement key_cert_sign"
    every = (*names.split(), "crl_sign", "encipher_only", "decipher_only")
    return x509.KeyUsage(**{one: one in bits for one in every})


def serials() -> list[Case]:
    whole = [
        ("zero", "a serial number of zero", 0),
        ("negative", "a negative serial number", -5),
        ("2-159", "a serial number of 2^159, one too large", 2**159),
        ("21-octets", "a serial number of 21 octets", 2**167),
    ]
    short = [("63-bits", "63 random bits, one short", 2**63 - 1), ("one-octet", "a serial number counted by hand", 17)]
    return [
        *(Case(f"serial-{what}", about, "cert.serial_range", altered(root(), serial=serial), **ROOT)
          for what, about, serial in whole),
        *(Case(f"serial-{what}", about, "cert.serial_short", altered(root(), serial=serial), **ROOT)
          for what, about, serial in short),
        Case("serial-repeated", "a serial number that the issuer gave before", "cert.serial_reused",
             draft(sub(spki=public(15, 256), subject=name("Sub 9"))), known=("sub-1",)),
    ]  # fmt: skip


def dates() -> list[Case]:
    late = datetime(2056, 1, 1, tzinfo=UTC)
    long = ("cert.root_days_programme", "cert.days_committed", "cert.days_profile")
    young = Validity(not_before=asn1.GeneralizedTime(NOW), not_after=asn1.UTCTime(not_after(NOW, 3650)))
    return [
        Case("not-before-ahead", "notBefore one second after signing", "cert.not_before",
             draft(sub(not_before=NOW + SECOND, not_after=not_after(NOW, 1000)))),
        Case("not-before-too-old", "notBefore one second more than a day before signing", "cert.not_before",
             draft(sub(not_before=NOW - DAY - SECOND, not_after=not_after(NOW, 1000)))),
        Case("window-of-two-days", "dates that are not legal at the end of the signing window", "cert.window",
             draft(sub()), closes=NOW + 2 * DAY),
        Case("ended-before-signing", "notAfter one second before signing", "cert.not_after",
             draft(sub(not_before=NOW - DAY, not_after=NOW - SECOND))),
        Case("root-one-second-short", "a root one second shorter than 2922 days", "cert.root_days_least",
             draft(root(not_after=not_after(NOW, 2922) - SECOND)), also=("cert.days_profile",), **ROOT),
        Case("root-one-second-long", "a root one second longer than 9132 days", "cert.root_days_most",
             draft(root(not_after=not_after(NOW, 9132) + SECOND)), also=long, **ROOT),
        Case("root-ten-years-and-a-second", "a root one second longer than ten years", "cert.root_days_programme",
             draft(root(not_after=not_after(NOW, 3650) + SECOND)), also=("cert.days_profile",),
             commitments={"root_days": 3651}, **ROOT),
        Case("sub-one-second-long", "a subordinate one second longer than three years", "cert.subordinate_days",
             draft(sub(not_after=not_after(NOW, 1095) + SECOND)), also=("cert.days_profile",),
             commitments={"subordinate_days": 1096}),
        Case("longer-than-committed", "one second longer than the CP/CPS commits to", "cert.days_committed",
             draft(sub(not_after=not_after(NOW, 398) + SECOND)), commitments={"subordinate_days": 398}),
        Case("generalizedtime-before-2050", "a date of 2026 as GeneralizedTime", "cert.time_form",
             altered(root(), validity=young), **ROOT),
        Case("utctime-after-2049", "a date of 2056 as UTCTime, which is read as 1956", "cert.not_after",
             _year_56(draft(root(not_after=late))), also=("cert.root_days_least", "cert.days_profile"), **ROOT),
        Case("generalizedtime-fraction", "a date with a fraction of a second", "x509.encoding",
             _time(draft(root(not_after=late)), b"\x18\x0f20560101000000Z", b"\x18\x1120560101000000.5Z"), **ROOT),
        Case("utctime-without-seconds", "a date without seconds", "x509.encoding",
             _time(draft(root()), b"\x17\x0d261123090000Z", b"\x17\x0b2611230900Z"), **ROOT),
        Case("utctime-with-offset", "a date in a time zone other than UTC", "x509.encoding",
             _time(draft(root()), b"\x17\x0d261123090000Z", b"\x17\x11261123100000+0100"), **ROOT),
        Case("outlives-issuer", "a subordinate that ends a second after its issuer", "cert.outlives_issuer",
             draft(sub(not_after=not_after(NOW, 1000) + SECOND)), issuer="root-1-short"),
        Case("issuer-expired", "an issuer that expired a second before signing", "cert.issuer_not_valid",
             draft(sub()), issuer="root-1-expired", also=("cert.outlives_issuer",)),
        Case("issuer-not-yet-valid", "an issuer that is valid a second after signing", "cert.issuer_not_valid",
             draft(sub()), issuer="root-1-future"),
        Case("issuer-expires-in-window", "an issuer that expires before the window closes", "cert.issuer_not_valid",
             draft(sub(not_before=NOW + 999 * DAY, not_after=NOW + 1000 * DAY - SECOND)), issuer="root-1-short",
             at=NOW + 999 * DAY + SECOND, closes=NOW + 1000 * DAY, also=("cert.window",)),
    ]  # fmt: skip


def extensions() -> list[Case]:
    unlisted = "1.3.6.1.4.1.99999.1"
    basic, usage, ski, aki = "2.5.29.19", "2.5.29.15", "2.5.29.14", "2.5.29.35"
    cases = [
        Case("version-1", "a certificate of version 1 with extensions", "cert.version",
             altered(root(), version=0), **ROOT),
        Case("unique-id", "an issuerUniqueID", "cert.unique_id",
             altered(root(), issuer_unique_id=asn1.BitString(b"\1", 0)), **ROOT),
        Case("subject-unique-id", "a subjectUniqueID", "cert.unique_id",
             altered(root(), subject_unique_id=asn1.BitString(b"\1", 0)), **ROOT),
        Case("no-basic-constraints", "no basicConstraints", "cert.basic_constraints",
             extended(root(), drop=basic), **ROOT),
        Case("basic-constraints-not-a-ca", "basicConstraints with cA FALSE", "cert.basic_constraints",
             extended(root(), x509.BasicConstraints(False, None), True), **ROOT),
        Case("basic-constraints-not-critical", "basicConstraints that is not critical", "cert.criticality",
             extended(root(), x509.BasicConstraints(True, None), False), **ROOT),
        Case("root-path-length", "a root with a path length", "cert.root_path_length",
             extended(root(), x509.BasicConstraints(True, 1), True), also=("cert.profile_differs",), **ROOT),
        Case("sub-path-length-1", "an issuing authority with path length 1", "cert.subordinate_path_length",
             extended(sub(), x509.BasicConstraints(True, 1), True), also=("cert.profile_differs",)),
        Case("path-length-without-ca", "a path length without cA", "x509.encoding",
             with_raw(draft(root()), raw(basic, "3003020100", True)), **ROOT),
        Case("issuer-path-length-0", "an authority below one whose path length is 0", "cert.path_length",
             draft(sub(issuer(14, "Issuing 1"))), issuer="issuing-1"),
        Case("no-key-usage", "no keyUsage", "cert.key_usage",
             extended(root(), drop=usage), also=("cert.profile_differs",), **ROOT),
        Case("key-usage-without-crl-sign", "keyUsage without cRLSign", "cert.key_usage",
             extended(root(), key_usage("key_cert_sign"), True), also=("cert.profile_differs",), **ROOT),
        Case("key-usage-non-repudiation", "keyUsage with nonRepudiation", "cert.key_usage",
             extended(root(), key_usage("key_cert_sign", "crl_sign", "content_commitment"), True),
             also=("cert.profile_differs",), **ROOT),
        Case("key-usage-trailing-zeros", "keyUsage with trailing zero bits, which is not DER", "cert.key_usage",
             with_raw(draft(root()), raw(usage, "03020006", True)), **ROOT),
        Case("key-usage-not-critical", "keyUsage that is not critical", "cert.criticality",
             extended(root(), key_usage("key_cert_sign", "crl_sign"), False), **ROOT),
        Case("unknown-extension", "an extension that no profile names", "cert.extension_unlisted",
             with_raw(draft(root()), raw(unlisted, "0500")), **ROOT),
        Case("unknown-critical-extension", "a critical extension that nobody knows", "cert.extension_unlisted",
             with_raw(draft(root()), raw(unlisted, "0500", True)), **ROOT),
        Case("policy-constraints", "policyConstraints, which BR leaves empty", "cert.extension_unlisted",
             extended(sub(), x509.PolicyConstraints(0, None), True)),
        Case("extension-twice", "the same extension twice", "x509.encoding",
             with_raw(draft(root()), raw(unlisted, "0500"), raw(unlisted, "0500")), **ROOT),
        Case("no-ski", "no subjectKeyIdentifier", "cert.ski_missing", extended(root(), drop=ski),
             also=("cert.aki_differs",), **ROOT),
        Case("ski-of-another-key", "the identifier of another key", "cert.ski_key",
             draft(sub(serial=SERIAL + 16, spki=public(16, 256), ski=sub().ski, subject=name("Sub 9"))),
             known=("sub-1",)),
        Case("no-aki", "no authorityKeyIdentifier", "cert.aki_missing",
             extended(sub(), drop=aki), also=("cert.profile_differs",)),
        Case("aki-of-another", "an authorityKeyIdentifier of another key", "cert.aki_differs",
             extended(sub(), x509.AuthorityKeyIdentifier(bytes(20), None, None))),
        Case("aki-with-issuer-and-serial", "an authorityKeyIdentifier that names issuer and serial", "cert.aki_form",
             extended(sub(), x509.AuthorityKeyIdentifier(ROOT_1.ski, [x509.DNSName("ca.example.org")], 5))),
        Case("aki-critical", "a critical authorityKeyIdentifier", "cert.criticality",
             extended(sub(), x509.AuthorityKeyIdentifier(ROOT_1.ski, None, None), True)),
    ]  # fmt: skip
    return [*cases, *_urls()]


def _urls() -> list[Case]:
    crl = URLS["crl_url"]
    form, many = "cert.crl_url_form", "cert.crl_points"
    bad = [
        ("crl-url-https", "a CRL at an https URL", point(url("https://crl.example.org/1.crl"))),
        ("crl-url-ldap", "a CRL at an ldap URL", point(url("ldap://crl.example.org/cn=1"))),
        ("crl-url-file", "a CRL at a file URL", point(url("file:///etc/1.crl"))),
        ("crl-url-upper-case", "a scheme in capitals", point(url("HTTP://crl.example.org/1.crl"))),
        ("crl-url-no-host", "an http URL without a host", point(url("http:///1.crl"))),
        ("crl-url-blank", "an http URL with a blank", point(url("http://crl.example.org/a b.crl"))),
        ("crl-point-dns-name", "a distribution point that is a DNS name", point(x509.DNSName("crl.example.org"))),
        ("crl-point-reasons", "a distribution point with reasons", point(url(crl), reasons=True)),
        ("crl-point-issuer", "a distribution point with a cRLIssuer", point(url(crl), issuer=True)),
    ]
    aia = "1.3.6.1.5.5.7.1.1"
    return [
        *(Case(what, about, form, extended(sub(), points(one)),
               also=("cert.profile_differs",) if what == "crl-point-dns-name" else ()) for what, about, one in bad),
        Case("crl-url-missing", "a subordinate without a CRL distribution point", "cert.crl_url_missing",
             extended(sub(), drop="2.5.29.31"), also=("cert.profile_differs",)),
        Case("crl-points-two", "two CRL distribution points", many,
             extended(sub(), points(point(url(crl)), point(url(crl + "2"))))),
        Case("crl-urls-two", "two URLs in one CRL distribution point", many,
             extended(sub(), points(point(url(crl), url(crl + "2"))))),
        Case("crl-point-critical", "a critical CRL distribution point", "cert.criticality",
             extended(sub(), points(point(url(crl))), True)),
        Case("root-crl-url", "a root that says where its CRL is", "cert.root_crl_url",
             extended(root(), points(point(url(crl)))), also=("cert.profile_differs",), **ROOT),
        Case("access-missing", "a subordinate that does not say where its issuer is", "cert.access_missing",
             extended(sub(), drop=aia), also=("cert.profile_differs",)),
        Case("access-ldap", "an issuer at an ldap URL", "cert.access_form", extended(sub(), access("ldap://a/b"))),
        Case("access-https", "an issuer at an https URL", "cert.access_form",
             extended(sub(), access("https://ca.example.org/1.cer"))),
        Case("access-twice", "the same URL of the issuer twice", "cert.access_form",
             extended(sub(), access(*[URLS["ca_issuers_url"]] * 2))),
        Case("access-critical", "a critical authorityInfoAccess", "cert.criticality",
             extended(sub(), access(URLS["ca_issuers_url"]), True)),
    ]  # fmt: skip


def _year_56(der: bytes) -> bytes:
    return _time(der, b"\x18\x0f20560101000000Z", b"\x17\x0d560101000000Z")


def _time(der: bytes, old: bytes, new: bytes) -> bytes:
    """Another form of a date, the lengths around it mended: the structure would write a lawful one."""
    tbs = encode(decode(Envelope, der).tbs)
    assert old in tbs
    first, last = _dates(tbs)
    dates = (first + last).replace(old, new, 1)
    inside = tbs[_header(tbs) :].replace(_wrapped(first + last), _wrapped(dates), 1)
    envelope = decode(Envelope, der)
    whole = _wrapped(inside) + encode(envelope.algorithm) + b"\x03\x01\x00"
    return _wrapped(whole)


def _dates(tbs: bytes) -> tuple[bytes, bytes]:
    validity = encode(decode(TbsCertificate, tbs).validity)
    first = validity[2 : 4 + validity[3]]
    return first, validity[2 + len(first) :]


def _header(der: bytes) -> int:
    return 2 if der[1] < 0x80 else 2 + (der[1] & 0x7F)


def _wrapped(inside: bytes) -> bytes:
    size = len(inside)
    if size < 0x80:
        return bytes([0x30, size]) + inside
    octets = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([0x30, 0x80 | len(octets)]) + octets + inside


CASES = [*serials(), *dates(), *extensions()]
