"""Two quarters of a root zone's year: seven ceremonies of an example authority rehearsed, printed and verified.

The authority is copied, so that everything that is made can be looked at and thrown away:

    .venv/bin/python examples/run_root_zone.py [FOLDER]

Two days of the plans are not needed in this run. The first signing is held on its day, and its standby day is free
again; the second is not held on its day, and its standby day is used.
"""

import argparse
import hashlib
import shutil
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
CEREMONIES = (
    "001-west-generation",
    "002-east-import",
    "003-west-signing-2027q2",
    "005-west-officers",
    "006-west-published-2027q2",
    "008-east-signing-2027q3-standby",
    "009-west-destruction",
)
QUORATE = Path(sys.executable).parent / "quorate"
MARK = ".made-by-the-example"


def run(folder: Path, *command: str) -> None:
    """Show a command, run it, and stop if it fails."""
    print(f"\n$ quorate {' '.join(command)}", flush=True)
    done = subprocess.run([str(QUORATE), *command], cwd=folder, check=False)
    if done.returncode:
        sys.exit(done.returncode)


def begin_again(folder: Path, example: Path) -> None:
    """Copy the example. What an earlier run made is removed; a folder that none made is left alone."""
    mark = folder / MARK
    if folder.exists() and not mark.is_file():
        sys.exit(f"{folder} is there and was not made by this program: name another folder, or remove it yourself")
    if folder.exists():
        shutil.rmtree(folder)
    folder.mkdir(parents=True)
    mark.write_text("The example's run made this folder, and removes it when it is run again.\n")
    shutil.copytree(example, folder, dirs_exist_ok=True)


def main(folder: Path) -> None:
    """The run, from an empty folder to the verdict."""
    if not QUORATE.is_file():
        sys.exit(f"{QUORATE} is not there: run `make demo` first, and this with .venv/bin/python")
    started = time.monotonic()
    begin_again(folder, HERE / "root-zone-style")
    run(folder, "check", ".")
    for name in CEREMONIES:
        run(folder, "rehearse", f"ceremonies/{name}")
        run(folder, "paper", f"ceremonies/{name}", "--rehearsal", "--pdf")
    genesis = hashlib.sha256((folder / "shadow/authority/000.json").read_bytes()).hexdigest()
    records = [f"ceremonies/{name}/rehearsal/record" for name in CEREMONIES]
    run(folder, "verify", *records, "--authority", f"sha256:{genesis}", "--rehearsal")
    print(f"\ndone in {time.monotonic() - started:.1f} seconds; everything lies in {folder}")
    signing = folder / "ceremonies" / CEREMONIES[2] / "rehearsal"
    for what, where in (
        ("the script of the first signing", signing / "script.pdf"),
        ("its record, for anyone to verify", signing / "record"),
        ("the signed key response", signing / "record" / "artifacts" / "skr-2027q2.skr.xml"),
    ):
        print(f"  {what}:\n    {where}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument(
        "folder", nargs="?", type=Path, default=HERE.parent / "demo-root-zone", help="what is made anew"
    )
    main(parser.parse_args().folder.resolve())
