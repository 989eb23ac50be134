"""Responses that are wrong in themselves, or that are not what was asked for."""

from __future__ import annotations

from msgspec.structs import replace

from ksr_cases import ksk_entry, zsks
from ksr_making import DAY, bundle_key, normal, pair
from skr_cases import (
    HELD,
    NEW,
    OLD,
    SLOTS,
    STRANGE,
    TLD,
    Cases,
    answered,
    changed,
    of_key,
    of_rrsig,
    pre_publish,
    quarter,
    rolled,
    signed_by,
)


def alone_cases(made: Cases) -> None:
    """Good ones first, then each with one fault."""
    good = answered(1, normal(OLD, SLOTS))
    made.skr("good-normal", "a KSK that signs as before", good)
    for number, name in enumerate(("pre-publish", "rollover", "revoke", "normal-again"), 1):
        made.skr(f"good-{name}", "a quarter of a rollover", rolled(number), quarter=number)
    _damaged(made)
    _wrong_keys(made)
    _wrong_signatures(made)
    _signed_wrongly(made)
    other = replace(good, serial=9)
    made.skr("other-serial", "it has another serial number than its request", other, "skr.differs")
    made.skr(
        "other-schema",
        "another schema than was planned",
        good,
        "skr.schema_differs",
        options=("--schema", "rollover", "--ksk", f"current={OLD.identifier}", "--ksk", f"next={NEW.identifier}"),
    )
    roll = ("--schema", "rollover")
    made.skr("no-instance", "no instance of the schema that was planned", good, "skr.schema_other", options=roll)
    strange = answered(1, normal(STRANGE, SLOTS))
    made.skr("strange-ksk", "it is signed by a KSK that no pin knows", strange, "skr.ksk_unknown")
    renamed = replace(HELD, ksks=tuple(replace(one, id=f"{one.id}x") for one in HELD.ksks))
    made.skr("ksk-by-another-name", "its KSK is pinned under another id", good, "skr.ksk_id", policy=renamed)
    ended = f"{quarter(1).begins:%Y-%m-%d}"
    until = replace(HELD, ksks=tuple(replace(one, until=ended) for one in HELD.ksks))
    made.skr("ksk-outside-its-days", "its KSK's pin ends before", good, "skr.ksk_outside_days", policy=until)
    stated = replace(good, ksk=replace(good.ksk, max_signature_validity=40 * DAY))
    made.skr("states-a-long-validity", "its signer states more than the policy has", stated, "skr.stated")


def _damaged(made: Cases) -> None:
    good = answered(1, normal(OLD, SLOTS))
    first, last = good.bundles[0], good.bundles[3].inception
    made.skr(
        "bundle-id-twice", "two bundles have one id", changed(good, 3, id=first.id), "skr.bundle_twice", "skr.differs"
    )
    made.skr(
        "identifier-of-two-keys",
        "one identifier stands for two keys",
        of_key(good, 256, identifier=OLD.identifier),
        "skr.identifier",
        "skr.differs",
    )
    made.skr(
        "ends-before-it-begins",
        "a bundle ends as it begins",
        changed(good, 4, expiration=last),
        "skr.times",
        "ksr.policy_sig_validity",
        "ksr.stated_validity",
        "skr.differs",
        "skr.rrsig_field",
    )
    made.skr(
        "gap-between-bundles",
        "a bundle begins after the one before has ended",
        changed(good, 3, inception=good.bundles[1].expiration + DAY),
        "skr.gap",
        "ksr.policy_bundle_intervals",
        "ksr.policy_sig_overlap",
        "ksr.policy_sig_validity",
        "ksr.stated_overlap",
        "ksr.stated_validity",
        "skr.differs",
        "skr.rrsig_field",
    )


def _wrong_keys(made: Cases) -> None:
    good = answered(1, normal(OLD, SLOTS))
    third, key = good.bundles[2], good.bundles[2].ksks[0]
    made.skr("wrong-key-tag", "a KSK is said to have another tag", of_key(good, key_tag=1), "skr.key_tag")
    made.skr(
        "protocol-2",
        "a KSK is of another protocol",
        of_key(good, dnskey=replace(key.dnskey, protocol=2)),
        "skr.key_flags",
        "skr.key_tag",
        "skr.schema_unknown",
        "skr.signature_invalid",
    )
    made.skr("ttl-of-a-minute", "a KSK has another TTL than the ZSKs", of_key(good, ttl=60), "skr.ttl")
    made.skr(
        "key-twice",
        "a KSK stands twice",
        changed(good, 3, keys=(*third.keys, replace(key, identifier="again"))),
        "skr.key_twice",
        "skr.ksk_id",
        "skr.tag_twice",
    )


def _wrong_signatures(made: Cases) -> None:
    good = answered(1, normal(OLD, SLOTS))
    third = good.bundles[2]
    made.skr(
        "other-labels",
        "a signature states another number of labels",
        of_rrsig(good, labels=2),
        "skr.rrsig_field",
        "skr.schema_unknown",
        "skr.signature_invalid",
    )
    flipped = bytes([third.signatures[0].rrsig.signature[0] ^ 1]) + third.signatures[0].rrsig.signature[1:]
    made.skr(
        "flipped-bit",
        "a signature has a flipped bit",
        of_rrsig(good, signature=flipped),
        "skr.signature_invalid",
        "skr.schema_unknown",
    )
    made.skr(
        "signature-twice",
        "a KSK's signature stands twice",
        changed(good, 3, signatures=third.signatures * 2),
        "skr.signature_twice",
    )


def _signed_wrongly(made: Cases) -> None:
    """Sound signatures, of the wrong keys."""
    good, roll = answered(1, normal(OLD, SLOTS)), rolled(3)
    (zsk,) = (one for one in zsks("p256", 1, 2, 3, 4, 5, 6) if one.dnskey == good.bundles[2].zsks[0].dnskey)
    made.skr(
        "signed-by-a-zsk",
        "a ZSK signs beside the KSK",
        signed_by(good, 3, good.bundles[2], OLD, zsk),
        "skr.signed_by_zsk",
    )
    unsigned = signed_by(roll, 2, roll.bundles[1], NEW)
    made.skr(
        "revoked-unsigned",
        "a revoked KSK does not sign",
        unsigned,
        "skr.revoked_unsigned",
        "skr.schema_unknown",
        quarter=3,
    )
    other = pair("ksk-p384-1")
    pinned = replace(HELD, ksks=(*HELD.ksks, ksk_entry(other, TLD.zone)))
    more = replace(good.bundles[2], keys=(*good.bundles[2].keys, bundle_key(other.dnskey, other.identifier)))
    for name, signers, codes in (
        ("algorithm-unsigned", (OLD,), ("skr.algorithm_unsigned", "skr.algorithm_without_zsk")),
        ("algorithm-without-zsk", (OLD, other), ("skr.algorithm_without_zsk",)),
    ):
        about = "a KSK of an algorithm that none of the ZSKs has"
        response = signed_by(good, 3, more, *signers)
        made.skr(name, about, response, *codes, "skr.schema_unknown", policy=pinned)
    mixed = replace(good, bundles=(*good.bundles[:2], *answered(1, pre_publish()).bundles[2:]))
    back = replace(mixed, bundles=(*mixed.bundles[:3], good.bundles[3]))
    made.skr("no-schema", "a KSK is published in one slot and gone in the next", back, "skr.schema_unknown")
