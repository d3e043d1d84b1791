"""What may stand in jobs.toml beside its schedulers and jobs?"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import islice, pairwise
from pathlib import PurePath
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field, ValidationInfo, field_validator

from rollcall.roll.fields import Span, Table, Zone, clean_text, default
from rollcall.roll.job_table import Line
from rollcall.roll.telling import AlertTable, EvidenceTable, HistoryTable, ReportsTable, WatchTable
from rollcall.schedule import Engine, read_schedule
from rollcall.schedule.days_off import Window
from rollcall.times import parse_span, show_span

_UTC = ZoneInfo("UTC")
_ANY_TIME = datetime(2026, 1, 1, tzinfo=UTC)
_ENOUGH_WINDOWS = 100


def read_include(text: str) -> str:
    """A pattern of more files."""
    if not text or "\0" in text or PurePath(text).name in ("", ".", ".."):
        raise ValueError('names no file. Write such as "jobs.d/*.toml".')
    if "**" in text:
        raise ValueError('has "**", and no search goes to any depth. Write "*" for each folder, as in "*/*.toml".')
    return text


def _says_something(tags: tuple[str, ...] | None, found: ValidationInfo) -> tuple[str, ...] | None:
    if tags is None and [found.data.get(each, "") for each in ("owner", "severity")] == [None, None]:
        raise ValueError("nothing is said of these jobs. Write owner, severity or tags.")
    return tags


class WindowTable(Table):
    """Maintenance: runs due inside are not expected."""

    tag: Annotated[str, clean_text("the tag of the jobs that are meant")] | None = Field(
        None, description="For the jobs with that tag; for all where left out."
    )
    when: str = Field(description="When it begins: five cron fields, in the zone of the file.")
    lasts: Span = Field(description="How long it lasts.")
    reason: Annotated[str, clean_text("why nothing runs then")] = Field(min_length=1, description="Why.")

    @field_validator("when")
    @classmethod
    def _opens_at_times(cls, text: str) -> str:
        read_schedule(text, engine=Engine.CRON, zone=_UTC)
        return text

    @field_validator("lasts")
    @classmethod
    def _opens_and_closes(cls, span: timedelta, found: ValidationInfo) -> timedelta:
        if not span:
            raise ValueError('holds no run. Write such as "6 h".')
        if "when" not in found.data:
            return span
        opens = read_schedule(found.data["when"], engine=Engine.CRON, zone=_UTC)
        openings = islice(opens.due_between(_ANY_TIME, datetime.max.replace(tzinfo=UTC)), _ENOUGH_WINDOWS)
        longest = timedelta(0)
        for earlier, later in pairwise(openings):
            longest = max(longest, later - earlier)
            if longest > span:
                return span
        raise ValueError(
            f"never closes: it opens again {show_span(longest)} later, and nothing would be owed at all. Write less."
        )


class OwnersTable(Table):
    """Whose some jobs are, by their ids: what such a job does not say itself, and before any defaults."""

    jobs: tuple[Annotated[str, clean_text('the ids of jobs, such as "billing-*"')], ...] = Field(
        min_length=1, description="The ids of the jobs that are meant; * stands for any part of one."
    )
    owner: Line | None = Field(None, description="Who looks after them.")
    severity: Line | None = Field(None, description="How bad it is, in a word.")
    tags: Annotated[tuple[Annotated[str, clean_text("a tag")], ...] | None, AfterValidator(_says_something)] = Field(
        None, description="Words to select and to group by.", validate_default=True
    )


class FileTable(Table):
    """All of jobs.toml but what its schedulers and jobs say, which each kind and each job checks for itself."""

    timezone: Zone = Field(description="The zone of the schedules and of the report; never guessed.")
    look_back: Span = default("24 h", parse_span, "How far back due runs are judged.")
    include: tuple[Annotated[str, AfterValidator(read_include)], ...] = Field(
        (), description="More files of the same form, by their names or patterns; relative to this one."
    )
    defaults: dict[str, Any] = Field(default_factory=dict, description="What every job says unless it says otherwise.")
    reports: ReportsTable = Field(default_factory=ReportsTable, description="Where the reports go.")
    history: HistoryTable = Field(default_factory=HistoryTable, description="What is remembered, and how long.")
    evidence: EvidenceTable = Field(
        default_factory=EvidenceTable, description="Where hosts leave what they saw, and how old that may be."
    )
    alert: AlertTable | None = Field(None, description="Who hears of a change.")
    watch: WatchTable | None = Field(None, description="Who is alerted when Roll call itself did not run.")
    windows: tuple[WindowTable, ...] = Field((), description="Maintenance: runs due inside are not expected.")
    owners: tuple[OwnersTable, ...] = Field((), description="Whose jobs are, by their ids.")
    places: dict[str, dict[str, Any]] = Field(default_factory=dict, description="Where files lie.")
    schedulers: dict[str, dict[str, Any]] = Field(default_factory=dict, description="Who runs jobs.")
    jobs: dict[str, dict[str, Any]] = Field(default_factory=dict, description="What should run, and when.")

    @property
    def maintenance(self) -> tuple[Window, ...]:
        """Its windows, in its zone."""
        return tuple(
            Window(
                opens=read_schedule(each.when, engine=Engine.CRON, zone=self.timezone),
                lasts=each.lasts,
                reason=each.reason,
                tag=each.tag,
            )
            for each in self.windows
        )
