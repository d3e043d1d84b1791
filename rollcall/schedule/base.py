"""What can every schedule be asked?"""

from collections.abc import Iterator
from datetime import datetime
from enum import StrEnum
from typing import Protocol
from zoneinfo import ZoneInfo


class Engine(StrEnum):
    """Whose arithmetic a schedule follows: engines disagree on weekday numbers and on clock changes."""

    CRON = "cron"
    APSCHEDULER = "apscheduler"
    KUBERNETES = "kubernetes"
    AIRFLOW = "airflow"
    SYSTEMD = "systemd"


class Schedule(Protocol):
    """When a job is due. Instants given are aware, instants returned are aware UTC."""

    @property
    def text(self) -> str:
        """The schedule as declared."""

    @property
    def zone(self) -> ZoneInfo:
        """The zone in whose clock the schedule is written."""

    @property
    def engine(self) -> Engine:
        """The engine that runs it."""

    def last_due(self, at: datetime) -> datetime | None:
        """The newest due instant at or before `at`; None where there never was one."""

    def next_due(self, after: datetime) -> datetime | None:
        """The first due instant strictly after `after`; None where there is none."""

    def due_between(self, start: datetime, end: datetime) -> Iterator[datetime]:
        """The due instants of `start < due <= end`, oldest first; adjoining stretches hold each due run once."""

    def due_after(self, due: datetime) -> Iterator[datetime]:
        """The due instants that follow `due`, which must be one: cheaper than `due_between`, and endless."""
        ...

    def is_due_at(self, at: datetime) -> bool:
        """Whether the engine may start a run at exactly `at`."""

    def in_words(self) -> str:
        """The schedule for people: "every day at 06:00"."""

    def __hash__(self) -> int:
        """Schedules are frozen: what one answered can be kept."""
