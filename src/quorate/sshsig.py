"""SSHSIG signatures: people sign statements with the keys they already have. Floor 0. Spec: `spec/statements.md`.

Format of OpenSSH's PROTOCOL.sshsig: `ssh-keygen -Y sign` and `-Y verify` interoperate. The hash is SHA-512 and nothing
else. Security keys (`sk-…`) are verified with their flags: touch is required, PIN verification is reported.
"""

from __future__ import annotations

import base64
import binascii
import functools
import hashlib
import struct
from collections.abc import Callable
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa, utils

from quorate.findings import Refusal

BEGIN, END = "-----BEGIN SSH SIGNATURE-----", "-----END SSH SIGNATURE-----"
_CURVES: dict[str, tuple[ec.EllipticCurve, hashes.HashAlgorithm]] = {
    "nistp256": (ec.SECP256R1(), hashes.SHA256()),
    "nistp384": (ec.SECP384R1(), hashes.SHA384()),
    "nistp521": (ec.SECP521R1(), hashes.SHA512()),
}
LEAST_RSA_BITS = 3072
_PLAIN = ("ssh-ed25519", "ssh-rsa", *(f"ecdsa-sha2-{curve}" for curve in _CURVES))
_SK_ED25519, _SK_ECDSA = "sk-ssh-ed25519@openssh.com", "sk-ecdsa-sha2-nistp256@openssh.com"
LONGEST = 64 * 1024
_PublicKey = ed25519.Ed25519PublicKey | ec.EllipticCurvePublicKey | rsa.RSAPublicKey


@dataclass(frozen=True, slots=True)
class Verified:
    """What a valid signature says beside its validity: the key's kind, and for a security key touch and PIN."""

    key_type: str
    hardware: bool
    user_verified: bool


@functools.lru_cache(maxsize=256)  # asked for every person at every step
def public_blob(line: str) -> bytes:
    """The wire form of an OpenSSH public key line (`ssh-ed25519 AAAA… comment`), or `person.key_malformed`."""
    fields = line.split()
    try:
        blob = base64.b64decode(fields[1], validate=True)
        if _take(blob)[0].decode("ascii") == fields[0]:
            return blob
    except (IndexError, ValueError, _Short):
        pass
    raise Refusal("person.key_malformed", line[:40])


def key_problem(blob: bytes) -> str:
    """Why no statement can be signed with the key of `blob`; empty if one can."""
    try:
        key, _ = _load(blob)
    except (InvalidSignature, UnsupportedAlgorithm, ValueError, _Short):
        return "it cannot be read, or is of a type that is not known here"
    if isinstance(key, rsa.RSAPublicKey) and key.key_size < LEAST_RSA_BITS:
        return f"it has {key.key_size} bits"
    return ""


@functools.lru_cache(maxsize=256)
def pair_of(blob: bytes) -> str:
    """The digest of the public key of `blob` without its type: one pair is one person's, as a security key's too."""
    try:
        key, _ = _load(blob)
    except (InvalidSignature, UnsupportedAlgorithm, ValueError, _Short):
        return fingerprint(blob)
    if isinstance(key, rsa.RSAPublicKey):  # who can use one exponent with a modulus can use any
        return f"{key.public_numbers().n:x}"
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return hashlib.sha256(key.public_bytes(serialization.Encoding.DER, form)).hexdigest()


@functools.lru_cache(maxsize=256)
def fingerprint(blob: bytes) -> str:
    """`SHA256:…` as `ssh-keygen -l` prints it."""
    return "SHA256:" + base64.b64encode(hashlib.sha256(blob).digest()).decode().rstrip("=")


def to_be_signed(namespace: str, message: bytes) -> bytes:
    """The octets that the key signs for `message` in `namespace`."""
    digest = hashlib.sha512(message).digest()
    return b"SSHSIG" + _string(namespace.encode()) + _string(b"") + _string(b"sha512") + _string(digest)


def make(blob: bytes, namespace: str, message: bytes, sign: Callable[[bytes], bytes]) -> str:
    """An armored signature; `sign` answers the SSH signature blob over the octets it is given."""
    signature = sign(to_be_signed(namespace, message))
    body = b"SSHSIG" + struct.pack(">I", 1) + _string(blob) + _string(namespace.encode()) + _string(b"")
    text = base64.b64encode(body + _string(b"sha512") + _string(signature)).decode()
    lines = [text[start : start + 70] for start in range(0, len(text), 70)]
    return "\n".join([BEGIN, *lines, END, ""])


def ed25519_signer(key: ed25519.Ed25519PrivateKey) -> Callable[[bytes], bytes]:
    """A `sign` for `make` from an Ed25519 key at hand (stand-in people)."""
    return lambda data: _string(b"ssh-ed25519") + _string(key.sign(data))


def verify(armored: str, blob: bytes, namespace: str, message: bytes) -> Verified:
    """Check that the holder of `blob` signed `message` in `namespace`; `signature.*` refusals otherwise."""
    signer, claimed, algorithm, signature = _open(armored)
    if signer != blob:
        raise Refusal("signature.other_key", expected=fingerprint(blob), got=fingerprint(signer))
    if claimed != namespace:
        raise Refusal("signature.other_namespace", expected=namespace, got=claimed[:60])
    if algorithm != "sha512":
        raise Refusal("signature.other_hash", got=algorithm[:20])
    try:
        return _verify_blob(blob, signature, to_be_signed(namespace, message))
    except (InvalidSignature, UnsupportedAlgorithm, ValueError, _Short):
        raise Refusal("signature.invalid", key=fingerprint(blob)) from None


class _Short(Exception):
    """The wire form ends too early."""


def _string(data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + data


def _take(data: bytes) -> tuple[bytes, bytes]:
    if len(data) < 4 or len(data) < 4 + (length := struct.unpack(">I", data[:4])[0]):
        raise _Short
    return data[4 : 4 + length], data[4 + length :]


def _open(armored: str) -> tuple[bytes, str, str, bytes]:
    # line ends and lengths are the armor's own; of the rest there is one spelling, for it is read again for ever
    lines = armored.replace("\r\n", "\n").strip("\n").split("\n")
    text = "".join(lines[1:-1])
    try:
        if lines[0] != BEGIN or lines[-1] != END or len(armored) > LONGEST:
            raise ValueError
        data = base64.b64decode(text, validate=True)
        if not data.startswith(b"SSHSIG\0\0\0\1") or base64.b64encode(data).decode() != text:
            raise ValueError
        signer, rest = _take(data[10:])
        namespace, rest = _take(rest)
        reserved, rest = _take(rest)
        algorithm, rest = _take(rest)
        signature, rest = _take(rest)
        if rest or reserved:
            raise ValueError
        return signer, namespace.decode("ascii"), algorithm.decode("ascii"), signature
    except (IndexError, ValueError, binascii.Error, _Short):
        raise Refusal("signature.malformed") from None


def _verify_blob(blob: bytes, signature: bytes, message: bytes) -> Verified:
    key, application = _load(blob)
    key_type = _take(blob)[0]
    kind, rest = _take(signature)
    value, rest = _take(rest)
    name = key_type.decode("ascii")
    if application:
        if kind != key_type:
            raise InvalidSignature
        return _verify_security_key(name, key, application, value, rest, message)
    if rest:
        raise InvalidSignature
    if isinstance(key, ed25519.Ed25519PublicKey) and kind == key_type:
        key.verify(value, message)
    elif isinstance(key, ec.EllipticCurvePublicKey) and kind == key_type:
        key.verify(_ecdsa(value), message, ec.ECDSA(_CURVES[name.removeprefix("ecdsa-sha2-")][1]))
    elif isinstance(key, rsa.RSAPublicKey) and kind == b"rsa-sha2-512" and key.key_size >= LEAST_RSA_BITS:
        key.verify(value, message, padding.PKCS1v15(), hashes.SHA512())
    else:
        raise InvalidSignature
    return Verified(name, hardware=False, user_verified=False)


def _load(blob: bytes) -> tuple[_PublicKey, bytes]:
    """The public key of a blob that is read to its end; for a security key also its application."""
    kind, rest = _take(blob)
    name = kind.decode("ascii")
    key: object
    if name in _PLAIN:
        if name.startswith("ecdsa-") and _take(_take(rest)[1])[0][:1] != b"\4":
            raise ValueError("not an uncompressed point")
        key, application = serialization.load_ssh_public_key(kind + b" " + base64.b64encode(blob)), b""
    elif name in (_SK_ED25519, _SK_ECDSA):
        curve, rest = _take(rest) if name == _SK_ECDSA else (b"nistp256", rest)
        public, rest = _take(rest)
        application, rest = _take(rest)
        if rest or curve != b"nistp256" or not application.startswith(b"ssh:"):
            raise ValueError("not a security key for SSH")
        if name == _SK_ED25519:
            key = ed25519.Ed25519PublicKey.from_public_bytes(public)
        elif public[:1] == b"\4":
            key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), public)
        else:
            raise ValueError("not an uncompressed point")
    else:
        raise ValueError(name)
    assert isinstance(key, _PublicKey)
    return key, application


def _ecdsa(value: bytes) -> bytes:
    r, rest = _take(value)
    s, rest = _take(rest)
    if rest:
        raise InvalidSignature
    return utils.encode_dss_signature(_number(r), _number(s))


def _number(data: bytes) -> int:
    """A positive mpint of RFC 4251 5, in its one form."""
    if not data or data[0] > 127 or (len(data) > 1 and data[0] == 0 and data[1] < 128):
        raise InvalidSignature
    return int.from_bytes(data, "big")


def _verify_security_key(
    name: str, key: _PublicKey, application: bytes, value: bytes, rest: bytes, message: bytes
) -> Verified:
    if len(rest) != 5 or not rest[0] & 1:  # bit 0: user present (touch)
        raise InvalidSignature
    data = hashlib.sha256(application).digest() + rest + hashlib.sha256(message).digest()
    if isinstance(key, ed25519.Ed25519PublicKey):
        key.verify(value, data)
    elif isinstance(key, ec.EllipticCurvePublicKey):
        key.verify(_ecdsa(value), data, ec.ECDSA(hashes.SHA256()))
    else:
        raise InvalidSignature
    return Verified(name, hardware=True, user_verified=bool(rest[0] & 4))
