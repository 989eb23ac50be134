"""A SoftHSM 2 token to test against, started by the tests themselves."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

MODULE = Path("/usr/lib/softhsm/libsofthsm2.so")


def make_softhsm_token(folder: Path, label: str, user_pin: str, so_pin: str) -> tuple[Path, str]:
    """A new token under `folder` (made if absent): the module's path and the token's serial.

    SoftHSM reads SOFTHSM2_CONF when it is started. The configuration in `folder` becomes that of this process, so
    tokens of one folder are seen together, once every token opened before has been closed.
    """
    configuration = folder / "softhsm2.conf"
    if not configuration.exists():
        (folder / "tokens").mkdir(parents=True)
        configuration.write_text(
            f"directories.tokendir = {folder}/tokens\nobjectstore.backend = file\nlog.level = ERROR\n"
        )
    os.environ["SOFTHSM2_CONF"] = str(configuration)
    before = _serials()
    command = ["softhsm2-util", "--init-token", "--free", "--label", label, "--pin", user_pin, "--so-pin", so_pin]
    subprocess.run(command, check=True, capture_output=True)
    (serial,) = _serials() - before
    return MODULE, serial


def _serials() -> set[str]:
    shown = subprocess.run(["softhsm2-util", "--show-slots"], check=True, capture_output=True, text=True).stdout
    return {
        serial for line in shown.splitlines() if "Serial number:" in line and (serial := line.partition(":")[2].strip())
    }


def import_key(serial: str, user_pin: str, path: Path, object_id: bytes) -> None:
    """Put the key pair of a PEM file on the token: private and public key under `object_id`."""
    command = ["softhsm2-util", "--import", str(path), "--serial", serial, "--pin", user_pin]
    subprocess.run([*command, "--label", path.stem, "--id", object_id.hex()], check=True, capture_output=True)
