"""What a key's destruction takes with it: the last copy, a zone's last KSK, what still relies on it. Floor 2.

Nothing of it stands against a destruction, which after a compromise may be what is wanted. Who approves has to know.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import datetime

from quorate.dnssec.dnskey import Algorithm, Dnskey, dnskey_of
from quorate.dnssec.ksr import Response
from quorate.dnssec.ksr_xml import read_skr
from quorate.findings import Finding, found
from quorate.register import Register
from quorate.script import KnownKey
from quorate.script.operations import DestroyOperation, ScriptOperation
from quorate.x509.facts import read_certificate


def parting_findings(operations: tuple[ScriptOperation, ...], register: Register, at: datetime) -> Iterator[Finding]:
    """Of each key whose last copy goes: what is lost with it, as of the moment at which the ceremony begins."""
    gone = {one.key for one in operations if isinstance(one, DestroyOperation)}
    left = {key.spki for name, key in register.keys.items() if name not in gone}
    for one in operations:
        if not isinstance(one, DestroyOperation) or one.key not in register.keys:
            continue
        key, where = register.keys[one.key], one.id
        if key.spki in left:
            continue
        spki = register.spkis[one.key]
        zone = next((ksk for ksk in register.ksks.values() if ksk.spki == key.spki), None)
        if zone is None:
            names = ", ".join(_certificates(spki, register, at)) or "no certificate that is valid"
            yield found("parting.last_copy", where, key=one.key, about=f"the key of {names}")
            continue
        dnskey = dnskey_of(spki, Algorithm[zone.algorithm])
        yield found("parting.last_copy", where, key=one.key, about=f"KSK {dnskey.key_tag} of the zone {zone.zone}")
        yield from _relying(dnskey, zone, register, at, where)
        if not _others(zone, register, left):
            yield found("parting.zone_without_ksk", where, zone=zone.zone)


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


def _others(ksk: KnownKey, register: Register, left: Collection[str]) -> bool:
    return any(one.zone == ksk.zone and one.spki in left for one in register.ksks.values())
