"""Which of the past due runs left their work?

In Europe/Zurich 2026 clocks skip 02:00-03:00 on 29 March and repeat 02:00-03:00 on 25 October.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from fixtures.one_morning import at, folder_seen, haiku_job, made, not_seen
from rollcall.evidence import FileSeen
from rollcall.history.past import PastRun, Signs, Standing, newest_due, past_runs
from rollcall.history.rows import Row
from rollcall.roll.job import Job
from rollcall.times import parse_span
from rollcall.vocabulary import CauseCode, Verdict

MOST = 2_000
LETTERS = {
    Standing.MADE: "m",
    Standing.LATE: "L",
    Standing.MISSED: "x",
    Standing.PENDING: "p",
    Standing.BEYOND_RETENTION: ".",
    Standing.UNTOLD: "?",
}
ENGINES = pytest.mark.parametrize("engine", ["cron", "apscheduler"])


def files(*moments: str, **words: Any) -> list[FileSeen]:
    return [made(each, **words) for each in moments]


def signs_of(
    job: Job, seen: Sequence[FileSeen], now: str, *, later: Sequence[FileSeen] = (), most: int = MOST
) -> Signs:
    output = folder_seen(job, seen, at(now), later)
    return Signs.of_output(job, replace(output, matches=len(seen) + len(later)), most=most, now=at(now))


def runs_of(
    job: Job, seen: Sequence[FileSeen], now: str, *, period: str = "5 d", rows: Sequence[Row] = (), **words: Any
) -> tuple[PastRun, ...]:
    signs = signs_of(job, seen, now, **words)
    return past_runs(job, signs, since=at(now) - parse_span(period), now=at(now), rows=rows)


def strip(runs: Sequence[PastRun]) -> str:
    return "".join(LETTERS[each.standing] for each in runs)


# A day with its offset at 06:00, and the four days before it with theirs.
SEASONS = {
    "winter": ("2026-02-11", "+01:00", ["02-07", "02-08", "02-09", "02-10"], ["+01:00"] * 4),
    "spring": ("2026-03-29", "+02:00", ["03-25", "03-26", "03-27", "03-28"], ["+01:00"] * 4),
    "autumn": ("2026-10-25", "+01:00", ["10-21", "10-22", "10-23", "10-24"], ["+02:00"] * 4),
}


@ENGINES
@pytest.mark.parametrize("season", SEASONS)
@pytest.mark.parametrize(
    ("now", "made_at", "today"),
    [
        # Due at 06:00, allowed until 06:25.
        ("06:00:00", None, "p"),
        ("06:24:59.999999", None, "p"),
        ("06:25:00", None, "x"),
        ("23:00:00", None, "x"),
        ("23:00:00", "05:59:49.999999", "x"),  # that is another file of the day before
        ("23:00:00", "05:59:50", "m"),  # clocks differ a little
        ("23:00:00", "06:00:17", "m"),
        ("06:00:17", "06:00:17", "m"),
        ("23:00:00", "06:25:00", "m"),
        ("23:00:00", "06:25:00.000001", "L"),
        ("23:00:00", "22:00:00", "L"),
    ],
)
def test_a_run_is_made_by_its_limit_late_after_it_and_missed_without_a_file(
    season: str, engine: str, now: str, made_at: str | None, today: str
) -> None:
    day, offset, dates, offsets = SEASONS[season]
    earlier = [f"2026-{date}T06:00:17{each}" for date, each in zip(dates, offsets, strict=True)]
    todays = [f"{day}T{made_at}{offset}"] if made_at else []
    job, moment = haiku_job(engine=engine), f"{day}T{now}{offset}"
    signs = signs_of(job, files(*earlier, *todays), moment)

    assert strip(past_runs(job, signs, since=at(earlier[0]) - timedelta(hours=1), now=at(moment))) == f"mmmm{today}"


@pytest.mark.parametrize(
    ("engine", "schedule", "now", "expected"),
    [
        # What the skipped and the repeated hour owe is the engine's own answer, and each file belongs to one of them.
        ("cron", "30 2 * * *", "2026-03-29T12:00:00+02:00", ["03-28T01:30", "03-29T01:00"]),
        ("apscheduler", "30 2 * * *", "2026-03-29T12:00:00+02:00", ["03-28T01:30", "03-29T01:30"]),
        ("cron", "30 2 * * *", "2026-10-25T12:00:00+01:00", ["10-24T00:30", "10-25T00:30"]),
        ("apscheduler", "30 2 * * *", "2026-10-25T12:00:00+01:00", ["10-24T00:30", "10-25T00:30", "10-25T01:30"]),
    ],
)
def test_a_run_in_the_hour_of_a_clock_change_is_made_by_its_own_file(
    engine: str, schedule: str, now: str, expected: list[str]
) -> None:
    job = haiku_job(engine=engine, schedule=schedule, keeps=None)
    dues = [f"2026-{each}:00+00:00" for each in expected]
    runs = runs_of(job, files(*(each.replace(":00+", ":17+") for each in dues)), now, period="36 h")

    assert [(each.due_at, each.standing) for each in runs] == [(at(due), Standing.MADE) for due in dues]


@pytest.mark.parametrize(
    ("keeps", "since", "days", "expected"),
    [
        # 6 to 11 February are owed, and files are there of these days.
        (5, None, (7, 8, 9, 10, 11), ".mmmmm"),
        (5, None, (6, 7, 9, 10, 11), "mmxmmm"),
        (3, None, (8, 10, 11), "..mxmm"),
        (3, None, (9, 10, 11), "...mmm"),
        (None, None, (8, 10, 11), "..mxmm"),
        # Retention has taken none: not run, or not there yet. Only who declares `since` calls it missed.
        (5, None, (8, 10, 11), "??mxmm"),
        (5, "2026-02-01T00:00:00+01:00", (8, 10, 11), "xxmxmm"),
        (5, "2026-02-07T06:00:00+01:00", (8, 10, 11), "xmxmm"),
        (5, "2026-02-07T06:00:01+01:00", (8, 10, 11), "mxmm"),
        (5, "2026-02-01T00:00:00+01:00", (7, 8, 9, 10, 11), ".mmmmm"),
        # Retention never takes the newest, so without any file that one at least was missed.
        (5, None, (), "?????x"),
        (None, None, (), "?????x"),
        (5, "2026-02-01T00:00:00+01:00", (), "xxxxxx"),
    ],
)
def test_what_retention_took_is_not_missed(
    keeps: int | None, since: str | None, days: Sequence[int], expected: str
) -> None:
    seen = files(*(f"2026-02-{day:02}T06:00:17+01:00" for day in days))
    runs = runs_of(haiku_job(keeps=keeps, since=since), seen, "2026-02-11T07:00:00+01:00", period="5 d 2 h")

    assert strip(runs) == expected


def test_a_file_from_before_the_period_proves_what_is_missing_in_it() -> None:
    seen = files("2026-01-20T06:00:17+01:00", "2026-02-11T06:00:17+01:00")

    assert strip(runs_of(haiku_job(keeps=None), seen, "2026-02-11T07:00:00+01:00")) == "xxxxm"


def test_files_that_were_not_listed_are_not_called_taken() -> None:
    seen = files("2026-02-10T06:00:17+01:00", "2026-02-11T06:00:17+01:00")
    job, now = haiku_job(keeps=None), at("2026-02-11T07:00:00+01:00")
    signs = Signs.of_output(job, replace(folder_seen(job, seen, now), matches=9_000), most=2, now=now)

    assert strip(past_runs(job, signs, since=now - timedelta(days=5), now=now)) == "???mm"


@pytest.mark.parametrize(
    ("keeps", "expected"),
    [(5, "....."), (None, "....."), (9, "?????")],
)
def test_what_was_made_after_the_moment_may_have_taken_its_evidence_away(keeps: int | None, expected: str) -> None:
    later = files(*(f"2026-02-{day}T06:00:17+01:00" for day in range(12, 17)))

    assert strip(runs_of(haiku_job(keeps=keeps), [], "2026-02-11T07:00:00+01:00", later=later)) == expected


@pytest.mark.parametrize(
    ("made_at", "expected"),
    [
        ("2026-02-11T06:00:17+01:00", "????m"),
        ("2026-02-11T06:25:01+01:00", "????L"),
        ("2026-02-09T06:00:17+01:00", "??mxx"),
        (None, "????x"),
    ],
)
def test_of_one_overwritten_file_only_the_newest_run_is_told(made_at: str | None, expected: str) -> None:
    job = haiku_job(path="out/generate-haiku-latest.md", keeps=None, must_change=False)
    seen = files(made_at, stamped=False) if made_at else []

    assert strip(runs_of(job, seen, "2026-02-11T07:00:00+01:00")) == expected


def test_without_an_output_or_a_look_at_it_nothing_is_told() -> None:
    now = at("2026-02-11T07:00:00+01:00")
    unseen = not_seen(CauseCode.OUTPUT_UNREADABLE, "/srv/out: Permission denied")
    for job, output in ((haiku_job(has_output=False), None), (haiku_job(), unseen)):
        signs = Signs.of_output(job, output, most=MOST, now=now)

        assert strip(past_runs(job, signs, since=now - timedelta(days=5), now=now)) == "?????"


@pytest.mark.parametrize(
    ("sizes", "standing", "flaw", "made_at"),
    [
        # Made at 06:00, 06:10 and 09:00; at least 200 B are whole.
        ((812,), "made", None, "06:00"),
        ((0,), "made", "empty (0 B)", "06:00"),
        ((199,), "made", "has 199 B, less than min_size = 200 B", "06:00"),
        ((200,), "made", None, "06:00"),
        ((0, 812), "made", None, "06:10"),
        ((812, 0), "made", None, "06:00"),
        ((0, 0, 812), "late", None, "09:00"),
    ],
)
def test_an_empty_file_is_made_and_shown_as_empty_unless_a_whole_one_follows(
    sizes: Sequence[int], standing: str, flaw: str | None, made_at: str
) -> None:
    clocks = ("06:00", "06:10", "09:00")
    seen = [made(f"2026-02-11T{clock}:00+01:00", size=size) for clock, size in zip(clocks, sizes, strict=False)]
    (run,) = runs_of(haiku_job(), seen, "2026-02-11T10:00:00+01:00", period="12 h")

    assert (run.standing, run.flaw) == (standing, flaw)
    assert run.made_at == at(f"2026-02-11T{made_at}:00+01:00")


# Intervals ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("clocks", "now", "expected"),
    [
        # Every 6 h, 25 min allowed; hours of elapsed time since midnight UTC.
        ((0, 6, 12, 18), "23:59", "mmmm"),
        ((0, 6, 12, 18), "24:00", "mmmmp"),
        ((0, 6, 12, 18), "24:25", "mmmmx"),
        ((0, 6, 18), "23:59", "mmxm"),
        ((0, 18), "23:59", "mxxm"),
        ((0, 6.3, 12.5, 18.4), "23:59", "mmmm"),  # the clock of an interval drifts
        ((0, 6, 7, 13), "18:59", "mmmm"),  # one by hand, or a restart
        ((0, 0.02, 6, 6.02), "11:59", "mm"),  # two files of one run
        ((0,), "23:59", "mxxx"),
        ((), "23:59", ""),
    ],
)
@pytest.mark.parametrize("day", ["2026-02-11", "2026-03-29", "2026-10-25"], ids=["winter", "spring", "autumn"])
def test_a_floating_interval_is_counted_from_file_to_file(
    day: str, clocks: Sequence[float], now: str, expected: str
) -> None:
    job = haiku_job(every_span="6 h", keeps=None)
    start = at(f"{day}T00:00:00+00:00")
    seen = files(*((start + timedelta(hours=hour)).isoformat() for hour in clocks))
    hours, minutes = map(int, now.split(":"))
    moment = (start + timedelta(hours=hours, minutes=minutes)).isoformat()

    assert strip(runs_of(job, seen, moment, period="30 h")) == expected


def test_an_anchored_interval_is_held_to_its_grid() -> None:
    job = haiku_job(every_span="6 h", anchor="2026-01-01T00:00:00+00:00", keeps=None)
    seen = files("2026-02-11T00:00:17+00:00", "2026-02-11T12:30:00+00:00")

    assert strip(runs_of(job, seen, "2026-02-11T18:10:00+00:00", period="19 h")) == "mxLp"


# Many -----------------------------------------------------------------------------------------------------------------


@ENGINES
@pytest.mark.parametrize(
    ("since", "now", "minutes"),
    [
        ("2026-03-29T00:30:00+01:00", "2026-03-29T03:30:00+02:00", 121),
        ("2026-10-25T01:30:00+02:00", "2026-10-25T03:30:00+01:00", 181),
    ],
    ids=["spring", "autumn"],
)
def test_a_job_of_every_minute_is_due_each_minute_that_passes(engine: str, since: str, now: str, minutes: int) -> None:
    job = haiku_job(schedule="* * * * *", engine=engine)

    assert len(newest_due(job.schedule, at(since), at(now), MOST)) == minutes


@ENGINES
@pytest.mark.parametrize(
    ("schedule", "period", "expected"),
    [("* * * * *", "10 w", 100), ("0 6 * * *", "10 w", 70), ("0 6 * * *", "520 w", 100), ("0 3 1 * *", "10 w", 2)],
)
def test_the_newest_are_told_where_there_are_too_many(engine: str, schedule: str, period: str, expected: int) -> None:
    job, now = haiku_job(schedule=schedule, engine=engine, has_output=False), at("2026-02-11T07:00:00+01:00")
    runs = past_runs(job, Signs(), since=now - parse_span(period), now=now, most=100)

    assert len(runs) == expected
    assert runs[-1].due_at == job.schedule.last_due(now)
    assert [each.due_at for each in runs] == list(job.schedule.due_between(runs[0].due_at - timedelta(seconds=1), now))


# What is remembered ---------------------------------------------------------------------------------------------------


def remembered(day: int, verdict: Verdict, ran_at: str | None = None) -> Row:
    due_at = at(f"2026-02-{day:02}T06:00:00+01:00")
    return Row(job_id="haiku", due_at=due_at, verdict=verdict, judged_at=due_at, ran_at=at(ran_at) if ran_at else None)


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        # Owed are the 7th to the 11th; files are left of the 10th and the 11th.
        ([], "...mm"),
        ([(8, Verdict.OK)], ".m.mm"),
        ([(7, Verdict.MISSED), (8, Verdict.LATE), (9, Verdict.OK)], "xLmmm"),
        ([(10, Verdict.MISSED), (11, Verdict.LATE)], "...mm"),  # the file is there after all
        ([(6, Verdict.MISSED), (12, Verdict.OK)], "...mm"),  # not owed in this time
    ],
)
def test_what_is_remembered_tells_where_no_file_does(found: list[tuple[int, Verdict]], expected: str) -> None:
    job, now = haiku_job(keeps=2), "2026-02-11T07:00:00+01:00"
    seen = files("2026-02-10T06:00:17+01:00", "2026-02-11T06:00:17+01:00")
    rows = [remembered(day, verdict) for day, verdict in found]

    assert strip(runs_of(job, seen, now, rows=rows)) == expected


def test_a_run_whose_file_was_seen_and_is_gone_today_was_not_missed() -> None:
    job, now = haiku_job(keeps=None), "2026-02-11T07:00:00+01:00"
    seen = files("2026-02-08T06:00:17+01:00", "2026-02-11T06:00:17+01:00")
    runs = runs_of(job, seen, now, rows=[remembered(10, Verdict.OK, "2026-02-10T06:00:17+01:00")])

    assert strip(runs) == ".mxmm"
    assert runs[3].made_at == at("2026-02-10T06:00:17+01:00")


@pytest.mark.parametrize(
    ("day", "offsets"),
    [("2026-10-25", ["+02:00", "+01:00"]), ("2026-02-11", ["+01:00", "+01:00"])],
    ids=["autumn", "winter"],
)
def test_what_is_remembered_of_a_repeated_hour_belongs_to_one_of_its_runs(day: str, offsets: list[str]) -> None:
    job = haiku_job(schedule="30 2 * * *", engine="apscheduler", has_output=False)
    first, second = (at(f"{day}T02:30:00{offset}") for offset in offsets)
    known = Row(job_id="haiku", due_at=second, verdict=Verdict.OK, judged_at=second)
    noon = at(f"{day}T12:00:00{offsets[1]}")
    runs = past_runs(job, Signs(reach=second), since=first, now=noon, rows=[known])

    assert strip(runs) == ("?m" if first != second else "m")


@pytest.mark.parametrize(
    ("now", "expected"), [("07:01", "m"), ("13:24", "mp"), ("13:25", "mx")], ids=["newest", "in its time", "over"]
)
@pytest.mark.parametrize(("day", "offset"), [("2026-03-29", "+02:00"), ("2026-10-25", "+01:00")])
def test_an_interval_that_floats_has_no_gap_before_its_since(day: str, offset: str, now: str, expected: str) -> None:
    job = haiku_job(every_span="6 h", since=f"{day}T06:00{offset}", keeps=None)
    seen = files(f"{day}T07:00{offset}", (at(f"{day}T07:00{offset}") - timedelta(days=3)).isoformat())

    assert strip(runs_of(job, seen, f"{day}T{now}{offset}")) == expected


@pytest.mark.parametrize("newest", ["2026-03-26T06:00:17+01:00", "2026-10-22T06:00:17+02:00"])
def test_the_first_run_since_is_owed_an_interval_later(newest: str) -> None:
    since = at(newest) + timedelta(days=3)
    job = haiku_job(every_span="6 h", since=since.isoformat(), keeps=None)
    moments = [since + timedelta(hours=6) + timedelta(minutes=minutes) for minutes in (-1, 24, 25)]

    assert [strip(runs_of(job, files(newest), each.isoformat())) for each in moments] == ["", "p", "x"]


@pytest.mark.parametrize(
    ("now", "seen", "expected"),
    [
        # The run of 06:00 may be drawn to 06:10 and take until 07:15, and the one after it until 08:15.
        ("08:14", ["07:00:17", "05:00:17"], "mpm"),
        ("08:15", ["07:00:17", "05:00:17"], "mxm"),
        ("08:15", ["07:50:00", "07:14:00", "05:00:17"], "mpm"),
        ("08:15", ["07:15:01", "05:00:17"], "mxm"),
    ],
)
@pytest.mark.parametrize(("day", "offset"), [("2026-03-29", "+02:00"), ("2026-10-25", "+01:00")])
def test_a_file_that_may_be_of_the_run_before_leaves_open_whether_that_was_missed(
    day: str, offset: str, now: str, seen: list[str], expected: str
) -> None:
    job = haiku_job(schedule="0 5,6,7 * * *", jitter="10 min", grace="5 min", max_runtime="60 min", keeps=None)
    made_then = files(*[f"{day}T{each}{offset}" for each in seen])

    assert strip(runs_of(job, made_then, f"{day}T{now}{offset}", period="4 h")) == expected
