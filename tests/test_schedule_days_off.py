"""Is nothing owed on a day off or in a maintenance window, and does the rest of the schedule stay as it is?

In Zurich Good Friday 2026 is 3 April, Easter Monday the 6th; clocks change on Sunday 29 March and Sunday 25 October.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rollcall.schedule import Engine, Every, Schedule, read_schedule
from rollcall.schedule.after import After
from rollcall.schedule.answers import due_between, last_due, next_due
from rollcall.schedule.days_off import DaysOff, Window, as_scheduled, is_day_off, read_holidays, without

ZURICH = ZoneInfo("Europe/Zurich")
EASTER = DaysOff(holidays="CH-ZH")
BUSINESS = DaysOff(is_business=True)
DATES = DaysOff(dates=frozenset({date(2026, 3, 29), date(2026, 10, 25)}))
BOTH = DaysOff(holidays="CH-ZH", is_business=True)
OF_FIVE_FIELDS = (Engine.CRON, Engine.APSCHEDULER)
ENGINES = pytest.mark.parametrize("engine", OF_FIVE_FIELDS)


def daily(
    days_off: DaysOff, engine: Engine = Engine.CRON, text: str = "0 6 * * *", zone: ZoneInfo = ZURICH
) -> Schedule:
    return without(read_schedule(text, engine=engine, zone=zone), days_off, zone)


def instant(text: str) -> datetime:
    return datetime.strptime(f"{text}00", "%Y-%m-%d %H:%M %z").astimezone(UTC)


# Now | last owed | next owed
OWED = [
    (EASTER, "2026-04-03 07:00 +02", "2026-04-02 06:00 +02", "2026-04-04 06:00 +02"),
    (EASTER, "2026-04-06 05:59 +02", "2026-04-05 06:00 +02", "2026-04-07 06:00 +02"),
    (EASTER, "2026-04-07 06:00 +02", "2026-04-07 06:00 +02", "2026-04-08 06:00 +02"),
    (BUSINESS, "2026-03-29 12:00 +02", "2026-03-27 06:00 +01", "2026-03-30 06:00 +02"),
    (BUSINESS, "2026-10-25 12:00 +01", "2026-10-23 06:00 +02", "2026-10-26 06:00 +01"),
    (DATES, "2026-03-29 06:00 +02", "2026-03-28 06:00 +01", "2026-03-30 06:00 +02"),
    (DATES, "2026-10-25 06:00 +01", "2026-10-24 06:00 +02", "2026-10-26 06:00 +01"),
    (BOTH, "2026-04-04 12:00 +02", "2026-04-02 06:00 +02", "2026-04-07 06:00 +02"),
]


@ENGINES
@pytest.mark.parametrize(("days_off", "now", "last", "following"), OWED)
def test_nothing_is_owed_on_a_day_off(days_off: DaysOff, now: str, last: str, following: str, engine: Engine) -> None:
    owed = daily(days_off, engine)

    assert (owed.last_due(instant(now)), owed.next_due(instant(now))) == (instant(last), instant(following))
    assert (last_due(owed, instant(now)), next_due(owed, instant(now))) == (instant(last), instant(following))


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from([*OF_FIVE_FIELDS, None]),
    st.sampled_from(["0 6 * * *", "30 2 * * *", "0 */6 * * *", "0 20 * * sun", "0 3 1 * *"]),
    st.sampled_from([EASTER, DATES, DaysOff(holidays="CH")]),
    st.datetimes(datetime(2026, 3, 20), datetime(2026, 4, 12), timezones=st.just(UTC)),  # noqa: DTZ001 - bounds
    st.integers(0, 20_000),
)
def test_what_is_owed_is_what_is_scheduled_but_for_the_days_off(
    engine: Engine | None, text: str, days_off: DaysOff, start: datetime, minutes: int
) -> None:
    scheduled = (
        read_schedule(text, engine=engine, zone=ZURICH) if engine else Every(span=timedelta(hours=6), zone=ZURICH)
    )
    owed, end = without(scheduled, days_off, ZURICH), start + timedelta(minutes=minutes)
    by_hand = [due for due in scheduled.due_between(start, end) if not days_off.holds(due.astimezone(ZURICH).date())]

    assert list(owed.due_between(start, end)) == due_between(owed, start + timedelta(microseconds=1), end) == by_hand
    assert [due for due in by_hand if not owed.is_due_at(due)] == []
    assert as_scheduled(owed) is scheduled


def test_a_day_off_is_one_of_the_jobs_own_zone() -> None:
    """At 20:00 UTC it is the next day in Auckland."""
    auckland = ZoneInfo("Pacific/Auckland")
    owed = daily(DaysOff(dates=frozenset({date(2026, 2, 12)})), text="0 9 * * *", zone=auckland)

    assert owed.next_due(instant("2026-02-11 12:00 +00")) == instant("2026-02-13 09:00 +13")


@pytest.mark.parametrize(
    ("code", "day", "is_off"),
    [
        ("CH-ZH", date(2026, 5, 1), True),
        ("CH-LU", date(2026, 5, 1), False),
        ("IL", date(2026, 2, 13), True),  # a Friday
        ("IL", date(2026, 2, 15), False),  # a Sunday
        ("CN", date(2026, 2, 14), False),  # a Saturday on which people work, for the days of the New Year
        ("CN", date(2026, 2, 17), True),
    ],
)
def test_business_days_are_those_of_the_country(code: str, day: date, is_off: bool) -> None:
    assert DaysOff(holidays=code, is_business=True).holds(day) == is_off


AUGUST = "Sat 1 Aug 2026, Sun 2 Aug 2026, Mon 3 Aug 2026"


@pytest.mark.parametrize(
    ("days_off", "words"),
    [
        (EASTER, "every day at 06:00, but not on holidays of CH-ZH"),
        (BUSINESS, "every day at 06:00, but not on weekends"),
        (DATES, "every day at 06:00, but not on Sun 29 Mar 2026 and Sun 25 Oct 2026"),
        (
            DaysOff(dates=frozenset(date(2026, 8, day) for day in range(1, 15)), holidays="CH", is_business=True),
            f"every day at 06:00, but not on weekends, holidays of CH, {AUGUST} and 11 more days",
        ),
    ],
)
def test_days_off_are_said(days_off: DaysOff, words: str) -> None:
    assert daily(days_off).in_words() == words


@ENGINES
@pytest.mark.parametrize("text", ["0 6 * * sun", "0 6 25 12 *", "*/7 * * * sat,sun"])
def test_a_job_that_is_due_only_on_days_off_is_refused(text: str, engine: Engine) -> None:
    with pytest.raises(ValueError, match="it is due only on weekends and holidays of CH-ZH, when nothing is owed"):
        daily(DaysOff(holidays="CH-ZH", is_business=True), engine, text)


# Maintenance ----------------------------------------------------------------------------------------------------------


def window(when: str, hours: float, *, reason: str = "patching", tag: str | None = None) -> Window:
    opens = read_schedule(when, engine=Engine.CRON, zone=ZURICH)
    return Window(opens=opens, lasts=timedelta(hours=hours), reason=reason, tag=tag)


NIGHT = window("0 22 * * sat", 6)  # six hours, whatever the clocks show
MORNINGS = window("30 5 * * *", 1)

# The window | now | last owed | next owed, of a job that is due every hour
IN_WINDOWS = [
    (NIGHT, "2026-02-14 21:59 +01", "2026-02-14 21:00 +01", "2026-02-15 04:00 +01"),
    (NIGHT, "2026-02-14 22:00 +01", "2026-02-14 21:00 +01", "2026-02-15 04:00 +01"),
    (NIGHT, "2026-02-15 03:59 +01", "2026-02-14 21:00 +01", "2026-02-15 04:00 +01"),
    (NIGHT, "2026-02-15 04:00 +01", "2026-02-15 04:00 +01", "2026-02-15 05:00 +01"),
    # In spring it opens at 22:00 CET and closes at 05:00 CEST, in autumn from 22:00 CEST to 03:00 CET.
    (NIGHT, "2026-03-29 04:59 +02", "2026-03-28 21:00 +01", "2026-03-29 05:00 +02"),
    (NIGHT, "2026-03-29 05:00 +02", "2026-03-29 05:00 +02", "2026-03-29 06:00 +02"),
    (NIGHT, "2026-10-25 02:59 +01", "2026-10-24 21:00 +02", "2026-10-25 03:00 +01"),
    (NIGHT, "2026-10-25 03:00 +01", "2026-10-25 03:00 +01", "2026-10-25 04:00 +01"),
    (MORNINGS, "2026-02-11 06:15 +01", "2026-02-11 05:00 +01", "2026-02-11 07:00 +01"),
]


@ENGINES
@pytest.mark.parametrize(("opened", "now", "last", "following"), IN_WINDOWS)
def test_nothing_is_owed_inside_a_window(opened: Window, now: str, last: str, following: str, engine: Engine) -> None:
    owed = daily(DaysOff(windows=(opened,)), engine, "0 * * * *")

    assert (owed.last_due(instant(now)), owed.next_due(instant(now))) == (instant(last), instant(following))
    assert (last_due(owed, instant(now)), next_due(owed, instant(now))) == (instant(last), instant(following))


@pytest.mark.parametrize("night", [date(2026, 3, 28), date(2026, 10, 24), date(2026, 2, 14)])
def test_what_is_owed_is_what_is_scheduled_but_for_the_windows(night: date) -> None:
    start = datetime(night.year, night.month, night.day, tzinfo=UTC)
    scheduled = read_schedule("*/20 * * * *", engine=Engine.CRON, zone=ZURICH)
    owed, end = without(scheduled, DaysOff(windows=(NIGHT, MORNINGS)), ZURICH), start + timedelta(days=2)
    opened = instant(f"{night} 22:00 {'+02' if night.month == 10 else '+01'}")
    by_hand = [
        due
        for due in scheduled.due_between(start, end)
        if not opened <= due < opened + timedelta(hours=6)
        and not time(5, 30) <= due.astimezone(ZURICH).time() < time(6, 30)
    ]

    assert list(owed.due_between(start, end)) == by_hand
    assert due_between(owed, start + timedelta(microseconds=1), end) == by_hand
    assert as_scheduled(owed) is scheduled
    assert is_day_off(owed, opened)
    assert not is_day_off(owed, opened - timedelta(minutes=1))


def test_windows_and_days_off_take_turns() -> None:
    """A Friday's run lies in the window, and the days after it are off."""
    owed = daily(DaysOff(is_business=True, windows=(window("0 5 * * fri", 2),)))

    assert owed.next_due(instant("2026-02-12 06:00 +01")) == instant("2026-02-16 06:00 +01")
    assert owed.last_due(instant("2026-02-16 05:59 +01")) == instant("2026-02-12 06:00 +01")


def test_an_interval_that_nobody_has_placed_may_lie_outside_any_window() -> None:
    """Counted from midnight it would always be due inside; its scheduler counts from its own start."""
    owed = without(Every(span=timedelta(days=1), zone=ZURICH), DaysOff(windows=(window("0 23 * * *", 2),)), ZURICH)

    assert as_scheduled(owed).in_words() == "every 1 d"


@pytest.mark.parametrize(
    ("days_off", "words"),
    [
        (DaysOff(windows=(NIGHT,)), "every day at 06:00, but not during maintenance (patching)"),
        (
            DaysOff(windows=(NIGHT, window("0 1 * * *", 1, reason="backups"), NIGHT), is_business=True),
            "every day at 06:00, but not on weekends and during maintenance (patching, backups)",
        ),
    ],
)
def test_windows_are_said_with_their_reasons(days_off: DaysOff, words: str) -> None:
    assert daily(days_off).in_words() == words


@pytest.mark.parametrize(
    ("tag", "tags", "is_meant"),
    [(None, (), True), (None, ("a",), True), ("a", ("a", "b"), True), ("a", ("b",), False), ("a", (), False)],
)
def test_a_window_is_meant_for_the_jobs_with_its_tag_or_for_all(
    tag: str | None, tags: tuple[str, ...], is_meant: bool
) -> None:
    assert window("0 22 * * sat", 6, tag=tag).is_of(tags) == is_meant


def test_what_follows_a_job_is_not_owed_where_that_ended_inside_a_window() -> None:
    inside, outside = instant("2026-03-29 04:59 +02"), instant("2026-03-29 05:00 +02")
    after = After(job="extract", zone=ZURICH, windows=(NIGHT,))

    assert after.seen((outside, inside)).dues == (outside,)
    assert After(job="extract", zone=ZURICH).seen((outside, inside)).dues == (inside, outside)


@pytest.mark.parametrize(
    ("code", "says"),
    [
        ("CH-zh", 'no such region of CH. Write "CH" for the whole country.'),
        ("CH-ZHH", 'no such region of CH. Did you mean "CH-ZH"?'),
        ("XX", "no such country."),
        ("ch", "no such country."),
        ("", "no such country."),
        ("CH-", 'no such region of CH. Write "CH" for the whole country.'),
    ],
)
def test_an_unknown_place_is_refused_with_the_nearest_one(code: str, says: str) -> None:
    with pytest.raises(ValueError, match="no such") as refused:
        read_holidays(code)

    assert str(refused.value).startswith(says)
