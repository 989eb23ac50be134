"""Findings about compiled scripts, their print and their approvals."""

from . import Meaning, Severity

ERROR, WARNING, NOTICE = Severity.ERROR, Severity.WARNING, Severity.NOTICE

TABLE: dict[str, Meaning] = {
    "paper.extra_missing": Meaning(
        ERROR,
        False,
        "the PDF needs the package {module}, which is not installed",
        "install quorate[paper], or print the text: quorate paper CEREMONY --text",
        "",
    ),
    "document.extra_missing": Meaning(
        ERROR,
        False,
        "reading YAML needs the package {module}, which is not installed",
        "install quorate[import]",
    ),
    "document.too_large": Meaning(
        ERROR, False, "the file has more than {most} octets", "a configuration has some thousand"
    ),
    "document.not_yaml": Meaning(ERROR, False, "this is not YAML: {problem}", "correct the line"),
    "document.second_document": Meaning(ERROR, False, "a second document begins here", "put it into a file of its own"),
    "document.not_plain": Meaning(
        ERROR, False, "{what} stands here", "write the configuration out in plain fields and values"
    ),
    "document.key_twice": Meaning(
        ERROR, False, "the field {key} stands in line {first} already", "take one of the two out"
    ),
    "script.exists": Meaning(
        ERROR,
        False,
        "the plan is compiled already",
        "look at it with quorate paper, or compile again with --replace",
        "",
    ),
    "script.file_differs": Meaning(
        ERROR,
        False,
        "the file is not the one that the script names",
        "compile again with --replace, and have it approved again",
        "",
    ),
    "script.file_unknown": Meaning(
        ERROR,
        False,
        "the script does not name this file",
        "take it out; only what was there at compiling, and the approvals, go into a record",
        "",
    ),
    "script.in_use": Meaning(
        ERROR,
        False,
        "a record exists for this script",
        "a script in use is never replaced; plan another ceremony",
        "",
    ),
    "script.not_approved": Meaning(
        ERROR,
        False,
        "the script has {have} of {need} approvals",
        "run: quorate approve CEREMONY --person ID",
        "",
    ),
    "script.not_compiled": Meaning(
        ERROR,
        False,
        "there is no compiled script here",
        "run: quorate compile CEREMONY",
        "",
    ),
    "script.not_rehearsed": Meaning(
        ERROR,
        False,
        "nothing was rehearsed here",
        "run: quorate rehearse CEREMONY",
        "",
    ),
    "script.not_made_yet": Meaning(
        ERROR,
        False,
        "{name} has not been made yet",
        "order the operations",
        "",
    ),
    "script.outdated": Meaning(
        ERROR,
        False,
        "the script follows another state than the one in force (last record: {predecessor})",
        "compile again with --replace",
        "",
    ),
    "script.token_without_quorum": Meaning(
        ERROR,
        False,
        "the credential of {token} is under no quorum",
        "share it out first: an operation of kind share",
        "",
    ),
    "script.too_many_choices": Meaning(
        ERROR,
        False,
        "there are more than {most} ways to fill the seats",
        "name fewer alternates",
        "",
    ),
    "approve.begun": Meaning(
        ERROR,
        False,
        "it has begun already, with the approvals that are in its record",
        "approve a script before its day; what is missing after it are cosignatures: quorate seal",
        "",
    ),
    "approve.stranger": Meaning(
        ERROR,
        False,
        "{person} may not sign this",
        "these may: {may}",
        "",
    ),
    "verify.no_verifier": Meaning(
        ERROR,
        False,
        "quorate_verify.py is not beside the program",
        "install quorate again, or run the verifier from where you have it",
        "",
    ),
    "words.no_digest": Meaning(
        ERROR,
        False,
        "this is neither a file nor a digest in hexadecimal",
        "name a file, or write sha256: and 64 hexadecimal digits",
        "",
    ),
    "script.rehearsed_differently": Meaning(
        ERROR,
        False,
        "{lines} lines differ in more than keys, serials, times and digests",
        "compile again with --replace, if the plan or the authority changed since",
        "",
    ),
}
