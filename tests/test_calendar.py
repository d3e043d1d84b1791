"""What does `rollcall calendar` print?"""

from __future__ import annotations

import argparse
import os
import sys
from datetime import UTC, datetime, timedelta
from io import BytesIO, TextIOWrapper
from pathlib import Path
from typing import Any

import pytest

from fixtures.one_morning import left
from rollcall.commands import calendar
from rollcall.errors import BadInput
from rollcall.history.rows import Row, Whole
from rollcall.history.writing import merge
from rollcall.run.options import AS_OF, JOBS_FILE, SCHEDULER_URL
from rollcall.vocabulary import Verdict

AS_OF_TIME = "2026-02-11T07:02:00+01:00"
JOBS = """
timezone = "Europe/Zurich"

[defaults]
scheduler = 'aime'
[schedulers.aime]
kind = 'aime'
url = "http://localhost:1"
engine = "apscheduler"

[jobs.haiku]
title = "Haiku generation"
schedule = "0 6 * * *"
max_runtime = "10 min"
[jobs.haiku.output]
path = "out/haiku-%Y%m%d-%H%M%S.md"
keeps = 8

[jobs.sync]
every = "6 h"
[jobs.sync.output]
path = "out/sync-*.json"

[jobs.weekly]
schedule = "0 20 * * sun"
"""
GOLDEN = """\
Wed 11 Feb 2026 07:02 CET, Europe/Zurich: the last 14 d, known from files alone
✓ made   0 made, but flawed   L late   ✗ missed   … pending   · beyond retention   ? not known

haiku  Haiku generation
  every day at 06:00, Europe/Zurich (apscheduler `0 6 * * *`)
  Thu 29 Jan 06:00 CET  ···· ·✓✓✗✓0✓ L✓✓
  14 due: 7 made (1 of them flawed), 1 late, 1 missed, 5 beyond retention
  · Thu 29 Jan 06:00 CET  beyond retention  5 runs in a row, the last due Mon 2 Feb 06:00 CET
  ✗ Thu 5 Feb 06:00 CET   missed            no file, allowed until 06:25
  0 Sat 7 Feb 06:00 CET   made              06:00:17, 17 s after it was due, empty (0 B);
      haiku-20260207-060017.md, 0 B
  L Mon 9 Feb 06:00 CET   late              08:48:09, 2 h 48 min after it was due, allowed until
      06:25; haiku-20260209-084809.md, 812 B
  beyond retention: older than the oldest file that is left; retention keeps 8 files

sync
  every 6 h, Europe/Zurich (apscheduler `every 6 h`)
  no anchor is declared: its runs are counted from one file to the next, from the oldest on
  dated by mtime, which a copy or a restore changes: its `path` has no date in it
  Tue 10 Feb 01:03 CET  ✓✗✗✗✓…
  6 due: 2 made, 3 missed, 1 pending
  ✗ Tue 10 Feb 07:03 CET  missed   no file, allowed until 07:48
  ✗ Tue 10 Feb 13:03 CET  missed   no file, allowed until 13:48
  ✗ Tue 10 Feb 19:03 CET  missed   no file, allowed until 19:48
  … Wed 11 Feb 07:00 CET  pending  no file, allowed until 07:45

weekly
  Sunday at 20:00, Europe/Zurich (apscheduler `0 20 * * sun`)
  Sun 1 Feb 20:00 CET  ??
  2 due: 2 not known
  ? Sun 1 Feb 20:00 CET  not known
  ? Sun 8 Feb 20:00 CET  not known
  not known: it declares no output, and the calendar asks no scheduler
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A jobs.toml and what its jobs left."""
    for option in (AS_OF, JOBS_FILE, SCHEDULER_URL):
        monkeypatch.delenv(option.environment, raising=False)
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setattr(sys, "stdout", TextIOWrapper(BytesIO(), encoding="utf-8"))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "jobs.toml").write_text(JOBS)
    (tmp_path / "out").mkdir()
    for day, clock in ((3, "060017"), (4, "060017"), (6, "060017"), (8, "060017"), (10, "060017"), (11, "060017")):
        (tmp_path / f"out/haiku-202602{day:02}-{clock}.md").write_text("x" * 812)
    (tmp_path / "out/haiku-20260207-060017.md").write_text("")
    (tmp_path / "out/haiku-20260209-084809.md").write_text("x" * 812)
    for moment in (datetime(2026, 2, 10, 0, 3, tzinfo=UTC), datetime(2026, 2, 11, 0, 0, tzinfo=UTC)):
        written(tmp_path / f"out/sync-{moment:%d%H}.json", moment)
    return tmp_path


def written(path: Path, moment: datetime) -> None:
    path.write_text("{}")
    os.utime(path, (moment.timestamp(), moment.timestamp()))


def printed(*arguments: str) -> list[str]:
    parser = argparse.ArgumentParser()
    calendar.add_to(parser.add_subparsers())
    asked_for = parser.parse_args(["calendar", "--as-of", AS_OF_TIME, *arguments])
    return list(asked_for.command(asked_for))


def test_the_table_shows_the_pattern_the_counts_and_what_was_not_simply_made(folder: Path) -> None:
    lines = printed("--since", "14d")

    assert "\n".join(lines) + "\n" == GOLDEN


def test_a_folder_that_cannot_be_looked_at_leaves_its_runs_untold(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "400")
    (folder / "jobs.toml").write_text(JOBS.replace("out/haiku-", "nowhere/haiku-"))
    gone = f"No such file or directory; what is there is {folder}"

    assert printed("haiku", "--since", "14d")[-3:] == [
        "  14 due: 14 not known",
        "  ? Thu 29 Jan 06:00 CET  not known  14 runs in a row, the last due Wed 11 Feb 06:00 CET",
        f"  not known: its folder could not be read: {folder}/nowhere: {gone}",
    ]


def test_all_gives_every_run_a_row(folder: Path) -> None:
    rows = [line for line in printed("haiku", "--since", "14d", "--all") if line[2:4] in ("✓ ", "· ")]

    assert len(rows) == 5 + 6
    assert rows[5] == ("  ✓ Tue 3 Feb 06:00 CET   made              06:00:17, 17 s after it was due;")


def test_a_terminal_of_plain_ascii_keeps_the_marks_apart(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", TextIOWrapper(BytesIO(), encoding="ascii"))

    assert "  Thu 29 Jan 06:00 CET  .... .++X+0+ L++" in printed("haiku", "--since", "14d")


@pytest.mark.parametrize("width", [20, 40, 60, 100, 250])
def test_lines_keep_to_the_width(folder: Path, monkeypatch: pytest.MonkeyPatch, width: int) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    lines = printed("haiku", "--since", "52w")

    # A heading and a file's name are never torn.
    assert max(len(line) for line in lines[2:] if "apscheduler" not in line) <= max(width, 50)


def test_a_dense_job_is_bounded_and_says_what_it_left_out(folder: Path) -> None:
    (folder / "jobs.toml").write_text(
        'timezone = "Europe/Zurich"\n[jobs.tick]\nschedule = "* * * * *"\nmax_runtime = "10 s"\ngrace = "0 s"\n'
        'output = { path = "out/tick-*" }'
    )
    now = datetime(2026, 2, 11, 6, 2, tzinfo=UTC)
    for minute in (*range(1, 10), *range(30, 40)):
        written(folder / f"out/tick-{minute}", now - timedelta(minutes=minute, seconds=-1))
    text = "\n".join(printed("--since", "1 w"))

    assert "\n  2,000 due: 19 made, 20 missed, 1 pending, 1,960 beyond retention\n" in text
    assert "\n  left out: what was due before Mon 9 Feb 21:43 CET; ask for a shorter --since\n" in text
    assert "(31 more lines like it)" in text
    assert len(text.splitlines()) < 20


def test_an_interval_without_an_anchor_and_without_files_is_not_counted(folder: Path) -> None:
    (folder / "jobs.toml").write_text(JOBS.replace("out/sync-*.json", "out/none-*.json"))

    assert printed("sync")[-1] == (
        "  not known: no anchor is declared, so runs are counted from its files; "
        "no file is there, and how many its retention keeps (`keeps`) is not declared"
    )


def test_files_whose_names_tell_a_time_that_cannot_be_are_named(folder: Path) -> None:
    (folder / "jobs.toml").write_text(JOBS.replace("haiku-%Y%m%d-%H%M%S.md", "haiku-%m%d%Y-%H%M%S.md"))

    text = " ".join(line.strip() for line in printed("haiku"))
    assert "not counted, as the times in their names cannot be read: haiku-2026" in text


def test_no_file_is_read(folder: Path) -> None:
    for each in (folder / "out").iterdir():
        each.unlink()
        os.mkfifo(folder / "out" / each.name)  # reading one would hang

    assert any("not a regular file" in line for line in printed("haiku"))


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["--since", "30"], '--since = "30": no unit. Write a number and a unit, such as "30 d" or "2 w".'),
        (["--since", "0 d"], '--since = "0 d": no time at all, in which nothing was due. Write a number and a unit'),
        (["--since", "2 y"], '--since = "2 y": unknown unit "y". Write a number and a unit, such as "30 d" or "2 w".'),
        (["haiku", "nobody"], 'JOB = "nobody": no such job. Declared: haiku, sync and weekly.'),
        (["--as-of", "2999-01-01T00:00:00Z"], '--as-of = "2999-01-01T00:00:00Z": is in the future'),
    ],
)  # fmt: skip
def test_a_wrong_question_is_told_with_place_value_rule_and_cure(
    folder: Path, arguments: list[str], expected: str
) -> None:
    with pytest.raises(BadInput) as problem:
        printed(*arguments)

    assert str(problem.value).startswith(expected)


# With a history -------------------------------------------------------------------------------------------------------


def row(job: str, day: int, verdict: Verdict, cause: str | None = None, **words: Any) -> Row:
    due_at = datetime(2026, 1, day, 5, tzinfo=UTC)
    known: dict[str, Any] = {"due_at": due_at, "judged_at": due_at + timedelta(hours=1, minutes=2)}
    return Row(job_id=job, verdict=verdict, cause=cause, **(known | words))


def haiku(day: int, verdict: Verdict, cause: str | None = None, *, ran: int | None = 17, size: int | None = 812) -> Row:
    due_at = datetime(2026, 1, day, 5, tzinfo=UTC)
    return row(
        "haiku",
        day,
        verdict,
        cause,
        ran_at=due_at + timedelta(seconds=ran) if ran else None,
        outputs=left(size) if size else (),
    )


def test_what_retention_took_is_told_by_history_and_says_so(folder: Path) -> None:
    rows = [
        haiku(29, Verdict.OK),
        haiku(30, Verdict.LATE, "ran-late", ran=4000),
        haiku(31, Verdict.MISSED, "missed-run", ran=None, size=None),
        # 1 February is not remembered; on the 2nd its output was bad, and of the 9th its file tells.
        row(
            "haiku",
            1,
            Verdict.BAD_OUTPUT,
            "degraded-output",
            due_at=datetime(2026, 2, 2, 5, tzinfo=UTC),
            outputs=left(99),
        ),
        row("haiku", 1, Verdict.OK, due_at=datetime(2026, 2, 9, 5, tzinfo=UTC), outputs=left(99)),
    ]
    assert merge(folder / "reports" / "history.sqlite3", Whole(rows=rows)) is None
    lines = printed("haiku", "--since", "14d")

    assert " ".join(map(str.strip, lines[:2])).endswith(
        "the last 14 d, known from files, and from history where a file is gone"
    )
    assert max(map(len, lines[:2])) <= 100
    assert (
        "\n".join(lines[6:])
        == """\
  Thu 29 Jan 06:00 CET  ✓L✗· 0✓✓✗✓0✓ L✓✓
  14 due: 9 made (2 of them flawed), 2 late, 2 missed, 1 beyond retention (4 of them known from
    history)
  L Fri 30 Jan 06:00 CET  late              07:06:40, 1 h 6 min after it was due, allowed until
      06:25; history: late (ran-late), judged Fri 30 Jan 07:02 CET
  ✗ Sat 31 Jan 06:00 CET  missed            no file, allowed until 06:25; history: missed
      (missed-run), judged Sat 31 Jan 07:02 CET
  · Sun 1 Feb 06:00 CET   beyond retention
  0 Mon 2 Feb 06:00 CET   made              history: bad-output (degraded-output), judged Thu 1 Jan
      07:02 CET
  ✗ Thu 5 Feb 06:00 CET   missed            no file, allowed until 06:25
  0 Sat 7 Feb 06:00 CET   made              06:00:17, 17 s after it was due, empty (0 B);
      haiku-20260207-060017.md, 0 B
  L Mon 9 Feb 06:00 CET   late              08:48:09, 2 h 48 min after it was due, allowed until
      06:25; haiku-20260209-084809.md, 812 B
  beyond retention: older than the oldest file that is left; retention keeps 8 files"""
    )


def test_a_job_without_an_output_is_told_by_history(folder: Path) -> None:
    due_at = datetime(2026, 2, 8, 19, tzinfo=UTC)
    rows = [row("weekly", 1, Verdict.OK, due_at=due_at, ran_at=due_at + timedelta(seconds=9))]
    merge(folder / "other.sqlite3", Whole(rows=rows))

    assert "  Sun 1 Feb 20:00 CET  ?✓" in printed("weekly", "--since", "14d", "--file", "other.sqlite3")


def test_a_history_that_cannot_be_read_is_told_and_files_tell_the_rest(folder: Path) -> None:
    (folder / "reports").mkdir()
    (folder / "reports" / "history.sqlite3").write_text("no database")
    lines = printed("haiku", "--since", "14d")

    assert lines[0].endswith("known from files alone")
    assert lines[1].startswith("history.sqlite3 is damaged")
    assert "  Thu 29 Jan 06:00 CET  ···· ·✓✓✗✓0✓ L✓✓" in lines


def test_a_replay_tells_what_its_record_lists_and_knows_no_history(folder: Path) -> None:
    merge(folder / "reports" / "history.sqlite3", Whole(rows=[haiku(30, Verdict.OK)]))
    kept = Path(__file__).resolve().parent.parent / "fixtures" / "mornings"
    parser = argparse.ArgumentParser()
    calendar.add_to(parser.add_subparsers())
    asked_for = parser.parse_args(["calendar", "--replay", str(kept / "run-failed-first-day"), "--since", "14d"])
    lines = list(asked_for.command(asked_for))

    assert "known from the files of the morning recorded Wed 11 Feb" in " ".join(map(str.strip, lines))
    assert not any("by history" in line for line in lines)
