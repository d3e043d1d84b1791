"""What do the mornings before a staged one remember?

Rows as `rollcall.history` has them, of a month of due runs: of most that they did their work, a little late and
about as large as ever; of a few that they did not.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

from rollcall.history.rows import OutputRow, PastMorning, Present, Row, Whole
from rollcall.roll.job import Job
from rollcall.schedule.answers import due_between
from rollcall.vocabulary import CauseCode, Verdict

DAYS = 30
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """How one due run of the past went: `size` is bytes of its output, 0 of one that left none.

    `after` is how long after its due time it ended, None where it did not; `took` is None where nobody tells it.
    """

    verdict: Verdict = Verdict.OK
    cause: CauseCode | None = None
    after: timedelta | None = None
    took: timedelta | None = None
    size: int | None = None
    rows: int | None = None


Went = Callable[[Job, datetime], Ran | None]


def past_of(jobs: Iterable[Job], now: datetime, went: Went, *, skipped: frozenset[int] = frozenset()) -> Whole:
    """The month before `now`: a morning each day at the hour of `now`; none on the `skipped` days, counted back."""
    jobs = tuple(jobs)
    mornings = [now - number * _DAY for number in range(DAYS, 0, -1) if number not in skipped]
    rows = [row for job in jobs for row in _rows(job, mornings, went)]
    return Whole(
        rows=rows,
        mornings=[
            PastMorning(
                judged_at=at,
                verdict="attention" if needing else "ok",
                is_complete=True,
                declared=len(jobs),
                needing=needing,
                by="pytest",
            )
            for at, needing in _needing(rows, mornings).items()
        ],
        present=Present(judged_at=mornings[-1], jobs=tuple(job.id for job in jobs)),
    )


def _needing(rows: Iterable[Row], mornings: Iterable[datetime]) -> Mapping[datetime, int]:
    bad = Counter(each.judged_at for each in rows if each.needs_a_person and not each.from_files)
    return {at: bad[at] for at in mornings}


def _rows(job: Job, mornings: list[datetime], went: Went) -> Iterator[Row]:
    """The run that each morning judged, and those before it that it saw in passing."""
    dues = due_between(job.schedule, mornings[0] - job.look_back, mornings[-1] - job.allowance)
    for number, due_at in enumerate(dues):
        if (ran := went(job, due_at)) is None:
            continue
        # What did its work is known before all of its time is over.
        known_at = due_at + (ran.after if ran.after is not None else job.allowance)
        judged_at = next((each for each in mornings if each >= known_at), None)
        is_judged = number + 1 == len(dues) or judged_at is None or dues[number + 1] + job.allowance > judged_at
        if judged_at is None or not (is_judged or job.outputs):
            continue
        ended_at = due_at + ran.after if ran.after is not None else None
        is_left = job.output is not None and ended_at is not None and (ran.size, ran.rows) != (None, None)
        left = [job.output.written] if job.output and is_left else []
        yield Row(
            job_id=job.id,
            due_at=due_at,
            verdict=ran.verdict,
            cause=ran.cause,
            needs_a_person=ran.verdict is not Verdict.OK,
            ran_at=ended_at,
            took=ran.took,
            outputs=tuple(
                OutputRow(output=each, size=ran.size, rows=ran.rows, made_at=ended_at or due_at) for each in left
            ),
            judged_at=judged_at,
            from_files=not is_judged,
        )


def varied(*about: object) -> Random:
    """Chance that is always the same for the same thing."""
    return Random(" ".join(str(each) for each in about))
