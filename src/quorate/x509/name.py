"""Distinguished names: their bytes, their text, when two are equal (RFC 5280 4.1.2.4, BR 7.1.4)."""

from __future__ import annotations

import functools
import re
import unicodedata
import warnings

from cryptography import x509
from cryptography.hazmat import asn1
from cryptography.x509.oid import NameOID

from quorate.algorithms import SignatureAlgorithm
from quorate.findings import Refusal
from quorate.keys import KeyType, stand_in_spki
from quorate.plan import DirectoryName, Subject
from quorate.x509.structure import AttributeValue, Box, Envelope, NameBox, RequestInfo, decode, encode

# tags of the string types that a name may be written in, with how their octets are read
STRING_TYPES = {0x0C: "utf-8", 0x13: "ascii", 0x16: "ascii", 0x14: "latin-1", 0x1E: "utf-16-be", 0x1C: "utf-32-be"}
# short names of attribute types, RFC 4514 3
SHORT = {
    "2.5.4.3": "CN",
    "2.5.4.6": "C",
    "2.5.4.7": "L",
    "2.5.4.8": "ST",
    "2.5.4.9": "STREET",
    "2.5.4.10": "O",
    "2.5.4.11": "OU",
    "0.9.2342.19200300.100.1.1": "UID",
    "0.9.2342.19200300.100.1.25": "DC",
}
UTF8_STRING, PRINTABLE_STRING, IA5_STRING = b"\x0c", b"\x13", b"\x16"


def encode_name(subject: Subject) -> bytes:
    """DER of the Name: country (PrintableString), organization and common name (UTF8String), one per RDN, this order.

    Country and organization are left out where they are empty. Raises `x509.name_unusable` for what RFC 5280 has no
    place for, and for what people could not compare aloud; what a rule set thinks of a name is said by `compliance`.
    """
    country, organization, common_name = subject.country, subject.organization, subject.common_name
    if country and not re.fullmatch("[A-Za-z0-9]{2}", country):
        raise Refusal("x509.name_unusable", detail="the country is not a code of two letters")
    if organization:
        _check_text("organization", organization)
    _check_text("common name", common_name)
    attributes = (
        (NameOID.COUNTRY_NAME, country),
        (NameOID.ORGANIZATION_NAME, organization),
        (NameOID.COMMON_NAME, common_name),
    )
    return x509.Name([x509.NameAttribute(oid, value) for oid, value in attributes if value]).public_bytes()


def encode_directory(name: DirectoryName) -> bytes:
    """DER of the beginning of a name, as a name constraint has it. Raises `x509.name_unusable`."""
    parts = (
        (NameOID.STATE_OR_PROVINCE_NAME, "state", name.state, 128),
        (NameOID.LOCALITY_NAME, "locality", name.locality, 128),
        (NameOID.ORGANIZATION_NAME, "organization", name.organization, 64),
    )
    _check_country(name.country)
    given = [part for part in parts if part[2]]
    for _, what, value, most in given:
        _check_text(what, value, most)
    attributes = [x509.NameAttribute(oid, value) for oid, _, value, _ in given]
    return x509.Name([x509.NameAttribute(NameOID.COUNTRY_NAME, name.country), *attributes]).public_bytes()


def _check_country(country: str) -> None:
    if len(country) != 2 or not country.isascii() or not country.isalpha() or country != country.upper():
        raise Refusal("x509.name_unusable", detail="the country is not two capital letters")


def _check_text(what: str, value: str, most: int = 64) -> None:
    if not 1 <= len(value) <= most:
        raise Refusal("x509.name_unusable", detail=f"the {what} has {len(value)} characters, not 1 to {most}")
    if value != value.strip() or not value.isprintable() or value != unicodedata.normalize("NFC", value):
        raise Refusal("x509.name_unusable", detail=f"the {what} has characters that cannot be read aloud")


def load_name(der: bytes) -> x509.Name:
    """The Name with its string types kept, as the builders want it. Raises `x509.name_bytes_differ` where that fails.

    `cryptography` reads names only as part of an object, so the bytes travel inside an unsigned request.
    """
    spki = _tlv(stand_in_spki(KeyType.P256))
    info = RequestInfo(version=0, subject=_tlv(der), spki=spki, attributes=asn1.SetOf([]))
    algorithm = _tlv(SignatureAlgorithm.ECDSA_SHA256.identifier)
    request = Envelope(tbs=_tlv(encode(info)), algorithm=algorithm, signature=asn1.BitString(b"", 0))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a length that they warn of is a finding of `compliance`
            name = x509.load_der_x509_csr(encode(request)).subject
        if name.public_bytes() == der:
            return name
    except (ValueError, TypeError) as error:  # TypeError: an attribute that is no string
        raise Refusal("x509.encoding", detail=" ".join(str(error).split())) from None
    raise Refusal("x509.name_bytes_differ")


def name_text(der: bytes) -> str:
    """The name as RFC 4514 writes it, most specific attribute first."""
    return load_name(der).rfc4514_string()


def written(der: bytes) -> str:
    """The name for people: as text, what is not seen escaped; in octets where nobody could write it again."""
    try:
        text = name_text(der) or "the empty name"
    except Refusal:
        return der.hex()
    return "".join(one if one.isprintable() else "".join(f"\\{octet:02x}" for octet in one.encode()) for one in text)


def name_line(der: bytes) -> str:
    """The name in printable ASCII for statements, as RFC 4514 allows: every other character is escaped octet by octet.

    A type without a short name in RFC 4514 3 goes by its OID; a value that is no string by `#` and its DER.
    """
    return ",".join("+".join(_attribute(one) for one in rdn.as_list()) for rdn in reversed(_rdns(der)))


def _attribute(one: AttributeValue) -> str:
    oid, text = one.oid.dotted_string, text_of(one.value.tag_bytes, bytes(one.value.data))
    if text is None:
        return f"{SHORT.get(oid, oid)}=#{encode(one.value).hex()}"
    last = len(text) - 1
    return f"{SHORT.get(oid, oid)}={''.join(_character(c, at == 0, at == last) for at, c in enumerate(text))}"


def _character(one: str, first: bool, last: bool) -> str:
    if not " " <= one <= "~":
        return "".join(f"\\{octet:02x}" for octet in one.encode())
    special = one in '"+,;<=>\\' or (one == " " and (first or last)) or (one == "#" and first)
    return f"\\{one}" if special else one


def name_parts(der: bytes) -> tuple[tuple[tuple[str, bytes, bytes], ...], ...]:
    """The RDNs in order, each as (attribute OID, tag of the string type, octets) in encoded order."""
    return tuple(
        tuple((part.oid.dotted_string, part.value.tag_bytes, bytes(part.value.data)) for part in rdn.as_list())
        for rdn in _rdns(der)
    )


def _rdns(der: bytes) -> list[asn1.SetOf[AttributeValue]]:
    return decode(NameBox, encode(Box(content=_tlv(der)))).name


def text_of(tag: bytes, octets: bytes) -> str | None:
    """The characters of one attribute value, or None when it is no string or is not encoded as its type says."""
    try:
        return octets.decode(STRING_TYPES[tag[0]]) if len(tag) == 1 and tag[0] in STRING_TYPES else None
    except UnicodeDecodeError:
        return None


@functools.lru_cache(maxsize=256)  # each rule asks it of every name that is known
def comparable(der: bytes) -> tuple[tuple[tuple[str, str], ...], ...]:
    """What two names have in common when they compare as equal (RFC 5280 7.1), whatever they are encoded in."""
    return tuple(
        tuple(sorted((oid, _folded(text_of(tag, octets), octets)) for oid, tag, octets in rdn))
        for rdn in name_parts(der)
    )


def organization(der: bytes) -> str:
    """The organizationName of a name; empty if it has none."""
    texts = (text_of(tag, octets) for rdn in name_parts(der) for oid, tag, octets in rdn if oid == "2.5.4.10")
    return next((text for text in texts if text), "")


def common_name(der: bytes) -> str:
    """The commonName of a name; empty if it has none."""
    texts = (text_of(tag, octets) for rdn in name_parts(der) for oid, tag, octets in rdn if oid == "2.5.4.3")
    return next((text for text in texts if text), "")


def _folded(text: str | None, octets: bytes) -> str:
    """Case and white space do not count (RFC 4518 2.2, 2.6.1); a value that is no string counts by its octets."""
    return octets.hex() if text is None else " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def _tlv(der: bytes) -> asn1.TLV:
    try:
        return asn1.decode_der(asn1.TLV, der)
    except ValueError as error:
        raise Refusal("x509.encoding", detail=" ".join(str(error).split())) from None
