"""Is the stretch of time that a name leaves open the one that its mtime lies in or next to?"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollcall.naming.names import read_pattern
from rollcall.naming.stretch import Told

ZURICH = ZoneInfo("Europe/Zurich")


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def told(path: str, name: str) -> Told:
    found = read_pattern(path).told(name)
    assert isinstance(found, Told)
    return found


def rows(table: str) -> list[list[str]]:
    return [[cell.strip() for cell in line.split("|")] for line in table.strip().splitlines()[1:]]


# In Europe/Zurich 2026: clocks skip 02:00-03:00 on 29 March, repeat 02:00-03:00 on 25 October. "06:59…" is one
# tick before 07:00.
STRETCHES = """
path          | name               | mtime (UTC)      | first (UTC)         | last (UTC)          | because
%Y%m%d-%H%M%S | 20260211-060017    | 2026-02-11 05:00 | 2026-02-11 05:00:17 | 2026-02-11 05:00:17 | winter
%Y%m%d-%H%M%S | 20260711-060017    | 2026-07-11 04:00 | 2026-07-11 04:00:17 | 2026-07-11 04:00:17 | summer
%Y%m%d-%H%M%S | 20260211-060017    | 2026-03-01 00:00 | 2026-02-11 05:00:17 | 2026-02-11 05:00:17 | a restored mtime
%Y%m%d-%H%M%S | 20261025-023000    | 2026-10-25 00:30 | 2026-10-25 00:30    | 2026-10-25 00:30    | the first 02:30
%Y%m%d-%H%M%S | 20261025-023000    | 2026-10-25 01:30 | 2026-10-25 01:30    | 2026-10-25 01:30    | the second 02:30
%Y%m%d-%H%M%S | 20261025-023000    | 2026-10-25 01:00 | 2026-10-25 00:30    | 2026-10-25 00:30    | equally near
%Y%m%d-%H%M%S | 20260329-023000    | 2026-03-29 01:00 | 2026-03-29 01:30    | 2026-03-29 01:30    | skipped in spring
%Y%m%d-%H%M%S | 20260329-023000    | 2026-03-29 00:30 | 2026-03-29 01:30    | 2026-03-29 01:30    | whatever the mtime
%Y%m%d-%H%M   | 20260211-0600      | 2026-02-11 05:00 | 2026-02-11 05:00    | 2026-02-11 05:00…   | a minute
%Y%m%d-%H     | 20260211-06        | 2026-03-01 00:00 | 2026-02-11 05:00    | 2026-02-11 05:59…   | an hour
%Y%m%d-%H     | 20261025-02        | 2026-10-25 00:59 | 2026-10-25 00:00    | 2026-10-25 00:59…   | the first of two
%Y%m%d-%H     | 20261025-02        | 2026-10-25 01:00 | 2026-10-25 01:00    | 2026-10-25 01:59…   | the second of two
%F            | 2026-02-11         | 2026-02-11 05:00 | 2026-02-10 23:00    | 2026-02-11 22:59…   | within its day
%F            | 2026-02-11         | 2026-02-13 05:00 | 2026-02-10 23:00    | 2026-02-11 22:59…   | after its day
%F            | 2026-02-11         | 2026-02-01 05:00 | 2026-02-10 23:00    | 2026-02-11 22:59…   | before its day
%F            | 2026-03-29         | 2026-03-29 00:30 | 2026-03-28 23:00    | 2026-03-29 21:59…   | 23 hours
%F            | 2026-10-25         | 2026-10-25 00:30 | 2026-10-24 22:00    | 2026-10-25 22:59…   | 25 hours
%F            | 2026-10-25         | 2026-10-25 01:30 | 2026-10-24 22:00    | 2026-10-25 22:59…   | 25 hours
%FT%H%z       | 2026-02-11T06-0500 | 2026-02-11 00:00 | 2026-02-11 11:00    | 2026-02-11 11:59…   | an offset
%FT%H%z       | 2026-10-25T02+0100 | 2026-10-25 00:30 | 2026-10-25 01:00    | 2026-10-25 01:59…   | not the mtime
%F%z          | 2026-02-11Z        | 2026-02-10 23:30 | 2026-02-11 00:00    | 2026-02-11 23:59…   | a day of UTC
%s            | 1770786017         | 2026-03-01 00:00 | 2026-02-11 05:00:17 | 2026-02-11 05:00:17 | an instant
%Y-%m         | 2026-03            | 2026-05-01 00:00 | 2026-02-28 23:00    | 2026-03-31 21:59…   | a month
%Y-%m         | 2026-12            | 2026-05-01 00:00 | 2026-11-30 23:00    | 2026-12-31 22:59…   | a month
%Y            | 2026               | 2026-05-01 00:00 | 2025-12-31 23:00    | 2026-12-31 22:59…   | a year
%G-W%V        | 2026-W53           | 2026-05-01 00:00 | 2026-12-27 23:00    | 2027-01-03 22:59…   | a week
%G            | 2026               | 2026-05-01 00:00 | 2025-12-28 23:00    | 2027-01-03 22:59…   | a year of 53 weeks
%G-W%V-%u %H  | 2026-W13-7 03      | 2026-03-29 01:30 | 2026-03-29 01:00    | 2026-03-29 01:59…   | behind the gap
*             | x                  | 2026-05-01 00:00 | 1969-12-31 23:00    | 2999-12-31 22:59…   | anything
"""

# What a name does not tell, the mtime tells: the nearest of all that agree.
NEAREST = """
path      | name          | mtime (UTC)      | first (UTC)         | last (UTC)          | because
%m%d-%H%M | 1231-2350     | 2025-12-31 23:10 | 2025-12-31 22:50    | 2025-12-31 22:50…   | the year that is over
%m%d-%H%M | 0101-0010     | 2025-12-31 22:50 | 2025-12-31 23:10    | 2025-12-31 23:10…   | the year that comes
%m%d      | 1231          | 2026-01-01 05:00 | 2025-12-30 23:00    | 2025-12-31 22:59…   | the year that is over
%m        | 12            | 2026-01-01 05:00 | 2025-11-30 23:00    | 2025-12-31 22:59…   | the year that is over
%V        | 01            | 2026-12-31 05:00 | 2027-01-03 23:00    | 2027-01-10 22:59…   | the week that comes
%V        | 01            | 2026-01-03 05:00 | 2025-12-28 23:00    | 2026-01-04 22:59…   | a week of two years
%Y-W%V    | 2025-W01      | 2026-01-01 05:00 | 2025-12-28 23:00    | 2025-12-31 22:59…   | December is of 2025 too
%Y-W%V    | 2025-W01      | 2025-01-02 05:00 | 2024-12-31 23:00    | 2025-01-05 22:59…   | and so is January
%m%d      | 0229          | 2026-01-01 05:00 | 2024-02-28 23:00    | 2024-02-29 22:59…   | a leap year
%m%d-%a   | 0229-Mon      | 2030-03-01 05:00 | 2044-02-28 23:00    | 2044-02-29 22:59…   | or 2016, which is further
%V        | 53            | 2023-03-01 05:00 | 2020-12-27 23:00    | 2021-01-03 22:59…   | a long year
%j        | 366           | 2026-01-01 05:00 | 2024-12-30 23:00    | 2024-12-31 22:59…   | a leap year
%d        | 31            | 2026-03-10 05:00 | 2026-03-30 22:00    | 2026-03-31 21:59…   | no 31 February
%d        | 31            | 2026-02-10 05:00 | 2026-01-30 23:00    | 2026-01-31 22:59…   | no 31 February
%a        | Mon           | 2026-02-11 05:00 | 2026-02-08 23:00    | 2026-02-09 22:59…   | two days ago
%a        | Sat           | 2026-02-11 05:00 | 2026-02-13 23:00    | 2026-02-14 22:59…   | in three days
%a-%H     | Mon-23        | 2026-02-09 00:30 | 2026-02-09 22:00    | 2026-02-09 22:59…   | later that day
%a-%H     | Mon-01        | 2026-02-13 13:00 | 2026-02-16 00:00    | 2026-02-16 00:59…   | the week that comes
%H%M      | 2350          | 2026-02-11 23:10 | 2026-02-11 22:50    | 2026-02-11 22:50…   | before midnight
%H        | 02            | 2026-10-25 01:10 | 2026-10-25 01:00    | 2026-10-25 01:59…   | the second of two
%M        | 50            | 2026-10-25 01:10 | 2026-10-25 00:50    | 2026-10-25 00:50…   | the first 02:50
%M        | 50            | 2026-03-29 01:05 | 2026-03-29 00:50    | 2026-03-29 00:50…   | 01:50
%F-%M     | 2026-02-11-50 | 2026-02-20 00:00 | 2026-02-11 22:50    | 2026-02-11 22:50…   | its last hour
%H-%S     | 06-30         | 2026-02-11 07:00 | 2026-02-11 05:59:30 | 2026-02-11 05:59:30 | its last minute
%S        | 50            | 2026-02-11 05:00 | 2026-02-11 04:59:50 | 2026-02-11 04:59:50 | the minute before
%Y        | 2025          | 2026-05-01 00:00 | 2024-12-31 23:00    | 2025-12-31 22:59…   | no other year
"""


def instant(text: str) -> datetime:
    at = utc(text.removesuffix("…"))
    return at + timedelta(minutes=1) - timedelta.resolution if text.endswith("…") else at


@pytest.mark.parametrize(("path", "name", "mtime", "first", "last", "because"), rows(STRETCHES) + rows(NEAREST))
def test_a_name_leaves_this_stretch_open(path: str, name: str, mtime: str, first: str, last: str, because: str) -> None:
    assert told(path, name).stretch(ZURICH, utc(mtime)) == (instant(first), instant(last)), because


# Lord Howe changes by half an hour; in Havana midnight is skipped or repeated, in São Paulo the hour before it was.
ELSEWHERE = """
zone                | path  | name          | mtime (UTC)      | first (UTC)      | last (UTC)        | because
Australia/Lord_Howe | %F-%H | 2026-10-04-02 | 2026-10-03 15:40 | 2026-10-03 15:30 | 2026-10-03 15:59… | half is skipped
Australia/Lord_Howe | %F-%H | 2026-04-05-01 | 2026-04-04 15:10 | 2026-04-04 14:00 | 2026-04-04 15:29… | half comes twice
America/Havana      | %F    | 2026-03-08    | 2026-03-08 08:00 | 2026-03-08 05:00 | 2026-03-09 03:59… | from 01:00
America/Havana      | %F    | 2026-11-01    | 2026-11-01 05:30 | 2026-11-01 04:00 | 2026-11-02 04:59… | 00:00 twice
America/Sao_Paulo   | %F    | 2018-02-17    | 2018-02-17 12:00 | 2018-02-17 02:00 | 2018-02-18 02:59… | 23:00 twice
"""


@pytest.mark.parametrize(("zone", "path", "name", "mtime", "first", "last", "because"), rows(ELSEWHERE))
def test_a_stretch_is_as_long_as_the_clocks_there_make_it(
    zone: str, path: str, name: str, mtime: str, first: str, last: str, because: str
) -> None:
    stretch = told(path, name).stretch(ZoneInfo(zone), utc(mtime))

    assert stretch == (instant(first), instant(last)), because


PATHS = st.sampled_from(
    ["%F-%H", "%m%d-%H%M", "%d", "%a", "%a-%H", "%H%M%S", "%M", "%V", "%j", "%G-W%V", "%b", "%y", "%d-%M", "%F %T.%f"]
)
MTIMES = st.datetimes(utc("1971-01-01").replace(tzinfo=None), utc("2068-01-01").replace(tzinfo=None))


@given(PATHS, MTIMES, st.sampled_from(["Europe/Zurich", "Australia/Lord_Howe", "America/Havana", "UTC"]))
def test_a_file_whose_mtime_agrees_with_its_name_was_made_at_its_mtime(path: str, shown: datetime, zone: str) -> None:
    clock = ZoneInfo(zone)
    mtime = shown.replace(tzinfo=UTC)
    name = read_pattern(path).named(mtime.astimezone(clock))
    first, last = told(path, name).stretch(clock, mtime)

    assert first <= mtime.replace(microsecond=0 if "%S" in path and "%f" not in path else mtime.microsecond) <= last
