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
    "ksr.too_large": _must("the file has {octets} octets, at most {most} are read", "RFC 4034", _SOURCE),
    "ksr.not_xml": _must("the file is no well-formed XML: {problem}", "XML 1.0 2.1", _SOURCE),
    "ksr.forbidden": _must("line {line}: {what} has no place in a KSR or SKR", "XML 1.0 2.8", _SOURCE),
    "ksr.bounds": _must("line {line}: {problem}", "ksr.rnc", _SOURCE),
    "ksr.structure": _must("line {line}: {problem}", "ksr.rnc", _SOURCE),
    "ksr.value": _must("line {line}: {what} {problem}", "ksr.rnc", _SOURCE),
    "ksr.more_problems": _must("further problems follow", "", _SOURCE),
    "ksr.other_kind": _must("the file is {kind} and not {wanted}", "ksr.rnc", "name the right file"),
    "ksr.number_spelled": _must(
        "line {line}: {what} is written {text} and not {number}",
        "RFC 4034 2.2",
        "have it written anew, or record a dated exception in the policy",
    ),
    "ksr.id_unusable": _must("{id} cannot stand in a KSR or SKR as an id", "ksr.rnc", "choose another id or label"),
}

_POLICIES = {
    "dnssec.policy_value": _must("{problem}", "", "correct the policy"),
    "dnssec.policy_twice": _must("{id} stands there twice", "", "give each its own id"),
    "dnssec.policy_broken": _must(
        "the compiled policy cannot be used: {detail}", "", "remove it: it is made again from policy.toml"
    ),
    "dnssec.policy_no_limits": _must(
        "the policy {policy} has no limits for {day}, its first hold from {first}",
        "",
        "check for a later day, or add the limits that held then",
    ),
}

TABLE: dict[str, Meaning] = {**_WIRE, **_FILES, **_POLICIES}
