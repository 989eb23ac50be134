"""What `make demo` does: two ceremonies of an example authority rehearsed, printed and verified.

The authority is copied to demo/, so that everything that is made can be looked at and thrown away.
"""

import argparse
import hashlib
import shutil
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
DEMO = HERE.parent / "demo"
CEREMONIES = ("001-old-root", "002-new-root")
BIN = Path(sys.executable).parent
MARK = ".made-by-the-example"


def run(*command: str) -> None:
    """Show a command, run it, and stop the demo if it fails."""
    print(f"\n$ quorate {' '.join(command)}", flush=True)
    done = subprocess.run([str(BIN / "quorate"), *command], cwd=DEMO, check=False)
    if done.returncode:
        sys.exit(done.returncode)


def begin_again(folder: Path, example: Path) -> None:
    """Copy the example. What an earlier run made is removed; a folder that none made is left alone."""
    mark = folder / MARK
    if folder.exists() and not mark.is_file():
        sys.exit(f"{folder} is there and was not made by this program: remove it yourself, if nothing of it is needed")
    if folder.exists():
        shutil.rmtree(folder)
    folder.mkdir(parents=True)
    mark.write_text("The example's run made this folder, and removes it when it is run again.\n")
    shutil.copytree(example, folder, dirs_exist_ok=True)


def main() -> None:
    """The demo, from an empty folder to the verdict."""
    started = time.monotonic()
    begin_again(DEMO, HERE / "demo")
    for name in CEREMONIES:
        run("rehearse", f"ceremonies/{name}")
        run("paper", f"ceremonies/{name}", "--rehearsal", "--pdf")
    genesis = hashlib.sha256((DEMO / "shadow/authority/000.json").read_bytes()).hexdigest()
    records = [f"ceremonies/{name}/rehearsal/record" for name in CEREMONIES]
    run("verify", *records, "--authority", f"sha256:{genesis}", "--rehearsal")
    run("register", "--rehearsal", "--svg", "--into", "hierarchy.svg")
    print(f"\ndone in {time.monotonic() - started:.1f} seconds; everything lies in {DEMO}")
    new = DEMO / "ceremonies" / CEREMONIES[1] / "rehearsal"
    for what, where in (
        ("the script that people would print and sign", new / "script.pdf"),
        ("the record, for anyone to verify", new / "record"),
        ("certificates and CRLs", new / "record" / "artifacts"),
        ("who certifies whom, as a picture", DEMO / "hierarchy.svg"),
    ):
        print(f"  {what}:\n    {where}")
    print("look further with:")
    print(f"  {BIN / 'quorate'} show {new / 'record'}")
    print(f"  {BIN / 'quorate'} paper {new.parent} --rehearsal --text")
    print(f"  {BIN / 'quorate'} register {DEMO} --rehearsal")
    print(f"  openssl x509 -noout -text -in {new / 'record' / 'artifacts'}/root-r2.cert.pem")


if __name__ == "__main__":
    argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0]).parse_args()
    main()
