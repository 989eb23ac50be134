"""Whether everything that the authority issued agrees: names, keys, key identifiers, serials, URLs, revocations.

Each rule of `compliance` judges one object at the moment of its signing; here they are seen side by side, years later.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator
from datetime import datetime
from typing import TypeVar

from quorate.authority import AuthorityState
from quorate.findings import Finding, found
from quorate.register.deadlines import still_issues
from quorate.register.inventory import day
from quorate.register.rows import Inventory
from quorate.register.zonal import last_of_zones

Key = TypeVar("Key", bound=Hashable)


def disagreements(it: Inventory) -> tuple[Finding, ...]:
    """Everything that does not fit together, as of the inventory's moment."""
    now = day(it.as_of)
    return (
        *_keys_and_names(it),
        *_serials(it),
        *_identifiers(it),
        *_urls(it),
        *_revocations(it, now),
        *_responses(it, now),
        *_zones(it, now),
    )


def lapsed_quorums(state: AuthorityState, now: datetime) -> tuple[Finding, ...]:
    """The quorums that nobody could meet on that day, since too few of their people's appointments stand."""
    today, findings = f"{now:%Y-%m-%d}", []
    for one in state.quorums:
        have = sum(state.holds_role(person, one.role, today) for person in state.appointed(one.role))
        if have < one.need:
            where = f"quorums[{one.purpose.value}]"
            findings.append(found("register.quorum_lapsed", where, role=one.role, need=one.need, have=have, day=today))
    return tuple(findings)


def _gathered(pairs: Iterable[tuple[Key, str]]) -> dict[Key, tuple[str, ...]]:
    """The different values of each key, in order of appearance."""
    found_: defaultdict[Key, dict[str, None]] = defaultdict(dict)
    for key, value in pairs:
        found_[key][value] = None
    return {key: tuple(values) for key, values in found_.items()}


def _keys_and_names(it: Inventory) -> Iterator[Finding]:
    """One name for one key, and one key for one name; requests say both as well."""
    said = [(row.spki, row.subject) for row in it.certificates] + [(row.spki, row.subject) for row in it.requests]
    for spki, subjects in _gathered(said).items():
        if len(subjects) > 1:
            yield found("register.key_of_two_names", spki, subjects="; ".join(subjects))
    for subject, spkis in _gathered((subject, spki) for spki, subject in said).items():
        if len(spkis) > 1:
            ids = [row.id for row in it.certificates if row.subject == subject]
            ids += [row.id for row in it.requests if row.subject == subject]
            yield found("register.name_of_two_keys", subject, certificates=", ".join(ids))


def _serials(it: Inventory) -> Iterator[Finding]:
    keys, first = it.signers(), dict[tuple[str, str], str]()
    for row in (one for one in it.certificates if one.issuer):
        first.setdefault(keys[row.issuer], row.issuer)
    given = _gathered(((keys[row.issuer], row.serial), row.id) for row in it.certificates if row.issuer)
    for (signer, serial), ids in given.items():
        if len(ids) > 1:
            yield found("register.serial_twice", first[signer], serial=serial, certificates=", ".join(ids))


def _identifiers(it: Inventory) -> Iterator[Finding]:
    """One subject key identifier for one key, and the same one in everything that the key has signed."""
    for spki, skis in _gathered((row.spki, row.ski) for row in it.certificates if row.ski).items():
        if len(skis) > 1:
            yield found("register.ski_differs", spki, identifiers=", ".join(skis))
    for ski, spkis in _gathered((row.ski, row.spki) for row in it.certificates if row.ski).items():
        if len(spkis) > 1:
            yield found("register.ski_of_two_keys", ski, keys=", ".join(spkis))
    for row in it.certificates:
        if not row.issuer:
            yield found("register.issuer_unknown", row.id)


def _urls(it: Inventory) -> Iterator[Finding]:
    """What one key has signed points to one CRL and to one issuer; two issuers do not share a CRL."""
    keys = it.signers()
    named = {keys[row.id]: row.id for row in reversed(it.certificates)}
    live = [row for row in it.certificates if row.status != "expired" and row.issuer]
    for code, urls in (
        ("register.crl_url_differs", [(keys[row.issuer], url) for row in live for url in row.crl_urls]),
        ("register.ca_issuers_url_differs", [(keys[row.issuer], url) for row in live for url in row.ca_issuers_urls]),
    ):
        for signer, different in _gathered(urls).items():
            if len(different) > 1:
                issuer = next(row.issuer for row in live if keys[row.issuer] == signer)
                yield found(code, issuer, urls=", ".join(different))
        for url, names in _gathered((url, named[signer]) for signer, url in urls).items():
            if len(names) > 1:
                yield found("register.url_shared", url, issuers=", ".join(names))


def _revocations(it: Inventory, now: datetime) -> Iterator[Finding]:
    """Whoever has issued has a CRL in force, and lists nothing that nobody knows."""
    keys = it.signers()
    newest = {row.issuer: row for row in it.crls if row.newest and row.issuer}
    issued = {(keys[row.issuer], row.serial) for row in it.certificates if row.issuer}
    for issuer in _gathered((row.issuer, row.id) for row in it.certificates if row.issuer and row.issuer != row.id):
        if issuer not in newest and still_issues(it, issuer):
            yield found("register.crl_missing", issuer)
    for issuer, crl in newest.items():
        if crl.next_update and day(crl.next_update) < now and still_issues(it, issuer):
            yield found("register.crl_lapsed", crl.id, issuer=issuer, time=crl.next_update)
        for serial in crl.revoked:
            if (keys[issuer], serial) not in issued:
                yield found("register.revoked_unknown", crl.id, serial=serial)


def _zones(it: Inventory, now: datetime) -> Iterator[Finding]:
    """A zone whose KSKs are held has an SKR that still signs."""
    for row in last_of_zones(it):
        if day(row.expiration) < now:
            yield found("register.skr_lapsed", row.id, zone=row.zone, time=row.expiration)


def _responses(it: Inventory, now: datetime) -> Iterator[Finding]:
    """The newest response about a certificate says what the newest CRL says, and has not lapsed."""
    for row in it.responses:
        if not row.newest or not row.certificate:
            continue
        about = it.certificate(row.certificate)
        if about.status == "expired":
            continue
        if (row.status == "revoked") != (about.revoked is not None):
            said = about.revoked.crl if about.revoked else "the newest CRL"
            yield found("register.response_differs", row.id, certificate=about.id, status=row.status, crl=said)
        if row.next_update and day(row.next_update) < now:
            yield found("register.response_lapsed", row.id, certificate=about.id, time=row.next_update)
