"""A compiled ceremony is rehearsed as it is: only what keys, tokens and bags of its own give a rehearsal may differ."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec
import pytest

import kept_zone
from quorate import frozen
from quorate.dnssec.dnskey import Dnskey
from quorate.script import Script, read_script
from refusing import run

pin = kept_zone._pin


@pytest.fixture(scope="module")
def held(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Ceremonies of a zone that were held; its new KSK is pinned under a label that is not its id."""

    def otherwise(root: Path, label: str, dnskey: Dnskey) -> None:
        pin(root, {"ksk-new": "Knew"}.get(label, label), dnskey)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(kept_zone, "_pin", otherwise)
        patch.setattr(kept_zone, "KSKS", {"current": "ksk-old", "next": "Knew"})
        root, keys = kept_zone.authority(tmp_path_factory.mktemp("zone"))
        return [one.parent for one in kept_zone.ceremonies(root, keys)]


@pytest.mark.parametrize("number", range(5), ids=["adoption", "import", "signing", "publication", "signing again"])
def test_a_ceremony_of_every_kind_can_be_rehearsed_after_it_was_compiled(held: list[Path], number: int) -> None:
    outcome = run("rehearse", held[number])
    assert (outcome.code, outcome.err) == (0, "")
    assert "\n  ! " not in outcome.out


def scripts(ceremony: Path) -> tuple[Script, Script]:
    """The real script, and the one of its rehearsal."""
    run("rehearse", ceremony)
    paths = ceremony / "script.json", ceremony / "rehearsal" / "record" / "script.json"
    real, rehearsed = (read_script(path.read_bytes(), path.name) for path in paths)
    return real, rehearsed


def unexpected(real: Script, rehearsed: Script) -> list[str]:
    return [one.real for one in frozen.differences(real, rehearsed) if not one.expected]


def test_bags_of_its_own_are_a_rehearsals_due(held: list[Path]) -> None:
    real, rehearsed = scripts(held[2])
    assert unexpected(msgspec.structs.replace(real, seals=("T4471902", *real.seals[1:])), rehearsed) == []


CHANGES = {
    "a slot without a KSK": (r", \d+/[PS]+ \S+$", ""),
    "another part of a KSK": (r"/PS ksk-old", "/P ksk-old"),
    "another label": (r"Knew", "Kold"),
    "another ZSK": (r"(:\d\d  )\d+ ", r"\g<1>1 "),
    "another time": (r"2027-01-09 00:00:00", "2027-01-09 00:00:01"),
    "a digest of something else": (r"^digest: sha256:", "digest of something: sha256:"),
    "words that are not those of a digest": (r"(?<=^words: )\w+", "quorate"),
}


@pytest.mark.parametrize("what", CHANGES)
def test_whatever_else_differs_is_told(held: list[Path], what: str) -> None:
    real, rehearsed = scripts(held[2])
    steps = tuple(
        msgspec.structs.replace(one, text=tuple(re.sub(*CHANGES[what], line, count=1) for line in one.text))
        for one in rehearsed.steps
    )
    changed = msgspec.structs.replace(rehearsed, steps=steps)
    assert changed != rehearsed
    assert unexpected(real, changed)
