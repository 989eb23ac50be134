"""A key is destroyed: by a plan of its own, once, and for good; the register and the verifier know."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from example import FIRST, crl, key, make_authority, make_plan
from forging import VERIFIER, Forgery, genesis, pin_of_words, record, refused, stand_ins, verify
from quorate import archive
from quorate.conduct import conduct
from quorate.findings import Refusal
from quorate.host import SteppedHost
from quorate.keys import KeyType
from quorate.rehearse import StandIns, prepare_rehearsal, rehearse
from quorate.room import Room
from quorate.script import Destroy
from quorate.script.drafting import utc
from quorate.script.state import State
from quorate.statement import Mode
from quorate.token import Login
from quorate.token.opening import open_token
from unsmooth import PowerCut, When, unsmooth

DESTROY = '[[operations]]\nkind = "destroy-key"\nid = "destroy-r1"\nkey = "key-r1"\n'
LATER = "2026-12-08T09:00:00Z"
LAST = "2026-12-15T09:00:00Z"


@pytest.fixture(scope="module")
def destroyed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """001 makes a root, 002 destroys its key; both rehearsed."""
    root = make_authority(tmp_path_factory.mktemp("destroyed") / "authority")
    make_plan(root, "001-root", FIRST)
    rehearse(root, make_plan(root, "002-destroy", DESTROY, LATER), VERIFIER.read_bytes())
    return root


def verified(root: Path, *names: str) -> tuple[int, str]:
    records = [record(root, name) for name in names]
    return verify(*records, "--authority", genesis(root), "--rehearsal")


def test_the_verifier_says_which_key_was_destroyed(destroyed: Path) -> None:
    code, output = verified(destroyed, "001-root", "002-destroy")
    assert code == 0, output
    assert "keys: 0 generated; 1 destroyed: key-r1" in output


def test_the_first_page_says_that_the_last_copy_goes(destroyed: Path) -> None:
    script = (destroyed / "ceremonies/002-destroy/rehearsal/script.txt").read_text()
    assert "notice: destroy-r1: with key-r1 goes the last copy on any token: the key of root-r1\n" in script


def test_the_token_holds_nothing_under_its_id(destroyed: Path) -> None:
    folder = destroyed / "ceremonies" / "002-destroy" / "rehearsal" / "tokens" / "hsm-1"
    assert list(folder.glob("*.key")) == []
    assert list(folder.parent.parent.glob("record/artifacts/*")) == []


def test_the_register_holds_the_key_no_more_and_remembers_its_public_part(destroyed: Path) -> None:
    register = archive.read_register(destroyed, Mode.REHEARSAL)
    assert "key-r1" not in register.keys
    assert "key-r1" in register.spkis


@pytest.mark.parametrize(
    ("operations", "code"),
    [
        (crl("crl-r1-2", "root-r1", 2), "plan.issuer_key_elsewhere"),
        ('[[operations]]\nkind = "destroy-key"\nid = "destroy-again"\nkey = "key-r1"\n', "plan.key_unknown"),
        ('[[operations]]\nkind = "destroy-key"\nid = "destroy-x"\nkey = "no-such"\n', "plan.key_unknown"),
        (
            key("key-r2") + '[[operations]]\nkind = "destroy-key"\nid = "destroy-r2"\nkey = "key-r2"\n',
            "plan.key_made_here",
        ),
    ],
)
def test_a_plan_that_uses_what_is_not_there(destroyed: Path, tmp_path: Path, operations: str, code: str) -> None:
    root = tmp_path / "authority"
    shutil.copytree(destroyed, root)
    with pytest.raises(Refusal) as refusal:
        prepare_rehearsal(root, make_plan(root, "003-later", operations, LAST), VERIFIER.read_bytes())
    assert refusal.value.code == code


def test_nothing_signs_after_the_destruction_in_the_same_plan(destroyed: Path, tmp_path: Path) -> None:
    root = tmp_path / "authority"
    shutil.copytree(destroyed, root)
    shutil.rmtree(root / "ceremonies" / "002-destroy")
    plan = make_plan(root, "002-both", DESTROY + crl("crl-r1-2", "root-r1", 2), LATER)
    with pytest.raises(Refusal) as refusal:
        prepare_rehearsal(root, plan, VERIFIER.read_bytes())
    assert refusal.value.code == "plan.key_destroyed"


def test_a_last_signature_may_come_before_it(destroyed: Path, tmp_path: Path) -> None:
    root = tmp_path / "authority"
    shutil.copytree(destroyed, root)
    shutil.rmtree(root / "ceremonies" / "002-destroy")
    rehearse(root, make_plan(root, "002-both", crl("crl-r1-2", "root-r1", 2) + DESTROY, LATER), VERIFIER.read_bytes())
    code, output = verified(root, "001-root", "002-both")
    assert code == 0, output


# -- what goes wrong --------------------------------------------------------------------------------------------------


def half_done(rehearsal: Path) -> None:
    """What the power left: the pair is gone, and nobody has written so."""
    for path in (rehearsal / "tokens" / "hsm-1").glob("*.key"):
        path.unlink()


def nothing(rehearsal: Path) -> None:
    """The power went before the token was asked."""


def destroying(state: State) -> bool:
    return isinstance(state.step, Destroy) and state.pending and not state.interrupted


@pytest.mark.parametrize("meanwhile", [nothing, half_done])
def test_an_interrupted_destruction_goes_on(destroyed: Path, tmp_path: Path, meanwhile: Callable[[Path], None]) -> None:
    happens: list[tuple[When, BaseException]] = [(destroying, PowerCut())]
    root, _ = unsmooth(destroyed, tmp_path, happens, {}, VERIFIER.read_bytes(), "002-destroy", meanwhile)
    code, output = verified(root, "001-root", "002-destroy")
    assert code == 0, output
    types = [event["type"] for event in Forgery(record(root, "002-destroy"), stand_ins(root)).events]
    assert [types.count(kind) for kind in ("commanded", "intended", "resumed", "completed")] == [1, 1, 1, 1]


class Elsewhere(StandIns):
    """Stand-ins before a token in which another key lies under the id."""

    def refuse(self, refusal: Refusal) -> None:
        raise Found(refusal.code)


class Found(Exception):
    """What was refused."""


def test_another_key_under_the_id_is_left_alone(destroyed: Path, tmp_path: Path) -> None:
    root = tmp_path / "authority"
    shutil.copytree(destroyed, root)
    folder = root / "ceremonies" / "002-destroy" / "rehearsal"
    start, compiled = prepare_rehearsal(root, folder.parent, VERIFIER.read_bytes())
    assert compiled is not None
    (path,) = (folder / "tokens" / "hsm-1").glob("*.key")
    _replace(folder, bytes.fromhex(path.stem))
    planted = path.read_bytes()
    host = SteppedHost(utc(compiled.script.window.opens))
    room = Room(host, Elsewhere(root, folder, host), folder.parent, start, folder)
    with pytest.raises(Found, match=r"token\.other_key"):
        conduct(room, VERIFIER.read_bytes(), folder)
    assert path.read_bytes() == planted


def _replace(folder: Path, object_id: bytes) -> None:
    """Another pair under the same id, made by somebody who could unlock the token."""
    token = open_token("software", folder / "tokens" / "hsm-1", "SHADOW-hsm-1")
    token.login(Login.USER, pin_of_words(folder, "hsm-1"))
    token.destroy(object_id)
    token.generate(KeyType.P256, object_id, "key-r1")
    token.close()


# -- forgeries --------------------------------------------------------------------------------------------------------


def forged(root: Path, tmp_path: Path, change: Callable[[Forgery], None]) -> tuple[int, set[str], str]:
    forgery = Forgery(record(root, "002-destroy"), stand_ins(root))
    change(forgery)
    forgery.reseal()
    forgery.write(tmp_path / "forged")
    code, output = verify(record(root, "001-root"), tmp_path / "forged", "--authority", genesis(root), "--rehearsal")
    return code, refused(output), output


def other_object(forgery: Forgery) -> None:
    forgery.one("completed")["body"]["object"] = "00"


def other_public_key(forgery: Forgery) -> None:
    forgery.operation("destroy-r1")["spki"] = "sha256:" + "0" * 64


def never_done(forgery: Forgery) -> None:
    forgery.events.remove(forgery.one("completed"))


def one_approval_less(forgery: Forgery) -> None:
    forgery.events.remove(forgery.one("approved"))


@pytest.mark.parametrize(
    ("change", "claim"),
    [(other_object, "keys"), (other_public_key, "keys"), (never_done, "steps"), (one_approval_less, "steps")],
)
def test_a_forged_destruction_is_refused(
    destroyed: Path, tmp_path: Path, change: Callable[[Forgery], None], claim: str
) -> None:
    code, claims, output = forged(destroyed, tmp_path, change)
    assert code == 1
    assert claim in claims, output


def test_a_key_does_not_come_back_in_a_later_record(destroyed: Path, tmp_path: Path) -> None:
    """The record that destroys it stands between; one that then uses it follows from no register."""
    root = tmp_path / "authority"
    shutil.copytree(destroyed, root)
    rehearse(root, make_plan(root, "003-root", key("key-r3"), LAST), VERIFIER.read_bytes())
    before = Forgery(record(root, "002-destroy"), stand_ins(root)).script["keys"]
    forgery = Forgery(record(root, "003-root"), stand_ins(root))
    forgery.script["keys"] = before
    forgery.reseal()
    forgery.write(tmp_path / "forged")
    records = [record(root, "001-root"), record(root, "002-destroy"), tmp_path / "forged"]
    code, output = verify(*records, "--authority", genesis(root), "--rehearsal")
    assert code == 1
    assert "key key-r1 was destroyed in 002-destroy" in output
