"""Shares given out anew on a token that has shares already: who held them opens it once more, and then never again."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

import pytest

from example import SHARE, certificate, key, make_plan
from forging import verify
from hsm_day import Day
from kept_record import KeyHolders, OfflineHost, conduct_for_real
from quorate import prepare, record, shares
from quorate.conduct import conduct
from quorate.credentials import REPLACED, plain
from quorate.findings import Refusal
from quorate.host import Host
from quorate.room import Kind, Room
from quorate.script.drafting import utc
from quorate.token import Login
from quorate.token.opening import open_token
from refusing import run
from unsmooth import PowerCut, at, pending, say

AGAIN = SHARE.replace('id = "share-hsm-1"', 'id = "share-again"').replace('["c1", "c2", "c3"]', '["c2", "c3"]')
FORGET = AGAIN.replace("threshold = 2", "").replace('holders = ["c2", "c3"]', 'fate = "destroyed"')


@pytest.fixture
def day(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Day:
    """A token whose credential three people share; two worksheets are kept, as people keep paper."""
    monkeypatch.setenv("SOFTHSM2_CONF", "")
    day = Day(tmp_path, operations=SHARE + key("key-r1"))
    assert day.conduct() == []
    old = {path.name: path.read_bytes() for path in (day.root / "worksheets/words/share/hsm-1/user").iterdir()}

    def kept(self: KeyHolders, seat: str, prompt: str, topic: str) -> bytearray:
        wrong = self._instead(prompt)
        if topic.endswith(REPLACED) and wrong is None:
            return bytearray(old[seat])
        return bytearray(wrong.encode()) if wrong is not None else super(KeyHolders, self).secret(seat, prompt, topic)

    monkeypatch.setattr(KeyHolders, "secret", kept)
    return day


def again(
    day: Day, operations: str = AGAIN, happens: tuple[object, ...] = (), types: Mapping[str, list[str]] = {}
) -> Path:
    ceremony = make_plan(day.root, "002-again", operations, "2026-12-08T09:00:00Z")
    return conduct_for_real(day.root, ceremony, day.keys, happens, types)  # type: ignore[arg-type]


def pin(day: Day, *seats: str) -> bytearray:
    """What the worksheets of these seats recover, as far as SLIP-39 knows."""
    register = prepare.real_base(day.root).register
    folder = day.root / "worksheets/words/share/hsm-1/user"
    words = [shares.parse_words(bytearray((folder / seat).read_bytes())) for seat in seats]
    return shares.pin_of(shares.combine(words, plain(register.sets["hsm-1", "user"])))


def opens(day: Day, credential: bytearray) -> bool:
    token = open_token("pkcs11", day.module, day.serial)
    try:
        token.login(Login.USER, credential)
    except Refusal:
        return False
    finally:
        token.close()
    return True


def accepted(day: Day) -> None:
    genesis = record.frozen_states(day.root)[0].digest
    code, output = verify(day.record, day.root / "ceremonies/002-again/record", "--authority", genesis)
    assert code == 0, output


def test_new_shares_open_the_token_and_the_old_ones_no_longer(day: Day) -> None:
    old = pin(day, "c1", "c3")
    assert opens(day, bytearray(old))
    again(day)
    assert not opens(day, old)
    assert opens(day, pin(day, "c2", "c3"))
    accepted(day)
    script = (day.root / "ceremonies/002-again/script.txt").read_text()
    assert "open it once more: 2 of 3 holders type theirs." in script


def test_what_is_mistyped_is_refused_before_new_shares_are_drawn(day: Day) -> None:
    new = (day.root / "worksheets/words/share/hsm-1/user/c2").read_bytes()
    again(day, types={"old share": ["no such words", "", new.decode()[:-1]]})
    accepted(day)


@pytest.mark.parametrize("point", [at("3.3"), pending("3.3")])
def test_the_power_fails(day: Day, point: object) -> None:
    """Before the intent nothing has happened; after it a login tells that the token still has the old credential."""
    again(day, happens=((point, PowerCut()),))
    assert opens(day, pin(day, "c2", "c3"))
    accepted(day)


def test_a_shared_credential_is_forgotten(day: Day) -> None:
    old = pin(day, "c1", "c3")
    again(day, FORGET)
    assert not opens(day, old)
    accepted(day)
    for name, operations in (("003-again", AGAIN), ("003-twice", FORGET.replace("share-again", "once-more"))):
        assert refusal(day, name, operations.replace("share-again", "once-more")) == ["plan.credential_forgotten"]
    assert "script.token_without_quorum" in refusal(day, "003-sign", key("key-r9"))


def test_a_ceremony_comes_after_those_that_were_held_by_its_name_too(day: Day) -> None:
    assert refusal(day, "000-early", key("key-r9")) == ["plan.sorts_early"]
    assert run("new", "000-new", "--from", "root", "--in", day.root).codes == ["plan.sorts_early"]
    assert refusal(day, "002-late", key("key-r9")) == []


def test_nothing_follows_a_ceremony_that_has_not_ended(day: Day) -> None:
    """Whatever came next would follow the record before it, as that one does: two records of one predecessor."""
    ceremony = make_plan(day.root, "002-next", key("key-r9"), "2026-12-15T09:00:00Z")
    checkpoint = (day.record / "checkpoint").read_bytes()
    (day.record / "checkpoint").unlink()
    assert refusal(day, "002-next", key("key-r9")) == ["record.open"]
    assert run("check", ceremony).codes == ["record.open"]
    (day.record / "checkpoint").write_bytes(checkpoint)
    assert refusal(day, "002-next", key("key-r9")) == []


def test_a_ceremony_that_was_overtaken_goes_on_no_more(day: Day, tmp_path: Path) -> None:
    """Its record was brought from elsewhere after another had followed the same one."""
    first = make_plan(day.root, "002-first", key("key-r8"), "2026-12-08T09:00:00Z")
    with pytest.raises(KeyboardInterrupt):
        conduct_for_real(day.root, first, day.keys, ((at("1.2"), KeyboardInterrupt()),))
    first.rename(tmp_path / "away")
    conduct_for_real(day.root, make_plan(day.root, "002-second", key("key-r9"), "2026-12-08T09:00:00Z"), day.keys)
    (tmp_path / "away").rename(first)
    start = prepare.real_base(day.root)
    people = KeyHolders(day.root, day.root / "worksheets", OfflineHost(utc("2026-12-08T10:00:00Z")), day.keys)
    with pytest.raises(Refusal) as refused:
        conduct(Room(people.host, people, first, start, day.root), b"the verifier", first)
    assert refused.value.code == "record.fork"


def test_a_new_plan_goes_by_what_was_done_and_not_by_what_an_aborted_ceremony_was_to_do(day: Day) -> None:
    operations = certificate("root", "root-r1", "Root R1", 3650, key="key-r1")
    planned = make_plan(day.root, "002-root", operations, "2026-12-08T09:00:00Z")
    crl = ("new", "003-crl", "--from", "crl", "--in", day.root)
    assert run(*crl).code == 0
    shutil.rmtree(day.root / "ceremonies/003-crl")
    conduct_for_real(day.root, planned, day.keys, ((at("1.3"), say(Kind.ABORT)),))
    assert run(*crl).codes == ["outset.no_root"]
    assert run("new", "003-root", "--from", "root", "--in", day.root).code == 0
    text = (day.root / "ceremonies/003-root/plan.toml").read_text()
    assert "Root R2" in text, "key-r1 is there, without a root"
    assert run("check", day.root / "ceremonies/003-root").code == 0
    assert "share-hsm-1" not in text


def refusal(day: Day, name: str, operations: str) -> list[str]:
    ceremony = make_plan(day.root, name, operations, "2026-12-15T09:00:00Z")
    try:
        prepare.compile_plan(ceremony, prepare.real_base(day.root), Host().random)
    except Refusal as refused:
        return [one.code for one in refused.findings]
    return []


def test_without_enough_of_the_old_holders_the_plan_is_refused(day: Day) -> None:
    plan = make_plan(day.root, "002-again", AGAIN, "2026-12-08T09:00:00Z") / "plan.toml"
    text = plan.read_text()
    for seat in ("c1", "c3"):
        start = text.index(f'[[seats]]\nid = "{seat}"')
        end = text.find("[[", start + 2)
        text = text[:start] + text[end:]
    plan.write_text(text.replace('["c2", "c3"]', '["c2"]').replace("threshold = 2", "threshold = 1"))
    with pytest.raises(Refusal) as refused:
        prepare.compile_plan(plan.parent, prepare.real_base(day.root), Host().random)
    assert "quorum.not_met" in {one.code for one in refused.value.findings}
