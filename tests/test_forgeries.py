"""Clever forgeries: by one who has only the files, and by insiders who have the keys of everyone, and even the token.

An insider makes every digest, root and signature whole again; what is left to find is what the people did wrong.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519

from example import FIRST, make_authority, make_plan
from forging import (
    VERIFIER,
    Body,
    Forgery,
    genesis,
    record,
    refused,
    sign_with_token,
    stand_ins,
    tbs_of,
    verify,
)
from quorate import canonical
from quorate.rehearse import rehearse

Keys = Mapping[str, ed25519.Ed25519PrivateKey]
Change = Callable[[Forgery], object]


@pytest.fixture(scope="session")
def pinned(rehearsed: Path) -> tuple[str, ...]:
    return ("--authority", genesis(rehearsed), "--rehearsal")


@pytest.fixture(scope="session")
def keys(rehearsed: Path) -> Keys:
    return stand_ins(rehearsed)


def expect(claim: str, said: str, *arguments: str | Path) -> None:
    """Refused, for this claim, in these words."""
    code, output = verify(*arguments)
    assert code == 1, output
    assert claim in refused(output), output
    assert said in output, output


# -- by one who has only the files ------------------------------------------------------------------------------------


def swapped_artifact(forged: Forgery) -> None:
    """Another certificate, and SHA256SUMS to match."""
    forged.files["artifacts/root-r1.cert.der"] = forged.files["artifacts/crl-r1-1.crl"]


def rerooted(forged: Forgery) -> None:
    """A word changed early; every root, checkpoint, digest and word after it made again, but no signature."""
    forged.one("observed")["body"]["facts"]["kernel"] = "Linux 0.01"


def earlier_operation(forged: Forgery) -> None:
    """The approvals of the key copied for the certificate."""
    for mine, theirs in zip(forged.all("approved", "root-r1"), forged.all("approved", "key-r1"), strict=True):
        mine["body"]["signature"] = copy.deepcopy(theirs["body"]["signature"])


def real(forged: Forgery) -> None:
    """The rehearsal called a ceremony."""
    forged.script["mode"] = "real"


def other_frozen_draft(forged: Forgery) -> None:
    forged.files["drafts/root-r1.tbs"] = forged.files["drafts/root-r1.tbs"].replace(b"Root R1", b"Root X1")


def lower_quorum(forged: Forgery) -> None:
    for quorum in forged.states[0]["quorums"]:
        quorum["need"] = 1


def lower_quorum_by_change(forged: Forgery) -> None:
    """A second state, signed with signatures of the first."""
    forged.states.append(copy.deepcopy(forged.states[0]))
    forged.states[1]["quorums"][0]["need"] = 1
    for person in ("oa", "ob"):
        for ending in ("statement", "sig"):
            forged.files[f"authority/001.{person}.{ending}"] = forged.files[f"authority/000.{person}.{ending}"]


@pytest.mark.parametrize(
    ("change", "claim", "said"),
    [
        (swapped_artifact, "artifacts", "is not what the events make"),
        (rerooted, "quorums", "signed `transcript: 30 "),
        (rerooted, "cosignatures", "signed `root: "),
        (earlier_operation, "quorums", "signed `step: 6.2`, must be `step: 7.2`"),
        (real, "people", "signed `mode: rehearsal`, must be `mode: real`"),
        (real, "script", "signed `mode: rehearsal`, must be `mode: real`"),
        (other_frozen_draft, "script", "approvals/oa: script-approval by oa: signed `script: "),
        (lower_quorum, "authority", "another authority"),
        (lower_quorum_by_change, "authority", "authority/001.oa: authority-change by oa: signed `previous: genesis`"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_without_keys(
    rehearsed: Path, keys: Keys, pinned: tuple[str, ...], tmp_path: Path, change: Change, claim: str, said: str
) -> None:
    forged = Forgery(record(rehearsed, "001-root"), keys)
    change(forged)
    expect(claim, said, forged.reseal(sign=False).write(tmp_path / "record"), *pinned)


def test_changed_bodies_without_roots_made_again(
    rehearsed: Path, keys: Keys, pinned: tuple[str, ...], tmp_path: Path
) -> None:
    forged = Forgery(record(rehearsed, "001-root"), keys)
    forged.one("observed")["body"]["facts"]["kernel"] = "Linux 0.01"
    folder = forged.finish().write(tmp_path / "record")
    expect("transcript", "is not the size and root of the events before it", folder, *pinned)


# -- by insiders with the keys of everyone ----------------------------------------------------------------------------


def says(kind: str, member: str, value: object, operation: str = "", step: str = "") -> Change:
    """A change of one member of one event."""
    return lambda forged: forged.one(kind, operation, step)["body"].__setitem__(member, value)


def drops(kind: str, operation: str = "", step: str = "") -> Change:
    return lambda forged: forged.drop(forged.one(kind, operation, step))


def decreasing_time(forged: Forgery) -> None:
    forged.events[50]["at"] = forged.events[40]["at"]


def skipped_step(forged: Forgery) -> None:
    forged.drop(*[event for event in forged.events if event["step"] == "1.3"])


def skipped_act(forged: Forgery) -> None:
    forged.drop(*[event for event in forged.events if event["step"].startswith("9.")])


def swapped_steps(forged: Forgery) -> None:
    one, two = forged.one("acknowledged", step="1.2"), forged.one("acknowledged", step="1.3")
    one["step"], two["step"] = two["step"], one["step"]


def event_twice(forged: Forgery) -> None:
    forged.insert(
        forged.one("commanded", "key-r1"), "commanded", copy.deepcopy(forged.one("commanded", "key-r1")["body"])
    )


def completed_twice(forged: Forgery) -> None:
    """One approval, two signatures: the certificate once more."""
    written = forged.one("written", "root-r1")
    for kind in ("commanded", "intended", "completed"):
        forged.insert(written, kind, copy.deepcopy(forged.one(kind, "root-r1")["body"]))


def never_arrived(forged: Forgery) -> None:
    """An officer who went out approves all the same."""
    forged.insert(forged.one("approved", "key-r1"), "left", {"by": "ca", "seat": "o1"})


def one_approval(forged: Forgery) -> None:
    forged.drop(forged.all("approved", "key-r1")[1])


def script_with_one_approval(forged: Forgery) -> None:
    next(one for one in forged.script["quorums"] if one["purpose"] == "authorise")["need"] = 1
    for name in ("key-r1", "root-r1", "crl-r1-1", "share-hsm-1", "so-hsm-1"):
        forged.drop(forged.all("approved", name)[1])


def script_without_unlock_quorum(forged: Forgery) -> None:
    forged.script["quorums"] = [one for one in forged.script["quorums"] if one["purpose"] != "unlock"]


def approved_twice_by_one(forged: Forgery) -> None:
    one, two = forged.all("approved", "root-r1")
    two["body"]["signature"] = copy.deepcopy(one["body"]["signature"])


def signer_of(forged: Forgery, event: Body, seat: str, person: str, role: str) -> None:
    signature = event["body"]["signature"]
    signature.update(seat=seat, person=person)
    signature["statement"] = "".join(
        f"role: {role}\n" if line.startswith("role: ") else line
        for line in signature["statement"].splitlines(keepends=True)
    )


def custodian_authorises(forged: Forgery) -> None:
    signer_of(forged, forged.one("approved", "root-r1"), "c1", "ca", "custodian")


def custodians_are_the_quorum(forged: Forgery) -> None:
    """The authority itself names the share holders as those who authorise."""
    next(one for one in forged.states[0]["quorums"] if one["purpose"] == "authorise")["role"] = "custodian"
    next(one for one in forged.script["quorums"] if one["purpose"] == "authorise")["role"] = "custodian"
    for event in forged.all("approved"):
        one = event["body"]["signature"]["seat"] == "o1"
        signer_of(forged, event, "c1" if one else "c2", "ca" if one else "cb", "custodian")


def signed_by_another(forged: Forgery) -> None:
    """Bela's statement with Oda's key."""
    forged.keys["oa"] = forged.keys["ob"]


def for_another_type(forged: Forgery) -> None:
    forged.namespaces["intent"] = "quorate-rehearsal-checkpoint-v1"


def for_the_real_mode(forged: Forgery) -> None:
    forged.namespaces["intent"] = "quorate-intent-v1"


def cosigned_by_one_role(forged: Forgery) -> None:
    signer_of(forged, forged.all("cosigned")[1], "ca", "alice", "administrator")


def unlocked_by_one(forged: Forgery) -> None:
    forged.one("unlocked")["body"]["by"] = ["c1"]


def unlocked_by_officers(forged: Forgery) -> None:
    forged.one("unlocked")["body"]["by"] = ["o1", "o2"]


def extractable(forged: Forgery) -> None:
    forged.one("completed", "key-r1")["body"]["attributes"]["EXTRACTABLE"] = "true"


def unread_seal(forged: Forgery) -> None:
    forged.one("moved", step="2.3")["body"]["values"][1]["value"] = "A0002"


def old_seal(forged: Forgery) -> None:
    moved = forged.one("moved", step="10.2")["body"]
    moved["seal"] = "A0001"
    for value in moved["values"]:
        value["value"] = "A0001"


def opened_by_one(forged: Forgery) -> None:
    forged.one("moved", step="2.2")["body"]["by"] = ["o1"]


def evidence_of_nothing(forged: Forgery) -> None:
    forged.insert(forged.one("approved", "key-r1"), "written", {
        "files": [{"digest": "sha256:" + "0" * 64, "path": "artifacts/r9.cert.der"}], "findings": [], "operation": "",
    })  # fmt: skip
    forged.files["artifacts/r9.cert.der"] = b"r9"


def shared_among_others(forged: Forgery) -> None:
    commitments = forged.one("shared")["body"]["set"]["commitments"]
    commitments[0]["person"] = "oa"


def threshold_of_one(forged: Forgery) -> None:
    forged.operation("share-hsm-1")["threshold"] = 1
    forged.one("shared")["body"]["set"]["threshold"] = 1
    forged.one("shared")["body"]["subsets"] = 3
    forged.one("unlocked")["body"]["by"] = ["c1"]
    for event in forged.all("approved", "share-hsm-1"):
        statement = event["body"]["signature"]["statement"]
        event["body"]["signature"]["statement"] = statement.replace("2 of 3", "1 of 3")


def deviation_by_one(forged: Forgery) -> None:
    signatures = [copy.deepcopy(forged.one("cosigned")["body"]["signature"])] * 2
    body = {"impact": "none", "signatures": signatures, "skip": True, "what": "nothing", "why": "late"}
    event = forged.one("acknowledged", step="1.3")
    forged.insert(event, "deviated", body)
    forged.drop(event)


def aborted_by_nobody(forged: Forgery) -> None:
    at = forged.events.index(forged.one("moved", step="2.2"))
    del forged.events[at + 1 :]
    forged.events[at].update(type="aborted", body={"signatures": [], "why": "tired"})
    closed = {**forged.events[at], "type": "closed", "step": "A.6", "body": {"outcome": "aborted"}, "salt": "11" * 16}
    forged.events.append(closed)


def closed_early(forged: Forgery) -> None:
    closed = forged.one("closed")
    at = forged.events.index(forged.one("moved", step="2.2"))
    del forged.events[at:]
    forged.events.append(closed)


def open_field_too_many(forged: Forgery) -> None:
    """The frozen draft is of another subject, and the script says that the subject was open."""
    other_frozen_draft(forged)
    forged.script["drafts"][0]["open"] = ["spki", "ski", "aki", "subject"]


def unnamed_input(forged: Forgery) -> None:
    forged.files["inputs/more"] = b"more"


def appointment_over(forged: Forgery) -> None:
    person = next(one for one in forged.states[0]["people"] if one["id"] == "oa")
    person["appointments"][0]["until"] = "2025-12-31"


def conflict(forged: Forgery) -> None:
    """The authority forbids that an administrator is also an officer, and Alice sits as both."""
    forged.states[0]["conflicts"].append(["administrator", "officer"])
    alice = next(one for one in forged.states[0]["people"] if one["id"] == "alice")
    alice["appointments"].append({"role": "officer", "since": "2020-01-01", "until": ""})
    next(one for one in forged.script["seats"] if one["id"] == "o2")["alternates"] = ["alice"]
    arrived = next(event for event in forged.all("arrived") if event["body"]["seat"] == "o2")["body"]
    arrived["person"] = arrived["signatures"][0]["person"] = "alice"
    statement = arrived["signatures"][0]["statement"]
    arrived["signatures"][0]["statement"] = statement.replace("person: ob", "person: alice")


def other_rules(forged: Forgery) -> None:
    forged.script["rules"] = "webpki"


def control_characters(forged: Forgery) -> None:
    """Text that a terminal or printer would show as something else."""
    forged.script["steps"][1]["text"][0] += "\u202e"


INSIDERS = [
    (decreasing_time, "transcript", "earlier than the event before it"),
    (skipped_step, "steps", "the step must be 1.3"),
    (skipped_act, "steps", "the step must be 9.1"),
    (swapped_steps, "steps", "the step must be 1.2"),
    (event_twice, "steps", "must be `intended` here"),
    (completed_twice, "steps", "must be `written` here"),
    (never_arrived, "quorums", "oa signs and is not present in seat o1"),
    (one_approval, "steps", "must be `approved` here"),
    (script_with_one_approval, "script", "quorum authorise is weaker than the authority's"),
    (script_without_unlock_quorum, "script", "has not the quorum unlock"),
    (approved_twice_by_one, "quorums", "approved twice by oa"),
    (custodian_authorises, "quorums", "approved by a seat of custodian, not of officer"),
    (custodians_are_the_quorum, "quorums", "ca holds a share of hsm-1"),
    (signed_by_another, "quorums", "signer: oa"),
    (for_another_type, "quorums", "signed for quorate-rehearsal-checkpoint-v1, not for quorate-rehearsal-intent-v1"),
    (for_the_real_mode, "quorums", "signed for quorate-intent-v1"),
    (cosigned_by_one_role, "cosignatures", "cosigned twice by one person or role"),
    (unlocked_by_one, "quorums", "unlocked by 1 holders, needs 2"),
    (unlocked_by_officers, "quorums", "unlocked by someone who holds no share"),
    (extractable, "keys", "EXTRACTABLE is not false"),
    (unread_seal, "custody", "a seal number was read that is not A0001"),
    (old_seal, "custody", "the seal A0001 was seen before"),
    (opened_by_one, "steps", "must be by o1, o2"),
    (evidence_of_nothing, "steps", "belongs to another operation than key-r1"),
    (shared_among_others, "quorums", "oa gets a share and is not present in c1"),
    (threshold_of_one, "script", "share-hsm-1 has the threshold 1, and the quorum unlock needs 2"),
    (deviation_by_one, "steps", "not signed by two different people"),
    (aborted_by_nobody, "steps", "not signed by two different people"),
    (closed_early, "steps", "the step must be 2.2"),
    (open_field_too_many, "artifacts", "opens fields that may not be open"),
    (unnamed_input, "script", "an input that the script does not name"),
    (appointment_over, "people", "oa is not appointed to officer"),
    (conflict, "people", "alice sits as administrator and as officer, which exclude each other"),
    (other_rules, "script", "under other rules than the authority"),
    (control_characters, "script", "control characters"),
    (drops("compared", step="5.2"), "steps", "the step must be 5.2"),
    (drops("locked"), "steps", "the step must be 9.2"),
    (drops("drafted", "root-r1"), "steps", "must be `drafted` here"),
    (drops("intended", "root-r1"), "steps", "must be `intended` here"),
    (drops("written", "root-r1"), "steps", "the step must be 7.2"),
    (drops("checkpoint", step="4.4"), "steps", "must be `checkpoint` here"),
    (drops("cosigned", step="4.4"), "steps", "the step must be 4.4"),
    (says("compared", "values", [], step="3.2"), "steps", "must be by"),
    (says("commanded", "seat", "iw", "root-r1"), "quorums", "without the duty `command`"),
    (says("commanded", "attempt", 2, "root-r1"), "steps", "attempt 2, must be 1"),
    (says("unlocked", "serial", "SHADOW-hsm-2"), "quorums", "another serial number"),
    (says("unlocked", "set", "ffff"), "quorums", "another set than the one in force"),
    (says("shared", "subsets", 2), "quorums", "not every threshold subset"),
    (says("completed", "object", "00", "key-r1"), "keys", "the object id is not the planned one"),
    (says("moved", "left", ["hsm-1-bag"], step="2.4"), "custody", "is not as the walk has it"),
    (says("closed", "outcome", "aborted"), "steps", "must be completed"),
]


@pytest.mark.parametrize(("change", "claim", "said"), INSIDERS, ids=[f"{i[0].__name__}-{i[2][:20]}" for i in INSIDERS])
def test_with_the_keys_of_everyone(
    rehearsed: Path, keys: Keys, tmp_path: Path, change: Change, claim: str, said: str
) -> None:
    """Even when the forger's own genesis is pinned, so that nothing but the rule can find it."""
    forged = Forgery(record(rehearsed, "001-root"), keys)
    change(forged)
    folder = forged.reseal().write(tmp_path / "record")
    mine = canonical.digest(forged.files["authority/000.json"])
    expect(claim, said, folder, "--authority", mine, "--rehearsal")


# -- by insiders with the token ---------------------------------------------------------------------------------------


def test_a_certificate_of_another_subject_by_the_same_key(
    rehearsed: Path, keys: Keys, pinned: tuple[str, ...], tmp_path: Path
) -> None:
    forged = Forgery(record(rehearsed, "001-root"), keys)
    sign_with_token(rehearsed, forged, "root-r1", tbs_of(forged, "root-r1").replace(b"Root R1", b"Root X1"))
    folder = forged.reseal().write(tmp_path / "record")
    expect("artifacts", "root-r1: differs from the frozen draft in issuer, subject", folder, *pinned)


def test_another_subject_frozen_and_approved_is_still_not_the_planned_one(
    rehearsed: Path, keys: Keys, pinned: tuple[str, ...], tmp_path: Path
) -> None:
    forged = Forgery(record(rehearsed, "001-root"), keys)
    other_frozen_draft(forged)
    sign_with_token(rehearsed, forged, "root-r1", tbs_of(forged, "root-r1").replace(b"Root R1", b"Root X1"))
    folder = forged.reseal().write(tmp_path / "record")
    expect("artifacts", "root-r1: has another subject than planned", folder, *pinned)


def test_a_signature_over_other_bytes_of_the_same_kind(
    rehearsed: Path, keys: Keys, pinned: tuple[str, ...], tmp_path: Path
) -> None:
    forged = Forgery(record(rehearsed, "001-root"), keys)
    other = forged.one("completed", "crl-r1-1")["body"]["signature"]
    forged.one("completed", "root-r1")["body"]["signature"] = other
    folder = forged.reseal().write(tmp_path / "record")
    expect("artifacts", "root-r1: the signature is not valid under the key", folder, *pinned)


NUMBER_2, NUMBER_1 = bytes.fromhex("0603551d140403020102"), bytes.fromhex("0603551d140403020101")


@pytest.mark.parametrize("previous", ["kept", "left out"])
def test_a_crl_number_that_does_not_rise(
    rehearsed: Path, keys: Keys, pinned: tuple[str, ...], tmp_path: Path, previous: str
) -> None:
    forged = Forgery(record(rehearsed, "002-next"), keys)
    forged.operation("crl-r1-2")["number"] = 1
    draft = "drafts/crl-r1-2.tbs"
    forged.files[draft] = forged.files[draft].replace(NUMBER_2, NUMBER_1)
    sign_with_token(rehearsed, forged, "crl-r1-2", tbs_of(forged, "crl-r1-2").replace(NUMBER_2, NUMBER_1))
    if previous == "left out":
        forged.operation("crl-r1-2")["previous"] = ""
    folder = forged.reseal().write(tmp_path / "record")
    if previous == "kept":
        expect("artifacts", "its number is not above the previous one", folder, *pinned)
    else:
        expect("continuity", "crl-r1-2: its number is not above 1", record(rehearsed, "001-root"), folder, *pinned)


# -- one record after the other ---------------------------------------------------------------------------------------


def follows(rehearsed: Path, keys: Keys, tmp_path: Path, change: Change) -> Path:
    forged = Forgery(record(rehearsed, "002-next"), keys)
    change(forged)
    return forged.reseal().write(tmp_path / "second")


def other_seal(forged: Forgery) -> None:
    forged.script["items"][0]["seal"] = "B0001"
    taken = forged.one("moved", step="2.3")["body"]
    taken["seal"] = "B0001"
    for value in taken["values"]:
        value["value"] = "B0001"


def other_place(forged: Forgery) -> None:
    forged.states[0]["places"].append({**forged.states[0]["places"][0], "id": "safe-2"})
    forged.script["items"][0]["place"] = "safe-2"
    for line in (forged.script["steps"], *forged.script["branches"].values()):
        for step in line:
            if step.get("place") == "safe-1":
                step["place"] = "safe-2"
    for event in forged.all("moved"):
        event["body"]["place"] = event["body"]["place"].replace("safe-1", "safe-2")


def other_set(forged: Forgery) -> None:
    """The share set of the token is another one, of the same people."""
    forged.script["sets"][0]["set"]["id"] = "abcd"
    forged.one("unlocked")["body"]["set"] = "abcd"


def other_predecessor(forged: Forgery) -> None:
    forged.script["predecessor"] = "sha256:" + "1" * 64


def no_predecessor(forged: Forgery) -> None:
    forged.script["predecessor"] = "genesis"


def sooner(forged: Forgery) -> None:
    """A week before the first."""
    forged.script["window"]["opens"] = "2026-11-20T09:00:00Z"
    for event in forged.events:
        event["at"] = event["at"].replace("2026-12-08", "2026-11-24")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (other_seal, "item hsm-1-bag: the register has it in safe-1, seal 001-root-"),
        (other_place, "item hsm-1-bag: the register has it in safe-1"),
        (other_set, "the share set abcd is not the one in force"),
        (other_predecessor, "names another predecessor than the checkpoint of 001-root"),
        (no_predecessor, "a fork: another record names the same predecessor"),
        (sooner, "began before the record before it ended"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_what_does_not_carry_over(
    rehearsed: Path, keys: Keys, pinned: tuple[str, ...], tmp_path: Path, change: Change, said: str
) -> None:
    forged = follows(rehearsed, keys, tmp_path, change)
    expect("continuity", said, record(rehearsed, "001-root"), forged, *pinned)


def test_records_in_the_wrong_order(rehearsed: Path, pinned: tuple[str, ...]) -> None:
    records = record(rehearsed, "002-next"), record(rehearsed, "001-root")
    expect("continuity", "names another predecessor", *records, *pinned)


def test_another_first_record(rehearsed: Path, keys: Keys, pinned: tuple[str, ...], tmp_path: Path) -> None:
    """The people rehearsed the first ceremony once more; the second follows only the one that it names."""
    forged = Forgery(record(rehearsed, "001-root"), keys)
    forged.one("observed")["body"]["facts"]["kernel"] = "Linux 0.01"
    other = forged.reseal().write(tmp_path / "record")
    assert verify(other, *pinned)[0] == 0
    expect("continuity", "names another predecessor", other, record(rehearsed, "002-next"), *pinned)


# -- a whole record with other people's keys --------------------------------------------------------------------------


@pytest.fixture(scope="session")
def others(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same authority by name, people, plan and token; only the keys are other people's."""
    root = make_authority(tmp_path_factory.mktemp("others") / "authority")
    rehearse(root, make_plan(root, "001-root", FIRST), VERIFIER.read_bytes())
    return root


def test_a_whole_record_by_other_people(rehearsed: Path, others: Path, pinned: tuple[str, ...]) -> None:
    forged = record(others, "001-root")
    assert verify(forged, "--authority", genesis(others), "--rehearsal")[0] == 0
    expect("authority", f"another authority: its genesis is {genesis(others)}", forged, *pinned)
    code, output = verify(forged, "--rehearsal")
    assert (code, "people unproven" in output) == (3, True)


def test_other_people_under_the_true_genesis(
    rehearsed: Path, others: Path, pinned: tuple[str, ...], tmp_path: Path
) -> None:
    """The true first state with its true signatures, and everything after it by others of the same names."""
    forged = Forgery(record(others, "001-root"), stand_ins(others))
    true = Forgery(record(rehearsed, "001-root"), {})
    kept = {path: data for path, data in true.files.items() if path.startswith("authority/")}
    forged.states, forged.files, forged.kept = true.states, {**forged.files, **kept}, ("authority/000.",)
    folder = forged.reseal().write(tmp_path / "record")
    expect("script", "approvals/oa: script-approval by oa: signed `signer: oa", folder, *pinned)
    assert refused(verify(folder, *pinned)[1]) == {"script", "people", "quorums", "cosignatures"}


def test_other_people_as_a_change_of_the_true_authority(
    rehearsed: Path, others: Path, pinned: tuple[str, ...], tmp_path: Path
) -> None:
    """The true first state, and a second one that gives everybody other keys and that only the others have signed."""
    forged = Forgery(record(others, "001-root"), stand_ins(others))
    true = Forgery(record(rehearsed, "001-root"), {})
    kept = {path: data for path, data in true.files.items() if path.startswith("authority/")}
    forged.states = [true.states[0], forged.states[0]]
    for person in ("oa", "ob"):
        for ending in ("statement", "sig"):
            forged.files[f"authority/001.{person}.{ending}"] = forged.files[f"authority/000.{person}.{ending}"]
    forged.files, forged.kept = {**forged.files, **kept}, ("authority/000.",)
    folder = forged.reseal().write(tmp_path / "record")
    expect("authority", "authority/001.oa: authority-change by oa: signed `signer: oa", folder, *pinned)
    assert refused(verify(folder, *pinned)[1]) == {"authority"}


def test_a_rehearsal_signed_anew_as_real(rehearsed: Path, keys: Keys, tmp_path: Path) -> None:
    """With the stand-ins' keys everything can be signed as real; only the shadow's genesis stays what it is."""
    forged = Forgery(record(rehearsed, "001-root"), keys)
    real(forged)
    for event in forged.events:
        for signature in [*event["body"].get("signatures", ()), event["body"].get("signature")]:
            if isinstance(signature, dict):
                signature["made"] = "file"
    folder = forged.reseal().write(tmp_path / "record")
    true = canonical.digest((rehearsed / "authority.toml").read_bytes())
    code, output = verify(folder, "--authority", true)
    assert (code, refused(output)) == (1, {"authority"}), output
    assert verify(folder)[0] == 3


def test_stand_ins_do_not_sign_what_is_real(rehearsed: Path, keys: Keys, tmp_path: Path) -> None:
    forged = Forgery(record(rehearsed, "001-root"), keys)
    real(forged)
    expect("people", "signed by a stand-in in a real ceremony", forged.reseal().write(tmp_path / "record"))
