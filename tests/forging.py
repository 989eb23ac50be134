"""Tools to forge records, for the tests of the verifier: what a liar can do with files, with keys, and with a token.

A `Forgery` is a record in memory. It can be changed at will, and `reseal` then does all that somebody who holds the
stand-ins' keys could do to make it look whole again: digests, roots, statements, signatures, words, checkpoint.
"""

from __future__ import annotations

import base64
import contextlib
import functools
import hashlib
import importlib.util
import io
import json
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import shamir_mnemonic
from cryptography.hazmat.primitives.asymmetric import ed25519

from quorate import canonical, sshsig, tlog
from quorate.algorithms import SignatureAlgorithm, default_algorithm
from quorate.event import commitment
from quorate.findings import Refusal
from quorate.script import read_script
from quorate.script.text import render
from quorate.signer import public_blob_of, stand_in_key
from quorate.token import Login
from quorate.token.opening import open_token
from quorate.words import ends

VERIFIER = Path(__file__).parent.parent / "verifier" / "quorate_verify.py"
CLAIMS = "files transcript authority script steps people quorums artifacts keys custody cosignatures continuity".split()
SIGNED_BEFORE = ("plan.toml", "script.json", "script.txt", "script.pdf", "quorate_verify.py")
SIGNED_FOLDERS = ("authority/", "approvals/", "inputs/", "drafts/")
Body = dict[str, Any]


@functools.cache
def verifier() -> ModuleType:
    """The stand-alone verifier as a module; it remembers the signatures that it has checked, to be asked often."""
    spec = importlib.util.spec_from_file_location("quorate_verify", VERIFIER)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    for kind in (module.Ed25519, module.Curve):
        kind.verify = functools.lru_cache(maxsize=None)(kind.verify)
    return module


def verify(*arguments: str | Path) -> tuple[int, str]:
    """Exit code and output of the verifier. An exception that it does not catch, its code 70, comes through."""
    output = io.StringIO()
    with contextlib.redirect_stdout(output), contextlib.redirect_stderr(output):
        try:
            code = verifier().main([str(one) for one in arguments])
        except SystemExit as stop:
            code = stop.code
    return code, output.getvalue()


def refused(output: str) -> set[str]:
    """The claims that failed."""
    lines = [line.split() for line in output.splitlines() if line.startswith("FAIL ")]
    return {words[2].rstrip(":") for words in lines}


def genesis(root: Path) -> str:
    """The digest of a shadow authority's first state."""
    return canonical.digest((root / "shadow" / "authority" / "000.json").read_bytes())


def record(root: Path, ceremony: str) -> Path:
    return root / "ceremonies" / ceremony / "rehearsal" / "record"


def stand_ins(root: Path) -> dict[str, ed25519.Ed25519PrivateKey]:
    """The keys of all stand-ins of an authority."""
    return {path.stem: stand_in_key(path) for path in sorted((root / "shadow" / "people").glob("*.key"))}


def token_signature(rehearsal: Path, token: str, object_id: str, kind: str, data: bytes, algorithm: str = "") -> bytes:
    """A signature by a shadow token, unlocked with the words that the stand-ins left beside it."""
    opened = open_token("software", rehearsal / "tokens" / token, f"SHADOW-{token}")
    try:
        opened.login(Login.USER, pin_of_words(rehearsal, token))
        how = SignatureAlgorithm(algorithm) if algorithm else default_algorithm(kind)
        return opened.sign(bytes.fromhex(object_id), kind, how, data)
    finally:
        opened.close()


def pin_of_words(rehearsal: Path, token: str) -> bytearray:
    """The PIN of a shadow token, from the words that the stand-ins left beside it."""
    words = [path.read_text() for path in sorted((rehearsal / "words" / "share" / token / "user").iterdir())[:2]]
    return bytearray(shamir_mnemonic.combine_mnemonics(words, b"").hex().encode())


LABELS = {"crl": "X509 CRL", "cross-csr": "CERTIFICATE REQUEST"}


def sign_with_token(root: Path, forged: Forgery, name: str, tbs: bytes) -> None:
    """Other bytes for an operation, signed by the very key, a P-256 key on hsm-1."""
    operation = forged.operation(name)
    made = forged.all("completed", operation["key"])
    known = [one["object"] for one in forged.script["keys"] if one["id"] == operation["key"]]
    key = made[0]["body"]["object"] if made else known[0]
    folder = root / "ceremonies" / forged.script["ceremony"] / "rehearsal"
    signature = token_signature(folder, "hsm-1", key, "p-256", tbs)
    forged.one("drafted", name)["body"]["tbs"] = base64.b64encode(tbs).decode()
    forged.one("completed", name)["body"]["signature"] = base64.b64encode(signature).decode()
    algorithm = bytes.fromhex("300a06082a8648ce3d040302")
    if operation["kind"] == "ocsp-response":
        beside = [forged.files[f"artifacts/{operation['responder'].partition(':')[2]}.cert.der"]]
        forged.files[operation["outputs"][0]] = verifier().ocsp_response(tbs, algorithm, signature, beside)
        return
    der, pem = operation["outputs"]
    whole = verifier().der(0x30, tbs + algorithm + verifier().der(3, b"\0" + signature))
    label = LABELS.get(operation["kind"], "CERTIFICATE")
    forged.files[der], forged.files[pem] = whole, verifier().pem_of(whole, label)


def tbs_of(forged: Forgery, name: str) -> bytes:
    return base64.b64decode(forged.one("drafted", name)["body"]["tbs"])


class Forgery:
    """A record in memory, with the keys that the forger has; `events` and `script` are changed in place."""

    def __init__(self, folder: Path, keys: Mapping[str, ed25519.Ed25519PrivateKey]) -> None:
        self.keys = dict(keys)
        self.sign = True
        self.kept: tuple[str, ...] = ()  # beginnings of paths whose signatures stay as they are
        self.namespaces: dict[str, str] = {}  # by type of statement, to sign for what it is not for
        self.files = {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*")
                      if path.is_file()}  # fmt: skip
        self.events: list[Body] = [json.loads(line) for line in self.files["transcript.jsonl"].splitlines()]
        self.script: Body = json.loads(self.files["script.json"])
        self.states: list[Body] = [json.loads(self.files[path]) for path in self._states()]

    def _states(self) -> list[str]:
        return sorted(path for path in self.files if path.startswith("authority/") and path.endswith(".json"))

    # -- finding ------------------------------------------------------------------------------------------------------

    def all(self, kind: str, operation: str = "", step: str = "") -> list[Body]:
        """The events of a type, of one operation or step."""
        return [
            event
            for event in self.events
            if event["type"] == kind
            and (not operation or event["body"].get("operation") == operation)
            and (not step or event["step"] == step)
        ]

    def one(self, kind: str, operation: str = "", step: str = "") -> Body:
        return self.all(kind, operation, step)[0]

    def operation(self, name: str) -> Body:
        return next(one for one in self.script["operations"] if one["id"] == name)

    def step_of(self, event: Body) -> Body:
        lines = [self.script["steps"], *self.script["branches"].values()]
        return next(step for line in lines for step in line if step["id"] == event["step"])

    def insert(self, before: Body, kind: str, body: Body) -> Body:
        """A new event before another, at its step and time."""
        event = {**before, "type": kind, "body": body, "salt": "00" * 16}
        self.events.insert(self.events.index(before), event)
        return event

    def drop(self, *events: Body) -> None:
        self.events = [event for event in self.events if event not in events]

    # -- making it whole again ----------------------------------------------------------------------------------------

    def reseal(self, *, sign: bool = True) -> Forgery:
        """Everything that follows from what was changed, made again; signatures too, as far as there are keys."""
        self.sign = sign
        self._reseal_authority()
        self._reseal_script()
        self._reseal_events()
        return self.finish()

    def finish(self) -> Forgery:
        """The transcript as it stands, its checkpoint and cosignatures."""
        tree = tlog.Tree()
        for event in self.events:
            tree = tree.add(committed(event))
        self.files["transcript.jsonl"] = b"".join(canonical.encode(event) + b"\n" for event in self.events)
        self.files["checkpoint"] = tlog.Checkpoint(self.origin, tree.size, tree.root).text()
        said = {"size": str(tree.size), "root": tree.root.hex()}
        for stem in self._stems("cosignatures/"):
            self._sign_file(stem, said)
        self._sums()
        return self

    def name_script(self) -> Forgery:
        """The script as it stands, named by event 0; nothing else that follows from it is made again."""
        self.files["script.json"] = canonical.encode(self.script) + b"\n"
        body = self.events[0]["body"]
        body.update({name: self.script[name] for name in ("authority", "ceremony", "mode", "predecessor")})
        for one in body["files"]:
            one["digest"] = canonical.digest(self.files.get(one["path"], b""))
        return self

    @property
    def origin(self) -> str:
        return f"quorate/{self.script['authority']['name']}/{self.script['ceremony']}/{self.script['mode']}"

    def _sums(self) -> None:
        lines = [f"{hashlib.sha256(data).hexdigest()}  {path}\n" for path, data in sorted(self.files.items())
                 if path != "SHA256SUMS"]  # fmt: skip
        self.files["SHA256SUMS"] = "".join(lines).encode()

    def _stems(self, folder: str) -> list[str]:
        return [p.removesuffix(".sig") for p in sorted(self.files) if p.startswith(folder) and p.endswith(".sig")]

    def _reseal_authority(self) -> None:
        digests = []
        for number, state in enumerate(self.states):
            path = f"authority/{number:03d}.json"
            self.files[path] = canonical.encode(state) + b"\n"
            digests.append(canonical.digest(self.files[path]))
        for stem in self._stems("authority/"):
            number = int(stem[10:13])
            before = digests[number - 1] if number else "genesis"
            self._sign_file(stem, {"authority": digests[0], "previous": before, "state": digests[number]})
        self.script["authority"].update(genesis=digests[0], state=digests[-1])

    def _reseal_script(self) -> None:
        for listed, folder in (("inputs", "inputs/"), ("drafts", "drafts/")):
            for one in self.script[listed]:
                name = one["file"]
                one["digest"] = canonical.digest(self.files[name if name.startswith(folder) else folder + name])
        self.script["plan"] = canonical.digest(self.files["plan.toml"])
        self.files["script.json"] = canonical.encode(self.script) + b"\n"
        with contextlib.suppress(Refusal):  # what quorate itself would not read keeps its old text
            self.files["script.txt"] = render(read_script(self.files["script.json"], "script.json")).encode()
        for stem in self._stems("approvals/"):
            self._sign_file(stem, {"genesis": self.script["authority"]["genesis"]})

    def _reseal_events(self) -> None:
        tree, self.root = tlog.Tree(), b""
        self.digests: dict[str, str] = {}
        for seq, event in enumerate(self.events):
            event["seq"] = seq
            self._reseal_event(event, tree)
            tree = tree.add(committed(event))

    def _reseal_event(self, event: Body, tree: tlog.Tree) -> None:
        kind, body = event["type"], event["body"]
        if kind == "opened":
            body.update({name: self.script[name] for name in ("authority", "ceremony", "mode", "predecessor")})
            named = [p for p in self.files if p in SIGNED_BEFORE or p.startswith(SIGNED_FOLDERS)]
            body["files"] = [{"digest": canonical.digest(self.files[p]), "path": p} for p in sorted(named)]
        elif kind == "compared" and self.step_of(event)["source"] in ("checkpoint", "digest"):
            digest = hashlib.sha256(self.files["script.json"]).digest()
            words = ends(self.root if self.step_of(event)["source"] == "checkpoint" else digest)
            for value in body["values"]:
                value["value"] = " ".join(words)
        elif kind == "drafted":
            body["digest"] = canonical.digest(base64.b64decode(body["tbs"]))
            self.digests[body["operation"]] = body["digest"]
        elif kind == "commanded" and body["operation"] in self.digests:
            body["words"] = " ".join(ends(bytes.fromhex(self.digests[body["operation"]][7:])))
        elif kind == "intended" and body["operation"] in self.digests:
            body["digest"] = self.digests[body["operation"]]
        elif kind == "written":
            for file in body["files"]:
                path = file["path"].split("/", 2)[2] if file["path"].startswith("media/") else file["path"]
                file["digest"] = canonical.digest(self.files[path])
        elif kind == "checkpoint":
            body.update(root=tree.root.hex(), size=tree.size)
            self.root = tree.root
        signatures = [one for one in body.get("signatures", ()) if isinstance(one, dict)]
        for signature in [*signatures, *([body["signature"]] if kind in SIGNING else ())]:
            self._sign_event(event, signature, tree)

    def _sign_event(self, event: Body, signature: Body, tree: tlog.Tree) -> None:
        said = {"transcript": f"{tree.size} {tree.root.hex()}", "step": event["step"]}
        if event["type"] == "cosigned":
            last = next(one for one in reversed(self.events[: event["seq"]]) if one["type"] == "checkpoint")
            said |= {"size": str(last["body"]["size"]), "root": last["body"]["root"]}
        operation = event["body"].get("operation")
        if operation in self.digests:
            said["digest"] = self.digests[operation]
        self.resign(signature, said)

    def resign(self, signature: Body, said: Mapping[str, str]) -> None:
        """Sign a Signature of an event anew, some lines of its statement replaced."""
        text = self._statement(signature["statement"], said, signature["person"])
        signed = self._signed(signature["person"], text)
        if signed:
            signature.update(statement=text, signature=signed)

    def _sign_file(self, stem: str, said: Mapping[str, str]) -> None:
        if stem.startswith(self.kept or ("/",)):
            return
        before = self.files[stem + ".statement"].decode()
        person = dict(line.split(": ", 1) for line in before.splitlines())["signer"].split()[0]
        text = self._statement(before, said, person)
        signed = self._signed(person, text)
        if signed:
            self.files[stem + ".statement"], self.files[stem + ".sig"] = text.encode(), signed.encode()

    def _statement(self, before: str, said: Mapping[str, str], person: str) -> str:
        """The lines of a statement brought up to date, in their order."""
        lines = [(line.split(": ", 1)[0], line.split(": ", 1)[1]) for line in before.splitlines()]
        now = {"mode": self.script["mode"], "ceremony": self.script["ceremony"], "origin": self.origin}
        if "script" in dict(lines):
            now["authority"] = self.script["authority"]["state"]
            now["script"] = canonical.digest(self.files["script.json"])
            now["window"] = f"{self.script['window']['opens']} {self.script['window']['closes']}"
        if person in self.keys:
            now["signer"] = f"{person} {sshsig.fingerprint(public_blob_of(self.keys[person]))}"
        now |= said
        lines = [(name, now.get(name, value)) for name, value in lines]
        if dict(lines).get("kind") in ("share", "generate-key", "destroy-key"):
            names = [name for name, _ in lines]
            own = lines[names.index("operation") : names.index("digest")]
            digest = canonical.digest("".join(f"{name}: {value}\n" for name, value in own).encode())
            lines[names.index("digest")] = ("digest", digest)
            self.digests[dict(lines)["operation"]] = digest
        return "".join(f"{name}: {value}\n" for name, value in lines)

    def _signed(self, person: str, text: str) -> str:
        if not self.sign or person not in self.keys:
            return ""
        lines = dict(line.split(": ", 1) for line in text.splitlines())
        mode = "rehearsal-" if lines["mode"] == "rehearsal" else ""
        namespace = self.namespaces.get(lines["type"], f"quorate-{mode}{lines['type']}-v1")
        key = self.keys[person]
        return sshsig.make(public_blob_of(key), namespace, text.encode(), sshsig.ed25519_signer(key))

    # -- writing ------------------------------------------------------------------------------------------------------

    def write(self, folder: Path) -> Path:
        """The forged record as a folder."""
        for path, data in self.files.items():
            target = folder / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(data)
        return folder


SIGNING = ("approved", "cosigned")


def committed(event: Body) -> bytes:
    """The leaf data of an event, in full or committed form."""
    kept = {name: value for name, value in event.items() if name not in ("body", "salt")}
    if "body" in event:
        kept["commitment"] = commitment(event["body"], event["salt"])
    return canonical.encode(kept)


def withhold(event: Body) -> None:
    """Replace an event by its committed form."""
    event["commitment"] = commitment(event.pop("body"), event.pop("salt"))


def long_record(source: Path, keys: Mapping[str, ed25519.Ed25519PrivateKey], events: int, folder: Path) -> Path:
    """A valid record of at least `events` events: at one comparison something else was read again and again."""
    forgery = Forgery(source, keys)
    right = next(one for one in forgery.all("compared") if forgery.step_of(one)["source"] == "token")
    at = forgery.events.index(right)
    values = [{"seat": value["seat"], "value": "misread"} for value in right["body"]["values"]]
    wrong = [
        {**right, "type": "mismatched", "body": {"values": values}, "salt": f"{number:032x}"}
        for number in range(max(0, events - len(forgery.events)))
    ]
    forgery.events[at:at] = wrong
    return forgery.reseal().write(folder)
