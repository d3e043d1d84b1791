"""Is an offset that is exactly a zone's offset named as such, and only where a second witness proves it?

Zurich is an hour ahead of UTC in winter and two in summer; New York is five hours behind, and four.
"""

from __future__ import annotations

from typing import Any

import pytest

from fixtures.one_morning import five_files, made, morning
from rollcall.evidence import FileSeen
from rollcall.vocabulary import CauseCode

LINE = 'Correct how its names are read: `timezone = "{}"` in [jobs.generate_haiku_scheduled.output] of jobs.toml'


def named(as_read: str, mtime: str) -> FileSeen:
    """A file whose name is read to be of one moment, and whose mtime says another."""
    return made(as_read, mtime=mtime)


# The zone of the job | now | the record, in UTC | the moment its name is read to be of | its mtime
IN_UTC = [
    ("Europe/Zurich", "2026-02-11T07:02+01:00", "05:00:17", "2026-02-11T05:00:17+01:00", "2026-02-11T06:00:17+01:00"),
    ("Europe/Zurich", "2026-07-11T07:02+02:00", "04:00:17", "2026-07-11T04:00:17+02:00", "2026-07-11T06:00:17+02:00"),
    ("Europe/Zurich", "2026-03-29T07:02+02:00", "04:00:17", "2026-03-29T04:00:17+02:00", "2026-03-29T06:00:17+02:00"),
    ("Europe/Zurich", "2026-10-25T07:02+01:00", "05:00:17", "2026-10-25T05:00:17+01:00", "2026-10-25T06:00:17+01:00"),
    (
        "America/New_York",
        "2026-02-11T12:02-05:00",
        "11:00:17",
        "2026-02-11T11:00:17-05:00",
        "2026-02-11T06:00:17-05:00",
    ),
    (
        "America/New_York",
        "2026-07-11T12:02-04:00",
        "10:00:17",
        "2026-07-11T10:00:17-04:00",
        "2026-07-11T06:00:17-04:00",
    ),
    ("Asia/Kolkata", "2026-02-11T07:02+05:30", "00:30:17", "2026-02-11T00:30:17+05:30", "2026-02-11T06:00:17+05:30"),
]


@pytest.mark.parametrize("has_scheduler", [True, False])
@pytest.mark.parametrize(("zone", "now", "clock", "as_read", "mtime"), IN_UTC)
def test_a_name_that_tells_utc_is_named_as_such(
    zone: str, now: str, clock: str, as_read: str, mtime: str, has_scheduler: bool
) -> None:
    ended = f"{mtime[:10]}T{clock}"
    told = morning(zone=zone, now=now, last_execution=ended, files=[named(as_read, mtime)], has_scheduler=has_scheduler)

    assert (told.code, told.job.verdict) == (CauseCode.WRONG_TIMEZONE, "unknown")
    assert told.cause.next_step == LINE.format("UTC")


@pytest.mark.parametrize(("zone", "now", "clock", "as_read", "mtime"), IN_UTC)
def test_the_record_alone_is_a_second_witness_too(zone: str, now: str, clock: str, as_read: str, mtime: str) -> None:
    """A checkout has given the file an mtime that tells nothing."""
    told = morning(
        zone=zone,
        now=now,
        last_execution=f"{mtime[:10]}T{clock}",
        files=[named(as_read, "2026-01-02T00:00:00+00:00")],
    )

    assert told.code is CauseCode.WRONG_TIMEZONE


def test_a_name_that_lies_ahead_as_it_is_read_is_named_as_such() -> None:
    ahead = named("2026-02-11T11:00:17-05:00", "2026-02-11T06:00:17-05:00")
    yesterday = named("2026-02-10T11:00:17-05:00", "2026-02-10T06:00:17-05:00")
    told = morning(
        zone="America/New_York",
        now="2026-02-11T07:02-05:00",
        last_execution="2026-02-11T11:00:17",
        files=[yesterday],
        later=[ahead],
    )

    assert told.code is CauseCode.WRONG_TIMEZONE


def test_the_sentence_carries_the_proof() -> None:
    told = morning(files=[named("2026-02-11T05:00:17+01:00", "2026-02-11T06:00:19+01:00")])

    assert told.cause.sentence == (
        "Due Wed 11 Feb 06:00 CET, allowed until 06:15; its output generate-haiku-20260211-050017.md "
        "read in Europe/Zurich is of Wed 11 Feb 05:00:17 CET, but read as UTC it is of Wed 11 Feb 06:00:17 CET, "
        "as its mtime says Wed 11 Feb 06:00:19 CET and the scheduler says Wed 11 Feb 06:00:17 CET: "
        "its name is read in the wrong zone."
    )


@pytest.mark.parametrize(
    ("words", "code"),
    [
        # A run by hand an hour early left the file; the due run left none.
        ({"files": [made("2026-02-11T05:00:17+01:00")]}, CauseCode.SUCCESS_WITHOUT_OUTPUT),
        # No witness says that it was written at another moment than its name tells.
        (
            {"files": [named("2026-02-11T05:00:17+01:00", "2026-01-02T00:00+00:00")], "has_scheduler": False},
            CauseCode.STALE_OUTPUT,
        ),
        # An offset that no zone has.
        (
            {"files": [named("2026-02-11T05:20:17+01:00", "2026-02-11T06:00:17+01:00")]},
            CauseCode.SUCCESS_WITHOUT_OUTPUT,
        ),
        # Every hour, and the file of the hour before was copied when that of this hour was missing.
        (
            {
                "schedule": "0 * * * *",
                "now": "2026-02-11T06:40+01:00",
                "files": [named("2026-02-11T05:00:17+01:00", "2026-02-11T06:00:30+01:00")],
                "has_scheduler": False,
            },
            CauseCode.STALE_OUTPUT,
        ),
        # All is well: restored an hour later, or all names right.
        ({"files": [named("2026-02-11T06:00:17+01:00", "2026-02-11T07:00:17+01:00")]}, None),
        ({"files": five_files()}, None),
    ],
)
def test_what_one_witness_alone_says_is_not_called_a_zone(words: dict[str, Any], code: CauseCode | None) -> None:
    assert morning(**words).code is code


# The next run ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("now", "next_run", "ran", "code"),
    [
        # Told in the job's own offset and counted in UTC: the run was an hour off too, in summer two.
        ("2026-02-11T08:00+01:00", "2026-02-12T07:00+01:00", "2026-02-11T07:00:17+01:00", CauseCode.WRONG_TIMEZONE),
        ("2026-07-11T09:00+02:00", "2026-07-12T08:00+02:00", "2026-07-11T08:00:17+02:00", CauseCode.WRONG_TIMEZONE),
        ("2026-03-29T09:00+02:00", "2026-03-30T08:00+02:00", "2026-03-29T08:00:17+02:00", CauseCode.WRONG_TIMEZONE),
        ("2026-10-25T08:00+01:00", "2026-10-26T07:00+01:00", "2026-10-25T07:00:17+01:00", CauseCode.WRONG_TIMEZONE),
        # The run was on time: somebody has moved it.
        ("2026-02-11T08:00+01:00", "2026-02-12T07:00+01:00", "2026-02-11T06:00:17+01:00", CauseCode.SCHEDULE_DRIFT),
        # No zone that anybody named is so far off.
        ("2026-02-11T09:00+01:00", "2026-02-12T08:00+01:00", "2026-02-11T08:00:17+01:00", CauseCode.SCHEDULE_DRIFT),
    ],
)
def test_a_next_run_counted_in_utc_is_named_where_a_run_was_as_far_off(
    now: str, next_run: str, ran: str, code: CauseCode
) -> None:
    told = morning(now=now, next_run=next_run, last_execution=ran, files=[made(ran)])

    assert told.code is code
    assert ("ran-late" in {each.code for each in told.job.findings}) is (not ran[11:].startswith("06"))


# The record -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("now", "written", "reads", "fits", "ran"),
    [
        ("2026-02-11T07:02+01:00", "2026-02-11T05:00:17", "Europe/Zurich", "UTC", "2026-02-11T06:00:17+01:00"),
        ("2026-07-11T07:02+02:00", "2026-07-11T04:00:17", "Europe/Zurich", "UTC", "2026-07-11T06:00:17+02:00"),
        ("2026-03-29T07:02+02:00", "2026-03-29T04:00:17", "Europe/Zurich", "UTC", "2026-03-29T06:00:17+02:00"),
        ("2026-10-25T07:02+01:00", "2026-10-25T05:00:17", "Europe/Zurich", "UTC", "2026-10-25T06:00:17+01:00"),
        ("2026-07-11T07:02+02:00", "2026-07-11T06:00:17", "UTC", "Europe/Zurich", "2026-07-11T06:00:17+02:00"),
        ("2026-10-25T07:02+01:00", "2026-10-25T06:00:17", "UTC", "Europe/Zurich", "2026-10-25T06:00:17+01:00"),
    ],
)
def test_a_record_read_in_the_wrong_zone_is_named_by_its_file(
    now: str, written: str, reads: str, fits: str, ran: str
) -> None:
    told = morning(now=now, last_execution=written, naive_times=reads, files=[made(ran)])

    assert told.code is CauseCode.WRONG_TIMEZONE
    assert told.cause.next_step == f'Correct how it is read: `naive_times = "{fits}"` in [schedulers.aime] of jobs.toml'


def test_a_record_without_a_file_tells_the_other_reading_and_accuses_no_zone() -> None:
    told = morning(naive_times="Europe/Zurich", has_output=False)

    assert told.code is CauseCode.MISSED_RUN
    assert told.cause.sentence.endswith("(read as Europe/Zurich; as UTC it would be Wed 11 Feb 06:00:17 CET).")
