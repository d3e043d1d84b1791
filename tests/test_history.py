"""What of a morning is remembered?

In Europe/Zurich 2026 clocks skip 02:00-03:00 on 29 March and repeat 02:00-03:00 on 25 October.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from fixtures.one_morning import STAMP, TEXT, Told, at, five_files, haiku_job, made, morning, not_seen
from rollcall.causes.action import Action, Deed
from rollcall.history.judged import MOST_FROM_FILES, past_morning, rows_of
from rollcall.history.rows import OutputRow, Row
from rollcall.morning.judge import judge_morning
from rollcall.vocabulary import CauseCode


def strip_of(found: Sequence[Row]) -> list[str]:
    """Each row as "02-11 06:00+01 ok", an asterisk behind those told by files alone."""
    zone = haiku_job().zone
    return [f"{each.due_at.astimezone(zone):%m-%d %H:%M%z} {each.verdict}{'*' * each.from_files}" for each in found]


def test_the_judged_run_is_a_row_with_all_that_is_known_of_it() -> None:
    told = morning(files=[made("2026-02-11T06:20:00+01:00"), *five_files("2026-02-10T06:00:17+01:00")])
    *_, row = rows_of(told.judged)

    assert row == Row(
        job_id="generate_haiku_scheduled",
        due_at=at("2026-02-11T06:00:00+01:00"),
        verdict=told.job.verdict,
        cause=told.code,
        needs_a_person=True,
        ran_at=at("2026-02-11T06:00:17.157479+01:00"),
        outputs=(
            OutputRow(
                output=f"data/scheduled-output/{STAMP}",
                size=len(TEXT.encode()),
                made_at=at("2026-02-11T06:20:00+01:00"),
            ),
        ),
        judged_at=told.now,
    )


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ({"status": "error"}, ["failed run-failed"]),
        ({"scheduler": not_seen(CauseCode.SCHEDULER_DOWN)}, ["unknown scheduler-down"]),
        ({}, ["ok None"]),
        # Today's run is still inside its time, and yesterday's is proven.
        ({"now": "2026-02-11T06:00:05+01:00", "last_execution": "2026-02-10T05:00:17",
          "files": five_files("2026-02-10T06:00:17+01:00")}, ["ok None"]),
        # None was owed yet.
        ({"since": "2026-02-11T12:00+01:00", "last_execution": None, "status": "pending", "files": []}, []),
    ],
)  # fmt: skip
def test_a_row_tells_verdict_and_cause_of_the_judged_run(words: dict[str, Any], expected: list[str]) -> None:
    found = [each for each in rows_of(morning(**words).judged) if not each.from_files]

    assert [f"{each.verdict} {each.cause}" for each in found] == expected


def hourly(*clocks: str, now: str, every: str = "0 */6 * * *", sizes: Sequence[int] = (), **words: Any) -> Told:
    known = (*sizes, *[812] * len(clocks))
    files = [made(each, text=None, size=size) for each, size in zip(clocks, known, strict=False)]
    last = max((at(each) for each in clocks), default=None)
    stamp = (last + timedelta(seconds=1)).replace(tzinfo=None).isoformat() if last else None
    return morning(schedule=every, now=now, files=files, last_execution=stamp, keeps=None, format="any",
                   must_contain=(), must_not_contain=(), must_change=False, **words)  # fmt: skip


def test_earlier_runs_of_the_look_back_are_told_by_their_files() -> None:
    told = hourly(
        "2026-02-10T06:00:17+01:00",
        "2026-02-10T12:40:00+01:00",
        "2026-02-11T00:00:17+01:00",
        "2026-02-11T06:00:17+01:00",
        now="2026-02-11T07:02:00+01:00",
    )

    assert strip_of(rows_of(told.judged)) == [
        "02-10 12:00+0100 late*",
        "02-10 18:00+0100 missed*",
        "02-11 00:00+0100 ok*",
        "02-11 06:00+0100 missed",  # as the morning said: one of the look-back is missing
    ]


@pytest.mark.parametrize(
    ("clocks", "words", "expected"),
    [
        # Nothing older than the oldest file was missed, and without files nothing is told.
        (["2026-02-11T06:00:17+01:00"], {}, []),
        ([], {}, []),
        (["2026-02-10T06:00:17+01:00", "2026-02-11T00:00:17+01:00", "2026-02-11T06:00:17+01:00"], {"late": "warn"},
         ["missed missed-run True", "missed missed-run True", "ok None False"]),
        (["2026-02-10T18:40:00+01:00", "2026-02-11T00:00:17+01:00", "2026-02-11T06:00:17+01:00"], {"late": "warn"},
         ["late ran-late False", "ok None False"]),
        (["2026-02-10T18:40:00+01:00", "2026-02-11T00:00:17+01:00", "2026-02-11T06:00:17+01:00"], {},
         ["late ran-late True", "ok None False"]),
        # An empty file is no work, and its listing proves that.
        (["2026-02-11T00:00:17+01:00", "2026-02-11T06:00:17+01:00"], {"sizes": [0]}, ["bad-output empty-output True"]),
        (["2026-02-11T00:00:17+01:00", "2026-02-11T06:00:17+01:00"], {"sizes": [199]},
         ["bad-output truncated-output True"]),
    ],
)  # fmt: skip
def test_only_what_files_prove_is_told(clocks: list[str], words: dict[str, Any], expected: list[str]) -> None:
    found = rows_of(hourly(*clocks, now="2026-02-11T07:02:00+01:00", **words).judged)

    assert [f"{each.verdict} {each.cause} {each.needs_a_person}" for each in found if each.from_files] == expected


@pytest.mark.parametrize(
    ("now", "clocks", "expected"),
    [
        ("2026-03-29T04:02:00+02:00", ["00:30:17+01:00", "01:30:17+01:00", "03:30:17+02:00"],
         ["03-29 00:30+0100 ok*", "03-29 01:30+0100 ok*", "03-29 03:30+0200 ok"]),
        # Autumn shows 02:30 twice: two due runs, two rows.
        ("2026-10-25T03:02:00+01:00", ["01:30:17+02:00", "02:30:17+02:00", "02:30:17+01:00"],
         ["10-25 01:30+0200 ok*", "10-25 02:30+0200 ok*", "10-25 02:30+0100 ok"]),
    ],
)  # fmt: skip
def test_a_due_run_in_a_repeated_hour_is_a_row_of_its_own(now: str, clocks: list[str], expected: list[str]) -> None:
    told = hourly(*(f"{now[:10]}T{each}" for each in clocks), now=now, every="30 * * * *", engine="apscheduler")

    assert strip_of(rows_of(told.judged)) == expected


def test_a_job_of_every_minute_leaves_a_bounded_number_of_rows() -> None:
    now = at("2026-02-11T07:02:00+01:00")
    clocks = [(now - timedelta(minutes=each, seconds=-1)).isoformat() for each in range(2, 300)]

    found = rows_of(hourly(*clocks, now=now.isoformat(), every="* * * * *", grace="0 s", max_runtime="30 s").judged)

    assert MOST_FROM_FILES - 2 <= len(found) <= MOST_FROM_FILES + 1


def test_an_interval_without_an_anchor_is_told_on_the_grid_that_was_seen() -> None:
    clocks = ["2026-02-10T18:03:00+01:00", "2026-02-11T00:03:00+01:00", "2026-02-11T06:03:00+01:00"]
    told = hourly(*clocks, now="2026-02-11T07:02:00+01:00")
    job = haiku_job(every_span="6 h", keeps=None, format="any", must_contain=(), must_not_contain=())
    told = morning(
        job=job,
        files=[replace(each, content=None) for each in told.judged.jobs[0].seen.files],
        next_run="2026-02-11T12:02:59+01:00",
        last_execution="2026-02-11T05:03:01",
    )

    assert [each[:11] for each in strip_of(rows_of(told.judged))] == ["02-10 18:02", "02-11 00:02", "02-11 06:02"]


@pytest.mark.parametrize(
    ("deed", "subject", "due_at", "is_dry", "is_told"),
    [
        (Deed.START, "aime", None, False, True),
        (Deed.START, "other", None, False, False),
        (Deed.START, "aime", None, True, False),
        (Deed.RERUN, "generate_haiku_scheduled", "2026-02-11T06:00:00+01:00", False, True),
        (Deed.RERUN, "generate_haiku_scheduled", "2026-02-10T06:00:00+01:00", False, False),
        (Deed.RERUN, "aime", "2026-02-11T06:00:00+01:00", False, False),
    ],
)
def test_what_was_done_about_a_run_or_its_scheduler_is_remembered_with_it(
    deed: Deed, subject: str, due_at: str | None, is_dry: bool, is_told: bool
) -> None:
    action = Action(
        deed=deed,
        subject=subject,
        at=at("2026-02-11T07:02:03+01:00"),
        is_proven=True,
        proof="running,\n9 jobs",
        is_dry=is_dry,
        due_at=at(due_at) if due_at else None,
    )
    *_, row = rows_of(replace(morning().judged, actions=(action,)))

    assert bool(row.action) == is_told
    assert not row.action or (row.action.endswith("verified: running, 9 jobs") and "07:02 CET" in row.action)


@pytest.mark.parametrize(
    ("words", "is_complete", "expected"),
    [
        ({}, True, ("ok", True, 1, 0)),
        ({}, False, ("incomplete", False, 1, 0)),
        ({"status": "error"}, True, ("attention", True, 1, 1)),
        ({"status": "error"}, False, ("attention", False, 1, 1)),
    ],
)
def test_a_morning_is_remembered_as_a_whole(
    words: dict[str, Any], is_complete: bool, expected: tuple[str, bool, int, int]
) -> None:
    found = past_morning(morning(**words).judged, by="pytest", is_complete=is_complete)

    assert (found.verdict, found.is_complete, found.declared, found.needing) == expected


def test_a_morning_on_which_another_check_failed_is_remembered_as_no_good_one() -> None:
    found = past_morning(morning().judged, by="pytest", is_complete=True, other_failures=1)

    assert (found.verdict, found.is_complete, found.needing) == ("attention", True, 0)


def test_a_morning_of_a_part_of_the_jobs_is_never_complete() -> None:
    told = morning()
    part = replace(judge_morning(told.roll, told.evidence, now=told.now), declared=9)

    assert not past_morning(part, by="pytest", is_complete=True).is_complete
