"""Subject names (BR 7.1.4, 7.1.2.10.2). A cross-certificate repeats an existing name, whatever its form (7.1.2.2.2)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from quorate.compliance.countries import COUNTRIES
from quorate.compliance.rules import NAMED, CertificateCase, Facts, Rule, rule
from quorate.compliance.texts import PROFILES, Text, ground, must, should
from quorate.x509.name import IA5_STRING, PRINTABLE_STRING, UTF8_STRING, name_parts, text_of

TABLE: list[Rule[CertificateCase]] = []


class Attribute(NamedTuple):
    """One row of the table in BR 7.1.4.2: its name, the string types and the number of characters it may have."""

    name: str
    types: tuple[bytes, ...]
    most: int


TEXT = (UTF8_STRING, PRINTABLE_STRING)
COUNTRY, ORGANIZATION, UNIT, COMMON_NAME, STREET = "2.5.4.6", "2.5.4.10", "2.5.4.11", "2.5.4.3", "2.5.4.9"
DOMAIN_COMPONENT = "0.9.2342.19200300.100.1.25"
# in the order in which the attributes are encoded
ATTRIBUTES = {
    DOMAIN_COMPONENT: Attribute("domainComponent", (IA5_STRING,), 63),
    COUNTRY: Attribute("countryName", (PRINTABLE_STRING,), 2),
    "2.5.4.8": Attribute("stateOrProvinceName", TEXT, 128),
    "2.5.4.7": Attribute("localityName", TEXT, 128),
    "2.5.4.17": Attribute("postalCode", TEXT, 40),
    STREET: Attribute("streetAddress", TEXT, 128),
    ORGANIZATION: Attribute("organizationName", TEXT, 64),
    "2.5.4.4": Attribute("surname", TEXT, 64),
    "2.5.4.42": Attribute("givenName", TEXT, 64),
    UNIT: Attribute("organizationalUnitName", TEXT, 64),
    COMMON_NAME: Attribute("commonName", TEXT, 64),
}
ORDER = list(ATTRIBUTES)
USUAL = (COUNTRY, ORGANIZATION, COMMON_NAME)


@rule(TABLE, "cert.name_rdn", NAMED, must(Text.BR, "7.1.4.1", since=PROFILES), must(Text.QUORATE, "names"))
def each_rdn_has_one_attribute(case: CertificateCase) -> Iterator[Facts]:
    if any(len(rdn) != 1 for rdn in name_parts(case.it.subject)):
        yield {}


@rule(TABLE, "cert.name_repeated", NAMED, must(Text.BR, "7.1.4.1", since=PROFILES), must(Text.QUORATE, "names"))
def no_attribute_stands_twice(case: CertificateCase) -> Iterator[Facts]:
    kinds = [oid for oid, _, _ in _attributes(case)]
    for oid in dict.fromkeys(kinds):
        if kinds.count(oid) > 1 and oid not in (DOMAIN_COMPONENT, STREET):
            yield {"attribute": _name(oid)}


@rule(TABLE, "cert.name_order", NAMED, must(Text.BR, "7.1.4.1", since=PROFILES))
def attributes_are_in_order(case: CertificateCase) -> Iterator[Facts]:
    places = [ORDER.index(oid) for oid, _, _ in _attributes(case) if oid in ORDER]
    if places != sorted(places):
        yield {}


@rule(TABLE, "cert.name_encoding", NAMED, must(Text.RFC, "5280 4.1.2.4"), must(Text.BR, "7.1.4.2", since=PROFILES))
def attributes_have_their_string_types(case: CertificateCase) -> Iterator[Facts]:
    for oid, tag, octets in _attributes(case):
        if oid in ATTRIBUTES and (tag not in ATTRIBUTES[oid].types or text_of(tag, octets) is None):
            yield {"attribute": _name(oid)}


@rule(TABLE, "cert.name_length", NAMED, must(Text.RFC, "5280 A.1"), must(Text.BR, "7.1.4.2", since=PROFILES))
def attributes_have_their_lengths(case: CertificateCase) -> Iterator[Facts]:
    for oid, tag, octets in _attributes(case):
        text = text_of(tag, octets)
        if text is not None and oid in ATTRIBUTES and not 1 <= len(text) <= ATTRIBUTES[oid].most:
            yield {"attribute": _name(oid), "length": len(text), "most": ATTRIBUTES[oid].most}


@rule(TABLE, "cert.name_missing", NAMED, must(Text.BR, "7.1.2.10.2"), *ground("names"))
def country_organization_and_common_name_are_there(case: CertificateCase) -> Iterator[Facts]:
    kinds = {oid for oid, _, _ in _attributes(case)}
    for oid in USUAL:
        if oid not in kinds:
            yield {"attribute": _name(oid)}


@rule(TABLE, "cert.name_country", NAMED, must(Text.BR, "7.1.2.10.2"), *ground("names"))
def the_country_is_two_capitals(case: CertificateCase) -> Iterator[Facts]:
    for oid, tag, octets in _attributes(case):
        text = text_of(tag, octets) or ""
        if oid == COUNTRY and not (len(text) == 2 and text.isascii() and text.isalpha() and text.isupper()):
            yield {}


@rule(TABLE, "cert.name_country_unknown", NAMED, must(Text.BR, "7.1.2.10.2"), *ground("names"))
def the_country_is_one(case: CertificateCase) -> Iterator[Facts]:
    for oid, tag, octets in _attributes(case):
        text = text_of(tag, octets) or ""
        if oid == COUNTRY and text.upper() not in COUNTRIES:
            yield {"country": text}


@rule(TABLE, "cert.name_unit", NAMED, must(Text.BR, "7.1.2.10.2", since=PROFILES))
def there_is_no_organizational_unit(case: CertificateCase) -> Iterator[Facts]:
    if any(oid == UNIT for oid, _, _ in _attributes(case)):
        yield {}


@rule(TABLE, "cert.name_unusual", NAMED, should(Text.BR, "7.1.2.10.2", since=PROFILES))
def there_is_no_other_attribute(case: CertificateCase) -> Iterator[Facts]:
    for oid, _, _ in _attributes(case):
        if oid not in (*USUAL, UNIT):
            yield {"attribute": _name(oid)}


def _attributes(case: CertificateCase) -> tuple[tuple[str, bytes, bytes], ...]:
    return tuple(attribute for rdn in name_parts(case.it.subject) for attribute in rdn)


def _name(oid: str) -> str:
    return ATTRIBUTES[oid].name if oid in ATTRIBUTES else oid
