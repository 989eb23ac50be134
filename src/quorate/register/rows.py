"""The rows of an inventory: each kind of thing that an authority has made or holds. Spec: `spec/register.md`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import msgspec

from quorate.statement import Mode

Status = Literal["valid", "revoked", "expired", "not yet valid"]


class Row(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What every output has: the operation that made it, in which ceremony, and when it was written."""

    id: str
    ceremony: str
    made: str


class Revoked(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """That a certificate stands on the newest CRL of its issuer."""

    date: str
    reason: str
    crl: str


class CertificateRow(Row, frozen=True, forbid_unknown_fields=True):
    """A certificate. `issuer`: the id of a certificate of the signing key, its own for a self-signed one."""

    kind: str
    profile: str
    subject: str
    issuer: str
    serial: str
    not_before: str
    not_after: str
    key_type: str
    spki: str
    ski: str
    aki: str
    ca: bool
    crl_urls: tuple[str, ...]
    ca_issuers_urls: tuple[str, ...]
    fingerprint: str
    status: Status
    revoked: Revoked | None


class Copy(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A pair on a token: generated there, or brought there. `destroyed`: when, `destroyed_in`: in which ceremony.

    Both are empty while the token holds it.
    """

    id: str
    ceremony: str
    made: str
    token: str
    object: str
    destroyed: str
    destroyed_in: str


class KeyRow(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A key by its public key. Without copies it is held by somebody else, whom the authority has certified.

    `parked`: held, and in no certificate (MRSP 3.1.3). `certificates`: the ids of all that carry it. A KSK has its
    `zone` and is not parked; `ds`: its DS record of SHA-256, tag, algorithm, digest type and digest.
    `adopted`: a token holds it, and no record tells how it was made.
    """

    spki: str
    type: str
    use: str
    zone: str
    ds: str
    ski: str
    copies: tuple[Copy, ...]
    certificates: tuple[str, ...]
    parked: bool
    adopted: bool


class CrlRow(Row, frozen=True, forbid_unknown_fields=True):
    """A CRL. `newest`: none of the same issuer came after it."""

    profile: str
    issuer: str
    number: int
    this_update: str
    next_update: str
    revoked: tuple[str, ...]
    fingerprint: str
    newest: bool


class RequestRow(Row, frozen=True, forbid_unknown_fields=True):
    """A certification request with a key of the authority. `existing`: the certificate that it repeats, or empty."""

    existing: str
    subject: str
    spki: str
    digest: str


class ResponseRow(Row, frozen=True, forbid_unknown_fields=True):
    """An OCSP response about one certificate. `status`: `good` or `revoked`.

    `certificate`: its id, empty if unknown. `newest`: none about the same certificate came after it.
    """

    certificate: str
    serial: str
    status: str
    this_update: str
    next_update: str
    digest: str
    newest: bool


class SkrRow(Row, frozen=True, forbid_unknown_fields=True):
    """A signed key response of a zone. `request`: the digest of the request that it answers.

    `inception`, `expiration`: from the first signature to the last. `deployed`: once recorded as what the zone has;
    `in_zone`: the one that was recorded last.
    """

    zone: str
    schema: str
    request: str
    back_out: bool
    inception: str
    expiration: str
    digest: str
    deployed: bool
    in_zone: bool

    @property
    def standing(self) -> str:
        """In a few words."""
        if self.in_zone:
            return "in the zone"
        return "in the zone before" if self.deployed else "signed"


class Holder(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    person: str
    share: str


class SetRow(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The split secret that is in force for a credential of a token."""

    token: str
    credential: str
    set: str
    threshold: int
    holders: tuple[Holder, ...]


class ItemRow(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    id: str
    what: str
    place: str
    seal: str


class Inventory(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Everything, as of a moment. `last`: the checkpoint of the last record, or `genesis`.

    `published`: the outputs that people have fetched from where they are published, and compared.
    """

    format: Literal["quorate-register/1"]
    authority: str
    organisation: str
    genesis: str
    mode: Mode
    as_of: str
    last: str
    ceremonies: tuple[str, ...]
    keys: tuple[KeyRow, ...]
    certificates: tuple[CertificateRow, ...]
    crls: tuple[CrlRow, ...]
    requests: tuple[RequestRow, ...]
    responses: tuple[ResponseRow, ...]
    skrs: tuple[SkrRow, ...]
    published: tuple[str, ...]
    sets: tuple[SetRow, ...]
    items: tuple[ItemRow, ...]
    serials: tuple[str, ...]

    def certificate(self, name: str) -> CertificateRow:
        return next(one for one in self.certificates if one.id == name)

    def signers(self) -> Mapping[str, tuple[str, str]]:
        """Name and public key of each certificate by its id: as whom the `issuer` of a row has signed (RFC 5280)."""
        return {row.id: (row.subject, row.spki) for row in self.certificates}
