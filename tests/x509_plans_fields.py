"""Bad plans by what stands in their fields: names, dates, algorithms, scopes, answers. Format: `vectors/README.md`."""

from __future__ import annotations

from example import certificate, crl, key
from x509_plans import OPENS, Plan, below, revoking, web

I1, ROOT_2, OTHERS = ("i1.csr.pem",), ("root-2.pem.der",), ("sub-of-another.der",)
OF_USERS = 'scope = "user"'
WEB_LIST = 'profile = "webpki-crl"'
TWO = '["http://example.com/r.crl", "http://example.com/s.crl"]'
URLS = 'crl-url = "http://example.org/r.crl"\nca-issuers-url = "http://example.org/r.der"\n'
LINT = "lint.pkilint/cabf.serverauth"
DAYS = "days = 1000\n"


def _private(operations: str) -> dict[str, str]:
    return {"operations": operations}


def _web(operations: str) -> dict[str, str]:
    return {"operations": operations, "rules": "webpki"}


def _named(old: str, new: str) -> dict[str, str]:
    return _web(web().replace(old, new))


def _dated(first: str, last: str, text: str = "") -> str:
    return (text or below()).replace(DAYS, f'not-before = "{first}"\nnot-after = "{last}"\n')


def _signed(algorithm: str) -> str:
    return below(signature=algorithm)


def _crl(*lines: str, revoked: str = "") -> str:
    return crl("crl-2", "root-r1", 2, revoked).replace("days = 365\n", "".join(f"{line}\n" for line in lines))


def _list(first: str, last: str, *lines: str) -> str:
    return _crl(f'this-update = "{first}"', f'next-update = "{last}"', *lines)


def _point(url: str) -> str:
    return f'distribution-point = "{url}"'


def _operation(kind: str, name: str, **fields: str) -> str:
    said = {"kind": kind, "id": name, **fields}
    return "\n".join(["[[operations]]", *(f'{field} = "{value}"' for field, value in said.items())]) + "\n"


def _answer(status: str, **fields: str) -> str:
    said = {"certificate": "int-0", "issuer": "root-r1", "profile": "private-ocsp", "status": status} | fields
    return _operation("ocsp-response", "says", **said) + "days = 60\n"


def _reissue(existing: str, profile: str) -> str:
    return _operation("reissue", "again", existing=existing, profile=profile) + "days = 3650\n"


def _request(existing: str) -> str:
    return _operation("cross-csr", "req-9", existing=existing)


def _root(kind: str, **fields: str) -> str:
    text = certificate("root", "root-9", "Root 9", key="key-9", **fields)
    return key("key-9", kind) + text.replace("private-root", "webpki-root")


def _int_9() -> str:
    """A subordinate whose key is here."""
    made = key("key-9").replace('use = "root"', 'use = "internal-ca"')
    return made + certificate("subordinate", "int-9", "Int 9", key="key-9", issuer="root-r1")


def _responder() -> str:
    """The same for a responder."""
    made = key("key-9").replace('use = "root"', 'use = "ocsp-responder"')
    text = certificate("ocsp-responder", "resp-9", "Resp 9", 90, key="key-9", issuer="root-r1")
    return made + text.replace(URLS, "")


def _within(permitted: str) -> str:
    return below("private-constrained") + f"name-constraints = {{ permitted = {{ {permitted} }} }}\n"


def cases() -> list[Plan]:
    def case(what: str, about: str, code: str, parts: dict[str, str], *also: str, inputs: tuple[str, ...] = ()) -> Plan:
        return Plan(f"field-{what}", about, code, also=also, inputs=inputs, **parts)

    return [
        case("unit", "a subject with an organizational unit", "plan.field_unknown",
             _named("common-name", 'organizational-unit = "IT", common-name'), inputs=I1),
        case("country-small", "a country in small letters", "cert.name_country", _named('"NL"', '"nl"'),
             "lint.pkilint/cabf.invalid_country_code", inputs=I1),
        case("country-long", "a country of three letters", "x509.name_unusable", _named('"NL"', '"NLD"'), inputs=I1),
        case("country-absent", "no country", "cert.name_missing", _named('country = "NL", ', ""),
             f"{LINT}.ca.country_attribute_absent", inputs=I1),
        case("organization-absent", "no organization", "cert.name_missing",
             _named('organization = "Example Trust", ', ""), f"{LINT}.ca.organization_name_attribute_absent",
             inputs=I1),
        case("organization-65", "an organization of 65 characters", "x509.name_unusable",
             _named("Example Trust", "O" * 65), inputs=I1),
        case("common-name-absent", "no common name", "plan.field_missing", _named(', common-name = "Int 1"', ""),
             inputs=I1),
        case("serial-zero", "a serial number of somebody's choice", "plan.field_unknown",
             _private(below() + "serial = 0\n"), inputs=I1),
        case("two-crl-urls", "two CRL URLs", "plan.value_wrong",
             _private(below().replace('"http://example.com/r.crl"', TWO)), inputs=I1),
        case("url-blank", "a CRL URL with a blank", "cert.crl_url_form",
             _named("http://example.com/r.crl", "http://example.com/r 1.crl"), "lint.pkilint/pkix.invalid_uri_syntax",
             inputs=I1),
        case("url-capitals", "a CRL URL whose scheme is in capitals", "cert.crl_url_form",
             _named("http://example.com/r.crl", "HTTP://example.com/r.crl"), inputs=I1),
        case("issuer-url-https", "the issuer's certificate at an https URL", "cert.access_form",
             _named("http://example.com/r.der", "https://example.com/r.der"), f"{LINT}.aia_location_uri_not_http",
             inputs=I1),
        case("issuer-url-relative", "the issuer's certificate at half a URL", "cert.access_form",
             _private(below().replace("http://example.com/r.der", "/r.der")), inputs=I1),
        case("policy-no-oid", "a policy that is no object identifier", "plan.policy_oid",
             _web(web(policy='["domain validated"]')), inputs=I1),
        case("policy-twice", "a policy twice", "cert.policies",
             _web(web(policy='["2.23.140.1.2.1", "2.23.140.1.2.1"]')), "cert.policy_repeated",
             "lint.pkilint/pkix.duplicate_certificate_policy_oids", inputs=I1),
        case("policy-own-alone", "no reserved policy", "cert.policies", _web(web(policy='["1.3.6.1.4.1.99999.1"]')),
             f"{LINT}.ca_missing_reserved_policy_oid", inputs=I1),
        case("sha1", "a signature with SHA-1", "plan.signature", _private(_signed("ecdsa-sha1")), inputs=I1),
        case("md5", "a signature with MD5", "plan.signature", _private(_signed("rsa-md5")), inputs=I1),
        case("rsa-by-ecdsa-key", "an RSA signature by an ECDSA key", "plan.signature_unfit",
             _private(_signed("rsa-pkcs1-sha256")), inputs=I1),
        case("pss-by-ecdsa-key", "a PSS signature by an ECDSA key", "plan.signature_unfit",
             _private(_signed("rsa-pss-sha256")), inputs=I1),
        case("eddsa-by-ecdsa-key", "an Ed25519 signature by an ECDSA key", "plan.signature_unfit",
             _private(_signed("ed25519")), inputs=I1),
        case("p-521-with-sha256", "a root of P-521 with SHA-256", "plan.key_type_webpki",
             _web(_root("p-521", signature="ecdsa-sha256"))),
        case("one-second-long", "a subordinate of a second more than 1095 days", "cert.subordinate_days",
             _web(_dated("2026-12-08T09:00:00Z", "2029-12-07T09:00:00Z", web())), "cert.days_profile", inputs=I1),
        case("root-one-second-long", "a root of a second more than 3650 days", "cert.root_days_programme",
             _web(_dated(OPENS, "2036-12-05T09:00:00Z", _root("p-384"))), "cert.days_profile"),
        case("ends-before-it-begins", "a certificate that ends before it begins", "x509.field_unusable",
             _private(_dated("2026-12-08T09:00:00Z", "2026-12-07T09:00:00Z")), inputs=I1),
        case("ended", "a certificate that has ended when it is signed", "cert.not_before",
             _web(_dated("2026-11-08T09:00:00Z", "2026-12-01T09:00:00Z", web())), "cert.not_after", inputs=I1),
        case("dated-ahead", "a certificate dated ahead", "cert.not_before",
             _web(_dated("2027-01-01T00:00:00Z", "2028-01-01T00:00:00Z", web())), inputs=I1),
        case("end-alone", "a certificate with an end and no beginning", "plan.validity",
             _private(below().replace(DAYS, 'not-after = "2028-01-01T00:00:00Z"\n')), inputs=I1),
        case("days-and-dates", "days beside dates", "plan.validity",
             _private(_dated("2026-12-08T09:00:00Z", "2028-01-01T00:00:00Z") + DAYS), inputs=I1),
        case("date-of-another-zone", "a date in another time zone", "plan.time",
             _private(_dated("2026-12-08T10:00:00+01:00", "2028-01-01T00:00:00Z")), inputs=I1),
        case("date-with-a-fraction", "a date with a fraction of a second", "plan.time",
             _private(_dated("2026-12-08T09:00:00.5Z", "2028-01-01T00:00:00Z")), inputs=I1),
        case("below-path-length-0", "a subordinate below one whose path length is 0", "cert.path_length",
             _private(_int_9() + below(issuer="int-9")), inputs=I1),
        case("below-a-responder", "a subordinate below an OCSP responder", "cert.issuer_not_ca",
             _private(_responder() + below(issuer="resp-9")), inputs=I1),
        case("of-the-issuers-key", "a subordinate with the key of its issuer", "cert.issuer_missing",
             _web(web(key="key-r1")), "cert.key_reused"),
        case("reissue-for-microsoft", "a root issued anew, which Microsoft does not take", "cert.root_key",
             _web(_reissue("root-r1", "webpki-root")), "cert.reissued"),
        case("reissue-of-another", "a root of somebody else issued anew", "plan.issuer_key_elsewhere",
             _private(_reissue("root-2.pem.der", "private-root")), inputs=ROOT_2),
        case("request-for-another", "a request with a key that is not here", "plan.issuer_key_elsewhere",
             _private(_request("root-2.pem.der")), inputs=ROOT_2),
        case("point-https", "a distribution point at an https URL", "crl.scope_elsewhere",
             _web(_crl("days = 365", _point("https://example.org/r.crl"), WEB_LIST)), "crl.scope",
             "crl.previous_scope"),
        case("point-elsewhere", "a distribution point where no certificate says", "crl.scope_elsewhere",
             _web(_crl("days = 365", _point("http://example.org/0.crl"), WEB_LIST)), "crl.scope", "crl.previous_scope"),
        case("point-unwaived", "a distribution point that nobody has waived", "crl.scope",
             _private(_crl("days = 365", _point("http://example.org/r.crl"))), "crl.previous_scope"),
        case("scope-without-point", "a scope without a distribution point", "crl.scope",
             _private(_crl("days = 365", 'scope = "ca"')), "crl.previous_scope"),
        case("scope-of-users", "a CRL of end entities that lists an authority", "crl.entry_scope",
             _private(_crl("days = 365", _point("http://example.org/r.crl"), OF_USERS, revoked=revoking("int-0"))),
             "crl.scope", "crl.previous_scope"),
        case("scope-of-nothing", "a scope that does not exist", "plan.value_wrong",
             _private(_crl("days = 365", 'scope = "some"'))),
        case("crl-one-second-long", "a CRL of a second more than 365 days", "crl.days",
             _web(_list(OPENS, "2027-12-08T09:00:00Z", WEB_LIST)), "crl.days_profile", "crl.days_committed"),
        case("crl-dated-ahead", "a CRL dated ahead", "crl.this_update",
             _web(_list("2026-12-20T09:00:00Z", "2027-06-08T09:00:00Z", WEB_LIST))),
        case("crl-before-the-last", "a CRL that is older than the one before it", "crl.this_update_not_rising",
             _private(_list("2026-11-30T09:00:00Z", "2027-06-08T09:00:00Z"))),
        case("crl-lapsed", "a CRL that has lapsed when it is signed", "crl.expired",
             _web(_list("2026-12-07T10:00:00Z", "2026-12-08T08:00:00Z", WEB_LIST))),
        case("crl-without-end", "a CRL that says no nextUpdate", "plan.validity",
             _private(_crl('this-update = "2026-12-08T09:00:00Z"'))),
        case("crl-number-negative", "a negative CRL number", "plan.crl_number", _private(crl("crl-2", "root-r1", -1))),
        case("crl-number-2-159", "a CRL number of 160 bits", "plan.value_wrong",
             _private(crl("crl-2", "root-r1", 2**159))),
        case("crl-revokes-twice", "one certificate revoked twice", "crl.entry_twice",
             _private(crl("crl-2", "root-r1", 2, f"{revoking('int-0')[:-1]}, {revoking('int-0')[1:]}"))),
        case("crl-revokes-what-is-made-here", "a certificate revoked in its own ceremony", "plan.revoked_here",
             _private(below() + crl("crl-2", "root-r1", 2, revoking("int-1"))), inputs=I1),
        case("answer-against-the-crl", "an OCSP response that says revoked of what no CRL lists", "plan.ocsp_status",
             _private(_answer("revoked"))),
        case("answer-against-the-crl-of-the-day", "an OCSP response that says good of what the plan's CRL revokes",
             "plan.ocsp_status", _private(crl("crl-2", "root-r1", 2, revoking("int-0")) + _answer("good"))),
        case("answer-unknown", "an OCSP response that knows nothing", "plan.value_wrong", _private(_answer("unknown"))),
        case("answer-by-nobody", "an OCSP response by a root that may not answer", "ocsp.responder_usage",
             _private(_answer("good"))),
        case("answer-by-a-subordinate", "an OCSP response by a subordinate", "ocsp.responder_unfit",
             _private(_int_9() + _answer("good", responder="int-9")), "ocsp.responder_usage"),
        case("answer-about-another", "an OCSP response about another authority's certificate", "plan.ocsp_elsewhere",
             _private(_answer("good", certificate="sub-of-another.der")), inputs=("sub-of-another.der",)),
        case("names-with-a-star", "a permitted domain with a star", "x509.constraint_unusable",
             _private(_within('dns = ["*.example.org"]')), inputs=I1),
        case("names-none", "a constrained subordinate without constraints", "x509.profile_field",
             _private(below("private-constrained")), inputs=I1),
        case("names-of-hosts", "a network with bits beyond its mask", "x509.constraint_unusable",
             _private(_within('ip = ["192.0.2.1/24"]')), inputs=I1),
        case("names-twice", "two operations for one subject", "plan.subject_twice",
             _private(below() + below(spki="compressed.spki").replace('"int-1"', '"int-2"')),
             inputs=(*I1, "compressed.spki")),
        case("key-twice", "two of the ways to give a key", "plan.subject_key",
             _private(below(key="key-r1") + 'csr = "i1.csr.pem"\n'), inputs=I1),
    ]  # fmt: skip


FIELDS = cases()
