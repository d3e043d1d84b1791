"""What is remembered: of due runs, of mornings, of what people heard, and of what schedulers listed?

Each field is declared once, and pydantic reads and writes it by its type: in its mode "python" as it stands in a table,
in its mode "json" as in a line that is carried elsewhere. In a table an instant is a whole number of microseconds since
the epoch, in a line ISO 8601 with an offset; a span is microseconds in both.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import lru_cache, partial
from typing import Annotated, Any, Self

from pydantic import AfterValidator, Field, PlainSerializer, PlainValidator, SerializationInfo, ValidationInfo

from rollcall.evidence import JobListed, Outcome, Verified
from rollcall.text import clean
from rollcall.times import EPOCH, read_timestamp, to_iso
from rollcall.vocabulary import Verdict

FILE = "history.sqlite3"
MICROSECOND = timedelta(microseconds=1)
LONGEST_TEXT = 500
LARGEST = 2**63 - 1


def number(at: datetime) -> int:
    """The instant as it stands in a table."""
    return (at - EPOCH) // MICROSECOND


# What lies further ahead is no instant, but a broken number.
LAST = number(datetime(3000, 1, 1, tzinfo=UTC))


def _read_instant(found: object, info: ValidationInfo) -> datetime:
    if info.mode == "python" and type(found) is int and 0 <= found <= LAST:
        return EPOCH + timedelta(0, 0, found)
    if not isinstance(found, str):
        raise ValueError("is no time.")
    try:
        at = read_timestamp(found).at
    except ValueError as problem:
        raise ValueError(f"is {problem}") from None
    if at is None:
        raise ValueError("has no offset, so it cannot be told which instant it is.")
    return at


def _write_instant(at: datetime, info: SerializationInfo) -> int | str:
    return to_iso(at) if info.mode == "json" else number(at)


def _read_span(found: object, info: ValidationInfo) -> timedelta:
    # A scheduler whose clock is off may say that a run ended before it began.
    if type(found) is not int or not (0 if info.mode == "json" else -LARGEST) <= found <= LARGEST:
        raise ValueError("is no number of 0 or more.")
    return timedelta(microseconds=found)


# The same few stand in thousands of rows.
_cleaned = lru_cache(maxsize=4_096)(partial(clean, limit=LONGEST_TEXT))


def _read_text(text: str, info: ValidationInfo) -> str:
    """A line is refused where it is wrong; of a table a flipped bit in a text is no reason to lose the row."""
    cleaned = _cleaned(text)
    if info.mode == "json" and cleaned != text:
        raise ValueError(f"is no text of one line with at most {LONGEST_TEXT} characters.")
    return cleaned


Instant = Annotated[datetime, PlainValidator(_read_instant), PlainSerializer(_write_instant)]
Span = Annotated[timedelta, PlainValidator(_read_span), PlainSerializer(lambda span: span // MICROSECOND)]
Count = Annotated[int, Field(ge=0, le=LARGEST)]
# What a name of a file may hold, and no database takes, is not written either.
_Written = PlainSerializer(lambda text: _cleaned(text))
Text = Annotated[str, AfterValidator(_read_text), _Written]
Name = Annotated[str, Field(min_length=1), AfterValidator(_read_text), _Written]


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


_VERDICTS = {str(each): each for each in Verdict}
_FLAGS = {False: False, True: True}


def plain_row(lines: Sequence[tuple[Any, ...]]) -> Row | None:
    """The row of one run, of its lines as `tables` reads them; None where a value is not plainly what it should be.

    The same as pydantic makes of them, in half the time: a page of ten thousand jobs has hundreds of thousands.
    """
    job, due, verdict, cause, needs, ran, took, judged, action, from_files, *first = lines[0]
    try:
        return Row(
            job_id=_name(job),
            due_at=_instant(due),
            verdict=_VERDICTS[verdict],
            cause=None if cause is None else _name(cause),
            needs_a_person=_FLAGS[needs],
            ran_at=None if ran is None else _instant(ran),
            took=None if took is None else _span(took),
            outputs=()
            if first[0] is None
            else tuple(
                OutputRow(output=_name(output), size=_count(size), rows=_count(rows), made_at=_instant(made))
                for *_, output, size, rows, made in lines
            ),
            judged_at=_instant(judged),
            action=None if action is None else _name(action),
            from_files=_FLAGS[from_files],
        )
    except (KeyError, TypeError, ValueError):
        return None


def _instant(found: object) -> datetime:
    if type(found) is int and 0 <= found <= LAST:
        return EPOCH + timedelta(0, 0, found)
    raise ValueError


def _span(found: object) -> timedelta:
    if type(found) is int and -LARGEST <= found <= LARGEST:
        return timedelta(0, 0, found)
    raise ValueError


def _name(found: object) -> str:
    if isinstance(found, str) and found:
        return _cleaned(found)
    raise ValueError


def _count(found: object) -> int | None:
    if found is None or (type(found) is int and 0 <= found <= LARGEST):
        return found
    raise ValueError


# Who looks every hour has not seen that many mornings; shards are one once they are merged.
OF_MORNINGS = ("pytest", "merge")


@dataclass(frozen=True, slots=True, kw_only=True)
class PastMorning:
    """One earlier morning as a whole.

    `by` is what looked: "pytest", "merge", "monitor", "ensure-running" or "rerun".
    """

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
class ProofRow:
    """The last proof that `verify` made of an output of a job: of which file, when, and what it said."""

    job_id: Annotated[Name, Field(alias="job")]
    output: Name
    file: Name
    proven_at: Instant
    outcome: Outcome
    how: Text
    says: Text
    by: Name

    @classmethod
    def of(cls, job_id: str, output: str, said: Verified) -> Self:
        """What is remembered of it: of its words the last line."""
        return cls(
            job_id=job_id,
            output=output,
            file=said.file,
            proven_at=said.at,
            outcome=said.outcome,
            how=said.how,
            says=said.says.rpartition("\n")[2],
            by=said.by,
        )

    def as_verified(self) -> Verified:
        """The same as evidence."""
        return Verified(
            file=self.file, at=self.proven_at, outcome=self.outcome, how=self.how, says=self.says, by=self.by
        )


class Silenced(StrEnum):
    """What nobody is told of."""

    JOB = "job"
    TAG = "tag"
    SCHEDULER = "scheduler"


@dataclass(frozen=True, slots=True, kw_only=True)
class Silence:
    """Of one subject, by its `name`, nobody is told `until` then: why, whose word that is, and when it was given."""

    subject: Silenced
    name: Name
    until: Instant
    reason: Text
    by: Name
    made_at: Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class Chronicle:
    """What the history tells a morning before that is written down itself.

    `rows` are the newest of each job, oldest first; a job that history does not know has none. `mornings` are the
    newest, oldest first. `present` are the jobs of the last complete morning, `gone` those of them that are declared no
    more. `proofs` are the last ones of outputs, by job and output. `silences` are those that are valid. `is_of_itself`
    is True where that very morning was written down already, as of shards that are merged again: its rows stand in
    place of those before it. `problem` is what kept it, or some of it, from being read, in one line for people.
    """

    rows: Mapping[str, tuple[Row, ...]] = field(default_factory=dict)
    mornings: tuple[PastMorning, ...] = ()
    present: frozenset[str] = frozenset()
    gone: tuple[str, ...] = ()
    proofs: Mapping[tuple[str, str], Verified] = field(default_factory=dict)
    silences: tuple[Silence, ...] = ()
    is_of_itself: bool = False
    problem: str | None = None

    def of(self, job_id: str) -> tuple[Row, ...]:
        """The rows of that job, oldest first."""
        return self.rows.get(job_id, ())

    @property
    def last_morning(self) -> PastMorning | None:
        """The newest complete morning before this one; None where nobody can tell any more what it knew."""
        before = () if self.is_of_itself else reversed(self.mornings)
        return next((each for each in before if each.is_complete), None)


NOTHING = Chronicle()


@dataclass(frozen=True, slots=True, kw_only=True)
class Whole:
    """All that a history holds, to be carried elsewhere. `told` is by channel."""

    rows: Sequence[Row] = ()
    mornings: Sequence[PastMorning] = ()
    present: Present | None = None
    told: Mapping[str, Memory] = field(default_factory=dict)
    listed: Sequence[Listed] = ()
    proofs: Sequence[ProofRow] = ()
    silences: Sequence[Silence] = ()


def is_good(row: Row) -> bool:
    """True where the run did its work, be it late where that needs nobody."""
    return row.verdict is Verdict.OK or (row.verdict is Verdict.LATE and not row.needs_a_person)
