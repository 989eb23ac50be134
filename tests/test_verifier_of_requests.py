"""The verifier on every request of the vectors: it refuses what they say, but for what it judges elsewhere."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from forging import verifier

VECTORS = Path(__file__).parent.parent / "vectors" / "dnssec"
CASES: list[dict[str, Any]] = json.loads((VECTORS / "index.json").read_text())["cases"]
OF_THE_SEQUENCE = {
    *("ksr.id", "ksr.serial", "ksr.chain_keys", "ksr.chain_overlap", "ksr.previous", "ksr.chain_missing"),
    "ksr.stated_chain_overlap",
}
"""What compares a request with what was signed before: the verifier's claim `continuity`."""
OF_THE_KEY_SET = {
    *("ksr.domain", "ksr.signers_name", "ksr.bundle_count", "ksr.bundle_cycle_duration", "ksr.policy_sig_horizon"),
    *("ksr.policy_bundle_intervals", "ksr.key_tags", "ksr.key_ksk", "ksr.bundle_unique"),
}
"""What is judged where the key sets are made again; two keys of a request with one tag, or id, are refused before."""
LEFT = {"ksr.number_spelled", "ksr.stated_parameters", "ksr.structure", "ksr.forbidden", "ksr.value"}
"""How it is written; which of the approved kinds it states."""


def problem(case: dict[str, Any]) -> str:
    """What the verifier says of the request by itself; empty if nothing."""
    module, data = verifier(), (VECTORS / case["ksr"]).read_bytes()
    policy, day = json.loads((VECTORS / case["policy"]).read_text())["policy"], case["at"][:10]
    limits = [one for one in policy["limits"] if one["since"] <= day][-1]
    response = {"act": "routine", "digest": f"sha256:{hashlib.sha256(data).hexdigest()}"}
    try:
        module.Asked(module.Request(data), response, policy, limits, day).run()
    except module.Bad as bad:
        return str(bad)
    return ""


@pytest.mark.parametrize("case", [one for one in CASES if not one["expect"]], ids=lambda case: case["name"])
def test_nothing_is_said_against_a_good_request(case: dict[str, Any]) -> None:
    assert problem(case) == ""


def needs_refusal(case: dict[str, Any]) -> bool:
    return bool(set(case["expect"]) - OF_THE_SEQUENCE - OF_THE_KEY_SET - LEFT - {"ksr.key_strength"})


@pytest.mark.parametrize("case", [one for one in CASES if needs_refusal(one)], ids=lambda case: case["name"])
def test_what_a_request_is_refused_for_by_itself_is_seen(case: dict[str, Any]) -> None:
    assert problem(case)


def test_keys_in_another_form_or_that_anybody_factors_are_seen() -> None:
    weak = [case for case in CASES if case["expect"] == ["ksr.key_strength"]]
    unseen = {case["name"] for case in weak if not problem(case)}
    assert len(weak) > len(unseen)
    assert unseen == {"root-weak-close", "root-weak-power", "root-weak-prime", "root-weak-roca"}  # see spec/record.md
