"""Requests that are accepted, as they are or by an exception."""

from __future__ import annotations

import re
from datetime import datetime

from msgspec.structs import replace

from ksr_cases import (
    AT,
    ROOT,
    SECOND,
    TLD,
    Cases,
    Edit,
    exception,
    of_bundle,
    of_zsk,
    policy,
    root_policy,
    sign_ttl,
    tld_plan,
    tld_policy,
    with_ttl,
    zsks,
)
from ksr_making import (
    DAY,
    Cycle,
    KskSlot,
    make_request,
    make_response,
    normal,
    pair,
    zsk_plan,
)
from quorate import canonical
from quorate.dnssec.dnskey import Algorithm
from quorate.dnssec.ksr import AlgorithmPolicy, Family, Response
from quorate.dnssec.ksr_layout import write_ksr
from quorate.dnssec.policy import KeyCount, KeyKind, PolicyException, Range


def accepted_cases(made: Cases) -> None:
    made.tld("normal", "a good request")
    made.root("normal", "a good request of the root's shape")
    made.tld("genesis", "the first request of a zone", genesis=True)
    made.root("genesis", "the first request of a zone of the root's shape", genesis=True)
    made.tld("timestamp", "a request that says when it was made", after=lambda one: replace(one, timestamp=AT - DAY))
    made.tld(
        "signers",
        "a request that asks for a KSK by name",
        after=of_bundle(1, lambda bundle: replace(bundle, signers=("Kec1",))),
    )
    made.tld(
        "ttl-of-an-hour",
        "a zone with another TTL",
        held=tld_policy(ttl=3600),
        change=with_ttl,
        after=sign_ttl,
        genesis=True,
    )
    made.tld("serial-rises", "a serial number that rises where it has to", held=tld_policy(serial="rising"))
    made.tld("horizon-to-the-second", "expires exactly at the horizon", at=last_expiration() - 180 * DAY)
    made.tld("first-expires-in-a-second", "the first slot expires a second from now", at=first_expiration() - SECOND)
    turned = [slot[::-1] for slot in tld_plan()]
    made.tld("keys-turned", "keys and signatures in another order", plan=turned)
    made.root("quarter-of-90-days", "January to March", cycle=q1(), before=before_q1(), at=AT + 92 * DAY)
    for kind, number in (("sha512", 10), ("p384", 14), ("ed25519", 15), ("ed448", 16), ("1536", 8)):
        algorithm_case(made, kind, number)
    ways = {
        "single-quotes": lambda text: text.replace('"', "'"),
        "comments": lambda text: text.replace("<Key ", "<!-- a key --><Key "),
        "cdata": lambda text: text.replace("<TTL>172800<", "<TTL><![CDATA[172800]]><"),
        "references": lambda text: text.replace("<Flags>256<", "<Flags>&#50;5&#x36;<"),
        "no-declaration": lambda text: text.partition("\n")[2],
        "two-blanks": lambda text: text.replace("    ", "  "),
        "no-layout": lambda text: re.sub(r">\s+<", "><", text),
        "crlf": lambda text: text.replace("\n", "\r\n"),
        "no-zone": lambda text: text.replace("+00:00", ""),
        "zulu": lambda text: text.replace("+00:00", "Z"),
        "wrapped-base64": lambda text: re.sub(r"([A-Za-z0-9+/=]{40})", r"\1\n", text),
    }
    for name, edit in ways.items():
        made.tld(f"written-{name}", "the same request, written otherwise", edit=edit)
    for name, slots in ksk_phases().items():
        before = make_response(make_request(TLD, zsk_plan(TLD, *zsks("p256", 1, 2, 3))), slots, TLD)
        made.tld(f"after-{name}", "the response before is of a KSK's rollover", before=before)


def last_expiration() -> datetime:
    return TLD.next.inception(4) + TLD.validity


def first_expiration() -> datetime:
    return TLD.next.inception(1) + TLD.validity


def q1() -> Cycle:
    return ROOT.next.next


def before_q1() -> Response:
    return make_response(
        make_request(ROOT.next, zsk_plan(ROOT.next, *zsks("2048", 1, 2, 3))), normal(pair("ksk-2048-1"), 9), ROOT.next
    )


def algorithm_case(made: Cases, kind: str, number: int) -> None:
    """A zone whose ZSKs are all of another kind."""
    if kind in ("sha512", "1536"):
        keys = [pair(f"zsk-{kind}-1")] * 3
        held_kind = KeyKind(Algorithm(number), (1536 if kind == "1536" else 2048,), (65537,))
        count = KeyCount((1, 1, 1, 1), 1)
    else:
        keys = zsks(kind, 1, 2, 3)
        held_kind, count = KeyKind(Algorithm(number)), KeyCount((2, 1, 1, 2), 3)
    plan = [list(dict.fromkeys(slot)) for slot in zsk_plan(TLD.next, *keys)]
    held = policy(TLD, "ksk-p256-1", kinds=(held_kind,), keys=(count,))
    made.tld(f"algorithm-{number}-{kind}", f"ZSKs of algorithm {number}", plan=plan, held=held, genesis=True)


def ksk_phases() -> dict[str, list[KskSlot]]:
    one, two = pair("ksk-p256-1"), pair("ksk-p256-2")
    return {
        "pre-publication": [KskSlot((one,), (one,)), *[KskSlot((one, two), (one,))] * 3],
        "rollover": [KskSlot((one, two), (one,)), *[KskSlot((one, two), (two,))] * 3],
        "revocation": [KskSlot((one, two), (two,)), *[KskSlot((two,), (two,), (one,))] * 2, KskSlot((two,), (two,))],
        "double-signature": [KskSlot((one, two), (one, two))] * 4,
    }


def exception_cases(made: Cases) -> None:
    tag = tld_plan()[0][0].dnskey.key_tag
    zero: Edit = lambda text: text.replace(f'keyTag="{tag}"', f'keyTag="0{tag}"', 1)  # noqa: E731
    spelled = tld_policy(exceptions=(exception("ksr.number_spelled"),))
    made.tld(
        "exception-spelled",
        "a leading zero, accepted for a month",
        edit=zero,
        held=spelled,
        accepted=("ksr.number_spelled",),
    )
    past = tld_policy(exceptions=(exception("ksr.number_spelled", until="2026-08-11"),))
    made.tld(
        "exception-past", "a leading zero, accepted until the day before", "ksr.number_spelled", edit=zero, held=past
    )
    ahead = tld_policy(exceptions=(exception("ksr.number_spelled", since="2026-08-13"),))
    made.tld(
        "exception-ahead", "a leading zero, accepted from the next day on", "ksr.number_spelled", edit=zero, held=ahead
    )
    digest = canonical.digest(zero(write_ksr(make_request(TLD.next, tld_plan(), serial=2)).decode()).encode())
    own = tld_policy(exceptions=(exception("ksr.number_spelled", ksr=digest),))
    made.tld(
        "exception-of-this-file",
        "a leading zero, accepted in this file",
        edit=zero,
        held=own,
        accepted=("ksr.number_spelled",),
    )
    foreign = tld_policy(exceptions=(exception("ksr.number_spelled", ksr="sha256:" + "0" * 64),))
    made.tld(
        "exception-of-another-file",
        "a leading zero, accepted in another file",
        "ksr.number_spelled",
        edit=zero,
        held=foreign,
    )
    other = tld_policy(exceptions=(exception("ksr.policy_keys"),))
    made.tld(
        "exception-of-another-finding",
        "a leading zero where key counts are accepted",
        "ksr.number_spelled",
        edit=zero,
        held=other,
    )
    fallback = [*tld_plan()[:3], tld_plan()[1]]
    made.tld(
        "exception-fallback", "a fallback without a new key", plan=fallback, held=other, accepted=("ksr.policy_keys",)
    )
    two = tld_policy(keys=(KeyCount((2, 1, 1, 2), 3), KeyCount((2, 1, 1, 1), 2)))
    made.tld("counts-of-two-kinds", "a fallback that the policy lists", plan=fallback, held=two)
    stated = root_policy(exceptions=(exception("ksr.stated_parameters"),))
    made.root(
        "exception-stated-exponent",
        "states the exponent 3, which is accepted",
        held=stated,
        after=of_zsk(algorithms=(AlgorithmPolicy(8, Family.RSA, 2048, 3),)),
        accepted=("ksr.stated_parameters",),
    )
    short = replace(TLD.next, validity=15 * DAY - SECOND, overlap=(4 * DAY, 5 * DAY))
    launch = tld_policy(
        validity=Range(15 * DAY - SECOND, 20 * DAY),
        overlap=Range(4 * DAY, 10 * DAY),
        chain_overlap=Range(4 * DAY, 16 * DAY),
        exceptions=(exception("ksr.stated_validity"), replace_id(exception("ksr.stated_chain_overlap"), "twice")),
    )
    made.tld(
        "exception-launch",
        "fourteen days 23:59:59 where fifteen are stated, as in 2010",
        held=launch,
        cycle=short,
        after=of_zsk(min_signature_validity=15 * DAY, max_signature_validity=20 * DAY),
        accepted=("ksr.stated_validity", "ksr.stated_chain_overlap"),
    )


def replace_id(one: PolicyException, name: str) -> PolicyException:
    return PolicyException(name, one.since, one.until, one.accepts, one.reason, one.ksr)
