"""Is a job due when the engine that runs it would run it?"""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fixtures.clocks import FrozenNow
from rollcall.schedule import Engine, Every, Schedule, read_schedule
from rollcall.times import read_now

ZURICH = ZoneInfo("Europe/Zurich")
CRON, APSCHEDULER = Engine.CRON, Engine.APSCHEDULER
OF_FIVE_FIELDS = (CRON, APSCHEDULER)
MICROSECOND = timedelta.resolution


def schedule(text: str, engine: Engine = CRON, zone: str = "Europe/Zurich") -> Schedule:
    return read_schedule(text, engine=engine, zone=ZoneInfo(zone))


def instant(text: str) -> datetime:
    """`2026-02-11 06:00 +01`, as the tables write it."""
    return datetime.strptime(f"{text}00", "%Y-%m-%d %H:%M %z").astimezone(UTC)


def instants(texts: str) -> list[datetime]:
    return [instant(text.strip()) for text in texts.split(",") if text.strip()]


# In Europe/Zurich 2026 the clocks go from 02:00 +01 to 03:00 +02 on 29 March, and from 03:00 +02 to 02:00 +01 on
# 25 October. A row of "both" holds for both engines.
ZURICH_ROWS = """
both        | 0 6 * * *    | 2026-02-11 05:59 +01 | 2026-02-10 06:00 +01 | 2026-02-11 06:00 +01
both        | 0 6 * * *    | 2026-02-11 06:00 +01 | 2026-02-11 06:00 +01 | 2026-02-12 06:00 +01
both        | 0 6 * * *    | 2026-03-29 05:59 +02 | 2026-03-28 06:00 +01 | 2026-03-29 06:00 +02
both        | 0 6 * * *    | 2026-03-29 06:00 +02 | 2026-03-29 06:00 +02 | 2026-03-30 06:00 +02
both        | 0 6 * * *    | 2026-10-25 05:59 +01 | 2026-10-24 06:00 +02 | 2026-10-25 06:00 +01
both        | 0 6 * * *    | 2026-10-25 06:00 +01 | 2026-10-25 06:00 +01 | 2026-10-26 06:00 +01
cron        | 30 2 * * *   | 2026-03-29 02:59 +02 | 2026-03-28 02:30 +01 | 2026-03-29 03:00 +02
cron        | 30 2 * * *   | 2026-03-29 03:00 +02 | 2026-03-29 03:00 +02 | 2026-03-30 02:30 +02
cron        | 30 2 * * *   | 2026-10-25 02:30 +02 | 2026-10-25 02:30 +02 | 2026-10-26 02:30 +01
cron        | 30 2 * * *   | 2026-10-25 02:10 +01 | 2026-10-25 02:30 +02 | 2026-10-26 02:30 +01
cron        | */30 2 * * * | 2026-03-29 04:00 +02 | 2026-03-28 02:30 +01 | 2026-03-30 02:00 +02
cron        | */30 2 * * * | 2026-10-25 02:40 +02 | 2026-10-25 02:30 +02 | 2026-10-25 02:00 +01
cron        | */30 2 * * * | 2026-10-25 02:29 +01 | 2026-10-25 02:00 +01 | 2026-10-25 02:30 +01
apscheduler | 30 2 * * *   | 2026-03-29 03:29 +02 | 2026-03-28 02:30 +01 | 2026-03-29 03:30 +02
apscheduler | 30 2 * * *   | 2026-03-29 03:30 +02 | 2026-03-29 03:30 +02 | 2026-03-30 02:30 +02
apscheduler | 30 2 * * *   | 2026-10-25 02:30 +02 | 2026-10-25 02:30 +02 | 2026-10-25 02:30 +01
apscheduler | 30 2 * * *   | 2026-10-25 02:30 +01 | 2026-10-25 02:30 +01 | 2026-10-26 02:30 +01
both        | 0 * * * *    | 2026-03-29 03:00 +02 | 2026-03-29 03:00 +02 | 2026-03-29 04:00 +02
both        | 0 * * * *    | 2026-10-25 02:30 +02 | 2026-10-25 02:00 +02 | 2026-10-25 02:00 +01
cron        | 0 0 * * *    | 2026-03-30 12:00 +02 | 2026-03-30 00:00 +02 | 2026-03-31 00:00 +02
apscheduler | 0 0 * * *    | 2026-03-30 12:00 +02 | 2026-03-29 00:00 +01 | 2026-03-31 00:00 +02
cron        | 0 0 1 * *    | 2026-04-15 12:00 +02 | 2026-04-01 00:00 +02 | 2026-05-01 00:00 +02
apscheduler | 0 0 1 * *    | 2026-04-15 12:00 +02 | 2026-03-01 00:00 +01 | 2026-05-01 00:00 +02
apscheduler | 0 0 1-5 * *  | 2026-04-01 12:00 +02 | 2026-03-05 00:00 +01 | 2026-04-02 00:00 +02
both        | 0 3 1 * *    | 2026-04-15 12:00 +02 | 2026-04-01 03:00 +02 | 2026-05-01 03:00 +02
cron        | 0 20 * * 0   | 2026-03-29 20:00 +02 | 2026-03-29 20:00 +02 | 2026-04-05 20:00 +02
apscheduler | 0 20 * * 0   | 2026-03-29 20:00 +02 | 2026-03-23 20:00 +01 | 2026-03-30 20:00 +02
both        | 0 20 * * sun | 2026-10-25 19:59 +01 | 2026-10-18 20:00 +02 | 2026-10-25 20:00 +01
cron        | 0 6 * * 1-5  | 2026-02-14 12:00 +01 | 2026-02-13 06:00 +01 | 2026-02-16 06:00 +01
apscheduler | 0 6 * * 1-5  | 2026-02-14 12:00 +01 | 2026-02-14 06:00 +01 | 2026-02-17 06:00 +01
both        | @weekly      | 2026-02-11 12:00 +01 | 2026-02-08 00:00 +01 | 2026-02-15 00:00 +01
both        | 0 0 29 2 *   | 2026-02-11 12:00 +01 | 2024-02-29 00:00 +01 | 2028-02-29 00:00 +01
both        | @yearly      | 2026-12-31 23:59 +01 | 2026-01-01 00:00 +01 | 2027-01-01 00:00 +01
both        | @yearly      | 2027-01-01 00:00 +01 | 2027-01-01 00:00 +01 | 2028-01-01 00:00 +01
"""


def rows(table: str) -> list[tuple[str, ...]]:
    return [tuple(cell.strip() for cell in line.split("|")) for line in table.strip().splitlines()]


def zurich_cases() -> list[tuple[Engine, str, str, str, str]]:
    return [
        (engine, text, now, last, following)
        for who, text, now, last, following in rows(ZURICH_ROWS)
        for engine in (OF_FIVE_FIELDS if who == "both" else [Engine(who)])
    ]


@pytest.mark.parametrize(("engine", "text", "now", "last", "following"), zurich_cases())
def test_a_job_was_due_and_is_due_next(
    engine: Engine, text: str, now: str, last: str, following: str, frozen_now: FrozenNow
) -> None:
    frozen_now.move_to(instant(now))
    job_schedule = schedule(text, engine)

    assert job_schedule.last_due(read_now()) == instant(last)
    assert job_schedule.next_due(read_now()) == instant(following)


# All that is due from one local midnight to the next, in UTC.
NIGHTS = """
cron        | Europe/Zurich       | 0,30 2 * * *   | 2026-03-29 | 01:00
apscheduler | Europe/Zurich       | 0,30 2 * * *   | 2026-03-29 | 01:00
cron        | Europe/Zurich       | 0 2,3 * * *    | 2026-03-29 | 01:00
apscheduler | Europe/Zurich       | 30 2,3 * * *   | 2026-03-29 | 01:30
cron        | Europe/Zurich       | 0,30 2 * * *   | 2026-10-25 | 00:00 00:30
apscheduler | Europe/Zurich       | 0,30 2 * * *   | 2026-10-25 | 00:00 00:30 01:00 01:30
cron        | Australia/Lord_Howe | 15 2 * * *     | 2026-10-04 | 15:30
cron        | Australia/Lord_Howe | 45 0-6/3 * * * | 2026-04-05 | 13:45 17:15 20:15
cron        | Australia/Lord_Howe | */15 1 * * *   | 2026-04-05 | 14:00 14:15 14:30 14:45 15:00 15:15
cron        | Australia/Lord_Howe | 0 */3 * * *    | 2026-10-04 | 13:30 16:00 19:00 22:00 01:00 04:00 07:00 10:00
cron        | America/Sao_Paulo   | 30 0 * * *     | 2018-11-04 | 03:00
cron        | America/Sao_Paulo   | */30 0 * * *   | 2018-11-04 |
cron        | America/Sao_Paulo   | */30 23 * * *  | 2018-02-17 | 01:00 01:30 02:00 02:30
cron        | Africa/Casablanca   | 30 2 * * *     | 2026-02-15 | 01:30
cron        | Africa/Casablanca   | 30 2 * * *     | 2026-03-22 | 02:00
apscheduler | Africa/Casablanca   | 30 2 * * *     | 2026-02-15 | 01:30 02:30
apscheduler | Africa/Casablanca   | 30 2 * * *     | 2026-03-22 | 02:30
"""


@pytest.mark.parametrize(("engine", "zone", "text", "night", "due"), rows(NIGHTS))
def test_on_a_night_when_clocks_change_a_job_is_due(
    engine: str, zone: str, text: str, night: str, due: str, frozen_now: FrozenNow
) -> None:
    midnight = datetime.fromisoformat(night).replace(tzinfo=ZoneInfo(zone))
    frozen_now.move_to((midnight + timedelta(days=1)).astimezone(UTC) - MICROSECOND)
    start, end = midnight.astimezone(UTC) - MICROSECOND, read_now()
    job_schedule = schedule(text, Engine(engine), zone)

    ahead = list(job_schedule.due_between(start, end))
    back = _stepping_back(job_schedule, end, down_to=start)

    assert [f"{at:%H:%M}" for at in ahead] == due.split()
    assert back == ahead


def _stepping_back(job_schedule: Schedule, at: datetime, *, down_to: datetime) -> list[datetime]:
    """The due instants found from the newest to the oldest, listed in order."""
    found: list[datetime] = []
    while (due := job_schedule.last_due(at)) is not None and due > down_to:
        found.append(due)
        at = due - MICROSECOND
    return found[::-1]


@pytest.mark.parametrize("engine", OF_FIVE_FIELDS)
@pytest.mark.parametrize("due", instants("2026-02-11 06:00 +01, 2026-03-29 06:00 +02, 2026-10-25 06:00 +01"), ids=str)
def test_a_job_is_due_from_its_very_instant_on(engine: Engine, due: datetime) -> None:
    daily = schedule("0 6 * * *", engine)

    assert daily.last_due(due - MICROSECOND) == _the_day_before(due)
    assert daily.last_due(due) == due
    assert daily.last_due(due + MICROSECOND) == due
    assert daily.next_due(due - MICROSECOND) == due
    assert daily.next_due(due) != due
    assert [daily.is_due_at(due + step) for step in (-MICROSECOND, 0 * MICROSECOND, MICROSECOND)] == [
        False,
        True,
        False,
    ]


def _the_day_before(due: datetime) -> datetime:
    local = due.astimezone(ZURICH)
    return local.replace(day=local.day - 1).astimezone(UTC)


@pytest.mark.parametrize("engine", OF_FIVE_FIELDS)
def test_adjoining_stretches_hold_each_due_run_once(engine: Engine) -> None:
    daily = schedule("0 6 * * *", engine)
    first, second = instants("2026-03-28 06:00 +01, 2026-03-29 06:00 +02")

    assert list(daily.due_between(first, second)) == [second]
    assert list(daily.due_between(first - MICROSECOND, first)) == [first]
    assert list(daily.due_between(second, first)) == []


def test_an_apscheduler_started_between_two_runs_may_run_what_a_long_running_one_leaves_out() -> None:
    daily = schedule("30 0 * * *", APSCHEDULER)
    left_out = instant("2026-03-30 00:30 +02")

    assert left_out not in daily.due_between(left_out - timedelta(days=3), left_out + timedelta(days=3))
    assert daily.is_due_at(left_out)
    assert not daily.is_due_at(left_out + timedelta(hours=1))


@pytest.mark.parametrize("engine", OF_FIVE_FIELDS)
@pytest.mark.parametrize("text", ["0 6 * * *", "*/20 * * * *", "0 0 29 2 *", "30 2 1 * *", "@yearly", "0 20 * * sun"])
def test_every_year_from_1990_to_2100_has_an_answer(engine: Engine, text: str) -> None:
    job_schedule = schedule(text, engine)
    for year in range(1990, 2101):
        for at in (datetime(year, 1, 1, tzinfo=UTC), datetime(year, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC)):
            last, following = job_schedule.last_due(at), job_schedule.next_due(at)

            assert last is not None
            assert following is not None
            assert last <= at < following


WORDS = """
both        | 0 6 * * *           | every day at 06:00
cron        | 0 6 * * 1-5         | Mon–Fri at 06:00
apscheduler | 0 6 * * 1-5         | Tue–Sat at 06:00
both        | 0 6 * * mon-fri     | Mon–Fri at 06:00
cron        | 0 20 * * 0          | Sunday at 20:00
cron        | 0 20 * * 7          | Sunday at 20:00
apscheduler | 0 20 * * 0          | Monday at 20:00
apscheduler | 0 20 * * 6          | Sunday at 20:00
both        | 0 20 * * mon,wed    | Mon and Wed at 20:00
both        | 0 6 * * 0-6         | every day at 06:00
both        | 0 3 1 * *           | on the 1st of the month at 03:00
both        | 0 3 2,3,11,22 * *   | on the 2nd, 3rd, 11th and 22nd of the month at 03:00
cron        | 0 3 L * *           | on the last day of the month at 03:00
apscheduler | 0 3 last * *        | on the last day of the month at 03:00
both        | 0 3 1 1,7 *         | on the 1st of Jan and Jul at 03:00
both        | 0 3 * 8 *           | every day in Aug at 03:00
both        | 0 3 * 8 sun         | Sunday in Aug at 03:00
both        | @yearly             | on the 1st of Jan at 00:00
both        | @weekly             | Sunday at 00:00
both        | @midnight           | every day at 00:00
both        | @hourly             | every hour at :00
both        | 30 * * * *          | every hour at :30
both        | 5,35 * * * *        | every hour at :05 and :35
both        | */15 * * * *        | every 15 minutes
both        | 0,30 * * * *        | every 30 minutes
both        | * * * * *           | every minute
both        | */30 * * * sun      | Sunday, every 30 minutes
both        | 0 */6 * * *         | every day at 00:00, 06:00, 12:00 and 18:00
cron        | 0 0 1 * 1           | on the 1st of the month or on Monday at 00:00
apscheduler | 0 0 1 * 0           | on the 1st of the month and only if it is Monday, at 00:00
apscheduler | 0 0 1 * mon,wed     | on the 1st of the month and only if it is Mon or Wed, at 00:00
cron        | 0 0 1 * */2         | on the 1st of the month and only if it is Tue, Thu, Sat or Sun, at 00:00
cron        | 0 0 1-31 * 1        | every day at 00:00
cron        | 0 0 1 3 1           | cron "0 0 1 3 1"
cron        | 0 6 * * MON#1       | cron "0 6 * * MON#1"
cron        | 0 6 LW * *          | cron "0 6 LW * *"
cron        | */7 3-5 1,15 * 2    | cron "*/7 3-5 1,15 * 2"
apscheduler | */7 3-5 1,15 * 2    | apscheduler "*/7 3-5 1,15 * 2"
both        | */7 * * * *         | fields
"""


@pytest.mark.parametrize(("who", "text", "words"), rows(WORDS))
def test_a_schedule_is_said_in_words(who: str, text: str, words: str) -> None:
    for engine in OF_FIVE_FIELDS if who == "both" else [Engine(who)]:
        expected = f'{engine} "{text}"' if words == "fields" else words

        assert schedule(text, engine).in_words() == expected


FROM_MONDAY = "Write 0-6 (0 is Monday, 6 is Sunday in APScheduler) or mon-sun."
FIVE = "Write 5 fields: minute hour day month weekday."
MISTAKES = f"""
both        | 0 0 6 * * *   | 6 fields: seconds are not supported. {FIVE}
both        | 0 6 *         | 3 fields. {FIVE}
both        | 0             | 1 field. {FIVE}
both        |               | empty. {FIVE}
both        | @reboot       | "@reboot" names no time, so no run can be missed. {FIVE}
cron        | 60 * * * *    | minute "60" is nothing cron takes. Write 0-59, such as "30", "0,30" or "*/15".
apscheduler | 60 * * * *    | minute "60" is nothing APScheduler takes. Write 0-59, such as "30", "0,30" or "*/15".
cron        | 0 24 * * *    | hour "24" is nothing cron takes. Write 0-23, such as "6", "8-18" or "*/6".
cron        | 0 0 0 * *     | day of month "0" is nothing cron takes. Write 1-31, such as "1" or "1,15".
cron        | 0 0 1 13 *    | month "13" is nothing cron takes. Write 1-12 or jan-dec, such as "1" or "jan-mar".
cron        | 0 0 * * 8     | day of week "8" is nothing cron takes. Write 0-7 (0 and 7 are Sunday in cron) or sun-sat.
apscheduler | 0 0 * * 7     | day of week "7" is nothing APScheduler takes. {FROM_MONDAY}
both        | 0 0 31 2 *    | never due: no such date exists. Write a day that one of the months has.
both        | 0 0 30,31 2 * | never due: no such date exists. Write a day that one of the months has.
apscheduler | 0 0 30 2 mon  | never due: no such date exists. Write a day that one of the months has.
"""


@pytest.mark.parametrize(("who", "text", "mistake"), rows(MISTAKES))
def test_a_schedule_that_cannot_be_meant_is_refused_with_a_cure(who: str, text: str, mistake: str) -> None:
    for engine in OF_FIVE_FIELDS if who == "both" else [Engine(who)]:
        with pytest.raises(ValueError) as refusal:  # noqa: PT011 - the whole message is compared
            schedule(text, engine)

        assert str(refusal.value) == mistake


@pytest.mark.parametrize("engine", Engine)
@given(text=st.text(alphabet=st.sampled_from("0123456789*/,-:;.~#?@LWabijnourst \t\n\0²٣"), max_size=30))
def test_no_text_makes_schedule_reading_fail_otherwise(engine: Engine, text: str) -> None:
    _read_or_refuse(text, engine)


@pytest.mark.parametrize("engine", OF_FIVE_FIELDS)
@given(
    fields=st.lists(
        st.text(alphabet=st.sampled_from("0123456789*/,-#LWmonjast"), min_size=1, max_size=6), min_size=5, max_size=5
    )
)
def test_no_five_fields_make_schedule_reading_fail_otherwise(engine: Engine, fields: list[str]) -> None:
    _read_or_refuse(" ".join(fields), engine)


@pytest.mark.parametrize("engine", Engine)
@pytest.mark.parametrize("text", ["1" * 1_000_000, "1," * 90 + "1 * * * *", "*/1/1/1/1 * * * *"], ids=len)
def test_huge_texts_are_read_or_refused_at_once(engine: Engine, text: str) -> None:
    _read_or_refuse(text, engine)


def _read_or_refuse(text: str, engine: Engine) -> None:
    try:
        job_schedule = schedule(text, engine)
    except ValueError as refusal:
        _assert_short_and_clean(refusal)
    else:
        at = datetime(2026, 2, 11, tzinfo=UTC)
        # OnCalendar has years, and may be over or begin later.
        assert job_schedule.next_due(at) or (engine is Engine.SYSTEMD and job_schedule.last_due(at))
        assert job_schedule.in_words()


def _assert_short_and_clean(refusal: ValueError) -> None:
    assert str(refusal).isprintable()
    assert len(str(refusal)) < 200


def test_the_declared_text_is_kept_and_equal_schedules_are_one() -> None:
    assert schedule("@daily").text == "@daily"
    assert schedule("0  6 * * *").text == "0  6 * * *"
    assert schedule("0 6 * * *").engine is CRON
    assert {schedule("0 6 * * *"), schedule("0 6 * * *")} == {schedule("0 6 * * *")}
    assert schedule("0 6 * * *") != schedule("0 6 * * *", APSCHEDULER)


# every = "6 h" ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("now", "last", "following"),
    [
        ("2026-02-11 05:59 +01", "2026-02-11 00:00 +01", "2026-02-11 06:00 +01"),
        ("2026-02-11 06:00 +01", "2026-02-11 06:00 +01", "2026-02-11 12:00 +01"),
        # Six hours are six hours: after the spring change the clock shows an hour more, after autumn the same again.
        ("2026-03-29 06:00 +02", "2026-03-29 00:00 +01", "2026-03-29 07:00 +02"),
        ("2026-03-29 07:00 +02", "2026-03-29 07:00 +02", "2026-03-29 13:00 +02"),
        ("2026-10-25 06:00 +01", "2026-10-25 06:00 +01", "2026-10-25 12:00 +01"),
        ("2026-10-25 00:59 +02", "2026-10-24 19:00 +02", "2026-10-25 01:00 +02"),
    ],
)
def test_a_span_is_elapsed_time_across_clock_changes(
    now: str, last: str, following: str, frozen_now: FrozenNow
) -> None:
    frozen_now.move_to(instant(now))
    six_hourly = Every(span=timedelta(hours=6), zone=ZURICH, anchor=instant("2026-01-01 00:00 +01"))

    assert six_hourly.last_due(read_now()) == instant(last)
    assert six_hourly.next_due(read_now()) == instant(following)


def test_a_grid_reaches_behind_its_anchor() -> None:
    next_run = instant("2026-02-11 09:17 +01")
    six_hourly = Every(span=timedelta(hours=6), zone=ZURICH).anchored_at(next_run)

    assert six_hourly.last_due(next_run - MICROSECOND) == instant("2026-02-11 03:17 +01")
    assert list(six_hourly.due_between(next_run - timedelta(hours=12), next_run)) == instants(
        "2026-02-11 03:17 +01, 2026-02-11 09:17 +01"
    )
    assert [six_hourly.is_due_at(next_run + step) for step in (-MICROSECOND, 0 * MICROSECOND, MICROSECOND)] == [
        False,
        True,
        False,
    ]


def test_without_an_anchor_the_grid_floats_from_local_midnight() -> None:
    floating = Every(span=timedelta(hours=6), zone=ZoneInfo("Asia/Kathmandu"))

    assert floating.floats
    assert not floating.anchored_at(instant("2026-02-11 09:17 +01")).floats
    # Kathmandu was at +05:30 in 1970 and is at +05:45 now.
    assert floating.last_due(instant("2026-02-11 12:00 +00")) == instant("2026-02-11 06:30 +00")


def test_a_span_is_said_in_words_and_refused_below_a_second() -> None:
    assert Every(span=timedelta(hours=6), zone=ZURICH).in_words() == "every 6 h"
    assert Every(span=timedelta(minutes=90), zone=ZURICH).in_words() == "every 1 h 30 min"
    with pytest.raises(ValueError, match=r'shorter than a second. Write "1 s" or more.'):
        Every(span=timedelta(milliseconds=999), zone=ZURICH)
    with pytest.raises(ValueError, match="anchor without an offset"):
        Every(span=timedelta(hours=1), zone=ZURICH, anchor=datetime(2026, 1, 1))  # noqa: DTZ001 - the mistake meant
