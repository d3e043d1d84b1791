"""Is what a run left held against what earlier runs left, and by nothing that is no measure?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from fixtures.one_morning import HAIKU, Told, at, made, morning
from rollcall.evidence import Content, FileSeen, LeftThen, RunRemembered
from rollcall.verdict.findings import Check
from rollcall.vocabulary import CauseCode

ZURICH = ZoneInfo("Europe/Zurich")
# A Wednesday.
NOW = datetime(2026, 2, 11, 6, tzinfo=ZURICH)
ONE_FILE, DATED = "out/latest.csv", "out/rates-%Y%m%d.csv"
PLAIN: dict[str, Any] = {
    "min_size": None,
    "must_contain": None,
    "must_not_contain": None,
    "must_change": None,
    "keeps": None,
    "has_scheduler": False,
}


def ago(
    days: float, size: int | None, rows: int | None = None, *, output: str = ONE_FILE, **words: Any
) -> RunRemembered:
    """A run so many days before, as the history has it."""
    left = (LeftThen(output=output, size=size, rows=rows),)
    return RunRemembered(due_at=(NOW - timedelta(days=days)), left=left, **words)


def daily(*sizes: int, **words: Any) -> list[RunRemembered]:
    """The newest first: that of yesterday."""
    return [ago(days, size, **words) for days, size in enumerate(sizes, 1)]


def left(
    *files: tuple[str, int, int | None] | int, path: str = ONE_FILE, files_declared: int | None = None, **words: Any
) -> Told:
    """The morning on which it left these: each by its name, size and rows; a number is the size of the one file."""
    of = [each if isinstance(each, tuple) else ("latest.csv", each, None) for each in files]
    seen = [
        made("2026-02-11T06:00:17+01:00", name=name, size=size, content=Content(rows=rows), stamped=False)
        for name, size, rows in of
    ]
    words = PLAIN | {"files": seen, "path": path, "format": "csv"} | words
    if files_declared:
        output = {key: words.pop(key) for key in ("min_size", "format")}
        known = {key: each for key, each in output.items() if each}
        words["output"] = {"path": path, "files": files_declared, **known}
    return morning(**words)


def said(told: Told) -> tuple[str, str | None]:
    return str(told.job.verdict), told.code


SHRUNKEN, GROWN = ("bad-output", CauseCode.SHRUNKEN_OUTPUT), ("bad-output", CauseCode.GROWN_OUTPUT)
WARNED, FELL, WELL = ("ok", CauseCode.SHRUNKEN_OUTPUT), ("ok", CauseCode.SHRINKING_OUTPUT), ("ok", None)
HALF: dict[str, Any] = {"min_size": "50 % of usual"}
THREE = daily(100_000, 100_000, 100_000)


# What is remembered ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("size", "remembered", "words", "expected"),
    [
        # One file that each run overwrites: nothing else of it is there to be seen.
        (9_999, THREE, {}, WARNED),
        (10_000, THREE, {}, WELL),
        (49_999, THREE, HALF, SHRUNKEN),
        (50_000, THREE, HALF, WELL),
        (300_000, THREE, {"max_size": "300 % of usual"}, WELL),
        (300_001, THREE, {"max_size": "300 % of usual"}, GROWN),
        # Fewer than three known show nothing.
        (1, daily(100_000, 100_000), HALF, WELL),
        (1, [], HALF, WELL),
        # All empty: nothing is usual.
        (1, daily(0, 0, 0, 0, 0), HALF, WELL),
        # Those that a morning found bad, or doubted, are no measure.
        (1, [*daily(100_000, 100_000), ago(3, 100_000, is_measure=False)], HALF, WELL),
        # Nor what another output left, nor what nobody knew, nor what is due later, by a clock that was wrong.
        (1, daily(100_000, 100_000, 100_000, output="out/other.csv"), HALF, WELL),
        (1, [ago(each, None) for each in (1, 2, 3)], HALF, WELL),
        (1, [ago(-each, 100_000) for each in (1, 2, 3)], HALF, WELL),
        # What was before the job was declared to begin is not asked: the way to say that a new size is meant.
        (1, THREE, HALF | {"since": "2026-02-11T00:00:00+01:00"}, WELL),
        # A month in which nobody looked, and another schedule then.
        (9_999, [ago(each + 0.25, 100_000) for each in (40, 41, 42)], {}, WARNED),
        # The same weekday where three of it are known: a small one on Wednesdays among large ones, and the reverse.
        (1_000, [ago(each, 1_000 if each % 7 == 0 else 100_000) for each in range(1, 22)], {}, WELL),
        (1_000, [ago(each, 100_000 if each % 7 == 0 else 1_000) for each in range(1, 22)], {}, WARNED),
        (1_000, [ago(each, 100_000 if each % 7 == 0 else 1_000) for each in range(1, 15)], {}, WELL),
        # Not yet three of it: as small as the one of the week before, or the first small one.
        (1_000, [ago(each, 1_000 if each % 7 == 0 else 100_000) for each in range(1, 14)], {}, WELL),
        (1_000, [ago(each, 100_000) for each in range(1, 14)], {}, WARNED),
        # A bad stretch that nobody noticed and that is over moves no median.
        (1_000, daily(*[100_000] * 10, *[1_000] * 8, *[100_000] * 10), {}, WARNED),
        # Nothing is usual of a log that is appended to.
        (1, THREE, {"last_line": "OK", "format": None}, ("unknown", CauseCode.OUTPUT_UNREADABLE)),
    ],
)
def test_what_is_remembered_shows_what_is_usual(
    size: int, remembered: Sequence[RunRemembered], words: Mapping[str, Any], expected: tuple[str, str | None]
) -> None:
    assert said(left(size, remembered=remembered, **words)) == expected


def dated(*sizes: int) -> list[FileSeen]:
    """A file of each day, that of today first."""
    days = [NOW - timedelta(days=days) for days in range(len(sizes))]
    return [
        made(f"{day:%Y-%m-%d}T06:00:17+01:00", name=f"rates-{day:%Y%m%d}.csv", size=size, content=Content())
        for day, size in zip(days, sizes, strict=True)
    ]


def test_a_run_that_is_both_seen_and_remembered_counts_once() -> None:
    files = dated(40_000, 100_000, 100_000)
    twice = daily(100_000, 100_000, output=DATED)

    assert said(left(path=DATED, files=files, remembered=twice, **HALF)) == WELL
    assert said(left(path=DATED, files=files, remembered=[*twice, ago(3, 90_000, output=DATED)], **HALF)) == SHRUNKEN


def test_a_file_of_a_run_that_was_bad_is_no_measure_while_it_is_still_there() -> None:
    bad = [RunRemembered(due_at=NOW - timedelta(days=1), is_measure=False)]

    assert said(left(path=DATED, files=dated(1_000, 100_000, 100_000, 100_000), **HALF)) == SHRUNKEN
    assert said(left(path=DATED, files=dated(1_000, 100_000, 100_000, 100_000), remembered=bad, **HALF)) == WELL


@pytest.mark.parametrize("day", ["2026-03-29", "2026-10-25"], ids=["spring", "autumn"])
def test_the_weekday_is_that_of_the_jobs_own_clock(day: str) -> None:
    """Due at half past midnight of a Sunday, which by UTC is a Saturday."""
    due_at = datetime.fromisoformat(f"{day}T00:30").replace(tzinfo=ZURICH)
    remembered = [
        RunRemembered(due_at=due, left=(LeftThen(output=ONE_FILE, size=1_000 if due.weekday() == 6 else 100_000),))
        for due in (due_at - timedelta(days=days) for days in range(1, 29))
    ]
    file = made(due_at.isoformat(), name="latest.csv", size=900, content=Content(), stamped=False)
    words = PLAIN | {"path": ONE_FILE, "schedule": "30 0 * * *"}
    now = (due_at + timedelta(hours=1)).isoformat()

    assert said(morning(now=now, files=[file], remembered=remembered, **words)) == WELL


def test_of_a_job_with_several_runs_a_day_the_same_time_of_the_day_is_usual() -> None:
    """Each hour; by day a hundred times as much as by night."""
    hours = [NOW - timedelta(hours=hours) for hours in range(1, 97)]
    remembered = [
        RunRemembered(due_at=at, left=(LeftThen(output=ONE_FILE, size=100_000 if 8 <= at.hour < 20 else 1_000),))
        for at in hours
    ]

    words: dict[str, Any] = {"remembered": remembered, "schedule": "0 * * * *", "now": "2026-02-11T06:40:00+01:00"}

    assert said(left(1_000, **words)) == WELL
    assert said(left(90, **words)) == WARNED


# Rows, and several of all ---------------------------------------------------------------------------------------------

WITH_ROWS = [ago(days, 50_000, 1_000) for days in (1, 2, 3)]


@pytest.mark.parametrize(
    ("rows", "words", "expected", "says"),
    [
        (499, {"min_rows": "50 % of usual"}, SHRUNKEN, "499 rows, 50 % of the usual 1,000 rows, less than min_rows"),
        (500, {"min_rows": "50 % of usual"}, WELL, ""),
        (99, {}, WARNED, "99 rows, 10 % of the usual 1,000 rows"),
        (
            99,
            {"min_rows": 100},
            ("bad-output", CauseCode.TRUNCATED_OUTPUT),
            "99 rows of data, less than min_rows = 100",
        ),
        (0, {"min_rows": 1}, ("bad-output", CauseCode.EMPTY_OUTPUT), "0 rows of data, less than min_rows = 1"),
        (1_001, {"max_rows": 1_000}, GROWN, "1,001 rows of data, more than max_rows = 1000"),
        (2_001, {"max_rows": "200 % of usual"}, GROWN, "2,001 rows, 200 % of the usual 1,000 rows, more than max_rows"),
        (2_000, {"max_rows": "200 % of usual"}, WELL, ""),
    ],
)
def test_rows_are_held_against_their_limits(
    rows: int, words: dict[str, Any], expected: tuple[str, str | None], says: str
) -> None:
    told = left(("latest.csv", 50_000, rows), remembered=WITH_ROWS, **words)

    assert said(told) == expected
    assert says in told.finding(Check.OUTPUT_IS_WHOLE).because


def test_of_what_is_not_all_there_less_is_no_wonder() -> None:
    path = "out/*-latest.csv"
    remembered = [ago(days, 120_000, 80, output=path) for days in (1, 2, 3)]
    told = left(("a-latest.csv", 40_000, 40), path=path, files_declared=2, remembered=remembered, **HALF)

    assert said(told) == ("bad-output", CauseCode.INCOMPLETE_OUTPUT)


def test_rows_that_nobody_tells_are_never_enough() -> None:
    told = left(("latest.csv", 50_000, None), remembered=WITH_ROWS, min_rows=1)

    assert said(told) == ("unknown", CauseCode.OUTPUT_UNREADABLE)
    assert (
        "its number of rows is not known, so it cannot be compared with min_rows"
        in told.finding(Check.OUTPUT_IS_WHOLE).because
    )


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        # Two files of 60 kB and 40 rows: the size of each, the rows and what is usual of both together.
        ({"max_size": "60 kB"}, WELL),
        ({"max_size": "59 kB"}, GROWN),
        ({"min_rows": 80}, WELL),
        ({"min_rows": 81}, ("bad-output", CauseCode.TRUNCATED_OUTPUT)),
        ({"max_rows": 79}, GROWN),
        ({"min_size": "100 % of usual"}, WELL),
        ({"max_size": "100 % of usual"}, WELL),
    ],
)
def test_sizes_are_of_each_file_and_rows_and_shares_of_all_together(
    words: dict[str, Any], expected: tuple[str, str | None]
) -> None:
    path = "out/*-latest.csv"
    remembered = [ago(days, 120_000, 80, output=path) for days in (1, 2, 3)]
    two = (("a-latest.csv", 60_000, 40), ("b-latest.csv", 60_000, 40))

    assert said(left(*two, path=path, remembered=remembered, **words)) == expected


# Slow changes ---------------------------------------------------------------------------------------------------------


def slow(*, factor: float, runs: int = 40) -> Iterable[int]:
    """Sizes of the days before, the newest first, each `factor` times the one before it."""
    return (round(100_000_000 * factor**number) for number in range(runs - 1, -1, -1))


def test_a_slow_decline_does_not_drag_the_usual_along_unseen() -> None:
    """At 10 % a day the median of 40 runs is never ten times as much; that it falls is seen all the same."""
    known = [*slow(factor=0.95)]
    told = left(round(known[0] * 0.95), remembered=daily(*known))

    assert said(told) == FELL
    assert told.finding(Check.OUTPUT_IS_WHOLE).because.endswith(" (last 5 Wednesdays), and it shrinks from run to run")


def test_a_sudden_fall_is_said_for_seven_runs_and_is_then_what_is_usual() -> None:
    verdicts = [said(left(40_000, remembered=daily(*[40_000] * lasting, *[100_000] * 40))) for lasting in range(9)]

    assert verdicts == [FELL] * 7 + [WELL] * 2


def test_growth_is_warned_of_where_a_limit_is_near() -> None:
    known = [*slow(factor=1.05)]
    told = left(round(known[0] * 1.05), remembered=daily(*known), max_size="1 GB")
    path = "out/*-latest.csv"
    two: dict[str, Any] = {"remembered": daily(*known, output=path), "path": path, "max_size": "1 GB"}

    assert said(told) == ("ok", CauseCode.GROWING_OUTPUT)
    assert told.finding(Check.OUTPUT_IS_WHOLE).because.endswith(
        "its outputs grow: 704.0 MB of at most 1.0 GB, usually 252.7 MB; at this pace it exceeds that on Wed 18 Feb"
    )
    # Two files, each far from its limit; far off, and without any limit.
    assert said(left(("a-latest.csv", 400_000_000, None), ("b-latest.csv", 304_000_000, None), **two)) == WELL
    assert said(left(round(known[0] * 1.05), remembered=daily(*known), max_size="100 GB")) == WELL
    assert said(left(round(known[0] * 1.05), remembered=daily(*known))) == WELL


def test_evidence_keeps_what_is_remembered() -> None:
    told = left(9_999, remembered=[replace(each, took=timedelta(seconds=17)) for each in THREE])
    again = type(told.evidence).from_json(told.evidence.to_json())

    assert again == told.evidence
    assert again.remembered[HAIKU][0] == replace(
        THREE[0], took=timedelta(seconds=17), due_at=at("2026-02-10T06:00+01:00")
    )
