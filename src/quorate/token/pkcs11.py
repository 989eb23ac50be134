"""An HSM through PKCS#11, addressed by module and serial number. Floor 3.

Rules kept here: a serial matches exactly once; nothing is generated under an id in use; a pair counts only when the
device, read anew, shows exactly one public and one private key under its id. Hashes are made on the host and signed
with CKM_RSA_PKCS, CKM_RSA_PKCS_PSS and CKM_ECDSA, which modules offer (some lack the hashing mechanisms). What a module
answers becomes a `Refusal`, with the function and the CKR code among its facts.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, rsa, utils
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from quorate.algorithms import SignatureAlgorithm
from quorate.findings import Refusal
from quorate.keys import KeyType
from quorate.token import Call, GeneratedKey, Login, Presence, TokenInfo, codes, require_fit
from quorate.token.cryptoki import CryptokiError, Module, RawTokenInfo, Session, Template, number_octets

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

DIGEST_INFO = {
    "sha256": bytes.fromhex("3031300d060960864801650304020105000420"),
    "sha384": bytes.fromhex("3041300d060960864801650304020205000430"),
    "sha512": bytes.fromhex("3051300d060960864801650304020305000440"),
}
"""What stands before the hash in a PKCS#1 v1.5 signature: RFC 8017 9.2, note 1."""

CURVES: dict[KeyType, tuple[ec.EllipticCurve, bytes]] = {
    KeyType.P256: (ec.SECP256R1(), bytes.fromhex("06082a8648ce3d030107")),
    KeyType.P384: (ec.SECP384R1(), bytes.fromhex("06052b81040022")),
}
"""CKA_EC_PARAMS of the named curves: the object identifiers of RFC 5480 2.1.1.1."""

MODULUS_BITS = {KeyType.RSA_2048: 2048, KeyType.RSA_4096: 4096}
PSS_PARAMETERS = {
    "sha256": (codes.CKM_SHA256, codes.CKG_MGF1_SHA256, 32),
    "sha384": (codes.CKM_SHA384, codes.CKG_MGF1_SHA384, 48),
    "sha512": (codes.CKM_SHA512, codes.CKG_MGF1_SHA512, 64),
}
"""CK_RSA_PKCS_PSS_PARAMS: the hash, MGF1 with the same, and a salt of its length."""
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


def load(path: Path) -> Module:
    """The started module; `token.module_missing`, `token.module_not_loadable`, `token.failed` if it does not start."""
    if not path.exists():
        raise Refusal("token.module_missing", path=path)
    try:
        return Module(path)
    except (OSError, AttributeError) as error:
        reason = str(error).splitlines()[0]
        raise Refusal("token.module_not_loadable", path=path, reason=reason) from None
    except CryptokiError as error:
        raise Refusal("token.failed", serial="?", function=error.function, result=error.result) from None


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
        with self._refusing():
            for _, handle in self._under(object_id):
                self._session.destroy(handle)

    # --- keys

    def key_types(self) -> tuple[KeyType, ...]:
        able = self.algorithms()
        return tuple(kind for kind in KeyType if any(one.fits(kind) for one in able) and self._generates(kind))

    def algorithms(self) -> tuple[SignatureAlgorithm, ...]:
        offered = self._mechanisms()
        return tuple(one for one in SignatureAlgorithm if _mechanism(one) in offered)

    def _mechanisms(self) -> frozenset[int]:
        """What C_GetMechanismList names, asked for once."""
        if self._offered is None:
            with self._refusing():
                self._offered = frozenset(self._module.mechanisms(self._slot))
        return self._offered

    def _generates(self, key_type: KeyType) -> bool:
        if key_type.is_rsa:
            mechanism, bits = codes.CKM_RSA_PKCS_KEY_PAIR_GEN, MODULUS_BITS[key_type]
        else:
            mechanism, bits = codes.CKM_EC_KEY_PAIR_GEN, CURVES[key_type][0].key_size
        if mechanism not in self._mechanisms():
            return False
        with self._refusing():
            sizes = self._module.mechanism_info(self._slot, mechanism)
        return sizes.most == 0 or sizes.least <= bits <= sizes.most  # 0: the module does not tell

    def generate(self, key_type: KeyType, object_id: bytes, label: str) -> GeneratedKey:
        self._require_login()
        mechanism, public, private = _templates(key_type, object_id, label)
        if not self._generates(key_type):
            raise Refusal("token.mechanism_absent", serial=self._serial, mechanism=key_type)
        with self._refusing(mechanism=key_type):
            if self._session.find({"ID": object_id}):
                raise Refusal("token.id_in_use", serial=self._serial, id=object_id.hex())
            try:
                self._session.generate_pair(mechanism, public, private)
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
        if algorithm not in self.algorithms():
            raise Refusal("token.mechanism_absent", serial=self._serial, mechanism=algorithm)
        with self._refusing(mechanism=algorithm):
            key = self._pair(object_id, "token.key_missing")[1]
            signed = self._session.sign(_mechanism(algorithm), key, _input(algorithm, data), _parameter(algorithm))
        return self._der(key_type, signed) if _mechanism(algorithm) == codes.CKM_ECDSA else signed

    def _der(self, key_type: str, raw: bytes) -> bytes:
        """ECDSA-Sig-Value (RFC 3279 2.2.3) of PKCS#11's r and s, one behind the other."""
        half = (CURVES[KeyType(key_type)][0].key_size + 7) // 8
        if len(raw) != 2 * half:
            raise Refusal("token.signature_malformed", serial=self._serial, length=len(raw), expected=2 * half)
        return utils.encode_dss_signature(int.from_bytes(raw[:half]), int.from_bytes(raw[half:]))

    def _reported(self, object_id: bytes, pair: tuple[int, int]) -> GeneratedKey:
        public, private = pair
        try:
            spki = self._public_key(public).public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        except (ValueError, UnsupportedAlgorithm) as error:
            reason = str(error).splitlines()[0]
            raise Refusal("token.key_unreadable", serial=self._serial, id=object_id.hex(), reason=reason) from None
        told = [(name, _yes_or_no(self._session.read(private, name))) for name in REPORTED]
        made = self._session.read_number(private, "KEY_GEN_MECHANISM")
        how = "unknown" if made is None else codes.CKM.get(made, f"CKM_{made:#x}")
        return GeneratedKey(spki, (*told, ("KEY_GEN_MECHANISM", how)))

    def _public_key(self, handle: int) -> rsa.RSAPublicKey | ec.EllipticCurvePublicKey:
        """ValueError if the object is no key that quorate knows."""
        if self._session.read_number(handle, "KEY_TYPE") == codes.CKK_RSA:
            modulus, exponent = (self._session.read(handle, name) or b"" for name in ("MODULUS", "PUBLIC_EXPONENT"))
            return rsa.RSAPublicNumbers(int.from_bytes(exponent), int.from_bytes(modulus)).public_key()
        parameters = self._session.read(handle, "EC_PARAMS")
        for curve, oid in CURVES.values():
            if parameters == oid:
                point = _bare_point(self._session.read(handle, "EC_POINT") or b"", 1 + 2 * curve.key_size // 8)
                return ec.EllipticCurvePublicKey.from_encoded_point(curve, point)
        raise ValueError("neither an RSA key nor a known curve")


def _mechanism(algorithm: SignatureAlgorithm) -> int:
    if algorithm.fits("rsa-2048"):
        return codes.CKM_RSA_PKCS_PSS if algorithm.is_pss else codes.CKM_RSA_PKCS
    return codes.CKM_ECDSA


def _input(algorithm: SignatureAlgorithm, data: bytes) -> bytes:
    """What is handed to C_Sign: the hash, and before it, for PKCS #1 v1.5, what says which."""
    name = algorithm.digest.name
    digest = hashlib.new(name, data).digest()
    return DIGEST_INFO[name] + digest if _mechanism(algorithm) == codes.CKM_RSA_PKCS else digest


def _parameter(algorithm: SignatureAlgorithm) -> bytes:
    return number_octets(*PSS_PARAMETERS[algorithm.digest.name]) if algorithm.is_pss else b""


def _templates(key_type: KeyType, object_id: bytes, label: str) -> tuple[int, Template, Template]:
    """Mechanism and the two templates of C_GenerateKeyPair: sign only, sensitive, never extractable.

    What the key may not do is said, because a module may grant by default whatever the template leaves open.
    """
    name = label.encode()
    public: dict[str, bool | int | bytes] = {"TOKEN": True, "PRIVATE": False, "ID": object_id, "LABEL": name}
    private: dict[str, bool | int | bytes] = {"TOKEN": True, "PRIVATE": True, "ID": object_id, "LABEL": name}
    private |= {"SENSITIVE": True, "EXTRACTABLE": False, "SIGN": True}
    private |= {"DECRYPT": False, "UNWRAP": False, "DERIVE": False}
    public |= {"VERIFY": True}
    if key_type.is_rsa:
        public |= {"MODULUS_BITS": MODULUS_BITS[key_type], "PUBLIC_EXPONENT": bytes.fromhex("010001")}
        return codes.CKM_RSA_PKCS_KEY_PAIR_GEN, public, private
    public |= {"EC_PARAMS": CURVES[key_type][1]}
    return codes.CKM_EC_KEY_PAIR_GEN, public, private


def _bare_point(octets: bytes, length: int) -> bytes:
    """CKA_EC_POINT as SEC 1 writes it. By the standard it stands in a DER OCTET STRING; some modules leave that out.

    The lengths tell the two apart: both begin with 04, but the wrapping makes the value two octets longer.
    """
    return octets[2:] if len(octets) == length + 2 and octets[:2] == bytes([4, length]) else octets


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
