"""The readers of the stand-alone verifier, which refuses in its own way."""

from __future__ import annotations

import contextlib
import functools
import json
from collections.abc import Callable

from damage import der, lines, octets, pem
from forging import verifier
from readers_of_keys import DER, objects
from readers_of_records import SSH_OCTETS, key_lines, message, public_keys, record_lines, signatures
from readers_of_zones import XML, requests
from reading import JSON, RECORD, WORDS, Reader, kept


class _Claims:
    def fail(self, claim: str, text: str) -> None:
        raise verifier().Bad(text)

    def leave_open(self, claim: str, text: str) -> None:
        """Nothing follows."""


def verified_event(data: bytes) -> None:
    """One line, at the place that it says it has."""
    module = verifier()
    module.Event(data, _said_number(data), 0)
    module.Event.leaf(data)


def _said_number(data: bytes) -> int:
    try:
        value = json.loads(data)
    except (ValueError, RecursionError):
        return 0
    number = value.get("seq") if isinstance(value, dict) else 0
    return number if isinstance(number, int) else 0


def verified_object(data: bytes) -> None:
    module = verifier()
    for read in (module.read_certificate, module.read_crl, module.read_request):
        with contextlib.suppress(module.Bad):
            read(data)


def verified_draft(data: bytes) -> None:
    module = verifier()
    for read in (module.CertificateTbs, module.CrlTbs, module.RequestTbs, module.OcspTbs):
        with contextlib.suppress(module.Bad):
            read(data)


def verified_signature(data: bytes) -> None:
    module = verifier()
    for line in key_lines():
        try:
            key = module.SshKey(" ".join(line.split(" ")[:2]))
            module.verify_sshsig(data.decode("ascii", "replace"), key, "quorate-intent-v1", message())
        except module.Bad:
            pass


def verified_key(data: bytes) -> None:
    verifier().SshKey(data.decode("utf-8", "replace"))


def verified_script(data: bytes) -> None:
    verifier().Script(data).rendered()


def verified_statement(data: bytes) -> None:
    """A signed statement is compared with the one that the record calls for."""
    module = verifier()
    state = json.loads((RECORD / "authority" / "000.json").read_bytes())
    person = next(one for one in state["people"] if one["id"] == "oa")
    signature = (RECORD / "approvals" / "oa.sig").read_text()
    said = dict(line.split(": ", 1) for line in (RECORD / "approvals" / "oa.statement").read_text().splitlines())
    text = data.decode("utf-8", "replace")
    own = (("genesis", said["genesis"]),)
    module.Signatures().check(person, "script-approval", "real", said, own, text, signature, "here")


@functools.cache
def verified_transcript() -> object:
    return verifier().Transcript((RECORD / "transcript.jsonl").read_bytes(), _Claims())


def verified_checkpoint(data: bytes) -> None:
    verifier().parse_checkpoint(data, "quorate/example/001-root/real", verified_transcript())


def verified_request(data: bytes) -> None:
    verifier().Request(data)


def verified_state(data: bytes) -> None:
    verifier().State(data, "000.json")


def bad(read: Callable[[bytes], object]) -> tuple[Callable[[bytes], object], tuple[type[Exception], ...]]:
    return read, (verifier().Bad,)


VERIFIER = (
    Reader("verifier-canonical", lambda: record_lines()[:40], JSON, *bad(lambda one: verifier().read_canonical(one))),
    Reader("verifier-event", record_lines, JSON, *bad(verified_event)),
    Reader("verifier-script", kept("script.json"), JSON, *bad(verified_script)),
    Reader("verifier-state", kept("authority/000.json"), JSON, *bad(verified_state)),
    Reader("verifier-object", objects, DER, *bad(verified_object)),
    Reader("verifier-draft", kept("drafts/root-r1.tbs", "drafts/crl-r1-1.tbs"), (der,), *bad(verified_draft)),
    Reader("verifier-sshsig", signatures, (pem(octets, 70), lines), *bad(verified_signature)),
    Reader("verifier-key", public_keys, (SSH_OCTETS, WORDS), *bad(verified_key)),
    Reader("verifier-statement", kept("approvals/oa.statement"), (lines, WORDS), *bad(verified_statement)),
    Reader("verifier-checkpoint", kept("checkpoint"), (lines,), *bad(verified_checkpoint)),
    Reader("verifier-ksr", requests, XML, *bad(verified_request)),
)
