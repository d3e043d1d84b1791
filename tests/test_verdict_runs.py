"""What do runs on record prove: begun, ended, tried again, run by hand, left out, and how far back?

The job `load` is due at 06:00, to start by 06:15, to take at most 10 minutes. In Zurich clocks change on 29 March and
25 October 2026.
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from fixtures.one_morning import Told, at, haiku_job, morning, scheduler_of
from rollcall.evidence import JobListed, RunSeen, SchedulerSeen
from rollcall.remedy.missed import why_not
from rollcall.roll.job import Job
from rollcall.verdict.findings import Check
from rollcall.vocabulary import CauseCode

TABLE: dict[str, Any] = {
    "kind": "json",
    "url": "http://localhost:4200",
    "status": "/api",
    "jobs": {"each": "jobs", "id": "id", "next_run": "next", "paused": "paused"},
    "runs": {
        "each": "runs",
        "job": "job",
        "due": "due",
        "started": "start",
        "ended": "end",
        "status": "state",
        "attempt": "attempt",
        "by_schedule": "auto",
    },
    "words": {
        "success": ["done"],
        "partial": ["done with warnings"],
        "failed": ["crashed"],
        "running": ["running"],
        "waiting": ["pending"],
        "skipped": ["skipped"],
    },
}
ETL = scheduler_of("etl", TABLE)
DAYS = [("2026-02-11", "+01:00"), ("2026-03-29", "+02:00"), ("2026-10-25", "+01:00")]
TICK = timedelta(microseconds=1)


def ran(
    start: str | None = "2026-02-11T06:00:05+01:00",
    end: str | None = "2026-02-11T06:05:00+01:00",
    word: str | None = "done",
    **more: Any,
) -> RunSeen:
    """A run by schedule; `more` are the fields of a RunSeen."""
    known: dict[str, Any] = {"job": "load", "by_schedule": True, "outcome": ETL.words.outcome(word)}
    return RunSeen(started=start, ended=end, word=word, **(known | more))


def by_hand(start: str, end: str | None, word: str = "done", **more: Any) -> RunSeen:
    return ran(start, end, word, by_schedule=False, **more)


def told(
    *runs: RunSeen,
    now: str = "2026-02-11T07:00+01:00",
    runs_since: str | None = None,
    job: Job | None = None,
    **words: Any,
) -> Told:
    """A morning of the job `load`; `words` are those of its table in jobs.toml."""
    known: dict[str, Any] = {"id": "load", "scheduler": ETL, "has_output": False}
    since = runs_since or (at(now) - timedelta(hours=5)).isoformat()
    return morning(now=now, runs=runs, runs_since=since, job=job or haiku_job(**(known | words)))


def said(morning: Told) -> tuple[str, str | None, bool]:
    """The verdict, the cause, and whether anybody must look."""
    return morning.job.verdict.value, morning.code, morning.job.needs_a_person


# Whose run it is ------------------------------------------------------------------------------------------------------


def test_a_run_belongs_to_the_due_time_that_it_names_however_late_it_began() -> None:
    late = ran("2026-02-12T03:00+01:00", "2026-02-12T03:05+01:00", due="2026-02-11T05:00Z")
    morning = told(late, now="2026-02-12T05:00+01:00", runs_since="2026-02-11T03:00+01:00")

    assert morning.job.due_run is not None
    assert morning.job.due_run.due_at == at("2026-02-11T06:00+01:00")
    assert said(morning) == ("late", CauseCode.STARTED_LATE, True)


def test_a_run_begun_by_hand_before_the_due_time_does_not_answer_for_it() -> None:
    """It ended after 06:00, which an end alone would take for the run of 06:00."""
    early = by_hand("2026-02-11T05:55+01:00", "2026-02-11T06:02+01:00")

    assert said(told(early)) == ("missed", CauseCode.MISSED_RUN, True)


@pytest.mark.parametrize(
    ("start", "verdict"),
    [
        ("2026-02-11T05:59:49.999999+01:00", "missed"),
        ("2026-02-11T05:59:50+01:00", "ok"),
        ("2026-02-11T06:00+01:00", "ok"),
    ],
)
def test_clocks_may_differ_by_ten_seconds(start: str, verdict: str) -> None:
    assert told(ran(start, "2026-02-11T06:05+01:00")).job.verdict == verdict


# Start, duration and end ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("day", "offset"), DAYS)
@pytest.mark.parametrize(
    ("start", "end", "words", "result"),
    [
        ("06:15:00", "06:20", {}, ("ok", None, False)),
        ("06:15:00.000001", "06:20", {}, ("ok", CauseCode.STARTED_LATE, False)),
        ("06:15:00.000001", "06:20", {"late_start": "fail"}, ("late", CauseCode.STARTED_LATE, True)),
        ("06:20", "06:25:00", {}, ("ok", CauseCode.STARTED_LATE, False)),
        ("06:20", "06:25:00.000001", {}, ("late", CauseCode.STARTED_LATE, True)),
        ("06:20", "06:25:00.000001", {"late": "warn"}, ("late", CauseCode.STARTED_LATE, False)),
        ("06:00", "06:10:00", {}, ("ok", None, False)),
        ("06:00", "06:10:00.000001", {}, ("late", CauseCode.OVERRAN, True)),
        ("06:00", "06:10:00.000001", {"late": "warn"}, ("late", CauseCode.OVERRAN, False)),
        ("06:00", "06:00:10", {"min_runtime": "10 s"}, ("ok", None, False)),
        ("06:00", "06:00:09.999999", {"min_runtime": "10 s"}, ("late", CauseCode.TOO_SHORT, True)),
    ],
)
def test_grace_is_of_the_start_and_max_runtime_of_how_long_it_took(
    day: str, offset: str, start: str, end: str, words: dict[str, Any], result: tuple[str, str | None, bool]
) -> None:
    run = ran(f"{day}T{start}{offset}", f"{day}T{end}{offset}")

    assert said(told(run, now=f"{day}T07:00{offset}", **words)) == result


@pytest.mark.parametrize(("day", "offset"), DAYS)
@pytest.mark.parametrize(("end", "verdict"), [("06:30:00", "ok"), ("06:30:00.000001", "late")])
def test_done_by_stands_in_place_of_both(day: str, offset: str, end: str, verdict: str) -> None:
    run = ran(f"{day}T06:29{offset}", f"{day}T{end}{offset}")

    assert told(run, now=f"{day}T07:00{offset}", done_by="06:30").job.verdict == verdict


def test_done_by_is_unknown_where_no_end_is_on_record_once_it_has_passed() -> None:
    run = ran(end=None)

    assert said(told(run, done_by="06:30"))[:2] == ("unknown", CauseCode.SCHEDULER_ERROR)
    assert told(run, done_by="07:30").job.verdict == "ok"
    assert told(run).job.verdict == "ok"


def test_done_by_may_be_on_the_next_day() -> None:
    run = ran("2026-03-28T23:00+01:00", "2026-03-29T03:30+02:00")
    job: dict[str, Any] = {"schedule": "0 23 * * *", "done_by": "03:30"}

    assert told(run, now="2026-03-29T04:00+02:00", **job).job.verdict == "ok"
    assert told(replace(run, ended="2026-03-29T03:30:01+02:00"), now="2026-03-29T04:00+02:00", **job).code == "ran-late"


@pytest.mark.parametrize(("day", "offset"), DAYS)
def test_where_every_start_is_on_record_a_run_is_missed_once_it_should_have_begun(day: str, offset: str) -> None:
    before = ran(f"{day}T05:00{offset}", f"{day}T05:01{offset}", by_schedule=False)
    start_by = at(f"{day}T06:15{offset}")
    morning = told(before, now=f"{day}T06:15{offset}")

    assert said(morning) == ("missed", CauseCode.MISSED_RUN, True)
    assert said(morning.seen_at(start_by - TICK))[0] == "pending"


# A run that is still at it, waits, or was left out --------------------------------------------------------------------


@pytest.mark.parametrize(("day", "offset"), DAYS)
def test_a_run_that_began_may_run_until_its_limit(day: str, offset: str) -> None:
    morning = told(ran(f"{day}T06:00:05{offset}", None, "running"), now=f"{day}T06:25{offset}")

    assert said(morning) == ("stuck", CauseCode.STILL_RUNNING, True)
    assert said(morning.seen_at(at(f"{day}T06:25{offset}") - TICK)) == ("pending", None, False)


def test_a_run_that_waits_is_not_picked_up_once_it_should_have_begun() -> None:
    waiting = ran(None, None, "pending", due="2026-02-11T05:00Z")

    assert said(told(waiting, now="2026-02-11T06:14:59+01:00")) == ("pending", None, False)
    assert said(told(waiting, now="2026-02-11T06:15+01:00")) == ("missed", CauseCode.NOT_PICKED_UP, True)


def test_a_run_that_the_engine_left_out_says_behind_which_run() -> None:
    hung = ran("2026-02-10T06:00:05+01:00", None, "running")
    skipped = ran(None, "2026-02-11T06:00:01+01:00", "skipped", due="2026-02-11T05:00Z")
    morning = told(hung, replace(skipped, ended=None))

    assert said(morning) == ("missed", CauseCode.RUN_SKIPPED, True)
    assert "its run of Tue 10 Feb 06:00:05 CET is still running" in morning.cause.sentence
    assert morning.cause.next_step.startswith(
        "See in the scheduler's log what its run of Tue 10 Feb 06:00:05 CET is waiting for"
    )


@pytest.mark.parametrize(("day", "before", "offset"), [
    ("2026-02-11", "2026-02-10T06:00:05+01:00", "+01:00"),
    ("2026-03-29", "2026-03-28T06:00:05+01:00", "+02:00"),
    ("2026-10-25", "2026-10-24T06:00:05+02:00", "+01:00"),
])  # fmt: skip
@pytest.mark.parametrize(
    ("ended", "word", "says", "step"),
    [
        (None, "running", "is still running", "is waiting for; when it has finished, or was killed, run load by hand"),
        ("06:00:20", "done", "06:00:20", "so long, and run load by hand"),
    ],
    ids=["hangs", "ended too late"],
)
def test_a_run_that_was_missed_behind_another_is_not_to_be_run_before_the_log_is_read(
    day: str, before: str, offset: str, ended: str | None, word: str, says: str, step: str
) -> None:
    held_up = ran(before, f"{day}T{ended}{offset}" if ended else None, word)
    of_long_ago = ran("2026-01-05T06:00:05+01:00", None, "running")
    words: dict[str, Any] = {"now": f"{day}T07:00{offset}", "runs_since": f"{day}T00:30+01:00", "look_back": "1 h"}
    morning = told(held_up, of_long_ago, **words)

    assert said(morning) == ("missed", CauseCode.MISSED_RUN, True)
    assert re.search(rf"it may be delayed: its run of .* 06:00:05 .*{says}", morning.cause.sentence)
    assert re.search(rf"^See in the scheduler's log what .*its run of .* 06:00:05 .*{step}", morning.cause.next_step)
    assert ("is still running" in str(why_not(morning.job, morning.scheduler))) == (ended is None)
    assert "held up" not in told(of_long_ago, ran(before, before), **words).cause.sentence


# Made good ------------------------------------------------------------------------------------------------------------

FAILED = ran("2026-02-11T06:00:05+01:00", "2026-02-11T06:01+01:00", "crashed")


@pytest.mark.parametrize(
    "runs",
    [
        (FAILED, ran("2026-02-11T06:02+01:00", "2026-02-11T06:04+01:00", attempt=2)),
        (FAILED, by_hand("2026-02-11T06:40+01:00", "2026-02-11T06:45+01:00")),
        (by_hand("2026-02-11T06:40+01:00", "2026-02-11T06:45+01:00"),),
        (FAILED, by_hand("2026-02-11T06:40+01:00", "2026-02-11T06:45+01:00", due="2026-02-11T05:00Z")),
    ],
    ids=["a retry", "by hand after a failure", "by hand where none began", "a backfill"],
)
def test_what_was_made_good_is_not_red(runs: tuple[RunSeen, ...]) -> None:
    morning = told(*runs)

    assert said(morning) == ("ok", CauseCode.MADE_GOOD, False)
    assert not morning.judged.needs_a_person


def test_of_two_records_that_nothing_tells_apart_the_order_of_the_answer_decides_nothing() -> None:
    good = ran(FAILED.started, FAILED.ended)

    assert said(told(good, FAILED)) == said(told(FAILED, good))
    assert told(FAILED, good).job.verdict == "failed"


def test_a_run_by_hand_that_failed_makes_nothing_good() -> None:
    assert said(told(by_hand("2026-02-11T06:40+01:00", "2026-02-11T06:45+01:00", "crashed")))[2]


def test_a_run_by_hand_in_addition_that_failed_takes_no_work_away() -> None:
    again = by_hand("2026-02-11T06:40+01:00", "2026-02-11T06:45+01:00", "crashed")

    assert said(told(ran(), again)) == ("ok", None, False)


def test_a_failed_attempt_that_may_be_tried_again_is_not_judged_before_the_limit() -> None:
    first = replace(FAILED, attempt=1)

    assert said(told(first, now="2026-02-11T06:24:59+01:00")) == ("pending", None, False)
    assert said(told(first, now="2026-02-11T06:25+01:00")) == ("failed", CauseCode.RUN_FAILED, True)
    assert said(told(FAILED, now="2026-02-11T06:10+01:00")) == ("failed", CauseCode.RUN_FAILED, True)


def test_grace_is_not_held_against_a_second_attempt_whose_first_start_was_forgotten() -> None:
    assert said(told(ran("2026-02-11T06:20+01:00", "2026-02-11T06:24+01:00", attempt=2))) == ("ok", None, False)


# How it went ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("word", "words", "result"),
    [
        ("done with warnings", {}, ("ok", CauseCode.PARTIAL_RUN, False)),
        ("done with warnings", {"partial": "fail"}, ("failed", CauseCode.PARTIAL_RUN, True)),
        ("crashed", {}, ("failed", CauseCode.RUN_FAILED, True)),
        ("finished", {}, ("unknown", CauseCode.UNKNOWN_STATUS, True)),
    ],
)
def test_a_word_means_what_the_table_says(
    word: str, words: dict[str, Any], result: tuple[str, str | None, bool]
) -> None:
    assert said(told(ran(word=word), **words)) == result


def test_that_a_run_began_is_enough_only_where_that_is_said() -> None:
    table = {key: value for key, value in TABLE.items() if key != "jobs"}
    table["runs"] = {"each": "runs", "job": "job", "started": "start", "status": "state"}
    cron = scheduler_of("cron", table)
    begun = ran(end=None, word=None)

    assert said(told(begun, scheduler=cron)) == ("unknown", CauseCode.UNKNOWN_STATUS, True)
    assert said(told(begun, scheduler=cron, proof="start")) == ("ok", None, False)


# Earlier runs ---------------------------------------------------------------------------------------------------------


def hourly(*without: int, failed: int | None = None) -> list[RunSeen]:
    """A run each hour of 11 February up to 06:00, but not of these hours."""
    hours = [hour for hour in range(7) if hour not in without]
    return [
        ran(
            f"2026-02-11T{hour:02}:00:05+01:00",
            f"2026-02-11T{hour:02}:01+01:00",
            "crashed" if hour == failed else "done",
        )
        for hour in hours
    ]


HOURLY: dict[str, Any] = {"schedule": "0 * * * *", "look_back": "12 h", "now": "2026-02-11T06:50+01:00"}


def test_an_earlier_run_that_is_missing_is_a_warning_where_the_latest_did_its_work() -> None:
    """An hourly job owes the latest; its step names the run that is missing, and does not say to run it now."""
    morning = told(*hourly(3), runs_since="2026-02-11T00:00+01:00", **HOURLY)

    assert said(morning) == ("ok", CauseCode.MISSED_RUN, False)
    assert "due Wed 11 Feb 03:00 CET" in morning.cause.sentence
    assert "its run of Wed 11 Feb 03:00 CET" in morning.cause.next_step


def test_each_run_is_owed_where_that_is_said() -> None:
    morning = told(*hourly(3), runs_since="2026-02-11T00:00+01:00", owes="each", **HOURLY)

    assert said(morning) == ("missed", CauseCode.MISSED_RUN, True)


def test_an_earlier_run_that_failed_is_one_too() -> None:
    morning = told(*hourly(failed=3), runs_since="2026-02-11T00:00+01:00", owes="each", **HOURLY)

    assert said(morning) == ("failed", CauseCode.RUN_FAILED, True)


def test_what_the_record_does_not_reach_back_to_is_not_missed() -> None:
    runs = hourly(0, 1, 2, 3)

    assert said(told(*runs, runs_since="2026-02-11T03:30+01:00", **HOURLY)) == ("ok", None, False)
    assert told(*runs, runs_since="2026-02-11T03:30+01:00", **HOURLY).finding(Check.NO_RUN_IS_MISSING).found == (
        "2 earlier runs known from runs, none missing"
    )


def test_a_judged_run_before_the_record_can_no_longer_be_told() -> None:
    morning = told(runs_since="2026-02-11T06:30+01:00")

    assert said(morning) == ("pending", None, False)
    assert "on record only since Wed 11 Feb 06:30 CET" in morning.finding(Check.EXECUTED_AFTER_DUE_TIME).because


@pytest.mark.parametrize(
    ("day", "runs", "owed"),
    [
        # 01:00, 03:00 (02:00 is skipped), 04:00.
        ("2026-03-29", ["01:00+01:00", "03:00+02:00", "04:00+02:00"], 3),
        # 02:00 comes twice, and is due once.
        ("2026-10-25", ["01:00+02:00", "02:00+02:00", "03:00+01:00", "04:00+01:00"], 4),
    ],
)
def test_the_look_back_over_a_clock_change(day: str, runs: list[str], owed: int) -> None:
    made = [
        ran(f"{day}T{clock}", f"{day}T{clock}") for clock in [*runs, "05:00+02:00" if "03-29" in day else "05:00+01:00"]
    ]
    offset = "+02:00" if "03-29" in day else "+01:00"
    words: dict[str, Any] = {"schedule": "0 1-5 * * *", "look_back": "6 h", "owes": "each"}
    morning = told(
        *made, now=f"{day}T05:40{offset}", runs_since=f"{day}T00:30+0{1 if '03-29' in day else 2}:00", **words
    )

    assert said(morning) == ("ok", None, False)
    assert morning.finding(Check.NO_RUN_IS_MISSING).found.startswith(f"{owed} earlier runs")


# Alive ----------------------------------------------------------------------------------------------------------------


def listing(job: str, next_run: str | None, **more: Any) -> JobListed:
    return JobListed(id=job, next_run=next_run, **more)


def answer(*jobs: JobListed, runs: tuple[RunSeen, ...] = (), now: str = "2026-02-11T07:00+01:00") -> SchedulerSeen:
    return SchedulerSeen(
        asked_at=at(now),
        answered_at=at(now),
        server_at=at(now),
        jobs=jobs,
        runs=runs,
        runs_since=at("2026-01-01T00:00Z"),
    )


PAST = listing("forgotten", "2026-02-01T06:00:00+01:00")
LOAD = listing("load", "2026-02-12T06:00:00+01:00")


def test_one_forgotten_jobs_past_next_run_condemns_nobody_else() -> None:
    """`load` was due since, and its next run has moved on: the loop is alive."""
    morning = told(scheduler=ETL)
    alive = replace(morning, evidence=replace(morning.evidence, schedulers={"etl": answer(PAST, LOAD, runs=(ran(),))}))

    assert alive.scheduler.verdict == "ok"
    assert said(alive) == ("ok", None, False)


def test_a_past_next_run_without_any_work_since_is_a_dead_loop() -> None:
    """The other's next run lies in the future, but it was not due since: it may have been worked out long ago."""
    far = listing("load", "2026-02-12T06:00:00+01:00")
    morning = told(schedule="0 6 12 2 *", look_back="1 h", since="2026-02-01T00:00+01:00")
    dead = replace(morning, evidence=replace(morning.evidence, schedulers={"etl": answer(PAST, far)}))

    assert dead.scheduler.verdict == "failed"
    assert dead.scheduler_cause.code is CauseCode.SCHEDULER_STALLED


def test_the_forgotten_job_itself_is_stalled() -> None:
    own = listing("load", "2026-02-01T06:00:00+01:00")
    other = ran("2026-02-11T06:30+01:00", "2026-02-11T06:31+01:00", job="other")
    morning = told(ran())
    stalled = replace(morning, evidence=replace(morning.evidence, schedulers={"etl": answer(own, runs=(ran(), other))}))

    assert stalled.scheduler.verdict == "ok"
    assert said(stalled) == ("missed", CauseCode.JOB_STALLED, True)


@pytest.mark.parametrize(("beat", "verdict"), [("06:58:00", "ok"), ("06:57:59", "failed")])
def test_a_heartbeat_is_young_enough_or_the_loop_is_dead(beat: str, verdict: str) -> None:
    table = TABLE | {"alive": {"heartbeat": "beat", "heartbeat_within": "2 min"}}
    beating = scheduler_of("etl", table)
    morning = told(ran(), scheduler=beating)
    seen = replace(answer(LOAD, runs=(ran(),)), heartbeat=f"2026-02-11T{beat}+01:00")
    judged = replace(morning, evidence=replace(morning.evidence, schedulers={"etl": seen})).scheduler

    assert judged.verdict == verdict


@pytest.mark.parametrize(
    ("listed", "result"),
    [
        (listing("load", "2026-02-12T06:00:00+01:00", paused=True), ("failed", CauseCode.JOB_PAUSED, True)),
        (listing("load", None, paused=False), ("failed", CauseCode.JOB_PAUSED, True)),
        (listing("load", None, untold=("next_run",)), ("unknown", CauseCode.SCHEDULER_ERROR, True)),
    ],
    ids=["paused, and a future next run", "none", "not told"],
)
def test_paused_outranks_the_next_run_and_an_absent_one_is_not_none(
    listed: JobListed, result: tuple[str, str | None, bool]
) -> None:
    morning = told(ran())
    seen = replace(morning, evidence=replace(morning.evidence, schedulers={"etl": answer(listed, runs=(ran(),))}))

    assert said(seen) == result


def test_a_job_that_is_running_needs_no_next_run() -> None:
    running = ran("2026-02-11T06:50+01:00", None, "running", by_schedule=False)
    morning = told(ran(), running)
    seen = replace(
        morning,
        evidence=replace(morning.evidence, schedulers={"etl": answer(listing("load", None), runs=(ran(), running))}),
    )

    assert said(seen) == ("ok", None, False)


def test_a_listing_of_nothing_tells_of_nobody() -> None:
    morning = told()
    empty = replace(morning, evidence=replace(morning.evidence, schedulers={"etl": answer()}))

    assert empty.scheduler_cause.code is CauseCode.NO_RECORDS
    assert said(empty) == ("unknown", CauseCode.NO_RECORDS, True)


@pytest.mark.parametrize(
    ("other", "says"),
    [
        (replace(LOAD, name="of staging"), "lists a second job as load:"),
        (replace(LOAD, id="load-2", key="7"), "lists the runs of load-2 by its key:"),
    ],
)
def test_a_job_that_may_be_taken_for_another_is_unknown_whatever_its_first_run_says(
    other: JobListed, says: str
) -> None:
    """The first entry's run did its work, and the second's failed: to be content with the first is a false green."""
    crashed = ran("2026-02-11T06:00:06+01:00", "2026-02-11T06:04:00+01:00", "crashed")
    listed = (replace(LOAD, key=other.key), other, listing("spare", "2026-02-12T06:00:00+01:00"))
    morning = told()
    for runs in [(ran(), crashed), (crashed, ran())]:
        both = replace(morning, evidence=replace(morning.evidence, schedulers={"etl": answer(*listed, runs=runs)}))

        assert both.scheduler.verdict == "ok"
        assert said(both) == ("unknown", CauseCode.LISTED_TWICE, True)
        assert says in both.cause.sentence


# Several outputs, and what a job builds on ----------------------------------------------------------------------------


def test_a_job_that_is_paused_here_and_runs_all_the_same_is_a_warning() -> None:
    paused: dict[str, Any] = {"until": "2026-03-01", "reason": "the source moves"}
    runs = [ran(f"2026-02-{day}T06:00:05+01:00", f"2026-02-{day}T06:05+01:00") for day in (10, 11)]

    assert said(told(*runs, paused=paused)) == ("paused", CauseCode.RAN_THOUGH_PAUSED, False)
    assert said(told(*runs[:1], paused=paused)) == ("paused", None, False)


@pytest.mark.parametrize("word", ["after", "needs"])
def test_one_failed_job_explains_those_that_build_on_it(word: str) -> None:
    first = haiku_job(id="load", scheduler=ETL, has_output=False)
    due: dict[str, Any] = (
        {"after": "load", "within": "2 h"} if word == "after" else {"needs": ["load"], "schedule": "30 6 * * *"}
    )
    second = haiku_job(id="report", scheduler=ETL, has_output=False, **due)
    morning = told(job=first)
    runs = (FAILED, replace(ran("2026-02-11T06:30+01:00", "2026-02-11T06:31+01:00", "crashed"), job="report"))
    listed = (LOAD, listing("report", "2026-02-12T06:30:00+01:00"))
    whole = replace(
        morning,
        roll=replace(morning.roll, jobs=(first, second)),
        evidence=replace(morning.evidence, schedulers={"etl": answer(*listed, runs=runs)}),
    )
    judged = whole.judged
    cause = judged.job_causes["report"]

    if word == "after":
        # What it follows never succeeded: it is not due at all.
        assert cause is None
    else:
        assert cause is not None
        assert cause.code is CauseCode.UPSTREAM_FAILED
        assert "it needs load" in cause.sentence.lower()


def test_a_job_is_due_when_the_one_before_has_done_its_work() -> None:
    first = haiku_job(id="load", scheduler=ETL, has_output=False)
    second = haiku_job(id="report", scheduler=ETL, has_output=False, after="load", within="1 h")
    listed = (LOAD, listing("report", None))
    for end, verdict in (("07:05:00", "ok"), ("07:05:00.000001", "late")):
        report = replace(ran("2026-02-11T06:10+01:00", f"2026-02-11T{end}+01:00"), job="report")
        morning = told(job=first, now="2026-02-11T07:30+01:00")
        seen = answer(*listed, runs=(ran(), report), now="2026-02-11T07:30+01:00")
        whole = replace(
            morning,
            roll=replace(morning.roll, jobs=(first, second)),
            evidence=replace(morning.evidence, schedulers={"etl": seen}),
        )
        assert whole.judged.jobs[1].due_run is not None
        assert whole.judged.jobs[1].due_run.due_at == at("2026-02-11T06:05+01:00")
        assert whole.judged.jobs[1].verdict == verdict
