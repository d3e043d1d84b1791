"""Does `pytest checks/ --demo` judge its staged mornings, each fault by its name?"""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from markupsafe import escape

from fixtures.lived_in import LivedIn, Run, lived_in
from rollcall.demo import STAGED

# Which job or scheduler has the cause, and which jobs need a person for it.
EVERY_JOB = "every job"
CRON_JOB = "every job that is due by the clock"
HAIKU = "generate_haiku_scheduled"
CAUSES = f"""
scheduler-stopped      | aime    | {EVERY_JOB}
scheduler-down         | aime    | {EVERY_JOB}
never-ran              | {HAIKU} | {HAIKU}
ran-late               | {HAIKU} | {HAIKU}
success-without-output | {HAIKU} | {HAIKU}
degraded-output        | {HAIKU} | {HAIKU}
duplicate-output       | {HAIKU} | {HAIKU}
wrong-timezone         | {HAIKU} | {CRON_JOB}
"""


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LivedIn]:
    with lived_in(tmp_path_factory.mktemp("house")) as house:
        yield house


@pytest.fixture(scope="module")
def good(house: LivedIn, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """The good morning, asked for from another folder."""
    return house.run("--demo", cwd=tmp_path_factory.mktemp("elsewhere"))


def test_the_good_morning_is_green_and_says_everywhere_that_it_is_the_demo(good: Run, house: LivedIn) -> None:
    said = STAGED
    story = f"This is the demo: every job ran when it was due. {said}"

    assert good.status == 0
    assert good.left == ["junit.xml", "morning.html", "morning.json"]  # and nothing is remembered
    assert good.text.splitlines()[2] == story
    assert "demo: All 9 jobs did their work (judged Wed 11 Feb 07:02 CET)" in good.text
    assert (good.morning["verdict"], good.morning["complete"]) == ("ok", True)
    assert good.morning["demo"] == story
    assert escape(story) in good.page
    assert "running, its loop alive, its second record read" in good.page
    assert re.search(r"<title[^>]*>demo: All 9 jobs did their work", good.page)
    assert house.scheduler.asked == []  # it asks nobody but its own


def test_the_page_is_a_document_for_a_phone_too_and_its_tab_shows_the_verdict(good: Run, house: LivedIn) -> None:
    pages = [good.page, house.run("--demo", "scheduler-stopped").page]
    icons = [re.findall(r'<link rel="icon" href="data:image/svg\+xml,([^"]+)"/>', page) for page in pages]

    for page in pages:
        assert '<html lang="en">' in page
        assert '<meta name="viewport" content="width=device-width, initial-scale=1"/>' in page
    assert [len(each) for each in icons] == [1, 1]
    assert icons[0] != icons[1]


def contradicts_a_stopped_scheduler(run: Run) -> None:
    (scheduler,) = run.morning["schedulers"]

    assert scheduler["cause"]["sentence"] == (
        "The scheduler is stopped although its database says it is active (since Sat 31 Jan 19:00 CET): "
        "no job of it will run; 6 runs were missed."
    )


def tells_of_the_jobs_while_the_scheduler_is_down(run: Run) -> None:
    """The backend crashed at 04:30: the run of 04:00 was made, and the one of 06:00 was not."""
    found = {
        (job["id"], finding["check"]): (finding["verdict"], finding["found"])
        for job in run.morning["jobs"]
        for finding in job["findings"]
    }
    verdict, said = found["sync_discogs_daily", "executed_after_due_time"]

    assert verdict == "ok"
    assert re.fullmatch(r"ended Wed 11 Feb 04:00:3\d CET, by its database", said)
    assert found["sync_discogs_daily", "status_is_success"] == ("ok", "success, by its database")
    assert found["sync_discogs_daily", "is_registered"][0] == "unknown"
    assert found[HAIKU, "executed_after_due_time"][0] == "missed"


ITS_MEMORY = {
    "scheduler-stopped": contradicts_a_stopped_scheduler,
    "scheduler-down": tells_of_the_jobs_while_the_scheduler_is_down,
}


@pytest.mark.parametrize(
    ("cause", "subject", "needing"), [[cell.strip() for cell in row.split("|")] for row in CAUSES.strip().splitlines()]
)
def test_each_fault_is_found_by_its_name(tmp_path: Path, cause: str, subject: str, needing: str) -> None:
    with lived_in(tmp_path) as house:
        run = house.run("-q", "--demo", cause)
    causes = {each["id"]: (each["cause"] or {}).get("code") for each in run.morning["schedulers"] + run.morning["jobs"]}
    needy = {job["id"] for job in run.morning["jobs"] if job["cause"]}
    every_job = {job["id"] for job in run.morning["jobs"]}
    expected = {EVERY_JOB: every_job, CRON_JOB: every_job - {"optimize_ai_descriptions"}}.get(needing, {needing})

    assert run.status == 1
    assert causes[subject] == cause
    assert (len(every_job), needy) == (9, expected)
    assert set(causes.values()) <= {None, cause}
    assert run.morning["verdict"] == "attention"
    assert run.morning["actions"] == []  # nothing is done unless it is asked for
    assert "demo: " in run.text  # also where -q leaves the header out
    if cause in ITS_MEMORY:
        ITS_MEMORY[cause](run)


WRONG = {
    "unknown": (["--demo", "no-such-cause"], "no-such-cause", "scheduler-stopped, scheduler-stalled, scheduler-down"),
    "a path": (["--demo", "checks/"], "that is a path", "--demo=CAUSE"),
    "a file": (["--demo", "--jobs-file=x.toml"], "brings its own jobs.toml and scheduler", "--jobs-file"),
    "a url": (["--demo", "--scheduler-url=http://h"], "brings its own jobs.toml and scheduler", "--scheduler-url"),
}


@pytest.mark.parametrize(("arguments", "rule", "cure"), WRONG.values(), ids=WRONG.keys())
def test_a_mistake_is_told_in_one_message(house: LivedIn, arguments: list[str], rule: str, cure: str) -> None:
    run = house.run(*arguments)

    assert run.status == 4
    assert run.text.startswith("ERROR: --demo")
    assert len(run.text.strip().splitlines()) == 1
    assert rule in run.text
    assert cure in run.text


def test_the_environment_may_ask_for_it_and_a_file_on_the_command_line_outranks_that(house: LivedIn) -> None:
    asked = house.run("-q", "--as-of=2026-02-11T07:01+01:00", env={"ROLLCALL_DEMO": "1"})
    outranked = house.run("-q", f"--jobs-file={house.folder / 'jobs.toml'}", env={"ROLLCALL_DEMO": "1"})

    assert "demo: " in asked.text
    assert outranked.status == 0
    assert "demo: " not in outranked.text
