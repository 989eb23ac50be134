"""A PKCS#11 3.2 module with nothing but ML-DSA, for want of one that tests could start.

It is written from the standard (4.1, 5.x, 6.67), keeps its objects in memory and signs with `cryptography`. The calls
reach it through ctypes as they would reach a library. It stands in for the device; no device was seen to answer so.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from typing import Any, ClassVar

import pytest
from cryptography.hazmat.primitives.asymmetric import mldsa

from quorate.token.codes import CKA
from quorate.token.cryptoki import FUNCTIONS, FunctionList, MechanismInfo, RawTokenInfo

Ulong = ctypes.c_ulong
Attributes = dict[int, bytes]
OK, ATTRIBUTE_TYPE_INVALID, MECHANISM_INVALID, TEMPLATE_INCOMPLETE = 0x0, 0x12, 0x70, 0xD0
KEY_PAIR_GEN, ML_DSA, CKK_ML_DSA = 0x1C, 0x1D, 0x4A


def number(value: int) -> bytes:
    return bytes(Ulong(value))


class StandardModule:
    """The objects of one token, and the functions that a ceremony calls."""

    SERIAL = "STANDARD-3.2"
    KEYS: ClassVar = {
        "ml-dsa-44": mldsa.MLDSA44PrivateKey,
        "ml-dsa-65": mldsa.MLDSA65PrivateKey,
        "ml-dsa-87": mldsa.MLDSA87PrivateKey,
    }

    def __init__(self) -> None:
        self.objects: dict[int, Attributes] = {}
        self.private: dict[int, Any] = {}
        self.found: list[int] = []
        self.signing = 0
        self.held: list[Any] = []
        self.list = FunctionList()
        for position, name in enumerate(FUNCTIONS):
            if act := getattr(self, name, None):
                callback = ctypes.CFUNCTYPE(Ulong, *[ctypes.c_void_p] * (act.__code__.co_argcount - 1))(act)
                self.held.append(callback)
                self.list.functions[position] = ctypes.cast(callback, ctypes.c_void_p).value

    def load_instead_of_a_file(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Whatever file is loaded as a library from now on is this module."""

        class Function:
            restype: Any = None

            def __init__(self, act: Callable[[Any], int]) -> None:
                self.act = act

            def __call__(self, where: Any) -> int:
                return self.act(where)

        class Library:
            C_GetFunctionList = Function(self._function_list)

        monkeypatch.setattr(ctypes, "CDLL", lambda _: Library())

    def _function_list(self, where: Any) -> int:
        where._obj.contents = self.list
        return OK

    # --- general, slots, sessions

    def C_Initialize(self, _: int) -> int:  # noqa: N802 (the standard's names)
        return OK

    def C_Finalize(self, _: int) -> int:  # noqa: N802
        return OK

    def C_GetSlotList(self, _: int, slots: int, count: int) -> int:  # noqa: N802
        if slots:
            Ulong.from_address(slots).value = 7
        Ulong.from_address(count).value = 1
        return OK

    def C_GetTokenInfo(self, _: int, where: int) -> int:  # noqa: N802
        info = RawTokenInfo.from_address(where)
        info.label, info.serial = b"standard".ljust(32), self.SERIAL.encode().ljust(16)
        info.manufacturer, info.model = b"tests".ljust(32), b"3.2".ljust(16)
        info.flags, info.shortest_pin, info.longest_pin = 0x400, 4, 64
        return OK

    def C_GetMechanismList(self, _: int, mechanisms: int, count: int) -> int:  # noqa: N802
        if mechanisms:
            (Ulong * 2).from_address(mechanisms)[:] = [KEY_PAIR_GEN, ML_DSA]
        Ulong.from_address(count).value = 2
        return OK

    def C_GetMechanismInfo(self, _: int, __: int, where: int) -> int:  # noqa: N802
        info = MechanismInfo.from_address(where)  # 6.67.2: the sizes of public keys in octets
        info.least, info.most = 1312, 2592
        return OK

    def C_OpenSession(self, _: int, __: int, ___: int, ____: int, session: int) -> int:  # noqa: N802
        Ulong.from_address(session).value = 1
        return OK

    def C_CloseSession(self, _: int) -> int:  # noqa: N802
        return OK

    def C_Login(self, _: int, __: int, ___: int, ____: int) -> int:  # noqa: N802
        return OK

    def C_Logout(self, _: int) -> int:  # noqa: N802
        return OK

    # --- objects

    def C_FindObjectsInit(self, _: int, template: int, count: int) -> int:  # noqa: N802
        wanted = read_template(template, count)
        self.found = [handle for handle, held in self.objects.items() if wanted.items() <= held.items()]
        return OK

    def C_FindObjects(self, _: int, handles: int, most: int, count: int) -> int:  # noqa: N802
        batch, self.found = self.found[:most], self.found[most:]
        (Ulong * max(len(batch), 1)).from_address(handles)[: len(batch)] = batch
        Ulong.from_address(count).value = len(batch)
        return OK

    def C_FindObjectsFinal(self, _: int) -> int:  # noqa: N802
        return OK

    def C_GetAttributeValue(self, _: int, handle: int, template: int, __: int) -> int:  # noqa: N802
        kind, where, size = (Ulong * 3).from_address(template)
        value = self.objects[handle].get(kind)
        if value is None:
            return ATTRIBUTE_TYPE_INVALID
        assert len(value) <= size
        ctypes.memmove(where, value, len(value))
        (Ulong * 3).from_address(template)[2] = len(value)
        return OK

    def C_GenerateKeyPair(  # noqa: N802
        self, _: int, mechanism: int, ours: int, our: int, hidden: int, count: int, made: int, secret: int
    ) -> int:
        kind, parameter, length = (Ulong * 3).from_address(mechanism)
        if (kind, parameter, length) != (KEY_PAIR_GEN, 0, 0):
            return MECHANISM_INVALID
        public, private = read_template(ours, our), read_template(hidden, count)
        if CKA["PARAMETER_SET"] not in public:  # 6.67.3: in the public key's template, and not in the private key's
            return TEMPLATE_INCOMPLETE
        chosen = Ulong.from_buffer_copy(public[CKA["PARAMETER_SET"]]).value
        key = list(self.KEYS.values())[chosen - 1].generate()
        shared = {
            CKA["KEY_TYPE"]: number(CKK_ML_DSA),
            CKA["LOCAL"]: b"\1",
            CKA["KEY_GEN_MECHANISM"]: number(KEY_PAIR_GEN),
        }
        octets = key.public_key().public_bytes_raw()
        never = {CKA["ALWAYS_SENSITIVE"]: b"\1", CKA["NEVER_EXTRACTABLE"]: b"\1"}
        first = len(self.objects) + 1
        self.objects[first] = public | shared | {CKA["CLASS"]: number(2), CKA["VALUE"]: octets}
        self.objects[first + 1] = private | shared | never | {CKA["CLASS"]: number(3)}
        self.private[first + 1] = key
        Ulong.from_address(made).value, Ulong.from_address(secret).value = first, first + 1
        return OK

    # --- signing

    def C_SignInit(self, _: int, mechanism: int, key: int) -> int:  # noqa: N802
        if tuple((Ulong * 3).from_address(mechanism)) != (ML_DSA, 0, 0):
            return MECHANISM_INVALID
        self.signing = key
        return OK

    def C_Sign(self, _: int, data: int, size: int, where: int, length: int) -> int:  # noqa: N802
        signature = self.private[self.signing].sign(ctypes.string_at(data, size))
        assert len(signature) <= Ulong.from_address(length).value
        ctypes.memmove(where, signature, len(signature))
        Ulong.from_address(length).value = len(signature)
        return OK


def read_template(where: int, count: int) -> Attributes:
    """The attributes of a CK_ATTRIBUTE array."""
    rows = ((Ulong * 3) * count).from_address(where) if count else ()
    return {kind: ctypes.string_at(value, size) for kind, value, size in rows}
