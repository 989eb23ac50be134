"""The formats, against vectors that any other program can read; and the stand-alone verifier against the same ones."""

from __future__ import annotations

import importlib.util
import itertools
import json
import subprocess
import unicodedata
from pathlib import Path
from types import ModuleType
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quorate import canonical, sshsig, tlog, words
from quorate.canonical import LARGEST_INTEGER, Json
from quorate.event import read_line
from quorate.findings import Refusal
from quorate.statement import Mode, Statement, StatementType
from quorate.strict import convert, is_day, load_toml, read_moment, text_problem

HERE = Path(__file__).parent.parent
VECTORS = HERE / "vectors"


def vectors(name: str) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((VECTORS / name).read_text("utf-8"))
    return loaded


def load_verifier() -> ModuleType:
    spec = importlib.util.spec_from_file_location("quorate_verify_alone", HERE / "verifier" / "quorate_verify.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


VERIFIER = load_verifier()


# -- canonical JSON ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", vectors("canonical.json")["canonical"])
def test_what_is_canonical_comes_back_as_it_was(text: str) -> None:
    data = text.encode()
    value = canonical.decode(data, "vector")
    assert canonical.encode(value) == data
    assert VERIFIER.read_canonical(data) == value


@pytest.mark.parametrize("case", vectors("canonical.json")["refused"], ids=lambda case: case["why"])
def test_what_is_not_canonical_is_refused(case: dict[str, str]) -> None:
    data = bytes.fromhex(case["octets"])
    with pytest.raises(Refusal) as refusal:
        canonical.decode(data, "vector")
    assert refusal.value.code == "record.not_canonical"
    with pytest.raises(VERIFIER.Bad):
        VERIFIER.read_canonical(data)


TEXTS = st.text().map(lambda text: unicodedata.normalize("NFC", text)).filter(lambda text: not has_surrogate(text))
KEYS = st.text(st.characters(max_codepoint=127))
INTEGERS = st.integers(-LARGEST_INTEGER, LARGEST_INTEGER)
VALUES: st.SearchStrategy[Json] = st.recursive(
    st.none() | st.booleans() | INTEGERS | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=20,
)


def has_surrogate(text: str) -> bool:
    return any(0xD800 <= ord(one) < 0xE000 for one in text)


@given(VALUES)
def test_every_value_has_one_encoding_that_both_readers_read(value: Json) -> None:
    data = canonical.encode(value)
    assert canonical.decode(data, "value") == value
    assert VERIFIER.read_canonical(data) == value


@given(st.dictionaries(KEYS, INTEGERS, min_size=2, max_size=4))
def test_the_order_in_which_members_were_put_leaves_no_trace(value: dict[str, int]) -> None:
    backwards = dict(reversed(value.items()))
    assert canonical.encode(dict(value)) == canonical.encode(dict(backwards))


@given(st.binary(max_size=40))
def test_any_octets_are_read_by_both_readers_or_by_none(data: bytes) -> None:
    try:
        value, refused = canonical.decode(data, "octets"), False
    except Refusal:
        value, refused = None, True
    try:
        assert VERIFIER.read_canonical(data) == value
        assert not refused
    except VERIFIER.Bad:
        assert refused


@pytest.mark.parametrize("value", [1.5, b"x", {1: 2}, {"é": 1}, 2**53, "e\u0301", {"a": {2}}, float("nan")])
def test_what_the_format_has_no_place_for_is_not_encoded(value: object) -> None:
    with pytest.raises((TypeError, ValueError)):
        canonical.encode(value)  # type: ignore[arg-type]


# -- words ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", vectors("words.json")["words"], ids=lambda case: case["octets"][:8] or "nothing")
def test_octets_have_the_words_that_they_are_known_by(case: dict[str, str]) -> None:
    octets = bytes.fromhex(case["octets"])
    assert " ".join(words.words(octets)) == case["words"]
    assert " ".join(VERIFIER.words_of(octets)) == case["words"]


def test_every_octet_has_two_words_of_its_own() -> None:
    lists = vectors("words.json")["every_octet"]
    even, odd = lists["even"].split(), lists["odd"].split()
    assert [len(even), len(odd), len({word.lower() for word in even + odd})] == [256, 256, 512]
    assert (even, odd) == (VERIFIER.EVEN_WORDS, VERIFIER.ODD_WORDS)
    for octet in range(256):
        assert words.words(bytes([octet, octet])) == (even[octet], odd[octet])


def test_the_ends_of_a_digest_are_eight_words_typed_in_any_case() -> None:
    for case in vectors("words.json")["ends"]:
        digest = bytes.fromhex(case["digest"])
        expected = tuple(case["words"].split())
        assert words.ends(digest) == expected
        assert tuple(VERIFIER.ends_of(digest)) == expected
        for typed in (case["words"], case["words"].upper(), "  " + case["words"].replace(" ", "\t ") + "\n"):
            assert words.same_words(typed, expected)
            assert VERIFIER.same_words(typed, expected)


@given(st.binary(min_size=32, max_size=32))
def test_all_words_of_a_digest_are_taken_for_its_ends_and_nothing_between(digest: bytes) -> None:
    spoken = words.words(digest)
    for taken in (spoken, (*spoken[:4], *spoken[-4:])):
        assert words.are_words_of(" ".join(taken).lower(), digest)
        assert VERIFIER.are_words_of(" ".join(taken).lower(), digest)
    for number in range(len(spoken)):
        if number != 8:
            assert not words.are_words_of(" ".join(spoken[:number]), digest)
            assert not VERIFIER.are_words_of(" ".join(spoken[:number]), digest)
    assert not words.are_words_of(" ".join((*spoken[:4], *spoken[5:])), digest)
    assert not VERIFIER.are_words_of(" ".join((*spoken[:4], *spoken[5:])), digest)


@given(st.binary(min_size=32, max_size=32), st.integers(0, 7), st.integers(0, 6))
def test_a_word_left_out_doubled_or_swapped_is_noticed(digest: bytes, at: int, swap: int) -> None:
    spoken = list(words.ends(digest))
    swapped = [*spoken[:swap], spoken[swap + 1], spoken[swap], *spoken[swap + 2 :]]
    for wrong in (spoken[:at] + spoken[at + 1 :], [*spoken[:at], spoken[at], *spoken[at:]], swapped):
        assert not words.same_words(" ".join(wrong), tuple(spoken))


# -- trees and checkpoints --------------------------------------------------------------------------------------------


def test_trees_come_to_the_roots_of_certificate_transparency() -> None:
    given_ = vectors("tlog.json")
    ours, theirs = tlog.Tree(), VERIFIER.Tree()
    roots = [ours.root.hex()]
    assert theirs.root().hex() == roots[0]
    for leaf in given_["leaves"]:
        ours = ours.add(bytes.fromhex(leaf))
        theirs.add(bytes.fromhex(leaf))
        roots.append(ours.root.hex())
        assert theirs.root() == ours.root
        assert theirs.size == ours.size
    assert roots == given_["roots"]


def by_definition(leaves: list[bytes]) -> bytes:
    """MTH of RFC 6962 2.1, as it is written there."""
    if not leaves:
        return tlog.EMPTY_ROOT
    if len(leaves) == 1:
        return tlog.leaf_hash(leaves[0])
    k = 1 << (len(leaves) - 1).bit_length() - 1
    return tlog.node_hash(by_definition(leaves[:k]), by_definition(leaves[k:]))


@given(st.lists(st.binary(max_size=4), max_size=40))
def test_a_tree_that_grows_is_the_tree_of_the_definition(leaves: list[bytes]) -> None:
    tree = tlog.Tree()
    for leaf in leaves:
        tree = tree.add(leaf)
    assert (tree.root, tree.size) == (by_definition(leaves), len(leaves))


@pytest.mark.parametrize("case", vectors("tlog.json")["checkpoints"], ids=lambda case: case["origin"])
def test_a_checkpoint_is_three_lines_and_is_named_by_their_digest(case: dict[str, Any]) -> None:
    checkpoint = tlog.Checkpoint(case["origin"], case["size"], bytes.fromhex(case["root"]))
    assert checkpoint.text().decode() == case["text"]
    assert checkpoint.digest == case["digest"]
    assert tlog.read_checkpoint(case["text"].encode(), "vector") == checkpoint


@pytest.mark.parametrize("text", vectors("tlog.json")["malformed"], ids=repr)
def test_a_checkpoint_in_any_other_spelling_is_refused(text: str) -> None:
    with pytest.raises(Refusal) as refusal:
        tlog.read_checkpoint(text.encode(), "vector")
    assert refusal.value.code == "record.checkpoint_malformed"


# -- events -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", vectors("events.json")["events"], ids=lambda case: case["leaf"][:8])
def test_an_event_has_its_committed_form_and_leaf(case: dict[str, str]) -> None:
    event = read_line(case["line"].encode(), "vector")
    assert event.line().decode() == case["line"]
    assert event.committed().decode() == case["committed"]
    assert json.loads(case["committed"])["commitment"] == case["commitment"]
    assert tlog.leaf_hash(event.committed()).hex() == case["leaf"]
    for line in (case["line"], case["committed"]):
        assert tlog.leaf_hash(VERIFIER.Event.leaf(line.encode())).hex() == case["leaf"]


@pytest.mark.parametrize("case", vectors("events.json")["malformed"], ids=lambda case: case["why"])
def test_a_line_that_is_no_event_is_refused(case: dict[str, str]) -> None:
    with pytest.raises(Refusal) as refusal:
        read_line(case["line"].encode(), "vector")
    assert refusal.value.code in ("record.event_malformed", "record.not_canonical")
    with pytest.raises(VERIFIER.Bad):
        VERIFIER.Event(case["line"].encode(), 3, 0)


# -- statements -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "case", vectors("statements.json")["statements"], ids=lambda case: f"{case['mode']} {case['type']}"
)
def test_a_statement_has_one_text_and_a_namespace_of_its_own(case: dict[str, Any]) -> None:
    size, _, root = case["transcript"].partition(" ")
    opens, _, closes = case["window"].partition(" ")
    signer, _, fingerprint = case["signer"].partition(" ")
    statement = Statement(
        type=StatementType(case["type"]),
        mode=Mode(case["mode"]),
        authority=case["authority"],
        ceremony=case["ceremony"],
        script=case["script"],
        step=case["step"],
        attempt=case["attempt"],
        said=tuple((key, value) for key, value in case["said"]),
        size=int(size or 0),
        root=root,
        opens=opens,
        closes=closes,
        signer=signer,
        fingerprint=fingerprint,
        role=case["role"],
    )
    assert statement.text().decode("ascii") == case["text"]
    assert statement.namespace == case["namespace"]
    context = case | {"attempt": case["attempt"] or ""}
    assert VERIFIER.statement_text(case["type"], case["mode"], context, case["said"]) == case["text"]
    assert VERIFIER.namespace_of(case["type"], case["mode"]) == case["namespace"]


def test_every_type_of_statement_has_a_vector_and_no_two_share_a_namespace() -> None:
    cases = vectors("statements.json")["statements"]
    assert {(case["type"], case["mode"]) for case in cases} == set(itertools.product(StatementType, Mode))
    assert len({case["namespace"] for case in cases}) == len(cases)


# -- signatures -------------------------------------------------------------------------------------------------------

SIGNATURES = vectors("sshsig/index.json")["signatures"]
SSHSIG = VECTORS / "sshsig"


def key_line(case: dict[str, Any]) -> str:
    return " ".join((SSHSIG / case["key"]).read_text().split()[:2])


@pytest.mark.parametrize("case", SIGNATURES, ids=lambda case: case["signature"].removesuffix(".sig"))
def test_a_signature_counts_or_does_not(case: dict[str, Any]) -> None:
    armored = (SSHSIG / case["signature"]).read_bytes().decode("ascii")
    message = (SSHSIG / case["message"]).read_bytes()
    blob = sshsig.public_blob(key_line(case))
    if case["valid"]:
        verified = sshsig.verify(armored, blob, case["namespace"], message)
        assert (verified.hardware, verified.user_verified) == (case["hardware"], case["user_verified"])
        assert sshsig.key_problem(blob) == ""
        flags = VERIFIER.verify_sshsig(armored, VERIFIER.SshKey(key_line(case)), case["namespace"], message)
        assert flags == ((5 if case["user_verified"] else 1) if case["hardware"] else None)
    else:
        with pytest.raises(Refusal) as refusal:
            sshsig.verify(armored, blob, case["namespace"], message)
        assert refusal.value.code.startswith("signature.")
        with pytest.raises(VERIFIER.Bad):
            VERIFIER.verify_sshsig(armored, VERIFIER.SshKey(key_line(case)), case["namespace"], message)


@pytest.mark.parametrize(
    "case",
    [one for one in SIGNATURES if one["valid"] and "note" not in one],
    ids=lambda case: case["signature"].removesuffix(".sig"),
)
def test_ssh_keygen_agrees(case: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "allowed").write_text(f"somebody {key_line(case)}\n")
    command = ["ssh-keygen", "-Y", "verify", "-f", str(tmp_path / "allowed"), "-I", "somebody", "-n", case["namespace"]]
    with (SSHSIG / case["message"]).open("rb") as message:
        done = subprocess.run([*command, "-s", str(SSHSIG / case["signature"])], stdin=message, capture_output=True)
    assert done.returncode == 0, done.stderr
    shown = subprocess.run(["ssh-keygen", "-l", "-f", str(SSHSIG / case["key"])], capture_output=True, text=True)
    blob = sshsig.public_blob(key_line(case))
    assert sshsig.fingerprint(blob) == shown.stdout.split()[1] == VERIFIER.SshKey(key_line(case)).fingerprint


@given(st.integers(0, 600), st.integers(1, 255))
def test_no_octet_of_a_signature_can_be_another(at: int, change: int) -> None:
    case = next(one for one in SIGNATURES if one["signature"] == "ed25519.sig")
    armored = bytearray((SSHSIG / "ed25519.sig").read_bytes())
    armored[at % len(armored)] ^= change
    blob = sshsig.public_blob(key_line(case))
    if (text := armored.decode("latin-1").strip("\n")) != (SSHSIG / "ed25519.sig").read_text().strip("\n"):
        with pytest.raises(Refusal):
            sshsig.verify(text, blob, case["namespace"], (SSHSIG / "message").read_bytes())


@pytest.mark.parametrize(
    "line",
    [
        "",
        "ssh-ed25519",
        "ssh-ed25519 !!!!",
        "ssh-rsa AAAAC3NzaC1lZDI1NTE5AAAAIA==",
        "AAAAC3NzaC1lZDI1NTE5AAAAIA==",
        "é é",
    ],
)
def test_what_is_no_public_key_line_is_refused(line: str) -> None:
    with pytest.raises(Refusal) as refusal:
        sshsig.public_blob(line)
    assert refusal.value.code == "person.key_malformed"


# -- strict reading ---------------------------------------------------------------------------------------------------


class Inner(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="inner"):
    id: str
    a_number: int = 0


class Other(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="other"):
    id: str


class Outer(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    name: str
    parts: tuple[Inner | Other, ...] = ()
    pair: tuple[str, str] = ("", "")


def problems(text: str) -> list[tuple[str, str]]:
    with pytest.raises(Refusal) as refusal:
        load_toml(text.encode(), Outer, "file")
    return [(finding.code.removeprefix("plan."), finding.where) for finding in refusal.value.findings]


def test_a_document_becomes_a_value_and_hyphens_underscores() -> None:
    text = 'name = "n"\npair = ["a", "b"]\n[[parts]]\nkind = "inner"\nid = "i"\na-number = 3\n'
    assert load_toml(text.encode(), Outer, "file") == Outer("n", (Inner("i", 3),), ("a", "b"))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", [("field_missing", "file.name")]),
        ("name = 1\nx-y = 2", [("field_unknown", "file.x-y"), ("value_wrong", "file.name")]),
        ('name = "n"\nparts = [{kind="inner", id="i", a-number=3, a_number=4}]',
         [("field_unknown", "file.parts[i].a_number")]),
        ('name = "n"\npair = ["a"]', [("value_wrong", "file.pair")]),
        ('name = "n"\nparts = 3', [("value_wrong", "file.parts")]),
        ('name = "n"\nparts = [3]', [("value_wrong", "file.parts[1]")]),
        ('name = "n"\nparts = [{}]', [("kind_unknown", "file.parts[1]")]),
        ('name = "n"\nparts = [{kind="inner", id="i", a-number="3"}, {kind="other"}]',
         [("value_wrong", "file.parts[i].a-number"), ("field_missing", "file.parts[2].id")]),
        ('name = "n"\nparts = [{kind="inner", id="i", a-number=1.0}]', [("value_wrong", "file.parts[i].a-number")]),
        ('name = "n"\nparts = [{kind="inner", id="i", a-number=true}]', [("value_wrong", "file.parts[i].a-number")]),
        ('name = "a\\tb"', [("text", "file.name")]),
        ('name = "n"\nname = "n"', [("toml_broken", "file")]),
        ("name = 2026-12-01", [("value_wrong", "file.name")]),
    ],
)  # fmt: skip
def test_every_problem_is_reported_with_its_path(text: str, expected: list[tuple[str, str]]) -> None:
    assert problems(text) == expected


JSONS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["name", "parts", "pair", "kind", "id", "a_number", "x"]), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(JSONS)
def test_whatever_comes_in_it_is_a_value_or_a_refusal(value: object) -> None:
    try:
        made = convert(value, Outer, "file")
    except Refusal as refusal:
        said = [finding.sentence for finding in refusal.findings]
    else:
        said = [canonical.encode(msgspec.to_builtins(made)).decode()]
    assert all(said)


UNSEEN = ("a\nb", "\x00", "\x1b[31m", "\x7f", "\u200b", "\u202e", "\u2028", "\ufeff", "e\u0301", "\ue000")


@pytest.mark.parametrize("text", UNSEEN)
def test_text_that_is_not_one_visible_line_is_none(text: str) -> None:
    assert text_problem(f"before {text} after")


@pytest.mark.parametrize("text", ["", "plain", "Genève", "Ελλάδα", "日本", "a—b", "“q”"])
def test_text_in_any_script_is_welcome(text: str) -> None:
    assert text_problem(text) == ""


@given(st.text())
def test_what_passes_can_be_printed_and_hashed(text: str) -> None:
    if not text_problem(text):
        assert len(text.splitlines()) <= 1
        assert canonical.encode(text)
        VERIFIER.one_line_everywhere(text)


@pytest.mark.parametrize("text", ["2026-12-01", "2026-12-1T09:00:00Z", "2026-12-01T09:00:00", "2026-12-01T24:00:00Z",
                                  "2026-12-01T09:00:00.0Z", "2026-12-01t09:00:00z", " 2026-12-01T09:00:00Z", "",
                                  "２026-12-01T09:00:00Z", "2026-02-29T00:00:00Z", "0001-01-01T00:00:00Z"])  # fmt: skip
def test_a_moment_has_one_spelling(text: str) -> None:
    assert read_moment(text) is None


def test_days_have_one_spelling() -> None:
    assert is_day("2024-02-29")
    assert not any(is_day(one) for one in ("2026-02-29", "2026-1-1", "20260101", "2026-W01-1", "", "x"))
