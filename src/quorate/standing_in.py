"""Stand-ins for what an authority adopts, so that its ceremonies can be rehearsed without its keys. Floor 4.

Every key that signed something adopted gets a stand-in of its type. Certificates and CRLs are the adopted ones with the
stand-ins' keys in the place of the real ones, signed anew; whatever else they say stays as it is. SKRs likewise.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

import msgspec
from cryptography.hazmat import asn1

from quorate import canonical
from quorate.adopting import FOLDER, AdoptedSource, adopted_der, stand_in_file
from quorate.adoption import Pool, public_key
from quorate.algorithms import SignatureAlgorithm, by_identifier, default_algorithm
from quorate.authority import Adopted, AuthorityState
from quorate.dnssec.dnskey import Algorithm, dnskey_of, spki_of
from quorate.dnssec.ksr import Bundle, BundleKey, BundleSignature, Response
from quorate.dnssec.ksr_layout import write_skr
from quorate.dnssec.ksr_xml import read_skr
from quorate.dnssec.rrsig import signed_data
from quorate.dnssec.soundness import signing_keys
from quorate.findings import Refusal
from quorate.host import Host
from quorate.keys import KeyType, key_name
from quorate.script.skr import SIGNATURES
from quorate.token import Login, Presence
from quorate.token.software import SoftwareToken
from quorate.token.zonekey import rrsig_octets
from quorate.x509.draft import Kind
from quorate.x509.facts import CertificateFacts, CrlFacts, read_certificate, read_crl
from quorate.x509.finish import finish_tbs
from quorate.x509.legacy import signed_as_made
from quorate.x509.structure import TbsCertificate, TbsCertList, decode, encode

TRANSPORT = b"transport-pin"
"""What a shadow token opens with before its first ceremony; shadow tokens guard nothing."""


class StandInKeys:
    """The token of the stand-ins' pairs: each under an id that its real public key gives."""

    def __init__(self, root: Path) -> None:
        folder = root / "shadow" / FOLDER / "token"
        if not folder.is_dir():
            pins = bytearray(TRANSPORT), bytearray(TRANSPORT)
            SoftwareToken.make(folder, "SHADOW-ADOPTED", "adopted", *pins, Host().random)
        self.token = SoftwareToken(folder)
        self.token.login(Login.USER, bytearray(TRANSPORT))

    def of(self, spki: bytes) -> bytes | None:
        """The stand-in's public key (DER) for a real one, made at the first call; None for a key of no known type."""
        try:
            name = key_name(spki)
        except Refusal:
            return None
        if name not in list(KeyType):
            return None
        object_id = object_id_of(spki)
        if self.token.lookup(object_id) is Presence.NONE:
            return self.token.generate(KeyType(name), object_id, "adopted").spki
        return self.token.read(object_id).spki

    def signed(self, tbs: bytes, it: CertificateFacts | CrlFacts, spki: bytes) -> bytes:
        """The object around `tbs`, signed by the stand-in of the key `spki`."""
        stand_in, name, algorithm = self.of(spki), key_name(spki), _algorithm(it, spki)
        assert stand_in is not None
        signature = self.token.sign(object_id_of(spki), name, algorithm, tbs)
        kind: Kind = "crl" if isinstance(it, CrlFacts) else "certificate"
        return finish_tbs(kind, tbs, stand_in, algorithm, signature)


def object_id_of(spki: bytes) -> bytes:
    """The object id of the stand-in of a real public key (DER)."""
    return hashlib.sha256(spki).digest()[:8]


def _algorithm(it: CertificateFacts | CrlFacts, spki: bytes) -> SignatureAlgorithm:
    """The same as the real one, or the default of its key where that one is made no more."""
    algorithm, name = by_identifier(it.algorithm), key_name(spki)
    return algorithm if algorithm is not None and algorithm.fits(name) else default_algorithm(name)


def stand_in_adopted(root: Path, state: AuthorityState, sources: tuple[AdoptedSource, ...]) -> tuple[Adopted, ...]:
    """What the shadow authority adopts. A stand-in is found again by the digest of the real thing.

    It is made anew when what is adopted since says more of it: who issued it, or that its key signed something.
    """
    if not state.adopted:
        return ()
    files = {source.id: adopted_der(root, source) for source in sources}
    paths = {one.id: stand_in_file(root, one.digest) for one in state.adopted}
    if not all(path.is_file() for path in paths.values()):
        _make(root, state, files, paths)
    return tuple(
        msgspec.structs.replace(one, digest=canonical.digest(paths[one.id].read_bytes())) for one in state.adopted
    )


def _make(root: Path, state: AuthorityState, files: Mapping[str, bytes], paths: Mapping[str, Path]) -> None:
    host = Host()
    host.make_folder(root / "shadow" / FOLDER)
    keys = StandInKeys(root)
    kinds = {one.id: one.kind for one in state.adopted}
    certificates = {name: read_certificate(files[name], name) for name, kind in kinds.items() if kind == "certificate"}
    crls = {name: read_crl(files[name], name) for name, kind in kinds.items() if kind == "crl"}
    pool = Pool(certificates)
    signers = {name: pool.signer(it) for name, it in (certificates | crls).items()}
    replaced = {certificates[signer].spki for signer in signers.values() if signer}
    replaced |= {public_key(name, kind, files[name]) for name, kind in kinds.items() if kind == "key"}
    spkis = {spki: keys.of(spki) or spki for spki in replaced}
    # those that are there first: what is missing says that this did not come to its end
    for name, path in sorted(paths.items(), key=lambda one: not one[1].is_file()):
        der, old = files[name], path.read_bytes() if path.is_file() else b""
        issuer = certificates[signers[name]].spki if signers.get(name) else b""
        if kinds[name] == "key":
            der = spkis[der]
        elif name in crls and issuer:
            der = _crl(crls[name], issuer, keys, old)
        elif kinds[name] == "skr":
            der = _skr(read_skr(der, name)[0], keys, spkis, old)
        elif name in certificates:
            der = _certificate(certificates[name], issuer, spkis, keys, old)
        if der != old:
            host.write_anew(path, der)
    keys.token.close()


def _certificate(
    it: CertificateFacts, issuer: bytes, spkis: Mapping[bytes, bytes], keys: StandInKeys, old: bytes
) -> bytes:
    """The certificate with its stand-in's key; signed anew if its issuer has one. `old` if it is so already."""
    if not issuer or spkis[issuer] == issuer:
        return it.der
    if old:
        before = read_certificate(old)
        if before.spki == spkis.get(it.spki, it.spki) and signed_as_made(before, spkis[issuer]):
            return old
    algorithm = _algorithm(it, issuer)
    tbs = decode(TbsCertificate, it.tbs)
    tbs = TbsCertificate(
        version=tbs.version,
        serial=tbs.serial,
        algorithm=asn1.decode_der(asn1.TLV, algorithm.identifier),
        issuer=tbs.issuer,
        validity=tbs.validity,
        subject=tbs.subject,
        spki=asn1.decode_der(asn1.TLV, spkis.get(it.spki, it.spki)),
        issuer_unique_id=tbs.issuer_unique_id,
        subject_unique_id=tbs.subject_unique_id,
        extensions=tbs.extensions,
    )
    return keys.signed(encode(tbs), it, issuer)


def _crl(it: CrlFacts, issuer: bytes, keys: StandInKeys, old: bytes) -> bytes:
    """The CRL, signed by its issuer's stand-in; `old` if it is so already."""
    stand_in = keys.of(issuer)
    if stand_in is None:
        return it.der
    if old and signed_as_made(read_crl(old), stand_in):
        return old
    algorithm = _algorithm(it, issuer)
    tbs = decode(TbsCertList, it.tbs)
    tbs = TbsCertList(
        version=tbs.version,
        algorithm=asn1.decode_der(asn1.TLV, algorithm.identifier),
        issuer=tbs.issuer,
        this_update=tbs.this_update,
        next_update=tbs.next_update,
        entries=tbs.entries,
        extensions=tbs.extensions,
    )
    return keys.signed(encode(tbs), it, issuer)


def _skr(response: Response, keys: StandInKeys, spkis: Mapping[bytes, bytes], old: bytes) -> bytes:
    """The SKR with the stand-ins of those KSKs that are adopted, in the key sets and under them; `old` if it has them.

    An SKR may be there before its KSKs.
    """
    key_sets = [tuple(_key(one, spkis) for one in bundle.keys) for bundle in response.bundles]
    # in any order: a file lists keys by tag, and stand-ins have others
    there = [set(bundle.keys) for bundle in read_skr(old, "a stand-in")[0].bundles] if old else []
    if there and there == [set(one) for one in key_sets]:
        return old
    bundles = []
    for bundle, key_set in zip(response.bundles, key_sets, strict=True):
        named = msgspec.structs.replace(bundle, keys=key_set)
        signed = tuple(_rrsig(one, bundle, named, response.domain, keys) for one in bundle.signatures)
        bundles.append(msgspec.structs.replace(named, signatures=signed))
    return write_skr(msgspec.structs.replace(response, bundles=tuple(bundles)))


def _key(one: BundleKey, spkis: Mapping[bytes, bytes]) -> BundleKey:
    dnskey = one.dnskey
    stand_in = spkis.get(spki_of(dnskey)) if dnskey.is_ksk else None
    if stand_in is None:
        return one
    new = dnskey_of(stand_in, Algorithm(dnskey.algorithm), dnskey.flags)
    return msgspec.structs.replace(one, key_tag=new.key_tag, dnskey=new)


def _rrsig(made: BundleSignature, bundle: Bundle, named: Bundle, zone: str, keys: StandInKeys) -> BundleSignature:
    """The signature of a key's stand-in over the new key set; one that is not valid stays as it is."""
    real = next(iter(signing_keys(zone, bundle, made)), None)
    pairs = zip(bundle.keys, named.keys, strict=True)
    stand_in = next((new.dnskey for old, new in pairs if old.dnskey == real and new != old), None)
    if real is None or stand_in is None:
        return made
    algorithm, spki = Algorithm(real.algorithm), spki_of(real)
    rrsig = msgspec.structs.replace(made.rrsig, key_tag=stand_in.key_tag)
    data = signed_data(zone, rrsig, named.dnskeys)
    signature = keys.token.sign(object_id_of(spki), key_name(spki), SignatureAlgorithm(SIGNATURES[algorithm]), data)
    rrsig = msgspec.structs.replace(rrsig, signature=rrsig_octets(algorithm, signature))
    return msgspec.structs.replace(made, rrsig=rrsig)
