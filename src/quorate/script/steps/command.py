"""The direct command: one authorised person types the first and last four words of the digest. BR 4.3.1.1.

And the intent that follows it, before the token is asked.
"""

from __future__ import annotations

from datetime import datetime

from quorate.event import Body, Event, Type
from quorate.findings import Refusal
from quorate.script import Script
from quorate.script.drafting import utc
from quorate.script.intent import commander, spoken
from quorate.script.state import State
from quorate.want import Ask, Question, Record, Typed, Want
from quorate.words import are_words_of, ends

PROMPT = "to give the command, type the first four and the last four words of the digest"


def ask_command(state: State, token: str, digest: str) -> Ask:
    """The question to the commanding seat, under all the words of what was approved."""
    return Ask((Question(commander(state, token), PROMPT),), (_ends(digest),), spoken(digest))


def _ends(digest: str) -> str:
    return " ".join(ends(_octets(digest)))


def _octets(digest: str) -> bytes:
    return bytes.fromhex(digest.removeprefix("sha256:"))


def take_command(state: State, operation: str, digest: str, answer: Typed) -> tuple[Type, Body]:
    """`commanded` for the right words, `mismatched` for others."""
    ((seat, typed),) = answer.values
    if not are_words_of(typed, _octets(digest)):
        return Type.MISMATCHED, {"values": [{"seat": seat, "value": typed}]}
    body = {"attempt": state.attempt, "operation": operation, "seat": seat, "words": _ends(digest)}
    return Type.COMMANDED, body


def admit_command(state: State, token: str, digest: str, event: Event) -> None:
    """Refuse a command by another seat or with other words, and one that is called wrong and is not."""
    if event.type is Type.MISMATCHED:
        ((value),) = event.body["values"]
        if value["seat"] != commander(state, token) or are_words_of(value["value"], _octets(digest)):
            raise Refusal("session.not_equal", step=event.step)
        return
    if event.body["seat"] != commander(state, token) or event.body["words"] != _ends(digest):
        raise Refusal("session.not_equal", step=event.step)
    if event.body["attempt"] != state.attempt:
        raise Refusal("session.not_due", type=event.type.value, step=event.step)


def admit_intended(state: State, token: str, due: Want | None, event: Event) -> None:
    """Refuse an intent that is not the one that is due, and any while the token is locked."""
    if not isinstance(due, Record) or due.body != event.body:
        raise Refusal("session.not_due", type=event.type.value, step=event.step)
    if (token, "user") not in state.unlocked:
        raise Refusal("session.token_locked", token=token)


def require_within_window(script: Script, at: datetime) -> None:
    """Refuse what happens outside the signing window of the script."""
    window = script.window
    if not utc(window.opens) <= at <= utc(window.closes):
        raise Refusal("session.window_closed", opens=window.opens, closes=window.closes)
