"""Is a place asked for the names that can be due, on the clock of each name, and for no others?"""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from rollcall.outputs.due_names import Asked, asked_of, days_in, days_of
from rollcall.outputs.listing import Wanted
from rollcall.roll.output import Output
from rollcall.times import read_timestamp


def wanted(path: str, since: str, zone: str, dated: str) -> Wanted:
    at = read_timestamp(since).at
    assert at is not None
    output = Output.model_validate({"path": path, "dated": dated})
    return Wanted(key=("a", 0), output=output, zone=ZoneInfo(zone), since=at, read_since=at)


# Since | until | zone | what the date is | the first and the last day that is asked for.
@pytest.mark.parametrize(
    ("since", "until", "zone", "dated", "first", "last"),
    [
        ("2026-02-10T05:00:00Z", "2026-02-11T06:00:00Z", "UTC", "run", "2026-02-09", "2026-02-12"),
        ("2026-02-10T05:00:00Z", "2026-02-11T06:00:00Z", "UTC", "due", "2026-02-09", "2026-02-12"),
        ("2026-02-10T05:00:00Z", "2026-02-11T06:00:00Z", "UTC", "previous day", "2026-02-07", "2026-02-12"),
        ("2026-02-10T05:00:00Z", "2026-02-11T06:00:00Z", "UTC", "previous due", "2025-01-05", "2026-02-12"),
        # 23:30 UTC is the day after in Zurich, and the day before in New York is still going on at 03:00.
        ("2026-02-10T23:30:00Z", "2026-02-11T23:30:00Z", "Europe/Zurich", "run", "2026-02-10", "2026-02-13"),
        ("2026-02-11T03:00:00Z", "2026-02-12T03:00:00Z", "America/New_York", "run", "2026-02-09", "2026-02-12"),
        # The nights on which Zurich's clock changes.
        ("2026-03-28T22:30:00Z", "2026-03-29T22:30:00Z", "Europe/Zurich", "run", "2026-03-27", "2026-03-31"),
        ("2026-10-24T22:30:00Z", "2026-10-25T23:30:00Z", "Europe/Zurich", "run", "2026-10-24", "2026-10-27"),
    ],
)
def test_a_day_more_at_either_end_is_asked_for(
    since: str, until: str, zone: str, dated: str, first: str, last: str
) -> None:
    at = read_timestamp(until).at
    assert at is not None
    days = days_of(wanted("db-%F", since, zone, dated), at)

    assert (f"{days[0]:%F}", f"{days[-1]:%F}") == (first, last)
    assert all(after - before == timedelta(days=1) for before, after in pairwise(days))


@pytest.mark.parametrize(
    ("path", "folders", "names", "stems"),
    [
        ("db-%F.gz", (), {"db-2026-02-27.gz", "db-2026-02-28.gz", "db-2026-03-01.gz"}, set()),
        ("db-%F*.gz", (), set(), {"db-2026-02-27", "db-2026-02-28", "db-2026-03-01"}),
        ("db-%Y%m%d-%H%M%S.gz", (), set(), {"db-20260227-", "db-20260228-", "db-20260301-"}),
        ("%Y/%m/db-%F.gz", (), {"2026"}, set()),
        ("%Y/%m/db-%F.gz", ("2026",), {"02", "03"}, set()),
        ("%Y/%m/db-%F.gz", ("2026", "02"), {"db-2026-02-27.gz", "db-2026-02-28.gz"}, set()),
        ("%G-W%V/x", (), {"2026-W09"}, set()),
        ("*/db-%F.gz", ("a",), {"db-2026-02-27.gz", "db-2026-02-28.gz", "db-2026-03-01.gz"}, set()),
        ("web?-%F", (), set(), {"web"}),
        # In which case a month's name is written nobody knows; an accent is written in two ways.
        ("db-%Y-%b.gz", (), set(), {"db-2026-"}),
        ("caf\u00e9-%F", (), set(), {"caf"}),
        ("%%-%y", (), {"%-26"}, set()),
        ("latest.gz", (), {"latest.gz"}, set()),
    ],
)
def test_what_the_date_fills_in_is_asked_for_by_that(
    path: str, folders: tuple[str, ...], names: set[str], stems: set[str]
) -> None:
    one = wanted(path, "2026-02-28T05:00:00Z", "UTC", "run")
    until = read_timestamp("2026-02-28T06:00:00Z").at
    assert until is not None
    parts = one.output.names.parts
    asked = asked_of(parts[len(folders)], days_in(folders, parts, days_of(one, until)))

    assert asked == Asked(names=frozenset(names), stems=frozenset(stems))


def test_of_a_longer_time_than_years_every_name_is_asked_for() -> None:
    one = wanted("db-%F", "2020-01-01T00:00:00Z", "UTC", "run")
    until = read_timestamp("2026-01-01T00:00:00Z").at
    assert until is not None

    assert asked_of(one.output.names.parts[0], days_of(one, until)) == Asked(stems=frozenset({"db-"}))


def test_no_beginning_is_asked_for_twice() -> None:
    assert Asked(names=frozenset({"ab", "b"}), stems=frozenset({"a", "abc"})).beginnings == ("a", "b")
