"""Is a run that did not finish ever taken for a good morning?

Each run starts where a whole, green page of yesterday lies, and every job is well.
"""

import signal
import stat
import subprocess
from collections.abc import Iterator
from html import unescape
from pathlib import Path

import pytest

from fixtures.hostile_service import Script, hostile_service
from fixtures.lived_in import LivedIn, Run, lived_in, wait_until

YESTERDAYS = "<title>All 4 jobs did their work</title> yesterday"


@pytest.fixture
def house(tmp_path: Path) -> Iterator[LivedIn]:
    with lived_in(tmp_path) as house:
        house.reports.mkdir()
        (house.reports / "morning.html").write_text(YESTERDAYS)
        (house.reports / "morning.json").write_text('{"complete": true, "verdict": "ok"}')
        (house.reports / "junit.xml").write_text("<testsuites/>")
        yield house


def assert_is_incomplete(run: Run, because: str) -> None:
    assert run.status != 0
    assert YESTERDAYS not in run.page
    assert "INCOMPLETE" in run.page
    assert because in run.page
    assert "All 4 jobs did their work" not in run.page
    assert (run.morning["complete"], run.morning["verdict"] == "ok") == (False, False)
    assert [name for name in run.left if name.startswith(".")] == []


# What a reader's own check does, how the run ends, and what the page says of it (test_plugin_every_output.py has more).
RUNS = {
    "about nobody": ("def test_x():\n    pass\n", ["-k", "test_x"], 1, "no job and no scheduler was looked at"),
    "typo in a marker": (
        "import pytest\n\n@pytest.mark.jobs_with('ouput')\ndef test_x(job):\n    pass\n",
        [],
        2,
        "1 file of checks could not be loaded",
    ),
}


@pytest.mark.parametrize(("check", "options", "status", "because"), RUNS.values(), ids=RUNS.keys())
def test_a_run_that_did_not_come_to_its_end_says_so(
    house: LivedIn, check: str, options: list[str], status: int, because: str
) -> None:
    house.add_check(check, "test_a_first.py")
    run = house.run(*options)

    assert_is_incomplete(run, because)
    assert run.status == status
    assert run.morning["incomplete_because"] in run.text
    assert "INTERNALERROR" not in run.text


def test_another_check_that_fails_is_not_called_a_good_morning(house: LivedIn) -> None:
    house.add_check("def test_fails():\n    assert 1 + 1 == 3\n")
    run = house.run()

    assert run.status == 1
    assert (run.morning["verdict"], run.morning["complete"]) == ("attention", True)
    assert run.verdicts == dict.fromkeys(("wake", "write", "export", "backup"), "ok")
    assert "1 other check failed; by jobs.toml, all 4 jobs did their work" in run.page
    assert "1 other check failed; by jobs.toml, all 4 jobs did their work" in run.text


def test_ctrl_c_while_witnesses_are_asked(house: LivedIn) -> None:
    with hostile_service(Script(hangs=True)) as silent:
        text = (house.folder / "jobs.toml").read_text().replace(house.scheduler.url, silent.url)
        (house.folder / "jobs.toml").write_text(text)
        with house.start() as process:
            try:
                wait_until(lambda: bool(silent.requests))
                process.send_signal(signal.SIGINT)
                text, _ = process.communicate(timeout=120)
            finally:
                process.kill()
        run = house.ended(process.returncode, text)

    assert_is_incomplete(run, "it was interrupted")
    assert run.status == 2


@pytest.mark.parametrize("name", ["morning.html", "morning.json", "junit.xml"])
def test_a_report_that_cannot_be_written_is_said_before_anything_is_asked(house: LivedIn, name: str) -> None:
    (house.reports / name).unlink()
    (house.reports / name).mkdir()
    run = house.run()

    assert run.status == 4
    assert f"{name} cannot be written: " in run.text
    assert len(run.text.strip().splitlines()) == 1
    assert house.scheduler.asked == []
    left = [(house.reports / each).read_text() for each in ("morning.html", "morning.json") if each != name]
    assert not [text for text in left if YESTERDAYS in text or '"ok"' in text]


def test_a_file_where_the_folder_of_the_reports_should_be(tmp_path: Path) -> None:
    with lived_in(tmp_path) as house:
        house.reports.write_text("")
        run = house.run()

    assert run.status == 4
    assert f"{house.reports} cannot be written: File exists" in run.text
    assert "Traceback" not in run.text


BAD_FILES = {
    "missing": (None, ["jobs.toml: cannot be read: No such file or directory."]),
    "three mistakes": (
        'timezone = "Europe/Zürich"\nlook_bak = "24 h"\n[jobs.a]\nschedule = "61 6 * * *"\n',
        ["jobs.toml: timezone", "look_bak", "jobs.a.schedule"],
    ),
}


@pytest.mark.parametrize(("text", "mistakes"), BAD_FILES.values(), ids=BAD_FILES.keys())
def test_a_bad_jobs_file_is_told_whole_and_replaces_yesterday(
    house: LivedIn, text: str | None, mistakes: list[str]
) -> None:
    (house.folder / "jobs.toml").unlink()
    if text is not None:
        (house.folder / "jobs.toml").write_text(text)
    run = house.run()

    assert_is_incomplete(run, "jobs.toml: ")
    assert run.status == 4
    assert "Traceback" not in run.text
    for mistake in mistakes:
        assert mistake in run.text
        assert mistake in run.page
        assert mistake in run.morning["incomplete_because"]


# The whole result


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    with lived_in(tmp_path_factory.mktemp("house")) as house:
        house.reports.mkdir()
        (house.reports / ".morning.html.1.part").write_text("what a killed run left long ago")
        subprocess.run(["touch", "-d", "2020-01-01", house.reports / ".morning.html.1.part"], check=True)
        house.add_check("def test_markup(job):\n    pass\n", "test_<b>bold.py")
        yield house.run("--no-header", env={"SECRET_OF_CI": "s3cret", "BUILD_TAG": "<i>tag</i>"}, umask=0o077)


def test_the_whole_result_replaces_incomplete(whole: Run) -> None:
    assert whole.status == 0
    assert whole.left == ["junit.xml", "morning.html", "morning.json"]
    assert "<title>All 4 jobs did their work" in whole.page.replace('<title id="head-title">', "<title>")
    assert (whole.morning["complete"], whole.morning["incomplete_because"]) == (True, None)


def test_who_may_read_the_reports_is_said_by_the_umask(whole: Run) -> None:
    names = ["junit.xml", "morning.html", "morning.json"]
    modes = {name: stat.S_IMODE((whole.reports / name).stat().st_mode) for name in names}

    assert modes == dict.fromkeys(names, 0o600)


def test_the_page_holds_itself_and_has_our_columns(whole: Run) -> None:
    assert 'rel="stylesheet"' not in whole.page
    for column in ("job", "due", "seen", "lateness"):
        assert f'data-column-type="{column}"' in whole.page
    assert "&#34;initialSort&#34;: &#34;result&#34;" in whole.page


def test_neither_names_of_checks_nor_the_environment_get_into_the_page(whole: Run) -> None:
    # The table's cells are HTML inside JSON inside an attribute.
    assert 'col-testId\\">checks/test_&lt;b&gt;bold.py' in unescape(whole.page)
    assert "SECRET_OF_CI" not in whole.page
    assert "tag</i>" not in whole.page
    assert "Platform" not in whole.page
