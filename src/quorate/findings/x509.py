"""Findings about keys, certificates, requests, CRLs, profiles and templates.

`webpki` and `private` rule sets share these rows; which rows bind whom, and from when, stands in `compliance`.
"""

from . import Meaning, Severity

ERROR, WARNING, NOTICE = Severity.ERROR, Severity.WARNING, Severity.NOTICE

_PLAN = "change the plan or the profile, and draft again"
_KEY = "do not use this key, and have another generated"
_DRAFT = "do not sign these bytes: report the fault, and draft again"
_NAME = "change the subject in the plan, and draft again"
_CRL = "correct the plan of the CRL, and draft again"
_INPUT = "obtain the file again from where it came, and compare its digest"


def _must(sentence: str, clause: str, remedy: str = _PLAN) -> Meaning:
    return Meaning(ERROR, False, sentence, remedy, clause)


def _accepted(sentence: str, clause: str, remedy: str = _PLAN) -> Meaning:
    """An error that an approved waiver may accept, since its clause leaves room."""
    return Meaning(ERROR, True, sentence, f"{remedy}; or have two people waive it in the plan", clause)


def _should(sentence: str, clause: str, remedy: str = _PLAN) -> Meaning:
    return Meaning(WARNING, True, sentence, remedy, clause)


_KEYS = {
    "key.unreadable": _must("the public key cannot be read: {detail}", "BR 7.1.3.1", _KEY),
    "key.type_not_ours": _must("{key_type} is not a key type that ceremonies use", "BR 6.1.5", _KEY),
    "key.stand_in": _must("the key is a stand-in, whose private key everyone knows", "BR 6.1.1.3", _KEY),
    "key.exponent_invalid": _must("the public exponent {exponent} is not an odd number from 3 on", "BR 6.1.6", _KEY),
    "key.exponent_not_ours": _must("the public exponent is {exponent} and not 65537", "BR 6.1.6", _KEY),
    "key.exponent_range": _should(
        "the public exponent {exponent} lies outside 2^16 + 1 to 2^256 - 1", "BR 6.1.6", _KEY
    ),
    "key.modulus_size": _must("a modulus of {bits} bits is below 2048 or no multiple of 8", "BR 6.1.5", _KEY),
    "key.modulus_huge": _accepted("a modulus of {bits} bits is too large to be tested", "BR 6.1.6", _KEY),
    "key.modulus_even": _must("the modulus is even", "BR 6.1.6", _KEY),
    "key.modulus_small_factor": _must("the modulus has the factor {factor}, below 752", "BR 6.1.6", _KEY),
    "key.modulus_prime_power": _must("the modulus is a prime or a perfect power", "BR 6.1.6", _KEY),
    "key.modulus_close_primes": _must(
        "the modulus was factored by Fermat's method within {rounds} rounds", "BR 6.1.1.3", _KEY
    ),
    "key.modulus_roca": _must("the modulus has the fingerprint of CVE-2017-15361 (ROCA)", "BR 6.1.1.3", _KEY),
    "key.length": _must(
        "a public key of type {key_type} has {expected} octets, not {length}", "RFC 8410 4, RFC 9881 4", _KEY
    ),
    "key.point_form": _must("the point on {curve} is not in uncompressed form", "RFC 5480 2.2", _KEY),
    "key.point_invalid": _must("the public key is no valid point of {curve}", "BR 6.1.6", _KEY),
}

_OBJECTS = {
    "x509.encoding": _must("the object cannot be read as strict DER: {detail}", "RFC 5280 4.1", _INPUT),
    "x509.not_one_object": _must("the input does not hold exactly one object: {detail}", "RFC 7468", _INPUT),
    "x509.private_key": _must(
        "this is a private key, which nothing here reads", "RFC 7468 10", "keep it apart; hand in its public key"
    ),
    "x509.kinds_differ": _must(
        "a {first} and a {second} have nothing to be compared",
        "",
        "compare objects of one kind, or a request with the certificate that came of it",
    ),
    "x509.signature_invalid": _must("the signature does not verify with {key}", "BR 4.3.1.2", _INPUT),
    "x509.algorithm_differs": _must(
        "the bytes name the signature algorithm {algorithm}, not {planned} as planned", "BR 7.1.3.2", _DRAFT
    ),
    "x509.algorithm_unfit": _must("a key of type {key_type} does not sign with {algorithm}", "BR 7.1.3.2"),
    "x509.algorithm_hash": Meaning(
        WARNING,
        False,
        "the hash of {algorithm} is not the one for the curve {key_type}",
        _PLAN,
        "ground rule algorithms",
    ),
    "x509.tbs_differ": _must("the finished object does not contain the signed bytes", "BR 4.3.1.2", _DRAFT),
    "x509.name_bytes_differ": _must("encoding again gives other bytes than the ones given", "BR 7.1.4.1", _DRAFT),
    "x509.name_unusable": _must("the subject cannot be used: {detail}", "BR 7.1.4.2", _NAME),
    "x509.constraint_unusable": _must("the name constraint {constraint} cannot be used: {detail}", "RFC 5280 4.2.1.10"),
    "x509.field_unusable": _must("a field cannot be used: {detail}", "RFC 5280 4.1"),
    "x509.profile_of_another": _must("this profile is not one of a {kind}", "", "name one of its class"),
    "x509.profile_unknown": _must("there is no profile {name}", "", "choose one of these: {known}"),
    "x509.profile_invalid": _must("the profile cannot be used: {detail}", "", "correct the profile's file"),
    "x509.profile_class": _must(
        "the profile is of the class {profile}, and a {kind} takes {classes}", "", "choose a profile of such a class"
    ),
    "x509.profile_field": _must("the profile says that {field} is {presence}", ""),
    "x509.profile_rules": _must(
        "the profile is made for the rule set {profile} and not for {rules}", "", "choose a profile of the rule set"
    ),
    "x509.plan_differs": _must("read back, the object is not what the script says: {fields}", "BR 7.1.2.10", _DRAFT),
    "x509.template_differs": _must(
        "the draft differs from its approved template in more than the open fields: {fields}",
        "BR 6.1.1.1",
        "do not sign: find out which of the two is wrong, or have the script approved again",
    ),
    "x509.algorithm_pair": _must("the two algorithm identifiers differ", "BR 7.1.2.1", _DRAFT),
    "x509.algorithm": _must(
        "the signature algorithm {algorithm} does not belong to a signing key of type {key_type}", "BR 7.1.3.2"
    ),
    "x509.sha1": _must("the signature uses SHA-1", "BR 7.1.3.2.1"),
    "csr.signature_invalid": _must(
        "the request's signature does not verify with its own key", "RFC 2986 3", "have the request made again"
    ),
    "csr.differs": _must("the request's {field} is not that of what it is for", "BR 7.1.2.2", _DRAFT),
    "csr.attributes": _must("the request asks for more than a name and a key", "RFC 2986 4.1", _DRAFT),
    "csr.existing_no_ca": _must("the existing certificate is not a CA's", "BR 7.1.2.2"),
    "csr.existing_not_valid": _must("the existing certificate is not valid at {moment}", "BR 7.1.2.2"),
}

_OCSP = {
    "ocsp.certificate": _must("the response names another certificate by its {part}", "RFC 6960 4.1.1", _DRAFT),
    "ocsp.responder": _must("the response names another responder", "RFC 6960 4.2.1", _DRAFT),
    "ocsp.responder_unfit": _must(
        "the responder is neither the issuer nor a responder that it certified", "RFC 6960 4.2.2.2"
    ),
    "ocsp.responder_usage": _must(
        "the responder's certificate lacks digitalSignature: its key signs no responses", "BR 7.1.2.10.7"
    ),
    "ocsp.responder_not_valid": _must("the responder's certificate is not valid at {moment}", "RFC 6960 3.2"),
    "ocsp.dates": _must("thisUpdate {time} is not the time of signing {at}, or it ends before", "RFC 6960 4.2.2.1"),
    "ocsp.days": _must("it lasts {seconds} s, more than {limit} days", "BR 4.9.9"),
    "ocsp.days_profile": _must("it lasts {seconds} s, more than the profile's {limit} days", "CP/CPS 7.3"),
    "ocsp.status": _must("the response says {said}, and by the newest CRL it is {listed}", "BR 4.9.9"),
    "ocsp.reason": _must("the reason {reason} is not permitted", "BR 7.3"),
    "ocsp.extension": _must("the extension {oid} has no place in a response made beforehand", "BR 7.3.2"),
    "ocsp.going_along": _must("{count} certificates go along, not the delegate's alone", "RFC 6960 4.2.1", _DRAFT),
    "ocsp.profile_differs": _must("the responder is not named as the profile says", "CP/CPS 7.3"),
}

_FIELDS = {
    "cert.version": _must("the certificate is of version {version} and not 3", "BR 7.1.1"),
    "cert.serial_range": _must("the serial number is not between 1 and 2^159", "BR 7.1.2.1"),
    "cert.serial_short": _must("the serial number has only {bits} bits", "BR 7.1.2.1"),
    "cert.serial_reused": _must("the issuer already gave the serial number to {other}", "RFC 5280 4.1.2.2"),
    "cert.not_before": _must(
        "notBefore {time} is not within the day before signing at {at}", "BR 7.1.2.1.1, 7.1.2.10.1"
    ),
    "cert.not_before_cross": _must(
        "notBefore {time} is neither within the day before signing at {at} nor since the existing certificate",
        "BR 7.1.2.2.1",
    ),
    "cert.window": _must("the dates would not be legal if it were signed at {moment}", "BR 7.1.2.1.1, 7.1.2.10.1"),
    "cert.not_after": _must("notAfter {time} lies before the time of signing", "BR 7.1.2.10.1"),
    "cert.time_form": _must("{time} is not written in the form for its year", "RFC 5280 4.1.2.5"),
    "cert.root_days_least": _must("{validity} are fewer than {limit} days", "BR 7.1.2.1.1"),
    "cert.root_days_most": _must("{validity} are more than {limit} days", "BR 7.1.2.1.1"),
    "cert.root_days_programme": _accepted(
        "{validity} are more than {limit} days, ten years", "Microsoft Trusted Root Program 3.1.8"
    ),
    "cert.subordinate_days": _accepted(
        "{validity} are more than {limit} days, three years", "Chrome Root Program 1.3.1.3"
    ),
    "cert.days_committed": _must("{validity} are more than the {limit} days of the commitments", "CP/CPS 6.3.2"),
    "cert.days_profile": _must("{validity} lie outside the profile's limits, at most {limit} days", "CP/CPS 7.1"),
    "cert.unique_id": _must("a unique identifier is present", "BR 7.1.2.1"),
    "cert.basic_constraints": _must("basicConstraints does not say that this is a CA", "BR 7.1.2.10.4"),
    "cert.root_path_length": _should("the root has a path length", "BR 7.1.2.1.4"),
    "cert.subordinate_path_length": _should("the path length is not 0", "ground rule path length"),
    "cert.path_length": _must("the issuer's path length 0 allows no CA certificate below it", "RFC 5280 4.2.1.9"),
    "cert.path_length_beyond": _should(
        "the path length is {own}, though the issuer's is {issuer}", "ground rule path length"
    ),
    "cert.key_usage": _must("the key usage is {usage}, not keyCertSign and cRLSign", "BR 7.1.2.10.7"),
    "cert.criticality": _must("the extension {oid} must not be {critical}", "BR 7.1.2.1.2, 7.1.2.2.3, 7.1.2.6.1"),
    "cert.extension_unlisted": _accepted("the extension {oid} has no place here", "BR 7.1.2.11.5"),
    "cert.ski_missing": _must("the subject key identifier is missing", "BR 7.1.2.11.4"),
    "cert.ski_key": _must("key and subject key identifier do not go together as in {other}", "BR 7.1.2.11.4"),
    "cert.aki_missing": _must("the authority key identifier is missing", "BR 7.1.2.11.1"),
    "cert.aki_differs": _must(
        "the authority key identifier is not the issuer's subject key identifier", "BR 7.1.2.1.3, 7.1.2.11.1"
    ),
    "cert.aki_form": _must("the authority key identifier names an issuer or serial", "BR 7.1.2.1.3, 7.1.2.11.1"),
    "cert.crl_url_missing": _must("the CRL distribution point is missing", "BR 7.1.2.11.2"),
    "cert.crl_url_form": _must("the CRL distribution point is not an http URL: {urls}", "BR 7.1.2.11.2"),
    "cert.crl_points": _accepted("the CRL is said to be in {points} places, at {urls} URLs", "BR 7.1.2.11.2"),
    "cert.root_crl_url": _should("the root has a CRL distribution point", "BR 7.1.2.11.2"),
    "cert.access_missing": _should("the certificate does not say where its issuer is found", "BR 7.1.2.10.3"),
    "cert.access_form": _must("authority information access holds more than http URLs: {urls}", "BR 7.1.2.10.3"),
    "cert.constraints_missing": _must("the name constraints are missing", "BR 7.1.2.5.2"),
    "cert.constraints_open": _must(
        "of the type {type} nothing is permitted, and the whole is not excluded", "BR 7.1.2.5.2"
    ),
    "cert.constraints_type": _must("name constraints of the type {type} have no place with TLS", "BR 7.1.2.5.2"),
    "cert.responder_ca": _must("the responder's certificate says that it is a CA", "BR 7.1.2.8.4"),
    "cert.responder_usage": _must("the responder's key usage is {usage}, not digitalSignature alone", "BR 7.1.2.8.7"),
    "cert.responder_purposes": _must(
        "the responder's purposes are not OCSP signing alone: {purposes}", "RFC 6960 4.2.2.2"
    ),
    "cert.responder_no_check": _must("the responder's certificate lacks id-pkix-ocsp-nocheck", "BR 7.1.2.8.6"),
    "cert.profile_differs": _must("{field} is not what the profile says", "CP/CPS 7.1"),
}

_PURPOSES = {
    "cert.root_purposes": _must("the root has an extended key usage", "BR 7.1.2.1.2"),
    "cert.purposes_forbidden": _must("the purpose {purpose} is forbidden", "BR 7.1.2.10.6, 7.1.2.2.5"),
    "cert.purposes_repeated": _must("the purpose {purpose} stands twice", "ground rule purposes"),
    "cert.purposes_missing": _should("the cross-certificate has no extended key usage", "BR 7.1.2.2.3"),
    "cert.purposes_unrestricted": _must(
        "the purposes are not restricted, and the subject is another organisation", "BR 7.1.2.2.3"
    ),
    "cert.purposes_server": _must("the purpose server authentication is missing", "BR 7.1.2.10.6"),
    "cert.purposes_exact": _must(
        "the purposes are not server authentication alone: {purposes}", "Chrome Root Program 1.3.2"
    ),
    "cert.purposes_exact_cross": _must("the purposes are not server authentication alone: {purposes}", "CCADB 6.3"),
    "cert.purposes_several": _must("there are several purposes: {purposes}", "Apple Root Program 1.7"),
    "cert.purposes_of_issuer": _accepted(
        "its issuer certifies for TLS and for something else, in {other}",
        "Mozilla RSP 7.5",
        "issue it below another root; a waiver says until when this one serves both",
    ),
    "cert.purposes_of_key": _must("the same key has other purposes in {other}", "Chrome Root Program 1.3.2"),
    "cert.policies": _must(
        "the policies hold not exactly one reserved identifier: {policies}", "BR 7.1.2.10.5, 7.1.6.1"
    ),
    "cert.purposes_not_tls": _must("the purpose {purpose} has no place where there is no TLS", "BR 7.1.2.3.3"),
    "cert.policies_not_tls": _must("the policies are of TLS, or not anyPolicy alone: {policies}", "BR 7.1.2.3.2"),
    "cert.policies_cross": _must(
        "the policies are neither anyPolicy alone nor hold the reserved identifier that they need: {policies}",
        "BR 7.1.2.2.6",
    ),
    "cert.policies_any": _must("anyPolicy is given to another organisation", "BR 7.1.2.10.5, 7.1.2.2.6"),
    "cert.policies_ev": _must("the policies lack the one of extended validation: {policies}", "CCADB 6.3"),
    "cert.policy_repeated": _must("the policy {policy} stands twice", "RFC 5280 4.2.1.4"),
    "cert.policy_order": _should("the first policy {policy} is not a reserved identifier", "BR 7.1.2.10.5"),
    "cert.policy_qualifiers": _should("a policy has qualifiers", "BR 7.1.2.10.5"),
    "cert.root_policies": _should("the root has certificate policies", "BR 7.1.2.1.2"),
}

_NAMES = {
    "cert.name_rdn": _must("a relative distinguished name has more than one attribute", "BR 7.1.4.1", _NAME),
    "cert.name_repeated": _must("{attribute} stands twice in the subject", "BR 7.1.4.1", _NAME),
    "cert.name_order": _must("the attributes of the subject are not in order", "BR 7.1.4.1", _NAME),
    "cert.name_encoding": _must("{attribute} has the wrong string type", "BR 7.1.4.2", _NAME),
    "cert.name_length": _must("{attribute} has {length} characters, not 1 to {most}", "BR 7.1.4.2", _NAME),
    "cert.name_missing": _must("{attribute} is missing in the subject", "BR 7.1.2.10.2", _NAME),
    "cert.name_country": _must("the country is not two capital letters", "BR 7.1.2.10.2", _NAME),
    "cert.name_country_unknown": _must("{country} is no country of ISO 3166-1", "BR 7.1.2.10.2", _NAME),
    "cert.name_unit": _must("the subject has an organizational unit", "BR 7.1.2.10.2", _NAME),
    "cert.name_unusual": _should("the subject has the attribute {attribute}", "BR 7.1.2.10.2", _NAME),
    "cert.name_reused": _must("the name already belongs to another key, in {other}", "BR 7.1.2.10.2", _NAME),
    "cert.name_reencoded": _must("the name equals the one in {other} in other bytes", "BR 7.1.4.1", _NAME),
}

_RELATIONS = {
    "cert.issuer_name": _must("the issuer field is not the issuer's subject, byte for byte", "BR 7.1.4.1"),
    "cert.issuer_missing": _must("the certificate has no issuer but itself", "BR 7.1.2.2, 7.1.2.6"),
    "cert.issuer_not_ca": _must("the issuer is no certificate authority", "RFC 5280 4.2.1.3, 4.2.1.9"),
    "cert.issuer_not_valid": _must("the issuer's certificate is not valid at {moment}", "ground rule dates"),
    "cert.outlives_issuer": _accepted("notAfter {time} lies after the issuer's, {issuer}", "ground rule dates"),
    "cert.key_reused": _must(
        "the key already has a certificate, {other}",
        "ground rule keys",
        "plan it as a cross-certificate, or take a new key",
    ),
    "cert.key_committed": _must("the key type {key_type} is not among the commitments", "CP/CPS 6.1.5"),
    "cert.key_kind": _must("a key of type {key_type} is neither RSA nor on a NIST curve", "BR 6.1.5, 7.1.3.1"),
    "cert.root_key": _must("a root key of type {key_type} is neither rsa-4096 nor p-384", "Apple Root Program 1.5"),
    "cert.reissued": _accepted(
        "name and key are those of {other} already", "Microsoft Trusted Root Program 3.1.11", "make a new root instead"
    ),
    "cert.cross_missing": _must("the existing certificate is not given", "BR 7.1.2.2"),
    "cert.cross_subject": _must("the subject is not the existing certificate's", "BR 7.1.2.2.2"),
    "cert.cross_key": _must("the public key is not the existing certificate's", "BR 7.1.2.2"),
    "cert.cross_ski": _must("the subject key identifier is not the existing certificate's", "BR 7.1.2.11.4"),
    "cert.cross_path_length": _should("the path length is not the existing certificate's", "ground rule path length"),
    "cert.cross_no_ca": _must("the existing certificate is not a certificate authority's", "BR 7.1.2.2"),
    "cert.cross_existing": _accepted(
        "the existing certificate {other} breaks the rules of its day: {codes}",
        "BR 7.1.2.2",
        "do not cross-certify it, unless it was issued rightly after all",
    ),
    "cert.cross_expired": _should(
        "notAfter {time} lies after the existing certificate's, {existing}", "ground rule cross-certificates"
    ),
}

_CRLS = {
    "crl.version": _must("the CRL is of version {version} and not 2", "BR 7.2.1", _CRL),
    "crl.issuer": _must("the issuer field is not the issuer's subject, byte for byte", "BR 7.2", _CRL),
    "crl.issuer_may_not_sign": _must("the issuer's key usage lacks cRLSign", "RFC 5280 4.2.1.3", _CRL),
    "crl.issuer_not_valid": _must("the issuer's certificate is not valid at {moment}", "ground rule dates", _CRL),
    "crl.outlives_issuer": _accepted(
        "nextUpdate {time} lies after the issuer's end, {issuer}", "ground rule dates", _CRL
    ),
    "crl.this_update": _must("thisUpdate {time} is not within the day before signing at {at}", "BR 7.2", _CRL),
    "crl.window": _must("the dates would not be legal if it were signed at {moment}", "BR 7.2", _CRL),
    "crl.next_update_missing": _must("nextUpdate is missing", "BR 7.2", _CRL),
    "crl.days": _must("it lasts {seconds} s, more than {limit} days", "BR 7.2", _CRL),
    "crl.days_profile": _must("it lasts {seconds} s, more than the profile's {limit} days", "CP/CPS 7.2", _CRL),
    "crl.days_committed": _must("it lasts {seconds} s, more than the committed {limit} days", "CP/CPS 4.9.7", _CRL),
    "crl.expired": _must("nextUpdate {time} has passed", "BR 7.2", _CRL),
    "crl.time_form": _must("{time} is not written in the form for its year", "RFC 5280 5.1.2.4", _CRL),
    "crl.number": _must("the CRL number is missing or not below 2^159", "BR 7.2.2", _CRL),
    "crl.number_not_rising": _must("number {number} does not follow {previous}", "BR 7.2.2", _CRL),
    "crl.this_update_not_rising": _must("thisUpdate {time} is not after the previous one", "ground rule CRLs", _CRL),
    "crl.previous_missing": _accepted("number {number} follows a CRL that is not known", "ground rule CRLs", _CRL),
    "crl.previous_of_another": _must("the previous CRL is of another issuer or key", "RFC 5280 5.2.3", _CRL),
    "crl.previous_scope": _must("the scope is not that of the previous CRL", "RFC 5280 5.2.3, 5.2.5", _CRL),
    "crl.aki": _must("the authority key identifier is not the issuer's", "BR 7.2.2, 7.1.2.11.1", _CRL),
    "crl.scope_partial": _must("the CRL's scope is said without the URL where it lies: {urls}", "BR 7.2.2.1", _CRL),
    "crl.scope_elsewhere": _must(
        "the CRL says that it lies at {urls}, and the certificates look for it at {said}", "BR 7.2.2.1", _CRL
    ),
    "crl.entry_scope": _must("the entry {serial} lies outside of the CRL's scope", "RFC 5280 5.2.5", _CRL),
    "crl.scope": _accepted("the extension {oid} narrows the CRL's scope", "BR 7.2.2.1", _CRL),
    "crl.extension_unlisted": _accepted("the extension {oid} has no place here", "BR 7.2.2", _CRL),
    "crl.criticality": _must("an extension is critical that must not be", "BR 7.2.2", _CRL),
    "crl.empty_list": _must("the list of revoked certificates is there and empty", "RFC 5280 5.1.2.6", _CRL),
    "crl.entry_extension": _should("an entry has the extension {oid}", "BR 7.2.2", _CRL),
    "crl.entry_twice": _must("serial number {serial} is revoked twice", "RFC 5280 5.1.2.6", _CRL),
    "crl.entry_reason_missing": _must("the entry {serial} has no reason", "BR 7.2.2", _CRL),
    "crl.entry_reason": _must("the reason {reason} of the entry {serial} is not permitted", "BR 7.2.2", _CRL),
    "crl.entry_ca_compromise": _should(
        "the reason cACompromise of the entry {serial} is not in the table of reasons", "BR 7.2.2", _CRL
    ),
    "crl.entry_date_future": _must("the entry {serial} is revoked in the future, at {date}", "BR 7.2.2", _CRL),
    "crl.entry_date_early": _must(
        "the entry {serial} is revoked at {date}, before its certificate began", "BR 7.2.2", _CRL
    ),
    "crl.entry_no_authority": _accepted(
        "the entry {serial} is of a certificate that is neither an authority's nor a responder's",
        "BR 6.1.7",
        _CRL,
    ),
    "crl.entry_itself": _accepted("the entry {serial} is of the issuer's own key", "ground rule CRLs", _CRL),
    "crl.entry_unknown": _accepted("no known certificate has the serial number {serial}", "BR 7.2.2", _CRL),
    "crl.entry_of_another": _must("the certificate {serial} has another issuer", "BR 7.2", _CRL),
    "crl.entry_vanished": _must("the entry {serial} of the previous CRL is missing", "BR 4.10.1, 7.2", _CRL),
    "crl.entry_changed": _should("the entry {serial} says other things than before", "BR 7.2.2", _CRL),
}

TABLE: dict[str, Meaning] = {
    **_KEYS,
    **_OBJECTS,
    **_FIELDS,
    **_PURPOSES,
    **_NAMES,
    **_RELATIONS,
    **_CRLS,
    **_OCSP,
}
