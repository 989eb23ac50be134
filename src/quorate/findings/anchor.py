"""Findings about what is shared with others: trust anchors, DNSKEY records, CMS signatures, IANA's configuration."""

from . import Meaning, Severity

ERROR, WARNING = Severity.ERROR, Severity.WARNING


def _must(sentence: str, clause: str, remedy: str) -> Meaning:
    return Meaning(ERROR, False, sentence, remedy, clause)


_KSKM = {
    "kskm.into": _must("{folder} is there and not empty", "", "name a new or an empty folder"),
    "kskm.value": _must("the field {field}: {problem}", "", "correct the line"),
    "kskm.zones": _must(
        "it is for several zones: {zones}",
        "",
        "make acceptable_domains and signers_name one name; a folder is of one zone",
    ),
    "kskm.key_differs": _must(
        "the key {key} has {field} {made}; the file says {stated}", "RFC 3110 2", "stop: find out which key this is"
    ),
    "kskm.schema_slots": _must(
        "the schema {schema} has the slots {slots} and not 1 to {bundles}", "", "give each bundle its slot"
    ),
    "kskm.schema_key": _must(
        "the schema {schema} names {key}, which is none of the keys", "", "name a key of the file"
    ),
}

_ANCHORS = {
    "zone.not_found": _must(
        "there is no dnssec/ folder with a policy here or above",
        "",
        "go into the folder of a zone's authority, or name it with --in; import kskm makes one of a ksrsigner.yaml",
    ),
    "ksk.not_pinned": _must(
        "the key {tag} of {zone}, DS digest {digest}, is no KSK of the policy",
        "RFC 4034 5.1.4",
        "stop: it is another key than those that people signed for, or the policy lacks it",
    ),
    "anchor.key_missing": _must(
        "the public key of {ksks} is not known",
        "RFC 9718 2.1.1",
        "add its DNSKEY record to ksks.txt, or use --form rfc7958",
    ),
    "cms.certificate": _must(
        "the certificate file holds no certificate in PEM", "", "give the signer's certificate, PEM"
    ),
    "cms.key_kind": _must("the key is neither RSA nor ECDSA", "RFC 5754", "sign with a certificate of such a key"),
    "cms.key_other": _must("the key does not belong to the certificate", "", "give the key of the first certificate"),
    "records.unreadable": _must(
        "line {line}: {problem}",
        "RFC 4034 2.2",
        "give one record a line, as dig prints it: OWNER TTL IN DNSKEY FLAGS 3 ALGORITHM KEY",
    ),
    "records.none": _must("there is no DNSKEY record in it", "", "name the file that holds the KSKs"),
    "anchor.none": _must(
        "there is no KSK to be a trust anchor",
        "",
        "pin it in policy.toml, and put its DNSKEY record (ID.ksk.txt of its ceremony) into ksks.txt beside it",
    ),
    "anchor.source": _must(
        "{source} is no address", "RFC 9718 2.1.2", "write where the file is published, as http(s)://…"
    ),
    "anchor.id": _must(
        "{id} cannot be the id of a trust anchor", "RFC 9718 2.1.2", "use letters, digits, dots and hyphens"
    ),
    "anchor.unreadable": _must(
        "line {line}: {problem}", "RFC 9718 2.1.1", "get the file again from its publisher, and compare its digest"
    ),
    "anchor.key_differs": _must(
        "its public key, of tag {tag}, does not give the digest and tag beside it",
        "RFC 9718 2.1.3",
        "do not publish or use it: one of the two is wrong",
    ),
    "anchor.flags": _must(
        "its flags are {flags}", "RFC 9718 2.1.3", "a trust anchor is a KSK without the REVOKE bit: 257"
    ),
    "anchor.zone": _must("it is for the zone {zone}, expected is {expected}", "", "take the file of this zone"),
    "anchor.unknown": _must(
        "the policy has no KSK of this id; its tag is {tag}", "", "do not use it: find out who published this key"
    ),
    "anchor.differs": _must("its {what} is {said}; pinned is {pinned}", "", "do not use it: find out which is right"),
    "anchor.digest_type": Meaning(
        WARNING,
        False,
        "its digest is of type {kind}, not SHA-256 (2)",
        "publish a digest of type 2 too",
        "RFC 8624 3.3",
    ),
    "anchor.missing": _must("the KSK {ksk}, tag {tag}, is not in it", "", "publish a file with every KSK that stands"),
}

TABLE: dict[str, Meaning] = {**_KSKM, **_ANCHORS}
