"""SKRs are made from a request, a schema and KSKs, byte for byte the same each time, and judged record by record."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from quorate.dnssec.anchor import KeyDigest, TrustAnchor
from quorate.dnssec.conformity import (
    anchor_findings,
    ksk_findings,
    plan_findings,
    promise_findings,
    request_findings,
    slots_in,
)
from quorate.dnssec.dnskey import KSK_FLAGS, Dnskey
from quorate.dnssec.ksk import Ksks, collision_findings
from quorate.dnssec.ksr import Bundle, BundleKey, Request, Response
from quorate.dnssec.ksr_layout import write_ksr, write_skr
from quorate.dnssec.ksr_xml import read_ksr, read_skr
from quorate.dnssec.request import Turns
from quorate.dnssec.response import finish
from quorate.dnssec.rrsig import signed_data
from quorate.dnssec.schema import slots_of
from quorate.dnssec.soundness import own_findings
from quorate.findings import Finding, Refusal
from zones import DAY, SHIPPED, TTL, Zone, both, ksk_pair, replace, zsk


@pytest.fixture(scope="module")
def zone() -> Zone:
    return Zone()


@pytest.fixture(scope="module")
def request_of(zone: Zone) -> Request:
    return zone.request(0)


@pytest.fixture(scope="module")
def response(zone: Zone, request_of: Request) -> Response:
    return zone.sign(zone.draft(request_of, "revoke", both()))


def every_finding(response: Response, zone: Zone, request: Request) -> list[Finding]:
    slots = slots_of(SHIPPED.named("revoke"), 9, both())
    return [
        *own_findings(response),
        *request_findings(response, request),
        *plan_findings(response, slots, zone.ksks),
        *ksk_findings(response, zone.ksks),
        *promise_findings(response, zone.promise),
    ]


# -- making -----------------------------------------------------------------------------------------------------------


def test_what_is_made_conforms_to_everything(zone: Zone, request_of: Request, response: Response) -> None:
    assert every_finding(response, zone, request_of) == []
    assert slots_in(response, zone.ksks) == slots_of(SHIPPED.named("revoke"), 9, both())


def test_every_signing_is_listed_with_its_key_and_bytes_before_any_key_signs(zone: Zone, request_of: Request) -> None:
    draft = zone.draft(request_of, "revoke", both())
    assert len(draft.signings) == 1 + 7 * 2 + 1
    assert [one.ksk for one in draft.signings if one.bundle in (1, 9)] == ["B", "B"]
    assert {one.ksk for one in draft.signings if one.bundle == 2} == {"A", "B"}
    assert len({one.digest for one in draft.signings}) == len(draft.signings)
    revoked = next(one for one in draft.signings if one.ksk == "A")
    assert revoked.key.is_revoked
    assert revoked.rrsig.key_tag == revoked.key.key_tag != zone.ksks.named("A").dnskey.key_tag
    assert all(not bundle.signatures for bundle in draft.response.bundles)


@pytest.mark.parametrize("kind", ["rsa-2048", "p-256", "p-384", "ed25519", "ed448"])
def test_the_same_request_gives_the_same_response(kind: str) -> None:
    zone = Zone(name="example.", kinds={"A": kind, "B": kind}, zsk_kinds=(kind,))
    made = [zone.sign(zone.draft(zone.request(0), "rollover", both())) for _ in range(2)]
    assert made[0] == made[1]
    assert own_findings(made[0]) == ()
    assert {one.rrsig.signer for bundle in made[0].bundles for one in bundle.signatures} == {"example."}


def test_the_order_of_the_request_does_not_matter(zone: Zone, request_of: Request, response: Response) -> None:
    turned = replace(request_of, bundles=tuple(replace(one, keys=one.keys[::-1]) for one in request_of.bundles))
    assert zone.sign(zone.draft(turned, "revoke", both())) == response
    for bundle in response.bundles:
        tags = [key.key_tag for key in bundle.keys], [one.rrsig.key_tag for one in bundle.signatures]
        assert tags == (sorted(tags[0]), sorted(tags[1]))


def test_the_file_reads_back_as_the_same_response(zone: Zone, request_of: Request, response: Response) -> None:
    data = write_skr(response)
    assert read_skr(data, "skr.xml") == (response, ())
    assert write_skr(zone.sign(zone.draft(request_of, "revoke", both()))) == data
    assert read_ksr(write_ksr(request_of), "ksr.xml") == (request_of, ())


def test_a_response_is_never_finished_with_other_signatures(zone: Zone, request_of: Request) -> None:
    draft = zone.draft(request_of, "rollover", both())
    good = [zone.pairs[one.ksk].sign(one.data) for one in draft.signings]
    wrong = {
        "skr.signature_count": good[:-1],
        "skr.signature_invalid": [good[1], good[0], *good[2:]],
    }
    for code, signatures in wrong.items():
        with pytest.raises(Refusal) as refused:
            finish(draft, signatures)
        assert refused.value.code == code
    with pytest.raises(Refusal):
        finish(draft, [zone.pairs["B"].sign(one.data) for one in draft.signings])


def refused_for(zone: Zone, request: Request, schema: str = "normal", keys: dict[str, str] | None = None) -> set[str]:
    with pytest.raises(Refusal) as refused:
        zone.draft(request, schema, keys or {"current": "A"})
    return {one.code for one in refused.value.findings}


def first(request: Request, change: Callable[[Bundle], Bundle]) -> Request:
    return replace(request, bundles=(change(request.bundles[0]), *request.bundles[1:]))


def test_nothing_is_drafted_that_would_be_wrong(zone: Zone, request_of: Request) -> None:
    longer = first(request_of, lambda one: replace(one, expiration=one.expiration + DAY))
    assert refused_for(zone, longer) == {"skr.validity"}
    shorter = first(request_of, lambda one: replace(one, expiration=one.expiration - DAY))
    assert refused_for(zone, shorter) == {"skr.validity"}
    ttl = first(request_of, lambda one: replace(one, keys=tuple(replace(key, ttl=60) for key in one.keys)))
    assert refused_for(zone, ttl) == {"skr.ttl"}
    own = BundleKey("A", 0, TTL, zone.ksks.named("A").dnskey)
    assert "skr.ksk_requested" in refused_for(zone, first(request_of, lambda one: replace(one, keys=(*one.keys, own))))
    assert refused_for(zone, replace(request_of, domain="example.")) == {"skr.zone"}
    assert refused_for(zone, request_of, keys={"current": "C"}) == {"ksk.unknown"}
    assert refused_for(Zone(published={"A": 1}), request_of) == {"skr.ksk_not_in_use"}


def test_a_schema_of_other_slots_is_refused_before_anything_is_drafted(zone: Zone) -> None:
    from quorate.dnssec.response import draft_response

    slots = slots_of(SHIPPED.named("normal"), 9, {"current": "A"})
    with pytest.raises(Refusal) as refused:
        draft_response(zone.request(0, slots=8), slots, zone.ksks, zone.promise)
    assert refused.value.code == "schema.slots"


def test_every_algorithm_in_the_rrset_signs_it() -> None:
    zone = Zone(kinds={"A": "rsa-2048", "B": "p-256"}, zsk_kinds=("rsa-2048",))
    both_kinds = Turns((zsk("rsa-2048", "r"), zsk("p-256", "e"))).slots(9)
    assert refused_for(zone, zone.request(0), "pre-publish", both()) == {
        "skr.algorithm_unsigned",
        "skr.algorithm_without_zsk",
    }
    assert refused_for(zone, zone.request(0, both_kinds)) == {"skr.algorithm_unsigned"}
    assert refused_for(zone, zone.request(0), "algorithm-double", both()) == {"skr.algorithm_without_zsk"}
    assert own_findings(zone.sign(zone.draft(zone.request(0, both_kinds), "algorithm-double", both()))) == ()


def tagged(key: Dnskey, tag: int) -> Dnskey:
    """A key of that tag: the last octets of an RSA modulus are chosen for it."""
    for low in range(65536):
        made = replace(key, public_key=key.public_key[:-3] + low.to_bytes(2, "big") + key.public_key[-1:])
        if made.key_tag == tag:
            return made
    raise AssertionError("no such key")


def test_colliding_tags_are_found_before_a_key_is_used(zone: Zone) -> None:
    known = ksk_pair("rsa-2048", "known").dnskey
    other = ksk_pair("rsa-2048", "other").dnskey
    assert collision_findings(other, [("known", known)]) == ()
    assert collision_findings(known, [("itself", known.revoked)]) == ()
    (same,) = collision_findings(tagged(other, known.key_tag), [("known", known)])[:1]
    assert same.sentence == f"key tag {known.key_tag}, its tag, is also that of known"
    becomes = collision_findings(tagged(other, known.revoked.key_tag), [("known", known)])
    assert "its tag, is also that of known when revoked" in becomes[0].sentence
    zone_key = zsk("rsa-2048", "z").dnskey
    (revoked,) = collision_findings(other, [("z", tagged(zone_key, other.revoked.key_tag))])
    assert "its tag when revoked, is also that of z" in revoked.sentence
    colliding = tagged(zone_key, zone.ksks.named("A").dnskey.key_tag)
    kind = Zone(zsk_kinds=("rsa-2048",))
    request = first(
        kind.request(0), lambda one: replace(one, keys=(BundleKey("z", colliding.key_tag, TTL, colliding),))
    )
    assert "ksk.tag_collision" in refused_for(kind, request)


# -- judging ----------------------------------------------------------------------------------------------------------


def changed(response: Response, number: int, **values: object) -> Response:
    bundles = list(response.bundles)
    bundles[number - 1] = replace(bundles[number - 1], **values)  # type: ignore[arg-type]
    return replace(response, bundles=tuple(bundles))


def rrsig(response: Response, **values: object) -> Response:
    """The first signature of bundle 3 says something else."""
    one, *others = response.bundles[2].signatures
    other = replace(one, rrsig=replace(one.rrsig, **values))  # type: ignore[arg-type]
    return changed(response, 3, signatures=(other, *others))


def key(response: Response, **values: object) -> Response:
    """The ZSK of bundle 3 is said to be something else."""
    (one,) = response.bundles[2].zsks
    keys = (replace(key, **values) if key == one else key for key in response.bundles[2].keys)  # type: ignore[arg-type]
    return changed(response, 3, keys=tuple(keys))


def dnskey(response: Response, **values: object) -> Response:
    (one,) = response.bundles[2].zsks
    return key(response, dnskey=replace(one.dnskey, **values))  # type: ignore[arg-type]


def flipped(data: bytes) -> bytes:
    return bytes([data[0] ^ 1]) + data[1:]


def without_revoked(response: Response) -> Response:
    kept = [one for one in response.bundles[2].signatures if one.identifier != "A"]
    return changed(response, 3, signatures=tuple(kept))


OWN: dict[str, Callable[[Response], Response]] = {
    "skr.too_many_signatures": lambda one: changed(one, 3, signatures=one.bundles[2].signatures * 250),
    "skr.empty": lambda one: replace(one, bundles=()),
    "skr.bundle_twice": lambda one: changed(one, 2, id=one.bundles[0].id),
    "skr.identifier": lambda one: key(one, identifier="B"),
    "skr.times": lambda one: changed(one, 9, expiration=one.bundles[8].inception),
    "skr.gap": lambda one: changed(one, 3, inception=one.bundles[1].expiration + timedelta(seconds=1)),
    "skr.key_tag": lambda one: key(one, key_tag=1),
    "skr.key_flags": lambda one: dnskey(one, protocol=2),
    "skr.ttl": lambda one: key(one, ttl=60),
    "skr.key_twice": lambda one: changed(one, 3, keys=(*one.bundles[2].keys, one.bundles[2].keys[0])),
    "skr.tag_twice": lambda one: changed(one, 3, keys=(*one.bundles[2].keys, one.bundles[2].keys[0])),
    "skr.rrsig_field": lambda one: rrsig(one, labels=1),
    "skr.signature_invalid": lambda one: rrsig(one, signature=flipped(one.bundles[2].signatures[0].rrsig.signature)),
    "skr.signature_twice": lambda one: changed(one, 3, signatures=one.bundles[2].signatures * 2),
    "skr.unsigned": lambda one: changed(one, 1, signatures=()),
    "skr.revoked_unsigned": without_revoked,
    "skr.algorithm_unsigned": lambda one: dnskey(one, algorithm=14),
    "skr.algorithm_without_zsk": lambda one: changed(one, 3, keys=one.bundles[2].ksks),
    "dnssec.name_unusable": lambda one: replace(one, domain="a..b"),
}


@pytest.mark.parametrize("code", OWN)
def test_an_skr_is_refused_for_what_is_wrong_in_itself(code: str, response: Response) -> None:
    assert code in {one.code for one in own_findings(OWN[code](response))}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("type_covered", 1),
        ("labels", 1),
        ("original_ttl", 60),
        ("inception", Zone().begin(0)),
        ("expiration", Zone().begin(3)),
        ("signer", "example."),
        ("key_tag", 1),
        ("algorithm", 8),
    ],
)
def test_every_field_of_a_signature_is_looked_at(field: str, value: object, response: Response) -> None:
    """With a field changed the signature is invalid as well; signed again with the change, the field is found alone."""
    assert own_findings(rrsig(response, **{field: value})) != ()


@pytest.mark.parametrize("signer", ["{0}b.", "other.{0}a.", "."])
def test_a_signature_in_the_name_of_another_zone_is_found_however_long_the_names_are(signer: str) -> None:
    stem = f"{'long.' * 20}exampl"
    zone = Zone(name=f"{stem}a.", kinds={"A": "p-256"}, zsk_kinds=("p-256",))
    made = zone.sign(zone.draft(zone.request(0), "normal", {"current": "A"}))
    assert own_findings(made) == ()
    bundle = made.bundles[2]
    wrong = replace(bundle.signatures[0].rrsig, signer=signer.format(stem))
    signed = zone.pairs["A"].sign(signed_data(zone.name, wrong, bundle.dnskeys))
    (finding,) = own_findings(rrsig(made, signer=wrong.signer, signature=signed))
    assert (finding.code, dict(finding.facts)["field"]) == ("skr.rrsig_field", "signer's name")


def test_a_zsk_that_signs_is_found(zone: Zone, request_of: Request, response: Response) -> None:
    from quorate.dnssec.request import proofs

    bundle, pair = response.bundles[2], zone.zsks(0)[0]
    (proof,) = proofs(".", bundle, [pair], (bundle.inception, bundle.expiration))
    signed = changed(response, 3, signatures=(*bundle.signatures, proof))
    assert [one.code for one in own_findings(signed)] == ["skr.signed_by_zsk"]


def test_an_skr_answers_its_request_and_no_other(zone: Zone, request_of: Request, response: Response) -> None:
    others = {
        "id": replace(request_of, id="other"),
        "serial": replace(request_of, serial=7),
        "domain": replace(request_of, domain="example."),
        "number of bundles": replace(request_of, bundles=request_of.bundles[:8]),
        "the requester's policy": replace(request_of, zsk=replace(request_of.zsk, publish_safety=DAY)),
        "inception": first(request_of, lambda one: replace(one, inception=one.inception + DAY)),
        "expiration": first(request_of, lambda one: replace(one, expiration=one.expiration + DAY)),
        "ZSKs": first(request_of, lambda one: replace(one, keys=one.keys[:1])),
    }
    for what, other in others.items():
        (finding,) = request_findings(response, other)
        assert finding.code == "skr.differs"
        assert dict(finding.facts)["what"] == what


def test_identifiers_that_differ_at_their_end_are_told_apart(request_of: Request, response: Response) -> None:
    """Those of the root's ZSKs have ninety digits, and only the last ones are a key's own."""
    stem = "302e312c302a06035504031323566572695369676e20444e5353656320526f6f7420414c4738203230"
    ids = [f"{stem}{number:08x}" for number in (1, 2)]
    asked, has = (
        first(request_of, lambda one, name=name: replace(one, keys=(replace(one.keys[0], identifier=name),)))
        for name in ids
    )
    zsks = has.bundles[0].keys
    answer = changed(response, 1, keys=(*zsks, *response.bundles[0].ksks))
    (finding,) = [one for one in request_findings(answer, asked) if dict(one.facts)["what"] == "ZSKs"]
    facts = dict(finding.facts)
    assert facts["has"] != facts["asked"]
    assert (facts["has"][-8:], facts["asked"][-8:]) == (ids[1][-8:], ids[0][-8:])
    assert len(facts["has"]) < 80


def test_an_skr_follows_its_schema(zone: Zone, response: Response) -> None:
    for name, keys in (("normal", {"current": "A"}), ("rollover", both()), ("revoke", both("B", "A"))):
        slots = slots_of(SHIPPED.named(name), 9, keys)
        assert {one.code for one in plan_findings(response, slots, zone.ksks)} == {"skr.schema_differs"}
    slots = slots_of(SHIPPED.named("revoke"), 8, both())
    assert "skr.differs" in {one.code for one in plan_findings(response, slots, zone.ksks)}


def test_an_skr_holds_pinned_ksks_under_their_ids(zone: Zone, response: Response) -> None:
    only = Ksks(".", tuple(one for one in zone.ksks.ksks if one.id == "B"))
    assert {one.code for one in ksk_findings(response, only)} == {"skr.ksk_unknown"}
    renamed = Ksks(".", tuple(replace(one, id=one.id.lower()) for one in zone.ksks.ksks))
    assert {one.code for one in ksk_findings(response, renamed)} == {"skr.ksk_id"}
    withdrawn = Ksks(".", tuple(replace(one, withdrawn=zone.begin(0) + 50 * DAY) for one in zone.ksks.ksks))
    late = ksk_findings(response, withdrawn)
    assert [(one.code, one.where, one.blocks) for one in late] == [
        ("skr.ksk_outside_days", f"bundle {number}", False) for number in (4, 5, 6, 7, 8, 9)
    ]


def test_an_skr_is_signed_by_the_trust_anchor(zone: Zone, response: Response) -> None:
    begins, ends = response.bundles[0].inception, response.bundles[-1].expiration

    def missed(*names: str, since: datetime = begins, until: datetime | None = None) -> list[str]:
        digests = (KeyDigest(one, since, until, zone.ksks.named(one).dnskey.ds(".")) for one in names)
        findings = anchor_findings(response, TrustAnchor("id", "source", ".", tuple(digests)))
        assert {one.code for one in findings} <= {"skr.no_anchor_signs"}
        return [one.where for one in findings]

    every = [f"bundle {number}" for number in range(1, 10)]
    assert missed("B") == missed("A", "B") == []
    assert missed("A") == every
    assert missed("B", since=ends + DAY) == missed("B", since=begins - 9 * DAY, until=begins - DAY) == every
    assert missed("B", since=begins + 25 * DAY) == ["bundle 1"]  # a day of 21, and nine slots ten days apart


def test_an_skr_keeps_to_the_policy(zone: Zone, response: Response) -> None:
    strict = replace(zone.promise, stated=replace(zone.promise.stated, max_signature_validity=20 * DAY))
    assert {one.code for one in promise_findings(response, strict)} == {"skr.validity"}
    assert {one.code for one in promise_findings(response, replace(zone.promise, ttl=60))} == {"skr.ttl"}


def test_keys_without_identifiers_are_told_apart_by_themselves(response: Response) -> None:
    def bare(bundle: Bundle) -> Bundle:
        keys = tuple(replace(one, identifier="") for one in bundle.keys)
        return replace(bundle, keys=keys, signatures=tuple(replace(one, identifier="") for one in bundle.signatures))

    unnamed = replace(response, bundles=tuple(bare(one) for one in response.bundles))
    assert own_findings(unnamed) == ()


def test_a_foreign_ksk_is_named_by_what_it_calls_itself(response: Response) -> None:
    assert {name for slot in slots_in(response) for name in slot.sign} == {"A", "B"}
    assert all(one.dnskey.flags == KSK_FLAGS or one.dnskey.is_revoked for one in response.bundles[0].ksks)
