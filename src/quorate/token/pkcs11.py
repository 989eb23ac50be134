"""An HSM through PKCS#11, addressed by module and serial number. Floor 3.

Rules kept here: a serial matches exactly once; nothing is generated under an id in use; a pair counts only when the
device, read anew, shows exactly one public and one private key under its id. What a module answers becomes a `Refusal`,
with the function and the CKR code among its facts. `mechanism` knows how each key type and algorithm is asked for.
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm

from quorate.algorithms import SignatureAlgorithm
from quorate.findings import Refusal
from quorate.keys import KeyType
from quorate.token import Call, GeneratedKey, Login, Presence, TokenInfo, codes, require_fit
from quorate.token.cryptoki import CryptokiError, Module, RawTokenInfo, Session
from quorate.token.mechanism import GENERATION, SIGNING, Signing, public_key_info, signature_length, templates

REPORTED = (
    "LOCAL",
    "SENSITIVE",
    "ALWAYS_SENSITIVE",
    "EXTRACTABLE",
    "NEVER_EXTRACTABLE",
    "PRIVATE",
    "SIGN",
    "DECRYPT",
    "UNWRAP",
    "DERIVE",
)
"""The private key's yes-or-no attributes that go into the record."""

KEY_CLASSES = (codes.CKO_PUBLIC_KEY, codes.CKO_PRIVATE_KEY, codes.CKO_SECRET_KEY)

_REFUSALS: dict[int, tuple[str, tuple[str, ...]]] = {
    codes.CKR_PIN_INCORRECT: ("token.pin_incorrect", ("who",)),
    codes.CKR_PIN_LOCKED: ("token.pin_locked", ("who",)),
    codes.CKR_PIN_LEN_RANGE: ("token.pin_length", ("least", "most", "length")),
    codes.CKR_USER_NOT_LOGGED_IN: ("token.not_logged_in", ("who",)),
    codes.CKR_TOKEN_WRITE_PROTECTED: ("token.write_protected", ()),
    codes.CKR_DEVICE_MEMORY: ("token.full", ()),
    codes.CKR_HOST_MEMORY: ("token.full", ()),
    codes.CKR_MECHANISM_INVALID: ("token.mechanism_absent", ("mechanism",)),
    codes.CKR_KEY_SIZE_RANGE: ("token.mechanism_absent", ("mechanism",)),
    codes.CKR_CURVE_NOT_SUPPORTED: ("token.mechanism_absent", ("mechanism",)),
    codes.CKR_DOMAIN_PARAMS_INVALID: ("token.mechanism_absent", ("mechanism",)),
}
"""Answers with a code of their own, and the facts that its sentence names; any other is `token.failed`."""


def require_library(path: Path) -> None:
    """Raises `token.module_missing` or `token.module_not_loadable`; nothing is started, for the device may be away."""
    if not path.exists():
        raise Refusal("token.module_missing", path=path)
    try:
        ctypes.CDLL(str(path)).C_GetFunctionList  # noqa: B018 - looked up, not called
    except (OSError, AttributeError) as error:
        raise Refusal("token.module_not_loadable", path=path, reason=str(error).splitlines()[0]) from None


def load(path: Path) -> Module:
    """The started module; `token.module_missing`, `token.module_not_loadable`, `token.module_silent`."""
    require_library(path)
    try:
        return Module(path)
    except CryptokiError as error:
        raise Refusal("token.module_silent", path=path, function=error.function, result=error.result) from None


def tokens(module: Module) -> tuple[tuple[int, RawTokenInfo], ...]:
    """Slot and self-description of every initialised token that is present."""
    seen = ((slot, module.token_info(slot)) for slot in module.slots())
    return tuple((slot, info) for slot, info in seen if info and info.flags & codes.CKF_TOKEN_INITIALIZED)


def serials(path: Path) -> tuple[str, ...]:
    """The serial of every initialised token that the module reaches, sorted."""
    module = load(path)
    try:
        return tuple(sorted(_text(info.serial) for _, info in tokens(module)))
    except CryptokiError as error:
        raise Refusal("token.failed", serial="?", function=error.function, result=error.result) from None
    finally:
        module.close()


class Pkcs11Token:
    """The one token with `serial` among those that the module at `path` reaches; implements `Token`.

    Raises what `load` raises, `token.serial_unknown` and `token.serial_twice`.
    """

    def __init__(self, path: Path, serial: str) -> None:
        self._module = load(path)
        self._serial = serial
        self._who: Login | None = None
        self._offered: frozenset[int] | None = None
        self._signing: dict[bytes, int] = {}
        """Private keys by the ids under which a whole pair was found since the login."""
        self._pin_length = (0, 0)
        self._closed = False
        try:
            with self._refusing():
                self._slot, raw = self._match(path)
                self._info = _described(raw)
                self._pin_length = self._info.pin_length
                self._session: Session = self._module.open_session(self._slot)
        except Refusal:
            self._module.close()
            raise

    def _match(self, path: Path) -> tuple[int, RawTokenInfo]:
        present = tokens(self._module)
        matching = [(slot, info) for slot, info in present if _text(info.serial) == self._serial]
        if not matching:
            names = ", ".join(f"{_text(info.serial)} ({_text(info.label)})" for _, info in present) or "none"
            raise Refusal("token.serial_unknown", serial=self._serial, path=path, present=names)
        if len(matching) > 1:
            raise Refusal("token.serial_twice", serial=self._serial, path=path, count=len(matching))
        return matching[0]

    @property
    def info(self) -> TokenInfo:
        return self._info

    def take_calls(self) -> tuple[Call, ...]:
        calls = tuple(self._module.journal)
        self._module.journal.clear()
        return calls

    def close(self) -> None:
        if self._closed:
            return
        self._closed = True
        with self._refusing():
            try:
                self.logout()
                self._session.close()
            finally:
                self._module.close()

    @contextmanager
    def _refusing(self, mechanism: str = "mechanism", length: int = 0, who: Login = Login.USER) -> Iterator[None]:
        """Turn what the module answers into a refusal; the arguments are facts for its sentence."""
        try:
            yield
        except CryptokiError as error:
            least, most = self._pin_length
            known = {"who": who, "least": least, "most": most, "length": length, "mechanism": mechanism}
            code, needed = _REFUSALS.get(error.rv, ("token.failed", ()))
            facts = {name: str(known[name]) for name in needed} | {"function": error.function, "result": error.result}
            raise Refusal(code, "", serial=self._serial, **facts) from None

    # --- credentials

    def login(self, who: Login, pin: bytearray) -> None:
        with self._refusing(length=len(pin), who=who):
            self._session.login(codes.CKU_USER if who is Login.USER else codes.CKU_SO, pin)
        self._who = who

    def logout(self) -> None:
        self._signing.clear()
        if self._who is not None:
            self._who = None
            with self._refusing():
                self._session.logout()

    def set_pin(self, who: Login, old: bytearray, new: bytearray) -> None:
        least, most = self._pin_length
        if not least <= len(new) <= most:
            raise Refusal("token.pin_length", serial=self._serial, least=least, most=most, length=len(new))
        self.logout()
        try:
            self.login(who, old)
            with self._refusing(length=len(new), who=who):
                self._session.set_pin(old, new)
            self.logout()
            self.login(who, new)
        finally:
            self.logout()

    def _require_login(self) -> None:
        # Without a login private objects are silently unseen: an absence would be reported that is none.
        if self._who is not Login.USER:
            raise Refusal("token.not_logged_in", serial=self._serial, who=Login.USER)

    # --- objects

    def _under(self, object_id: bytes) -> tuple[tuple[int | None, int], ...]:
        """Class and handle of every object under the id."""
        handles = self._session.find({"ID": object_id})
        return tuple((self._session.read_number(handle, "CLASS"), handle) for handle in handles)

    def _keys(self, object_id: bytes) -> tuple[Presence, tuple[int, int] | None]:
        """What lies there, and of a whole pair the handles: public, private. A certificate beside them is no matter."""
        keys = sorted((kind or 0, handle) for kind, handle in self._under(object_id) if kind in KEY_CLASSES)
        match [kind for kind, _ in keys]:
            case []:
                return Presence.NONE, None
            case [codes.CKO_PUBLIC_KEY]:
                return Presence.PUBLIC_ONLY, None
            case [codes.CKO_PRIVATE_KEY]:
                return Presence.PRIVATE_ONLY, None
            case [codes.CKO_PUBLIC_KEY, codes.CKO_PRIVATE_KEY]:
                return Presence.PAIR, (keys[0][1], keys[1][1])
            case _:
                return Presence.SEVERAL, None

    def _pair(self, object_id: bytes, code: str) -> tuple[int, int]:
        presence, pair = self._keys(object_id)
        if pair is None:
            raise Refusal(code, serial=self._serial, id=object_id.hex(), presence=presence)
        return pair

    def lookup(self, object_id: bytes) -> Presence:
        self._require_login()
        with self._refusing():
            return self._keys(object_id)[0]

    def object_ids(self) -> tuple[bytes, ...]:
        self._require_login()
        with self._refusing():
            found = (self._session.read(handle, "ID") for handle in self._session.find({}))
            return tuple(sorted({octets for octets in found if octets}))

    def destroy(self, object_id: bytes) -> None:
        self._require_login()
        self._signing.pop(object_id, None)
        with self._refusing():
            for _, handle in self._under(object_id):
                self._session.destroy(handle)

    # --- keys

    def key_types(self) -> tuple[KeyType, ...]:
        able = self.algorithms()
        return tuple(kind for kind in KeyType if any(one.fits(kind) for one in able) and self._generates(kind))

    def algorithms(self) -> tuple[SignatureAlgorithm, ...]:
        offered = self._mechanisms()
        return tuple(one for one in SignatureAlgorithm if SIGNING[one].mechanism in offered)

    def _mechanisms(self) -> frozenset[int]:
        """What C_GetMechanismList names, asked for once."""
        if self._offered is None:
            with self._refusing():
                self._offered = frozenset(self._module.mechanisms(self._slot))
        return self._offered

    def _generates(self, key_type: KeyType) -> bool:
        mechanism, sizes = GENERATION[key_type].mechanism, GENERATION[key_type].sizes
        if mechanism not in self._mechanisms():
            return False
        with self._refusing():
            told = self._module.mechanism_info(self._slot, mechanism)
        # most 0: the module does not tell; no sizes: what they count is not agreed on
        return not sizes or told.most == 0 or any(told.least <= size <= told.most for size in sizes)

    def generate(self, key_type: KeyType, object_id: bytes, label: str) -> GeneratedKey:
        self._require_login()
        public, private = templates(key_type, object_id, label)
        if not self._generates(key_type):
            raise Refusal("token.mechanism_absent", serial=self._serial, mechanism=key_type)
        with self._refusing(mechanism=key_type):
            if self._session.find({"ID": object_id}):
                raise Refusal("token.id_in_use", serial=self._serial, id=object_id.hex())
            self._signing.clear()
            try:
                self._session.generate_pair(GENERATION[key_type].mechanism, public, private)
            except CryptokiError as error:
                if error.rv in (codes.CKR_DEVICE_MEMORY, codes.CKR_HOST_MEMORY):
                    self.destroy(object_id)  # half a pair may have found room
                raise
            return self._reported(object_id, self._pair(object_id, "token.pair_not_whole"))

    def read(self, object_id: bytes) -> GeneratedKey:
        self._require_login()
        with self._refusing():
            return self._reported(object_id, self._pair(object_id, "token.key_missing"))

    def sign(self, object_id: bytes, key_type: str, algorithm: SignatureAlgorithm, data: bytes) -> bytes:
        self._require_login()
        require_fit(self._serial, key_type, algorithm)
        how = SIGNING[algorithm]
        if how.mechanism not in self._mechanisms():
            raise Refusal("token.mechanism_absent", serial=self._serial, mechanism=algorithm)
        with self._refusing(mechanism=algorithm):
            signed = self._signed(object_id, how, data)
        expected = signature_length(key_type)
        if expected and len(signed) != expected:
            raise Refusal("token.signature_malformed", serial=self._serial, length=len(signed), expected=expected)
        return how.output(signed)

    def _signed(self, object_id: bytes, how: Signing, data: bytes) -> bytes:
        """What C_Sign answers. The key is looked up once a login, and again after a generation or a failure."""
        if object_id not in self._signing:
            self._signing[object_id] = self._pair(object_id, "token.key_missing")[1]
        try:
            return self._session.sign(how.mechanism, self._signing[object_id], how.input(data), how.parameter)
        except CryptokiError:
            self._signing.clear()
            raise

    def _reported(self, object_id: bytes, pair: tuple[int, int]) -> GeneratedKey:
        public, private = pair
        try:
            spki = public_key_info(lambda name: self._session.read(public, name))
        except (ValueError, UnsupportedAlgorithm) as error:
            reason = str(error).splitlines()[0]
            raise Refusal("token.key_unreadable", serial=self._serial, id=object_id.hex(), reason=reason) from None
        told = [(name, _yes_or_no(self._session.read(private, name))) for name in REPORTED]
        made = self._session.read_number(private, "KEY_GEN_MECHANISM")
        how = "unknown" if made is None else codes.CKM.get(made, f"CKM_{made:#x}")
        return GeneratedKey(spki, (*told, ("KEY_GEN_MECHANISM", how)))


def _yes_or_no(octets: bytes | None) -> str:
    return "unknown" if octets is None or len(octets) != 1 else "true" if octets[0] else "false"


def _text(padded: bytes) -> str:
    return padded.decode("utf-8", "replace").rstrip()


def _described(raw: RawTokenInfo) -> TokenInfo:
    free = raw.free_private_memory
    return TokenInfo(
        serial=_text(raw.serial),
        label=_text(raw.label),
        manufacturer=_text(raw.manufacturer),
        model=_text(raw.model),
        firmware=f"{raw.firmware.major}.{raw.firmware.minor}",
        module_class="pkcs11",
        pin_length=(raw.shortest_pin, raw.longest_pin),
        free_private_memory=None if free == codes.UNAVAILABLE else free,
    )
