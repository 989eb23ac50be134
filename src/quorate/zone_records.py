"""The SKRs that an authority's own ceremonies have signed for a zone: what files are checked beside. Floor 4."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from quorate.dnssec.continuity import Signed


def own_responses(folder: Path, zone: str) -> tuple[Signed, ...]:
    """In the order of their signing; none where the zone's `folder` lies in no authority's, or nothing is sealed yet.

    Raises what is wrong with a record.
    """
    root = next((one for one in folder.resolve().parents if (one / "authority.toml").is_file()), None)
    if root is None or not any(root.glob("ceremonies/*/record/checkpoint")):
        return ()  # nothing is loaded for a folder that an import alone has made
    from quorate.archive import read_register
    from quorate.dnssec.continuity import Signed
    from quorate.dnssec.ksr_xml import read_skr
    from quorate.dnssec.name import wire_name
    from quorate.statement import Mode

    return tuple(
        Signed(
            read_skr(one.data, name)[0],
            one.known.request,
            one.known.published,
            one.known.back_out,
            one.known.schema,
            {part.part: part.ksk for part in one.known.keys},
        )
        for name, one in read_register(root, Mode.REAL).skrs.items()
        if wire_name(one.known.zone) == wire_name(zone)
    )
