"""Insiders with everybody's keys, and even the token, break the rules of the house: refused, though all have signed.

The forger's own genesis is pinned, so that nothing but the rule can find it.
"""

from __future__ import annotations

import base64
import copy
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519

from conftest import VERIFIER
from example import FIRST, make_authority, make_plan
from forging import (
    Forgery,
    genesis,
    record,
    refused,
    sign_with_token,
    stand_ins,
    tbs_of,
    verifier,
    verify,
    withhold,
)
from quorate import canonical
from quorate.rehearse import rehearse

Keys = Mapping[str, ed25519.Ed25519PrivateKey]
Change = Callable[[Forgery], object]


@pytest.fixture(scope="session")
def keys(rehearsed: Path) -> Keys:
    return stand_ins(rehearsed)


def judged(forged: Forgery, folder: Path) -> tuple[int, str]:
    """What the verifier says under the forger's own genesis."""
    options = ["--rehearsal"] if forged.script["mode"] == "rehearsal" else []
    forged.reseal().write(folder)
    return verify(folder, "--authority", canonical.digest(forged.files["authority/000.json"]), *options)


# -- worlds in which the rules are broken: each is accepted as it stands ----------------------------------------------


def private(forged: Forgery) -> None:
    """The private authority of the other tests, in a rehearsal."""


@pytest.fixture(scope="module")
def linted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The first of these ceremonies in an authority that asks for pkilint, as the rules webpki do."""
    root = make_authority(tmp_path_factory.mktemp("linted") / "authority")
    path = root / "authority.toml"
    path.write_text(path.read_text().replace("crl-days = 365", 'crl-days = 365\nlinters = ["pkilint"]'))
    rehearse(root, make_plan(root, "001-root", FIRST), VERIFIER.read_bytes())
    return root


def webpki(forged: Forgery) -> None:
    """A real ceremony under the Baseline Requirements, with a token that says it is no software."""
    for state in forged.states:
        state["rules"] = "webpki"
    forged.script["rules"], forged.script["mode"] = "webpki", "real"
    for token in (*forged.states[0]["tokens"], *forged.script["tokens"]):
        token["kind"] = "pkcs11"
    for event in forged.events:
        for signature in [*event["body"].get("signatures", ()), event["body"].get("signature")]:
            if isinstance(signature, dict):
                signature["made"] = "file"
    for event in forged.all("observed"):
        event["body"]["findings"] = []


# -- what they do -----------------------------------------------------------------------------------------------------


def cosigned_by_one_under_a_notice(forged: Forgery) -> None:
    """A sentence on the cover does not lower what the authority commits to."""
    forged.script["notices"].append("all is well")
    for line in (forged.script["steps"], *forged.script["branches"].values()):
        for step in line:
            if step["kind"] == "checkpoint":
                step["need"] = 1
    second = [event for number, event in enumerate(forged.all("cosigned")) if number % 2]
    forged.drop(*second)


def alone_in_the_room(forged: Forgery) -> None:
    for act in forged.script["acts"]:
        act["present"] = act["present"][:1]


def alone_in_two_chairs(forged: Forgery) -> None:
    """The administrator is an officer as well; both chairs are filled, and one person is there."""
    for act in forged.script["acts"]:
        act["present"] = ["ca", "o1"]
    seated_as(forged, "o1", "alice", "officer", "oa")


def seated_as(forged: Forgery, seat: str, person: str, role: str, instead_of: str) -> None:
    """Somebody else sits there, appointed for it, and signs what the other would have signed."""
    entry = next(one for one in forged.states[0]["people"] if one["id"] == person)
    entry["appointments"].append({"role": role, "since": "2020-01-01", "until": "2060-01-01"})
    next(one for one in forged.script["seats"] if one["id"] == seat)["alternates"] = [person]
    for event in forged.events:
        body = event["body"]
        if event["type"] == "arrived" and body["seat"] == seat:
            body["person"] = person
        for signature in [*body.get("signatures", ()), body.get("signature")]:
            if isinstance(signature, dict) and signature["seat"] == seat:
                signature["person"] = person
            if isinstance(signature, dict) and event["type"] == "arrived":
                statement = signature["statement"].replace(f"person: {instead_of}\n", f"person: {person}\n")
                signature["statement"] = statement


def witness_commands(forged: Forgery) -> None:
    """The witness is the administrator's alternate, and comes in both roles."""
    seated_as(forged, "ca", "wim", "administrator", "alice")


def watching_and_acting_in_one_role(forged: Forgery) -> None:
    next(one for one in forged.states[0]["roles"] if one["id"] == "witness")["duties"].append("command")


def closed_by_one(forged: Forgery) -> None:
    for quorums in (forged.states[0]["quorums"], forged.script["quorums"]):
        next(one for one in quorums if one["purpose"] == "close")["need"] = 1
    for ending in ("statement", "sig"):
        forged.files.pop(f"cosignatures/ob.{ending}")


def nobody_audits(forged: Forgery) -> None:
    """A root key, and neither an auditor nor a recording under a policy."""
    forged.script["witnessing"] = {"auditor": "", "policy": "", "recording": True}
    for act in forged.script["acts"]:
        act["present"].remove("au")


def auditor_goes_home(forged: Forgery) -> None:
    forged.script["acts"][5]["present"].remove("au")


def auditor_is_none(forged: Forgery) -> None:
    forged.script["witnessing"]["auditor"] = "iw"


def software(forged: Forgery) -> None:
    for token in (*forged.states[0]["tokens"], *forged.script["tokens"]):
        token["kind"] = "software"


def changed_chairs(forged: Forgery) -> None:
    """One officer signs, goes out, comes back in the chair of the other, and signs again."""
    two = forged.all("approved", "key-r1")[1]
    next(seat for seat in forged.script["seats"] if seat["id"] == "o2")["alternates"] = ["oa"]
    for kind, seat in (("left", "o1"), ("left", "o2")):
        forged.insert(two, kind, {"by": "ca", "seat": seat})
    arrived = copy.deepcopy(next(event for event in forged.all("arrived") if event["body"]["seat"] == "o2")["body"])
    arrived["person"] = arrived["signatures"][0]["person"] = "oa"
    statement = arrived["signatures"][0]["statement"]
    arrived["signatures"][0]["statement"] = statement.replace("person: ob", "person: oa")
    forged.insert(two, "arrived", arrived)
    two["body"]["signature"]["person"] = "oa"


def a_change_that_one_governs(forged: Forgery) -> None:
    """A second state in which one governor is enough, signed by that one alone."""
    changed = copy.deepcopy(forged.states[0])
    for quorum in changed["quorums"]:
        quorum["need"] = 1
    changed["commitments"]["minimum_quorum"] = 1
    forged.states.append(changed)
    for ending in ("statement", "sig"):
        forged.files[f"authority/001.oa.{ending}"] = forged.files[f"authority/000.oa.{ending}"]


def a_genesis_without_one_governor(forged: Forgery) -> None:
    for ending in ("statement", "sig"):
        forged.files.pop(f"authority/000.ob.{ending}")


def token_in_its_safe(forged: Forgery) -> None:
    """What leads to the token is something else than what the script fetches."""
    (bag,) = forged.states[0]["items"]
    forged.states[0]["items"].append(dict(bag, id="true-bag", seal="A0002", holder="hsm-1"))


def everything_in_act_one(forged: Forgery) -> None:
    """An interruption in act 1 begins the script anew."""
    names = {step["id"]: f"1.{number}" for number, step in enumerate(forged.script["steps"], 1)}
    for step in forged.script["steps"]:
        step["id"] = names[step["id"]]
    for event in forged.events:
        event["step"] = names.get(event["step"], event["step"])
    forged.script["acts"] = [{"number": 1, "title": "All of it", "present": ["ca", "iw", "au"]}]


def everything_twice(forged: Forgery) -> None:
    """Interrupted after a certificate was signed, and begun anew: who looks at the end alone sees one of each."""
    everything_in_act_one(forged)
    (signed,) = forged.all("completed", "root-r1")
    opened, *events = forged.events
    first = copy.deepcopy(events[: events.index(signed) + 1])
    body = {"after": "interruption", "torn": None}
    resumed = {"type": "resumed", "step": signed["step"], "at": signed["at"], "salt": "22" * 16, "seq": 0, "body": body}
    for event in events:
        event["at"] = max(event["at"], signed["at"])
        if event["type"] == "compared" and forged.step_of(event)["source"] == "clock":
            for value in event["body"]["values"]:
                value["value"] = f"{event['at'][:19]}Z"
    forged.events = [opened, *first, resumed, *events]


@pytest.mark.parametrize(
    ("world", "change", "claim", "said"),
    [
        (private, cosigned_by_one_under_a_notice, "script", "a checkpoint cosigned by fewer than 2"),
        (private, alone_in_the_room, "script", "act 1: fewer than 2 must be present"),
        (private, token_in_its_safe, "script", "hsm-1 is used, and nothing that leads to it is taken out"),
        (private, everything_in_act_one, "script", "act 1, which begins anew after an interruption"),
        (private, everything_twice, "steps", "share-hsm-1 is done once more"),
        (private, alone_in_two_chairs, "people", "one person is alone in all the seats that the act needs"),
        (private, witness_commands, "people", "wim sits as administrator and as witness, which exclude each other"),
        (private, watching_and_acting_in_one_role, "script", "the role witness watches and does something else"),
        (private, closed_by_one, "script", "quorum close is below the minimum of 2"),
        (private, changed_chairs, "quorums", "approved twice by oa"),
        (private, a_change_that_one_governs, "authority", "state 001 is signed by 1, needs 2"),
        (private, a_genesis_without_one_governor, "authority", "state 000 is not signed by ob"),
        (webpki, nobody_audits, "script", "key-r1 is generated, and no Qualified Auditor watches"),
        (webpki, auditor_goes_home, "script", "act 6: the Qualified Auditor need not be present"),
        (webpki, auditor_is_none, "script", "the Qualified Auditor's seat iw has not the duty `audit`"),
        (webpki, software, "script", "token hsm-1 is software, which the rules webpki do not permit"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_what_the_house_forbids(
    rehearsed: Path, linted: Path, tmp_path: Path, world: Change, change: Change, claim: str, said: str
) -> None:
    root = linted if world is webpki else rehearsed
    forged = Forgery(record(root, "001-root"), stand_ins(root))
    world(forged)
    change(forged)
    code, output = judged(forged, tmp_path / "record")
    assert code == 1, output
    assert claim in refused(output), output
    assert said in output, output


@pytest.mark.parametrize("world", [private, webpki], ids=lambda value: value.__name__)
def test_nothing_else_is_wrong_with_these_worlds(rehearsed: Path, linted: Path, tmp_path: Path, world: Change) -> None:
    root = linted if world is webpki else rehearsed
    forged = Forgery(record(root, "001-root"), stand_ins(root))
    world(forged)
    code, output = judged(forged, tmp_path / "record")
    assert code == 0, output


def test_a_failed_check_does_not_go_away_by_being_withheld(linted: Path, tmp_path: Path) -> None:
    """Without its body nobody can tell; the record is consistent and no more. With it, it is refused."""
    forged = Forgery(record(linted, "001-root"), stand_ins(linted))
    webpki(forged)
    seen = forged.all("observed")[1]
    seen["body"]["findings"] = [{"level": "FAIL", "name": "links", "text": "a cable"}]
    code, output = judged(forged, tmp_path / "whole")
    assert (code, "the machine failed a check and nobody stated a deviation" in output) == (1, True), output
    withhold(seen)
    forged.finish().write(tmp_path / "withheld")
    code, output = verify(tmp_path / "withheld", "--authority", canonical.digest(forged.files["authority/000.json"]))
    assert code == 3, output
    assert "withheld, and with it whether a check failed" in output


def test_another_certificate_of_the_same_key_is_no_issuer(rehearsed: Path, keys: Keys, tmp_path: Path) -> None:
    """What the second record certifies hangs from a certificate that the first one never made."""
    forged = Forgery(record(rehearsed, "002-next"), keys)
    forged.operation("crl-r1-2")["previous"] = ""
    known = "inputs/known/root-r1.cert.der"
    forged.files[known] = forged.files[known].replace(b"Root R1", b"Root X1")
    for name in ("cross-r2", "int-1", "crl-r1-2"):
        forged.files[f"drafts/{name}.tbs"] = forged.files[f"drafts/{name}.tbs"].replace(b"Root R1", b"Root X1")
        sign_with_token(rehearsed, forged, name, tbs_of(forged, name).replace(b"Root R1", b"Root X1"))
    folder = forged.reseal().write(tmp_path / "second")
    pinned = ("--authority", genesis(rehearsed), "--rehearsal")
    assert verify(folder, *pinned)[0] == 0, "alone it cannot be told"
    code, output = verify(record(rehearsed, "001-root"), folder, *pinned)
    assert (code, refused(output)) == (1, {"continuity"}), output
    assert f"{known} is not what the earlier record made" in output


def test_an_rsa_key_under_which_everything_is_a_signature_is_nobodys(keys: Keys) -> None:
    """With the exponent 1 the padded digest is its own signature."""

    def line(exponent: int) -> str:
        def text(data: bytes) -> bytes:
            return len(data).to_bytes(4) + data

        modulus = b"\0" + ((1 << 3071) + 1).to_bytes(384)
        blob = text(b"ssh-rsa") + text(bytes([exponent])) + text(modulus)
        return "ssh-rsa " + base64.b64encode(blob).decode()

    module = verifier()
    assert module.SshKey(line(3)).e == 3
    for exponent in (1, 2):
        with pytest.raises(module.Bad, match="exponent"):
            module.SshKey(line(exponent))
