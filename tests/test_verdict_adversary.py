"""Worlds that were sought out to mislead the judge: never green without evidence, never red without proof.

The job `load` of `tests/test_verdict_runs.py`: due at 06:00, to start by 06:15, to take at most 10 minutes.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from fixtures.one_morning import Told, at, folder_seen, haiku_job, made, morning, scheduler_of
from rollcall.evidence import RunSeen, SchedulerSeen
from rollcall.verdict.findings import Check
from rollcall.vocabulary import CauseCode
from tests.test_verdict_runs import DAYS, ETL, FAILED, LOAD, TABLE, answer, by_hand, listing, ran, said, told

AROUND_CLOCK_CHANGES = pytest.mark.parametrize(("day", "offset"), DAYS)
OK = ("ok", None, False)
MADE_GOOD = ("ok", CauseCode.MADE_GOOD, False)
MISSED = ("missed", CauseCode.MISSED_RUN, True)
LONG_AGO = "2026-01-01T00:00Z"
YESTERDAY = ran("2026-02-10T06:00:05+01:00", "2026-02-10T06:05+01:00")


def listed_as(morning: Told, *args: Any, **more: Any) -> Told:
    return replace(morning, evidence=replace(morning.evidence, schedulers={"etl": answer(*args, **more)}))


# Whose run it is ------------------------------------------------------------------------------------------------------


@AROUND_CLOCK_CHANGES
def test_a_backfill_of_an_earlier_run_makes_today_s_not_good(day: str, offset: str) -> None:
    for hours in (23, 24, 25):
        earlier = (at(f"{day}T06:00{offset}") - timedelta(hours=hours)).isoformat()
        backfill = by_hand(f"{day}T06:40{offset}", f"{day}T06:45{offset}", due=earlier)

        assert said(told(backfill, now=f"{day}T07:00{offset}")) == MISSED


@AROUND_CLOCK_CHANGES
@pytest.mark.parametrize(
    "due", ["{day}T06:00", "soon", "{day}T05:00{offset}", "{day}T07:00{offset}"],
    ids=["without an offset", "no time", "of another zone", "after its start"],
)  # fmt: skip
def test_a_due_time_that_cannot_be_one_leaves_a_run_to_its_start(day: str, offset: str, due: str) -> None:
    run = ran(f"{day}T06:00:05{offset}", f"{day}T06:05{offset}", due=due.format(day=day, offset=offset))

    assert said(told(run, now=f"{day}T08:00{offset}")) == OK


def test_a_run_that_was_over_when_the_other_began_makes_nothing_good() -> None:
    over = by_hand("2026-02-11T06:00:10+01:00", "2026-02-11T06:01+01:00")
    crashed = ran("2026-02-11T06:05+01:00", "2026-02-11T06:06+01:00", "crashed")

    assert said(told(over, crashed)) == ("failed", CauseCode.RUN_FAILED, True)


def test_a_run_by_hand_that_names_its_due_time_alone_is_no_crash() -> None:
    run = ran(None, None, due="2026-02-11T05:00Z", by_schedule=False)

    assert said(told(run)) == MADE_GOOD


@pytest.mark.parametrize("word", ["pending", "done", "crashed", "finished"])
def test_a_record_without_any_time_is_no_run(word: str) -> None:
    assert said(told(ran(None, None, word))) == MISSED


# Several attempts -----------------------------------------------------------------------------------------------------


def test_attempts_count_in_the_order_in_which_they_began() -> None:
    """The first took longest: it neither began late, nor is it the last."""
    first = ran("2026-02-11T06:00:05+01:00", "2026-02-11T06:24+01:00", "crashed")
    second = ran("2026-02-11T06:16+01:00", "2026-02-11T06:20+01:00")

    assert said(told(first, second)) == MADE_GOOD
    assert told(first, second).finding(Check.STARTED_ON_TIME).verdict == "ok"


@AROUND_CLOCK_CHANGES
def test_one_that_is_at_it_again_takes_no_work_away(day: str, offset: str) -> None:
    done = ran(f"{day}T06:00:05{offset}", f"{day}T06:05{offset}")
    again = ran(f"{day}T06:20{offset}", None, "running", by_schedule=None)

    for now in ("06:24", "07:00"):
        assert said(told(done, again, now=f"{day}T{now}{offset}")) == OK


@AROUND_CLOCK_CHANGES
def test_what_hangs_is_made_good_only_once_its_time_is_over(day: str, offset: str) -> None:
    hung = ran(f"{day}T06:00:05{offset}", None, "running")
    again = by_hand(f"{day}T06:10{offset}", f"{day}T06:12{offset}")
    late = told(hung, again, now=f"{day}T06:25{offset}", runs_since=f"{day}T05:00{offset}")

    assert said(late) == MADE_GOOD
    assert "is still running; run again by hand" in late.cause.sentence
    assert said(late.seen_at(at(f"{day}T06:25{offset}") - timedelta(microseconds=1))) == ("pending", None, False)


def test_how_long_a_run_by_hand_took_is_not_held_against_it() -> None:
    assert said(told(FAILED, by_hand("2026-02-11T06:10+01:00", "2026-02-11T06:50+01:00"))) == MADE_GOOD


# Left out, waiting, running -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("start", [None, "2026-02-11T06:00:01+01:00"])
def test_a_run_that_was_left_out_is_one_whatever_times_it_has(start: str | None) -> None:
    skipped = ran(start, "2026-02-11T06:00:02+01:00", "skipped", due="2026-02-11T05:00Z")

    assert said(told(skipped)) == ("missed", CauseCode.RUN_SKIPPED, True)


def test_a_retry_that_waits_beyond_its_limit_is_not_picked_up() -> None:
    waiting = ran("2026-02-11T06:00:05+01:00", "2026-02-11T06:01+01:00", "pending")

    assert said(told(waiting)) == ("missed", CauseCode.NOT_PICKED_UP, True)


def test_an_earlier_run_that_waits_to_be_tried_again_did_not_do_its_work() -> None:
    waiting = replace(YESTERDAY, ended=None, word="pending", outcome=ETL.words.outcome("pending"))
    seen = told(waiting, ran(), look_back="48 h", runs_since="2026-02-10T00:00Z")

    assert said(seen) == ("missed", CauseCode.NOT_PICKED_UP, True)


def test_a_run_that_is_only_planned_is_none() -> None:
    planned = ran(None, None, "pending", due="2026-02-12T05:00Z")

    assert said(told(planned)) == MISSED
    assert said(told(planned, ran())) == OK


def test_a_failed_run_by_hand_may_have_taken_the_only_record_there_was() -> None:
    """One that began before the due time has not: what came since would have taken its place."""
    keeps_one = scheduler_of("etl", TABLE | {"runs": TABLE["runs"] | {"keeps": 1}})
    after = by_hand("2026-02-11T06:40+01:00", "2026-02-11T06:45+01:00", "crashed")
    before = by_hand("2026-02-11T05:40+01:00", "2026-02-11T05:45+01:00", "crashed")

    assert said(told(after, scheduler=keeps_one)) == ("pending", None, False)
    assert said(told(before, scheduler=keeps_one)) == MISSED


@AROUND_CLOCK_CHANGES
def test_a_run_that_tells_only_what_it_is_for_and_that_it_runs_is_stuck_beyond_its_limit(day: str, offset: str) -> None:
    due = at(f"{day}T06:00{offset}").isoformat()
    running = ran(None, None, "running", due=due)
    hourly: dict[str, Any] = {"schedule": "0 * * * *", "look_back": "1 h", "runs_since": f"{day}T05:59{offset}"}

    assert said(told(running, now=f"{day}T07:05{offset}", **hourly)) == ("stuck", CauseCode.STILL_RUNNING, True)
    assert said(told(running, now=f"{day}T06:24:59{offset}"))[0] == "pending"


# Times ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "run",
    [ran(end=None), ran(None, None, due="2026-02-11T05:00Z")],
    ids=["no end", "neither start nor end"],
)
def test_a_success_whose_end_is_not_told_is_one(run: RunSeen) -> None:
    assert said(told(run)) == OK


def test_a_late_start_is_one_though_the_end_is_not_told() -> None:
    late = ran("2026-02-11T06:20+01:00", None)

    assert said(told(late)) == ("late", CauseCode.STARTED_LATE, True)


def test_rounded_times_make_no_run_too_short() -> None:
    assert said(told(ran("2026-02-11T06:00:05.4+01:00", "2026-02-11T06:00:05+01:00"))) == OK


def test_a_run_that_ended_before_it_began_proves_nothing() -> None:
    run = ran("2026-02-11T06:00:05+01:00", "2026-02-11T05:05+01:00")

    assert said(told(run)) == ("unknown", CauseCode.SCHEDULER_ERROR, True)


def test_a_record_that_cannot_be_read_hides_no_run_behind_an_older_one() -> None:
    unread = ran("2026-02-11T06:00:05", "2026-02-11T06:05")

    assert said(told(unread, YESTERDAY)) == ("unknown", CauseCode.NAIVE_TIMESTAMP, True)


@pytest.mark.parametrize("unread", ["2026-02-10T06:05", "yesterday"])
def test_a_record_that_cannot_be_read_is_no_earlier_missed_run(unread: str) -> None:
    seen = told(ran(), ran(None, unread), look_back="48 h", runs_since=LONG_AGO)

    assert seen.job.verdict == "unknown"
    assert seen.finding(Check.NO_RUN_IS_MISSING).verdict == "unknown"


def test_how_far_back_runs_reach_is_not_guessed() -> None:
    reaching = listing("load", "2026-02-12T06:00:00+01:00", runs_since="2026-02-11T06:30")

    assert said(listed_as(told(), reaching)) == ("unknown", CauseCode.NAIVE_TIMESTAMP, True)


@AROUND_CLOCK_CHANGES
def test_a_moment_before_a_run_ended_knows_that_it_had_begun(day: str, offset: str) -> None:
    """Recorded at seven, judged as of twenty past six: it was at it then, and no run was missed."""
    whole = told(ran(f"{day}T06:00:05{offset}", f"{day}T06:50{offset}"), now=f"{day}T06:20{offset}", max_runtime="1 h")
    answered = whole.evidence.schedulers["etl"]
    assert isinstance(answered, SchedulerSeen)
    answered = replace(answered, answered_at=at(f"{day}T07:00{offset}"))
    then = replace(whole, evidence=replace(whole.evidence, schedulers={"etl": answered}))

    assert then.job.verdict == "pending"
    assert then.job.due_run is None or then.job.due_run.due_at < at(f"{day}T06:00{offset}")
    assert said(then.seen_at(f"{day}T07:00{offset}")) == OK


def test_a_run_whose_end_lies_in_the_future_was_not_missed() -> None:
    ahead = ran("2026-02-11T06:00:05+01:00", "2026-02-11T07:02+01:00")

    assert said(told(ahead, YESTERDAY, runs_since=LONG_AGO)) == ("unknown", CauseCode.FUTURE_TIMESTAMP, True)


LOCAL = scheduler_of("etl", TABLE | {"naive_times": "Europe/Zurich"})


def on_the_wall(day: str, start: str, end: str) -> RunSeen:
    return ran(f"{day}T{start}", f"{day}T{end}")


@pytest.mark.parametrize(
    ("day", "now", "since", "hours", "missing"),
    [
        # Autumn shows two o'clock twice, and each was due.
        ("2026-10-25", "2026-10-25T03:30+01:00", "2026-10-24T22:30Z", ["01", "02", "02", "03"], None),
        ("2026-10-25", "2026-10-25T02:30+01:00", "2026-10-24T22:30Z", ["01", "02", "02"], None),
        # One of them was missed: the newer record is there.
        ("2026-10-25", "2026-10-25T02:30+01:00", "2026-10-24T22:30Z", ["01", "02"], "02:00 CEST"),
        # Spring shows none.
        ("2026-03-29", "2026-03-29T04:30+02:00", "2026-03-28T23:30Z", ["01", "03", "04"], None),
        ("2026-03-29", "2026-03-29T04:30+02:00", "2026-03-28T23:30Z", ["01", "04"], "03:00 CEST"),
    ],
)
def test_each_run_of_the_hour_that_comes_twice_is_one(
    day: str, now: str, since: str, hours: list[str], missing: str | None
) -> None:
    runs = [on_the_wall(day, f"{hour}:00:05", f"{hour}:05") for hour in hours]
    hourly: dict[str, Any] = {"schedule": "0 * * * *", "look_back": "6 h", "owes": "each", "scheduler": LOCAL}
    seen = told(*runs, now=now, runs_since=since, **hourly)

    assert said(seen) == (MISSED if missing else OK)
    if missing:
        assert missing in seen.finding(Check.NO_RUN_IS_MISSING).because


@pytest.mark.parametrize(
    ("day", "start", "end"), [("2026-10-25", "02:50:05", "02:10"), ("2026-03-29", "01:50:05", "03:10")]
)
def test_a_run_over_the_clock_change_took_as_long_as_it_did(day: str, start: str, end: str) -> None:
    """Also where it is not the newest on record."""
    again = by_hand(f"{day}T06:00+0{1 if '10-25' in day else 2}:00", f"{day}T06:01+0{1 if '10-25' in day else 2}:00")
    job: dict[str, Any] = {"schedule": f"{start[3:5]} {start[:2]} * * *", "max_runtime": "30 min", "scheduler": LOCAL}
    now = f"{day}T07:00+0{1 if '10-25' in day else 2}:00"

    seen = told(on_the_wall(day, start, end), again, now=now, runs_since=f"{day}T00:00Z", **job)

    assert seen.finding(Check.RUNTIME_IS_AS_ALLOWED).found.startswith("19 min")


# What nobody can tell of ----------------------------------------------------------------------------------------------


def test_what_tells_of_no_run_calls_none_missed() -> None:
    week = told(look_back="72 h")
    untold = listing("load", "2026-02-12T06:00:00+01:00", untold=("runs",))

    assert said(listed_as(week)) == ("unknown", CauseCode.NO_RECORDS, True)
    assert said(listed_as(week, untold)) == ("unknown", CauseCode.SCHEDULER_ERROR, True)


def test_whether_it_is_paused_must_be_told() -> None:
    untold = listing("load", "2026-02-12T06:00:00+01:00", untold=("paused",))

    assert said(listed_as(told(), untold, runs=(ran(),))) == ("unknown", CauseCode.SCHEDULER_ERROR, True)
    assert said(listed_as(told(), LOAD, runs=(ran(),))) == OK


def test_a_file_from_before_the_record_is_no_unrecorded_run() -> None:
    files = [made(f"2026-02-{day}T06:05:00+01:00") for day in (11, 10)]
    seen = morning(runs=(), runs_since="2026-02-11T06:30+01:00", files=files, job=haiku_job(id="load", scheduler=ETL))

    assert said(seen) == ("pending", None, False)


@AROUND_CLOCK_CHANGES
def test_a_record_that_begins_at_a_due_time_may_have_lost_what_began_a_little_early(day: str, offset: str) -> None:
    before = at(f"{day}T05:00{offset}")
    hourly: dict[str, Any] = {
        "schedule": "0 * * * *",
        "look_back": "3 h",
        "owes": "each",
        "now": f"{day}T06:30{offset}",
    }
    run = ran(f"{day}T06:00{offset}", f"{day}T06:05{offset}")

    for apart, result in ((timedelta(seconds=5), OK), (timedelta(seconds=10), MISSED)):
        assert said(told(run, runs_since=(before - apart).isoformat(), **hourly)) == result


def test_an_earlier_run_that_did_not_do_all_is_as_bad_as_the_latest() -> None:
    partial = replace(YESTERDAY, word="done with warnings", outcome=ETL.words.outcome("done with warnings"))
    words: dict[str, Any] = {"look_back": "48 h", "runs_since": "2026-02-10T00:00Z"}

    assert said(told(partial, ran(), partial="fail", **words)) == ("failed", CauseCode.PARTIAL_RUN, True)
    assert said(told(partial, ran(), **words)) == OK


# Files of a run that ends after the next is due -----------------------------------------------------------------------


@AROUND_CLOCK_CHANGES
def test_a_file_is_of_the_run_that_was_at_work_when_it_was_made(day: str, offset: str) -> None:
    """The run of 06:00 took until 07:20, and the one of 07:00 has just begun."""

    def file(clock: str) -> Any:
        return made(f"{day}T{clock}{offset}", name=f"it-{clock.replace(':', '')}.md")

    job = haiku_job(
        id="load", scheduler=ETL, schedule="0 * * * *", max_runtime="2 h", look_back="1 h",
        min_size=None, keeps=None, must_contain=[], must_not_contain=[], must_change=False,
    )  # fmt: skip
    runs = (
        ran(f"{day}T05:00:05{offset}", f"{day}T05:05{offset}"),
        ran(f"{day}T06:00:05{offset}", f"{day}T07:20{offset}"),
        ran(f"{day}T07:20:01{offset}", None, "running", due=f"{day}T07:00{offset}"),
        ran(f"{day}T08:00:01{offset}", None, "running", due=f"{day}T08:00{offset}"),
    )
    files = [file("07:19:00"), file("05:04:00")]
    since = f"{day}T04:30{offset}"

    for now in ("08:14", "08:16"):
        seen = morning(now=f"{day}T{now}{offset}", runs=runs, files=files, runs_since=since, job=job)
        assert not seen.job.needs_a_person
        assert seen.job.due_run is None or seen.job.due_run.due_at == at(f"{day}T06:00{offset}")


@AROUND_CLOCK_CHANGES
def test_a_file_of_a_run_by_hand_begun_before_is_none_of_this_run(day: str, offset: str) -> None:
    early = by_hand(f"{day}T05:55{offset}", f"{day}T06:02{offset}")
    files = [made(f"{day}T06:01:50{offset}"), made("2026-02-01T06:01:50+01:00")]
    job = haiku_job(id="load", scheduler=ETL)

    seen = morning(now=f"{day}T07:00{offset}", runs=(early,), files=files, runs_since=LONG_AGO, job=job)

    assert said(seen) == MISSED


# Several outputs, and jobs that follow --------------------------------------------------------------------------------


def two_outputs(first: list[str], second: list[str], now: str, **words: Any) -> Told:
    """A job without a scheduler that leaves two files; they were made at these moments."""
    outputs = [{"path": "out/a-%Y%m%d-%H%M%S.md"}, {"path": "out/b-%Y%m%d-%H%M%S.md"}]
    job = haiku_job(id="load", has_scheduler=False, output=outputs, **words)
    seen = tuple(folder_seen(job, [made(each) for each in clocks], at(now)) for clocks in (first, second))
    whole = morning(now=now, job=job, files=[])
    return replace(whole, evidence=replace(whole.evidence, outputs={"load": seen}))


@AROUND_CLOCK_CHANGES
@pytest.mark.parametrize("swapped", [False, True])
def test_each_output_must_be_there_in_time(day: str, offset: str, swapped: bool) -> None:
    in_time, late = [f"{day}T06:25{offset}"], [f"{day}T06:25:01{offset}"]
    outputs = (late, in_time) if swapped else (in_time, late)

    assert said(two_outputs(*outputs, f"{day}T07:00{offset}")) == ("late", CauseCode.RAN_LATE, True)
    assert said(two_outputs(in_time, in_time, f"{day}T07:00{offset}")) == OK


@AROUND_CLOCK_CHANGES
@pytest.mark.parametrize("swapped", [False, True])
def test_each_output_of_an_earlier_run_must_be_there(day: str, offset: str, swapped: bool) -> None:
    whole = [f"{day}T0{hour}:05{offset}" for hour in (6, 5, 4)]
    outputs = (whole[:1] + whole[2:], whole) if swapped else (whole, whole[:1] + whole[2:])
    seen = two_outputs(*outputs, f"{day}T06:50{offset}", schedule="0 * * * *", owes="each", look_back="2 h")

    assert said(seen) == MISSED
    assert " 05:00 " in seen.finding(Check.NO_RUN_IS_MISSING).because


def test_a_job_is_due_after_one_whose_end_is_not_told() -> None:
    first = haiku_job(id="load", scheduler=ETL, has_output=False)
    second = haiku_job(id="report", scheduler=ETL, has_output=False, after="load", within="1 h")
    report = replace(ran("2026-02-11T06:10+01:00", "2026-02-11T06:20+01:00", "crashed"), job="report")
    seen = listed_as(told(job=first), LOAD, listing("report", None), runs=(ran(end=None), report))
    judged = replace(seen, roll=replace(seen.roll, jobs=(first, second))).judged

    assert [each.verdict.value for each in judged.jobs] == ["ok", "failed"]


@pytest.mark.parametrize(
    ("words", "cause"),
    [
        ({"end": "2026-02-11T06:01+01:00", "word": "crashed"}, CauseCode.UPSTREAM_FAILED),
        # Nobody knows how it went: that proves nothing of it.
        ({"word": "finished"}, CauseCode.RUN_FAILED),
        # Late, but its work was there when the other was due; and not.
        ({"end": "2026-02-11T06:30+01:00"}, CauseCode.RUN_FAILED),
        ({"end": "2026-02-11T06:30:00.000001+01:00"}, CauseCode.UPSTREAM_FAILED),
    ],
    ids=["failed", "nobody knows", "late, and there in time", "late"],
)
def test_only_what_is_proven_to_have_failed_explains_another(words: dict[str, Any], cause: CauseCode) -> None:
    first = haiku_job(id="load", scheduler=ETL, has_output=False)
    second = haiku_job(id="report", scheduler=ETL, has_output=False, needs=["load"], schedule="30 6 * * *")
    report = replace(ran("2026-02-11T06:30+01:00", "2026-02-11T06:31+01:00", "crashed"), job="report")
    listed = (LOAD, listing("report", "2026-02-12T06:30:00+01:00"))
    seen = listed_as(told(job=first), *listed, runs=(ran(**words), report))
    judged = replace(seen, roll=replace(seen.roll, jobs=(first, second))).judged
    explained = judged.job_causes["report"]

    assert explained is not None
    assert explained.code is cause
