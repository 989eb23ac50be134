"""The examples' own programs: they read what they are told, and remove only what they made."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

EXAMPLES = Path(__file__).parent.parent / "examples"
RUNS = ("run_demo", "run_root_zone")


def loaded(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, EXAMPLES / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("name", RUNS)
@pytest.mark.parametrize(("argument", "code"), [("--help", 0), ("--folder", 2)])
def test_an_option_is_no_folder(tmp_path: Path, name: str, argument: str, code: int) -> None:
    command = [sys.executable, str(EXAMPLES / f"{name}.py"), argument]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == code
    assert "usage:" in done.stdout + done.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", RUNS)
def test_a_folder_that_it_did_not_make_is_left_as_it_is(tmp_path: Path, name: str) -> None:
    letters = tmp_path / "letters"
    letters.mkdir()
    (letters / "one.txt").write_text("dear")
    with pytest.raises(SystemExit, match="was not made by this program"):
        loaded(name).begin_again(letters, EXAMPLES / "demo")
    assert [path.name for path in letters.iterdir()] == ["one.txt"]


@pytest.mark.parametrize("name", RUNS)
def test_what_it_made_is_made_anew(tmp_path: Path, name: str) -> None:
    program, folder = loaded(name), tmp_path / "run"
    program.begin_again(folder, EXAMPLES / "demo")
    (folder / "left-over").touch()
    program.begin_again(folder, EXAMPLES / "demo")
    assert (folder / "authority.toml").is_file()
    assert not (folder / "left-over").exists()
