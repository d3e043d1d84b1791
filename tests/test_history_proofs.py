"""Is the last proof of an output remembered, with its age, until a newer one is made?"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from fixtures.one_morning import HAIKU, Told, at, five_files, made, morning, said
from rollcall.evidence import FileSeen, Outcome, Verified
from rollcall.history.judged import proofs_of
from rollcall.history.lines import from_lines, to_lines
from rollcall.history.reading import read, read_whole
from rollcall.history.rows import ProofRow, Whole
from rollcall.history.store import Store
from rollcall.history.writing import merge, write
from rollcall.verdict.findings import Check

VERIFY = {"command": ["pg_restore", "-f", "/dev/null", "{file}"], "every": "7 d"}
GOOD, FAILED, PARTIAL, UNKNOWN = Outcome.SUCCESS, Outcome.FAILED, Outcome.PARTIAL, Outcome.UNKNOWN
OUTPUT = "data/scheduled-output/generate-haiku-%Y%m%d-%H%M%S.md"
YEAR = timedelta(days=365)


def told(*verified: Verified | None, day: int = 11) -> Told:
    """The morning of that day in February, on which the file of the day was proven; of several files, each."""
    files = [
        replace(made(f"2026-02-{day:02}T06:00:{17 + number}+01:00"), verified=each)
        for number, each in enumerate(verified)
    ]
    earlier: list[FileSeen] = five_files(f"2026-02-{day - 1:02}T06:00:17+01:00")
    return morning(
        now=f"2026-02-{day:02}T07:02:00+01:00",
        last_execution=f"2026-02-{day:02}T05:00:17",
        files=[*files, *earlier],
        verify=VERIFY,
        keeps=None,
    )


def proven(outcome: Outcome, day: int = 11) -> Verified:
    when = f"2026-02-{day:02}T07:02:00+01:00"
    return said(outcome, VERIFY, file=f"of-{day}.md", when=when, says="3 tables\nat its end")


def remember(store: Store, of: Told) -> None:
    assert write(store, of.judged, by="pytest", is_complete=True, keeps=YEAR) is None


def remembered(store: Store, of: Told, now: str = "2026-02-28T07:00:00+01:00") -> Verified | None:
    return read(store, of.roll.jobs, now=at(now)).proofs.get((HAIKU, OUTPUT))


def test_the_last_proof_is_what_the_next_morning_knows(store: Store) -> None:
    known = []
    for day, outcome in ((9, GOOD), (10, FAILED), (11, PARTIAL), (12, None)):
        remember(store, told(proven(outcome, day) if outcome else None, day=day))
        known.append(remembered(store, told(None)))

    said_then = [proven(outcome, day) for day, outcome in ((9, GOOD), (10, FAILED), (11, PARTIAL))]
    assert known[:3] == [replace(each, says="at its end") for each in said_then]
    assert known[3] == known[2]


@pytest.mark.parametrize(
    ("file", "shown"), [("caf\udce9.md", "caf\ufffd.md"), ("a\0b.md", "ab.md"), ("x" * 5_000, "x" * 499 + "…")]
)
def test_a_file_whose_name_is_no_text_is_remembered_by_what_can_be_shown_of_it(
    store: Store, file: str, shown: str
) -> None:
    assert merge(store, Whole(proofs=[ProofRow.of(HAIKU, OUTPUT, replace(proven(GOOD), file=file))])) is None

    assert [each.file for each in read_whole(store).proofs] == [shown]


def test_what_nobody_could_tell_takes_nothing_away(store: Store) -> None:
    remember(store, told(proven(GOOD, 9), day=9))
    remember(store, told(proven(UNKNOWN, 10), day=10))

    found = remembered(store, told(None))

    assert found is not None
    assert found.file == "of-9.md"


def test_a_morning_knows_nothing_of_what_came_after_it(store: Store) -> None:
    remember(store, told(proven(GOOD)))

    assert remembered(store, told(None), now="2026-02-11T07:02:00+01:00") is None


def test_of_several_files_the_whole_is_as_good_as_the_worst() -> None:
    for worst in (PARTIAL, FAILED):
        [row] = proofs_of(told(proven(GOOD), proven(worst), proven(GOOD)).judged)

        assert row.outcome is worst


def test_what_is_still_being_written_is_not_remembered_as_bad() -> None:
    young = replace(made("2026-02-11T07:01:58+01:00"), verified=proven(FAILED))
    told = morning(files=[young, *five_files()[1:]], verify=VERIFY, has_scheduler=False)

    assert told.finding(Check.OUTPUT_IS_WHOLE).verdict == "pending"
    assert proofs_of(told.judged) == ()


def test_a_proof_is_carried_elsewhere_and_the_newer_one_stays(tmp_path: Path) -> None:
    here, there = tmp_path / "here.sqlite3", tmp_path / "there.sqlite3"
    remember(here, told(proven(GOOD, 9), day=9))
    remember(there, told(proven(FAILED, 10), day=10))
    lines = list(to_lines(read_whole(there)))

    for _ in range(2):
        assert merge(here, from_lines(lines, place="there")) is None
        assert merge(there, read_whole(here)) is None

    assert read_whole(here).proofs == read_whole(there).proofs
    assert [each.file for each in read_whole(here).proofs] == ["of-10.md"]


def test_one_that_is_older_than_all_that_is_kept_is_forgotten(store: Store) -> None:
    remember(store, told(proven(GOOD, 9), day=9))
    for day in (20, 21):
        write(store, told(None, day=day).judged, by="pytest", is_complete=True, keeps=timedelta(days=3))

    assert read_whole(store).proofs == ()
