"""The operations of a script: what the plan's come to, every name resolved and every number given. Floor 2.

Spec: `spec/script.md`, Operations.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from quorate.script.outputs import ksk_file, output_files


class ShareOperation(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="share"):
    id: str
    token: str
    credential: Literal["user", "so"]
    fate: Literal["shared", "destroyed"]
    holders: tuple[str, ...]
    threshold: int


class GenerateOperation(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, tag_field="kind", tag="generate-key"
):
    """`outputs`: the public key's files, where the plan names them. `zone` and `algorithm`: of a KSK."""

    id: str
    token: str
    type: str
    use: str
    object: str
    outputs: tuple[str, ...] = ()
    zone: str = ""
    algorithm: str = ""

    @property
    def files(self) -> tuple[str, ...]:
        """The files of the public key, DER first."""
        return self.outputs or output_files("key", self.id)

    @property
    def records(self) -> tuple[str, ...]:
        """The file of a KSK's records (`spec/ksk.md`)."""
        return (ksk_file(self.id),) if self.zone else ()


class DestroyOperation(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="destroy-key"):
    """`object`: the whole CKA_ID in hexadecimal; `spki`: the digest of the public key that must be found there."""

    id: str
    token: str
    key: str
    object: str
    spki: str


class ImportOperation(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, tag_field="kind", tag="import-key"
):
    """The pair of `key` on another token. `outputs`: the text that it signs, and the signature.

    `key` is a key, or something adopted. `zone` and `algorithm`: of a KSK that was adopted. `carrier`: the item in
    whose bag it came, whose seal was compared in this ceremony.
    """

    id: str
    token: str
    key: str
    type: str
    outputs: tuple[str, ...]
    zone: str = ""
    algorithm: str = ""
    carrier: str = ""


class Constraints(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Name constraints as subtrees, each in one text: `dns:example.org` (`spec/script.md`)."""

    permitted: tuple[str, ...]
    excluded: tuple[str, ...]


class _CertificateOperation(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, tag_field="kind", kw_only=True
):
    """`signature`: the planned signature algorithm; left out, the default of the key that signs.

    `days` is left out where the plan gives both dates.
    """

    id: str
    token: str
    key: str
    profile: str
    issuer: str
    subject_key: str
    existing: str
    subject: str
    certificate_serial: str
    not_before: str
    not_after: str
    days: int = 0
    crl_url: str
    ca_issuers_url: str
    policies: tuple[str, ...]
    constraints: Constraints | None = None
    outputs: tuple[str, ...]
    signature: str = ""


class RootOperation(_CertificateOperation, frozen=True, forbid_unknown_fields=True, tag="root"):
    pass


class ReissueOperation(_CertificateOperation, frozen=True, forbid_unknown_fields=True, tag="reissue"):
    """Once more for the key of `existing`, signed by itself."""


class SubordinateOperation(_CertificateOperation, frozen=True, forbid_unknown_fields=True, tag="subordinate"):
    pass


class CrossOperation(_CertificateOperation, frozen=True, forbid_unknown_fields=True, tag="cross"):
    pass


class ResponderOperation(_CertificateOperation, frozen=True, forbid_unknown_fields=True, tag="ocsp-responder"):
    """Of a delegated OCSP responder."""


class Entry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One revoked certificate: serial in hexadecimal, date as RFC 3339, reason by its RFC 5280 name."""

    serial: str
    date: str
    reason: str


class CrlOperation(
    msgspec.Struct,
    frozen=True,
    forbid_unknown_fields=True,
    omit_defaults=True,
    kw_only=True,
    tag_field="kind",
    tag="crl",
):
    """Either `days` from thisUpdate on, the moment of drafting, or both dates."""

    id: str
    token: str
    key: str
    profile: str
    issuer: str
    previous: str
    number: int
    days: int = 0
    this_update: str = ""
    next_update: str = ""
    distribution_point: str = ""
    scope: Literal["", "ca", "user"] = ""
    entries: tuple[Entry, ...]
    outputs: tuple[str, ...]
    signature: str = ""


class RequestOperation(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, tag_field="kind", tag="cross-csr"
):
    """A request signed with the key of `existing`, whose subject (DER, hexadecimal) it repeats.

    `existing` is empty for a key that has no certificate of ours.
    """

    id: str
    token: str
    key: str
    existing: str
    subject: str
    outputs: tuple[str, ...]
    signature: str = ""


class Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The KSK that plays a part of a schema: by its label, and the key of the register that signs for it."""

    part: str
    ksk: str
    key: str


class ScriptResponse(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One SKR. `request`: the KSR, with its `digest`; `back_out_of`: the response beside which it is made, or empty.

    `again_of`: the SKR of an earlier ceremony that answers the same request.
    """

    id: str
    zone: str
    request: str
    digest: str
    schema: str
    keys: tuple[Part, ...]
    act: str
    reason: str
    back_out_of: str
    again_of: str = ""


class SignOperation(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="sign-skr"):
    """KSRs become SKRs. `outputs`: a file for each response."""

    id: str
    token: str
    responses: tuple[ScriptResponse, ...]
    outputs: tuple[str, ...]


CertificateOperation = RootOperation | ReissueOperation | SubordinateOperation | CrossOperation | ResponderOperation


class OcspOperation(
    msgspec.Struct,
    frozen=True,
    forbid_unknown_fields=True,
    omit_defaults=True,
    kw_only=True,
    tag_field="kind",
    tag="ocsp-response",
):
    """What is said of the certificate `serial` with the name `subject`; `crl` is the list that it rests on.

    `responder` is empty where the issuer itself answers; `revoked` is there where the certificate is.
    """

    id: str
    token: str
    key: str
    profile: str
    issuer: str
    certificate: str
    responder: str = ""
    subject: str
    serial: str
    status: Literal["good", "revoked"]
    revoked: Entry | None = None
    crl: str = ""
    days: int = 0
    this_update: str = ""
    next_update: str = ""
    outputs: tuple[str, ...]
    signature: str = ""


IssueOperation = CertificateOperation | CrlOperation | RequestOperation | OcspOperation
KeylessOperation = ShareOperation | GenerateOperation | DestroyOperation
"""What no bytes are signed for: it is approved by its own lines."""
ScriptOperation = KeylessOperation | ImportOperation | SignOperation | IssueOperation
