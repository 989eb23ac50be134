"""Findings about what an authority adopts: things that were made before its first record."""

from . import Meaning, Severity

ERROR, WARNING = Severity.ERROR, Severity.WARNING

TABLE: dict[str, Meaning] = {
    "adopt.object": Meaning(
        ERROR,
        False,
        "the file is not one certificate, CRL, public key or SKR",
        "adopt one object a file, PEM or DER; what is to become one, such as a request or a draft, is no history",
    ),
    "adopt.no_ksk": Meaning(
        ERROR,
        False,
        "the DNSKEY record of tag {tag} has flags {flags}: it is no KSK, or is revoked",
        "adopt the KSKs that still sign, with flags 257; ZSKs and revoked keys stand in the adopted SKR",
    ),
    "adopt.form": Meaning(
        ERROR,
        False,
        "{problem}, which no record takes in",
        "leave it out; a plan can still name it as a file in inputs/",
        "RFC 5280 4.1, 5.1",
    ),
    "adopt.file_missing": Meaning(
        ERROR, False, "{file} is not in the folder adopted/ of the authority", "put it there, or correct its name"
    ),
    "adopt.changed": Meaning(
        ERROR,
        False,
        "{id} is not what the state in force adopts",
        "bring back the file that was signed for, or have the governors sign a new state with: quorate approve",
    ),
    "adopt.unknown": Meaning(
        ERROR,
        False,
        "the authority's state does not adopt {id}; it adopts: {known}",
        "list it in authority.toml under [[adopted]] and have the governors sign",
    ),
    "adopt.known": Meaning(
        ERROR, False, "{id} is in the register already", "an id names one thing for good: leave it out, or give another"
    ),
    "adopt.twice": Meaning(
        ERROR,
        False,
        "{id} and {other} have one issuer and one serial number",
        "adopt it once; if they are two certificates, their issuer has given a number twice",
        "RFC 5280 4.1.2.2",
    ),
    "adopt.signature": Meaning(
        ERROR,
        False,
        "{id} is not signed by the key of {issuer}, whose name it carries",
        "compare the file with the one that is published, or adopt the certificate of the key that signed it",
        "RFC 5280 6.1.3",
    ),
    "adopt.issuer_unknown": Meaning(
        WARNING,
        False,
        "nothing here shows who signed {id}; it names {issuer}",
        "adopt the certificate of its issuer too, if it is one of yours",
    ),
    "adopt.crl_issuer": Meaning(
        ERROR,
        False,
        "no certificate here has the key that signed the CRL {id}",
        "adopt the certificate of its issuer too",
        "RFC 5280 5.1",
    ),
    "adopt.crl_twice": Meaning(
        ERROR,
        False,
        "{id} is a second CRL of {issuer}",
        "adopt the newest one alone: the next CRL follows it",
        "RFC 5280 5.2.3",
    ),
    "adopt.skr_key": Meaning(
        ERROR,
        False,
        "{id} is signed by the KSK {tag}, which is neither adopted nor in the register",
        "adopt its DNSKEY record too: the next SKR follows on from its signatures",
    ),
    "adopt.key_twice": Meaning(
        ERROR,
        False,
        "{id} is the same public key as {other}",
        "leave one of them out",
    ),
    "adopt.skr_twice": Meaning(
        ERROR, False, "{id} is there already, as {other}: they have one id", "leave it out: an SKR is adopted once"
    ),
    "adopt.skr_order": Meaning(
        ERROR,
        False,
        "{id} does not last longer than {other}, which was in the zone before it",
        "adopt the SKRs of a zone in the order of their deployment, and none that is older than what is recorded",
    ),
    "adopt.crl_first": Meaning(
        ERROR,
        False,
        "{id} would be adopted in the ceremony that makes {operation}, which has to follow it",
        "adopt it in a ceremony before, whose record this one follows",
        "RFC 5280 5.2.3",
    ),
    "adopt.skr_first": Meaning(
        ERROR,
        False,
        "{id} would be adopted in the ceremony that signs for its zone {zone}",
        "adopt it in a ceremony before, whose record the signing one follows",
    ),
}
