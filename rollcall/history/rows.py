"""What is remembered of a due run, and what do the rows of a job tell?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from rollcall.findings import Verdict

FILE = "history.sqlite3"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One due run of one job, as it was judged last. Instants are aware UTC, `size` is bytes.

    `cause` is the code of the cause, None where nothing was wrong; it stays text, as a newer version may know more.
    `action` is what was done about it, in one line. `from_files` is True where no morning judged this run itself, and
    the files that a later one saw tell of it.
    """

    job_id: str
    due_at: datetime
    verdict: Verdict
    cause: str | None = None
    needs_a_person: bool = False
    ran_at: datetime | None = None
    size: int | None = None
    judged_at: datetime
    action: str | None = None
    from_files: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PastMorning:
    """One earlier morning as a whole. `by` is what looked: "pytest", "monitor", "ensure-running" or "rerun"."""

    judged_at: datetime
    verdict: str
    is_complete: bool
    declared: int
    needing: int
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Chronicle:
    """What the history tells a morning before that is written down itself.

    `rows` are the newest of each job, oldest first; a job that history does not know has none. `mornings` are the
    newest, oldest first. `present` are the jobs of the last complete morning, `gone` those of them that are declared no
    more. `problem` is what kept it, or some of it, from being read, in one line for people.
    """

    rows: Mapping[str, tuple[Row, ...]] = field(default_factory=dict)
    mornings: tuple[PastMorning, ...] = ()
    present: frozenset[str] = frozenset()
    gone: tuple[str, ...] = ()
    problem: str | None = None

    def of(self, job_id: str) -> tuple[Row, ...]:
        """The rows of that job, oldest first."""
        return self.rows.get(job_id, ())

    @property
    def last_morning(self) -> PastMorning | None:
        """The newest complete morning before this one."""
        return next((each for each in reversed(self.mornings) if each.is_complete), None)


NOTHING = Chronicle()


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What was told of one thing, by its `key`: which cause it had, since when that stands, and when it was told."""

    key: str
    cause: str
    since: datetime
    told_at: datetime


def is_good(row: Row) -> bool:
    """True where the run did its work, be it late where that needs nobody."""
    return row.verdict is Verdict.OK or (row.verdict is Verdict.LATE and not row.needs_a_person)
