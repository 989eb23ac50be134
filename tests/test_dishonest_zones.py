"""Key sets by a program that judges nothing, as an operator might have one: what the verifier says of their records."""

from __future__ import annotations

import dataclasses
import re
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from msgspec import structs

from example import SHARE, make_plan
from forging import VERIFIER, genesis, record, refused, verifier, verify
from quorate import acts, archive, zone_acts
from quorate.dnssec.dnskey import ZSK_FLAGS, Algorithm, dnskey_of
from quorate.dnssec.keyfile import KeyPair
from quorate.dnssec.ksr import Request
from quorate.dnssec.ksr_layout import write_ksr, write_skr
from quorate.layout import Layout, Maker
from quorate.rehearse import rehearse
from quorate.script import Compare
from quorate.statement import Mode
from test_acts_in_ceremonies import BEFORE, BOTH, FIRST, OLD, ZONE, two_quarters
from test_adopted_skrs import CURRENT, adopting, brought, history, old_zone
from zoned import day, generation, ksk, make_zoned, publish_plan, sign_plan, signing
from zones import DAY, Zone, both, ksk_pair, replace

SWAPPED = {"current": "ksk-2", "next": "ksk-1"}


@pytest.fixture(scope="module")
def honest(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return two_quarters(tmp_path_factory.mktemp("honest"))


JUDGEMENTS: Mapping[str, Callable[..., object]] = {
    "quorate.script.skr._judged": lambda draft, *_: dataclasses.replace(draft, findings=()),
    "quorate.script.skr.refuse_errors": lambda _: None,
    "quorate.dnssec.response.refuse_errors": lambda _: None,
    "quorate.keysets._act_findings": lambda *_: (),
    "quorate.keysets._identifiers": lambda *_: (),
    "quorate.keysets._require_ready": lambda *_: None,
    "quorate.adoption._skr_findings": lambda *_: (),
    "quorate.adoption._order_findings": lambda *_: (),
}
"""What a program leaves out that judges nothing."""


@pytest.fixture
def judging_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, rule in JUDGEMENTS.items():
        monkeypatch.setattr(name, rule)


def response(name: str, schema: str, keys: Mapping[str, str], **more: str) -> dict[str, object]:
    return {"id": name, "zone": ".", "ksr": f"{name}.xml", "schema": schema, "keys": keys, **more}


def later(request: Request, length: int) -> Request:
    """With signatures that last so many days longer."""
    bundles = tuple(replace(one, expiration=one.expiration + length * DAY) for one in request.bundles)
    return replace(request, bundles=bundles)


def as_if(request: Request, other: Request) -> Request:
    """Under the ids of another request."""
    bundles = (replace(one, id=its.id) for one, its in zip(request.bundles, other.bundles, strict=True))
    return replace(request, id=other.id, bundles=tuple(bundles))


def moved(request: Request, days: int) -> Request:
    """With all its slots so many days later."""
    moves = (
        replace(one, inception=one.inception + days * DAY, expiration=one.expiration + days * DAY)
        for one in request.bundles
    )
    return replace(request, bundles=tuple(moves))


def beside(stranger: KeyPair) -> Request:
    """The request of the next quarter, with one more key in every slot."""
    turns = [(*ZONE.zsks(1), *ZONE.zsks(2)), *[ZONE.zsks(2)] * 7, (*ZONE.zsks(2), *ZONE.zsks(3))]
    return ZONE.request(2, [(*one, stranger) for one in turns])


STRANGERS = ksk_pair("p-256", "stranger")
NEXT = ZONE.request(2)
OTHERS = as_if(ZONE.request(2, [ZONE.zsks(8)] * 9), NEXT)
Attack = tuple[Mapping[str, Request], tuple[dict[str, object], ...], str]
ATTACKS: dict[str, Attack] = {
    "a quarter is skipped": (
        {"n": ZONE.request(3)},
        (response("n", "pre-publish+", BOTH),),
        "n: it begins when skr-1 before it has ended",
    ),
    "a key is revoked out of turn": (
        {"n": NEXT},
        (response("n", "revoke", BOTH),),
        "n: the schema revoke does not follow pre-publish of skr-1",
    ),
    "the KSKs change their parts": (
        {"n": NEXT},
        (response("n", "rollover", SWAPPED),),
        "n: its KSKs play other parts than in skr-1",
    ),
    "a back-out is made for its own sake": (
        {"n": NEXT},
        (response("n", "rollover-back-out", BOTH),),
        "n: a back-out stands by itself",
    ),
    "something else is called a back-out": (
        {"n": NEXT, "b": ZONE.request(3)},
        (response("n", "pre-publish+", BOTH), response("b", "normal", OLD) | {"back-out-of": "n"}),
        "b: it is no back-out of that schema",
    ),
    "a back-out is for other slots": (
        {"n": NEXT, "b": ZONE.request(3)},
        (response("n", "rollover", BOTH), response("b", "rollover-back-out", BOTH) | {"back-out-of": "n"}),
        "b: it backs out of other slots",
    ),
    "two are made for the same slots": (
        {"n": NEXT, "m": ZONE.request(2, [ZONE.zsks(2)] * 9, begin=ZONE.begin(2))},
        (response("n", "pre-publish+", BOTH), response("m", "pre-publish+", BOTH)),
        "m: it is for slots of n, which is made here too",
    ),
    "two requests have one id": (
        {"n": NEXT, "m": OTHERS},
        (response("n", "pre-publish+", BOTH), response("m", "pre-publish+", BOTH)),
        "m: another request with one of its ids was answered before",
    ),
    "signatures last for years": (
        {"n": later(NEXT, 3650)},
        (response("n", "pre-publish+", BOTH),),
        "n: a validity is not as the policy has it",
    ),
    "an old request is answered with another schema": (
        {"n": ZONE.request(0)},
        (response("n", "revoke", BOTH, act="re-sign") | {"again-of": "skr-0"},),
        "n: it begins before the last bundle of skr-1",
    ),
    "what is in the zone is answered with another schema": (
        {"n": ZONE.request(1)},
        (response("n", "revoke", BOTH, act="re-sign") | {"again-of": "skr-1"},),
        "n signs skr-1 again, by another schema or with other KSKs",
    ),
    "a response is called like a key": (
        {"ksk-2": NEXT},
        (response("ksk-2", "pre-publish+", BOTH),),
        "a response has the name of something else",
    ),
    "a stranger's KSK is signed": (
        {"n": beside(STRANGERS)},
        (response("n", "pre-publish+", BOTH),),
        "n: a key that is no ZSK is asked for",
    ),
    "a stranger's revoked KSK is signed": (
        {"n": beside(replace(STRANGERS, dnskey=STRANGERS.dnskey.revoked))},
        (response("n", "pre-publish+", BOTH),),
        "n: a key that is no ZSK is asked for",
    ),
    "it overlaps too long with the SKR before": (
        {"n": moved(NEXT, -9)},
        (response("n", "pre-publish+", BOTH),),
        "n: its overlap with skr-1 is not as the policy has it",
    ),
    "it hardly overlaps with the SKR before": (
        {"n": moved(NEXT, 10)},
        (response("n", "pre-publish+", BOTH),),
        "n: its overlap with skr-1 is not as the policy has it",
    ),
    "a stranger's ZSKs are signed": (
        {"n": ZONE.request(2, [ZONE.zsks(50)] * 9)},
        (response("n", "pre-publish+", BOTH),),
        "n: a ZSK of its first bundle is not in the last one of skr-1",
    ),
    "a stranger's ZSKs are signed in a back-out": (
        {"n": NEXT, "b": ZONE.request(2, [ZONE.zsks(50)] * 9, begin=ZONE.begin(2))},
        (response("n", "rollover", BOTH), response("b", "rollover-back-out", BOTH) | {"back-out-of": "n"}),
        "b: a ZSK of its first bundle is not in the last one of skr-1",
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", ATTACKS)
@pytest.mark.usefixtures("judging_nothing")
def test_the_verifier_sees_that(honest: Path, tmp_path: Path, what: str) -> None:
    requests, responses, said = ATTACKS[what]
    root = Path(shutil.copytree(honest, tmp_path / "authority"))
    plan = make_plan(root, "006-sign", signing("op", responses), day(2, 60))
    for name, request in requests.items():
        (plan / "inputs" / f"{name}.xml").write_bytes(write_ksr(request))
    rehearse(root, plan, VERIFIER.read_bytes())
    records = (record(root, name) for name in (*BEFORE, "006-sign"))
    code, output = verify(*records, "--authority", genesis(root), "--rehearsal")
    assert code == 1
    assert said in output, output
    assert refused(output) & {"continuity", "artifacts", "script"}


@pytest.mark.usefixtures("judging_nothing")
def test_the_verifier_sees_a_zsk_that_is_the_pair_of_a_ksk(honest: Path, tmp_path: Path) -> None:
    root = Path(shutil.copytree(honest, tmp_path / "authority"))
    public = archive.read_register(root, Mode.REHEARSAL).spkis["ksk-1"]
    same = KeyPair("same", dnskey_of(public, Algorithm.ECDSAP256SHA256, ZSK_FLAGS), lambda data: bytes(64))
    turns = [(*ZONE.zsks(1), *ZONE.zsks(2)), *[ZONE.zsks(2)] * 7, (*ZONE.zsks(2), same)]
    plan = make_plan(root, "006-sign", signing("op", [response("n", "pre-publish+", BOTH)]), day(2, 60))
    (plan / "inputs" / "n.xml").write_bytes(write_ksr(ZONE.request(2, turns)))
    rehearse(root, plan, VERIFIER.read_bytes())
    records = (record(root, name) for name in (*BEFORE, "006-sign"))
    code, output = verify(*records, "--authority", genesis(root), "--rehearsal")
    assert code == 1
    assert "n: a ZSK is the key pair of a KSK" in output


STRANGE = Zone(kinds={"strange": "p-256"})
ELSEWHERE = Zone("elsewhere.", {"strange": "p-256"})


def gap(data: bytes) -> bytes:
    """The first and the last bundle alone."""
    bundles = re.findall(rb"<ResponseBundle .*?</ResponseBundle>", data, re.DOTALL)
    for bundle in bundles[1:-1]:
        data = data.replace(bundle, b"")
    return data


ADOPTED: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "it is signed by a stranger": (
        lambda _: write_skr(STRANGE.deploy(STRANGE.request(0), "normal", {"current": "strange"})),
        "adopted skr-old: signed by a key that is neither adopted nor known",
    ),
    "it is of another zone": (
        lambda _: write_skr(ELSEWHERE.deploy(ELSEWHERE.request(0), "normal", {"current": "strange"})),
        "adopted skr-old: of a zone that the authority has not",
    ),
    "its bundles leave gaps": (gap, "adopted skr-old: a bundle that does not begin while the one before is valid"),
    "its tags are false": (lambda data: re.sub(rb'keyTag="\d+"', b'keyTag="1"', data), "a key whose tag is not 1"),
    "its TTLs differ": (lambda data: data.replace(b"<TTL>172800", b"<TTL>1", 1), "a bundle of several TTLs"),
    "its bundles have one id": (
        lambda data: re.sub(rb'<ResponseBundle id="[^"]*"', b'<ResponseBundle id="x"', data),
        "two bundles of one id",
    ),
}


@pytest.mark.parametrize("what", ADOPTED)
@pytest.mark.usefixtures("judging_nothing")
def test_the_verifier_sees_of_what_is_adopted_that(tmp_path: Path, what: str) -> None:
    change, said = ADOPTED[what]
    zone = old_zone()
    things = history(zone)
    root = adopting(tmp_path, zone, things | {"skr-old": change(things["skr-old"])})
    plan = make_plan(root, "001-adoption", SHARE + brought("p-256"), day(1, 70), adopt=["dnskey-old", "skr-old"])
    rehearse(root, plan, VERIFIER.read_bytes())
    code, output = verify(record(root, "001-adoption"), "--authority", genesis(root), "--rehearsal")
    assert code == 1
    assert said in output, output


DAMAGED: dict[str, tuple[tuple[str, str], str]] = {
    "in another name": ((r"<SignersName>\.<", "<SignersName>evil.<"), "in the name of another zone"),
    "with other labels": (("<Labels>0<", "<Labels>7<"), "of another form than the zone's"),
    "of another algorithm": (
        (r"<Algorithm>13</Algorithm>(\s*<Labels>)", r"<Algorithm>8</Algorithm>\1"),
        "of another form",
    ),
    "for another time": ((r"(<SignatureInception>2026)-01-01", r"\1-01-02"), "for another time than its bundle's"),
    "of other octets": ((r"<SignatureData>..", "<SignatureData>AA"), "not valid"),
    "under another key's name": (
        (r'<Signature keyIdentifier="[^"]*"', '<Signature keyIdentifier="x"'),
        "not in its bundle",
    ),
    "with a serial that is none": (('serial="[0-9]+"', 'serial="x"'), "a serial number that is no number"),
}


def test_the_verifier_takes_no_ksk_that_returns_once_revoked() -> None:
    zone, module = Zone(), verifier()
    request = zone.request(0)
    revoked = zone.sign(zone.draft(request, "revoke", both()))
    usual = zone.sign(zone.draft(request, "normal", {"current": "A"}))
    module.AnsweredRequest(write_skr(revoked)).verify()
    returned = replace(revoked, bundles=(*revoked.bundles[:2], usual.bundles[2], *revoked.bundles[3:]))
    with pytest.raises(module.Bad, match="a KSK that returns once revoked"):
        module.AnsweredRequest(write_skr(returned)).verify()


@pytest.mark.parametrize("what", DAMAGED)
def test_the_verifier_takes_no_signature(what: str) -> None:
    (old, new), said = DAMAGED[what]
    zone = old_zone()
    text = write_skr(zone.deploy(zone.request(0), "normal", CURRENT)).decode()
    module = verifier()
    module.AnsweredRequest(text.encode()).verify()
    changed = re.sub(old, new, text, count=1)
    assert changed != text
    with pytest.raises(module.Bad, match=said):
        module.AnsweredRequest(changed.encode()).verify()


def test_the_verifier_takes_no_successor_of_an_skr_with_a_strange_ksk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It does not sign there, and validators that follow RFC 5011 would trust it a month later."""
    monkeypatch.setattr("quorate.dnssec.response.refuse_errors", lambda findings: None)
    zone = old_zone()
    turns = [(*zone.zsks(0), *zone.zsks(-1), STRANGERS), *[(*zone.zsks(0), STRANGERS)] * 7]
    request = zone.request(0, [*turns, (*zone.zsks(0), *zone.zsks(1), STRANGERS)])
    first = zone.deploy(request, "normal", CURRENT)
    monkeypatch.undo()
    for name, rule in JUDGEMENTS.items():
        monkeypatch.setattr(name, rule)
    root = adopting(tmp_path, zone, history(zone, first))
    plan = make_plan(root, "001-adoption", SHARE + brought("p-256"), day(1, 70), adopt=["dnskey-old", "skr-old"])
    rehearse(root, plan, VERIFIER.read_bytes())
    rehearse(root, sign_plan(root, "002-sign", zone, 1, "normal", CURRENT), VERIFIER.read_bytes())
    records = (record(root, name) for name in ("001-adoption", "002-sign"))
    code, output = verify(*records, "--authority", genesis(root), "--rehearsal")
    assert code == 1
    assert f"skr-1: skr-old has the KSK {STRANGERS.dnskey.key_tag}, which is not pinned" in output


# -- what is read from elsewhere ---------------------------------------------------------------------------------------


def by_one(maker: Maker) -> Maker:
    def make(step: str) -> Compare:
        made = maker(step)
        assert isinstance(made, Compare)
        return structs.replace(made, by=made.by[:1])

    return make


def test_a_request_that_nobody_or_one_alone_has_read_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two people vouch for the first ZSKs."""
    laid_out = zone_acts.signing
    for number, (said, kept) in enumerate(
        {"1": lambda made: [by_one(made[0]), made[-1]], "0": lambda made: made[-1:]}.items()
    ):
        with monkeypatch.context() as patch:
            patch.setattr(acts, "signing", lambda layout, operation, kept=kept: kept(laid_out(layout, operation)))
            root = make_zoned(tmp_path / f"a{number}", ZONE)
            make_plan(root, "001-ksk", generation(ksk("ksk-1"), ksk("ksk-2")), day(0, 90))
            rehearse(root, sign_plan(root, "002-sign", ZONE, 0, "normal", OLD, **FIRST), VERIFIER.read_bytes())
        records = (record(root, name) for name in ("001-ksk", "002-sign"))
        code, output = verify(*records, "--authority", genesis(root), "--rehearsal")
        assert code == 1
        assert refused(output) == {"script"}
        assert f"skr-0: its request is read aloud by {said}" in output


def test_what_is_published_is_compared_by_two(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    published = zone_acts._publication
    monkeypatch.setattr(zone_acts, "_publication", lambda one, by: published(one, by[:1]))
    root = make_zoned(tmp_path / "authority", ZONE)
    make_plan(root, "001-ksk", generation(ksk("ksk-1"), ksk("ksk-2")), day(0, 90))
    sign_plan(root, "002-sign", ZONE, 0, "normal", OLD, **FIRST)
    rehearse(root, publish_plan(root, "003-deployed", 0), VERIFIER.read_bytes())
    code, output = verify(*(record(root, one) for one in BEFORE[:3]), "--authority", genesis(root), "--rehearsal")
    assert code == 1
    assert "skr-0 is compared with what is published by fewer than 2" in output


def test_what_is_adopted_is_compared_by_two(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    adopts: Callable[[Layout], list[Maker]] = acts._adoption
    monkeypatch.setattr(acts, "_adoption", lambda layout: adopts(layout)[-1:])
    zone = old_zone()
    root = adopting(tmp_path, zone, history(zone))
    plan = make_plan(root, "001-adoption", SHARE + brought("p-256"), day(1, 70), adopt=["dnskey-old", "skr-old"])
    rehearse(root, plan, VERIFIER.read_bytes())
    code, output = verify(record(root, "001-adoption"), "--authority", genesis(root), "--rehearsal")
    assert code == 1
    assert refused(output) == {"script"}
    assert "adopted skr-old: compared by fewer than 2" in output
