"""Bad CRLs, each by itself and beside the one before it."""

from __future__ import annotations

from typing import Any

from cryptography import x509
from cryptography.hazmat import asn1

from issuing import changed
from quorate.x509.fields import CrlEntry, not_after
from quorate.x509.structure import Envelope, Extension, RevokedEntry, TbsCertList, decode, encode
from x509_cases_fields import raw
from x509_world import (
    DAY,
    NOW,
    ROOT_1,
    SECOND,
    SERIAL,
    STRANGER,
    Case,
    altered,
    crl,
    draft,
    extended,
    issuer,
    sign,
)

OID = x509.ObjectIdentifier
SUB = SERIAL + 11
REASON = Extension(oid=OID("2.5.29.21"), critical=False, value=b"\x0a\x01\x04")
NUMBER, AKI, SCOPE = "2.5.29.20", "2.5.29.35", "2.5.29.28"


def case(what: str, about: str, code: str, der: bytes, *also: str, **more: Any) -> Case:
    return Case(f"crl-{what}", about, code, der, **{"profile": "webpki-crl", "known": ("sub-1",), "also": also, **more})


def entry(serial: int, *extensions: Extension, date: Any = NOW) -> RevokedEntry:
    return RevokedEntry(serial=serial, date=asn1.UTCTime(date), extensions=list(extensions) or None)


def listed(*entries: RevokedEntry) -> bytes:
    return altered(crl(), entries=list(entries))


def reason(value: str, critical: bool = False) -> Extension:
    return Extension(oid=OID("2.5.29.21"), critical=critical, value=bytes.fromhex(value))


def with_entries(*entries: CrlEntry) -> bytes:
    return draft(crl(entries=entries))


def scope(**said: Any) -> x509.IssuingDistributionPoint:
    parts: dict[str, Any] = {"full_name": None, "relative_name": None, "only_some_reasons": None}
    flags = ("only_contains_user_certs", "only_contains_ca_certs", "indirect_crl", "only_contains_attribute_certs")
    return x509.IssuingDistributionPoint(**(parts | dict.fromkeys(flags, False) | said))


def fields() -> list[Case]:
    year = not_after(NOW, 365)
    return [
        case("version-1", "a CRL of version 1", "crl.version",
             altered(crl(), version=None, extensions=None, entries=None), "crl.number", "crl.aki"),
        case("issuer-of-another", "another name than the issuer's", "crl.issuer", draft(crl(issuer(1, "Root 7"))),
             "crl.entry_unknown"),
        case("of-another-authority", "a CRL of another authority", "crl.issuer", draft(crl(STRANGER)),
             "crl.aki", "crl.entry_unknown"),
        case("issuer-may-not-sign", "an issuer whose key usage lacks cRLSign", "crl.issuer_may_not_sign", draft(crl()),
             issuer="root-1-no-crl-sign"),
        case("window-of-two-days", "dates that are not legal at the end of the signing window", "crl.window",
             draft(crl()), closes=NOW + 2 * DAY),
        case("issuer-expired", "a CRL by an authority that has expired", "crl.issuer_not_valid", draft(crl()),
             "crl.outlives_issuer", issuer="root-1-expired"),
        case("outlives-issuer", "a CRL that its issuer does not live to see end", "crl.outlives_issuer",
             draft(crl(this_update=LATE, next_update=not_after(LATE, 365))), issuer="root-1-short", at=LATE),
        case("this-update-ahead", "thisUpdate a second after signing", "crl.this_update",
             draft(crl(this_update=NOW + SECOND, next_update=year))),
        case("this-update-too-old", "thisUpdate a day and a second before signing", "crl.this_update",
             draft(crl(this_update=NOW - DAY - SECOND, next_update=year - 2 * DAY, entries=()))),
        case("next-update-missing", "no nextUpdate", "crl.next_update_missing", altered(crl(), next_update=None)),
        case("one-second-long", "a CRL one second longer than twelve months", "crl.days",
             draft(crl(next_update=year + SECOND)), "crl.days_profile", commitments={"crl_days": 366}),
        case("longer-than-committed", "longer than the CP/CPS commits to", "crl.days_committed", draft(crl()),
             commitments={"crl_days": 364}),
        case("longer-than-twelve-months-of-days", "366 days, as a leap year has", "crl.days",
             draft(crl(next_update=not_after(NOW, 366))), "crl.days_profile", commitments={"crl_days": 366}),
        case("expired", "nextUpdate before signing", "crl.expired",
             draft(crl(this_update=NOW - 2 * SECOND, next_update=NOW - SECOND, entries=()))),
        case("next-update-at-this-update", "nextUpdate at thisUpdate", "crl.expired", draft(crl(next_update=NOW))),
        case("generalizedtime", "a date of 2026 as GeneralizedTime", "crl.time_form",
             altered(crl(), this_update=asn1.GeneralizedTime(NOW))),
        case("number-missing", "no number", "crl.number", extended(crl(), drop=NUMBER)),
        case("number-2-159", "a number of 2^159", "crl.number", extended(crl(), x509.CRLNumber(2**159)),
             "crl.previous_missing"),
        case("number-negative", "a negative number", "x509.encoding", _number("0201ff")),
        case("number-critical", "a critical number", "crl.criticality", extended(crl(), x509.CRLNumber(1), True)),
        case("aki-missing", "no authorityKeyIdentifier", "crl.aki", extended(crl(), drop=AKI)),
        case("aki-of-another", "another authority's key identifier", "crl.aki",
             extended(crl(), x509.AuthorityKeyIdentifier(bytes(20), None, None))),
        case("aki-with-issuer", "a key identifier with issuer and serial", "crl.aki",
             extended(crl(), x509.AuthorityKeyIdentifier(ROOT_1.ski, [x509.DNSName("a.example.org")], 5))),
        case("only-ca-certificates", "a scope without a distribution point, for CA certificates only", "crl.scope",
             extended(crl(), scope(only_contains_ca_certs=True), True), "crl.scope_partial"),
        case("partitioned", "a scope with a distribution point", "crl.scope",
             extended(crl(), scope(full_name=_at()), True)),
        case("partitioned-elsewhere", "a distribution point where no certificate looks for it", "crl.scope_elsewhere",
             extended(crl(), scope(full_name=[x509.UniformResourceIdentifier("http://crl.example.org/0")]), True),
             "crl.scope"),
        case("only-user-certificates", "a list for subscribers' certificates only", "crl.scope",
             extended(crl(), scope(only_contains_user_certs=True), True), "crl.scope_partial", "crl.entry_scope"),
        case("indirect", "an indirect CRL", "crl.scope", extended(crl(), scope(indirect_crl=True), True),
             "crl.scope_partial"),
        case("some-reasons", "a list for some reasons only", "crl.scope",
             extended(crl(), scope(only_some_reasons=frozenset([x509.ReasonFlags.superseded])), True),
             "crl.scope_partial"),
        case("delta", "a delta CRL", "crl.scope", extended(crl(), x509.DeltaCRLIndicator(1), True)),
        case("unknown-extension", "an extension that has no place there", "crl.extension_unlisted",
             extended(crl(), x509.UnrecognizedExtension(OID("1.3.6.1.4.1.99999.1"), b"\x05\0"))),
        case("signature-of-another", "a signature by another key", "x509.signature_invalid",
             changed(draft(crl()), signature=sign(2, b"these bytes"))),
        case("algorithm-pair", "another algorithm beside the signature than inside", "x509.encoding",
             changed(draft(crl()), outer=bytes.fromhex("300a06082a8648ce3d040302"))),
        case("trailing-octet", "an octet after the CRL", "x509.encoding", draft(crl()) + b"\0"),
    ]  # fmt: skip


LATE = NOW + 900 * DAY


def entries() -> list[Case]:
    stop = "superseded"
    by_itself = CrlEntry(SERIAL + 1, NOW, stop)
    return [
        case("empty-list", "a list of nothing", "crl.empty_list", altered(crl(), entries=[])),
        case("entry-twice", "a certificate that is revoked twice", "crl.entry_twice",
             listed(entry(SUB, REASON), entry(SUB, REASON))),
        case("entry-without-reason", "an entry without a reason", "crl.entry_reason_missing",
             with_entries(CrlEntry(SUB, NOW, ""))),
        case("entry-unspecified", "the reason unspecified written out", "crl.entry_reason_missing",
             listed(entry(SUB, reason("0a0100")))),
        case("entry-hold", "certificateHold", "crl.entry_reason", with_entries(CrlEntry(SUB, NOW, "certificateHold"))),
        case("entry-remove", "removeFromCRL in a full CRL", "crl.entry_reason",
             with_entries(CrlEntry(SUB, NOW, "removeFromCRL"))),
        case("entry-aa-compromise", "aACompromise", "crl.entry_reason",
             with_entries(CrlEntry(SUB, NOW, "aACompromise"))),
        case("entry-ca-compromise", "cACompromise, which BR's table leaves out", "crl.entry_ca_compromise",
             with_entries(CrlEntry(SUB, NOW, "cACompromise"))),
        case("entry-reason-integer", "a reason as INTEGER and not ENUMERATED", "x509.encoding",
             listed(entry(SUB, reason("020104")))),
        case("entry-reason-11", "a reason that does not exist", "x509.encoding", listed(entry(SUB, reason("0a010b")))),
        case("entry-reason-7", "the reason 7, which nothing means", "x509.encoding",
             listed(entry(SUB, reason("0a0107")))),
        case("entry-reason-critical", "a critical reason", "crl.criticality",
             listed(entry(SUB, reason("0a0104", True)))),
        case("entry-invalidity-date", "an entry with an invalidityDate", "crl.entry_extension",
             listed(entry(SUB, REASON, Extension(
                 oid=OID("2.5.29.24"), critical=False, value=b"\x18\x0f20261101000000Z")))),
        case("entry-certificate-issuer", "an entry of another issuer's certificate", "crl.entry_extension",
             listed(entry(SUB, REASON, Extension(oid=OID("2.5.29.29"), critical=True, value=_names()))),
             "crl.criticality"),
        case("entry-a-year-ahead", "a revocation dated a year ahead", "crl.entry_date_future",
             with_entries(CrlEntry(SUB, NOW + 365 * DAY, stop))),
        case("entry-a-second-ahead", "a revocation dated a second after thisUpdate", "crl.entry_date_future",
             with_entries(CrlEntry(SUB, NOW + SECOND, stop))),
        case("entry-before-issuance", "a revocation before the certificate began", "crl.entry_date_early",
             with_entries(CrlEntry(SUB, NOW - SECOND, stop))),
        case("entry-of-nothing", "a serial number that nobody knows", "crl.entry_unknown",
             with_entries(CrlEntry(5, NOW, stop))),
        case("entry-of-another-authority", "a certificate that another authority issued", "crl.entry_unknown",
             draft(crl()), known=("sub-of-another",)),
        case("entry-of-an-end-entity", "a certificate that is no authority's", "crl.entry_no_authority", draft(crl()),
             known=("end-entity",)),
        case("entry-of-itself", "an authority that revokes itself", "crl.entry_itself", with_entries(by_itself),
             known=("root-1",)),
    ]  # fmt: skip


def sequence() -> list[Case]:
    def after(what: str, about: str, code: str, *also: str, previous: str = "crl-6", **said: Any) -> Case:
        return case(what, about, code, draft(crl(**{"number": 7, **said})), *also, previous=previous)

    return [
        case("previous-missing", "number 7, and number 6 is not at hand", "crl.previous_missing", draft(crl(number=7))),
        after("number-repeated", "the number of the one before", "crl.number_not_rising", number=6),
        after("number-falling", "a number below the one before", "crl.number_not_rising", number=5),
        after("this-update-repeated", "thisUpdate of the one before", "crl.this_update_not_rising",
              "crl.entry_date_future", this_update=NOW - DAY, next_update=not_after(NOW - DAY, 365)),
        after("entry-vanished", "an entry that is gone before its certificate expired", "crl.entry_vanished",
              entries=()),
        after("entry-changed", "an entry that gives another reason than before", "crl.entry_changed",
              entries=(CrlEntry(SUB, NOW, "keyCompromise"),)),
        after("previous-of-another", "the CRL before is another authority's", "crl.previous_of_another",
              previous="crl-6-of-another"),
        after("previous-badly-signed", "the CRL before does not verify", "crl.previous_of_another",
              previous="crl-6-badly-signed"),
        after("previous-of-another-scope", "the CRL before had another scope", "crl.previous_scope",
              previous="crl-6-scoped"),
        Case("crl-private-365-days-and-a-second", "longer than a private authority commits to", "crl.days_committed",
             draft(crl(next_update=not_after(NOW, 365) + SECOND)), profile="private-crl", rules="private",
             known=("sub-1",)),
    ]  # fmt: skip


def _number(value: str) -> bytes:
    return changed(draft(crl()), extensions=[*_kept(NUMBER), raw(NUMBER, value)])


def _kept(without: str) -> list[Extension]:
    tbs = decode(TbsCertList, encode(decode(Envelope, draft(crl())).tbs))
    return [one for one in tbs.extensions or [] if one.oid.dotted_string != without]


def _at() -> list[x509.GeneralName]:
    return [x509.UniformResourceIdentifier("http://crl.example.org/root-1.crl")]


def _names() -> bytes:
    return x509.CertificateIssuer([x509.DNSName("a.example.org")]).public_bytes()


CASES = [*fields(), *entries(), *sequence()]
