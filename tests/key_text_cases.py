"""The files of `vectors/dnssec/text`: requests and responses as text, good and bad, with what a reader makes of each.

    python tests/key_text_cases.py      # writes all anew but those that other tools wrote, which are kept

`bind-9.20*` are of dnssec-ksr 9.20.30, `knot-3.2*` of keymgr 3.2.6. The others differ from a good file in one thing.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from pathlib import Path

from ksr_cases import TLD, tld_plan, zsks
from ksr_making import make_request, make_response, normal, pair, zsk_plan
from quorate.dnssec.key_text import REQUEST, RESPONSE, Form, read_text
from quorate.dnssec.key_text_layout import text_of, write_text
from quorate.dnssec.ksr import Bundle, Request, Response
from quorate.dnssec.unsaid import Unsaid, request_of, response_of
from quorate.findings import Refusal

FOLDER = Path(__file__).resolve().parent.parent / "vectors" / "dnssec" / "text"
DAY = timedelta(days=1)
FILL = {"validity": "P14D", "interval": "P7D"}
"""What is given for what a request of another tool does not say."""

KEPT = {
    "bind-9.20.ksr.txt": "a request of dnssec-ksr 9.20.30",
    "bind-9.20.skr.txt": "its response, with CDS and CDNSKEY records; signatures lead by an hour",
    "bind-9.20-twice.skr.txt": "another, in which key sets are signed once more at the moment at which they go",
    "knot-3.2.ksr.txt": "a request of keymgr 3.2.6",
    "knot-3.2.skr.txt": "its response; signatures lead by ninety minutes",
    "knot-3.2-cds.skr.txt": "another, with CDS and CDNSKEY records",
}


@dataclass(frozen=True)
class Case:
    """`refused`: codes with the lines that the findings name, 0 for none; empty for a file that is read."""

    name: str
    about: str
    data: bytes
    refused: tuple[tuple[str, int], ...] = ()

    @property
    def kind(self) -> str:
        return RESPONSE if ".skr." in self.name else REQUEST


@cache
def request() -> Request:
    return make_request(TLD.next, tld_plan())


@cache
def asked() -> Request:
    """What the response answers."""
    return make_request(TLD, zsk_plan(TLD, *zsks("p256", 1, 2, 3)))


@cache
def response() -> Response:
    return make_response(asked(), normal(pair("ksk-p256-1"), 4), TLD)


def text(form: Form, kind: str) -> str:
    return write_text(text_of(response() if kind == RESPONSE else request(), form)).decode()


Edit = Callable[[str], str]


def put(old: str, new: str, count: int = 1) -> Edit:
    """The first places that a pattern finds, put otherwise."""

    def edit(whole: str) -> str:
        assert re.search(old, whole, re.MULTILINE), old
        return re.sub(old, new, whole, count=count, flags=re.MULTILINE)

    return edit


LINE, FORM = "ksr.text_line", "ksr.text_form"
BAD: tuple[tuple[str, Form, str, str, Edit, tuple[tuple[str, int], ...]], ...] = (
    ("no-head", Form.BIND, REQUEST, "no head in front", put(r"\A;;.*\n", "; a comment\n"), ((FORM, 1),)),
    ("version", Form.BIND, REQUEST, "another version", put(r"1\.0", "1.1"), ((FORM, 1),)),
    ("old-knot", Form.KNOT, REQUEST, "keymgr's form before version 1.0", put(r"\A.*", ";;KSR ====="), ((FORM, 1),)),
    ("end-only", Form.BIND, REQUEST, "nothing but an end", put(r"\A(?s:.*)^(;;.*generated)", r"\1"), ((FORM, 1),)),
    ("other-time", Form.BIND, REQUEST, "a head with a time of 13 digits", put(r"1\.0 \d", "1.0 "), ((FORM, 1),)),
    ("no-such-day", Form.BIND, REQUEST, "a slot on 31 February", put(r"1\.0 \d{8}", "1.0 20270231"), ((FORM, 1),)),
    ("seconds-too-many", Form.KNOT, REQUEST, "a slot after 2106", put(r"1\.0 \d+", "1.0 4294967296"), ((FORM, 1),)),
    ("cut-short", Form.BIND, REQUEST, "the last line is missing", put(r"^;;.*generated.*\n", ""), ((LINE, 8),)),
    ("cut-in-a-record", Form.LINES, RESPONSE, "cut within a record", lambda one: one[:900], ((LINE, 6), (LINE, 8))),
    (
        "mixed-forms",
        Form.BIND,
        REQUEST,
        "Knot's head in BIND's file",
        put(r"1\.0 20261031\d+ (.*)$", r"1.0 1793404800 \1 ====="),
        ((LINE, 8),),
    ),
    (
        "mixed-kinds",
        Form.BIND,
        REQUEST,
        "a response's head",
        put(r"(?s)(\n;; )KeySigningRequest", r"\1SignedKeyResponse"),
        ((LINE, 4),),
    ),
    (
        "other-end",
        Form.LINES,
        REQUEST,
        "the end of another form",
        put(r"lines end", "1.0 generated at x by y"),
        ((LINE, 12), (LINE, 17)),
    ),
    (
        "behind-the-end",
        Form.BIND,
        REQUEST,
        "a record behind the end",
        lambda one: one + one.splitlines()[1] + "\n",
        ((LINE, 12),),
    ),
    ("not-later", Form.KNOT, REQUEST, "a slot that begins with the one before", lambda one: swapped(one), ((LINE, 4),)),
    ("comment", Form.BIND, REQUEST, "a comment between records", put(r"^example", "; why\nexample"), ((LINE, 2),)),
    (
        "other-owner",
        Form.BIND,
        REQUEST,
        "a record of another zone",
        put(r"(?s)(\nexample\..*?\n)example\.", r"\1other."),
        ((LINE, 3),),
    ),
    ("relative", Form.BIND, REQUEST, "a name without its final dot", put(r"^example\.", "example"), ((LINE, 2),)),
    ("origin", Form.BIND, REQUEST, "a name that depends on others", put(r"^example\.", "@"), ((LINE, 2),)),
    ("no-name", Form.BIND, REQUEST, "a name left out", put(r"^example\.", ""), ((LINE, 2),)),
    (
        "include",
        Form.BIND,
        REQUEST,
        "a line that reads another file",
        put(r"^example\.", "$INCLUDE x\nexample."),
        ((LINE, 2),),
    ),
    ("no-ttl", Form.BIND, REQUEST, "a TTL left out", put(r"^example\. \d+ ", "example. "), ((LINE, 2),)),
    ("ttl-in-hours", Form.BIND, REQUEST, "a TTL with a unit", put(r"^example\. \d+ ", "example. 48h "), ((LINE, 2),)),
    (
        "ttl-too-large",
        Form.BIND,
        REQUEST,
        "a TTL of 2^31",
        put(r"^example\. \d+ ", "example. 2147483648 "),
        ((LINE, 2),),
    ),
    ("class", Form.BIND, REQUEST, "another class", put(r" IN ", " CH "), ((LINE, 2),)),
    (
        "type",
        Form.BIND,
        REQUEST,
        "a record of another type",
        put(r"^(example.*)$", "\\1\nexample. 60 IN A 192.0.2.1"),
        ((LINE, 3),),
    ),
    ("no-type", Form.BIND, REQUEST, "a record that ends behind its class", put(r" DNSKEY.*", ""), ((LINE, 2),)),
    (
        "signed-request",
        Form.BIND,
        REQUEST,
        "a signature where the form has none",
        lambda one: with_signature(one),
        ((LINE, 2),),
    ),
    (
        "cds-in-a-request",
        Form.KNOT,
        REQUEST,
        "a CDS record in a request",
        put(r"^example", "example. 0 CDS 1 13 2 AA\nexample"),
        ((LINE, 2),),
    ),
    (
        "cds-odd",
        Form.KNOT,
        RESPONSE,
        "a CDS record of half an octet",
        put(r"^example", "example. 0 CDS 1 13 2 AAA\nexample"),
        ((LINE, 2),),
    ),
    (
        "cds-signed-in-lines",
        Form.LINES,
        RESPONSE,
        "a signature over CDS records among plain records",
        put(r"RRSIG DNSKEY", "RRSIG CDS"),
        ((LINE, 5),),
    ),
    ("flags", Form.BIND, REQUEST, "flags with a leading zero", put(r"DNSKEY 256", "DNSKEY 0256"), ((LINE, 2),)),
    ("algorithm", Form.BIND, REQUEST, "an algorithm above 255", put(r"256 3 13", "256 3 269"), ((LINE, 2),)),
    ("no-key", Form.BIND, REQUEST, "a key without octets", put(r"256 3 13 \S+", "256 3 13"), ((LINE, 2),)),
    ("base64", Form.BIND, REQUEST, "Base64 with stray bits", put(r"w==$|Q==$|A==$|g==$", "x=="), ((LINE, 2),)),
    ("quoted", Form.BIND, REQUEST, "a quotation mark", put(r"256 3 13 ", '256 3 13 "'), ((LINE, 2),)),
    (
        "backslash",
        Form.BIND,
        REQUEST,
        "a backslash with nothing behind it",
        put(r"(256 3 13 .*)$", r"\1\\"),
        ((LINE, 2),),
    ),
    (
        "open",
        Form.BIND,
        REQUEST,
        "a parenthesis that is not closed",
        put(r"256 3 13 ", "256 3 13 ("),
        ((LINE, 1), (LINE, 2)),
    ),
    (
        "closed-twice",
        Form.BIND,
        REQUEST,
        "a parenthesis too many",
        put(r"256 3 13 (\S+)", r"256 3 13 (\1))"),
        ((LINE, 2),),
    ),
    ("carriage-return", Form.BIND, REQUEST, "lines that end otherwise", put(r"(256 3 13 .*)$", "\\1\r"), ((LINE, 2),)),
    (
        "control",
        Form.BIND,
        REQUEST,
        "a character that steers a terminal",
        put(r"256 3 13 ", "256 3 13 \x1b"),
        ((LINE, 2),),
    ),
    (
        "long-line",
        Form.BIND,
        REQUEST,
        "a line of 9000 characters",
        put(r"256 3 13 ", "256 3 13 " + "A" * 9000),
        ((LINE, 2),),
    ),
    (
        "many-parts",
        Form.BIND,
        REQUEST,
        "a record of 500 parts",
        put(r"256 3 13 ", "256 3 13 " + "A " * 500),
        ((LINE, 2),),
    ),
    (
        "many-keys",
        Form.BIND,
        REQUEST,
        "a slot of 22 keys",
        lambda one: one.replace(line := one.splitlines()[1] + "\n", line * 20, 1),
        ((LINE, 22),),
    ),
    ("no-keys", Form.BIND, REQUEST, "a slot without keys", put(r"^example.*\n(?=;;)", "", 99), ((LINE, 3), (LINE, 4))),
    ("unsigned", Form.BIND, RESPONSE, "a slot without signatures", put(r"^.*RRSIG.*\n", ""), ((LINE, 1),)),
    ("unproven", Form.LINES, REQUEST, "plain records without proofs", put(r"^.*RRSIG.*\n", "", 2), ((LINE, 1),)),
    (
        "before-its-signatures",
        Form.KNOT,
        RESPONSE,
        "a slot that begins before its signatures",
        put(r"1\.0 \d+", "1.0 1"),
        ((LINE, 1),),
    ),
    (
        "ends-otherwise",
        Form.LINES,
        RESPONSE,
        "a slot that does not end with its signatures",
        put(r"(lines \d{14}) \d{14}", r"\1 20300101000000"),
        ((LINE, 1),),
    ),
    (
        "times-differ",
        Form.BIND,
        RESPONSE,
        "two signatures with other times",
        lambda one: with_other_times(one),
        ((LINE, 1),),
    ),
    (
        "rrsig-time",
        Form.BIND,
        RESPONSE,
        "a signature's time in seconds",
        put(r"(RRSIG DNSKEY 13 1 \d+) \d{14}", r"\1 1790000000"),
        ((LINE, 5),),
    ),
    (
        "rrsig-signer",
        Form.BIND,
        RESPONSE,
        "a signer's name that is not absolute",
        put(r"(RRSIG .*) example\. ", r"\1 example "),
        ((LINE, 5),),
    ),
    (
        "rrsig-name",
        Form.BIND,
        RESPONSE,
        "a signer's name that is none",
        put(r"(RRSIG .*) example\. ", r"\1 a..b. "),
        ((LINE, 5),),
    ),
    (
        "rrsig-short",
        Form.BIND,
        RESPONSE,
        "a signature without octets",
        put(r"(RRSIG .* example\.) \S+", r"\1"),
        ((LINE, 5),),
    ),
    ("other-kind", Form.BIND, REQUEST, "a response", lambda _: text(Form.BIND, RESPONSE), (("ksr.other_kind", 0),)),
)


def swapped(whole: str) -> str:
    """The second slot begins when the first does."""
    heads = re.findall(r"^;; .*=$", whole, re.MULTILINE)
    return whole.replace(heads[1], heads[0])


def with_signature(whole: str) -> str:
    record = next(line for line in text(Form.LINES, REQUEST).splitlines() if "RRSIG" in line)
    return whole.replace("example.", f"{record}\nexample.", 1)


def with_other_times(whole: str) -> str:
    line = next(line for line in whole.splitlines() if "RRSIG" in line)
    other = re.sub(r"(RRSIG DNSKEY 13 1 \d+) \d{8}", r"\1 20261231", line)
    return whole.replace(line, f"{line}\n{other}")


def cases() -> Iterator[Case]:
    for name, about in KEPT.items():
        yield Case(name, about, (FOLDER / name).read_bytes())
    for form in Form:
        for kind, suffix in ((REQUEST, "ksr"), (RESPONSE, "skr")):
            yield Case(f"good-{form}.{suffix}.txt", f"as it is written here, for {form}", text(form, kind).encode())
    for name, form, kind, about, edit, expected in BAD:
        suffix = "skr" if kind == RESPONSE else "ksr"
        yield Case(f"bad-{name}.{suffix}.txt", about, edit(text(form, kind)).encode("latin-1"), expected)


def bundles_of(data: bytes, kind: str) -> list[list[object]]:
    """What a file becomes: for each bundle its id, times, tags of keys and of those that sign."""
    read = read_text(data, "", kind)
    if kind == RESPONSE:
        return [listed(one) for one in response_of(read, "").response.bundles]
    return [listed(one) for one in request_of(read, Unsaid(14 * DAY, 7 * DAY), "").request.bundles]


def listed(bundle: Bundle) -> list[object]:
    keys, signers = (
        sorted(one) for one in ([k.key_tag for k in bundle.keys], [s.rrsig.key_tag for s in bundle.signatures])
    )
    times = [f"{moment:%Y-%m-%dT%H:%M:%SZ}" for moment in (bundle.inception, bundle.expiration)]
    return [bundle.id, *times, keys, signers]


def findings(data: bytes, kind: str) -> list[list[object]]:
    try:
        read_text(data, "", kind)
    except Refusal as refusal:
        return sorted([one.code, line_of(one.sentence)] for one in refusal.findings)
    return []


def line_of(sentence: str) -> int:
    found = re.match(r"line (\d+): ", sentence)
    return int(found[1]) if found else 0


def index() -> bytes:
    entries = []
    for case in cases():
        entry: dict[str, object] = {"name": case.name, "about": case.about, "kind": case.kind}
        if case.refused:
            entry["refused"] = [list(one) for one in case.refused]
        else:
            entry |= {"bundles": bundles_of(case.data, case.kind)}
        entries.append(entry)
    about = (
        "Requests and responses as text. `bundles`: id, inception, expiration, tags of the keys, tags of those that "
        "sign; of a request with `unsaid` given. `refused`: codes of findings and the lines that they name."
    )
    return (json.dumps({"about": about, "unsaid": FILL, "cases": entries}, indent=1) + "\n").encode()


def main() -> int:
    """Write every file that is made here, and remove those of cases that are no more."""
    for path in FOLDER.glob("*"):
        if path.name not in KEPT:
            path.unlink()
    for case in cases():
        (FOLDER / case.name).write_bytes(case.data)
    (FOLDER / "index.json").write_bytes(index())
    for case in cases():
        if (got := findings(case.data, case.kind)) != (due := sorted([list(one) for one in case.refused])):
            print(case.name, "is told", got, "and should be", due)
    return 0


if __name__ == "__main__":
    sys.exit(main())
