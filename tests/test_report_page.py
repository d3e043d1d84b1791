"""What do the parts of the page tell that need an earlier morning, a picture or a witness word for word?"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from fixtures.house import HOSTILE, NOW, YESTERDAY, ZURICH, House
from fixtures.one_morning import at, left
from fixtures.our_script import our_script
from rollcall.causes.action import Action, Deed
from rollcall.evidence import Content, FileSeen, JobListed, LeftThen, RunRemembered, RunSeen
from rollcall.history.rows import NOTHING, Chronicle, PastMorning, Row
from rollcall.morning import Morning
from rollcall.morning.ending import Ending
from rollcall.report.cause_groups import group_by_cause
from rollcall.report.changes import changes, missing_mornings, tell_missing, unusual_size
from rollcall.report.headline import title, tone
from rollcall.report.night import Night
from rollcall.report.page import render_board
from rollcall.report.recent_runs import began_at, last_good_at, recent_runs
from rollcall.roll.job import Pause
from rollcall.schedule import Engine, read_schedule
from rollcall.vocabulary import Verdict

_LEFT = re.compile(r"<[^>]*>")


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)


def due(days_ago: int, now: datetime = NOW) -> datetime:
    """06:00 in Zurich, that many days before."""
    return (now.astimezone(ZURICH) - timedelta(days=days_ago)).replace(hour=6, minute=0).astimezone(UTC)


def row(days_ago: int, verdict: Verdict = Verdict.OK, *, size: int = 900, cause: str | None = None) -> Row:
    """What was remembered of the run due that many days ago."""
    is_bad = verdict not in (Verdict.OK, Verdict.PENDING)
    return Row(
        job_id="it",
        due_at=due(days_ago),
        verdict=verdict,
        cause=cause or ("missed-run" if is_bad else None),
        needs_a_person=is_bad,
        ran_at=None if is_bad else due(days_ago) + timedelta(seconds=17),
        outputs=() if is_bad else left(size),
        judged_at=due(days_ago) + timedelta(hours=1),
    )


def mornings(*days_ago: int, now: datetime = NOW) -> tuple[PastMorning, ...]:
    """Mornings at 07:00, that many days ago."""
    return tuple(
        PastMorning(
            judged_at=due(each, now) + timedelta(hours=1),
            verdict="ok",
            is_complete=True,
            declared=1,
            needing=0,
            by="pytest",
        )
        for each in sorted(days_ago, reverse=True)
    )


def remembered(rows: Sequence[Row], **others: object) -> Chronicle:
    """A history that holds those rows of the job `it`."""
    known: dict[str, object] = {"rows": {"it": tuple(rows)} if rows else {}, "mornings": mornings(*range(1, 9))}
    return Chronicle(**(known | others))  # type: ignore[arg-type]


def shown(page: str) -> str:
    """The text of a page."""
    return " ".join(_LEFT.sub(" ", page.partition("</style>")[2] or page).split())


def section(page: str, name: str) -> str:
    """One section of the page, by the id of its heading."""
    found = re.search(rf'<section[^>]*aria-labelledby="{name}">(.*?)</section>', page, re.DOTALL)
    return found[1] if found else ""


# Strips ---------------------------------------------------------------------------------------------------------------


def _strip(house: House, rows: Sequence[Row], now: datetime = NOW) -> list[str]:
    judged = house.morning(now=now).jobs[0]
    return [each.verdict or "untold" for each in recent_runs(judged, rows)]


def test_a_strip_holds_the_last_thirty_due_runs_the_newest_last(house: House) -> None:
    house.add("it")
    house.says("it", last_status="error")

    strip = _strip(house, [row(days) for days in range(40, 0, -1)])

    assert strip == ["ok"] * 29 + ["failed"]


def test_a_morning_on_which_nobody_looked_is_a_gap_and_not_left_out(house: House) -> None:
    house.add("it")

    assert _strip(house, [row(4), row(3, Verdict.MISSED)]) == ["ok", "missed", "untold", "untold", "ok"]


@pytest.mark.parametrize(
    ("schedule", "days_ago", "strip"),
    [
        # Looked at once a day, though it is due every six hours, twice at work only, or once at another time by now.
        ("0 */6 * * *", [2, 1], ["ok", *["untold"] * 3] * 2),
        ("0 6,18 * * mon-fri", [5, 2], ["ok", "untold", "ok", *["untold"] * 3]),
        ("0 5,6 * * *", [2, 1], ["ok", "untold", "ok", "untold"]),
        ("30 6 * * *", [3, 2], ["ok", "ok", "untold", "untold"]),
    ],
)
def test_what_was_due_between_two_looks_is_not_forgotten(
    house: House, schedule: str, days_ago: list[int], strip: list[str]
) -> None:
    house.add("it")
    house.jobs = house.jobs.replace("0 6 * * *", schedule)

    assert _strip(house, [row(days) for days in days_ago])[:-1] == strip


def test_of_a_job_that_is_due_every_minute_the_last_half_hour_is_told(house: House) -> None:
    house.add("it", output="it-*.md")
    house.jobs = house.jobs.replace("0 6 * * *", "* * * * *").replace("scheduler = 'aime'", "engine = 'cron'")
    made = [NOW - timedelta(minutes=minutes, seconds=-20) for minutes in (0, 1, 2, 4, 5)]
    house.files["it"] = tuple(FileSeen(name="it", size=1, modified_at=each, content=Content()) for each in made)

    strip = _strip(house, [row(days) for days in range(30, 0, -1)])

    assert len(strip) == 30
    assert strip[-7:] == ["pending", "ok", "ok", "pending", "ok", "ok", "ok"]


@pytest.mark.parametrize(
    ("then", "told"), [(Verdict.PENDING, "ok"), (Verdict.UNKNOWN, "ok"), (Verdict.FAILED, "failed"), (None, "ok")]
)
def test_a_file_tells_today_what_could_not_be_told_then(house: House, then: Verdict | None, told: str) -> None:
    house.add("it", output="it-*.md")
    house.leaves("it", "it-2.md")
    before = FileSeen(name="it-1.md", size=328, modified_at=due(1) + timedelta(seconds=16), content=Content())
    house.files["it"] = (*_files(house), before)

    assert _strip(house, [row(1, then)] if then else []) == [told, "ok"]


def _files(house: House) -> tuple[FileSeen, ...]:
    files = house.files["it"]
    assert isinstance(files, tuple)
    return files


def test_a_run_still_inside_its_time_is_pending_and_the_one_before_is_not(house: House) -> None:
    house.add("it")
    house.says("it", last_execution=YESTERDAY, next_run="2026-02-12T06:00:00+01:00")

    assert _strip(house, [row(2)], NOW.replace(hour=6, minute=5)) == ["ok", "ok", "pending"]


def test_thirty_runs_that_are_alike_are_one_rectangle_and_each_kind_has_its_own_shape(house: House) -> None:
    house.add("it")
    rows = [row(30 - number, verdict) for number, verdict in enumerate(each for each in Verdict)]
    rows += [row(days) for days in range(30 - len(rows), 0, -1)]

    page = render_board(house.morning(), Ending(), chronicle=remembered(rows))

    assert page.count('<rect class="s-ok"') <= 3 + 1  # one more in the legend
    patterns = re.findall(r'<pattern id="rs-([a-z-]+)".*?<g [^>]*>(.*?)</g>', page)
    assert {name for name, _ in patterns} >= {"ok", "missed", "failed", "stuck", "bad-output", "late", "unknown"}
    assert len({shape for _, shape in patterns}) == len(patterns)


def test_a_strip_is_told_to_those_who_do_not_see_it(house: House) -> None:
    house.add("it")

    page = render_board(
        house.morning(), Ending(), chronicle=remembered([row(5), row(4, Verdict.MISSED), row(3), row(2), row(1)])
    )

    assert "6 runs since Fri 6 Feb: 5 ok, 1 missed" in shown(page)
    assert 'role="img" aria-label="missed Sat 7 Feb 06:00 CET"' in page


# The lateness line ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ran", "mark"),
    [
        ("2026-02-11T05:00:00", '<circle class="v-ok" cx="12"'),
        ("2026-02-11T05:25:00", '<circle class="v-ok" cx="200"'),
        ("2026-02-11T05:26:00", '<circle class="v-late" cx="208"'),
        ("2026-02-11T05:55:00", '<path class="l-x v-late"'),
    ],
)
def test_the_line_shows_where_between_its_limits_a_run_lay(house: House, ran: str, mark: str) -> None:
    house.add("it")
    house.says("it", last_execution=ran)

    line = re.search(r'<svg class="rc-line".*?</svg>', section(render_board(house.morning(), Ending()), "rc-jobs"))

    assert line
    assert mark in line[0]
    assert '<path class="l-g" d="M12 8H125"/>' in line[0]


def test_a_run_in_time_that_failed_has_no_green_mark(house: House) -> None:
    house.add("it")
    house.says("it", last_status="error")

    page = section(render_board(house.morning(), Ending()), "rc-jobs").partition('class="rc-tiles"')[2]

    assert '<circle class="v-failed"' in page
    assert "v-ok" not in page


def test_a_run_that_never_came_has_no_mark_on_its_line(house: House) -> None:
    house.add("it")
    house.says("it", last_execution=YESTERDAY)

    page = section(render_board(house.morning(), Ending()), "rc-jobs")

    line = re.search(r'<svg class="rc-line".*?</svg>', page)
    assert line
    assert "circle" not in line[0]
    assert "start by 06:15, done by 06:25" in page


# The night ------------------------------------------------------------------------------------------------------------


def _night(house: House, now: str, *schedules: str) -> str:
    """The section of the night, of jobs that each left a file twenty seconds after each due time."""
    instant = at(now)
    for number, text in enumerate(schedules):
        house.add(f"job{number}", text, output=f"out/{number}-*.md")
        house.jobs = house.jobs.replace('schedule = "0 6 * * *"', f"schedule = '{text}'\nengine = 'cron'")
        schedule = read_schedule(text, engine=Engine.CRON, zone=ZURICH)
        house.files[f"job{number}"] = tuple(
            FileSeen(name=f"{at:%H%M}", size=328, modified_at=at + timedelta(seconds=20), content=Content())
            for at in reversed(list(schedule.due_between(instant - timedelta(hours=30), instant)))
        )
    return section(render_board(house.morning(now=instant), Ending()), "rc-night")


@pytest.mark.parametrize(
    ("now", "told", "hours"),
    [
        ("2026-02-11T07:02:00+01:00", "", ["09:00", "12:00", "15:00", "18:00", "21:00", "00:00", "03:00", "06:00"]),
        (
            "2026-03-29T07:02:00+02:00",
            "02:00–03:00 skipped (CET to CEST)",
            ["09:00", "12:00", "15:00", "18:00", "21:00", "00:00", "03:00", "06:00"],
        ),
        (
            "2026-10-25T07:02:00+01:00",
            "02:00–03:00 a second time (CEST to CET)",
            ["09:00", "12:00", "15:00", "18:00", "21:00", "00:00", "03:00", "06:00"],
        ),
    ],
)
def test_the_night_is_drawn_in_real_time_and_labelled_by_the_clock(
    house: House, now: str, told: str, hours: list[str]
) -> None:
    night = Night(until=at(now), zone=ZURICH)
    page = _night(house, now, "0 6 * * *")

    assert [f"{each.astimezone(ZURICH):%H:%M}" for each in night.hours()] == hours
    change = re.search(r'<p class="rc-change[^>]*><span>(.*?)</span>', page)
    assert (change[1] if change else "") == told


@pytest.mark.parametrize(
    ("now", "first", "last", "minutes"),
    [
        ("2026-02-11T07:02:00+01:00", "2026-02-11T00:00:00+01:00", "2026-02-11T06:00:00+01:00", 360),
        ("2026-03-29T07:02:00+02:00", "2026-03-29T00:00:00+01:00", "2026-03-29T06:00:00+02:00", 300),
        ("2026-10-25T07:02:00+01:00", "2026-10-25T00:00:00+02:00", "2026-10-25T06:00:00+01:00", 420),
    ],
)
def test_a_night_is_as_wide_as_it_was_long(now: str, first: str, last: str, minutes: int) -> None:
    night = Night(until=at(now), zone=ZURICH)

    assert night.minute(at(last)) - night.minute(at(first)) == minutes


def test_a_lane_shows_due_times_limits_and_outputs(house: House) -> None:
    page = _night(house, "2026-02-11T07:02:00+01:00", "0 1 * * *")

    # 01:00 is 17 h 58 min after 07:02 of the day before.
    assert '<path class="n-g" d="M1078 12H1093"/><path class="n-m" d="M1093 12H1103"/>' in page
    assert '<path class="n-d" d="M1078 2V22"/>' in page
    assert '<path class="n-o" d="M1078 17H1078"/>' in page
    assert "due 01:00 CET" in shown(page)
    assert "an output was written 01:00 CET" in shown(page)


def test_a_job_that_is_due_every_minute_is_a_band(house: House) -> None:
    page = _night(house, "2026-02-11T07:02:00+01:00", "* * * * *")

    assert '<path class="n-e" d="M0 6H1440"/>' in page
    assert len(page) < 5_000
    assert "due 1,441 times" in shown(page)


def test_of_many_jobs_those_that_need_you_have_a_lane(house: House) -> None:
    for number in range(60):
        house.add(f"job_{number}")
    house.add("weekly")
    house.jobs = house.jobs[::-1].replace('"0 6 * * *"'[::-1], '"0 6 * * 1"'[::-1], 1)[::-1]
    house.says("job_59", last_status="error")

    page = section(render_board(house.morning(), Ending()), "rc-night")

    assert "40 of the 60 jobs that were due, those that need you first. 1 job had nothing due. due" in shown(page)
    assert page.count("<svg viewBox") == 40
    assert 'href="#job-job_59"' in page


def test_what_the_lanes_cannot_show_is_said(house: House) -> None:
    house.add("it")
    said = "Of a job without output only the last run is known"

    assert said not in render_board(house.morning(), Ending())
    house.jobs = house.jobs.replace("0 6 * * *", "0 */6 * * *")
    assert said in render_board(house.morning(), Ending())


# What changed ---------------------------------------------------------------------------------------------------------


def _fails(house: House) -> None:
    house.says("it", last_status="error")


def _is_fine(house: House) -> None:
    del house


@pytest.mark.parametrize(
    ("today", "yesterday", "told"),
    [
        (_is_fine, row(1), "Nothing."),
        (_is_fine, row(1, Verdict.MISSED), "Fixed it (was missed-run)"),
        (_fails, row(1), "New it (run-failed)"),
        (_fails, row(1, Verdict.MISSED), "Still bad, otherwise it (missed-run, now run-failed)"),
        (_fails, row(1, Verdict.FAILED, cause="run-failed"), "Nothing."),
        (_is_fine, None, "Added it"),
    ],
)
def test_what_changed_since_the_last_morning(
    house: House, today: Callable[[House], None], yesterday: Row | None, told: str
) -> None:
    house.add("it")
    today(house)

    page = section(
        render_board(house.morning(), Ending(), chronicle=remembered([yesterday] if yesterday else [])), "rc-changes"
    )

    assert shown(page) == f"What changed since Tue 10 Feb 07:00 CET {told}"


_YESTERDAY_IS_BAD = row(1, Verdict.MISSED)
_SEEN_SINCE = due(0) + timedelta(minutes=40)
_AGAIN = due(1) + timedelta(hours=3)


@pytest.mark.parametrize(
    ("today", "rows", "told"),
    [
        # A part run sees today's run before the whole morning does.
        (_fails, [row(1), replace(row(0, Verdict.FAILED), judged_at=_SEEN_SINCE)], "New it (run-failed)"),
        (_is_fine, [row(1), replace(row(0, Verdict.FAILED), judged_at=_SEEN_SINCE)], "Nothing."),
        (_fails, [_YESTERDAY_IS_BAD, replace(row(0, Verdict.FAILED, cause="run-failed"), judged_at=_SEEN_SINCE)],
         "Still bad, otherwise it (missed-run, now run-failed)"),
        (_is_fine, [_YESTERDAY_IS_BAD, replace(row(0), judged_at=_SEEN_SINCE)], "Fixed it (was missed-run)"),
        # What the last whole morning said of yesterday's run is lost, as it was judged again since.
        (_fails, [row(2), replace(row(1), judged_at=_AGAIN)], "New it (run-failed)"),
        (_fails, [row(2), replace(row(1, Verdict.FAILED), judged_at=_AGAIN)], "New it (run-failed)"),
        (_fails, [row(2, Verdict.MISSED), replace(row(1), judged_at=_AGAIN)], "New it (run-failed)"),
        (_fails, [row(2, Verdict.FAILED, cause="run-failed"), replace(row(1, Verdict.FAILED), judged_at=_AGAIN)],
         "Nothing."),
        (_is_fine, [row(2), replace(row(1, Verdict.FAILED, cause="run-failed"), judged_at=_AGAIN)],
         "Fixed it (was run-failed)"),
        # Only looked at since: the last whole morning did not know it.
        (_fails, [replace(row(0, Verdict.FAILED), judged_at=_SEEN_SINCE)], "Added it"),
    ],
)  # fmt: skip
def test_a_part_run_since_then_hides_no_change(
    house: House, today: Callable[[House], None], rows: list[Row], told: str
) -> None:
    house.add("it")
    today(house)

    page = section(render_board(house.morning(), Ending(), chronicle=remembered(rows)), "rc-changes")

    assert shown(page) == f"What changed since Tue 10 Feb 07:00 CET {told}"


def test_a_job_that_the_last_whole_morning_knew_is_not_added(house: House) -> None:
    house.add("it")
    seen = [replace(row(1), judged_at=_AGAIN)]

    known = remembered(seen, present=frozenset({"it"}))

    assert changes(house.morning(), known).added == ()
    assert [each.job.id for each in changes(house.morning(), remembered(seen)).added] == ["it"]


def test_a_job_that_is_declared_no_more_is_told(house: House) -> None:
    house.add("it")

    page = render_board(house.morning(), Ending(), chronicle=remembered([row(1)], gone=(HOSTILE,)))

    assert "Removed &lt;script&gt;" in shown(section(page, "rc-changes"))


def test_a_run_that_is_too_early_to_tell_mends_nothing(house: House) -> None:
    house.add("it")
    house.says("it", last_execution=YESTERDAY, next_run="2026-02-12T06:00:00+01:00")
    morning = house.morning(now=NOW.replace(hour=6, minute=5))

    assert [each.verdict for each in morning.jobs] == [Verdict.PENDING]
    assert changes(morning, remembered([row(1, Verdict.MISSED)])).fixed == ()


@pytest.mark.parametrize("kind", [{"demo": "a story"}, {"replay_of": NOW}])
def test_a_demo_and_a_replay_have_no_last_morning(house: House, kind: dict[str, object]) -> None:
    house.add("it")
    morning = replace(house.morning(), **kind)  # type: ignore[arg-type]

    assert section(render_board(morning, Ending(), chronicle=remembered([row(1)])), "rc-changes") == ""


def test_without_a_history_the_first_morning_says_so(house: House) -> None:
    house.add("it")

    assert "No earlier morning is on record" in shown(section(render_board(house.morning(), Ending()), "rc-changes"))


def of_days(sizes: Mapping[int, int]) -> tuple[RunRemembered, ...]:
    """What the history has of runs so many days ago, by their sizes."""
    return tuple(
        RunRemembered(due_at=_DUE - timedelta(days=days), left=(LeftThen(output="it-*.md", size=size),))
        for days, size in sorted(sizes.items())
    )


_DUE = at("2026-02-11T06:00:00+01:00")
_STEADY = {days: 900 + days for days in range(1, 36)}


@pytest.mark.parametrize(
    ("sizes", "size", "told"),
    [
        (_STEADY, 921, ""),
        (_STEADY, 1_140, ""),
        (_STEADY, 1_155, "1.2 kB, usually 921 B (last 5 Wednesdays)"),
        (_STEADY, 690, "690 B, usually 921 B (last 5 Wednesdays)"),
        # One freak moves neither the middle nor how far they scatter.
        (_STEADY | {42: 90_000}, 690, "690 B, usually 924 B (last 6 Wednesdays)"),
        # The other days are larger, and nobody asks them.
        ({days: 900 + days if days % 7 == 0 else 9_000 for days in range(1, 36)}, 921, ""),
        (dict.fromkeys(range(1, 9), 1000), 700, "700 B, usually 1.0 kB (last 8 runs)"),
        (dict.fromkeys(range(1, 8), 1000), 700, ""),
        (
            {days: round(2_000 / 1.05**days) for days in range(1, 41)},
            2_000,
            "2.0 kB, usually 718 B (last 5 Wednesdays), and it grows from run to run",
        ),
    ],
)
def test_an_output_that_grew_or_shrank_unusually(house: House, sizes: dict[int, int], size: int, told: str) -> None:
    house.add("it", output="it-*.md")
    house.leaves("it", "it-1.md", size=size)
    house.remembered["it"] = of_days(sizes)

    assert unusual_size(house.morning().jobs[0]) == told


# A morning that is missing --------------------------------------------------------------------------------------------

_WED, _MON, _SUN = "2026-02-11T07:02:00+01:00", "2026-02-09T07:02:00+01:00", "2026-02-08T07:02:00+01:00"


@pytest.mark.parametrize(
    ("now", "days_ago", "missing"),
    [
        (_WED, range(1, 30), []),
        (_WED, range(2, 30), ["10"]),
        (_WED, range(3, 30), ["9", "10"]),
        # Too few to know what is usual.
        (_WED, [], []),
        (_WED, [2, 3], []),
        (_WED, [2, 3, 4], ["10"]),
        (_WED, [2, 9, 16, 23], []),
        # Nobody works at the weekend, in the first week and in a later one.
        (_MON, [3, 4, 5], []),
        (_MON, [3, 4, 5, 6, 7, 10, 11, 12, 13, 14], []),
        (_SUN, [2, 3, 4], []),
        (_MON, range(2, 30), ["8"]),
        # The clocks change: days are those of the calendar.
        ("2026-03-30T07:02:00+02:00", range(2, 30), ["29"]),
        ("2026-10-26T07:02:00+01:00", range(2, 30), ["25"]),
    ],
)
def test_a_morning_that_usually_comes_and_did_not_is_missing(
    now: str, days_ago: Sequence[int], missing: list[str]
) -> None:
    found = missing_mornings(mornings(*days_ago, now=at(now)), at(now), ZURICH)

    assert [str(each.day) for each in found] == missing


def test_the_page_says_that_yesterdays_morning_is_missing(house: House) -> None:
    house.add("it")
    chronicle = remembered([row(2)], mornings=mornings(*range(2, 12)), problem="the history is <damaged>")

    page = render_board(house.morning(), Ending(), chronicle=chronicle, notes=["the history is <damaged>", "no ping"])

    said = re.findall(r"<li>(.*?)</li>", page.partition('aria-label="To be known"')[2].partition("</ul>")[0])
    assert [shown(each) for each in said] == [
        "the history is &lt;damaged&gt;",
        "no ping",
        "Yesterday&#39;s morning is missing: none was judged to its end on Tue 10 Feb.",
    ]


def test_many_missing_mornings_are_counted() -> None:
    days = [date(2026, 2, day) for day in range(1, 11)]

    said = tell_missing(days, NOW, ZURICH)

    named = "Fri 6 Feb, Sat 7 Feb, Sun 8 Feb, Mon 9 Feb, Tue 10 Feb"
    assert said == f"10 mornings are missing: none was judged to its end on {named} (10 days in all)."


# Since when, and the last good run ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rows", "since", "good"),
    [
        ([], 0, None),
        ([row(2), row(1)], 0, 1),
        ([row(3), row(2, Verdict.MISSED), row(1, Verdict.FAILED)], 2, 3),
        ([row(3, Verdict.MISSED), row(2), row(1, Verdict.PENDING)], 0, 2),
        ([row(2, Verdict.MISSED), row(1, Verdict.MISSED)], 2, None),
        ([row(4), row(3, Verdict.LATE), row(2, Verdict.UNKNOWN), row(1, Verdict.FAILED)], 3, 4),
        # Late, and nobody minds.
        ([row(3, Verdict.MISSED), replace(row(2, Verdict.LATE), needs_a_person=False), row(1, Verdict.MISSED)], 1, 2),
        # A day on which nobody looked may have been a good one.
        ([row(3, Verdict.MISSED), row(1, Verdict.MISSED)], 1, None),
        ([row(days, Verdict.MISSED) for days in range(9, 3, -1)], 0, None),
        # It reaches back further than the strip, up to a gap there too.
        ([row(days, Verdict.MISSED) for days in range(50, 0, -1)], 50, None),
        ([row(days, Verdict.MISSED) for days in range(50, 0, -1) if days != 41], 40, None),
    ],
)
def test_since_when_and_the_last_good_run(house: House, rows: list[Row], since: int, good: int | None) -> None:
    house.add("it")
    house.says("it", last_status="error")
    morning = house.morning()
    good_at = next((each.ran_at or each.due_at for each in rows if each.due_at == due(good or 0)), None)

    assert began_at(group_by_cause(morning)[0], remembered(rows)) == due(since)
    assert last_good_at(morning.jobs[0], rows) == good_at
    page = section(render_board(morning, Ending(), chronicle=remembered(rows)), "rc-needs")
    assert f"(day {since + 1})" in page
    assert ("none on record" in page) == bool(rows and not good)


@pytest.mark.parametrize(
    ("change", "since", "told"),
    [
        # (a job that leaves no output, what is on record, what its page says)
        ({"last_execution": "2026-02-10T05:00:17"}, 0, "Last good run Tue 10 Feb 06:00:17 CET"),
        ({"last_execution": "2026-02-10T05:00:17", "last_status": "error"}, 2, "Last good run none on record"),
        ({"last_execution": "2026-02-10T09:00:17"}, 2, "Last good run none on record"),  # out of its time
    ],
)
def test_a_good_run_that_the_record_tells_of_ends_what_was_bad_before(
    house: House, change: dict[str, str], since: int, told: str
) -> None:
    house.add("it")
    house.says("it", next_run="2026-02-12T06:00:00+01:00", **change)
    morning = house.morning()
    rows = [row(2, Verdict.MISSED), row(1, Verdict.UNKNOWN, cause="scheduler-down")]

    assert began_at(group_by_cause(morning)[0], remembered(rows)) == due(since)
    assert told in shown(section(render_board(morning, Ending(), chronicle=remembered(rows)), "rc-needs"))


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("format = 'any'", "Last good run Tue 10 Feb 06:00:17 CET"),
        (
            "format = 'text'\nmust_contain = ['#']",
            "Last good run Mon 9 Feb 06:00:17 CET Last file before Tue 10 Feb 06:00:17 CET , not read",
        ),
    ],
)
def test_a_file_that_nobody_read_is_no_good_run_of_what_must_hold_something(
    house: House, words: str, told: str
) -> None:
    house.add("it", output="it-*.md")
    house.jobs = house.jobs.replace("format = 'any'", words)
    house.says("it", last_execution=YESTERDAY)
    house.files["it"] = ()
    rows = [row(2), replace(row(1), from_files=True)]

    page = section(render_board(house.morning(), Ending(), chronicle=remembered(rows)), "rc-needs")

    assert told in shown(page)


def test_the_day_is_one_of_the_calendar_across_a_clock_change(house: House) -> None:
    house.add("it")
    house.says("it", last_status="error", last_execution="2026-03-30T04:00:17", next_run="2026-03-31T06:00:00+02:00")
    now = at("2026-03-30T05:02:00+00:00")
    house.scheduler = None
    house.server_at = None
    days = ("2026-03-28T06:00:00+01:00", "2026-03-29T06:00:00+02:00")
    bad = [replace(row(0), due_at=at(each), verdict=Verdict.FAILED, needs_a_person=True) for each in days]

    page = render_board(house.morning(now=now), Ending(), chronicle=remembered(bad))

    assert "Since Sat 28 Mar 06:00 CET (day 3)" in shown(section(page, "rc-needs"))


def test_a_scheduler_lasts_as_long_as_its_own_cause(house: House) -> None:
    house.add("it")
    house.stops()
    rows = [row(3, Verdict.MISSED), *(row(days, Verdict.UNKNOWN, cause="scheduler-stopped") for days in (2, 1))]
    morning = house.morning()
    seen_at = due(2) + timedelta(hours=1)

    assert began_at(group_by_cause(morning)[0], remembered(rows)) == seen_at
    # The run due before may have been done: nothing tells since when the scheduler is stopped.
    assert began_at(group_by_cause(morning)[0], NOTHING) is None
    # It was stopped five days ago as well; nobody looked since.
    before = [row(5, Verdict.UNKNOWN, cause="scheduler-stopped")]
    assert began_at(group_by_cause(morning)[0], remembered(before)) is None


def test_a_run_of_which_more_was_promised_is_not_made_good_by_its_file(house: House) -> None:
    house.add("it", output="it-*.md")
    house.leaves("it", "it-2.md")
    before = FileSeen(name="it-1.md", size=328, modified_at=due(1) + timedelta(seconds=16), content=Content())
    house.files["it"] = (*_files(house), before)
    house.falls_silent()

    assert _strip(house, []) == ["ok", "unknown"]
    assert _strip(house, [row(1, Verdict.PENDING)]) == ["ok", "unknown"]


def test_the_worst_comes_first_and_of_these_the_newest(house: House) -> None:
    for job, words in {
        "old_miss": {"last_execution": YESTERDAY},
        "new_miss": {"last_execution": YESTERDAY},
        "failure": {"last_status": "error"},
    }.items():
        house.add(job)
        house.says(job, **words)
    old = tuple(replace(row(days, Verdict.MISSED), job_id="old_miss") for days in (3, 2, 1))

    page = render_board(house.morning(), Ending(), chronicle=Chronicle(rows={"old_miss": old}))

    assert re.findall(r'<article.*?href="#job-(\w+)"', page) == ["failure", "new_miss", "old_miss"]


# Evidence -------------------------------------------------------------------------------------------------------------


def test_the_evidence_is_folded_below_its_cause(house: House) -> None:
    house.add("it", output="out/it-*.md")
    house.says("it", last_status="error")
    whole = Content(head="# Title\n" + "x" * 1992, tail="the <end>")
    house.files["it"] = (
        FileSeen(name="it-1.md", size=4_000, modified_at=due(0) + timedelta(seconds=16), content=whole),
    )

    page = render_board(house.morning(), Ending())
    found = re.search(r'<details class="rc-evidence">(.*?)</details>', page, re.DOTALL)

    assert found
    for told in ("&#34;last_status&#34;: &#34;error&#34;", "1 file matches", "06:00:16 CET     4.0 kB  it-1.md"):
        assert told in found[1]
    assert "How it-1.md begins</h4><pre># Title\nxxx" in found[1]
    assert "<pre>the &lt;end&gt;</pre>" in found[1]


def test_evidence_is_bounded_and_does_nothing(house: House) -> None:
    house.add("it", HOSTILE, output="out/*.md")
    house.listed["it"] = JobListed(id="it", name=HOSTILE * 100, next_run=HOSTILE)
    house.runs["it"] = RunSeen(job="it", ended=HOSTILE, word=HOSTILE)
    content = Content(head=(HOSTILE + "\x1b[31m\u202e") * 100, tail=HOSTILE * 100)
    house.files["it"] = tuple(
        FileSeen(name=f"{HOSTILE}{number}", size=1, modified_at=due(1), content=content) for number in range(500)
    )

    page = render_board(house.morning(), Ending(interruption=HOSTILE), chronicle=NOTHING, notes=[HOSTILE])

    assert len(page) < 100_000
    assert "<script" not in page.replace(our_script(), "")
    assert "<img" not in page
    assert not {"\x1b", "\u202e"} & set(page)


# Paused, and what was done --------------------------------------------------------------------------------------------


def _paused(house: House, until: date, reason: str = "the flat is being painted") -> Morning:
    house.add("other")
    house.add("it", "It")
    morning = house.morning()
    other, judged = morning.jobs
    pause = Pause(until=until, reason=reason)
    return replace(morning, jobs=(other, replace(judged, seen=replace(judged.seen, job=judged.job.but(paused=pause)))))


@pytest.mark.parametrize(
    ("until", "told", "verdict"),
    [
        (date(2026, 3, 1), "It until Sun 1 Mar 2026 (in 18 days)", "paused"),
        (date(2026, 2, 12), "It until Thu 12 Feb 2026 (in 1 day)", "paused"),
        (date(2026, 2, 11), "It its pause ended today, Wed 11 Feb 2026; take it out of jobs.toml", "failed"),
        (date(2026, 2, 10), "It its pause ended 1 day ago, Tue 10 Feb 2026; take it out of jobs.toml", "failed"),
    ],
)
def test_a_paused_job_is_told_with_its_reason_and_its_end(house: House, until: date, told: str, verdict: str) -> None:
    page = section(render_board(_paused(house, until, HOSTILE), Ending()), "rc-paused")

    assert told in shown(page)
    assert f'<span class="v-{verdict}">' in page
    assert "<script" not in page


def test_a_paused_job_did_not_do_its_work(house: House) -> None:
    for number in range(1, 9):
        house.add(f"job_{number}")
    house.add("it", extra='paused = { until = 2026-03-01, reason = "the flat is being painted" }')
    house.says("it", last_execution=YESTERDAY)

    morning = house.morning()

    assert [each.verdict for each in morning.jobs if each.job.id == "it"] == [Verdict.PAUSED]
    assert title(morning, Ending()) == "8 of 9 jobs did their work; 1 paused"
    assert tone(morning, Ending()) is Verdict.OK
    assert tone(house.morning(only=["it"]), Ending()) is not Verdict.OK


@pytest.mark.parametrize(
    ("action", "told"),
    [
        (
            Action(deed=Deed.START, subject="aime", at=NOW, is_proven=True, proof="it runs"),
            "aime was stopped, restarted 07:02 CET, verified: it runs",
        ),
        (
            Action(deed=Deed.START, subject="aime", at=NOW, is_proven=False, proof=HOSTILE, is_dry=True),
            "aime is stopped and would be restarted: &lt;script&gt;",
        ),
    ],
)
def test_what_was_done_stands_below_the_verdict(house: House, action: Action, told: str) -> None:
    house.add("it")

    page = render_board(replace(house.morning(), actions=(action,)), Ending())

    assert told in shown(page)
    assert page.index("What was done") < page.index('id="rc-jobs"')


# Size -----------------------------------------------------------------------------------------------------------------

_MONTH = tuple(row(days, Verdict.MISSED if days == 9 else Verdict.OK) for days in range(40, 0, -1))


def test_a_thousand_jobs_and_their_last_month_fit_on_the_page(house: House) -> None:
    for number in range(1000):
        house.add(f"job_number_{number}", f"A job with the number {number}", output=f"out/job-{number}-*.md")
        house.leaves(f"job_number_{number}", f"job-{number}-20260211-060016.md", size=900 if number % 10 else 0)
    morning = house.morning()

    page = render_board(morning, Ending(), chronicle=Chronicle(rows={each.job.id: _MONTH for each in morning.jobs}))

    assert len(page.encode()) < 1_300_000
    assert page.count('<li id="job-') == 1000


def test_a_thousand_that_all_failed_fit_too(house: House) -> None:
    """Beyond fifty causes what to do stands on the tiles."""
    for number in range(1000):
        house.add(f"job_number_{number}", f"A job with the number {number}")
        house.says(f"job_number_{number}", last_status="error")

    page = render_board(house.morning(), Ending())

    assert len(page.encode()) < 1_300_000
    assert page.count("<article") == 50
    for number in range(1000):
        assert page.count(f"<code>curl -X POST http://localhost:8000/trigger/job_number_{number}</code>") == 1
