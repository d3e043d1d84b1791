"""What is remembered of a morning, so that the next one can say what changed?"""

from __future__ import annotations

from collections.abc import Iterable

from rollcall.history.rows import OF_MORNINGS
from rollcall.report.changes import missing_mornings, tell_missing
from rollcall.sinks.base import Result, Sink, Stage


class History(Sink):
    """A row of every due run, and one of the morning, in the file that is kept beside the reports."""

    stage = Stage.REMEMBER

    def finish(self, result: Result) -> Iterable[str]:
        start, morning = result.start, result.morning
        # Another moment that is judged now was no morning: nobody looked then.
        if start.history is None or morning is None or not start.is_of_today or start.roll is None:
            return ()
        from rollcall.history.writing import write

        unwritten = write(
            start.history,
            morning,
            by=start.by,
            is_complete=result.ending.is_complete,
            keeps=start.roll.history.keeps,
            other_failures=len(result.ending.other_failures),
        )
        # Where a file that could not be read was set aside, that says the same, and more.
        problem = unwritten or result.chronicle.problem
        missed = missing_mornings(result.chronicle.mornings, start.judged_at, start.zone)
        told = (problem, tell_missing(missed, start.judged_at, start.zone) if start.by in OF_MORNINGS else None)
        return [each for each in told if each]
