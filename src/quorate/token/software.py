"""Encrypted key files that behave like a token: for demonstrations, rehearsals and private laboratories. Floor 3.

Spec: `spec/software-token.md`. The files keep keys from whoever copies the folder without the PIN. They cannot keep
them from the host: keys and what opens them pass through the memory of this process, partly as immutable octets.
"""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TypeVar

import msgspec
from cryptography.exceptions import InternalError, InvalidTag, UnsupportedAlgorithm
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_der_private_key,
)

from quorate import canonical
from quorate.algorithms import SignatureAlgorithm
from quorate.findings import Refusal
from quorate.keys import KeyType, key_name
from quorate.token import Call, GeneratedKey, Login, Presence, TokenInfo, require_fit
from quorate.token.private_key import PrivateKey, generated, signature_by, supported

TOKEN_FORMAT = "quorate-software-token/1"
KEY_FORMAT = "quorate-software-key/1"
PIN_LENGTH = (4, 255)
SCRYPT_N, SCRYPT_R, SCRYPT_P = 2**14, 8, 1
"""About 50 ms. A PIN that a split secret makes carries 128 bits itself; a typed one must be long."""

ATTRIBUTES = (
    ("LOCAL", "true"),
    ("SENSITIVE", "true"),
    ("ALWAYS_SENSITIVE", "true"),
    ("EXTRACTABLE", "false"),
    ("NEVER_EXTRACTABLE", "true"),
    ("PRIVATE", "true"),
    ("SIGN", "true"),
    ("DECRYPT", "false"),
    ("UNWRAP", "false"),
    ("DERIVE", "false"),
    ("KEY_GEN_MECHANISM", "software"),
)
"""What quorate lets these keys do. As with every token it is a report, and here the host could do otherwise."""

HEXADECIMAL = re.compile("(?:[0-9a-f]{2})+")
_TEMPORARY = re.compile(r"\..+\.[0-9a-f]{16}")
"""What a file is called until it is whole."""
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_NO_WRITING = (errno.EROFS, errno.EACCES, errno.EPERM)


class Credential(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How a PIN opens a key of 32 octets; octets as hexadecimal digits.

    The user's is the master key. The SO's opens nothing: it is there to tell a right PIN from a wrong one.
    """

    n: int
    r: int
    p: int
    salt: str
    nonce: str
    wrapped: str


class TokenFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`token.json`."""

    format: str
    serial: str
    label: str
    user: Credential
    so: Credential


class KeyFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`HEXID.key`: the pair under one object id. `sealed` is the PKCS#8 private key under the master key."""

    format: str
    serial: str
    id: str
    label: str
    spki: str
    nonce: str
    sealed: str

    def bound(self) -> bytes:
        """What the sealing binds: everything in the file but itself."""
        return "\0".join((self.format, self.serial, self.id, self.label, self.spki)).encode()


T = TypeVar("T", TokenFile, KeyFile)


class SoftwareToken:
    """The software token in `folder`; implements `Token`. `token.module_missing` or `token.damaged` on opening."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._calls: list[Call] = []
        self._who: Login | None = None
        self._key = bytearray()
        if not (folder / "token.json").is_file():
            raise Refusal("token.module_missing", path=folder)
        self._file = _load(folder / "token.json", TokenFile, folder.name)
        if self._file.format != TOKEN_FORMAT:
            raise Refusal("token.damaged", file="token.json", serial=self._file.serial)

    @classmethod
    def make(
        cls,
        folder: Path,
        serial: str,
        label: str,
        user_pin: bytearray,
        so_pin: bytearray,
        random: Callable[[int], bytes],
    ) -> SoftwareToken:
        """Provision a token in a new folder; `token.folder_present` if there is one. The PINs are not kept."""
        for pin in (user_pin, so_pin):
            _require_length(pin, serial)
        credentials = {
            who: _wrap(pin, bytearray(random(32)), serial, who, random)
            for who, pin in ((Login.USER, user_pin), (Login.SO, so_pin))
        }
        file = TokenFile(TOKEN_FORMAT, serial, label, credentials[Login.USER], credentials[Login.SO])
        with _writing(serial):
            try:
                folder.mkdir(mode=0o700, parents=True)
            except FileExistsError:
                raise Refusal("token.folder_present", path=folder) from None
        try:
            _store(folder / "token.json", file, serial)
        except Refusal:
            folder.rmdir()
            raise
        return cls(folder)

    @property
    def info(self) -> TokenInfo:
        return TokenInfo(
            serial=self._file.serial,
            label=self._file.label,
            manufacturer="quorate",
            model="key files",
            firmware=TOKEN_FORMAT,
            module_class="software",
            pin_length=PIN_LENGTH,
            free_private_memory=None,
        )

    def key_types(self) -> tuple[KeyType, ...]:
        return tuple(kind for kind in KeyType if supported(kind))

    def algorithms(self) -> tuple[SignatureAlgorithm, ...]:
        return tuple(one for one in SignatureAlgorithm if any(one.fits(kind) for kind in self.key_types()))

    def take_calls(self) -> tuple[Call, ...]:
        calls = tuple(self._calls)
        self._calls.clear()
        return calls

    def close(self) -> None:
        self._forget()

    @contextmanager
    def _journaled(self, function: str, needs: Login | None = None) -> Iterator[None]:
        """Note the call and its outcome: "ok" or the last part of the refusal's code."""
        try:
            if needs is not None and self._who is not needs:
                raise Refusal("token.not_logged_in", serial=self._file.serial, who=needs)
            yield
        except Refusal as refusal:
            self._calls.append(Call(function, refusal.code.rpartition(".")[2]))
            raise
        self._calls.append(Call(function, "ok"))

    # --- credentials

    def login(self, who: Login, pin: bytearray) -> None:
        with self._journaled("login"):
            opened = _unwrap(self._credential(who), pin, self._file.serial, who)
            self._forget()
            self._key, self._who = opened, who
            self._clear()

    def logout(self) -> None:
        if self._who is not None:
            with self._journaled("logout"):
                self._forget()

    def set_pin(self, who: Login, old: bytearray, new: bytearray) -> None:
        _require_length(new, self._file.serial)
        self.logout()
        self.login(who, old)
        try:
            with self._journaled("set_pin"):
                wrapped = _wrap(new, self._key, self._file.serial, who, os.urandom)
                changed = msgspec.structs.replace(self._file, **{who.value: wrapped})
                _store(self._folder / "token.json", changed, self._file.serial, replace=True)
                self._file = changed
        finally:
            self.logout()
        self.login(who, new)
        self.logout()

    def _clear(self) -> None:
        """Remove what an interrupted write left: half a key, or a credential that never came into force."""
        for path in self._folder.glob(".*"):
            if _TEMPORARY.fullmatch(path.name):
                with suppress(OSError):
                    path.unlink()

    def _credential(self, who: Login) -> Credential:
        return self._file.user if who is Login.USER else self._file.so

    def _forget(self) -> None:
        self._key[:] = bytes(len(self._key))
        self._key = bytearray()
        self._who = None

    # --- keys

    def lookup(self, object_id: bytes) -> Presence:
        with self._journaled("lookup", Login.USER):
            return Presence.PAIR if self._path(object_id).exists() else Presence.NONE

    def object_ids(self) -> tuple[bytes, ...]:
        with self._journaled("object_ids", Login.USER):
            names = (path.stem for path in self._folder.glob("*.key"))
            return tuple(sorted(bytes.fromhex(name) for name in names if HEXADECIMAL.fullmatch(name)))

    def generate(self, key_type: KeyType, object_id: bytes, label: str) -> GeneratedKey:
        with self._journaled("generate", Login.USER):
            serial, name = self._file.serial, object_id.hex()
            if self._path(object_id).exists():
                raise Refusal("token.id_in_use", serial=serial, id=name)
            if not supported(key_type):
                raise Refusal("token.mechanism_absent", serial=serial, mechanism=key_type)
            private = generated(key_type)
            spki = private.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
            self._seal(KeyFile(KEY_FORMAT, serial, name, label, spki.hex(), "", ""), private)
        return self.read(object_id)

    def take_copy(self, source: SoftwareToken, object_id: bytes) -> None:
        """Seal the pair under `object_id` of another token, logged in as well, for this one; a backup would bring it.

        A copy that is there already is left as it is.
        """
        with self._journaled("take_copy", Login.USER):
            if self._path(object_id).exists():
                return
            file, private = source._opened(object_id)
            self._seal(msgspec.structs.replace(file, serial=self._file.serial), private)

    def _seal(self, file: KeyFile, private: PrivateKey) -> None:
        """Write a pair; `file` says all but what is sealed."""
        nonce = os.urandom(12)
        file = msgspec.structs.replace(file, nonce=nonce.hex(), sealed="")
        secret = private.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
        sealed = AESGCM(self._key).encrypt(nonce, secret, file.bound())
        _store(self._path(bytes.fromhex(file.id)), msgspec.structs.replace(file, sealed=sealed.hex()), file.serial)

    def read(self, object_id: bytes) -> GeneratedKey:
        with self._journaled("read", Login.USER):
            file, private = self._opened(object_id)
            spki = private.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
            if spki.hex() != file.spki:
                raise Refusal("token.damaged", file=self._path(object_id).name, serial=self._file.serial)
            return GeneratedKey(spki, ATTRIBUTES)

    def sign(self, object_id: bytes, key_type: str, algorithm: SignatureAlgorithm, data: bytes) -> bytes:
        require_fit(self._file.serial, key_type, algorithm)
        with self._journaled("sign", Login.USER):
            file, private = self._opened(object_id)
            require_fit(self._file.serial, key_name(bytes.fromhex(file.spki)), algorithm)
            return signature_by(private, algorithm, data)

    def destroy(self, object_id: bytes) -> None:
        with self._journaled("destroy", Login.USER), _writing(self._file.serial):
            self._path(object_id).unlink(missing_ok=True)
            _sync_folder(self._folder)

    def _path(self, object_id: bytes) -> Path:
        return self._folder / f"{object_id.hex()}.key"

    def _opened(self, object_id: bytes) -> tuple[KeyFile, PrivateKey]:
        path, serial = self._path(object_id), self._file.serial
        if not path.exists():
            raise Refusal("token.key_missing", serial=serial, id=object_id.hex(), presence=Presence.NONE)
        file = _load(path, KeyFile, serial)
        # a file under another name, or of another token, is as damaged as one that does not open
        if (file.format, file.serial, file.id) == (KEY_FORMAT, serial, object_id.hex()):
            with suppress(InvalidTag, ValueError, TypeError, InternalError):  # what is sealed may be no key either
                secret = AESGCM(self._key).decrypt(bytes.fromhex(file.nonce), bytes.fromhex(file.sealed), file.bound())
                try:
                    private = load_der_private_key(secret, None)
                except UnsupportedAlgorithm:
                    mechanism = key_name(bytes.fromhex(file.spki))
                    raise Refusal("token.mechanism_absent", serial=serial, mechanism=mechanism) from None
                if isinstance(private, PrivateKey):
                    return file, private
        raise Refusal("token.damaged", file=path.name, serial=serial)


# --- PINs


def _require_length(pin: bytearray, serial: str) -> None:
    least, most = PIN_LENGTH
    if not least <= len(pin) <= most:
        raise Refusal("token.pin_length", serial=serial, least=least, most=most, length=len(pin))


def _bound(serial: str, who: Login) -> bytes:
    return "\0".join((TOKEN_FORMAT, serial, who.value)).encode()


def _wrap(pin: bytearray, key: bytearray, serial: str, who: Login, random: Callable[[int], bytes]) -> Credential:
    salt, nonce = random(16), random(12)
    under = Scrypt(salt=salt, length=32, n=SCRYPT_N, r=SCRYPT_R, p=SCRYPT_P).derive(pin)
    wrapped = AESGCM(under).encrypt(nonce, key, _bound(serial, who))
    return Credential(SCRYPT_N, SCRYPT_R, SCRYPT_P, salt.hex(), nonce.hex(), wrapped.hex())


def _unwrap(credential: Credential, pin: bytearray, serial: str, who: Login) -> bytearray:
    """The key that the PIN opens, or `token.pin_incorrect`. Parameters other than our own are damage, not a wish."""
    try:
        if (credential.n, credential.r, credential.p) != (SCRYPT_N, SCRYPT_R, SCRYPT_P):
            raise ValueError("scrypt parameters")
        salt, nonce, wrapped = map(bytes.fromhex, (credential.salt, credential.nonce, credential.wrapped))
        under = Scrypt(salt=salt, length=32, n=SCRYPT_N, r=SCRYPT_R, p=SCRYPT_P).derive(pin)
        return bytearray(AESGCM(under).decrypt(nonce, wrapped, _bound(serial, who)))
    except InvalidTag:
        raise Refusal("token.pin_incorrect", serial=serial, who=who) from None
    except ValueError:
        raise Refusal("token.damaged", file="token.json", serial=serial) from None


# --- files


def _load(path: Path, kind: type[T], serial: str) -> T:
    try:
        return msgspec.convert(canonical.decode(path.read_bytes(), path.name), kind, strict=True)
    except (Refusal, msgspec.ValidationError):
        raise Refusal("token.damaged", file=path.name, serial=serial) from None


def _store(path: Path, file: TokenFile | KeyFile, serial: str, replace: bool = False) -> None:
    """Write whole or not at all: a temporary file, fsync, its name, fsync of the folder.

    Without `replace` an existing file stays and is `token.id_in_use`.
    """
    data = canonical.encode(msgspec.to_builtins(file))
    temporary = path.with_name(f".{path.name}.{os.urandom(8).hex()}")
    with _writing(serial):
        try:
            descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
            with open(descriptor, "wb") as stream:
                stream.write(data)
                stream.flush()
                os.fsync(descriptor)
            if replace:
                os.replace(temporary, path)
            else:
                os.link(temporary, path)
                temporary.unlink()
            _sync_folder(path.parent)
        except FileExistsError:
            raise Refusal("token.id_in_use", serial=serial, id=path.stem) from None
        finally:
            with suppress(OSError):
                temporary.unlink(missing_ok=True)


@contextmanager
def _writing(serial: str) -> Iterator[None]:
    """Turn what the file system answers into what a token would."""
    try:
        yield
    except OSError as error:
        if error.errno in _NO_ROOM:
            raise Refusal("token.full", serial=serial) from None
        if error.errno in _NO_WRITING:
            raise Refusal("token.write_protected", serial=serial) from None
        raise Refusal("token.failed", serial=serial, function="write", result=error.strerror) from None


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
