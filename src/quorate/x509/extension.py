"""Extensions in words, whatever object they stand in (RFC 5280 4.2, 5.2)."""

from __future__ import annotations

from typing import Any

from cryptography import x509

from quorate.x509.facts import KEY_USAGES
from quorate.x509.name import written
from quorate.x509.profile import PURPOSES


def extension_text(value: Any) -> str:
    """The value of an extension as `cryptography` has read it; one without words of its own in octets."""
    match value:
        case x509.BasicConstraints():
            length = "" if value.path_length is None else f", path length {value.path_length}"
            return ("a CA" if value.ca else "no CA") + length
        case x509.KeyUsage():
            return ", ".join(name for name, attribute in KEY_USAGES.items() if getattr(value, attribute)) or "none"
        case x509.ExtendedKeyUsage():
            named = {oid: name for name, oid in PURPOSES.items()}
            return ", ".join(named.get(one.dotted_string, one.dotted_string) for one in value)
        case x509.CertificatePolicies():
            return ", ".join(
                one.policy_identifier.dotted_string + (" with qualifiers" if one.policy_qualifiers else "")
                for one in value
            )
        case x509.SubjectKeyIdentifier():
            return value.digest.hex()
        case x509.AuthorityKeyIdentifier():
            issuer = f", {_names(value.authority_cert_issuer)}" if value.authority_cert_issuer else ""
            return (value.key_identifier.hex() if value.key_identifier else "no key") + issuer
        case x509.AuthorityInformationAccess():
            methods = {"1.3.6.1.5.5.7.48.1": "OCSP ", "1.3.6.1.5.5.7.48.2": ""}
            return ", ".join(
                methods.get(one.access_method.dotted_string, f"{one.access_method.dotted_string} ")
                + _general_name(one.access_location)
                for one in value
            )
        case x509.CRLDistributionPoints():
            return ", ".join(_point(one) for one in value)
        case x509.CRLNumber():
            return str(value.crl_number)
        case x509.DeltaCRLIndicator():
            return f"to CRL number {value.crl_number}"
        case x509.SubjectAlternativeName():
            return _names(value)
        case x509.NameConstraints():
            parts = (("permitted", value.permitted_subtrees), ("excluded", value.excluded_subtrees))
            return "; ".join(f"{what} {_names(names)}" for what, names in parts if names)
        case x509.IssuingDistributionPoint():
            return _scope(value)
        case x509.OCSPNoCheck():
            return "yes"
        case _:
            return str(value.public_bytes().hex())


def _point(point: x509.DistributionPoint) -> str:
    beside = [what for what, there in (("reasons", point.reasons), ("another issuer", point.crl_issuer)) if there]
    return (_names(point.full_name) if point.full_name else "no name") + "".join(f" with {one}" for one in beside)


def _scope(value: x509.IssuingDistributionPoint) -> str:
    said = [_names(value.full_name)] if value.full_name else []
    flags = {
        "user certificates only": value.only_contains_user_certs,
        "CA certificates only": value.only_contains_ca_certs,
        "attribute certificates only": value.only_contains_attribute_certs,
        "indirect": value.indirect_crl,
        "some reasons only": bool(value.only_some_reasons),
    }
    return ", ".join([*said, *(name for name, there in flags.items() if there)])


def _names(names: Any) -> str:
    return ", ".join(_general_name(one) for one in names)


def _general_name(name: x509.GeneralName) -> str:
    if isinstance(name, x509.DirectoryName):
        return written(name.value.public_bytes())
    if isinstance(name, x509.OtherName):
        return f"{name.type_id.dotted_string} {name.value.hex()}"
    value = name.value
    return value.dotted_string if isinstance(value, x509.ObjectIdentifier) else str(value)
