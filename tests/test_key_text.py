"""Requests and responses as text: what other tools wrote is read, what is odd is refused with its line, all is told."""

from __future__ import annotations

import contextlib
import json
import random
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

import key_text_cases as made
from ksr_making import DAY
from quorate.dnssec.conformity import request_findings
from quorate.dnssec.forms import request_in, response_in, response_to, written
from quorate.dnssec.key_text import REQUEST, RESPONSE, Form, KeyText, read_text
from quorate.dnssec.key_text_layout import reworded, text_of, write_text
from quorate.dnssec.ksr import Bundle
from quorate.dnssec.ksr_layout import write_ksr, write_skr
from quorate.dnssec.soundness import own_findings
from quorate.dnssec.unsaid import Unsaid, request_of, response_of
from quorate.dnssec.xml import LARGEST_DOCUMENT
from quorate.findings import Finding, Refusal

INDEX: dict[str, Any] = json.loads((made.FOLDER / "index.json").read_text())
CASES: dict[str, dict[str, Any]] = {one["name"]: one for one in INDEX["cases"]}
GOOD = [name for name, one in CASES.items() if "bundles" in one]
BAD = [name for name, one in CASES.items() if "refused" in one]
FILL = Unsaid(14 * DAY, 7 * DAY)
HOUR = timedelta(hours=1)


def data(name: str) -> bytes:
    return (made.FOLDER / name).read_bytes()


def text(name: str) -> KeyText:
    return read_text(data(name), name, CASES[name]["kind"])


def essence(bundles: tuple[Bundle, ...]) -> list[object]:
    """What every form carries of a response: times, records and signatures."""
    return [
        (
            one.inception,
            one.expiration,
            sorted((key.ttl, key.dnskey.rdata) for key in one.keys),
            sorted((signature.ttl, signature.rrsig.rdata) for signature in one.signatures),
        )
        for one in bundles
    ]


def codes(findings: tuple[Finding, ...]) -> list[str]:
    return [one.code for one in findings]


# -- the vectors ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", GOOD)
def test_a_good_file_becomes_the_bundles_of_its_vector(name: str) -> None:
    assert made.bundles_of(data(name), CASES[name]["kind"]) == CASES[name]["bundles"]


@pytest.mark.parametrize("name", BAD)
def test_an_odd_file_is_refused_with_its_lines(name: str) -> None:
    began = time.process_time()
    assert made.findings(data(name), CASES[name]["kind"]) == sorted(CASES[name]["refused"])
    assert time.process_time() - began < 1


def test_the_vectors_are_those_that_are_made_here() -> None:
    assert (made.FOLDER / "index.json").read_bytes() == made.index()
    assert {one.name: one.data for one in made.cases()} == {name: data(name) for name in CASES}
    assert {path.name for path in made.FOLDER.glob("*")} == {*CASES, "index.json"}


def test_no_message_repeats_what_a_file_says() -> None:
    for name in BAD:
        with pytest.raises(Refusal) as refusal:
            text(name)
        said = " ".join(one.sentence for one in refusal.value.findings)
        assert said.isprintable()
        assert not {"INCLUDE", "192.0.2.1", "other.", "CH ", "why"} & set(said.split())


# -- what other tools wrote -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "form", "lead"),
    [
        ("bind-9.20.skr.txt", Form.BIND, "PT1H"),
        ("bind-9.20-twice.skr.txt", Form.BIND, "PT1H"),
        ("knot-3.2.skr.txt", Form.KNOT, "PT1H30M"),
        ("knot-3.2-cds.skr.txt", Form.KNOT, "PT1H30M"),
    ],
)
def test_a_response_of_another_tool_is_sound_and_its_oddities_are_told(name: str, form: Form, lead: str) -> None:
    answered = response_of(text(name), name)
    assert text(name).form is form
    assert own_findings(answered.response) == ()
    assert f"signatures are valid {lead} before" in " ".join(one.sentence for one in answered.notices)
    assert ("ksr.form_parents" in codes(answered.notices)) == (name in ("bind-9.20.skr.txt", "knot-3.2-cds.skr.txt"))
    assert ("ksr.form_unused" in codes(answered.notices)) == ("twice" in name)
    assert not any(one.blocks for one in answered.notices)


@pytest.mark.parametrize(
    ("asked", "answer", "unsaid"),
    [
        (
            "bind-9.20.ksr.txt",
            "bind-9.20.skr.txt",
            Unsaid(14 * DAY + HOUR, 7 * DAY, datetime(2027, 1, 20, tzinfo=UTC), HOUR),
        ),
        ("knot-3.2.ksr.txt", "knot-3.2.skr.txt", Unsaid(14 * DAY + 1.5 * HOUR, 7 * DAY, None, 1.5 * HOUR)),
    ],
)
def test_key_sets_are_signed_again_as_the_tools_themselves_do(asked: str, answer: str, unsaid: Unsaid) -> None:
    """With their validity, refresh and lead, the slots of a request are those of the tool's own response to it."""
    request = request_of(text(asked), unsaid, asked).request
    response = response_of(text(answer), answer).response
    times = [(one.inception, one.expiration) for one in request.bundles]
    assert times == [(one.inception, one.expiration) for one in response.bundles]
    assert [set(one.dnskeys) for one in request.bundles] == [{k.dnskey for k in one.zsks} for one in response.bundles]
    assert (request.id, [one.id for one in request.bundles]) == (response.id, [one.id for one in response.bundles])


@pytest.mark.parametrize("tool", ["bind-9.20", "knot-3.2"])
def test_a_response_of_another_tool_answers_its_request_and_no_other(tool: str) -> None:
    asked, answer = f"{tool}.ksr.txt", f"{tool}.skr.txt"
    read = response_to(data(answer), answer, data(asked), asked)
    assert read.request is not None
    assert request_findings(read.response, read.request) == ()
    fewer = text(asked)
    other = replace(fewer, slots=(fewer.slots[0], *fewer.slots[2:]))
    read = response_to(data(answer), answer, write_text(other), "other")
    assert read.request is not None
    assert "skr.differs" in codes(request_findings(read.response, read.request))


def test_a_key_set_without_a_slot_of_its_own_in_the_response_is_told() -> None:
    asked, answer = text("knot-3.2.ksr.txt"), text("knot-3.2.skr.txt")
    late = write_text(replace(answer, slots=answer.slots[:5] + answer.slots[6:]))
    read = response_to(late, "skr", write_text(asked), "ksr")
    assert read.request is not None
    assert {one.code for one in request_findings(read.response, read.request)} == {"skr.differs"}


# -- writing ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", Form)
def test_a_response_there_and_back_is_the_same_but_for_what_the_form_has_not(form: Form) -> None:
    response = made.response()
    read = response_in(written(response, form), "a").response
    assert essence(read.bundles) == essence(response.bundles)
    assert read.domain == response.domain
    full = response_to(written(response, form), "a", write_ksr(made.asked()), "b")
    assert (full.response.id, full.response.serial) == (response.id, response.serial)
    assert full.response.zsk == response.zsk
    assert [one.id for one in full.response.bundles] == [one.id for one in response.bundles]
    assert full.request is not None
    assert request_findings(full.response, full.request) == ()


@pytest.mark.parametrize("tool", ["bind-9.20", "knot-3.2"])
def test_a_response_as_xml_answers_the_request_in_text_whatever_its_lead(tool: str) -> None:
    response = response_in(data(f"{tool}.skr.txt"), "a").response
    asked = text(f"{tool}.ksr.txt")
    read = response_to(write_skr(response), "a", write_text(asked), "b")
    assert read.request is not None
    assert request_findings(read.response, read.request) == ()
    later = replace(asked, slots=(asked.slots[0], *(replace(s, begins=s.begins + HOUR) for s in asked.slots[1:])))
    read = response_to(write_skr(response), "a", write_text(later), "b")
    assert read.request is not None
    assert "skr.differs" in codes(request_findings(read.response, read.request))


@pytest.mark.parametrize("form", Form)
def test_an_xml_response_answers_a_request_in_text(form: Form) -> None:
    response = made.response()
    read = response_to(write_skr(response), "a", written(made.asked(), form), "b")
    assert read.request is not None
    assert request_findings(read.response, read.request) == ()


def test_plain_records_carry_a_request_with_its_proofs_and_times() -> None:
    request = made.request()
    read = request_in(written(request, "lines"), "a", Unsaid())
    assert essence(read.request.bundles) == essence(request.bundles)
    assert "proofs" not in " ".join(one.sentence for one in read.notices)


@pytest.mark.parametrize("form", ["xml", *Form])
def test_the_same_content_gives_the_same_bytes(form: str) -> None:
    for value in (made.request(), made.response()):
        shuffled = []
        for one in value.bundles:
            keys, signatures = list(one.keys), list(one.signatures)
            random.Random(1).shuffle(keys)
            shuffled.append(replace(one, keys=tuple(keys), signatures=tuple(signatures[::-1])))
        assert written(replace(value, bundles=tuple(shuffled)), form) == written(value, form)


@pytest.mark.parametrize("name", [name for name in GOOD if name not in made.KEPT])
def test_what_is_written_here_is_read_and_written_the_same(name: str) -> None:
    assert write_text(text(name)) == data(name)


def test_ids_are_a_function_of_the_slots_in_every_form() -> None:
    response = made.response()
    ids = {tuple(one.id for one in response_in(written(response, form), "a").response.bundles) for form in Form}
    assert len(ids) == 1
    (of_text,) = ids
    assert len(set(of_text)) == 4
    assert all(one[14] == "8" and one[19] in "89ab" for one in of_text)
    later = replace(response, bundles=response.bundles[1:])
    assert (
        response_in(written(later, "bind"), "a").response.id != response_in(written(response, "bind"), "a").response.id
    )


def test_slots_keep_their_beginnings_from_text_to_text_and_lead_is_given_from_xml() -> None:
    knot = text("knot-3.2.skr.txt")
    bind = read_text(write_text(reworded(knot, Form.BIND)), "a", RESPONSE)
    assert [one.begins for one in bind.slots] == [one.begins for one in knot.slots]
    assert write_text(reworded(bind, Form.KNOT)) == write_text(knot)
    response = response_of(knot, "a").response
    assert [one.begins for one in text_of(response, Form.KNOT, 1.5 * HOUR).slots] == [one.begins for one in knot.slots]
    with pytest.raises(Refusal) as refusal:
        written(response, "knot", 15 * DAY)
    assert refusal.value.code == "ksr.text_line"


# -- what is not said -------------------------------------------------------------------------------------------------


def test_the_times_of_signatures_are_never_guessed() -> None:
    knot = text("knot-3.2.ksr.txt")
    for unsaid, option in ((Unsaid(), "--validity"), (Unsaid(14 * DAY), "--interval"), (Unsaid(99 * DAY), "")):
        if not option:
            assert len(request_of(knot, unsaid, "a").request.bundles) == len(knot.slots)
            continue
        with pytest.raises(Refusal) as refusal:
            request_of(knot, unsaid, "a")
        assert refusal.value.code == "ksr.form_unsaid"
        assert option in refusal.value.findings[0].remedy


def test_there_are_never_more_slots_than_a_file_may_have() -> None:
    with pytest.raises(Refusal) as refusal:
        request_of(text("knot-3.2.ksr.txt"), Unsaid(DAY, timedelta(seconds=1)), "a")
    assert refusal.value.code == "ksr.bounds"


def test_everything_that_is_made_up_is_told() -> None:
    request = request_in(data("bind-9.20.ksr.txt"), "a", FILL)
    said = " ".join(one.sentence for one in request.notices)
    for what in ("ids and names of keys", "a serial number", "the requester's policy", "until when signatures"):
        assert f"does not carry {what}" in said
    assert set(codes(request.notices)) == {"ksr.form_silent"}


# -- bounds -----------------------------------------------------------------------------------------------------------


def test_a_file_that_is_too_large_is_refused() -> None:
    with pytest.raises(Refusal) as refusal:
        read_text(b";" * (LARGEST_DOCUMENT + 1), "a", REQUEST)
    assert refusal.value.code == "ksr.too_large"


def test_more_problems_than_people_read_are_not_told() -> None:
    odd = data("good-bind.ksr.txt").replace(b"\nexample.", b"\n?\nexample.") + b"?\n" * 200
    with pytest.raises(Refusal) as refusal:
        read_text(odd, "a", REQUEST)
    assert codes(refusal.value.findings)[-1] == "ksr.more_problems"
    assert len(refusal.value.findings) == 101


def test_more_than_a_hundred_slots_are_refused() -> None:
    slot = made.text(Form.KNOT, REQUEST).splitlines()[1]
    heads = "".join(f";; KeySigningRequest 1.0 {number} ===\n{slot}\n" for number in range(1, 103))
    with pytest.raises(Refusal) as refusal:
        read_text(f"{heads};; KeySigningRequest 1.0 generated at x by y\n".encode(), "a", REQUEST)
    assert codes(refusal.value.findings) == ["ksr.text_line", "ksr.text_line"]


def test_any_damage_is_read_or_refused_and_never_a_failure() -> None:
    """Every file with octets lost, doubled and changed: a value or a refusal, nothing else."""
    chance = random.Random(20261126)
    for name in ("bind-9.20.ksr.txt", "knot-3.2.ksr.txt", "good-lines.skr.txt"):
        whole = data(name)
        for _ in range(150):
            at, end = sorted(chance.sample(range(len(whole)), 2))
            damaged = chance.choice(
                (whole[:at] + whole[end:], whole[:end] + whole[at:], whole[:at] + chance.randbytes(3) + whole[at:])
            )
            with contextlib.suppress(Refusal):
                read = read_text(damaged, name, CASES[name]["kind"])
                (response_of if read.is_response else lambda one, _: request_of(one, FILL, ""))(read, "")


def test_the_kept_files_stay_in_place() -> None:
    assert {one for one in made.KEPT if (Path(made.FOLDER) / one).is_file()} == set(made.KEPT)
