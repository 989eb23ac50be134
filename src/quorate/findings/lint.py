"""Findings of linters that others keep. A finding's name is `lint.TOOL/RULE`, after the tool and its own rule."""

from . import Meaning, Severity

_OR_WAIVE = "; or have two people waive it in the plan, by its name lint.{tool}/RULE"
_SEEN = "look up the rule in the linter's documentation, and change the plan or the profile"

TABLE: dict[str, Meaning] = {
    "lint.fatal": Meaning(
        Severity.ERROR,
        False,
        "{tool} {version} could not judge it: {said}",
        "find out which of the two is wrong; what the linter cannot read, relying parties may not read either",
        "BR 4.3.1.2",
    ),
    "lint.error": Meaning(Severity.ERROR, True, "{tool} {version} finds {said}", _SEEN + _OR_WAIVE, "BR 4.3.1.2"),
    "lint.warning": Meaning(Severity.WARNING, True, "{tool} {version} finds {said}", _SEEN, "BR 4.3.1.2"),
    "lint.notice": Meaning(Severity.NOTICE, False, "{tool} {version} notes {said}", _SEEN, "BR 4.3.1.2"),
    "lint.mistaken": Meaning(
        Severity.NOTICE,
        False,
        "{tool} {version} finds {said}, which is a known mistake of the linter: {why}",
        "nothing is to be done",
        "BR 4.3.1.2",
    ),
    "lint.missing": Meaning(
        Severity.ERROR,
        False,
        "the linter {tool} is required and is not installed",
        "install it (pkilint: pip install quorate[lint]), or have the authority's commitments changed",
        "BR 4.3.1.2",
    ),
    "lint.failed": Meaning(
        Severity.ERROR,
        False,
        "the linter {tool} did not finish: {detail}",
        "mend its installation; without its answer nothing is signed",
        "BR 4.3.1.2",
    ),
}
