"""What was seen, where, when?

Frozen records of what the witnesses said, before anybody judges them; JSON in and out. Texts from outside
are clean and bounded when they arrive here (`rollcall.text`); timestamps of a scheduler are kept as they were
written, because reading them is already an interpretation.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, Literal

from rollcall.errors import CannotLook, CauseCode

# With less than this, whatever is written next may be cut off.
LEAST_FREE = 50_000_000

if TYPE_CHECKING:
    from pydantic import TypeAdapter


@dataclass(frozen=True, slots=True, kw_only=True)
class NotSeen:
    """A witness that could not be asked, and why: what `CannotLook` leaves in the evidence."""

    code: CauseCode
    detail: str
    looked_at: datetime
    kind: Literal["not-seen"] = "not-seen"

    @classmethod
    def because(cls, problem: CannotLook, looked_at: datetime) -> NotSeen:
        """The record of that failure to look."""
        return cls(code=problem.code, detail=problem.detail, looked_at=looked_at)


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration:
    """One job as its scheduler lists it. Timestamps and status are the scheduler's own words."""

    id: str
    name: str = ""
    next_run: str | None = None
    last_execution: str | None = None
    last_status: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SchedulerSeen:
    """What a scheduler's status answered.

    `asked_at` and `answered_at` are this machine's clock, `server_at` the scheduler's own (HTTP `Date`; whole seconds,
    None where it sent none).
    """

    asked_at: datetime
    answered_at: datetime
    running: bool
    registrations: tuple[Registration, ...]
    server_at: datetime | None = None
    kind: Literal["scheduler"] = "scheduler"
    _by_id: dict[str, Registration] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """A thousand jobs are each asked for once."""
        # Of two with one id the first counts.
        object.__setattr__(self, "_by_id", {each.id: each for each in reversed(self.registrations)})

    def registration(self, job_id: str) -> Registration | None:
        """The job as the scheduler lists it, None where it does not."""
        return self._by_id.get(job_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseSeen:
    """What a scheduler's database says of it.

    `active` is None where it was not asked for or no row tells; `active_since` is the database's own words. The
    `executions` are what it has on record of each job, None where that was not asked for.
    """

    asked_at: datetime
    answered_at: datetime
    active: bool | None = None
    active_since: str | None = None
    executions: tuple[Registration, ...] | None = None
    kind: Literal["database"] = "database"

    def execution(self, job_id: str) -> Registration | None:
        """What is on record of the job, None where nothing is."""
        return next((each for each in self.executions or () if each.id == job_id), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """What was read of one output.

    `flaw` is why it does not parse as its format, None where it does. `found` tells of each text that was looked
    for whether it is there. `head` and `tail` are bounded and clean.
    """

    flaw: str | None = None
    found: Mapping[str, bool] = field(default_factory=dict)
    sha256: str = ""
    head: str = ""
    tail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FileSeen:
    """One file that matches a job's output. `stamp_at` is the instant its name tells, where it tells one.

    `unreadable` is why its content could not be looked at; `content` is None where nobody needed to look.
    """

    name: str
    size: int
    modified_at: datetime
    stamp_at: datetime | None = None
    content: Content | None = None
    unreadable: str | None = None
    is_regular: bool = True

    @property
    def made_at(self) -> datetime:
        """The output's instant: the stamp in its name, else its mtime (a checkout gives every file a new mtime)."""
        return self.stamp_at or self.modified_at


@dataclass(frozen=True, slots=True, kw_only=True)
class OutputSeen:
    """The files of one job's output: those since `since`, and the newest before, newest first.

    `matches` counts all that match, however old; `unstamped` names some that match the path but not the stamp;
    `later` are some made after the moment that is judged, and so no evidence for it. Of the disk below the folder
    `free_bytes` are left of `total_bytes`; None where it does not tell.
    """

    looked_at: datetime
    matches: int
    files: tuple[FileSeen, ...]
    unstamped: tuple[str, ...] = ()
    later: tuple[FileSeen, ...] = ()
    free_bytes: int | None = None
    total_bytes: int | None = None
    kind: Literal["output"] = "output"

    def room_wanted(self, min_size: int) -> int:
        """How many bytes should be free: 50 MB, ten outputs of `min_size`, or two as large as the newest."""
        newest = self.files[0].size if self.files else 0
        return max(LEAST_FREE, 10 * min_size, 2 * newest)


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """Everything that was seen: schedulers and their databases by the scheduler's id, outputs by the job's."""

    schedulers: Mapping[str, SchedulerSeen | NotSeen]
    outputs: Mapping[str, OutputSeen | NotSeen]
    databases: Mapping[str, DatabaseSeen | NotSeen] = field(default_factory=dict)

    def to_json(self) -> str:
        """The evidence as JSON; `from_json` reads it back to an equal record."""
        return _adapter().dump_json(self).decode()

    @classmethod
    def from_json(cls, text: str) -> Evidence:
        """The evidence that `to_json` wrote. Raises ValueError where it is not that."""
        return _adapter().validate_json(text)


@cache
def _adapter() -> TypeAdapter[Evidence]:
    # Building the validator costs milliseconds that a morning without record or workers need not spend.
    from pydantic import TypeAdapter

    return TypeAdapter(Evidence)
