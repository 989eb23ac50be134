"""Findings about records as files."""

from . import Meaning, Severity

ERROR = Severity.ERROR

TABLE: dict[str, Meaning] = {
    "record.altered": Meaning(
        ERROR,
        False,
        "{file} is not as it was when the record was sealed",
        "bring the record back from another copy, and find out what happened to this one",
        "",
    ),
    "record.begun": Meaning(
        ERROR,
        False,
        "the record has begun already",
        "resume it with: quorate conduct",
        "",
    ),
    "record.checkpoint_malformed": Meaning(
        ERROR,
        False,
        "this is no checkpoint",
        "see spec/checkpoint.md",
        "",
    ),
    "record.event_malformed": Meaning(
        ERROR,
        False,
        "this is no event",
        "see spec/transcript.md",
        "",
    ),
    "record.fork": Meaning(
        ERROR,
        False,
        "{ceremony} follows {predecessor}, but the last record is {last}",
        "two records follow one, and nothing makes them one again: have the auditor see both before anything goes on",
        "",
    ),
    "record.gap": Meaning(
        ERROR,
        False,
        "what {ceremonies} begins from, the record before, is not here",
        "bring the missing record back into ceremonies/",
        "",
    ),
    "record.incomplete": Meaning(
        ERROR,
        False,
        "this is no record, or parts of it are missing",
        "name the folder that holds transcript.jsonl and script.json",
        "",
    ),
    "record.link": Meaning(
        ERROR,
        False,
        "a symbolic link has no place in a record",
        "put the file itself there",
        "",
    ),
    "record.not_canonical": Meaning(
        ERROR,
        False,
        "this is not canonical JSON",
        "the file was changed; see spec/canonical-json.md",
        "",
    ),
    "record.not_closed": Meaning(
        ERROR,
        False,
        "the ceremony is not closed",
        "finish it with: quorate conduct",
        "",
    ),
    "record.open": Meaning(
        ERROR,
        False,
        "{ceremony} was begun and has not ended: no other ceremony can follow it yet",
        "go on with it: quorate conduct ceremonies/{ceremony}; to end it, say :abort there",
        "",
    ),
    "record.other_authority": Meaning(
        ERROR,
        False,
        "the authority's last state is not the one that the script names",
        "bring back the authority/ folder of that day",
        "",
    ),
    "record.unnamed_file": Meaning(
        ERROR,
        False,
        "{file} is in the record and no event names it",
        "find out who put it there, and move it out of the record before going on",
        "",
    ),
}
