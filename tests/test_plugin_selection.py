"""What is asked for what was selected, in which order, and what is left alone where nothing is to be checked?"""

import os
import pty
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from fixtures.lived_in import TOKEN, LivedIn, lived_in


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LivedIn]:
    with lived_in(tmp_path_factory.mktemp("house")) as house:
        yield house


# What is selected, who is asked for it, and how much of the morning that is.
SELECTED = {
    "a job of one scheduler": ("write and status", ["/aime/status"], "1 of 4 jobs checked: nothing wrong with it"),
    "two schedulers": (
        "wake or export",
        ["/aime/status", "/other/status"],
        "2 of 4 jobs checked: nothing wrong with these",
    ),
    "a scheduler": ("test_scheduler_answers and other", ["/other/status"], "0 of 4 jobs checked"),
}


@pytest.mark.parametrize(("selection", "asked", "told"), SELECTED.values(), ids=SELECTED.keys())
def test_only_what_is_selected_is_asked_for(house: LivedIn, selection: str, asked: list[str], told: str) -> None:
    house.scheduler.asked.clear()
    run = house.run("-k", selection)

    assert run.status == 0
    assert sorted(house.scheduler.asked) == asked
    assert told in run.text
    assert told in run.page
    assert (run.morning["complete"], run.morning["verdict"]) == (False, "incomplete")


def test_neither_a_scheduler_nor_a_folder_that_nothing_selected_needs_is_looked_at(house: LivedIn) -> None:
    (house.folder / "out").rename(house.folder / "elsewhere")
    house.scheduler.asked.clear()
    run = house.run("-k", "backup")
    (house.folder / "elsewhere").rename(house.folder / "out")

    assert run.status == 0
    assert run.verdicts == {"backup": "ok"}
    assert house.scheduler.asked == []
    assert "1 of 4 jobs checked: nothing wrong with it" in run.text


def test_schedulers_come_first_and_ids_name_the_subject(house: LivedIn) -> None:
    run = house.run("-v", "-p", "no:randomly")
    checks = re.findall(r"::(test_\w+\[\w+\]) PASSED", run.text)

    assert checks[:2] == ["test_scheduler_answers[aime]", "test_scheduler_answers[other]"]
    assert "test_status_is_success[write]" in checks
    assert all(check.endswith(("[aime]", "[other]")) == (number < 10) for number, check in enumerate(checks))
    assert len(checks) == 33
    assert "asking witnesses" not in run.text  # nobody watches a pipe


# Only showing

SHOWS = {
    "--version": (["--version"], "pytest 9"),
    "--help": (["--help"], "--scheduler-url=[NAME=]URL"),
    "--markers": (["--markers"], "jobs_with(*witnesses)"),
    "--fixtures": (["--fixtures"], "Each declared job in its turn"),
}


@pytest.fixture(scope="module")
def empty_house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LivedIn]:
    with lived_in(tmp_path_factory.mktemp("empty")) as house:
        (house.folder / "jobs.toml").unlink()
        yield house


@pytest.mark.parametrize(("options", "shown"), SHOWS.values(), ids=SHOWS.keys())
def test_showing_needs_no_jobs_file(empty_house: LivedIn, options: list[str], shown: str) -> None:
    run = empty_house.run(*options)

    assert run.status == 0
    assert shown in run.text
    assert not empty_house.reports.exists()


@pytest.mark.parametrize("options", [["--collect-only", "-q"], ["--setup-plan"]], ids=" ".join)
def test_showing_the_checks_asks_nobody_and_leaves_the_reports_alone(tmp_path: Path, options: list[str]) -> None:
    with lived_in(tmp_path) as house:
        run = house.run(*options)

    assert run.status == 0
    assert "test_status_is_success[write]" in run.text
    assert house.scheduler.asked == []
    assert not house.reports.exists()
    assert "did their work" not in run.text


def test_collecting_without_a_jobs_file_is_refused_and_replaces_nothing(empty_house: LivedIn) -> None:
    run = empty_house.run("--collect-only")

    assert run.status == 4
    assert "jobs.toml: cannot be read" in run.text
    assert not empty_house.reports.exists()


# pytest's own options


@pytest.mark.parametrize("name", ["own.html", "reports/morning.html"])
def test_a_page_and_a_junit_file_of_the_readers_own(tmp_path: Path, name: str) -> None:
    with lived_in(tmp_path) as house:
        house.reports.mkdir()
        (house.reports / "junit.xml").write_text("yesterday's")
        run = house.run(f"--html={name}", "--junitxml=own.xml")
        own = (tmp_path / name).read_text(encoding="utf-8")

    assert run.status == 0
    assert (tmp_path / "own.xml").exists()
    assert "All 4 jobs did their work" in own
    assert own == run.page
    assert run.left == ["morning.html", "morning.json"]
    assert not (tmp_path / "assets").exists()


def test_pytest_html_is_required_and_said_to_be(house: LivedIn) -> None:
    run = house.run("-p", "no:html")

    assert run.status == 4
    assert run.text.strip().splitlines() == [
        "ERROR: Roll call's page is written by pytest-html, which is not loaded. Install it, and leave out -p no:html."
    ]


@pytest.mark.parametrize(
    ("options", "lines"), [(["-p", "no:terminal"], 0), (["-qq"], 4), (["--no-header", "-q"], 5)], ids=str
)
def test_it_can_be_quiet_also_where_warnings_of_the_interpreter_are_errors(
    house: LivedIn, options: list[str], lines: int
) -> None:
    command = house.command(*options)
    command.insert(1, "-Werror")
    done = subprocess.run(command, cwd=house.folder, env=house.environment({}), capture_output=True, text=True)
    run = house.ended(done.returncode, done.stdout)

    assert (run.status, done.stderr) == (0, "")
    assert len(run.text.strip().splitlines()) <= lines
    assert run.morning["complete"] is True
    assert "asking witnesses" not in run.text


@pytest.mark.parametrize("options", [[], ["-q"]], ids=["plain", "-q"])
def test_progress_is_shown_on_a_terminal_only_and_not_where_it_is_to_be_quiet(
    house: LivedIn, options: list[str]
) -> None:
    ours, its = pty.openpty()
    process = subprocess.Popen(house.command(*options), cwd=house.folder, env=house.environment({}), stdout=its)
    os.close(its)
    text = _read_all(ours)

    assert process.wait() == 0
    assert ("asking witnesses: 4 of 4" in text) == (not options)


def _read_all(terminal: int) -> str:
    text = b""
    try:
        while piece := os.read(terminal, 65536):
            text += piece
    except OSError:  # how a terminal ends on Linux
        pass
    os.close(terminal)
    return text.decode()


# Precedence, as the whole process sees it (test_settings.py has the table)


def test_command_line_beats_environment_beats_file(house: LivedIn) -> None:
    environment = {"ROLLCALL_SCHEDULER_URL": "aime=http://127.0.0.1:9", "ROLLCALL_AS_OF": "2026-02-11T06:59+01:00"}
    by_environment = house.run("-k", "wake", env=environment)
    by_command_line = house.run("-k", "wake", f"--scheduler-url=aime={house.scheduler.url}/aime", env=environment)

    assert by_environment.status == 1
    assert "scheduler-down [aime]" in by_environment.text
    assert by_command_line.status == 0
    assert TOKEN not in by_environment.text + by_environment.page


def test_checks_about_a_kind_of_subject_that_nobody_declared_are_left_out(tmp_path: Path) -> None:
    with lived_in(tmp_path) as house:
        text = (tmp_path / "jobs.toml").read_text()
        alone = text[: text.index("[schedulers.aime]")] + text[text.index("[jobs.backup]") :]
        (tmp_path / "jobs.toml").write_text(alone)
        run = house.run()

    assert run.status == 0
    assert "The one job did its work" in run.text
    assert "test_scheduler_answers" not in "".join(run.outcomes)
    assert house.scheduler.asked == []
