"""Who else is to know of the morning: its history, those who are alerted, and whoever watches that somebody looked?

What goes wrong here is a note: it changes no verdict and no exit status.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from rollcall.plugin.ending import Ending
from rollcall.plugin.session import Session

BY = "pytest"


def notes_before_the_page(session: Session, ending: Ending, page: Path) -> Iterator[str]:
    """Writes the history and alerts; yields what the page is to say of that."""
    # Where a file that could not be read was set aside, that tells the same, and more.
    if problem := remember(session, ending, is_complete=False) or session.chronicle.problem:
        yield problem
    if missing := _missing(session):
        yield missing
    yield from _alert(session, ending, page)


def _missing(session: Session) -> str:
    """Which mornings before this one nobody judged, where one is usual; "" where none is missing."""
    if session.history is None or not session.is_of_today:
        return ""
    from rollcall.report.changes import missing_mornings, tell_missing

    now, zone = session.judged_at, session.roll.zone
    return tell_missing(missing_mornings(session.chronicle.mornings, now, zone), now, zone)


def remember(session: Session, ending: Ending, *, is_complete: bool) -> str | None:
    """Writes the morning into the history: before its reports stand there as one that is not whole, then as it is.

    Returns what kept it from that, in one line. Another moment that is judged now was no morning: nobody looked then.
    """
    if session.history is None or session.morning is None or not session.is_of_today:
        return None
    from rollcall.history.writing import write

    return write(
        session.history,
        session.morning,
        by=BY,
        is_complete=is_complete,
        keeps=session.roll.history_keeps,
        other_failures=len(ending.other_failures),
    )


def _alert(session: Session, ending: Ending, page: Path) -> Sequence[str]:
    if session.morning is None or not session.is_of_today or session.roll.alert is None:
        return ()
    from rollcall.sinks import alert

    return alert.tell(
        session.roll,
        session.morning,
        session.chronicle,
        file=session.history,
        is_complete=ending.is_complete,
        page=page,
    )


def end_the_watch(session: Session, ending: Ending, status: int, said: Sequence[str]) -> str | None:
    """Pings whoever watches. Returns what kept it from that, in one line.

    Where nothing was begun, because no check could be loaded, that is told as well; that nothing was selected is not.
    """
    if not session.is_of_today or session.roll.watch is None:
        return None
    from rollcall.sinks import watch

    watched = session.watched or watch.Run(session.roll.watch, is_whole=ending.expected > 0 or status != 5)
    return watched.finish(status, "\n".join(said))
