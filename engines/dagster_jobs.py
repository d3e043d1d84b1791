"""What the schedules of engines/test_dagster.py do: loaded by Dagster's own Python, which is told when they are due."""

# What it imports is installed for the engine alone.
# mypy: ignore-errors

import os
import time
from pathlib import Path
from typing import Any

from dagster import (
    DefaultScheduleStatus,
    Definitions,
    ScheduleDefinition,
    ScheduleEvaluationContext,
    SkipReason,
    job,
    op,
    schedule,
)

DUE, OTHER = os.environ["ENGINE_DUE"], os.environ["ENGINE_OTHER"]
SEEN = Path(os.environ["DAGSTER_HOME"])
ON, OFF = DefaultScheduleStatus.RUNNING, DefaultScheduleStatus.STOPPED


@op
def done_well() -> None:
    """Ends well."""


@op
def done_badly() -> None:
    raise RuntimeError("no rates today")


@op
def hang() -> None:
    time.sleep(3600)


@op
def done_at_the_second_try() -> None:
    mark = SEEN / "tried"
    if not mark.exists():
        mark.touch()
        raise RuntimeError("connection reset")


@op
def done_by_hand() -> None:
    if not (SEEN / "repaired").exists():
        raise RuntimeError("no disk space")


@job
def well() -> None:
    done_well()


@job
def badly() -> None:
    done_badly()


@job
def hangs() -> None:
    hang()


@job(tags={"dagster/max_retries": "1"})
def second_try() -> None:
    done_at_the_second_try()


@job
def repaired() -> None:
    done_by_hand()


@job(tags={"no_room": "1"})
def waits() -> None:
    done_well()


@job
def skipped() -> None:
    done_well()


@schedule(job=skipped, cron_schedule=DUE, default_status=ON)
def skips(context: ScheduleEvaluationContext) -> Any:
    return SkipReason("nothing new since yesterday")


@schedule(job=skipped, cron_schedule=DUE, default_status=ON)
def raises(context: ScheduleEvaluationContext) -> Any:
    raise ValueError("no such partition")


def due(name: str, what: Any, cron: str = DUE, status: DefaultScheduleStatus = ON) -> ScheduleDefinition:
    return ScheduleDefinition(name=name, job=what, cron_schedule=cron, default_status=status)


defs = Definitions(
    jobs=[well, badly, hangs, second_try, repaired, waits, skipped],
    schedules=[
        due("good", well),
        due("bad", badly),
        due("hung", hangs),
        due("retried", second_try),
        due("made_good", repaired),
        due("queued", waits),
        due("paused", well, status=OFF),
        due("missed", well, status=OFF),
        due("moved", well, OTHER),
        due("late", well, os.environ["ENGINE_LATE"]),
        skips,
        raises,
    ],
)
