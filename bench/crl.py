"""A CRL of many entries: its predecessor read, drafted, judged, signed by a P-384 key in memory, judged again, written.

Against `openssl ca -gencrl` with as many entries, which does not look at what it signs. Each in a process of its own,
so that memory can be compared as well; `python -m bench.crl FOLDER` is ours.
"""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bench.measure import ROOT, Measured, Memory, Ratio, median, run

START = datetime(2026, 1, 1, tzinfo=UTC)
ROUNDS = 3
KEY, CERTIFICATE, INDEX, NUMBER, THEIRS, OURS = "ca.key", "ca.pem", "index.txt", "number", "theirs.pem", "ours.crl"
_CONFIGURATION = f"""
[ca]
default_ca = bench
[bench]
database = {INDEX}
crlnumber = {NUMBER}
default_md = sha384
crl_extensions = extensions
[extensions]
authorityKeyIdentifier = keyid
[req]
distinguished_name = name
[name]
[root]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
"""


def prepare(folder: Path, entries: int) -> None:
    """A root and the database of `openssl ca`, every entry revoked."""
    folder.mkdir()
    (folder / "openssl.cnf").write_text(_CONFIGURATION)
    (folder / NUMBER).write_text("01\n")
    (folder / f"{INDEX}.attr").write_text("unique_subject = no\n")
    times = (START + timedelta(minutes=one) for one in range(entries))
    lines = (
        f"R\t361231235959Z\t{time:%y%m%d%H%M%SZ},superseded\t51{one:030X}\tunknown\t/CN=I{one}\n"
        for one, time in enumerate(times)
    )
    (folder / INDEX).write_text("".join(lines))
    key = ("openssl", "ecparam", "-name", "secp384r1", "-genkey", "-noout", "-out", KEY)
    root = ("openssl", "req", "-x509", "-new", "-config", "openssl.cnf", "-extensions", "root", "-sha384", "-key", KEY)
    subprocess.run(key, cwd=folder, check=True)
    subprocess.run(
        (*root, "-subj", "/C=NL/O=Example/CN=R1", "-days", "3650", "-out", CERTIFICATE), cwd=folder, check=True
    )


def make(folder: Path) -> None:
    """The next CRL of that root, with the entries of the one before."""
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    from quorate.compliance import Commitments, Context, crl_findings
    from quorate.host import Host
    from quorate.x509.draft import draft_crl
    from quorate.x509.facts import read_certificate, read_crl
    from quorate.x509.fields import CrlFields, Issuer, not_after
    from quorate.x509.finish import finish
    from quorate.x509.profile import load_profile

    private = serialization.load_pem_private_key((folder / KEY).read_bytes(), None)
    assert isinstance(private, ec.EllipticCurvePrivateKey)
    root = read_certificate((folder / CERTIFICATE).read_bytes())
    previous = read_crl((folder / THEIRS).read_bytes())
    profile, at = load_profile("private-crl"), previous.this_update + timedelta(seconds=1)
    issuer = Issuer(root.subject, root.spki, root.ski)
    draft = draft_crl(CrlFields(profile, issuer, previous.number + 1, at, not_after(at, 365), previous.entries))
    context = Context("private", at, (at, at), root, (root,), None, Commitments(9132, 3650, 365, ("p-384",)))
    found = crl_findings(draft.unsigned, profile, context, previous)
    der = finish(draft, private.sign(draft.tbs, ec.ECDSA(hashes.SHA384())))
    found += crl_findings(der, profile, context, previous)
    (folder / OURS).unlink(missing_ok=True)
    Host().write_once(folder / OURS, der)
    if found:
        sys.exit(f"it was to be without findings: {found[0].sentence}")


def measure(folder: Path, entries: int) -> Measured:
    """Both, in turn."""
    place = folder / "crl"
    prepare(place, entries)
    gencrl = ("openssl", "ca", "-config", "openssl.cnf", "-gencrl", "-keyfile", KEY, "-cert", CERTIFICATE)
    dates = ("-crldays", "364", "-out", THEIRS)
    theirs = [run(*gencrl, *dates, cwd=place) for _ in range(ROUNDS)]
    ours = [run(sys.executable, "-m", "bench.crl", place, cwd=ROOT) for _ in range(ROUNDS)]
    what, against = f"a CRL of {entries:,} entries, a process", "`openssl ca -gencrl` of as many"
    return [
        Ratio(what, median([time for time, _ in ours]), against, median([time for time, _ in theirs])),
        Memory(what, max(most for _, most in ours), against, max(most for _, most in theirs)),
    ]


if __name__ == "__main__":
    make(Path(sys.argv[1]))
