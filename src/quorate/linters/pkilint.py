"""The linter pkilint (DigiCert), a Python library: extra `lint`. Loaded when first asked, for that takes a second.

Its validators are chosen by what the object is, never guessed: a cross-certificate and a subordinate look alike and are
judged by different sections. What it would judge by a date in the object it judges by the moment of signing.
"""

from __future__ import annotations

import functools
import importlib.metadata
import importlib.util
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from quorate.findings import Refusal
from quorate.want import LintReport, LintSubject, Remark

WEIGHTS = {0: "fatal", 1: "error", 2: "warning", 3: "notice"}
"""By the numbers of its severities; INFO and DEBUG, 4 and 5, tell of no problem."""
OF_KEY = ".subjectPublicKeyInfo"


class Pkilint:
    """pkilint in this process."""

    name = "pkilint"

    def available(self) -> bool:
        """Whether the library is installed; it is not loaded for that."""
        return importlib.util.find_spec("pkilint") is not None

    def lint(self, subject: LintSubject, der: bytes) -> LintReport:
        """What pkilint says. Raises `lint.failed`: a library that fails on some bytes may not pass for silence."""
        try:
            remarks = tuple(_remarks(subject, der))
        except Exception as error:
            detail = " ".join(f"{type(error).__name__}: {error}".split())
            raise Refusal("lint.failed", tool=self.name, detail=detail) from None
        return LintReport(self.name, importlib.metadata.version("pkilint"), remarks)


def _remarks(subject: LintSubject, der: bytes) -> Iterator[Remark]:
    from pkilint import finding_filter, loader

    load = {"crl": loader.load_der_crl, "ocsp": loader.load_der_ocsp_response}
    document = load.get(subject.kind, loader.load_der_certificate)(der, subject.kind)
    day = subject.at.replace(hour=0, minute=0, second=0, microsecond=0)
    results = _validator(subject.kind, subject.rules, _type(subject), day).validate(document.root)
    results, _ = finding_filter.filter_results(_filters(subject), results)
    for result in results:
        for description in result.finding_descriptions:
            weight = WEIGHTS.get(int(description.finding.severity))
            if weight is not None:
                path, text = str(result.node.path), " ".join((description.message or "").split())
                yield Remark(weight, str(description.finding.code), text or path, OF_KEY in path)


@functools.lru_cache(maxsize=32)
def _validator(kind: str, rules: str, type_name: str, day: datetime) -> Any:
    """The validators of one kind of object on one day; those of a TLS authority take most of a second to be made."""
    if kind == "crl":
        return _crl_validator(rules)
    if kind == "ocsp":
        return _ocsp_validator()
    return _tls_validator(type_name, day) if rules == "webpki" else _pkix_validator()


def _tls_validator(type_name: str, day: datetime) -> Any:
    from pkilint import document
    from pkilint.cabf import serverauth
    from pkilint.cabf.serverauth.serverauth_constants import CertificateType
    from pkilint.pkix import certificate

    signed_at = document.StaticValidityPeriodStartRetriever(day)
    validators = serverauth.create_validators(CertificateType[type_name], signed_at)
    return certificate.create_pkix_certificate_validator_container(serverauth.create_decoding_validators(), validators)


def _pkix_validator() -> Any:
    from pkilint.pkix import certificate, extension, name

    decoding = certificate.create_decoding_validators(name.ATTRIBUTE_TYPE_MAPPINGS, extension.EXTENSION_MAPPINGS)
    return certificate.create_pkix_certificate_validator_container(
        decoding,
        [
            certificate.create_issuer_validator_container([]),
            certificate.create_validity_validator_container(),
            certificate.create_subject_validator_container([]),
            certificate.create_extensions_validator_container([]),
            certificate.create_spki_validator_container([]),
        ],
    )


def _crl_validator(rules: str) -> Any:
    """As the list of an authority that certifies authorities, an ARL: other reasons, twelve months and not ten days."""
    from pkilint import pkix
    from pkilint.cabf import cabf_crl
    from pkilint.pkix import crl, extension, name

    arl = crl.CertificateRevocationListType.ARL
    web = rules == "webpki"
    period = [cabf_crl.create_validity_period_validator(arl)] if web else []
    reasons = [cabf_crl.CabfCrlReasonCodeAllowlistValidator(arl)] if web else []
    return crl.create_pkix_crl_validator_container(
        [
            pkix.create_attribute_decoder(name.ATTRIBUTE_TYPE_MAPPINGS),
            pkix.create_extension_decoder(extension.EXTENSION_MAPPINGS),
        ],
        [
            crl.create_issuer_validator_container([]),
            crl.create_validity_validator_container(period),
            crl.create_extensions_validator_container([]),
            *reasons,
        ],
    )


def _ocsp_validator() -> Any:
    from pkilint import pkix
    from pkilint.pkix import extension, name, ocsp

    return ocsp.create_pkix_ocsp_response_validator_container(
        [
            ocsp.create_response_decoder(),
            pkix.create_attribute_decoder(name.ATTRIBUTE_TYPE_MAPPINGS),
            pkix.create_extension_decoder(extension.EXTENSION_MAPPINGS),
        ],
        [],
    )


def _type(subject: LintSubject) -> str:
    """The name of pkilint's certificate type for what is judged."""
    whose = "EXTERNAL" if subject.external else "INTERNAL"
    match subject.kind:
        case "root":
            return "ROOT_CA"
        case "cross":
            return f"{whose}_SUBSCRIBER_ISSUING_CROSS_CA" if subject.direct else f"{whose}_CROSS_CA"
        case "non-tls" | "cross-non-tls":  # of cross-certificates it knows those that serve TLS only
            return "NON_TLS_CA"
        case "responder":
            return "OCSP_RESPONDER"
        case "constrained":
            return f"{whose}_CONSTRAINED_TLS_CA"
        case _:
            return f"{whose}_UNCONSTRAINED_TLS_CA"


def _filters(subject: LintSubject) -> Any:
    """What BR says otherwise than RFC 5280, as pkilint's own command leaves it out."""
    if subject.rules != "webpki" or subject.kind in ("crl", "ocsp"):
        return []
    from pkilint.cabf import serverauth
    from pkilint.cabf.serverauth.serverauth_constants import CertificateType

    return serverauth.create_serverauth_finding_filters(CertificateType[_type(subject)])
