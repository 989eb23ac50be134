"""What a key's destruction takes with it: the last copy, a zone's last KSK, what still relies on it. Floor 2.

Nothing of it stands against a destruction, which after a compromise may be what is wanted. Who approves has to know.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import datetime

from quorate.authority import Zone
from quorate.dnssec.dnskey import Algorithm, Dnskey, dnskey_of
from quorate.dnssec.ksr import Response
from quorate.dnssec.ksr_xml import read_skr
from quorate.findings import Finding, found
from quorate.keys import spki_digest
from quorate.register import Register
from quorate.script import KnownKey
from quorate.script.operations import DestroyOperation, ImportOperation, ScriptOperation
from quorate.x509.facts import read_certificate


def parting_findings(
    operations: tuple[ScriptOperation, ...], register: Register, zones: Collection[Zone], at: datetime
) -> Iterator[Finding]:
    """Of each key that goes: what is lost with its last copy, and what a KSK is still needed for, as of `at`."""
    going = [one for one in operations if isinstance(one, DestroyOperation) and one.key in register.keys]
    gone = {one.key for one in going}
    left = [(key.token, key.spki) for name, key in register.keys.items() if name not in gone]
    left += _brought(operations, register)
    for one in going:
        key, spki = register.keys[one.key], register.spkis[one.key]
        copies = {token for token, public in left if public == key.spki}
        ksk = next((ksk for ksk in register.ksks.values() if ksk.spki == key.spki), None)
        if ksk is None and not copies:
            names = ", ".join(_certificates(spki, register, at)) or "no certificate that is valid"
            yield found("parting.last_copy", one.id, key=one.key, about=f"the key of {names}")
        if ksk is not None:
            dnskey = dnskey_of(spki, Algorithm[ksk.algorithm])
            if not copies:
                about = f"KSK {dnskey.key_tag} of the zone {ksk.zone}"
                yield found("parting.last_copy", one.id, key=one.key, about=about)
            elif key.token not in copies and any(z.name == ksk.zone and key.token in z.tokens for z in zones):
                yield found("parting.ksk_incomplete", one.id, key=one.key, ksk=ksk.id, token=key.token)
            yield from _relying(dnskey, ksk, register, at, one.id)
            held = {public for _, public in left}
            if not any(other.zone == ksk.zone and other.spki in held for other in register.ksks.values()):
                yield found("parting.zone_without_ksk", one.id, zone=ksk.zone)


def _brought(operations: tuple[ScriptOperation, ...], register: Register) -> list[tuple[str, str]]:
    """The tokens to which the same plan brings copies, each with the digest of the public key."""
    copies = [one for one in operations if isinstance(one, ImportOperation)]
    of = {one.id: one.key for one in copies}
    found_ = []
    for one in copies:
        first = one.key
        while first in of:
            first = of[first]
        if first in register.spkis:
            found_.append((one.token, spki_digest(register.spkis[first])))
    return found_


def _certificates(spki: bytes, register: Register, at: datetime) -> list[str]:
    facts = ((name, read_certificate(der, name)) for name, der in register.certificates.items())
    return sorted(name for name, it in facts if it.spki == spki and it.not_after >= at)


def _relying(key: Dnskey, ksk: KnownKey, register: Register, at: datetime, where: str) -> Iterator[Finding]:
    """The SKRs that are still valid and hold the key."""
    skrs = {name: read_skr(one.data, name)[0] for name, one in register.skrs.items() if one.known.zone == ksk.zone}
    for name, response in skrs.items():
        end = _holds_until(key, response)
        if end is not None and end >= at:
            yield found("parting.ksk_in_skr", where, key=ksk.id, skr=name, time=end.strftime("%Y-%m-%dT%H:%M:%SZ"))


def _holds_until(key: Dnskey, response: Response) -> datetime | None:
    """The end of the last bundle that holds the key unrevoked."""
    ends = [bundle.expiration for bundle in response.bundles if key in bundle.dnskeys]
    return max(ends, default=None)
