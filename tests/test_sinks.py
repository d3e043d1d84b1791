"""Can another package tell somebody of a morning, by one file and one line, and can it break nothing but itself?"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from fixtures.lived_in import LivedIn, Run, lived_in

SINK = """
from rollcall.options import Option
from rollcall.sinks.base import Sink, Stage

FILE = Option(name="--told", help="what was told", environment="TOLD", more={"metavar": "FILE"})


class Told(Sink):
    options = (FILE,)
    stage = Stage.%(stage)s

    def __init__(self, file):
        self.file = file

    @classmethod
    def wanted(cls, wish):
        %(wants)s
        file = wish.value_of(FILE)
        return cls(file) if file else None

    def say(self, *words):
        with open(self.file, "a") as stream:
            print(*words, file=stream)

    def begin(self, start):
        self.say("begin", start.by, start.roll is not None)
        %(begins)s

    def page(self, start):
        %(pages)s

    def ask(self, start, *, is_whole):
        self.say("ask", is_whole)

    def finish(self, result):
        self.say("finish", len(result.morning.jobs), result.status, result.ending.is_complete)
        %(finishes)s
        return ["a note of theirs"]

    def abort(self, start, because):
        self.say("abort", because)

    def last_words(self, result):
        return ["their last words"]
"""


def ship(folder: Path, *, stage: str = "CLOSE", module: str = "", **added: str) -> None:
    """Installs a package with a sink there, as pip would: a module, and a line of entry points."""
    lines = dict.fromkeys(("wants", "begins", "pages", "finishes"), "pass") | added
    (folder / "theirs.py").write_text(module or SINK % {"stage": stage, **lines})
    (folder / "theirs-1.0.dist-info").mkdir()
    (folder / "theirs-1.0.dist-info" / "METADATA").write_text("Metadata-Version: 2.1\nName: theirs\nVersion: 1.0\n")
    (folder / "theirs-1.0.dist-info" / "entry_points.txt").write_text("[rollcall.sinks]\ntold = theirs:Told\n")


def run_with(house: LivedIn, *options: str) -> tuple[Run, list[str]]:
    path = f"{house.environment({})['PYTHONPATH']}:{house.folder}"
    file = house.folder / "told.txt"
    run = house.run("--told", str(file), *options, env={"PYTHONPATH": path})
    return run, file.read_text().splitlines() if file.exists() else []


def test_it_is_told_how_a_run_begins_and_ends(tmp_path: Path) -> None:
    with lived_in(tmp_path) as house:
        ship(tmp_path)
        run, told = run_with(house)
        house.scheduler.says["aime"]["wake"]["last_status"] = "error"
        (tmp_path / "told.txt").unlink()
        _, of_a_part = run_with(house, "-k", "wake")

    assert run.status == 0
    assert told == ["begin pytest True", "ask True", "finish 4 0 True"]
    assert of_a_part == ["begin pytest True", "ask False", "finish 1 1 True"]
    assert "note: a note of theirs" in run.text
    assert "their last words" in run.text


def test_it_is_told_that_nothing_was_judged(tmp_path: Path) -> None:
    with lived_in(tmp_path) as house:
        ship(tmp_path)
        (tmp_path / "jobs.toml").write_text("timezne = 'UTC'\n")
        run, told = run_with(house)

    assert run.status == 4
    assert [each.partition(":")[0] for each in told] == ["abort jobs.toml"]


@pytest.mark.parametrize("where", ["finishes", "pages"])
def test_one_that_breaks_in_the_end_is_a_note_and_changes_no_verdict(tmp_path: Path, where: str) -> None:
    with lived_in(tmp_path) as house:
        ship(tmp_path, **{where: "1 / 0"})
        run, _ = run_with(house)

    assert (run.status, run.morning["complete"]) == (0, True)
    assert "note: the sink Told broke: ZeroDivisionError: division by zero" in run.text
    assert "Traceback" not in run.text


def test_a_report_of_theirs_that_breaks_leaves_no_good_morning(tmp_path: Path) -> None:
    with lived_in(tmp_path) as house:
        ship(tmp_path, stage="WRITE", finishes="1 / 0")
        run, told = run_with(house)

    assert run.status == 1
    assert (run.morning["complete"], run.morning["jobs"]) == (False, [])
    assert "INCOMPLETE" in run.page.partition("</title>")[0]
    assert told[-1] == "abort the sink Told broke: ZeroDivisionError: division by zero"


@pytest.mark.parametrize(
    ("package", "said"),
    [
        ({"begins": "raise ValueError('no key')"}, "the sink Told broke: ValueError: no key"),
        ({"wants": "1 / 0"}, "the sink Told: broke: ZeroDivisionError: division by zero"),
        ({"module": "import no_such_module\n"}, "the sink told: is of the package theirs, which does not load"),
        ({"module": "Told = 3\n"}, "the sink told: is of the package theirs, which names no class of sink"),
    ],
    ids=["begins", "is asked for", "loads", "is none"],
)
def test_one_that_cannot_begin_is_said_before_anybody_is_asked(
    tmp_path: Path, package: dict[str, str], said: str
) -> None:
    with lived_in(tmp_path) as house:
        house.reports.mkdir()
        (house.reports / "morning.json").write_text(json.dumps({"complete": True}))
        ship(tmp_path, **package)
        run, _ = run_with(house)

    assert run.status == 4
    assert said in run.text
    assert "Traceback" not in run.text
    assert house.scheduler.asked == []
    if "begins" in package:
        assert run.morning["complete"] is False
