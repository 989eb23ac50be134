"""In the example in the style of the root zone each recovery share is a thing of its own, from its first bag on."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from forging import VERIFIER, Forgery, genesis, record, verify
from quorate import source
from quorate.authority import AuthorityState
from quorate.host import Host
from quorate.people import Purpose
from quorate.register import whereabouts
from quorate.rehearse import rehearse, shadow_base
from quorate.tiers import leading_to

EXAMPLE = Path(__file__).parent.parent / "examples" / "root-zone-style"
DEALT, LOOKED = "001-west-generation", "002-banks-inventory"
SHARES = [f"recovery-west-{number}" for number in range(1, 8)]
BANKS = [f"bank-{number}" for number in range(1, 8)]


@pytest.fixture(scope="module")
def held(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The day on which the shares are dealt out, and one on which every one of them is looked at."""
    root = tmp_path_factory.mktemp("recovery") / "authority"
    shutil.copytree(EXAMPLE, root)
    for plan in (root / "ceremonies").iterdir():
        if plan.name != DEALT:
            shutil.rmtree(plan)
    rehearse(root, root / "ceremonies" / DEALT, VERIFIER.read_bytes())
    rehearse(root, inventory(root), VERIFIER.read_bytes())
    return root


def inventory(root: Path) -> Path:
    """A plan that fetches the shares and does nothing else, with those in the room who open their boxes."""
    head, _, rest = (root / "ceremonies" / DEALT / "plan.toml").read_text().partition("[witnessing]")
    listed = ", ".join(f'"{one}"' for one in SHARES)
    head = re.sub(r"(?s)retrieve = \[.*?\]", f"retrieve = [{listed}]", head)
    head = re.sub(r'purpose = ".*"', 'purpose = "Look at every recovery share"', head)
    head = head.replace("2027-01-13", "2027-08-18").replace('"west"', '"banks"')
    seats = rest.partition("# The module's credential")[0].split("[[seats]]")
    here = "[[seats]]".join(one for one in seats if "officer-" not in one)
    plan = root / "ceremonies" / LOOKED
    (plan / "inputs").mkdir(parents=True)
    (plan / "plan.toml").write_text(f"{head}[witnessing]{here}")
    return plan


def bags(root: Path, name: str, action: str) -> dict[str, str]:
    """The numbers that two people typed, by thing."""
    moved = [one["body"] for one in Forgery(record(root, name), {}).events if one["type"] == "moved"]
    return {one["item"]: one["seal"] for one in moved if one["action"] == action and one["item"] in SHARES}


@pytest.fixture(scope="module")
def state() -> AuthorityState:
    return source.read_authority(EXAMPLE)


def test_each_has_a_place_of_its_own_that_its_holder_alone_opens(state: AuthorityState) -> None:
    openers = [state.place(bank).controllers.people for bank in BANKS]
    assert sorted(person for (person,) in openers) == sorted(state.appointed(state.quorum(Purpose.RECOVER).role))
    assert {state.place(bank).facility for bank in BANKS} == {"banks"}


def test_no_module_and_nothing_that_opens_one_lies_there(state: AuthorityState) -> None:
    for token in ("hsm-west", "hsm-east"):
        things, shares = leading_to(state, token)
        assert not {item.place for item in (*things, *shares)} & set(BANKS)


def test_each_is_closed_into_a_bag_where_it_is_dealt_out_and_leaves_with_its_holder(held: Path) -> None:
    sealed = bags(held, DEALT, "seal")
    assert sorted(sealed) == SHARES
    assert len(set(sealed.values())) == 7
    assert bags(held, LOOKED, "take") == sealed  # what two people read on the bags when they looked


def test_an_inventory_compares_each_bag_and_closes_a_new_one(held: Path) -> None:
    base = shadow_base(held, "003", Host())
    lies = whereabouts(base.register, base.state)
    assert [lies[name].place for name in SHARES] == BANKS
    looked, dealt = bags(held, LOOKED, "seal"), bags(held, DEALT, "seal")
    assert {name: lies[name].seal for name in SHARES} == looked
    assert not {*looked.values()} & {*dealt.values()}
    records = [record(held, name) for name in (DEALT, LOOKED)]
    code, output = verify(*records, "--authority", genesis(held), "--rehearsal")
    assert code == 0, output
