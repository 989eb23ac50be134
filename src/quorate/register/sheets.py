"""The register for other programs: JSON, sheets, the sheet for CCADB, a PEM bundle. Spec: `spec/register.md`."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

import msgspec

from quorate import canonical
from quorate.findings import Finding
from quorate.register.deadlines import Due, Retention
from quorate.register.inventory import Objects
from quorate.register.rows import CertificateRow, Inventory
from quorate.x509.facts import CertificateFacts
from quorate.x509.finish import pem
from quorate.x509.name import common_name, written

COLUMNS = (
    "what",
    "id",
    "ceremony",
    "made",
    "kind",
    "subject",
    "issuer",
    "number",
    "from",
    "until",
    "key type",
    "public key",
    "fingerprint",
    "status",
    "revoked",
    "reason",
)


class Found(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A finding as the JSON has it."""

    code: str
    severity: str
    text: str
    clause: str


class Published(Inventory, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The inventory, what does not fit together in it, what is due, what is to be kept."""

    findings: tuple[Found, ...]
    due: tuple[Due, ...]
    retention: tuple[Retention, ...]


def published(it: Inventory, findings: Sequence[Finding], due: tuple[Due, ...], kept: tuple[Retention, ...]) -> bytes:
    """Everything, in canonical JSON (`spec/canonical-json.md`) and a line end."""
    rows = tuple(Found(one.code, one.severity.value, one.sentence, one.clause) for one in findings)
    fields = {name: getattr(it, name) for name in it.__struct_fields__}
    whole = Published(**fields, findings=rows, due=due, retention=kept)
    return canonical.encode(msgspec.to_builtins(whole)) + b"\n"


def sheet(it: Inventory) -> bytes:
    """CSV (RFC 4180): certificates, CRLs, OCSP responses, requests, copies of keys, one a line.

    Times are UTC, digests `sha256:…`.
    """
    return _written(COLUMNS, (*_certificates(it), *_crls(it), *_responses(it), *_requests(it), *_skrs(it), *_keys(it)))


def _written(columns: Iterable[str], rows: Iterable[Mapping[str, object]]) -> bytes:
    text = io.StringIO()
    writer = csv.DictWriter(text, tuple(columns), restval="", lineterminator="\r\n")
    writer.writeheader()
    writer.writerows({name: _cell(str(value)) for name, value in row.items()} for row in rows)
    return text.getvalue().encode()


def _cell(text: str) -> str:
    """A name may begin with what a spreadsheet takes for a formula; an apostrophe before it keeps it text."""
    return f"'{text}" if re.match(r"[=+\-@\t\r](?!----BEGIN)", text) else text


def _certificates(it: Inventory) -> Iterator[dict[str, object]]:
    for row in it.certificates:
        yield {
            "what": "certificate",
            "id": row.id,
            "ceremony": row.ceremony,
            "made": row.made,
            "kind": row.kind,
            "subject": row.subject,
            "issuer": row.issuer,
            "number": row.serial,
            "from": row.not_before,
            "until": row.not_after,
            "key type": row.key_type,
            "public key": row.spki,
            "fingerprint": row.fingerprint,
            "status": row.status,
            "revoked": row.revoked.date if row.revoked else "",
            "reason": row.revoked.reason if row.revoked else "",
        }


def _crls(it: Inventory) -> Iterator[dict[str, object]]:
    for row in it.crls:
        yield {
            "what": "CRL",
            "id": row.id,
            "ceremony": row.ceremony,
            "made": row.made,
            "issuer": row.issuer,
            "number": row.number,
            "from": row.this_update,
            "until": row.next_update,
            "fingerprint": row.fingerprint,
            "status": "newest" if row.newest else "followed",
        }


def _responses(it: Inventory) -> Iterator[dict[str, object]]:
    """The number is the serial number of the certificate, the subject its id."""
    for row in it.responses:
        yield {
            "what": "OCSP response",
            "id": row.id,
            "ceremony": row.ceremony,
            "made": row.made,
            "subject": row.certificate,
            "number": row.serial,
            "from": row.this_update,
            "until": row.next_update,
            "fingerprint": row.digest,
            "status": row.status,
        }


def _requests(it: Inventory) -> Iterator[dict[str, object]]:
    for row in it.requests:
        yield {
            "what": "request",
            "id": row.id,
            "ceremony": row.ceremony,
            "made": row.made,
            "subject": row.subject,
            "public key": row.spki,
            "fingerprint": row.digest,
        }


def _skrs(it: Inventory) -> Iterator[dict[str, object]]:
    for row in it.skrs:
        yield {
            "what": "signed key response",
            "id": row.id,
            "ceremony": row.ceremony,
            "made": row.made,
            "kind": f"{row.schema or 'adopted'}{', a back-out' if row.back_out else ''}",
            "subject": row.zone,
            "from": row.inception,
            "until": row.expiration,
            "fingerprint": row.digest,
            "status": row.standing,
        }


def _keys(it: Inventory) -> Iterator[dict[str, object]]:
    for key in it.keys:
        for copy in key.copies:
            yield {
                "what": "key",
                "id": copy.id,
                "ceremony": copy.ceremony,
                "made": copy.made,
                "kind": key.use,
                "subject": key.zone,
                "number": key.ds.partition(" ")[0],
                "until": copy.destroyed,
                "key type": key.type,
                "public key": key.spki,
                "status": "destroyed" if copy.destroyed else "parked" if key.parked else f"on {copy.token}",
            }


def bundle(objects: Objects) -> bytes:
    """Every certificate in PEM, in the order in which they were made."""
    return b"".join(pem("certificate", one.der) for one in objects.certificates.values())


# -- CCADB ------------------------------------------------------------------------------------------------------------

DISCLOSED = (
    "CA Owner",
    "Certificate Name",
    "Certificate Record Type",
    "Parent Certificate Name",
    "SHA-256 Fingerprint",
    "Parent SHA-256 Fingerprint",
    "Certificate Serial Number",
    "Valid From (GMT)",
    "Valid To (GMT)",
    "Public Key SHA-256",
    "Extended Key Usage",
    "Technically Constrained",
    "Revocation Status",
    "Date of Revocation",
    "RFC 5280 Revocation Reason Code",
    "JSON Array of All Full CRL URLs",
    "X.509 Certificate (PEM)",
)
"""What the data base is told, or reads from the certificate by itself, to be compared with what it shows."""
_REASONS = (
    "unspecified",
    "keyCompromise",
    "cACompromise",
    "affiliationChanged",
    "superseded",
    "cessationOfOperation",
    "certificateHold",
    "",
    "removeFromCRL",
    "privilegeWithdrawn",
    "aACompromise",
)
"""RFC 5280 5.3.1, each at the place of its number."""


def disclosure(it: Inventory, objects: Objects) -> bytes:
    """CSV of every CA certificate as CCADB wants it: fingerprints in capitals, without separators; days as YYYY-MM-DD.

    The CRL URLs of a CA are those that stand in what it has issued and has not expired, letter for letter (CCADB 6.2).
    """
    return _written(DISCLOSED, (_disclosed(row, it, objects) for row in it.certificates if row.ca))


def _disclosed(row: CertificateRow, it: Inventory, objects: Objects) -> dict[str, object]:
    facts = objects.certificates[row.id]
    parent = it.certificate(row.issuer) if row.issuer and row.issuer != row.id else None
    revoked = row.revoked
    return {
        "CA Owner": it.organisation,
        "Certificate Name": _name(facts),
        "Certificate Record Type": "Root Certificate" if row.issuer == row.id else "Intermediate Certificate",
        "Parent Certificate Name": _name(objects.certificates[parent.id]) if parent else "",
        "SHA-256 Fingerprint": _capital(row.fingerprint),
        "Parent SHA-256 Fingerprint": _capital(parent.fingerprint) if parent else "",
        "Certificate Serial Number": row.serial.upper(),
        "Valid From (GMT)": row.not_before[:10],
        "Valid To (GMT)": row.not_after[:10],
        "Public Key SHA-256": _capital(row.spki),
        "Extended Key Usage": "; ".join(facts.eku),
        "Technically Constrained": str(_constrained(facts)).upper(),
        "Revocation Status": "Revoked" if revoked else "Not Revoked",
        "Date of Revocation": revoked.date[:10] if revoked else "",
        "RFC 5280 Revocation Reason Code": f"({_REASONS.index(revoked.reason)}) {revoked.reason}" if revoked else "",
        "JSON Array of All Full CRL URLs": json.dumps(_crl_urls(row, it)),
        "X.509 Certificate (PEM)": pem("certificate", facts.der).decode(),
    }


def _name(facts: CertificateFacts) -> str:
    """The common name, as the data base takes it; the whole name where there is none."""
    return common_name(facts.subject) or written(facts.subject)


def _capital(digest: str) -> str:
    return digest.removeprefix("sha256:").upper()


def _constrained(facts: CertificateFacts) -> bool:
    """Whether it names purposes and name constraints (MRSP 5.3.1)."""
    return bool(facts.eku) and facts.extension("2.5.29.30") is not None


def _crl_urls(row: CertificateRow, it: Inventory) -> list[str]:
    own = {other.id for other in it.certificates if other.spki == row.spki and other.subject == row.subject}
    issued = (one for one in it.certificates if one.issuer in own and one.id != one.issuer and one.status != "expired")
    return list(dict.fromkeys(url for one in issued for url in one.crl_urls))
