"""People practise: the real console in the shadow authority, where nothing counts. Floor 5."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from quorate import archive, record
from quorate.authority import AuthorityState
from quorate.console import Console
from quorate.event import moment
from quorate.host import Host, ShiftedHost
from quorate.rehearse import StandIns
from quorate.standing_in import TRANSPORT
from quorate.statement import Mode
from quorate.want import Bring


class Practice(Console):
    """The console of a rehearsal. Shares of shadow tokens guard nothing: they are kept, so that later rehearsals, also
    unattended ones, can go on from this one."""

    def __init__(self, root: Path, folder: Path, host: Host, authority: AuthorityState) -> None:
        super().__init__(host, authority, folder / "exchange")
        self._worksheets = StandIns(root, folder, host)

    def bring(self, want: Bring) -> None:
        """The stand-in's pair comes to the shadow token; people do what they would do with the real ones."""
        if self._state is not None:
            self._worksheets.enter(self._state)
        self._worksheets.bring(want)
        super().bring(want)

    def reveal(self, seat: str, words: bytearray, topic: str) -> None:
        """Keep the words, and show them as a real ceremony would."""
        self._worksheets.reveal(seat, words, topic)
        super().reveal(seat, words, topic)


def practice_host(ceremony: Path, opens: datetime, closes: datetime, host: Host) -> Host:
    """The real clock inside the window; outside it one that starts there, or goes on where the practice stopped."""
    if opens <= host.now() <= closes:
        return host
    transcript = archive.record_folder(ceremony, Mode.REHEARSAL) / record.TRANSCRIPT
    events = record.read_transcript(transcript)[0]
    return ShiftedHost(moment(events[-1].at) if events else opens)


def practice_notes(root: Path, folder: Path, host: Host) -> Iterator[str]:
    """What people who practise must know and cannot know."""
    yield "a rehearsal: nothing counts, and no real token, key or share is opened"
    yield f"sign with the stand-ins' keys: file {root / 'shadow' / 'people'}/ID.key"
    yield f"transport credential of every shadow token: {TRANSPORT.decode()}"
    if (folder / "words").is_dir():
        yield f"shares that were shown in rehearsals: {folder / 'words'}"
    if isinstance(host, ShiftedHost):
        yield "the clock stands inside the window of the plan: read the time from this screen"
