"""Signing schemas: what they say of slots, what may follow what, and which schema an SKR is an instance of."""

from __future__ import annotations

import pytest

from quorate.dnssec.schema import Slot, carried, read_schemas, recognised, slots_of
from quorate.findings import Refusal
from zones import SHIPPED, both

A, B, AB, NONE = frozenset("A"), frozenset("B"), frozenset("AB"), frozenset[str]()


def slots(name: str, count: int = 9) -> tuple[Slot, ...]:
    schema = SHIPPED.named(name)
    return slots_of(schema, count, {part: {"current": "A", "next": "B"}[part] for part in schema.keys})


def test_the_phases_of_a_rollover_are_those_of_the_root() -> None:
    assert slots("normal") == (Slot(A, A),) * 9
    assert slots("pre-publish") == (Slot(A, A), *[Slot(AB, A)] * 8)
    assert slots("pre-publish+") == (Slot(AB, A),) * 9
    assert slots("rollover") == (Slot(AB, A), *[Slot(AB, B)] * 8)
    assert slots("rollover+") == (Slot(AB, B),) * 9
    assert slots("revoke") == (Slot(AB, B), *[Slot(B, AB, A)] * 7, Slot(B, B))
    assert slots("revoke+") == (Slot(B, B), *[Slot(B, AB, A)] * 7, Slot(B, B))


def test_an_algorithm_is_rolled_by_double_signature() -> None:
    assert slots("algorithm-introduce") == (Slot(A, A), *[Slot(AB, AB)] * 8)
    assert slots("algorithm-double") == (Slot(AB, AB),) * 9
    assert slots("algorithm-revoke") == (Slot(AB, AB), *[Slot(B, AB, A)] * 7, Slot(B, B))


@pytest.mark.parametrize("count", [4, 9, 12])
def test_schemas_fit_a_calendar_of_any_length(count: int) -> None:
    for schema in SHIPPED.schemas:
        assert len(slots(schema.id, count)) == count


@pytest.mark.parametrize("name", [one.id for one in SHIPPED.schemas])
def test_a_response_is_recognised_by_what_its_ksks_do(name: str) -> None:
    schema = SHIPPED.named(name)
    known = recognised(SHIPPED, slots(name))
    assert any(one is schema and set(keys.values()) <= {"A", "B"} for one, keys in known)
    mains = [one for one, _ in known if not one.back_out_of]
    assert [one for one, _ in known][: len(mains)] == mains


def test_what_no_schema_does_is_not_recognised() -> None:
    assert recognised(SHIPPED, (Slot(A, A), Slot(B, B))) == ()
    assert recognised(SHIPPED, (Slot(AB | {"C"}, A),) * 9) == ()


@pytest.mark.parametrize(
    ("before", "after", "keys"),
    [
        ("normal", "normal", {"current": "A"}),
        ("normal", "pre-publish", {"current": "A"}),
        ("pre-publish", "rollover", both()),
        ("rollover", "revoke", both()),
        ("revoke", "normal", {"current": "B"}),
        ("revoke+", "normal", {"current": "B"}),
        ("algorithm-revoke", "normal", {"current": "B"}),
        ("normal", "rollover", None),
        ("normal", "revoke", None),
        ("pre-publish", "revoke", None),
        ("pre-publish", "normal", None),
        ("rollover", "pre-publish", None),
        ("normal", "emergency-revoke", None),
    ],
)
def test_what_may_follow_what(before: str, after: str, keys: dict[str, str] | None) -> None:
    was = {part: {"current": "A", "next": "B"}[part] for part in SHIPPED.named(before).keys}
    assert carried(SHIPPED.named(after), SHIPPED.named(before), was) == keys


def test_every_schema_can_be_left_and_all_but_emergencies_can_be_reached() -> None:
    left = {one.schema for schema in SHIPPED.schemas for one in schema.follows}
    assert {one.id for one in SHIPPED.schemas} == left
    unreached = {one.id for one in SHIPPED.schemas if not one.follows and not one.back_out_of}
    assert unreached == {"emergency-revoke", "emergency-successor"}


@pytest.mark.parametrize(
    ("count", "keys", "code"),
    [
        (1, {"current": "A", "next": "B"}, "schema.slots"),  # slot 1 would be named twice
        (9, {"current": "A"}, "schema.keys_bound"),
        (9, {"current": "A", "next": "A"}, "schema.keys_bound"),
        (9, {"current": "A", "next": "B", "old": "C"}, "schema.keys_bound"),
    ],
)
def test_a_schema_that_does_not_fit_is_refused(count: int, keys: dict[str, str], code: str) -> None:
    with pytest.raises(Refusal) as refused:
        slots_of(SHIPPED.named("revoke"), count, keys)
    assert refused.value.code == code


def test_slots_that_a_request_does_not_have_are_named() -> None:
    text = written('slots = [{ slots = "1..9", publish = ["k"], sign = ["k"] }]')
    nine = read_schemas(text, "schemas.toml").schemas[0]
    with pytest.raises(Refusal, match=r"does not fit 8 slots: wrong in 9$"):
        slots_of(nine, 8, {"k": "A"})
    with pytest.raises(Refusal, match=r"does not fit 10 slots: wrong in 10$"):
        slots_of(nine, 10, {"k": "A"})


def test_a_schema_counted_from_the_end_does_not_fit_fewer_slots() -> None:
    """Nor is it recognised in a response of as few."""
    text = written(
        'slots = [{ slots = "last-2..last-1", publish = ["k"], sign = ["k"] }, {slots = "last", ' + GOOD[21:]
    )
    three = read_schemas(text + b"]", "schemas.toml")
    with pytest.raises(Refusal, match=r"does not fit 1 slots: wrong in one before the first$"):
        slots_of(three.schemas[0], 1, {"k": "A"})
    same = Slot(frozenset("A"), frozenset("A"))
    assert [len(recognised(three, [same] * count)) for count in (1, 2, 3, 4)] == [0, 0, 1, 0]


def written(rest: str, name: str = "one", keys: str = '["k"]') -> bytes:
    return f'format = "quorate/1"\n[[schemas]]\nid = "{name}"\ntitle = "One"\nkeys = {keys}\n{rest}\n'.encode()


GOOD = '{ slots = "1..last", publish = ["k"], sign = ["k"] }'


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (written(f"slots = [{GOOD}]") + written(f"slots = [{GOOD}]")[21:], "schema.twice"),
        (written(f"slots = [{GOOD}]", keys='["k", "k"]'), "schema.twice"),
        (written('slots = [{ slots = "1..last", publish = ["k", "k"], sign = ["k"] }]'), "schema.twice"),
        (written(f'slots = [{GOOD}]\nfollows = [{{ schema = "other" }}]'), "schema.unknown"),
        (written(f'slots = [{GOOD}]\nback-out-of = ["other"]'), "schema.unknown"),
        (
            written(f'slots = [{GOOD}]\nback-out-of = ["one"]\nfollows = [{{ schema = "one" }}]'),
            "schema.back_out_follows",
        ),
        (
            written(f'slots = [{GOOD}]\nfollows = [{{ schema = "one", carries = [{{ was = "x", now = "k" }}] }}]'),
            "schema.part_unknown",
        ),
        (written('slots = [{ slots = "1..last", publish = ["x"], sign = ["x"] }]', keys="[]"), "schema.part_unknown"),
        (written(f"slots = [{GOOD}]", keys='["k", "x"]'), "schema.part_unused"),
        (written('slots = [{ slots = "0..9", publish = ["k"], sign = ["k"] }]'), "schema.slots_unreadable"),
        (written('slots = [{ slots = "2..", publish = ["k"], sign = ["k"] }]'), "schema.slots_unreadable"),
        (
            written('slots = [{ slots = "1", publish = ["k"], sign = ["k"], revoke = ["k"] }]'),
            "schema.published_and_revoked",
        ),
        (written('slots = [{ slots = "1", publish = [], sign = ["k"] }]'), "schema.signs_unpublished"),
        (
            written('slots = [{ slots = "1", publish = ["k"], sign = ["k"], revoke = ["x"] }]', keys='["k", "x"]'),
            "schema.revoked_unsigned",
        ),
        (written('slots = [{ slots = "1", publish = [], sign = ["k"], revoke = ["k"] }]'), "schema.nobody_signs"),
        (written('slots = [{ slots = "1", publish = ["k"], sign = [] }]'), "schema.nobody_signs"),
        (written(f"slots = [{GOOD}]\nforce = true"), "plan.field_unknown"),
    ],
)
def test_a_file_of_schemas_is_refused_for(data: bytes, code: str) -> None:
    with pytest.raises(Refusal) as refused:
        read_schemas(data, "schemas.toml")
    assert code in {one.code for one in refused.value.findings}


def test_an_unknown_schema_is_refused_with_the_known_ones() -> None:
    with pytest.raises(Refusal, match="known are normal, pre-publish"):
        SHIPPED.named("norml")
