"""The KSKs of a zone with their public keys, and when each stands as a trust anchor. Floor 2.

A KSK is known by its pin: the SHA-256 digest of its DS record, which people signed when the key was made. A public key
becomes a `Ksk` only by matching one.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from quorate.dnssec import policy
from quorate.dnssec.dnskey import KSK_FLAGS, Algorithm, Dnskey, key_algorithm
from quorate.dnssec.simulate import Anchor
from quorate.findings import Finding, Refusal, found


@dataclass(frozen=True, slots=True)
class Ksk:
    """One KSK. `id` is its label, the keyIdentifier of an SKR and the id of a trust anchor's KeyDigest.

    `published` is when its trust anchor is (or was) published, `withdrawn` the first moment at which it no longer
    stands. The key signs between them only, but for its own revocation.
    """

    id: str
    dnskey: Dnskey
    published: datetime
    withdrawn: datetime | None = None

    @property
    def algorithm(self) -> Algorithm:
        return key_algorithm(self.dnskey)

    @property
    def anchor(self) -> Anchor:
        return Anchor(self.id, self.published, self.withdrawn)

    def signs(self, inception: datetime, expiration: datetime) -> bool:
        """Whether a signature of that validity lies within the key's own."""
        return self.published <= inception and (self.withdrawn is None or expiration <= self.withdrawn)


@dataclass(frozen=True, slots=True)
class Ksks:
    """The KSKs of one zone."""

    zone: str
    ksks: tuple[Ksk, ...]
    unseen: tuple[Anchor, ...] = ()  # of pins whose public key is not at hand: validators trust them all the same

    def named(self, name: str) -> Ksk:
        """The KSK of that id; `ksk.unknown` if there is none."""
        for ksk in self.ksks:
            if ksk.id == name:
                return ksk
        raise Refusal("ksk.unknown", ksk=name, known=", ".join(one.id for one in self.ksks) or "none")

    def of(self, dnskey: Dnskey) -> Ksk | None:
        """The KSK whose key pair a record is of, revoked or not."""
        return next((one for one in self.ksks if one.dnskey.same_key(dnskey)), None)

    @property
    def anchors(self) -> tuple[Anchor, ...]:
        return (*(one.anchor for one in self.ksks), *self.unseen)


def stands(pin: policy.Ksk) -> tuple[datetime, datetime | None]:
    """From when to when a pinned KSK is a trust anchor: its UTC days, both included. Without the first: since ever."""
    days = [datetime.strptime(day, "%Y-%m-%d").replace(tzinfo=UTC) if day else None for day in (pin.since, pin.until)]
    return days[0] or datetime(1970, 1, 1, tzinfo=UTC), days[1] + timedelta(days=1) if days[1] else None


def known_ksks(zone_policy: policy.Policy, keys: Iterable[Dnskey]) -> Ksks:
    """The policy's KSKs whose public key is among `keys`, in the order of the policy. Other keys are left out.

    Of a pin without its key only the days are known.
    """
    found_keys = [key.unrevoked for key in keys]
    ksks, unseen = [], []
    for pin in zone_policy.ksks:
        key = next((one for one in found_keys if one.flags == KSK_FLAGS and pin.matches(one, zone_policy.zone)), None)
        if key is not None:
            ksks.append(Ksk(pin.id, key, *stands(pin)))
        else:
            unseen.append(Anchor(pin.id, *stands(pin)))
    return Ksks(zone_policy.zone, tuple(ksks), tuple(unseen))


def collision_findings(new: Dnskey, known: Iterable[tuple[str, Dnskey]], where: str = "") -> tuple[Finding, ...]:
    """Whether a key's tag, as it is or revoked, is also a tag of any of the known keys (by name), revoked or not.

    Known keys are all KSKs and ZSKs that may stand in one RRset with it. Validators have to try every key of a tag, and
    those that limit the tries fail (CVE-2023-50387). To be asked before a key is put to use; a key that collides is
    destroyed and made again. A ZSK is never revoked, so only its one tag counts.
    """
    findings = []
    for name, key in known:
        if key.same_key(new):
            continue
        for own, which in _tags(new):
            for other, how in _tags(key):
                if own == other:
                    facts = {"which": f"its tag{which}", "other": f"{name}{how}"}
                    findings.append(found("ksk.tag_collision", where, tag=own, **facts))
    return tuple(findings)


def _tags(key: Dnskey) -> tuple[tuple[int, str], ...]:
    plain = (key.unrevoked.key_tag, "")
    return (plain, (key.revoked.key_tag, " when revoked")) if key.is_ksk else (plain,)


def collisions_among(keys: Sequence[tuple[str, Dnskey]], where: str = "") -> tuple[Finding, ...]:
    """Every pair of keys (by name) whose tags collide."""
    return tuple(
        finding for number, (_, key) in enumerate(keys) for finding in collision_findings(key, keys[:number], where)
    )
