"""Real ceremonies: seven people with SSH keys and an auditor on paper, at a terminal, with a PKCS#11 token.

The first goes wrong wherever it can; the second follows from it on another day. Everything that comes out of them is
then given to programs that know nothing of quorate.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import re
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import shamir_mnemonic

from example import DESTROY_SO, SHARE, certificate, crl, key, make_authority, make_csr, make_plan
from quorate import shares
from quorate.words import rows
from room import CLEAR, QUORATE, Papers, People, clock_on_screen
from softhsm import make_softhsm_token

TRANSPORT = {"user": "transport-user-17", "so": "transport-so-42"}
OPERATIONS = SHARE + DESTROY_SO + key("key-r1", "p-384") + certificate("root", "root-r1", "Root R1", 3650, key="key-r1")
OPERATIONS += certificate("subordinate", "int-1", "I1", issuer="root-r1", csr="i1.csr.pem") + crl("crl-1", "root-r1", 1)


@dataclass
class Story:
    """What is left after both ceremonies."""

    root: Path
    keys: Path
    environment: dict[str, str]
    papers: Papers
    said: dict[str, str] = field(default_factory=dict)  # what the program said to each thing that went wrong
    screens: list[str] = field(default_factory=list)

    @property
    def records(self) -> list[Path]:
        return [self.root / "ceremonies" / name / "record" for name in ("001-root", "002-next")]

    @property
    def artifacts(self) -> Path:
        return self.records[0] / "artifacts"

    @property
    def genesis(self) -> str:
        return "sha256:" + hashlib.sha256((self.root / "authority" / "000.json").read_bytes()).hexdigest()

    def key_of(self, person: str) -> Path:
        return self.keys / person

    def quorate(self, *words: str | Path, exit_code: int = 0) -> str:
        """A command, as typed; what it printed."""
        command = [QUORATE, *map(str, words)]
        done = subprocess.run(command, env=self.environment, capture_output=True, text=True, check=False)
        assert done.returncode == exit_code, f"{' '.join(command)}\n{done.stdout}{done.stderr}"
        return done.stdout


def events(record: Path) -> list[dict[str, Any]]:
    whole, _, _ = (record / "transcript.jsonl").read_text().rpartition("\n")
    return [json.loads(line) for line in whole.splitlines()]


def kinds(record: Path) -> list[str]:
    return [str(event["type"]) for event in events(record)]


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Story:
    folder = tmp_path_factory.mktemp("real")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SOFTHSM2_CONF", "")
        module, serial = make_softhsm_token(folder / "softhsm", "hsm-1", TRANSPORT["user"], TRANSPORT["so"])
        environment = {name: value for name, value in os.environ.items() if not name.startswith("SSH_")}
    papers = Papers(serial, TRANSPORT, {"hsm-1-bag": "A0001"})
    token = f'kind = "pkcs11"\nlocation = "{module}"\nserial = "{serial}"'
    root = make_authority(folder / "authority", folder / "keys", token)
    story = Story(root, folder / "keys", environment, papers)
    for governor in ("oa", "ob"):
        story.quorate("approve", root, "--person", governor, "--key", story.key_of(governor))
    first(story)
    second(story)
    return story


def plan(story: Story, name: str, operations: str, opened: int) -> Path:
    """A ceremony whose window opened so many minutes ago."""
    return make_plan(story.root, name, operations, ago(opened), ago(-240))


def ago(minutes: int) -> str:
    return f"{datetime.now(UTC) - timedelta(minutes=minutes):%Y-%m-%dT%H:%M:%SZ}"


def before_the_day(story: Story, ceremony: Path) -> People:
    """Checked, compiled, printed, approved: by one officer here, by the other on a device of their own."""
    assert "nothing stands against it" in story.quorate("check", ceremony)
    shown = story.quorate("compile", ceremony)
    story.quorate("paper", ceremony, "--pdf")
    story.quorate("approve", ceremony, "--person", "oa", "--key", story.key_of("oa"))
    sign, then = story.quorate("approve", ceremony, "--person", "ob").splitlines()[:2]
    command = sign.partition(": ")[2].replace(" KEY ", f" {story.key_of('ob')} ")
    subprocess.run(command.split(), check=True, capture_output=True)
    assert "2 of 2 signatures" in story.quorate(*then.partition(": quorate ")[2].split())
    people = People(ceremony, story.key_of, story.papers)
    people.environment = story.environment
    rows = [line.split() for line in shown.splitlines() if len(line.split()) == 8]
    people.cover = " ".join([*rows[0][:4], *rows[-1][-4:]])
    return people


def words_on_cover(ceremony: Path) -> tuple[str, ...]:
    return rows(hashlib.sha256((ceremony / "script.json").read_bytes()).digest())


# -- the first ceremony -----------------------------------------------------------------------------------------------


def first(story: Story) -> None:
    """From an empty token to a root, a subordinate and a CRL, with everything on the way that can go wrong."""
    ceremony = plan(story, "001-root", OPERATIONS, opened=60)
    make_csr(ceremony / "inputs" / "i1.csr.pem")
    people = before_the_day(story, ceremony)
    people.start()
    try:
        opening(story, people)
        custodians(story, people)
        generating(story, people)
        issuing(story, people)
        ending(story, people)
    finally:
        story.screens.append(people.log)


def opening(story: Story, people: People) -> None:
    """Questions, the key of somebody else, a seal misread."""
    people.go_on("who takes this seat")
    story.said["help"] = people.type(":help")
    people.go_on("wim, sign by")
    story.said["other key"] = people.type(f"file {story.key_of('oa')}")
    people.go_on("seal number as it stands")
    people.type("A0010")
    story.said["seal misread"] = people.type("A0001")
    story.said["status"] = people.type(":status")


def custodians(story: Story, people: People) -> None:
    """Slips at the words of a share, a share of something else, and one who does not remember where hers is."""
    people.go_on("type your share back")
    right = story.papers.shares["c1"].split()
    story.said["typed back wrongly"] = people.type(" ".join([*right[:19], "academic"]))
    people.go_on("type your share,", step="5")
    right = story.papers.shares["c1"].split()
    strange = shares.split(bytearray(16), 2, 3, os.urandom)[0].words.decode()
    story.said["unknown word"] = people.type(" ".join([*right[:4], "quorum", *right[5:]]))
    story.said["swapped words"] = people.type(" ".join([*right[:17], right[18], right[17], right[19]]))
    story.said["other set"] = people.type(strange)
    story.said["other holder"] = people.type(story.papers.shares["c2"])
    people.type("")
    people.go_on("who signs now", step="5")
    story.said["unlocked"] = people.type(":status")


def generating(story: Story, people: People) -> None:
    """The witness goes out for a moment; a command is misread; the power goes while the key is made."""
    people.go_on("who signs now", title="Generate")
    story.said["left"] = people.type(":left iw")
    story.said["paused"] = people.type(":arrived iw")
    people.type("resume")
    story.said["roll call"] = people.go_on("who takes this seat", step="R").said
    people.go_on("who takes this seat", step="R.2")  # nobody goes on before the witness is back
    story.said["witness back"] = people.type("wim")
    people.go_on("to give the command", title="Generate")
    story.said["command misread"] = people.type("one two three four five six seven eight")
    cut_off(story, people)


def issuing(story: Story, people: People) -> None:
    """The cable is tripped over between two approvals; the power goes while the token signs; a deviation."""
    people.go_on("who signs now", title="certificate root-r1")
    people.type(people.answer_now())
    people.type(people.answer_now())
    assert people.question is not None
    story.said["one approved"] = people.question.said
    people.kill()
    people.start()
    story.said["after the crash"] = people.go_on("who takes this seat").said
    nobody_there(story, people)
    people.go_on("who signs now", title="certificate root-r1")
    assert people.question is not None
    story.said["other approves"] = people.question.said
    people.go_on("to give the command", title="certificate int-1")
    cut_off(story, people)
    people.go_on("who signs now", title="certificate int-1")
    assert people.question is not None
    story.said["lost"] = people.question.screen
    people.go_on("who signs now", title="CRL")
    people.type(":deviation")
    for answer in ("four minutes in torchlight", "the lamp failed", "none", "no"):
        people.type(answer)
    story.said["deviation"] = people.go_on("who signs now").screen


def nobody_there(story: Story, people: People) -> None:
    """Somebody would end it before anyone has signed in again: what the refusal asks for is taken where it stands."""
    people.type(":abort")
    story.said["nobody signs"] = people.type("the fuses are blown")
    people.type(":arrived iw")
    assert people.question is not None
    assert people.question.seat == "iw"
    people.type("wim")
    people.type(people.answer_now())


def cut_off(story: Story, people: People) -> None:
    """The command is given; while the token is at work the machine loses its power, and is started again."""
    record = people.ceremony / "record"
    with token_at_work(story):
        people.send(people.answer_now())
        deadline = time.monotonic() + 20
        while kinds(record)[-1] != "intended" and time.monotonic() < deadline:
            time.sleep(0.005)
        people.kill()
    assert kinds(record)[-1] == "intended"
    people.start()


@contextmanager
def token_at_work(story: Story) -> Iterator[None]:
    """SoftHSM waits for the locks of its files, and so does whoever calls it."""
    folder = story.root.parent / "softhsm" / "tokens"
    files = [open(path, "r+") for path in sorted(folder.rglob("*")) if path.is_file()]  # noqa: SIM115
    try:
        for file in files:
            fcntl.lockf(file, fcntl.LOCK_EX)
        yield
    finally:
        for file in files:
            file.close()


def ending(story: Story, people: People) -> None:
    """One officer cosigns in the room, the other the next day at home."""
    people.go_on("ob, sign by", title="closed")
    people.type(":stop")
    assert people.ended() == 0
    story.said["sealed"] = people.log[-400:]
    late = story.quorate("seal", people.ceremony, "--person", "ob", "--key", story.key_of("ob"))
    story.said["cosigned"] = late


# -- the second -------------------------------------------------------------------------------------------------------


def second(story: Story) -> None:
    """Another day on the same token: a new subordinate, the old one revoked. Alice is ill, and Ann comes."""
    revoked = '[{ certificate = "int-1", date = "%s", reason = "superseded" }]'
    operations = certificate("subordinate", "int-2", "I2", issuer="root-r1", csr="i2.csr.pem")
    ceremony = plan(story, "002-next", operations + crl("crl-2", "root-r1", 2, revoked % ago(30)), opened=0)
    make_csr(ceremony / "inputs" / "i2.csr.pem", "I2")
    people = before_the_day(story, ceremony)
    people.instead["ca"] = "ann"
    people.at_length = True
    people.cover = " ".join(" ".join(words_on_cover(ceremony)).split())
    people.start()
    try:
        question = people.go_on("script's digest")
        story.said["cover"] = question.text
        people.go_on("type your share,")
        people.type("")  # the first custodian lets the two others do it
        people.go_on()
        assert people.ended() == 0
    finally:
        story.screens.append(people.log)


# -- what was seen in the room ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("what", "shown"),
    [
        ("help", ":deviation     something did not go as the script says"),
        ("other key", "refused signature.other_key: "),
        ("seal misread", "that is not what is expected; it is kept in the record"),
        ("status", "present: ca (alice), iw (wim), o1 (oa), o2 (ob), c1 (ca), c2 (cb), c3 (cc), au (jane)"),
        ("typed back wrongly", "refused share.checksum: "),
        ("unknown word", "refused share.unknown_word: word 5 "),
        ("swapped words", "refused share.checksum: "),
        ("other set", "refused share.other_set: "),
        ("other holder", "refused share.of_another: this is not the share of ca"),
        ("unlocked", "unlocked: hsm-1 (user)"),
        ("left", "the ceremony is paused, for the act needs iw in the room"),
        ("paused", "first type resume"),
        ("roll call", "R.1  Roll call: everyone signs in again"),
        ("witness back", "wim signs this:"),
        ("command misread", "that is not what is expected"),
        ("one approved", "1 of 2 signatures are there; these may sign: ob (o2)"),
        ("after the crash", "RESUME  and then go on at step 7.2  (real)"),
        ("nobody signs", "hint: bring in who may sign; say :arrived SEAT"),
        ("other approves", "1 of 2 signatures are there; these may sign: ob (o2)"),
        ("lost", "attempt 1 at int-1 was interrupted, and no signature is on disk"),
        ("deviation", "deviation: the lamp failed"),
        ("sealed", "cosigned by 1 of 2 (oa)"),
        ("cosigned", "cosigned by 2 of 2 (oa, ob)"),
    ],
)
def test_what_goes_wrong_is_answered_in_the_room(story: Story, what: str, shown: str) -> None:
    assert shown in story.said[what]


def test_what_went_wrong_stands_in_the_record(story: Story) -> None:
    happened = events(story.records[0])
    refused = [event["body"]["code"] for event in happened if event["type"] == "refused"]
    assert refused == [
        "signature.other_key",
        "share.unknown_word",
        "share.checksum",
        "share.other_set",
        "share.of_another",
    ]
    misread = [event["body"]["values"][0]["value"] for event in happened if event["type"] == "mismatched"]
    assert misread == ["A0010", "one two three four five six seven eight"]
    settled = [
        (event["body"]["operation"], event["body"]["outcome"]) for event in happened if event["type"] == "settled"
    ]
    assert settled == [("key-r1", "absent"), ("int-1", "lost")]
    assert [event["body"]["after"] for event in happened if event["type"] == "resumed"] == [
        "pause",
        *3 * ["interruption"],
    ]
    (deviation,) = (event["body"] for event in happened if event["type"] == "deviated")
    assert [one["person"] for one in deviation["signatures"]] == ["alice", "wim"]
    assert kinds(story.records[0])[-1] == "closed"


def test_who_types_all_words_of_a_digest_is_understood(story: Story) -> None:
    assert story.said["cover"].endswith(": first four and last four words")
    happened = events(story.records[1])
    (cover,) = (event for event in happened if event["type"] == "compared" and event["step"] == "1.4")
    assert {len(one["value"].split()) for one in cover["body"]["values"]} == {32}
    assert {len(event["body"]["words"].split()) for event in happened if event["type"] == "commanded"} == {8}
    assert "mismatched" not in kinds(story.records[1])


def test_an_approval_outlives_a_crash_and_a_command_does_not(story: Story) -> None:
    def count(kind: str, operation: str) -> int:
        return sum(one["type"] == kind and one["body"]["operation"] == operation for one in events(story.records[0]))

    assert (count("approved", "root-r1"), count("commanded", "root-r1")) == (2, 1)
    assert (count("approved", "int-1"), count("commanded", "int-1")) == (4, 2)  # two of them state the attempt as lost
    assert (count("approved", "key-r1"), count("commanded", "key-r1")) == (2, 2)


# -- what others make of it -------------------------------------------------------------------------------------------


def test_the_verifier_accepts_both_records_for_those_who_know_the_authority(story: Story) -> None:
    assert "verdict: ACCEPTED" in story.quorate("verify", *story.records, "--authority", story.genesis)


def test_without_the_authority_it_is_consistent_and_people_are_unproven(story: Story) -> None:
    story.quorate("verify", story.records[0], exit_code=3)


def test_a_real_record_is_no_rehearsal_and_another_authority_is_not_this_one(story: Story) -> None:
    story.quorate("verify", story.records[0], "--authority", "sha256:" + "0" * 64, exit_code=1)


def test_openssl_accepts_the_certificates_and_the_crls(story: Story) -> None:
    root, new = story.artifacts / "root-r1.cert.pem", story.records[1] / "artifacts"
    crls = (story.artifacts / "crl-1.crl.pem", new / "crl-2.crl.pem")
    for one in (root, story.artifacts / "int-1.cert.pem", new / "int-2.cert.pem"):
        openssl("verify", "-x509_strict", "-check_ss_sig", "-CAfile", root, one)
    for one in crls:
        assert "verify OK" in openssl("crl", "-in", one, "-CAfile", root, "-verify", "-noout")
    revocation = ("verify", "-x509_strict", "-crl_check", "-CAfile", root, "-CRLfile")
    openssl(*revocation, crls[0], story.artifacts / "int-1.cert.pem")
    openssl(*revocation, crls[1], new / "int-2.cert.pem")
    assert "revoked" in openssl(*revocation, crls[1], story.artifacts / "int-1.cert.pem", accepted=False)


def openssl(*words: str | Path, accepted: bool = True) -> str:
    done = subprocess.run(["openssl", *map(str, words)], capture_output=True, text=True, check=False)
    assert (done.returncode == 0) is accepted, done.stdout + done.stderr
    return done.stdout + done.stderr


def test_ssh_keygen_accepts_every_signature_of_the_record(story: Story, tmp_path: Path) -> None:
    people = [path for path in (story.root / "people").glob("*.toml") if ".card." not in path.name]
    known = {path.stem: tomllib.loads(path.read_text()).get("key", "") for path in people}
    allowed = tmp_path / "allowed_signers"
    allowed.write_text("".join(f"{person} {line}\n" for person, line in known.items() if line))
    given = [
        (path.with_suffix(".statement").read_bytes(), path.read_bytes())
        for record in story.records
        for folder in ("authority", "approvals", "cosignatures")
        for path in sorted((record / folder).glob("*.sig"))
    ]
    assert len(given) == 12
    for body in (event["body"] for record in story.records for event in events(record)):
        signatures = [
            *body.get("signatures", ()),
            *([body["signature"]] if isinstance(body.get("signature"), dict) else []),
        ]
        given += [(one["statement"].encode(), one["signature"].encode()) for one in signatures]
    assert len(given) > 80
    for statement, signature in given:
        told = dict(line.split(": ", 1) for line in statement.decode().splitlines())
        (tmp_path / "signature").write_bytes(signature)
        command = ["ssh-keygen", "-Y", "verify", "-f", str(allowed), "-I", told["signer"].split()[0]]
        command += ["-n", f"quorate-{told['type']}-v1", "-s", str(tmp_path / "signature")]
        subprocess.run(command, input=statement, check=True, capture_output=True)


LISTING = """
import json, sys
import pkcs11
token = pkcs11.lib("/usr/lib/softhsm/libsofthsm2.so").get_token(token_serial=sys.argv[1].encode())
closed = []
for login in ({"so_pin": "transport-so-42"}, {"user_pin": "transport-user-17"}):
    try:
        token.open(rw=True, **login)
    except pkcs11.exceptions.PinIncorrect:
        closed.append(*login)
with token.open(user_pin=sys.stdin.read()) as session:
    objects = [(one.object_class.name, one.id.hex()) for one in session.get_objects()]
print(json.dumps([closed, sorted(objects)]))
"""


def pin(story: Story) -> str:
    """The token's PIN, recovered by another SLIP-39 program from the second and third worksheet."""
    words = [story.papers.shares[seat] for seat in ("c2", "c3")]
    return shamir_mnemonic.combine_mnemonics(words).hex()


def test_the_token_holds_one_pair_and_opens_to_the_custodians_alone(story: Story) -> None:
    command = [sys.executable, "-c", LISTING, story.papers.serial]
    shown = subprocess.run(
        command, input=pin(story), env=story.environment, capture_output=True, text=True, check=True
    ).stdout
    closed, objects = json.loads(shown)
    assert closed == ["so_pin", "user_pin"]
    (made,) = (
        one["body"]["object"]
        for one in events(story.records[0])
        if one["type"] == "completed" and "object" in one["body"]
    )
    assert objects == [["PRIVATE_KEY", made], ["PUBLIC_KEY", made]]


def test_no_secret_lies_anywhere(story: Story) -> None:
    """Neither a run of three words of any share, nor a PIN: in no file, and on no screen but its holder's."""
    runs = {run for share in story.papers.earlier for run in triples(share)}
    assert len(runs) > 50
    secrets = [pin(story), *TRANSPORT.values()]
    files = [path for path in story.root.rglob("*") if path.is_file()]
    assert len(files) > 150
    parts = [part for log in story.screens for part in log.split(CLEAR)]
    holders = [part for part in parts if "they are taken away" in part]
    everyones = [part for part in parts if part not in holders]
    assert [len(runs & set(triples(part))) for part in holders] == [18] * 4  # one of the three had to look twice
    for where, text in [
        *((str(path), path.read_bytes().decode("utf-8", "replace")) for path in files),
        *(("a screen", part) for part in everyones),
    ]:
        assert not runs & set(triples(text)), where
        assert not [one for one in secrets if one in text.lower()], where


def triples(text: str) -> Iterator[tuple[str, ...]]:
    words = re.findall(r"[a-z]+", text.lower())
    return zip(words, words[1:], words[2:], strict=False)


# -- people who practise ----------------------------------------------------------------------------------------------


def test_people_practise_in_the_shadow_authority(tmp_path: Path) -> None:
    root = make_authority(tmp_path / "authority")
    ceremony = make_plan(root, "001-root", SHARE + DESTROY_SO, "2031-03-03T09:00:00Z")
    stand_ins = root / "shadow" / "people"
    papers = Papers("SHADOW-hsm-1", {"user": "transport-pin", "so": "transport-pin"}, {"hsm-1-bag": "A0001"})
    people = People(ceremony, lambda person: stand_ins / f"{person}.key", papers, "--rehearsal")
    people.clock = clock_on_screen
    people.start()
    notes = people.go_on("who takes this seat").said
    assert f"file {stand_ins}/ID.key" in notes
    assert "transport credential of every shadow token: transport-pin" in notes
    assert "ACT 1  Opening  (rehearsal)" in notes
    command = [QUORATE, "paper", str(ceremony), "--rehearsal", "--text"]
    assert "mode: REHEARSAL" in subprocess.run(command, check=True, capture_output=True, text=True).stdout
    script = (ceremony / "rehearsal" / "script.json").read_bytes()
    people.cover = " ".join(spoken(hashlib.sha256(script).digest()))
    people.go_on("type your share back")
    people.kill()  # a practice can be resumed as well
    people.start()
    people.go_on("who signs now", title="so credential")
    people.type(":suspend")
    people.type("it is late")
    assert "suspended: everything is put away\nstopped; resume with the same command\n" in people.go_on().screen
    assert people.ended() == 3
    people.start()
    people.go_on()
    assert people.ended() == 0
    record = ceremony / "rehearsal" / "record"
    genesis = "sha256:" + hashlib.sha256((root / "shadow" / "authority" / "000.json").read_bytes()).hexdigest()
    verify = [QUORATE, "verify", str(record), "--authority", genesis]
    assert subprocess.run([*verify, "--rehearsal"], capture_output=True, check=False).returncode == 0
    assert subprocess.run(verify, capture_output=True, check=False).returncode == 1
    following = make_plan(root, "002-next", key("key-r1"), "2031-04-04T09:00:00Z")
    alone = subprocess.run(
        [QUORATE, "rehearse", str(following)], timeout=60, capture_output=True, text=True, check=True
    )
    assert "rehearsed: " in alone.stdout, "stand-ins go on with the shares that people were shown"


def spoken(digest: bytes) -> list[str]:
    shown = subprocess.run([QUORATE, "words", digest.hex()], check=True, capture_output=True, text=True).stdout.split()
    return [*shown[:4], *shown[-4:]]
