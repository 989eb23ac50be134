"""What an authority's own ceremonies have made for a zone: what files are checked beside. Floor 4.

Nothing is loaded for a folder that an import alone has made.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from quorate.dnssec.continuity import Signed
    from quorate.dnssec.dnskey import Dnskey
    from quorate.dnssec.policy import Policy
    from quorate.register import Register
    from quorate.zone import ZoneFolder


AFTER_OTHERS = 1_000_000
"""The turns of own responses come after those of what lies in `responses/`, which was signed elsewhere before."""


def _authority(folder: Path) -> Path | None:
    """The authority in which a zone's folder lies."""
    return next((one for one in folder.resolve().parents if (one / "authority.toml").is_file()), None)


def _register(folder: Path) -> Register | None:
    """What the records have made, if anything is sealed. Raises what is wrong with a record."""
    root = _authority(folder)
    if root is None or not any(root.glob("ceremonies/*/record/checkpoint")):
        return None
    from quorate.archive import read_register
    from quorate.statement import Mode

    return read_register(root, Mode.REAL)


def own_responses(folder: Path, zone: str) -> tuple[Signed, ...]:
    """The SKRs that were signed or adopted, in their order."""
    if (register := _register(folder)) is None:
        return ()
    from quorate.dnssec.continuity import Signed
    from quorate.dnssec.ksr_xml import read_skr
    from quorate.dnssec.name import wire_name

    return tuple(
        Signed(
            read_skr(one.data, name)[0],
            one.known.request,
            one.known.published,
            one.known.back_out,
            one.known.schema,
            {part.part: part.ksk for part in one.known.keys},
            turn=AFTER_OTHERS + one.known.turn,
        )
        for name, one in register.skrs.items()
        if wire_name(one.known.zone) == wire_name(zone)
    )


def own_keys(folder: Path, zone: str) -> tuple[Dnskey, ...]:
    """The KSKs that were generated or adopted, pinned or not."""
    if (register := _register(folder)) is None:
        return ()
    from quorate.dnssec.dnskey import Algorithm, dnskey_of
    from quorate.dnssec.name import wire_name

    return tuple(
        dnskey_of(register.spkis[name], Algorithm[key.algorithm])
        for name, key in register.ksks.items()
        if wire_name(key.zone) == wire_name(zone)
    )


def load_own_zone(folder: Path) -> ZoneFolder:
    """Everything in a zone's folder; the public keys of its pinned KSKs from there and from the records."""
    from dataclasses import replace

    from quorate.dnssec.ksk import known_ksks
    from quorate.zone import load_zone

    zone = load_zone(folder)
    keys = (*(one.dnskey for one in zone.ksks.ksks), *own_keys(folder, zone.policy.zone))
    return replace(zone, ksks=known_ksks(zone.policy, keys))


def is_governed(folder: Path, policy: Policy) -> bool:
    """Whether the policy is the one that the governors of its authority signed; so is one that has no authority."""
    root = _authority(folder)
    if root is None:
        return True
    from quorate.record import frozen_states

    states = frozen_states(root)
    return bool(states) and any((one.name, one.policy) == (policy.zone, policy.digest) for one in states[-1].zones)
