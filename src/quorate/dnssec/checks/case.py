"""A request with everything that it is judged against."""

from __future__ import annotations

from datetime import datetime
from functools import cached_property

import msgspec

from quorate.dnssec.dnskey import Dnskey
from quorate.dnssec.ksr import Bundle, BundleKey, Request, Response
from quorate.dnssec.policy import Limits, Policy
from quorate.findings import Finding

MOST_VERIFIED = 60
"""Signatures that are verified in one file. The root's have eleven; more would only cost time."""


class Case(msgspec.Struct, frozen=True, dict=True):
    """`at`: the moment of the check, UTC. `previous`: the SKR that the request follows; None at a genesis, which people
    have to name. `seen`: ids of requests and of bundles that have been signed before, beside those of `previous`.
    `oddities`: of the request's spelling. `digest`: `sha256:…` of the request's file. `recorded`: `previous` is of our
    own records, so that its calendar was judged when it was made; `drafted`: it is signed before the answer to this
    request, and has no signatures yet. `unstated`: the request is of a form that states nothing of the requester's.
    """

    request: Request
    digest: str
    policy: Policy
    at: datetime
    previous: Response | None
    oddities: tuple[Finding, ...] = ()
    seen: frozenset[str] = frozenset()
    recorded: bool = False
    drafted: bool = False
    unstated: bool = False

    @cached_property
    def limits(self) -> Limits:
        """The operator's limits at that moment."""
        return self.policy.limits_at(self.at)

    @cached_property
    def slots(self) -> tuple[tuple[str, Bundle], ...]:
        """The bundles with the name by which findings speak of them."""
        return tuple((f"slot {number}", bundle) for number, bundle in enumerate(self.request.bundles, 1))

    @cached_property
    def keys(self) -> dict[Dnskey, tuple[str, BundleKey]]:
        """Each different key once, with the first slot that holds it."""
        found: dict[Dnskey, tuple[str, BundleKey]] = {}
        for where, bundle in self.slots:
            for key in bundle.keys:
                found.setdefault(key.dnskey, (where, key))
        return found

    @cached_property
    def known(self) -> frozenset[Dnskey]:
        """The keys of the SKR before: they were judged when they were new."""
        bundles = self.previous.bundles if self.previous else ()
        return frozenset(key for bundle in bundles for key in bundle.dnskeys)
