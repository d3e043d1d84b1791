"""What does an answer of `kubectl get … -o json` hold of CronJobs, Jobs and their pods?

Of each object what tells of a run is kept, and the rest is let go at once. Fields as in the API reference, batch/v1 and
core/v1; what is no such value there is reported with its place.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from rollcall.schedulers.reading import Reader
from rollcall.sources.expressions import ABSENT
from rollcall.text import clean
from rollcall.times import EPOCH, bounded, read_timestamp

VERSION = "batch/v1"
_DUE = "batch.kubernetes.io/cronjob-scheduled-timestamp"
_BY_HAND = "cronjob.kubernetes.io/instantiate"
# The name of a Job that its CronJob made ends with the minutes since 1970 of its due time; before 1.21 the seconds.
_SUFFIX = re.compile(r"-(\d{8}|\d{10})")
_ZONE = re.compile(r"(?:CRON_)?TZ=(\S+)\s+(.*)")
# How Go writes the span of "@every".
_SPAN = re.compile(r"(\d+(?:\.\d+)?)(h|m|s)")
_UNITS = {"h": "h", "m": "min", "s": "s"}
# The defaults of the API.
_KEEPS_SUCCESSFUL, _KEEPS_FAILED = 3, 1
# A pod waits in these states without anything being wrong.
_BEGINNING = ("ContainerCreating", "PodInitializing")


@dataclass(frozen=True, slots=True, kw_only=True)
class CronJob:
    """One CronJob. Times are as they are written; `deadline` and `keeps_for` are seconds."""

    id: str
    name: str
    schedule: str
    zone: str | None
    is_suspended: bool
    policy: str
    deadline: int | None
    keeps_successful: int
    keeps_failed: int
    keeps_for: int | None
    tags: tuple[str, ...]
    created: str | None
    scheduled: str | None
    succeeded: str | None
    active: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One Job; `owner` is the CronJob that made it, as namespace and name, and `due` the time that it is for.

    `conditions` are those that are true, with their reason and since when.
    """

    id: str
    name: str
    owner: str | None
    is_owned: bool
    by_hand: bool
    due: str | None
    created: str | None
    started: str | None
    completed: str | None
    failed: int
    failed_indexes: str
    conditions: Mapping[str, tuple[str, str | None]]
    is_suspended: bool
    tags: tuple[str, ...] = ()

    @property
    def is_good(self) -> bool:
        """True where it is complete."""
        return "Complete" in self.conditions

    @property
    def is_bad(self) -> bool:
        """True where it has failed."""
        return "Failed" in self.conditions

    @property
    def is_over(self) -> bool:
        """True where it has ended."""
        return self.is_good or self.is_bad

    @property
    def ended(self) -> str | None:
        """When it ended; a failed one has no completion time."""
        over = self.conditions.get("Complete") or self.conditions.get("Failed")
        return (self.completed if self.is_good else None) or (over[1] if over else None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pod:
    """One pod of the Job `job`: whether anything of it has run, and in short what is wrong with it."""

    job: str
    has_begun: bool
    is_good: bool
    started: str | None
    wrong: tuple[str, ...]


def at(value: Any, *names: str) -> Any:
    """What stands there; None where that leads nowhere."""
    for name in names:
        value = value.get(name) if isinstance(value, dict) else None
    return value


def instant(text: str | None) -> datetime | None:
    """A timestamp of the API, read; None where there is none that can be."""
    with suppress(ValueError):
        return read_timestamp(text).at if text else None
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Objects:
    """Reads one object after the other; each method raises `CannotLook` where one is none of its kind."""

    reader: Reader

    def cron_job(self, item: Any) -> CronJob:
        """What is kept of a CronJob."""
        namespace, name, place = self._whose(item)
        schedule = self._text(item, place, "spec", "schedule") or ""
        zone = self._text(item, place, "spec", "timeZone")
        if prefix := _ZONE.fullmatch(schedule):
            # No longer allowed, and where it stands it counts.
            zone, schedule = prefix.groups()
        active = at(item, "status", "active")
        return CronJob(
            id=f"{namespace}/{name}",
            name=name,
            schedule=_plain(schedule),
            zone=zone,
            is_suspended=at(item, "spec", "suspend") is True,
            policy=self._text(item, place, "spec", "concurrencyPolicy") or "Allow",
            deadline=self.reader.count(at(item, "spec", "startingDeadlineSeconds")),
            keeps_successful=self._limit(item, "successfulJobsHistoryLimit", _KEEPS_SUCCESSFUL),
            keeps_failed=self._limit(item, "failedJobsHistoryLimit", _KEEPS_FAILED),
            keeps_for=self.reader.count(at(item, "spec", "jobTemplate", "spec", "ttlSecondsAfterFinished")),
            tags=self.reader.tags(at(item, "metadata", "labels"), place),
            created=self._time(item, place, "metadata", "creationTimestamp"),
            scheduled=self._time(item, place, "status", "lastScheduleTime"),
            succeeded=self._time(item, place, "status", "lastSuccessfulTime"),
            active=frozenset(str(at(each, "name")) for each in active) if isinstance(active, list) else frozenset(),
        )

    def job(self, item: Any) -> Job:
        """What is kept of a Job."""
        namespace, name, place = self._whose(item)
        owners = [each for each in _list(at(item, "metadata", "ownerReferences")) if isinstance(each, dict)]
        cron = next((str(at(each, "name")) for each in owners if at(each, "kind") == "CronJob"), None)
        by_hand = at(item, "metadata", "annotations", _BY_HAND) is not None
        due = self._time(item, place, "metadata", "annotations", _DUE)
        if due is None and cron and not by_hand:
            due = _due_by_name(name, cron)
        conditions = [each for each in _list(at(item, "status", "conditions")) if at(each, "status") == "True"]
        return Job(
            id=f"{namespace}/{name}",
            name=name,
            owner=f"{namespace}/{cron}" if cron else None,
            is_owned=bool(owners),
            by_hand=by_hand,
            due=None if by_hand else due,
            created=self._time(item, place, "metadata", "creationTimestamp"),
            started=self._time(item, place, "status", "startTime"),
            completed=self._time(item, place, "status", "completionTime"),
            failed=self.reader.count(at(item, "status", "failed")) or 0,
            failed_indexes=self._text(item, place, "status", "failedIndexes") or "",
            conditions={
                self._text(each, place, "type") or "": (
                    self._text(each, place, "reason") or "",
                    self._time(each, place, "lastTransitionTime"),
                )
                for each in conditions
            },
            is_suspended=at(item, "spec", "suspend") is True,
            tags=self.reader.tags(at(item, "metadata", "labels"), place),
        )

    def pod(self, item: Any) -> Pod | None:
        """What is kept of a pod; None where it is of no Job."""
        owners = _list(at(item, "metadata", "ownerReferences"))
        job = next((at(each, "name") for each in owners if at(each, "kind") == "Job"), None)
        if not isinstance(job, str):
            return None
        namespace, _, place = self._whose(item)
        status = at(item, "status")
        containers = [
            each
            for kind in ("initContainerStatuses", "containerStatuses")
            for each in _list(at(status, kind))
            if isinstance(each, dict)
        ]
        phase = at(status, "phase")
        has_run = [each for each in containers if _ran(each)]
        return Pod(
            job=f"{namespace}/{job}",
            has_begun=bool(has_run) or phase in ("Succeeded", "Failed"),
            is_good=phase == "Succeeded",
            started=self._time(item, place, "status", "startTime"),
            wrong=tuple(dict.fromkeys(clean(each, 160) for each in self._wrong(item, containers))),
        )

    def _wrong(self, item: Any, containers: Iterable[Any]) -> Iterable[str]:
        status = at(item, "status")
        if said := at(status, "reason"):
            yield str(said)  # Evicted, NodeLost
        for each in _list(at(status, "conditions")):
            if at(each, "type") == "PodScheduled" and at(each, "status") == "False":
                why = at(each, "message")
                yield f"{at(each, 'reason') or 'not scheduled'}{f': {why}' if why else ''}"
        for each in containers:
            waits = at(each, "state", "waiting", "reason")
            if waits and waits not in _BEGINNING:
                yield str(waits)  # ImagePullBackOff, CrashLoopBackOff, CreateContainerConfigError
            for ended in (at(each, "state", "terminated"), at(each, "lastState", "terminated")):
                code = at(ended, "exitCode")
                if at(ended, "reason") == "OOMKilled":
                    yield "OOMKilled"
                elif isinstance(code, int) and code:
                    yield f"exit status {code}"

    # Values -----------------------------------------------------------------------------------------------------------

    def _whose(self, item: Any) -> tuple[str, str, str]:
        place = clean(f"{at(item, 'kind') or 'an item'} {at(item, 'metadata', 'name')}", 80)
        namespace, name = (
            self.reader.id(ABSENT if value is None else value, f"{place}: metadata.{key}")
            for key in ("namespace", "name")
            for value in (at(item, "metadata", key),)
        )
        return namespace, name, place

    def _text(self, item: Any, place: str, *names: str) -> str | None:
        value = at(item, *names)
        return None if value is None else self.reader.text(value, f"{place}: {'.'.join(names)}")

    def _time(self, item: Any, place: str, *names: str) -> str | None:
        value = at(item, *names)
        return None if value is None else self.reader.time(value, f"{place}: {'.'.join(names)}")

    def _limit(self, item: Any, name: str, usual: int) -> int:
        value = self.reader.count(at(item, "spec", name))
        return usual if value is None else value


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _ran(container: Any) -> bool:
    states = (("state", "running"), ("state", "terminated"), ("lastState", "terminated"))
    return bool(at(container, "restartCount")) or any(at(container, *each) is not None for each in states)


def _plain(schedule: str) -> str:
    """The schedule with the span of "@every" as everybody writes it."""
    if not schedule.startswith("@every "):
        return schedule
    parts = _SPAN.findall(schedule)
    return "@every " + " ".join(f"{number} {_UNITS[unit]}" for number, unit in parts) if parts else schedule


def _due_by_name(name: str, cron: str) -> str | None:
    """The due time in the name of a Job, which is as old as its CronJob's controller is; None where it holds none."""
    found = _SUFFIX.fullmatch(name.removeprefix(cron)) if name.startswith(cron) else None
    if found is None:
        return None
    count = int(found[1]) * (60 if len(found[1]) == 8 else 1)
    return bounded(EPOCH + timedelta(seconds=count)).isoformat()
