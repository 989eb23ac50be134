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

TABLE: dict[str, Meaning] = {**_WIRE}
