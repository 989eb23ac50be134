"""Findings about the register: what does not fit together among all that an authority issued."""

from . import Meaning, Severity

ERROR, WARNING = Severity.ERROR, Severity.WARNING

_LOOK = "look at the certificates side by side with: quorate compare"

TABLE: dict[str, Meaning] = {
    "register.key_of_two_names": Meaning(
        ERROR, False, "one key goes by several names: {subjects}", _LOOK, "BR 7.1.2.2.2, MRSP 5.3.2"
    ),
    "register.name_of_two_keys": Meaning(
        ERROR, False, "one name stands for several keys, in {certificates}", _LOOK, "BR 7.1.2.10.2"
    ),
    "register.serial_twice": Meaning(
        ERROR, False, "the serial number {serial} was given to {certificates}", "revoke one of them", "RFC 5280 4.1.2.2"
    ),
    "register.ski_differs": Meaning(
        WARNING, False, "one key has several key identifiers: {identifiers}", _LOOK, "RFC 5280 4.2.1.2"
    ),
    "register.ski_of_two_keys": Meaning(
        ERROR, False, "one key identifier stands for several keys: {keys}", _LOOK, "RFC 5280 4.2.1.2"
    ),
    "register.issuer_unknown": Meaning(
        WARNING, False, "no certificate of its issuer is known", "adopt the certificate of its issuer", ""
    ),
    "register.crl_url_differs": Meaning(
        WARNING,
        False,
        "what it issued points to different CRLs: {urls}",
        "serve the same CRL at each, and name one from now on",
        "CCADB 6.2",
    ),
    "register.ca_issuers_url_differs": Meaning(
        WARNING,
        False,
        "what it issued points to different certificates of its issuer: {urls}",
        "serve the same certificate at each, and name one from now on",
        "RFC 5280 4.2.2.1",
    ),
    "register.url_shared": Meaning(
        ERROR,
        False,
        "certificates of different issuers point to it: {issuers}",
        "one URL serves the CRL or certificate of one issuer; issue anew with a URL of its own",
        "BR 7.1.2.11.2",
    ),
    "register.crl_missing": Meaning(
        ERROR, False, "it has issued, and there is no CRL of it", "issue one: quorate new NAME --from crl", "BR 4.9.7"
    ),
    "register.crl_lapsed": Meaning(
        ERROR,
        False,
        "the newest CRL of {issuer} has lapsed at {time}",
        "issue the next one: quorate new NAME --from crl",
        "BR 4.9.7",
    ),
    "register.quorum_lapsed": Meaning(
        WARNING,
        False,
        "it takes {need} in the role {role}, and {have} are appointed on {day}",
        "renew the appointments in people/, and have the governors sign: quorate approve . --person ID",
        "",
    ),
    "register.skr_lapsed": Meaning(
        ERROR,
        False,
        "the last SKR of the zone {zone} has lapsed at {time}: nothing signs its keys",
        "sign the next one: quorate new NAME --from ksk-signing, with the act lapse and a reason; if it was signed "
        "elsewhere, adopt it",
        "RFC 4035 5.3.1",
    ),
    "register.response_differs": Meaning(
        ERROR,
        False,
        "it says that {certificate} is {status}, and {crl} says otherwise",
        "sign another response: quorate new NAME --from ocsp-response; until then serve this one no more",
        "BR 4.9.9",
    ),
    "register.response_lapsed": Meaning(
        WARNING,
        False,
        "the newest OCSP response about {certificate} has lapsed at {time}",
        "sign the next one, if OCSP is still answered: quorate new NAME --from ocsp-response",
        "BR 4.9.9",
    ),
    "register.revoked_unknown": Meaning(
        WARNING,
        False,
        "it lists the serial number {serial}, which belongs to no known certificate",
        "adopt the certificate, or find out what it was",
        "RFC 5280 5.3",
    ),
}
