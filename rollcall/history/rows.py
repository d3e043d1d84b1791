"""What is remembered: of due runs, of mornings, of what people heard, and of what schedulers listed?

Each record is declared once: its fields say how they stand in a table and in a line (`rollcall.history.values`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Self

from pydantic import Field

from rollcall.evidence import JobListed
from rollcall.history.values import Count, Instant, Name, Span, Text
from rollcall.vocabulary import Verdict

FILE = "history.sqlite3"


@dataclass(frozen=True, slots=True, kw_only=True)
class OutputRow:
    """One output that a run left: `size` is bytes, `rows` what it holds, each None where it has none or nobody knows.

    `output` names which of the job's outputs it is.
    """

    output: Name
    size: Count | None = None
    rows: Count | None = None
    made_at: Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One due run of one job, as it was judged last, and the outputs that it left. Instants are aware UTC.

    `cause` is the code of the cause, None where nothing was wrong; it stays text, as a newer version may know more.
    `took` is how long the attempt that decided it ran. `action` is what was done about it, in one line. `from_files` is
    True where no morning judged this run itself, and what a later one saw tells of it.
    """

    job_id: Annotated[Name, Field(alias="job")]
    due_at: Instant
    verdict: Verdict
    cause: Name | None = None
    needs_a_person: bool = False
    ran_at: Instant | None = None
    took: Span | None = None
    outputs: tuple[OutputRow, ...] = ()
    judged_at: Instant
    action: Name | None = None
    from_files: bool = False

    @property
    def size(self) -> int | None:
        """The bytes of all its outputs whose size is known; None where none is."""
        sizes = [each.size for each in self.outputs if each.size is not None]
        return sum(sizes) if sizes else None

    @property
    def says(self) -> str:
        """What was wrong, in a few words: "late (ran-late)"; "" where nothing was."""
        if self.verdict is Verdict.OK:
            return ""
        return f"{self.verdict} ({self.cause})" if self.cause else f"{self.verdict}"


@dataclass(frozen=True, slots=True, kw_only=True)
class PastMorning:
    """One earlier morning as a whole. `by` is what looked: "pytest", "monitor", "ensure-running" or "rerun"."""

    judged_at: Instant
    verdict: Name
    is_complete: Annotated[bool, Field(alias="complete")]
    declared: Count
    needing: Count
    by: Name


@dataclass(frozen=True, slots=True, kw_only=True)
class Present:
    """The jobs that the last complete morning knew, and when that was."""

    judged_at: Instant
    jobs: tuple[Name, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What was told of one thing, by its `key`: which cause it had, since when that stands, and when it was told."""

    key: Name
    cause: Name
    since: Instant
    told_at: Instant


# What one channel was told and heard no end of, by key.
Memory = Mapping[str, Told]


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A job that is declared because `scheduler` lists it, as it was listed last."""

    scheduler: Name
    job: Name
    title: Text
    schedule: Text
    zone: Name | None
    tags: tuple[Text, ...]

    @classmethod
    def of(cls, scheduler: str, job: JobListed) -> Self:
        """What is remembered of it."""
        schedule = job.schedule or ""
        return cls(scheduler=scheduler, job=job.id, title=job.name, schedule=schedule, zone=job.zone, tags=job.tags)

    def as_listed(self) -> JobListed:
        """The same as a scheduler would list it."""
        return JobListed(id=self.job, name=self.title, schedule=self.schedule, zone=self.zone, tags=self.tags)


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
class Whole:
    """All that a history holds, to be carried elsewhere. `told` is by channel."""

    rows: Sequence[Row] = ()
    mornings: Sequence[PastMorning] = ()
    present: Present | None = None
    told: Mapping[str, Memory] = field(default_factory=dict)
    listed: Sequence[Listed] = ()


def is_good(row: Row) -> bool:
    """True where the run did its work, be it late where that needs nobody."""
    return row.verdict is Verdict.OK or (row.verdict is Verdict.LATE and not row.needs_a_person)
