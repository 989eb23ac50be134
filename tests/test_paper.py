"""The printed script: what people approve, sign and fill in."""

from __future__ import annotations

import io
import os
import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import msgspec
import pypdf
import pytest

from papered import HOLDERS, PEOPLE, SEATS, example, named, spoken
from quorate.canonical import digest
from quorate.findings import Refusal
from quorate.paper import pdf
from quorate.script import Compare, Custody, Script, read_script
from quorate.statement import Mode
from quorate.words import ends

HOSTILE = '#panic("no") $x^2$ *b* _c_ `d` \\ @e <f> // g /* h "quoted" #sys.inputs [i] = j'


@cache
def printed(mode: Mode = Mode.REAL) -> tuple[str, ...]:
    return read(pdf(example(mode)))


def read(data: bytes) -> tuple[str, ...]:
    """The text of each page; places where a line may break are no text."""
    reader = pypdf.PdfReader(io.BytesIO(data))
    return tuple(page.extract_text().replace("\u200b", "") for page in reader.pages)


def close(text: str) -> str:
    """Text without white space, which a page sets as it likes."""
    return re.sub(r"\s", "", text)


def page_of(pages: tuple[str, ...], text: str) -> str:
    """The one page that has a text."""
    (found,) = [page for page in pages if text in page]
    return found


def hexadecimal(value: str) -> str:
    return value.removeprefix("sha256:")


def fingerprint(script: Script) -> str:
    return digest(script.file())


def test_the_cover_has_the_digest_in_groups_and_in_words() -> None:
    value, cover = fingerprint(example()), printed()[0]
    assert hexadecimal(value) in close(cover)
    assert re.search(r"\b" + hexadecimal(value)[:4] + r"\s+" + hexadecimal(value)[4:8] + r"\b", cover)
    assert "".join(spoken(value)) in close(cover)


def test_the_cover_names_the_authority_from_its_first_state() -> None:
    cover = close(printed()[0])
    assert hexadecimal(named("genesis")) in cover
    assert "".join(spoken(named("genesis"))) in cover
    assert "predecessorgenesis" in cover


def test_the_cover_shows_every_notice_and_a_line_for_each_who_approves() -> None:
    cover = close(printed()[0])
    assert all(close(notice) in cover for notice in example().notices)
    assert "2withtheroleofficernamesignaturedate12" in cover


def test_every_page_carries_the_ends_of_the_digest_the_mode_and_its_number() -> None:
    pages = printed()
    said = ends(bytes.fromhex(hexadecimal(fingerprint(example()))))
    for number, page in enumerate(pages, 1):
        assert f"{' '.join(said[:4])}…{' '.join(said[4:])}".replace(" ", "") in close(page)
        assert "001-rootREAL" in close(page)
        assert f"{number}of{len(pages)}" in close(page)


def test_the_roster_has_every_seat_person_alternate_seal_and_input() -> None:
    script, roster = example(), close("".join(printed()[1:3]))
    for seat, role in SEATS.items():
        assert seat + script.seat(seat).presence.value + role + PEOPLE[seat] in roster
    for text in (
        "fenna-mulder",
        "A0012231",
        "A0012232",
        hexadecimal(named("csr")),
        "8f2c1d9e4471",
        "x509.validity_long",
    ):
        assert text in roster


def test_every_step_of_every_act_and_branch_is_printed() -> None:
    script, text = example(), "\n".join(printed())
    for step in (*script.steps, *script.branches.abort, *script.branches.suspend, *script.branches.resume):
        assert re.search(rf"^{re.escape(step.id)}\s*{re.escape(step.title[:30])}", text, re.MULTILINE), step.id


def test_every_line_of_a_step_is_printed() -> None:
    script, text = example(), close("".join(printed()))
    for step in script.steps:
        for line in step.text:
            parts = re.split(r"_{4,}|: sha256:|^words:|expected:", line)
            assert all(close(part) in text for part in parts), line


@pytest.mark.parametrize("ceremony", ["001-root", "002-next"])
def test_a_compiled_script_is_printed_whole(rehearsed: Path, ceremony: str) -> None:
    data = (rehearsed / "ceremonies" / ceremony / "rehearsal" / "script.json").read_bytes()
    script = read_script(data, "script.json")
    text = close("".join(read(pdf(script))))
    assert hexadecimal(digest(data)) in text
    for step in (*script.steps, *script.branches.abort, *script.branches.suspend, *script.branches.resume):
        assert close(step.id + step.title) in text, step.id


def test_a_key_is_generated_by_a_digest_that_stands_on_paper() -> None:
    from quorate.script.intent import digest_of

    script = example()
    value = digest_of(script.operation("root-key"), script, None)
    page = close(page_of(printed(), "Generate the key root-key"))
    assert hexadecimal(value) in page
    assert "".join(spoken(value)) in page


def test_a_frozen_draft_has_its_words_and_an_open_one_leaves_eight_boxes_for_them() -> None:
    frozen, open_draft = page_of(printed(), "Issue the certificate sub1"), page_of(printed(), "Act 5")
    assert "".join(spoken(named("sub1"))) in close(frozen)
    assert "from the screen" not in frozen
    assert "words of the draft's digest, from the screen" in open_draft.replace("’", "'")


def test_a_checkpoint_leaves_eight_boxes_and_they_are_read_at_the_next_act() -> None:
    act = close(page_of(printed(), "Act 4"))
    assert close("words of the checkpoint first four and last four 1 2 3 4 29 30 31 32") in act
    assert close("words as written at step 3.6") in act
    assert close("words as last written") in close(page_of(printed(), "Roll call"))


def test_a_seal_is_expected_only_if_it_is_known_before_the_day() -> None:
    retrieving = page_of(printed(), "Retrieving")
    resume = page_of(printed(), "Roll call")
    assert re.search(r"seal expected\s*A0012231", retrieving)
    assert retrieving.count("A0012231") == 1
    assert "seal as written when last bagged" in resume
    assert "A0012231" not in resume


def test_a_serial_number_is_printed_once_to_compare_with() -> None:
    page = page_of(printed(), "The serial number of hsm-a")
    assert re.search(r"expected\s*8f2c1d9e4471", page)
    assert page.count("8f2c1d9e4471") == 1


def test_each_holder_has_a_worksheet_of_twenty_empty_boxes() -> None:
    sheets = [page for page in printed() if "Share worksheet" in page]
    assert len(sheets) == len(HOLDERS)
    for sheet, holder in zip(sheets, HOLDERS, strict=True):
        assert f"{holder},{PEOPLE[holder]}" in close(sheet)
        assert "of3,threshold2" in close(sheet)
        assert "".join(str(number) for number in range(1, 21)) in close(sheet)
        assert "Sealed in bag number" in sheet


def test_a_destroyed_credential_has_no_worksheet() -> None:
    script = example()
    gone = tuple(operation for operation in script.operations if operation.id == "so-gone")
    assert gone
    assert all("so-gone" not in page for page in printed() if "Share worksheet" in page)


def test_there_are_two_deviation_sheets_and_one_sign_off() -> None:
    titles = [page for page in printed() if "what it means for the key and the record" in page]
    assert len(titles) == 2
    assert sum("performed as this script says" in page for page in printed()) == 1


def test_a_rehearsal_says_so_on_every_page_and_the_real_script_on_none() -> None:
    assert all(close(page).count("REHEARSAL") >= 3 for page in printed(Mode.REHEARSAL))  # band, watermark, foot
    assert not any("REHEARSAL" in close(page) for page in printed())


def test_the_same_script_gives_the_same_bytes_on_another_day_and_machine(tmp_path: Path) -> None:
    code = "import sys, papered, quorate.paper as paper; sys.stdout.buffer.write(paper.pdf(papered.example()))"
    surroundings = {
        **os.environ,
        "HOME": str(tmp_path),
        "TZ": "Pacific/Auckland",
        "LANG": "C",
        "SOURCE_DATE_EPOCH": "1",
        "PYTHONHASHSEED": "7",
        "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
    }
    other = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, check=True, cwd=tmp_path, env=surroundings
    )
    assert other.stdout == pdf(example())


def test_the_file_bears_no_date() -> None:
    metadata = pypdf.PdfReader(io.BytesIO(pdf(example()))).metadata
    assert metadata is not None
    assert "/CreationDate" not in metadata
    assert "/ModDate" not in metadata


def test_text_is_never_read_as_markup() -> None:
    steps = tuple(msgspec.structs.replace(step, title=HOSTILE, text=(HOSTILE,)) for step in example().steps[:2])
    script = example(purpose=HOSTILE, facility=HOSTILE, notices=(HOSTILE,), ceremony=HOSTILE, steps=steps)
    pages = read(pdf(script))
    assert close(pages[0]).count(close(HOSTILE)) == 5  # purpose, ceremony twice with the foot, facility, notice
    assert close("".join(pages[2:])).count(close(HOSTILE)) >= 4


def test_what_cannot_be_drawn_is_shown_by_its_code_point() -> None:
    cover = read(pdf(example(purpose="safe \u202eelpoep\u202c and 日")))[0]
    assert "⟨U+202E⟩elpoep⟨U+202C⟩" in cover
    assert "⟨U+65E5⟩" in cover


def test_long_words_stay_on_the_page() -> None:
    script = example(purpose="x" * 400, facility="1-" * 90)
    cover = read(pdf(script))[0]
    assert "x" * 400 in close(cover)
    assert "1-" * 90 in close(cover)
    for line in cover.splitlines():
        assert len(line) < 120


def test_a_line_of_a_step_may_be_followed_by_blanks_for_the_hand() -> None:
    (step,) = [one for one in example().steps if isinstance(one, Custody) and one.action == "open"]
    assert "____" in step.text[-1]
    assert "____" not in "".join(printed())


def test_a_value_from_the_script_is_printed_to_compare_with() -> None:
    (step,) = [one for one in example().steps if isinstance(one, Compare) and one.source == "script"]
    assert re.search(rf"expected\s*{step.expected}", page_of(printed(), step.expected))


@pytest.mark.parametrize("module", ["typst", "segno"])
def test_without_the_extra_the_refusal_says_what_to_install(module: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(Refusal) as refused:
        pdf(example())
    assert refused.value.code == "paper.extra_missing"
    assert module in str(refused.value)
