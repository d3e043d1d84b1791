"""What do the rows of a job tell of its past due runs, where no file does any more?"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from rollcall.history.past import Remembered, Standing
from rollcall.history.rows import Row
from rollcall.roll.job import Job
from rollcall.vocabulary import Verdict

_WORKLESS = frozenset({Verdict.MISSED, Verdict.FAILED, Verdict.STUCK, Verdict.BAD_OUTPUT})


def remembered(job: Job, rows: Iterable[Row]) -> Iterator[Remembered]:
    """What was found of each run, as far as anything was."""
    for row in rows:
        if standing := _standing(job, row):
            why = f"{row.verdict} ({row.cause})" if row.cause else f"{row.verdict}"
            yield Remembered(
                due_at=row.due_at,
                standing=standing,
                judged_at=row.judged_at,
                at=row.ran_at,
                says="" if row.verdict is Verdict.OK else why,
                flaw=why if row.verdict is Verdict.BAD_OUTPUT and standing is Standing.MADE else None,
            )


def _standing(job: Job, row: Row) -> Standing | None:
    """Whether it left its work. A row tells of the job: of another run that is missing, or of its scheduler, too."""
    match row.verdict:
        case Verdict.OK:
            return Standing.MADE
        case Verdict.LATE:
            return Standing.LATE
    if row.outputs or (row.verdict is Verdict.MISSED and row.ran_at is not None and job.output is None):
        return Standing.MADE
    return Standing.MISSED if row.verdict in _WORKLESS else None
