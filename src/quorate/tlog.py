"""The Merkle tree over a transcript and its checkpoint. Floor 0. Spec: `spec/transcript.md`, `spec/checkpoint.md`.

Tree hashes as RFC 6962 section 2.1; the checkpoint is C2SP tlog-checkpoint text.
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass, field

from quorate.findings import Refusal

EMPTY_ROOT = hashlib.sha256(b"").digest()


def leaf_hash(data: bytes) -> bytes:
    """SHA-256(0x00 ‖ data)."""
    return hashlib.sha256(b"\0" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """SHA-256(0x01 ‖ left ‖ right)."""
    return hashlib.sha256(b"\1" + left + right).digest()


@dataclass(frozen=True, slots=True)
class Tree:
    """A growing tree kept as the roots of its perfect subtrees, largest first: adding a leaf costs O(log n)."""

    size: int = 0
    peaks: tuple[bytes, ...] = ()

    def add(self, leaf: bytes) -> Tree:
        """The tree with one more leaf, given its data."""
        node, peaks, size = leaf_hash(leaf), list(self.peaks), self.size
        while size & 1:
            node = node_hash(peaks.pop(), node)
            size >>= 1
        return Tree(self.size + 1, (*peaks, node))

    @property
    def root(self) -> bytes:
        if not self.peaks:
            return EMPTY_ROOT
        node = self.peaks[-1]
        for peak in reversed(self.peaks[:-1]):
            node = node_hash(peak, node)
        return node


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """Size and root of a log at one moment, under its origin."""

    origin: str
    size: int
    root: bytes = field(repr=False)

    def text(self) -> bytes:
        """C2SP tlog-checkpoint body: three lines, each ended by a newline."""
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n".encode()

    @property
    def digest(self) -> str:
        """The digest by which the next record names this one: SHA-256 over the text."""
        return "sha256:" + hashlib.sha256(self.text()).hexdigest()


def read_checkpoint(data: bytes, where: str) -> Checkpoint:
    """The checkpoint of `data`, strictly: what `Checkpoint.text` writes and nothing else."""
    lines = data.split(b"\n")
    try:
        checkpoint = Checkpoint(lines[0].decode("ascii"), int(lines[1]), base64.b64decode(lines[2], validate=True))
        if len(checkpoint.root) == 32 and checkpoint.size >= 0 and checkpoint.text() == data:
            return checkpoint
    except (IndexError, ValueError):
        pass
    raise Refusal("record.checkpoint_malformed", where)
