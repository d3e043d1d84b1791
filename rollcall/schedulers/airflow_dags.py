"""What does Airflow say of one DAG, and when is that due?

Its API tells the fields of a schedule and not their zone: `timezone` of a DAG's details is UTC whatever the DAG has
(measured, 3.3). But it tells instants at which the DAG is due, which fit the fields in the right zone alone; where they
fit in several, those agree until clocks change, and are looked at anew each morning.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from rollcall.evidence import JobListed
from rollcall.schedule import Engine, Schedule, read_schedule
from rollcall.schedulers.over_json import Answers
from rollcall.sources.expressions import ABSENT

_FIELDS = {"id": "dag_id", "name": "dag_display_name", "paused": "is_paused", "next_run": "next_dagrun_run_after"}
# Before the fields of a DAG that is due by both.
_BY_ASSETS_TOO = "Asset or "
_BY_ASSETS = ("Asset", "Partitioned Asset")
# So many of its due times are held against a zone.
_MOST_DUE_TIMES = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Dag:
    """One DAG as it is listed, its schedule not yet read.

    `text` is what Airflow says of its schedule, None where it has none. It `is_stale` where it is no more in its file,
    or that cannot be read; then it `is_broken` as well.
    """

    job: JobListed
    text: str | None
    is_stale: bool
    is_broken: bool
    bundle: Any
    file: Any

    @property
    def has_its_own_time(self) -> bool:
        """False of one that only assets, other DAGs or people start."""
        return self.text is not None and self.text not in _BY_ASSETS


def dag_of(answers: Answers, row: Mapping[str, Any], place: str) -> Dag:
    """The DAG of that row of the list. Raises `CannotLook`."""
    listed = row.get("tags")
    tags = [each.get("name") for each in listed if isinstance(each, dict)] if isinstance(listed, list) else []
    entry = answers.entry(row, place, {**_FIELDS, "tags": "tags", "schedule": "timetable_summary"}, tags=tags)
    said = entry.read_all()
    text = said.pop("schedule", None)
    untold = tuple(name for name in ("next_run", "paused") if entry.values[name] is ABSENT)
    dag = Dag(
        job=JobListed(**said, untold=untold),
        text=text,
        is_stale=row.get("is_stale") is True,
        is_broken=row.get("has_import_errors") is True,
        bundle=row.get("bundle_name"),
        file=row.get("relative_fileloc"),
    )
    return dag if dag.has_its_own_time else replace(dag, job=replace(dag.job, untold=(*untold, "schedule")))


def schedule_of(dag: Dag, due: Iterable[datetime], zones: Iterable[ZoneInfo]) -> tuple[str | None, str | None]:
    """Its five fields and the first of `zones` in which it is due at all of these times.

    Nothing of one that has no such fields, or that fits none of them: to guess would call a good DAG missed.
    """
    fields, times = (dag.text or "").removeprefix(_BY_ASSETS_TOO), list(due)[:_MOST_DUE_TIMES]
    if not times:
        return None, None
    for zone in zones:
        schedule = _read(fields, zone)
        if schedule and all(schedule.is_due_at(at) for at in times):
            return fields, zone.key
    return None, None


def _read(fields: str, zone: ZoneInfo) -> Schedule | None:
    try:
        return read_schedule(fields, engine=Engine.AIRFLOW, zone=zone)
    except ValueError:
        return None
