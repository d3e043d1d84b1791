"""Is the command that a next step names the one that judges this morning again, typed as it stands?"""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from fixtures.lived_in import LivedIn, lived_in
from rollcall.run.place import Place
from rollcall.run.wanted import Wanted

HERE = Path("/home/ada/rollcall")
SHOP = Path("/srv/shop")
PLACE = Place(
    folder=HERE, house=HERE, interpreter=HERE / ".venv/bin/python", program=HERE / ".venv/bin/pytest", is_on_path=True
)
OFF_PATH = replace(PLACE, is_on_path=False)
ELSEWHERE = replace(OFF_PATH, folder=SHOP)
HOMELESS = replace(PLACE, folder=SHOP, house=None)
BIN = "/home/ada/rollcall/.venv/bin"
URL = "--scheduler-url"
TICK = "\"$(printf '\\140')\""

COMMANDS = [
    (PLACE, {}, "pytest checks/"),
    (PLACE, {"jobs_file": "jobs.toml"}, "pytest checks/"),
    (PLACE, {"jobs_file": "shop.toml"}, "pytest checks/ --jobs-file shop.toml"),
    (PLACE, {"jobs_file": "/srv/shop/jobs.toml"}, "pytest checks/ --jobs-file /srv/shop/jobs.toml"),
    (PLACE, {"jobs_file": "a `sh`.toml"}, f"pytest checks/ --jobs-file 'a '{TICK}'sh'{TICK}'.toml'"),
    (PLACE, {"scheduler_url": ["http://a:1", "b=http://b:2"]}, f"pytest checks/ {URL} http://a:1 {URL} b=http://b:2"),
    (PLACE, {"scheduler_url": ["a=http://a:1", "a=http://a:2"]}, "pytest checks/ --scheduler-url a=http://a:2"),
    (PLACE, {"scheduler_url": ["a=http://me:s3cret@a:1/x"]}, f"pytest checks/ {URL} a=http://USER:PASSWORD@a:1/x"),
    (PLACE, {"scheduler_url": ["http://me:s3/c@ret@a:1"]}, "pytest checks/ --scheduler-url http://USER:PASSWORD@a:1"),
    (PLACE, {"scheduler_url": ["http://${NAME}:1"]}, "pytest checks/ --scheduler-url 'http://${NAME}:1'"),
    (PLACE, {"demo": "1"}, "pytest checks/ --demo"),
    (PLACE, {"demo": "scheduler-stopped"}, "pytest checks/ --demo scheduler-stopped"),
    (PLACE, {"as_of": "2026-02-11T07:00+01:00", "no_history": True}, "pytest checks/"),
    (OFF_PATH, {}, ".venv/bin/pytest checks/"),
    (replace(OFF_PATH, program=None), {}, ".venv/bin/python -m pytest checks/"),
    (ELSEWHERE, {}, f"{BIN}/pytest {HERE}/checks/ --jobs-file /srv/shop/jobs.toml"),
    (ELSEWHERE, {"jobs_file": f"{HERE}/jobs.toml"}, f"{BIN}/pytest {HERE}/checks/"),
    (replace(ELSEWHERE, is_on_path=True), {"jobs_file": f"{HERE}/jobs.toml"}, f"pytest {HERE}/checks/"),
    (HOMELESS, {}, "rollcall monitor"),
    (HOMELESS, {"jobs_file": "a b.toml"}, "rollcall monitor --jobs-file '/srv/shop/a b.toml'"),
]  # fmt: skip


def wanted(options: Mapping[str, object], environment: Mapping[str, str] | None = None, *, home: Path) -> Wanted:
    given = {f"--{name.replace('_', '-')}": value for name, value in options.items()}
    return Wanted.of(given, environment=environment or {}, home=home)


@pytest.mark.parametrize(("place", "options", "command"), COMMANDS)
def test_the_command(place: Place, options: dict[str, object], command: str) -> None:
    words = wanted(options, home=place.folder)

    assert words.again(place) == command


FROM_THE_ENVIRONMENT = [
    ({"ROLLCALL_JOBS_FILE": "shop.toml", "ROLLCALL_SCHEDULER_URL": "http://a:1"}, {}, "pytest checks/"),
    ({"ROLLCALL_DEMO": "missed-run"}, {}, "pytest checks/"),
    ({"ROLLCALL_JOBS_FILE": "shop.toml"}, {"jobs_file": "jobs.toml"}, "pytest checks/ --jobs-file jobs.toml"),
    ({"ROLLCALL_JOBS_FILE": "shop.toml"}, {"demo": "1"}, "pytest checks/ --demo"),
    ({"ROLLCALL_REPLAY": "recorded", "ROLLCALL_JOBS_FILE": "shop.toml"}, {}, "pytest checks/"),
]


@pytest.mark.parametrize(("environment", "options", "command"), FROM_THE_ENVIRONMENT)
def test_what_the_environment_says_still_stands(
    environment: dict[str, str], options: dict[str, str], command: str
) -> None:
    words = wanted(options, environment, home=HERE)

    assert words.again(PLACE) == command


# The place


def make_house(folder: Path, conftest: str = "from rollcall.plugin.checks import job, scheduler\n") -> Path:
    (folder / "checks").mkdir(parents=True)
    (folder / "checks" / "conftest.py").write_text(conftest, encoding="utf-8")
    return folder


def test_the_house_is_the_first_that_is_one(tmp_path: Path) -> None:
    another = make_house(tmp_path / "another", "import pytest")
    ours = make_house(tmp_path / "ours")

    assert Place.of(tmp_path, another, ours).house == ours
    assert Place.of(tmp_path, another).house is None


@pytest.mark.parametrize(
    ("on_path", "is_it"), [("the same", True), ("another", False), (None, False)], ids=["same", "another", "none"]
)
def test_the_name_alone_does_only_where_it_means_this_pytest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, on_path: str | None, is_it: bool
) -> None:
    program = Path(sys.executable).with_name("pytest")
    folder = tmp_path / "bin"
    folder.mkdir()
    if on_path:
        (folder / "pytest").symlink_to(program if on_path == "the same" else "/bin/true")
    monkeypatch.setenv("PATH", str(folder))
    place = Place.of(make_house(tmp_path / "house"))

    assert (place.program, place.is_on_path) == (program, is_it)


@pytest.mark.parametrize("first_line", ["#!/bin/sh", "#!/no/such/python", "#!"])
def test_a_pytest_of_another_python_beside_this_one_is_not_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, first_line: str
) -> None:
    python, other = tmp_path / "bin" / "python3", tmp_path / "bin" / "pytest"
    python.parent.mkdir()
    python.symlink_to(sys.executable)
    other.write_text(f"{first_line}\n", encoding="utf-8")
    other.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(python))
    house = make_house(tmp_path / "house")

    assert Place.of(house).command() == f"{python} -m pytest {house}/checks/"


# Typed as it stands


def typed(command: str, house: LivedIn, cwd: Path) -> str:
    """What a shell says to it, in the folder where the command before was typed."""
    done = subprocess.run(
        ["/bin/sh", "-c", command], cwd=cwd, env=house.environment({}), capture_output=True, text=True, timeout=100
    )
    return done.stdout + done.stderr


def next_step(said: str) -> str:
    [step] = re.findall(r"do: +Start it: `([^`]*)`", said)
    return str(step)


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    folder = tmp_path / "a shop's"
    folder.mkdir()
    return folder


def test_pytest_with_another_jobs_file_starts_the_scheduler_that_it_looked_at(tmp_path: Path, shop: Path) -> None:
    mine, theirs = tmp_path / "mine", tmp_path / "theirs"
    with lived_in(mine) as house, lived_in(theirs) as other:
        other.scheduler.stop("aime")
        (theirs / "jobs.toml").rename(shop / "jobs.toml")
        run = house.run("--as-of=", "--jobs-file", "jobs.toml", cwd=shop)
        said = typed(next_step(run.text), house, shop)

    assert "aime was stopped, restarted" in said
    assert other.scheduler.asked.count("POST /aime/start") == 1
    assert house.scheduler.asked == []


@pytest.mark.parametrize("command", ["monitor", "diagnose"])
def test_a_command_starts_the_scheduler_that_it_looked_at(tmp_path: Path, shop: Path, command: str) -> None:
    with lived_in(tmp_path / "mine") as house:
        house.scheduler.stop("aime")
        words = [sys.executable, "-m", "rollcall", command, "--jobs-file", str(house.folder / "jobs.toml")]
        said = typed(next_step(" ".join(typed(shlex.join(words), house, shop).split())), house, shop)

    assert "aime was stopped, restarted" in said
    assert house.scheduler.asked.count("POST /aime/start") == 1


def test_without_checks_the_monitor_starts_it(tmp_path: Path, shop: Path) -> None:
    """As where the package alone is installed: the scheduler's address on the command line, the file beside."""
    with lived_in(tmp_path / "mine") as house:
        house.scheduler.stop("aime")
        place = Place.of(tmp_path)
        words = wanted({"jobs_file": str(house.folder / "jobs.toml")}, home=shop)
        said = typed(f"{words.again(place)} --restart-stopped", house, shop)

    assert "aime was stopped, restarted" in said


def test_what_was_recorded_is_judged_again_by_the_command_that_is_told(tmp_path: Path, shop: Path) -> None:
    with lived_in(tmp_path / "mine") as house:
        run = house.run("--record", "the record", cwd=shop)
        [command] = re.findall(r"judge it again: (.*)\)", run.text)
        said = typed(command, house, shop)

    assert "replay of Wed 11 Feb 2026 07:00 CET: All 4 jobs did their work" in said


# A Python that lacks what is needed


def test_a_pytest_that_lacks_what_is_needed_is_told_in_one_sentence(tmp_path: Path) -> None:
    """What a Python without Roll call's packages sees of the house, without the packages being taken away."""
    lacks = "import sys\nfor name in ('httpx', 'pydantic'):\n    sys.modules[name] = None\nimport pytest\n"
    with lived_in(tmp_path) as house:
        whole = f"{lacks}sys.exit(pytest.main(['checks/']))"
        done = subprocess.run(
            [sys.executable, "-c", whole], cwd=tmp_path, env=house.environment({}), capture_output=True, text=True
        )

    assert done.returncode == 4
    assert done.stderr.strip().count("\n") == 0
    assert f"ERROR: {sys.executable}, whose pytest this is, lacks pydantic, without which" in done.stderr
    assert "-m pip install roll-call" in done.stderr
    assert "Traceback" not in done.stdout
