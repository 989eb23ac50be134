"""What held for the root zone in the years before: limits and exceptions with their days. Floor 2.

Data, in `root-zone.toml`, from the operators' public documents. A policy that is made anew knows today's limits only;
requests of the past are judged by those of their day.
"""

from __future__ import annotations

import functools
import importlib.resources

from msgspec.structs import replace

from quorate.dnssec.policy import Policy, load_policy

FILE = "root-zone.toml"
OWN_SINCE = "2017-02-01"
"""From here on the limits are today's, but for the days on which ceremonies signed further ahead."""


@functools.cache
def root_zone() -> Policy:
    """The root zone's policy as its public documents give it, with what held before."""
    return load_policy(importlib.resources.files("quorate.dnssec").joinpath(FILE).read_bytes(), FILE)


def with_history(own: Policy) -> Policy:
    """The same policy, with the past before it if its KSKs are the root's.

    `own` has one set of limits, today's: they hold from February 2017 on. KSKs that were withdrawn are known too. The
    policy of any other zone, or of a root with other KSKs, comes back as it was.
    """
    root = root_zone()
    pins = {one.ds_sha256 for one in own.ksks}
    if own.zone != root.zone or not pins & {one.ds_sha256 for one in root.ksks}:
        return own
    (limits,) = own.limits
    *later, last = (one for one in root.limits if one.since >= OWN_SINCE)
    past = (one for one in root.limits if one.since < OWN_SINCE)
    safeties = {"zsk_publish_safety": last.zsk_publish_safety, "zsk_retire_safety": last.zsk_retire_safety}
    limits = replace(limits, **safeties)  # a configuration of the signer does not speak of ZSKs
    now = (
        replace(
            limits, id=one.id, since=one.since, horizon=one.horizon if one.horizon > last.horizon else limits.horizon
        )
        for one in later
    )
    withdrawn = (one for one in root.ksks if one.until and one.ds_sha256 not in pins)
    return replace(
        own,
        ksks=(*withdrawn, *own.ksks),
        limits=(*past, *now, replace(limits, since=last.since)),
        exceptions=(*root.exceptions, *own.exceptions),
    )
