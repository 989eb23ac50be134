"""PKCS#11 (Cryptoki 2.40) by ctypes: as much of it as a ceremony calls. Floor 3.

Why a binding of our own: modules are started with locking, tokens can be initialised, PINs are handed over by pointer
without a copy, and every call is noted with the module's answer in `Module.journal`. An answer other than CKR_OK raises
`CryptokiError`; `pkcs11` turns it into a `Refusal`. No operation is ever ended by C_SignFinal: after a failure in the
middle of a signature that call makes the token sign the empty message.
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar

from quorate.token import Call
from quorate.token.codes import (
    CKA,
    CKF_OS_LOCKING_OK,
    CKF_RW_SESSION,
    CKF_SERIAL_SESSION,
    CKR_ATTRIBUTE_SENSITIVE,
    CKR_ATTRIBUTE_TYPE_INVALID,
    CKR_CRYPTOKI_ALREADY_INITIALIZED,
    CKR_OK,
    CKR_TOKEN_NOT_PRESENT,
    CKR_TOKEN_NOT_RECOGNIZED,
    UNAVAILABLE,
    result_name,
)

Ulong = ctypes.c_ulong
LARGEST_ANSWER = 8192
"""Octets set aside for an attribute or a signature; an RSA modulus of 16384 bits needs 2048."""

# CK_FUNCTION_LIST holds one pointer a function in the order of pkcs11f.h, up to the last one that is called here.
_ORDER = """
Initialize Finalize GetInfo GetFunctionList GetSlotList GetSlotInfo GetTokenInfo GetMechanismList GetMechanismInfo
InitToken InitPIN SetPIN OpenSession CloseSession CloseAllSessions GetSessionInfo GetOperationState SetOperationState
Login Logout CreateObject CopyObject DestroyObject GetObjectSize GetAttributeValue SetAttributeValue FindObjectsInit
FindObjects FindObjectsFinal EncryptInit Encrypt EncryptUpdate EncryptFinal DecryptInit Decrypt DecryptUpdate
DecryptFinal DigestInit Digest DigestUpdate DigestKey DigestFinal SignInit Sign SignUpdate SignFinal SignRecoverInit
SignRecover VerifyInit Verify VerifyUpdate VerifyFinal VerifyRecoverInit VerifyRecover DigestEncryptUpdate
DecryptDigestUpdate SignEncryptUpdate DecryptVerifyUpdate GenerateKey GenerateKeyPair
"""
FUNCTIONS = tuple(f"C_{name}" for name in _ORDER.split())


class CryptokiError(Exception):
    """A call that the module did not answer with CKR_OK."""

    def __init__(self, function: str, rv: int) -> None:
        self.function, self.rv = function, rv
        super().__init__(f"{function}: {self.result}")

    @property
    def result(self) -> str:
        return result_name(self.rv)


class Version(ctypes.Structure):
    """CK_VERSION."""

    _fields_: ClassVar = [("major", ctypes.c_ubyte), ("minor", ctypes.c_ubyte)]


class FunctionList(ctypes.Structure):
    """CK_FUNCTION_LIST as Unix lays it out: the version, padding, then the pointers."""

    _fields_: ClassVar = [("version", Version), ("functions", ctypes.c_void_p * len(FUNCTIONS))]


class InitializeArgs(ctypes.Structure):
    """CK_C_INITIALIZE_ARGS; without callbacks of ours the module locks as the system does."""

    _fields_: ClassVar = [
        *((name, ctypes.c_void_p) for name in ("create_mutex", "destroy_mutex", "lock_mutex", "unlock_mutex")),
        ("flags", Ulong),
        ("reserved", ctypes.c_void_p),
    ]


class RawTokenInfo(ctypes.Structure):
    """CK_TOKEN_INFO."""

    label: bytes
    manufacturer: bytes
    model: bytes
    serial: bytes
    flags: int
    longest_pin: int
    shortest_pin: int
    free_private_memory: int
    firmware: Version
    _fields_: ClassVar = [
        ("label", ctypes.c_char * 32),
        ("manufacturer", ctypes.c_char * 32),
        ("model", ctypes.c_char * 16),
        ("serial", ctypes.c_char * 16),
        ("flags", Ulong),
        *((name, Ulong) for name in ("most_sessions", "sessions", "most_rw_sessions", "rw_sessions")),
        *((name, Ulong) for name in ("longest_pin", "shortest_pin")),
        *((name, Ulong) for name in ("public_memory", "free_public_memory", "private_memory", "free_private_memory")),
        ("hardware", Version),
        ("firmware", Version),
        ("utc_time", ctypes.c_char * 16),
    ]


class MechanismInfo(ctypes.Structure):
    """CK_MECHANISM_INFO; key sizes in bits."""

    least: int
    most: int
    _fields_: ClassVar = [("least", Ulong), ("most", Ulong), ("flags", Ulong)]


class Mechanism(ctypes.Structure):
    """CK_MECHANISM."""

    _fields_: ClassVar = [("mechanism", Ulong), ("parameter", ctypes.c_void_p), ("parameter_length", Ulong)]


class Attribute(ctypes.Structure):
    """CK_ATTRIBUTE."""

    _fields_: ClassVar = [("type", Ulong), ("value", ctypes.c_void_p), ("length", Ulong)]


Value = bool | int | bytes
Template = Mapping[str, Value]
"""Attributes by their names without `CKA_`: CK_BBOOL, CK_ULONG, or octets."""


@contextmanager
def _template(wanted: Template) -> Iterator[Any]:
    """The CK_ATTRIBUTE array of a template, alive for one call."""
    values = [_octets(value) for value in wanted.values()]
    held = [ctypes.create_string_buffer(value, len(value)) for value in values]
    array = (Attribute * len(held))()
    for slot, name, buffer in zip(array, wanted, held, strict=True):
        slot.type, slot.value, slot.length = CKA[name], ctypes.addressof(buffer), len(buffer)
    yield array


def _octets(value: Value) -> bytes:
    if isinstance(value, bool):
        return bytes([value])
    return bytes(Ulong(value)) if isinstance(value, int) else value


def number_octets(*numbers: int) -> bytes:
    """A structure of nothing but CK_ULONGs."""
    return bytes((Ulong * len(numbers))(*numbers))


def read_number(octets: bytes | None) -> int | None:
    """The CK_ULONG that the octets of an attribute are, None where the token does not tell."""
    if octets is None or len(octets) != ctypes.sizeof(Ulong):
        return None
    number = Ulong.from_buffer_copy(octets).value
    return None if number == UNAVAILABLE else number


def _pointer(secret: bytearray) -> Any:
    """The memory of `secret` itself: nothing is copied, and the caller's wipe reaches all there is."""
    return (ctypes.c_char * len(secret)).from_buffer(secret)


class Module:
    """One opening of a PKCS#11 library. `journal` holds what was called and answered, oldest first.

    The library is started once in a process, however often it is opened, and stopped by the last `close`: only then
    does it look for tokens anew. OSError or AttributeError if the file is no loadable PKCS#11 library.
    """

    _openings: ClassVar[dict[int, int]] = {}

    def __init__(self, path: Path) -> None:
        self.journal: list[Call] = []
        library = ctypes.CDLL(str(path))
        get_function_list = library.C_GetFunctionList
        get_function_list.restype = Ulong
        found = ctypes.POINTER(FunctionList)()
        self._answer("C_GetFunctionList", get_function_list(ctypes.byref(found)))
        self._list: FunctionList = found.contents
        self._key = ctypes.addressof(self._list)
        self._started = False
        self._initialize()

    def _initialize(self) -> None:
        arguments = InitializeArgs(flags=CKF_OS_LOCKING_OK)
        try:
            self.call("C_Initialize", ctypes.byref(arguments))
            self._openings[self._key] = 1
        except CryptokiError as error:
            if error.rv != CKR_CRYPTOKI_ALREADY_INITIALIZED:
                raise
            if self._key in self._openings:  # else somebody else's start, which is not ours to stop
                self._openings[self._key] += 1
        self._started = True

    def close(self) -> None:
        """C_Finalize, if this was the last opening of a library that was started here."""
        if not self._started:
            return
        self._started = False
        if self._key in self._openings:
            self._openings[self._key] -= 1
            if not self._openings[self._key]:
                del self._openings[self._key]
                self.call("C_Finalize", None)

    def call(self, function: str, *arguments: object) -> None:
        """Call by name. Whole numbers go as CK_ULONG; CryptokiError unless the answer is CKR_OK."""
        pointer = self._list.functions[FUNCTIONS.index(function)]
        passed = [Ulong(argument) if isinstance(argument, int) else argument for argument in arguments]
        # a CFUNCTYPE call lets the other threads run while the token works
        self._answer(function, ctypes.CFUNCTYPE(Ulong)(pointer)(*passed))

    def _answer(self, function: str, rv: int) -> None:
        self.journal.append(Call(function, result_name(rv)))
        if rv != CKR_OK:
            raise CryptokiError(function, rv)

    def slots(self) -> tuple[int, ...]:
        """The slots with a token in them."""
        count = Ulong()
        self.call("C_GetSlotList", 1, None, ctypes.byref(count))
        slots = (Ulong * max(count.value, 1))()
        self.call("C_GetSlotList", 1, slots, ctypes.byref(count))
        return tuple(slots[: count.value])

    def token_info(self, slot: int) -> RawTokenInfo | None:
        """What the token in `slot` says of itself; None if it was drawn out or is not recognised."""
        info = RawTokenInfo()
        try:
            self.call("C_GetTokenInfo", slot, ctypes.byref(info))
        except CryptokiError as error:
            if error.rv in (CKR_TOKEN_NOT_PRESENT, CKR_TOKEN_NOT_RECOGNIZED):
                return None
            raise
        return info

    def mechanisms(self, slot: int) -> tuple[int, ...]:
        count = Ulong()
        self.call("C_GetMechanismList", slot, None, ctypes.byref(count))
        known = (Ulong * max(count.value, 1))()
        self.call("C_GetMechanismList", slot, known, ctypes.byref(count))
        return tuple(known[: count.value])

    def mechanism_info(self, slot: int, mechanism: int) -> MechanismInfo:
        info = MechanismInfo()
        self.call("C_GetMechanismInfo", slot, mechanism, ctypes.byref(info))
        return info

    def init_token(self, slot: int, so_pin: bytearray, label: str) -> None:
        """C_InitToken: everything on the token is destroyed. The label is padded to 32 octets, as the call wants it."""
        padded = ctypes.create_string_buffer(label.encode().ljust(32), 32)
        self.call("C_InitToken", slot, _pointer(so_pin), len(so_pin), padded)

    def open_session(self, slot: int) -> Session:
        """A read-write session; the SO cannot log in while there is a read-only one."""
        return Session(self, slot)


class Session:
    """One session with one token. PINs are read where they lie; none is kept."""

    def __init__(self, module: Module, slot: int) -> None:
        self._module, self._slot = module, slot
        self._open()

    def _open(self) -> None:
        handle, flags = Ulong(), CKF_RW_SESSION | CKF_SERIAL_SESSION
        self._module.call("C_OpenSession", self._slot, flags, None, None, ctypes.byref(handle))
        self._handle = handle.value

    def _call(self, function: str, *arguments: object) -> None:
        self._module.call(function, self._handle, *arguments)

    def close(self) -> None:
        self._call("C_CloseSession")

    def login(self, user: int, pin: bytearray) -> None:
        self._call("C_Login", user, _pointer(pin), len(pin))

    def logout(self) -> None:
        self._call("C_Logout")

    def init_pin(self, pin: bytearray) -> None:
        """C_InitPIN: the SO, logged in, sets the user's first PIN."""
        self._call("C_InitPIN", _pointer(pin), len(pin))

    def set_pin(self, old: bytearray, new: bytearray) -> None:
        """C_SetPIN for whoever is logged in."""
        self._call("C_SetPIN", _pointer(old), len(old), _pointer(new), len(new))

    def find(self, template: Template) -> tuple[int, ...]:
        """Handles of every object that fits; an empty template fits all."""
        found: list[int] = []
        with _template(template) as array:
            self._call("C_FindObjectsInit", array, len(array))
        try:
            while True:
                batch, count = (Ulong * 64)(), Ulong()
                self._call("C_FindObjects", batch, 64, ctypes.byref(count))
                if not count.value:
                    return tuple(found)
                found += batch[: count.value]
        finally:
            self._call("C_FindObjectsFinal")

    def read(self, handle: int, name: str) -> bytes | None:
        """The octets of one attribute, None where the token does not tell.

        One attribute a call: some modules leave the rest of a longer template untouched after the first they lack.
        """
        buffer = ctypes.create_string_buffer(LARGEST_ANSWER)
        wanted = (Attribute * 1)(Attribute(CKA[name], ctypes.addressof(buffer), LARGEST_ANSWER))
        try:
            self._call("C_GetAttributeValue", handle, wanted, 1)
        except CryptokiError as error:
            if error.rv in (CKR_ATTRIBUTE_TYPE_INVALID, CKR_ATTRIBUTE_SENSITIVE):
                return None
            raise
        length = int(wanted[0].length)
        return None if length == UNAVAILABLE else buffer.raw[:length]

    def read_number(self, handle: int, name: str) -> int | None:
        """A CK_ULONG attribute, None where the token does not tell."""
        return read_number(self.read(handle, name))

    def generate_pair(self, mechanism: int, public: Template, private: Template) -> None:
        """C_GenerateKeyPair. The handles are not handed on: what was made is looked up by its id."""
        handles = Ulong(), Ulong()
        with _template(public) as ours, _template(private) as hidden:
            how = ctypes.byref(Mechanism(mechanism, None, 0))
            made = ctypes.byref(handles[0]), ctypes.byref(handles[1])
            self._call("C_GenerateKeyPair", how, ours, len(ours), hidden, len(hidden), *made)

    def sign(self, mechanism: int, key: int, data: bytes, parameter: bytes = b"") -> bytes:
        """One C_SignInit and one C_Sign. A signature that fails dies with its session, which is replaced.

        `parameter`: the octets of the mechanism's parameter structure, if it has one.
        """
        held = ctypes.create_string_buffer(parameter, len(parameter))
        where = ctypes.addressof(held) if parameter else None
        self._call("C_SignInit", ctypes.byref(Mechanism(mechanism, where, len(parameter))), key)
        signature, length = ctypes.create_string_buffer(LARGEST_ANSWER), Ulong(LARGEST_ANSWER)
        try:
            self._call("C_Sign", data, len(data), signature, ctypes.byref(length))
        except CryptokiError:
            pending = self._handle
            self._open()  # first the new one: with the last session of a token its login ends
            self._module.call("C_CloseSession", pending)
            raise
        return signature.raw[: length.value]

    def destroy(self, handle: int) -> None:
        self._call("C_DestroyObject", handle)
