"""Findings about beginnings: a new authority, and the plan of a next ceremony."""

from . import Meaning, Severity

ERROR, WARNING = Severity.ERROR, Severity.WARNING

TABLE: dict[str, Meaning] = {
    "outset.ceremony_present": Meaning(
        ERROR,
        False,
        "the ceremony {name} has a folder already",
        "choose another name; ceremonies follow each other in the order of their names",
        "",
    ),
    "outset.kind_unknown": Meaning(
        ERROR,
        False,
        "there is no beginning of a plan called {kind}",
        "known are: {known}",
        "",
    ),
    "outset.nothing_below": Meaning(
        ERROR,
        False,
        "no ceremony before {name} issues a certificate that a response could be about",
        "write the plan of a subordinate first",
        "",
    ),
    "outset.no_ksk": Meaning(
        ERROR,
        False,
        "no earlier ceremony of this authority plans a key-signing key",
        "begin with: quorate new NAME --from ksk-generation, or adoption for one that exists; NAME sorts before {name}",
        "",
    ),
    "outset.no_second_token": Meaning(
        ERROR,
        False,
        "every KSK of {zone} is on every token that is named for it, or an earlier plan brings it there",
        "name the token of the other site in the zone's tokens, in authority.toml",
        "",
    ),
    "outset.nobody_appointed": Meaning(
        ERROR,
        False,
        "nobody is appointed on {day} to anything that has a seat in a ceremony",
        "renew the appointments in people/, with since and until around that day",
        "",
    ),
    "outset.no_zone": Meaning(
        ERROR,
        False,
        "the authority has no zone yet",
        "add [[zones]] with name, folder and tokens; quorate init FOLDER --zone NAME shows it, with the zone's policy",
        "",
    ),
    "outset.nothing_signed": Meaning(
        ERROR,
        False,
        "no earlier ceremony of this authority plans a signed key response",
        "begin with: quorate new NAME --from ksk-signing, with a name that sorts before {name}",
        "",
    ),
    "outset.no_root": Meaning(
        ERROR,
        False,
        "no earlier ceremony of this authority plans a root that could sign, or its key is destroyed by then",
        "begin with: quorate new NAME --from root, with a name that sorts before {name}",
        "",
    ),
    "outset.nothing_to_adopt": Meaning(
        ERROR,
        False,
        "the authority adopts nothing that no earlier plan has adopted",
        "put the files into adopted/ and list them in authority.toml under [[adopted]]",
        "",
    ),
    "outset.not_empty": Meaning(
        ERROR,
        False,
        "the folder is not empty",
        "choose a folder that is empty or does not exist yet",
        "",
    ),
    "outset.nothing_yet": Meaning(
        ERROR,
        False,
        "the authority has no {what} yet",
        "write at least one into authority.toml",
        "",
    ),
    "outset.zone_unknown": Meaning(
        ERROR,
        False,
        "the authority has no zone {zone}",
        "known are: {known}",
        "",
    ),
    "outset.zone_without_use": Meaning(
        ERROR,
        False,
        "a plan of the kind {kind} is about no zone",
        "leave out --zone; it goes with: {kinds}",
        "",
    ),
    "outset.rules_unknown": Meaning(
        ERROR,
        False,
        "there is no rule set called {rules}",
        "known are: {known}",
        "",
    ),
}
