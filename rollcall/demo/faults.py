"""What can go wrong in the demo, and by which real mechanism?

To add a fault: write what happens as a function of the stage, and give it a row in `FAULTS` with the instant
at which it happens. Break a part (the scheduler, the poet, the disk); never write a record or a result.
"""

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

if TYPE_CHECKING:  # the parent reads this table too and has no need of the packages of the service
    from rollcall.demo.stage import Stage

HAIKU = "generate_haiku_scheduled"


def at(day: int, hour: int, minute: int = 0) -> datetime:
    """An instant of February 2026 by Zurich's clocks, aware UTC."""
    return datetime(2026, 2, day, hour, minute, tzinfo=ZoneInfo("Europe/Zurich")).astimezone(UTC)


# What happens, in the order of the table below, whose rows tell the story.


def forget_the_scheduler(stage: "Stage") -> None:
    stage.run_by_hand(HAIKU)
    stage.run_until(at(10, 8, 55))
    stage.restart(restores=False)


def pause_the_scheduler(stage: "Stage") -> None:
    stage.backend.scheduler.pause()


def crash(stage: "Stage") -> None:
    stage.crash()


def break_the_database(stage: "Stage") -> None:
    with sqlite3.connect(stage.backend.store.path) as connection:
        connection.execute("ALTER TABLE scheduled_task_executions RENAME TO executions_old")
    connection.close()


def demand_a_token(stage: "Stage") -> None:
    stage.backend.token = "only the owner knows"


def remove_the_job(stage: "Stage") -> None:
    stage.backend.scheduler.remove_job(HAIKU)


def pause_the_job(stage: "Stage") -> None:
    stage.backend.scheduler.pause_job(HAIKU)


def sleep_a_while(stage: "Stage") -> None:
    stage.sleep(timedelta(minutes=20))


def run_by_hand(stage: "Stage") -> None:
    stage.run_by_hand(HAIKU)


def break_the_answers(stage: "Stage") -> None:
    def poet(day: date) -> str:
        raise KeyError("the answer of the AI has no field 'haikus'")

    stage.backend.work.poet = poet


def lose_the_ai(stage: "Stage") -> None:
    from rollcall.demo.poet import NoAnswerError

    def poet(day: date) -> str:
        raise NoAnswerError("429 quota exceeded")

    stage.backend.work.poet = poet


def repeat_yesterday(stage: "Stage") -> None:
    compose = stage.backend.work.poet
    stage.backend.work.poet = lambda day: compose(day - timedelta(days=1))


def move_the_output_folder(stage: "Stage") -> None:
    stage.backend.work.output_folder = stage.backend.work.output_folder.parent / "output"


def fill_the_disk(stage: "Stage") -> None:
    def create_only(path: Path, text: str) -> None:
        path.touch()

    stage.backend.work.write = create_only


def cut_the_json_export(stage: "Stage") -> None:
    write_whole = stage.backend.work.write
    stage.backend.work.write = lambda path, text: write_whole(path, text[: len(text) // 2])
    stage.run_until(at(10, 10, 5))
    stage.backend.work.write = write_whole


def lock_the_database(stage: "Stage") -> None:
    lock = sqlite3.connect(stage.backend.store.path, isolation_level=None)
    lock.execute("BEGIN EXCLUSIVE")
    stage.run_until(at(11, 6, 5))
    lock.close()


MORNING = at(11, 7, 2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One morning: what happens when, and when it is handed over."""

    story: str
    moments: tuple[tuple[datetime, Callable[["Stage"], None]], ...] = ()
    ready_at: datetime = MORNING
    timezone: str = "Europe/Zurich"  # of the scheduler
    clock_is_ahead: timedelta = timedelta()  # of everybody else's


GOOD = Fault(story="every job ran when it was due")

FAULTS = {
    # the service
    "scheduler-stopped": Fault(
        story="the incident of 10 February, in which somebody ran the haiku job by hand at 08:48, the backend"
        " was restarted at 08:55, restore_active_services() did not start the scheduler, and the database"
        " still says it is active",
        moments=((at(10, 8, 48), forget_the_scheduler),),
    ),
    "scheduler-stalled": Fault(
        story="the scheduler was paused on 10 February at 23:10; it says it is running, and runs nothing",
        moments=((at(10, 23, 10), pause_the_scheduler),),
    ),
    "scheduler-down": Fault(
        story="the backend crashed at 04:30 in the night and its port is closed",
        moments=((at(11, 4, 30), crash),),
    ),
    "scheduler-error": Fault(
        story="a migration at 07:01 renamed a table and the status now answers 500",
        moments=((at(11, 7, 1), break_the_database),),
    ),
    "access-denied": Fault(
        story="since 18:00 yesterday the backend asks for a token that the checks do not have",
        moments=((at(10, 18), demand_a_token),),
    ),
    "clock-skew": Fault(
        story="the clock of the service is 10 minutes ahead, so everything ran 10 minutes early",
        ready_at=at(11, 7, 12),
        clock_is_ahead=timedelta(minutes=10),
    ),
    "wrong-timezone": Fault(
        story="the scheduler counts in UTC, so every job runs an hour late by the clocks of Zurich",
        ready_at=at(11, 7, 32),
        timezone="UTC",
    ),
    # the haiku job
    "not-registered": Fault(
        story="a deploy on 10 February at 09:00 dropped the haiku job from the scheduler",
        moments=((at(10, 9), remove_the_job),),
    ),
    "job-paused": Fault(
        story="the haiku job was paused on 10 February at 21:14 and never resumed",
        moments=((at(10, 21, 14), pause_the_job),),
    ),
    "never-ran": Fault(
        story="the machine slept through every 06:00 so far, and APScheduler skips what it missed",
        moments=tuple((at(day, 5, 50), sleep_a_while) for day in range(1, 12)),
    ),
    "missed-run": Fault(
        story="the machine slept from 05:50 to 06:10 this morning and APScheduler skipped the run it missed",
        moments=((at(11, 5, 50), sleep_a_while),),
    ),
    "ran-late": Fault(
        story="the machine slept through 06:00 and somebody ran the haiku job by hand at 08:48",
        moments=((at(11, 5, 50), sleep_a_while), (at(11, 8, 48), run_by_hand)),
        ready_at=at(11, 8, 55),
    ),
    "run-failed": Fault(
        story="the AI answered in a new form and the haiku job failed on it",
        moments=((at(10, 22), break_the_answers),),
    ),
    "success-without-output": Fault(
        story="since a deploy at 22:00 the haiku job writes into another folder and reports success",
        moments=((at(10, 22), move_the_output_folder),),
    ),
    "unrecorded-run": Fault(
        story="the database was locked at 06:00: the haikus were written, the record was not",
        moments=((at(11, 5, 59), lock_the_database),),
    ),
    "empty-output": Fault(
        story="the disk was full at 06:00: the file of the haikus was created and stayed empty",
        moments=((at(10, 22), fill_the_disk),),
    ),
    "truncated-output": Fault(
        story="the disk filled up at 10:00 yesterday while the JSON export was written: half of it is there",
        moments=((at(10, 9, 55), cut_the_json_export),),
    ),
    "degraded-output": Fault(
        story="the AI was out of quota at 06:00: the haikus are fallback texts and the job reports success",
        moments=((at(10, 22), lose_the_ai),),
    ),
    "duplicate-output": Fault(
        story="the AI answered from a cache at 06:00: today's haikus are yesterday's",
        moments=((at(10, 22), repeat_yesterday),),
    ),
}
