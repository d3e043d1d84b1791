"""Is a job due when a systemd timer with that OnCalendar= elapses?

The due times were measured with `systemd-analyze calendar` (systemd 252). In Zurich clocks go from 02:00 +01 to
03:00 +02 on 29 March 2026, and from 03:00 +02 to 02:00 +01 on 25 October.
"""

from datetime import UTC, datetime, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

import pytest

from rollcall.schedule import Engine, Schedule, read_schedule
from tests.test_schedule import instant, instants, rows

MICROSECOND = timedelta.resolution


def schedule(text: str, zone: str = "Europe/Zurich") -> Schedule:
    return read_schedule(text, engine=Engine.SYSTEMD, zone=ZoneInfo(zone))


DUE = """
daily                       | 2026-02-11 12:00 +01 | 2026-02-11 00:00 +01 | 2026-02-12 00:00 +01
06:00                       | 2026-03-29 05:59 +02 | 2026-03-28 06:00 +01 | 2026-03-29 06:00 +02
06:00                       | 2026-10-25 06:00 +01 | 2026-10-25 06:00 +01 | 2026-10-26 06:00 +01
02:30                       | 2026-03-29 03:30 +02 | 2026-03-28 02:30 +01 | 2026-03-30 02:30 +02
02:30                       | 2026-10-25 02:45 +01 | 2026-10-25 02:30 +02 | 2026-10-26 02:30 +01
*:0/30                      | 2026-03-29 01:45 +01 | 2026-03-29 01:30 +01 | 2026-03-29 03:00 +02
*:0/30                      | 2026-10-25 02:40 +02 | 2026-10-25 02:30 +02 | 2026-10-25 03:00 +01
*:0/30                      | 2026-10-25 02:10 +01 | 2026-10-25 02:30 +02 | 2026-10-25 03:00 +01
Mon..Fri 06:00              | 2026-02-14 12:00 +01 | 2026-02-13 06:00 +01 | 2026-02-16 06:00 +01
sat,Sunday *-*-* 6:0        | 2026-02-13 12:00 +01 | 2026-02-08 06:00 +01 | 2026-02-14 06:00 +01
*-*-01 03:00                | 2026-04-15 12:00 +02 | 2026-04-01 03:00 +02 | 2026-05-01 03:00 +02
*-*~01 03:00                | 2026-02-11 12:00 +01 | 2026-01-31 03:00 +01 | 2026-02-28 03:00 +01
Mon *-05~07/1               | 2026-02-11 12:00 +01 | 2025-05-26 00:00 +02 | 2026-05-25 00:00 +02
*-02-29                     | 2026-02-11 12:00 +01 | 2024-02-29 00:00 +01 | 2028-02-29 00:00 +01
Sun *-02-29                 | 2026-02-11 12:00 +01 | 2004-02-29 00:00 +01 | 2032-02-29 00:00 +01
2026..2028-06-01            | 2029-02-11 12:00 +01 | 2028-06-01 00:00 +02 |
2199-12-31                  | 2026-02-11 12:00 +01 |                      | 2199-12-31 00:00 +01
@1771000000                 | 2026-02-14 12:00 +01 | 2026-02-13 17:26 +01 |
06:00 UTC                   | 2026-03-29 08:30 +02 | 2026-03-29 08:00 +02 | 2026-03-30 08:00 +02
06:00 America/New_York      | 2026-03-08 12:00 +01 | 2026-03-08 11:00 +01 | 2026-03-09 11:00 +01
Mon 02:00; *-*-01 04:00     | 2026-05-31 12:00 +02 | 2026-05-25 02:00 +02 | 2026-06-01 02:00 +02
Mon 02:00; *-*-01 04:00     | 2026-06-01 03:00 +02 | 2026-06-01 02:00 +02 | 2026-06-01 04:00 +02
daily; 00:00                | 2026-02-11 12:00 +01 | 2026-02-11 00:00 +01 | 2026-02-12 00:00 +01
"""


@pytest.mark.parametrize(("text", "now", "last", "following"), rows(DUE))
def test_a_job_was_due_and_is_due_next(text: str, now: str, last: str, following: str) -> None:
    calendar, at = schedule(text), instant(now)
    due = calendar.last_due(at)

    assert (due and due.replace(second=0, microsecond=0)) == (instant(last) if last else None)
    assert calendar.next_due(at) == (instant(following) if following else None)
    if due:
        assert next(calendar.due_after(due), None) == calendar.next_due(at)
        assert [calendar.is_due_at(due + step) for step in (-MICROSECOND, 0 * MICROSECOND)] == [False, True]


# All that is due from one local midnight to the next, in UTC, in zones that change by half an hour, at midnight, and at
# a quarter to.
NIGHTS = """
Australia/Lord_Howe | 2:0/15      | 2026-10-04 | 15:30 15:45
Australia/Lord_Howe | 1:0/15      | 2026-04-05 | 14:00 14:15 14:30 14:45
Africa/Cairo        | 0,1:30      | 2026-04-24 | 22:30
Africa/Cairo        | 23:30       | 2026-10-29 | 20:30
Pacific/Chatham     | 2..4:20,50  | 2026-09-27 | 13:35 14:35 15:05
America/Santiago    | 0,23:00     | 2026-09-06 | 02:00
"""


@pytest.mark.parametrize(("zone", "text", "night", "due"), rows(NIGHTS))
def test_on_a_night_when_clocks_change_a_job_is_due(zone: str, text: str, night: str, due: str) -> None:
    calendar = schedule(text, zone)
    day = datetime.fromisoformat(night)
    start, end = (
        each.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC) - MICROSECOND for each in (day, day + timedelta(days=1))
    )

    assert [f"{at:%H:%M}" for at in calendar.due_between(start, end)] == due.split()


def test_the_second_showing_in_autumn_is_not_owed_and_no_drift_either() -> None:
    """Which of the two systemd takes depends on the offset that it reckoned with last."""
    calendar, second = schedule("02:30"), instant("2026-10-25 02:30 +01")

    assert second not in calendar.due_between(second - timedelta(days=1), second + timedelta(days=1))
    assert calendar.is_due_at(second)


def test_fractions_are_microseconds() -> None:
    calendar = schedule("10:00:01.25,59.9999994")
    due = list(islice(calendar.due_after(instant("2026-02-11 09:00 +01")), 2))

    assert [f"{at:%H:%M:%S.%f}" for at in due] == ["09:00:01.250000", "09:00:59.999999"]
    assert calendar.last_due(due[1] - MICROSECOND) == due[0]


def test_the_zone_of_an_expression_outranks_the_job_s() -> None:
    assert schedule("daily Asia/Tokyo").zone == ZoneInfo("Asia/Tokyo")
    assert schedule("daily Asia/Tokyo; 06:00").zone == ZoneInfo("Europe/Zurich")
    assert schedule("daily").zone == ZoneInfo("Europe/Zurich")


def test_the_declared_text_is_kept_and_equal_schedules_are_one() -> None:
    assert schedule(" Mon..Fri  06:00").text == " Mon..Fri  06:00"
    assert {schedule("06:00"), schedule("06:00")} == {schedule("06:00")}
    assert schedule("06:00") != schedule("06:00", "UTC")


WORDS = """
daily                       | every day at 00:00
*-*-* 6,18:00               | every day at 06:00 and 18:00
Mon..Fri 06:00              | Mon–Fri at 06:00
weekly                      | Monday at 00:00
Sat 22:30                   | Saturday at 22:30
monthly                     | on the 1st of the month at 00:00
quarterly                   | on the 1st of Jan, Apr, Jul and Oct at 00:00
*-*~1 12:00                 | on the last day of the month at 12:00
Mon *-*-1 12:00             | on the 1st of the month and only if it is Monday, at 12:00
hourly                      | every hour at :00
*:0/15                      | every 15 minutes
minutely                    | every minute
06:00 America/New_York      | every day at 06:00 America/New_York
Mon 02:00; *-*-01 04:00     | Monday at 02:00, and on the 1st of the month at 04:00
*-*~07/1 00:00              | OnCalendar "*-*~07/1 00:00"
2026-*-* 06:00              | OnCalendar "2026-*-* 06:00"
06:00:30                    | OnCalendar "06:00:30"
Mon 02:00; 06:00:30         | OnCalendar "Mon 02:00; 06:00:30"
"""


@pytest.mark.parametrize(("text", "words"), rows(WORDS))
def test_a_schedule_is_said_in_words(text: str, words: str) -> None:
    assert schedule(text).in_words() == words


WRITE = 'Write such as "Mon..Fri *-*-* 06:00:00" or "daily".'
MISTAKES = f"""
                    | empty. {WRITE}
daily;              | an expression is empty. {WRITE}
0 6 * * *           | five cron fields, and engine "systemd" reads OnCalendar. Did you mean engine = "cron"?
@daily              | OnCalendar names have no "@". Did you mean "daily"?
*-02-30             | never due: no such date exists. Write a day that one of the months has.
daily; *-02-30      | "*-02-30" is never due: no such date exists. Write a day that one of the months has.
24:00               | hour "24" is nothing systemd takes. Write 0-23, such as "06" or "8..18/2".
10:60               | minute "60" is nothing systemd takes. Write 0-59, such as "30" or "0/15".
*:*/5               | minute "*/5" is nothing systemd takes. Did you mean "0/5"?
*-*-*/2             | day of month "*/2" is nothing systemd takes. Did you mean "1/2"?
1-5:00              | hour "1-5" is nothing systemd takes. Did you mean "1..5"?
5..3:00             | hour "5..3" is nothing systemd takes. Write 0-23, such as "06" or "8..18/2".
*-13-01             | month "13" is nothing systemd takes. Write 1-12, such as "01" or "1,4,7,10".
1969-01-01          | year "1969" is nothing systemd takes. Write 1970-2199, such as "2026" or "2026..2028".
*-*~29              | day from the end "29" is nothing systemd takes. Write 1-28, such as "01" (the last day) or "7/1" (the last seven).
Sat..Mon            | weekdays "Sat..Mon" do not go from Mon on to Sun. Write such as "Sat,Sun,Mon".
Mo 06:00            | "Mo" is no weekday and no name. Did you mean "Mon"?
dayly               | "dayly" is no weekday and no name. Did you mean "daily"?
daily CET           | "CET" is the half of a year, no zone. Write "Europe/Zurich", or nothing.
daily Europe/Zurik  | "Europe/Zurik" is no time zone. Write one such as "Europe/Zurich" or "UTC", or nothing.
06:00 06:00         | nothing may follow the time, and "06:00" does. {WRITE}
*:*:0/12.5          | second "0/12.5" is not steady: systemd counts on in fractions. Write such as "0..59/12.5".
"""  # noqa: E501 - a line each


@pytest.mark.parametrize(("text", "mistake"), rows(MISTAKES))
def test_what_cannot_be_meant_is_refused_with_a_cure(text: str, mistake: str) -> None:
    with pytest.raises(ValueError) as refusal:  # noqa: PT011 - the whole message is compared
        schedule(text)

    assert str(refusal.value) == mistake


@pytest.mark.parametrize("engine", [Engine.CRON, Engine.APSCHEDULER])
def test_on_calendar_under_another_engine_is_told_apart(engine: Engine) -> None:
    with pytest.raises(ValueError, match=r'OnCalendar, and .* reads five cron fields\. .*"systemd"'):
        read_schedule("Mon..Fri 06:00", engine=engine, zone=ZoneInfo("UTC"))


def test_what_is_due_every_few_moments_is_stepped_and_not_searched() -> None:
    """Every microsecond: also from one side of the clock changes to the other."""
    calendar = schedule("*:*:0..59.999999/0.000001")
    spring, autumn = instants("2026-03-29 03:00 +02, 2026-10-25 03:00 +01")

    assert calendar.last_due(spring - MICROSECOND) == spring - MICROSECOND
    assert calendar.next_due(spring - MICROSECOND) == spring
    assert calendar.next_due(autumn - timedelta(minutes=10)) == autumn
    assert calendar.last_due(autumn - timedelta(minutes=10)) == autumn - timedelta(hours=1) - MICROSECOND
