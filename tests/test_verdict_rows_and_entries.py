"""Are rows of a table and entries of a list judged as files are, and spoken of as what they are?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from fixtures.one_morning import Told, at, morning, not_seen
from rollcall.evidence import Content, FileSeen, Flaw
from rollcall.morning.ending import Ending
from rollcall.report.page import render_board
from rollcall.verdict.findings import Check
from rollcall.vocabulary import CauseCode, Verdict

ZURICH = ZoneInfo("Europe/Zurich")
ENTRIES = {"command": ["restic", "snapshots", "--json"], "made_at": "time"}
ROWS = {"database": "sqlite:///shop.db", "query": "SELECT max(t) AS made_at, count(*) AS rows FROM r"}
EMPTY = Flaw(CauseCode.EMPTY_OUTPUT, "has no rows (rows = 0)")
DAYS = ("2026-02-10", "2026-02-09", "2026-02-08", "2026-02-07")


def entry(when: str, size: int | None = None) -> FileSeen:
    """One that is listed with that time."""
    return FileSeen(name=when, size=size, modified_at=at(when), stamp_at=at(when), content=Content(marks_its_end=True))


def row(when: str, rows: int | None = None, size: int | None = None) -> FileSeen:
    """One that a query found."""
    content = Content(rows=rows, flaw=EMPTY if rows == 0 else None, marks_its_end=True)
    return FileSeen(name=when, size=size, modified_at=at(when), stamp_at=at(when), content=content)


def of_day(text: str, rows: int | None = None) -> FileSeen:
    """A row that tells the day alone."""
    first = datetime.combine(date.fromisoformat(text), time(), ZURICH).astimezone(UTC)
    last = first + timedelta(days=1, microseconds=-1)
    before = first - timedelta(microseconds=1)
    return FileSeen(
        name=text, size=None, modified_at=before, stamp_at=first, stamp_from=first, stamp_until=last,
        content=Content(rows=rows, marks_its_end=True),
    )  # fmt: skip


def judged(output: dict[str, Any], *seen: FileSeen, **words: Any) -> Told:
    return morning(output=output, files=seen, **({"has_scheduler": False} | words))


def nightly(size: int | None = None, *, count: int = 4) -> list[FileSeen]:
    """Those of the nights before."""
    return [entry(f"{day}T06:00:17+01:00", size) for day in DAYS[:count]]


TODAY = entry("2026-02-11T06:00:17+01:00")


# As files are ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("seen", "words", "verdict", "code"),
    [
        ([TODAY, *nightly()], {}, "ok", None),
        ([entry("2026-02-11T05:25:00Z")], {}, "ok", None),
        ([entry("2026-02-11T05:25:01Z")], {}, "late", CauseCode.RAN_LATE),
        ([entry("2026-02-11T05:25:01Z")], {"late": "warn"}, "late", CauseCode.RAN_LATE),
        (nightly(), {}, "bad-output", CauseCode.STALE_OUTPUT),
        ([], {}, "missed", CauseCode.NEVER_RAN),
        ([entry("2025-11-01T06:00:17+01:00")], {}, "bad-output", CauseCode.STALE_OUTPUT),
        (nightly(), {"now": "2026-02-11T06:24:59+01:00"}, "pending", None),
        ([entry("2026-02-11T13:00:17+01:00")], {}, "unknown", CauseCode.FUTURE_TIMESTAMP),
        ([entry("2026-02-13T13:00:17+01:00")], {}, "missed", CauseCode.NEVER_RAN),
        ([TODAY, entry("2026-02-11T06:10:17+01:00"), *nightly()], {}, "ok", CauseCode.RAN_TWICE),
        # Its record tells of a run: only the list tells whether that left anything.
        (nightly(), {"has_scheduler": True}, "bad-output", CauseCode.SUCCESS_WITHOUT_OUTPUT),
        (nightly(), {"has_scheduler": True, "status": "error"}, "failed", CauseCode.RUN_FAILED),
        ([TODAY, *nightly()], {"has_scheduler": True}, "ok", None),
        (
            [entry("2026-02-11T08:30:17+01:00")],
            {"has_scheduler": True, "now": "2026-02-11T09:00:00+01:00"},
            "failed",
            CauseCode.UNRECORDED_RUN,
        ),
    ],
)
def test_entries_are_judged_by_their_own_times(
    seen: Sequence[FileSeen], words: dict[str, Any], verdict: str, code: CauseCode | None
) -> None:
    told = judged(ENTRIES, *seen, **words)

    assert (told.job.verdict, told.code) == (verdict, code)


@pytest.mark.parametrize(
    ("size", "more", "verdict", "code"),
    [
        (100_000, {}, "ok", None),
        (9_999, {}, "ok", CauseCode.SHRUNKEN_OUTPUT),
        (0, {}, "bad-output", CauseCode.EMPTY_OUTPUT),
        (199, {"min_size": "200 B"}, "bad-output", CauseCode.TRUNCATED_OUTPUT),
        (None, {"min_size": "200 B"}, "unknown", CauseCode.OUTPUT_UNREADABLE),
        (None, {}, "ok", None),
    ],
)
def test_where_a_size_is_listed_it_is_judged(
    size: int | None, more: dict[str, str], verdict: str, code: CauseCode | None
) -> None:
    today = entry("2026-02-11T06:00:17+01:00", size)
    told = judged({**ENTRIES, "size": "bytes", **more}, today, *nightly(100_000))

    assert (told.job.verdict, told.code) == (verdict, code)


@pytest.mark.parametrize(
    ("seen", "more", "verdict", "code"),
    [
        ([row("2026-02-11T06:00:17+01:00", 812)], {"min_rows": 800}, "ok", None),
        ([row("2026-02-11T06:00:17+01:00", 799)], {"min_rows": 800}, "bad-output", CauseCode.TRUNCATED_OUTPUT),
        ([row("2026-02-11T06:00:17+01:00", None)], {"min_rows": 800}, "unknown", CauseCode.OUTPUT_UNREADABLE),
        ([row("2026-02-11T06:00:17+01:00", 0)], {}, "bad-output", CauseCode.EMPTY_OUTPUT),
        ([row("2026-02-11T06:30:00+01:00", 812)], {}, "late", CauseCode.RAN_LATE),
        ([row("2026-02-10T06:00:17+01:00", 812)], {}, "bad-output", CauseCode.STALE_OUTPUT),
        ([], {}, "bad-output", CauseCode.EMPTY_OUTPUT),
        ([of_day("2026-02-11", 812)], {}, "ok", None),
        ([of_day("2026-02-10", 812)], {}, "bad-output", CauseCode.STALE_OUTPUT),
    ],
)
def test_rows_are_judged_by_their_own_times_and_numbers(
    seen: Sequence[FileSeen], more: dict[str, Any], verdict: str, code: CauseCode | None
) -> None:
    told = judged({**ROWS, **more}, *seen)

    assert (told.job.verdict, told.code) == (verdict, code)


def test_what_must_hold_of_an_entry_is_judged() -> None:
    output = {**ENTRIES, "must_hold": ["error == `false`"]}

    def told(found: str | None) -> Told:
        content = Content(marks_its_end=True, held={"error == `false`": found})
        return judged(output, replace(TODAY, content=content), *nightly())

    assert told(None).job.verdict == "ok"
    assert told("true").code is CauseCode.DEGRADED_OUTPUT
    says = 'Its entry of Wed 11 Feb 06:00:17 CET does not meet "error == `false`": found true.'
    assert told("true").cause.sentence == says


def test_a_table_that_says_nothing_though_its_run_is_a_success_is_empty() -> None:
    assert judged(ROWS, has_scheduler=True).code is CauseCode.EMPTY_OUTPUT


@pytest.mark.parametrize(
    ("now", "verdict", "step"),
    [
        ("2026-02-11T05:59:59+01:00", "bad-output", "Read the log of that run"),
        ("2026-02-11T06:10:00+01:00", "unknown", "Wait until that run must be done"),
        ("2026-02-11T06:25:00+01:00", "bad-output", "Read the log of that run"),
    ],
    ids=["before the next run", "while it may fill it", "after it"],
)
def test_a_table_that_the_next_run_empties_and_fills_says_nothing_meanwhile(now: str, verdict: str, step: str) -> None:
    told = judged(ROWS, now=now)

    assert told.job.verdict == verdict
    assert step in told.cause.next_step
    # One that is due so often that some run is always inside its time has had its time.
    often = judged(ROWS, now=now, schedule=None, every_span="10 min", anchor="2026-02-10T00:00:00+01:00")
    assert often.job.verdict == "bad-output"
    # What is listed is not emptied to be filled.
    assert judged(ENTRIES, now=now).job.verdict == "missed"


@pytest.mark.parametrize("output", [ENTRIES, ROWS], ids=["entries", "rows"])
@pytest.mark.parametrize(
    ("written", "zone", "verdict"),
    [
        # Its record says 06:00:17.
        ("2026-02-11 06:00:10", "Europe/Zurich", "ok"),
        ("2026-02-11 06:00:10", "UTC", "unknown"),
        ("2026-02-11 05:00:10", "Europe/Zurich", "unknown"),
        ("2026-02-11 04:00:10", "Europe/Zurich", "bad-output"),
        ("2026-02-11 05:00:10+01:00", "Europe/Zurich", "bad-output"),
    ],
)
def test_times_that_are_read_in_the_wrong_zone_are_said_to_be(
    output: dict[str, Any], written: str, zone: str, verdict: str
) -> None:
    made = datetime.fromisoformat(written)
    made = made if made.tzinfo else made.replace(tzinfo=ZoneInfo(zone))
    seen = replace(entry(made.isoformat()), name=written)
    told = judged({**output, "timezone": zone}, seen, has_scheduler=True)

    assert told.job.verdict == verdict
    if verdict == "unknown":
        other = "UTC" if zone != "UTC" else "Europe/Zurich"
        assert told.code is CauseCode.WRONG_TIMEZONE
        assert "its time is read in the wrong zone" in told.cause.sentence
        assert f'Correct how its times are read: `timezone = "{other}"`' in told.cause.next_step


def test_of_what_has_no_size_none_is_expected() -> None:
    said = [judged(each, TODAY).finding(Check.OUTPUT_IS_WHOLE).expected for each in (ENTRIES, ROWS)]
    assert said == ["any entry", "any row"]
    sized = judged({**ENTRIES, "size": "bytes"}, entry("2026-02-11T06:00:17+01:00", 9))
    assert sized.finding(Check.OUTPUT_IS_WHOLE).expected == "at least 1 B"


# Which runs can be told -----------------------------------------------------------------------------------------------


def test_one_row_tells_of_the_newest_run_alone_and_several_of_each() -> None:
    """A query of max(…) finds what all runs overwrite."""
    today, before = row("2026-02-11T06:00:17+01:00", 9), row("2026-02-08T06:00:17+01:00", 9)

    assert judged(ROWS, today, look_back="3 d").job.verdict == "ok"
    gap = judged(ROWS, today, before, look_back="3 d", owes="each")
    assert gap.finding(Check.NO_RUN_IS_MISSING).verdict is Verdict.MISSED
    assert "no row of" in gap.finding(Check.NO_RUN_IS_MISSING).because
    assert judged(ENTRIES, TODAY, nightly()[2], look_back="3 d").code is CauseCode.MISSED_RUN


def test_what_a_later_run_has_overwritten_can_no_longer_be_told() -> None:
    told = judged(ROWS, row("2026-02-11T06:00:17+01:00", 9)).seen_at("2026-02-10T07:02:00+01:00")

    assert told.job.verdict == "pending"
    assert "a later run has replaced its output" in told.finding(Check.OUTPUT_EXISTS).because
    # Whatever retention is said to leave: it has one row, and that of today may yet be filled.
    today = row("2026-02-11T06:00:17+01:00", 0)
    assert judged({**ROWS, "keeps": 7}, today, now="2026-02-11T06:10:00+01:00").job.verdict == "pending"


def test_a_day_tells_no_hour() -> None:
    told = judged(ROWS, of_day("2026-02-11"))

    found = told.finding(Check.RAN_ON_TIME).found
    assert (told.job.verdict, found) == ("ok", "its table as of Wed 11 Feb 2026 shows the day, but no time")
    # Nor whether it was there by then.
    assert judged(ROWS, of_day("2026-02-11"), done_by="06:30").job.verdict == "pending"


def test_a_load_that_is_dated_by_the_day_after_it_was_due_is_no_missing_one() -> None:
    """Due at 23:00, done after midnight."""
    days = [of_day(f"2026-02-{day:02}") for day in (11, 10, 9, 8)]
    told = judged(ROWS, *days, schedule="0 23 * * *", max_runtime="3 h", look_back="3 d", owes="each")

    assert told.job.verdict == "ok"


@pytest.mark.parametrize(
    ("now", "times", "verdict"),
    [
        # Clocks skip 02:00 to 03:00: due at 02:30, it runs at 03:00.
        ("2026-03-29T07:00:00+02:00", ["2026-03-29T03:00:10+02:00", "2026-03-28T02:30:10+01:00"], "ok"),
        ("2026-03-29T07:00:00+02:00", ["2026-03-28T02:30:10+01:00"], "bad-output"),
        # Clocks show 02:00 to 03:00 twice: it runs the first time.
        ("2026-10-25T07:00:00+01:00", ["2026-10-25T02:30:10+02:00", "2026-10-24T02:30:10+02:00"], "ok"),
        ("2026-10-25T07:00:00+01:00", ["2026-10-25T02:30:10+01:00", "2026-10-24T02:30:10+02:00"], "late"),
        ("2026-10-25T07:00:00+01:00", ["2026-10-24T02:30:10+02:00"], "bad-output"),
    ],
    ids=["spring", "spring, none", "autumn", "autumn, an hour late", "autumn, none"],
)
def test_nights_on_which_clocks_change_are_one_night(now: str, times: list[str], verdict: str) -> None:
    told = judged(ENTRIES, *(entry(each) for each in times), schedule="30 2 * * *", now=now)

    assert told.job.verdict == verdict


def test_of_an_hour_that_autumn_shows_twice_no_run_is_missed_and_none_ran_twice() -> None:
    """What has no offset may be of either."""
    first, hour = datetime(2026, 10, 25, 0, 0, 10, tzinfo=UTC), timedelta(hours=1)
    naive = replace(entry(first.isoformat()), stamp_from=first, stamp_until=first + hour)
    seen = [naive, naive, *(entry((first - hour * number).isoformat()) for number in range(1, 6))]
    words = {"every_span": "1 h", "anchor": "2026-10-24T00:00:00+00:00", "owes": "each", "schedule": None}

    for now in ("2026-10-25T00:40:00+00:00", "2026-10-25T01:40:00+00:00"):
        told = judged({**ENTRIES, "timezone": "Europe/Zurich"}, *seen, now=now, **words)
        assert (told.judged.needs_a_person, told.code) == (False, None), told.job.findings


# What is said of them -------------------------------------------------------------------------------------------------

SIZED = {**ENTRIES, "size": "bytes", "min_size": "1 kB"}
BROKEN: list[tuple[dict[str, Any], list[FileSeen], dict[str, Any], str]] = [
    (ENTRIES, nightly(), {}, "; the newest entry is of Tue 10 Feb 06:00:17 CET"),
    (ENTRIES, [], {}, "`restic snapshots --json` lists no entry"),
    ({**ENTRIES, "each": "[?host=='a']"}, [], {}, "--json` lists no entry by each = \"[?host=='a']\""),
    (ENTRIES, nightly(), {"has_scheduler": True}, "it left no entry: the newest entry is of Tue 10 Feb"),
    (SIZED, [entry("2026-02-11T06:00:17+01:00", 9)], {}, "Its entry of Wed 11 Feb 06:00:17 CET has 9 B"),
    (ROWS, [row("2026-02-10T06:00:17+01:00", 9)], {}, "; the newest row is of Tue 10 Feb 06:00:17 CET"),
    (ENTRIES, [entry("2024-02-03T06:00:17+01:00")], {}, "; the newest entry is of Sat 3 Feb 2024 06:00 CET"),
    (ENTRIES, [entry("2026-02-11T13:00:17+01:00")], {}, "is dated Wed 11 Feb 2026 13:00 CET, in the future"),
    (ENTRIES, [TODAY, entry("2026-02-11T13:00:17+01:00")], {}, "in the future, so it is no evidence of a run"),
    (ROWS, [row("2026-03-11T06:00:17+01:00", 9)], {}, "AS rows FROM r finds no row made so far; 2026-03-11T06:00:17"),
    (ROWS, [], {}, "count(*) AS rows FROM r finds no row"),
    (ROWS, [row("2026-02-11T06:00:17+01:00", 0)], {}, "Its table as of Wed 11 Feb 06:00:17 CET has no rows (rows = 0)"),
    ({**ROWS, "min_rows": 5}, [row("2026-02-11T06:00:17+01:00", 1)], {}, "has 1 row of data, less than min_rows = 5"),
]  # fmt: skip


@pytest.mark.parametrize(("output", "seen", "words", "says"), BROKEN)
def test_no_sentence_and_no_step_takes_them_for_files(
    output: dict[str, Any], seen: list[FileSeen], words: dict[str, Any], says: str
) -> None:
    cause = judged(output, *seen, **words).cause

    assert says in cause.sentence
    assert [
        each for each in ("file", "ls -l", "folder", "head ", "tail ") if each in cause.sentence + cause.next_step
    ] == []


@pytest.mark.parametrize("output", [ENTRIES, ROWS], ids=["entries", "rows"])
@pytest.mark.parametrize(
    "code", [CauseCode.OUTPUT_UNREADABLE, CauseCode.PLACE_DOWN, CauseCode.ACCESS_DENIED, CauseCode.NAIVE_TIMESTAMP]
)
def test_what_could_not_be_looked_at_is_unknown_with_a_step_of_its_own(output: dict[str, Any], code: CauseCode) -> None:
    told = judged(output, folder=not_seen(code, "it said no"))

    assert (told.job.verdict, told.code) == ("unknown", code)
    assert told.cause.sentence.endswith("could not be read: it said no.")
    step = told.cause.next_step
    assert (
        "restic snapshots" if output is ENTRIES else "database"
    ) in step or "[jobs.generate_haiku_scheduled.output]" in step
    assert [each for each in ("ls -l", "folder", "headers") if each in step] == []


def test_the_page_calls_the_last_one_before_what_it_is() -> None:
    today = replace(TODAY, content=Content(marks_its_end=True, held={"ok": "false"}))
    before = [replace(each, content=None) for each in nightly()]
    page = render_board(judged({**ENTRIES, "must_hold": ["ok"]}, today, *before, look_back="3 d").judged, Ending())

    assert "<dt>Last entry before</dt>" in page
