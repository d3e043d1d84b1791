"""What runs of DAGs do Airflow's answers tell of?

A run that was cleared is one that somebody asked for again: Airflow forgets when it began first, but not when the tries
of its tasks did. A run can be a success with failed tasks in it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

from rollcall.evidence import Outcome, RunSeen
from rollcall.roll.scheduler import Words
from rollcall.schedulers.airflow_pages import Row
from rollcall.schedulers.over_json import Answers
from rollcall.text import counted, listed
from rollcall.times import read_timestamp

Key = tuple[Any, Any]

BY_SCHEDULE = "scheduled"
# Of these `run_after` is the time that they are for; of all others that at which somebody asked for them.
_FOR_A_DUE_TIME = (BY_SCHEDULE, "backfill")
_FIELDS = {"job": "dag_id", "started": "start_date", "ended": "end_date", "status": "state"}
_FAILED = ("failed", "upstream_failed")
# A run is queued within seconds of its due time; a scheduler that was down, or somebody who cleared it, does so later.
_LATE = timedelta(seconds=10)


def key_of(row: Row) -> Key:
    """What names a run, or the run of a task: the id of a run is only unique with its DAG."""
    return row.get("dag_id"), row.get("dag_run_id")


def instant(value: Any) -> datetime | None:
    """A time of an answer, None for whatever is none."""
    with suppress(ValueError):
        return read_timestamp(value).at if isinstance(value, str) else None
    return None


def may_be_cleared(row: Row) -> bool:
    """True of a run by schedule that was queued, and has not begun before that, long after it was due."""
    queued, started, due = (instant(row.get(name)) for name in ("queued_at", "start_date", "run_after"))
    if row.get("run_type") != BY_SCHEDULE or queued is None or due is None or queued - due < _LATE:
        return False
    return started is None or started >= queued


def run_of(answers: Answers, row: Row, place: str, words: Words, has_its_own_time: bool, ui: str) -> RunSeen:
    """The run of that row. Raises `CannotLook`.

    Who starts a DAG that has no time of its own nobody tells: another DAG, or somebody.
    """
    kind, fields = row.get("run_type"), dict(_FIELDS)
    if kind in _FOR_A_DUE_TIME:
        fields["due"] = "run_after"
    said = answers.entry(row, place, fields).read_all()
    word = said.pop("status", None)
    by_schedule = True if kind == BY_SCHEDULE else False if has_its_own_time or kind == "backfill" else None
    link = f"{ui}/dags/{quote(said['job'], safe='')}/runs/{quote(str(row.get('dag_run_id')), safe='')}"
    if by_schedule is None and "started" not in said:
        # It has not begun: when it was asked for is all that there is.
        said["due"] = answers.reader.time(row.get("run_after"), f"{place}.run_after")
    return RunSeen(word=word, outcome=words.outcome(word), by_schedule=by_schedule, link=link, **said)


def with_failed_tasks(run: RunSeen, tasks: Iterable[Row], answers: Answers) -> RunSeen:
    """The run with the tasks that failed in it: a success did its work, and not all of it."""
    names = list(dict.fromkeys(answers.reader.secrets.clean(str(each.get("task_id")), 80) for each in tasks))
    says = f"{counted(len(names), 'task')} failed in it: {listed(names, 3)}"
    match run.outcome:
        case Outcome.SUCCESS if names:
            return replace(run, word=f"{run.word}, and {says}", outcome=Outcome.PARTIAL)
        case Outcome.FAILED if names:
            return replace(run, says=says)
    return run


def attempts_of(run: RunSeen, queued_at: datetime, tries: Iterable[Row]) -> Iterator[RunSeen]:
    """The run as it began first, by the tries of its tasks before it was queued again, and as it was run again."""
    before = [each for each in tries if (at := instant(each.get("start_date"))) and at < queued_at]
    if not before:
        yield run
        return
    states = {each.get("state") for each in before}
    started = min((each["start_date"] for each in before), key=lambda text: instant(text) or queued_at)
    ended = [each["end_date"] for each in before if instant(each.get("end_date"))]
    if ended and (states.intersection(_FAILED) or states <= {"success", "skipped"}):
        outcome = Outcome.FAILED if states.intersection(_FAILED) else Outcome.SUCCESS
        last = max(ended, key=lambda text: instant(text) or queued_at)
        yield replace(run, started=started, ended=last, word=outcome.value, outcome=outcome, attempt=1)
    yield replace(run, by_schedule=False)
