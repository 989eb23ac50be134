"""Every reader of outside data, with good examples, the edits that suit their format, and what is done with the value.

A reader goes as far as the command that people give a file to: a request is judged, a certificate read out and judged,
an event decided. Each ends with a value or with its refusal; the verifier has a refusal of its own, `Bad`.
"""

from __future__ import annotations

from readers_of_keys import KEYS
from readers_of_records import RECORDS
from readers_of_verifier import VERIFIER
from readers_of_zones import ZONES
from reading import Reader, folder

__all__ = ["READERS", "Reader", "folder"]

READERS = (*ZONES, *KEYS, *RECORDS, *VERIFIER)
