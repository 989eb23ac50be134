"""Findings about zones' keys, key signing requests and signed key responses.

A check that IANA's operators know by name has that name at the head of its sentence.
"""

from . import Meaning, Severity

ERROR, WARNING, NOTICE = Severity.ERROR, Severity.WARNING, Severity.NOTICE

_KEY = "do not sign this key: have another one made, or correct the file that holds it"


def _must(sentence: str, clause: str, remedy: str) -> Meaning:
    return Meaning(ERROR, False, sentence, remedy, clause)


_WIRE = {
    "dnssec.name_unusable": _must(
        "{name} is no domain name: {detail}",
        "RFC 1035 3.1",
        "write an absolute name, such as org. or the root's single dot",
    ),
    "dnssec.key_unreadable": _must("the public key cannot be used: {detail}", "RFC 4034 2.1", _KEY),
}

_SOURCE = "obtain the file again from where it came, and compare its digest in words"

_FILES = {
    "ksr.too_large": _must("the file has more than the {most} octets that are read", "RFC 4034", _SOURCE),
    "ksr.not_xml": _must("the file is no well-formed XML: {problem}", "XML 1.0 2.1", _SOURCE),
    "ksr.text_here": _must(
        "the file is a text as BIND or Knot has it, and here the XML form is read",
        "",
        "turn it into XML, which has proofs and ids as well: quorate ksr convert, or skr convert, with --form xml",
    ),
    "ksr.forbidden": _must("line {line}: {what} has no place in a KSR, SKR or trust anchor", "XML 1.0 2.8", _SOURCE),
    "ksr.bounds": _must("line {line}: {problem}", "ksr.rnc", _SOURCE),
    "ksr.structure": _must("line {line}: {problem}", "ksr.rnc", _SOURCE),
    "ksr.value": _must("line {line}: {what} {problem}", "ksr.rnc", _SOURCE),
    "ksr.more_problems": _must("further problems follow", "", _SOURCE),
    "ksr.other_kind": _must("the file is {kind} and not {wanted}", "ksr.rnc", "name the right file"),
    "ksr.number_spelled": _must(
        "KSR-SPELLING: line {line}: {what} is written {text} and not {number}",
        "RFC 4034 2.2",
        "have it written anew, or record a dated exception in the policy",
    ),
    "ksr.id_unusable": _must("{id} cannot stand in a KSR or SKR as an id", "ksr.rnc", "choose another id or label"),
}

_DPS = "KSR processing"  # docs/ksr-processing.md of IANA's tools, after draft-icann-dnssec-keymgmt-01
_FORMS = "nothing, if that is what is meant; the XML form carries all of it"
_TEXT_SPEC = "spec/key-text.md says what the forms are"

_TEXTS = {
    "ksr.text_form": _must(
        "line 1: {problem}", "", f"obtain it as XML, or in a form of BIND 9.20 or Knot 3.2 and later; {_TEXT_SPEC}"
    ),
    "ksr.text_line": _must("line {line}: {problem}", "RFC 1035 5.1", _SOURCE),
    "ksr.form_unproven": _must(
        "KSR-BUNDLE-POP: the form of the request carries no proof that the requester holds the ZSKs",
        _DPS,
        "where the ZSKs are held: quorate ksr convert --form xml --zsk NAME=FILE, once for each",
    ),
    "ksr.form_unsaid": _must("{form} does not say {what}", "", "say it with {option}"),
    "ksr.proof_missing": _must("no key that is named with --zsk is the ZSK {tag}", "", "name every ZSK of the request"),
    "ksr.form_silent": Meaning(NOTICE, False, "{form} does not carry {what}: {supplied}", _FORMS),
    "ksr.form_drops": Meaning(NOTICE, False, "{form} does not carry {what}: left out", _FORMS),
    "ksr.form_lead": Meaning(
        NOTICE, False, "signatures are valid {lead} before their slot is used: the bundle begins with them", _FORMS
    ),
    "ksr.form_unused": Meaning(
        NOTICE, False, "{count} slots begin with the one after them and are never used: left out", _FORMS
    ),
    "ksr.form_parents": Meaning(
        NOTICE,
        False,
        "{count} CDS and CDNSKEY records and signatures over them are neither judged nor taken over",
        "have the server publish what it signs by itself, or judge them with another tool",
    ),
}

_POLICIES = {
    "dnssec.policy_value": _must("{problem}", "", "correct the policy"),
    "dnssec.policy_twice": _must("{id} stands there twice", "", "give each its own id"),
    "dnssec.policy_broken": _must(
        "the compiled policy cannot be used: {detail}", "", "remove it, so that policy.toml is read"
    ),
    "dnssec.policy_no_limits": _must(
        "the policy {policy} has no limits for {day}, its first hold from {first}",
        "",
        "check for a later day, or add the limits that held then",
    ),
}

_REQUEST = "neither sign nor publish: have the ZSK operator make the request anew"
_CHAIN = "do not sign: find out which response is deployed, and whose request this is"
_KEYS = "neither sign nor publish: have the ZSK operator make the key and the request anew"
_SCHEDULE = "do not sign: choose the schema that has its turn, or wait until validators have seen the KSK"

_HEADER = {
    "ksr.domain": _must("KSR-DOMAIN: the request is for {domain}, the policy for {zone}", _DPS, _REQUEST),
    "ksr.id": _must("KSR-ID: a request with the id {id} was signed before", _DPS, _REQUEST),
    "ksr.serial": _must("KSR-SERIAL: the serial number {serial} does not rise above {last}", "", _REQUEST),
    "ksr.signers_name": _must("KSR-SIGNERS-NAME: a signature names {name} and not {zone}", "RFC 4034 3.1.7", _REQUEST),
    "ksr.chain_undeployed": _must(
        "KSR-CHAIN: of what was signed before, {ids}, nothing is recorded as deployed",
        _DPS,
        "record it by a ceremony, quorate new NAME --from publication; or name with --previous what it follows",
    ),
    "ksr.chain_recorded": _must(
        "KSR-CHAIN: the response {id} is on record as deployed, so this is no first request",
        _DPS,
        "leave out --genesis: the request is then judged after it",
    ),
    "ksr.chain_missing": _must(
        "KSR-CHAIN: there is no signed key response that this request could follow",
        _DPS,
        "name it with --previous, or say --genesis if this is the zone's first request",
    ),
}

_BUNDLES = {
    "ksr.bundle_unique": _must("KSR-BUNDLE-UNIQUE: the bundle id {id} {problem}", _DPS, _REQUEST),
    "ksr.bundle_keys": _must("KSR-BUNDLE-KEYS: key {tag}: {problem}", _DPS, _REQUEST),
    "ksr.bundle_pop": _must("KSR-BUNDLE-POP: {problem}", _DPS, _REQUEST),
    "ksr.bundle_count": _must("KSR-BUNDLE-COUNT: there are {count} bundles and not {expected}", _DPS, _REQUEST),
    "ksr.bundle_cycle_duration": _must(
        "KSR-BUNDLE-CYCLE-DURATION: the last slot begins {length} after the first, allowed is {range}", _DPS, _REQUEST
    ),
    "ksr.key_strength": _must("KSR-KEY-STRENGTH: key {tag}: {problem}", "RFC 3110 2, SP 800-89 5.3.3", _KEYS),
    "ksr.key_tags": _must("KSR-KEY-TAGS: key {tag} has the tag of {other}", "CVE-2023-50387", _KEYS),
    "ksr.key_ksk": _must("KSR-KEY-KSK: key {tag} is the key pair of the KSK {ksk}", "RFC 6781 3.1", _KEYS),
}

_LIMITS = {
    "ksr.policy_keys": _must(
        "KSR-POLICY-KEYS: the slots have {counts} keys (different ones), allowed is {listed}", _DPS, _REQUEST
    ),
    "ksr.policy_ttl": _must("KSR-POLICY-KEYS: a TTL is {ttl} and not {expected}", _DPS, _REQUEST),
    "ksr.policy_alg": _must("KSR-POLICY-ALG: {problem}", _DPS, _REQUEST),
    "ksr.policy_safety": _must(
        "KSR-POLICY-SAFETY: {what} is stated as {length}, at least {least} is asked for", _DPS, _REQUEST
    ),
    "ksr.ksk_safety": _must("KSR-POLICY-SAFETY: {problem}", "RFC 5011 2.4", _SCHEDULE),
    "ksr.policy_sig_overlap": _must(
        "KSR-POLICY-SIG-OVERLAP: the overlap with the slot before is {length}, allowed is {range}", _DPS, _REQUEST
    ),
    "ksr.policy_sig_validity": _must(
        "KSR-POLICY-SIG-VALIDITY: the validity is {length}, allowed is {range}", "root zone DPS 5.1.4", _REQUEST
    ),
    "ksr.policy_sig_horizon": _must(
        "KSR-POLICY-SIG-HORIZON: it {problem}",
        "root zone DPS 5.1.4",
        "judge it for the day of its ceremony with --at; if it is too far ahead even then, have the request made anew",
    ),
    "ksr.policy_bundle_intervals": _must(
        "KSR-POLICY-BUNDLE-INTERVALS: the slot begins {length} after the one before, allowed is {range}", _DPS, _REQUEST
    ),
}

_STATED = {
    "ksr.stated_parameters": _must("{name}: {problem}", _DPS, _REQUEST),
    "ksr.stated_looser": _must(
        "{name}: the request states {what} of {stated}, looser than the operator's {range}", _DPS, _REQUEST
    ),
    "ksr.stated_validity": _must(
        "KSR-POLICY-SIG-VALIDITY: the validity is {length}, the request itself states {range}", _DPS, _REQUEST
    ),
    "ksr.stated_overlap": _must(
        "KSR-POLICY-SIG-OVERLAP: the overlap is {length}, the request itself states {range}", _DPS, _REQUEST
    ),
    "ksr.stated_chain_overlap": _must(
        "KSR-CHAIN-OVERLAP: the overlap is {length}, the request itself states {range}", _DPS, _REQUEST
    ),
}

_CHAINS = {
    "ksr.previous": _must("KSR-PREVIOUS: in the response before, {problem}", _DPS, _CHAIN),
    "ksr.chain_keys": _must("KSR-CHAIN-KEYS: {problem}", _DPS, _CHAIN),
    "ksr.chain_overlap": _must(
        "KSR-CHAIN-OVERLAP: the overlap with the response before is {length}, allowed is {range}", _DPS, _CHAIN
    ),
}

TABLE: dict[str, Meaning] = {
    **_WIRE,
    **_FILES,
    **_TEXTS,
    **_POLICIES,
    **_HEADER,
    **_BUNDLES,
    **_LIMITS,
    **_STATED,
    **_CHAINS,
}
