"""The files that an operation makes: DER first, PEM beside it. Floor 2. Spec: `spec/plan.md`.

They are named by the operation's id, or as the plan's `output` says: a name that ends like a file's is the PEM's own.
"""

from __future__ import annotations

from typing import Literal

What = Literal["certificate", "crl", "key", "csr", "ocsp"]

FILE_ENDINGS = (".pem", ".der", ".crt", ".cer", ".crl", ".csr", ".req", ".pub", ".txt")
_ENDS: dict[What, tuple[str, ...]] = {
    "certificate": (".cert.der", ".cert.pem"),
    "crl": (".crl", ".crl.pem"),
    "key": (".pubkey.der", ".pubkey.pem"),
    "csr": (".csr.der", ".csr.pem"),
    "ocsp": (".ors",),  # RFC 6960 C.2, DER alone
}


def output_files(what: What, name: str, output: str = "") -> tuple[str, ...]:
    """The paths in the record of what the operation `name` makes. A key without `output` has its DER alone."""
    if not output and what == "key":
        return (f"artifacts/{name}.spki.der",)
    if what == "ocsp" and output.lower().endswith(".ors"):
        return (f"artifacts/{output}",)
    if what != "ocsp" and output.lower().endswith(FILE_ENDINGS):
        return tuple(f"artifacts/{one}" for one in _beside(output))
    return tuple(f"artifacts/{output or name}{end}" for end in _ENDS[what])


def _beside(output: str) -> tuple[str, str]:
    """DER and PEM, where `output` is the name of one of them."""
    stem, _, ending = output.rpartition(".")
    if ending.lower() == "der":
        return output, f"{stem}.pem"
    if ending.lower() != "pem":
        return f"{output}.der", output
    return (stem if stem.lower().endswith(".crl") else f"{stem}.der"), output


def possession_files(name: str) -> tuple[str, str]:
    """Where the text stands that a copy signs, and its signature."""
    return f"artifacts/{name}.possession.txt", f"artifacts/{name}.possession.sig"


def skr_file(name: str) -> str:
    """Where the SKR of that id stands."""
    return f"artifacts/{name}.skr.xml"


def ksk_file(name: str) -> str:
    """Where the records of a KSK of that id stand."""
    return f"artifacts/{name}.ksk.txt"
