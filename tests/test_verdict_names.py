"""What do name and mtime of an output prove, and which run is it of?

The job is due at 06:00 in Zurich, to start by 06:15, to take at most 10 minutes.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from fixtures.one_morning import Told, at, haiku_job, morning
from rollcall.evidence import FileSeen
from rollcall.history.past import Signs, Standing, past_runs
from rollcall.naming.stretch import Told as NameTold
from rollcall.outputs.listing import named
from rollcall.roll.job import Job, Pause
from rollcall.verdict.findings import Check
from rollcall.vocabulary import CauseCode
from tests.test_verdict_runs import DAYS, said

AROUND_CLOCK_CHANGES = pytest.mark.parametrize(("day", "offset"), DAYS)
BY_DAY, BY_SECOND = "sales-%Y%m%d.csv", "sales-%Y%m%d-%H%M%S.csv"
OK = ("ok", None, False)
PENDING = ("pending", None, False)
LATE = ("late", CauseCode.RAN_LATE, True)
STALE = ("bad-output", CauseCode.STALE_OUTPUT, True)
TWICE = ("ok", CauseCode.RAN_TWICE, False)
MISNAMED = ("unknown", CauseCode.WRONG_TIMEZONE, True)
AHEAD = ("unknown", CauseCode.FUTURE_TIMESTAMP, True)


def sales(path: str, *, has_scheduler: bool = False, **words: Any) -> Job:
    """The job, whose output says nothing but when it was made."""
    plain: dict[str, Any] = {
        "min_size": None, "keeps": None, "must_contain": [], "must_not_contain": [], "must_change": False,
    }  # fmt: skip
    return haiku_job(id="sales", path=f"o/{path}", has_scheduler=has_scheduler, **plain | words)


def seen(job: Job, now: str, *files: tuple[str, str], **words: Any) -> Told:
    """A morning with files of these names and mtimes, as the folder shows them."""
    assert job.output is not None
    made = []
    for name, mtime in files:
        told = job.output.names.told(name)
        assert isinstance(told, NameTold)
        file = FileSeen(name=name, size=500, modified_at=at(mtime))
        made.append(named(file, told, job.output, job.zone_of(job.output)))
    later = [each for each in made if each.made_at > at(now) + timedelta(minutes=1)]
    judged = morning(job=job, now=now, files=made, **words)
    assert not later or judged.job.seen.ahead
    return judged


def days_before(day: str, clock: str, path: str = BY_SECOND, *, count: int = 3, by: timedelta = timedelta(0)) -> Any:
    """What each of the days before left at that clock, with an mtime so much later."""
    for number in range(1, count + 1):
        wall = (at(f"{day}T12:00Z") - timedelta(days=number)).strftime("%Y-%m-%d")
        # None of these days changes the clocks between midnight and noon but the first, and that at two o'clock.
        offset = {"2026-03": "+01:00", "2026-10": "+02:00"}.get(wall[:7], "+01:00")
        stamp = at(f"{wall}T{clock}{offset}")
        text = path.replace("%Y%m%d", wall.replace("-", "")).replace("%H%M%S", clock.replace(":", ""))
        yield text, (stamp + by).isoformat()


def name(day: str, clock: str = "", path: str = BY_SECOND) -> str:
    return path.replace("%Y%m%d", day.replace("-", "")).replace("%H%M%S", clock.replace(":", ""))


# A name that tells the day alone --------------------------------------------------------------------------------------


@AROUND_CLOCK_CHANGES
@pytest.mark.parametrize(
    ("mtime", "expected"),
    [
        ("06:00:20", OK),
        ("06:25:00", OK),
        ("06:25:01", LATE),
        # By hand, before it was due.
        ("05:00:00", STALE),
    ],
)
def test_a_day_is_proven_by_the_name_and_the_time_by_the_mtime(
    day: str, offset: str, mtime: str, expected: Any
) -> None:
    told = seen(sales(BY_DAY), f"{day}T07:00{offset}", (name(day, path=BY_DAY), f"{day}T{mtime}{offset}"))

    assert said(told) == expected
    if expected is LATE:
        assert "it was done" in told.cause.sentence
        assert "06:25:01" in told.cause.sentence


def test_a_file_that_is_written_after_its_day_is_not_done_at_the_end_of_it() -> None:
    """23:59:59 would have been in time."""
    job = sales(BY_DAY, schedule="30 23 * * *", max_runtime="1 h")
    file = name("2026-02-10", path=BY_DAY)

    assert said(seen(job, "2026-02-11T09:00+01:00", (file, "2026-02-11T00:45:00+01:00"))) == OK
    assert said(seen(job, "2026-02-11T09:00+01:00", (file, "2026-02-11T08:00:00+01:00"))) == LATE


@AROUND_CLOCK_CHANGES
def test_copies_are_no_late_runs(day: str, offset: str) -> None:
    """A copy at 06:40 gives each its own mtime; one that was in time before has no such excuse."""
    today = (name(day, path=BY_DAY), f"{day}T06:40:00{offset}")
    copied = seen(sales(BY_DAY), f"{day}T07:00{offset}", today, *days_before(day, "06:40:00", BY_DAY))
    in_time = seen(sales(BY_DAY), f"{day}T07:00{offset}", today, *days_before(day, "06:00:20", BY_DAY))

    one_before = seen(sales(BY_DAY), f"{day}T07:00{offset}", today, *days_before(day, "06:40:00", BY_DAY, count=1))
    assert said(one_before) == LATE
    assert said(copied) == ("ok", CauseCode.RAN_LATE, False)
    assert "copied or restored" in copied.cause.sentence
    assert said(in_time) == LATE


@AROUND_CLOCK_CHANGES
def test_a_copy_with_the_mtime_of_its_source_is_of_its_day_and_at_what_time_nobody_can_tell(
    day: str, offset: str
) -> None:
    old = "2026-01-02T11:00+01:00"
    files = [(name(day, path=BY_DAY), old), *((each, old) for each, _ in days_before(day, "06:00:20", BY_DAY))]
    told = seen(sales(BY_DAY), f"{day}T07:00{offset}", *files)

    assert said(told) == PENDING
    assert told.finding(Check.OUTPUT_EXISTS).verdict == "ok"
    assert "no longer known" in told.finding(Check.RAN_ON_TIME).because
    # Of which of two runs of a day it is nobody can tell either.
    assert said(seen(sales(BY_DAY, schedule="0 5,6 * * *"), f"{day}T07:00{offset}", *files)) == PENDING
    # That of today is not there: yesterday's is no excuse.
    assert said(seen(sales(BY_DAY), f"{day}T07:00{offset}", *files[1:])) == STALE


def test_a_minute_in_a_name_proves_itself_whatever_the_mtime() -> None:
    job = sales("sales-%Y%m%d-%H%M.csv")

    assert said(seen(job, "2026-02-11T09:00+01:00", ("sales-20260211-0600.csv", "2026-02-11T08:00+01:00"))) == OK


# A date in the future -------------------------------------------------------------------------------------------------


@AROUND_CLOCK_CHANGES
def test_a_file_dated_ahead_hides_no_missing_one(day: str, offset: str) -> None:
    ahead = (name("2027-05-01", "06:00:17"), "2026-01-02T11:00+01:00")
    job, before = sales(BY_SECOND, has_scheduler=True), list(days_before(day, "06:00:17", count=1))
    ended = at(f"{day}T06:00:17{offset}").isoformat()
    told = seen(job, f"{day}T07:00{offset}", ahead, *before, last_execution=ended)

    assert said(told) == ("bad-output", CauseCode.SUCCESS_WITHOUT_OUTPUT, True)
    assert f"{ahead[0]} is dated Sat 1 May 2027 06:00 CEST, in the future" in told.cause.sentence
    # Also where it is the only one there, and retention could have taken others.
    assert said(seen(job, f"{day}T07:00{offset}", ahead, last_execution=ended))[2]
    assert said(seen(sales(BY_SECOND, keeps=1), f"{day}T07:00{offset}", ahead))[2]


@AROUND_CLOCK_CHANGES
def test_a_file_dated_ahead_beside_a_good_one_is_worth_knowing(day: str, offset: str) -> None:
    ahead = (name("2027-05-01", "06:00:17"), f"{day}T06:00:18{offset}")
    good = (name(day, "06:00:17"), f"{day}T06:00:17{offset}")
    told = seen(sales(BY_SECOND), f"{day}T07:00{offset}", ahead, good, *days_before(day, "06:00:17"))

    assert said(told) == ("ok", CauseCode.FUTURE_TIMESTAMP, False)
    assert said(seen(sales(BY_SECOND), f"{day}T07:00{offset}", ahead, *days_before(day, "06:00:17"))) == AHEAD


@AROUND_CLOCK_CHANGES
def test_one_file_with_an_mtime_ahead_is_not_pending_for_ever(day: str, offset: str) -> None:
    told = seen(sales("latest.csv"), f"{day}T07:00{offset}", ("latest.csv", "2027-05-01T06:00+02:00"))

    assert said(told) == AHEAD
    assert "which clock dated it" in told.cause.next_step


def test_what_was_made_after_the_moment_that_is_judged_does_not_lie_in_the_future() -> None:
    job = sales("latest.csv")
    later = FileSeen(name="latest.csv", size=500, modified_at=at("2026-02-12T06:00:17+01:00"))

    assert said(morning(job=job, now="2026-02-11T07:00+01:00", files=[], later=[later])) == PENDING


# Name and mtime a zone apart ------------------------------------------------------------------------------------------


@AROUND_CLOCK_CHANGES
def test_name_and_mtime_that_are_a_zone_apart_run_after_run_are_said(day: str, offset: str) -> None:
    hours = int(offset[2])
    today = (name(day, "06:00:02"), (at(f"{day}T06:00:40{offset}") + timedelta(hours=hours)).isoformat())
    before_hours = {"2026-03-29": 1, "2026-10-25": 2}.get(day, hours)
    before = list(days_before(day, "06:00:02", by=timedelta(hours=before_hours, seconds=38)))
    now = f"{day}T09:00{offset}"
    told = seen(sales(BY_SECOND), now, today, *before)

    assert said(told) == MISNAMED
    assert "as for each file before" in told.cause.sentence
    assert told.cause.next_step.startswith("Have it run by Europe/Zurich time (`TZ=Europe/Zurich`), or say")
    assert '`timezone = "UTC"` in [jobs.sales] in jobs.toml' in told.cause.next_step
    # One alone may have been copied then; and no zone is so far away as ten minutes more.
    right = list(days_before(day, "06:00:02", by=timedelta(seconds=38)))
    assert said(seen(sales(BY_SECOND), now, today, *right)) == OK
    off = [(each, (at(mtime) + timedelta(minutes=11)).isoformat()) for each, mtime in (today, *before)]
    assert said(seen(sales(BY_SECOND), now, *off)) == OK
    # Before it has run by its own clock it is not stale.
    assert said(seen(sales(BY_SECOND), f"{day}T06:30{offset}", *before)) == MISNAMED


def test_a_run_that_takes_as_long_as_a_zone_is_wide_is_well() -> None:
    files = [(name("2026-02-11", "06:00:02"), "2026-02-11T07:00:40+01:00")]
    files += days_before("2026-02-11", "06:00:02", by=timedelta(hours=1, seconds=38))

    assert said(seen(sales(BY_SECOND, max_runtime="2 h"), "2026-02-11T09:00+01:00", *files)) == OK


# A name that tells the day of its data --------------------------------------------------------------------------------


@AROUND_CLOCK_CHANGES
def test_a_name_with_the_day_of_its_data_is_told_with_the_line_to_write(day: str, offset: str) -> None:
    names = [each for each, _ in days_before(day, "06:00:20", BY_DAY)]
    mtimes = [f"{day}T06:00:20{offset}", *(mtime for _, mtime in days_before(day, "06:00:20", BY_DAY, count=2))]
    files = list(zip(names, mtimes, strict=True))
    now = f"{day}T07:00{offset}"
    told = seen(sales(BY_DAY), now, *files)

    assert said(told) == ("unknown", CauseCode.STALE_OUTPUT, True)
    assert '`dated = "previous day"`' in told.cause.next_step
    assert "crontab" not in told.cause.next_step
    assert said(seen(sales(BY_DAY, dated="previous day"), now, *files)) == OK
    # Yesterday's, that somebody has touched, is of yesterday.
    touched = [(names[0], f"{day}T06:00:20{offset}"), *list(days_before(day, "06:00:20", BY_DAY))[1:]]
    assert said(seen(sales(BY_DAY), now, *touched)) == STALE


# Names that two runs share --------------------------------------------------------------------------------------------

QUARTERLY: dict[str, Any] = {"schedule": "*/15 * * * *", "grace": "5 min", "max_runtime": "5 min", "owes": "each"}


@pytest.mark.parametrize(("day", "hours"), [("2026-03-29", 6), ("2026-10-25", 8)])
def test_what_the_repeated_hour_overwrote_can_no_longer_be_told(day: str, hours: int) -> None:
    """The later of two files of one name is left; what is missing beside that was missed."""
    job = sales("flow-%Y%m%d%H%M.csv", **QUARTERLY)
    files: dict[str, str] = {}
    start = at(f"{day}T00:00Z") - timedelta(hours=2)
    for number in range(hours * 4 - 1):
        made = start + timedelta(minutes=15 * number, seconds=9)
        files[made.astimezone(job.zone).strftime("flow-%Y%m%d%H%M.csv")] = made.isoformat()
    now = (start + timedelta(hours=hours, minutes=-20)).isoformat()
    gap = sorted(files)[-8]

    whole = seen(job, now, *files.items())
    assert said(whole) == OK
    signs = Signs.of_output(job, whole.job.seen.output, most=999, now=whole.now)
    past = past_runs(job, signs, since=start, now=whole.now)
    assert [each.standing for each in past].count(Standing.UNTOLD) == (4 if day == "2026-10-25" else 0)
    assert Standing.MISSED not in {each.standing for each in past}
    told = seen(job, now, *((each, mtime) for each, mtime in files.items() if each != gap))
    assert said(told) == ("missed", CauseCode.MISSED_RUN, True)
    assert "1 earlier run:" in told.cause.sentence


def test_of_a_day_s_file_that_each_hour_overwrites_only_the_last_is_told() -> None:
    job = sales(BY_DAY, schedule="0 * * * *", owes="each")
    files = [(name("2026-02-11", path=BY_DAY), "2026-02-11T09:00:20+01:00")]
    files += [(name("2026-02-10", path=BY_DAY), "2026-02-10T23:00:20+01:00")]

    assert said(seen(job, "2026-02-11T09:40+01:00", *files)) == OK
    assert said(seen(job, "2026-02-11T10:40+01:00", *files)) == STALE


# Ran twice ------------------------------------------------------------------------------------------------------------


@AROUND_CLOCK_CHANGES
def test_two_workers_leave_two_files_where_each_run_before_left_one(day: str, offset: str) -> None:
    both = [(name(day, clock), f"{day}T{clock}{offset}") for clock in ("06:00:02", "06:00:04")]
    now = f"{day}T07:00{offset}"

    assert said(seen(sales(BY_SECOND), now, *both, *days_before(day, "06:00:02", count=2))) == TWICE
    assert said(seen(sales(BY_SECOND), now, *both, *days_before(day, "06:00:02", count=1))) == OK
    two = [*days_before(day, "06:00:02", count=2), *days_before(day, "06:00:03", count=2)]
    assert said(seen(sales(BY_SECOND), now, *both, *two)) == OK


@pytest.mark.parametrize(
    ("day", "first", "again", "expected"),
    [
        ("2026-10-25", "02:30:02+02:00", "02:30:04+01:00", TWICE),
        # By hand, at another time of the second hour.
        ("2026-10-25", "02:30:02+02:00", "02:59:04+01:00", OK),
        # Spring has no such hour, and an hour later is by hand.
        ("2026-03-29", "03:30:02+02:00", "04:30:04+02:00", OK),
    ],
)
def test_a_run_of_both_repeated_hours_ran_twice(day: str, first: str, again: str, expected: Any) -> None:
    job = sales(BY_SECOND, schedule=f"30 {first[:2]} * * *")
    both = [(name(day, clock[:8]), f"{day}T{clock}") for clock in (first, again)]
    before = days_before(day, f"{first[:2]}:30:02", count=2)

    assert said(seen(job, f"{day}T07:00{again[8:]}", *both, *before)) == expected


def test_a_file_that_the_second_of_two_hours_overwrote_is_not_late() -> None:
    job, file = sales(BY_SECOND, schedule="30 2 * * *"), (name("2026-10-25", "02:30:02"), "2026-10-25T02:30:02+01:00")
    told = seen(job, "2026-10-25T07:00+01:00", file, *days_before("2026-10-25", "02:30:02"))

    assert not told.job.needs_a_person
    assert told.finding(Check.RAN_ON_TIME).found == "no longer known"


# Paused, and run all the same -----------------------------------------------------------------------------------------


@AROUND_CLOCK_CHANGES
@pytest.mark.parametrize("path", ["latest.csv", BY_DAY, BY_SECOND])
def test_a_paused_job_that_its_files_show_to_run_is_a_warning(day: str, offset: str, path: str) -> None:
    job = sales(path, paused=Pause(until=date(2026, 12, 1), reason="the source moves"))
    before = [] if path == "latest.csv" else list(days_before(day, "06:00:17", path))
    today = (name(day, "06:00:17", path), f"{day}T06:00:17{offset}")
    yesterday = ("latest.csv", (at(today[1]) - timedelta(days=1)).isoformat())

    assert said(seen(job, f"{day}T07:00{offset}", today, *before)) == ("paused", CauseCode.RAN_THOUGH_PAUSED, False)
    assert said(seen(job, f"{day}T07:00{offset}", *(before or [yesterday]))) == ("paused", None, False)


# Begun too early ------------------------------------------------------------------------------------------------------


@AROUND_CLOCK_CHANGES
def test_a_run_that_began_before_it_was_due_does_not_answer_for_it(day: str, offset: str) -> None:
    """Its end alone would; its file's own start says otherwise."""
    job = sales(BY_SECOND, has_scheduler=True, max_runtime="30 min")
    ended = at(f"{day}T06:02{offset}").isoformat()
    early = (name(day, "05:40:00"), f"{day}T06:02:00{offset}")
    told = seen(job, f"{day}T07:00{offset}", early, *days_before(day, "06:00:02"), last_execution=ended)

    assert said(told) == ("missed", CauseCode.MISSED_RUN, True)
    assert "began before it was due" in told.cause.sentence
    by_end_alone = sales(BY_SECOND, has_scheduler=True, has_output=False, max_runtime="30 min")
    assert said(morning(job=by_end_alone, now=f"{day}T07:00{offset}", last_execution=ended)) == OK
