"""A zone that was signed elsewhere until now: its KSK and the SKR in the zone are adopted, and the next SKR follows."""

from __future__ import annotations

import base64
import json
import shutil
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization

from example import SHARE, make_plan
from forging import VERIFIER, Forgery, genesis, record, stand_ins, verify
from forging import refused as failed
from hsm_day import Day
from quorate import archive, canonical
from quorate.dnssec.keyfile import KeyPair
from quorate.dnssec.ksr import Response
from quorate.dnssec.ksr_layout import write_ksr, write_skr
from quorate.dnssec.ksr_xml import read_skr
from quorate.dnssec.records import dnskey_line
from quorate.findings import Refusal
from quorate.host import SteppedHost
from quorate.outset import new
from quorate.rehearse import TRANSPORT, prepare_rehearsal, rehearse
from quorate.statement import Mode
from refusing import refused, run
from signed_zone import dnspython_accepts
from softhsm import import_key
from zone_folder import pin
from zoned import MNEMONICS, add_zones, day, make_zoned, sign_plan, signing
from zones import BEGIN, DAY, Zone, ksk_pair, private, replace, zsk

CURRENT = {"current": "ksk-old"}
KINDS = ["p-256", "rsa-2048", "ed25519"]


def brought(kind: str) -> str:
    lines = ["[[operations]]", 'kind = "import-key"', 'id = "ksk-old"', 'key = "dnskey-old"', 'token = "hsm-1"']
    return "\n".join([*lines, 'zone = "."', f'algorithm = "{MNEMONICS[kind]}"', ""])


def old_zone(kind: str = "p-256", start: datetime = BEGIN) -> Zone:
    """A zone whose first quarter was signed elsewhere."""
    return Zone(kinds={"ksk-old": kind}, zsk_kinds=(kind,), start=start)


def with_history(root: Path, zone: Zone, things: Mapping[str, bytes], label: str = "ksk-old") -> Path:
    """The KSK pinned, and the files adopted."""
    path = root / "dnssec/0/policy.toml"
    pinned = pin(label, zone.name, zone.pairs[label].dnskey, "2020-01-01")
    path.write_text(path.read_text().replace("ksks = []\n", "") + pinned)
    (root / "adopted").mkdir()
    for name, data in things.items():
        (root / "adopted" / name).write_bytes(data)
        with (root / "authority.toml").open("a") as file:
            file.write(f'[[adopted]]\nid = "{name}"\nfile = "{name}"\n')
    return root


def history(zone: Zone, response: Response | None = None) -> dict[str, bytes]:
    """The record of the KSK, and the SKR of the first quarter."""
    signed = response or zone.deploy(zone.request(0), "normal", CURRENT)
    line = dnskey_line(zone.name, zone.pairs["ksk-old"].dnskey) + "\n"
    return {"dnskey-old": line.encode(), "skr-old": write_skr(signed)}


def adopting(folder: Path, zone: Zone, things: Mapping[str, bytes]) -> Path:
    return with_history(make_zoned(folder / "authority", zone), zone, things)


@pytest.fixture(scope="module", params=KINDS)
def followed(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Zone]:
    """001 adopts the KSK and the SKR, 002 signs the next quarter in its turn; both rehearsed."""
    zone = old_zone(request.param)
    root = adopting(tmp_path_factory.mktemp("followed"), zone, history(zone))
    make_plan(root, "001-adoption", SHARE + brought(request.param), day(1, 70), adopt=["dnskey-old", "skr-old"])
    rehearse(root, sign_plan(root, "002-sign", zone, 1, "normal", CURRENT), VERIFIER.read_bytes())
    return root, zone


def both(root: Path) -> tuple[Path, Path]:
    return record(root, "001-adoption"), record(root, "002-sign")


def test_the_next_skr_follows_the_adopted_one(followed: tuple[Path, Zone]) -> None:
    root, _ = followed
    code, output = verify(*both(root), "--authority", genesis(root), "--rehearsal")
    assert code == 0, output
    assert "adopted, as the governors state and no record has witnessed: dnskey-old, skr-old" in output
    register = archive.read_register(root, Mode.REHEARSAL)
    assert list(register.skrs) == ["skr-old", "skr-1"]
    assert register.skrs["skr-old"].known.published
    script = (root / "ceremonies/002-sign/rehearsal/script.txt").read_text()
    assert "genesis" not in script.partition("ACT 1")[2]


def test_a_key_is_adopted_once_and_as_a_ksk_that_is_not_revoked(tmp_path: Path) -> None:
    zone = old_zone()
    key = zone.pairs["ksk-old"].dnskey
    things = history(zone) | {"again": f"{dnskey_line('.', key, ttl=60)}\n".encode()}
    root = adopting(tmp_path, zone, things)
    plan = make_plan(root, "001-adoption", SHARE + brought("p-256"), day(1, 70), adopt=[*things])
    assert run("check", plan, "--rehearsal").codes == ["adopt.key_twice"]
    for line in (dnskey_line(".", key.revoked), dnskey_line(".", zone.zsks(0)[0].dnskey)):
        (root / "adopted" / "again").write_text(line + "\n")
        assert refused(root, "check", root) == ["adopt.no_ksk"]


@pytest.mark.parametrize(
    "name", ["0/25.2.0.192.in-addr.arpa.", "0.8.b.d.0.1.0.0.2.ip6.arpa.", "_msdcs.example.", "*.example.", "root."]
)
def test_a_zone_may_be_called_what_zones_are_called(tmp_path: Path, name: str) -> None:
    """A text that begins with `0` is no DER, and a record has files of plain names only."""
    zone = Zone(name, {"ksk-old": "p-256"})
    root = adopting(tmp_path, zone, history(zone))
    text = SHARE + brought("p-256").replace('zone = "."', f'zone = "{name}"')
    make_plan(root, "001-adoption", text, day(1, 70), adopt=["dnskey-old", "skr-old"])
    rehearse(root, sign_plan(root, "002-sign", zone, 1, "normal", CURRENT), VERIFIER.read_bytes())
    code, output = verify(*both(root), "--authority", genesis(root), "--rehearsal")
    assert code == 0, output
    shown = run("inspect", root / "adopted" / "dnskey-old")
    assert (shown.code, shown.out.startswith("DNSKEY") or name in shown.out) == (0, True)


def test_two_keys_of_one_tag_are_both_in_what_was_signed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody should make such a set; who has one goes on with a warning."""
    seen: dict[int, KeyPair] = {}
    for number in range(5000):
        other = zsk("p-256", f"tag {number}")
        if (one := seen.setdefault(other.dnskey.key_tag, other)) is not other:
            break
    monkeypatch.setattr("quorate.dnssec.response.refuse_errors", lambda findings: None)
    zone = old_zone()
    response = zone.deploy(zone.request(0, [*[[one]] * 8, [one, other]]), "normal", CURRENT)
    monkeypatch.undo()
    root = adopting(tmp_path, zone, history(zone, response))
    plan = make_plan(root, "001-adoption", SHARE + brought("p-256"), day(1, 70), adopt=["dnskey-old", "skr-old"])
    rehearse(root, plan, VERIFIER.read_bytes())
    code, output = verify(record(root, "001-adoption"), "--authority", genesis(root), "--rehearsal")
    assert code == 0, output


def test_two_people_compare_the_skr_with_the_published_one(followed: tuple[Path, Zone]) -> None:
    root, _ = followed
    script = (root / "ceremonies/001-adoption/rehearsal/script.txt").read_text()
    assert "skr-old as it is known outside" in script
    assert "dnskey-old as it is known outside" not in script
    assert "9 slots, 2026-01-01 to " in script
    assert "Each has the digest, SHA-256 of the file, from a copy that came another way," in script


def test_the_stand_in_says_all_but_the_key(followed: tuple[Path, Zone]) -> None:
    root, zone = followed
    made, _ = read_skr(archive.read_register(root, Mode.REHEARSAL).skrs["skr-old"].data, "skr-old")
    real = zone.history[0].response
    assert (made.id, made.zsk, [one.id for one in made.bundles]) == (real.id, real.zsk, [o.id for o in real.bundles])
    for ours, theirs in zip(made.bundles, real.bundles, strict=True):
        (anchor,) = (key.dnskey for key in ours.ksks)
        assert anchor != theirs.ksks[0].dnskey
        assert {key.dnskey for key in ours.zsks} == {key.dnskey for key in theirs.zsks}
        assert dnspython_accepts(".", ours, [anchor], ours.inception)


def test_the_plans_that_are_written_for_a_running_zone_are_rehearsed_as_they_stand(tmp_path: Path) -> None:
    """A label as other tools have it: with capitals, and not the id of anything here."""
    zone = Zone(kinds={"Kold_1": "p-256"})
    response = zone.deploy(zone.request(0), "normal", {"current": "Kold_1"})
    line = dnskey_line(".", zone.pairs["Kold_1"].dnskey) + "\n"
    things = {"kold-1": line.encode(), "skr-old": write_skr(response)}
    root = with_history(make_zoned(tmp_path / "authority", zone), zone, things, "Kold_1")
    assert run("inspect", *sorted((root / "adopted").iterdir())).code == 0
    new(root, "001-adoption", "adoption", SteppedHost(BEGIN + 10 * DAY))
    plan = new(root, "002-next", "ksk-signing", SteppedHost(BEGIN + 20 * DAY))
    assert 'keys = { current = "Kold_1" }' in plan.read_text()
    assert "genesis" not in plan.read_text()
    (plan.parent / "inputs/ksr-2.xml").write_bytes(write_ksr(zone.request(1)))
    for name in ("001-adoption", "002-next"):
        rehearse(root, root / "ceremonies" / name, VERIFIER.read_bytes())
    assert list(archive.read_register(root, Mode.REHEARSAL).ksks) == ["kold-1-pair"]
    code, output = verify(
        record(root, "001-adoption"), record(root, "002-next"), "--authority", genesis(root), "--rehearsal"
    )
    assert code == 0, output


@pytest.mark.parametrize(("label", "refused"), [("ksk-old", ""), ("the-pair", "ksk.unknown")])
def test_a_rehearsal_knows_a_ksk_by_the_label_of_its_pin_alone(tmp_path: Path, label: str, refused: str) -> None:
    """As the day itself does, whatever the operation is called that brought it."""
    zone = old_zone()
    root = adopting(tmp_path, zone, history(zone))
    pair = brought("p-256").replace('id = "ksk-old"', 'id = "the-pair"')
    make_plan(root, "001-adoption", SHARE + pair, day(1, 70), adopt=["dnskey-old", "skr-old"])
    plan = sign_plan(root, "002-sign", zone, 1, "normal", {"current": label})
    if refused:
        assert codes(root, plan) == {refused}
    else:
        rehearse(root, plan, VERIFIER.read_bytes())


def test_the_screen_does_not_show_what_is_read_from_elsewhere(followed: tuple[Path, Zone]) -> None:
    root, _ = followed
    script = json.loads((root / "ceremonies/001-adoption/rehearsal/script.json").read_text())
    (step,) = (one for one in script["steps"] if one["title"] == "skr-old as it is known outside")
    spoken = [line for line in step["text"] if step["expected"] in line or "words:" in line]
    assert len(spoken) == 3
    assert all(line.startswith("expected ") for line in spoken), "as a console keeps it from the screen"


def test_a_zone_that_revokes_a_ksk_whose_pair_nobody_brings_goes_on(tmp_path: Path) -> None:
    """It is pinned and adopted, and signs nothing here: in a rehearsal its stand-in is known by its pin as well."""
    zone, turn = Zone(kinds={"ksk-old": "p-256", "ksk-two": "p-256"}), {"current": "ksk-old", "next": "ksk-two"}
    for number, schema in enumerate(("pre-publish", "rollover", "revoke")):
        response = zone.deploy(zone.request(number), schema, turn)
    keys = {f"dnskey-{one}": zone.pairs[f"ksk-{one}"].dnskey for one in ("old", "two")}
    things = {name: (dnskey_line(".", key) + "\n").encode() for name, key in keys.items()}
    root = adopting(tmp_path, zone, {**things, "skr-old": write_skr(response)})
    policy = root / "dnssec/0/policy.toml"
    policy.write_text(policy.read_text() + pin("ksk-two", ".", keys["dnskey-two"], "2020-01-01"))
    two = brought("p-256").replace("ksk-old", "ksk-two").replace("dnskey-old", "dnskey-two")
    make_plan(root, "001-adoption", SHARE + two, day(3, 70), adopt=[*things, "skr-old"])
    rehearse(root, sign_plan(root, "002-sign", zone, 3, "normal", {"current": "ksk-two"}), VERIFIER.read_bytes())
    code, output = verify(*both(root), "--authority", genesis(root), "--rehearsal")
    assert code == 0, output


# -- before the day ---------------------------------------------------------------------------------------------------


def codes(root: Path, plan: Path) -> set[str]:
    with pytest.raises(Refusal) as refusal:
        prepare_rehearsal(root, plan, VERIFIER.read_bytes())
    return {one.code for one in refusal.value.findings}


def damaged(response: Response) -> Response:
    first, *rest = response.bundles
    bad = replace(first.signatures[0], rrsig=replace(first.signatures[0].rrsig, signature=bytes(64)))
    return replace(response, bundles=(replace(first, signatures=(bad,)), *rest))


def test_an_skr_with_a_bad_signature_is_not_adopted(tmp_path: Path) -> None:
    zone = old_zone()
    response = damaged(zone.deploy(zone.request(0), "normal", CURRENT))
    root = adopting(tmp_path, zone, history(zone, response))
    things = ["dnskey-old", "skr-old"]
    plan = make_plan(root, "001-adoption", SHARE + brought("p-256"), day(1, 70), adopt=things)
    assert "skr.signature_invalid" in codes(root, plan)


def test_an_skr_needs_its_ksk_beside_it(tmp_path: Path) -> None:
    zone = old_zone()
    root = adopting(tmp_path, zone, history(zone))
    assert codes(root, make_plan(root, "001-adoption", "", day(1, 70), adopt=["skr-old"])) == {"adopt.skr_key"}


def test_an_skr_of_another_zone_is_not_adopted(tmp_path: Path) -> None:
    zone = old_zone()
    other = Zone("elsewhere.", {"ksk-old": "p-256"})
    root = adopting(tmp_path, zone, history(zone, other.deploy(other.request(0), "normal", CURRENT)))
    assert "zone.unknown" in codes(root, make_plan(root, "001-adoption", "", day(1, 70), adopt=["skr-old"]))


def test_a_request_is_no_skr(tmp_path: Path) -> None:
    zone = old_zone()
    root = adopting(tmp_path, zone, {"skr-old": write_ksr(zone.request(0))})
    assert codes(root, make_plan(root, "001-adoption", "", day(1, 70), adopt=["skr-old"])) == {"ksr.other_kind"}


def test_it_is_adopted_before_the_ceremony_that_follows_it(tmp_path: Path) -> None:
    zone = old_zone()
    root = adopting(tmp_path, zone, history(zone))
    make_plan(root, "001-keys", SHARE + brought("p-256"), day(1, 80), adopt=["dnskey-old"])
    plan = sign_plan(root, "002-sign", zone, 1, "normal", CURRENT)
    (plan / "plan.toml").write_text('adopt = ["skr-old"]\n' + (plan / "plan.toml").read_text())
    assert "adopt.skr_first" in codes(root, plan)


def again(root: Path) -> str:
    """The same SKR under another name."""
    (root / "adopted/skr-again").write_bytes((root / "adopted/skr-old").read_bytes())
    with (root / "authority.toml").open("a") as file:
        file.write('[[adopted]]\nid = "skr-again"\nfile = "skr-again"\n')
    return "skr-again"


def test_an_skr_is_adopted_once(tmp_path: Path) -> None:
    zone = old_zone()
    root = adopting(tmp_path, zone, history(zone))
    name = again(root)
    make_plan(root, "001-adoption", SHARE + brought("p-256"), day(1, 70), adopt=["dnskey-old", "skr-old"])
    assert codes(root, make_plan(root, "002-again", "", day(1, 60), adopt=[name])) == {"adopt.skr_twice"}


def test_after_an_adopted_skr_there_is_no_genesis(followed: tuple[Path, Zone], tmp_path: Path) -> None:
    root, zone = Path(shutil.copytree(followed[0], tmp_path / "authority")), followed[1]
    shutil.rmtree(root / "ceremonies/002-sign")
    plan = sign_plan(root, "002-sign", zone, 1, "normal", CURRENT, act="genesis", reason="why not")
    assert "skr.genesis_again" in codes(root, plan)
    (plan / "inputs/ksr.xml").write_bytes(write_ksr(zone.request(0)))
    text = (plan / "plan.toml").read_text()
    (plan / "plan.toml").write_text(text.replace('act = "genesis"\nreason = "why not"\n', ""))
    assert "skr.id_again" in codes(root, plan)


def test_a_new_plan_begins_with_no_genesis_and_the_register_shows_it(followed: tuple[Path, Zone]) -> None:
    root, _ = followed
    assert run("new", "003-next", "--from", "ksk-signing", "--in", root).code == 0
    plan = (root / "ceremonies/003-next/plan.toml").read_text()
    shutil.rmtree(root / "ceremonies/003-next")
    assert "genesis" not in plan
    assert 'current = "ksk-old"' in plan
    shown = run("register", root, "--rehearsal").out
    assert "KSK of the zone ., adopted (stated, not witnessed)" in shown
    assert "skr-old: zone ., adopted (stated, not witnessed), in the zone, from 001-" in shown


# -- a real day -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["p-256", "rsa-2048"])
def test_a_real_ksk_on_a_real_token_goes_on_where_others_left_off(tmp_path: Path, kind: str) -> None:
    zone = old_zone(kind, datetime(2026, 10, 1, tzinfo=UTC))
    pem = tmp_path / "ksk.pem"
    pem.write_bytes(
        private(kind, "ksk ksk-old").private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )

    def made(root: Path, serial: str) -> None:
        import_key(serial, TRANSPORT.decode(), pem, b"\x07")
        add_zones(root, zone)
        with_history(root, zone, history(zone))

    first = Day(tmp_path / "day", operations=SHARE + brought(kind), adopt=["dnskey-old", "skr-old"], made=made)
    assert first.conduct() == []
    inputs = first.root / "ceremonies/002-sign/inputs"
    inputs.mkdir(parents=True)
    inputs.joinpath("ksr.xml").write_bytes(write_ksr(zone.request(1)))
    response = {"id": "skr-1", "zone": ".", "ksr": "ksr.xml", "schema": "normal", "keys": CURRENT}
    second = first.another("002-sign", signing("sign-1", [response]), "2026-12-08T09:00:00Z")
    assert second.conduct() == []
    pinned = canonical.digest((first.root / "authority/000.json").read_bytes())
    code, output = verify(first.record, second.record, "--authority", pinned)
    assert code == 0, output
    answer = second.record / "artifacts/skr-1.skr.xml"
    outcome = run("skr", "check", answer, "--ksr", inputs / "ksr.xml", "--previous", first.root / "adopted/skr-old")
    assert (outcome.code, outcome.err) == (0, "")
    made_now, _ = read_skr(answer.read_bytes(), "skr-1")
    assert dnspython_accepts(
        ".", made_now.bundles[0], [ksk_pair(kind, "ksk-old").dnskey], made_now.bundles[0].inception
    )


# -- in their order ---------------------------------------------------------------------------------------------------


def quarters(folder: Path) -> tuple[Path, Zone]:
    """Two quarters signed elsewhere, the second under the name that sorts first."""
    zone = old_zone()
    things = history(zone) | {"a-later": write_skr(zone.deploy(zone.request(1), "normal", CURRENT))}
    return adopting(folder, zone, things), zone


def test_two_quarters_are_adopted_in_their_order(tmp_path: Path) -> None:
    root, zone = quarters(tmp_path)
    make_plan(root, "001-adoption", SHARE + brought("p-256"), day(2, 70), adopt=["dnskey-old", "skr-old", "a-later"])
    rehearse(root, sign_plan(root, "002-sign", zone, 2, "normal", CURRENT), VERIFIER.read_bytes())
    code, output = verify(*both(root), "--authority", genesis(root), "--rehearsal")
    assert code == 0, output


def test_an_skr_is_not_adopted_under_the_id_of_another(tmp_path: Path) -> None:
    zone = old_zone()
    root = adopting(
        tmp_path, zone, history(zone) | {"skr-1": write_skr(zone.deploy(zone.request(2), "normal", CURRENT))}
    )
    make_plan(root, "001-adoption", SHARE + brought("p-256"), day(1, 70), adopt=["dnskey-old", "skr-old"])
    rehearse(root, sign_plan(root, "002-sign", zone, 1, "normal", CURRENT), VERIFIER.read_bytes())
    assert codes(root, make_plan(root, "003-adoption", "", day(2, 70), adopt=["skr-1"])) == {"adopt.known"}


def test_bundles_that_others_numbered_alike_are_adopted_and_responses_of_one_id_are_not(tmp_path: Path) -> None:
    zone = old_zone()

    def numbered(quarter: int, name: str) -> bytes:
        request = zone.request(quarter)
        bundles = tuple(replace(one, id=f"slot-{number}") for number, one in enumerate(request.bundles, 1))
        return write_skr(zone.deploy(replace(request, id=name, bundles=bundles), "normal", CURRENT))

    things = history(zone) | {"skr-old": numbered(0, "q1"), "a-later": numbered(1, "q2"), "b-later": numbered(1, "q1")}
    root = adopting(tmp_path, zone, things)
    names = ["dnskey-old", "skr-old", "a-later"]
    alike = make_plan(
        root, "001-alike", SHARE + brought("p-256"), day(2, 70), adopt=["dnskey-old", "skr-old", "b-later"]
    )
    assert codes(root, alike) == {"adopt.skr_twice"}
    shutil.rmtree(alike)
    make_plan(root, "001-adoption", SHARE + brought("p-256"), day(2, 70), adopt=names)
    rehearse(root, sign_plan(root, "002-sign", zone, 2, "normal", CURRENT), VERIFIER.read_bytes())
    code, output = verify(*both(root), "--authority", genesis(root), "--rehearsal")
    assert code == 0, output


def test_what_is_older_than_what_the_zone_has_is_not_adopted(tmp_path: Path) -> None:
    root, _ = quarters(tmp_path)
    three = ["dnskey-old", "a-later", "skr-old"]
    wrong = make_plan(root, "001-adoption", SHARE + brought("p-256"), day(2, 70), adopt=three)
    assert codes(root, wrong) == {"adopt.skr_order"}
    shutil.rmtree(wrong)
    first = make_plan(root, "001-later", SHARE, day(2, 70), adopt=three[:2])
    rehearse(root, first, VERIFIER.read_bytes())
    assert codes(root, make_plan(root, "002-older", "", day(2, 60), adopt=three[2:])) == {"adopt.skr_order"}


def test_the_verifier_takes_in_no_quarter_before_the_last_one(tmp_path: Path) -> None:
    root, _ = quarters(tmp_path)
    plan = make_plan(root, "001-adoption", SHARE, day(2, 70), adopt=["dnskey-old", "skr-old", "a-later"])
    rehearse(root, plan, VERIFIER.read_bytes())
    forged = Forgery(record(root, "001-adoption"), stand_ins(root))
    forged.script["adopted"].reverse()
    made = forged.reseal().write(tmp_path / "record")
    code, output = verify(made, "--authority", genesis(root), "--rehearsal")
    assert code == 1
    assert "adopted skr-old: a-later was in the zone before and lasts as long" in output


# -- forgeries --------------------------------------------------------------------------------------------------------


def another_file(forged: Forgery, data: bytes) -> None:
    one = next(one for one in forged.script["adopted"] if one["id"] == "skr-old")
    forged.files[one["file"]] = data
    one["digest"] = canonical.digest(data)
    next(file for file in forged.script["inputs"] if file["file"] == one["file"])["digest"] = one["digest"]


def flipped(forged: Forgery) -> None:
    """One signature of it is of other octets."""
    data = forged.files["inputs/adopted/skr-old.skr.xml"]
    begin = data.index(b"<SignatureData>") + 15
    end = data.index(b"<", begin)
    octets = bytearray(base64.b64decode(data[begin:end]))
    octets[20] ^= 1
    another_file(forged, data[:begin] + base64.b64encode(octets) + data[end:])


def passed_over(forged: Forgery) -> None:
    del forged.script["skrs"]


def called_genesis(forged: Forgery) -> None:
    forged.operation("sign-1")["responses"][0].update(act="genesis")


def another_zone(forged: Forgery) -> None:
    forged.script["skrs"][0]["zone"] = "example."


FORGERIES: dict[str, tuple[str, Callable[[Forgery], None], str]] = {
    "a damaged SKR": ("001-adoption", flipped, "adopted skr-old: the signature of the key"),
    "one that is passed over": (
        "002-sign",
        passed_over,
        "the SKR skr-old is deployed in ., and the script passes over",
    ),
    "a second beginning": ("002-sign", called_genesis, "skr-1 is the first SKR of a zone that has one"),
    "one of another zone": ("002-sign", another_zone, "the SKR skr-old is not as the earlier records have it"),
}


@pytest.mark.parametrize("what", FORGERIES)
def test_the_verifier_refuses(followed: tuple[Path, Zone], tmp_path: Path, what: str) -> None:
    root, _ = followed
    name, change, said = FORGERIES[what]
    forged = Forgery(record(root, name), stand_ins(root))
    change(forged)
    made = forged.reseal().write(tmp_path / "forged")
    records = [one for one in both(root) if one != record(root, name) and name > "001-adoption"]
    code, output = verify(*records, made, "--authority", genesis(root), "--rehearsal")
    assert code == 1
    assert failed(output)
    assert said in output, output
