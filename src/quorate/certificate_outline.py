"""The kinds of plans that sign certificates, requests, CRLs and OCSP responses, as `--from` names them. Floor 4."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from quorate.authority import AuthorityState
from quorate.findings import Refusal
from quorate.outline import NO_INPUTS, Beginning, Written, filled, quoted, share_of


def _root(start: Beginning) -> Written:
    state, token = start.state, start.state.tokens[0].id
    number = start.earlier.unused_root()
    tag, days = f"r{number}", start.days(f"{state.rules}-root", state.commitments.root_days)
    parts = [share] if (share := share_of(start, token)) else []
    names = {"organisation": quoted(state.organisation), "common_name": quoted(_named(state, f"Root R{number}"))}
    parts.append(filled("operations/root.toml", tag=tag, token=token, rules=state.rules, days=str(days), **names))
    parts.append(_crl_of(start, f"root-{tag}"))
    purpose = f"Generate root key {number}, its root certificate and its first CRL."
    return Written("\n".join(parts), purpose, frozenset({token}))


@dataclass(frozen=True, slots=True)
class Below:
    """What stands below a root and comes with a request: its template, profiles by rule set, id, and name."""

    template: str
    profiles: Mapping[str, str]
    id: str
    common_name: str
    what: str

    def __call__(self, start: Beginning) -> Written:
        state, issuer, profile = start.state, start.issuer(), self.profiles[start.state.rules]
        number = start.earlier.count(self.id) + 1
        name, csr = start.earlier.free(f"{self.id}-{number}"), f"{self.id}-{number}.csr.pem"
        text = filled(
            f"operations/{self.template}.toml",
            id=name,
            issuer=issuer,
            csr=csr,
            profile=profile,
            organisation=quoted(state.organisation),
            common_name=quoted(_named(state, f"{self.common_name} {number}")),
            days=str(start.days(profile, state.commitments.subordinate_days)),
            policies=start.policies("subordinate"),
        )
        purpose = f"Certify the {self.what} {name} with {issuer}."
        missing = f"inputs/{csr} is still missing: the request of the {self.what}."
        return Written(text, purpose, start.tokens(issuer), missing)


def _reissue(start: Beginning) -> Written:
    root, state = start.issuer(), start.state
    days = str(start.days(f"{state.rules}-root", state.commitments.root_days))
    name = start.earlier.free(f"{root}-2")
    text = filled("operations/reissue.toml", id=name, existing=root, rules=state.rules, days=days)
    return Written(text, f"Issue a new certificate for the key of {root}.", start.tokens(root))


def _ocsp_response(start: Beginning) -> Written:
    """A responder and its answer about the newest certificate below a root."""
    state, _ = start.state, start.issuer()
    below = [root for root in start.earlier.below if root in start.earlier.roots]
    if not below:
        raise Refusal("outset.nothing_below", start.name, name=start.name)
    issuer, certificate = below[-1], start.earlier.below[below[-1]]
    most = start.days(f"{state.rules}-ocsp-responder", state.commitments.subordinate_days)
    text = filled(
        "operations/ocsp-response.toml",
        id=start.earlier.free(f"ocsp-{certificate}"),
        token=start.earlier.roots[issuer],
        issuer=issuer,
        certificate=certificate,
        rules=state.rules,
        organisation=quoted(state.organisation),
        common_name=quoted(_named(state, "OCSP Responder for CAs")),
        responder_days=str(most),
        days=str(min(most, start.days(f"{state.rules}-ocsp", state.commitments.crl_days))),
    )
    return Written(text, f"Sign what OCSP says of {certificate}.", start.tokens(issuer))


def _cross(start: Beginning) -> Written:
    """The newest root by the one before; with one root only, somebody's certificate from `inputs/`."""
    state, issuer = start.state, start.issuer(-2)
    two = len(start.earlier.roots) > 1
    existing = start.issuer() if two else "existing.cert.pem"
    text = filled(
        "operations/cross.toml",
        id=start.earlier.free(f"cross-{existing.partition('.')[0]}-by-{issuer}"),
        issuer=issuer,
        existing=existing,
        rules=state.rules,
        days=str(start.days(f"{state.rules}-cross", state.commitments.subordinate_days)),
        policies=start.policies("cross" if two else "foreign"),
    )
    missing = f"inputs/{existing} is still missing: the certificate that is certified once more."
    return Written(text, f"Certify {existing} with {issuer}.", start.tokens(issuer), NO_INPUTS if two else missing)


def _cross_csr(start: Beginning) -> Written:
    root = start.issuer()
    text = filled("operations/cross-csr.toml", id=start.earlier.free(f"request-{root}"), existing=root)
    return Written(text, f"Sign a request for a cross-certificate of {root}.", start.tokens(root))


def _crl(start: Beginning) -> Written:
    issuer = start.issuer()
    return Written(_crl_of(start, issuer), f"Issue the next CRL of {issuer}.", start.tokens(issuer))


def _yearly(start: Beginning) -> Written:
    start.issuer()
    parts = [_crl_of(start, issuer) for issuer in start.earlier.roots]
    return Written("\n".join(parts), "Issue this year's CRL of every root.", start.tokens(*start.earlier.roots))


def _crl_of(start: Beginning, issuer: str) -> str:
    state, number = start.state, start.earlier.numbers.get(issuer, 0) + 1
    return filled(
        "operations/crl.toml",
        id=start.earlier.free(f"crl-{issuer.removeprefix('root-')}-{number}"),
        issuer=issuer,
        number=str(number),
        rules=state.rules,
        days=str(start.days(f"{state.rules}-crl", state.commitments.crl_days)),
    )


CERTIFICATE_KINDS: dict[str, Callable[[Beginning], Written]] = {
    "root": _root,
    "reissue": _reissue,
    "subordinate": Below(
        "subordinate",
        {"webpki": "webpki-tls-subordinate", "private": "private-subordinate"},
        "sub",
        "Issuing CA",
        "subordinate authority",
    ),
    "constrained": Below(
        "constrained",
        {"webpki": "webpki-tls-constrained", "private": "private-constrained"},
        "sub-constrained",
        "Constrained CA",
        "constrained authority",
    ),
    "non-tls": Below(
        "non-tls",
        {"webpki": "webpki-non-tls", "private": "private-non-tls"},
        "sub-mail",
        "Mail CA",
        "authority without TLS",
    ),
    "ocsp-responder": Below(
        "ocsp-responder",
        {"webpki": "webpki-ocsp-responder", "private": "private-ocsp-responder"},
        "ocsp",
        "OCSP Responder",
        "OCSP responder",
    ),
    "external": Below(
        "external",
        {"webpki": "webpki-external", "private": "private-subordinate"},
        "sub-external",
        "External CA",
        "authority of another organisation",
    ),
    "ocsp-response": _ocsp_response,
    "cross": _cross,
    "cross-csr": _cross_csr,
    "crl": _crl,
    "yearly": _yearly,
}
"""What `--from` can name."""


def _named(state: AuthorityState, what: str) -> str:
    """A common name of at most 64 characters."""
    return f"{state.organisation[: 63 - len(what)].rstrip()} {what}"
