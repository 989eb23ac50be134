"""Findings about waivers: what they may accept, and whether they were needed."""

from . import Meaning, Severity

ERROR, NOTICE = Severity.ERROR, Severity.NOTICE

TABLE: dict[str, Meaning] = {
    "waiver.accepts": Meaning(
        NOTICE,
        False,
        "waived: {said}",
        "two people answer for it; the script and the record say so",
        "",
    ),
    "waiver.expired": Meaning(
        ERROR,
        False,
        "the waiver of {waived} runs out on {expires}, before the window closes",
        "have two people renew it, or mend what it finds",
        "",
    ),
    "waiver.not_needed": Meaning(
        ERROR,
        False,
        "{waived} is no more than a warning here: it blocks nothing, and needs no waiver",
        "take the waiver out; the warning may stand",
        "",
    ),
    "waiver.not_waivable": Meaning(
        ERROR,
        False,
        "{waived} cannot be waived",
        "take the waiver out, and mend what it finds if that blocks; a warning may stand without one",
        "",
    ),
    "waiver.reason": Meaning(
        ERROR,
        False,
        "the waiver of {waived} gives no reason",
        "say why the finding may stand",
        "",
    ),
    "waiver.two_people": Meaning(
        ERROR,
        False,
        "a waiver of {waived} needs two different people of the authority",
        "name two people who answer for it",
        "",
    ),
    "waiver.unknown": Meaning(
        ERROR,
        False,
        "{waived} is the name of no finding",
        "write the code as `quorate check` prints it; that of a linter is lint.TOOL/RULE",
        "",
    ),
    "waiver.unused": Meaning(
        ERROR,
        False,
        "the waiver of {waived} for {operation} accepts nothing",
        "take it out",
        "",
    ),
}
