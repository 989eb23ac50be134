"""Makes the project's own Python environment, also where Debian's python3-venv is not installed.

    python3 environment.py FOLDER

Without `ensurepip` the environment starts empty and pip itself is fetched from the configured package index, checked
against the digest that the index gives. Standard library only.
"""

import configparser
import hashlib
import os
import re
import subprocess
import sys
import tempfile
import urllib.parse
import urllib.request
import venv
from pathlib import Path

PYPI = "https://pypi.org/simple"
ADVICE = "quorate: no environment could be made; install one package and try again: apt-get install python3-venv"


def index_url() -> str:
    """The package index that pip would use."""
    if url := os.environ.get("PIP_INDEX_URL"):
        return url
    files = [os.environ.get("PIP_CONFIG_FILE", ""), "~/.config/pip/pip.conf", "~/.pip/pip.conf", "/etc/pip.conf"]
    for name in files:
        parser = configparser.ConfigParser(interpolation=None)
        if name and parser.read(Path(name).expanduser()) and parser.has_option("global", "index-url"):
            return parser.get("global", "index-url")
    return PYPI


def newest_pip(index: str) -> tuple[str, str]:
    """Address and SHA-256 of the newest released pip wheel on the index."""
    page = f"{index.rstrip('/')}/pip/"
    with urllib.request.urlopen(page, timeout=60) as answer:
        text = answer.read().decode()
    wheels = re.findall(r'href="([^"]*/?pip-([0-9]+(?:\.[0-9]+)*)-py3-none-any\.whl)#sha256=([0-9a-f]{64})"', text)
    newest = max(wheels, key=lambda wheel: tuple(int(part) for part in wheel[1].split(".")))
    return urllib.parse.urljoin(page, newest[0]), newest[2]


def install_pip(python: Path) -> None:
    """Fetch pip and let it install itself."""
    address, digest = newest_pip(index_url())
    with urllib.request.urlopen(address, timeout=60) as answer:
        wheel = answer.read()
    if hashlib.sha256(wheel).hexdigest() != digest:
        raise ValueError("the index gives another digest for pip")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / address.rpartition("/")[2]
        path.write_bytes(wheel)
        subprocess.run([str(python), f"{path}/pip", "install", "--quiet", "--no-index", str(path)], check=True)


def main(folder: Path) -> int:
    """0 when the environment is there, with pip."""
    try:
        import ensurepip  # noqa: F401  # Debian takes it out of the standard library
    except ImportError:
        with_pip = False
    else:
        with_pip = True
    if (folder / "bin" / "python").exists() and (folder / "bin" / "pip").exists():
        return 0
    try:
        venv.create(folder, clear=True, with_pip=with_pip)
        if not with_pip:
            install_pip(folder / "bin" / "python")
    except (OSError, ValueError, subprocess.CalledProcessError) as error:
        print(f"{ADVICE} ({error})", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
