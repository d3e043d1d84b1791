"""What is news, from one morning to the next: new, still, recovered, each once, and never without evidence?"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from fixtures.house import NOW, ZURICH, House
from rollcall.causes.action import Action, Deed
from rollcall.evidence import Content, FileSeen
from rollcall.history.rows import NOTHING, Chronicle, Row, Told
from rollcall.morning import Morning
from rollcall.roll.telling import AlertTable
from rollcall.roll.words import Threshold
from rollcall.sinks.alert.news import Event, News, find_news, forget_undeclared
from rollcall.vocabulary import Verdict

YESTERDAY = "2026-02-10T05:00:17"
DAY = timedelta(days=1)


@pytest.fixture
def house(tmp_path: Path) -> House:
    """Two jobs that did their work."""
    house = House(tmp_path)
    house.add("haiku")
    house.add("sync")
    return house


def news_of(
    house: House,
    told: Mapping[str, Told] | None = None,
    *,
    morning: Morning | None = None,
    chronicle: Chronicle = NOTHING,
    is_complete: bool = True,
    still_after: timedelta | None = None,
    now: datetime | None = None,
) -> tuple[News, ...]:
    morning = morning or house.morning()
    if now:
        morning = replace(morning, judged_at=now)
    told_to = AlertTable(webhook="https://hooks.example.org").model_copy(update={"still_after": still_after})
    roll = replace(house.roll(), alert=told_to)
    return find_news(roll, morning, chronicle, told, is_complete=is_complete)


def remembered(news: tuple[News, ...], before: Mapping[str, Told]) -> dict[str, Told]:
    """What is remembered once all of it was taken."""
    over = {key for each in news for key in each.over}
    kept = {key: told for key, told in before.items() if key not in over}
    return kept | {told.key: told for each in news for told in each.told}


def in_short(news: tuple[News, ...]) -> list[tuple[str, str, str | None, list[str]]]:
    return [(each.event.value, each.cause, each.scheduler, [job.id for job in each.jobs]) for each in news]


def miss(house: House) -> None:
    house.says("haiku", last_execution=YESTERDAY)


def miss_both(house: House) -> None:
    miss(house)
    house.says("sync", last_execution=YESTERDAY)


def fail(house: House) -> None:
    house.says("haiku", last_status="error")


def silence(house: House) -> None:
    house.falls_silent()


def stop(house: House) -> None:
    house.stops()


def nothing(house: House) -> None:
    """All is well."""


Change = Callable[[House], None]
# What was wrong the morning before | what is wrong this morning | what is told of it
MORNINGS: list[tuple[Change, Change, list[tuple[str, str, str | None, list[str]]]]] = [
    (nothing, nothing, []),
    (nothing, miss, [("new", "missed-run", None, ["haiku"])]),
    (nothing, miss_both, [("new", "missed-run", None, ["haiku", "sync"])]),
    (miss, miss, []),
    (miss, miss_both, [("new", "missed-run", None, ["sync"])]),
    (miss, nothing, [("recovered", "missed-run", None, ["haiku"])]),
    (miss_both, nothing, [("recovered", "missed-run", None, ["haiku", "sync"])]),
    (miss_both, miss, [("recovered", "missed-run", None, ["sync"])]),
    (miss, fail, [("new", "run-failed", None, ["haiku"])]),
    (nothing, silence, [("new", "scheduler-down", "aime", ["haiku", "sync"])]),
    (silence, silence, []),
    (silence, stop, [("new", "scheduler-stopped", "aime", ["haiku", "sync"])]),
    (silence, nothing, [("recovered", "scheduler-down", "aime", [])]),
    (silence, miss, [("new", "missed-run", None, ["haiku"]), ("recovered", "scheduler-down", "aime", [])]),
    # Of a job that its scheduler hides nothing is known: neither that it is over, nor anything new.
    (miss, silence, [("new", "scheduler-down", "aime", ["haiku", "sync"])]),
]


@pytest.mark.parametrize(("before", "after", "expected"), MORNINGS)
def test_only_what_changed_is_told(
    tmp_path: Path, before: Change, after: Change, expected: list[tuple[str, str, str | None, list[str]]]
) -> None:
    told: dict[str, Told] = {}
    for change, now in ((before, NOW - DAY), (after, NOW)):
        house = House(tmp_path)
        house.add("haiku")
        house.add("sync")
        change(house)
        news = news_of(house, told, now=now)
        told = remembered(news, told)

    assert in_short(news) == expected


def test_another_cause_says_of_whom_it_is_and_which_ones_it_replaces(house: House) -> None:
    told = {f"job {job}": replace(WAS_WRONG["job haiku"], key=f"job {job}", cause=cause) for job, cause in CAUSES}
    miss_both(house)
    (news,) = news_of(house, told)

    assert (news.event, news.cause) == (Event.NEW, "missed-run")
    assert (news.keys, news.replaces) == (("job haiku", "job sync"), ("ran-late", "run-failed"))


def test_what_a_scheduler_hid_is_still_known_when_it_answers_again(house: House) -> None:
    miss(house)
    told = remembered(news_of(house, {}), {})
    house.falls_silent()
    told = remembered(news_of(house, told), told)
    house.scheduler = None
    again = news_of(house, told)

    assert in_short(again) == [("recovered", "scheduler-down", "aime", [])]
    assert "job haiku" in remembered(again, told)


def test_a_recovery_says_after_how_long(house: House) -> None:
    told = {"job haiku": Told(key="job haiku", cause="missed-run", since=NOW - 2 * DAY, told_at=NOW - 2 * DAY)}
    (news,) = news_of(house, told)

    assert news.sentence == "haiku did its work again: missed-run is over after 2 d."
    assert news.since == NOW - 2 * DAY


# Never "recovered" without evidence -----------------------------------------------------------------------------------

WAS_WRONG = {
    "job haiku": Told(key="job haiku", cause="missed-run", since=NOW - DAY, told_at=NOW - DAY),
    "scheduler aime": Told(key="scheduler aime", cause="scheduler-down", since=NOW - DAY, told_at=NOW - DAY),
}

WAS_WRONG_SERVICE = {"scheduler aime": WAS_WRONG["scheduler aime"]}


def test_a_morning_that_broke_off_says_of_nothing_that_it_is_over(house: House) -> None:
    assert in_short(news_of(house, WAS_WRONG, is_complete=False)) == []


def test_a_part_of_the_jobs_says_nothing_of_the_others(house: House) -> None:
    told = WAS_WRONG | {"job backup": Told(key="job backup", cause="missed-run", since=NOW, told_at=NOW)}

    assert [each.over for each in news_of(house, told, morning=house.morning(only=["sync"]))] == [("scheduler aime",)]


def test_a_run_inside_its_time_that_hides_the_one_before_is_no_recovery(house: House) -> None:
    house.add("poem", output="out/poem-*.md")
    made_at = datetime(2026, 2, 10, 6, 0, 16, tzinfo=ZURICH)
    house.files["poem"] = (FileSeen(name="poem-10.md", size=328, modified_at=made_at, content=Content()),)
    morning = house.morning(now=datetime(2026, 2, 11, 6, 5, tzinfo=ZURICH))
    told = {"job poem": replace(WAS_WRONG["job haiku"], key="job poem")}
    poem = morning.job("poem")

    assert poem
    assert (poem.verdict, poem.needs_a_person) == (Verdict.PENDING, False)
    assert in_short(news_of(house, told, morning=morning)) == []


def test_what_is_declared_no_more_is_forgotten(house: House) -> None:
    gone = {"job gone": Told(key="job gone", cause="missed-run", since=NOW, told_at=NOW)}

    assert forget_undeclared(WAS_WRONG | gone, house.roll()) == WAS_WRONG


# Mended ---------------------------------------------------------------------------------------------------------------

CAUSES = [("haiku", "run-failed"), ("sync", "ran-late")]
START = Action(deed=Deed.START, subject="aime", at=NOW, is_proven=True, proof="running")
RERUN = Action(deed=Deed.RERUN, subject="haiku", at=NOW, is_proven=True, proof="done", due_at=NOW - DAY / 24)


def late(house: House) -> None:
    house.says("haiku", last_execution="2026-02-11T06:01:17")


def late_and_allowed(house: House) -> None:
    house.jobs = house.jobs.replace('[jobs."sync"]', 'late = "warn"\n[jobs."sync"]')
    late(house)


def clock_is_wrong(house: House) -> None:
    house.server_at = NOW + DAY / 24


FIXED = ("fixed", "scheduler-stopped", "aime", ["haiku", "sync"])
RERAN = ("fixed", "missed-run", None, ["haiku"])
# What was done | told before of its subject | what is wrong after it | what is told | what is remembered of its subject
ACTED: list[tuple[Action, str | None, Change, list[tuple[str, str, str | None, list[str]]], str | None]] = [
    (START, None, nothing, [FIXED], None),
    (START, "scheduler-stopped", nothing, [FIXED], None),
    (START, "scheduler-down", nothing, [FIXED], None),
    (START, None, miss, [FIXED, ("new", "missed-run", None, ["haiku"])], None),
    (START, None, clock_is_wrong, [FIXED, ("new", "clock-skew", "aime", [])], "clock-skew"),
    (replace(START, deed=Deed.RESTART), None, nothing, [("fixed", "scheduler-stalled", "aime", FIXED[3])], None),
    (RERUN, None, late, [RERAN], "ran-late"),
    (RERUN, "missed-run", late, [RERAN], "ran-late"),
    (RERUN, "never-ran", late, [("fixed", "never-ran", None, ["haiku"])], "ran-late"),
    (RERUN, "ran-late", late, [RERAN], "ran-late"),
    (RERUN, "missed-run", late_and_allowed, [RERAN], None),
    (RERUN, None, fail, [RERAN, ("new", "run-failed", None, ["haiku"])], "run-failed"),
    # What was not done, or is not proven, mends nothing.
    (replace(START, is_dry=True, is_proven=False), None, nothing, [], None),
    (replace(START, is_proven=False), "scheduler-stopped", nothing, [("recovered", *FIXED[1:3], [])], None),
    (replace(RERUN, is_proven=False), "missed-run", late, [("new", "ran-late", None, ["haiku"])], "ran-late"),
]


@pytest.mark.parametrize(("action", "was", "change", "expected", "is_remembered"), ACTED)
def test_what_was_fixed_is_told_once_and_instead_of_what_follows_from_it(
    house: House,
    action: Action,
    was: str | None,
    change: Change,
    expected: list[tuple[str, str, str | None, list[str]]],
    is_remembered: str | None,
) -> None:
    key = "job haiku" if action.deed is Deed.RERUN else "scheduler aime"
    told = {key: Told(key=key, cause=was, since=NOW - DAY, told_at=NOW - DAY)} if was else {}
    change(house)
    news = news_of(house, told, morning=replace(house.morning(), actions=(action,)), still_after=DAY)
    after = remembered(news, told)

    assert in_short(news) == expected
    assert (after[key].cause if key in after else None) == is_remembered
    assert news_of(house, after) == ()


def test_what_was_fixed_replaces_what_was_told_of_it(house: House) -> None:
    (news,) = news_of(house, WAS_WRONG_SERVICE, morning=replace(house.morning(), actions=(START,)))

    assert (news.keys, news.replaces) == (("scheduler aime",), ("scheduler-down",))


def test_a_threshold_holds_nothing_back_of_what_was_done(house: House) -> None:
    late(house)
    house.jobs = house.jobs.replace('[jobs."sync"]', 'alert_after = "2 of 3"\n[jobs."sync"]')
    (news,) = news_of(house, {}, morning=replace(house.morning(), actions=(RERUN,)))

    assert (news.event, news.told) == (Event.FIXED, ())


# Still ----------------------------------------------------------------------------------------------------------------


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZURICH)


# told | looked at | still_after | is it told again
REMINDERS = [
    ("2026-02-10T07:02:13", "2026-02-11T07:02:11", DAY, True),  # seconds sooner than the day before
    ("2026-02-10T07:02:13", "2026-02-11T06:02:13", DAY, False),  # an hourly monitor does not creep
    ("2026-02-10T07:02:13", "2026-02-12T07:02:11", 3 * DAY, False),
    ("2026-02-10T07:02:13", "2026-02-13T07:02:11", 3 * DAY, True),
    ("2026-02-10T07:02:13", "2026-03-13T07:02:11", None, False),
    # a night of 23 hours, and one of 25
    ("2026-03-28T07:02:13", "2026-03-29T07:02:11", DAY, True),
    ("2026-03-28T07:02:13", "2026-03-29T06:02:13", DAY, False),
    ("2026-10-24T07:02:13", "2026-10-25T07:02:11", DAY, True),
    ("2026-10-24T07:02:13", "2026-10-25T06:02:13", DAY, False),
]


@pytest.mark.parametrize(("told_at", "now", "still_after", "is_told"), REMINDERS)
def test_what_lasts_is_told_again_after_its_days(
    house: House, told_at: str, now: str, still_after: timedelta | None, is_told: bool
) -> None:
    miss(house)
    since = local("2026-02-09T06:00:00")
    told = {"job haiku": Told(key="job haiku", cause="missed-run", since=since, told_at=local(told_at))}
    news = news_of(house, told, still_after=still_after, now=local(now))

    assert in_short(news) == ([("still", "missed-run", None, ["haiku"])] if is_told else [])
    assert all(each.since == since and each.told[0].told_at == local(now) for each in news)


# N of M ---------------------------------------------------------------------------------------------------------------


def chronicle_of(runs: str) -> Chronicle:
    """The runs of haiku before this morning's, the newest last: g good, b bad, p still inside its time."""
    known = {"g": (Verdict.OK, False), "b": (Verdict.MISSED, True), "p": (Verdict.PENDING, False)}
    rows = []
    for days, (verdict, needs) in enumerate((known[each] for each in reversed(runs)), start=1):
        at = datetime(2026, 2, 11, 6, 0, tzinfo=ZURICH) - days * DAY
        rows.append(Row(job_id="haiku", due_at=at, verdict=verdict, needs_a_person=needs, judged_at=at))
    return Chronicle(rows={"haiku": tuple(reversed(rows))})


# threshold | the runs before | is a bad run of this morning told
THRESHOLDS = [
    (Threshold(bad=1, last=1), "", True),
    (Threshold(bad=2, last=3), "", False),
    (Threshold(bad=2, last=3), "gg", False),
    (Threshold(bad=2, last=3), "bg", True),
    (Threshold(bad=2, last=3), "gb", True),
    (Threshold(bad=2, last=3), "bgg", False),
    (Threshold(bad=2, last=3), "bgp", True),
    (Threshold(bad=3, last=3), "bb", True),
    (Threshold(bad=3, last=3), "gb", False),
]


def with_threshold(house: House, threshold: Threshold, chronicle: Chronicle, told: Mapping[str, Told] | None) -> bool:
    miss(house)
    house.jobs = house.jobs.replace(
        '[jobs."sync"]', f'alert_after = "{threshold.bad} of {threshold.last}"\n[jobs."sync"]'
    )
    return bool(news_of(house, told, chronicle=chronicle))


@pytest.mark.parametrize(("threshold", "runs", "is_told"), THRESHOLDS)
def test_a_threshold_counts_the_newest_judged_runs(
    house: House, threshold: Threshold, runs: str, is_told: bool
) -> None:
    assert with_threshold(house, threshold, chronicle_of(runs), {}) == is_told


def test_an_earlier_look_at_this_mornings_run_is_not_counted_twice(house: House) -> None:
    due_at = datetime(2026, 2, 11, 6, 0, tzinfo=ZURICH)
    row = Row(job_id="haiku", due_at=due_at, verdict=Verdict.MISSED, needs_a_person=True, judged_at=due_at)

    assert not with_threshold(house, Threshold(bad=2, last=3), Chronicle(rows={"haiku": (row,)}), {})


@pytest.mark.parametrize(
    ("chronicle", "told"), [(NOTHING, None), (Chronicle(problem="history.sqlite3: cannot be read"), {})]
)
def test_where_nobody_can_count_nothing_is_kept_back(
    house: House, chronicle: Chronicle, told: Mapping[str, Told] | None
) -> None:
    assert with_threshold(house, Threshold(bad=2, last=3), chronicle, told)


def test_once_told_another_cause_is_told_at_once(house: House) -> None:
    told = {"job haiku": Told(key="job haiku", cause="run-failed", since=NOW - DAY, told_at=NOW - DAY)}

    assert with_threshold(house, Threshold(bad=3, last=3), NOTHING, told)


def test_new_trouble_says_since_when_no_run_was_good(house: House) -> None:
    miss(house)
    (news,) = news_of(house, {}, chronicle=chronicle_of("gbb"))

    assert news.event is Event.NEW
    assert news.since == datetime(2026, 2, 9, 6, 0, tzinfo=ZURICH)
