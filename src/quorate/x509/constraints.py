"""Name constraints (RFC 5280 4.2.1.10, BR 7.1.2.5.2): from the plan's forms to texts, and from texts to the extension.

A subtree is a text: `dns:example.org`, `ip:192.0.2.0/24`, `email:example.org`, `dir:` and the DER of the Name in
hexadecimal. `dns:` alone is the zero-length name, which is every name. Scripts carry these texts.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Iterator

from cryptography import x509

from quorate.findings import Finding, Refusal, found
from quorate.plan import NameConstraints, NameForms
from quorate.x509.name import encode_directory, load_name, name_text

EVERY_DNS, EVERY_IPV4, EVERY_IPV6 = "dns:", "ip:0.0.0.0/0", "ip:::/0"

_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_DOMAIN = re.compile(rf"{_LABEL}(?:\.{_LABEL})*")
_MAILBOX = re.compile(rf"(?:[A-Za-z0-9!#$%&'*+/=?^_`{{|}}~.-]{{1,64}}@|\.)?{_LABEL}(?:\.{_LABEL})*")

Subtrees = tuple[tuple[str, ...], tuple[str, ...]]


def subtrees(constraints: NameConstraints, whole: bool, where: str = "") -> Subtrees:
    """The permitted and the excluded subtrees as texts.

    `whole`: a type of which nothing is permitted is excluded as a whole: dNSName, IPv4, IPv6 (BR 7.1.2.5.2). Raises
    every `x509.constraint_unusable` at once.
    """
    problems = [*_problems(constraints.permitted, where), *_problems(constraints.excluded, where, empty=True)]
    if problems:
        raise Refusal.of(tuple(problems))
    permitted, excluded = _texts(constraints.permitted), _texts(constraints.excluded)
    if whole:
        families = {_family(text) for text in permitted}
        every = (("dns", EVERY_DNS), ("ip4", EVERY_IPV4), ("ip6", EVERY_IPV6))
        excluded += tuple(text for family, text in every if family not in families and text not in excluded)
    return permitted, excluded


def extension(permitted: Iterable[str], excluded: Iterable[str]) -> x509.NameConstraints:
    """The extension's value, subtrees in the given order."""
    return x509.NameConstraints([_general(text) for text in permitted] or None, [_general(t) for t in excluded] or None)


def as_texts(names: Iterable[x509.GeneralName] | None) -> tuple[str, ...]:
    """The subtrees of an extension as texts; a name of another type is `other:` and its type."""
    return tuple(_text(name) for name in names or ())


def spoken(text: str) -> str:
    """A subtree for people: what is whole is said so, a directory name is written out."""
    kind, _, value = text.partition(":")
    if text == EVERY_DNS:
        return "every DNS name"
    if text in (EVERY_IPV4, EVERY_IPV6):
        return f"every IPv{4 if text == EVERY_IPV4 else 6} address"
    return f"{kind} {name_text(bytes.fromhex(value)) if kind == 'dir' else value}"


def _texts(forms: NameForms) -> tuple[str, ...]:
    directory = (encode_directory(name).hex() for name in forms.directory)
    kinds = (("dns", forms.dns), ("ip", forms.ip), ("email", forms.email), ("dir", directory))
    return tuple(f"{kind}:{value}" for kind, values in kinds for value in values)


def _problems(forms: NameForms, where: str, empty: bool = False) -> Iterator[Finding]:
    """`empty`: the zero-length dNSName may be meant."""
    for dns in forms.dns:
        if not _DOMAIN.fullmatch(dns) and not (empty and dns == ""):
            yield _problem(where, f"dns {dns}", "a domain is in lower case, without wildcard and leading dot")
    for address in forms.ip:
        try:
            ipaddress.ip_network(address)
        except ValueError as error:
            yield _problem(where, f"ip {address}", " ".join(str(error).split()))
    for email in forms.email:
        if not _MAILBOX.fullmatch(email):
            yield _problem(where, f"email {email}", "neither a mailbox nor a host, nor a dot and a domain")
    every: list[object] = [*forms.dns, *forms.ip, *forms.email, *forms.directory]
    if len(set(every)) != len(every):
        yield _problem(where, "a name", "it stands twice")


def _problem(where: str, text: str, detail: str) -> Finding:
    return found("x509.constraint_unusable", where, constraint=text, detail=detail)


def _family(text: str) -> str:
    kind, _, value = text.partition(":")
    return f"ip{ipaddress.ip_network(value).version}" if kind == "ip" else kind


def _general(text: str) -> x509.GeneralName:
    kind, _, value = text.partition(":")
    match kind:
        case "dns":
            return x509.DNSName(value)
        case "ip":
            return x509.IPAddress(ipaddress.ip_network(value))
        case "email":
            return x509.RFC822Name(value)
        case _:
            return x509.DirectoryName(load_name(bytes.fromhex(value)))


def _text(name: x509.GeneralName) -> str:
    match name:
        case x509.DNSName(value=value):
            return f"dns:{value}"
        case x509.IPAddress(value=value):
            return f"ip:{value}"
        case x509.RFC822Name(value=value):
            return f"email:{value}"
        case x509.DirectoryName(value=value):
            return f"dir:{value.public_bytes().hex()}"
        case _:
            return f"other:{type(name).__name__}"
