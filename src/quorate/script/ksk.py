"""A KSK that is generated: the records it is known by, and whether its tags are free. Floor 2. Spec: `spec/ksk.md`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from quorate.dnssec.dnskey import Algorithm, DigestType, Dnskey, dnskey_of, revoked_tags
from quorate.dnssec.ksk import collision_findings
from quorate.dnssec.ksr import Bundle
from quorate.dnssec.ksr_xml import read_ksr, read_skr
from quorate.dnssec.policy import read_policy
from quorate.dnssec.records import dnskey_line, ds_line
from quorate.findings import Finding, Refusal, found
from quorate.script import KnownKey
from quorate.script.operations import GenerateOperation
from quorate.script.skr import zone_folder
from quorate.script.state import State
from quorate.words import rows


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
    return tuple((path, "".join(f"{line}\n" for line in lines).encode("ascii")) for path in operation.records)


def ksk_lines(key: KnownKey, spki: bytes) -> tuple[str, ...]:
    """What is shown and read aloud of a new KSK: its tags, its DS record, and the digest in that in words."""
    dnskey = dnskey_of(spki, Algorithm[key.algorithm])
    ds = dnskey.ds(key.zone)
    return (
        f"KSK {key.id} of the zone {key.zone}: key tag {dnskey.key_tag}, when revoked {dnskey.revoked.key_tag}",
        f"  {ds_line(key.zone, ds)}",
        *(f"  {row}" for row in rows(ds.digest)),
    )


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
    new = ksk_of(operation, spki)
    return (
        *collision_findings(new, [(name, key) for key, name in known.items()], operation.id),
        *_pinned(operation, new, known, state),
    )


def _pinned(operation: GenerateOperation, new: Dnskey, known: Iterable[Dnskey], state: State) -> Iterator[Finding]:
    """The same of the pins whose keys are not at hand, such as a standby's that was never published."""
    path = f"{zone_folder(operation.zone)}/policy.json"
    pins = read_policy(state.inputs[path], path).policy.ksks if path in state.inputs else ()
    own = {new.key_tag: "its tag", new.revoked.key_tag: "its tag when revoked"}
    for pin in pins:
        if any(pin.matches(key, operation.zone) for key in (new, *known)):
            continue
        theirs = {pin.key_tag: pin.id, **dict.fromkeys(revoked_tags(pin.key_tag), f"{pin.id} when revoked")}
        for tag in sorted(own.keys() & theirs.keys()):
            yield found("ksk.tag_collision", operation.id, tag=tag, which=own[tag], other=theirs[tag])


def _bundles(zone: str, state: State) -> Iterator[Bundle]:
    """Those of every request for the zone among the inputs, and of every earlier SKR of it."""
    for path, data in state.inputs.items():
        if path.startswith("inputs/") and path.endswith(".xml"):
            read = read_skr if path.startswith(("inputs/known/", "inputs/adopted/")) else read_ksr
            try:
                document, _ = read(data, path)
            except Refusal:
                continue  # another kind of document
            if document.domain == zone:
                yield from document.bundles
