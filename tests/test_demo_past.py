"""What does the demo of nine jobs remember of the month before, and is nobody else's history touched?"""

from pathlib import Path

import pytest

from fixtures.lived_in import lived_in
from rollcall.ask import gather
from rollcall.demo import demo_morning
from rollcall.demo.nine import remember
from rollcall.history.reading import read
from rollcall.history.rows import FILE
from rollcall.morning.judge import judge_morning
from rollcall.report.changes import changes
from rollcall.report.recent_runs import recent_runs
from rollcall.roll.load import load
from rollcall.vocabulary import Verdict

EVERY_JOB = "every job"
HAIKU = "generate_haiku_scheduled"
# Fault, what is new since yesterday, what was fixed.
CHANGED = f"""
good                  |             | sync_discogs_daily
scheduler-stopped     | {EVERY_JOB} |
run-failed            | {HAIKU}     |
truncated-output      | export_collection_json |
never-ran             |             |
wrong-timezone        |             |
"""
TABLE = [[cell.strip() for cell in row.split("|")] for row in CHANGED.strip().splitlines()]


@pytest.mark.parametrize(("fault", "new", "fixed"), TABLE, ids=[row[0] for row in TABLE])
def test_a_fault_is_new_unless_it_naturally_lasts(fault: str, new: str, fixed: str) -> None:
    with demo_morning(None if fault == "good" else fault) as staged:
        roll = load(staged.jobs_file, environment={}, scheduler_urls={None: staged.url})
        chronicle = read(remember(staged.folder, roll, staged.now, staged.fault), roll.jobs, now=staged.now)
        evidence = gather(roll.jobs, roll.schedulers, now=staged.now, clock=lambda: staged.now)
        morning = judge_morning(roll, evidence, now=staged.now)
    found = changes(morning, chronicle)
    every_job = {job.id for job in roll.jobs}

    assert {each.job.id for each in found.new} == (every_job if new == EVERY_JOB else {*filter(None, [new])})
    assert {each.job.id for each in found.fixed} == {*filter(None, [fixed])}
    assert [found.added, found.gone, found.otherwise, found.sizes] == [()] * 4
    assert chronicle.problem is None
    if fault == "good":
        strips = {each.job.id: recent_runs(each, chronicle.of(each.job.id)) for each in morning.jobs}
        assert {len(each) for name, each in strips.items() if name not in ("weekly_haiku", "monthly_analysis")} == {30}
        seen = {run.verdict for runs in strips.values() for run in runs}
        assert seen >= {Verdict.OK, Verdict.FAILED, Verdict.LATE, Verdict.MISSED, Verdict.BAD_OUTPUT}
        assert not any(finding.is_warning for judged in morning.jobs for finding in judged.findings)


def test_the_history_that_lies_there_is_neither_read_nor_written(tmp_path: Path) -> None:
    with lived_in(tmp_path) as house:
        own = house.folder / "reports" / FILE
        own.parent.mkdir(exist_ok=True)
        own.write_bytes(b"somebody's own")
        run = house.run("-q", "--demo", "never-ran")
        since = {each["id"]: each["since"] for each in run.morning["jobs"] if each["since"]}
        without = house.run("-q", "--demo", "never-ran", "--no-history")

    assert own.read_bytes() == b"somebody's own"
    assert since == {HAIKU: "2026-02-01T06:00:00+01:00"}
    assert not any(each["since"] for each in without.morning["jobs"])
    assert FILE not in run.text
