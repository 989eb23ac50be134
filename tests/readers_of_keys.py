"""Readers of key files, shares, certificates and what else `inspect` shows, and profiles."""

from __future__ import annotations

import functools
import json
from pathlib import Path

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from damage import der, octets, pem
from ksr_making import pair
from quorate import canonical, prepare
from quorate.appraisal import Surroundings, judged, signature_of, usual_profile
from quorate.comparison import differences
from quorate.dnssec.keyfile import key_pair, read_key
from quorate.inspection import fields, read_out
from quorate.shares import parse_words
from quorate.token import Login
from quorate.token.software import SoftwareToken
from quorate.x509.object import read_objects
from quorate.x509.profile import SHIPPED as PROFILES
from quorate.x509.profile import load_profile, parse_profile
from reading import JSON, RECORD, TOML, WORDS, X509, Nowhere, Reader, file, folder
from test_shares import PUBLISHED

# -- keys -------------------------------------------------------------------------------------------------------------


def key_files() -> tuple[bytes, ...]:
    names = ("zsk-p256-1", "zsk-p384-1", "zsk-ed25519-1", "zsk-ed448-1", "zsk-2048-1")
    keys = (pair(name).private for name in names)
    forms = (PrivateFormat.PKCS8, PrivateFormat.TraditionalOpenSSL)
    made = []
    for key in keys:
        made += [key.private_bytes(Encoding.PEM, forms[0], NoEncryption())]
        if hasattr(key, "private_numbers"):
            made += [key.private_bytes(Encoding.PEM, forms[1], NoEncryption())]
    return tuple(made)


def check_key_file(data: bytes) -> None:
    made = key_pair(read_key(data, b"typed" if b"ENCRYPTED" in data else None, "zsk.pem"), "zsk", 256)
    assert made.sign(b"some data")


PIN = b"0123456789abcdef"


@functools.cache
def token() -> tuple[Path, bytes, bytes]:
    """A software token with one key, its folder, the key's file and the token's."""
    from quorate.keys import KeyType

    path = folder() / "token"
    made = SoftwareToken.make(path, "T-1", "a token", bytearray(PIN), bytearray(PIN), Nowhere().random)
    made.login(Login.USER, bytearray(PIN))
    made.generate(KeyType.P256, b"\1", "a key")
    return path, (path / "01.key").read_bytes(), (path / "token.json").read_bytes()


@functools.cache
def opened_token() -> SoftwareToken:
    opened = SoftwareToken(token()[0])
    opened.login(Login.USER, bytearray(PIN))
    return opened


def check_token_key(data: bytes) -> None:
    file("token/01.key", data)
    opened_token().read(b"\1")


def check_sealed_key(data: bytes) -> None:
    """What lies sealed in a key file, by somebody who can open it."""
    kept, opened = json.loads(token()[1]), opened_token()
    bound = "\0".join(kept[name] for name in ("format", "serial", "id", "label", "spki")).encode()
    kept["sealed"] = AESGCM(opened._key).encrypt(bytes.fromhex(kept["nonce"]), data, bound).hex()
    check_token_key(canonical.encode(kept))


def check_token_file(data: bytes) -> None:
    file("other-token/token.json", data)
    made = SoftwareToken(folder() / "other-token")
    assert made.info.serial == made._file.serial


def check_words(data: bytes) -> None:
    parse_words(bytearray(data))


# -- X.509 ------------------------------------------------------------------------------------------------------------


@functools.cache
def objects() -> tuple[bytes, ...]:
    """Certificates, CRLs, requests, keys and answers, in DER and PEM."""
    made = [path.read_bytes() for path in sorted((X509 / "world").iterdir())]
    made += [path.read_bytes() for path in sorted((RECORD / "artifacts").iterdir())]
    made += [path.read_bytes() for path in sorted((RECORD / "drafts").iterdir())]
    made += [(RECORD / "inputs" / "i1.csr.pem").read_bytes()]
    second = RECORD.parent / "002-next" / "artifacts"
    made += [path.read_bytes() for path in sorted(second.iterdir())]
    return tuple(made)


@functools.cache
def surroundings() -> Surroundings:
    world = {path.name: path.read_bytes() for path in sorted((X509 / "world").iterdir())}
    known = {
        name: it for name, data in world.items() for it in read_objects(data) if type(it).__name__ == "CertificateFacts"
    }
    return Surroundings("webpki", known=known)


def inspect(data: bytes) -> None:
    """As `quorate inspect` and `quorate compare` do."""
    for it in read_objects(data, "a file"):
        for around in (surroundings(), Surroundings("private")):
            signature = signature_of(it, around)
            name = usual_profile(it, around) if type(it).__name__ in ("CertificateFacts", "CrlFacts") else ""
            for one in judged(it, load_profile(name) if name else None, True, signature, around):
                assert one.sentence
        assert fields(it)
        "\n".join(read_out(it)).encode("utf-8", "backslashreplace")
        differences(it, it)


def profiles() -> tuple[bytes, ...]:
    return tuple(prepare.profile_text(Path("/nowhere"), name) for name in PROFILES)


def check_profile(data: bytes) -> None:
    """By the name that it gives itself."""
    said = [name for name in PROFILES if f'"{name}"'.encode() in data]
    parse_profile(said[0] if said else "webpki-root", data)


@functools.cache
def pkcs8() -> bytes:
    """What lies sealed in the key's file."""
    file("token/01.key", token()[1])
    _, private = opened_token()._opened(b"\1")
    return private.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())


DER = (der, pem(der), pem(octets))

KEYS = (
    Reader("zone-key", key_files, (pem(der), pem(octets)), check_key_file),
    Reader("token", lambda: (token()[2],), JSON, check_token_file),
    Reader("token-key", lambda: (token()[1],), JSON, check_token_key),
    Reader("sealed-key", lambda: (pkcs8(),), (der,), check_sealed_key),
    Reader("words", lambda: tuple(one.encode() for one in PUBLISHED), (WORDS,), check_words),
    Reader("inspect", objects, DER, inspect),
    Reader("profile", profiles, TOML, check_profile),
)
