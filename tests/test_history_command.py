"""What does `rollcall history` print, and does it carry a history whole from one machine to another?"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from datetime import timedelta
from io import BytesIO, TextIOWrapper
from pathlib import Path
from typing import Any

import pytest

from fixtures.histories import history_in
from fixtures.one_morning import at, five_files, left, morning
from fixtures.postgres import PASSWORD, Postgres
from rollcall.commands import history
from rollcall.errors import BadInput
from rollcall.history.lines import from_lines, to_lines
from rollcall.history.postgresql import Database
from rollcall.history.reading import read_told, read_whole
from rollcall.history.rows import FILE, Listed, OutputRow, PastMorning, Present, Row, Told, Whole
from rollcall.history.writing import merge, update_told, write
from rollcall.run.options import JOBS_FILE
from rollcall.times import read_now
from rollcall.vocabulary import Verdict

JOBS = """
timezone = "Europe/Zurich"

[jobs.haiku]
title = "Haiku generation"
schedule = "0 6 * * *"
output = { path = "out/haiku-*.md" }
[jobs.weekly]
schedule = "0 20 * * sun"
output = { path = "out/weekly-*.md" }
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A jobs.toml, and room for a history."""
    monkeypatch.delenv(JOBS_FILE.environment, raising=False)
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setattr(sys, "stdout", TextIOWrapper(BytesIO(), encoding="utf-8"))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "jobs.toml").write_text(JOBS)
    return tmp_path


def ran(*arguments: str) -> tuple[list[str], int]:
    """The lines that were printed, and the exit status."""
    parser = argparse.ArgumentParser()
    history.add_to(parser.add_subparsers())
    asked_for = parser.parse_args(["history", *arguments])
    lines, status = [], 0
    told = asked_for.command(asked_for)
    while True:
        try:
            lines.append(next(told))
        except StopIteration as end:
            status = end.value
            break
    return lines, status


def row(job: str, day: int, verdict: Verdict = Verdict.OK, *, hour: int = 5, **words: Any) -> Row:
    due_at = at(f"2026-02-{day:02}T{hour:02}:00:00+00:00")
    return Row(job_id=job, due_at=due_at, verdict=verdict, judged_at=due_at + timedelta(hours=1), **words)


RATES = OutputRow(output="rates", rows=31, made_at=at("2026-02-09T08:48:02.5+01:00"))
WHOLE = Whole(
    rows=(
        row("haiku", 8, ran_at=at("2026-02-08T06:00:17+01:00"), outputs=left(812)),
        row("haiku", 9, Verdict.LATE, cause="ran-late", needs_a_person=True, ran_at=at("2026-02-09T08:48:09+01:00"),
            took=timedelta(seconds=17, microseconds=3), outputs=(*left(1400, name="a.md"), RATES)),
        row("old", 9, Verdict.OK, ran_at=at("2026-02-09T06:00:17+01:00"), from_files=True),
        row("haiku", 10, Verdict.MISSED, cause="scheduler-stopped", needs_a_person=True, action="aime restarted"),
        row("haiku", 11, Verdict.UNKNOWN, cause="scheduler-down", needs_a_person=True),
    ),
    mornings=(
        PastMorning(judged_at=at("2026-02-09T07:02:00+01:00"), verdict="ok", is_complete=True, declared=2, needing=0,
                    by="pytest"),
        PastMorning(judged_at=at("2026-02-11T07:02:00+01:00"), verdict="attention", is_complete=True, declared=2,
                    needing=1, by="monitor"),
    ),
    present=Present(judged_at=at("2026-02-11T07:02:00+01:00"), jobs=("haiku", "weekly")),
    told={
        channel: {"haiku": Told(key="haiku", cause="scheduler-down", since=at("2026-02-11T06:00:00+01:00"),
                                told_at=at("2026-02-11T07:02:03.5+01:00"))}
        for channel in ("mailto 1a2b3c", "webhook 4d5e6f")
    },
    listed=(Listed(scheduler="etl", job="billing/b", title="", schedule="0 6 * * *", zone="UTC", tags=("daily",)),),
)  # fmt: skip


@pytest.fixture
def kept(folder: Path) -> Path:
    """A history of some mornings."""
    file = folder / "reports" / "history.sqlite3"
    assert merge(file, WHOLE) is None
    return file


# The table ------------------------------------------------------------------------------------------------------------

ALL_OF_IT = "520 w"


def test_mornings_are_counted_and_each_job_tells_what_was_not_well(kept: Path) -> None:
    lines, status = ran("--since", ALL_OF_IT)

    assert status == 0
    assert lines[0].endswith(", Europe/Zurich: the last 3640 d")
    assert (
        "\n".join(lines[1:])
        == """\
1 morning: 1 ok; 1 look by monitor: 1 attention; the last: Wed 11 Feb 07:02 CET, attention, 1 of 2
  jobs needed attention, by monitor
✓ ok   … pending   = paused   L late   ✗ missed   ! failed   S stuck   0 bad-output   ? unknown

haiku  Haiku generation
  Sun 8 Feb 06:00 CET   ✓L✗?
  4 due runs: 1 ok, 1 late, 1 missed, 1 unknown
  L Mon 9 Feb 06:00 CET   late     ran-late; ran 08:48:09, 2 h 48 min after it was due; 1.4 kB
  ✗ Tue 10 Feb 06:00 CET  missed   scheduler-stopped; judged Tue 10 Feb 07:00 CET; aime restarted
  ? Wed 11 Feb 06:00 CET  unknown  scheduler-down; judged Wed 11 Feb 07:00 CET

weekly
  nothing is remembered of this time

old  (not declared any more)
  Mon 9 Feb 06:00 CET  ✓
  1 due run: 1 ok"""
    )


def test_a_job_that_is_named_has_a_row_for_every_run(kept: Path) -> None:
    lines, _ = ran("haiku", "--since", ALL_OF_IT)

    assert lines[-4] == ("  ✓ Sun 8 Feb 06:00 CET   ok       ran 06:00:17, 17 s after it was due; 812 B")
    assert not any(line.startswith("old") for line in lines)


def test_rows_are_told_where_nothing_has_a_size_and_no_run_by_files_that_are_none(folder: Path) -> None:
    of_table = row("rates", 9, ran_at=at("2026-02-09T06:00:17+01:00"), from_files=True, outputs=(RATES,))
    assert merge(folder / "reports" / "history.sqlite3", Whole(rows=(of_table,))) is None
    lines, _ = ran("--since", ALL_OF_IT, "--all")

    assert lines[-1].endswith("ran 06:00:17, 17 s after it was due; 31 rows; known from what it left")


def test_only_the_time_that_was_asked_for_is_told(folder: Path) -> None:
    now = read_now()
    rows = [Row(job_id="haiku", due_at=now - timedelta(days=day), verdict=Verdict.OK, judged_at=now) for day in (1, 40)]
    merge(folder / "reports" / "history.sqlite3", Whole(rows=rows))

    assert "  1 due run: 1 ok" in ran()[0]
    assert "  2 due runs: 2 ok" in ran("--since", "41d")[0]


def test_a_dense_job_is_bounded_and_says_so(folder: Path) -> None:
    start = read_now() - timedelta(days=2)
    rows = [
        Row(job_id="haiku", due_at=start + timedelta(minutes=number), verdict=Verdict.MISSED, judged_at=start)
        for number in range(1000)
    ]
    merge(folder / "reports" / "history.sqlite3", Whole(rows=rows))
    lines, _ = ran("haiku")

    assert "  1,000 due runs: 1,000 missed" in lines
    assert any("left out: what was due before" in line for line in lines)
    assert len(lines) < 220


def test_a_repeated_hour_is_told_twice_with_its_zone(folder: Path) -> None:
    rows = [
        Row(job_id="haiku", due_at=at(due), verdict=Verdict.LATE, judged_at=at(due))
        for due in ("2026-10-25T02:30:00+02:00", "2026-10-25T02:30:00+01:00", "2026-03-29T03:30:00+02:00")
    ]
    merge(folder / "reports" / "history.sqlite3", Whole(rows=rows))
    lines, _ = ran("haiku", "--since", ALL_OF_IT)

    assert [line.split("  ")[1] for line in lines[-3:]] == [
        "L Sun 29 Mar 03:30 CEST",
        "L Sun 25 Oct 02:30 CEST",
        "L Sun 25 Oct 02:30 CET",
    ]


@pytest.mark.parametrize("jobs", [None, "no toml ["], ids=["missing", "broken"])
def test_a_history_is_told_without_a_jobs_toml_that_can_be_read(kept: Path, folder: Path, jobs: str | None) -> None:
    (folder / "jobs.toml").unlink() if jobs is None else (folder / "jobs.toml").write_text(jobs)
    lines, status = ran("haiku", "--since", ALL_OF_IT)

    assert status == 0
    assert lines[1].startswith("in UTC and by ids: jobs.toml")
    assert any("✗ Tue 10 Feb 05:00 UTC" in line for line in lines)


def test_without_a_history_nothing_is_remembered(folder: Path) -> None:
    lines, status = ran()

    assert (lines[1], lines[-1], status) == ("no morning in this time", "  nothing is remembered of this time", 0)
    assert not (folder / "reports").exists()


def test_a_damaged_file_is_told_and_left_alone(kept: Path, capsys: pytest.CaptureFixture[str]) -> None:
    kept.write_text("no database")

    assert ran() == ([], 1)
    assert capsys.readouterr().err.startswith("ERROR: history.sqlite3 is damaged")
    assert kept.read_text() == "no database"


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["nobody"], 'JOB = "nobody": no such job. Declared, or remembered from this time: haiku'),
        (["--since", "30"], '--since = "30": no unit.'),
        (["--jobs-file", "none.toml"], "none.toml: cannot be read"),
        (["--import", "none.jsonl"], "--import = none.jsonl: cannot be read: No such file or directory."),
        (["--import", "-", "haiku"], "--import: adds all that is there."),
        (["--export", "jsonl", "nobody"], 'JOB = "nobody"'),
    ],
)
def test_a_wrong_question_is_told_with_its_cure(kept: Path, arguments: list[str], expected: str) -> None:
    with pytest.raises(BadInput) as problem:
        ran(*arguments)

    assert str(problem.value).startswith(expected)


# Carrying it ----------------------------------------------------------------------------------------------------------


def test_what_is_exported_is_imported_whole_and_again_changes_nothing(kept: Path, folder: Path) -> None:
    lines, _ = ran("--export", "jsonl")
    (folder / "kept.jsonl").write_text("\n".join(lines) + "\n")
    for _ in range(2):
        said, status = ran("--file", "other.sqlite3", "--import", "kept.jsonl")
        assert (said, status) == (["other.sqlite3: 5 due runs and 2 mornings of kept.jsonl are in it"], 0)

    assert ran("--file", "other.sqlite3", "--export", "jsonl") == (lines, 0)
    assert read_whole(folder / "other.sqlite3") == read_whole(kept) == WHOLE


def test_what_was_set_aside_for_it_is_told_and_no_failure_whatever_the_file_is_called(
    kept: Path, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "was not written.sqlite3").write_text("no history")

    assert ran("--copy", str(kept), "was not written.sqlite3")[1] == 0
    assert "a new one begun" in capsys.readouterr().err


def test_standard_input_is_read_as_well(kept: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lines, _ = ran("--export", "jsonl")
    monkeypatch.setattr(sys, "stdin", TextIOWrapper(BytesIO("\r\n".join(lines).encode()), encoding="ascii"))

    assert ran("--file", "other.sqlite3", "--import", "-")[0] == [
        "other.sqlite3: 5 due runs and 2 mornings of standard input are in it"
    ]


def test_a_line_is_json_with_a_version_and_times_with_an_offset(kept: Path) -> None:
    lines = [json.loads(line) for line in ran("--export", "jsonl")[0]]

    assert lines[1] == {
        "v": 2,
        "kind": "run",
        "job": "haiku",
        "due_at": "2026-02-09T05:00:00+00:00",
        "verdict": "late",
        "cause": "ran-late",
        "needs_a_person": True,
        "ran_at": "2026-02-09T07:48:09+00:00",
        "took": 17_000_003,
        "outputs": [
            {"output": "a.md", "size": 1400, "rows": None, "made_at": "2026-02-11T05:00:17+00:00"},
            {"output": "rates", "size": None, "rows": 31, "made_at": "2026-02-09T07:48:02.500000+00:00"},
        ],
        "judged_at": "2026-02-09T06:00:00+00:00",
        "action": None,
        "from_files": False,
    }
    assert [each["kind"] for each in lines] == ["run"] * 5 + ["morning"] * 2 + ["present", "told", "told", "listed"]


def test_an_export_can_be_of_some_jobs_and_of_some_time(kept: Path) -> None:
    assert {json.loads(line)["job"] for line in ran("--export", "jsonl", "old")[0]} == {"old"}
    assert len([line for line in ran("--export", "jsonl", "--since", "1 d")[0] if '"kind": "run"' in line]) == 0


def test_every_line_that_is_none_is_told_and_nothing_is_imported(kept: Path, folder: Path) -> None:
    good = ran("--export", "jsonl")[0][0]
    run = json.loads(good)
    bad = [
        "no json",
        "[1]",
        json.dumps(run | {"v": 1}),
        json.dumps(run | {"kind": "song"}),
        json.dumps(run | {"verdict": "fine"}),
        json.dumps(run | {"due_at": "2026-02-09T05:00:00"}),
        json.dumps(run | {"due_at": "yesterday"}),
        json.dumps(run | {"took": -1}),
        json.dumps(run | {"took": True}),
        json.dumps(run | {"took": 2**63}),
        json.dumps(run | {"outputs": None}),
        json.dumps(run | {"outputs": ["a.md"]}),
        json.dumps(run | {"outputs": [{"output": "a.md", "size": -1, "rows": None, "made_at": run["due_at"]}]}),
        json.dumps(run | {"job": "a\u202eb"}),
        json.dumps(run | {"job": ""}),
        json.dumps({key: value for key, value in run.items() if key != "judged_at"}),
        json.dumps(run | {"needs_a_person": "no"}),
        "[" * 100_000,
        json.dumps(run | {"due_at": 1_770_786_000_000_000}),
        json.dumps(
            {"v": 2, "kind": "told", "key": "haiku", "cause": "x", "since": run["due_at"], "told_at": run["due_at"]}
        ),
    ]
    (folder / "bad.jsonl").write_text("\n".join([good, "", *bad, good]))
    with pytest.raises(BadInput) as problem:
        ran("--file", "other.sqlite3", "--import", "bad.jsonl")

    told = str(problem.value).splitlines()
    assert [line.partition(" = ")[0] for line in told] == [f"bad.jsonl:{number}" for number in range(3, 3 + len(bad))]
    assert "no JSON object" in told[0]
    assert "of another version" in told[2]
    assert "due_at has no offset" in told[5]
    assert "outputs is no list" in told[10]
    assert "outputs is no object" in told[11]
    assert "size is no number of 0 or more" in told[12]
    assert "judged_at is missing" in told[15]
    assert "channel is missing" in told[19]
    assert max(map(len, told)) < 300
    assert not (folder / "other.sqlite3").exists()


def test_many_bad_lines_are_counted(folder: Path) -> None:
    with pytest.raises(BadInput) as problem:
        from_lines(["x"] * 1000, place="f")

    assert str(problem.value).splitlines()[-1] == "f: 980 more lines like these."


def test_an_import_replaces_nothing_that_is_better_known_here(folder: Path) -> None:
    file = folder / "reports" / "history.sqlite3"
    merge(file, Whole(rows=[row("haiku", 11, Verdict.OK)]))
    merge(file, WHOLE)

    assert [each.verdict for each in read_whole(file).rows if each.due_at.day == 11] == [Verdict.OK]


@pytest.mark.parametrize(("day", "expected"), [(10, "scheduler-down"), (12, "missed-run")])
def test_what_was_told_last_stays(folder: Path, day: int, expected: str) -> None:
    """By whose newest morning is newer: the history here is of that day, the other of the 11th."""
    file = folder / "reports" / "history.sqlite3"
    here = morning(
        now=f"2026-02-{day}T07:02:00+01:00",
        last_execution=f"2026-02-{day}T05:00:17",
        files=five_files(f"2026-02-{day}T06:00:17+01:00"),
    )
    write(file, here.judged, by="pytest", is_complete=True, keeps=timedelta(days=365))
    heard = {"haiku": Told(key="haiku", cause="missed-run", since=here.now, told_at=here.now)}
    update_told(file, {}, {"webhook 4d5e6f": heard})
    for _ in range(2):
        merge(file, from_lines(to_lines(WHOLE), place="x"))

    assert read_told(file)["webhook 4d5e6f"]["haiku"].cause == expected


@pytest.fixture
def database(folder: Path, postgres: Postgres) -> Iterator[Database]:
    """The history of the jobs.toml, in a database."""
    with history_in(postgres) as made:
        of = f'[history]\nurl = "{made.url}"\nname = "{made.of}"\n'
        (folder / "jobs.toml").write_text(JOBS.replace("[jobs.haiku]", f"{of}[jobs.haiku]"))
        yield made


def test_a_file_is_copied_into_the_database_and_back_whole_and_again_changes_nothing(
    kept: Path, folder: Path, database: Database
) -> None:
    for _ in range(2):
        (said,), status = ran("--copy", str(kept), database.url)
        assert (said.partition(": ")[2], status) == (f"5 due runs and 2 mornings of {kept} are in it", 0)
    ran("--copy", database.url, "back.sqlite3")

    assert read_whole(database) == read_whole(folder / "back.sqlite3") == WHOLE
    # What is told without --file is told of the database.
    kept.unlink()
    assert ran("--export", "jsonl")[0] == list(to_lines(WHOLE))
    assert PASSWORD not in said


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["--copy", "none.sqlite3", "x"], "--copy = none.sqlite3: there is no history."),
        (["--copy", "x", "x"], "--copy: names the same history twice."),
        (["--copy", "x", "postgresql://db/shop"], "--copy: is a database of many histories."),
        (["--copy", "x", "y", "haiku"], "--copy: adds all that is there."),
        (["--copy", "x", "y", "--file", "z"], "--file: says nothing beside --copy"),
    ],
)
def test_what_cannot_be_copied_is_told_with_its_cure(folder: Path, arguments: list[str], expected: str) -> None:
    with pytest.raises(BadInput) as problem:
        ran(*arguments)

    assert str(problem.value).startswith(expected)


def test_a_file_is_not_copied_into_itself_by_another_of_its_names(kept: Path, folder: Path) -> None:
    (folder / "link").symlink_to(kept)
    with pytest.raises(BadInput, match="names the same history twice"):
        ran("--copy", str(kept), "link")


@pytest.mark.parametrize("words", [["--file"], ["--copy", "x"]])
@pytest.mark.parametrize("url", ["mysql://u:hunter2@db/shop", "postgresql://u:hunter2/more@db/shop"])
def test_a_wrong_url_is_refused_without_its_password(database: Database, words: list[str], url: str) -> None:
    with pytest.raises(BadInput, match="address") as problem:
        ran(*words, url)

    assert "hunter2" not in str(problem.value)


@pytest.mark.parametrize("is_from", [True, False])
def test_a_database_that_is_away_ends_a_copy_with_a_word(
    kept: Path, database: Database, capsys: pytest.CaptureFixture[str], *, is_from: bool
) -> None:
    away = "postgresql://teller:hunter2-hunter2@127.0.0.1:1/shop"
    before = kept.read_bytes()

    assert ran("--copy", *([away, str(kept)] if is_from else [str(kept), away])) == ([], 1)
    said = capsys.readouterr().err
    assert said.startswith(f'ERROR: history "{database.of}" in postgresql://127.0.0.1:1/shop ')
    assert "hunter2" not in said
    assert kept.read_bytes() == before


def test_only_what_was_bad_is_shown_where_that_is_asked_for(folder: Path) -> None:
    assert merge(folder / "reports" / FILE, WHOLE) is None

    lines, status = ran("--bad", "--since", "500w")

    shown = "\n".join(lines)
    assert status == 0
    assert "old" not in shown
    assert "Sun 8 Feb" not in shown
    assert "3 due runs: 1 late, 1 missed, 1 unknown" in shown


def test_programs_get_the_same_runs(folder: Path) -> None:
    assert merge(folder / "reports" / FILE, WHOLE) is None

    (text,), _ = ran("--json", "--bad", "--since", "500w")

    found = json.loads(text)
    assert {job: [each["verdict"] for each in runs] for job, runs in found["jobs"].items()} == {
        "haiku": ["late", "missed", "unknown"]
    }
    assert [each["verdict"] for each in found["mornings"]] == ["attention"]
