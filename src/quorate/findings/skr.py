"""Findings about the KSKs' side of DNSSEC: schemas, KSKs and their pins, SKRs and their sequence."""

from . import Meaning, Severity

ERROR, WARNING, NOTICE = Severity.ERROR, Severity.WARNING, Severity.NOTICE


def _must(sentence: str, clause: str, remedy: str) -> Meaning:
    return Meaning(ERROR, False, sentence, remedy, clause)


_SCHEMA_FILE = "correct schemas.toml; spec/schema.md says what a schema may say"
_SCHEMA = {
    "schema.too_many": _must("there are {count} {what}, at most {most} are read", "", _SCHEMA_FILE),
    "schema.unknown": _must("there is no schema {schema}; known are {known}", "", "name one of these"),
    "schema.twice": _must("{schema} stands twice", "", "name each once"),
    "schema.back_out_follows": _must(
        "a back-out is made beside other schemas and follows none", "", "leave out follows, or back-out-of"
    ),
    "schema.part_unknown": _must("no schema here has the key {part}", "", _SCHEMA_FILE),
    "schema.part_unused": _must("the key {part} is in no slot", "", _SCHEMA_FILE),
    "schema.slots_unreadable": _must("{text} names no slots", "", "write them like 1, 2..last-1 or last"),
    "schema.published_and_revoked": _must(
        "{part} is published and revoked in one slot", "RFC 5011 2.1", "leave it in one of the two"
    ),
    "schema.signs_unpublished": _must(
        "{part} signs where it is not published", "RFC 4035 2.2", "a key that signs stands in the RRset: publish it"
    ),
    "schema.revoked_unsigned": _must(
        "{part} is revoked where it does not sign",
        "RFC 5011 2.1",
        "a revocation counts only if the revoked key signs: name it under sign too",
    ),
    "schema.nobody_signs": _must(
        "no KSK signs that is not revoked", "RFC 5011 2.1", "name under sign a key that goes on being trusted"
    ),
    "schema.slots": _must(
        "the schema {schema} does not fit {count} slots: wrong in {slots}",
        "",
        "plan a schema that names each slot of the request once",
    ),
    "schema.keys_bound": _must(
        "the schema {schema} needs {parts}, each another KSK; bound are: {bound}",
        "",
        "say which KSK plays which part: under keys in the plan, or here with --ksk PART=ID",
    ),
    "schema.binding": _must(
        "the schema {schema} has the parts {parts}; bound are {said}", "", "give each part its KSK, once"
    ),
}

_KSK = {
    "ksk.unknown": _must("there is no KSK {ksk}; known are {known}", "", "name a KSK of the policy"),
    "ksk.tag_collision": _must(
        "key tag {tag}, {which}, is also that of {other}",
        "RFC 4034 appendix B",
        "destroy the newer of the two before it is used and generate another: validators try few keys of one tag",
    ),
}

_FILES = {
    "keyfile.encrypted": _must("the key is encrypted", "", "give its passphrase when you are asked for it"),
    "keyfile.not_encrypted": _must("the key is not encrypted, yet a passphrase was given", "", "leave it out"),
    "keyfile.unreadable": _must(
        "it is no private key in PEM that signs here, or the passphrase is wrong",
        "",
        "give a PKCS#8 file with an RSA, P-256, P-384, Ed25519 or Ed448 key",
    ),
}

_DRAFT = {
    "skr.zone": _must(
        "it is for the zone {zone}, expected is {expected}", "RFC 4034 3.1.7", "take the file of this zone"
    ),
    "skr.validity": _must(
        "the signatures would be valid for {lasts}; the policy allows {bounds}",
        "",
        "have a request made whose bundles keep to the policy",
    ),
    "skr.ksk_not_in_use": _must(
        "the KSK {ksk} would sign outside the time in which its trust anchor stands",
        "",
        "plan another KSK, or correct since and until in the policy",
    ),
    "skr.ttl": _must(
        "the key {tag} has the TTL {ttl} and not {expected}", "RFC 2181 5.2", "have the request corrected"
    ),
    "skr.ksk_requested": _must("the request holds the KSK {tag}", "", "a request names ZSKs only; have it corrected"),
    "skr.algorithm_unsigned": _must(
        "keys of {algorithm} stand in the RRset and no KSK of {algorithm} signs it",
        "RFC 4035 2.2",
        "let a KSK of the algorithm sign as long as one of its keys is published",
    ),
    "skr.algorithm_without_zsk": _must(
        "a KSK of {algorithm} is published and no ZSK of {algorithm}",
        "RFC 4035 2.2",
        "have a ZSK of the algorithm in the request as long as the KSK is published",
    ),
    "skr.signature_count": _must(
        "{count} signatures for {expected} signings", "", "this is not the operation's result"
    ),
    "skr.signature_invalid": _must(
        "SKR-VERIFY: the signature by {ksk}, key tag {tag}, is not valid for this RRset",
        "RFC 4035 5.3",
        "do not publish it: the key or the bytes are not those that were approved",
    ),
}

_FORM = "it was made wrong or changed since: take the file that the signer gave out"
_RECORDS = {
    "ksr.fault_unknown": _must("there is no fault {name} here; known are {known}", "", "name one of these"),
    "ksr.fault_needs": _must("this request cannot have the fault {name}: it needs {needs}", "", "give it that"),
    "ksr.calendar": _must(
        "the calendar makes no request: {problem}", "", "let each slot begin while the one before is valid"
    ),
    "skr.empty": _must("it has no bundles", "", _FORM),
    "skr.too_many_signatures": _must("it has more than {most} signatures", "", _FORM),
    "skr.bundle_twice": _must("the bundle id {id} stands twice", "", _FORM),
    "skr.identifier": _must("the key identifier {id} stands for two keys", "", _FORM),
    "skr.times": _must("it begins at {inception} and ends at {expiration}", "RFC 4034 3.1.5", _FORM),
    "skr.key_tag": _must("a key is said to have the tag {stated}; its tag is {tag}", "RFC 4034 appendix B", _FORM),
    "skr.key_flags": _must("the key {tag} has flags {flags} and protocol {protocol}", "RFC 4034 2.1", _FORM),
    "skr.key_twice": _must("a key stands twice", "RFC 2181 5", _FORM),
    "skr.tag_twice": Meaning(
        WARNING, False, "two keys have the tag {tag}", "have one of the two keys replaced", "RFC 4034 appendix B"
    ),
    "skr.rrsig_field": _must("the {field} of the signature by {tag} is {stated}; due is {due}", "RFC 4034 3.1", _FORM),
    "skr.signed_by_zsk": _must("the ZSK {tag} signs", "", "an SKR holds signatures by KSKs; take the signer's file"),
    "skr.signature_twice": _must("a key signs twice", "", _FORM),
    "skr.unsigned": _must(
        "no KSK signs that is not revoked", "RFC 4035 5.2", "do not publish it: nobody could validate the zone"
    ),
    "skr.revoked_unsigned": _must(
        "the revoked key {tag} does not sign", "RFC 5011 2.1", "do not publish it: nobody would notice the revocation"
    ),
    "skr.stated": _must(
        "the signer states {what} from {least} to {most}, the policy has {range}",
        "",
        "have the SKR made anew by the policy, or put right what the policy says of that day",
    ),
    "skr.gap": _must(
        "it begins at {inception}, the one before ends at {expiration}",
        "",
        "bundles follow each other, and each begins while the one before is valid",
    ),
}

_AGAINST = {
    "skr.differs": _must("{what}: it has {has}, the request has {asked}", "", "this SKR answers another request"),
    "skr.schema_differs": _must("{what} are {has}; the schema says {due}", "", "this is not the SKR that was planned"),
    "skr.schema_unknown": Meaning(
        WARNING,
        False,
        "its KSKs take turns as none of these schemas says: {known}",
        "name its schema in schemas.toml, or find out why it was signed like this",
    ),
    "skr.schema_other": _must("it is no instance of the schema {schema}", "", "this is not the SKR that was planned"),
    "skr.ksks_unpinned": Meaning(
        WARNING,
        False,
        "nothing here pins its KSKs: it may be signed by anybody",
        "check it against a trust anchor (--trust-anchor) or a zone's folder (--in)",
        "RFC 4035 5",
    ),
    "skr.ksk_unknown": _must(
        "the KSK {tag} ({id}) is none of the zone's",
        "RFC 4034 5.1.4",
        "do not publish it: the key is not pinned in the policy",
    ),
    "skr.ksk_outside_days": Meaning(
        WARNING,
        False,
        "the KSK {ksk} signs outside the days of its pin",
        "see whether every validator can still follow; a new SKR is not made like this",
    ),
    "skr.ksk_id": _must("the KSK {ksk} is named {id}", "", "take the signer's file, or correct the id in the policy"),
    "skr.no_anchor_signs": _must(
        "no key of the trust anchor signs it",
        "RFC 4035 5",
        "check the trust anchor's digest; if it is right, do not publish this SKR",
    ),
}

_SEQUENCE = {
    "skr.predecessor_missing": _must(
        "no SKR is recorded for this zone",
        "",
        "record the SKR that is in the zone, or make the first one as the act genesis",
    ),
    "skr.none_deployed": _must(
        "none of the {count} signed SKRs is recorded as deployed", "", "record which of them is in the zone"
    ),
    "skr.predecessor_undeployed": _must(
        "the SKR before, {id}, is not recorded as deployed",
        "",
        "wait until it is in the zone; several quarters at once are the act calendar-bridge",
    ),
    "skr.expired": Meaning(
        NOTICE,
        False,
        "its last signature has expired, at {time}",
        "nothing, if it is history; --at judges it for its own day",
    ),
    "skr.previous_itself": _must(
        "it is the very SKR that is to be checked",
        "",
        "name with --previous the SKR that was in the zone before it",
    ),
    "skr.unrecorded": _must(
        "{id} was signed for the time before, and is not recorded as deployed: what follows is judged after {before}",
        "",
        "if {id} is in the zone, record that first: quorate new NAME --from publication",
    ),
    "skr.predecessor_unsound": _must(
        "the SKR before is not sound: {problem}",
        "RFC 4035 5.3",
        "take the SKR that is in the zone, as it was given out",
    ),
    "skr.predecessor_ksk": _must(
        "its KSK {tag} is none of the zone's", "RFC 4034 5.1.4", "stop: the SKR before was signed with a strange key"
    ),
    "skr.genesis_again": _must("the SKR {id} is in the zone already", "", "genesis happens once; plan a routine SKR"),
    "skr.id_again": _must(
        "another request had the id {id}", "", "have the request made again under an id of its own; no act allows this"
    ),
    "skr.request_again": _must(
        "this request, {id}, has been answered",
        "",
        "to sign it once more, plan the act re-sign, with again-of the SKR that answered it",
    ),
    "skr.bundle_again": _must("the bundle id {id} stood in {before}", "", "have the request made again with new ids"),
    "skr.gap_before": _must(
        "it begins at {starts}; the SKR before ends at {ends}",
        "",
        "between the two the zone would have no valid signature; have the request made for an earlier start, or, if it "
        "has none any more, plan the act lapse",
    ),
    "skr.siblings": _must(
        "{id} is for slots of {other}, which this ceremony signs as well",
        "",
        "make one of them a back-out of the other, or leave it to another day",
    ),
    "skr.starts_early": _must(
        "it begins at {starts}, before the last bundle of the SKR before, at {last}",
        "",
        "have the request made for the next cycle; only a compromise or a loss cannot wait",
    ),
    "skr.order": _must(
        "the schema {schema} does not follow {came}; it may follow {may}",
        "",
        "plan a schema that follows, or let the schemas say what else may",
    ),
    "skr.order_keys": _must(
        "the schema {schema} follows {came} only with {parts}",
        "",
        "give each part to the KSK that plays it now: keys of the plan, or bindings.toml for ksr check",
    ),
    "skr.back_out_as_main": _must(
        "{schema} is a back-out", "", "it is made beside the schema that it backs out of, never alone"
    ),
    "skr.back_out_other": _must("it is no back-out of {schema}", "", "plan the back-out that belongs to the schema"),
    "skr.back_out_request": _must(
        "its slots are not those of the main SKR", "", "give it the main SKR's request, or one for the same slots"
    ),
    "skr.back_out_keys": _must("its {part} is {ksk}, not the main SKR's", "", "bind the same KSKs in both"),
    "skr.published_late": _must(
        "KSR-POLICY-SAFETY: {ksk} signs alone {after} after it was first published; the policy asks for {least}",
        "RFC 5011 6.1",
        "publish the key longer before it signs",
    ),
    "skr.retired_early": _must(
        "KSR-POLICY-SAFETY: {ksk} is gone {after} after its last signature; the policy asks for {least}",
        "",
        "leave the key published, or revoked, for longer",
    ),
    "skr.revocation_short": _must(
        "KSR-POLICY-SAFETY: the revocation of {ksk} is shown for {lasts}; validators may need {least}",
        "RFC 5011 2.4.2",
        "show the revoked key in more slots, or extend it into the next SKR",
    ),
    "skr.revoked_returns": _must(
        "KSR-POLICY-SAFETY: {ksk} was revoked and would be published again",
        "RFC 5011 2.1",
        "a revoked key never comes back; use another",
    ),
    "skr.relaxed": Meaning(
        WARNING,
        False,
        "the act {act} relaxes this: {finding}",
        "see that the people who approve the script know it",
        "",
    ),
    "skr.act_idle": Meaning(
        WARNING,
        False,
        "the act {act} relaxes nothing here: it would be signed without an act as well",
        "leave act and reason out, unless this is the first quarter of a bridge",
        "",
    ),
    "skr.excepted": Meaning(
        NOTICE,
        False,
        "the exception {exception} of the policy accepts this: {finding}",
        "see that the people who approve the script know it",
        "",
    ),
    "skr.act_needs": _must(
        "the act {act} needs {needs}",
        "",
        "see to it, and write what the plan has to name into its response: reason, again-of",
    ),
}

_FOLLOW = "do not sign this: let the next KSK be published longer, or the old one sign longer"
_VALIDATORS = {
    "skr.too_many_states": _must(
        "KSR-POLICY-SAFETY: its KSKs take so many turns, or its signatures last so long, that it takes more than "
        "{most} {what} to follow "
        "validators through it",
        "",
        "no zone is signed like this: look at the table of its slots",
    ),
    "skr.stranded": _must(
        "KSR-POLICY-SAFETY: "
        "a validator that first looked on {first} with {began} trusts only {trusts}; on {when} it meets {shown}, "
        "signed by {signers}, and finds no signature by a key that it trusts",
        "RFC 5011 2.4.1",
        _FOLLOW,
    ),
    "skr.stranded_fixed": _must(
        "KSR-POLICY-SAFETY: "
        "a validator with the fixed trust anchor {trusts} meets {shown} on {when}, signed by {signers}, and finds no "
        "signature by a key that it trusts",
        "RFC 4035 5",
        "do not sign this before the trust anchor that it needs was published long enough (since in the policy)",
    ),
    "skr.last_anchor_revoked": _must(
        "KSR-POLICY-SAFETY: "
        "a validator that first looked on {first} with {began} has seen its last trust anchor revoked when it meets "
        "{shown} on {when}, signed by {signers}",
        "RFC 5011 6.3",
        "do not sign this: revoke a key only when every validator trusts another one",
    ),
}

TABLE: dict[str, Meaning] = {
    **_SCHEMA,
    **_KSK,
    **_FILES,
    **_DRAFT,
    **_RECORDS,
    **_AGAINST,
    **_SEQUENCE,
    **_VALIDATORS,
}
