"""What was seen, where, when?

Frozen records of what the witnesses said, before anybody judges them; JSON in and out. Texts from outside are clean
and bounded when they arrive here (`rollcall.text`). Raw words and timestamps are kept as they were written: reading
them is judging. "Looked and saw none" is a value (None, an empty tuple), "could not look" is `NotSeen`, and a key that
an answer lacks is named in `untold`.
"""

from __future__ import annotations

import pickle
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import cache
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

from rollcall.errors import RollcallError
from rollcall.text import counted, show_size
from rollcall.times import END, EPOCH
from rollcall.vocabulary import CauseCode

# With less than this, whatever is written next may be cut off.
LEAST_FREE = 50_000_000

if TYPE_CHECKING:
    from pydantic import GetCoreSchemaHandler, TypeAdapter
    from pydantic_core import CoreSchema


class _IsKnown:
    """Refuses, where evidence is read back, an instant that nobody can have seen: no time can be reckoned from it."""

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        from pydantic_core.core_schema import no_info_after_validator_function

        return no_info_after_validator_function(_checked, handler(source))


def _checked(at: datetime) -> datetime:
    if at.utcoffset() is None or not EPOCH <= at <= END:
        raise ValueError("is no instant, or outside of 1970-2999")
    # One zone for all of them: pydantic makes one for each, which is slower to reckon with as well.
    return at.astimezone(UTC)


Instant = Annotated[datetime, _IsKnown]


class CannotLook(RollcallError):
    """A witness could not be asked: never green, and never called a failure of the job.

    `detail` is one clean line that proves it.
    """

    def __init__(self, code: CauseCode, detail: str) -> None:
        self.code = code
        self.detail = detail
        super().__init__(f"{code}: {detail}")


@dataclass(frozen=True, slots=True, kw_only=True)
class NotSeen:
    """A witness that could not be asked, and why: what `CannotLook` leaves in the evidence."""

    code: CauseCode
    detail: str
    looked_at: Instant
    kind: Literal["not-seen"] = "not-seen"

    @classmethod
    def because(cls, problem: CannotLook, looked_at: datetime) -> NotSeen:
        """The record of that failure to look."""
        return cls(code=problem.code, detail=problem.detail, looked_at=looked_at)


class Outcome(StrEnum):
    """What a scheduler's word for a run means."""

    SUCCESS = "success"
    PARTIAL = "partial"
    FAILED = "failed"
    RUNNING = "running"
    BEGUN = "begun"
    WAITING = "waiting"
    SKIPPED = "skipped"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSeen:
    """One run as its scheduler has it on record; `word` is the scheduler's own for how it went.

    `due` is the time it was for, where it names one. `attempt` counts from 1; `by_schedule` is False for a run by hand,
    a backfill or an event, None where nobody tells. `says` are its last words, or what the scheduler says of its end:
    one clean line.
    """

    job: str
    due: str | None = None
    started: str | None = None
    ended: str | None = None
    word: str | None = None
    outcome: Outcome = Outcome.UNKNOWN
    attempt: int | None = None
    by_schedule: bool | None = None
    link: str | None = None
    says: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class JobListed:
    """One job as its scheduler lists it.

    `key` is what its runs are told by, where that is not its id; `aliases` are what jobs.toml may call it as well.
    `runs_since` is how far back the runs of this job really reach, where that is not as far as was asked for. Each run
    is delayed by up to `jitter`, a span such as "12 h"; `catches_up` is True where what it missed while its machine was
    off is run once that is back. `refused` is why its scheduler does not run it, though it is written there, `says` why
    it is paused, or why nobody can tell of its runs. `has_runs` is False where its runs are not kept on record, or not
    shown to us. `untold` names what belongs there and is missing from the answer: "next_run", "paused", "runs";
    "schedule" where it has none of its own there, and somebody else starts it.
    """

    id: str
    name: str = ""
    next_run: str | None = None
    paused: bool | None = None
    schedule: str | None = None
    zone: str | None = None
    jitter: str | None = None
    catches_up: bool | None = None
    has_runs: bool | None = None
    refused: str | None = None
    tags: tuple[str, ...] = ()
    runs_since: str | None = None
    key: str | None = None
    aliases: tuple[str, ...] = ()
    says: str = ""
    untold: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Off:
    """A stretch in which the machine of a scheduler ran nothing; `how` is "off" or "asleep"."""

    since: Instant
    until: Instant
    how: Literal["off", "asleep"] = "off"


@dataclass(frozen=True, slots=True, kw_only=True)
class SchedulerSeen:
    """What a scheduler answered.

    `asked_at` and `answered_at` are this machine's clock, `server_at` the scheduler's own (of HTTP's `Date` whole
    seconds; None where it told none). `running` is None where it does not say, `since` since when it is switched on or
    off. `heartbeat_of` is whose heartbeat it is, where it has several parts. `jobs` and `runs` are None where it was
    not asked for them; `jobs_hidden` is why it may have jobs that are not told, None where all are. Runs are told from
    `runs_since` on, None where all that there ever were are told. `off` are the stretches in which its machine ran
    nothing, as far as that is told.
    """

    asked_at: Instant
    answered_at: Instant
    server_at: Instant | None = None
    running: bool | None = None
    since: str | None = None
    heartbeat: str | None = None
    heartbeat_of: str = ""
    jobs: tuple[JobListed, ...] | None = None
    jobs_hidden: str | None = None
    runs: tuple[RunSeen, ...] | None = None
    runs_since: Instant | None = None
    off: tuple[Off, ...] = ()
    kind: Literal["scheduler"] = "scheduler"
    _listed: dict[str, list[JobListed]] = field(init=False, repr=False, compare=False)
    _keyed: dict[str, list[JobListed]] = field(init=False, repr=False, compare=False)
    _runs: dict[str, list[RunSeen]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """A thousand jobs are each asked for once."""
        listed: dict[str, list[JobListed]] = {}
        keyed: dict[str, list[JobListed]] = {}
        for job in self.jobs or ():
            listed.setdefault(job.id, []).append(job)
            keyed.setdefault(job.key or job.id, []).append(job)
        claimed = Counter(alias for job in self.jobs or () for alias in job.aliases)
        for job in self.jobs or ():
            # What two jobs may be called is the name of neither.
            for alias in (each for each in job.aliases if claimed[each] == 1 and each not in listed):
                listed[alias] = [job]
        object.__setattr__(self, "_listed", listed)
        object.__setattr__(self, "_keyed", keyed)
        runs: dict[str, list[RunSeen]] = {}
        for each in self.runs or ():
            runs.setdefault(each.job, []).append(each)
        object.__setattr__(self, "_runs", runs)

    def listed(self, name: str) -> JobListed | None:
        """The job as the scheduler lists it, None where it does not; of several with one id, the first."""
        return next(iter(self._listed.get(name, ())), None)

    def taken_for(self, name: str) -> tuple[JobListed, ...]:
        """The other jobs that are listed under its id, or whose runs are told by its key: whose runs are those?"""
        own, *others = self._listed.get(name) or (None,)
        if own is None:
            return ()
        by_key = self._keyed[own.key or own.id]
        return (*others, *(each for each in by_key if each.id != own.id))

    def runs_of(self, name: str) -> tuple[RunSeen, ...]:
        """The runs of that job that are on record, in the order in which they were told."""
        own = self.listed(name)
        return tuple(self._runs.get(own.id if own else name, ()))


@dataclass(frozen=True, slots=True)
class Flaw:
    """What is wrong inside an output: its cause, and in words after "its output NAME"."""

    code: CauseCode
    says: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """What was read of one output, its compression undone.

    `read_as` names format and compressions ("csv in gzip"; "" of neither). `unread` is why it was not read through,
    None where it was; then `size` is that of all that is inside, in bytes. `is_blank` is True where what was read of it
    held nothing but blanks. `found` tells of each text that was looked
    for whether it is there, and nothing of one that nobody can tell of; `has_end`, `last_line` and whether that is as
    declared (`last_line_fits`) likewise (None). `marks_its_end` is True where half of it would not have passed for all.
    `rows` is None where its format has none. `has` tells of each name that must be inside whether it is, `held` of each
    expression what it found instead (None where it holds), and neither of one that nobody can tell of. `encrypted_by`
    is what encrypted it: then only its header and its size show, and nothing more is claimed of it. `head` and `tail`
    are bounded and clean.
    """

    read_as: str = ""
    marks_its_end: bool = False
    flaw: Flaw | None = None
    unread: str | None = None
    is_blank: bool = False
    found: Mapping[str, bool] = field(default_factory=dict)
    has_end: bool | None = None
    last_line: str | None = None
    last_line_fits: bool | None = None
    rows: int | None = None
    has: Mapping[str, bool] = field(default_factory=dict)
    held: Mapping[str, str | None] = field(default_factory=dict)
    encrypted_by: str = ""
    size: int | None = None
    sha256: str = ""
    head: str = ""
    tail: str = ""


# Why the content of a file could not be looked at, where somebody took it away in between.
GONE = "it was there, and is gone since"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """What `verify`, the owner's own proof, said of the file of that name, and when.

    `outcome` is that it is good, good and not all of it (partial), not good (failed), or that it proves nothing, for
    which `code` says what kept it. `how` is how the command ended, `says` its last lines. `by` tells the command from
    others.
    """

    file: str
    at: Instant
    outcome: Outcome
    how: str
    says: str = ""
    code: CauseCode | None = None
    by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FileSeen:
    """One thing that a run left: a file or a folder that matches, or an entry or a row, listed with its own time.

    `name` is relative to the output's folder; that of an entry or a row is its time as it was written. `size` is None
    where nobody tells it.

    `stamp_at` is the instant that its name tells it was made at: of all that it leaves open, from `stamp_from` to
    `stamp_until` (None where it leaves none), the one nearest to the mtime. Where names tell a due time instead
    (`dated`), it is one from `due_from` to `due_until`. `unreadable` is why its content could not be looked at;
    `content` is None where nobody needed to look. `grew` is True where its size changed while it was looked at. A
    folder with all that is in it (`is_folder`) has the size of its files together, and the mtime of the newest.
    `verified` is None where no proof was made of it now.
    """

    name: str
    size: int | None
    modified_at: Instant
    stamp_at: Instant | None = None
    stamp_from: Instant | None = None
    stamp_until: Instant | None = None
    due_from: Instant | None = None
    due_until: Instant | None = None
    content: Content | None = None
    unreadable: str | None = None
    is_regular: bool = True
    is_folder: bool = False
    grew: bool = False
    verified: Verified | None = None

    @property
    def made_at(self) -> datetime:
        """The output's instant: the stamp in its name, else its mtime (a checkout gives every file a new mtime)."""
        return self.stamp_at or self.modified_at

    @property
    def amount(self) -> str:
        """How much it is, for people: its bytes, where those are known, else its rows; "" where neither is."""
        if self.size is not None:
            return show_size(self.size)
        return counted(self.content.rows, "row") if self.content and self.content.rows is not None else ""

    @property
    def shown(self) -> str:
        """Its name, and how much it is where that is known."""
        return ", ".join(filter(None, (self.name, self.amount)))

    @property
    def written_at(self) -> datetime | None:
        """When it was written: by its name or, where that leaves it open, by its mtime, however late that is.

        None where its mtime is of before all that its name leaves open: a copy may have that of its source.
        """
        if self.stamp_from is None:
            return self.made_at
        return self.modified_at if self.modified_at >= self.stamp_from else None


@dataclass(frozen=True, slots=True, kw_only=True)
class OutputSeen:
    """The files of one output of a job: those since `since`, and the newest before, newest first.

    `matches` counts all that match, however old; `unstamped` names some that match but for what their names tell;
    `later` are some made after the moment that is judged, and so no evidence for it. `unlooked` is which part of where
    they lie could not be listed, and why; "" where all was. Of the disk below the folder `free_bytes` are left of
    `total_bytes`; None where it does not tell. `last_verified` is the last proof that an earlier morning has made of a
    file of it.
    """

    looked_at: Instant
    matches: int
    files: tuple[FileSeen, ...]
    unstamped: tuple[str, ...] = ()
    later: tuple[FileSeen, ...] = ()
    unlooked: str = ""
    free_bytes: int | None = None
    total_bytes: int | None = None
    last_verified: Verified | None = None
    kind: Literal["output"] = "output"

    def room_wanted(self, min_size: int) -> int:
        """How many bytes should be free: 50 MB, ten outputs of `min_size`, or two as large as the newest."""
        newest = self.files[0].size if self.files else None
        return max(LEAST_FREE, 10 * min_size, 2 * (newest or 0))


Outputs = tuple[OutputSeen | NotSeen, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class HostSeen:
    """What a host left of its look: when that was, by its clock, and until when it is no older than it may be.

    `looked_at` is None where it left nothing that can be read. `why` is what keeps it from being believed, one sentence
    without its end; "" where all is well.
    """

    looked_at: Instant | None = None
    good_until: Instant | None = None
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftThen:
    """What an earlier run left of one output, all its files together, as the history has it: None where nobody knew.

    `output` names which of the job's outputs it is.
    """

    output: str
    size: int | None = None
    rows: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRemembered:
    """An earlier run, as the history has it: how long it took, and what it left.

    `is_measure` is False where nothing is measured by it: a morning found it bad, or it is one of those since which
    each morning has warned that they are far smaller than usual.
    """

    due_at: Instant
    is_measure: bool = True
    took: timedelta | None = None
    left: tuple[LeftThen, ...] = ()


# A run as plain numbers and texts: when it was due and how long it took, in microseconds, whether it is a measure, and
# of each output that it left the name, size and rows.
RowRemembered = tuple[int, bool, int | None, tuple[tuple[str, int | None, int | None], ...]]


class Remembered(Mapping[str, tuple[RunRemembered, ...]]):
    """The earlier runs of each job by its id, as records only while somebody asks for them.

    A hundred runs of one job are 31 kB as records, and 4 kB like this: of ten thousand jobs that is most of a morning.
    """

    __slots__ = ("_packed",)

    def __init__(self) -> None:
        self._packed: dict[str, bytes] = {}

    @classmethod
    def of(cls, runs: Mapping[str, Iterable[RunRemembered]]) -> Self:
        """The same runs, packed."""
        packed = cls()
        for job_id, each in runs.items():
            packed.add(job_id, each)
        return packed

    def add(self, job_id: str, runs: Iterable[RunRemembered]) -> None:
        """Keeps the runs of one more job."""
        self._packed[job_id] = _packed(runs)

    def rows(self, job_id: str) -> tuple[RowRemembered, ...]:
        """The runs of that job as plain numbers and texts; nothing where it has none."""
        packed = self._packed.get(job_id)
        rows: tuple[RowRemembered, ...] = pickle.loads(packed) if packed else ()
        return rows

    def add_rows(self, job_id: str, rows: tuple[RowRemembered, ...]) -> None:
        """Keeps the runs of one more job, as `rows` has them."""
        self._packed[job_id] = pickle.dumps(rows, pickle.HIGHEST_PROTOCOL)

    def and_also(self, other: Remembered) -> Remembered:
        """Both together; what the other has stands in place of the same here."""
        return self._of_packed({**self._packed, **other._packed})

    def __getitem__(self, job_id: str) -> tuple[RunRemembered, ...]:
        return _unpacked(self._packed[job_id])

    def __iter__(self) -> Iterator[str]:
        return iter(self._packed)

    def __len__(self) -> int:
        return len(self._packed)

    @classmethod
    def _of_packed(cls, packed: dict[str, bytes]) -> Self:
        remembered = cls()
        remembered._packed = packed
        return remembered

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Each job's runs are packed as soon as they are read, and read once more as they are written."""
        from pydantic_core.core_schema import (
            dict_schema,
            no_info_after_validator_function,
            plain_serializer_function_ser_schema,
            str_schema,
        )

        runs = handler.generate_schema(tuple[RunRemembered, ...])
        return no_info_after_validator_function(
            cls._of_packed,
            dict_schema(str_schema(), no_info_after_validator_function(_packed, runs)),
            serialization=plain_serializer_function_ser_schema(dict, return_schema=dict_schema(str_schema(), runs)),
        )


_MICROSECOND = timedelta(microseconds=1)


def _packed(runs: Iterable[RunRemembered]) -> bytes:
    # Plain numbers and texts: of records and their instants pickle is slow, and large.
    return pickle.dumps(
        tuple(
            (
                (each.due_at - EPOCH) // _MICROSECOND,
                each.is_measure,
                None if each.took is None else each.took // _MICROSECOND,
                tuple((left.output, left.size, left.rows) for left in each.left),
            )
            for each in runs
        ),
        pickle.HIGHEST_PROTOCOL,
    )


def _unpacked(packed: bytes) -> tuple[RunRemembered, ...]:
    return tuple(
        RunRemembered(
            due_at=EPOCH + due * _MICROSECOND,
            is_measure=is_measure,
            took=None if took is None else took * _MICROSECOND,
            left=tuple(LeftThen(output=output, size=size, rows=rows) for output, size, rows in left),
        )
        for due, is_measure, took, left in pickle.loads(packed)
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """Everything that was seen.

    `schedulers` and their second records, `memories`, by the scheduler's id; `outputs` by the job's id, in the order in
    which jobs.toml declares them. `remembered` is what the history has of earlier runs, newest first, by the job's id.
    `as_of` is when a job was looked for, by its id, where others looked than whoever judges: nobody saw what came
    later. `hosts` are those that were to leave evidence, by their names.
    """

    schedulers: Mapping[str, SchedulerSeen | NotSeen]
    outputs: Mapping[str, Outputs]
    memories: Mapping[str, SchedulerSeen | NotSeen] = field(default_factory=dict)
    remembered: Remembered = field(default_factory=Remembered)
    as_of: Mapping[str, Instant] = field(default_factory=dict)
    hosts: Mapping[str, HostSeen] = field(default_factory=dict)

    def and_also(self, other: Evidence) -> Evidence:
        """Both together; what the other has stands in place of the same here."""
        parts = [each.name for each in fields(self) if each.name != "remembered"]
        both = {name: {**getattr(self, name), **getattr(other, name)} for name in parts}
        return Evidence(**both, remembered=self.remembered.and_also(other.remembered))

    def to_json(self) -> str:
        """The evidence as JSON; `from_json` reads it back to an equal record."""
        return _adapter().dump_json(self, exclude_defaults=True).decode()

    @classmethod
    def from_json(cls, text: str) -> Evidence:
        """The evidence that `to_json` wrote. Raises ValueError where it is not that."""
        return _adapter().validate_json(text)


@cache
def _adapter() -> TypeAdapter[Evidence]:
    # Building the validator costs milliseconds that a morning without record or workers need not spend.
    from pydantic import TypeAdapter

    return TypeAdapter(Evidence)
