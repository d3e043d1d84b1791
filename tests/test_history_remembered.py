"""Does the history tell later mornings what is usual, and nothing that would make a bad run the usual?"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import time_machine

from fixtures.one_morning import at, haiku_job
from rollcall.cli import main
from rollcall.evidence import LeftThen, RunRemembered
from rollcall.history.remembered import MOST_REMEMBERED, read_remembered
from rollcall.history.rows import FILE, OutputRow, Row, Whole
from rollcall.history.store import Store
from rollcall.history.writing import merge
from rollcall.vocabulary import CauseCode, Verdict

ZURICH = ZoneInfo("Europe/Zurich")
NOW = at("2026-02-11T07:02:00+01:00")
DUE = at("2026-02-11T06:00:00+01:00")
JOB = haiku_job()
DAY = timedelta(days=1)


def row(
    days_ago: int,
    *,
    verdict: Verdict = Verdict.OK,
    size: int = 1_000,
    judged_after: timedelta = DAY / 24,
    **words: object,
) -> Row:
    due_at = DUE - days_ago * DAY
    known: dict[str, object] = {
        "job_id": JOB.id,
        "due_at": due_at,
        "verdict": verdict,
        "judged_at": due_at + judged_after,
        "outputs": (OutputRow(output="out/x", size=size, rows=3, made_at=due_at),),
    }
    return Row(**(known | words))  # type: ignore[arg-type]


def warned(days_ago: int) -> Row:
    return row(days_ago, cause=CauseCode.SHRUNKEN_OUTPUT)


def remembered(store: Store, *rows: Row, now: datetime = NOW) -> tuple[RunRemembered, ...]:
    assert merge(store, Whole(rows=rows)) is None
    return read_remembered(store, [JOB, haiku_job(id="another")], now=now).get(JOB.id, ())


def test_what_a_run_left_and_how_long_it_took_is_remembered(store: Store) -> None:
    two = (
        OutputRow(output="out/x", size=1_000, rows=3, made_at=DUE),
        OutputRow(output="out/y", size=None, rows=None, made_at=DUE),
    )
    took = timedelta(minutes=20)

    assert remembered(store, row(1, outputs=two, took=took), row(2, took=-took)) == (
        RunRemembered(
            due_at=DUE - DAY,
            took=took,
            left=(LeftThen(output="out/x", size=1_000, rows=3), LeftThen(output="out/y")),
        ),
        RunRemembered(due_at=DUE - 2 * DAY, left=(LeftThen(output="out/x", size=1_000, rows=3),)),
    )


@pytest.mark.parametrize(
    ("rows", "measures"),
    [
        # Late where that needs nobody; not what was bad, and not what nobody could tell.
        ([row(1), row(2, verdict=Verdict.LATE)], [1, 2]),
        ([row(1), row(2, verdict=Verdict.LATE, needs_a_person=True)], [1]),
        ([row(1), row(2, verdict=Verdict.BAD_OUTPUT, needs_a_person=True)], [1]),
        ([row(1), row(2, verdict=Verdict.UNKNOWN, needs_a_person=True), row(3, verdict=Verdict.PENDING)], [1]),
        # Those of which mornings still warn; what was warned of and is over is one among many.
        ([warned(1), warned(2), row(3)], [3]),
        ([row(1), warned(2), row(3)], [1, 2, 3]),
        # What only files tell of nobody judged: it ends no stretch, and none begins with it.
        ([row(1, from_files=True), warned(2), row(3, from_files=True), warned(4), row(5)], [5]),
        ([row(1, from_files=True), row(2)], [1, 2]),
        # Judged later than the moment that is asked of, due later, by a clock that was wrong, or long ago.
        ([row(1), row(2, judged_after=9 * DAY)], [1]),
        ([row(1), row(-30, judged_after=-40 * DAY)], [1]),
        ([row(1), row(401), row(399)], [1, 399]),
        ([row(each) for each in range(1, 300)], list(range(1, MOST_REMEMBERED + 1))),
        # What failed for long hides none that was good before.
        (
            [row(1, size=9), *(row(n, verdict=Verdict.FAILED, needs_a_person=True) for n in range(2, 300)), row(300)],
            [1, 300],
        ),
    ],
)
def test_only_what_was_good_is_a_measure(store: Store, rows: Sequence[Row], measures: list[int]) -> None:
    found = remembered(store, *rows)

    assert [(DUE - each.due_at).days for each in found if each.is_measure] == measures
    assert len(found) <= 2 * MOST_REMEMBERED


def test_a_history_that_cannot_be_read_tells_nothing(tmp_path: Path) -> None:
    (tmp_path / FILE).write_bytes(b"SQLite format 3\0" + b"x" * 9_000)

    assert read_remembered(tmp_path / FILE, [JOB], now=NOW) == {}
    assert read_remembered(tmp_path / "none", [JOB], now=NOW) == {}


# Through a run --------------------------------------------------------------------------------------------------------

JOBS = """timezone = "Europe/Zurich"
look_back = "48 h"
[jobs.rates]
schedule = "0 6 * * *"
[jobs.rates.output]
path = "out/rates.csv"
min_size = "50 % of usual"
format = "csv"
[[jobs.dumps.output]]
path = "out/%Y%m%d-*.csv"
format = "csv"
[[jobs.dumps.output]]
path = "out/dump.log"
"""
JOBS = JOBS.replace("[[jobs.dumps.output]]", '[jobs.dumps]\nschedule = "0 6 * * *"\n[[jobs.dumps.output]]', 1)


TABLE = """timezone = "Europe/Zurich"
[jobs.rates]
schedule = "0 6 * * *"
[jobs.rates.output]
database = "sqlite:///shop.db"
query = "SELECT max(updated_at) AS made_at, count(*) AS rows FROM rates"
timezone = "Europe/Zurich"
min_rows = "50 % of usual"
"""


@dataclass
class Home:
    """A folder with a jobs.toml, in which jobs work each day at six, and somebody looks at seven."""

    folder: Path

    def day(self, day: int, *arguments: str, rows: int) -> int:
        """The jobs of that day of February, and the status with which whoever looks ends."""
        made_at = datetime(2026, 2, day, 6, 0, 17, tzinfo=ZURICH)
        text = "a,b\n" + "1,2\n" * rows
        for name in ("rates.csv", f"202602{day:02}-a.csv", f"202602{day:02}-b.csv", "dump.log"):
            file = self.folder / "out" / name
            file.write_text(text)
            os.utime(file, (made_at.timestamp(),) * 2)
        return self.look(day, *arguments)

    def look(self, day: int, *arguments: str) -> int:
        with time_machine.travel(datetime(2026, 2, day, 7, 2, tzinfo=ZURICH), tick=True):
            return main(["monitor", "--jobs-file", str(self.folder / "jobs.toml"), *arguments])


@pytest.fixture
def home(tmp_path: Path) -> Home:
    (tmp_path / "out").mkdir()
    (tmp_path / "jobs.toml").write_text(JOBS)
    home = Home(tmp_path)
    assert [home.day(day, rows=1_000) for day in (8, 9, 10)] == [0, 0, 0]
    return home


def test_what_each_run_overwrites_is_held_against_what_the_history_remembers(
    home: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    assert home.day(11, rows=400) == 2
    assert (
        "shrunken-output [rates]: Its output rates.csv has 1.6 kB, 40 % of the usual 4.0 kB" in capsys.readouterr().out
    )
    # It was bad, and does not become what is usual.
    assert [home.day(day, rows=400) for day in (12, 13, 14, 15)] == [2] * 4
    assert home.day(16, rows=501) == 0


def test_without_a_history_nothing_is_remembered(home: Home) -> None:
    assert home.day(11, "--no-history", rows=400) == 0


def test_the_rows_of_a_table_are_held_against_what_the_history_remembers(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "jobs.toml").write_text(TABLE)
    home, statuses = Home(tmp_path), []
    for day, number in ((8, 1_000), (9, 1_000), (10, 1_000), (11, 499)):
        with closing(sqlite3.connect(tmp_path / "shop.db")) as connection, connection:
            connection.execute("CREATE TABLE IF NOT EXISTS rates (updated_at TEXT)")
            connection.execute("DELETE FROM rates")
            connection.executemany("INSERT INTO rates VALUES (?)", [(f"2026-02-{day:02}T06:00:17",)] * number)
        statuses.append(home.look(day))

    assert statuses == [0, 0, 0, 2]
    assert "499 rows, 50 % of the usual 1,000 rows, less than min_rows = 50 % of usual" in capsys.readouterr().out


def test_all_files_of_each_output_are_remembered_with_their_rows(home: Home) -> None:
    """Also of a run that no morning judged: on the 12th nobody looks."""
    home.day(11, rows=1_000)
    for day in (12, 13):
        home.day(day, *(["--no-history"] if day == 12 else []), rows=1_000)
    (job,) = [haiku_job(id="dumps")]
    found = read_remembered(home.folder / "reports" / FILE, [job], now=at("2026-02-14T07:00:00+01:00"))["dumps"]

    assert {each.due_at.day: each.left for each in found} == {
        **dict.fromkeys(
            (8, 9, 10, 11, 13),
            (
                LeftThen(output="out/%Y%m%d-*.csv", size=8_008, rows=2_000),
                LeftThen(output="out/dump.log", size=4_004),
            ),
        ),
        12: (LeftThen(output="out/%Y%m%d-*.csv", size=8_008),),
    }
