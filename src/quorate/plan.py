"""A plan: what one ceremony is to do. Floor 1: frozen values, the shape of `plan.toml`.

An artifact is named by the id of the operation that made it; `issuer` and `existing` name artifacts of this plan or of
earlier records. Files are paths below the ceremony's `inputs/`. `signature` is a `SignatureAlgorithm`; left out, the
default of the key that signs. `output` names the files of what is made, in place of the id. Validity is either `days`
from the moment of the ceremony on, or both dates.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from quorate.people import Seat


class Window(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The signing window, UTC, `2026-11-23T09:00:00Z`. Every frozen date is legal all over it."""

    opens: str
    closes: str


class Subject(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A distinguished name by its attributes; encoded in the order of BR 7.1.4.2. An empty one is left out."""

    country: str = ""
    organization: str = ""
    common_name: str


class DirectoryName(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The beginning of a distinguished name, for a name constraint; encoded in the order of BR 7.1.4.2."""

    country: str
    state: str = ""
    locality: str = ""
    organization: str = ""


class NameForms(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Names by their types: domains, networks (`192.0.2.0/24`), mailboxes or hosts, beginnings of subject names."""

    dns: tuple[str, ...] = ()
    ip: tuple[str, ...] = ()
    email: tuple[str, ...] = ()
    directory: tuple[DirectoryName, ...] = ()


class NameConstraints(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a technically constrained CA may certify, and what it may not (RFC 5280 4.2.1.10, BR 7.1.2.5.2)."""

    permitted: NameForms = NameForms()
    excluded: NameForms = NameForms()


class ShareOut(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="share"):
    """Replace a token's credential by one drawn in the room and split among `holders` (seat ids).

    `fate` "shared": `threshold` of the holders recover it. "destroyed": drawn, set, and forgotten (for the SO).
    """

    id: str
    token: str
    credential: Literal["user", "so"]
    fate: Literal["shared", "destroyed"] = "shared"
    holders: tuple[str, ...] = ()
    threshold: int = 0


class GenerateKey(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="generate-key"):
    """Generate a key pair on a token. A key of unknown use counts as a root key (BR 6.1.1.1).

    A KSK has a `zone` and the mnemonic of its DNSSEC `algorithm`, such as RSASHA256; its id is its label.
    """

    id: str
    token: str
    type: str
    use: Literal["root", "external-ca", "internal-ca", "ocsp-responder", "ksk", "unknown"] = "unknown"
    output: str = ""
    zone: str = ""
    algorithm: str = ""


class ImportKey(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="import-key"):
    """The pair of `key` proves itself on `token`: a copy, brought there by the means of the modules' maker.

    `key` is a key of the register, or a certificate or bare public key that was adopted and whose pair is there. A KSK
    of a `zone` that was adopted has the mnemonic of its DNSSEC `algorithm` beside it. `carrier`: the item in whose bag
    it comes from another facility.
    """

    id: str
    key: str
    token: str
    zone: str = ""
    algorithm: str = ""
    carrier: str = ""


class DestroyKey(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="destroy-key"):
    """Destroy the pair of `key`, a key of an earlier ceremony, on the token that holds it (BR 6.2.10)."""

    id: str
    key: str


class SignResponse(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One SKR for `ksr`, a file: `schema` with a KSK, by its label, for each of its parts.

    `act`: why it is made, if not in its turn, with its `reason` (`spec/skr.md`). `back_out_of`: the response beside
    which it is made, to be used only if the zone has to go back. `again_of`: the earlier SKR, of the aborted operation
    or of the other site, that answers the same KSR.
    """

    id: str
    zone: str
    ksr: str
    schema: str
    keys: dict[str, str]
    act: Literal[
        "routine", "genesis", "re-sign", "calendar-bridge", "lapse", "zsk-compromise", "ksk-compromise", "ksk-loss"
    ] = "routine"
    reason: str = ""
    back_out_of: str = ""
    again_of: str = ""


class SignKeySets(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="sign-skr"):
    """KSRs become SKRs, all under one approval. `token`: which one's copies sign, where there are several.

    `requester`: the seat that reads the digest of each KSR from a letter; left out, the two that compare read it.
    """

    id: str
    responses: tuple[SignResponse, ...]
    token: str = ""
    requester: str = ""


class IssueRoot(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="root"):
    """A self-signed root certificate for the key of operation `key`."""

    id: str
    key: str
    profile: str
    subject: Subject
    days: int = 0
    not_before: str = ""
    not_after: str = ""
    signature: str = ""
    output: str = ""


class ReissueRoot(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, tag_field="kind", tag="reissue"
):
    """A new self-signed certificate for the root `existing`: the same name, key and key identifier (BR 7.1.2.1.1)."""

    id: str
    existing: str
    profile: str
    days: int = 0
    not_before: str = ""
    not_after: str = ""
    signature: str = ""
    output: str = ""


class IssueSubordinate(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, tag_field="kind", tag="subordinate"
):
    """A subordinate CA certificate. Its key is that of a request (PKCS#10), of a key operation, or of a bare SPKI file.

    Exactly one of `csr`, `key`, `spki` is given. `subject` replaces a request's name. The profile's class says whether
    it serves TLS, and whether within name constraints.
    """

    id: str
    issuer: str
    csr: str = ""
    key: str = ""
    spki: str = ""
    profile: str
    subject: Subject
    days: int = 0
    not_before: str = ""
    not_after: str = ""
    crl_url: str = ""
    ca_issuers_url: str = ""
    policies: tuple[str, ...] = ()
    name_constraints: NameConstraints | None = None
    signature: str = ""
    output: str = ""


class IssueResponder(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, tag_field="kind", tag="ocsp-responder"
):
    """The certificate of a delegated OCSP responder (BR 7.1.2.8). Exactly one of `csr`, `key`, `spki` is given."""

    id: str
    issuer: str
    csr: str = ""
    key: str = ""
    spki: str = ""
    profile: str
    subject: Subject
    days: int = 0
    not_before: str = ""
    not_after: str = ""
    signature: str = ""
    output: str = ""


class IssueCross(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, tag_field="kind", tag="cross"):
    """A cross-certificate: subject, SPKI and SKI of `existing` (an artifact or a file), copied byte for byte.

    At most one of `csr`, `key`, `spki` says where its key comes from; it must be the key of `existing`.
    """

    id: str
    issuer: str
    existing: str
    csr: str = ""
    key: str = ""
    spki: str = ""
    profile: str
    days: int = 0
    not_before: str = ""
    not_after: str = ""
    crl_url: str = ""
    ca_issuers_url: str = ""
    policies: tuple[str, ...] = ()
    name_constraints: NameConstraints | None = None
    signature: str = ""
    output: str = ""


class Revocation(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One revoked certificate, given as a file or an artifact. `reason` as RFC 5280 5.3.1 names it."""

    certificate: str
    date: str
    reason: str


class IssueCrl(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="crl"):
    """A full CRL of `issuer`. thisUpdate is the moment of drafting, nextUpdate `days` later less one second.

    Both may be given instead. From the second on, the previous CRL is taken from the register. `distribution_point` (a
    URL) and `scope` make an issuing distribution point, critical (RFC 5280 5.2.5, BR 7.2.2.1).
    """

    id: str
    issuer: str
    number: int
    days: int = 0
    this_update: str = ""
    next_update: str = ""
    profile: str = "private-crl"
    revoked: tuple[Revocation, ...] = ()
    distribution_point: str = ""
    scope: Literal["", "ca", "user"] = ""
    signature: str = ""
    output: str = ""


class IssueRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="cross-csr"):
    """A PKCS#10 request by which somebody else is to certify `existing`, a certificate of ours, once more.

    Subject and SPKI are copied from it byte for byte; its own key signs. The request asks for nothing else. A key that
    has no certificate of ours is named itself, with the subject.
    """

    id: str
    existing: str = ""
    key: str = ""
    subject: Subject | None = None
    signature: str = ""
    output: str = ""


class IssueOcsp(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, tag_field="kind", tag="ocsp-response"
):
    """An OCSP response about `certificate` of `issuer`, signed before it is asked for (RFC 6960).

    The issuer's key signs, or that of `responder`, a certificate of an ocsp-responder. Of a revoked certificate the
    newest CRL of the issuer says since when and why. Dates are as those of a CRL.
    """

    id: str
    certificate: str
    issuer: str
    responder: str = ""
    profile: str
    status: Literal["good", "revoked"]
    days: int = 0
    this_update: str = ""
    next_update: str = ""
    signature: str = ""
    output: str = ""


Certificate = IssueRoot | ReissueRoot | IssueSubordinate | IssueCross | IssueResponder
Issue = Certificate | IssueCrl | IssueRequest | IssueOcsp
Operation = ShareOut | GenerateKey | ImportKey | DestroyKey | SignKeySets | Issue


class Waiver(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An accepted finding: its code, where, why, the two people who say so, and the last day it holds."""

    code: str
    operation: str
    reason: str
    people: tuple[str, str]
    expires: str


class Witnessing(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How key generation is witnessed (BR 6.1.1.1): by a present Qualified Auditor, or recorded by policy waiver."""

    auditor: str = ""
    recording: bool = False
    policy: str = ""


class Publication(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An artifact of an earlier ceremony that is published by now: two people fetch it from `where` and compare."""

    artifact: str
    where: str


class Carry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An `item` that was retrieved leaves in its new bag `to` a place of another facility."""

    item: str
    to: str


class Plan(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The whole of `plan.toml`. `adopt`: what the authority's state adopts and the register is to hold from now on.

    `standby_for`: the ceremony that is held by this plan if it was not on its own day.
    """

    format: Literal["quorate/1"]
    purpose: str
    facility: str
    window: Window
    witnessing: Witnessing
    seats: tuple[Seat, ...]
    operations: tuple[Operation, ...] = ()
    retrieve: tuple[str, ...] = ()
    publications: tuple[Publication, ...] = ()
    adopt: tuple[str, ...] = ()
    waivers: tuple[Waiver, ...] = ()
    standby_for: str = ""
    carry: tuple[Carry, ...] = ()
