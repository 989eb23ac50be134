"""A copy of a key comes to a second token, is found by its public key, and proves itself before it counts."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from example import FIRST, SHARE, crl, make_authority, make_plan
from forging import VERIFIER, Forgery, genesis, record, refused, stand_ins, verify
from quorate import archive
from quorate.findings import Refusal
from quorate.rehearse import StandIns, prepare_rehearsal, rehearse
from quorate.script import Import
from quorate.script.state import State
from quorate.statement import Mode
from quorate.want import Bring
from unsmooth import PowerCut, Unsmooth, When, unsmooth

SECOND_TOKEN = """
[[tokens]]
id = "hsm-2"
kind = "software"
location = "tokens/hsm-2"
serial = "EX-2"
"""
COPY = (
    SHARE.replace("hsm-1", "hsm-2")
    + """
[[operations]]
kind = "import-key"
id = "key-r1-east"
key = "key-r1"
token = "hsm-2"
"""
)
LATER, LAST = "2026-12-08T09:00:00Z", "2026-12-15T09:00:00Z"


@pytest.fixture(scope="module")
def copied(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """001 makes a root on hsm-1, 002 brings a copy of its key to hsm-2; both rehearsed."""
    root = make_authority(tmp_path_factory.mktemp("copied") / "authority")
    with (root / "authority.toml").open("a") as file:
        file.write(SECOND_TOKEN)
    make_plan(root, "001-root", FIRST)
    rehearse(root, make_plan(root, "002-copy", COPY, LATER), VERIFIER.read_bytes())
    return root


def verified(root: Path, *names: str) -> tuple[int, str]:
    return verify(*(record(root, name) for name in names), "--authority", genesis(root), "--rehearsal")


def test_the_verifier_says_which_copies_came(copied: Path) -> None:
    code, output = verified(copied, "001-root", "002-copy")
    assert code == 0, output
    assert "keys: brought in as copies: key-r1-east" in output


def test_the_copy_is_a_key_of_the_register_with_the_same_public_key(copied: Path) -> None:
    register = archive.read_register(copied, Mode.REHEARSAL)
    first, copy = register.keys["key-r1"], register.keys["key-r1-east"]
    assert (copy.token, copy.spki, copy.type) == ("hsm-2", first.spki, first.type)
    assert register.spkis["key-r1-east"] == register.spkis["key-r1"]


def test_openssl_accepts_the_proof(copied: Path, tmp_path: Path) -> None:
    artifacts = record(copied, "002-copy") / "artifacts"
    public = record(copied, "001-root") / "artifacts" / "key-r1.spki.der"
    command = ["openssl", "dgst", "-sha256", "-keyform", "DER", "-verify", str(public)]
    command += ["-signature", str(artifacts / "key-r1-east.possession.sig")]
    done = subprocess.run([*command, str(artifacts / "key-r1-east.possession.txt")], capture_output=True, check=False)
    assert done.stdout == b"Verified OK\n"


def test_one_copy_is_destroyed_and_the_other_signs_on(copied: Path, tmp_path: Path) -> None:
    root = tmp_path / "authority"
    shutil.copytree(copied, root)
    destroy = '[[operations]]\nkind = "destroy-key"\nid = "destroy-r1"\nkey = "key-r1"\n'
    plan = make_plan(root, "003-destroy", destroy + crl("crl-r1-2", "root-r1", 2), LAST)
    rehearse(root, plan, VERIFIER.read_bytes())
    code, output = verified(root, "001-root", "002-copy", "003-destroy")
    assert code == 0, output
    register = archive.read_register(root, Mode.REHEARSAL)
    assert set(register.keys) == {"key-r1-east"}


def test_no_last_copy_goes_when_the_same_plan_brings_another_first(copied: Path, tmp_path: Path) -> None:
    root = tmp_path / "authority"
    shutil.copytree(copied, root)
    shutil.rmtree(root / "ceremonies" / "002-copy")
    destroy = '[[operations]]\nkind = "destroy-key"\nid = "destroy-r1"\nkey = "key-r1"\n'
    state = rehearse(root, make_plan(root, "002-move", COPY + destroy, LATER), VERIFIER.read_bytes())
    assert not [notice for notice in state.script.notices if "last copy" in notice]
    assert verified(root, "001-root", "002-move")[0] == 0


@pytest.mark.parametrize(
    ("operations", "code"),
    [
        ('kind = "import-key"\nid = "again"\nkey = "key-r1"\ntoken = "hsm-1"', "plan.key_there_already"),
        ('kind = "import-key"\nid = "again"\nkey = "no-such"\ntoken = "hsm-1"', "plan.key_unknown"),
    ],
)
def test_a_plan_that_brings_what_it_cannot(copied: Path, tmp_path: Path, operations: str, code: str) -> None:
    root = tmp_path / "authority"
    shutil.copytree(copied, root)
    plan = make_plan(root, "003-later", f"[[operations]]\n{operations}\n", LAST)
    with pytest.raises(Refusal) as refusal:
        prepare_rehearsal(root, plan, VERIFIER.read_bytes())
    assert refusal.value.code == code


# -- what goes wrong --------------------------------------------------------------------------------------------------


def proving(state: State) -> bool:
    return isinstance(state.step, Import) and state.pending and not state.interrupted


def test_an_interrupted_proof_is_settled_by_the_quorum_and_made_again(copied: Path, tmp_path: Path) -> None:
    happens: list[tuple[When, BaseException]] = [(proving, PowerCut())]
    root, _ = unsmooth(copied, tmp_path, happens, {}, VERIFIER.read_bytes(), "002-copy")
    code, output = verified(root, "001-root", "002-copy")
    assert code == 0, output
    assert "attempt 1 of key-r1-east was settled as lost" in output


class Forgetful(Unsmooth):
    """Nobody has brought the copy when it is said to be there, the first time."""

    asked = 0

    def bring(self, want: Bring) -> None:
        """Said to be done, and not done."""
        self.want = want

    def refuse(self, refusal: Refusal) -> None:
        if refusal.code == "token.copy_missing":
            StandIns.bring(self, self.want)
        super().refuse(refusal)


def test_a_copy_that_is_not_there_is_named_and_can_still_be_brought(
    copied: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("unsmooth.Unsmooth", Forgetful)
    root, people = unsmooth(copied, tmp_path, [], {}, VERIFIER.read_bytes(), "002-copy")
    assert [refusal.code for refusal in people.refusals] == ["token.copy_missing"]
    code, output = verified(root, "001-root", "002-copy")
    assert code == 0, output
    assert "attempt 1 of key-r1-east was settled as failed" in output


# -- forgeries --------------------------------------------------------------------------------------------------------


def forged(root: Path, tmp_path: Path, change: Callable[[Forgery], None]) -> tuple[int, set[str], str]:
    forgery = Forgery(record(root, "002-copy"), stand_ins(root))
    change(forgery)
    forgery.reseal()
    forgery.write(tmp_path / "forged")
    code, output = verify(record(root, "001-root"), tmp_path / "forged", "--authority", genesis(root), "--rehearsal")
    return code, refused(output), output


def extractable(forgery: Forgery) -> None:
    forgery.one("completed", "key-r1-east")["body"]["attributes"]["EXTRACTABLE"] = "true"


def no_attributes(forgery: Forgery) -> None:
    forgery.one("completed", "key-r1-east")["body"]["attributes"] = []


def other_signature(forgery: Forgery) -> None:
    body = forgery.one("completed", "key-r1-east")["body"]
    body["signature"] = body["signature"][:-8] + "AAAAAAA="


def other_file(forgery: Forgery) -> None:
    forgery.files["artifacts/key-r1-east.possession.txt"] += b"x"


def other_key(forgery: Forgery) -> None:
    forgery.operation("key-r1-east")["key"] = "nobody"


def never_brought(forgery: Forgery) -> None:
    (step,) = [step for step in forgery.script["steps"] if step["kind"] == "import"]
    forgery.events.remove(forgery.one("acknowledged", step=step["id"]))


@pytest.mark.parametrize(
    ("change", "claim"),
    [
        (extractable, "keys"),
        (no_attributes, "keys"),
        (other_signature, "artifacts"),
        (other_file, "artifacts"),
        (other_key, "script"),
        (never_brought, "steps"),
    ],
)
def test_a_forged_copy_is_refused(copied: Path, tmp_path: Path, change: Callable[[Forgery], None], claim: str) -> None:
    code, claims, output = forged(copied, tmp_path, change)
    assert code == 1
    assert claim in claims, output
