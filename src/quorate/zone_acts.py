"""Acts about zones: requests read from letters, key sets signed, artifacts compared with what is published. Floor 2."""

from __future__ import annotations

from quorate.dnssec.act import BY_TWO
from quorate.keysets import act_lines
from quorate.layout import Layout, Maker
from quorate.plan import SignKeySets
from quorate.script import Compare, Publication, Sign, Step
from quorate.script.operations import ScriptResponse, SignOperation
from quorate.words import words


def signing(layout: Layout, operation: SignOperation) -> list[Maker]:
    """The digest of each request from a letter, then the signatures."""
    planned = next(one for one in layout.plan.operations if one.id == operation.id)
    assert isinstance(planned, SignKeySets)
    readers = (planned.requester,) if planned.requester else layout.pair
    if planned.requester and any(one.act in BY_TWO for one in operation.responses):
        readers = tuple(dict.fromkeys((planned.requester, *layout.pair)))[:2]
    requests = {one.request: one for one in operation.responses}
    makers: list[Maker] = [_letter(one, planned.requester, readers) for one in requests.values()]
    return [*makers, lambda step: _sign_step(layout, operation, step)]


def _letter(response: ScriptResponse, requester: str, by: tuple[str, ...]) -> Maker:
    def make(step: str) -> Step:
        return Compare(
            id=step,
            title=f"The digest of {response.request}, from the requester's letter",
            text=(f"zone: {response.zone}", *expected(response.digest), *_reading(response, requester, by)),
            by=by,
            expected=response.digest,
            source="file",
        )

    return make


def _reading(response: ScriptResponse, requester: str, by: tuple[str, ...]) -> tuple[str, ...]:
    """Who reads the words from where. Where nothing before vouches for the ZSKs, two do, each by a way of their own."""
    first = f"{requester} shows who they are, hands over the letter, and reads"
    if not requester:
        first = f"{by[0]} takes the letter of those who made the request, and reads"
    lines = (
        f"{first} all its words aloud, not from this page.",
        "Everyone else follows on it. The first four and the last four are typed.",
        "letter: date ____________  signed by ______________________________  kept with the script ____",
    )
    if response.act not in BY_TWO:
        return lines
    return (
        *lines,
        f"Act {response.act}: nothing that was signed before vouches for the ZSKs of this request.",
        f"{by[-1]} has the digest by another way from those who hold them, and types from what came so.",
        "other way: ________________________________________  from whom ______________________________",
    )


def spoken(digest: str, term: str = "digest") -> tuple[str, ...]:
    spoken = words(bytes.fromhex(digest.removeprefix("sha256:")))
    return f"{term}: {digest}", f"words: {' '.join(spoken[:16])}", f"       {' '.join(spoken[16:])}"


def expected(digest: str, term: str = "digest") -> tuple[str, ...]:
    """What is on paper alone: a console that shows what is to be read from elsewhere would be read from."""
    digest_line, *halves = spoken(digest, term)
    return f"expected {digest_line}", *(f"expected words: {half.removeprefix('words:').strip()}" for half in halves)


def _sign_step(layout: Layout, operation: SignOperation, step: str) -> Step:
    draft = layout.drafts[operation.id]
    lines = [line for response in operation.responses for line in _response_lines(response)]
    return Sign(
        id=step,
        title=f"Sign the key sets {operation.id}",
        text=(f"token: {operation.token}", *lines, *layout.printed[operation.id], *spoken(draft.digest)),
        operation=operation.id,
        clauses=("RFC 6781 4.1", "RFC 5011 2"),
    )


def _response_lines(response: ScriptResponse) -> tuple[str, ...]:
    keys = ", ".join(f"{part.part} = {part.ksk}" for part in response.keys)
    label = f"BACK-OUT {response.id} of {response.back_out_of}" if response.back_out_of else f"response {response.id}"
    return f"{label}: zone {response.zone}, schema {response.schema}, {keys}", *act_lines(response)


def publishing(layout: Layout, publications: tuple[Publication, ...]) -> list[Maker]:
    """Each artifact fetched from where it is published, its digest typed by two."""
    return [_publication(one, layout.pair) for one in publications]


def _publication(one: Publication, by: tuple[str, ...]) -> Maker:
    def make(step: str) -> Step:
        return Compare(
            id=step,
            title=f"{one.artifact} as it is published",
            text=(
                f"fetched from: {one.where}",
                *expected(one.digest),
                "Each fetches it, and types the first four and last four words of its digest, SHA-256 of the file;",
                "of a certificate or CRL of its DER form: the fingerprint that quorate inspect shows.",
            ),
            by=by,
            expected=one.digest,
            source="file",
        )

    return make
