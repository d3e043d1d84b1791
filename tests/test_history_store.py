"""Does the history keep what it was told, whatever happens to its file?"""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from pydantic import ValidationError

from fixtures.one_morning import STAMP, TEXT, at, five_files, haiku_job, left, morning, not_seen
from fixtures.one_morning import Told as Seen
from rollcall.history import sqlite
from rollcall.history.reading import read, read_told, read_whole
from rollcall.history.rows import FILE, NOTHING, OutputRow, PastMorning, Row, Told, Whole, plain_row
from rollcall.history.store import Store, open_to_read
from rollcall.history.tables import RUN, RUN_FIELDS, VERSION
from rollcall.history.writing import merge, update_told, write
from rollcall.times import EPOCH
from rollcall.vocabulary import CauseCode, Verdict

YEAR = timedelta(days=365)
NOON = at("2026-02-11T12:00:00+01:00")
JOB = haiku_job()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "reports" / FILE


def seen_on(day: int, **words: Any) -> Seen:
    """The good morning of that day of February, or another one."""
    known: dict[str, Any] = {
        "now": f"2026-02-{day:02}T07:02:00+01:00",
        "last_execution": f"2026-02-{day:02}T05:00:17.5",
        "files": five_files(f"2026-02-{day:02}T06:00:17+01:00"),
    }
    return morning(**(known | words))


def written(store: Store, *mornings: Seen, keeps: timedelta = YEAR, is_complete: bool = True) -> list[str | None]:
    return [write(store, each.judged, by="pytest", is_complete=is_complete, keeps=keeps) for each in mornings]


def verdicts(store: Store, now: Any = NOON, **words: Any) -> list[str]:
    """The rows of the job, oldest first: "02-11 ok"."""
    chronicle = read(store, [JOB], now=now, **words)
    assert chronicle.problem is None
    return [f"{each.due_at:%m-%d} {each.verdict}" for each in chronicle.of(JOB.id)]


def row(day: int, verdict: Verdict = Verdict.OK, *, judged: int = 0, **words: Any) -> Row:
    known: dict[str, Any] = {
        "job_id": JOB.id,
        "due_at": at(f"2026-02-{day:02}T06:00:00+01:00"),
        "verdict": verdict,
        "judged_at": at("2026-02-11T07:00:00+01:00") + timedelta(minutes=judged),
    }
    return Row(**(known | words))


# What is kept ---------------------------------------------------------------------------------------------------------


def test_a_morning_that_was_written_is_read_again(store: Store) -> None:
    told = seen_on(11, status="error")

    assert written(store, told) == [None]
    chronicle = read(store, [JOB], now=NOON)
    assert chronicle.of(JOB.id)[-1] == Row(
        job_id=JOB.id,
        due_at=at("2026-02-11T06:00:00+01:00"),
        verdict=Verdict.FAILED,
        cause="run-failed",
        needs_a_person=True,
        ran_at=told.job.ran_at,
        outputs=left(len(TEXT.encode()), "2026-02-11T06:00:17+01:00", name=f"data/scheduled-output/{STAMP}"),
        judged_at=told.now,
    )
    assert chronicle.last_morning == PastMorning(
        judged_at=told.now, verdict="attention", is_complete=True, declared=1, needing=1, by="pytest"
    )
    assert chronicle.problem is None


def test_the_one_file_is_the_whole_history(file: Path) -> None:
    written(file, seen_on(10), seen_on(11))

    assert [each.name for each in file.parent.iterdir()] == [FILE]


def test_before_the_first_morning_there_is_no_history_and_no_problem(store: Store) -> None:
    assert read(store, [JOB], now=NOON) == NOTHING
    assert not (isinstance(store, Path) and store.parent.exists())
    assert read_told(store) == {}
    assert read_whole(store) == Whole()


def test_of_a_morning_that_is_judged_again_nobody_can_tell_what_changed(store: Store) -> None:
    """As where the same shards are merged twice: what was known the morning before stands there no more."""
    again = seen_on(11)
    written(store, seen_on(10))
    assert read(store, [JOB], now=again.now).last_morning is not None

    written(store, again)

    assert read(store, [JOB], now=again.now).last_morning is None


def test_this_morning_is_not_its_own_past(store: Store) -> None:
    told = seen_on(11)
    written(store, seen_on(10), told)

    assert verdicts(store, told.now) == ["02-10 ok"]
    assert read(store, [JOB], now=told.now).mornings[-1].judged_at == seen_on(10).now
    assert verdicts(store, told.now + timedelta(microseconds=1)) == ["02-10 ok", "02-11 ok"]


@pytest.mark.parametrize(("most", "expected"), [(1, [11]), (2, [10, 11]), (3, [9, 10, 11]), (60, [8, 9, 10, 11])])
def test_the_newest_rows_are_read_oldest_first(store: Store, most: int, expected: list[int]) -> None:
    written(store, *(seen_on(day) for day in (8, 10, 9, 11)))

    assert verdicts(store, most=most) == [f"02-{day:02} ok" for day in expected]


def test_jobs_that_the_last_complete_morning_knew_and_that_are_declared_no_more_are_gone(store: Store) -> None:
    written(store, seen_on(10), seen_on(11, id="weekly"))
    written(store, seen_on(11, now="2026-02-11T08:00:00+01:00"), is_complete=False)

    assert read(store, [JOB], now=NOON).gone == ("weekly",)
    assert read(store, [haiku_job(id="weekly")], now=NOON).gone == ()


@pytest.mark.parametrize("words", [{"demo": "a demo"}, {"replay_of": NOON}], ids=["demo", "replay"])
def test_a_morning_in_which_nobody_was_asked_is_refused(store: Store, words: dict[str, Any]) -> None:
    judged = replace(seen_on(11).judged, **words)

    assert write(store, judged, by="pytest", is_complete=True, keeps=YEAR) is not None
    assert read_whole(store) == Whole()


def test_an_incomplete_morning_is_evidence_of_the_jobs_it_judged(store: Store) -> None:
    written(store, seen_on(11), is_complete=False)

    assert verdicts(store) == ["02-10 ok", "02-11 ok"][1:]
    assert [each.is_complete for each in read(store, [JOB], now=NOON).mornings] == [False]


@pytest.mark.parametrize("second", [True, False], ids=["whole", "not whole"])
def test_a_morning_that_is_written_again_is_replaced(store: Store, *, second: bool) -> None:
    failed = seen_on(11, status="error")
    written(store, failed, is_complete=not second)
    written(store, seen_on(11), is_complete=second)

    assert verdicts(store) == ["02-11 ok"]
    assert [(each.verdict, each.is_complete) for each in read(store, [JOB], now=NOON).mornings] == [
        ("ok" if second else "incomplete", second)
    ]


_RANKED = [
    # From the weakest to the strongest: whatever order they come in, the last of them stays.
    row(11, Verdict.MISSED, judged=90, from_files=True),
    row(11, Verdict.OK, judged=95, from_files=True, outputs=left(4)),
    row(11, Verdict.PENDING, judged=0),
    row(11, Verdict.UNKNOWN, judged=60, needs_a_person=True),
    row(11, Verdict.OK, judged=10, ran_at=NOON, took=timedelta(minutes=3, microseconds=1), outputs=left(812)),
    row(11, Verdict.MISSED, judged=30, cause="missed-run", needs_a_person=True),
]


@pytest.mark.parametrize("first", range(len(_RANKED)))
@pytest.mark.parametrize("second", range(len(_RANKED)))
def test_of_two_rows_of_one_due_run_the_better_witness_stays(store: Store, first: int, second: int) -> None:
    merge(store, Whole(rows=[_RANKED[first]]))
    merge(store, Whole(rows=[_RANKED[second]]))

    assert read(store, [JOB], now=NOON).of(JOB.id) == (_RANKED[max(first, second)],)


def test_what_was_done_is_remembered_when_the_run_is_judged_again(store: Store) -> None:
    merge(store, Whole(rows=[row(11, Verdict.MISSED, action="aime restarted")]))
    merge(store, Whole(rows=[row(11, Verdict.OK, judged=5)]))

    assert [(each.verdict, each.action) for each in read(store, [JOB], now=NOON).of(JOB.id)] == [
        (Verdict.OK, "aime restarted")
    ]


def several(*names: str, rows: int | None = None) -> tuple[OutputRow, ...]:
    return tuple(OutputRow(output=each, size=None if rows else 100, rows=rows, made_at=NOON) for each in names)


def test_a_row_goes_with_its_outputs(store: Store) -> None:
    """In the order of their names, and only those of the row that stays."""
    three, two, one = several("a", "b", "c"), several("b", "d"), several("rates", rows=3)
    merge(store, Whole(rows=[row(11, outputs=three)]))
    assert outputs(store) == three
    merge(store, Whole(rows=[row(11, judged=5, outputs=two)]))
    assert outputs(store) == two
    merge(store, Whole(rows=[row(11, judged=4, outputs=three)]))  # judged before: it replaces nothing
    assert outputs(store) == two
    merge(store, Whole(rows=[row(11, judged=6, outputs=one), row(10, outputs=two)]))
    assert outputs(store) == one
    merge(store, Whole(rows=[row(11, judged=7)]))
    assert outputs(store) == ()
    assert read(store, [JOB], now=NOON).of(JOB.id)[0].outputs == two


def outputs(store: Store) -> tuple[OutputRow, ...]:
    """Of the newest row, and as many rows as there are runs."""
    rows = read(store, [JOB], now=NOON).of(JOB.id)
    assert read_whole(store).rows == rows
    assert len({each.due_at for each in rows}) == len(rows)
    return rows[-1].outputs


def test_the_newest_rows_are_counted_by_due_run_however_many_outputs_each_has(store: Store) -> None:
    merge(store, Whole(rows=[row(day, outputs=several("a", "b", "c")) for day in (8, 9, 10, 11)]))

    assert verdicts(store, most=2) == ["02-10 ok", "02-11 ok"]


@pytest.mark.parametrize(
    ("found", "size"),
    [
        ((), None),
        (several("rates", rows=3), None),
        (several("a"), 100),
        ((*several("a", "b"), *several("rates", rows=3)), 200),
        (left(0), 0),
    ],
)
def test_the_size_of_a_run_is_that_of_its_outputs_as_far_as_it_is_known(
    found: tuple[OutputRow, ...], size: int | None
) -> None:
    assert row(11, outputs=found).size == size


def test_an_output_that_cannot_be_read_leaves_its_run_out_and_says_so(file: Path) -> None:
    merge(file, Whole(rows=[row(day, outputs=several("a", "b")) for day in (10, 11)]))
    with sqlite3.connect(file) as connection:
        connection.execute("UPDATE outputs SET size = 'x' WHERE output = 'b' AND due = (SELECT max(due) FROM outputs)")
    connection.close()
    chronicle = read(file, [JOB], now=NOON)

    assert chronicle.problem == "history.sqlite3: 1 row cannot be read, and are left out"
    assert [each.due_at.astimezone(JOB.zone).day for each in chronicle.of(JOB.id)] == [10]


_LINE = dict(
    zip(RUN_FIELDS, ("haiku", 5, "late", "ran-late", 0, 7, -3, 9, "restarted", True, "a.md", 812, None, 8), strict=True)
)


_VALUES = (None, -1, 0, 2**63, 1.5, "", "x", "late", b"x", "a\x1b[31mb", True)


@pytest.mark.parametrize("name", RUN_FIELDS)
def test_whatever_stands_in_a_line_it_is_read_as_its_record_says(name: str) -> None:
    """The short way to a record comes to the same as the long one, or leaves it to that."""
    assert _record(_LINE) is not None
    assert plain_row([tuple(_LINE.values())]) == _record(_LINE)
    for value in _VALUES:
        line = {**_LINE, name: value}
        assert plain_row([tuple(line.values())]) in (None, _record(line)), value


def _record(line: dict[str, Any]) -> Row | None:
    try:
        return RUN.validate_python(line | {"outputs": [line] if line["output"] is not None else []})
    except ValidationError:
        return None


def test_a_scheduler_that_is_down_later_takes_nothing_back(store: Store) -> None:
    down = not_seen(CauseCode.SCHEDULER_DOWN)
    written(store, seen_on(11), seen_on(11, now="2026-02-11T09:00:00+01:00", scheduler=down))

    assert verdicts(store) == ["02-11 ok"]


def test_an_old_morning_that_is_judged_again_replaces_nothing_newer(store: Store) -> None:
    written(store, seen_on(11), seen_on(11, now="2026-02-11T06:40:00+01:00", status="error"))

    assert verdicts(store) == ["02-11 ok"]


@pytest.mark.parametrize(
    ("ahead", "seen"),
    [
        # Judged at 13:00 of tomorrow, as it seemed: the run of 06:00 was missed. It was not due yet.
        ("2026-02-12T13:00:00+01:00", "2026-02-12T07:02:00+01:00"),
        # By the night of a clock change, too.
        ("2026-03-29T13:00:00+02:00", "2026-03-29T07:02:00+02:00"),
        ("2026-10-25T13:00:00+01:00", "2026-10-25T07:02:00+01:00"),
    ],
)
def test_what_a_clock_that_ran_ahead_left_gives_way_to_the_real_morning(store: Store, ahead: str, seen: str) -> None:
    ran_at = at(seen).replace(minute=0, second=17).replace(hour=at(seen).hour - 1)
    missed = morning(has_output=False, now=ahead, last_execution="2026-02-01T05:00:17", server_at=None)
    real = morning(has_output=False, now=seen, last_execution=ran_at.replace(tzinfo=None).isoformat())
    written(store, missed, real)
    rows = read(store, [JOB], now=at(ahead) + timedelta(days=1)).of(JOB.id)

    assert [(each.due_at, each.verdict, each.judged_at) for each in rows] == [
        (ran_at.replace(second=0), Verdict.OK, real.now)
    ]


@pytest.mark.parametrize(("later", "stays"), [(timedelta(minutes=59), True), (timedelta(minutes=61), False)])
def test_of_two_looks_at_once_the_later_stays_though_it_is_written_first(
    store: Store, later: timedelta, *, stays: bool
) -> None:
    told = seen_on(11)
    after = seen_on(11, now=(told.now + later).isoformat(), status="error")
    written(store, after, told)

    assert verdicts(store)[-1:] == (["02-11 failed"] if stays else ["02-11 ok"])


def test_who_was_there_by_a_clock_that_ran_ahead_is_not_missed_by_the_next_morning(store: Store) -> None:
    written(store, seen_on(11, id="weekly", now="2026-02-13T07:02:00+01:00"), seen_on(11))

    assert read(store, [JOB], now=at("2026-02-14T07:00:00+01:00")).gone == ()


# Retention ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("keeps", "rows", "mornings"),
    [
        # Judged at 07:02 on the 11th, due at 06:00: the run of the 9th is 49 h 2 min old, its morning 48 h.
        (timedelta(hours=49, minutes=2), [9, 10, 11], [9, 10, 11]),
        (timedelta(hours=49, minutes=1, seconds=59), [10, 11], [9, 10, 11]),
        (timedelta(hours=47), [10, 11], [10, 11]),
    ],
)
def test_what_was_due_longer_ago_than_it_keeps_is_forgotten(
    store: Store, keeps: timedelta, rows: list[int], mornings: list[int]
) -> None:
    written(store, *(seen_on(day) for day in (8, 9, 10, 11)))
    write(store, seen_on(11).judged, by="monitor", is_complete=True, keeps=keeps)

    assert verdicts(store) == [f"02-{day:02} ok" for day in rows]
    assert remembered_days(store, "outputs") == remembered_days(store, "runs") == rows
    known = read(store, [JOB], now=NOON).mornings
    assert [each.judged_at.day for each in known if each.by == "pytest"] == mornings


def remembered_days(store: Store, table: str) -> list[int]:
    with open_to_read(store) as connection:
        assert connection
        found = connection.ask(f"SELECT due FROM {table} ORDER BY due")
        return [(EPOCH + timedelta(microseconds=each["due"])).day for each in found]


def test_a_clock_that_jumps_years_ahead_does_not_make_it_forget(store: Store) -> None:
    written(store, seen_on(10))
    far = seen_on(11, now="2099-02-11T07:02:00+01:00", last_execution="2099-02-11T05:00:17", files=[])
    written(store, far, far, seen_on(11))

    assert verdicts(store) == ["02-10 ok", "02-11 ok"]


# What was told --------------------------------------------------------------------------------------------------------


FIRST, SECOND = (
    Told(key=key, cause="missed-run", since=NOON, told_at=NOON + timedelta(microseconds=1)) for key in "ab"
)
LATER = replace(SECOND, cause="ran-late")


def test_what_was_told_is_remembered_until_it_is_over(store: Store) -> None:
    both, one = {"webhook": {"a": FIRST, "b": SECOND}}, {"webhook": {"b": SECOND}}

    assert update_told(store, {}, both) is None
    assert read_told(store) == both
    assert update_told(store, both, one) is None
    assert read_told(store) == one
    assert written(store, seen_on(11)) == [None]
    assert read_told(store) == one
    assert update_told(store, one, {"webhook": {"b": LATER}}) is None
    assert read_told(store) == {"webhook": {"b": LATER}}
    assert update_told(store, {"webhook": {"b": LATER}}, {"webhook": {}}) is None
    assert read_told(store) == {}


def test_each_channel_has_a_memory_of_its_own(store: Store) -> None:
    assert update_told(store, {}, {"webhook": {"a": FIRST}, "mailto": {"a": FIRST, "b": LATER}}) is None
    assert update_told(store, {"webhook": {"a": FIRST}}, {}) is None
    assert read_told(store) == {"mailto": {"a": FIRST, "b": LATER}}


def test_of_what_another_process_tells_meanwhile_nothing_is_lost(store: Store) -> None:
    update_told(store, {}, {"webhook": {"a": FIRST}})
    assert update_told(store, {}, {"webhook": {"b": SECOND}, "mailto": {"a": FIRST}}) is None
    assert read_told(store) == {"webhook": {"a": FIRST, "b": SECOND}, "mailto": {"a": FIRST}}


def test_where_nothing_is_new_nothing_is_written(store: Store) -> None:
    assert update_told(store, {"webhook": {"a": FIRST}}, {"webhook": {"a": FIRST}}) is None
    assert read_told(store) == {}


# Files that are no history --------------------------------------------------------------------------------------------


def garbage(file: Path) -> None:
    file.write_text("this is no database, " * 500)


def short(file: Path) -> None:
    file.write_text("SQLite")


def torn(file: Path) -> None:
    written(file, *(seen_on(day) for day in range(1, 28)))
    os.truncate(file, 4096 * 2 + 100)


def header_only(file: Path) -> None:
    written(file, seen_on(10))
    os.truncate(file, 100)


def overwritten(file: Path) -> None:
    """Its first page is whole, the others are not."""
    written(file, *(seen_on(day) for day in range(1, 28)))
    with file.open("r+b") as stream:
        stream.seek(4096)
        stream.write(b"\xff" * (file.stat().st_size - 4096))


def without_a_table(file: Path) -> None:
    written(file, seen_on(10))
    with sqlite3.connect(file) as connection:
        connection.execute("DROP TABLE runs")
    connection.close()


def without_a_column(file: Path) -> None:
    written(file, seen_on(10))
    with sqlite3.connect(file) as connection:
        connection.execute("ALTER TABLE outputs RENAME COLUMN made TO written")
    connection.close()


def newer(file: Path) -> None:
    of_version(file, VERSION + 1)


def older(file: Path) -> None:
    """As the first version left it: it had no outputs."""
    of_version(file, 1)
    with sqlite3.connect(file) as connection:
        connection.execute("DROP TABLE outputs")
    connection.close()


def of_version(file: Path, version: int) -> None:
    written(file, seen_on(10))
    with sqlite3.connect(file) as connection:
        connection.execute(f"PRAGMA user_version = {version}")
    connection.close()


def foreign(file: Path) -> None:
    with sqlite3.connect(file) as connection:
        connection.execute("CREATE TABLE songs (title TEXT)")
    connection.close()


def foreign_with_a_mark(file: Path) -> None:
    with sqlite3.connect(file) as connection:
        connection.execute("PRAGMA application_id = 7")
    connection.close()


@pytest.mark.parametrize(
    ("make", "kind"),
    [
        (garbage, "damaged"),
        (short, "damaged"),
        (torn, "damaged"),
        (header_only, "damaged"),
        (overwritten, "damaged"),
        (without_a_table, "damaged"),
        (without_a_column, "damaged"),
        (newer, "newer"),
        (older, "older"),
        (foreign, "foreign"),
        (foreign_with_a_mark, "foreign"),
    ],
)
def test_a_file_that_is_no_history_is_set_aside_and_kept(file: Path, make: Any, kind: str) -> None:
    file.parent.mkdir()
    make(file)
    os.utime(file, (NOON.timestamp(), NOON.timestamp()))
    before = file.read_bytes()
    name = f"history.sqlite3.{kind}-20260211-110000"

    # Reading tells, and touches nothing.
    problem = read(file, [JOB], now=NOON).problem
    assert "it is set aside when a morning is next written" in (problem or "")
    assert [each.name for each in file.parent.iterdir()] == [file.name]
    assert file.read_bytes() == before

    [told] = written(file, seen_on(11))
    assert (told or "").endswith(f"it was set aside as {name}, and a new one begun")
    assert file.with_name(name).read_bytes() == before
    assert verdicts(file) == ["02-11 ok"]
    assert written(file, seen_on(11)) == [None]


def test_a_name_that_is_taken_is_left_alone(file: Path) -> None:
    file.parent.mkdir()
    names = ["history.sqlite3.damaged-20260211-110000", "history.sqlite3.damaged-20260211-110000-2"]
    for number, _ in enumerate(names):
        file.write_text(f"{number} is no database, and as long as it takes to be one" * 10)
        os.utime(file, (NOON.timestamp(), NOON.timestamp()))
        written(file, seen_on(11))

    assert [file.with_name(each).read_text()[0] for each in names] == ["0", "1"]


def test_the_log_beside_a_damaged_file_goes_with_it(file: Path) -> None:
    file.parent.mkdir()
    garbage(file)
    os.utime(file, (NOON.timestamp(), NOON.timestamp()))
    file.with_name(f"{file.name}-wal").write_text("what was written last")
    written(file, seen_on(11))

    assert file.with_name("history.sqlite3.damaged-20260211-110000-wal").read_text() == "what was written last"
    assert verdicts(file) == ["02-11 ok"]


def test_a_file_that_another_process_repaired_meanwhile_is_not_set_aside(file: Path) -> None:
    written(file, seen_on(10))

    assert sqlite.set_aside(file) is None
    assert verdicts(file) == ["02-10 ok"]


def test_whatever_byte_is_broken_the_morning_is_judged_and_remembered(file: Path, tmp_path: Path) -> None:
    written(file, *(seen_on(day) for day in range(1, 11)))
    whole, dice = file.read_bytes(), random.Random(7)
    today = seen_on(11)
    for number in range(150):
        broken = tmp_path / str(number) / FILE
        broken.parent.mkdir()
        start, length = dice.randrange(len(whole)), dice.choice([1, 8, 200])
        broken.write_bytes(whole[:start] + dice.randbytes(length) + whole[start + length :])
        read(broken, [JOB], now=NOON)
        told = write(broken, today.judged, by="pytest", is_complete=True, keeps=YEAR)
        after = read(broken, [JOB], now=NOON).of(JOB.id)

        assert told is None or "set aside" in told
        assert after, (start, length, told)
        assert after[-1].due_at == at("2026-02-11T06:00:00+01:00")


def test_a_broken_key_is_found_by_the_next_morning(file: Path) -> None:
    written(file, *(seen_on(day) for day in range(1, 11)))
    whole = file.read_bytes()
    key = whole.index(JOB.id.encode())
    file.write_bytes(whole[:key] + b"h" + whole[key + 1 :])

    before = file.read_bytes()
    [told] = written(file, seen_on(11))
    [aside] = file.parent.glob("*.damaged-*")
    assert "set aside" in (told or "")
    assert aside.read_bytes() == before


# Files that cannot be used just now -----------------------------------------------------------------------------------


def test_a_file_that_another_process_writes_is_waited_for_and_not_damaged(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite, "PATIENCE", timedelta(milliseconds=200))
    written(file, seen_on(10))
    busy = sqlite3.connect(file, isolation_level=None)
    busy.execute("BEGIN IMMEDIATE")

    assert verdicts(file) == ["02-10 ok"]  # readers wait for nobody
    assert written(file, seen_on(11)) == [
        "history.sqlite3 was not written: another process is writing it, and did not finish in time"
    ]
    busy.execute("ROLLBACK")
    busy.close()
    assert written(file, seen_on(11)) == [None]
    assert verdicts(file) == ["02-10 ok", "02-11 ok"]


@pytest.mark.parametrize("kind", ["folder", "pipe", "loop", "a file where the folder should be"])
def test_what_is_no_file_is_a_problem_and_stays(file: Path, kind: str) -> None:
    file.parent.mkdir()
    match kind:
        case "folder":
            file.mkdir()
        case "pipe":
            os.mkfifo(file)
        case "loop":
            file.symlink_to(file)
        case _:
            file.parent.rmdir()
            file.parent.write_text("")

    assert read(file, [JOB], now=NOON).problem is not None
    [told] = written(file, seen_on(11))
    assert "was not written" in (told or "")
    assert not list(file.parent.glob("*.damaged-*"))


def test_a_link_is_not_set_aside_instead_of_what_it_leads_to(file: Path, tmp_path: Path) -> None:
    file.parent.mkdir()
    real = tmp_path / "elsewhere.sqlite3"
    garbage(real)
    file.symlink_to(real)
    written(file, seen_on(11))

    assert file.is_symlink()
    assert list(tmp_path.glob("elsewhere.sqlite3.damaged-*"))
    assert verdicts(file) == ["02-11 ok"]


# Other processes ------------------------------------------------------------------------------------------------------

HOUSE = Path(__file__).resolve().parent.parent
_CHILD = """
import sys
from pathlib import Path
from tests.test_history_store import *
file, what, numbers = Path(sys.argv[1]), sys.argv[2], [int(each) for each in sys.argv[3:]]
"""
_WRITES = (
    _CHILD
    + """
print("ready", flush=True)
sys.stdin.readline()
for number in numbers:
    told = write(file, seen_on(11, id=f"job{number}").judged, by=f"pytest {number}", is_complete=True, keeps=YEAR)
    print(told, flush=True)
"""
)
_KILLED = (
    _CHILD
    + """
rows = [row(day, job_id=f"job{number}") for number in range(400) for day in range(1, 11)]
print("ready", flush=True)
while True:
    [again] = [merge(file, Whole(rows=rows))]
"""
)
_CUT = (
    _CHILD
    + """
import resource
resource.setrlimit(resource.RLIMIT_FSIZE, (numbers[0], numbers[0]))
rows = [row(day, job_id=f"job{number}") for number in range(400) for day in range(1, 11)]
print(merge(file, Whole(rows=rows)))
print(write(file, seen_on(11).judged, by="pytest", is_complete=True, keeps=YEAR) if what == "write" else "")
"""
)


def child(code: str, file: Path, what: str, *numbers: int, **words: Any) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", code, str(file), what, *map(str, numbers)],
        cwd=HOUSE,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        **words,
    )


def wait_for(process: subprocess.Popen[str]) -> None:
    assert process.stdout
    assert process.stdout.readline() == "ready\n"


@pytest.mark.parametrize("begins", ["without a file", "with a damaged one"])
def test_processes_that_write_at_the_same_time_all_land(file: Path, begins: str) -> None:
    file.parent.mkdir()
    if begins == "with a damaged one":
        garbage(file)
    writers = [child(_WRITES, file, "write", *range(number, number + 3)) for number in range(0, 15, 3)]
    for each in writers:
        wait_for(each)
    for each in writers:  # all are let go before the first is waited for
        assert each.stdin
        each.stdin.write("\n")
        each.stdin.flush()
    answers = [each.communicate()[0] for each in writers]

    told = [line for answer in answers for line in answer.splitlines() if line != "None"]
    assert len(told) == (begins == "with a damaged one"), told
    assert len(list(file.parent.glob("*.damaged-*"))) == len(told)
    jobs = [haiku_job(id=f"job{number}") for number in range(15)]
    chronicle = read(file, jobs, now=NOON)
    assert sorted(chronicle.rows) == sorted(job.id for job in jobs)
    assert chronicle.problem is None


def test_a_kill_in_the_middle_of_a_write_loses_nothing_that_was_there(file: Path) -> None:
    written(file, *(seen_on(day) for day in range(1, 11)))
    before, dice = verdicts(file), random.Random(3)
    jobs = [haiku_job(id=f"job{number}") for number in range(400)]
    for _ in range(5):
        writer = child(_KILLED, file, "merge")
        wait_for(writer)
        time.sleep(dice.uniform(0, 0.08))  # any moment: that is the point
        writer.send_signal(signal.SIGKILL)
        writer.communicate()

        chronicle = read(file, jobs, now=NOON)
        assert chronicle.problem is None
        assert {len(each) for each in chronicle.rows.values()} <= {10}  # all of a transaction, or nothing
        assert verdicts(file) == before
        assert written(file, seen_on(10)) == [None]
    assert not list(file.parent.glob("*.damaged-*"))


@pytest.mark.parametrize(
    ("room", "begins"),
    [
        (0, "with rows"),
        (5_000, "with rows"),
        (60_000, "with rows"),
        (100_000, "with rows"),
        (0, "without a file"),
        (60_000, "without a file"),
    ],
)
def test_a_full_disk_is_told_and_takes_nothing_away(file: Path, room: int, begins: str) -> None:
    file.parent.mkdir()
    if begins == "with rows":
        written(file, seen_on(9), seen_on(10))
    answer, _ = child(_CUT, file, "merge", room).communicate()

    assert answer.startswith("history.sqlite3 was not written: ")
    assert verdicts(file) == (["02-09 ok", "02-10 ok"] if begins == "with rows" else [])
    assert written(file, seen_on(11)) == [None]
    assert verdicts(file)[-1] == "02-11 ok"
    assert not list(file.parent.glob("*.damaged-*"))


_READ_ONLY = (
    _CHILD
    + """
if os.geteuid() == 0:
    os.setuid(65534)  # root may do everything
print(read(file, [JOB], now=NOON))
print(write(file, seen_on(11).judged, by="pytest", is_complete=True, keeps=YEAR))
"""
)


@pytest.mark.parametrize(
    ("folder_mode", "file_mode", "can_read"),
    [(0o555, 0o444, True), (0o555, 0o644, True), (0o755, 0o444, True), (0o755, 0o000, False), (0o000, 0o644, False)],
)
def test_what_may_not_be_written_or_read_is_a_problem_and_no_damage(
    folder_mode: int, file_mode: int, *, can_read: bool
) -> None:
    # pytest's own folders are closed to other users.
    with TemporaryDirectory(prefix="roll-call-") as open_to_all:
        Path(open_to_all).chmod(0o755)
        file = Path(open_to_all) / "reports" / FILE
        written(file, seen_on(10))
        before = file.read_bytes()
        file.chmod(file_mode)
        file.parent.chmod(folder_mode)
        answer, _ = child(_READ_ONLY, file, "read").communicate()
        file.parent.chmod(0o755)
        file.chmod(0o644)
        seen, told = answer.splitlines()

        assert ("2026, 2, 10" in seen and "problem=None" in seen) == can_read, seen
        assert can_read or "cannot be read" in seen
        assert told.startswith("history.sqlite3 was not written: ")
        assert [each.name for each in file.parent.iterdir() if "-" not in each.name] == [file.name]
        assert file.read_bytes() == before
