"""What is seen first: which schedulers are broken, what changed since the last morning, what is lost next?"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from fixtures.house import HOSTILE, NOW, YESTERDAY, ZURICH, House
from fixtures.one_morning import at
from fixtures.page_read import changes_line, section, shown
from fixtures.remembered import due, mornings, remembered, row, rows_of
from rollcall.causes.action import Action, Deed
from rollcall.evidence import Evidence, LeftThen, RunRemembered, SchedulerSeen
from rollcall.history.rows import Chronicle, Row
from rollcall.morning import Morning
from rollcall.morning.ending import Ending
from rollcall.morning.judge import judge_morning
from rollcall.report.changes import changes, missing_mornings, tell_missing, unusual_size
from rollcall.report.headline import title, tone
from rollcall.report.page import render_board
from rollcall.roll.job import Pause
from rollcall.vocabulary import Verdict


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)


def _fails(house: House) -> None:
    house.says("it", last_status="error")


def _is_fine(house: House) -> None:
    del house


_SCHEDULER = """
[schedulers.{name}]
kind = "aime"
url = "http://localhost:8000"
status = "/status"
start = "/start"
engine = "apscheduler"
"""


# Schedulers -----------------------------------------------------------------------------------------------------------


def _of_schedulers(house: House, *, stopped: int, well: int) -> Morning:
    """A morning of so many schedulers and of no job; those that are well are declared first."""
    for number in range(well):
        house.jobs += _SCHEDULER.format(name=f"well_{number}")
    for number in range(stopped):
        house.jobs += _SCHEDULER.format(name=f"broken_{number}")
    roll = house.roll()
    answer = SchedulerSeen(asked_at=NOW, answered_at=NOW, running=True, jobs=(), runs=(), server_at=NOW)
    seen = {each.id: replace(answer, running=not each.id.startswith("broken")) for each in roll.schedulers}
    asked = [each for each in roll.schedulers if each.id != "aime"]
    return judge_morning(roll, Evidence(schedulers=seen, outputs={}), now=NOW, jobs=(), schedulers=asked)


@pytest.mark.parametrize(
    ("broken", "well", "told"),
    [
        (0, 1, ["ok well_0"]),
        (1, 2, ["failed broken_0", "ok well_0", "ok well_1"]),
        (2, 17, ["failed broken_0", "failed broken_1", "ok 17 schedulers well"]),
        (0, 17, ["ok 17 schedulers well"]),
    ],
)
def test_broken_schedulers_come_first_and_many_good_ones_are_a_number(
    house: House, broken: int, well: int, told: list[str]
) -> None:
    house.add("it")

    page = render_board(_of_schedulers(house, stopped=broken, well=well), Ending())

    chips = re.findall(r'class="rc-chip v-([a-z]+)">(.*?)(?:</li>|</summary>)', page)
    assert [f"{verdict} {shown(text)}".split(" scheduler-")[0].split(" answered")[0] for verdict, text in chips] == told
    # What is folded to a number is there for whoever opens it.
    assert all(f"<b>well_{number}</b>" in page for number in range(well))


# What is lost next ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("happens", "told"),
    [
        (House.stops, "Next to be missed: it , due Thu 12 Feb 06:00 CET (22 h 58 min after this was judged)"),
        # What failed once may go well the next time, and nobody knows what a silent scheduler does.
        (_fails, ""),
        (House.falls_silent, ""),
        (_is_fine, ""),
    ],
)
def test_the_next_run_is_lost_where_the_cause_lasts(house: House, happens: Callable[[House], None], told: str) -> None:
    house.add("it")
    happens(house)

    found = re.search(r'<p class="rc-lost">(.*?)</p>', render_board(house.morning(), Ending()), re.DOTALL)

    assert (shown(found[1]) if found else "") == told


def test_of_several_that_are_lost_the_first_is_told(house: House) -> None:
    house.add("it")
    house.add("early")
    house.jobs = house.jobs[::-1].replace('"0 6 * * *"'[::-1], '"0 4 * * *"'[::-1], 1)[::-1]
    house.stops()

    assert 'Next to be missed:</b> <a href="#job-early">' in render_board(house.morning(), Ending())


# What changed ---------------------------------------------------------------------------------------------------------


_NEW = "1 new (run-failed) New it (run-failed)"
_OTHERWISE = "1 bad in another way (run-failed) Bad in another way it (missed-run, now run-failed)"


@pytest.mark.parametrize(
    ("today", "yesterday", "told"),
    [
        (_is_fine, row(1), "nothing changed"),
        (_is_fine, row(1, Verdict.MISSED), "1 fixed (missed-run) Fixed it (was missed-run)"),
        (_fails, row(1), "1 new (run-failed) New it (run-failed)"),
        (_fails, row(1, Verdict.MISSED), _OTHERWISE),
        (
            _fails,
            row(1, Verdict.FAILED, cause="run-failed"),
            "1 still bad (it since Tue 10 Feb) · nothing changed Still bad it (run-failed)",
        ),
        (_is_fine, None, "1 added (it) Added it"),
    ],
)
def test_what_changed_since_the_last_morning(
    house: House, today: Callable[[House], None], yesterday: Row | None, told: str
) -> None:
    house.add("it")
    today(house)

    page = render_board(house.morning(), Ending(), chronicle=remembered([yesterday] if yesterday else []))

    assert changes_line(page) == f"Since Tue 10 Feb 07:00 CET: {told}"


_YESTERDAY_IS_BAD = row(1, Verdict.MISSED)
_SEEN_SINCE = due(0) + timedelta(minutes=40)
_AGAIN = due(1) + timedelta(hours=3)


@pytest.mark.parametrize(
    ("today", "rows", "told"),
    [
        # A part run sees today's run before the whole morning does.
        (_fails, [row(1), replace(row(0, Verdict.FAILED), judged_at=_SEEN_SINCE)], _NEW),
        (_is_fine, [row(1), replace(row(0, Verdict.FAILED), judged_at=_SEEN_SINCE)], "nothing changed"),
        (_fails, [_YESTERDAY_IS_BAD, replace(row(0, Verdict.FAILED, cause="run-failed"), judged_at=_SEEN_SINCE)],
         _OTHERWISE),
        (_is_fine, [_YESTERDAY_IS_BAD, replace(row(0), judged_at=_SEEN_SINCE)],
         "1 fixed (missed-run) Fixed it (was missed-run)"),
        # What the last whole morning said of yesterday's run is lost, as it was judged again since.
        (_fails, [row(2), replace(row(1), judged_at=_AGAIN)], _NEW),
        (_fails, [row(2), replace(row(1, Verdict.FAILED), judged_at=_AGAIN)], _NEW),
        (_fails, [row(2, Verdict.MISSED), replace(row(1), judged_at=_AGAIN)], _NEW),
        (_fails, [row(2, Verdict.FAILED, cause="run-failed"), replace(row(1, Verdict.FAILED), judged_at=_AGAIN)],
         "1 still bad (it since Mon 9 Feb) · nothing changed Still bad it (run-failed)"),
        (_is_fine, [row(2), replace(row(1, Verdict.FAILED, cause="run-failed"), judged_at=_AGAIN)],
         "1 fixed (run-failed) Fixed it (was run-failed)"),
        # Only looked at since: the last whole morning did not know it.
        (_fails, [replace(row(0, Verdict.FAILED), judged_at=_SEEN_SINCE)], "1 added (it) Added it"),
    ],
)  # fmt: skip
def test_a_part_run_since_then_hides_no_change(
    house: House, today: Callable[[House], None], rows: list[Row], told: str
) -> None:
    house.add("it")
    today(house)

    page = render_board(house.morning(), Ending(), chronicle=remembered(rows))

    assert changes_line(page) == f"Since Tue 10 Feb 07:00 CET: {told}"


def test_the_line_counts_by_cause_and_names_what_lasts_longest(house: House) -> None:
    for name in ("it", "old", "new_1", "new_2", "missed", "fixed"):
        house.add(name)
        if name != "fixed":
            house.says(name, last_status="error")
    house.says("missed", last_execution=YESTERDAY, last_status="success")
    failed = [row(days, Verdict.FAILED, cause="run-failed") for days in (3, 2, 1)]
    rows = {
        "it": tuple(failed[-1:]),
        "old": rows_of("old", failed),
        **{name: rows_of(name, [row(1)]) for name in ("new_1", "new_2", "missed")},
        "fixed": rows_of("fixed", [row(1, Verdict.MISSED)]),
    }

    line = changes_line(
        render_board(house.morning(), Ending(), chronicle=Chronicle(rows=rows, mornings=mornings(*range(1, 9))))
    )

    assert line.startswith(
        "Since Tue 10 Feb 07:00 CET: 3 new (run-failed 2, missed-run 1) · 1 fixed (missed-run)"
        " · 2 still bad (the longest old, since Sun 8 Feb) New "
    )


def test_a_job_that_the_last_whole_morning_knew_is_not_added(house: House) -> None:
    house.add("it")
    seen = [replace(row(1), judged_at=_AGAIN)]

    known = remembered(seen, present=frozenset({"it"}))

    assert changes(house.morning(), known).added == ()
    assert [each.job.id for each in changes(house.morning(), remembered(seen)).added] == ["it"]


def test_a_job_that_is_declared_no_more_is_told(house: House) -> None:
    house.add("it")

    page = render_board(house.morning(), Ending(), chronicle=remembered([row(1)], gone=(HOSTILE,)))

    assert "Removed &lt;script&gt;" in changes_line(page)


def test_a_run_that_is_too_early_to_tell_fixes_nothing(house: House) -> None:
    house.add("it")
    house.says("it", last_execution=YESTERDAY, next_run="2026-02-12T06:00:00+01:00")
    morning = house.morning(now=NOW.replace(hour=6, minute=5))

    assert [each.verdict for each in morning.jobs] == [Verdict.PENDING]
    assert changes(morning, remembered([row(1, Verdict.MISSED)])).fixed == ()


def test_a_replay_has_no_last_morning_and_loses_no_run(house: House) -> None:
    house.add("it")
    house.stops()

    page = render_board(replace(house.morning(), replay_of=NOW), Ending(), chronicle=remembered([row(1)]))

    assert changes_line(page) == ""
    assert "Next to be missed" not in shown(page)
    assert "Then judge again" not in shown(page)


def test_without_a_history_the_first_morning_says_so(house: House) -> None:
    house.add("it")

    assert "No earlier morning is on record" in shown(render_board(house.morning(), Ending()))


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

    said = re.findall(r"<li>(.*?)</li>", page.partition('aria-label="Worth knowing"')[2].partition("</ul>")[0])
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
