"""A whole zone around a bundle of an SKR, and what others say of it: dnspython, ldns, BIND. None of them is ours."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path

import dns.dnssec
import dns.name
import dns.rdata
import dns.rdataclass
import dns.rdataset
import dns.rdatatype
import dns.rrset
import dns.transaction
import dns.zone

from quorate.dnssec.dnskey import Dnskey
from quorate.dnssec.keyfile import PrivateKey
from quorate.dnssec.ksr import Bundle
from quorate.dnssec.records import dnskey_line

APEX = """@ 86400 IN SOA ns1 admin 1 1800 900 604800 86400
@ 86400 IN NS ns1
ns1 86400 IN A 192.0.2.1
www 86400 IN A 192.0.2.2
"""


def dns_key(key: Dnskey) -> dns.rdata.Rdata:
    return dns.rdata.from_wire(dns.rdataclass.IN, dns.rdatatype.DNSKEY, key.rdata, 0, len(key.rdata))


def rrset(zone: str, bundle: Bundle) -> tuple[dns.rrset.RRset, dns.rrset.RRset]:
    """The DNSKEY RRset of a bundle and its RRSIGs, as dnspython holds them."""
    name, ttl = dns.name.from_text(zone), bundle.keys[0].ttl
    keys = dns.rrset.from_rdata_list(name, ttl, [dns_key(key) for key in bundle.dnskeys])
    wires = [one.rrsig.rdata for one in bundle.signatures]
    signatures = [dns.rdata.from_wire(dns.rdataclass.IN, dns.rdatatype.RRSIG, wire, 0, len(wire)) for wire in wires]
    return keys, dns.rrset.from_rdata_list(name, ttl, signatures)


def dnspython_accepts(zone: str, bundle: Bundle, anchors: Iterable[Dnskey], moment: datetime) -> bool:
    """Whether dnspython validates the bundle's RRset at that moment, trusting these keys alone."""
    keys, signatures = rrset(zone, bundle)
    name = dns.name.from_text(zone)
    trusted = {name: dns.rdataset.from_rdata_list(3600, [dns_key(key) for key in anchors])}
    try:
        dns.dnssec.validate(keys, signatures, trusted, now=moment.timestamp())
    except dns.dnssec.ValidationFailure:
        return False
    return True


def zone_file(
    path: Path, zone: str, bundle: Bundle, zsks: Sequence[tuple[PrivateKey, Dnskey]], begins: datetime, ends: datetime
) -> Path:
    """A zone with the bundle's DNSKEY RRset as it stands, everything else signed by these ZSKs with dnspython."""
    whole = dns.zone.from_text(APEX, origin=zone, relativize=False)
    name = dns.name.from_text(zone)
    keys, signatures = rrset(zone, bundle)
    pairs = [(private, dns_key(key)) for private, key in zsks]

    def signed(txn: dns.transaction.Transaction, one: dns.rrset.RRset) -> None:
        if one.rdtype == dns.rdatatype.DNSKEY:
            txn.add(one.name, signatures)
            return
        for private, key in pairs:
            made = dns.dnssec.sign(one, private, name, key, begins, ends)  # type: ignore[arg-type]
            txn.add(one.name, one.ttl, made)

    with whole.writer() as txn:
        txn.add(name, keys)
        dns.dnssec.sign_zone(whole, txn, pairs, add_dnskey=False, rrset_signer=signed, lifetime=1)  # type: ignore[arg-type]
    path.write_text(whole.to_text(relativize=False))
    return path


def ldns_accepts(file: Path, anchors: Sequence[Dnskey], zone: str, moment: datetime) -> bool:
    """Whether ldns verifies the whole zone at that moment from these keys alone."""
    anchor = file.with_suffix(".anchor")
    anchor.write_text("".join(dnskey_line(zone, key, ttl=3600) + "\n" for key in anchors))
    command = ["ldns-verify-zone", "-t", f"{moment:%Y%m%d%H%M%S}", "-k", anchor, file]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def bind_accepts(file: Path, zone: str, clock: Path | None = None, moment: datetime | None = None) -> bool:
    """Whether BIND verifies the zone now, or where a clock made by `standing_clock` stands at that moment.

    It takes no trust anchor, but asks for every algorithm to sign everything.
    """
    then = {"THEN": f"{moment.timestamp():.0f}", "LD_PRELOAD": str(clock)} if moment else {}
    command = ["dnssec-verify", "-q", "-o", zone, file]
    done = subprocess.run(command, env={**os.environ, **then}, capture_output=True, check=False, timeout=60)
    return done.returncode == 0


def standing_clock(path: Path) -> Path:
    """A library to be loaded before BIND's, since BIND knows no other time than now."""
    source = Path(__file__).with_name("standing_clock.c")
    subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-o", str(path), str(source)], check=True)
    return path
