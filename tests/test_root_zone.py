"""The example in the style of the root zone: its ceremonies, tiers and standby days, and what is refused of each."""

from __future__ import annotations

import importlib.util
import itertools
import re
import shutil
import tomllib
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

from forging import VERIFIER, Forgery, genesis, record, refused, stand_ins, verify
from quorate import prepare, source
from quorate.authority import AuthorityState
from quorate.custody import walk
from quorate.dnssec.ksr_xml import read_skr
from quorate.findings import Refusal
from quorate.host import Host, SteppedHost
from quorate.outset import new
from quorate.people import Presence
from quorate.rehearse import prepare_rehearsal, rehearse, shadow_base
from quorate.room import Kind
from quorate.script import Custody, Script, Step
from quorate.statement import Mode
from quorate.tiers import tier_findings
from signed_zone import dnspython_accepts
from unsmooth import at, say, unsmooth

EXAMPLES = Path(__file__).parent.parent / "examples"
SIGNING, STANDBY = "003-west-signing-2027q2", "004-west-signing-2027q2-standby"
BEFORE = ["001-west-generation", "002-east-import"]


def _ceremonies() -> tuple[str, ...]:
    """Those that the example's own script holds."""
    spec = importlib.util.spec_from_file_location("run_root_zone", EXAMPLES / "run_root_zone.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    held: tuple[str, ...] = module.CEREMONIES
    return held


HELD = _ceremonies()


def copied(into: Path) -> Path:
    shutil.copytree(EXAMPLES / "root-zone-style", into)
    return into


@pytest.fixture(scope="module")
def held(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All that the example's script holds, rehearsed."""
    root = copied(tmp_path_factory.mktemp("root-zone") / "authority")
    for name in HELD:
        rehearse(root, root / "ceremonies" / name, VERIFIER.read_bytes())
    return root


@pytest.fixture(scope="module")
def state() -> AuthorityState:
    return source.read_authority(EXAMPLES / "root-zone-style")


def accepted(root: Path, *names: str) -> str:
    code, output = verify(*(record(root, name) for name in names), "--authority", genesis(root), "--rehearsal")
    assert code == 0, output
    return output


# -- what is held -----------------------------------------------------------------------------------------------------


def test_every_record_is_accepted_in_their_order(held: Path) -> None:
    output = accepted(held, *HELD)
    assert "brought in as copies: ksk-2027-east" in output
    assert "on paper: auditor" in output
    assert output.count("1 SKR valid and as approved") == 2


def test_both_facilities_sign_with_the_same_key_as_dnspython_sees_it(held: Path) -> None:
    tags = set()
    for name, quarter in ((SIGNING, "2027q2"), ("008-east-signing-2027q3-standby", "2027q3")):
        path = record(held, name) / "artifacts" / f"skr-{quarter}.skr.xml"
        response, _ = read_skr(path.read_bytes(), path.name)
        for bundle in response.bundles:
            (anchor,) = (key.dnskey for key in bundle.ksks)
            tags.add(anchor.key_tag)
            assert dnspython_accepts(".", bundle, [anchor], bundle.inception)
            assert dnspython_accepts(".", bundle, [anchor], bundle.expiration)
    assert len(tags) == 1


def test_the_roles_and_numbers_are_the_root_zones(state: AuthorityState) -> None:
    assert {one.purpose.value: one.need for one in state.quorums} == {
        "govern": 2, "approve": 2, "authorise": 2, "unlock": 3, "recover": 5, "close": 2,
    }  # fmt: skip
    assert len(state.appointed("recovery-holder")) == 7
    assert [person.id for person in state.people if person.presence is Presence.PAPER] == ["quinn"]
    for site in ("west", "east"):
        boxes = [place for place in state.places if place.facility == site and place.kind == "box"]
        assert [place.keys for place in boxes] == [2] * 7
    keys = [person.key for person in state.people if person.key]
    assert len(set(keys)) == len(keys)


def test_the_digest_is_read_by_the_maintainer_from_the_letter_before_anybody_signs_the_intent(held: Path) -> None:
    for name, readers in ((SIGNING, ["maintainer", "witness"]), ("008-east-signing-2027q3-standby", ["maintainer"])):
        forged = Forgery(record(held, name), stand_ins(held))
        (letter,) = (one for one in forged.script["steps"] if "from the requester's letter" in one["title"])
        assert letter["by"] == readers  # a first key set is vouched for by two
        (signing,) = (one["id"] for one in forged.script["steps"] if one["kind"] == "sign")
        kinds = [(one["step"], one["type"]) for one in forged.events]
        assert kinds.index((letter["id"], "compared")) < kinds.index((signing, "approved"))


def test_an_officer_who_is_deactivated_has_no_share_of_the_new_set(held: Path) -> None:
    before, after = (
        {
            one["person"]
            for one in Forgery(record(held, name), {}).one("shared", operation)["body"]["set"]["commitments"]
        }
        for name, operation in (("001-west-generation", "share-hsm-west"), ("005-west-officers", "share-hsm-west-2"))
    )
    assert before - after == {"cyrus"}
    assert after - before == {"cody"}


@pytest.mark.parametrize(
    ("kind", "before", "facility"),
    [("ksk-generation", 0, "west"), ("ksk-import", 1, "east"), ("ksk-signing", 2, "west")],
)
def test_a_new_plan_is_for_the_facility_of_its_token_and_for_the_people_there(
    tmp_path: Path, kind: str, before: int, facility: str
) -> None:
    """Everyone who is appointed there on the day, and none of the other facility; nobody is called for a recovery."""
    root = copied(tmp_path / "authority")
    for name in sorted(path.name for path in (root / "ceremonies").iterdir())[before:]:
        shutil.rmtree(root / "ceremonies" / name)
    plan = tomllib.loads(new(root, "010-new", kind, SteppedHost(datetime(2027, 2, 1, tzinfo=UTC))).read_text())
    assert plan["facility"] == facility
    carrier = ["carrier"] if kind == "ksk-import" else []
    assert [one["carrier"] for one in plan["operations"] if "carrier" in one] == carrier
    assert [item for item in plan["retrieve"] if "-" not in item] == carrier
    assert {item.split("-")[1] for item in plan["retrieve"] if "-" in item} == {facility}
    named = {person for needed in keys_of(facility).values() for one in needed for person in one} - {"cody"}
    seated = {person for seat in plan["seats"] for person in (seat["person"], *seat.get("alternates", []))}
    assert seated == named | {"mona", "quinn"}


# -- standby days -----------------------------------------------------------------------------------------------------


def test_a_standby_day_is_rehearsed_as_if_the_day_itself_had_not_been_held(held: Path, tmp_path: Path) -> None:
    root = tmp_path / "authority"
    shutil.copytree(held, root)
    rehearse(root, root / "ceremonies" / STANDBY, VERIFIER.read_bytes())
    assert not record(root, SIGNING).exists()
    rehearse(root, root / "ceremonies" / "005-west-officers", VERIFIER.read_bytes())
    assert not record(root, SIGNING).exists()
    accepted(root, *BEFORE, STANDBY, "005-west-officers")
    assert f"notice: standby day: held only if {SIGNING} was not" in (record(root, STANDBY) / "script.txt").read_text()


def test_what_is_missing_before_is_rehearsed_on_its_own_day(tmp_path: Path) -> None:
    root = copied(tmp_path / "authority")
    rehearse(root, root / "ceremonies" / "005-west-officers", VERIFIER.read_bytes())
    assert record(root, SIGNING).exists()
    assert not record(root, STANDBY).exists()


def test_after_a_day_that_was_held_its_standby_day_is_refused(held: Path) -> None:
    ceremony = held / "ceremonies" / STANDBY
    base = shadow_base(held, STANDBY, Host())
    with pytest.raises(Refusal) as refusal:
        prepare.compile_plan(ceremony, base, Host().random)
    assert "plan.operation_known" in {one.code for one in refusal.value.findings}


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda text: text.replace('person = "cora"', 'person = "clara"'), "plan.standby_differs"),
        (lambda text: text.replace(f'"{SIGNING}"', '"003"'), "plan.standby_unknown"),
        (lambda text: text.replace(f'"{SIGNING}"', f'"{STANDBY}"'), "plan.standby_unknown"),
        (lambda text: text.replace("2027-02-11T", "2027-02-10T"), "plan.standby_early"),
        (lambda text: text.replace(f'"{SIGNING}"', '"008-east-signing-2027q3-standby"'), "plan.standby_of_standby"),
    ],
)
def test_a_standby_day_that_is_none_is_refused(tmp_path: Path, change: Callable[[str], str], code: str) -> None:
    root = copied(tmp_path / "authority")
    plan = root / "ceremonies" / STANDBY / "plan.toml"
    plan.write_text(change(plan.read_text()))
    assert code in check(root, STANDBY)


def test_other_inputs_are_another_ceremony(tmp_path: Path) -> None:
    root = copied(tmp_path / "authority")
    file = root / "ceremonies" / STANDBY / "inputs" / "ksr-2027q2.xml"
    file.write_bytes(file.read_bytes() + b"\n")
    assert "plan.standby_differs" in check(root, STANDBY)


def check(root: Path, name: str) -> set[str]:
    """The codes of what `check` refuses."""
    with pytest.raises(Refusal) as refusal:
        prepare.compile_plan(root / "ceremonies" / name, prepare.provisional_base(root), Host().random)
    return {one.code for one in refusal.value.findings}


# -- tiers ------------------------------------------------------------------------------------------------------------


def keys_of(site: str) -> dict[str, list[set[str]]]:
    """By place of a facility, who can turn each of its keys: read from the files, by no code of the program."""
    folder = EXAMPLES / "root-zone-style"
    roles: dict[str, set[str]] = {}
    for path in (folder / "people").glob("*.toml"):
        if ".card." not in path.name:
            for one in tomllib.loads(path.read_text())["appointments"]:
                roles.setdefault(one["role"], set()).add(path.stem)
    places = [
        one for one in tomllib.loads((folder / "authority.toml").read_text())["places"] if one["facility"] == site
    ]
    return {
        one["id"]: [
            roles[part["role"]] & set(part.get("people", roles[part["role"]]))
            for part in (one["controllers"], *([one["beside"]] if "beside" in one else []))
        ]
        for one in places
    }


@pytest.mark.parametrize("site", ["west", "east"])
def test_without_the_people_of_one_tier_nobody_gets_through_and_no_two_tiers_have_the_same(
    state: AuthorityState, site: str
) -> None:
    assert tier_findings(state) == ()
    keys = keys_of(site)
    everyone = set[str]().union(*itertools.chain(*keys.values()))
    assert len(keys) == 11
    for tier, (own, *_) in keys.items():
        rest = everyone - own
        shut = [place for place, needed in keys.items() if not all(one & rest for one in needed)]
        assert shut == [tier], "the others reach everything but that tier, and nothing within it"


def changed(into: Path, *changes: tuple[str, str]) -> Path:
    root = copied(into)
    text = (root / "authority.toml").read_text()
    for before, after in changes:
        assert before in text, before
        text = text.replace(before, after)
    (root / "authority.toml").write_text(text)
    return root


SUE, SAM = 'people = ["sue"]', 'people = ["sam"]'
BOX_3 = 'within = "credentials-west"\ncontrollers = { role = "crypto-officer", need = 1, people = ["cora"] }'


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ([(SUE, 'people = ["sue", "sam"]')], "tiers.opens_both"),
        ([(SUE, "people = []")], "tiers.opens_both"),
        ([('role = "site-officer", need = 1, people = ["omar"]', 'role = "administrator", need = 1')],
         "tiers.opens_both"),
        ([('people = ["cora"]', 'people = ["cora", "cliff"]')], "tiers.opens_both"),
        ([('role = "safe-controller", need = 1, people = ["sam"]', 'role = "crypto-officer", need = 1')],
         "tiers.opens_and_unlocks"),
        ([(BOX_3, BOX_3.replace("credentials-west", "annex-west"))], "tiers.way_around"),
        ([(BOX_3, BOX_3.replace('within = "credentials-west"\n', ""))], "tiers.way_around"),
        ([('within = "cage-west"', 'within = "cage-north"')], "place.unknown"),
        ([('within = "cage-west"', 'within = "cage-east"')], "place.other_facility"),
        ([('within = "annex-west"', 'within = "credentials-west"')], "place.within_itself"),
        ([(SUE, 'people = ["clara"]')], "place.not_appointed"),
        ([('need = 1, people = ["sue"]', 'need = 2, people = ["sue"]')], "quorum.cannot_meet"),
        ([('beside = { role = "administrator", need = 1 }', 'beside = { role = "banker", need = 1 }')], "role.unknown"),
        ([('beside = { role = "administrator", need = 1 }', 'beside = { role = "administrator", need = 0 }')],
         "quorum.too_small"),
    ],
)  # fmt: skip
def test_an_authority_in_which_a_tier_can_be_spared_is_refused(
    tmp_path: Path, changes: list[tuple[str, str]], code: str
) -> None:
    with pytest.raises(Refusal) as refusal:
        source.read_authority(changed(tmp_path / "authority", *changes))
    assert code in {one.code for one in refusal.value.findings}


@pytest.mark.parametrize(
    ("before", "after", "code"),
    [
        ('  "hsm-west-bag",\n', "", "tiers.not_retrieved"),  # the module is used, and its tiers are not passed
        ('  "share-west-1",\n  "share-west-2",\n  "share-west-3",\n  "share-west-4",\n  "share-west-5",\n', "",
         "tiers.not_retrieved"),  # two shares do not unlock it
        ('  "share-west-1",\n', '  "share-east-1",\n', "plan.controllers_missing"),
        ('person = "sue"\n', 'person = "sue"\nalternates = ["sam"]\n', "plan.controllers_missing"),
        ('  "laptop-west-bag",\n', '  "laptop-east-bag",\n', "plan.controllers_missing"),
    ],
)  # fmt: skip
def test_a_plan_that_goes_around_a_tier_is_refused(tmp_path: Path, before: str, after: str, code: str) -> None:
    root = copied(tmp_path / "authority")
    plan = root / "ceremonies" / BEFORE[0] / "plan.toml"
    text = plan.read_text()
    assert before in text
    plan.write_text(text.replace(before, after))
    assert code in check(root, BEFORE[0])


@pytest.fixture(scope="module")
def script(tmp_path_factory: pytest.TempPathFactory) -> tuple[Script, AuthorityState]:
    root = copied(tmp_path_factory.mktemp("script") / "authority")
    start, compiled = prepare_rehearsal(root, root / "ceremonies" / BEFORE[0], VERIFIER.read_bytes())
    assert compiled is not None
    return compiled.script, start.state


def _without(action: str, place: str) -> Callable[[Script], Script]:
    def change(script: Script) -> Script:
        def meant(step: Step) -> bool:
            return isinstance(step, Custody) and (step.action, step.place) == (action, place)

        return msgspec.structs.replace(script, steps=tuple(one for one in script.steps if not meant(one)))

    return change


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (_without("open", "cage-west"), "custody.outer_closed"),
        (_without("close", "box-west-1"), "custody.inner_open"),
        (lambda script: msgspec.structs.replace(script, facility="east"), "custody.elsewhere"),
    ],
)
def test_the_walk_goes_in_from_without_and_out_from_within(
    script: tuple[Script, AuthorityState], change: Callable[[Script], Script], code: str
) -> None:
    whole, state = script
    assert walk(whole, state) == ()
    assert code in {one.code for one in walk(change(whole), state)}


# -- when a ceremony stops behind open doors --------------------------------------------------------------------------


def steps_of(held: Path, action: str, where: str) -> str:
    """The step of the signing that does this at this place or with this thing."""
    steps = Forgery(record(held, SIGNING), {}).script["steps"]
    return next(str(one["id"]) for one in steps if one.get("action") == action and where in (one["place"], one["item"]))


@pytest.mark.parametrize(
    ("action", "where"),
    [
        ("open", "annex-west"),
        ("open", "credentials-west"),
        ("take", "share-west-2"),  # one share is on the table, its box is closed, another box is open
        ("close", "box-west-3"),
        ("open", "equipment-west"),
        ("close", "annex-west"),
        ("unseal", "share-west-2"),
        ("seal", "share-west-2"),
        ("put", "share-west-2"),
    ],
)
@pytest.mark.parametrize("kind", [Kind.SUSPEND, Kind.ABORT])
def test_whatever_is_open_is_closed_again_and_found_as_it_was(
    held: Path, tmp_path: Path, kind: Kind, action: str, where: str
) -> None:
    step = steps_of(held, action, where)
    root, _ = unsmooth(held, tmp_path, [(at(step), say(kind))], verifier=VERIFIER.read_bytes(), name=SIGNING)
    output = accepted(root, *BEFORE, SIGNING)
    assert ("aborted" in output) is (kind is Kind.ABORT)


def test_after_a_day_that_was_aborted_the_standby_day_is_held(held: Path, tmp_path: Path) -> None:
    happens = [(at(steps_of(held, "open", "credentials-west")), say(Kind.ABORT))]
    root, _ = unsmooth(held, tmp_path, happens, verifier=VERIFIER.read_bytes(), name=SIGNING)
    compiled = prepare.compile_plan(root / "ceremonies" / STANDBY, shadow_base(root, STANDBY, Host()), Host().random)
    assert compiled.script.mode is Mode.REHEARSAL
    seals = {item.id: item.seal for item in compiled.script.items}
    assert seals["share-west-1"].startswith("001-")  # it never left its box


# -- what a verifier says of those who went in otherwise --------------------------------------------------------------


def exchanged(forged: Forgery, one: str, other: str) -> None:
    """Two custody steps done in the other order, with the script and the events that say so."""
    first, second = (next(s for s in forged.script["steps"] if s["id"] == step) for step in (one, other))
    for a, b in ((first, second), (forged.one("moved", step=one)["body"], forged.one("moved", step=other)["body"])):
        for member in set(a) - {"id"}:
            a[member], b[member] = b[member], a[member]


def by(forged: Forgery, step: str, *seats: str) -> None:
    for where in (forged.step_of(forged.one("moved", step=step)), forged.one("moved", step=step)["body"]):
        where["by"] = list(seats)


def first_of(forged: Forgery, action: str, place: str) -> str:
    steps: list[dict[str, Any]] = forged.script["steps"]
    return next(str(one["id"]) for one in steps if (one.get("action"), one.get("place")) == (action, place))


FORGERIES: dict[str, tuple[Callable[[Forgery], None], str]] = {
    "the box of one officer opened by another": (
        lambda forged: by(forged, first_of(forged, "open", "box-west-1"), "officer-2", "administrator"),
        "box-west-1 has 0 of its 1 controllers",
    ),
    "a box opened without the second key": (
        lambda forged: by(forged, first_of(forged, "open", "box-west-1"), "officer-1"),
        "box-west-1 has 0 of its 1 people with a key beside",
    ),
    "one safe's controller at the other": (
        lambda forged: by(forged, first_of(forged, "open", "equipment-west"), "credentials-controller"),
        "equipment-west has 0 of its 1 controllers",
    ),
    "a safe opened before the cage around it": (
        lambda forged: exchanged(
            forged, first_of(forged, "open", "cage-west"), first_of(forged, "open", "credentials-west")
        ),
        "credentials-west is opened and cage-west around it is not",
    ),
    "a safe closed before a box in it": (
        lambda forged: exchanged(
            forged, first_of(forged, "close", "box-west-3"), first_of(forged, "close", "credentials-west")
        ),
        "credentials-west is closed and box-west-3 within it is open",
    ),
}


@pytest.mark.parametrize("what", FORGERIES)
def test_the_verifier_refuses(held: Path, tmp_path: Path, what: str) -> None:
    change, said = FORGERIES[what]
    forged = Forgery(record(held, SIGNING), stand_ins(held))
    change(forged)
    made = forged.reseal().write(tmp_path / "record")
    records = [*(record(held, name) for name in BEFORE), made]
    code, output = verify(*records, "--authority", genesis(held), "--rehearsal")
    assert code == 1
    assert "custody" in refused(output)
    assert re.search(re.escape(said), output), output


@pytest.mark.parametrize("name", ["within", "beside"])
def test_an_authority_without_tiers_is_written_as_before(tmp_path: Path, name: str) -> None:
    """The digest of a state that people have signed depends on what they wrote alone."""
    shutil.copytree(EXAMPLES / "demo", tmp_path / "demo")
    assert f'"{name}"' not in source.read_authority(tmp_path / "demo").file().decode()
    assert f'"{name}"' in source.read_authority(EXAMPLES / "root-zone-style").file().decode()
