"""Is the fleet of the demo judged like any morning, each of its faults by its name, and is it the same each time?"""

import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

from fixtures.lived_in import LivedIn, lived_in
from rollcall.demo import DemoError
from rollcall.demo.fleet import FleetMorning, fleet_morning
from rollcall.demo.fleet_plan import Fate, plan
from rollcall.history.reading import read
from rollcall.history.rows import Chronicle
from rollcall.morning import Morning
from rollcall.morning.judge import judge_morning
from rollcall.report.changes import changes
from rollcall.report.recent_runs import bad_since

COUNT = 300
# What each fate is found to be; a job of a scheduler that is stopped or down has its scheduler's cause.
FOUND = """
failed                      | run-failed
missed                      | missed-run
late                        | ran-late started-late
hangs                       | still-running
not there                   | not-registered
paused there                | job-paused
cut                         | truncated-output
empty                       | empty-output
fallback                    | degraded-output
no place                    | place-down
waits for one that failed   | upstream-failed
small                       | shrunken-output shrinking-output
by hand                     | made-good
paused                      |
pending                     |
fixed                       |
"""


@pytest.fixture(scope="module")
def staged() -> Iterator[FleetMorning]:
    with fleet_morning(COUNT) as staged:
        yield staged


@pytest.fixture(scope="module")
def morning(staged: FleetMorning) -> Morning:
    return judge_morning(staged.staged.roll, staged.staged.evidence, now=staged.now)


@pytest.fixture(scope="module")
def chronicle(staged: FleetMorning) -> Chronicle:
    return read(staged.history, staged.staged.roll.jobs, now=staged.now)


def causes_by_fate(morning: Morning, *, is_good: bool = False) -> dict[Fate, set[str]]:
    fates = {each.id: each.fate for each in plan(COUNT, is_good=is_good).jobs}
    found = defaultdict[Fate, set[str]](set)
    for job_id, cause in morning.job_causes.items():
        found[fates[job_id]].add(cause.code if cause else "")
    return found


@pytest.mark.parametrize("row", FOUND.strip().splitlines(), ids=lambda row: row.partition("|")[0].strip())
def test_each_fate_is_found_by_its_name(morning: Morning, row: str) -> None:
    fate, causes = (cell.strip() for cell in row.split("|"))
    found = causes_by_fate(morning)[Fate(fate)]

    assert found
    assert found <= set(causes.split() or [""])


def test_every_fate_has_a_row() -> None:
    assert {row.partition("|")[0].strip() for row in FOUND.strip().splitlines()} == set(Fate) - {Fate.WELL}


def test_about_a_tenth_needs_attention_for_a_handful_of_causes_two_of_which_are_schedulers(morning: Morning) -> None:
    causes_by_scheduler = {name: cause.code for name, cause in morning.scheduler_causes.items() if cause}
    explained = Counter(morning.job_causes[each.job.id].code for each in morning.jobs_that_need_a_person())  # type: ignore[union-attr]  # each has one

    assert 0.08 * COUNT < sum(explained.values()) < 0.2 * COUNT
    assert sorted(causes_by_scheduler.values()) == ["scheduler-down", "scheduler-stopped"]
    assert explained["scheduler-stopped"] > 3
    assert 8 < len(explained) < 16
    assert causes_by_fate(morning)[Fate.WELL] == {"", "scheduler-down", "scheduler-stopped"}
    assert "its database says it is active" in next(
        cause.sentence for cause in morning.scheduler_causes.values() if cause and cause.code == "scheduler-stopped"
    )


def test_jobs_have_owners_links_and_outputs_on_schedulers_of_many_kinds(morning: Morning) -> None:
    jobs = [each.job for each in morning.jobs]

    assert len(jobs) == COUNT
    assert len({each.id for each in jobs}) == COUNT
    assert len({each.title for each in jobs}) == COUNT
    assert len(morning.schedulers) == 20
    assert len({each.scheduler.kind for each in morning.schedulers}) > 6
    assert len({each.owner for each in jobs}) > 5
    assert all(each.owner and each.tags and each.runbook and each.logs for each in jobs)
    assert {len(each.outputs) for each in jobs} == {0, 1}


def test_its_past_tells_what_is_new_what_was_fixed_and_what_lasts(morning: Morning, chronicle: Chronicle) -> None:
    found, fates = changes(morning, chronicle), {each.id: each for each in plan(COUNT, is_good=False).jobs}
    new, fixed = {each.job.id for each in found.new}, {each.job.id for each in found.fixed}
    lasting = {name: each.days for name, each in fates.items() if each.days > 1 and each.fate is not Fate.PAUSED}
    since = {
        name: bad_since(judged, chronicle.of(name)) for name in lasting if (judged := morning.job(name)) is not None
    }

    assert len(chronicle.mornings) == 30
    assert {name for name, each in fates.items() if each.fate is Fate.FIXED} <= fixed
    assert new
    assert not new & set(lasting)
    assert lasting
    for name, days in lasting.items():
        at = since[name]
        assert at is not None
        assert days - 1 <= (morning.judged_at - at).days + 1 <= days + 1


def test_a_good_fleet_has_warnings_at_most() -> None:
    with fleet_morning(COUNT, is_good=True) as staged:
        morning = judge_morning(staged.staged.roll, staged.staged.evidence, now=staged.now)

    assert not morning.needs_a_person
    assert causes_by_fate(morning, is_good=True)[Fate.SMALL] <= {"shrunken-output", "shrinking-output"}


@pytest.mark.parametrize("count", [10, 29, 151, 1_200])
def test_a_fleet_of_any_size_has_so_many_jobs_of_different_names(count: int) -> None:
    fleet = plan(count, is_good=False)

    assert len({each.id for each in fleet.jobs}) == count
    assert {each.scheduler for each in fleet.jobs} <= set(fleet.kinds)
    assert len(fleet.kinds) == max(2, count // 15)


DIGEST = """
from hashlib import sha256
from rollcall.demo.fleet import fleet_morning
from rollcall.history.reading import read_whole
with fleet_morning(40) as it:
    seen = [it.staged.roll.written["jobs.toml"], it.staged.evidence.to_json(), read_whole(it.history).rows]
print(sha256(repr(seen).encode()).hexdigest())
"""


def test_it_is_the_same_each_time() -> None:
    # What a set or a dict happens to be sorted by differs from one process to the next.
    digests = {
        subprocess.run(
            [sys.executable, "-c", DIGEST], capture_output=True, text=True, check=True, env={"PYTHONHASHSEED": seed}
        ).stdout
        for seed in ("1", "2")
    }

    assert len(digests) == 1


@pytest.mark.parametrize("count", [9, 10_001, 0])
def test_a_fleet_is_of_a_size_that_can_be_looked_at(count: int) -> None:
    with pytest.raises(DemoError, match="10 to 10,000 jobs"), fleet_morning(count):
        pass


# In a whole run -------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LivedIn]:
    with lived_in(tmp_path_factory.mktemp("house")) as house:
        yield house


def test_a_run_tells_of_it_like_of_any_morning_and_remembers_nothing(house: LivedIn) -> None:
    run = house.run("-q", "--demo", "fleet-40")

    assert run.status == 1
    assert run.morning["verdict"] == "attention"
    assert run.morning["demo"].startswith("This is the demo: a made-up fleet of 40 jobs on 2 schedulers, ")
    assert run.morning["replay_of"] is None
    assert len(run.morning["jobs"]) == 40
    assert [each["id"] for each in run.morning["jobs"] if each["since"]]
    assert run.left == ["junit.xml", "morning.html", "morning.json"]
    good = house.run("-q", "--demo", "fleet-40-good")
    assert good.status == 0
    assert good.morning["verdict"] == "ok"


REFUSED = {
    "too few": (["--demo", "fleet-3"], "10 to 10,000 jobs, and not 3"),
    "told to act": (["--demo", "fleet-30", "--restart-stopped"], "schedulers do not exist"),
}


@pytest.mark.parametrize(("arguments", "rule"), REFUSED.values(), ids=REFUSED.keys())
def test_a_mistake_is_told_in_one_message(house: LivedIn, arguments: list[str], rule: str) -> None:
    run = house.run(*arguments)

    assert run.status == 4
    assert run.text.startswith("ERROR: --demo: ")
    assert rule in run.text


OF_THE_COMMAND = {
    "good alone": (["--good"], "--good"),
    "with a cause": (["scheduler-stopped", "--fleet", "30"], "--fleet"),
}


@pytest.mark.parametrize(("arguments", "named"), OF_THE_COMMAND.values(), ids=OF_THE_COMMAND.keys())
def test_a_mistake_of_the_command_is_told_too(tmp_path: Path, arguments: list[str], named: str) -> None:
    command = [sys.executable, "-m", "rollcall", "demo", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)

    assert done.returncode == 4
    assert done.stderr.startswith(f"ERROR: {named}")
    assert list(tmp_path.iterdir()) == []
