"""Key sets of a zone signed in ceremonies: KSR in, SKR out, quarter after quarter, by stand-ins."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from example import SHARE, certificate, make_plan
from forging import VERIFIER, Forgery, genesis, record, refused, stand_ins, verify
from quorate import prepare
from quorate.dnssec.conformity import slots_in
from quorate.dnssec.ksr_layout import write_ksr
from quorate.dnssec.ksr_xml import read_skr
from quorate.dnssec.records import dnskey_line
from quorate.findings import Refusal
from quorate.host import SteppedHost
from quorate.rehearse import prepare_rehearsal, rehearse
from quorate.room import Kind
from quorate.script import Sign
from quorate.script.state import State
from quorate.statement import Mode
from refusing import run
from unsmooth import PowerCut, Unsmooth, When, say, unsmooth
from zoned import day, generation, ksk, make_zoned, publish_plan, sign_plan, signing
from zones import Zone, ksk_pair

ZONE = Zone(kinds={"ksk-1": "p-256"})
CURRENT = {"current": "ksk-1"}
GENESIS = {"act": "genesis", "reason": "the first key set of this zone"}


@pytest.fixture(scope="module")
def signed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """001 generates a KSK, 002 signs the first key set, 003 records it as deployed, 004 signs the next one."""
    root = make_zoned(tmp_path_factory.mktemp("signed") / "authority", ZONE)
    make_plan(root, "001-ksk", generation(ksk("ksk-1")), day(0, 90))
    sign_plan(root, "002-sign", ZONE, 0, "normal", CURRENT, **GENESIS)
    publish_plan(root, "003-deployed", 0)
    rehearse(root, sign_plan(root, "004-sign", ZONE, 1, "normal", CURRENT), VERIFIER.read_bytes())
    return root


NAMES = ("001-ksk", "002-sign", "003-deployed", "004-sign")


def verified(root: Path, *names: str) -> tuple[int, str]:
    return verify(*(record(root, name) for name in names), "--authority", genesis(root), "--rehearsal")


def test_the_verifier_accepts_the_sequence(signed: Path) -> None:
    code, output = verified(signed, *NAMES)
    assert code == 0, output
    assert "and 1 SKR valid and as approved" in output


def test_the_skr_is_signed_by_the_ksk_in_every_slot(signed: Path) -> None:
    for name, quarter in (("002-sign", 0), ("004-sign", 1)):
        data = (record(signed, name) / "artifacts" / f"skr-{quarter}.skr.xml").read_bytes()
        response, findings = read_skr(data, name)
        assert findings == ()
        assert [slot.sign for slot in slots_in(response)] == [frozenset({"ksk-1"})] * 9


def test_the_register_knows_what_is_deployed(signed: Path) -> None:
    register = prepare.read_register(signed, Mode.REHEARSAL)
    assert [(one.known.id, one.known.published) for one in register.skrs.values()] == [
        ("skr-0", True),
        ("skr-1", False),
    ]


def test_a_ksk_leaves_its_records_and_words(signed: Path) -> None:
    text = (record(signed, "001-ksk") / "artifacts" / "ksk-1.ksk.txt").read_text()
    kinds = [line.split()[2] for line in text.splitlines()]
    assert kinds == ["DNSKEY", "CDNSKEY", "DS", "DS", "CDS", "CDS"]


def test_a_ksk_that_was_there_before_signs_the_next_key_set(tmp_path: Path) -> None:
    """The operator brings the DNSKEY record; the pair proves itself on the token, and plays its part from then on."""
    root = make_zoned(tmp_path / "authority", ZONE)
    (root / "adopted").mkdir()
    (root / "adopted" / "ksk.txt").write_text(dnskey_line(".", ksk_pair("p-256", "ksk-1").dnskey) + "\n")
    with (root / "authority.toml").open("a") as file:
        file.write('[[adopted]]\nid = "ksk-of-old"\nfile = "ksk.txt"\n')
    proof = '[[operations]]\nkind = "import-key"\nid = "ksk-1"\nkey = "ksk-of-old"\ntoken = "hsm-1"\n'
    proof += 'zone = "."\nalgorithm = "ECDSAP256SHA256"\n'
    make_plan(root, "001-adoption", SHARE + proof, day(0, 90), adopt=["ksk-of-old"])
    rehearse(root, sign_plan(root, "002-sign", ZONE, 0, "normal", CURRENT, **GENESIS), VERIFIER.read_bytes())
    code, output = verified(root, "001-adoption", "002-sign")
    assert code == 0, output
    assert "and 1 SKR valid and as approved" in output


@pytest.fixture
def on_record(signed: Path, tmp_path: Path) -> Path:
    """The folder of a zone in an authority; rehearsed records lie where real ones do; the KSK is pinned."""
    root = Path(shutil.copytree(signed, tmp_path / "authority"))
    for name in NAMES:
        shutil.move(record(root, name), root / "ceremonies" / name / "record")
    text = (root / "ceremonies" / "001-ksk" / "record" / "artifacts" / "ksk-1.ksk.txt").read_text()
    tag, algorithm, digest = re.search(r"(?m)^\. IN DS (\d+) (\d+) 2 (\w+)$", text).groups()  # type: ignore[union-attr]
    pin = (
        f'id = "ksk-1"\nkey-tag = {tag}\nalgorithm = {algorithm}\nds-sha256 = "{digest.lower()}"\nsince = "2020-01-01"'
    )
    policy = root / "dnssec" / "0" / "policy.toml"
    policy.write_text(policy.read_text().replace("ksks = []\n", f"[[ksks]]\n{pin}\n"))
    return policy.parent


def test_a_request_is_checked_after_what_the_records_say_is_deployed(on_record: Path, tmp_path: Path) -> None:
    for quarter, before in ((1, "skr-0"), (2, None)):
        file = tmp_path / f"ksr-{quarter}.xml"
        file.write_bytes(write_ksr(ZONE.request(quarter)))
        out = run("ksr", "check", file, "--in", on_record, "--at", day(quarter, 60))
        assert "after the deployed response" in out.out
        assert (out.code, out.codes) == ((0, []) if before else (1, out.codes))
    assert "ksr.chain_keys" in out.codes  # quarter 1 is signed and not deployed: the one before is that of quarter 0


def test_a_response_is_checked_after_what_the_records_have_signed(on_record: Path) -> None:
    file = on_record.parents[1] / "ceremonies" / "004-sign" / "record" / "artifacts" / "skr-1.skr.xml"
    out = run("skr", "check", file, "--in", on_record, "--at", day(1, 60))
    assert (out.code, out.err) == (0, "")
    assert "after SKR " in out.out


# -- what is refused before the day -----------------------------------------------------------------------------------


def later(signed: Path, tmp_path: Path) -> Path:
    root = tmp_path / "authority"
    shutil.copytree(signed, root)
    return root


def plan_of(root: Path, quarter: int, schema: str = "normal", name: str = "005-sign", **more: str) -> Path:
    return sign_plan(root, name, ZONE, quarter, schema, CURRENT, **more)


def refusal_of(root: Path, plan: Path) -> list[str]:
    with pytest.raises(Refusal) as refusal:
        prepare_rehearsal(root, plan, VERIFIER.read_bytes())
    return [finding.code for finding in refusal.value.findings]


def test_nothing_is_signed_after_what_is_not_deployed(signed: Path, tmp_path: Path) -> None:
    """Quarter 2 would follow quarter 1, which is signed and not in the zone: the deployed one is quarter 0."""
    root = later(signed, tmp_path)
    codes = refusal_of(root, plan_of(root, 2))
    assert "skr.gap_before" in codes or "skr.starts_early" in codes


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"act": "genesis", "reason": "again"}, "skr.genesis_again"),
        ({"act": "zsk-compromise"}, "skr.act_needs"),
        ({"reason": "because"}, "plan.reason_without_act"),
        ({"zone": "example."}, "zone.unknown"),
        ({"ksr": "no-such.xml"}, "plan.input_missing"),
        ({"back-out-of": "nobody"}, "plan.back_out_of"),
        ({"id": "skr-0"}, "plan.id_twice"),
    ],
)
def test_a_response_is_refused_for(signed: Path, tmp_path: Path, change: dict[str, str], code: str) -> None:
    root = later(signed, tmp_path)
    shutil.rmtree(root / "ceremonies" / "004-sign")
    assert code in refusal_of(root, plan_of(root, 1, name="004-sign", **change))


def test_a_schema_out_of_its_turn(signed: Path, tmp_path: Path) -> None:
    root = later(signed, tmp_path)
    shutil.rmtree(root / "ceremonies" / "004-sign")
    make_plan(root, "0035-ksk", ksk("ksk-2"), day(1, 65))
    keys = {"current": "ksk-1", "next": "ksk-2"}
    assert "skr.order" in refusal_of(root, sign_plan(root, "004-sign", ZONE, 1, "revoke", keys))


@pytest.mark.parametrize(
    ("keys", "code"),
    [({"current": "ksk-9"}, "ksk.unknown"), ({"other": "ksk-1"}, "schema.keys_bound")],
)
def test_keys_that_do_not_fit(signed: Path, tmp_path: Path, keys: dict[str, str], code: str) -> None:
    root = later(signed, tmp_path)
    shutil.rmtree(root / "ceremonies" / "004-sign")
    assert code in refusal_of(root, sign_plan(root, "004-sign", ZONE, 1, "normal", keys))


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({'"ECDSAP256SHA256"': '"RSASHA256"'}, "plan.ksk_algorithm"),
        ({'"ECDSAP256SHA256"': '"NONE"'}, "plan.ksk_algorithm"),
        ({'zone = "."': 'zone = "elsewhere."'}, "zone.unknown"),
        ({'use = "ksk"': 'use = "root"'}, "plan.ksk_zone"),
        ({'zone = "."\n': ""}, "plan.ksk_zone"),
    ],
)
def test_a_key_that_is_half_a_ksk(tmp_path: Path, change: dict[str, str], code: str) -> None:
    root = make_zoned(tmp_path / "authority", ZONE)
    operation = ksk("ksk-1")
    for old, new in change.items():
        operation = operation.replace(old, new)
    with pytest.raises(Refusal) as refusal:
        prepare_rehearsal(root, make_plan(root, "001-ksk", generation(operation), day(0, 90)), VERIFIER.read_bytes())
    assert refusal.value.code == code


@pytest.mark.parametrize(
    "operation",
    [
        certificate("root", "root-x", "Root X", key="ksk-1"),
        '[[operations]]\nkind = "cross-csr"\nid = "request-x"\nkey = "ksk-1"\nsubject = { common-name = "X" }\n',
    ],
)
def test_a_ksk_signs_nothing_but_key_sets(signed: Path, tmp_path: Path, operation: str) -> None:
    """Neither the one of an earlier ceremony nor one that is made in the same."""
    root = later(signed, tmp_path)
    assert "plan.ksk_elsewhere" in refusal_of(root, make_plan(root, "005-x", operation, day(1, 40)))
    plan = make_plan(root, "005-x", ksk("ksk-2") + operation.replace("ksk-1", "ksk-2"), day(1, 40))
    assert "plan.ksk_elsewhere" in refusal_of(root, plan)


def test_an_operation_without_responses(signed: Path, tmp_path: Path) -> None:
    root = later(signed, tmp_path)
    plan = make_plan(root, "005-sign", signing("sign-9", []) + "responses = []\n", day(1, 40))
    assert refusal_of(root, plan) == ["plan.no_responses"]


def test_a_publication_of_nothing(signed: Path, tmp_path: Path) -> None:
    root = later(signed, tmp_path)
    assert refusal_of(root, publish_plan(root, "005-deployed", 7)) == ["plan.artifact_unknown"]


# -- sites ------------------------------------------------------------------------------------------------------------

SECOND_TOKEN = '\n[[tokens]]\nid = "hsm-2"\nkind = "software"\nlocation = "tokens/hsm-2"\nserial = "EX-2"\n'
BRING = '[[operations]]\nkind = "import-key"\nid = "ksk-1-east"\nkey = "ksk-1"\ntoken = "hsm-2"\n'


@pytest.fixture(scope="module")
def two_sites(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A zone whose KSKs must be on two tokens, and a KSK that is on one."""
    root = make_zoned(tmp_path_factory.mktemp("sites") / "authority", ZONE, tokens=("hsm-1", "hsm-2"))
    text = (root / "authority.toml").read_text()
    (root / "authority.toml").write_text(text.replace("\n[[zones]]", SECOND_TOKEN + "\n[[zones]]", 1))
    rehearse(root, make_plan(root, "001-ksk", generation(ksk("ksk-1")), day(0, 90)), VERIFIER.read_bytes())
    return root


def test_a_ksk_that_is_on_one_site_only_is_not_used(two_sites: Path, tmp_path: Path) -> None:
    root = later(two_sites, tmp_path)
    plan = sign_plan(root, "002-sign", ZONE, 0, "normal", CURRENT, **GENESIS)
    assert refusal_of(root, plan) == ["plan.ksk_not_ready"]


def test_a_ksk_on_both_sites_signs_at_the_one_that_is_named(two_sites: Path, tmp_path: Path) -> None:
    root = later(two_sites, tmp_path)
    share = generation().replace("hsm-1", "hsm-2")
    rehearse(root, make_plan(root, "002-east", share + BRING, day(0, 80)), VERIFIER.read_bytes())
    response = {"id": "skr-0", "zone": ".", "ksr": "ksr.xml", "schema": "normal", "keys": CURRENT, **GENESIS}
    plan = make_plan(root, "003-sign", signing("sign-0", [response]), day(0, 60))
    (plan / "inputs" / "ksr.xml").write_bytes(write_ksr(ZONE.request(0)))
    assert refusal_of(root, plan) == ["plan.ksk_which_token"]
    make_plan(root, "003-sign", signing("sign-0", [response], "hsm-2"), day(0, 60))
    rehearse(root, plan, VERIFIER.read_bytes())
    code, output = verified(root, "001-ksk", "002-east", "003-sign")
    assert code == 0, output


# -- what goes wrong in the room --------------------------------------------------------------------------------------


def signing_now(state: State) -> bool:
    return isinstance(state.step, Sign) and state.pending and not state.interrupted


@pytest.mark.parametrize(("kind", "settled"), [("p-256", 1), ("ed25519", 0)])
def test_an_interrupted_response(tmp_path: Path, kind: str, settled: int) -> None:
    """With a deterministic algorithm it is made again, and can only be the same; else the quorum states it as lost."""
    zone = Zone(kinds={"ksk-1": kind}, zsk_kinds=(kind,))
    root = make_zoned(tmp_path / "plain", zone)
    make_plan(root, "001-ksk", generation(ksk("ksk-1", kind)), day(0, 90))
    sign_plan(root, "002-sign", zone, 0, "normal", CURRENT, **GENESIS)
    happens: list[tuple[When, BaseException]] = [(signing_now, PowerCut())]
    root, _ = unsmooth(root, tmp_path / "struck", happens, {}, VERIFIER.read_bytes(), "002-sign")
    code, output = verified(root, "001-ksk", "002-sign")
    assert code == 0, output
    types = [event["type"] for event in Forgery(record(root, "002-sign"), stand_ins(root)).events]
    assert [types.count(kind) for kind in ("intended", "completed", "settled")] == [1 + settled, 1, settled]


def test_an_interrupted_response_is_not_made_again_once_the_window_has_closed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    zone = Zone(kinds={"ksk-1": "ed25519"}, zsk_kinds=("ed25519",))
    root = make_zoned(tmp_path / "plain", zone)
    make_plan(root, "001-ksk", generation(ksk("ksk-1", "ed25519")), day(0, 90))
    sign_plan(root, "002-sign", zone, 0, "normal", CURRENT, **GENESIS)
    now, later = SteppedHost.now, list[timedelta]()

    def again(self: Unsmooth) -> bool:
        raise say(Kind.ABORT)

    monkeypatch.setattr(SteppedHost, "now", lambda self: now(self) + sum(later, timedelta()))
    monkeypatch.setattr(Unsmooth, "again", again)
    happens: list[tuple[When, BaseException]] = [
        (lambda state: signing_now(state) and not later.append(timedelta(days=2)), PowerCut())
    ]
    root, people = unsmooth(root, tmp_path / "struck", happens, {}, VERIFIER.read_bytes(), "002-sign")
    assert [one.code for one in people.refusals] == ["session.window_closed"]
    code, output = verified(root, "001-ksk", "002-sign")
    assert code == 0, output
    types = [event["type"] for event in Forgery(record(root, "002-sign"), stand_ins(root)).events]
    assert [types.count(kind) for kind in ("intended", "completed", "aborted")] == [1, 0, 1]


def test_numbers_with_zeros_before_them_are_read_by_the_verifier_too(tmp_path: Path) -> None:
    """What an exception of the policy accepts in a request is no fault of the record."""
    zone = Zone(kinds={"ksk-1": "p-256"})
    root = make_zoned(tmp_path / "plain", zone)
    rehearse(root, make_plan(root, "001-ksk", generation(ksk("ksk-1")), day(0, 90)), VERIFIER.read_bytes())
    (path,) = (root / "dnssec").glob("*/policy.toml")
    spelled = (
        'id = "zeros", since = "2020-01-01", until = "2030-01-01", accepts = ["ksr.number_spelled"], reason = "So."'
    )
    path.write_text(f"exceptions = [{{ {spelled} }}]\n{path.read_text()}")
    plan = sign_plan(root, "002-sign", zone, 0, "normal", CURRENT, **GENESIS)
    ksr = plan / "inputs" / "ksr.xml"
    text = re.sub(r'keyTag="(\d+)"', lambda tag: f'keyTag="{int(tag[1]):012}"', ksr.read_text())
    ksr.write_text(text.replace("<TTL>172800<", "<TTL>000000172800<"))
    rehearse(root, plan, VERIFIER.read_bytes())
    code, output = verified(root, "001-ksk", "002-sign")
    assert code == 0, output


# -- forgeries --------------------------------------------------------------------------------------------------------


def forged(root: Path, tmp_path: Path, change: Callable[[Forgery], None]) -> tuple[int, set[str], str]:
    forgery = Forgery(record(root, "004-sign"), stand_ins(root))
    change(forgery)
    forgery.reseal()
    forgery.write(tmp_path / "forged")
    before = [record(root, name) for name in NAMES[:3]]
    code, output = verify(*before, tmp_path / "forged", "--authority", genesis(root), "--rehearsal")
    return code, refused(output), output


def other_signature(forgery: Forgery) -> None:
    made = forgery.one("completed", "sign-1")["body"]["signatures"]
    made[3] = made[4]


def fewer_signatures(forgery: Forgery) -> None:
    forgery.one("completed", "sign-1")["body"]["signatures"].pop()


def other_file(forgery: Forgery) -> None:
    path = "artifacts/skr-1.skr.xml"
    forgery.files[path] = forgery.files[path].replace(b"P28D", b"P29D", 1)


def other_request(forgery: Forgery) -> None:
    """The people approved the RRsets of one request; another lies among the inputs."""
    forgery.files["inputs/ksr.xml"] = write_ksr(ZONE.request(2))
    forgery.operation("sign-1")["responses"][0]["digest"] = "sha256:" + "0" * 64


def other_schema(forgery: Forgery) -> None:
    forgery.operation("sign-1")["responses"][0]["schema"] = "rollover"


def deployed_by_nobody(forgery: Forgery) -> None:
    forgery.script["skrs"][0]["published"] = False


@pytest.mark.parametrize(
    ("change", "claim"),
    [
        (other_signature, "artifacts"),
        (fewer_signatures, "artifacts"),
        (other_file, "artifacts"),
        (other_request, "artifacts"),
        (other_schema, "artifacts"),
        (deployed_by_nobody, "continuity"),
    ],
)
def test_a_forged_key_set_is_refused(
    signed: Path, tmp_path: Path, change: Callable[[Forgery], None], claim: str
) -> None:
    code, claims, output = forged(signed, tmp_path, change)
    assert code == 1
    assert claim in claims, output
