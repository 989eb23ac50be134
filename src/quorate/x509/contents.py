"""The extensions that a profile puts in, in their order; what they say comes from the fields. `spec/profiles.md`."""

from __future__ import annotations

from typing import Any

from cryptography import x509
from cryptography.x509.oid import AuthorityInformationAccessOID

from quorate.findings import Refusal
from quorate.x509.constraints import extension as name_constraints
from quorate.x509.fields import CertificateFields, CrlFields
from quorate.x509.profile import NOT_CERTIFICATES, Presence, Profile


def certificate_extensions(fields: CertificateFields) -> list[tuple[x509.ExtensionType, bool]]:
    profile = fields.profile
    extensions: list[tuple[x509.ExtensionType, bool]] = []
    if profile.kind != "responder":  # which need not say that it is no CA, BR 7.1.2.8.4
        length = fields.path_length if profile.path_length is None else profile.path_length
        extensions.append((x509.BasicConstraints(ca=True, path_length=length), True))
    extensions.append((_key_usage(profile), True))
    if profile.purposes:
        purposes = [x509.ObjectIdentifier(purpose) for purpose in profile.purposes]
        extensions.append((x509.ExtendedKeyUsage(purposes), False))
    if fields.policies:
        policies = [x509.PolicyInformation(x509.ObjectIdentifier(policy), None) for policy in fields.policies]
        extensions.append((x509.CertificatePolicies(policies), False))
    if fields.permitted or fields.excluded:
        extensions.append((name_constraints(fields.permitted, fields.excluded), True))
    if profile.kind == "responder":
        extensions.append((x509.OCSPNoCheck(), False))
    extensions.append((x509.SubjectKeyIdentifier(fields.ski), False))
    if profile.authority_key_identifier:
        extensions.append((x509.AuthorityKeyIdentifier(fields.issuer.ski, None, None), False))
    if fields.ca_issuers_url:
        location = x509.UniformResourceIdentifier(fields.ca_issuers_url)
        access = x509.AccessDescription(AuthorityInformationAccessOID.CA_ISSUERS, location)
        extensions.append((x509.AuthorityInformationAccess([access]), False))
    if fields.crl_url:
        point = x509.DistributionPoint([x509.UniformResourceIdentifier(fields.crl_url)], None, None, None)
        extensions.append((x509.CRLDistributionPoints([point]), False))
    return extensions


def _key_usage(profile: Profile) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature="digitalSignature" in profile.key_usage,
        key_cert_sign="keyCertSign" in profile.key_usage,
        crl_sign="cRLSign" in profile.key_usage,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def extension(value: x509.ExtensionType) -> x509.Extension[Any]:
    return x509.Extension(value.oid, False, value)


def check_presence(fields: CertificateFields) -> None:
    profile = fields.profile
    if profile.kind in NOT_CERTIFICATES:
        raise Refusal("x509.profile_field", profile.name, field="class", presence="required to be a certificate's")
    asked: list[tuple[str, Presence, bool]] = [
        ("policies", profile.policies, bool(fields.policies)),
        ("crl-url", profile.crl_url, bool(fields.crl_url)),
        ("ca-issuers-url", profile.ca_issuers_url, bool(fields.ca_issuers_url)),
        ("name-constraints", profile.name_constraints, bool(fields.permitted or fields.excluded)),
    ]
    for field, presence, given in asked:
        if presence == ("forbidden" if given else "required"):
            raise Refusal("x509.profile_field", profile.name, field=field, presence=presence)


def crl_extensions(fields: CrlFields) -> list[x509.Extension[Any]]:
    """The extensions of a CRL; only the issuing distribution point is critical (RFC 5280 5.2.5)."""
    extensions: list[x509.Extension[Any]] = []
    if fields.profile.authority_key_identifier:
        extensions.append(extension(x509.AuthorityKeyIdentifier(fields.issuer.ski, None, None)))
    extensions.append(extension(x509.CRLNumber(fields.number)))
    if fields.distribution_point or fields.scope:
        point = _issuing_distribution_point(fields)
        extensions.append(x509.Extension(point.oid, True, point))
    return extensions


def _issuing_distribution_point(fields: CrlFields) -> x509.IssuingDistributionPoint:
    url = fields.distribution_point
    return x509.IssuingDistributionPoint(
        full_name=[x509.UniformResourceIdentifier(url)] if url else None,
        relative_name=None,
        only_contains_user_certs=fields.scope == "user",
        only_contains_ca_certs=fields.scope == "ca",
        only_some_reasons=None,
        indirect_crl=False,
        only_contains_attribute_certs=False,
    )
