"""The table of a request or response that people compare: one line a slot. Floor 2."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from quorate.dnssec.dnskey import Dnskey
from quorate.dnssec.ksr import Bundle, BundleKey
from quorate.dnssec.name import shown

HEAD = ("#", "inception", "expiration", "ZSK", "KSK")
KEY = "P published, S signs, R revoked"


def rows(domain: str, bundles: Sequence[Bundle]) -> tuple[str, ...]:
    """The rows of what has been signed: valid signatures count only."""
    from quorate.dnssec.soundness import signing_keys  # a request has no KSKs, and is shown without it

    signers = [{key for one in bundle.signatures for key in signing_keys(domain, bundle, one)} for bundle in bundles]
    return planned_rows(bundles, signers)


def planned_rows(bundles: Sequence[Bundle], signers: Sequence[Collection[Dnskey]]) -> tuple[str, ...]:
    """Number, times and keys of each slot; a KSK as `tag/PS label`, P published, S signs, R revoked."""
    cells = [HEAD, *(_cells(number, *row) for number, row in enumerate(zip(bundles, signers, strict=True), 1))]
    widths = [max(len(row[column]) for row in cells) for column in range(len(HEAD))]
    return tuple(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in cells
    )


def _cells(number: int, bundle: Bundle, signers: Collection[Dnskey]) -> tuple[str, ...]:
    zsks = " ".join(str(key.dnskey.key_tag) for key in bundle.zsks)
    ksks = ", ".join(_ksk(key, key.dnskey in signers) for key in bundle.ksks)
    return str(number), *(f"{moment:%Y-%m-%d %H:%M:%S}" for moment in (bundle.inception, bundle.expiration)), zsks, ksks


def _ksk(key: BundleKey, signs: bool) -> str:
    verbs = ("R" if key.dnskey.is_revoked else "P") + "S" * signs
    return f"{key.dnskey.key_tag}/{verbs} {shown(key.identifier)}".rstrip()
