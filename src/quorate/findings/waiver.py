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
        "renew it or mend the finding",
        "",
    ),
    "waiver.not_waivable": Meaning(
        ERROR,
        False,
        "{waived} cannot be waived",
        "mend what it finds, and take the waiver out",
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
