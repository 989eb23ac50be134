"""Bad plans: each must be refused before a token is touched, with exactly these codes. Format: `vectors/README.md`."""

from __future__ import annotations

from dataclasses import dataclass

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding

from example import certificate, crl, key
from issuing import changed
from x509_cases_keys import P256, close, product, roca, rsa_spki, spki
from x509_world import ROOT_2, draft, issuer, name, of_world, private, public, root, sign, sub

OPENS = "2026-12-08T09:00:00Z"


def request(number: int = 71, bits: int = 256) -> bytes:
    """A request whose signature is always the same."""
    builder = x509.CertificateSigningRequestBuilder(x509.load_der_x509_certificate(of_world("sub-1")).subject)
    made = builder.sign(private(number, bits), hashes.SHA256(), ecdsa_deterministic=True)
    return made.public_bytes(Encoding.PEM)


def badly_signed() -> bytes:
    der = x509.load_pem_x509_csr(request()).public_bytes(Encoding.DER)
    other = x509.load_pem_x509_csr(request(72)).signature
    mine = x509.load_pem_x509_csr(request()).signature
    return der.replace(mine, other) if len(mine) == len(other) else der[:-1] + bytes([der[-1] ^ 1])


INPUTS = {
    "i1.csr.pem": request,
    "badly-signed.csr": badly_signed,
    "not-a-request.csr": lambda: b"-----BEGIN CERTIFICATE REQUEST-----\n????\n-----END CERTIFICATE REQUEST-----\n",
    "p-521.csr": lambda: request(73, 521),
    "rsa-1024.spki": lambda: rsa_spki(product(1024, 1009)),
    "rsa-roca.spki": lambda: rsa_spki(roca()),
    "rsa-close.spki": lambda: rsa_spki(close()),
    "rsa-even.spki": lambda: rsa_spki(2 * product(2047, 1009)),
    "off-the-curve.spki": lambda: spki(P256, b"\x04" + public(11, 256)[-64:-1] + bytes([public(11, 256)[-1] ^ 1])),
    "compressed.spki": lambda: spki(P256, b"\x02" + public(11, 256)[-64:-32]),
    "root-2.pem.der": lambda: of_world("root-2"),
    "root-2-short.der": lambda: of_world("root-2-short"),
    "root-3.der": lambda: of_world("root-3"),
    "badly-signed.der": lambda: changed(draft(root(ROOT_2)), signature=sign(1, b"other bytes")),
    "end-entity.der": lambda: of_world("end-entity"),
    "sub-of-another.der": lambda: of_world("sub-of-another"),
    "namesake.der": lambda: _namesake(),
}
"""What stands in `vectors/x509/inputs/`."""


def _namesake() -> bytes:
    """A subordinate by somebody who calls himself as the authority's root does."""
    by = issuer(81, "Root R1")
    made = draft(sub(by, subject=name("Int 7")))
    return changed(made, signature=sign(81, x509.load_der_x509_certificate(made).tbs_certificate_bytes))


@dataclass(frozen=True)
class Plan:
    """One bad plan, of an authority that has held the ceremony of `x509_authority.FIRST_CEREMONY`."""

    name: str
    about: str
    code: str
    operations: str
    also: tuple[str, ...] = ()
    rules: str = "private"
    opens: str = OPENS
    closes: str = ""
    inputs: tuple[str, ...] = ()
    profile: str = ""
    """The TOML of a profile of the authority's own, which the operations name."""

    def toml(self) -> str:
        """The file of this case."""
        lines = [f'about = "{self.about}"', f'code = "{self.code}"']
        lines += [f"also = [{', '.join(f'{one!r}' for one in self.also)}]".replace("'", '"')] if self.also else []
        lines += [f'rules = "{self.rules}"', f'opens = "{self.opens}"']
        lines += [f'closes = "{self.closes or self.opens[:11] + "21:00:00Z"}"']
        lines += [f"inputs = [{', '.join(f'{one!r}' for one in self.inputs)}]".replace("'", '"')] if self.inputs else []
        lines += [f"profile = '''\n{self.profile}'''"] if self.profile else []
        lines += [f"operations = '''\n{self.operations}'''"]
        return "\n".join(lines) + "\n"


def below(profile: str = "private-subordinate", **fields: str) -> str:
    """A subordinate by the first root, from the request i1."""
    given = {"issuer": "root-r1", "csr": "i1.csr.pem"} | fields
    if "spki" in fields or "key" in fields:
        del given["csr"]
    common_name = given.pop("common_name", "Int 1")
    text = certificate("subordinate", "int-1", common_name, **given).replace("private-subordinate", profile)
    return text.replace("http://example.org/", "http://example.com/")


def web(text: str = "", policy: str = '["2.23.140.1.2.1"]', **fields: str) -> str:
    """The same as the web wants it."""
    return below("webpki-tls-subordinate", **fields) + f"policies = {policy}\n" + text


def revoking(certificate_: str, reason: str = "superseded", date: str = "2026-12-08T08:00:00Z") -> str:
    return f'[{{ certificate = "{certificate_}", date = "{date}", reason = "{reason}" }}]'


def waiver(code: str, people: str = '["oa", "ob"]', expires: str = "2027-06-01", reason: str = "agreed") -> str:
    lines = ["[[waivers]]", f'code = "{code}"', 'operation = "int-1"', f'reason = "{reason}"', f"people = {people}"]
    return "\n".join([*lines, f'expires = "{expires}"']) + "\n"


def structure() -> list[Plan]:
    i1 = ("i1.csr.pem",)
    return [
        Plan("profile-unknown", "a profile that does not exist", "x509.profile_unknown", below("private-sub"),
             inputs=i1),
        Plan("profile-of-other-rules", "a profile of the web in a private authority", "x509.profile_rules",
             web(), inputs=i1),
        Plan("profile-of-another-class", "a subordinate with a root's profile", "x509.profile_class",
             below("private-root"), inputs=i1),
        Plan("csr-missing", "a request that is not there", "plan.input_missing", below()),
        Plan("csr-badly-signed", "a request whose signature does not verify", "csr.signature_invalid",
             below(csr="badly-signed.csr"), inputs=("badly-signed.csr",)),
        Plan("csr-not-base64", "a request that is not base64", "x509.not_one_object", below(csr="not-a-request.csr"),
             inputs=("not-a-request.csr",)),
        Plan("csr-type-not-committed", "a key type that the CP/CPS does not commit to", "cert.key_committed",
             below(csr="p-521.csr"), inputs=("p-521.csr",)),
        *(Plan(f"key-{what.partition('.')[0]}", about, code, below(spki=what), also=also, inputs=(what,))
          for what, about, code, also in (
              ("rsa-1024.spki", "an RSA key of 1024 bits", "key.modulus_size", ()),
              ("rsa-roca.spki", "a key of Infineon's kind", "key.modulus_roca", ()),
              ("rsa-close.spki", "a key whose factors lie side by side", "key.modulus_close_primes", ()),
              ("rsa-even.spki", "an even modulus", "key.modulus_even", ()),
              ("off-the-curve.spki", "a point that is not on its curve", "key.point_invalid", ()),
              ("compressed.spki", "a compressed point", "key.point_form", ()))),
        Plan("common-name-65", "a common name of 65 characters", "x509.name_unusable", below(common_name="N" * 65),
             inputs=i1),
        Plan("days-none", "no days at all", "plan.days", below().replace("days = 1000", "days = 0"), inputs=i1),
        Plan("issuer-elsewhere", "an issuer whose key is not here", "plan.issuer_key_elsewhere",
             below(issuer="root-3.der"), inputs=(*i1, "root-3.der")),
        Plan("issuer-unknown", "an issuer that nobody knows", "plan.artifact_unknown", below(issuer="root-9"),
             inputs=i1),
        Plan("issuer-is-a-subordinate-of-others", "an issuer below whose path length nothing may come",
             "plan.issuer_key_elsewhere", below(issuer="int-0"), inputs=i1),
        Plan("id-of-an-earlier-ceremony", "the id of an earlier artifact", "plan.operation_known",
             below().replace('"int-1"', '"root-r1"'), inputs=i1),
        Plan("cross-of-no-authority", "a cross-certificate of an end entity", "plan.existing_no_ca",
             _cross("end-entity.der"), inputs=("end-entity.der",)),
        Plan("cross-of-a-badly-signed-root", "a cross-certificate of a root whose own signature fails",
             "x509.signature_invalid", _cross("badly-signed.der"), inputs=("badly-signed.der",)),
        Plan("cross-of-nothing", "a cross-certificate of a file that is not there", "plan.artifact_unknown",
             _cross("root-9.der")),
        Plan("cross-of-itself", "a root that cross-certifies itself", "cert.issuer_missing", _cross("root-r1")),
        Plan("cross-with-another-key", "a cross-certificate with the key of another request",
             "plan.subject_key_differs", _cross("root-2.pem.der", csr="i1.csr.pem"), inputs=(*i1, "root-2.pem.der")),
    ]  # fmt: skip


def _cross(existing: str, profile: str = "private-cross", **fields: str) -> str:
    text = certificate("cross", "cross-1", issuer="root-r1", existing=existing, **fields)
    return text.replace("private-cross", profile).replace("http://example.org/", "http://example.com/")


def lists() -> list[Plan]:
    def case(what: str, about: str, code: str, operations: str, *inputs: str, also: tuple[str, ...] = ()) -> Plan:
        return Plan(f"crl-{what}", about, code, operations, also=also, inputs=inputs)

    return [
        case("number-repeated", "the number of the CRL before", "plan.crl_number", crl("crl-2", "root-r1", 1)),
        case("number-falling", "a number below that of the CRL before", "plan.crl_number",
             crl("crl-2", "root-r1", 0)),
        case("too-long", "a CRL of 366 days", "crl.days_committed",
             crl("crl-2", "root-r1", 2).replace("days = 365", "days = 366")),
        case("of-another", "a CRL of somebody else's authority", "plan.issuer_key_elsewhere",
             crl("crl-2", "root-3.der", 2), "root-3.der"),
        case("revoked-unknown", "a revoked certificate that is not there", "plan.artifact_unknown",
             crl("crl-2", "root-r1", 2, revoking("nothing.der"))),
        case("revoked-of-another", "a revoked certificate of another authority", "plan.revoked_elsewhere",
             crl("crl-2", "root-r1", 2, revoking("sub-of-another.der")), "sub-of-another.der"),
        case("revoked-of-a-namesake", "a revoked certificate by another key of the same name", "plan.revoked_elsewhere",
             crl("crl-2", "root-r1", 2, revoking("namesake.der")), "namesake.der"),
        case("reason-of-no-meaning", "a reason that RFC 5280 does not have", "crl.entry_reason",
             crl("crl-2", "root-r1", 2, revoking("int-0", "because"))),
        case("reason-remove", "removeFromCRL in a full CRL", "crl.entry_reason",
             crl("crl-2", "root-r1", 2, revoking("int-0", "removeFromCRL"))),
        case("revoked-at-no-time", "a revocation without a time", "plan.time",
             crl("crl-2", "root-r1", 2, revoking("int-0", date="2026-12-08"))),
        case("twice", "two CRLs of one authority in one ceremony", "plan.crl_twice",
             crl("crl-2", "root-r1", 2) + crl("crl-3", "root-r1", 3)),
    ]  # fmt: skip


def of_the_web() -> list[Plan]:
    def case(what: str, about: str, code: str, operations: str, *also: str, **more: object) -> Plan:
        inputs = ("i1.csr.pem", *more.pop("inputs", ()))  # type: ignore[misc]
        return Plan(f"web-{what}", about, code, operations, also, "webpki", inputs=inputs, **more)  # type: ignore[arg-type]

    def at(url: str) -> str:
        return web().replace("http://example.com/r.crl", url)

    form = "cert.crl_url_form"
    lint = "lint.pkilint/cabf.serverauth"
    web_root = certificate("root", "root-9", "Root 9", 3650, key="key-9").replace("private-root", "webpki-root")
    new_root = key("key-9", "p-384") + web_root
    web_crl = crl("crl-2", "root-r1", 2).replace("days = 365", 'days = 365\nprofile = "webpki-crl"')
    two = '["2.23.140.1.2.1", "2.23.140.1.2.2"]'
    stranger = web(policy='["2.5.29.32.0"]').replace("Example Trust", "Somebody Else")
    return [
        case("url-https", "a CRL at an https URL", form, at("https://example.com/r.crl"),
             f"{lint}.crldp_dpname_prohibited_uri_scheme"),
        case("url-ldap", "a CRL at an ldap URL", form, at("ldap://example.com/r"),
             f"{lint}.crldp_dpname_prohibited_uri_scheme"),
        case("url-file", "a CRL at a file URL", form, at("file:///srv/r.crl"),
             f"{lint}.crldp_dpname_prohibited_uri_scheme", "lint.pkilint/cabf.internal_domain_name",
             "lint.pkilint/pkix.invalid_uri_syntax"),
        case("url-missing", "no CRL URL", "x509.profile_field", at("")),
        case("url-internal", "a host that is not public", "lint.pkilint/cabf.internal_domain_name",
             at("http://crl.internal/r.crl")),
        case("policies-none", "no policies", "x509.profile_field", web(policy="[]")),
        case("policies-two", "two reserved policies", "cert.policies", web(policy=two),
             f"{lint}.ca_multiple_reserved_policy_oids"),
        case("policies-any-for-a-stranger", "anyPolicy for another organisation", "cert.policies_any", stranger,
             f"{lint}.ca_external_anypolicy"),
        case("days-1096", "a day more than three years", "cert.subordinate_days",
             web().replace("days = 1000", "days = 1096"), "cert.days_profile"),
        case("outlives-issuer", "a subordinate that outlives its issuer", "cert.outlives_issuer", web(),
             opens="2035-12-08T09:00:00Z"),
        case("issuer-expired", "an issuer that has expired", "cert.issuer_not_valid", web(), "cert.outlives_issuer",
             opens="2037-12-08T09:00:00Z"),
        case("window-of-two-days", "a signing window in which notBefore gets too old", "cert.window", web(),
             closes="2026-12-10T09:00:00Z"),
        case("dated-back", "a certificate dated back by two days", "cert.not_before",
             web().replace("days = 1000", 'not-before = "2026-12-06T08:00:00Z"\nnot-after = "2028-01-01T00:00:00Z"')),
        case("name-reused", "the name of the root for a subordinate", "cert.name_reused", web(common_name="Root R1")),
        case("key-reused", "a key that has a certificate", "cert.key_reused", web(csr="i0.csr.pem"),
             "cert.purposes_of_key", inputs=("i0.csr.pem",)),
        case("country-none", "a country that is none", "cert.name_country_unknown",
             web().replace('"NL"', '"ZZ"'), "lint.pkilint/cabf.invalid_country_code"),
        case("root-p256", "a root with a P-256 key", "cert.root_key", new_root.replace("p-384", "p-256")),
        case("root-too-long", "a root of 3651 days", "cert.root_days_programme",
             new_root.replace("days = 3650", "days = 3651"), "cert.days_profile"),
        case("root-too-short", "a root of 2921 days", "cert.root_days_least",
             new_root.replace("days = 3650", "days = 2921"), "cert.days_profile",
             f"{lint}.root_validity_period_too_short"),
        case("root-key-not-committed", "a key type that the web PKI does not take", "plan.key_type_webpki",
             new_root.replace("p-384", "ed25519")),
        case("hash-of-another-curve", "SHA-384 by a P-256 key", "x509.algorithm",
             web().replace("policies =", 'signature = "ecdsa-sha384"\npolicies =')),
        case("cross-without-policies", "a cross-certificate without policies", "x509.profile_field",
             _cross("root-2.pem.der", "webpki-cross"), inputs=("root-2.pem.der",)),
        case("cross-any-for-a-stranger", "anyPolicy in another organisation's cross-certificate",
             "cert.policies_any", _cross("root-3.der", "webpki-cross") + 'policies = ["2.5.29.32.0"]\n',
             f"{lint}.ca_external_anypolicy", inputs=("root-3.der",)),
        case("cross-of-a-short-root", "a cross-certificate of a root that was issued too short",
             "cert.cross_existing", _cross("root-2-short.der", "webpki-cross") + 'policies = ["2.23.140.1.2.1"]\n',
             inputs=("root-2-short.der",)),
        case("crl-366-days", "a CRL of 366 days", "crl.days", web_crl.replace("days = 365", "days = 366"),
             "crl.days_profile", "crl.days_committed", "lint.pkilint/cabf.arl_invalid_validity_period"),
        case("crl-in-the-future", "a revocation dated a year ahead", "crl.entry_date_future",
             web_crl + f"revoked = {revoking('int-0', date='2027-12-08T08:00:00Z')}\n"),
        case("crl-before-issuance", "a revocation before the certificate began", "crl.entry_date_early",
             web_crl + f"revoked = {revoking('int-0', date='2026-11-30T08:00:00Z')}\n"),
        case("crl-of-itself", "a root that revokes itself", "crl.entry_itself",
             web_crl + f"revoked = {revoking('root-r1')}\n"),
        case("crl-hold", "certificateHold", "crl.entry_reason",
             web_crl + f"revoked = {revoking('int-0', 'certificateHold')}\n",
             "lint.pkilint/cabf.crl_prohibited_reason_code"),
        case("crl-unspecified", "an entry without a reason", "crl.entry_reason_missing",
             web_crl + f"revoked = {revoking('int-0', 'unspecified')}\n"),
    ]  # fmt: skip


def waivers() -> list[Plan]:
    long = web().replace("days = 1000", "days = 1090")
    code = "cert.subordinate_days"

    def case(what: str, about: str, expected: str, *written: str, also: tuple[str, ...] = ()) -> Plan:
        text = long + "".join(written)
        return Plan(f"waiver-{what}", about, expected, text, also, "webpki", inputs=("i1.csr.pem",))

    return [
        case("unused", "a waiver that accepts nothing", "waiver.unused", waiver(code)),
        case("of-no-finding", "a waiver of what is no finding", "waiver.unknown", waiver("cert.no_such_thing")),
        case("of-a-must", "a waiver of what is never waived", "waiver.not_waivable", waiver("cert.purposes_exact")),
        case("of-a-signature", "a waiver of a bad signature", "waiver.not_waivable", waiver("x509.signature_invalid")),
        case("of-continuity", "a waiver of an entry that vanished", "waiver.not_waivable",
             waiver("crl.entry_vanished")),
        case("of-all-that-a-linter-says", "a waiver of every error of every linter", "waiver.not_waivable",
             waiver("lint.error")),
        case("of-a-linter-that-is-none", "a waiver of a tool that does not exist", "waiver.unknown",
             waiver("lint.flint/anything")),
        case("of-a-lint-that-does-not-fire", "a waiver of a lint that finds nothing", "waiver.unused",
             waiver("lint.pkilint/cabf.internal_domain_name")),
        case("by-one-person", "a waiver by one person twice", "waiver.two_people", waiver(code, '["oa", "oa"]')),
        case("by-a-stranger", "a waiver by nobody of the authority", "waiver.two_people",
             waiver(code, '["oa", "zoe"]')),
        case("without-a-reason", "a waiver without a reason", "waiver.reason", waiver(code, reason=" ")),
        case("without-an-end", "a waiver without an end", "plan.day", waiver(code, expires="never")),
        Plan("waiver-expired", "a waiver that ran out before the window closes", "waiver.expired",
             web().replace("days = 1000", "days = 1096")
             + waiver(code, expires="2026-12-07"), ("cert.subordinate_days", "cert.days_profile"), "webpki",
             inputs=("i1.csr.pem",)),
    ]  # fmt: skip


INPUTS["i0.csr.pem"] = lambda: request(70)
PLANS = [*structure(), *lists(), *of_the_web(), *waivers()]
