"""Which jobs does a scheduler declare by listing them?

Where `declare` says so, what is listed is declared as it is listed. What mornings before remember of it stays declared:
or a job that vanished there would be missed by nobody.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from rollcall.evidence import JobListed, NotSeen, SchedulerSeen
from rollcall.roll.scheduler import Scheduler
from rollcall.schedule import read_schedule
from rollcall.times import parse_span

# A span where a schedule belongs, as Kubernetes and Healthchecks have it.
_EVERY = re.compile(r"@?every (.+)")
_LEAST = timedelta(minutes=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """What a scheduler lists now, None where it could not be asked, and what mornings before remember of it."""

    jobs: tuple[JobListed, ...] | None = None
    remembered: tuple[JobListed, ...] = ()

    @classmethod
    def of(cls, seen: SchedulerSeen | NotSeen | None, remembered: Iterable[JobListed] = ()) -> Listing:
        """The listing in that answer."""
        return cls(jobs=seen.jobs if isinstance(seen, SchedulerSeen) else None, remembered=tuple(remembered))

    def declared(self, scheduler: Scheduler) -> tuple[JobListed, ...]:
        """Each job that it declares, as it is listed, or as it was last.

        One whose schedule is none, or none that its engine reads, is declared by nobody: that it is listed is said. One
        that had another before is held against that: nobody took it out.
        """
        told = (each for each in (*self.remembered, *reversed(self.jobs or ())) if scheduler.declares(each.id))
        known = {each.id: each for each in told if each.schedule and _is_due(each, scheduler)}
        return tuple(known.values())

    def to_remember(self, scheduler: Scheduler) -> tuple[JobListed, ...]:
        """The same with no more than a later morning needs of it."""
        return tuple(
            replace(each, next_run=None, paused=None, runs_since=None, refused=None, says="")
            for each in self.declared(scheduler)
        )

    def rescheduled(self, scheduler: Scheduler) -> Iterator[tuple[JobListed, JobListed]]:
        """What was remembered and what is listed now, of each job that it declares with another schedule."""
        then = {each.id: each for each in self.remembered}
        for each in self.declared(scheduler):
            was = then.get(each.id, each)
            if (was.schedule, was.zone) != (each.schedule, each.zone):
                yield was, each


class ByListing:
    """The tables of jobs that schedulers declare by listing them, to be laid under those that jobs.toml has of them."""

    def __init__(self, declaring: Iterable[Scheduler], listings: Mapping[str, Listing]) -> None:
        self._declaring = tuple(declaring)
        self._unasked = {each.id for each in self._declaring if listings.get(each.id, Listing()).jobs is None}
        self._tables = {
            (each.id, listed.id): _as_table(listed, each)
            for each in self._declaring
            for listed in listings.get(each.id, Listing()).declared(each)
        }

    def __bool__(self) -> bool:
        """True where any scheduler declares jobs so."""
        return bool(self._declaring)

    def take(self, scheduler: object, name: object) -> Mapping[str, Any] | None:
        """What is listed of the job of that name there, or, where no scheduler is named, by the one that declares it.

        Nothing where none declares it; None where one might, and could not be asked.
        """
        asked = [each.id for each in self._declaring if scheduler in (None, each.id) and each.declares(str(name))]
        for each in asked:
            if table := self._tables.pop((each, str(name)), None):
                return table
        return None if self._unasked.intersection(asked) else {}

    def might_declare(self, name: str) -> bool:
        """True where a scheduler that could not be asked may list a job of that id."""
        unasked = (each for each in self._declaring if each.id in self._unasked)
        return any(each.declares(name) or each.declares(name.removeprefix(f"{each.id}/")) for each in unasked)

    @property
    def is_whole(self) -> bool:
        """True where each could be asked."""
        return not self._unasked

    def left(self) -> Iterator[tuple[str, str, dict[str, Any]]]:
        """The others: an id, the scheduler and the table of each. Several that declare one name are told apart."""
        for (scheduler, name), table in self._tables.items():
            is_shared = sum(each.declares(name) for each in self._declaring) > 1
            yield f"{scheduler}/{name}" if is_shared else name, scheduler, table


def _is_due(listed: JobListed, scheduler: Scheduler) -> bool:
    try:
        zone = scheduler.zone if listed.zone is None else ZoneInfo(listed.zone)
        if every := _every(listed):
            return parse_span(every) >= _LEAST
        read_schedule(listed.schedule or "", engine=scheduler.engine, zone=zone)
    except (ValueError, OSError, ZoneInfoNotFoundError):
        return False
    return True


def _every(listed: JobListed) -> str | None:
    """The span that its schedule names in place of fields; None where it names none."""
    found = _EVERY.fullmatch(listed.schedule or "")
    return found[1] if found else None


def _as_table(listed: JobListed, scheduler: Scheduler) -> dict[str, Any]:
    every = _every(listed)
    said = {
        "scheduler": scheduler.id,
        "name": listed.id,
        "title": listed.name or listed.id,
        "schedule": None if every else listed.schedule,
        "every": every,
        "timezone": listed.zone,
        "jitter": listed.jitter,
        "tags": list(listed.tags) or None,
    }
    return {key: value for key, value in said.items() if value is not None}
