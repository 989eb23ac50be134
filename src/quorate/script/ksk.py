"""A KSK that is generated: the records it is known by, and whether its tags are free. Floor 2. Spec: `spec/ksk.md`."""

from __future__ import annotations

from collections.abc import Iterator

from quorate.dnssec.dnskey import Algorithm, DigestType, Dnskey, dnskey_of
from quorate.dnssec.ksk import collision_findings
from quorate.dnssec.ksr import Bundle
from quorate.dnssec.ksr_xml import read_ksr, read_skr
from quorate.dnssec.records import dnskey_line, ds_line
from quorate.findings import Finding, Refusal
from quorate.script.operations import GenerateOperation
from quorate.script.state import State


def ksk_of(operation: GenerateOperation, spki: bytes) -> Dnskey:
    """The DNSKEY record that the key will have in its zone."""
    return dnskey_of(spki, Algorithm[operation.algorithm])


def ksk_files(operation: GenerateOperation, spki: bytes) -> tuple[tuple[str, bytes], ...]:
    """The records of a KSK as text: DNSKEY, DS, CDNSKEY and CDS in presentation form; nothing for another key."""
    if not operation.zone:
        return ()
    key = ksk_of(operation, spki)
    digests = [key.ds(operation.zone, kind) for kind in DigestType]
    lines = [dnskey_line(operation.zone, key, kind) for kind in ("DNSKEY", "CDNSKEY")]
    lines += [ds_line(operation.zone, ds, kind) for kind in ("DS", "CDS") for ds in digests]
    return ((f"artifacts/{operation.id}.ksk.txt", "".join(f"{line}\n" for line in lines).encode("ascii")),)


def ksk_lines(operation: GenerateOperation, spki: bytes) -> tuple[str, ...]:
    """What is shown and read aloud of a new KSK: tag, tag when revoked, DS."""
    key = ksk_of(operation, spki)
    line = ds_line(operation.zone, key.ds(operation.zone))
    return (f"key tag: {key.key_tag}, when revoked: {key.revoked.key_tag}", line)


def ksk_findings(operation: GenerateOperation, spki: bytes, state: State) -> tuple[Finding, ...]:
    """Whether a tag of the new KSK is that of another key of its zone: KSKs held, keys of any KSR or SKR at hand."""
    if not operation.zone:
        return ()
    known = {
        dnskey_of(state.spkis[name], Algorithm[key.algorithm]): name
        for name, key in state.keys.items()
        if key.zone == operation.zone
    }
    for bundle in _bundles(operation.zone, state):
        for key in bundle.keys:
            kind = "KSK" if key.dnskey.is_ksk else "ZSK"
            known.setdefault(key.dnskey.unrevoked, f"{kind} {key.identifier or key.key_tag}")
    return collision_findings(ksk_of(operation, spki), [(name, key) for key, name in known.items()], operation.id)


def _bundles(zone: str, state: State) -> Iterator[Bundle]:
    """Those of every request for the zone among the inputs, and of every earlier SKR of it."""
    for path, data in state.inputs.items():
        if path.startswith("inputs/") and path.endswith(".xml"):
            read = read_skr if path.startswith("inputs/known/") else read_ksr
            try:
                document, _ = read(data, path)
            except Refusal:
                continue  # another kind of document
            if document.domain == zone:
                yield from document.bundles
