"""The DAGs of `test_airflow.py`: each does one thing. Airflow itself reads this file.

What is due when, its test says by the environment: `DUE`, `DUE_LATER` and `DUE_BEFORE` are five fields in UTC, and
nothing was due since `STARTS` when it begins. `FLAG` is a file that is there once what was broken is fixed, `OVER` one
that is there once all is over.
"""

# What it imports is installed for the engine alone.
# mypy: ignore-errors

import os
from datetime import UTC, datetime, timedelta
from typing import Any

from airflow.providers.standard.operators.bash import BashOperator
from airflow.sdk import DAG, Asset
from airflow.timetables.trigger import CronTriggerTimetable

DUE, DUE_LATER, DUE_BEFORE = os.environ["DUE"], os.environ["DUE_LATER"], os.environ["DUE_BEFORE"]
FIXED = f'[ -e "{os.environ["FLAG"]}" ]'
STARTS, LONG_AGO = datetime.fromisoformat(os.environ["STARTS"]), datetime(2026, 1, 1, tzinfo=UTC)
UNTIL_ALL_IS_OVER = f'until [ -e "{os.environ["OVER"]}" ]; do sleep 1; done'
GOODS = Asset("goods")


def dag(name: str, schedule: Any, does: str = "true", *, outlets: Any = (), **how: Any) -> DAG:
    """A DAG of one task."""
    started = {"start_date": STARTS, "catchup": False, "is_paused_upon_creation": False, **how}
    with DAG(name, schedule=schedule, **started) as made:
        BashOperator(task_id="step", bash_command=does, outlets=list(outlets))
    globals()[name] = made
    return made


dag("good", DUE, tags=["nightly"], outlets=[GOODS])
dag("in_zurich", CronTriggerTimetable(os.environ["DUE_IN_ZURICH"], timezone="Europe/Zurich"))
dag("bad", DUE, "exit 3")
dag("slow", DUE, "sleep 65")
dag("hung", DUE, UNTIL_ALL_IS_OVER)
# Yesterday's run is made up for as soon as it is read, and is in the way of today's.
dag("held_up", DUE, UNTIL_ALL_IS_OVER, start_date=LONG_AGO, max_active_runs=1)
dag("paused", DUE, is_paused_upon_creation=True)
retries = {"retries": 1, "retry_delay": timedelta(seconds=1)}
dag("retried", DUE, "[ {{ ti.try_number }} -gt 1 ]", default_args=retries)
dag("cleared", DUE, FIXED)
dag("by_hand", DUE, FIXED)
dag("backfilled", DUE_BEFORE)
dag("after_good", [GOODS])
dag("called", None)
dag("late", DUE_LATER)

with dag("partly", DUE, "exit 1") as partly:
    BashOperator(task_id="end", bash_command="true", trigger_rule="all_done").set_upstream(partly.get_task("step"))
