"""Key signing requests and signed key responses written as IANA's XML. Format: `spec/ksr.md`.

One layout, one order: the same content gives the same bytes at every site, on every run. Everything is made anew from
values; no text of a file that was read gets into one that is written but ids, which hold no character of markup.
"""

from __future__ import annotations

import base64
import functools
import re

from quorate.dnssec.duration import duration_text, utc_text
from quorate.dnssec.ksr import AlgorithmPolicy, Bundle, BundleKey, BundleSignature, Family, KeyPolicy, Request, Response
from quorate.dnssec.ksr_xml import DURATIONS, is_identifier
from quorate.dnssec.name import name_text, shown, wire_name
from quorate.findings import Refusal


def write_ksr(request: Request) -> bytes:
    """A request as a file: the same bytes for the same content, whatever the order of keys and signatures."""
    policy = f"        <RequestPolicy>\n{_policy('ZSK', request.zsk)}        </RequestPolicy>\n"
    return _document(request, "Request", policy, "RequestBundle")


def write_skr(response: Response) -> bytes:
    """A response as a file, laid out as the published ones: keys by their tags, signatures likewise."""
    stated = _policy("KSK", response.ksk) + _policy("ZSK", response.zsk)
    return _document(
        response, "Response", f"        <ResponsePolicy>\n{stated}        </ResponsePolicy>\n", "ResponseBundle"
    )


def _document(value: Request | Response, kind: str, policy: str, bundle: str) -> bytes:
    timestamp = f' timestamp="{utc_text(value.timestamp)}"' if value.timestamp else ""
    bundles = "".join([_bundle(bundle, one) for one in value.bundles])
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<KSR id="{_safe(value.id)}" domain="{_escaped(value.domain)}" serial="{value.serial}">
    <{kind}{timestamp}>
{policy}{bundles}    </{kind}>
</KSR>
""".encode("ascii")


def _policy(name: str, policy: KeyPolicy) -> str:
    lengths = (
        policy.publish_safety,
        policy.retire_safety,
        policy.max_signature_validity,
        policy.min_signature_validity,
        policy.max_validity_overlap,
        policy.min_validity_overlap,
    )
    stated = zip(DURATIONS, lengths, strict=True)
    durations = "".join(f"                <{one}>{duration_text(length)}</{one}>\n" for one, length in stated)
    ordered = sorted(policy.algorithms, key=lambda one: (one.algorithm, one.family, one.size, one.exponent))
    return f"            <{name}>\n{durations}{''.join(map(_algorithm, ordered))}            </{name}>\n"


def _algorithm(policy: AlgorithmPolicy) -> str:
    exponent = f' exponent="{policy.exponent}"' if policy.family is Family.RSA else ""
    return f"""                <SignatureAlgorithm algorithm="{policy.algorithm}">
                    <{policy.family.value} size="{policy.size}"{exponent}/>
                </SignatureAlgorithm>
"""


def _bundle(name: str, bundle: Bundle) -> str:
    signers = [f'            <Signer keyIdentifier="{_safe(one)}"/>\n' for one in bundle.signers]
    keys = sorted(bundle.keys, key=lambda key: (key.key_tag, key.dnskey.rdata, key.identifier))
    signatures = sorted(bundle.signatures, key=lambda one: (one.rrsig.key_tag, one.rrsig.rdata, one.identifier))
    return f"""        <{name} id="{_safe(bundle.id)}">
            <Inception>{utc_text(bundle.inception)}</Inception>
            <Expiration>{utc_text(bundle.expiration)}</Expiration>
{"".join([*signers, *map(_key, keys), *map(_signature, signatures)])}        </{name}>
"""


def _key(key: BundleKey) -> str:
    dnskey = key.dnskey
    return f"""            <Key{_identified(key.identifier)} keyTag="{key.key_tag}">
                <TTL>{key.ttl}</TTL>
                <Flags>{dnskey.flags}</Flags>
                <Protocol>{dnskey.protocol}</Protocol>
                <Algorithm>{dnskey.algorithm}</Algorithm>
                <PublicKey>{_base64(dnskey.public_key)}</PublicKey>
            </Key>
"""


def _signature(signature: BundleSignature) -> str:
    rrsig = signature.rrsig
    return f"""            <Signature{_identified(signature.identifier)}>
                <TTL>{signature.ttl}</TTL>
                <TypeCovered>DNSKEY</TypeCovered>
                <Algorithm>{rrsig.algorithm}</Algorithm>
                <Labels>{rrsig.labels}</Labels>
                <OriginalTTL>{rrsig.original_ttl}</OriginalTTL>
                <SignatureExpiration>{utc_text(rrsig.expiration)}</SignatureExpiration>
                <SignatureInception>{utc_text(rrsig.inception)}</SignatureInception>
                <KeyTag>{rrsig.key_tag}</KeyTag>
                <SignersName>{_escaped(rrsig.signer)}</SignersName>
                <SignatureData>{_base64(rrsig.signature)}</SignatureData>
            </Signature>
"""


def _base64(octets: bytes) -> str:
    return base64.b64encode(octets).decode()


def _identified(identifier: str) -> str:
    return f' keyIdentifier="{_safe(identifier)}"' if identifier else ""


def _safe(identifier: str) -> str:
    """An id as it may stand in an attribute. Raises `ksr.id_unusable` for one that no reader takes."""
    if not is_identifier(identifier):
        raise Refusal("ksr.id_unusable", id=shown(identifier))
    return identifier


@functools.lru_cache(maxsize=256)  # a zone's own name stands in every signature
def _escaped(name: str) -> str:
    """A domain name in canonical text, with XML's own characters as escapes of the name (RFC 1035 5.1)."""
    text = name_text(wire_name(name))
    return re.sub(r"""\\?["&'<>`]""", lambda match: f"\\{ord(match[0][-1]):03d}", text)
