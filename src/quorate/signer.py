"""People's signatures: where they come from. Floor 3.

On the person's own device (a statement out, a signature in), by `ssh-keygen` with a key file or an agent on the host,
or in process for the stand-ins of a rehearsal. Verified here before anything believes them.
"""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519

from quorate import sshsig
from quorate.findings import Refusal
from quorate.statement import Statement

LONGEST_SIGNATURE = 64 * 1024


def sign_with_file(statement: Statement, key: Path) -> str:
    """`ssh-keygen -Y sign` with a private key file, or a public one whose private half an agent holds.

    A passphrase is asked for by ssh-keygen on the terminal itself; it never passes through here.
    """
    if not key.is_file():
        raise Refusal("signature.key_missing", file=key)
    with tempfile.TemporaryDirectory(prefix="quorate-") as folder:
        message = Path(folder) / "statement"
        message.write_bytes(statement.text())
        command = ["ssh-keygen", "-q", "-Y", "sign", "-n", statement.namespace, "-f", str(key)]
        # -U: the agent signs; else ssh-keygen takes a private key that lies beside the public one
        command += ["-U", str(message)] if key.suffix == ".pub" else [str(message)]
        try:
            done = subprocess.run(command, stderr=subprocess.PIPE, check=False)
        except FileNotFoundError:
            raise Refusal("signature.no_ssh_keygen") from None
        signature = message.with_name("statement.sig")
        if done.returncode or not signature.is_file():
            lines = done.stderr.decode("utf-8", "replace").strip().splitlines()
            raise Refusal("signature.not_made", file=key, problem=lines[-1][:120] if lines else "no reason given")
        return signature.read_text("ascii")


def read_signature(path: Path) -> str:
    """A detached signature that came back from a person's own device."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise Refusal("signature.file_unreadable", file=path, problem=error.strerror or "unreadable") from None
    if len(data) > LONGEST_SIGNATURE:
        raise Refusal("signature.malformed", str(path))
    try:
        return data.decode("ascii")
    except UnicodeDecodeError:
        raise Refusal("signature.malformed", str(path)) from None


def stand_in_key(path: Path) -> ed25519.Ed25519PrivateKey:
    """The private key of a rehearsal's stand-in."""
    key = serialization.load_ssh_private_key(path.read_bytes(), None)
    assert isinstance(key, ed25519.Ed25519PrivateKey)
    return key


def sign_as_stand_in(statement: Statement, key: ed25519.Ed25519PrivateKey) -> str:
    """A stand-in's signature, made in process."""
    return sshsig.make(public_blob_of(key), statement.namespace, statement.text(), sshsig.ed25519_signer(key))


def public_blob_of(key: ed25519.Ed25519PrivateKey) -> bytes:
    return sshsig.public_blob(public_line_of(key))


def public_line_of(key: ed25519.Ed25519PrivateKey) -> str:
    """The OpenSSH public key line of a stand-in, without a comment."""
    encoded = key.public_key().public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH)
    return encoded.decode("ascii")


def made_with(key: Path, verified: sshsig.Verified) -> str:
    """Where a signature by `key` was made: `hardware` for a security key, `agent` for a public file, else `file`."""
    if verified.hardware:
        return "hardware"
    return "agent" if key.suffix == ".pub" else "file"
