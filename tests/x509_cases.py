"""Every bad certificate and CRL of the vectors."""

from __future__ import annotations

import x509_cases_classes
import x509_cases_crls
import x509_cases_fields
import x509_cases_keys
import x509_cases_names
import x509_cases_relations
from x509_world import Case

CASES: list[Case] = [
    *x509_cases_fields.CASES,
    *x509_cases_names.CASES,
    *x509_cases_relations.CASES,
    *x509_cases_keys.CASES,
    *x509_cases_classes.CASES,
    *x509_cases_crls.CASES,
]
