"""What is remembered of a due run, and what do the rows of a job tell?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from rollcall.evidence import JobListed
from rollcall.vocabulary import Verdict

FILE = "history.sqlite3"


@dataclass(frozen=True, slots=True, kw_only=True)
class OutputRow:
    """One output that a run left: `size` is bytes, `rows` what it holds, each None where it has none or nobody knows.

    `output` names which of the job's outputs it is.
    """

    output: str
    size: int | None = None
    rows: int | None = None
    made_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One due run of one job, as it was judged last, and the outputs that it left. Instants are aware UTC.

    `cause` is the code of the cause, None where nothing was wrong; it stays text, as a newer version may know more.
    `took` is how long the attempt that decided it ran. `action` is what was done about it, in one line. `from_files` is
    True where no morning judged this run itself, and the files that a later one saw tell of it.
    """

    job_id: str
    due_at: datetime
    verdict: Verdict
    cause: str | None = None
    needs_a_person: bool = False
    ran_at: datetime | None = None
    took: timedelta | None = None
    outputs: tuple[OutputRow, ...] = ()
    judged_at: datetime
    action: str | None = None
    from_files: bool = False

    @property
    def size(self) -> int | None:
        """The bytes of all its outputs whose size is known; None where none is."""
        sizes = [each.size for each in self.outputs if each.size is not None]
        return sum(sizes) if sizes else None


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


# What one channel was told and heard no end of, by key.
Memory = Mapping[str, Told]


@dataclass(frozen=True, slots=True, kw_only=True)
class Whole:
    """All that a history holds, to be carried elsewhere: `present` are the jobs of the last complete morning.

    `present_at` is when that was judged, None where there was none. `told` is by channel, `listed` by scheduler.
    """

    rows: Sequence[Row] = ()
    mornings: Sequence[PastMorning] = ()
    present: tuple[str, ...] = ()
    present_at: datetime | None = None
    told: Mapping[str, Memory] = field(default_factory=dict)
    listed: Mapping[str, tuple[JobListed, ...]] = field(default_factory=dict)


def is_good(row: Row) -> bool:
    """True where the run did its work, be it late where that needs nobody."""
    return row.verdict is Verdict.OK or (row.verdict is Verdict.LATE and not row.needs_a_person)
