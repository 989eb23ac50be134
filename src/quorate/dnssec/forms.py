"""Requests and responses in whatever form they come, as the same values. Formats: `spec/ksr.md`, `spec/key-text.md`.

The form is told by the content alone: XML, or a text that says on its first line what it is. Floor 2.
"""

from __future__ import annotations

from datetime import timedelta

from quorate.dnssec.key_text import REQUEST, RESPONSE, Form, KeyText, is_text, read_text
from quorate.dnssec.key_text_layout import text_of, write_text
from quorate.dnssec.ksr import Request, Response
from quorate.dnssec.ksr_layout import write_ksr, write_skr
from quorate.dnssec.ksr_xml import read_document, read_ksr, read_skr
from quorate.dnssec.unsaid import ReadRequest, ReadResponse, Unsaid, matching, request_along, request_of, response_of
from quorate.findings import Finding, found


def request_in(data: bytes, where: str, unsaid: Unsaid) -> ReadRequest:
    """A request in any form. `unsaid` is for a text that does not say it; `ksr.form_unsaid` if it is not there."""
    if not is_text(data):
        request, oddities = read_ksr(data, where)
        return ReadRequest(request, (), oddities)
    return request_of(read_text(data, where, REQUEST), unsaid, where)


def response_in(data: bytes, where: str) -> ReadResponse:
    """A response in any form."""
    if not is_text(data):
        response, oddities = read_skr(data, where)
        return ReadResponse(response, (), oddities)
    return response_of(read_text(data, where, RESPONSE), where)


def response_to(data: bytes, where: str, asked: bytes, asked_where: str) -> ReadResponse:
    """A response in any form beside the request that it is to answer, in any form.

    What one of them does not say is taken from the other: the times of a text's signatures from the response; ids,
    names and the requester's policy from the one that has them.
    """
    read = response_in(data, where)
    if not is_text(asked):
        request, _ = read_ksr(asked, asked_where)
        response = matching(read.response, request) if is_text(data) else read.response
        return ReadResponse(response, read.notices, read.oddities, request)
    text = read_text(asked, asked_where, REQUEST)
    if text.form is Form.LINES:
        supplied = request_of(text, Unsaid(), asked_where)
    else:
        answer = read_text(data, where, RESPONSE) if is_text(data) else _as_used(read.response, text)
        supplied = request_along(text, answer, asked_where)
    request = matching(supplied.request, read.response)
    return ReadResponse(read.response, (*read.notices, *supplied.notices), read.oddities, request)


def _as_used(response: Response, asked: KeyText) -> KeyText:
    """An XML response with the beginnings of its slots: the first is that of the request, and all lead by as much."""
    first = response.bundles[0]
    lead = asked.slots[0].begins - first.inception
    within = timedelta() <= lead < first.expiration - first.inception
    return text_of(response, asked.form, lead if within else timedelta())


XML = "xml"


def written(value: Request | Response, form: str, lead: timedelta = timedelta()) -> bytes:
    """A request or response in a form: `xml` or one of `Form`. The same content gives the same bytes.

    `lead`: how long after its signatures begin to be valid a server uses a slot of BIND's or Knot's text.

    Raises what the form's reader would: nothing is written that cannot be read again.
    """
    if form != XML:
        data = write_text(text_of(value, Form(form), timedelta() if form == Form.LINES else lead))
        read_text(data, form, RESPONSE if isinstance(value, Response) else REQUEST)
        return data
    data = write_skr(value) if isinstance(value, Response) else write_ksr(value)
    read_document(data, form)
    return data


def drops(value: Request | Response, form: str) -> tuple[Finding, ...]:
    """What a form does not carry of a request or response, as notices."""
    if form == XML:
        return ()
    lost = ["ids, names of keys, serial number and policies"]
    if isinstance(value, Request) and form != Form.LINES:
        lost.append("until when each signature is to be valid, and proofs of possession")
    return tuple(found("ksr.form_drops", form=Form(form).described, what=what) for what in lost)
