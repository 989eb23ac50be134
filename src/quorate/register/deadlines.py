"""What falls due when, and how long what must be kept, computed from the register (BR 4.9.7, 5.4.3, 5.5.2, CCADB).

Whether something was done outside of a ceremony, such as a publication, no record says: such a deadline is shown until
a month after it has passed.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import MAXYEAR, date, datetime, time, timedelta

import msgspec

from quorate.authority import AuthorityState
from quorate.compliance.texts import Text, chosen
from quorate.register.inventory import SECOND, day
from quorate.register.rows import CertificateRow, CrlRow, Inventory, KeyRow
from quorate.register.zonal import last_of_zones, undeployed

AHEAD = timedelta(days=30)
"""How long before a CRL lapses, or a certificate ends, the ceremony is due that makes the next one."""
SHOWN_AFTER = timedelta(days=30)
LAST_SECOND = time(23, 59, 59)
YEARS_KEPT = 2
"""BR 5.4.3 and 5.5.2: at least so long after the last event that they name."""


class Due(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One thing to be done by a moment (UTC). `clause` says who asks for it; empty for good practice."""

    at: str
    what: str
    about: str
    clause: str


class Retention(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How long records are kept that concern a key or a ceremony. `until`: a day; empty while the key exists."""

    about: str
    until: str
    why: str


def due(it: Inventory, state: AuthorityState) -> tuple[Due, ...]:
    """Everything that is due, soonest first; nothing that has passed more than a month ago."""
    now = day(it.as_of)
    texts = chosen(state.rules, state.programmes)
    web = Text.BR in texts
    found = [*_crls(it, "BR 4.9.7" if web else ""), *_responses(it, "BR 4.9.9" if web else "")]
    found += [*_certificates(it), *_keys(it, now, texts), *_appointments(state, now, web), *_zones(it)]
    if web:
        found += [*_publications(it), *_disclosures(it, texts)]
    return tuple(sorted((one for one in found if day(one.at) >= now - SHOWN_AFTER), key=lambda one: (one.at, one.what)))


def _due(at: datetime, what: str, about: str, clause: str = "") -> Due:
    return Due(at.strftime(SECOND), what, about, clause)


def _crls(it: Inventory, clause: str) -> Iterator[Due]:
    """The next CRL of each key that still has to issue some."""
    for row in it.crls:
        if row.newest and row.next_update and row.issuer and still_issues(it, row.issuer):
            end = day(row.next_update)
            text = f"a ceremony for CRL {row.number + 1}: number {row.number} lapses at {row.next_update}"
            yield _due(end - AHEAD, text, row.issuer, clause)
            yield _due(end, f"CRL {row.number} lapses", row.issuer, clause)


def _responses(it: Inventory, clause: str) -> Iterator[Due]:
    """The next OCSP response about each certificate that has one, and one that says so of what was revoked since."""
    keys, listed = it.signers(), dict[tuple[tuple[str, str], str], str]()
    for crl, fresh in _revocations(it):
        listed |= {(keys.get(crl.issuer, ("", "")), serial): crl.made for serial in fresh}
    for row in it.responses:
        about = it.certificate(row.certificate) if row.newest and row.certificate else None
        if about is None or about.status == "expired":
            continue
        if about.revoked and row.status != "revoked":
            made = day(listed[keys[about.issuer], about.serial])
            yield _due(made + timedelta(hours=24), "an OCSP response says that it is revoked", about.id, clause)
        if row.next_update:
            end = day(row.next_update)
            yield _due(end - AHEAD, f"a ceremony for its next OCSP response: {row.id} lapses", about.id, clause)
            yield _due(end, f"the OCSP response {row.id} lapses", about.id, clause)


def still_issues(it: Inventory, issuer: str) -> bool:
    """Whether a key has to go on issuing CRLs.

    BR 4.9.7: until all that it certified is expired or revoked, or the key is destroyed.
    """
    spki = it.certificate(issuer).spki
    of_key = {row.id for row in it.certificates if row.spki == spki}
    live = any(row.status in ("valid", "not yet valid") for row in it.certificates if row.issuer in of_key)
    return live and any(key.spki == spki and _held(key) for key in it.keys)


def _held(key: KeyRow) -> bool:
    return any(not copy.destroyed for copy in key.copies)


def _certificates(it: Inventory) -> Iterator[Due]:
    for row in it.certificates:
        if row.status in ("valid", "not yet valid"):
            yield _due(day(row.not_after), "the certificate ends; its successor is in use by then", row.id)


def _keys(it: Inventory, now: datetime, texts: frozenset[Text]) -> Iterator[Due]:
    """Parked keys year by year, and what root programmes count from the making of a root key."""
    for key in it.keys:
        if not key.copies:
            continue
        made, name = day(key.copies[0].made), key.copies[0].id
        if key.parked and Text.MOZILLA in texts:
            text = f"the audit statement names the parked key {key.spki.removeprefix('sha256:').upper()}"
            yield _due(_anniversary(made, now), text, name, "MRSP 3.1.3")
        if key.use == "root" and _held(key) and texts & {Text.MOZILLA, Text.CHROME}:
            yield _due(_years(made, 5), "the root key is too old to be submitted", name, "MRSP 7.1, CRP 2.2")
            yield _due(_years(made, 15), "trust for TLS ends", name, "MRSP 7.4, CRP 1.3.1.2")
        if key.use in ("root", "external-ca") and Text.APPLE in texts:
            text = "a report of the key's making, unless the annual report has it"
            yield _due(made + timedelta(days=90), text, name, "ARP 1.1.5")
            for copy in key.copies:
                if copy.destroyed:
                    text = "a report of the key's destruction, unless the annual report has it"
                    yield _due(day(copy.destroyed) + timedelta(days=90), text, copy.id, "ARP 1.1.5")


def _zones(it: Inventory) -> Iterator[Due]:
    """The next SKR of each zone, and what was signed and is not yet recorded as deployed."""
    for row in last_of_zones(it):
        end = day(row.expiration)
        yield _due(end - AHEAD, f"a ceremony for the next SKR: {row.id} lapses at {row.expiration}", row.zone)
        yield _due(end, f"{row.id} lapses: nothing signs its keys any more", row.zone)
    for row in undeployed(it):
        yield _due(day(row.inception), f"{row.id} is deployed, and a ceremony records it", row.zone)


def _appointments(state: AuthorityState, now: datetime, web: bool) -> Iterator[Due]:
    clause = "BR 5.2.1, NCSSR 2.1" if web else ""
    for person in state.people:
        for one in person.appointments:
            end = datetime.combine(date.fromisoformat(one.until), LAST_SECOND, now.tzinfo)
            yield _due(end, f"the appointment as {one.role} ends", person.id, clause)


def _publications(it: Inventory) -> Iterator[Due]:
    """Each first certificate and each revocation is followed by a published CRL within 24 hours.

    An issuer of which something was adopted, that is made before, had its first certificate long ago.
    """
    keys, first = it.signers(), dict[tuple[str, str], CertificateRow]()
    for row in (one for one in it.certificates if one.issuer):
        first.setdefault(keys[row.issuer], row)
    for row in first.values():
        if row.kind != "adopted":
            yield _due(day(row.made) + timedelta(hours=24), "the first CRL is published", row.issuer, "BR 4.9.7")
    for crl, fresh in _made_here(it):
        if fresh:
            yield _due(day(crl.made) + timedelta(hours=24), f"CRL {crl.number} is published", crl.issuer, "BR 4.9.7")


def _disclosures(it: Inventory, texts: frozenset[Text]) -> Iterator[Due]:
    """What the programmes' common data base wants to hear of (CCADB 3.2, 6.2)."""
    first: set[str] = {row.issuer for row in it.certificates if row.kind == "adopted"}
    for row in it.certificates:
        if row.ca and row.issuer != row.id and row.kind != "adopted":
            week = day(row.made) + timedelta(days=7)
            yield _due(week, "disclosed in CCADB, before it issues", row.id, "CCADB 3.2, MRSP 5.3.2")
            if row.issuer and row.issuer not in first:
                first.add(row.issuer)
                yield _due(week, "its CRL URLs stand in CCADB", row.issuer, "CCADB 6.2")
    keys = it.signers()
    revoked_before = {crl.issuer for crl in it.crls if crl.profile == "adopted" and crl.revoked}
    for crl, fresh in _made_here(it):
        if fresh and crl.issuer not in revoked_before:
            revoked_before.add(crl.issuer)
            text = "its CRL URLs stand in CCADB, for it has revoked"
            yield _due(day(crl.made) + timedelta(hours=4), text, crl.issuer, "CCADB 6.2")
        for row in it.certificates:
            if row.issuer and keys[row.issuer] == keys[crl.issuer] and row.serial in fresh:
                week = day(crl.made) + timedelta(days=7)
                yield _due(week, "its revocation stands in CCADB", row.id, "CCADB 3.2")


def _revocations(it: Inventory) -> Iterator[tuple[CrlRow, frozenset[str]]]:
    """Each CRL with the serials that it was the first to list."""
    seen: dict[str, frozenset[str]] = {}
    for row in it.crls:
        before = seen.get(row.issuer, frozenset())
        yield row, frozenset(row.revoked) - before
        seen[row.issuer] = before | frozenset(row.revoked)


def _made_here(it: Inventory) -> Iterator[tuple[CrlRow, frozenset[str]]]:
    """Of these the CRLs that ceremonies have signed, by an issuer whose certificate is known."""
    return ((crl, fresh) for crl, fresh in _revocations(it) if crl.issuer and crl.profile != "adopted")


def _years(moment: datetime, years: int) -> datetime:
    """The same day of a later year; the 29th of February becomes the 28th. 9999 says never (RFC 5280 4.1.2.5)."""
    year = min(moment.year + years, MAXYEAR)
    try:
        return moment.replace(year=year)
    except ValueError:
        return moment.replace(year=year, day=28)


def _anniversary(moment: datetime, now: datetime) -> datetime:
    """The next one."""
    years = max(1, now.year - moment.year)
    return _years(moment, years) if _years(moment, years) >= now else _years(moment, years + 1)


# -- how long to keep -------------------------------------------------------------------------------------------------


def retention(it: Inventory) -> tuple[Retention, ...]:
    """The records of each key, then of each ceremony: at least until this day, by the Baseline Requirements.

    BR 5.4.3: two years after the key's destruction or the end of the last CA certificate of that key, whichever comes
    later; those of a responder's key are kept likewise. Root programmes ask for the records of key generation as long
    as the key is trusted.
    """
    keys = {key.spki: _kept(it, key) for key in it.keys}
    return (*keys.values(), *_ceremonies(it, keys))


def _kept(it: Inventory, key: KeyRow) -> Retention:
    name = key.copies[0].id if key.copies else ", ".join(key.certificates) or key.spki
    ends = [_end(row) for row in it.certificates if row.spki == key.spki]
    gone = [day(copy.destroyed) for copy in key.copies if copy.destroyed]
    if not key.copies:
        last = max(ends, default=None)
        why = "two years after its last certificate has ended; longer, until its holder has destroyed it"
        return Retention(name, _after(last), why)
    if _held(key):
        last = max(ends, default=None)
        least = f", and not before {_after(last)}" if last else ""
        return Retention(name, "", f"two years beyond the destruction of the key{least}")
    return Retention(name, _after(max([*ends, *gone])), "two years after the key and its last certificate have ended")


def _end(row: CertificateRow) -> datetime:
    """A certificate ends when it expires or is revoked."""
    return min(day(row.not_after), day(row.revoked.date)) if row.revoked else day(row.not_after)


def _after(moment: datetime | None) -> str:
    return _years(moment, YEARS_KEPT).date().isoformat() if moment else ""


def _ceremonies(it: Inventory, keys: dict[str, Retention]) -> Iterator[Retention]:
    """A ceremony's record is kept as long as any key that it has to do with, and two years in any case (BR 5.5.2)."""
    of = {row.id: row.spki for row in it.certificates}
    for ceremony in it.ceremonies:
        certificates = [row for row in it.certificates if row.ceremony == ceremony]
        requests = [row for row in it.requests if row.ceremony == ceremony]
        crls = [row for row in it.crls if row.ceremony == ceremony]
        skrs = [row for row in it.skrs if row.ceremony == ceremony]
        spkis = {
            of.get(issuer, "") for issuer in (*(row.issuer for row in certificates), *(row.issuer for row in crls))
        }
        spkis |= {row.spki for row in certificates} | {row.spki for row in requests}
        spkis |= {key.spki for key in it.keys if key.zone and key.zone in {row.zone for row in skrs}}
        spkis |= {k.spki for k in it.keys for copy in k.copies if ceremony in (copy.ceremony, copy.destroyed_in)}
        kept = [keys[spki] for spki in spkis if spki in keys]
        if any(not one.until for one in kept):
            names = ", ".join(sorted(one.about for one in kept if not one.until))
            yield Retention(ceremony, "", f"as long as what concerns {names}")
            continue
        times = [day(row.made) for row in (*certificates, *requests, *crls, *skrs)]
        last = max([*(one.until for one in kept), *(_after(time) for time in times)], default="")
        yield Retention(ceremony, last, "two years after it, or as long as its keys' records")
