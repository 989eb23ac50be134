"""Requests that do not go on where the response before ended, and responses that are not ours."""

from __future__ import annotations

from msgspec.structs import replace

from ksr_cases import AT, TLD, Cases, first_key, longer, root_plan, substituted, tld_before, tld_plan, zsks
from ksr_making import (
    DAY,
    KskSlot,
    make_request,
    make_response,
    normal,
    pair,
    zsk_plan,
)
from quorate.dnssec.ksr import Bundle, Response


def unnamed(bundle: Bundle) -> Bundle:
    """As plain records say it: no identifiers."""
    keys = (replace(key, identifier="") for key in bundle.keys)
    return replace(bundle, keys=tuple(keys), signatures=tuple(replace(one, identifier="") for one in bundle.signatures))


def chain_cases(made: Cases) -> None:
    stranger = substituted(tld_plan(), pair("zsk-p256-2"), pair("zsk-p256-5"))
    made.tld("chain-stranger", "a first slot with a key that nobody saw before", "ksr.chain_keys", plan=stranger)
    both = zsk_plan(TLD.next, *zsks("p256", 5, 6, 4))
    made.tld("chain-none", "a first slot with new keys only", "ksr.chain_keys", plan=both)
    made.root(
        "chain-stranger",
        "a first slot with a key that nobody saw before",
        "ksr.chain_keys",
        plan=substituted(root_plan(), pair("zsk-2048-2"), pair("zsk-2048-5")),
    )
    other_name = replace(pair("zsk-p256-2"), identifier="other")
    made.tld(
        "chain-identifier",
        "the key has another identifier than before",
        "ksr.chain_keys",
        plan=substituted(tld_plan(), pair("zsk-p256-2"), other_name),
    )
    made.tld(
        "chain-identifier-unknown",
        "keys in the response before have no identifiers, as those that were converted from plain records",
        before=replace(tld_before(), bundles=tuple(map(unnamed, tld_before().bundles))),
    )
    made.tld(
        "chain-overlap-short",
        "the quarter begins too late",
        "ksr.chain_overlap",
        "ksr.stated_chain_overlap",
        cycle=replace(TLD.next, begins=TLD.inception(4) + 13 * DAY),
        at=AT - 30 * DAY,
    )
    made.tld(
        "chain-gap",
        "the quarter begins after the response before has expired",
        "ksr.chain_overlap",
        "ksr.stated_chain_overlap",
        cycle=replace(TLD.next, begins=TLD.inception(4) + 22 * DAY),
        at=AT - 30 * DAY,
    )
    made.tld(
        "chain-overlap-long",
        "the quarter begins too early",
        "ksr.chain_overlap",
        "ksr.stated_chain_overlap",
        cycle=replace(TLD.next, begins=TLD.inception(4) + 4 * DAY),
        at=AT - 40 * DAY,
    )
    request = make_request(TLD, zsk_plan(TLD, *zsks("p256", 1, 2, 3)))
    one, two, three = (pair(f"ksk-p256-{number}") for number in (1, 2, 3))
    stolen = make_response(request, normal(three, 4), TLD)
    made.tld(
        "previous-unknown-ksk", "the response before is of a KSK that nobody knows", "ksr.chain_keys", before=stolen
    )
    mixed = [*normal(three, 3), KskSlot((one,), (one,))]
    made.tld(
        "previous-mixed",
        "only its last slot is of a KSK that is known",
        "ksr.chain_keys",
        before=make_response(request, mixed, TLD),
    )
    beside = [KskSlot((one, three), (one,)), *normal(one, 3)]
    made.tld(
        "previous-ksk-beside",
        "a KSK that nobody knows is published beside ours",
        "ksr.chain_keys",
        before=make_response(request, beside, TLD),
    )
    revoked = [*normal(one, 3), KskSlot((), (), (one,))]
    made.tld(
        "previous-revoked-only",
        "its last slot is signed by a revoked KSK alone",
        "ksr.chain_keys",
        before=make_response(request, revoked, TLD),
    )
    published = [*normal(one, 3), KskSlot((one, two), (two,))]
    made.tld(
        "previous-of-the-next",
        "its last slot is signed by the next KSK, which is known",
        before=make_response(request, published, TLD),
    )
    made.tld(
        "previous-flipped",
        "a signature in it has a flipped bit",
        "ksr.previous",
        "ksr.chain_keys",
        before=flipped(tld_before()),
    )
    made.tld("previous-times", "a signature in it is for another time", "ksr.previous", before=shifted(tld_before()))
    made.tld("previous-tag", "a key in it has the tag of another", "ksr.previous", before=retagged(tld_before()))
    made.tld(
        "previous-shorter",
        "it has three bundles",
        "ksr.previous",
        before=replace(tld_before(), bundles=tld_before().bundles[1:]),
    )
    other = make_response(
        make_request(replace(TLD, zone="other."), zsk_plan(TLD, *zsks("p256", 1, 2, 3))),
        normal(one, 4),
        replace(TLD, zone="other."),
    )
    made.tld("previous-zone", "it is for another zone", "ksr.previous", before=other)


def flipped(response: Response) -> Response:
    last = response.bundles[1]
    signature = last.signatures[0]
    octets = signature.rrsig.signature
    wrong = replace(signature, rrsig=replace(signature.rrsig, signature=bytes([octets[0] ^ 1]) + octets[1:]))
    return with_bundle(response, 1, replace(last, signatures=(wrong,)))


def shifted(response: Response) -> Response:
    return with_bundle(response, 0, longer(DAY)(response.bundles[0]))


def retagged(response: Response) -> Response:
    return with_bundle(response, 0, first_key(lambda key: replace(key, key_tag=key.key_tag ^ 1))(response.bundles[0]))


def with_bundle(response: Response, index: int, bundle: Bundle) -> Response:
    bundles = list(response.bundles)
    bundles[index] = bundle
    return replace(response, bundles=tuple(bundles))
