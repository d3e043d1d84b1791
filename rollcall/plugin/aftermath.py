"""Who else is to know of the morning: its history, those who are alerted, and whoever watches that somebody looked?

What goes wrong here is a note: it changes no verdict and no exit status.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from rollcall.plugin.ending import Ending
from rollcall.plugin.session import Session

BY = "pytest"


def remember(session: Session, *, is_complete: bool) -> str | None:
    """Writes the morning into the history, where one is kept. Returns what kept it from that, in one line."""
    if session.history is None or session.morning is None:
        return None
    from rollcall.history import store

    keeps = session.roll.history_keeps
    return store.write(session.history, session.morning, by=BY, is_complete=is_complete, keeps=keeps)


def notes_before_the_page(session: Session, ending: Ending, page: Path) -> Iterator[str]:
    """Writes the history and alerts; yields what the page is to say of that.

    A morning is whole in the history only once its reports are: until then it is remembered as one that is not.
    """
    if session.chronicle.problem:
        yield session.chronicle.problem
    unwritten = remember(session, is_complete=False)
    if unwritten and unwritten != session.chronicle.problem:
        yield unwritten
    yield from _alert(session, ending, page)


def _alert(session: Session, ending: Ending, page: Path) -> Sequence[str]:
    if session.morning is None or not session.is_of_today or session.roll.alert is None:
        return ()
    from rollcall import alert

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
    from rollcall import watch

    watched = session.watched or watch.Run(session.roll.watch, is_whole=ending.expected > 0 or status != 5)
    return watched.finish(status, "\n".join(said))
